"""`Layout`: who takes part in a round, and who dials whom."""

from dataclasses import dataclass
from typing import Final

PARTIES: Final = ("JPN", "KOR", "USA")
HUB: Final = "NORTH"


@dataclass(frozen=True)
class Layout:
    """The nodes of a round and their links."""

    links: tuple[tuple[str, str], ...]
    """Who dials whom."""

    hub: str = ""
    """The hub through which all partners reach each other; empty where they are linked directly."""

    @property
    def names(self) -> tuple[str, ...]:
        """All that have a network of their own."""
        return (*PARTIES, self.hub) if self.hub else PARTIES


DIRECT: Final = Layout(links=(("JPN", "USA"), ("KOR", "USA"), ("JPN", "KOR")))
THROUGH_A_HUB: Final = Layout(links=tuple((party, HUB) for party in PARTIES), hub=HUB)
