"""`Card`: all that a partner must hold of a party, to link with it and to believe it. One file in JSON."""

import json
from hashlib import sha256
from typing import Annotated, Any, Final, TypeVar

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from trilat.link.certificates import is_authority
from trilat.link.keys import Pin
from trilat.link.nkey import Nkey, is_nkey
from trilat.model import ItemError, Noun, TrustError, from_plain, to_plain

CARD_CHARACTERS_MAX: Final = 16_384
_AUTHORITY_BYTES_MAX: Final = 4_096
_FINGERPRINT_DOMAIN: Final = b"trilat/card/1"

_N = TypeVar("_N", bound=Noun)


class Card(Noun, frozen=True, kw_only=True):
    """The public half of a party's keys, those of its links among them.

    `tls_ca` is the certificate of the party's link authority in DER; `leaf_nkey` is the key that its server
    shows to servers that it dials. What makes a card trustworthy is that people compared its fingerprint over
    another channel, as with a pin.
    """

    pin: Pin
    tls_ca: Annotated[bytes, msgspec.Meta(min_length=1, max_length=_AUTHORITY_BYTES_MAX)]
    leaf_nkey: Nkey

    def check(self) -> None:
        """Refuse staff, an authority that is none, and an NKey whose checksum is wrong."""
        if "/" in self.pin.party:
            raise ItemError(f"`{self.pin.party}` has no links of its own: a card is a party's")
        if not is_authority(self.tls_ca):
            raise ItemError("Card.tls_ca must be the certificate of an authority on P-256, signed by itself")
        if not is_nkey(self.leaf_nkey):
            raise ItemError("Card.leaf_nkey has a wrong checksum")

    @property
    def party(self) -> str:
        """Whose card this is."""
        return self.pin.party

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all of the card, as 16 groups of 4 hexadecimal digits to read aloud."""
        parts = (
            _FINGERPRINT_DOMAIN,
            self.party.encode(),
            self.pin.signing_public,
            self.pin.sealing_public,
            self.tls_ca,
            self.leaf_nkey.encode(),
        )
        digest = sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()
        return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))

    @property
    def tls_ca_pem(self) -> bytes:
        """The authority's certificate in PEM, as servers read it."""
        return x509.load_der_x509_certificate(self.tls_ca).public_bytes(Encoding.PEM)


def card_to_json(card: Noun) -> str:
    """A card as JSON text in the plain form, to give to partners."""
    return json.dumps(to_plain(card), indent=2) + "\n"


def card_from_json(text: bytes | str) -> Card:
    """The card that a JSON text describes.

    Raises:
        TrustError: too long, not JSON, or not a card; one line says what is wrong.
    """
    return read_card_json(text, Card)


def read_card_json(text: bytes | str, of: type[_N]) -> _N:
    """The card of some type that a JSON text describes; TrustError as of `card_from_json`."""
    if len(text) > CARD_CHARACTERS_MAX:
        raise TrustError(f"a card of {len(text)} characters is over the limit of {CARD_CHARACTERS_MAX}")
    try:
        plain = json.loads(
            text if isinstance(text, str) else text.decode("utf-8"), object_pairs_hook=_each_once
        )
        return from_plain(plain, of)
    except (ValueError, RecursionError) as error:
        # An ItemError is a ValueError, and so is what the decoders raise.
        raise TrustError(f"the card is not sound, ask for it again: {error}") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ItemError("a name stands twice in one object: write each once")
    return found
