"""`GivenAnswers`: what own officers answered at the desk of late, so that it can be shown and taken back."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, NamedTuple

from trilat.node.approvals import ReferralKey
from trilat.node.records import DeskRecord, DeskStep, Referral

QUESTIONS_MAX: Final = 1_000
"""Questions whose answers are remembered; the oldest go first, from memory and never from the ledger."""


class Spoken(NamedTuple):
    """One answer, or one taken back, and when by the clock it was written."""

    key: ReferralKey
    record: DeskRecord
    at_ns: int


class GivenAnswers:
    """Answers by the question."""

    def __init__(self) -> None:
        """Nothing answered yet."""
        self._spoken: OrderedDict[str, list[Spoken]] = OrderedDict()
        self._asked: dict[str, Referral] = {}

    def note(self, spoken: Spoken) -> None:
        """Take what an officer said to a question."""
        question = spoken.record.question or ""
        self._spoken.setdefault(question, []).append(spoken)
        self._spoken.move_to_end(question)
        if len(self._spoken) > QUESTIONS_MAX:
            gone, _ = self._spoken.popitem(last=False)
            self._asked.pop(gone, None)

    def note_asked(self, question: str, referral: Referral) -> None:
        """Keep what was asked, for when an answer is taken back; not known any more after a restart."""
        self._asked[question] = referral

    def asked(self, question: str) -> Referral | None:
        """What a question asked."""
        return self._asked.get(question)

    def newest_first(self) -> Iterator[list[Spoken]]:
        """What was said to each question, the one answered last first."""
        yield from reversed(self._spoken.values())

    def approval(self, question: str, officer: str) -> Spoken | None:
        """The approval of an officer, as `PARTY/name`, that was not taken back."""
        said = [one for one in self._spoken.get(question, ()) if one.record.officer == officer]
        if not said or said[-1].record.step is not DeskStep.ANSWERED or not said[-1].record.granted:
            return None
        return said[-1]
