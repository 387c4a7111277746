"""Examination of a ledger's rows, one after another, and what `verify` says about the whole.

A row is sound when
1. it is there, and can be read;
2. its chained value follows from its predecessor's and from its own entry, kind, instant and commitment;
3. its kind is one that is known;
4. it has both key and content, or neither, which then a later REMOVAL entry must record;
5. its key unwraps for exactly this entry and chained value;
6. its content opens;
7. its commitment is the one to this kind, content and salt.

A row behind a damaged one is held against both values that the damaged one may have had: the stored one and
the one that follows from its fields. So one flipped bit condemns one row, and the rows behind it stay sound.
The row behind one that could not be read at all (`UNREADABLE_KIND`, as a salvaged file has it) proves itself
by its own key alone, which is bound to its chained value.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from trilat.ledger.chain import chained_of, commitment_of, genesis_of
from trilat.ledger.entry import EntryKind
from trilat.ledger.vault import Vault
from trilat.model import LedgerError, Row, Store

_KINDS: Final = {kind.value: kind for kind in EntryKind}
UNREADABLE_KIND: Final = "unreadable"
"""The kind of a row that stands for one which could not be read any more when its file was salvaged."""

_ALTERNATIVES_MAX: Final = 8
"""Damaged rows on end through which alternatives are followed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """How far a ledger has come: the number of its entries and the chain's value at the newest.

    Kept elsewhere, it shows later whether rows were cut off the end or the whole was rewritten.
    """

    entries: int
    chained: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """What a whole examination found. `broken_entry` and `problem` tell the first trouble, in one line."""

    entries: int
    removed: int
    verified: bool
    broken_entry: int | None = None
    problem: str | None = None
    damaged: int = 0
    """Entries that are not sound, among them those that were repaired or are known to be lost."""

    repaired: int = 0
    lost: int = 0


class Examined(NamedTuple):
    """One row with what was found: its kind and content where it is sound, or its problem."""

    entry: int
    row: Row | None
    kind: EntryKind | None
    content: bytes | None
    problem: str | None


def examine(
    store: Store, party: str, vault: Vault, first: int = 0, kinds: frozenset[str] | None = None
) -> Iterator[Examined]:
    """Every row from `first` on, each examined by itself; a row that cannot be read is told, not raised.
    With `kinds`, rows that say they are of others are passed over.
    """
    previous = values_before(store, party, first)
    entry = first
    rows = store.rows(first)
    while True:
        try:
            row = next(rows, None)
        except LedgerError as error:
            broken = error.facts.get("entry")
            if not isinstance(broken, int):
                yield Examined(entry, None, None, None, str(error))
                return
            yield Examined(broken, None, None, None, str(error))
            entry, previous = broken + 1, frozenset()
            rows = store.rows(entry)
            continue
        if row is None:
            return
        entry = row.entry + 1
        if kinds is not None and row.kind not in kinds:
            previous = frozenset()
            continue
        following = following_of(row, previous)
        yield _examine_row(row, following, vault)
        previous = _chained_values(row, following)


def values_before(store: Store, party: str, first: int) -> frozenset[bytes]:
    """The values that the row before `first` may have, with those of damaged rows before it followed."""
    start = max(0, first - _ALTERNATIVES_MAX)
    previous = frozenset({genesis_of(party)}) if start == 0 else frozenset()
    for entry in range(start, first):
        try:
            row = next(store.rows(entry), None)
        except LedgerError:
            row = None
        previous = _chained_values(row, following_of(row, previous)) if row is not None else frozenset()
    return previous


def following_of(row: Row, previous: frozenset[bytes]) -> frozenset[bytes]:
    """The chained values that this row may have behind those of its predecessor."""
    return frozenset(
        {chained_of(value, row.entry, row.kind, row.recorded_ns, row.commitment) for value in previous}
    )


def _chained_values(row: Row, following: frozenset[bytes]) -> frozenset[bytes]:
    """The values that the row behind this one is held against."""
    if row.kind == UNREADABLE_KIND:
        return frozenset()
    if row.chained in following or len(following) >= _ALTERNATIVES_MAX:
        return frozenset({row.chained})
    return following | {row.chained}


def _examine_row(row: Row, following: frozenset[bytes], vault: Vault) -> Examined:
    def broken(problem: str) -> Examined:
        return Examined(row.entry, row, None, None, f"entry {row.entry} is damaged: {problem}")

    if following and row.chained not in following and row.kind != UNREADABLE_KIND:
        return broken("its place, kind, instant or commitment does not fit the chain")
    kind = _KINDS.get(row.kind)
    if kind is None:
        salvaged = row.kind == UNREADABLE_KIND
        return broken("it could not be read" if salvaged else "its kind is not known")
    if row.wrapped_key is None or row.sealed_content is None:
        if row.wrapped_key is not None or row.sealed_content is not None:
            return broken("one of key and content is gone without the other")
        if not following:
            return broken(
                "its content was removed, and the row before it, which could prove it, is not there"
            )
        return Examined(row.entry, row, kind, None, None)
    secrets = vault.unwrap(row.wrapped_key, row.entry, row.chained)
    if secrets is None:
        return broken("its key does not unwrap, or the ledger key is another one")
    content = vault.open(secrets, row.entry, row.sealed_content)
    if content is None:
        return broken("its content does not open")
    if commitment_of(secrets.salt, row.kind, content) != row.commitment:
        return broken("its commitment is to another content")
    return Examined(row.entry, row, kind, content, None)
