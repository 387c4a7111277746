"""`copy_ledger`: a store's rows into another one, which may hold the beginning already.

What was removed since the last time is taken out of the copy too, in the commit that brings the record of it:
a copy never keeps what the ledger does not, longer than until it is made again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from trilat.ledger.entry import EntryKind, Removal
from trilat.ledger.examination import Examined, Head, examine
from trilat.ledger.vault import Vault
from trilat.model import LedgerError, Row, Store, WireError, decode

_COMMIT_ROWS: Final = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Copied:
    """How far a copy has come, how many rows are new in it, and which of them are damaged."""

    head: Head
    new_rows: int
    damaged: tuple[str, ...]


def copy_ledger(
    source: Store, target: Store, party: str, key: bytes, on_rows: Callable[[int], None] = lambda _: None
) -> Copied:
    """Bring `target` to where `source` is now.

    Args:
        source: may be written beside it.
        target: empty, or a copy of the same ledger from before.
        party: whose ledger it is.
        key: the ledger key.
        on_rows: is told how many rows were copied, after each commit.

    Raises:
        LedgerError: the target is a copy of another history, a row of the source cannot even be read, or a
            store refuses. What was copied until then stays, and the next time goes on from there.
    """
    vault = Vault(key)
    first = _refuse_another_history(source, target)
    damaged: list[str] = []
    copied = 0
    for chunk in _chunks(examine(source, party, vault, first)):
        damaged += [found.problem for found in chunk if found.problem is not None]
        rows, gone = _without_removed(chunk)
        earlier = [entry for entry in gone if entry < rows[0].entry and not _is_blank(target, entry)]
        if earlier:
            target.remove(earlier, rows)
        else:
            target.append(rows)
        copied += len(rows)
        on_rows(len(rows))
    last = target.last()
    head = (
        Head(entries=0, chained=b"") if last is None else Head(entries=last.entry + 1, chained=last.chained)
    )
    return Copied(head=head, new_rows=copied, damaged=tuple(damaged))


def _refuse_another_history(source: Store, target: Store) -> int:
    """The first entry to copy."""
    last = target.last()
    if last is None:
        return 0
    same = next(source.rows(last.entry), None)
    if same is None or same.chained != last.chained:
        raise LedgerError(
            f"the copy holds {last.entry + 1} entries that this ledger does not have so: it is of another "
            "history, keep it, and name a new one"
        )
    return last.entry + 1


def _chunks(found: Iterator[Examined]) -> Iterator[list[Examined]]:
    chunk: list[Examined] = []
    for one in found:
        if one.row is None:
            raise LedgerError(f"not copied from there on: {one.problem}", entry=one.entry)
        chunk.append(one)
        if len(chunk) == _COMMIT_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _without_removed(chunk: list[Examined]) -> tuple[list[Row], set[int]]:
    """The rows of a chunk, those that it removes itself without content, and all entries that it removes."""
    gone = {entry for one in chunk if (entry := _removed_by(one)) is not None}
    rows = [one.row for one in chunk if one.row is not None]
    return [
        row._replace(wrapped_key=None, sealed_content=None) if row.entry in gone else row for row in rows
    ], gone


def _removed_by(found: Examined) -> int | None:
    if found.kind is not EntryKind.REMOVAL or found.content is None:
        return None
    try:
        return decode(found.content, Removal).entry
    except WireError:
        return None


def _is_blank(target: Store, entry: int) -> bool:
    row = next(target.rows(entry), None)
    return row is None or row.sealed_content is None
