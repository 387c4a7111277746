"""`Trusting`: trust states in a running node: taken, written, told. Keys change without a restart.

Rules
1. A new state of a partner holds from when it is taken, and is written with that second's commit. What it
   revokes signs nothing more that is accepted here; what was accepted before stays.
2. A new state of the own party brings new keys: streams go on under their names and numbers, what is not
   acknowledged goes again, sealed and signed anew.
3. Partners are told own states bare, without a signature of the node, whose new key they may not know. They
   answer with the version that they hold; until it is the newest they are told again, ever more rarely.
4. Evidence of a fork is written, and the first state stays in force.
5. States of others are told on by `KnownTrust`. Keys of a partner that changed begin a new epoch with it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from trilat.ledger import Entry, EntryKind, Stored
from trilat.link import (
    Announcement,
    NodeKeys,
    RotationReason,
    TrustState,
    TrustStore,
    announced_party,
    decode_announcement,
    encode_announcement,
)
from trilat.model import Noun, PartyCode, PeerError, TrustError, UsageError, WireError, decode, encode
from trilat.node.feeds import refusal_entry
from trilat.node.known_trust import KnownTrust
from trilat.node.parts import Heard, Part
from trilat.node.trust_files import pin_all

if TYPE_CHECKING:
    from trilat.node.node import Node

HELD_TOPIC: Final = "trust-held"
_HELD_BYTES_MAX: Final = 256
_WAIT_TICKS_MAX: Final = 64
_ENTRIES_MAX: Final = 1_000
_OWN_MAX: Final = 16
"""States of our own that came over links and were kept as evidence, from one start to the next."""

TRUST_SOURCE: Final = "trust"
"""The source of refused trust states in the ledger: evidence, kept for good."""


class HeldState(Noun, frozen=True, kw_only=True):
    """Which version of a party's trust state a node holds."""

    party: PartyCode
    version: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    revoked: bool
    """Whether it holds the party's revocation too."""


class _Telling:
    """How far one partner is told."""

    def __init__(self) -> None:
        self.held = 0
        self.revoked = False
        self.wait = 1
        self.ticks_left = 0


class Trusting(Part):
    """Whose keys are in force, in one node."""

    def __init__(self, node: "Node", keys: NodeKeys, trust: TrustStore) -> None:
        """Nobody was told anything."""
        self._node = node
        self._keys = keys
        self.store = trust
        self.reload: Callable[[], NodeKeys] | None = None
        """Reads the node's keys anew; None where they cannot change while it runs."""

        self.pinned: Callable[[str], Announcement | None] | None = None
        """Reads by which root people pinned a party, from the node's own folder."""

        self._entries: list[Entry] = []
        self._own_heard: set[bytes] = set()
        self._telling = {peer: _Telling() for peer in node.config.peers}
        node.endpoint.on_trust = self.heard
        node.known.add(KnownTrust(node, self))

    # --- what people do ---

    def learn(self, announcement: Announcement) -> bool:
        """Whether states that people brought told anything new.

        Raises:
            PeerError: as of `TrustStore.update`.
            UsageError: new states of the own party, whose keys are not here.
        """
        if announced_party(announcement) == self._node.config.party:
            return self._take_own(announcement)
        return self._take(announcement)

    def pin(self, party: str) -> TrustState:
        """Hold a partner, known by its card alone, by the root that people pinned in this folder; returns
        its newest state. Nothing that is sent here pins anybody.

        Raises:
            UsageError: it is no partner of the running node, is pinned to another root, or nothing is in the
                folder that is sound.
        """
        if party not in self._node.config.peers:
            raise UsageError(f"`{party}` is no partner of this node yet: it is taken in at the next start")
        told = None if self.pinned is None else self.pinned(party)
        if told is None:
            raise UsageError(f"no root of `{party}` is pinned in this node's folder: `trilat trust pin` it")
        try:
            pin_all(self.store, told)
        except PeerError as error:
            raise UsageError(f"{error}; the folder's pin holds from the next start") from error
        self._note(Entry(kind=EntryKind.TRUST, content=encode_announcement(told)))
        self._node.known.trust_changed(party)
        self._node.endpoint.rotate(RotationReason.MEMBERSHIP, party)
        state = self.store.state(party)
        assert state is not None, "what was pinned has a state"
        return state

    def held_by(self, peer: str) -> int:
        """The version of own states that a partner said it holds; 0 while it said nothing."""
        return self._telling[peer].held if peer in self._telling else 0

    def _take(self, announcement: Announcement) -> bool:
        """Take what proves itself; what is new, and evidence of a fork, is written."""
        party = announced_party(announcement)
        known = len(self.store.forks(party))
        try:
            changed = self.store.update(announcement)
        except TrustError as error:
            if len(self.store.forks(party)) > known:
                self._note(refusal_entry(TRUST_SOURCE, str(error), encode_announcement(announcement)))
            raise
        if changed:
            self._note(Entry(kind=EntryKind.TRUST, content=encode_announcement(announcement)))
            self._node.known.trust_changed(party)
            if party != self._node.config.party:
                self._node.endpoint.rotate(RotationReason.MEMBERSHIP, party)
        return changed

    def _take_own(self, announcement: Announcement) -> bool:
        newest = announcement.states[-1].claimed if announcement.states else None
        keys: NodeKeys | None = None
        if newest is not None and newest.card is not None and newest.card.pin != self._keys.pin:
            if self.reload is None:
                raise UsageError("this node cannot take new keys while it runs: stop it, and start it again")
            keys = self.reload()
            if keys.pin != newest.card.pin:
                raise UsageError(
                    f"the keys in this node's folder are not those of trust state {newest.version}: restore "
                    "those that its root was asked for with `trilat trust request`"
                )
        if self.store.state(self._node.config.party) is None and announcement.states:
            # The first own state: what it says is what people put in.
            self.store.pin_state(announcement.states[0])
            self._note(Entry(kind=EntryKind.TRUST, content=encode_announcement(announcement)))
        changed = self._take(announcement)
        if changed and keys is not None:
            self._keys.become(keys)
            self._node.endpoint.rotate(RotationReason.MEMBERSHIP)
        return changed

    # --- what partners say ---

    def heard(self, announcement: Announcement) -> None:
        """Take states that came over a link, from whomever, and tell their party what is held now."""
        party = announced_party(announcement)
        if party == self._node.config.party:
            # Who else has our root shows it to our partners; they tell us as they tell everybody.
            self._look_at_own(announcement)
            return
        try:
            self._take(announcement)
        finally:
            state = self.store.state(party)
            if state is not None and party in self._telling:
                revoked = self.store.is_revoked(party)
                said = HeldState(party=party, version=state.version, revoked=revoked)
                self._node.endpoint.notify(party, HELD_TOPIC, encode(said))

    def _look_at_own(self, announcement: Announcement) -> None:
        """Own states are put in by own people; another, from a link, is told to them."""
        known = self.store.state(self._node.config.party)
        version = max((signed.claimed.version for signed in announcement.states), default=0)
        if known is not None and version <= known.version and not announcement.revocation:
            self._take(announcement)
            return
        text = "our own trust state came over a link, not from our people: who signs with our root?"
        said = encode_announcement(announcement)
        if said not in self._own_heard and len(self._own_heard) < _OWN_MAX:
            self._own_heard.add(said)
            self._note(refusal_entry(TRUST_SOURCE, text, said))
        raise TrustError(text)

    def _held(self, sender: str, content: bytes) -> None:
        said = decode(content, HeldState, _HELD_BYTES_MAX)
        telling = self._telling.get(sender)
        if telling is None or said.party != self._node.config.party:
            raise WireError(f"`{sender}` speaks of trust states that are not told to it: not read")
        if (said.version, said.revoked) != (telling.held, telling.revoked):
            telling.held, telling.revoked = said.version, said.revoked
            telling.wait, telling.ticks_left = 1, 0
            # It can read what the newest key signs: what it could not before is said again.
            self._node.known.reached(sender)

    # --- a part's turns ---

    def topics(self) -> Mapping[str, Heard]:
        """Partners say which version they hold."""
        return {HELD_TOPIC: self._held}

    def steps(self, now_ns: int) -> Iterable[Entry]:  # noqa: ARG002
        """What was taken since the last second."""
        entries, self._entries = self._entries, []
        return entries

    def written(self, now_ns: int) -> None:  # noqa: ARG002
        """Tell partners that do not hold the newest own state."""
        party = self._node.config.party
        state = self.store.state(party)
        if state is None:
            return
        for peer, telling in self._telling.items():
            if telling.held >= state.version and telling.revoked >= self.store.is_revoked(party):
                continue
            if telling.ticks_left > 0:
                telling.ticks_left -= 1
                continue
            # The first time only the newest goes: who misses more says so by the version that it holds.
            said = self.store.announcement(party, after=telling.held or state.version - 1)
            if said is not None:
                self._node.endpoint.introduce(peer, said)
            telling.ticks_left = telling.wait
            telling.wait = min(2 * telling.wait, _WAIT_TICKS_MAX)

    def kinds(self) -> Mapping[EntryKind, Callable[[Stored, bytes], None]]:
        """States that were taken before a restart are taken again."""
        return {EntryKind.TRUST: self._restored}

    def _restored(self, _: Stored, content: bytes) -> None:
        """Newest known wins, over an older folder too. What does not follow is of a pin that was replaced."""
        try:
            self.store.update(decode_announcement(content))
        except PeerError:
            return

    def _note(self, entry: Entry) -> None:
        if len(self._entries) < _ENTRIES_MAX:
            # A flood may not fill the ledger; the store keeps what is needed as evidence.
            self._entries.append(entry)
