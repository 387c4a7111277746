"""`Heartbeat`: what a partner's node says four times a second; a hint, not signed, and believed for nothing.

It is for people who look for what is wrong with a link: how long a message takes there and back, and how far
the two machines' clocks are apart, by the four instants of NTP (RFC 5905, section 8). A number that is left
out tells that something was lost on the way, so that streams need not wait for their time to ask.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from trilat.model import SECOND_NS

HEARTBEAT_BYTES_MAX: Final = 64
_INSTANT_NS_MAX: Final = 2**62

_Instant = Annotated[int, msgspec.Meta(ge=0, le=_INSTANT_NS_MAX)]


class Heartbeat(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """The `count`-th heartbeat on a way, sent at `sent_ns` by the sender's machine clock, UTC ns.

    `echo_sent_ns` is that of the last heartbeat that the sender got by this way, 0 for none; `echo_got_ns` is
    when it got it.
    """

    count: _Instant
    sent_ns: _Instant
    echo_sent_ns: _Instant = 0
    echo_got_ns: _Instant = 0


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Heartbeat)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one exchange of heartbeats measured: round trip, and the partner's clock minus ours, seconds."""

    round_trip_s: float
    clock_offset_s: float


class Beats:
    """The heartbeats of one way, both directions."""

    def __init__(self) -> None:
        """None sent, none heard."""
        self.sent = 0
        self.heard: Heartbeat | None = None
        self.measured: Measured | None = None
        self._got_ns = 0

    def next(self, now_ns: int) -> bytes:
        """The bytes of the next heartbeat, at an instant of the machine's clock."""
        self.sent += 1
        heard = self.heard
        return _ENCODER.encode(
            Heartbeat(
                count=self.sent,
                sent_ns=now_ns,
                echo_sent_ns=heard.sent_ns if heard is not None else 0,
                echo_got_ns=self._got_ns,
            )
        )

    def take(self, data: bytes, now_ns: int) -> bool:
        """Whether something between this heartbeat and the last one is missing; what is none says nothing."""
        try:
            beat = _DECODER.decode(data[:HEARTBEAT_BYTES_MAX])
        except msgspec.MsgspecError:
            return False
        before, self.heard, self._got_ns = self.heard, beat, now_ns
        if beat.echo_sent_ns:
            there_ns = beat.echo_got_ns - beat.echo_sent_ns
            back_ns = now_ns - beat.sent_ns
            self.measured = Measured(
                round_trip_s=(there_ns + back_ns) / SECOND_NS,
                clock_offset_s=(there_ns - back_ns) / 2 / SECOND_NS,
            )
        # A sender that began anew counts from one.
        return before is not None and before.count + 1 < beat.count
