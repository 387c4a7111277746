"""What was fed, as arrays of numbers, or None where it is none: nothing here raises."""

from typing import Any

import numpy as np

from trilat.fusion.traffic.compiled import Array
from trilat.fusion.traffic.sensor import SensorKind, TrafficSensor

# Instants that fit into the table of tracks with room to subtract, nanoseconds.
_INSTANT_NS_MAX = 2**61


def is_instant(time_ns: Any) -> bool:
    """Whether this is an integer that can be an instant."""
    if isinstance(time_ns, (bool, np.bool_)) or not isinstance(time_ns, (int, np.integer)):
        return False
    return abs(int(time_ns)) < _INSTANT_NS_MAX


def array_of(values: Any) -> Array | None:
    """The values as a writable array of numbers, None where they are none."""
    try:
        given = np.asarray(values)
    except (TypeError, ValueError, OverflowError):
        return None
    # Words, complex numbers, yes and no, and integers beyond all tables are no measurements.
    return np.array(given, dtype=np.float64, order="C") if given.dtype.kind in "fiu" else None


def length_of(values: Any) -> int:
    """How many plots something that is no array of numbers was meant to hold, at least one."""
    try:
        return max(1, len(values))
    except TypeError:
        return 1


def vector_of(given: Any, default: tuple[float, float, float]) -> Array | None:
    """Three finite numbers, or None."""
    vector = array_of(default if given is None else given)
    if vector is None or vector.shape != (3,) or not np.all(np.abs(vector) < 1e8):
        return None
    return vector


def spread_of(sensor: TrafficSensor, m: int, sigmas: Any, covariances: Any) -> Array | None:
    """Sigmas (m, columns) or covariances (m, rows, rows), or None where they have no such shape."""
    if covariances is not None:
        shape: tuple[int, ...] = (m, sensor.rows, sensor.rows)
        if sensor.kind <= SensorKind.BEARING or sigmas is not None:
            return None
    else:
        shape = (m, sensor.columns)
    given = covariances if covariances is not None else sensor.sigmas if sigmas is None else sigmas
    array = array_of(given)
    if array is None or array.shape not in {shape, shape[1:]}:
        return None
    return np.array(np.broadcast_to(array, shape))
