"""The picture of an earlier instant is what was known then, and of that what may still be shown."""

import dataclasses
import random
from typing import Any

import msgspec
import pytest
from tests.observed import PURPOSE, Plain, observed, records, second, ship, staffs
from tests.recall_drill import DRILL, SEEN, recalling
from tests.small_federation import PARTIES, START_NS, at, federation_of, launch, once, play

from trilat.ledger import EntryKind, MemoryStore
from trilat.model import SECOND_NS, LedgerError, Report, Status, UsageError, decode
from trilat.node import Node, Reading, ReadingRecord, ReadingStep, restore
from trilat.node.looking_back import PastPictures, shown_history
from trilat.node.past import PastPicture
from trilat.node.records import DeskRecord
from trilat.node.standing import plain_digest
from trilat.node.timeline import QUIET_S
from trilat.policy import internal_agreement
from trilat.scenario import named_scenario
from trilat.study import Federation, Yardstick

FLOWN_S = 100


def now_shown(node: Node) -> tuple[list[Plain], list[Plain]]:
    """What the staff's own reading shows: items and objects, each in order of their names."""
    reading = Reading(node, f"{node.config.party}/staff")
    reading.open()
    (data,) = [data for name, data in reading.frame() if name == "picture"]
    reading.close("seen")
    return ordered(data["changed"], data["sights"])


def ordered(items: list[Plain], sights: list[Plain]) -> tuple[list[Plain], list[Plain]]:
    return sorted(items, key=lambda item: item["id"]), sorted(sights, key=lambda sight: sight["key"])


def made(past: PastPicture) -> PastPicture:
    while not past.step():
        continue
    return past


def then_shown(node: Node, at_ns: int, pasts: PastPictures | None = None, person: str = "park") -> Plain:
    pasts = pasts or PastPictures()
    return pasts.finish(node, made(pasts.begin(node, at_ns)), person)


def again(federation: Federation, party: str) -> Node:
    """A node made anew from a copy of the ledger of another."""
    kept = federation._stores[party]
    federation._stores[party] = MemoryStore(list(kept.rows()))
    node = federation._node(party)
    federation._stores[party] = kept
    restore(node)
    return node


# --- refusals ---


@pytest.fixture(scope="module")
def quiet() -> Federation:
    federation = observed(staffs())
    second(federation, 1, {"JPN": [launch(federation.nodes["JPN"], at_s=0.5)]})
    for seconds in range(2, 8):
        second(federation, seconds)
    return federation


@pytest.mark.parametrize(
    ("case", "at_ns", "words"),
    [
        ("an hour ahead", at(3_600), "is still to come, it is 2009-04-05T02:30:22.2Z: ask for"),
        ("a moment ahead", at(7.2) + 1, "is still to come"),
        ("before the ledger", at(0.5), "nothing is known of 2009-04-05T02:30:15.5Z: the ledger begins at"),
        ("in another year", 1_000 * SECOND_NS, "nothing is known of 1970-01-01T00:16:40Z"),
    ],
)
def test_there_is_no_picture_of_what_was_not(quiet: Federation, case: str, at_ns: int, words: str) -> None:
    del case
    jpn = quiet.nodes["JPN"]
    before = jpn.ledger.head().entries
    with pytest.raises(UsageError, match=words) as refused:
        PastPictures().begin(jpn, at_ns)
    assert refused.value.facts["conflict"]
    assert jpn.ledger.head().entries == before


def test_a_node_with_an_empty_ledger_has_no_past() -> None:
    federation = observed(staffs())
    with pytest.raises(UsageError, match="the ledger has nothing yet"):
        PastPictures().begin(federation.nodes["JPN"], START_NS)


def test_staff_that_may_see_nothing_sees_nothing_of_the_past() -> None:
    federation = observed({})
    second(federation, 1, {"JPN": [launch(federation.nodes["JPN"], at_s=0.5)]})
    with pytest.raises(UsageError, match="may see nothing") as refused:
        PastPictures().begin(federation.nodes["JPN"], at(1))
    assert refused.value.facts["refused"]


def test_a_node_that_has_stopped_shows_nothing_of_its_past(quiet: Federation) -> None:
    stopped = again(quiet, "JPN")
    past = made(PastPictures().begin(stopped, at(5)))
    stopped.failure = "the disk is full"
    for asked in (
        lambda: PastPictures().begin(stopped, at(5)),
        lambda: PastPictures().finish(stopped, past, "park"),
        lambda: shown_history(stopped, 0, at(9), "park"),
    ):
        with pytest.raises(LedgerError, match="the disk is full"):
            asked()


def test_history_is_asked_in_the_order_of_time(quiet: Federation) -> None:
    with pytest.raises(UsageError, match="`until_ns` is before `from_ns`"):
        shown_history(quiet.nodes["JPN"], at(5), at(4), "park")


# --- the picture at T is the picture that the node had at T ---


@dataclasses.dataclass
class Flown:
    """A flight with ships beside it, and what every node's staff saw at instants of it."""

    federation: Federation
    seen: dict[tuple[str, int], tuple[list[Plain], list[Plain]]]


def _flown(regime: str) -> Flown:
    scenario = dataclasses.replace(named_scenario("two-stage-generic"), duration_s=float(FLOWN_S))
    federation = observed(staffs(), regime=regime, start_ns=scenario.launch_ns)
    labels = {party: node.label("report") for party, node in federation.nodes.items()}
    reports: list[Any] = list(Yardstick(scenario, 1).reports(labels, Status.SIMULATED))
    for party in ("JPN", "KOR"):
        node = federation.nodes[party]
        for number in range(3):
            for turn in range(8):
                instant_ns = scenario.launch_ns + (10 * turn + number) * SECOND_NS
                vessel = ship(node, number, version=turn + 1)
                moved = msgspec.structs.replace(vessel, valid_ns=instant_ns)
                reports.append((instant_ns + SECOND_NS // 3, party, moved))
    seen: dict[tuple[str, int], tuple[list[Plain], list[Plain]]] = {}

    def sample(running: Federation, now_ns: int) -> None:
        if (now_ns - scenario.launch_ns) // SECOND_NS % 7 == 3:
            for party, node in running.nodes.items():
                seen[party, now_ns] = now_shown(node)

    end_ns = scenario.launch_ns + FLOWN_S * SECOND_NS
    federation.settings = dataclasses.replace(federation.settings, end_ns=end_ns)
    federation.run(sorted(reports, key=lambda report: report[0]), sample=sample)
    return Flown(federation, seen)


@pytest.fixture(scope="module", params=["hub-2014", "multilateral"])
def flown(request: pytest.FixtureRequest) -> Flown:
    return _flown(request.param)


def test_the_flight_has_everything_in_it(flown: Flown) -> None:
    kinds = {item["kind"] for items, _ in flown.seen.values() for item in items}
    assert kinds >= {"track", "event", "warning", "vessel"}
    sights = {(sight["domain"], *sight["sources"]) for _, sights in flown.seen.values() for sight in sights}
    assert any(sight[0] == "missile" and len(sight) > 2 for sight in sights)
    assert {"maritime", "missile"} == {sight[0] for sight in sights}


@pytest.mark.parametrize("order", ["forwards", "backwards", "anyhow", "after a restart"])
def test_the_picture_of_an_instant_is_what_the_staff_saw_then(flown: Flown, order: str) -> None:
    for party in PARTIES:
        node = again(flown.federation, party) if order == "after a restart" else flown.federation.nodes[party]
        instants = [at_ns for seen_by, at_ns in flown.seen if seen_by == party]
        if order == "backwards":
            instants.reverse()
        elif order != "forwards":
            random.Random(7).shuffle(instants)
        pasts = PastPictures()
        for at_ns in instants:
            shown = then_shown(node, at_ns, pasts)
            assert ordered(shown["items"], shown["sights"]) == flown.seen[party, at_ns], (party, at_ns)
            assert (shown["at_ns"], shown["whole"], shown["removed"]) == (at_ns, True, [])


def test_a_trail_leads_to_where_the_object_was(flown: Flown) -> None:
    at_ns = max(at_ns for _, at_ns in flown.seen)
    shown = then_shown(flown.federation.nodes["USA"], at_ns)
    (sight,) = [sight for sight in shown["sights"] if sight["domain"] == "missile"][:1]
    trail = shown["trails"][f"sight:{sight['key']}"]
    instants = [point[0] for point in trail]
    assert instants == sorted(set(instants))
    assert len(instants) > 2
    assert at_ns - instants[-1] < 6 * SECOND_NS
    last = min(trail, key=lambda point: abs(point[0] - at_ns))
    assert abs(last[1] - sight["lat"]) < 0.5
    assert abs(last[2] - sight["lon"]) < 0.5
    assert all(name in {item["id"] for item in shown["items"]} for name in shown["trails"] if ":" not in name)


def test_objects_of_a_later_flight_are_named_as_they_were(flown: Flown) -> None:
    """After a quiet time a plot begins an episode, whose objects go on counting where the first ended."""
    node = again(flown.federation, "KOR")
    first = node.timeline.episode(max(at_ns for _, at_ns in flown.seen))
    named = max(pipeline.named() for pipeline in node.views.staff.pipelines.values())
    plot = next(item for item in node.holdings.items() if isinstance(item, Report))
    assert first is not None
    assert (first.named, named > 0) == (0, True)
    later_ns = first.ended_ns + QUIET_S * SECOND_NS + 1
    node.timeline.replay(node.ledger.head().entries, later_ns)
    node.timeline.note(plot)
    second_episode = node.timeline.episode(later_ns)
    assert second_episode is not None
    assert (second_episode.began_ns, second_episode.named) == (later_ns, named)
    assert node.timeline.episode(later_ns - 1) is first
    assert node.timeline.episode(later_ns - 1 + SECOND_NS) is second_episode


# --- what was taken away does not come back ---


def _drilled(seconds: int = 20) -> Federation:
    """Japan's launch reaches the US and Korea, and is called back at the tenth second."""
    internal = {
        f"internal-{party.lower()}.toml": internal_agreement(party, PURPOSE, "2000-01-01T00:00:00Z")
        for party in PARTIES
    }

    def changed(old: str) -> str:
        return DRILL.replace("recall-drill", "recall-drill-2" if "us-korea" in old else "recall-drill")

    federation = federation_of("separate-2009", seconds, changed=changed, more=internal)
    reports = [(at(1), "JPN", launch(federation.nodes["JPN"]))]
    seen: list[list[str]] = []

    def look(running: Federation, now_ns: int) -> None:
        if now_ns == at(8):
            items, _ = now_shown(running.nodes["USA"])
            seen.append([item["id"] for item in items])

    play(federation, reports, [look, once(10, recalling())])
    assert SEEN in seen[0]
    return federation


@pytest.fixture(scope="module")
def drilled() -> Federation:
    return _drilled()


def test_what_was_called_back_is_told_as_removed(drilled: Federation) -> None:
    for usa in (drilled.nodes["USA"], again(drilled, "USA")):
        shown = then_shown(usa, at(8))
        assert SEEN not in [item["id"] for item in shown["items"]]
        assert [(gone["id"], gone["by"]) for gone in shown["removed"]] == [(SEEN, "duty return-or-destroy")]
        history = shown_history(usa, at(0), at(30), "park")
        assert SEEN not in {event["id"] for event in history["events"]}


def test_who_made_it_still_sees_it(drilled: Federation) -> None:
    shown = then_shown(drilled.nodes["JPN"], at(8))
    assert SEEN in [item["id"] for item in shown["items"]]
    assert shown["removed"] == []


def test_a_picture_that_was_half_made_when_something_was_called_back_begins_anew() -> None:
    """A recall between two steps: nothing that was read before it may be shown behind it."""
    federation = _drilled(9)
    usa = federation.nodes["USA"]
    pasts = PastPictures()
    past = pasts.begin(usa, at(8))
    while past._to_take is None:
        past.step()
    assert usa.holdings.newest(SEEN) is not None
    recalling()(federation)
    for seconds in range(60, 70):
        second(federation, seconds)
    assert usa.holdings.newest(SEEN) is None
    shown = pasts.finish(usa, made(past), "park")
    assert SEEN not in [item["id"] for item in shown["items"]]
    assert [gone["id"] for gone in shown["removed"]] == [SEEN]


def test_a_picture_that_was_kept_is_not_shown_again_after_a_recall() -> None:
    federation = _drilled(9)
    usa, pasts = federation.nodes["USA"], PastPictures()
    assert SEEN in [item["id"] for item in then_shown(usa, at(8), pasts)["items"]]
    recalling()(federation)
    for seconds in range(60, 70):
        second(federation, seconds)
    assert SEEN not in [item["id"] for item in then_shown(usa, at(8), pasts)["items"]]


def test_what_has_expired_since_is_not_shown() -> None:
    federation = observed(staffs())
    jpn = federation.nodes["JPN"]
    seen = launch(jpn, at_s=0.5)
    short = msgspec.structs.replace(seen.label, expires_ns=seen.label.created_ns + 5 * SECOND_NS)
    second(federation, 1, {"JPN": [msgspec.structs.replace(seen, label=short)]})
    second(federation, 2)
    assert "JPN-seen" in [item["id"] for item in now_shown(jpn)[0]]
    for seconds in range(3, 9):
        second(federation, seconds)
    assert "JPN-seen" not in [item["id"] for item in then_shown(jpn, at(2.2))["items"]]
    events = shown_history(jpn, at(0), at(8), "park")["events"]
    assert "JPN-seen" not in {event["id"] for event in events}


# --- who looked ---


def test_each_look_is_in_the_ledger_before_it_is_shown_with_who_and_of_when(quiet: Federation) -> None:
    jpn = again(quiet, "JPN")
    shown = then_shown(jpn, at(5), person="park")
    record = records(jpn)[-1]
    assert isinstance(record, ReadingRecord)
    assert (record.what, record.reader, record.person) == (ReadingStep.PAST, "JPN/staff", "park")
    assert record.reason == "as known at 2009-04-05T02:30:20Z"
    entry = shown.pop("entry")
    assert (record.digest, entry) == (plain_digest(shown), jpn.ledger.head().entries - 1)
    assert {item.item_id for item in record.items} == {item["id"] for item in shown["items"]}


def test_a_look_at_what_happened_is_in_the_ledger_too(quiet: Federation) -> None:
    jpn = again(quiet, "JPN")
    told = shown_history(jpn, at(0), at(7), "park")
    stored = list(jpn.ledger.entries(kinds={EntryKind.DESK}))[-1]
    record = decode(stored.content or b"", DeskRecord)
    assert (record.officer, record.said, record.digest) == ("JPN/park", "history events", plain_digest(told))


# --- what happened when ---


def test_what_happened_is_told_when_it_was_known(quiet: Federation) -> None:
    for jpn in (quiet.nodes["JPN"], again(quiet, "JPN")):
        told = shown_history(jpn, at(0), at(7), "park")
        found = [
            (event["kind"], event["originator"], event["at_ns"] // SECOND_NS) for event in told["events"]
        ]
        assert found == [
            ("launch", "JPN", at(0.9) // SECOND_NS),
            ("raised", "JPN", at(1) // SECOND_NS),
        ]
        assert told["left_out"] == 0
        assert [event["status"] for event in told["events"]] == ["simulated", "simulated"]
        assert told["began_ns"] == at(0.9)
        assert shown_history(jpn, at(2), at(7), "park")["events"] == []


def test_a_warning_made_for_a_partner_is_no_event_of_the_staffs(quiet: Federation) -> None:
    told = shown_history(quiet.nodes["JPN"], at(0), at(7), "park")
    assert [event["id"] for event in told["events"] if event["kind"] == "raised"] == [
        "JPN-warn-JPN-launch-JPN-seen"
    ]


@pytest.mark.parametrize("rows", [1, 40, 400])
def test_an_instant_is_found_by_its_time_and_not_by_reading_on(quiet: Federation, rows: int) -> None:
    jpn = again(quiet, "JPN")
    instants = [stored.recorded_ns for stored in jpn.ledger.entries()]
    for at_ns in (0, instants[0], instants[rows % len(instants)], instants[-1], instants[-1] + SECOND_NS):
        first = jpn.timeline.first_entry(at_ns)
        assert all(recorded_ns <= at_ns for recorded_ns in instants[:first])
