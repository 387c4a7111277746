"""Files: the contract's columns, the same bytes for the same seed, and sites read back."""

import csv
import io
import tomllib

import numpy as np
import pytest

from trilat.model.errors import ScenarioError
from trilat.scenario import (
    Scenario,
    named_scenario,
    named_scenarios,
    observe,
    read_sites,
    simulate_files,
    sites_text,
    truth_rows,
)

SITE = """
[sensor.a]
party = "JPN"
lat_deg = 39.5
lon_deg = 135
height_m = 20.0
range_sigma_m = 30.0
azimuth_sigma_rad = 0.001
elevation_sigma_rad = 0.001
range_rate_sigma_m_per_s = 5.0
elevation_mask_deg = 2.0
"""


@pytest.fixture(scope="module")
def unha() -> Scenario:
    return named_scenario("unha2-2009")


def test_the_same_seed_gives_the_same_bytes(unha):
    assert simulate_files(unha, 1) == simulate_files(named_scenario("unha2-2009"), 1)
    assert simulate_files(unha, 1)["plots.csv"] != simulate_files(unha, 2)["plots.csv"]


def test_plots_have_the_columns_of_the_contract_and_read_back_as_they_were(unha):
    text = simulate_files(unha, 1)["plots.csv"]
    assert text.splitlines()[0] == "t_ns,sensor,range_m,azimuth_rad,elevation_rad,range_rate_m_per_s"
    rows = list(csv.DictReader(io.StringIO(text)))
    plots = observe(unha, 1)
    assert len(rows) == len(plots)
    for row, plot in zip(rows, plots, strict=True):
        assert (int(row["t_ns"]), row["sensor"]) == (plot.t_ns, plot.sensor_id)
        assert (float(row["range_m"]) if row["range_m"] else None) == plot.range_m
        assert float(row["azimuth_rad"]) == plot.azimuth_rad
        assert float(row["elevation_rad"]) == plot.elevation_rad
        rate = row["range_rate_m_per_s"]
        assert (float(rate) if rate else None) == plot.range_rate_m_per_s


def test_truth_has_the_columns_of_the_contract_at_whole_seconds(unha):
    text = simulate_files(unha, 1)["truth.csv"]
    assert text.splitlines()[0] == "t_ns,object,x_m,y_m,z_m,vx_m_per_s,vy_m_per_s,vz_m_per_s"
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["object"] for row in rows} == {"upper-body", "stage-1"}
    assert all((int(row["t_ns"]) - unha.launch_ns) % 1_000_000_000 == 0 for row in rows)
    for path in unha.trajectories:
        mine = [row for row in rows if row["object"] == path.object_id]
        assert len(mine) == int(path.end_s) - int(path.start_s) + 1
        position = np.array([[float(row[key]) for key in ("x_m", "y_m", "z_m")] for row in mine])
        velocity = np.array([[float(row[f"v{key}_m_per_s"]) for key in "xyz"] for row in mine])
        # Judge of the velocity: the slope of the file's own positions, in flight without thrust or air.
        first = int((path.last_burnout_s or path.start_s) - path.start_s) + 2
        slope = (position[2:] - position[:-2]) / 2.0
        assert np.abs(slope - velocity[1:-1])[first:-100].max() < 0.01


def test_sites_hold_the_keys_of_the_contract(unha):
    tables = tomllib.loads(simulate_files(unha, 1)["sites.toml"])["sensor"]
    assert set(tables) == {sensor.sensor_id for sensor in unha.sensors}
    always = {"party", "lat_deg", "lon_deg", "height_m", "azimuth_sigma_rad", "elevation_sigma_rad"}
    always |= {"elevation_mask_deg", "assumed"}
    assert all(always <= set(table) for table in tables.values())
    assert {name for name, table in tables.items() if "range_sigma_m" not in table} == {"ir-1", "ir-2"}
    assert "range_rate_sigma_m_per_s" in tables["kongo"]


@pytest.mark.parametrize("name", list(named_scenarios()))
def test_sites_read_back_as_they_were(name):
    sensors = named_scenario(name).sensors
    assert read_sites(sites_text(sensors)) == tuple(sorted(sensors, key=lambda one: one.sensor_id))


def test_sites_of_the_contract_alone_are_enough():
    (sensor,) = read_sites(SITE)
    assert (sensor.kind, sensor.longitude_deg, sensor.period_s) == ("radar", 135.0, 1.0)
    (eye,) = read_sites(
        SITE.replace("range_sigma_m = 30.0", "").replace("range_rate_sigma_m_per_s = 5.0", "")
    )
    assert (eye.kind, eye.range_sigma_m, eye.period_s) == ("infrared", None, 10.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no sensor"),
        ("[sensor]", "holds no sensor"),
        ("sensor = 3", "holds no sensor"),
        ("[sensor.a", "not sound TOML"),
        (SITE + SITE, "not sound TOML"),
        (SITE + "[radar.b]\nparty = 'JPN'\n", "unknown part `radar`"),
        ("sensor.a = 3", "must be a table"),
        (SITE + "rang_max_m = 1.0\n", "unknown key `rang_max_m`"),
        (SITE.replace('party = "JPN"', ""), "`party` is missing"),
        (SITE.replace("lat_deg = 39.5", ""), "`lat_deg` is missing"),
        (SITE.replace('"JPN"', "3"), "`party` must be text"),
        (SITE.replace("39.5", '"39.5"'), "`lat_deg` must be a number"),
        (SITE.replace("39.5", "true"), "`lat_deg` must be a number"),
        (SITE.replace("39.5", "nan"), "lat_deg `nan`"),
        (SITE.replace("39.5", "90.0"), "lat_deg `90.0`"),
        (SITE.replace("135", "1" + "0" * 400), "too large"),
        (SITE.replace("135", "inf"), "lon_deg `inf`"),
        (SITE.replace("30.0", "0.0"), "a sigma of 0"),
        (SITE.replace("30.0", "-30.0"), "range_sigma_m `-30.0`"),
        (SITE.replace("azimuth_sigma_rad = 0.001", "azimuth_sigma_rad = 0"), "azimuth_sigma_rad"),
        (SITE.replace("2.0\n", "95.0\n"), "elevation_mask_deg `95.0`"),
        (SITE.replace("range_sigma_m = 30.0", ""), "no range_rate"),
        (SITE.replace("[sensor.a]", "[sensor.'a b']"), "sensor `a b`"),
        (SITE + 'kind = "sonar"\n', "kind `sonar`"),
        ("x" * 1_000_001, "longer than"),
        ("".join(f"[sensor.s{n}]\n" for n in range(1001)), "more than 1000"),
    ],
)
def test_a_sites_file_that_is_not_sound_is_refused_in_one_line(text, message):
    with pytest.raises(ScenarioError, match=message) as caught:
        read_sites(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan"), 1e-6])
def test_a_step_of_truth_that_cannot_be_is_refused(unha, step):
    with pytest.raises(ScenarioError, match="step"):
        truth_rows(unha, step)
