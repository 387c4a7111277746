"""`History`: what a ledger holds, as columns, so that "what if" can be asked of all of it.

Own items and what partners released, each at the instant from which its label holds. Items of one label class
differ in names and instants only, so of each row no more is read than it takes to know the class; the whole
item is read once for each class, and whenever an answer about it is to be told in full.

Each row proves itself as it is opened. Whether rows are missing is `trilat audit verify`'s to say.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, overload

import msgspec
import numpy as np

from trilat.ledger import EntryKind, Ledger
from trilat.link import Parcel, read_signed_item
from trilat.model import (
    AnyItem,
    Consent,
    Declaration,
    Label,
    LedgerError,
    Release,
    Report,
    Request,
    Statement,
    Story,
    Track,
    TrilatError,
    decode,
    decode_item,
)
from trilat.node.records import RECORD_BYTES_MAX, ConsentRecord, ReceivedRecord
from trilat.policy import Instants, ItemBatch, ItemPlaces, LabelClasses, expiry_ns

_PROGRESS_EVERY: Final = 20_000
_ABSENT: Final = msgspec.Raw(b"")
_NIL: Final = msgspec.Raw(b"\xc0")
_EMPTY_LIST: Final = msgspec.Raw(b"\x90")
_INSTANTS: Final = {"created_ns": (int, 0), "expires_ns": (int | None, None)}

_LabelLead: Final = msgspec.defstruct(
    "_LabelLead",
    [(name, *_INSTANTS.get(name, (msgspec.Raw, _ABSENT))) for name in Label.__struct_fields__],
    array_like=True,
)
"""A label as it is on the wire, with every field that it has, also such as are appended one day: all but the
instants are compared as bytes."""

_LABEL_FIELDS: Final = attrgetter(*(name for name in Label.__struct_fields__ if name not in _INSTANTS))


_TRACK: Final = Track.__struct_config__.tag
_REPORT: Final = Report.__struct_config__.tag
_READ_WHOLE: Final = frozenset(
    kind.__struct_config__.tag for kind in (Declaration, Request, Statement, Story)
)
"""Kinds that say what else is decided, and those made of words, of which figures tell the shape."""


class _Tagged(msgspec.Struct, array_like=True):
    """The beginning of what has a tag."""

    tag: str


class _Originators(msgspec.Struct, array_like=True):
    """The beginning of a provenance."""

    originators: tuple[str, ...]


class _Lead(msgspec.Struct, array_like=True):
    """The head of an item on the wire and its first three own fields; what follows is passed over."""

    kind: str
    item_id: str
    version: int
    subject: str
    domain: str
    status: str
    valid_ns: int
    label: _LabelLead  # type: ignore[valid-type]
    provenance: _Originators
    own: msgspec.Raw = _ABSENT
    own_second: msgspec.Raw = _ABSENT
    own_third: msgspec.Raw = _ABSENT


_LEAD_DECODER: Final = msgspec.msgpack.Decoder(_Lead)


@dataclass(frozen=True, slots=True)
class History:
    """Items of a ledger in its order, with the instant at which each is asked about, and the consents."""

    batch: ItemBatch
    at_ns: Instants
    consents: tuple[Consent, ...]
    declarations: tuple[Declaration, ...]
    """What parties have declared: the party's own, and of partners what each sent itself."""


def read_history(
    ledger: Ledger, classes: LabelClasses, on_rows: Callable[[int], None] = lambda _: None
) -> History:
    """The history of a ledger; `on_rows` is told now and then how many more rows were read.

    Raises:
        LedgerError: a row does not open, or is not what its kind says; the entry is named.
    """
    reader = _Reader(ledger, classes)
    pending = 0
    for entry, kind, content in ledger.contents(_Reader.KINDS):
        try:
            reader.take(entry, kind, content)
        except (TrilatError, msgspec.MsgspecError) as error:
            raise LedgerError(f"entry {entry} is no {kind.value}: {error}", entry=entry) from error
        pending += 1
        if pending == _PROGRESS_EVERY:
            on_rows(pending)
            pending = 0
    on_rows(pending)
    return reader.history()


class _Reader:
    """Takes rows one after another."""

    KINDS: Final = frozenset({EntryKind.REPORT, EntryKind.ITEM, EntryKind.RECEIVED, EntryKind.CONSENT})

    def __init__(self, ledger: Ledger, classes: LabelClasses) -> None:
        self._ledger = ledger
        self._classes = classes
        self._known: dict[tuple[object, ...], int] = {}
        self._entries: list[int] = []
        self._numbers: list[int] = []
        self._created_ns: list[int] = []
        self._expires_ns: list[int] = []
        self._ids: list[str] = []
        self._subjects: list[str] = []
        self._valid_ns: list[int] = []
        self._consents: list[Consent] = []
        self._declarations: list[Declaration] = []

    def take(self, entry: int, kind: EntryKind, content: bytes) -> None:
        """Use the content of a row."""
        if kind is EntryKind.CONSENT:
            consent = read_signed_item(decode(content, ConsentRecord).signed)
            if isinstance(consent, Consent):
                self._consents.append(consent)
                self._add(entry, consent)
        elif kind is EntryKind.RECEIVED:
            sender, item = _received(content)
            if item is not None:
                self._add(entry, item)
                self._hear(item, sender)
        else:
            self._add_own(entry, content)

    def _hear(self, item: AnyItem, sender: str) -> None:
        """Take a consent into account, and a declaration by its own party: what an intermediary says that
        another party declared is no proof.
        """
        if isinstance(item, Consent):
            self._consents.append(item)
        elif isinstance(item, Declaration) and item.label.originator == sender:
            self._declarations.append(item)

    def _add(self, entry: int, item: AnyItem) -> None:
        label = item.label
        number = self._classes.number(item)
        instants_ns = (label.created_ns, expiry_ns(label), item.valid_ns)
        self._row(entry, number, instants_ns, item.item_id, item.subject)

    def _row(
        self, entry: int, number: int, instants_ns: tuple[int, int, int], item_id: str, subject: str
    ) -> None:
        created_ns, expires_ns, valid_ns = instants_ns
        self._entries.append(entry)
        self._numbers.append(number)
        self._created_ns.append(created_ns)
        self._expires_ns.append(expires_ns)
        self._valid_ns.append(valid_ns)
        self._ids.append(item_id)
        self._subjects.append(subject)

    def _add_own(self, entry: int, content: bytes) -> None:
        try:
            lead = _LEAD_DECODER.decode(content)
        except msgspec.DecodeError:
            self._add(entry, decode_item(content))
            return
        if lead.kind in _READ_WHOLE:
            item = decode_item(content)
            self._add(entry, item)
            self._hear(item, self._ledger.party)
            return
        label: Any = lead.label
        key = (
            lead.kind,
            lead.domain,
            lead.status,
            lead.provenance.originators,
            _shape_of(lead),
            # Each value on the wire says where it ends: joined, they differ where one of them does.
            b"".join(_LABEL_FIELDS(label)),
        )
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = self._classes.number(decode_item(content))
        expires_ns = expiry_ns(label)
        instants_ns = (label.created_ns, expires_ns, lead.valid_ns)
        self._row(entry, number, instants_ns, lead.item_id, lead.subject)

    def history(self) -> History:
        """All that was taken, as columns."""
        created_ns = np.array(self._created_ns, np.int64)
        items = _LedgerItems(self._ledger, self._entries)
        batch = ItemBatch(
            classes=self._classes,
            number=np.array(self._numbers, np.intp),
            created_ns=created_ns,
            expires_ns=np.array(self._expires_ns, np.int64),
            names=_Names(self._ids, self._subjects),
            valid_ns=np.array(self._valid_ns, np.int64),
            places=ItemPlaces(items),
            items=items,
        )
        return History(batch, created_ns, tuple(self._consents), tuple(self._declarations))


class _Names(Sequence[tuple[str, str]]):
    """Ids and subjects, paired when they are asked for: a million pairs would keep the collector busy."""

    def __init__(self, ids: Sequence[str], subjects: Sequence[str]) -> None:
        self._ids = ids
        self._subjects = subjects

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, place: int) -> tuple[str, str]: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[tuple[str, str]]: ...

    def __getitem__(self, place: int | slice) -> tuple[str, str] | Sequence[tuple[str, str]]:
        if isinstance(place, slice):
            return _Names(self._ids[place], self._subjects[place])
        return self._ids[place], self._subjects[place]


class _LedgerItems(Sequence[AnyItem]):
    """Items read from the ledger when they are asked for; in turn, in one pass over it."""

    def __init__(self, ledger: Ledger, entries: Sequence[int]) -> None:
        self._ledger = ledger
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[AnyItem]:
        wanted = iter(self._entries)
        entry = next(wanted, None)
        for stored, kind, content in self._ledger.contents(_Reader.KINDS):
            if entry is not None and stored > entry:
                break
            if stored == entry:
                yield _whole(stored, item_of(kind, content))
                entry = next(wanted, None)
        if entry is not None:
            raise _gone(entry)

    @overload
    def __getitem__(self, place: int) -> AnyItem: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[AnyItem]: ...

    def __getitem__(self, place: int | slice) -> AnyItem | Sequence[AnyItem]:
        if isinstance(place, slice):
            return _LedgerItems(self._ledger, self._entries[place])
        stored = next(self._ledger.entries(self._entries[place]))
        return _whole(stored.entry, None if stored.content is None else item_of(stored.kind, stored.content))


def _whole(entry: int, item: AnyItem | None) -> AnyItem:
    """The item of an entry, which had one when the ledger was read first."""
    if item is None:
        raise _gone(entry)
    return item


def _gone(entry: int) -> LedgerError:
    return LedgerError(f"entry {entry} holds no item any more", entry=entry)


def item_of(kind: EntryKind, content: bytes) -> AnyItem | None:
    """The item in the content of a row; None where it has none."""
    if kind is EntryKind.CONSENT:
        return read_signed_item(decode(content, ConsentRecord).signed)
    return received_item(content) if kind is EntryKind.RECEIVED else decode_item(content)


def received_item(content: bytes) -> AnyItem | None:
    """The item that a partner released, or None where its parcel was kept aside."""
    return _received(content)[1]


def _received(content: bytes) -> tuple[str, AnyItem | None]:
    """The partner that sent a parcel, and the item in it that it released; see `received_item`."""
    record = decode(content, ReceivedRecord, bytes_max=RECORD_BYTES_MAX)
    if record.refusal:
        return record.sender, None
    parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
    return record.sender, decode(parcel.release, Release).item


def _shape_of(lead: _Lead) -> object:
    """What of an item's own fields tells its shape (`trilat.policy.forms.shape_of`), still as bytes."""
    if lead.kind == _TRACK:
        return lead.own_second == _NIL, lead.own_third == _EMPTY_LIST
    if lead.kind == _REPORT:
        # The tag of the observation: its array begins with it.
        return msgspec.msgpack.decode(lead.own_second, type=_Tagged).tag
    return None
