"""`Record`: everything in one ledger, read row by row, with what the node could know at each row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from tests.simulation.sites import Site

from trilat.ledger import EntryKind, Stored
from trilat.link import Parcel, TrustStore, open_signed_item
from trilat.model import Agreement, AnyItem, Consent, Decision, Release, TrilatError, decode, decode_item
from trilat.node import RECORD_BYTES_MAX, ReceivedRecord, ReleaseRecord, decisions_in
from trilat.node.known_records import ADOPTED_BYTES_MAX, AdoptedRecord
from trilat.node.records import ConsentRecord, OmissionRecord, ReceiptRecord
from trilat.policy import AgreementSet

Reference = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, with all that the node held when it was made."""

    entry: int
    item: AnyItem
    decision: Decision
    agreements: AgreementSet
    consents: int
    """How many consents were known."""


@dataclass(frozen=True, slots=True)
class Released:
    """A release in a recipient's stream."""

    entry: int
    at_ns: int
    record: ReleaseRecord
    release: Release
    agreements: AgreementSet
    consents: int


@dataclass(frozen=True, slots=True)
class Received:
    """A parcel that was opened, used or kept aside."""

    entry: int
    at_ns: int
    record: ReceivedRecord
    release: Release
    agreements: AgreementSet
    said: tuple[Consent, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """When a number was left out, and what the node knew then."""

    at_ns: int
    agreements: AgreementSet
    consents: int


@dataclass
class Record:
    """What a ledger says."""

    party: str
    reports: dict[Reference, AnyItem] = field(default_factory=dict)
    made: dict[Reference, AnyItem] = field(default_factory=dict)
    held: dict[Reference, AnyItem] = field(default_factory=dict)
    decisions: dict[tuple[Reference, str], list[Decided]] = field(default_factory=dict)
    released: dict[str, list[Released]] = field(default_factory=dict)
    received: dict[str, list[Received]] = field(default_factory=dict)
    receipts: dict[str, list[int]] = field(default_factory=dict)
    omitted: dict[str, set[int]] = field(default_factory=dict)
    """Numbers that a partner signed as left out of its stream."""

    skipped: dict[str, dict[int, LeftOut]] = field(default_factory=dict)
    """Numbers left out of the own stream to a partner."""

    consents: list[Consent] = field(default_factory=list)
    adopted: list[int] = field(default_factory=list)
    """Versions of the pact that came while the node ran."""

    faults: list[str] = field(default_factory=list)


def read_record(site: Site) -> Record:
    """The record of a site's disk; what cannot be is told in `faults`."""
    record = Record(site.party)
    reader = _Reader(site, record)
    ledger = site.ledger_beside()
    try:
        for stored in ledger.entries():
            reader.take(stored)
    except TrilatError as error:
        record.faults.append(f"the ledger of {site.party} cannot be read: {error}")
    return record


class _Reader:
    """Takes entries, in order."""

    def __init__(self, site: Site, record: Record) -> None:
        self._site = site
        self._record = record
        self._trust = TrustStore(one.keys.pin for one in site.world.sites.values())
        self._agreements = site.agreements
        self._signed: dict[bytes, Consent] = {}
        self._take: dict[EntryKind, Any] = {
            EntryKind.AGREEMENT: self._adopted,
            EntryKind.REPORT: self._report,
            EntryKind.ITEM: self._item,
            EntryKind.CONSENT: self._consent,
            EntryKind.DECISION: self._decisions,
            EntryKind.RELEASE: self._release,
            EntryKind.RECEIVED: self._received,
            EntryKind.RECEIPT: self._receipt,
            EntryKind.CURSOR: self._omission,
        }

    def take(self, stored: Stored) -> None:
        take = self._take.get(stored.kind)
        if take is not None and stored.content is not None:
            take(stored, stored.content)

    def _adopted(self, _: Stored, content: bytes) -> None:
        record = decode(content, AdoptedRecord, bytes_max=ADOPTED_BYTES_MAX)
        agreement = decode(record.content, Agreement, bytes_max=ADOPTED_BYTES_MAX)
        self._agreements = self._site.world.agreements_of(self._agreements, agreement)
        self._record.adopted.append(agreement.version)

    def _keep(self, item: AnyItem, where: dict[Reference, AnyItem]) -> None:
        reference = (item.item_id, item.version)
        if reference in where:
            self._record.faults.append(f"{self._site.party} recorded {reference} twice")
        where[reference] = self._record.held[reference] = item

    def _report(self, _: Stored, content: bytes) -> None:
        self._keep(decode_item(content), self._record.reports)

    def _item(self, _: Stored, content: bytes) -> None:
        self._keep(decode_item(content), self._record.made)

    def _consent(self, _: Stored, content: bytes) -> None:
        consent = self._opened(decode(content, ConsentRecord).signed)
        if consent is not None:
            self._know(consent)
            self._record.held[consent.item_id, consent.version] = consent

    def _opened(self, signed: bytes) -> Consent | None:
        if signed not in self._signed:
            item = open_signed_item(self._trust, signed)
            if isinstance(item, Consent):
                self._signed[signed] = item
        return self._signed.get(signed)

    def _know(self, consent: Consent) -> None:
        if consent not in self._record.consents:
            self._record.consents.append(consent)

    def _decisions(self, stored: Stored, content: bytes) -> None:
        for decision in decisions_in(content):
            self._decision(stored, decision)

    def _decision(self, stored: Stored, decision: Decision) -> None:
        if decision.item is None:
            return
        reference = (decision.item.item_id, decision.item.version)
        item = self._record.held.get(reference)
        if item is None:
            self._record.faults.append(f"{self._site.party} decided on {reference} and does not hold it")
            return
        decided = Decided(stored.entry, item, decision, self._agreements, len(self._record.consents))
        self._record.decisions.setdefault((reference, decision.recipient), []).append(decided)

    def _release(self, stored: Stored, content: bytes) -> None:
        record = decode(content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)
        parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
        released = Released(
            stored.entry,
            stored.recorded_ns,
            record,
            decode(parcel.release, Release),
            self._agreements,
            len(self._record.consents),
        )
        self._record.released.setdefault(record.recipient, []).append(released)

    def _received(self, stored: Stored, content: bytes) -> None:
        record = decode(content, ReceivedRecord, bytes_max=RECORD_BYTES_MAX)
        parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
        release = decode(parcel.release, Release)
        said = tuple(one for signed in parcel.consents if (one := self._opened(signed)) is not None)
        received = Received(stored.entry, stored.recorded_ns, record, release, self._agreements, said)
        self._record.received.setdefault(record.sender, []).append(received)
        if record.refusal:
            return
        for consent in said:
            self._know(consent)
        reference = (release.item.item_id, release.item.version)
        if reference not in self._record.held:
            self._record.held[reference] = _under(release, self._agreements.files)

    def _receipt(self, _: Stored, content: bytes) -> None:
        receipt = decode(content, ReceiptRecord)
        self._record.receipts.setdefault(receipt.recipient, []).append(receipt.cursor)

    def _omission(self, stored: Stored, content: bytes) -> None:
        omission = decode(content, OmissionRecord, bytes_max=RECORD_BYTES_MAX)
        numbers = [number for first, last in omission.runs for number in range(first, last + 1)]
        record = self._record
        if omission.sender != record.party:
            record.omitted.setdefault(omission.sender, set()).update(numbers)
            return
        left_out = LeftOut(stored.recorded_ns, self._agreements, len(record.consents))
        record.skipped.setdefault(omission.recipient, {}).update(dict.fromkeys(numbers, left_out))


def _under(release: Release, files: Mapping[str, Any]) -> AnyItem:
    """The item as its recipient holds it: with the agreements under which it came."""
    named = {name.split("#")[0] for name in release.clauses}
    under = sorted(f"{files[name].agreement_id}@{files[name].version}" for name in named if name in files)
    provenance = msgspec.structs.replace(release.item.provenance, received_under=tuple(under))
    item: AnyItem = msgspec.structs.replace(release.item, provenance=provenance)
    return item
