"""`Ledger`: a party's own record. Only ever added to; what was changed or lost shows, and where.

    ledger = Ledger(SqliteStore(path), party="KOR", key=key, clock=clock, entropy=os.urandom)
    (receipt,) = ledger.append([Entry(kind=EntryKind.REPORT, content=encode(report))])

Rules
1. `append` returns after one durable commit for all its entries. What it returned a receipt for is there.
2. Every row commits to its content by a salted digest and to all rows before it by the chain.
3. `remove_content` takes a content away for good; that there was one, when, and what it was committed to,
   stays, and so does who removed it and why, as an entry of its own.
4. A damaged ledger is not written to: the damage would end up under good rows. It can still be read.
5. Whoever holds the ledger key can write a whole new ledger. Against that helps a `Head` kept elsewhere, as
   partners do with the receipts they are sent.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from trilat.ledger.chain import chained_of, commitment_of, genesis_of
from trilat.ledger.entry import (
    BATCH_ENTRIES_MAX,
    CONTENT_BYTES_MAX,
    Entry,
    EntryKind,
    Removal,
    Stored,
)
from trilat.ledger.examination import Examined, Head, Verification, examine
from trilat.ledger.vault import Entropy, Vault, draw_secrets
from trilat.model import (
    Clock,
    LedgerError,
    Receipt,
    Row,
    Store,
    UsageError,
    WireError,
    checked_copy,
    decode,
    encode,
)

_CHECKED_ON_OPENING: Final = 256
"""Rows at the end that opening examines; `verify` examines all."""


class Ledger:
    """The record of one party over a store. One object writes; its methods may be called from any thread."""

    def __init__(self, store: Store, party: str, key: bytes, clock: Clock, entropy: Entropy) -> None:
        """The ledger in `store`, continued where it ended.

        Args:
            store: holds the rows; the ledger is its only writer.
            party: whose ledger it is; another party's rows do not fit its chain.
            key: 32 bytes, under which the keys of all contents are wrapped.
            clock: gives the instants of recording.
            entropy: random bytes, never the same twice: `os.urandom` but in a simulation.

        Raises:
            UsageError: the key has another length.
        """
        self._store = store
        self._party = party
        self._vault = Vault(key)
        self._clock = clock
        self._entropy = entropy
        self._writing = threading.Lock()
        self._entries = 0
        self._chained = genesis_of(party)
        self._blank: Receipt | None = None
        self._problem = self._continue()

    @property
    def party(self) -> str:
        """Whose ledger it is."""
        return self._party

    @property
    def problem(self) -> str | None:
        """Why the ledger refuses to be written, in one line; None while it does not."""
        return self._problem

    def append(self, entries: Sequence[Entry]) -> tuple[Receipt, ...]:
        """The receipts of `entries`, in their order, after one durable commit of all of them.

        Raises:
            UsageError: a content is over `CONTENT_BYTES_MAX`, or the batch over `BATCH_ENTRIES_MAX`.
            LedgerError: the ledger is damaged or the store refuses; nothing was written.
        """
        _refuse_oversize(entries)
        if not entries:
            return ()
        with self._writing:
            rows = self._rows_for(entries)
            self._store.append(rows)
            self._advance(rows[-1])
        return tuple(self._receipt(row) for row in rows)

    def remove_content(self, entry: int, reason: str) -> Receipt:
        """The receipt of the REMOVAL entry; from now on the content of `entry` cannot be had any more.

        Raises:
            UsageError: there is no such entry, its content is gone already, or it is itself a removal.
            LedgerError: the ledger or that row is damaged, or the store refuses; nothing was removed.
        """
        return self.remove_contents([entry], reason)[0]

    def remove_contents(self, entries: Sequence[int], reason: str) -> tuple[Receipt, ...]:
        """The receipts of one REMOVAL entry each; all contents go in one durable commit, or none does.

        Raises:
            UsageError: as in `remove_content`, an entry stands twice, or there are too many of them.
            LedgerError: as in `remove_content`; nothing was removed.
        """
        if len(set(entries)) != len(entries) or len(entries) > BATCH_ENTRIES_MAX:
            raise UsageError(
                f"an entry stands twice, or more than {BATCH_ENTRIES_MAX} are to be removed at once"
            )
        removals = [
            Entry(kind=EntryKind.REMOVAL, content=encode(Removal(entry=entry, reason=reason)))
            for entry in entries
        ]
        if not removals:
            return ()
        with self._writing:
            for entry in entries:
                self._refuse_to_remove(entry)
            rows = self._rows_for(removals)
            self._store.remove(entries, rows)
            self._advance(rows[-1])
        return tuple(self._receipt(row) for row in rows)

    def _refuse_to_remove(self, entry: int) -> None:
        if entry >= self._entries:
            raise UsageError(
                f"entry {entry} is not in this ledger, which has {self._entries}: give a lower number"
            )
        found = next(examine(self._store, self._party, self._vault, entry))
        if found.problem is not None:
            raise LedgerError(f"nothing was removed: {found.problem}", entry=entry)
        if found.content is None or found.kind is EntryKind.REMOVAL:
            raise UsageError(f"entry {entry} is a removal, or its content is gone already: nothing to remove")

    def entries(
        self,
        first: int = 0,
        kinds: Collection[EntryKind] | None = None,
        *,
        on_broken: Callable[[int, str], None] | None = None,
    ) -> Iterator[Stored]:
        """What was written, in order, from entry `first` on; only `kinds` where they are given.

        Every row on the way is examined, also those of other kinds.

        Args:
            first: the entry to begin with.
            kinds: the kinds wanted; None for all.
            on_broken: is told the entry and the problem of each damaged row, and reading goes on behind it.

        Raises:
            LedgerError: at the first damaged row, unless `on_broken` is given.
        """
        for found in examine(self._store, self._party, self._vault, first):
            if found.problem is not None:
                if on_broken is None:
                    raise LedgerError(found.problem, entry=found.entry)
                on_broken(found.entry, found.problem)
            elif found.kind is not None and found.row is not None and (kinds is None or found.kind in kinds):
                yield Stored(
                    entry=found.entry,
                    kind=found.kind,
                    recorded_ns=found.row.recorded_ns,
                    content=found.content,
                    commitment=found.row.commitment,
                )

    def contents(
        self, kinds: Collection[EntryKind], first: int = 0
    ) -> Iterator[tuple[int, EntryKind, bytes]]:
        """Entry, kind and content of all rows of `kinds` that have one, in order from entry `first` on; for
        reading very many.

        Each row is opened under its own key, which proves its place and content; that no row is missing is
        what `verify` examines.

        Raises:
            LedgerError: a row cannot be read or does not open.
        """
        wanted = {kind.value: kind for kind in kinds}
        for row in self._store.rows(first):
            kind = wanted.get(row.kind)
            if kind is None or row.wrapped_key is None or row.sealed_content is None:
                continue
            secrets = self._vault.unwrap(row.wrapped_key, row.entry, row.chained)
            content = None if secrets is None else self._vault.open(secrets, row.entry, row.sealed_content)
            if content is None:
                raise LedgerError(f"entry {row.entry} is damaged: it does not open", entry=row.entry)
            yield row.entry, kind, content

    def head(self) -> Head:
        """How far the ledger has come, to be kept elsewhere and given to `verify` later."""
        with self._writing:
            return Head(entries=self._entries, chained=self._chained)

    def verify(self, remembered: Head | None = None) -> Verification:
        """What an examination of every row says, and whether the rows still contain the remembered head.

        Rows are read one after another; memory grows only with the number of removed contents.
        """
        audit = _Audit(remembered)
        for found in examine(self._store, self._party, self._vault):
            audit.take(found)
        return audit.verdict()

    def close(self) -> None:
        """Give the store back."""
        self._store.close()

    def _continue(self) -> str | None:
        """Take up the chain at the newest row; the problem where the last rows are not sound."""
        try:
            last = self._store.last()
        except LedgerError as error:
            return str(error)
        if last is None:
            return None
        self._advance(last)
        found = examine(self._store, self._party, self._vault, max(0, last.entry + 1 - _CHECKED_ON_OPENING))
        newest = -1
        for row in found:
            if row.problem is not None:
                return row.problem
            newest = row.entry
        return None if newest == last.entry else f"entry {newest + 1} is missing from the store"

    def _rows_for(self, entries: Sequence[Entry]) -> list[Row]:
        if self._problem is not None:
            raise LedgerError(f"the ledger is not written to: {self._problem}")
        recorded_ns = self._clock.now_ns()
        chained = self._chained
        rows = []
        drawn = draw_secrets(self._entropy, len(entries))
        for number, (entry, secrets) in enumerate(zip(entries, drawn, strict=True), self._entries):
            kind = entry.kind.value
            commitment = commitment_of(secrets.salt, kind, entry.content)
            chained = chained_of(chained, number, kind, recorded_ns, commitment)
            wrapped_key, sealed = self._vault.seal(secrets, number, chained, entry.content)
            rows.append(Row(number, kind, recorded_ns, commitment, chained, wrapped_key, sealed))
        return rows

    def _advance(self, row: Row) -> None:
        self._entries, self._chained = row.entry + 1, row.chained

    def _receipt(self, row: Row) -> Receipt:
        if self._blank is None:
            self._blank = Receipt(
                party=self._party, entry=row.entry, commitment=row.commitment, recorded_ns=row.recorded_ns
            )
        # One receipt is checked; the others differ in what this ledger has just counted, hashed and stamped.
        return checked_copy(
            self._blank, entry=row.entry, commitment=row.commitment, recorded_ns=row.recorded_ns
        )


class _Audit:
    """Adds up an examination."""

    def __init__(self, remembered: Head | None) -> None:
        self._remembered = remembered
        self._entries = 0
        self._blank: set[int] = set()
        self._recorded: set[int] = set()
        self._trouble: tuple[int, str] | None = None
        self._met = remembered is None or remembered.entries == 0

    def take(self, found: Examined) -> None:
        self._entries = found.entry + 1
        if found.problem is not None:
            self._note(found.entry, found.problem)
        elif found.content is None:
            self._blank.add(found.entry)
        elif found.kind is EntryKind.REMOVAL:
            self._take_removal(found.entry, found.content)
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
        damaged = self._trouble is not None  # the damaged row may be the one that records a removal
        for entry in [] if damaged else sorted(self._blank - self._recorded):
            self._note(entry, f"the content of entry {entry} is gone and no later entry records its removal")
        for entry in sorted(self._recorded - self._blank):
            self._note(entry, f"entry {entry} holds a content again that was removed")
        if not self._met and self._remembered is not None:
            missing = self._remembered.entries
            self._note(
                self._entries,
                f"entries from {self._entries} on are missing: the remembered head counts {missing}",
            )
        broken_entry, problem = self._trouble if self._trouble is not None else (None, None)
        return Verification(
            entries=self._entries,
            removed=len(self._blank),
            verified=problem is None,
            broken_entry=broken_entry,
            problem=problem,
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

    def _note(self, entry: int, problem: str) -> None:
        if self._trouble is None or entry < self._trouble[0]:
            self._trouble = entry, problem


def _refuse_oversize(entries: Sequence[Entry]) -> None:
    if len(entries) > BATCH_ENTRIES_MAX:
        raise UsageError(
            f"{len(entries)} entries at once are over the limit of {BATCH_ENTRIES_MAX}: write less at once"
        )
    for entry in entries:
        if len(entry.content) > CONTENT_BYTES_MAX:
            raise UsageError(
                f"a content of {len(entry.content)} bytes is over the limit of {CONTENT_BYTES_MAX}: split it"
            )
