"""`Arrival`: what became of a payload that came over a link."""

from enum import Enum


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
