"""`troubles`: what is wrong with a node, out of its figures alone; the one place that decides it.

The same figures always give the same list, worst first. Troubles of keys and agreements are found where keys
and agreements are (`trust_health`, `known_state`) and handed in; all others are found here.
"""

from collections.abc import Iterable
from typing import Final

from trilat.link import LinkCode
from trilat.model import SECOND_NS, Status
from trilat.node.condition import Condition, LedgerFigures, PartnerFigures
from trilat.node.tree_records import Finding
from trilat.node.trouble import Severity, Trouble, TroubleCode, link_trouble, trouble

BEHIND_S: Final = 10.0
"""A node that is so late is told; ten times as late is severe."""

DISK_LOW_BYTES: Final = 2_000_000_000
DISK_FULL_BYTES: Final = 200_000_000
BACKUP_AGE_NS: Final = 24 * 3_600 * SECOND_NS
"""An older backup of a real node is told. An exercise needs none."""

FINDING_SEVERE_NS: Final = 7 * 24 * 3_600 * SECOND_NS
"""Evidence stays for good. After so long without anything new people have spoken, or never will."""

_WELL: Final = frozenset({LinkCode.CONNECTED, LinkCode.NOT_LINKED, LinkCode.DIRECT})
_WORKS: Final = frozenset({LinkCode.CLOCK_AHEAD, LinkCode.CLOCK_BEHIND})
_FINDINGS: Final = {
    Finding.FORKED: TroubleCode.TREE_FORKED,
    Finding.ROLLED_BACK: TroubleCode.TREE_ROLLED_BACK,
    Finding.DENIED: TroubleCode.TREE_DENIED,
    Finding.BEYOND: TroubleCode.TREE_BEYOND,
    Finding.DIFFERS: TroubleCode.TREE_DIFFERS,
    Finding.MISSING: TroubleCode.TREE_MISSING,
}
_ORDER: Final = list(Severity)


def troubles(
    condition: Condition,
    found: Iterable[Trouble] = (),
    findings: Iterable[tuple[Finding, str, int]] = (),
    *,
    problem: str | None = None,
    behind_s: float = 0.0,
) -> list[Trouble]:
    """What is wrong, worst first.

    Args:
        condition: the figures; its `alerts` are not looked at.
        found: what is wrong with keys, agreements and partners' answers.
        findings: contradictions, with which partner, and when they were found, UTC ns.
        problem: why the node has stopped; None while it works.
        behind_s: how late its work is.
    """
    listed = [*_of_node(condition, problem, behind_s), *_of_ledger(condition), *found]
    for partner in condition.partners:
        listed += _of_partner(partner)
    for finding, party, at_ns in findings:
        fresh = condition.at_ns - at_ns < FINDING_SEVERE_NS
        severity = Severity.SEVERE if fresh else Severity.ATTENTION
        listed.append(trouble(_FINDINGS[finding], severity, party, since_ns=at_ns))
    return sorted(listed, key=lambda told: _ORDER.index(told.severity))


def _of_node(condition: Condition, problem: str | None, behind_s: float) -> Iterable[Trouble]:
    if problem is not None:
        yield trouble(TroubleCode.STOPPED, Severity.SEVERE, condition.party, problem=problem[:200])
    if behind_s >= BEHIND_S:
        severity = Severity.SEVERE if behind_s >= 10 * BEHIND_S else Severity.ATTENTION
        yield trouble(TroubleCode.BEHIND, severity, condition.party, seconds=round(behind_s, 1))


def _of_ledger(condition: Condition) -> Iterable[Trouble]:
    ledger, party = condition.ledger, condition.party
    if ledger.lost:
        yield trouble(TroubleCode.LEDGER_LOST, Severity.SEVERE, party, count=ledger.lost)
    if ledger.damaged:
        yield trouble(TroubleCode.LEDGER_DAMAGED, Severity.SEVERE, party, count=ledger.damaged)
    free = ledger.free_bytes
    if free is not None and free < DISK_LOW_BYTES:
        severity = Severity.SEVERE if free < DISK_FULL_BYTES else Severity.ATTENTION
        yield trouble(TroubleCode.DISK_LOW, severity, party, free_mb=round(free / 1e6))
    if condition.status is Status.REAL:
        yield from _of_backup(ledger, party, condition.wall_ns)


def _of_backup(ledger: LedgerFigures, party: str, wall_ns: int) -> Iterable[Trouble]:
    if ledger.backup_ns is None:
        yield trouble(TroubleCode.BACKUP_NONE, Severity.ATTENTION, party)
    elif wall_ns - ledger.backup_ns >= BACKUP_AGE_NS:
        hours = (wall_ns - ledger.backup_ns) // (3_600 * SECOND_NS)
        yield trouble(TroubleCode.BACKUP_OLD, Severity.ATTENTION, party, hours=hours)


def _of_partner(partner: PartnerFigures) -> Iterable[Trouble]:
    if partner.keys.known_by == "nothing":
        yield trouble(TroubleCode.KEYS_UNKNOWN, Severity.SEVERE, partner.party)
    stands_in = any(state.code is LinkCode.DIRECT for state in partner.link)
    for state in partner.link:
        if state.code not in _WELL:
            works = stands_in or state.code in _WORKS
            yield link_trouble(state, Severity.ATTENTION if works else Severity.SEVERE)
