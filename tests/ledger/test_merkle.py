"""Merkle trees against the vectors of Certificate Transparency and a second, slow reference."""

import random
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.ledger import merkle
from trilat.ledger.merkle import (
    EMPTY_ROOT,
    MerkleLog,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from trilat.model import LedgerError, UsageError

# The inputs and roots of Certificate Transparency's own test (merkletree/merkle_tree_test.cc, "TestVector").
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def slow_root(data: Sequence[bytes]) -> bytes:
    """MTH as section 2.1.1 writes it down, over the data themselves, with nothing kept."""
    if not data:
        return sha256().digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return sha256(b"\x01" + slow_root(data[:k]) + slow_root(data[k:])).digest()


def slow_path(m: int, data: Sequence[bytes]) -> list[bytes]:
    """PATH as section 2.1.3.1 writes it down."""
    if len(data) == 1:
        return []
    k = 1
    while k * 2 < len(data):
        k *= 2
    if m < k:
        return [*slow_path(m, data[:k]), slow_root(data[k:])]
    return [*slow_path(m - k, data[k:]), slow_root(data[:k])]


def slow_proof(m: int, data: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF as section 2.1.4.1 writes it down."""
    if m == len(data):
        return [] if whole else [slow_root(data)]
    k = 1
    while k * 2 < len(data):
        k *= 2
    if m <= k:
        return [*slow_proof(m, data[:k], whole), slow_root(data[k:])]
    return [*slow_proof(m - k, data[k:], False), slow_root(data[:k])]


def log_of(data: Sequence[bytes]) -> MerkleLog:
    hashes = [sha256(b"\x00" + one).digest() for one in data]
    log = MerkleLog(lambda start, stop: hashes[start:stop])
    for one in hashes:
        log.append(one)
    return log


def data_of(count: int) -> list[bytes]:
    return [f"leaf {number}".encode() for number in range(count)]


def test_the_published_roots_come_out() -> None:
    log = log_of(INPUTS)
    assert [log.root(size).hex() for size in range(1, 9)] == list(ROOTS)
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert log.root(0) == EMPTY_ROOT


def test_the_proofs_that_the_rfc_lists_for_seven_leaves_come_out() -> None:
    # RFC 9162, section 2.1.5: the nodes of its example, by its letters.
    a, b, c, d, e, f, j = (sha256(b"\x00" + one).digest() for one in INPUTS[:7])
    g, h, i = (sha256(b"\x01" + left + right).digest() for left, right in ((a, b), (c, d), (e, f)))
    k = sha256(b"\x01" + g + h).digest()
    el = sha256(b"\x01" + i + j).digest()
    log = log_of(INPUTS[:7])
    assert log.inclusion(0, 7) == (b, h, el)
    assert log.inclusion(3, 7) == (c, g, el)
    assert log.inclusion(4, 7) == (f, j, k)
    assert log.inclusion(6, 7) == (i, k)
    assert log.consistency(3, 7) == (c, d, g, el)
    assert log.consistency(4, 7) == (el,)
    assert log.consistency(6, 7) == (i, j, k)


@given(st.integers(1, 1_200), st.data())
@settings(max_examples=60, deadline=None)
def test_roots_and_proofs_are_those_of_the_slow_reference(size: int, draw: st.DataObject) -> None:
    data = data_of(size)
    log = log_of(data)
    index = draw.draw(st.integers(0, size - 1))
    first = draw.draw(st.integers(1, size))
    assert log.root() == slow_root(data)
    assert log.root(first) == slow_root(data[:first])
    path, proof = log.inclusion(index, size), log.consistency(first, size)
    assert list(path) == slow_path(index, data)
    assert list(proof) == slow_proof(first, data)
    root = slow_root(data)
    assert verify_inclusion(sha256(b"\x00" + data[index]).digest(), index, size, path, root)
    assert verify_consistency(first, size, slow_root(data[:first]), root, proof)


@given(st.integers(2, 300), st.data())
@settings(max_examples=150, deadline=None)
def test_a_proof_that_was_changed_anywhere_is_refused(size: int, draw: st.DataObject) -> None:
    log = log_of(data_of(size))
    root, index = log.root(), draw.draw(st.integers(0, size - 1))
    leaf, path = log.leaves(index, index + 1)[0], list(log.inclusion(index, size))
    place = draw.draw(st.integers(0, len(path) - 1))
    bit = draw.draw(st.integers(0, 255))
    changed = bytearray(path[place])
    changed[bit // 8] ^= 1 << bit % 8
    bad = [*path[:place], bytes(changed), *path[place + 1 :]]
    assert not verify_inclusion(leaf, index, size, bad, root)
    assert not verify_inclusion(leaf, index, size, path[:place] + path[place + 1 :], root)
    assert not verify_inclusion(leaf, index, size, [*path, root], root)
    assert not verify_inclusion(leaf, (index + 1) % size, size, path, root)
    assert not verify_inclusion(root, index, size, path, root)
    first = draw.draw(st.integers(1, size - 1))
    proof, before = list(log.consistency(first, size)), log.root(first)
    assert not verify_consistency(first, size, root, root, proof)
    assert not verify_consistency(first, size, before, before, proof)
    assert not verify_consistency(first, size, before, root, [*proof, root])
    assert not verify_consistency(first, size, before, root, proof[:-1])


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        (5, 4, ()),
        (-1, 4, ()),
        (4, 4, (bytes(32),)),
        (0, 4, (bytes(32),)),
        (3, 4, ()),
        (2, 4, ()),
        (3, 4, (b"short",)),
        (3, 4, (bytes(32),) * 65),
        (3, 2**62, (bytes(32),) * 64),
    ],
)
def test_a_consistency_proof_that_cannot_be_one_is_refused(
    first: int, second: int, path: tuple[bytes, ...]
) -> None:
    log = log_of(data_of(4))
    assert not verify_consistency(first, second, log.root(max(0, min(first, 4))), log.root(), path)


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        (1, 1, ()),
        (-1, 1, ()),
        (0, 0, ()),
        (0, 1, (bytes(32),)),
        (0, 2, (b"x",)),
        (0, 2**62, (bytes(32),) * 65),
    ],
)
def test_an_inclusion_proof_that_cannot_be_one_is_refused(
    index: int, size: int, path: tuple[bytes, ...]
) -> None:
    log = log_of(data_of(1))
    assert not verify_inclusion(log.root(), index, size, path, log.root())


@given(st.lists(st.binary(max_size=40), max_size=70), st.integers(-5, 2**70), st.integers(-5, 2**70))
@settings(max_examples=200, deadline=None)
def test_whatever_a_partner_sends_as_a_proof_is_answered_and_never_believed(
    path: list[bytes], first: int, second: int
) -> None:
    assert not verify_inclusion(leaf_hash(b"x"), first, second, path, bytes(32))
    assert not verify_consistency(first, second, bytes(32), b"\x01" * 32, path)


def test_what_is_not_in_the_tree_is_refused_in_one_line() -> None:
    log = log_of(data_of(5))
    for ask in (
        lambda: log.root(6),
        lambda: log.inclusion(5, 5),
        lambda: log.consistency(3, 6),
        lambda: log.consistency(4, 3),
        lambda: log.leaves(0, 6),
        lambda: log.subtree(2, 2),
        lambda: log.append(b"short"),
    ):
        with pytest.raises(UsageError):
            ask()


def test_a_source_that_gives_other_leaves_is_found_out() -> None:
    hashes = [leaf_hash(one) for one in data_of(5_000)]
    log = MerkleLog(lambda start, stop: [leaf_hash(b"other")] * (stop - start))
    for one in hashes:
        log.append(one)
    with pytest.raises(UsageError, match="not those that were appended"):
        log.inclusion(3, 5_000)

    def gone(start: int, stop: int) -> list[bytes]:
        raise LedgerError(f"leaves {start} to {stop} are damaged")

    damaged = MerkleLog(gone)
    for one in hashes:
        damaged.append(one)
    assert damaged.root() == slow_root(data_of(5_000))
    with pytest.raises(LedgerError):
        damaged.inclusion(3, 5_000)


def test_a_tree_of_many_leaves_keeps_little_and_proves_fast() -> None:
    hashes = [index.to_bytes(32, "big") for index in range(200_000)]
    asked: list[int] = []

    def source(start: int, stop: int) -> list[bytes]:
        asked.append(stop - start)
        return hashes[start:stop]

    log = MerkleLog(source)
    for one in hashes:
        log.append(one)
    kept = sum(len(level) for level in log._levels) + sum(
        len(part) for block in [*log._blocks.values(), log._newest] for part in block
    )
    assert kept < 150_000
    began = time.perf_counter()
    for index in range(0, 200_000, 20_000):
        path = log.inclusion(index, 199_999)
        assert verify_inclusion(hashes[index], index, 199_999, path, log.root(199_999))
    assert time.perf_counter() - began < 2.0
    assert sum(asked) <= 12 * 256


def _swapped_prefixes() -> Any:
    return {"leaf_hash": lambda data: sha256(b"\x01" + data).digest(),
            "node_hash": lambda left, right: sha256(b"\x00" + left + right).digest()}  # fmt: skip


def _one_prefix() -> Any:
    return {"node_hash": lambda left, right: sha256(b"\x00" + left + right).digest()}


@pytest.mark.parametrize("fault", [_swapped_prefixes, _one_prefix])
def test_a_tree_with_wrong_prefixes_is_caught(
    fault: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, wrong in fault().items():
        monkeypatch.setattr(merkle, name, wrong)
    log = MerkleLog(lambda *_: [])
    for data in INPUTS:
        log.append(merkle.leaf_hash(data))
    assert [log.root(size).hex() for size in range(2, 9)] != list(ROOTS[1:])


def test_a_node_cannot_stand_for_a_leaf() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
    assert not verify_inclusion(leaf_hash(left + right), 0, 1, (), node_hash(left, right))


def test_random_trees_agree_across_the_borders_of_blocks() -> None:
    source = random.Random(4)
    for size in (255, 256, 257, 511, 512, 513, 768, 1_023, 1_024, 1_025):
        data = [source.randbytes(8) for _ in range(size)]
        assert log_of(data).root() == slow_root(data)
