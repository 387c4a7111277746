"""A node's agreements change while it runs: what was decided by the old ones and has not left is decided
anew.

What waits (for its time, behind thinning, for the end of a span, for a word) is offered again, each to the
recipient that it waited for. Pictures made for others lose what they may not have any more. What is recorded
in a stream and not acknowledged is looked at again before it is sent. Readers' answers are asked for again.
"""

from bisect import bisect_right
from collections.abc import Mapping
from typing import TYPE_CHECKING

from trilat.link import Judge, Parcel, RotationReason, SkipReason
from trilat.model import AnyItem, Outcome, Reason, Release, TrilatError, decode
from trilat.node.config import NodeConfig
from trilat.node.exchange import Held
from trilat.node.records import RECORD_BYTES_MAX
from trilat.node.views import holds_back_portion
from trilat.policy import AgreementSet, Heard

if TYPE_CHECKING:
    from trilat.node.node import Node


def use_agreements(node: "Node", agreements: AgreementSet) -> None:
    """Decide by these agreements from now on."""
    node.timeline.note_agreements(node.agreements, agreements)
    node.agreements = agreements
    node.offers_reports = offers_reports(node.config, agreements)
    _decide_anew(node, node.exchange.use(agreements=agreements))
    node.endpoint.rotate(RotationReason.AGREEMENT)


class Boundaries:
    """Says when what a node decides by has changed by itself: a version or a clause has begun, or ended."""

    def __init__(self, node: "Node") -> None:
        """Nothing looked at: after a restart the first look goes back to the oldest that waits or left."""
        self._node = node
        self._of: AgreementSet | None = None
        self._instants: tuple[int, ...] = ()
        self._looked_ns: int | None = None
        self._told_ns: int | None = None
        """How far `is_new` has told of them."""

    def passed(self, now_ns: int) -> bool:
        """Whether there was such an instant since the last look."""
        at_ns = now_ns + self._node.config.decision_shift_ns
        since_ns = self._since_ns(at_ns)
        self._looked_ns = self._told_ns = at_ns
        return self._lie_between(since_ns, at_ns)

    def is_new(self, now_ns: int) -> bool:
        """Whether there was one that neither a look nor this has told of: for what cannot wait for a look."""
        at_ns = now_ns + self._node.config.decision_shift_ns
        since_ns = self._since_ns(at_ns)
        told_ns = since_ns if self._told_ns is None else max(since_ns, self._told_ns)
        self._told_ns = at_ns
        return self._lie_between(told_ns, at_ns)

    def _since_ns(self, at_ns: int) -> int:
        if self._looked_ns is None:
            oldest_ns = self._node.exchange.oldest_ns()
            self._looked_ns = at_ns if oldest_ns is None else oldest_ns
        return self._looked_ns

    def _lie_between(self, since_ns: int, at_ns: int) -> bool:
        node = self._node
        if self._of is not node.agreements:
            self._of = node.agreements
            found = frozenset[int]().union(*map(self._of.boundaries_ns, node.config.peers))
            self._instants = tuple(sorted(found))
        return since_ns < at_ns and bisect_right(self._instants, since_ns) < bisect_right(
            self._instants, at_ns
        )


def use_heard(node: "Node", heard: Mapping[str, Heard]) -> None:
    """Decide by what was heard of agreements from now on."""
    _decide_anew(node, node.exchange.use(heard=heard))


def _decide_anew(node: "Node", waiting: list[Held]) -> None:
    now_ns = node.clock.now_ns()
    for held in waiting:
        node.offer_later(held)

    def may_have(audience: str, item: AnyItem) -> bool:
        decision = node.exchange.decide(Held(item, b""), audience, now_ns)
        return decision.outcome is Outcome.PERMIT and not holds_back_portion(item, decision)

    node.views.narrow(may_have)
    node.standing_parcels.changed()


def offers_reports(config: NodeConfig, agreements: AgreementSet) -> bool:
    """Whether any clause speaks of giving a peer reports as they are."""
    return any(
        "report" in rule.clause.kinds
        and config.party in rule.clause.givers
        and not set(config.peers).isdisjoint(rule.clause.receivers)
        for rule in agreements.rules
    )


class StandingParcels:
    """Says what becomes of parcels that were recorded in a stream before a change: what policy would not let
    go today is left out for good, and what only waits for a word waits.
    """

    def __init__(self, node: "Node") -> None:
        """Nothing has changed."""
        self._node = node
        self._until: dict[str, int] = {}
        self._told: set[str] = set()

    def changed(self) -> None:
        """What is recorded up to now was decided by other rules."""
        for peer in self._node.config.peers:
            self._until[peer] = self._node.exchange.last_sequence(peer)
        self._told.clear()

    def tend(self) -> None:
        """Look at what is not acknowledged, and no longer than it is not."""
        node = self._node
        for peer, until in tuple(self._until.items()):
            if peer not in node.trust or node.endpoint.acknowledged(peer) >= until:
                del self._until[peer]
                if peer in node.trust:
                    node.endpoint.review(peer, None)
            else:
                node.endpoint.review(peer, self._judge(peer))

    def _judge(self, recipient: str) -> Judge:
        def judge(wire: bytes) -> SkipReason | None:
            reason = self._reason(wire)
            if reason is None or reason is Reason.AGREEMENT_STALE:
                return None
            self._tell(recipient, f"is not sent any more: {reason.value}")
            return SkipReason.WITHDRAWN

        return judge

    def may_leave(self, recipient: str, sequence: int, wire: bytes) -> bool:
        """Whether policy would let a parcel go today."""
        if sequence > self._until.get(recipient, 0):
            return True
        reason = self._reason(wire)
        if reason is not None:
            self._tell(recipient, f"is not sent now: {reason.value}")
        return reason is None

    def _reason(self, wire: bytes) -> Reason | None:
        """What policy says against a parcel today; what cannot be read is told where it is sealed."""
        try:
            parcel = decode(wire, Parcel, bytes_max=RECORD_BYTES_MAX)
            release = decode(parcel.release, Release)
        except TrilatError:
            return None
        return self._node.exchange.may_stand(release, self._node.clock.now_ns())

    def _tell(self, recipient: str, why: str) -> None:
        text = f"what was recorded for `{recipient}` before and not received {why}"
        if text not in self._told:
            self._told.add(text)
            self._node.note_refusal(text)
