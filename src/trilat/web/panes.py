"""`Pane`: what one party sees, put together from the events of its node's stream.

A node is another party: what it sends is judged by the shapes, item by item. What does not fit is left out
and noted; the rest is shown. Every collection has a limit, and what is over it is left out too.

Trails are the positions that an object had while it was in the picture, `[at_ns, lat, lon, height_m]`; by
item id for tracks of originators, by `sight:KEY` for fused objects. A longer trail is thinned, its ends stay.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec

from trilat.model import INSTANT_NS_MAX, INSTANT_NS_MIN, ItemError
from trilat.web.shapes import DecisionRow, Shown, ShownSight, given, plain_of

TRAIL_POINTS_MAX: Final = 1_500
TRAIL_POINTS_MIN: Final = 20
TRAILS_POINTS_MAX: Final = 60_000
"""Of all trails of a pane together: of thousands of objects each has a shorter one."""

DECISIONS_MAX: Final = 200
ITEMS_MAX: Final = 20_000
SIGHTS_MAX: Final = 20_000
"""Of one pane."""

_S = TypeVar("_S", bound=msgspec.Struct)

Plain = dict[str, Any]


@dataclass
class Judged:
    """What of a message could be read, and a line on what could not."""

    left_out: int = 0
    why: str = ""

    def each(self, plain: Any, shape: type[_S]) -> list[_S]:
        """The entries of a list that fit a shape."""
        if not isinstance(plain, list):
            self.note(f"expected a list of {shape.__name__}")
            return []
        with suppress(msgspec.ValidationError, UnicodeEncodeError, RecursionError):
            # Nearly always all fit: thousands in one go, and one by one only to say which does not.
            return msgspec.convert(plain, list[shape], strict=True)  # type: ignore[valid-type]
        fitting = []
        for entry in plain:
            try:
                fitting.append(given(entry, shape))
            except ItemError as error:
                self.note(f"{shape.__name__}: {error}")
        return fitting

    def names(self, plain: Any) -> list[str]:
        """The entries of a list that are names."""
        entries = plain if isinstance(plain, list) else []
        fitting = [entry for entry in entries if isinstance(entry, str)]
        if len(fitting) != len(entries) or not isinstance(plain, list):
            self.note("expected a list of names")
        return fitting

    def instant(self, plain: Any) -> int | None:
        """An instant, UTC ns; None where it is none."""
        if type(plain) is int and INSTANT_NS_MIN <= plain <= INSTANT_NS_MAX:
            return plain
        self.note("expected an instant in UTC nanoseconds")
        return None

    def note(self, why: str) -> None:
        """Count one thing that does not fit."""
        self.left_out += 1
        self.why = self.why or why


@dataclass
class Pane:
    """One party's picture as the page shows it."""

    up: bool = False
    at_ns: int | None = None
    items: dict[str, Plain] = field(default_factory=dict)
    sights: dict[str, Plain] = field(default_factory=dict)
    trails: dict[str, list[list[Any]]] = field(default_factory=dict)
    decisions: dict[int, Plain] = field(default_factory=dict)
    """By number, oldest first."""

    def plain(self) -> Plain:
        """As JSON values; decisions newest first."""
        return {
            "up": self.up,
            "at_ns": self.at_ns,
            "items": list(self.items.values()),
            "sights": list(self.sights.values()),
            "trails": {name: list(points) for name, points in self.trails.items()},
            "decisions": list(reversed(self.decisions.values())),
        }

    def take_picture(self, data: Plain, judged: Judged, *, whole: bool) -> Plain:
        """Use a `picture` event; returns what changed, as a page wants to know it.

        Args:
            data: of the event.
            judged: notes what did not fit.
            whole: whether what the event does not name is gone: so it is with the first of a stream.
        """
        at_ns = judged.instant(data.get("at_ns"))
        self.at_ns = self.at_ns if at_ns is None else at_ns
        changed = {item["id"]: item for item in _plains(judged.each(data.get("changed", []), Shown))}
        sights = {sight["key"]: sight for sight in _plains(judged.each(data.get("sights", []), ShownSight))}
        gone = [name for name in judged.names(data.get("gone", [])) if name in self.items]
        sights_gone = [key for key in judged.names(data.get("sights_gone", [])) if key in self.sights]
        if whole:
            gone = [name for name in self.items if name not in changed]
            sights_gone = [key for key in self.sights if key not in sights]
        self._forget(gone, sights_gone)
        _keep_within(changed, self.items, ITEMS_MAX, judged)
        _keep_within(sights, self.sights, SIGHTS_MAX, judged)
        moved = [part for name, item in changed.items() if (part := _moved(self.items.get(name), item))]
        told = {part["id"] for part in moved}
        self._use(changed, sights)
        return {
            "at_ns": self.at_ns,
            "up": self.up,
            "changed": [item for name, item in changed.items() if name not in told],
            "moved": moved,
            "gone": gone,
            "sights": list(sights.values()),
            "sights_gone": sights_gone,
        }

    def _forget(self, gone: list[str], sights_gone: list[str]) -> None:
        for name in gone:
            self.items.pop(name, None)
            self.trails.pop(name, None)
        for key in sights_gone:
            self.sights.pop(key, None)
            self.trails.pop(f"sight:{key}", None)

    def _use(self, changed: dict[str, Plain], sights: dict[str, Plain]) -> None:
        points_max = max(
            TRAIL_POINTS_MIN, min(TRAIL_POINTS_MAX, TRAILS_POINTS_MAX // max(1, len(self.trails)))
        )
        for name, item in changed.items():
            self.items[name] = item
            if item["kind"] == "track":
                self._lengthen(name, item, points_max)
        for key, sight in sights.items():
            self.sights[key] = sight
            self._lengthen(f"sight:{key}", sight, points_max)

    def _lengthen(self, name: str, shown: Plain, points_max: int) -> None:
        """Add a position to a trail where it is known, new, and not older than the last."""
        lat, lon = shown.get("lat"), shown.get("lon")
        if lat is None or lon is None:
            return
        point = [shown["valid_ns"], lat, lon, shown.get("height_m")]
        trail = self.trails.setdefault(name, [])
        if trail and (trail[-1][1:] == point[1:] or point[0] < trail[-1][0]):
            return
        trail.append(point)
        if len(trail) > points_max:
            del trail[1:-1:2]

    def take_decisions(self, data: Plain, judged: Judged) -> list[Plain]:
        """Use a `decisions` event; returns the rows that are new, newest last.

        After a break a node may say rows again: each is used once, by its number.
        """
        fresh = []
        oldest = next(iter(self.decisions), -1) if len(self.decisions) >= DECISIONS_MAX else -1
        for row in judged.each(data.get("decisions", []), DecisionRow):
            plain = plain_of(row)
            if row.number > oldest and self.decisions.get(row.number) != plain:
                self.decisions[row.number] = plain
                fresh.append(plain)
        if fresh:
            kept = sorted(self.decisions.items())[-DECISIONS_MAX:]
            self.decisions = dict(kept)
        return sorted(fresh, key=_number)[-DECISIONS_MAX:]


def _plains(values: list[_S]) -> list[Plain]:
    """JSON values of many of these at once."""
    plain: list[Plain] = msgspec.to_builtins(values)
    return plain


def _moved(known: Plain | None, item: Plain) -> Plain | None:
    """What is new of an item that a page has, with its id; None where it has to be told as a whole.

    Of an object that moves it is a third of the whole, and there may be thousands, five times a second.
    """
    if known is None or not known.keys() <= item.keys():
        return None
    return {
        "id": item["id"],
        **{name: value for name, value in item.items() if name not in known or known[name] != value},
    }


def _keep_within(fresh: dict[str, Plain], held: dict[str, Plain], most: int, judged: Judged) -> None:
    """Leave out of what is fresh what a pane has no room for."""
    room = most - len(held)
    for name in [name for name in fresh if name not in held][max(0, room) :]:
        del fresh[name]
        judged.note(f"over the limit of {most}")


def _number(row: Plain) -> int:
    return int(row["number"])
