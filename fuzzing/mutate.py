"""Sound inputs with something wrong: what hypothesis feeds where there is no coverage to steer by."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from hypothesis import strategies as st

_REPEATS_MAX: Final = 2_000
_BYTES_MAX: Final = 60_000
_NASTY: Final = (
    b"",
    b"\x00",
    b"\n",
    b"\r\n",
    b"\xff" * 9,
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    "\N{RIGHT-TO-LEFT OVERRIDE}\N{ZERO WIDTH SPACE}".encode(),
    b"\xef\xbb\xbf",
    b"1e999",
    b"-0",
    b"NaN",
    b"9" * 5_000,
    b"0x" + b"f" * 5_000,
    b"[" * 3_000,
    b'{"a":' * 1_500,
    b"(" * 3_000,
    b"<a>" * 1_500,
    b"\x91" * 3_000,
    b"\x82" * 3_000,
    # Lengths that are not there: msgpack and CBOR strings, arrays and maps of 2^31 and 2^32 - 1.
    b"\xdd\x7f\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xdb\x7f\xff\xff\xff",
    b"\x9a\xff\xff\xff\xff",
    b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
    b"\xd8\x62",
    b"1979-05-27T07:32:60Z",
    b"9999-12-31T23:59:59.999999999999Z",
    b"\nx = " + b"9" * 5_000 + b"\n",
    b"\nx = " + b"[" * 3_000 + b"\n",
    b"\nx = " + b"{a=" * 3_000 + b"\n",
    b"\nx = inf\n",
)
"""What readers have fallen over before: odd text, numbers without end, depth, lengths that are not there."""


_NUMBERS: Final = (
    b"",
    b"-1",
    b"1e400",
    b"9" * 30,
    b"9" * 400,
    b"9" * 5_000,
    b"0x" + b"f" * 400,
    b"0.5",
    b"18446744073709551616",
    b"nan",
    b"true",
    b"[]",
    b'"9"',
)
_SWEPT_SEEDS: Final = 2
_DIGITS: Final = re.compile(rb"[0-9]+")


def swept(seeds: Sequence[bytes], places: int = 16) -> Iterator[bytes]:
    """The same for everybody: each nasty thing at places all over a seed, each odd number for each number."""
    for seed in sorted(seeds, key=len)[:_SWEPT_SEEDS]:
        step = max(len(seed) // places, 1)
        for at in range(0, len(seed) + step, step):
            for nasty in _NASTY:
                yield seed[:at] + nasty + seed[at:]
        for found in list(_DIGITS.finditer(seed))[:places]:
            for number in _NUMBERS:
                yield seed[: found.start()] + number + seed[found.end() :]


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """One seed, changed up to four times in one way or another."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        data = draw(st.sampled_from(_WAYS))(draw, data, seeds)[:_BYTES_MAX]
    return data


def _place(draw: st.DrawFn, data: bytes) -> int:
    return draw(st.integers(0, len(data)))


def _flip(draw: st.DrawFn, data: bytes, _: Sequence[bytes]) -> bytes:
    """One bit is another."""
    if not data:
        return data
    at = draw(st.integers(0, len(data) - 1))
    return data[:at] + bytes([data[at] ^ 1 << draw(st.integers(0, 7))]) + data[at + 1 :]


def _set(draw: st.DrawFn, data: bytes, _: Sequence[bytes]) -> bytes:
    """One byte is another."""
    at = _place(draw, data)
    return data[:at] + draw(st.binary(min_size=1, max_size=1)) + data[at + 1 :]


def _cut(draw: st.DrawFn, data: bytes, _: Sequence[bytes]) -> bytes:
    """A run of bytes is not there."""
    first, last = sorted((_place(draw, data), _place(draw, data)))
    return data[:first] + data[last:]


def _splice(draw: st.DrawFn, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """The rest is that of another sound input."""
    other = draw(st.sampled_from(seeds))
    return data[: _place(draw, data)] + other[_place(draw, other) :]


def _repeat(draw: st.DrawFn, data: bytes, _: Sequence[bytes]) -> bytes:
    """A run of bytes stands there many times."""
    first, last = sorted((_place(draw, data), _place(draw, data)))
    run = data[first : min(last, first + 64)]
    return data[:first] + run * draw(st.integers(2, _REPEATS_MAX)) + data[first:]


def _put(draw: st.DrawFn, data: bytes, _: Sequence[bytes]) -> bytes:
    """Something nasty stands between, or in place of what follows."""
    at = _place(draw, data)
    length = draw(st.integers(0, 16))
    return data[:at] + draw(st.sampled_from(_NASTY)) + data[at + length :]


def _number(draw: st.DrawFn, data: bytes, _: Sequence[bytes]) -> bytes:
    """One number is another, with too many digits, or none."""
    numbers = list(_DIGITS.finditer(data[:4_096]))
    if not numbers:
        return data
    found = draw(st.sampled_from(numbers))
    return data[: found.start()] + draw(st.sampled_from(_NUMBERS)) + data[found.end() :]


_WAYS: Final = (_flip, _set, _cut, _splice, _repeat, _put, _number)
