"""`Losses`: a holder tells at once that items were lost, or may have been; follow-ups and instructions.

Rules
1. The report goes to the originator where that is a partner, else to who gave the item, who passes it on in
   its own name with who lost it. It leaves before all else.
2. A report says by when more will be told. Half of that time passed: reminded, once; all: overdue, once. The
   last word says that nothing more follows.
3. The originator instructs by an answer to the report.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from trilat.model import (
    SECOND_NS,
    Answer,
    HolderAnswer,
    ItemReference,
    LossReport,
    UsageError,
)
from trilat.node.asked import Asked, of_name
from trilat.node.copies import Copies
from trilat.node.exchange import Held
from trilat.node.recall_records import RecallRecord, RecallStep

if TYPE_CHECKING:
    from trilat.node.node import Node

FOLLOW_UP_S: Final = 72 * 3_600
"""By when a first report is followed up where nothing else is said, seconds. The texts say `immediately`."""

LOSSES_MAX: Final = 1_000
"""Reports of one partner that are remembered; what comes above is in the ledger and not listed."""


@dataclass(slots=True)
class Loss:
    """A report, own or a partner's, with what was said to it."""

    item: LossReport
    sender: str | None
    """The partner that reported; None for an own report."""

    begun_ns: int
    instructions: list[str] = field(default_factory=list)
    is_reminded: bool = False
    is_overdue: bool = False

    @property
    def is_open(self) -> bool:
        """Whether more is to follow."""
        return self.item.follow_up_ns is not None


class Losses:
    """Reports of loss at one node."""

    def __init__(self, node: "Node", copies: Copies, asked: Asked) -> None:
        """Nothing was lost."""
        self._node = node
        self._copies = copies
        self._asked = asked
        self.losses: dict[str, Loss] = {}
        self._to_pass_on: list[tuple[LossReport, str]] = []
        self._open: dict[str, None] = {}

    def report(
        self, item_ids: Sequence[str], happened: str, measures: str, *, confirmed: bool, follow_up_s: int
    ) -> tuple[LossReport, ...]:
        """Tell the originators of held items that they were lost, or may have been, now.

        Raises:
            UsageError: an item is not held here or is our own, or no agreement lets a report go.
        """
        told: dict[tuple[str, Any], list[ItemReference]] = {}
        for item_id in item_ids:
            item = self._node.holdings.newest(item_id)
            sender = self._node.holdings.sender(item_id)
            if item is None or sender is None:
                raise UsageError(
                    f"`{item_id[:80]}` is no partner's item held here: name one as the picture does"
                )
            whom = self._whom(item.label.originator.split("/")[0], sender)
            told.setdefault((whom, item.domain), []).append(item.reference)
        now_ns = self._node.clock.now_ns()
        reports = [
            LossReport(
                **self._head(f"loss-{of_name(about[0].item_id)}-{whom}", domain, whom, now_ns),
                about=tuple(about),
                happened=happened,
                measures=measures,
                confirmed=confirmed,
                follow_up_ns=now_ns + follow_up_s * SECOND_NS if follow_up_s else None,
            )
            for (whom, domain), about in told.items()
        ]
        for report in reports:
            self._refuse_unsayable(report)
        for report in reports:
            self._node.say(report, report.label.releasable_to[0])
        return tuple(reports)

    def _whom(self, originator: str, sender: str) -> str:
        return originator if originator in self._node.config.peers else sender

    def _refuse_unsayable(self, report: LossReport) -> None:
        whom = report.label.releasable_to[0]
        if self._asked.may_go(report, whom) is None:
            raise UsageError(f"no agreement lets a report of loss go to {whom}: telephone, and write it in")

    def _head(self, name: str, domain: Any, whom: str, now_ns: int) -> dict[str, Any]:
        return self._node.heads.head(
            name,
            name,
            kind="loss-report",
            domain=domain,
            valid_ns=now_ns,
            now_ns=now_ns,
            releasable_to=(whom,),
        )

    def follow_up(self, item_id: str, measures: str, *, confirmed: bool, follow_up_s: int) -> LossReport:
        """A newer version of an own report: what was done since, and by when more comes; 0 for the last word.

        Raises:
            UsageError: no own report of that name is open.
        """
        loss = self.losses.get(item_id)
        if loss is None or loss.sender is not None or not loss.is_open:
            raise UsageError(f"no own report `{item_id[:80]}` is open here: list them again")
        now_ns, before = self._node.clock.now_ns(), loss.item
        name = before.item_id.removeprefix(f"{self._node.config.party}-")
        whom = before.label.releasable_to[0]
        head = self._head(name, before.domain, whom, now_ns)
        report = msgspec.structs.replace(
            before,
            **head,
            measures=measures,
            confirmed=confirmed,
            follow_up_ns=now_ns + follow_up_s * SECOND_NS if follow_up_s else None,
        )
        self._node.say(report, whom)
        return report

    def instruct(self, item_id: str, text: str) -> Answer:
        """The originator's instructions to who reported a loss.

        Raises:
            UsageError: no partner's report of that name is known, or there are no words.
        """
        loss = self.losses.get(item_id)
        if loss is None or loss.sender is None:
            raise UsageError(f"no partner's report `{item_id[:80]}` is known here: list them again")
        if not text:
            raise UsageError("say what is to be done: instructions are words")
        now_ns = self._node.clock.now_ns()
        answer = Answer(
            **self._node.heads.head(
                f"answer-{of_name(item_id)}",
                loss.item.subject,
                kind="answer",
                domain=loss.item.domain,
                valid_ns=now_ns,
                now_ns=now_ns,
                releasable_to=(loss.sender,),
            ),
            to=loss.item.reference,
            holder=self._node.config.party,
            answer=HolderAnswer.COMPLIED,
            reason=text,
            about=loss.item.about,
        )
        self._node.say(answer, loss.sender)
        loss.instructions.append(text)
        return answer

    # --- what comes ---

    def note(self, item: LossReport, sender: str | None) -> None:
        """Take a report that is in the ledger: an own one, or a partner's."""
        known = self.losses.get(item.item_id)
        if known is not None:
            known.item, known.is_reminded, known.is_overdue = item, False, False
            known.begun_ns = item.valid_ns
        elif sender is None or sum(one.sender == sender for one in self.losses.values()) < LOSSES_MAX:
            self.losses[item.item_id] = Loss(item, sender, item.valid_ns)
        else:
            self._node.note_refusal(f"`{sender}` reported more than {LOSSES_MAX} losses: not listed")
            return
        if item.follow_up_ns is None:
            self._open.pop(item.item_id, None)
        else:
            self._open[item.item_id] = None
        if sender is not None:
            self._to_pass_on.append((item, sender))

    def instructed(self, answer: Answer, sender: str) -> bool:
        """Whether an answer is the instruction to an own report, taken then."""
        loss = self.losses.get(answer.to.item_id)
        if loss is None or loss.sender is not None or sender not in loss.item.label.releasable_to:
            return False
        loss.instructions.append(answer.reason)
        return True

    def made(self, now_ns: int) -> Iterator[tuple[Held, RecallRecord | None]]:
        """Reports passed on to originators (rule 1), each once, also after a restart."""
        waiting, self._to_pass_on = self._to_pass_on, []
        for item, sender in waiting:
            by_originator: dict[str, list[ItemReference]] = {}
            for reference in item.about:
                originator = reference.item_id.split("-", maxsplit=1)[0]
                # Nobody makes us report what we did not give.
                given = any(
                    copy.is_release and copy.party == sender for copy in self._copies.of([reference.item_id])
                )
                if given and originator in self._node.config.peers and originator != sender:
                    by_originator.setdefault(originator, []).append(reference)
            for originator, about in by_originator.items():
                name = f"loss-{of_name(item.item_id)}-{originator}"
                known = self.losses.get(f"{self._node.config.party}-{name}")
                if known is not None and known.item.valid_ns >= item.valid_ns:
                    continue
                report = msgspec.structs.replace(
                    item,
                    **self._head(name, item.domain, originator, now_ns),
                    about=tuple(about),
                    lost_by=item.lost_by or sender,
                )
                held = self._asked.may_go(report, originator)
                if held is not None:
                    self._node.use_item(held)
                    yield held, None

    def steps(self, now_ns: int) -> list[RecallRecord]:
        """Records of reports that are due for more, or overdue, each once."""
        records = []
        for item_id in tuple(self._open):
            loss = self.losses[item_id]
            until_ns = loss.item.follow_up_ns or 0
            step = None
            if until_ns <= now_ns and not loss.is_overdue:
                step = RecallStep.OVERDUE
            elif loss.begun_ns + (until_ns - loss.begun_ns) // 2 <= now_ns and not (
                loss.is_reminded or loss.is_overdue
            ):
                step = RecallStep.REMINDED
            if step is not None:
                record = RecallRecord(step=step, asks=loss.item.reference)
                self.restore(record)
                records.append(record)
        return records

    def restore(self, record: RecallRecord) -> None:
        """Take a step that is in the ledger, or is about to be."""
        loss = None if record.asks is None else self.losses.get(record.asks.item_id)
        if loss is None or record.asks is None or record.asks.version != loss.item.version:
            return
        loss.is_reminded = loss.is_reminded or record.step is RecallStep.REMINDED
        loss.is_overdue = loss.is_overdue or record.step is RecallStep.OVERDUE
