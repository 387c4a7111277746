"""`Node`: a party's own service. Reports in, one picture, releases out; written before sent.

What happens
1. `intake`: own reports are checked, written, and only then used.
2. `receive`: a partner's parcels are checked, written, and only then acknowledged and used.
3. `tick`: what own sensors tell is published as items; warnings follow; policy decides for every item and
   peer; items, decisions and releases are written in one commit; then, and only then, anything is sent.

After a crash a `Node` is built anew over the same ledger (`trilat.node.restore`) and continues: every
accepted item is there, once, in order, and the outgoing streams go on where the ledger says.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice

from trilat.domains import Sight
from trilat.ledger import Entry, EntryKind, Ledger
from trilat.link import (
    Entropy,
    LinkEndpoint,
    LinkLimits,
    LinkProfile,
    NodeKeys,
    OpenedParcel,
    Parcel,
    Reservations,
    TrustStore,
    newest_wins,
    open_signed_item,
)
from trilat.model import (
    AnyItem,
    Clock,
    Consent,
    Decision,
    Declaration,
    Disagreement,
    Label,
    LedgerError,
    Outcome,
    Receipt,
    Release,
    Report,
    Transport,
    TrilatError,
    UsageError,
    Warning,
    encode,
    kind_of,
    names_watch_area,
)
from trilat.node.accounts import Accounts
from trilat.node.acknowledgements import Acknowledgements
from trilat.node.alerts import Alerts
from trilat.node.by_hand import ByHand
from trilat.node.changing import StandingParcels, offers_reports
from trilat.node.config import NodeConfig
from trilat.node.decided import RecentDecisions
from trilat.node.decisions import decision_entries
from trilat.node.desk import ReleaseDesk
from trilat.node.disputed import Disputed
from trilat.node.exchange import Exchange, Held
from trilat.node.feeds import Feeds, refusal_entry
from trilat.node.floors import Floors
from trilat.node.heads import Heads
from trilat.node.holdings import Holdings
from trilat.node.intake import IntakeResult, report_refusal
from trilat.node.kept import Kept
from trilat.node.known import KnownVersions
from trilat.node.lanes import Lanes
from trilat.node.making import Making
from trilat.node.offers import Offers
from trilat.node.onward import OnwardRequests
from trilat.node.parts import Part, doing, tell_recorded
from trilat.node.recalls import Recalls
from trilat.node.receiving import Receiving, received_record
from trilat.node.records import (
    ReceiptRecord,
    ReceivedRecord,
    Referral,
    ReleaseRecord,
)
from trilat.node.releasing import hand_over, release_records
from trilat.node.repairing import Repairs
from trilat.node.resuming import Resuming
from trilat.node.retention import Retention
from trilat.node.standstill import Standstill
from trilat.node.timeline import Timeline
from trilat.node.trusting import Trusting
from trilat.node.unanswered import Overdue
from trilat.node.views import Views
from trilat.node.watched import Watched
from trilat.node.witness import Witness
from trilat.policy import AgreementSet, place_class

_DECIDED_ENTRIES_MAX = 4_000
_RELEASES_MAX = 2_000
_DESK_STEPS_MAX = 1_000
_PART_STEPS_MAX = 200
_REFUSALS_KEPT = 5_000
_PENDING_MAX = 2_000
"""Of one tick, so that its entries fit one commit of the ledger with room for what was made."""


class Node(ByHand):
    """One party's node over its ledger and its post."""

    def __init__(
        self,
        config: NodeConfig,
        clock: Clock,
        ledger: Ledger,
        agreements: AgreementSet,
        keys: NodeKeys,
        trust: TrustStore,
        transport: Transport,
        entropy: Entropy,
        limits: LinkLimits | None = None,
        link_clock: Clock | None = None,
        profiles: Mapping[str, LinkProfile] | None = None,
        reservations: Reservations | None = None,
    ) -> None:
        """A node that has accepted nothing yet; to continue an old ledger call `restore` first.

        Args:
            config: what the node is told.
            clock: of reports, items and decisions; in an exercise it may run fast or stand.
            ledger: its record.
            agreements: all that it holds.
            keys: its own.
            trust: its partners' pins.
            transport: its post.
            entropy: random bytes, never the same twice.
            limits: of its links that have no profile.
            link_clock: by which its links wait and send again; `clock` where none is given.
            profiles: how links to single partners are used.
            reservations: keeps on disk how far its epochs have come.
        """
        self.config = config
        self.clock = clock
        self.ledger = ledger
        self.agreements = agreements
        self.offers_reports = offers_reports(config, agreements)
        """Whether any clause speaks of giving a peer reports as they are."""

        self.keys = keys
        self.trust = trust
        self._make_state()
        self.refusals: deque[str] = deque(maxlen=_REFUSALS_KEPT)
        """The newest lines of what was refused; the ledger has all of them."""

        self.refusals_count = 0
        self.feeds = Feeds()
        self._entropy = entropy
        self._link_clock = link_clock or clock
        self.lanes = Lanes(self)
        self.endpoint = self._endpoint(transport, limits, profiles, reservations)
        self.accepted_reports = 0
        """How many own reports were accepted, of every version."""

        self.failure: str | None = None
        """Why this node does nothing any more; its ledger is sound, and a node restored from it goes on."""

        self.known = KnownVersions(self)
        self.parts = self._parts()
        self.recording = doing(self.parts, "recorded")
        """Of the parts those that are told what was written of streams."""

        self._taking = doing(self.parts, "take")
        self._to_offer = Offers()
        self._pending_entries: list[Entry] = []

    def _make_state(self) -> None:
        """What the node keeps in memory, each thing in a file of its own."""
        config = self.config
        self.heads = Heads(config)
        self.views = Views(config.party, config.bias_priors, lambda item: place_class(item, self.agreements))
        self.alerts = Alerts(config.party)
        self.disputed = Disputed(config.party)
        self.watched = Watched(config)
        self.exchange = Exchange(config, self.agreements)
        self.standing_parcels = StandingParcels(self)
        self.desk = ReleaseDesk(self)
        self.onward = OnwardRequests(self)
        self.holdings = Holdings()
        self.recent_decisions = RecentDecisions()
        self.feeds = Feeds()
        self._making = Making(self)
        self.timeline = Timeline(self)

    def _endpoint(
        self,
        transport: Transport,
        limits: LinkLimits | None,
        profiles: Mapping[str, LinkProfile] | None,
        reservations: Reservations | None,
    ) -> LinkEndpoint:
        return LinkEndpoint(
            self.keys,
            self.trust,
            transport,
            self._entropy,
            self._received,
            on_acknowledged=self._acknowledged,
            on_refusal=lambda text: self.refused("link", text),
            on_omitted=self.lanes.omitted,
            on_skipped=self.lanes.skipped,
            archive=self.lanes.read,
            worth=self.lanes.worth,
            limits=limits,
            profiles=profiles,
            reservations=reservations,
        )

    def _parts(self) -> tuple[Part, ...]:
        """What else has its turn in each of the seconds, in this order; its topics are heard from now on."""
        self._receiving = Receiving(self.config)
        self.recalls = Recalls(self, self.keys, self.trust)
        self.accounts = Accounts(self, two_person=self.config.two_person_accounts)
        self.trusting = Trusting(self, self.keys, self.trust)
        self.witness = Witness(self, self.keys, self.trust, self._entropy)
        self.overdue = Overdue(self.endpoint, self.config.peers, self._link_clock)
        self.acknowledgements = Acknowledgements(self)
        self.floors = Floors(self, self._link_clock)
        own = (self.known, self.onward, self.recalls, Retention(self), self.accounts)
        always = (*own, self.acknowledgements, self.overdue)
        self.resuming = Resuming(self, self.keys, self.trust, self._link_clock, self._entropy)
        self.kept = Kept(self, self._link_clock)
        self.repairs = Repairs(self, self.keys, self.trust)
        proofs = (self.trusting, self.witness, self.repairs, Standstill(self), self.resuming)
        parts: tuple[Part, ...] = (*always, *proofs, self.floors, self.kept)
        for part in parts:
            for topic, heard in part.topics().items():
                self.endpoint.on_notice(topic, heard)
        return parts

    def label(self, kind: str) -> Label:
        """The label that an own item of a kind gets now; for feeds that build reports."""
        return self.heads.label(kind, self.clock.now_ns())

    def intake(
        self,
        items: Sequence[AnyItem],
        aside: Sequence[Entry] = (),
        note: Callable[[Sequence[str | None]], Sequence[Entry]] | None = None,
        *,
        offer: bool = False,
    ) -> IntakeResult:
        """Check, write and use own reports. What is refused is kept aside with its one line.

        Where they are offered at once, reports, decisions and releases are one commit: what was accepted is
        on its way then. Without that commit the node stops, as at a tick.

        Args:
            items: the reports.
            aside: entries to be written with them, of what could not be read as a report.
            note: is given the line of refusal of each item, None where it is accepted, and makes more entries
                of the same commit.
            offer: decide on what was accepted, and release it, in the same commit.

        Raises:
            LedgerError: it cannot be written; nothing was accepted.
        """
        self.refuse_failed()
        now_ns = self.clock.now_ns()
        accepted: list[AnyItem] = []
        entries: list[Entry] = list(aside)
        texts: list[str | None] = []
        seen: set[tuple[str, int]] = set()
        for item in items:
            reference = (item.item_id, item.version)
            known = reference in seen or self.holdings.has(*reference)
            text = report_refusal(item, self.config, now_ns, known=known)
            texts.append(text)
            if text is None:
                seen.add(reference)
                accepted.append(item)
                entries.append(Entry(kind=EntryKind.REPORT, content=encode(item)))
            else:
                entries.append(refusal_entry("intake", text, encode(item)))
        if note is not None:
            entries += note(texts)
        released: tuple[ReleaseRecord, ...] = ()
        if offer:
            released = self._offered(entries, accepted, now_ns)
        else:
            self.ledger.append(entries)
            for item in accepted:
                self.use_report(item)
        refusals = tuple(text for text in texts if text is not None)
        for text in refusals:
            self.note_refusal(text)
        return IntakeResult(len(accepted), refusals, released)

    def _offered(
        self, entries: list[Entry], accepted: Sequence[AnyItem], now_ns: int
    ) -> tuple[ReleaseRecord, ...]:
        """Use reports, and write them with what is decided on them and released; then send."""
        try:
            for item in accepted:
                self.use_report(item)
            entries += [*self._pending(), *self._decided(now_ns, _DECIDED_ENTRIES_MAX)]
            released = self._released(entries, now_ns)
        except Exception as error:
            # The node's state may have run ahead of its ledger, whatever the error is.
            self.failure = self.failure or str(error) or type(error).__name__
            raise
        self.tend_links()
        return released

    def use_report(self, item: AnyItem) -> None:
        """Use an own report that is in the ledger, or in the commit that the node cannot go on without."""
        held = self.recalls.relabelled(Held(item, b""))
        self.accepted_reports += 1
        self._note(held)
        self.holdings.add(held)
        try:
            self.views.add_own(item)
        except TrilatError as error:
            self.note_refusal(f"report `{item.item_id}` is kept but not used: {error}")
        if not isinstance(item, Report) or self.offers_reports:
            self._to_offer.add(held)

    def tick(self) -> tuple[ReleaseRecord, ...]:
        """Publish, warn, decide, write, then send; returns what was released now.

        What is more than one commit holds waits for the next tick.

        Raises:
            LedgerError: the ledger cannot be written; the node stops, see `failure`.
        """
        self.refuse_failed()
        now_ns = self.clock.now_ns()
        self.timeline.tick(now_ns)
        made = self._making.made(now_ns)
        for part in self.parts:
            made += part.made(now_ns)
        entries = self._pending()
        entries += [Entry(kind=EntryKind.ITEM, content=encode(held.item)) for held in made]
        self._to_offer.extend(made)
        entries += self._decided(now_ns, _DECIDED_ENTRIES_MAX)
        entries += islice(self.desk.steps(now_ns), _DESK_STEPS_MAX)
        for part in self.parts:
            entries += islice(part.steps(now_ns), _PART_STEPS_MAX)
        records = self._released(entries, now_ns)
        for part in self.parts:
            part.written(now_ns)
        self.tend_links()
        return records

    @property
    def offers(self) -> bool:
        """Whether something waits to be offered to partners."""
        return bool(self._to_offer)

    def offer(self) -> tuple[ReleaseRecord, ...]:
        """Decide, write, then send what waits to be offered: as `tick`, but nothing is made here."""
        self.refuse_failed()
        now_ns = self.clock.now_ns()
        records = self._released([*self._pending(), *self._decided(now_ns, _DECIDED_ENTRIES_MAX)], now_ns)
        self.tend_links()
        return records

    def _pending(self) -> list[Entry]:
        entries = self._pending_entries[:_PENDING_MAX]
        del self._pending_entries[:_PENDING_MAX]
        return entries

    def _released(self, entries: list[Entry], now_ns: int) -> tuple[ReleaseRecord, ...]:
        """Write entries and the releases whose time has come, and hand these to the links."""
        due = tuple(self.exchange.due(now_ns, _RELEASES_MAX))
        records = release_records(
            due, self.keys, self.endpoint.stream, self.exchange.next_sequence, self._entropy
        )
        entries += [Entry(kind=EntryKind.RELEASE, content=encode(record)) for record in records]
        receipts = self._written(entries)
        hand_over(due, records, receipts, self)
        return tuple(records)

    def tend_links(self) -> None:
        """Send what is due on the links, and ask again for what is missing; between ticks too."""
        self.endpoint.tick(self._link_clock.now_ns())

    def _decided(self, now_ns: int, limit: int) -> list[Entry]:
        """The decisions on what waits to be offered, whole items only, at most `limit` of them."""
        decisions: list[Decision] = []
        offered = 0
        for waiting in self._to_offer:
            held = self.recalls.relabelled(waiting)
            if len(decisions) + len(self.config.peers) > limit:
                break
            offered += 1
            for decision in self.exchange.offer(held, now_ns):
                decisions.append(decision)
                self.use_decision(held.item, decision)
        self._to_offer.done(offered)
        return decision_entries(decisions)

    def _written(self, entries: Sequence[Entry]) -> Sequence[Receipt]:
        """The receipts of entries that the node's state has run ahead of: without them it must stop."""
        try:
            return self.ledger.append(entries)
        except TrilatError as error:
            self.failure = str(error)
            raise

    def write(self, entries: Sequence[Entry]) -> None:
        """Write entries that a person's act makes.

        Raises:
            LedgerError: the ledger cannot be written, or the node has stopped.
        """
        self.refuse_failed()
        self._written(entries)

    def refuse_failed(self) -> None:
        """LedgerError where this node could not write and has stopped."""
        if self.failure is not None:
            raise LedgerError(f"this node has stopped, restore it from its ledger: {self.failure}")

    def use_decision(self, item: AnyItem, decision: Decision) -> None:
        """Let a recipient's picture use what may be passed on to it, and keep the decision for screens."""
        self.recent_decisions.note(item, decision)
        if decision.outcome is Outcome.PERMIT and item.label.originator != self.config.party:
            self.views.allow_item(item, decision)

    def use_item(self, held: Held) -> None:
        """Use an item that this node made and wrote."""
        held = self.recalls.relabelled(held)
        self._note(held)
        self.holdings.add(held)
        self.recalls.note_own(held.item)
        self.heads.remember(held.item)
        heard = self.exchange.hear(held.item, self.config.party)
        if not (heard or isinstance(held.item, Warning | Disagreement) or names_watch_area(held.item)):
            self.views.add_own(held.item)

    def _received(
        self, sender: str, stream: str, first_sequence: int, parcels: Sequence[OpenedParcel]
    ) -> None:
        """Write and use what a partner released to this node; returns after the commit.

        A parcel that this node may not hold is kept aside with the reason; the stream goes on behind it.
        """
        self.refuse_failed()
        now_ns = self.clock.now_ns()
        records: list[ReceivedRecord] = []
        used: list[OpenedParcel] = []
        declared: Sequence[Declaration] = self.exchange.declarations
        for offset, opened in enumerate(parcels):
            release = opened.release
            said = (opened.consents, declared)
            text = opened.refusal or self._receiving.refusal(release, sender, self.agreements, said, now_ns)
            text = text or self.recalls.refusal(release)
            records.append(
                received_record(
                    sender=sender,
                    stream=stream,
                    sequence=first_sequence + offset,
                    parcel=opened.wire,
                    refusal=text,
                )
            )
            if text is None:
                used.append(opened)
                declared = self.exchange.declared_with(declared, release.item, sender)
            else:
                self.note_refusal(text)
        receipts = self.ledger.append(
            [Entry(kind=EntryKind.RECEIVED, content=encode(record)) for record in records]
        )
        for record, receipt in zip(records, receipts, strict=True):
            tell_recorded(self.recording, receipt.entry, receipt.recorded_ns, record)
        for opened in used:
            self.use_release(sender, opened.release, opened.parcel, opened.consents)

    def use_release(self, sender: str, release: Release, parcel: Parcel, consents: Sequence[Consent]) -> Held:
        """Use a partner's release that is in the ledger; returns the item as this node holds it."""
        held = self.held_of(release, parcel)
        item = held.item
        for consent, signed in zip(consents, parcel.consents, strict=True):
            self._use_consent(consent, signed)
        newest = self.holdings.newest(item.item_id)
        overtaken = newest is not None and newest.version > item.version and newest_wins(item)
        # A newer version that came before its turn stands; the older one is in the ledger, and that is all.
        if self.holdings.add(held, sender) and not overtaken:
            self._to_offer.add(held)
            self._note(held)
            try:
                if not self.exchange.hear(item, sender):
                    self.views.add_foreign(item)
            except TrilatError as error:
                self.note_refusal(f"item `{item.item_id}` of `{sender}` is kept but not used: {error}")
            for part in self._taking:
                part.take(held, sender)
        return held

    def held_of(self, release: Release, parcel: Parcel) -> Held:
        """A partner's release as this node holds it."""
        return Held(
            self._receiving.marked(release, self.agreements),
            parcel.marking,
            parcel.consents,
            form=release.form,
            expires_ns=release.expires_ns,
            owed=release.duties.return_or_destroy,
        )

    def _note(self, held: Held) -> None:
        """Tell those who look back, and those who must know of a warning, what is about to be used."""
        if held.audience in {None, self.config.party}:
            self.timeline.note(held.item)
            if isinstance(held.item, Warning):
                self.acknowledgements.note(held.item)

    def opened_consent(self, signed: bytes) -> Consent:
        """The consent that an originator signed; PeerError where it is unsound, UsageError where none."""
        item = open_signed_item(self.trust, signed)
        if not isinstance(item, Consent):
            raise UsageError(f"`{item.item_id}` is a {kind_of(item)}, not a consent")
        return item

    def _use_consent(self, consent: Consent, signed: bytes) -> None:
        for held in self.exchange.add_consent(consent, signed):
            newest = self.holdings.newest(held.item.item_id)
            # A newer version waits to be offered itself; the older would come behind it.
            if newest is None or newest.version <= held.item.version:
                self._to_offer.add(held)

    def referrals(self) -> tuple[Referral, ...]:
        """Questions that wait for a person, oldest first."""
        return tuple(self.exchange.referrals.values())

    def use_own_consent(self, consent: Consent, signed: bytes) -> None:
        """Use a consent that this party's officer gave and that is in the ledger."""
        self.heads.remember(consent)
        self._use_consent(consent, signed)
        if consent.via is not None:
            # On the direct path the consent goes with each release; an intermediary needs it beforehand.
            self._to_offer.add(Held(consent, b"", consents=(signed,), audience=consent.via))

    def say(self, item: AnyItem, audience: str | None = None) -> None:
        """Write what a person of this party says, use it, offer it to an audience or to every partner."""
        held = Held(item, b"", audience=audience)
        self._written([Entry(kind=EntryKind.ITEM, content=encode(item))])
        self.use_item(held)
        self.offer_later(held)

    def offer_later(self, held: Held) -> None:
        """Offer an item at the next tick."""
        self._to_offer.add(held)

    def _acknowledged(self, recipient: str, stream: str, cursor: int, signed: bytes) -> None:
        """Note a partner's signed word on how far it accepted a stream; written with the next tick."""
        record = ReceiptRecord(recipient=recipient, stream=stream, cursor=cursor, signed=signed)
        self._pending_entries.append(Entry(kind=EntryKind.RECEIPT, content=encode(record)))
        tell_recorded(self.recording, -1, self.clock.now_ns(), record)

    def write_pending(self) -> None:
        """Write what waits for the next tick, for a node that will have none."""
        self.write(self._pending_entries)
        self._pending_entries.clear()

    def refused(self, source: str, text: str, content: bytes = b"") -> None:
        """Note input that the link refused; the bytes are kept aside with the next tick."""
        self.note_refusal(text)
        if len(self._pending_entries) < _PENDING_MAX:
            # A flood of bad input is counted by the link; it may not fill the ledger or stop the node.
            self._pending_entries.append(refusal_entry(source, text, content))

    def note_refusal(self, text: str) -> None:
        """Count a refusal and keep its line for people."""
        self.refusals.append(text)
        self.refusals_count += 1

    def drop_offer(self, decided: tuple[str, int], recipient: str) -> None:
        """After a restart: an item's version was decided on for a recipient before it."""
        self._to_offer.drop_settled(decided, recipient)

    def drop_offers(self, item_ids: Collection[str]) -> None:
        """Offer nothing of items any more that waits to be offered."""
        self._to_offer.drop_items(item_ids)

    def unsettled(self, recipient: str) -> int:
        """How many releases to a partner wait for their time or for the partner's receipt."""
        unacknowledged = self.endpoint.next_sequence(recipient) - 1 - self.endpoint.acknowledged(recipient)
        return self.exchange.waiting(recipient) + unacknowledged

    def sights(self) -> tuple[Sight, ...]:
        """The objects of the staff's picture now."""
        return self.views.staff.sights(self.clock.now_ns())
