"""`NodeConfig`: all that a node is told, in one frozen value. Limits have names and units.

A node holds one status and refuses items of another. Instants of deciding may be shifted against the clock,
so that a replay of 2009 is judged by the agreements of another year; both instants are recorded.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from trilat.domains import MapPlace, SensorSite, WatchArea
from trilat.fusion import BiasPrior
from trilat.model import SCHEMES, Classification, Rank, Status, UsageError, find_level
from trilat.node.settings import AuditSettings

HEADLINE_KINDS: Final = frozenset({"event", "area", "warning", "disagreement", "consent", "answer"})
"""Kinds that tell a result and not how it was seen: marked one level below the rest."""


@dataclass(frozen=True, kw_only=True)
class NodeConfig:
    """A node's settings."""

    party: str
    peers: tuple[str, ...]
    status: Status
    purpose: str
    releasable_to: tuple[str, ...]
    token_key: bytes = field(repr=False)
    """Keys the opaque observation tokens; secret to the party."""

    readers: tuple[str, ...] = ()
    """Parties without a node that may look at what the own staff sees, such as an exercise's observer."""

    bias_priors: Mapping[str, BiasPrior] = field(default_factory=dict, repr=False)
    """How far all plots of an own sensor may be off together, by its name; secret to the party."""
    watch_areas: tuple[WatchArea, ...] = field(default=(), repr=False)
    """What the party watches over: never for a peer, whatever else a label says."""

    sensor_sites: tuple[SensorSite, ...] = field(default=(), repr=False)
    """Where own sensors stand: for the own staff's map, never in an item."""

    map_places: tuple[MapPlace, ...] = ()
    """Places that have a name on the own staff's map."""

    decision_shift_ns: int = 0
    """Instant of deciding minus the clock, nanoseconds."""

    content_level: str = ""
    headline_level: str = ""
    """Levels in the party's own scheme; empty takes the national levels below."""

    officers: tuple[str, ...] = ()
    """Names of those who may answer questions of release; none means that the staff does."""

    deputies: tuple[str, ...] = ()
    """Names of those who may stand in for an officer who says so."""

    answer_within_s: int = 3_600
    """How long a question waits for an officer."""

    undo_s: int = 0
    """How long what an officer approved is held, so that it can be taken back."""

    audit: AuditSettings = field(default_factory=AuditSettings)
    """How often heads of streams are signed, and how fast the ledger is looked over."""

    fresh_s: int = 0
    """How long nothing is heard of an agreement before nothing goes under it; 0: as the agreement says."""

    takes_unsigned: bool = False
    """Whether this party's people may give the node agreements that are not signed: in an exercise."""

    gossip_s: int = 60
    """How often partners are told which versions are known here."""

    keep_days: Mapping[str, int] = field(default_factory=dict)
    """How many days contents of a kind of entries are kept, by kind; 0 or none keeps them for good."""

    two_person_accounts: bool = False
    """Whether what gives an account a right waits for another administrator."""

    report_age_s_max: int = 3_600
    report_ahead_s_max: int = 5
    """A report older, or further ahead of the clock, is kept aside."""

    def __post_init__(self) -> None:
        """Refuse a node that is its own peer, a short key, or a level that nobody knows."""
        if self.party in self.peers or len(set(self.peers)) != len(self.peers):
            raise UsageError(f"`peers` of `{self.party}` names the party itself or a peer twice")
        if len(self.token_key) < 16:
            raise UsageError("`token_key` must have at least 16 bytes: observation tokens could be guessed")

    @property
    def release_key(self) -> bytes:
        """Keys covering noise and the names of tear-lines; of the observation key, and no way back to it."""
        return hmac.new(self.token_key, b"trilat release key", hashlib.sha256).digest()

    @property
    def own_readers(self) -> tuple[str, ...]:
        """Readers that are no peers: who may read what is for the own staff alone."""
        return tuple(reader for reader in self.readers if reader not in self.peers)

    def classification(self, kind: str, at_ns: int) -> Classification:
        """The marking that the party's own items of a kind get."""
        chosen = self.headline_level if kind in HEADLINE_KINDS else self.content_level
        if chosen:
            return Classification(scheme=self.party, level=chosen)
        rank = Rank.CONFIDENTIAL if kind in HEADLINE_KINDS else Rank.SECRET
        for level in SCHEMES.get(self.party, ()):
            marking = Classification(scheme=self.party, level=level.level)
            if level.rank is rank and find_level(marking, at_ns) is not None:
                return marking
        raise UsageError(
            f"no classification scheme for `{self.party}`: name its levels in the node's settings"
        )
