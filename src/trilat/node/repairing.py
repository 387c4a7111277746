"""`Repairs`: looks over the node's own ledger, puts right what it can, asks partners for the rest.

What happens
1. So many rows of the ledger are examined each second (`scrub_rows_per_s`), from the first to the last and
   from the first again.
2. A row in which one bit flipped is put right by itself (`trilat.ledger.mending`).
3. Of other damaged rows those that held a parcel are asked for: its partner has it too. What it gives must be
   what the row commits to, or the leaf that stands in the stream's tree.
4. Repairs are entries; the damaged row stays. What nobody has is told to people as lost.
5. A partner that asks is given only what was exchanged between the two. What this node sent is decided on
   anew: what was recalled since, or is not permitted any more, does not go again.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from trilat.ledger import CONTENT_BYTES_MAX, EntryKind, Examined, Repair, Stored
from trilat.link import NodeKeys, Parcel, TrustStore, open_word, seal_word
from trilat.model import (
    SECOND_NS,
    EnvelopeError,
    Outcome,
    Release,
    TrilatError,
    UsageError,
    WireError,
    decode,
    encode,
)
from trilat.node.damage import Damage, Survey, put_right
from trilat.node.exchange import Held
from trilat.node.parts import Heard, Part
from trilat.node.records import RECORD_BYTES_MAX, ReceivedRecord, ReleaseRecord
from trilat.node.tree_records import (
    REPAIR_PIECE_BYTES_MAX,
    REPAIRS_ASKED_MAX,
    WORD_BYTES_MAX,
    Claim,
    RepairAsked,
    RepairGiven,
)
from trilat.node.trees import StreamName, StreamTree, leaf_of

if TYPE_CHECKING:
    from trilat.node.node import Node

TOPIC: Final = "repair"
_ASK_EVERY_NS: Final = 60 * SECOND_NS
_ASKED_TIMES_MAX: Final = 10
_GIVEN_MAX: Final = 128
_GIVEN_WITHIN_NS: Final = 10 * SECOND_NS
_MENDED_PER_TURN: Final = 20


class Repairs(Part):
    """The repairs of one node's ledger."""

    def __init__(self, node: "Node", keys: NodeKeys, trust: TrustStore) -> None:
        """Nothing is known to be damaged."""
        self._node = node
        self._keys = keys
        self._trust = trust
        self._rows: Iterator[Examined] | None = None
        self._survey = Survey(node.ledger)
        self._wanted: dict[Claim, Damage] = {}
        self._asked: dict[Claim, int] = {}
        """How many times each was asked for."""

        self._asked_ns = 0
        self._pieces: dict[Claim, bytes] = {}
        self._given_ns: dict[str, deque[int]] = {}
        self._told: set[int] = set()
        self._lost: set[int] = set()
        self.examined = 0
        """Rows examined since the start."""

        self.passes = 0
        """How many times all rows were."""

    @property
    def wanted(self) -> int:
        """How many damaged entries wait for what a partner holds."""
        return len(self._wanted)

    @property
    def lost(self) -> int:
        """How many damaged entries nobody has, since the start."""
        return len(self._lost)

    # --- the own ledger ---

    def kinds(self) -> Mapping[EntryKind, Callable[[Stored, bytes], None]]:
        """What was repaired, or is lost and can be asked for."""
        return {EntryKind.REPAIR: self._use_repair}

    def _use_repair(self, _: Stored, content: bytes) -> None:
        repair = decode(content, Repair, CONTENT_BYTES_MAX)
        self._told.add(repair.entry)
        if repair.claim and repair.content is None:
            claim = decode(repair.claim, Claim)
            damage = Damage(repair.entry, "it is lost", repair.kind, repair.recorded_ns, claim)
            self._wanted[claim] = damage
        else:
            self._wanted = {one: known for one, known in self._wanted.items() if known.entry != repair.entry}

    def written(self, now_ns: int) -> None:
        """Look over the next rows; ask for what is wanted, now and then."""
        self._look(self._node.config.audit.scrub_rows_per_s)
        if self._wanted and now_ns - self._asked_ns >= _ASK_EVERY_NS:
            self._asked_ns = now_ns
            self._ask()

    def _look(self, count: int) -> None:
        if count == 0:
            return
        if self._rows is None:
            self._survey = Survey(self._node.ledger)
            self._rows = self._node.ledger.examined_from(0)
        for _ in range(count):
            found = next(self._rows, None)
            if found is None:
                self._rows = None
                self.passes += 1
                self._repair(self._survey.damage())
                return
            self.examined += 1
            self._survey.take(found)

    def _repair(self, damages: list[Damage]) -> None:
        """Put right what can be, want what a partner has, tell people of the rest; each once."""
        new = [damage for damage in damages if damage.entry not in self._told]
        for damage in new[:_MENDED_PER_TURN]:
            self._told.add(damage.entry)
            repair = put_right(self._node.ledger, damage)
            if repair is not None:
                self._write(repair, f"entry {damage.entry} of the ledger was damaged, and is put right")
            elif damage.claim is not None:
                self._wanted[damage.claim] = damage
                partner = _partner(damage.claim, self._node.config.party)
                self._node.note_refusal(f"{damage.problem}: {partner} is asked for it")
            else:
                self._lost.add(damage.entry)
                self._node.note_refusal(f"{damage.problem}: it is lost, no partner has it")

    def _write(self, repair: Repair, text: str) -> None:
        try:
            self._node.ledger.repair([repair])
        except UsageError as error:
            text = f"a repair of entry {repair.entry} was not taken: {error}"
        self._node.note_refusal(text)

    # --- asking ---

    def _ask(self) -> None:
        by_stream: dict[StreamName, list[int]] = {}
        for claim in self._wanted:
            times = self._asked.get(claim, 0)
            numbers = by_stream.setdefault(_name(claim), [])
            if times < _ASKED_TIMES_MAX and len(numbers) < REPAIRS_ASKED_MAX:
                self._asked[claim] = times + 1
                numbers.append(claim.sequence)
        for name, numbers in by_stream.items():
            if numbers:
                word = RepairAsked(**name._asdict(), sequences=tuple(numbers))
                self._say(_other(name, self._node.config.party), word)

    def _say(self, partner: str, word: RepairAsked | RepairGiven) -> None:
        try:
            sealed = seal_word(self._keys, self._trust, partner, TOPIC, word)
            self._node.endpoint.notify(partner, TOPIC, sealed)
        except TrilatError as error:
            self._node.note_refusal(f"nothing can be said of repairs to `{partner}`: {error}")

    # --- what partners say ---

    def topics(self) -> Mapping[str, Heard]:
        """Questions and answers."""
        return {TOPIC: self.heard}

    def heard(self, partner: str, content: bytes) -> None:
        """Take a partner's question or answer; PeerError where it is none, or comes too often."""
        opened = open_word(self._keys, partner, TOPIC, content)
        word: RepairAsked | RepairGiven
        try:
            word = decode(opened, RepairAsked, WORD_BYTES_MAX)
        except WireError:
            word = decode(opened, RepairGiven, WORD_BYTES_MAX)
        name = StreamName(word.sender, word.recipient, word.stream)
        if {name.sender, name.recipient} != {partner, self._node.config.party}:
            raise EnvelopeError(f"`{partner}` speaks of repairs of a stream that is not between us: not read")
        if isinstance(word, RepairAsked):
            self._answer(partner, name, word)
        else:
            self._take(partner, name, word)

    def _answer(self, partner: str, name: StreamName, asked: RepairAsked) -> None:
        tree = self._node.witness.trees.get(name)
        if tree is None:
            raise EnvelopeError(f"`{partner}` asks for parcels of a stream that is not known here: not given")
        self._refuse_flood(partner, len(asked.sequences))
        for sequence in asked.sequences:
            self._give(partner, tree, sequence, self._found(tree, sequence))

    def _refuse_flood(self, partner: str, count: int) -> None:
        now_ns = self._node.clock.now_ns()
        given = self._given_ns.setdefault(partner, deque())
        while given and now_ns - given[0] >= _GIVEN_WITHIN_NS:
            given.popleft()
        if len(given) + count > _GIVEN_MAX:
            raise EnvelopeError(f"`{partner}` asks for more than {_GIVEN_MAX} parcels in 10 s: not given")
        given.extend([now_ns] * count)

    def _found(self, tree: StreamTree, sequence: int) -> bytes | None:
        """A parcel that may be given; None where it is not here, or may not go any more (rule 5)."""
        if sequence > tree.size:
            return None
        for number, _, parcel in tree.parcels(sequence, sequence + 1):
            if number == sequence and self._may_go(tree.name, parcel):
                return parcel
        return None

    def _may_go(self, name: StreamName, wire: bytes) -> bool:
        if name.sender != self._node.config.party:
            return True  # its own sender has it back
        release = decode(decode(wire, Parcel, RECORD_BYTES_MAX).release, Release)
        item = self._node.holdings.newest(release.item.item_id)
        exchange = self._node.exchange
        if item is None or exchange.is_stopped(item.item_id):
            return False
        now_ns = self._node.clock.now_ns()
        decision = exchange.decide(Held(item, b""), name.recipient, now_ns)
        return decision.outcome is Outcome.PERMIT

    def _give(self, partner: str, tree: StreamTree, sequence: int, parcel: bytes | None) -> None:
        head = {**tree.name._asdict(), "sequence": sequence}
        if parcel is None:
            self._say(partner, RepairGiven(**head, total=0))
            return
        for offset in range(0, len(parcel), REPAIR_PIECE_BYTES_MAX):
            piece = parcel[offset : offset + REPAIR_PIECE_BYTES_MAX]
            self._say(partner, RepairGiven(**head, total=len(parcel), offset=offset, piece=piece))

    def _take(self, partner: str, name: StreamName, given: RepairGiven) -> None:
        claim = Claim(**name._asdict(), sequence=given.sequence)
        damage = self._wanted.get(claim)
        if damage is None:
            raise EnvelopeError(f"`{partner}` gives a parcel that was not asked for: not taken")
        if given.total == 0:
            del self._wanted[claim]
            self._lost.add(damage.entry)
            self._node.note_refusal(
                f"entry {damage.entry} is lost: {partner} has it no more, or may not give it"
            )
            return
        before = self._pieces.get(claim, b"") if given.offset else b""
        if given.offset != len(before):
            return  # a piece was lost: it is asked for again
        whole = before + given.piece
        self._pieces[claim] = whole[: given.total]
        if len(whole) >= given.total:
            del self._pieces[claim]
            self._judge(partner, claim, damage, whole[: given.total])

    def _judge(self, partner: str, claim: Claim, damage: Damage, parcel: bytes) -> None:
        """Put a parcel aside where it is proved to be the one that was lost."""
        kind, content = rebuilt(self._node.config.party, claim, parcel)
        same = self._node.ledger.is_content_of(damage.entry, kind, content)
        tree = self._node.witness.trees.get(_name(claim))
        if same is not True and not _is_leaf(tree, claim, parcel):
            del self._wanted[claim]
            raise EnvelopeError(
                f"`{partner}` gave another parcel {claim.sequence} than was exchanged, or none that can be "
                f"proved: entry {damage.entry} stays lost"
            )
        repair = Repair(
            entry=damage.entry,
            kind=kind.value,
            content=content,
            recorded_ns=damage.recorded_ns,
            source=partner,
            proof="commitment" if same else "leaf",
        )
        del self._wanted[claim]
        self._write(
            repair, f"entry {damage.entry} of the ledger was damaged; {partner} gave its content again"
        )
        if tree is not None:
            leaf = leaf_of(claim.stream, claim.sequence, parcel)
            tree.put(claim.sequence, leaf)


def rebuilt(party: str, claim: Claim, parcel: bytes) -> tuple[EntryKind, bytes]:
    """Kind and content of the entry that recorded a parcel; WireError where it is no parcel."""
    release = decode(decode(parcel, Parcel, RECORD_BYTES_MAX).release, Release)
    if claim.sender == party:
        record = ReleaseRecord(
            recipient=claim.recipient,
            stream=claim.stream,
            sequence=claim.sequence,
            item=release.item.reference,
            valid_ns=release.item.valid_ns,
            parcel=parcel,
        )
        return EntryKind.RELEASE, encode(record)
    received = ReceivedRecord(
        sender=claim.sender, stream=claim.stream, sequence=claim.sequence, parcel=parcel
    )
    return EntryKind.RECEIVED, encode(received)


def _is_leaf(tree: StreamTree | None, claim: Claim, parcel: bytes) -> bool:
    """Whether a tree whose head was signed before has this parcel at its place: trees know leaves of lost
    parcels too, and a leaf that a partner gave counts only under a head that was signed.
    """
    if tree is None or claim.sequence > tree.size:
        return False
    signed = [one.head for one in (tree.own, tree.witnessed) if one is not None]
    proved = any(
        claim.sequence <= head.size <= tree.size and tree.log.root(head.size) == head.root for head in signed
    )
    (leaf,) = tree.log.leaves(claim.sequence - 1, claim.sequence)
    return proved and leaf == leaf_of(claim.stream, claim.sequence, parcel)


def _name(claim: Claim) -> StreamName:
    return StreamName(claim.sender, claim.recipient, claim.stream)


def _other(name: StreamName, party: str) -> str:
    return name.recipient if name.sender == party else name.sender


def _partner(claim: Claim, party: str) -> str:
    return _other(_name(claim), party)
