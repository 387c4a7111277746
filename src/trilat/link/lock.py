"""`Lock`: closes secrets on disk by a passphrase. One file is the lock, all others are sealed under it.

    passphrase --Argon2id (RFC 9106, parameters in the file)--> a key that opens the lock's own random key
    that random key --AES-256-GCM, bound to the file's name--> every secret

So a new passphrase changes one small file at once, and whoever works with the secrets needs no passphrase
in memory. A wrong passphrase and a changed file look the same, and take the same time.
"""

from typing import Annotated, Final

import msgspec
from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trilat.link.keys import Entropy
from trilat.model import ItemError, Noun, UsageError, WireError, decode, encode

PASSPHRASE_CHARACTERS_MIN: Final = 12
PASSPHRASE_BYTES_MAX: Final = 1_024

_LOCK_START: Final = b"trilat lock 1\n"
_SEALED_START: Final = b"trilat sealed 1\n"
_LOCK_BYTES_MAX: Final = 512
_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


class Strength(Noun, frozen=True, kw_only=True):
    """What one guess at a passphrase costs. The default is the second choice of RFC 9106, section 4."""

    memory_kib: Annotated[int, msgspec.Meta(ge=64, le=4_194_304)] = 65_536
    passes: Annotated[int, msgspec.Meta(ge=1, le=64)] = 3
    lanes: Annotated[int, msgspec.Meta(ge=1, le=16)] = 4

    def check(self) -> None:
        """Refuse what Argon2 cannot do (RFC 9106, section 3.1): each lane needs 8 KiB."""
        if self.memory_kib < 8 * self.lanes:
            raise ItemError(f"{self.lanes} lanes need {8 * self.lanes} KiB or more, not {self.memory_kib}")


class _Locked(Noun, frozen=True, kw_only=True):
    """The lock's file, behind its first line."""

    strength: Strength
    salt: Annotated[bytes, msgspec.Meta(min_length=_SALT_BYTES, max_length=_SALT_BYTES)]
    nonce: Annotated[bytes, msgspec.Meta(min_length=_NONCE_BYTES, max_length=_NONCE_BYTES)]
    sealed: Annotated[
        bytes, msgspec.Meta(min_length=_KEY_BYTES + _TAG_BYTES, max_length=_KEY_BYTES + _TAG_BYTES)
    ]


class Lock:
    """An open lock: it closes and opens secrets. It masks itself when printed."""

    def __init__(self, key: bytes, entropy: Entropy) -> None:
        """A lock of this random key; see `new` and `open_lock`."""
        self._key = key
        self._cipher = AESGCM(key)
        self._entropy = entropy

    @classmethod
    def new(cls, entropy: Entropy) -> "Lock":
        """A lock with a key of its own."""
        return cls(entropy(_KEY_BYTES), entropy)

    def under(self, passphrase: bytes, strength: Strength | None = None) -> bytes:
        """The lock's file, which this passphrase opens.

        Raises:
            UsageError: the passphrase is too short or too long.
        """
        refuse_unfit(passphrase)
        chosen = strength or Strength()
        salt, nonce = self._entropy(_SALT_BYTES), self._entropy(_NONCE_BYTES)
        cipher = _cipher_of(passphrase, salt, chosen)
        sealed = cipher.encrypt(nonce, self._key, _LOCK_START + encode(chosen) + salt)
        return _LOCK_START + encode(_Locked(strength=chosen, salt=salt, nonce=nonce, sealed=sealed))

    def close(self, name: str, secret: bytes) -> bytes:
        """A secret, sealed and bound to a name."""
        nonce = self._entropy(_NONCE_BYTES)
        return _SEALED_START + nonce + self._cipher.encrypt(nonce, secret, _SEALED_START + name.encode())

    def open(self, name: str, data: bytes) -> bytes:
        """The secret that `close` sealed under this name; UsageError where it was changed or is another's."""
        nonce = data[len(_SEALED_START) : len(_SEALED_START) + _NONCE_BYTES]
        try:
            sealed = data[len(_SEALED_START) + _NONCE_BYTES :]
            return self._cipher.decrypt(nonce, sealed, _SEALED_START + name.encode())
        except (InvalidTag, ValueError):
            raise UsageError(f"`{name}` does not open under this lock: restore it from a backup") from None

    def __repr__(self) -> str:
        """Nothing secret."""
        return "Lock(***)"


def open_lock(data: bytes, passphrase: bytes, entropy: Entropy) -> Lock:
    """The lock of a file that `Lock.under` made.

    Raises:
        UsageError: the passphrase is wrong, or the file is not as it was made.
    """
    locked = _locked_of(data)
    cipher = _cipher_of(passphrase[:PASSPHRASE_BYTES_MAX], locked.salt, locked.strength)
    try:
        bound = _LOCK_START + encode(locked.strength) + locked.salt
        return Lock(cipher.decrypt(locked.nonce, locked.sealed, bound), entropy)
    except InvalidTag:
        raise UsageError("the passphrase does not open the keys: try again, or restore the lock") from None


def is_sealed(data: bytes) -> bool:
    """Whether these bytes begin as a sealed secret does."""
    return data.startswith(_SEALED_START)


def refuse_unfit(passphrase: bytes) -> None:
    """UsageError for a passphrase that is too short or too long."""
    letters = len(passphrase.decode("utf-8", "replace"))
    if letters < PASSPHRASE_CHARACTERS_MIN or len(passphrase) > PASSPHRASE_BYTES_MAX:
        raise UsageError(
            f"a passphrase has {PASSPHRASE_CHARACTERS_MIN} characters or more, and at most "
            f"{PASSPHRASE_BYTES_MAX} bytes: take five or six words that nobody would put together"
        )


def _locked_of(data: bytes) -> _Locked:
    try:
        if data.startswith(_LOCK_START):
            return decode(data[len(_LOCK_START) :], _Locked, _LOCK_BYTES_MAX)
    except WireError:
        pass
    raise UsageError("the lock of the keys is not one: restore it from a backup")


def _cipher_of(passphrase: bytes, salt: bytes, strength: Strength) -> AESGCM:
    try:
        key = hash_secret_raw(
            passphrase,
            salt,
            time_cost=strength.passes,
            memory_cost=strength.memory_kib,
            parallelism=strength.lanes,
            hash_len=_KEY_BYTES,
            type=Type.ID,
        )
    except HashingError as error:
        raise UsageError(f"the lock asks for {strength.memory_kib} KiB of memory: {error}") from error
    return AESGCM(key)
