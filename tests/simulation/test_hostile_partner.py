"""A partner with good keys that turns hostile: each thing is refused in one line, and the node goes on."""

import random
from collections.abc import Callable
from typing import Any, Final

import msgspec
import pytest
from tests.simulation.stage import Stage

from trilat.ledger import EntryKind
from trilat.link import NodeKeys, Notice
from trilat.link.messages import Acknowledgement, Pull, sign_message
from trilat.model import (
    ENVELOPE_BYTES_MAX,
    SECOND_NS,
    Classification,
    Form,
    Status,
    UsageError,
)

FLOOD: Final = 3_000


def single(**changes: Any) -> Callable[[Stage], bytes]:
    """A release of USA's to JPN with something else in it than policy gives."""
    return lambda stage: stage.sealed("USA", "JPN", (stage.parcel("USA", "JPN", **changes),))


def of_item(**changes: object) -> Callable[[Stage], bytes]:
    """The same of another item."""

    def made(stage: Stage) -> bytes:
        item = stage.item("USA", **changes)
        return stage.sealed("USA", "JPN", (stage.parcel("USA", "JPN", item),))

    return made


def forged(stage: Stage) -> bytes:
    return stage.sealed("USA", "JPN", (stage.parcel("USA", "JPN", stage.item("KOR")),))


def of_level(level: str) -> Callable[[Stage], bytes]:
    def made(stage: Stage) -> bytes:
        label = stage.item("USA").label
        marked = msgspec.structs.replace(label, classification=Classification(scheme="USA", level=level))
        return of_item(label=marked)(stage)

    return made


def said(message: Callable[[str], Acknowledgement | Pull | Notice]) -> Callable[[Stage], bytes]:
    """USA's signed word to JPN about JPN's stream to it."""
    return lambda stage: sign_message(
        stage.site("USA").keys, message(stage.site("JPN").keys.stream_to("USA"))
    )


def far(stage: Stage) -> int:
    return stage.world.now() + 600 * SECOND_NS


PAYLOADS: Final[dict[str, tuple[Callable[[Stage], bytes], str]]] = {
    "a forged originator": (forged, "on the link with `USA`: the signature of the marking of `KOR-"),
    "an item named after another": (of_item(item_id="KOR-indicator-1"), "is named after `KOR`: not used"),
    "a subject named after another": (of_item(subject="KOR-thing"), "is named after `KOR`: not used"),
    "a real item among simulated ones": (of_item(status=Status.REAL), "is real, this node holds simulated"),
    "a level that no agreement covers": (
        of_level("TOP SECRET"),
        "is not permitted by an agreement",
    ),
    "another form than the agreement's": (single(form=Form.AREAS), "the agreement gives another form"),
    "a decision of the day after": (
        lambda stage: single(decided_ns=far(stage))(stage),
        "ahead of this node's clock",
    ),
    "a release that has expired": (
        lambda stage: single(expires_ns=stage.world.now() - SECOND_NS)(stage),
        "expired at",
    ),
    "too many bytes": (lambda _: b"\x00" * (ENVELOPE_BYTES_MAX + 1), "is over the limit"),
    "nonsense": (lambda _: random.Random(1).randbytes(900), "cannot be decoded"),
    "arrays in arrays": (lambda _: b"\x91" * 5_000, "cannot be decoded"),
    "a receipt for what was never sent": (
        said(lambda stream: Acknowledgement(sender="USA", recipient="JPN", stream=stream, cursor=10**9)),
        "run verify on both",
    ),
    "a pull of what was never sent": (
        said(lambda stream: Pull(sender="USA", recipient="JPN", stream=stream, since=10**9)),
        "run verify on both",
    ),
    "a receipt for another's stream": (
        said(lambda _: Acknowledgement(sender="USA", recipient="JPN", stream="f" * 24, cursor=1)),
        "speaks of a stream that this node does not send",
    ),
    "a word on a topic that nobody takes": (
        said(lambda _: Notice(sender="USA", recipient="JPN", topic="no-such-topic", content=b"x")),
        "which nobody takes here",
    ),
    "another node's word": (
        lambda stage: sign_message(
            stage.site("USA").keys, Pull(sender="KOR", recipient="JPN", stream="f" * 24, since=0)
        ),
        "the signature of the message is not by `KOR`",
    ),
    "a stranger's word": (
        lambda _: sign_message(
            NodeKeys.generate("PRK", random.Random(2).randbytes),
            Pull(sender="PRK", recipient="JPN", stream="f" * 24, since=0),
        ),
        "no pin for `PRK`",
    ),
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_a_hostile_partner_sends_is_refused_in_one_line_and_the_streams_go_on(name: str) -> None:
    make, words = PAYLOADS[name]
    stage = Stage()
    stage.busy(2)
    stage.run(2)
    node = stage.node("JPN")
    assert node.refusals_count == 0
    stage.give("JPN", make(stage))
    stage.busy(2)
    stage.run(5)
    (line,) = stage.lines("JPN")
    assert words in line
    assert "\n" not in line
    assert stage.node("JPN") is node
    assert stage.world.violations == []
    assert node.ledger.verify().verified
    for sender in ("KOR", "USA"):
        came = node.endpoint.cursors()[sender, stage.site(sender).keys.stream_to("JPN")]
        assert came == stage.node(sender).endpoint.next_sequence("JPN") - 1 > 0


def test_a_release_for_another_is_not_even_sealed() -> None:
    stage = Stage()
    parcel = stage.parcel("USA", "JPN", recipient="KOR")
    with pytest.raises(UsageError, match="the release is from `USA` to `KOR`"):
        stage.sealed("USA", "JPN", (parcel,))


def test_a_flood_of_nonsense_fills_no_ledger_and_stops_nothing() -> None:
    stage = Stage()
    stage.busy(2)
    chance = random.Random(3)
    entries = len(stage.site("JPN").disk.rows)
    for _ in range(FLOOD):
        stage.give("JPN", chance.randbytes(200))
    stage.run(1)
    refused = stage.node("JPN").endpoint.refusals
    assert sum(refused.values()) == FLOOD
    assert len(stage.site("JPN").disk.rows) - entries <= 2_100
    stage.busy(3)
    assert stage.end() == []


def test_a_partner_that_asks_again_and_again_gets_little_and_costs_others_nothing() -> None:
    stage = Stage()
    stage.busy(5)
    stream = stage.site("JPN").keys.stream_to("USA")
    stage.world.watch.envelopes = 0
    pull = sign_message(stage.site("USA").keys, Pull(sender="USA", recipient="JPN", stream=stream, since=0))
    for _ in range(1_000):
        stage.give("JPN", pull)
    assert stage.world.watch.envelopes <= 1
    stage.busy(3)
    assert stage.end() == []


def test_a_partner_that_never_signs_holds_up_nobody_else_and_is_named() -> None:
    stage = Stage()
    stage.world.network.relay = lambda ends, payload: (
        [] if ends == ("USA", "JPN") else [(0.0, ends[1], payload)]
    )
    stage.busy(40)
    stage.run(5)
    overdue = [line for line in stage.lines("JPN") if "has signed for 0 of" in line]
    assert overdue
    assert all(line.startswith("`USA`") for line in overdue)
    kor = stage.node("JPN").endpoint
    assert kor.acknowledged("KOR") == kor.next_sequence("KOR") - 1 > 0
    assert stage.end() == []


def test_a_partner_begins_no_streams_without_end() -> None:
    stage = Stage()
    for number in range(20):
        stage.give("JPN", stage.sealed("USA", "JPN", (stage.parcel("USA", "JPN"),), stream=f"s{number}"))
    stage.run(1)
    assert any("`USA` began more than 16 streams" in line for line in stage.lines("JPN"))
    received = sum(row.kind == EntryKind.RECEIVED.value for row in stage.site("JPN").disk.rows)
    assert received == 16


def test_a_number_far_ahead_is_asked_for_no_more_than_once_a_second() -> None:
    stage = Stage()
    stage.busy(2)
    stage.give("JPN", stage.sealed("USA", "JPN", (stage.parcel("USA", "JPN"),), first=10**9))
    stage.run(2)
    messages = stage.world.watch.messages
    stage.run(20)
    assert stage.world.watch.messages - messages <= 25
    stage.busy(2)
    stage.run(10)
    came = stage.node("JPN").endpoint.cursors()["USA", stage.site("USA").keys.stream_to("JPN")]
    assert came == stage.node("USA").endpoint.next_sequence("JPN") - 1 > 0


def test_a_node_put_back_to_an_old_record_is_told_by_both_sides() -> None:
    """What its partners hold beyond its record is not taken for a lie of theirs alone, nor for nothing."""
    stage = Stage()
    stage.busy(5)
    stage.run(3)
    old = list(stage.site("JPN").disk.rows)
    stage.busy(5)
    stage.run(3)
    stage.put_back("JPN", old)
    stage.busy(2)
    stage.run(40)
    words = "on the stream to `KOR`: the partner has accepted up to"
    assert any(line.startswith(words) and "run verify on both" in line for line in stage.lines("JPN"))
    assert any(line.startswith("`KOR` has signed for") for line in stage.lines("JPN"))
    assert any(line.startswith("`JPN` sent again what was accepted") for line in stage.lines("KOR"))
    assert stage.world.violations == []
