"""Keys change while nodes run: nothing is lost or doubled, what is revoked is refused."""

from collections.abc import Sequence
from typing import Any

import pytest
from tests.link.ceremony import Household
from tests.small_federation import (
    PARTIES,
    START_NS,
    at,
    federation_of,
    launch,
    once,
    opened,
    play,
    received,
    sent,
)

from trilat.ledger import EntryKind
from trilat.link import (
    Announcement,
    Cut,
    LinkFaults,
    NodeKeys,
    Revoked,
    decode_announcement,
    key_request,
)
from trilat.model import SECOND_NS, PeerError, TrustError, UsageError
from trilat.node import Node, restore
from trilat.study import Crash, Federation, FederationSettings, preset, violations
from trilat.study.federation import STEADY_LINKS, Person

SECONDS = 60
LOSSY = LinkFaults(
    loss=0.2,
    repeat=0.2,
    reorder=0.2,
    delay_min_ns=1_000_000,
    delay_max_ns=SECOND_NS // 2,
    reorder_delay_ns=SECOND_NS,
    cuts=(Cut(a="KOR", b="USA", from_ns=at(8), to_ns=at(24)),),
    end_ns=at(SECONDS - 15),
)


class Rooted(Federation):
    """A federation of parties with roots, each of which every other has pinned."""

    houses: dict[str, Household]

    def _node(self, party: str) -> Node:
        if not hasattr(self, "houses"):
            self.houses = {
                code: Household(code, number, given=keys)
                for number, (code, keys) in enumerate(self._keys.items())
            }
            self.first = {code: house.newest for code, house in self.houses.items()}
        node = super()._node(party)
        # What lies in a folder: the states of the beginning.
        for signed in self.first.values():
            node.trusting.store.pin_state(signed)
        return node

    def rotate(self, party: str, revoked_as_of_ns: int | None = None) -> None:
        """New keys of a party, which its running node takes."""
        house, node = self.houses[party], self.nodes[party]
        new = NodeKeys.generate(party, house.draw)
        old = NodeKeys.from_private_bytes(party, self._keys[party].private_bytes())
        stolen = old.pin.signing_public
        revoked = {} if revoked_as_of_ns is None else {stolen: Revoked(as_of_ns=revoked_as_of_ns)}
        request = key_request(new, house.card(new), None if revoked else old)
        house.chain.append(house.root.next(house.newest, request, house.issue(revoked)))
        node.trusting.reload = lambda: new
        assert node.trusting.learn(Announcement(states=(house.newest,)))
        assert self._keys[party].pin == new.pin


def rotating(at_s: float, party: str, revoked_as_of_ns: int | None = None) -> Person:
    """People who change their node's keys at a second."""

    def act(federation: Federation) -> None:
        assert isinstance(federation, Rooted)
        federation.rotate(party, revoked_as_of_ns)

    return once(at_s, act)


def rooted(
    faults: LinkFaults = STEADY_LINKS, crashes: Sequence[Crash] = (), seconds: int = SECONDS, seed: int = 0
) -> Rooted:
    settings = FederationSettings(
        parties=PARTIES,
        start_ns=START_NS,
        end_ns=START_NS + seconds * SECOND_NS,
        seed=seed,
        faults=faults,
        crashes=tuple(crashes),
    )
    return Rooted(settings, preset("realtime-2023"))


def reports(federation: Federation, until_s: int) -> list[tuple[int, str, Any]]:
    nodes = federation.nodes
    return [
        (at(t + offset), party, launch(nodes[party], version=t))
        for offset, party in ((0.1, "JPN"), (0.3, "KOR"), (0.6, "USA"))
        for t in range(1, until_s, 2)
    ]


def streams(federation: Federation) -> int:
    """How many releases went over; everything sent came, once, on one stream each."""
    count = 0
    for sender in PARTIES:
        for recipient in PARTIES:
            if sender == recipient:
                continue
            out = sent(federation.nodes[sender], recipient)
            got = [record for record in received(federation.nodes[recipient]) if record.sender == sender]
            assert len({record.stream for record in out} | {record.stream for record in got}) <= 1
            numbers = list(range(1, len(out) + 1))
            assert [record.sequence for record in out] == numbers
            assert sorted(record.sequence for record in got) == numbers, "what overtakes comes once too"
            assert not [record.refusal for record in got if "revoked" in record.refusal]
            count += len(out)
    return count


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_keys_rotate_in_running_nodes_on_bad_links_and_nothing_is_lost_or_doubled(seed: int) -> None:
    federation = rooted(LOSSY, seed=seed)
    people = [
        rotating(10, "KOR"),
        rotating(12, "USA"),
        rotating(14, "KOR"),
        rotating(20, "JPN"),
    ]
    play(federation, reports(federation, SECONDS - 20), people)
    assert streams(federation) > 60
    assert not violations(federation)
    for node in federation.nodes.values():
        for party, house in federation.houses.items():
            assert node.trusting.store.state(party) == house.state


def test_a_key_that_was_stolen_is_revoked_and_what_waits_is_signed_anew() -> None:
    cut = Cut(a="KOR", b="USA", from_ns=at(5), to_ns=at(30))
    federation = rooted(LinkFaults(delay_min_ns=1_000, delay_max_ns=1_000, cuts=(cut,)))
    people = [rotating(20, "KOR", revoked_as_of_ns=at(4))]
    play(federation, reports(federation, 40), people)
    assert streams(federation) > 40
    waited = [release for _, release, _ in opened(federation.nodes["USA"]) if release.sender == "KOR"]
    assert any(release.item.version < 20 for release in waited), "marked with the stolen key, and sent after"
    assert federation.nodes["JPN"].trusting.store.state("KOR") == federation.houses["KOR"].state


def test_nodes_that_fall_after_a_rotation_come_back_with_what_they_knew() -> None:
    crashes = [
        Crash(party="USA", at_ns=at(22.5), again_ns=at(26)),
        Crash(party="KOR", at_ns=at(30.5), again_ns=at(30.5)),
    ]
    federation = rooted(crashes=crashes)
    people = [rotating(15, "KOR"), rotating(18, "USA")]
    play(federation, reports(federation, 45), people)
    assert streams(federation) > 60
    for node in federation.nodes.values():
        for party in ("KOR", "USA"):
            state = node.trusting.store.state(party)
            assert state is not None
            assert state.version == 2


def test_a_change_is_written_before_the_second_is_over() -> None:
    federation = rooted(seconds=12)
    play(federation, [], [rotating(5, "KOR")])
    for node in federation.nodes.values():
        (stored,) = node.ledger.entries(kinds={EntryKind.TRUST})
        assert stored.content is not None
        told = decode_announcement(stored.content)
        assert told.states == (federation.houses["KOR"].newest,)
        assert stored.recorded_ns <= at(8)
    kor = federation.nodes["KOR"].trusting
    assert [kor.held_by(peer) for peer in ("JPN", "USA")] == [2, 2]


def test_a_partner_that_missed_states_gets_all_of_them() -> None:
    cut = Cut(a="JPN", b="KOR", from_ns=at(3), to_ns=at(25))
    federation = rooted(LinkFaults(delay_min_ns=1_000, delay_max_ns=1_000, cuts=(cut,)), seconds=60)
    people = [rotating(s, "KOR") for s in (5, 10, 15, 20)]
    play(federation, reports(federation, 20), people)
    state = federation.nodes["JPN"].trusting.store.state("KOR")
    assert state is not None
    assert state.version == 5


def test_evidence_of_a_fork_is_written_and_the_first_state_stays() -> None:
    federation = rooted(seconds=20)
    kor = federation.houses["KOR"]
    other = kor.root.next(kor.newest, None, kor.issue())

    def show(it: Federation) -> None:
        it.nodes["KOR"].endpoint.introduce("USA", Announcement(states=(other,)))

    play(federation, [], [rotating(5, "KOR"), once(12, show), once(14, show), once(16, show)])
    usa = federation.nodes["USA"]
    assert usa.trusting.store.state("KOR") == kor.state
    assert len(usa.trusting.store.forks("KOR")) == 1
    kept = [
        stored.content
        for stored in usa.ledger.entries(kinds={EntryKind.REFUSAL})
        if stored.content is not None and other.signed in stored.content
    ]
    assert len(kept) == 1, "the same again is no new evidence"
    assert any("signed two different trust states 2" in line for line in usa.refusals)


def test_a_party_that_revokes_its_root_is_believed_by_nobody_and_its_partners_are_told() -> None:
    federation = rooted(seconds=30)
    paper = Announcement(revocation=federation.houses["KOR"].root.revocation())

    def withdraw(it: Federation) -> None:
        assert it.nodes["KOR"].trusting.learn(paper)

    play(federation, reports(federation, 28), [once(10, withdraw)])
    for party in ("JPN", "USA"):
        node = federation.nodes[party]
        assert node.trusting.store.is_revoked("KOR")
    # The two that are linked with each other: USA takes nothing more of KOR, and seals nothing more to it.
    usa = federation.nodes["USA"]
    assert any("KOR revoked its root and all of its keys" in line for line in usa.refusals)
    taken = [release for _, release, _ in opened(usa) if release.sender == "KOR"]
    assert taken
    assert all(release.decided_ns < at(12) + usa.config.decision_shift_ns for release in taken)
    assert len(taken) < len(sent(federation.nodes["KOR"], "USA"))
    again = federation._node("USA")
    restore(again)
    assert again.trusting.store.is_revoked("KOR")


def test_nobody_puts_in_own_states_over_a_link() -> None:
    federation = rooted(seconds=12)
    kor = federation.houses["KOR"]
    other = kor.root.next(kor.newest, None, kor.issue())

    def show(it: Federation) -> None:
        it.nodes["USA"].endpoint.introduce("KOR", Announcement(states=(other,)))

    play(federation, [], [once(5, show)])
    node = federation.nodes["KOR"]
    assert node.trusting.store.state("KOR") == kor.state
    assert any("our own trust state came over a link" in line for line in node.refusals)


def test_new_states_without_their_keys_are_refused_and_the_old_keys_stay() -> None:
    federation = rooted(seconds=5)
    house, node = federation.houses["KOR"], federation.nodes["KOR"]
    before = federation._keys["KOR"].pin
    house.rotate()
    said = Announcement(states=(house.newest,))
    with pytest.raises(UsageError, match="cannot take new keys while it runs"):
        node.trusting.learn(said)
    node.trusting.reload = lambda: federation._keys["KOR"]
    with pytest.raises(UsageError, match="are not those of trust state 2"):
        node.trusting.learn(said)
    assert federation._keys["KOR"].pin == before
    assert node.trusting.store.state("KOR") != house.state


def test_a_stranger_teaches_nobody() -> None:
    federation = rooted(seconds=5)
    usa = federation.nodes["USA"].trusting
    stranger = Household("AUS", 77)
    with pytest.raises(TrustError, match="no pin for `AUS`"):
        usa.learn(Announcement(states=(stranger.newest,)))
    with pytest.raises(PeerError):
        usa.learn(Announcement(states=(Household("KOR", 78).rotate(),)))
    assert usa.held_by("AUS") == 0


def test_a_restart_in_an_older_folder_still_knows_the_newest_state() -> None:
    federation = rooted(seconds=20)
    play(federation, [], [rotating(5, "KOR")])
    again = federation._node("USA")
    assert again.trusting.store.state("KOR") == federation.first["KOR"].claimed
    restore(again)
    assert again.trusting.store.state("KOR") == federation.houses["KOR"].state


def test_a_node_without_a_root_tells_nothing() -> None:
    federation = federation_of("realtime-2023", 10)
    play(federation)
    assert not list(federation.nodes["USA"].ledger.entries(kinds={EntryKind.TRUST}))
