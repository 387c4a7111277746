"""Many at once, and looked up in a table: the answers of `decide`, for random agreements and items."""

import itertools
from collections import Counter
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties import test_conditions_reference as conditions
from tests.properties import test_decide_reference as drawn

from conformance import conditions as placed
from trilat.model import AnyItem, Consent, Decision, Form, Outcome, Reason
from trilat.policy import (
    AgreementSet,
    BatchAnswers,
    ItemBatch,
    LabelClasses,
    ReleaseRequest,
    ReleaseTable,
    decide,
    decide_many,
)
from trilat.policy import batch as batch_module

Answer = tuple[Outcome, Form | None, tuple[Reason, ...]]
SHIFTS_NS = (
    -30 * drawn.DAY_NS,
    -15 * drawn.DAY_NS,
    -drawn.DAY_NS,
    0,
    1,
    2,
    4,
    drawn.DAY_NS,
    10 * drawn.DAY_NS,
)


def crowd(seed: int) -> tuple[list[AnyItem], ReleaseRequest, AgreementSet, tuple[Consent, ...]]:
    """One question, and many more items under the same agreements; now and then to a party's own staff."""
    draw = Random(seed)
    make = drawn.own_staff_question if draw.random() < 0.3 else drawn.question
    item, request, held, consents = make(seed)
    items = [item, *(renamed(draw, drawn.shared_item(draw)) for _ in range(30))]
    return items, request, AgreementSet.of(held), consents if draw.random() < 0.5 else ()


def renamed(draw: Random, item: AnyItem) -> AnyItem:
    """An item of which other consents may speak."""
    name = draw.choice([item.item_id, "object-1", "object-2", f"item-{draw.randint(1, 5)}"])
    subject = draw.choice(["object-1", "object-2", "x", "y"])
    return msgspec.structs.replace(item, item_id=name, subject=subject)


def answer_at(answers: BatchAnswers, place: int) -> Answer:
    form = int(answers.form[place])
    return (
        tuple(Outcome)[answers.outcome[place]],
        tuple(Form)[form] if form < len(Form) else None,
        answers.reasons_of(place),
    )


def answer_of(decision: Decision) -> Answer:
    return decision.outcome, decision.form, decision.reasons


def test_a_batch_gives_each_item_the_answer_of_decide_at_its_own_instant() -> None:
    seen: Counter[Outcome] = Counter()

    @settings(max_examples=300, derandomize=True, deadline=None, database=None)
    @given(st.integers(0, 2**63))
    def compare(seed: int) -> None:
        items, request, held, consents = crowd(seed)
        draw = Random(seed)
        at_ns = np.array([drawn.NOW_NS + draw.choice(SHIFTS_NS) for _ in items])
        batch = ItemBatch.of(LabelClasses(), items)
        answers = decide_many(batch, request, held, consents, at_ns)
        for place, (item, instant) in enumerate(zip(items, at_ns, strict=True)):
            asked = msgspec.structs.replace(request, at_ns=int(instant))
            decision = decide(item, asked, held, consents)
            assert answer_at(answers, place) == answer_of(decision)
            assert answers.expand(place) == decision
            rule = held.rules[answers.rule[place]].name if answers.rule[place] >= 0 else None
            assert rule == (decision.clauses[0] if decision.outcome is Outcome.PERMIT else None)
            seen[decision.outcome] += 1

    compare()
    assert seen[Outcome.PERMIT] >= 0.1 * seen.total()
    assert seen[Outcome.REFER] >= 0.01 * seen.total()


def conditioned_crowd(seed: int) -> tuple[list[AnyItem], conditions.Conditioned]:
    """A question under clauses with conditions, and more items elsewhere, older, and of other classes."""
    draw = Random(seed)
    own_staff = draw.random() < 0.25
    make = conditions.conditioned_own_staff_question if own_staff else conditions.conditioned_question
    question = make(seed)
    items = [question[0], *(placed.somewhere(draw, question[0]) for _ in range(10))]
    items += [placed.somewhere(draw, renamed(draw, drawn.shared_item(draw))) for _ in range(20)]
    return items, question


def test_areas_situations_notices_and_onward_rules_are_answered_in_the_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: Counter[Outcome] = Counter()
    reasons: Counter[Reason] = Counter()
    asked_alone = 0

    def counted(*arguments: Any) -> Decision:
        nonlocal asked_alone
        asked_alone += 1
        return decide(*arguments)

    monkeypatch.setattr(batch_module, "decide", counted)

    @settings(max_examples=400, derandomize=True, deadline=None, database=None)
    @given(st.integers(0, 2**63))
    def compare(seed: int) -> None:
        items, (_, request, files, consents, declarations) = conditioned_crowd(seed)
        held, draw = AgreementSet.of(files), Random(seed)
        consents = consents if draw.random() < 0.5 else ()
        at_ns = np.array([drawn.NOW_NS + draw.choice(SHIFTS_NS) for _ in items])
        answers = decide_many(
            ItemBatch.of(LabelClasses(), items), request, held, consents, at_ns, declarations
        )
        for place, (item, instant) in enumerate(zip(items, at_ns, strict=True)):
            asked = msgspec.structs.replace(request, at_ns=int(instant))
            decision = decide(item, asked, held, consents, declarations)
            assert answer_at(answers, place) == answer_of(decision), f"seed {seed}, item {place}"
            rule = held.rules[answers.rule[place]].name if answers.rule[place] >= 0 else None
            assert rule == (decision.clauses[0] if decision.outcome is Outcome.PERMIT else None)
            seen[decision.outcome] += 1
            reasons.update(decision.reasons)

    compare()
    assert asked_alone <= 0.5 * seen.total()
    assert seen[Outcome.PERMIT] >= 0.03 * seen.total(), seen
    assert seen[Outcome.WITHHOLD] >= 0.3 * seen.total(), seen
    expected = {
        Reason.GIVING_SUSPENDED,
        Reason.SITUATION_NOT_DECLARED,
        Reason.OUTSIDE_AREA,
        Reason.ONWARD_NOT_ALLOWED,
        Reason.CLAUSE_FORBIDS,
        Reason.NOT_IN_FORCE,
    }
    assert expected <= set(reasons), expected - set(reasons)


def test_the_table_says_under_conditions_what_decide_says_or_nothing() -> None:
    said: Counter[bool] = Counter()
    for seed in range(150):
        items, (_, request, files, consents, declarations) = conditioned_crowd(seed)
        held, classes = AgreementSet.of(files), LabelClasses()
        ItemBatch.of(classes, items)
        code = request.recipient
        table = ReleaseTable.of(classes, request, (code,), held, consents, declarations)
        ends = (table.from_ns, table.until_ns - 1)
        for item, at_ns in itertools.product(items, (request.at_ns, *ends)):
            found = table.find(item, code, at_ns)
            said[found is None] += 1
            if found is not None:
                asked = msgspec.structs.replace(request, at_ns=at_ns)
                decision = decide(item, asked, held, consents, declarations)
                assert (found.outcome, found.form, found.reasons) == answer_of(decision), f"seed {seed}"
    assert said[False] >= 0.2 * said.total(), said


def test_the_table_says_what_decide_says_or_nothing() -> None:
    said: Counter[bool] = Counter()

    @settings(max_examples=200, derandomize=True, deadline=None, database=None)
    @given(st.integers(0, 2**63))
    def compare(seed: int) -> None:
        items, request, held, consents = crowd(seed)
        recipients = ("JPN", "KOR", "KOR/watch")
        classes = LabelClasses()
        batch = ItemBatch.of(classes, items)
        table = ReleaseTable.of(classes, request, recipients, held, consents)
        for column, recipient in enumerate(recipients):
            codes = table.look_up(batch, np.full(len(items), column), request.at_ns)
            for item, code in zip(items, codes, strict=True):
                found = table.find(item, recipient, request.at_ns)
                assert found == table.verdicts[code]
                if item.label.portions or item.label.downgrade is not None:
                    assert found is None
                    continue
                said[found is None] += 1
                if found is not None:
                    asked = msgspec.structs.replace(request, recipient=recipient)
                    decision = decide(item, asked, held, consents)
                    assert (found.outcome, found.form, found.reasons) == answer_of(decision)
                    assert found.agreements == held.digest

    compare()
    # The table leaves open what consents could change, and not much more.
    assert 0 < said[True] < 0.1 * said.total()
