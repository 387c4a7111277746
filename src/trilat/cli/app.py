"""`trilat`: the command with all its parts."""

from typing import Annotated

import typer

from trilat import __version__
from trilat.cli import agreement, audit, decide, demo, flight, ingest, scenario, schema
from trilat.cli.terminal import out

app = typer.Typer(
    name="trilat",
    help="Partners share what they track, each under the agreements it has signed, and see one picture.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("decide")(decide.decide)
app.command("ingest")(ingest.ingest)
app.command("schema")(schema.schema)
app.add_typer(scenario.app, name="scenario")
app.add_typer(flight.app, name="flight")
app.add_typer(agreement.app, name="agreement")
app.add_typer(audit.app, name="audit")


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        out.print(f"trilat {__version__}")
        raise typer.Exit(0)


@app.callback()
def trilat(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Partners share what they track, each under the agreements it has signed, and see one picture."""


def main() -> None:
    """Run the command line."""
    app()
