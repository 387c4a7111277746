"""Output for people: tables that fit, sentences that are true; and output that nobody takes."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from trilat.cli.comparison import flowed, show
from trilat.cli.terminal import columns, latitude_longitude, out, say, show_table
from trilat.scenario import named_scenario
from trilat.study import Account, Flow

PARTIES = ("JPN", "KOR", "USA")


def flow(originator: str, recipient: str, kind: str, via: str | None = None, form: str = "tracks") -> Flow:
    return Flow(originator, recipient, via, kind, form, 1)


def everyone(kind: str, form: str) -> list[Flow]:
    return [flow(one, other, kind, form=form) for one in PARTIES for other in PARTIES if one != other]


@pytest.mark.parametrize(
    ("flows", "sentence"),
    [
        ([], "Nothing between JPN and KOR; nothing between JPN and USA; nothing between KOR and USA."),
        (
            [flow("JPN", "USA", "track"), flow("KOR", "USA", "track"), flow("USA", "KOR", "event")],
            "Tracks from JPN and KOR to USA; events from USA to KOR; nothing between JPN and KOR.",
        ),
        (
            [
                flow("JPN", "KOR", "track", "USA", "coarse-tracks"),
                flow("KOR", "JPN", "track", "USA", "coarse-tracks"),
            ],
            (
                "Coarse tracks between JPN and KOR through USA; nothing between JPN and USA; "
                "nothing between KOR and USA."
            ),
        ),
        (everyone("track", "tracklets"), "Tracklets among JPN, KOR and USA."),
        (
            [*everyone("warning", "areas"), flow("JPN", "KOR", "area"), flow("JPN", "KOR", "consent")],
            (
                "Areas and warnings from JPN to KOR; warnings from JPN to USA, from KOR to JPN and USA, "
                "from USA to JPN and KOR."
            ),
        ),
    ],
)
def test_what_flowed_is_one_sentence(flows: list[Flow], sentence: str) -> None:
    assert flowed(flows, PARTIES) == sentence


def result(value: float | None) -> dict[str, Any]:
    numbers = (
        *("completeness", "position_rmse_m", "position_rmse_over_central", "launch_error_km"),
        *("impact_error_km", "impact_area95_km2", "first_impact_warning_s"),
    )
    row = {"reports": 99999, "received": {"JPN": 9999, "KOR": 9999}, **dict.fromkeys(numbers, value)}
    return {
        "regime": "separate-2009",
        "seed": 1,
        "wall_s": 1.0,
        "parties": {party: {**row, "completeness": None if value is None else 1.0} for party in PARTIES},
        "ledger": {"entries": 1, "verified": True},
        "violations": 0,
    }


ACCOUNT = Account(
    "Separate: two bilateral agreements (2009)", 0, tuple(everyone("track", "tracks")), ("It goes.",), ()
)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("value", [None, 0.0, 9.99, 99.96, 9999.4])
def test_the_table_fits_and_cuts_nothing(
    width: int, value: float | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(out, "width", width)
    show(named_scenario("two-stage-generic"), [(result(value), ACCOUNT)])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    assert not any("…" in line for line in lines)
    assert sum(line.startswith(PARTIES) for line in lines) == 3
    assert "One release, under separate-2009" in lines
    assert not any(line.startswith("One refusal") for line in lines)


def test_a_narrow_terminal_loses_no_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(out, "width", 40)
    show(named_scenario("two-stage-generic"), [(result(9999.0), ACCOUNT)])
    assert "9999 km2" in capsys.readouterr().out
    assert out.width == 40


def test_long_words_of_a_table_are_folded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(out, "width", 20)
    table = columns("word", "number", right=["number"])
    table.add_row("x" * 50, "12")
    show_table(table)
    assert capsys.readouterr().out.count("x") == 50


def test_sentences_are_wrapped_between_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(out, "width", 30)
    say("one [bold]two[/bold] three four five six seven", indent=2, hang=2)
    assert capsys.readouterr().out == "  one [bold]two[/bold] three\n    four five six seven\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [("40.86,129.67", (40.86, 129.67)), (" -31.2, 131.1", (-31.2, 131.1)), ("-90,-180", (-90, -180))],
)
def test_places_are_read(text: str, found: tuple[float, float]) -> None:
    assert latitude_longitude(text, "--pad") == found


def test_into_a_pipe_nothing_is_wrapped() -> None:
    process = started("agreement", "explain", "hub-2014", stdout=subprocess.PIPE)
    out, _ = process.communicate(timeout=60)
    assert max(map(len, out.decode().splitlines())) > 120


def started(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    # A runner of tests may say how wide its terminal is; these commands have none.
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    # A runner in the background ignores interrupts, and its children would too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "trilat", *arguments],
            stderr=subprocess.PIPE,
            env={**environment, "PYTHONIOENCODING": "utf-8"},
            **options,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_bytes(b"x\n" * 20_000)
    question = [
        "--agreements",
        "hub-2014",
        "--from",
        "JPN",
        "--to",
        "KOR",
        "--purpose",
        "p",
        "--at",
        "2024-01-15T00:00:00Z",
        "--json",
    ]
    process = started("decide", "--items", str(tmp_path / "items.jsonl"), *question, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b'{"line": 1')
    process.stdout.close()
    assert (process.wait(timeout=60), process.stderr.read()) == (0, b"")
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full here")
def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        process = started("schema", stdout=full)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (2, b"trilat: output cannot be written: no space left on device\n")


def test_an_interrupt_is_one_line_even_while_loading() -> None:
    process = started("demo", stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        time.sleep(0.7)
        # A library that is just being loaded may swallow one; a person presses again.
        for _ in range(3):
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
                break
        _, err = process.communicate(timeout=1)
    finally:
        process.kill()
    assert (process.returncode, err) == (130, b"trilat: interrupted\n")
