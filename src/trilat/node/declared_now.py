"""`shown_declared`: what parties have declared and what could be, as plain values for the release desk.

Instants are of the clock: what is declared in the time of deciding is told as when it was said.
"""

from trilat.model import SECOND_NS, Declaration, Declared, Effect
from trilat.node.node import Node
from trilat.node.shown import Plain
from trilat.node.shown_terms import shown_clause
from trilat.policy import Rule, declared_now


def shown_declared(node: Node) -> Plain:
    """Declarations that stand, emergency clauses with their clocks, and what this party can declare."""
    at_ns = node.heads.deciding_ns(node.clock.now_ns())
    stands = declared_now(node.exchange.declarations, node.config.status, at_ns)
    standing: list[Plain] = []
    for declared, found in (
        (Declared.SITUATION, stands.situations),
        (Declared.SUSPENSION, stands.suspensions),
        (Declared.NOTICE, stands.notices),
    ):
        for (party, about), since_ns in found.items():
            said = _newest(node, declared, party, about)
            standing.append(
                {
                    "declared": declared.value,
                    "party": party,
                    "about": about,
                    "since_ns": since_ns - node.config.decision_shift_ns,
                    "until_ns": _until_ns(node, said),
                    "officer": None if said is None else said.officer,
                }
            )
    rules = [rule for rule in node.agreements.rules if rule.from_ns <= at_ns < rule.until_ns]
    return {
        "declared": sorted(standing, key=lambda one: (one["declared"], one["party"], one["about"])),
        "emergency": [_emergency(node, rule, standing) for rule in rules if rule.clause.situations],
        "agreements": _agreements(node, rules),
    }


def _newest(node: Node, declared: Declared, party: str, about: str) -> Declaration | None:
    said = [
        one
        for one in node.exchange.declarations
        if (one.declared, one.label.originator, one.about) == (declared, party, about)
    ]
    return max(said, key=lambda one: (one.valid_ns, one.version), default=None)


def _until_ns(node: Node, said: Declaration | None) -> int | None:
    if said is None or said.until_ns is None:
        return None
    return said.until_ns - node.config.decision_shift_ns


def _emergency(node: Node, rule: Rule, standing: list[Plain]) -> Plain:
    """A clause that speaks only in a situation, and until when it speaks now."""
    clause = rule.clause
    believed = clause.declared_by or clause.givers
    ends = [
        _ends_ns(one, clause.situation_max_s * SECOND_NS)
        for one in standing
        if one["declared"] == Declared.SITUATION.value
        and one["about"] in clause.situations
        and one["party"] in believed
    ]
    return {
        **shown_clause(node, rule.name),
        "permits": clause.effect is Effect.PERMIT,
        "situations": list(clause.situations),
        "believed": list(believed),
        "domain": clause.domains[0].value,
        "givers": list(clause.givers),
        "receivers": list(clause.receivers),
        "kinds": list(clause.kinds),
        "form": None if clause.form is None else clause.form.value,
        "max_s": clause.situation_max_s or None,
        "open": bool(ends),
        "open_until_ns": max((end for end in ends if end is not None), default=None),
    }


def _ends_ns(one: Plain, box_ns: int) -> int | None:
    """When a clause that a situation opened closes; None where it does not close by itself."""
    ends = [one["until_ns"], one["since_ns"] + box_ns if box_ns else None]
    return min((end for end in ends if end is not None), default=None)


def _is_with_others(rule: Rule, party: str) -> bool:
    """Whether an agreement is with somebody beyond the own staff."""
    return any(code.partition("/")[0] != party for code in rule.agreement.parties)


def _agreements(node: Node, rules: list[Rule]) -> list[Plain]:
    """What this party can suspend, or give notice of."""
    own = {
        rule.agreement.agreement_id: rule
        for rule in rules
        if node.config.party in rule.agreement.parties and _is_with_others(rule, node.config.party)
    }
    return [
        {
            "agreement": name,
            "version": rule.agreement.version,
            "title": rule.agreement.title,
            "parties": list(rule.agreement.parties),
            "notice_days": rule.agreement.notice_days,
            "domain": rule.clause.domains[0].value,
            "clauses": [
                {"clause": one.consent_name, "article": one.clause.article, "note": one.clause.note}
                for one in rules
                if one.agreement.agreement_id == name and node.config.party in one.clause.givers
            ],
        }
        for name, rule in sorted(own.items())
    ]
