"""`KnownTrust`: trust states of third parties, told between partners as things that are known in versions.

Rules
1. A state proves itself: whoever brings it changes nothing, and words of others on it are not handed on.
2. A partner hears of a party only if it deals with that one: an agreement of ours has both, or the partner
   has shown that it holds a state of that party by its digest. Whom we know otherwise is not told, and a
   guess tells nothing.
3. What is heard counts only for a party whose root people pinned here. Nobody is pinned by this.
4. A partner hears what is held here of itself too: who else has its root shows there.
5. A party that revoked its root is at `REVOKED_VERSION`, behind which nothing comes.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from trilat.link import (
    Announcement,
    Attestation,
    announced_party,
    decode_announcement,
    encode_announcement,
    party_of,
)
from trilat.model import PeerError
from trilat.node.confirmed import Newest
from trilat.policy import signatories

if TYPE_CHECKING:
    from trilat.node.node import Node
    from trilat.node.trusting import Trusting

TRUST_STATES: Final = "trust-state"
REVOKED_VERSION: Final = 1_000_000
"""The highest that an attestation can say."""


class KnownTrust:
    """The trust states that a node knows of others."""

    kind: Final = TRUST_STATES
    hands_on: Final = False
    takes_unknown: Final = False

    def __init__(self, node: "Node", trusting: "Trusting") -> None:
        """Over the states that the node holds."""
        self._node = node
        self._trusting = trusting

    def names(self, partner: str) -> Mapping[str, Newest]:
        """What a partner may hear of: parties by their newest state (rules 2 and 4). The own ones are told
        by `Trusting`, without a signature of a key that may be new.
        """
        own = self._node.config.party
        parties = [pin.party for pin in self._trusting.store if pin.party != own]
        return {
            party: newest
            for party in parties
            if (newest := self.newest(party)) is not None and self._deals_with(partner, party)
        }

    def newest(self, name: str) -> Newest | None:
        """Version and digest of the newest state of a party; None where no root of it is pinned."""
        store = self._trusting.store
        state = store.state(name) if name == party_of(name) else None
        if state is None:
            return None
        said = store.announcement(name, after=state.version - 1)
        assert said is not None, "there is a state"
        if said.revocation:
            return REVOKED_VERSION, sha256(said.revocation).digest()
        return state.version, said.states[-1].digest

    def may_attest(self, party: str, name: str) -> bool:
        """A partner's word counts, on parties whose root is pinned here (rule 3)."""
        return party in self._node.config.peers and self.newest(name) is not None

    def fork(self, said: Attestation) -> str | None:
        """What is told where a partner holds another state of a version."""
        if said.version == REVOKED_VERSION:
            return None  # by two roots, of which one was handed over: revoked all the same
        return (
            f"`{said.party}` holds another trust state {said.version} of `{said.name}`: a fork; ours stays "
            f"in force, speak with {said.name}, its root may be in other hands"
        )

    def give(self, partner: str, name: str, after: int) -> tuple[int, bytes] | None:
        """The states behind a version, as many as go into one announcement, and the revocation."""
        newest = self.newest(name)
        if name not in self.names(partner) or newest is None or after >= newest[0]:
            return None
        said = self._trusting.store.announcement(name, after=after)
        if said is None:
            return None
        version = REVOKED_VERSION if said.revocation else said.states[-1].claimed.version
        return version, encode_announcement(said)

    def take(self, name: str, version: int, content: bytes, sender: str) -> str | None:
        """Why states are not taken, in one line; None where they are in force now."""
        try:
            announcement: Announcement = decode_announcement(content)
            if announced_party(announcement) != name:
                return f"`{sender}` gave another party's trust state for that of `{name}`: not taken"
            self._trusting.heard(announcement)
        except PeerError as error:
            return f"{error} (by `{sender}`)"
        newest = self.newest(name)
        if newest is None or newest[0] < version:
            return f"`{sender}` gave an older trust state of `{name}` than it said: {version} is not known"
        return None

    def _deals_with(self, partner: str, party: str) -> bool:
        if partner == party:
            return True
        own, agreements = self._node.config.party, self._node.known.agreements.agreements()
        three = {own, partner, party}
        return any(three <= set(signatories(one)) for one in agreements.values()) or self._shown(
            partner, party
        )

    def _shown(self, partner: str, party: str) -> bool:
        """Whether a partner named a state that we hold by its digest, which only who holds it can."""
        said = self._node.known.confirmations.version_of(TRUST_STATES, party, partner)
        if said is None:
            return False
        if said == self.newest(party):
            return True
        held = self._trusting.store.announcement(party, after=said[0] - 1)
        first = held.states[0] if held is not None and held.states else None
        return first is not None and (first.claimed.version, first.digest) == said
