"""Instants of scenarios: RFC 3339 with Z to integer UTC nanoseconds. Not a clock."""

from datetime import UTC, datetime

from trilat.scenario.simulated import NANOSECONDS_PER_SECOND


def utc_ns(text: str) -> int:
    """UTC nanoseconds since 1970 of a whole second such as `2009-04-05T02:30:15Z`."""
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return int(moment.timestamp()) * NANOSECONDS_PER_SECOND
