"""Which rule combines two estimates: read from what each says of the observations behind it, never assumed.

A `Pedigree` is the part of a Provenance that matters here, with *all* observations that went in. The rules,
in the order in which they are looked for (`rule_for` gives the first that applies, and why):

| reason | what is known | rule |
|---|---|---|
| lineage-withheld | one of both withholds its observations | covariance intersection |
| lineage-false | different originators, and yet the same observation | covariance intersection |
| originators-disjoint | no originator in common, none withheld | sum of information |
| observations-unnamed | a common originator, and one names no observation | covariance intersection |
| observations-disjoint | a common originator, no observation in common | sum of information |
| nothing-new | every observation of one is in the other | keep the one that holds more |
| common-known | some in common, and just those are held apart | sum less the common part |
| common-unknown | some in common, not held apart | inverse covariance intersection |

Inverse covariance intersection stands where both lineages are complete, because there the two depend on each
other through shared observations and nothing else, which is what it supposes. Where anything is withheld
the dependence may be of any kind, the noise that a release adds included: covariance intersection.
`combine.combined` carries a rule out. What is not checked: whether a pedigree is true beyond what the tokens
show.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Self

from trilat.model import Lineage, ObservationError, Provenance


class Rule(Enum):
    """What is done with two estimates."""

    SUM = "sum"
    """Their informations are added: no observation is in both."""

    SUBTRACT = "subtract"
    """Their informations are added and that of the common observations is taken off once."""

    KEEP_FIRST = "keep-first"
    """The second adds nothing."""

    KEEP_SECOND = "keep-second"
    """The second holds everything of the first."""

    INVERSE_INTERSECTION = "inverse-intersection"
    """Inverse covariance intersection: they share observations, how much they tell is not known."""

    INTERSECTION = "intersection"
    """Covariance intersection: nothing is known about their dependence."""


class RuleReason(Enum):
    """Why a rule was chosen, in the order of precedence of the module's table."""

    LINEAGE_WITHHELD = "lineage-withheld"
    LINEAGE_FALSE = "lineage-false"
    ORIGINATORS_DISJOINT = "originators-disjoint"
    OBSERVATIONS_UNNAMED = "observations-unnamed"
    OBSERVATIONS_DISJOINT = "observations-disjoint"
    NOTHING_NEW = "nothing-new"
    COMMON_KNOWN = "common-known"
    COMMON_UNKNOWN = "common-unknown"


@dataclass(frozen=True)
class RuleChoice:
    """A rule, its reason, and the observations that are in both."""

    rule: Rule
    reason: RuleReason
    common: frozenset[bytes] = frozenset()


@dataclass(frozen=True)
class Pedigree:
    """Whose observations an estimate stands on: originators, opaque tokens of all, and how much is said."""

    originators: frozenset[str]
    observations: frozenset[bytes] = frozenset()
    lineage: Lineage = Lineage.COMPLETE

    def __post_init__(self) -> None:
        """Refuses one without originator: somebody measured."""
        if not self.originators:
            raise ObservationError("a pedigree needs at least one originator")
        if not isinstance(self.lineage, Lineage):
            raise ObservationError("`lineage` must be a Lineage")

    @classmethod
    def of(cls, provenances: Iterable[Provenance]) -> Self:
        """The pedigree of something made of items with these provenances, for instance of all its versions.

        Raises:
            ObservationError: no provenance given.
        """
        given = tuple(provenances)
        withheld = any(provenance.lineage is Lineage.WITHHELD for provenance in given)
        return cls(
            originators=frozenset(name for provenance in given for name in provenance.originators),
            observations=frozenset(token for provenance in given for token in provenance.observations),
            lineage=Lineage.WITHHELD if withheld else Lineage.COMPLETE,
        )

    def joined(self, other: "Pedigree") -> "Pedigree":
        """The pedigree of a combination of both."""
        complete = self.lineage is Lineage.COMPLETE and other.lineage is Lineage.COMPLETE
        return Pedigree(
            originators=self.originators | other.originators,
            observations=self.observations | other.observations,
            lineage=Lineage.COMPLETE if complete else Lineage.WITHHELD,
        )


def rule_for(first: Pedigree, second: Pedigree, parts: Collection[frozenset[bytes]] = ()) -> RuleChoice:
    """The rule for two estimates of one object, by the table of the module.

    Args:
        first: of the one, usually what is held.
        second: of the other.
        parts: the observations behind each piece of information that is held apart from both.
    """
    common = first.observations & second.observations
    if Lineage.WITHHELD in {first.lineage, second.lineage}:
        return RuleChoice(Rule.INTERSECTION, RuleReason.LINEAGE_WITHHELD, common)
    if not first.originators & second.originators:
        if common:
            return RuleChoice(Rule.INTERSECTION, RuleReason.LINEAGE_FALSE, common)
        return RuleChoice(Rule.SUM, RuleReason.ORIGINATORS_DISJOINT)
    if not first.observations or not second.observations:
        return RuleChoice(Rule.INTERSECTION, RuleReason.OBSERVATIONS_UNNAMED)
    if not common:
        return RuleChoice(Rule.SUM, RuleReason.OBSERVATIONS_DISJOINT)
    if common == second.observations:
        return RuleChoice(Rule.KEEP_FIRST, RuleReason.NOTHING_NEW, common)
    if common == first.observations:
        return RuleChoice(Rule.KEEP_SECOND, RuleReason.NOTHING_NEW, common)
    if parts_of(common, parts) is not None:
        return RuleChoice(Rule.SUBTRACT, RuleReason.COMMON_KNOWN, common)
    return RuleChoice(Rule.INVERSE_INTERSECTION, RuleReason.COMMON_UNKNOWN, common)


def parts_of(
    common: frozenset[bytes], parts: Collection[frozenset[bytes]]
) -> tuple[frozenset[bytes], ...] | None:
    """Disjoint parts that together are just the common observations, largest first, or None.

    Largest first is enough where parts are whole tracklets, which never overlap; other coverings are not
    looked for, and then the answer is None and the caller stays on the safe side.
    """
    left, chosen = set(common), []
    for part in sorted(parts, key=lambda part: (-len(part), sorted(part))):
        if part and part <= left:
            chosen.append(part)
            left -= part
    return tuple(chosen) if not left else None
