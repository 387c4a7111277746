"""What `trilat demo` prints for people: one small table per regime, what flowed, one release, one refusal.

It fits into 80 columns.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from trilat.cli.terminal import columns, out, say, show_table
from trilat.model import format_instant
from trilat.scenario import Scenario
from trilat.study import Account, Flow

_COLUMNS: Final = (
    "party",
    "from partners",
    "sees",
    "off by",
    "of all",
    "launch",
    "impact",
    "area",
    "warned",
)
_TEXTS: Final = frozenset({"party", "from partners"})
_WIDTHS: Final = (5, 17, 5, 7, 7, 7, 7, 9, 6)
"""The tables of all regimes stand under each other, so their columns have one width."""

_LEGEND: Final = (
    "from partners: items received, by who made them. sees: share of the flight with a confirmed track "
    "on the true place. off by: position error after burnout. of all: that error against one filter with "
    "everyone's plots. launch, impact: errors of these points. area: 95 % impact area, a minute after "
    "burnout. warned: first impact warning after launch. - : does not apply."
)
_PERMISSIONS: Final = frozenset(
    {"consent", "declaration", "recall", "reclassification", "loss-report", "answer"}
)
"""Kinds that are about items, not about what happens: left out of the sentence of what flowed."""

_WORDS: Final = {"coarse-tracks": "coarse tracks", "tracks": "tracks", "tracklets": "tracklets"}

Pair = tuple[str, str]


def show(scenario: Scenario, told: Sequence[tuple[dict[str, Any], Account]]) -> None:
    """Print the comparison."""
    say(scenario.title, style="bold")
    first = told[0][0]
    plots = ", ".join(f"{party} {row['reports']}" for party, row in first["parties"].items())
    say(f"Plots of own sensors: {plots}. What each party makes of them, and of what it is given:")
    for result, account in told:
        out.print()
        instant = format_instant(account.as_of_ns)
        say(f"{result['regime']} - {account.title}", style="bold")
        say(f"Decided as of {instant}. {flowed(account.flows, list(first['parties']))}")
        _table(result)
        for act in account.acts:
            say(act, hang=2)
    out.print()
    say(_LEGEND, style="dim")
    _examples(told)
    out.print()
    say(_balance([result for result, _ in told]))


def _table(result: dict[str, Any]) -> None:
    table = columns(*_COLUMNS, right=[name for name in _COLUMNS if name not in _TEXTS])
    for column, width in zip(table.columns, _WIDTHS, strict=True):
        column.min_width = width
        column.no_wrap = True
    for party, row in result["parties"].items():
        table.add_row(
            party,
            _received(row),
            "-" if row["completeness"] is None else f"{row['completeness']:.0%}",
            _metres(row["position_rmse_m"]),
            _with_unit(row["position_rmse_over_central"], "x", 2, gap=""),
            _kilometres(row["launch_error_km"]),
            _kilometres(row["impact_error_km"]),
            _with_unit(row["impact_area95_km2"], "km2", 1),
            _with_unit(row["first_impact_warning_s"], "s", 0),
        )
    show_table(table)


def _examples(told: Sequence[tuple[dict[str, Any], Account]]) -> None:
    """One release and one refusal, of the first regime that had both, else of the first."""
    both = [(result, account) for result, account in told if account.release and account.refusal]
    for result, account in [*both, *told][:1]:
        for heading, sentences in (("One release", account.release), ("One refusal", account.refusal)):
            if sentences:
                out.print()
                say(f"{heading}, under {result['regime']}", style="bold")
                for sentence in sentences:
                    say(sentence, indent=2, hang=2)


def _balance(results: Sequence[dict[str, Any]]) -> str:
    entries = sum(result["ledger"]["entries"] for result in results)
    verified = all(result["ledger"]["verified"] for result in results)
    broken = sum(result["violations"] for result in results)
    spent_s = sum(result["wall_s"] or 0.0 for result in results)
    return (
        f"Seed {results[0]['seed']}; {entries} ledger entries {'verified' if verified else 'DAMAGED'}; "
        f"{broken} violations; {spent_s:.0f} s of work."
    )


def flowed(flows: Iterable[Flow], parties: Sequence[str]) -> str:
    """One sentence on what went to whom: equal flows together, and the pairs between which nothing went."""
    between: dict[Pair, dict[str | None, set[str]]] = {}
    for flow in flows:
        if flow.kind not in _PERMISSIONS:
            paths = between.setdefault((flow.originator, flow.recipient), {})
            paths.setdefault(flow.via, set()).add(_kind_words(flow))
    groups: dict[tuple[str, str], list[Pair]] = {}
    for pair, paths in between.items():
        for via, kinds in sorted(paths.items(), key=lambda path: path[0] or ""):
            path = "" if via is None else f" through {via}"
            groups.setdefault((_listed(sorted(kinds, key=_rank)), path), []).append(pair)
    phrases = [f"{what} {_direction(pairs)}{path}" for (what, path), pairs in groups.items()]
    phrases += [
        f"nothing between {one} and {other}"
        for place, one in enumerate(parties)
        for other in parties[place + 1 :]
        if not between.keys() & {(one, other), (other, one)}
    ]
    text = "; ".join(phrases) or "nothing was shared"
    return f"{text[:1].upper()}{text[1:]}."


def _kind_words(flow: Flow) -> str:
    return _WORDS.get(flow.form, "tracks") if flow.kind == "track" else f"{flow.kind}s"


def _rank(word: str) -> tuple[bool, str]:
    return "track" not in word, word


def _direction(pairs: Sequence[Pair]) -> str:
    givers = sorted({giver for giver, _ in pairs})
    takers = sorted({taker for _, taker in pairs})
    if len(pairs) == len(givers) * len(takers) and not set(givers) & set(takers):
        return f"from {_listed(givers)} to {_listed(takers)}"
    if givers == takers and len(pairs) == len(givers) * (len(givers) - 1):
        return f"between {_listed(givers)}" if len(givers) == 2 else f"among {_listed(givers)}"
    by_takers: dict[tuple[str, ...], list[str]] = {}
    for giver in givers:
        to = tuple(sorted(taker for one, taker in pairs if one == giver))
        by_takers.setdefault(to, []).append(giver)
    return ", ".join(f"from {_listed(who)} to {_listed(to)}" for to, who in by_takers.items())


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _received(row: dict[str, Any]) -> str:
    parts = [f"{other} {count}" for other, count in row["received"].items() if count]
    return ", ".join(parts) or "nothing"


def _with_unit(value: float | None, unit: str, digits: int, gap: str = " ") -> str:
    if value is None:
        return "-"
    return f"{value:.{digits if abs(value) < 100.0 else 0}f}{gap}{unit}"


def _metres(value: float | None) -> str:
    if value is not None and value >= 10_000.0:
        return _kilometres(value / 1000.0)
    return _with_unit(value, "m", 0)


def _kilometres(value: float | None) -> str:
    return _with_unit(value, "km", 1)
