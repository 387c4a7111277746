"""`trilat attack`: what copies under a profile give away, measured by attacks that are meant to win."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from trilat.cli.terminal import (
    BAD_ANSWER,
    columns,
    in_one_line,
    print_json,
    progress_bars,
    say,
    show_table,
    stop,
    warn,
    writing,
)
from trilat.model import UsageError


@in_one_line
def attack(
    profile: Annotated[str, typer.Argument(help="A profile of docs/degradation.md.")],
    partner: Annotated[
        str | None, typer.Option("--with", help="A second profile, whose recipient pools its copies.")
    ] = None,
    runs: Annotated[int, typer.Option(help="How many sensors.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the first sensor.")] = 1,
    drawing: Annotated[Path | None, typer.Option("--picture", help="SVG file to draw.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Try to find sensor and track behind a profile's copies; exit code 1 if it leaks more than it states."""
    from trilat.study.attack import attack as measure
    from trilat.study.attack import picture

    if drawing is not None and not drawing.parent.is_dir():
        raise UsageError(f"--picture `{drawing}`: there is no folder `{drawing.parent}`, make it first")
    with progress_bars(show=not as_json) as bars:
        task = bars.add_task("attacking", total=1.0)
        measured = measure(profile, runs, seed, partner, lambda share: bars.update(task, completed=share))
    if drawing is not None:
        try:
            drawing.write_text(picture(measured), encoding="utf-8")
        except OSError as error:
            raise writing(drawing, error) from error
    if as_json:
        print_json(_plain(measured, seed))
    else:
        _show(measured)
    for broken in measured.broken():
        warn(f"`{profile}` leaks more than it states: {broken}")
    if measured.broken():
        stop(BAD_ANSWER)


def _plain(measured: Any, seed: int) -> dict[str, Any]:
    """The JSON object; null where nothing was there to go by."""
    return {
        "profile": measured.profile.name,
        "with": None if measured.partner is None else measured.partner.name,
        "runs": measured.runs,
        "seed": seed,
        "leaks": {
            how: {
                name: {
                    "median": _finite(outcome.median),
                    "low": _finite(outcome.low),
                    "high": _finite(outcome.high),
                    "stated": _finite(getattr(least, name)) if least is not None else None,
                }
                for name, outcome in found.items()
            }
            for how, found, least in _parts(measured)
        },
        "nees": None if measured.nees is None else {"mean": measured.nees[0], "error": measured.nees[1]},
        "broken": list(measured.broken()),
    }


def _parts(measured: Any) -> list[tuple[str, Any, Any]]:
    parts = [
        ("alone", measured.alone, measured.profile.alone),
        ("repeated", measured.repeated, measured.profile.repeated),
    ]
    return parts if measured.partner is None else [*parts, ("pooled", measured.pooled, measured.finer.alone)]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _show(measured: Any) -> None:
    from trilat.study.attack import figure

    profile = measured.profile
    say(f"{profile.name}: {profile.about}")
    table = columns(
        "leak",
        "how",
        "attacker's error",
        "from",
        "to",
        "stated",
        right=("attacker's error", "from", "to", "stated"),
    )
    for how, found, least in _parts(measured):
        for name, outcome in found.items():
            figures = [figure(value) for value in (outcome.median, outcome.low, outcome.high)]
            table.add_row(name, how, *figures, figure(getattr(least, name)))
    show_table(table)
    if measured.nees is not None:
        mean, error = measured.nees
        say(f"NEES over six dimensions: {mean:.2f} (standard error {error:.2f}); 1 is honest")
    say(f"Median over {measured.runs} sensors; repeated: eight flights, or eight epochs of one object.")
