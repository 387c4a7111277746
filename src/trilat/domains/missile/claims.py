"""Whether a publicly claimed flight can have happened as claimed.

A claim names a site, the bearing and length of the geodesic from the site to the point of impact, an apogee,
and the burn time or the class of the vehicle; it may name the flight time that was reported. The answer has

    floor_s         time of the flight whose whole speed is given at once, without air: no free fall that
                    rises to this apogee and comes down there is faster
    flight_time_s   time of the same flight with one burn (see `ballistic` and `ascent`)
    impact          end of the geodesic on WGS-84
    verdict         null without a reported time, else the first that holds of
                    `impossible`     reported + tolerance < floor
                    `not-ballistic`  apogee below 100 km over more than 200 km, or no such flight is found
                    `consistent`     within max(tolerance, 3 %) of the model
                    `doubtful`

A body that glides, manoeuvres or burns on the way down is bound by neither number: read `reason`. What this
does not do: it never says what a vehicle is or what it carries, only whether four public numbers agree.

    >>> answer = check_flight(FlightClaim(40.611, 126.426, 70.0, 3724.9, 998.0, vehicle_class="liquid-icbm",
    ...                                   reported_s=2832.0))
    >>> str(answer.verdict)
    'consistent'
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from trilat.domains.missile.ascent import Aim, Target, aim_burn, aim_impulse
from trilat.geo import geodesic_direct
from trilat.model import UsageError

BURN_S_BY_CLASS = {"irbm": 140.0, "liquid-icbm": 230.0, "mrbm": 70.0, "solid-icbm": 190.0}
"""Seconds of all burns together, one number per class of vehicle."""

MASS_RATIO = 8.0
SHORT_MASS_RATIO = 5.0
SHORT_BURN_S = 100.0
"""A burn shorter than this is that of one stage, with the smaller ratio of full to empty mass."""

TOLERANCE_SHARE = 0.03
"""A reported time this close to the model's, as a share of it, is consistent."""

DEPRESSED_APOGEE_KM = 100.0
DEPRESSED_RANGE_KM = 200.0
"""Below that apogee and beyond that range a flight is taken to have used the air."""

APOGEE_KM_MAX = 20_000.0
RANGE_KM_MAX = 20_000.0
"""Half the way round the Earth, less a little: beyond it the bearing would be the other one."""

BURN_S_MAX = 1_000.0
REPORTED_S_MAX = 100_000.0

SAG_M_MAX = 1_000.0
"""How far the equivalent vehicle may sink below its pad. Real first stages push harder at first than a single
stage of the same whole burn, so a little is the model's fault; more means that the burn is too long."""


class Verdict(StrEnum):
    """What is to be thought of a reported flight time, in the order in which they are tried."""

    IMPOSSIBLE = "impossible"
    """Shorter than any free fall over that apogee and range."""
    NOT_BALLISTIC = "not-ballistic"
    """The model does not apply."""
    CONSISTENT = "consistent"
    """As the model says."""
    DOUBTFUL = "doubtful"
    """Possible, but not what the model says."""


@dataclass(frozen=True)
class FlightClaim:
    """What was said of a flight; degrees, kilometres, seconds. Exactly one of burn and class is given.

    `bearing_deg` is that of the geodesic at the site, clockwise from true north; `range_km` its length.
    """

    site_latitude_deg: float
    site_longitude_deg: float
    bearing_deg: float
    apogee_km: float
    range_km: float
    burn_s: float | None = None
    vehicle_class: str | None = None
    reported_s: float | None = None
    tolerance_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            UsageError: a number is not finite or out of range, or not exactly one of burn and class is given.
        """
        _within("site latitude", self.site_latitude_deg, -90.0, 90.0, "deg")
        _within("site longitude", self.site_longitude_deg, -180.0, 180.0, "deg")
        _within("bearing", self.bearing_deg, -360.0, 360.0, "deg")
        _within("range", self.range_km, 0.0, RANGE_KM_MAX, "km")
        _within("apogee", self.apogee_km, 0.0, APOGEE_KM_MAX, "km", open_below=True)
        _within("tolerance", self.tolerance_s, 0.0, REPORTED_S_MAX, "s")
        if self.reported_s is not None:
            _within("reported time", self.reported_s, 0.0, REPORTED_S_MAX, "s", open_below=True)
        if self.burn_s is not None:
            _within("burn", self.burn_s, 0.0, BURN_S_MAX, "s", open_below=True)
        classes = ", ".join(f"`{name}`" for name in BURN_S_BY_CLASS)
        if (self.burn_s is None) == (self.vehicle_class is None):
            raise UsageError(f"give the burn in seconds or a class ({classes}), one of the two")
        if self.vehicle_class is not None and self.vehicle_class not in BURN_S_BY_CLASS:
            raise UsageError(f"`{self.vehicle_class}` is not a class of vehicle, give one of {classes}")

    @property
    def model_burn_s(self) -> float:
        """Burn of the model: the given one, or that of the class."""
        return self.burn_s if self.burn_s is not None else BURN_S_BY_CLASS[str(self.vehicle_class)]


@dataclass(frozen=True)
class FlightAnswer:
    """What the model says of a claim.

    A time is None where no such flight was found; the verdict is None without a reported time.
    """

    floor_s: float | None
    flight_time_s: float | None
    impact_latitude_deg: float
    impact_longitude_deg: float
    verdict: Verdict | None
    reason: str


def _within(name: str, value: float, low: float, high: float, unit: str, *, open_below: bool = False) -> None:
    """Refuse a value that is not a finite number between the limits."""
    if not math.isfinite(value):
        raise UsageError(f"{name} `{value!r}` is not a finite number")
    if value < low or value > high or (open_below and value == low):
        bound = "above" if open_below else "from"
        raise UsageError(f"{name} `{value:g}` {unit} is out of range, give {bound} {low:g} to {high:g}")


def check_flight(claim: FlightClaim) -> FlightAnswer:
    """What the ballistic model says of `claim`."""
    latitude_deg, longitude_deg = geodesic_direct(
        claim.site_latitude_deg, claim.site_longitude_deg, claim.bearing_deg, claim.range_km * 1000.0
    )
    target = Target(
        claim.site_latitude_deg,
        claim.site_longitude_deg,
        latitude_deg,
        longitude_deg,
        claim.apogee_km * 1000.0,
    )
    burn_s = claim.model_burn_s
    ratio = SHORT_MASS_RATIO if burn_s < SHORT_BURN_S else MASS_RATIO
    floor = aim_impulse(target)
    model = None if floor is None else aim_burn(target, burn_s, ratio, floor)
    sags = model is not None and model.lowest_height_m < -SAG_M_MAX
    floor_s = None if floor is None else floor.flight_time_s
    model_s = None if model is None or sags else model.flight_time_s
    verdict, reason = _judge(claim, floor_s, model_s, unfit=_unfit(claim, model, sags=sags))
    return FlightAnswer(floor_s, model_s, latitude_deg, longitude_deg, verdict, reason)


def _unfit(claim: FlightClaim, model: Aim | None, *, sags: bool) -> str:
    """Why the model does not apply; empty where it does."""
    if claim.apogee_km < DEPRESSED_APOGEE_KM and claim.range_km > DEPRESSED_RANGE_KM:
        return (
            f"model not applicable: an apogee below {DEPRESSED_APOGEE_KM:g} km over more than "
            f"{DEPRESSED_RANGE_KM:g} km is a depressed or manoeuvring flight"
        )
    if sags:
        return (
            f"no trajectory fits: over a burn of {claim.model_burn_s:g} s the thrust would not lift the body"
        )
    if model is None:
        return f"no trajectory fits this apogee, range and burn of {claim.model_burn_s:g} s"
    return ""


def _judge(
    claim: FlightClaim, floor_s: float | None, model_s: float | None, *, unfit: str
) -> tuple[Verdict | None, str]:
    """The verdict and its reason, tried in the order of `Verdict`."""
    reported_s, tolerance_s = claim.reported_s, claim.tolerance_s
    if reported_s is None:
        return None, unfit or "no reported time to judge"
    if floor_s is not None and reported_s + tolerance_s < floor_s:
        text = (
            f"reported {reported_s:g} s: no free fall over this apogee and range takes below {floor_s:.0f} s"
        )
        return Verdict.IMPOSSIBLE, f"{text}; {unfit}" if unfit else text
    if unfit or model_s is None:
        return Verdict.NOT_BALLISTIC, unfit
    allowed_s = max(tolerance_s, TOLERANCE_SHARE * model_s)
    text = f"reported {reported_s:g} s, the model says {model_s:.0f} s, {allowed_s:.0f} s apart is allowed"
    verdict = Verdict.CONSISTENT if abs(reported_s - model_s) <= allowed_s else Verdict.DOUBTFUL
    return verdict, text
