"""Trajectory: the true path of one object, whatever it came from (a vehicle, telemetry, an orbit).

Between its rows a path is the cubic through both positions and both velocities (Hermite), so position
and velocity are continuous and the velocity is the derivative of the position. A maker of paths puts
a row on every instant at which the acceleration jumps (ignition, burnout); then the cubic is good to
millimetres at one-second rows.

    >>> import numpy as np
    >>> fall = Trajectory("stone", np.array([0.0, 2.0]), np.array([[7e6, 0, 0], [7e6 - 20, 0, 0]]),
    ...                   np.array([[0.0, 0, 0], [-20.0, 0, 0]]))
    >>> fall.state_at(1.0)[0].tolist()
    [6999995.0, 0.0, 0.0]
"""

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from trilat.geo import FloatArray, geodetic_from_ecef
from trilat.model import ScenarioError

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# Rounding allowed when an instant is asked for at the very end of a path.
_END_SLACK_S = 1e-6


def checked_identifier(text: str, what: str) -> str:
    """The text itself if it can name `what` in files: letters, digits, `-` and `_`, at most 64."""
    if not _IDENTIFIER.fullmatch(text):
        raise ScenarioError(f"{what} `{text[:80]}` must be 1 to 64 letters, digits, `-` or `_`")
    return text


@dataclass(frozen=True, eq=False)
class Trajectory:
    """True path of one object; `t_s` counts seconds from the launch (or start) of its scenario.

    Attributes:
        object_id: name of the object within its scenario; sensors never see it.
        t_s: (n,) increasing times, n >= 2.
        position_m: (n, 3) ECEF.
        velocity_m_per_s: (n, 3) ECEF, relative to the turning Earth.
        burns: (start, end) seconds of each burn, in order, not overlapping.
    """

    object_id: str
    t_s: FloatArray
    position_m: FloatArray
    velocity_m_per_s: FloatArray
    burns: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is not a path, and freeze copies of the arrays."""
        checked_identifier(self.object_id, "object")
        for name in ("t_s", "position_m", "velocity_m_per_s"):
            array = np.array(getattr(self, name), dtype=np.float64)
            if not np.all(np.isfinite(array)):
                raise ScenarioError(f"trajectory `{self.object_id}`: `{name}` holds a value not finite")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        count = self.t_s.size
        if self.t_s.ndim != 1 or count < 2 or not np.all(np.diff(self.t_s) > 0.0):
            raise ScenarioError(f"trajectory `{self.object_id}`: times must increase over at least two rows")
        if self.position_m.shape != (count, 3) or self.velocity_m_per_s.shape != (count, 3):
            raise ScenarioError(f"trajectory `{self.object_id}`: position and velocity must be ({count}, 3)")
        edges = [edge for burn in self.burns for edge in burn]
        ordered = all(first <= second for first, second in pairwise(edges))
        if not ordered or not all(start < end for start, end in self.burns):
            raise ScenarioError(f"trajectory `{self.object_id}`: burns must be in order, each with a length")

    def __eq__(self, other: object) -> bool:
        """Equality of the whole value."""
        if not isinstance(other, Trajectory):
            return NotImplemented
        return (self.object_id, self.burns) == (other.object_id, other.burns) and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("t_s", "position_m", "velocity_m_per_s")
        )

    def __hash__(self) -> int:
        """Hash by name, burns and times."""
        return hash((self.object_id, self.burns, self.t_s.tobytes()))

    @property
    def start_s(self) -> float:
        """First instant of the path."""
        return float(self.t_s[0])

    @property
    def end_s(self) -> float:
        """Last instant of the path; nothing is invented after it."""
        return float(self.t_s[-1])

    @property
    def last_burnout_s(self) -> float | None:
        """End of the last burn, or None for a path without thrust."""
        return self.burns[-1][1] if self.burns else None

    @cached_property
    def geodetic(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Latitude (rad), longitude (rad) and height (m) of the rows, each (n,)."""
        return geodetic_from_ecef(self.position_m)

    def covers(self, t_s: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether the path exists at each of the times."""
        times = np.asarray(t_s, dtype=np.float64)
        return (times >= self.start_s) & (times <= self.end_s)

    def burning(self, t_s: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether the object thrusts at each of the times (start included, end not)."""
        times = np.asarray(t_s, dtype=np.float64)
        lit = np.zeros(times.shape, dtype=np.bool_)
        for start, end in self.burns:
            lit |= (times >= start) & (times < end)
        return lit

    def state_at(self, t_s: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Position (..., 3) and velocity (..., 3), ECEF, at the times (...).

        Raises:
            ScenarioError: a time lies outside the path: it is not continued.
        """
        times = np.asarray(t_s, dtype=np.float64)
        inside = (times >= self.start_s - _END_SLACK_S) & (times <= self.end_s + _END_SLACK_S)
        if not np.all(inside):
            raise ScenarioError(
                f"trajectory `{self.object_id}` is known from {self.start_s} to {self.end_s} s only"
            )
        row = np.clip(np.searchsorted(self.t_s, times, side="right") - 1, 0, self.t_s.size - 2)
        span = self.t_s[row + 1] - self.t_s[row]
        u = ((times - self.t_s[row]) / span)[..., None]
        h = span[..., None]
        p0, p1 = self.position_m[row], self.position_m[row + 1]
        v0, v1 = self.velocity_m_per_s[row], self.velocity_m_per_s[row + 1]
        # p(u) = p0 + h v0 u + c2 u^2 + c3 u^3, the cubic Hermite polynomial in powers of u.
        c2 = 3.0 * (p1 - p0) - h * (2.0 * v0 + v1)
        c3 = 2.0 * (p0 - p1) + h * (v0 + v1)
        position = p0 + u * (h * v0 + u * (c2 + u * c3))
        velocity = v0 + u * (2.0 * c2 + 3.0 * u * c3) / h
        return position, velocity
