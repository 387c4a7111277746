"""Recorded telemetry: every public file loads, every repair is named, all else is refused in one line."""

import json
from pathlib import Path

import numpy as np
import pytest

from trilat.domains.missile import (
    Telemetry,
    burns_from_events,
    read_events,
    read_telemetry,
    trajectories_of,
)
from trilat.model.errors import ScenarioError
from trilat.scenario.recorded import Departure

ROCKET = Path(__file__).parents[2] / ".." / "shared" / "data" / "rocket"
CANAVERAL = Departure(28.5620, -80.5772, 44.0)
# Speeds are given to 1 km/h and times to 0.5 s or 1 s; at a cut-off a second of smoothing costs some m/s.
SPEED_RMS_M_PER_S_MAX = 3.0
LANDING_RMS_M_PER_S_MAX = 8.0


def recorded(*parts: str) -> bytes:
    path = ROCKET.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"recorded file {'/'.join(parts)} is not beside the project")
    return path.read_bytes()


def webcasts() -> list[str]:
    return sorted(path.parent.name for path in ROCKET.glob("spacex_webcast/*/analysed.json"))


def check_flight_path(telemetry: Telemetry, rms_max: float) -> None:
    for stage, path in zip(telemetry.stages, trajectories_of(telemetry, CANAVERAL), strict=True):
        assert path.object_id == stage.name
        assert (path.start_s, path.end_s) == (stage.t_s[0], stage.t_s[-1])
        assert np.all(np.diff(path.t_s) > 0.0)
        _, velocity = path.state_at(stage.t_s)
        off = np.linalg.norm(velocity, axis=1) - stage.speed_m_per_s
        assert np.sqrt(np.mean(off**2)) < rms_max
        heights = np.interp(stage.t_s, path.t_s, path.geodetic[2])
        assert np.median(np.abs(heights - stage.altitude_m)) < 400.0


def test_all_public_webcasts_are_there_or_none() -> None:
    if not webcasts():
        pytest.skip("recorded webcasts are not beside the project")
    assert len(webcasts()) == 27


@pytest.mark.parametrize("flight", webcasts() or ["none"])
def test_a_webcast_loads_as_it_is(flight: str) -> None:
    data = recorded("spacex_webcast", flight, "analysed.json")
    events = recorded("spacex_webcast", flight, "events.json")
    telemetry = read_telemetry("analysed.json", data, events)
    raw = json.loads(data)
    assert [stage.name for stage in telemetry.stages] == ["vehicle"]
    assert telemetry.events == {key: value for key, value in json.loads(events).items() if value is not None}
    assert telemetry.last_row_s == raw["time"][-1]
    # Speed and altitude of what is kept are those of the file.
    stage = telemetry.stages[0]
    rows = np.searchsorted(raw["time"], stage.t_s)
    np.testing.assert_allclose(stage.speed_m_per_s, np.array(raw["velocity"])[rows])
    np.testing.assert_allclose(stage.altitude_m, np.array(raw["altitude"])[rows] * 1000.0)


@pytest.mark.slow
@pytest.mark.parametrize("flight", webcasts() or ["none"])
def test_every_webcast_flies_as_recorded(flight: str) -> None:
    telemetry = read_telemetry("analysed.json", recorded("spacex_webcast", flight, "analysed.json"))
    check_flight_path(telemetry, LANDING_RMS_M_PER_S_MAX)


@pytest.mark.parametrize("flight", ["SpaceX_CRS-8", "Jason-3", "NROL-76", "X-37B_OTV-5", "Iridium_NEXT_7"])
def test_a_webcast_flies_as_recorded(flight: str) -> None:
    telemetry = read_telemetry("analysed.json", recorded("spacex_webcast", flight, "analysed.json"))
    check_flight_path(telemetry, LANDING_RMS_M_PER_S_MAX)


@pytest.mark.parametrize(("flight", "burnout_s"), [("SpaceX_CRS-8", 594.0), ("Jason-3", 545.0)])
def test_an_insertion_has_its_last_burnout_and_no_impact(flight: str, burnout_s: float) -> None:
    """Cut-off of the second stage as `events.json` has it; an orbit does not come down."""
    from trilat.scenario import fall_to_ground  # noqa: PLC0415 - only this test needs it

    telemetry = read_telemetry(
        "analysed.json",
        recorded("spacex_webcast", flight, "analysed.json"),
        recorded("spacex_webcast", flight, "events.json"),
    )
    # CRS-8 flew north-east from Canaveral, Jason-3 south from Vandenberg.
    departure = CANAVERAL if flight == "SpaceX_CRS-8" else Departure(34.6330, -120.6130, 158.0)
    (path,) = trajectories_of(telemetry, departure)
    assert path.last_burnout_s == burnout_s
    after = np.searchsorted(path.t_s, burnout_s + 2.0)
    assert fall_to_ground(path.position_m[after], path.velocity_m_per_s[after]) is None
    (bare,) = trajectories_of(
        read_telemetry("analysed.json", recorded("spacex_webcast", flight, "analysed.json")), departure
    )
    assert bare.last_burnout_s == pytest.approx(burnout_s, abs=3.0)


BOTH_STAGES = [
    "Ax1MissionLaunch",
    "COSMOSkyMed_live",
    "DoubleAsteroidRedirectionTestDARTMission",
    "ImagingXrayPolarimetryExplorerIXPEMission",
    "Inspiration4Launch",
    "StarlinkMission_19_01_22",
    "Starlink_4-5_2022-01-06_15s",
    "Transporter2Mission",
]


@pytest.mark.parametrize("flight", BOTH_STAGES)
def test_both_stages_become_two_objects_that_part(flight: str) -> None:
    telemetry = read_telemetry(f"{flight}.csv", recorded("spacex_both_stages", f"{flight}.csv"))
    assert [stage.name for stage in telemetry.stages] == ["stage-1", "stage-2"]
    check_flight_path(telemetry, LANDING_RMS_M_PER_S_MAX)
    first, second = trajectories_of(telemetry, CANAVERAL)
    apart = np.linalg.norm(first.state_at(second.start_s)[0] - second.position_m[0])
    # Altitudes are given to 0.1 km or 1 km, and the stages have been apart for some seconds.
    assert apart < 2_500.0
    assert second.last_burnout_s is not None
    assert 480.0 < second.last_burnout_s < 560.0


def test_a_booster_that_returns_comes_back_to_its_pad() -> None:
    """Transporter-2 and COSMO-SkyMed boosters landed at Landing Zone 1, some 9 km from the pad."""
    for flight in ("Transporter2Mission", "COSMOSkyMed_live"):
        telemetry = read_telemetry(f"{flight}.csv", recorded("spacex_both_stages", f"{flight}.csv"))
        booster, _ = trajectories_of(telemetry, CANAVERAL)
        start, end = booster.position_m[0], booster.position_m[-1]
        assert np.linalg.norm(end - start) < 25_000.0
        far = np.max(np.linalg.norm(booster.position_m - start, axis=1))
        assert far > 100_000.0


def test_a_gap_and_a_glitch_of_a_recorded_flight_are_named_by_row() -> None:
    telemetry = read_telemetry("ixpe.csv", recorded("spacex_both_stages", f"{BOTH_STAGES[3]}.csv"))
    # Row 109 reads 51.5 s and leads into the gap up to 66 s; stage 1 has no times beside 350.
    assert any("jumps: rows 109" in warning for warning in telemetry.warnings)
    assert any("between rows 108 and 133" in warning for warning in telemetry.warnings)
    assert any("restored" in warning and " 350," in warning for warning in telemetry.warnings)


@pytest.mark.parametrize(
    ("file", "warned"), [("IFT1_telemetry_10fps.csv", True), ("IFT1_telemetry_1hz.csv", False)]
)
def test_starship_loads_with_its_one_stage(file: str, warned: bool) -> None:
    telemetry = read_telemetry(file, recorded("starship", file))
    assert [stage.name for stage in telemetry.stages] == ["stage-1"]
    assert any("same time: rows 196-200" in warning for warning in telemetry.warnings) == warned
    check_flight_path(telemetry, SPEED_RMS_M_PER_S_MAX)


# A made-up vertical climb at 20 m/s^2: known speed and height at every second.
def climb(rows: int = 40, head: str = "time_s,speed_m_per_s,altitude_m") -> list[str]:
    return [head] + [f"{t},{20 * t},{10 * t * t}" for t in range(rows)]


def test_the_plain_form_is_read() -> None:
    telemetry = read_telemetry("climb.csv", "\n".join(climb()).encode())
    assert telemetry.warnings == ()
    assert telemetry.events == {}
    (stage,) = telemetry.stages
    assert stage.speed_m_per_s[10] == 200.0
    assert stage.downrange_m is None
    assert telemetry.last_row_s == 39.0


def test_the_plain_form_may_have_downrange_a_mark_and_dos_line_ends() -> None:
    lines = [
        "time_s, speed_m_per_s ,altitude_m,downrange_m",
        *(f"{t},{20 * t},{10 * t * t},0" for t in range(9)),
    ]
    telemetry = read_telemetry("climb.csv", b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert telemetry.stages[0].downrange_m is not None


REPAIRS = [
    ("a jump of speed", 12, "10,2000,1000", "jumps: rows 12"),
    ("a jump of altitude", 12, "10,200,99000", "jumps: rows 12"),
    ("an empty speed", 12, "10,,1000", "want of time, speed or altitude: rows 12"),
    ("a word for a speed", 12, "10,2OO,1000", "no number, or one that cannot be, taken as empty: rows 12"),
    ("a giant number", 12, "10,1e300,1000", "no number, or one that cannot be, taken as empty: rows 12"),
    ("an infinite altitude", 12, "10,200,inf", "no number, or one that cannot be, taken as empty: rows 12"),
    ("a negative speed", 12, "10,-200,1000", "no number, or one that cannot be, taken as empty: rows 12"),
    ("a speed beyond any rocket", 12, "10,30000,1000", "no number, or one that cannot be"),
    ("a missing time", 12, ",200,1000", "restored from evenly spaced rows: rows 12"),
    ("a repeated time", 12, "9,200,1000", "has the same time: rows 12"),
    ("a row cut short", 12, "10,200", "want of time, speed or altitude: rows 12"),
]


@pytest.mark.parametrize(("_case", "row", "line", "said"), REPAIRS, ids=[row[0] for row in REPAIRS])
def test_a_repair_is_named_by_its_row(_case: str, row: int, line: str, said: str) -> None:
    lines = climb()
    lines[row - 1] = line
    telemetry = read_telemetry("climb.csv", "\n".join(lines).encode())
    assert any(said in warning for warning in telemetry.warnings)
    (stage,) = telemetry.stages
    assert np.all(np.isfinite(stage.speed_m_per_s))
    assert np.all(np.abs(stage.speed_m_per_s - 20.0 * stage.t_s) < 25.0)


def test_a_gap_is_named_and_not_filled() -> None:
    lines = climb(60)
    telemetry = read_telemetry("climb.csv", "\n".join(lines[:21] + lines[41:]).encode())
    assert any("nothing for 21 s between rows 21 and 22" in warning for warning in telemetry.warnings)
    assert telemetry.stages[0].t_s.size == 40


def test_json_counts_samples_and_takes_its_own_events() -> None:
    time = list(range(30))
    table = {
        "time": time,
        "velocity": [None if t == 4 else 20.0 * t for t in time],
        "altitude": [0.01 * t * t for t in time],
        "events": {"meco": 25, "apogee": None},
    }
    telemetry = read_telemetry("a.json", json.dumps(table).encode(), b'{"seco1": 28.5}')
    assert telemetry.events == {"meco": 25.0, "seco1": 28.5}
    assert any(warning.endswith("samples 5") for warning in telemetry.warnings)


def test_many_ranges_are_cut_off_with_their_number() -> None:
    lines = climb(1000, "time_s,speed_m_per_s,altitude_m")
    lines = [lines[0]] + [f"{t / 10},{2 * t},{t * t / 10}" for t in range(1000)]
    for row in range(3, 900, 3):
        lines[row] = lines[row].rsplit(",", 1)[0] + ","
    (warning,) = read_telemetry("climb.csv", "\n".join(lines).encode()).warnings
    assert warning.endswith("and 99 more ranges")


BURNS = [
    ("nothing told", {"maxq": 70.0}, None),
    ("one stage", {"meco": 155.0}, ((0.0, 155.0),)),
    ("two stages", {"meco": 155.0, "ses1": 165.0, "seco1": 594.0}, ((0.0, 155.0), (165.0, 594.0))),
    ("still burning", {"meco": 155.0, "ses1": 165.0}, ((0.0, 155.0), (165.0, 600.0))),
    ("only the second", {"ses1": 165.0, "seco1": 594.0}, ((165.0, 594.0),)),
    ("beyond the last row", {"meco": 155.0, "ses1": 700.0}, ((0.0, 155.0),)),
    (
        "a return",
        {"meco": 145.0, "boostback_start": 160.0, "boostback_end": 210.0},
        ((0.0, 145.0), (160.0, 210.0)),
    ),
    (
        "overlapping",
        {"meco": 145.0, "boostback_start": 160.0, "boostback_end": 210.0, "ses1": 155.0, "seco1": 500.0},
        ((0.0, 145.0), (155.0, 500.0)),
    ),
]


@pytest.mark.parametrize(("_case", "events", "burns"), BURNS, ids=[row[0] for row in BURNS])
def test_burns_told_by_events(
    _case: str, events: dict[str, float], burns: tuple[tuple[float, float], ...] | None
) -> None:
    assert burns_from_events(events, 600.0) == burns


def text(lines: list[str]) -> bytes:
    return "\n".join(lines).encode()


REFUSED = [
    ("nothing", b"", "is empty"),
    ("white space", b" \n\t\n", "is empty"),
    ("not UTF-8", b"\x1f\x8b\x08\x00\xff\xfe", "not UTF-8"),
    ("too many bytes", b" " * 50_000_001, "longer than"),
    ("other columns", b"a,b,c\n1,2,3\n", "`speed_m_per_s`"),
    ("a header only", b"time_s,speed_m_per_s,altitude_m\n", "no row"),
    ("only empty rows", text(climb(0) + [",,"] * 50), "no row"),
    ("only nan", text(climb(0) + ["nan,nan,nan"] * 50), "no row"),
    ("too few rows", text(climb(7)), "7 of 7 rows"),
    ("time running back", text([*climb(20), "5,400,4000"]), "time runs back to `5` s in rows 22"),
    ("time of days", text([*climb(20), "1e6,400,4000"]), "times lie beyond"),
    (
        "no order at all",
        text(climb(0) + [f"{t},{(t * 7919) % 5000},{(t * 104729) % 90000}" for t in range(60)]),
        "usable",
    ),
    ("a million rows", text(climb(0) + ["1,2,3"] * 1_000_000), "more than 200000 rows"),
    ("truncated json", b'{"time": [0, 1, 2', "not readable as JSON"),
    ("json too deep", b'{"time": ' + b"[" * 100_000, "not readable as JSON"),
    ("json without altitude", b'{"time": [0], "velocity": [0]}', "`altitude`"),
    ("json of one number", b'{"time": 0, "velocity": [0], "altitude": [0]}', "`time`"),
    ("json of unequal lists", b'{"time": [0, 1], "velocity": [0], "altitude": [0]}', "differ in length"),
    ("json of nothing", b'{"time": [], "velocity": [], "altitude": []}', "no sample"),
    ("json of lists", b'{"time": [[0]], "velocity": [[0]], "altitude": [{}]}', "no sample"),
    ("json with bad events", b'{"events": [1]}', "`events`"),
    ("stage without number", b"stage,t_s,altitude_km,speed_kmh\nupper,0,0,0\n", "must be a number"),
]


@pytest.mark.parametrize(("_case", "data", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused(_case: str, data: bytes, said: str) -> None:
    with pytest.raises(ScenarioError, match=said) as refused:
        read_telemetry("file", data)
    assert "\n" not in str(refused.value)


REFUSED_EVENTS = [
    ("no json", b"meco=155", "not readable"),
    ("a list", b"[155]", "must be a JSON object"),
    ("a word", b'{"meco": "soon"}', "number of seconds"),
    ("a truth value", b'{"meco": true}', "number of seconds"),
    ("not a number", b'{"meco": NaN}', "beyond"),
    ("a giant number", b'{"meco": 1e300}', "beyond"),
    ("a strange name", b'{"Main Engine Cut-Off": 155}', "lower-case"),
]


@pytest.mark.parametrize(("_case", "data", "said"), REFUSED_EVENTS, ids=[row[0] for row in REFUSED_EVENTS])
def test_refused_events(_case: str, data: bytes, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        read_events("events.json", data)
