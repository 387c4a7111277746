"""What a label says by itself: whether it can be read, whom it names, and which portions it holds back.

Rules
1. Every level that a label names must be known: its own, the one it is lowered to, those of its portions; and
   every portion must name a field that this kind of item can leave empty. Else nothing of the item goes.
2. The level is the one in force at the instant: after a signed downgrade the lower one, before it the other.
3. A portion adds to its item's label. It goes where the item goes, it names every party on the way, its level
   may leave and is within the clause's, and the clause covers its categories. Else its field is left out.
4. A portion under originator control of its own goes no further than the originator's own hand reaches: not
   through an intermediary, and not on from one.
"""

from collections.abc import Iterable
from typing import Final

from trilat.model import (
    PRECEDENCE,
    Caveat,
    Classification,
    Clause,
    Label,
    Level,
    Portion,
    Rank,
    Reason,
    find_level,
)
from trilat.policy.forms import strippable

NOTHING_BARRED: Final[frozenset[str]] = frozenset()


def level_of(label: Label, kind: str | None, at_ns: int) -> Level | None:
    """The level in force at an instant; None where the label names anything that nobody knows (rule 1). Of
    which kind its item is may be open: then fields of portions are not looked at.
    """
    if label.downgrade is not None:
        lowered = find_level(label.downgrade.classification, max(at_ns, label.downgrade.at_ns))
        if lowered is None:
            return None
    if not all(_is_known(portion, kind, at_ns) for portion in label.portions):
        return None
    return find_level(label.classification_at(at_ns), at_ns)


def _is_known(portion: Portion, kind: str | None, at_ns: int) -> bool:
    if kind is not None and portion.field not in strippable(kind):
        return False
    return portion.classification is None or find_level(portion.classification, at_ns) is not None


def label_faults(label: Label, kind: str | None, at_ns: int) -> tuple[Reason, ...]:
    """For which reasons nobody at all is given an item under this label at an instant, in precedence."""
    level = level_of(label, kind, at_ns)
    reasons = label_reasons(label, level, label.originator, (label.originator,), at_ns)
    return tuple(sorted(reasons, key=PRECEDENCE.__getitem__))


def label_reasons(
    label: Label, level: Level | None, sender: str, readers: Iterable[str], at_ns: int
) -> set[Reason]:
    """What the label itself says against it; it must name one of `readers`, or be by one."""
    reasons: set[Reason] = set()
    if level is None:
        reasons.add(Reason.LABEL_UNKNOWN)
    elif level.never_leaves:
        reasons.add(Reason.LEVEL_NEVER_LEAVES)
    if label.created_ns > at_ns or (label.expires_ns is not None and label.expires_ns <= at_ns):
        reasons.add(Reason.LABEL_EXPIRED)
    holders = (label.originator, *label.releasable_to)
    if sender not in holders:
        reasons.add(Reason.SENDER_NOT_HOLDER)
    if not any(code in holders for code in readers):
        reasons.add(Reason.NOT_RELEASABLE_TO)
    return reasons


def barred_portions(
    label: Label, at_ns: int, on_the_way: Iterable[str | None], *, passed_on: bool
) -> frozenset[str]:
    """Fields that no clause can let go: portions of a level that never leaves, that do not name every party
    on the way, or under control of the originator where an intermediary passes them on (rules 3 and 4).
    """
    if not label.portions:
        return NOTHING_BARRED
    parties = {code for code in on_the_way if code is not None and code != label.originator}
    controlled = passed_on and Caveat.ORIGINATOR_CONTROL not in label.caveats
    return frozenset(
        portion.field
        for portion in label.portions
        if (portion.releasable_to is not None and not parties.issubset(portion.releasable_to))
        or (controlled and Caveat.ORIGINATOR_CONTROL in portion.caveats)
        or _never_leaves(portion.classification, at_ns)
    )


def _never_leaves(classification: Classification | None, at_ns: int) -> bool:
    if classification is None:
        return False
    level = find_level(classification, at_ns)
    return level is None or level.never_leaves


def portions_left_out(
    label: Label, barred: frozenset[str], clause: Clause, rank_max: Rank, at_ns: int
) -> tuple[str, ...]:
    """The fields that a copy under this clause goes without, in the label's order."""
    return tuple(
        portion.field
        for portion in label.portions
        if portion.field in barred or not _is_within(portion, clause, rank_max, at_ns)
    )


def _is_within(portion: Portion, clause: Clause, rank_max: Rank, at_ns: int) -> bool:
    """Whether a clause covers a portion's level and categories."""
    if portion.classification is not None:
        level = find_level(portion.classification, at_ns)
        if level is None or level.rank > rank_max:
            return False
    return covers(clause, portion.restrictive, portion.permissive)


def covers(clause: Clause, restrictive: tuple[str, ...], permissive: tuple[str, ...]) -> bool:
    """Restrictive categories need all, permissive ones any."""
    return all(category in clause.categories for category in restrictive) and (
        not permissive or any(category in clause.categories for category in permissive)
    )
