"""`Overdue`: for how long each partner has acknowledged nothing although something waits for it."""

from trilat.link import LinkEndpoint, Unanswered
from trilat.model import SECOND_NS, Clock
from trilat.node.parts import Part


class Overdue(Part):
    """Looks at every outgoing stream once a second, by the clock of the links."""

    def __init__(self, endpoint: LinkEndpoint, peers: tuple[str, ...], clock: Clock) -> None:
        """Nothing looked at yet."""
        self._endpoint = endpoint
        self._peers = peers
        self._clock = clock
        self._since: dict[str, tuple[int, int]] = {}

    def written(self, now_ns: int) -> None:
        """Note whose cursor has not moved; one that has nothing to move for begins anew."""
        del now_ns
        for peer in self._peers:
            acknowledged = self._endpoint.acknowledged(peer)
            idle = self._endpoint.next_sequence(peer) - 1 == acknowledged
            if idle or self._since.get(peer, (-1, 0))[0] != acknowledged:
                self._since[peer] = (acknowledged, self._clock.now_ns())

    def of(self, peer: str) -> Unanswered:
        """What a partner has not answered."""
        acknowledged = self._endpoint.acknowledged(peer)
        count = self._endpoint.next_sequence(peer) - 1 - acknowledged
        known, since_ns = self._since.get(peer, (acknowledged, self._clock.now_ns()))
        if not count or known != acknowledged:
            return Unanswered(count=count)
        return Unanswered(count=count, since_s=max(0.0, (self._clock.now_ns() - since_ns) / SECOND_NS))
