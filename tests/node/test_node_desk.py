"""The release desk: who may answer, two persons, deadlines, stand-ins; and asking a partner for leave."""

from collections.abc import Callable, Mapping

import pytest
from tests.small_federation import at, federation_of, launch, once, play, received, sent

from trilat.ledger import EntryKind
from trilat.model import Consent, Declared, Domain, Request, UsageError, decode
from trilat.node import DeskSettings, Node, declare
from trilat.node.at_desk import shown_at_desk
from trilat.node.onward import RequestState
from trilat.node.records import DeskRecord, DeskStep
from trilat.policy import internal_agreement
from trilat.study import Crash, Federation

DESK = DeskSettings(officers=("kim", "park"), deputies=("lee",), answer_within_s=60)
DESKS: Mapping[str, DeskSettings] = {"JPN": DESK}


def two_person(text: str) -> str:
    return text.replace('approval = "originator"', 'approval = "two-person"')


def steps(node: Node) -> list[DeskRecord]:
    return [
        decode(stored.content, DeskRecord)
        for stored in node.ledger.entries(kinds={EntryKind.DESK})
        if stored.content is not None
    ]


def went(node: Node, recipient: str = "KOR") -> list[str]:
    """What was released but for warnings, which have officers' questions of their own."""
    names = [record.item.item_id for record in sent(node, recipient)]
    return [name for name in names if "-warn-" not in name]


def asked(node: Node) -> str:
    (question,) = node.desk.questions()
    return question.question_id


def grant(*officers: str, party: str = "JPN", granted: bool = True) -> Callable[[Federation], None]:
    def act(federation: Federation) -> None:
        desk = federation.nodes[party].desk
        for officer in officers:
            for question in desk.questions():
                desk.answer(question.question_id, officer, granted=granted, valid_s=600, said="looked at")

    return act


def waiting(seconds: int = 3, **more: object) -> Federation:
    """A launch that JPN saw waits for its officers, on its way to KOR."""
    federation = federation_of("direct-2016", seconds, desks=DESKS, **more)  # type: ignore[arg-type]
    return play(federation, [(at(1), "JPN", launch(federation.nodes["JPN"]))])


def test_a_question_shows_the_copy_that_would_leave_and_each_look_is_recorded() -> None:
    internal = internal_agreement("JPN", "missile-warning", "2000-01-01T00:00:00Z")
    jpn = waiting(more={"internal.toml": internal}).nodes["JPN"]
    shown = shown_at_desk(jpn, "kim")
    (question,) = shown["questions"]
    assert question["recipient"] == "KOR"
    assert question["held"]["item_id"] == question["would_leave"]["item"]["item_id"] == "JPN-seen"
    assert question["needed"] == 1
    last = steps(jpn)[-1]
    assert (last.step, last.officer, len(last.digest)) == (DeskStep.SHOWN, "JPN/kim", 32)


def test_an_officer_sees_no_more_than_the_staff_may() -> None:
    """No internal agreement: nobody of the staff may see anything, and neither do officers."""
    (question,) = shown_at_desk(waiting().nodes["JPN"], "kim")["questions"]
    assert (question["held"], question["would_leave"]) == (None, None)


def test_a_preview_leaves_nothing_behind() -> None:
    jpn = waiting().nodes["JPN"]
    jpn.desk.questions("kim")
    assert not jpn.exchange.consents
    assert len(jpn.referrals()) == 1


def test_an_officers_answer_frees_the_item_and_names_the_officer() -> None:
    federation = federation_of("direct-2016", 20, desks=DESKS)
    jpn = federation.nodes["JPN"]
    play(federation, [(at(1), "JPN", launch(jpn))], [once(5, grant("kim"))])
    assert went(jpn) == ["JPN-seen"]
    answered = [record for record in steps(jpn) if record.step is DeskStep.ANSWERED]
    assert [(record.officer, record.granted, record.said) for record in answered] == [
        ("JPN/kim", True, "looked at")
    ]


@pytest.mark.parametrize("name", ["choi", "", "KIM", "kim ", "lee/kim"])
def test_who_is_no_officer_neither_sees_nor_answers(name: str) -> None:
    jpn = waiting().nodes["JPN"]
    with pytest.raises(UsageError, match="is no officer here"):
        jpn.desk.questions(name)
    with pytest.raises(UsageError, match="is no officer here"):
        jpn.desk.answer(asked(jpn), name, granted=True, valid_s=60)
    assert len(jpn.referrals()) == 1


@pytest.mark.parametrize("question", ["", "0" * 16, "JPN-seen"])
def test_a_question_that_does_not_wait_is_not_answered(question: str) -> None:
    jpn = waiting().nodes["JPN"]
    with pytest.raises(UsageError, match="no question"):
        jpn.desk.answer(question, "kim", granted=True, valid_s=60)


def test_a_deputy_answers_only_while_an_officer_lets_them_stand_in() -> None:
    jpn = waiting().nodes["JPN"]
    question = asked(jpn)
    with pytest.raises(UsageError, match="stands in for nobody"):
        jpn.desk.answer(question, "lee", granted=True, valid_s=60)
    jpn.desk.delegate("kim", "lee", 30)
    jpn.desk.take_back("kim", "lee")
    with pytest.raises(UsageError, match="stands in for nobody"):
        jpn.desk.answer(question, "lee", granted=True, valid_s=60)
    jpn.desk.delegate("kim", "lee", 30)
    consent = jpn.desk.answer(question, "lee", granted=True, valid_s=60)
    assert consent.officer == "JPN/lee"
    answered = [record for record in steps(jpn) if record.step is DeskStep.ANSWERED]
    assert [(record.officer, record.stands_for) for record in answered] == [("JPN/lee", "JPN/kim")]


def test_a_delegation_ends_by_itself() -> None:
    federation = federation_of("direct-2016", 40, desks=DESKS)
    jpn = federation.nodes["JPN"]

    def act(running: Federation) -> None:
        with pytest.raises(UsageError, match="stands in for nobody"):
            running.nodes["JPN"].desk.answer(asked(jpn), "lee", granted=True, valid_s=60)

    def delegate(running: Federation) -> None:
        running.nodes["JPN"].desk.delegate("kim", "lee", 20)

    play(federation, [(at(1), "JPN", launch(jpn))], [once(3, delegate), once(30, act)])
    assert not sent(jpn, "KOR")


@pytest.mark.parametrize(
    ("officer", "deputy", "line"),
    [
        ("lee", "lee", "cannot delegate"),
        ("choi", "lee", "cannot delegate"),
        ("kim", "park", "is no deputy"),
        ("kim", "choi", "is no deputy"),
    ],
)
def test_only_an_officer_delegates_and_only_to_a_deputy(officer: str, deputy: str, line: str) -> None:
    jpn = waiting().nodes["JPN"]
    with pytest.raises(UsageError, match=line):
        jpn.desk.delegate(officer, deputy, 30)


def test_nobody_takes_back_what_another_delegated() -> None:
    jpn = waiting().nodes["JPN"]
    jpn.desk.delegate("kim", "lee", 30)
    with pytest.raises(UsageError, match="nothing to take back"):
        jpn.desk.take_back("park", "lee")


def test_two_persons_are_two_and_the_item_leaves_with_both_consents() -> None:
    federation = federation_of("direct-2016", 20, desks=DESKS, changed=two_person)
    jpn, kor = federation.nodes["JPN"], federation.nodes["KOR"]
    between: list[int] = []
    look = once(7, lambda running: between.append(len(sent(running.nodes["JPN"], "KOR"))))
    people = [once(5, grant("kim")), look, once(9, grant("park"))]
    play(federation, [(at(1), "JPN", launch(jpn))], people)
    assert between == [0]
    assert went(jpn) == ["JPN-seen"]
    # KOR decides anew on what came: it has used it, so it saw both.
    assert {record.refusal for record in received(kor) if record.sender == "JPN"} == {""}


def test_nobody_counts_twice() -> None:
    jpn = waiting(changed=two_person).nodes["JPN"]
    question = asked(jpn)
    jpn.desk.answer(question, "kim", granted=True, valid_s=600)
    with pytest.raises(UsageError, match="nobody counts twice"):
        jpn.desk.answer(question, "kim", granted=True, valid_s=600)
    jpn.desk.delegate("kim", "lee", 30)
    with pytest.raises(UsageError, match="nobody counts twice"):
        jpn.desk.answer(question, "lee", granted=True, valid_s=600)
    assert len(jpn.referrals()) == 1


def test_a_deputy_of_another_officer_is_the_second_person_and_that_officer_no_third() -> None:
    jpn = waiting(changed=two_person).nodes["JPN"]
    question = asked(jpn)
    jpn.desk.delegate("park", "lee", 30)
    jpn.desk.answer(question, "lee", granted=True, valid_s=600)
    with pytest.raises(UsageError, match="nobody counts twice"):
        jpn.desk.answer(question, "park", granted=True, valid_s=600)
    jpn.desk.answer(question, "kim", granted=True, valid_s=600)
    assert not jpn.referrals()


def test_one_refusal_of_two_ends_the_question() -> None:
    federation = federation_of("direct-2016", 20, desks=DESKS, changed=two_person)
    jpn = federation.nodes["JPN"]
    people = [once(5, grant("kim")), once(8, grant("park", granted=False))]
    play(federation, [(at(1), "JPN", launch(jpn))], people)
    assert not sent(jpn, "KOR")


def test_after_a_crash_the_first_of_two_still_counts_and_still_only_once() -> None:
    crash = Crash("JPN", at(7), at(9))
    federation = federation_of("direct-2016", 30, desks=DESKS, changed=two_person, crashes=(crash,))
    jpn = federation.nodes["JPN"]

    def again(running: Federation) -> None:
        desk = running.nodes["JPN"].desk
        with pytest.raises(UsageError, match="nobody counts twice"):
            desk.answer(asked(running.nodes["JPN"]), "kim", granted=True, valid_s=600)

    people = [once(5, grant("kim")), once(12, again), once(15, grant("park"))]
    play(federation, [(at(1), "JPN", launch(jpn))], people)
    assert went(federation.nodes["JPN"]) == ["JPN-seen"]


def test_a_question_lapses_and_comes_again_only_after_as_long_once_more() -> None:
    federation = federation_of("direct-2016", 140, desks=DESKS)
    jpn = federation.nodes["JPN"]
    counts: list[int] = []

    def count(running: Federation) -> None:
        counts.append(len(running.nodes["JPN"].referrals()))

    reports = [(at(t), "JPN", launch(jpn, version=t, at_s=t)) for t in range(1, 136, 5)]
    play(federation, reports, [once(t, count) for t in (50, 70, 110, 135)])
    assert counts == [1, 0, 0, 1]
    told = [record.step for record in steps(jpn)]
    assert told == [DeskStep.ASKED, DeskStep.LAPSED, DeskStep.ASKED]
    assert not sent(jpn, "KOR")


def test_a_lapsed_question_stays_lapsed_over_a_crash() -> None:
    crash = Crash("JPN", at(70), at(72))
    federation = federation_of("direct-2016", 80, desks=DESKS, crashes=(crash,))
    play(federation, [(at(1), "JPN", launch(federation.nodes["JPN"]))])
    assert not federation.nodes["JPN"].referrals()


def ask(within_s: int = 60) -> Callable[[Federation], None]:
    def act(federation: Federation) -> None:
        federation.nodes["USA"].onward.ask("JPN-seen", "KOR", within_s)

    return act


def hub(seconds: int, people: list[object], desks: Mapping[str, DeskSettings] = DESKS) -> Federation:
    federation = federation_of("hub-2014", seconds, desks=desks)
    report = launch(federation.nodes["JPN"])
    return play(federation, [(at(1), "JPN", report)], people)  # type: ignore[arg-type]


def test_an_intermediary_asks_and_passes_on_what_the_originator_grants() -> None:
    federation = hub(40, [once(6, ask()), once(12, grant("kim"))])
    usa, jpn = federation.nodes["USA"], federation.nodes["JPN"]
    (own,) = usa.onward.own()
    assert own.state is RequestState.GRANTED
    assert "JPN-seen" in [record.item.item_id for record in sent(usa, "KOR")]
    assert isinstance(jpn.holdings.newest("USA-ask-JPN-seen-KOR"), Request)


def test_an_intermediary_is_told_a_refusal_and_passes_nothing_on() -> None:
    federation = hub(40, [once(6, ask()), once(12, grant("kim", granted=False))])
    usa = federation.nodes["USA"]
    (own,) = usa.onward.own()
    assert own.state is RequestState.REFUSED
    assert not [record for record in sent(usa, "KOR") if record.item.item_id == "JPN-seen"]


def test_a_request_that_nobody_answers_lapses_on_both_sides() -> None:
    federation = hub(60, [once(6, ask(within_s=20))])
    (own,) = federation.nodes["USA"].onward.own()
    assert own.state is RequestState.LAPSED
    assert DeskStep.LAPSED in [record.step for record in steps(federation.nodes["JPN"])]
    with pytest.raises(UsageError, match="no question"):
        federation.nodes["JPN"].desk.answer("0" * 16, "kim", granted=True, valid_s=60)


@pytest.mark.parametrize(
    ("item_id", "onward_to", "line"),
    [
        ("JPN-absent", "KOR", "is held here"),
        ("JPN-seen", "AUS", "nothing to ask for"),
        ("JPN-seen", "USA", "nothing to ask for"),
    ],
)
def test_what_no_agreement_could_permit_is_not_asked(item_id: str, onward_to: str, line: str) -> None:
    usa = hub(6, []).nodes["USA"]
    with pytest.raises(UsageError, match=line):
        usa.onward.ask(item_id, onward_to, 60)
    assert not usa.onward.own()


def test_one_does_not_ask_about_ones_own() -> None:
    jpn = hub(6, []).nodes["JPN"]
    with pytest.raises(UsageError, match="our own"):
        jpn.onward.ask("JPN-seen", "KOR", 60)


def test_a_request_goes_nowhere_where_no_clause_lets_it() -> None:
    def without(text: str) -> str:
        return text.replace('kinds = ["request"]', 'kinds = ["answer"]')

    federation = federation_of("hub-2014", 6, desks=DESKS, changed=without)
    play(federation, [(at(1), "JPN", launch(federation.nodes["JPN"]))])
    with pytest.raises(UsageError, match="cannot be asked"):
        federation.nodes["USA"].onward.ask("JPN-seen", "KOR", 60)


def forged(about: str) -> Callable[[Federation], None]:
    """A partner's node that asks about what was never released to it, past its own checks."""

    def act(federation: Federation) -> None:
        usa = federation.nodes["USA"]
        held = usa.holdings.newest("JPN-seen")
        assert held is not None
        rule = usa.onward._clause(held, "KOR")
        now_ns = usa.clock.now_ns()
        head = usa.heads.head(
            f"ask-{about}",
            "JPN-seen",
            kind="request",
            domain=held.domain,
            valid_ns=now_ns,
            now_ns=now_ns,
            releasable_to=("JPN",),
        )
        reference = type(held.reference)(item_id=about, version=1)
        request = Request(**head, question="?", about=(reference,), onward_to="KOR", clause=rule.consent_name)
        usa.say(request, "JPN")

    return act


def test_asking_about_what_was_never_released_tells_nothing_of_whether_it_is_there() -> None:
    federation = federation_of("hub-2014", 40, desks=DESKS)
    jpn = federation.nodes["JPN"]
    secret = launch(jpn, "secret", label=jpn.heads.label("event", at(0), ("AUS",)))
    reports = [(at(1), "JPN", launch(jpn)), (at(1), "JPN", secret)]
    people = [once(6, forged("JPN-secret")), once(8, forged("JPN-nothing"))]
    play(federation, reports, people)
    usa = federation.nodes["USA"]
    answers = [own for own in usa.onward.own() if own.state is RequestState.REFUSED]
    assert len(answers) == 2
    texts = {own.said.replace("JPN-secret", "X").replace("JPN-nothing", "X") for own in answers}
    assert texts == {"`X` is no item that we released to USA"}
    assert not [question for question in jpn.desk.questions() if question.referral.request is not None]


def test_a_partners_consent_under_the_two_person_rule_counts_no_stranger() -> None:
    jpn = waiting(changed=two_person).nodes["JPN"]
    assert all(isinstance(consent, Consent) for consent in jpn.exchange.consents)
    assert jpn.desk.questions()[0].approved_by == ()


def test_only_an_officer_declares_where_there_are_officers() -> None:
    jpn = waiting().nodes["JPN"]
    for name in ("", "choi", "lee"):
        with pytest.raises(UsageError):
            jpn.desk.speaker(name)
    assert jpn.desk.speaker("kim") == "kim"
    jpn.desk.delegate("kim", "lee", 30)
    assert jpn.desk.speaker("lee") == "lee"


def test_a_suspension_stops_giving_at_once() -> None:
    federation = federation_of("direct-2016", 30, desks=DESKS)
    jpn = federation.nodes["JPN"]
    (pact,) = {
        rule.agreement.agreement_id
        for rule in jpn.agreements.rules
        if "KOR" in rule.clause.receivers and "JPN" in rule.clause.givers and rule.clause.via is None
    }

    def suspend(running: Federation) -> None:
        declare(running.nodes["JPN"], Declared.SUSPENSION, pact, officer="JPN/kim", domain=Domain.MISSILE)

    reports = [(at(t), "JPN", launch(jpn, version=t, at_s=t)) for t in range(1, 25)]
    play(federation, reports, [once(5, grant("kim")), once(12, suspend)])
    versions = [record.item.version for record in sent(jpn, "KOR") if record.item.item_id == "JPN-seen"]
    assert versions
    assert max(versions) < 14
