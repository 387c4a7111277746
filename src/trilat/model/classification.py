"""Classification in each nation's own scheme, and which levels are equivalent.

The original marking is never overwritten; a receiver adds its own equivalent beside it. Equivalence is the
table of Article 4 of the agreement between Japan and the Republic of Korea of 23 November 2016 and of the
text published in July 2012: KOR Military Secret II = JPN Gokuhi, Boei Himitsu (later Tokutei Himitsu) =
SECRET; KOR III = JPN Hi = CONFIDENTIAL. KOR level I and its TOP SECRET counterparts are never exchanged.
A scheme is versioned by date: Tokutei Himitsu replaced Boei Himitsu on 10 December 2014, when the Act on
the Protection of Specially Designated Secrets entered into force.

An unknown scheme or level has no equivalent: the answer is None, and policy withholds.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

from trilat.model.instants import parse_instant
from trilat.model.limits import INSTANT_NS_MAX
from trilat.model.noun import Noun, ShortText


class Rank(IntEnum):
    """The common ladder on which national levels are compared; it is never printed as a marking."""

    UNCLASSIFIED = 0
    CONFIDENTIAL = 1
    SECRET = 2
    TOP_SECRET = 3


class Classification(Noun, frozen=True, kw_only=True):
    """A level in an originator's own scheme, such as `JPN` `GOKUHI`. Spelling is not checked here: an
    unknown level is a fact about a label, on which policy decides to withhold.
    """

    scheme: ShortText
    level: ShortText


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level of a scheme: its rank, its banner text, and when it may be used."""

    level: str
    rank: Rank
    banner: str
    from_ns: int = 0
    until_ns: int = INSTANT_NS_MAX
    never_leaves: bool = False


_TOKUTEI_FROM_NS: Final = parse_instant("2014-12-09T15:00:00Z")
"""Start of 10 December 2014 in Japan."""

SCHEMES: Final[dict[str, tuple[Level, ...]]] = {
    "USA": (
        Level(level="UNCLASSIFIED", rank=Rank.UNCLASSIFIED, banner="UNCLASSIFIED"),
        Level(level="CONFIDENTIAL", rank=Rank.CONFIDENTIAL, banner="CONFIDENTIAL"),
        Level(level="SECRET", rank=Rank.SECRET, banner="SECRET"),
        Level(level="TOP SECRET", rank=Rank.TOP_SECRET, banner="TOP SECRET", never_leaves=True),
    ),
    "JPN": (
        Level(level="UNCLASSIFIED", rank=Rank.UNCLASSIFIED, banner="公開"),
        Level(level="HI", rank=Rank.CONFIDENTIAL, banner="秘"),
        Level(level="GOKUHI", rank=Rank.SECRET, banner="極秘"),
        Level(level="BOEI-HIMITSU", rank=Rank.SECRET, banner="防衛秘密", until_ns=_TOKUTEI_FROM_NS),
        Level(level="TOKUTEI-HIMITSU", rank=Rank.SECRET, banner="特定秘密", from_ns=_TOKUTEI_FROM_NS),
        Level(level="KIMITSU", rank=Rank.TOP_SECRET, banner="機密", never_leaves=True),
    ),
    "KOR": (
        Level(level="UNCLASSIFIED", rank=Rank.UNCLASSIFIED, banner="평문"),
        Level(level="III", rank=Rank.CONFIDENTIAL, banner="군사III급비밀"),
        Level(level="II", rank=Rank.SECRET, banner="군사II급비밀"),
        Level(level="I", rank=Rank.TOP_SECRET, banner="군사I급비밀", never_leaves=True),
    ),
}


def find_level(classification: Classification, at_ns: int) -> Level | None:
    """The level that a classification names at an instant, or None where it names none."""
    for level in SCHEMES.get(classification.scheme, ()):
        if level.level == classification.level and level.from_ns <= at_ns < level.until_ns:
            return level
    return None


@lru_cache(maxsize=1_024)
def equivalent(classification: Classification, scheme: str, at_ns: int) -> Classification | None:
    """The first level of the same rank in another scheme at an instant; None where there is none."""
    own = find_level(classification, at_ns)
    if own is None:
        return None
    for level in SCHEMES.get(scheme, ()):
        if level.rank == own.rank and level.from_ns <= at_ns < level.until_ns:
            return Classification(scheme=scheme, level=level.level)
    return None
