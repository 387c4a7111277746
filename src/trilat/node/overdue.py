"""`Overdue`: says in one line which partner has stopped to sign for what it is sent, and when it goes on.

A link that is up proves nothing: whoever carries envelopes may keep back those of one stream and pass all the
others. What shows is that the signed receipts for this stream stand still while something waits for one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trilat.model import SECOND_NS
from trilat.node.parts import Part

if TYPE_CHECKING:
    from trilat.node.node import Node

OVERDUE_S: Final = 30
"""So long after the last receipt it is said, seconds; sound links answer within a few round trips."""

AGAIN_S: Final = 600
"""While nothing changes it is said again so much later, seconds."""


@dataclass
class _Waited:
    """How a stream stands: the newest receipt, since when it stands still, and when that was last said."""

    receipt: int = 0
    since_ns: int = 0
    said_ns: int | None = None


class Overdue(Part):
    """Watches the receipts of one node's partners."""

    def __init__(self, node: "Node") -> None:
        """Nothing is waited for."""
        self._node = node
        self._waited: dict[str, _Waited] = {}

    def written(self, now_ns: int) -> None:
        """Look at each stream; what is said is kept with the next second's commit."""
        endpoint = self._node.endpoint
        for peer in self._node.config.peers:
            last, receipt = endpoint.next_sequence(peer) - 1, endpoint.acknowledged(peer)
            known = self._waited.setdefault(peer, _Waited(receipt, now_ns))
            if receipt != known.receipt or receipt == last:
                if known.said_ns is not None:
                    self._say(f"`{peer}` signs again: {receipt} of {last} releases")
                self._waited[peer] = _Waited(receipt, now_ns)
            elif now_ns - known.since_ns >= OVERDUE_S * SECOND_NS and self._is_due(known, now_ns):
                known.said_ns = now_ns
                waited_s = (now_ns - known.since_ns) // SECOND_NS
                self._say(
                    f"`{peer}` has signed for {receipt} of {last} releases, and for no more in {waited_s} s: "
                    "its node is down, or who carries this stream keeps it back"
                )

    @staticmethod
    def _is_due(known: _Waited, now_ns: int) -> bool:
        return known.said_ns is None or now_ns - known.said_ns >= AGAIN_S * SECOND_NS

    def _say(self, text: str) -> None:
        self._node.refused("link", text)
