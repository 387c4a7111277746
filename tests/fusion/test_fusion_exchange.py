import dataclasses
import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.fusion import (
    Compressor,
    Contribution,
    EquivalentObservation,
    Exchange,
    ExchangeLimits,
    ExchangeOutcome,
    Pedigree,
    Tracker,
    coasted,
    information_sum,
)
from trilat.model import Lineage
from trilat.model.errors import ObservationError

S = 1_000_000_000
NOW_NS = 1_238_898_815 * S
COAST = np.array([-3.21e6, 3.89e6, 4.26e6, -1.9e3, 1.3e2, 8.7e2])


def token(number: int) -> bytes:
    return number.to_bytes(8, "big")


def contribution(
    source: str,
    observations: Any,
    originators: Any = None,
    *,
    age_s: float = 0.0,
    sigma_m: float = 100.0,
    coasting: bool = True,
    lineage: Lineage = Lineage.COMPLETE,
    constant_m: float = 0.0,
) -> Contribution:
    """A tracklet of the given observations; its mean is theirs alone, so that it can be told apart."""
    names = frozenset(originators or [source])
    time_ns = NOW_NS - round(age_s * S)
    mean, _ = coasted(COAST, np.eye(6), -age_s)
    mean = mean + np.array([10.0 * sum(observations), 0, 0, 0, 0, 0])
    covariance = np.diag([sigma_m**2] * 3 + [(sigma_m / 10.0) ** 2] * 3)
    pedigree = Pedigree(names, frozenset(map(token, observations)), lineage)
    tracklet = EquivalentObservation(time_ns, source, mean, covariance, constant_sigma_m=constant_m)
    return Contribution(tracklet, pedigree, coasting)


def merged(source: str, originators: Any, parts: Any, extra: Any = ()) -> Contribution:
    """What an honest aggregator makes of contributions of one instant, and of its own."""
    mean, covariance = information_sum([(p.tracklet.mean, p.tracklet.covariance) for p in [*parts, *extra]])
    tokens = frozenset().union(*(p.pedigree.observations for p in [*parts, *extra]))
    pedigree = Pedigree(frozenset(originators), tokens)
    return Contribution(EquivalentObservation(NOW_NS, source, mean, covariance), pedigree, coasting=True)


JPN1, JPN2 = contribution("JPN", [1, 2, 3]), contribution("JPN", [4, 5, 6])
KOR1, OURS = contribution("KOR", [11, 12]), contribution("USA", [21, 22])


def filled(*contributions: Contribution, **options: Any) -> Exchange:
    exchange = Exchange("USA", **options)
    exchange.offer(OURS)
    for given_one in contributions:
        assert exchange.receive(given_one, NOW_NS)[0] is ExchangeOutcome.ACCEPTED
    return exchange


# One row per refusal, in the order of the module; then what is accepted.
CASES = [
    ("lineage withheld", "uncountable", contribution("JPN", [7], lineage=Lineage.WITHHELD)),
    ("no observation named", "uncountable", contribution("JPN", [])),
    ("more observations than one may name", "uncountable", contribution("JPN", range(100, 357))),
    ("ten minutes old", "too-old", contribution("JPN", [7], age_s=600.0)),
    ("of the future", "too-new", contribution("JPN", [7], age_s=-2.1)),
    (
        "others' observations from one who may not vouch",
        "untrusted",
        contribution("KOR", [7, 8], ["KOR", "JPN"]),
    ),
    ("others' observations alone", "untrusted", contribution("KOR", [7], ["JPN"])),
    ("ours inside, all claimed to be its own", "false-lineage", contribution("JPN", [7, 21])),
    ("ours alone, claimed to be its own", "false-lineage", contribution("JPN", [21, 22])),
    ("another partner's, claimed to be its own", "false-lineage", contribution("JPN", [7, 11])),
    ("tighter than three observations can be", "too-certain", contribution("JPN", [7, 8, 9], sigma_m=0.5)),
    ("absurdly tight", "too-certain", contribution("JPN", [7], sigma_m=1e-3)),
    (
        "absurdly tight beside a wide constant error",
        "too-certain",
        contribution("JPN", [7], sigma_m=1e-3, constant_m=1e3),
    ),
    ("repeated", "known", JPN1),
    ("replayed later under another mean", "known", contribution("JPN", [1, 2, 3], age_s=5.0)),
    ("a part of what is counted", "known", contribution("JPN", [2])),
    ("made of what is counted", "known", contribution("JPN", [1, 2, 3, 4, 5, 6])),
    ("half of another window", "overlapping", contribution("JPN", [3, 7])),
    ("grown, but burning", "overlapping", contribution("JPN", [1, 2, 3, 7], sigma_m=50.0, coasting=False)),
    (
        "grown, with an error that is the same in each",
        "overlapping",
        contribution("JPN", [1, 2, 3, 7], sigma_m=50.0, constant_m=300.0),
    ),
    ("grown, but vaguer than its part", "overlapping", contribution("JPN", [1, 2, 3, 7], sigma_m=900.0)),
    ("grown by one observation", "reduced", merged("JPN", ["JPN"], [JPN1], [contribution("JPN", [7])])),
    ("something new", "accepted", contribution("JPN", [7])),
]


@pytest.mark.parametrize(("outcome", "given_one"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_what_becomes_of_a_contribution(outcome: str, given_one: Contribution) -> None:
    exchange = filled(JPN1, JPN2, KOR1)
    before, log = exchange.observations(), exchange.since()
    got, tracklet = exchange.receive(given_one, NOW_NS)
    assert got.value == outcome
    assert (tracklet is not None) == (outcome in {"accepted", "reduced"})
    assert exchange.counts()[outcome] >= 1
    if tracklet is None:
        assert (exchange.observations(), exchange.since()) == (before, log)
    else:
        assert exchange.observations() == before | given_one.pedigree.observations


def test_every_outcome_but_full_is_in_the_table() -> None:
    assert {row[1] for row in CASES} == {outcome.value for outcome in ExchangeOutcome} - {"full"}


def test_a_full_exchange_takes_no_more() -> None:
    exchange = filled(JPN1, limits=ExchangeLimits(contributions_max=2))
    assert exchange.receive(KOR1, NOW_NS) == (ExchangeOutcome.FULL, None)
    assert exchange.receive(JPN1, NOW_NS) == (ExchangeOutcome.KNOWN, None)


def test_a_trusted_aggregator_counts_less_what_is_held_already_ours_included() -> None:
    """A hub sends the sum of ours, Japan's and Korea's; of that only Korea's is new."""
    whole = merged("HUB", ["USA", "JPN", "KOR"], [OURS, JPN1], [KOR1])
    exchange = filled(JPN1, aggregators=["HUB"])
    outcome, tracklet = exchange.receive(whole, NOW_NS)
    assert outcome is ExchangeOutcome.REDUCED
    assert tracklet is not None
    assert np.allclose(tracklet.mean, KOR1.tracklet.mean, atol=1e-3)
    assert np.allclose(tracklet.covariance, KOR1.tracklet.covariance, rtol=1e-5, atol=1e-3)
    assert exchange.receive(KOR1, NOW_NS)[0] is ExchangeOutcome.KNOWN


def test_what_an_aggregator_sent_first_is_not_counted_again_when_its_parts_come() -> None:
    whole = merged("HUB", ["JPN", "KOR"], [JPN1, KOR1])
    exchange = filled(whole, aggregators=["HUB"])
    assert exchange.receive(JPN1, NOW_NS)[0] is ExchangeOutcome.KNOWN
    assert exchange.receive(KOR1, NOW_NS)[0] is ExchangeOutcome.KNOWN
    bigger = merged("HUB", ["JPN", "KOR"], [JPN1, KOR1], [JPN2])
    outcome, tracklet = exchange.receive(bigger, NOW_NS)
    assert outcome is ExchangeOutcome.REDUCED
    assert tracklet is not None
    assert np.allclose(tracklet.mean, JPN2.tracklet.mean, atol=1e-3)


def test_parts_of_other_instants_are_carried_before_they_are_taken_off() -> None:
    early = contribution("JPN", [1, 2, 3], age_s=20.0)
    late = contribution("JPN", [4])
    carried = coasted(early.tracklet.mean, early.tracklet.covariance, 20.0)
    mean, covariance = information_sum([carried, (late.tracklet.mean, late.tracklet.covariance)])
    whole = Contribution(
        EquivalentObservation(NOW_NS, "JPN", mean, covariance),
        Pedigree(frozenset(["JPN"]), early.pedigree.observations | late.pedigree.observations),
        coasting=True,
    )
    outcome, tracklet = filled(early).receive(whole, NOW_NS)
    assert outcome is ExchangeOutcome.REDUCED
    assert tracklet is not None
    assert np.allclose(tracklet.mean, late.tracklet.mean, atol=1e-2)


def test_a_tracklet_of_one_radar_plot_is_not_too_certain(world: Any, generic_flight: Any) -> None:
    plots = world.radar_plots([generic_flight], 2)[100:160:7]
    for number, plot in enumerate(plots):
        compressor = Compressor(plot.source, 0.0)
        compressor.add(plot, token(number))
        known = (np.concatenate(generic_flight.at((plot.time_ns - world.base_ns) / S)), "boost")
        (sent,) = compressor.take(plot.time_ns, {plot.time_ns: known}.get)
        assert Exchange("AUS").receive(sent, plot.time_ns)[0] is ExchangeOutcome.ACCEPTED


def test_a_combination_of_states_that_is_too_certain_is_found_too() -> None:
    """Every sigma is wide, but the sum of two coordinates is known to a millimetre."""
    covariance = np.diag([1e4] * 3 + [1e2] * 3)
    covariance[0, 1] = covariance[1, 0] = -1e4 * (1 - 1e-10)
    tight = EquivalentObservation(NOW_NS, "JPN", COAST, covariance)
    given_one = Contribution(tight, Pedigree(frozenset(["JPN"]), frozenset([token(1)])), coasting=True)
    assert Exchange("USA").receive(given_one, NOW_NS)[0] is ExchangeOutcome.TOO_CERTAIN


@pytest.mark.parametrize(
    ("given_one", "named"),
    [
        (JPN1, "did not make"),
        (contribution("USA", [1], ["USA", "JPN"]), "did not make"),
        (contribution("USA", []), "must name"),
        (contribution("USA", [31], lineage=Lineage.WITHHELD), "must name"),
        (OURS, "offered before"),
        (contribution("USA", [22, 23]), "offered before"),
    ],
)
def test_what_is_not_an_own_new_tracklet_is_not_offered(given_one: Contribution, named: str) -> None:
    with pytest.raises(ObservationError, match=named):
        filled().offer(given_one)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_limits_that_are_none_are_refused(value: float) -> None:
    with pytest.raises(ObservationError, match="memory_s"):
        ExchangeLimits(memory_s=value)


@pytest.mark.parametrize("now_ns", [1.5, True, 0.0, "now", 2**63])
def test_an_instant_that_is_none_is_refused(now_ns: Any) -> None:
    with pytest.raises(ObservationError, match="now_ns"):
        filled().receive(JPN1, now_ns)


def test_claimed_observations_are_ours_alone_and_cannot_be_taken_off() -> None:
    exchange = Exchange("USA", aggregators=["HUB"])
    exchange.claim([token(41), token(42)], NOW_NS)
    assert exchange.receive(contribution("JPN", [41]), NOW_NS)[0] is ExchangeOutcome.FALSE_LINEAGE
    assert exchange.receive(contribution("HUB", [41], ["USA"]), NOW_NS)[0] is ExchangeOutcome.KNOWN
    mixed = contribution("HUB", [41, 1], ["USA", "JPN"])
    assert exchange.receive(mixed, NOW_NS)[0] is ExchangeOutcome.OVERLAPPING
    exchange.claim([], NOW_NS + 601 * S)
    assert exchange.observations() == frozenset()


def test_what_is_too_old_is_forgotten_and_stays_refused() -> None:
    exchange = filled(JPN1)
    later = NOW_NS + 601 * S
    fresh = contribution("KOR", [99], age_s=-601.0)
    assert exchange.receive(fresh, later)[0] is ExchangeOutcome.ACCEPTED
    assert exchange.observations() == fresh.pedigree.observations
    assert exchange.receive(JPN1, later)[0] is ExchangeOutcome.TOO_OLD
    assert exchange.since(0) == ((fresh,), 3)
    assert exchange.since(2) == ((fresh,), 3)
    assert exchange.since(3) == ((), 3)
    assert exchange.since(99) == ((), 3)


# Any graph ------------------------------------------------------------------------------------------------


def graph(shape: str, nodes: list[str]) -> set[tuple[str, str]]:
    """Directed links, both ways, between nodes in a row."""
    count = len(nodes)
    pairs = {
        "chain": [(i, i + 1) for i in range(count - 1)],
        "star": [(0, i) for i in range(1, count)],
        "ring": [(i, (i + 1) % count) for i in range(count)],
        "full": [(i, j) for i in range(count) for j in range(i)],
    }[shape]
    return {(nodes[a], nodes[b]) for i, j in pairs for a, b in ((i, j), (j, i))}


@dataclass
class Net:
    """Nodes that pass on whatever they hold over links that lose, repeat, delay and reorder.

    A sender goes back to the last place that its neighbour has acknowledged, as the ledgers of nodes do;
    acknowledgements get lost too. `forged` is what a hostile node makes of each message that it passes on.
    """

    links: set[tuple[str, str]]
    exchanges: dict[str, Exchange]
    rng: random.Random
    loss: float = 0.2
    repeats: float = 0.3
    delay_s_max: int = 4
    fed: dict[str, list[Any]] = field(default_factory=dict)
    acknowledged: dict[tuple[str, str], int] = field(default_factory=dict)
    flying: list[tuple[int, tuple[str, str], Any, int]] = field(default_factory=list)
    sent: int = 0

    def tick(self, second: int, now_ns: int) -> None:
        for link in sorted(self.links):
            messages, place = self.exchanges[link[0]].since(self.acknowledged.get(link, 0))
            for copy in range(2 if self.rng.random() < self.repeats else 1):
                if messages and self.rng.random() >= self.loss:
                    due = second + self.rng.randint(0, self.delay_s_max) + copy
                    self.flying.append((due, link, messages, place))
        arrived = [message for message in self.flying if message[0] <= second]
        self.flying = [message for message in self.flying if message[0] > second]
        self.rng.shuffle(arrived)
        for _, link, messages, place in arrived:
            self._deliver(link, messages, now_ns)
            if self.rng.random() >= self.loss:
                self.acknowledged[link] = max(self.acknowledged.get(link, 0), place)

    def _deliver(self, link: tuple[str, str], messages: Any, now_ns: int) -> None:
        for message in self.rng.sample(list(messages), len(messages)):
            self.sent += 1
            _, tracklet = self.exchanges[link[1]].receive(message, now_ns)
            if tracklet is not None:
                self.fed.setdefault(link[1], []).append((message, tracklet))

    def quiet(self) -> bool:
        return not self.flying and all(
            self.exchanges[link[0]].since(self.acknowledged.get(link, 0))[0] == () for link in self.links
        )


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["chain", "star", "ring", "full"]), st.integers(2, 6), st.integers(0, 2**32))
def test_in_any_graph_each_observation_is_counted_once_everywhere_and_then_there_is_silence(
    shape: str, count: int, seed: int
) -> None:
    nodes = [f"P{i}" for i in range(count)]
    rng = random.Random(seed)
    net = Net(graph(shape, nodes), {node: Exchange(node) for node in nodes}, rng)
    made: dict[str, list[Contribution]] = {node: [] for node in nodes}
    number = 0
    for second in range(400):
        if second % 10 == 0 and second < 50:
            for node in nodes:
                observations = range(number, number + rng.randint(1, 5))
                number += len(observations)
                made[node].append(contribution(node, observations, age_s=0.0))
                net.exchanges[node].offer(made[node][-1])
        net.tick(second, NOW_NS)
        if second > 50 and net.quiet():
            break
    assert net.quiet(), "what goes round must come to rest"
    for node in nodes:
        counted = [t for message, _ in net.fed.get(node, []) for t in message.pedigree.observations]
        others = {t for n in nodes if n != node for c in made[n] for t in c.pedigree.observations}
        assert len(counted) == len(set(counted))
        assert set(counted) == others
        # Nothing was touched on the way: the very tracklets of the originators.
        assert {id(tracklet) for _, tracklet in net.fed.get(node, [])} == {
            id(c.tracklet) for n in nodes if n != node for c in made[n]
        }
    before = net.sent
    for second in range(400, 420):
        net.tick(second, NOW_NS)
    assert net.sent == before


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(7)))
def test_in_whatever_order_parts_and_wholes_come_the_information_is_the_same(order: list[int]) -> None:
    parts = [contribution("JPN", [n]) for n in range(4)]
    wholes = [
        merged("JPN", ["JPN"], parts[:2]),
        merged("JPN", ["JPN"], parts[2:]),
        merged("JPN", ["JPN"], parts),
    ]
    sent = [*parts, *wholes]
    exchange, fed = Exchange("USA"), []
    for place in order:
        outcome, tracklet = exchange.receive(sent[place], NOW_NS)
        assert outcome.value in {"accepted", "reduced", "known", "overlapping"}
        if tracklet is not None:
            fed.append((tracklet.mean, tracklet.covariance))
    total = information_sum(fed)
    expected = wholes[2].tracklet
    if len(exchange.observations()) == 4:
        assert np.allclose(total[1], expected.covariance, rtol=1e-6)
        assert np.allclose(total[0], expected.mean, atol=1e-2)


# Per recipient: only what that party may have ---------------------------------------------------------------


class Party:
    """A node as far as fusion goes: for each set of originators that may be used, an exchange and a tracker.

    Own tracklets are made in the view of own plots alone. What a neighbour gets comes from the view of what
    that neighbour may have.
    """

    def __init__(self, name: str, readers: dict[str, frozenset[str]], constant_m: float = 0.0) -> None:
        self.name = name
        self.constant_m = constant_m
        self.readers = readers
        sets = {frozenset([name]), *readers.values()}
        self.views = {allowed: (Exchange(name), Tracker()) for allowed in sets}
        self.compressor = Compressor(name, 10.0)
        self.numbers = 0

    def measure(self, plot: Any) -> None:
        self.numbers += 1
        self.compressor.add(plot, f"{self.name}{self.numbers:06d}".encode())
        for allowed, (_, tracker) in self.views.items():
            if self.name in allowed:
                tracker.add(plot)

    def publish(self, now_ns: int) -> None:
        _, own = self.views[frozenset([self.name])]

        def state_at(time_ns: int) -> Any:
            known = own.estimates(time_ns)
            return (known[0].mean, known[0].stage) if known else None

        for contribution in self.compressor.take(now_ns, state_at):
            tracklet = dataclasses.replace(contribution.tracklet, constant_sigma_m=self.constant_m)
            made = dataclasses.replace(contribution, tracklet=tracklet)
            for allowed, (exchange, _) in self.views.items():
                if self.name in allowed:
                    exchange.offer(made)

    def take(self, message: Contribution, now_ns: int) -> None:
        for allowed, (exchange, tracker) in self.views.items():
            if message.pedigree.originators <= allowed:
                _, tracklet = exchange.receive(message, now_ns)
                if tracklet is not None:
                    tracker.add(tracklet)


def flown(
    world: Any,
    flight: Any,
    shape: str,
    permitted: dict[str, frozenset[str]],
    silent: frozenset[str],
    constant_m: float = 0.0,
) -> tuple[list[Any], list[Any]]:
    """All that Japan got and all that it knew, every ten seconds, with the sensors of some off."""
    row = ["KOR", "USA", "JPN"]
    readers = {reader: permitted[reader] for reader in row}
    parties = {name: Party(name, readers, constant_m) for name in row}
    plots = [p for p in world.radar_plots([flight], 6) if p.source not in silent]
    links = sorted(graph(shape, row))
    cursors: dict[tuple[str, str], int] = {}
    place, told, known = 0, [], []
    for second in range(50, 200):
        now_ns = world.base_ns + second * S
        while place < len(plots) and plots[place].time_ns <= now_ns:
            parties[plots[place].source].measure(plots[place])
            place += 1
        for party in parties.values():
            party.publish(now_ns)
        for sender, reader in links:
            exchange, _ = parties[sender].views[permitted[reader]]
            messages, cursors[sender, reader] = exchange.since(cursors.get((sender, reader), 0))
            for message in messages:
                parties[reader].take(message, now_ns)
                if reader == "JPN":
                    told.append((second, sender, cursors[sender, reader], bytes_of(message)))
        if second % 10 == 0:
            estimates = parties["JPN"].views[permitted["JPN"]][1].estimates(now_ns)
            known.append(
                [(e.track_key, e.mean.tobytes(), e.covariance.tobytes(), e.sources) for e in estimates]
            )
    return told, known


def bytes_of(message: Contribution) -> Any:
    tracklet = message.tracklet
    return (
        tracklet.time_ns,
        tracklet.source,
        tracklet.mean.tobytes(),
        tracklet.covariance.tobytes(),
        sorted(message.pedigree.observations),
    )


EVERYONE = frozenset(["KOR", "USA", "JPN"])
# Japan may have nothing of Korea's, by no path; Korea nothing of Japan's.
APART = {"KOR": EVERYONE - {"JPN"}, "USA": EVERYONE, "JPN": EVERYONE - {"KOR"}}
TOGETHER = dict.fromkeys(EVERYONE, EVERYONE)


@pytest.mark.parametrize(("shape", "constant_m"), [("chain", 0.0), ("ring", 0.0), ("chain", 200.0)])
def test_one_who_may_not_be_heard_changes_no_bit_of_what_a_party_gets_and_knows(
    world: Any, generic_flight: Any, shape: str, constant_m: float
) -> None:
    with_korea = flown(world, generic_flight, shape, APART, frozenset(), constant_m)
    without = flown(world, generic_flight, shape, APART, frozenset(["KOR"]), constant_m)
    assert with_korea == without
    told, known = with_korea
    # Of its own tracklets some come back round; they are known.
    assert {source for _, _, _, (_, source, *_) in told} == {"USA", "JPN"}
    assert known[-1][0][3] == {"USA", "JPN"}
    # The premise: where it may be heard, it is, also through the one in the middle, and it counts.
    heard = flown(world, generic_flight, shape, TOGETHER, frozenset(), constant_m)
    assert heard != flown(world, generic_flight, shape, TOGETHER, frozenset(["KOR"]), constant_m)
    assert heard[1][-1][0][3] == EVERYONE
    assert "KOR" in {source for _, sender, _, (_, source, *_) in heard[0] if sender == "USA"}
