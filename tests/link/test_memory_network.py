"""The simulated network: faults as data, the same by seed, one link never touching another."""

from collections.abc import Sequence

import pytest

from trilat.link import Cut, LinkFaults, MemoryNetwork
from trilat.model import UsageError

PARTIES = ("KOR", "USA", "JPN")
HARSH = LinkFaults(loss=0.2, repeat=0.2, reorder=0.3, delay_min_ns=10, delay_max_ns=100, reorder_delay_ns=500)


def _run(
    network: MemoryNetwork, links: Sequence[tuple[str, str]], count: int = 200
) -> dict[str, list[tuple[int, bytes]]]:
    """What each party got and when, while every link sends `count` messages, one each 7 ns."""
    got: dict[str, list[tuple[int, bytes]]] = {party: [] for party in PARTIES}
    at = [0]

    def listen(party: str) -> None:
        network.endpoint(party).listen(lambda payload: got[party].append((at[0], payload)))

    for party in PARTIES:
        listen(party)
    for at[0] in range(count * 7 + 1_000):
        network.due(at[0])
        if at[0] % 7 == 0 and at[0] < count * 7:
            for sender, recipient in links:
                payload = f"{sender}>{recipient} {at[0] // 7}".encode()
                network.endpoint(sender).send(recipient, payload)
        network.due(at[0])
    return got


def test_without_faults_all_arrives_at_once_in_order() -> None:
    got = _run(MemoryNetwork(), [("KOR", "USA")], count=5)
    assert got["USA"] == [(7 * number, f"KOR>USA {number}".encode()) for number in range(5)]


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    links = [("KOR", "USA"), ("USA", "JPN")]
    first, again, other = (_run(MemoryNetwork(HARSH, seed), links) for seed in (4, 4, 5))
    assert first == again != other


def test_traffic_of_one_link_changes_no_other() -> None:
    alone = _run(MemoryNetwork(HARSH, 4), [("KOR", "USA")])
    crowded = _run(MemoryNetwork(HARSH, 4), [("JPN", "USA"), ("KOR", "USA"), ("USA", "KOR"), ("KOR", "JPN")])
    assert [one for one in crowded["USA"] if one[1].startswith(b"KOR")] == alone["USA"]


def test_the_two_directions_of_a_link_differ() -> None:
    got = _run(MemoryNetwork(HARSH, 4), [("KOR", "USA"), ("USA", "KOR")])
    assert [at for at, _ in got["USA"]] != [at for at, _ in got["KOR"]]


def test_each_fault_does_what_it_says() -> None:
    link = [("KOR", "USA")]
    sent = [f"KOR>USA {number}".encode() for number in range(200)]
    lossy = [payload for _, payload in _run(MemoryNetwork(LinkFaults(loss=0.3)), link)["USA"]]
    assert 100 < len(lossy) < 180
    assert lossy == [payload for payload in sent if payload in set(lossy)]
    doubled = [payload for _, payload in _run(MemoryNetwork(LinkFaults(repeat=0.3)), link)["USA"]]
    assert 220 < len(doubled) < 300
    assert set(doubled) == set(sent)
    delayed = _run(MemoryNetwork(LinkFaults(delay_min_ns=20, delay_max_ns=90)), link)["USA"]
    assert [payload for _, payload in delayed] == sent
    assert all(20 <= at - 7 * number <= 90 for number, (at, _) in enumerate(delayed))
    assert len({at - 7 * number for number, (at, _) in enumerate(delayed)}) > 20
    overtaken = _run(MemoryNetwork(LinkFaults(reorder=0.3, reorder_delay_ns=200)), link)["USA"]
    assert sorted(payload for _, payload in overtaken) == sorted(sent)
    assert [payload for _, payload in overtaken] != sent


def test_a_cut_severs_both_directions_for_its_time_and_no_other_link() -> None:
    cut = Cut(a="KOR", b="USA", from_ns=100, to_ns=500)
    links = [("KOR", "USA"), ("USA", "KOR"), ("KOR", "JPN")]
    got = _run(MemoryNetwork(LinkFaults(cuts=(cut,))), links)
    for party, count in (("USA", 143), ("KOR", 143), ("JPN", 200)):
        assert len(got[party]) == count
    assert not [at for at, _ in got["USA"] if 100 <= at < 500]


def test_what_is_on_its_way_into_a_cut_is_lost() -> None:
    faults = LinkFaults(delay_min_ns=50, delay_max_ns=50, cuts=(Cut(a="USA", b="KOR", from_ns=40, to_ns=60),))
    network = MemoryNetwork(faults)
    got: list[bytes] = []
    network.listen("USA", got.append)
    network.endpoint("KOR").send("USA", b"early")
    network.due(70)
    network.endpoint("KOR").send("USA", b"late")
    network.due(200)
    assert got == [b"late"]


def test_faults_stop_at_their_end() -> None:
    faults = LinkFaults(loss=1.0, delay_min_ns=3, delay_max_ns=3, end_ns=700)
    got = _run(MemoryNetwork(faults), [("KOR", "USA")])["USA"]
    assert got == [(7 * number + 3, f"KOR>USA {number}".encode()) for number in range(100, 200)]


def test_single_links_may_have_faults_of_their_own() -> None:
    network = MemoryNetwork(LinkFaults(loss=1.0), links={("KOR", "USA"): LinkFaults()})
    got = _run(network, [("KOR", "USA"), ("USA", "KOR")])
    assert (len(got["USA"]), len(got["KOR"])) == (200, 0)


def test_time_moves_by_deliveries_and_never_back() -> None:
    network = MemoryNetwork(LinkFaults(delay_min_ns=10, delay_max_ns=10))
    seen: list[bytes] = []

    def echo(payload: bytes) -> None:
        seen.append(payload)
        if len(seen) < 3:
            network.endpoint("USA").send("USA", payload)

    network.listen("USA", echo)
    assert network.next_ns() is None
    network.endpoint("KOR").send("USA", b"x")
    assert network.next_ns() == 10
    assert network.due(29) == 2
    assert network.next_ns() == 30
    with pytest.raises(UsageError, match="does not go back"):
        network.due(28)
    assert (network.due(30), len(seen), network.next_ns()) == (1, 3, None)


def test_what_arrives_where_nobody_listens_is_lost() -> None:
    network = MemoryNetwork()
    got: list[bytes] = []
    network.listen("USA", got.append)
    network.endpoint("KOR").send("USA", b"one")
    network.drop("USA")
    network.drop("USA")
    assert network.due(1) == 0
    network.listen("USA", got.append)
    assert (network.due(2), got) == (0, [])


@pytest.mark.parametrize(
    "faults",
    [
        {"loss": -0.1},
        {"loss": 1.1},
        {"repeat": float("nan")},
        {"reorder": 2.0},
        {"delay_min_ns": -1},
        {"delay_min_ns": 2, "delay_max_ns": 1},
        {"reorder_delay_ns": -1},
    ],
)
def test_faults_that_cannot_be_are_refused(faults: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="LinkFaults"):
        LinkFaults(**faults)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="seed"):
        MemoryNetwork(seed=-1)
