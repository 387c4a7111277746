"""`Witness`: tells each partner what this node has of their streams, and holds the partner to its own word.

What happens
1. Of each stream in which something is new, a head is signed, now and then or after so many parcels
   (`AuditSettings`). It is an entry before the partner hears of it, on the topic `head`, sealed to it.
2. A partner's head that agrees with this ledger is an entry of its own (`witness`): whoever rewrites its
   history later is shown it.
3. One that does not agree is evidence: both signed statements are written down, people are told in one
   sentence, and the node goes on. Which contradictions there are, `Finding` lists.
4. A head of what has not come yet waits; if it does not come in time, that is told too.
5. Of numbers that the sender left out, because they were not worth sending any more, the recipient asks for
   the leaves alone. The head that the sender signed says whether they are the right ones.

A partner is heard 30 times in 10 seconds, and writes one piece of evidence of a kind on a stream: it can
neither keep the node busy nor fill its ledger.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trilat.ledger import Entry, EntryKind, Removal, Stored
from trilat.link import (
    Entropy,
    NodeKeys,
    TreeHead,
    TrustStore,
    ledger_commitment,
    open_tree_head,
    open_word,
    read_tree_head,
    seal_word,
    sign_tree_head,
)
from trilat.model import (
    SECOND_NS,
    EnvelopeError,
    LedgerError,
    TrilatError,
    UsageError,
    WireError,
    decode,
    encode,
    format_instant,
)
from trilat.node.parts import Heard, Part, Recorded
from trilat.node.records import ReceiptRecord
from trilat.node.tree_records import (
    HEAD_RECORD_BYTES_MAX,
    HEADS_TOLD_MAX,
    LEAVES_MAX,
    LEAVES_TOLD_MAX,
    WORD_BYTES_MAX,
    EvidenceRecord,
    Finding,
    HeadRecord,
    HeadWord,
    LeavesAsked,
    LeavesGiven,
    RemovedLeaf,
    WitnessRecord,
)
from trilat.node.trees import Signed, StreamName, StreamTree, Trees, proof_of

if TYPE_CHECKING:
    from trilat.node.node import Node

TOPIC: Final = "head"
_HEARD_MAX: Final = 30
_HEARD_WITHIN_NS: Final = 10 * SECOND_NS
_AGAIN_NS: Final = 600 * SECOND_NS
"""A head that the partner has not answered with its own is told again after so long."""

_LEAVES_EVERY_NS: Final = 10 * SECOND_NS
_WAITING_STREAMS_MAX: Final = 4
_NOT_LATE_NS: Final = 60 * SECOND_NS
"""By so much two honest clocks and a late word may differ before a head counts as later than a receipt."""


@dataclass
class _Waiting:
    """A partner's head of what has not come yet."""

    signed: Signed
    since_ns: int
    told: bool = False


class Witness(Part):
    """Heads of one node's streams, its own and its partners'."""

    def __init__(self, node: "Node", keys: NodeKeys, trust: TrustStore, entropy: Entropy) -> None:
        """No stream yet."""
        self._node = node
        self._keys = keys
        self._trust = trust
        self._entropy = entropy
        self.trees = Trees(node.ledger)
        self._settings = node.config.audit
        self._new_since_ns: dict[StreamName, int] = {}
        self._told_ns: dict[StreamName, int] = {}
        self._to_tell: dict[str, list[bytes]] = {}
        self._to_write: list[Entry] = []
        self._waiting: dict[StreamName, _Waiting] = {}
        self._receipts: dict[StreamName, tuple[int, int, bytes]] = {}
        """Of each own stream the partner's newest receipt: cursor, instant, as it was signed."""

        self._found: dict[tuple[Finding, StreamName], int] = {}
        """What contradicts, and when it was found, UTC ns."""

        self._heard_ns: dict[str, deque[int]] = {}
        self._leaves_asked_ns: dict[StreamName, int] = {}
        node.ledger.proof_of = self._proof

    def _proof(self, stored: Stored) -> bytes:
        left = proof_of(self._node.config.party, stored)
        return b"" if left is None else encode(left)

    # --- what the ledger says ---

    def recorded(self, entry: int, recorded_ns: int, record: Recorded) -> None:
        """Take a parcel or a receipt that is in the ledger."""
        if isinstance(record, ReceiptRecord):
            name = StreamName(self._node.config.party, record.recipient, record.stream)
            cursor, _, _ = self._receipts.get(name, (-1, 0, b""))
            if record.cursor > cursor:
                self._receipts[name] = record.cursor, recorded_ns, record.signed
            return
        tree = self.trees.recorded(entry, record)
        self._new_since_ns.setdefault(tree.name, recorded_ns)

    def kinds(self) -> Mapping[EntryKind, Callable[[Stored, bytes], None]]:
        """Heads, witnessed heads, evidence and removals of before a restart."""
        return {
            EntryKind.HEAD: self._use_head,
            EntryKind.WITNESS: self._use_witness,
            EntryKind.EVIDENCE: self._use_evidence,
            EntryKind.REMOVAL: self._use_removal,
        }

    def _use_head(self, stored: Stored, content: bytes) -> None:
        tree = self.trees.signed(stored.entry, decode(content, HeadRecord, HEAD_RECORD_BYTES_MAX))
        self._settled(tree, stored.recorded_ns)

    def _settled(self, tree: StreamTree, now_ns: int) -> None:
        self._new_since_ns.pop(tree.name, None)
        if tree.own is not None and tree.size > tree.own.head.size:
            self._new_since_ns[tree.name] = now_ns

    def _use_witness(self, stored: Stored, content: bytes) -> None:
        self.trees.witnessed(stored.entry, decode(content, WitnessRecord))

    def _use_evidence(self, stored: Stored, content: bytes) -> None:
        record = decode(content, EvidenceRecord, HEAD_RECORD_BYTES_MAX)
        for signed in record.statements:
            try:
                head = read_tree_head(signed)
            except TrilatError:
                continue  # a receipt is a statement too, and names the same stream
            name = StreamName(head.sender, head.recipient, head.stream)
            self._found.setdefault((record.finding, name), stored.recorded_ns)

    def _use_removal(self, _: Stored, content: bytes) -> None:
        proof = decode(content, Removal).proof
        if proof:
            self.trees.removed(decode(proof, RemovedLeaf))

    def findings(self) -> tuple[tuple[Finding, StreamName, int], ...]:
        """What contradicts, of which stream, and when it was found, UTC ns. What was only late is no finding
        any more once it has come.
        """
        late = {name for name, waiting in self._waiting.items() if waiting.told}
        return tuple(
            (finding, name, at_ns)
            for (finding, name), at_ns in self._found.items()
            if finding is not Finding.MISSING or name in late
        )

    # --- own heads ---

    def steps(self, now_ns: int) -> Iterable[Entry]:
        """Heads that are due, then what was heard of partners."""
        for tree in self.trees:
            while self._is_due(tree, now_ns):
                yield self._sign(tree, now_ns)
        self._look_for_missing(now_ns)
        while self._to_write:
            yield self._to_write.pop(0)

    def _is_due(self, tree: StreamTree, now_ns: int) -> bool:
        new = tree.size - (0 if tree.own is None else tree.own.head.size)
        since_ns = self._new_since_ns.get(tree.name, now_ns)
        late = now_ns - since_ns >= self._settings.head_every_s * SECOND_NS
        return new >= self._settings.head_every_items or (new > 0 and late)

    def _sign(self, tree: StreamTree, now_ns: int) -> Entry:
        size = min(tree.size, tree.covered + LEAVES_MAX)
        whole = self._node.ledger.head()
        salt = self._entropy(32)
        signed = sign_tree_head(
            self._keys,
            TreeHead(
                signer=self._node.config.party,
                **tree.name._asdict(),
                size=size,
                root=tree.log.root(size),
                at_ns=now_ns,
                ledger=ledger_commitment(salt, whole.entries, whole.chained),
            ),
        )
        record = HeadRecord(
            **tree.name._asdict(),
            first=tree.covered,
            leaves=tuple(tree.uncovered[: size - tree.covered]),
            signed=signed,
            salt=salt,
            entries=whole.entries,
            chained=whole.chained,
        )
        # The record stands somewhere behind what the ledger has now: it is found from there.
        self.trees.signed(whole.entries, record)
        self._settled(tree, now_ns)
        self._told_ns[tree.name] = now_ns
        self._tell(_partner(tree.name, self._node.config.party), signed)
        return Entry(kind=EntryKind.HEAD, content=encode(record))

    def _tell(self, partner: str, signed: bytes) -> None:
        waiting = self._to_tell.setdefault(partner, [])
        waiting.append(signed)
        del waiting[:-HEADS_TOLD_MAX]

    def written(self, now_ns: int) -> None:
        """Tell partners of heads that are on disk; again those that nobody answered."""
        for tree in self.trees:
            told_ns = self._told_ns.setdefault(tree.name, now_ns)
            if tree.own is not None and now_ns - told_ns >= _AGAIN_NS and not _is_answered(tree):
                self._told_ns[tree.name] = now_ns
                self._tell(_partner(tree.name, self._node.config.party), tree.own.data)
        told, self._to_tell = self._to_tell, {}
        for partner, heads in told.items():
            self._say(partner, HeadWord(heads=tuple(heads)))
        self._ask_for_leaves(now_ns)

    def _say(self, partner: str, word: HeadWord | LeavesAsked | LeavesGiven) -> None:
        try:
            sealed = seal_word(self._keys, self._trust, partner, TOPIC, word)
            self._node.endpoint.notify(partner, TOPIC, sealed)
        except TrilatError as error:
            self._node.note_refusal(f"heads cannot be told to `{partner}`: {error}")

    # --- numbers that carry nothing ---

    def _ask_for_leaves(self, now_ns: int) -> None:
        """Ask for leaves of numbers that are settled and of which no parcel is here (rule 5)."""
        for (sender, stream), cursor in self._node.endpoint.cursors().items():
            name = StreamName(sender, self._node.config.party, stream)
            tree = self.trees.get(name)
            size = 0 if tree is None else tree.size
            if cursor <= size or now_ns - self._leaves_asked_ns.get(name, 0) < _LEAVES_EVERY_NS:
                continue
            self._leaves_asked_ns[name] = now_ns
            count = min(cursor - size, LEAVES_TOLD_MAX)
            self._say(sender, LeavesAsked(**name._asdict(), first=size + 1, count=count))

    def _give_leaves(self, partner: str, asked: LeavesAsked) -> None:
        name = StreamName(asked.sender, asked.recipient, asked.stream)
        tree = self.trees.get(name)
        if tree is None or (name.sender, name.recipient) != (self._node.config.party, partner):
            raise EnvelopeError(f"`{partner}` asks for leaves of a stream that is not to it: not given")
        stop = min(asked.first + asked.count - 1, tree.size)
        if stop >= asked.first:
            leaves = tuple(tree.log.leaves(asked.first - 1, stop))
            self._say(partner, LeavesGiven(**name._asdict(), first=asked.first, leaves=leaves))

    def _take_leaves(self, partner: str, given: LeavesGiven) -> None:
        name = StreamName(given.sender, given.recipient, given.stream)
        cursor = self._node.endpoint.cursors().get((given.sender, given.stream), 0)
        if given.sender != partner or given.recipient != self._node.config.party or not cursor:
            raise EnvelopeError(f"`{partner}` gives leaves of a stream that it does not send us: not taken")
        for offset, leaf in enumerate(given.leaves):
            if given.first + offset <= cursor:
                self.trees.leaf(name, given.first + offset, leaf)

    # --- partners' heads ---

    def topics(self) -> Mapping[str, Heard]:
        """Heads that partners signed."""
        return {TOPIC: self.heard}

    def heard(self, partner: str, content: bytes) -> None:
        """Take a partner's word; PeerError where it is none, or comes too often."""
        now_ns = self._node.clock.now_ns()
        self._refuse_flood(partner, now_ns)
        opened = open_word(self._keys, partner, TOPIC, content)
        word = _word(opened)
        if isinstance(word, LeavesAsked):
            self._give_leaves(partner, word)
            return
        if isinstance(word, LeavesGiven):
            self._take_leaves(partner, word)
            return
        for signed in word.heads:
            head = open_tree_head(self._trust, signed)
            name = StreamName(head.sender, head.recipient, head.stream)
            ends = {head.sender, head.recipient}
            if head.signer != partner or ends != {partner, self._node.config.party}:
                raise EnvelopeError(f"`{partner}` tells a head of a stream that is not between us: not read")
            self._judge(name, Signed(head, signed), now_ns)

    def _refuse_flood(self, partner: str, now_ns: int) -> None:
        heard = self._heard_ns.setdefault(partner, deque(maxlen=_HEARD_MAX))
        if len(heard) == _HEARD_MAX and now_ns - heard[0] < _HEARD_WITHIN_NS:
            raise EnvelopeError(f"`{partner}` tells heads more than {_HEARD_MAX} times in 10 s: not read")
        heard.append(now_ns)

    def _judge(self, name: StreamName, said: Signed, now_ns: int) -> None:
        """Hold a head against what the partner signed before, and against this ledger."""
        tree = self.trees.get(name)
        contradiction = None if tree is None else self._contradicts_itself(tree, said)
        if contradiction is not None:
            self._find(*contradiction, name)
            return
        size = 0 if tree is None else tree.size
        if said.head.size > size:
            if name.recipient == said.head.signer:
                text = (
                    f"{said.head.signer} signed that it has {said.head.size} parcels of our stream to it, "
                    f"which has {size}: one of the two ledgers is not what it was"
                )
                self._find(Finding.BEYOND, text, self._statements(tree, said), name)
            else:
                self._wait_for(name, said, now_ns)
            return
        self._compare(tree, name, said)

    def _contradicts_itself(self, tree: StreamTree, said: Signed) -> tuple[Finding, str, list[bytes]] | None:
        head, known = said.head, tree.witnessed
        if known is not None and known.head.signer == head.signer:
            before = known.head
            both = [known.data, said.data]
            if before.size == head.size and before.root != head.root:
                text = (
                    f"{head.signer} signed two different trees of {head.size} parcels: it shows two histories"
                )
                return Finding.FORKED, text, both
            if head.at_ns > before.at_ns and head.size < before.size:
                text = (
                    f"{head.signer} signed {before.size} parcels at {format_instant(before.at_ns)} and only "
                    f"{head.size} at {format_instant(head.at_ns)}: its record was cut or rewritten"
                )
                return Finding.ROLLED_BACK, text, both
        cursor, at_ns, receipt = self._receipts.get(tree.name, (0, 0, b""))
        if head.signer == tree.name.recipient and head.size < cursor and head.at_ns > at_ns + _NOT_LATE_NS:
            text = (
                f"{head.signer} signed a receipt for {cursor} parcels, and later a tree of {head.size}: it "
                "denies what it acknowledged"
            )
            return Finding.DENIED, text, [receipt, said.data]
        return None

    def _compare(self, tree: StreamTree | None, name: StreamName, said: Signed) -> None:
        head = said.head
        if tree is None:
            return  # the empty tree of a stream that has not begun
        known = tree.witnessed
        if known is not None and head.size < known.head.size:
            return  # late, and before what agreed already
        try:
            root = tree.log.root(head.size)
        except (LedgerError, UsageError) as error:
            self._node.note_refusal(f"a head of {head.signer} cannot be compared: {error}")
            return
        if root != head.root:
            text = (
                f"{head.signer} and this node have different trees of {head.size} parcels of the stream "
                f"{name.sender} to {name.recipient}: `trilat audit compare` finds the first difference"
            )
            self._find(Finding.DIFFERS, text, self._statements(tree, said), name)
            return
        if known is not None and head.size == known.head.size:
            return
        record = WitnessRecord(partner=head.signer, signed=said.data)
        self._to_write.append(Entry(kind=EntryKind.WITNESS, content=encode(record)))
        tree.witnessed = said

    def _statements(self, tree: StreamTree | None, said: Signed) -> list[bytes]:
        """The partner's head, and this node's own word on the same stream."""
        own = None if tree is None else tree.own
        return [said.data] if own is None else [said.data, own.data]

    def _find(self, finding: Finding, text: str, statements: list[bytes], name: StreamName) -> None:
        """Write evidence, and tell people; once for each kind and stream."""
        if (finding, name) in self._found:
            return
        self._found[finding, name] = self._node.clock.now_ns()
        partner = _partner(name, self._node.config.party)
        record = EvidenceRecord(
            finding=finding, partner=partner, stream=name.stream, text=text, statements=tuple(statements)
        )
        self._to_write.append(Entry(kind=EntryKind.EVIDENCE, content=encode(record)))
        self._node.note_refusal(text)

    # --- what does not come ---

    def _wait_for(self, name: StreamName, said: Signed, now_ns: int) -> None:
        known = self._waiting.get(name)
        if known is None:
            waits = sum(other.sender == name.sender for other in self._waiting)
            if waits >= _WAITING_STREAMS_MAX:
                raise EnvelopeError(f"`{name.sender}` tells heads of too many streams: not read")
            self._waiting[name] = _Waiting(said, now_ns)
        elif said.head.size > known.signed.head.size:
            # The time counts from the first word, so that a new one does not hide that nothing comes.
            known.signed = said

    def _is_settled(self, name: StreamName, size: int) -> bool:
        """Whether the link knows of every number up to a size that it came or was left out."""
        return self._node.endpoint.cursors().get((name.sender, name.stream), 0) >= size

    def _look_for_missing(self, now_ns: int) -> None:
        for name, waiting in list(self._waiting.items()):
            tree = self.trees.get(name)
            size = 0 if tree is None else tree.size
            head = waiting.signed.head
            if size >= head.size:
                del self._waiting[name]
                self._judge(name, waiting.signed, now_ns)
            elif self._is_settled(name, head.size):
                continue  # it is not worth sending any more: the leaves are asked for
            elif not waiting.told and now_ns - waiting.since_ns >= self._settings.missing_after_s * SECOND_NS:
                waiting.told = True
                text = (
                    f"{name.sender} signed that it released {head.size} parcels to us, {size} have come: "
                    "what is between us holds up or drops the rest"
                )
                self._find(Finding.MISSING, text, self._statements(tree, waiting.signed), name)


def _word(opened: bytes) -> HeadWord | LeavesAsked | LeavesGiven:
    """What a partner says, of whatever form; WireError where it is of none."""
    for form in (LeavesAsked, LeavesGiven):
        try:
            word = decode(opened, form, WORD_BYTES_MAX)
        except WireError:
            continue
        if isinstance(word, LeavesAsked | LeavesGiven):
            return word
    return decode(opened, HeadWord, WORD_BYTES_MAX)


def _partner(name: StreamName, party: str) -> str:
    return name.recipient if name.sender == party else name.sender


def _is_answered(tree: StreamTree) -> bool:
    """Whether the partner's own head says as much as this node's."""
    return (
        tree.own is not None and tree.witnessed is not None and tree.witnessed.head.size >= tree.own.head.size
    )
