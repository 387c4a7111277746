"""A backup: made beside the writer, brought up to date, told from what is not whole, restored."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from tests.postgres_server import postgres_server

from trilat.ledger import Entry, EntryKind, Ledger, SqliteStore
from trilat.model import LedgerError, Status, UsageError
from trilat.node import (
    RESTORED_FILE,
    LedgerSettings,
    ManualClock,
    NodeFolder,
    NodeSettings,
    check_backup,
    make_backup,
    make_folder,
    read_folder,
    read_ledger_key,
    restore_backup,
)
from trilat.study import agreement_files

NOW_NS: Final = 1_790_000_000_000_000_000
SETTINGS: Final = NodeSettings(party="KOR", status=Status.SIMULATED, purpose="missile-warning")


def made(path: Path, settings: NodeSettings = SETTINGS) -> NodeFolder:
    texts = agreement_files("separate-2009")
    make_folder(path, settings, texts, hosts=(), now_ns=NOW_NS, entropy=os.urandom)
    return read_folder(path)


def writing(folder: NodeFolder) -> Ledger:
    return folder.open_ledger(ManualClock(NOW_NS), os.urandom)


def entries(count: int, first: int = 0) -> list[Entry]:
    return [Entry(kind=EntryKind.ITEM, content=b"content %d" % (first + number)) for number in range(count)]


@pytest.fixture
def kor(tmp_path: Path) -> NodeFolder:
    folder = made(tmp_path / "kor")
    ledger = writing(folder)
    ledger.append(entries(50))
    ledger.close()
    return folder


def test_a_backup_is_made_beside_the_writer_and_brought_up_to_date(kor: NodeFolder, tmp_path: Path) -> None:
    ledger = writing(kor)
    first, copied = make_backup(kor, tmp_path / "backup", with_keys=False)
    ledger.append(entries(10, first=50))
    second, added = make_backup(kor, tmp_path / "backup", with_keys=False)
    unchanged, nothing = make_backup(kor, tmp_path / "backup", with_keys=False)
    ledger.close()

    assert (first.entries, copied.new_rows, second.entries, added.new_rows) == (50, 50, 60, 10)
    assert (unchanged.entries, nothing.new_rows) == (60, 0)
    state = check_backup(tmp_path / "backup", kor.secrets.ledger_key)
    assert (state.verification.verified, state.verification.entries) == (True, 60)


def test_no_key_and_no_token_is_in_a_backup_unless_asked_for(kor: NodeFolder, tmp_path: Path) -> None:
    make_backup(kor, tmp_path / "backup", with_keys=False)
    held = b"".join(file.read_bytes() for file in (tmp_path / "backup").rglob("*") if file.is_file())

    for file in (kor.path / "keys").rglob("*"):
        if file.is_file() and file.suffix != ".pem":
            assert file.read_bytes().strip() not in held
    assert not (tmp_path / "backup" / "files" / "keys").exists()
    assert b"content 7" not in held
    with pytest.raises(UsageError, match="holds no keys"):
        restore_backup(tmp_path / "backup", tmp_path / "again", None)


def test_what_was_removed_is_taken_out_of_the_backup_too(kor: NodeFolder, tmp_path: Path) -> None:
    make_backup(kor, tmp_path / "backup", with_keys=False)
    ledger = writing(kor)
    secrets = [row for row in SqliteStore(kor.ledger_path, read_only=True).rows() if row.entry in {3, 7, 49}]
    ledger.remove_contents([3, 7], "recalled")
    ledger.append(entries(5, first=50))
    ledger.remove_content(54, "recalled too")
    ledger.remove_content(49, "recalled")
    ledger.close()

    make_backup(kor, tmp_path / "backup", with_keys=False)

    files = [file.read_bytes() for file in (tmp_path / "backup").iterdir() if file.is_file()]
    for row in secrets:
        assert row.wrapped_key is not None
        assert not any(row.wrapped_key in data for data in files)
        assert any(row.commitment in data for data in files)
    state = check_backup(tmp_path / "backup", kor.secrets.ledger_key)
    assert (state.verification.verified, state.verification.removed) == (True, 4)


@pytest.mark.parametrize("inside", [True, False], ids=["keys in it", "keys apart"])
def test_a_node_is_made_of_a_backup_again(kor: NodeFolder, tmp_path: Path, inside: bool) -> None:
    make_backup(kor, tmp_path / "backup", with_keys=inside)
    folder, state = restore_backup(
        tmp_path / "backup", tmp_path / "again", None if inside else kor.path / "keys"
    )

    assert state.manifest.entries == 50
    ledger = writing(folder)
    assert [stored.content for stored in ledger.entries()] == [entry.content for entry in entries(50)]
    assert ledger.append(entries(1))[0].entry == 50
    assert ledger.verify().verified
    ledger.close()
    assert folder.keys.pin == kor.keys.pin
    told = json.loads((tmp_path / "again" / RESTORED_FILE).read_text())
    assert told["why"].endswith(", 50 entries")
    assert len(bytes.fromhex(told["name"])) == 16
    assert not [
        file
        for file in (tmp_path / "again" / "keys").rglob("*")
        if file.is_file() and file.stat().st_mode & 0o077
    ]


def _flip(file: Path, offset: int) -> None:
    data = bytearray(file.read_bytes())
    data[offset] ^= 1
    file.write_bytes(data)


def _edit(file: Path, **changes: Any) -> None:
    said = json.loads(file.read_text())
    file.write_text(json.dumps({**said, **changes}))


SPOILT: Final[dict[str, tuple[Callable[[Path], object], str]]] = {
    "a file changed": (lambda path: _flip(path / "files" / "node.toml", 3), "`node.toml` is changed"),
    "a file missing": (lambda path: (path / "files" / "card.json").unlink(), "`card.json` is missing"),
    "a file more": (
        lambda path: (path / "files" / "agreements" / "more.toml").write_text("x"),
        "`agreements/more.toml` is not of the backup",
    ),
    "a manifest that says less": (
        lambda path: _edit(path / "manifest.json", entries=10),
        "does not fit the ledger key",
    ),
    "a manifest of another format": (lambda path: _edit(path / "manifest.json", format=2), "of format 2"),
    "a manifest with more in it": (lambda path: _edit(path / "manifest.json", more=1), "not a manifest"),
    "no manifest": (lambda path: (path / "manifest.json").unlink(), "is no backup"),
    "a manifest that is nonsense": (lambda path: (path / "manifest.json").write_text("{"), "not a manifest"),
    "a manifest without end": (
        lambda path: (path / "manifest.json").write_bytes(b" " * 5_000_000),
        "too long for a manifest",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_backup_that_is_not_whole_is_not_restored(kor: NodeFolder, tmp_path: Path, name: str) -> None:
    spoil, why = SPOILT[name]
    make_backup(kor, tmp_path / "backup", with_keys=True)
    spoil(tmp_path / "backup")

    for attempt in (
        lambda: check_backup(tmp_path / "backup", kor.secrets.ledger_key),
        lambda: restore_backup(tmp_path / "backup", tmp_path / "again", None),
    ):
        with pytest.raises(UsageError, match=why) as caught:
            attempt()
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("damage", ["a row", "the end"])
def test_a_damaged_ledger_in_a_backup_is_told_and_not_restored(
    kor: NodeFolder, tmp_path: Path, damage: str
) -> None:
    make_backup(kor, tmp_path / "backup", with_keys=True)
    file = tmp_path / "backup" / "ledger"
    if damage == "a row":
        row = next(SqliteStore(file, read_only=True).rows(20))
        assert row.sealed_content is not None
        _flip(file, file.read_bytes().index(row.sealed_content))
    else:
        shorter = Ledger(
            SqliteStore(tmp_path / "short"), "KOR", kor.secrets.ledger_key, ManualClock(NOW_NS), os.urandom
        )
        shorter.append(entries(20))
        shorter.close()
        file.write_bytes((tmp_path / "short").read_bytes())

    state = check_backup(tmp_path / "backup", kor.secrets.ledger_key)

    assert not state.verification.verified
    with pytest.raises(UsageError, match="is not restored"):
        restore_backup(tmp_path / "backup", tmp_path / "again", None)
    assert not (tmp_path / "again").exists()


def test_a_damaged_row_of_the_node_is_copied_as_it_is_and_told(kor: NodeFolder, tmp_path: Path) -> None:
    row = next(SqliteStore(kor.ledger_path, read_only=True).rows(20))
    assert row.sealed_content is not None
    _flip(kor.ledger_path, kor.ledger_path.read_bytes().index(row.sealed_content))

    _, copied = make_backup(kor, tmp_path / "backup", with_keys=False)

    assert copied.new_rows == 50
    assert len(copied.damaged) == 1
    assert "entry 20 is damaged" in copied.damaged[0]


def test_targets_that_are_something_else_are_refused(kor: NodeFolder, tmp_path: Path) -> None:
    jpn = made(tmp_path / "jpn", msgspec.structs.replace(SETTINGS, party="JPN"))
    writing(jpn).close()
    make_backup(jpn, tmp_path / "backup-jpn", with_keys=False)
    other = made(tmp_path / "kor2")
    ledger = writing(other)
    ledger.append(entries(60))
    ledger.close()
    make_backup(kor, tmp_path / "backup", with_keys=True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")

    with pytest.raises(UsageError, match="a node's own folder"):
        make_backup(kor, jpn.path, with_keys=False)
    with pytest.raises(UsageError, match="a backup of JPN"):
        make_backup(kor, tmp_path / "backup-jpn", with_keys=False)
    with pytest.raises(LedgerError, match="of another history"):
        make_backup(other, tmp_path / "backup", with_keys=False)
    with pytest.raises(UsageError, match="is no backup"):
        make_backup(kor, tmp_path / "full", with_keys=False)
    with pytest.raises(UsageError, match="does not fit the ledger key"):
        check_backup(tmp_path / "backup", jpn.secrets.ledger_key)
    with pytest.raises(UsageError, match="is not empty"):
        restore_backup(tmp_path / "backup", tmp_path / "full", None)
    assert check_backup(tmp_path / "backup", read_ledger_key(kor.path / "keys")).verification.verified


def test_a_node_whose_ledger_is_in_a_server_is_backed_up_and_restored_there(tmp_path: Path) -> None:
    with postgres_server() as server:
        settings = msgspec.structs.replace(SETTINGS, ledger=LedgerSettings(url=server.url))
        folder = made(tmp_path / "kor", settings)
        ledger = writing(folder)
        ledger.append(entries(30))
        make_backup(folder, tmp_path / "backup", with_keys=True)
        ledger.close()
        with pytest.raises(UsageError, match="holds a ledger of this party already"):
            restore_backup(tmp_path / "backup", tmp_path / "again", None)
    with postgres_server() as new:
        moved, _ = restore_backup(tmp_path / "backup", tmp_path / "moved", None, new.url)
        back = writing(moved)
        assert (moved.settings.ledger.url, back.verify().entries) == (new.url, 30)
        back.close()
    here, _ = restore_backup(tmp_path / "backup", tmp_path / "here", None, "")
    filed = writing(here)
    assert (here.ledger_path.is_file(), filed.verify().entries) == (True, 30)
    filed.close()
