"""What is shown at the release desk, as plain values, and the record of each look.

An officer sees what the staff may see, and the very copy that would leave. What was shown is in the ledger,
as a digest, before it is handed out.
"""

from typing import Any, TypeVar

from trilat.ledger import Entry, EntryKind
from trilat.model import encode, to_plain
from trilat.node.desk import Question
from trilat.node.node import Node
from trilat.node.records import DeskRecord, DeskStep
from trilat.node.standing import plain_digest
from trilat.policy import explain

STAFF = "staff"
AUDITOR = "auditor"
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


def shown_at_desk(node: Node, who: str, person: str = "") -> dict[str, Any]:
    """The questions that wait, for an officer, a deputy, or the staff; recorded with the account.

    Raises:
        UsageError: the name is no officer's and no deputy's.
        LedgerError: it cannot be recorded, and nothing is shown.
    """
    officer = None if who == STAFF else who
    questions = [_plain(node, question) for question in node.desk.questions(officer)]
    shown = {"at_ns": node.clock.now_ns(), "who": who, "questions": questions}
    node.write([look_entry(node.config.party, who, "", plain_digest(shown), person)])
    return shown


def _plain(node: Node, question: Question) -> dict[str, Any]:
    referral = question.referral
    preview = question.preview
    item = node.holdings.newest(referral.item.item_id)
    rule = next(iter(node.agreements.asking(referral.clause)), None)
    return {
        "question": question.question_id,
        "clause": referral.clause,
        "article": "" if rule is None else f"{rule.clause.article}, {rule.agreement.title}",
        "note": "" if rule is None else rule.clause.note,
        "subject": referral.subject,
        "item": to_plain(referral.item),
        "recipient": referral.recipient,
        "via": referral.via,
        "asked_ns": referral.asked_ns,
        "deadline_ns": question.deadline_ns,
        "request": None if referral.request is None else to_plain(referral.request),
        "needed": question.needed,
        "approved_by": list(question.approved_by),
        "held": None if preview is None or item is None else to_plain(item),
        "would_leave": None if preview is None or preview.release is None else to_plain(preview.release),
        "sentences": [] if preview is None else list(explain(preview.decision, node.agreements)),
    }
