"""The page on the HTTP interface names every route, and its example is one that a node takes."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.web.fakes import PAGE, STAFF, FakeDirector, FakeNode, ask, node_access, page_access

from trilat.model import Provenance, Report, Status, from_plain, to_plain
from trilat.web import Observer, node_app, observer_app

TEXT = (Path(__file__).parents[2] / "docs" / "http.md").read_text(encoding="utf-8")
APPS = [
    (node_app(FakeNode(), node_access()), STAFF),
    (observer_app(Observer(), FakeDirector(), page_access()), PAGE),
]


@pytest.mark.parametrize(("app", "token"), APPS, ids=["node", "observer"])
def test_every_route_is_on_the_page(app: Any, token: str) -> None:
    told = asyncio.run(ask(app, "GET", "/openapi.json", token)).json()
    for path, methods in told["paths"].items():
        for method in methods:
            assert f"**`{method.upper()} {path}`**" in TEXT


def test_a_route_stands_once_in_the_table_of_a_node() -> None:
    table = TEXT[TEXT.index("## Routes of a node") : TEXT.index("## Errors")]
    rows = re.findall(r"^\| \*\*`([A-Z]+ \S+)`", table, re.MULTILINE)
    assert len(rows) > 20
    assert sorted(rows) == sorted(set(rows))


@pytest.mark.parametrize(("app", "token"), APPS, ids=["node", "observer"])
def test_every_status_and_event_is_on_the_page(app: Any, token: str) -> None:
    told = asyncio.run(ask(app, "GET", "/openapi.json", token)).json()
    table = TEXT[TEXT.index("## Errors") : TEXT.index("## Giving reports")]
    assert [
        status for status in told["components"]["responses"] if not re.search(rf"\b{status}\b", table)
    ] == []
    streams = re.findall(r'"event":\s*\{"enum":\s*(\[[^]]*\])', json.dumps(told["paths"]))
    assert len(streams) == 1
    assert [name for name in json.loads(streams[0]) if f"`{name}`" not in TEXT] == []


def test_the_example_is_a_report_once_the_node_has_filled_it_in() -> None:
    batch, answer = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL))
    assert list(answer) == ["accepted", "refused", "repeated"]
    (entry,) = batch["reports"]
    label = {"originator": "KOR", "classification": {"scheme": "KOR", "level": "II"}, "created_ns": 0}
    provenance = to_plain(Provenance(originators=("KOR",)))
    filled = {**entry, "status": Status.EXERCISE.value, "label": label, "provenance": provenance}
    assert from_plain(filled, Report).item_id == entry["item_id"]
