"""`trilat`: the command with all its parts. However a command ends, it is with one line and an exit code."""

import os
import re
import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from trilat import __version__
from trilat.cli import (
    account,
    agreement,
    attack,
    audit,
    backup,
    bundle,
    decide,
    demo,
    desk,
    envelope,
    flight,
    hub,
    ingest,
    label,
    ledger,
    node,
    preview,
    recall,
    scenario,
    schema,
    track,
    trust,
    whatif,
    ztdf,
)
from trilat.cli.joining import admit_party, invite_party, join_party
from trilat.cli.terminal import INTERRUPTED, NOT_UNDERSTOOD, OK, complain, out

_ABOUT: Final = (
    "Partners share what they track, each under the agreements it has signed, and see one picture."
)

app = typer.Typer(
    name="trilat",
    help=_ABOUT,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("attack")(attack.attack)
app.command("decide")(decide.decide)
app.command("preview")(preview.preview_items)
app.command("what-if")(whatif.what_if)
app.command("ingest")(ingest.ingest)
app.command("track")(track.track)
app.command("schema")(schema.schema)
app.add_typer(scenario.app, name="scenario")
app.add_typer(flight.app, name="flight")
app.add_typer(agreement.app, name="agreement")
app.add_typer(label.app, name="label")
app.add_typer(audit.app, name="audit")
app.add_typer(ledger.app, name="ledger")
app.add_typer(backup.app, name="backup")
app.add_typer(bundle.app, name="bundle")
app.add_typer(account.app, name="account")
app.add_typer(envelope.app, name="envelope")
app.add_typer(ztdf.app, name="ztdf")
app.add_typer(node.app, name="node")
app.add_typer(hub.app, name="hub")
app.add_typer(trust.app, name="trust")
app.command("invite")(invite_party)
app.command("join")(join_party)
app.command("admit")(admit_party)
app.add_typer(desk.app, name="desk")
app.add_typer(recall.app, name="recall")


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


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code. Without arguments it shows the help."""
    try:
        code = app(list(arguments) or ["--help"], prog_name="trilat", standalone_mode=False)
        sys.stdout.flush()
    except typer.Abort:
        complain("interrupted")
        return INTERRUPTED
    except typer.TyperException as error:
        complain(_in_words(error))
        return NOT_UNDERSTOOD
    except UnicodeEncodeError as error:
        complain(f"output takes only {error.encoding} letters: set PYTHONIOENCODING=utf-8")
        return NOT_UNDERSTOOD
    except OSError as error:
        # What is still unwritten has nowhere to go; Python would complain of it when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return OK
        complain(f"output cannot be written: {(error.strerror or 'unknown reason').lower()}")
        return NOT_UNDERSTOOD
    if code == INTERRUPTED:
        complain("interrupted")
    return code if isinstance(code, int) else OK


def _in_words(error: typer.TyperException) -> str:
    """What the parser of the command line says, in the manner of our own errors."""
    said = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
    text = re.sub(r"'([^']*)'", r"`\1`", " ".join(said.split())).removesuffix(".")
    context = getattr(error, "ctx", None)
    see = "" if context is None else f" (see `{context.command_path} --help`)"
    return f"{text[:1].lower()}{text[1:]}{see}"


def main() -> None:
    """Run the command line."""
    sys.exit(run(sys.argv[1:]))
