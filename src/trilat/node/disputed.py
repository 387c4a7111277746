"""`Disputed`: the life of each disagreement, per audience: open, newer accounts, resolved, open again.

Rules
1. Each audience has disagreements of its own, made from that audience's View, as it has warnings: neither
   their content nor their number tells anything that the audience may not have.
2. A partner is told only of disagreements in which this node's own party has an account. The own staff are
   told of all.
3. The provenance names the own party first and then everyone who has an account, and the agreements under
   which their items came: policy decides with all of them in view.
4. A disagreement that the View shows no longer is resolved by a new version, which goes to everyone who holds
   an earlier one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from trilat.domains import Dispute
from trilat.model import (
    SECOND_NS,
    Disagreement,
    DisagreementState,
    Provenance,
)
from trilat.node.heads import MakeAudienceHead

UPDATE_EVERY_S: Final = 30
"""A disagreement is repeated with newer accounts at most this often."""


@dataclass(frozen=True)
class _Held:
    disagreement: Disagreement
    said_ns: int


class Disputed:
    """All disagreements that one node has told of, per audience."""

    def __init__(self, party: str) -> None:
        """None yet."""
        self._party = party
        self._held: dict[tuple[str, str], _Held] = {}

    def restore(self, audience: str, key: str, disagreement: Disagreement, said_ns: int) -> None:
        """Continue with a disagreement told of before a restart."""
        self._held[audience, key] = _Held(disagreement, said_ns)

    def open(self, audience: str) -> tuple[Disagreement, ...]:
        """The disagreements that an audience holds and that are not resolved."""
        return tuple(
            held.disagreement
            for (whose, _), held in sorted(self._held.items())
            if whose == audience and held.disagreement.state is DisagreementState.OPEN
        )

    def update(
        self, audience: str, disputes: Iterable[Dispute], now_ns: int, make_head: MakeAudienceHead
    ) -> tuple[Disagreement, ...]:
        """New versions of an audience's disagreements, from what its View shows now."""
        told = []
        shown: set[str] = set()
        for dispute in disputes:
            parties = {account.party for account in dispute.accounts}
            if audience != self._party and self._party not in parties:  # 2
                continue
            shown.add(dispute.key)
            held = self._held.get((audience, dispute.key))
            if held is None or self._is_news(held, dispute, now_ns):
                told.append(self._tell(audience, dispute, now_ns, make_head))
        for (whose, key), held in sorted(self._held.items()):
            if whose == audience and key not in shown and held.disagreement.state is DisagreementState.OPEN:
                told.append(self._resolve(audience, key, held.disagreement, now_ns, make_head))  # 4
        return tuple(told)

    @staticmethod
    def _is_news(held: _Held, dispute: Dispute, now_ns: int) -> bool:
        if held.disagreement.state is DisagreementState.RESOLVED:
            return True
        old = held.disagreement
        newer = (old.accounts, old.text) != (dispute.accounts, dispute.text)
        return newer and now_ns - held.said_ns >= UPDATE_EVERY_S * SECOND_NS

    def _tell(
        self, audience: str, dispute: Dispute, now_ns: int, make_head: MakeAudienceHead
    ) -> Disagreement:
        parties = (account.party for account in dispute.accounts)
        provenance = Provenance(
            originators=tuple(dict.fromkeys((self._party, *parties))), received_under=dispute.received_under
        )
        own = (account.subject for account in dispute.accounts if account.party == self._party)
        head = make_head(audience, dispute.key, next(own, dispute.key), dispute.domain, now_ns, provenance)
        disagreement = Disagreement(
            **head,
            disagreement=dispute.kind,
            state=DisagreementState.OPEN,
            accounts=dispute.accounts,
            since_ns=dispute.since_ns,
            text=dispute.text,
        )
        self._held[audience, dispute.key] = _Held(disagreement, now_ns)
        return disagreement

    def _resolve(
        self, audience: str, key: str, old: Disagreement, now_ns: int, make_head: MakeAudienceHead
    ) -> Disagreement:
        head = make_head(audience, key, old.subject, old.domain, now_ns, old.provenance)
        resolved: Disagreement = msgspec.structs.replace(old, **head, state=DisagreementState.RESOLVED)
        self._held[audience, key] = _Held(resolved, now_ns)
        return resolved
