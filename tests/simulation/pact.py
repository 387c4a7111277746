"""The agreement that a simulated federation is under, and the change of it in mid-run.

One pact of all parties with clauses of every sort that changes what happens to an item: plain, delayed and
stripped, asked for, one-way, forbidden, passed on through an intermediary, thinned. Version 2 is version 1
with one thing changed.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from trilat.model import (
    Agreement,
    Approval,
    Classification,
    Clause,
    Domain,
    Duties,
    Effect,
    Form,
    OnwardRule,
)

PURPOSE = "exercise"
CONTROL = ("consent", "declaration", "recall", "reclassification", "loss-report", "answer")
SECRET = Classification(scheme="USA", level="SECRET")
CONFIDENTIAL = Classification(scheme="USA", level="CONFIDENTIAL")


@dataclass(frozen=True)
class Change:
    """Version 2: what it changes, in words, and which party it removes, if any."""

    words: str
    removed: str | None
    agreement: Agreement


def _permit(name: str, domain: Domain, kinds: tuple[str, ...], form: Form, **more: Any) -> Clause:
    fields: dict[str, Any] = {
        "effect": Effect.PERMIT,
        "domains": (domain,),
        "kinds": kinds,
        "highest": SECRET,
        "form": form,
        **more,
    }
    return Clause(clause_id=name, article=name, **fields)


def first_pact(chance: random.Random, parties: tuple[str, ...], from_ns: int) -> Agreement:
    """Version 1, in force from an instant."""
    everyone: dict[str, Any] = {"givers": parties, "receivers": parties}
    one, two, three = chance.sample(parties, 3)
    some = tuple(sorted(chance.sample(parties, chance.randint(2, len(parties)))))
    clauses = [
        _permit(
            "signs",
            Domain.CYBER,
            ("indicator",),
            Form.MEASUREMENTS,
            **everyone | {"highest": chance.choice((SECRET, SECRET, CONFIDENTIAL))},
        ),
        _permit(
            "needs",
            Domain.RELIEF,
            ("need",),
            Form.AREAS,
            duties=Duties(delay_s=chance.randint(1, 8), strip=("description",)),
            **everyone,
        ),
        _permit(
            "passed-on",
            Domain.RELIEF,
            ("offer",),
            Form.AREAS,
            givers=(one,),
            receivers=(two,),
            via=three,
            duties=Duties(delay_s=chance.choice((0, 3))),
        ),
        _permit("asked", Domain.SEISMIC, ("event",), Form.AREAS, approval=Approval.ORIGINATOR, **everyone),
        _permit(
            "words", Domain.CONSULTATION, ("statement",), Form.MEASUREMENTS, givers=some, receivers=parties
        ),
        _permit("warnings", Domain.MISSILE, ("event", "area", "warning"), Form.AREAS, **everyone),
        _permit(
            "ships",
            Domain.MARITIME,
            ("vessel",),
            Form.TRACKS,
            duties=Duties(thin_s=chance.choice((0, 4))),
            **everyone,
        ),
        msgspec.structs.replace(
            _permit("control", Domain.CYBER, CONTROL, Form.MEASUREMENTS, **everyone), domains=tuple(Domain)
        ),
    ]
    if chance.random() < 0.6:
        clauses.append(_forbid("never", Domain.CYBER, "indicator", two, one))
    return Agreement(
        agreement_id="pact",
        version=1,
        title="the simulated pact",
        parties=parties,
        in_force_from_ns=from_ns,
        purposes=(PURPOSE,),
        onward=OnwardRule.NEVER,
        clauses=tuple(clauses),
        assumed=("all of it",),
    )


def _forbid(name: str, domain: Domain, kind: str, giver: str, receiver: str) -> Clause:
    return Clause(
        clause_id=name,
        article=name,
        effect=Effect.FORBID,
        domains=(domain,),
        kinds=(kind,),
        givers=(giver,),
        receivers=(receiver,),
    )


def changed(chance: random.Random, pact: Agreement, from_ns: int) -> Change:
    """Version 2, in force from an instant."""
    makers: tuple[Callable[[random.Random, Agreement], tuple[str, str | None, Agreement]], ...] = (
        _member_removed,
        _member_removed,
        _forbidden,
        _lowered,
        _struck,
        _widened,
    )
    words, removed, agreement = chance.choice(makers)(chance, pact)
    return Change(
        words, removed, msgspec.structs.replace(agreement, version=pact.version + 1, in_force_from_ns=from_ns)
    )


def _member_removed(chance: random.Random, pact: Agreement) -> tuple[str, str | None, Agreement]:
    removed = chance.choice(pact.parties)
    kept = tuple(party for party in pact.parties if party != removed)
    clauses = tuple(
        msgspec.structs.replace(clause, givers=givers, receivers=receivers)
        for clause in pact.clauses
        if (givers := tuple(party for party in clause.givers if party != removed))
        and (receivers := tuple(party for party in clause.receivers if party != removed))
        and clause.via != removed
    )
    agreement = msgspec.structs.replace(pact, parties=kept, clauses=clauses)
    return f"{removed} is no party any more", removed, agreement


def _forbidden(chance: random.Random, pact: Agreement) -> tuple[str, str | None, Agreement]:
    giver, receiver = chance.sample(pact.parties, 2)
    clause = _forbid("never-more", Domain.RELIEF, "need", giver, receiver)
    words = f"needs of {giver} do not go to {receiver} any more"
    return words, None, msgspec.structs.replace(pact, clauses=(*pact.clauses, clause))


def _lowered(_: random.Random, pact: Agreement) -> tuple[str, str | None, Agreement]:
    clauses = tuple(
        msgspec.structs.replace(clause, highest=None) if clause.clause_id in {"signs", "needs"} else clause
        for clause in pact.clauses
    )
    return (
        "signs and needs of no level but the lowest",
        None,
        msgspec.structs.replace(pact, clauses=clauses),
    )


def _struck(chance: random.Random, pact: Agreement) -> tuple[str, str | None, Agreement]:
    struck = chance.choice(("signs", "words", "asked", "needs"))
    clauses = tuple(clause for clause in pact.clauses if clause.clause_id != struck)
    return f"clause `{struck}` is struck", None, msgspec.structs.replace(pact, clauses=clauses)


def _widened(_: random.Random, pact: Agreement) -> tuple[str, str | None, Agreement]:
    clauses = tuple(
        msgspec.structs.replace(clause, givers=pact.parties) if clause.clause_id == "words" else clause
        for clause in pact.clauses
        if clause.effect is Effect.PERMIT
    )
    return (
        "everyone's words go to everyone, nothing is forbidden",
        None,
        msgspec.structs.replace(pact, clauses=clauses),
    )
