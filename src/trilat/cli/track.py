"""`trilat track`: plots of any sensors to tracks, in one picture or one per party, held against a truth."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trilat.cli.terminal import (
    BAD_LINES,
    columns,
    in_one_line,
    print_json,
    progress_bars,
    read_text,
    say,
    show_table,
    stop,
    warn,
    writing,
)
from trilat.domains import Places, read_places
from trilat.fusion import TrackerSettings
from trilat.model import UsageError
from trilat.scenario import read_sites
from trilat.study import (
    EXCHANGE_S_MAX,
    PlotFile,
    TrackRun,
    TruePath,
    party_pictures,
    read_plots,
    read_truth,
    sample_instants,
    scores,
    track_plots,
    tracks_text,
)

_ASIDE_NAMED: Final = 20


class Fusion(Enum):
    """What partners share."""

    CENTRAL = "central"
    TRACKLETS = "tracklets"
    TRACKS = "tracks"


class Association(Enum):
    """How plots are given to tracks."""

    GNN = "gnn"
    JPDA = "jpda"


@in_one_line
def track(
    plots: Annotated[Path, typer.Argument(help="CSV of plots, plain or gzip; see docs/track.md.")],
    sites: Annotated[Path, typer.Option(help="TOML of the sensors.")],
    out: Annotated[Path, typer.Option(help="File for the tracks; with --fuse a folder, made if missing.")],
    truth: Annotated[Path | None, typer.Option(help="CSV of the true paths, to score against.")] = None,
    fuse: Annotated[Fusion | None, typer.Option(help="One picture per party: what partners share.")] = None,
    exchange_s: Annotated[float, typer.Option("--exchange-s", help="Seconds between two exchanges.")] = 10.0,
    association: Annotated[
        Association, typer.Option(help="How plots are given to tracks.")
    ] = Association.GNN,
    places: Annotated[Path | None, typer.Option(help="TOML of places and watch areas.")] = None,
    products: Annotated[
        Path | None, typer.Option(help="File for what follows from the tracks, as JSON.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Track the objects behind plots; rows that cannot be used are kept aside and named (exit code 3)."""
    if not 1.0 <= exchange_s <= EXCHANGE_S_MAX:
        raise UsageError(f"--exchange-s `{exchange_s:g}`: give seconds from 1 to {EXCHANGE_S_MAX:g}")
    asked = _asked(places, products)
    sensors = read_sites(read_text(sites))
    paths = () if truth is None else read_truth(read_text(truth))
    settings = replace(TrackerSettings(), association=association.value)
    with progress_bars(show=not as_json) as bars:
        reading, tracking = bars.add_task("reading", total=1.0), bars.add_task("tracking", total=1.0)
        file = read_plots(read_text(plots), sensors, lambda share: bars.update(reading, completed=share))
        bars.update(reading, completed=1.0)
        first_ns, last_ns = file.observations[0].time_ns, file.observations[-1].time_ns
        instants = sample_instants(paths, first_ns, last_ns) if paths else []

        def progress(share: float) -> None:
            bars.update(tracking, completed=share)

        if fuse is None:
            runs = {"": track_plots(file.observations, sensors, settings, instants, progress, asked)}
        else:
            runs = party_pictures(
                file.observations, sensors, fuse.value, exchange_s, settings, instants, progress, asked
            )
    _write(out, runs, is_folder=fuse is not None)
    if products is not None:
        _write_products(products, runs)
    _tell(file, runs, paths, as_json=as_json)
    if file.aside:
        stop(BAD_LINES)


def _asked(places: Path | None, products: Path | None) -> Places | None:
    """What products are asked for; None: no products.

    Raises:
        UsageError: places without a file for what is said of them, or places that cannot be.
    """
    if places is None:
        return None if products is None else Places()
    if products is None:
        raise UsageError("--places needs --products FILE: what is said of the places goes there")
    return read_places(read_text(places))


def _write_products(path: Path, runs: dict[str, TrackRun]) -> None:
    """The products as one JSON document; with --fuse by party."""
    told = {party: run.products for party, run in runs.items()}
    document = told.get("", {"parties": told})
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise writing(path, error) from error


def _write(out: Path, runs: dict[str, TrackRun], *, is_folder: bool) -> None:
    try:
        if is_folder:
            out.mkdir(parents=True, exist_ok=True)
        for party, run in runs.items():
            path = out / f"{party}.csv" if is_folder else out
            path.write_bytes(tracks_text(run.rows).encode("utf-8"))
    except OSError as error:
        raise writing(out, error) from error


def _tell(file: PlotFile, runs: dict[str, TrackRun], paths: Sequence[TruePath], *, as_json: bool) -> None:
    """Counts, scores, and what was kept aside."""
    everyone = tuple(runs.values())
    pictures = {party: _picture(run, paths, everyone) for party, run in runs.items()}
    aside = Counter(one.reason for one in file.aside)
    for text in file.warnings:
        warn(text)
    for one in file.aside[:_ASIDE_NAMED]:
        warn(f"row {one.row}: set aside: {one.text}")
    if len(file.aside) > _ASIDE_NAMED:
        warn(f"{len(file.aside) - _ASIDE_NAMED} further rows set aside")
    if as_json:
        head = {"plots": file.rows, "set_aside": dict(sorted(aside.items()))}
        print_json(head | pictures.get("", {"parties": pictures}))
        return
    say(f"{file.rows} plots, {len(file.aside)} set aside")
    for party, picture in pictures.items():
        _show(party, picture)


def _picture(run: TrackRun, paths: Sequence[TruePath], everyone: Sequence[TrackRun]) -> dict[str, Any]:
    refused = {
        reason.removeprefix("refused-"): count
        for reason, count in run.counts.items()
        if reason.startswith("refused-") and count
    }
    return {
        "accepted": run.counts["accepted"],
        "refused": refused,
        "tracks": run.counts["tracks-started"],
        "confirmed": len({row.track for row in run.rows}),
        "rows": len(run.rows),
        "scores": scores(run, paths, everyone) if paths else None,
    }


def _show(party: str, picture: dict[str, Any]) -> None:
    refused = ", ".join(f"{count} {reason}" for reason, count in picture["refused"].items())
    say(
        f"{f'{party}: ' if party else ''}{picture['accepted']} accepted, {refused or 'none'} refused; "
        f"{picture['confirmed']} tracks in {picture['rows']} rows"
    )
    found = picture["scores"]
    if found is None:
        return
    table = columns("score", "value", right=("value",))
    for name, value in _flat(found):
        table.add_row(name, "" if value is None else f"{value:.6g}")
    show_table(table)


def _flat(found: dict[str, Any], lead: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in found.items():
        rows += _flat(value, f"{name} ") if isinstance(value, dict) else [(lead + name, value)]
    return rows
