"""Plots of a file to tracks: what is read, what is written, one picture per party, and the scores."""

import dataclasses
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.cli.commands import trilat

from trilat.model import UsageError
from trilat.scenario import named_scenario, observe, plots_text, sites_text, truth_rows, truth_text
from trilat.study import read_plots, read_truth, track_plots, tracks_text

SCENARIO = dataclasses.replace(named_scenario("two-stage-generic"), duration_s=170.0)
HEAD = "t_ns,sensor,range_m,azimuth_rad,elevation_rad,range_rate_m_per_s"
PLOTS = plots_text(observe(SCENARIO, 3))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("track")
    (made / "plots.csv").write_text(PLOTS)
    (made / "sites.toml").write_text(sites_text(SCENARIO.sensors))
    (made / "truth.csv").write_text(truth_text(truth_rows(SCENARIO)))
    return made


def rows_of(text: str) -> list[dict[str, str]]:
    names, *lines = text.splitlines()
    return [dict(zip(names.split(","), line.split(","), strict=True)) for line in lines]


def truth_at(second: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.concatenate(SCENARIO.trajectories[0].state_at(second))


@pytest.fixture(scope="module")
def ended(folder: Path) -> tuple[Any, list[dict[str, str]]]:
    arguments = ("--sites", folder / "sites.toml", "--truth", folder / "truth.csv", "--json")
    done = trilat("track", folder / "plots.csv", "--out", folder / "tracks.csv", *arguments)
    assert done.code == 0, done.err
    return done.value, rows_of((folder / "tracks.csv").read_text())


def test_every_plot_from_the_third_on_has_a_row_near_the_truth(ended: Any) -> None:
    answer, rows = ended
    assert answer["plots"] == answer["accepted"] == PLOTS.count("\n") - 1
    assert len(rows) == answer["rows"] == answer["plots"] - 2
    assert {row["track"] for row in rows} == {"1"}
    assert [int(row["t_ns"]) for row in rows] == sorted(int(row["t_ns"]) for row in rows)
    state = [float(rows[-1][name]) for name in list(rows[-1])[2:8]]
    second = (int(rows[-1]["t_ns"]) - SCENARIO.launch_ns) / 1e9
    covariance = np.zeros((6, 6))
    for i in range(6):
        for j in range(i, 6):
            covariance[i, j] = covariance[j, i] = float(rows[-1][f"p{i}{j}"])
    difference = np.array(state) - truth_at(second)
    # Chi-square, 6 degrees, 99.99 %.
    assert difference @ np.linalg.solve(covariance, difference) < 27.9


def test_stage_existence_and_impact_are_told_where_they_are_known(ended: Any) -> None:
    rows = ended[1]
    assert {row["stage"] for row in rows} <= {"boost", "gap", "coast", "reentry", "unknown"}
    assert rows[-1]["stage"] == "coast"
    assert all(0.99 <= float(row["existence"]) <= 1.0 for row in rows)
    told = [row for row in rows if row["impact_t_ns"]]
    assert all(row["stage"] in {"coast", "reentry"} for row in told)
    instants = [int(row["impact_t_ns"]) for row in told]
    assert len(told) > 20
    assert min(np.diff([int(row["t_ns"]) for row in told])) >= 1_000_000_000
    # It comes down at sea: 39.06N 137.36E, 679 s after launch, by the scenario.
    assert abs(float(told[-1]["impact_lat_deg"]) - 39.06) < 0.3
    assert abs(float(told[-1]["impact_lon_deg"]) - 137.36) < 0.5
    assert abs((instants[-1] - SCENARIO.launch_ns) / 1e9 - 679.0) < 15.0
    assert all(float(row["impact_area95_km2"]) > 0.0 for row in told)


def test_scores_say_how_good_it_was(ended: Any) -> None:
    scores = ended[0]["scores"]
    assert scores["rows_false"] == 0
    assert scores["position_rmse_m"] < 300.0
    assert 0.6 < scores["rmse_over_bound"] < 3.0
    assert scores["coast_rows"] > 50
    assert scores["siap"]["completeness"] > 0.9
    assert scores["siap"]["spuriousness"] == 0.0
    assert scores["false_mean"] == 0.0
    assert scores["gospa_m"] < 1000.0


def test_half_of_the_plots_give_the_beginning_of_the_file(ended: Any) -> None:
    lines = PLOTS.splitlines()
    half = "\n".join(lines[: len(lines) // 2]) + "\n"
    file = read_plots(half, SCENARIO.sensors)
    text = tracks_text(track_plots(file.observations, SCENARIO.sensors).rows)
    assert ended[1][: text.count("\n") - 1] == rows_of(text)


@pytest.mark.usefixtures("ended")
def test_rows_in_any_order_and_packed_give_the_same_bytes(folder: Path) -> None:
    head, *lines = PLOTS.splitlines()
    np.random.default_rng(1).shuffle(lines)
    packed = gzip.compress("\n".join([head, *lines, ""]).encode())
    (folder / "shuffled.csv.gz").write_bytes(packed)
    arguments = ("--sites", folder / "sites.toml", "--out", folder / "again.csv")
    done = trilat("track", folder / "shuffled.csv.gz", *arguments)
    assert done.code == 0, done.err
    assert (folder / "again.csv").read_bytes() == (folder / "tracks.csv").read_bytes()
    assert "1 tracks" in done.out


BAD_ROWS = [
    ("x,R1,3e5,1,0.5,", "`t_ns` must be a whole number"),
    ("1e18,R1,3e5,1,0.5,", "`t_ns` must be a whole number"),
    ("9999999999999999999,R1,3e5,1,0.5,", "`t_ns` is no instant"),
    ("1,R1,3e5,1,0.5", "5 cells where the header has 6"),
    ("1577836847370000000,R9,3e5,1,0.5,", "sensor `R9` is not in the sites file"),
    ("1577836847370000000,R1,nan,1,0.5,", "`range_m` must be between"),
    ("1577836847370000000,R1,-3e5,1,0.5,", "`range_m` must be between"),
    ("1577836847370000000,R1,3e5,,0.5,", "`azimuth_rad` is empty"),
    ("1577836847370000000,R1,3e5,1,1.6,", "`elevation_rad` must be between"),
    ("1577836847370000000,R1,3_0,1,0.5,", "`range_m` is not a number"),
    ("1577836847370000000,R1,far,1,0.5,", "`range_m` is not a number"),
    ("-9000000000000000000,R1,3e5,1,0.5,", "outside the years"),
]


@pytest.mark.usefixtures("ended")
def test_bad_rows_are_set_aside_named_and_cost_the_others_nothing(folder: Path) -> None:
    text = PLOTS + "\n".join(row for row, _ in BAD_ROWS) + "\n\n"
    (folder / "bad.csv").write_text(text)
    arguments = ("--sites", folder / "sites.toml", "--out", folder / "kept.csv", "--json")
    done = trilat("track", folder / "bad.csv", *arguments)
    assert done.code == 3
    assert (folder / "kept.csv").read_bytes() == (folder / "tracks.csv").read_bytes()
    first = PLOTS.count("\n") + 1
    for number, (_, said) in enumerate(BAD_ROWS, start=first):
        assert any(f"row {number}: set aside: " in line and said in line for line in done.err.splitlines())
    assert done.value["set_aside"] == {"impossible": 10, "malformed": 1, "unknown-sensor": 1}


def test_no_range_is_a_direction_and_what_has_no_sigma_is_passed_over() -> None:
    text = f"{HEAD},note\n1577836847370000000,R1,,1,0.5,,x\n1577836847370000000,R2,3e5,1,0.5,100,y\n"
    file = read_plots(text, SCENARIO.sensors)
    assert [type(plot).__name__ for plot in file.observations] == ["DirectionObservation", "RadarObservation"]
    assert "range_rate_m_per_s" in file.warnings[0]
    assert file.aside == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks the columns"),
        (f"{HEAD}\n", "no row that can be used"),
        (f"{HEAD},sensor\n1,R1,1,1,1,,R1\n", "names a column twice"),
        (f"{HEAD}\n1,R1,\0,1,1,\n", "no row that can be used"),
    ],
)
def test_files_of_plots_that_cannot_be_used(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_plots(text, SCENARIO.sensors)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,a,1,2,3,4,5,nan", "not finite"),
        ("1,a,1,2", "4 cells"),
        ("x,a,1,2,3,4,5,6", "t_ns"),
        ("", "no row"),
    ],
)
def test_truth_is_not_guessed(row: str, said: str) -> None:
    head = "t_ns,object,x_m,y_m,z_m,vx_m_per_s,vy_m_per_s,vz_m_per_s"
    with pytest.raises(UsageError, match=said):
        read_truth(f"{head}\n{row}\n")
    with pytest.raises(UsageError, match="twice at one instant"):
        read_truth(f"{head}\n1,a,1,2,3,4,5,6\n1,a,1,2,3,4,5,6\n")


@pytest.mark.parametrize("fusion", ["central", "tracklets", "tracks"])
def test_each_party_has_a_picture_that_exchange_makes_better(folder: Path, ended: Any, fusion: str) -> None:
    arguments = ("--sites", folder / "sites.toml", "--truth", folder / "truth.csv", "--json")
    out = folder / fusion
    done = trilat("track", folder / "plots.csv", *arguments, "--out", out, "--fuse", fusion)
    assert done.code == 0, done.err
    parties = done.value["parties"]
    assert sorted(path.stem for path in out.iterdir()) == sorted(parties) == list(SCENARIO.parties)
    for party, picture in parties.items():
        rows = rows_of((out / f"{party}.csv").read_text())
        # A partner's track, ten seconds old and burning, may stand beside an own one until they agree.
        assert {row["track"] for row in rows} <= ({"1", "2"} if fusion == "tracks" else {"1"})
        if fusion == "central":
            assert (out / f"{party}.csv").read_bytes() == (folder / "tracks.csv").read_bytes()
        second = (int(rows[-1]["t_ns"]) - SCENARIO.launch_ns) / 1e9
        error = np.array([float(rows[-1][name]) for name in ("x_m", "y_m", "z_m")]) - truth_at(second)[:3]
        # Right after the last exchange everyone knows nearly what all know: 35 m is the bound of all.
        assert np.linalg.norm(error) < 250.0
        assert picture["scores"]["siap"]["spuriousness"] == 0.0
    assert ended[0]["scores"]["coast_bound_m"] < 100.0
