"""`Vault`: seals each content under a key of its own, and wraps that key under the ledger key.

    sealed_content = AES-256-GCM(content key, content), bound to the entry number
    wrapped_key    = nonce | AES-256-GCM(ledger key, content key | salt), bound to entry number and chain

Without `wrapped_key` nobody can open the content any more or guess it from its commitment, because the salt
is gone with the key: deleting these few bytes removes the content. Because the wrap is bound to the row's
chained value, which covers kind, time and commitment, each row can be checked by itself, also when rows
before it are damaged. AES-GCM is NIST SP 800-38D; a content key seals once, so its nonce is constant; the
ledger key takes random nonces of 96 bits and may wrap 2^32 times (section 8.3 there).
"""

from collections.abc import Callable
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trilat.model import UsageError

KEY_BYTES: Final = 32
SALT_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
SECRET_BYTES: Final = KEY_BYTES + SALT_BYTES + NONCE_BYTES
"""Random bytes that one row takes."""

WRAPPED_BYTES: Final = NONCE_BYTES + KEY_BYTES + SALT_BYTES + TAG_BYTES
_CONTENT_NONCE: Final = bytes(NONCE_BYTES)
_CONTENT_DOMAIN: Final = b"trilat/ledger/content/1"
_WRAP_DOMAIN: Final = b"trilat/ledger/wrap/1"

Entropy = Callable[[int], bytes]
"""A source of random bytes: that many, never the same again, also not after a restart."""


class Secrets(msgspec.Struct, frozen=True, gc=False):
    """The random parts of one row."""

    key: bytes
    salt: bytes
    nonce: bytes


def draw_secrets(entropy: Entropy, count: int) -> list[Secrets]:
    """Fresh secrets for `count` rows, from one call of `entropy`.

    Raises:
        UsageError: the source gave another number of bytes than it was asked for.
    """
    drawn = entropy(count * SECRET_BYTES)
    if len(drawn) != count * SECRET_BYTES:
        raise UsageError(
            f"entropy gave {len(drawn)} bytes of {count * SECRET_BYTES}: give a source such as `os.urandom`"
        )
    parts = [drawn[start : start + SECRET_BYTES] for start in range(0, len(drawn), SECRET_BYTES)]
    salt_end = KEY_BYTES + SALT_BYTES
    return [Secrets(part[:KEY_BYTES], part[KEY_BYTES:salt_end], part[salt_end:]) for part in parts]


class Vault:
    """Holds the ledger key; nothing of it shows when printed."""

    def __init__(self, key: bytes) -> None:
        """A vault under a ledger key of 32 bytes; UsageError for another length."""
        if len(key) != KEY_BYTES:
            raise UsageError(f"a ledger key has {KEY_BYTES} bytes: make one with `os.urandom({KEY_BYTES})`")
        self._wrapping = AESGCM(key)

    def seal(self, secrets: Secrets, entry: int, chained: bytes, content: bytes) -> tuple[bytes, bytes]:
        """The wrapped key and the sealed content of one row."""
        place, nonce = entry.to_bytes(8, "big"), secrets.nonce
        sealed = AESGCM(secrets.key).encrypt(_CONTENT_NONCE, content, _CONTENT_DOMAIN + place)
        kept = secrets.key + secrets.salt
        return nonce + self._wrapping.encrypt(nonce, kept, _WRAP_DOMAIN + place + chained), sealed

    def unwrap(self, wrapped_key: bytes, entry: int, chained: bytes) -> Secrets | None:
        """The secrets of a row, or None where these bytes are not what this vault wrapped for that row."""
        if len(wrapped_key) != WRAPPED_BYTES:
            return None
        nonce, sealed = wrapped_key[:NONCE_BYTES], wrapped_key[NONCE_BYTES:]
        try:
            opened = self._wrapping.decrypt(nonce, sealed, _WRAP_DOMAIN + entry.to_bytes(8, "big") + chained)
        except InvalidTag:
            return None
        return Secrets(opened[:KEY_BYTES], opened[KEY_BYTES:], nonce)

    @staticmethod
    def open(secrets: Secrets, entry: int, sealed_content: bytes) -> bytes | None:
        """The content of a row, or None where it was changed."""
        bound = _CONTENT_DOMAIN + entry.to_bytes(8, "big")
        try:
            return AESGCM(secrets.key).decrypt(_CONTENT_NONCE, sealed_content, bound)
        except InvalidTag:
            return None
