"""`cedar_questions`: one question to `decide` as the requests that Cedar is asked under an export.

A release is permitted where Cedar allows every one of them: one for each originator whose part goes into
the item. What Cedar cannot find out is a fact of the request: the rank of the level at the instant, the forms
that can be made, which consents stand, and whether the first leg to an intermediary is open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from trilat.model import (
    AnyItem,
    Approval,
    Caveat,
    Consent,
    Declaration,
    DirectionPlot,
    Duties,
    Effect,
    Form,
    Outcome,
    RadarPlot,
    Rank,
    Reason,
    Report,
    kind_of,
)
from trilat.policy.agreements import AgreementSet, Rule
from trilat.policy.areas import lies_within, may_touch
from trilat.policy.cedar import (
    CLAUSE_FACTS,
    NAMESPACE,
    NOT_FORBIDDEN,
    RELEASE,
    SHOW,
    party_entities,
    quoted,
    reference,
)
from trilat.policy.conditions import condition_failures, received_to_stay, survives
from trilat.policy.consents import Answered, answered
from trilat.policy.decide import decide
from trilat.policy.declared import DeclaredNow, declared_now
from trilat.policy.forms import makeable, without
from trilat.policy.labelled import barred_portions, level_of, portions_left_out
from trilat.policy.protection import told_in_figures
from trilat.policy.request import ReleaseRequest

_NO_DUTIES: Final = Duties()


@dataclass(frozen=True, kw_only=True)
class CedarQuestion:
    """One request in the words of Cedar's JSON interface; entities and context as plain values."""

    principal: str
    action: str
    resource: str
    context: dict[str, Any]
    entities: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one originator is asked: by which action, whose clauses, by which path."""

    action: str
    giver: str
    via: str | None


def cedar_questions(
    item: AnyItem,
    request: ReleaseRequest,
    agreements: AgreementSet,
    consents: Sequence[Consent] = (),
    declarations: Sequence[Declaration] = (),
) -> tuple[CedarQuestion, ...]:
    """The requests of one question; `decide` permits where all are allowed, but for rule 4 of the export."""
    facts = _item_facts(item, request.at_ns)
    label = item.label
    codes = {
        label.originator,
        *label.releasable_to,
        *item.provenance.originators,
        request.sender,
        request.recipient,
        *([request.via] if request.via else []),
    }
    entities = [
        *party_entities(codes),
        {"uid": reference("Item", item.item_id), "attrs": facts, "parents": []},
    ]
    staff = request.recipient.startswith(f"{request.sender}/")
    own = request.sender == label.originator
    leg_open = (
        staff
        or not own
        or request.via is None
        or _leg_is_open(item, request, agreements, consents, declarations)
    )
    declared = declared_now(declarations, item.status, request.at_ns)
    return tuple(
        CedarQuestion(
            principal=f"{NAMESPACE}::Party::{quoted(request.recipient)}",
            action=f"{NAMESPACE}::Action::{quoted(asked.action)}",
            resource=f"{NAMESPACE}::Item::{quoted(item.item_id)}",
            context={
                "at": request.at_ns,
                "purpose": request.purpose,
                "sender": _entity(request.sender),
                "giver": _entity(asked.giver),
                **({} if asked.via is None else {"via": _entity(asked.via)}),
                "detour": request.via is not None and (staff or not own),
                "leg_open": leg_open,
                **_clause_facts(item, asked, request, agreements, declared),
                "granted": list(_granted(item, asked, request, agreements, consents)),
                "originator_controls": asked.via is not None
                and asked.giver == label.originator
                and Caveat.ORIGINATOR_CONTROL in label.caveats,
            },
            entities=entities,
        )
        for asked in _asked(item, request, staff=staff)
    )


def _asked(item: AnyItem, request: ReleaseRequest, *, staff: bool) -> tuple[_Asked, ...]:
    """Rules 4, 6 and 10 of `decide`: whose clauses, by which path."""
    originator = item.label.originator
    makers = tuple(dict.fromkeys((originator, *item.provenance.originators)))
    if staff:
        own = _Asked(SHOW, request.sender, None)
        others = (maker for maker in makers if maker not in {request.sender, request.recipient})
        return own, *(_Asked(NOT_FORBIDDEN, maker, request.sender) for maker in others)
    passing_on = request.sender != originator
    first = _Asked(RELEASE, originator, request.sender if passing_on else request.via)
    return first, *(
        _Asked(RELEASE, maker, None if maker == request.sender else request.sender)
        for maker in makers
        if maker not in {originator, request.recipient}
    )


def _leg_is_open(
    item: AnyItem,
    request: ReleaseRequest,
    agreements: AgreementSet,
    consents: Sequence[Consent],
    declarations: Sequence[Declaration],
) -> bool:
    leg = ReleaseRequest(
        sender=request.sender,
        recipient=request.via or request.recipient,
        purpose=request.purpose,
        at_ns=request.at_ns,
    )
    return decide(item, leg, agreements, consents, declarations).outcome is not Outcome.WITHHOLD


def _granted(
    item: AnyItem,
    asked: _Asked,
    request: ReleaseRequest,
    agreements: AgreementSet,
    consents: Sequence[Consent],
) -> tuple[str, ...]:
    """The clauses, by full name, for which a consent stands."""
    direction = agreements.direction(asked.giver, request.recipient, item.domain, kind_of(item))
    return tuple(
        rule.name
        for rule in direction.permits
        if answered(
            item,
            asked.giver,
            request.recipient,
            asked.via,
            rule.consent_name,
            request.at_ns,
            consents,
            two_person=rule.clause.approval is Approval.TWO_PERSON,
        )[0]
        is Answered.GRANTED
    )


def _clause_facts(
    item: AnyItem, asked: _Asked, request: ReleaseRequest, agreements: AgreementSet, declared: DeclaredNow
) -> dict[str, list[str]]:
    """The facts about clauses that `conditions` finds out: each the full names of those of which it holds."""
    giver, via, recipient = asked.giver, asked.via, request.recipient
    direction = agreements.direction(giver, recipient, item.domain, kind_of(item))
    legs = () if via is None else agreements.direction(giver, via, item.domain, kind_of(item)).permits
    stays = any(
        leg.speaks(request.at_ns, request.purpose)
        and not declared.ended(leg.agreement)
        and received_to_stay(leg, giver, recipient, declared)
        for leg in legs
    )
    barred = _barred(item, request)
    facts: dict[str, list[str]] = {name: [] for name in CLAUSE_FACTS}
    for rule in (*direction.permits, *direction.forbids):
        forbids = rule.clause.effect is Effect.FORBID
        failed = condition_failures(rule, item, giver, recipient, via, declared)
        holds = {
            "ended": declared.ended(rule.agreement),
            "surviving": forbids and survives(rule, item, via, request.purpose, declared),
            "in_area": may_touch(item, rule.regions) if forbids else lies_within(item, rule.regions),
            "declared": declared.holds(rule, rule.clause.situations, giver),
            "suspended": Reason.GIVING_SUSPENDED in failed,
            "kept_from_going_on": stays or Reason.ONWARD_NOT_ALLOWED in failed,
            "emptied": _is_emptied(item, rule, barred, request.at_ns),
            "in_figures": told_in_figures(_going(item, rule, barred, request.at_ns)),
        }
        for name in CLAUSE_FACTS:
            if holds[name]:
                facts[name].append(rule.name)
    return facts


def _barred(item: AnyItem, request: ReleaseRequest) -> frozenset[str]:
    """The portions that no clause can let go this way."""
    sender, recipient, via = request.sender, request.recipient, request.via
    staff = recipient.startswith(f"{sender}/")
    way = (sender,) if staff else (sender, recipient, via)
    passed_on = not staff and (via is not None or sender != item.label.originator)
    return barred_portions(item.label, request.at_ns, way, passed_on=passed_on)


def _going(item: AnyItem, rule: Rule, barred: frozenset[str], at_ns: int) -> AnyItem:
    """The item without the portions that may not go under the clause."""
    if not item.label.portions:
        return item
    return without(item, portions_left_out(item.label, barred, rule.clause, rule.rank_max(at_ns), at_ns))


def _is_emptied(item: AnyItem, rule: Rule, barred: frozenset[str], at_ns: int) -> bool:
    """Whether the clause's form can be made of the item, and not of what may go of it."""
    form = rule.clause.form
    if form is None or not item.label.portions or not makeable(item, form, _NO_DUTIES):
        return False
    return not makeable(_going(item, rule, barred, at_ns), form, _NO_DUTIES)


def _item_facts(item: AnyItem, at_ns: int) -> dict[str, Any]:
    label = item.label
    level = level_of(label, kind_of(item), at_ns)
    observation = item.observation if isinstance(item, Report) else None
    return {
        "originator": _entity(label.originator),
        "releasable_to": [_entity(code) for code in label.releasable_to],
        "domain": item.domain.value,
        "kind": kind_of(item),
        "status": item.status.value,
        "level_known": level is not None,
        "never_leaves": level is not None and level.never_leaves,
        "rank": int(Rank.TOP_SECRET if level is None else level.rank),
        "created": label.created_ns,
        **({} if label.expires_ns is None else {"expires": label.expires_ns}),
        "restrictive": list(label.restrictive),
        "restrictive_count": len(label.restrictive),
        "permissive": list(label.permissive),
        "permissive_count": len(label.permissive),
        "forms": [form.value for form in Form if makeable(item, form, _NO_DUTIES)],
        "plot": isinstance(observation, RadarPlot | DirectionPlot),
    }


def _entity(code: str) -> dict[str, dict[str, str]]:
    return {"__entity": reference("Party", code)}
