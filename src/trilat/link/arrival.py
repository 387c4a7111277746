"""`Arrival`: what became of a payload that came over a link, and who is told what of it."""

from collections.abc import Callable
from enum import Enum
from typing import Final

from trilat.link.opening import OpenedParcel
from trilat.link.ranges import Range
from trilat.model import EnvelopeError, EpochError, LinkError, TrustError, WireError

OnParcels = Callable[[str, str, int, tuple[OpenedParcel, ...]], None]
"""Takes sender, stream, first sequence and parcels without a gap; returns when they are on disk."""

OnAcknowledged = Callable[[str, str, int, bytes], None]
"""Takes recipient, stream, cursor and the signed receipt; called when a cursor moved."""

OnOmitted = Callable[[str, str, tuple[Range, ...], bytes], None]
"""Takes sender, stream, runs of numbers that carry nothing and the signed word on it; returns when it is on
disk."""

OnNotice = Callable[[str, bytes], None]
"""Takes who said it, and what: bytes by an authentic partner that may be hostile."""

REASONS: Final = {
    WireError: "wire",
    EnvelopeError: "envelope",
    EpochError: "epoch",
    TrustError: "trust",
    LinkError: "link",
}
"""How refusals are counted, by the kind of error."""


class Arrival(Enum):
    """What became of a payload that arrived."""

    DELIVERED = "delivered"
    """New parcels were accepted, recorded and acknowledged."""
    REPEATED = "repeated"
    """All of it was accepted before; it was acknowledged again."""
    AHEAD = "ahead"
    """Something before it is missing, which was pulled."""
    ACKNOWLEDGED = "acknowledged"
    """The partner's receipt."""
    PULLED = "pulled"
    """The partner asked for what it misses."""
    PART = "part"
    """A part of a payload that is not whole yet."""
    NOTICED = "noticed"
    """A partner's notice, taken by who takes its topic."""
    REFUSED = "refused"
    """It was not accepted, and counted under its reason."""
    NOT_RECORDED = "not-recorded"
    """It was sound, but this node could not record it: nothing was acknowledged."""
