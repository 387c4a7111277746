"""What parties say of one object: who speaks, and what they differ on, in whatever order it comes."""

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.small_federation import START_NS, at, federation_of, head, impact, launch, region

from trilat.domains import Dispute
from trilat.domains.missile import MissilePipeline
from trilat.domains.missile.conversion import kinematics_of
from trilat.domains.missile.disputes import Disputes
from trilat.domains.missile.parties import LIVE_S, SUBJECTS_MAX, Saying, Sayings
from trilat.domains.missile.speaker import HOLD_S as SPEAKER_HOLD_S
from trilat.domains.missile.speaker import MARGIN, SILENT_S, Speakers
from trilat.domains.standing import HOLD_S
from trilat.fusion import coasted
from trilat.geo import ecef_from_geodetic, enu_rotation
from trilat.model import (
    SECOND_NS,
    AnyItem,
    DisagreementKind,
    Event,
    ItemReference,
    Stage,
    Track,
)

Array = npt.NDArray[np.float64]
NODES = federation_of("multilateral").nodes
EAST, NORTH, UP = enu_rotation(0.68, 2.3)
BEGINNING = np.concatenate([ecef_from_geodetic(0.68, 2.3, 200_000.0), 2_000.0 * EAST + 800.0 * UP])
SIGMAS = {"JPN": 50.0, "KOR": 60.0, "USA": 100.0}


def covariance_of(sigma_m: float) -> Array:
    return np.diag([sigma_m**2] * 3 + [(sigma_m / 20.0) ** 2] * 3)


def track(
    party: str,
    at_s: float,
    *,
    name: str = "t1",
    sigma_m: float | None = None,
    aside_m: float = 0.0,
    form: str = "state",
    version: int | None = None,
) -> Track:
    """A party's statement on an object that falls from `BEGINNING`, or beside it."""
    sigma_m = SIGMAS[party] if sigma_m is None else sigma_m
    mean, _ = coasted(BEGINNING, covariance_of(1.0), at_s)
    mean = mean + np.concatenate([aside_m * NORTH, np.zeros(3)])
    state = kinematics_of(at(at_s), mean, covariance_of(sigma_m))
    shapes: dict[str, dict[str, Any]] = {
        "state": {"state": state},
        "tracklets": {"tracklets": (state,)},
        "existence": {},
    }
    numbered = round(at_s * 10) + 1 if version is None else version
    return Track(
        **head(NODES[party], "track", name, at(at_s), numbered),
        stage=Stage.COAST,
        **shapes[form],
        updates_count=1,
    )


def fed(items: Iterable[Any], party: str = "JPN") -> MissilePipeline:
    pipeline = MissilePipeline(party)
    for item in items:
        pipeline.add(item)
    return pipeline


def tracks(parties: Sequence[str], seconds: Iterable[float], **changes: Any) -> list[AnyItem]:
    return [track(party, second, **changes) for second in seconds for party in parties]


def kinds(disputes: Iterable[Dispute]) -> list[str]:
    return [dispute.key for dispute in disputes]


BOTH_TRACK = tracks(("JPN", "USA"), range(40))
LATE_LAUNCH = [launch(NODES["JPN"], "t1"), launch(NODES["USA"], "t1", at_s=20.0)]


def test_launches_of_one_object_that_are_apart_in_time_are_disputed_after_the_hold() -> None:
    first = fed([*BOTH_TRACK[:20], *LATE_LAUNCH])
    assert first.disputes(at(10)) == ()
    later = fed([*BOTH_TRACK[:20], *LATE_LAUNCH, *BOTH_TRACK[20:]])
    (dispute,) = later.disputes(at(39))
    assert dispute.key == "launch-JPN-t1-USA-t1"
    assert [(account.party, account.time_ns) for account in dispute.accounts] == [
        ("JPN", at(0)),
        ("USA", at(20)),
    ]
    assert dispute.accounts[1].basis == ItemReference(item_id="USA-t1", version=1)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(launch(NODES["USA"], "t1", at_s=1.0), id="within their errors"),
        pytest.param(launch(NODES["USA"], "t1", at_s=20.0, time_sigma_ms=9_000), id="wide errors"),
        pytest.param(launch(NODES["USA"], "t7", at_s=20.0, place_deg=(30.0, 120.0)), id="another, far away"),
        pytest.param(launch(NODES["USA"], "t7", at_s=900.0), id="another, much later"),
        pytest.param(launch(NODES["JPN"], "t7", at_s=20.0), id="one's own"),
    ],
)
def test_what_agrees_or_is_of_another_object_is_not_disputed(other: Event) -> None:
    pipeline = fed([launch(NODES["JPN"], "t1"), *BOTH_TRACK, other, *tracks(("JPN", "USA"), range(40, 60))])
    assert pipeline.disputes(at(90)) == ()


def test_launches_apart_in_place_are_disputed_where_there_are_no_tracks() -> None:
    told = [launch(NODES["JPN"]), launch(NODES["USA"], place_deg=(41.2, 129.67))]
    assert kinds(fed(told).disputes(at(HOLD_S))) == ["launch-JPN-seen-USA-seen"]
    assert fed(told).disputes(at(HOLD_S - 1)) == ()


def test_a_newer_version_that_agrees_ends_a_dispute_after_the_hold() -> None:
    mended = launch(NODES["USA"], "t1", at_s=0.5, version=2)
    items = [*BOTH_TRACK[:20], *LATE_LAUNCH, *BOTH_TRACK[20:], mended]
    assert kinds(fed(items).disputes(at(40))) == ["launch-JPN-t1-USA-t1"]
    after = [*items, *tracks(("JPN", "USA"), range(40, 40 + HOLD_S))]
    assert fed(after).disputes(at(40 + HOLD_S)) == ()


def test_a_dispute_that_flickers_is_not_told() -> None:
    items: list[AnyItem] = []
    for second in range(60):
        items += tracks(("JPN", "USA"), [second])
        if second % 5 == 0:
            items.append(launch(NODES["JPN"], "t1", version=second + 1))
            items.append(launch(NODES["USA"], "t1", at_s=20.0 * (second % 10 == 0), version=second + 1))
    pipeline = MissilePipeline("JPN")
    for item in items:
        pipeline.add(item)
        assert pipeline.disputes(pipeline._sayings.newest_ns) == ()


def test_impacts_that_are_apart_are_disputed() -> None:
    falls = [
        impact(NODES["JPN"], "t1", at_s=10.0),
        impact(NODES["USA"], "t1", at_s=10.0, place_deg=(39.0, 140.6)),
    ]
    pipeline = fed([*BOTH_TRACK[:40], *falls, *BOTH_TRACK[40:]])
    assert kinds(pipeline.disputes(at(40))) == ["impact-JPN-t1-USA-t1"]
    near = [falls[0], impact(NODES["USA"], "t1", at_s=10.0, place_deg=(39.02, 140.0))]
    assert fed([*BOTH_TRACK[:40], *near, *BOTH_TRACK[40:]]).disputes(at(40)) == ()


def test_impacts_of_a_second_object_are_not_those_of_the_first() -> None:
    stage = tracks(("JPN",), range(40), name="t2", aside_m=30_000.0)
    stage += tracks(("USA",), range(40), name="t9", aside_m=30_000.0)
    falls = [
        impact(NODES["JPN"], "t1", at_s=10.0),
        impact(NODES["USA"], "t1", at_s=10.0),
        impact(NODES["JPN"], "t2", at_s=10.0, place_deg=(39.0, 137.0)),
        impact(NODES["USA"], "t9", at_s=10.0, place_deg=(39.0, 137.0)),
    ]
    items = sorted([*BOTH_TRACK, *stage, *falls], key=lambda item: item.valid_ns)
    assert fed(items).disputes(at(40)) == ()


def test_a_second_object_that_only_one_party_has_is_disputed() -> None:
    stage = tracks(("JPN",), range(10, 40), name="t2", aside_m=30_000.0)
    items = sorted([*BOTH_TRACK, *stage], key=lambda item: item.valid_ns)
    (dispute,) = fed(items).disputes(at(40))
    assert dispute.kind is DisagreementKind.OBJECTS
    assert [(account.party, account.subject) for account in dispute.accounts] == [
        ("JPN", "JPN-t1"),
        ("JPN", "JPN-t2"),
        ("USA", "USA-t1"),
    ]
    assert all(account.place is None for account in dispute.accounts), "moving objects have tracks for that"
    found = tracks(("USA",), range(40, 60), name="t9", aside_m=30_000.0)
    both = [*tracks(("JPN", "USA"), range(40, 60)), *tracks(("JPN",), range(40, 60), name="t2", aside_m=30e3)]
    assert fed([*items, *sorted([*found, *both], key=lambda item: item.valid_ns)]).disputes(at(60)) == ()


def test_a_second_object_far_away_or_long_unseen_is_nobodys_dispute() -> None:
    far = tracks(("JPN",), range(10, 40), name="t2", aside_m=190_000.0)
    assert fed(sorted([*BOTH_TRACK, *far], key=lambda item: item.valid_ns)).disputes(at(40)) == ()
    old = tracks(("JPN",), range(10, 12), name="t2", aside_m=30_000.0)
    pipeline = fed(sorted([*BOTH_TRACK, *old], key=lambda item: item.valid_ns))
    assert LIVE_S < 40 - 12
    assert pipeline.disputes(at(40)) == ()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_a_dispute_hangs_on_the_items_of_each_party_in_order_and_on_nothing_else(seed: int) -> None:
    """As they come over links: each party's in order, the parties' among each other in any."""
    streams: dict[str, list[Any]] = {"JPN": [], "USA": []}
    for item in [*BOTH_TRACK[:20], *LATE_LAUNCH, *BOTH_TRACK[20:]]:
        streams[item.label.originator].append(item)
    rng = random.Random(seed)
    merged: list[Any] = []
    while any(streams.values()):
        # A link is a few seconds late at the most.
        heads = sorted((stream[0].valid_ns, party) for party, stream in streams.items() if stream)
        choice = heads[0][1]
        if len(heads) == 2 and heads[1][0] - heads[0][0] < 3 * SECOND_NS and rng.random() < 0.5:
            choice = heads[1][1]
        merged.append(streams[choice].pop(0))
    assert kinds(fed(merged).disputes(at(60))) == ["launch-JPN-t1-USA-t1"]


def test_long_names_make_a_short_name_of_a_dispute() -> None:
    long = "x" * 100
    told = [launch(NODES["JPN"], long), launch(NODES["USA"], long, at_s=30.0)]
    (dispute,) = fed(told).disputes(at(60))
    assert len(dispute.key) < 50


def speakers_of(tracked: Iterable[AnyItem]) -> tuple[Speakers, Sayings]:
    sayings, speakers = Sayings(), Speakers()
    for item in tracked:
        assert isinstance(item, Track)
        saying = sayings.add(item)
        if saying is not None:
            speakers.add(saying)
    return speakers, sayings


ONE_OBJECT = [("JPN", "JPN-t1"), ("KOR", "KOR-t1"), ("USA", "USA-t1")]


def speaker_of(tracked: Iterable[AnyItem]) -> str | None:
    return speakers_of(tracked)[0].of(ONE_OBJECT)


def test_the_party_that_knows_the_place_best_announces_it() -> None:
    assert speaker_of(tracks(("JPN", "KOR", "USA"), range(5))) == "JPN"
    assert speaker_of(tracks(("USA",), range(5))) == "USA"
    assert speaker_of([]) is None


def test_of_equals_the_first_by_its_code_announces_it() -> None:
    assert speaker_of(tracks(("USA", "KOR", "JPN"), range(5), sigma_m=50.0)) == "JPN"


def test_a_little_better_for_long_or_much_better_for_a_moment_changes_nothing() -> None:
    little = tracks(("USA",), range(60), sigma_m=50.0)
    little += tracks(("JPN",), range(1, 60), sigma_m=50.0 * MARGIN + 1.0)
    assert speaker_of(little) == "USA"
    brief = tracks(("USA",), range(60), sigma_m=50.0)
    brief += [track("JPN", second, sigma_m=20.0 if 30 <= second < 36 else 60.0) for second in range(1, 60)]
    assert speaker_of(sorted(brief, key=lambda item: item.valid_ns)) == "USA"


def test_a_party_much_better_for_the_hold_takes_over_and_keeps_it() -> None:
    told = [
        item
        for second in range(60)
        for item in (
            track("USA", second, sigma_m=50.0),
            track("JPN", second + 0.5, sigma_m=60.0 if second < 20 else 30.0),
        )
    ]
    assert speaker_of(told[: 2 * (20 + SPEAKER_HOLD_S)]) == "USA"
    assert speaker_of(told[: 2 * (22 + SPEAKER_HOLD_S)]) == "JPN"
    assert speaker_of(told) == "JPN"


def test_a_speaker_that_falls_silent_is_followed_by_the_best_of_the_others() -> None:
    told = tracks(("JPN",), range(10)) + tracks(("KOR", "USA"), range(1, 60))
    told.sort(key=lambda item: item.valid_ns)
    before = [item for item in told if item.valid_ns < at(9 + SILENT_S)]
    assert speaker_of(before) == "JPN"
    assert speaker_of(told) == "KOR"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 59), st.sampled_from(["JPN", "KOR", "USA"]), st.floats(20.0, 200.0)),
        max_size=40,
    ),
    st.randoms(),
)
def test_the_speaker_is_the_same_whatever_the_order(
    said: list[tuple[int, str, float]], rng: random.Random
) -> None:
    sayings = [
        Saying(
            party=party,
            subject=f"{party}-t1",
            reference=ItemReference(item_id=f"{party}-t1", version=1),
            received_under=(),
            time_ns=at(second),
            mean=BEGINNING,
            covariance=covariance_of(sigma_m),
            burns=False,
        )
        for second, party, sigma_m in said
    ]

    def speaker(ordered: list[Saying], *, ask_between: bool) -> str | None:
        speakers = Speakers()
        for saying in ordered:
            speakers.add(saying)
            if ask_between:
                speakers.of(ONE_OBJECT)
        return speakers.of(ONE_OBJECT)

    expected = speaker(sayings, ask_between=False)
    shuffled = sayings[:]
    rng.shuffle(shuffled)
    assert speaker(shuffled, ask_between=True) == expected


def test_noise_does_not_make_the_speaker_flap() -> None:
    rng = np.random.default_rng(3)
    speakers, sayings = Speakers(), Sayings()
    heard = []
    for second in range(300):
        for party in ("JPN", "KOR", "USA"):
            saying = sayings.add(
                track(party, second, sigma_m=50.0 * float(np.exp(0.15 * rng.standard_normal())))
            )
            assert saying is not None
            speakers.add(saying)
        heard.append(speakers.of(ONE_OBJECT))
    changes = sum(one != other for one, other in pairwise(heard))
    assert changes == 0


def test_a_party_that_a_view_does_not_hold_has_no_say_in_it() -> None:
    """KOR is by far the best; who may not know of KOR sees the choice that there would be without it."""
    every = [
        item
        for second in range(40)
        for item in (*tracks(("JPN", "USA"), [second]), track("KOR", second, sigma_m=5.0))
    ]
    without = [item for item in every if item.label.originator != "KOR"]
    (sight,) = fed(without, "AUS").sights(at(39))
    assert (sight.speaker, sight.sources) == ("JPN", frozenset({"JPN", "USA"}))
    (full,) = fed(every, "AUS").sights(at(39))
    assert (full.speaker, full.sources) == ("KOR", frozenset(SIGMAS))


def test_tracklets_are_put_together_to_the_same_measure_as_a_state() -> None:
    sayings = Sayings()
    for second in range(30):
        sayings.add(track("KOR", second, sigma_m=100.0, form="tracklets"))
    merged = sayings.of["KOR", "KOR-t1"].sigma_m()
    # Thirty looks of 100 m; velocity is learned with them, so a little more than 100 / sqrt(30).
    assert 100.0 * np.sqrt(3.0 / 30.0) * 0.95 < merged < 60.0


def test_what_says_nothing_of_a_place_or_is_old_changes_nothing() -> None:
    sayings = Sayings()
    assert sayings.add(track("KOR", 0.0, form="existence")) is None
    assert sayings.add(track("KOR", 5.0)) is not None
    assert sayings.add(track("KOR", 4.0)) is None
    assert sayings.of["KOR", "KOR-t1"].time_ns == at(5)


def test_an_object_at_the_earths_centre_is_nowhere() -> None:
    told = track("KOR", 0.0)
    assert told.state is not None
    state = msgspec.structs.replace(told.state, position_mm=(0, 0, 0))
    pipeline = fed([msgspec.structs.replace(told, state=state), *tracks(("JPN",), range(5))], "AUS")
    assert ("KOR", "KOR-t1") not in pipeline._sayings.of


def test_objects_beyond_the_limit_push_out_the_oldest() -> None:
    sayings = Sayings()
    for number in range(SUBJECTS_MAX + 5):
        sayings.add(track("KOR", 0.0, name=f"t{number}", aside_m=1_000.0 * number))
    assert len(sayings.of) == SUBJECTS_MAX
    assert ("KOR", "KOR-t0") not in sayings.of
    assert Disputes(sayings).at(START_NS) == ()


def test_one_alarm_names_one_speaker_among_those_it_may_name() -> None:
    told = [
        launch(NODES["JPN"], "t1"),
        launch(NODES["USA"], "t1", at_s=1.0),
        launch(NODES["KOR"], "t1", at_s=2.0),
    ]
    every = [*told, *tracks(("JPN", "USA"), range(20)), *tracks(("KOR",), range(20), sigma_m=5.0)]
    (alarm,) = fed(every, "JPN").alarms(at(20))
    assert alarm.speaker_among(("JPN", "KOR", "USA")) == "KOR"
    assert alarm.speaker_among(("JPN", "USA")) == "JPN"
    assert alarm.speaker_among(("USA",)) == "USA"
    assert alarm.speaker_among(()) is None
    narrow = launch(NODES["USA"], "t1", at_s=1.0, region=region(semi_major_m=500))
    (by_items,) = fed([told[0], narrow], "JPN").alarms(at(20))
    assert by_items.speaker_among(("JPN", "USA")) == "USA"
