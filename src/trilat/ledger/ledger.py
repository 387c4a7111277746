"""`Ledger`: a party's own record. Only ever added to; what was changed or lost shows, and where.

    ledger = Ledger(SqliteStore(path), party="KOR", key=key, clock=clock, entropy=os.urandom)
    (receipt,) = ledger.append([Entry(kind=EntryKind.REPORT, content=encode(report))])

Rules
1. `append` returns after one durable commit for all its entries. What it returned a receipt for is there.
2. Every row commits to its content by a salted digest and to all rows before it by the chain.
3. `remove_content` takes a content away for good; that there was one, when, and what it was committed to,
   stays, and so does who removed it and why, as an entry of its own.
4. A damaged ledger is not written to: the damage would end up under good rows. It can still be read. What is
   written all the same is a `Repair`: the damaged entry's content, had again, or that it is lost. Then
   writing goes on, and readers are served the repair in the place of the damaged entry.
5. Whoever holds the ledger key can write a whole new ledger. Against that helps a `Head` kept elsewhere, as
   partners do with the receipts they are sent.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from trilat.ledger.chain import commitment_of, genesis_of, row_hashes
from trilat.ledger.entry import (
    BATCH_ENTRIES_MAX,
    CONTENT_BYTES_MAX,
    Entry,
    EntryKind,
    Removal,
    Repair,
    Stored,
)
from trilat.ledger.examination import Examined, Head, Verification, examine
from trilat.ledger.mending import Mended, mend
from trilat.ledger.vault import Entropy, Vault, draw_secrets
from trilat.ledger.verdict import Audit
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

_REPAIR: Final = EntryKind.REPAIR.value
COMMITMENT: Final = "commitment"
"""The proof of a repair whose content is the one that the damaged row commits to."""

_NAMES: Final = {kind: kind.value for kind in EntryKind}
_KINDS: Final = frozenset(_NAMES.values())


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
        self._repairs: dict[int, Repair] | None = None
        self.proof_of: Callable[[Stored], bytes] = lambda _: b""
        """Gives what must stay of a content that is removed, for trees over contents: its `Removal.proof`."""

        self._unreadable = False
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
        return tuple(map(self._receipt, rows))

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
        removals = [Removal(entry=entry, reason=reason) for entry in entries]
        if not removals:
            return ()
        with self._writing:
            proofs = [self.proof_of(self._removable(entry)) for entry in entries]
            rows = self._rows_for(
                [
                    Entry(kind=EntryKind.REMOVAL, content=encode(replace(removal, proof=proof)))
                    for removal, proof in zip(removals, proofs, strict=True)
                ]
            )
            self._store.remove(entries, rows)
            self._advance(rows[-1])
        return tuple(self._receipt(row) for row in rows)

    def _removable(self, entry: int) -> Stored:
        """The entry, whose content can be removed; errors as in `remove_contents`."""
        if entry >= self._entries:
            raise UsageError(
                f"entry {entry} is not in this ledger, which has {self._entries}: give a lower number"
            )
        found = next(examine(self._store, self._party, self._vault, entry))
        if found.problem is not None:
            raise LedgerError(f"nothing was removed: {found.problem}", entry=entry)
        if found.content is None or found.kind is EntryKind.REMOVAL:
            raise UsageError(f"entry {entry} is a removal, or its content is gone already: nothing to remove")
        return _stored(found)

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
            if found.problem is None:
                if kinds is None or found.kind in kinds:
                    yield _stored(found)
                continue
            repair = self.repairs().get(found.entry)
            if repair is not None:
                stored = _repaired(repair, found.row)
                if kinds is None or stored.kind in kinds:
                    yield stored
            elif on_broken is None:
                raise LedgerError(found.problem, entry=found.entry)
            else:
                on_broken(found.entry, found.problem)

    def contents(
        self, kinds: Collection[EntryKind], first: int = 0
    ) -> Iterator[tuple[int, EntryKind, bytes]]:
        """Entry, kind and content of all rows of `kinds` that have one, in order from entry `first` on; for
        reading very many. Errors as of `recorded`.
        """
        for entry, kind, _, content in self.recorded(kinds, first):
            yield entry, kind, content

    def recorded(
        self, kinds: Collection[EntryKind], first: int = 0
    ) -> Iterator[tuple[int, EntryKind, int, bytes]]:
        """As `contents`, with the instant of recording, UTC ns, before the content.

        Each row is opened under its own key, which proves its place and content; that no row is missing is
        what `verify` examines. What was repaired is given in its place.

        Raises:
            LedgerError: a row cannot be read or does not open, and was not repaired.
        """
        wanted = {kind.value: kind for kind in kinds}
        for row in self._rows_with_repairs(first):
            if isinstance(row, Repair):
                if row.kind in wanted and row.content is not None:
                    yield row.entry, wanted[row.kind], row.recorded_ns, row.content
                continue
            kind = wanted.get(row.kind)
            if kind is None or row.wrapped_key is None or row.sealed_content is None:
                continue
            secrets = self._vault.unwrap(row.wrapped_key, row.entry, row.chained)
            content = None if secrets is None else self._vault.open(secrets, row.entry, row.sealed_content)
            if content is not None:
                yield row.entry, kind, row.recorded_ns, content
                continue
            repair = self.repairs().get(row.entry)
            if repair is None:
                raise LedgerError(f"entry {row.entry} is damaged: it does not open", entry=row.entry)
            if repair.content is not None:
                yield row.entry, kind, repair.recorded_ns, repair.content

    def _rows_with_repairs(self, first: int) -> Iterator[Row | Repair]:
        """Rows from an entry on; in the place of one that cannot be read, or is of no kind, its repair."""
        while True:
            try:
                for row in self._store.rows(first):
                    first = row.entry + 1
                    repair = self.repairs().get(row.entry) if row.kind not in _KINDS else None
                    yield row if repair is None else repair
            except LedgerError as error:
                broken = error.facts.get("entry")
                known = self.repairs().get(broken) if isinstance(broken, int) else None
                if known is None:
                    raise
                yield known
                first = known.entry + 1
            else:
                return

    def repairs(self) -> dict[int, Repair]:
        """What was put aside for damaged entries, by their number; read once, when first asked for."""
        if self._repairs is None:
            self._repairs = {}
            for found in examine(self._store, self._party, self._vault, kinds=frozenset({_REPAIR})):
                if found.kind is not EntryKind.REPAIR or found.content is None:
                    continue
                try:
                    repair = decode(found.content, Repair, bytes_max=CONTENT_BYTES_MAX)
                except WireError:
                    continue  # `verify` says of it that it repairs nothing
                self._repairs[repair.entry] = repair
        return self._repairs

    def problem_of(self, entry: int) -> str | None:
        """What is wrong with one entry, in one line; None where it is sound or was repaired."""
        found = self.examined(entry)
        return None if found.problem is None or entry in self.repairs() else found.problem

    def examined(self, entry: int) -> Examined:
        """One row with what was found; UsageError where there is none."""
        found = next(examine(self._store, self._party, self._vault, entry), None)
        if found is None or found.entry != entry:
            raise UsageError(f"entry {entry} is not in this ledger, which has {self._entries}")
        return found

    def examined_from(self, first: int) -> Iterator[Examined]:
        """Every row from an entry on, with what was found: for whoever looks for damage."""
        return examine(self._store, self._party, self._vault, first)

    def mended(self, entry: int) -> Mended | None:
        """A damaged row with the one flipped bit put right, proved by itself; None where it is not that."""
        return mend(self._store, self._party, self._vault, entry)

    def is_content_of(self, entry: int, kind: EntryKind, content: bytes) -> bool | None:
        """Whether a content is what a damaged row commits to; None where its key or commitment is damaged."""
        row = self.examined(entry).row
        if row is None or row.wrapped_key is None:
            return None
        secrets = self._vault.unwrap(row.wrapped_key, entry, row.chained)
        return None if secrets is None else commitment_of(secrets.salt, kind.value, content) == row.commitment

    def repair(self, repairs: Sequence[Repair]) -> tuple[Receipt, ...]:
        """The receipts of REPAIR entries, the only ones that a damaged ledger takes.

        Whoever calls has proof of each content, or an administrator's word that it is lost.

        Raises:
            UsageError: an entry is not damaged, was repaired already, or commits to another content.
            LedgerError: the newest row cannot be read, or the store refuses; nothing was written.
        """
        for repair in repairs:
            known = self.repairs().get(repair.entry)
            better = known is None or (known.content is None and repair.content is not None)
            if self.examined(repair.entry).problem is None or not better:
                raise UsageError(
                    f"entry {repair.entry} is not damaged, or was repaired: nothing to put aside"
                )
            if repair.content is None or repair.proof != COMMITMENT:
                continue
            if self.is_content_of(repair.entry, EntryKind(repair.kind), repair.content) is False:
                raise UsageError(f"entry {repair.entry} commits to another content: it is not put aside")
        if not repairs:
            return ()
        entries = [Entry(kind=EntryKind.REPAIR, content=encode(repair)) for repair in repairs]
        with self._writing:
            if self._unreadable:
                raise LedgerError(f"the ledger is not written to: {self._problem}")
            rows = self._new_rows(entries)
            self._store.append(rows)
            self._advance(rows[-1])
            self.repairs().update({repair.entry: repair for repair in repairs})
            self._problem = self._continue()
        return tuple(self._receipt(row) for row in rows)

    def head(self) -> Head:
        """How far the ledger has come, to be kept elsewhere and given to `verify` later."""
        with self._writing:
            return Head(entries=self._entries, chained=self._chained)

    def verify(self, remembered: Head | None = None) -> Verification:
        """What an examination of every row says, and whether the rows still contain the remembered head.

        Rows are read one after another; memory grows only with the number of removed contents.
        """
        audit = Audit(remembered)
        for found in examine(self._store, self._party, self._vault):
            audit.take(found)
        return audit.verdict()

    def close(self) -> None:
        """Give the store back."""
        self._store.close()

    def _continue(self) -> str | None:
        """Take up the chain at the newest row; the problem where the last rows are not sound."""
        self._unreadable = True
        try:
            last = self._store.last()
        except LedgerError as error:
            return str(error)
        self._unreadable = False
        if last is None:
            return None
        self._advance(last)
        found = examine(self._store, self._party, self._vault, max(0, last.entry + 1 - _CHECKED_ON_OPENING))
        newest = -1
        for row in found:
            if row.problem is not None and row.entry not in self.repairs():
                return row.problem
            newest = row.entry
        self._unreadable = newest != last.entry
        return f"entry {newest + 1} is missing from the store" if self._unreadable else None

    def _rows_for(self, entries: Sequence[Entry]) -> list[Row]:
        if self._problem is not None:
            raise LedgerError(f"the ledger is not written to: {self._problem}; `trilat audit repair` helps")
        return self._new_rows(entries)

    def _new_rows(self, entries: Sequence[Entry]) -> list[Row]:
        recorded_ns = self._clock.now_ns()
        chained = self._chained
        rows = []
        drawn = draw_secrets(self._entropy, len(entries))
        seal = self._vault.seal
        for number, ((kind, content), secrets) in enumerate(zip(entries, drawn, strict=True), self._entries):
            named = _NAMES[kind]
            commitment, chained = row_hashes(chained, number, named, recorded_ns, secrets.salt, content)
            wrapped_key, sealed = seal(secrets, number, chained, content)
            # A row without the call that a named tuple's own constructor is: there are very many.
            fields = (number, named, recorded_ns, commitment, chained, wrapped_key, sealed)
            rows.append(tuple.__new__(Row, fields))
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


def _stored(found: Examined) -> Stored:
    """A sound row as it is given to readers."""
    if found.kind is None or found.row is None:
        raise LedgerError(found.problem or f"entry {found.entry} is damaged", entry=found.entry)
    return Stored(
        entry=found.entry,
        kind=found.kind,
        recorded_ns=found.row.recorded_ns,
        content=found.content,
        commitment=found.row.commitment,
    )


def _repaired(repair: Repair, row: Row | None) -> Stored:
    """What readers are given in the place of a damaged row."""
    return Stored(
        entry=repair.entry,
        kind=EntryKind(repair.kind),
        recorded_ns=repair.recorded_ns,
        content=repair.content,
        commitment=b"" if row is None else row.commitment,
    )


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
