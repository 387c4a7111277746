"""`trilat backup` and `trilat ledger`: what people do, and what they are told."""

import json
import os
from pathlib import Path

import pytest

from trilat.cli.app import run
from trilat.ledger import Entry, EntryKind
from trilat.node import ManualClock, read_folder

INIT = ("node", "init", "--party", "KOR", "--agreements", "separate-2009", "--status", "simulated")


@pytest.fixture
def kor(tmp_path: Path) -> Path:
    path = tmp_path / "kor"
    assert run([*INIT[:2], str(path), *INIT[2:]]) == 0
    ledger = read_folder(path).open_ledger(ManualClock(1), os.urandom)
    ledger.append([Entry(kind=EntryKind.ITEM, content=bytes(2_000))] * 200)
    ledger.close()
    return path


def test_a_lost_machine_becomes_a_node_again(
    kor: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup, again = str(tmp_path / "backup"), str(tmp_path / "again")
    assert run(["backup", "create", str(kor), backup, "--quiet"]) == 0
    assert "KOR: 200 entries in" in capsys.readouterr().out
    assert run(["backup", "create", str(kor), backup, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"party": "KOR", "entries": 200, "new": 0, "damaged": []}
    assert run(["backup", "check", backup, "--keys", str(kor / "keys"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["whole"] is True

    assert run(["backup", "restore", backup, again, "--keys", str(kor / "keys"), "--quiet"]) == 0

    assert "never the old one beside it" in " ".join(capsys.readouterr().out.split())
    assert run(["ledger", "size", again, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"] == 200


def test_what_is_wrong_with_a_backup_is_said_in_one_line(
    kor: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "backup"
    assert run(["backup", "create", str(kor), str(backup), "--with-keys", "--quiet"]) == 0
    assert "whoever reads this folder" in " ".join(capsys.readouterr().out.split())
    data = bytearray((backup / "ledger").read_bytes())
    data[len(data) // 2] ^= 1
    (backup / "ledger").write_bytes(data)

    assert run(["backup", "check", str(backup)]) == 4
    assert run(["backup", "restore", str(backup), str(tmp_path / "again"), "--quiet"]) == 2
    assert run(["backup", "check", str(tmp_path / "nothing")]) == 2
    assert run(["backup", "restore", str(backup), str(kor)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3, lines
    assert not (tmp_path / "again").exists()


def test_after_much_was_removed_a_ledger_can_be_made_smaller(
    kor: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = read_folder(kor).open_ledger(ManualClock(1), os.urandom)
    ledger.remove_contents(range(150), "recalled")
    assert run(["ledger", "compact", str(kor)]) == 4
    assert "in use by another writer" in capsys.readouterr().err
    ledger.close()
    before = (kor / "ledger").stat().st_size

    assert run(["ledger", "compact", str(kor)]) == 0

    assert (kor / "ledger").stat().st_size < before / 2
    again = read_folder(kor).open_ledger(ManualClock(1), os.urandom, read_only=True)
    assert again.verify().verified
    again.close()
