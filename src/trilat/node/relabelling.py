"""`Relabelling`: an originator changes the label of items, and every holder changes its own. Never a union.

Rules
1. The new label has a higher version and replaces the old one as a whole. The originator signs it with each
   item; who holds the item checks that signature, whoever brings it.
2. Whoever may not have an item under its new label is asked to destroy it instead; who may have it now and
   had not is given it. Who holds an item decides so for whom it passed it on to.
3. A label older than the newest known never comes back: later versions of an own item go under the new one,
   a partner's copy under an older label is not used.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from trilat.link import NodeKeys, TrustStore, sign_certificate, sign_label, verify_label
from trilat.model import (
    SECOND_NS,
    Answer,
    AnyItem,
    Certificate,
    HolderAnswer,
    ItemReference,
    Label,
    Outcome,
    PeerError,
    RecallAction,
    Reclassification,
    Release,
    UsageError,
    decode,
    encode,
)
from trilat.node.asked import Asked, Case, of_name
from trilat.node.copies import Copies, Copy
from trilat.node.exchange import Held
from trilat.node.obliged import EACH_MAX, NOT_HERE, OPEN_MAX
from trilat.node.recall_records import RecallRecord, RecallStep
from trilat.node.removing import recall_entry

if TYPE_CHECKING:
    from trilat.node.node import Node

_WITHIN_S: Final = 86_400
_NOT_FOR_YOU: Final = "under its new label it is not for you any more"
STALE: Final = "is under an older label than is known here: not used"
BY_LABEL: Final = "the originator's signed label"

_Made = Iterator[tuple[Held, RecallRecord | None]]


class Relabelling:
    """Changes of label at one node, its own and partners'."""

    def __init__(self, node: "Node", keys: NodeKeys, trust: TrustStore, copies: Copies, asked: Asked) -> None:
        """Every label is as it was first written."""
        self._node = node
        self._keys = keys
        self._trust = trust
        self._copies = copies
        self._asked = asked
        self.labels: dict[str, Label] = {}
        """The newest label of each item whose label was changed."""

        self._taken: dict[str, tuple[Reclassification, str]] = {}

    # --- of own items ---

    def relabel(self, item_ids: Sequence[str], changed: Label) -> tuple[Case, ...]:
        """Give own items a new label, and tell every holder; `changed` is what it should say, its version and
        instant are set here.

        Raises:
            UsageError: an item is not held here, or is not our own.
        """
        items = [self._own(item_id) for item_id in item_ids]
        now_ns = self._node.clock.now_ns()
        label = msgspec.structs.replace(
            changed,
            originator=self._node.config.party,
            version=max(self._node.floors.labels, *(item.label.version for item in items)) + 1,
            created_ns=self._node.heads.deciding_ns(now_ns),
        )
        record = RecallRecord(
            step=RecallStep.RELABELLED,
            about=tuple(item.reference for item in items),
            label=encode(label),
        )
        given = [copy for copy in self._copies.of(set(item_ids)) if copy.is_release]
        until_ns = now_ns + _WITHIN_S * SECOND_NS
        told = [(held, opening.about) for held, opening in self._told(given, label, None, None, until_ns)]
        cases = self._asked.send(told, until_ns, (recall_entry(record),))
        self.restore(record)
        self._offer_anew(items, given)
        return cases

    def _own(self, item_id: str) -> AnyItem:
        item = self._node.holdings.newest(item_id)
        if item is None or item.label.originator != self._node.config.party:
            raise UsageError(f"`{item_id[:80]}` is no own item held here: only its originator relabels")
        return item

    def _offer_anew(self, items: Sequence[AnyItem], given: Sequence[Copy]) -> None:
        """Let those have it who did not and may now (rule 2)."""
        for item in items:
            had = {copy.party for copy in given if copy.name == item.reference}
            held = self._node.holdings.held(item.item_id)
            for peer in self._node.config.peers:
                if held is not None and peer not in had:
                    self._node.offer_later(msgspec.structs.replace(held, audience=peer))

    # --- telling holders ---

    def _told(
        self,
        given: Sequence[Copy],
        label: Label,
        changed: Reclassification | None,
        parent: ItemReference | None,
        until_ns: int,
    ) -> Iterator[tuple[Held, RecallRecord]]:
        """For each holder and domain a change of label, or a recall where it may not have it any more."""
        newest: dict[tuple[str, str], Copy] = {}
        for copy in given:
            newest[copy.party, copy.told.item_id] = copy
        for holder in dict.fromkeys(party for party, _ in newest):
            copies = [copy for (party, _), copy in newest.items() if party == holder]
            for stays in (True, False):
                part = [copy for copy in copies if self._may_have(copy, label, holder) is stays]
                if part:
                    held = self._asking(holder, part, label, changed, until_ns, stays=stays, parent=parent)
                    if held is not None:
                        yield (
                            held,
                            RecallRecord(
                                step=RecallStep.OPENED,
                                asks=held.item.reference,
                                party=holder,
                                about=tuple(copy.told for copy in part),
                                parent=parent,
                                until_ns=until_ns,
                            ),
                        )

    def _may_have(self, copy: Copy, label: Label, holder: str) -> bool:
        held = self._node.holdings.held(copy.name.item_id)
        item = copy.item if held is None else held.item
        probe = Held(msgspec.structs.replace(item, label=label), b"")
        decision = self._node.exchange.decide(probe, holder, self._node.clock.now_ns())
        return decision.outcome is Outcome.PERMIT

    def _asking(
        self,
        holder: str,
        part: Sequence[Copy],
        label: Label,
        changed: Reclassification | None,
        until_ns: int,
        *,
        stays: bool,
        parent: ItemReference | None,
    ) -> Held | None:
        about, domain = tuple(copy.told for copy in part), part[0].item.domain
        root = None if changed is None else (changed.on_behalf or changed.reference)
        if not stays:
            behalf = None if root is None or parent is None else (root, parent)
            return self._asked.recall(
                holder, about, domain, RecallAction.DESTROY, until_ns, _NOT_FOR_YOU, behalf
            )
        named = part[0].item
        markings: tuple[bytes, ...]
        if changed is None:
            relabelled = (msgspec.structs.replace(copy.item, label=label) for copy in part)
            markings = tuple(sign_label(self._keys, item) for item in relabelled)
        else:
            by_name = dict(zip(changed.about, changed.markings, strict=True))
            markings = tuple(by_name[copy.told] for copy in part if copy.told in by_name)
            about = tuple(copy.told for copy in part if copy.told in by_name)
        template = Reclassification(
            item_id=named.item_id,
            subject=named.subject,
            domain=domain,
            status=named.status,
            valid_ns=named.valid_ns,
            label=label,
            provenance=named.provenance,
            about=about,
            new_label=label,
            markings=markings,
            on_behalf=root,
        )
        return self._asked.relabel(holder, about, domain, template, until_ns, root) if about else None

    # --- of partners' items ---

    def take(self, held: Held, sender: str) -> None:
        """Take a partner's change of label, which is in the ledger; it is done at the next tick."""
        item = held.item
        assert isinstance(item, Reclassification)
        waiting = sum(whose == sender for _, whose in self._taken.values())
        if item.item_id not in self._taken and waiting >= OPEN_MAX:
            self._node.note_refusal(f"`{sender}` changes more labels at once than {OPEN_MAX}: not taken")
            return
        self._taken[item.item_id] = (item, sender)

    def made(self, now_ns: int) -> _Made:
        """What changes of label come to: a record, what is passed on, and the answer."""
        for name in list(self._taken)[:EACH_MAX]:
            item, sender = self._taken.pop(name)
            yield from self._changed(item, sender, now_ns)

    def _changed(self, item: Reclassification, sender: str, now_ns: int) -> _Made:
        trouble = self._trouble(item)
        if trouble is None:
            record = RecallRecord(
                step=RecallStep.RELABELLED,
                asks=item.reference,
                party=sender,
                about=item.about,
                label=encode(item.new_label),
                markings=item.markings,
            )
            self._node.write([recall_entry(record)])
            self.restore(record)
            names = {reference.item_id for reference in item.about}
            passed = [copy for copy in self._copies.of(names) if copy.is_release]
            until_ns = now_ns + _WITHIN_S * SECOND_NS
            for held, opening in self._told(passed, item.new_label, item, item.reference, until_ns):
                self._node.use_item(held)
                self._asked.restore(opening, now_ns)
                yield held, opening
            self._offer_anew([one for name in names if (one := self._node.holdings.newest(name))], passed)
        yield self._answer(item, sender, trouble, now_ns)

    def _trouble(self, item: Reclassification) -> str | None:
        """Why a change of label cannot be made here, or None (rule 1)."""
        if len(item.markings) != len(item.about):
            return "it carries no signature of the originator over each item"
        for reference, marking in zip(item.about, item.markings, strict=True):
            held = self._node.holdings.held(reference.item_id)
            if held is None or held.item.label.originator != item.new_label.originator:
                return NOT_HERE
            try:
                verify_label(self._trust, _named(held.item, reference, item.new_label), marking)
            except PeerError:
                return "its signature is not the originator's over this item and label"
            if held.item.label.version >= item.new_label.version:
                return "a label as new as this, or newer, is here already"
        return None

    def _answer(
        self, item: Reclassification, sender: str, trouble: str | None, now_ns: int
    ) -> tuple[Held, RecallRecord]:
        answer = HolderAnswer.COMPLIED if trouble is None else HolderAnswer.UNABLE
        certificate = Certificate(
            holder=self._node.config.party,
            to=item.reference,
            on_behalf=item.on_behalf,
            answer=answer,
            reason=trouble or "",
            by=BY_LABEL,
            held=item.about if trouble is None else (),
            done_ns=now_ns,
        )
        signed = sign_certificate(self._keys, certificate)
        said = Answer(
            **self._node.heads.head(
                f"answer-{of_name(item.item_id)}",
                item.subject,
                kind="answer",
                domain=item.domain,
                valid_ns=now_ns,
                now_ns=now_ns,
                releasable_to=(sender,),
            ),
            to=item.reference,
            holder=self._node.config.party,
            answer=answer,
            reason=trouble or "",
            about=item.about,
            certificate=signed,
        )
        held = Held(said, b"", audience=sender)
        self._node.use_item(held)
        return held, RecallRecord(
            step=RecallStep.ANSWERED,
            asks=item.reference,
            party=sender,
            answer=answer,
            by=BY_LABEL,
            reason=trouble or "",
            certificate=signed,
        )

    # --- the newest label (rule 3) ---

    def relabelled(self, held: Held) -> Held:
        """An item under the newest label that is known of it."""
        label = self.labels.get(held.item.item_id)
        if label is None or label.version <= held.item.label.version:
            return held
        return msgspec.structs.replace(held, item=msgspec.structs.replace(held.item, label=label))

    def refusal(self, release: Release) -> str | None:
        """Why a partner's copy is not used: its label is older than what is known; None where it is not."""
        label = self.labels.get(release.item.item_id)
        if label is None or release.item.label.version >= label.version:
            return None
        return f"item `{release.item.item_id}` {STALE}"

    def restore(self, record: RecallRecord) -> None:
        """Put the new label in the place of the old, in all that the node knows; it is in the ledger."""
        node = self._node
        if record.step is RecallStep.ANSWERED and record.asks is not None:
            self._taken.pop(record.asks.item_id, None)
        if record.step is not RecallStep.RELABELLED:
            return
        node.timeline.relabelled()
        label = decode(record.label, Label)
        if label.originator == node.config.party:
            node.floors.note_label(label.version)
        markings = record.markings or (b"",) * len(record.about)
        names = set()
        for reference, marking in zip(record.about, markings, strict=True):
            self.labels[reference.item_id] = label
            names.add(reference.item_id)
            held = node.holdings.held(reference.item_id)
            if held is not None:
                item = msgspec.structs.replace(held.item, label=label)
                node.holdings.replace(msgspec.structs.replace(held, item=item, marking=marking))
        node.exchange.drop(names)
        node.drop_offers(names)
        node.recent_decisions.forget(names)
        node.views.revise(
            lambda item: (
                msgspec.structs.replace(item, label=label)
                if item.item_id in names and item.label.version < label.version
                else item
            )
        )


def _named(item: AnyItem, reference: ItemReference, label: Label) -> AnyItem:
    """An item as the originator signed it: the version that it names, under the new label."""
    return msgspec.structs.replace(item, version=reference.version, label=label)
