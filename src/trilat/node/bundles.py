"""Bundles of a node: what a partner lacks, from the ledger into files, and from files into the ledger.

The ledger is only read for an export, so the node may run meanwhile. An import goes through the very endpoint
that takes what comes over links: same checks, same order, and what came before is dropped.

1. What policy would not let go today, by the newest versions of agreements that this node knows, ends an
   export before it: the running node leaves it out for good, and the next bundle goes on behind it.
2. What only waits ends it too, as on a link: nothing was heard of its agreement within the limit, or the
   partner is not known to hold the newest version.
3. A bundle carries what a link would say of that: this node's signed words and those of others, a question of
   a restored node, and the answer to one. Words count from the instant that they were signed, so a limit that
   is longer than the way there and back lets a partner without any link have what it may.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from trilat.ledger import EntryKind, Ledger
from trilat.link import (
    Acknowledgement,
    Arrival,
    BundleHead,
    BundleWriter,
    IncomingStream,
    Notice,
    Omission,
    Parcel,
    Ranges,
    Sealer,
    bundle_members,
    check_bundle,
    sign_message,
)
from trilat.model import Clock, Lane, Reason, Release, TrilatError, UsageError, decode
from trilat.node.clock import ManualClock, PacedClock
from trilat.node.folder import NodeFolder
from trilat.node.known_records import KNOWN_TOPIC
from trilat.node.node import Node
from trilat.node.records import (
    RECORD_BYTES_MAX,
    OmissionRecord,
    ReceiptRecord,
    ReceivedRecord,
    ReleaseRecord,
)
from trilat.node.restore import restore
from trilat.node.resuming import TOPIC as RESUMING_TOPIC

CARRIED_FILE: Final = "carried.json"
"""In the folder: up to where bundles to each partner are believed to have arrived, without a receipt."""

_BATCH_PARCELS: Final = 1_000
_BATCH_BYTES: Final = 524_288
_RUNS_MAX: Final = 128
_NO_HINDRANCE: Final = {Reason.LABEL_EXPIRED}
"""What policy may say of a parcel that is carried all the same: its recipient uses nothing expired."""

BEHIND: Final = "behind"
"""Why an export ended: the partner is not known to hold the newest version of an agreement."""

_READ_KINDS: Final = {EntryKind.RELEASE, EntryKind.RECEIPT, EntryKind.RECEIVED, EntryKind.CURSOR}


@dataclass
class _Standing:
    """How streams with one partner stand, by the ledger."""

    acknowledged: int = 0
    last: int = 0
    present: Ranges = field(default_factory=Ranges)
    left_out: Ranges = field(default_factory=Ranges)
    incoming: dict[str, IncomingStream] = field(default_factory=dict)


@dataclass(frozen=True)
class Exported:
    """What went into bundles: files, parcels, and the numbers from and to; `last` is 0 for none."""

    files: tuple[Path, ...]
    parcels: int
    first: int
    last: int
    held_at: int | None = None
    """The number that does not go, before which the export ended; None where nothing was held."""

    held_why: str = ""
    """Policy's reason for it, or `BEHIND`."""


@dataclass
class Imported:
    """What became of a bundle's members, and the lines of what was refused."""

    head: BundleHead
    arrivals: Counter[Arrival] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)


def export_bundle(
    folder: NodeFolder,
    recipient: str,
    path: Path,
    clock: Clock,
    *,
    since: int | None = None,
    split_bytes: int | None = None,
    carried: bool = False,
) -> Exported:
    """Write what a partner has not signed for, and receipts for what it gave, into one or more new files.

    Args:
        folder: the node's.
        recipient: the partner.
        path: of the file; with a limit, the parts get numbers behind their name.
        clock: tells the instant that the bundle bears.
        since: the number behind which to begin; what is not signed for, and not marked as carried, if None.
        split_bytes: of one file.
        carried: mark all of it as arrived, for a medium from which no receipt will come.

    Raises:
        UsageError: the recipient is no peer, a file is there already, or a size is too small.
        LedgerError: the ledger cannot be read.
    """
    if recipient not in folder.settings.peers:
        raise UsageError(f"`{recipient}` is no peer of this node: name one of its node.toml")
    ledger = folder.open_ledger(clock, os.urandom, read_only=True)
    try:
        node = _node_now(folder, ledger)
        standing = _standing(ledger, recipient)
        marks = _carried(folder)
        if since is None:
            since = max(standing.acknowledged, min(marks.get(recipient, 0), standing.last))
        files: list[Path] = []

        def opened(part: int) -> BinaryIO:
            place = path if split_bytes is None else path.with_name(f"{path.name}.{part:03d}")
            try:
                file = place.open("xb")
            except OSError as error:
                raise UsageError(f"bundle `{place}` cannot be written: {error.strerror}") from error
            files.append(place)
            return file

        writer = BundleWriter(folder.keys, recipient, clock.now_ns(), opened, split_bytes)
        for signed in _receipts(folder, recipient, standing):
            writer.add(signed)
        for signed in _words(folder, node, recipient):
            writer.add(signed)
        written = _write_stream(
            folder, recipient, ledger, standing, since, writer, lambda parcel: _hindrance(node, parcel)
        )
        parcels, held_at, why = written
        last = standing.last if held_at is None else held_at - 1
        writer.close()
    finally:
        ledger.close()
    if carried:
        _mark_carried(folder, {**marks, recipient: last})
    return Exported(tuple(files), parcels, since + 1, last, held_at, why)


def import_bundle(
    folder: NodeFolder, path: Path, receive: Callable[[bytes], tuple[Arrival, Sequence[str]]]
) -> Imported:
    """Give every member of a bundle, once it is known to be whole and for this node, to `receive`.

    Raises:
        UsageError: the file cannot be read.
        EnvelopeError, TrustError, WireError: the bundle is refused; nothing of it was used.
    """
    try:
        with path.open("rb") as file:
            head = check_bundle(file, folder.settings.party, folder.trust)
            file.seek(0)
            imported = Imported(head)
            for member in bundle_members(file):
                arrival, lines = receive(member)
                imported.arrivals[arrival] += 1
                imported.refusals += lines
    except OSError as error:
        raise UsageError(f"bundle `{path}` cannot be read: {error.strerror}") from error
    return imported


def ordered_bundles(folder: NodeFolder, paths: Sequence[Path]) -> list[Path]:
    """Bundles in the order of what they hold, in whatever order they are given; each is checked first.

    Raises:
        UsageError: a file cannot be read.
        EnvelopeError, TrustError, WireError: a bundle is refused.
    """
    heads = []
    for path in paths:
        try:
            with path.open("rb") as file:
                head = check_bundle(file, folder.settings.party, folder.trust)
        except OSError as error:
            raise UsageError(f"bundle `{path}` cannot be read: {error.strerror}") from error
        except TrilatError as error:
            raise type(error)(f"`{path}`: {error}") from error
        heads.append((head.sender, head.first_sequence, head.made_ns, head.part, path))
    return [path for *_, path in sorted(heads)]


def receive_member(node: Node, member: bytes) -> tuple[Arrival, tuple[str, ...]]:
    """What became of one member at a node, and why where it was refused."""
    before = node.refusals_count
    arrival = node.endpoint.receive(member)
    count = min(node.refusals_count - before, len(node.refusals))
    told = tuple(node.refusals)[len(node.refusals) - count :]
    return arrival, () if arrival is Arrival.REPEATED else told


class StandingNode:
    """A node that does not run, opened to take bundles; it sends nothing and decides nothing."""

    def __init__(self, folder: NodeFolder) -> None:
        """The node of a folder, restored; LedgerError where it runs, or its ledger is damaged."""
        time = PacedClock(folder.pace())
        clock = ManualClock(time.now_ns())
        self._ledger = folder.open_ledger(clock, os.urandom)
        try:
            self.node = folder.node(clock, self._ledger, _Nowhere())
            instants = [clock.now_ns()]
            restore(self.node, instants.append)
            clock.advance_to(max(instants[0], instants[-1]))
        except BaseException:
            self._ledger.close()
            raise

    def receive(self, member: bytes) -> tuple[Arrival, tuple[str, ...]]:
        """As over a link."""
        return receive_member(self.node, member)

    def close(self) -> None:
        """Write what waits to be written, and give the ledger back."""
        try:
            self.node.write_pending()
            self.node.kept.keep()
        finally:
            self._ledger.close()


class _Nowhere:
    """A transport over which nothing goes: what a bundle brings is answered by the next bundle."""

    def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
        """Nothing leaves."""

    def listen(self, receive: Callable[[bytes], None]) -> None:
        """Nothing comes."""


def _standing(ledger: Ledger, recipient: str) -> _Standing:
    """One pass over the ledger; memory does not grow with what was released."""
    standing = _Standing()
    for _, kind, content in ledger.contents(_READ_KINDS):
        if kind is EntryKind.RECEIVED:
            came = decode(content, ReceivedRecord, bytes_max=RECORD_BYTES_MAX)
            if came.sender == recipient:
                _stream(standing, came.stream).settle(came.sequence, came.sequence)
        elif kind is EntryKind.CURSOR:
            _take_omission(standing, decode(content, OmissionRecord, bytes_max=RECORD_BYTES_MAX), recipient)
        else:
            _take_outgoing(standing, kind, content, recipient)
    standing.last = max(standing.last, standing.acknowledged)
    return standing


def _take_outgoing(standing: _Standing, kind: EntryKind, content: bytes, recipient: str) -> None:
    if kind is EntryKind.RECEIPT:
        receipt = decode(content, ReceiptRecord)
        if receipt.recipient == recipient:
            standing.acknowledged = max(standing.acknowledged, receipt.cursor)
        return
    record = decode(content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)
    if record.recipient == recipient:
        standing.last = max(standing.last, record.sequence)
        standing.present.add(record.sequence, record.sequence)


def _take_omission(standing: _Standing, omission: OmissionRecord, recipient: str) -> None:
    for first, last in omission.runs:
        if omission.sender == recipient:
            _stream(standing, omission.stream).settle(first, last)
        elif omission.recipient == recipient:
            standing.left_out.add(first, last)


def _stream(standing: _Standing, name: str) -> IncomingStream:
    return standing.incoming.setdefault(name, IncomingStream())


def _receipts(folder: NodeFolder, recipient: str, standing: _Standing) -> Iterator[bytes]:
    for name, stream in standing.incoming.items():
        yield sign_message(
            folder.keys,
            Acknowledgement(
                sender=folder.settings.party,
                recipient=recipient,
                stream=name,
                cursor=stream.cursor,
                ahead=stream.ahead[:_RUNS_MAX],
            ),
        )


def _node_now(folder: NodeFolder, ledger: Ledger) -> Node:
    """The node as it would decide now, by all that it knows of agreements and was told of them."""
    clock = ManualClock(PacedClock(folder.pace()).now_ns())
    node = folder.node(clock, ledger, _Nowhere())
    instants = [clock.now_ns()]
    restore(node, instants.append)
    clock.advance_to(max(instants[0], instants[-1]))
    node.known.made(clock.now_ns())
    return node


def _hindrance(node: Node, parcel: Parcel) -> str | None:
    """Why a parcel does not go now; None where it does."""
    release = decode(parcel.release, Release)
    reason = node.exchange.may_stand(release, node.clock.now_ns())
    if reason is not None and reason not in _NO_HINDRANCE:
        return reason.value
    return None if node.known.behind(release.recipient) is None else BEHIND


def _words(folder: NodeFolder, node: Node, recipient: str) -> Iterator[bytes]:
    """What this node would say on a link, as signed notices (rule 3)."""
    if recipient not in folder.trust or folder.trust.why_not(recipient) is not None:
        return
    said = [(KNOWN_TOPIC, content) for content in node.known.summaries(recipient)]
    said += [(RESUMING_TOPIC, content) for content in node.resuming.words(recipient)]
    for topic, content in said:
        notice = Notice(sender=folder.settings.party, recipient=recipient, topic=topic, content=content)
        yield sign_message(folder.keys, notice)


def _write_stream(
    folder: NodeFolder,
    recipient: str,
    ledger: Ledger,
    standing: _Standing,
    since: int,
    writer: BundleWriter,
    hindrance: Callable[[Parcel], str | None],
) -> tuple[int, int | None, str]:
    """Write parcels behind `since` in the order of their numbers; returns how many, and the number of the
    first that does not go, before which it ended, and why.
    """
    stream = folder.keys.stream_to(recipient)
    _write_omissions(folder, recipient, stream, standing, since, writer)
    sealer: Sealer | None = None
    batch: list[Parcel] = []
    first = size = count = 0
    held_at, why = None, ""
    for sequence, wire in _parcels(ledger, recipient, since, standing.left_out):
        parcel = decode(wire, Parcel, bytes_max=RECORD_BYTES_MAX)
        why = hindrance(parcel) or ""
        if why:
            held_at = sequence
            break
        full = len(batch) == _BATCH_PARCELS or size + len(wire) > _BATCH_BYTES
        sealer = sealer or Sealer(folder.keys, folder.trust.sealing_pin(recipient), stream, os.urandom)
        if batch and (full or sequence != first + len(batch)):
            writer.add(sealer.seal(first, batch, with_key=True), first, first + len(batch) - 1)
            batch = []
        if not batch:
            first, size = sequence, 0
        batch.append(parcel)
        size += len(wire)
        count += 1
    if batch and sealer is not None:
        writer.add(sealer.seal(first, batch, with_key=True), first, first + len(batch) - 1)
    return count, held_at, why


def _parcels(ledger: Ledger, recipient: str, since: int, left_out: Ranges) -> Iterator[tuple[int, bytes]]:
    for _, _, content in ledger.contents({EntryKind.RELEASE}):
        record = decode(content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)
        if record.recipient == recipient and record.sequence > since and record.sequence not in left_out:
            yield record.sequence, record.parcel


def _write_omissions(
    folder: NodeFolder, recipient: str, stream: str, standing: _Standing, since: int, writer: BundleWriter
) -> None:
    """Say which numbers carry nothing: left out before, or their content was removed from the ledger."""
    nothing = Ranges(tuple(standing.present.gaps(since + 1, standing.last)))
    for run in standing.left_out.within(since + 1, standing.last):
        nothing.add(*run)
    runs = tuple(nothing)
    for start in range(0, len(runs), _RUNS_MAX):
        omission = Omission(
            sender=folder.settings.party,
            recipient=recipient,
            stream=stream,
            runs=runs[start : start + _RUNS_MAX],
        )
        writer.add(sign_message(folder.keys, omission))


def _carried(folder: NodeFolder) -> dict[str, int]:
    path = folder.path / CARRIED_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(f"`{path}` cannot be read: put it right, or remove it to carry all again") from error


def _mark_carried(folder: NodeFolder, marks: dict[str, int]) -> None:
    path = folder.path / CARRIED_FILE
    beside = path.with_suffix(".new")
    beside.write_bytes(msgspec.json.encode(marks))
    beside.replace(path)
