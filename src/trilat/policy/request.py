"""`ReleaseRequest`: who wants to give an item to whom, by which path, for what, and when."""

from trilat.model import Identifier, InstantNs, Noun, PartyCode


class ReleaseRequest(Noun, frozen=True, kw_only=True):
    """One question to `decide`, about one item.

    `via` is the intermediary through whom the originator means to reach the recipient; None is the direct
    path. An intermediary that passes on leaves it None: then it is the path itself.
    """

    sender: PartyCode
    recipient: PartyCode
    via: PartyCode | None = None
    purpose: Identifier
    at_ns: InstantNs
