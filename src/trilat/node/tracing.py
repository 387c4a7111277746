"""`trace`: which release a leaked copy came from, by the releases in an originator's own ledger.

Rules
1. A leaked item, written as JSON, is compared byte for byte with every copy that was released: an exact copy
   is one that nobody but its recipients had.
2. Else, and for plain text, by its values: the share of a copy's values (names, numbers, instants) that stand
   in the file. Degradation makes copies of different recipients and versions differ in them.
3. Recipients whose copies fit equally well cannot be told apart; `alike` names all of them. That somebody's
   copy leaked does not say who leaked it: it may have been stolen there, or on the way here.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from trilat.model import ItemError, ItemReference, encode, item_from_json, to_plain
from trilat.node.copies import Copy

LIKENESS_MIN: Final = 0.5
"""A copy of which less is found in the file is not named."""

FILE_BYTES_MAX: Final = 1_048_576
TRACES_MAX: Final = 20
_WORD: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:/#@+-]*")
_TELLING_CHARACTERS: Final = 4
"""A shorter value, such as a code or a small number, stands in any text."""

_COMMON: Final = frozenset({"kind", "label", "provenance", "domain", "status"})
"""Fields that are the same in all copies, or tell nothing."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A release that a leaked copy may have come from."""

    recipient: str
    item: ItemReference
    """As the recipient was told."""

    entry: int
    sequence: int
    released_ns: int
    is_exact: bool
    likeness: float
    """Share of the copy's values that stand in the file, 0 to 1."""

    alike: tuple[str, ...]
    """Everybody whose copy fits as well, the recipient among them."""


def trace(copies: Iterable[Copy], leaked: bytes) -> list[Trace]:
    """Releases that fit a leaked copy, best first, at most `TRACES_MAX`."""
    text = leaked[:FILE_BYTES_MAX].decode("utf-8", "replace")
    words = set(_WORD.findall(text))
    wire = _wire(text)
    found: list[tuple[bool, float, Copy]] = []
    for copy in copies:
        if not copy.is_release:
            continue
        is_exact = wire is not None and encode(copy.item) == wire
        likeness = 1.0 if is_exact else _likeness(copy, words)
        if likeness >= LIKENESS_MIN:
            found.append((is_exact, likeness, copy))
    found.sort(key=lambda one: (not one[0], -one[1], one[2].entry))
    return [
        Trace(
            recipient=copy.party,
            item=copy.told,
            entry=copy.entry,
            sequence=copy.sequence,
            released_ns=copy.recorded_ns,
            is_exact=is_exact,
            likeness=likeness,
            alike=tuple(
                dict.fromkeys(
                    other.party for same, like, other in found if (same, like) == (is_exact, likeness)
                )
            ),
        )
        for is_exact, likeness, copy in found[:TRACES_MAX]
    ]


def _wire(text: str) -> bytes | None:
    try:
        return encode(item_from_json(text))
    except ItemError:
        return None


def _likeness(copy: Copy, words: set[str]) -> float:
    plain = to_plain(copy.item)
    values = {
        value
        for name, part in plain.items()
        if name not in _COMMON
        for value in _values(part)
        if len(value) >= _TELLING_CHARACTERS
    }
    return len(values & words) / len(values) if values else 0.0


def _values(plain: Any) -> Iterator[str]:
    if isinstance(plain, dict):
        for part in plain.values():
            yield from _values(part)
    elif isinstance(plain, list | tuple):
        for part in plain:
            yield from _values(part)
    elif isinstance(plain, str):
        yield from _WORD.findall(plain)
    elif isinstance(plain, int) and not isinstance(plain, bool):
        yield str(abs(plain))
