"""Where had the originator the object itself? One free fall fitted to all copies, with the hidden error as
an unknown.

The unknowns are the state in the middle of the flight, six, and for each profile and epoch what its
covering adds to that of the finer one, three each, with the standard deviation that the duties state.
Gravity tells height, and so a little of a constant error; that is what this attack takes. Least squares by
Gauss and Newton, four rounds.

An object that stands still for several epochs is averaged, which is the best that there is against it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from trilat.fusion import propagate
from trilat.geo import FloatArray
from trilat.model import SECOND_NS
from trilat.policy import cover_weights
from trilat.study.attack.capture import Capture

_ROUNDS: Final = 4
_STEPS: Final = np.array([10.0, 10.0, 10.0, 0.1, 0.1, 0.1])
_COVARIANCE: Final = np.eye(6)


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted free fall: positions (n, 3) at the instants of the first capture, and the scatter about it,
    metres.
    """

    position_m: FloatArray
    scatter_m: float


def fitted(captures: Sequence[Capture]) -> Fit:
    """The free fall that fits copies of one flight under one or several profiles."""
    ordered = sorted(captures, key=lambda held: held.profile.duties.cover_m)
    middle = len(captures[0].time_ns) // 2
    origin_ns = captures[0].time_ns[middle]
    blocks = _blocks(ordered)
    unknown = np.concatenate([captures[0].mean[middle], np.zeros(3 * len(blocks))])
    for _ in range(_ROUNDS):
        normal = np.diag([0.0] * 6 + [1.0 / sigma_m**2 for _, _, sigma_m in blocks for _ in range(3)])
        right = -normal @ unknown
        for rank, held in enumerate(ordered):
            path, slope = _path(unknown[:6], held, origin_ns)
            for place in range(len(held.time_ns)):
                rows = np.hstack([slope[place], _hidden(held, place, rank, blocks)])
                wrong = held.mean[place] - path[place] - rows[:, 6:] @ unknown[6:]
                weight = np.linalg.inv(held.covariance[place] + _rounding(held))
                normal += rows.T @ weight @ rows
                right += rows.T @ weight @ wrong
        unknown = unknown + np.linalg.solve(normal, right)
    path, _ = _path(unknown[:6], captures[0], origin_ns)
    hidden = np.array(
        [
            (_hidden(captures[0], place, ordered.index(captures[0]), blocks) @ unknown[6:])[:3]
            for place in range(len(captures[0].time_ns))
        ]
    )
    scatter = captures[0].mean[:, :3] - path[:, :3] - hidden
    return Fit(path[:, :3], float(np.sqrt(np.mean(np.sum(scatter**2, axis=1)))))


def _rounding(held: Capture) -> FloatArray:
    """What rounding does to each copy (6, 6), independent while the object crosses cells."""
    duties = held.profile.duties
    return np.diag([duties.round_position_m**2 / 12.0] * 3 + [0.0] * 3)


def _blocks(ordered: Sequence[Capture]) -> list[tuple[int, int, float]]:
    """The hidden errors: rank of the profile, epoch, and standard deviation of what it adds to the one
    before.
    """
    found = []
    before_m = 0
    for rank, held in enumerate(ordered):
        duties = held.profile.duties
        if duties.cover_m > before_m:
            sigma_m = float(np.sqrt(duties.cover_m**2 - before_m**2))
            epochs = sorted(
                {epoch for at in held.time_ns for epoch, _ in cover_weights(at, duties.cover_epoch_s)}
            )
            found += [(rank, epoch, sigma_m) for epoch in epochs]
            before_m = duties.cover_m
    return found


def _hidden(held: Capture, place: int, rank: int, blocks: Sequence[tuple[int, int, float]]) -> FloatArray:
    """How the hidden errors enter one copy (6, 3 blocks): all up to its profile's rank, as the instant
    weighs them.
    """
    rows = np.zeros((6, 3 * len(blocks)))
    if held.profile.duties.cover_m:
        weights = dict(cover_weights(held.time_ns[place], held.profile.duties.cover_epoch_s))
        for number, (block_rank, epoch, _) in enumerate(blocks):
            if block_rank <= rank:
                rows[:3, 3 * number : 3 * number + 3] = np.eye(3) * weights.get(epoch, 0.0)
    return rows


def _path(state: FloatArray, held: Capture, origin_ns: int) -> tuple[FloatArray, FloatArray]:
    """States (n, 6) of a free fall at a capture's instants, and how they change with the state (n, 6, 6)."""
    seconds = [(time_ns - origin_ns) / SECOND_NS for time_ns in held.time_ns]
    path = _carried(state, seconds)
    slope = np.empty((len(seconds), 6, 6))
    for column in range(6):
        moved = state.copy()
        moved[column] += _STEPS[column]
        slope[:, :, column] = (_carried(moved, seconds) - path) / _STEPS[column]
    return path, slope


def _carried(state: FloatArray, seconds: Sequence[float]) -> FloatArray:
    """States (n, 6) at seconds from a state's instant, outwards from it on either side."""
    found = np.empty((len(seconds), 6))
    order = np.argsort(np.abs(seconds))
    for forward in (True, False):
        now, at_s = state, 0.0
        for place in order:
            if (seconds[place] >= 0.0) == forward:
                now, _ = propagate(now, _COVARIANCE, seconds[place] - at_s, 0.0)
                found[place], at_s = now, seconds[place]
    return found
