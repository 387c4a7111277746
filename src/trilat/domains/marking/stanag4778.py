"""The binding of labels to data, STANAG 4778 (ADatP-4778 edition A version 1), signed by the originator.

The standard leaves signing open; here a binding without its originator's signature is refused. One document
binds one item: a `MetadataBinding` for the whole, then one for each portion, which names its field as the
fragment of the reference. Data is referred to by its digest, as `ni:///sha-256;...` (RFC 6920), so that label
and data are signed in one. What is signed is the SHA-256 digest of the `MetadataBindingContainer` in
exclusive canonical XML; the signature stands behind it as the extension that the schema allows there:

    BindingInformation
      MetadataBindingContainer
        MetadataBinding    Metadata(originatorConfidentialityLabel)  DataReference(ni:///sha-256;DIGEST)
        MetadataBinding    Metadata(originatorConfidentialityLabel)  DataReference(ni:///sha-256;DIGEST#sensors)
      OriginatorSignature  base64

Signing and verifying are the caller's: this room holds no keys.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Final

import msgspec
from lxml import etree

from trilat.domains.marking.origin import partial, refuse_unsayable, unknown
from trilat.domains.marking.reading_xml import Element, Parts, attribute_of, parse_xml, text_of
from trilat.domains.marking.stanag4774 import LABEL_NAMESPACE, ROOT, label_element, read_label_element
from trilat.model import Caveat, ItemError, Label, Portion

BINDING_NAMESPACE: Final = "urn:nato:stanag:4778:bindinginformation:1:0"
SIGNATURE_NAMESPACE: Final = "urn:trilat:binding:1"
_SIGNATURE: Final = "OriginatorSignature"

Sign = Callable[[bytes], bytes]
"""The originator's signature over these bytes, which carries them."""

Verify = Callable[[str, bytes], bytes]
"""Party and signature: the bytes that this party signed; raises where it did not."""


def write_4778(label: Label, data: bytes, sign: Sign) -> bytes:
    """The document that binds a label, with its portions, to the bytes of an item.

    Raises:
        MarkingError: STANAG 4774 cannot say what the label asks (its portions are said here).
    """
    refuse_unsayable(label, "STANAG 4778", says={"categories", "attribution", "portions"})
    whole = msgspec.structs.replace(label, portions=())
    root: Element = etree.Element(
        f"{{{BINDING_NAMESPACE}}}BindingInformation", nsmap={"mb": BINDING_NAMESPACE}
    )
    container = _add(root, "MetadataBindingContainer")
    reference = digest_reference(data)
    _add_binding(container, whole, reference)
    for portion in label.portions:
        _add_binding(container, _label_of_portion(whole, portion), f"{reference}#{portion.field}")
    signature = etree.SubElement(
        root, f"{{{SIGNATURE_NAMESPACE}}}{_SIGNATURE}", nsmap={"tm": SIGNATURE_NAMESPACE}
    )
    signature.text = base64.b64encode(sign(_digest(container))).decode("ascii")
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


def digest_reference(data: bytes) -> str:
    """The name of these bytes by their digest (RFC 6920)."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return f"ni:///sha-256;{digest.decode('ascii')}"


def _add(parent: Element, name: str) -> Element:
    child: Element = etree.SubElement(parent, f"{{{BINDING_NAMESPACE}}}{name}")
    return child


def _add_binding(container: Element, label: Label, reference: str) -> None:
    binding = _add(container, "MetadataBinding")
    _add(binding, "Metadata").append(label_element(label))
    _add(binding, "DataReference").set("URI", reference)


def _digest(element: Element) -> bytes:
    """SHA-256 of the element in exclusive canonical XML 1.0, which does not hang on what stands around it."""
    return hashlib.sha256(etree.tostring(element, method="c14n", exclusive=True)).digest()


def _label_of_portion(item: Label, portion: Portion) -> Label:
    """The whole label under which a portion stands: that of its item and what it asks beyond."""
    if portion.permissive and item.permissive:
        raise unknown(f"STANAG 4778 cannot say two lists of permissive categories for `{portion.field}`")
    classification = portion.classification or item.classification
    return msgspec.structs.replace(
        item,
        classification=classification,
        releasable_to=item.releasable_to if portion.releasable_to is None else portion.releasable_to,
        restrictive=tuple(dict.fromkeys((*item.restrictive, *portion.restrictive))),
        permissive=portion.permissive or item.permissive,
        caveats=tuple(dict.fromkeys((*item.caveats, *portion.caveats))),
        review_ns=item.review_ns if item.review_ns is not None else item.downgrade and item.downgrade.at_ns,
        downgrade=None,
    )


def read_4778(document: bytes, data: bytes, verify: Verify) -> Label:
    """The label, with its portions, that its originator bound to these bytes.

    Raises:
        MarkingError: not such a document, bound to other bytes, not signed, or signed over something else.
    """
    root = parse_xml(document)
    if root.tag != f"{{{BINDING_NAMESPACE}}}BindingInformation":
        raise unknown(f"`{str(root.tag)[:120]}` is no binding under STANAG 4778")
    parts = Parts(root, BINDING_NAMESPACE)
    container = parts.one("MetadataBindingContainer")
    label = _read_container(container, digest_reference(data))
    signature = _read_signature(root, container)
    if verify(label.originator, signature) != _digest(container):
        raise unknown("the signature is over another label or other data: the binding is not accepted")
    return label


def _read_signature(root: Element, container: Element) -> bytes:
    behind = list(root)[list(root).index(container) + 1 :]
    if not behind:
        raise partial("the binding is not signed: only what its originator signed is accepted")
    if len(behind) > 1 or behind[0].tag != f"{{{SIGNATURE_NAMESPACE}}}{_SIGNATURE}":
        raise unknown("behind the container stands something else than its originator's signature")
    try:
        return base64.b64decode(text_of(behind[0]), validate=True)
    except (binascii.Error, ValueError) as error:
        raise unknown("the signature is not base64") from error


def _read_container(container: Element, reference: str) -> Label:
    parts = Parts(container, BINDING_NAMESPACE)
    first, *others = parts.every("MetadataBinding") or [parts.one("MetadataBinding")]
    parts.end()
    whole, uri = _read_binding(first)
    if uri != reference:
        raise unknown("the label is bound to other data: not accepted")
    portions = []
    for binding in others:
        label, uri = _read_binding(binding)
        if not uri.startswith(f"{reference}#"):
            raise unknown("a portion is bound to other data: not accepted")
        portions.append(_portion_of(whole, label, uri.removeprefix(f"{reference}#")))
    try:
        return msgspec.structs.replace(whole, portions=tuple(portions))
    except ItemError as error:
        raise unknown(f"a portion contradicts its item: {error}") from error


def _read_binding(binding: Element) -> tuple[Label, str]:
    parts = Parts(binding, BINDING_NAMESPACE)
    metadata = Parts(parts.one("Metadata"), LABEL_NAMESPACE)
    label = read_label_element(metadata.one(ROOT))
    metadata.end()
    data = parts.one("DataReference")
    parts.end()
    Parts(data, BINDING_NAMESPACE, frozenset({"URI"})).end()
    return label, attribute_of(data, "URI")


def _portion_of(item: Label, label: Label, field: str) -> Portion:
    """What a portion's label asks beyond that of its item; refused where it asks less."""
    same = (label.originator, label.version, label.created_ns, label.attribution)
    if (
        same != (item.originator, item.version, item.created_ns, item.attribution)
        or label.downgrade is not None
    ):
        raise unknown(f"the portion `{field[:60]}` is not of the item's own label")
    if not set(item.restrictive) <= set(label.restrictive) or not set(item.caveats) <= set(label.caveats):
        raise unknown(f"the portion `{field[:60]}` asks less than its item: not accepted")
    if item.permissive and label.permissive != item.permissive:
        raise unknown(
            f"the portion `{field[:60]}` has other permissive categories than its item: not accepted"
        )
    wanted: dict[Caveat, None] = dict.fromkeys(label.caveats)
    try:
        return Portion(
            field=field,
            classification=None if label.classification == item.classification else label.classification,
            releasable_to=None if label.releasable_to == item.releasable_to else label.releasable_to,
            restrictive=tuple(entry for entry in label.restrictive if entry not in item.restrictive),
            permissive=() if item.permissive else label.permissive,
            caveats=tuple(caveat for caveat in wanted if caveat not in item.caveats),
        )
    except ItemError as error:
        raise unknown(str(error)) from error
