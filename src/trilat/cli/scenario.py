"""`trilat scenario list|show|simulate`: worlds that fly vehicles and let generic sensors observe them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from trilat.cli.terminal import in_one_line, print_json, say, writing
from trilat.model import format_instant
from trilat.scenario import Scenario, named_scenario, named_scenarios, simulate_files

app = typer.Typer(help="Named scenarios: what flies, who looks, what is assumed.")


@app.callback()
def scenario() -> None:
    """Named scenarios: what flies, who looks, what is assumed."""


@app.command("list")
@in_one_line
def list_scenarios(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """List the scenarios by name."""
    scenarios = named_scenarios()
    if as_json:
        print_json(scenarios)
        return
    for name, title in scenarios.items():
        say(f"{name:20} {title}", hang=21)


@app.command("show")
@in_one_line
def show_scenario(
    name: Annotated[str, typer.Argument(help="Name of a scenario.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show objects, sensors, declared areas, public records and every assumption."""
    plain = _plain(named_scenario(name))
    if as_json:
        print_json(plain)
        return
    say(f"{plain['name']}: {plain['title']}", style="bold")
    for heading in ("launch", "duration_s", "last_burnout_s", "launch_site_deg", "main_object"):
        say(f"{heading}: {plain[heading]}", indent=2, hang=2)
    for heading in ("objects", "sensors", "areas", "records", "assumptions"):
        say(heading, style="bold")
        for line in plain[heading]:
            say(line, indent=2, hang=2)


@app.command("simulate")
@in_one_line
def simulate(
    name: Annotated[str, typer.Argument(help="Name of a scenario.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder to write into; made if missing.")],
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.", min=0)] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Write plots.csv, sites.toml and truth.csv; the same seed gives the same bytes."""
    files = simulate_files(named_scenario(name), seed)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file_name, text in files.items():
            (folder / file_name).write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise writing(folder, error) from error
    counts = {file_name: text.count("\n") for file_name, text in files.items()}
    if as_json:
        print_json({"scenario": name, "seed": seed, "lines": counts})
        return
    for file_name, lines in counts.items():
        say(f"{folder / file_name}: {lines} lines")


def _plain(chosen: Scenario) -> dict[str, Any]:
    return {
        "name": chosen.name,
        "title": chosen.title,
        "status": chosen.status,
        "launch": format_instant(chosen.launch_ns),
        "duration_s": chosen.duration_s,
        "last_burnout_s": chosen.last_burnout_s,
        "launch_site_deg": chosen.launch_site_deg,
        "main_object": chosen.main_object,
        "objects": [
            f"{path.object_id}: {path.start_s:.0f} to {path.end_s:.0f} s" for path in chosen.trajectories
        ],
        "sensors": [
            f"{sensor.sensor_id} ({sensor.party}, {sensor.kind}) at {sensor.latitude_deg:.3f}, "
            f"{sensor.longitude_deg:.3f}: {sensor.assumed}"
            for sensor in chosen.sensors
        ],
        "areas": [f"{area.name}: {area.corners_deg} ({area.source})" for area in chosen.areas],
        "records": [
            f"{format_instant(record.time_ns)} {record.party}: {record.text} ({record.source})"
            for record in chosen.records
        ],
        "assumptions": list(chosen.assumptions),
    }
