"""`trilat track` on plots that its own code had no part in, scored by code that it has no part in."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.cli import elsewhere
from tests.cli.commands import Ended, trilat
from tests.cli.elsewhere import Path as Flight
from tests.cli.elsewhere import Row, errors, plots, read_tracks, spent_stage, truth, two_stages

WINDOW = (20.0, 230.0)


@pytest.fixture(scope="module")
def flight() -> Flight:
    return two_stages()


def ran(folder: Path, rows: list[str], *options: str, paths: Any = None) -> Ended:
    head = elsewhere.PLOT_HEAD
    (folder / "plots.csv").write_text("\n".join([head, *rows]) + "\n")
    (folder / "sites.toml").write_text(elsewhere.SITES_TOML)
    arguments = ["--sites", str(folder / "sites.toml"), "--out", str(folder / "out"), "--json", *options]
    if paths is not None:
        (folder / "truth.csv").write_text(truth(paths, WINDOW))
        arguments += ["--truth", str(folder / "truth.csv")]
    return trilat("track", folder / "plots.csv", *arguments)


def tracks(folder: Path, name: str = "") -> list[Row]:
    return read_tracks((folder / "out" / name).read_text())


def squared(row: Row, error: Any) -> float:
    return float(error @ np.linalg.solve(row.covariance, error))


def test_one_rocket_is_one_track_and_the_printed_scores_are_those_of_other_code(
    tmp_path: Path, flight: Flight
) -> None:
    rows = plots([flight], WINDOW, seed=7)
    done = ran(tmp_path, rows, paths={"body": flight})
    assert done.code == 0, done.err
    found = errors(tracks(tmp_path), [flight])
    assert {row.track for row, _, _ in found} == {1}
    assert len(found) == len(rows) - 2
    scores = done.value["scores"]
    position = math.sqrt(np.mean([e[:3] @ e[:3] for _, _, e in found]))
    assert position < 120.0
    # The truth is read from a sample each second, by Hermite's cubic: less than a metre off.
    assert scores["position_rmse_m"] == pytest.approx(position, rel=0.01)
    assert scores["velocity_rmse_m_per_s"] == pytest.approx(
        math.sqrt(np.mean([e[3:] @ e[3:] for _, _, e in found])), rel=0.02
    )
    nees = float(np.mean([squared(row, e) for row, _, e in found])) / 6.0
    assert scores["nees_over_6"] == pytest.approx(nees, rel=0.02)
    assert 0.3 < nees < 2.0
    assert scores["siap"]["ambiguity"] == 1.0
    assert scores["siap"]["spuriousness"] == 0.0


def test_late_repeated_and_shuffled_rows_give_the_same_file(tmp_path: Path, flight: Flight) -> None:
    rows = plots([flight], WINDOW, seed=8)
    assert ran(tmp_path, rows).code == 0
    before = (tmp_path / "out").read_bytes()
    order = np.random.default_rng(1).permutation(len(rows))
    done = ran(tmp_path, [rows[i] for i in (*order, *order[::3])])
    assert done.code == 0, done.err
    assert done.value["refused"] == {"duplicate": len(order[::3])}
    assert (tmp_path / "out").read_bytes() == before


def test_among_false_plots_the_rocket_is_found_and_nothing_else(tmp_path: Path, flight: Flight) -> None:
    rows = plots([flight], (20.0, 130.0), seed=9, pd=0.8, false=10.0)
    assert ran(tmp_path, rows).code == 0
    found = errors(tracks(tmp_path), [flight])
    assert {row.track for row, _, _ in found} == {1}
    assert max(float(np.linalg.norm(e[:3])) for _, _, e in found) < 3000.0
    assert float(np.mean([squared(row, e) for row, _, e in found])) / 6.0 < 2.0


def test_two_rockets_that_cross_keep_their_numbers(tmp_path: Path) -> None:
    flights = [two_stages(130.0, 39.0, 130.0), two_stages(50.0, 37.0, 130.0)]
    assert ran(tmp_path, plots(flights, WINDOW, seed=10)).code == 0
    found = errors(tracks(tmp_path), flights)
    assert sorted({(row.track, k) for row, k, _ in found}) in ([(1, 0), (2, 1)], [(1, 1), (2, 0)])


@pytest.mark.parametrize("seed", range(6))
def test_a_stage_that_falls_away_is_a_second_track_and_the_rocket_keeps_its_number(
    tmp_path: Path, flight: Flight, seed: int
) -> None:
    """Only two radars see the staging: paired scan by scan, each other flight ends with ghosts of both.

    Which of the two burns is known for sure half a minute later.
    """
    stage = spent_stage(flight)
    assert ran(tmp_path, plots([flight, stage], (20.0, 150.0), seed)).code == 0
    found = errors(tracks(tmp_path), [flight, stage])
    assert {row.track for row, _, _ in found} == {1, 2}
    late = [(row, k, e) for row, k, e in found if row.second > 90.0]
    named = {(row.track, k) for row, k, _ in late if row.second > 125.0}
    assert named == {(1, 0), (2, 1)}
    assert float(np.mean([squared(row, e) for row, _, e in late])) / 6.0 < 2.0


@pytest.mark.parametrize("fuse", ["tracklets", "tracks"])
def test_in_the_picture_of_who_saw_it_all_the_rocket_keeps_its_number_over_a_staging(
    tmp_path: Path, flight: Flight, fuse: str
) -> None:
    paths = [flight, spent_stage(flight)]
    for seed in (7, 8):
        assert ran(tmp_path, plots(paths, (20.0, 140.0), seed), "--fuse", fuse).code == 0
        late = [(row, k) for row, k, _ in errors(tracks(tmp_path, "KOR.csv"), paths) if row.second > 125.0]
        assert {(row.track, k) for row, k in late} == {(1, 0), (2, 1)}


@pytest.mark.parametrize("exchange_s", ["10", "30"])
def test_partners_tracks_keep_one_number_for_one_rocket_and_stay_honest_while_it_burns(
    tmp_path: Path, flight: Flight, exchange_s: str
) -> None:
    """USA and JPN see it long after KOR, first in KOR's picture of some time ago."""
    done = ran(tmp_path, plots([flight], WINDOW, seed=0), "--fuse", "tracks", "--exchange-s", exchange_s)
    assert done.code == 0, done.err
    for party in ("JPN", "KOR", "USA"):
        found = errors(tracks(tmp_path, f"{party}.csv"), [flight])
        assert {row.track for row, _, _ in found} == {1}
        burning = [squared(row, e) for row, _, e in found if row.stage in {"boost", "gap"}]
        assert float(np.mean(burning)) / 6.0 < 2.0


@pytest.mark.parametrize("fuse", ["central", "tracklets", "tracks"])
def test_half_of_the_plots_give_the_beginning_of_every_partys_file(
    tmp_path: Path, flight: Flight, fuse: str
) -> None:
    rows = plots([flight], (20.0, 140.0), seed=4)
    files = []
    for name, some in (("whole", rows), ("half", rows[: len(rows) // 2])):
        folder = tmp_path / name
        folder.mkdir()
        assert ran(folder, some, "--fuse", fuse).code == 0
        files.append(
            {party: (folder / "out" / f"{party}.csv").read_text() for party in ("JPN", "KOR", "USA")}
        )
    whole, half = files
    assert all(whole[party].startswith(half[party]) for party in whole)
    assert sum(text.count("\n") for text in half.values()) > len(rows) // 4


def test_a_quotation_mark_that_is_not_closed_is_named(tmp_path: Path, flight: Flight) -> None:
    rows = plots([flight], (20.0, 60.0), seed=2)
    rows[20] = rows[20].replace("B1", '"B1')
    done = ran(tmp_path, rows)
    assert done.code == 3
    assert "row 22" in done.err
    assert "quotation mark" in done.err
