"""`Expiry`: what ends by itself, and what goes when an agreement has ended.

Rules
1. A partner's copy ends when its release says so (the duty `expire_s`), or its label. At that instant its
   content goes, with a `removing` step; the item leaves the picture when its last copy has gone.
2. Where the copy was to be returned or destroyed, its giver gets a certificate, in an answer that names the
   item itself: nobody had to ask.
3. `run` does the same with all that was received under an agreement, expired or not, and calls it back from
   those to whom it was passed on. Before the agreement has ended it takes an officer who says so.
"""

import heapq
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from trilat.link import NodeKeys, sign_certificate
from trilat.model import ABOUT_MAX, Answer, Certificate, Domain, HolderAnswer, ItemReference, RecallAction
from trilat.node.asked import Asked
from trilat.node.copies import Copies, Copy, by_holder
from trilat.node.exchange import Held
from trilat.node.recall_records import RecallRecord
from trilat.node.removing import Removed, Removing, newest_of

if TYPE_CHECKING:
    from trilat.node.node import Node

EACH_MAX: Final = 500
"""Items that end in one second; more wait for the next."""

BY_EXPIRY: Final = "expiry"
_NEVER_NS: Final = 2**63


class Expiry:
    """What ends at one node."""

    def __init__(
        self, node: "Node", keys: NodeKeys, copies: Copies, removing: Removing, asked: Asked
    ) -> None:
        """Nothing ends."""
        self._node = node
        self._keys = keys
        self._copies = copies
        self._removing = removing
        self._asked = asked
        self._ends: list[tuple[int, str]] = []
        self._to_run: dict[str, tuple[str, int]] = {}
        self._late: list[Copy] = []
        """Releases that go when their recipient has acknowledged them."""

    def take(self, held: Held) -> None:
        """Note when a partner's item ends, in the time of deciding."""
        ends = [at_ns for at_ns in (held.expires_ns, held.item.label.expires_ns) if at_ns is not None]
        if ends:
            heapq.heappush(self._ends, (min(ends), held.item.item_id))

    def run(self, agreement_id: str, speaker: str, until_ns: int) -> None:
        """Let all go, at the next tick, that was received under an agreement to be returned or destroyed; to
        whom it was passed on has time until an instant.
        """
        self._to_run[agreement_id] = speaker, until_ns

    def made(self, now_ns: int) -> Iterator[tuple[Held, RecallRecord | None]]:
        """What ends now is removed; certificates for who gave it, and warnings withdrawn."""
        at_ns = self._node.heads.deciding_ns(now_ns)
        names: set[str] = set()
        while self._ends and self._ends[0][0] <= at_ns and len(names) < EACH_MAX:
            names.add(heapq.heappop(self._ends)[1])
        if names:
            copies = self._copies.of(names)
            for copy in copies:
                if at_ns < _ends_ns(copy) < _NEVER_NS:
                    # What was passed on a little later ends a little later.
                    heapq.heappush(self._ends, (_ends_ns(copy), copy.name.item_id))
            ended = [copy for copy in copies if _ends_ns(copy) <= at_ns and self._is_foreign(copy)]
            yield from self._end(ended, BY_EXPIRY, BY_EXPIRY, now_ns)
        while self._to_run:
            agreement_id, (speaker, until_ns) = self._to_run.popitem()
            yield from self._run_out(agreement_id, speaker, until_ns, now_ns)
        ready = [copy for copy in self._late if self._removing.may_go(copy)]
        if ready:
            self._late = [copy for copy in self._late if copy not in ready]
            self._removing.remove(ready, None, BY_EXPIRY, "end of an agreement")

    def _run_out(
        self, agreement_id: str, speaker: str, until_ns: int, now_ns: int
    ) -> Iterator[tuple[Held, RecallRecord | None]]:
        """Everything received under an agreement goes, here and where it was passed on to (rule 3)."""
        had = (copy for copy in self._copies.all() if not copy.is_release)
        under = [copy for copy in had if self._owed(copy, agreement_id)]
        passed = [copy for copy in self._copies.of({copy.name.item_id for copy in under}) if copy.is_release]
        reason = f"end of {agreement_id}"[:120]
        for holder, domain, about in by_holder(passed):
            held = self._asked.recall(holder, about, domain, RecallAction.DESTROY, until_ns, reason)
            if held is not None:
                self._node.use_item(held)
                yield held, self._asked.opening(held, about, until_ns)
        self._late += [copy for copy in passed if not self._removing.may_go(copy)]
        yield from self._end([*under, *passed], reason, speaker, now_ns)

    def _is_foreign(self, copy: Copy) -> bool:
        return copy.item.label.originator != self._node.config.party

    def _owed(self, copy: Copy, agreement_id: str) -> bool:
        return copy.release.duties.return_or_destroy and self.is_under(copy, agreement_id)

    def is_under(self, copy: Copy, agreement_id: str) -> bool:
        """Whether a copy was given under an agreement."""
        rules = (self._node.agreements.rule(name) for name in copy.release.clauses)
        return any(rule is not None and rule.agreement.agreement_id == agreement_id for rule in rules)

    def _end(
        self, ended: Sequence[Copy], reason: str, by: str, now_ns: int
    ) -> Iterator[tuple[Held, RecallRecord | None]]:
        going = [copy for copy in ended if self._removing.may_go(copy)]
        records = self._removing.remove(going, None, by, reason)
        names = {copy.name.item_id for copy in going}
        left = {copy.name.item_id for copy in self._copies.of(names) if not copy.is_release}
        gone = {name: version for name, version in newest_of(going).items() if name not in left}
        for warning in self._removing.forget(gone, now_ns) if gone else ():
            yield warning, None
        owed = [copy for copy in going if not copy.is_release and copy.release.duties.return_or_destroy]
        for giver in dict.fromkeys(copy.party for copy in owed):
            for domain in dict.fromkeys(copy.item.domain for copy in owed if copy.party == giver):
                part = [copy for copy in owed if copy.party == giver and copy.item.domain is domain]
                for told in _parted(newest_of(part)):
                    yield self._certified(giver, domain, told, records, reason, by, now_ns), None

    def _certified(
        self,
        giver: str,
        domain: Domain,
        told: Sequence[ItemReference],
        records: Sequence[RecallRecord],
        reason: str,
        by: str,
        now_ns: int,
    ) -> Held:
        """The answer that nobody asked for (rule 2)."""
        party, names = self._node.config.party, {reference.item_id for reference in told}
        removed = Removed()
        for record in records:
            if record.about[0].item_id in names:
                removed.note(record)
        certificate = Certificate(
            holder=party,
            to=told[0],
            answer=HolderAnswer.COMPLIED,
            reason=reason,
            by=by,
            removed=removed.told(),
            done_ns=now_ns,
        )
        name = f"ended-{now_ns}-{told[0].item_id}"[:80]
        item = Answer(
            **self._node.heads.head(
                name,
                name,
                kind="answer",
                domain=domain,
                valid_ns=now_ns,
                now_ns=now_ns,
                releasable_to=(giver,),
            ),
            to=told[0],
            holder=party,
            answer=HolderAnswer.COMPLIED,
            reason=reason,
            about=tuple(told),
            certificate=sign_certificate(self._keys, certificate),
        )
        held = Held(item, b"", audience=giver)
        self._node.use_item(held)
        return held


def _ends_ns(copy: Copy) -> int:
    ends = [at_ns for at_ns in (copy.release.expires_ns, copy.item.label.expires_ns) if at_ns is not None]
    return min(ends, default=_NEVER_NS)


def _parted(newest: dict[str, int]) -> list[list[ItemReference]]:
    told = [ItemReference(item_id=name, version=version) for name, version in newest.items()]
    return [told[start : start + ABOUT_MAX] for start in range(0, len(told), ABOUT_MAX)]
