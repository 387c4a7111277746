"""The ledger over both stores: what it gives back, what it refuses, and what removal leaves."""

import os
from collections.abc import Callable

import pytest

from trilat.ledger import (
    BATCH_ENTRIES_MAX,
    CONTENT_BYTES_MAX,
    Entry,
    EntryKind,
    Head,
    Ledger,
    MemoryStore,
    Removal,
)
from trilat.model import ItemError, LedgerError, Row, Store, UsageError, decode

MakeLedger = Callable[..., Ledger]
MakeEntries = Callable[..., list[Entry]]


def test_what_was_appended_is_read_back_in_order(
    store: Store, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    ledger = make_ledger(store)
    first = ledger.append(make_entries(3))
    second = ledger.append(make_entries(2, EntryKind.ITEM, first=3))
    assert [receipt.entry for receipt in (*first, *second)] == [0, 1, 2, 3, 4]
    assert {receipt.party for receipt in first} == {"KOR"}
    stored = list(ledger.entries())
    assert [row.content for row in stored] == [f"content {number}".encode() for number in range(5)]
    assert [row.recorded_ns for row in stored] == [r.recorded_ns for r in (*first, *second)]
    assert ledger.verify().verified


def test_a_receipt_holds_the_commitment_in_the_store(
    store: Store, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    receipts = make_ledger(store).append(make_entries(4))
    assert [receipt.commitment for receipt in receipts] == [row.commitment for row in store.rows()]


def test_only_the_kinds_and_entries_asked_for_come(
    store: Store, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    ledger = make_ledger(store)
    for kind in (EntryKind.REPORT, EntryKind.ITEM, EntryKind.REPORT):
        ledger.append(make_entries(2, kind))
    assert [row.entry for row in ledger.entries(kinds={EntryKind.REPORT})] == [0, 1, 4, 5]
    assert [row.entry for row in ledger.entries(3)] == [3, 4, 5]
    assert [row.entry for row in ledger.entries(1, [EntryKind.ITEM])] == [2, 3]
    assert list(ledger.entries(6)) == list(ledger.entries(1_000)) == []


def test_many_rows_are_read_past_the_size_of_a_chunk(
    store: Store, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    ledger = make_ledger(store)
    ledger.append(make_entries(1_700))
    assert [row.entry for row in ledger.entries()] == list(range(1_700))
    assert [row.entry for row in ledger.entries(499)] == list(range(499, 1_700))


def test_a_ledger_goes_on_where_it_ended(
    store: Store, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    head = _append_and_head(make_ledger(store), make_entries(300))
    again = make_ledger(store)
    assert again.head() == head
    assert again.append(make_entries(1))[0].entry == 300
    assert again.verify(head).verified


def test_an_empty_ledger_and_an_empty_batch_are_sound(store: Store, make_ledger: MakeLedger) -> None:
    ledger = make_ledger(store)
    assert ledger.append([]) == ()
    assert ledger.head().entries == 0
    assert ledger.verify(ledger.head()).verified
    assert (ledger.verify().entries, list(ledger.entries())) == (0, [])


def test_equal_contents_have_different_commitments(store: Store, make_ledger: MakeLedger) -> None:
    entry = Entry(kind=EntryKind.ITEM, content=b"the same")
    receipts = make_ledger(store).append([entry] * 10)
    assert len({receipt.commitment for receipt in receipts}) == 10


def test_contents_do_not_stand_in_the_rows(store: Store, make_ledger: MakeLedger) -> None:
    make_ledger(store).append([Entry(kind=EntryKind.ITEM, content=b"secret position")])
    (row,) = store.rows()
    assert not any(b"secret position" in part for part in row if isinstance(part, bytes))


def test_removal_takes_the_content_and_leaves_the_proof(
    store: Store, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    ledger = make_ledger(store)
    before = ledger.append(make_entries(5))
    receipt = ledger.remove_content(2, "recalled by USA")
    stored = list(ledger.entries())
    assert [row.content is None for row in stored] == [False, False, True, False, False, False]
    removal = decode(stored[5].content or b"", Removal)
    assert (receipt.entry, removal.entry, removal.reason) == (5, 2, "recalled by USA")
    row = list(store.rows())[2]
    assert (row.commitment, row.wrapped_key, row.sealed_content) == (before[2].commitment, None, None)
    verification = make_ledger(store).verify()
    assert (verification.verified, verification.entries, verification.removed) == (True, 6, 1)


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (5, "not in this ledger"),
        (10**6, "not in this ledger"),
        (1, "nothing to remove"),
        (4, "nothing to remove"),
    ],
    ids=["just past the end", "far past the end", "removed before", "itself a removal"],
)
def test_what_cannot_be_removed_is_refused(
    store: Store, make_ledger: MakeLedger, make_entries: MakeEntries, entry: int, text: str
) -> None:
    ledger = make_ledger(store)
    ledger.append(make_entries(4))
    ledger.remove_content(1, "recalled")
    with pytest.raises(UsageError, match=text):
        ledger.remove_content(entry, "recalled")
    assert ledger.head().entries == 5


def test_many_contents_go_in_one_commit_or_none_does(
    store: Store, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    ledger = make_ledger(store)
    ledger.append(make_entries(6))
    for unsound in ([1, 2, 1], [1, 6], [1, -1]):
        with pytest.raises((UsageError, ItemError)):
            ledger.remove_contents(unsound, "recalled")
    assert all(stored.content for stored in ledger.entries())
    assert ledger.remove_contents([], "recalled") == ()

    receipts = ledger.remove_contents([1, 4], "recalled")

    assert [receipt.entry for receipt in receipts] == [6, 7]
    assert [stored.entry for stored in ledger.entries() if stored.content is None] == [1, 4]
    with pytest.raises(UsageError, match="nothing to remove"):
        ledger.remove_contents([0, 4], "recalled")
    verification = ledger.verify()
    assert (verification.verified, verification.removed) == (True, 2)


@pytest.mark.parametrize("reason", ["", "x" * 121], ids=["empty", "too long"])
def test_a_removal_needs_a_reason(
    store: Store, make_ledger: MakeLedger, make_entries: MakeEntries, reason: str
) -> None:
    ledger = make_ledger(store)
    ledger.append(make_entries(1))
    with pytest.raises(ItemError):
        ledger.remove_content(0, reason)
    with pytest.raises(ItemError):
        ledger.remove_content(-1, "recalled")
    assert next(ledger.entries()).content == b"content 0"


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_ledger_key_of_another_length_is_refused(make_ledger: MakeLedger, length: int) -> None:
    with pytest.raises(UsageError, match="32 bytes"):
        make_ledger(MemoryStore(), key=bytes(length))


def test_too_much_at_once_is_refused_and_nothing_is_written(
    store: Store, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    ledger = make_ledger(store)
    with pytest.raises(UsageError, match="over the limit"):
        ledger.append([*make_entries(1), Entry(kind=EntryKind.ITEM, content=bytes(CONTENT_BYTES_MAX + 1))])
    with pytest.raises(UsageError, match="over the limit"):
        ledger.append(make_entries(1) * (BATCH_ENTRIES_MAX + 1))
    assert store.last() is None


def test_a_source_of_entropy_that_gives_too_little_is_refused(store: Store, make_ledger: MakeLedger) -> None:
    ledger = make_ledger(store)
    ledger._entropy = lambda count: os.urandom(count - 1)
    with pytest.raises(UsageError, match="entropy"):
        ledger.append([Entry(kind=EntryKind.ITEM, content=b"x")])
    assert store.last() is None


def test_another_key_reads_nothing_and_writes_nothing(
    store: Store, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    make_ledger(store).append(make_entries(2))
    stranger = make_ledger(store, key=bytes(32))
    assert "another one" in (stranger.problem or "")
    with pytest.raises(LedgerError, match="not written to"):
        stranger.append(make_entries(1))
    with pytest.raises(LedgerError, match="entry 0"):
        next(stranger.entries())


def test_another_partys_rows_are_not_taken_for_ones_own(
    store: Store, make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    make_ledger(store, party="JPN").append(make_entries(2))
    verification = make_ledger(store, party="KOR").verify()
    assert (verification.verified, verification.broken_entry) == (False, 0)


def test_a_store_that_fails_leaves_the_ledger_where_it_was(
    make_ledger: MakeLedger, make_entries: MakeEntries
) -> None:
    class FullStore(MemoryStore):
        full = False

        def append(self, rows: object) -> None:
            if self.full:
                raise LedgerError("the disk is full")
            super().append(rows)  # type: ignore[arg-type]

    store = FullStore()
    ledger = make_ledger(store)
    ledger.append(make_entries(2))
    head = ledger.head()
    store.full = True
    with pytest.raises(LedgerError, match="disk is full"):
        ledger.append(make_entries(3))
    assert ledger.head() == head
    store.full = False
    assert [receipt.entry for receipt in ledger.append(make_entries(1))] == [2]
    assert ledger.verify(head).verified


def test_rows_that_do_not_follow_are_refused_by_the_store(store: Store) -> None:
    row = Row(0, "item", 1, bytes(32), bytes(32), None, None)
    store.append([row])
    for entries in ((0, 1), (2, 3), (1, 1), (1, 3), (1, 0)):
        with pytest.raises(LedgerError, match="does not follow"):
            store.append([row._replace(entry=entry) for entry in entries])
    assert [stored.entry for stored in store.rows()] == [0]
    with pytest.raises(LedgerError, match="nothing was removed"):
        store.remove([0, 7], [row._replace(entry=1)])
    assert [stored.entry for stored in store.rows()] == [0]


def _append_and_head(ledger: Ledger, entries: list[Entry]) -> Head:
    ledger.append(entries)
    return ledger.head()
