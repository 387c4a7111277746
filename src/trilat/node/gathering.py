"""`Gathering`: what feeds and partners hand over to a running node, several pieces in one go where they wait.

What a node does alone costs a commit, a signature and a message each; an object's own share of deciding,
sealing and opening is a small part of that. So whatever came while something was done goes next, together.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from trilat.model import LedgerError, UsageError
from trilat.node.feeds import FeedBatch, IntakeAnswer, take_batches
from trilat.node.node import Node
from trilat.node.records import ReleaseRecord
from trilat.node.timings import Timings
from trilat.node.worker import Together

BATCHES_MAX: Final = 64
"""Batches of feeds that are taken together."""

REPORTS_TOGETHER_MAX: Final = 256
"""Reports that batches hold together, unless one alone holds more."""

PAYLOADS_MAX: Final = 64
"""What came on the links that is taken together."""

Answer = IntakeAnswer | UsageError | LedgerError


class Gathering:
    """Takes what waits for one node's thread, in as few commits as it can."""

    def __init__(
        self,
        node: Node,
        timings: Timings,
        problem: Callable[[], str | None],
        released: Callable[[Sequence[ReleaseRecord]], None],
    ) -> None:
        """Nothing waits.

        Args:
            node: which takes it.
            timings: is told what was accepted and what arrived.
            problem: says why the node does nothing any more; None while it works.
            released: is told what was released of what feeds gave.
        """
        self._node = node
        self._timings = timings
        self._problem = problem
        self._released = released
        self.offers = False
        """Whether what feeds give is offered to partners in the same commit."""

        self.batches = Together(self._take_all, BATCHES_MAX)
        self.payloads = Together(self._receive_all, PAYLOADS_MAX, passes=True)

    def _take_all(self, batches: Sequence[FeedBatch]) -> Sequence[Answer]:
        answers: list[Answer] = []
        for few in _within(batches):
            try:
                answers += self._take(few)
            except LedgerError as error:
                # What stands before is on disk, and is answered so.
                answers += [error] * len(few)
        return answers

    def _take(self, batches: Sequence[FeedBatch]) -> Sequence[Answer]:
        problem = self._problem()
        if problem is not None:
            raise LedgerError(f"`{self._node.config.party}` has stopped: {problem}")
        answers, records = take_batches(self._node, batches, offer=self.offers)
        for batch, answer in zip(batches, answers, strict=True):
            if isinstance(answer, IntakeAnswer) and answer.accepted and not answer.repeated:
                refused = {index for index, _ in answer.refused}
                self._timings.accepted(
                    report["item_id"] for index, report in enumerate(batch.reports) if index not in refused
                )
        self._released(records)
        return answers

    def _receive_all(self, payloads: Sequence[bytes]) -> Sequence[None]:
        if self._problem() is None:
            self._node.endpoint.receive_all(payloads)
            self._timings.arrived()
        return [None] * len(payloads)


def _within(batches: Sequence[FeedBatch]) -> Iterator[list[FeedBatch]]:
    """Runs of batches with not too many reports together, and no key twice in one."""
    few: list[FeedBatch] = []
    keys: set[str] = set()
    reports = 0
    for batch in batches:
        reports += len(batch.reports)
        if few and (reports > REPORTS_TOGETHER_MAX or batch.key in keys):
            yield few
            few, keys, reports = [], set(), len(batch.reports)
        few.append(batch)
        keys.add(batch.key)
    if few:
        yield few
