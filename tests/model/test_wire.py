"""The wire form: one encoding per value, judged by a small reader of msgpack written from its specification.

The golden file pins the bytes of one value per kind, with all fields filled. Its plain forms were written by
hand; a change of the encoding shows here first.
"""

import base64
import json
import struct
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.examples import GOLDEN, OTHERS, example
from tests.strategies import items, nouns

from trilat.model import (
    ITEM_KINDS,
    Agreement,
    Classification,
    Envelope,
    Noun,
    Place,
    Provenance,
    Status,
    Track,
    WireError,
    decode,
    decode_item,
    encode,
    to_plain,
)
from trilat.model.limits import WIRE_BYTES_MAX
from trilat.model.noun import Whole
from trilat.model.wire import ENVELOPE_BYTES_MAX

ITEM_ROWS = [row for row in GOLDEN if row["kind"] in ITEM_KINDS]
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Float(float):
    """A float found on the wire, where none may be."""


def read_msgpack(data: bytes, at: int = 0) -> tuple[Any, int]:
    """The value at a place and the place after it, by the msgpack specification; maps are not ours."""
    head = data[at]
    if head < 0x80 or head >= 0xE0:
        return head if head < 0x80 else head - 256, at + 1
    if head & 0xE0 == 0xA0:
        return data[at + 1 : at + 1 + (head & 31)].decode(), at + 1 + (head & 31)
    if head & 0xF0 == 0x90:
        return read_array(data, at + 1, head & 15)
    if head in {0xC0, 0xC2, 0xC3}:
        return {0xC0: None, 0xC2: False, 0xC3: True}[head], at + 1
    if head in {0xCA, 0xCB}:
        size, code = (4, ">f") if head == 0xCA else (8, ">d")
        return Float(struct.unpack(code, data[at + 1 : at + 1 + size])[0]), at + 1 + size
    if 0xCC <= head <= 0xD3:
        size = 1 << (head & 3)
        return int.from_bytes(data[at + 1 : at + 1 + size], signed=head >= 0xD0), at + 1 + size
    size = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4}[head]
    length = int.from_bytes(data[at + 1 : at + 1 + size])
    start = at + 1 + size
    if head in {0xDC, 0xDD}:
        return read_array(data, start, length)
    raw = data[start : start + length]
    return (raw if head < 0xD0 else raw.decode()), start + length


def read_array(data: bytes, at: int, length: int) -> tuple[list[Any], int]:
    parts: list[Any] = []
    for _ in range(length):
        part, at = read_msgpack(data, at)
        parts.append(part)
    return parts, at


def without_names(plain: Any) -> Any:
    """The arrays that a plain form stands for: values in field order, the kind first."""
    if isinstance(plain, dict):
        return [without_names(part) for part in plain.values()]
    if isinstance(plain, list):
        return [without_names(part) for part in plain]
    return plain


def bytes_as_text(value: Any) -> Any:
    if isinstance(value, list):
        return [bytes_as_text(part) for part in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def decode_row(kind: str, data: bytes) -> Noun:
    return decode(data, OTHERS[kind]) if kind in OTHERS else decode_item(data)


def test_the_golden_file_has_one_of_every_kind() -> None:
    assert [row["kind"] for row in GOLDEN] == [*ITEM_KINDS, *OTHERS]


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: row["kind"])
def test_golden_bytes_do_not_change(row: dict[str, Any]) -> None:
    assert encode(example(row["kind"])).hex() == row["hex"], (
        "the wire form changed: partners and ledgers hold the old bytes, so append fields only, "
        "and give a change of meaning a new schema number"
    )


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: row["kind"])
def test_golden_bytes_read_back(row: dict[str, Any]) -> None:
    assert to_plain(decode_row(row["kind"], bytes.fromhex(row["hex"]))) == row["plain"]


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: row["kind"])
def test_a_reader_written_from_the_specification_finds_the_same(row: dict[str, Any]) -> None:
    data = bytes.fromhex(row["hex"])
    found, end = read_msgpack(data)
    assert end == len(data)
    assert bytes_as_text(found) == without_names(row["plain"])


BEFORE_COVERING = json.loads(
    (Path(__file__).parents[1] / "golden" / "wire-before-covering.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("row", BEFORE_COVERING, ids=lambda row: row["kind"])
def test_duties_from_before_covering_are_read_and_cover_nothing(row: dict[str, Any]) -> None:
    value = decode_row(row["kind"], bytes.fromhex(row["hex"]))
    duties = (
        to_plain(value)["clauses"][0]["duties"] if row["kind"] == "agreement" else to_plain(value)["duties"]
    )
    assert list(duties.items())[-5:] == [
        ("cover_m", 0),
        ("cover_epoch_s", 0),
        ("sigma_class_m", 0),
        ("span_s", 0),
        ("tear_line", False),
    ]
    assert encode(value).hex() != row["hex"], "the premise: today's bytes differ"


BEFORE_RECALLS = json.loads(
    (Path(__file__).parents[1] / "golden" / "wire-before-recalls.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("row", BEFORE_RECALLS, ids=lambda row: row["kind"])
def test_recalls_from_before_they_were_passed_on_are_read(row: dict[str, Any]) -> None:
    value = decode_row(row["kind"], bytes.fromhex(row["hex"]))
    appended = list(to_plain(value).items())[-value.fields_appended :]
    assert all(told in (None, "", []) for _, told in appended)
    assert encode(value).hex() != row["hex"], "the premise: today's bytes differ"


def test_an_agreement_from_before_clauses_had_areas_and_situations_reads_back() -> None:
    path = Path(__file__).parents[1] / "golden" / "agreement-before-areas.hex"
    old = decode(bytes.fromhex(path.read_text(encoding="ascii")), Agreement)
    assert (old.agreement_id, old.areas, old.onward_to) == ("three-way-2014", (), ())
    assert (old.clauses[0].areas, old.clauses[0].situations, old.clauses[0].onward) == ((), (), None)


def test_an_agreement_from_before_freshness_and_removal_reads_back() -> None:
    path = Path(__file__).parents[1] / "golden" / "agreement-before-freshness.hex"
    data = bytes.fromhex(path.read_text(encoding="ascii"))
    old = decode(data, Agreement)
    assert (old.fresh_s, old.removal_by, old.equivalents[0].levels[0].scheme) == (0, (), "KOR")
    assert encode(old) != data, "the premise: today's bytes differ"


def test_an_agreement_from_before_it_could_ask_for_direct_links_asks_for_none() -> None:
    path = Path(__file__).parents[1] / "golden" / "agreement-before-direct-only.hex"
    old = decode(bytes.fromhex(path.read_text(encoding="ascii")), Agreement)
    assert (old.agreement_id, old.direct_only, len(old.equivalents)) == ("three-way-2014", False, 1)


@FEW
@given(items())
def test_every_item_goes_round(item: Any) -> None:
    data = encode(item)
    assert decode_item(data) == item
    assert encode(decode_item(data)) == data


@pytest.mark.parametrize("kind", OTHERS.values(), ids=lambda kind: kind.__name__)
def test_every_other_noun_goes_round(kind: type[Noun]) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(nouns(kind))
    def goes_round(value: Noun) -> None:
        assert decode(encode(value), kind, bytes_max=ENVELOPE_BYTES_MAX) == value

    goes_round()


@FEW
@given(items(), st.data())
def test_no_flipped_bit_reads_as_the_same_value(item: Any, data: st.DataObject) -> None:
    encoded = bytearray(encode(item))
    place = data.draw(st.integers(0, len(encoded) * 8 - 1))
    encoded[place // 8] ^= 1 << (place % 8)
    try:
        found = decode_item(bytes(encoded))
    except WireError:
        return
    assert found != item
    assert encode(found) == bytes(encoded)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_wire_error(data: bytes) -> None:
    for kind in (Place, Track, Agreement, Envelope):
        with pytest.raises(WireError):
            decode(data, kind)
    with pytest.raises(WireError):
        decode_item(data)


@pytest.mark.parametrize("row", ITEM_ROWS, ids=lambda row: row["kind"])
def test_no_shortened_item_is_read(row: dict[str, Any]) -> None:
    data = bytes.fromhex(row["hex"])
    for end in range(0, len(data), 7):
        with pytest.raises(WireError):
            decode_item(data[:end])
    with pytest.raises(WireError):
        decode_item(data + b"\xc0")


pack = msgspec.msgpack.encode


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x93\xcc\x01\x02\x00", id="an integer in more bytes than it needs"),
        pytest.param(b"\x93\xd0\x01\x02\x00", id="a signed form of a positive integer"),
        pytest.param(b"\x93\xcf" + bytes(7) + b"\x01\x02\x00", id="an integer in eight bytes"),
        pytest.param(b"\xdc\x00\x03\x01\x02\x00", id="a long form of the array head"),
        pytest.param(pack([1.0, 2, 0]), id="a float"),
        pytest.param(pack([float("nan"), 2, 0]), id="not a number"),
        pytest.param(pack([float("inf"), 2, 0]), id="an infinity"),
        pytest.param(pack([True, 2, 0]), id="a bool for an integer"),
        pytest.param(pack(["1", 2, 0]), id="text for an integer"),
        pytest.param(pack([b"1", 2, 0]), id="bytes for an integer"),
        pytest.param(pack([None, 2, 0]), id="null for an integer"),
        pytest.param(pack([1, 2, 0, 0]), id="an extra field"),
        pytest.param(pack([1]), id="a missing field"),
        pytest.param(pack([1, 2]), id="a default left out"),
        pytest.param(pack({"latitude_1e7deg": 1, "longitude_1e7deg": 2}), id="names as in the plain form"),
        pytest.param(pack([900_000_001, 2, 0]), id="a latitude beyond the pole"),
        pytest.param(pack([1, -1_800_000_001, 0]), id="a longitude beyond the date line"),
        pytest.param(b"\x93\x01\x02\xcf" + b"\xff" * 8, id="an integer beyond 64 bits"),
        pytest.param(pack([[1], 2, 0]), id="a nested array"),
        pytest.param(b"\x91" * 60_000, id="sixty thousand arrays in one another"),
        pytest.param(b"\x93\xd4\x01\x00\x02\x00", id="an extension type"),
        pytest.param(b"\xc1", id="a reserved byte"),
        pytest.param(pack([1, 2, 0]) + pack([1, 2, 0]), id="a second value behind it"),
        pytest.param(b"\xdd\xff\xff\xff\xff", id="an array that promises four thousand million"),
    ],
)
def test_a_place_is_refused_that_is(data: bytes) -> None:
    with pytest.raises(WireError, match="place"):
        decode(data, Place)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pack([b"KOR", "II"]), id="text as bytes"),
        pytest.param(b"\x92\xd9\x03KOR\xa2II", id="text in a longer form than it needs"),
        pytest.param(b"\x92\xa2\xff\xfe\xa2II", id="not UTF-8"),
        pytest.param(b"\x92\xa3\xed\xa0\x80\xa2II", id="half a surrogate pair"),
        pytest.param(b"\x92\xa2\xc0\x80\xa2II", id="over-long UTF-8"),
        pytest.param(pack(["K" * 121, "II"]), id="too long"),
    ],
)
def test_a_classification_is_refused_that_is(data: bytes) -> None:
    with pytest.raises(WireError, match="classification"):
        decode(data, Classification)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([["KOR"], ["AAAAAAAAAAAA"], [], "complete"], id="text for bytes"),
        pytest.param([["KOR"], [b"1234567"], [], "complete"], id="a token too short"),
        pytest.param([["KOR"], [bytes(33)], [], "complete"], id="a token too long"),
        pytest.param([["KOR"], [], [], "Complete"], id="a name that no enumeration has"),
        pytest.param([["KOR"], [], [], 0], id="the number of an enumeration"),
        pytest.param([[], [], [], "complete"], id="no originator"),
        pytest.param([["KOR", "KOR"], [], [], "complete"], id="an originator twice"),
        pytest.param([["kor"], [], [], "complete"], id="a party that is none"),
        pytest.param([["KOR\n"], [], [], "complete"], id="a line end behind a party"),
        pytest.param(
            [[f"P{n:03}" for n in range(201)], [], [], "complete"], id="more originators than there may be"
        ),
        (
            "more observations than there may be",
            [["KOR"], [n.to_bytes(8) for n in range(257)], [], "complete"],
        ),
    ],
)
def test_a_provenance_is_refused_that_has(parts: list[Any]) -> None:
    with pytest.raises(WireError, match="provenance"):
        decode(pack(parts), Provenance)


def test_a_kind_that_nobody_knows_is_refused() -> None:
    row = read_msgpack(bytes.fromhex(ITEM_ROWS[0]["hex"]))[0]
    for kind in ("rocket", "Report", "ellipse", "", 1, None):
        with pytest.raises(WireError):
            decode_item(pack([kind, *row[1:]]))


def test_one_kind_is_not_read_as_another() -> None:
    for row in ITEM_ROWS:
        other = ITEM_KINDS["track" if row["kind"] != "track" else "event"]
        with pytest.raises(WireError):
            decode(bytes.fromhex(row["hex"]), other)


def test_a_long_message_is_refused_before_it_is_read() -> None:
    with pytest.raises(WireError, match="over the limit") as caught:
        decode_item(b"\xc1" * (WIRE_BYTES_MAX + 1))
    assert caught.value.facts["kind"] == "item"
    with pytest.raises(WireError, match="over the limit of 10"):
        decode(bytes(11), Place, bytes_max=10)


def test_a_refusal_is_one_printable_line() -> None:
    with pytest.raises(WireError) as caught:
        decode_item(pack(["report", "\x1b[2J\n\u202e", *range(8)]))
    assert str(caught.value).isprintable()


def test_constructors_check_again_after_a_decoder_refused() -> None:
    """The decoder's leave to skip field checks must end with it, also when it fails."""
    with pytest.raises(WireError):
        decode(pack([1, 2, "x"]), Place)
    with pytest.raises(ValueError, match="latitude"):
        Place(latitude_1e7deg=10**10, longitude_1e7deg=0)


class Before(Noun, frozen=True, kw_only=True, tag="thing"):
    number: Whole
    places: tuple[Place, ...] = ()


class After(Noun, frozen=True, kw_only=True, tag="thing"):
    fields_appended = 2
    number: Whole
    places: tuple[Place, ...] = ()
    status: Status = Status.REAL
    note: str = ""


class Around(Noun, frozen=True, kw_only=True):
    things: tuple[After, ...]
    last: Whole = 7


PLACES = (Place(latitude_1e7deg=1, longitude_1e7deg=300),)


def test_bytes_from_before_fields_were_appended_are_read() -> None:
    old = Before(number=1, places=PLACES)
    assert decode(encode(old), After) == After(number=1, places=PLACES)
    nested = pack([[["thing", 1, []], ["thing", 2, [], "exercise"], ["thing", 3, [], "real", ""]], 7])
    things = decode(nested, Around).things
    assert [thing.status for thing in things] == [Status.REAL, Status.EXERCISE, Status.REAL]


FIRST_WRITTEN = {
    "area": (
        "9da461726561aa5553412d617265612d3101aa756e6861322d32303039a76d697373696c65a973696d756c61746564cf"
        "113173b9f3cc66009a01a355534192a3555341ac434f4e464944454e5449414c91a3555341909090a56e616d6564cf11"
        "3173b9f3cc6600c09491a355534191c410000102030405060708090a0b0c0d0e0f90a8636f6d706c657465a6696d7061"
        "637492a7706f6c79676f6e9393ce185a15c8ce4d496e50cd303993ffd294b62e000093007f00cf113173b9f3cc6601cd"
        "2328"
    ),
    "warning": (
        "dc0010a77761726e696e67ad4a504e2d7761726e696e672d3101aa756e6861322d32303039a76d697373696c65a97369"
        "6d756c61746564cf113173b9f3cc66009a01a34a504e92a34a504ea2484991a3555341909090a56e616d6564cf113173"
        "b9f3cc6600c09491a34a504e91c410000102030405060708090a0b0c0d0e0f90a8636f6d706c657465a66c61756e6368"
        "a9636f6e6669726d65649192ab4a504e2d747261636b2d370392a34a504ea35553419192ab5553412d6576656e742d31"
        "01a9e9a39be7bf94e4bd93a34a504e"
    ),
    "request": (
        "9da772657175657374ad4b4f522d726571756573742d3101aa756e6861322d32303039ac636f6e73756c746174696f6e"
        "a973696d756c61746564cf113173b9f3cc66009a01a34b4f5292a34b4f52a349494991a3555341909090a56e616d6564"
        "cf113173b9f3cc6600c09491a34b4f5291c410000102030405060708090a0b0c0d0e0f90a8636f6d706c657465b1eb82"
        "99ed959820eca780eca090ec9d803fa26b6f9192ab4a504e2d747261636b2d3703cf11317445a695d600"
    ),
}
"""Golden bytes of an impact area, a launch warning and a request as version 0.1.0 began to write them."""


@pytest.mark.parametrize(
    ("kind", "appended"), [("area", "name"), ("warning", "threat"), ("request", "onward_to")]
)
def test_items_from_before_fields_were_appended_are_read(kind: str, appended: str) -> None:
    item = decode_item(bytes.fromhex(FIRST_WRITTEN[kind]))
    assert getattr(item, appended) is None
    assert item.item_id in {"USA-area-1", "JPN-warning-1", "KOR-request-1"}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pack(["thing", 1]), id="more left out than was appended"),
        pytest.param(pack(["thing", 1, [[1, 300]]]), id="a default left out where nothing was appended"),
        pytest.param(pack(["thing", 1, [], "real", "", ""]), id="one field too many"),
        pytest.param(b"\x93\xa5thing\xcc\x01\x90", id="old, with an integer in more bytes than it needs"),
        pytest.param(b"\x93\xd9\x05thing\x01\x90", id="old, with a long form of its tag"),
        pytest.param(b"\x93\xa5thing\x01\xdc\x00\x00", id="old, with a long form of an array head"),
        pytest.param(b"\x93\xa5thing\x01\x90\xc0", id="old, with a byte behind it"),
    ],
)
def test_no_other_shorter_form_is_read(data: bytes) -> None:
    with pytest.raises(WireError):
        decode(data, After)


def test_what_lacks_a_field_around_old_bytes_is_refused() -> None:
    with pytest.raises(WireError, match="canonical"):
        decode(pack([[["thing", 1, []]]]), Around)
