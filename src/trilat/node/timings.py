"""`Timings`: when reports were accepted, released and arrived, by the world's clock; to measure an exercise.

Nothing of it leaves with a release; the director of an exercise asks each node for its own part and puts them
together. Bounded: the oldest go first.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from typing import Any, Final

from trilat.node.node import Node
from trilat.node.records import ReleaseRecord

_KEPT: Final = 50_000
_REPORTS_OF_ONE_MAX: Final = 64


class Timings:
    """Instants of one node by the world's clock, UTC ns."""

    def __init__(self, node: Node, wall_ns: Callable[[], int]) -> None:
        """Nothing noted yet."""
        self._node = node
        self._wall_ns = wall_ns
        self._accepted: OrderedDict[bytes, int] = OrderedDict()
        self._cursors: dict[tuple[str, str], int] = dict(node.endpoint.cursors())
        self._released: deque[tuple[int, str, int, int, tuple[int, ...]]] = deque(maxlen=_KEPT)
        self._arrived: deque[tuple[int, str, int, int]] = deque(maxlen=_KEPT)
        self._number = 0

    def accepted(self, report_ids: Iterable[str]) -> None:
        """These own reports are in the ledger now."""
        now_ns = self._wall_ns()
        for report_id in report_ids:
            self._accepted[self._node.heads.token(report_id)] = now_ns
        while len(self._accepted) > _KEPT:
            self._accepted.popitem(last=False)

    def released(self, records: Iterable[ReleaseRecord]) -> None:
        """These releases were written and handed to the links just now."""
        now_ns = self._wall_ns()
        for record in records:
            item = self._node.holdings.newest(record.item.item_id)
            if item is None or item.version != record.item.version:
                continue
            walls = [
                self._accepted[token]
                for token in item.provenance.observations[:_REPORTS_OF_ONE_MAX]
                if token in self._accepted
            ]
            if walls:
                self._number += 1
                self._released.append((self._number, record.recipient, record.sequence, now_ns, tuple(walls)))

    def arrived(self) -> None:
        """Whatever the streams' cursors have newly passed is in the picture now."""
        now_ns = self._wall_ns()
        for name, cursor in self._node.endpoint.cursors().items():
            for sequence in range(self._cursors.get(name, 0) + 1, cursor + 1):
                self._number += 1
                self._arrived.append((self._number, name[0], sequence, now_ns))
            self._cursors[name] = cursor

    def after(self, number: int) -> dict[str, Any]:
        """What was noted after a number that an earlier answer gave as `last`; JSON types only."""
        return {
            "last": self._number,
            "released": [
                {
                    "recipient": recipient,
                    "sequence": sequence,
                    "wall_ns": wall_ns,
                    "accepted_ns": list(walls),
                }
                for noted, recipient, sequence, wall_ns, walls in self._released
                if noted > number
            ],
            "arrived": [
                {"sender": sender, "sequence": sequence, "wall_ns": wall_ns}
                for noted, sender, sequence, wall_ns in self._arrived
                if noted > number
            ],
        }
