"""`Standing`: the items that stand before one reader, each as the newest release that is due.

Rules
1. Only kinds that a picture has are shown; of the warnings that this node made, those for its own staff.
2. What a decision asks for holds for a screen as for a partner: a version appears when its delay has passed,
   and where versions are thinned at most one in that time, the last word always; where tracks are told in
   spans, whole ones. A warning is never thinned.
3. Every item is made by policy's `degrade` for the reader, from the answer on its class. After the first
   time at most `ITEMS_EACH_MAX` are made at once, ships last, so that the node is not held up: of what still
   waits only the newest versions are made, the next time.
4. An item leaves `ITEM_S_MAX` after it was due, when its copy expires, when the answer on it changes, or when
   the node no longer holds it, or holds it under a newer label. A warning that was withdrawn, or a
   disagreement that was resolved, says so for `WITHDRAWN_S`, and leaves. A newer
   version that may not be shown changes nothing: that there is one is not for the reader either.
5. A copy that may not name its originator is not shown: its name, its subject and its marking do.
6. Under which agreements an item was received is for the own staff, and for readers that are no peers.
"""

import hashlib
import heapq
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import msgspec

from trilat.model import (
    SECOND_NS,
    AnyItem,
    Attribution,
    Disagreement,
    DisagreementState,
    ItemReference,
    Release,
    TrilatError,
    Vessel,
    Warning,
    WarningState,
    kind_of,
)
from trilat.node.answers import Answer, Answers
from trilat.node.config import NodeConfig
from trilat.node.holdings import Change, Holdings
from trilat.node.shown import SHOWN_KINDS, Plain, shown
from trilat.node.views import LabelClass
from trilat.policy import Spans, degrade, due_ns

ITEM_S_MAX: Final = 600
"""How long an item stays in the picture without a newer version, seconds of the node's clock."""

WITHDRAWN_S: Final = 60
"""How long a reader sees that a warning was withdrawn, or a disagreement resolved."""

ITEMS_EACH_MAX: Final = 500
"""Items made for a reader at once; each takes some 50 microseconds."""

WAITING_MAX: Final = 100_000
"""Versions that wait for their time; what comes beyond is not shown."""

_KINDS: Final = frozenset(SHOWN_KINDS)


@dataclass(slots=True)
class _Stands:
    """An item as it stands before the reader."""

    reference: ItemReference
    key: LabelClass
    plain: Plain
    leaves_ns: int
    label_version: int
    digest: bytes | None = None


@dataclass(order=True, slots=True)
class _Waits:
    due_ns: int
    order: int
    change: Change = field(compare=False)


class Standing:
    """What stands before a reader, and what of it changed since it was last told."""

    def __init__(
        self, config: NodeConfig, holdings: Holdings, answers: Answers, on_trouble: Callable[[str], None]
    ) -> None:
        """Nothing shown yet; `on_trouble` is told in one line of an item of which no copy can be made."""
        self._on_trouble = on_trouble
        self._config = config
        self._own = frozenset({f"{config.party}/staff", *config.own_readers})
        self._holdings = holdings
        self._answers = answers
        self._stands: dict[str, _Stands] = {}
        self._queue: list[_Waits] = []
        self._order = 0
        self._ready: dict[bool, dict[str, Change]] = {False: {}, True: {}}
        """The newest version of each item that may be made now: of others, and of ships."""

        self._thinned: dict[str, _Waits] = {}
        self._next_ns: dict[str, int] = {}
        """When the next version of a thinned item may appear."""

        self._spans: Spans[str, Change] = Spans()
        self._changed: dict[str, None] = {}
        self._told: dict[str, Plain] = {}

    def take(self, changes: Iterable[Change], now_ns: int) -> None:
        """Note items that came, to be shown by `move`."""
        for change in changes:
            self._take(change, now_ns)

    def _take(self, change: Change, now_ns: int) -> None:
        held, _ = change
        item = held.item
        if kind_of(item) not in _KINDS or held.audience not in {None, self._config.party}:  # 1
            return
        begins_ns = item.label.created_ns - self._config.decision_shift_ns
        answer = self._answers.on(item, now_ns)
        if begins_ns > now_ns:
            self._wait(begins_ns, change)
        elif answer is not None and answer.permitted and not self._is_past(item, answer, now_ns):
            reference = item.reference
            due = due_ns(item, answer.about(reference))  # 2
            for told in self._spans.take(item.item_id, item, answer.decision.duties, change):
                if due > now_ns:
                    self._wait(due, told)
                else:
                    self._make_ready(told)

    def _make_ready(self, change: Change) -> None:
        item = change[0].item
        ready = self._ready[isinstance(item, Vessel)]
        waiting = ready.get(item.item_id)
        if waiting is None or waiting[0].item.version < item.version:
            ready[item.item_id] = change

    def _is_past(self, item: AnyItem, answer: Answer, now_ns: int) -> bool:
        """Whether an item has had its time (rule 4), told before anything is made of it."""
        delay_s = 0 if answer.decision.duties is None else answer.decision.duties.delay_s
        return item.valid_ns + (delay_s + ITEM_S_MAX) * SECOND_NS <= now_ns

    def _wait(self, due: int, change: Change) -> None:
        if len(self._queue) < WAITING_MAX:
            self._order += 1
            heapq.heappush(self._queue, _Waits(due, self._order, change))

    def _is_held_back(self, change: Change, answer: Answer, now_ns: int) -> bool:
        """Whether thinning keeps a version until later; the newest one is kept (rule 2)."""
        item, duties = change[0].item, answer.decision.duties
        thin_s = 0 if duties is None or isinstance(item, Warning) else duties.thin_s
        if not thin_s:
            return False
        next_ns = self._next_ns.get(item.item_id, 0)
        if next_ns <= now_ns:
            self._next_ns[item.item_id] = now_ns + thin_s * SECOND_NS
            self._thinned.pop(item.item_id, None)
            return False
        kept = self._thinned.get(item.item_id)
        if kept is None or kept.change[0].item.version < item.version:
            self._thinned[item.item_id] = _Waits(next_ns, 0, change)
        return True

    def move(self, now_ns: int, limit: int | None = ITEMS_EACH_MAX) -> None:
        """Show what is due, at most `limit` items."""
        while self._queue and self._queue[0].due_ns <= now_ns:
            self._take(heapq.heappop(self._queue).change, now_ns)
        for item_id in [item_id for item_id, waits in self._thinned.items() if waits.due_ns <= now_ns]:
            self._take(self._thinned.pop(item_id).change, now_ns)
        for ready in self._ready.values():
            for item_id in tuple(islice(ready, limit)):
                self._show(ready.pop(item_id), now_ns)
                limit = None if limit is None else limit - 1

    def _show(self, change: Change, now_ns: int) -> None:
        """Show an item that is due, where the answer is still what it was and thinning lets it appear."""
        held, sender = change
        item = held.item
        known = self._stands.get(item.item_id)
        if (
            known is not None
            and known.reference.version >= item.version
            and known.label_version >= item.label.version
        ):
            return
        answer = self._answers.on(item, now_ns)
        if answer is None or not answer.permitted or self._is_held_back(change, answer, now_ns):
            return
        reference = item.reference
        decision = answer.about(reference)
        try:
            release = degrade(item, decision, self._config.release_key)  # 3
        except TrilatError as error:
            # Values at the edge of what can be written may be beyond it once rounded: withheld.
            self._on_trouble(f"`{item.item_id}` is not shown to `{decision.recipient}`: {error}")
            return
        leaves_ns = self._leaves_ns(release, due_ns(item, decision))
        if leaves_ns > now_ns and release.duties.attribution is not Attribution.ANONYMOUS:  # 4, 5
            # 6
            under = item.provenance.received_under if decision.recipient in self._own else ()
            plain = shown(release, sender, held.form, under)
            self._stands[item.item_id] = _Stands(reference, answer.key, plain, leaves_ns, item.label.version)
            self._changed[item.item_id] = None

    def _leaves_ns(self, release: Release, due: int) -> int:
        """When an item leaves the picture, by the node's clock (rule 4)."""
        leaves_ns = due + ITEM_S_MAX * SECOND_NS
        item = release.item
        if (isinstance(item, Warning) and item.state is WarningState.RETRACTED) or (
            isinstance(item, Disagreement) and item.state is DisagreementState.RESOLVED
        ):
            leaves_ns = due + WITHDRAWN_S * SECOND_NS
        if release.expires_ns is None:
            return leaves_ns
        return min(leaves_ns, release.expires_ns - self._config.decision_shift_ns)

    def _remove(self, item_id: str) -> None:
        del self._stands[item_id]
        self._changed[item_id] = None

    def tidy(self, now_ns: int) -> None:
        """Take away what has had its time, or is no longer held."""
        self._spans.keep(lambda item_id: self._holdings.newest(item_id) is not None)
        past = [
            item_id
            for item_id, stands in self._stands.items()
            if stands.leaves_ns <= now_ns or not self._is_held_as(item_id, stands.label_version)
        ]
        for item_id in past:
            self._remove(item_id)
        for item_id in [item_id for item_id, next_ns in self._next_ns.items() if next_ns <= now_ns]:
            if item_id not in self._thinned:
                del self._next_ns[item_id]

    def _is_held_as(self, item_id: str, label_version: int) -> bool:
        """Whether an item is held, and under no newer label than it was shown by."""
        newest = self._holdings.newest(item_id)
        return newest is not None and newest.label.version <= label_version

    def drop(self, keys: Collection[LabelClass]) -> None:
        """Take away what was shown by answers that no longer hold."""
        for item_id in [item_id for item_id, stands in self._stands.items() if stands.key in keys]:
            self._remove(item_id)

    def clear(self) -> None:
        """Take everything away."""
        for item_id in tuple(self._stands):
            self._remove(item_id)

    def changes(self) -> tuple[list[Plain], list[ItemReference], list[str]]:
        """Items that changed, their versions, and names of those that went, since this was last asked."""
        plain: list[Plain] = []
        references: list[ItemReference] = []
        gone: list[str] = []
        for item_id in self._changed:
            stands = self._stands.get(item_id)
            if stands is None:
                if self._told.pop(item_id, None) is not None:
                    gone.append(item_id)
            elif self._told.get(item_id) != stands.plain:
                plain.append(stands.plain)
                references.append(stands.reference)
                self._told[item_id] = stands.plain
        self._changed = {}
        return plain, references, gone

    @property
    def ready(self) -> int:
        """How many items `move` could show now."""
        return sum(map(len, self._ready.values()))

    def whole(self) -> tuple[list[Plain], list[ItemReference]]:
        """All that stands, and its versions."""
        stands = self._stands.values()
        return [one.plain for one in stands], [one.reference for one in stands]

    def digests(self) -> dict[str, bytes]:
        """The digest of every item that stands, by name."""
        for stands in self._stands.values():
            if stands.digest is None:
                stands.digest = plain_digest(stands.plain)
        return {item_id: stands.digest or b"" for item_id, stands in self._stands.items()}


def plain_digest(plain: Any) -> bytes:
    """SHA-256 of a JSON value: names of objects in order, without blanks, UTF-8."""
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).digest()


def digest_of_all(digests: Mapping[str, bytes]) -> bytes:
    """SHA-256 of names and digests in order of the names."""
    whole = hashlib.sha256()
    for name in sorted(digests):
        whole.update(hashlib.sha256(name.encode()).digest() + digests[name])
    return whole.digest()
