"""Proofs that a third party checks with nothing but the parties' cards.

`Inclusion`: this parcel stands at this place of a stream whose tree one or both ends have signed; with the
recipient's receipt where there is one. `Consistency`: the tree that a party signed later begins with the one
that it, or its partner, signed before. `Opening`: the ledger of the party that signed this head had this
head of its own then.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated, Final

import msgspec

from trilat.ledger import EntryKind, Ledger, Removal, leaf_hash, verify_consistency, verify_inclusion
from trilat.link import (
    TREE_HEAD_BYTES_MAX,
    TreeHead,
    TrustStore,
    ledger_commitment,
    open_receipt,
    open_tree_head,
    parcel_leaf,
    read_tree_head,
)
from trilat.model import (
    Count,
    InvalidInputError,
    Noun,
    PeerError,
    UsageError,
    decode,
    format_instant,
    from_plain,
)
from trilat.node.records import RECORD_BYTES_MAX, ReceiptRecord, ReceivedRecord, ReleaseRecord
from trilat.node.tree_records import HEAD_RECORD_BYTES_MAX, HeadRecord, RemovedLeaf, WitnessRecord
from trilat.node.trees import Signed, StreamName, StreamTree, Trees

PROOF_CHARACTERS_MAX: Final = 400_000
_Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_Path = Annotated[tuple[_Hash, ...], msgspec.Meta(max_length=64)]
_Head = Annotated[bytes, msgspec.Meta(min_length=1, max_length=TREE_HEAD_BYTES_MAX)]
_Heads = Annotated[tuple[_Head, ...], msgspec.Meta(min_length=1, max_length=2)]
_Parcel = Annotated[bytes, msgspec.Meta(min_length=1, max_length=130_000)]


class Inclusion(Noun, frozen=True, kw_only=True, tag="inclusion"):
    """One parcel in a signed tree. `parcel` is there where its content is to be shown; else its digest is."""

    heads: _Heads
    sequence: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    parcel_digest: _Hash
    path: _Path
    receipt: Annotated[bytes, msgspec.Meta(max_length=8_192)] = b""
    parcel: _Parcel | None = None


class Consistency(Noun, frozen=True, kw_only=True, tag="consistency"):
    """Two signed trees of one stream, the second of which begins with the first."""

    first: _Head
    second: _Head
    path: _Path


class Opening(Noun, frozen=True, kw_only=True, tag="opening"):
    """A signed head, and what opens the commitment to its signer's ledger."""

    head: _Head
    salt: _Hash
    entries: Count
    chained: _Hash


Proof = Inclusion | Consistency | Opening


def check_proof(proof: Proof, trust: TrustStore) -> list[str]:
    """What a proof shows, in sentences.

    Raises:
        EnvelopeError, TrustError, WireError: a signature is not by who must have signed.
        UsageError: the proof does not show what it says.
    """
    if isinstance(proof, Inclusion):
        return _check_inclusion(proof, trust)
    if isinstance(proof, Consistency):
        return _check_consistency(proof, trust)
    return _check_opening(proof, trust)


def _check_inclusion(proof: Inclusion, trust: TrustStore) -> list[str]:
    heads = [open_tree_head(trust, signed, live=False) for signed in proof.heads]
    first = heads[0]
    same = {(head.sender, head.recipient, head.stream, head.size, head.root) for head in heads}
    if len(same) != 1 or len({head.signer for head in heads}) != len(heads):
        raise UsageError("the heads of the proof are not of one tree, each by another end of the stream")
    leaf = leaf_hash(parcel_leaf(first.stream, proof.sequence, proof.parcel_digest))
    if not verify_inclusion(leaf, proof.sequence - 1, first.size, proof.path, first.root):
        raise UsageError(f"parcel {proof.sequence} is not in the tree that was signed: the proof is wrong")
    if proof.parcel is not None and sha256(proof.parcel).digest() != proof.parcel_digest:
        raise UsageError("the parcel in the proof is another than the one that stands in the tree")
    signers = " and ".join(head.signer for head in heads)
    told = [
        (
            f"{signers} signed: parcel {proof.sequence} of the stream {first.sender} to {first.recipient} "
            f"has the digest {proof.parcel_digest.hex()[:16]}..., among {first.size} by "
            f"{format_instant(first.at_ns)}"
        )
    ]
    if proof.receipt:
        receipt = open_receipt(trust, proof.receipt)
        fits = (receipt.sender, receipt.recipient, receipt.stream) == (
            first.recipient,
            first.sender,
            first.stream,
        )
        if not fits or receipt.cursor < proof.sequence:
            raise UsageError("the receipt in the proof is for another stream, or does not reach so far")
        told.append(f"{receipt.sender} signed that it has accepted the stream up to {receipt.cursor}")
    return told


def _check_consistency(proof: Consistency, trust: TrustStore) -> list[str]:
    first, second = (open_tree_head(trust, one, live=False) for one in (proof.first, proof.second))
    if _name(first) != _name(second):
        raise UsageError("the two heads are of different streams: nothing can be shown of them")
    if not verify_consistency(first.size, second.size, first.root, second.root, proof.path):
        raise UsageError(
            f"the tree of {second.size} that {second.signer} signed does not begin with the one of "
            f"{first.size} that {first.signer} signed: one of them shows another history"
        )
    began, ended = (f"{head.signer} signed at {format_instant(head.at_ns)}" for head in (first, second))
    return [
        f"the {second.size} parcels that {ended} begin with the {first.size} that {began}: none was rewritten"
    ]


def _check_opening(proof: Opening, trust: TrustStore) -> list[str]:
    head = open_tree_head(trust, proof.head, live=False)
    if ledger_commitment(proof.salt, proof.entries, proof.chained) != head.ledger:
        raise UsageError(f"this is not what {head.signer} committed to: its ledger was another one then")
    then = f"at {format_instant(head.at_ns)} the ledger of {head.signer} had {proof.entries} entries"
    return [f"{then}, and its chain ended in {proof.chained.hex()}"]


def _name(head: TreeHead) -> StreamName:
    return StreamName(head.sender, head.recipient, head.stream)


class Heads:
    """All that a ledger holds of trees and signed heads, read once from the first entry to the last."""

    def __init__(self, ledger: Ledger) -> None:
        """Read the ledger; a damaged entry is passed over."""
        self.trees = Trees(ledger)
        self._ledger = ledger
        self._signed: dict[StreamName, list[Signed]] = {}
        self._openings: dict[bytes, HeadRecord] = {}
        self._receipts: dict[StreamName, list[ReceiptRecord]] = {}
        kinds = frozenset({
            EntryKind.RELEASE, EntryKind.RECEIVED, EntryKind.HEAD, EntryKind.WITNESS, EntryKind.RECEIPT,
            EntryKind.REMOVAL,
        })  # fmt: skip
        for stored in ledger.entries(kinds=kinds, on_broken=lambda *_: None):
            if stored.content is not None:
                self._take(stored.entry, stored.kind, stored.content)

    def _take(self, entry: int, kind: EntryKind, content: bytes) -> None:
        if kind is EntryKind.RELEASE:
            self.trees.recorded(entry, decode(content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX))
        elif kind is EntryKind.RECEIVED:
            self.trees.recorded(entry, decode(content, ReceivedRecord, bytes_max=RECORD_BYTES_MAX))
        elif kind is EntryKind.HEAD:
            record = decode(content, HeadRecord, HEAD_RECORD_BYTES_MAX)
            self.trees.signed(entry, record)
            self._openings[record.signed] = record
            self._keep(record.signed)
        elif kind is EntryKind.WITNESS:
            witness = decode(content, WitnessRecord)
            self.trees.witnessed(entry, witness)
            self._keep(witness.signed)
        elif kind is EntryKind.RECEIPT:
            receipt = decode(content, ReceiptRecord)
            name = StreamName(self._ledger.party, receipt.recipient, receipt.stream)
            self._receipts.setdefault(name, []).append(receipt)
        else:
            proof = decode(content, Removal).proof
            if proof:
                self.trees.removed(decode(proof, RemovedLeaf))

    def _keep(self, signed: bytes) -> None:
        head = read_tree_head(signed)
        self._signed.setdefault(_name(head), []).append(Signed(head, signed))

    def tree(self, partner: str, *, sent: bool) -> StreamTree:
        """The newest stream to a partner, or from it; UsageError where there is none."""
        tree = self.trees.between(partner, sent=sent)
        if tree is None:
            way = "to" if sent else "from"
            raise UsageError(f"the ledger of {self._ledger.party} has no stream {way} `{partner}`")
        return tree

    def signed(self, name: StreamName) -> Iterator[Signed]:
        """Heads of a stream that either end signed, in the order in which they came here."""
        return iter(self._signed.get(name, ()))

    def inclusion(self, tree: StreamTree, sequence: int, *, show: bool) -> Inclusion:
        """The proof of one parcel, in the smallest tree with it that both ends have signed; or that one has.

        Raises:
            UsageError: it is in no signed tree, or is to be shown and its content is gone.
        """
        enough = [one for one in self.signed(tree.name) if one.head.size >= sequence]
        if not enough:
            raise UsageError(f"parcel {sequence} is in no tree that was signed yet: wait for the next head")
        both = {one.head.size for one in enough if any(_is_other(one.head, other.head) for other in enough)}
        size = min(both or {one.head.size for one in enough})
        heads = {one.head.signer: one.data for one in enough if one.head.size == size}
        digest, parcel = self._digest(tree, sequence)
        if show and parcel is None:
            raise UsageError(f"the content of parcel {sequence} was removed: it can be proved, not shown")
        receipts = [one for one in self._receipts.get(tree.name, ()) if one.cursor >= sequence]
        return Inclusion(
            heads=tuple(heads.values()),
            sequence=sequence,
            parcel_digest=digest,
            path=tree.log.inclusion(sequence - 1, size),
            receipt=receipts[0].signed if receipts else b"",
            parcel=parcel if show else None,
        )

    @staticmethod
    def _digest(tree: StreamTree, sequence: int) -> tuple[bytes, bytes | None]:
        for number, _, parcel in tree.parcels(sequence, sequence + 1):
            if number == sequence:
                return sha256(parcel).digest(), parcel
        raise UsageError(
            f"parcel {sequence} is not in the ledger any more: its leaf is, which proves nothing by itself"
        )

    def consistency(self, tree: StreamTree, first: int | None, second: int | None) -> Consistency:
        """The proof that one signed head begins with another: of these sizes, or the oldest and the newest.

        Raises:
            UsageError: no such heads were signed.
        """
        known = sorted(self.signed(tree.name), key=lambda one: one.head.size)
        if not known:
            raise UsageError("no head of this stream was signed yet: wait for the first")
        chosen = []
        for size, usual in ((first, known[0]), (second, known[-1])):
            one = usual if size is None else next((one for one in known if one.head.size == size), None)
            if one is None:
                sizes = ", ".join(str(one.head.size) for one in known[:20])
                raise UsageError(f"no head of {size} parcels was signed: there are those of {sizes}")
            chosen.append(one)
        older, newer = chosen
        path = tree.log.consistency(older.head.size, newer.head.size)
        return Consistency(first=older.data, second=newer.data, path=path)

    def opening(self, tree: StreamTree) -> Opening:
        """What opens the newest commitment to this ledger in a head of the stream; UsageError without one."""
        own = tree.own
        if own is None:
            raise UsageError("this ledger signed no head of that stream yet: wait for the first")
        record = self._openings[own.data]
        return Opening(head=own.data, salt=record.salt, entries=record.entries, chained=record.chained)


def _is_other(head: TreeHead, other: TreeHead) -> bool:
    return head.signer != other.signer and (head.size, head.root) == (other.size, other.root)


def proof_from_plain(plain: object) -> Proof:
    """The proof in a plain value; UsageError where it is none."""
    for form in (Inclusion, Consistency, Opening):
        try:
            proof = from_plain(plain, form)
        except (InvalidInputError, PeerError):
            continue
        if isinstance(proof, Inclusion | Consistency | Opening):
            return proof
    raise UsageError("this is no proof, or not a whole one: ask for the file again")
