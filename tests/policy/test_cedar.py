"""Cedar judges the export: its own validator passes it, and it permits what `decide` permits."""

import json
from collections import Counter
from typing import Any

import cedarpy
import pytest
from tests.policy import cases
from tests.properties import test_conditions_reference as conditions
from tests.properties import test_decide_reference as drawn

from trilat.model import Outcome
from trilat.policy import AgreementSet, CedarExport, cedar_questions, decide, export_cedar

CASES = 200


def allowed(export: CedarExport, item: Any, request: Any, held: AgreementSet, *said: Any) -> bool:
    """Whether Cedar allows every request of a question; an error in its answer fails the case."""
    known = json.loads(export.entities)
    answers = []
    for question in cedar_questions(item, request, held, *said):
        uids = {json.dumps(entity["uid"]) for entity in known}
        more = [entity for entity in question.entities if json.dumps(entity["uid"]) not in uids]
        answer = cedarpy.is_authorized(
            {
                "principal": question.principal,
                "action": question.action,
                "resource": question.resource,
                "context": question.context,
            },
            export.policies,
            known + more,
            schema=export.schema,
        )
        assert answer.diagnostics.errors == []
        answers.append(answer.allowed)
    return all(answers)


@pytest.mark.parametrize(
    "name", ["separate-2009", "hub-2014", "direct-2016", "realtime-2023", "multilateral"]
)
def test_cedars_validator_passes_the_export_of_each_preset(name: str) -> None:
    export = export_cedar(cases.regime(name)[1])
    verdict = cedarpy.validate_policies(export.policies, export.schema)
    assert verdict.validation_passed, verdict.errors


@pytest.mark.parametrize(
    "make",
    [
        drawn.question,
        drawn.own_staff_question,
        conditions.conditioned_question,
        conditions.conditioned_own_staff_question,
    ],
)
def test_cedar_permits_what_decide_permits_and_nothing_else(make: Any) -> None:
    seen: Counter[tuple[bool, int]] = Counter()
    for seed in range(CASES):
        item, request, files, *said = make(seed)
        held = AgreementSet.of(files)
        permits = decide(item, request, held, *said).outcome is Outcome.PERMIT
        questions = len(cedar_questions(item, request, held, *said))
        answer = allowed(export_cedar(held), item, request, held, *said)
        # Several originators may each allow it, in forms that cannot be met together, and a portion that is
        # left out may take a clause's form away: Cedar knows no forms.
        assert answer == permits or (answer and (questions > 1 or item.label.portions)), f"seed {seed}"
        seen[permits, min(questions, 2)] += 1
    assert seen[True, 1] >= 0.04 * CASES


def test_what_a_person_wrote_cannot_end_a_string_of_the_export() -> None:
    text = drawn_text('Article "4" \\ permit(principal, action, resource);')
    held = cases.agreements(one=text)
    export = export_cedar(held)
    assert cedarpy.validate_policies(export.policies, export.schema).validation_passed
    plain = export_cedar(cases.agreements(one=drawn_text("Article 4")))
    assert export.policies.count("\npermit (") == plain.policies.count("\npermit (")


def drawn_text(article: str) -> str:
    return f"""
[agreement]
id = "one"
version = 1
title = "one"
parties = ["JPN", "KOR"]
in_force_from = 2020-01-01T00:00:00Z
purposes = ["missile-warning"]
onward = "never"

[[clause]]
id = "1"
article = {json.dumps(article)}
effect = "permit"
domains = ["missile"]
kinds = ["track"]
from = ["JPN"]
to = ["KOR"]
form = "tracks"
"""
