"""`shown_why`: why the own staff sees an item as it does, and who else has it, as codes and values.

Rules
1. The staff is answered on what it may see, and on nothing else: an item that is not here, and one that it
   may not see, are one answer. Each question is an entry of the ledger, with a digest of the answer.
2. Of an own item everything is told: each partner's answer, the copy that it got, and what is waited for.
3. Of a partner's item only what came with it is told: the release, its clauses and duties, the officers whose
   signed consents it carries. Whom else its originator, or an intermediary, gave it to is not known here, and
   nothing that could be guessed of it is said.
4. What of an own item would be compared with its copies (exact beside degraded) is shown only where the staff
   has the item in full.
"""

from typing import Final

from trilat.model import (
    AnyItem,
    Decision,
    Outcome,
    Release,
    TrilatError,
    UsageError,
    kind_of,
    names_watch_area,
    to_plain,
)
from trilat.node.answers import Answers
from trilat.node.at_desk import look_entry
from trilat.node.copies import Copy
from trilat.node.exchange import Held
from trilat.node.node import Node
from trilat.node.records import Referral
from trilat.node.shown import Plain, shown
from trilat.node.shown_terms import moved_m, shown_clause, shown_duties, shown_terms
from trilat.node.standing import plain_digest
from trilat.policy import degrade, due_ns

_ASKED_ONCE_S: Final = 1


def shown_why(node: Node, item_id: str, version: int | None, who: str) -> Plain:
    """Why an item is what it is to the own staff; recorded as asked by `who`.

    Raises:
        UsageError: there is no such item that the staff may see; `facts["unknown"]` is true.
        LedgerError: it cannot be recorded, and nothing is shown.
    """
    told = _Why(node, item_id, version).told()
    digest = plain_digest({} if told is None else told)
    node.write([look_entry(node.config.party, who, f"why {item_id}", digest)])
    if told is None:
        raise UsageError(
            f"no item `{item_id[:80]}` that you may see is held here: name one as the picture does",
            unknown=True,
        )
    return told


def shown_source(node: Node, item_id: str) -> Plain | None:
    """Where an item comes from and what let it in, as far as the own staff may be told; else None.

    Whoever shows it writes down before that it was asked.
    """
    return _Why(node, item_id, None).source()


def staff_answers(node: Node) -> Answers:
    """What policy says to the own staff, for one question."""
    return Answers(node, f"{node.config.party}/staff", _ASKED_ONCE_S)


class _Why:
    """One question."""

    def __init__(self, node: Node, item_id: str, version: int | None) -> None:
        self._node = node
        self._config = node.config
        self._now_ns = node.clock.now_ns()
        self._item_id = item_id
        self._version = version
        self._held = node.holdings.held(item_id)
        self._answers = staff_answers(node)

    def told(self) -> Plain | None:
        """The answer; None where there is nothing to tell the staff."""
        source, held = self.source(), self._held
        if source is None or held is None:
            return None
        own = source["own"]
        return {
            **source,
            "kept": self._kept(held.item) if own else None,
            "others": self._others(held, source["item"]) if own else [],
            "names": self._names() if own else [self._item_id],
        }

    def source(self) -> Plain | None:
        """The part of the answer that is the same for own items and for partners' (rule 1)."""
        held = self._held
        if held is None or held.audience not in {None, self._config.party}:
            return None
        sender = self._node.holdings.sender(self._item_id)
        copy = None if sender is None else self._received(sender, held.item.version)
        item = held.item if copy is None or copy.item.version == held.item.version else copy.item
        if (self._version or 0) > held.item.version or (sender is not None and copy is None):
            return None
        release = self._for_staff(held.item) and self._for_staff(item)
        if release is None:
            return None
        own = sender is None
        return {
            "at_ns": self._now_ns,
            "item": shown(release, sender, held.form),
            "own": own,
            "made_ns": self._clock_ns(item.label.created_ns),
            "received_under": list(item.provenance.received_under) if own else [],
            "for_me": shown_terms(self._node, release),
            "given": None if copy is None else self._given(copy, held),
        }

    def _clock_ns(self, decided_ns: int) -> int:
        """An instant of deciding, by the clock."""
        return decided_ns - self._config.decision_shift_ns

    def _for_staff(self, item: AnyItem) -> Release | None:
        """An item as the staff may see it (rule 1)."""
        answer = self._answers.on(item, self._now_ns)
        if answer is None or not answer.permitted:
            return None
        return self._release(item, answer.about(item.reference))

    def _release(self, item: AnyItem, decision: Decision) -> Release | None:
        try:
            return degrade(item, decision, self._config.release_key)
        except TrilatError:
            # As in a picture: a copy that cannot be made is not shown.
            return None

    # --- a partner's item (rule 3) ---

    def _received(self, sender: str, newest: int) -> Copy | None:
        version = min(self._version or newest, newest)
        copies = self._node.recalls.copies
        return copies.newest(self._item_id, [sender], is_release=False, version=version).get(sender)

    def _given(self, copy: Copy, held: Held) -> Plain:
        release = copy.release
        consents = [self._node.opened_consent(signed) for signed in held.consents]
        return {
            **shown_terms(self._node, release),
            "sender": release.sender,
            "via": release.via,
            "purpose": release.purpose,
            "decided_ns": self._clock_ns(release.decided_ns),
            "received_ns": copy.recorded_ns,
            "entry": copy.entry,
            "expires_ns": None if release.expires_ns is None else self._clock_ns(release.expires_ns),
            "approved_by": sorted({consent.officer for consent in consents if consent.granted}),
        }

    # --- an own item (rule 2) ---

    def _kept(self, item: AnyItem) -> str | None:
        """Why nobody else gets it, whatever agreements say."""
        if names_watch_area(item):
            return "watch-area"
        return "called-back" if self._node.exchange.is_stopped(self._item_id) else None

    def _names(self) -> list[str]:
        """Under which names it is out: a tear-line has one of its own."""
        return sorted({copy.told.item_id for copy in self._got().values()} | {self._item_id})

    def _got(self) -> dict[str, Copy]:
        had = [peer for peer in self._config.peers if self._node.exchange.has_left(peer, self._item_id)]
        return self._node.recalls.copies.newest(self._item_id, had, is_release=True)

    def _others(self, held: Held, now: Plain) -> list[Plain]:
        item = held.item
        if names_watch_area(item):
            return []
        if held.audience is not None:
            return self._of_audiences(item)
        got = self._got()
        rows = []
        for peer in self._config.peers:
            rows.append(self._row(item, now, *self._decision(item, peer, None), got.get(peer)))
            rows += [
                self._row(item, now, *self._decision(item, peer, via), None)
                for via in self._detours(item, peer)
            ]
        return rows

    def _of_audiences(self, item: AnyItem) -> list[Plain]:
        """Who has been given what of a thing that every audience has items of its own about."""
        heads, rows = self._node.heads, []
        _, key = heads.audience_of(item)
        for peer in self._config.peers:
            theirs = self._node.holdings.newest(heads.named_for(kind_of(item), peer, key))
            if theirs is not None:
                copies = self._node.recalls.copies.newest(theirs.item_id, [peer], is_release=True)
                rows.append(self._row(theirs, None, *self._decision(theirs, peer, None), copies.get(peer)))
        return rows

    def _detours(self, item: AnyItem, recipient: str) -> list[str]:
        """Intermediaries that a question to own officers, or their answer, names."""
        keys = [
            *self._node.exchange.referrals,
            *(spoken[-1].key for spoken in self._node.desk.given.newest_first()),
        ]
        vias = {key[3] for key in keys if key[1] == item.subject and key[2] == recipient}
        return sorted(via for via in vias if via is not None)

    def _decision(self, item: AnyItem, recipient: str, via: str | None) -> tuple[Decision, int | None]:
        """The newest decision that was written, with its number; else what would be decided now."""
        for decided in self._node.recent_decisions.since(0):
            decision = decided.decision
            if (
                decided.item.item_id == item.item_id
                and decided.item.version == item.version
                and (decision.recipient, decision.via) == (recipient, via)
            ):
                return decision, decided.number
        return self._node.exchange.decide(Held(item, b""), recipient, self._now_ns, via), None

    def _row(
        self,
        item: AnyItem,
        now: Plain | None,
        decision: Decision,
        number: int | None,
        got: Copy | None,
    ) -> Plain:
        answer, release = self._answers.on(item, self._now_ns), None
        if decision.outcome is Outcome.PERMIT and answer is not None and answer.in_full:  # 4
            release = self._release(item, decision)
        copy = None if release is None else shown(release, None)
        return {
            "recipient": decision.recipient,
            "via": decision.via,
            "number": number,
            "at_ns": self._clock_ns(decision.decided_ns),
            "outcome": decision.outcome.value,
            "reasons": [reason.value for reason in decision.reasons],
            "clauses": [shown_clause(self._node, name) for name in decision.clauses],
            "form": None if decision.form is None else decision.form.value,
            "duties": shown_duties(decision.duties),
            "officers": self._officers(item, decision),
            "waits": self._waits(item, decision),
            "leaves_ns": self._leaves_ns(item, decision),
            "got": None if got is None else self._handed(got),
            "copy": copy,
            "moved_m": None if copy is None or now is None else moved_m(now, copy),
        }

    def _officers(self, item: AnyItem, decision: Decision) -> list[str]:
        """By whom it was approved or refused; nobody where a rule decided."""
        at_ns = decision.decided_ns
        for consent in reversed(self._node.exchange.consents):
            if decision.consent is not None and consent.reference == decision.consent:
                key = (consent.clause, item.subject, consent.recipient, consent.via)
                standing = self._node.exchange.approvals.standing(key, at_ns)
                return sorted(standing) if consent.officer in standing else [consent.officer]
        return []

    def _waits(self, item: AnyItem, decision: Decision) -> Plain | None:
        """The question to own officers that this waits for."""
        if decision.outcome is not Outcome.REFER:
            return None
        for question in self._node.desk.waiting():
            referral = question.referral
            if self._is_about(referral, item, decision):
                return {
                    "question": question.question_id,
                    "needed": question.needed,
                    "approved_by": list(question.approved_by),
                    "asked_ns": referral.asked_ns,
                    "deadline_ns": question.deadline_ns,
                }
        return None

    def _is_about(self, referral: Referral, item: AnyItem, decision: Decision) -> bool:
        asked = (referral.subject, referral.recipient, referral.via)
        return asked == (item.subject, decision.recipient, decision.via)

    def _leaves_ns(self, item: AnyItem, decision: Decision) -> int | None:
        """Before when a permitted copy does not leave, by the clock."""
        if decision.outcome is not Outcome.PERMIT:
            return None
        return max(due_ns(item, decision), self._node.exchange.approvals.holds_until_ns(item, decision))

    def _handed(self, got: Copy) -> Plain:
        return {
            **shown_terms(self._node, got.release),
            "version": got.name.version,
            "told": to_plain(got.told),
            "at_ns": got.recorded_ns,
            "entry": got.entry,
            "acknowledged": got.sequence <= self._node.endpoint.acknowledged(got.party),
        }
