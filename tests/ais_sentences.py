"""A writer of AIS sentences from the tables of ITU-R M.1371-5, Annex 8: bits in, sentence out.

It shares nothing with the reader under test.
"""

from collections.abc import Sequence

Field = tuple[int, int]
"""Value and width in bits; negative values are two's complement."""


def sentence(fields: Sequence[Field], *, talker: str = "AIVDM", channel: str = "A") -> bytes:
    """One sentence with these fields, whatever its length."""
    return framed(armoured(fields), talker=talker, channel=channel)


def armoured(fields: Sequence[Field]) -> tuple[str, int]:
    """Six-bit characters (Annex 8 by IEC 61162-1, table of 6-bit codes) and the number of fill bits."""
    bits = "".join(format(value & ((1 << width) - 1), f"0{width}b") for value, width in fields)
    fill = -len(bits) % 6
    bits += "0" * fill
    codes = [int(bits[at : at + 6], 2) for at in range(0, len(bits), 6)]
    return "".join(chr(code + 48 if code < 40 else code + 56) for code in codes), fill


def framed(
    payload: tuple[str, int],
    *,
    talker: str = "AIVDM",
    channel: str = "A",
    parts: int = 1,
    part: int = 1,
    sequence: str = "",
) -> bytes:
    """A sentence around a payload, with its checksum."""
    text, fill = payload
    return checked(f"!{talker},{parts},{part},{sequence},{channel},{text},{fill}")


def checked(body: str) -> bytes:
    """A line with the checksum of all that follows its first character."""
    value = 0
    for character in body[1:]:
        value ^= ord(character)
    return f"{body}*{value:02X}".encode("ascii")


def tag_block(text: str) -> bytes:
    """A tag block around fields such as `s:station,c:1384257600`."""
    return b"\\" + checked("\\" + text)[1:] + b"\\"


def gatehouse(instant: Sequence[int], receiver: str, speaks_of: str) -> bytes:
    """A Gatehouse line: year to millisecond, receiver, and the checksum of the sentence it speaks of."""
    return checked(f"$PGHP,1,{','.join(str(part) for part in instant)},219,,{receiver},1,{speaks_of}")


def checksum_of(line: bytes) -> str:
    """The checksum that a sentence carries."""
    return line.rsplit(b"*", 1)[1][:2].decode("ascii")


def sixbit_text(text: str, characters: int) -> list[Field]:
    """A text in the six-bit alphabet, filled with `@`."""
    codes = [ord(letter) - 64 if letter >= "@" else ord(letter) for letter in text.ljust(characters, "@")]
    return [(code, 6) for code in codes]


def position_report(
    mmsi: int = 219_000_123,
    *,
    message_type: int = 1,
    status: int = 0,
    speed: int = 120,
    accuracy: int = 1,
    longitude: int = 6_400_000,
    latitude: int = 33_600_000,
    course: int = 900,
    heading: int = 91,
) -> list[Field]:
    """Messages 1 to 3 (Table 48): speed in 1/10 knot, position in 1/10,000 minute, course in 1/10 degree."""
    return [
        (message_type, 6),
        (0, 2),
        (mmsi, 30),
        (status, 4),
        (-128, 8),
        (speed, 10),
        (accuracy, 1),
        (longitude, 28),
        (latitude, 27),
        (course, 12),
        (heading, 9),
        (0, 6),
        (0, 2),
        (0, 3),
        (0, 1),
        (0, 19),
    ]


def static_data(
    mmsi: int = 219_000_123,
    *,
    imo: int = 9_074_729,
    call_sign: str = "OXAB",
    name: str = "EXAMPLE",
    ship_type: int = 70,
    destination: str = "AARHUS",
) -> list[Field]:
    """Message 5 (Table 52)."""
    return [
        (5, 6),
        (0, 2),
        (mmsi, 30),
        (0, 2),
        (imo, 30),
        *sixbit_text(call_sign, 7),
        *sixbit_text(name, 20),
        (ship_type, 8),
        (0, 30),
        (1, 4),
        (0, 20),
        (0, 8),
        *sixbit_text(destination, 20),
        (0, 1),
        (0, 1),
    ]


def long_range(
    mmsi: int = 219_000_123,
    *,
    accuracy: int = 0,
    longitude: int = 6_400,
    latitude: int = 33_600,
    speed: int = 12,
    course: int = 90,
) -> list[Field]:
    """Message 27 (Table 81): position in 1/10 minute, speed in knots, course in degrees."""
    return [
        (27, 6),
        (3, 2),
        (mmsi, 30),
        (accuracy, 1),
        (0, 1),
        (0, 4),
        (longitude, 18),
        (latitude, 17),
        (speed, 6),
        (course, 9),
        (0, 1),
        (0, 1),
    ]
