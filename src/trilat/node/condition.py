"""`Condition`: how a node is, in figures: links, keys, agreement of trees, ledger, storage.

Names of partners, agreements and keys, counts and instants; of items nothing. `trilat.node.troubles` says
what of it is wrong.
"""

from enum import Enum
from typing import Annotated

import msgspec

from trilat.link import LinkState
from trilat.model import Count, InstantNs, PartyCode, Status
from trilat.node.trouble import Trouble

_Text = Annotated[str, msgspec.Meta(max_length=200)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]


class KeyFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a party's keys."""

    party: PartyCode
    known_by: Annotated[str, msgspec.Meta(pattern="^(root|card|nothing)$")]
    """A root that people compared, a card alone, or nothing."""

    in_force: bool
    fingerprint: _Text
    """16 groups of 4 hexadecimal digits, to be compared over another way than the network."""

    version: Count
    ends_ns: InstantNs | None
    retired: Count
    revoked: Count
    holds_ours: bool | None
    """Whether a partner said that it holds our newest trust state; None where we have no root."""


class TreeAgreement(Enum):
    """Whether both ends signed the same tree of a stream."""

    NOTHING = "nothing"
    """Nothing was exchanged yet."""

    UNSIGNED = "unsigned"
    """The partner has signed nothing of it that could be compared yet."""

    AGREES = "agrees"
    BEHIND = "behind"
    """What both signed is the same; newer parcels are not signed by both yet."""

    FORK = "fork"
    """There is signed evidence that the two records differ."""


class TreeFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One direction between this node and a partner."""

    agreement: TreeAgreement
    parcels: Count
    witnessed: Count
    """Up to so many parcels the partner signed the same tree."""

    witnessed_ns: InstantNs | None
    findings: list[_Text]


class PartnerFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One partner: its link, its keys, its trees."""

    party: PartyCode
    link: list[LinkState]
    up: bool
    heard_s: Seconds | None
    round_trip_s: Seconds | None
    sent: Count
    acknowledged: Count
    """Up to this number of our stream the partner has signed for all."""

    unanswered: Count
    lag_s: Seconds
    """For so long it has acknowledged nothing although something waits."""

    waiting: Count
    """Items that are decided on and not due yet."""

    received: Count
    cursor: Count
    """Up to this number of its stream all is here."""

    keys: KeyFigures
    sent_tree: TreeFigures
    received_tree: TreeFigures


class LedgerFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The own record: how much there is, whether it is whole, and what it lies on."""

    entries: Count
    examined: Count
    """Rows looked over since the start; `passes` times all of them."""

    passes: Count
    damaged: Count
    """Entries that wait for what partners hold."""

    lost: Count
    size_bytes: Count | None
    """None where a server keeps it."""

    free_bytes: Count | None
    backup_ns: InstantNs | None
    backup_entries: Count


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """How a node is now. `alerts` are worst first; none where nothing is wrong."""

    party: PartyCode
    status: Status
    at_ns: InstantNs
    """The node's own time."""

    wall_ns: InstantNs
    """The world's time, by which links, keys and backups count."""

    alerts: list[Trouble]
    own_keys: KeyFigures
    partners: list[PartnerFigures]
    ledger: LedgerFigures
