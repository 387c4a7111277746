"""`Books`: what a node that has ended has in its ledger, read by the public doors, for the judge."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chaos.feeder import told
from chaos.sites import REGIME

from trilat.cli.live import node_of
from trilat.ledger import EntryKind
from trilat.link import Parcel
from trilat.model import Event, Release, TrilatError, decode, decode_item
from trilat.node import RECORD_BYTES_MAX, Node, ReceivedRecord, ReleaseRecord, restore
from trilat.node.feeds import INTAKE_RECORD_BYTES_MAX, IntakeRecord
from trilat.node.records import ReceiptRecord, RefusalRecord
from trilat.study import Replayed, preset, violations

Name = tuple[str, int]
"""Name and version of an item."""


@dataclass(frozen=True)
class Passed:
    """One place in a stream: what stands there, and the very bytes."""

    sequence: int
    name: Name
    told: str
    parcel: bytes
    refusal: str = ""


@dataclass
class Books:
    """One party's, in the order of its ledger."""

    reports: list[tuple[Name, str]] = field(default_factory=list)
    batches: Counter[str] = field(default_factory=Counter)
    released: dict[str, list[Passed]] = field(default_factory=dict)
    """By recipient."""

    received: dict[str, list[Passed]] = field(default_factory=dict)
    """By sender."""

    streams: dict[str, set[str]] = field(default_factory=dict)
    """The streams on which things came, by sender."""

    receipts: dict[str, int] = field(default_factory=dict)
    """How far each recipient signed that it has what it was sent."""

    refusals: list[str] = field(default_factory=list)
    starts: int = 0


def read_books(folders: Mapping[str, Path]) -> tuple[dict[str, Books], list[str]]:
    """The books of all parties, and what is wrong with them beyond what the judge compares, one line each:
    a ledger that does not verify or cannot be restored from, and what the referee of studies finds.
    """
    nodes: dict[str, Node] = {}
    found: list[str] = []
    books: dict[str, Books] = {}
    try:
        for party, folder in folders.items():
            nodes[party] = node_of(folder)
        for party, node in nodes.items():
            verification = node.ledger.verify()
            if not verification.verified:
                found.append(f"{party}'s ledger does not verify: {verification}")
            books[party] = _read(node)
            try:
                restore(node)
            except TrilatError as error:
                found.append(f"{party} cannot be restored from its ledger: {error}")
        found += violations(Replayed(nodes, preset(REGIME)))
    finally:
        for node in nodes.values():
            node.ledger.close()
    return books, found


def _read(node: Node) -> Books:
    books = Books()
    for stored in node.ledger.entries():
        if stored.content is not None:
            _note(books, stored.kind, stored.content)
    return books


def _note(books: Books, kind: EntryKind, content: bytes) -> None:
    if kind is EntryKind.REPORT:
        item = decode_item(content)
        assert isinstance(item, Event)
        books.reports.append(((item.item_id, item.version), _told(item)))
    elif kind is EntryKind.INTAKE:
        books.batches[decode(content, IntakeRecord, bytes_max=INTAKE_RECORD_BYTES_MAX).key] += 1
    elif kind is EntryKind.RELEASE:
        release = decode(content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)
        books.released.setdefault(release.recipient, []).append(_passed(release.sequence, release.parcel))
    elif kind is EntryKind.RECEIVED:
        came = decode(content, ReceivedRecord, bytes_max=RECORD_BYTES_MAX)
        books.received.setdefault(came.sender, []).append(_passed(came.sequence, came.parcel, came.refusal))
        books.streams.setdefault(came.sender, set()).add(came.stream)
    elif kind is EntryKind.RECEIPT:
        receipt = decode(content, ReceiptRecord, bytes_max=RECORD_BYTES_MAX)
        books.receipts[receipt.recipient] = max(receipt.cursor, books.receipts.get(receipt.recipient, 0))
    elif kind is EntryKind.REFUSAL:
        books.refusals.append(decode(content, RefusalRecord, bytes_max=RECORD_BYTES_MAX).reason)
    elif kind is EntryKind.START:
        books.starts += 1


def _passed(sequence: int, parcel: bytes, refusal: str = "") -> Passed:
    item = decode(decode(parcel, Parcel, bytes_max=RECORD_BYTES_MAX).release, Release).item
    says = _told(item) if isinstance(item, Event) else ""
    return Passed(sequence, (item.item_id, item.version), says, parcel, refusal)


def _told(event: Event) -> str:
    return told(event.event.value, event.valid_ns, event.time_sigma_ms)
