"""Inputs over which a reader once fell: each is refused in one line, by the target that found it."""

import pytest
from fuzzing.targets import targets

TARGETS = targets()
DIGITS = b"9" * 5_000
DEEP = b"[" * 3_000


@pytest.mark.parametrize(
    ("name", "found"),
    [
        # TOML: a number with more digits than Python converts is a ValueError of another kind than TOML's.
        ("settings", b"link_retry_s = " + DIGITS),
        ("receivers", b"[receivers]\na = " + DIGITS),
        ("places", b"[[place]]\nlat_deg = " + DIGITS),
        ("sites", b"[sensor.R1]\nlat_deg = " + DIGITS),
        # TOML: depth.
        ("settings", b"x = " + DEEP),
        ("sites", b"x = " + DEEP),
        ("hub-settings", b"name = " + DIGITS),
        ("hub-settings", b"x = " + DEEP),
    ],
)
def test_what_fuzzing_found_is_refused_in_one_line(name: str, found: bytes) -> None:
    assert not TARGETS[name].feed(found)
