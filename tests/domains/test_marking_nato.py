"""Confidentiality labels and their bindings in XML: strict in, nothing lost out, and signed or refused.

The accepted example is written here by hand from the element table of ADatP-4774 (appendix 1) and ADatP-4778
(section 4.5); the code under test has no part in it.
"""

import base64
import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from tests.domains.marking_labels import CONTROL, MADE_NS, bound_labels, mark, nato_labels

from trilat.domains.marking import read_4774, read_4778, write_4774, write_4778
from trilat.model import (
    Attribution,
    Downgrade,
    EnvelopeError,
    Label,
    MarkingError,
    Portion,
    Reason,
    parse_instant,
)

FEW = settings(max_examples=60, deadline=None)
LABEL = """<?xml version="1.0" encoding="UTF-8"?>
<slab:originatorConfidentialityLabel xmlns:slab="urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"
    ReviewDateTime="2034-01-15T00:00:00Z">
  <slab:ConfidentialityInformation>
    <slab:PolicyIdentifier>JPN</slab:PolicyIdentifier>
    <slab:Classification>GOKUHI</slab:Classification>
    <slab:Category Type="PERMISSIVE" TagName="Releasable To">
      <slab:GenericValue>JPN</slab:GenericValue>
      <slab:GenericValue>KOR</slab:GenericValue>
    </slab:Category>
    <slab:Category Type="RESTRICTIVE" TagName="Additional Sensitivity">
      <slab:GenericValue>SPACE</slab:GenericValue>
    </slab:Category>
    <slab:Category Type="RESTRICTIVE" TagName="Handling">
      <slab:GenericValue>ORIGINATOR CONTROL</slab:GenericValue>
    </slab:Category>
  </slab:ConfidentialityInformation>
  <slab:OriginatorID IDType="uniformResourceIdentifier">urn:trilat:party:JPN</slab:OriginatorID>
  <slab:CreationDateTime>2024-01-15T00:00:00Z</slab:CreationDateTime>
</slab:originatorConfidentialityLabel>
"""
SUCCESSION = """<slab:SuccessionHandling>
    <slab:SuccessionDateTime>2030-01-01T00:00:00Z</slab:SuccessionDateTime>
    <slab:SuccessorConfidentialityLabel>{base}</slab:SuccessorConfidentialityLabel>
  </slab:SuccessionHandling>
</slab:originatorConfidentialityLabel>"""
END = "</slab:originatorConfidentialityLabel>"
EXPECTED = Label(
    originator="JPN",
    classification=mark("JPN", "GOKUHI"),
    releasable_to=("KOR",),
    restrictive=("SPACE",),
    caveats=CONTROL,
    created_ns=MADE_NS,
    review_ns=parse_instant("2034-01-15T00:00:00Z"),
)


def base(text: str = LABEL) -> str:
    """The part that a succession repeats."""
    return text[text.index("<slab:ConfidentialityInformation>") : text.index(END)]


def succeeded(change: str = "", to: str = "") -> str:
    succeeding = base().replace(">GOKUHI<", ">HI<")
    if change:
        assert change in succeeding
        succeeding = succeeding.replace(change, to)
    return LABEL.replace(END, SUCCESSION.format(base=succeeding))


def test_the_example_is_read() -> None:
    assert read_4774(LABEL.encode()) == EXPECTED


def test_a_succession_is_a_downgrade() -> None:
    downgrade = Downgrade(at_ns=parse_instant("2030-01-01T00:00:00Z"), classification=mark("JPN", "HI"))
    assert read_4774(succeeded().encode()) == msgspec.structs.replace(EXPECTED, downgrade=downgrade)


@FEW
@given(nato_labels())
def test_a_label_that_4774_can_say_comes_back_from_it(label: Label) -> None:
    assert read_4774(write_4774(label)) == label


CHANGED: list[tuple[str, str, Reason]] = [
    ("GOKUHI<", "<", Reason.LABEL_PARTIAL),
    (">GOKUHI<", "> GOKUHI<", Reason.LABEL_UNKNOWN),
    (">GOKUHI<", ">GOKU<!-- -->HI<", Reason.LABEL_UNKNOWN),
    (">GOKUHI<", ">GOKU<?x?>HI<", Reason.LABEL_UNKNOWN),
    (">GOKUHI<", ">GOKU<b/>HI<", Reason.LABEL_UNKNOWN),
    (">GOKUHI<", ">&gokuhi;<", Reason.LABEL_PARTIAL),
    ("<slab:Classification>GOKUHI</slab:Classification>", "", Reason.LABEL_PARTIAL),
    ("<slab:Classification>", '<slab:Classification URI="urn:oid:1.2">', Reason.LABEL_UNKNOWN),
    ("<slab:PolicyIdentifier>JPN</slab:PolicyIdentifier>", "", Reason.LABEL_PARTIAL),
    (">JPN</slab:PolicyIdentifier>", ">NATO</slab:PolicyIdentifier>", Reason.LABEL_UNKNOWN),
    (">JPN</slab:PolicyIdentifier>", ">jpn</slab:PolicyIdentifier>", Reason.LABEL_UNKNOWN),
    ("<slab:PolicyIdentifier>", '<slab:PolicyIdentifier URI="urn:oid:1.2.3">', Reason.LABEL_UNKNOWN),
    ('Type="PERMISSIVE"', 'Type="permissive"', Reason.LABEL_UNKNOWN),
    ('Type="PERMISSIVE"', 'Type="RESTRICTIVE"', Reason.LABEL_UNKNOWN),
    ('Type="PERMISSIVE" ', "", Reason.LABEL_PARTIAL),
    ('TagName="Releasable To"', 'TagName="releasable to"', Reason.LABEL_UNKNOWN),
    ('TagName="Releasable To"', 'TagName="Releaseable To"', Reason.LABEL_UNKNOWN),
    ('TagName="Releasable To"', 'TagName="Community"', Reason.LABEL_PARTIAL),
    ('TagName="Handling"', 'TagName="Additional Sensitivity"', Reason.LABEL_UNKNOWN),
    ('TagName="Handling"', 'TagName="Handling" URI="urn:oid:1"', Reason.LABEL_UNKNOWN),
    ("ORIGINATOR CONTROL", "ORIGINATOR  CONTROL", Reason.LABEL_UNKNOWN),
    ("ORIGINATOR CONTROL", "originator control", Reason.LABEL_UNKNOWN),
    ("<slab:GenericValue>SPACE</slab:GenericValue>", "", Reason.LABEL_PARTIAL),
    ("<slab:GenericValue>SPACE</slab:GenericValue>", "<slab:GenericValue/>", Reason.LABEL_PARTIAL),
    ("<slab:GenericValue>SPACE", "SPACE<slab:GenericValue>SPACE", Reason.LABEL_UNKNOWN),
    ("GenericValue>SPACE</slab:Generic", "IntegerValue>1</slab:Integer", Reason.LABEL_UNKNOWN),
    ("<slab:GenericValue>JPN</slab:GenericValue>", "", Reason.LABEL_PARTIAL),
    (">KOR<", ">KOR </slab:GenericValue><slab:GenericValue>USA<", Reason.LABEL_UNKNOWN),
    (">KOR<", ">kor<", Reason.LABEL_UNKNOWN),
    (">KOR<", ">KOR</slab:GenericValue><slab:GenericValue>KOR<", Reason.LABEL_UNKNOWN),
    (
        "  <slab:OriginatorID",
        "  <slab:PrivacyMark>X</slab:PrivacyMark><slab:OriginatorID",
        Reason.LABEL_PARTIAL,
    ),
    (
        "</slab:ConfidentialityInformation>",
        "<x xmlns='urn:x'/></slab:ConfidentialityInformation>",
        Reason.LABEL_UNKNOWN,
    ),
    ("uniformResourceIdentifier", "rfc822Name", Reason.LABEL_UNKNOWN),
    ('IDType="uniformResourceIdentifier"', "", Reason.LABEL_PARTIAL),
    ("urn:trilat:party:JPN", "urn:trilat:party:USA", Reason.LABEL_PARTIAL),
    ("urn:trilat:party:JPN", "JPN", Reason.LABEL_UNKNOWN),
    ("<slab:CreationDateTime>2024-01-15T00:00:00Z</slab:CreationDateTime>", "", Reason.LABEL_PARTIAL),
    ("2024-01-15T00:00:00Z", "2024-01-15T00:00:00", Reason.LABEL_UNKNOWN),
    ("2024-01-15T00:00:00Z", "2024-01-15T09:00:00+09:00", Reason.LABEL_UNKNOWN),
    ("2034-01-15T00:00:00Z", "2014-01-15T00:00:00Z", Reason.LABEL_UNKNOWN),
    ("2034-01-15T00:00:00Z", "soon", Reason.LABEL_UNKNOWN),
    ('ReviewDateTime="2034-01-15T00:00:00Z"', "", Reason.LABEL_PARTIAL),
    ("ReviewDateTime", "reviewDateTime", Reason.LABEL_UNKNOWN),
    ("ReviewDateTime", 'Id="#1" ReviewDateTime', Reason.LABEL_UNKNOWN),
    ("confidentialitymetadatalabel:1:0", "confidentialitymetadatalabel:1:1", Reason.LABEL_UNKNOWN),
    ("originatorConfidentialityLabel", "alternativeConfidentialityLabel", Reason.LABEL_UNKNOWN),
    ("originatorConfidentialityLabel", "OriginatorConfidentialityLabel", Reason.LABEL_UNKNOWN),
    ("slab:", "", Reason.LABEL_UNKNOWN),
    (END, "", Reason.LABEL_PARTIAL),
    (END, f"<slab:Extra/>{END}", Reason.LABEL_UNKNOWN),
    (END, f"{END}<!-- behind -->", Reason.LABEL_UNKNOWN),
    (END, f"{END}{END}", Reason.LABEL_PARTIAL),
    ('encoding="UTF-8"', 'encoding="ISO-8859-1"', Reason.LABEL_UNKNOWN),
    ("<slab:originator", '<!DOCTYPE x [<!ENTITY a "b">]><slab:originator', Reason.LABEL_UNKNOWN),
    ("<slab:originator", '<!DOCTYPE x SYSTEM "file:///etc/hostname"><slab:originator', Reason.LABEL_UNKNOWN),
]


@pytest.mark.parametrize(("change", "to", "reason"), CHANGED)
def test_a_label_with_one_thing_wrong_is_refused(change: str, to: str, reason: Reason) -> None:
    assert change in LABEL
    with pytest.raises(MarkingError) as refused:
        read_4774(LABEL.replace(change, to).encode())
    assert refused.value.facts["reason"] is reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.LABEL_ABSENT),
        (b" \n", Reason.LABEL_ABSENT),
        (b"{}", Reason.LABEL_PARTIAL),
        (LABEL.encode("utf-16"), Reason.LABEL_UNKNOWN),
        (LABEL.encode() + b"\xff", Reason.LABEL_UNKNOWN),
        (LABEL.encode().ljust(131_073), Reason.LABEL_UNKNOWN),
        (b"<a>" * 17 + b"</a>" * 17, Reason.LABEL_UNKNOWN),
        (b"<a>" * 20_000 + b"</a>" * 20_000, Reason.LABEL_UNKNOWN),
        (b'<a xmlns:x="y" x:b="1" x:b="2"/>', Reason.LABEL_PARTIAL),
        (b"\0", Reason.LABEL_UNKNOWN),
    ],
)
def test_what_is_no_such_document_is_refused(data: bytes, reason: Reason) -> None:
    with pytest.raises(MarkingError) as refused:
        read_4774(data)
    assert refused.value.facts["reason"] in {reason, Reason.LABEL_PARTIAL}


@pytest.mark.parametrize(
    ("change", "to"),
    [
        (">KOR<", ">USA<"),
        (">SPACE<", ">SEA<"),
        ("ORIGINATOR CONTROL", "OTHER"),
        (">HI<", ">KIMITSU<"),
        (">HI<", ">GOKUHI<"),
        ("urn:trilat:party:JPN", "urn:trilat:party:KOR"),
        ("2024-01-15", "2024-01-16"),
    ],
)
def test_a_succession_that_changes_more_than_to_a_lower_level_is_refused(change: str, to: str) -> None:
    with pytest.raises(MarkingError):
        read_4774(succeeded(change, to).encode())


@pytest.mark.parametrize(
    "changes",
    [
        {"review_ns": None},
        {"expires_ns": MADE_NS + 1},
        {"portions": (Portion(field="sensors", releasable_to=()),)},
        {"classification": mark("AUS", "SECRET")},
        {"classification": mark("JPN", "")},
        {"classification": mark("JPN", "HI ")},
        {"restrictive": (" SPACE",)},
        {"restrictive": ("",)},
        {"permissive": ("\ufffe",)},
    ],
)
def test_what_4774_cannot_say_is_not_written(changes: dict[str, Any]) -> None:
    with pytest.raises(MarkingError):
        write_4774(msgspec.structs.replace(EXPECTED, **changes))


DATA = b"an item as it was sent"


def signed_by(party: str, payload: bytes) -> bytes:
    return party.encode() + b"|" + hashlib.sha256(party.encode() + payload).digest() + payload


def sign(payload: bytes) -> bytes:
    return signed_by("JPN", payload)


def verify(party: str, signature: bytes) -> bytes:
    """A stand-in for the signing of `link`, whose own tests say what its signatures hold."""
    payload = signature[len(party) + 1 + 32 :]
    if signature != signed_by(party, payload):
        raise EnvelopeError(f"not signed by `{party}`")
    return payload


WITH_PORTIONS = msgspec.structs.replace(
    EXPECTED,
    attribution=Attribution.OFFICE,
    portions=(
        Portion(field="sensors", releasable_to=(), restrictive=("SIGNALS",)),
        Portion(field="state", classification=mark("JPN", "TOKUTEI-HIMITSU"), permissive=("A",)),
    ),
)


@FEW
@given(bound_labels())
def test_a_label_with_portions_comes_back_from_its_binding(label: Label) -> None:
    document = write_4778(label, DATA, lambda payload: signed_by(label.originator, payload))
    assert read_4778(document, DATA, verify) == label


def document() -> str:
    return write_4778(WITH_PORTIONS, DATA, sign).decode()


def test_the_reference_is_the_digest_by_the_words_of_rfc_6920() -> None:
    digest = base64.urlsafe_b64encode(hashlib.sha256(DATA).digest()).decode().rstrip("=")
    assert f'URI="ni:///sha-256;{digest}"' in document()
    assert f'URI="ni:///sha-256;{digest}#sensors"' in document()


def test_a_binding_is_for_these_bytes_and_no_others() -> None:
    assert read_4778(document().encode(), DATA, verify) == WITH_PORTIONS
    with pytest.raises(MarkingError, match="other data"):
        read_4778(document().encode(), DATA + b".", verify)


def test_a_binding_without_a_signature_is_refused_though_the_standard_allows_it() -> None:
    whole = document()
    start, end = whole.index("<tm:"), whole.index("</mb:BindingInformation>")
    with pytest.raises(MarkingError, match="not signed") as refused:
        read_4778((whole[:start] + whole[end:]).encode(), DATA, verify)
    assert refused.value.facts["reason"] is Reason.LABEL_PARTIAL


def test_a_binding_signed_by_another_party_is_refused() -> None:
    forged = write_4778(WITH_PORTIONS, DATA, lambda payload: signed_by("USA", payload))
    with pytest.raises(EnvelopeError):
        read_4778(forged, DATA, verify)


def test_a_signature_of_another_label_is_refused() -> None:
    looser = msgspec.structs.replace(WITH_PORTIONS, restrictive=(), portions=())
    other = write_4778(looser, DATA, sign).decode()
    cut = [text.index("<tm:") for text in (document(), other)]
    with pytest.raises(MarkingError, match="signature is over another"):
        read_4778((other[: cut[1]] + document()[cut[0] :]).encode(), DATA, verify)


@pytest.mark.parametrize(
    ("change", "to"),
    [
        (">SIGNALS<", ">SIGNAL<"),
        (">GOKUHI<", ">HI<"),
        (">KOR<", ">KOR</slab:GenericValue><slab:GenericValue>USA<"),
        ("#sensors", "#text"),
        ("#sensors", "#state"),
        ("#sensors", ""),
        ("<mb:Metadata>", "<mb:Metadata><x/>"),
        ("<mb:Metadata>", '<mb:Metadata encoding="x">'),
        ("<mb:MetadataBinding>", '<mb:MetadataBinding Id="a">'),
        ("mb:DataReference", "mb:MetadataReference"),
        ("BindingInformation", "bindingInformation"),
        ("bindinginformation:1:0", "bindinginformation:1:1"),
        ("urn:trilat:binding:1", "urn:trilat:binding:2"),
        ("tm:OriginatorSignature>", "tm:Signature>"),
        ("</tm:OriginatorSignature>", "*</tm:OriginatorSignature>"),
        ("</tm:OriginatorSignature>", "</tm:OriginatorSignature><y/>"),
        ("</mb:MetadataBindingContainer>", "</mb:MetadataBindingContainer><mb:MetadataBindingContainer/>"),
        ("</mb:MetadataBinding>", "</mb:MetadataBinding><!-- -->"),
    ],
)
def test_no_change_of_a_binding_is_accepted(change: str, to: str) -> None:
    assert change in document()
    with pytest.raises((MarkingError, EnvelopeError)):
        read_4778(document().replace(change, to, 1).encode(), DATA, verify)


def test_a_portion_that_asks_less_than_its_item_is_refused_though_it_is_signed() -> None:
    """Only a hostile originator could sign one: the signature is made over what the text says here."""
    from trilat.domains.marking import reading_xml, stanag4778  # noqa: PLC0415

    text = document()
    text = text[: text.index("<tm:")] + text[text.index("</mb:BindingInformation>") :]
    second = text.index("#sensors")
    third = text.rindex(">SPACE<")
    assert third > second
    looser = text[:third] + ">OTHER<" + text[third + len(">SPACE<") :]
    container = reading_xml.parse_xml(looser.encode())[0]
    signature = base64.b64encode(sign(stanag4778._digest(container))).decode()
    element = f'<tm:OriginatorSignature xmlns:tm="urn:trilat:binding:1">{signature}</tm:OriginatorSignature>'
    signed = looser.replace("</mb:BindingInformation>", f"{element}</mb:BindingInformation>")
    with pytest.raises(MarkingError, match="asks less than its item"):
        read_4778(signed.encode(), DATA, verify)


def test_what_a_binding_cannot_say_is_not_written() -> None:
    for changes in ({"expires_ns": MADE_NS + 1}, {"review_ns": None}):
        with pytest.raises(MarkingError):
            write_4778(msgspec.structs.replace(WITH_PORTIONS, **changes), DATA, sign)
    two = msgspec.structs.replace(WITH_PORTIONS, permissive=("B",))
    with pytest.raises(MarkingError, match="two lists of permissive"):
        write_4778(two, DATA, sign)
