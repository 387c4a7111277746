"""`trilat recall`: calling items back from who was given them, new labels, losses, who holds what."""

import base64
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from trilat.cli.asking import ask_node
from trilat.cli.terminal import columns, in_one_line, print_json, say, show_table
from trilat.model import SECOND_NS, UsageError, format_instant
from trilat.node import FILE_BYTES_MAX, Copies, SystemClock, Trace, read_folder, trace

app = typer.Typer(
    help="Call items back, relabel them, report losses, ask who holds what.", no_args_is_help=True
)
_FOLDER = typer.Argument(help="The node's folder.")
_OFFICER = typer.Option(
    "--officer", help="As whom: a name of [desk] in node.toml, whose token is in the folder."
)
_WITHIN = typer.Option(help="By when an answer is wanted, seconds.")
_JSON = typer.Option("--json", help="One JSON object.")
_EXACT = "an exact copy"


@app.command("items")
@in_one_line
def items(
    folder: Annotated[Path, _FOLDER],
    names: Annotated[list[str] | None, typer.Argument(help="Own items: ID, or ID@VERSION.")] = None,
    subject: Annotated[str | None, typer.Option(help="All own items on this subject.")] = None,
    action: Annotated[str, typer.Option(help="`destroy` or `return`.")] = "destroy",
    within_s: Annotated[int, _WITHIN] = 3_600,
    reason: Annotated[str, typer.Option(help="Why; every holder is told.")] = "",
    officer: Annotated[str | None, _OFFICER] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Call own items back from everybody who was given them; no version of them leaves any more."""
    told = {
        "items": names or [],
        "subject": subject,
        "action": action,
        "within_s": within_s,
        "reason": reason,
    }
    _asked(ask_node(read_folder(folder), _role(officer), "POST", "/recalls", told), as_json)


@app.command("holders")
@in_one_line
def holders(
    folder: Annotated[Path, _FOLDER],
    item: Annotated[str, typer.Argument(help="An own item.")],
    ask: Annotated[bool, typer.Option("--ask", help="Ask each holder, who asks those after it.")] = False,
    within_s: Annotated[int, _WITHIN] = 3_600,
    officer: Annotated[str | None, _OFFICER] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Show who holds an own item: by the ledger, and by what they last answered."""
    held = read_folder(folder)
    if ask:
        told = {"items": [item], "action": "account", "within_s": within_s}
        ask_node(held, _role(officer), "POST", "/recalls", told)
    found = ask_node(held, _role(officer), "GET", f"/holders?item={quote(item, safe='')}")
    if as_json:
        print_json(found)
        return
    table = columns("holder", "through", "versions", "received", "answered")
    for row in found["holders"]:
        answer = row.get("answer")
        has = {True: "yes", False: "on its way", None: "not known"}[row["has"]]
        versions = row["versions"]
        shown = f"{min(versions)} to {max(versions)}" if versions else "-"
        table.add_row(row["holder"], row["via"] or "-", shown, has, answer["answer"] if answer else "-")
    if found["holders"]:
        show_table(table)
    else:
        say(f"{item} was released to nobody")


@app.command("status")
@in_one_line
def status(
    folder: Annotated[Path, _FOLDER],
    officer: Annotated[str | None, _OFFICER] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Show own recalls with the answer of each holder, what partners ask, and losses."""
    shown = ask_node(read_folder(folder), _role(officer), "GET", "/recalls")
    if as_json:
        print_json(shown)
        return
    for case in shown["asked"]:
        _say_case(case, shown["at_ns"])
    for asks in shown["asks"]:
        state = "waits for a person" if asks["waits"] else (asks["answer"] or "is being done")
        say(f"{asks['name']}: {asks['sender']} asks to {asks['action']} {_names(asks)}: {state}", hang=2)
    for ended in shown["ended"]:
        say(f"{ended['holder']} had {_names(ended)}: {ended['reason']} (certificate)", hang=2)
    for loss in shown["losses"]:
        report = loss["report"]
        state = "overdue" if loss["overdue"] else "open" if loss["open"] else "closed"
        say(f"{report['item_id']}: lost {_names(report)}: {report['happened']} ({state})", hang=2)
        for text in loss["instructions"]:
            say(f"instructed: {text}", indent=2, hang=2)
    if not (shown["asked"] or shown["asks"] or shown["losses"] or shown["ended"]):
        say("nothing was called back, and nothing was lost")


@app.command("answer")
@in_one_line
def answer(
    folder: Annotated[Path, _FOLDER],
    recall: Annotated[str, typer.Argument(help="The partner's recall, as `trilat recall status` names it.")],
    said: Annotated[str, typer.Argument(help="`complied`, `refused` or `unable`.")],
    reason: Annotated[str, typer.Option(help="Why; the partner is told.")] = "",
    officer: Annotated[str | None, _OFFICER] = None,
) -> None:
    """Answer a partner's recall that waits for a person; `complied` removes it now."""
    told = {"recall": recall, "answer": said, "reason": reason}
    answered = ask_node(read_folder(folder), _role(officer), "POST", "/recalls/answer", told)
    say(f"{answered['by']} answered {answered['recall']}: {answered['answer']}")


@app.command("close")
@in_one_line
def close(
    folder: Annotated[Path, _FOLDER],
    recall: Annotated[str, typer.Argument(help="An own recall, as `trilat recall status` names it.")],
    reason: Annotated[str, typer.Option(help="Why; it stays in the own ledger.")] = "",
    officer: Annotated[str | None, _OFFICER] = None,
) -> None:
    """Wait no longer for the answer to an own recall."""
    told = {"recall": recall, "reason": reason}
    ask_node(read_folder(folder), _role(officer), "POST", "/recalls/close", told)
    say(f"{recall} is closed")


@app.command("certificate")
@in_one_line
def certificate(
    folder: Annotated[Path, _FOLDER],
    recall: Annotated[str, typer.Argument(help="An own recall.")],
    holder: Annotated[str, typer.Argument(help="Whose certificate.")],
    out: Annotated[Path | None, typer.Option(help="Write the signed bytes to this file.")] = None,
    officer: Annotated[str | None, _OFFICER] = None,
) -> None:
    """Show a holder's signed certificate of removal as JSON; the node has checked its signature."""
    shown = ask_node(read_folder(folder), _role(officer), "GET", "/recalls")
    for case in shown["asked"]:
        for said in case["answers"]:
            if case["name"] == recall and said["holder"] == holder and said["certificate"] is not None:
                if out is not None:
                    _write(out, base64.b64decode(said["signed"]))
                print_json(said["certificate"])
                return
    raise UsageError(f"no certificate of {holder} for `{recall[:80]}` is here: see `trilat recall status`")


@app.command("run")
@in_one_line
def run(
    folder: Annotated[Path, _FOLDER],
    agreement: Annotated[str, typer.Option(help="The id of an agreement.")],
    within_s: Annotated[int, _WITHIN] = 86_400,
    early: Annotated[bool, typer.Option("--early", help="Also while it is in force.")] = False,
    officer: Annotated[str | None, _OFFICER] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Remove all that was received under an ended agreement, and call back what was given under it."""
    told = {"agreement": agreement, "within_s": within_s, "early": early}
    _asked(ask_node(read_folder(folder), _role(officer), "POST", "/recalls/run", told), as_json)


@app.command("relabel")
@in_one_line
def relabel(
    folder: Annotated[Path, _FOLDER],
    names: Annotated[list[str], typer.Argument(help="Own items.")],
    level: Annotated[str | None, typer.Option(help="A level of the own scheme.")] = None,
    to: Annotated[list[str] | None, typer.Option("--to", help="A party of the new list; repeat it.")] = None,
    officer: Annotated[str | None, _OFFICER] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Give own items another label, up or down; every holder changes its own, or destroys the item."""
    told: dict[str, Any] = {"items": names, "level": level, "releasable_to": to}
    _asked(ask_node(read_folder(folder), _role(officer), "POST", "/labels", told), as_json)


@app.command("loss")
@in_one_line
def loss(
    folder: Annotated[Path, _FOLDER],
    names: Annotated[list[str], typer.Argument(help="Partners' items; with --more the own report.")],
    happened: Annotated[str, typer.Option(help="What happened.")] = "",
    measures: Annotated[str, typer.Option(help="What was done about it.")] = "",
    confirmed: Annotated[bool, typer.Option("--confirmed", help="It is certain.")] = False,
    follow_up_s: Annotated[int, typer.Option(help="More follows in so many seconds; 0: no more.")] = 259_200,
    more: Annotated[bool, typer.Option("--more", help="Follow an own report up.")] = False,
    instruct: Annotated[str, typer.Option(help="As originator: what is to be done about a report.")] = "",
    officer: Annotated[str | None, _OFFICER] = None,
) -> None:
    """Tell originators at once that items were lost; follow up; or instruct who lost ours."""
    held = read_folder(folder)
    if instruct:
        ask_node(held, _role(officer), "POST", "/losses/instruct", {"loss": names[0], "text": instruct})
        say(f"{names[0]} is instructed")
        return
    told: dict[str, Any] = {"measures": measures, "confirmed": confirmed, "follow_up_s": follow_up_s}
    if more:
        ask_node(held, _role(officer), "POST", "/losses/follow-up", {"loss": names[0], **told})
        say(f"{names[0]} is followed up")
        return
    told |= {"items": names, "happened": happened}
    for report in ask_node(held, _role(officer), "POST", "/losses", told)["reports"]:
        say(f"{', '.join(report['label']['releasable_to'])} is told of {_names(report)}: {report['item_id']}")


@app.command("trace")
@in_one_line
def trace_leak(
    folder: Annotated[Path, _FOLDER],
    file: Annotated[Path, typer.Argument(help="A leaked copy: an item as JSON, or text that tells of it.")],
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Find which release a leaked copy came from, by the own ledger; the node may run."""
    held = read_folder(folder)
    try:
        with file.open("rb") as leaked:
            data = leaked.read(FILE_BYTES_MAX)
    except OSError as error:
        raise UsageError(f"`{file}` cannot be read: {(error.strerror or 'unknown').lower()}") from error
    ledger = held.open_ledger(SystemClock(), os.urandom, read_only=True)
    try:
        found = trace(Copies(ledger).all(), data)
    finally:
        ledger.close()
    if as_json:
        print_json({"traces": [_plain(one) for one in found]})
        return
    table = columns("recipient", "item", "released", "likeness", "as likely as")
    for one in found:
        others = ", ".join(party for party in one.alike if party != one.recipient)
        like = _EXACT if one.is_exact else f"{one.likeness:.0%} of its values"
        name = f"{one.item.item_id}@{one.item.version}"
        table.add_row(one.recipient, name, format_instant(one.released_ns), like, others or "nobody else")
    if found:
        show_table(table)
        say("a copy that leaked was at its recipient; who took it there is not in any ledger")
    else:
        say("no release of this node is like this file")


def _plain(one: Trace) -> dict[str, Any]:
    plain = asdict(one)
    return {**plain, "item": {"item_id": one.item.item_id, "version": one.item.version}}


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {(error.strerror or 'unknown').lower()}") from error


def _role(officer: str | None) -> str:
    return "staff" if officer is None else f"officer-{officer}"


def _names(plain: dict[str, Any]) -> str:
    return ", ".join(f"{one['item_id']}@{one['version']}" for one in plain["about"])


def _asked(shown: dict[str, Any], as_json: bool) -> None:  # noqa: FBT001 - as the option is given
    if as_json:
        print_json(shown)
        return
    for case in shown["asked"]:
        say(f"{case['holder']} is asked: {case['name']}")
    if not shown["asked"]:
        say("nobody has it: nobody had to be asked, and it leaves no more")


def _say_case(case: dict[str, Any], at_ns: int) -> None:
    left_s = (case["until_ns"] - at_ns) // SECOND_NS
    left = f"{left_s} s left" if case["state"] == "waiting" else case["state"]
    say(f"{case['name']}: {case['action']} {_names(case)} at {case['holder']}: {left}", style="bold", hang=2)
    for said in case["answers"]:
        proof = "certificate" if said["certificate"] is not None else "no certificate"
        reason = f": {said['reason']}" if said["reason"] else ""
        say(f"{said['holder']} {said['answer']} ({proof}){reason}", indent=2, hang=2)
    if case["waiting"]:
        say(f"waiting for {', '.join(case['waiting'])}", indent=2)
