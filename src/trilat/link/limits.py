"""`LinkLimits` and `LinkProfile`: how much a link carries at a time, how fast, and how long it waits."""

from dataclasses import dataclass, field
from typing import Final

from trilat.model import SECOND_NS, UsageError

_THIN_WINDOW_PARCELS: Final = 8
_WAIT_MESSAGES: Final = 12
"""After so many messages' time a thin link's receipt is overdue: there and back, with others between."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkLimits:
    """Limits of a link, each in one place. Times in nanoseconds, sizes in bytes."""

    batch_parcels: int = 100
    batch_bytes: int = 524_288
    """Parcels of one envelope, together; one parcel always goes."""

    page_parcels: int = 500
    """Parcels of one envelope while much waits: at most a quarter of the window."""

    window_parcels: int = 4_000
    """Sent in their turn and not yet acknowledged, per stream."""

    kept_parcels: int = 8_000
    """The newest parcels of a stream that are kept in memory; older ones are read from the archive."""

    ahead_parcels: int = 10_000
    """Numbers of one incoming stream that are taken before their turn."""

    resend_after_ns: int = SECOND_NS
    resend_after_max_ns: int = 8 * SECOND_NS
    pull_interval_ns: int = SECOND_NS
    """The same pull is not made, and not answered, more often than this."""

    receipt_interval_ns: int = 0
    """Receipts of one stream go no more often than this; the newest speaks for those before it."""

    high_water_ns: int = 30 * SECOND_NS
    """How often a partner is told how far its stream goes while nothing else is sent to it."""

    streams_per_sender: int = 16
    """Incoming streams of one sender; a partner begins a new one when its keys change."""

    def __post_init__(self) -> None:
        """Refuse a limit that stops a link, or that an envelope cannot hold."""
        for name in self.__slots__:
            if getattr(self, name) < (0 if name == "receipt_interval_ns" else 1):
                raise UsageError(f"LinkLimits.{name} must be at least 1")
        if max(self.batch_parcels, self.page_parcels) > 1_000 or self.batch_bytes > 655_360:
            raise UsageError("LinkLimits: an envelope holds at most 1000 parcels and 655360 bytes of them")
        if self.resend_after_max_ns < self.resend_after_ns:
            raise UsageError("LinkLimits.resend_after_max_ns must be at least resend_after_ns")


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkProfile:
    """How the link to one partner is used."""

    limits: LinkLimits = field(default_factory=LinkLimits)
    bits_per_s: int | None = None
    """All that goes to the partner keeps to this rate; None for as fast as it can."""

    sparing: bool = False
    """Whether what is no longer worth sending is left out, and its numbers accounted for."""

    def __post_init__(self) -> None:
        """Refuse a rate at which nothing would arrive."""
        if self.bits_per_s is not None and self.bits_per_s < 50:
            raise UsageError("LinkProfile.bits_per_s must be at least 50")

    @classmethod
    def thin(cls, bits_per_s: int = 2_400, message_bytes: int = 1_000) -> "LinkProfile":
        """The profile of a thin link: paced, in small messages, sparing.

        Args:
            bits_per_s: what the medium carries.
            message_bytes: the size at which a message is full; a larger parcel goes alone.
        """
        message_ns = message_bytes * 8 * SECOND_NS // max(bits_per_s, 1)
        wait_ns = max(SECOND_NS, _WAIT_MESSAGES * message_ns)
        limits = LinkLimits(
            batch_parcels=_THIN_WINDOW_PARCELS,
            page_parcels=_THIN_WINDOW_PARCELS,
            batch_bytes=message_bytes,
            window_parcels=_THIN_WINDOW_PARCELS,
            kept_parcels=1_000,
            resend_after_ns=wait_ns,
            resend_after_max_ns=8 * wait_ns,
            pull_interval_ns=wait_ns,
            high_water_ns=max(300 * SECOND_NS, 4 * wait_ns),
        )
        return cls(limits=limits, bits_per_s=bits_per_s, sparing=True)
