"""Random clauses with areas, times, situations, onward rules and two officers, and random declarations: the
fast rules and the slow reference give one answer. The questions are those of `test_decide_reference`, with
the conditions of `conformance` laid over their clauses.
"""

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spec import conditions_reference, decide_reference
from tests.properties import test_decide_reference as drawn

from conformance import conditions
from trilat.model import Agreement, AnyItem, Consent, Declaration, Outcome, Reason, parse_instant
from trilat.policy import (
    AgreementSet,
    ItemBatch,
    LabelClasses,
    ReleaseRequest,
    ReleaseTable,
    decide,
    decide_many,
)

Conditioned = tuple[
    AnyItem, ReleaseRequest, dict[str, Agreement], tuple[Consent, ...], tuple[Declaration, ...]
]


def laid_over(seed: int, asked: drawn.Question) -> Conditioned:
    """The question under conditions, its item elsewhere, after some declarations."""
    item, request, held, said = asked
    draw = Random(seed + 1)
    held = conditions.laid_over(draw, held)
    return (
        conditions.somewhere(draw, item),
        request,
        held,
        said,
        conditions.declarations(draw, held, item.status),
    )


def conditioned_question(seed: int) -> Conditioned:
    return laid_over(seed, drawn.question(seed))


def conditioned_own_staff_question(seed: int) -> Conditioned:
    return laid_over(seed, drawn.own_staff_question(seed))


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
        items = [first, *(conditions.somewhere(draw, first) for _ in range(3)), drawn.shared_item(draw)]
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
