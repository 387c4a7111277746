"""Changes of label, expiry, return or destroy at an agreement's end, and losses, through whole nodes."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.recall_drill import DRILL, SEEN, answers, drill, only_case, run, steps, versions, voluntary
from tests.small_federation import at, head, launch, once, sent

from trilat.ledger import EntryKind
from trilat.model import (
    SECOND_NS,
    Answer,
    Classification,
    HolderAnswer,
    Label,
    LossReport,
    Reclassification,
    UsageError,
)
from trilat.node import Node
from trilat.node.asked import CaseState
from trilat.node.recall_records import RecallStep
from trilat.study import Crash, Federation


def relabelling(**changes: Any) -> Callable[[Federation], None]:
    """An act by which Japan gives its item another label."""

    def act(federation: Federation) -> None:
        jpn = federation.nodes["JPN"]
        item = jpn.holdings.newest(SEEN)
        assert item is not None
        jpn.recalls.relabelling.relabel([SEEN], msgspec.structs.replace(item.label, **changes))

    return act


def label_at(node: Node) -> Label:
    item = node.holdings.newest(SEEN)
    assert item is not None
    return item.label


LOWER = Classification(scheme="JPN", level="HI")
HIGHER = Classification(scheme="JPN", level="TOKUTEI-HIMITSU")


def test_a_new_label_replaces_the_old_one_at_every_holder_up_to_the_last() -> None:
    federation = run(drill(25), [once(8, relabelling(classification=LOWER, restrictive=()))])
    for node in federation.nodes.values():
        label = label_at(node)
        assert (label.version, label.classification) == (2, LOWER)
    case = only_case(federation.nodes["JPN"])
    assert answers(case)["USA"] == "complied"
    assert answers(only_case(federation.nodes["USA"])) == {"KOR": "complied"}


def test_who_may_not_have_it_under_the_new_label_is_asked_to_destroy_it() -> None:
    """KOR is taken off the list: USA keeps the item, and calls it back from KOR."""
    federation = run(drill(25), [once(8, relabelling(releasable_to=("USA",)))])
    assert label_at(federation.nodes["USA"]).releasable_to == ("USA",)
    assert federation.nodes["KOR"].holdings.newest(SEEN) is None
    assert answers(only_case(federation.nodes["USA"])) == {"KOR": "complied"}


def test_a_level_above_every_clause_calls_the_item_back_from_everybody() -> None:
    federation = run(drill(25), [once(8, relabelling(classification=HIGHER))])
    for party in ("USA", "KOR"):
        assert federation.nodes[party].holdings.newest(SEEN) is None
    assert answers(only_case(federation.nodes["JPN"])) == {"USA": "complied", "KOR": "complied"}
    assert label_at(federation.nodes["JPN"]).classification == HIGHER


def test_who_may_have_it_now_and_had_not_is_given_it() -> None:
    federation = drill(25)
    jpn = federation.nodes["JPN"]
    label = msgspec.structs.replace(jpn.heads.label("event", at(0)), classification=HIGHER)
    high = [(at(2), "JPN", launch(jpn, "high", label=label))]

    def lower(running: Federation) -> None:
        running.nodes["JPN"].recalls.relabelling.relabel(
            ["JPN-high"], msgspec.structs.replace(label, classification=LOWER)
        )
        assert running.nodes["USA"].holdings.newest("JPN-high") is None, "the premise"

    run(federation, [once(8, lower)], high)
    given = federation.nodes["USA"].holdings.newest("JPN-high")
    assert given is not None
    assert (given.label.version, given.label.classification) == (2, LOWER)


def test_later_versions_go_under_the_new_label_and_an_older_label_never_comes_back() -> None:
    federation = drill(30, crashes=(Crash("JPN", at(12), at(13)), Crash("USA", at(14), at(15))))
    jpn = federation.nodes["JPN"]
    again = [(at(18), "JPN", launch(jpn, version=2))]
    run(federation, [once(8, relabelling(classification=LOWER))], again)
    for node in federation.nodes.values():
        item = node.holdings.newest(SEEN)
        assert item is not None
        assert (item.version, item.label.version, item.label.classification) == (2, 2, LOWER)


def test_a_copy_under_an_older_label_is_kept_aside() -> None:
    """JPN's own program forgets the new label: USA does not."""
    federation = drill(25)
    jpn = federation.nodes["JPN"]

    def forget(running: Federation) -> None:
        running.nodes["JPN"].recalls.relabelling.labels.clear()

    again = [(at(15), "JPN", launch(jpn, version=2))]
    run(federation, [once(8, relabelling(classification=LOWER)), once(13, forget)], again)
    usa = federation.nodes["USA"]
    assert label_at(usa).version == 2
    assert any("older label than is known here" in line for line in usa.refusals)


@pytest.mark.parametrize("markings", [(), (b"not a signature",)])
def test_a_new_label_that_its_originator_did_not_sign_changes_nothing(markings: tuple[bytes, ...]) -> None:
    """USA makes up a looser label for JPN's item and tells KOR."""

    def act(federation: Federation) -> None:
        usa = federation.nodes["USA"]
        named = head(usa, "reclassification", "made-up", usa.clock.now_ns())
        named["label"] = usa.heads.label("reclassification", usa.clock.now_ns(), ("KOR",))
        item = Reclassification(
            **named,
            about=tuple(versions(SEEN)),
            new_label=msgspec.structs.replace(label_at(usa), version=2, classification=LOWER),
            markings=markings,
            on_behalf=versions("JPN-made-up")[0],
        )
        usa.say(item, "KOR")

    federation = run(drill(20), [once(8, act)])
    assert label_at(federation.nodes["KOR"]).version == 1
    usa = federation.nodes["USA"]
    (answer,) = (
        item for item in usa.holdings.items() if isinstance(item, Answer) and "made-up" in item.item_id
    )
    assert answer.answer is HolderAnswer.UNABLE


@pytest.mark.parametrize("name", ["USA-x", "JPN-never", "KOR-y"])
def test_only_own_items_that_are_held_are_relabelled(name: str) -> None:
    jpn = run(drill(10)).nodes["JPN"]
    with pytest.raises(UsageError, match="only its originator relabels"):
        jpn.recalls.relabelling.relabel([name], label_at(jpn))


# --- expiry ---


def expiring(text: str = DRILL, seconds: int = 6) -> str:
    return text.replace("return_or_destroy = true", f"return_or_destroy = true\nexpire_s = {seconds}")


@pytest.mark.parametrize("crash_s", [None, 9.0])
def test_a_copy_ends_by_itself_at_its_instant_with_a_certificate(crash_s: float | None) -> None:
    crashes = () if crash_s is None else (Crash("USA", at(crash_s - 4), at(crash_s + 1)),)
    federation = run(drill(25, expiring(), crashes=crashes))
    jpn, usa, kor = (federation.nodes[party] for party in ("JPN", "USA", "KOR"))
    assert usa.holdings.newest(SEEN) is None
    assert kor.holdings.newest(SEEN) is None
    told = [item for item in jpn.holdings.items() if isinstance(item, Answer)]
    assert [(item.holder, item.reason, item.answer) for item in told] == [
        ("USA", "expiry", HolderAnswer.COMPLIED)
    ]
    ((about, said),) = jpn.recalls.asked.ended
    assert list(about) == versions(SEEN)
    assert said.certificate is not None
    assert (said.certificate.by, said.certificate.removed[0].item_id) == ("expiry", SEEN)
    # What USA received, and what it passed on.
    assert usa.ledger.verify().removed == 2
    for node in (usa, kor):
        assert node.ledger.verify().verified
        assert RecallStep.REMOVING in [record.step for record in steps(node)]


def test_before_its_instant_nothing_ends() -> None:
    federation = run(drill(10, expiring(seconds=600)))
    assert federation.nodes["USA"].holdings.newest(SEEN) is not None
    assert federation.nodes["USA"].ledger.verify().removed == 0


def test_a_label_that_expires_ends_the_copy_too() -> None:
    federation = drill(25)
    jpn = federation.nodes["JPN"]
    label = jpn.heads.label("event", at(0))
    label = msgspec.structs.replace(label, expires_ns=label.created_ns + 8 * SECOND_NS)
    run(federation, (), [(at(2), "JPN", launch(jpn, "short", label=label))])
    usa = federation.nodes["USA"]
    assert usa.holdings.newest("JPN-short") is None
    assert usa.holdings.newest(SEEN) is not None
    assert [record.item.item_id for record in sent(jpn, "USA")].count("JPN-short") == 1


# --- the end of an agreement ---


def running_out(agreement: str, *, early: bool) -> Callable[[Federation], None]:
    def act(federation: Federation) -> None:
        for party in ("JPN", "USA"):
            federation.nodes[party].recalls.run(agreement, 30, f"{party}/kim", early=early)

    return act


def test_at_the_end_of_an_agreement_all_that_is_owed_goes() -> None:
    federation = run(drill(25), [once(8, running_out("recall-drill", early=True))])
    for party in ("USA", "KOR"):
        assert federation.nodes[party].holdings.newest(SEEN) is None
    told = [item for item in federation.nodes["JPN"].holdings.items() if isinstance(item, Answer)]
    assert {item.holder for item in told} == {"USA"}
    assert any(item.reason == "end of recall-drill" for item in told)


@pytest.mark.parametrize(
    ("agreement", "line"), [("recall-drill", "is in force"), ("no-such-pact", "no agreement")]
)
def test_while_an_agreement_is_in_force_nothing_runs_out(agreement: str, line: str) -> None:
    federation = run(drill(10))
    with pytest.raises(UsageError, match=line):
        federation.nodes["USA"].recalls.run(agreement, 30, "USA/kim")


def test_what_was_given_for_good_stays_at_the_end() -> None:
    federation = run(drill(20, voluntary(DRILL)), [once(8, running_out("recall-drill", early=True))])
    assert federation.nodes["USA"].holdings.newest(SEEN) is not None


# --- losses ---


def losing(party: str, follow_up_s: int = 10) -> Callable[[Federation], None]:
    def act(federation: Federation) -> None:
        federation.nodes[party].recalls.losses.report(
            [SEEN], "a laptop was stolen", "wiped from afar", confirmed=False, follow_up_s=follow_up_s
        )

    return act


def test_a_loss_is_told_to_the_originator_at_once_and_instructed() -> None:
    def instruct(federation: Federation) -> None:
        losses = federation.nodes["JPN"].recalls.losses
        (name,) = losses.losses
        losses.instruct(name, "change the keys, and report daily")

    federation = run(drill(20), [once(8, losing("KOR", 60)), once(12, instruct)])
    (loss,) = federation.nodes["JPN"].recalls.losses.losses.values()
    assert (loss.item.happened, loss.sender, list(loss.item.about)) == (
        "a laptop was stolen",
        "KOR",
        versions(SEEN),
    )
    (own,) = federation.nodes["KOR"].recalls.losses.losses.values()
    assert own.instructions == ["change the keys, and report daily"]


def test_a_loss_goes_through_the_giver_where_the_originator_is_no_partner() -> None:
    federation = run(drill(20), [once(8, losing("KOR", 60))])
    usa = federation.nodes["USA"]
    report = next(iter(federation.nodes["KOR"].recalls.losses.losses.values())).item
    to_usa = msgspec.structs.replace(report, item_id="KOR-loss-by-hand")
    usa.recalls.losses.note(to_usa, "KOR")
    (passed,) = (held.item for held, _ in usa.recalls.losses.made(at(21)))
    assert isinstance(passed, LossReport)
    assert (passed.lost_by, passed.label.releasable_to) == ("KOR", ("JPN",))


def test_nobody_makes_us_report_the_loss_of_what_we_did_not_give() -> None:
    """KOR reports to JPN that it lost an item of USA, which JPN never gave it."""

    def act(federation: Federation) -> None:
        kor = federation.nodes["KOR"]
        named = head(kor, "loss-report", "made-up", kor.clock.now_ns())
        named["label"] = kor.heads.label("loss-report", kor.clock.now_ns(), ("JPN",))
        report = LossReport(**named, about=tuple(versions("USA-secret")), happened="invented")
        kor.say(report, "JPN")

    federation = run(drill(20), [once(8, act)])
    assert len(federation.nodes["JPN"].recalls.losses.losses) == 1
    assert not federation.nodes["USA"].recalls.losses.losses


@pytest.mark.parametrize("crash_s", [None, 10.0, 15.0, 21.0])
def test_a_follow_up_is_reminded_and_overdue_once_on_both_sides(crash_s: float | None) -> None:
    crashes = () if crash_s is None else (Crash("USA", at(crash_s), at(crash_s)),)

    def follow(federation: Federation) -> None:
        losses = federation.nodes["USA"].recalls.losses
        (name,) = losses.losses
        losses.follow_up(name, "found again", confirmed=False, follow_up_s=0)

    federation = run(drill(30, crashes=crashes), [once(8, losing("USA")), once(25, follow)])
    for party in ("USA", "JPN"):
        kinds = [record.step for record in steps(federation.nodes[party]) if record.asks is not None]
        assert kinds.count(RecallStep.REMINDED) == 1
        assert kinds.count(RecallStep.OVERDUE) == 1
        (loss,) = federation.nodes[party].recalls.losses.losses.values()
        assert (loss.is_open, loss.item.measures) == (False, "found again")


@pytest.mark.parametrize("name", ["JPN-no", "USA-x", "KOR-y"])
def test_only_a_partners_item_that_is_held_can_be_lost(name: str) -> None:
    losses = run(drill(8)).nodes["USA"].recalls.losses
    with pytest.raises(UsageError, match="is no partner"):
        losses.report([name], "lost", "", confirmed=False, follow_up_s=9)


def test_what_nobody_reported_is_neither_followed_up_nor_instructed() -> None:
    losses = run(drill(8)).nodes["USA"].recalls.losses
    with pytest.raises(UsageError, match="is open here"):
        losses.follow_up("USA-loss-1", "", confirmed=True, follow_up_s=9)
    with pytest.raises(UsageError, match="is known here"):
        losses.instruct("JPN-loss-1", "search")


def test_every_step_of_it_is_in_the_ledger() -> None:
    federation = run(drill(25), [once(8, relabelling(classification=LOWER))])
    for party in ("JPN", "USA", "KOR"):
        kinds = {record.step for record in steps(federation.nodes[party])}
        assert RecallStep.RELABELLED in kinds
        assert federation.nodes[party].ledger.verify().verified
        assert list(federation.nodes[party].ledger.entries(kinds={EntryKind.RECALL}))
    assert only_case(federation.nodes["JPN"]).state is CaseState.ANSWERED
