"""`make_folder`: a node's folder with new keys, and `Secrets`: what else lies in its `keys/`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from trilat.link import Card, Entropy, LinkIdentity, Strength, Token, card_to_json, write_private
from trilat.model import UsageError
from trilat.node.folder_files import (
    CARD_FILE,
    KEY_BYTES,
    LEDGER_KEY_FILE,
    OBSERVATION_KEY_FILE,
    ROLE_SUFFIX,
    roles_of,
)
from trilat.node.keyfiles import KeyFiles
from trilat.node.settings import NODE_FILE, NodeSettings, read_settings, write_settings
from trilat.node.stored_keys import NEXT_KEYS_FILE, NODE_KEYS_FILE, new_keys
from trilat.node.trust_files import TRUST_FOLDER
from trilat.policy import AgreementSet, read_agreement

_FOLDERS: Final = ("agreements", "peers", "hubs", "keys", "run", TRUST_FOLDER)
FIRST_KEY_LABEL: Final = "trilat-node-1"
"""Label of a node's first signing key, where a token holds it."""


class Secrets:
    """Keys and tokens that are bare bytes and texts. Keys are read when they are first asked for."""

    def __init__(self, files: KeyFiles, tokens: Mapping[str, str]) -> None:
        """The secrets of a node's folder."""
        self.tokens = tokens
        """By role: `intake`, `staff`, `director` where the node is not real, `reader-CODE` and so on."""

        self.files = files
        self._read: dict[str, bytes] = {}

    @property
    def ledger_key(self) -> bytes:
        """Of the commitments in the ledger."""
        return self._key(LEDGER_KEY_FILE)

    @property
    def token_key(self) -> bytes:
        """Of the opaque names of observations."""
        return self._key(OBSERVATION_KEY_FILE)

    def _key(self, name: str) -> bytes:
        """A key of `KEY_BYTES`, as it was made."""
        if name not in self._read:
            data = self.files.read(name)
            if len(data) != KEY_BYTES:
                raise UsageError(
                    f"`{name}` has {len(data)} bytes, a key has {KEY_BYTES}: restore it from a backup"
                )
            self._read[name] = data
        return self._read[name]

    def __repr__(self) -> str:
        """Nothing secret."""
        return f"Secrets(tokens={sorted(self.tokens)}, ***)"


def sealed_names(files: KeyFiles) -> list[str]:
    """The secrets that a passphrase closes. Not the tokens, which are for programs on this machine, nor the
    link's keys, which the NATS server itself reads.
    """
    names = [NODE_KEYS_FILE, LEDGER_KEY_FILE, OBSERVATION_KEY_FILE]
    return [*names, NEXT_KEYS_FILE] if files.has(NEXT_KEYS_FILE) else names


def make_folder(
    path: Path,
    settings: NodeSettings,
    agreements: Mapping[str, str],
    *,
    hosts: Sequence[str],
    now_ns: int,
    entropy: Entropy,
    passphrase: bytes | None = None,
    strength: Strength | None = None,
    token: Token | None = None,
) -> Card:
    """Make a node's folder with new keys; returns its card.

    Args:
        path: a folder that is not there yet, or is empty.
        settings: become its `node.toml`.
        agreements: texts by file name.
        hosts: names under which partners dial its server.
        now_ns: the world's time, UTC ns: certificates begin to hold then.
        entropy: random bytes, never the same twice.
        passphrase: closes the keys; None leaves them open to whoever reads the owner's files.
        strength: of the passphrase.
        token: holds the signing key, where one is used.

    Raises:
        UsageError: a setting or host cannot be, the folder cannot be made, or it holds something.
        AgreementError: an agreement's text is not sound.
    """
    # All that can be refused is refused before anything is written: the folder is named again then.
    read_settings(write_settings(settings))
    AgreementSet.of({name: read_agreement(name, text) for name, text in agreements.items()})
    roles = roles_of(settings)
    identity = LinkIdentity.generate(settings.party, hosts, now_ns, entropy)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise UsageError(f"`{path}` is not empty: name a new folder")
        path.chmod(0o700)
        for name in _FOLDERS:
            (path / name).mkdir(mode=0o700)
        for name, text in agreements.items():
            (path / "agreements" / name).write_text(text, encoding="utf-8")
        identity.write(path / "keys" / "link")
        files = KeyFiles.make(path / "keys", passphrase, strength)
        keys, stored = new_keys(settings.party, entropy, token, FIRST_KEY_LABEL)
        secrets = {
            NODE_KEYS_FILE: stored,
            LEDGER_KEY_FILE: entropy(KEY_BYTES),
            OBSERVATION_KEY_FILE: entropy(KEY_BYTES),
        }
        files.write(secrets, new=True)
        for role in roles:
            token_text = entropy(KEY_BYTES).hex().encode() + b"\n"
            write_private(path / "keys" / f"{role}{ROLE_SUFFIX}", token_text)
        card = identity.card(keys.pin)
        (path / CARD_FILE).write_text(card_to_json(card), encoding="utf-8")
        # The settings come last: a folder without them is not a node's.
        (path / NODE_FILE).write_text(write_settings(settings), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"`{path}` cannot be made: {(error.strerror or 'unknown reason').lower()}"
        ) from error
    return card
