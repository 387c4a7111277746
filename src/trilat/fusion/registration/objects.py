"""One object of a registration: its state at given biases, what it told of them, and how it moves.

An object begins from one plot, and for some seconds its speed is hardly known; with it how a wrong clock
would show. Then two things keep the filter honest. A plot's noise is widened by the product of both doubts,
H P_v H' s^2 with s the sigma of the clock: the second-order term of h(p - v b). And once the speed is known
the first plots are taken in again (`Registration` does that), with Jacobians along the path as it is known
then; otherwise each would seem to tell something of what no plot can tell.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trilat.fusion.filters.measurement import Measurement, innovation, prepare
from trilat.fusion.filters.motion import acceleration
from trilat.fusion.registration.kernels import BIASES, carry, carry_level, dependence, floored
from trilat.fusion.registration.plots import NS_PER_S, PositionReport, SensorPlot, shifted_plot
from trilat.geo import FloatArray
from trilat.model import ObservationError

# How an object moves: burning, falling freely, or keeping its height (ships, aircraft).
MOTIONS = ("boost", "coast", "level")
# Before its first plot an object may be this far from it, and thrust so, one sigma.
_START_SIGMA_M = 1.0e6
_THRUST_SIGMA_M_PER_S2 = 30.0
# The first plots are taken in again after so many of them and so long, or after the most that are kept.
_FIRST_MIN, _FIRST_MAX = 8, 256
_FIRST_S = 20.0

State = tuple[FloatArray, FloatArray, FloatArray]
"""Mean (n,) at the biases of now, conditional covariance (n, n) and lean (n, B)."""


@dataclass(frozen=True)
class RegistrationSettings:
    """What registration is tuned by; every limit has a name and a unit."""

    boost_jerk_psd_m2_per_s5: float = 1.5
    coast_acceleration_psd_m2_per_s3: float = 1e-7
    level_acceleration_psd_m2_per_s3: float = 1e-2
    speed_sigma_m_per_s: float = 3000.0
    level_speed_sigma_m_per_s: float = 300.0
    gate_tail_probability: float = 1e-6
    late_s: float = 2.0
    objects_max: int = 128
    sensors_max: int = 32

    def __post_init__(self) -> None:
        """Refuses settings with which nothing can work."""
        for name, value in vars(self).items():
            if not (isinstance(value, (int, float)) and 0.0 < value < 1e9):
                raise ObservationError(f"setting `{name}` must be a positive number")


@dataclass(frozen=True, eq=False)
class Seen:
    """A plot or report as it is taken in: `column` is the first of its sensor's biases, -1 without.

    `what` is `raw` with biases taken off.
    """

    motion: str
    time_ns: int
    what: Measurement | PositionReport
    raw: SensorPlot | PositionReport
    column: int = -1
    cos_elevation: float = 1.0

    @property
    def place_m(self) -> FloatArray:
        """Where it puts the object, ECEF."""
        if isinstance(self.what, PositionReport):
            return self.what.position_m
        return np.asarray(self.what.site_m + self.what.values[0] * self.what.axes[0])


def seen_of(
    raw: SensorPlot | PositionReport, motion: str, column: int, biases: FloatArray, scale: FloatArray
) -> Seen:
    """A plot with the biases (B,), in prior sigmas, of its sensor taken off; a report as it is."""
    if isinstance(raw, PositionReport):
        return Seen(motion, int(raw.time_ns), raw, raw)
    mine = slice(column, column + BIASES)
    plot = raw if column < 0 else shifted_plot(raw, biases[mine] * scale[mine])
    what = prepare(plot)
    return Seen(motion, what.time_ns, what, raw, column, float(np.cos(plot.elevation_rad)))


@dataclass(frozen=True, eq=False)
class RegisteredObject:
    """An object at its last plot; `mean` holds at the biases `at`, in prior sigmas.

    `information` (B, B) and `vector` (B,) are what it told of the biases, `first` its first plots for as
    long as they are to be taken in again.
    """

    motion: str
    time_ns: int
    mean: FloatArray
    covariance: FloatArray
    lean: FloatArray
    at: FloatArray
    information: FloatArray
    vector: FloatArray
    accepted: int = 0
    refused: int = 0
    first: tuple[Seen, ...] = ()

    def is_known(self) -> bool:
        """Whether its first plots are to be taken in again now."""
        if not self.first:
            return False
        long = self.time_ns - self.first[0].time_ns >= _FIRST_S * NS_PER_S
        return (long and len(self.first) >= _FIRST_MIN) or len(self.first) >= _FIRST_MAX


def started(seen: Seen, biases: FloatArray, settings: RegistrationSettings) -> RegisteredObject:
    """An object of which nothing is known but where to look: the plot itself comes in by the update."""
    size = 6 if seen.motion == "coast" else 9
    level = seen.motion == "level"
    speed = settings.level_speed_sigma_m_per_s if level else settings.speed_sigma_m_per_s
    offset = seen.what.constant_sigma_m if isinstance(seen.what, PositionReport) else 10.0
    third = offset if level else _THRUST_SIGMA_M_PER_S2
    mean = np.zeros(size)
    mean[:3] = seen.place_m
    count = biases.shape[0]
    return RegisteredObject(
        motion=seen.motion,
        time_ns=int(seen.time_ns),
        mean=mean,
        covariance=np.diag(np.repeat([_START_SIGMA_M, speed, third], 3)[:size] ** 2),
        lean=np.zeros((size, count)),
        at=biases,
        information=np.zeros((count, count)),
        vector=np.zeros(count),
    )


def carried(
    held: RegisteredObject, biases: FloatArray, motion: str, time_ns: int, settings: RegistrationSettings
) -> State:
    """The object at the biases of now, moved to `time_ns` as `motion` says."""
    mean = held.mean + held.lean @ (biases - held.at)
    covariance, lean = held.covariance, held.lean
    if motion == "coast" and mean.shape[0] == 9:
        mean, covariance, lean = (np.ascontiguousarray(a) for a in (mean[:6], covariance[:6, :6], lean[:6]))
    elif motion == "boost" and mean.shape[0] == 6:
        mean, lean = grown(mean, 9), grown(lean, 9, lean.shape[1])
        covariance = grown(covariance, 9, 9)
        covariance[6:, 6:] = np.eye(3) * _THRUST_SIGMA_M_PER_S2**2
    seconds = (time_ns - held.time_ns) / NS_PER_S
    if motion == "level":
        moved = carry_level(mean, covariance, lean, seconds, settings.level_acceleration_psd_m2_per_s3)
    elif motion == "boost":
        moved = carry(mean, covariance, lean, seconds, settings.boost_jerk_psd_m2_per_s5)
    else:
        moved = carry(mean, covariance, lean, seconds, settings.coast_acceleration_psd_m2_per_s3)
    return moved[0], moved[1], moved[2]


@dataclass(frozen=True, eq=False)
class Innovation:
    """Innovation (m,), Jacobian (m, n), dependence on biases (m, B), noise (m, m), degrees of freedom.

    `freedom` is 0 for a plot that looks away from the object.
    """

    nu: FloatArray
    h: FloatArray
    d: FloatArray
    noise: FloatArray
    freedom: int


def innovation_of(
    seen: Seen, state: State, about: FloatArray, scale: FloatArray, ahead_by: FloatArray | None = None
) -> Innovation:
    """What a plot says of a state, linearised about `about` (n,), which may be the state's own mean.

    `ahead_by` (B,) are the biases taken off the plot less those of now, in prior sigmas; None: no difference.
    """
    mean, _, lean = state
    if isinstance(seen.what, PositionReport):
        h = np.zeros((3, 9))
        h[:, :3] = h[:, 6:] = np.eye(3)
        nu = seen.what.position_m - mean[:3] - mean[6:]
        return Innovation(nu, h, h @ lean, seen.what.covariance_m2.copy(), 3)
    plot = seen.what
    nu, h, ahead = innovation(about, plot.kind, plot.values, plot.site_m, plot.axes)
    rate = np.zeros(3)
    if seen.motion != "level":
        acceleration(about, rate)
        rate += about[6:] if seen.motion == "boost" else 0.0
    d = dependence(about, rate, plot.kind, h, lean, seen.column, scale, seen.cos_elevation)
    freedom = plot.degrees_of_freedom if ahead else 0
    nu += h @ (about - mean)
    if ahead_by is not None:
        nu += (d - h @ lean) @ ahead_by
    return Innovation(nu, h, d, floored(plot.covariance, h, d, lean), freedom)


def doubt_of_clock(
    seen: Seen, found: Innovation, state: State, spread: FloatArray, scale: FloatArray
) -> FloatArray:
    """Noise (m, m) with the product of the doubts about speed and clock; see the module."""
    if seen.column < 0:
        return found.noise
    clock = seen.column + BIASES - 1
    sigma_s = np.sqrt(spread[clock, clock]) * scale[clock]
    lean = state[2][3:6]
    speed = state[1][3:6, 3:6] + lean @ spread @ lean.T
    rows = found.h[:, :3] * sigma_s
    return np.asarray(found.noise + rows @ speed @ rows.T)


def path_of(
    held: RegisteredObject, biases: FloatArray, settings: RegistrationSettings
) -> Callable[[int], FloatArray]:
    """The object's mean at any instant as it is known now."""
    return lambda time_ns: carried(held, biases, held.motion, time_ns, settings)[0]


def grown(array: FloatArray, *shape: int) -> FloatArray:
    """A copy with zeros added at the ends."""
    out = np.zeros(shape)
    out[tuple(slice(0, length) for length in array.shape)] = array
    return out
