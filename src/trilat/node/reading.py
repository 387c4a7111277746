"""`Reading`: what one reader sees of a node, as a standing release through the one door.

    reading = Reading(node, "OBS")
    opened = reading.open()             # refused in one line where no agreement lets this reader see anything
    for event, data in reading.frame(): # what changed since the last time; again and again
        ...
    reading.close("the reader left")

Rules
1. Policy decides per label class, and again twice a second; its `degrade` makes every item that is shown.
2. What is shown was written before: a record with the versions of items and the digest of all that is given.
   Where the ledger refuses, nothing is shown, and the reading has ended.
3. While nothing changes, what stands is written down again every second in which a frame is asked for.
4. Fused objects come from the View of exactly the contributions that the reader may have in full.
5. Decisions are shown on items that the reader may have in full.
6. When nothing may be read any more, everything goes, and the reading closes itself with the reason.
7. When agreements change while the node runs, everything is asked anew with the next frame.

Readings of one node know nothing of each other. Nothing here is restored after a restart: readers open again.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from trilat.domains import Sight
from trilat.ledger import Entry, EntryKind
from trilat.model import SECOND_NS, ItemReference, LedgerError, TrilatError, UsageError, encode
from trilat.node.answers import Answers
from trilat.node.node import Node
from trilat.node.records import READING_NAMES_MAX, ReadingRecord, ReadingStep
from trilat.node.shown import Plain, decision_row, shown_sight
from trilat.node.standing import ITEM_S_MAX, ITEMS_EACH_MAX, Standing, digest_of_all, plain_digest
from trilat.node.views import LabelClass, View

Event = tuple[str, Plain]
"""Name and data of an event, as a reader gets it."""

_N = TypeVar("_N")

LOOK_EVERY_NS: Final = SECOND_NS // 2
"""How often, by the node's clock, answers are asked for again, objects looked at, and what stands written
down: twice a second, so that a caller who comes once a second, more or less, leaves no second out.
"""

DECISIONS_EACH_MAX: Final = 500
"""Decisions of one frame; of more the newest are shown."""


class Reading:
    """One reader's standing release, for one thread: the node's."""

    def __init__(self, node: Node, reader: str, person: str = "") -> None:
        """A reading that is not open yet, as `reader`, by the account `person` where there is one."""
        self.reader = reader
        self.person = person
        self._node = node
        self._answers = Answers(node, reader, 2 * ITEM_S_MAX)
        self._standing = Standing(node.config, node.holdings, self._answers, self._note_trouble)
        self._sights: dict[str, tuple[Sight, Plain]] = {}
        self._classes: frozenset[LabelClass] = frozenset()
        self._opened: int | None = None
        self._ended = False
        self._is_first = True
        self._changes_mark: int | None = None
        self._decisions_mark = 0
        self._rules_mark = node.exchange.changes_count
        self._looked_ns = 0
        self._written_ns = 0
        self._trouble = ""
        self._stands: bytes | None = None
        """The digest of all that stands, while nothing changes."""

    def open(self) -> Plain:
        """The data of the event `opened`.

        Raises:
            UsageError: no agreement lets this reader see anything (`facts["refused"]`, `facts["reason"]`), or
                it was opened before.
            LedgerError: it cannot be written down, or the node has stopped.
        """
        if self._opened is not None or self._ended:
            raise UsageError("a reading is opened once: make another")
        self._refuse_stopped()
        node, config = self._node, self._node.config
        now_ns = node.clock.now_ns()
        refusal = self._answers.refusal(now_ns)
        if refusal is not None:
            text = f"`{self.reader}` may see nothing of `{config.party}`: {refusal.value}"
            self._write(ReadingStep.REFUSED, now_ns, plain_digest([]), reason=text)
            self._end()
            raise UsageError(text, refused=True, reason=refusal.value)
        data: Plain = {
            "party": config.party,
            "reader": self.reader,
            "purpose": config.purpose,
            "status": config.status.value,
            "at_ns": now_ns,
        }
        self._opened = self._write(ReadingStep.OPENED, now_ns, digest_of([("opened", data)]))
        return {**data, "entry": self._opened}

    def frame(self) -> list[Event]:
        """What changed since the last frame, written before it is returned; nothing where it has ended.

        Raises:
            UsageError: the reading was never opened.
            LedgerError: it cannot be written down, or the node has stopped: the reading has ended.
        """
        if self._ended:
            return []
        if self._opened is None:
            raise UsageError("this reading is not open: open it first")
        self._refuse_stopped()
        now_ns = self._node.clock.now_ns()
        changed = self._rules_mark != self._node.exchange.changes_count
        looks = self._is_first or changed or now_ns - self._looked_ns >= LOOK_EVERY_NS
        if looks:
            self._looked_ns = now_ns
            refusal = self._look(now_ns)
            if refusal is not None:
                return self._close_itself(refusal, now_ns)
        self._follow(now_ns)
        sights, sights_gone = self._look_at_objects(now_ns) if looks else ([], [])
        return self._given(sights, sights_gone, now_ns)

    def _look(self, now_ns: int) -> str | None:
        """Ask again for every answer; why nothing may be seen any more, or None."""
        mark, self._rules_mark = self._rules_mark, self._node.exchange.changes_count
        # Where agreements changed while the node runs, no answer by the old ones stands (rule 7).
        changed = self._answers.renew(now_ns) if mark == self._rules_mark else self._answers.forget()
        refusal = self._answers.refusal(now_ns)
        if refusal is not None:
            return refusal.value
        self._standing.tidy(now_ns)
        if changed:
            self._standing.drop(changed)
            self._changes_mark = None
        return None

    def _follow(self, now_ns: int) -> None:
        """Take what changed in the holdings; all of them at first, and where an answer changed."""
        holdings = self._node.holdings
        mark, self._changes_mark = self._changes_mark, holdings.changes_count
        changes = None if mark is None else holdings.changes_since(mark)
        self._standing.take(holdings.everything() if changes is None else changes, now_ns)
        self._standing.move(now_ns, None if changes is None else ITEMS_EACH_MAX)

    def _look_at_objects(self, now_ns: int) -> tuple[list[Plain], list[str]]:
        """Objects that changed, and the keys of those that went (rule 4)."""
        try:
            sights = self._view(now_ns).sights(now_ns)
        except TrilatError as error:
            # What a partner sent may be beyond what a filter can carry; items are shown all the same.
            self._note_trouble(f"no objects for `{self.reader}`: {error}")
            sights = ()
        before, self._sights = self._sights, {}
        changed: list[Plain] = []
        for sight in sights:
            known = before.get(sight.key)
            if known is None or known[0] is not sight:
                plain = shown_sight(sight)
                if known is None or known[1] != plain:
                    changed.append(plain)
                known = (sight, plain)
            self._sights[sight.key] = known
        return changed, [key for key in before if key not in self._sights]

    def _view(self, now_ns: int) -> View:
        """The View of all contributions that the reader may have in full."""
        views = self._node.views
        self._classes = self._answers.classes_in_full(views.object_classes, now_ns, self._classes)
        return views.watch(self, self._classes)

    def _note_trouble(self, text: str) -> None:
        if text != self._trouble:
            self._trouble = text
            self._node.note_refusal(text)

    def _rows(self, now_ns: int) -> list[Plain]:
        """Decisions since the last frame on items that the reader may have in full, the newest last."""
        decisions, shift_ns = self._node.recent_decisions, self._node.config.decision_shift_ns
        mark, self._decisions_mark = self._decisions_mark, decisions.count
        rows: list[Plain] = []
        for decided in decisions.since(mark):
            answer = self._answers.on(decided.item, now_ns)
            if answer is not None and answer.in_full:
                at_ns = decided.decision.decided_ns - shift_ns
                rows.append(decision_row(decided.number, decided.item, decided.decision, at_ns))
                if len(rows) == DECISIONS_EACH_MAX:
                    break
        return rows[::-1]

    def _given(self, sights: list[Plain], sights_gone: list[str], now_ns: int) -> list[Event]:
        """The events of a frame, once they are written down."""
        items, references, gone = self._standing.changes()
        events: list[Event] = []
        picture: Plain = {
            "at_ns": now_ns,
            "changed": items,
            "gone": gone,
            "sights": sights,
            "sights_gone": sights_gone,
        }
        if self._is_first or items or gone or sights or sights_gone:
            events.append(("picture", picture))
        rows = self._rows(now_ns)
        if rows:
            events.append(("decisions", {"decisions": rows}))
        self._is_first = False
        if events:
            self._stands = None
            picture["entry"] = self._write(ReadingStep.SHOWN, now_ns, digest_of(events), references, gone)
        elif now_ns - self._written_ns >= LOOK_EVERY_NS:
            self._write(ReadingStep.STANDING, now_ns, self._standing_digest())
        return events

    def _standing_digest(self) -> bytes:
        if self._stands is not None:
            return self._stands
        sights = {f"sight:{key}": plain_digest(plain) for key, (_, plain) in self._sights.items()}
        items = {f"item:{name}": digest for name, digest in self._standing.digests().items()}
        self._stands = digest_of_all({**items, **sights})
        return self._stands

    def _close_itself(self, reason: str, now_ns: int) -> list[Event]:
        """Take everything away and end, because nothing may be read any more (rule 6)."""
        self._standing.clear()
        _, _, gone = self._standing.changes()
        picture: Plain = {
            "at_ns": now_ns,
            "changed": [],
            "gone": gone,
            "sights": [],
            "sights_gone": list(self._sights),
        }
        text = f"`{self.reader}` may see nothing of `{self._node.config.party}` any more: {reason}"
        events: list[Event] = [("picture", picture), ("closed", {"reason": text})]
        picture["entry"] = self._write(ReadingStep.CLOSED, now_ns, digest_of(events), gone=gone, reason=text)
        self._end()
        return events

    def close(self, reason: str) -> Plain | None:
        """The data of the event `closed`, written down; None where the reading has ended or was never open.

        Raises:
            LedgerError: it cannot be written down, or the node has stopped; the reading has ended.
        """
        if self._ended or self._opened is None:
            self._end()
            return None
        self._refuse_stopped()
        data: Plain = {"reason": reason}
        now_ns = self._node.clock.now_ns()
        self._write(ReadingStep.CLOSED, now_ns, digest_of([("closed", data)]), reason=reason)
        self._end()
        return data

    def _end(self) -> None:
        self._ended = True
        self._node.views.unwatch(self)

    def _refuse_stopped(self) -> None:
        """A node that stopped may hold what its ledger does not: nothing of it is shown."""
        if self._node.failure is not None:
            self._end()
            raise LedgerError(f"this node has stopped, nothing is shown: {self._node.failure}")

    def _write(
        self,
        step: ReadingStep,
        now_ns: int,
        digest: bytes,
        references: Sequence[ItemReference] = (),
        gone: Sequence[str] = (),
        reason: str = "",
    ) -> int:
        """The first entry of the records of a step, written in one commit (rule 2)."""
        entries = reading_entries(
            self.reader,
            self.person,
            self._node.config.purpose,
            step,
            digest,
            opened=self._opened,
            references=references,
            gone=gone,
            reason=reason,
        )
        try:
            receipts = self._node.ledger.append(entries)
        except TrilatError:
            self._end()
            raise
        self._written_ns = now_ns
        return receipts[0].entry


def reading_entries(
    reader: str,
    person: str,
    purpose: str,
    step: ReadingStep,
    digest: bytes,
    *,
    opened: int | None = None,
    references: Sequence[ItemReference] = (),
    gone: Sequence[str] = (),
    reason: str = "",
) -> list[Entry]:
    """The records of one step of a reading, for one commit."""
    items, went = _parted(references), _parted(gone)
    parts = max(1, len(items), len(went))
    return [
        Entry(
            kind=EntryKind.READING,
            content=encode(
                ReadingRecord(
                    reader=reader,
                    person=person,
                    purpose=purpose,
                    what=step,
                    opened=opened,
                    digest=digest,
                    items=items[part - 1] if part <= len(items) else (),
                    gone=went[part - 1] if part <= len(went) else (),
                    reason=reason,
                    part=part,
                    parts=parts,
                )
            ),
        )
        for part in range(1, parts + 1)
    ]


def digest_of(events: Sequence[Event]) -> bytes:
    """What the ledger's record says of events that a reader was given: SHA-256 of them as JSON, a list of
    lists of name and data, without `entry`, which is only known afterwards; names in order, no blanks.
    """
    return plain_digest(
        [[name, {key: value for key, value in data.items() if key != "entry"}] for name, data in events]
    )


def standing_digest(items: Mapping[str, Plain], sights: Mapping[str, Plain]) -> bytes:
    """What the ledger's record says of all that stands before a reader: items by `id`, objects by `key`."""
    digests = {f"item:{name}": plain_digest(plain) for name, plain in items.items()}
    return digest_of_all(digests | {f"sight:{key}": plain_digest(plain) for key, plain in sights.items()})


def _parted(names: Sequence[_N]) -> list[tuple[_N, ...]]:
    return [
        tuple(names[start : start + READING_NAMES_MAX]) for start in range(0, len(names), READING_NAMES_MAX)
    ]
