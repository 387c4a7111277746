"""`MemoryStore`: the in-memory twin of a store. It keeps rows in a list and loses them with the process."""

from collections.abc import Iterator, Sequence

from trilat.model import LedgerError, Row


class MemoryStore:
    """Rows in a list; the rules of `trilat.model.Store`, but for the disk."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        """A store that begins with `rows`, as one that is opened again does."""
        self._rows = list(rows)

    def append(self, rows: Sequence[Row]) -> None:
        """Keep all rows or none; LedgerError where their numbers do not follow."""
        for offset, row in enumerate(rows):
            if row.entry != len(self._rows) + offset:
                raise LedgerError(
                    f"entry {row.entry} does not follow entry {len(self._rows) + offset - 1}: not written"
                )
        self._rows.extend(rows)

    def remove(self, entries: Sequence[int], records: Sequence[Row]) -> None:
        """Take key and content out of rows and append the records of it."""
        for entry in entries:
            if not 0 <= entry < len(self._rows):
                raise LedgerError(f"entry {entry} is not in this ledger: nothing was removed", entry=entry)
        self.append(records)
        for entry in entries:
            self._rows[entry] = self._rows[entry]._replace(wrapped_key=None, sealed_content=None)

    def rows(self, first_entry: int = 0) -> Iterator[Row]:
        """Rows in order from an entry on; LedgerError at one that is missing."""
        entry = first_entry
        while entry < len(self._rows):
            row = self._rows[entry]
            if row.entry != entry:
                raise LedgerError(f"entry {entry} is missing from the store", entry=entry)
            yield row
            entry += 1

    def last(self) -> Row | None:
        """The newest row, or None."""
        return self._rows[-1] if self._rows else None

    def close(self) -> None:
        """Nothing is held."""
