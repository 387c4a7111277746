"""Which pipeline serves which concern: the one list that a node reads."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from trilat.domains.maritime import VesselPipeline
from trilat.domains.missile import MissilePipeline
from trilat.domains.pipeline import Pipeline
from trilat.model import Domain

PIPELINES: Final[Mapping[Domain, Callable[[str], Pipeline]]] = MappingProxyType(
    {
        Domain.MISSILE: MissilePipeline,
        Domain.MARITIME: VesselPipeline,
    }
)
"""Each is called with the code of the party at whose node it runs."""
