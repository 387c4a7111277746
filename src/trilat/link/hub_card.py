"""`HubCard`: all that a party must hold of a hub to use it: its name, and who certifies its server."""

from hashlib import sha256
from typing import Annotated, Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from trilat.link.card import CARD_CHARACTERS_MAX, read_card_json
from trilat.link.certificates import is_authority
from trilat.model import ItemError, Noun

HUB_CARD_CHARACTERS_MAX: Final = CARD_CHARACTERS_MAX
_AUTHORITY_BYTES_MAX: Final = 4_096
_FINGERPRINT_DOMAIN: Final = b"trilat/hub-card/1"


class HubCard(Noun, frozen=True, kw_only=True):
    """A hub's name and the certificate of its link authority in DER.

    Nothing that passes through a hub is believed or opened for its sake: the card only keeps a node from
    dialling somebody else. What makes it trustworthy is that people compared its fingerprint over another
    channel.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9]{1,11}(?!\n)$")]
    tls_ca: Annotated[bytes, msgspec.Meta(min_length=1, max_length=_AUTHORITY_BYTES_MAX)]

    def check(self) -> None:
        """Refuse an authority that is none."""
        if not is_authority(self.tls_ca):
            raise ItemError(
                "HubCard.tls_ca must be the certificate of an authority on P-256, signed by itself"
            )

    @property
    def digest(self) -> bytes:
        """SHA-256 over all of the card."""
        parts = (_FINGERPRINT_DOMAIN, self.name.encode(), self.tls_ca)
        return sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()

    @property
    def fingerprint(self) -> str:
        """The digest as 16 groups of 4 hexadecimal digits to read aloud."""
        digest = self.digest.hex()
        return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))

    @property
    def tls_ca_pem(self) -> bytes:
        """The authority's certificate in PEM, as servers read it."""
        return x509.load_der_x509_certificate(self.tls_ca).public_bytes(Encoding.PEM)


def hub_card_from_json(text: bytes | str) -> HubCard:
    """The card of a hub that a JSON text describes.

    Raises:
        TrustError: too long, not JSON, or not a hub's card; one line says what is wrong.
    """
    return read_card_json(text, HubCard)
