"""`Survey`: what of a ledger is damaged, and which of it a partner has too.

A damaged entry may not even say what it was. What it was of a stream follows from its neighbours: numbers in
a stream have no gaps, so one that no sound entry has belonged to a damaged entry between its neighbours.
"""

from typing import Final, NamedTuple

from trilat.ledger import EntryKind, Examined, Ledger, Removal, Repair, Stored
from trilat.model import InvalidInputError, PeerError, decode, encode
from trilat.node.tree_records import HEAD_RECORD_BYTES_MAX, Claim, HeadRecord, RemovedLeaf
from trilat.node.trees import StreamName, parcel_of

_DAMAGED_MAX: Final = 100_000
_GAPS_MAX: Final = 100_000
_BEYOND: Final = 2**62


class Damage(NamedTuple):
    """A damaged entry, what is wrong with it, and which parcel it held, where a partner has that."""

    entry: int
    problem: str
    kind: str
    recorded_ns: int
    claim: Claim | None


class _Gap(NamedTuple):
    """A number that no sound entry has, and the entries that it lay between."""

    name: StreamName
    sequence: int
    after: int
    before: int


class Survey:
    """Takes the rows of a ledger in order, and says what is damaged in it."""

    def __init__(self, ledger: Ledger) -> None:
        """Nothing taken yet."""
        self._ledger = ledger
        self._damaged: dict[int, Examined] = {}
        self._last: dict[StreamName, tuple[int, int]] = {}
        """Of each stream the newest number and its entry."""

        self._gaps: list[_Gap] = []
        self._covered: dict[StreamName, int] = {}
        self._removed: set[tuple[StreamName, int]] = set()
        self.rows = 0

    def take(self, found: Examined) -> None:
        """Take the next row."""
        self.rows += 1
        if found.problem is not None:
            if len(self._damaged) < _DAMAGED_MAX:
                self._damaged[found.entry] = found
            return
        if found.kind is None or found.content is None or found.row is None:
            return
        try:
            self._learn(
                Stored(
                    entry=found.entry,
                    kind=found.kind,
                    recorded_ns=found.row.recorded_ns,
                    content=found.content,
                    commitment=found.row.commitment,
                )
            )
        except (PeerError, InvalidInputError):
            # A sound row that is not of its kind's form tells nothing about streams.
            return

    def _learn(self, stored: Stored) -> None:
        content = stored.content or b""
        parcel = parcel_of(self._ledger.party, stored)
        if parcel is not None:
            self._note(parcel[0], parcel[1], stored.entry)
        elif stored.kind is EntryKind.HEAD:
            record = decode(content, HeadRecord, HEAD_RECORD_BYTES_MAX)
            name = StreamName(record.sender, record.recipient, record.stream)
            self._covered[name] = max(self._covered.get(name, 0), record.first + len(record.leaves))
        elif stored.kind is EntryKind.REMOVAL:
            proof = decode(content, Removal).proof
            if proof:
                left = decode(proof, RemovedLeaf)
                name = StreamName(left.sender, left.recipient, left.stream)
                self._removed.add((name, left.sequence))

    def _note(self, name: StreamName, sequence: int, entry: int) -> None:
        before, at = self._last.get(name, (0, -1))
        for missing in range(before + 1, min(sequence, before + 1 + _GAPS_MAX - len(self._gaps))):
            self._gaps.append(_Gap(name, missing, at, entry))
        if sequence > before:
            self._last[name] = sequence, entry

    def damage(self) -> list[Damage]:
        """The damaged entries that were not repaired, in order."""
        if not self._damaged:
            return []
        open_gaps = [gap for gap in self._all_gaps() if (gap.name, gap.sequence) not in self._removed]
        repairs = self._ledger.repairs()
        told: list[Damage] = []
        for entry, found in sorted(self._damaged.items()):
            repair = repairs.get(entry)
            if repair is not None and repair.content is not None:
                continue
            gap = next((gap for gap in open_gaps if self._fits(gap, entry, found)), None)
            claim = None
            if gap is not None:
                open_gaps.remove(gap)
                claim = Claim(**gap.name._asdict(), sequence=gap.sequence)
            told.append(self._told(found, claim))
        return told

    def _all_gaps(self) -> list[_Gap]:
        """Those between entries, and those behind the newest that a signed head or a damaged end tells of."""
        gaps = list(self._gaps)
        for name, (newest, entry) in self._last.items():
            behind = max(self._covered.get(name, 0), newest + len(self._damaged))
            gaps += [_Gap(name, newest + more, entry, _BEYOND) for more in range(1, behind - newest + 1)]
        return gaps

    def _fits(self, gap: _Gap, entry: int, found: Examined) -> bool:
        sent = gap.name.sender == self._ledger.party
        kind = EntryKind.RELEASE if sent else EntryKind.RECEIVED
        said = "" if found.row is None else found.row.kind
        # A kind that is none may have been this one; another that is one was another, or is the flipped bit.
        return gap.after < entry < gap.before and (said == kind.value or said not in _KNOWN)

    def _told(self, found: Examined, claim: Claim | None) -> Damage:
        said = "" if found.row is None else found.row.kind
        if claim is not None:
            sent = claim.sender == self._ledger.party
            said = (EntryKind.RELEASE if sent else EntryKind.RECEIVED).value
        return Damage(
            found.entry,
            found.problem or "",
            said if said in _KNOWN else EntryKind.REFUSAL.value,
            0 if found.row is None else found.row.recorded_ns,
            claim,
        )


_KNOWN: Final = frozenset(kind.value for kind in EntryKind)


def surveyed(ledger: Ledger) -> Survey:
    """The survey of a whole ledger."""
    survey = Survey(ledger)
    for found in ledger.examined_from(0):
        survey.take(found)
    return survey


def put_right(ledger: Ledger, damage: Damage) -> Repair | None:
    """The repair of an entry of which one bit flipped; None where it is not that."""
    mended = ledger.mended(damage.entry)
    if mended is None:
        return None
    return Repair(
        entry=damage.entry,
        kind=mended.kind.value,
        content=mended.content,
        recorded_ns=mended.recorded_ns,
        source=f"own row, one bit of {mended.field} put right" if mended.field else "own row, which is whole",
        proof="itself",
    )


def lost(damage: Damage) -> Repair:
    """The word that an entry is lost, with what a partner can be asked for."""
    return Repair(
        entry=damage.entry,
        kind=damage.kind,
        content=None,
        recorded_ns=max(0, damage.recorded_ns),
        source="nobody" if damage.claim is None else "a partner has it",
        proof="none",
        claim=b"" if damage.claim is None else encode(damage.claim),
    )
