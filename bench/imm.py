"""The other way to switch: an IMM with unbiased mixing, committed to coast with replay, revoked by a guard.

Two models, the boost filter (9 states) and the coast filter (6 states), mixed at every plot (Blom and
Bar-Shalom 1988); where the coast filter lacks a thrust, the boost filter's own one takes its place, so that
mixing does not pull it to zero (Yuan, Bar-Shalom, Willett and others, IEEE T-AES 48(4), 2012). Commit: coast
more likely than COMMIT for COMMIT_S; then a coast filter alone, replayed over the plots since coast became
more likely than not. Guard: the commit is revoked when the squared innovations of its last GUARD plots sum to
more than the 99.9 % point. Compared in `boost.py`; why the bank won: docs/decisions/0012.
"""

import math

import numpy as np
from scipy.special import chdtri

from trilat.fusion.filters.kalman import update
from trilat.fusion.filters.motion import propagate

END_RATE_PER_S = 0.02
IGNITION_RATE_PER_S = 0.005
COMMIT = 0.95
COMMIT_S = 3.0
GUARD = 12
JERK_PSD = 0.4
COAST_PSD = 3e-8


def mixed(means, covariances, weights):
    total = sum(weights)
    mean = sum(w * m for w, m in zip(weights, means, strict=True)) / total
    spread = [
        w * (p + np.outer(m - mean, m - mean)) for w, m, p in zip(weights, means, covariances, strict=True)
    ]
    return mean, sum(spread) / total


class Imm:
    """Fed plot by plot; `state(seconds)` is what it says so many seconds after the last one."""

    def __init__(self, mean, covariance):
        boost, wide = np.zeros(9), np.zeros((9, 9))
        boost[:6], wide[:6, :6], wide[6:, 6:] = mean, covariance, np.eye(3) * 30.0**2
        self.boost, self.coast, self.weights = (boost, wide), (mean, covariance), np.array([0.5, 0.5])
        self.only, self.likely_s, self.sure_s, self.buffer, self.nis = None, None, None, [], []

    def _mix(self, seconds):
        leave = np.array([1 - math.exp(-rate * seconds) for rate in (END_RATE_PER_S, IGNITION_RATE_PER_S)])
        table = np.array([[1 - leave[0], leave[0]], [leave[1], 1 - leave[1]]])
        joint = table * self.weights[:, None]
        # Unbiased: the coast's missing thrust is the boost filter's own.
        lifted = self.boost[0].copy()
        lifted[:6] = self.coast[0]
        lifted_covariance = self.boost[1].copy()
        lifted_covariance[:6, 6:], lifted_covariance[6:, :6] = 0.0, 0.0
        lifted_covariance[:6, :6] = self.coast[1]
        boost = mixed([self.boost[0], lifted], [self.boost[1], lifted_covariance], joint[:, 0])
        low = (self.boost[0][:6], self.boost[1][:6, :6])
        coast = mixed([low[0], self.coast[0]], [low[1], self.coast[1]], joint[:, 1])
        self.boost, self.coast, self.weights = boost, coast, joint.sum(axis=0)

    def step(self, now_s, seconds, args):
        self._mix(seconds)
        logs = np.empty(2)
        *boost, _, logs[0] = update(*propagate(*self.boost, seconds, JERK_PSD), *args)
        *coast, _, logs[1] = update(*propagate(*self.coast, seconds, COAST_PSD), *args)
        self.boost, self.coast = boost, coast
        weights = self.weights * np.exp(logs - logs.max())
        self.weights = np.maximum(weights / weights.sum(), 1e-9)
        self._commit(now_s, seconds, args)

    def _commit(self, now_s, seconds, args):
        if self.weights[1] > 0.5:
            if self.likely_s is None:
                self.likely_s, self.buffer = (now_s, self.coast), []
            else:
                self.buffer.append((seconds, args))
        else:
            self.likely_s = None
        self.sure_s = (self.sure_s or now_s) if self.weights[1] > COMMIT else None
        if self.only is not None:
            *self.only, distance, _ = update(*propagate(*self.only, seconds, COAST_PSD), *args)
            self.nis = [*self.nis, (distance, len(args[1]))][-GUARD:]
            if sum(d for d, _ in self.nis) > chdtri(sum(m for _, m in self.nis), 1e-3):
                self.only, self.sure_s = None, None
        elif self.sure_s is not None and now_s - self.sure_s >= COMMIT_S and self.likely_s is not None:
            state = self.likely_s[1]
            for step_s, plot in self.buffer:
                state = update(*propagate(*state[:2], step_s, COAST_PSD), *plot)
            self.only, self.nis = state[:2], []

    def state(self, seconds):
        if self.only is not None:
            return propagate(*self.only, seconds, COAST_PSD)
        boost = propagate(*self.boost, seconds, JERK_PSD)
        coast = propagate(*self.coast, seconds, COAST_PSD)
        return mixed([boost[0][:6], coast[0]], [boost[1][:6, :6], coast[1]], self.weights)

    @property
    def coasting(self):
        return 1.0 if self.only is not None else float(min(self.weights[1], COMMIT))
