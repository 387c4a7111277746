"""A party as its people would set it up, in memory: root, node keys, link identity; the same in every run."""

import random
from dataclasses import dataclass, field

from trilat.link import (
    Announcement,
    Card,
    Issue,
    LinkIdentity,
    NodeKeys,
    Revoked,
    RootKey,
    SignedState,
    TrustState,
    key_request,
)

NOW_NS = 1_790_000_000_000_000_000
DAY_NS = 86_400_000_000_000


@dataclass
class Household:
    """One party: its root and its node, whose keys change as its people say."""

    party: str
    seed: int
    chain: list[SignedState] = field(default_factory=list)
    hours: int = 0
    given: NodeKeys | None = None
    """Keys of a node that is there already."""

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed).randbytes
        self.root = RootKey.generate(self.party, self.draw)[0]
        self.keys = self.given or NodeKeys.generate(self.party, self.draw)
        self.identity = LinkIdentity.generate(self.party, (), NOW_NS, self.draw)
        self.chain.append(self.root.first(key_request(self.keys, self.card()), self.issue()))

    def card(self, keys: NodeKeys | None = None) -> Card:
        return self.identity.card((keys or self.keys).pin)

    def issue(self, revoked: dict[bytes, Revoked] | None = None) -> Issue:
        self.hours += 1
        now_ns = NOW_NS + self.hours * DAY_NS // 24
        return Issue(now_ns=now_ns, ends_ns=now_ns + 365 * DAY_NS, revoked=revoked or {})

    @property
    def newest(self) -> SignedState:
        return self.chain[-1]

    @property
    def state(self) -> TrustState:
        return self.newest.claimed

    def rotate(self) -> SignedState:
        """New node keys, signed by the old ones and the root."""
        new = NodeKeys.generate(self.party, self.draw)
        request = key_request(new, self.card(new), self.keys)
        self.chain.append(self.root.next(self.newest, request, self.issue()))
        self.keys = new
        return self.newest

    def revoke(self, as_of_ns: int, *, renew: bool = False) -> SignedState:
        """The key in force is in other hands as of an instant; new ones take its place where wanted."""
        stolen = self.keys.pin.signing_public
        request = None
        if renew:
            self.keys = NodeKeys.generate(self.party, self.draw)
            request = key_request(self.keys, self.card())
        issue = self.issue({stolen: Revoked(as_of_ns=as_of_ns, reason="the node was taken")})
        self.chain.append(self.root.next(self.newest, request, issue))
        return self.newest

    def hand_over(self) -> SignedState:
        """A new root."""
        new = RootKey.generate(self.party, self.draw)[0]
        self.chain.append(self.root.hand_over(self.newest, new, self.issue()))
        self.root = new
        return self.newest

    def announcement(self, first: int = 0) -> Announcement:
        return Announcement(states=tuple(self.chain[first:]))
