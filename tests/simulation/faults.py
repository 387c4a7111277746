"""What can go wrong in a simulated federation, as data: which fault, when, where, how much."""

from dataclasses import dataclass
from enum import Enum


class FaultKind(Enum):
    """The kinds of faults, each with what it does."""

    LOSS = "loss"
    """A share of the messages on some links is lost."""

    DELAY = "delay"
    """Messages on some links take seconds longer."""

    REPEAT = "repeat"
    """A share of the messages on some links comes twice."""

    REORDER = "reorder"
    """Messages on some links overtake each other."""

    FLIP = "flip"
    """One bit of a share of the messages on some links is flipped on the way."""

    PARTITION = "partition"
    """Some parties and the others do not hear each other, and neither do those that the hub is between."""

    HUB_DOWN = "hub down"
    """The hub has stopped; whatever is on its way through it is lost."""

    REPLAY = "replay"
    """The hub sends again what it has carried before."""

    MISROUTE = "misroute"
    """The hub gives what it carries to somebody else."""

    CRASH = "crash"
    """A node's process ends at any step: before or after a commit, between write and send, in mid-send."""

    TORN = "torn write"
    """A node's process ends within a commit, of which half is on the disk."""

    ROT = "bit flip at rest"
    """One bit of a node's disk is flipped while the node is down."""

    FULL = "disk full"
    """A node's disk takes nothing more for some seconds."""

    SKEW = "clock skew"
    """A node's clock is seconds ahead or behind."""

    HOSTILE = "hostile partner"
    """A partner signs for what it never got."""


LINK_FAULTS = (
    FaultKind.LOSS,
    FaultKind.DELAY,
    FaultKind.REPEAT,
    FaultKind.REORDER,
    FaultKind.FLIP,
    FaultKind.REPLAY,
    FaultKind.MISROUTE,
)
"""Faults of links for some seconds; the last two are the hub's."""

NODE_FAULTS = (FaultKind.CRASH, FaultKind.TORN, FaultKind.ROT, FaultKind.FULL)
"""Faults that end a node, which then restores itself from its ledger."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault from one instant until another, in nanoseconds of the world's time.

    `where` are the parties it strikes: for a link both of its ends, or nobody for every link. `amount` is a
    share of messages, seconds of delay or skew, or steps until a crash.
    """

    kind: FaultKind
    from_ns: int
    to_ns: int
    where: tuple[str, ...] = ()
    amount: float = 0.0

    def strikes(self, one: str, other: str) -> bool:
        """Whether it is on the link between two."""
        return not self.where or {one, other} <= set(self.where)

    def parts(self, one: str, other: str) -> bool:
        """Whether it parts two from each other."""
        return (one in self.where) != (other in self.where)
