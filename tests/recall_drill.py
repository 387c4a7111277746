"""Three nodes under an agreement made up for recalls: Japan gives to the US, who pass on to Korea."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from tests.small_federation import Timed, at, federation_of, launch, play

from trilat.ledger import EntryKind
from trilat.model import HolderAnswer, ItemReference, RecallAction, decode
from trilat.node import Node
from trilat.node.asked import Case
from trilat.node.recall_records import RECALL_RECORD_BYTES_MAX, RecallRecord, RecallStep
from trilat.study import Federation
from trilat.study.federation import Person

DRILL: Final = """
[agreement]
id = "recall-drill"
version = 1
title = "Made up for tests of recalls"
parties = ["JPN", "KOR", "USA"]
in_force_from = 2000-01-01T00:00:00Z
purposes = ["missile-warning"]
onward = "with-consent"
assumed = ["All of it"]

[[clause]]
id = "give"
article = "1"
effect = "permit"
domains = ["missile"]
kinds = ["event", "area"]
from = ["JPN", "KOR"]
to = ["USA"]
highest = { scheme = "JPN", level = "GOKUHI" }
form = "areas"
[clause.duties]
return_or_destroy = true

[[clause]]
id = "onward"
article = "2"
effect = "permit"
domains = ["missile"]
kinds = ["event", "area"]
from = ["JPN"]
to = ["KOR"]
via = "USA"
highest = { scheme = "JPN", level = "GOKUHI" }
form = "areas"
[clause.duties]
return_or_destroy = true

[[clause]]
id = "notices"
article = "3"
effect = "permit"
domains = ["missile"]
kinds = ["recall", "reclassification", "loss-report", "answer"]
from = ["JPN", "KOR", "USA"]
to = ["JPN", "KOR", "USA"]
highest = { scheme = "JPN", level = "GOKUHI" }
form = "measurements"
"""
SEEN: Final = "JPN-seen"


def voluntary(text: str) -> str:
    """The drill without the duty: persons decide."""
    return text.replace("return_or_destroy = true", "return_or_destroy = false")


def drill(seconds: int = 20, text: str = DRILL, **more: Any) -> Federation:
    """A federation under the drill alone, with nothing accepted."""

    def changed(old: str) -> str:
        # The regime has two files: each becomes the drill, under a name of its own.
        return text.replace("recall-drill", "recall-drill-2" if "us-korea" in old else "recall-drill")

    return federation_of("separate-2009", seconds, changed=changed, **more)


def run(federation: Federation, people: Sequence[Person] = (), reports: Sequence[Timed] = ()) -> Federation:
    """The run of a launch that Japan saw at the first second."""
    seen = [(at(1), "JPN", launch(federation.nodes["JPN"])), *reports]
    return play(federation, seen, people)


def recalling(
    action: RecallAction = RecallAction.DESTROY, within_s: int = 10, *names: str, party: str = "JPN"
) -> Callable[[Federation], None]:
    """An act that calls items back."""

    def act(federation: Federation) -> None:
        recalls = federation.nodes[party].recalls
        recalls.recall(recalls.named(names or (SEEN,)), action, within_s, "purpose is over")

    return act


def answering(answer: HolderAnswer, reason: str, party: str = "USA") -> Callable[[Federation], None]:
    """An act of a person that answers all that waits for one."""

    def act(federation: Federation) -> None:
        recalls = federation.nodes[party].recalls
        for name, obligation in recalls.obliged.obligations.items():
            if obligation.waits_for_person:
                recalls.answer(name, answer, reason, f"{party}/kim")

    return act


def only_case(node: Node) -> Case:
    """The one thing that a node asked."""
    (case,) = node.recalls.asked.cases.values()
    return case


def answers(case: Case) -> dict[str, str]:
    """What each holder answered."""
    return {holder: said.answer.value for holder, said in case.said.items()}


def steps(node: Node) -> list[RecallRecord]:
    """All steps in a node's ledger."""
    return [
        decode(stored.content, RecallRecord, bytes_max=RECALL_RECORD_BYTES_MAX)
        for stored in node.ledger.entries(kinds={EntryKind.RECALL})
        if stored.content is not None
    ]


def kinds_of(node: Node) -> list[RecallStep]:
    """The steps in a node's ledger, by kind, in order."""
    return [record.step for record in steps(node)]


def contents_with(node: Node, needle: bytes) -> list[tuple[int, EntryKind]]:
    """Entries whose content holds these bytes and is not only a name: partners' parcels and own releases."""
    return [
        (stored.entry, stored.kind)
        for stored in node.ledger.entries(kinds={EntryKind.RECEIVED, EntryKind.RELEASE, EntryKind.ITEM})
        if stored.content is not None and needle in stored.content
    ]


def versions(*names: str) -> list[ItemReference]:
    """First versions of items."""
    return [ItemReference(item_id=name, version=1) for name in names]
