"""`AuditReport`: what a ledger says of a time: what left and why, who read, what was answered or went wrong.

A row for each thing, in the order of the ledger, and sums by party. Instants are those of recording.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from trilat.ledger import CONTENT_BYTES_MAX, EntryKind, Ledger, Removal, Repair, Stored
from trilat.link import Parcel, read_signed_item, read_tree_head
from trilat.model import Consent, Decision, Outcome, Release, decode
from trilat.node.accounts import AccessRecord, AccessStep
from trilat.node.acknowledgements import AcknowledgementRecord
from trilat.node.decisions import decisions_in
from trilat.node.records import (
    RECORD_BYTES_MAX,
    ConsentRecord,
    DeskRecord,
    ReadingRecord,
    ReadingStep,
    ReceivedRecord,
    RefusalRecord,
    ReleaseRecord,
)
from trilat.node.tree_records import (
    HEAD_RECORD_BYTES_MAX,
    EvidenceRecord,
    HeadRecord,
    WitnessRecord,
)

ROWS_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened: entry, instant, what, of whom, about what, and why or how."""

    entry: int
    at_ns: int
    what: str
    party: str
    about: str
    why: str


@dataclass
class AuditReport:
    """The things of a time, and how often each happened, by party."""

    party: str
    rows: list[Told] = field(default_factory=list)
    sums: Counter[tuple[str, str]] = field(default_factory=Counter)
    withheld: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Decisions that let nothing go, by recipient and first reason."""

    damaged: int = 0


def report_of(ledger: Ledger, first_ns: int, until_ns: int) -> AuditReport:
    """What a ledger says of the time from an instant on to before another; damaged entries are counted."""
    account = AuditReport(ledger.party)
    teller = _Teller(account)

    def damaged(_: int, __: str) -> None:
        account.damaged += 1

    for stored in ledger.entries(on_broken=damaged):
        teller.note(stored)
        if not first_ns <= stored.recorded_ns < until_ns:
            continue
        for told in teller.told(stored):
            account.sums[told.what, told.party] += 1
            if len(account.rows) < ROWS_MAX:
                account.rows.append(told)
    return account


_Row = tuple[str, str, str, str]
"""What, of whom, about what, why."""


class _Teller:
    """Puts entries in words; remembers why what was decided may go."""

    def __init__(self, account: AuditReport) -> None:
        self._account = account
        self._reasons: dict[tuple[str, str, int], str] = {}
        self._tell: dict[EntryKind, Callable[[Stored, bytes], Iterator[_Row]]] = {
            EntryKind.RELEASE: self._release,
            EntryKind.RECEIVED: self._received,
            EntryKind.DECISION: self._decisions,
            EntryKind.CONSENT: self._consent,
            EntryKind.DESK: self._desk,
            EntryKind.READING: self._reading,
            EntryKind.ACCESS: self._access,
            EntryKind.ACKNOWLEDGEMENT: _acknowledgement,
            EntryKind.REFUSAL: self._refusal,
            EntryKind.REMOVAL: self._removal,
            EntryKind.HEAD: self._head,
            EntryKind.WITNESS: self._witness,
            EntryKind.EVIDENCE: self._evidence,
            EntryKind.REPAIR: self._repair,
        }

    def note(self, stored: Stored) -> None:
        """Remember a permit, which may be used later than it was given."""
        if stored.kind is EntryKind.DECISION and stored.content is not None:
            for decision in decisions_in(stored.content):
                if decision.outcome is Outcome.PERMIT and decision.item is not None:
                    key = (decision.recipient, decision.item.item_id, decision.item.version)
                    self._reasons[key] = ", ".join(reason.value for reason in decision.reasons)

    def told(self, stored: Stored) -> Iterator[Told]:
        """What an entry says, as rows."""
        tell = self._tell.get(stored.kind)
        if tell is None:
            return
        if stored.content is None:
            yield Told(stored.entry, stored.recorded_ns, stored.kind.value, "", "", "its content is gone")
            return
        for what, party, about, why in tell(stored, stored.content):
            yield Told(stored.entry, stored.recorded_ns, what, party, about, why)

    def _release(self, _: Stored, content: bytes) -> Iterator[_Row]:
        record = decode(content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)
        release = decode(decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX).release, Release)
        reasons = self._reasons.get((record.recipient, record.item.item_id, record.item.version), "")
        form = f"as {release.form.value} under {', '.join(release.clauses)}"
        about = f"{record.item.item_id} version {record.item.version}, number {record.sequence}"
        yield "released", record.recipient, about, f"{form}: {reasons}" if reasons else form

    def _received(self, _: Stored, content: bytes) -> Iterator[_Row]:
        record = decode(content, ReceivedRecord, bytes_max=RECORD_BYTES_MAX)
        if record.refusal:
            yield "kept aside", record.sender, f"number {record.sequence}", record.refusal
            return
        release = decode(decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX).release, Release)
        about = f"{release.item.item_id} version {release.item.version}, number {record.sequence}"
        yield "received", record.sender, about, f"under {', '.join(release.clauses)}"

    def _decisions(self, _: Stored, content: bytes) -> Iterator[_Row]:
        for decision in decisions_in(content):
            yield from self._decision(decision)

    def _decision(self, decision: Decision) -> Iterator[_Row]:
        if decision.outcome is Outcome.PERMIT:
            return
        about = "" if decision.item is None else f"{decision.item.item_id} version {decision.item.version}"
        reasons = ", ".join(reason.value for reason in decision.reasons)
        clauses = ", ".join(decision.clauses)
        self._account.withheld[decision.recipient, decision.reasons[0].value] += 1
        what = "withheld" if decision.outcome is Outcome.WITHHOLD else "referred"
        yield what, decision.recipient, about, f"{reasons} ({clauses})" if clauses else reasons

    @staticmethod
    def _consent(_: Stored, content: bytes) -> Iterator[_Row]:
        item = read_signed_item(decode(content, ConsentRecord).signed)
        if isinstance(item, Consent):
            what = "consent" if item.granted else "consent refused"
            yield what, item.recipient, ", ".join(item.subjects), f"{item.officer} under {item.clause}"

    @staticmethod
    def _desk(_: Stored, content: bytes) -> Iterator[_Row]:
        record = decode(content, DeskRecord)
        what = "read" if record.step.value == "shown" else f"desk: {record.step.value}"
        about = record.subject or (record.said or "the release desk" if what == "read" else "")
        why = "" if what == "read" else " ".join(
            part for part in (record.clause or "", f"for {record.recipient}" if record.recipient else "",
                              record.said) if part
        )  # fmt: skip
        why = f"by {record.person}" if record.person else why
        yield what, record.officer or "", about, why

    @staticmethod
    def _reading(_: Stored, content: bytes) -> Iterator[_Row]:
        record = decode(content, ReadingRecord, bytes_max=RECORD_BYTES_MAX)
        if record.what is ReadingStep.STANDING:
            return
        what = "read refused" if record.what is ReadingStep.REFUSED else "read"
        names = ", ".join(f"{item.item_id} version {item.version}" for item in record.items)
        about = f"{record.what.value}: {names}" if names else record.what.value
        yield what, record.reader, about, record.reason or _by(f"for {record.purpose}", record.person)

    @staticmethod
    def _access(_: Stored, content: bytes) -> Iterator[_Row]:
        record = decode(content, AccessRecord, bytes_max=RECORD_BYTES_MAX)
        what = "read" if record.step is AccessStep.AUDITED else f"access: {record.step.value}"
        yield what, record.by, record.name, record.reason or record.client

    @staticmethod
    def _refusal(_: Stored, content: bytes) -> Iterator[_Row]:
        record = decode(content, RefusalRecord, bytes_max=RECORD_BYTES_MAX)
        yield "input refused", record.source, "", record.reason

    @staticmethod
    def _removal(_: Stored, content: bytes) -> Iterator[_Row]:
        removal = decode(content, Removal)
        yield "removed", "", f"content of entry {removal.entry}", removal.reason

    def _head(self, _: Stored, content: bytes) -> Iterator[_Row]:
        head = read_tree_head(decode(content, HeadRecord, HEAD_RECORD_BYTES_MAX).signed)
        partner = head.recipient if head.sender == self._account.party else head.sender
        yield "head signed", partner, f"{head.sender} to {head.recipient}: {head.size}", head.root.hex()[:16]

    @staticmethod
    def _witness(_: Stored, content: bytes) -> Iterator[_Row]:
        record = decode(content, WitnessRecord)
        head = read_tree_head(record.signed)
        about = f"{head.sender} to {head.recipient}: {head.size}"
        yield "head witnessed", record.partner, about, head.root.hex()[:16]

    @staticmethod
    def _evidence(_: Stored, content: bytes) -> Iterator[_Row]:
        record = decode(content, EvidenceRecord, HEAD_RECORD_BYTES_MAX)
        yield f"evidence: {record.finding.value}", record.partner, record.stream, record.text

    @staticmethod
    def _repair(_: Stored, content: bytes) -> Iterator[_Row]:
        repair = decode(content, Repair, bytes_max=CONTENT_BYTES_MAX)
        what = "lost" if repair.content is None else "repaired"
        yield what, "", f"entry {repair.entry} ({repair.kind})", f"{repair.source}; proof: {repair.proof}"


def _by(text: str, person: str) -> str:
    return f"{text}, by {person}" if person else text


def plain_row(told: Told) -> dict[str, Any]:
    """A row as a plain value."""
    return {
        "entry": told.entry,
        "at_ns": told.at_ns,
        "what": told.what,
        "party": told.party,
        "about": told.about,
        "why": told.why,
    }


def _acknowledgement(_: Stored, content: bytes) -> Iterator[_Row]:
    record = decode(content, AcknowledgementRecord)
    about = f"{record.warning.item_id} version {record.warning.version}"
    yield "acknowledged", record.by, about, "withdrawn" if record.is_withdrawn else "stands"
