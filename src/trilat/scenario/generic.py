"""Generic sensors: textbook figures in one place, and three radars set beside a path.

30 m, 1 mrad and 1 mrad once a second is what textbooks take for a tracking radar, tens of microradians
every ten seconds for an infrared eye over the equator. None of it is the figure of a real sensor.
"""

from trilat.geo import geodesic_direct, geodesic_inverse
from trilat.scenario.sensor import Sensor

RADAR_RANGE_M_MAX = 1_500_000.0
RADAR_PERIOD_S = 1.0
INFRARED_RANGE_M_MAX = 50_000_000.0
INFRARED_PERIOD_S = 10.0
# Height of the geostationary ring over the equator, metres, rounded.
_RING_HEIGHT_M = 35_786_000.0
# Name, party, downrange (m), crossrange to the right (m) and first scan (s) of the three radars beside a
# path: their arcs overlap and none sees all of it. Sensible geometry, not anyone's.
_BESIDE_PATH = (
    ("radar-kor", "KOR", 150_000.0, 220_000.0, 0.0),
    ("radar-usa", "USA", 350_000.0, -260_000.0, 0.37),
    ("radar-jpn", "JPN", 750_000.0, 180_000.0, 0.71),
)


def generic_radar(
    sensor_id: str,
    party: str,
    place_deg: tuple[float, float],
    *,
    offset_s: float,
    assumed: str,
    height_m: float = 20.0,
    range_rate_sigma_m_per_s: float | None = None,
    range_max_m: float = RADAR_RANGE_M_MAX,
    detection_probability: float = 0.95,
) -> Sensor:
    """Radar of 30 m, 1 mrad, 1 mrad, once a second, mask 2 degrees, at (latitude, longitude) degrees."""
    return Sensor(
        sensor_id=sensor_id,
        party=party,
        kind="radar",
        latitude_deg=place_deg[0],
        longitude_deg=place_deg[1],
        height_m=height_m,
        range_sigma_m=30.0,
        azimuth_sigma_rad=1e-3,
        elevation_sigma_rad=1e-3,
        range_rate_sigma_m_per_s=range_rate_sigma_m_per_s,
        elevation_mask_deg=2.0,
        range_max_m=range_max_m,
        period_s=RADAR_PERIOD_S,
        offset_s=offset_s,
        detection_probability=detection_probability,
        assumed=assumed,
    )


def generic_infrared(sensor_id: str, party: str, longitude_deg: float, *, offset_s: float) -> Sensor:
    """Infrared eye in the geostationary ring at a longitude: direction only, every ten seconds.

    Elevation is good to 30 microradians. It looks down so steeply (elevation near -82 degrees) that
    200 microradians of azimuth are, times the cosine, about as much across the line of sight.
    """
    return Sensor(
        sensor_id=sensor_id,
        party=party,
        kind="infrared",
        latitude_deg=0.0,
        longitude_deg=longitude_deg,
        height_m=_RING_HEIGHT_M,
        range_sigma_m=None,
        azimuth_sigma_rad=2e-4,
        elevation_sigma_rad=3e-5,
        range_rate_sigma_m_per_s=None,
        elevation_mask_deg=-90.0,
        range_max_m=INFRARED_RANGE_M_MAX,
        period_s=INFRARED_PERIOD_S,
        offset_s=offset_s,
        assumed="generic direction-only eye over the equator; place and all figures assumed",
    )


def generic_radars(
    latitude_deg: float, longitude_deg: float, azimuth_deg: float, *, range_max_m: float = RADAR_RANGE_M_MAX
) -> tuple[Sensor, ...]:
    """Three generic radars of KOR, USA and JPN beside the path that leaves a pad at an azimuth.

    They measure range rate too (5 m/s). For recorded telemetry and scenarios without sensors of their own.
    """
    found = []
    for name, party, downrange_m, crossrange_m, offset_s in _BESIDE_PATH:
        below = geodesic_direct(latitude_deg, longitude_deg, azimuth_deg, downrange_m)
        # A geodesic turns against north as it goes, so the right hand is taken where the radar stands.
        onward = geodesic_direct(latitude_deg, longitude_deg, azimuth_deg, downrange_m + 1000.0)
        _, bearing_deg = geodesic_inverse(*below, *onward)
        side, side_deg = ("right", 90.0) if crossrange_m > 0.0 else ("left", -90.0)
        place = geodesic_direct(*below, bearing_deg + side_deg, abs(crossrange_m))
        found.append(
            generic_radar(
                name,
                party,
                (round(place[0], 6), round(place[1], 6)),
                offset_s=offset_s,
                range_rate_sigma_m_per_s=5.0,
                range_max_m=range_max_m,
                assumed=(
                    f"generic radar {downrange_m / 1000:g} km down the path, "
                    f"{abs(crossrange_m) / 1000:g} km to its {side}"
                ),
            )
        )
    return tuple(found)
