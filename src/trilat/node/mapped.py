"""What the own staff's map shows beside objects: what own sensors cover, and places that the party named.

Neither is in any item, and no partner and no reader of the picture is told of it. Each look is recorded.
"""

from typing import Any, Final

from trilat.domains import MapPlace, SensorSite, coverage_outline
from trilat.node.at_desk import look_entry
from trilat.node.node import Node
from trilat.node.standing import plain_digest

COVERAGE_HEIGHTS_M: Final = (10_000.0, 100_000.0, 300_000.0)
"""Heights at which coverage is drawn."""


def shown_map(node: Node, who: str) -> dict[str, Any]:
    """Own sensors with their coverage, and named places, for somebody of the own party; recorded.

    Raises:
        LedgerError: it cannot be recorded, and nothing is shown.
    """
    config = node.config
    shown = {
        "sensors": [_sensor(site) for site in config.sensor_sites],
        "places": [_place(place) for place in config.map_places],
    }
    node.write([look_entry(config.party, who, "map", plain_digest(shown))])
    return shown


def _place(place: MapPlace) -> dict[str, Any]:
    name = place.name
    names = {"en": name, "ja": place.name_ja or name, "ko": place.name_ko or name}
    return {"names": names, "lat": place.lat_deg, "lon": place.lon_deg}


def _sensor(site: SensorSite) -> dict[str, Any]:
    return {
        "name": site.name,
        "lat": site.lat_deg,
        "lon": site.lon_deg,
        "reach_m": site.reach_m,
        "coverage": [
            {"height_m": height_m, "outline": [list(corner) for corner in coverage_outline(site, height_m)]}
            for height_m in COVERAGE_HEIGHTS_M
        ],
    }
