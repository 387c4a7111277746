"""`trilat agreement check|explain|matrix`: agreement files for people who sign them."""

from dataclasses import asdict
from typing import Annotated

import typer

from trilat.cli.terminal import BAD_ANSWER, in_one_line, print_json, say, stop
from trilat.model import Approval, UsageError, format_instant, parse_instant
from trilat.policy import MatrixRow, check, explain_agreement, matrix
from trilat.study import PRESETS, find_agreements, preset

app = typer.Typer(help="Agreement files: are they sound, what do they say, who gives what to whom.")
_FOLDER_HELP = "Folder of agreement files, or a preset such as hub-2014."


@app.callback()
def agreement() -> None:
    """Agreement files: are they sound, what do they say, who gives what to whom."""


@app.command("check")
@in_one_line
def check_agreements(
    agreements: Annotated[str, typer.Argument(help=_FOLDER_HELP)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say what is not sound, by file and clause; exit code 1 where something is an error."""
    held = find_agreements(agreements)
    findings = check(held)
    errors = [finding for finding in findings if finding.severity == "error"]
    if as_json:
        print_json(
            {
                "files": sorted(held.files),
                "findings": [asdict(finding) for finding in findings],
                "errors": len(errors),
            }
        )
    else:
        for finding in findings:
            where = finding.file if finding.clause is None else f"{finding.file}#{finding.clause}"
            say(f"{finding.severity}: {where}: {finding.text}", hang=2)
        clauses = sum(len(held.files[name].clauses) for name in held.files)
        say(f"{len(held.files)} agreements, {clauses} clauses, {len(errors)} errors")
    if errors:
        stop(BAD_ANSWER)


@app.command("explain")
@in_one_line
def explain_agreements(
    agreements: Annotated[str, typer.Argument(help=_FOLDER_HELP)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say in sentences what each agreement gives, clause by clause, and what is assumed."""
    held = find_agreements(agreements)
    sentences = {name: explain_agreement(held.files[name]) for name in held.files}
    if as_json:
        print_json({name: list(lines) for name, lines in sentences.items()})
        return
    for name, lines in sentences.items():
        say(name, style="bold")
        for line in lines:
            say(line, indent=2, hang=2)


@app.command("matrix")
@in_one_line
def print_matrix(
    agreements: Annotated[str, typer.Argument(help=_FOLDER_HELP)],
    at: Annotated[
        str | None, typer.Option(help="The instant, RFC 3339 with Z; that of the preset if not given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show who gives what to whom, in which form, by which path, under which clause."""
    held = find_agreements(agreements)
    at_ns = _instant_of(agreements) if at is None else parse_instant(at)
    rows = matrix(held, at_ns)
    if as_json:
        print_json({"at": format_instant(at_ns), "rows": [_plain(row) for row in rows]})
        return
    if not rows:
        say("no clause is in force at this instant")
    direction = None
    for row in rows:
        if direction != (row.giver, row.receiver, row.via):
            direction = (row.giver, row.receiver, row.via)
            path = "" if row.via is None else f" through {row.via}"
            say(f"{row.giver} to {row.receiver}{path}", style="bold")
        form = "forbidden" if row.form is None else f"as {row.form.value}"
        approval = "; the originator approves" if row.approval is Approval.ORIGINATOR else ""
        say(f"{', '.join(row.kinds)}: {form}{approval}", indent=2, hang=2)
        say(row.clause, indent=4)


def _instant_of(agreements: str) -> int:
    """The instant at which a preset is tried; a folder of one's own has none."""
    if agreements not in PRESETS:
        raise UsageError("give --at INSTANT: only a preset has an instant of its own")
    return preset(agreements).regime.as_of_ns


def _plain(row: MatrixRow) -> dict[str, object]:
    return {
        "giver": row.giver,
        "receiver": row.receiver,
        "via": row.via,
        "domains": [domain.value for domain in row.domains],
        "kinds": list(row.kinds),
        "effect": row.effect.value,
        "form": None if row.form is None else row.form.value,
        "approval": row.approval.value,
        "highest": None if row.highest is None else f"{row.highest.scheme} {row.highest.level}",
        "purposes": list(row.purposes),
        "clause": row.clause,
    }
