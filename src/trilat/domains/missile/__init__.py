"""Missiles: what recorded and claimed flights mean, and how plots become tracks, launches and impact areas.

For warning and awareness only: whether a claimed flight can have happened, what a recorded one did, and where
a tracked one comes down.
"""

from trilat.domains.missile.catalogue import (
    Catalogue,
    CatalogueAnswer,
    CatalogueRow,
    Defaults,
    SetAside,
    check_catalogue,
    read_catalogue,
)
from trilat.domains.missile.claims import FlightAnswer, FlightClaim, Verdict, check_flight
from trilat.domains.missile.conversion import kinematics_of, plot_of
from trilat.domains.missile.pipeline import LAUNCH_EVERY_S, MissilePipeline
from trilat.domains.missile.products import IMPACT_EVERY_S, Products
from trilat.domains.missile.telemetry import (
    Telemetry,
    burns_from_events,
    read_events,
    read_telemetry,
    trajectories_of,
)

__all__ = [
    "IMPACT_EVERY_S",
    "LAUNCH_EVERY_S",
    "Catalogue",
    "CatalogueAnswer",
    "CatalogueRow",
    "Defaults",
    "FlightAnswer",
    "FlightClaim",
    "MissilePipeline",
    "Products",
    "SetAside",
    "Telemetry",
    "Verdict",
    "burns_from_events",
    "check_catalogue",
    "check_flight",
    "kinematics_of",
    "plot_of",
    "read_catalogue",
    "read_events",
    "read_telemetry",
    "trajectories_of",
]
