"""Markings of STIX 2.1 objects (section 7): `object_marking_refs` and, on fields, `granular_markings`.

Markings are known by their published identifiers: TLP 2.0 and PAP by those of the OASIS common objects, TLP
1.0 by those of the specification itself (its WHITE is read as CLEAR; written is 2.0). Any other marking, such
as a statement, is one whose meaning nobody here knows: the object is refused. A granular marking becomes a
portion of the field; one that is wider than that of the object is refused, though STIX lets it loosen.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

import msgspec

from trilat.domains.marking.origin import Origin, absent, refuse_unsayable, unknown
from trilat.domains.marking.tlp import (
    COLOURS,
    CONTROLLED,
    Colour,
    Pap,
    Tlp,
    colours_of,
    is_looser,
    label_of_colours,
    read_colours,
)
from trilat.model import Caveat, ItemError, Label, Portion, strict_json

STIX_BYTES_MAX: Final = 1_048_576
_DEFINITION: Final = "marking-definition--"
_PUBLISHED: Final[Mapping[Colour, str]] = MappingProxyType(
    {
        Tlp.CLEAR: "94868c89-83c2-464b-929b-a1a8aa3c8487",
        Tlp.GREEN: "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        Tlp.AMBER: "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        Tlp.AMBER_STRICT: "939a9414-2ddd-4d32-a0cd-375ea402b003",
        Tlp.RED: "e828b379-4e03-4974-9ac4-e53a884c97c1",
        Pap.CLEAR: "ad15a0cd-55b6-4588-a14c-a66105329b92",
        Pap.GREEN: "c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
        Pap.AMBER: "60f8932b-e51e-4458-b265-a2e8be9a80ab",
        Pap.RED: "740d36e5-7714-4c30-961a-3ae632ceee0e",
    }
)
_OLDER: Final = MappingProxyType(
    {
        "613f2e26-407d-48c7-9eca-b8e91df99dc9": Tlp.CLEAR,
        "34098fce-860f-48ae-8e50-ebd3cc5e41da": Tlp.GREEN,
        "f88d31f6-486f-44da-b317-01333bde0b82": Tlp.AMBER,
        "5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Tlp.RED,
    }
)
_BY_REFERENCE: Final[dict[str, Colour]] = {
    **{_DEFINITION + number: colour for colour, number in _PUBLISHED.items()},
    **{_DEFINITION + number: colour for number, colour in _OLDER.items()},
}
_FIELDS: Final = MappingProxyType(
    {
        "indicator": {
            "confidence": "confidence_permille",
            "description": "description",
            "indicator_types": "indicator_types",
            "valid_until": "valid_until_ns",
        }
    }
)
"""Fields of a type of object that can be left empty here, by their STIX names."""

_Selectors = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=64)]


class _Granular(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One granular marking: a marking or a language, of some fields."""

    selectors: _Selectors
    marking_ref: str | None = None
    lang: str | None = None


class _Marked(msgspec.Struct, frozen=True):
    """The marking of an object; its other properties are content."""

    type: str
    object_marking_refs: Annotated[tuple[str, ...], msgspec.Meta(max_length=16)] = ()
    granular_markings: Annotated[tuple[_Granular, ...], msgspec.Meta(max_length=64)] = ()


def read_stix(data: bytes, origin: Origin) -> Label:
    """The label of a STIX 2.1 object in JSON, with a portion for each field that is marked by itself.

    Raises:
        MarkingError: not such an object, no marking, a marking nobody here knows, or a wider one on a field.
    """
    try:
        marked = msgspec.convert(strict_json(data, STIX_BYTES_MAX), _Marked)
    except (ItemError, msgspec.ValidationError) as error:
        raise unknown(f"no STIX object whose markings can be read: {error}") from error
    if not marked.object_marking_refs:
        raise absent("the object has no object_marking_refs: it is not marked")
    tlp, pap = read_colours([_colour(reference).value for reference in marked.object_marking_refs])
    label = label_of_colours(tlp, pap, origin)
    fields: dict[str, list[Colour]] = {}
    for granular in marked.granular_markings:
        colour = _granular_colour(granular)
        if colour is not None:
            for selector in granular.selectors:
                fields.setdefault(_field(marked.type, selector), []).append(colour)
    portions = [_portion(field, colours, tlp, pap) for field, colours in fields.items()]
    return msgspec.structs.replace(
        label, portions=tuple(portion for portion in portions if portion is not None)
    )


def _colour(reference: str) -> Colour:
    colour = _BY_REFERENCE.get(reference)
    if colour is None:
        raise unknown(f"`{reference[:80]}` is no marking that is known here: only published TLP and PAP are")
    return colour


def _granular_colour(granular: _Granular) -> Colour | None:
    """The colour of some fields; None of an entry that tells their language."""
    if (granular.marking_ref is None) == (granular.lang is None):
        raise unknown("a granular marking has a marking_ref or a lang, and not both")
    return None if granular.marking_ref is None else _colour(granular.marking_ref)


def _field(kind: str, selector: str) -> str:
    field = _FIELDS.get(kind, {}).get(selector.split(".", maxsplit=1)[0])
    if field is None:
        raise unknown(f"`{selector[:80]}` of `{kind[:40]}` cannot be marked by itself here")
    return field


def _portion(field: str, colours: list[Colour], tlp: Tlp, pap: Pap | None) -> Portion | None:
    """What colours of a field ask beyond those of its object; None where that is nothing."""
    kinds = {type(colour) for colour in colours}
    if len(kinds) != len(set(colours)):
        raise unknown(f"`{field}` has two colours of one protocol: nobody can tell which one is meant")
    further = []
    for colour in dict.fromkeys(colours):
        own: Colour | None = tlp if isinstance(colour, Tlp) else pap
        if own is not None and is_looser(colour, own):
            raise unknown(f"`{field}` is marked `{colour.value}`, wider than its object: not accepted")
        if colour is not own:
            further.append(colour)
    if not further:
        return None
    controlled = not CONTROLLED.isdisjoint(further) and tlp not in CONTROLLED
    return Portion(
        field=field,
        restrictive=tuple(sorted(colour.value for colour in further)),
        caveats=(Caveat.ORIGINATOR_CONTROL,) if controlled else (),
    )


def write_stix(label: Label, kind: str) -> bytes:
    """The marking properties of a STIX object of a type such as `indicator`, as JSON to be merged into it.

    Raises:
        MarkingError: published markings do not say all that the label or a portion of it asks.
    """
    name = "STIX"
    refuse_unsayable(label, name, says={"portions"})
    tlp, pap = colours_of(label, name)
    names = {field: selector for selector, field in _FIELDS.get(kind, {}).items()}
    granular = []
    for portion in label.portions:
        colours = _portion_colours(portion, names)
        if portion != _portion(portion.field, colours, tlp, pap):
            raise unknown(f"{name} cannot say all that the portion `{portion.field}` asks")
        granular += [
            {"marking_ref": _DEFINITION + _PUBLISHED[colour], "selectors": [names[portion.field]]}
            for colour in colours
        ]
    colours = [tlp] if pap is None else [tlp, pap]
    plain: dict[str, object] = {
        "type": kind,
        "object_marking_refs": [_DEFINITION + _PUBLISHED[colour] for colour in colours],
    }
    if granular:
        plain["granular_markings"] = granular
    return msgspec.json.encode(plain)


def _portion_colours(portion: Portion, names: dict[str, str]) -> list[Colour]:
    if portion.field not in names or any(word not in COLOURS for word in portion.restrictive):
        raise unknown(f"STIX cannot mark `{portion.field}` as this portion does")
    return [COLOURS[word] for word in portion.restrictive]
