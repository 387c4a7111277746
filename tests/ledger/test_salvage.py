"""Damaged files: every row that is still there is in the fresh file, wherever the bit flipped."""

import os
import random
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from trilat.ledger import (
    UNREADABLE_KIND,
    Entry,
    EntryKind,
    Ledger,
    Repair,
    SqliteStore,
    is_well_formed,
    salvage,
)
from trilat.ledger.mending import mend_row
from trilat.ledger.vault import Vault
from trilat.model import LedgerError, Row, UsageError

KEY = bytes(range(32))
ROWS = 700


class _FixedClock:
    def now_ns(self) -> int:
        return 1_238_898_600_000_000_000


def _open(path: Path) -> Ledger:
    return Ledger(SqliteStore(path), "KOR", KEY, _FixedClock(), os.urandom)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with short contents, some over several pages, and one that was removed."""
    path = tmp_path_factory.mktemp("sound") / "ledger"
    ledger = _open(path)
    source = random.Random(9)
    for _ in range(ROWS // 50):
        ledger.append(
            [
                Entry(kind=EntryKind.ITEM, content=source.randbytes(9_000 if source.random() < 0.04 else 400))
                for _ in range(50)
            ]
        )
    ledger.remove_content(17, "recalled")
    ledger.close()
    return path


@pytest.fixture(scope="module")
def expected(sound: Path) -> dict[int, bytes | None]:
    ledger = _open(sound)
    found = {stored.entry: stored.content for stored in ledger.entries()}
    ledger.close()
    return found


def _flip(path: Path, at: int, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(data)


PLACES = [
    *(("the file's header", at) for at in (0, 16, 18, 27, 28, 31, 47, 56, 59, 63, 68, 71, 95)),
    *(("the schema", at) for at in (100, 103, 105, 108, 110, 2_600, 3_900, 4_000)),
    *(("the root's header", 4_096 + at) for at in (0, 1, 3, 4, 5, 6, 8, 10, 11, 12, 13)),
    *(("a leaf's header", 5 * 4_096 + at) for at in (0, 3, 4, 5, 6, 8, 9, 10, 13)),
]


@pytest.mark.parametrize(("where", "at"), PLACES)
def test_a_flip_in_a_header_costs_no_row(
    sound: Path, expected: dict[int, bytes | None], tmp_path: Path, where: str, at: int
) -> None:
    path, fresh = tmp_path / "ledger", tmp_path / "fresh"
    shutil.copy(sound, path)
    _flip(path, at, at % 8)
    before = path.read_bytes()
    salvaged = salvage(path, fresh, KEY)
    assert path.read_bytes() == before, "the damaged file is only read"
    assert (salvaged.entries, salvaged.missing) == (ROWS + 1, ()), where
    ledger = _open(fresh)
    assert ledger.verify().verified
    assert {stored.entry: stored.content for stored in ledger.entries()} == expected
    ledger.append([Entry(kind=EntryKind.ITEM, content=b"more")])
    ledger.close()
    assert sorted(name.name for name in tmp_path.iterdir()) == ["fresh", "fresh.lock", "ledger"]


@pytest.mark.parametrize("seed", range(12))
def test_a_flip_anywhere_costs_no_row_once_it_is_put_right(
    sound: Path, expected: dict[int, bytes | None], tmp_path: Path, seed: int
) -> None:
    path, fresh = tmp_path / "ledger", tmp_path / "fresh"
    shutil.copy(sound, path)
    source = random.Random(seed)
    _flip(path, source.randrange(2 * 4_096, path.stat().st_size), source.randrange(8))
    salvage(path, fresh, KEY)
    ledger = _open(fresh)
    broken: list[int] = []
    served = {
        stored.entry: stored.content for stored in ledger.entries(on_broken=lambda n, _: broken.append(n))
    }
    assert served == {entry: content for entry, content in expected.items() if entry not in broken}
    assert len(broken) <= 1
    for entry in broken:
        mended = ledger.mended(entry)
        if mended is None:  # a content over several pages whose chain of pages broke
            assert len(expected[entry] or b"") > 4_000
            continue
        assert mended.content == expected[entry]
    ledger.close()


def test_rows_that_are_gone_stand_as_unreadable_and_the_rest_is_sound(
    sound: Path, expected: dict[int, bytes | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A whole page is no flipped bit: the search would be in vain.
    monkeypatch.setattr(import_module("trilat.ledger.salvage"), "_PAGES_SEARCHED_MAX", 0)
    path, fresh = tmp_path / "ledger", tmp_path / "fresh"
    shutil.copy(sound, path)
    data = bytearray(path.read_bytes())
    data[10 * 4_096 : 11 * 4_096] = random.Random(3).randbytes(4_096)
    path.write_bytes(data)
    salvaged = salvage(path, fresh, KEY)
    ledger = _open(fresh)
    broken: list[int] = []
    served = [stored.entry for stored in ledger.entries(on_broken=lambda n, _: broken.append(n))]
    assert 0 < len(broken) <= 12
    assert sorted([*served, *broken]) == sorted(expected)
    assert set(salvaged.missing) <= set(broken)
    assert all(ledger.examined(entry).row is not None for entry in broken)
    ledger.repair([_lost(entry) for entry in broken])
    verification = ledger.verify()
    assert (verification.verified, verification.lost) == (True, len(broken))
    ledger.close()


def _lost(entry: int) -> Repair:
    return Repair(entry=entry, kind="item", content=None, recorded_ns=0, source="nobody", proof="none")


def test_rows_of_the_log_are_salvaged_too(sound: Path, tmp_path: Path) -> None:
    path, fresh = tmp_path / "ledger", tmp_path / "fresh"
    shutil.copy(sound, tmp_path / "open")
    ledger = _open(tmp_path / "open")
    ledger.append([Entry(kind=EntryKind.ITEM, content=b"newest")])
    shutil.copy(tmp_path / "open", path)
    shutil.copy(tmp_path / "open-wal", tmp_path / "ledger-wal")
    ledger.close()
    _flip(path, 20, 3)
    assert salvage(path, fresh, KEY).entries == ROWS + 2
    again = _open(fresh)
    assert [stored.content for stored in again.entries()][-1] == b"newest"
    again.close()


def test_what_cannot_be_salvaged_leaves_nothing_behind(sound: Path, tmp_path: Path) -> None:
    noise = tmp_path / "noise"
    noise.write_bytes(os.urandom(40_960))
    with pytest.raises(LedgerError, match="restore it from a backup"):
        salvage(noise, tmp_path / "fresh", KEY)
    shutil.copy(sound, tmp_path / "there")
    with pytest.raises(UsageError, match="there already"):
        salvage(sound, tmp_path / "there", KEY)
    assert sorted(name.name for name in tmp_path.iterdir()) == ["noise", "there"]


def test_a_file_is_well_formed_or_not(sound: Path, tmp_path: Path) -> None:
    assert is_well_formed(sound)
    path = tmp_path / "ledger"
    shutil.copy(sound, path)
    _flip(path, 4_096 + 10, 2)
    assert not is_well_formed(path)
    path.write_bytes(os.urandom(8_192))
    assert not is_well_formed(path)


def test_every_bit_of_a_row_is_put_right(sound: Path) -> None:
    """Each field, bits spread over all of it; what comes out is what was written."""
    ledger = _open(sound)
    row = ledger.examined(40).row
    true = ledger.mended(40)
    before = ledger.examined(39).row
    ledger.close()
    assert row is not None
    assert before is not None
    assert true is not None
    source, vault = random.Random(5), Vault(KEY)
    for name in ("kind", "recorded_ns", "commitment", "chained", "wrapped_key", "sealed_content"):
        for _ in range(12):
            changed = _flipped(row, name, source)
            if changed == row:
                continue
            mended = mend_row(changed, frozenset({before.chained}), vault)
            assert mended is not None, name
            assert (mended.kind, mended.content, mended.recorded_ns) == (
                true.kind,
                true.content,
                row.recorded_ns,
            )
            assert mended.field == name


def _flipped(row: Row, name: str, source: random.Random) -> Row:
    value: Any = getattr(row, name)
    changed: Any
    if isinstance(value, int):
        changed = value ^ 1 << source.randrange(62)
        return row._replace(**{name: changed})
    data = bytearray(value.encode() if isinstance(value, str) else value)
    data[source.randrange(len(data))] ^= 1 << source.randrange(7)
    changed = data.decode() if isinstance(value, str) else bytes(data)
    return row._replace(**{name: changed})


def test_two_flipped_bits_of_a_content_are_not_guessed(sound: Path) -> None:
    ledger = _open(sound)
    row = ledger.examined(41).row
    ledger.close()
    assert row is not None
    assert row.sealed_content is not None
    data = bytearray(row.sealed_content)
    data[3] ^= 1
    data[90] ^= 1
    assert mend_row(row._replace(sealed_content=bytes(data)), frozenset(), Vault(KEY)) is None


def test_an_unreadable_row_is_of_no_kind_that_is_written() -> None:
    assert UNREADABLE_KIND not in {kind.value for kind in EntryKind}
