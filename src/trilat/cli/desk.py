"""`trilat desk`: the release desk of a running node: what waits, answers, stand-ins, leave from partners."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trilat.cli.asking import ask_node
from trilat.cli.preview import differences
from trilat.cli.terminal import columns, in_one_line, print_json, say, show_table
from trilat.model import SECOND_NS
from trilat.node import read_folder

app = typer.Typer(
    help="The release desk of a running node: questions, answers, stand-ins.", no_args_is_help=True
)
_FOLDER = typer.Argument(help="The node's folder.")
_OFFICER = typer.Option(
    "--officer", help="As whom: a name of [desk] in node.toml, whose token is in the folder."
)
_ABOUT: Final = "`trilat desk answer FOLDER QUESTION --officer NAME --grant` or `--refuse` answers."


@app.command("show")
@in_one_line
def show(
    folder: Annotated[Path, _FOLDER],
    officer: Annotated[str | None, _OFFICER] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show what waits for an officer, with the very copy that would leave; each look is recorded."""
    shown = ask_node(read_folder(folder), _role(officer), "GET", "/desk")
    if as_json:
        print_json(shown)
        return
    for question in shown["questions"]:
        _say(question, shown["at_ns"])
    say(_ABOUT if shown["questions"] else "nothing waits")


@app.command("answer")
@in_one_line
def answer(
    folder: Annotated[Path, _FOLDER],
    question: Annotated[str, typer.Argument(help="The question, as `trilat desk show` names it.")],
    officer: Annotated[str, _OFFICER],
    granted: Annotated[bool, typer.Option("--grant/--refuse", help="What the officer says.")],
    valid_s: Annotated[int, typer.Option(help="How long a consent holds, seconds.")] = 3_600,
    said: Annotated[str, typer.Option(help="Why; it stays in the own ledger.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Answer a question as an officer; the answer is a signed consent, or its refusal."""
    told = {"question": question, "granted": granted, "valid_s": valid_s, "said": said}
    consent = ask_node(read_folder(folder), _role(officer), "POST", "/desk/answer", told)
    if as_json:
        print_json(consent)
    else:
        word = "approved" if granted else "refused"
        say(f"{consent['officer']} {word} {', '.join(consent['subjects'])} to {consent['recipient']}")


@app.command("delegate")
@in_one_line
def delegate(
    folder: Annotated[Path, _FOLDER],
    deputy: Annotated[str, typer.Argument(help="Who stands in: a deputy of node.toml.")],
    officer: Annotated[str, _OFFICER],
    for_s: Annotated[int, typer.Option(help="For how many seconds; 0 ends it.")],
) -> None:
    """Let a deputy stand in for an officer for a time."""
    told = {"deputy": deputy, "for_s": for_s}
    ask_node(read_folder(folder), _role(officer), "POST", "/desk/delegate", told)
    say(f"{deputy} stands in for {officer} for {for_s} s" if for_s else f"{deputy} stands in no longer")


@app.command("declare")
@in_one_line
def declare(
    folder: Annotated[Path, _FOLDER],
    declared: Annotated[str, typer.Argument(help="`situation`, `suspension` or `notice`.")],
    about: Annotated[str, typer.Argument(help="A situation's name, an agreement's id, or agreement#clause.")],
    officer: Annotated[str | None, _OFFICER] = None,
    domain: Annotated[str, typer.Option(help="The domain that it belongs to.")] = "missile",
    valid_s: Annotated[int | None, typer.Option(help="It ends by itself after so many seconds.")] = None,
    lift: Annotated[bool, typer.Option("--lift", help="End what was declared before.")] = False,
) -> None:
    """Declare a situation, suspend one's own giving at once, or give notice; every partner is told."""
    told = {"declared": declared, "about": about, "domain": domain, "valid_s": valid_s, "stands": not lift}
    said = ask_node(read_folder(folder), _role(officer), "POST", "/declarations", told)
    say(f"{said['officer']} {'lifted' if lift else 'declared'} {declared} of {about}")


@app.command("ask")
@in_one_line
def ask(
    folder: Annotated[Path, _FOLDER],
    item: Annotated[str, typer.Argument(help="A partner's item that is held here.")],
    to: Annotated[str, typer.Option("--to", help="The party to which it is to be passed on.")],
    officer: Annotated[str | None, _OFFICER] = None,
    within_s: Annotated[int, typer.Option(help="By when an answer is of use, seconds.")] = 3_600,
    question: Annotated[str, typer.Option(help="A word to the originator's officer.")] = "",
) -> None:
    """Ask an item's originator, on its own node, for leave to pass the item on."""
    told = {"item_id": item, "onward_to": to, "within_s": within_s, "question": question}
    request = ask_node(read_folder(folder), _role(officer), "POST", "/onward", told)
    whom = ", ".join(request["label"]["releasable_to"])
    say(f"asked {whom} under {request['clause']}: {request['item_id']}")


@app.command("asked")
@in_one_line
def asked(
    folder: Annotated[Path, _FOLDER],
    officer: Annotated[str | None, _OFFICER] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Show how own requests to partners stand."""
    requests = ask_node(read_folder(folder), _role(officer), "GET", "/onward")
    if as_json:
        print_json(requests)
        return
    table = columns("request", "to", "state", "said")
    for one in requests:
        request = one["request"]
        table.add_row(request["item_id"], request["onward_to"], one["state"], one["said"] or "-")
    if requests:
        show_table(table)
    else:
        say("nobody was asked")


def _role(officer: str | None) -> str:
    return "staff" if officer is None else f"officer-{officer}"


def _say(question: dict[str, Any], at_ns: int) -> None:
    way = "" if question["via"] is None else f" through {question['via']}"
    left_s = (question["deadline_ns"] - at_ns) // SECOND_NS
    say(f"{question['question']}: {question['subject']} to {question['recipient']}{way}", style="bold")
    say(f"{question['clause']} ({question['article']}) {question['note']}", indent=2, hang=2)
    approved = f", approved by {', '.join(question['approved_by'])}" if question["approved_by"] else ""
    say(f"{left_s} s left; {question['needed']} must approve{approved}", indent=2)
    if question["would_leave"] is None:
        for sentence in question["sentences"] or ["the item is not shown to the staff of this node"]:
            say(sentence, indent=2, hang=2)
        return
    table = columns("field", "held", "would leave")
    for name, before, after in differences(question["held"], question["would_leave"]["item"]):
        table.add_row(name, before, after)
    if table.row_count:
        show_table(table)
    else:
        say("it would leave as it is held", indent=2)
