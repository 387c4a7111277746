"""What is shown at the release desk, as plain values, and the record of each look.

An officer sees what the staff may see, and the very copy that would leave. What was shown is in the ledger,
as a digest, before it is handed out.
"""

from itertools import islice
from typing import Any, Final, TypeVar

from trilat.ledger import Entry, EntryKind
from trilat.model import (
    AnyItem,
    Decision,
    Release,
    TrilatError,
    UsageError,
    encode,
    names_watch_area,
    to_plain,
)
from trilat.node.declared_now import shown_declared
from trilat.node.desk import Question
from trilat.node.exchange import Held
from trilat.node.given_answers import Spoken
from trilat.node.node import Node
from trilat.node.records import DeskRecord, DeskStep
from trilat.node.shown import Plain, shown
from trilat.node.shown_terms import moved_m, shown_clause, shown_duties
from trilat.node.standing import plain_digest
from trilat.policy import degrade, explain

STAFF = "staff"
AUDITOR = "auditor"
ANSWERED_SHOWN: Final = 50
"""Questions of which the desk shows what was answered; the ledger has all."""
_T = TypeVar("_T")


def look_entry(party: str, who: str, what: str, digest: bytes, person: str = "") -> Entry:
    """The record that somebody of the own party was shown something beside the picture and the desk; the
    digest is `plain_digest` of it, `person` the account.
    """
    record = DeskRecord(
        step=DeskStep.SHOWN, officer=f"{party}/{who}", said=what, digest=digest, person=person
    )
    return Entry(kind=EntryKind.DESK, content=encode(record))


def looked_at(node: Node, what: str, shown: _T, person: str = "") -> _T:
    """What the staff is shown, once it is written that it was, and to which account.

    Raises:
        LedgerError: it cannot be recorded, and nothing is shown.
    """
    node.write([look_entry(node.config.party, STAFF, what, plain_digest(shown), person)])
    return shown


def shown_at_desk(node: Node, who: str, person: str = "") -> Plain:
    """The questions that wait, for an officer, a deputy, or the staff; recorded with the account.

    Raises:
        UsageError: the name is no officer's and no deputy's.
        LedgerError: it cannot be recorded, and nothing is shown.
    """
    officer = None if who == STAFF else who
    questions = [_plain(node, question) for question in node.desk.questions(officer)]
    given = islice(node.desk.given.newest_first(), ANSWERED_SHOWN)
    shown_now = {
        "at_ns": node.clock.now_ns(),
        "who": who,
        "may_answer": node.desk.may_answer(who),
        "undo_s": node.config.undo_s,
        "officers": list(node.config.officers),
        "deputies": node.desk.standing_in(),
        "questions": questions,
        "answered": [_answered(node, spoken, who) for spoken in given],
        **shown_declared(node),
    }
    node.write([look_entry(node.config.party, who, "", plain_digest(shown_now), person)])
    return shown_now


def _plain(node: Node, question: Question) -> Plain:
    referral = question.referral
    preview = question.preview
    item = node.holdings.newest(referral.item.item_id)
    rule = next(iter(node.agreements.asking(referral.clause)), None)
    held = None if preview is None or item is None else for_staff(node, item)
    leaving = None if held is None or preview is None else preview.release
    return {
        "question": question.question_id,
        "clause": referral.clause,
        "rule": None if rule is None else shown_clause(node, rule.name),
        "article": "" if rule is None else f"{rule.clause.article}, {rule.agreement.title}",
        "note": "" if rule is None else rule.clause.note,
        "subject": referral.subject,
        "item": to_plain(referral.item),
        "recipient": referral.recipient,
        "via": referral.via,
        "asked_ns": referral.asked_ns,
        "deadline_ns": question.deadline_ns,
        "request": None if referral.request is None else to_plain(referral.request),
        "said": _said_of(node, question),
        "needed": question.needed,
        "approved_by": list(question.approved_by),
        "held": None if held is None else to_plain(held.item),
        "would_leave": None if leaving is None else to_plain(leaving),
        **_side_by_side(node, None if preview is None else preview.decision, held, leaving),
        "sentences": [] if preview is None else list(explain(preview.decision, node.agreements)),
    }


def _said_of(node: Node, question: Question) -> str:
    """What a partner wrote with its request."""
    asked = question.referral.request
    request = None if asked is None else node.holdings.newest(asked.item_id)
    return str(getattr(request, "question", ""))


def _side_by_side(
    node: Node, decision: Decision | None, held: Release | None, leaving: Release | None
) -> Plain:
    """Before and after, for a map and for words."""
    before = None if held is None else shown(held, None)
    after = None if leaving is None else shown(leaving, None)
    return {
        "outcome": None if decision is None else decision.outcome.value,
        "reasons": [] if decision is None else [reason.value for reason in decision.reasons],
        "clauses": [] if decision is None else [shown_clause(node, name) for name in decision.clauses],
        "form": None if decision is None or decision.form is None else decision.form.value,
        "duties": {} if decision is None else shown_duties(decision.duties),
        "before": before,
        "after": after,
        "moved_m": None if before is None or after is None else moved_m(before, after),
    }


def for_staff(node: Node, item: AnyItem) -> Release | None:
    """An item as the own staff may see it; None where it may not."""
    decision = node.exchange.decide(Held(item, b""), f"{node.config.party}/{STAFF}", node.clock.now_ns())
    return _copy(node, item, decision)


def _copy(node: Node, item: AnyItem, decision: Decision) -> Release | None:
    """The copy that a decision allows; None where it allows none, or none can be made."""
    try:
        return degrade(item, decision, node.config.release_key)
    except TrilatError:
        return None


def _answered(node: Node, spoken: list[Spoken], who: str) -> Plain:
    """What was said to a question, and what came of it."""
    key, record = spoken[-1].key, spoken[-1].record
    clause, subject, recipient, via = key
    at_ns = node.heads.deciding_ns(node.clock.now_ns())
    approvals = node.exchange.approvals
    standing = approvals.standing(key, at_ns)
    left = approvals.left(key)
    gone = left is not None and left.at_ns >= spoken[0].at_ns
    mine = node.desk.given.approval(record.question or "", f"{node.config.party}/{who}")
    leaves_ns = max((one.at_ns for one in spoken), default=0) + node.config.undo_s * 1_000_000_000
    return {
        "question": record.question,
        "clause": clause,
        "subject": subject,
        "recipient": recipient,
        "via": via,
        "needed": node.exchange.approvals_needed(clause),
        "approved_by": sorted(standing),
        "said": [
            {
                "officer": one.record.officer,
                "stands_for": one.record.stands_for,
                "step": one.record.step.value,
                "granted": one.record.granted,
                "at_ns": one.at_ns,
                "until_ns": one.record.until_ns,
                "said": one.record.said,
            }
            for one in spoken
        ],
        "left": None if left is None or not gone else {"item": to_plain(left.item), "at_ns": left.at_ns},
        "leaves_ns": leaves_ns,
        "may_undo": mine is not None and not gone,
    }


def shown_as(node: Node, item_id: str, recipient: str, via: str | None, who: str) -> Plain:
    """What a partner would get of an item now, beside what is held; recorded.

    Raises:
        UsageError: no such item is here that the staff may see, or no such partner (`facts["unknown"]`).
        LedgerError: it cannot be recorded, and nothing is shown.
    """
    if recipient not in node.config.peers or via not in {None, *node.config.peers}:
        raise UsageError(
            f"`{recipient[:20]}` is no partner of this node, or the way to it is none", unknown=True
        )
    held = node.holdings.held(item_id)
    mine = None
    if held is not None and held.audience in {None, recipient, node.config.party}:
        mine = for_staff(node, held.item)
    told = None if held is None or mine is None else _as(node, held, mine, recipient, via)
    what = f"{item_id} as {recipient}"
    node.write([look_entry(node.config.party, who, what, plain_digest({} if told is None else told))])
    if told is None:
        raise UsageError(
            f"no item `{item_id[:80]}` that you may see is held here: name one as the picture does",
            unknown=True,
        )
    return told


def _as(node: Node, held: Held, mine: Release, recipient: str, via: str | None) -> Plain:
    item = held.item
    decision = node.exchange.decide(held, recipient, node.clock.now_ns(), via)
    kept = "called-back" if node.exchange.is_stopped(item.item_id) else None
    if names_watch_area(item):
        kept = "watch-area"
    elif held.audience not in {None, recipient}:
        kept = "own-staff"
    leaving = None if kept is not None else _copy(node, item, decision)
    return {
        "at_ns": node.clock.now_ns(),
        "recipient": recipient,
        "via": via,
        "kept": kept,
        "held": to_plain(mine.item),
        "would_leave": None if leaving is None else to_plain(leaving),
        **_side_by_side(node, decision, mine, leaving),
    }


def shown_undone(node: Node, question: str, officer: str, said: str) -> dict[str, Any]:
    """An approval taken back; errors as of `ReleaseDesk.undo`."""
    record = node.desk.undo(question, officer, said)
    return {"question": record.question, "officer": record.officer, "step": record.step.value}
