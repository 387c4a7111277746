"""Rates of deciding, beside the slow ways, in one run; `make bench-policy` runs it.

    python bench/policy.py [--json]

Agreements are drawn from one seed: 50 of 10 clauses each between 20 parties, some begun, some ended. Classes
are all 40,960 of four originators, four levels, categories, caveat, five kinds, two domains, two statuses.
A figure is the median of five repetitions with their spread; `p99` is over 20,000 single calls. A goal is
missed only where the whole spread lies outside it. The exit code is 0 where none is missed.
"""

import argparse
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from random import Random

import msgspec
import numpy as np
from figures import Figure

sys.path.insert(0, str(Path(__file__).parents[1]))
from conditioned import conditioned, declarations, somewhere
from spec import decide_reference
from tests.policy import cases

from trilat.ledger import Entry, EntryKind, Ledger, SqliteStore
from trilat.model import (
    SECOND_NS,
    Agreement,
    AnyItem,
    Approval,
    Caveat,
    Classification,
    Clause,
    Declaration,
    Domain,
    Duties,
    Effect,
    Form,
    OnwardRule,
    Status,
    encode,
)
from trilat.node import SystemClock, read_history
from trilat.policy import (
    AgreementSet,
    Fate,
    ItemBatch,
    LabelClasses,
    ReleaseRequest,
    ReleaseTable,
    compare,
    decide,
    decide_many,
    strike,
)

SEED, REPEATS, CALLS = 1, 5, 20_000
NOW_NS = cases.NOW_NS
DAY_NS = 86_400 * SECOND_NS
GIVERS = ("JPN", "KOR", "USA", "AUS")
PARTIES = (*GIVERS, *(f"P{number:02d}" for number in range(16)))
CATEGORIES = ("SEA", "SIGNALS", "SPACE")
LEVELS = tuple(
    Classification(scheme="USA", level=level)
    for level in ("UNCLASSIFIED", "CONFIDENTIAL", "SECRET", "TOP SECRET")
)
KINDS = (cases.track, cases.event, cases.vessel, cases.report, cases.area)
DOMAINS = (Domain.MISSILE, Domain.MARITIME)
STATUSES = (Status.SIMULATED, Status.EXERCISE)


def clause(draw: Random, number: int, givers: tuple[str, ...], receivers: tuple[str, ...]) -> Clause:
    permits = draw.random() < 0.95
    return Clause(
        clause_id=f"c{number}",
        article="1",
        effect=Effect.PERMIT if permits else Effect.FORBID,
        domains=tuple(draw.sample(DOMAINS, draw.randint(1, 2))),
        kinds=tuple(draw.sample(("track", "event", "vessel", "report", "area"), draw.randint(1, 4))),
        givers=givers,
        receivers=receivers,
        statuses=() if draw.random() < 0.8 else (Status.SIMULATED,),
        highest=draw.choice(LEVELS[1:3]),
        categories=tuple(draw.sample(CATEGORIES, draw.randint(0, 3)))
        if permits
        else draw.choice([("SEA",), ("SPACE",)]),
        form=draw.choice(list(Form)) if permits else None,
        approval=Approval.ORIGINATOR if permits and draw.random() < 0.1 else Approval.NONE,
        duties=Duties(delay_s=draw.choice([0, 5, 30])) if permits else Duties(),
    )


def agreement(draw: Random, number: int, clauses_count: int, among: tuple[str, ...] = PARTIES) -> Agreement:
    parties = tuple(draw.sample(among, draw.randint(2, 6)))
    first = tuple(parties[: max(1, len(parties) // 2)])
    second = tuple(code for code in parties if code not in first)
    sides = ((first, second), (second, first))
    starts = draw.randint(-400, 30)
    return Agreement(
        agreement_id=f"agreement-{number}",
        version=1,
        title=f"agreement {number}",
        parties=parties,
        in_force_from_ns=NOW_NS + starts * DAY_NS,
        in_force_until_ns=None if draw.random() < 0.8 else NOW_NS + draw.randint(starts + 1, 60) * DAY_NS,
        purposes=("missile-warning",),
        onward=OnwardRule.WITH_CONSENT,
        clauses=tuple(clause(draw, place, *draw.choice(sides)) for place in range(clauses_count)),
    )


def agreements(count: int = 50, clauses_count: int = 10) -> dict[str, Agreement]:
    draw = Random(SEED)
    return {f"a{number:04d}.toml": agreement(draw, number, clauses_count) for number in range(count)}


def all_items() -> list[AnyItem]:
    subsets = [tuple(itertools.compress(CATEGORIES, bits)) for bits in itertools.product((0, 1), repeat=3)]
    made = {(giver, make): make(giver) for giver in GIVERS for make in KINDS}
    found = []
    for giver, level, restrictive, permissive, caveats in itertools.product(
        GIVERS, LEVELS, subsets, subsets, ((), (Caveat.ORIGINATOR_CONTROL,))
    ):
        label = cases.label(
            giver,
            classification=level,
            releasable_to=tuple(code for code in PARTIES if code != giver),
            restrictive=restrictive,
            permissive=permissive,
            caveats=caveats,
            created_ns=NOW_NS - 500 * DAY_NS,
        )
        found += [
            msgspec.structs.replace(made[giver, make], label=label, domain=domain, status=status)
            for make, domain, status in itertools.product(KINDS, DOMAINS, STATUSES)
        ]
    return found


def timed(what: Callable[[], object]) -> float:
    """Seconds of this process on its core: what else the machine does is not counted."""
    begun = time.process_time()
    what()
    return time.process_time() - begun


def rate(what: str, count: int, work: Callable[[], object], goal: float | None, reference: str) -> Figure:
    """Things a second: median and spread of repetitions, after one that warms up."""
    work()
    rates = sorted(count / timed(work) for _ in range(REPEATS))
    return Figure(what, statistics.median(rates), rates[0], rates[-1], goal, None, reference, REPEATS)


def p99_us(what: str, calls: list[Callable[[], object]], goal: float | None, reference: str) -> Figure:
    """The 99th percentile of single calls in microseconds: median and spread of repetitions."""
    found = []
    for _ in range(REPEATS):
        took = np.empty(len(calls))
        for place, call in enumerate(calls):
            begun = time.perf_counter_ns()
            call()
            took[place] = time.perf_counter_ns() - begun
        found.append(float(np.percentile(took, 99)) / 1e3)
    found.sort()
    return Figure(what, statistics.median(found), found[0], found[-1], None, goal, reference, REPEATS)


def figures() -> list[Figure]:
    files = agreements()
    items = all_items()
    request = ReleaseRequest(sender="JPN", recipient="KOR", purpose="missile-warning", at_ns=NOW_NS)
    draw = np.random.default_rng(SEED)
    some = [items[place] for place in draw.integers(len(items), size=CALLS)]
    recipients = [PARTIES[place] for place in draw.integers(len(PARTIES), size=CALLS)]
    asks = [msgspec.structs.replace(request, recipient=code) for code in recipients]
    return [
        *of_table(items, files, request, list(zip(some, recipients, strict=True)), draw),
        *of_batch(items, files, request, NOW_NS + draw.integers(-300 * DAY_NS, 1, size=len(items))),
        *of_decide(list(zip(some, asks, strict=True)), files),
        *of_conditions(items, files, request, NOW_NS + draw.integers(-300 * DAY_NS, 1, size=len(items))),
    ]


def of_table(
    items: list[AnyItem],
    files: dict[str, Agreement],
    request: ReleaseRequest,
    calls: list[tuple[AnyItem, str]],
    draw: np.random.Generator,
) -> list[Figure]:
    classes = LabelClasses()
    ItemBatch.of(classes, items)

    def rebuilt() -> ReleaseTable:
        return ReleaseTable.of(classes, request, PARTIES, AgreementSet.of(files))

    table = rebuilt()
    size = 1_000_000
    numbers = draw.integers(len(classes), size=size)
    columns = draw.integers(len(PARTIES), size=size)
    created, expires = np.full(size, NOW_NS - DAY_NS), np.full(size, NOW_NS + DAY_NS)
    singles = [lambda item=item, code=code: table.find(item, code, NOW_NS) for item, code in calls]
    s = sorted(timed(rebuilt) for _ in range(REPEATS))
    rebuilding = f"table rebuilt, {len(classes):,} x {len(PARTIES)}, s"
    return [
        rate(
            "table look-ups in batch /s",
            size,
            lambda: table.codes(numbers, created, expires, columns, NOW_NS),
            10e6,
            "class table of the spike 21 to 68 M/s",
        ),
        p99_us("one look-up p99, us", singles, 5, "-"),
        Figure(rebuilding, statistics.median(s), s[0], s[-1], None, 1, "-", REPEATS),
    ]


def of_batch(
    items: list[AnyItem], files: dict[str, Agreement], request: ReleaseRequest, at_ns: np.ndarray
) -> list[Figure]:
    held = AgreementSet.of(files)
    batch = ItemBatch.of(LabelClasses(), items)
    count, wide = len(items), len(items) * len(PARTIES)

    def once() -> object:
        return decide_many(ItemBatch.of(LabelClasses(), items), request, AgreementSet.of(files), at_ns=at_ns)

    return [
        rate(
            "unseen classes, one instant /s",
            wide,
            lambda: unseen(items, request, files),
            500e3,
            "from items, 20 recipients",
        ),
        rate(
            "unseen classes and instants /s",
            wide,
            lambda: unseen(items, request, files, at_ns),
            500e3,
            "from items, 20 recipients, an instant each",
        ),
        rate("the same for one recipient /s", count, once, None, "reading the items is most of it"),
        rate(
            "the same, columns at hand /s",
            count,
            lambda: decide_many(batch, request, held, at_ns=at_ns),
            None,
            "-",
        ),
    ]


def of_decide(calls: list[tuple[AnyItem, ReleaseRequest]], files: dict[str, Agreement]) -> list[Figure]:
    held = AgreementSet.of(files)
    singles = [lambda item=item, ask=ask: decide(item, ask, held) for item, ask in calls]
    some, few = calls[:2000], calls[:100]
    return [
        p99_us("one full decision p99, us", singles, 100, "-"),
        rate(
            "decide one by one /s",
            len(some),
            lambda: [decide(item, ask, held) for item, ask in some],
            None,
            "-",
        ),
        rate(
            "slow reference /s",
            len(few),
            lambda: [decide_reference.decide(item, ask, files, ()) for item, ask in few],
            None,
            "-",
        ),
    ]


def of_conditions(
    items: list[AnyItem], files: dict[str, Agreement], request: ReleaseRequest, at_ns: np.ndarray
) -> list[Figure]:
    """Ten agreements ask for areas and situations; items are everywhere, ten situations come and go."""
    draw = Random(SEED)
    asking = conditioned(draw, files, 10)
    spread = [somewhere(draw, item) for item in items]
    said = declarations(draw, GIVERS, NOW_NS, 10)
    held = AgreementSet.of(asking)
    waiting = [rule.clause.receivers[0] for rule in held.rules if rule.clause.situations]
    asks = [msgspec.structs.replace(request, recipient=code) for code in waiting]
    calls = [(draw.choice(spread), draw.choice(asks)) for _ in range(CALLS)]
    singles = [lambda item=item, ask=ask: decide(item, ask, held, (), said) for item, ask in calls]
    return [
        rate(
            "unseen classes, instants, areas, situations /s",
            len(items) * len(PARTIES),
            lambda: unseen(spread, request, asking, at_ns, said),
            500e3,
            "from items, 20 recipients, an instant each",
        ),
        p99_us("one full decision by situations p99, us", singles, 100, "-"),
    ]


def unseen(
    items: list[AnyItem],
    request: ReleaseRequest,
    files: dict[str, Agreement],
    at_ns: np.ndarray | None = None,
    said: tuple[Declaration, ...] = (),
) -> None:
    held = AgreementSet.of(files)
    batch = ItemBatch.of(LabelClasses(), items)
    for code in PARTIES:
        asked = msgspec.structs.replace(request, recipient=code)
        decide_many(batch, asked, held, at_ns=at_ns, declarations=said)


def grown(factor: int) -> Figure:
    """The same question beside ever more clauses that speak of others, agreements and clauses each grown."""
    draw = Random(SEED)
    others = tuple(f"Q{number:02d}" for number in range(20))
    files = agreements()
    files |= {
        f"z{number:05d}.toml": agreement(draw, 1_000 + number, 10, others)
        for number in range(50 * (factor - 1))
    }
    held = AgreementSet.of(files)
    request = ReleaseRequest(sender="JPN", recipient="KOR", purpose="missile-warning", at_ns=NOW_NS)
    items = [make("JPN") for make in KINDS] * 400
    what = f"decide beside {len(files) * 10:,} clauses in all /s"
    return rate(what, len(items), lambda: [decide(item, request, held) for item in items], None, "flat")


def what_if(count: int = 1_000_000) -> Figure:
    """Seconds from a ledger on disk to what three recipients would lose with a clause struck."""
    files = agreements()
    held = AgreementSet.of(files)
    after = strike(held, held.rules[0].name)
    items = all_items()[:20_000]
    requests = [
        ReleaseRequest(sender="JPN", recipient=code, purpose="missile-warning", at_ns=NOW_NS)
        for code in ("KOR", "USA", "AUS")
    ]
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "JPN.ledger")
        ledger = Ledger(store, "JPN", bytes(32), SystemClock(), os.urandom)
        rows = [Entry(kind=EntryKind.ITEM, content=encode(item)) for item in items]
        for place in range(0, count, 10_000):
            ledger.append(rows[place % len(rows) : place % len(rows) + 10_000])

        def ask() -> None:
            history = read_history(ledger, LabelClasses())
            for change in compare(history.batch, requests, held, after, (), history.at_ns):
                change.count(Fate.LOST)

        seconds = sorted(timed(ask) for _ in range(3))
        ledger.close()
    what = f"what-if, {count:,} items in a ledger, 3 recipients, s"
    return Figure(what, seconds[1], seconds[0], seconds[2], None, 10 * count / 1_000_000, "CPU time", 3)


def line_of(one: Figure) -> str:
    goal = next((f"goal {end:,.4g}" for end in (one.goal_low, one.goal_high) if end is not None), "")
    missed = "MISSED" if one.is_missed else ""
    return (
        f"{one.what:44} {one.value:14,.4g} [{one.low:,.4g}, {one.high:,.4g}]  {goal} {missed} {one.reference}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    made = [*figures(), *map(grown, (1, 10, 100)), what_if()]
    if parser.parse_args().json:
        print(json.dumps([asdict(figure) for figure in made], indent=1))
    else:
        for one in made:
            print(line_of(one))
    return int(any(one.is_missed for one in made))


if __name__ == "__main__":
    sys.exit(main())
