"""`trilat trust`, `invite`, `join`, `admit` as people use them; no key or passphrase is ever shown."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from tests.cli.commands import Ended, trilat

from trilat.cli import trust
from trilat.cli.passphrase import DESCRIPTOR_VARIABLE, FILE_VARIABLE
from trilat.model import LinkError, UsageError
from trilat.node import read_folder, read_root, read_trust

COMMON: Final = ("--agreements", "separate-2009", "--status", "exercise")
PASSPHRASE: Final = "five words nobody says"


def done(*arguments: str | Path) -> Ended:
    ended = trilat(*arguments)
    assert ended.code == 0, ended.err
    return ended


def refused(words: str, *arguments: str | Path) -> str:
    ended = trilat(*arguments)
    assert ended.code == 2, ended.out
    assert ended.err.startswith("trilat: ")
    assert ended.err.count("\n") == 1
    assert words in ended.err, ended.err
    return ended.err


def aloud(path: Path) -> str:
    return " ".join(done("trust", "fingerprint", path).out.split())


@pytest.fixture
def kor(tmp_path: Path) -> Path:
    """A node whose root is on the same machine, and has signed its keys."""
    done("node", "init", tmp_path / "kor", "--party", "KOR", *COMMON)
    done("trust", "init", tmp_path / "root-kor", "--party", "KOR", "--no-passphrase")
    done("trust", "rotate", tmp_path / "root-kor", tmp_path / "kor")
    return tmp_path / "kor"


def test_the_ceremony_by_files_that_are_carried(tmp_path: Path) -> None:
    node, root = tmp_path / "kor", tmp_path / "root"
    made = done("node", "init", node, "--party", "KOR", *COMMON)
    assert "Its keys lie open to whoever can read" in made.out
    begun = done("trust", "init", root, "--party", "KOR", "--no-passphrase")
    assert "not for anything real" in begun.out
    assert "revocation.txt, put it in a safe" in " ".join(begun.out.split())
    request, state = tmp_path / "kor.request", tmp_path / "kor.state"
    asked = done("trust", "request", node, request)
    shown = done("trust", "sign", root, request, state)
    fingerprint = asked.out.splitlines()[-1].strip()
    assert fingerprint in shown.out, "the two compare what the node shows"
    done("trust", "import", node, state)
    assert aloud(root) == aloud(node) == aloud(state)
    told = done("trust", "show", node, "--json").value
    assert [(row["party"], row["by"], row["version"]) for row in told["keys"]] == [("KOR", "root", 1)]
    assert told["lines"] == []


def test_keys_rotate_in_two_steps_and_an_old_answer_is_refused(kor: Path, tmp_path: Path) -> None:
    root, before = tmp_path / "root-kor", read_folder(kor).keys.pin
    done("trust", "request", kor, tmp_path / "one", "--rotate")
    done("trust", "request", kor, tmp_path / "two", "--rotate")
    assert read_folder(kor).keys.pin == before, "until the root has signed"
    done("trust", "sign", root, tmp_path / "one", tmp_path / "two.state")
    done("trust", "import", kor, tmp_path / "two.state")
    after = read_folder(kor).keys
    assert after.pin != before
    assert not (kor / "keys" / "next.keys").exists()
    assert "card.json" in {path.name for path in kor.iterdir()}
    done("trust", "rotate", root, kor)
    refused("is older than 3, which is known", "trust", "import", kor, tmp_path / "two.state")


def test_a_state_for_keys_that_are_not_here_is_refused(kor: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    done("node", "init", other, "--party", "KOR", *COMMON)
    done("trust", "request", other, tmp_path / "request")
    root = tmp_path / "root-kor"
    refused("lacks a signature", "trust", "sign", root, tmp_path / "request", tmp_path / "bad")
    as_of = ("--revoke-as-of", "2026-01-01T00:00:00Z", "--reason", "the machine was taken")
    done("trust", "sign", root, tmp_path / "request", tmp_path / "new", *as_of)
    refused("names keys that are not in", "trust", "import", kor, tmp_path / "new")
    done("trust", "import", other, tmp_path / "new")
    state = read_folder(other).trust.state("KOR")
    assert state is not None
    assert [(key.revoked, key.reason) for key in state.retired] == [(True, "the machine was taken")]


def test_a_root_is_handed_over_renewed_and_revokes(kor: Path, tmp_path: Path) -> None:
    root, before = tmp_path / "root-kor", aloud(tmp_path / "root-kor")
    done("trust", "hand-over", root, tmp_path / "2.state")
    assert aloud(root) != before
    done("trust", "renew", root, tmp_path / "3.state", "--days", "10")
    for number in (2, 3):
        done("trust", "import", kor, tmp_path / f"{number}.state")
    told = trilat("trust", "show", kor, "--json")
    assert told.code == 1
    assert told.value["lines"] == ["our keys end in 9 days: let our root renew them (`trilat trust renew`)"]
    refused("names no key of KOR alone", "trust", "revoke", root, tmp_path / "x", "--as-of",
            "2026-01-01T00:00:00Z", "--key", "zz")  # fmt: skip
    done("trust", "revoke", root, tmp_path / "4.state", "--as-of", "2026-01-01T00:00:00Z")
    done("trust", "import", kor, tmp_path / "4.state")
    lines = trilat("trust", "show", kor, "--json").value["lines"]
    assert lines[0].startswith("our own keys are not in force, nobody believes them")
    refused("there is none to revoke", "trust", "revoke", root, tmp_path / "y", "--as-of",
            "2026-01-01T00:00:00Z")  # fmt: skip


def test_a_partner_joins_with_two_commands_on_each_side(kor: Path, tmp_path: Path) -> None:
    usa = tmp_path / "usa"
    done("node", "init", usa, "--party", "USA", *COMMON)
    done("trust", "init", tmp_path / "root-usa", "--party", "USA", "--no-passphrase")
    done("trust", "rotate", tmp_path / "root-usa", usa)
    letter, answer = tmp_path / "invitation", tmp_path / "acceptance"
    done("invite", "USA", letter, "--node", kor, "--listen", "127.0.0.1:7422")
    waiting = trilat("trust", "show", kor)
    assert waiting.code == 1
    assert "USA is invited and has not accepted yet" in waiting.out
    said, heard = ("--fingerprint", aloud(kor)), ("--fingerprint", aloud(usa))
    refused("whose fingerprint was read aloud", "join", letter, answer, "--node", usa, *heard)
    joined = done("join", letter, answer, "--node", usa, *said, "--releasable")
    assert "KOR is a partner of USA now" in joined.out
    assert "KOR has not signed us-korea-1987.toml" in joined.out
    refused("an invitation is used once", "join", letter, tmp_path / "2", "--node", usa, *said)
    refused("for another use", "admit", _relabelled(letter, tmp_path), "--node", kor, *heard)
    done("admit", answer, "--node", kor, *heard)
    refused("it is used once", "admit", answer, "--node", kor, *heard)
    assert read_folder(usa).settings.releasable_to == ("KOR",)
    done("trust", "rotate", tmp_path / "root-usa", usa)
    done("trust", "export", usa, tmp_path / "usa.state")
    done("trust", "import", kor, tmp_path / "usa.state")
    assert read_folder(kor).trust.pin("USA") == read_folder(usa).keys.pin
    assert "tells nothing new" in done("trust", "import", kor, tmp_path / "usa.state").out


def _relabelled(letter: Path, folder: Path) -> Path:
    """An invitation that says it is an acceptance."""
    path = folder / "relabelled"
    text = letter.read_text(encoding="utf-8").replace("INVITATION", "ACCEPTANCE")
    path.write_text(text, encoding="utf-8")
    return path


def test_a_partner_that_is_known_by_its_card_is_pinned_by_its_root(kor: Path, tmp_path: Path) -> None:
    usa = tmp_path / "usa"
    done("node", "init", usa, "--party", "USA", "--peer", "KOR=127.0.0.1:7422", *COMMON)
    (usa / "peers" / "KOR.json").write_bytes((kor / "card.json").read_bytes())
    state = tmp_path / "kor.state"
    done("trust", "export", kor, state)
    refused("is not pinned by a root", "trust", "import", usa, state)
    pin = ("trust", "pin", usa, state, "--fingerprint")
    refused("whose fingerprint was read aloud", *pin, "0000 " * 16)
    done(*pin, aloud(kor))
    refused("is pinned to this root already", *pin, aloud(kor))
    assert read_folder(usa).trust.state("KOR") is not None
    done("trust", "init", tmp_path / "other-root", "--party", "KOR", "--no-passphrase")
    done("trust", "request", kor, tmp_path / "request")
    done("trust", "sign", tmp_path / "other-root", tmp_path / "request", tmp_path / "other.state")
    other = ("trust", "pin", usa, tmp_path / "other.state", "--fingerprint", aloud(tmp_path / "other-root"))
    refused("is pinned to another root", *other)
    done(*other, "--replace")
    done("trust", "import", usa, tmp_path / "other-root" / "revocation.txt")
    lines = trilat("trust", "show", usa, "--json").value["lines"]
    assert any(line.startswith("KOR revoked its root and all of its keys") for line in lines)


def test_without_a_terminal_a_fingerprint_is_an_option(kor: Path, tmp_path: Path) -> None:
    usa = tmp_path / "usa"
    done("node", "init", usa, "--party", "USA", "--peer", "KOR", *COMMON)
    (usa / "peers" / "KOR.json").write_bytes((kor / "card.json").read_bytes())
    done("trust", "export", kor, tmp_path / "state")
    ended = trilat("trust", "pin", usa, tmp_path / "state")
    assert ended.code == 2
    assert "no fingerprint was typed: give it with --fingerprint" in ended.err
    assert read_trust(usa, "KOR") is None


def test_a_passphrase_comes_from_a_file_or_an_open_file_and_is_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, node = tmp_path / "passphrase", tmp_path / "kor"
    file.write_text(f"{PASSPHRASE}\nnot this line\n", encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    said = [done("node", "init", node, "--party", "KOR", "--agreements", "separate-2009").out]
    assert (node / "keys" / "lock").is_file()
    said.append(done("trust", "init", tmp_path / "root", "--party", "KOR").out)
    said.append(done("trust", "rotate", tmp_path / "root", node).out)
    file.write_text("a wrong passphrase\n", encoding="utf-8")
    said.append(refused("the passphrase does not open", "trust", "request", node, tmp_path / "x"))
    file.write_text("short\n", encoding="utf-8")
    said.append(refused("12 characters or more", "trust", "init", tmp_path / "root-2", "--party", "KOR"))
    file.chmod(0o644)
    said.append(refused("can be read by others", "trust", "request", node, tmp_path / "x"))
    monkeypatch.delenv(FILE_VARIABLE)
    words = "a passphrase is needed, and there is no terminal"
    said.append(refused(words, "trust", "request", node, tmp_path / "x"))
    reader, writer = os.pipe()
    os.write(writer, f"{PASSPHRASE}\nanother five words here\n".encode())
    os.close(writer)
    monkeypatch.setenv(DESCRIPTOR_VARIABLE, str(reader))
    said.append(done("trust", "passphrase", node).out)
    said.append(refused("ended before it gave a passphrase", "trust", "request", node, tmp_path / "x"))
    os.close(reader)
    for text in said:
        for secret in (PASSPHRASE, "a wrong passphrase", "another five words here"):
            assert secret not in text


def test_a_real_node_is_not_made_with_open_keys_by_mistake(tmp_path: Path) -> None:
    init = ("node", "init", tmp_path / "kor", "--party", "KOR", "--agreements", "separate-2009")
    refused("a passphrase is needed", *init)
    assert not (tmp_path / "kor").exists()
    assert "lie open" in done(*init, "--no-passphrase").out


def test_a_node_in_trouble_shows_no_key_in_its_traceback_or_arguments(kor: Path) -> None:
    """Whatever breaks: neither a traceback with locals nor a process listing has a private key in it."""
    folder = read_folder(kor)
    private = folder.keys.private_bytes()
    code = (
        "import sys, rich.traceback; rich.traceback.install(show_locals=True)\n"
        "from pathlib import Path; from trilat.node import read_folder\n"
        "folder = read_folder(Path(sys.argv[1])); keys = folder.keys; secrets = folder.secrets\n"
        "raise RuntimeError(keys)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(kor)], check=False, capture_output=True, text=True
    )
    said = ended.stdout + ended.stderr
    assert "RuntimeError" in said
    for secret in (private, folder.secrets.ledger_key, folder.secrets.token_key):
        for start in range(0, len(secret) - 8, 4):
            part = secret[start : start + 8]
            assert part.hex() not in said
            assert repr(part)[2:-1] not in said


def test_what_is_no_root_and_no_node_is_one_line(tmp_path: Path, kor: Path) -> None:
    refused("is not a root's folder", "trust", "renew", kor, tmp_path / "x")
    refused("is not a node's folder", "trust", "show", tmp_path)
    refused("is not empty", "trust", "init", kor, "--party", "KOR", "--no-passphrase")
    refused("is not a party's code", "trust", "init", tmp_path / "r", "--party", "kor", "--no-passphrase")
    (tmp_path / "junk").write_text("junk", encoding="utf-8")
    refused("this is no trust state", "trust", "import", kor, tmp_path / "junk")
    refused(
        "this is no key request", "trust", "sign", tmp_path / "root-kor", tmp_path / "junk", tmp_path / "x"
    )
    refused("this is no invitation", "join", tmp_path / "junk", tmp_path / "x", "--node", kor)
    (tmp_path / "root-kor" / "root.json").write_text("{}", encoding="utf-8")
    refused("does not name a root", "trust", "renew", tmp_path / "root-kor", tmp_path / "x")


def test_a_handover_that_was_interrupted_is_finished(kor: Path, tmp_path: Path) -> None:
    root = tmp_path / "root-kor"
    old = (root / "root.key").read_bytes()
    named = (root / "root.json").read_bytes()
    done("trust", "hand-over", root, tmp_path / "2.state")
    # As it was when the machine stopped: the new state and the new key are there, the old key still in place.
    (root / "next.key").write_bytes((root / "root.key").read_bytes())
    (root / "next.key").chmod(0o600)
    (root / "root.key").write_bytes(old)
    (root / "root.json").write_bytes(named)
    refused("was interrupted, and is finished now", "trust", "renew", root, tmp_path / "3.state")
    done("trust", "renew", root, tmp_path / "3.state")
    assert read_root(root).newest().claimed.version == 3
    assert kor.is_dir()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "The running node has taken it."),
        (
            UsageError("it holds another root"),
            "It holds from the next start of the node: it holds another root.",
        ),
        (LinkError("the node does not answer"), "from the next start of the node: the node does not answer."),
    ],
    ids=["taken", "refused", "silent"],
)
def test_a_root_that_is_pinned_is_taken_by_the_running_node_or_the_sentence_says_when(
    kor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Exception | None, words: str
) -> None:
    usa, state = tmp_path / "usa", tmp_path / "kor.state"
    done("node", "init", usa, "--party", "USA", *COMMON, "--peer", "KOR-")
    (usa / "peers" / "KOR.json").write_bytes((kor / "card.json").read_bytes())
    done("trust", "export", kor, state)
    (usa / "run").mkdir(exist_ok=True)
    (usa / "run" / "address.json").write_text('{"web": "http://127.0.0.1:9"}')
    asked: list[tuple[object, ...]] = []

    def ask_it(_: object, *question: object) -> None:
        asked.append(question)
        if answer is not None:
            raise answer

    monkeypatch.setattr(trust, "ask_node", ask_it)
    told = done("trust", "pin", usa, state, "--fingerprint", aloud(kor))
    assert words in " ".join(told.out.split())
    assert asked == [("administrator", "POST", "/trust/pinned", {"party": "KOR"})]
