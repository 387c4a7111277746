r"""From recorded bytes to framed AIS messages: which sentences belong together, who heard them, and when.

A recording is lines. What counts is `!..VDM` and `!..VDO` sentences (IEC 61162-1); around them stand, each
understood here:

- tag blocks `\s:station,c:seconds*hh\` before a sentence (NMEA 0183 4.10; milliseconds are taken too);
- Gatehouse lines `$PGHP,1,year,month,day,hour,minute,second,ms,country,region,receiver,online,hh*hh`, one
  before each sentence: UTC and the receiver's MMSI; its last field repeats the checksum of the sentence it
  speaks of (`00` or nothing: the sentence that follows), which tells whose it is where lines interleave;
- stations and POSIX seconds (or milliseconds) after a sentence's checksum, `*hh,r003669794,1272412827`;
- `$..ZDA` sentences, the log's own clock.

The first of these that is there gives the instant, in the order Gatehouse, tag block, behind, ZDA.

Rules
1. Every line is counted as one kind of line; every sentence is used in one message or refused for one reason.
2. A wrong checksum refuses a sentence; in a tag block or Gatehouse line it drops that line's content.
3. Parts of a message come in order; others may stand between them, but not more than a limit of lines.
"""

import re
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, reduce
from operator import xor
from typing import Final

from trilat.domains.maritime.tally import AisLimits, LineKind, Omission, Refusal, Tally
from trilat.model import INSTANT_NS_MAX, INSTANT_NS_MIN, SECOND_NS


@dataclass(frozen=True, kw_only=True, slots=True)
class Framed:
    """The sentences of one message, in order and without what surrounded them; who heard it, and when."""

    sentences: tuple[bytes, ...]
    receiver: str
    instant_ns: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Surroundings:
    """What stood around a sentence: who heard it and when, as far as that is said."""

    receiver: str = ""
    instant_ns: int | None = None

    def or_else(self, other: "_Surroundings") -> "_Surroundings":
        return _Surroundings(
            receiver=self.receiver or other.receiver,
            instant_ns=other.instant_ns if self.instant_ns is None else self.instant_ns,
        )


@dataclass(kw_only=True, slots=True)
class _Pending:
    """The parts so far of a message, and the line of its first part."""

    line: int
    parts: list[bytes]
    around: _Surroundings


_SENTENCE: Final = re.compile(
    rb"([!$][A-Za-z0-9]{3,10},[\x20-\x7e]*?)(?:\*([0-9A-Fa-f]{2})(.*))?", flags=re.DOTALL
)
_FRAGMENT: Final = re.compile(rb"!..VD[MO],([1-9]),([1-9]),([0-9]?),([A-Za-z0-9]?),([^,]*),([0-5])")
_HEXADECIMAL: Final = re.compile(rb"[0-9A-Fa-f]{2}")
_SECONDS: Final = re.compile(rb"\d{9,10}")
_MILLISECONDS: Final = re.compile(rb"\d{12,13}")
_STATION: Final = re.compile(rb"[rb][A-Za-z0-9_]{1,40}")
_RECEIVER: Final = re.compile(rb"[A-Za-z0-9_.:-]{1,40}")
_ZDA: Final = re.compile(rb"\$..ZDA,(\d\d)(\d\d)(\d\d)(?:\.\d*)?,(\d\d?),(\d\d?),(\d{4})(?:,.*)?")
_PENDING_MAX: Final = 1_000
"""Unfinished messages kept at once; the oldest is given up first."""


class Framer:
    """Takes lines one by one and gives the messages that they complete; `tally` counts everything."""

    def __init__(self, limits: AisLimits) -> None:
        """A framer that has seen nothing yet."""
        self.tally = Tally()
        self._limits = limits
        self._line = 0
        self._clock_ns: int | None = None
        self._gatehouse: deque[tuple[int, int, _Surroundings]] = deque()
        self._pending: OrderedDict[bytes, _Pending] = OrderedDict()

    def take(self, line: bytes) -> Framed | None:
        """The message that this line completes, or None."""
        self._line += 1
        kind, content, around = self._kind_of(line.strip())
        self.tally.lines[kind] += 1
        if kind is LineKind.SENTENCE:
            return self._sentence(content, around)
        if kind is LineKind.GATEHOUSE:
            self._keep_gatehouse(content)
        elif kind is LineKind.CLOCK:
            self._set_clock(content)
        elif kind is LineKind.OTHER_SENTENCE:
            self._gatehouse_for(content, single=True)
        return None

    def finish(self) -> None:
        """Count what is still unfinished at the end of the recording."""
        for pending in self._pending.values():
            self.tally.refused[Refusal.FRAGMENTS_MISSING] += len(pending.parts)
        self._pending.clear()
        self.tally.omitted[Omission.GATEHOUSE_ALONE] += len(self._gatehouse)
        self._gatehouse.clear()

    def _kind_of(self, line: bytes) -> tuple[LineKind, bytes, _Surroundings]:
        around = _Surroundings()
        if not line:
            return LineKind.BLANK, line, around
        if line.startswith(b"#"):
            return LineKind.COMMENT, line, around
        if len(line) > self._limits.line_bytes_max:
            return LineKind.UNREADABLE, line, around
        while line.startswith(b"\\"):
            block, closed, line = line[1:].partition(b"\\")
            if not closed:
                return LineKind.UNREADABLE, line, around
            around = self._tag_block(block).or_else(around)
            if not line:
                return LineKind.TAG_BLOCK_ALONE, line, around
        if _SENTENCE.fullmatch(line) is None:
            return LineKind.UNREADABLE, line, around
        tag = line.split(b",", 1)[0].upper()
        if tag[:1] == b"!" and tag[-3:] in {b"VDM", b"VDO"}:
            return LineKind.SENTENCE, line, around
        if tag == b"$PGHP":
            return LineKind.GATEHOUSE, line, around
        return (LineKind.CLOCK if tag[-3:] == b"ZDA" else LineKind.OTHER_SENTENCE), line, around

    def _tag_block(self, block: bytes) -> _Surroundings:
        sound, around = _tag_block(block)
        if sound:
            return around
        self.tally.omitted[Omission.TAG_BLOCK_BROKEN] += 1
        return around if self._limits.believe_broken_tag_blocks else _Surroundings()

    def _keep_gatehouse(self, line: bytes) -> None:
        body, checksum, _ = _split(line)
        fields = body.split(b",")
        if checksum is None or not _is_checksum_of(checksum, body[1:]) or len(fields) < 14:
            self.tally.omitted[Omission.GATEHOUSE_BROKEN] += 1
            return
        instant_ns = _utc_ns(fields[2:9])
        speaks_of = fields[13]
        if instant_ns is None or (speaks_of and _HEXADECIMAL.fullmatch(speaks_of) is None):
            self.tally.omitted[Omission.GATEHOUSE_BROKEN] += 1
            return
        around = _Surroundings(receiver=_receiver(fields[11]), instant_ns=instant_ns)
        self._gatehouse.append((self._line, int(speaks_of or b"0", 16), around))

    def _gatehouse_for(self, line: bytes, *, single: bool) -> _Surroundings:
        """What the Gatehouse line of this sentence says: the newest that repeats its checksum; else the one
        just before it, where that names no checksum or the message has parts and so many checksums.
        """
        while self._gatehouse and self._line - self._gatehouse[0][0] > self._limits.gatehouse_lines_max:
            self._gatehouse.popleft()
            self.tally.omitted[Omission.GATEHOUSE_ALONE] += 1
        checksum = _split(line)[1]
        for place in range(len(self._gatehouse) - 1, -1, -1):
            at_line, speaks_of, around = self._gatehouse[place]
            just_before = at_line == self._line - 1 and (speaks_of == 0 or not single)
            if just_before or (checksum is not None and speaks_of == int(checksum, 16)):
                del self._gatehouse[place]
                return around
        return _Surroundings()

    def _set_clock(self, line: bytes) -> None:
        body, checksum, _ = _split(line)
        found = _ZDA.fullmatch(body)
        if found is None or checksum is None or not _is_checksum_of(checksum, body[1:]):
            return
        hour, minute, second, day, month, year = found.groups()
        self._clock_ns = _utc_ns([year, month, day, hour, minute, second, b"0"])

    def _sentence(self, line: bytes, around: _Surroundings) -> Framed | None:
        body, checksum, behind = _split(line)
        found = _FRAGMENT.fullmatch(body.upper()[:6] + body[6:])
        single = found is None or found.group(1) == b"1"
        first = found is None or found.group(2) == b"1"
        if first:
            around = self._gatehouse_for(line, single=single).or_else(around)
        around = around.or_else(_behind(behind)).or_else(_Surroundings(instant_ns=self._clock_ns))
        refusal = _refusal(body, checksum, found)
        if refusal is not None or found is None or checksum is None:
            self.tally.refused[refusal or Refusal.MALFORMED] += 1
            return None
        whole = body + b"*" + checksum.upper()
        if single:
            return Framed(sentences=(whole,), receiver=around.receiver, instant_ns=around.instant_ns)
        key = b",".join((body[:6], *found.group(1, 3, 4)))
        return self._part(key, int(found.group(2)), int(found.group(1)), whole, around)

    def _part(self, key: bytes, number: int, of: int, whole: bytes, around: _Surroundings) -> Framed | None:
        """Add a part to its message; gives the message when this part is the last."""
        pending = self._pending.get(key)
        if pending is not None and (
            number == 1 or self._line - pending.line > self._limits.fragment_lines_max
        ):
            self.tally.refused[Refusal.FRAGMENTS_MISSING] += len(pending.parts)
            del self._pending[key]
            pending = None
        if number == 1:
            self._pending[key] = _Pending(line=self._line, parts=[whole], around=around)
            if len(self._pending) > _PENDING_MAX:
                _, oldest = self._pending.popitem(last=False)
                self.tally.refused[Refusal.FRAGMENTS_MISSING] += len(oldest.parts)
            return None
        if pending is None or number != len(pending.parts) + 1:
            self.tally.refused[Refusal.FRAGMENT_ORPHANED] += 1
            return None
        pending.parts.append(whole)
        if number < of:
            return None
        del self._pending[key]
        heard = pending.around.or_else(around)
        return Framed(sentences=tuple(pending.parts), receiver=heard.receiver, instant_ns=heard.instant_ns)


@lru_cache(maxsize=1_024)
def _tag_block(block: bytes) -> tuple[bool, _Surroundings]:
    """Whether a tag block's checksum is right, and what it says. Networks repeat a few of them."""
    body, _, checksum = block.partition(b"*")
    fields = dict(part.partition(b":")[::2] for part in body.split(b","))
    around = _Surroundings(
        receiver=_receiver(fields.get(b"s", b"")), instant_ns=_posix_ns(fields.get(b"c", b""))
    )
    return _is_checksum_of(checksum, body), around


def _refusal(body: bytes, checksum: bytes | None, found: re.Match[bytes] | None) -> Refusal | None:
    if checksum is None:
        return Refusal.CHECKSUM_MISSING
    if not _is_checksum_of(checksum, body[1:]):
        return Refusal.CHECKSUM_WRONG
    if found is None or found.group(2) > found.group(1):
        return Refusal.MALFORMED
    return None if found.group(5) else Refusal.PAYLOAD_EMPTY


def _split(line: bytes) -> tuple[bytes, bytes | None, bytes]:
    """Body, checksum digits and what stands behind them."""
    found = _SENTENCE.fullmatch(line)
    if found is None:
        return line, None, b""
    return found.group(1), found.group(2), found.group(3) or b""


def _is_checksum_of(checksum: bytes, body: bytes) -> bool:
    """Whether hexadecimal digits are the exclusive or of all bytes (IEC 61162-1, 7.2.4)."""
    return re.fullmatch(rb"[0-9A-Fa-f]{2}", checksum) is not None and int(checksum, 16) == reduce(
        xor, body, 0
    )


def _behind(text: bytes) -> _Surroundings:
    """Station and POSIX time that receiving networks write behind the checksum."""
    fields = text.split(b",")[1:]
    if not fields:
        return _Surroundings()
    station = next((part for part in fields if _STATION.fullmatch(part)), b"")
    return _Surroundings(receiver=_receiver(station), instant_ns=_posix_ns(fields[-1]))


def _receiver(text: bytes) -> str:
    return text.decode("ascii") if _RECEIVER.fullmatch(text) else ""


def _posix_ns(text: bytes) -> int | None:
    """Nanoseconds of 9 or 10 digits of seconds, or 12 or 13 of milliseconds; None for anything else."""
    if _SECONDS.fullmatch(text):
        return int(text) * SECOND_NS
    return int(text) * 1_000_000 if _MILLISECONDS.fullmatch(text) else None


def _utc_ns(fields: list[bytes]) -> int | None:
    """Nanoseconds of year, month, day, hour, minute, second and millisecond; None for no such instant."""
    if not all(part.isdigit() and len(part) <= 4 for part in fields):
        return None
    year, month, day, hour, minute, second, millisecond = (int(part) for part in fields)
    try:
        moment = datetime(year, month, day, hour, minute, second, millisecond * 1_000, tzinfo=UTC)
    except ValueError:
        return None
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    instant_ns = (since.days * 86_400 + since.seconds) * SECOND_NS + since.microseconds * 1_000
    return instant_ns if INSTANT_NS_MIN <= instant_ns <= INSTANT_NS_MAX else None
