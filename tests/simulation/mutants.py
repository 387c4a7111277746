"""Known faults that can be planted in production code, each of which the simulation must find.

A mutant replaces one thing by name while it is planted; where the thing is gone, planting fails. So a mutant
cannot quietly stop to be one.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Final

import msgspec

from trilat.ledger import Entry, Ledger
from trilat.link import LinkEndpoint
from trilat.link.epochs import GroupEpochs
from trilat.link.inbox import Inbox
from trilat.link.incoming import IncomingStream
from trilat.link.stream import OutgoingStream
from trilat.model import INSTANT_NS_MAX, Duties, Form, LedgerError, Outcome, Receipt, encode
from trilat.node import decisions_in
from trilat.node.exchange import Exchange
from trilat.node.known import KnownVersions
from trilat.node.known_agreements import KnownAgreements
from trilat.node.lanes import Lanes
from trilat.policy import AgreementSet

_RESTORE: Final[Any] = import_module("trilat.node.restore")
_EXCHANGE: Final = import_module("trilat.node.exchange")
_INBOX: Final = import_module("trilat.link.inbox")
_EXAMINATION: Final = import_module("trilat.ledger.examination")
_CHANGING: Final[Any] = import_module("trilat.node.changing")
_DECIDE: Final = import_module("trilat.policy.decide")
Patch = tuple[Any, str, Callable[[Any], Any]]
"""Where, which name, and what makes the faulty thing of the sound one."""


@dataclass(frozen=True)
class Mutant:
    """One known fault."""

    name: str
    sentence: str
    patches: tuple[Patch, ...]

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Have the fault while this lasts.

        Raises:
            KeyError: production code has no such thing any more.
        """
        with ExitStack() as undo:
            for owner, name, make in self.patches:
                sound = owner.__dict__[name]
                undo.callback(setattr, owner, name, sound)
                setattr(owner, name, make(sound))
            yield


def _acknowledge_first(sound: Any) -> Any:
    def deliver(self: Any, name: Any, stream: Any, opened: Any, runs: Any) -> Any:
        early = IncomingStream(stream.cursor, (*stream.ahead, *runs))
        self._acknowledge(name, early)
        return sound(self, name, stream, opened, runs)

    return deliver


def _write_later(sound: Any) -> Any:
    """Receipts at once, rows with the next commit: a group commit that does not wait for its disk."""

    def append(self: Ledger, entries: Any) -> Any:
        held: list[Entry] = self.__dict__.setdefault("_held", [])
        if not entries:
            return ()
        late, held[:] = list(held), list(entries)
        receipts = sound(self, late) if late else ()
        name = Receipt(party=self.party, entry=0, commitment=bytes(32), recorded_ns=0)
        return (*receipts, *(name for _ in entries))[-len(entries) :]

    return append


def _send_first(sound: Any) -> Any:
    def written(self: Any, entries: Any) -> Any:
        name = Receipt(party=self.config.party, entry=0, commitment=bytes(32), recorded_ns=0)
        for entry in entries:
            if entry.kind.value == "release":
                record = msgspec.msgpack.decode(entry.content)
                self.endpoint.send(record[0], record[2], record[5], name)
        self.endpoint.tick(self.clock.now_ns())
        self.endpoint.__dict__["_sent_first"] = True
        return sound(self, entries)

    return written


def _sent_already(sound: Any) -> Any:
    def send(self: Any, recipient: str, sequence: int, parcel: bytes, receipt: Any) -> None:
        if sequence == self.next_sequence(recipient):
            sound(self, recipient, sequence, parcel, receipt)

    return send


def _last_again(sound: Any) -> Any:
    """After a restart the newest number that no receipt covers is given once more."""

    def finish(self: Any) -> None:
        for recipient, outgoing in self._outgoing.items():
            if outgoing.acknowledged < outgoing.last:
                outgoing.last -= 1
                self._node.exchange._sequences[recipient] -= 1
        sound(self)

    return finish


def _skip_one(sound: Any) -> Any:
    def state(self: Any) -> Any:
        whole = sound(self)
        oldest = whole.acknowledged + 1
        return replace(whole, skipped=((oldest, oldest),)) if oldest <= whole.last else whole

    return state


def _no_wait_after_restart(sound: Any) -> Any:
    def decided(self: Any, stored: Any, content: bytes) -> None:
        node = self._node
        queue = node.exchange._queue
        before = {one.order for one in queue}
        sound(self, stored, content)
        for key in {(one.decision.recipient, one.held.item.item_id) for one in queue}:
            queue.drop(key, lambda one: one.order not in before)

    return decided


def _permitted_after_restart(sound: Any) -> Any:
    def taken(self: Any, stored: Any, content: bytes) -> None:
        for decision in decisions_in(content):
            withheld = decision.outcome is Outcome.WITHHOLD and decision.item is not None
            if withheld and stored.entry % 50 == 0:
                decision = msgspec.structs.replace(  # noqa: PLW2901
                    decision,
                    outcome=Outcome.PERMIT,
                    form=Form.AREAS,
                    duties=Duties(),
                    clauses=("pact-1.toml#signs",),
                )
            sound(self, stored, encode(decision))

    return taken


def _forgets_some(sound: Any) -> Any:
    def settle(self: Any, sender: str, stream: str, run: Any) -> None:
        if run[0] % 7:
            sound(self, sender, stream, run)

    return settle


def _same_epoch(sound: Any) -> Any:
    """The epoch's key is made of what stays over a restart, as in a restored backup."""

    def new(self: Any, reason: Any) -> Any:
        drawn = self._entropy
        self._entropy = lambda count: (self._group.encode() * count)[:count]
        try:
            return sound(self, reason)
        finally:
            self._entropy = drawn

    return new


def _counter_again(sound: Any) -> Any:
    def take(self: Any, count: int) -> Any:
        epoch, _ = sound(self, count)
        return epoch, 0

    return take


def _any_cursor(sound: Any) -> Any:
    def acknowledge(self: Any, cursor: int, now_ns: int, ahead: Any = ()) -> int:
        last, self._last = self._last, max(self._last, cursor)
        try:
            newly: int = sound(self, cursor, now_ns, ahead)
        finally:
            self._last = last
        return newly

    return acknowledge


def _repeats_too(_: Any) -> Any:
    def accept(self: Any, first_sequence: int, count: int) -> range | None:
        last = first_sequence + count - 1
        self._seen = max(self._seen, last)
        return None if first_sequence > self._cursor + 1 else range(first_sequence, last + 1)

    return accept


def _all_is_new(_: Any) -> Any:
    return lambda _stream, first, last: ((first, last),)


def _always(_: Any) -> Any:
    return lambda _item: True


def _of_others(sound: Any) -> Any:
    def read(self: Any, recipient: str, stream: str, first: int, limit: int) -> Any:
        others = [peer for peer in self._node.config.peers if peer != recipient]
        return sound(self, others[0], self._node.endpoint.stream(others[0]), first, limit) or sound(
            self, recipient, stream, first, limit
        )

    return read


def _silent_repeat(sound: Any) -> Any:
    def acknowledge(self: Any, name: Any, stream: Any) -> None:
        told = self.__dict__.setdefault("_told", {})
        if told.get(name) != stream.cursor:
            told[name] = stream.cursor
            sound(self, name, stream)

    return acknowledge


def _swallow_full(sound: Any) -> Any:
    def append(self: Any, entries: Any) -> Any:
        try:
            return sound(self, entries)
        except LedgerError:
            name = Receipt(party=self.party, entry=0, commitment=bytes(32), recorded_ns=0)
            return tuple(name for _ in entries)

    return append


def _old_speaks(_: Any) -> Any:
    return lambda _self, _agreement: INSTANT_NS_MAX


def _at_once(_: Any) -> Any:
    return lambda _item, _decision: 0


def _for_anyone(sound: Any) -> Any:
    def answered(
        item: Any,
        originator: str,
        recipient: str,
        via: Any,
        clause: str,
        at_ns: int,
        consents: Sequence[Any],
        **more: Any,
    ) -> Any:
        widened = [msgspec.structs.replace(one, recipient=recipient) for one in consents]
        return sound(item, originator, recipient, via, clause, at_ns, widened, **more)

    return answered


def _blind(sound: Any) -> Any:
    def entries(self: Any, first: int = 0, kinds: Any = None, *, on_broken: Any = None) -> Any:
        return sound(self, first, kinds, on_broken=on_broken or (lambda _entry, _problem: None))

    return entries


def _no_problem(sound: Any) -> Any:
    def go_on(self: Any) -> None:
        sound(self)

    return go_on


def _sound_rows(sound: Any) -> Any:
    def examined(row: Any, _: Any, vault: Any) -> Any:
        return sound(row, frozenset(), vault)

    return examined


def _nothing(_: Any) -> Any:
    return lambda _parcels, _wire: None


def _never(_: Any) -> Any:
    return lambda _known, _partner: False


def _not_at_all(_: Any) -> Any:
    def go_on(node: Any, waiting: Any) -> None:
        for held in waiting:
            decision = node.exchange.decide(held, held.audience, held.item.valid_ns)
            node.exchange.take(held, decision, held.item.valid_ns)

    return go_on


def _any_stands(_: Any) -> Any:
    return lambda _exchange, _waiting: True


def _not_taken(_: Any) -> Any:
    return lambda _kind, _name, _version, _content, _sender: None


def _not_restored(_: Any) -> Any:
    return lambda _known, _stored, _content: None


_ALL: Final = (
    Mutant(
        "acknowledge before commit",
        "A partner is told that its parcels are accepted before they are on the disk.",
        ((Inbox, "_deliver", _acknowledge_first),),
    ),
    Mutant(
        "receipt before commit",
        "The ledger gives receipts at once and writes with its next commit.",
        ((Ledger, "append", _write_later),),
    ),
    Mutant(
        "send before write",
        "Releases leave, and are written afterwards.",
        ((_RESTORE.Node, "_written", _send_first), (LinkEndpoint, "send", _sent_already)),
    ),
    Mutant(
        "stale membership",
        "An older version of an agreement goes on speaking beside the newer one.",
        ((AgreementSet, "_replaced_ns", _old_speaks),),
    ),
    Mutant(
        "removed member gets what was recorded",
        "What stood in a stream when its recipient was taken out of the agreement is sent all the same.",
        ((_CHANGING.StandingParcels, "_reason", _nothing), (KnownVersions, "is_behind", _never)),
    ),
    Mutant(
        "what waits is not decided anew",
        "What was decided before a change, and waits for its delay, leaves as it was decided.",
        ((_CHANGING, "_decide_anew", _not_at_all),),
    ),
    Mutant(
        "an older decision leaves beside the newer",
        "After a restart every decision that ever permitted an item lets it leave.",
        ((Exchange, "_stands", _any_stands),),
    ),
    Mutant(
        "a version told is not taken",
        "A node hears of a newer version of an agreement, and goes on by the old one.",
        ((KnownAgreements, "take", _not_taken),),
    ),
    Mutant(
        "a restart forgets what was adopted",
        "A node that begins anew goes by its files alone.",
        ((KnownVersions, "_restore", _not_restored),),
    ),
    Mutant(
        "reused sequence",
        "After a restart the newest number in a stream is given to another release.",
        ((_RESTORE._Restorer, "finish", _last_again),),
    ),
    Mutant(
        "reused nonce after a restored backup",
        "The key of an epoch is made of what a backup holds, so a restarted node counts from zero under it.",
        ((GroupEpochs, "_new", _same_epoch),),
    ),
    Mutant(
        "reused nonce within an epoch",
        "Every envelope counts its objects from zero.",
        ((GroupEpochs, "take", _counter_again),),
    ),
    Mutant(
        "receipts beyond the stream",
        "A partner's signature for what was never sent to it is taken for all there is.",
        ((OutgoingStream, "acknowledge", _any_cursor),),
    ),
    Mutant(
        "repeat not dropped",
        "What was accepted is accepted again when it comes again.",
        ((IncomingStream, "accept", _repeats_too), (IncomingStream, "news", _all_is_new)),
    ),
    Mutant(
        "reorder handed on",
        "What comes too early is accepted in front of what is missing, whatever it is.",
        ((_INBOX, "newest_wins", _always),),
    ),
    Mutant(
        "archive answers with another stream",
        "What is sent again is read from the stream to somebody else.",
        ((Lanes, "read", _of_others),),
    ),
    Mutant(
        "repeat not acknowledged",
        "Whoever lost a receipt never gets another one.",
        ((Inbox, "_acknowledge", _silent_repeat),),
    ),
    Mutant(
        "resend skips one after a restart",
        "Of what no receipt covers, the oldest is taken for left out.",
        ((_RESTORE._Outgoing, "state", _skip_one),),
    ),
    Mutant(
        "restore accepts one twice",
        "After a restart some numbers that came are asked for again, and accepted again.",
        ((_RESTORE._Restorer, "_settle", _forgets_some),),
    ),
    Mutant(
        "restore forgets what was not due",
        "What was decided before a restart and waits for its delay never leaves.",
        ((_RESTORE._Restorer, "_decision", _no_wait_after_restart),),
    ),
    Mutant(
        "withheld item released after a restart",
        "A restored node takes a refusal for a permission.",
        ((_RESTORE._Restorer, "_decision", _permitted_after_restart),),
    ),
    Mutant(
        "a delay that is not kept",
        "Releases leave at once, whatever delay their clause asks for.",
        ((_EXCHANGE, "due_ns", _at_once),),
    ),
    Mutant(
        "consent for one recipient used for another",
        "An officer's approval for one party lets the item go to any.",
        ((_DECIDE, "answered", _for_anyone),),
    ),
    Mutant(
        "full disk taken for written",
        "Where the disk is full the ledger says that it wrote.",
        ((Ledger, "append", _swallow_full),),
    ),
    Mutant(
        "torn write taken for committed",
        "A ledger is continued behind a row of which half was written.",
        ((Ledger, "_continue", _no_problem), (Ledger, "entries", _blind)),
    ),
    Mutant(
        "chain not checked",
        "Rows are examined one by one, and not against the row before them.",
        ((_EXAMINATION, "_examine_row", _sound_rows),),
    ),
)
MUTANTS: Final = {mutant.name: mutant for mutant in _ALL}
"""By name."""
