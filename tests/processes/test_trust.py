"""Trust in real processes: partners join by two files, keys change under running nodes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.cli.commands import trilat
from tests.processes.test_node_command import Running, event, until

from trilat.cli.fleet import free_port
from trilat.cli.passphrase import FILE_VARIABLE
from trilat.node import read_folder

COMMON: Final = ("--agreements", "separate-2009", "--status", "exercise")
PASSPHRASE: Final = "five words nobody says"


def done(*arguments: str | Path) -> str:
    ended = trilat(*arguments)
    assert ended.code == 0, ended.err
    return " ".join(ended.out.split())


@pytest.fixture
def partners(tmp_path: Path) -> Iterator[tuple[Running, Running, Path]]:
    """KOR and USA, joined by an invitation, running, their keys behind a passphrase."""
    root = tmp_path
    secret = root / "passphrase"
    secret.write_text(PASSPHRASE + "\n", encoding="utf-8")
    secret.chmod(0o600)
    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FILE_VARIABLE, str(secret))
        for code, leaf in (("KOR", port), ("USA", 0)):
            done("node", "init", root / code, "--party", code, "--leaf", f"127.0.0.1:{leaf}", *COMMON)
            done("trust", "init", root / f"root-{code}", "--party", code)
            done("trust", "rotate", root / f"root-{code}", root / code)
        said = {code: done("trust", "fingerprint", root / f"root-{code}") for code in ("KOR", "USA")}
        done("invite", "USA", root / "letter", "--node", root / "KOR", "--listen", f"127.0.0.1:{port}")
        join = ("join", root / "letter", root / "answer", "--node", root / "USA")
        done(*join, "--fingerprint", said["KOR"], "--releasable")
        admit = ("admit", root / "answer", "--node", root / "KOR")
        done(*admit, "--fingerprint", said["USA"], "--releasable")
        kor, usa = Running(root / "KOR"), Running(root / "USA")
        yield kor, usa, root
        assert (kor.end(), usa.end()) == (0, 0)


def give(kor: Running) -> None:
    name = os.urandom(8).hex()
    batch = {"reports": [event(kor, f"seen-{name}")]}
    answer = kor.ask("intake", "POST", "/intake", json=batch, headers={"idempotency-key": name})
    assert answer.is_success, answer.text


def received(usa: Running) -> int:
    return int(usa.state()["links"]["KOR"]["received"])


def test_keys_change_under_running_nodes_and_a_revoked_one_is_refused(
    partners: tuple[Running, Running, Path],
) -> None:
    kor, usa, root = partners
    until("a link", lambda: kor.state()["links"]["USA"]["up"] and usa.state()["links"]["KOR"]["up"])
    first, had = _version(root, "KOR", "KOR"), received(usa)
    give(kor)
    until("a release", lambda: received(usa) > had)
    before = read_folder(root / "KOR").trust.pin("KOR")
    taken = done("trust", "rotate", root / "root-KOR", root / "KOR")
    assert "The running node has taken it." in taken
    assert read_folder(root / "KOR").trust.pin("KOR") != before
    give(kor)
    until("a release by new keys", lambda: received(usa) > had + 1)
    until("the word of it", lambda: _version(root, "USA", "KOR") == first + 1)
    done("trust", "revoke", root / "root-KOR", root / f"{first}.state", "--as-of", "2026-01-01T00:00:00Z")
    done("trust", "import", root / "KOR", root / f"{first}.state")
    until("the revocation", lambda: _version(root, "USA", "KOR") == first + 2)
    shown = trilat("node", "status", root / "USA")
    assert "KOR's key was revoked as of 2026-01-01T00:00:00Z" in shown.out
    count = received(usa)
    give(kor)
    until("a refusal", lambda: any("was revoked" in line for line in usa.state()["last_refusals"]))
    assert received(usa) == count
    for log in (kor.said(), usa.said()):
        assert PASSPHRASE not in log
        for secret in _secrets(root / "USA"):
            assert secret.hex() not in log


def test_nobody_sees_a_passphrase_in_the_list_of_processes(partners: tuple[Running, Running, Path]) -> None:
    for node in partners[:2]:
        arguments = Path(f"/proc/{node.process.pid}/cmdline").read_bytes()
        assert PASSPHRASE.encode() not in arguments
        assert str(partners[2] / "passphrase").encode() not in arguments


def test_a_locked_node_does_not_start_without_a_passphrase(partners: tuple[Running, Running, Path]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != FILE_VARIABLE}
    ended = subprocess.run(
        [sys.executable, "-m", "trilat", "node", "run", str(partners[2] / "USA")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
    )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "a passphrase is needed, and there is no terminal" in ended.stderr


def _version(root: Path, node: str, party: str) -> int:
    keys = trilat("trust", "show", root / node, "--json").value["keys"]
    return next((int(row.get("version", 0)) for row in keys if row["party"] == party), 0)


def _secrets(folder: Path) -> tuple[bytes, ...]:
    held = read_folder(folder, lambda _: PASSPHRASE.encode())
    return (held.keys.private_bytes()[:32], held.secrets.ledger_key, held.secrets.token_key)
