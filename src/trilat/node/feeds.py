"""Feeds: batches of reports as sensors send them, each answered once, however often it is asked again.

Rules
1. A feed gives its batch a key. The answer is written in the same commit as the reports; a batch that comes
   again with its key, also after a restart, gets that answer and changes nothing. Another batch under a key
   that was used is refused.
2. A report may leave out what the node knows better: status, label and provenance.
3. What cannot be read as a report is kept aside with its one line, beside those that can: one bad report
   holds back no good one.
"""

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from trilat.ledger import Entry, EntryKind
from trilat.model import (
    AnyItem,
    Count,
    Identifier,
    ItemError,
    Noun,
    Provenance,
    ShortText,
    UsageError,
    encode,
    item_from_plain,
    to_plain,
)
from trilat.node.records import RefusalRecord, ReleaseRecord

if TYPE_CHECKING:
    from trilat.node.node import Node

REPORTS_MAX: Final = 2_000
"""Reports of one batch."""

INTAKE_RECORD_BYTES_MAX: Final = 1_048_576
"""The record of one batch's answer, bytes."""

_BATCHES_KEPT: Final = 20_000
"""Keys whose answers are remembered; the oldest go first. A feed asks again within minutes."""

_REFUSED_BYTES_MAX: Final = 65_536
_LINE_CHARACTERS_MAX: Final = 120


class RefusedReport(Noun, frozen=True, kw_only=True):
    """Place of a report in its batch, and why it was refused."""

    index: Count
    reason: ShortText


class IntakeRecord(Noun, frozen=True, kw_only=True):
    """The answer to one batch of a feed."""

    key: Identifier
    digest: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    accepted: Count
    refused: Annotated[tuple[RefusedReport, ...], msgspec.Meta(max_length=REPORTS_MAX)] = ()


@dataclass(frozen=True)
class IntakeAnswer:
    """How many reports of a batch were accepted, and index and line of those that were not."""

    accepted: int
    refused: tuple[tuple[int, str], ...]
    repeated: bool


class Feeds:
    """The answers given to batches, by key."""

    def __init__(self) -> None:
        """No batch answered yet."""
        self._answers: OrderedDict[str, IntakeRecord] = OrderedDict()

    def remember(self, record: IntakeRecord) -> None:
        """Keep an answer that is in the ledger."""
        self._answers[record.key] = record
        if len(self._answers) > _BATCHES_KEPT:
            self._answers.popitem(last=False)

    def answered(self, key: str, digest: bytes) -> IntakeAnswer | None:
        """The answer that was given to this very batch, or None.

        Raises:
            UsageError: the key was used for another batch; `facts["conflict"]` is true.
        """
        record = self._answers.get(key)
        if record is None:
            return None
        if record.digest != digest:
            raise UsageError(
                f"key `{key}` was used for another batch: give each batch a key of its own", conflict=True
            )
        return _answer(record, repeated=True)


def _answer(record: IntakeRecord, *, repeated: bool) -> IntakeAnswer:
    return IntakeAnswer(
        record.accepted, tuple((refused.index, refused.reason) for refused in record.refused), repeated
    )


@dataclass(frozen=True)
class FeedBatch:
    """A batch as a feed gave it."""

    reports: Sequence[Any]
    """Plain forms of items, as read from JSON."""

    key: str
    """The feed's name for this batch."""

    digest: bytes
    """SHA-256 of the batch as it was sent."""


@dataclass
class _Read:
    """What could be read of a batch, and what could not."""

    batch: FeedBatch
    items: list[AnyItem] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    aside: list[Entry] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)

    def answered(self, texts: Sequence[str | None]) -> IntakeRecord:
        """The answer, where these are the lines of refusal of its items."""
        refused = self.refused
        refused.update(
            {place: text for place, text in zip(self.places, texts, strict=True) if text is not None}
        )
        return IntakeRecord(
            key=self.batch.key,
            digest=self.batch.digest,
            accepted=len(self.batch.reports) - len(refused),
            refused=tuple(
                RefusedReport(index=index, reason=refused[index][:_LINE_CHARACTERS_MAX])
                for index in sorted(refused)
            ),
        )


def take_batch(node: "Node", reports: Sequence[Any], key: str, digest: bytes) -> IntakeAnswer:
    """The answer to a feed's batch; when it returns, reports and answer are on disk.

    Args:
        node: which takes it.
        reports: as of `FeedBatch`.
        key: the same.
        digest: the same.

    Raises:
        UsageError: the key was used for another batch, or the batch is too large.
        LedgerError: the node has stopped; nothing was accepted.
    """
    (answer,), _ = take_batches(node, [FeedBatch(reports, key, digest)], offer=False)
    if isinstance(answer, UsageError):
        raise answer
    return answer


def take_batches(
    node: "Node", batches: Sequence[FeedBatch], *, offer: bool
) -> tuple[list[IntakeAnswer | UsageError], tuple[ReleaseRecord, ...]]:
    """The answers to feeds' batches, in their order, and what was released of them: all in one commit, which
    is on disk when this returns.

    Args:
        node: which takes them.
        batches: each with a key of its own, and at most `REPORTS_MAX` reports together, or one of them alone.
        offer: whether what was accepted is offered to partners at once (see `Node.intake`).

    Raises:
        LedgerError: the node has stopped; nothing was accepted.
    """
    known: dict[str, IntakeAnswer | UsageError] = {}
    read: list[_Read] = []
    for batch in batches:
        try:
            answered = node.feeds.answered(batch.key, batch.digest)
            if answered is None:
                read.append(_read_batch(node, batch))
            else:
                known[batch.key] = answered
        except UsageError as error:
            known[batch.key] = error
    records, released = _written(node, read, offer=offer) if read else ([], ())
    for record in records:
        node.feeds.remember(record)
        known[record.key] = _answer(record, repeated=False)
    return [known[batch.key] for batch in batches], released


def _written(
    node: "Node", read: Sequence[_Read], *, offer: bool
) -> tuple[list[IntakeRecord], tuple[ReleaseRecord, ...]]:
    """The answers to what was read, written with it."""
    records: list[IntakeRecord] = []

    def note(texts: Sequence[str | None]) -> list[Entry]:
        first = 0
        for one in read:
            records.append(one.answered(texts[first : first + len(one.items)]))
            first += len(one.items)
        return [Entry(kind=EntryKind.INTAKE, content=encode(record)) for record in records]

    items = [item for one in read for item in one.items]
    aside = [entry for one in read for entry in one.aside]
    result = node.intake(items, aside, note, offer=offer)
    for one in read:
        for index in sorted(set(one.refused) - set(one.places)):
            node.note_refusal(one.refused[index])
    return records, result.released


def _read_batch(node: "Node", batch: FeedBatch) -> _Read:
    """The items of a batch; UsageError where it is too large."""
    if len(batch.reports) > REPORTS_MAX:
        raise UsageError(
            f"{len(batch.reports)} reports in one batch are over the limit of {REPORTS_MAX}: split it"
        )
    read = _Read(batch)
    for index, plain in enumerate(batch.reports):
        try:
            read.items.append(_read(plain, node))
            read.places.append(index)
        except ItemError as error:
            read.refused[index] = f"not a report: {error}"
            read.aside.append(refusal_entry("intake", read.refused[index], _bytes_of(plain)))
    return read


def _read(plain: Any, node: "Node") -> AnyItem:
    """The item of a plain form, with what a feed may leave to the node filled in."""
    if not isinstance(plain, dict):
        raise ItemError("a report is an object with `kind` and the fields of that kind")
    kind = plain.get("kind")
    filled = {
        "status": node.config.status.value,
        "provenance": to_plain(Provenance(originators=(node.config.party,))),
        **plain,
    }
    if "label" not in filled and isinstance(kind, str):
        filled["label"] = to_plain(node.label(kind))
    return item_from_plain(filled)


def _bytes_of(plain: Any) -> bytes:
    return json.dumps(plain, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def refusal_entry(source: str, text: str, content: bytes) -> Entry:
    """What is kept of input that was refused."""
    record = RefusalRecord(source=source, reason=text[:4_000], content=content[:_REFUSED_BYTES_MAX])
    return Entry(kind=EntryKind.REFUSAL, content=encode(record))
