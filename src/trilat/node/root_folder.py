"""`RootFolder`: a party's root as it lies on a machine of its own, never on a network.

root.json        whose root it is: party, public key, and the token that holds it where one does
lock, root.key   the private key behind a passphrase; not there where a token holds it
state.txt        the newest trust states that the root signed
revocation.txt   ends the party's trust for good: print it, put it in a safe, and delete it here
"""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from trilat.link import (
    Announcement,
    DeviceToken,
    Issue,
    KeyRequest,
    RootKey,
    SignedState,
    Strength,
    Token,
    armored,
    root_fingerprint,
    unarmored,
)
from trilat.model import TrustError, UsageError, decode, encode
from trilat.node.folder_files import json_of, text_of
from trilat.node.keyfiles import Ask, KeyFiles, nobody
from trilat.node.settings import party_code
from trilat.node.trust_files import trust_from_text, trust_text

ROOT_FILE: Final = "root.json"
STATE_FILE: Final = "state.txt"
REVOCATION_FILE: Final = "revocation.txt"
_KEY_FILE: Final = "root.key"
_NEXT_KEY_FILE: Final = "next.key"
_REQUEST_LABEL: Final = "KEY REQUEST"
_REQUEST_BYTES_MAX: Final = 16_384
_STATES_KEPT: Final = 16


@dataclass(frozen=True)
class TokenKey:
    """Where a root's key is, if it is in a token."""

    module: str
    label: str
    key: str

    def token(self, ask: Ask) -> Token:
        """The token; UsageError where it does not open."""
        pin = ask(f"the token `{self.label}`").decode("utf-8", "replace")
        return DeviceToken(Path(self.module), self.label, pin)


@dataclass(frozen=True)
class RootFolder:
    """A root's folder, read; its key is opened when it signs."""

    path: Path
    party: str
    public: bytes
    token_key: TokenKey | None
    ask: Ask

    @property
    def fingerprint(self) -> str:
        """What people read aloud."""
        return root_fingerprint(self.party, self.public)

    @property
    def states(self) -> tuple[SignedState, ...]:
        """What the root signed, oldest first; empty before the first."""
        path = self.path / STATE_FILE
        return trust_from_text(text_of(path)).states if path.is_file() else ()

    def newest(self) -> SignedState:
        """The newest state; UsageError where there is none yet."""
        if not self.states:
            raise UsageError(
                f"the root of {self.party} has signed nothing yet: `trilat trust sign` comes first"
            )
        return self.states[-1]

    def open(self) -> RootKey:
        """The root's key; UsageError where it does not open, or is not the one that the folder names."""
        if self.token_key is not None:
            root = RootKey(self.party, self.token_key.token(self.ask).find(self.token_key.key))
        else:
            root = self._read_key()
        if root.public != self.public:
            raise UsageError(f"`{self.path}` holds another root key than it says: restore it from its copy")
        return root

    def _read_key(self) -> RootKey:
        """The key in the file; a handover that was interrupted is finished first."""
        files = KeyFiles(self.path, self.ask)
        if files.has(_NEXT_KEY_FILE):
            private = files.read(_NEXT_KEY_FILE)
            new = RootKey.from_private_bytes(self.party, private)
            if self.newest().claimed.root == new.public:
                self._promote(files, new, private)
                raise UsageError("a handover of this root was interrupted, and is finished now: say it again")
            files.remove(_NEXT_KEY_FILE)
        return RootKey.from_private_bytes(self.party, files.read(_KEY_FILE))

    def sign(self, request: KeyRequest, issue: Issue) -> Announcement:
        """What a node asked for, as the party's next state; errors as of `RootKey`."""
        root, states = self.open(), self.states
        signed = root.next(states[-1], request, issue) if states else root.first(request, issue)
        return self._keep(signed)

    def renew(self, issue: Issue) -> Announcement:
        """The same keys for longer, or, where `issue` revokes them, none; errors as of `RootKey.next`."""
        return self._keep(self.open().next(self.newest(), None, issue))

    def hand_over(self, issue: Issue) -> Announcement:
        """A new root in this one's place, behind the same passphrase; errors as of `RootKey.hand_over`.

        Raises:
            UsageError: a token holds the root.
        """
        if self.token_key is not None:
            raise UsageError("a root in a token stays in its folder: only one in a file is handed over")
        root, files = self.open(), KeyFiles(self.path, self.ask)
        new, private = RootKey.generate(self.party, os.urandom)
        signed = root.hand_over(self.newest(), new, issue)
        # The new key is on disk before anybody can learn of it.
        files.write({_NEXT_KEY_FILE: private})
        told = self._keep(signed)
        self._promote(files, new, private)
        return told

    def _promote(self, files: KeyFiles, new: RootKey, private: bytes) -> "RootFolder":
        files.write({_KEY_FILE: private})
        written = replace(self, public=new.public)
        written.write_revocation(new)
        written.describe()
        files.remove(_NEXT_KEY_FILE)
        return written

    def describe(self) -> None:
        """Write `root.json`."""
        token = self.token_key
        said = {
            "party": self.party,
            "root": self.public.hex(),
            "token": {"module": token.module, "label": token.label, "key": token.key} if token else None,
        }
        _write(self.path / ROOT_FILE, json.dumps(said, indent=2) + "\n")

    def write_revocation(self, root: RootKey) -> None:
        """Write the revocation that is to be printed and put away."""
        text = trust_text(Announcement(revocation=root.revocation()))
        _write(self.path / REVOCATION_FILE, text)

    def change_passphrase(self, passphrase: bytes | None, strength: Strength | None = None) -> None:
        """Close the root by another passphrase; errors as of `KeyFiles`."""
        KeyFiles(self.path, self.ask).change_passphrase(passphrase, [_KEY_FILE], strength)

    def _keep(self, signed: SignedState) -> Announcement:
        told = Announcement(states=(*self.states, signed)[-_STATES_KEPT:])
        _write(self.path / STATE_FILE, trust_text(told))
        return told


def make_root(
    path: Path,
    party: str,
    *,
    passphrase: bytes | None,
    strength: Strength | None = None,
    token_key: TokenKey | None = None,
    ask: Ask = nobody,
) -> RootFolder:
    """A new root in a folder of its own.

    Args:
        path: a folder that is not there yet, or is empty.
        party: whose root it is.
        passphrase: closes the key; None leaves it open, as in an exercise.
        strength: of the passphrase.
        token_key: the token that is to make and hold the key.
        ask: gives the token's PIN.

    Raises:
        UsageError: the folder cannot be made or holds something, or the token does not make a key.
    """
    party_code(party)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        if any(path.iterdir()):
            raise UsageError(f"`{path}` is not empty: name a new folder")
    except OSError as error:
        raise UsageError(f"`{path}` cannot be made: {(error.strerror or 'unknown').lower()}") from error
    if token_key is not None:
        root = RootKey(party, token_key.token(ask).make(token_key.key))
    else:
        root, private = RootKey.generate(party, os.urandom)
        KeyFiles.make(path, passphrase, strength).write({_KEY_FILE: private}, new=True)
    folder = RootFolder(path=path, party=party, public=root.public, token_key=token_key, ask=ask)
    folder.write_revocation(root)
    folder.describe()
    return folder


def is_root_folder(path: Path) -> bool:
    """Whether a folder is a root's."""
    return (path / ROOT_FILE).is_file()


def read_root(path: Path, ask: Ask = nobody) -> RootFolder:
    """A root's folder; UsageError where it is none."""
    if not is_root_folder(path):
        raise UsageError(f"`{path}` is not a root's folder: make one with `trilat trust init`")
    said = json_of(path / ROOT_FILE)
    try:
        token = TokenKey(**said["token"]) if said["token"] is not None else None
        public = bytes.fromhex(said["root"])
        party = party_code(said["party"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"`{path / ROOT_FILE}` does not name a root: restore it from its copy") from error
    return RootFolder(path=path, party=party, public=public, token_key=token, ask=ask)


def request_text(request: KeyRequest) -> str:
    """A node's request as text, to be carried to its root."""
    return armored(_REQUEST_LABEL, encode(request))


def request_from_text(text: str) -> KeyRequest:
    """The request in a text, with no signature verified; TrustError where it holds none."""
    data = unarmored(_REQUEST_LABEL, text, "key request")
    if len(data) > _REQUEST_BYTES_MAX:
        raise TrustError(f"the key request is over the limit of {_REQUEST_BYTES_MAX} bytes: not read")
    return decode(data, KeyRequest)


def _write(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.new")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.chmod(0o600)
        unfinished.replace(path)
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {(error.strerror or 'unknown').lower()}") from error
