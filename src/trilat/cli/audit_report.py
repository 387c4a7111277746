"""`trilat audit report`: what left and why, who read, what was answered, what went wrong, in a time."""

import csv
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final
from xml.sax.saxutils import escape

import typer

from trilat.cli.records import note_look, opened_record
from trilat.cli.terminal import columns, in_one_line, print_json, say, show_table, writing
from trilat.model import INSTANT_NS_MAX, UsageError, format_instant, parse_instant
from trilat.node import AuditReport, Told, plain_row, report_of

_ROWS_SHOWN: Final = 200
_WIDTH, _ROW, _LEFT = 900, 26, 190
_DOTS_MAX: Final = 5_000


@in_one_line
def report(
    ledger: Annotated[Path, typer.Argument(help="A ledger file, or a node's folder; the node may run.")],
    first: Annotated[str | None, typer.Option("--from", help="Begin, RFC 3339 with Z.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="End, RFC 3339 with Z.")] = None,
    about: Annotated[
        str | None, typer.Option("--party", help="Only what concerns this party, or a member of its staff.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="All rows as CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    html: Annotated[Path | None, typer.Option(help="Also a page with a picture in time.")] = None,
    owner: Annotated[str | None, typer.Option(help="Whose it is; from the file's name if not given.")] = None,
    key: Annotated[Path | None, typer.Option(help="File with the ledger key; FILE.key if not given.")] = None,
) -> None:
    """Tell what was released to whom under which clause and why, who read what, and what went wrong."""
    if as_csv and as_json:
        raise UsageError("--csv and --json are two forms: choose one")
    first_ns = 0 if first is None else parse_instant(first)
    until_ns = INSTANT_NS_MAX if until is None else parse_instant(until)
    with opened_record(ledger, owner, key, read_only=True) as record:
        account = report_of(record, first_ns, until_ns)
    rows = [row for row in account.rows if about is None or row.party.split("/")[0] == about]
    plain = [plain_row(row) for row in rows]
    note_look(ledger, owner, key, "audit report", plain)
    if html is not None:
        try:
            html.write_text(_page(account, rows), encoding="utf-8")
        except OSError as error:
            raise writing(html, error) from error
    if as_json:
        print_json({"party": account.party, "damaged": account.damaged, "sums": _sums(rows), "rows": plain})
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, ["entry", "at", "what", "party", "about", "why"])
        writer.writeheader()
        writer.writerows({"at": format_instant(row.pop("at_ns")), **row} for row in plain)
    else:
        _show(account, rows)


def _sums(rows: list[Told]) -> list[dict[str, Any]]:
    sums = Counter((row.what, row.party) for row in rows)
    return [{"what": what, "party": party, "count": count} for (what, party), count in sorted(sums.items())]


def _show(account: AuditReport, rows: list[Told]) -> None:
    say(f"{account.party}: {len(rows)} things in this time", style="bold")
    if account.damaged:
        say(f"{account.damaged} damaged entries are not in it: `trilat audit repair`")
    table = columns("what", "party", "count", right=("count",))
    for row in _sums(rows):
        table.add_row(row["what"], row["party"], str(row["count"]))
    show_table(table)
    shown = columns("entry", "at", "what", "party", "about", "why", right=("entry",))
    for told in rows[-_ROWS_SHOWN:]:
        at = format_instant(told.at_ns)
        shown.add_row(str(told.entry), at, told.what, told.party, told.about, told.why)
    show_table(shown)
    if len(rows) > _ROWS_SHOWN:
        say(f"The newest {_ROWS_SHOWN} of {len(rows)}; all of them with --csv or --json.")


def _page(account: AuditReport, rows: list[Told]) -> str:
    cells = "".join(
        f"<tr><td>{row.entry}<td>{format_instant(row.at_ns)}<td>{escape(row.what)}<td>{escape(row.party)}"
        f"<td>{escape(row.about)}<td>{escape(row.why)}"
        for row in rows
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Audit of {account.party}</title>'
        "<style>body{font:14px sans-serif;margin:2em}td,th{padding:2px 8px;text-align:left}</style>"
        f"<h1>{account.party}: {len(rows)} things</h1>{_picture(rows)}"
        "<table><tr><th>entry<th>at<th>what<th>party<th>about<th>why"
        f"{cells}</table></html>\n"
    )


def _picture(rows: list[Told]) -> str:
    """A line for each kind of thing, a dot for each thing, in time."""
    kinds = sorted({row.what for row in rows})
    if not kinds:
        return "<p>Nothing happened.</p>"
    first_ns, last_ns = rows[0].at_ns, rows[-1].at_ns
    span_ns = max(1, last_ns - first_ns)
    height = _ROW * (len(kinds) + 1)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" role="img">']
    for number, kind in enumerate(kinds):
        y = _ROW * number + _ROW // 2
        parts.append(f'<text x="0" y="{y + 4}" font-size="12">{escape(kind)}</text>')
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y}" y2="{y}" stroke="#ccc"/>')
    step = max(1, len(rows) // _DOTS_MAX)
    for row in rows[::step]:
        x = _LEFT + 5 + (_WIDTH - _LEFT - 10) * (row.at_ns - first_ns) // span_ns
        y = _ROW * kinds.index(row.what) + _ROW // 2
        parts.append(f'<circle cx="{x}" cy="{y}" r="3" fill="#246" fill-opacity="0.5"/>')
    at = format_instant(first_ns), format_instant(last_ns)
    parts.append(f'<text x="{_LEFT}" y="{height - 6}" font-size="12">{at[0]} to {at[1]}</text></svg>')
    return "".join(parts)
