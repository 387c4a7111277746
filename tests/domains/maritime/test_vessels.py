"""Vessel items: whose they are, their versions, what is merged, and tokens that tell nothing."""

import hashlib
import hmac
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ais_sentences import (
    armoured,
    framed,
    position_report,
    sentence,
    sixbit_text,
    static_data,
    tag_block,
)

from trilat.domains.maritime import VesselIntake, read_ais, vessels
from trilat.model import (
    Classification,
    Domain,
    ItemError,
    Label,
    Status,
    UsageError,
    Vessel,
    decode_item,
    encode,
)

KEYS = {"USA": b"u" * 16, "JPN": b"j" * 32}
MAP = {"west": "USA", "east": "JPN"}
SECOND_NS = 10**9


def label(party: str, instant_ns: int) -> Label:
    return Label(
        originator=party,
        classification=Classification(scheme=party, level="UNCLASSIFIED"),
        created_ns=instant_ns,
    )


def at(seconds: int, receiver: str, line: bytes) -> bytes:
    stamp = f",c:{1_384_257_600 + seconds}" if seconds >= 0 else ""
    return tag_block(f"s:{receiver}{stamp}") + line


def static(name: str = "EXAMPLE", mmsi: int = 219_000_123, **fields: int) -> bytes:
    return framed(armoured(static_data(mmsi, name=name, **fields)))  # type: ignore[arg-type]  # integers only


def intake(lines: Sequence[bytes], default_party: str | None = None, thin_s: int = 0) -> VesselIntake:
    return vessels(
        read_ais(b"\n".join(lines)),
        MAP,
        status=Status.EXERCISE,
        label_of=label,
        keys=KEYS,
        default_party=default_party,
        thin_s=thin_s,
    )


def test_a_sighting_becomes_a_vessel_of_the_party_that_heard_it() -> None:
    found = intake([at(0, "east", static()), at(5, "east", sentence(position_report()))])
    (vessel,) = found.vessels["JPN"]
    assert found.vessels["USA"] == ()
    assert vessel.item_id == "JPN-ais-219000123"
    assert (vessel.version, vessel.subject) == (1, "mmsi-219000123")
    assert vessel.domain is Domain.MARITIME
    assert vessel.status is Status.EXERCISE
    assert vessel.valid_ns == 1_384_257_605 * SECOND_NS
    assert vessel.provenance.originators == ("JPN",)
    assert vessel.label == label("JPN", vessel.valid_ns)
    assert vessel.place is not None
    assert (vessel.place.latitude_1e7deg, vessel.place.longitude_1e7deg) == (560_000_000, 106_666_667)
    assert (vessel.course_mdeg, vessel.heading_mdeg) == (90_000, 91_000)
    assert vessel.speed_mm_per_s == 6173  # 12 knots
    assert vessel.position_sigma_mm == 10_000
    assert vessel.navigation_status == "under-way-using-engine"
    assert (vessel.ship_name, vessel.call_sign, vessel.imo_number) == ("EXAMPLE", "OXAB", "9074729")
    assert (vessel.ship_type, vessel.destination, vessel.receiver) == ("cargo", "AARHUS", "east")
    assert decode_item(encode(vessel)) == vessel


def test_versions_rise_in_time_order_whatever_the_order_of_lines() -> None:
    lines = [at(second, "east", sentence(position_report(speed=second))) for second in (9, 3, 6, 0)]
    found = intake(lines).vessels["JPN"]
    assert [vessel.version for vessel in found] == [1, 2, 3, 4]
    assert [vessel.valid_ns // SECOND_NS - 1_384_257_600 for vessel in found] == [0, 3, 6, 9]


def test_what_a_ship_is_reaches_the_versions_after_it_and_not_those_before() -> None:
    lines = [
        at(0, "east", sentence(position_report())),
        at(1, "east", static(name="FIRST")),
        at(2, "east", sentence(position_report())),
        at(3, "east", static(name="", imo=0)),
        at(4, "east", sentence(position_report())),
        at(5, "east", static(name="SECOND")),
        at(6, "east", sentence(position_report())),
    ]
    names = [vessel.ship_name for vessel in intake(lines).vessels["JPN"]]
    assert names == ["", "FIRST", "FIRST", "SECOND"]


def test_two_parties_that_hear_one_ship_make_an_item_each() -> None:
    line = sentence(position_report())
    found = intake([at(0, "east", line), at(0, "west", line)]).vessels
    assert [vessel.item_id for vessel in found["JPN"]] == ["JPN-ais-219000123"]
    assert [vessel.item_id for vessel in found["USA"]] == ["USA-ais-219000123"]
    assert found["JPN"][0].subject == found["USA"][0].subject
    assert not set(found["JPN"][0].provenance.observations) & set(found["USA"][0].provenance.observations)


def test_one_partys_static_data_do_not_reach_another() -> None:
    found = intake([at(0, "west", static()), at(1, "east", sentence(position_report()))]).vessels
    assert found["JPN"][0].ship_name == ""
    assert found["USA"][0].ship_name == "EXAMPLE"


def test_a_ship_without_a_position_is_there_once() -> None:
    lines = [
        at(0, "east", static(name="OLD")),
        at(1, "east", sentence(position_report(longitude=181 * 600_000, speed=30))),
        at(2, "east", static(name="NEW")),
    ]
    (vessel,) = intake(lines).vessels["JPN"]
    assert vessel.place is None
    assert vessel.position_sigma_mm == 0
    assert (vessel.ship_name, vessel.version) == ("NEW", 1)
    assert vessel.valid_ns == 1_384_257_602 * SECOND_NS


def test_a_report_without_a_position_makes_no_version_where_there_is_one() -> None:
    lines = [
        at(0, "east", sentence(position_report())),
        at(1, "east", sentence(position_report(longitude=181 * 600_000))),
    ]
    found = intake(lines)
    assert [vessel.place is not None for vessel in found.vessels["JPN"]] == [True]
    assert found.without_position == 1


@pytest.mark.parametrize(
    ("thin_s", "kept", "thinned"),
    [(0, [0, 4, 8, 12, 16], 0), (4, [0, 4, 8, 12, 16], 0), (5, [0, 8, 16], 2), (60, [0], 4)],
)
def test_thinning_keeps_versions_apart_and_counts_the_rest(
    thin_s: int, kept: list[int], thinned: int
) -> None:
    lines = [at(second, "east", sentence(position_report())) for second in (0, 4, 8, 12, 16)]
    found = intake(lines, thin_s=thin_s)
    assert [vessel.valid_ns // SECOND_NS - 1_384_257_600 for vessel in found.vessels["JPN"]] == kept
    assert [vessel.version for vessel in found.vessels["JPN"]] == list(range(1, len(kept) + 1))
    assert found.thinned == thinned


def test_what_nobody_owns_is_counted_or_goes_to_the_default() -> None:
    lines = [at(0, "north", sentence(position_report())), at(0, "east", sentence(position_report()))]
    assert intake(lines).unassigned == {"north": 1}
    found = intake(lines, default_party="USA")
    assert found.unassigned == {}
    assert len(found.vessels["USA"]) == 1


def test_untimed_messages_and_messages_of_no_ship_are_counted() -> None:
    lines = [
        at(-1, "east", sentence(position_report())),
        at(0, "east", b"!AIVDM,1,1,,A,403OviQuMGCqWrRO9>E6fE700@GO,0*4D"),
    ]
    found = intake(lines)
    assert (found.untimed, found.not_ships) == (1, 1)
    assert found.vessels == {"JPN": (), "USA": ()}


def test_a_token_is_the_keyed_digest_of_who_when_and_what() -> None:
    line = sentence(position_report())
    (vessel,) = intake([at(0, "east", line)]).vessels["JPN"]
    text = f"ais east {1_384_257_600 * SECOND_NS} ".encode() + line
    assert vessel.provenance.observations == (hmac.new(KEYS["JPN"], text, hashlib.sha256).digest()[:16],)


def test_each_message_is_named_in_one_version_only() -> None:
    lines = [
        at(second, "east", static() if second % 3 else sentence(position_report())) for second in range(30)
    ]
    found = intake(lines).vessels["JPN"]
    tokens = [token for vessel in found for token in vessel.provenance.observations]
    assert len(tokens) == len(set(tokens))
    assert len(found[0].provenance.observations) == 1
    assert len(found[1].provenance.observations) == 3


def test_more_messages_than_an_item_can_name_drop_the_oldest() -> None:
    lines = [at(second, "east", static(name=f"N{second}")) for second in range(300)]
    (vessel,) = intake(lines).vessels["JPN"]
    assert len(vessel.provenance.observations) == 256
    assert vessel.ship_name == "N299"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "`JPN` has no key"),
        ({"USA": b"u" * 16}, "`JPN` has no key"),
        ({"USA": b"u" * 16, "JPN": b"short"}, "`JPN` has no key of at least 16 bytes"),
    ],
)
def test_a_party_without_a_key_is_refused(keys: dict[str, bytes], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        vessels(read_ais(b""), MAP, status=Status.REAL, label_of=label, keys=keys)


@pytest.mark.parametrize("thin_s", [-1, 1.5, True, None, float("nan")])
def test_a_spacing_that_is_none_is_refused(thin_s: object) -> None:
    with pytest.raises(UsageError, match="whole seconds"):
        intake([], thin_s=thin_s)  # type: ignore[arg-type]  # that is what is tested


def test_a_label_by_another_is_refused() -> None:
    reading = read_ais(at(0, "east", sentence(position_report())))
    with pytest.raises(ItemError, match="another originator"):
        vessels(
            reading,
            MAP,
            status=Status.REAL,
            keys=KEYS,
            label_of=lambda _, instant_ns: label("KOR", instant_ns),
        )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 9), st.sampled_from(["east", "west", "north"]), st.integers(0, 3), st.booleans()
        ),
        max_size=20,
    )
)
def test_versions_are_whole_and_in_order_for_any_mixture(drawn: list[tuple[int, str, int, bool]]) -> None:
    lines = [
        at(second, receiver, static(mmsi=mmsi) if is_static else sentence(position_report(mmsi=mmsi)))
        for second, receiver, mmsi, is_static in drawn
    ]
    found = intake(lines)
    for party, entries in found.vessels.items():
        by_ship: dict[str, list[Vessel]] = {}
        for vessel in entries:
            assert vessel.label.originator == party
            by_ship.setdefault(vessel.item_id, []).append(vessel)
        for versions in by_ship.values():
            assert [vessel.version for vessel in versions] == list(range(1, len(versions) + 1))
            assert [vessel.valid_ns for vessel in versions] == sorted(vessel.valid_ns for vessel in versions)


def test_a_name_in_parts_of_class_b_is_put_together() -> None:
    head = [(24, 6), (0, 2), (219_000_123, 30)]
    part_a = sentence([*head, (0, 2), *sixbit_text("SMALL BOAT", 20)])
    part_b = sentence(
        [*head, (1, 2), (37, 8), *sixbit_text("ABC", 3), (0, 24), *sixbit_text("OX1234", 7), (0, 30), (0, 6)]
    )
    (vessel,) = intake([at(0, "east", part_a), at(1, "east", part_b)]).vessels["JPN"]
    assert (vessel.ship_name, vessel.call_sign, vessel.ship_type) == (
        "SMALL BOAT",
        "OX1234",
        "pleasure-craft",
    )
