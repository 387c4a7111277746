"""Items of the model to observations of fusion, and estimates of fusion to nouns of the model.

The model holds integers in fixed units and fusion holds floats in metres and radians; this is the one place
where missile items change between the two. A covariance travels as its Cholesky factor in micrometres. A
constant part of the error, which a release states apart, stays apart in a tracklet, so that a filter does not
average it away; of a partner's track fusion counts only the latest state, and there it joins the covariance.
"""

import math
from functools import lru_cache
from typing import Final

import numpy as np

from trilat.domains.motion import parts_of, state_of
from trilat.domains.places import degrees_of, place_of
from trilat.fusion import (
    DirectionObservation,
    EquivalentObservation,
    RadarObservation,
    SourceTrack,
)
from trilat.geo import FloatArray, ecef_from_geodetic
from trilat.model import (
    DirectionPlot,
    Ellipse,
    Equivalent,
    Kinematics,
    Lineage,
    ObservationError,
    RadarPlot,
    Report,
    Track,
)

_UM_PER_M: Final = 1e6
_MM_PER_M: Final = 1e3
_NRAD: Final = 1e-9
_PPM: Final = 1e6
_ROWS, _COLUMNS = np.tril_indices(6)


def kinematics_of(
    time_ns: int, mean: FloatArray, covariance: FloatArray, constant_sigma_m: float = 0.0
) -> Kinematics:
    """The wire state of a mean (6,) and covariance (6, 6), ECEF, m and m/s, with its constant error apart.

    The factor's diagonal is at least one micrometre, so that it stays positive definite.
    """
    factor = np.linalg.cholesky(covariance)
    entries = np.rint(factor[_ROWS, _COLUMNS] * _UM_PER_M).astype(np.int64)
    diagonal = _ROWS == _COLUMNS
    entries[diagonal] = np.maximum(entries[diagonal], 1)
    position = [round(float(value) * _MM_PER_M) for value in mean[:3]]
    velocity = [round(float(value) * _MM_PER_M) for value in mean[3:]]
    return Kinematics(
        epoch_ns=int(time_ns),
        position_mm=(position[0], position[1], position[2]),
        velocity_mm_per_s=(velocity[0], velocity[1], velocity[2]),
        covariance_factor=tuple(int(entry) for entry in entries),
        constant_sigma_mm=math.ceil(constant_sigma_m * _MM_PER_M),
    )


def ellipse_of(
    latitude_deg: float,
    longitude_deg: float,
    semi_major_m: float,
    semi_minor_m: float,
    bearing_deg: float,
) -> Ellipse:
    """A 95 % region from its centre in degrees, semi-axes in metres and bearing of the major axis."""
    major = min(max(1, math.ceil(semi_major_m)), 20_100_000)
    return Ellipse(
        centre=place_of(latitude_deg, longitude_deg),
        semi_major_m=major,
        semi_minor_m=min(max(1, math.ceil(semi_minor_m)), major),
        bearing_mdeg=round((bearing_deg % 180.0) * 1000.0) % 180_000,
    )


def covariance_of(region: Ellipse) -> FloatArray:
    """East-north covariance (2, 2), m2, of a region with its probability."""
    # Chi-square of two dimensions: the squared radius for p is -2 ln(1 - p).
    reach = math.sqrt(-2.0 * math.log1p(-region.probability_ppm / _PPM))
    bearing = math.radians(region.bearing_mdeg / 1e3)
    axes = np.array([[math.sin(bearing), math.cos(bearing)], [math.cos(bearing), -math.sin(bearing)]])
    sigmas = np.array([region.semi_major_m, region.semi_minor_m]) / reach
    return np.asarray(axes.T @ np.diag(sigmas**2) @ axes, dtype=np.float64)


@lru_cache(maxsize=4_096)
def plot_of(report: Report) -> RadarObservation | DirectionObservation | EquivalentObservation:
    """The observation of a report; remembered, because each View of a node asks for it.

    Raises:
        ObservationError: it is not a plot of a flying object (a position fix belongs to other domains), or
            fusion refuses its values.
    """
    observation = report.observation
    source = report.provenance.originators[0]
    if isinstance(observation, Equivalent):
        mean, covariance, constant_sigma_m = parts_of(observation.kinematics)
        return EquivalentObservation(
            time_ns=observation.kinematics.epoch_ns,
            source=source,
            mean=mean,
            covariance=covariance,
            sensor=report.sensor,
            constant_sigma_m=constant_sigma_m,
        )
    if isinstance(observation, RadarPlot | DirectionPlot):
        return _sensor_plot(report, observation, source)
    raise ObservationError(f"a `{type(observation).__name__}` is not a plot of a flying object")


def _sensor_plot(
    report: Report, plot: RadarPlot | DirectionPlot, source: str
) -> RadarObservation | DirectionObservation:
    latitude_deg, longitude_deg = degrees_of(plot.site)
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg)
    site = ecef_from_geodetic(latitude, longitude, plot.site.height_mm / _MM_PER_M)
    sensor = report.sensor or report.item_id
    if isinstance(plot, DirectionPlot):
        return DirectionObservation(
            time_ns=report.valid_ns,
            source=source,
            sensor=sensor,
            site_ecef_m=site,
            site_latitude_rad=latitude,
            site_longitude_rad=longitude,
            azimuth_rad=plot.azimuth_nrad * _NRAD,
            elevation_rad=plot.elevation_nrad * _NRAD,
            azimuth_sigma_rad=plot.azimuth_sigma_nrad * _NRAD,
            elevation_sigma_rad=plot.elevation_sigma_nrad * _NRAD,
        )
    rate, rate_sigma = plot.range_rate_mm_per_s, plot.range_rate_sigma_mm_per_s
    measured = rate is not None and rate_sigma is not None
    return RadarObservation(
        time_ns=report.valid_ns,
        source=source,
        sensor=sensor,
        site_ecef_m=site,
        site_latitude_rad=latitude,
        site_longitude_rad=longitude,
        range_m=plot.range_mm / _MM_PER_M,
        azimuth_rad=plot.azimuth_nrad * _NRAD,
        elevation_rad=plot.elevation_nrad * _NRAD,
        range_rate_m_per_s=rate / _MM_PER_M if rate is not None and measured else None,
        range_sigma_m=plot.range_sigma_mm / _MM_PER_M,
        azimuth_sigma_rad=plot.azimuth_sigma_nrad * _NRAD,
        elevation_sigma_rad=plot.elevation_sigma_nrad * _NRAD,
        range_rate_sigma_m_per_s=rate_sigma / _MM_PER_M if rate_sigma is not None and measured else None,
    )


def source_track_of(track: Track) -> SourceTrack | None:
    """A partner's cumulative track as fusion takes it; None where the release carries no state."""
    if track.state is None:
        return None
    mean, covariance = state_of(track.state)
    return SourceTrack(
        time_ns=track.state.epoch_ns,
        source=track.provenance.originators[0],
        track_key=track.item_id,
        mean=mean,
        covariance=covariance,
        lineage_known=track.provenance.lineage is Lineage.COMPLETE,
        originators=frozenset(track.provenance.originators),
        stage=track.stage.value if track.stage.value != "surface" else "unknown",
    )
