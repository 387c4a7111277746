"""`Site`: one party's place in a simulated federation: a disk and keys that stay, processes that come and go.

The process is a production `Node` over a production `Ledger`; only clock, disk, transport and entropy are
simulated. It may end at any step of these: before and after a commit, before and after a send.
"""

import hashlib
import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from tests.simulation.disk import CrashError, Disk, SimStore
from tests.simulation.pact import PURPOSE
from tests.simulation.plan import Sighting
from tests.simulation.watch import Committed

from trilat.ledger import Ledger
from trilat.link import LinkLimits, NodeKeys, TrustStore, sign_agreement
from trilat.link.messages import Acknowledgement, sign_message
from trilat.model import (
    Agreement,
    AnyItem,
    Classification,
    Domain,
    Event,
    EventKind,
    Indicator,
    Label,
    Lane,
    Need,
    Offer,
    Place,
    Provenance,
    Row,
    Statement,
    Status,
    Vessel,
)
from trilat.node import Node, NodeConfig, restore

if TYPE_CHECKING:
    from tests.simulation.world import World

LIMITS: Final = LinkLimits(batch_parcels=25, window_parcels=100, receipt_interval_ns=20_000_000)
"""Small, so that batches and windows fill."""

GOSSIP_S: Final = 5
"""How often nodes tell each other what they know."""

_LEVELS: Final = {
    "USA": ("UNCLASSIFIED", "CONFIDENTIAL", "SECRET", "TOP SECRET"),
    "JPN": ("UNCLASSIFIED", "HI", "GOKUHI", "KIMITSU"),
    "KOR": ("UNCLASSIFIED", "III", "II", "I"),
}
_RANKS: Final = ("lowest", "middle", "high", "top")
_PLACE: Final = Place(latitude_1e7deg=408_600_000, longitude_1e7deg=1_296_700_000)


class SimClock:
    """A node's clock: the world's, so many nanoseconds ahead or behind. It stands rather than run back."""

    def __init__(self, world_ns: Callable[[], int], site: "Site") -> None:
        """The clock of one process."""
        self._world_ns = world_ns
        self._site = site
        self._shown_ns = 0

    def now_ns(self) -> int:
        """UTC nanoseconds as this node believes."""
        self._shown_ns = max(self._shown_ns, self._world_ns() + self._site.skew_ns)
        return self._shown_ns


class SimTransport:
    """The post of one process; a process that has ended sends nothing more."""

    def __init__(self, world: "World", site: "Site") -> None:
        """The end of a site."""
        self._world = world
        self._site = site

    def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
        """Hand a payload over; the process may end just before or after."""
        self._site.step("before send")
        self._world.watch.leaving(self._site, recipient, payload)
        self._world.network.send(self._site.party, recipient, payload, lane)
        self._site.step("after send")

    def listen(self, receive: Callable[[bytes], None]) -> None:
        """Let a payload into the process."""
        world, site = self._world, self._site
        world.network.listen(site.party, lambda payload: world.enter(site, lambda _: receive(payload)))


def keys_of(seed: int, party: str) -> NodeKeys:
    """A party's keys in a run."""
    return NodeKeys.generate(party, random.Random(f"keys {seed} {party}").randbytes)


def signed_by(keys: Mapping[str, NodeKeys], agreement: Agreement, before: Agreement | None) -> Agreement:
    """A version with the signatures of all these parties."""
    signatures = [sign_agreement(one, agreement, agreement.in_force_from_ns, before) for one in keys.values()]
    return msgspec.structs.replace(agreement, signatures=tuple(signatures))


class Site:
    """One party."""

    def __init__(self, world: "World", party: str, keys: NodeKeys) -> None:
        """Keys and an empty disk; the process has not begun."""
        chance = random.Random(f"ledger key {world.plan.seed} {party}")
        self.world = world
        self.party = party
        self.keys = keys
        self.ledger_key = chance.randbytes(32)
        self.disk = Disk()
        self.committed = Committed(self.ledger_key)
        self.skew_ns = 0
        self.node: Node | None = None
        self.starts = 0
        self.fuse: int | None = None
        """Steps until the process ends; None where nothing ends it."""

        self.agreements = world.agreements
        """What it holds as files; what came while it ran is in its ledger."""

        self.waiting: list[AnyItem] = []
        """What the feed has to hand over still."""
        self.accepted: dict[tuple[str, int], AnyItem] = {}
        """What the feed was told is accepted."""

    @property
    def peers(self) -> tuple[str, ...]:
        """The other parties."""
        return tuple(party for party in self.world.plan.parties if party != self.party)

    @property
    def running(self) -> Node:
        """The process, which runs."""
        assert self.node is not None, f"{self.party} is down"
        return self.node

    def step(self, name: str) -> None:
        """One step of the process, which may be its last."""
        if self.fuse is None:
            return
        if self.fuse == 0:
            self.fuse = None
            self.world.tell(f"{self.party} ends {name}")
            raise CrashError
        self.fuse -= 1

    def start(self) -> None:
        """Begin a process over the disk: a new node, restored.

        Raises:
            LedgerError: the disk is damaged.
            CrashError: it ended again.
        """
        self.starts += 1
        world = self.world
        chance = random.Random(f"entropy {world.plan.seed} {self.party} {self.starts}")
        clock = SimClock(world.now, self)
        ledger = Ledger(SimStore(self.disk, self.step), self.party, self.ledger_key, clock, chance.randbytes)
        node = Node(
            self._config(),
            clock,
            ledger,
            self.agreements,
            self.keys,
            TrustStore(site.keys.pin for site in world.sites.values()),
            SimTransport(world, self),
            chance.randbytes,
            LIMITS,
        )
        restore(node)
        self.node = node

    def ledger_beside(self) -> Ledger:
        """A ledger over the disk that is beside any process, to read in."""
        return Ledger(
            SimStore(self.disk, lambda _: None),
            self.party,
            self.ledger_key,
            SimClock(self.world.now, self),
            random.Random(0).randbytes,
        )

    def lie_to(self, victim: "Site", cursor: int) -> bytes:
        """This party's signed word that it has everything up to a cursor of the victim's stream to it."""
        stream = victim.keys.stream_to(self.party)
        said = Acknowledgement(sender=self.party, recipient=victim.party, stream=stream, cursor=cursor)
        return sign_message(self.keys, said)

    def _config(self) -> NodeConfig:
        level = "" if self.party in _LEVELS else "SECRET"
        return NodeConfig(
            party=self.party,
            peers=self.peers,
            status=Status.SIMULATED,
            purpose=PURPOSE,
            releasable_to=self.peers,
            token_key=hashlib.sha256(f"token {self.world.plan.seed} {self.party}".encode()).digest(),
            content_level=level,
            headline_level=level,
            gossip_s=GOSSIP_S,
        )

    def put_back(self, rows: list[Row]) -> None:
        """Have an older state of the disk."""
        self.disk.rows = list(rows)
        self.disk.committed = len(rows)
        self.committed = Committed(self.ledger_key)

    def is_changed(self) -> bool:
        """Whether the change of the agreement is in force by this site's clock."""
        return self.running.clock.now_ns() >= self.world.plan.change_ns

    def saw(self, sighting: Sighting) -> AnyItem:
        """The item that the feed makes of a sighting, by this site's clock."""
        at_ns = self.world.now() + self.skew_ns
        scheme = self.party if self.party in _LEVELS else "USA"
        name = "ship" if sighting.kind == "vessel" else sighting.kind
        item_id = f"{self.party}-{name}-{sighting.number}"
        level = _LEVELS[scheme][_RANKS.index(sighting.rank)]
        head: dict[str, Any] = {
            "item_id": item_id,
            "version": sighting.version,
            "subject": item_id,
            "status": Status.SIMULATED,
            "valid_ns": at_ns,
            "label": Label(
                originator=self.party,
                classification=Classification(scheme=scheme, level=level),
                releasable_to=sighting.named,
                created_ns=at_ns,
            ),
            "provenance": Provenance(originators=(self.party,)),
        }
        return _MAKERS[sighting.kind](head, sighting.number)


def _letters(number: int) -> str:
    """A number in letters: words with figures in them are another class for policy."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


_MAKERS: Final[dict[str, Callable[[dict[str, Any], int], AnyItem]]] = {
    "indicator": lambda head, number: Indicator(
        **head,
        domain=Domain.CYBER,
        pattern=f"[domain-name:value = '{_letters(number)}.example']",
        pattern_type="stix",
    ),
    "statement": lambda head, number: Statement(
        **head,
        domain=Domain.CONSULTATION,
        text=f"word {_letters(number)}",
    ),
    "need": lambda head, number: Need(
        **head,
        domain=Domain.RELIEF,
        resource="water",
        quantity=number,
        unit="litre",
        description=f"for own eyes {_letters(number)}",
    ),
    "offer": lambda head, number: Offer(
        **head,
        domain=Domain.RELIEF,
        resource="tents",
        quantity=number,
        unit="piece",
    ),
    "event": lambda head, _: Event(
        **head,
        domain=Domain.SEISMIC,
        event=EventKind.NUCLEAR_TEST,
        time_sigma_ms=500,
        place=_PLACE,
    ),
    "launch": lambda head, _: Event(
        **head,
        domain=Domain.MISSILE,
        event=EventKind.LAUNCH,
        time_sigma_ms=500,
        place=_PLACE,
    ),
    "vessel": lambda head, number: Vessel(
        **head,
        domain=Domain.MARITIME,
        mmsi=f"43100000{number}",
        place=_PLACE,
    ),
}
