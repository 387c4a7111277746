"""Every change of a ledger shows, says where, and leaves the other rows readable."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.ledger import Entry, EntryKind, Head, Ledger, MemoryStore, SqliteStore
from trilat.ledger.chain import chained_of, commitment_of
from trilat.ledger.vault import Secrets, Vault
from trilat.model import LedgerError, Row

MakeLedger = Callable[..., Ledger]
MakeEntries = Callable[..., list[Entry]]
FIELDS = ("kind", "recorded_ns", "commitment", "chained", "wrapped_key", "sealed_content")


class _FixedClock:
    def now_ns(self) -> int:
        return 1_238_898_600_000_000_000


def _rows(count: int = 12) -> list[Row]:
    store = MemoryStore()
    ledger = _open(store)
    ledger.append([Entry(kind=EntryKind.ITEM, content=f"content {n}".encode()) for n in range(count)])
    return list(store.rows())


def _open(store: MemoryStore | SqliteStore) -> Ledger:
    return Ledger(store, "KOR", bytes(range(32)), _FixedClock(), random.Random(5).randbytes)


ROWS = _rows()


def _flip(row: Row, field: str, position: int) -> Row:
    value = getattr(row, field)
    flipped: Any
    if isinstance(value, int):
        flipped = value ^ (1 << (position % 62))
    else:
        data = bytearray(value.encode() if isinstance(value, str) else value)
        data[position // 8 % len(data)] ^= 1 << (position % 8 % (7 if isinstance(value, str) else 8))
        flipped = data.decode() if isinstance(value, str) else bytes(data)
    return row._replace(**{field: flipped})


@given(
    st.integers(0, len(ROWS) - 1), st.sampled_from(FIELDS), st.integers(0, 2_000), st.integers(0, len(ROWS))
)
@settings(max_examples=150, deadline=None)
def test_any_flipped_bit_is_found_and_every_other_row_is_served(
    entry: int, field: str, position: int, first: int
) -> None:
    rows = list(ROWS)
    rows[entry] = _flip(rows[entry], field, position)
    ledger = _open(MemoryStore(rows))
    verification = ledger.verify()
    assert (verification.verified, verification.broken_entry) == (False, entry)
    assert f"entry {entry} " in (verification.problem or "")
    broken: list[int] = []
    served = [row.entry for row in ledger.entries(on_broken=lambda number, _: broken.append(number))]
    assert (broken, served) == ([entry], [number for number in range(len(ROWS)) if number != entry])
    with pytest.raises(LedgerError, match="not written to"):
        ledger.append([Entry(kind=EntryKind.ITEM, content=b"more")])
    behind = [row.entry for row in ledger.entries(first, on_broken=lambda *_: None)]
    assert set(behind) >= {number for number in range(first, len(ROWS)) if number != entry}


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: [*rows[:5], *rows[6:]],
        lambda rows: [*rows[:5], rows[6], rows[5], *rows[7:]],
        lambda rows: [*rows[:5], rows[6]._replace(entry=5), rows[5]._replace(entry=6), *rows[7:]],
        lambda rows: [*rows[:5], rows[4]._replace(entry=5), *rows[6:]],
        lambda rows: [*rows[:5], *[row._replace(entry=row.entry - 1) for row in rows[6:]]],
        lambda rows: [*rows[:5], rows[5]._replace(sealed_content=rows[6].sealed_content), *rows[6:]],
        lambda rows: [*rows[:5], rows[5]._replace(wrapped_key=rows[6].wrapped_key), *rows[6:]],
        lambda rows: [*rows[:5], rows[5]._replace(kind="no-such-kind"), *rows[6:]],
        lambda rows: [*rows[:5], rows[5]._replace(wrapped_key=None), *rows[6:]],
        lambda rows: [*rows[:5], rows[5]._replace(sealed_content=None), *rows[6:]],
        lambda rows: [*rows[:5], rows[5]._replace(wrapped_key=None, sealed_content=None), *rows[6:]],
        lambda rows: [*rows[:5], rows[5]._replace(wrapped_key=b""), *rows[6:]],
        lambda rows: [*rows[:5], rows[5]._replace(sealed_content=b""), *rows[6:]],
    ],
    ids=[
        "a row taken out",
        "two rows swapped",
        "two rows swapped and renumbered",
        "a row doubled over another",
        "a row taken out and the rest renumbered",
        "another row's content",
        "another row's key",
        "an unknown kind",
        "the key gone, the content not",
        "the content gone, the key not",
        "a content removed without a record",
        "an empty key",
        "an empty content",
    ],
)
def test_changed_rows_are_found_at_their_place(change: Callable[[list[Row]], list[Row]]) -> None:
    verification = _open(MemoryStore(change(ROWS))).verify()
    assert (verification.verified, verification.broken_entry) == (False, 5)


@pytest.mark.parametrize("kept", [0, 1, 6, 11])
def test_a_missing_tail_shows_against_a_remembered_head(kept: int) -> None:
    head = _open(MemoryStore(ROWS)).head()
    cut = _open(MemoryStore(ROWS[:kept]))
    assert cut.verify().verified
    verification = cut.verify(head)
    assert (verification.verified, verification.broken_entry) == (False, kept)
    assert f"counts {len(ROWS)}" in (verification.problem or "")


def test_a_rewritten_ledger_shows_against_a_remembered_head() -> None:
    other = Ledger(MemoryStore(), "KOR", bytes(range(32)), _FixedClock(), random.Random(6).randbytes)
    other.append([Entry(kind=EntryKind.ITEM, content=b"content")] * len(ROWS))
    assert other.verify().verified
    verification = other.verify(_open(MemoryStore(ROWS)).head())
    assert (verification.verified, verification.broken_entry) == (False, len(ROWS) - 1)


def test_an_earlier_head_is_still_contained() -> None:
    ledger = _open(MemoryStore(ROWS))
    assert ledger.verify(Head(entries=7, chained=ROWS[6].chained)).verified
    assert ledger.verify(Head(entries=0, chained=b"")).verified


def test_a_removed_content_that_came_back_is_found() -> None:
    store = MemoryStore(ROWS)
    _open(store).remove_content(3, "recalled")
    rows = list(store.rows())
    assert _open(MemoryStore(rows)).verify().verified
    verification = _open(MemoryStore([*rows[:3], ROWS[3], *rows[4:]])).verify()
    assert (verification.verified, verification.broken_entry) == (False, 3)
    assert "again" in (verification.problem or "")


def test_a_commitment_to_another_content_is_found_also_where_the_key_holder_made_the_row() -> None:
    vault, secrets = Vault(bytes(range(32))), Secrets(bytes(32), bytes(32), bytes(12))
    commitment = commitment_of(secrets.salt, "item", b"what was shown")
    chained = chained_of(ROWS[-1].chained, len(ROWS), "item", 7, commitment)
    wrapped_key, sealed = vault.seal(secrets, len(ROWS), chained, b"what is kept")
    row = Row(len(ROWS), "item", 7, commitment, chained, wrapped_key, sealed)
    verification = _open(MemoryStore([*ROWS, row])).verify()
    assert (verification.verified, verification.broken_entry) == (False, len(ROWS))
    assert "another content" in (verification.problem or "")


def test_a_damaged_row_is_not_removed() -> None:
    store = MemoryStore([*ROWS[:3], _flip(ROWS[3], "sealed_content", 5), *ROWS[4:]])
    with pytest.raises(LedgerError, match="nothing was removed"):
        _open(store).remove_content(3, "recalled")


def test_reading_stops_at_a_damaged_row_unless_told_otherwise() -> None:
    ledger = _open(MemoryStore([*ROWS[:3], _flip(ROWS[3], "commitment", 5), *ROWS[4:]]))
    rows = ledger.entries()
    assert [next(rows).entry for _ in range(3)] == [0, 1, 2]
    with pytest.raises(LedgerError, match="entry 3 is damaged") as caught:
        next(rows)
    assert caught.value.facts["entry"] == 3


@pytest.fixture(scope="module")
def sound_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "ledger.db"
    ledger = _open(SqliteStore(path))
    source = random.Random(9)
    for batch in range(20):
        ledger.append([Entry(kind=EntryKind.ITEM, content=source.randbytes(300)) for _ in range(30)])
        if batch == 10:
            ledger.remove_content(17, "recalled")
    ledger.close()
    return path


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_a_bit_flipped_in_the_file_is_found_or_changes_nothing(
    sound_file: Path, tmp_path_factory: pytest.TempPathFactory, source: random.Random
) -> None:
    path = tmp_path_factory.mktemp("flipped") / "ledger.db"
    shutil.copy(sound_file, path)
    expected = _contents(path)
    data = bytearray(path.read_bytes())
    data[source.randrange(len(data))] ^= 1 << source.randrange(8)
    path.write_bytes(data)
    try:
        ledger = _open(SqliteStore(path))
    except LedgerError:
        return
    broken: dict[int, str] = {}
    served = {row.entry: row.content for row in ledger.entries(on_broken=broken.__setitem__)}
    verification = ledger.verify()
    assert all(expected[entry] == content for entry, content in served.items())
    assert served.keys() | broken.keys() >= expected.keys()
    assert verification.verified == (served == expected)
    if broken:
        assert verification.broken_entry == min(broken)
    ledger.close()


def test_random_bytes_over_a_page_cost_that_page_alone(sound_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    shutil.copy(sound_file, path)
    expected = _contents(path)
    data = bytearray(path.read_bytes())
    start = len(data) // 2 // 4096 * 4096
    data[start : start + 4096] = random.Random(3).randbytes(4096)
    path.write_bytes(data)
    ledger = _open(SqliteStore(path))
    broken: dict[int, str] = {}
    served = {row.entry: row.content for row in ledger.entries(on_broken=broken.__setitem__)}
    assert 0 < len(broken) <= 20
    assert served == {entry: content for entry, content in expected.items() if entry not in broken}
    ledger.close()


def _contents(path: Path) -> dict[int, bytes | None]:
    ledger = _open(SqliteStore(path, read_only=True))
    contents = {row.entry: row.content for row in ledger.entries()}
    ledger.close()
    return contents
