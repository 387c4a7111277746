"""`Lanes`: what the links of a node need of its ledger: parcels of the past, and what was left out.

The index holds one mark for some hundreds of entries, so that its memory stays small however much was
released; between two marks the ledger is read on.
"""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from trilat.ledger import Entry, EntryKind
from trilat.link import Range, Ranges, SkipReason
from trilat.model import Release, decode, encode
from trilat.node.records import RECORD_BYTES_MAX, OmissionRecord, ReleaseRecord

if TYPE_CHECKING:
    from trilat.node.node import Node

_MARK_ENTRIES: Final = 256
"""Entries of the ledger between two marks."""


class _Marks:
    """Where in the ledger the releases to one recipient stand: numbers, and entries beside them."""

    def __init__(self) -> None:
        self.sequences = array("Q")
        self.entries = array("Q")
        self.last = 0
        self.lost = Ranges()

    def note(self, sequence: int, entry: int) -> None:
        self.last = max(self.last, sequence)
        if not self.entries or entry - self.entries[-1] >= _MARK_ENTRIES:
            self.sequences.append(sequence)
            self.entries.append(entry)

    def entry_before(self, sequence: int) -> int:
        """An entry at or before the release with that number."""
        at = bisect_right(self.sequences, sequence) - 1
        return self.entries[at] if at >= 0 else 0


class Lanes:
    """The past of one node's outgoing streams."""

    def __init__(self, node: "Node") -> None:
        """Nothing was released yet."""
        self._node = node
        self._marks: dict[str, _Marks] = {}

    def note(self, record: ReleaseRecord, entry: int) -> None:
        """A release stands in this entry; numbers come in order."""
        self._marks.setdefault(record.recipient, _Marks()).note(record.sequence, entry)

    def read(self, recipient: str, stream: str, first: int, limit: int) -> Sequence[bytes]:
        """Parcels to a recipient from a number on, at most `limit`; b"" for one whose content was removed.

        Raises:
            LedgerError: a row on the way cannot be read.
        """
        marks = self._marks.get(recipient)
        if marks is None:
            return ()
        last = min(first + limit - 1, marks.last)
        found: dict[int, bytes] = {}
        for _, _, content in self._node.ledger.contents({EntryKind.RELEASE}, marks.entry_before(first)):
            record = decode(content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)
            if record.recipient != recipient or record.stream != stream or record.sequence < first:
                continue
            if record.sequence > last:
                break
            found[record.sequence] = record.parcel
            if record.sequence == last:
                break
        if not found and next(marks.lost.within(first, last), None) is None:
            return ()
        return [found.get(sequence, b"") for sequence in range(first, last + 1)]

    def note_lost(self, recipient: str, run: Range) -> None:
        """It is recorded that numbers of a stream of ours were given by a ledger that is lost."""
        marks = self._marks.setdefault(recipient, _Marks())
        marks.lost.add(*run)
        marks.last = max(marks.last, run[1])

    def skipped(self, recipient: str, stream: str, runs: Sequence[tuple[int, int, SkipReason]]) -> None:
        """Write that numbers of a stream of ours carry nothing, and why.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        self._write(
            OmissionRecord(
                sender=self._node.config.party,
                recipient=recipient,
                stream=stream,
                runs=tuple((first, last) for first, last, _ in runs),
                reasons=tuple(reason.value for _, _, reason in runs),
            )
        )

    def omitted(self, sender: str, stream: str, runs: Sequence[Range], signed: bytes) -> None:
        """Write that a partner signed that numbers of its stream carry nothing.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        self._write(
            OmissionRecord(
                sender=sender,
                recipient=self._node.config.party,
                stream=stream,
                runs=tuple(runs),
                signed=signed,
            )
        )

    def worth(self, _: str, release: Release) -> SkipReason | None:
        """Whether a release, or the label of its item, has expired by now."""
        node = self._node
        at_ns = node.clock.now_ns() + node.config.decision_shift_ns
        ends = (release.expires_ns, release.item.label.expires_ns)
        return SkipReason.EXPIRED if any(end is not None and end <= at_ns for end in ends) else None

    def _write(self, record: OmissionRecord) -> None:
        self._node.refuse_failed()
        self._node.ledger.append([Entry(kind=EntryKind.CURSOR, content=encode(record))])
