"""What only the two of a pair can relate to them: tokens in envelopes, and covers over messages.

Rules
1. Both parties make the same secrets from their private and the other's pinned public X25519 key, one for
   each direction; nothing is exchanged for it.
2. The token of an envelope is a keyed function of its epoch: it tells the recipient who sent, and to a relay
   two epochs look like two strangers.
3. Messages (receipts, pulls, notices) are signed by their sender, and then covered under a key of their own
   each, padded to a class.
4. Who trusts these secrets for more than hiding names is wrong: signatures show who spoke. A quantum
   computer, or whoever takes a node's sealing key, can learn from recordings who wrote to whom.
"""

import hmac
from collections import OrderedDict
from typing import Final, NamedTuple

import cbor2

from trilat.link.cose import A256GCM, IV_BYTES, ObjectCipher
from trilat.link.keys import Entropy, NodeKeys, Pin
from trilat.link.padding import padded, unpadded
from trilat.link.trust import TrustStore
from trilat.model import EnvelopeError, WireError

TOKEN_BYTES: Final = 16
COVERED_BYTES_MAX: Final = 98_304
_SALT_BYTES: Final = 16
_TOKENS_KEPT: Final = 1_024
_IDENTIFIER_AT: Final = 2 + 2 + 1 + 2 + 1 + 2
"""Where the key identifier begins in a covered message: tag and array, byte string of 38 with its length, map
of two, algorithm, label 4, and the identifier's own head."""


class Pair(NamedTuple):
    """The secrets of one pair, by direction, as one of the two sees them."""

    to: bytes
    of: bytes


def pair_of(keys: NodeKeys, pin: Pin) -> Pair:
    """The secrets that these keys and a partner's pin share; TrustError where the pin cannot be used."""
    own, other = keys.pin.fingerprint, pin.fingerprint
    return Pair(
        to=keys.agree(pin, cbor2.dumps(["trilat/pair/1", own, other])),
        of=keys.agree(pin, cbor2.dumps(["trilat/pair/1", other, own])),
    )


def token_of(secret: bytes, use: bytes, of: bytes) -> bytes:
    """The token that a direction's secret gives to an epoch, or to another use; the use has no zero byte."""
    return hmac.digest(secret, b"trilat/token/1/" + use + b"\0" + of, "sha256")[:TOKEN_BYTES]


class Pairs:
    """The secrets of a node with all whom it trusts."""

    def __init__(self, keys: NodeKeys, trust: TrustStore) -> None:
        """Secrets are made when they are first needed, and again for a pin that is new."""
        self._keys = keys
        self._trust = trust
        self._pairs: dict[tuple[Pin, Pin], Pair] = {}
        """By own and by partner's keys: either may change while the node runs."""

        self._found: OrderedDict[tuple[bytes, bytes, bytes], Pin] = OrderedDict()

    def with_(self, party: str) -> Pair:
        """The secrets with a pinned party; TrustError where there is no pin, or it cannot be used."""
        return self._pair(self._trust.pin(party))

    def sender_of(self, token: bytes, use: bytes, of: bytes) -> str:
        """The pinned party that a token tells; EnvelopeError where it tells none to this node."""
        name = (token, use, of)
        found = self._found.get(name)
        if found is not None and found.party in self._trust and self._trust.pin(found.party) == found:
            return found.party
        for pin in self._trust:
            if pin.party == self._keys.party:
                continue
            if hmac.compare_digest(token_of(self._pair(pin).of, use, of), token):
                self._found[name] = pin
                if len(self._found) > _TOKENS_KEPT:
                    self._found.popitem(last=False)
                return pin.party
        raise EnvelopeError(
            f"no party that `{self._keys.party}` holds a pin for sent this to it: not opened. If you expect "
            "it, compare fingerprints and pin the sender, and see that it has pinned this node's card"
        )

    def cover(self, recipient: str, message: bytes, entropy: Entropy) -> bytes:
        """A message to a pinned party, covered: nothing in it can be read or related on the way."""
        secret = self.with_(recipient).to
        drawn = entropy(_SALT_BYTES + IV_BYTES)
        salt, iv = drawn[:_SALT_BYTES], drawn[_SALT_BYTES:]
        identifier = salt + token_of(secret, b"message", salt)
        return _cover_cipher(secret, identifier).close(iv, padded(message), b"trilat/message/2")

    def uncover(self, data: bytes) -> bytes:
        """The message in a covered one.

        Raises:
            WireError: too long.
            EnvelopeError: not covered by a pinned party for this node, or changed.
        """
        if len(data) > COVERED_BYTES_MAX:
            raise WireError(
                f"message of {len(data)} bytes is over the limit of {COVERED_BYTES_MAX}: not read"
            )
        identifier = data[_IDENTIFIER_AT : _IDENTIFIER_AT + _SALT_BYTES + TOKEN_BYTES]
        salt, token = identifier[:_SALT_BYTES], identifier[_SALT_BYTES:]
        sender = self.sender_of(token, b"message", salt)
        plaintext = _cover_cipher(self.with_(sender).of, identifier).open(data, b"trilat/message/2")
        return unpadded(plaintext)

    def _pair(self, pin: Pin) -> Pair:
        name = (self._keys.pin, pin)
        pair = self._pairs.get(name)
        if pair is None:
            pair = self._pairs[name] = pair_of(self._keys, pin)
        return pair


def _cover_cipher(secret: bytes, identifier: bytes) -> ObjectCipher:
    key = hmac.digest(secret, b"trilat/cover/1\0" + identifier, "sha256")
    return ObjectCipher(A256GCM, key, identifier)
