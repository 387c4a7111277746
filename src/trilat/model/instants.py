"""Instants: integer UTC nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX time).

Text form is RFC 3339 with the letter Z. A time without a zone, or with an offset, is refused: it would be
repaired silently otherwise.

    >>> format_instant(parse_instant("2009-04-05T02:30:15Z"))
    '2009-04-05T02:30:15Z'
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from trilat.model.errors import ItemError
from trilat.model.limits import INSTANT_NS_MAX, INSTANT_NS_MIN

SECOND_NS: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339_Z: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z", flags=re.ASCII)


def parse_instant(text: str) -> int:
    """UTC nanoseconds of an RFC 3339 instant that ends in `Z`, such as `2009-04-05T02:30:15.5Z`.

    Raises:
        ItemError: no zone, an offset, an impossible date, a leap second, or beyond the years 1970 to 2200.
    """
    match = _RFC3339_Z.fullmatch(text)
    if match is None:
        raise ItemError(f"`{text[:40]}` is not an instant: write RFC 3339 with Z, as 2009-04-05T02:30:15Z")
    year, month, day, hour, minute, second = (int(group) for group in match.groups()[:6])
    try:
        whole = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - _EPOCH
    except ValueError as error:
        raise ItemError(f"`{text}` is not an instant: {error}") from error
    fraction_ns = int((match.group(7) or "").ljust(9, "0"))
    instant_ns = (whole.days * 86_400 + whole.seconds) * SECOND_NS + fraction_ns
    if not INSTANT_NS_MIN <= instant_ns <= INSTANT_NS_MAX:
        raise ItemError(f"`{text}` is outside the years 1970 to 2200")
    return instant_ns


def format_instant(instant_ns: int) -> str:
    """RFC 3339 text with `Z` of UTC nanoseconds; a fraction only where there is one.

    Raises:
        ItemError: not an integer, or beyond the years 1970 to 2200.
    """
    if type(instant_ns) is not int or not INSTANT_NS_MIN <= instant_ns <= INSTANT_NS_MAX:
        raise ItemError(f"`{instant_ns!r:.40}` is not an instant: give UTC nanoseconds from 1970 to 2200")
    seconds, fraction_ns = divmod(instant_ns, SECOND_NS)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    digits = f"{fraction_ns:09d}".rstrip("0")
    return f"{text}.{digits}Z" if digits else f"{text}Z"
