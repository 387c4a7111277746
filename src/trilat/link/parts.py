"""`Cutter` and `Joiner`: a large payload over a thin link in parts, so that nothing waits behind it and no
part of it has to go twice.

    part = "TP" | id, 16 bytes | index, 4 bytes, big-endian | bytes of the payload from index * size on

The id is the first half of SHA-256 of the payload. A sender first signs which id, of how many bytes, it will
send in parts of which size (`Parts`); the recipient signs which parts it lacks (`Lacking`) whenever it hears
that. So after a cut one small word tells what is still to go, at any byte. Parts that nobody announced are
dropped unread; what does not make up the announced payload is dropped whole. The payload itself is checked as
any other then.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from trilat.link.ranges import Range, Ranges
from trilat.model import ENVELOPE_BYTES_MAX, EnvelopeError

PART_START: Final = b"TP"
ID_BYTES: Final = 16
PART_BYTES_MIN: Final = 100
_INDEX_BYTES: Final = 4
_HEAD_BYTES: Final = len(PART_START) + ID_BYTES + _INDEX_BYTES
_OPEN_MAX: Final = 8
"""Payloads of one link that are cut or joined at a time; the oldest goes for a new one."""
_DONE_KEPT: Final = 256
"""Payloads remembered as whole, so that one whose receipt was lost is not sent again."""


def id_of(payload: bytes) -> bytes:
    """The name of a payload."""
    return sha256(payload).digest()[:ID_BYTES]


def is_part(data: bytes) -> bool:
    """Whether these bytes begin as a part does; no envelope and no message begins so."""
    return data.startswith(PART_START)


def parts_of(size: int, part_bytes: int) -> int:
    """Into how many parts a payload of a size is cut."""
    return -(-size // part_bytes)


@dataclass
class _Cut:
    payload: bytes
    part_bytes: int
    waiting: Ranges


class Cutter:
    """What is on its way in parts, to each recipient."""

    def __init__(self) -> None:
        """Nothing."""
        self._cut: dict[str, OrderedDict[bytes, _Cut]] = {}

    def begin(self, recipient: str, payload: bytes, part_bytes: int) -> bytes:
        """Take a payload to be sent in parts, all of which wait; returns its id."""
        cut = self._cut.setdefault(recipient, OrderedDict())
        name = id_of(payload)
        last = parts_of(len(payload), part_bytes) - 1
        cut[name] = _Cut(payload, part_bytes, Ranges([(0, last)]))
        if len(cut) > _OPEN_MAX:
            cut.popitem(last=False)
        return name

    def lacks(self, recipient: str, name: bytes, runs: tuple[Range, ...]) -> None:
        """Let wait what a recipient says it lacks, and nothing else of that payload."""
        one = self._cut[recipient].get(name) if recipient in self._cut else None
        if one is None:
            return
        count = parts_of(len(one.payload), one.part_bytes)
        one.waiting = Ranges([(first, min(last, count - 1)) for first, last in runs if first < count])

    def has_room(self, recipient: str) -> bool:
        """Whether another payload can be taken without giving up one that is not through."""
        return recipient not in self._cut or len(self._cut[recipient]) < _OPEN_MAX

    def forget(self, recipient: str, name: bytes) -> None:
        """A payload is through."""
        self._cut[recipient].pop(name, None)

    def has(self, recipient: str, name: bytes) -> bool:
        """Whether a payload is still kept, to be sent again in parts."""
        return recipient in self._cut and name in self._cut[recipient]

    def waits(self, recipient: str) -> bool:
        """Whether a part waits to be sent."""
        return any(len(one.waiting) for one in self._cut.get(recipient, {}).values())

    def next(self, recipient: str) -> bytes | None:
        """The next part, of the oldest payload first; None for none."""
        for name, one in self._cut.get(recipient, {}).items():
            for index, _ in one.waiting:
                one.waiting.drop_through(index)
                start = index * one.part_bytes
                body = one.payload[start : start + one.part_bytes]
                return PART_START + name + index.to_bytes(_INDEX_BYTES, "big") + body
        return None


@dataclass
class _Joined:
    size: int
    part_bytes: int
    parts: dict[int, bytes] = field(default_factory=dict)
    have: Ranges = field(default_factory=Ranges)


class Joiner:
    """What came in parts, of each sender that announced it."""

    def __init__(self) -> None:
        """Nothing."""
        self._open: dict[str, OrderedDict[bytes, _Joined]] = {}
        self._done: deque[tuple[str, bytes]] = deque(maxlen=_DONE_KEPT)

    def announced(self, sender: str, name: bytes, size: int, part_bytes: int) -> tuple[Range, ...]:
        """Take note of a payload to come; returns the runs of parts that are lacking.

        Raises:
            EnvelopeError: no payload of that size is taken, or the parts are too small.
        """
        if not 1 <= size <= ENVELOPE_BYTES_MAX or part_bytes < PART_BYTES_MIN:
            raise EnvelopeError(f"`{sender}` announces {size} bytes in parts of {part_bytes}: not taken")
        if (sender, name) in self._done:
            return ()
        known = self._open.setdefault(sender, OrderedDict())
        one = known.get(name)
        if one is None or (one.size, one.part_bytes) != (size, part_bytes):
            one = known[name] = _Joined(size, part_bytes)
            if len(known) > _OPEN_MAX:
                known.popitem(last=False)
        return tuple(one.have.gaps(0, parts_of(size, part_bytes) - 1))

    def take(self, data: bytes) -> bytes | None:
        """The payload that a part completes; None while more is lacking, or where nobody announced it.

        Raises:
            EnvelopeError: the part does not fit what was announced, or all parts do not make up the payload.
        """
        name = data[len(PART_START) : len(PART_START) + ID_BYTES]
        index = int.from_bytes(data[len(PART_START) + ID_BYTES : _HEAD_BYTES], "big")
        body = data[_HEAD_BYTES:]
        for sender, known in self._open.items():
            one = known.get(name)
            if one is None:
                continue
            if len(body) != min(one.part_bytes, one.size - index * one.part_bytes):
                raise EnvelopeError(f"a part is not one of those that `{sender}` announced: not taken")
            one.parts[index] = body
            one.have.add(index, index)
            return self._whole(sender, known, name, one)
        return None

    def _whole(
        self, sender: str, known: "OrderedDict[bytes, _Joined]", name: bytes, one: _Joined
    ) -> bytes | None:
        count = parts_of(one.size, one.part_bytes)
        if len(one.parts) < count:
            return None
        payload = b"".join(one.parts[index] for index in range(count))
        del known[name]
        if id_of(payload) != name:
            raise EnvelopeError(f"parts do not make up what `{sender}` announced: all of them go again")
        self._done.append((sender, name))
        return payload
