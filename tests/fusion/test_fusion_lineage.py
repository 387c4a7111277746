from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilat.fusion import Pedigree, Rule, RuleReason, combined, information_sum, rule_for
from trilat.fusion.sharing.lineage import parts_of
from trilat.model import Lineage, Provenance
from trilat.model.errors import ObservationError

A, B, C, D = (bytes([n]) * 8 for n in range(1, 5))


def of(originators: str, observations: Any = (), lineage: Lineage = Lineage.COMPLETE) -> Pedigree:
    return Pedigree(frozenset(originators.split()), frozenset(observations), lineage)


# One row per reason, in the order of precedence; the last column are the parts held apart.
TABLE = [
    ("lineage-withheld", Rule.INTERSECTION, of("JPN", [A], Lineage.WITHHELD), of("KOR", [B]), []),
    ("lineage-withheld", Rule.INTERSECTION, of("JPN", [A]), of("JPN", [A], Lineage.WITHHELD), []),
    (
        "lineage-withheld",
        Rule.INTERSECTION,
        of("JPN", [], Lineage.WITHHELD),
        of("KOR", [], Lineage.WITHHELD),
        [],
    ),
    ("lineage-false", Rule.INTERSECTION, of("USA", [A]), of("JPN", [A, B]), [{A}]),
    ("lineage-false", Rule.INTERSECTION, of("USA", [A]), of("JPN", [A]), []),
    ("originators-disjoint", Rule.SUM, of("USA"), of("JPN"), []),
    ("originators-disjoint", Rule.SUM, of("USA", [A]), of("JPN KOR", [B, C]), []),
    ("observations-unnamed", Rule.INTERSECTION, of("USA JPN"), of("JPN", [A]), []),
    ("observations-unnamed", Rule.INTERSECTION, of("USA", [A]), of("USA"), []),
    ("observations-unnamed", Rule.INTERSECTION, of("USA"), of("USA"), []),
    ("observations-disjoint", Rule.SUM, of("USA JPN", [A, B]), of("JPN", [C]), []),
    ("nothing-new", Rule.KEEP_FIRST, of("JPN", [A]), of("JPN", [A]), []),
    ("nothing-new", Rule.KEEP_FIRST, of("JPN", [A, B]), of("JPN", [B]), [{B}]),
    ("nothing-new", Rule.KEEP_SECOND, of("JPN", [A]), of("JPN USA", [A, B]), []),
    ("common-known", Rule.SUBTRACT, of("JPN", [A, B]), of("JPN", [B, C]), [{B}]),
    ("common-known", Rule.SUBTRACT, of("JPN", [A, B, C]), of("JPN", [B, C, D]), [{B}, {C}]),
    ("common-unknown", Rule.INVERSE_INTERSECTION, of("JPN", [A, B]), of("JPN", [B, C]), []),
    ("common-unknown", Rule.INVERSE_INTERSECTION, of("JPN", [A, B]), of("JPN", [B, C]), [{A, B}]),
    ("common-unknown", Rule.INVERSE_INTERSECTION, of("JPN", [A, B, C]), of("JPN", [B, C, D]), [{B}]),
]


@pytest.mark.parametrize(("reason", "rule", "first", "second", "parts"), TABLE)
def test_the_rule_and_its_reason_are_read_from_both_pedigrees(
    reason: str, rule: Rule, first: Pedigree, second: Pedigree, parts: Any
) -> None:
    choice = rule_for(first, second, [frozenset(part) for part in parts])
    assert (choice.reason.value, choice.rule) == (reason, rule)
    assert choice.common in {first.observations & second.observations, frozenset()}


def test_the_table_has_every_rule_and_every_reason() -> None:
    assert {row[0] for row in TABLE} == {reason.value for reason in RuleReason}
    assert {row[1] for row in TABLE} == set(Rule)


def subsets(things: Any) -> Any:
    return [
        tuple(t for t, taken in zip(things, mask, strict=True) if taken)
        for mask in product([0, 1], repeat=len(things))
    ]


def allowed_to_sum(first: Pedigree, second: Pedigree) -> bool:
    """The slow, obvious answer: nothing is hidden and nothing can be in both."""
    for pedigree in (first, second):
        if pedigree.lineage is Lineage.WITHHELD:
            return False
    for token in first.observations:
        if token in second.observations:
            return False
    shared = [name for name in first.originators if name in second.originators]
    return not shared or (len(first.observations) > 0 and len(second.observations) > 0)


def test_of_all_small_pedigrees_just_those_that_share_nothing_are_summed() -> None:
    """Every pair over two originators, three tokens and both lineages, without parts: 9,216 pairs."""
    names = [frozenset(s) for s in subsets(("JPN", "KOR")) if s]
    tokens = [frozenset(s) for s in subsets((A, B, C))]
    everyone = [Pedigree(*parts) for parts in product(names, tokens, Lineage)]
    mirrored = {Rule.KEEP_FIRST: Rule.KEEP_SECOND, Rule.KEEP_SECOND: Rule.KEEP_FIRST}
    for first, second in product(everyone, everyone):
        choice, other = rule_for(first, second), rule_for(second, first)
        assert (choice.rule is Rule.SUM) == allowed_to_sum(first, second), (first, second)
        assert choice.reason is other.reason
        if first.observations != second.observations:
            assert other.rule is mirrored.get(choice.rule, choice.rule)
        if choice.rule in {Rule.KEEP_FIRST, Rule.KEEP_SECOND}:
            kept, left = (first, second) if choice.rule is Rule.KEEP_FIRST else (second, first)
            assert left.observations <= kept.observations
        if Lineage.WITHHELD in {first.lineage, second.lineage}:
            assert choice.rule is Rule.INTERSECTION


@given(st.sets(st.integers(0, 9)), st.lists(st.sets(st.integers(0, 9)), max_size=6))
def test_parts_are_disjoint_and_together_just_what_is_common(common: set[int], parts: list[set[int]]) -> None:
    def named(numbers: set[int]) -> frozenset[bytes]:
        return frozenset(bytes([n]) for n in numbers)

    found = parts_of(named(common), [named(part) for part in parts])
    if found is not None:
        assert sum(len(part) for part in found) == len(common)
        assert frozenset().union(*found) == named(common)
        assert all(part in {named(p) for p in parts} for part in found)


def test_a_pedigree_of_versions_holds_all_their_observations_and_the_worst_of_their_lineages() -> None:
    one = Provenance(originators=("JPN",), observations=(A, B))
    two = Provenance(originators=("JPN", "KOR"), observations=(C,))
    assert Pedigree.of([one, two]) == of("JPN KOR", [A, B, C])
    hidden = Provenance(originators=("KOR",), lineage=Lineage.WITHHELD)
    assert Pedigree.of([one, hidden]).lineage is Lineage.WITHHELD
    assert of("JPN", [A]).joined(of("KOR", [B], Lineage.WITHHELD)) == of("JPN KOR", [A, B], Lineage.WITHHELD)


def test_nobodys_estimate_is_refused() -> None:
    with pytest.raises(ObservationError, match="originator"):
        Pedigree(frozenset())
    with pytest.raises(ObservationError, match="originator"):
        Pedigree.of([])
    with pytest.raises(ObservationError, match="lineage"):
        Pedigree(frozenset(["JPN"]), lineage="complete")  # type: ignore[arg-type]


def estimate(seed: int) -> Any:
    rng = np.random.default_rng(seed)
    mix = rng.standard_normal((6, 6))
    return rng.standard_normal(6), mix @ mix.T + np.eye(6)


def test_subtracting_the_common_part_gives_what_the_three_parts_give_apart() -> None:
    mine, shared, yours = estimate(1), estimate(2), estimate(3)
    first, second = information_sum([mine, shared]), information_sum([shared, yours])
    mean, covariance = combined(Rule.SUBTRACT, first, second, shared)
    inverses = [np.linalg.inv(p) for _, p in (mine, shared, yours)]
    expected = np.linalg.inv(sum(inverses))
    assert np.allclose(covariance, expected, rtol=1e-7, atol=1e-9)
    weighed = sum(i @ m for i, (m, _) in zip(inverses, (mine, shared, yours), strict=True))
    assert np.allclose(mean, expected @ weighed, atol=1e-7)


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_gives_a_positive_definite_answer_no_wider_than_the_better_one(rule: Rule) -> None:
    first, second = estimate(4), estimate(5)
    shared = (first[0], 50.0 * (first[1] + second[1]))
    _, covariance = combined(rule, first, second, shared)
    assert np.linalg.eigvalsh(covariance)[0] > 0.0
    assert np.linalg.det(covariance) <= max(np.linalg.det(first[1]), np.linalg.det(second[1])) * (1 + 1e-9)


def test_subtraction_without_the_common_part_or_of_more_than_there_is_is_refused() -> None:
    first, second = estimate(4), estimate(5)
    with pytest.raises(ObservationError, match="common"):
        combined(Rule.SUBTRACT, first, second)
    with pytest.raises(ObservationError, match="no part of it"):
        combined(Rule.SUBTRACT, first, second, (second[0], 0.5 * second[1]))
