"""Plots of a scenario as a tracker takes them, for the benches."""

import math

from trilat.fusion import RadarObservation
from trilat.geo import ecef_from_geodetic


def observation(scenario, plot):
    """The plot with its sensor's site and sigmas; the source is the sensor's party."""
    sensor = next(s for s in scenario.sensors if s.sensor_id == plot.sensor_id)
    latitude, longitude = math.radians(sensor.latitude_deg), math.radians(sensor.longitude_deg)
    return RadarObservation(
        time_ns=plot.t_ns,
        source=sensor.party,
        sensor=sensor.sensor_id,
        site_ecef_m=ecef_from_geodetic(latitude, longitude, sensor.height_m),
        site_latitude_rad=latitude,
        site_longitude_rad=longitude,
        range_m=plot.range_m,
        azimuth_rad=plot.azimuth_rad,
        elevation_rad=plot.elevation_rad,
        range_rate_m_per_s=plot.range_rate_m_per_s,
        range_sigma_m=sensor.range_sigma_m,
        azimuth_sigma_rad=sensor.azimuth_sigma_rad,
        elevation_sigma_rad=sensor.elevation_sigma_rad,
        range_rate_sigma_m_per_s=sensor.range_rate_sigma_m_per_s,
    )
