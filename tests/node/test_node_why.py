"""Why the staff sees an item: everything of an own one, and of a partner's only what came with it."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from tests.node.test_node_desk import grant
from tests.recall_drill import recalling
from tests.small_federation import at, federation_of, launch, once, play, sent

from trilat.ledger import EntryKind
from trilat.model import Declared, Domain, UsageError, decode
from trilat.node import DeskSettings, Node, declare
from trilat.node.at_desk import shown_as, shown_at_desk
from trilat.node.records import DeskRecord, DeskStep
from trilat.node.why import shown_why
from trilat.policy import internal_agreement
from trilat.study import Crash, Federation

SEEN = "JPN-seen"
DESKS: Mapping[str, DeskSettings] = {"JPN": DeskSettings(officers=("kim", "park"), answer_within_s=60)}
INSIDE = {
    f"internal-{party}.toml": internal_agreement(party, "missile-warning", "2000-01-01T00:00:00Z")
    for party in ("JPN", "KOR", "USA")
}


def flown(
    regime: str = "direct-2016",
    seconds: int = 20,
    people: list[Any] | None = None,
    more: Mapping[str, str] = INSIDE,
    **options: Any,
) -> Federation:
    """A launch that JPN saw, some seconds later."""
    federation = federation_of(regime, seconds, desks=DESKS, more=more, **options)
    reports = [(at(1), "JPN", launch(federation.nodes["JPN"]))]
    return play(federation, reports, people or [])


def why(node: Node, item_id: str = SEEN, version: int | None = None) -> dict[str, Any]:
    return shown_why(node, item_id, version, "staff")


def looks(node: Node) -> list[DeskRecord]:
    records = [
        decode(stored.content, DeskRecord)
        for stored in node.ledger.entries(kinds={EntryKind.DESK})
        if stored.content is not None
    ]
    return [record for record in records if record.step is DeskStep.SHOWN]


# --- refusals ---


def refused(node: Node, item_id: str, version: int | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        shown_why(node, item_id, version, "staff")
    assert caught.value.facts["unknown"] is True
    return str(caught.value).replace(item_id, "X")


def test_what_is_not_here_and_what_the_staff_may_not_see_are_one_answer() -> None:
    """Nobody of the staff may see anything where no internal agreement lets them."""
    blind = flown(more={}).nodes["JPN"]
    assert blind.holdings.newest(SEEN) is not None
    assert refused(blind, SEEN) == refused(blind, "JPN-nothing") == refused(blind, "KOR-x")


def test_a_refused_question_is_recorded_like_an_answered_one() -> None:
    jpn = flown().nodes["JPN"]
    before = len(looks(jpn))
    refused(jpn, "JPN-nothing")
    shown_why(jpn, SEEN, None, "park")
    asked = looks(jpn)[before:]
    assert [(look.officer, look.said) for look in asked] == [
        ("JPN/staff", "why JPN-nothing"),
        ("JPN/park", f"why {SEEN}"),
    ]
    assert {len(look.digest) for look in asked} == {32}


@pytest.mark.parametrize("version", [2, 99, 10**9 - 1])
def test_a_version_that_is_not_there_yet_is_unknown(version: int) -> None:
    refused(flown().nodes["JPN"], SEEN, version)


def test_an_item_that_another_audience_was_given_is_not_for_the_staffs_eyes() -> None:
    jpn = flown().nodes["JPN"]
    names = [item.item_id for item in jpn.holdings.items() if "-warn-KOR-" in item.item_id]
    assert names
    assert refused(jpn, names[0]) == refused(jpn, "JPN-nothing")


def test_of_a_partners_item_nothing_is_told_of_whom_else_it_went_to() -> None:
    """USA has it from JPN and passes it on to KOR: neither holder's answer names the other."""
    federation = flown("multilateral", 30)
    given = {party: why(federation.nodes[party]) for party in ("USA", "KOR")}
    for party, other in (("USA", "KOR"), ("KOR", "USA")):
        told = given[party]
        assert told["own"] is False
        assert told["given"]["sender"] == "JPN"
        assert (told["others"], told["kept"], told["names"]) == ([], None, [SEEN])
        said = dict(told["given"])
        # A clause is what both have signed: its text names its parties, and nothing of this item.
        said["clauses"] = [clause["name"] for clause in said["clauses"]]
        assert other not in msgspec.json.encode({**said, "item": told["item"]}).decode()


def test_a_recall_that_went_to_others_is_not_told_of_in_a_partners_item() -> None:
    jpn = flown("multilateral", 10).nodes["JPN"]
    assert {row["recipient"] for row in why(jpn)["others"]} == {"KOR", "USA"}


def test_a_staff_that_has_less_than_all_is_shown_no_copy_to_compare_with() -> None:
    round_off = 'form = "measurements"\nduties = { round_position_m = 20000 }'
    coarse = INSIDE["internal-JPN.toml"].replace('form = "measurements"', round_off)
    jpn = flown("multilateral", 20, more={**INSIDE, "internal-JPN.toml": coarse}).nodes["JPN"]
    rows = why(jpn)["others"]
    assert any(row["outcome"] == "permit" for row in rows)
    assert {row["copy"] is None for row in rows} == {True}


# --- own items ---


def test_of_an_own_item_each_partners_answer_is_told_with_reason_and_clause() -> None:
    jpn = flown("multilateral").nodes["JPN"]
    told = why(jpn)
    assert (told["own"], told["given"], told["kept"]) == (True, None, None)
    rows = {row["recipient"]: row for row in told["others"]}
    for partner in ("KOR", "USA"):
        row = rows[partner]
        assert row["outcome"] == "permit"
        assert row["number"] >= 1
        (clause,) = row["clauses"]
        assert set(clause["text"]) == {"en", "ja", "ko"}
        assert all(clause["text"].values())
        (left,) = [one for one in sent(jpn, partner) if one.item.item_id == SEEN]
        assert (row["got"]["version"], row["got"]["acknowledged"]) == (left.item.version, True)
        assert row["officers"] == []


def test_what_is_withheld_from_whom_is_told_with_the_first_reason_of_the_decision() -> None:
    jpn = flown("separate-2009").nodes["JPN"]
    rows = {row["recipient"]: row for row in why(jpn)["others"] if row["via"] is None}
    assert rows["KOR"]["outcome"] == "withhold"
    assert rows["KOR"]["reasons"] == ["not-releasable-to", "no-agreement"]
    assert rows["KOR"]["got"] is None
    assert not sent(jpn, "KOR")


def test_what_waits_for_officers_says_how_many_have_approved_and_until_when() -> None:
    jpn = flown(seconds=4).nodes["JPN"]
    (row,) = [row for row in why(jpn)["others"] if row["recipient"] == "KOR"]
    assert row["outcome"] == "refer"
    waits = row["waits"]
    assert (waits["needed"], waits["approved_by"]) == (1, [])
    assert waits["deadline_ns"] - waits["asked_ns"] == 60 * 10**9


def test_who_approved_is_named() -> None:
    jpn = flown(seconds=20, people=[once(5, grant("kim"))]).nodes["JPN"]
    (row,) = [row for row in why(jpn)["others"] if row["recipient"] == "KOR"]
    assert (row["outcome"], row["officers"]) == ("permit", ["JPN/kim"])
    assert row["got"]["version"] == 1


def test_the_copy_that_is_shown_is_the_copy_that_left() -> None:
    """Moved apart by duties: how far, in metres, against what the partner itself is told of its copy."""
    federation = flown("multilateral", 20, changed=rounded)
    jpn, kor = federation.nodes["JPN"], federation.nodes["KOR"]
    (row,) = [row for row in why(jpn)["others"] if row["recipient"] == "KOR"]
    theirs = why(kor)["item"]
    assert (row["copy"]["lat"], row["copy"]["lon"]) == (theirs["lat"], theirs["lon"])
    assert row["copy"]["ellipse"] == theirs["ellipse"]
    assert 0 < row["moved_m"] < 20_000 * 2**0.5
    assert row["duties"]["round_position_m"] == 20_000
    assert why(kor)["given"]["duties"]["round_position_m"] == 20_000


def rounded(text: str) -> str:
    """Agreements under which areas and events leave on a grid of 20 km."""
    return text.replace('form = "areas"', 'form = "areas"\nduties = { round_position_m = 20000 }')


def test_a_partners_item_names_clause_instant_and_entry_by_which_it_came() -> None:
    kor = flown("multilateral").nodes["KOR"]
    given = why(kor)["given"]
    stored = next(iter(kor.ledger.entries(given["entry"])))
    assert stored.kind is EntryKind.RECEIVED
    assert stored.recorded_ns == given["received_ns"]
    assert given["clauses"][0]["agreement"]
    assert given["approved_by"] == []


def test_consents_that_came_with_a_partners_item_name_the_officer() -> None:
    kor = flown(seconds=20, people=[once(5, grant("kim"))]).nodes["KOR"]
    assert why(kor)["given"]["approved_by"] == ["JPN/kim"]


def test_what_was_called_back_says_so() -> None:
    jpn = flown("multilateral", 30, [once(8, recalling())]).nodes["JPN"]
    assert why(jpn)["kept"] == "called-back"


def test_a_warning_tells_what_each_audience_was_given() -> None:
    jpn = flown("multilateral", 30).nodes["JPN"]
    (warning,) = [item.item_id for item in jpn.holdings.items() if "-warn-JPN-" in item.item_id]
    assert {row["recipient"] for row in why(jpn, warning)["others"]} == {"KOR", "USA"}


def test_after_a_crash_the_answer_is_the_same_but_for_the_instant_it_was_asked() -> None:
    def told(*crashes: Crash) -> dict[str, Any]:
        answer = why(flown("multilateral", 30, crashes=crashes).nodes["JPN"])
        return {name: answer[name] for name in ("item", "own", "given", "names", "for_me")}

    assert told() == told(Crash("JPN", at(20), at(22)))


# --- the desk ---


def test_as_a_partner_would_get_it_is_what_it_then_gets() -> None:
    federation = flown("multilateral", 20, changed=rounded)
    jpn, kor = federation.nodes["JPN"], federation.nodes["KOR"]
    shown = shown_as(jpn, SEEN, "KOR", None, "kim")
    theirs = kor.holdings.newest(SEEN)
    assert theirs is not None
    assert shown["would_leave"]["item"]["place"] != shown["held"]["place"]
    assert (shown["after"]["lat"], shown["after"]["lon"]) == (
        why(kor)["item"]["lat"],
        why(kor)["item"]["lon"],
    )
    assert looks(jpn)[-1].said == f"{SEEN} as KOR"


def test_as_a_partner_that_gets_nothing_nothing_is_shown_but_why() -> None:
    shown = shown_as(flown("separate-2009").nodes["JPN"], SEEN, "KOR", None, "kim")
    assert (shown["would_leave"], shown["after"], shown["outcome"]) == (None, None, "withhold")
    assert shown["reasons"] == ["not-releasable-to", "no-agreement"]


@pytest.mark.parametrize("recipient", ["AUS", "JPN", "", "KOR/staff", "kor"])
def test_as_whom_is_a_partner_of_this_node(recipient: str) -> None:
    with pytest.raises(UsageError, match="is no partner"):
        shown_as(flown().nodes["JPN"], SEEN, recipient, None, "kim")


def test_as_a_partner_what_the_staff_may_not_see_is_as_if_it_were_not_there() -> None:
    blind = flown(more={}).nodes["JPN"]
    texts = set()
    for name in (SEEN, "JPN-nothing"):
        with pytest.raises(UsageError) as caught:
            shown_as(blind, name, "KOR", None, "kim")
        texts.add(str(caught.value).replace(name, "X"))
    assert len(texts) == 1


def test_the_desk_shows_who_may_answer_what_was_answered_and_what_can_be_undone() -> None:
    held = {"JPN": msgspec.structs.replace(DESKS["JPN"], undo_s=3_600, deputies=("lee",))}
    federation = federation_of("direct-2016", 12, desks=held, more=INSIDE)
    play(federation, [(at(1), "JPN", launch(federation.nodes["JPN"]))], [once(5, grant("kim"))])
    jpn = federation.nodes["JPN"]
    by_kim, by_park, by_lee = (shown_at_desk(jpn, name) for name in ("kim", "park", "lee"))
    assert (by_kim["may_answer"], by_lee["may_answer"]) == (True, False)
    (mine,) = [one for one in by_kim["answered"] if one["subject"] == SEEN]
    (others,) = [one for one in by_park["answered"] if one["subject"] == SEEN]
    assert (mine["may_undo"], others["may_undo"], mine["left"]) == (True, False, None)
    assert mine["approved_by"] == ["JPN/kim"]
    assert mine["leaves_ns"] == at(5) + 3_600 * 10**9
    assert by_kim["deputies"] == [{"deputy": "lee", "officer": None, "until_ns": None}]


def declare_launch(seconds: int = 30) -> Callable[[Federation], None]:
    def act(federation: Federation) -> None:
        declare(
            federation.nodes["JPN"],
            Declared.SITUATION,
            "launch",
            officer="JPN/kim",
            domain=Domain.MISSILE,
            valid_s=seconds,
        )

    return act


def test_a_declared_situation_has_its_clock() -> None:
    jpn = flown("direct-2016", 10, [once(5, declare_launch())]).nodes["JPN"]
    (declared,) = shown_at_desk(jpn, "kim")["declared"]
    assert (declared["party"], declared["about"], declared["officer"]) == ("JPN", "launch", "JPN/kim")
    assert (declared["since_ns"], declared["until_ns"]) == (at(5), at(35))
    later = flown("direct-2016", 40, [once(5, declare_launch())]).nodes["JPN"]
    assert shown_at_desk(later, "kim")["declared"] == []
