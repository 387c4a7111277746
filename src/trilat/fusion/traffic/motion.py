"""How ships and aircraft move: nearly constant velocity, and the coordinated turn. Kernels.

Frame: one local tangent frame (east, north, up, metres) of the tracker. A straight line there is a straight
line in ECEF, so nearly constant velocity is the same model in both; but a turn is about the vertical, heights
and horizontal speeds have noise of their own, and coordinates stay small, which all ask for the local frame.
The vertical is that of the origin: at 300 km it is 2.7 degrees off, which a turn does not notice. The Earth
curves away from a level flight at 250 m/s by v^2/R = 0.01 m/s^2, below the process noise of any aircraft.

State of the turn: x, y, z (m), vx, vy, vz (m/s), turn rate w (rad/s, positive to the left, that is counter-
clockwise seen from above):

    x+ = x + (sin wT/w) vx - ((1 - cos wT)/w) vy          vx+ = cos wT vx - sin wT vy
    y+ = y + ((1 - cos wT)/w) vx + (sin wT/w) vy          vy+ = sin wT vx + cos wT vy

Source: Bar-Shalom, Li, Kirubarajan, Estimation with Applications to Tracking and Navigation (2001), sections
6.2.2 (nearly constant velocity) and 11.7.1 to 11.7.2 (turn, known and estimated rate; its Jacobian). Noise
is white acceleration of spectral density q by axis (m^2/s^3) and, for an estimated rate, white angular
acceleration (rad^2/s^3). With a known rate the seventh state has no variance and no noise.
"""

import math

from trilat.fusion.traffic.compiled import inlined, kernel
from trilat.geo import FloatArray

# States of the turn; nearly constant velocity has the first six.
TURN_STATES = 7
# Below this angle of turn in one step the quotients are taken from their series, radians.
_SMALL = 1e-4


@inlined
def turn_terms(w: float, t: float) -> tuple[float, float, float, float, float, float]:
    """Of a turn: sin wT, cos wT, sin wT/w, (1 - cos wT)/w, and the last two's derivatives by w."""
    a = w * t
    s, c = math.sin(a), math.cos(a)
    if abs(a) < _SMALL:
        return s, c, t * (1.0 - a * a / 6.0), t * a * 0.5, -t * t * a / 3.0, t * t * (0.5 - a * a / 8.0)
    return s, c, s / w, (1.0 - c) / w, (c * a - s) / (w * w), (s * a - (1.0 - c)) / (w * w)


@kernel
def turn(state: FloatArray, seconds: float, out: FloatArray, jacobian: FloatArray) -> None:
    """Writes the state (7,) after `seconds` and its Jacobian (7, 7)."""
    vx, vy, w = state[3], state[4], state[6]
    s, c, p, q, dp, dq = turn_terms(w, seconds)
    t = seconds
    out[0] = state[0] + p * vx - q * vy
    out[1] = state[1] + q * vx + p * vy
    out[2] = state[2] + t * state[5]
    out[3] = c * vx - s * vy
    out[4] = s * vx + c * vy
    out[5] = state[5]
    out[6] = w
    for i in range(TURN_STATES):
        for j in range(TURN_STATES):
            jacobian[i, j] = 1.0 if i == j else 0.0
    jacobian[0, 3], jacobian[0, 4], jacobian[0, 6] = p, -q, dp * vx - dq * vy
    jacobian[1, 3], jacobian[1, 4], jacobian[1, 6] = q, p, dq * vx + dp * vy
    jacobian[2, 5] = t
    jacobian[3, 3], jacobian[3, 4], jacobian[3, 6] = c, -s, -t * (s * vx + c * vy)
    jacobian[4, 3], jacobian[4, 4], jacobian[4, 6] = s, c, t * (c * vx - s * vy)


@kernel
def straight(state: FloatArray, seconds: float, out: FloatArray, jacobian: FloatArray) -> None:
    """As `turn`, for nearly constant velocity; the seventh state is left alone."""
    for i in range(TURN_STATES):
        out[i] = state[i]
        for j in range(TURN_STATES):
            jacobian[i, j] = 1.0 if i == j else 0.0
    for k in range(3):
        out[k] += seconds * state[3 + k]
        jacobian[k, 3 + k] = seconds


@kernel
def add_noise(covariance: FloatArray, seconds: float, density: FloatArray, turn_density: float) -> None:
    """Adds the process noise of `seconds` to a covariance (7, 7): `density` (3,) by axis, and of the turn."""
    t = seconds
    for k in range(3):
        covariance[k, k] += density[k] * t * t * t / 3.0
        covariance[k, 3 + k] += density[k] * t * t * 0.5
        covariance[3 + k, k] += density[k] * t * t * 0.5
        covariance[3 + k, 3 + k] += density[k] * t
    covariance[6, 6] += turn_density * t
