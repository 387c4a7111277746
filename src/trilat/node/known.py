"""`KnownVersions`: the newest known version wins. Versions are told on every link, taken when they are signed
as they must be, and what was not heard in time is not relied on.

What happens
1. Every `gossip_s`, at once after a change, and while a partner is not heard, it gets a summary: our signed
   word on all that it may hear of, and the words of others on the same.
2. Whoever is said to hold a newer version is asked for it, one version after another, in pieces.
3. What came whole is given to its kind, which checks, writes and uses it.
4. Beyond the limit of an agreement nothing goes under it until somebody entitled is heard again; then what
   waits goes. A start knows what was kept of words and is within the limit still (`trilat.node.kept`); a
   restored backup has heard nothing, and asks before it gives.
5. A partner that is not known to hold the newest version of what both have signed gets nothing until it does:
   so it never has an item from after a change and not the change.

Other kinds of things that are known in versions join by `add` (see `KnownKind`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from trilat.ledger import EntryKind, Stored
from trilat.link import Attestation, open_attestation, sign_attestation
from trilat.model import SECOND_NS, Agreement, PeerError, WireError, decode
from trilat.node.changing import Boundaries, use_heard
from trilat.node.confirmed import Confirmations, Newest, Word
from trilat.node.known_agreements import AGREEMENTS, KnownAgreements
from trilat.node.known_records import (
    ADOPTED_BYTES_MAX,
    ATTESTATIONS_MAX,
    KNOWN_BYTES_MAX,
    KNOWN_TOPIC,
    PIECE_BYTES,
    AdoptedRecord,
    Ask,
    Message,
    Piece,
    Summary,
    open_message,
    seal_message,
)
from trilat.node.parts import Heard as Taker
from trilat.node.parts import Part
from trilat.policy import Heard, signatories

if TYPE_CHECKING:
    from trilat.node.node import Node

ASK_AGAIN_NS: Final = 5 * SECOND_NS
"""How soon a piece that did not come is asked for again."""

UNHEARD_NS: Final = 30 * SECOND_NS
"""How often a partner that is not heard is told and asked: a summary is some 1.5 kB, and links are thin."""

TRIES_MAX: Final = 4
"""How often one piece is asked for before something else has its turn."""

REFUSED_MAX: Final = 4_096
"""Refused texts that are remembered, so that they are not fetched again."""

WANTED_MAX: Final = 64
"""Things that are fetched from one partner, one after another."""


class KnownKind(Protocol):
    """Things of one kind that are known in versions, each by a name."""

    @property
    def kind(self) -> str:
        """The name of the kind."""
        ...

    @property
    def hands_on(self) -> bool:
        """Whether a partner gets the words of others too."""
        ...

    @property
    def takes_unknown(self) -> bool:
        """Whether a thing can come of which nothing is known here."""
        ...

    def names(self, partner: str) -> Mapping[str, Newest]:
        """What a partner may hear of, with its newest version and SHA-256."""
        ...

    def newest(self, name: str) -> Newest | None:
        """The newest version known of a thing."""
        ...

    def may_attest(self, party: str, name: str) -> bool:
        """Whether a party's word on a thing counts."""
        ...

    def fork(self, said: Attestation) -> str | None:
        """What is told where a party holds another text of our version."""
        ...

    def give(self, partner: str, name: str, after: int) -> tuple[int, bytes] | None:
        """The next version behind `after` that a partner may have, and its bytes."""
        ...

    def take(self, name: str, version: int, content: bytes, sender: str) -> str | None:
        """Check, write and use a version; why it is not taken, in one line, or None."""
        ...


@dataclass
class _Fetch:
    """A version that comes in pieces; at most one from each partner."""

    kind: str
    name: str
    after: int
    version: int = 0
    size: int = 0
    content: bytearray = field(default_factory=bytearray)
    asked_ns: int = 0
    tries: int = 0


@dataclass
class _Partner:
    """What there is to say to a partner, and what is wanted of it."""

    told_ns: int = -(2**62)
    heard_ns: int = -(2**62)
    due: bool = True
    reply: bool = False
    asks: bool = True
    ask: Ask | None = None
    wanted: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """Things of which it tells of a newer version than ours, each with that one's digest."""

    fetch: _Fetch | None = None


class KnownVersions(Part):
    """The known things of one node."""

    def __init__(self, node: "Node") -> None:
        """Nothing heard yet."""
        self._node = node
        self.agreements = KnownAgreements(node)
        self.confirmations = Confirmations()
        self._kinds: dict[str, KnownKind] = {AGREEMENTS: self.agreements}
        self._partners = {peer: _Partner() for peer in node.config.peers}
        self._boundaries = Boundaries(node)
        self._marked = 0
        self._heard: Mapping[str, Heard] = {}
        self._held_up: frozenset[str] = frozenset()
        self._held_mark = -1
        self._refused: set[tuple[str, str, str, int, bytes]] = set()
        """Partner, thing, our version and digest of the word for which a text was refused."""

        self._own: dict[tuple[str, str], tuple[int, bytes]] = {}
        node.endpoint.guard(self._may_leave)

    def add(self, kind: KnownKind) -> None:
        """Let another kind of things be told, asked for and taken."""
        self._kinds[kind.kind] = kind

    def topics(self) -> Mapping[str, Taker]:
        """One topic for all."""
        return {KNOWN_TOPIC: self._notice}

    def kinds(self) -> Mapping[EntryKind, Callable[[Stored, bytes], None]]:
        """Versions that were adopted are in use again after a restart."""
        return {EntryKind.AGREEMENT: self._restore}

    # --- what is relied on ---

    def made(self, now_ns: int) -> tuple[()]:
        """Before anything of this second is decided: what of our agreements counts as the newest."""
        heard = {
            name: found
            for name, agreement in self.agreements.agreements().items()
            if (found := self._heard_of(name, agreement, now_ns)) is not None
        }
        passed = self._boundaries.passed(now_ns)
        if heard != self._heard or passed:
            self._tell_changes(heard)
            self._heard = heard
            use_heard(self._node, heard)
        if self._node.exchange.changes_count != self._marked:
            self._marked = self._node.exchange.changes_count
            for partner in self._partners.values():
                partner.due = True
        self._look_who_is_behind()
        return ()

    def limit_s(self, agreement: Agreement) -> int:
        """How long a word on an agreement counts, seconds: its own limit or the node's; 0 for ever."""
        limits = [limit for limit in (agreement.fresh_s, self._node.config.fresh_s) if limit]
        return min(limits, default=0)

    def able(self, agreement: Agreement) -> frozenset[str]:
        """The parties of an agreement whose node can be heard."""
        return frozenset(signatories(agreement)).intersection(self._partners)

    def _heard_of(self, name: str, agreement: Agreement, now_ns: int) -> Heard | None:
        able = self.able(agreement)
        newest = self.agreements.newest(name)
        if not able or newest is None:
            return None
        limit_ns = self.limit_s(agreement) * SECOND_NS
        return self.confirmations.heard(AGREEMENTS, name, newest, able, limit_ns, now_ns)

    def _tell_changes(self, heard: Mapping[str, Heard]) -> None:
        for name, found in heard.items():
            if found.is_outdated and not (name in self._heard and self._heard[name].is_outdated):
                self._node.note_refusal(f"a newer version of `{name}` is known to a partner: asked for it")

    def heard_of(self, name: str) -> Heard | None:
        """What was heard of an agreement when this second began; None where it has no limit."""
        return self._heard.get(name)

    def _look_who_is_behind(self) -> None:
        self._held_mark = self._node.exchange.changes_count
        self._held_up = frozenset(peer for peer in self._partners if self.behind(peer) is not None)

    def is_behind(self, partner: str, name: str) -> bool:
        """Whether a partner is not known to hold the newest version of an agreement that both have signed.
        Where no version came while the node ran, no word is as good as the newest.
        """
        newest = self.agreements.newest(name)
        if newest is None or partner not in signatories(self.agreements.agreements()[name]):
            return False
        has = self.confirmations.version_of(AGREEMENTS, name, partner)
        return name in self.agreements.adopted if has is None else has[0] < newest[0]

    def _may_leave(self, recipient: str, sequence: int, wire: bytes) -> bool:
        """The link's gate: nothing goes to who is behind, and nothing that may not go any more."""
        if self._boundaries.is_new(self._node.clock.now_ns()):
            # Also between two seconds, and before the first one after a start.
            self._node.standing_parcels.changed()
        if self._held_mark != self._node.exchange.changes_count:
            self._look_who_is_behind()
        if recipient in self._held_up:
            return False
        return self._node.standing_parcels.may_leave(recipient, sequence, wire)

    # --- what is heard ---

    def reached(self, peer: str) -> None:
        """A partner can be heard again: it is told, and asked, with the next second."""
        if peer in self._partners:
            self._partners[peer].due = True
            self._partners[peer].asks = True

    def trust_changed(self, party: str) -> None:
        """Another state of a party's keys is known: words by a revoked one count no more, what was refused
        may fit now, and everybody who may hear of it does.
        """
        trust, state = self._node.trust, self._node.trust.state(party)
        retired = () if state is None else state.retired
        gone = {key.signing_public for key in retired if key.revoked}
        self.confirmations.forget(party, lambda key: key in gone or trust.is_revoked(party))
        self._refused.clear()
        self._own.clear()
        for partner in self._partners.values():
            partner.due = True
        self._look_who_is_behind()

    def _notice(self, sender: str, content: bytes) -> None:
        """Take a partner's message; what is not sound raises a PeerError, which the link counts."""
        partner = self._partners.get(sender)
        if partner is None:
            raise WireError(f"`{sender}` is no partner of this node: its word on versions is not taken")
        message = open_message(content, sender, self._node.keys)
        partner.heard_ns = self._node.clock.now_ns()
        if isinstance(message, Summary):
            self._hear_all(sender, partner, message)
        elif isinstance(message, Ask):
            partner.ask = message
        else:
            self._take_piece(sender, partner, message)

    def _hear_all(self, sender: str, partner: _Partner, summary: Summary) -> None:
        """Take each word by itself: one that is not sound, as of a key revoked since, stops no other."""
        unsound: PeerError | None = None
        for signed in summary.attestations:
            try:
                self._hear(sender, partner, signed)
            except PeerError as error:
                unsound = unsound or error
        self._look_who_is_behind()
        partner.reply = partner.reply or summary.asks
        if unsound is not None:
            raise unsound

    def _hear(self, sender: str, partner: _Partner, signed: bytes) -> None:
        """Take one attestation, by whomever it is, from a partner."""
        said = open_attestation(self._node.trust, signed)
        kind = self._kinds.get(said.kind)
        if kind is None or said.party == self._node.config.party:
            return
        newest = kind.newest(said.name) or (0, b"\0" * 32)
        counts = kind.may_attest(said.party, said.name)
        key, now_ns = self._node.trust.pin(said.party).signing_public, self._node.clock.now_ns()
        if counts and self.confirmations.take(said, signed, newest, now_ns, key):
            self._tell_fork(kind, said, newest)
        # What a partner gave for the same word was refused: it would be again.
        refused = (sender, said.kind, said.name, newest[0], said.digest) in self._refused
        is_newer = said.version > newest[0] and (counts or (kind.takes_unknown and newest[0] == 0))
        if is_newer and not refused and len(partner.wanted) < WANTED_MAX:
            partner.wanted[said.kind, said.name] = said.digest

    def hear_again(self, signed: bytes) -> None:
        """Take a word that came before a start; PeerError where it is not sound any more."""
        said = open_attestation(self._node.trust, signed)
        kind = self._kinds.get(said.kind)
        if (
            kind is None
            or said.party == self._node.config.party
            or not kind.may_attest(said.party, said.name)
        ):
            return
        newest = kind.newest(said.name) or (0, b"\0" * 32)
        key = self._node.trust.pin(said.party).signing_public
        self.confirmations.take(said, signed, newest, self._node.clock.now_ns(), key)

    def words_to_keep(self) -> list[bytes]:
        """The newest word of each party on each agreement."""
        names = self.agreements.agreements()
        return [word.signed for name in names for word in self.confirmations.words(AGREEMENTS, name)]

    def summaries(self, peer: str) -> Iterator[bytes]:
        """What a partner may hear now, in notices sealed to it, for a medium that asks for nothing."""
        now_ns = self._node.clock.now_ns()
        signed = [one for kind in self._kinds.values() for one in self._words_for(peer, kind, now_ns)]
        for start in range(0, len(signed), ATTESTATIONS_MAX):
            message = Summary(attestations=tuple(signed[start : start + ATTESTATIONS_MAX]))
            yield seal_message(message, self._node.config.party, self._node.trust.pin(peer))

    def behind(self, partner: str) -> str | None:
        """An agreement of which a partner is not known to hold the newest version, or None."""
        return next((name for name in self.agreements.names(partner) if self.is_behind(partner, name)), None)

    def _tell_fork(self, kind: KnownKind, said: Attestation, newest: Newest) -> None:
        if said.version == newest[0] and said.digest != newest[1]:
            line = kind.fork(said)
            if line is not None:
                self._node.note_refusal(line)

    def _take_piece(self, sender: str, partner: _Partner, piece: Piece) -> None:
        fetch = partner.fetch
        if fetch is None or (piece.kind, piece.name) != (fetch.kind, fetch.name):
            return  # late, or never asked for
        begun = bool(fetch.content)
        same = (piece.version, piece.size) == (fetch.version, fetch.size)
        if piece.offset != len(fetch.content) or (begun and not same):
            return
        fetch.version, fetch.size = piece.version, piece.size
        fetch.content += piece.content
        fetch.asked_ns = fetch.tries = 0
        if len(fetch.content) < fetch.size:
            return
        partner.fetch = None
        whole, kind = bytes(fetch.content), self._kinds[fetch.kind]
        if len(whole) > fetch.size or fetch.version <= fetch.after:
            raise WireError(f"`{sender}` sent more of `{fetch.name}` than it said, or an older version")
        refusal = kind.take(fetch.name, fetch.version, whole, sender)
        if refusal is not None:
            digest = partner.wanted.pop((fetch.kind, fetch.name), b"")
            if len(self._refused) >= REFUSED_MAX:
                self._refused.clear()
            self._refused.add((sender, fetch.kind, fetch.name, fetch.after, digest))
            self._node.note_refusal(refusal)
            return
        self._taken(fetch.kind, fetch.name)

    def _taken(self, kind: str, name: str) -> None:
        """A version is in use: it is told to everybody, and whoever claimed it has shown it."""
        newest = self._kinds[kind].newest(name)
        if newest is not None:
            self.confirmations.settle(kind, name, newest[0])
        for partner in self._partners.values():
            partner.due = True
        self._look_who_is_behind()

    # --- what is said ---

    def written(self, now_ns: int) -> None:
        """Say what is due: nothing of it is said before this second is on disk."""
        self._node.standing_parcels.tend()
        for peer, partner in self._partners.items():
            if peer not in self._node.trust or self._node.trust.why_not(peer) is not None:
                continue  # what is sealed to a revoked key is read by who took it
            if partner.ask is not None:
                self._answer(peer, partner.ask)
                partner.ask = None
            self._fetch_from(peer, partner, now_ns)
            if self._is_due(partner, now_ns):
                self._summarise(peer, partner, now_ns)

    def _is_due(self, partner: _Partner, now_ns: int) -> bool:
        since_ns = now_ns - partner.told_ns
        every_ns = self._node.config.gossip_s * SECOND_NS
        unheard = now_ns - partner.heard_ns >= 2 * every_ns
        return (
            partner.due or partner.reply or since_ns >= (min(UNHEARD_NS, every_ns) if unheard else every_ns)
        )

    def _summarise(self, peer: str, partner: _Partner, now_ns: int) -> None:
        signed = [one for kind in self._kinds.values() for one in self._words_for(peer, kind, now_ns)]
        asks = partner.asks or now_ns - partner.heard_ns >= self._node.config.gossip_s * SECOND_NS
        partner.told_ns, partner.due, partner.reply, partner.asks = now_ns, False, False, False
        for start in range(0, len(signed), ATTESTATIONS_MAX):
            part = tuple(signed[start : start + ATTESTATIONS_MAX])
            self._say(peer, Summary(attestations=part, asks=asks and start == 0))

    def _words_for(self, peer: str, kind: KnownKind, now_ns: int) -> list[bytes]:
        """Our words on what a partner may hear of, and those of others who may say something about it."""
        found = []
        for name, newest in kind.names(peer).items():
            found.append(self._own_word(kind.kind, name, newest, now_ns))
            found += [
                word.signed
                for word in self.confirmations.words(kind.kind, name)
                if kind.hands_on
                and word.said.party != peer
                and kind.may_attest(word.said.party, name)
                and self._is_live(word)
            ]
        return found

    def _is_live(self, word: Word) -> bool:
        """Whether a word is by the key in force: who knows that would refuse any other."""
        trust, party = self._node.trust, word.said.party
        return trust.pin(party).signing_public == word.key and trust.why_not(party) is None

    def _own_word(self, kind: str, name: str, newest: Newest, now_ns: int) -> bytes:
        known = self._own.get((kind, name))
        if known is None or known[0] != now_ns:
            said = Attestation(
                party=self._node.config.party,
                kind=kind,
                name=name,
                version=newest[0],
                digest=newest[1],
                at_ns=now_ns,
            )
            known = self._own[kind, name] = now_ns, sign_attestation(self._node.keys, said)
        return known[1]

    def _answer(self, peer: str, ask: Ask) -> None:
        kind = self._kinds.get(ask.kind)
        found = None
        if kind is not None and ask.name in kind.names(peer):
            found = kind.give(peer, ask.name, ask.after)
        if found is None or (ask.version and found[0] != ask.version):
            return
        version, content = found
        if len(content) <= KNOWN_BYTES_MAX and ask.offset < len(content):
            piece = Piece(
                kind=ask.kind,
                name=ask.name,
                version=version,
                size=len(content),
                offset=ask.offset,
                content=content[ask.offset : ask.offset + PIECE_BYTES],
            )
            self._say(peer, piece)

    def _fetch_from(self, peer: str, partner: _Partner, now_ns: int) -> None:
        """Ask for the next piece, where one is wanted and not asked for just now."""
        if partner.fetch is None:
            for kind, name in tuple(partner.wanted):
                newest = self._kinds[kind].newest(name) or (0, b"")
                said = max((word.said.version for word in self.confirmations.words(kind, name)), default=0)
                if newest[0] and said <= newest[0]:
                    del partner.wanted[kind, name]
                    continue
                partner.fetch = _Fetch(kind, name, newest[0])
                break
        fetch = partner.fetch
        if fetch is None or now_ns - fetch.asked_ns < ASK_AGAIN_NS:
            return
        if fetch.tries == TRIES_MAX:
            # Nothing comes: whatever is wanted next has its turn, so that no dead end holds the others up.
            partner.fetch = None
            partner.wanted.pop((fetch.kind, fetch.name), None)
            return
        fetch.asked_ns = now_ns
        fetch.tries += 1
        ask = Ask(
            kind=fetch.kind,
            name=fetch.name,
            after=fetch.after,
            version=fetch.version,
            offset=len(fetch.content),
        )
        self._say(peer, ask)

    def _say(self, peer: str, message: Message) -> None:
        sealed = seal_message(message, self._node.config.party, self._node.trust.pin(peer))
        self._node.endpoint.notify(peer, KNOWN_TOPIC, sealed)

    # --- after a restart ---

    def _restore(self, _: Stored, content: bytes) -> None:
        try:
            record = decode(content, AdoptedRecord, bytes_max=ADOPTED_BYTES_MAX)
        except PeerError:
            self.agreements.use_recorded(decode(content, Agreement, bytes_max=KNOWN_BYTES_MAX))
            return
        if record.kind == AGREEMENTS:
            self.agreements.use(decode(record.content, Agreement, bytes_max=KNOWN_BYTES_MAX))
