"""What is shown was written before; readers know nothing of each other; a restart passes readings over."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.observed import (
    Events,
    Plain,
    clause_for,
    names,
    observed,
    observers,
    opened,
    own_track,
    picture,
    records,
    rows,
    second,
    ship,
    staffs,
)
from tests.policy.cases import kinematics
from tests.small_federation import at, impact, launch

from trilat.ledger import EntryKind, Ledger
from trilat.model import (
    SECOND_NS,
    AnyItem,
    LedgerError,
    UsageError,
)
from trilat.node import Reading, ReadingStep, decisions_in, digest_of, standing_digest
from trilat.node.records import READING_NAMES_MAX
from trilat.study import Federation

OBSERVED = observers() | staffs()


FORBIDDEN = clause_for(
    "KOR",
    effect='"forbid"',
    form="",
    highest="",
    kinds='["report", "track", "event", "area", "warning", "vessel"]',
)


# --- written before shown ---


def _follow(federation: Federation, reading: Reading, seconds: range) -> list[Events]:
    jpn = federation.nodes["JPN"]
    frames = []
    for t in seconds:
        second(federation, t, {"JPN": [ship(jpn, at_s=t - 0.5, version=t)] if t % 3 else []})
        frames.append(reading.frame())
    return frames


def test_every_record_has_the_digest_of_what_was_given() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    reading = Reading(jpn, "OBS")
    told: list[Events] = [[("opened", reading.open())]]
    told += _follow(federation, reading, range(1, 7))
    closed = reading.close("enough")
    assert closed == {"reason": "enough"}
    told.append([("closed", closed)])
    wrote = records(jpn)
    given = [events for events in told if events]
    assert [record.digest for record in wrote if record.what is not ReadingStep.STANDING] == [
        digest_of(events) for events in given
    ]
    stood: dict[str, Plain] = {}
    seen: dict[str, Plain] = {}
    digests = []
    for events in told[1:-1]:
        stood |= {plain["id"]: plain for plain in picture(events)["changed"]}
        seen |= {sight["key"]: sight for sight in picture(events)["sights"]}
        if not events:
            digests.append(standing_digest(stood, seen))
    standing = [record for record in wrote if record.what is ReadingStep.STANDING]
    assert [record.digest for record in standing] == digests
    assert len(digests) == 2
    assert [record.what for record in wrote][:2] == [ReadingStep.OPENED, ReadingStep.SHOWN]
    opening = told[0][0][1]["entry"]
    assert [record.opened for record in wrote] == [None] + [opening] * (len(wrote) - 1)
    assert {(record.reader, record.purpose) for record in wrote} == {("OBS", "missile-warning")}


def test_records_name_the_versions_that_were_shown_and_what_went() -> None:
    federation = observed(clause_for("JPN", duties="{ expire_s = 3 }"))
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    second(federation, 1, {"JPN": [ship(jpn, 1, at_s=0.5), ship(jpn, 2, at_s=0.5)]})
    reading.frame()
    second(federation, 5)
    reading.frame()
    _, shown, gone = records(jpn)
    assert [(reference.item_id, reference.version) for reference in shown.items] == [
        ("JPN-ais-1", 1),
        ("JPN-ais-2", 1),
    ]
    assert (gone.items, gone.gone) == ((), ("JPN-ais-1", "JPN-ais-2"))


def test_a_frame_with_many_names_is_several_records_of_one_commit() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    count = 2 * READING_NAMES_MAX + 5
    second(federation, 1, {"JPN": [ship(jpn, number, at_s=0.5) for number in range(count)]})
    reading = opened(jpn)
    events = reading.frame()
    parts = records(jpn)[1:]
    assert [(record.part, record.parts) for record in parts] == [(1, 3), (2, 3), (3, 3)]
    assert {record.digest for record in parts} == {digest_of(events)}
    written = [reference.item_id for record in parts for reference in record.items]
    assert written == [plain["id"] for plain in picture(events)["changed"]]
    entries = [stored.entry for stored in jpn.ledger.entries(kinds={EntryKind.READING})]
    assert entries[1:] == list(range(picture(events)["entry"], picture(events)["entry"] + 3))


def test_an_entry_says_where_the_record_is_and_is_in_no_digest() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    reading = Reading(jpn, "OBS")
    told = reading.open()
    entries = [stored.entry for stored in jpn.ledger.entries(kinds={EntryKind.READING})]
    assert entries == [told["entry"]]
    assert digest_of([("opened", told)]) == digest_of([("opened", {**told, "entry": 99})])
    assert digest_of([("opened", told)]) != digest_of([("opened", {**told, "at_ns": 99})])
    assert digest_of([("opened", told)]) != digest_of([("closed", told)])


def test_while_nothing_changes_it_is_written_down_every_second_and_not_more_often() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    second(federation, 1, {"JPN": [ship(jpn, at_s=0.5)]})
    reading.frame()
    before = len(records(jpn))
    for tenth in range(13, 113):
        federation._advance(at(tenth / 10))
        assert reading.frame() == []
    instants = [stored.recorded_ns for stored in jpn.ledger.entries(kinds={EntryKind.READING})][before:]
    assert all(later - earlier <= SECOND_NS for earlier, later in pairwise(instants))
    assert 10 <= len(instants) <= 20
    assert {record.what for record in records(jpn)[before:]} == {ReadingStep.STANDING}


class _Refusing:
    """A ledger whose disk is full."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def append(self, entries: Sequence[Any]) -> Any:
        raise LedgerError(f"no room for {len(entries)} entries")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


def _opens(reading: Reading) -> object:
    return reading.open()


def _frames(reading: Reading) -> object:
    return reading.frame()


def _closes(reading: Reading) -> object:
    return reading.close("enough")


@pytest.mark.parametrize(
    ("act", "first"),
    [
        pytest.param(_opens, None, id="opening"),
        pytest.param(_frames, _opens, id="a frame"),
        pytest.param(_closes, _opens, id="closing"),
    ],
)
def test_where_the_ledger_refuses_nothing_is_shown_and_the_reading_has_ended(
    act: Callable[[Reading], object],
    first: Callable[[Reading], object] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    federation = observed(OBSERVED | FORBIDDEN)
    jpn = federation.nodes["JPN"]
    second(federation, 1, {"JPN": [ship(jpn, at_s=0.5)]})
    reading = Reading(jpn, "OBS")
    if first is not None:
        first(reading)
    written = len(records(jpn))
    monkeypatch.setattr(jpn, "ledger", _Refusing(jpn.ledger))
    with pytest.raises(LedgerError, match="no room for 1 entries"):
        act(reading)
    monkeypatch.undo()
    assert reading.frame() == []
    assert reading.close("again") is None
    assert len(records(jpn)) == written
    assert jpn.views._watched == []


def test_a_refusal_that_cannot_be_written_is_the_ledgers_error(monkeypatch: pytest.MonkeyPatch) -> None:
    node = observed({}).nodes["JPN"]
    monkeypatch.setattr(node, "ledger", _Refusing(node.ledger))
    with pytest.raises(LedgerError, match="no room"):
        Reading(node, "OBS").open()


def test_of_a_node_that_stopped_nothing_is_shown() -> None:
    """Its state may have run ahead of its ledger."""
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    jpn.failure = "the disk is full"
    for act in (reading.frame, Reading(jpn, "OBS").open):
        with pytest.raises(LedgerError, match="nothing is shown: the disk is full"):
            act()
    assert reading.frame() == []
    assert len(records(jpn)) == 1


@pytest.mark.parametrize("kind", [*EntryKind, *ReadingStep], ids=lambda kind: kind.value)
def test_every_kind_of_entry_and_every_step_of_a_reading_is_on_its_page(
    kind: EntryKind | ReadingStep,
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")
    assert f"| `{kind.value}` |" in page


# --- readers among each other, and restarts ---


def _without_places(events: Events) -> Events:
    """Events without their places in the ledger, which all readers share."""
    return [(name, {key: value for key, value in data.items() if key != "entry"}) for name, data in events]


def test_readers_know_nothing_of_each_other() -> None:
    def followed(others: Sequence[str]) -> list[Events]:
        federation = observed(OBSERVED | FORBIDDEN)
        nodes = federation.nodes
        reading = opened(nodes["USA"])
        beside = [opened(nodes["USA"], other) for other in others]
        frames = []
        for t in range(1, 6):
            said: dict[str, list[AnyItem]] = {
                party: [launch(node, at_s=t - 0.5, version=t)] for party, node in nodes.items()
            }
            said["USA"].append(ship(nodes["USA"], t, at_s=t - 0.5))
            second(federation, t, said)
            for other in beside:
                other.frame()
            frames.append(_without_places(reading.frame()))
        if beside:
            beside[0].close("left")
        second(federation, 7)
        return [*frames, _without_places(reading.frame())]

    alone = followed([])
    assert followed(["USA/staff", "OBS", "USA/staff"]) == alone
    assert len([events for events in alone if events]) >= 5


def test_after_a_restart_readings_are_passed_over_and_readers_open_again() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    second(federation, 1, {"JPN": [launch(jpn, at_s=0.5), ship(jpn, at_s=0.5)]})
    before = reading.frame()
    for refused in ("KOR/staff", "JPN/other"):
        with pytest.raises(UsageError):
            Reading(jpn, refused).open()
    federation._rebuild("JPN")
    again = federation.nodes["JPN"]
    assert again is not jpn
    assert {item.item_id for item in again.holdings.items()} == {
        item.item_id for item in jpn.holdings.items()
    }
    assert again.ledger.verify().verified
    events = opened(again).frame()
    assert sorted(names(events)) == sorted(names(before))
    assert picture(events)["sights"] == picture(before)["sights"]
    assert {stored.kind for stored in again.ledger.entries()} >= {EntryKind.READING}


def test_senders_and_warnings_are_known_after_a_restart() -> None:
    federation = observed(OBSERVED)
    nodes = federation.nodes
    second(federation, 1, {party: [launch(node, at_s=0.5)] for party, node in nodes.items()})
    second(federation, 2)
    before = {plain["id"]: plain for plain in picture(opened(nodes["USA"]).frame())["changed"]}
    assert before["KOR-seen"]["sender"] == "KOR"
    federation._rebuild("USA")
    after = {plain["id"]: plain for plain in picture(opened(federation.nodes["USA"]).frame())["changed"]}
    assert after == before


def test_a_partners_nonsense_costs_its_own_copy_and_no_more() -> None:
    """Rounded, its numbers would be beyond what can be written."""
    federation = observed(clause_for("JPN", form='"coarse-tracks"', duties="{ round_position_m = 10000 }"))
    jpn = federation.nodes["JPN"]
    edge = kinematics(at(0.5), position_mm=(2**63 - 1, 0, 0), constant_sigma_mm=2**63 - 1)
    reading = opened(jpn)
    second(
        federation,
        1,
        {"JPN": [own_track(jpn, at_s=0.5, state=edge), impact(jpn, at_s=0.5)]},
    )
    events = reading.frame()
    assert "JPN-fall 1" in names(events)
    assert not any(name.startswith("JPN-t ") for name in names(events))
    assert any("`JPN-t` is not shown to `OBS`" in line for line in jpn.refusals)


def test_objects_that_no_filter_can_carry_leave_the_items_to_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    second(federation, 1, {"JPN": [ship(jpn, at_s=0.5)]})

    def fails(_: int) -> Any:
        raise UsageError("beyond the Moon")

    monkeypatch.setattr(jpn.views.staff, "sights", fails)
    for t in (2, 3, 4):
        second(federation, t)
        assert picture(reading.frame())["sights"] == []
    assert [line for line in jpn.refusals if "beyond the Moon" in line] == [
        "no objects for `OBS`: beyond the Moon"
    ]


def test_the_ledger_tells_of_decisions_in_the_same_numbers() -> None:
    """A row's number is the place of its decision among all of the ledger."""
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    second(federation, 1, {"JPN": [launch(jpn, at_s=0.5)]})
    made = [
        decision
        for stored in jpn.ledger.entries(kinds={EntryKind.DECISION})
        for decision in decisions_in(stored.content or b"")
    ]
    for row in rows(opened(jpn).frame()):
        decision = made[row["number"] - 1]
        assert decision.item is not None
        assert (decision.item.item_id, decision.recipient) == (row["item_id"], row["recipient"])
