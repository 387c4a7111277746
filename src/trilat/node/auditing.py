"""What administrators and auditors are shown: accounts without secrets, and who did and saw what.

An auditor sees acts, not content: names of items, persons, clauses and reasons, never a position or a text.
"""

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from trilat.ledger import EntryKind, Stored
from trilat.model import Noun, TrilatError, decode, to_plain
from trilat.node.accounts import AccessRecord, AccessStep, ApiToken
from trilat.node.acknowledgements import AcknowledgementRecord
from trilat.node.records import RECORD_BYTES_MAX, DeskRecord, ReadingRecord, RefusalRecord

if TYPE_CHECKING:
    from trilat.node.node import Node

AUDIT_ROWS_MAX: Final = 500
_LOOKED_AT_MAX: Final = 5_000
"""Entries that one page looks through: an auditor who asks again and again holds nothing up."""


def known_accounts(node: "Node") -> dict[str, Any]:
    """Accounts, tokens and proposals of a node, as JSON values; no verifier and no digest."""
    known = node.accounts.known
    return {
        "accounts": [
            {
                "name": account.name,
                "role": account.role.value,
                "enabled": account.enabled,
                "has_password": bool(account.verifier),
                "tokens": sorted(_token(one) for one in known.tokens.values() if one.name == account.name),
            }
            for account in sorted(known.accounts.values(), key=lambda account: account.name)
        ],
        "proposals": [
            {
                "proposal": number,
                "would": record.would.value if record.would is not None else "",
                "name": record.name,
                "by": record.by,
                "role": record.role.value if record.role is not None else None,
            }
            for number, record in sorted(node.accounts.proposals.items())
        ],
    }


def _token(token: ApiToken) -> tuple[str, int]:
    return token.token, token.until_ns


def audit_page(node: "Node", after: int, by: str) -> dict[str, Any]:
    """Acts in the ledger behind entry `after`, at most `AUDIT_ROWS_MAX`; the look itself is an entry first.

    Returns:
        `rows` (entry, kind, at_ns, and what happened), `next` (what to ask after), `done`.
    """
    looked_from = f"entries behind {after}"
    node.accounts.note(AccessRecord(step=AccessStep.AUDITED, name=by, by=by, reason=looked_from))
    rows: list[dict[str, Any]] = []
    damaged: list[dict[str, Any]] = []

    def broken(entry: int, problem: str) -> None:
        damaged.append({"entry": entry, "problem": problem})

    entries = node.ledger.entries(after + 1 if after else 0, on_broken=broken)
    reached, count = after, 0
    for stored in islice(entries, _LOOKED_AT_MAX):
        reached, count = stored.entry, count + 1
        show = _SHOWN.get(stored.kind)
        if show is not None:
            head = {"entry": stored.entry, "kind": stored.kind.value, "at_ns": stored.recorded_ns}
            rows.append({**head, **show(stored)})
            if len(rows) == AUDIT_ROWS_MAX:
                break
    done = count < _LOOKED_AT_MAX and len(rows) < AUDIT_ROWS_MAX
    return {
        "rows": rows,
        "damaged": damaged,
        "next": reached,
        "done": done,
    }


def _of(kind: type[Noun], *names: str) -> Callable[[Stored], dict[str, Any]]:
    """Shows these fields of a record; of one whose content is gone, that it is gone."""

    def show(stored: Stored) -> dict[str, Any]:
        if stored.content is None:
            return {"removed": True}
        try:
            plain = to_plain(decode(stored.content, kind, bytes_max=RECORD_BYTES_MAX))
        except TrilatError as error:
            return {"unreadable": str(error)}
        return {name: plain[name] for name in names if plain.get(name) not in (None, "", [], 0)}

    return show


_SHOWN: Final[dict[EntryKind, Callable[[Stored], dict[str, Any]]]] = {
    EntryKind.ACCESS: _of(
        AccessRecord, "step", "name", "by", "role", "token", "proposal", "would", "client", "reason"
    ),
    EntryKind.READING: _of(
        ReadingRecord, "reader", "person", "purpose", "what", "opened", "items", "gone", "reason"
    ),
    EntryKind.DESK: _of(
        DeskRecord, *(name for name in DeskRecord.__struct_fields__ if name not in {"said", "digest"})
    ),
    EntryKind.ACKNOWLEDGEMENT: _of(AcknowledgementRecord, "warning", "is_withdrawn", "by"),
    EntryKind.REFUSAL: _of(RefusalRecord, "source", "reason"),
    EntryKind.START: lambda _: {},
    EntryKind.REMOVAL: lambda _: {},
}
