"""Trust states in a node's folder: `trust/CODE.txt`, armoured text, the party's own among them.

A file begins with a state whose root's fingerprint people have compared, and goes on with those that came
after it. It is as trustworthy as the folder: nothing writes there but the commands that people give. What a
running node learns from partners' nodes is in its ledger.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from trilat.link import (
    Announcement,
    Card,
    Pin,
    TrustStore,
    armored,
    decode_announcement,
    encode_announcement,
    unarmored,
)
from trilat.model import PeerError, TrustError, UsageError

TRUST_FOLDER: Final = "trust"
TRUST_LABEL: Final = "TRUST STATE"
_SUFFIX: Final = ".txt"
_STATES_KEPT: Final = 16
_TEXT_BYTES_MAX: Final = 400_000


def trust_text(announcement: Announcement) -> str:
    """An announcement as text, to be sent, printed or kept."""
    return armored(TRUST_LABEL, encode_announcement(announcement))


def trust_from_text(text: str) -> Announcement:
    """The announcement in a text, with no signature verified; PeerError where it holds none."""
    return decode_announcement(unarmored(TRUST_LABEL, text, "trust state"))


def trust_path(folder: Path, code: str) -> Path:
    """Where a party's trust states lie in a node's folder."""
    return folder / TRUST_FOLDER / f"{code}{_SUFFIX}"


def read_trust(folder: Path, code: str) -> Announcement | None:
    """The states of a party in a node's folder; None where there are none.

    Raises:
        TrustError: what is there is not sound.
    """
    path = trust_path(folder, code)
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            text = file.read(_TEXT_BYTES_MAX).decode("utf-8", "replace")
        return trust_from_text(text)
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {(error.strerror or 'unknown').lower()}") from error
    except PeerError as error:
        raise TrustError(f"trust/{path.name}: {error}") from error


def write_trust(folder: Path, announcement: Announcement, code: str) -> None:
    """Keep the newest states of a party in a node's folder, whole or not at all.

    Raises:
        UsageError: the file cannot be written.
    """
    path = trust_path(folder, code)
    kept = Announcement(states=announcement.states[-_STATES_KEPT:], revocation=announcement.revocation)
    unfinished = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        unfinished.write_text(trust_text(kept), encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {(error.strerror or 'unknown').lower()}") from error


def pin_all(store: TrustStore, announcement: Announcement) -> None:
    """Take states that people put in: the first as it stands, the others as they follow.

    Raises:
        PeerError: one of them is not sound.
    """
    first, *rest = announcement.states
    store.pin_state(first)
    if rest or announcement.revocation:
        store.update(Announcement(states=tuple(rest), revocation=announcement.revocation))


def trust_in(
    folder: Path, own: Pin, cards: Mapping[str, Card], peers: Iterable[str], now_ns: Callable[[], int]
) -> TrustStore:
    """All that a folder says of whose keys are whose.

    Args:
        folder: the node's.
        own: the node's own keys, for when it has no root.
        cards: of partners that are known by their cards alone.
        peers: all partners.
        now_ns: the world's time.

    Raises:
        TrustError: a partner is not known at all, or what is there is not sound.
    """
    store = TrustStore(now_ns=now_ns)
    for code in (own.party, *peers):
        states = read_trust(folder, code)
        if states is not None and states.states:
            pin_all(store, states)
        elif code == own.party:
            store.add(own)
        else:
            store.add(cards[code].pin)
        if code not in store:
            raise TrustError(f"trust/{code}{_SUFFIX} names no key of `{code}` at all: pin its newest state")
    return store
