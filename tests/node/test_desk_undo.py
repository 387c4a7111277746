"""An approval taken back: only by who gave it, only while nothing has left, and as if it never was."""

from collections.abc import Callable, Mapping, Sequence

import pytest
from tests.node.test_node_desk import grant, steps, two_person, went
from tests.small_federation import at, federation_of, launch, once, play, received, sent

from trilat.model import UsageError
from trilat.node import DeskSettings, Node
from trilat.node.desk import Question
from trilat.node.records import DeskStep
from trilat.study import Crash, Federation

HELD = DeskSettings(officers=("kim", "park"), deputies=("lee",), answer_within_s=600, undo_s=10)
DESKS: Mapping[str, DeskSettings] = {"JPN": HELD}


def about_seen(node: Node) -> Question:
    """The question that waits about the launch, and not about a warning of it."""
    (question,) = (one for one in node.desk.questions() if one.referral.subject == "JPN-seen")
    return question


def undo(officer: str, line: str = "") -> Callable[[Federation], None]:
    """An officer takes back what they answered last; `line` is what the desk says against it."""

    def act(federation: Federation) -> None:
        desk = federation.nodes["JPN"].desk
        said = [spoken[0].record for spoken in desk.given.newest_first()]
        question = next(record.question for record in said if record.subject == "JPN-seen")
        if line:
            with pytest.raises(UsageError, match=line):
                desk.undo(question or "", officer)
        else:
            desk.undo(question or "", officer, "the wrong row")

    return act


def run(seconds: int, people: Sequence[object], regime: str = "direct-2016", **more: object) -> Federation:
    federation = federation_of(regime, seconds, desks=DESKS, **more)  # type: ignore[arg-type]
    reports = [(at(1), "JPN", launch(federation.nodes["JPN"]))]
    return play(federation, reports, people)  # type: ignore[arg-type]


def test_what_was_approved_is_held_for_so_long_and_then_leaves() -> None:
    between: list[int] = []
    look = once(14, lambda running: between.append(len(went(running.nodes["JPN"]))))
    federation = run(30, [once(5, grant("kim")), look])
    assert between == [0]
    assert went(federation.nodes["JPN"]) == ["JPN-seen"]


def test_taken_back_in_time_it_does_not_leave_and_the_question_waits_again_with_no_approval() -> None:
    jpn = run(60, [once(5, grant("kim")), once(9, undo("kim"))]).nodes["JPN"]
    assert went(jpn) == []
    assert about_seen(jpn).approved_by == ()
    told = [(record.officer, record.said) for record in steps(jpn) if record.step is DeskStep.UNDONE]
    assert ("JPN/kim", "the wrong row") in told


def test_approved_anew_after_it_was_taken_back_it_leaves() -> None:
    people = [once(5, grant("kim")), once(9, undo("kim")), once(20, grant("kim"))]
    assert went(run(50, people).nodes["JPN"]) == ["JPN-seen"]


def test_what_has_left_cannot_be_undone() -> None:
    federation = run(40, [once(5, grant("kim")), once(30, undo("kim", "has left for it"))])
    assert went(federation.nodes["JPN"]) == ["JPN-seen"]
    assert not [record for record in steps(federation.nodes["JPN"]) if record.step is DeskStep.UNDONE]


@pytest.mark.parametrize(
    ("officer", "line"),
    [
        ("park", "has approved no question"),
        ("lee", "has approved no question"),
        ("choi", "is no officer here"),
        ("", "is no officer here"),
    ],
)
def test_only_who_approved_takes_it_back(officer: str, line: str) -> None:
    federation = run(30, [once(5, grant("kim")), once(9, undo(officer, line))])
    assert went(federation.nodes["JPN"]) == ["JPN-seen"]


def test_a_refusal_is_not_undone_and_nothing_is_taken_back_twice() -> None:
    run(20, [once(5, grant("kim", granted=False)), once(9, undo("kim", "has approved no question"))])
    run(20, [once(5, grant("kim")), once(8, undo("kim")), once(9, undo("kim", "has approved no question"))])


@pytest.mark.parametrize("question", ["", "0" * 16, "JPN-seen"])
def test_a_question_that_nobody_answered_is_not_undone(question: str) -> None:
    jpn = run(6, []).nodes["JPN"]
    with pytest.raises(UsageError, match="has approved no question"):
        jpn.desk.undo(question, "kim")


def test_of_two_persons_one_takes_back_and_the_others_approval_stands_and_counts_once() -> None:
    def again(running: Federation) -> None:
        desk = running.nodes["JPN"].desk
        with pytest.raises(UsageError, match="nobody counts twice"):
            desk.answer(about_seen(running.nodes["JPN"]).question_id, "park", granted=True, valid_s=600)
        assert about_seen(running.nodes["JPN"]).approved_by == ("JPN/park",)

    people = [once(5, grant("kim", "park")), once(9, undo("kim")), once(12, again), once(15, grant("kim"))]
    between: list[int] = []
    look = once(14, lambda running: between.append(len(went(running.nodes["JPN"]))))
    federation = run(40, [*people, look], changed=two_person)
    assert between == [0]
    assert went(federation.nodes["JPN"]) == ["JPN-seen"]
    assert {record.refusal for record in received(federation.nodes["KOR"]) if record.sender == "JPN"} == {""}


@pytest.mark.parametrize("crash_s", [7, 11])
def test_over_a_crash_it_stays_held_and_stays_taken_back(crash_s: int) -> None:
    crash = Crash("JPN", at(crash_s), at(crash_s + 1))
    jpn = run(60, [once(5, grant("kim")), once(9, undo("kim"))], crashes=(crash,)).nodes["JPN"]
    assert went(jpn) == []
    assert about_seen(jpn).approved_by == ()


def test_after_a_crash_what_has_left_is_still_known_to_have_left() -> None:
    crash = Crash("JPN", at(20), at(22))
    run(40, [once(5, grant("kim")), once(30, undo("kim", "has left for it"))], crashes=(crash,))


def hub(people: Sequence[object], seconds: int = 60, **more: object) -> Federation:
    def ask(federation: Federation) -> None:
        federation.nodes["USA"].onward.ask("JPN-seen", "KOR", 300)

    return run(seconds, [once(6, ask), *people], "hub-2014", **more)


@pytest.mark.parametrize("crashes", [(), (Crash("JPN", at(18), at(20)),)], ids=["", "over a crash"])
def test_leave_for_an_intermediary_is_taken_back_before_it_hears_of_it(crashes: tuple[Crash, ...]) -> None:
    federation = hub([once(12, grant("kim")), once(15, undo("kim"))], crashes=crashes)
    usa, jpn = federation.nodes["USA"], federation.nodes["JPN"]
    assert "JPN-seen" not in [record.item.item_id for record in sent(usa, "KOR")]
    assert not [record for record in sent(jpn, "USA") if "consent" in record.item.item_id]
    assert about_seen(jpn).referral.via == "USA"


def test_leave_that_an_intermediary_has_is_not_undone() -> None:
    federation = hub([once(12, grant("kim")), once(40, undo("kim", "has left for it"))])
    assert "JPN-seen" in [record.item.item_id for record in sent(federation.nodes["USA"], "KOR")]
