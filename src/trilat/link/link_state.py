"""`LinkState`: how a link is, as a code with its figures; and the one sentence that people are told of each.

Whoever speaks another language makes its sentence from the same code: what is wrong is decided in one place,
`LinkHealth`.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

import msgspec

Figure = str | int | float
"""A name, a text as it was given, a number."""


class LinkCode(Enum):
    """How a link is. Its figures are those that its sentence names."""

    NOT_LINKED = "not-linked"
    CONNECTED = "connected"
    DIRECT = "direct"
    """A direct link stands in for a hub; the state behind it says why."""

    NO_RELAY = "no-relay"
    UNACKNOWLEDGED = "unacknowledged"
    CLOCK_AHEAD = "clock-ahead"
    CLOCK_BEHIND = "clock-behind"
    OUTSIDE_AWAY = "outside-away"
    OUTSIDE_SILENT = "outside-silent"
    SERVER_AWAY = "server-away"
    HUB_OTHER = "hub-other"
    HUB_AWAY = "hub-away"
    HUB_REFUSES = "hub-refuses"
    HUB_WITHOUT = "hub-without"
    PEER_OTHER = "peer-other"
    PEER_AWAY = "peer-away"
    PEER_DIALS_NOT = "peer-dials-not"
    PEER_REFUSES = "peer-refuses"
    PEER_SILENT = "peer-silent"
    PEER_ANSWERS_NOT = "peer-answers-not"


class LinkState(msgspec.Struct, frozen=True, kw_only=True):
    """How one way to a partner is."""

    code: LinkCode
    party: str
    figures: dict[str, Figure] = {}


_SENTENCES: Final[Mapping[LinkCode, str]] = {
    LinkCode.NOT_LINKED: "not linked: what comes from it comes through others",
    LinkCode.CONNECTED: "connected",
    LinkCode.DIRECT: "connected directly",
    LinkCode.NO_RELAY: "an agreement with {party} allows no relay: link the two directly",
    LinkCode.UNACKNOWLEDGED: (
        "connected, but nothing acknowledged for {seconds:.0f} s, {count} wait: ask whether {party}'s node "
        "works, and holds our newest card"
    ),
    LinkCode.CLOCK_AHEAD: (
        "connected, but the clock of {party} is {seconds:.0f} s ahead of ours: set it right"
    ),
    LinkCode.CLOCK_BEHIND: "connected, but the clock of {party} is {seconds:.0f} s behind ours: set it right",
    LinkCode.OUTSIDE_AWAY: "the outside NATS is not reached ({why}): ask who runs it",
    LinkCode.OUTSIDE_SILENT: (
        "the outside NATS is reached, but {party} is not heard over it: ask whether its node runs"
    ),
    LinkCode.SERVER_AWAY: ("our own NATS server is away: it is started again, look at what this node says"),
    LinkCode.HUB_OTHER: "what listens at {dial} is not hub {hub} as its card says: compare its card again",
    LinkCode.HUB_AWAY: "hub {hub} at {dial} cannot be reached ({why}): ask whether it runs",
    LinkCode.HUB_REFUSES: (
        "hub {hub} does not take our connection: ask whether it has admitted our newest card "
        "(fingerprint {fingerprint})"
    ),
    LinkCode.HUB_WITHOUT: (
        "hub {hub} is reached, but {party} is not connected to it, or has not asked it for us"
    ),
    LinkCode.PEER_OTHER: (
        "who shows a certificate as {party} is not {party} as its card says: compare its card again"
    ),
    LinkCode.PEER_AWAY: "{party}'s server at {dial} cannot be reached ({why}): ask whether it runs",
    LinkCode.PEER_DIALS_NOT: "{party} does not dial us: ask whether it runs, and where it dials",
    LinkCode.PEER_REFUSES: (
        "{party}'s server refuses our certificate or key: give it our new card (fingerprint {fingerprint})"
    ),
    LinkCode.PEER_SILENT: "{party}'s server is reached, but its node says nothing: ask whether it works",
    LinkCode.PEER_ANSWERS_NOT: (
        "{party}'s server at {dial} is dialled and does not answer: ask whether it runs"
    ),
}


def link_sentence(state: LinkState) -> str:
    """A state in English, for people."""
    said = _SENTENCES[state.code].format(party=state.party, **state.figures)
    if state.code is LinkCode.CONNECTED:
        hub, trip_s = state.figures.get("hub"), state.figures.get("round_trip_s")
        said += f" through hub {hub}" if hub else ""
        said += f", {float(trip_s) * 1e3:.1f} ms there and back" if trip_s is not None else ""
    return said


def links_sentence(states: tuple[LinkState, ...]) -> str:
    """All ways to a partner in one sentence."""
    if states and states[0].code is LinkCode.DIRECT:
        return f"{link_sentence(states[0])}, because {link_sentence(states[1])}"
    return "; ".join(dict.fromkeys(map(link_sentence, states)))
