"""`condition_of`: the figures of a running node, read on its own thread, and what of them is wrong."""

from collections import defaultdict
from typing import Any, Final, Protocol

from trilat.link import LinkState, TrustStore, Unanswered
from trilat.node.condition import (
    Condition,
    KeyFigures,
    LedgerFigures,
    PartnerFigures,
    TreeAgreement,
    TreeFigures,
)
from trilat.node.known_state import known_state, known_troubles
from trilat.node.node import Node
from trilat.node.storage import Storage
from trilat.node.tree_records import Finding
from trilat.node.trees import StreamTree
from trilat.node.troubles import troubles
from trilat.node.trust_health import trust_troubles

_Findings = dict[tuple[str, bool], list[tuple[Finding, int]]]
"""By partner, and whether it is the stream to it."""

_FINDINGS_MAX: Final = 12


class Links(Protocol):
    """What is asked of the transport beyond sending: whether a partner can be heard."""

    def is_up(self, peer: str) -> bool:
        """Whether a partner was heard just now."""
        ...

    def heard_s(self, peer: str) -> float | None:
        """Seconds since a partner was heard; None if never."""
        ...

    def round_trip_s(self, peer: str) -> float | None:
        """There and back, seconds; None if unknown."""
        ...

    def states(self, peer: str, unanswered: Unanswered) -> tuple[LinkState, ...]:
        """How each way to a partner is."""
        ...

    def sentence(self, peer: str, unanswered: Unanswered) -> str:
        """The same in one sentence, with what to do where something is wrong."""
        ...


def condition_of(
    node: Node,
    links: Links | None,
    storage: Storage,
    wall_ns: int,
    *,
    problem: str | None = None,
    behind_s: float = 0.0,
) -> Condition:
    """How a node is now, with what is wrong."""
    findings = _findings(node)
    condition = Condition(
        party=node.config.party,
        status=node.config.status,
        at_ns=node.clock.now_ns(),
        wall_ns=wall_ns,
        alerts=[],
        own_keys=_keys(node.trusting.store, node.config.party, None),
        partners=[_partner(node, peer, links, findings) for peer in node.config.peers],
        ledger=_ledger(node, storage),
    )
    found = trust_troubles(node) + known_troubles(known_state(node), node.config.party)
    waits = (node.resuming.trouble(peer) for peer in node.config.peers)
    found += [told for told in waits if told is not None]
    told = [(finding, peer, at_ns) for (peer, _), listed in findings.items() for finding, at_ns in listed]
    condition.alerts.extend(troubles(condition, found, told, problem=problem, behind_s=behind_s))
    return condition


def link_row(node: Node, links: Links | None, peer: str) -> dict[str, Any]:
    """A link in the node's state, as JSON values."""
    heard_s = None if links is None else links.heard_s(peer)
    health = "" if links is None else links.sentence(peer, node.overdue.of(peer))
    return {
        "up": links is not None and links.is_up(peer),
        "heard_s": None if heard_s is None else round(heard_s, 3),
        "health": "; ".join(line for line in (health, node.resuming.sentence(peer)) if line),
        "sent": node.endpoint.next_sequence(peer) - 1,
        "acknowledged": node.endpoint.acknowledged(peer),
        "waiting": node.exchange.waiting(peer),
        "received": node.holdings.by_sender.get(peer, 0),
        "withheld": len(node.exchange.withheld[peer]),
    }


def _findings(node: Node) -> _Findings:
    listed: _Findings = defaultdict(list)
    for finding, name, at_ns in node.witness.findings():
        sent = name.sender == node.config.party
        listed[name.recipient if sent else name.sender, sent].append((finding, at_ns))
    return listed


def _partner(node: Node, peer: str, links: Links | None, findings: _Findings) -> PartnerFigures:
    endpoint, waited = node.endpoint, node.overdue.of(peer)
    cursors = [cursor for (sender, _), cursor in endpoint.cursors().items() if sender == peer]
    state = node.trusting.store.state(node.config.party)
    holds = None if state is None else node.trusting.held_by(peer) >= state.version
    return PartnerFigures(
        party=peer,
        link=[] if links is None else list(links.states(peer, waited)),
        up=links is not None and links.is_up(peer),
        heard_s=None if links is None else links.heard_s(peer),
        round_trip_s=None if links is None else links.round_trip_s(peer),
        sent=endpoint.next_sequence(peer) - 1,
        acknowledged=endpoint.acknowledged(peer),
        unanswered=waited.count,
        lag_s=waited.since_s if waited.count else 0.0,
        waiting=node.exchange.waiting(peer),
        received=node.holdings.by_sender.get(peer, 0),
        cursor=max(cursors, default=0),
        keys=_keys(node.trusting.store, peer, holds),
        sent_tree=_tree(node.witness.trees.between(peer, sent=True), findings.get((peer, True), [])),
        received_tree=_tree(node.witness.trees.between(peer, sent=False), findings.get((peer, False), [])),
    )


def _keys(store: TrustStore, party: str, holds_ours: bool | None) -> KeyFigures:  # noqa: FBT001 - a figure
    known = party in store
    state = store.state(party) if known else None
    told = state.fingerprint if state is not None else store.pin(party).fingerprint if known else ""
    retired = () if state is None else state.retired
    return KeyFigures(
        party=party,
        known_by="root" if state is not None else "card" if known else "nothing",
        in_force=known and store.why_not(party) is None,
        fingerprint=told,
        version=0 if state is None else state.version,
        ends_ns=None if state is None else state.ends_ns,
        retired=len(retired),
        revoked=sum(key.revoked for key in retired),
        holds_ours=holds_ours,
    )


def _tree(tree: StreamTree | None, findings: list[tuple[Finding, int]]) -> TreeFigures:
    size = 0 if tree is None else tree.size
    witnessed = None if tree is None else tree.witnessed
    agreed = 0 if witnessed is None else witnessed.head.size
    contradicts = any(finding is not Finding.MISSING for finding, _ in findings)
    agreement = TreeAgreement.AGREES
    if contradicts:
        agreement = TreeAgreement.FORK
    elif size == 0:
        agreement = TreeAgreement.NOTHING
    elif agreed == 0:
        agreement = TreeAgreement.UNSIGNED
    elif agreed < size:
        agreement = TreeAgreement.BEHIND
    return TreeFigures(
        agreement=agreement,
        parcels=size,
        witnessed=agreed,
        witnessed_ns=None if witnessed is None else witnessed.head.at_ns,
        findings=list(dict.fromkeys(finding.value for finding, _ in findings))[:_FINDINGS_MAX],
    )


def _ledger(node: Node, storage: Storage) -> LedgerFigures:
    repairs = node.repairs
    return LedgerFigures(
        entries=node.ledger.head().entries,
        examined=repairs.examined,
        passes=repairs.passes,
        damaged=repairs.wanted,
        lost=repairs.lost,
        size_bytes=storage.size_bytes,
        free_bytes=storage.free_bytes,
        backup_ns=storage.backup_ns,
        backup_entries=storage.backup_entries,
    )
