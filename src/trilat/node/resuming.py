"""`Resuming`: a node that came from a backup asks each partner how far it has accepted before it numbers on.

The lost node may have given numbers that the backup does not hold. A partner that accepted one drops whatever
else comes under it as a repeat, so:

1. Nothing is numbered to a partner before it has answered; what is due to it waits (`Exchange.hold`).
2. The question has a random word in it, so that no answer of an earlier time passes for this one.
3. All numbers up to the last that the partner has accepted, and `IN_FLIGHT_MAX` behind it, which may be on
   their way still, are left out for good: written down as lost, then told to the partner that lacks them.
4. A partner can make this node leave out at most `JUMP_MAX` numbers: it would harm its own stream alone, but
   they cost memory. One that says more is told to people, and gets nothing.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final, Protocol

import msgspec

from trilat.link import (
    Entropy,
    NodeKeys,
    Range,
    SkipReason,
    TrustStore,
    open_word,
    seal_word,
)
from trilat.model import (
    SECOND_NS,
    Clock,
    Count,
    EnvelopeError,
    Identifier,
    ItemError,
    Noun,
    TrilatError,
    WireError,
    decode,
)
from trilat.node.parts import Heard, Part
from trilat.node.trees import StreamName, leaf_of
from trilat.node.trouble import Severity, Trouble, TroubleCode, trouble, trouble_sentence

if TYPE_CHECKING:
    from trilat.node.node import Node

TOPIC: Final = "resuming"
JUMP_MAX: Final = 1_000_000
IN_FLIGHT_MAX: Final = 4_000
"""As many as a stream sends in their turn without a receipt."""

_NONCE_BYTES: Final = 16
_NONCE_OF: Final = "trilat/resuming/1"
_RUNS_MAX: Final = 128
_WORD_BYTES_MAX: Final = 16_384
_ASK_FIRST_NS: Final = SECOND_NS
_ASK_MAX_NS: Final = 32 * SECOND_NS
_ANSWER_EVERY_NS: Final = SECOND_NS // 2

_Nonce = Annotated[bytes, msgspec.Meta(min_length=_NONCE_BYTES, max_length=_NONCE_BYTES)]


class AcceptedAsked(Noun, frozen=True, kw_only=True, tag="accepted-asked"):
    """How far has the asker's stream been accepted?"""

    stream: Identifier
    nonce: _Nonce


class AcceptedTold(Noun, frozen=True, kw_only=True, tag="accepted-told"):
    """The asker's stream was accepted up to `cursor`, ahead of it in these runs, and nowhere behind `end`."""

    stream: Identifier
    nonce: _Nonce
    cursor: Count
    end: Count
    ahead: Annotated[tuple[tuple[Count, Count], ...], msgspec.Meta(max_length=_RUNS_MAX)] = ()

    def runs(self) -> tuple[Range, ...]:
        """What was accepted, lowest first; WireError where that cannot be."""
        behind = self.cursor
        for first, last in self.ahead:
            if not behind < first <= last:
                raise WireError("runs of a stream are not in order: not read")
            behind = last
        if self.end < behind:
            raise WireError("a stream was accepted behind its own end: not read")
        return (((1, self.cursor),) if self.cursor else ()) + self.ahead


class OnHeard(Protocol):
    """Is given all partners that have answered, and whether they are all that there are."""

    def __call__(self, heard: Sequence[str], *, is_all: bool) -> None:
        """Remember it for the next start; UsageError where it cannot be."""
        ...


class Resuming(Part):
    """What a restored node must hear of its partners, and what it tells those that were restored."""

    def __init__(
        self, node: "Node", keys: NodeKeys, trust: TrustStore, clock: Clock, entropy: Entropy
    ) -> None:
        """Nothing is to be heard; `clock` is that of the links."""
        self._node = node
        self._keys = keys
        self._trust = trust
        self._clock = clock
        self._entropy = entropy
        self._nonces: dict[str, bytes] = {}
        """Of each partner that is to be heard, what its answer must repeat."""

        self._heard: set[str] = set()
        self._asks: dict[str, tuple[int, int]] = {}
        """When each is asked next, and how long is waited then."""

        self._refused: set[str] = set()
        self._answered_ns: dict[str, int] = {}
        self._on_heard: OnHeard | None = None
        self.questions: dict[str, AcceptedAsked] = {}
        """What each partner asked last, for a bundle that answers it."""

    def begin(self, heard: Collection[str], on_heard: OnHeard, restored: str = "") -> None:
        """The ledger came from a backup: number nothing to a partner that is not heard.

        Args:
            heard: partners that answered before a restart.
            on_heard: remembers who has answered.
            restored: which restore it was, a secret that is the same after each restart, so that a question
                may be asked by one process and answered to another; versions leap once for it.
        """
        self._node.floors.expect(restored)
        self._heard = set(heard).intersection(self._node.config.peers)
        self._on_heard = on_heard
        for peer in self._node.config.peers:
            if peer not in self._heard:
                self._nonces[peer] = self._nonce(restored, peer)
                self._node.exchange.hold(peer)

    def _nonce(self, restored: str, peer: str) -> bytes:
        if not restored:
            return self._entropy(_NONCE_BYTES)
        return sha256(f"{_NONCE_OF}\0{restored}\0{peer}".encode()).digest()[:_NONCE_BYTES]

    def asked_before(self, peer: str, stream: str, nonce: bytes) -> None:
        """A partner asked this before a start; what is no question is none."""
        if peer in self._node.config.peers:
            with suppress(ItemError):
                self.questions[peer] = AcceptedAsked(stream=stream, nonce=nonce)

    def words(self, peer: str) -> Iterator[bytes]:
        """What there is to ask and to answer, in notices sealed to a partner, for a carried medium."""
        nonce, asked = self._nonces.get(peer), self.questions.get(peer)
        if nonce is not None:
            word = AcceptedAsked(stream=self._node.endpoint.stream(peer), nonce=nonce)
            yield seal_word(self._keys, self._trust, peer, TOPIC, word)
        if asked is not None:
            yield seal_word(self._keys, self._trust, peer, TOPIC, self._told(peer, asked))

    def sentence(self, peer: str) -> str:
        """Why nothing new goes to a partner; empty where it does."""
        told = self.trouble(peer)
        return "" if told is None else trouble_sentence(told)

    def trouble(self, peer: str) -> Trouble | None:
        """Why nothing new goes to a partner; None where it does."""
        if peer not in self._nonces:
            return None
        refused = peer in self._refused
        code = TroubleCode.RESUMING_REFUSED if refused else TroubleCode.RESUMING
        return trouble(code, Severity.SEVERE, peer)

    def written(self, now_ns: int) -> None:
        """Ask those that are to be heard, ever more rarely."""
        del now_ns
        at_ns = self._clock.now_ns()
        for peer, nonce in self._nonces.items():
            due_ns, wait_ns = self._asks.get(peer, (at_ns, _ASK_FIRST_NS))
            if at_ns >= due_ns and peer in self._trust:
                self._asks[peer] = (at_ns + wait_ns, min(2 * wait_ns, _ASK_MAX_NS))
                self._say(peer, AcceptedAsked(stream=self._node.endpoint.stream(peer), nonce=nonce))

    def topics(self) -> Mapping[str, Heard]:
        """Questions and answers."""
        return {TOPIC: self.heard}

    def heard(self, partner: str, content: bytes) -> None:
        """Take a partner's question or answer; PeerError where it is none."""
        opened = open_word(self._keys, partner, TOPIC, content)
        try:
            asked = decode(opened, AcceptedAsked, _WORD_BYTES_MAX)
        except WireError:
            self._take(partner, decode(opened, AcceptedTold, _WORD_BYTES_MAX))
        else:
            self._answer(partner, asked)

    def _answer(self, partner: str, asked: AcceptedAsked) -> None:
        self.questions[partner] = asked
        at_ns = self._clock.now_ns()
        if at_ns < self._answered_ns.get(partner, 0) + _ANSWER_EVERY_NS:
            return  # it asks again
        self._answered_ns[partner] = at_ns
        self._say(partner, self._told(partner, asked))

    def _told(self, partner: str, asked: AcceptedAsked) -> AcceptedTold:
        name = (partner, asked.stream)
        cursor, ahead = self._node.endpoint.cursors().get(name, 0), self._node.endpoint.ahead().get(name, ())
        return AcceptedTold(
            stream=asked.stream,
            nonce=asked.nonce,
            cursor=cursor,
            end=ahead[-1][1] if ahead else cursor,
            ahead=ahead[:_RUNS_MAX],
        )

    def _take(self, partner: str, told: AcceptedTold) -> None:
        stream = self._node.endpoint.stream(partner)
        if told.nonce != self._nonces.get(partner) or told.stream != stream:
            return  # late, or never asked for
        runs, last = told.runs(), self._node.endpoint.next_sequence(partner) - 1
        if told.end > last + JUMP_MAX:
            if partner not in self._refused:
                self._refused.add(partner)
                raise EnvelopeError(
                    f"`{partner}` says that it has accepted {told.end} releases, and this ledger holds "
                    f"{last}: more than {JUMP_MAX} are not left out, ask its people; nothing new goes to it"
                )
            return
        run = (last + 1, max(last, told.end) + IN_FLIGHT_MAX)
        try:
            self._node.lanes.skipped(partner, stream, [(*run, SkipReason.LOST)])
        except TrilatError as error:
            self._node.note_refusal(f"what {partner} has accepted could not be written down: {error}")
            return
        held = [(max(first, run[0]), end) for first, end in runs if end >= run[0]]
        self._node.endpoint.leave_out(partner, run[1], held)
        note_lost(self._node, partner, stream, run)
        self._settle(partner, sum(end - first + 1 for first, end in held))

    def _settle(self, partner: str, unknown: int) -> None:
        """A partner has been heard: what waits for it may go."""
        self._node.exchange.let_go(partner)
        del self._nonces[partner]
        self._refused.discard(partner)
        self._heard.add(partner)
        if unknown:
            self._node.note_refusal(
                f"{partner} has accepted {unknown} releases that this ledger does not hold: "
                "`trilat audit compare` shows which"
            )
        if self._on_heard is not None:
            try:
                self._on_heard(sorted(self._heard), is_all=not self._nonces)
            except TrilatError as error:
                self._node.note_refusal(f"partners are asked again after the next start: {error}")

    def _say(self, partner: str, word: AcceptedAsked | AcceptedTold) -> None:
        try:
            sealed = seal_word(self._keys, self._trust, partner, TOPIC, word)
            self._node.endpoint.notify(partner, TOPIC, sealed)
        except TrilatError as error:
            self._node.note_refusal(f"nothing can be said of what was accepted to `{partner}`: {error}")


def note_lost(node: "Node", recipient: str, stream: str, run: Range) -> None:
    """Numbers that a lost ledger may have given are in this one: releases go on behind them, the archive has
    nothing of them, and the stream's tree has the leaf of an empty parcel for each.
    """
    node.exchange.skip(recipient, run[1])
    node.lanes.note_lost(recipient, run)
    name = StreamName(node.config.party, recipient, stream)
    for sequence in range(run[0], run[1] + 1):
        node.witness.trees.leaf(name, sequence, leaf_of(stream, sequence, b""))
