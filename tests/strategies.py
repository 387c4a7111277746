"""Every hypothesis strategy of the tests, in one file.

`values(annotation)` makes values of any type that a noun may hold, within the limits that the annotation
states; `nouns(kind)` makes a whole noun. Strategies are read off the classes, so a new noun or field needs
nothing here, but for rules that speak of several fields together: those have a mender below that turns
a drawn set of fields into one that keeps the rule.
"""

import string
from collections.abc import Callable
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from trilat.model import (
    INSTANT_NS_MAX,
    PRECEDENCE,
    Agreement,
    Answer,
    AnyItem,
    Area,
    AreaKind,
    Classification,
    Clause,
    Consent,
    Decision,
    Declaration,
    Declared,
    Disagreement,
    Downgrade,
    Duties,
    Effect,
    Ellipse,
    EquivalentLevels,
    Form,
    HolderAnswer,
    Indicator,
    Item,
    Kinematics,
    Label,
    NamedArea,
    Noun,
    OnwardRule,
    Outcome,
    Polygon,
    Portion,
    Provenance,
    Recall,
    Reclassification,
    Request,
    Threat,
    Warning,
    WarningKind,
    WarningState,
)
from trilat.node.decisions import DecisionBatch

_N = TypeVar("_N", bound=Noun)
Fields = dict[str, Any]

LIST_ENTRIES_MAX: Final = 3
"""Lists are kept short: what is said of three entries holds for three hundred."""

TEXT_CHARACTERS_MAX: Final = 12
INTEGER_MAX: Final = 2**63 - 1

_LETTERS: Final = string.ascii_letters + string.digits
_staff: Final = st.text(string.ascii_lowercase, min_size=1, max_size=5)
_identifiers: Final = st.builds(
    str.__add__, st.sampled_from(_LETTERS), st.text(_LETTERS + "._:/#@+-", max_size=TEXT_CHARACTERS_MAX)
)
_parties: Final = st.one_of(
    st.sampled_from(["USA", "JPN", "KOR", "AUS"]),
    st.text(string.ascii_uppercase, min_size=2, max_size=12),
    st.builds("{}/{}".format, st.sampled_from(["USA", "JPN", "KOR"]), _staff),
)


def items() -> st.SearchStrategy[AnyItem]:
    """An item of any kind."""
    return st.one_of([nouns(kind) for kind in get_args(AnyItem)])


@cache
def nouns(kind: type[_N]) -> st.SearchStrategy[_N]:
    """A valid value of one class."""
    hints = get_type_hints(kind, include_extras=True)
    fields = st.fixed_dictionaries({name: values(hints[name]) for name in kind.__struct_fields__})
    menders = [mend for base, mend in _MENDERS if issubclass(kind, base)]

    def build(drawn: Fields) -> _N:
        for mend in menders:
            drawn = mend(drawn)
        return kind(**drawn)

    return fields.map(build)


@cache
def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of an annotation of a noun's field, within its limits."""
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *metas = get_args(annotation)
        return _limited(base, [meta for meta in metas if isinstance(meta, msgspec.Meta)])
    if origin in {Union, UnionType}:
        return st.one_of([values(choice) for choice in get_args(annotation)])
    if origin is tuple:
        return _tuples(get_args(annotation), 0, LIST_ENTRIES_MAX)
    if issubclass(annotation, Noun):
        return st.deferred(lambda: nouns(annotation))
    if issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    plain: dict[type, st.SearchStrategy[Any]] = {
        bool: st.booleans(),
        NoneType: st.none(),
        int: st.integers(-INTEGER_MAX, INTEGER_MAX),
        str: st.text(max_size=TEXT_CHARACTERS_MAX),
        bytes: st.binary(max_size=TEXT_CHARACTERS_MAX),
    }
    return plain[annotation]


def _limited(base: Any, metas: list[msgspec.Meta]) -> st.SearchStrategy[Any]:
    """Values of `base` within all limits at once."""
    stated: dict[str, Any] = {}
    for meta in metas:
        for name in ("pattern", "min_length", "max_length", "ge", "le", "lt"):
            if getattr(meta, name) is not None:
                stated[name] = getattr(meta, name)
    least = stated.get("min_length", 0)
    most = min(stated.get("max_length", TEXT_CHARACTERS_MAX), max(least, TEXT_CHARACTERS_MAX))
    if base is int:
        highest = stated["lt"] - 1 if "lt" in stated else stated.get("le", INTEGER_MAX)
        return st.integers(stated.get("ge", -INTEGER_MAX), highest)
    if base is bytes:
        return st.binary(min_size=least, max_size=most)
    if base is str:
        return (
            _texts(stated["pattern"], least, most)
            if "pattern" in stated
            else st.text(min_size=least, max_size=most)
        )
    return _tuples(get_args(base), least, max(least, min(LIST_ENTRIES_MAX, most)))


def _texts(pattern: str, least: int, most: int) -> st.SearchStrategy[str]:
    if pattern.startswith("^[^\\x00"):
        allowed = "\n\t" if "\\x0b" in pattern else ""
        alphabet = st.characters(exclude_categories=["Cc", "Cs"], include_characters=allowed)
        return st.text(alphabet, min_size=least, max_size=most)
    if pattern.startswith("^[A-Z][A-Z0-9]"):
        return _parties
    if pattern.startswith("^[A-Za-z0-9]["):
        return _identifiers
    return st.from_regex(
        pattern.replace("(?!\\n)", ""), fullmatch=True, alphabet=st.characters(codec="ascii")
    )


def _tuples(arguments: tuple[Any, ...], least: int, most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return st.lists(values(arguments[0]), min_size=least, max_size=most).map(tuple)
    return st.tuples(*(values(argument) for argument in arguments))


def _once(*names: str) -> Callable[[Fields], Fields]:
    """Each entry of these lists once."""
    return lambda fields: (
        fields
        | {name: None if fields[name] is None else tuple(dict.fromkeys(fields[name])) for name in names}
    )


def _after(begin: str, end: str) -> Callable[[Fields], Fields]:
    """The end after the beginning, where there is an end."""

    def mend(fields: Fields) -> Fields:
        first, last = fields[begin], fields[end]
        if first is None or last is None or first < last:
            return fields
        return fields | ({begin: last, end: first} if first > last else {begin: 0, end: max(last, 1)})

    return mend


def _portion(fields: Fields) -> Fields:
    """A portion that asks something."""
    asks = (fields["restrictive"], fields["permissive"], fields["caveats"])
    asks_none = fields["classification"] is None and fields["releasable_to"] is None and not any(asks)
    return fields | {"releasable_to": ()} if asks_none else fields


def _label(fields: Fields) -> Fields:
    """A later review; a downgrade to another level of the scheme; portions that are no looser."""
    scheme, level = fields["classification"].scheme, fields["classification"].level
    created_ns, review_ns, downgrade = fields["created_ns"], fields["review_ns"], fields["downgrade"]
    if review_ns is not None and review_ns <= created_ns:
        review_ns = None
    if created_ns == INSTANT_NS_MAX:
        downgrade = None
    if downgrade is not None:
        lower = "lower" if downgrade.classification.level == level else downgrade.classification.level
        changed = msgspec.structs.replace(downgrade.classification, scheme=scheme, level=lower)
        downgrade = Downgrade(at_ns=max(created_ns + 1, downgrade.at_ns), classification=changed)
    portions = {
        portion.field: msgspec.structs.replace(
            portion,
            classification=portion.classification
            and msgspec.structs.replace(portion.classification, scheme=scheme),
            releasable_to=portion.releasable_to and fields["releasable_to"][: len(portion.releasable_to)],
        )
        for portion in fields["portions"]
    }
    return fields | {"review_ns": review_ns, "downgrade": downgrade, "portions": tuple(portions.values())}


def _item(fields: Fields) -> Fields:
    label = msgspec.structs.replace(fields["label"], originator=fields["provenance"].originators[0])
    return fields | {"label": label}


def _ellipse(fields: Fields) -> Fields:
    major, minor = fields["semi_major_m"], fields["semi_minor_m"]
    return fields | {"semi_major_m": max(major, minor), "semi_minor_m": min(major, minor)}


def _kinematics(fields: Fields) -> Fields:
    factor = list(fields["covariance_factor"])
    for place in (0, 2, 5, 9, 14, 20):
        factor[place] = abs(factor[place]) or 1
    return fields | {"covariance_factor": tuple(factor)}


def _warning(fields: Fields) -> Fields:
    behind = {reference.item_id for reference in fields["basis"]}
    confirmed_by = tuple(entry for entry in fields["confirmed_by"] if entry.item_id not in behind)
    sources = tuple(dict.fromkeys(fields["sources"]))
    speaker = None if fields["speaker"] is None else sources[-1]
    fields = fields | {"confirmed_by": confirmed_by, "sources": sources, "speaker": speaker}
    if fields["threat"] is None and fields["warning"] is WarningKind.THREAT:
        fields |= {"warning": WarningKind.LAUNCH}
    elif fields["warning"] is not WarningKind.THREAT:
        fields |= {"threat": None}
    return fields if confirmed_by else fields | {"state": WarningState.RAISED}


def _area(fields: Fields) -> Fields:
    """A watch area has a name, and no other."""
    if fields["name"] is None and fields["area"] is AreaKind.WATCH:
        return fields | {"area": AreaKind.HAZARD}
    return fields if fields["area"] is AreaKind.WATCH else fields | {"name": None}


def _disagreement(fields: Fields) -> Fields:
    """Accounts of two parties at the least, all of them in the provenance."""
    provenance = fields["provenance"]
    first, *rest = fields["accounts"]
    other = "NZL" if first.party != "NZL" else "CAN"
    accounts = (first, msgspec.structs.replace(first, party=other), *rest)
    named = dict.fromkeys([*provenance.originators, *(account.party.split("/")[0] for account in accounts)])
    accounts = tuple(
        msgspec.structs.replace(account, party=account.party.split("/")[0]) for account in accounts
    )
    provenance = msgspec.structs.replace(provenance, originators=tuple(named))
    return fields | {"accounts": accounts, "provenance": provenance}


def _consent(fields: Fields) -> Fields:
    return fields | {"officer": fields["label"].originator.split("/")[0] + "/officer"}


def _reclassification(fields: Fields) -> Fields:
    new = fields["new_label"]
    originator = fields["label"].originator
    markings = fields["markings"] if len(fields["markings"]) == len(fields["about"]) else ()
    return fields | {
        "new_label": msgspec.structs.replace(new, originator=originator, version=max(new.version, 2)),
        "markings": markings,
    }


def _answer(fields: Fields) -> Fields:
    complied = fields["answer"] is HolderAnswer.COMPLIED
    return fields if complied or fields["reason"] else fields | {"reason": "not held here"}


def _clause(fields: Fields) -> Fields:
    permit = fields["effect"] is Effect.PERMIT
    receivers = fields["receivers"]
    if len(fields["givers"]) == 1 and fields["givers"] == receivers:
        receivers = ("NZL",) if fields["givers"] != ("NZL",) else ("CAN",)
    via = None if fields["via"] in {*fields["givers"], *receivers} else fields["via"]
    form = (fields["form"] or Form.EXISTENCE) if permit else None
    return fields | {"receivers": receivers, "via": via, "form": form}


def _onward(fields: Fields) -> Fields:
    named = fields["onward"] is OnwardRule.TO_NAMED
    bound = fields["onward"] is OnwardRule.UNDER_CONDITIONS
    return fields | {
        "onward_to": (fields["onward_to"] or ("AUS",)) if named else (),
        "onward_situations": (fields["onward_situations"] or ("launch",)) if bound else (),
    }


def _situations(fields: Fields) -> Fields:
    if fields["situations"] or fields["onward_situations"]:
        return fields
    return fields | {"declared_by": (), "situation_max_s": 0}


def _onward_request(fields: Fields) -> Fields:
    """Party and clause go together, and with items."""
    if fields["onward_to"] is None or fields["clause"] is None or not fields["about"]:
        return fields | {"onward_to": None, "clause": None}
    return fields


def _named_area(fields: Fields) -> Fields:
    """Corners in the eastern hemisphere: no side is over half of the Earth."""
    region = fields["region"]
    if not isinstance(region, Polygon):
        return fields
    corners = tuple(
        msgspec.structs.replace(corner, longitude_1e7deg=abs(corner.longitude_1e7deg))
        for corner in region.corners
    )
    return fields | {"region": Polygon(corners=corners)}


def _levels(fields: Fields) -> Fields:
    levels = tuple(dict.fromkeys(fields["levels"]))
    other = Classification(scheme="USA", level="another")
    return fields | {"levels": levels if len(levels) > 1 else (*levels, other)}


def _declaration(fields: Fields) -> Fields:
    until_ns = fields["until_ns"]
    if fields["declared"] is Declared.NOTICE:
        until_ns = None
    elif until_ns is None:
        begins_ns = max(0, fields["valid_ns"] - 1)
        until_ns = begins_ns + 1
        fields = fields | {"valid_ns": begins_ns}
    officer = fields["label"].originator.split("/")[0] + "/officer"
    return fields | {"until_ns": until_ns, "officer": officer}


def _agreement(fields: Fields) -> Fields:
    areas = {area.name: area for area in fields["areas"]}
    clauses = {
        clause.clause_id: msgspec.structs.replace(
            clause,
            areas=tuple(areas)[: len(clause.areas)],
            purposes=fields["purposes"][: len(clause.purposes)],
            in_force_from_ns=None,
            in_force_until_ns=None,
        )
        for clause in fields["clauses"]
    }
    named = [
        party
        for clause in clauses.values()
        for party in (
            *clause.givers,
            *clause.receivers,
            *([clause.via] if clause.via else []),
            *clause.declared_by,
        )
    ]
    return fields | {
        "areas": tuple(areas.values()),
        "removal_by": ("NZL",) if fields["removal_by"] else (),
        "clauses": tuple(clauses.values()),
        "parties": tuple(dict.fromkeys([*fields["parties"], *named, "NZL", "CAN"])),
    }


def _decision(fields: Fields) -> Fields:
    reasons = tuple(sorted(set(fields["reasons"]), key=PRECEDENCE.__getitem__))
    fields = fields | {"reasons": reasons}
    if fields["outcome"] is not Outcome.PERMIT:
        return fields | {"form": None, "duties": None}
    return fields | {
        "form": fields["form"] or Form.TRACKS,
        "duties": fields["duties"] or Duties(),
        "clauses": fields["clauses"] or ("drill.toml#1",),
    }


def _decision_batch(fields: Fields) -> Fields:
    answers = tuple(msgspec.structs.replace(answer, item=None) for answer in fields["answers"])
    items = tuple(
        (name, version, tuple(place % len(answers) for place in places))
        for name, version, places in fields["items"]
    )
    return fields | {"answers": answers, "items": items}


_MENDERS: Final[list[tuple[type[Noun], Callable[[Fields], Fields]]]] = [
    (Portion, _once("releasable_to", "restrictive", "permissive", "caveats")),
    (Label, _once("releasable_to", "restrictive", "permissive", "caveats")),
    (Portion, _portion),
    (Label, _after("created_ns", "expires_ns")),
    (Label, _label),
    (Provenance, _once("originators", "observations", "received_under")),
    (Ellipse, _ellipse),
    (Kinematics, _kinematics),
    (Item, _item),
    (Indicator, _after("valid_ns", "valid_until_ns")),
    (Area, _area),
    (Warning, _warning),
    (Threat, _after("first_ns", "last_ns")),
    (Disagreement, _disagreement),
    (Request, _after("valid_ns", "deadline_ns")),
    (Request, _onward_request),
    (Recall, _after("valid_ns", "deadline_ns")),
    (Consent, _after("valid_ns", "until_ns")),
    (Consent, _once("subjects")),
    (Consent, _consent),
    (Reclassification, _reclassification),
    (Answer, _answer),
    (Declaration, _after("valid_ns", "until_ns")),
    (Declaration, _declaration),
    (NamedArea, _named_area),
    (EquivalentLevels, _levels),
    (Clause, _clause),
    (Clause, _after("in_force_from_ns", "in_force_until_ns")),
    (Clause, _onward),
    (Clause, _situations),
    (Agreement, _onward),
    (Agreement, _after("in_force_from_ns", "in_force_until_ns")),
    (Agreement, _agreement),
    (Decision, _decision),
    (DecisionBatch, _decision_batch),
]
