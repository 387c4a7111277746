"""The OpenAPI document is whole, and the application does what it says: schemathesis judges."""

import asyncio
import copy
from collections.abc import Callable
from typing import Any, Final

import jsonschema
import pytest
import schemathesis
from schemathesis.config import (
    CoveragePhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.specs.openapi import checks as judged
from tests.examples import PLAIN
from tests.recall_drill import drill
from tests.web.fakes import (
    DIRECTOR,
    HOST,
    INTAKE,
    OFFICER,
    PAGE,
    STAFF,
    FakeDirector,
    FakeNode,
    ask,
    node_access,
    page_access,
)

from trilat.model import ITEM_KINDS
from trilat.node import SPOKEN_KINDS
from trilat.web import Observer, node_app, observer_app
from trilat.web.document import FILLED_BY_NODE

Decorator = Callable[[Callable[[Any], None]], Callable[[Any], None]]
NODE_APP: Final = node_app(FakeNode(endless=False, real=drill(1).nodes["KOR"]), node_access())
PAGE_APP: Final = observer_app(Observer(), FakeDirector(), page_access())
TOKENS: Final = {
    "/intake": INTAKE,
    "/clock": DIRECTOR,
    "/timings": DIRECTOR,
    "/desk/answer": OFFICER,
    "/desk/delegate": OFFICER,
}


def document(app: Any, token: str) -> dict[str, Any]:
    answered = asyncio.run(ask(app, "GET", "/openapi.json", token))
    told: dict[str, Any] = answered.json()
    return told


def judge_of(told: dict[str, Any], app: Any, *, systematic: bool = True) -> Any:
    """Schemathesis on one document, with few examples and always the same; `systematic` adds a case for
    each rule of each schema.
    """
    project = ProjectConfig(
        base_url=f"http://{HOST}",
        generation=GenerationConfig(deterministic=True, max_examples=3),
        phases=PhasesConfig(coverage=CoveragePhaseConfig(enabled=systematic)),
        max_stream_events=2,
    )
    schema = schemathesis.openapi.from_dict(
        told, config=SchemathesisConfig(projects=ProjectsConfig(default=project))
    )
    schema.app = app
    return schema


def has_whole_float(plain: Any) -> bool:
    if isinstance(plain, dict | list):
        return any(has_whole_float(part) for part in (plain.values() if isinstance(plain, dict) else plain))
    return isinstance(plain, float) and plain.is_integer()


NODE_DOCUMENT: Final = document(NODE_APP, STAFF)
node_cases: Decorator = judge_of(NODE_DOCUMENT, NODE_APP).exclude(path="/intake").parametrize()
# The schemas of eleven kinds have too many rules to try each alone.
intake_schema = judge_of(NODE_DOCUMENT, NODE_APP, systematic=False)
intake_cases: Decorator = intake_schema.include(path="/intake").parametrize()


@node_cases
def test_the_node_does_what_its_document_says(case: Any) -> None:
    # To JSON Schema 1.0 is an integer. Not here: an instant written so has lost digits.
    excluded = [judged.positive_data_acceptance] if has_whole_float(case.body) else []
    headers = {"Authorization": f"Bearer {TOKENS.get(case.operation.path, STAFF)}"}
    case.call_and_validate(headers=headers, excluded_checks=excluded)


@intake_cases
def test_intake_does_what_its_document_says(case: Any) -> None:
    # A batch is taken as a batch: an entry that breaks its schema is refused in the answer, alone.
    case.call_and_validate(
        headers={"Authorization": f"Bearer {INTAKE}"}, excluded_checks=[judged.negative_data_rejection]
    )


page_cases: Decorator = judge_of(document(PAGE_APP, PAGE), PAGE_APP).parametrize()


@page_cases
def test_the_observer_does_what_its_document_says(case: Any) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {PAGE}"})


def references(plain: Any) -> set[str]:
    if isinstance(plain, dict):
        own = {plain["$ref"]} if isinstance(plain.get("$ref"), str) else set()
        return own.union(*(references(part) for part in plain.values()))
    return set().union(*(references(part) for part in plain)) if isinstance(plain, list) else set()


@pytest.mark.parametrize("told", [NODE_DOCUMENT, document(PAGE_APP, PAGE)], ids=["node", "page"])
def test_every_reference_leads_somewhere_and_nothing_lies_unused(told: dict[str, Any]) -> None:
    for reference in references(told):
        at: Any = told
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]
    listed = {f"#/components/schemas/{name}" for name in told["components"]["schemas"]}
    shown_in_streams = {f"#/components/schemas/{name}" for name in ("Shown", "ShownSight", "DecisionRow")}
    assert listed - references(told) <= shown_in_streams


@pytest.mark.parametrize("told", [NODE_DOCUMENT, document(PAGE_APP, PAGE)], ids=["node", "page"])
def test_every_operation_asks_for_a_token_and_says_what_is_refused(told: dict[str, Any]) -> None:
    assert told["security"] == [{"bearer": []}]
    for path, methods in told["paths"].items():
        for operation in methods.values():
            assert ("security" in operation) is (path == "/enter")
            assert {"400", "401", "403", "421", "500"} <= set(operation["responses"])
            assert operation["summary"]
            if "requestBody" in operation:
                assert {"408", "413"} <= set(operation["responses"])


def test_there_is_a_schema_for_each_kind_that_a_feed_may_give() -> None:
    schemas = NODE_DOCUMENT["components"]["schemas"]
    listed = {name.removeprefix("report-") for name in schemas if name.startswith("report-")}
    assert listed == set(ITEM_KINDS) - SPOKEN_KINDS
    assert len(schemas["Batch"]["properties"]["reports"]["items"]["oneOf"]) == len(listed)


def judge_batch(entry: Any) -> bool:
    schema = {**NODE_DOCUMENT, "$ref": "#/components/schemas/Batch"}
    return bool(jsonschema.Draft202012Validator(schema).is_valid({"reports": [entry]}))


@pytest.mark.parametrize("kind", sorted(set(ITEM_KINDS) - SPOKEN_KINDS))
def test_the_schema_of_a_kind_takes_an_item_and_lets_the_node_fill_in(kind: str) -> None:
    entry = copy.deepcopy(PLAIN[kind])
    assert judge_batch(entry)
    for name in FILLED_BY_NODE:
        del entry[name]
        assert judge_batch(entry)
    assert not judge_batch({**entry, "colour": "red"})
    assert not judge_batch({**entry, "kind": "rocket"})
    assert not judge_batch({name: value for name, value in entry.items() if name != "item_id"})


@pytest.mark.parametrize("kind", sorted(SPOKEN_KINDS))
def test_what_a_person_says_is_no_report(kind: str) -> None:
    assert not judge_batch(PLAIN[kind])
