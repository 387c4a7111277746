"""From framed sentences to sightings: what one AIS message says about one ship, in the model's units.

Field meanings, units and not-available values are those of Recommendation ITU-R M.1371-5, Annex 8: longitude
181 degrees, latitude 91 degrees, course 360 degrees, speed 102.3 knots, heading 511, status 15, a name of `@`
only, IMO number 0 and ship type 0 mean "not available" and become None or an empty text. Payloads are decoded
by pyais.

Ships speak in messages 1, 2, 3, 18, 19 and 27 (where they are) and 5, 19 and 24 (what they are). All other
types are sightings of a station without either: base stations, buoys, aircraft, binary messages.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from pyais.exceptions import AISBaseException
from pyais.messages import AISSentence

from trilat.domains.maritime.lines import Framed
from trilat.domains.maritime.tally import Omission, Refusal
from trilat.model import Place

SIGMA_ACCURATE_MM: Final = 10_000
"""Position accuracy flag set: "high (<= 10 m)" (ITU-R M.1371-5, Table 48); taken as one standard error."""

SIGMA_COARSE_MM: Final = 100_000
"""Flag not set: "low (> 10 m)", without an upper figure. 100 m is what IMO resolution A.819(19) asked of a
ship's GPS receiver, and is taken whole as a standard error."""

LONG_RANGE_STEP_SIGMA_MM: Final = 53_463
"""Message 27 gives tenths of a minute: a step of 1/600 degree is 185.2 m, which over the square root of 12
is 53.46 m."""

NAVIGATION_STATUS: Final = (
    "under-way-using-engine",
    "at-anchor",
    "not-under-command",
    "restricted-manoeuvrability",
    "constrained-by-draught",
    "moored",
    "aground",
    "engaged-in-fishing",
    "under-way-sailing",
    "reserved-9",
    "reserved-10",
    "towing-astern",
    "pushing-ahead-or-towing-alongside",
    "reserved-13",
    "search-and-rescue-transmitter",
    "",
)
"""Names of ITU-R M.1371-5, Table 48, by number; 15 is "not defined"."""

_SHIP_TYPES: Final = {
    30: "fishing",
    31: "towing",
    32: "towing-long",
    33: "dredging",
    34: "diving",
    35: "military",
    36: "sailing",
    37: "pleasure-craft",
    50: "pilot-vessel",
    51: "search-and-rescue",
    52: "tug",
    53: "port-tender",
    54: "anti-pollution",
    55: "law-enforcement",
    58: "medical-transport",
    59: "noncombatant",
}
_SHIP_TYPE_TENS: Final = {
    2: "wing-in-ground",
    4: "high-speed-craft",
    6: "passenger",
    7: "cargo",
    8: "tanker",
    9: "other",
}
_TYPES: Final = range(1, 29)
_POSITION_TYPES: Final = frozenset({1, 2, 3, 18, 19, 27})
_PARTICULARS_TYPES: Final = frozenset({5, 19, 24})
_MMSI_MAX: Final = 999_999_999


@dataclass(frozen=True, kw_only=True, slots=True)
class ShipPosition:
    """Where a ship says it is: course and heading in millidegrees from true north, speed in mm/s."""

    place: Place | None
    sigma_mm: int
    course_mdeg: int | None
    speed_mm_per_s: int | None
    heading_mdeg: int | None
    navigation_status: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShipParticulars:
    """What a ship says it is; an empty text where it does not say."""

    ship_name: str = ""
    call_sign: str = ""
    imo_number: str = ""
    ship_type: str = ""
    destination: str = ""

    def updated_by(self, newer: "ShipParticulars") -> "ShipParticulars":
        """These, with what a newer message says."""
        return ShipParticulars(
            ship_name=newer.ship_name or self.ship_name,
            call_sign=newer.call_sign or self.call_sign,
            imo_number=newer.imo_number or self.imo_number,
            ship_type=newer.ship_type or self.ship_type,
            destination=newer.destination or self.destination,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """One AIS message: who heard it, when, from whom, and what it says of a ship (None where nothing).

    `sentences` are its sentences as they came, without what networks wrote around them.
    """

    receiver: str
    instant_ns: int | None
    mmsi: str
    message_type: int
    position: ShipPosition | None
    particulars: ShipParticulars | None
    sentences: tuple[bytes, ...]


def sighting_of(framed: Framed, omitted: Counter[Omission]) -> Sighting | Refusal:
    """What a framed message says, or why it cannot be used; fields left out are counted in `omitted`."""
    try:
        parts = [AISSentence.from_bytes(sentence) for sentence in framed.sentences]
        message: Any = AISSentence.assemble_from_iterable(parts).decode()
    except (AISBaseException, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # pyais raises many kinds on damaged payloads; all mean that this message cannot be read.
        return Refusal.PAYLOAD_UNREADABLE
    message_type, mmsi = message.msg_type, message.mmsi
    if message_type not in _TYPES:
        return Refusal.PAYLOAD_UNREADABLE
    if mmsi is None or _missing(message, message_type):
        return Refusal.PAYLOAD_SHORT
    if mmsi > _MMSI_MAX:
        return Refusal.MMSI_IMPOSSIBLE
    return Sighting(
        receiver=framed.receiver,
        instant_ns=framed.instant_ns,
        mmsi=f"{mmsi:09d}",
        message_type=message_type,
        position=_position(message, omitted) if message_type in _POSITION_TYPES else None,
        particulars=_particulars(message, omitted) if message_type in _PARTICULARS_TYPES else None,
        sentences=framed.sentences,
    )


def _missing(message: Any, message_type: int) -> bool:
    """Whether the payload ended before a field that we read."""
    needed: tuple[str, ...] = ()
    if message_type in _POSITION_TYPES:
        needed = ("lon", "lat", "speed", "course", "accuracy")
    if message_type in {5, 19}:
        needed += ("shipname", "ship_type")
    if message_type == 24:
        needed = ("shipname",) if getattr(message, "partno", None) == 0 else ("ship_type", "callsign")
    return any(getattr(message, name, None) is None for name in needed)


def _position(message: Any, omitted: Counter[Omission]) -> ShipPosition:
    long_range = message.msg_type == 27
    # pyais rounds to 1e-6 degree; the counts of 1/10,000 (or 1/10) minute that were sent come back exactly.
    per_degree = 600 if long_range else 600_000
    place = _place(round(message.lat * per_degree), round(message.lon * per_degree), per_degree, omitted)
    sigma_mm = SIGMA_ACCURATE_MM if message.accuracy else SIGMA_COARSE_MM
    if long_range:
        sigma_mm = round((sigma_mm**2 + LONG_RANGE_STEP_SIGMA_MM**2) ** 0.5)
    status = getattr(message, "status", None)
    return ShipPosition(
        place=place,
        sigma_mm=sigma_mm,
        course_mdeg=_course_mdeg(message.course, 511 if long_range else 360, omitted),
        speed_mm_per_s=_speed_mm_per_s(message.speed, 63 if long_range else 102.3),
        heading_mdeg=_heading_mdeg(getattr(message, "heading", None), omitted),
        navigation_status="" if status is None else NAVIGATION_STATUS[int(status)],
    )


def _place(latitude: int, longitude: int, per_degree: int, omitted: Counter[Omission]) -> Place | None:
    if latitude == 91 * per_degree or longitude == 181 * per_degree:
        return None
    if abs(latitude) > 90 * per_degree or abs(longitude) > 180 * per_degree:
        omitted[Omission.POSITION_IMPOSSIBLE] += 1
        return None
    return Place(
        latitude_1e7deg=round(latitude * 10_000_000 / per_degree),
        longitude_1e7deg=round(longitude * 10_000_000 / per_degree),
    )


def _course_mdeg(degrees: float, unknown: float, omitted: Counter[Omission]) -> int | None:
    if degrees == unknown:
        return None
    if not 0 <= degrees < 360:
        omitted[Omission.COURSE_IMPOSSIBLE] += 1
        return None
    return round(degrees * 1_000)


def _heading_mdeg(degrees: int | None, omitted: Counter[Omission]) -> int | None:
    if degrees is None or degrees == 511:
        return None
    if not 0 <= degrees < 360:
        omitted[Omission.HEADING_IMPOSSIBLE] += 1
        return None
    return degrees * 1_000


def _speed_mm_per_s(knots: float, unknown: float) -> int | None:
    """One knot is 1852 m in 3600 s."""
    return None if knots == unknown else round(knots * 1_852_000 / 3_600)


def _particulars(message: Any, omitted: Counter[Omission]) -> ShipParticulars:
    return ShipParticulars(
        ship_name=_text(message, "shipname"),
        call_sign=_text(message, "callsign"),
        imo_number=_imo_number(getattr(message, "imo", None), omitted),
        ship_type=ship_type_name(getattr(message, "ship_type", None) or 0),
        destination=_text(message, "destination"),
    )


def _text(message: Any, name: str) -> str:
    """A six-bit text up to its first `@`, without blanks around it."""
    text = getattr(message, name, None)
    return text.split("@")[0].strip() if isinstance(text, str) else ""


def ship_type_name(number: int) -> str:
    """The name of a ship-and-cargo type (ITU-R M.1371-5, Table 53); empty for 0 and reserved numbers."""
    return _SHIP_TYPES.get(int(number)) or _SHIP_TYPE_TENS.get(int(number) // 10) or ""


def _imo_number(number: int | None, omitted: Counter[Omission]) -> str:
    if not number:
        return ""
    digits = f"{number:07d}"
    if not imo_number_is_sound(digits):
        omitted[Omission.IMO_NUMBER_IMPOSSIBLE] += 1
        return ""
    return digits


def imo_number_is_sound(digits: str) -> bool:
    """Whether seven digits are an IMO ship number: the last is the final digit of the sum of the first six
    weighted 7 to 2 (IMO resolution A.1117(30)); 0000000 is none.
    """
    if len(digits) != 7 or not (digits.isascii() and digits.isdigit()) or digits == "0000000":
        return False
    weighted = sum(int(digit) * weight for digit, weight in zip(digits, range(7, 1, -1), strict=False))
    return weighted % 10 == int(digits[6])
