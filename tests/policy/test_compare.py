"""What would change, and who would get what: judged by asking `decide` under each set of agreements."""

from collections import Counter
from random import Random

import msgspec
import pytest
from tests.policy import cases
from tests.policy.test_table import TEXT, held
from tests.properties import test_decide_reference as drawn

from trilat.model import AnyItem, Form, Outcome, Reason, UsageError, Warning, WarningKind, WarningState
from trilat.policy import (
    AgreementSet,
    Fate,
    ItemBatch,
    LabelClasses,
    ReleaseRequest,
    compare,
    decide,
    degrade,
    preview,
    read_agreement,
    strike,
)

TO_KOR = ReleaseRequest(sender="JPN", recipient="KOR", purpose="missile-warning", at_ns=cases.NOW_NS)
TO_USA = msgspec.structs.replace(TO_KOR, recipient="USA")
SECOND = TEXT[TEXT.index("[[clause]]") :].replace('id = "1"', 'id = "2"')


def fate_of(item: AnyItem, request: ReleaseRequest, before: AgreementSet, after: AgreementSet) -> Fate:
    """The definition, in words of its own."""
    first, second = decide(item, request, before), decide(item, request, after)
    order = list(Form)
    if first.form is not None and second.form is not None:
        worse = order.index(second.form) - order.index(first.form)
        return Fate.SAME if worse == 0 else Fate.COARSER if worse > 0 else Fate.RICHER
    match first.outcome, second.outcome:
        case _, Outcome.PERMIT:
            return Fate.GAINED
        case ((Outcome.PERMIT | Outcome.WITHHOLD), Outcome.REFER):
            return Fate.ASKED
        case Outcome.PERMIT, Outcome.WITHHOLD:
            return Fate.LOST
        case Outcome.REFER, Outcome.WITHHOLD:
            return Fate.UNASKED
        case _:
            return Fate.SAME


def test_each_fate_is_what_decide_says_under_either_set() -> None:
    seen: Counter[Fate] = Counter()
    for seed in range(150):
        draw = Random(seed)
        before, after = AgreementSet.of(drawn.files(draw)), AgreementSet.of(drawn.files(draw))
        items = [drawn.shared_item(draw) for _ in range(20)]
        (change,) = compare(ItemBatch.of(LabelClasses(), items), [TO_KOR], before, after)
        for place, item in enumerate(items):
            fate = fate_of(item, TO_KOR, before, after)
            assert place in change.places(fate)
            seen[fate] += 1
        assert sum(change.count(fate) for fate in Fate) == len(items)
    assert set(seen) == set(Fate)


def test_striking_the_only_clause_loses_all_that_it_gave() -> None:
    batch = ItemBatch.of(LabelClasses(), [cases.track(), cases.event()])
    (change,) = compare(batch, [TO_KOR], held(), strike(held(), "pact.toml#1"))
    assert list(change.places(Fate.LOST)) == [0]
    assert list(change.places(Fate.SAME)) == [1]
    assert change.after.reasons_of(0) == (Reason.NO_AGREEMENT,)


def test_striking_one_of_two_like_clauses_loses_nothing() -> None:
    both = held(TEXT + SECOND)
    batch = ItemBatch.of(LabelClasses(), [cases.track()])
    (change,) = compare(batch, [TO_KOR], both, strike(both, "pact.toml#1"))
    assert change.count(Fate.LOST) == 0


def test_striking_the_better_of_two_clauses_makes_it_coarser() -> None:
    both = held(TEXT + SECOND.replace('"tracks"', '"coarse-tracks"'))
    batch = ItemBatch.of(LabelClasses(), [cases.track()])
    (change,) = compare(batch, [TO_KOR], both, strike(both, "pact.toml#1"))
    assert change.count(Fate.COARSER) == 1


@pytest.mark.parametrize("name", ["pact.toml#9", "other.toml#1", "1", "", "pact.toml"])
def test_a_clause_that_nobody_holds_cannot_be_struck(name: str) -> None:
    with pytest.raises(UsageError, match="no clause"):
        strike(held(), name)


def test_striking_leaves_the_agreements_as_they_were() -> None:
    before = held(TEXT + SECOND)
    strike(before, "pact.toml#2")
    assert before.rule("pact.toml#2") is not None


def test_a_recipient_that_no_clause_names_loses_nothing() -> None:
    batch = ItemBatch.of(LabelClasses(), [cases.track()])
    (change,) = compare(batch, [TO_USA], held(), strike(held(), "pact.toml#1"))
    assert change.count(Fate.SAME) == 1


def test_a_preview_shows_the_very_copy_and_says_who_gets_nothing() -> None:
    to_kor, to_usa = preview(cases.track(), [TO_KOR, TO_USA], held())
    assert to_kor.release == degrade(cases.track(), decide(cases.track(), TO_KOR, held()))
    assert to_usa.release is None
    assert to_usa.decision.reasons == (Reason.NO_AGREEMENT,)


def test_a_preview_of_what_waits_for_a_person_shows_no_copy() -> None:
    asked = held(TEXT + 'approval = "originator"\n')
    (shown,) = preview(cases.track(), [TO_KOR], asked)
    assert shown.decision.outcome is Outcome.REFER
    assert shown.release is None


def test_a_preview_of_a_draft_is_of_the_draft_alone() -> None:
    draft = AgreementSet.of({"pact.toml": read_agreement("pact.toml", TEXT.replace('"track"', '"warning"'))})
    warning = Warning(
        **cases.head(),
        warning=WarningKind.LAUNCH,
        state=WarningState.RAISED,
        basis=(cases.track().reference,),
        sources=("JPN",),
    )
    assert preview(cases.track(), [TO_KOR], draft)[0].release is None
    assert preview(warning, [TO_KOR], draft)[0].release is not None
