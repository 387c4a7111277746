"""A node's keys as they lie in `keys/`: those in force, and, while its root is asked, those that come next.

`node.keys` holds the keys in force, `next.keys` those for which the root was asked. Which of the two is in
force is what the party's newest trust state says, so that a rotation takes effect at once or not at all,
wherever it is interrupted.
"""

from collections.abc import Callable
from typing import Annotated, Final

import msgspec

from trilat.link import Entropy, NodeKeys, Pin, Token
from trilat.model import Noun, ShortText, UsageError, WireError, decode, encode
from trilat.node.keyfiles import KeyFiles

NODE_KEYS_FILE: Final = "node.keys"
NEXT_KEYS_FILE: Final = "next.keys"
_PRIVATE_BYTES: Final = 128
_SEALING_BYTES: Final = 96

OpenToken = Callable[[], Token]
"""Gives the token that the settings name; UsageError where they name none, or it does not open."""


class StoredKeys(Noun, frozen=True, kw_only=True):
    """Keys with more to them than the bare bytes: a token that signs, or sealing keys of before."""

    signing: Annotated[bytes, msgspec.Meta(max_length=32)]
    """Empty where a token holds the key."""

    token_key: ShortText
    """The key's label in the token."""

    sealing: Annotated[bytes, msgspec.Meta(min_length=_SEALING_BYTES, max_length=_SEALING_BYTES)]
    before: Annotated[bytes, msgspec.Meta(max_length=_SEALING_BYTES)] = b""


def no_token() -> Token:
    """An `OpenToken` for settings that name none."""
    raise UsageError("the signing key is in a token: name its node, or the token in [token] of node.toml")


def keys_from(party: str, data: bytes, open_token: OpenToken = no_token) -> NodeKeys:
    """The keys that a file holds.

    Raises:
        UsageError: it holds none, or the token that signs is not there.
    """
    if len(data) == _PRIVATE_BYTES:
        return NodeKeys.from_private_bytes(party, data)
    try:
        stored = decode(data, StoredKeys)
    except WireError:
        # Says what is wrong with it.
        return NodeKeys.from_private_bytes(party, data)
    if stored.token_key:
        signer = open_token().find(stored.token_key)
        return NodeKeys.with_signer(party, signer, stored.sealing, stored.before)
    whole = NodeKeys.from_private_bytes(party, stored.signing + stored.sealing)
    return NodeKeys.with_signer(party, whole.signing, stored.sealing, stored.before)


def new_keys(
    party: str, entropy: Entropy, token: Token | None = None, label: str = ""
) -> tuple[NodeKeys, bytes]:
    """New keys, and what is to be stored of them; UsageError as of the token."""
    keys = NodeKeys.generate(party, entropy)
    if token is None:
        return keys, keys.private_bytes()
    signer = token.make(label)
    sealing = keys.sealing_bytes()
    stored = StoredKeys(signing=b"", token_key=label, sealing=sealing)
    return NodeKeys.with_signer(party, signer, sealing), encode(stored)


def with_before(data: bytes, old: bytes) -> bytes:
    """What to store of keys that take the place of others: they still open what was sealed to those."""
    before = _stored(old).sealing
    return encode(msgspec.structs.replace(_stored(data), before=before))


def keys_in_force(files: KeyFiles, party: str, pin: Pin | None, open_token: OpenToken = no_token) -> NodeKeys:
    """The keys that a trust state's pin names, `node.keys` where there is none.

    Keys that came into force meanwhile are put in their place.

    Raises:
        UsageError: neither file holds them.
    """
    old = files.read(NODE_KEYS_FILE)
    keys = keys_from(party, old, open_token)
    if pin is None or keys.pin == pin:
        return keys
    if files.has(NEXT_KEYS_FILE):
        data = files.read(NEXT_KEYS_FILE)
        if keys_from(party, data, open_token).pin == pin:
            merged = with_before(data, old)
            files.write({NODE_KEYS_FILE: merged})
            files.remove(NEXT_KEYS_FILE)
            return keys_from(party, merged, open_token)
    raise UsageError(
        f"the keys of {party} here are not those of its newest trust state and card: restore them from a "
        "backup, or let its root revoke them, and make new ones"
    )


def _stored(data: bytes) -> StoredKeys:
    if len(data) == _PRIVATE_BYTES:
        start = _PRIVATE_BYTES - _SEALING_BYTES
        return StoredKeys(signing=data[:start], token_key="", sealing=data[start:])
    return decode(data, StoredKeys)
