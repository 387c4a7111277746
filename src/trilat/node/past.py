"""`PastPicture`: the picture that a node had at an earlier instant, made again from its ledger.

Rules
1. What was known then: entries recorded up to that instant, used as they were used the first time.
2. What may be shown now: policy is asked as of today, under today's labels. What was called back, has expired
   or was removed since does not come back with the past: it is told as removed, by its name alone.
3. Nothing is read but what the picture rests on: the items of its last minutes, and, while ballistic objects
   are tracked, their episode from its beginning (`Timeline`). Whoever plays on goes on from there.
4. It is made a little at a time (`step`), so that the node is not held up.

It is for the own staff. Of an episode longer than `EPISODE_S_MAX` only the end is used, and `is_whole` is
false. A ship that was silent for longer than `WINDOW_S` is not in a picture of the past.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from trilat.domains import pipelines_with
from trilat.ledger import EntryKind
from trilat.link import Parcel, newest_wins
from trilat.model import (
    SECOND_NS,
    AnyItem,
    Domain,
    ItemReference,
    Release,
    Report,
    Track,
    TrilatError,
    UsageError,
    Vessel,
    decode,
    decode_item,
)
from trilat.node.answers import Answer, Answers
from trilat.node.exchange import Held
from trilat.node.holdings import Change, Holdings
from trilat.node.node import Node
from trilat.node.records import RECORD_BYTES_MAX, ReceivedRecord
from trilat.node.shown import Plain, shown, shown_sight
from trilat.node.standing import ITEM_S_MAX, ITEMS_EACH_MAX, Standing
from trilat.node.views import View, own_class
from trilat.policy import degrade

WINDOW_S: Final = ITEM_S_MAX + 60
"""So much before an instant is read for its items: their life, and how late they may be recorded."""

EPISODE_S_MAX: Final = 3_600
TRAIL_EVERY_S: Final = 5
TRAIL_POINTS_MAX: Final = 300
_KINDS: Final = frozenset({EntryKind.REPORT, EntryKind.ITEM, EntryKind.RECEIVED})
_WORK_MAX: Final = 1_000
"""Of one step, in some tens of microseconds."""

_WORK: Final = {"row": 1, "ballistic": 15, "sights": 60}
_TAKEN_EACH_MAX: Final = 2_000


class Today(Answers):
    """Policy's answers as of now, whatever the instant that is looked at (rule 2)."""

    def __init__(self, node: Node) -> None:
        """Nothing asked yet."""
        super().__init__(node, f"{node.config.party}/staff", 2 * ITEM_S_MAX)
        self._clock = node.clock

    def on(self, item: AnyItem, now_ns: int) -> Answer | None:  # noqa: ARG002 - the past asks by its own instant
        """The answer on an item's class, today."""
        return super().on(item, self._clock.now_ns())


def standing_of_rules(node: Node) -> tuple[int, int]:
    """What changes when anything was taken from the past, or policy decides otherwise."""
    return node.timeline.changes, node.exchange.changes_count


class PastPicture:
    """One picture in the making; for the node's thread."""

    def __init__(self, node: Node, at_ns: int) -> None:
        """The picture of an instant, of which nothing is read yet.

        Raises:
            UsageError: the staff may see nothing of this node today (`facts["refused"]`).
        """
        self._node = node
        self.at_ns = at_ns
        self._begin()

    def _begin(self) -> None:
        node, at_ns = self._node, self.at_ns
        self._rules = standing_of_rules(node)
        self._answers = Today(node)
        refusal = self._answers.refusal(node.clock.now_ns())
        if refusal is not None:
            raise UsageError(f"the staff may see nothing of this node: {refusal.value}", refused=True)
        self._holdings = Holdings()
        self._standing = Standing(node.config, self._holdings, self._answers, lambda _: None)
        self.episode = node.timeline.episode(at_ns)
        oldest_ns = at_ns - EPISODE_S_MAX * SECOND_NS
        window_ns = at_ns - WINDOW_S * SECOND_NS
        self.is_whole = self.episode is None or self.episode.began_ns >= oldest_ns
        begin_ns = window_ns
        if self.episode is not None:
            begin_ns = min(window_ns, max(self.episode.began_ns, oldest_ns))
        self._next = node.timeline.first_entry(begin_ns)
        self._first = node.timeline.first_entry(window_ns)
        self._make_views()
        self._mark: int | None = None
        self._mine: dict[Domain, bool] = {}
        self._trails: dict[str, list[list[Any]]] = {}
        self._trail_ns = max(begin_ns, window_ns)
        self._read_on()

    def _make_views(self) -> None:
        """Empty Views that begin with what the node's began the episode with."""
        party, episode = self._node.config.party, self.episode
        seed = None if episode is None or episode.biases is None else episode.biases.continued()
        named = 0 if episode is None else episode.named
        self._own = None if seed is None else View(party, pipelines_with(seed, learns=True))
        self._staff = View(party, pipelines_with(seed, learns=False, named=named))

    def _read_on(self) -> None:
        self._rows = self._node.ledger.recorded(_KINDS, self._next)
        self._is_read = False
        self._to_take: Iterator[Change] | None = None

    # --- making it ---

    def goes_on_to(self, at_ns: int) -> bool:
        """Whether the picture of a later instant is made from this one, and it now is that picture."""
        node = self._node
        fits = (
            at_ns >= self.at_ns
            and self.is_whole
            and node.timeline.episode(at_ns) is self.episode
            and standing_of_rules(node) == self._rules
            and not self._answers.renew(node.clock.now_ns())
        )
        if fits:
            self.at_ns = at_ns
            self._first = node.timeline.first_entry(at_ns - WINDOW_S * SECOND_NS)
            self._read_on()
        return fits

    def step(self) -> bool:
        """Do a little more; whether all is done.

        Raises:
            LedgerError: a row cannot be read.
            UsageError: as of the beginning, where the rules have changed in between.
        """
        if standing_of_rules(self._node) != self._rules:
            # What was read may hold what is called back by now: none of it is used.
            self._begin()
        if not self._is_read:
            self._read()
            return False
        if self._to_take is None:
            self._sample(self.at_ns)
            self._to_take = self._changes()
        taken = tuple(islice(self._to_take, _TAKEN_EACH_MAX))
        if taken:
            self._standing.take(taken, self.at_ns)
            return False
        self._standing.tidy(self.at_ns)
        self._standing.move(self.at_ns, ITEMS_EACH_MAX)
        return not self._standing.ready

    def _changes(self) -> Iterator[Change]:
        mark, self._mark = self._mark, self._holdings.changes_count
        changes = None if mark is None else self._holdings.changes_since(mark)
        return iter(tuple(self._holdings.everything()) if changes is None else changes)

    def _read(self) -> None:
        work = 0
        for entry, kind, recorded_ns, content in self._rows:
            if recorded_ns > self.at_ns:
                break
            self._next = entry + 1
            work += self._use(kind, content, recorded_ns)
            if work >= _WORK_MAX:
                return
        self._is_read = True

    def _use(self, kind: EntryKind, content: bytes, recorded_ns: int) -> int:
        """Use a row as it was used the first time; returns how much work it was."""
        held, sender = self._held(kind, content)
        if held is None:
            return _WORK["row"]
        item = held.item
        newest = self._holdings.newest(item.item_id)
        overtaken = newest is not None and newest.version > item.version and newest_wins(item)
        if not self._holdings.add(held, sender) or (sender is not None and overtaken):
            return _WORK["row"]
        if not isinstance(item, Report | Track | Vessel):
            return _WORK["row"]
        work = 0 if isinstance(item, Vessel) else self._sample(recorded_ns - 1)
        self._feed(item, sender)
        if isinstance(item, Track):
            self._lengthen(item, held, sender)
        return work + _WORK["row" if isinstance(item, Vessel) else "ballistic"]

    def _held(self, kind: EntryKind, content: bytes) -> tuple[Held | None, str | None]:
        """An item as the node held it, and by whom it came; under today's label."""
        node, sender = self._node, None
        if kind is EntryKind.RECEIVED:
            record = decode(content, ReceivedRecord, bytes_max=RECORD_BYTES_MAX)
            if record.refusal:
                return None, None
            parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
            held, sender = node.held_of(decode(parcel.release, Release), parcel), record.sender
        else:
            item = decode_item(content)
            audience = node.heads.audience(item) if kind is EntryKind.ITEM else None
            held = Held(item, b"", audience=audience)
        return node.recalls.relabelled(held), sender

    def _feed(self, item: Report | Track | Vessel, sender: str | None) -> None:
        """Let the Views take a contribution, where the staff may have all of it today."""
        try:
            if sender is None and self._own is not None:
                self._own.add(item)
            if self._is_had(item, sender):
                self._staff.add(item)
        except TrilatError:
            return  # It was kept and not used then either.

    def _is_had(self, item: Report | Track | Vessel, sender: str | None) -> bool:
        now_ns = self._node.clock.now_ns()
        if sender is None and not isinstance(item, Vessel):
            known = self._mine.get(item.domain)
            if known is None:
                known = self._answers.has_class(own_class(item.domain), item, now_ns)
                self._mine[item.domain] = known
            return known
        answer = self._answers.on(item, now_ns)
        return answer is not None and answer.in_full

    # --- trails ---

    def _sample(self, until_ns: int) -> int:
        """Note where fused objects were, every few seconds up to an instant; returns how much work it was."""
        pipeline, work = self._staff.pipelines.get(Domain.MISSILE), 0
        while self._trail_ns <= until_ns:
            if pipeline is not None:
                work += _WORK["sights"]
                for sight in pipeline.sights(self._trail_ns):
                    plain = shown_sight(sight)
                    self._point(f"sight:{plain['key']}", plain)
            self._trail_ns += TRAIL_EVERY_S * SECOND_NS
        return work

    def _lengthen(self, item: Track, held: Held, sender: str | None) -> None:
        """Note where a track was, as a released copy says."""
        answer = self._answers.on(item, self.at_ns)
        if answer is None or not answer.permitted:
            return
        try:
            release = degrade(item, answer.about(item.reference), self._node.config.release_key)
        except TrilatError:
            return  # Beyond what can be written: it is not shown live either.
        self._point(item.item_id, shown(release, sender, held.form))

    def _point(self, name: str, plain: Plain) -> None:
        if plain.get("lat") is None:
            return
        trail = self._trails.setdefault(name, [])
        if trail and plain["valid_ns"] - trail[-1][0] < SECOND_NS:
            return
        trail.append([plain["valid_ns"], plain["lat"], plain["lon"], plain.get("height_m")])
        if len(trail) > TRAIL_POINTS_MAX:
            del trail[1:-1:2]

    # --- what it is ---

    def told(self) -> tuple[Plain, list[ItemReference]]:
        """The picture, when all is done, and the versions of its items."""
        items, references = self._standing.whole()
        try:
            sights = [shown_sight(sight) for sight in self._staff.sights(self.at_ns)]
        except TrilatError:
            sights = []  # What a partner sent may be beyond what a filter can carry, live as well.
        names = {item["id"] for item in items} | {f"sight:{sight['key']}" for sight in sights}
        removed = [
            {"id": gone.reference.item_id, "version": gone.reference.version, "by": gone.by}
            for gone in self._node.timeline.gone(self._first, self._next)
            if gone.reference.item_id not in names
        ]
        trails = {name: points for name, points in self._trails.items() if name in names}
        return {
            "at_ns": self.at_ns,
            "whole": self.is_whole,
            "items": items,
            "sights": sights,
            "trails": trails,
            "removed": removed,
        }, references
