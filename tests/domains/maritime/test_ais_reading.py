"""Recordings: the Danish one counted by plain text tools, others by what is published of them, bad input."""

import gzip
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ais_sentences import (
    armoured,
    checked,
    checksum_of,
    framed,
    gatehouse,
    position_report,
    sentence,
    static_data,
    tag_block,
)
from tests.recordings import DANISH, danish_reading, of, recorded

from trilat.domains.maritime import AisLimits, AisReading, LineKind, Omission, Refusal, read_ais
from trilat.model import ObservationError

NOON_S = 1_384_257_600
"""12 November 2013, 12:00:00 UTC."""

NOON = (2013, 11, 12, 12, 0, 0, 11)
SHIP = sentence(position_report())
OTHER_SHIP = sentence(position_report(mmsi=219_000_456))


@pytest.fixture(scope="module")
def danish() -> AisReading:
    return danish_reading()


def adds_up(reading: AisReading, data: bytes) -> bool:
    """Every line and every sentence is accounted for."""
    lines = len(data.splitlines())
    used = sum(len(sighting.sentences) for sighting in reading.sightings)
    return (
        sum(reading.lines.values()) == lines
        and used + sum(reading.refused.values()) == reading.lines.get(LineKind.SENTENCE, 0)
        and sum(reading.message_types.values()) == len(reading.sightings)
    )


def heard_by_text_tools(text: str) -> Iterator[tuple[str, str]]:
    """Receiver and first payload of each first sentence, by the `$PGHP` line just before it."""
    before = ""
    for line in text.splitlines():
        if re.match(r"![A-Z]{2}VD[MO],\d,1,", line):
            receiver = before.split(",")[11] if before.startswith("$PGHP") else ""
            yield receiver, line.split(",")[5]
        before = line


@recorded
class TestDanish:
    """The recording of the Danish Maritime Authority: 12 November 2013, five minutes from noon."""

    def test_every_sentence_is_used(self, danish: AisReading) -> None:
        text = gzip.decompress(of(DANISH)).decode("ascii")
        assert len(re.findall(r"^![A-Z]{2}VD[MO],", text, flags=re.MULTILINE)) == 26_146
        assert danish.lines[LineKind.SENTENCE] == 26_146
        assert danish.refused == {}
        assert adds_up(danish, gzip.decompress(of(DANISH)))

    def test_all_lines_are_of_the_kind_that_text_tools_say(self, danish: AisReading) -> None:
        lines = gzip.decompress(of(DANISH)).decode("ascii").splitlines()
        assert danish.lines == {
            LineKind.SENTENCE: 26_146,
            LineKind.GATEHOUSE: sum(line.startswith("$PGHP,") for line in lines),
            LineKind.TAG_BLOCK_ALONE: sum(line.startswith("\\") for line in lines),
            LineKind.OTHER_SENTENCE: sum(line.startswith(("$PSTT,", "$PFEC,")) for line in lines),
        }

    def test_each_message_has_the_receiver_of_the_line_before_it(self, danish: AisReading) -> None:
        text = gzip.decompress(of(DANISH)).decode("ascii")
        expected = Counter(heard_by_text_tools(text))
        found = Counter(
            (sighting.receiver, sighting.sentences[0].decode("ascii").split(",")[5])
            for sighting in danish.sightings
        )
        assert found == expected
        assert len({receiver for receiver, _ in expected}) == 32  # 31 stations and "not said"

    def test_ships_and_times_are_those_of_the_manifest(self, danish: AisReading) -> None:
        assert len({sighting.mmsi for sighting in danish.sightings}) == 1_508
        instants = [sighting.instant_ns for sighting in danish.sightings]
        assert None not in instants
        assert min(instant for instant in instants if instant is not None) == NOON_S * 10**9 + 11_000_000
        assert all(instant < (NOON_S + 300) * 10**9 for instant in instants if instant is not None)

    def test_instants_are_those_of_the_gatehouse_lines(self, danish: AisReading) -> None:
        text = gzip.decompress(of(DANISH)).decode("ascii")
        milliseconds: Counter[int] = Counter()
        before = ""
        for line in text.splitlines():
            if re.match(r"![A-Z]{2}VD[MO],\d,1,", line):
                minute, second, millisecond = (int(part) for part in before.split(",")[6:9])
                milliseconds[(minute * 60 + second) * 1000 + millisecond] += 1
            before = line
        assert milliseconds == Counter(
            (sighting.instant_ns or 0) // 1_000_000 - NOON_S * 1000 for sighting in danish.sightings
        )


# Messages and ships as the manifest of the recordings counts them, and as `grep` does.
@recorded
@pytest.mark.parametrize(
    ("name", "sentences", "messages", "timed"),
    [
        ("Kattegat_2022-08-18_mixed_0183.log", 1_295, 1_264, True),
        ("Aegean_pyais_sample.nmea", 898, 778, False),
        ("AMSA_tagblock_timestamped.nmea", 100, 100, False),
        ("libais_tagblock_groups.nmea", 5, 4, True),
        ("ExactEarth_sat_2012-02-02_AU.nmea.gz", 4_317, 4_284, True),
        ("DMA_538004030_drift.nmea.gz", 5_475, 5_252, True),
    ],
)
def test_other_recordings_are_read_whole(name: str, sentences: int, messages: int, timed: bool) -> None:
    data = of(name)
    plain = gzip.decompress(data) if name.endswith(".gz") else data
    assert len(re.findall(rb"![A-Z]{2}VD[MO],", plain)) == sentences
    reading = read_ais(data)
    assert adds_up(reading, plain)
    assert reading.lines[LineKind.SENTENCE] == sentences
    assert len(reading.sightings) == messages
    assert all((sighting.instant_ns is not None) is timed for sighting in reading.sightings)


@recorded
@pytest.mark.parametrize("name", ["gpsd_sample.aivdm", "libais_all_types.aivdm"])
def test_samples_of_all_types_are_read(name: str) -> None:
    data = of(name)
    reading = read_ais(data)
    assert adds_up(reading, data)
    assert set(range(1, 28)) <= set(reading.message_types)


@recorded
def test_a_broken_tag_block_is_believed_only_on_demand() -> None:
    data = of("AMSA_tagblock_timestamped.nmea")
    careful = read_ais(data)
    assert careful.omitted == {Omission.TAG_BLOCK_BROKEN: 100, Omission.INSTANT_UNKNOWN: 100}
    assert "100 of the messages without a time: give a reference instant to use them" in careful.warnings
    believing = read_ais(data, AisLimits(believe_broken_tag_blocks=True))
    assert believing.sightings[0].instant_ns == 1_420_030_798 * 10**9
    assert believing.omitted == {Omission.TAG_BLOCK_BROKEN: 100}


def test_two_stations_on_interleaved_lines_are_told_apart_by_checksum() -> None:
    data = b"\n".join(
        [
            gatehouse(NOON, "1000001", checksum_of(SHIP)),
            gatehouse(NOON, "2000002", checksum_of(OTHER_SHIP)),
            SHIP,
            OTHER_SHIP,
        ]
    )
    reading = read_ais(data)
    assert [sighting.receiver for sighting in reading.sightings] == ["1000001", "2000002"]
    assert [sighting.instant_ns for sighting in reading.sightings] == [NOON_S * 10**9 + 11_000_000] * 2


@pytest.mark.parametrize(
    ("lines", "receiver"),
    [
        ([gatehouse(NOON, "1000001", "00"), SHIP], "1000001"),
        ([gatehouse(NOON, "1000001", ""), SHIP], "1000001"),
        ([gatehouse(NOON, "1000001", "00"), b"", SHIP], ""),
        ([gatehouse(NOON, "1000001", "00"), checked("$PSTT,1"), SHIP], ""),
        ([gatehouse(NOON, "1000001", checksum_of(OTHER_SHIP)), SHIP], ""),
        ([gatehouse(NOON, "1000001", checksum_of(SHIP)), *[b""] * 15, SHIP], "1000001"),
        ([gatehouse(NOON, "1000001", checksum_of(SHIP)), *[b""] * 16, SHIP], ""),
        ([gatehouse((2013, 13, 12, 12, 0, 0, 0), "1000001", "00"), SHIP], ""),
        ([gatehouse((2013, 11, 12, 12, 0, 0, 1000), "1000001", "00"), SHIP], ""),
        ([gatehouse(NOON, "1000001", "zz"), SHIP], ""),
        ([gatehouse(NOON, "1000001", "00")[:-2] + b"zz", SHIP], ""),
        ([gatehouse(NOON, "1000001", "00").replace(b"219", b"218"), SHIP], ""),
        ([checked("$PGHP,1,2013"), SHIP], ""),
        ([gatehouse(NOON, "1000001 DROP TABLE", "00"), SHIP], ""),
    ],
)
def test_a_gatehouse_line_speaks_of_its_own_sentence_only(lines: list[bytes], receiver: str) -> None:
    reading = read_ais(b"\n".join(lines))
    assert len(reading.sightings) == 1
    assert reading.sightings[0].receiver == receiver


@pytest.mark.parametrize(
    ("line", "receiver", "seconds"),
    [
        (tag_block("s:station,c:1384257600") + SHIP, "station", NOON_S),
        (tag_block("c:1384257600123") + SHIP, "", NOON_S + 0.123),
        (tag_block("g:1-1-7") + tag_block("s:two,c:1384257600") + SHIP, "two", NOON_S),
        (SHIP + b",r003669794,1384257600", "r003669794", NOON_S),
        (SHIP + b",d-093,S2212,t235959.00,T59.00339837,r09STOL1,1384257600", "r09STOL1", NOON_S),
        (SHIP + b",1384257600123", "", NOON_S + 0.123),
        (checked("$GPZDA,120000,12,11,2013,00,00") + b"\n" + SHIP, "", NOON_S),
        (checked("$GPZDA,120000.25,12,11,2013,00,00") + b"\n" + SHIP, "", NOON_S),
        (tag_block("s:near,c:1384257601") + SHIP + b",rfar,1384257600", "near", NOON_S + 1),
        (checked("$GPZDA,110000,12,11,2013,00,00") + b"\n" + SHIP + b",1384257600", "", NOON_S),
        (SHIP, "", None),
        (SHIP + b",rstation", "rstation", None),
        (SHIP + b",1384257600x", "", None),
        (tag_block("c:now") + SHIP, "", None),
        (tag_block("c:1384257600")[:-4] + b"0*00\\" + SHIP, "", None),
        (checked("$GPZDA,,,,,00,00") + b"\n" + SHIP, "", None),
        (checked("$GPZDA,250000,12,11,2013,00,00") + b"\n" + SHIP, "", None),
        (b"$GPZDA,120000,12,11,2013,00,00*00\n" + SHIP, "", None),
    ],
)
def test_station_and_time_come_from_what_stands_around(
    line: bytes, receiver: str, seconds: float | None
) -> None:
    (sighting,) = read_ais(line).sightings
    assert sighting.receiver == receiver
    expected = None if seconds is None else round(seconds * 1000) * 1_000_000
    assert sighting.instant_ns == expected


def test_a_reference_instant_serves_messages_without_one() -> None:
    reading = read_ais(SHIP, reference_ns=7)
    assert reading.sightings[0].instant_ns == 7
    assert reading.omitted == {}


def two_parts(sequence: str = "1", channel: str = "A") -> tuple[bytes, bytes]:
    text, fill = armoured(static_data())
    return (
        framed((text[:60], 0), parts=2, part=1, sequence=sequence, channel=channel),
        framed((text[60:], fill), parts=2, part=2, sequence=sequence, channel=channel),
    )


FIRST, SECOND = two_parts()
FAR_FIRST, FAR_SECOND = two_parts(sequence="2")


@pytest.mark.parametrize(
    ("lines", "messages", "refused"),
    [
        ([FIRST, SECOND], 1, {}),
        ([FIRST, SHIP, SECOND], 2, {}),
        ([FIRST, FAR_FIRST, SECOND, FAR_SECOND], 2, {}),
        ([FIRST, *[b""] * 199, SECOND], 1, {}),
        ([FIRST], 0, {Refusal.FRAGMENTS_MISSING: 1}),
        ([SECOND], 0, {Refusal.FRAGMENT_ORPHANED: 1}),
        ([SECOND, FIRST], 0, {Refusal.FRAGMENT_ORPHANED: 1, Refusal.FRAGMENTS_MISSING: 1}),
        ([FIRST, FIRST, SECOND], 1, {Refusal.FRAGMENTS_MISSING: 1}),
        ([FIRST, SECOND, SECOND], 1, {Refusal.FRAGMENT_ORPHANED: 1}),
        ([FIRST, FAR_SECOND], 0, {Refusal.FRAGMENT_ORPHANED: 1, Refusal.FRAGMENTS_MISSING: 1}),
        (
            [FIRST, *[b""] * 200, SECOND],
            0,
            {Refusal.FRAGMENTS_MISSING: 1, Refusal.FRAGMENT_ORPHANED: 1},
        ),
    ],
)
def test_parts_make_a_message_only_in_order_and_in_time(
    lines: list[bytes], messages: int, refused: dict[Refusal, int]
) -> None:
    data = b"\n".join(lines)
    reading = read_ais(data)
    assert len(reading.sightings) == messages
    assert reading.refused == refused
    assert adds_up(reading, data)


def test_a_message_in_parts_has_the_station_of_its_first() -> None:
    data = b"\n".join([gatehouse(NOON, "1000001", "13"), FIRST, SECOND])
    assert read_ais(data).sightings[0].receiver == "1000001"


def test_unfinished_messages_are_given_up_oldest_first() -> None:
    text, _ = armoured(static_data())
    talkers = [f"{chr(65 + n // 26 % 26)}{chr(65 + n % 26)}VDM" for n in range(500)]
    firsts = [
        framed((text[:60], 0), talker=talker, parts=2, part=1, sequence=sequence)
        for talker in talkers
        for sequence in "123"
    ]
    reading = read_ais(b"\n".join(firsts))
    assert reading.sightings == ()
    assert reading.refused == {Refusal.FRAGMENTS_MISSING: 1_500}


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        (SHIP[:-1] + b"!", Refusal.CHECKSUM_MISSING),
        (SHIP[:-3], Refusal.CHECKSUM_MISSING),
        (SHIP[:-2] + b"00", Refusal.CHECKSUM_WRONG),
        (SHIP.replace(b"1", b"2", 1), Refusal.CHECKSUM_WRONG),
        (checked("!AIVDM,1,1,,A,,0"), Refusal.PAYLOAD_EMPTY),
        (checked("!AIVDM,1,1,,A"), Refusal.MALFORMED),
        (checked("!AIVDM,1,2,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0"), Refusal.MALFORMED),
        (checked("!AIVDM,0,0,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0"), Refusal.MALFORMED),
        (checked("!AIVDM,10,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0"), Refusal.MALFORMED),
        (checked("!AIVDM,x,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0"), Refusal.MALFORMED),
        (checked("!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,6"), Refusal.MALFORMED),
        (checked("!AIVDM,1,1,12,A,15RTgt0PAso;90TKcjM8h6g208CQ,0"), Refusal.MALFORMED),
        (checked("!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ"), Refusal.MALFORMED),
        (checked("!AIVDM,1,1,,A,1,0"), Refusal.PAYLOAD_SHORT),
    ],
)
def test_a_broken_sentence_is_refused_for_its_reason(line: bytes, refusal: Refusal) -> None:
    reading = read_ais(line + b"\n" + SHIP)
    assert reading.refused == {refusal: 1}
    assert len(reading.sightings) == 1
    assert reading.warnings[0] == f"1 sentence refused: {refusal.value}"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"", LineKind.BLANK),
        (b"  \t", LineKind.BLANK),
        (b"# a comment", LineKind.COMMENT),
        (checked("$GPRMC,120000,A"), LineKind.OTHER_SENTENCE),
        (checked("!AIABM,1,1,0,0,1,6,x,0"), LineKind.OTHER_SENTENCE),
        (tag_block("s:alone"), LineKind.TAG_BLOCK_ALONE),
        (b"\\s:never-closed", LineKind.UNREADABLE),
        (b"AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A", LineKind.UNREADABLE),
        (b"\x00\x01\x02", LineKind.UNREADABLE),
        (SHIP.replace(b"A", b"\xc3\x84"), LineKind.UNREADABLE),
        (SHIP + b" " * 1_025 + b"x", LineKind.UNREADABLE),
        (b"hello", LineKind.UNREADABLE),
        (b"!", LineKind.UNREADABLE),
        (b"$", LineKind.UNREADABLE),
    ],
)
def test_every_line_is_of_some_kind(line: bytes, kind: LineKind) -> None:
    reading = read_ais(line + b"\r\n")
    assert reading.lines == {kind: 1}
    assert reading.sightings == ()


def test_lower_case_tags_are_read_as_others_write_them() -> None:
    assert len(read_ais(checked(SHIP.decode().split("*")[0].replace("AIVDM", "aivdm"))).sightings) == 1


@pytest.mark.parametrize("data", [b"", b"\n", b"\n" * 1000])
def test_nothing_is_read_from_nothing_and_said_so(data: bytes) -> None:
    reading = read_ais(data)
    assert reading.sightings == ()
    assert reading.warnings == ("no AIS sentence in this recording",)


def test_more_lines_than_the_limit_are_refused_at_once() -> None:
    with pytest.raises(ObservationError, match="over the limit of 1000000: split it"):
        read_ais(b"\n" * 1_000_001)


def test_more_bytes_than_the_limit_are_refused_at_once() -> None:
    with pytest.raises(ObservationError, match="21 bytes is over the limit of 20"):
        read_ais(b"x" * 21, AisLimits(bytes_max=20))


def test_a_gzip_bomb_is_not_unfolded() -> None:
    bomb = gzip.compress(bytes(10_000_000))
    assert len(bomb) < 20_000
    with pytest.raises(ObservationError, match="unfolds to more than 100000 bytes"):
        read_ais(bomb, AisLimits(bytes_max=100_000))
    with pytest.raises(ObservationError, match="unfolds to more than 100000 bytes"):
        read_ais(gzip.compress(bytes(60_000)) * 2, AisLimits(bytes_max=100_000))


def test_gzip_members_one_after_another_are_one_recording() -> None:
    reading = read_ais(gzip.compress(SHIP + b"\n", mtime=0) + gzip.compress(OTHER_SHIP) + bytes(100))
    assert [sighting.mmsi for sighting in reading.sightings] == ["219000123", "219000456"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x1f\x8b",
        b"\x1f\x8b" + b"x" * 50,
        gzip.compress(SHIP, mtime=0)[:-9],
        gzip.compress(SHIP, mtime=0)[:-8] + bytes(8),
        gzip.compress(SHIP, mtime=0) + b"garbage",
    ],
)
def test_a_damaged_gzip_stream_is_refused(data: bytes) -> None:
    with pytest.raises(ObservationError, match="fetch the recording again"):
        read_ais(data)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from([SHIP, FIRST, SECOND, tag_block("s:a"), gatehouse(NOON, "1", "00")]),
            st.tuples(st.sampled_from([SHIP, FIRST, SECOND]), st.integers(0, 60), st.integers(0, 255)).map(
                lambda drawn: drawn[0][: drawn[1]] + bytes([drawn[2]]) + drawn[0][drawn[1] + 1 :]
            ),
        ),
        max_size=12,
    )
)
def test_whatever_comes_every_line_is_accounted_for(lines: list[bytes]) -> None:
    data = b"\n".join(lines)
    if data.startswith(b"\x1f\x8b"):
        data = b"\n" + data
    assert adds_up(read_ais(data), data)
