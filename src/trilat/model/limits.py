"""Limits of the model: every text, list and message has one, with its unit, here and nowhere else.

A decoder refuses what is beyond them before it reads further; a constructor refuses it before it exists.
"""

from typing import Final

IDENTIFIER_CHARACTERS_MAX: Final = 120
TEXT_CHARACTERS_MAX: Final = 4_000
PARTIES_MAX: Final = 200
REFERENCES_MAX: Final = 256
"""Entries in one list of references: observations, items behind a warning, fields to strip."""

PORTIONS_MAX: Final = 32
"""Fields with a label of their own in one item."""

CLAUSES_MAX: Final = 10_000
AREAS_MAX: Final = 256
"""Named areas of one agreement."""

POLYGON_VERTICES_MAX: Final = 512
WIRE_BYTES_MAX: Final = 65_536
"""One item or release on the wire, bytes."""

JSON_CHARACTERS_MAX: Final = 1_048_576
"""One item as JSON text, characters (bytes where bytes are given)."""

JSON_DEPTH_MAX: Final = 64
"""Objects and lists within each other in JSON."""

INSTANT_NS_MIN: Final = 0
"""1970-01-01T00:00:00Z, UTC nanoseconds."""

INSTANT_NS_MAX: Final = 7_258_118_400_000_000_000
"""2200-01-01T00:00:00Z, UTC nanoseconds; fits a signed 64-bit integer."""

INTEGER_MAX: Final = 2**63 - 1
