"""What pyproj says of ways and grid places, for the tests of the page: `python -m tests.web.judged_geodesy`.

The page measures with a library of its own language; this is the outside judge of what it shows.
"""

import json
from pathlib import Path
from typing import Any, Final

from pyproj import Geod, Transformer

FILE: Final = Path(__file__).parents[2] / "frontend/src/lib/judged/geodesy.json"
WAYS: Final = (
    (39.9, 139.7, 40.855, 129.666),
    (35.0, 135.0, 35.0, 135.001),
    (-33.9, 151.2, 37.6, 126.98),
    (51.5, 0.0, 21.3, -157.86),
    (0.0, 179.5, 0.0, -179.5),
    (90.0, 0.0, -90.0, 0.0),
    (0.0, 0.0, 0.5, 179.7),
    (35.681, 139.767, 35.681, 139.767),
)
PLACES: Final = (
    (39.9, 139.7),
    (40.855, 129.666),
    (37.566, 126.978),
    (-33.8568, 151.2153),
    (21.3069, -157.8583),
    (0.0001, 0.0001),
    (-0.0001, -0.0001),
    (83.9, 20.9),
    (60.0, 5.0),
    (78.0, 15.0),
)
"""The last three lie in zones that are wider than others: 33X, 32V and 33X."""

ZONES: Final = (54, 52, 52, 56, 4, 31, 30, 33, 32, 33)
"""By the map of zones of NGA.SIG.0012 (2014), figure 2-2 and table for Norway and Svalbard."""


def judged() -> dict[str, Any]:
    """Ways with length and bearings, places with zone, easting and northing in it."""
    geod = Geod(ellps="WGS84")
    ways = []
    for lat1, lon1, lat2, lon2 in WAYS:
        bearing_deg, back_deg, distance_m = geod.inv(lon1, lat1, lon2, lat2)
        ways.append(
            {
                "from": [lat1, lon1],
                "to": [lat2, lon2],
                "distance_m": round(distance_m, 4),
                "bearing_deg": round(bearing_deg % 360.0, 8),
                "back_deg": round(back_deg % 360.0, 8),
            }
        )
    places = []
    for (lat, lon), zone in zip(PLACES, ZONES, strict=True):
        hemisphere = 326 if lat >= 0 else 327
        to_utm = Transformer.from_crs("EPSG:4326", f"EPSG:{hemisphere}{zone:02d}", always_xy=True)
        easting_m, northing_m = to_utm.transform(lon, lat)
        places.append(
            {
                "lat": lat,
                "lon": lon,
                "zone": zone,
                "easting_m": round(easting_m, 3),
                "northing_m": round(northing_m, 3),
            }
        )
    return {"ways": ways, "places": places}


def text() -> str:
    """As the file has it."""
    return json.dumps(judged(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
