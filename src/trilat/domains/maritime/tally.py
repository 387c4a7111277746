"""What is counted of a recording: kinds of lines, sentences refused, things left out; how much is read."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True, kw_only=True)
class AisLimits:
    """How much of a recording is read; beyond it the whole recording is refused, before it is parsed."""

    bytes_max: int = 134_217_728
    """Bytes after decompression."""
    lines_max: int = 1_000_000
    line_bytes_max: int = 1_024
    """A longer line is refused alone."""
    fragment_lines_max: int = 200
    """Lines between the first and the last part of a message."""
    gatehouse_lines_max: int = 16
    """Lines between a Gatehouse line and the sentence whose checksum it repeats."""
    believe_broken_tag_blocks: bool = False
    """True takes station and time also from tag blocks with a wrong checksum, as some archives hold them."""


class LineKind(Enum):
    """What a line of a recording is."""

    SENTENCE = "sentence"
    """A VDM or VDO sentence, used or refused."""
    GATEHOUSE = "gatehouse"
    """A `$PGHP` line."""
    CLOCK = "clock"
    """A `ZDA` sentence."""
    OTHER_SENTENCE = "other-sentence"
    """A sentence of another format, such as wind or GPS."""
    TAG_BLOCK_ALONE = "tag-block-alone"
    """A tag block without a sentence on its line."""
    COMMENT = "comment"
    """A line that begins with `#`."""
    BLANK = "blank"
    UNREADABLE = "unreadable"
    """None of these: binary, too long, or broken beyond its first character."""


class Refusal(Enum):
    """Why a sentence was not used; each is counted in sentences."""

    MALFORMED = "malformed"
    """Fields are missing, or not what they must be."""
    CHECKSUM_MISSING = "checksum-missing"
    CHECKSUM_WRONG = "checksum-wrong"
    FRAGMENT_ORPHANED = "fragment-orphaned"
    """A later part whose first parts are not there."""
    FRAGMENTS_MISSING = "fragments-missing"
    """First parts whose last part never came."""
    PAYLOAD_EMPTY = "payload-empty"
    PAYLOAD_SHORT = "payload-short"
    """The message ends before the fields that we read."""
    PAYLOAD_UNREADABLE = "payload-unreadable"
    """The decoder refused it, or its type does not exist."""
    MMSI_IMPOSSIBLE = "mmsi-impossible"
    """An MMSI of more than nine digits."""


class Omission(Enum):
    """What was left out of something that was otherwise used, or could not be paired."""

    TAG_BLOCK_BROKEN = "tag-block-broken"
    GATEHOUSE_BROKEN = "gatehouse-broken"
    GATEHOUSE_ALONE = "gatehouse-alone"
    """A Gatehouse line whose sentence did not follow."""
    POSITION_IMPOSSIBLE = "position-impossible"
    COURSE_IMPOSSIBLE = "course-impossible"
    HEADING_IMPOSSIBLE = "heading-impossible"
    IMO_NUMBER_IMPOSSIBLE = "imo-number-impossible"
    """Not seven digits, or its check digit is wrong."""
    INSTANT_UNKNOWN = "instant-unknown"
    """A message without a time, where the caller gave none."""


@dataclass(kw_only=True)
class Tally:
    """Counts of lines by kind, of refused sentences by reason, and of what was left out."""

    lines: Counter[LineKind] = field(default_factory=Counter)
    refused: Counter[Refusal] = field(default_factory=Counter)
    omitted: Counter[Omission] = field(default_factory=Counter)
