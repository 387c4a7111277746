"""`LinkHealth`: what is wrong with a link, in one sentence for people, and what to do.

Out of what the own server said and has connections with, heartbeats and receipts. Nothing is believed for
it, and nothing is decided by it.
"""

from dataclasses import dataclass
from typing import Final

from trilat.link.nats_transport import NatsTransport
from trilat.link.server import NatsServer
from trilat.link.server_config import HUB_ACCOUNT_START, ServerSettings
from trilat.link.subjects import Way

CLOCK_S_MAX: Final = 5.0
"""Clocks that are further apart than this are told."""

OVERDUE_S: Final = 10.0
"""A partner that acknowledges nothing for so long is told, where something waits for it."""


LATELY_S: Final = 3.0
LONG_S: Final = 40.0
"""What the own server said counts so long: of a connection that seems to stand, and of one that does not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unanswered:
    """What a partner has not acknowledged, and for how long it has acknowledged nothing, seconds."""

    count: int = 0
    since_s: float = 0.0


class LinkHealth:
    """Says how each link of a node is."""

    def __init__(
        self,
        transport: NatsTransport,
        server: NatsServer | None,
        settings: ServerSettings,
        fingerprint: str,
    ) -> None:
        """Of a node's transport and its own server; None where it uses an outside NATS.

        Args:
            transport: the node's.
            server: its own.
            settings: what that server was told.
            fingerprint: of the node's own card.
        """
        self._transport = transport
        self._server = server
        self._dials = {partner.card.party: partner.dial for partner in settings.partners}
        self._hubs = {hub.card.name: hub for hub in settings.hubs}
        self._fingerprint = fingerprint

    def is_up(self, peer: str) -> bool:
        """Whether a partner was heard just now."""
        return self._transport.is_up(peer)

    def heard_s(self, peer: str) -> float | None:
        """Seconds since a partner was heard; None if never."""
        return self._transport.heard_s(peer)

    def sentence(self, peer: str, unanswered: Unanswered) -> str:
        """How the link with a partner is. From any thread."""
        ways = self._transport.ways_to(peer)
        if not ways:
            return "not linked: what comes from it comes through others"
        if not self._transport.is_connected:
            return self._unconnected()
        if self._transport.is_up(peer):
            return self._connected(peer, ways, unanswered)
        said = [self._away(peer, way) for way in ways]
        return "; ".join(dict.fromkeys(said))

    def _unconnected(self) -> str:
        why = self._transport.failure
        if self._server is None:
            return f"the outside NATS is not reached ({why or 'no answer'}): ask who runs it"
        return "our own NATS server is away: it is started again, look at what this node says"

    def _connected(self, peer: str, ways: tuple[Way, ...], unanswered: Unanswered) -> str:
        used = self._transport.way_to(peer)
        if used is None:
            return f"an agreement with {peer} allows no relay: link the two directly"
        measured = self._transport.measured(used)
        if unanswered.count and unanswered.since_s >= OVERDUE_S:
            return (
                f"connected, but nothing acknowledged for {unanswered.since_s:.0f} s, "
                f"{unanswered.count} wait: ask whether {peer}'s node works, and holds our newest card"
            )
        if measured is not None and abs(measured.clock_offset_s) > CLOCK_S_MAX:
            how = "ahead of" if measured.clock_offset_s > 0 else "behind"
            off_s = abs(measured.clock_offset_s)
            return f"connected, but the clock of {peer} is {off_s:.0f} s {how} ours: set it right"
        if ways[0].hub and used is not ways[0]:
            return f"connected directly, because {self._away(peer, ways[0])}"
        by = f" through hub {used.hub}" if used.hub else ""
        trip = "" if measured is None else f", {max(0.0, measured.round_trip_s) * 1e3:.1f} ms there and back"
        return f"connected{by}{trip}"

    def _away(self, peer: str, way: Way) -> str:
        if self._server is None:
            return f"the outside NATS is reached, but {peer} is not heard over it: ask whether its node runs"
        return self._hub_away(peer, way) if way.hub else self._partner_away(peer, way)

    def _hub_away(self, peer: str, way: Way) -> str:
        name, hub = way.hub, self._hubs[way.hub]
        said = self._said_of(way, hub.account, f"`{HUB_ACCOUNT_START}{name}`", f"`{hub.dial}`")
        if "another authority" in said:
            return f"what listens at {hub.dial} is not hub {name} as its card says: compare its card again"
        if "cannot be reached" in said:
            return f"hub {name} at {hub.dial} cannot be reached ({_why(said)}): ask whether it runs"
        if said or hub.account not in self._linked():
            return (
                f"hub {name} does not take our connection: ask whether it has admitted our newest card"
                f" (fingerprint {self._fingerprint})"
            )
        return f"hub {name} is reached, but {peer} is not connected to it, or has not asked it for us"

    def _partner_away(self, peer: str, way: Way) -> str:
        dial = self._dials.get(peer)
        said = self._said_of(way, peer, f"`{peer}`", f"`{dial}`", f"`{peer} link`")
        if "another authority" in said or "no linked partner" in said:
            return f"who shows a certificate as {peer} is not {peer} as its card says: compare its card again"
        if "cannot be reached" in said:
            return f"{peer}'s server at {dial} cannot be reached ({_why(said)}): ask whether it runs"
        if dial is None:
            return f"{peer} does not dial us: ask whether it runs, and where it dials"
        if said:
            return (
                f"{peer}'s server refuses our certificate or key: give it our new card"
                f" (fingerprint {self._fingerprint})"
            )
        if peer in self._linked():
            return f"{peer}'s server is reached, but its node says nothing: ask whether it works"
        return f"{peer}'s server at {dial} is dialled and does not answer: ask whether it runs"

    def _linked(self) -> frozenset[str]:
        return self._server.linked if self._server is not None else frozenset()

    def _said_of(self, way: Way, account: str, *words: str) -> str:
        """What the own server last said of a connection that is still away; empty where that is nothing."""
        if self._server is None:
            return ""
        # It dials again within moments, so what is still refused is said again; a connection stands where
        # nothing was said of it lately.
        lately_s = LATELY_S if account in self._linked() else LONG_S
        since_s = max(self._transport.heard_at_s(way), self._transport.now_s() - lately_s)
        return self._server.last_said(words, since_s)


def _why(said: str) -> str:
    return said.rpartition(": ")[2]
