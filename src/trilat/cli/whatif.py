"""`trilat what-if`: what would change for whom, were agreements others. Nothing is released."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trilat.cli.decide import request_of
from trilat.cli.ledgers import opened_ledger, owner_of
from trilat.cli.terminal import (
    columns,
    in_one_line,
    print_json,
    progress_bars,
    read_text,
    say,
    show_table,
)
from trilat.ledger import Ledger
from trilat.model import UsageError
from trilat.node import History, read_history
from trilat.policy import (
    AgreementSet,
    Change,
    Fate,
    LabelClasses,
    compare,
    read_agreement,
    strike,
)
from trilat.study import find_agreements

_NAMED_MAX: Final = 20
"""Items that one answer names; the rest are counted."""

_FATES_SHOWN: Final = tuple(fate for fate in Fate if fate is not Fate.SAME)


@dataclass(frozen=True)
class _Told:
    """What a change means for one recipient: how many of each kind, and which warnings are lost."""

    recipient: str
    counts: dict[Fate, Counter[str]]
    lost: tuple[str, ...]
    """Ids of lost warnings, then of other lost items, each named once; at most `_NAMED_MAX`."""

    by_clause: Counter[str]
    """How many of the lost items each clause had given."""


@in_one_line
def what_if(
    ledger: Annotated[Path, typer.Argument(help="A ledger file, such as JPN.ledger.")],
    agreements: Annotated[str, typer.Option(help="Folder of agreement files, or a preset such as hub-2014.")],
    recipients: Annotated[list[str], typer.Option("--to", help="Who would receive; may be repeated.")],
    purpose: Annotated[str, typer.Option(help="What for, such as missile-warning.")],
    struck: Annotated[
        list[str] | None, typer.Option("--strike", help="A clause to leave out, as file#id; may be repeated.")
    ] = None,
    drafts: Annotated[
        list[Path] | None,
        typer.Option(
            "--draft", help="An agreement file, in place of the one of its name or beside the others."
        ),
    ] = None,
    via: Annotated[str, typer.Option(help="`direct`, or the party that would pass it on.")] = "direct",
    party: Annotated[str | None, typer.Option(help="Whose it is; from the file's name if not given.")] = None,
    key: Annotated[Path | None, typer.Option(help="File with the ledger key; FILE.key if not given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say what each recipient would lose and gain of all that a ledger holds, were the agreements others."""
    held = find_agreements(agreements)
    after = _changed(held, struck or [], drafts or [])
    whose = owner_of(ledger, party)
    requests = [request_of(whose, code, via, purpose, 0) for code in recipients]
    # The ledger stays open until all is told: items are read whole when they are asked about.
    with opened_ledger(ledger, party, key, read_only=True) as record:
        history = _history(record, show=not as_json)
        changes = compare(
            history.batch, requests, held, after, history.consents, history.at_ns, history.declarations
        )
        told = [_told(history, change) for change in changes]
    if as_json:
        print_json(
            {
                "items": len(history.batch),
                "before": held.digest,
                "after": after.digest,
                "recipients": {one.recipient: _plain(one) for one in told},
            }
        )
        return
    say(f"{whose} holds {len(history.batch)} versions of items; each is asked about at its own instant")
    for one in told:
        _say(one)


def _changed(held: AgreementSet, struck: Sequence[str], drafts: Sequence[Path]) -> AgreementSet:
    """The agreements as they would be."""
    if not struck and not drafts:
        raise UsageError("nothing would change: give --strike FILE#ID or --draft FILE")
    after = held
    for clause in struck:
        after = strike(after, clause)
    for path in drafts:
        after = AgreementSet.of({**after.files, path.name: read_agreement(path.name, read_text(path))})
    return after


def _history(record: Ledger, *, show: bool) -> History:
    with progress_bars(show=show) as bars:
        reading = bars.add_task("reading ledger", total=record.head().entries)
        return read_history(record, LabelClasses(), lambda rows: bars.advance(reading, rows))


def _told(history: History, change: Change) -> _Told:
    groups = history.batch.classes.groups
    numbers = history.batch.classes.columns.group[history.batch.number]
    kinds = [groups[number].kind for number in range(len(groups))]
    counts: dict[Fate, Counter[str]] = {
        fate: Counter(kinds[number] for number in numbers[change.places(fate)].tolist())
        for fate in _FATES_SHOWN
    }
    lost = change.places(Fate.LOST)
    named: dict[str, bool] = {}
    for place in lost.tolist():
        named.setdefault(history.batch.names[place][0], kinds[numbers[place]] == "warning")
    ordered = sorted(named, key=lambda item_id: (not named[item_id], item_id))
    rules = change.before.agreements.rules
    by_clause = Counter(rules[rule].name for rule in change.before.rule[lost].tolist() if rule >= 0)
    return _Told(change.request.recipient, counts, tuple(ordered[:_NAMED_MAX]), by_clause)


def _plain(told: _Told) -> dict[str, Any]:
    return {
        **{fate.value: sum(told.counts[fate].values()) for fate in _FATES_SHOWN},
        "by_kind": {fate.value: dict(sorted(told.counts[fate].items())) for fate in _FATES_SHOWN},
        "lost_items": list(told.lost),
        "lost_by_clause": dict(sorted(told.by_clause.items())),
    }


def _say(told: _Told) -> None:
    say(told.recipient, style="bold")
    if not any(counts.total() for counts in told.counts.values()):
        say("nothing would change", indent=2)
        return
    kinds = sorted({kind for counts in told.counts.values() for kind in counts})
    names = [fate.value for fate in _FATES_SHOWN]
    table = columns("kind", *names, right=names)
    for kind in kinds:
        table.add_row(kind, *(str(told.counts[fate][kind]) for fate in _FATES_SHOWN))
    show_table(table)
    for clause, count in told.by_clause.most_common():
        say(f"{count} of them had gone under {clause}", indent=2, hang=2)
    if told.lost:
        say(f"no longer seen: {', '.join(told.lost)}", indent=2, hang=2)
