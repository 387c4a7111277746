"""`trilat flight`: can a publicly claimed flight have happened as claimed? And a whole catalogue of them."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from trilat.cli.terminal import (
    BAD_LINES,
    NOT_UNDERSTOOD,
    columns,
    in_one_line,
    latitude_longitude,
    plain_name,
    print_json,
    read_file,
    read_text,
    say,
    show_table,
    stop,
    warn,
)
from trilat.domains.missile import Defaults, FlightAnswer, FlightClaim, check_catalogue, check_flight
from trilat.model import UsageError

app = typer.Typer(
    help="Check a publicly claimed flight, or a catalogue of them.", invoke_without_command=True
)
_TIMES = ("row", "floor", "model", "reported")
_NEEDED = ("site", "bearing", "apogee-km", "range-km")


@app.callback()
@in_one_line
def flight(
    context: typer.Context,
    site: Annotated[str | None, typer.Option(help="LAT,LON of the launch, degrees.")] = None,
    bearing: Annotated[float | None, typer.Option(help="Bearing at the site, degrees from north.")] = None,
    apogee_km: Annotated[float | None, typer.Option("--apogee-km", help="Highest height, km.")] = None,
    range_km: Annotated[
        float | None, typer.Option("--range-km", help="Distance along the ground, km.")
    ] = None,
    burn_s: Annotated[float | None, typer.Option("--burn-s", help="Seconds of all burns together.")] = None,
    vehicle_class: Annotated[
        str | None, typer.Option("--class", help="irbm, liquid-icbm, solid-icbm or mrbm.")
    ] = None,
    reported_s: Annotated[float | None, typer.Option("--reported-s", help="Reported flight time, s.")] = None,
    tolerance_s: Annotated[float, typer.Option("--tolerance-s", help="How exact that is, s.")] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say how long a flight with this apogee and range takes, at least and by the model, and the verdict."""
    if context.invoked_subcommand is not None:
        return
    given = dict(zip(_NEEDED, (site, bearing, apogee_km, range_km), strict=True))
    missing = [f"--{name}" for name, value in given.items() if value is None]
    if missing:
        raise UsageError(f"give {', '.join(missing)}: see `trilat flight --help`")
    latitude_deg, longitude_deg = latitude_longitude(str(site), "--site")
    claim = FlightClaim(
        latitude_deg,
        longitude_deg,
        float(bearing or 0.0),
        float(apogee_km or 0.0),
        float(range_km or 0.0),
        burn_s=burn_s,
        vehicle_class=vehicle_class,
        reported_s=reported_s,
        tolerance_s=tolerance_s,
    )
    answer = check_flight(claim)
    if as_json:
        print_json(_plain(answer))
        return
    say(f"not below {_seconds(answer.floor_s)}, by the model {_seconds(answer.flight_time_s)}")
    say(f"impact at {answer.impact_latitude_deg:.3f}, {answer.impact_longitude_deg:.3f}")
    say(f"{answer.verdict or 'no verdict without a reported time'}: {answer.reason}")


@app.command("check")
@in_one_line
def check(
    catalogue: Annotated[Path, typer.Argument(help="CSV or JSON of claimed flights; see docs/flight.md.")],
    bearing: Annotated[float | None, typer.Option(help="Bearing of rows that give none, degrees.")] = None,
    vehicle_class: Annotated[
        str | None, typer.Option("--class", help="Class of rows that give none and whose vehicle is unknown.")
    ] = None,
    facilities: Annotated[
        Path | None, typer.Option(help="TOML of `name = [LAT, LON]`, for catalogues that name facilities.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per row.")] = False,
) -> None:
    """Check every row of a catalogue; rows that cannot be checked are listed with why (exit code 3)."""
    defaults = Defaults(bearing, vehicle_class, None if facilities is None else _places(facilities))
    found = check_catalogue(plain_name(catalogue), read_file(catalogue), defaults)
    table = columns("row", "flight", "floor", "model", "reported", "verdict", right=_TIMES)
    for row, answer in found.answers:
        if as_json:
            print_json({"row": row.row, "title": row.title, **_plain(answer)})
        reported = row.claim.reported_s
        table.add_row(
            str(row.row),
            row.title,
            _seconds(answer.floor_s),
            _seconds(answer.flight_time_s),
            "" if reported is None else _seconds(reported),
            str(answer.verdict or ""),
        )
    if found.answers and not as_json:
        show_table(table)
    for aside in found.set_aside:
        if as_json:
            print_json({"row": aside.row, "title": aside.title, "set_aside": aside.reason})
        else:
            warn(f"row {aside.row} {aside.title}: set aside: {aside.reason}")
    if not found.answers:
        stop(NOT_UNDERSTOOD)
    if found.set_aside:
        stop(BAD_LINES)


def _plain(answer: FlightAnswer) -> dict[str, Any]:
    return {
        "floor_s": answer.floor_s,
        "flight_time_s": answer.flight_time_s,
        "impact": {"lat": answer.impact_latitude_deg, "lon": answer.impact_longitude_deg},
        "verdict": None if answer.verdict is None else answer.verdict.value,
        "reason": answer.reason,
    }


def _places(path: Path) -> dict[str, tuple[float, float]]:
    """Latitude and longitude by facility, degrees.

    Raises:
        UsageError: the file is no such table.
    """
    try:
        table = tomllib.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"`{path.name}` is not TOML: {str(error)[:200].lower()}") from error
    places = {}
    for name, pair in table.items():
        text = ",".join(str(number) for number in pair) if isinstance(pair, list) else str(pair)
        places[name] = latitude_longitude(text, f"`{path.name}`, `{name}`:")
    return places


def _seconds(value: float | None) -> str:
    return "no such flight" if value is None else f"{value:.0f} s"
