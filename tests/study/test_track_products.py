"""`trilat track --products`: what follows from tracks, as it is said and as it stands at the end."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pymap3d
import pytest
from tests.cli.commands import trilat

from trilat.scenario import named_scenario, observe, plots_text, sites_text

WHOLE = named_scenario("two-stage-generic")
SCENARIO = dataclasses.replace(WHOLE, duration_s=170.0)
PLOTS = plots_text(observe(SCENARIO, 3))
PASSED_S = 400.0
"""When the true object is over the place and in the middle of the box, seconds after launch."""

LATITUDE, LONGITUDE, HEIGHT = (
    float(value) for value in pymap3d.ecef2geodetic(*WHOLE.trajectories[0].state_at(PASSED_S)[0])
)
PLACES = f"""\
[[place]]
name = "lighthouse"
lat_deg = {LATITUDE}
lon_deg = {LONGITUDE}
height_m = 50.0
radius_m = 30000

[[place]]
name = "behind"
lat_deg = 40.5
lon_deg = 120.0
radius_m = 1000

[[watch_area]]
name = "box"
polygon = [
    [{LATITUDE - 0.2}, {LONGITUDE - 0.2}], [{LATITUDE - 0.2}, {LONGITUDE + 0.2}],
    [{LATITUDE + 0.2}, {LONGITUDE + 0.2}], [{LATITUDE + 0.2}, {LONGITUDE - 0.2}],
]

[[watch_area]]
name = "where it comes down"
lat_deg = 39.06
lon_deg = 137.36
radius_m = 60000

[[watch_area]]
name = "elsewhere"
lat_deg = 33.0
lon_deg = 137.36
radius_m = 60000
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("products")
    (made / "plots.csv").write_text(PLOTS)
    (made / "sites.toml").write_text(sites_text(SCENARIO.sensors))
    (made / "places.toml").write_text(PLACES)
    return made


def products(folder: Path, plots: str = "plots.csv", *more: str) -> Any:
    out = folder / ("out" if "--fuse" in more else "tracks.csv")
    given = ("track", folder / plots, "--sites", folder / "sites.toml", "--out", out)
    ended = trilat(
        *given,
        *more,
        *("--places", folder / "places.toml", "--products", folder / "products.json"),
    )
    assert ended.code == 0, ended.err
    return json.loads((folder / "products.json").read_text())


@pytest.fixture(scope="module")
def told(folder: Path) -> Any:
    return products(folder)


def said(told: Any, product: str) -> list[Any]:
    return [event for event in told["events"] if event["product"] == product]


def test_the_passage_over_a_place_holds_the_true_one_within_its_error(told: Any) -> None:
    passages = said(told, "passage")
    assert {passage["place"] for passage in passages} == {"lighthouse"}, "what is behind is not passed"
    last = passages[-1]
    late_s = (last["time_ns"] - SCENARIO.launch_ns) / 1e9 - PASSED_S
    assert abs(late_s) < 4.0 * last["time_sigma_s"] + 0.1
    assert last["distance_m"] < 4.0 * last["distance_sigma_m"] + 500.0
    assert abs(last["height_m"] - HEIGHT) < 4.0 * last["height_sigma_m"] + 500.0
    assert last["height_above_m"] == pytest.approx(last["height_m"] - 50.0)
    assert last["probability"] > 0.99


def test_threatened_areas_are_named_with_probability_and_window_and_others_are_not(told: Any) -> None:
    threats = {threat["area"]: threat for threat in said(told, "threat")}
    assert set(threats) == {"box", "where it comes down"}
    box, down = threats["box"], threats["where it comes down"]
    assert box["overflight_probability"] > 0.99
    assert box["impact_probability"] < 1e-6
    passed_ns = SCENARIO.launch_ns + round(PASSED_S * 1e9)
    assert box["first_ns"] < passed_ns < box["last_ns"]
    assert down["impact_probability"] > 0.5
    # 679 s after launch, by the scenario.
    assert down["first_ns"] < SCENARIO.launch_ns + 679_000_000_000 < down["last_ns"] + 15_000_000_000


def test_launch_burnout_apogee_and_impact_are_told_too(told: Any) -> None:
    assert {"launch", "burnout", "apogee", "impact"} <= {event["product"] for event in told["events"]}
    launch = said(told, "launch")[-1]
    assert abs(launch["lat_deg"] - 40.5) < 0.1
    assert abs(launch["lon_deg"] - 128.0) < 0.1
    # It climbs to 96 degrees by the scenario.
    assert abs(launch["azimuth_deg"] - 96.0) < 5.0
    assert "predicted" not in launch
    assert said(told, "apogee")[-1]["predicted"] is True


def test_the_end_of_a_track_has_the_last_word_of_each_product(told: Any) -> None:
    (track,) = told["tracks"]
    assert track["track"] == 1
    last = {(product["product"], product.get("area")): product for product in track["products"]}
    assert len(last) == len(track["products"])
    for product in ("launch", "passage", "impact"):
        assert {"track": 1, **last[product, None]} == said(told, product)[-1]


def test_what_is_said_is_causal(folder: Path, told: Any) -> None:
    lines = PLOTS.splitlines()
    # The last 15 seconds of three radars are missing.
    (folder / "most.csv").write_text("\n".join(lines[:-45]) + "\n")
    before = products(folder, "most.csv")["events"]
    assert 5 < len(before) < len(told["events"])
    assert before == told["events"][: len(before)]
    assert [event["said_ns"] for event in told["events"]] == sorted(
        event["said_ns"] for event in told["events"]
    )


def test_each_party_has_products_of_its_own_picture(folder: Path) -> None:
    parties = products(folder, "plots.csv", "--fuse", "tracks")["parties"]
    assert set(parties) == {sensor.party for sensor in SCENARIO.sensors}
    for told in parties.values():
        assert all(np.isfinite(event["said_ns"]) for event in told["events"])
        assert {threat["area"] for threat in said(told, "threat")} == {"box", "where it comes down"}


def test_products_without_places_are_those_of_the_flight_alone(folder: Path) -> None:
    ended = trilat(
        *("track", folder / "plots.csv", "--sites", folder / "sites.toml", "--out", folder / "t.csv"),
        *("--products", folder / "alone.json"),
    )
    assert ended.code == 0
    told = json.loads((folder / "alone.json").read_text())
    assert said(told, "impact")
    assert not said(told, "passage")
    assert not said(told, "threat")
