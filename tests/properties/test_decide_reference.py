"""Random agreements, items, requests and consents: the fast rules and the slow reference give one answer.

The whole decision is compared. Questions are drawn as those of `conformance`, each with agreements of its
own; the test fails too if so few cases are permitted or referred that the comparison says little.
"""

from collections import Counter
from collections.abc import Callable
from random import Random

from conformance.drawing import seldom
from conformance.families import parts
from hypothesis import given, settings
from hypothesis import strategies as st
from spec import decide_reference

from conformance import questions
from trilat.model import Agreement, AnyItem, Consent, Outcome, Reason
from trilat.policy import AgreementSet, ReleaseRequest, decide

Question = tuple[AnyItem, ReleaseRequest, dict[str, Agreement], tuple[Consent, ...]]
DAY_NS = parts.DAY_NS
NOW_NS = parts.NOW_NS


def files(draw: Random) -> dict[str, Agreement]:
    return questions.shared_files(draw)


def shared_item(draw: Random) -> AnyItem:
    return questions.item(draw, 7)


def question(seed: int) -> Question:
    draw = Random(seed)
    held = files(draw)
    drawn = questions.shared_question(draw, held, 7)
    return drawn.item, drawn.request, held, drawn.consents


def own_staff_question(seed: int) -> Question:
    """A party and a member of its staff, or now and then of another's, with their internal agreements."""
    draw = Random(seed)
    party = draw.choice(["JPN", "JPN", "KOR"])
    held = files(draw) if draw.random() < 0.5 else {}
    held["internal.toml"] = questions.internal(draw, party)
    if seldom(draw):
        held["other.toml"] = questions.internal(draw, "KOR" if party == "JPN" else "JPN")
    drawn = questions.own_staff_question(draw, held, party, 7)
    return drawn.item, drawn.request, held, drawn.consents


def compared(
    make: Callable[[int], Question], examples_count: int
) -> tuple[Counter[Outcome], Counter[Reason]]:
    """How often each outcome and each reason came up while both gave the same whole answer."""
    seen: Counter[Outcome] = Counter()
    reasons: Counter[Reason] = Counter()

    @settings(max_examples=examples_count, derandomize=True, deadline=None, database=None)
    @given(st.integers(0, 2**63))
    def compare(seed: int) -> None:
        item, request, held, said = make(seed)
        fast = decide(item, request, AgreementSet.of(held), said)
        assert fast == decide_reference.decide(item, request, held, said)
        seen[fast.outcome] += 1
        reasons.update(fast.reasons)
        # The order of files, and of consents, says nothing.
        turned = AgreementSet.of(dict(reversed(held.items())))
        assert decide(item, request, turned, said[::-1]) == fast

    compare()
    return seen, reasons


def test_the_fast_rules_and_the_reference_give_the_same_decision() -> None:
    seen, reasons = compared(question, 2_000)
    # Cases that are all withheld would say little.
    assert seen[Outcome.PERMIT] + seen[Outcome.REFER] >= 0.2 * seen.total()
    assert seen[Outcome.PERMIT] >= 0.1 * seen.total()
    assert seen[Outcome.REFER] >= 0.01 * seen.total()
    unreadable = {Reason.MALFORMED_ITEM, Reason.LABEL_ABSENT, Reason.LABEL_PARTIAL, Reason.DECIDING_FAILED}
    # Every file here is between the same parties, so that clauses meet items.
    # Conditions of clauses are laid over these questions in `test_conditions_reference`.
    conditions = {
        Reason.GIVING_SUSPENDED,
        Reason.ONWARD_NOT_ALLOWED,
        Reason.OUTSIDE_AREA,
        Reason.SITUATION_NOT_DECLARED,
    }
    # What a party has not heard of lately is judged beside the rules: `test_freshness_reference`.
    elsewhere = {Reason.NO_AGREEMENT, Reason.AGREEMENT_STALE}
    assert set(Reason) - set(reasons) <= unreadable | conditions | elsewhere


def test_they_give_the_same_decision_on_what_a_party_shows_its_own_staff() -> None:
    seen, reasons = compared(own_staff_question, 1_000)
    assert seen[Outcome.PERMIT] >= 0.1 * seen.total()
    assert seen[Outcome.REFER] >= 0.01 * seen.total()
    assert seen[Outcome.WITHHOLD] >= 0.3 * seen.total()
    expected = {
        Reason.SENDER_NOT_HOLDER,
        Reason.LEVEL_NEVER_LEAVES,
        Reason.CLAUSE_FORBIDS,
        Reason.NOT_RELEASABLE_TO,
        Reason.PATH_NOT_ALLOWED,
        Reason.PERMITTED_WITH_CONSENT,
    }
    assert expected <= set(reasons)
