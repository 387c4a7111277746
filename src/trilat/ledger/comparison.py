"""Comparing two trees of salted leaves: the first difference, found in as many steps as the tree is deep.

One side writes down the hashes of the 256 subtrees of a part of its tree, the other answers with those of
the first subtree that differs, and so on, down to one leaf: three steps for sixteen million leaves. What the
two see of each other's leaves are hashes, of all but the last 256 only as hashes of whole subtrees.
"""

from dataclasses import dataclass
from typing import Final

from trilat.ledger.merkle import MerkleLog
from trilat.model import UsageError

FAN_LEVELS: Final = 8
FAN: Final = 1 << FAN_LEVELS
SIZE_MAX: Final = 2**53


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a tree: its first `size` leaves are compared; `hashes` are of `FAN` subtrees of 2^`level`
    leaves each, from leaf `start` on, of which the last may be smaller.
    """

    size: int
    level: int
    start: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """How a comparison ended: the first differing leaf, or None where the first `size` are the same."""

    size: int
    first_difference: int | None


def first_part(tree: MerkleLog, size: int | None = None) -> Part:
    """The widest part of a tree's first `size` leaves: with it a comparison begins."""
    wanted = tree.size if size is None else size
    level = 0
    while wanted > FAN << level:
        level += FAN_LEVELS
    return part_of(tree, wanted, level, 0)


def part_of(tree: MerkleLog, size: int, level: int, start: int) -> Part:
    """The hashes of a part.

    Raises:
        UsageError: the tree has no such part.
    """
    width = 1 << level
    fits = 0 <= size <= tree.size and 0 <= start <= size
    if not fits or level % FAN_LEVELS or level > 56 or start % (width * FAN):
        raise UsageError(f"the tree of {tree.size} has no part of {size} at {start}: begin anew")
    hashes = tuple(
        tree.subtree(at, min(at + width, size)) for at in range(start, min(start + width * FAN, size), width)
    )
    return Part(size, level, start, hashes)


def answer(tree: MerkleLog, theirs: Part) -> Part | Compared:
    """The next part to compare, or the end: what the first difference in a partner's part leads to.

    Raises:
        UsageError: the part cannot be one of a tree.
    """
    if tree.size < theirs.size:
        # What we do not have cannot be compared; it begins again with what we do.
        return first_part(tree)
    ours = part_of(tree, theirs.size, theirs.level, theirs.start)
    if len(ours.hashes) != len(theirs.hashes):
        raise UsageError("the partner's part has another number of subtrees than it says: ask for it again")
    for number, (our, their) in enumerate(zip(ours.hashes, theirs.hashes, strict=True)):
        if our == their:
            continue
        start = theirs.start + (number << theirs.level)
        if theirs.level == 0:
            return Compared(theirs.size, start)
        return part_of(tree, theirs.size, theirs.level - FAN_LEVELS, start)
    return Compared(theirs.size, None)
