"""Random permissions and what was heard of their agreements: the fast rule and the slow reference agree.

The whole decision is compared; the test fails too if a branch of the reference hardly came up.
"""

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spec import freshness_reference
from spec.freshness_reference import Known
from tests.properties.test_decide_reference import Question, own_staff_question, question

from trilat.model import Agreement, AnyItem, Outcome, Reason
from trilat.policy import AgreementSet, Heard, decide, refuse_stale

PARTIES = ("USA", "JPN", "KOR", "SGP")


def known(draw: Random, held: dict[str, Agreement]) -> dict[str, Known]:
    """What was heard of each agreement; of one in six there is no limit."""
    found = {}
    for name in {agreement.agreement_id for agreement in held.values()}:
        if draw.random() < 5 / 6:
            able = {one for one in PARTIES if draw.random() < draw.choice([0.15, 0.9])}
            heard = {one for one in able if draw.random() < draw.choice([0.2, 0.95])}
            found[name] = Known(able, heard, draw.random() < 1 / 8)
    return found


def branches(question: Question, clauses: tuple[str, ...], said: dict[str, Known]) -> set[str]:
    """Which of F1 to F4 were asked of a permission, by the files alone."""
    item, request, held, _ = question
    recipient = request.recipient.split("/")[0]
    if recipient == request.sender:
        return {"F4"}
    found = set()
    for name in clauses:
        file, _, clause_id = name.partition("#")
        agreement = held[file]
        (clause,) = [one for one in agreement.clauses if one.clause_id == clause_id]
        told = said.get(agreement.agreement_id)
        if told is not None and told.outdated:
            found.add("F3")
        elif told is not None and made_by_others(item, request.sender, clause.givers):
            found.add("F1")
        elif told is not None:
            found.add("F2" if set(told.able) - {request.sender, recipient} else "F2, no third")
    return found


def made_by_others(item: AnyItem, sender: str, givers: tuple[str, ...]) -> bool:
    makers = {item.label.originator, *item.provenance.originators}
    return any(one.split("/")[0] != sender for one in makers.intersection(givers))


def compared(make: Callable[[int], Question], examples_count: int) -> tuple[Counter[str], Counter[str]]:
    """How often each branch led to a permission, and to a refusal, while both gave the same whole answer."""
    stays: Counter[str] = Counter()
    refused: Counter[str] = Counter()

    @settings(max_examples=examples_count, derandomize=True, deadline=None, database=None)
    @given(st.integers(0, 2**63))
    def compare(seed: int) -> None:
        asked = make(seed)
        item, request, held, said = asked
        agreements = AgreementSet.of(held)
        decision = decide(item, request, agreements, said)
        told = known(Random(seed), held)
        heard = {name: Heard(frozenset(one.able), frozenset(one.heard), one.outdated)
                 for name, one in told.items()}  # fmt: skip
        fast = refuse_stale(decision, item, agreements, heard)
        assert fast == freshness_reference.judged(decision, item, held, told)
        if decision.outcome is not Outcome.WITHHOLD:
            stale = fast.reasons == (Reason.AGREEMENT_STALE,)
            (refused if stale else stays).update(branches(asked, decision.clauses, told))
        else:
            assert fast == decision

    compare()
    return stays, refused


def test_both_say_the_same_between_parties_and_every_branch_comes_up_both_ways() -> None:
    stays, refused = compared(question, 6_000)
    for branch in ("F1", "F2", "F2, no third"):
        assert stays[branch] >= 10, branch
        assert refused[branch] >= 10, branch
    assert refused["F3"] >= 10


def test_both_say_the_same_of_the_own_staff_which_is_shown_what_is_held() -> None:
    stays, refused = compared(own_staff_question, 800)
    assert stays["F4"] >= 50
    assert refused["F4"] == 0


Asked = tuple[str, str, str]
"""Sender, giver and recipient."""


def anybody(heard: Heard, _: Asked) -> bool:
    return not heard.is_outdated and bool(heard.heard)


def always_a_third(heard: Heard, asked: Asked) -> bool:
    third = heard.able - {asked[0], asked[2]}
    return not heard.is_outdated and not third.isdisjoint(heard.heard)


def own_always(heard: Heard, asked: Asked) -> bool:
    return asked[1] == asked[0] or asked[1] in heard.heard


def outdated_all_the_same(heard: Heard, asked: Asked) -> bool:
    return Heard(heard.able, heard.heard).is_fresh(*asked)


@pytest.mark.parametrize("broken", [anybody, always_a_third, own_always, outdated_all_the_same])
def test_a_broken_rule_is_told_from_the_reference(
    monkeypatch: pytest.MonkeyPatch, broken: Callable[[Heard, Asked], bool]
) -> None:
    sound = Heard.is_fresh

    def is_fresh(self: Heard, sender: str, giver: str, recipient: str) -> bool:
        monkeypatch.setattr(Heard, "is_fresh", sound)
        try:
            return broken(self, (sender, giver, recipient))
        finally:
            monkeypatch.setattr(Heard, "is_fresh", is_fresh)

    monkeypatch.setattr(Heard, "is_fresh", is_fresh)
    with pytest.raises(AssertionError):
        compared(question, 600)
