"""Which pipeline serves which concern: the one list that a node reads."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from trilat.domains.maritime import VesselPipeline
from trilat.domains.missile import MissilePipeline, OwnBiases
from trilat.domains.pipeline import Pipeline
from trilat.model import Domain

PIPELINES: Final[Mapping[Domain, Callable[[str], Pipeline]]] = MappingProxyType(
    {
        Domain.MISSILE: MissilePipeline,
        Domain.MARITIME: VesselPipeline,
    }
)
"""Each is called with the code of the party at whose node it runs."""


def pipelines_with(
    biases: OwnBiases | None, *, learns: bool, named: int = 0
) -> Mapping[Domain, Callable[[str], Pipeline]]:
    """The same list for a node whose sensors may be constantly wrong; the own View's `learns` how. The first
    object is named after `named` others.
    """
    if biases is None and named == 0:
        return PIPELINES
    missile = partial(MissilePipeline, biases=biases, learns=learns, named=named)
    return MappingProxyType({**PIPELINES, Domain.MISSILE: missile})
