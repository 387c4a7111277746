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
from trilat.policy import AgreementSet, ReleaseRequest, decide

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


def test_a_term_that_began_on_the_last_of_january_ends_on_the_last_of_february() -> None:
    terms = conditions_reference.term_ends(parse_instant("2019-01-31T05:00:00Z"), 1)
    assert next(terms) == parse_instant("2019-02-28T05:00:00Z")
