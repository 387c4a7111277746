"""`trilat track` with priors of biases: what it learns of sensors, from whom, and what it says of it."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.cli.commands import trilat

from trilat.fusion import BiasTable, EquivalentObservation, RadarObservation, Tracker
from trilat.geo import ecef_from_geodetic, geodetic_from_ecef
from trilat.model import ScenarioError, UsageError
from trilat.scenario import Sensor, named_scenario, observe, plots_text, read_sites, sites_text
from trilat.study import (
    TrackRun,
    party_pictures,
    plain_biases,
    priors_of,
    read_plots,
    read_references,
    track_plots,
    tracks_text,
)

SCENARIO = dataclasses.replace(named_scenario("two-stage-generic"), duration_s=300.0)
PRIORS = {"range_bias_sigma_m": 15.0, "angle_bias_sigma_rad": 3e-4}
BIASES = {"R1": (20.0, 3e-4, -3e-4), "R2": (-15.0, -4e-4, 2e-4), "R3": (10.0, 3e-4, 4e-4)}
HEAD = "t_ns,object,lat_deg,lon_deg,height_m,sigma_m"


def sensors(**priors: Any) -> tuple[Sensor, ...]:
    return tuple(dataclasses.replace(sensor, **priors) for sensor in SCENARIO.sensors)


def plots(biases: dict[str, tuple[float, float, float]] = BIASES) -> list[RadarObservation]:
    file = read_plots(plots_text(observe(SCENARIO, 5)), SCENARIO.sensors)
    seen = [plot for plot in file.observations if isinstance(plot, RadarObservation)]
    return [with_bias(plot, biases[plot.sensor]) for plot in seen]


def with_bias(plot: RadarObservation, bias: Sequence[float]) -> RadarObservation:
    return dataclasses.replace(
        plot,
        range_m=plot.range_m + bias[0],
        azimuth_rad=plot.azimuth_rad + bias[1],
        elevation_rad=plot.elevation_rad + bias[2],
    )


def ships(count: int, seed: int) -> tuple[str, list[RadarObservation]]:
    """AIS of ships that lie still before the launch, and their biased echoes, for ten minutes."""
    rng = np.random.default_rng(seed)
    lines, echoes = [HEAD], []
    first = {plot.sensor: plot for plot in reversed(plots())}
    for number in range(count):
        radar = SCENARIO.sensors[number % 3]
        latitude_deg = radar.latitude_deg + 0.05 + 0.03 * number
        longitude_deg = radar.longitude_deg + 0.1 * (-1) ** number
        place = ecef_from_geodetic(math.radians(latitude_deg), math.radians(longitude_deg), 10.0)
        for second in range(-600, 0, 10):
            t_ns = SCENARIO.launch_ns + (second - 1) * 10**9
            off_deg = rng.standard_normal(2) * 1e-4
            lines.append(
                f"{t_ns},s{number},{latitude_deg + off_deg[0]:.9f},{longitude_deg + off_deg[1]:.9f},10,11"
            )
            values = radar.measure(place, np.zeros(3))[:3] + rng.standard_normal(3) * [30.0, 1e-3, 1e-3]
            echo = dataclasses.replace(
                first[radar.sensor_id],
                time_ns=t_ns + 10**9 + number,
                range_m=values[0],
                azimuth_rad=values[1],
                elevation_rad=values[2],
                range_rate_m_per_s=None,
            )
            echoes.append(with_bias(echo, BIASES[radar.sensor_id]))
    return "\n".join(lines) + "\n", echoes


@pytest.fixture(scope="module")
def alone() -> TrackRun:
    return track_plots(plots(), sensors(**PRIORS))


@pytest.fixture(scope="module")
def sea() -> tuple[str, list[RadarObservation]]:
    return ships(9, 4)


@pytest.fixture(scope="module")
def referred(sea: tuple[str, list[RadarObservation]]) -> TrackRun:
    text, echoes = sea
    seen = sorted([*echoes, *plots()], key=lambda plot: plot.time_ns)
    return track_plots(seen, sensors(**PRIORS), reports=read_references(text).reports)


def offs(table: BiasTable | None) -> np.ndarray[Any, Any]:
    """Estimated less true over stated sigma, range, azimuth and elevation of each radar, (3, 3)."""
    assert table is not None
    rows = []
    for source, sensor in table.sensors:
        own = table.bias(source, sensor)
        estimated = np.array([own.range_bias_m, own.azimuth_bias_rad, own.elevation_bias_rad])
        stated = np.array([own.range_sigma_m, own.azimuth_sigma_rad, own.elevation_sigma_rad])
        rows.append((estimated - BIASES[sensor]) / stated)
    return np.array(rows)


def test_without_a_prior_every_byte_is_what_it_was() -> None:
    plain = track_plots(plots(), SCENARIO.sensors)
    assert plain.biases is None
    assert priors_of(SCENARIO.sensors) == {}
    # A report does nothing where no sensor is to be registered.
    text = f"{HEAD}\n{SCENARIO.launch_ns},ship,38.0,138.0,0,10\n"
    again = track_plots(plots(), SCENARIO.sensors, reports=read_references(text).reports)
    assert tracks_text(again.rows) == tracks_text(plain.rows)
    assert "bias" not in sites_text(SCENARIO.sensors)


def test_one_object_shows_the_angles_and_hardly_the_ranges(alone: TrackRun) -> None:
    assert np.max(np.abs(offs(alone.biases))) < 4.0
    rows = plain_biases(alone.biases) if alone.biases else []
    assert len(rows) == 3
    assert all(row["azimuth_sigma_rad"] < 1e-4 for row in rows)
    assert all(8.0 < row["range_sigma_m"] < 15.0 for row in rows)
    assert not any(row["suspect"] for row in rows)


def test_ships_with_reports_show_the_ranges_too_and_make_no_tracks(referred: TrackRun) -> None:
    assert np.max(np.abs(offs(referred.biases))) < 4.0
    rows = plain_biases(referred.biases) if referred.biases else []
    assert all(row["range_sigma_m"] < 8.0 for row in rows)
    # 9 ships, 60 looks each: all but the first look, when a ship has said one thing only, and a few strays.
    assert 500 < referred.reference_plots <= 531
    assert {row.track for row in referred.rows} == {1}
    assert sum(row["reference_plots"] for row in rows) == referred.reference_plots


def test_the_rows_of_half_of_the_plots_are_the_beginning_of_all(alone: TrackRun) -> None:
    half = track_plots(plots()[:300], sensors(**PRIORS))
    assert tracks_text(alone.rows).startswith(tracks_text(half.rows))


def test_a_bias_far_outside_its_prior_is_suspect(sea: tuple[str, list[RadarObservation]]) -> None:
    text, echoes = sea
    wrong = [with_bias(plot, (110.0, 0, 0)) if plot.sensor == "R2" else plot for plot in echoes]
    seen = sorted(wrong, key=lambda plot: plot.time_ns)
    run = track_plots(seen, sensors(**PRIORS), reports=read_references(text).reports)
    rows = plain_biases(run.biases) if run.biases else []
    assert [row["sensor"] for row in rows if row["suspect"]] == ["R2"]


def test_a_radar_that_contradicts_the_others_is_suspect_without_any_reference() -> None:
    run = track_plots(plots({**BIASES, "R2": (75.0, 15e-4, -15e-4)}), sensors(**PRIORS))
    rows = plain_biases(run.biases) if run.biases else []
    assert [row["sensor"] for row in rows if row["suspect"]] == ["R2"]


def test_a_party_learns_of_its_own_sensors_alone_and_nothing_from_partners() -> None:
    seen = plots()[:350]
    shared = party_pictures(seen, sensors(**PRIORS), "tracklets", 10.0)
    for party, run in shared.items():
        assert run.biases is not None
        assert {source for source, _ in run.biases.sensors} == {party}
    # Without partners at all it would know exactly the same of its sensors.
    for party, run in shared.items():
        own = [plot for plot in seen if plot.source == party]
        mine = [sensor for sensor in sensors(**PRIORS) if sensor.party == party]
        told = party_pictures(own, mine, "tracklets", 10.0)[party].biases
        assert told is not None
        assert run.biases is not None
        assert np.array_equal(told.mean, run.biases.mean)
        assert np.array_equal(told.covariance, run.biases.covariance)


def test_what_a_partner_lies_changes_nothing_of_our_estimates() -> None:
    lying = {name: bias if name != "R2" else (900.0, 2e-3, 2e-3) for name, bias in BIASES.items()}
    for fusion in ("tracklets", "tracks"):
        honest = party_pictures(plots()[:300], sensors(**PRIORS), fusion, 10.0)
        lied_to = party_pictures(plots(lying)[:300], sensors(**PRIORS), fusion, 10.0)
        liar = next(sensor.party for sensor in SCENARIO.sensors if sensor.sensor_id == "R2")
        for party in honest.keys() - {liar}:
            one, other = honest[party].biases, lied_to[party].biases
            assert one is not None
            assert other is not None
            assert np.array_equal(one.mean, other.mean)
        assert tracks_text(honest[liar].rows) != tracks_text(lied_to[liar].rows)


def test_partners_get_what_is_left_of_biases_as_a_constant_apart_from_the_noise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    got: list[EquivalentObservation] = []
    add = Tracker.add

    def heard(self: Tracker, plot: Any) -> bool:
        got.extend([plot] if isinstance(plot, EquivalentObservation) else [])
        return add(self, plot)

    monkeypatch.setattr(Tracker, "add", heard)
    party_pictures(plots()[:200], sensors(**PRIORS), "tracklets", 10.0)
    with_priors, got = got, []
    assert with_priors
    # Hundreds of kilometres away 0.3 mrad are a hundred metres and more; noise along the line is far less.
    for one in with_priors:
        assert 50.0 < one.constant_sigma_m < 1000.0
        assert np.linalg.eigvalsh(one.covariance[:3, :3])[0] < 0.2 * one.constant_sigma_m**2
    party_pictures(plots()[:200], sensors(), "tracklets", 10.0)
    assert got
    assert {one.constant_sigma_m for one in got} == {0.0}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("range_bias_sigma_m = 0.0", "range_bias_sigma_m `0.0` must lie between 0.001 and 10000"),
        ("range_bias_sigma_m = -5", "must lie between"),
        ("range_bias_sigma_m = nan", "must lie between"),
        ("range_bias_sigma_m = inf", "must lie between"),
        ('range_bias_sigma_m = "15"', "must be a number"),
        ("range_bias_sigma_m = true", "must be a number"),
        ("angle_bias_sigma_rad = 0.3", "angle_bias_sigma_rad `0.3` must lie between 1e-08 and 0.1"),
        ("angle_bias_sigma_deg = 0.3", "unknown key `angle_bias_sigma_deg`"),
        ("clock_bias_sigma_s = 2.0", "clock_bias_sigma_s `2.0` must lie between 1e-06 and 1"),
        ("clock_bias_sigma_ms = 2.0", "unknown key `clock_bias_sigma_ms`"),
    ],
)
def test_a_prior_that_cannot_be_is_refused_in_one_line(line: str, said: str) -> None:
    text = sites_text(SCENARIO.sensors[:1]) + line + "\n"
    with pytest.raises(ScenarioError) as raised:
        read_sites(text)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_infrared_sensor_has_no_range_to_be_wrong() -> None:
    text = (
        '[sensor.eye]\nparty = "USA"\nlat_deg = 0.0\nlon_deg = 100.0\nheight_m = 3.6e7\n'
        "azimuth_sigma_rad = 1e-5\nelevation_sigma_rad = 1e-5\nangle_bias_sigma_rad = 1e-5\n"
    )
    assert list(priors_of(read_sites(text))) == [("USA", "eye")]
    with pytest.raises(ScenarioError, match="an infrared sensor has no range_bias_sigma_m"):
        read_sites(text + "range_bias_sigma_m = 5.0\n")


def test_priors_come_back_from_a_sites_file_as_they_were_written() -> None:
    written = sensors(**PRIORS, clock_bias_sigma_s=1e-3)
    assert read_sites(sites_text(written)) == tuple(sorted(written, key=lambda sensor: sensor.sensor_id))


GOOD = "1577836800000000000,ship,39,138,10,10"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1577836800000000000,,39,138,10,10", "`object` must be a name"),
        ("1577836800000000000,ship,91,138,10,10", "`lat_deg` must be between"),
        ("1577836800000000000,ship,39,999,10,10", "`lon_deg` must be between"),
        ("1577836800000000000,ship,39,138,1e7,10", "`height_m` must be between"),
        ("1577836800000000000,ship,39,138,10,0", "`sigma_m` must be between"),
        ("1577836800000000000,ship,39,138,10,nan", "`sigma_m` must be between"),
        ("1577836800000000000,ship,39,138,10,", "`sigma_m` is empty"),
        ("1577836800000000000,ship,39,138,10", "5 cells where the header has 6"),
        ("now,ship,39,138,10,10", "`t_ns` must be a whole number"),
    ],
)
def test_a_reference_that_cannot_be_is_set_aside(row: str, said: str) -> None:
    file = read_references(f"{HEAD}\n{GOOD}\n{row}\n")
    assert len(file.reports) == 1
    assert [one.row for one in file.aside] == [3]
    assert said in file.aside[0].text
    with pytest.raises(UsageError, match="no row that can be used"):
        read_references(f"{HEAD}\n{row}\n")


def test_a_reference_is_where_it_says_with_its_own_errors() -> None:
    file = read_references(f"{HEAD},constant_sigma_m\n{GOOD},\n{GOOD},3\n")
    report = file.reports[0][1]
    latitude, longitude, height_m = geodetic_from_ecef(report.position_m)
    assert math.degrees(latitude) == pytest.approx(39.0, abs=1e-9)
    assert math.degrees(longitude) == pytest.approx(138.0, abs=1e-9)
    assert height_m == pytest.approx(10.0, abs=1e-6)
    assert [one.constant_sigma_m for _, one in file.reports] == [10.0, 3.0]
    with pytest.raises(UsageError, match="lacks the columns sigma_m"):
        read_references("t_ns,object,lat_deg,lon_deg,height_m\n1,a,1,2,3\n")


def test_the_command_tells_biases_and_refuses_references_without_a_prior(tmp_path: Path) -> None:
    (tmp_path / "plots.csv").write_text(plots_text(observe(SCENARIO, 5)[:120]))
    (tmp_path / "plain.toml").write_text(sites_text(SCENARIO.sensors))
    (tmp_path / "sites.toml").write_text(sites_text(sensors(**PRIORS)))
    (tmp_path / "ships.csv").write_text(f"{HEAD}\n{GOOD}\nx,ship,39,138,10,10\n")
    given = (tmp_path / "plots.csv", "--out", tmp_path / "tracks.csv", "--references", tmp_path / "ships.csv")
    refused = trilat("track", *given, "--sites", tmp_path / "plain.toml", "--json")
    assert refused.code == 2
    assert "states no prior of a bias" in refused.err
    done = trilat("track", *given, "--sites", tmp_path / "sites.toml", "--json")
    assert done.code == 3
    assert "row of references 3: set aside" in done.err
    assert done.value["references"] == {"reports": 1, "set_aside": 1}
    assert [row["sensor"] for row in done.value["sensors"]] == ["R3", "R2", "R1"]
    plain = trilat("track", *given[:3], "--sites", tmp_path / "plain.toml", "--json")
    assert not {"sensors", "reference_plots", "references"} & plain.value.keys()
    shown = trilat("track", *given[:3], "--sites", tmp_path / "sites.toml")
    assert "azimuth mrad" in shown.out
