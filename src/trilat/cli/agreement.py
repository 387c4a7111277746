"""`trilat agreement ...`: agreement files for people who sign them; here are `check`, `explain`, `matrix`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from trilat.cli.agreement_texts import diff_files, export_agreements
from trilat.cli.decide import item_lines, request_of
from trilat.cli.known import adopt_file, remove_from, show_known
from trilat.cli.signing import new_agreement, sign_file, verify_file
from trilat.cli.terminal import BAD_ANSWER, in_one_line, print_json, say, stop
from trilat.model import Approval, ItemError, UsageError, format_instant, item_from_json, parse_instant
from trilat.policy import (
    AgreementSet,
    MatrixRow,
    ReleaseRequest,
    check,
    check_copies,
    consents_in,
    declarations_in,
    explain_agreement,
    explain_tree,
    matrix,
)
from trilat.study import PRESETS, find_agreements, preset

app = typer.Typer(help="Agreement files: are they sound, what do they say, who gives what to whom.")
_FOLDER_HELP = "Folder of agreement files, or a preset such as hub-2014."


_APPROVES = {
    Approval.NONE: "",
    Approval.ORIGINATOR: "; the originator approves",
    Approval.TWO_PERSON: "; two of the originator's officers approve",
}


@app.callback()
def agreement() -> None:
    """Agreement files: are they sound, what do they say, who gives what to whom."""


app.command("new")(new_agreement)
app.command("sign")(sign_file)
app.command("verify")(verify_file)
app.command("diff")(diff_files)
app.command("export")(export_agreements)
app.command("adopt")(adopt_file)
app.command("known")(show_known)
app.command("remove")(remove_from)


@app.command("check")
@in_one_line
def check_agreements(
    agreements: Annotated[str, typer.Argument(help=_FOLDER_HELP)],
    against: Annotated[
        str | None, typer.Option(help="Another party's folder: its copies must say the same.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say what is not sound, by file and clause; exit code 1 where something is an error."""
    held = find_agreements(agreements)
    findings = check(held)
    if against is not None:
        findings += check_copies(held, find_agreements(against))
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
    items: Annotated[
        Path | None, typer.Option(help="Items, one JSON object a line: explain the decision on each.")
    ] = None,
    sender: Annotated[str, typer.Option("--from", help="With --items: the party that would send.")] = "",
    recipient: Annotated[str, typer.Option("--to", help="With --items: who would receive.")] = "",
    purpose: Annotated[str, typer.Option(help="With --items: what for.")] = "",
    at: Annotated[str, typer.Option(help="With --items: the instant, RFC 3339 with Z.")] = "",
    via: Annotated[str, typer.Option(help="With --items: `direct`, or who would pass it on.")] = "direct",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say in sentences what each agreement gives, clause by clause, and what is assumed; or, for the items of
    a file, how each decision came about: every clause that was considered, and what it failed.
    """
    held = find_agreements(agreements)
    if items is not None:
        _explain_items(
            held, items, request_of(sender, recipient, via, purpose, parse_instant(at)), as_json=as_json
        )
        return
    sentences = {name: explain_agreement(held.files[name]) for name in held.files}
    if as_json:
        print_json({name: list(lines) for name, lines in sentences.items()})
        return
    for name, lines in sentences.items():
        say(name, style="bold")
        for line in lines:
            say(line, indent=2, hang=2)


def _explain_items(held: AgreementSet, items: Path, request: ReleaseRequest, *, as_json: bool) -> None:
    lines = item_lines(items)
    texts = [line for _, line in lines]
    consents, declarations = consents_in(texts), declarations_in(texts)
    for number, line in lines:
        try:
            item = item_from_json(line)
        except ItemError as error:
            raise UsageError(f"{items.name}, line {number}: {error}") from error
        tree = explain_tree(item, request, held, consents, declarations)
        if as_json:
            print_json({"line": number, **tree.plain()})
        else:
            for text in tree.lines():
                say(text.lstrip(), indent=len(text) - len(text.lstrip()), hang=2)


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
        approval = _APPROVES[row.approval]
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
