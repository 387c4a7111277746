"""The differential: no disagreement on random questions, and every planted mutant of `decide` is found."""

from collections import Counter
from pathlib import Path

import pytest
from conformance.blind import BLIND, Blind, found_after
from conformance.differential import WORLDS_AT_ONCE, Tally, judged, main, tell
from conformance.questions import QUESTIONS_A_WORLD, world

from trilat.model import Outcome, Reason, Stage, UsageError, kind_of
from trilat.policy import AgreementSet, CedarExport, decide, degrade, export_cedar, strippable

README = (Path(__file__).parents[2] / "conformance" / "README.md").read_text(encoding="utf-8")
SEED = 20_260_501
CASES = 20_000
KEY = bytes(range(32))
EMPTY = ((), "", None, 0, Stage.UNKNOWN)


@pytest.mark.slow
def test_decide_agrees_with_the_reference_and_with_cedar(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--cases", str(CASES), "--seed", str(SEED), "--processes", "1"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith(f"cases {CASES}, ")
    assert told[-1] == "disagreements 0"


def test_every_reason_and_outcome_comes_up() -> None:
    tally = Tally()
    for number in range(200):
        tally.add(judged(SEED, number))
    unreadable = {Reason.MALFORMED_ITEM, Reason.LABEL_ABSENT, Reason.LABEL_PARTIAL, Reason.DECIDING_FAILED}
    # Cedar is asked about the agreements; what was not heard of lately is judged after them.
    assert set(Reason) - set(tally.reasons) <= unreadable | {Reason.AGREEMENT_STALE}
    assert tally.outcomes[Outcome.PERMIT] >= 0.2 * tally.cases
    assert tally.outcomes[Outcome.REFER] >= 0.01 * tally.cases
    assert tally.outcomes[Outcome.WITHHOLD] >= 0.3 * tally.cases


def test_whatever_is_permitted_can_be_made_and_goes_without_what_a_portion_keeps() -> None:
    seen: Counter[str] = Counter()
    for number in range(150):
        drawn = world(SEED, number)
        held = AgreementSet.of(drawn.files)
        for one in drawn.questions:
            decision = decide(one.item, one.request, held, one.consents, one.declarations)
            if decision.outcome is not Outcome.PERMIT or decision.duties is None:
                continue
            label = one.item.label
            by_another = decision.duties.tear_line and one.request.sender != label.originator
            if by_another and strippable(kind_of(one.item)):  # items about other items have no tear-line
                # Only the originator makes one: the release is refused, and nothing leaves.
                with pytest.raises(UsageError, match="can make a tear-line"):
                    degrade(one.item, decision, KEY)
                continue
            copy = degrade(one.item, decision, KEY).item
            gone = {portion.field for portion in label.portions}.intersection(decision.duties.strip)
            assert [
                name for name in sorted(gone - {"observations"}) if getattr(copy, name) not in EMPTY
            ] == []
            assert "observations" not in gone or copy.provenance.observations == ()
            seen["without a portion" if gone else "whole"] += 1
    assert seen["whole"] > 500
    assert seen["without a portion"] > 50


def test_the_same_seed_gives_the_same_world_and_another_gives_another() -> None:
    assert world(1, 7) == world(1, 7)
    assert world(1, 7) != world(2, 7)
    assert len(world(1, 7).questions) == QUESTIONS_A_WORLD


@pytest.mark.parametrize("mutant", BLIND, ids=lambda mutant: f"{mutant.rule} {mutant.wrong}")
def test_each_planted_mutant_of_decide_is_found(mutant: Blind) -> None:
    assert found_after(mutant) is not None


def test_every_rule_has_a_mutant_of_decide_and_the_readme_lists_them() -> None:
    assert sorted(Counter(mutant.rule for mutant in BLIND)) == list(range(1, 27))
    rows = [f"| {mutant.rule} | {mutant.wrong} |" for mutant in BLIND]
    assert [row for row in rows if row not in README] == []


def test_a_disagreement_is_told_with_its_world_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    prohibitions = next(mutant for mutant in BLIND if mutant.wrong == "prohibitions")
    tally = Tally()
    for number in range(60):
        tally.add(judged(SEED, number, prohibitions.ours))
    assert tell(tally, 1.0, SEED) == 1
    told = capsys.readouterr().out
    assert f"--seed {SEED} --world" in told
    assert {one.judge for one in tally.disagreements} == {"spec", "cedar"}
    assert told.splitlines()[-1] == f"disagreements {len(tally.disagreements)}"


def test_one_world_can_be_looked_at_again(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--seed", "1", "--world", "3"])
    assert capsys.readouterr().out.startswith(f"cases {QUESTIONS_A_WORLD}, ")


def test_too_few_permits_fail_though_nobody_disagrees(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally(cases=100, outcomes=Counter({Outcome.PERMIT: 19, Outcome.WITHHOLD: 81}))
    assert tell(tally, 1.0, 1) == 1
    assert "fewer than 20% are permitted" in capsys.readouterr().out


def test_an_error_of_cedar_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_a_policy_that_errs(held: AgreementSet) -> CedarExport:
        export = export_cedar(held)
        policy = '@id("errs")\nforbid (principal, action, resource) when { 1 < "a" };\n'
        return CedarExport(policies=export.policies + policy, schema=export.schema, entities=export.entities)

    monkeypatch.setattr("conformance.differential.export_cedar", with_a_policy_that_errs)
    tally = judged(SEED, 0)
    assert len(tally.disagreements) == QUESTIONS_A_WORLD
    assert all(one.theirs.startswith("errors") for one in tally.disagreements)


@pytest.mark.parametrize("parts", [0, 1])
def test_a_run_that_is_stopped_tells_what_it_asked_and_is_no_success(
    parts: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Tally.add

    def stopped(tally: Tally, other: Tally) -> None:
        if tally.cases >= parts * QUESTIONS_A_WORLD * WORLDS_AT_ONCE:
            raise KeyboardInterrupt
        whole(tally, other)

    monkeypatch.setattr(Tally, "add", stopped)
    assert main(["--cases", "600", "--processes", "1"]) == 1
    told = capsys.readouterr()
    assert "stopped: told is what was asked so far" in told.err
    assert told.out.startswith(f"cases {QUESTIONS_A_WORLD * WORLDS_AT_ONCE}, ") == bool(parts)


@pytest.mark.parametrize("arguments", [["--cases", "0"], ["--processes", "0"], ["--cases", "many"]])
def test_what_cannot_be_run_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: differential" in capsys.readouterr().err
