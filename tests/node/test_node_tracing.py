"""Tracing a leaked copy: which recipient's, and what cannot be told."""

import json

import msgspec
import pytest
from tests.recall_drill import DRILL, SEEN, drill, run
from tests.small_federation import launch

from trilat.model import AnyItem, to_plain
from trilat.node import Copies, Node, Trace, trace
from trilat.study import Federation

ROUNDED = DRILL.replace('from = ["JPN", "KOR"]\nto = ["USA"]', 'from = ["JPN", "KOR"]\nto = ["USA", "KOR"]')
"""JPN gives to USA and KOR alike; `apart` rounds what KOR gets."""


def apart() -> str:
    clause = ROUNDED[ROUNDED.index("[[clause]]") : ROUNDED.index('[[clause]]\nid = "onward"')]
    to_usa = clause.replace('to = ["USA", "KOR"]', 'to = ["USA"]')
    to_kor = clause.replace('to = ["USA", "KOR"]', 'to = ["KOR"]').replace('id = "give"', 'id = "coarse"')
    to_kor = to_kor.replace('from = ["JPN", "KOR"]', 'from = ["JPN"]')
    to_kor = to_kor.replace("[clause.duties]", "[clause.duties]\nround_position_m = 7000")
    return ROUNDED.replace(clause, to_usa + to_kor)


def traced(node: Node, text: str) -> list[Trace]:
    return trace(Copies(node.ledger).all(), text.encode())


def leaked(federation: Federation, party: str) -> AnyItem:
    item = federation.nodes[party].holdings.newest(SEEN)
    assert item is not None
    provenance = msgspec.structs.replace(item.provenance, received_under=())
    return msgspec.structs.replace(item, provenance=provenance)


@pytest.mark.parametrize("party", ["USA", "KOR"])
def test_an_exact_copy_names_its_recipient_alone(party: str) -> None:
    federation = run(drill(10, apart()))
    found = traced(federation.nodes["JPN"], json.dumps(to_plain(leaked(federation, party))))
    assert (found[0].recipient, found[0].is_exact, found[0].alike) == (party, True, (party,))
    assert found[0].item.item_id == SEEN


def test_alike_copies_cannot_be_told_apart_and_all_recipients_are_named() -> None:
    federation = run(drill(10, ROUNDED))
    found = traced(federation.nodes["JPN"], json.dumps(to_plain(leaked(federation, "USA"))))
    assert {one.recipient for one in found[:2]} == {"USA", "KOR"}
    assert set(found[0].alike) == {"USA", "KOR"}


@pytest.mark.parametrize("party", ["USA", "KOR"])
def test_plain_text_is_traced_by_its_values(party: str) -> None:
    federation = run(drill(10, apart()))
    item = leaked(federation, party)
    plain = to_plain(item)
    told = [str(plain[name]) for name in ("item_id", "subject", "valid_ns", "place", "region")]
    text = f"A launch was seen: {', '.join(told)}."
    found = traced(federation.nodes["JPN"], text)
    assert found[0].recipient == party
    assert found[0].alike == (party,)
    assert not found[0].is_exact
    assert 0.5 <= found[0].likeness <= 1.0


@pytest.mark.parametrize("text", ["", "{", "weather is fine over the sea", "\x00\xff", "JPN", "12 34 56"])
def test_what_is_like_no_release_names_nobody(text: str) -> None:
    assert traced(run(drill(10, apart())).nodes["JPN"], text) == []


def test_who_only_received_finds_nothing_in_its_own_ledger() -> None:
    federation = run(drill(10, ROUNDED))
    kor = federation.nodes["KOR"]
    assert traced(kor, json.dumps(to_plain(launch(federation.nodes["JPN"])))) == []
