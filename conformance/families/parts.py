"""What the families of cases are made of: one base, changes to it, and answers stated by hand.

A case is the base with a JSON Merge Patch (RFC 7386) on it: it shows what differs and nothing else. Clauses
and consents stand in objects by their names, so that a change reaches one of them; their order says nothing.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]

SECOND_NS: Final = 1_000_000_000
DAY_NS: Final = 86_400 * SECOND_NS
NOW_NS: Final = 1_705_276_800 * SECOND_NS
"""2024-01-15T00:00:00Z, when the base is asked."""

FACTOR: Final = [
    50_000_000 if row == column and row < 3 else 500_000 if row == column else 0
    for row in range(6)
    for column in range(row + 1)
]
STATE: Final[Json] = {
    "epoch_ns": NOW_NS,
    "position_mm": [-3_000_123_457, 3_900_765_433, 4_100_111_111],
    "velocity_mm_per_s": [1_234_567, -2_345_678, 3_456_789],
    "covariance_factor": FACTOR,
}
EQUIVALENT: Final[Json] = {"kind": "equivalent", "kinematics": STATE}
ITEM: Final[Json] = {
    "kind": "track",
    "item_id": "JPN/track/1",
    "version": 1,
    "subject": "object-1",
    "domain": "missile",
    "status": "simulated",
    "valid_ns": NOW_NS - SECOND_NS,
    "label": {
        "originator": "JPN",
        "classification": {"scheme": "JPN", "level": "GOKUHI"},
        "releasable_to": ["KOR", "USA"],
        "created_ns": NOW_NS - SECOND_NS,
    },
    "provenance": {"originators": ["JPN"]},
    "state": STATE,
    "tracklets": [STATE],
}
CLAUSE: Final[Json] = {
    "article": "Article 1",
    "effect": "permit",
    "domains": ["missile"],
    "kinds": ["track"],
    "givers": ["JPN"],
    "receivers": ["KOR"],
    "highest": {"scheme": "JPN", "level": "GOKUHI"},
    "form": "tracks",
}
AGREEMENT: Final[Json] = {
    "agreement_id": "pact",
    "version": 1,
    "title": "made up",
    "parties": ["JPN", "KOR", "USA"],
    "in_force_from_ns": NOW_NS - 365 * DAY_NS,
    "purposes": ["missile-warning"],
    "onward": "with-consent",
}
TRACKS: Final = "pact.toml#tracks"
HUB: Final = "pact.toml#hub"
LEG: Final = "pact.toml#leg"
CONSENT: Final[Json] = {
    "kind": "consent",
    "item_id": "JPN/consent/1",
    "version": 1,
    "subject": "approval-1",
    "domain": "missile",
    "status": "simulated",
    "valid_ns": NOW_NS - SECOND_NS,
    "label": {
        "originator": "JPN",
        "classification": {"scheme": "JPN", "level": "HI"},
        "created_ns": NOW_NS - SECOND_NS,
    },
    "provenance": {"originators": ["JPN"]},
    "subjects": ["object-1"],
    "recipient": "KOR",
    "clause": "pact#tracks",
    "granted": True,
    "officer": "JPN/officer",
    "until_ns": NOW_NS + 600 * SECOND_NS,
    "assumed": True,
}

NO_DUTIES: Final[Json] = {
    "delay_s": 0,
    "thin_s": 0,
    "round_position_m": 0,
    "round_velocity_m_per_s": 0,
    "round_time_s": 0,
    "strip": [],
    "attribution": None,
    "expire_s": 0,
    "mark": [],
    "return_or_destroy": False,
    "cover_m": 0,
    "cover_epoch_s": 0,
    "sigma_class_m": 0,
    "span_s": 0,
    "tear_line": False,
}
"""Of a clause that asks for nothing."""

DECLARATION: Final[Json] = {
    "kind": "declaration",
    "item_id": "JPN/declaration/1",
    "version": 1,
    "subject": "declaration-1",
    "domain": "missile",
    "status": "simulated",
    "valid_ns": NOW_NS - SECOND_NS,
    "label": {
        "originator": "JPN",
        "classification": {"scheme": "JPN", "level": "HI"},
        "created_ns": NOW_NS - SECOND_NS,
    },
    "provenance": {"originators": ["JPN"]},
    "officer": "JPN/officer",
    "assumed": True,
}


@dataclass(frozen=True)
class Case:
    """One question: a sentence, what differs from the family's base, and the answer stated by hand."""

    name: str
    change: Json
    expected: Json


@dataclass(frozen=True)
class Family:
    """Cases of one rule of spec/ that share a base."""

    rule: int
    about: str
    base: Json
    cases: tuple[Case, ...]


def merged(target: Any, patch: Any) -> Any:
    """The target with a JSON Merge Patch on it (RFC 7386); neither argument is written to."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    found = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value)
    return found


def together(*patches: Json) -> Json:
    """One patch that does what several do; a null in a later one stays a null."""
    found: Json = {}
    for patch in patches:
        for name, value in patch.items():
            both = isinstance(value, dict) and isinstance(found.get(name), dict)
            found[name] = together(found[name], value) if both else copy.deepcopy(value)
    return found


def base(*patches: Json) -> Json:
    """Japan asks whether its track may go to Korea, directly, under one agreement with one clause."""
    whole = {
        "item": ITEM,
        "request": {"sender": "JPN", "recipient": "KOR", "purpose": "missile-warning", "at_ns": NOW_NS},
        "agreements": {"pact.toml": {**AGREEMENT, "clauses": {"tracks": CLAUSE}}},
        "consents": {},
        "declarations": {},
    }
    found: Json = merged(whole, together(*patches))
    return found


def hub_base(*patches: Json) -> Json:
    """As `base`, but through the United States: one clause for the first leg, one for the whole path."""
    legs = pact(
        clauses={"tracks": None, "hub": {**CLAUSE, "via": "USA"}, "leg": {**CLAUSE, "receivers": ["USA"]}}
    )
    return base(legs, request(via="USA"), *patches)


def item(**changes: Any) -> Json:
    """A change of the item."""
    return {"item": changes}


def label(**changes: Any) -> Json:
    """A change of the item's label."""
    return {"item": {"label": changes}}


def level(scheme: str, name: str) -> Json:
    """The item at another level."""
    return label(classification={"scheme": scheme, "level": name})


def request(**changes: Any) -> Json:
    """Another question."""
    return {"request": changes}


def pact(**changes: Any) -> Json:
    """A change of the agreement."""
    return {"agreements": {"pact.toml": changes}}


def clause(clause_id: str = "tracks", /, **changes: Any) -> Json:
    """A change of one clause of the agreement."""
    return pact(clauses={clause_id: changes})


def more(clause_id: str, /, **changes: Any) -> Json:
    """One clause more, like that of the base but for the changes."""
    return clause(clause_id, **{**CLAUSE, **changes})


def ban(clause_id: str = "ban", /, **changes: Any) -> Json:
    """One prohibition more, of what the clause of the base permits but for the changes."""
    bare = {name: value for name, value in CLAUSE.items() if name not in {"form", "highest"}}
    return clause(clause_id, **{**bare, "effect": "forbid", **changes})


def other(file: str, agreement_id: str, /, clauses: Json | None = None, **changes: Any) -> Json:
    """One agreement more; with the clause of the base unless it is given others."""
    whole = {**AGREEMENT, "agreement_id": agreement_id, "clauses": clauses or {"tracks": CLAUSE}, **changes}
    return {"agreements": {file: whole}}


def consent(number: int = 1, /, **changes: Any) -> Json:
    """One consent more, such as the base's clause would need, but for the changes."""
    name = f"JPN/consent/{number}"
    return {"consents": {name: merged({**CONSENT, "item_id": name}, changes)}}


def declaration(number: int = 1, /, by: str = "JPN", **changes: Any) -> Json:
    """One declaration more, by a party's officer, played by a script unless the changes say otherwise."""
    name = f"{by}/declaration/{number}"
    whole = {
        "item_id": name,
        "label": {"originator": by},
        "provenance": {"originators": [by]},
        "officer": f"{by}/officer",
    }
    return {"declarations": {name: merged(merged(DECLARATION, whole), changes)}}


def permit(form: str = "tracks", by: str | Iterable[str] = TRACKS, **more_fields: Any) -> Json:
    """Permitted in a form, by these clauses; `consent` names the consent that it stands on."""
    reason = "permitted-with-consent" if "consent" in more_fields else "permitted"
    return _answer("permit", [reason], by, form, more_fields)


def withhold(*reasons: str, by: str | Iterable[str] = TRACKS) -> Json:
    """Withheld for these reasons, in precedence; `by` are the clauses that forbid, or came nearest."""
    return _answer("withhold", list(reasons), by, None, {})


def refer(by: str | Iterable[str] = TRACKS) -> Json:
    """Referred to the originator's officer."""
    return _answer("refer", ["consent-needed"], by, None, {})


def _answer(
    outcome: str, reasons: list[str], by: str | Iterable[str], form: str | None, more_fields: Json
) -> Json:
    clauses = sorted([by] if isinstance(by, str) else by)
    return {"outcome": outcome, "clauses": clauses, "reasons": reasons, "form": form, **more_fields}


def case(name: str, expected: Json, *changes: Json) -> Case:
    """A case with its sentence, its answer and its changes."""
    return Case(name, together(*changes), expected)
