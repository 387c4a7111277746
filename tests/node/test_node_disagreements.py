"""The life of a disagreement: who is told that whom says what, and who must never learn of it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.small_federation import Timed, at, federation_of, held, impact, launch, opened, play

from trilat.domains import Dispute
from trilat.ledger import EntryKind
from trilat.model import (
    Account,
    AnyItem,
    Disagreement,
    DisagreementKind,
    DisagreementState,
    Domain,
    ItemReference,
    Outcome,
    Provenance,
    Warning,
    decode_item,
    encode,
)
from trilat.node import Node
from trilat.node.disputed import Disputed
from trilat.node.exchange import Held
from trilat.study import Crash, Federation, violations


def disagreements(node: Node) -> dict[str, Disagreement]:
    return {item.item_id: item for item in node.holdings.items() if isinstance(item, Disagreement)}


def made(node: Node, item_id: str) -> list[Disagreement]:
    """Every version that a node wrote of one disagreement, in order."""
    found = []
    for stored in node.ledger.entries(kinds={EntryKind.ITEM}):
        assert stored.content is not None
        item = decode_item(stored.content)
        if isinstance(item, Disagreement) and item.item_id == item_id:
            found.append(item)
    return found


def apart(federation: Federation, parties: Sequence[str]) -> list[Timed]:
    """Each party tells of a launch, 20 s before that of the one before."""
    return [
        (at(1 + number), party, launch(federation.nodes[party], at_s=-20.0 * number))
        for number, party in enumerate(parties)
    ]


def test_the_own_staff_is_told_who_says_what() -> None:
    federation = federation_of("separate-2009", 40)
    play(federation, apart(federation, ("USA", "JPN")))
    for party in ("USA", "JPN"):
        (told,) = disagreements(federation.nodes[party]).values()
        assert told.item_id == f"{party}-differ-{party}-launch-JPN-seen-USA-seen"
        assert (told.disagreement, told.state) == (DisagreementKind.LAUNCH, DisagreementState.OPEN)
        assert [account.party for account in told.accounts] == ["JPN", "USA"]
        assert {account.basis.item_id for account in told.accounts} == {"JPN-seen", "USA-seen"}
        assert told.provenance.originators == (party, "USA" if party == "JPN" else "JPN")
        assert told.provenance.received_under == ("us-japan-2007@1",)
        assert told.label.releasable_to == federation.nodes[party].config.readers
    assert disagreements(federation.nodes["KOR"]) == {}
    assert violations(federation) == ()


def test_parties_that_agree_have_nothing_to_tell() -> None:
    federation = federation_of("multilateral", 40)
    nodes = federation.nodes
    play(federation, [(at(1 + t), party, launch(nodes[party], at_s=t)) for t, party in enumerate(nodes)])
    assert all(disagreements(node) == {} for node in nodes.values())


def test_a_newer_account_resolves_it_and_a_worse_one_opens_it_again() -> None:
    federation = federation_of("separate-2009", 120)
    jpn = federation.nodes["JPN"]
    versions = [(1, 0.0), (40, -20.0), (80, 0.0)]
    reports: list[Timed] = [(at(2), "USA", launch(federation.nodes["USA"], at_s=-20.0))]
    reports += [
        (at(second), "JPN", launch(jpn, at_s=valid_s, version=number))
        for number, (second, valid_s) in enumerate(versions, start=1)
    ]
    play(federation, reports)
    told = made(jpn, "JPN-differ-JPN-launch-JPN-seen-USA-seen")
    assert [(item.version, item.state) for item in told] == [
        (1, DisagreementState.OPEN),
        (2, DisagreementState.RESOLVED),
        (3, DisagreementState.OPEN),
    ]
    assert jpn.disputed.open("JPN") == (told[-1],)


def test_a_standing_one_is_repeated_with_newer_accounts_and_not_too_often() -> None:
    federation = federation_of("separate-2009", 100)
    usa, jpn = federation.nodes["USA"], federation.nodes["JPN"]
    reports: list[Timed] = [(at(2), "USA", launch(usa, at_s=-20.0))]
    reports += [(at(t), "JPN", launch(jpn, at_s=0.01 * t, version=t)) for t in range(1, 90, 2)]
    play(federation, reports)
    told = made(jpn, "JPN-differ-JPN-launch-JPN-seen-USA-seen")
    assert 3 <= len(told) <= 4
    assert {item.state for item in told} == {DisagreementState.OPEN}
    assert len({item.accounts for item in told}) == len(told)


def three_apart(regime: str, parties: Sequence[str], seconds: int = 60) -> Federation:
    """Launches 20 s apart, and impact areas 100 km apart; the nodes of all three run."""
    federation = federation_of(regime, seconds)
    reports: list[Timed] = []
    for number, party in enumerate(("USA", "JPN", "KOR")):
        if party in parties:
            node = federation.nodes[party]
            reports.append((at(1 + number), party, launch(node, at_s=-20.0 * number)))
            reports.append((at(5 + number), party, impact(node, place_deg=(39.0, 140.0 + 2.0 * number))))
    return play(federation, reports)


def given_to(federation: Federation, party: str) -> list[bytes]:
    """All that a party opened, each release as it was made for it."""
    return [encode(release) for _, release, _ in opened(federation.nodes[party])]


def test_in_2009_nothing_of_korea_reaches_japan_through_a_disagreement() -> None:
    """Bit by bit what Japan gets when Korea says nothing at all; the hub knows of every difference."""
    whole = three_apart("separate-2009", ("USA", "JPN", "KOR"))
    known = disagreements(whole.nodes["USA"])
    assert "USA-differ-USA-launch-KOR-seen-USA-seen" in known, "the premise: there is something to hide"
    assert "USA-differ-USA-launch-JPN-seen-KOR-seen" in known
    without = three_apart("separate-2009", ("USA", "JPN"))
    assert given_to(whole, "JPN") == given_to(without, "JPN")
    assert given_to(whole, "JPN"), "the premise: something is given"
    for item in disagreements(whole.nodes["JPN"]).values():
        assert "KOR" not in item.provenance.originators
        assert "KOR" not in {account.party for account in item.accounts}
    assert violations(whole) == ()


@pytest.mark.parametrize("regime", ["separate-2009", "hub-2014", "direct-2016", "realtime-2023"])
@pytest.mark.parametrize("party", ["JPN", "KOR"])
def test_what_names_an_ally_is_withheld_by_policy_itself(regime: str, party: str) -> None:
    """Even where such an item were made for the other ally: its provenance names who must agree."""
    usa = three_apart("separate-2009", ("USA", "JPN", "KOR")).nodes["USA"]
    known = disagreements(usa)["USA-differ-USA-launch-JPN-seen-KOR-seen"]
    node = federation_of(regime).nodes["USA"]
    item: AnyItem = Disagreement(
        **node.heads.head(
            "differ-probe",
            "probe",
            kind="disagreement",
            domain=known.domain,
            valid_ns=known.valid_ns,
            now_ns=known.valid_ns,
            releasable_to=(party,),
            provenance=Provenance(originators=("USA", "JPN", "KOR")),
        ),
        disagreement=known.disagreement,
        state=known.state,
        accounts=known.accounts,
        since_ns=known.since_ns,
    )
    decision = node.exchange.decide(Held(item, b""), party, known.valid_ns)
    assert decision.outcome is Outcome.WITHHOLD


def test_where_all_share_all_every_staff_knows_every_difference_itself() -> None:
    federation = three_apart("multilateral", ("USA", "JPN", "KOR"))
    for party, node in federation.nodes.items():
        told = {item_id.removeprefix(f"{party}-differ-{party}-") for item_id in disagreements(node)}
        assert told == {
            f"launch-{pair}" for pair in ("JPN-seen-KOR-seen", "JPN-seen-USA-seen", "KOR-seen-USA-seen")
        }
    assert violations(federation) == ()


def dispute(*parties: str) -> Dispute:
    accounts = tuple(
        Account(
            party=party, subject=f"{party}-t1", basis=ItemReference(item_id=f"{party}-t1-launch", version=1)
        )
        for party in parties
    )
    return Dispute(DisagreementKind.LAUNCH, Domain.MISSILE, "launch-x-y", accounts, at(1), ("pact@1",))


def test_a_partner_is_told_only_of_what_the_own_party_has_a_part_in() -> None:
    node = federation_of("realtime-2023").nodes["USA"]
    disputed = Disputed("USA")

    def told(audience: str, *shown: Dispute) -> tuple[Disagreement, ...]:
        return disputed.update(audience, shown, at(20), node.heads.for_audience("disagreement", at(20)))

    assert told("JPN", dispute("JPN", "KOR")) == ()
    (item,) = told("JPN", replace(dispute("KOR", "USA"), text="other name"))
    assert item.text == "other name"
    assert item.label.releasable_to == ("JPN",)
    assert item.provenance.originators == ("USA", "KOR")
    assert item.provenance.received_under == ("pact@1",)
    assert [item.state for item in told("JPN")] == [DisagreementState.RESOLVED]
    assert told("JPN") == ()


@pytest.mark.parametrize("crash_s", [8, 20, 33])
@pytest.mark.parametrize("party", ["USA", "JPN"])
def test_a_restart_knows_what_was_told(crash_s: int, party: str) -> None:
    def story(crashes: tuple[Crash, ...] = ()) -> Federation:
        federation = federation_of("multilateral", 60, crashes=crashes)
        reports = apart(federation, ("USA", "JPN", "KOR"))
        reports.append((at(30), "JPN", launch(federation.nodes["JPN"], at_s=0.0, version=2)))
        return play(federation, sorted(reports, key=lambda report: report[0]))

    whole, again = story(), story((Crash(party, at(crash_s), at(crash_s)),))
    for name in ("USA", "JPN", "KOR"):
        expected = {item_id: encode(item) for item_id, item in disagreements(whole.nodes[name]).items()}
        found = {item_id: encode(item) for item_id, item in disagreements(again.nodes[name]).items()}
        assert found == expected
        assert expected


def test_an_alarm_confirmed_by_another_names_one_speaker() -> None:
    federation = federation_of("separate-2009", 10)
    nodes = federation.nodes
    play(federation, [(at(1), "USA", launch(nodes["USA"])), (at(3), "JPN", launch(nodes["JPN"], at_s=1.0))])
    staff = held(nodes["JPN"], "JPN-warn-JPN-launch-USA-seen")
    assert getattr(staff, "speaker", None) == "JPN", "of equals the first by its code"
    to_usa = held(nodes["USA"], "JPN-warn-USA-launch-JPN-seen")
    assert getattr(to_usa, "speaker", None) == "JPN"


@pytest.mark.parametrize("length", [100, 116, 120])
def test_the_longest_name_of_a_thing_stops_nobody_and_a_restart_knows_it_again(length: int) -> None:
    """Names of own warnings hold a partner's name of the thing, and may not be longer than that itself."""

    def story(crashes: tuple[Crash, ...] = ()) -> Federation:
        federation = federation_of("multilateral", 40, crashes=crashes)
        reports: list[Timed] = []
        for number, party in enumerate(("USA", "JPN")):
            name = f"{party}-{'x' * (length - 4)}"
            seen = launch(federation.nodes[party], at_s=-20.0 * number, item_id=name, subject=name)
            reports.append((at(1 + number), party, seen))
        return play(federation, reports)

    whole = story()
    warned = {party: _warnings(whole.nodes[party]) for party in ("USA", "JPN", "KOR")}
    assert all(warned.values())
    assert max(len(item_id) for told in warned.values() for item_id in told) == 120
    again = story((Crash("JPN", at(20), at(20)),))
    assert _warnings(again.nodes["JPN"]) == warned["JPN"]
    assert disagreements(again.nodes["JPN"]) == disagreements(whole.nodes["JPN"])


def _warnings(node: Node) -> dict[str, Warning]:
    return {item.item_id: item for item in node.holdings.items() if isinstance(item, Warning)}
