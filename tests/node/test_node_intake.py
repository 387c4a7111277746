"""What comes in is checked before it is used; a refusal is one line, kept aside, and the node goes on."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.small_federation import (
    START_NS,
    at,
    federation_of,
    head,
    held,
    launch,
    opened,
    play,
    received,
    sent,
)

from trilat.ledger import Entry, EntryKind
from trilat.link import Parcel, sign_label
from trilat.model import (
    SECOND_NS,
    AnyItem,
    Decision,
    Duties,
    Event,
    Form,
    ItemReference,
    LedgerError,
    Outcome,
    Provenance,
    Reason,
    Status,
    UsageError,
    Warning,
    WarningKind,
    WarningState,
    decode,
    encode,
)
from trilat.node import ManualClock, Node, NodeConfig
from trilat.node.exchange import Exchange, Held, Ready
from trilat.node.records import RefusalRecord
from trilat.node.releasing import release_records
from trilat.policy import degrade
from trilat.study import Federation, violations

Change = Callable[[Node], AnyItem]


def _by(party: str) -> Change:
    def changed(node: Node) -> AnyItem:
        item = launch(node)
        label = msgspec.structs.replace(item.label, originator=party)
        return msgspec.structs.replace(item, label=label, provenance=Provenance(originators=(party,)))

    return changed


def _mixed(node: Node) -> AnyItem:
    return launch(node, provenance=Provenance(originators=("JPN", "KOR")))


def _spoken(node: Node) -> AnyItem:
    return Warning(
        **head(node, "warning", "warn-USA-x", START_NS),
        warning=WarningKind.LAUNCH,
        state=WarningState.RAISED,
        basis=(ItemReference(item_id="JPN-seen", version=1),),
        sources=("JPN",),
    )


REFUSED_REPORTS = [
    pytest.param(
        lambda node: launch(node, status=Status.REAL),
        "report `JPN-seen` is real, this node holds simulated items only",
        id="another status",
    ),
    pytest.param(
        lambda node: launch(node, status=Status.EXERCISE),
        "report `JPN-seen` is exercise, this node holds simulated items only",
        id="an exercise",
    ),
    pytest.param(_by("KOR"), "report `JPN-seen` is by `KOR`: intake takes this party's own", id="another's"),
    pytest.param(_mixed, "report `JPN-seen` is by `JPN`: intake takes this party's own", id="fused"),
    pytest.param(
        lambda node: launch(node, item_id="KOR-t1"),
        "report `KOR-t1` is not named after this party: begin the name with `JPN-`",
        id="named after another",
    ),
    pytest.param(_spoken, "report `JPN-warn-USA-x` is a warning: intake takes what was observed", id="words"),
    pytest.param(
        lambda node: launch(node, at_s=7), "02:30:22Z is 6 s ahead of the clock: set the sensor", id="future"
    ),
    pytest.param(
        lambda node: launch(node, at_s=-3_601), "is 3602 s old, over the limit of 3600 s", id="too old"
    ),
]


@pytest.mark.parametrize(("make", "refusal"), REFUSED_REPORTS)
def test_a_report_that_cannot_be_is_kept_aside_with_one_line(make: Change, refusal: str) -> None:
    federation = federation_of("separate-2009", 4)
    node = federation.nodes["JPN"]
    bad = make(node)
    play(federation, [(at(1), "JPN", bad), (at(2), "JPN", launch(node, "good"))])
    assert len(federation.refused_reports) == 1
    assert refusal in federation.refused_reports[0]
    assert "\n" not in federation.refused_reports[0]
    aside = [
        decode(stored.content or b"", RefusalRecord)
        for stored in node.ledger.entries(kinds={EntryKind.REFUSAL})
    ]
    assert [(record.source, record.reason) for record in aside] == [("intake", federation.refused_reports[0])]
    assert aside[0].content == encode(bad)
    assert node.accepted_reports == 1
    assert held(node, "JPN-good").version == 1
    assert node.holdings.newest(bad.item_id) is None


def test_a_report_is_accepted_once_also_within_one_batch() -> None:
    federation = federation_of("separate-2009", 4)
    node = federation.nodes["JPN"]
    federation._advance(at(1))
    first = node.intake([launch(node), launch(node)])
    again = node.intake([launch(node), launch(node, version=2)])
    assert (first.accepted, again.accepted) == (1, 1)
    assert first.refusals == again.refusals == ("report `JPN-seen` version 1 was accepted before",)


class Hostile(Exchange):
    """An exchange that asks no policy: everything goes to everybody."""

    clause = "us-japan-2007.toml#to-usa"
    form = Form.TRACKS
    decided_shift_ns = 0

    def decide(self, held: Held, recipient: str, now_ns: int, via: str | None = None) -> Decision:
        return Decision(
            item=ItemReference(item_id=held.item.item_id, version=held.item.version),
            sender=self._config.party,
            recipient=recipient,
            via=via,
            purpose=self._config.purpose,
            decided_ns=now_ns + self._config.decision_shift_ns + self.decided_shift_ns,
            outcome=Outcome.PERMIT,
            clauses=(self.clause,),
            reasons=(Reason.PERMITTED,),
            form=self.form,
            duties=self.duties(held.item),
        )

    def duties(self, _: AnyItem) -> Duties:
        return Duties()


def hostile(federation: Federation, party: str, kind: type[Hostile] = Hostile) -> Node:
    """A node of a federation that no longer asks policy."""
    node = federation.nodes[party]
    node.exchange = kind(node.config, node.agreements)
    return node


def test_what_no_agreement_permits_is_refused_by_the_recipient_and_the_stream_goes_on() -> None:
    federation = federation_of("separate-2009", 12)
    korea, jpn = hostile(federation, "KOR"), federation.nodes["JPN"]
    reports = [(at(t), "KOR", launch(korea, version=t)) for t in range(1, 6)]
    usa = federation.nodes["USA"]
    play(federation, [*reports, (at(3), "USA", launch(usa))])
    # Every event, the warning that Korea makes for Japan, and what it had of the United States.
    count = len(sent(korea, "JPN"))
    assert count > 6
    came = [record for record in received(jpn) if record.sender == "KOR"]
    assert [record.sequence for record in came] == list(range(1, count + 1))
    assert all("is not permitted by an agreement held here" in record.refusal for record in came)
    assert [record.refusal for record in came] == [text for text in jpn.refusals if "KOR" in text]
    assert korea.endpoint.acknowledged("JPN") == count
    assert not [item for item in jpn.holdings.items() if "KOR" in item.provenance.originators]
    assert held(jpn, "USA-seen").label.originator == "USA"
    assert jpn.holdings.by_sender == {"USA": 2}
    assert violations(federation) == ()


def test_what_the_hub_passes_on_without_leave_is_refused_by_the_recipient() -> None:
    federation = federation_of("separate-2009", 12)
    hostile(federation, "USA")
    korea, jpn = federation.nodes["KOR"], federation.nodes["JPN"]
    play(federation, [(at(1), "KOR", launch(korea))])
    came = [record.refusal for record in received(jpn)]
    assert came
    assert all("is not permitted by an agreement held here" in text for text in came)
    assert list(opened(jpn)) == []
    assert [sight for sight in jpn.holdings.items() if sight.label.originator == "KOR"] == []


class OtherForm(Hostile):
    form = Form.MEASUREMENTS


class Early(Hostile):
    decided_shift_ns = 61 * SECOND_NS


class Stale(Hostile):
    def duties(self, _: AnyItem) -> Duties:
        return Duties(expire_s=1, delay_s=3)


WRONG_RELEASES = [
    pytest.param(OtherForm, "came as measurements, the agreement gives another form", id="another form"),
    pytest.param(Early, "ahead of this node's clock", id="decided in the future"),
    pytest.param(Stale, "expired at 2009-04-05T02:30:", id="expired"),
]


@pytest.mark.parametrize(("kind", "refusal"), WRONG_RELEASES)
def test_a_release_that_is_not_as_the_agreement_says_is_refused(kind: type[Hostile], refusal: str) -> None:
    federation = federation_of("separate-2009", 8)
    jpn, usa = hostile(federation, "JPN", kind), federation.nodes["USA"]
    play(federation, [(at(1), "JPN", launch(jpn))])
    texts = [record.refusal for record in received(usa) if record.sender == "JPN"]
    assert texts
    assert all(refusal in text for text in texts)
    assert usa.holdings.newest("JPN-seen") is None


def _crafted(federation: Federation, item: Event) -> None:
    """Send an item as a partner would that signs whatever it likes."""
    node = federation.nodes["JPN"]
    decision = Hostile(node.config, node.agreements).decide(Held(item, b""), "USA", at(1))
    ready = Ready(
        recipient="USA",
        release=degrade(item, decision),
        held=Held(item, sign_label(federation._keys["JPN"], item)),
        consents=(),
    )
    places = (node.endpoint.stream, node.exchange.next_sequence)
    (record,) = release_records([ready], node.keys, *places, node._entropy)
    parcel = decode(record.parcel, Parcel)
    assert (parcel.release, parcel.marking) == (encode(ready.release), ready.held.marking)
    receipts = node._written([Entry(kind=EntryKind.RELEASE, content=encode(record))])
    node.endpoint.send("USA", record.sequence, record.parcel, receipts[0])


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"status": Status.REAL}, "is real, this node holds simulated items only"),
        ({"item_id": "USA-seen"}, "item `USA-seen` of `JPN` by `JPN` is named after `USA`: not used"),
        ({"item_id": "KOR-seen"}, "is named after `KOR`: not used"),
        ({"item_id": "anything"}, "is named after `anything`: not used"),
        ({"subject": "USA-seen"}, "is named after `USA`: not used"),
        ({"subject": "KOR-t1"}, "is named after `KOR`: not used"),
    ],
)
def test_an_item_under_another_name_or_status_is_refused(changes: dict[str, Any], refusal: str) -> None:
    federation = federation_of("separate-2009", 6)
    nodes = federation.nodes
    federation._advance(at(1))
    mine = launch(nodes["USA"])
    nodes["USA"].intake([mine])
    _crafted(federation, msgspec.structs.replace(launch(nodes["JPN"], version=9), **changes))
    play_on(federation)
    (record,) = [record for record in received(nodes["USA"]) if record.sender == "JPN"]
    assert refusal in record.refusal
    assert held(nodes["USA"], "USA-seen") == mine
    assert [
        warning.version for warning in nodes["USA"].holdings.warnings() if "USA-warn-USA" in warning.item_id
    ] == [1]


def play_on(federation: Federation) -> None:
    """Ticks to the end of the run."""
    for second in range(2, 6):
        federation._advance(at(second))
        for node in federation.nodes.values():
            node.tick()


def test_a_clock_does_not_run_back() -> None:
    clock = ManualClock(START_NS)
    clock.advance_to(START_NS)
    with pytest.raises(UsageError, match="cannot run back"):
        clock.advance_to(START_NS - 1)
    assert clock.now_ns() == START_NS


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"peers": ("JPN", "USA")}, "names the party itself"),
        ({"peers": ("USA", "USA")}, "a peer twice"),
        ({"token_key": b"short"}, "must have at least 16 bytes"),
    ],
)
def test_settings_that_cannot_be_are_refused(changes: dict[str, Any], refusal: str) -> None:
    config = federation_of("separate-2009").nodes["JPN"].config
    settings = {name: getattr(config, name) for name in config.__dataclass_fields__} | changes
    with pytest.raises(UsageError, match=refusal):
        NodeConfig(**settings)


def test_secrets_are_not_printed() -> None:
    config = federation_of("separate-2009").nodes["JPN"].config
    assert "token_key" not in repr(config)


def test_a_node_that_cannot_write_sends_nothing_and_stops_with_one_line() -> None:
    federation = federation_of("separate-2009", 6)
    jpn, usa = federation.nodes["JPN"], federation.nodes["USA"]
    federation._advance(at(1))
    jpn.intake([launch(jpn)])
    jpn.ledger._problem = "the disk is full"
    with pytest.raises(LedgerError, match="the disk is full"):
        jpn.tick()
    for act in (
        jpn.tick,
        lambda: jpn.intake([launch(jpn, version=2)]),
        lambda: jpn.retract_warning("x", "y"),
    ):
        with pytest.raises(LedgerError, match="this node has stopped, restore it from its ledger"):
            act()
    federation._advance(at(3))
    assert list(received(usa)) == []
