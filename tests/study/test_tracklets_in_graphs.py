"""Tracklets in a chain and a ring of nodes: what goes round counts once, what may not be heard is not."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from tests.small_federation import opened

from trilat.ledger import EntryKind
from trilat.link import Parcel
from trilat.model import Form, Track, decode
from trilat.node.records import RECORD_BYTES_MAX, ReceivedRecord
from trilat.policy import AgreementSet, read_agreement
from trilat.scenario import named_scenario
from trilat.study import Federation, FederationSettings, Yardstick, preset, violations

SCENARIO = dataclasses.replace(named_scenario("two-stage-generic"), duration_s=150.0)
SEED = 5

HEAD = """
[agreement]
id = "graph"
version = 1
title = "Tracklets along a graph (made up)"
parties = ["USA", "JPN", "KOR"]
in_force_from = 2027-01-01T00:00:00Z
purposes = ["missile-warning"]
onward = "with-consent"
"""
CLAUSE = """
[[clause]]
id = "{name}"
article = "made up"
effect = "permit"
domains = ["missile"]
kinds = ["track"]
from = {givers}
to = {receivers}
{via}
highest = {{ scheme = "USA", level = "SECRET" }}
form = "tracklets"
"""


def clause(name: str, givers: list[str], receivers: list[str], via: str = "") -> str:
    return CLAUSE.format(
        name=name, givers=givers, receivers=receivers, via=f'via = "{via}"' if via else ""
    ).replace("'", '"')


# Korea hears all; Japan hears the United States, and Korea by no path.
CHAIN = HEAD + "".join(
    [
        clause("to-the-middle", ["JPN", "KOR"], ["USA"]),
        clause("of-the-middle", ["USA"], ["JPN", "KOR"]),
        clause("through", ["JPN"], ["KOR"], "USA"),
    ]
)
# And round: Korea passes on to Japan what it has of the United States, and Japan's goes to Korea both ways.
RING = CHAIN + clause("round", ["USA"], ["JPN"], "KOR") + clause("straight", ["JPN"], ["KOR"])


def flown(agreement: str, silent: frozenset[str] = frozenset()) -> Federation:
    yardstick = Yardstick(SCENARIO, SEED, silent_parties=silent)
    settings = FederationSettings(
        parties=SCENARIO.parties,
        start_ns=SCENARIO.launch_ns,
        end_ns=SCENARIO.launch_ns + round(SCENARIO.duration_s * 1e9),
        seed=SEED,
    )
    agreements = AgreementSet.of({"graph.toml": read_agreement("graph.toml", agreement)})
    federation = Federation(settings, dataclasses.replace(preset("multilateral"), agreements=agreements))
    labels = {party: node.label("report") for party, node in federation.nodes.items()}
    federation.run(yardstick.reports(labels, federation.settings.status))
    return federation


@pytest.fixture(scope="module", params=["chain", "ring"])
def pair(request: Any) -> Iterator[tuple[str, Federation, Federation]]:
    """One flight in a graph with all sensors, and one with Korea's off."""
    text = {"chain": CHAIN, "ring": RING}[request.param]
    both = flown(text), flown(text, frozenset({"KOR"}))
    yield request.param, *both
    for federation in both:
        federation.close()


def told(federation: Federation, reader: str) -> list[tuple[str, int, int, bytes]]:
    """All that a reader got: sender, number, instant and plain text of each release."""
    rows = []
    for stored in federation.nodes[reader].ledger.entries(kinds={EntryKind.RECEIVED}):
        record = decode(stored.content or b"", ReceivedRecord, bytes_max=RECORD_BYTES_MAX)
        parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
        rows.append((record.sender, record.sequence, stored.recorded_ns, parcel.release))
    return rows


def ways(federation: Federation, reader: str) -> set[tuple[str, str]]:
    """Sender and originator of every track of tracklets that a reader opened."""
    return {
        (record.sender, release.item.label.originator)
        for record, release, _ in opened(federation.nodes[reader])
        if isinstance(release.item, Track) and release.form is Form.TRACKLETS
    }


def test_tracklets_go_along_the_graph_and_nowhere_else(pair: tuple[str, Federation, Federation]) -> None:
    shape, federation, _ = pair
    assert violations(federation) == ()
    straight = {("USA", "USA")}
    assert ways(federation, "JPN") == straight | ({("KOR", "USA")} if shape == "ring" else set())
    through = {("USA", "USA"), ("USA", "JPN")}
    assert ways(federation, "KOR") == through | ({("JPN", "JPN")} if shape == "ring" else set())
    assert ways(federation, "USA") == {("JPN", "JPN"), ("KOR", "KOR")}


def test_with_koreas_sensors_off_japan_gets_and_knows_the_very_same(
    pair: tuple[str, Federation, Federation],
) -> None:
    shape, federation, without = pair
    assert without.nodes["KOR"].accepted_reports == 0
    assert federation.nodes["KOR"].accepted_reports > 50
    if shape == "chain":
        assert told(without, "JPN") == told(federation, "JPN")
    else:
        # Korea's own stream and the United States': each is the same, bit by bit.
        for sender in ("USA", "KOR"):
            assert [row for row in told(without, "JPN") if row[0] == sender] == [
                row for row in told(federation, "JPN") if row[0] == sender
            ]
    assert without.nodes["JPN"].sights() == federation.nodes["JPN"].sights()
    assert federation.nodes["JPN"].sights()[0].sources == {"USA", "JPN"}


def test_korea_and_the_united_states_do_notice(pair: tuple[str, Federation, Federation]) -> None:
    """The premise of the test above."""
    _, federation, without = pair
    for party in ("KOR", "USA"):
        assert federation.nodes[party].sights()[0].sources == {"USA", "JPN", "KOR"}
        assert without.nodes[party].sights() != federation.nodes[party].sights()


def test_what_comes_by_two_ways_counts_once(pair: tuple[str, Federation, Federation]) -> None:
    """In the ring Japan's tracklets reach Korea twice and the United States' reach Japan twice."""
    shape, federation, _ = pair
    if shape == "chain":
        pytest.skip("a chain has one way")
    chain = flown(CHAIN)
    for party in ("JPN", "KOR"):
        (round_about,), (straight,) = (f.nodes[party].sights() for f in (federation, chain))
        assert round_about.semi_major_m == pytest.approx(straight.semi_major_m, rel=0.05)
    chain.close()
