"""The chain's arithmetic, against SHA-256 over bytes written out by hand (FIPS 180-4 through hashlib)."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilat.ledger.chain import chained_of, commitment_of, genesis_of, row_hashes


def _long(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)


def test_a_commitment_is_sha256_over_lengths_and_parts() -> None:
    expected = sha256(
        _long(26)
        + b"trilat/ledger/commitment/1"
        + _long(2)
        + b"ab"
        + _long(6)
        + b"report"
        + _long(3)
        + b"xyz"
    ).digest()
    assert commitment_of(b"ab", "report", b"xyz") == expected


def test_a_chained_value_is_sha256_over_lengths_and_parts() -> None:
    previous, commitment = bytes(range(32)), bytes(range(32, 64))
    expected = sha256(
        _long(21) + b"trilat/ledger/chain/1" + _long(32) + previous
        + _long(8) + _long(7) + _long(8) + _long(1_238_898_600_000_000_000)
        + _long(4) + b"item" + _long(32) + commitment
    ).digest()  # fmt: skip
    assert chained_of(previous, 7, "item", 1_238_898_600_000_000_000, commitment) == expected


def test_the_first_predecessor_is_the_partys_own() -> None:
    assert genesis_of("KOR") == sha256(_long(23) + b"trilat/ledger/genesis/1" + _long(3) + b"KOR").digest()
    assert len({genesis_of(party) for party in ("KOR", "JPN", "USA", "KO", "R")}) == 5


@given(
    st.tuples(st.binary(max_size=4), st.text(max_size=4), st.binary(max_size=4)),
    st.tuples(st.binary(max_size=4), st.text(max_size=4), st.binary(max_size=4)),
)
def test_parts_cannot_shift_into_each_other(
    one: tuple[bytes, str, bytes], other: tuple[bytes, str, bytes]
) -> None:
    assert (commitment_of(*one) == commitment_of(*other)) == (one == other)


@pytest.mark.parametrize("changed", range(5))
def test_every_field_is_in_the_chain(changed: int) -> None:
    fields = [bytes(32), 3, "item", 10, bytes(32)]
    others = [b"\x01" + bytes(31), 4, "items", 11, b"\x01" + bytes(31)]
    altered = [*fields[:changed], others[changed], *fields[changed + 1 :]]
    assert chained_of(*fields) != chained_of(*altered)  # type: ignore[arg-type]


def test_hashes_of_a_new_row_are_its_commitment_and_its_value_of_the_chain() -> None:
    for content in (b"", b"x", bytes(70_000)):
        previous = genesis_of("KOR")
        found = row_hashes(previous, 7, "report", 11, bytes(32), content)
        commitment = commitment_of(bytes(32), "report", content)
        assert found == (commitment, chained_of(previous, 7, "report", 11, commitment))
