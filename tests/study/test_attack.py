"""Attacks on what is released: able against what hides nothing, and held off as far as each profile states.

All on fixed seeds, so that a figure here moves only when the code does. Five sensors are few: what is
published in docs/degradation.md was measured on many more.
"""

import math
from dataclasses import replace
from xml.etree import ElementTree as ET

import msgspec
import numpy as np
import pytest

from trilat.model import UsageError
from trilat.policy import PROFILES, Profile
from trilat.study.attack import (
    LEAKS,
    Flight,
    Measured,
    attack,
    capture,
    make_world,
    mean_nees,
    picture,
    released,
)
from trilat.study.attack import measure as measuring
from trilat.study.attack.site import find_site

pytestmark = pytest.mark.slow
RUNS, SEED = 5, 1
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def measured() -> dict[str, Measured]:
    return {name: attack(name, RUNS, SEED) for name in PROFILES}


def test_each_attack_succeeds_where_nothing_is_hidden(measured: dict[str, Measured]) -> None:
    """The premise of all figures: these attackers find what is there to be found."""
    found = measured["exact"]
    assert found.alone["site_m"].median < 200
    assert found.repeated["site_m"].median < 50
    assert found.alone["accuracy"].median < 1.4
    assert found.repeated["range_m"].median < 10_000
    assert found.alone["track_m"].median == 0


@pytest.mark.parametrize("name", PROFILES)
def test_no_profile_leaks_more_than_it_states(measured: dict[str, Measured], name: str) -> None:
    assert measured[name].broken() == ()


@pytest.mark.parametrize("name", [name for name in PROFILES if name != "exact"])
def test_every_profile_but_the_exact_one_states_something(name: str) -> None:
    for least in (PROFILES[name].alone, PROFILES[name].repeated):
        assert least.site_m >= 1_000
        assert least.track_m > 0
        assert least.range_m > 0


def test_a_profile_that_stated_more_than_it_hides_would_be_found(measured: dict[str, Measured]) -> None:
    found = measured["site-protected"]
    boastful = replace(found.profile, alone=replace(found.profile.alone, track_m=1e6))
    broken = replace(found, profile=boastful).broken()
    assert len(broken) == 1
    assert broken[0].startswith("alone track_m: ")
    assert broken[0].endswith("stated is 1e+06 or more")


@pytest.mark.parametrize("name", [name for name in PROFILES if name != "area-only"])
def test_a_degraded_track_is_as_wrong_as_it_says(measured: dict[str, Measured], name: str) -> None:
    """Forty flights with one hidden error each: its part of the mean has 120 degrees of freedom."""
    found = measured[name].nees
    assert found is not None
    mean, error = found
    assert error < 0.15
    assert 0.7 < mean < 1.3


@pytest.mark.parametrize(
    ("one", "other"),
    [("covered-2km", "coarse-5km"), ("coarse-5km", "covered-20km"), ("site-protected", "covered-2km")],
)
def test_recipients_who_pool_gain_nothing_beyond_the_finer_bound(one: str, other: str) -> None:
    found = attack(one, RUNS, SEED, partner=other)
    assert found.broken() == ()
    alone = found.alone["track_m"].median
    assert found.pooled["track_m"].median > 0.7 * alone
    assert attack(other, RUNS, SEED, partner=one).finer.name == one


def test_what_does_not_hide_the_axes_of_an_error_gives_the_sensor_away() -> None:
    """Covering alone is no site protection: the attack is what tells the two apart."""
    covered_only = replace(
        PROFILES["exact"],
        name="covered-only",
        duties=msgspec.structs.replace(PROFILES["exact"].duties, cover_m=2_000, cover_epoch_s=3_600),
    )
    world = make_world(SEED, measuring.FLIGHTS)
    held = capture(covered_only, world.flights[0], KEY)
    assert held is not None
    assert np.linalg.norm(find_site([held]) - world.sensor.position_m) < 10_000


def errors_of_still(profile: Profile, epoch_s: int) -> float:
    duties = msgspec.structs.replace(profile.duties, cover_epoch_s=epoch_s)
    run = measuring._Run(make_world(SEED, measuring.FLIGHTS), replace(profile, duties=duties), SEED)
    return measuring._still_error_m(run)


def test_a_hidden_error_that_never_changes_is_never_averaged() -> None:
    kept = errors_of_still(PROFILES["covered-2km"], 0)
    expected = 2_000 * math.sqrt(3)
    assert expected / 4 < kept < expected * 2


@pytest.fixture(scope="module")
def flight() -> Flight:
    return make_world(SEED, measuring.FLIGHTS).flights[0]


@pytest.mark.parametrize("name", [name for name in PROFILES if name != "area-only"])
def test_repeats_and_other_recipients_get_the_same_bytes(flight: Flight, name: str) -> None:
    profile = PROFILES[name]
    first, again = (released(profile, flight.tracks, KEY, recipient) for recipient in ("KOR", "USA"))
    assert first == again
    assert first


def test_another_key_gives_other_copies_as_honest_as_the_first(flight: Flight) -> None:
    profile = PROFILES["covered-2km"]
    one, other = (capture(profile, flight, key) for key in (KEY, bytes(32)))
    assert one is not None
    assert other is not None
    assert np.linalg.norm(one.mean[0, :3] - other.mean[0, :3]) > 300
    assert 0.05 < mean_nees(one, flight) < 5


def test_the_picture_is_sound_and_shows_every_leak(measured: dict[str, Measured]) -> None:
    for name in PROFILES:
        root = ET.fromstring(picture(measured[name]))
        text = " ".join(root.itertext())
        assert name in text
        assert text.count("alone") >= len(LEAKS)
        assert "nan" not in text


@pytest.mark.parametrize(
    ("name", "runs", "seed", "partner", "said"),
    [
        ("none", 5, 1, None, "no profile is called `none`: choose from exact, site-protected"),
        ("exact", 2, 1, None, "runs `2` must lie between 3 and 1000"),
        ("exact", 1_001, 1, None, "runs `1001`"),
        ("exact", 5, -1, None, "seed `-1` must lie between 0"),
        ("exact", 5, 10**9, None, "seed `1000000000`"),
        ("exact", 5, 1, "none", "no profile is called `none`"),
    ],
)
def test_what_cannot_be_attacked_is_refused(
    name: str, runs: int, seed: int, partner: str | None, said: str
) -> None:
    with pytest.raises(UsageError) as refused:
        attack(name, runs, seed, partner)
    assert str(refused.value).startswith(said)
