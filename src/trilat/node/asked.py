"""`Asked`: what this node asked of holders: recalls, changes of label; who answered what, and by when.

Rules
1. Holders are those to whom the ledger says that a version was released. Each gets an item of its own, under
   the names that it knows: nobody learns who else holds it.
2. Policy decides on it like on any item: an agreement under which items go should let what is owed about them
   go too (`trilat agreement check` says where one does not). It leaves before all else.
3. An answer counts from the holder itself, about that very item, with a certificate that the holder signed.
   Those to whom the holder passed the items on answer by certificates of their own, which it attaches.
4. Half of the time passed: asked again, once. All of it passed: overdue, once. A late answer still counts.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import msgspec

from trilat.ledger import Entry, EntryKind
from trilat.link import TrustStore, open_certificate
from trilat.model import (
    ABOUT_MAX,
    Answer,
    AnyItem,
    Certificate,
    Domain,
    HolderAnswer,
    ItemReference,
    Outcome,
    PeerError,
    Recall,
    RecallAction,
    Reclassification,
    encode,
)
from trilat.node.exchange import Held
from trilat.node.heads import fitting
from trilat.node.recall_records import RecallRecord, RecallStep
from trilat.node.removing import recall_entry

if TYPE_CHECKING:
    from trilat.node.node import Node

_DIGITS: Final = 12
CASES_MAX: Final = 10_000
"""Own questions to holders that are remembered; the oldest that are settled go first."""

ENDED_MAX: Final = 1_000
_NAME_CHARACTERS_MAX: Final = 60


class CaseState(Enum):
    """How a question to one holder stands."""

    WAITING = "waiting"
    ANSWERED = "answered"
    OVERDUE = "overdue"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Said:
    """A final holder's answer."""

    holder: str
    answer: HolderAnswer
    reason: str
    at_ns: int
    certificate: Certificate | None
    """As the holder signed it; None where there is none that can be believed."""

    signed: bytes = b""


@dataclass(slots=True)
class Case:
    """What one holder was asked."""

    asks: ItemReference
    holder: str
    about: tuple[ItemReference, ...]
    opened_ns: int
    until_ns: int
    parent: ItemReference | None = None
    said: dict[str, Said] = field(default_factory=dict)
    waiting: tuple[str, ...] = ()
    """Further holders that have not answered."""

    is_reminded: bool = False
    is_overdue: bool = False
    is_closed: bool = False

    @property
    def state(self) -> CaseState:
        """Answered only when everybody has."""
        if self.holder in self.said and not self.waiting:
            return CaseState.ANSWERED
        if self.is_closed:
            return CaseState.CLOSED
        return CaseState.OVERDUE if self.is_overdue else CaseState.WAITING

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to answer, and is waited for."""
        return self.state in {CaseState.WAITING, CaseState.OVERDUE}


class Asked:
    """All questions of one node to holders."""

    def __init__(self, node: "Node", trust: TrustStore) -> None:
        """Nobody was asked."""
        self._node = node
        self._trust = trust
        self.cases: dict[str, Case] = {}
        """By the name of the item that asks."""

        self.moved: set[str] = set()
        """Partners' items whose answer may have changed, because of what a further holder said."""

        self.ended: deque[tuple[tuple[ItemReference, ...], Said]] = deque(maxlen=ENDED_MAX)
        """What holders certified though nobody asked: copies that ended by themselves, newest last."""

        self._open: dict[str, None] = {}

    # --- asking ---

    def recall(
        self,
        holder: str,
        about: Sequence[ItemReference],
        domain: Domain,
        action: RecallAction,
        until_ns: int,
        reason: str = "",
        behalf: tuple[ItemReference, ItemReference] | None = None,
    ) -> Held | None:
        """A recall for one holder; None where no agreement lets it go. `behalf` are the originator's item and
        the partner's that this node passes on.
        """
        named = self._head("recall", holder, about, domain, until_ns)
        item = Recall(
            **named,
            about=tuple(about[:ABOUT_MAX]),
            action=action,
            deadline_ns=until_ns,
            reason=reason,
            on_behalf=None if behalf is None else behalf[0],
        )
        return self.may_go(item, holder)

    def relabel(
        self,
        holder: str,
        about: Sequence[ItemReference],
        domain: Domain,
        changed: Reclassification,
        until_ns: int,
        behalf: ItemReference | None = None,
    ) -> Held | None:
        """A change of label for one holder; None where no agreement lets it go."""
        item = msgspec.structs.replace(
            changed,
            **self._head("reclassification", holder, about, domain, until_ns),
            about=tuple(about),
            on_behalf=behalf,
        )
        return self.may_go(item, holder)

    def _head(
        self, kind: str, holder: str, about: Sequence[ItemReference], domain: Domain, until_ns: int
    ) -> dict[str, Any]:
        now_ns = self._node.clock.now_ns()
        told = repr((holder, [(one.item_id, one.version) for one in about], until_ns, now_ns))
        digest = hashlib.sha256(told.encode()).hexdigest()[:_DIGITS]
        name = f"{kind}-{digest}-{holder}"
        return self._node.heads.head(
            name,
            name,
            kind=kind,
            domain=domain,
            valid_ns=now_ns,
            now_ns=now_ns,
            releasable_to=(holder,),
        )

    def may_go(self, item: AnyItem, holder: str) -> Held | None:
        """The item for its holder, where policy lets it go (rule 2)."""
        held = Held(item, b"", audience=holder)
        decision = self._node.exchange.decide(held, holder, self._node.clock.now_ns())
        return held if decision.outcome is Outcome.PERMIT else None

    def opening(
        self, held: Held, about: Iterable[ItemReference], until_ns: int, parent: ItemReference | None = None
    ) -> RecallRecord:
        """The record that opens a case, taken already; it must be in one commit with the item."""
        record = _opening(held, about, until_ns, parent)
        self.restore(record, self._node.clock.now_ns())
        return record

    def send(
        self, asking: Sequence[tuple[Held, tuple[ItemReference, ...]]], until_ns: int, beside: Sequence[Entry]
    ) -> tuple[Case, ...]:
        """Write what a person asks of holders, with entries beside it, in one commit: all are asked or none.

        Raises:
            LedgerError: the ledger cannot be written; nobody is asked.
        """
        entries = [*beside]
        for held, about in asking:
            opening = _opening(held, about, until_ns)
            entries += [Entry(kind=EntryKind.ITEM, content=encode(held.item)), recall_entry(opening)]
        self._node.write(entries)
        for held, about in asking:
            self.opening(held, about, until_ns)
            self._node.use_item(held)
            self._node.offer_later(held)
        return tuple(self.cases[held.item.item_id] for held, _ in asking)

    # --- answers ---

    def take(self, held: Held, sender: str) -> str | None:
        """Take an answer that is in the ledger; why it does not count, or None (rule 3)."""
        answer = held.item
        assert isinstance(answer, Answer)
        case = self.cases.get(answer.to.item_id)
        if case is None:
            self._note_ended(answer, sender)
            return None
        if not case.holder == sender == answer.label.originator == answer.holder.split("/")[0]:
            return f"`{sender}` answered for `{answer.holder}` what `{case.holder}` was asked: not counted"
        trouble = None
        certificate = self._opened(answer.certificate, case, sender) if answer.certificate else None
        if answer.certificate and certificate is None:
            trouble = f"`{sender}` gave a certificate that is not its own, or of something else: not believed"
        fits = certificate is not None and certificate.answer is answer.answer
        case.said[sender] = Said(
            sender,
            answer.answer,
            answer.reason,
            answer.valid_ns,
            certificate if fits else None,
            answer.certificate if fits else b"",
        )
        for signed in answer.onward:
            further = self._opened(signed, case, None)
            if further is None or further.holder.split("/")[0] in {sender, self._node.config.party}:
                trouble = f"`{sender}` attached a certificate that is not of this: not counted"
                continue
            party = further.holder.split("/")[0]
            case.said[party] = Said(party, further.answer, further.reason, further.done_ns, further, signed)
        # Who is named here has not decided, whatever else was attached: the holder itself too.
        case.waiting = answer.waiting
        self._settle(case)
        return trouble

    def _note_ended(self, answer: Answer, sender: str) -> None:
        """Keep what a holder certified of items that it had, by itself."""
        if not answer.certificate or answer.to not in answer.about:
            return
        try:
            certificate = open_certificate(self._trust, answer.certificate)
        except PeerError:
            return
        if certificate.holder.split("/")[0] == sender and certificate.to == answer.to:
            said = Said(
                sender, answer.answer, answer.reason, answer.valid_ns, certificate, answer.certificate
            )
            self.ended.append((answer.about, said))

    def _opened(self, signed: bytes, case: Case, holder: str | None) -> Certificate | None:
        """A certificate about a case, by the holder itself, or, for None, by a further one."""
        try:
            certificate = open_certificate(self._trust, signed)
        except PeerError:
            return None
        asked = certificate.to if holder is not None else certificate.on_behalf
        own = holder is None or certificate.holder.split("/")[0] == holder
        root = self._root(case)
        names = {case.asks.item_id} if holder is not None else {root.item_id}
        return certificate if own and asked is not None and asked.item_id in names else None

    def _root(self, case: Case) -> ItemReference:
        """What further holders name: the originator's own item."""
        item = self._node.holdings.newest(case.asks.item_id)
        behalf = item.on_behalf if isinstance(item, Recall | Reclassification) else None
        return behalf or case.asks

    def _settle(self, case: Case) -> None:
        if case.parent is not None:
            self.moved.add(case.parent.item_id)
        if not case.is_open:
            self._open.pop(case.asks.item_id, None)

    def close(self, item_id: str, speaker: str, reason: str) -> RecallRecord | None:
        """The record that closes what nobody answered; None where nothing of that name is open."""
        case = self.cases.get(item_id)
        if case is None or not case.is_open:
            return None
        return RecallRecord(step=RecallStep.CLOSED, asks=case.asks, by=speaker, reason=reason)

    # --- time (rule 4) ---

    def made(self, now_ns: int) -> list[tuple[Held, RecallRecord]]:
        """Reminders that are due, each with its record."""
        reminders = []
        for item_id in tuple(self._open):
            case = self.cases[item_id]
            if case.is_reminded or now_ns < case.opened_ns + (case.until_ns - case.opened_ns) // 2:
                continue
            item = self._node.holdings.newest(item_id)
            case.is_reminded = True
            if item is None or case.until_ns <= now_ns:
                continue
            held = Held(self._again(item, now_ns), b"", audience=case.holder)
            self._node.use_item(held)
            reminders.append((held, RecallRecord(step=RecallStep.REMINDED, asks=held.item.reference)))
        return reminders

    def _again(self, item: AnyItem, now_ns: int) -> AnyItem:
        party = self._node.config.party
        name = item.item_id.removeprefix(f"{party}-")
        head = self._node.heads.head(
            name,
            item.subject,
            kind="recall",
            domain=item.domain,
            valid_ns=now_ns,
            now_ns=now_ns,
            releasable_to=item.label.releasable_to,
        )
        return msgspec.structs.replace(item, **head)

    def steps(self, now_ns: int) -> list[RecallRecord]:
        """Records of cases whose time has passed, each once."""
        records = []
        for item_id in tuple(self._open):
            case = self.cases[item_id]
            if not case.is_overdue and case.until_ns <= now_ns:
                record = RecallRecord(step=RecallStep.OVERDUE, asks=case.asks, party=case.holder)
                self.restore(record, now_ns)
                records.append(record)
        return records

    # --- after a restart ---

    def restore(self, record: RecallRecord, recorded_ns: int) -> None:
        """Take a step that is in the ledger, or is about to be with the commit that makes it."""
        if record.asks is None:
            return
        item_id = record.asks.item_id
        if record.step is RecallStep.OPENED and record.party is not None and record.until_ns is not None:
            self.cases[item_id] = Case(
                asks=record.asks,
                holder=record.party,
                about=record.about,
                opened_ns=recorded_ns,
                until_ns=record.until_ns,
                parent=record.parent,
            )
            self._open[item_id] = None
            self._bound()
        case = self.cases.get(item_id)
        if case is None:
            return
        if record.step is RecallStep.REMINDED:
            case.is_reminded = True
        elif record.step is RecallStep.OVERDUE:
            case.is_overdue = True
            self._settle(case)
        elif record.step is RecallStep.CLOSED:
            case.is_closed = True
            self._settle(case)

    def _bound(self) -> None:
        if len(self.cases) > CASES_MAX:
            settled = next((name for name in self.cases if name not in self._open), None)
            if settled is not None:
                del self.cases[settled]


def _opening(
    held: Held, about: Iterable[ItemReference], until_ns: int, parent: ItemReference | None = None
) -> RecallRecord:
    return RecallRecord(
        step=RecallStep.OPENED,
        asks=held.item.reference,
        party=held.audience,
        about=tuple(about)[:ABOUT_MAX],
        parent=parent,
        until_ns=until_ns,
    )


def of_name(text: str) -> str:
    """A partner's name of an item, short enough to stand in a name of ours."""
    return fitting(text, _NAME_CHARACTERS_MAX)
