"""Restore: a node continues from its ledger, as if it had never stopped.

Entries are taken in the order in which they were written, through the same methods that used them the first
time, without writing them again. What was decided but not yet released, and what was made but not yet
offered, waits again; the streams go on where they stood.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from trilat.ledger import EntryKind, Removal, Stored
from trilat.link import (
    Backlog,
    IncomingStream,
    OutgoingState,
    Parcel,
    Range,
    Ranges,
    SkipReason,
    read_signed_item,
    standing_of,
)
from trilat.model import (
    Consent,
    Decision,
    Disagreement,
    LedgerError,
    Release,
    Warning,
    decode,
    decode_item,
    names_watch_area,
)
from trilat.node.decisions import decisions_in
from trilat.node.exchange import Held
from trilat.node.feeds import INTAKE_RECORD_BYTES_MAX, IntakeRecord
from trilat.node.node import Node
from trilat.node.parts import tell_recorded
from trilat.node.recall_records import RECALL_RECORD_BYTES_MAX, RecallRecord, RecallStep
from trilat.node.records import (
    RECORD_BYTES_MAX,
    ConsentRecord,
    DeskRecord,
    OmissionRecord,
    ReceiptRecord,
    ReceivedRecord,
    ReleaseRecord,
)
from trilat.node.resuming import note_lost
from trilat.node.tree_records import RemovedLeaf

_NOTHING: Final = Ranges()


@dataclass
class _Outgoing:
    """A stream to one recipient: its newest number, how far it is acknowledged, and what may overtake."""

    stream: str
    last: int = 0
    acknowledged: int = 0
    backlog: Backlog = field(default_factory=Backlog)
    skipped: Ranges = field(default_factory=Ranges)

    def receipt(self, cursor: int) -> None:
        """The recipient signed for all up to a cursor."""
        self.acknowledged = max(self.acknowledged, cursor)
        self.backlog.settle(self.acknowledged, _NOTHING)
        self.skipped.drop_through(self.acknowledged)

    def state(self) -> OutgoingState:
        """What the link needs to go on."""
        return OutgoingState(
            stream=self.stream,
            acknowledged=self.acknowledged,
            last=max(self.last, self.acknowledged),
            backlog=self.backlog,
            skipped=tuple(self.skipped),
        )


class _Restorer:
    """Takes the entries of a ledger into a node that has accepted nothing yet."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._held: dict[tuple[str, int], Held] = {}
        self._published: set[bytes] = set()
        self._reports: dict[bytes, str] = {}
        self._outgoing: dict[str, _Outgoing] = {}
        self._incoming: dict[tuple[str, str], IncomingStream] = {}
        self._removed = 0
        """Releases whose content was removed: their numbers are missed."""
        self._use: dict[EntryKind, Callable[[Stored, bytes], None]] = {
            EntryKind.REPORT: self._report,
            EntryKind.INTAKE: self._intake,
            EntryKind.ITEM: self._item,
            EntryKind.CONSENT: self._consent,
            EntryKind.DESK: self._desk,
            EntryKind.DECISION: self._decision,
            EntryKind.RELEASE: self._release,
            EntryKind.RECEIVED: self._received,
            EntryKind.RECEIPT: self._receipt,
            EntryKind.RECALL: self._recall,
            EntryKind.CURSOR: self._omission,
        }
        for part in node.parts:
            self._use.update(part.kinds())
        self._unheld: set[tuple[str, int]] = set()
        """Items that were decided on and are not there."""

        self._gone: dict[str, int] = {}
        """Items whose content was removed, each with the newest version removed."""

    def take(self, stored: Stored) -> None:
        """Use one entry; one whose content was removed, or of a kind that needs no use, is passed over."""
        self._removed += stored.kind is EntryKind.RELEASE and stored.content is None
        if stored.kind is EntryKind.REMOVAL and stored.content is not None:
            self._left(decode(stored.content, Removal))
        use = self._use.get(stored.kind)
        if use is not None and stored.content is not None:
            use(stored, stored.content)

    def finish(self) -> None:
        """What was published is not published again; the streams go on where they stood."""
        settled = frozenset(self._reports[token] for token in self._published if token in self._reports)
        self._node.views.own.settle(settled)
        for item_id, version in sorted(self._unheld):
            if version > self._gone.get(item_id, 0) and not self._node.ledger.repairs():
                raise LedgerError(f"the ledger decides on `{item_id}` version {version} before it holds it")
        self._node.endpoint.restore(
            {recipient: outgoing.state() for recipient, outgoing in self._outgoing.items()},
            {name: stream.cursor for name, stream in self._incoming.items()},
            {name: stream.ahead for name, stream in self._incoming.items()},
        )
        for part in self._node.parts:
            part.restored()

    def _keep(self, held: Held) -> None:
        self._held[held.item.item_id, held.item.version] = held

    def _report(self, _: Stored, content: bytes) -> None:
        item = decode_item(content)
        self._keep(Held(item, b""))
        self._reports[self._node.heads.token(item.item_id)] = item.item_id
        self._node.use_report(item)

    def _intake(self, _: Stored, content: bytes) -> None:
        self._node.feeds.remember(decode(content, IntakeRecord, bytes_max=INTAKE_RECORD_BYTES_MAX))

    def _item(self, stored: Stored, content: bytes) -> None:
        item = decode_item(content)
        node = self._node
        audience = None
        if names_watch_area(item):
            audience = node.config.party
            node.watched.restore(item, stored.recorded_ns)
        elif isinstance(item, Warning):
            audience, key = node.heads.audience_of(item)
            node.alerts.restore(audience, key, item, stored.recorded_ns)
        elif isinstance(item, Disagreement):
            audience, key = node.heads.audience_of(item)
            node.disputed.restore(audience, key, item, stored.recorded_ns)
        held = Held(item, b"", audience=audience)
        self._keep(held)
        self._published.update(item.provenance.observations)
        node.use_item(held)
        node.offer_later(held)

    def _consent(self, _: Stored, content: bytes) -> None:
        signed = decode(content, ConsentRecord).signed
        consent = _consent_of(signed)
        self._keep(Held(consent, b"", consents=(signed,), audience=consent.via))
        self._node.use_own_consent(consent, signed)

    def _desk(self, stored: Stored, content: bytes) -> None:
        self._node.desk.use(decode(content, DeskRecord), stored.recorded_ns)

    def _decision(self, _: Stored, content: bytes) -> None:
        for decision in decisions_in(content):
            self._decided(decision)

    def _decided(self, decision: Decision) -> None:
        if decision.item is None:
            return
        reference = (decision.item.item_id, decision.item.version)
        held = self._held.get(reference)
        if held is None:
            self._unheld.add(reference)
            return
        self._node.drop_offer(reference, decision.recipient)
        now_ns = decision.decided_ns - self._node.config.decision_shift_ns
        held = self._node.recalls.relabelled(held)
        self._node.exchange.take(held, decision, now_ns)
        self._node.use_decision(held.item, decision)

    def _release(self, stored: Stored, content: bytes) -> None:
        record = decode(content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)
        outgoing = self._outgoing.setdefault(record.recipient, _Outgoing(record.stream))
        missed = record.sequence - outgoing.last - 1
        if not 0 <= missed <= self._removed:
            raise LedgerError(
                f"release {record.sequence} to `{record.recipient}` is not number {outgoing.last + 1}"
            )
        self._removed -= missed
        outgoing.last = record.sequence
        parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
        outgoing.backlog.add(record.sequence, standing_of(decode(parcel.release, Release)))
        self._node.lanes.note(record, stored.entry)
        self._node.exchange.left(record.recipient, record.item, stored.recorded_ns, record.sequence)
        tell_recorded(self._node.recording, stored.entry, stored.recorded_ns, record)

    def _received(self, stored: Stored, content: bytes) -> None:
        record = decode(content, ReceivedRecord, bytes_max=RECORD_BYTES_MAX)
        tell_recorded(self._node.recording, stored.entry, stored.recorded_ns, record)
        self._settle(record.sender, record.stream, (record.sequence, record.sequence))
        if record.refusal:
            self._node.note_refusal(record.refusal)
            return
        parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
        consents = [_consent_of(signed) for signed in parcel.consents]
        held = self._node.use_release(record.sender, decode(parcel.release, Release), parcel, consents)
        self._keep(held)

    def _recall(self, stored: Stored, content: bytes) -> None:
        record = decode(content, RecallRecord, bytes_max=RECALL_RECORD_BYTES_MAX)
        if record.step is RecallStep.REMOVING:
            for reference in record.about:
                known = self._gone.get(reference.item_id, 0)
                self._gone[reference.item_id] = max(known, reference.version)
                self._node.heads.go_behind(reference.item_id, reference.version)
        for place in record.received:
            self._settle(place.party, place.stream, (place.sequence, place.sequence))
        for place in record.released:
            outgoing = self._outgoing.setdefault(place.party, _Outgoing(place.stream))
            outgoing.last = max(outgoing.last, place.sequence)
            self._node.exchange.skip(place.party, place.sequence)
        self._node.recalls.restore(record, stored.recorded_ns)

    def _left(self, removal: Removal) -> None:
        """A parcel whose content is gone, on whatever ground, had its number in a stream: nothing else gets
        it, and it is not taken a second time.
        """
        if not removal.proof:
            return
        left = decode(removal.proof, RemovedLeaf)
        if left.sender != self._node.config.party:
            self._settle(left.sender, left.stream, (left.sequence, left.sequence))
            return
        outgoing = self._outgoing.setdefault(left.recipient, _Outgoing(left.stream))
        outgoing.last = max(outgoing.last, left.sequence)
        self._node.exchange.skip(left.recipient, left.sequence)

    def _receipt(self, stored: Stored, content: bytes) -> None:
        record = decode(content, ReceiptRecord)
        tell_recorded(self._node.recording, stored.entry, stored.recorded_ns, record)
        outgoing = self._outgoing.get(record.recipient)
        if outgoing is not None:
            outgoing.receipt(record.cursor)

    def _omission(self, _: Stored, content: bytes) -> None:
        record = decode(content, OmissionRecord, bytes_max=RECORD_BYTES_MAX)
        for place, run in enumerate(record.runs):
            if record.sender != self._node.config.party:
                self._settle(record.sender, record.stream, run)
                continue
            outgoing = self._outgoing.setdefault(record.recipient, _Outgoing(record.stream))
            outgoing.skipped.add(*run)
            if record.reasons[place : place + 1] == (SkipReason.LOST.value,):
                outgoing.last = max(outgoing.last, run[1])
                note_lost(self._node, record.recipient, record.stream, run)

    def _settle(self, sender: str, stream: str, run: Range) -> None:
        """These numbers of a partner's stream are in the ledger."""
        self._incoming.setdefault((sender, stream), IncomingStream()).settle(*run)


def _consent_of(signed: bytes) -> Consent:
    """A consent in the ledger. Its signature was checked when it came; its key may be revoked since."""
    item = read_signed_item(signed)
    if not isinstance(item, Consent):
        raise LedgerError(f"the ledger has `{item.item_id}` as a consent, and it is none")
    return item


def restore(node: Node, before: Callable[[int], None] | None = None) -> None:
    """Continue a node from its ledger, before it does anything else.

    Args:
        node: new, over the ledger.
        before: is told the instant of recording of each entry, UTC ns, before the entry is used; so a study
            can look at what the node knew then.

    Raises:
        LedgerError: a row of the ledger is damaged, or its rows do not follow from each other.
    """
    restorer = _Restorer(node)
    for stored in node.ledger.entries():
        if before is not None:
            before(stored.recorded_ns)
        node.timeline.replay(stored.entry, stored.recorded_ns)
        restorer.take(stored)
    restorer.finish()
