"""`Provenance`: whose observations an item stands on, and under which agreements they were received.

Fusion reads it so that no observation is counted twice; policy reads it so that nothing is passed on that
an originator did not allow, also not inside a fused track. Observations are opaque tokens keyed by their
originator: two tokens can be compared, nothing else can be learned from them.
"""

from enum import Enum
from typing import Annotated

import msgspec

from trilat.model.errors import ItemError
from trilat.model.limits import PARTIES_MAX, REFERENCES_MAX
from trilat.model.noun import Identifier, Noun, PartyCode, Token


class Lineage(Enum):
    """How much an item says about the observations behind it."""

    COMPLETE = "complete"
    """Every originator is named, and the observations are those of its own sensors alone."""

    WITHHELD = "withheld"
    """Common observations with other items cannot be excluded: fuse by covariance intersection."""


class Provenance(Noun, frozen=True, kw_only=True):
    """Originators, the observations that went in since the previous version, and how they were received."""

    originators: Annotated[tuple[PartyCode, ...], msgspec.Meta(min_length=1, max_length=PARTIES_MAX)]
    observations: Annotated[tuple[Token, ...], msgspec.Meta(max_length=REFERENCES_MAX)] = ()
    received_under: Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=REFERENCES_MAX)] = ()
    """`agreement@version` of each agreement under which a part was received; empty for own observations."""

    lineage: Lineage = Lineage.COMPLETE

    def check(self) -> None:
        """Refuse an originator or an observation named twice."""
        for name in ("originators", "observations", "received_under"):
            entries: tuple[object, ...] = getattr(self, name)
            if len(entries) > 1 and len(set(entries)) != len(entries):
                raise ItemError(f"Provenance.{name} names an entry twice: list each once")
