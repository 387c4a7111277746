"""What a node's people see of its agreements: who gives whom what, each text beside its clauses, what if.

A party sees the agreements that it has signed or is to sign, and nothing of others, whatever files lie in its
folder. Of two other parties it sees what such an agreement says of them: that is not all that they may have
with each other, and a cell without anything says so.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from trilat.link import agreement_digest
from trilat.model import (
    Agreement,
    Approval,
    Clause,
    Duties,
    Effect,
    UsageError,
    format_instant,
    to_plain,
)
from trilat.node.history import read_history
from trilat.node.known_state import known_state
from trilat.policy import (
    READABLE_LANGUAGES,
    AgreementSet,
    Cell,
    Fate,
    LabelClasses,
    Offer,
    ReleaseRequest,
    compare,
    declared_now,
    offers,
    readable_parts,
    signatories,
    strike,
)

if TYPE_CHECKING:
    from trilat.node.node import Node

WHAT_IF_ENTRIES_MAX: Final = 200_000
"""A longer ledger would hold the node up: it is asked by `trilat what-if`, from a process of its own."""

STRUCK_MAX: Final = 50

_NO_DUTIES: Final = to_plain(Duties())


def shown_matrix(node: "Node") -> dict[str, Any]:
    """Who gives whom what now, as far as this party's agreements say, and how each agreement stands."""
    held, at_ns = own_agreements(node), node.clock.now_ns() + node.config.decision_shift_ns
    party, purpose = node.config.party, node.config.purpose
    declared = declared_now(node.exchange.declarations, node.config.status, at_ns)
    parties = sorted({party, *node.config.peers})
    known = {row["agreement"]: row for row in known_state(node)}
    return {
        "party": party,
        "purpose": purpose,
        "at_ns": at_ns,
        "parties": parties,
        "cells": [
            _cell(offers(held, giver, receiver, purpose, declared, party), party)
            for giver in parties
            for receiver in parties
            if giver != receiver
        ],
        "agreements": [
            {
                "file": file,
                **known[agreement.agreement_id],
                "in_force_until": _instant(agreement.in_force_until_ns),
                "ends": _instant(declared.ends_ns(agreement)),
                "state": _state(agreement, at_ns, ended=declared.ended(agreement)),
                "suspended": [
                    {"party": who, "about": about}
                    for who, about in sorted(declared.suspensions)
                    if about.split("#", maxsplit=1)[0] == agreement.agreement_id
                ],
                "internal": not _between(agreement, parties),
                "clauses": [_clause(file, clause) for clause in agreement.clauses],
            }
            for file, agreement in _newest(held).items()
        ],
    }


def shown_text(node: "Node", name: str) -> dict[str, Any]:
    """The newest version of an agreement as a text in every language there is, clause by clause.

    Raises:
        UsageError: this party has no agreement of that name.
    """
    for agreement in _newest(own_agreements(node)).values():
        if agreement.agreement_id == name:
            digest = agreement_digest(agreement).hex()
            return {
                "agreement": name,
                "version": agreement.version,
                "texts": {
                    language: asdict(readable_parts(agreement, language, digest))
                    for language in READABLE_LANGUAGES
                },
            }
    raise UsageError(
        f"`{node.config.party}` has no agreement `{name[:80]}`: GET /agreements/matrix lists its own",
        conflict=True,
    )


def struck_history(node: "Node", struck: tuple[str, ...]) -> dict[str, Any]:
    """What would have become of all that the ledger holds, were clauses (`file#id`) not there.

    Raises:
        UsageError: no clause is named, or one that this party does not have; or the ledger is too long.
        LedgerError: a row of it cannot be read.
    """
    if not 1 <= len(set(struck)) <= STRUCK_MAX:
        raise UsageError(f"name 1 to {STRUCK_MAX} clauses to strike, each as file#id")
    held = own_agreements(node)
    after = held
    for name in dict.fromkeys(struck):
        if after.rule(name) is None:
            raise UsageError(
                f"`{node.config.party}` has no clause `{name[:80]}`: GET /agreements/matrix lists its own",
                conflict=True,
            )
        after = strike(after, name)
    entries = node.ledger.head().entries
    if entries > WHAT_IF_ENTRIES_MAX:
        raise UsageError(
            f"the ledger has {entries} entries, over {WHAT_IF_ENTRIES_MAX}: ask `trilat what-if` with it",
            conflict=True,
        )
    history = read_history(node.ledger, LabelClasses())
    changes = compare(
        history.batch, _requests(node), held, after, history.consents, history.at_ns, history.declarations
    )
    rows = [
        {
            "recipient": change.request.recipient,
            "via": change.request.via,
            **{fate.value: change.count(fate) for fate in Fate},
        }
        for change in changes
    ]
    return {"items": len(history.batch), "struck": list(dict.fromkeys(struck)), "rows": rows}


def own_agreements(node: "Node") -> AgreementSet:
    """The agreements of which a node's party is one."""
    party = node.config.party
    return AgreementSet.of(
        {file: one for file, one in node.agreements.files.items() if party in signatories(one)}
    )


def _newest(held: AgreementSet) -> dict[str, Agreement]:
    newest = held.newest()
    return {
        file: agreement
        for file, agreement in held.files.items()
        if newest[agreement.agreement_id].version == agreement.version
    }


def _between(agreement: Agreement, parties: Sequence[str]) -> bool:
    """Whether it lets one of the parties give something to another of them."""
    return any(
        giver != receiver
        for clause in agreement.clauses
        for giver in set(clause.givers).intersection(parties)
        for receiver in set(clause.receivers).intersection(parties)
    )


def _requests(node: "Node") -> list[ReleaseRequest]:
    """Each peer directly, and through each other one."""
    config = node.config
    return [
        ReleaseRequest(sender=config.party, recipient=peer, via=via, purpose=config.purpose, at_ns=0)
        for peer in config.peers
        for via in (None, *(other for other in config.peers if other != peer))
    ]


def _cell(cell: Cell, party: str) -> dict[str, Any]:
    return {
        "from": cell.giver,
        "to": cell.receiver,
        "own": party in {cell.giver, cell.receiver},
        "reason": None if cell.reason is None else cell.reason.value,
        "offers": [_offer(offer) for offer in cell.offers],
        "clauses": [rule.name for rule in cell.rules],
    }


def _offer(offer: Offer) -> dict[str, Any]:
    clause = offer.rule.clause
    return {
        "kind": offer.kind,
        "domain": offer.domain.value,
        "control": offer.is_control,
        "form": offer.form.value,
        "via": clause.via,
        "approval": clause.approval.value,
        "duties": _duties(clause),
        "situations": list(clause.situations),
        "clause": offer.rule.name,
        "agreement": offer.rule.agreement.agreement_id,
    }


def _clause(file: str, clause: Clause) -> dict[str, Any]:
    highest = clause.highest
    return {
        "id": clause.clause_id,
        "name": f"{file}#{clause.clause_id}",
        "article": clause.article,
        "effect": clause.effect.value,
        "from": list(clause.givers),
        "to": list(clause.receivers),
        "via": clause.via,
        "domains": [domain.value for domain in clause.domains],
        "kinds": list(clause.kinds),
        "form": None if clause.form is None else clause.form.value,
        "approval": clause.approval.value if clause.effect is Effect.PERMIT else Approval.NONE.value,
        "highest": None if highest is None else f"{highest.scheme} {highest.level}",
        "duties": _duties(clause),
        "situations": list(clause.situations),
        "areas": list(clause.areas),
    }


def _duties(clause: Clause) -> dict[str, Any]:
    """The duties that say something."""
    return {name: value for name, value in to_plain(clause.duties).items() if value != _NO_DUTIES[name]}


def _state(agreement: Agreement, at_ns: int, *, ended: bool) -> str:
    until_ns = agreement.in_force_until_ns
    if at_ns < agreement.in_force_from_ns:
        return "not-yet"
    if ended:
        return "ended-by-notice"
    return "ended" if until_ns is not None and at_ns >= until_ns else "in-force"


def _instant(at_ns: int | None) -> str | None:
    return None if at_ns is None else format_instant(at_ns)
