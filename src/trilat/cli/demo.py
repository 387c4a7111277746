"""`trilat demo`: what each party sees of one flight under each regime, as a table or as one JSON object."""

from pathlib import Path
from typing import Annotated, Final

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
from trilat.model import UsageError
from trilat.scenario import Scenario, named_scenario
from trilat.study import PRESETS, Yardstick, recorded_scenario

DEFAULT_SCENARIO: Final = "unha2-2009"


@in_one_line
def demo(
    scenario: Annotated[str | None, typer.Option(help="A named scenario.")] = None,
    regime: Annotated[str | None, typer.Option(help="One regime; all five if not given.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.", min=0)] = 1,
    speed: Annotated[str, typer.Option(help="`max`: as fast as it goes, on a simulated clock.")] = "max",
    headless: Annotated[bool, typer.Option("--headless", help="No page; so far there is none.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object (of the first regime if none is given).")
    ] = False,
    telemetry: Annotated[Path | None, typer.Option(help="Recorded telemetry instead of a scenario.")] = None,
    events: Annotated[Path | None, typer.Option(help="Named instants of the recorded flight, JSON.")] = None,
    pad: Annotated[str | None, typer.Option(help="LAT,LON of the recorded flight's pad.")] = None,
    azimuth: Annotated[float | None, typer.Option(help="Azimuth in which it left, degrees.")] = None,
    sites: Annotated[Path | None, typer.Option(help="Sites file; three generic radars without.")] = None,
    speed_frame: Annotated[str, typer.Option("--speed-frame", help="`earth` or `inertial`.")] = "earth",
    ledgers: Annotated[Path | None, typer.Option(help="Folder to keep the ledgers in (one regime).")] = None,
) -> None:
    """Replay a flight: three nodes, one object, what each party may see of it."""
    if speed != "max":
        raise UsageError(f"speed `{speed}`: only `max` can be had so far, all nodes in one process")
    if regime is not None and regime not in PRESETS:
        raise UsageError(f"no regime `{regime}`: choose one of {', '.join(PRESETS)}")
    del headless  # every run is headless until there is a page
    chosen = _scenario(scenario, telemetry, events, pad, azimuth, sites, speed_frame)
    names = (regime,) if regime else PRESETS[:1] if as_json or ledgers else PRESETS
    with ledger_folder(ledgers) as folder:
        told = compare(Yardstick(chosen, seed), names, folder, show=not as_json)
    if as_json:
        print_json(told[0][0])
    else:
        show(chosen, told)
    if any(result["violations"] or not result["ledger"]["verified"] for result, _ in told):
        stop(BAD_ANSWER)


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
