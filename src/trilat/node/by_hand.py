"""`ByHand`: what people of a party say through its node: answers of officers, warnings, retractions."""

from collections.abc import Iterable, Sequence

from trilat.ledger import Entry, EntryKind
from trilat.link import NodeKeys, sign_item
from trilat.model import (
    AnyItem,
    Clock,
    Consent,
    Domain,
    ItemReference,
    UsageError,
    Warning,
    WarningKind,
    encode,
)
from trilat.node.alerts import Alerts
from trilat.node.config import NodeConfig
from trilat.node.desk import consent_of
from trilat.node.exchange import Exchange
from trilat.node.heads import Heads
from trilat.node.holdings import Holdings
from trilat.node.records import ConsentRecord, Referral


class ByHand:
    """The part of `Node` that speaks for people; everything it needs of the node stands here."""

    config: NodeConfig
    clock: Clock
    keys: NodeKeys
    heads: Heads
    alerts: Alerts
    exchange: Exchange
    holdings: Holdings

    def refuse_failed(self) -> None:
        """LedgerError where the node has stopped."""
        raise NotImplementedError

    def write(self, entries: Sequence[Entry]) -> None:
        """Write entries that a person's act makes."""
        raise NotImplementedError

    def say(self, item: AnyItem, audience: str | None = None) -> None:
        """Write what a person says, use it, and offer it."""
        raise NotImplementedError

    def use_own_consent(self, consent: Consent, signed: bytes) -> None:
        """Use a consent of an own officer that is in the ledger."""
        raise NotImplementedError

    def answer(
        self,
        referral: Referral,
        *,
        granted: bool,
        officer: str,
        valid_s: int,
        assumed: bool = False,
        beside: Sequence[Entry] = (),
    ) -> Consent:
        """An officer's signed answer to a referral, written with the entries `beside` it, and offered to the
        partners it concerns.

        Raises:
            UsageError: the referral is not one of this node's.
            ItemError: the officer is not on this party's staff.
        """
        self.refuse_failed()
        if referral not in self.exchange.referrals.values():
            raise UsageError(f"no referral on `{referral.subject}` under `{referral.clause}` is open here")
        consent = consent_of(
            referral,
            self.heads,
            self.clock.now_ns(),
            granted=granted,
            officer=officer,
            valid_s=valid_s,
            assumed=assumed,
        )
        signed = sign_item(self.keys, consent)
        entry = Entry(kind=EntryKind.CONSENT, content=encode(ConsentRecord(signed=signed)))
        self.write([*beside, entry])
        self.use_own_consent(consent, signed)
        return consent

    def raise_warning(
        self,
        key: str,
        kind: WarningKind,
        domain: Domain,
        basis: Iterable[ItemReference],
        confirmed_by: Iterable[ItemReference],
        text: str,
    ) -> tuple[Warning, ...]:
        """A warning that a person raises, for the own staff and every peer.

        Raises:
            UsageError: an item it rests on is not held here or shows nothing, or what confirms it is by who
                gave the basis or of another concern.
        """
        self.refuse_failed()
        if kind is WarningKind.THREAT:
            raise UsageError("threats to watch areas are told by the node itself, and to its own staff alone")
        shown = tuple((self.holdings.shown(reference), reference) for reference in basis)
        support = tuple((self.holdings.shown(reference), reference) for reference in confirmed_by)
        warnings = []
        for audience in (self.config.party, *self.config.peers):
            warning = self.alerts.raise_by_hand(
                audience,
                key,
                kind,
                domain,
                shown,
                support,
                text,
                self.clock.now_ns(),
                self.heads.for_audience("warning", self.clock.now_ns()),
            )
            warnings.append(warning)
            self.say(warning, audience)
        return tuple(warnings)

    def retract_warning(self, key: str, text: str) -> tuple[Warning, ...]:
        """Withdraw a warning; the retraction goes to everyone who holds it.

        Raises:
            UsageError: nobody holds a standing warning of that name.
        """
        self.refuse_failed()
        retractions = self.alerts.retract(
            key, text, self.clock.now_ns(), self.heads.for_audience("warning", self.clock.now_ns())
        )
        for audience, warning in retractions:
            self.say(warning, audience)
        return tuple(warning for _, warning in retractions)
