"""The whole reasoning: every clause that was considered, and which test each failed."""

from tests.policy import cases
from tests.properties import test_conditions_reference as conditions

from trilat.model import Outcome
from trilat.policy import AgreementSet, Reasoning, decide, explain_tree


def texts(tree: Reasoning) -> list[str]:
    return [line.strip(" +-") for line in tree.lines()]


def test_an_item_before_the_agreement_names_each_silent_clause_and_why() -> None:
    held = cases.regime("direct-2016")[1]
    tree = explain_tree(cases.track("JPN", at_ns=cases.NOW_NS), cases.ask(purpose="relief"), held)
    assert not tree.favours
    assert "japan-korea-2016.toml#4-japan (Article 4) does not speak" in texts(tree)
    assert any("it is for missile-warning, nuclear-warning, not for relief" in text for text in texts(tree))


def test_a_clause_that_waits_for_a_consent_says_so_and_one_with_consent_favours() -> None:
    held = cases.regime("direct-2016")[1]
    waiting = explain_tree(cases.track(), cases.ask(), held)
    assert "the originator's officers have not said yet" in texts(waiting)
    granted = explain_tree(cases.track(), cases.ask(), held, (cases.consent(),))
    assert granted.favours
    assert "the originator's officers approved" in texts(granted)


def test_the_tree_favours_exactly_what_is_permitted_and_names_every_clause_considered() -> None:
    for seed in range(300):
        item, request, files, said, declared = conditions.conditioned_question(seed)
        held = AgreementSet.of(files)
        decision = decide(item, request, held, said, declared)
        tree = explain_tree(item, request, held, said, declared)
        assert tree.favours == (decision.outcome is Outcome.PERMIT)
        joined = "\n".join(tree.lines())
        assert all(f"{name} (" in joined for name in decision.clauses), joined
        failing = {reason.value for reason in decision.reasons}
        if decision.outcome is Outcome.PERMIT:
            # A release is favoured by all that it stands on.
            assert all(part.favours for part in tree.parts), joined
        else:
            assert tree.text.endswith(")")
            assert any(reason in joined for reason in failing)
