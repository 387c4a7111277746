"""What a node's staff sees of recalls and losses, as JSON values: own questions with the answer of each
holder, what partners ask, and who holds an item.
"""

import base64
from typing import Any

from trilat.model import RecallAction, to_plain
from trilat.node.asked import Case, Said
from trilat.node.node import Node
from trilat.node.obliged import Obligation

Plain = dict[str, Any]


def shown_recalls(node: Node) -> Plain:
    """Everything open and settled that is remembered, newest first."""
    recalls = node.recalls
    return {
        "at_ns": node.clock.now_ns(),
        "asked": [_case(node, case) for case in reversed(recalls.asked.cases.values())],
        "ended": [
            {"about": [to_plain(reference) for reference in about], **_said(said)}
            for about, said in reversed(recalls.asked.ended)
        ],
        "asks": [_obligation(one) for one in reversed(recalls.obliged.obligations.values())],
        "losses": [
            {
                "report": to_plain(loss.item),
                "sender": loss.sender,
                "open": loss.is_open,
                "reminded": loss.is_reminded,
                "overdue": loss.is_overdue,
                "instructions": list(loss.instructions),
            }
            for loss in reversed(recalls.losses.losses.values())
        ],
    }


def shown_case(node: Node, case: Case) -> Plain:
    """One own question to a holder."""
    return _case(node, case)


def shown_holders(node: Node, item_id: str) -> Plain:
    """To whom the ledger says that versions of an item were released, whether they have it, and what they
    answered last when they were asked after it or it was called back.
    """
    rows: dict[str, Plain] = {}
    for copy in node.recalls.copies.of([item_id]):
        if not copy.is_release:
            continue
        row = rows.setdefault(copy.party, {"holder": copy.party, "via": None, "versions": [], "has": False})
        row["versions"].append(copy.name.version)
        row["told"] = to_plain(copy.told)
        row["has"] = copy.sequence <= node.endpoint.acknowledged(copy.party)
    names = {row["told"]["item_id"] for row in rows.values()}
    for case in node.recalls.asked.cases.values():
        if not names.isdisjoint(reference.item_id for reference in case.about):
            for holder, said in case.said.items():
                via = None if holder == case.holder else case.holder
                row = rows.setdefault(holder, {"holder": holder, "via": via, "versions": [], "has": True})
                row |= {"answer": _said(said), "asked": case.asks.item_id}
            for holder in case.waiting:
                rows.setdefault(holder, {"holder": holder, "via": case.holder, "versions": [], "has": None})
    return {"item_id": item_id, "holders": list(rows.values())}


def _case(node: Node, case: Case) -> Plain:
    item = node.holdings.newest(case.asks.item_id)
    action = getattr(item, "action", None)
    return {
        "name": case.asks.item_id,
        "holder": case.holder,
        "about": [to_plain(reference) for reference in case.about],
        "action": action.value if isinstance(action, RecallAction) else "relabel",
        "reason": getattr(item, "reason", ""),
        "state": case.state.value,
        "opened_ns": case.opened_ns,
        "until_ns": case.until_ns,
        "reminded": case.is_reminded,
        "overdue": case.is_overdue,
        "on_behalf": None if case.parent is None else case.parent.item_id,
        "answers": [_said(said) for said in case.said.values()],
        "waiting": list(case.waiting) if case.said else [case.holder],
    }


def _said(said: Said) -> Plain:
    return {
        "holder": said.holder,
        "answer": said.answer.value,
        "reason": said.reason,
        "at_ns": said.at_ns,
        "certificate": None if said.certificate is None else to_plain(said.certificate),
        "signed": base64.b64encode(said.signed).decode() if said.certificate is not None else None,
    }


def _obligation(one: Obligation) -> Plain:
    return {
        "name": one.item.item_id,
        "sender": one.sender,
        "about": [to_plain(reference) for reference in one.item.about],
        "action": one.item.action.value,
        "reason": one.item.reason,
        "until_ns": one.item.deadline_ns,
        "waits": one.waits_for_person,
        "affected": [to_plain(reference) for reference in one.affected],
        "answer": None if one.answered is None or one.answered.answer is None else one.answered.answer.value,
        "said": "" if one.answered is None else one.answered.reason,
    }
