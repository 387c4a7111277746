"""`Standstill`: says in one line which partner has stopped to sign for what it is sent, and when it goes on.

A link that is up proves nothing: whoever carries envelopes may keep back those of one stream and pass all the
others. What shows is that the signed receipts for this stream stand still while something waits for one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trilat.model import SECOND_NS
from trilat.node.parts import Part

if TYPE_CHECKING:
    from trilat.node.node import Node

STILL_S: Final = 30
"""So long after the last receipt it is said, seconds; sound links answer within a few round trips."""

AGAIN_S: Final = 600
"""While nothing changes it is said again so much later, seconds."""


@dataclass
class _Said:
    """What was said of a partner: at which receipt, and when."""

    receipt: int
    at_ns: int


class Standstill(Part):
    """Tells of the receipts of one node's partners."""

    def __init__(self, node: "Node") -> None:
        """Nothing was said."""
        self._node = node
        self._said: dict[str, _Said] = {}

    def written(self, now_ns: int) -> None:
        """Look at each stream; what is said is kept with the next second's commit."""
        for peer in self._node.config.peers:
            endpoint, waited = self._node.endpoint, self._node.overdue.of(peer)
            receipt, last = endpoint.acknowledged(peer), endpoint.next_sequence(peer) - 1
            said = self._said.get(peer)
            if said is not None and (receipt != said.receipt or not waited.count):
                self._say(f"`{peer}` signs again: {receipt} of {last} releases")
                del self._said[peer]
            elif waited.count and waited.since_s >= STILL_S and self._is_due(said, now_ns):
                self._said[peer] = _Said(receipt, now_ns)
                self._say(
                    f"`{peer}` has signed for {receipt} of {last} releases, and for no more in "
                    f"{waited.since_s:.0f} s: its node is down, or who carries this stream keeps it back"
                )

    @staticmethod
    def _is_due(said: _Said | None, now_ns: int) -> bool:
        return said is None or now_ns - said.at_ns >= AGAIN_S * SECOND_NS

    def _say(self, text: str) -> None:
        self._node.refused("link", text)
