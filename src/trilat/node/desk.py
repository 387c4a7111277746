"""`ReleaseDesk`: officers of a party, the questions that wait for them, and what they answer.

Rules
1. Only an officer answers, or a deputy for whom an officer has said so, and only in their own name.
2. Where two persons are asked, nobody counts twice: not the same officer, and not an officer and who stands
   in for that officer.
3. A question has a deadline: the desk's time limit, or the asker's where that is sooner. When it passes the
   question lapses, what it asks about stays withheld, and it may come again after as long once more.
4. Every step is an entry of the ledger before anything leaves by it: asked, answered, lapsed, delegated.
5. A preview is made as the release would be, by `decide` and `degrade`, as if this officer had just agreed.

A party without officers in its settings answers by its staff (`Node.answer`), as in a script or an exercise.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trilat.ledger import Entry, EntryKind
from trilat.model import SECOND_NS, AnyItem, Consent, Outcome, UsageError, encode
from trilat.node.exchange import Held, ReferralKey
from trilat.node.heads import Heads
from trilat.node.records import DeskRecord, DeskStep, Referral
from trilat.policy import Preview, ReleaseRequest, preview

if TYPE_CHECKING:
    from trilat.node.node import Node

_QUESTION_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Question:
    """A question as an officer sees it."""

    question_id: str
    referral: Referral
    deadline_ns: int
    needed: int
    """How many officers must approve."""

    approved_by: tuple[str, ...]
    preview: Preview | None
    """What would leave if this officer agreed and nobody else were needed; None where the item is gone, or
    not for the staff's eyes."""


@dataclass(frozen=True, slots=True)
class _Delegation:
    officer: str
    until_ns: int


class ReleaseDesk:
    """The desk of one node. Officers and deputies are names without the party, as in `node.toml`."""

    def __init__(self, node: "Node") -> None:
        """No question seen, nobody stands in."""
        self._node = node
        self._config = node.config
        self._noted: dict[ReferralKey, str] = {}
        self._delegations: dict[str, _Delegation] = {}
        self._stood_for: dict[tuple[ReferralKey, str], str] = {}
        """For each question and officer counted, in whose name: rule 2 after a restart too."""

    # --- questions ---

    def questions(self, officer: str | None = None) -> tuple[Question, ...]:
        """What waits, oldest first; with an officer's name, previews are made as if that one had agreed.

        Raises:
            UsageError: the name is no officer's and no deputy's.
        """
        if officer is not None:
            self._known(officer)
        return tuple(
            Question(
                question_id=question_id(referral),
                referral=referral,
                deadline_ns=self.deadline_ns(referral),
                needed=self._node.exchange.approvals_needed(referral.clause),
                approved_by=tuple(sorted(self._node.exchange.granted_by(key))),
                preview=self._preview(referral, officer),
            )
            for key, referral in self._node.exchange.referrals.items()
        )

    def deadline_ns(self, referral: Referral) -> int:
        """When a question lapses, UTC ns of the clock (rule 3)."""
        own_ns = referral.asked_ns + self._config.answer_within_s * SECOND_NS
        return own_ns if referral.deadline_ns is None else min(own_ns, referral.deadline_ns)

    def _preview(self, referral: Referral, officer: str | None) -> Preview | None:
        node, config = self._node, self._config
        item = node.holdings.newest(referral.item.item_id)
        if item is None or not self._may_see(item):
            return None
        at_ns = node.clock.now_ns() + config.decision_shift_ns
        request = ReleaseRequest(
            sender=config.party,
            recipient=referral.recipient,
            via=referral.via,
            purpose=config.purpose,
            at_ns=at_ns,
        )
        needed = node.exchange.approvals_needed(referral.clause)
        asked = [officer or "officer", *(f"second-{number}" for number in range(1, needed))]
        agreed = [self._as_if(referral, item, name, at_ns) for name in asked[:needed]]
        return preview(
            item,
            [request],
            node.agreements,
            [*node.exchange.consents, *agreed],
            config.release_key,
            node.exchange.declarations,
        )[0]

    def _may_see(self, item: AnyItem) -> bool:
        """Whether the own staff may see an item at all: an officer sees no more."""
        staff = f"{self._config.party}/staff"
        decision = self._node.exchange.decide(Held(item, b""), staff, self._node.clock.now_ns())
        return decision.outcome is Outcome.PERMIT

    def _as_if(self, referral: Referral, item: AnyItem, officer: str, at_ns: int) -> Consent:
        """A consent that nobody gave and that is never kept: only for a preview."""
        return Consent(
            item_id=f"{self._config.party}-preview-{officer}",
            subject=item.subject,
            domain=item.domain,
            status=item.status,
            valid_ns=at_ns,
            label=item.label,
            provenance=item.provenance,
            subjects=(referral.subject,),
            recipient=referral.recipient,
            via=referral.via,
            clause=referral.clause,
            granted=True,
            officer=f"{self._config.party}/{officer}",
            until_ns=at_ns + SECOND_NS,
        )

    # --- answers ---

    def answer(self, asked: str, officer: str, *, granted: bool, valid_s: int, said: str = "") -> Consent:
        """An officer's answer to a question, written and signed.

        Raises:
            UsageError: no such question waits, or this person may not answer it (rules 1 and 2).
        """
        referral = self._waiting(asked)
        stands_for = self._stands_for(officer)
        key = _key(referral)
        counted = stands_for or officer
        for (known, who), whom in self._stood_for.items():
            if known == key and counted in {who, whom}:
                raise UsageError(
                    f"`{officer}` cannot answer: `{who}` has answered as `{whom}`, and nobody counts twice",
                    refused=True,
                )
        party = self._config.party
        record = DeskRecord(
            step=DeskStep.ANSWERED,
            question=asked,
            clause=referral.clause,
            subject=referral.subject,
            recipient=referral.recipient,
            via=referral.via,
            officer=f"{party}/{officer}",
            stands_for=None if stands_for is None else f"{party}/{stands_for}",
            granted=granted,
            until_ns=self._node.clock.now_ns() + valid_s * SECOND_NS,
            said=said,
        )
        consent = self._node.answer(
            referral,
            granted=granted,
            officer=f"{party}/{officer}",
            valid_s=valid_s,
            beside=(_entry(record),),
        )
        self.use(record)
        return consent

    def _waiting(self, asked: str) -> Referral:
        now_ns = self._node.clock.now_ns()
        for referral in self._node.exchange.referrals.values():
            if question_id(referral) == asked and self.deadline_ns(referral) > now_ns:
                return referral
        raise UsageError(
            f"no question `{asked[:40]}` waits here: it was answered, or its time has passed; list them again"
        )

    def _stands_for(self, officer: str) -> str | None:
        """The officer for whom a deputy answers, None for an officer (rule 1)."""
        if officer in self._config.officers:
            return None
        self._known(officer)
        delegation = self._delegations.get(officer)
        if delegation is None or delegation.until_ns <= self._node.clock.now_ns():
            raise UsageError(
                f"`{officer}` stands in for nobody now: an officer must delegate first", refused=True
            )
        return delegation.officer

    def speaker(self, name: str) -> str:
        """Who may speak for the party: an officer, or a deputy who stands in now; the staff where the party
        has no officers.

        Raises:
            UsageError: this person may not.
        """
        if not self._config.officers:
            return name or "staff"
        if not name:
            raise UsageError("officers speak for this party: ask with an officer's token", refused=True)
        self._stands_for(name)
        return name

    def _known(self, name: str) -> None:
        if name not in {*self._config.officers, *self._config.deputies}:
            raise UsageError(f"`{name[:40]}` is no officer here: see `officers` in node.toml", refused=True)

    # --- who stands in ---

    def delegate(self, officer: str, deputy: str, for_s: int) -> DeskRecord:
        """Let a deputy stand in for an officer for so many seconds; a newer delegation replaces an older.

        Raises:
            UsageError: only an officer delegates, and only to a deputy of this desk.
        """
        self._refuse_other(officer, deputy)
        until_ns = self._node.clock.now_ns() + for_s * SECOND_NS
        return self._delegated(DeskStep.DELEGATED, officer, deputy, until_ns)

    def take_back(self, officer: str, deputy: str) -> DeskRecord:
        """End what an officer delegated to a deputy; errors as in `delegate`, and where nothing stands."""
        self._refuse_other(officer, deputy)
        standing = self._delegations.get(deputy)
        if standing is None or standing.officer != officer:
            raise UsageError(f"`{deputy}` does not stand in for `{officer}`: nothing to take back")
        return self._delegated(DeskStep.RETURNED, officer, deputy, None)

    def _refuse_other(self, officer: str, deputy: str) -> None:
        if officer not in self._config.officers:
            raise UsageError(f"`{officer[:40]}` is no officer here, and cannot delegate", refused=True)
        if deputy not in self._config.deputies:
            raise UsageError(f"`{deputy[:40]}` is no deputy here: see `deputies` in node.toml")

    def _delegated(self, step: DeskStep, officer: str, deputy: str, until_ns: int | None) -> DeskRecord:
        party = self._config.party
        record = DeskRecord(
            step=step, officer=f"{party}/{officer}", deputy=f"{party}/{deputy}", until_ns=until_ns
        )
        self._node.write([_entry(record)])
        self.use(record)
        return record

    # --- with every tick, and after a restart ---

    def steps(self, now_ns: int) -> Iterator[Entry]:
        """Entries for questions that are new, and for those whose time has passed; the latter are closed."""
        for key, referral in tuple(self._node.exchange.referrals.items()):
            asked = question_id(referral)
            if self._noted.get(key) != asked:
                record = self._step(DeskStep.ASKED, referral)
                self.use(record)
                yield _entry(record)
            if self.deadline_ns(referral) <= now_ns:
                record = self._step(DeskStep.LAPSED, referral)
                self.use(record)
                yield _entry(record)

    def _step(self, step: DeskStep, referral: Referral) -> DeskRecord:
        return DeskRecord(
            step=step,
            question=question_id(referral),
            clause=referral.clause,
            subject=referral.subject,
            recipient=referral.recipient,
            via=referral.via,
            until_ns=self.deadline_ns(referral),
        )

    def use(self, record: DeskRecord) -> None:
        """Take a step that is in the ledger, or is about to be with the tick that makes it."""
        if record.step in {DeskStep.DELEGATED, DeskStep.RETURNED}:
            self._use_delegation(record)
            return
        if record.clause is None or record.subject is None or record.recipient is None:
            return
        key = (record.clause, record.subject, record.recipient, record.via)
        if record.step is DeskStep.ASKED:
            if self._noted.get(key) != record.question:
                self._noted[key] = record.question or ""
                self._forget(key)
        elif record.step is DeskStep.ANSWERED and record.officer is not None:
            officer = _name(record.officer)
            self._stood_for[key, officer] = _name(record.stands_for or record.officer)
            if record.granted is False:
                self._forget(key)
        elif record.step is DeskStep.LAPSED:
            again_ns = (record.until_ns or 0) + self._config.answer_within_s * SECOND_NS
            self._node.exchange.lapse(key, again_ns)
            self._forget(key)

    def _use_delegation(self, record: DeskRecord) -> None:
        if record.officer is None or record.deputy is None:
            return
        deputy = _name(record.deputy)
        if record.step is DeskStep.RETURNED or record.until_ns is None:
            self._delegations.pop(deputy, None)
        else:
            self._delegations[deputy] = _Delegation(_name(record.officer), record.until_ns)

    def _forget(self, key: ReferralKey) -> None:
        """A closed question begins anew when it is asked again."""
        self._stood_for = {known: whom for known, whom in self._stood_for.items() if known[0] != key}


def consent_of(
    referral: Referral,
    heads: Heads,
    now_ns: int,
    *,
    granted: bool,
    officer: str,
    valid_s: int,
    assumed: bool = False,
) -> Consent:
    """The consent, or its refusal, that an answer to a question makes.

    Raises:
        ItemError: the officer is not on this party's staff.
    """
    at_ns = heads.deciding_ns(now_ns)
    return Consent(
        **heads.head(
            f"consent-{referral.subject}-{referral.recipient}-{referral.via or 'direct'}",
            referral.subject,
            kind="consent",
            domain=referral.domain,
            valid_ns=at_ns,
            now_ns=now_ns,
        ),
        subjects=(referral.subject,),
        recipient=referral.recipient,
        via=referral.via,
        clause=referral.clause,
        granted=granted,
        officer=officer,
        until_ns=at_ns + valid_s * SECOND_NS,
        assumed=assumed,
    )


def question_id(referral: Referral) -> str:
    """The name of a question, the same after a restart: SHA-256 over what is asked and when, shortened."""
    asked = (
        referral.clause,
        referral.subject,
        referral.recipient,
        referral.via or "-",
        str(referral.asked_ns),
    )
    return hashlib.sha256("\n".join(asked).encode()).hexdigest()[:_QUESTION_DIGITS]


def _key(referral: Referral) -> ReferralKey:
    return referral.clause, referral.subject, referral.recipient, referral.via


def _entry(record: DeskRecord) -> Entry:
    return Entry(kind=EntryKind.DESK, content=encode(record))


def _name(code: str) -> str:
    """The officer's name in `JPN/kim`."""
    return code.partition("/")[2]
