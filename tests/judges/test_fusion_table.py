"""The table of `make bench-fusion`: what is missed, open or absent is said and decides how it ends."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture(scope="module")
def bench() -> Any:
    sys.path.insert(0, str(BENCH))
    spec = importlib.util.spec_from_file_location("bench_fusion", BENCH / "fusion.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_fusion"] = module
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(BENCH))


def outcome(bench: Any, part: str, *figures: Any, failure: str = "") -> Any:
    return bench.Outcome(part, tuple(bench.Figure(*figure) for figure in figures), 1.0, failure)


def row(bench: Any, *, may_be_open: bool = False) -> Any:
    return bench.Row("speed", ("boost",), ("velocity 40",), (None, 1.3), may_be_open)


SPEED = "velocity at +40 s after burnout"


@pytest.mark.parametrize(
    ("low", "high", "may_be_open", "said"),
    [
        (1.5, 1.7, False, "missed"),
        (1.5, 1.7, True, "open"),
        (1.2, 1.7, False, "reached"),
        (0.9, 1.0, True, "reached"),
        (float("nan"), 1.0, True, "missed"),
    ],
)
def test_a_goal_is_missed_only_where_the_whole_interval_is(
    bench: Any, low: float, high: float, may_be_open: bool, said: str
) -> None:
    found = outcome(bench, "boost", (SPEED, low, low, high, None, 1.3, "guarded commit 1.4", 200))
    lines, counts, _ = bench.table([found], [row(bench, may_be_open=may_be_open)])
    assert counts[said] == 1
    assert sum(counts.values()) == 1
    assert SPEED in lines[2]


def test_an_interval_that_ends_at_its_goal_but_for_rounding_reaches_it(bench: Any) -> None:
    all_of_them = bench.Figure("runs that end in coast", 1.0, 0.84, 1.0 - 2e-16, 1.0, None, "", 20)
    assert all_of_them.is_missed
    assert bench.verdict(all_of_them, None) == "reached"


@pytest.mark.parametrize(
    "figure",
    [
        ("velocity at +400 s", 1.0, 0.9, 1.1, None, 1.3, "", 200),
        ("velocity at +240 s", 1.0, 0.9, 1.1, None, 1.3, "", 200),
        (SPEED, 1.0, 0.9, 1.1, None, 1.4, "", 200),
        (SPEED, 1.0, 0.9, 1.1, None, None, "", 200),
        ("speed at +40 s", 1.0, 0.9, 1.1, None, 1.3, "", 200),
    ],
    ids=["another instant", "one more", "an easier goal", "no goal", "another name"],
)
def test_a_row_that_nothing_fills_is_absent(bench: Any, figure: Any) -> None:
    lines, counts, _ = bench.table([outcome(bench, "boost", figure)], [row(bench)])
    assert counts["absent"] == 1
    assert "ABSENT" in lines[2]
    assert any(figure[0] in line for line in lines[3:])


def test_a_part_that_crashed_says_so_in_its_row(bench: Any) -> None:
    lines, counts, failures = bench.table([outcome(bench, "boost", failure="ValueError: no")], [row(bench)])
    assert counts["absent"] == 1
    assert "ValueError: no" in lines[2]
    assert failures == {"boost": "ValueError: no"}


def test_a_figure_beside_the_rows_may_miss_its_own_goal(bench: Any) -> None:
    other = ("left-over bias", 2.0, 1.9, 2.1, None, 1.2, "", 200, True)
    lines, counts, _ = bench.table([outcome(bench, "registration", other)], [])
    assert counts["missed"] == 1
    assert lines[-1].endswith("| missed |")


@pytest.mark.parametrize(
    ("reference", "ratio"),
    [
        ("Stone Soup 1.9.1 2.6; ratio 1,000", "1,000"),
        ("ratio 1.5e3, same scans", "1.5e3"),
        ("ratio 12.", "12"),
        ("Stone Soup 2.6", ""),
        ("ratio of nothing", ""),
    ],
)
def test_a_ratio_is_told_where_the_peer_ran_beside(bench: Any, reference: str, ratio: str) -> None:
    assert bench.ratio(bench.Figure("scans/s", 2600.0, 1.0, 3e3, None, None, reference, 5)) == ratio


def test_every_row_of_the_issue_is_asked_for_with_its_goal(bench: Any) -> None:
    goals = {(part, each.goal) for each in bench.ROWS for part in each.parts}
    for part, goal in (
        ("boost", (None, 1.05)),
        ("exchange", (0.95, 1.05)),
        ("boost", (None, 1.1)),
        ("boost", (None, 1.3)),
        ("boost", (None, 0.02)),
        ("exchange", (None, 1.02)),
        ("registration", (None, 1.15)),
        ("registration", (None, 1.2)),
        ("products", (0.9, 1.1)),
        ("products", (0.93, 0.97)),
        ("traffic", (5e6, None)),
        ("boost", (4e5, None)),
        ("traffic", (1000.0, None)),
        ("cases", (None, 1e-10)),
    ):
        assert (part, goal) in goals
    # Only these two are called unreached.
    assert {each.goal for each in bench.ROWS if each.may_be_open} == {(None, 1.3), (None, 0.02)}
    # Recorded flights are reported without a goal.
    assert {part for each in bench.ROWS for part in each.parts} == set(bench.PARTS) - {"telemetry"}


@pytest.mark.parametrize(
    ("text", "code", "failure"),
    [
        ("def figures(runs):\n    return []\n", 0, None),
        ("def figures(runs):\n    raise ValueError('it broke')\n", 1, "ValueError: it broke"),
        ("import nothing_of_this_name\n", 1, "ModuleNotFoundError"),
        ("import os\nos._exit(9)\n", 9, None),
    ],
    ids=["good", "raises", "cannot be read", "ends at once"],
)
def test_a_part_runs_apart_and_its_end_is_told(
    tmp_path: Path, text: str, code: int, failure: str | None
) -> None:
    for name in ("fusion.py", "figures.py"):
        (tmp_path / name).write_text((BENCH / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "boost.py").write_text(text, encoding="utf-8")
    told = tmp_path / "told.json"
    command = [sys.executable, str(tmp_path / "fusion.py"), "--part", "boost", "3", str(told)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == code
    if failure is not None:
        assert failure in json.loads(told.read_text(encoding="utf-8"))["failure"]
    elif code == 0:
        assert json.loads(told.read_text(encoding="utf-8")) == {"figures": []}
    else:
        assert not told.exists()


def test_the_command_ends_with_one_where_a_row_is_absent(tmp_path: Path) -> None:
    for name in ("fusion.py", "figures.py"):
        (tmp_path / name).write_text((BENCH / name).read_text(encoding="utf-8"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, tmp_path / "fusion.py", "--only", "boost"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "there is no bench/boost.py" in done.stdout


@pytest.mark.usefixtures("bench")
def test_intervals_are_those_of_the_books() -> None:
    figures = sys.modules["figures"]
    # Wilson 1927 by hand for 0 and 10 of 20: z^2 = 3.8415.
    assert figures.share_interval(0, 20) == pytest.approx((0.0, 0.0, 3.8415 / 23.8415), abs=1e-4)
    share, low, high = figures.share_interval(10, 20)
    assert (share, low + high) == pytest.approx((0.5, 1.0))
    # Student's t with two degrees of freedom: 4.3027; of 1, 2, 3 the standard error is 1 / sqrt(3).
    assert figures.mean_interval([1.0, 2.0, 3.0]) == pytest.approx((2.0, 2 - 2.4841, 2 + 2.4841), abs=1e-3)
    assert figures.rmse_ratio([1.0, 4.0, 9.0], [4.0, 16.0, 36.0]) == pytest.approx((0.5, 0.5, 0.5))
    value, below, above = figures.rmse_over_bound([[1.0, 1.0], [9.0, 9.0]], [1.0, 2.0])
    assert value == pytest.approx((5.0 / 2.5) ** 0.5)
    assert below < value < above
    with pytest.raises(ValueError, match="one row a run"):
        figures.resampled_interval(len, [1.0, 2.0], [1.0])
