"""`LinkIdentity`: what a party's links are known by: a certificate of its own authority, and two NKeys.

1. The authority signs one certificate. The party's server shows it, whether it is dialled or dials. A partner
   trusts this authority on its link with this party, and for nothing else.
2. One NKey is the node's own client's; the other the server shows to partners' servers that it dials.

None of them signs, seals or opens what is released: that is `NodeKeys`. Whoever steals a link identity can
disturb links, and can neither read nor forge what passes over them.

A folder holds an identity, one file each, for its owner alone. The NKey for partners stands in a file that
the server's configuration includes: the server takes the seed itself, not a path to it, and a configuration
is a thing that people show around.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from trilat.link.card import Card
from trilat.link.certificates import Certified, make_authority, make_certificate
from trilat.link.keys import Entropy, Pin
from trilat.link.nkey import NKEY_BYTES, nkey_of_seed, nkey_public, nkey_seed
from trilat.model import PartyCode, UsageError

AUTHORITY_FILE: Final = "authority.cert.pem"
AUTHORITY_KEY_FILE: Final = "authority.key.pem"
CERTIFICATE_FILE: Final = "link.cert.pem"
KEY_FILE: Final = "link.key.pem"
APP_NKEY_FILE: Final = "app.nkey"
LEAF_NKEY_FILE: Final = "leaf.conf"

_OTHERS: Final = 0o077
"""Rights of anybody but the owner."""

_INCLUDE_START: Final = 'nkey: "'
_INCLUDE_END: Final = '"'
_T = TypeVar("_T")


class LinkIdentity:
    """A party's link keys and certificates. They mask themselves when printed."""

    def __init__(
        self, authority: Certified, shown: Certified, app: Ed25519PrivateKey, leaf: Ed25519PrivateKey
    ) -> None:
        """The identity of the party that `authority` names; see `generate` and `read`."""
        self._party = party_code(authority.party)
        self._authority = authority
        self._shown = shown
        self._app = app
        self._leaf = leaf

    @classmethod
    def generate(cls, party: str, hosts: Sequence[str], now_ns: int, entropy: Entropy) -> "LinkIdentity":
        """A new identity of a party.

        Args:
            party: its code.
            hosts: names and addresses at which partners dial it, beside 127.0.0.1 and localhost.
            now_ns: the instant now, UTC ns, by the machine's clock, also where a node's clock is another:
                it is what TLS compares with.
            entropy: random bytes, which is `os.urandom` but in a simulation.

        Raises:
            UsageError: not a party's code, too many hosts, or one that is none.
        """
        authority = make_authority(party_code(party), now_ns, entropy)
        shown = make_certificate(authority, hosts, now_ns, entropy)
        app, leaf = (Ed25519PrivateKey.from_private_bytes(entropy(NKEY_BYTES)) for _ in range(2))
        return cls(authority, shown, app, leaf)

    @classmethod
    def read(cls, folder: Path) -> "LinkIdentity":
        """The identity that `write` put into a folder.

        Raises:
            UsageError: a file is missing, others can read it, or it is not what was written.
        """
        refuse_open_to_others(folder)
        return cls(
            _read_certified(folder / AUTHORITY_KEY_FILE, folder / AUTHORITY_FILE),
            _read_certified(folder / KEY_FILE, folder / CERTIFICATE_FILE),
            _read(folder / APP_NKEY_FILE, lambda data: nkey_of_seed(data.decode().strip())),
            _read(folder / LEAF_NKEY_FILE, _leaf_of),
        )

    def write(self, folder: Path) -> None:
        """Put the identity into a folder, which is made where there is none.

        Raises:
            UsageError: there is an identity already, or the files cannot be written.
        """
        files = {
            AUTHORITY_KEY_FILE: _pem(self._authority.key),
            AUTHORITY_FILE: self._authority.certificate.public_bytes(Encoding.PEM),
            KEY_FILE: _pem(self._shown.key),
            CERTIFICATE_FILE: self._shown.certificate.public_bytes(Encoding.PEM),
            APP_NKEY_FILE: f"{self.app_seed}\n".encode(),
            LEAF_NKEY_FILE: f"{_INCLUDE_START}{nkey_seed(self._leaf)}{_INCLUDE_END}\n".encode(),
        }
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            for name, data in files.items():
                write_private(folder / name, data)
        except FileExistsError as error:
            raise UsageError(f"`{error.filename}` is there already: partners know it, keep it") from error
        except OSError as error:
            raise UsageError(f"a link identity cannot be written to `{folder}`: {error.strerror}") from error

    def card(self, pin: Pin) -> Card:
        """The card of this identity and the same party's pin; UsageError where the pin is another's."""
        if pin.party != self._party:
            raise UsageError(f"the pin is of `{pin.party}`, the link identity of `{self._party}`")
        return Card(pin=pin, tls_ca=self.authority, leaf_nkey=self.leaf_nkey)

    def shared_with(self, card: Card) -> bytes:
        """A secret that this party and the card's alone can compute: ECDH between their authorities' keys.

        It names subjects (`trilat.link.subjects`) and protects nothing else.
        """
        public = x509.load_der_x509_certificate(card.tls_ca).public_key()
        assert isinstance(public, EllipticCurvePublicKey), "a card checks its authority"
        return self._authority.key.exchange(ECDH(), public)

    @property
    def authority(self) -> bytes:
        """The certificate of the party's link authority, in DER."""
        return self._authority.certificate.public_bytes(Encoding.DER)

    @property
    def party(self) -> str:
        """Whose identity this is."""
        return self._party

    @property
    def certificate(self) -> x509.Certificate:
        """What the party's server shows."""
        return self._shown.certificate

    @property
    def app_nkey(self) -> str:
        """The public NKey of the node's own client."""
        return nkey_public(self._app)

    @property
    def app_seed(self) -> str:
        """The secret half of `app_nkey`."""
        return nkey_seed(self._app)

    @property
    def leaf_nkey(self) -> str:
        """The public NKey that the server shows to servers that it dials."""
        return nkey_public(self._leaf)

    def __repr__(self) -> str:
        """Party and nothing secret."""
        return f"LinkIdentity(party={self._party!r}, private=***)"


def party_code(code: str) -> str:
    """The code of a party as it was given; UsageError where it is none, or is of a party's staff."""
    try:
        msgspec.convert(code, PartyCode)
    except msgspec.ValidationError:
        raise UsageError(f"`{code}` is not the code of a party: give one such as `KOR`") from None
    if "/" in code:
        raise UsageError(f"`{code}` has no links of its own: give the code of its party")
    return code


def write_private(path: Path, data: bytes) -> None:
    """Make a file that only its owner can read; FileExistsError where there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def refuse_open_to_others(path: Path) -> None:
    """Return where only the owner of a file or folder has rights; UsageError where not, or it is missing."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {error.strerror}, restore it") from error
    if mode & _OTHERS:
        raise UsageError(f"`{path}` is open to others: take their rights away with `chmod go=`")


def _pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _read(path: Path, parse: Callable[[bytes], _T]) -> _T:
    """What `parse` makes of a private file. The text of a refusal never quotes what is in it."""
    refuse_open_to_others(path)
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {error.strerror}") from error
    except (ValueError, TypeError):
        raise UsageError(f"`{path}` is not what was written there: restore it") from None


def _read_certified(key_path: Path, certificate_path: Path) -> Certified:
    key = _read(key_path, lambda data: load_pem_private_key(data, password=None))
    certificate = _read(certificate_path, x509.load_pem_x509_certificate)
    if isinstance(key, EllipticCurvePrivateKey):
        certified = Certified(key, certificate)
        if certified.matches:
            return certified
    raise UsageError(f"`{key_path}` is not the key of `{certificate_path.name}`: restore both")


def _leaf_of(data: bytes) -> Ed25519PrivateKey:
    text = data.decode().strip()
    return nkey_of_seed(text.removeprefix(_INCLUDE_START).removesuffix(_INCLUDE_END))
