"""`Audit`: adds up an examination of all rows to one verdict."""

from typing import Final

from trilat.ledger.entry import CONTENT_BYTES_MAX, EntryKind, Removal, Repair
from trilat.ledger.examination import Examined, Head, Verification
from trilat.model import WireError, decode

_TROUBLES_MAX: Final = 1_000_000
"""Damaged entries that are remembered by number, so that a later repair of each is known."""


class Audit:
    """Takes rows one after another. What was damaged and repaired, or is known to be lost, is no trouble."""

    def __init__(self, remembered: Head | None) -> None:
        """Nothing taken yet; `remembered` is the head that the rows must contain."""
        self._remembered = remembered
        self._entries = 0
        self._blank: set[int] = set()
        self._recorded: set[int] = set()
        self._troubles: dict[int, str] = {}
        self._beyond: tuple[int, str] | None = None
        self._repairs: dict[int, bool] = {}
        """Whether the content was had again, by entry."""

        self._damaged = 0
        self._met = remembered is None or remembered.entries == 0

    def take(self, found: Examined) -> None:
        """Take the next row."""
        self._entries = found.entry + 1
        if found.problem is not None:
            self._damaged += 1
            if len(self._troubles) < _TROUBLES_MAX:
                self._troubles[found.entry] = found.problem
            else:
                self._note(found.entry, found.problem)
        elif found.content is None:
            self._blank.add(found.entry)
        elif found.kind is EntryKind.REMOVAL:
            self._take_removal(found.entry, found.content)
        elif found.kind is EntryKind.REPAIR:
            self._take_repair(found.entry, found.content)
        if (
            self._remembered is not None
            and found.row is not None
            and found.entry + 1 == self._remembered.entries
        ):
            self._met = True
            if found.row.chained != self._remembered.chained:
                self._note(found.entry, f"entry {found.entry} is not the one that was remembered as the head")

    def verdict(self) -> Verification:
        """The first trouble, or none."""
        repaired = {entry: had for entry, had in self._repairs.items() if entry in self._troubles}
        for entry, problem in self._troubles.items():
            if entry not in repaired:
                self._note(entry, problem)
        damaged = self._damaged > 0  # the damaged row may be the one that records a removal
        for entry in [] if damaged else sorted(self._blank - self._recorded):
            self._note(entry, f"the content of entry {entry} is gone and no later entry records its removal")
        for entry in sorted(self._recorded - self._blank - self._repairs.keys()):
            self._note(entry, f"entry {entry} holds a content again that was removed")
        if not self._met and self._remembered is not None:
            missing = self._remembered.entries
            self._note(
                self._entries,
                f"entries from {self._entries} on are missing: the remembered head counts {missing}",
            )
        return Verification(
            entries=self._entries,
            removed=len(self._blank),
            verified=self._beyond is None,
            broken_entry=None if self._beyond is None else self._beyond[0],
            problem=None if self._beyond is None else self._beyond[1],
            damaged=self._damaged,
            repaired=sum(repaired.values()),
            lost=len(repaired) - sum(repaired.values()),
        )

    def _take_removal(self, entry: int, content: bytes) -> None:
        try:
            removal = decode(content, Removal)
        except WireError as error:
            self._note(entry, f"entry {entry} does not say what it removed: {error}")
            return
        if removal.entry >= entry:
            self._note(entry, f"entry {entry} removes an entry that is not before it")
        self._recorded.add(removal.entry)

    def _take_repair(self, entry: int, content: bytes) -> None:
        try:
            repair = decode(content, Repair, bytes_max=CONTENT_BYTES_MAX)
        except WireError as error:
            self._note(entry, f"entry {entry} does not say what it repaired: {error}")
            return
        if repair.entry >= entry:
            self._note(entry, f"entry {entry} repairs an entry that is not before it")
        if repair.kind == EntryKind.REMOVAL.value and repair.content is not None:
            self._take_removal(repair.entry, repair.content)
        self._repairs[repair.entry] = repair.content is not None

    def _note(self, entry: int, problem: str) -> None:
        if self._beyond is None or entry < self._beyond[0]:
            self._beyond = entry, problem
