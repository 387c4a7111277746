"""`read_agreement`: an agreement as a negotiator writes it, in TOML, one file each.

    [agreement]
    id = "japan-korea-2016"
    version = 1
    title = "..."
    parties = ["JPN", "KOR"]
    in_force_from = 2016-11-23T00:00:00Z
    purposes = ["missile-warning"]
    onward = "never"

    [[clause]]
    id = "4"
    article = "Article 4"
    effect = "permit"
    domains = ["missile"]
    kinds = ["track"]
    from = ["JPN"]
    to = ["KOR"]
    form = "tracks"

Any misspelt field, kind, domain, party, level, form or duty is refused in one line with what to write
instead; what single values must look like the model says. Whether the clauses make sense together is for
`check`. A prohibition takes neither form, highest level, approval nor duties: it covers every level.
"""

from base64 import b64decode
from dataclasses import dataclass
from typing import Any, Final

from trilat.model import (
    CLAUSES_MAX,
    ITEM_KINDS,
    SCHEMES,
    Agreement,
    Approval,
    Attribution,
    Classification,
    Clause,
    Domain,
    Duties,
    Effect,
    Form,
    ItemError,
    OnwardRule,
    Party,
    PartySignature,
    Status,
)
from trilat.policy.area_language import read_areas
from trilat.policy.equivalents import read_equivalents
from trilat.policy.forms import strippable
from trilat.policy.reading import Table, read_toml

AGREEMENT_FIELDS: Final = (
    "id",
    "version",
    "title",
    "parties",
    "in_force_from",
    "in_force_until",
    "purposes",
    "onward",
    "renewal_months",
    "notice_days",
    "survives_end",
    "direct_only",
    "sources",
    "assumed",
    "onward_to",
    "onward_situations",
    "equivalents",
    "fresh_s",
    "removal_by",
)
CLAUSE_FIELDS: Final = (
    "id",
    "article",
    "effect",
    "domains",
    "kinds",
    "from",
    "to",
    "via",
    "statuses",
    "highest",
    "categories",
    "form",
    "approval",
    "duties",
    "note",
    "areas",
    "in_force_from",
    "in_force_until",
    "purposes",
    "onward",
    "onward_to",
    "onward_situations",
    "situations",
    "declared_by",
    "situation_max_s",
)
SIGNATURE_FIELDS: Final = ("party", "signed", "value")
DUTY_FIELDS: Final = Duties.__struct_fields__
_PERMIT_ONLY: Final = (
    "form",
    "highest",
    "approval",
    "duties",
    "onward",
    "onward_to",
    "onward_situations",
)
_NUMBERS: Final = (
    "delay_s",
    "thin_s",
    "round_position_m",
    "round_velocity_m_per_s",
    "round_time_s",
    "expire_s",
    "cover_m",
    "cover_epoch_s",
    "sigma_class_m",
    "span_s",
)


def read_agreement(file_name: str, text: str) -> Agreement:
    """The agreement that a TOML text describes; `file_name` (no folder) is for errors and clause names.

    Raises:
        AgreementError: what is wrong, in which clause, what to write instead; `facts` has file, clause.
    """
    whole = Table(read_toml(file_name, text), file_name, "the file")
    whole.only(("agreement", "clause", "area", "signature"))
    tables = whole.values.get("clause", [])
    if not isinstance(tables, list) or not tables:
        raise whole.refusal("there is no clause: add a `[[clause]]`")
    head = whole.table("agreement")
    head.only(AGREEMENT_FIELDS)
    parties = _parties(head)
    if len(tables) > CLAUSES_MAX:
        raise whole.refusal(f"{len(tables)} clauses are over the limit of {CLAUSES_MAX}: split the agreement")
    areas = read_areas(whole.values.get("area", []), whole)
    known = _Known(parties, head.texts("purposes"), tuple(area.name for area in areas))
    clauses = tuple(_clause(table, file_name, place, known) for place, table in enumerate(tables, 1))
    try:
        return Agreement(
            agreement_id=head.text("id"),
            version=head.number("version"),
            title=head.text("title"),
            parties=parties,
            in_force_from_ns=head.instant_ns("in_force_from"),
            in_force_until_ns=head.instant_ns("in_force_until") if head.has("in_force_until") else None,
            purposes=known.purposes,
            areas=areas,
            onward_to=_codes(head, "onward_to"),
            onward_situations=head.texts("onward_situations", ()),
            onward=OnwardRule(head.choice("onward", _words(OnwardRule))),
            renewal_months=head.number("renewal_months", 0),
            notice_days=head.number("notice_days", 0),
            survives_end=head.flag("survives_end", default=True),
            clauses=clauses,
            sources=head.texts("sources", ()),
            assumed=head.texts("assumed", ()),
            signatures=_signatures(whole),
            equivalents=read_equivalents(head),
            fresh_s=head.number("fresh_s", 0),
            removal_by=head.choices("removal_by", parties, ()),
            direct_only=head.flag("direct_only", default=False),
        )
    except ItemError as error:
        raise head.refusal(str(error)) from error


def _signatures(whole: Table) -> tuple[PartySignature, ...]:
    """What `trilat agreement sign` wrote; whether they fit is for `trilat agreement verify`."""
    tables = whole.values.get("signature", [])
    if not isinstance(tables, list):
        raise whole.refusal("`signature` is not a list of tables: write `[[signature]]`")
    found = []
    for place, values in enumerate(tables, 1):
        table = Table(values, whole.file_name, f"signature number {place}")
        table.only(SIGNATURE_FIELDS)
        try:
            found.append(
                PartySignature(
                    party=table.text("party"),
                    signed_ns=table.instant_ns("signed"),
                    signature=b64decode(table.text("value"), validate=True),
                )
            )
        except ValueError as error:
            raise table.refusal(f"signature number {place} cannot be read: sign the file again") from error
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the clauses of a file may name."""

    parties: tuple[str, ...]
    purposes: tuple[str, ...]
    areas: tuple[str, ...]


def _parties(head: Table) -> tuple[str, ...]:
    return _codes(head, "parties", None)


def _codes(table: Table, field: str, default: tuple[str, ...] | None = ()) -> tuple[str, ...]:
    codes = table.texts(field, default)
    for code in codes:
        try:
            Party(code=code, name="")
        except ItemError as error:
            raise table.refusal(
                f"`{code[:80]}` is not a party: write its code in capitals, as KOR or KOR/watch"
            ) from error
    return codes


def _clause(values: object, file_name: str, place: int, known: _Known) -> Clause:
    named = values.get("id") if isinstance(values, dict) else None
    table = Table(values, file_name, "clause", named[:80] if isinstance(named, str) else f"number {place}")
    table.only(CLAUSE_FIELDS)
    effect = Effect(table.choice("effect", _words(Effect)))
    if effect is Effect.FORBID:
        for field in _PERMIT_ONLY:
            if table.has(field):
                raise table.refusal(f"a clause that forbids takes no `{field}`: it covers all, leave it out")
    elif not table.has("form"):
        raise table.refusal(f"a clause that permits needs `form`: write one of {', '.join(_words(Form))}")
    kinds = table.choices("kinds", tuple(ITEM_KINDS))
    try:
        return Clause(
            clause_id=table.text("id"),
            article=table.text("article"),
            effect=effect,
            domains=tuple(Domain(word) for word in table.choices("domains", _words(Domain))),
            kinds=kinds,
            givers=table.choices("from", known.parties),
            receivers=table.choices("to", known.parties),
            via=table.choice("via", known.parties) if table.has("via") else None,
            statuses=tuple(Status(word) for word in table.choices("statuses", _words(Status), ())),
            highest=_highest(table),
            categories=table.texts("categories", ()),
            form=Form(table.choice("form", _words(Form))) if table.has("form") else None,
            approval=Approval(table.choice("approval", _words(Approval), "none")),
            duties=_duties(table.table("duties"), kinds),
            note=table.text("note", ""),
            **_conditions(table, known),
        )
    except ItemError as error:
        raise table.refusal(str(error)) from error


def _conditions(table: Table, known: _Known) -> dict[str, Any]:
    """The fields of a clause on where, when, what for, and in which situation it speaks."""
    return {
        "areas": table.choices("areas", known.areas, ()),
        "in_force_from_ns": table.instant_ns("in_force_from") if table.has("in_force_from") else None,
        "in_force_until_ns": table.instant_ns("in_force_until") if table.has("in_force_until") else None,
        "purposes": table.choices("purposes", known.purposes, ()),
        "onward": OnwardRule(table.choice("onward", _words(OnwardRule))) if table.has("onward") else None,
        "onward_to": _codes(table, "onward_to"),
        "onward_situations": table.texts("onward_situations", ()),
        "situations": table.texts("situations", ()),
        "declared_by": table.choices("declared_by", known.parties, ()),
        "situation_max_s": table.number("situation_max_s", 0),
    }


def _highest(clause: Table) -> Classification | None:
    if not clause.has("highest"):
        return None
    table = clause.table("highest")
    table.only(("scheme", "level"))
    scheme = table.choice("scheme", tuple(SCHEMES))
    level = table.choice("level", tuple(dict.fromkeys(known.level for known in SCHEMES[scheme])))
    return Classification(scheme=scheme, level=level)


def _duties(table: Table, kinds: tuple[str, ...]) -> Duties:
    table.only(DUTY_FIELDS)
    fields = tuple(dict.fromkeys(field for kind in kinds for field in strippable(kind)))
    values: dict[str, Any] = {name: table.number(name, 0) for name in _NUMBERS}
    return Duties(
        **values,
        strip=table.choices("strip", fields, ()),
        attribution=Attribution(table.choice("attribution", _words(Attribution)))
        if table.has("attribution")
        else None,
        mark=table.texts("mark", ()),
        return_or_destroy=table.flag("return_or_destroy", default=False),
        tear_line=table.flag("tear_line", default=False),
    )


def _words(choices: Any) -> tuple[str, ...]:
    return tuple(choice.value for choice in choices)
