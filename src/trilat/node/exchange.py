"""`Exchange`: what goes to whom, when. It asks policy and keeps what policy's answers oblige the node to.

For every item and every peer: decide; where permitted, make the release when its delay has passed and its
thinning allows; where a person must approve, ask once and wait; where withheld, count it. The decision is
made at the node's instant of deciding (see `NodeConfig`). Nothing here sends: the node writes first.

Thinning lets one version of an item leave, and holds the newest of those that follow back until the time has
passed, so that the last word always arrives. Where tracks are told in spans (`span_s`), a version waits
until its span is over, and is thinned by its valid time. A warning is never thinned.
A copy that cannot be made, as where values at the edge of what can be written go beyond it, is withheld.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

import msgspec

from trilat.model import (
    SECOND_NS,
    Agreement,
    Answer,
    AnyItem,
    Approval,
    Consent,
    Decision,
    Declaration,
    Form,
    ItemReference,
    LossReport,
    Outcome,
    Reason,
    Recall,
    Reclassification,
    Release,
    TrilatError,
    Warning,
    is_kind,
    names_watch_area,
)
from trilat.node.approvals import Approvals, ReferralKey, is_beside
from trilat.node.config import NodeConfig
from trilat.node.due import DueQueue
from trilat.node.records import Referral
from trilat.policy import (
    AgreementSet,
    Degrading,
    Heard,
    ReleaseRequest,
    RememberedDecisions,
    Spans,
    declared_now,
    due_ns,
    in_spans,
    refuse_stale,
)

_FOR_WORD_MAX: Final = 100_000
"""Items, times recipients, that wait for a word; of more the oldest stay withheld."""

_FIRST: Final = (Declaration, Recall, Reclassification, LossReport, Answer)
"""What goes before all else that is due: other items rest on it, or must not go."""


class Held(msgspec.Struct, frozen=True, gc=False):
    """An item with what proves it: the originator's marking, and consents that came with it."""

    item: AnyItem
    marking: bytes
    consents: tuple[bytes, ...] = ()
    audience: str | None = None
    """The one peer that the item is made for; None for all."""

    form: Form | None = None
    """In which form a partner gave it to this node; None for an own item."""

    expires_ns: int | None = None
    """When the copy that a partner gave ends, in the time of deciding."""

    owed: bool = False
    """Whether it was given to be returned or destroyed."""


class _Waiting(NamedTuple):
    """Which of two goes first: by instant, then as they were decided; no two have one place in that order."""

    due_ns: int
    order: int
    held: Held
    decision: Decision


class Ready(msgspec.Struct, frozen=True, gc=False):
    """A release whose time has come, with the consents that it rests on."""

    recipient: str
    release: Release
    held: Held
    consents: tuple[bytes, ...]


class Exchange:
    """Decides, waits, thins and refers for one node."""

    def __init__(self, config: NodeConfig, agreements: AgreementSet) -> None:
        """Nothing offered yet."""
        self._config = config
        self._agreements = agreements
        self._degrading = Degrading(config.release_key)
        self.approvals = Approvals(config)
        self._heard: Mapping[str, Heard] = {}
        self.changes_count = 0
        """How often what is decided by has changed as a whole: a mark for those who remember answers."""

        self._order = 0
        self._sequences: dict[str, int] = {}
        self._queue: DueQueue[_Waiting] = DueQueue(_key)
        self._standing: dict[tuple[str, str, int], int] = {}
        """Per recipient and version that waits, the newest decision that permits it: older ones lapse."""

        self._left: dict[tuple[str, str], tuple[int, int]] = {}
        """Per recipient and item: when a version last left, and which one."""

        self._spans: Spans[tuple[str, str], _Waiting] = Spans()
        self._held_back: dict[tuple[str, str], _Waiting] = {}
        self._consents: list[tuple[Consent, bytes]] = []
        self._consents_known: tuple[Consent, ...] = ()
        self._remembered = RememberedDecisions()
        self._asked: dict[tuple[str, str | None], ReleaseRequest] = {}
        self.declarations: list[Declaration] = []
        """What parties have declared: their own words, newest last."""

        self._for_consent: dict[tuple[str, str], Held] = {}
        self._for_word: dict[tuple[str, str], Held] = {}
        """What would go, if its agreement were known to be the newest."""

        self.referrals: dict[ReferralKey, Referral] = {}
        self._answered: dict[ReferralKey, int] = {}
        self._unnumbered: dict[str, list[_Waiting]] = {}
        """Per recipient that gets no numbers for now: what is due to it."""

        self._stopped: set[str] = set()
        """Items that their originator called back: no version of them leaves any more."""

        self.withheld: dict[str, set[tuple[str, int]]] = {peer: set() for peer in config.peers}
        self.reasons: dict[Reason, int] = {}

    def decide(self, held: Held, recipient: str, now_ns: int, via: str | None = None) -> Decision:
        """Policy's answer for one item and one recipient at the instant of deciding."""
        at_ns = now_ns + self._config.decision_shift_ns
        request = self._asked.get((recipient, via))
        if request is None or request.at_ns != at_ns:
            request = self._asked[recipient, via] = ReleaseRequest(
                sender=self._config.party,
                recipient=recipient,
                via=via,
                purpose=self._config.purpose,
                at_ns=at_ns,
            )
        decision = self._remembered.decide(
            held.item, request, self._agreements, self.consents, self.declarations
        )
        return refuse_stale(decision, held.item, self._agreements, self._heard)

    def may_stand(self, release: Release, now_ns: int) -> Reason | None:
        """Why a release that waits for a receipt may not be sent any more; None where it may."""
        request = ReleaseRequest(
            sender=self._config.party,
            recipient=release.recipient,
            via=release.via,
            purpose=release.purpose,
            at_ns=now_ns + self._config.decision_shift_ns,
        )
        decision = self._remembered.decide(
            release.item, request, self._agreements, self.consents, self.declarations
        )
        decision = refuse_stale(decision, release.item, self._agreements, self._heard)
        return None if decision.outcome is Outcome.PERMIT else decision.reasons[0]

    def use(
        self, agreements: AgreementSet | None = None, heard: Mapping[str, Heard] | None = None
    ) -> list[Held]:
        """Decide by other agreements, or by what was heard of them, from now on; returns all that waited by
        the old answers, in its order, each for its recipient: it is to be offered again.
        """
        self._agreements = self._agreements if agreements is None else agreements
        self._heard = self._heard if heard is None else heard
        self.changes_count += 1
        held = [*self._queue, *self._held_back.values(), *self._spans.take_out()]
        held += chain.from_iterable(self._unnumbered.values())
        waiting = sorted(filter(self._stands, held), key=_order)
        self._standing = {}
        self._queue.clear()
        self._held_back = {}
        self._unnumbered = {recipient: [] for recipient in self._unnumbered}
        unheard, self._for_word = self._for_word, {}
        self.referrals = {
            key: asked for key, asked in self.referrals.items() if self._agreements.asking(asked.clause)
        }
        again = [msgspec.structs.replace(one.held, audience=one.decision.recipient) for one in waiting]
        return again + [msgspec.structs.replace(held, audience=key[0]) for key, held in unheard.items()]

    def declared_with(
        self, declared: Sequence[Declaration], item: AnyItem, sender: str
    ) -> Sequence[Declaration]:
        """What parties have declared, with what a partner's item declares that is not yet in use."""
        if (
            is_kind(type(item), Declaration)
            and isinstance(item, Declaration)
            and item.label.originator == sender
        ):
            return (*declared, item)
        return declared

    def hear(self, item: AnyItem, sender: str) -> bool:
        """Whether an item is a declaration; one that its own party sent is taken into account from now on.
        What an intermediary says that another party declared is no proof.
        """
        if not (is_kind(type(item), Declaration) and isinstance(item, Declaration)):
            return False
        if item.label.originator == sender:
            self.declarations.append(item)
        return True

    def offer(self, held: Held, now_ns: int) -> Iterator[Decision]:
        """Decide one item for every peer but who made it; queue, count or refer as the answers say.

        What the party watches over is never asked about, for anybody: a label that was written otherwise, or
        a partner that was a mere reader when it was, changes nothing.
        """
        if names_watch_area(held.item) or held.item.item_id in self._stopped:
            return
        for recipient in self._config.peers:
            if recipient == held.item.label.originator or held.audience not in {None, recipient}:
                continue
            decision = self.decide(held, recipient, now_ns)
            self.take(held, decision, now_ns)
            yield decision

    def take(self, held: Held, decision: Decision, now_ns: int) -> None:
        """Do what a decision says: queue the release, keep the item until a consent, ask, or count it."""
        self.reasons[decision.reasons[0]] = self.reasons.get(decision.reasons[0], 0) + 1
        self._schedule(held, decision, now_ns)
        if held.item.provenance.originators == (self._config.party,):
            self._ask(held, decision, now_ns)

    def _schedule(self, held: Held, decision: Decision, now_ns: int) -> None:
        recipient, reference = decision.recipient, (held.item.item_id, held.item.version)
        unheard = self._for_word.get((recipient, held.item.item_id))
        if unheard is not None and unheard.item.version <= held.item.version:
            del self._for_word[recipient, held.item.item_id]
        if decision.outcome is Outcome.PERMIT:
            self._order += 1
            self._standing[recipient, *reference] = self._order
            # What a person said is valid in the time of deciding, which may be shifted against the clock: no
            # wait, and a declaration goes before what rests on it.
            kind = type(held.item)
            due = now_ns if is_kind(kind, Consent) else due_ns(held.item, decision)
            due = max(due, self.approvals.holds_until_ns(held.item, decision))
            due = 0 if is_kind(kind, _FIRST) else due
            waiting = _Waiting(due, self._order, held, decision)
            key = (recipient, held.item.item_id)
            self.withheld[recipient].discard(reference)
            if self._is_overtaken(waiting):
                self._give_up(waiting)
                return
            for told in self._spans.take(key, held.item, decision.duties, waiting):
                self._queue.push(told)
            return
        self._standing.pop((recipient, *reference), None)
        self.withheld[recipient].add(reference)
        if decision.outcome is Outcome.REFER:
            self._for_consent[recipient, held.item.item_id] = held
        elif Reason.AGREEMENT_STALE in decision.reasons:
            self._for_word.setdefault((recipient, held.item.item_id), held)
            if len(self._for_word) > _FOR_WORD_MAX:
                del self._for_word[next(iter(self._for_word))]

    def _ask(self, held: Held, direct: Decision, now_ns: int) -> None:
        """Refer an own item to a person: for the direct path, or for detours where that one is shut."""
        decisions = [direct]
        if direct.outcome is Outcome.WITHHOLD:
            decisions = [
                self.decide(held, direct.recipient, now_ns, via) for via in self._detours(direct.recipient)
            ]
        for decision in decisions:
            if decision.outcome is Outcome.REFER:
                self._refer(held, decision, now_ns)

    def _detours(self, recipient: str) -> list[str]:
        """Intermediaries that a clause with approval names between this party and a recipient."""
        return sorted(
            {
                rule.clause.via
                for rule in self._agreements.rules
                if rule.clause.via is not None
                and rule.clause.approval is not Approval.NONE
                and self._config.party in rule.clause.givers
                and recipient in rule.clause.receivers
            }
        )

    def _refer(self, held: Held, decision: Decision, now_ns: int) -> None:
        for name in decision.clauses:
            rule = self._agreements.rule(name)
            if rule is None or rule.clause.approval is Approval.NONE:
                continue
            clause = rule.consent_name
            key = (clause, held.item.subject, decision.recipient, decision.via)
            answered_until_ns = self._answered.get(key, 0)
            if key not in self.referrals and answered_until_ns <= now_ns + self._config.decision_shift_ns:
                self.referrals[key] = Referral(
                    clause=clause,
                    subject=held.item.subject,
                    domain=held.item.domain,
                    recipient=decision.recipient,
                    via=decision.via,
                    item=held.item.reference,
                    asked_ns=now_ns,
                )

    def add_consent(self, consent: Consent, signed: bytes) -> tuple[Held, ...]:
        """Take a consent; returns the items that waited for one on its subjects, to be offered again to the
        recipient that they waited for, and to nobody else: the others have had their answer.
        """
        if any(signed == known for _, known in self._consents):
            return ()
        self._consents.append((consent, signed))
        self._consents_known = (*self._consents_known, consent)
        self.approvals.add(consent)
        own = consent.label.originator == self._config.party
        for subject in consent.subjects if own and self._settles(consent) else ():
            key = (consent.clause, subject, consent.recipient, consent.via)
            self._answered[key] = consent.until_ns
            self.referrals.pop(key, None)
        waiting = [
            key
            for key, held in self._for_consent.items()
            if key[0] == consent.recipient and held.item.subject in consent.subjects
        ]
        return tuple(msgspec.structs.replace(self._for_consent.pop(key), audience=key[0]) for key in waiting)

    @property
    def consents(self) -> tuple[Consent, ...]:
        """All consents known here, own ones and partners'."""
        return self._consents_known

    def approvals_needed(self, clause: str) -> int:
        """How many officers must approve under a clause, as `agreement#clause`."""
        asking = self._agreements.asking(clause)
        return 2 if any(rule.clause.approval is Approval.TWO_PERSON for rule in asking) else 1

    def has_left(self, recipient: str, item_id: str) -> bool:
        """Whether some version of an item was released to a recipient."""
        return (recipient, item_id) in self._left

    def has_ended(self, agreement: Agreement, at_ns: int) -> bool:
        """Whether an agreement has ended by somebody's notice at an instant of deciding."""
        return declared_now(self.declarations, self._config.status, at_ns).ended(agreement)

    def lapse(self, key: ReferralKey, again_ns: int) -> None:
        """Close a question that nobody answered; it is not asked again before `again_ns` of the clock."""
        self.referrals.pop(key, None)
        self._answered[key] = again_ns + self._config.decision_shift_ns

    def take_back(self, key: ReferralKey) -> None:
        """Let nothing go any more that waits and rests on what officers said to a question."""
        self._answered.pop(key, None)
        in_spans_still = self._spans.take_out()
        for waiting in (*self._all_waiting(), *in_spans_still):
            item, decision = waiting.held.item, waiting.decision
            if self._stands(waiting) and self.approvals.rests_on(item, decision, key):
                del self._standing[decision.recipient, item.item_id, item.version]
            elif waiting in in_spans_still:
                again = (decision.recipient, item.item_id)
                for told in self._spans.take(again, item, decision.duties, waiting):
                    self._queue.push(told)

    def _settles(self, consent: Consent) -> bool:
        """Whether nobody else must be asked: under the two-person rule a first grant waits for another."""
        if not consent.granted or self.approvals_needed(consent.clause) == 1:
            return True
        return any(is_beside(known, consent) for known, _ in self._consents)

    def due(self, now_ns: int, limit: int | None = None) -> Iterator[Ready]:
        """Releases whose delay has passed and that thinning lets through, in order of their time.

        Args:
            now_ns: the clock.
            limit: give at most so many; the rest stay for the next call.
        """
        given = 0
        while given != limit and (waiting := self._queue.pop(now_ns)) is not None:
            unnumbered = self._unnumbered.get(waiting.decision.recipient)
            if unnumbered is not None:
                unnumbered.append(waiting)
                continue
            leaves = self._stands(waiting) and self._may_leave(waiting, now_ns)
            ready = self._ready(waiting, now_ns) if leaves else None
            if ready is not None:
                given += 1
                yield ready
        for key in [key for key, waiting in self._held_back.items() if waiting.due_ns <= now_ns]:
            if given == limit:
                break
            if key[0] in self._unnumbered:
                continue
            waiting = self._held_back[key]
            if not self._stands(waiting):
                del self._held_back[key]
                continue
            ready = self._ready(waiting, now_ns)
            if ready is not None:
                given += 1
                yield ready

    def _may_leave(self, waiting: _Waiting, now_ns: int) -> bool:
        """Whether thinning lets a version leave now; the newest that it does not is held back."""
        item, decision = waiting.held.item, waiting.decision
        key = (decision.recipient, item.item_id)
        left_ns, version = self._left.get(key, (0, 0))
        thin_ns = (decision.duties.thin_s if decision.duties is not None else 0) * SECOND_NS
        spaced = in_spans(item, decision.duties)
        if thin_ns == 0 or version == 0 or spaced or isinstance(item, Warning):
            return not spaced or item.version > version
        if item.version > version and now_ns - left_ns >= thin_ns:
            return True
        known = self._held_back.get(key)
        if item.version <= version or (known is not None and known.held.item.version > item.version):
            self._give_up(waiting)
            return False
        if known is not None and known.order != waiting.order:
            self._give_up(known)
        self._held_back[key] = waiting._replace(due_ns=left_ns + thin_ns)
        return False

    def _is_overtaken(self, waiting: _Waiting) -> bool:
        """Whether a newer version, or this one, has left, and thinning lets no older one follow."""
        item, decision = waiting.held.item, waiting.decision
        _, version = self._left.get((decision.recipient, item.item_id), (0, 0))
        return item.version <= version and _is_thinned(decision, item) and not in_spans(item, decision.duties)

    def _give_up(self, waiting: _Waiting) -> None:
        """Let a version not leave any more, in favour of a newer one."""
        if self._stands(waiting):
            item = waiting.held.item
            del self._standing[waiting.decision.recipient, item.item_id, item.version]

    def _ready(self, waiting: _Waiting, now_ns: int) -> Ready | None:
        """The release with what proves it; None, counted as withheld, where it cannot be made."""
        item, decision = waiting.held.item, waiting.decision
        key = (decision.recipient, item.item_id)
        self._left[key] = (now_ns, item.version)
        self.approvals.note_left(item, decision, now_ns)
        self._standing.pop((*key, item.version), None)
        held_back = self._held_back.get(key)
        if held_back is not None and held_back.held.item.version <= item.version:
            del self._held_back[key]
            self._give_up(held_back)
        try:
            release = self._degrading.release(item, decision)
        except TrilatError:
            self.withheld[decision.recipient].add((item.item_id, item.version))
            self.reasons[Reason.DECIDING_FAILED] = self.reasons.get(Reason.DECIDING_FAILED, 0) + 1
            return None
        return Ready(
            recipient=decision.recipient,
            release=release,
            held=waiting.held,
            consents=self._behind(decision, waiting.held),
        )

    def waiting(self, recipient: str) -> int:
        """How many permitted releases to a recipient wait for their time."""
        return sum(one.decision.recipient == recipient and self._stands(one) for one in self._all_waiting())

    def _all_waiting(self) -> tuple[_Waiting, ...]:
        return (*self._queue, *self._held_back.values(), *chain.from_iterable(self._unnumbered.values()))

    def hold(self, recipient: str) -> None:
        """Number nothing to a recipient until `let_go`: what is due to it waits."""
        self._unnumbered.setdefault(recipient, [])

    def let_go(self, recipient: str) -> None:
        """Number what is due to a recipient again, in the order of its time."""
        for waiting in self._unnumbered.pop(recipient, ()):
            self._queue.push(waiting)

    def _stands(self, waiting: _Waiting) -> bool:
        """Whether a decision is the newest on its version: one that came after it may have said otherwise."""
        item = waiting.held.item
        return self._standing.get((waiting.decision.recipient, item.item_id, item.version)) == waiting.order

    def oldest_ns(self) -> int | None:
        """The earliest instant, in the time of deciding, of what was decided and waits, and of what left."""
        decided = [one.decision.decided_ns for one in self._all_waiting()]
        left = [left_ns + self._config.decision_shift_ns for left_ns, _ in self._left.values()]
        return min((*decided, *left), default=None)

    def _behind(self, decision: Decision, held: Held) -> tuple[bytes, ...]:
        """The signed consents that a release must carry: the one it rests on, and the item's own."""
        signed = list(held.consents)
        for consent, data in self._consents:
            if consent.reference != decision.consent:
                continue
            # Under the two-person rule the other officer's goes with it: the recipient checks both.
            beside = [other for known, other in self._consents if is_beside(known, consent)]
            signed += [one for one in (data, *beside) if one not in signed]
        return tuple(signed)

    def drop(self, item_ids: Collection[str]) -> None:
        """Let nothing leave that waits about items: for its time, for a consent, or for a person's answer."""
        self._queue.drop_items(item_ids)
        for recipient, due in self._unnumbered.items():
            self._unnumbered[recipient] = [one for one in due if one.held.item.item_id not in item_ids]
        for key in [key for key in self._held_back if key[1] in item_ids]:
            del self._held_back[key]
        for key in [key for key in self._for_consent if key[1] in item_ids]:
            del self._for_consent[key]
        self._spans.keep(lambda key: key[1] not in item_ids)
        for asked in [key for key, one in self.referrals.items() if one.item.item_id in item_ids]:
            del self.referrals[asked]

    def stop(self, item_ids: Collection[str]) -> None:
        """Let no version of items leave any more: they were called back."""
        self._stopped.update(item_ids)
        self.drop(item_ids)

    def is_stopped(self, item_id: str) -> bool:
        """Whether an item was called back, and leaves no more."""
        return item_id in self._stopped

    def skip(self, recipient: str, sequence: int) -> None:
        """Continue behind a release whose content was removed before a restart."""
        self._sequences[recipient] = max(self._sequences.get(recipient, 0), sequence)

    def next_sequence(self, recipient: str) -> int:
        """The next place in a recipient's stream, from 1 without a gap."""
        self._sequences[recipient] = self._sequences.get(recipient, 0) + 1
        return self._sequences[recipient]

    def last_sequence(self, recipient: str) -> int:
        """The newest place that was given in a recipient's stream; 0 before the first."""
        return self._sequences.get(recipient, 0)

    def left(self, recipient: str, item: ItemReference, left_ns: int, sequence: int) -> None:
        """Continue after a release that left, by the clock at `left_ns`, before a restart."""
        self._sequences[recipient] = sequence
        self._left[recipient, item.item_id] = (left_ns, item.version)
        self._standing.pop((recipient, item.item_id, item.version), None)
        key = (recipient, item.item_id)
        for waiting in self._queue.waiting(key):
            if waiting.held.item.version == item.version:
                self.approvals.note_left(waiting.held.item, waiting.decision, left_ns)
        self._queue.drop(key, lambda waiting: _is_past(waiting, item.version))


def _key(waiting: _Waiting) -> tuple[str, str]:
    return waiting.decision.recipient, waiting.held.item.item_id


def _order(waiting: _Waiting) -> int:
    return waiting.order


def _is_past(waiting: _Waiting, version: int) -> bool:
    """Whether a release is of the version that left, or one that thinning dropped in its favour."""
    item, decision = waiting.held.item, waiting.decision
    return item.version == version or (_is_thinned(decision, item) and item.version < version)


def _is_thinned(decision: Decision, item: AnyItem) -> bool:
    return decision.duties is not None and decision.duties.thin_s > 0 and not isinstance(item, Warning)
