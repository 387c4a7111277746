"""`Retention`: contents of entries that are kept for a time only, by kind. Place and proof stay for good.

Rules
1. Only kinds that tell nothing of what was shared may be kept for a time: who read what, what was refused,
   answers to feeds. Items, decisions, releases and receipts go by agreements and recalls, never by age here.
2. A look at some rows a second, oldest first; a ledger of any size is gone through without holding up a node.
3. What proves that somebody showed two histories, or signs what it should not, is kept for good: refused
   texts of agreements and trust states, with their signatures (`EVIDENT_SOURCES`). Each kind is bounded where
   it is written, so nobody fills a ledger with them.
4. What is removed is removed as anything else is: for good, with an entry that says why.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from trilat.ledger import Entry, EntryKind, Stored
from trilat.model import SECOND_NS, PeerError, UsageError, decode
from trilat.node.known_agreements import AGREEMENTS
from trilat.node.parts import Part
from trilat.node.records import RECORD_BYTES_MAX, RefusalRecord
from trilat.node.trusting import TRUST_SOURCE

if TYPE_CHECKING:
    from trilat.node.node import Node

RETAINED_KINDS: Final = (EntryKind.INTAKE, EntryKind.READING, EntryKind.REFUSAL)
"""What may be kept for a time (rule 1)."""

EVIDENT_SOURCES: Final = frozenset({AGREEMENTS, TRUST_SOURCE})
"""Of refused input, what is evidence (rule 3)."""

_DAY_NS: Final = 86_400 * SECOND_NS
_LOOKED_AT_MAX: Final = 200
_AGAIN_NS: Final = 600 * SECOND_NS
"""After the newest row that is old enough, nothing is looked at for so long."""


class Retention(Part):
    """Removes what was kept long enough, a little each second."""

    def __init__(self, node: "Node") -> None:
        """Nothing looked at; UsageError for a kind that is not to be kept for a time (rule 1)."""
        kept_for_good = set(node.config.keep_days) - {kind.value for kind in RETAINED_KINDS}
        if kept_for_good:
            raise UsageError(f"entries of kind {min(kept_for_good)} are kept for good: leave out its days")
        self._node = node
        self._ages = [_Age(EntryKind(kind), days) for kind, days in node.config.keep_days.items() if days > 0]
        self.removed = 0
        """How many contents were removed since the node began."""

    def steps(self, now_ns: int) -> Iterable[Entry]:
        """Remove what is due; its entries are written by the removal itself."""
        for age in self._ages:
            due = self._due(age, now_ns) if now_ns >= age.not_before_ns else []
            self._node.ledger.remove_contents(due, f"{age.kind.value} kept for {age.days} days")
            self.removed += len(due)
        return ()

    def _due(self, age: "_Age", now_ns: int) -> list[int]:
        """Entries of a kind among the next rows whose time has come."""
        due = []

        def broken(entry: int, problem: str) -> None:
            self._node.note_refusal(f"retention passes entry {entry} over: {problem}")

        rows = self._node.ledger.entries(age.next_entry, on_broken=broken)
        for stored in islice(rows, _LOOKED_AT_MAX):
            if now_ns - stored.recorded_ns < age.days * _DAY_NS:
                break
            if stored.kind is age.kind and stored.content is not None and not _is_evidence(stored):
                due.append(stored.entry)
            age.next_entry = stored.entry + 1
        else:
            return due
        age.not_before_ns = now_ns + _AGAIN_NS
        return due


def _is_evidence(stored: Stored) -> bool:
    if stored.kind is not EntryKind.REFUSAL or stored.content is None:
        return False
    try:
        record = decode(stored.content, RefusalRecord, bytes_max=RECORD_BYTES_MAX)
    except PeerError:
        return False
    return record.source in EVIDENT_SOURCES


@dataclass
class _Age:
    """How long a kind is kept, and how far it was gone through."""

    kind: EntryKind
    days: int
    next_entry: int = 0
    not_before_ns: int = 0
