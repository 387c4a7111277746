"""`trilat demo`: a flight, or ships, as each party sees it: live on a page, or as table or object."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trilat.cli.comparison import show
from trilat.cli.ledgers import ledger_folder
from trilat.cli.regimes import compare
from trilat.cli.terminal import (
    BAD_ANSWER,
    in_one_line,
    latitude_longitude,
    plain_name,
    print_json,
    read_file,
    read_text,
    stop,
    warn,
)
from trilat.domains import WatchArea, read_places
from trilat.model import UsageError
from trilat.scenario import Scenario, named_scenario
from trilat.study import (
    DRILL,
    PRESETS,
    Account,
    Yardstick,
    agreement_files,
    recorded_scenario,
    ship_drill,
    ship_run,
)

DEFAULT_SCENARIO: Final = "unha2-2009"
SPEED: Final = 10.0
"""Seconds of the exercise in one of the world, on the page, unless the user says otherwise."""

SPEED_MAX: Final = 120.0
_PORT_MAX: Final = 65_535


@in_one_line
def demo(
    scenario: Annotated[str | None, typer.Option(help="A named scenario.")] = None,
    regime: Annotated[
        str | None, typer.Option(help="One regime; the page begins with it, the table has only it.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.", min=0)] = 1,
    speed: Annotated[
        str | None,
        typer.Option(
            help="Seconds of the exercise in one of the world, 10 on the page; or `max`: in one process, "
            "on a simulated clock, as without a page."
        ),
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="No page: a table, or an object.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="No page: one JSON object (of the first regime if none is given).")
    ] = False,
    telemetry: Annotated[Path | None, typer.Option(help="Recorded telemetry instead of a scenario.")] = None,
    events: Annotated[Path | None, typer.Option(help="Named instants of the recorded flight, JSON.")] = None,
    pad: Annotated[str | None, typer.Option(help="LAT,LON of the recorded flight's pad.")] = None,
    azimuth: Annotated[float | None, typer.Option(help="Azimuth in which it left, degrees.")] = None,
    sites: Annotated[Path | None, typer.Option(help="Sites file; three generic radars without.")] = None,
    speed_frame: Annotated[str, typer.Option("--speed-frame", help="`earth` or `inertial`.")] = "earth",
    ais: Annotated[Path | None, typer.Option(help="Recorded AIS instead of a flight, on the page.")] = None,
    ledgers: Annotated[
        Path | None, typer.Option(help="Folder to keep the ledgers in (one regime), or the nodes' folders.")
    ] = None,
    watch: Annotated[
        list[str] | None,
        typer.Option(help="PARTY=FILE.toml: areas that a party watches over, on the page; once per party."),
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes any.", min=0, max=_PORT_MAX)] = 0,
    tour: Annotated[
        bool, typer.Option("--tour", help="The page begins with its guided tour of the flight of 2009.")
    ] = False,
) -> None:
    """Replay a flight, or ships: three nodes, and what each party may see; on a page, or told at the end."""
    pace = _pace(speed, with_page=not (headless or as_json))
    if regime is not None and regime not in PRESETS:
        raise UsageError(f"no regime `{regime}`: choose one of {', '.join(PRESETS)}")
    areas = _watched(watch or (), with_page=pace is not None and ais is None and not (headless or as_json))
    if tour and (pace is None or headless or as_json or any((scenario, telemetry, ais))):
        raise UsageError("--tour is of the flight of 2009, on the page: leave out what plays another one")
    if ais is not None:
        _ships(
            ais,
            pace,
            port,
            ledgers,
            unfit=headless or as_json,
            others=(regime, scenario, telemetry, events, pad, azimuth, sites),
        )
        return
    chosen = _scenario(scenario, telemetry, events, pad, azimuth, sites, speed_frame)
    if pace is not None and not (headless or as_json):
        _page(
            Yardstick(chosen, seed),
            regime,
            pace,
            port,
            ledgers,
            areas,
            is_recorded=telemetry is not None,
            tour=tour,
        )
        return
    names = (regime,) if regime else PRESETS[:1] if as_json or ledgers else PRESETS
    _tell(Yardstick(chosen, seed), names, pace, ledgers, as_json=as_json)


def _tell(
    yardstick: Yardstick, names: Sequence[str], pace: float | None, ledgers: Path | None, *, as_json: bool
) -> None:
    """Play some regimes and tell what came of them; stop where anything was violated."""
    with ledger_folder(ledgers) as folder:
        if pace is None:
            told: Sequence[tuple[dict[str, Any], Account]] = compare(
                yardstick, names, folder, show=not as_json
            )
        else:
            told = _measured(yardstick, names, pace, folder, show=not as_json)
    if as_json:
        print_json(told[0][0])
    else:
        show(yardstick.scenario, told)
    if any(result["violations"] or not result["ledger"]["verified"] for result, _ in told):
        stop(BAD_ANSWER)


def _pace(speed: str | None, *, with_page: bool) -> float | None:
    """How fast nodes that are processes play; None for all in one process on a simulated clock."""
    if speed is None:
        return SPEED if with_page else None
    if speed == "max":
        if with_page:
            raise UsageError("speed `max` is too fast to look at: give a number, or --headless")
        return None
    try:
        pace = float(speed)
    except ValueError:
        pace = -1.0
    if not 0.1 <= pace <= SPEED_MAX:
        raise UsageError(f"speed `{speed}`: give `max`, or a number from 0.1 to {SPEED_MAX:.0f}")
    return pace


def _watched(options: Sequence[str], *, with_page: bool) -> dict[str, tuple[WatchArea, ...]]:
    """What each party watches over.

    Raises:
        UsageError: there is no page of a flight, an option is not PARTY=FILE, or a file cannot be used.
    """
    if options and not with_page:
        raise UsageError("--watch is for the page of a flight: a table tells of no watch areas")
    areas: dict[str, tuple[WatchArea, ...]] = {}
    for option in options:
        party, _, file = option.partition("=")
        if not file or party in areas:
            raise UsageError(f"--watch `{option}`: give PARTY=FILE.toml, each party once")
        areas[party] = read_places(read_text(Path(file))).watch_area
    return areas


def _page(
    yardstick: Yardstick,
    regime: str | None,
    pace: float,
    port: int,
    kept: Path | None,
    areas: Mapping[str, tuple[WatchArea, ...]],
    *,
    is_recorded: bool,
    tour: bool,
) -> None:
    from trilat.cli.live import show_live
    from trilat.cli.plays import flight_exercises, flight_play

    play = flight_play(yardstick, is_recorded=is_recorded)
    exercises = {
        name: exercise.watched(areas)
        for name, exercise in flight_exercises(yardstick.scenario, PRESETS).items()
    }
    with ledger_folder(kept) as folder:
        show_live(
            play,
            exercises,
            speed=pace,
            port=port,
            kept=folder,
            regime=regime,
            yardstick=yardstick,
            tour=tour,
        )


def _measured(
    yardstick: Yardstick, names: Sequence[str], pace: float, kept: Path | None, *, show: bool
) -> list[tuple[dict[str, Any], Account]]:
    from trilat.cli.live import measured_live
    from trilat.cli.plays import flight_exercises, flight_play

    play = flight_play(yardstick, is_recorded=False)
    exercises = flight_exercises(yardstick.scenario, names)
    return [
        measured_live(yardstick, play, exercise, speed=pace, kept=kept, show=show)
        for exercise in exercises.values()
    ]


def _ships(
    file: Path, pace: float | None, port: int, kept: Path | None, *, unfit: bool, others: Sequence[object]
) -> None:
    if any(other is not None for other in others):
        raise UsageError("--ais plays ships alone: leave out the options of regimes and of flights")
    if unfit or pace is None:
        raise UsageError(
            "--ais is for the page and has agreements of its own: for figures use `trilat ingest`"
        )
    from trilat.cli.live import show_live
    from trilat.cli.plays import ships_exercise, ships_play

    run = ship_run(read_file(file), ship_drill(DRILL, read_text))
    exercises = ships_exercise(run, agreement_files(str(DRILL / "agreements")))
    with ledger_folder(kept) as folder:
        show_live(
            ships_play(run, plain_name(file)), exercises, speed=pace, port=port, kept=folder, regime=None
        )


def _scenario(
    name: str | None,
    telemetry: Path | None,
    events: Path | None,
    pad: str | None,
    azimuth: float | None,
    sites: Path | None,
    speed_frame: str,
) -> Scenario:
    if telemetry is None:
        if pad is not None or azimuth is not None or sites is not None or events is not None:
            raise UsageError("--pad, --azimuth, --sites and --events go with --telemetry")
        return named_scenario(DEFAULT_SCENARIO if name is None else name)
    if name is not None:
        raise UsageError("give --scenario or --telemetry, not both")
    if pad is None or azimuth is None:
        raise UsageError("--telemetry needs --pad LAT,LON and --azimuth DEG: a recording does not hold them")
    chosen, warnings = recorded_scenario(
        plain_name(telemetry),
        read_file(telemetry),
        latitude_longitude(pad, "--pad"),
        azimuth,
        sites=None if sites is None else read_text(sites),
        speed_frame=speed_frame,
        events=None if events is None else read_file(events),
    )
    for warning in warnings:
        warn(warning)
    return chosen
