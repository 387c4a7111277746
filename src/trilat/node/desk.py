"""`ReleaseDesk`: officers of a party, the questions that wait for them, and what they answer.

Rules
1. Only an officer answers, or a deputy for whom an officer has said so, and only in their own name.
2. Where two persons are asked, nobody counts twice: not the same officer, and not an officer and who stands
   in for that officer.
3. A question has a deadline: the desk's time limit, or the asker's where that is sooner. When it passes the
   question lapses, what it asks about stays withheld, and it may come again after as long once more.
4. Every step is an entry of the ledger before anything leaves by it: asked, answered, lapsed, delegated.
5. A preview is made as the release would be, by `decide` and `degrade`, as if this officer had just agreed.
6. Who approved takes it back while nothing has left by it: their approval stands no longer, and the question
   waits again. What has left is called back, not undone.

A party without officers in its settings answers by its staff (`Node.answer`), as in a script or an exercise.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import msgspec

from trilat.ledger import Entry, EntryKind
from trilat.link import sign_item
from trilat.model import SECOND_NS, AnyItem, Consent, Outcome, UsageError, encode
from trilat.node.approvals import ReferralKey
from trilat.node.exchange import Held
from trilat.node.given_answers import GivenAnswers, Spoken
from trilat.node.heads import Heads
from trilat.node.records import ConsentRecord, DeskRecord, DeskStep, Referral
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

        self.given = GivenAnswers()
        self._reopened: set[ReferralKey] = set()
        """Questions that wait again because somebody took an approval back: the others' still count."""

    # --- questions ---

    def questions(self, officer: str | None = None) -> tuple[Question, ...]:
        """What waits, oldest first; with an officer's name, previews are made as if that one had agreed.

        Raises:
            UsageError: the name is no officer's and no deputy's.
        """
        if officer is not None:
            self._known(officer)
        return tuple(
            replace(question, preview=self._preview(question.referral, officer))
            for question in self.waiting()
        )

    def waiting(self) -> Iterator[Question]:
        """The questions without what would leave, oldest first."""
        exchange = self._node.exchange
        at_ns = self._node.heads.deciding_ns(self._node.clock.now_ns())
        for key, referral in exchange.referrals.items():
            yield Question(
                question_id=question_id(referral),
                referral=referral,
                deadline_ns=self.deadline_ns(referral),
                needed=exchange.approvals_needed(referral.clause),
                approved_by=tuple(sorted(exchange.approvals.standing(key, at_ns))),
                preview=None,
            )

    def deadline_ns(self, referral: Referral) -> int:
        """When a question lapses, UTC ns of the clock (rule 3)."""
        own_ns = referral.asked_ns + self._config.answer_within_s * SECOND_NS
        return own_ns if referral.deadline_ns is None else min(own_ns, referral.deadline_ns)

    def _preview(self, referral: Referral, officer: str | None) -> Preview | None:
        node, config = self._node, self._config
        item = node.holdings.newest(referral.item.item_id)
        if item is None or not self.may_see(item):
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

    def may_see(self, item: AnyItem) -> bool:
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
        self.given.note_asked(asked, referral)
        self.use(record, self._node.clock.now_ns())
        return consent

    def undo(self, asked: str, officer: str, said: str = "") -> DeskRecord:
        """Take an own approval back before anything has left by it (rule 6); the record of it.

        Raises:
            UsageError: this person has approved no such question, or something has left by it.
        """
        self._known(officer)
        party = self._config.party
        spoken = self.given.approval(asked, f"{party}/{officer}")
        if spoken is None:
            raise UsageError(
                f"`{officer}` has approved no question `{asked[:40]}`: who approved takes it back"
            )
        left = self._node.exchange.approvals.left(spoken.key)
        if left is not None and left.at_ns >= spoken.at_ns:
            raise UsageError(
                f"`{left.item.item_id}` version {left.item.version} has left for it: "
                "it cannot be undone any more; call it back with a recall",
                conflict=True,
            )
        record = msgspec.structs.replace(
            spoken.record, step=DeskStep.UNDONE, granted=None, until_ns=None, said=said
        )
        withdrawal = self._withdrawal(spoken)
        signed = sign_item(self._node.keys, withdrawal)
        entry = Entry(kind=EntryKind.CONSENT, content=encode(ConsentRecord(signed=signed)))
        self._node.write([entry, _entry(record)])
        self._node.use_own_consent(withdrawal, signed)
        self.use(record, self._node.clock.now_ns())
        return record

    def _withdrawal(self, spoken: Spoken) -> Consent:
        """A refusal in the place of an approval, which has ended: nothing is said any more."""
        node, record = self._node, spoken.record
        at_ns = node.heads.deciding_ns(node.clock.now_ns())
        approvals = node.exchange.approvals.standing(spoken.key, at_ns)
        consent = approvals.get(record.officer or "")
        if consent is None:
            raise UsageError("this approval has ended by itself: nothing rests on it any more")
        valid_ns = max(at_ns - 1, consent.valid_ns)
        head = node.heads.head(
            consent.item_id.removeprefix(f"{node.config.party}-"),
            consent.subject,
            kind="consent",
            domain=consent.domain,
            valid_ns=valid_ns,
            now_ns=node.clock.now_ns(),
        )
        return msgspec.structs.replace(consent, **head, granted=False, until_ns=valid_ns + 1)

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

    def may_answer(self, name: str) -> bool:
        """Whether somebody may answer questions now: an officer, or a deputy who stands in."""
        delegation = self._delegations.get(name)
        stands_in = delegation is not None and delegation.until_ns > self._node.clock.now_ns()
        return name in self._config.officers or (name in self._config.deputies and stands_in)

    def standing_in(self) -> list[dict[str, object]]:
        """Every deputy, for whom they stand in now, and until when by the clock."""
        now_ns = self._node.clock.now_ns()
        rows: list[dict[str, object]] = []
        for deputy in self._config.deputies:
            known = self._delegations.get(deputy)
            if known is not None and known.until_ns <= now_ns:
                known = None
            officer, until_ns = (None, None) if known is None else (known.officer, known.until_ns)
            rows.append({"deputy": deputy, "officer": officer, "until_ns": until_ns})
        return rows

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
        self.use(record, self._node.clock.now_ns())
        return record

    # --- with every tick, and after a restart ---

    def steps(self, now_ns: int) -> Iterator[Entry]:
        """Entries for questions that are new, and for those whose time has passed; the latter are closed."""
        for key, referral in tuple(self._node.exchange.referrals.items()):
            asked = question_id(referral)
            if self._noted.get(key) != asked:
                record = self._step(DeskStep.ASKED, referral)
                self.use(record, now_ns)
                yield _entry(record)
            if self.deadline_ns(referral) <= now_ns:
                record = self._step(DeskStep.LAPSED, referral)
                self.use(record, now_ns)
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

    def use(self, record: DeskRecord, at_ns: int) -> None:
        """Take a step that is in the ledger since `at_ns` of the clock, or is about to be with the tick that
        makes it.
        """
        if record.step in {DeskStep.DELEGATED, DeskStep.RETURNED}:
            self._use_delegation(record)
            return
        if record.clause is None or record.subject is None or record.recipient is None:
            return
        key = (record.clause, record.subject, record.recipient, record.via)
        if record.step is DeskStep.ASKED:
            if self._noted.get(key) != record.question:
                self._noted[key] = record.question or ""
                if key not in self._reopened:
                    self._forget(key)
                self._reopened.discard(key)
        elif record.step is DeskStep.ANSWERED and record.officer is not None:
            officer = _name(record.officer)
            self._stood_for[key, officer] = _name(record.stands_for or record.officer)
            self.given.note(Spoken(key, record, at_ns))
            if record.granted is False:
                self._forget(key)
        elif record.step is DeskStep.UNDONE and record.officer is not None:
            self._undone(key, record, at_ns)
        elif record.step is DeskStep.LAPSED:
            again_ns = (record.until_ns or 0) + self._config.answer_within_s * SECOND_NS
            self._node.exchange.lapse(key, again_ns)
            self._forget(key)

    def _undone(self, key: ReferralKey, record: DeskRecord, at_ns: int) -> None:
        """Let nothing go by an approval that was taken back, and ask anew."""
        node, (_, subject, recipient, via) = self._node, key
        self.given.note(Spoken(key, record, at_ns))
        self._stood_for.pop((key, _name(record.officer or "")), None)
        self._reopened.add(key)
        node.exchange.take_back(key)
        names = node.exchange.approvals.names(key)
        if via is None or not any(node.exchange.has_left(via, name) for name in names):
            # The intermediary was never told of an approval: it is told of none that was taken back.
            node.drop_offers(names)
        asked = self.given.asked(record.question or "")
        if asked is not None:
            node.exchange.referrals[key] = msgspec.structs.replace(asked, asked_ns=at_ns)
        for held, sender in node.holdings.everything():
            if sender is None and held.item.subject == subject and held.audience is None:
                node.offer_later(msgspec.structs.replace(held, audience=recipient))

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
