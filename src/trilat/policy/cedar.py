"""`export_cedar`: agreements as Cedar policies, schema and entities, for auditors who know that language.

Rules
1. One policy for each clause, with the clause's full name as `@id`, and one for each thing that a label must
   say. Cedar denies what nothing permits and a `forbid` wins, as here.
2. Cedar has no geometry, no scheme tables and no forms. What these give for one item at one instant are facts
   of the request, which `cedar_questions` makes: the rank, the forms, the consents that stand, the clauses
   whose area, situation or onward rule is met.
3. A release is permitted where Cedar allows every request of its question.
4. Not expressed: which of several clauses is chosen, form and duties of the copy, the reasons, whether a
   refusal waits for a person, and whether the forms of several originators, or of both legs of a path, can be
   met together.

Cedar skips a policy that errs, even a `forbid`. The schema is strict so that none can; still, an error in
Cedar's answer must be taken for a refusal. Reference: the Cedar policy language, version 4.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from trilat.model import SCHEMES, Approval, Classification, Effect, Form, OnwardRule, Rank
from trilat.policy.agreements import AgreementSet, Rule
from trilat.policy.protection import coarsened

NAMESPACE: Final = "Trilat"
RELEASE: Final = "release"
"""To another party."""

SHOW: Final = "show"
"""To a party's own staff."""

NOT_FORBIDDEN: Final = "not-forbidden"
"""Allowed wherever no clause forbids: all that other originators of a shown item are asked."""

CLAUSE_FACTS: Final = (
    "ended",
    "surviving",
    "in_area",
    "declared",
    "suspended",
    "kept_from_going_on",
    "emptied",
    "in_figures",
)
"""Sets of clauses, by full name, of which a request says: its agreement has ended by notice; it outlives its
agreement; the item's place is covered; its situation is declared; its giver, or the intermediary, has
suspended it; an onward rule keeps the item with the intermediary; the portions of the label that may not go
under it leave too little for its form; what may go under it is words that hold figures."""

_ANY: Final = "principal, action, resource"
_GIVING: Final = (
    f'principal, action in [{NAMESPACE}::Action::"{RELEASE}", {NAMESPACE}::Action::"{SHOW}"], resource'
)
_RELEASING: Final = f'principal, action == {NAMESPACE}::Action::"{RELEASE}", resource'
_SHOWING: Final = f'principal, action == {NAMESPACE}::Action::"{SHOW}", resource'

_LABEL_POLICIES: Final = (
    ("label-unknown", _GIVING, "!resource.level_known"),
    ("level-never-leaves", _GIVING, "resource.never_leaves"),
    ("label-from-the-future", _GIVING, "context.at < resource.created"),
    ("label-expired", _GIVING, "resource has expires && resource.expires <= context.at"),
    (
        "sender-not-holder",
        _GIVING,
        "context.sender != resource.originator && !resource.releasable_to.contains(context.sender)",
    ),
    ("recipient-is-originator", _GIVING, "principal == resource.originator"),
    ("not-releasable-to", _RELEASING, "!resource.releasable_to.contains(principal)"),
    (
        "not-releasable-to-staff",
        _SHOWING,
        (
            "context.sender != resource.originator && !resource.releasable_to.contains(principal) && "
            "!resource.releasable_to.contains(context.sender)"
        ),
    ),
    ("path-not-allowed", _GIVING, "context.detour"),
    ("leg-withheld", _GIVING, "!context.leg_open"),
)
"""What forbids whatever clauses say: id, scope, condition."""


@dataclass(frozen=True, kw_only=True)
class CedarExport:
    """Policies in Cedar's own syntax, schema and entities as JSON texts."""

    policies: str
    schema: str
    entities: str


def export_cedar(agreements: AgreementSet) -> CedarExport:
    """All clauses of a set of agreements, of any time, with what they need to be evaluated and checked."""
    parts = [_HEADER, *(_policy("forbid", *policy) for policy in _LABEL_POLICIES)]
    parts.append(
        _policy(
            "permit", NOT_FORBIDDEN, f"principal, action == {_uid('Action', NOT_FORBIDDEN)}, resource", ""
        )
    )
    parts += [_clause_policy(rule) for rule in agreements.rules]
    codes = {code for agreement in agreements.files.values() for code in agreement.parties}
    return CedarExport(
        policies="\n".join(parts),
        schema=json.dumps(cedar_schema(), indent=2) + "\n",
        entities=json.dumps(party_entities(codes), indent=2) + "\n",
    )


_HEADER: Final = """\
// Made from agreement files by `trilat agreement export --cedar`; change those, not this.
// Instants are UTC nanoseconds; ranks go from 0 (unclassified) to 3.
"""


def _policy(effect: str, name: str, scope: str, condition: str, article: str = "") -> str:
    notes = f"@article({quoted(article)})\n" if article else ""
    when = f"\nwhen {{\n  {condition}\n}}" if condition else ""
    return f"@id({quoted(name)})\n{notes}{effect} ({scope}){when};\n"


def _clause_policy(rule: Rule) -> str:
    clause = rule.clause
    conditions = " &&\n  ".join(_conditions(rule))
    if clause.effect is Effect.FORBID:
        return _policy("forbid", rule.name, _ANY, conditions, clause.article)
    return _policy("permit", rule.name, _GIVING, conditions, clause.article)


def _conditions(rule: Rule) -> Iterator[str]:
    """What must hold for a clause to cover a request; never empty."""
    clause = rule.clause
    permits = clause.effect is Effect.PERMIT
    speaks = f"({_between(rule.from_ns, rule.until_ns)} && !{_fact('ended', rule)})"
    yield speaks if permits else f"({speaks} || {_fact('surviving', rule)})"
    yield f"{_words(rule.purposes)}.contains(context.purpose)"
    yield f"{_words(domain.value for domain in clause.domains)}.contains(resource.domain)"
    yield f"{_words(clause.kinds)}.contains(resource.kind)"
    if clause.areas:
        yield _fact("in_area", rule)
    if clause.situations:
        yield _fact("declared", rule)
    if clause.statuses:
        yield f"{_words(status.value for status in clause.statuses)}.contains(resource.status)"
    if permits:
        yield f"{_parties(clause.givers)}.contains(context.giver)"
        yield f"{_parties(clause.receivers)}.contains(principal)"
        yield from _permit_conditions(rule)
    else:
        # A prohibition on a party is one on its staff: `in` follows the hierarchy of entities.
        yield f"context.giver in {_parties(clause.givers)}"
        yield f"principal in {_parties(clause.receivers)}"
        if clause.via is not None:
            yield f"context has via && context.via == {_uid('Party', clause.via)}"
        if clause.categories:
            held = _words(clause.categories)
            yield f"({held}.containsAny(resource.restrictive) || {held}.containsAny(resource.permissive))"


def _permit_conditions(rule: Rule) -> Iterator[str]:
    clause = rule.clause
    if clause.via is None:
        yield "!(context has via)"
    elif rule.onward is OnwardRule.NEVER:
        yield "false"
    else:
        yield f"context has via && context.via == {_uid('Party', clause.via)}"
        yield f"!{_fact('kept_from_going_on', rule)}"
    yield f"!{_fact('suspended', rule)}"
    yield _level(clause.highest)
    if clause.categories:
        held = _words(clause.categories)
        yield f"{held}.containsAll(resource.restrictive)"
        yield f"(resource.permissive_count == 0 || {held}.containsAny(resource.permissive))"
    else:
        yield "resource.restrictive_count == 0 && resource.permissive_count == 0"
    yield from _form(rule)
    yield f"!{_fact('emptied', rule)}"
    yield _approval(rule)


def _level(highest: Classification | None) -> str:
    """A level covers its rank while its scheme has it, and unclassified items at other times."""
    if highest is None:
        return f"resource.rank <= {int(Rank.UNCLASSIFIED)}"
    known = [level for level in SCHEMES.get(highest.scheme, ()) if level.level == highest.level]
    windows = (
        f"({_between(level.from_ns, level.until_ns)} && resource.rank <= {int(level.rank)})"
        for level in known
    )
    return f"({' || '.join((*windows, f'resource.rank <= {int(Rank.UNCLASSIFIED)}'))})"


def _form(rule: Rule) -> Iterator[str]:
    """That the form can be made: no report's time can be rounded, no plot's position rounded or covered, no
    sensor's own words hidden, no words coarsened that hold figures.
    """
    clause, duties = rule.clause, rule.clause.duties
    if clause.form is not None:
        yield f"resource.forms.contains({quoted(clause.form.value)})"
    if duties.round_time_s:
        yield 'resource.kind != "report"'
    if duties.round_position_m or duties.round_velocity_m_per_s or duties.cover_m:
        yield "!resource.plot"
    if clause.form in {Form.MEASUREMENTS, Form.TRACKLETS} and (duties.sigma_class_m or duties.tear_line):
        yield 'resource.kind != "report" && resource.kind != "track"'
    if coarsened(duties):
        yield f"!{_fact('in_figures', rule)}"


def _approval(rule: Rule) -> str:
    granted = _fact("granted", rule)
    if rule.clause.approval is not Approval.NONE:
        return granted
    return f"(!context.originator_controls || {granted})"


def _between(from_ns: int, until_ns: int) -> str:
    return f"context.at >= {from_ns} && context.at < {until_ns}"


def _fact(name: str, rule: Rule) -> str:
    """That a clause is among those of which the request says so."""
    return f"context.{name}.contains({quoted(rule.name)})"


def _uid(kind: str, name: str) -> str:
    return f"{NAMESPACE}::{kind}::{quoted(name)}"


def _parties(codes: Iterable[str]) -> str:
    return f"[{', '.join(_uid('Party', code) for code in codes)}]"


def _words(words: Iterable[str]) -> str:
    return f"[{', '.join(quoted(word) for word in words)}]"


def quoted(text: str) -> str:
    """A Cedar string literal: quotation marks and backslashes escaped, and what cannot be printed."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_printable(character) for character in plain) + '"'


def _printable(character: str) -> str:
    return character if character.isprintable() else rf"\u{{{ord(character):x}}}"


def reference(kind: str, name: str) -> dict[str, str]:
    """An entity by type and id, as Cedar's JSON has it."""
    return {"type": f"{NAMESPACE}::{kind}", "id": name}


def party_entities(codes: Iterable[str]) -> list[dict[str, Any]]:
    """Parties and staff as entities; a member of staff is in its party."""
    known = {part for code in codes for part in (code, code.split("/", maxsplit=1)[0])}
    return [
        {
            "uid": reference("Party", code),
            "attrs": {},
            "parents": [reference("Party", code.split("/", maxsplit=1)[0])] if "/" in code else [],
        }
        for code in sorted(known)
    ]


def cedar_schema() -> dict[str, Any]:
    """The schema that every policy, entity and request of an export obeys, in Cedar's JSON form."""
    party = {"type": "Entity", "name": "Party"}
    text, number, truth = {"type": "String"}, {"type": "Long"}, {"type": "Boolean"}
    parties, texts = {"type": "Set", "element": party}, {"type": "Set", "element": text}
    item = {
        "originator": party,
        "releasable_to": parties,
        "domain": text,
        "kind": text,
        "status": text,
        "level_known": truth,
        "never_leaves": truth,
        "rank": number,
        "created": number,
        "expires": {**number, "required": False},
        "restrictive": texts,
        "restrictive_count": number,
        "permissive": texts,
        "permissive_count": number,
        "forms": texts,
        "plot": truth,
    }
    context = {
        "at": number,
        "purpose": text,
        "sender": party,
        "giver": party,
        "via": {**party, "required": False},
        "detour": truth,
        "leg_open": truth,
        "granted": texts,
        **dict.fromkeys(CLAUSE_FACTS, texts),
        "originator_controls": truth,
    }
    applies = {
        "principalTypes": ["Party"],
        "resourceTypes": ["Item"],
        "context": {"type": "Record", "attributes": context},
    }
    return {
        NAMESPACE: {
            "entityTypes": {
                "Party": {"memberOfTypes": ["Party"]},
                "Item": {"shape": {"type": "Record", "attributes": item}},
            },
            "actions": {name: {"appliesTo": applies} for name in (RELEASE, SHOW, NOT_FORBIDDEN)},
        }
    }
