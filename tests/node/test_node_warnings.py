"""The life of a warning: raised on one source, confirmed by a second, updated, retracted to all holders."""

import pytest
from tests.small_federation import at, federation_of, held, impact, launch, once, opened, play, reference

from trilat.model import Domain, ItemReference, UsageError, Warning, WarningKind, WarningState
from trilat.node import Node
from trilat.study import Federation, violations


def warnings_of(node: Node) -> dict[str, Warning]:
    return {warning.item_id: warning for warning in node.holdings.warnings()}


def versions(node: Node, item_id: str) -> list[tuple[int, WarningState]]:
    """Every version of a warning that a node opened, in order."""
    return [
        (release.item.version, release.item.state)
        for _, release, _ in opened(node)
        if isinstance(release.item, Warning) and release.item.item_id == item_id
    ]


def test_a_launch_that_one_party_sees_is_warned_of_as_single_source() -> None:
    federation = federation_of("separate-2009", 5)
    usa = federation.nodes["USA"]
    play(federation, [(at(1), "USA", launch(usa))])
    warning = warnings_of(federation.nodes["JPN"])["USA-warn-JPN-launch-USA-seen"]
    assert warning.state is WarningState.RAISED
    assert warning.sources == ("USA",)
    assert warning.confirmed_by == ()
    assert warning.basis == (ItemReference(item_id="USA-seen", version=1),)


def test_the_text_of_a_warning_holds_no_figure_that_a_duty_would_have_rounded() -> None:
    federation = federation_of("separate-2009", 5)
    usa = federation.nodes["USA"]
    play(federation, [(at(1), "USA", launch(usa)), (at(1), "USA", impact(usa))])
    told = warnings_of(federation.nodes["JPN"]).values()
    assert {warning.warning for warning in told} == {WarningKind.LAUNCH, WarningKind.IMPACT}, "the premise"
    assert not any(character.isdigit() for warning in told for character in warning.text)


def test_a_second_originators_item_confirms_and_is_named() -> None:
    federation = federation_of("separate-2009", 8)
    nodes = federation.nodes
    play(federation, [(at(1), "USA", launch(nodes["USA"])), (at(4), "JPN", launch(nodes["JPN"], at_s=1.5))])
    own = warnings_of(nodes["JPN"])
    # One alarm and one warning: what was raised on the partner's item goes on when the own item takes over.
    staff = [warning for warning in own.values() if warning.item_id.startswith("JPN-warn-JPN-")]
    assert [(warning.version, warning.state) for warning in staff] == [(2, WarningState.CONFIRMED)]
    assert set(staff[0].sources) == {"JPN", "USA"}
    assert staff[0].confirmed_by == (ItemReference(item_id="USA-seen", version=1),)


def test_a_launch_far_away_or_at_another_time_confirms_nothing() -> None:
    federation = federation_of("separate-2009", 8)
    nodes = federation.nodes
    elsewhere = launch(nodes["JPN"], "far", place_deg=(38.0, 128.0))
    later = launch(nodes["JPN"], "late", at_s=-60.0)
    play(
        federation,
        [(at(1), "USA", launch(nodes["USA"])), (at(2), "JPN", elsewhere), (at(2), "JPN", later)],
    )
    states = {
        name: warning.state
        for name, warning in warnings_of(nodes["JPN"]).items()
        if name.startswith("JPN-warn-JPN-")
    }
    assert len(states) == 3
    assert set(states.values()) == {WarningState.RAISED}


def test_two_items_of_one_originator_do_not_confirm_each_other() -> None:
    federation = federation_of("separate-2009", 5)
    usa = federation.nodes["USA"]
    play(federation, [(at(1), "USA", launch(usa)), (at(1), "USA", launch(usa, "again", at_s=0.5))])
    mine = [w for name, w in warnings_of(usa).items() if name.startswith("USA-warn-USA-")]
    assert [warning.state for warning in mine] == [WarningState.RAISED]


def test_a_warning_is_updated_at_most_every_half_minute() -> None:
    federation = federation_of("separate-2009", 70)
    usa = federation.nodes["USA"]
    reports = [(at(t), "USA", impact(usa, at_s=t, version=t)) for t in range(1, 66)]
    play(federation, reports)
    name = "USA-warn-JPN-impact-USA-fall"
    assert versions(federation.nodes["JPN"], name) == [
        (1, WarningState.RAISED),
        (2, WarningState.UPDATED),
        (3, WarningState.UPDATED),
    ]


def test_the_united_states_never_names_one_ally_to_the_other() -> None:
    federation = federation_of("separate-2009", 8)
    nodes = federation.nodes
    reports = [(at(1), party, launch(node, at_s=0.1)) for party, node in nodes.items()]
    play(federation, reports)
    staff = warnings_of(nodes["USA"])["USA-warn-USA-launch-USA-seen"]
    assert set(staff.sources) == {"USA", "JPN", "KOR"}
    told = warnings_of(nodes["JPN"])["USA-warn-JPN-launch-USA-seen"]
    assert (told.sources, told.confirmed_by, told.state) == (("USA",), (), WarningState.RAISED)


def test_a_support_that_may_not_be_named_does_not_silence_the_warning() -> None:
    """Under the hub, Japan's consent lets its launch go to Korea, but covers no warning of the USA's."""
    federation = federation_of("hub-2014", 60)
    nodes = federation.nodes

    def approve(running: Federation) -> None:
        node = running.nodes["JPN"]
        for referral in node.referrals():
            node.answer(referral, granted=True, officer="JPN/officer", valid_s=600)

    reports = [(at(1), "USA", launch(nodes["USA"])), (at(2), "JPN", launch(nodes["JPN"]))]
    reports += [(at(t), "USA", launch(nodes["USA"], version=t)) for t in range(10, 50, 5)]
    retract = once(55, lambda running: _retract(running.nodes["USA"], "launch-USA-seen"))
    play(federation, reports, [once(5, approve), retract])
    assert held(nodes["KOR"], "JPN-seen").label.originator == "JPN", "the premise"
    assert "JPN-seen" in {
        entry.item_id for entry in warnings_of(nodes["USA"])["USA-warn-USA-launch-USA-seen"].confirmed_by
    }
    told = versions(nodes["KOR"], "USA-warn-KOR-launch-USA-seen")
    assert [state for _, state in told] == [
        WarningState.RAISED,
        WarningState.UPDATED,
        WarningState.RETRACTED,
    ]
    assert [version for version, _ in told] == [1, 2, 3], "a gap would tell that something was kept back"
    assert violations(federation) == ()


def test_where_policy_lets_the_support_pass_the_partner_is_told_of_it() -> None:
    federation = federation_of("realtime-2023", 12)
    nodes = federation.nodes
    play(federation, [(at(1), "USA", launch(nodes["USA"])), (at(3), "JPN", launch(nodes["JPN"]))])
    told = warnings_of(nodes["KOR"])["USA-warn-KOR-launch-USA-seen"]
    assert told.state is WarningState.CONFIRMED
    assert set(told.sources) == {"USA", "JPN"}
    assert violations(federation) == ()


def _retract(node: Node, key: str) -> None:
    assert node.retract_warning(key, "no launch")


def test_a_retraction_reaches_every_holder_once_and_stays() -> None:
    federation = federation_of("multilateral", 60)
    jpn = federation.nodes["JPN"]
    reports = [(at(t), "JPN", launch(jpn, version=t)) for t in range(1, 50)]
    play(federation, reports, [once(10, lambda running: _retract(running.nodes["JPN"], "launch-JPN-seen"))])
    for party in ("USA", "KOR"):
        told = versions(federation.nodes[party], f"JPN-warn-{party}-launch-JPN-seen")
        assert told == [(1, WarningState.RAISED), (2, WarningState.RETRACTED)]
    assert {warning.state for warning in jpn.holdings.warnings()} == {WarningState.RETRACTED}
    assert jpn.alerts.standing("USA") == ()
    with pytest.raises(UsageError, match="no standing warning `launch-JPN-seen`"):
        jpn.retract_warning("launch-JPN-seen", "again")


REFUSED = [
    pytest.param(
        ["JPN-seen"], ["USA-early-warning-received"], "no item `USA-early-warning-received` version 1"
    ),
    pytest.param(["nothing"], [], "no item `nothing` version 1"),
    pytest.param([], ["USA-seen"], "a warning needs a basis"),
    pytest.param(["JPN-seen"], ["JPN-other"], "it is by `JPN`, who also gave the basis"),
    pytest.param(["USA-seen"], ["USA-seen"], "it is by `USA`, who also gave the basis"),
    pytest.param(["JPN-seen"], ["USA-warn-JPN-launch-USA-seen"], "is a warning and shows nothing by itself"),
    pytest.param(["USA-warn-JPN-launch-USA-seen"], [], "is a warning and shows nothing by itself"),
]


@pytest.fixture(scope="module")
def seen() -> Federation:
    """Japan and the United States saw launches; Japan saw another thing too."""
    federation = federation_of("separate-2009", 5)
    nodes = federation.nodes
    return play(
        federation,
        [
            (at(1), "USA", launch(nodes["USA"])),
            (at(1), "JPN", launch(nodes["JPN"])),
            (at(1), "JPN", launch(nodes["JPN"], "other", place_deg=(30.0, 130.0))),
        ],
    )


@pytest.mark.parametrize(("basis", "confirmed_by", "refusal"), REFUSED)
def test_words_without_an_item_behind_them_are_refused_in_one_line(
    seen: Federation, basis: list[str], confirmed_by: list[str], refusal: str
) -> None:
    node = seen.nodes["JPN"]
    entries, before = node.ledger.head().entries, warnings_of(node)

    def named(names: list[str]) -> list[ItemReference]:
        return [ItemReference(item_id=name, version=1) for name in names]

    with pytest.raises(UsageError) as caught:
        node.raise_warning(
            "by-hand", WarningKind.LAUNCH, Domain.MISSILE, named(basis), named(confirmed_by), "launch"
        )
    assert refusal in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (node.ledger.head().entries, warnings_of(node)) == (entries, before)


def test_what_confirms_must_be_of_the_same_concern(seen: Federation) -> None:
    node = seen.nodes["JPN"]
    basis, support = reference(held(node, "JPN-seen")), reference(held(node, "USA-seen"))
    with pytest.raises(UsageError, match="it is about missile"):
        node.raise_warning("by-hand", WarningKind.LAUNCH, Domain.MARITIME, [basis], [support], "launch")


def test_a_warning_by_hand_rests_on_the_version_that_was_named(seen: Federation) -> None:
    node = seen.nodes["JPN"]
    basis, support = reference(held(node, "JPN-seen")), reference(held(node, "USA-seen"))
    warnings = node.raise_warning(
        "by-hand", WarningKind.LAUNCH, Domain.MISSILE, [basis], [support], "launch, two sources"
    )
    assert {warning.state for warning in warnings} == {WarningState.CONFIRMED}
    assert {warning.sources for warning in warnings} == {("JPN", "USA")}
    assert {warning.confirmed_by for warning in warnings} == {(support,)}
    assert sorted(warning.item_id for warning in warnings) == [
        "JPN-warn-JPN-by-hand",
        "JPN-warn-KOR-by-hand",
        "JPN-warn-USA-by-hand",
    ]


def test_a_warning_by_hand_that_rests_on_a_partners_item_does_not_go_to_third_parties() -> None:
    federation = federation_of("separate-2009", 10)
    nodes = federation.nodes

    def raise_it(running: Federation) -> None:
        usa = running.nodes["USA"]
        basis = reference(held(usa, "KOR-seen"))
        usa.raise_warning("by-hand", WarningKind.LAUNCH, Domain.MISSILE, [basis], [], "launch")

    play(federation, [(at(1), "KOR", launch(nodes["KOR"]))], [once(4, raise_it)])
    assert warnings_of(nodes["USA"])["USA-warn-USA-by-hand"].sources == ("KOR",)
    assert [name for name in warnings_of(nodes["JPN"]) if name.startswith("USA-")] == []
    assert violations(federation) == ()
