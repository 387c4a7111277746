"""`trilat decide`: for every line of items, may it go, in which form, and why."""

from pathlib import Path
from typing import Annotated

import typer

from trilat.cli.terminal import BAD_LINES, in_one_line, print_json, read_file, say, stop
from trilat.model import (
    Decision,
    ItemError,
    Reason,
    UsageError,
    parse_instant,
    to_plain,
)
from trilat.policy import ReleaseRequest, consents_in, decide_plain, declarations_in, explain
from trilat.study import find_agreements


@in_one_line
def decide(
    agreements: Annotated[str, typer.Option(help="Folder of agreement files, or a preset such as hub-2014.")],
    items: Annotated[Path, typer.Option(help="Items, one JSON object a line.")],
    sender: Annotated[str, typer.Option("--from", help="The party that would send.")],
    recipient: Annotated[str, typer.Option("--to", help="The party that would receive.")],
    purpose: Annotated[str, typer.Option(help="What for, such as missile-warning.")],
    at: Annotated[str, typer.Option(help="The instant, RFC 3339 with Z.")],
    via: Annotated[str, typer.Option(help="`direct`, or the party that would pass it on.")] = "direct",
    consents: Annotated[
        Path | None,
        typer.Option(
            help="Consents and declarations, one JSON object a line; those among the items count too."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Decide on every item of a file, in the order of its lines."""
    lines = item_lines(items)
    held = find_agreements(agreements)
    request = request_of(sender, recipient, via, purpose, parse_instant(at))
    beside = [] if consents is None else item_lines(consents)
    said = [line for _, line in [*lines, *beside]]
    granted, declared = consents_in(said), declarations_in(said)
    bad = 0
    for number, line in lines:
        decision = decide_plain(line, request, held, granted, declared)
        bad += Reason.MALFORMED_ITEM in decision.reasons
        if as_json:
            print_json(_plain(number, decision))
        else:
            say(f"line {number}", style="bold")
            for sentence in explain(decision, held):
                say(sentence, indent=2, hang=2)
    if bad:
        stop(BAD_LINES)


def item_lines(path: Path) -> list[tuple[int, bytes]]:
    """The lines of a file with their numbers; empty ones are nobody's item."""
    lines = read_file(path).removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def request_of(sender: str, recipient: str, via: str, purpose: str, at_ns: int) -> ReleaseRequest:
    """The question in a user's words; `via` is `direct` or a party.

    Raises:
        UsageError: a code or the purpose cannot be one.
    """
    try:
        return ReleaseRequest(
            sender=sender,
            recipient=recipient,
            via=None if via == "direct" else via,
            purpose=purpose,
            at_ns=at_ns,
        )
    except ItemError as error:
        raise UsageError(
            f"`{sender}` to `{recipient}`, `{via}`, for `{purpose}` cannot be asked: parties are codes "
            "such as JPN or KOR/watch, a purpose is a word such as missile-warning"
        ) from error


def _plain(number: int, decision: Decision) -> dict[str, object]:
    item = decision.item
    return {
        "line": number,
        "item": None if item is None else to_plain(item),
        "outcome": decision.outcome.value,
        "clauses": list(decision.clauses),
        "reasons": [reason.value for reason in decision.reasons],
        "form": None if decision.form is None else decision.form.value,
        "duties": None if decision.duties is None else to_plain(decision.duties),
    }
