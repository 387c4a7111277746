"""What a tracker may be fed: plots, tracklets and a partner's own tracks.

- `RadarObservation`: range, azimuth, elevation, with or without range rate, of one instant.
- `DirectionObservation`: azimuth and elevation only (infrared; the elevation may be negative, from above).
- `EquivalentObservation`: a tracklet, that is a mean and covariance that act on a filter as the plots
  behind them would have done. Association, gating and track start treat it like a plot.
- `SourceTrack`: a partner's cumulative track. It never enters a filter: it is combined at read time.

Angles are radians; azimuth is clockwise from true north and elevation is from the local WGS-84 horizontal
at the given site. Instants are integer UTC nanoseconds. States are x, y, z (m), vx, vy, vz (m/s) in ECEF
WGS-84. Each constructor refuses what cannot be with `ObservationError`, so nothing invalid exists later on.
What is not checked: whether the sigmas are honest.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from trilat.fusion.sharing.lineage import Pedigree
from trilat.geo import FloatArray
from trilat.model import Lineage, ObservationError

# Instants outside 1900 to 2200 are mistakes of unit, nanoseconds UTC.
INSTANT_NS_MIN = -2_208_988_800_000_000_000
INSTANT_NS_MAX = 7_258_118_400_000_000_000
# No sensor or object of this job is farther from the Earth's centre than the Moon, metres.
DISTANCE_M_MAX = 4.0e8
# Nothing bound to the Earth is faster than this, m/s.
SPEED_M_PER_S_MAX = 2.0e4
# A position that is unknown by more than this in the same way every time says nothing, metres.
CONSTANT_SIGMA_M_MAX = 1.0e7
# Names of parties, sensors and tracks are short.
NAME_LENGTH_MAX = 128


@dataclass(frozen=True, eq=False)
class RadarObservation:
    """One radar plot; see the module for frames. `range_rate_m_per_s` is positive receding."""

    time_ns: int
    source: str
    sensor: str
    site_ecef_m: FloatArray
    site_latitude_rad: float
    site_longitude_rad: float
    range_m: float
    azimuth_rad: float
    elevation_rad: float
    range_rate_m_per_s: float | None
    range_sigma_m: float
    azimuth_sigma_rad: float
    elevation_sigma_rad: float
    range_rate_sigma_m_per_s: float | None

    def __post_init__(self) -> None:
        """Refuses what no radar can report."""
        _check_head(self.time_ns, self.source, self.sensor)
        _check_site(self)
        _check_between("range_m", self.range_m, 1.0, DISTANCE_M_MAX)
        _check_angles(self)
        _check_between("range_sigma_m", self.range_sigma_m, 1e-3, 1e7)
        if self.range_rate_m_per_s is not None:
            _check_between(
                "range_rate_m_per_s", self.range_rate_m_per_s, -SPEED_M_PER_S_MAX, SPEED_M_PER_S_MAX
            )
            if self.range_rate_sigma_m_per_s is None:
                raise ObservationError("`range_rate_m_per_s` needs `range_rate_sigma_m_per_s`")
        if self.range_rate_sigma_m_per_s is not None:
            _check_between("range_rate_sigma_m_per_s", self.range_rate_sigma_m_per_s, 1e-4, 1e5)


@dataclass(frozen=True, eq=False)
class DirectionObservation:
    """One direction, without range, from a site on the ground, on a ship or in space."""

    time_ns: int
    source: str
    sensor: str
    site_ecef_m: FloatArray
    site_latitude_rad: float
    site_longitude_rad: float
    azimuth_rad: float
    elevation_rad: float
    azimuth_sigma_rad: float
    elevation_sigma_rad: float

    def __post_init__(self) -> None:
        """Refuses what no direction sensor can report."""
        _check_head(self.time_ns, self.source, self.sensor)
        _check_site(self)
        _check_angles(self)


@dataclass(frozen=True, eq=False)
class EquivalentObservation:
    """A tracklet: mean (6,) and covariance (6, 6) in ECEF that stand for the plots behind them.

    `sensor` is an opaque token: tracklets of the same instant, source and sensor come from one scan, in
    which an object appears at most once. Left empty, each tracklet is taken as a scan of its own.

    `constant_sigma_m` is a further error of the position, on each axis, that is the same in all tracklets of
    this source and object (what a release rounds, covers, or leaves of a sensor's biases). It is not in
    `covariance`; a filter considers it (`filters.consider`), so that repeats do not shrink it.
    """

    time_ns: int
    source: str
    mean: FloatArray
    covariance: FloatArray
    sensor: str = ""
    constant_sigma_m: float = 0.0

    def __post_init__(self) -> None:
        """Refuses a mean, covariance or sigma that is not one."""
        _check_head(self.time_ns, self.source, self.sensor or "-")
        _freeze_state(self)
        _check_between("constant_sigma_m", self.constant_sigma_m, 0.0, CONSTANT_SIGMA_M_MAX)


@dataclass(frozen=True, eq=False)
class SourceTrack:
    """A partner's own track at an instant: mean (6,), covariance (6, 6), ECEF.

    Only the latest per `source` and `track_key` counts. `lineage_known` is False when the partner withholds
    which observations went in: then it is combined by covariance intersection. `originators` are all parties
    whose observations went in; left empty, the source's alone. `stage` is the partner's word for what the
    object does ("boost", "gap", "coast", "reentry", "unknown"); it sets how fast it grows stale.
    """

    time_ns: int
    source: str
    track_key: str
    mean: FloatArray
    covariance: FloatArray
    lineage_known: bool = True
    stage: str = "unknown"
    originators: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuses a track without name, or with a state that is not one."""
        _check_head(self.time_ns, self.source, self.track_key)
        if self.stage not in STAGES:
            raise ObservationError(f"stage `{str(self.stage)[:20]}` is not one of {', '.join(STAGES)}")
        if type(self.lineage_known) is not bool:
            raise ObservationError("`lineage_known` must be true or false")
        _check_names(self.originators)
        _freeze_state(self)

    @property
    def pedigree(self) -> Pedigree:
        """Whose observations went in, and whether all are named."""
        lineage = Lineage.COMPLETE if self.lineage_known else Lineage.WITHHELD
        return Pedigree(self.originators or frozenset([self.source]), lineage=lineage)


# What an object does: burning; between burns or not yet sure that the burn is over; falling freely; falling
# through air; not known yet.
STAGES = ("boost", "gap", "coast", "reentry", "unknown")
# Of these, those in which nothing pushes it.
FALLING = frozenset({"coast", "reentry"})

Plot = RadarObservation | DirectionObservation | EquivalentObservation
Observation = Plot | SourceTrack


def check_instant(name: str, time_ns: Any) -> None:
    """Refuses an instant that is not an integer of UTC nanoseconds between 1900 and 2200."""
    if isinstance(time_ns, (bool, np.bool_)) or not isinstance(time_ns, (int, np.integer)):
        raise ObservationError(f"`{name}` must be an integer of UTC nanoseconds")
    if not INSTANT_NS_MIN <= time_ns <= INSTANT_NS_MAX:
        raise ObservationError(f"`{name}` is outside the years 1900 to 2200, are these nanoseconds?")


def checked_state(mean: Any, covariance: Any) -> tuple[FloatArray, FloatArray]:
    """Read-only copies of a state (6,) and covariance (6, 6), ECEF, metres and m/s.

    Raises:
        ObservationError: wrong shape, not finite, beyond the Moon, not symmetric or not positive definite.
    """
    mean_copy = _read_only(mean, (6,), "mean")
    covariance_copy = _read_only(covariance, (6, 6), "covariance")
    if float(np.linalg.norm(mean_copy[:3])) > DISTANCE_M_MAX:
        raise ObservationError("`mean` is farther than the Moon, positions are metres in ECEF")
    if float(np.linalg.norm(mean_copy[3:])) > SPEED_M_PER_S_MAX:
        raise ObservationError(f"`mean` is faster than {SPEED_M_PER_S_MAX:.0f} m/s")
    scale = np.sqrt(np.abs(np.diagonal(covariance_copy)))
    if not np.all(np.diagonal(covariance_copy) > 0.0):
        raise ObservationError("`covariance` must have a positive diagonal")
    correlation = covariance_copy / np.outer(scale, scale)
    if float(np.max(np.abs(correlation - correlation.T))) > 1e-9:
        raise ObservationError("`covariance` must be symmetric")
    try:
        np.linalg.cholesky(0.5 * (correlation + correlation.T))
    except np.linalg.LinAlgError:
        raise ObservationError("`covariance` must be positive definite") from None
    return mean_copy, covariance_copy


def _freeze_state(holder: EquivalentObservation | SourceTrack) -> None:
    mean, covariance = checked_state(holder.mean, holder.covariance)
    object.__setattr__(holder, "mean", mean)
    object.__setattr__(holder, "covariance", covariance)


def _read_only(values: Any, shape: tuple[int, ...], name: str) -> FloatArray:
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ObservationError(f"`{name}` must be an array of numbers") from None
    if array.shape != shape:
        raise ObservationError(f"`{name}` must have shape {shape}, not {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ObservationError(f"`{name}` must be finite")
    array.flags.writeable = False
    return array


def _check_head(time_ns: Any, source: Any, name: Any) -> None:
    check_instant("time_ns", time_ns)
    for label, text in (("source", source), ("sensor or track_key", name)):
        if not isinstance(text, str) or not 0 < len(text) <= NAME_LENGTH_MAX:
            raise ObservationError(f"`{label}` must be a text of 1 to {NAME_LENGTH_MAX} characters")


def _check_names(names: Any) -> None:
    if not isinstance(names, frozenset) or not all(
        isinstance(name, str) and 0 < len(name) <= NAME_LENGTH_MAX for name in names
    ):
        raise ObservationError(f"`originators` must be a frozenset of texts of 1 to {NAME_LENGTH_MAX}")


def _check_site(plot: RadarObservation | DirectionObservation) -> None:
    site = _read_only(plot.site_ecef_m, (3,), "site_ecef_m")
    if not 6.3e6 <= float(np.linalg.norm(site)) <= DISTANCE_M_MAX:
        raise ObservationError("`site_ecef_m` is inside the Earth or beyond the Moon, it is metres in ECEF")
    object.__setattr__(plot, "site_ecef_m", site)
    _check_between("site_latitude_rad", plot.site_latitude_rad, -math.pi / 2, math.pi / 2)
    _check_between("site_longitude_rad", plot.site_longitude_rad, -2 * math.pi, 2 * math.pi)


def _check_angles(plot: RadarObservation | DirectionObservation) -> None:
    _check_between("azimuth_rad", plot.azimuth_rad, -2 * math.pi, 2 * math.pi)
    _check_between("elevation_rad", plot.elevation_rad, -math.pi / 2, math.pi / 2)
    _check_between("azimuth_sigma_rad", plot.azimuth_sigma_rad, 1e-9, 0.5)
    _check_between("elevation_sigma_rad", plot.elevation_sigma_rad, 1e-9, 0.5)


def _check_between(name: str, value: Any, least: float, most: float) -> None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise ObservationError(f"`{name}` must be a number")
    if not least <= value <= most:
        raise ObservationError(f"`{name}` must be between {least:g} and {most:g}, not `{value:g}`")
