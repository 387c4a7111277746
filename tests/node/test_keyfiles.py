"""Keys on disk: behind a passphrase, bound to their names, changed whole, and shown by nothing."""

import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import pytest

from trilat.link import MemoryToken, Strength
from trilat.model import Status, TrilatError, UsageError
from trilat.node import (
    KeyFiles,
    ManualClock,
    NodeSettings,
    Peer,
    keys_from,
    make_folder,
    new_keys,
    read_folder,
    sealed_names,
)
from trilat.node.keyfiles import Ask
from trilat.node.stored_keys import NODE_KEYS_FILE, keys_in_force, with_before
from trilat.study import agreement_files

NOW_NS: Final = 1_790_000_000_000_000_000
WEAK: Final = Strength(memory_kib=64, passes=1, lanes=1)
PASSPHRASE: Final = b"five words nobody says"
OTHER: Final = b"another five words here"
SETTINGS: Final = NodeSettings(party="KOR", status=Status.REAL, purpose="missile-warning")
NAMES: Final = ("node.keys", "ledger.key", "observations.key")


class Asked:
    """Somebody who types, and counts how often."""

    def __init__(self, *said: bytes) -> None:
        self.said = list(said)
        self.times = 0

    def __call__(self, what: str) -> bytes:
        assert what.startswith("the keys in ")
        self.times += 1
        return self.said.pop(0) if len(self.said) > 1 else self.said[0]


def made(folder: Path, passphrase: bytes | None = PASSPHRASE, peers: Sequence[str] = ()) -> Path:
    settings = msgspec.structs.replace(SETTINGS, peer=tuple(Peer(code=code) for code in peers))
    texts = agreement_files("separate-2009")
    make_folder(
        folder,
        settings,
        texts,
        hosts=(),
        now_ns=NOW_NS,
        entropy=os.urandom,
        passphrase=passphrase,
        strength=WEAK,
    )
    return folder


def test_a_locked_folder_is_read_without_a_passphrase_and_opened_with_it_once(tmp_path: Path) -> None:
    folder, asked = made(tmp_path / "kor"), Asked(PASSPHRASE)
    held = read_folder(folder, asked)
    assert asked.times == 0
    assert sorted(held.secrets.tokens) == ["administrator", "intake", "staff"]
    assert held.keys.pin == held.trust.pin("KOR")
    held.open_ledger(ManualClock(NOW_NS), os.urandom).close()
    assert held.config().token_key == held.secrets.token_key
    assert asked.times == 1
    with pytest.raises(UsageError, match="needs a passphrase, and nobody is here to give it"):
        _ = read_folder(folder).keys


def test_nothing_in_a_locked_folder_is_a_key_in_clear(tmp_path: Path) -> None:
    folder = made(tmp_path / "kor")
    held = read_folder(folder, Asked(PASSPHRASE))
    secrets = (held.keys.private_bytes(), held.secrets.ledger_key, held.secrets.token_key)
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for secret in (*secrets, secrets[0][:32], secrets[0][32:96], PASSPHRASE):
                assert secret not in data, path
                assert secret.hex().encode() not in data, path


def test_a_wrong_passphrase_is_one_line_that_shows_neither_it_nor_a_key(tmp_path: Path) -> None:
    folder = made(tmp_path / "kor")
    with pytest.raises(UsageError, match="the passphrase does not open the keys") as refused:
        _ = read_folder(folder, Asked(b"a wrong passphrase")).keys
    assert "a wrong passphrase" not in str(refused.value)
    assert "\n" not in str(refused.value)


def _swap(folder: Path) -> None:
    keys = folder / "keys"
    (keys / "ledger.key").write_bytes((keys / "observations.key").read_bytes())


def _open(folder: Path) -> None:
    (folder / "keys" / "ledger.key").write_bytes(bytes(32))


def _flip(folder: Path) -> None:
    path = folder / "keys" / "ledger.key"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))


def _of_another(folder: Path) -> None:
    other = made(folder.parent / "other")
    for name in NAMES:
        (folder / "keys" / name).write_bytes((other / "keys" / name).read_bytes())


DAMAGE: Final[dict[str, tuple[Callable[[Path], object], str]]] = {
    "one secret in another's place": (_swap, "`ledger.key` does not open under this lock"),
    "a secret in clear beside the lock": (_open, "ledger.key` lies open beside a lock"),
    "one bit turned": (_flip, "`ledger.key` does not open under this lock"),
    "keys of another node": (_of_another, "does not open under this lock"),
    "no lock": (lambda folder: (folder / "keys" / "lock").unlink(), "of `.*` is missing"),
    "a lock that is none": (
        lambda folder: (folder / "keys" / "lock").write_bytes(b"lock"),
        "the lock of the keys is not one",
    ),
    "a lock that others can read": (lambda folder: (folder / "keys" / "lock").chmod(0o644), "read by others"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_keys_that_are_not_as_they_were_made_are_refused_in_one_line(tmp_path: Path, name: str) -> None:
    harm, words = DAMAGE[name]
    folder = made(tmp_path / "kor")
    harm(folder)
    with pytest.raises(TrilatError, match=words) as refused:
        _ = read_folder(folder, Asked(PASSPHRASE)).secrets.ledger_key
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("before", "after"),
    [(PASSPHRASE, OTHER), (None, OTHER), (PASSPHRASE, None), (PASSPHRASE, PASSPHRASE)],
)
def test_a_passphrase_is_changed_set_and_taken_away(
    tmp_path: Path, before: bytes | None, after: bytes | None
) -> None:
    folder = made(tmp_path / "kor", before)
    ask: Ask = Asked(before) if before else Asked(b"nobody asks")
    private = read_folder(folder, ask).keys.private_bytes()
    files = KeyFiles(folder / "keys", ask)
    files.change_passphrase(after, sealed_names(files), WEAK)
    held = read_folder(folder, Asked(after) if after else Asked(b"nobody asks"))
    assert held.keys.private_bytes() == private
    assert KeyFiles(folder / "keys").is_locked is (after is not None)
    for path in (folder / "keys").iterdir():
        assert path.is_dir() or path.stat().st_mode & 0o777 == 0o600
    if before and after and before != after:
        with pytest.raises(UsageError, match="the passphrase does not open the keys"):
            _ = read_folder(folder, Asked(before)).keys


def test_a_first_passphrase_that_was_interrupted_is_set_again(tmp_path: Path) -> None:
    folder = made(tmp_path / "kor", None)
    private = read_folder(folder).keys.private_bytes()
    files = KeyFiles(folder / "keys")
    files.change_passphrase(PASSPHRASE, ["node.keys"], WEAK)  # as far as it came
    with pytest.raises(UsageError, match="set the passphrase again with `trilat trust passphrase`"):
        _ = read_folder(folder, Asked(PASSPHRASE)).secrets.ledger_key
    again = KeyFiles(folder / "keys", Asked(PASSPHRASE))
    again.change_passphrase(PASSPHRASE, sealed_names(again), WEAK)
    held = read_folder(folder, Asked(PASSPHRASE))
    assert held.keys.private_bytes() == private
    assert len(held.secrets.ledger_key) == 32


def test_a_short_passphrase_makes_no_folder_and_changes_nothing(tmp_path: Path) -> None:
    folder = made(tmp_path / "kor")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    files = KeyFiles(folder / "keys", Asked(PASSPHRASE))
    with pytest.raises(UsageError, match="a passphrase has 12 characters or more"):
        files.change_passphrase(b"short", sealed_names(files), WEAK)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_key_files_and_secrets_do_not_show_themselves(tmp_path: Path) -> None:
    held = read_folder(made(tmp_path / "kor"), Asked(PASSPHRASE))
    key = held.secrets.ledger_key
    shown = f"{held.secrets!r} {held.secrets.files!r} {held!r}"
    assert key.hex() not in shown
    assert repr(key)[2:-1] not in shown
    assert "***" in shown


def test_keys_of_before_open_and_only_those_that_the_state_names_sign(tmp_path: Path) -> None:
    folder = made(tmp_path / "kor")
    files = KeyFiles(folder / "keys", Asked(PASSPHRASE))
    old = keys_from("KOR", files.read(NODE_KEYS_FILE))
    new, stored = new_keys("KOR", os.urandom)
    files.write({"next.keys": stored}, new=True)
    assert keys_in_force(files, "KOR", old.pin).pin == old.pin
    assert files.has("next.keys")
    taken = keys_in_force(files, "KOR", new.pin)
    assert taken.pin == new.pin
    assert not files.has("next.keys")
    assert keys_from("KOR", files.read(NODE_KEYS_FILE)).pin == new.pin
    with pytest.raises(UsageError, match="are not those of its newest trust state and card"):
        keys_in_force(files, "KOR", old.pin)


def test_a_token_s_key_is_stored_by_its_label_alone() -> None:
    token = MemoryToken(random.Random(1).randbytes)
    keys, stored = new_keys("KOR", os.urandom, token, "node-1")
    again = keys_from("KOR", stored, lambda: token)
    assert again.pin == keys.pin
    with pytest.raises(UsageError, match="the signing key is in a token"):
        keys_from("KOR", stored)
    other, plain = new_keys("KOR", os.urandom)
    both = keys_from("KOR", with_before(stored, plain), lambda: token)
    assert both.pin == keys.pin != other.pin


@pytest.mark.parametrize(
    "data", [b"", b"half", bytes(127), bytes(129), b"\x94\x00", b"\x94\xc4\x00\xa0\xc4\x00\xc4\x00"]
)
def test_bytes_that_are_no_keys_are_one_line(data: bytes) -> None:
    with pytest.raises(UsageError, match="private keys have 128 bytes"):
        keys_from("KOR", data)
