"""One object as the tracker knows it: its bank of filters, its history, and how it starts.

- From a radar plot or a tracklet of one: position from the plot, velocity zero within `speed_sigma_m_per_s`.
- From a direction alone (infrared): the object is taken to have just come into sight, at
  `first_height_m` above the ellipsoid within `first_height_sigma_m`, because an infrared sensor sees a
  burning object when it leaves the clouds. This gives one sensor a usable, honest first estimate on launch;
  a track that *starts* from a direction later in flight is wrong until a second sensor corrects it.

A track is confirmed when its existence reaches `confirm_existence` and it has plots of `confirm_updates`
different instants. A track is a value: each step gives a new one, so that the tracker can go back to any
instant of its buffer.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from trilat.fusion.existence import Look, SensorKey
from trilat.fusion.filters.consider import AXES, blend_cross
from trilat.fusion.filters.kalman import is_sound
from trilat.fusion.filters.measurement import KIND_DIRECTION, KIND_EQUIVALENT, Measurement
from trilat.fusion.filters.motion import REENTRY_HEIGHT_M, height
from trilat.fusion.filters.stages import (
    Bank,
    considering,
    mixture,
    predict_bank,
    raised,
    score_bank,
    start_bank,
    update_bank,
)
from trilat.fusion.registration.lean import Lean, next_lean
from trilat.fusion.sharing.tracklet import equivalent_of
from trilat.geo import SEMI_MAJOR_AXIS_M, SEMI_MINOR_AXIS_M, FloatArray
from trilat.model import ObservationError

NS_PER_S = 1_000_000_000
# A tracklet whose longest axis is beyond this has no range, metres.
_NO_RANGE_M = 1.0e5
# Nothing that this tracker is for starts deeper than this, metres from the Earth's centre.
_RADIUS_M_MIN = 6.2e6
# Partners whose constant errors one track considers; a tracklet of one more is not taken.
CONSIDERED_MAX = 16
# Figures of different size that one partner may state of its constant error of one object.
FIGURES_MAX = 4
# See `_considering`.
_WIDER = math.sqrt(4.0 / 3.0)
# A filter of this weight carries its bank: a lean on biases is then its own, not the mixture's.
_LEADING_SHARE = 0.9
ASSOCIATIONS = ("gnn", "jpda")
"""Global nearest neighbour, or the probabilities of all pairings."""
COAST_PUBLISHED = 0.98
"""Weight of free fall above which a track says that it coasts: 0.95 would say so a second earlier, and
falsely in 2.8 % of flights (docs/decisions/0012)."""


@dataclass(frozen=True)
class TrackerSettings:
    """What a tracker is tuned by; every limit has a name and a unit.

    `association` is one of ASSOCIATIONS. `objects_per_scan` is how many new objects are expected in one scan:
    against the false plots it makes the first existence. A scan is the plots of one sensor at one instant;
    plots beyond `scan_plots_max` in one, or beyond `plots_max` in the buffer, are refused and counted.
    """

    buffer_s: float = 125.0
    coast_s: float = 300.0
    tentative_s: float = 25.0
    confirm_updates: int = 3
    boost_jerk_psd_m2_per_s5: float = 0.4
    coast_acceleration_psd_m2_per_s3: float = 3e-8
    gate_tail_probability: float = 1e-5
    speed_sigma_m_per_s: float = 3000.0
    thrust_sigma_m_per_s2: float = 30.0
    first_height_m: float = 13_000.0
    first_height_sigma_m: float = 8_000.0
    first_speed_sigma_m_per_s: float = 1000.0
    history_s: float = 45.0
    position_sigma_m_max: float = 200_000.0
    source_track_age_s: float = 60.0
    tracks_max: int = 400
    association: str = "gnn"
    objects_per_scan: float = 0.05
    confirm_existence: float = 0.99
    delete_existence: float = 1e-3
    scan_plots_max: int = 500
    plots_max: int = 40_000

    def __post_init__(self) -> None:
        """Refuses settings with which no tracker can work."""
        for name, value in vars(self).items():
            if name == "association":
                continue
            if not (math.isfinite(value) and value > 0.0):
                raise ObservationError(f"setting `{name}` must be a positive number")
        if self.association not in ASSOCIATIONS:
            raise ObservationError(f"setting `association` must be one of {', '.join(ASSOCIATIONS)}")
        if not self.delete_existence < self.confirm_existence < 1.0:
            raise ObservationError("setting `confirm_existence` must be above `delete_existence`, below 1")
        if self.buffer_s < 30.0:
            raise ObservationError("setting `buffer_s` must be at least 30, partners are late")
        if self.gate_tail_probability > 0.1:
            raise ObservationError("setting `gate_tail_probability` must be at most 0.1")


@dataclass(frozen=True, eq=False)
class Track:
    """An object at the instant of its last plot; `number` is 0 until it is confirmed.

    `born_ns` is the track's own first plot; `first_time_ns` that of the object, which is earlier when the
    track took over the name of another at a staging. `parent` is the number of the track that it split off,
    or 0. `existence` is of the instant `looked_ns`, that of the last scan that said anything of it;
    `first_existence` is what it began with. `considered` are the sources whose tracklets of it state a
    constant error, each with what it counts as, metres, in the order of their columns in the bank.
    """

    ordinal: int
    number: int
    time_ns: int
    born_ns: int
    first_time_ns: int
    updates: int
    instants: int
    sources: frozenset[str]
    bank: Bank
    history: tuple[Measurement, ...] = field(repr=False)
    first_existence: float
    existence: float
    looked_ns: int
    looks: Mapping[SensorKey, Look] = field(repr=False)
    parent: int = 0
    lean: Lean | None = field(default=None, repr=False)
    considered: tuple[tuple[str, float], ...] = ()

    @property
    def key(self) -> str:
        """Its name: `t1`, `t2` ... in order of confirmation, `n1` ... before that."""
        return f"t{self.number}" if self.number else f"n{self.ordinal}"


def start_track(
    measurement: Measurement, ordinal: int, settings: TrackerSettings, existence: float
) -> Track | None:
    """A new track from one plot, or None where no object can be.

    That is where the plot's line of sight misses the Earth's air, or its place lies deep in the Earth.
    """
    try:
        start = first_state(measurement, settings)
    except ObservationError:
        return None
    if start is None or not is_sound(*start) or float(np.linalg.norm(start[0][:3])) < _RADIUS_M_MIN:
        return None
    bank = start_bank(start[0], start[1], settings.thrust_sigma_m_per_s2)
    considered: tuple[tuple[str, float], ...] = ()
    if measurement.constant_sigma_m:
        bank = considering(bank, _first_cross(start[1], measurement))
        considered = ((measurement.source, measurement.constant_sigma_m),)
    return Track(
        ordinal=ordinal,
        number=0,
        time_ns=measurement.time_ns,
        born_ns=measurement.time_ns,
        first_time_ns=measurement.time_ns,
        updates=1,
        instants=1,
        sources=frozenset([measurement.source]),
        bank=bank,
        history=(measurement,),
        first_existence=existence,
        existence=existence,
        looked_ns=measurement.time_ns,
        looks={measurement.scan[1:4]: Look(1.0, measurement.time_ns, measurement.time_ns)},
        considered=considered,
    )


def _first_cross(covariance: FloatArray, measurement: Measurement) -> FloatArray:
    """E[e b'] (6, 3) of a state that one tracklet began, whose gain upon the prior was P R^-1."""
    gain = covariance @ np.linalg.inv(measurement.covariance)
    return -measurement.constant_sigma_m * gain[:, :AXES]


def predicted_bank(track: Track, time_ns: int, settings: TrackerSettings) -> Bank:
    """The track's filters carried to `time_ns`; the track's own bank when that is its instant."""
    if time_ns == track.time_ns:
        return track.bank
    seconds = (time_ns - track.time_ns) / NS_PER_S
    bank: Bank = predict_bank(
        *track.bank, seconds, settings.boost_jerk_psd_m2_per_s5, settings.coast_acceleration_psd_m2_per_s3
    )
    return bank


def updated_track(
    track: Track,
    bank: Bank,
    measurement: Measurement,
    settings: TrackerSettings,
    used: Measurement,
    *,
    is_seen: bool,
) -> Track | None:
    """The track after one plot; `bank` is its prediction to the instant of the plot.

    The filters see `used`, which is the plot or the blend of several. Unless the plot `is_seen` as the
    track's own, it counts as none. None where the filters come out unsound.
    """
    bank, considered, column, used = _considering(track, bank, used)
    plot = (used.kind, used.values, used.covariance, used.site_m, used.axes)
    new_bank: Bank = update_bank(*bank, *plot, used.constant_sigma_m, column)
    if not is_sound(*bank_state(new_bank)[:2]):
        return None
    lean = _lean_after(track, bank, new_bank, used, column)
    if not is_seen:
        return replace(track, time_ns=measurement.time_ns, bank=new_bank, lean=lean, considered=considered)
    history = track.history
    if measurement.time_ns - track.first_time_ns <= settings.history_s * NS_PER_S:
        history = (*history, measurement)
    sources = track.sources
    if measurement.source not in sources:
        sources |= {measurement.source}
    return replace(
        track,
        time_ns=measurement.time_ns,
        updates=track.updates + 1,
        instants=track.instants + (measurement.time_ns > track.time_ns),
        sources=sources,
        bank=new_bank,
        history=history,
        lean=lean,
        considered=considered,
    )


def _considering(
    track: Track, bank: Bank, plot: Measurement
) -> tuple[Bank, tuple[tuple[str, float], ...], int, Measurement]:
    """The bank with columns for the plot's constant error, whose they are, where this plot's begin, the plot.

    A source's figure may change while its error does not: taken to grow and shrink with it, two figures would
    show it. So a figure below half the first, or above it, has columns of its own, in steps of two from the
    first. Each set is sqrt(4/3) times as wide as its step; then an error common to all of them is covered
    by independent ones, as 3/4 (1 + 1/4 + 1/16 + ...) = 1.

    Raises:
        ObservationError: CONSIDERED_MAX others state a constant error of this object already, or its source
            has stated FIGURES_MAX others, all smaller.
    """
    considered, sigma = track.considered, plot.constant_sigma_m
    if not sigma:
        return bank, considered, 0, plot
    mine = {held: place for place, (source, held) in enumerate(considered) if source == plot.source}
    if not mine:
        if len({source for source, _ in considered}) >= CONSIDERED_MAX:
            raise ObservationError(f"no more than {CONSIDERED_MAX} partners' constant errors are considered")
        return considering(bank), (*considered, (plot.source, sigma)), AXES * len(considered), plot
    first, place = next(iter(mine.items()))
    if len(mine) == 1:
        if first / 2.0 < sigma <= first:
            return bank, considered, AXES * place, replace(plot, constant_sigma_m=first)
        bank = raised(bank, AXES * place, _WIDER)
        first *= _WIDER
        considered = (*considered[:place], (plot.source, first), *considered[place + 1 :])
        mine = {first: place}
    step = first * 2.0 ** math.ceil(math.log2(_WIDER * sigma / first) - 1e-9)
    if step not in mine and len(mine) < FIGURES_MAX:
        mine[step] = len(considered)
        bank, considered = considering(bank), (*considered, (plot.source, step))
    step = min((held for held in mine if held >= step), default=0.0)
    if not step:
        raise ObservationError(
            f"no more than {FIGURES_MAX} figures of a partner's constant error are considered"
        )
    return bank, considered, AXES * mine[step], replace(plot, constant_sigma_m=step)


def _lean_after(track: Track, predicted: Bank, after: Bank, used: Measurement, column: int) -> Lean | None:
    """The track's lean on its sensors' biases after a plot; None without registration."""
    if track.lean is None:
        return None
    before, now = bank_state(track.bank)[:2], _leading(after)[:2]
    mean, covariance, cross = _leading(predicted)
    seconds = (used.time_ns - track.time_ns) / NS_PER_S
    mine = cross[:, column : column + AXES] if used.constant_sigma_m else None
    return next_lean(track.lean, (before, (mean, covariance), now), seconds, used, mine)


def _leading(bank: Bank) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean (6,), covariance (6, 6) and C (6, m) of the filter that carries the bank, or of the mixture.

    A stage that for one plot seems to ignite spreads the mixture for that plot; a lean is kept for good.
    """
    leader = int(np.argmax(bank[4]))
    if bank[4][leader] < _LEADING_SHARE * bank[4].sum():
        cross = np.empty((6, bank[6].shape[2]))
        blend_cross(bank[6], bank[4], 6, cross)
        return *bank_state(bank)[:2], cross
    mean, covariance = (bank[0], bank[1]) if leader == 0 else (bank[2][leader - 1], bank[3][leader - 1])
    return mean[:6].copy(), covariance[:6, :6].copy(), bank[6][leader, :6].copy()


def bank_score(bank: Bank, plot: Measurement) -> tuple[float, float]:
    """Smallest squared distance of a plot to a filter of the bank that counts, and its log density."""
    distance, log_density = score_bank(
        *bank[:5], plot.kind, plot.values, plot.covariance, plot.site_m, plot.axes
    )
    return distance, log_density


def bank_state(bank: Bank) -> tuple[FloatArray, FloatArray, float]:
    """Mean (6,), covariance (6, 6) and weight of coast of a bank."""
    mean, covariance, coast = mixture(bank[0], bank[1], bank[2], bank[3], bank[4])
    return mean, covariance, coast


def stage_of(mean: FloatArray, coast: float, updates: int) -> str:
    """What the object does, by the weight of coast in its bank and by its height."""
    if updates < 3:
        return "unknown"
    descending = float(mean[:3] @ mean[3:]) < 0.0
    if descending and height(mean) < REENTRY_HEIGHT_M:
        return "reentry"
    if coast > COAST_PUBLISHED:
        return "coast"
    return "gap" if coast > 0.5 else "boost"


def first_state(measurement: Measurement, settings: TrackerSettings) -> tuple[FloatArray, FloatArray] | None:
    """Mean (6,) and covariance (6, 6) from one plot and what is known of any object beforehand.

    None where the line of sight misses the Earth's air, or is too narrow for a float to hold the rest.
    """
    try:
        return _first_state(measurement, settings)
    except np.linalg.LinAlgError:
        return None


def _first_state(measurement: Measurement, settings: TrackerSettings) -> tuple[FloatArray, FloatArray] | None:
    if measurement.kind == KIND_DIRECTION:
        return _state_on_shell(measurement.site_m, measurement.axes[0], measurement, settings, 0.0)
    mean, covariance = equivalent_of(measurement, None)
    if measurement.kind == KIND_EQUIVALENT:
        lengths, axes = np.linalg.eigh(covariance[:3, :3])
        if lengths[2] > _NO_RANGE_M**2:
            return _state_on_shell(mean[:3], axes[:, 2], measurement, settings, -math.inf)
    prior = np.zeros((6, 6))
    prior[3:, 3:] = np.eye(3) / settings.speed_sigma_m_per_s**2
    return _with_prior(mean, covariance, np.zeros(6), prior)


def _state_on_shell(
    origin: FloatArray,
    direction: FloatArray,
    measurement: Measurement,
    settings: TrackerSettings,
    least_m: float,
) -> tuple[FloatArray, FloatArray] | None:
    """A first state where a line of sight meets the height of first sight; None where it does not."""
    radii = np.array([SEMI_MAJOR_AXIS_M, SEMI_MAJOR_AXIS_M, SEMI_MINOR_AXIS_M]) + settings.first_height_m
    o, d = origin / radii, direction / radii
    a, b, c = float(d @ d), float(o @ d), float(o @ o) - 1.0
    root = b * b - a * c
    if root < 0.0:
        return None
    # The sensor sees the near side; a tracklet's mean already lies near the object.
    distances = sorted(((-b - math.sqrt(root)) / a, (-b + math.sqrt(root)) / a), key=abs)
    distances = [distance for distance in distances if distance > least_m]
    if not distances:
        return None
    point = origin + distances[0] * direction
    up = point / radii**2
    up /= np.linalg.norm(up)
    along_m = settings.first_height_sigma_m / max(0.1, abs(float(up @ direction)))
    prior_mean = np.concatenate([point, np.zeros(3)])
    prior = np.zeros((6, 6))
    prior[:3, :3] = np.outer(direction, direction) / along_m**2
    prior[3:, 3:] = np.eye(3) / settings.first_speed_sigma_m_per_s**2
    mean, covariance = equivalent_of(measurement, prior_mean)
    return _with_prior(mean, covariance, prior_mean, prior)


def _with_prior(
    mean: FloatArray, covariance: FloatArray, prior_mean: FloatArray, prior_information: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The state after adding prior information (6, 6) about `prior_mean`, in units that condition well."""
    scale = np.array([1e3, 1e3, 1e3, 1e3, 1e3, 1e3])
    own = np.linalg.inv(covariance / np.outer(scale, scale))
    prior = prior_information * np.outer(scale, scale)
    total = np.linalg.inv(own + prior)
    total = 0.5 * (total + total.T)
    shift = total @ (prior @ ((prior_mean - mean) / scale))
    return mean + scale * shift, total * np.outer(scale, scale)
