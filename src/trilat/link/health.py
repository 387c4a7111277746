"""`LinkHealth`: what is wrong with a link, as a code with its figures, and in one sentence with what to do.

Out of what the own server said and has connections with, heartbeats and receipts. Nothing is believed for
it, and nothing is decided by it.
"""

from dataclasses import dataclass
from typing import Final

from trilat.link.link_state import Figure, LinkCode, LinkState, links_sentence
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

    def round_trip_s(self, peer: str) -> float | None:
        """What a message to a partner and back takes by the way that is used, seconds; None if unknown."""
        used = self._transport.way_to(peer) if self._transport.ways_to(peer) else None
        measured = None if used is None else self._transport.measured(used)
        return None if measured is None else max(0.0, measured.round_trip_s)

    def sentence(self, peer: str, unanswered: Unanswered) -> str:
        """How the link with a partner is, in English. From any thread."""
        return links_sentence(self.states(peer, unanswered))

    def states(self, peer: str, unanswered: Unanswered) -> tuple[LinkState, ...]:
        """How each way to a partner is, or the one that is used. From any thread."""
        ways = self._transport.ways_to(peer)
        if not ways:
            return (LinkState(code=LinkCode.NOT_LINKED, party=peer),)
        if not self._transport.is_connected:
            return (self._unconnected(peer),)
        if self._transport.is_up(peer):
            return self._connected(peer, ways, unanswered)
        return tuple(self._away(peer, way) for way in ways)

    def _unconnected(self, peer: str) -> LinkState:
        if self._server is None:
            why = self._transport.failure or "no answer"
            return LinkState(code=LinkCode.OUTSIDE_AWAY, party=peer, figures={"why": why})
        return LinkState(code=LinkCode.SERVER_AWAY, party=peer)

    def _connected(self, peer: str, ways: tuple[Way, ...], unanswered: Unanswered) -> tuple[LinkState, ...]:
        used = self._transport.way_to(peer)
        if used is None:
            return (LinkState(code=LinkCode.NO_RELAY, party=peer),)
        measured = self._transport.measured(used)
        if unanswered.count and unanswered.since_s >= OVERDUE_S:
            figures: dict[str, Figure] = {"seconds": unanswered.since_s, "count": unanswered.count}
            return (LinkState(code=LinkCode.UNACKNOWLEDGED, party=peer, figures=figures),)
        if measured is not None and abs(measured.clock_offset_s) > CLOCK_S_MAX:
            code = LinkCode.CLOCK_AHEAD if measured.clock_offset_s > 0 else LinkCode.CLOCK_BEHIND
            return (LinkState(code=code, party=peer, figures={"seconds": abs(measured.clock_offset_s)}),)
        if ways[0].hub and used is not ways[0]:
            return LinkState(code=LinkCode.DIRECT, party=peer), self._away(peer, ways[0])
        through: dict[str, Figure] = {"hub": used.hub} if used.hub else {}
        if measured is not None:
            through["round_trip_s"] = max(0.0, measured.round_trip_s)
        return (LinkState(code=LinkCode.CONNECTED, party=peer, figures=through),)

    def _away(self, peer: str, way: Way) -> LinkState:
        if self._server is None:
            return LinkState(code=LinkCode.OUTSIDE_SILENT, party=peer)
        return self._hub_away(peer, way) if way.hub else self._partner_away(peer, way)

    def _hub_away(self, peer: str, way: Way) -> LinkState:
        name, hub = way.hub, self._hubs[way.hub]
        said = self._said_of(way, hub.account, f"`{HUB_ACCOUNT_START}{name}`", f"`{hub.dial}`")
        figures: dict[str, Figure] = {"hub": name, "dial": str(hub.dial)}
        if "another authority" in said:
            return LinkState(code=LinkCode.HUB_OTHER, party=peer, figures=figures)
        if "cannot be reached" in said:
            return LinkState(code=LinkCode.HUB_AWAY, party=peer, figures={**figures, "why": _why(said)})
        if said or hub.account not in self._linked():
            figures = {"hub": name, "fingerprint": self._fingerprint}
            return LinkState(code=LinkCode.HUB_REFUSES, party=peer, figures=figures)
        return LinkState(code=LinkCode.HUB_WITHOUT, party=peer, figures={"hub": name})

    def _partner_away(self, peer: str, way: Way) -> LinkState:
        address = self._dials.get(peer)
        dial = None if address is None else str(address)
        said = self._said_of(way, peer, f"`{peer}`", f"`{dial}`", f"`{peer} link`")
        code, figures = _of_partner(said, dial, is_linked=peer in self._linked())
        if code is LinkCode.PEER_REFUSES:
            figures = {"fingerprint": self._fingerprint}
        return LinkState(code=code, party=peer, figures=figures)

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


def _of_partner(said: str, dial: str | None, *, is_linked: bool) -> tuple[LinkCode, dict[str, Figure]]:
    """Why a partner that is linked directly is away, out of what the own server last said of it."""
    at: dict[str, Figure] = {"dial": dial or ""}
    if "another authority" in said or "no linked partner" in said:
        return LinkCode.PEER_OTHER, {}
    if "cannot be reached" in said:
        return LinkCode.PEER_AWAY, {**at, "why": _why(said)}
    if dial is None:
        return LinkCode.PEER_DIALS_NOT, {}
    if said:
        return LinkCode.PEER_REFUSES, {}
    return (LinkCode.PEER_SILENT, {}) if is_linked else (LinkCode.PEER_ANSWERS_NOT, at)


def _why(said: str) -> str:
    return said.rpartition(": ")[2]
