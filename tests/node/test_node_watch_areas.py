"""Watch areas: threats to them are told to the own staff, and to nobody else by any way."""

import dataclasses
from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.observed import names, observed, observers, opened, picture, second, staffs
from tests.small_federation import (
    START_NS,
    at,
    federation_of,
    head,
    impact,
    launch,
    once,
    play,
    received,
    sent,
)

from trilat.domains import WatchArea, place_of
from trilat.domains.missile import kinematics_of
from trilat.fusion import propagate
from trilat.geo import ecef_from_geodetic, enu_rotation
from trilat.ledger import EntryKind
from trilat.link import NodeKeys, Parcel
from trilat.model import (
    SECOND_NS,
    AnyItem,
    Area,
    AreaKind,
    Domain,
    Ellipse,
    ItemError,
    LocalName,
    Outcome,
    Stage,
    Threat,
    Track,
    UsageError,
    Warning,
    WarningKind,
    WarningState,
    decode,
    decode_item,
    encode,
    names_watch_area,
)
from trilat.node import Node
from trilat.node.exchange import Held
from trilat.node.records import RECORD_BYTES_MAX, ReleaseRecord
from trilat.node.watched import Watched
from trilat.study import Crash, Federation

HARBOUR = WatchArea(
    name="Hidden harbour", name_ja="隠れた港", lat_deg=39.0123, lon_deg=140.0456, radius_m=20_000.0
)
FAR = WatchArea(name="Far coast", polygon=((36.0, 132.0), (36.0, 133.0), (37.0, 133.0)))
AREAS = {"KOR": (HARBOUR, FAR)}
IN_IT = (39.01, 140.05)
BESIDE = (41.0, 140.05)
NAME = "KOR-warn-KOR-threat-hidden-harbour-USA-fall"


def impacts(node: Node, places: Sequence[tuple[int, tuple[float, float]]]) -> list[tuple[int, str, AnyItem]]:
    """A partner's predicted impact, every second until the next place: (from second, place)."""
    reports: list[tuple[int, str, AnyItem]] = []
    end_s = places[-1][0] + 40
    for second_s in range(1, end_s):
        place = next(where for since, where in reversed(places) if since <= second_s)
        area = impact(node, at_s=second_s, version=second_s, place_deg=place)
        reports.append((at(second_s), node.config.party, area))
    return reports


def told(node: Node) -> list[Warning]:
    """Every version of a threat that a node made, in order, from its ledger."""
    items = [decode_item(stored.content or b"") for stored in node.ledger.entries(kinds={EntryKind.ITEM})]
    return [item for item in items if isinstance(item, Warning) and item.warning is WarningKind.THREAT]


def states(node: Node) -> list[tuple[str, WarningState]]:
    return [(warning.item_id, warning.state) for warning in told(node)]


def watched(seconds: int, places: Sequence[tuple[int, tuple[float, float]]], **more: Any) -> Federation:
    federation = federation_of("realtime-2023", seconds, watch_areas=AREAS, **more)
    return play(federation, impacts(federation.nodes["USA"], places))


# --- the life of a threat ---


def test_a_predicted_impact_in_an_area_is_told_with_its_name_window_and_probability() -> None:
    kor = watched(20, [(1, IN_IT)]).nodes["KOR"]
    (warning,) = told(kor)
    assert (warning.item_id, warning.state) == (NAME, WarningState.RAISED)
    assert warning.label.releasable_to == ()
    assert warning.sources == ("USA",)
    assert warning.basis[0].item_id == "USA-fall"
    threat = warning.threat
    assert threat is not None
    assert (threat.area, threat.name) == (
        "KOR-watch-hidden-harbour",
        LocalName(name="Hidden harbour", ja="隠れた港"),
    )
    # A region of 5 km with 95 % lies wholly within 20 km of the centre.
    assert threat.impact_ppm > 999_000
    assert threat.overflight_ppm == 0
    # 600 s, and one second of error, two sigma on either side.
    assert (threat.first_ns, threat.last_ns) == (at(598), at(602))
    assert "Hidden harbour" in warning.text


def test_an_impact_elsewhere_is_no_threat() -> None:
    assert told(watched(20, [(1, BESIDE)]).nodes["KOR"]) == []


def test_who_watches_nothing_is_told_of_no_threat() -> None:
    federation = watched(20, [(1, IN_IT)])
    assert told(federation.nodes["USA"]) == told(federation.nodes["JPN"]) == []


def test_a_threat_is_retracted_when_later_data_say_that_it_misses() -> None:
    kor = watched(70, [(1, IN_IT), (20, BESIDE)]).nodes["KOR"]
    assert states(kor) == [(NAME, WarningState.RAISED), (NAME, WarningState.RETRACTED)]
    raised, retracted = told(kor)
    assert retracted.version == raised.version + 1
    assert retracted.label.releasable_to == ()
    assert retracted.valid_ns >= at(20) + 10 * SECOND_NS, "not before it has missed for ten seconds"
    assert "misses" in retracted.text
    assert kor.watched.standing() == ()


def test_a_threat_that_comes_back_is_raised_again_as_a_new_version() -> None:
    kor = watched(100, [(1, IN_IT), (20, BESIDE), (55, IN_IT)]).nodes["KOR"]
    assert [(warning.version, warning.state) for warning in told(kor)] == [
        (1, WarningState.RAISED),
        (2, WarningState.RETRACTED),
        (3, WarningState.RAISED),
    ]


def test_an_estimate_that_trembles_is_one_threat() -> None:
    places = [(second_s, IN_IT if second_s % 2 else BESIDE) for second_s in range(1, 60)]
    kor = watched(70, places).nodes["KOR"]
    assert [state for _, state in states(kor)].count(WarningState.RAISED) == 1
    assert WarningState.RETRACTED not in [state for _, state in states(kor)]


def test_a_window_that_moved_is_told_again() -> None:
    federation = federation_of("realtime-2023", 40, watch_areas=AREAS)
    usa = federation.nodes["USA"]
    early = [(at(s), "USA", impact(usa, at_s=s, version=s, place_deg=IN_IT)) for s in range(1, 15)]
    late = [
        (at(s), "USA", impact(usa, at_s=s, version=s, place_deg=IN_IT, expected_s=630.0))
        for s in range(15, 40)
    ]
    play(federation, early + late)
    kor = federation.nodes["KOR"]
    assert [warning.state for warning in told(kor)] == [WarningState.RAISED, WarningState.UPDATED]
    threat = told(kor)[-1].threat
    assert threat is not None
    assert (threat.first_ns, threat.last_ns) == (at(628), at(632))


def test_a_threat_whose_window_has_begun_is_not_retracted() -> None:
    federation = federation_of("realtime-2023", 60, watch_areas=AREAS)
    usa = federation.nodes["USA"]
    reports = [
        (at(s), "USA", impact(usa, at_s=s, version=s, place_deg=IN_IT if s < 12 else BESIDE, expected_s=16.0))
        for s in range(1, 60)
    ]
    play(federation, reports)
    assert [warning.state for warning in told(federation.nodes["KOR"])] == [WarningState.RAISED]


def test_a_ledger_that_names_a_reader_who_is_a_peer_today_gives_it_nothing() -> None:
    crash = Crash(party="KOR", at_ns=at(16), again_ns=at(19))
    federation = federation_of("multilateral", 30, watch_areas=AREAS, crashes=(crash,))
    kor = federation.nodes["KOR"]
    kor.watched = Watched(dataclasses.replace(kor.config, readers=("JPN",), peers=("USA",)))
    play(federation, [*impacts(kor, [(1, IN_IT)])[:29], (at(29.5), "KOR", launch(kor, at_s=29.0))])
    kor = federation.nodes["KOR"]
    assert told(kor)[0].label.releasable_to == ("JPN",), "the premise"
    assert [state for _, state in states(kor)] == [WarningState.RAISED], "it goes on"
    given = [record.item.item_id for record in sent(kor, "JPN")]
    assert given, "the premise"
    assert not any("watch" in name or "threat" in name for name in given)


def test_after_a_restart_a_threat_goes_on_and_is_retracted() -> None:
    crash = Crash(party="KOR", at_ns=at(16), again_ns=at(19))
    kor = watched(90, [(1, IN_IT), (40, BESIDE)], crashes=(crash,)).nodes["KOR"]
    assert [(warning.version, warning.state) for warning in told(kor)] == [
        (1, WarningState.RAISED),
        (2, WarningState.RETRACTED),
    ]


def falling(node: Node, seconds: int, mean: Any) -> Track:
    """A partner's track of an object in free fall."""
    covariance = np.diag([200.0**2] * 3 + [2.0**2] * 3)
    now, _ = propagate(mean, covariance, float(seconds), 1e-7)
    return Track(
        **head(node, "track", "obj", at(seconds), seconds + 1),
        stage=Stage.COAST,
        state=kinematics_of(at(seconds), now, covariance),
    )


def test_an_object_that_flies_over_an_area_threatens_it_from_when_to_when() -> None:
    start = ecef_from_geodetic(np.radians(39.0), np.radians(136.0), 200_000.0)
    east = enu_rotation(np.radians(39.0), np.radians(136.0))[0]
    mean = np.concatenate([start, 3_000.0 * east])
    federation = federation_of("separate-2009", 35, watch_areas={"USA": (HARBOUR, FAR)})
    kor = federation.nodes["KOR"]
    play(federation, [(at(s), "KOR", falling(kor, s, mean)) for s in range(35)])
    warning = told(federation.nodes["USA"])[0]
    assert warning.basis[0].item_id == "KOR-obj"
    assert warning.subject.endswith("KOR-obj")
    threat = warning.threat
    assert threat is not None
    assert threat.name.name == "Hidden harbour"
    assert threat.overflight_ppm > 990_000
    assert threat.impact_ppm < 1_000
    # 350 km at 3 km/s, seen from 200 km up: over the ground a little slower.
    middle_s = ((threat.first_ns + threat.last_ns) / 2 - START_NS) / 1e9
    assert 105.0 < middle_s < 135.0
    # 40 km wide.
    assert 8.0 < (threat.last_ns - threat.first_ns) / 1e9 < 25.0


@pytest.mark.parametrize(
    ("place", "height_m", "velocity"),
    [
        ((89.9999, 0.0), 100_000.0, (0.0, 0.0, 900.0)),
        ((39.0, 136.0), 300_000.0, (0.0, 0.0, 0.0)),
        ((0.0, 180.0), 500_000.0, (7_500.0, 0.0, 0.0)),
        ((39.0, 136.0), 300_000.0, (0.0, 0.0, 15_000.0)),
        ((39.0, 136.0), -3_000.0, (0.0, 3_000.0, 0.0)),
        ((39.0123, 140.0456), 50_000.0, (0.0, 0.0, -3_000.0)),
    ],
    ids=["over the pole", "standing", "in orbit", "escaping", "below the ground", "straight down"],
)
def test_whatever_a_partner_says_the_node_goes_on(
    place: tuple[float, float], height_m: float, velocity: tuple[float, float, float]
) -> None:
    latitude, longitude = np.radians(place)
    start = ecef_from_geodetic(latitude, longitude, height_m)
    mean = np.concatenate([start, enu_rotation(latitude, longitude).T @ np.array(velocity)])
    federation = federation_of("separate-2009", 25, watch_areas={"USA": (HARBOUR, FAR)})
    kor, usa = federation.nodes["KOR"], federation.nodes["USA"]
    tracks = [
        msgspec.structs.replace(falling(kor, 0, mean), version=s + 1, valid_ns=at(s)) for s in range(25)
    ]
    play(federation, [(at(s), "KOR", track) for s, track in enumerate(tracks)])
    assert usa.failure is None
    assert usa.holdings.newest("KOR-obj") is not None, "the premise"
    assert all(warning.threat is not None and warning.threat.first_ns > 0 for warning in told(usa))


# --- nobody else is told ---


def same_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every party has the same keys in every run, and parcels no salt, so that bytes can be compared."""
    generate = NodeKeys.generate

    def seeded(party: str, _: Any) -> NodeKeys:
        return generate(party, Random(party).randbytes)

    monkeypatch.setattr("trilat.study.federation.NodeKeys.generate", seeded)
    monkeypatch.setattr("trilat.node.releasing.PARCEL_SALT_BYTES", 0)


def hints() -> list[bytes]:
    """What would give an area away, as it would stand in bytes."""
    texts = [HARBOUR.name, HARBOUR.name_ja, FAR.name, "hidden-harbour", "far-coast", "threat", "watch"]
    corners = [(39.0123, 140.0456), *FAR.polygon]
    places = [encode(place_of(*corner))[1:11] for corner in corners]
    return [text.encode() for text in texts] + places


def unsalted(record: ReleaseRecord) -> tuple[bytes, int]:
    """A record without its marking, and how long that was: salts are random in every run."""
    parcel = decode(record.parcel, Parcel, RECORD_BYTES_MAX)
    bare = msgspec.structs.replace(parcel, marking=b"-")
    return encode(msgspec.structs.replace(record, parcel=encode(bare))), len(parcel.marking)


@pytest.mark.parametrize("regime", ["separate-2009", "direct-2016", "realtime-2023", "multilateral"])
def test_every_release_is_the_same_to_the_byte_with_and_without_watch_areas(
    regime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    same_keys(monkeypatch)
    streams: list[dict[str, list[tuple[bytes, int]]]] = []
    for areas in (AREAS, {}):
        federation = federation_of(regime, 60, watch_areas=areas)
        nodes = federation.nodes
        reports = impacts(nodes["USA"], [(1, IN_IT), (20, BESIDE)])
        own = [
            (at_ns, "KOR", msgspec.structs.replace(impact(nodes["KOR"], place_deg=IN_IT), version=number + 1))
            for number, (at_ns, _, _) in enumerate(reports)
        ]
        play(federation, [*reports, *own, (at(2), "KOR", launch(nodes["KOR"], at_s=1.0))])
        streams.append(
            {peer: [unsalted(record) for record in sent(nodes["KOR"], peer)] for peer in ("JPN", "USA")}
        )
        if areas:
            assert WarningState.RAISED in [state for _, state in states(nodes["KOR"])], "the premise"
    with_areas, without = streams
    assert with_areas == without
    assert sum(map(len, with_areas.values())) > 0, "the premise"


def test_a_hostile_partner_finds_no_trace_of_an_area_in_all_that_it_was_given() -> None:
    federation = watched(60, [(1, IN_IT), (20, BESIDE)])
    kor = federation.nodes["KOR"]
    made = b"".join(encode(warning) for warning in told(kor))
    assert all(hint in made for hint in hints()[:2]), "the premise: this is how it would look"
    for peer in ("JPN", "USA"):
        node = federation.nodes[peer]
        given = [record.parcel for record in received(node) if record.sender == "KOR"]
        whole = b"".join(stored.content or b"" for stored in node.ledger.entries())
        for hint in hints():
            assert not any(hint in parcel for parcel in given)
        for hint in hints()[:5]:
            assert hint not in whole
    assert not any("watch" in line or "harbour" in line for line in kor.refusals)
    assert all(
        decided.item.label.originator != "KOR" or not names_watch_area(decided.item)
        for decided in kor.recent_decisions.since(0)
    )


def watch_area(node: Node, releasable_to: tuple[str, ...]) -> Area:
    fields = head(node, "area", "watch-x", at(0))
    fields["label"] = msgspec.structs.replace(fields["label"], releasable_to=releasable_to)
    return Area(
        **fields,
        area=AreaKind.WATCH,
        region=Ellipse(centre=place_of(39.0, 140.0), semi_major_m=5, semi_minor_m=5),
        name=LocalName(name="x"),
    )


def test_whatever_its_label_says_a_watch_area_is_offered_to_nobody() -> None:
    node = federation_of("multilateral", 5).nodes["KOR"]
    plain = msgspec.structs.replace(watch_area(node, ("JPN", "USA")), area=AreaKind.HAZARD, name=None)
    assert len(list(node.exchange.offer(Held(plain, b""), at(1)))) == 2, "the premise"
    assert list(node.exchange.offer(Held(watch_area(node, ("JPN", "USA")), b""), at(1))) == []


def test_a_feed_gives_no_watch_areas_and_a_person_raises_no_threat() -> None:
    node = federation_of("multilateral", 5).nodes["KOR"]
    (refusal,) = node.intake([watch_area(node, ("JPN",))]).refusals
    assert "write it as [[watch_area]]" in refusal
    with pytest.raises(UsageError, match="told by the node itself"):
        node.raise_warning("k", WarningKind.THREAT, Domain.MISSILE, [], [], "")


def test_a_partners_watch_area_is_not_used() -> None:
    federation = federation_of("multilateral", 6)
    usa, kor = federation.nodes["USA"], federation.nodes["KOR"]

    def leak(running: Federation) -> None:
        node = running.nodes["USA"]
        held = Held(watch_area(node, ("KOR", "JPN")), b"")
        node.exchange.take(held, node.exchange.decide(held, "KOR", at(2)), at(2))

    play(federation, [], [once(2, leak)])
    assert any(record.item.item_id == "USA-watch-x" for record in sent(usa, "KOR")), "the premise"
    assert any("is for its own staff, and not used here" in line for line in kor.refusals)
    assert kor.holdings.newest("USA-watch-x") is None


# --- who reads it ---


def test_the_staff_read_areas_and_threats_and_a_partner_with_a_token_reads_neither() -> None:
    agreements = observers() | staffs()
    federation = observed(agreements, watch_areas=AREAS)
    kor = federation.nodes["KOR"]
    # A peer that may read the picture with a token of its own reads nothing of this.
    kor.watched = Watched(dataclasses.replace(kor.config, readers=("OBS", "JPN")))
    for number in range(1, 9):
        second(federation, number, {"KOR": [impact(kor, at_s=number, version=number, place_deg=IN_IT)]})
    frame = opened(kor, "KOR/staff").frame()
    shown = {plain["id"]: plain for plain in picture(frame)["changed"]}
    area = shown["KOR-watch-hidden-harbour"]
    assert area["area"] == "watch"
    assert area["names"] == {"en": "Hidden harbour", "ja": "隠れた港", "ko": "Hidden harbour"}
    assert (area["lat"], area["lon"]) == (39.0123, 140.0456)
    assert area["ellipse"]["semi_major_m"] == pytest.approx(20_000.0, rel=1e-3)
    assert len(shown["KOR-watch-far-coast"]["polygon"]) == 3
    threat = shown["KOR-warn-KOR-threat-hidden-harbour-KOR-fall"]
    assert (threat["warning"], threat["state"]) == ("threat", "raised")
    assert threat["threat"]["names"]["ja"] == "隠れた港"
    assert threat["threat"]["impact"] > 0.999
    assert (threat["threat"]["first_ns"], threat["threat"]["last_ns"]) == (at(598), at(602))
    assert "KOR-watch-far-coast 1" in names(opened(kor, "OBS").frame()), "a reader that is no peer"
    assert all(plain["originator"] == "KOR" for plain in shown.values())
    for item in kor.holdings.items():
        if names_watch_area(item):
            assert item.label.releasable_to == ("OBS",)
            assert kor.exchange.decide(Held(item, b""), "JPN", at(8)).outcome is not Outcome.PERMIT


def test_an_area_stands_on_the_picture_while_it_is_in_the_settings_and_leaves_by_itself() -> None:
    federation = observed(observers() | staffs(), watch_areas=AREAS)
    kor = federation.nodes["KOR"]
    reading = opened(kor, "KOR/staff")
    seen = set()
    for number in range(1, 700, 20):
        second(federation, number)
        seen |= {plain["id"] for plain in picture(reading.frame())["changed"]}
        assert "KOR-watch-far-coast" not in picture(reading.frame())["gone"]
    assert "KOR-watch-far-coast" in seen
    kor.watched = Watched(dataclasses.replace(kor.config, watch_areas=()))
    gone: set[str] = set()
    for number in range(700, 1_400, 20):
        second(federation, number)
        gone |= set(picture(reading.frame())["gone"])
    assert "KOR-watch-far-coast" in gone


# --- the items themselves ---


def test_a_threat_without_an_area_and_an_area_without_a_name_cannot_be_made() -> None:
    kor = watched(20, [(1, IN_IT)]).nodes["KOR"]
    (warning,) = told(kor)
    with pytest.raises(ItemError, match="threat"):
        msgspec.structs.replace(warning, threat=None)
    with pytest.raises(ItemError, match="threat"):
        msgspec.structs.replace(warning, warning=WarningKind.IMPACT)
    area = watch_area(kor, ())
    with pytest.raises(ItemError, match="name"):
        msgspec.structs.replace(area, name=None)
    with pytest.raises(ItemError, match="name"):
        msgspec.structs.replace(area, area=AreaKind.HAZARD)
    assert warning.threat is not None
    with pytest.raises(ItemError, match="swap"):
        msgspec.structs.replace(warning.threat, first_ns=warning.threat.last_ns + 1)
    assert isinstance(warning.threat, Threat)
