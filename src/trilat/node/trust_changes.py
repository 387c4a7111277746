"""What people change of trust in a node's folder: ask the own root, pin a partner, put newer states in.

A running node takes newer states itself (`Trusting.learn`); the folder is what it starts with.
"""

import os
from pathlib import Path

from trilat.link import (
    Announcement,
    KeyRequest,
    TrustStore,
    announced_party,
    card_to_json,
    checked_state,
    key_request,
)
from trilat.model import TrustError, UsageError
from trilat.node.folder import NodeFolder
from trilat.node.folder_files import CARD_FILE
from trilat.node.folder_making import FIRST_KEY_LABEL
from trilat.node.stored_keys import NEXT_KEYS_FILE, keys_from, new_keys
from trilat.node.trust_files import pin_all, read_trust, write_trust


def request_of(folder: NodeFolder, *, rotate: bool) -> KeyRequest:
    """What a node asks its root to sign: its keys in force, or new ones to take their place.

    New keys wait in `keys/next.keys` until the root's answer is put in; asking again asks for the same ones.

    Raises:
        UsageError: the keys do not open, or the token makes no key.
    """
    keys, files, party = folder.keys, folder.secrets.files, folder.settings.party
    if not rotate:
        return key_request(keys, folder.identity.card(keys.pin))
    if files.has(NEXT_KEYS_FILE):
        new = keys_from(party, files.read(NEXT_KEYS_FILE), folder.open_token)
    else:
        token = folder.open_token() if folder.settings.token.module else None
        label = f"{FIRST_KEY_LABEL}-{os.urandom(4).hex()}"
        new, stored = new_keys(party, os.urandom, token, label)
        files.write({NEXT_KEYS_FILE: stored}, new=True)
    return key_request(new, folder.identity.card(new.pin), keys)


def import_states(folder: NodeFolder, announcement: Announcement) -> bool:
    """Whether states of a party that is pinned, or of the own one, were new; they are in the folder then.

    Raises:
        TrustError: they are not sound, do not follow, or are of nobody that is pinned by a root.
        UsageError: they name keys of the own node that are not here, or cannot be written.
    """
    party = announced_party(announcement)
    own = party == folder.settings.party
    store = TrustStore()
    known = read_trust(folder.path, party)
    if known is not None:
        pin_all(store, known)
        changed = store.update(announcement)
    elif own:
        changed = True
        pin_all(store, announcement)
    else:
        raise TrustError(
            f"`{party}` is not pinned by a root: compare its fingerprint, and `trilat trust pin` it"
        )
    if not changed:
        return False
    if own:
        _refuse_other_keys(folder, store)
    held = store.announcement(party)
    assert held is not None, "what was taken is held"
    write_trust(folder.path, held, party)
    card = store.card(party)
    if own and card is not None:
        _write_text(folder.path / CARD_FILE, card_to_json(card))
    return True


def pin_party(path: Path, announcement: Announcement, said: str, *, replace: bool = False) -> str:
    """Pin a party by its root, as people compared it; returns the party.

    Args:
        path: the node's folder.
        announcement: its states.
        said: the fingerprint as the party's people read it aloud.
        replace: whether another root of the same party is to be forgotten.

    Raises:
        TrustError: the fingerprint is another, or the states are not sound.
        UsageError: the party is pinned already.
    """
    if not announcement.states:
        raise TrustError("a revocation alone pins nobody: import it, or ask for the trust state")
    party = announced_party(announcement)
    state = checked_state(announcement.states[0])
    newest = announcement.states[-1].claimed
    if newest.card is None:
        raise TrustError(f"no key of {party} is in force in this state: ask {party} for a newer one")
    if not same_fingerprint(said, newest.fingerprint):
        raise TrustError(
            "this is not the root whose fingerprint was read aloud: nothing is pinned; do not use the file, "
            "and find out who changed it"
        )
    known = read_trust(path, party)
    if known is not None and known.states[-1].claimed.root != newest.root and not replace:
        raise UsageError(
            f"{party} is pinned to another root: if its people made a new one, pin it with --replace"
        )
    store = TrustStore()
    pin_all(store, announcement)
    assert state.party == party, "all states are of one party"
    if known is not None and not replace:
        raise UsageError(f"{party} is pinned to this root already: `trilat trust import` takes newer states")
    write_trust(path, announcement, party)
    return party


def same_fingerprint(said: str, shown: str) -> bool:
    """Whether what was read aloud is what is shown; spaces, dashes and letter case do not count."""
    return _bare(said) == _bare(shown) != ""


def _bare(text: str) -> str:
    return "".join(text.split()).replace("-", "").replace(":", "").lower()


def _refuse_other_keys(folder: NodeFolder, store: TrustStore) -> None:
    """UsageError where a state of the own party names keys that are neither in force nor waiting here."""
    card = store.card(folder.settings.party)
    state = store.state(folder.settings.party)
    if state is None or state.card is None or card is None:
        return
    if card.pin == folder.trust.pin(folder.settings.party):
        return
    files = folder.secrets.files
    if files.has(NEXT_KEYS_FILE):
        waiting = keys_from(folder.settings.party, files.read(NEXT_KEYS_FILE), folder.open_token)
        if waiting.pin == card.pin:
            return
    raise UsageError(
        f"trust state {state.version} names keys that are not in `{folder.path}`: it is for another node, or "
        "its request was made anew since"
    )


def _write_text(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.new")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {(error.strerror or 'unknown').lower()}") from error
