"""`Token`: a device that signs and never gives its keys away. By PKCS#11, or a twin of it in memory.

Asked of a device: Ed25519 keys (`CKM_EC_EDWARDS_KEY_PAIR_GEN`) and signatures with them (`CKM_EDDSA`), as in
PKCS#11 version 3.0. The library is `python-pkcs11`, which the extra `token` of this package brings.
"""

from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from trilat.link.keys import Entropy
from trilat.link.signer import Signer
from trilat.model import LinkError, UsageError

_ED25519_PARAMETERS: Final = bytes.fromhex("06032b6570")
"""The object identifier 1.3.101.112 in DER (RFC 8410, section 3)."""

_PUBLIC_BYTES: Final = 32


class Token(Protocol):
    """Makes and finds keys by label."""

    def make(self, label: str) -> Signer:
        """A new key in the token; UsageError where there is one of this label already."""
        ...

    def find(self, label: str) -> Signer:
        """The key of a label; UsageError where there is none."""
        ...


class MemoryToken:
    """The twin in memory, for tests: keys last as long as it does."""

    def __init__(self, entropy: Entropy) -> None:
        """A token without keys."""
        self._entropy = entropy
        self._keys: dict[str, Ed25519PrivateKey] = {}
        self.taken_out = False
        """Whether somebody has pulled it out: nothing is signed then."""

    def make(self, label: str) -> Signer:
        """A new key; see `Token`."""
        if label in self._keys:
            raise _taken(label)
        self._keys[label] = Ed25519PrivateKey.from_private_bytes(self._entropy(32))
        return self.find(label)

    def find(self, label: str) -> Signer:
        """A known key; see `Token`."""
        if label not in self._keys:
            raise _missing(label)
        return _MemorySigner(self, self._keys[label])


class _MemorySigner:
    def __init__(self, token: MemoryToken, key: Ed25519PrivateKey) -> None:
        self._token, self._key = token, key

    def sign(self, data: bytes, /) -> bytes:
        if self._token.taken_out:
            raise _silent("it was taken out")
        return self._key.sign(data)

    def public_key(self) -> Ed25519PublicKey:
        return self._key.public_key()

    def __repr__(self) -> str:
        return "Signer(in a token)"


class DeviceToken:
    """A token behind a PKCS#11 module."""

    def __init__(self, module: Path, label: str, pin: str) -> None:
        """A session with the token of a label.

        Args:
            module: the maker's library, such as `/usr/lib/softhsm/libsofthsm2.so`.
            label: the token's.
            pin: the user's; it is handed to the token and not kept.

        Raises:
            UsageError: `python-pkcs11` is missing, the module or token is, or the PIN is wrong.
        """
        try:
            self._pkcs11: Any = import_module("pkcs11")
        except ImportError as error:
            raise UsageError("keys in a token need python-pkcs11: install `trilat[token]`") from error
        try:
            token = self._pkcs11.lib(str(module)).get_token(token_label=label)
            self._session = self._opened(token, pin)
        except (self._pkcs11.PKCS11Error, RuntimeError) as error:
            raise UsageError(f"the token `{label}` does not open: {_why(error)}") from None

    def _opened(self, token: Any, pin: str) -> Any:
        try:
            return token.open(rw=True, user_pin=pin)
        except self._pkcs11.UserAlreadyLoggedIn:
            # A token is told the PIN once in a process; this is another session of the same.
            return token.open(rw=True)

    def make(self, label: str) -> Signer:
        """A new key that does not leave the token; see `Token`."""
        names = self._pkcs11
        attributes = {names.Attribute.EC_PARAMS: _ED25519_PARAMETERS}
        try:
            if list(self._session.get_objects({names.Attribute.LABEL: label})):
                raise _taken(label)
            curve = self._session.create_domain_parameters(names.KeyType.EC_EDWARDS, attributes, local=True)
            public, private = curve.generate_keypair(
                mechanism=names.Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, label=label
            )
        except (names.PKCS11Error, RuntimeError) as error:
            raise UsageError(f"the token makes no Ed25519 key: {_why(error)}") from None
        return _DeviceSigner(names, public, private)

    def find(self, label: str) -> Signer:
        """A key in the token; see `Token`."""
        names = self._pkcs11
        try:
            found = [
                self._session.get_key(object_class=kind, key_type=names.KeyType.EC_EDWARDS, label=label)
                for kind in (names.ObjectClass.PUBLIC_KEY, names.ObjectClass.PRIVATE_KEY)
            ]
        except names.NoSuchKey:
            raise _missing(label) from None
        except (names.PKCS11Error, RuntimeError) as error:
            raise UsageError(f"the token does not give key `{label}`: {_why(error)}") from None
        return _DeviceSigner(names, *found)


class _DeviceSigner:
    def __init__(self, names: Any, public: Any, private: Any) -> None:
        self._names, self._private = names, private
        point = bytes(public[names.Attribute.EC_POINT])
        # A DER octet string that holds the key, or, from some makers, the key alone.
        self._public = Ed25519PublicKey.from_public_bytes(point[-_PUBLIC_BYTES:])

    def sign(self, data: bytes, /) -> bytes:
        try:
            return bytes(self._private.sign(data, mechanism=self._names.Mechanism.EDDSA))
        except (self._names.PKCS11Error, RuntimeError) as error:
            raise _silent(_why(error)) from None

    def public_key(self) -> Ed25519PublicKey:
        return self._public

    def __repr__(self) -> str:
        return "Signer(in a token)"


def _why(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _taken(label: str) -> UsageError:
    return UsageError(f"the token has a key `{label}` already: name a new one")


def _missing(label: str) -> UsageError:
    return UsageError(f"the token has no key `{label}`: put in the one that does")


def _silent(why: str) -> LinkError:
    return LinkError(f"the token does not sign: {why}")
