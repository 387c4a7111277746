"""The NATO confidentiality label, STANAG 4774 (ADatP-4774 edition A version 1), read and written strictly.

The structure is that of the schema (version 1.3), and what the prose demands beyond it: a review date or a
succession, categories by generic values alone, no URI of a level. A policy is a scheme of ours, by its code.

| here | there |
|---|---|
| `classification` | `PolicyIdentifier`, `Classification` |
| `releasable_to` | PERMISSIVE `Releasable To`, the originator first |
| `restrictive` | RESTRICTIVE `Additional Sensitivity` |
| `permissive` | PERMISSIVE `Community` |
| `caveats` | RESTRICTIVE `Handling` |
| `attribution` below named | RESTRICTIVE `Attribution` |
| `version` above 1 | INFORMATIVE `Label Version` |
| `review_ns` | `ReviewDateTime` |
| `downgrade` | `SuccessionHandling`, whose label differs in its level alone |
| `originator`, `created_ns` | `OriginatorID`, `CreationDateTime` |

An end and portions it cannot say; portions are several bindings (`stanag4778`).
"""

import re
from typing import Final

import msgspec
from lxml import etree

from trilat.domains.marking.origin import partial, refuse_unsayable, unknown
from trilat.domains.marking.reading_xml import Element, Parts, attribute_of, parse_xml, text_of
from trilat.model import (
    SCHEMES,
    Attribution,
    Caveat,
    Classification,
    Downgrade,
    ItemError,
    Label,
    format_instant,
    parse_instant,
)

LABEL_NAMESPACE: Final = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"
ROOT: Final = "originatorConfidentialityLabel"
_PARTY: Final = "urn:trilat:party:"
_ID_TYPE: Final = "uniformResourceIdentifier"
_XML_ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,119}", flags=re.ASCII)
_RELEASABLE: Final = ("PERMISSIVE", "Releasable To")
_RESTRICTIVE: Final = ("RESTRICTIVE", "Additional Sensitivity")
_PERMISSIVE: Final = ("PERMISSIVE", "Community")
_HANDLING: Final = ("RESTRICTIVE", "Handling")
_ATTRIBUTION: Final = ("RESTRICTIVE", "Attribution")
_VERSION: Final = ("INFORMATIVE", "Label Version")
_TAGS: Final = (_RELEASABLE, _RESTRICTIVE, _PERMISSIVE, _HANDLING, _ATTRIBUTION, _VERSION)
_CAVEATS: Final = {"ORIGINATOR CONTROL": Caveat.ORIGINATOR_CONTROL}

_Categories = dict[tuple[str, str], tuple[str, ...]]


def write_4774(label: Label) -> bytes:
    """The label as a document of its own.

    Raises:
        MarkingError: it has an end or portions, which cannot be said, or neither review nor downgrade.
    """
    data: bytes = etree.tostring(label_element(label), xml_declaration=True, encoding="UTF-8")
    return data


def label_element(label: Label) -> Element:
    """The label as an element; errors as in `write_4774`."""
    refuse_unsayable(label, "STANAG 4774", says={"categories", "attribution"})
    if label.review_ns is None and label.downgrade is None:
        raise partial("STANAG 4774 wants a review date (review_ns) or a downgrade: give the label one")
    if label.classification.scheme not in SCHEMES:
        raise unknown(f"the policy `{label.classification.scheme}` is not known")
    root: Element = etree.Element(f"{{{LABEL_NAMESPACE}}}{ROOT}", nsmap={"slab": LABEL_NAMESPACE})
    if label.review_ns is not None:
        root.set("ReviewDateTime", format_instant(label.review_ns))
    _add_base(root, label, label.classification)
    if label.downgrade is not None:
        succession = _add(root, "SuccessionHandling")
        _add(succession, "SuccessionDateTime", format_instant(label.downgrade.at_ns))
        _add_base(_add(succession, "SuccessorConfidentialityLabel"), label, label.downgrade.classification)
    return root


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    child: Element = etree.SubElement(parent, f"{{{LABEL_NAMESPACE}}}{name}")
    child.text = text
    return child


def _add_base(parent: Element, label: Label, classification: Classification) -> None:
    information = _add(parent, "ConfidentialityInformation")
    _add(information, "PolicyIdentifier", _sayable(classification.scheme))
    _add(information, "Classification", _sayable(classification.level))
    for (kind, tag), values in _categories_of(label).items():
        if values:
            category = _add(information, "Category")
            category.set("Type", kind)
            category.set("TagName", tag)
            for value in values:
                _add(category, "GenericValue", _sayable(value))
    _add(parent, "OriginatorID", _PARTY + label.originator).set("IDType", _ID_TYPE)
    _add(parent, "CreationDateTime", format_instant(label.created_ns))


def _sayable(text: str) -> str:
    """Text that an element can hold so that it is read again as it was."""
    if not text or text != text.strip() or any(character in "\ufffe\uffff" for character in text):
        raise unknown(f"STANAG 4774 cannot hold `{text[:40]}`: it is empty, or has spaces at an end")
    return text


def _categories_of(label: Label) -> _Categories:
    handling = tuple(word for word, caveat in _CAVEATS.items() if caveat in label.caveats)
    named = label.attribution is Attribution.NAMED
    others = sorted(set(label.releasable_to) - {label.originator})
    return {
        _RELEASABLE: (label.originator, *others),
        _RESTRICTIVE: tuple(sorted(label.restrictive)),
        _PERMISSIVE: tuple(sorted(label.permissive)),
        _HANDLING: handling,
        _ATTRIBUTION: () if named else (label.attribution.value.upper(),),
        _VERSION: () if label.version == 1 else (str(label.version),),
    }


def read_4774(data: bytes) -> Label:
    """The label of a document; errors as in `read_label_element`, or of XML that cannot be read."""
    return read_label_element(parse_xml(data))


def read_label_element(root: Element) -> Label:
    """The label of an element.

    Raises:
        MarkingError: another element, one that lacks what it must have, or that holds what is not known.
    """
    if root.tag != f"{{{LABEL_NAMESPACE}}}{ROOT}":
        raise unknown(f"`{str(root.tag)[:120]}` is no label of an originator under STANAG 4774")
    identifier = root.get("Id")
    if identifier is not None and _XML_ID.fullmatch(identifier) is None:
        raise unknown("the Id of the label is no XML name")
    parts = Parts(root, LABEL_NAMESPACE, frozenset({"Id", "ReviewDateTime"}))
    classification, categories, originator, created_ns = _read_base(parts)
    succession = parts.optional("SuccessionHandling")
    parts.end()
    review = root.get("ReviewDateTime")
    if review is None and succession is None:
        raise partial(
            "the label has neither ReviewDateTime nor SuccessionHandling: one of them must be there"
        )
    try:
        label = _label_of(classification, categories, originator, created_ns)
        return msgspec.structs.replace(
            label,
            review_ns=None if review is None else parse_instant(review),
            downgrade=None if succession is None else _read_succession(succession, label, categories),
        )
    except ItemError as error:
        raise unknown(f"the label contradicts itself: {error}") from error


def _read_base(parts: Parts) -> tuple[Classification, _Categories, str, int]:
    information = Parts(parts.one("ConfidentialityInformation"), LABEL_NAMESPACE)
    scheme = text_of(information.one("PolicyIdentifier"))
    if scheme not in SCHEMES:
        raise unknown(f"the policy `{scheme[:60]}` is not known: known are {', '.join(SCHEMES)}")
    level = text_of(information.one("Classification"))
    categories: _Categories = {}
    for element in information.every("Category"):
        tag, values = _read_category(element)
        if tag in categories:
            raise unknown(f"the category `{tag[1]}` stands twice in the label")
        categories[tag] = values
    information.end()
    owner = parts.one("OriginatorID")
    if attribute_of(owner, "IDType") != _ID_TYPE:
        raise unknown("the originator is not named by a uniformResourceIdentifier of a party")
    originator = text_of(owner, frozenset({"IDType"}))
    if not originator.startswith(_PARTY):
        raise unknown(f"the originator `{originator[:60]}` is no party: write {_PARTY}JPN")
    created = text_of(parts.one("CreationDateTime"))
    try:
        created_ns = parse_instant(created)
        classification = Classification(scheme=scheme, level=level)
    except ItemError as error:
        raise unknown(str(error)) from error
    return classification, categories, originator.removeprefix(_PARTY), created_ns


def _read_category(element: Element) -> tuple[tuple[str, str], tuple[str, ...]]:
    tag = (attribute_of(element, "Type"), attribute_of(element, "TagName"))
    if tag not in _TAGS:
        raise unknown(f"the category `{tag[1][:60]}` of type `{tag[0][:20]}` is not known")
    parts = Parts(element, LABEL_NAMESPACE, frozenset({"Type", "TagName"}))
    values = tuple(text_of(value) for value in parts.every("GenericValue"))
    parts.end()
    if not values:
        raise partial(f"the category `{tag[1]}` names nothing")
    return tag, values


def _label_of(
    classification: Classification, categories: _Categories, originator: str, created_ns: int
) -> Label:
    releasable = categories.get(_RELEASABLE)
    if releasable is None or releasable[0] != originator:
        raise partial("`Releasable To` does not begin with the originator: who may have it is not said")
    handling, attribution, version = (categories.get(tag, ()) for tag in (_HANDLING, _ATTRIBUTION, _VERSION))
    if any(word not in _CAVEATS for word in handling):
        raise unknown(f"a handling of {', '.join(handling)[:80]} is not known")
    if attribution not in {(), ("OFFICE",), ("ANONYMOUS",)}:
        raise unknown("`Attribution` is OFFICE or ANONYMOUS")
    if version and (len(version) > 1 or re.fullmatch(r"[1-9][0-9]{0,6}", version[0], re.ASCII) is None):
        raise unknown("`Label Version` is one number")
    return Label(
        version=int(version[0]) if version else 1,
        originator=originator,
        classification=classification,
        releasable_to=releasable[1:],
        restrictive=categories.get(_RESTRICTIVE, ()),
        permissive=categories.get(_PERMISSIVE, ()),
        caveats=tuple(_CAVEATS[word] for word in handling),
        attribution=Attribution(attribution[0].lower()) if attribution else Attribution.NAMED,
        created_ns=created_ns,
    )


def _read_succession(element: Element, label: Label, categories: _Categories) -> Downgrade:
    """A succession that changes the level alone; of any other, nobody here knows what it would let out."""
    parts = Parts(element, LABEL_NAMESPACE)
    at = text_of(parts.one("SuccessionDateTime"))
    successor = Parts(parts.one("SuccessorConfidentialityLabel"), LABEL_NAMESPACE)
    parts.end()
    classification, others, originator, created_ns = _read_base(successor)
    successor.end()
    if (others, originator, created_ns) != (categories, label.originator, label.created_ns):
        raise unknown("the succession changes more than the level: not accepted")
    return Downgrade(at_ns=parse_instant(at), classification=classification)
