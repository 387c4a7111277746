"""Which plot belongs to which track: global nearest neighbour, one scan of one sensor at a time.

An object gives at most one plot per scan and a plot belongs to at most one object. Among all pairings
that stay inside the gates the one with most pairs is taken, and among those the most likely one (sum of
log densities of the innovations; Blackman and Popoli, Design and Analysis of Modern Tracking Systems,
1999, section 6.4).
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from trilat.fusion.measurement import Measurement, gate
from trilat.fusion.stages import Bank, score_bank

# Cost of leaving a plot without a track: above any cost inside a gate.
_APART = 1.0e6


def associate(banks: Sequence[Bank], scan: Sequence[Measurement], tail_probability: float) -> list[int]:
    """For each plot of one scan the index of its track, or -1.

    `banks` are the tracks' filters at the instant of the scan.
    """
    if not banks:
        return [-1] * len(scan)
    cost = np.full((len(scan), len(banks)), _APART)
    for row, plot in enumerate(scan):
        limit = gate(plot.degrees_of_freedom, tail_probability)
        for column, bank in enumerate(banks):
            distance, log_density = score_bank(
                *bank[:5], plot.kind, plot.values, plot.covariance, plot.site_m, plot.axes
            )
            if distance <= limit:
                cost[row, column] = -2.0 * log_density
    if cost.shape == (1, 1):
        return [0 if cost[0, 0] < _APART else -1]
    answer = [-1] * len(scan)
    for row, column in zip(*linear_sum_assignment(cost), strict=True):
        if cost[row, column] < _APART:
            answer[int(row)] = int(column)
    return answer
