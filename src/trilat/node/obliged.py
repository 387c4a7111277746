"""`Obliged`: what partners' recalls ask of this node, and what it answers. The receiver stays sovereign.

Rules
1. A recall reaches what its originator made, wherever this node has it from, and what its sender gave to this
   node, as an intermediary does. Anything else, and what was never here, gets one and the same sentence.
2. Where each copy was given to be returned or destroyed, it goes by itself. Else a person decides: complied,
   refused with a reason, or unable with one. After the deadline the asker is told that nobody has decided.
3. What was passed on with consent is called back from whom it went to; their certificates are attached, and
   who has not answered is named. The answer is told anew as often as that changes.
4. The answer carries a certificate: what was removed, by whose decision or duty, and what was not, and why.
5. A partner has at most `OPEN_MAX` recalls open here; what is over that is not taken, and noted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from trilat.link import NodeKeys, sign_certificate
from trilat.model import (
    ABOUT_MAX,
    Answer,
    Certificate,
    HolderAnswer,
    ItemReference,
    Recall,
    RecallAction,
    UsageError,
)
from trilat.node.asked import Asked, Case, of_name
from trilat.node.copies import Copies, Copy
from trilat.node.exchange import Held
from trilat.node.recall_records import RecallRecord, RecallStep
from trilat.node.removing import Removed, Removing, naming, newest_of, recall_entry

if TYPE_CHECKING:
    from trilat.node.node import Node

OPEN_MAX: Final = 256
SETTLED_MAX: Final = 2_000
"""Recalls that are done with and remembered for people; the ledger has all."""

EACH_MAX: Final = 32
"""Recalls answered in one second, so that the node is not held up."""

NOT_HERE: Final = "nothing under these names that you made, or gave to us, is held here"
"""The same where it never was, is gone already, or is by somebody else: none of these may be told apart."""

UNDECIDED: Final = "nobody has decided yet"
BY_DUTY: Final = "duty return-or-destroy"
BY_REQUEST: Final = "asked by who may know"


@dataclass(slots=True)
class Obligation:
    """One recall of a partner's."""

    item: Recall
    sender: str
    is_asked: bool = False
    """Whether it waits for a person, or did."""

    said: RecallRecord | None = None
    answered: RecallRecord | None = None
    removed: Removed = field(default_factory=Removed)
    is_undecided_told: bool = False
    unasked: dict[str, None] = field(default_factory=dict)
    affected: tuple[ItemReference, ...] = ()
    """Own items that named what was removed."""

    late: list[Copy] | None = field(default_factory=list)
    """Releases that go when their recipient has acknowledged them; None after a restart, until looked for."""

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing more to do or to tell."""
        return (
            self.answered is not None
            and not self.answered.waiting
            and not self.is_unfinished
            and not self._is_undecided
        )

    @property
    def is_unfinished(self) -> bool:
        """Whether releases may still have to go."""
        return self.late is None or bool(self.late)

    @property
    def _is_undecided(self) -> bool:
        return self.answered is not None and self.answered.reason == UNDECIDED

    @property
    def waits_for_person(self) -> bool:
        """Whether somebody here has to decide."""
        return self.is_asked and self.said is None and (self.answered is None or self._is_undecided)


class Obliged:
    """Recalls that partners sent to one node."""

    def __init__(
        self, node: "Node", keys: NodeKeys, copies: Copies, removing: Removing, asked: Asked
    ) -> None:
        """Nothing was asked."""
        self._node = node
        self._keys = keys
        self._copies = copies
        self._removing = removing
        self._asked = asked
        self.obligations: dict[str, Obligation] = {}
        self._open: dict[str, None] = {}

    def take(self, held: Held, sender: str) -> str | None:
        """Take a recall that is in the ledger; why it is not taken, or None."""
        item = held.item
        assert isinstance(item, Recall)
        if item.label.originator != sender:
            return f"`{sender}` passed on a recall by `{item.label.originator}` as it is: not taken"
        known = self.obligations.get(item.item_id)
        if known is not None:
            known.item = item
            return None
        if sum(self.obligations[name].sender == sender for name in self._open) >= OPEN_MAX:
            return f"`{sender}` has {OPEN_MAX} recalls open here: `{item.item_id}` is not taken"
        while len(self.obligations) - len(self._open) >= SETTLED_MAX:
            del self.obligations[next(name for name in self.obligations if name not in self._open)]
        self.obligations[item.item_id] = Obligation(item, sender)
        self._open[item.item_id] = None
        return None

    # --- persons ---

    def answer(self, item_id: str, answer: HolderAnswer, reason: str, speaker: str) -> RecallRecord:
        """A person's answer to a recall that waits for one, to be written; it is done at the next tick.

        Raises:
            UsageError: no recall of that name waits for a person, or a refusal has no reason.
        """
        obligation = self.obligations.get(item_id)
        if obligation is None or not obligation.waits_for_person:
            raise UsageError(f"no recall `{item_id[:80]}` waits for an answer here: list them again")
        if answer is not HolderAnswer.COMPLIED and not reason:
            raise UsageError("say why: the partner is told the reason")
        return RecallRecord(
            step=RecallStep.SAID, asks=obligation.item.reference, by=speaker, answer=answer, reason=reason
        )

    # --- each second ---

    def made(self, now_ns: int) -> Iterator[tuple[Held, RecallRecord | None]]:
        """Answers, recalls passed on and warnings withdrawn, each with the record of its step."""
        answered = 0
        for item_id in tuple(self._open):
            obligation, before = self.obligations[item_id], self.obligations[item_id].answered
            if before is not None and (before.waiting or obligation.is_unfinished):
                yield from self._again(obligation, before, now_ns)
            else:
                yield from self._first(obligation, now_ns)
            if obligation.is_settled:
                self._open.pop(item_id, None)
            answered += obligation.answered is not before
            if answered == EACH_MAX:
                return

    def _first(self, obligation: Obligation, now_ns: int) -> Iterator[tuple[Held, RecallRecord | None]]:
        """What a recall that has no final answer comes to now."""
        recall, said = obligation.item, obligation.said
        if obligation.waits_for_person:
            if recall.deadline_ns <= now_ns and not obligation.is_undecided_told:
                obligation.is_undecided_told = True
                yield self._answer(obligation, HolderAnswer.UNABLE, UNDECIDED, "-", now_ns)
            return
        if said is not None and said.answer is not HolderAnswer.COMPLIED:
            yield self._answer(obligation, said.answer or HolderAnswer.UNABLE, said.reason, said.by, now_ns)
            return
        reached = self._reached(recall, obligation.sender)
        passed = self._passed_on(recall, obligation.sender)
        if not reached and not passed and not obligation.removed:
            yield self._answer(obligation, HolderAnswer.UNABLE, NOT_HERE, "-", now_ns)
        elif recall.action is RecallAction.ACCOUNT:
            yield from self._account(obligation, now_ns)
        elif said is not None or all(copy.release.duties.return_or_destroy for copy in (*reached, *passed)):
            yield from self._comply(obligation, reached, now_ns)
        elif not obligation.is_asked:
            obligation.is_asked = True
            record = RecallRecord(
                step=RecallStep.ASKED,
                asks=recall.reference,
                party=obligation.sender,
                until_ns=recall.deadline_ns,
            )
            self._node.write([recall_entry(record)])

    def _reached(self, recall: Recall, sender: str) -> list[Copy]:
        """The copies that a recall reaches (rule 1), as this node received them."""
        versions = _versions(recall)
        return [
            copy
            for copy in self._copies.of(versions)
            if not copy.is_release
            and copy.name.version <= versions[copy.name.item_id]
            and sender in {copy.party, copy.item.label.originator.split("/")[0]}
        ]

    def _passed_on(self, recall: Recall, sender: str) -> list[Copy]:
        """Releases to others of what the sender made or gave, where nothing stays here by another's gift."""
        versions = _versions(recall)
        copies = [
            copy
            for copy in self._copies.of(versions)
            if copy.name.version <= versions[copy.name.item_id]
            and copy.item.label.originator != self._node.config.party
        ]
        kept = {
            copy.name.item_id
            for copy in copies
            if not copy.is_release
            and not copy.was_refused
            and sender not in {copy.party, copy.item.label.originator.split("/")[0]}
        }
        given = {copy.name.item_id for copy in copies if not copy.is_release} - kept
        return [
            copy
            for copy in copies
            if copy.is_release
            and copy.name.item_id not in kept
            and (copy.name.item_id in given or copy.item.label.originator.split("/")[0] == sender)
        ]

    def _account(self, obligation: Obligation, now_ns: int) -> Iterator[tuple[Held, RecallRecord | None]]:
        yield from self._pass_on(obligation, self._passed_on(obligation.item, obligation.sender))
        yield self._answer(obligation, HolderAnswer.COMPLIED, "", BY_REQUEST, now_ns)

    def _comply(
        self, obligation: Obligation, reached: list[Copy], now_ns: int
    ) -> Iterator[tuple[Held, RecallRecord | None]]:
        """Remove, call back what was passed on, and answer."""
        recall, said = obligation.item, obligation.said
        by = BY_DUTY if said is None else said.by
        passed = self._passed_on(recall, obligation.sender)
        yield from self._pass_on(obligation, passed)
        obligation.late = [copy for copy in passed if not self._removing.may_go(copy)]
        self._remove(obligation, [copy for copy in (*reached, *passed) if self._removing.may_go(copy)], by)
        left = newest_of(copy for copy in self._copies.of(_versions(recall)) if not copy.is_release)
        gone = {name: version for name, version in _versions(recall).items() if name not in left}
        named = naming(self._node.holdings.items(), self._node.config.party, gone.keys())
        obligation.affected = tuple(named[:ABOUT_MAX])
        for warning in self._removing.forget(gone, now_ns):
            yield warning, None
        yield self._answer(obligation, HolderAnswer.COMPLIED, "" if said is None else said.reason, by, now_ns)

    def _remove(self, obligation: Obligation, copies: list[Copy], by: str) -> None:
        reason = f"recall {obligation.item.item_id}"
        for record in self._removing.remove(copies, obligation.item.reference, by, reason[:120]):
            obligation.removed.note(record)

    def _pass_on(
        self, obligation: Obligation, passed: list[Copy]
    ) -> Iterator[tuple[Held, RecallRecord | None]]:
        """The recall to each to whom something of it was passed on, once (rule 3)."""
        recall = obligation.item
        asked = {case.holder for case in self._onward(recall)}
        # What a node removed before it was killed cannot be read any more; its record says whom to ask.
        holders = {party: dict(told) for party, told in obligation.removed.passed_on.items()}
        for copy in passed:
            told = holders.setdefault(copy.party, {})
            told[copy.told.item_id] = max(told.get(copy.told.item_id, 0), copy.told.version)
        for holder, told in holders.items():
            if holder in asked:
                continue
            about = tuple(ItemReference(item_id=name, version=version) for name, version in told.items())
            until_ns = max(recall.deadline_ns, self._node.clock.now_ns() + 1)
            held = self._asked.recall(
                holder,
                about,
                recall.domain,
                recall.action,
                until_ns,
                recall.reason,
                (recall.on_behalf or recall.reference, recall.reference),
            )
            if held is None:
                obligation.unasked[holder] = None
            else:
                self._node.use_item(held)
                yield held, self._asked.opening(held, about, until_ns, recall.reference)

    def _onward(self, recall: Recall) -> list[Case]:
        return [
            case
            for case in self._asked.cases.values()
            if case.parent is not None and case.parent.item_id == recall.item_id
        ]

    def _again(
        self, obligation: Obligation, before: RecallRecord, now_ns: int
    ) -> Iterator[tuple[Held, RecallRecord | None]]:
        """The same answer anew, where a further holder has answered or a late release has gone."""
        if obligation.late is None:
            obligation.late = self._passed_on(obligation.item, obligation.sender)
        ready = [copy for copy in obligation.late if self._removing.may_go(copy)]
        if ready:
            self._remove(obligation, ready, before.by)
            obligation.late = [copy for copy in obligation.late if copy not in ready]
        item_id = obligation.item.item_id
        if item_id in self._asked.moved or ready:
            self._asked.moved.discard(item_id)
            yield self._answer(
                obligation, before.answer or HolderAnswer.UNABLE, before.reason, before.by, now_ns
            )

    # --- answers (rule 4) ---

    def _answer(
        self,
        obligation: Obligation,
        answer: HolderAnswer,
        reason: str,
        by: str,
        now_ns: int,
    ) -> tuple[Held, RecallRecord]:
        recall, party = obligation.item, self._node.config.party
        cases = self._onward(recall)
        silent = [case.holder for case in cases if case.holder not in case.said]
        waiting = [*silent, *(whom for case in cases for whom in case.waiting)]
        onward = [said.signed for case in cases for said in case.said.values() if said.signed]
        kept = [
            f"still on its way to {whom}: it goes when {whom} has it"
            for whom in dict.fromkeys(copy.party for copy in obligation.late or ())
        ]
        kept += [f"passed on to {whom}, whom no agreement lets us ask" for whom in obligation.unasked]
        certificate = Certificate(
            holder=party,
            to=recall.reference,
            on_behalf=recall.on_behalf,
            answer=answer,
            reason=reason,
            by=by,
            removed=obligation.removed.told()[:ABOUT_MAX],
            held=self._held(obligation) if answer is HolderAnswer.COMPLIED else (),
            kept=tuple(kept[:16]),
            done_ns=now_ns,
        )
        signed = sign_certificate(self._keys, certificate)
        item = Answer(
            **self._node.heads.head(
                f"answer-{of_name(recall.item_id)}",
                recall.subject,
                kind="answer",
                domain=recall.domain,
                valid_ns=now_ns,
                now_ns=now_ns,
                releasable_to=(obligation.sender,),
            ),
            to=recall.reference,
            holder=party,
            answer=answer,
            reason=reason,
            about=recall.about,
            certificate=signed,
            onward=tuple(onward),
            waiting=tuple(dict.fromkeys((*waiting, *([party] if reason == UNDECIDED else ())))),
        )
        record = RecallRecord(
            step=RecallStep.ANSWERED,
            asks=recall.reference,
            party=obligation.sender,
            answer=answer,
            by=by,
            reason=reason,
            certificate=signed,
            waiting=tuple(dict.fromkeys(waiting)),
            unasked=tuple(obligation.unasked),
            affected=obligation.affected,
            is_unfinished=obligation.is_unfinished,
        )
        obligation.answered = record
        heard = Held(item, b"", audience=obligation.sender)
        self._node.use_item(heard)
        return heard, record

    def _held(self, obligation: Obligation) -> tuple[ItemReference, ...]:
        """What of it is still held and was asked after; a recall that was complied with leaves nothing."""
        held = newest_of(self._reached(obligation.item, obligation.sender))
        return tuple(ItemReference(item_id=name, version=version) for name, version in held.items())[
            :ABOUT_MAX
        ]

    # --- after a restart ---

    def restore(self, record: RecallRecord) -> None:
        """Take a step that is in the ledger."""
        obligation = None if record.asks is None else self.obligations.get(record.asks.item_id)
        if obligation is None or record.asks is None:
            return
        if record.step is RecallStep.ASKED:
            obligation.is_asked = True
        elif record.step is RecallStep.SAID:
            obligation.said = record
        elif record.step is RecallStep.REMOVING:
            obligation.removed.note(record)
        elif record.step is RecallStep.ANSWERED:
            obligation.answered = record
            obligation.unasked = dict.fromkeys(record.unasked)
            obligation.affected = record.affected
            obligation.late = None if record.is_unfinished else []
            obligation.is_undecided_told = obligation.is_undecided_told or record.reason == UNDECIDED
            if record.waiting:
                self._asked.moved.add(record.asks.item_id)
            if obligation.is_settled:
                self._open.pop(record.asks.item_id, None)


def _versions(recall: Recall) -> dict[str, int]:
    versions: dict[str, int] = {}
    for reference in recall.about:
        versions[reference.item_id] = max(versions.get(reference.item_id, 0), reference.version)
    return versions
