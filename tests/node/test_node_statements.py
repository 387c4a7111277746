"""R20, as far as nodes go: what parties say to each other goes by clause, with what it quotes, and is kept.

There is no room for it on the page. A statement is an item like others: it answers another, names the version
of what it speaks of, goes to whom a clause gives statements and to nobody else, and stays in the ledgers.
"""

from typing import Any

import msgspec
from tests.observed import observed, second, staffs
from tests.small_federation import PARTIES, at, head, launch, opened, sent

from trilat.model import AnyItem, Domain, ItemReference, Outcome, Statement, kind_of
from trilat.node import Node
from trilat.study import Federation

SAID = "JPN-said-1"
REPLY = "KOR-said-1"
WORDS = "We hold this for a launch; do you agree?"
SPOKEN = """[agreement]
id = "talk"
version = 1
title = "t"
parties = ["JPN", "KOR"]
in_force_from = 2009-01-01T00:00:00Z
purposes = ["missile-warning"]
onward = "never"
[[clause]]
id = "1"
article = "a"
effect = "permit"
domains = ["consultation"]
kinds = ["statement"]
from = ["JPN", "KOR"]
to = ["JPN", "KOR"]
highest = { scheme = "USA", level = "SECRET" }
form = "measurements"
"""


def statement(node: Node, name: str, *, at_s: float, text: str, **changes: Any) -> Statement:
    """Something that a party's people say."""
    return Statement(
        **{**head(node, "statement", name, at(at_s)), "domain": Domain.CONSULTATION}, text=text, **changes
    )


def consulted() -> Federation:
    """JPN shows a launch to KOR and asks about it; KOR answers. USA has no agreement about what is said."""
    federation = observed({"talk.toml": SPOKEN, **staffs()})
    jpn, kor = federation.nodes["JPN"], federation.nodes["KOR"]
    second(federation, 1, {"JPN": [launch(jpn, at_s=0.5)]})
    asked = statement(
        jpn, "said-1", at_s=1.5, text=WORDS, about=(ItemReference(item_id="JPN-seen", version=1),)
    )
    second(federation, 2, {"JPN": [asked]})
    second(federation, 3)
    reply = statement(kor, "said-1", at_s=3.5, text="No: we see none.", in_reply_to=asked.reference)
    second(federation, 4, {"KOR": [reply]})
    for tick in (5, 6):
        second(federation, tick)
    return federation


def said_at(node: Node) -> dict[str, AnyItem]:
    return {item.item_id: item for item in node.holdings.items() if kind_of(item) == "statement"}


def words_of(said: AnyItem) -> tuple[int, str]:
    """Version and text; a copy has a label of its own."""
    assert isinstance(said, Statement)
    return said.version, said.text


def test_both_ends_hold_question_and_answer_with_what_they_quote_and_nobody_else_has_either() -> None:
    nodes = consulted().nodes
    for party in ("JPN", "KOR"):
        held = said_at(nodes[party])
        assert set(held) == {SAID, REPLY}
        asked, reply = held[SAID], held[REPLY]
        assert isinstance(asked, Statement)
        assert isinstance(reply, Statement)
        assert asked.text == WORDS
        (quoted,) = asked.about
        shown = nodes[party].holdings.newest(quoted.item_id)
        assert shown is not None
        assert shown.version == quoted.version
        assert reply.in_reply_to == asked.reference
    assert said_at(nodes["USA"]) == {}


def test_who_said_it_is_the_party_and_each_decision_is_by_its_clause() -> None:
    nodes = consulted().nodes
    for party, name, other in (("JPN", SAID, "KOR"), ("KOR", REPLY, "JPN")):
        assert words_of(said_at(nodes[other])[name]) == words_of(said_at(nodes[party])[name])
        assert said_at(nodes[party])[name].label.originator == party
        by = {
            decided.decision.recipient: decided.decision
            for decided in nodes[party].recent_decisions.since(0)
            if decided.item.item_id == name
        }
        assert by[other].clauses == ("talk.toml#1",)
        assert by["USA"].outcome is Outcome.WITHHOLD


def test_what_was_said_closes_into_the_record_of_both() -> None:
    nodes = consulted().nodes
    (left,) = [one for one in sent(nodes["JPN"], "KOR") if one.item.item_id == SAID]
    (came,) = [release for _, release, _ in opened(nodes["KOR"]) if release.item.item_id == SAID]
    assert (left.item.version, came.item.version) == (1, 1)
    for party in PARTIES:
        ledger = nodes[party].ledger
        words = [entry for entry in ledger.entries() if WORDS.encode() in (entry.content or b"")]
        assert bool(words) is (party != "USA")


def test_what_was_said_is_not_said_otherwise_afterwards() -> None:
    federation = consulted()
    jpn = federation.nodes["JPN"]
    said = said_at(jpn)[SAID]
    other = msgspec.structs.replace(said, text="We never asked.", valid_ns=at(6.5))
    (refusal,) = jpn.intake([other]).refusals
    assert "was accepted before" in refusal
    for tick in (7, 8):
        second(federation, tick)
    assert words_of(said_at(federation.nodes["KOR"])[SAID]) == words_of(said)
