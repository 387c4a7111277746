"""Recalls through whole nodes: what goes, what stays as proof, who answers what, and when."""

import hashlib

import pytest
from tests.recall_drill import (
    DRILL,
    SEEN,
    answering,
    answers,
    drill,
    kinds_of,
    only_case,
    recalling,
    run,
    versions,
    voluntary,
)
from tests.small_federation import at, launch, once, play, sent

from trilat.model import HolderAnswer, RecallAction, UsageError
from trilat.node import Node, ReleaseRecord
from trilat.node.asked import CaseState
from trilat.node.obliged import UNDECIDED
from trilat.node.recall_records import RecallStep
from trilat.study import Crash, Federation

TEAR_LINE = DRILL.replace("return_or_destroy = true", "return_or_destroy = true\ntear_line = true", 1)
ASKED_ONCE = [RecallStep.STOPPED, RecallStep.OPENED, RecallStep.REMINDED, RecallStep.OVERDUE]


def test_a_recall_takes_every_content_and_leaves_the_proof() -> None:
    federation = run(drill(), [once(8, recalling())])
    jpn = federation.nodes["JPN"]
    case = only_case(jpn)
    assert case.state is CaseState.ANSWERED
    assert answers(case) == {"USA": "complied", "KOR": "complied"}
    for party, gone in (("USA", 2), ("KOR", 1)):
        node = federation.nodes[party]
        assert node.holdings.newest(SEEN) is None
        blank = [stored for stored in node.ledger.entries() if stored.content is None]
        assert len(blank) == gone
        certificate = case.said[party].certificate
        assert certificate is not None
        (removed,) = certificate.removed
        # The holder can show by its ledger which entries the certificate speaks of.
        assert removed.contents == gone
        assert removed.digest == hashlib.sha256(b"".join(one.commitment for one in blank)).digest()
        verified = node.ledger.verify()
        assert (verified.verified, verified.removed) == (True, gone)
    assert jpn.holdings.newest(SEEN) is not None, "the originator keeps its own"


def test_pictures_forget_as_if_it_had_never_come() -> None:
    """The same run with and without the item: what a View shows and what a warning rests on are the same."""

    def shown(*, recalled: bool) -> list[object]:
        federation = drill(30)
        kor = [(at(2), "KOR", launch(federation.nodes["KOR"], "other", place_deg=(39.0, 127.0)))]
        if recalled:
            run(federation, [once(8, recalling())], kor)
        else:
            play(federation, kor)
        usa = federation.nodes["USA"]
        alarms = usa.views.of("USA").alarms(at(30))
        return [usa.sights(), [(alarm.key, alarm.basis, alarm.supporting) for alarm in alarms]]

    assert shown(recalled=True) == shown(recalled=False)


def test_a_warning_that_rested_on_it_alone_is_withdrawn() -> None:
    federation = run(drill(), [once(8, recalling())])
    assert federation.nodes["USA"].alerts.standing("USA") == ()
    untouched = run(drill())
    assert len(untouched.nodes["USA"].alerts.standing("USA")) == 1, "the premise"


@pytest.mark.parametrize("text", [DRILL, TEAR_LINE], ids=["by its name", "by another name"])
@pytest.mark.parametrize("crashes", [(), (Crash("JPN", at(10), at(11)),)], ids=["", "restarted"])
def test_nothing_of_a_recalled_item_leaves_any_more(text: str, crashes: tuple[Crash, ...]) -> None:
    federation = drill(25, text, crashes=crashes)
    jpn = federation.nodes["JPN"]
    again = [(at(12), "JPN", launch(jpn, version=2))]
    run(federation, [once(8, recalling())], again)
    assert federation.nodes["USA"].holdings.newest(SEEN) is None
    assert [record.item.version for record in _given(jpn)] == [1]


def test_what_waits_for_its_time_is_called_back_before_anybody_has_it() -> None:
    """Copies leave after ten seconds; the recall comes before."""
    delayed = DRILL.replace("[clause.duties]", "[clause.duties]\ndelay_s = 10")
    federation = run(drill(30, delayed), [once(5, recalling())])
    assert not federation.nodes["JPN"].recalls.asked.cases
    assert _given(federation.nodes["JPN"]) == []
    assert federation.nodes["USA"].holdings.newest(SEEN) is None


def _given(node: Node) -> list[ReleaseRecord]:
    return [record for record in sent(node, "USA") if record.item.item_id == SEEN]


def test_without_the_duty_a_person_decides_and_a_refusal_stands() -> None:
    people = [once(8, recalling(within_s=30)), once(12, answering(HolderAnswer.REFUSED, "evidence in court"))]
    federation = run(drill(20, voluntary(DRILL)), people)
    case = only_case(federation.nodes["JPN"])
    assert answers(case) == {"USA": "refused"}
    assert case.said["USA"].reason == "evidence in court"
    usa, kor = federation.nodes["USA"], federation.nodes["KOR"]
    assert usa.holdings.newest(SEEN) is not None
    assert kor.holdings.newest(SEEN) is not None, "who refuses calls nothing back"
    assert usa.ledger.verify().removed == 0
    assert kinds_of(usa) == [RecallStep.ASKED, RecallStep.SAID, RecallStep.ANSWERED]


def test_a_person_who_complies_is_named_in_the_certificate() -> None:
    people = [once(8, recalling(within_s=30)), once(12, answering(HolderAnswer.COMPLIED, ""))]
    people.append(once(16, answering(HolderAnswer.UNABLE, "printed, and not found", "KOR")))
    federation = run(drill(25, voluntary(DRILL)), people)
    case = only_case(federation.nodes["JPN"])
    assert answers(case) == {"USA": "complied", "KOR": "unable"}
    certificate = case.said["USA"].certificate
    assert certificate is not None
    assert certificate.by == "USA/kim"
    assert federation.nodes["KOR"].holdings.newest(SEEN) is not None


@pytest.mark.parametrize(
    ("answer", "reason", "line"),
    [(HolderAnswer.REFUSED, "", "say why"), (HolderAnswer.UNABLE, "", "say why")],
)
def test_a_refusal_without_a_reason_is_not_taken(answer: HolderAnswer, reason: str, line: str) -> None:
    federation = run(drill(12, voluntary(DRILL)), [once(8, recalling(within_s=30))])
    with pytest.raises(UsageError, match=line):
        answering(answer, reason)(federation)
    with pytest.raises(UsageError, match="waits for an answer here"):
        federation.nodes["USA"].recalls.answer("JPN-recall-1-USA", answer, "no", "USA/kim")


def test_after_the_deadline_the_asker_is_told_that_nobody_decided_and_a_late_word_counts() -> None:
    people = [once(5, recalling(within_s=6)), once(25, answering(HolderAnswer.COMPLIED, ""))]
    states: dict[int, CaseState] = {}

    def look(federation: Federation, now_ns: int) -> None:
        cases = federation.nodes["JPN"].recalls.asked.cases
        if cases:
            case = only_case(federation.nodes["JPN"])
            states[round((now_ns - at(0)) / 1e9)] = case.state
            if now_ns == at(20):
                assert case.said["USA"].reason == UNDECIDED

    federation = run(drill(35, voluntary(DRILL)), [*people, look])
    assert states[9] is CaseState.WAITING
    assert states[13] is states[24] is CaseState.OVERDUE
    jpn = federation.nodes["JPN"]
    assert kinds_of(jpn) == ASKED_ONCE
    assert only_case(jpn).said["USA"].answer is HolderAnswer.COMPLIED
    # KOR was asked when USA complied, and nobody there has decided.
    assert only_case(jpn).waiting == ("KOR",)


@pytest.mark.parametrize("again_s", [5.5, 8.5, 9.5, 10.5, 14.5])
@pytest.mark.parametrize("party", ["JPN", "USA", "KOR"])
def test_reminders_deadlines_and_answers_survive_a_restart(party: str, again_s: float) -> None:
    crash = Crash(party, at(again_s - 0.2), at(again_s))
    people = [once(5, recalling(within_s=8)), once(16, answering(HolderAnswer.COMPLIED, ""))]
    people.append(once(20, answering(HolderAnswer.COMPLIED, "", "KOR")))
    federation = run(drill(30, voluntary(DRILL), crashes=(crash,)), people)
    jpn = federation.nodes["JPN"]
    assert kinds_of(jpn) == ASKED_ONCE
    case = only_case(jpn)
    assert answers(case) == {"USA": "complied", "KOR": "complied"}
    assert case.state is CaseState.ANSWERED
    assert all(said.certificate is not None for said in case.said.values())


def test_who_is_offline_is_named_and_answers_when_it_is_back() -> None:
    waiting: list[tuple[str, ...]] = []

    def look(federation: Federation, now_ns: int) -> None:
        if now_ns == at(18):
            waiting.append(only_case(federation.nodes["JPN"]).waiting)

    crash = Crash("KOR", at(6), at(20))
    federation = run(drill(40, crashes=(crash,)), [once(8, recalling(within_s=5)), look])
    assert waiting == [("KOR",)]
    case = only_case(federation.nodes["JPN"])
    assert case.is_overdue
    assert answers(case) == {"USA": "complied", "KOR": "complied"}


def test_what_is_still_on_its_way_goes_when_it_has_arrived() -> None:
    """KOR is down before the item is passed on: the release must stay until KOR has it, and goes then."""
    kept: list[tuple[str, ...]] = []

    def look(federation: Federation, now_ns: int) -> None:
        if now_ns == at(18):
            certificate = only_case(federation.nodes["JPN"]).said["USA"].certificate
            assert certificate is not None
            kept.append(certificate.kept)

    crashes = (Crash("KOR", at(0.5), at(20)), Crash("USA", at(14.3), at(14.4)))
    federation = run(drill(45, crashes=crashes), [once(8, recalling(within_s=60)), look])
    assert kept == [("still on its way to KOR: it goes when KOR has it",)]
    usa = federation.nodes["USA"]
    assert usa.ledger.verify().removed == 2
    case = only_case(federation.nodes["JPN"])
    assert case.said["USA"].certificate is not None
    assert case.said["USA"].certificate.kept == ()
    assert answers(case) == {"USA": "complied", "KOR": "complied"}


def test_asking_who_holds_an_item_takes_nothing_away() -> None:
    federation = run(drill(), [once(8, recalling(RecallAction.ACCOUNT))])
    case = only_case(federation.nodes["JPN"])
    assert answers(case) == {"USA": "complied", "KOR": "complied"}
    for said in case.said.values():
        assert said.certificate is not None
        assert list(said.certificate.held) == versions(SEEN)
        assert said.certificate.removed == ()
    for party in ("USA", "KOR"):
        assert federation.nodes[party].ledger.verify().removed == 0
        assert federation.nodes[party].holdings.newest(SEEN) is not None


def test_all_on_a_subject_and_versions_are_named() -> None:
    jpn = run(drill(10)).nodes["JPN"]
    assert versions(SEEN)[0] in jpn.recalls.named([], "seen")
    assert jpn.recalls.named([], "nothing") == []
    assert jpn.recalls.named(["JPN-gone@7"])[0].version == 7
    for name, line in (("JPN-gone", "held here"), ("JPN-seen@0", "no version"), ("JPN-seen@x", "no version")):
        with pytest.raises(UsageError, match=line):
            jpn.recalls.named([name])


@pytest.mark.parametrize(
    ("names", "line"),
    [
        ((), "name what is called back"),
        (("USA-warn-JPN-1",), "is not ours"),
        (("JPN-never-made",), "nothing of this was released"),
    ],
)
def test_what_cannot_be_called_back_is_refused_in_one_line(names: tuple[str, ...], line: str) -> None:
    jpn = run(drill(10)).nodes["JPN"]
    with pytest.raises(UsageError, match=line):
        jpn.recalls.recall(versions(*names), RecallAction.DESTROY, 60)
    assert not jpn.recalls.asked.cases


def test_where_no_agreement_lets_a_recall_go_the_originator_is_told() -> None:
    text = DRILL.replace(
        'kinds = ["recall", "reclassification", "loss-report", "answer"]', 'kinds = ["answer"]'
    )
    jpn = run(drill(10, text)).nodes["JPN"]
    with pytest.raises(UsageError, match="write a clause for recalls"):
        jpn.recalls.recall(versions(SEEN), RecallAction.DESTROY, 60)


def test_whom_no_agreement_lets_an_intermediary_ask_is_named() -> None:
    text = DRILL.replace('from = ["JPN", "KOR", "USA"]', 'from = ["JPN", "KOR"]')
    # The answer of USA must pass; its recall may not.
    text += """
[[clause]]
id = "answers"
article = "4"
effect = "permit"
domains = ["missile"]
kinds = ["answer"]
from = ["USA"]
to = ["JPN", "KOR"]
highest = { scheme = "JPN", level = "GOKUHI" }
form = "measurements"
"""
    federation = run(drill(20, text), [once(8, recalling())])
    certificate = only_case(federation.nodes["JPN"]).said["USA"].certificate
    assert certificate is not None
    assert certificate.kept == ("passed on to KOR, whom no agreement lets us ask",)
    assert federation.nodes["KOR"].holdings.newest(SEEN) is not None


def test_an_answer_is_there_within_five_seconds_also_from_a_further_holder() -> None:
    answered: list[float] = []

    def look(federation: Federation, now_ns: int) -> None:
        cases = federation.nodes["JPN"].recalls.asked.cases
        if cases and only_case(federation.nodes["JPN"]).state is CaseState.ANSWERED:
            answered.append((now_ns - at(8)) / 1e9)

    run(drill(20), [once(8, recalling()), look])
    assert answered[0] <= 5.0


def test_own_items_that_name_what_went_are_listed_for_the_own_staff() -> None:
    usa = run(drill(), [once(8, recalling())]).nodes["USA"]
    (obligation,) = usa.recalls.obliged.obligations.values()
    assert [one.item_id for one in obligation.affected] == ["USA-warn-USA-launch-JPN-seen"]
    restarted = run(drill(25, crashes=(Crash("USA", at(16), at(17)),)), [once(8, recalling())]).nodes["USA"]
    (again,) = restarted.recalls.obliged.obligations.values()
    assert again.affected == obligation.affected


def test_who_has_a_tear_line_is_asked_by_the_name_that_it_knows() -> None:
    federation = run(drill(20, TEAR_LINE), [once(8, recalling())])
    case = only_case(federation.nodes["JPN"])
    assert [one.item_id for one in case.about] != [SEEN], "the premise"
    assert answers(case)["USA"] == "complied"
    usa = federation.nodes["USA"]
    assert usa.holdings.newest(case.about[0].item_id) is None
    assert SEEN not in [item.item_id for item in usa.holdings.items()]


def test_an_item_of_very_many_versions_goes_whole() -> None:
    federation = drill(25)
    jpn = federation.nodes["JPN"]
    many = [(at(2), "JPN", launch(jpn, version=version)) for version in range(2, 1_102)]
    run(federation, [once(14, recalling(within_s=60))], many)
    case = only_case(jpn)
    certificate = case.said["USA"].certificate
    assert certificate is not None
    (removed,) = certificate.removed
    usa = federation.nodes["USA"]
    assert removed.version == 1_101
    assert removed.contents == usa.ledger.verify().removed > 1_000
    assert usa.holdings.newest(SEEN) is None
