"""TLP 2.0 (FIRST, 2022) and the Permissible Actions Protocol, as restrictive categories of a label.

A colour is no level of secrecy: it says how far a receiver may pass on (TLP), or how visibly it may act
(PAP). So it becomes a category that a clause must cover, and where the colour keeps the receiver from passing
on, originator control:

| colour | categories | originator control |
|---|---|---|
| TLP:CLEAR, TLP:GREEN | itself | no |
| TLP:AMBER, TLP:AMBER+STRICT, TLP:RED | itself | yes |
| PAP:CLEAR, PAP:GREEN, PAP:AMBER, PAP:RED | itself | as TLP says |

A label has one colour of each at most: of two, nobody can tell which one is meant. A colour says nothing of
who receives; that stays with whoever sends.
"""

from enum import Enum
from typing import Final

from trilat.domains.marking.origin import Origin, absent, partial, refuse_unsayable, unknown
from trilat.model import Caveat, Classification, Label, Rank, find_level

UNCLASSIFIED: Final = "UNCLASSIFIED"


class Tlp(Enum):
    """Traffic Light Protocol 2.0, widest first."""

    CLEAR = "TLP:CLEAR"
    GREEN = "TLP:GREEN"
    AMBER = "TLP:AMBER"
    AMBER_STRICT = "TLP:AMBER+STRICT"
    RED = "TLP:RED"


class Pap(Enum):
    """Permissible Actions Protocol, widest first."""

    CLEAR = "PAP:CLEAR"
    GREEN = "PAP:GREEN"
    AMBER = "PAP:AMBER"
    RED = "PAP:RED"


Colour = Tlp | Pap
COLOURS: Final[dict[str, Colour]] = {colour.value: colour for colour in (*Tlp, *Pap)}
CONTROLLED: Final = frozenset({Tlp.AMBER, Tlp.AMBER_STRICT, Tlp.RED})


def is_looser(colour: Colour, than: Colour) -> bool:
    """Whether a colour is wider than another one of its protocol."""
    order: list[Colour] = list(type(than))
    return order.index(colour) < order.index(than)


def read_colours(words: list[str]) -> tuple[Tlp, Pap | None]:
    """The TLP colour and, where there is one, the PAP colour among some words.

    Raises:
        MarkingError: none, no TLP colour, two of one protocol, or a word that is no colour.
    """
    if not words:
        raise absent("there is no colour: nothing is marked")
    for word in words:
        if word not in COLOURS:
            older = " (TLP 1.0 called TLP:CLEAR so)" if word == "TLP:WHITE" else ""
            raise unknown(f"`{word}` is no colour of TLP 2.0 or PAP{older}: write it as TLP:AMBER+STRICT")
    tlps = [colour for word in words if isinstance(colour := COLOURS[word], Tlp)]
    paps = [colour for word in words if isinstance(colour := COLOURS[word], Pap)]
    if len(tlps) > 1 or len(paps) > 1:
        raise unknown("there are two colours of one protocol: nobody can tell which one is meant")
    if not tlps:
        raise partial("there is a PAP colour and none of TLP: who may have it is not said")
    return tlps[0], paps[0] if paps else None


def label_of_colours(tlp: Tlp, pap: Pap | None, origin: Origin) -> Label:
    """The label that colours stand for."""
    return Label(
        originator=origin.originator,
        classification=Classification(scheme=origin.originator, level=UNCLASSIFIED),
        releasable_to=tuple(sorted(set(origin.releasable_to) - {origin.originator})),
        restrictive=(tlp.value, *(() if pap is None else (pap.value,))),
        caveats=(Caveat.ORIGINATOR_CONTROL,) if tlp in CONTROLLED else (),
        created_ns=origin.created_ns,
    )


def colours_of(label: Label, name: str) -> tuple[Tlp, Pap | None]:
    """The colours that say all that a label asks, but for who receives; portions are the caller's.

    Raises:
        MarkingError: it asks more: a level, other categories, another caveat, an end.
    """
    level = find_level(label.classification, label.created_ns)
    if level is None or level.rank is not Rank.UNCLASSIFIED:
        raise unknown(f"{name} cannot say the level `{label.classification.level}`: choose another format")
    refuse_unsayable(label, name, says={"portions"})
    tlp, pap = read_colours(list(label.restrictive))
    if bool(label.caveats) != (tlp in CONTROLLED):
        raise unknown(f"{name} cannot say `{tlp.value}` with other caveats than it has")
    return tlp, pap


def read_tlp(line: str, origin: Origin) -> Label:
    """The label of a line such as `TLP:AMBER PAP:GREEN`; errors as in `read_colours`."""
    return label_of_colours(*read_colours(line.split(" ") if line else []), origin)


def write_tlp(label: Label) -> str:
    """The line of a label that colours can say.

    Raises:
        MarkingError: it asks more than colours say.
    """
    refuse_unsayable(label, "a TLP line")
    tlp, pap = colours_of(label, "a TLP line")
    return tlp.value if pap is None else f"{tlp.value} {pap.value}"
