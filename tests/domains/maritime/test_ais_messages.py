"""What single AIS messages say: published decodings, and messages written bit by bit from ITU-R M.1371-5."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ais_sentences import (
    armoured,
    framed,
    long_range,
    position_report,
    sentence,
    sixbit_text,
    static_data,
)

from trilat.domains.maritime import Omission, Refusal, ShipParticulars, ShipPosition, Sighting, read_ais
from trilat.domains.maritime.messages import imo_number_is_sound, ship_type_name

# Sentences and decodings published with gpsd's test suite (test/sample.aivdm, BSD licence; checked there with
# noaadata and the Maritec decoder).
PUBLISHED: list[tuple[bytes, str, int, tuple[float, float], dict[str, Any]]] = [
    (
        b"!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A",
        "371798000",
        1,
        (48.38163333333, -123.395383333),
        {"course_mdeg": 224_000, "heading_mdeg": 215_000, "sigma_mm": 10_000, "speed_knots": 12.3},
    ),
    (
        b"!AIVDM,1,1,,A,16SteH0P00Jt63hHaa6SagvJ087r,0*42",
        "440348000",
        1,
        (43.08015, -70.7582),
        {"course_mdeg": 93_400, "heading_mdeg": None, "sigma_mm": 100_000, "speed_knots": 0},
    ),
    (
        b"!AIVDM,1,1,,B,25Cjtd0Oj;Jp7ilG7=UkKBoB0<06,0*60",
        "356302000",
        2,
        (40.39235833333333, -71.62614333333333),
        {"course_mdeg": 87_700, "heading_mdeg": 91_000, "sigma_mm": 100_000, "speed_knots": 13.9},
    ),
    (
        b"!AIVDM,1,1,,A,38Id705000rRVJhE7cl9n;160000,0*40",
        "563808000",
        3,
        (36.91, -76.32753333333333),
        {"course_mdeg": 252_000, "heading_mdeg": 352_000, "sigma_mm": 10_000, "speed_knots": 0},
    ),
]
EVER_DIADEM = (
    b"!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C\n"
    b"!AIVDM,2,2,1,A,88888888880,2*25\n"
)
POSITION_STEP_1E7DEG = 1
"""Positions come in steps of 1/600,000 degree and are kept to 1e-7 degree."""


def only(data: bytes) -> Sighting:
    """The one sighting of a recording."""
    (sighting,) = read_ais(data).sightings
    return sighting


def position(data: bytes) -> ShipPosition:
    found = only(data).position
    assert found is not None
    return found


def particulars(data: bytes) -> ShipParticulars:
    found = only(data).particulars
    assert found is not None
    return found


@pytest.mark.parametrize(("line", "mmsi", "message_type", "where", "said"), PUBLISHED)
def test_published_position_reports(
    line: bytes, mmsi: str, message_type: int, where: tuple[float, float], said: dict[str, Any]
) -> None:
    sighting = only(line)
    assert (sighting.mmsi, sighting.message_type) == (mmsi, message_type)
    found = position(line)
    assert found.place is not None
    assert abs(found.place.latitude_1e7deg - where[0] * 1e7) <= POSITION_STEP_1E7DEG
    assert abs(found.place.longitude_1e7deg - where[1] * 1e7) <= POSITION_STEP_1E7DEG
    assert found.course_mdeg == said["course_mdeg"]
    assert found.heading_mdeg == said["heading_mdeg"]
    assert found.sigma_mm == said["sigma_mm"]
    assert found.speed_mm_per_s == round(said["speed_knots"] * 1852e3 / 3600)


def test_published_static_data() -> None:
    sighting = only(EVER_DIADEM)
    assert sighting.mmsi == "351759000"
    assert sighting.position is None
    assert sighting.particulars == ShipParticulars(
        ship_name="EVER DIADEM",
        call_sign="3FOF8",
        imo_number="9134270",
        ship_type="cargo",
        destination="NEW YORK",
    )


@given(
    longitude=st.integers(-180 * 600_000, 180 * 600_000),
    latitude=st.integers(-90 * 600_000, 90 * 600_000),
    speed=st.integers(0, 1022),
    course=st.integers(0, 3599),
    heading=st.integers(0, 359),
    message_type=st.sampled_from([1, 2, 3]),
)
def test_every_position_comes_back_to_the_step_it_was_sent_in(
    longitude: int, latitude: int, speed: int, course: int, heading: int, message_type: int
) -> None:
    found = position(
        sentence(
            position_report(
                message_type=message_type,
                longitude=longitude,
                latitude=latitude,
                speed=speed,
                course=course,
                heading=heading,
            )
        )
    )
    assert found.place is not None
    # 1e7 / 600,000 is 50 / 3: half a unit of 1e-7 degree is 1.5 thirds.
    assert abs(3 * found.place.latitude_1e7deg - 50 * latitude) <= 1.5
    assert abs(3 * found.place.longitude_1e7deg - 50 * longitude) <= 1.5
    assert found.course_mdeg == course * 100
    assert found.heading_mdeg == heading * 1000
    assert found.speed_mm_per_s is not None
    assert abs(found.speed_mm_per_s - speed * 51.444444444) <= 0.5


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"longitude": 181 * 600_000}, "place"),
        ({"latitude": 91 * 600_000}, "place"),
        ({"longitude": 181 * 600_000, "latitude": 91 * 600_000}, "place"),
        ({"speed": 1023}, "speed_mm_per_s"),
        ({"course": 3600}, "course_mdeg"),
        ({"heading": 511}, "heading_mdeg"),
    ],
)
def test_a_value_that_means_not_available_becomes_none_and_is_no_fault(
    fields: dict[str, int], name: str
) -> None:
    reading = read_ais(sentence(position_report(**fields)), reference_ns=0)
    found = reading.sightings[0].position
    assert found is not None
    assert getattr(found, name) is None
    assert reading.omitted == {}
    assert reading.warnings == ()


@pytest.mark.parametrize(
    ("fields", "name", "omission"),
    [
        ({"longitude": 180 * 600_000 + 1}, "place", Omission.POSITION_IMPOSSIBLE),
        ({"longitude": -180 * 600_000 - 1}, "place", Omission.POSITION_IMPOSSIBLE),
        ({"latitude": 90 * 600_000 + 1}, "place", Omission.POSITION_IMPOSSIBLE),
        ({"latitude": -91 * 600_000}, "place", Omission.POSITION_IMPOSSIBLE),
        ({"course": 3601}, "course_mdeg", Omission.COURSE_IMPOSSIBLE),
        ({"course": 4095}, "course_mdeg", Omission.COURSE_IMPOSSIBLE),
        ({"heading": 360}, "heading_mdeg", Omission.HEADING_IMPOSSIBLE),
        ({"heading": 510}, "heading_mdeg", Omission.HEADING_IMPOSSIBLE),
    ],
)
def test_a_value_that_cannot_be_is_left_out_and_counted(
    fields: dict[str, int], name: str, omission: Omission
) -> None:
    reading = read_ais(sentence(position_report(**fields)), reference_ns=0)
    found = reading.sightings[0].position
    assert found is not None
    assert getattr(found, name) is None
    assert reading.omitted == {omission: 1}
    assert reading.warnings == (f"1 left out: {omission.value}",)


@pytest.mark.parametrize(
    ("number", "name"),
    [(0, "under-way-using-engine"), (1, "at-anchor"), (5, "moored"), (7, "engaged-in-fishing"), (15, "")],
)
def test_navigation_status_has_its_name(number: int, name: str) -> None:
    assert position(sentence(position_report(status=number))).navigation_status == name


@pytest.mark.parametrize(("accuracy", "sigma_mm"), [(1, 10_000), (0, 100_000)])
def test_the_accuracy_flag_gives_the_error(accuracy: int, sigma_mm: int) -> None:
    assert position(sentence(position_report(accuracy=accuracy))).sigma_mm == sigma_mm


def test_a_long_range_report_is_as_coarse_as_its_steps() -> None:
    coarse = position(sentence(long_range(accuracy=0)))
    exact = position(sentence(long_range(accuracy=1)))
    # 0.1 minute of latitude is 185.2 m; a uniform error over a step has a deviation of step / sqrt(12).
    step_sigma_m = 185.2 / 12**0.5
    assert exact.sigma_mm == pytest.approx(1000 * (10**2 + step_sigma_m**2) ** 0.5, abs=2)
    assert coarse.sigma_mm == pytest.approx(1000 * (100**2 + step_sigma_m**2) ** 0.5, abs=2)
    assert coarse.place is not None
    assert coarse.place.latitude_1e7deg == 560_000_000
    assert coarse.place.longitude_1e7deg == pytest.approx(6400 / 600 * 1e7, abs=0.5)
    assert coarse.speed_mm_per_s == round(12 * 1852e3 / 3600)
    assert coarse.course_mdeg == 90_000
    assert coarse.heading_mdeg is None


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"longitude": 181 * 600}, "place"),
        ({"latitude": 91 * 600}, "place"),
        ({"speed": 63}, "speed_mm_per_s"),
        ({"course": 511}, "course_mdeg"),
    ],
)
def test_a_long_range_report_has_its_own_not_available(fields: dict[str, int], name: str) -> None:
    assert getattr(position(sentence(long_range(**fields))), name) is None


# IMO numbers of ships named in the press, and numbers one digit off.
@pytest.mark.parametrize("number", ["9074729", "9134270", "9176187", "9811000", "5383304"])
def test_a_real_imo_number_is_sound(number: str) -> None:
    assert imo_number_is_sound(number)


@pytest.mark.parametrize(
    "number",
    ["9074728", "9134271", "0000000", "", "907472", "90747290", "907472x", "９０７４７２９", " 907472"],
)
def test_any_other_imo_number_is_not(number: str) -> None:
    assert not imo_number_is_sound(number)


@pytest.mark.parametrize("imo", [9_074_728, 1, 999_999, 10_000_000, 2**30 - 1])
def test_an_impossible_imo_number_is_left_out_and_counted(imo: int) -> None:
    reading = read_ais(static_two_parts(static_data(imo=imo)), reference_ns=0)
    found = reading.sightings[0].particulars
    assert found is not None
    assert found.imo_number == ""
    assert found.ship_name == "EXAMPLE"
    assert reading.omitted == {Omission.IMO_NUMBER_IMPOSSIBLE: 1}


def static_two_parts(fields: list[tuple[int, int]]) -> bytes:
    """Message 5 in two sentences, as it is always sent."""
    text, fill = armoured(fields)
    return (
        framed((text[:60], 0), parts=2, part=1, sequence="3")
        + b"\n"
        + framed((text[60:], fill), parts=2, part=2, sequence="3")
    )


def test_a_ship_that_says_nothing_says_nothing() -> None:
    found = particulars(
        static_two_parts(static_data(imo=0, call_sign="", name="", ship_type=0, destination=""))
    )
    assert found == ShipParticulars()


def test_a_name_ends_at_its_first_at_sign() -> None:
    assert particulars(static_two_parts(static_data(name="AB@CD"))).ship_name == "AB"
    assert particulars(static_two_parts(static_data(name="  A B  "))).ship_name == "A B"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, ""),
        (30, "fishing"),
        (36, "sailing"),
        (52, "tug"),
        (60, "passenger"),
        (69, "passenger"),
        (79, "cargo"),
        (84, "tanker"),
        (40, "high-speed-craft"),
        (20, "wing-in-ground"),
        (99, "other"),
        (1, ""),
        (38, ""),
        (56, ""),
        (255, ""),
    ],
)
def test_ship_types_have_the_names_of_table_53(number: int, name: str) -> None:
    assert ship_type_name(number) == name
    assert particulars(static_two_parts(static_data(ship_type=number))).ship_type == name


def test_a_class_b_ship_tells_its_name_and_the_rest_apart() -> None:
    head = [(24, 6), (0, 2), (219_000_123, 30)]
    part_a = sentence([*head, (0, 2), *sixbit_text("SMALL BOAT", 20)])
    part_b = sentence(
        [*head, (1, 2), (37, 8), *sixbit_text("ABC", 3), (0, 24), *sixbit_text("OX1234", 7), (0, 30), (0, 6)]
    )
    first, second = read_ais(part_a + b"\r\n" + part_b).sightings
    assert first.particulars == ShipParticulars(ship_name="SMALL BOAT")
    assert second.particulars == ShipParticulars(ship_type="pleasure-craft", call_sign="OX1234")


@pytest.mark.parametrize("bits", [38, 60, 88, 115])
def test_a_position_report_cut_short_is_refused(bits: int) -> None:
    whole = "".join(format(value & ((1 << width) - 1), f"0{width}b") for value, width in position_report())
    cut = sentence([(int(bit), 1) for bit in whole[:bits]])
    reading = read_ais(cut)
    assert reading.sightings == ()
    assert sum(reading.refused.values()) == 1


@pytest.mark.parametrize("mmsi", [1_000_000_000, 2**30 - 1])
def test_an_mmsi_of_ten_digits_is_refused(mmsi: int) -> None:
    assert read_ais(sentence(position_report(mmsi=mmsi))).refused == {Refusal.MMSI_IMPOSSIBLE: 1}


def test_a_short_mmsi_keeps_its_nine_digits() -> None:
    assert only(sentence(position_report(mmsi=2_190_067))).mmsi == "002190067"


@pytest.mark.parametrize("message_type", [0, 29, 40, 63])
def test_a_type_that_does_not_exist_is_refused(message_type: int) -> None:
    reading = read_ais(sentence(position_report(message_type=message_type)))
    assert reading.refused == {Refusal.PAYLOAD_UNREADABLE: 1}


def test_a_base_station_is_a_sighting_of_no_ship() -> None:
    sighting = only(b"!AIVDM,1,1,,A,403OviQuMGCqWrRO9>E6fE700@GO,0*4D")
    assert sighting.mmsi == "003669702"
    assert sighting.position is None
    assert sighting.particulars is None


@given(st.binary(max_size=90))
def test_no_payload_raises(noise: bytes) -> None:
    text = "".join(chr(48 + part % 72) for part in noise)
    reading = read_ais(framed((text, 0)))
    assert len(reading.sightings) + sum(reading.refused.values()) == 1
