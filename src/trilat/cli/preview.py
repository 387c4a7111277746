"""`trilat preview`: who would get an item, the very copy that would leave, and who would get nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trilat.cli.decide import item_lines, request_of
from trilat.cli.terminal import BAD_LINES, columns, in_one_line, print_json, say, show_table, stop
from trilat.model import AnyItem, ItemError, item_from_json, kind_of, parse_instant, to_plain
from trilat.policy import AgreementSet, Preview, consents_in, declarations_in, explain, preview
from trilat.study import find_agreements

_ABSENT: Final = "-"


@in_one_line
def preview_items(
    items: Annotated[Path, typer.Argument(help="Items, one JSON object a line.")],
    agreements: Annotated[str, typer.Option(help="Folder of agreement files, or a preset such as hub-2014.")],
    sender: Annotated[str, typer.Option("--from", help="The party that would send.")],
    recipients: Annotated[list[str], typer.Option("--to", help="Who would receive; may be repeated.")],
    purpose: Annotated[str, typer.Option(help="What for, such as missile-warning.")],
    at: Annotated[str, typer.Option(help="The instant, RFC 3339 with Z.")],
    via: Annotated[str, typer.Option(help="`direct`, or the party that would pass it on.")] = "direct",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Show who would get each item of a file, the very copy that would leave, and who would get nothing."""
    lines = item_lines(items)
    held = find_agreements(agreements)
    requests = [request_of(sender, code, via, purpose, parse_instant(at)) for code in recipients]
    texts = [line for _, line in lines]
    consents, declarations = consents_in(texts), declarations_in(texts)
    bad = 0
    for number, line in lines:
        try:
            item = item_from_json(line)
        except ItemError as error:
            bad += 1
            _refuse(number, error, as_json=as_json)
            continue
        shown = preview(item, requests, held, consents, declarations=declarations)
        if as_json:
            print_json({"line": number, "recipients": {one.decision.recipient: _plain(one) for one in shown}})
            continue
        say(f"line {number}: {kind_of(item)} {item.item_id} version {item.version}", style="bold")
        for one in shown:
            _say(item, one, held)
    if bad:
        stop(BAD_LINES)


def _refuse(number: int, error: ItemError, *, as_json: bool) -> None:
    """A line that is no item goes to nobody, and says why."""
    if as_json:
        print_json({"line": number, "problem": str(error)})
    else:
        say(f"line {number}: goes to nobody: {error}", style="bold", hang=2)


def _plain(shown: Preview) -> dict[str, Any]:
    decision = shown.decision
    return {
        "outcome": decision.outcome.value,
        "clauses": list(decision.clauses),
        "reasons": [reason.value for reason in decision.reasons],
        "form": None if decision.form is None else decision.form.value,
        "release": None if shown.release is None else to_plain(shown.release),
        "problem": shown.problem,
    }


def _say(item: AnyItem, shown: Preview, held: AgreementSet) -> None:
    """Why, and what of the item would be other in the copy."""
    say(shown.decision.recipient, indent=2, style="bold")
    for sentence in explain(shown.decision, held):
        say(sentence, indent=4, hang=2)
    if shown.problem is not None:
        say(f"no copy can be made: {shown.problem}", indent=4, hang=2)
    if shown.release is None:
        return
    table = columns("field", "held", "would leave")
    for name, before, after in differences(to_plain(item), to_plain(shown.release.item)):
        table.add_row(name, before, after)
    if table.row_count:
        show_table(table)
    else:
        say("it would leave as it is held", indent=4)


def differences(held: Any, leaving: Any, name: str = "") -> Iterator[tuple[str, str, str]]:
    """The fields in which two plain forms differ, with both values as text; `-` where there is none."""
    if isinstance(held, dict) and isinstance(leaving, dict):
        for key in dict.fromkeys((*held, *leaving)):
            inner = f"{name}.{key}" if name else str(key)
            yield from differences(held.get(key), leaving.get(key), inner)
    elif held != leaving:
        yield name, _text(held), _text(leaving)


def _text(value: Any) -> str:
    return _ABSENT if value is None or value in ([], "", {}) else str(value)
