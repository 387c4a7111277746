"""The `equivalents` of an agreement file: which levels of the parties' schemes it calls the same.

    equivalents = [["KOR II", "JPN GOKUHI", "USA SECRET"], ["KOR III", "JPN HI"]]

Levels are compared by the table of the schemes, which no file can change; what a file says must agree with
it. Rows that share a level are taken together: where they make two levels of one scheme the same, they go in
a circle.
"""

from trilat.model import SCHEMES, Classification, EquivalentLevels, ItemError, Rank
from trilat.policy.reading import Table, advice


def read_equivalents(head: Table) -> tuple[EquivalentLevels, ...]:
    """The rows of a file.

    Raises:
        AgreementError: an unknown level, levels that are not equivalent, or rows that go in a circle.
    """
    rows = head.values.get("equivalents", [])
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise head.refusal('`equivalents` must be a list of rows, as [["KOR II", "JPN GOKUHI"]]')
    found = []
    for row in rows:
        try:
            found.append(EquivalentLevels(levels=tuple(_level(head, word) for word in row)))
        except ItemError as error:
            raise head.refusal(str(error)) from error
    _refuse_circles(head, found)
    for one in found:
        _refuse_unequal(head, one)
    return tuple(found)


def _level(head: Table, word: object) -> Classification:
    known = {
        f"{scheme} {level.level}": (scheme, level.level) for scheme in SCHEMES for level in SCHEMES[scheme]
    }
    if not isinstance(word, str) or word not in known:
        text = str(word)[:80]
        raise head.refusal(f"unknown `{text}` in `equivalents`: {advice(text, known)}")
    scheme, level = known[word]
    return Classification(scheme=scheme, level=level)


def _refuse_circles(head: Table, rows: list[EquivalentLevels]) -> None:
    """Two different ranks of one scheme in rows that hang together."""
    groups: list[set[Classification]] = []
    for row in rows:
        joined = set(row.levels)
        apart = []
        for group in groups:
            if group & joined:
                joined |= group
            else:
                apart.append(group)
        groups = [*apart, joined]
    for group in groups:
        for scheme in SCHEMES:
            own = sorted((one for one in group if one.scheme == scheme), key=lambda one: one.level)
            if len({_rank(one) for one in own}) > 1:
                names = " and ".join(f"{one.scheme} {one.level}" for one in own)
                raise head.refusal(
                    f"`equivalents` go in a circle: {names} become the same level, take one out"
                )


def _refuse_unequal(head: Table, row: EquivalentLevels) -> None:
    first, *others = row.levels
    for other in others:
        if _rank(other) != _rank(first):
            raise head.refusal(
                f"{first.scheme} {first.level} and {other.scheme} {other.level} are not equivalent: "
                "mend the row, levels are compared by the schemes' own table"
            )


def _rank(classification: Classification) -> Rank:
    levels = SCHEMES[classification.scheme]
    return next(level.rank for level in levels if level.level == classification.level)
