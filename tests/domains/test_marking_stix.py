"""Markings of STIX 2.1 objects, by the identifiers that OASIS published, of which this is a list."""

import json
from typing import Any

import msgspec
import pytest
from tests.domains.marking_labels import CONTROL, MADE_NS, mark, origin

from trilat.domains.marking import read_stix, write_stix
from trilat.model import Label, MarkingError, Portion, Reason

PUBLISHED = {
    "TLP:CLEAR": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "TLP:GREEN": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "TLP:AMBER": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "TLP:AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "TLP:RED": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    "PAP:CLEAR": "marking-definition--ad15a0cd-55b6-4588-a14c-a66105329b92",
    "PAP:GREEN": "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
    "PAP:AMBER": "marking-definition--60f8932b-e51e-4458-b265-a2e8be9a80ab",
    "PAP:RED": "marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0e",
}
"""oasis-open/cti-stix-common-objects, extension definitions TLP 2.0 and PAP."""

OLDER = {
    "TLP:CLEAR": "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
    "TLP:GREEN": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "TLP:AMBER": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "TLP:RED": "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}
"""STIX 2.1, section 7.2.1.4."""


def granular(colour: str, *selectors: str) -> dict[str, Any]:
    return {"marking_ref": PUBLISHED[colour], "selectors": list(selectors)}


def marked(*colours: str, granular_markings: list[Any] | None = None, **changes: Any) -> bytes:
    plain: dict[str, Any] = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": "indicator--a932fcc6-e032-476c-826f-cb970a5a1ade",
        "pattern": "[ipv4-addr:value = '198.51.100.7']",
        "object_marking_refs": [PUBLISHED[colour] for colour in colours],
    }
    if granular_markings is not None:
        plain["granular_markings"] = granular_markings
    return json.dumps(plain | changes).encode()


@pytest.mark.parametrize("tlp", [colour for colour in PUBLISHED if colour.startswith("TLP")])
@pytest.mark.parametrize("pap", [colour for colour in PUBLISHED if colour.startswith("PAP")])
def test_published_markings_are_read_and_come_back(tlp: str, pap: str) -> None:
    label = read_stix(marked(tlp, pap), origin("JPN", releasable_to=("KOR",)))
    assert label.restrictive == (tlp, pap)
    assert label.releasable_to == ("KOR",)
    assert bool(label.caveats) == ("AMBER" in tlp or "RED" in tlp)
    assert read_stix(write_stix(label, "indicator"), origin("JPN", releasable_to=("KOR",))) == label


@pytest.mark.parametrize("colour", OLDER)
def test_markings_of_tlp_1_are_read_as_their_successors(colour: str) -> None:
    data = marked(object_marking_refs=[OLDER[colour]])
    assert read_stix(data, origin("JPN")).restrictive == (colour,)


def test_a_stricter_marking_of_a_field_becomes_a_portion() -> None:
    data = marked(
        "TLP:GREEN",
        granular_markings=[
            granular("TLP:RED", "description", "indicator_types.[1]"),
            granular("PAP:AMBER", "description"),
            {"lang": "ja", "selectors": ["description"]},
        ],
    )
    label = read_stix(data, origin("JPN"))
    assert label.portions == (
        Portion(field="description", restrictive=("PAP:AMBER", "TLP:RED"), caveats=CONTROL),
        Portion(field="indicator_types", restrictive=("TLP:RED",), caveats=CONTROL),
    )
    assert read_stix(write_stix(label, "indicator"), origin("JPN")) == label


def test_a_field_marked_as_its_object_asks_nothing_more() -> None:
    data = marked("TLP:RED", granular_markings=[granular("TLP:RED", "description")])
    assert read_stix(data, origin("JPN")).portions == ()


UNKNOWN = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41db"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.LABEL_UNKNOWN),
        (b"{", Reason.LABEL_UNKNOWN),
        (b"[]", Reason.LABEL_UNKNOWN),
        (b'{"object_marking_refs": []}', Reason.LABEL_UNKNOWN),
        (b"\xff", Reason.LABEL_UNKNOWN),
        (b" " * 1_048_577, Reason.LABEL_UNKNOWN),
        (b'{"type":' + b"[" * 100_000, Reason.LABEL_UNKNOWN),
        (marked(), Reason.LABEL_ABSENT),
        (b'{"type": "indicator"}', Reason.LABEL_ABSENT),
        (b'{"type": "indicator", "object_markings_refs": ["x"]}', Reason.LABEL_ABSENT),
        (marked("PAP:RED"), Reason.LABEL_PARTIAL),
        (marked("TLP:RED", "TLP:CLEAR"), Reason.LABEL_UNKNOWN),
        (marked("TLP:RED", "TLP:RED"), Reason.LABEL_UNKNOWN),
        (marked("TLP:RED", "PAP:RED", "PAP:CLEAR"), Reason.LABEL_UNKNOWN),
        (marked(object_marking_refs=[UNKNOWN]), Reason.LABEL_UNKNOWN),
        (marked(object_marking_refs=[PUBLISHED["TLP:GREEN"], UNKNOWN]), Reason.LABEL_UNKNOWN),
        (marked(object_marking_refs=[PUBLISHED["TLP:GREEN"].upper()]), Reason.LABEL_UNKNOWN),
        (marked(object_marking_refs=[PUBLISHED["TLP:GREEN"] + " "]), Reason.LABEL_UNKNOWN),
        (marked(object_marking_refs=[None]), Reason.LABEL_UNKNOWN),
        (marked(object_marking_refs=PUBLISHED["TLP:GREEN"]), Reason.LABEL_UNKNOWN),
        (marked(object_marking_refs=[UNKNOWN] * 17), Reason.LABEL_UNKNOWN),
        (marked("TLP:RED", granular_markings=[granular("TLP:CLEAR", "description")]), Reason.LABEL_UNKNOWN),
        (marked("TLP:GREEN", granular_markings=[granular("TLP:RED", "pattern")]), Reason.LABEL_UNKNOWN),
        (marked("TLP:GREEN", granular_markings=[granular("TLP:RED", "Description")]), Reason.LABEL_UNKNOWN),
        (marked("TLP:GREEN", granular_markings=[granular("TLP:RED")]), Reason.LABEL_UNKNOWN),
        (
            marked("TLP:GREEN", granular_markings=[{"marking_ref": UNKNOWN, "selectors": ["description"]}]),
            Reason.LABEL_UNKNOWN,
        ),
        (
            marked(
                "TLP:GREEN",
                granular_markings=[granular("TLP:RED", "description"), granular("TLP:AMBER", "description")],
            ),
            Reason.LABEL_UNKNOWN,
        ),
        (
            marked("TLP:GREEN", granular_markings=[granular("TLP:RED", "description") | {"extra": 1}]),
            Reason.LABEL_UNKNOWN,
        ),
        (
            marked("TLP:GREEN", granular_markings=[granular("TLP:RED", "description") | {"lang": "en"}]),
            Reason.LABEL_UNKNOWN,
        ),
        (marked("TLP:GREEN", granular_markings=[{"selectors": ["description"]}]), Reason.LABEL_UNKNOWN),
        (
            marked("TLP:GREEN", type="malware", granular_markings=[granular("TLP:RED", "name")]),
            Reason.LABEL_UNKNOWN,
        ),
        (
            marked("TLP:RED").replace(
                b"{", b'{"object_marking_refs": ["' + PUBLISHED["TLP:CLEAR"].encode() + b'"],', 1
            ),
            Reason.LABEL_UNKNOWN,
        ),
    ],
)
def test_an_object_whose_marking_nobody_knows_is_refused(data: bytes, reason: Reason) -> None:
    with pytest.raises(MarkingError) as refused:
        read_stix(data, origin("JPN"))
    assert refused.value.facts["reason"] is reason


def good() -> Label:
    return read_stix(
        marked("TLP:GREEN", granular_markings=[granular("TLP:RED", "description")]), origin("JPN")
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"classification": mark("JPN", "HI")},
        {"restrictive": ("SEA",)},
        {"permissive": ("SEA",)},
        {"expires_ns": MADE_NS + 1},
        {"portions": (Portion(field="description", releasable_to=()),)},
        {"portions": (Portion(field="sensors", restrictive=("TLP:RED",), caveats=CONTROL),)},
        {"portions": (Portion(field="description", restrictive=("TLP:RED",)),)},
        {"portions": (Portion(field="description", restrictive=("TLP:CLEAR",)),)},
        {"portions": (Portion(field="description", restrictive=("SEA",)),)},
    ],
)
def test_what_published_markings_cannot_say_is_not_written(changes: dict[str, Any]) -> None:
    assert write_stix(good(), "indicator")
    with pytest.raises(MarkingError):
        write_stix(msgspec.structs.replace(good(), **changes), "indicator")


def test_a_portion_of_a_type_whose_fields_are_not_known_is_not_written() -> None:
    with pytest.raises(MarkingError):
        write_stix(good(), "malware")
