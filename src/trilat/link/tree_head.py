"""`TreeHead`: what one party signs of a stream between it and a partner: how many parcels, and their tree.

Both ends of a stream compute the same tree: leaf n commits to stream, sequence n+1 and the parcel's digest
(`parcel_leaf`); the tree is that of RFC 9162. A parcel holds a salt of its own, so that a leaf tells nothing
to whoever does not have the parcel, also where what it says can be guessed.

`ledger` is a commitment to the signer's whole ledger: salted, and without a size, because how much a party
writes down is nothing for its partners. Opened in an audit, it shows a ledger that was rewritten since.

Words between two nodes that are for no relay travel sealed: `seal_word`, `open_word`. Who said a word, the
notice that carries it tells.
"""

from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Final

import cbor2
import msgspec

from trilat.link.cose import payload_of, sign1
from trilat.link.keys import NodeKeys, wrap_to
from trilat.link.messages import MESSAGE_TYPE, Acknowledgement
from trilat.link.trust import TrustStore
from trilat.model import (
    SCHEMA_VERSION,
    EnvelopeError,
    Identifier,
    InstantNs,
    ItemError,
    Noun,
    PartyCode,
    decode,
    encode,
)

TREE_HEAD_TYPE: Final = "application/vnd.trilat.tree-head"
TREE_HEAD_BYTES_MAX: Final = 2_048
PARCEL_SALT_BYTES: Final = 16
_LEAF_DOMAIN: Final = b"trilat/leaf/1"
_DIGEST_BYTES: Final = 32
_DIGEST_START: Final = b"\x58\x20"
"""Begins a byte string of 32 (RFC 8949, section 3.1)."""

_LEDGER_DOMAIN: Final = b"trilat/ledger-head/1"
_WORD_DOMAIN: Final = "trilat/word/1"

TreeHash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
TreeSize = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class TreeHead(Noun, frozen=True, kw_only=True):
    """The tree over the first `size` parcels of a stream, as one of its two ends has it at an instant."""

    schema_version: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = SCHEMA_VERSION
    signer: PartyCode
    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    size: TreeSize
    root: TreeHash
    at_ns: InstantNs
    ledger: TreeHash

    def check(self) -> None:
        """Refuse a head by a stranger to the stream."""
        if self.signer not in {self.sender, self.recipient} or self.sender == self.recipient:
            raise ItemError("a tree head is signed by one of the two ends of its stream")


def parcel_leaf(stream: str, sequence: int, parcel_digest: bytes) -> bytes:
    """The data of a leaf: `trilat.ledger.leaf_hash` of it stands in the tree. `parcel_digest` is SHA-256 of
    the parcel as it was sealed, with its salt in it.
    """
    if len(parcel_digest) != _DIGEST_BYTES:
        return cbor2.dumps([_LEAF_DOMAIN, stream, sequence, parcel_digest])
    # The encoding of that list, whose start is the same for a whole stream.
    return _leaf_start(stream) + cbor2.dumps(sequence) + _DIGEST_START + parcel_digest


@lru_cache(maxsize=256)
def _leaf_start(stream: str) -> bytes:
    return b"\x84" + cbor2.dumps(_LEAF_DOMAIN) + cbor2.dumps(stream)


def ledger_commitment(salt: bytes, entries: int, chained: bytes) -> bytes:
    """The commitment to a whole ledger's head, 32 bytes: it reveals neither without the salt of 32 bytes."""
    return sha256(cbor2.dumps([_LEDGER_DOMAIN, salt, entries, chained])).digest()


def sign_tree_head(keys: NodeKeys, head: TreeHead) -> bytes:
    """The head as a COSE_Sign1 by its signer."""
    return sign1(keys.signing, TREE_HEAD_TYPE, encode(head))


def open_tree_head(trust: TrustStore, data: bytes, *, live: bool = True) -> TreeHead:
    """The head in a COSE_Sign1, signed by the party that it names.

    Args:
        trust: whose keys are whose.
        data: what was signed.
        live: whether it was signed just now, by the key in force; else, as in a proof, also by one that was
            replaced since, but by none that was revoked.

    Raises:
        EnvelopeError: too long, not a signed head, not by its signer, or of another schema.
        TrustError: its signer is not pinned, or signed with a key that does not count.
        WireError: what was signed is not a head.
    """
    if len(data) > TREE_HEAD_BYTES_MAX:
        raise EnvelopeError(f"a tree head of {len(data)} bytes is over {TREE_HEAD_BYTES_MAX}: not read")
    head = decode(payload_of(data, TREE_HEAD_TYPE, "tree head"), TreeHead, TREE_HEAD_BYTES_MAX)
    if head.schema_version != SCHEMA_VERSION:
        raise EnvelopeError(f"a tree head of schema {head.schema_version}: this node reads {SCHEMA_VERSION}")
    verify = trust.verify_live if live else trust.verify_statement
    verify(head.signer, data, TREE_HEAD_TYPE, "tree head")
    return head


def read_tree_head(data: bytes) -> TreeHead:
    """The head in a signed statement whose signature was checked before it was written down."""
    return decode(payload_of(data, TREE_HEAD_TYPE, "tree head"), TreeHead, TREE_HEAD_BYTES_MAX)


def open_receipt(trust: TrustStore, data: bytes) -> Acknowledgement:
    """A partner's signed word on how far it accepted a stream, for whomever it is shown to.

    Raises:
        EnvelopeError, TrustError, WireError: as of `open_tree_head`.
    """
    receipt = decode(payload_of(data, MESSAGE_TYPE, "receipt"), Acknowledgement)
    trust.verify_statement(receipt.sender, data, MESSAGE_TYPE, "receipt")
    return receipt


def seal_word(keys: NodeKeys, trust: TrustStore, recipient: str, topic: str, word: Noun) -> bytes:
    """A word that only the recipient's node reads: HPKE, bound to both parties and the topic."""
    return wrap_to(trust.sealing_pin(recipient), encode(word), _bound(keys.party, recipient, topic))


def open_word(keys: NodeKeys, sender: str, topic: str, content: bytes) -> bytes:
    """What a partner sealed to this node on a topic; EnvelopeError where it is not that."""
    return keys.unwrap(content, _bound(sender, keys.party, topic))


def _bound(sender: str, recipient: str, topic: str) -> bytes:
    return cbor2.dumps([_WORD_DOMAIN, sender, recipient, topic])
