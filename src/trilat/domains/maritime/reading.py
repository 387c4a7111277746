"""`read_ais`: a recording of AIS becomes sightings, with every line and sentence accounted for.

Whole recordings are refused only for what makes reading them senseless or dangerous: too long, or a gzip
stream that is damaged or unfolds beyond the limit. Anything else that is broken is counted and left out.

    >>> reading = read_ais(b"!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A")
    >>> reading.sightings[0].mmsi
    '371798000'
    >>> reading.warnings
    ('1 of the messages without a time: give a reference instant to use them',)
"""

import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from trilat.domains.maritime.lines import Framer
from trilat.domains.maritime.messages import Sighting, sighting_of
from trilat.domains.maritime.tally import AisLimits, LineKind, Omission, Refusal
from trilat.model import ObservationError

_GZIP: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31


@dataclass(frozen=True, kw_only=True)
class AisReading:
    """What a recording held.

    `lines` adds up to all lines; `lines[SENTENCE]` is the sentences of `sightings` plus all of `refused`.
    """

    sightings: tuple[Sighting, ...]
    lines: Mapping[LineKind, int]
    refused: Mapping[Refusal, int]
    omitted: Mapping[Omission, int]
    message_types: Mapping[int, int]
    """Messages by type."""

    warnings: tuple[str, ...]
    """One line for people on each thing that was refused or left out."""


def read_ais(data: bytes, limits: AisLimits | None = None, reference_ns: int | None = None) -> AisReading:
    """The sightings of a recording of NMEA sentences, plain or gzip.

    Args:
        data: the recording as bytes.
        limits: how much of it is read; the defaults of `AisLimits` where not given.
        reference_ns: the instant (UTC, ns) of messages that carry none; without it they stay untimed.

    Raises:
        ObservationError: the recording is over a limit in bytes or lines, or its gzip stream is damaged.
    """
    limits = limits or AisLimits()
    plain = _unfolded(data, limits.bytes_max)
    lines = plain.splitlines()
    if len(lines) > limits.lines_max:
        raise ObservationError(
            f"recording of {len(lines)} lines is over the limit of {limits.lines_max}: split it",
            lines=len(lines),
        )
    framer = Framer(limits)
    sightings: list[Sighting] = []
    for line in lines:
        framed = framer.take(line)
        if framed is None:
            continue
        found = sighting_of(framed, framer.tally.omitted)
        if isinstance(found, Refusal):
            framer.tally.refused[found] += len(framed.sentences)
            continue
        if found.instant_ns is None:
            if reference_ns is None:
                framer.tally.omitted[Omission.INSTANT_UNKNOWN] += 1
            found = replace(found, instant_ns=reference_ns)
        sightings.append(found)
    framer.finish()
    return AisReading(
        sightings=tuple(sightings),
        lines=dict(framer.tally.lines),
        refused={reason: count for reason, count in framer.tally.refused.items() if count},
        omitted={what: count for what, count in framer.tally.omitted.items() if count},
        message_types=dict(Counter(sighting.message_type for sighting in sightings)),
        warnings=_warnings(framer),
    )


def _unfolded(data: bytes, bytes_max: int) -> bytes:
    """The recording as plain bytes; a gzip stream is never unfolded beyond the limit."""
    if not data.startswith(_GZIP):
        if len(data) > bytes_max:
            raise ObservationError(
                f"recording of {len(data)} bytes is over the limit of {bytes_max}: split it", bytes=len(data)
            )
        return data
    parts: list[bytes] = []
    room = bytes_max
    rest = data
    while rest:
        stream = zlib.decompressobj(wbits=_GZIP_WINDOW)
        try:
            part = stream.decompress(rest, room + 1)
        except zlib.error as error:
            raise ObservationError(f"gzip stream is damaged: {error}: fetch the recording again") from error
        room -= len(part)
        if room < 0:
            raise ObservationError(
                f"gzip stream unfolds to more than {bytes_max} bytes: not read further", bytes_max=bytes_max
            )
        if not stream.eof:
            raise ObservationError("gzip stream ends early: fetch the recording again")
        parts.append(part)
        # Members may follow one another; zeros that fill a block are no member.
        rest = stream.unused_data.lstrip(b"\0")
    return b"".join(parts)


def _warnings(framer: Framer) -> tuple[str, ...]:
    tally = framer.tally
    warnings = [
        f"{count} {'sentence' if count == 1 else 'sentences'} refused: {reason.value}"
        for reason, count in tally.refused.items()
        if count
    ]
    for what, count in tally.omitted.items():
        if what is Omission.INSTANT_UNKNOWN:
            warnings.append(f"{count} of the messages without a time: give a reference instant to use them")
        elif count:
            warnings.append(f"{count} left out: {what.value}")
    if unreadable := tally.lines[LineKind.UNREADABLE]:
        warnings.append(f"{unreadable} {'line is' if unreadable == 1 else 'lines are'} not NMEA")
    if not tally.lines[LineKind.SENTENCE]:
        warnings.append("no AIS sentence in this recording")
    return tuple(warnings)
