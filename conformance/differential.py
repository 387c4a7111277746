"""`decide` against spec/ and against Cedar, on random questions: `python -m conformance.differential`.

1. The whole decision of `decide` is that of the slow reference, also with files and consents turned round.
2. `decide` permits where Cedar allows every request that the export asks for, and nowhere else. An error in
   Cedar's answer fails the case. Where several originators allow it in forms that cannot be met together, or
   the first leg goes without a portion that the form needs, Cedar, which puts no clauses together, may allow
   what `decide` withholds for that alone.
3. One case in twenty is damaged as text, by a letter or a field: `decide_plain` says what the reference says.

Cedar is asked what the export makes of a question; facts such as ranks and forms come from `trilat` itself,
and only the reference judges those. The exit code is 1 where two disagree, or where fewer than a fifth are
permitted.
"""

import argparse
import json
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, NamedTuple

import cedarpy
from conformance.questions import QUESTIONS_A_WORLD, Question, World, world
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from spec import decide_reference

from trilat.model import AnyItem, Consent, Decision, Declaration, Outcome, Reason, to_plain
from trilat.policy import AgreementSet, ReleaseRequest, cedar_questions, decide, decide_plain, export_cedar

Decide = Callable[[AnyItem, ReleaseRequest, AgreementSet, Sequence[Consent], Sequence[Declaration]], Decision]
DecidePlain = Callable[
    [bytes, ReleaseRequest, AgreementSet, Sequence[Consent], Sequence[Declaration]], Decision
]
PERMITS_SHARE_MIN: Final = 0.2
TOLD_MAX: Final = 10
"""Disagreements that are told; all are counted."""

_TOLD: Final = ("outcome", "reasons", "clauses", "form", "duties", "consent")
WORLDS_AT_ONCE: Final = 10
DAMAGED_EVERY: Final = 20


class Disagreement(NamedTuple):
    """Two that gave different answers to one question."""

    world: int
    place: int
    judge: str
    ours: str
    theirs: str


@dataclass
class Tally:
    """What came of a number of worlds."""

    cases: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    reasons: Counter[Reason] = field(default_factory=Counter)
    disagreements: list[Disagreement] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count another's too."""
        self.cases += other.cases
        self.outcomes += other.outcomes
        self.reasons += other.reasons
        self.disagreements += other.disagreements


def judged(seed: int, number: int, ours: Decide = decide, reads: DecidePlain = decide_plain) -> Tally:
    """All questions of one world, by every judge. `ours` and `reads` may be mutants."""
    drawn = world(seed, number)
    held = AgreementSet.of(drawn.files)
    turned = AgreementSet.of(dict(reversed(drawn.files.items())))
    decisions = [ours(one.item, one.request, held, one.consents, one.declarations) for one in drawn.questions]
    tally = Tally(len(decisions))
    for place, (one, fast) in enumerate(zip(drawn.questions, decisions, strict=True)):
        tally.outcomes[fast.outcome] += 1
        tally.reasons.update(fast.reasons)
        slow = decide_reference.decide(one.item, one.request, drawn.files, one.consents, one.declarations)
        if fast != slow:
            tally.disagreements.append(Disagreement(number, place, "spec", said(fast), said(slow)))
        if (
            place == 0
            and ours(one.item, one.request, turned, one.consents[::-1], one.declarations[::-1]) != fast
        ):
            tally.disagreements.append(Disagreement(number, place, "order", said(fast), "otherwise"))
    tally.disagreements += by_cedar(number, drawn, held, decisions)
    tally.disagreements += damaged(seed, number, drawn, held, reads)
    return tally


def said(decision: Decision) -> str:
    """A decision in one line."""
    plain = to_plain(decision)
    return json.dumps(
        {name: plain[name] for name in ("outcome", "reasons", "clauses", "form", "duties", "consent")}
    )


def by_cedar(
    number: int, drawn: World, held: AgreementSet, decisions: list[Decision]
) -> Iterator[Disagreement]:
    """Where Cedar allows and `decide` does not permit, or the other way round, or Cedar errs."""
    export = export_cedar(held)
    asked = [
        cedar_questions(one.item, one.request, held, one.consents, one.declarations)
        for one in drawn.questions
    ]
    entities = {json.dumps(entity["uid"]): entity for entity in json.loads(export.entities)}
    for one in asked:
        entities |= {json.dumps(entity["uid"]): entity for entity in one[0].entities}
    answers = iter(
        cedarpy.is_authorized_batch(
            [
                {
                    "principal": part.principal,
                    "action": part.action,
                    "resource": part.resource,
                    "context": part.context,
                }
                for one in asked
                for part in one
            ],
            cedarpy.PolicySet.from_str(export.policies),
            cedarpy.Entities.from_json_str(json.dumps(list(entities.values()))),
            cedarpy.Schema.from_json_str(export.schema),
        )
    )
    for place, (asks, one, decision) in enumerate(zip(drawn.questions, asked, decisions, strict=True)):
        parts = [next(answers) for _ in one]
        errors = [error for part in parts for error in part.diagnostics.errors]
        allowed = all(part.allowed for part in parts)
        permits = decision.outcome is Outcome.PERMIT
        several = len(parts) > 1 or (asks.request.via is not None and bool(asks.item.label.portions))
        apart = several and decision.reasons == (Reason.FORM_NOT_AVAILABLE,)
        if errors or not (allowed == permits or (allowed and apart)):
            theirs = f"errors: {errors}" if errors else "allowed" if allowed else "denied"
            yield Disagreement(number, place, "cedar", said(decision), theirs)


def damaged(
    seed: int, number: int, drawn: World, held: AgreementSet, reads: DecidePlain
) -> Iterator[Disagreement]:
    """One question of each world with its item damaged as text."""
    draw = Random(f"{seed}/{number}/damage")  # noqa: S311 - cases, not secrets
    for place in range(0, len(drawn.questions), DAMAGED_EVERY):
        one = drawn.questions[place]
        text = damage(draw, one)
        fast = reads(text.encode("utf-8"), one.request, held, one.consents, one.declarations)
        slow = decide_reference.decide_plain(text, one.request, drawn.files, one.consents, one.declarations)
        if fast != slow:
            yield Disagreement(number, place, "spec, of a damaged text", said(fast), said(slow))


def damage(draw: Random, question: Question) -> str:
    """The item as JSON with a field of its label gone, misspelt or of another type, or one letter another."""
    plain: dict[str, Any] = to_plain(question.item)
    label = plain["label"]
    where: dict[str, Any] = draw.choice([plain, label, label, label["classification"]])
    name = draw.choice(sorted(where))
    how = draw.randrange(5)
    if how == 0:
        del where[name]
    elif how == 1:
        where[name.upper() if draw.random() < 0.5 else f"{name}s"] = where.pop(name)
    elif how == 2:
        where[name] = draw.choice([None, 7, "", [], {}, "GOKUHI", ["KOR"]])
    elif how == 3:
        level = label["classification"]["level"]
        label["classification"]["level"] = draw.choice(
            [level.lower(), f"{level} ", "G\u041eKUHI", level[:-1]]
        )
    text = json.dumps(plain, ensure_ascii=False)
    if how == 4:
        cut = draw.randrange(len(text))
        text = text[:cut] + draw.choice(["", "x", '"', "}"]) + text[cut + 1 :]
    return text


def _some_worlds(job: tuple[int, int, int]) -> Tally:
    seed, first, last = job
    tally = Tally()
    for number in range(first, last):
        tally.add(judged(seed, number))
    return tally


def compare(cases: int, seed: int, processes: int, console: Console) -> Tally:
    """At least so many cases, by so many processes, with a bar; fewer where the user stops it."""
    worlds = -(-cases // QUESTIONS_A_WORLD)
    jobs = [(seed, first, min(first + WORLDS_AT_ONCE, worlds)) for first in range(0, worlds, WORLDS_AT_ONCE)]
    tally = Tally()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        Progress(*columns, console=console, transient=True) as progress,
        multiprocessing.get_context("spawn").Pool(processes) as pool,
    ):
        task = progress.add_task("cases", total=worlds * QUESTIONS_A_WORLD)
        try:
            for part in pool.imap_unordered(_some_worlds, jobs):
                tally.add(part)
                progress.update(task, advance=part.cases)
        except KeyboardInterrupt:
            console.print("stopped: told is what was asked so far")
    return tally


def main(arguments: list[str] | None = None) -> int:
    """Compare as the arguments say, and tell."""
    parser = argparse.ArgumentParser(prog="differential", description="decide against spec/ and Cedar.")
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--world", type=int, help="one world alone, to look at a disagreement again")
    chosen = parser.parse_args(arguments)
    if chosen.cases < 1 or chosen.processes < 1:
        parser.error("--cases and --processes are whole numbers from 1")
    began = time.monotonic()
    if chosen.world is None:
        tally = compare(chosen.cases, chosen.seed, chosen.processes, Console(stderr=True))
    else:
        tally = judged(chosen.seed, chosen.world)
    code = tell(tally, time.monotonic() - began, chosen.seed) if tally.cases else 1
    return code if chosen.world is not None or tally.cases >= chosen.cases else 1


def tell(tally: Tally, took_s: float, seed: int) -> int:
    """Print what came of it; 1 where two disagree, or too few are permitted to say much."""
    for one in sorted(tally.disagreements)[:TOLD_MAX]:
        print(f"--seed {seed} --world {one.world}, question {one.place}, {one.judge}:")
        print(f"  ours   {one.ours}\n  theirs {one.theirs}")
    permits, referrals = tally.outcomes[Outcome.PERMIT], tally.outcomes[Outcome.REFER]
    share = permits / tally.cases
    print(f"cases {tally.cases}, reasons {len(tally.reasons)}")
    print(f"permits {permits} ({share:.1%}), referrals {referrals}")
    print(f"{tally.cases / took_s:.0f} cases/s, {took_s:.0f} s")
    print(f"disagreements {len(tally.disagreements)}")
    if share < PERMITS_SHARE_MIN:
        print(f"fewer than {PERMITS_SHARE_MIN:.0%} are permitted: the comparison says little")
    return 1 if tally.disagreements or share < PERMITS_SHARE_MIN else 0


if __name__ == "__main__":
    sys.exit(main())
