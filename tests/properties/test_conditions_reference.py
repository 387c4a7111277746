"""Random clauses with areas, times, situations, onward rules and two officers, and random declarations: the
fast rules and the slow reference give one answer. The questions are those of `test_decide_reference`, with
conditions laid over their clauses.
"""

from collections import Counter
from math import radians
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spec import conditions_reference, decide_reference
from tests.policy import cases
from tests.properties import test_decide_reference as drawn

from trilat.geo import ecef_from_geodetic
from trilat.model import (
    Agreement,
    AnyItem,
    Approval,
    Circle,
    Clause,
    Consent,
    Declaration,
    Declared,
    Effect,
    Event,
    Kinematics,
    NamedArea,
    OnwardRule,
    Outcome,
    Place,
    Polygon,
    Reason,
    Status,
    Track,
    Vessel,
    parse_instant,
)
from trilat.policy import (
    AgreementSet,
    ItemBatch,
    LabelClasses,
    ReleaseRequest,
    ReleaseTable,
    decide,
    decide_many,
)

NOW_NS, DAY_NS = drawn.NOW_NS, drawn.DAY_NS
SITUATIONS = ("launch", "storm")
Conditioned = tuple[
    AnyItem, ReleaseRequest, dict[str, Agreement], tuple[Consent, ...], tuple[Declaration, ...]
]
replace = msgspec.structs.replace


def rarely(draw: Random) -> bool:
    return draw.random() < 0.15


def place(draw: Random) -> Place:
    return Place(
        latitude_1e7deg=draw.randint(300_000_000, 450_000_000),
        longitude_1e7deg=draw.randint(1_200_000_000, 1_400_000_000),
    )


def area(draw: Random, name: str) -> NamedArea:
    if draw.random() < 0.5:
        return NamedArea(
            name=name, region=Circle(centre=place(draw), radius_m=draw.randint(300_000, 1_500_000))
        )
    return NamedArea(name=name, region=Polygon(corners=tuple(place(draw) for _ in range(draw.randint(3, 7)))))


def onward(draw: Random) -> dict[str, Any]:
    rule = draw.choice(list(OnwardRule))
    return {
        "onward": rule,
        "onward_to": drawn.some(draw, ("KOR", "JPN"), 1) if rule is OnwardRule.TO_NAMED else (),
        "onward_situations": drawn.some(draw, SITUATIONS, 1) if rule is OnwardRule.UNDER_CONDITIONS else (),
    }


def conditioned(draw: Random, clause: Clause, pact: Agreement) -> Clause:
    changes: dict[str, Any] = {}
    if draw.random() < 0.3:
        changes["areas"] = drawn.some(draw, ("north", "south"), 1)
    if draw.random() < 0.3:
        changes["situations"] = drawn.some(draw, SITUATIONS, 1)
        changes["declared_by"] = drawn.some(draw, ("JPN", "USA")) if draw.random() < 0.5 else ()
        changes["situation_max_s"] = draw.choice([0, 1, 86_400 * 3])
    if rarely(draw):
        changes["in_force_from_ns"] = max(NOW_NS + draw.choice([-1, 1]) * DAY_NS, pact.in_force_from_ns)
    if rarely(draw) and pact.in_force_until_ns is None and pact.in_force_from_ns < NOW_NS:
        changes["in_force_until_ns"] = NOW_NS + (
            2 * DAY_NS if "in_force_from_ns" in changes else draw.choice([1, DAY_NS])
        )
    if rarely(draw):
        changes["purposes"] = (draw.choice(pact.purposes),)
    if clause.effect is Effect.PERMIT and draw.random() < 0.4:
        changes |= onward(draw)
    if clause.effect is Effect.PERMIT and draw.random() < 0.3:
        changes["approval"] = Approval.TWO_PERSON
    return replace(clause, **changes)


def laid_over(draw: Random, held: dict[str, Agreement]) -> dict[str, Agreement]:
    found = {}
    for name, plain in held.items():
        ends = NOW_NS - DAY_NS if draw.random() < 0.2 and plain.in_force_from_ns < NOW_NS - DAY_NS else None
        pact = replace(
            plain,
            areas=(area(draw, "north"), area(draw, "south")),
            purposes=(*plain.purposes, "rescue"),
            renewal_months=draw.choice([0, 0, 1, 12]),
            notice_days=draw.choice([0, 3, 90]),
            survives_end=draw.random() < 0.8,
            in_force_until_ns=plain.in_force_until_ns if ends is None else ends,
            **(onward(draw) if rarely(draw) else {}),
        )
        begins = range(len(pact.clauses))
        clauses = [conditioned(draw, pact.clauses[number], pact) for number in begins]
        found[name] = replace(pact, clauses=tuple(fitting(clause, pact) for clause in clauses))
    return found


def fitting(clause: Clause, pact: Agreement) -> Clause:
    """A clause whose time is within the agreement's."""
    begins, ends = clause.in_force_from_ns, pact.in_force_until_ns
    if begins is not None and ends is not None and begins >= ends:
        return replace(clause, in_force_from_ns=None)
    return clause


def somewhere(draw: Random, item: AnyItem) -> AnyItem:
    """The item at another place, or older."""
    if isinstance(item, Vessel | Event):
        item = replace(item, place=None if rarely(draw) else place(draw))
    if isinstance(item, Track) and item.state is not None:
        at = place(draw)
        height_m = draw.choice([0.0, 150_000.0])
        degrees = [at.latitude_1e7deg * 1e-7, at.longitude_1e7deg * 1e-7]
        position = ecef_from_geodetic(radians(degrees[0]), radians(degrees[1]), height_m)
        state: Kinematics = replace(
            item.state, position_mm=tuple(round(float(part) * 1_000) for part in position)
        )
        item = replace(item, state=state)
    return replace(item, valid_ns=item.valid_ns - draw.choice([0, 2 * DAY_NS]))


def declarations(draw: Random, held: dict[str, Agreement], status: Status) -> tuple[Declaration, ...]:
    agreements = [pact.agreement_id for pact in held.values()]
    clauses = [f"{pact.agreement_id}#{one.clause_id}" for pact in held.values() for one in pact.clauses]
    found = []
    for number in range(draw.choice([0, 2, 8])):
        kind = draw.choice([Declared.SITUATION, Declared.SITUATION, Declared.SUSPENSION, Declared.NOTICE])
        party = draw.choice(["JPN", "JPN", "USA", "KOR"])
        about = {
            Declared.SITUATION: draw.choice(SITUATIONS),
            Declared.SUSPENSION: draw.choice([*agreements, *clauses]),
            Declared.NOTICE: draw.choice(agreements),
        }[kind]
        valid_ns = NOW_NS + draw.choice([-95 * DAY_NS, -DAY_NS, -2, -1, 0, 1])
        until_ns = None if kind is Declared.NOTICE else max(valid_ns + 1, NOW_NS + draw.choice([1, DAY_NS]))
        found.append(
            cases.declaration(
                party,
                item_id=f"declaration-{number}",
                version=draw.randint(1, 2),
                declared=kind,
                about=about,
                stands=draw.random() < 0.8,
                status=draw.choice(list(Status)) if drawn.seldom(draw) else status,
                assumed=drawn.seldom(draw),
                valid_ns=valid_ns,
                until_ns=until_ns,
            )
        )
    return tuple(found)


def conditioned_question(seed: int) -> Conditioned:
    item, request, held, said = drawn.question(seed)
    draw = Random(seed + 1)
    held = laid_over(draw, held)
    said = tuple(
        replace(one, officer=f"{one.label.originator}/{draw.choice(['officer', 'deputy'])}") for one in said
    )
    return somewhere(draw, item), request, held, said, declarations(draw, held, item.status)


def conditioned_own_staff_question(seed: int) -> Conditioned:
    item, request, held, said = drawn.own_staff_question(seed)
    draw = Random(seed + 1)
    held = laid_over(draw, held)
    return somewhere(draw, item), request, held, said, declarations(draw, held, item.status)


@pytest.mark.parametrize(
    ("make", "examples"), [(conditioned_question, 2_000), (conditioned_own_staff_question, 500)]
)
def test_the_fast_rules_and_the_reference_agree_on_every_condition(make: Any, examples: int) -> None:
    seen: Counter[Outcome] = Counter()
    reasons: Counter[Reason] = Counter()

    @settings(max_examples=examples, derandomize=True, deadline=None, database=None)
    @given(st.integers(0, 2**63))
    def compare(seed: int) -> None:
        item, request, held, said, declared = make(seed)
        fast = decide(item, request, AgreementSet.of(held), said, declared)
        assert fast == decide_reference.decide(item, request, held, said, declared)
        seen[fast.outcome] += 1
        reasons.update(fast.reasons)
        turned = AgreementSet.of(dict(reversed(held.items())))
        assert decide(item, request, turned, said[::-1], declared[::-1]) == fast

    compare()
    assert Reason.DECIDING_FAILED not in reasons
    assert seen[Outcome.PERMIT] >= 0.04 * seen.total(), seen
    expected = {Reason.GIVING_SUSPENDED, Reason.SITUATION_NOT_DECLARED, Reason.OUTSIDE_AREA}
    if make is conditioned_question:
        expected |= {Reason.ONWARD_NOT_ALLOWED, Reason.CONSENT_NEEDED, Reason.CONSENT_REFUSED}
    assert expected <= set(reasons), expected - set(reasons)


@pytest.mark.parametrize("is_declared", [True, False])
def test_a_batch_and_the_table_follow_decide_on_every_condition(is_declared: bool) -> None:
    seen: Counter[Outcome] = Counter()
    for seed in range(200):
        draw = Random(seed)
        make = conditioned_question if seed % 4 else conditioned_own_staff_question
        first, request, files, said, given = make(seed)
        declared = given if is_declared else ()
        held = AgreementSet.of(files)
        items = [first, *(somewhere(draw, first) for _ in range(3)), drawn.shared_item(draw)]
        classes = LabelClasses()
        batch = ItemBatch.of(classes, items)
        answers = decide_many(batch, request, held, said, declarations=declared)
        table = ReleaseTable.of(
            classes, request, (request.recipient,), held, said, is_declared=bool(declared)
        )
        for place, item in enumerate(items):
            decision = decide(item, request, held, said, declared)
            assert tuple(Outcome)[answers.outcome[place]] is decision.outcome, f"seed {seed}"
            assert answers.reasons_of(place) == decision.reasons
            found = table.find(item, request.recipient, request.at_ns)
            assert found is None or (found.outcome, found.reasons) == (decision.outcome, decision.reasons)
            seen[decision.outcome] += 1
    assert seen[Outcome.PERMIT] >= 0.03 * seen.total()


def test_a_term_that_began_on_the_last_of_january_ends_on_the_last_of_february() -> None:
    terms = conditions_reference.term_ends(parse_instant("2019-01-31T05:00:00Z"), 1)
    assert next(terms) == parse_instant("2019-02-28T05:00:00Z")
