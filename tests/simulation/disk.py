"""`Disk` and `SimStore`: a node's disk that survives its process, and the store that a process opens on it.

What `append` returned from is committed and stays. A process may end before, within or after a commit; what
is written of a commit that did not end is there until the disk is recovered, as a database does from its log.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from trilat.model import LedgerError, Row


class CrashError(BaseException):
    """The process ends here. No code under test may catch it, so it is no Exception."""


class Disk:
    """Rows that survive. `full` refuses more; `tearing` ends the next commit in its middle."""

    def __init__(self) -> None:
        """An empty disk."""
        self.rows: list[Row] = []
        self.committed = 0
        self.full = False
        self.tearing = False
        self.rotten: dict[int, Row] = {}
        """What stood in rows of which a bit was flipped."""

    def tear(self, rows: Sequence[Row]) -> None:
        """Half of a commit: some whole rows, then one that is cut off."""
        whole = len(rows) // 2
        self.rows += rows[:whole]
        torn = rows[whole]
        sealed = torn.sealed_content or b""
        self.rows.append(torn._replace(sealed_content=sealed[: len(sealed) // 2]))

    def flip(self, entry: int, field: str, bit: int) -> None:
        """Flip one bit of one field of a row."""
        row = self.rows[entry]
        self.rotten.setdefault(entry, row)
        values: dict[str, Any] = row._asdict()
        values[field] = _flipped(values[field], bit)
        self.rows[entry] = Row(**values)

    def is_sound(self) -> bool:
        """Whether it holds what was committed and nothing else."""
        return not self.rotten and len(self.rows) == self.committed

    def recover(self) -> None:
        """A commit that did not end is gone, as in a database; rotten rows come from a copy."""
        del self.rows[self.committed :]
        for entry, row in self.rotten.items():
            self.rows[entry] = row
        self.rotten.clear()


def _flipped(value: Any, bit: int) -> int | str | bytes:
    if isinstance(value, int):
        return value ^ (1 << bit % 60)
    data = bytearray(value.encode() if isinstance(value, str) else value)
    place = bit % (8 * len(data))
    data[place // 8] ^= 1 << place % 8
    return data.decode("latin-1") if isinstance(value, str) else bytes(data)


class SimStore:
    """The store of one process over a disk; the rules of `trilat.model.Store`."""

    def __init__(self, disk: Disk, step: Callable[[str], None]) -> None:
        """A store of a process that may end at any `step`."""
        self._disk = disk
        self._step = step

    def append(self, rows: Sequence[Row]) -> None:
        """All rows or none."""
        self._step("before commit")
        if self._disk.full:
            raise LedgerError("the ledger cannot be written: no space left on the disk")
        if self._disk.tearing and rows:
            self._disk.tearing = False
            self._disk.tear(rows)
            raise CrashError
        for offset, row in enumerate(rows):
            if row.entry != len(self._disk.rows) + offset:
                raise LedgerError(f"entry {row.entry} does not follow: not written")
        self._disk.rows += rows
        self._disk.committed = len(self._disk.rows)
        self._step("after commit")

    def remove(self, entries: Sequence[int], records: Sequence[Row]) -> None:
        """Take key and content out of rows and append the records of it."""
        for entry in entries:
            if not 0 <= entry < len(self._disk.rows):
                raise LedgerError(f"entry {entry} is not in this ledger: nothing was removed", entry=entry)
        blank = [self._disk.rows[entry]._replace(wrapped_key=None, sealed_content=None) for entry in entries]
        self.append(records)
        for row in blank:
            self._disk.rows[row.entry] = row

    def rows(self, first_entry: int = 0) -> Iterator[Row]:
        """Rows in order from an entry on; LedgerError at one that is missing."""
        entry = first_entry
        while entry < len(self._disk.rows):
            row = self._disk.rows[entry]
            if row.entry != entry:
                raise LedgerError(f"entry {entry} is missing from the store", entry=entry)
            yield row
            entry += 1

    def last(self) -> Row | None:
        """The newest row, or None."""
        return self._disk.rows[-1] if self._disk.rows else None

    def close(self) -> None:
        """Nothing to give back."""
