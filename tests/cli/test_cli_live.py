"""The live demo without its processes: what latency is, how fast it may play, what cannot be asked for."""

from pathlib import Path
from typing import Any, Final

import pytest
from tests.cli.commands import trilat

from trilat.cli.demo import SPEED, SPEED_MAX, _pace
from trilat.cli.live import latency_of
from trilat.model import UsageError

MS: Final = 1_000_000
Timing = dict[str, list[dict[str, Any]]]


def released(recipient: str, sequence: int, *accepted_ms: int) -> dict[str, Any]:
    accepted_ns = [instant * MS for instant in accepted_ms]
    return {"recipient": recipient, "sequence": sequence, "wall_ns": 0, "accepted_ns": accepted_ns}


def arrived(sender: str, sequence: int, at_ms: float) -> dict[str, Any]:
    return {"sender": sender, "sequence": sequence, "wall_ns": round(at_ms * MS)}


def timing(*noted: dict[str, Any]) -> Timing:
    return {
        "released": [entry for entry in noted if "recipient" in entry],
        "arrived": [entry for entry in noted if "sender" in entry],
    }


# --- latency ---


def test_latency_is_from_the_report_accepted_to_the_picture_of_the_partner() -> None:
    timings = {
        "KOR": timing(released("USA", 1, 100, 110), released("USA", 2, 200)),
        "USA": timing(arrived("KOR", 1, 130), arrived("KOR", 2, 240)),
    }
    # 30 and 20 ms for the two reports behind the first release, 40 for the one behind the second.
    assert latency_of(timings) == {"p50": 30.0, "p99": 39.8, "count": 3}


def test_latency_keeps_parties_directions_and_streams_apart() -> None:
    timings = {
        "KOR": timing(released("USA", 1, 0), released("JPN", 1, 0), arrived("USA", 1, 7)),
        "USA": timing(released("KOR", 1, 2), arrived("KOR", 1, 5)),
        "JPN": timing(arrived("KOR", 1, 5)),
    }
    assert latency_of(timings) == {"p50": 5.0, "p99": 5.0, "count": 3}


def test_latency_leaves_out_what_has_not_arrived_or_was_not_released_here() -> None:
    timings = {
        "KOR": timing(released("USA", 1, 0), released("USA", 2, 0), released("USA", 3, 0)),
        "USA": timing(arrived("KOR", 1, 1), arrived("KOR", 3, 3), arrived("KOR", 9, 9), arrived("JPN", 2, 2)),
    }
    assert latency_of(timings) == {"p50": 2.0, "p99": 2.98, "count": 2}


def test_latency_is_told_to_the_microsecond() -> None:
    timings = {"KOR": timing(released("USA", 1, 0, 0)), "USA": timing(arrived("KOR", 1, 1.234_567))}
    assert latency_of(timings) == {"p50": 1.235, "p99": 1.235, "count": 2}


@pytest.mark.parametrize(
    "timings",
    [
        {},
        {"KOR": timing()},
        {"KOR": timing(released("USA", 1, 0)), "USA": timing()},
        {"KOR": timing(released("USA", 1, 0)), "USA": timing(arrived("KOR", 1, 5))},
        {"KOR": timing(released("USA", 1)), "USA": timing(arrived("KOR", 1, 5))},
        {"KOR": timing(arrived("USA", 1, 5)), "USA": timing(arrived("KOR", 1, 5))},
    ],
    ids=["nobody", "nothing", "nothing arrived", "but one", "no report", "nothing released"],
)
def test_there_are_no_percentiles_of_nothing_and_of_one(timings: dict[str, Timing]) -> None:
    assert latency_of(timings) is None


# --- how fast ---


@pytest.mark.parametrize(
    ("speed", "with_page", "pace"),
    [
        (None, True, SPEED),
        (None, False, None),
        ("max", False, None),
        ("60", False, 60.0),
        ("0.1", True, 0.1),
        ("1e1", True, 10.0),
        (f"{SPEED_MAX:.0f}", False, SPEED_MAX),
    ],
)
def test_a_speed_is_a_pace(speed: str | None, pace: float | None, *, with_page: bool) -> None:
    assert _pace(speed, with_page=with_page) == pace


@pytest.mark.parametrize(
    "speed", ["", " ", "0", "-1", "0.09", "120.5", "1e999", "nan", "inf", "-inf", "ten", "10x", "0x10", "MAX"]
)
@pytest.mark.parametrize("with_page", [True, False])
def test_what_is_no_speed_is_refused(speed: str, *, with_page: bool) -> None:
    with pytest.raises(UsageError) as refused:
        _pace(speed, with_page=with_page)
    assert str(refused.value) == f"speed `{speed}`: give `max`, or a number from 0.1 to 120"


def test_nobody_looks_at_a_simulated_clock() -> None:
    with pytest.raises(UsageError, match="speed `max` is too fast to look at: give a number, or --headless"):
        _pace("max", with_page=True)


# --- what cannot be asked for ---

REFUSED: Final[list[tuple[str, tuple[str, ...], str]]] = [
    ("a speed that is none", ("--headless", "--speed", "nan"), "speed `nan`: give `max`, or a number"),
    ("too fast for processes", ("--json", "--speed", "121"), "speed `121`: give `max`, or a number from 0.1"),
    ("a page on no port", ("--port", "65536"), "invalid value for `--port`"),
    ("a page on a port below none", ("--port", "-1"), "invalid value for `--port`"),
    ("ships too fast to look at", ("--ais", "file", "--speed", "max"), "speed `max` is too fast to look at"),
    ("ships as an object", ("--ais", "file", "--json"), "--ais is for the page"),
    ("ships and a scenario", ("--ais", "file", "--scenario", "unha2-2009"), "--ais plays ships alone"),
    ("ships and a recording", ("--ais", "file", "--telemetry", "file"), "--ais plays ships alone"),
    ("ships and a pad", ("--ais", "file", "--pad", "40,128"), "--ais plays ships alone"),
    ("ships that are not there", ("--ais", "nowhere"), "`nowhere` cannot be read: no such file"),
    ("a regime of no ships", ("--ais", "file", "--regime", "nowhere"), "no regime `nowhere`: choose one of"),
    ("nodes in a file's place", ("--speed", "60", "--ledgers", "file"), "`file` cannot be written"),
    ("live, of no scenario", ("--headless", "--speed", "60", "--scenario", "x"), "no scenario is called `x`"),
]


@pytest.mark.parametrize(
    ("options", "words"), [case[1:] for case in REFUSED], ids=[name for name, *_ in REFUSED]
)
def test_a_demo_that_cannot_be_is_refused_in_one_line(
    options: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    ended = trilat("demo", *options)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("trilat: ")
    assert ended.err.count("\n") == 1
    assert words in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
