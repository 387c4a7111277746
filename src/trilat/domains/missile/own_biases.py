"""`OwnBiases`: what a party knows of its own sensors' constant errors, and how its tracks are published so.

Rules
1. They are learned in the own View alone, from own plots. Every other View of the node asks what was learned
   there: what a partner sends can move a track that is shown, never an estimate of our sensors.
2. They are for the own staff. Partners get corrected tracklets and states, and one coarse figure of how far
   these may be off for good (see fusion, `stated`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from trilat.fusion import (
    BiasPrior,
    BiasTable,
    LaunchEstimate,
    SensorBias,
    Tracker,
    TrackEstimate,
    stated_apart,
    stated_class,
    with_constant,
)
from trilat.geo import FloatArray
from trilat.model import Kinematics

_MM_PER_M = 1e3


class OwnBiases:
    """The biases of one party's sensors, learned by one tracker and lent to others."""

    def __init__(self, party: str, priors: Mapping[str, BiasPrior], known: BiasTable | None = None) -> None:
        """Nothing learned yet, or what is `known`; `priors` are by the party's names of its sensors."""
        named = {(party, name): prior for name, prior in priors.items()}
        self._table = BiasTable.of_priors(named) if known is None else known
        self._learner: Tracker | None = None

    def tracker(self, *, learns: bool, named: int = 0) -> Tracker:
        """A tracker that takes them into account; the one of the own View learns them (rule 1)."""
        if not learns:
            return Tracker(biases=self._table, told=self._told, named=named)
        self._learner = Tracker(biases=self._table, named=named)
        return self._learner

    def continued(self) -> "OwnBiases":
        """Those of a node that knows now what this one knows, and learns on by itself."""
        return OwnBiases("", {}, self.table())

    def table(self) -> BiasTable:
        """All of them as known now."""
        known = None if self._learner is None else self._learner.biases()
        return self._table if known is None else known

    def rows(self) -> tuple[SensorBias, ...]:
        """Sensor by sensor, for the own staff."""
        table = self.table()
        return tuple(table.bias(source, sensor) for source, sensor in table.sensors)

    def _told(self, time_ns: int) -> tuple[FloatArray, FloatArray] | None:
        return None if self._learner is None else self._learner.told(time_ns)


@dataclass(frozen=True, eq=False)
class Stated:
    """A track as it is published: `estimate` with its whole error, `covariance` (6, 6) of what changes from
    plot to plot, and the constant error beside it, one sigma along every axis.
    """

    estimate: TrackEstimate
    covariance: FloatArray
    constant_sigma_m: float = 0.0

    def widened(self, launch: LaunchEstimate) -> LaunchEstimate:
        """A launch by the plots of this track: its place is off by what all of them are off."""
        if self.constant_sigma_m == 0.0:
            return launch
        covariance = launch.covariance_m2.copy()
        covariance[[0, 1], [0, 1]] += self.constant_sigma_m**2
        return replace(launch, covariance_m2=covariance)


def stated(estimate: TrackEstimate, left_over: FloatArray | None) -> Stated:
    """A track as it is published; `left_over` (6, 6) is what biases add to its covariance, None at all."""
    if left_over is None:
        return Stated(estimate, estimate.covariance)
    covariance, sigma_m = stated_apart(estimate.covariance - left_over, left_over)
    whole = replace(estimate, covariance=with_constant(covariance, sigma_m))
    return Stated(whole, covariance, sigma_m)


def with_one_figure(tracklets: Sequence[Kinematics], left_over_m: float) -> tuple[Kinematics, ...]:
    """Tracklets that all state one constant error: the class of the worst of them, whoever's it is."""
    if left_over_m == 0.0:
        return tuple(tracklets)
    sigma_mm = math.ceil(stated_class(left_over_m) * _MM_PER_M)
    return tuple(msgspec.structs.replace(one, constant_sigma_mm=sigma_mm) for one in tracklets)
