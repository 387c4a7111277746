"""Flights before one radar, and the tracks that its owner has of them: what an attacker never sees.

Every seed has one generic radar, at a place, with an angular error and a reach of its own, and objects in
free fall that come into its reach and leave it. Figures are drawn within bounds that the attacker is told
(`REACH_M`, `ANGLE_RAD`); none is of a real sensor.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np

from trilat.domains.missile import kinematics_of
from trilat.fusion import RadarObservation, Tracker
from trilat.geo import (
    FloatArray,
    ecef_from_geodetic,
    enu_rotation,
    geodesic_direct,
    geodesic_inverse,
    geodetic_from_ecef,
)
from trilat.model import (
    SECOND_NS,
    Classification,
    Domain,
    Label,
    Provenance,
    Stage,
    Status,
    Track,
    parse_instant,
)
from trilat.scenario import Plot, Scenario, Sensor, Trajectory, coast, generic_radar, observe

REACH_M: Final = (500_000.0, 1_000_000.0)
"""A radar's reach is drawn from between."""

ANGLE_RAD: Final = (3e-4, 3e-3)
"""Its angular error is drawn from between, evenly over the logarithm."""

PERIOD_S: Final = 2.0
_DAY_NS: Final = parse_instant("2024-01-15T00:00:00Z")
_WATCHED_S: Final = 900.0
_LOWEST_M: Final = 90_000.0
_PARTY: Final = "JPN"


@dataclass(frozen=True, eq=False)
class Flight:
    """One object: its true path, and the versions of its track, one for each plot from the confirming one
    on.
    """

    path: Trajectory
    begin_ns: int
    tracks: tuple[Track, ...]

    def truth(self, time_ns: int) -> FloatArray:
        """True state (6,) at an instant, ECEF, m and m/s."""
        position, velocity = self.path.state_at((time_ns - self.begin_ns) / SECOND_NS)
        return np.concatenate([position, velocity])


@dataclass(frozen=True, eq=False)
class World:
    """One radar and what it saw."""

    sensor: Sensor
    flights: tuple[Flight, ...]


@lru_cache(maxsize=32)
def make_world(seed: int, flights_count: int) -> World:
    """The radar of a seed and so many flights before it; remembered: all profiles are measured on it."""
    draw = np.random.default_rng([seed, 16])
    reach_m = float(draw.uniform(*REACH_M))
    angle = math.exp(draw.uniform(math.log(ANGLE_RAD[0]), math.log(ANGLE_RAD[1])))
    place = (float(draw.uniform(-50.0, 50.0)), float(draw.uniform(-179.0, 179.0)))
    sensor = replace(
        generic_radar("radar", _PARTY, place, offset_s=0.0, assumed="drawn", range_max_m=reach_m),
        azimuth_sigma_rad=angle,
        elevation_sigma_rad=angle,
        period_s=PERIOD_S,
    )
    flights = [_flight(draw, sensor, number, seed) for number in range(flights_count)]
    return World(sensor, tuple(flights))


def _flight(draw: np.random.Generator, sensor: Sensor, number: int, seed: int) -> Flight:
    """One object, and the tracks of it; an object that is never confirmed is drawn anew."""
    while True:
        path = _path(draw, sensor, number)
        begin_ns = _DAY_NS + int(draw.integers(0, 86_400)) * SECOND_NS
        scenario = Scenario(
            name="attack",
            title="one object before one radar",
            launch_ns=begin_ns,
            duration_s=path.end_s,
            trajectories=(path,),
            sensors=(sensor,),
            main_object=path.object_id,
            last_burnout_s=None,
            launch_site_deg=None,
            assumptions=(),
        )
        tracks = _tracks(sensor, observe(scenario, seed * 100 + number), number)
        if len(tracks) > 60:
            return Flight(path, begin_ns, tracks)


def _path(draw: np.random.Generator, sensor: Sensor, number: int) -> Trajectory:
    """Free fall from just outside the reach past the radar at up to half of its reach, above the air."""
    site = (sensor.latitude_deg, sensor.longitude_deg)
    bearing_deg = float(draw.uniform(0.0, 360.0))
    start = geodesic_direct(*site, bearing_deg, 1.05 * sensor.range_max_m)
    aside = float(draw.uniform(-0.5, 0.5))
    turn_deg = math.copysign(90.0, aside)
    beside = geodesic_direct(*site, bearing_deg + turn_deg, abs(aside) * sensor.range_max_m)
    _, heading_deg = geodesic_inverse(*start, *beside)
    speed = float(draw.uniform(3_000.0, 5_000.0))
    heading = math.radians(heading_deg)
    local = speed * np.array([math.sin(heading), math.cos(heading), 0.3])
    latitude, longitude = math.radians(start[0]), math.radians(start[1])
    position = ecef_from_geodetic(latitude, longitude, float(draw.uniform(150e3, 250e3)))
    times, positions, velocities = coast(
        position, enu_rotation(latitude, longitude).T @ local, _WATCHED_S, 1.0
    )
    low = np.flatnonzero(geodetic_from_ecef(positions)[2] < _LOWEST_M)
    end = int(low[0]) if low.size else times.size
    return Trajectory(f"object-{number}", times[:end], positions[:end], velocities[:end])


def _tracks(sensor: Sensor, plots: tuple[Plot, ...], number: int) -> tuple[Track, ...]:
    tracker = Tracker()
    tracks: list[Track] = []
    for plot in plots:
        tracker.add(_observation(sensor, plot))
        confirmed = [estimate for estimate in tracker.estimates(plot.t_ns) if estimate.confirmed]
        if confirmed:
            state = kinematics_of(plot.t_ns, confirmed[0].mean, confirmed[0].covariance)
            tracks.append(
                Track(
                    item_id=f"{_PARTY}-track-{number}",
                    version=len(tracks) + 1,
                    subject=f"{_PARTY}-object-{number}",
                    domain=Domain.MISSILE,
                    status=Status.SIMULATED,
                    valid_ns=plot.t_ns,
                    label=Label(
                        originator=_PARTY,
                        classification=Classification(scheme=_PARTY, level="GOKUHI"),
                        releasable_to=("KOR", "USA"),
                        created_ns=plot.t_ns,
                    ),
                    provenance=Provenance(originators=(_PARTY,)),
                    stage=Stage.COAST,
                    state=state,
                    sensors=(sensor.sensor_id,),
                    updates_count=len(tracks) + 1,
                )
            )
    return tuple(tracks)


def _observation(sensor: Sensor, plot: Plot) -> RadarObservation:
    return RadarObservation(
        time_ns=plot.t_ns,
        source=sensor.party,
        sensor=sensor.sensor_id,
        site_ecef_m=sensor.position_m,
        site_latitude_rad=math.radians(sensor.latitude_deg),
        site_longitude_rad=math.radians(sensor.longitude_deg),
        range_m=plot.range_m or 0.0,
        azimuth_rad=plot.azimuth_rad,
        elevation_rad=plot.elevation_rad,
        range_rate_m_per_s=None,
        range_sigma_m=sensor.range_sigma_m or 0.0,
        azimuth_sigma_rad=sensor.azimuth_sigma_rad,
        elevation_sigma_rad=sensor.elevation_sigma_rad,
        range_rate_sigma_m_per_s=None,
    )
