"""How long parties must differ, or agree again, before it is said: the same for every concern.

Nothing is said before it has been so for `HOLD_S`, nor withdrawn before it has been otherwise as long. Time
is that of the items: since the newest instant that was held when it began. So whoever holds the same items
says the same, and a restart knows it again.
"""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from trilat.model import SECOND_NS, Account

HOLD_S: Final = 10
"""Seconds that accounts must differ, or agree again, before it is said."""

K = TypeVar("K")


@dataclass
class Standing:
    """Whether two accounts differ now, since when, and whether that was to be said before."""

    differs: bool
    since_ns: int
    was_said: bool
    accounts: tuple[Account, ...]
    received_under: tuple[str, ...]

    def is_said(self, now_ns: int) -> bool:
        """What is to be said at an instant."""
        return self.differs if now_ns - self.since_ns >= HOLD_S * SECOND_NS else self.was_said


class Standings(Generic[K]):
    """What differs, or did, by a key that is the concern's own."""

    def __init__(self) -> None:
        """Nothing differs."""
        self.of: dict[K, Standing] = {}
        self.newest_ns = 0

    def moved(self, time_ns: int) -> None:
        """An item of an instant was taken."""
        self.newest_ns = max(self.newest_ns, time_ns)

    def stands(
        self, key: K, accounts: tuple[Account, ...], received_under: tuple[str, ...], *, differs: bool
    ) -> None:
        """Note whether accounts differ; when that changes, from when on."""
        known = self.of.get(key)
        if known is None:
            if differs:
                self.of[key] = Standing(
                    differs=True,
                    since_ns=self.newest_ns,
                    was_said=False,
                    accounts=accounts,
                    received_under=received_under,
                )
            return
        if known.differs is not differs:
            known.was_said = known.is_said(self.newest_ns)
            known.differs, known.since_ns = differs, self.newest_ns
        known.accounts, known.received_under = accounts, received_under

    def said(self, now_ns: int) -> list[tuple[K, Standing]]:
        """What is to be said at an instant, in no particular order."""
        time_ns = max(now_ns, self.newest_ns)
        return [(key, standing) for key, standing in self.of.items() if standing.is_said(time_ns)]
