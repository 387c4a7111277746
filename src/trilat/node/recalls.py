"""`Recalls`: recall, change of label, expiry, return or destroy, loss, and who holds what, at one node.

    recall ----> each holder (Asked) ............ reminder, overdue, closed
                    |  Obliged: by duty, or a person
                    |  Removing: written first, then contents go, then all that is known forgets
                    |  passed on with consent? recall ----> further holders
                    '---> answer + certificate (+ certificates of further holders)

What each does stands in its own module. This one gives each its turn, and keeps what was called back out.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from trilat.ledger import Entry
from trilat.link import NodeKeys, TrustStore
from trilat.model import (
    ABOUT_MAX,
    SECOND_NS,
    Answer,
    AnyItem,
    HolderAnswer,
    ItemReference,
    LossReport,
    Recall,
    RecallAction,
    Reclassification,
    Release,
    UsageError,
    is_kind,
    kind_of,
)
from trilat.node.asked import Asked, Case
from trilat.node.copies import Copies, Copy, by_holder
from trilat.node.exchange import Held
from trilat.node.expiry import Expiry
from trilat.node.losses import Losses
from trilat.node.obliged import Obliged
from trilat.node.parts import Part
from trilat.node.recall_records import RecallRecord, RecallStep
from trilat.node.relabelling import Relabelling
from trilat.node.removing import Removing, recall_entry
from trilat.policy import CONTROL_KINDS

if TYPE_CHECKING:
    from trilat.node.node import Node

CALLED_BACK_MAX: Final = 100_000
"""Names of items that one partner called back, kept so that they do not come again."""

_SPOKEN: Final = (Recall, Reclassification, LossReport, Answer)
CALLED_BACK: Final = "was called back: not used"


class Recalls(Part):
    """The part of a node that is about items which are out."""

    def __init__(self, node: "Node", keys: NodeKeys, trust: TrustStore) -> None:
        """Nothing was called back."""
        self._node = node
        self.copies = Copies(node.ledger)
        self.removing = Removing(node)
        self.asked = Asked(node, trust)
        self.obliged = Obliged(node, keys, self.copies, self.removing, self.asked)
        self.relabelling = Relabelling(node, keys, trust, self.copies, self.asked)
        self.expiry = Expiry(node, keys, self.copies, self.removing, self.asked)
        self.losses = Losses(node, self.copies, self.asked)
        self._pending: deque[RecallRecord] = deque()
        self._called_back: dict[str, dict[str, int]] = {}
        """By who called them back, the newest version of each item that was."""

        self._aside: set[str] = set()
        """Items of which a copy came after they had been called back."""

    # --- what people ask ---

    def recall(
        self, wanted: Sequence[ItemReference], action: RecallAction, within_s: int, reason: str = ""
    ) -> tuple[Case, ...]:
        """Call own items back from everybody who was given them, or ask who holds them. What nobody has yet
        leaves no more.

        Raises:
            UsageError: nothing was named, an item is not our own, nobody was given any, or none of those may
                be asked.
        """
        versions = {one.item_id: one.version for one in wanted}
        if not versions:
            raise UsageError("name what is called back: items, or a subject")
        party = self._node.config.party
        for item_id in versions:
            if not item_id.startswith(f"{party}-"):
                raise UsageError(
                    f"`{item_id[:80]}` is not ours: only its originator calls it back", refused=True
                )
        given = [
            copy
            for copy in self.copies.of(versions)
            if copy.is_release and copy.name.version <= versions[copy.name.item_id]
        ]
        stops = action is not RecallAction.ACCOUNT
        known = any(self._node.holdings.newest(item_id) is not None for item_id in versions)
        if not given and not (stops and known):
            raise UsageError("nothing of this was released to anybody: there is nobody to ask")
        until_ns = self._node.clock.now_ns() + within_s * SECOND_NS
        asking = [
            (held, about)
            for holder, domain, about in by_holder(given)
            if (held := self.asked.recall(holder, about, domain, action, until_ns, reason)) is not None
        ]
        if given and not asking:
            raise UsageError("no agreement lets a recall go to who holds this: write a clause for recalls")
        cases = self.asked.send(asking, until_ns, _stopping(wanted) if stops else ())
        if stops:
            self._stop(set(versions))
        return cases

    def named(self, names: Iterable[str], subject: str | None = None) -> list[ItemReference]:
        """Own items by name, `ID` or `ID@VERSION`, and all that are held on a subject.

        Raises:
            UsageError: a name is none, or is of nothing that was made here.
        """
        found = []
        for name in names:
            item_id, _, version = name.partition("@")
            newest = self._node.holdings.newest(item_id)
            if version and not (version.isascii() and version.isdecimal() and 0 < int(version) < 10**9):
                raise UsageError(f"`{name[:80]}` names no version: write ID, or ID@3")
            if newest is None and not version:
                raise UsageError(f"no item `{item_id[:80]}` is held here: name its version, as ID@3")
            newest_version = 1 if newest is None else newest.version
            found.append(ItemReference(item_id=item_id, version=int(version) if version else newest_version))
        if subject is not None:
            subjects = {subject, self._node.heads.own_subject(subject)}
            found += [
                item.reference
                for item in self._node.holdings.items()
                if item.subject in subjects
                and item.label.originator == self._node.config.party
                and not isinstance(item, Recall | Reclassification | Answer | LossReport)
            ]
        return found

    def answer(self, item_id: str, answer: HolderAnswer, reason: str, speaker: str) -> None:
        """A person's answer to a partner's recall; it is done at the next tick. Errors as of `Obliged`."""
        record = self.obliged.answer(item_id, answer, reason, speaker)
        self._node.write([recall_entry(record)])
        self.obliged.restore(record)

    def close(self, item_id: str, speaker: str, reason: str) -> None:
        """Wait no longer for an answer.

        Raises:
            UsageError: nothing of that name is open.
        """
        record = self.asked.close(item_id, speaker, reason)
        if record is None:
            raise UsageError(f"no own recall `{item_id[:80]}` is open here: list them again")
        self._node.write([recall_entry(record)])
        self.asked.restore(record, self._node.clock.now_ns())

    def run(self, agreement_id: str, within_s: int, speaker: str, *, early: bool = False) -> tuple[Case, ...]:
        """Return or destroy all that was received under an agreement, at the next tick, and call back all
        that was given under it.

        Raises:
            UsageError: no such agreement is held, or it is in force and nobody said `early`.
        """
        at_ns = self._node.heads.deciding_ns(self._node.clock.now_ns())
        rules = [rule for rule in self._node.agreements.rules if rule.agreement.agreement_id == agreement_id]
        if not rules:
            raise UsageError(f"no agreement `{agreement_id[:80]}` is held here: see `trilat agreement check`")
        if not early and any(self._in_force(rule.name, at_ns) for rule in rules):
            raise UsageError(f"`{agreement_id}` is in force: its items go when it has ended, or say --early")
        self.expiry.run(agreement_id, speaker, self._node.clock.now_ns() + within_s * SECOND_NS)
        given = [copy for copy in self.copies.all() if copy.is_release and self._is_own(copy)]
        names = {
            copy.name.item_id: copy.name
            for copy in given
            if self.expiry.is_under(copy, agreement_id) and copy.release.duties.return_or_destroy
        }
        if not names:
            return ()
        return self.recall(list(names.values()), RecallAction.DESTROY, within_s, f"{agreement_id} has ended")

    def _in_force(self, name: str, at_ns: int) -> bool:
        rule = self._node.agreements.rule(name)
        if rule is None or not rule.from_ns <= at_ns < rule.until_ns:
            return False
        return not self._node.exchange.has_ended(rule.agreement, at_ns)

    def _is_own(self, copy: Copy) -> bool:
        return copy.item.label.originator == self._node.config.party

    # --- turns ---

    def made(self, now_ns: int) -> list[Held]:
        """Answers, reminders, what is passed on, and warnings withdrawn; each with the record of its step."""
        made: list[Held] = []
        self._shred_late_arrivals()
        for held, record in self._steps_made(now_ns):
            made.append(held)
            if record is not None:
                self._pending.append(record)
        return made

    def _steps_made(self, now_ns: int) -> Iterator[tuple[Held, RecallRecord | None]]:
        yield from self.obliged.made(now_ns)
        yield from self.relabelling.made(now_ns)
        yield from self.expiry.made(now_ns)
        yield from self.losses.made(now_ns)
        yield from self.asked.made(now_ns)

    def _shred_late_arrivals(self) -> None:
        """Take the content of copies out that came after they had been called back, and were not used."""
        if self._aside:
            late = [copy for copy in self.copies.of(self._aside) if copy.was_refused]
            self._aside.clear()
            self.removing.remove(late, None, "called back", "called back before it came")

    def steps(self, now_ns: int) -> Iterator[Entry]:
        """Records of what was made, and of deadlines that passed."""
        self._pending += self.asked.steps(now_ns)
        self._pending += self.losses.steps(now_ns)
        while self._pending:
            yield recall_entry(self._pending.popleft())

    def take(self, held: Held, sender: str) -> None:
        """Take what a partner released, which is in the ledger."""
        item = held.item
        trouble = None
        if not is_kind(type(item), _SPOKEN):
            if kind_of(item) not in CONTROL_KINDS:
                self.expiry.take(held)
            return
        if isinstance(item, Recall):
            trouble = self.obliged.take(held, sender)
            if trouble is None and item.action is not RecallAction.ACCOUNT:
                self._bar(item, sender)
        elif isinstance(item, Reclassification):
            self.relabelling.take(held, sender)
        elif isinstance(item, LossReport):
            self.losses.note(item, sender)
        elif isinstance(item, Answer) and not self.losses.instructed(item, sender):
            trouble = self.asked.take(held, sender)
        if trouble is not None:
            self._node.note_refusal(trouble)

    def note_own(self, item: AnyItem) -> None:
        """Note an own item that is in the ledger, or is about to be."""
        if isinstance(item, LossReport):
            self.losses.note(item, None)

    # --- what was called back, or is under a newer label, stays out ---

    def _bar(self, recall: Recall, sender: str) -> None:
        names = self._called_back.setdefault(sender, {})
        for reference in recall.about:
            names[reference.item_id] = max(names.pop(reference.item_id, 0), reference.version)
        # Whoever calls back what never was fills its own list, and pushes its own oldest names out.
        while len(names) > CALLED_BACK_MAX:
            del names[next(iter(names))]

    def refusal(self, release: Release) -> str | None:
        """Why a partner's release is not used, in one line; None where it is."""
        item = release.item
        for asker in () if not self._called_back else (item.label.originator.split("/")[0], release.sender):
            if item.version <= self._called_back.get(asker, {}).get(item.item_id, 0):
                self._aside.add(item.item_id)
                return f"item `{item.item_id}` {CALLED_BACK}"
        return self.relabelling.refusal(release)

    def relabelled(self, held: Held) -> Held:
        """An item under the newest label that is known of it."""
        return self.relabelling.relabelled(held)

    # --- after a restart ---

    def restore(self, record: RecallRecord, recorded_ns: int) -> None:
        """Take a step that is in the ledger."""
        self._node.timeline.note_removing(record)
        self.asked.restore(record, recorded_ns)
        self.obliged.restore(record)
        self.relabelling.restore(record)
        self.losses.restore(record)
        if record.step is RecallStep.STOPPED:
            self._stop({reference.item_id for reference in record.about})

    def _stop(self, names: set[str]) -> None:
        self._node.exchange.stop(names)
        self._node.drop_offers(names)


def _stopping(wanted: Sequence[ItemReference]) -> list[Entry]:
    parts = (tuple(wanted[start : start + ABOUT_MAX]) for start in range(0, len(wanted), ABOUT_MAX))
    return [recall_entry(RecallRecord(step=RecallStep.STOPPED, about=part)) for part in parts]
