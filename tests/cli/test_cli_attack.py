"""`trilat attack`: the same figures each time, a picture, one line for what cannot be attacked."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.cli.commands import trilat


def test_an_attack_on_what_hides_nothing_finds_the_sensor_and_draws_it(tmp_path: Path) -> None:
    drawing = tmp_path / "exact.svg"
    asked = ("attack", "exact", "--runs", "3", "--seed", "7", "--json")
    ended = trilat(*asked, "--picture", drawing)
    assert (ended.code, ended.err) == (0, "")
    told = ended.value
    assert (told["profile"], told["with"], told["runs"], told["seed"]) == ("exact", None, 3, 7)
    assert set(told["leaks"]) == {"alone", "repeated"}
    assert told["leaks"]["alone"]["site_m"]["median"] < 500
    assert told["broken"] == []
    assert "exact" in " ".join(ET.parse(drawing).getroot().itertext())
    assert trilat(*asked).value == told


def test_what_gives_no_track_leaves_nothing_to_go_by() -> None:
    told = trilat("attack", "area-only", "--runs", "3", "--seed", "7", "--json").value
    assert told["nees"] is None
    assert {leak["median"] for how in told["leaks"].values() for leak in how.values()} == {None}
    ended = trilat("attack", "area-only", "--runs", "3", "--seed", "7")
    assert ended.code == 0
    assert ended.out.count(" -") >= 24


REFUSED = [
    (("attack", "exakt"), "no profile is called `exakt`: choose from exact, site-protected, covered-2km"),
    (("attack", ""), "no profile is called ``"),
    (("attack", "exact", "--with", "none"), "no profile is called `none`"),
    (("attack", "exact", "--runs", "2"), "runs `2` must lie between 3 and 1000"),
    (("attack", "exact", "--runs", "many"), "invalid value for `--runs`"),
    (("attack", "exact", "--seed", "-4"), "seed `-4` must lie between 0"),
    (("attack", "exact", "--picture", "gone/at/all.svg"), "there is no folder `gone/at`, make it first"),
    (("attack",), "missing argument"),
]


@pytest.mark.parametrize(("asked", "said"), REFUSED, ids=[" ".join(row[0]) for row in REFUSED])
def test_what_cannot_be_attacked_is_refused_in_one_line(asked: tuple[str, ...], said: str) -> None:
    ended = trilat(*asked)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert ended.err.count("\n") == 1
