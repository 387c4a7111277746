"""Ships: recorded AIS in, Vessel items out, and the picture of ships that they make.

Ships say in public where they are; who heard them, where and how well is not public. So an item belongs to
the party whose station heard it, and goes on only as its agreements say.
"""

from trilat.domains.maritime.messages import (
    ShipParticulars,
    ShipPosition,
    Sighting,
)
from trilat.domains.maritime.pipeline import VesselPipeline
from trilat.domains.maritime.reading import AisReading, read_ais
from trilat.domains.maritime.receivers import read_receiver_map
from trilat.domains.maritime.tally import (
    AisLimits,
    LineKind,
    Omission,
    Refusal,
)
from trilat.domains.maritime.vessels import VesselIntake, vessels

__all__ = [
    "AisLimits",
    "AisReading",
    "LineKind",
    "Omission",
    "Refusal",
    "ShipParticulars",
    "ShipPosition",
    "Sighting",
    "VesselIntake",
    "VesselPipeline",
    "read_ais",
    "read_receiver_map",
    "vessels",
]
