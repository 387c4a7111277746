"""5 April 2009 without an agreement of Japan with Korea: nothing of one reaches the other by any path."""

import dataclasses
from collections.abc import Iterator

import pytest
from tests.small_federation import opened, received, sent

from trilat.ledger import EntryKind
from trilat.link import Parcel
from trilat.model import ItemReference, Release, decode, encode
from trilat.node.records import RECORD_BYTES_MAX, ReceivedRecord
from trilat.scenario import Scenario, named_scenario
from trilat.study import Federation, FederationSettings, Yardstick, preset, violations

DURATION_S = 230.0
"""Past the first staging: all three parties have tracks by then, and the launch was told."""

SEED = 3


def _flown(silent: frozenset[str] = frozenset()) -> Federation:
    """The federation after the flight, with the sensors of some parties off."""
    scenario: Scenario = dataclasses.replace(named_scenario("unha2-2009"), duration_s=DURATION_S)
    yardstick = Yardstick(scenario, SEED, silent_parties=silent)
    federation = Federation(
        FederationSettings(
            parties=scenario.parties,
            start_ns=scenario.launch_ns,
            end_ns=scenario.launch_ns + round(DURATION_S * 1e9),
            seed=SEED,
        ),
        preset("separate-2009"),
    )
    labels = {party: node.label("report") for party, node in federation.nodes.items()}
    federation.run(yardstick.reports(labels, federation.settings.status))
    return federation


@pytest.fixture(scope="module")
def flown() -> Federation:
    return _flown()


@pytest.fixture(scope="module")
def without_korea() -> Federation:
    return _flown(frozenset({"KOR"}))


def test_each_ally_tracks_and_gets_the_notice_and_the_united_states_gets_both(flown: Federation) -> None:
    """The premises: there is something of each that could leak, and the links carry."""
    nodes = flown.nodes
    assert all(
        node.holdings.own_tracks(node.config.party) > 0 and node.accepted_reports > 100
        for node in nodes.values()
    )
    assert nodes["USA"].holdings.by_originator["JPN"] > 50
    assert nodes["USA"].holdings.by_originator["KOR"] > 50
    for ally in ("JPN", "KOR"):
        kinds = {type(release.item).__name__ for _, release, _ in opened(nodes[ally])}
        assert {"Event", "Area", "Warning"} >= kinds >= {"Event", "Warning"}
    assert violations(flown) == ()


def _traces(federation: Federation, party: str) -> Iterator[bytes]:
    """What would betray a party in another's post: its code, its items, subjects, sensors and tokens."""
    node = federation.nodes[party]
    yield party.encode()
    for item in node.holdings.items():
        if item.label.originator == party:
            yield item.item_id.encode()
            yield item.subject.encode()
            yield from item.provenance.observations
    yield from (sensor.encode() for sensor in ("sejong",) if party == "KOR")
    yield from (sensor.encode() for sensor in ("kongo", "chokai", "kirishima") if party == "JPN")


@pytest.mark.parametrize(("reader", "other"), [("JPN", "KOR"), ("KOR", "JPN")])
def test_every_opened_byte_is_free_of_the_other(flown: Federation, reader: str, other: str) -> None:
    traces = set(_traces(flown, other))
    assert len(traces) > 100
    post = list(opened(flown.nodes[reader]))
    assert len(post) == len(list(received(flown.nodes[reader]))) > 5
    for record, release, parcel in post:
        everything = b"".join((record.parcel, parcel.release, parcel.marking, *parcel.consents))
        # That the United States may give an item to both allies is its own word in its own label.
        everything = everything.replace(b"\xa3JPN\xa3KOR", b"")
        found = {trace for trace in traces if trace in everything}
        assert found == set()
        assert record.sender == "USA"
        assert release.item.provenance.originators == ("USA",)
        assert set(release.item.label.releasable_to) <= {"JPN", "KOR"}


@pytest.mark.parametrize(("reader", "other"), [("JPN", "KOR"), ("KOR", "JPN")])
def test_nothing_in_the_readers_picture_is_of_the_other(flown: Federation, reader: str, other: str) -> None:
    node = flown.nodes[reader]
    assert all(other not in item.provenance.originators for item in node.holdings.items())
    assert all(other not in sight.sources for sight in node.sights())
    assert sent(flown.nodes[other], reader) == []


def _told(federation: Federation, reader: str) -> list[tuple[str, int, int, bytes]]:
    """All that a reader got: sender, number, instant and plain text of each release."""
    told = []
    for stored in federation.nodes[reader].ledger.entries(kinds={EntryKind.RECEIVED}):
        record = decode(stored.content or b"", ReceivedRecord, bytes_max=RECORD_BYTES_MAX)
        parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
        told.append((record.sender, record.sequence, stored.recorded_ns, parcel.release))
    return told


def test_with_koreas_sensors_off_japan_gets_the_very_same(
    flown: Federation, without_korea: Federation
) -> None:
    assert without_korea.nodes["KOR"].accepted_reports == 0
    assert _told(without_korea, "JPN") == _told(flown, "JPN")
    for run in (flown, without_korea):
        assert run.nodes["USA"].endpoint.acknowledged("JPN") == len(_told(flown, "JPN"))
    assert without_korea.nodes["JPN"].sights() == flown.nodes["JPN"].sights()


def test_the_united_states_does_notice(flown: Federation, without_korea: Federation) -> None:
    """The premise of the test above: Korea's sensors change what the United States knows."""
    assert _told(without_korea, "USA") != _told(flown, "USA")


def test_to_japan_the_united_states_writes_the_same_bytes_either_way(
    flown: Federation, without_korea: Federation
) -> None:
    """Also what was not opened: number, item and instant of every release in the stream."""

    def written(federation: Federation) -> list[tuple[int, ItemReference, int]]:
        return [
            (record.sequence, record.item, record.valid_ns) for record in sent(federation.nodes["USA"], "JPN")
        ]

    assert written(flown) == written(without_korea)


def test_plain_text_is_what_is_compared(flown: Federation) -> None:
    _, release, parcel = next(opened(flown.nodes["JPN"]))
    assert isinstance(release, Release)
    assert encode(release) == parcel.release
