"""The lock: a right passphrase opens, anything else is one line that tells nothing."""

import random

import msgspec
import pytest
from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.link import Lock, Strength, is_sealed, open_lock
from trilat.link.lock import PASSPHRASE_CHARACTERS_MIN
from trilat.model import ItemError, UsageError

WEAK = Strength(memory_kib=64, passes=1, lanes=1)
PASSPHRASE = b"five words nobody says"
DRAW = random.Random(4).randbytes


def _lock() -> tuple[Lock, bytes]:
    lock = Lock.new(DRAW)
    return lock, lock.under(PASSPHRASE, WEAK)


def test_what_is_closed_opens_with_the_passphrase_alone() -> None:
    lock, file = _lock()
    sealed = lock.close("node.keys", b"secret")
    assert is_sealed(sealed)
    assert b"secret" not in sealed + file
    assert open_lock(file, PASSPHRASE, DRAW).open("node.keys", sealed) == b"secret"
    for wrong in (b"", b"five words nobody say", PASSPHRASE + b" ", PASSPHRASE.upper()):
        with pytest.raises(UsageError, match="the passphrase does not open the keys"):
            open_lock(file, wrong, DRAW)


def test_the_key_is_that_of_argon2id_with_the_parameters_in_the_file() -> None:
    lock, file = _lock()
    start = b"trilat lock 1\n"
    strength, salt, nonce, sealed = msgspec.msgpack.decode(file.removeprefix(start))
    key = hash_secret_raw(PASSPHRASE, salt, 1, 64, 1, 32, Type.ID)
    opened = AESGCM(key).decrypt(nonce, sealed, start + msgspec.msgpack.encode(strength) + salt)
    again = Lock(opened, DRAW)
    assert again.open("a", lock.close("a", b"x")) == b"x"


def test_a_secret_does_not_open_under_another_name_or_lock() -> None:
    lock, _ = _lock()
    sealed = lock.close("node.keys", b"secret")
    with pytest.raises(UsageError, match=r"`ledger.key` does not open under this lock"):
        lock.open("ledger.key", sealed)
    with pytest.raises(UsageError, match=r"`node.keys` does not open under this lock"):
        Lock.new(DRAW).open("node.keys", sealed)
    assert lock.close("node.keys", b"secret") != sealed, "no two are alike"


@pytest.mark.parametrize("short", [b"", b"short", "ééééé".encode() * 2, b"x" * 1_025])
def test_a_passphrase_that_is_too_short_or_too_long_is_refused(short: bytes) -> None:
    with pytest.raises(UsageError, match=f"a passphrase has {PASSPHRASE_CHARACTERS_MIN} characters or more"):
        Lock.new(DRAW).under(short, WEAK)


_LOCK, _FILE = _lock()
_SEALED = _LOCK.close("node.keys", b"secret")


@given(st.integers(0, len(_FILE) * 8 - 1))
@settings(max_examples=200, deadline=None)
def test_a_changed_lock_is_one_line_and_never_a_key(bit: int) -> None:
    changed = bytearray(_FILE)
    changed[bit // 8] ^= 1 << bit % 8
    # Parameters may ask for much memory, within their limits: those bits are for the test below.
    if bit // 8 in range(14, 24):
        return
    with pytest.raises(UsageError) as refused:
        open_lock(bytes(changed), PASSPHRASE, DRAW)
    assert "\n" not in str(refused.value)


def test_a_wrong_passphrase_and_a_changed_file_say_the_same() -> None:
    changed = _FILE[:-1] + bytes([_FILE[-1] ^ 1])
    lines = set()
    for file, passphrase in ((_FILE, b"wrong passphrase"), (changed, PASSPHRASE), (changed, b"wrong")):
        with pytest.raises(UsageError) as refused:
            open_lock(file, passphrase, DRAW)
        lines.add(str(refused.value))
    assert len(lines) == 1


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_any_bytes_are_no_lock_and_no_secret(data: bytes) -> None:
    with pytest.raises(UsageError):
        open_lock(data, PASSPHRASE, DRAW)
    with pytest.raises(UsageError):
        _LOCK.open("node.keys", data)


@given(st.integers(0, len(_SEALED) * 8 - 1))
@settings(max_examples=200)
def test_no_bit_of_a_sealed_secret_can_be_turned(bit: int) -> None:
    changed = bytearray(_SEALED)
    changed[bit // 8] ^= 1 << bit % 8
    if bit // 8 < len(b"trilat sealed 1\n"):
        assert not is_sealed(bytes(changed))
        return
    with pytest.raises(UsageError, match="does not open under this lock"):
        _LOCK.open("node.keys", bytes(changed))


def test_parameters_beyond_their_limits_are_refused_before_any_memory_is_taken() -> None:
    start = b"trilat lock 1\n"
    body = _FILE[len(start) :]
    greedy = body.replace(bytes([0x93, 64, 1, 1]), bytes([0x93, 0xCE, 0x7F, 0xFF, 0xFF, 0xFF, 1, 1]), 1)
    assert greedy != body
    with pytest.raises(UsageError, match="the lock of the keys is not one"):
        open_lock(start + greedy, PASSPHRASE, DRAW)


def test_a_lock_does_not_show_itself() -> None:
    assert f"{_LOCK!r} {_LOCK}" == "Lock(***) Lock(***)"


@pytest.mark.parametrize("strength", [(64, 1, 16), (127, 1, 16)])
def test_a_lock_that_asks_for_what_argon2_cannot_do_is_refused_in_one_line(
    strength: tuple[int, int, int],
) -> None:
    _, file = _lock()
    start = b"trilat lock 1\n"
    parts = msgspec.msgpack.decode(file.removeprefix(start))
    with pytest.raises(UsageError, match="the lock of the keys is not one"):
        open_lock(start + msgspec.msgpack.encode([strength, *parts[1:]]), PASSPHRASE, DRAW)
    with pytest.raises(ItemError, match="lanes need 128 KiB or more"):
        Strength(memory_kib=strength[0], passes=strength[1], lanes=strength[2])


def test_a_lock_that_asks_for_more_memory_than_there_is_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object, **__: object) -> bytes:
        raise HashingError("Memory allocation error")

    _, file = _lock()
    monkeypatch.setattr("trilat.link.lock.hash_secret_raw", refused)
    with pytest.raises(UsageError, match="the lock asks for 64 KiB of memory: Memory allocation error"):
        open_lock(file, PASSPHRASE, DRAW)
