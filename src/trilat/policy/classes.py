"""`LabelClasses`: items that `decide` cannot tell apart, numbered.

Of an item `decide` reads its kind, domain, status, label, originators and shape (what forms can be made of
it); where a clause asks for it, its place and its age; and for a consent its subject. Labels with portions or
a downgrade it reads in full: these are marked, and asked of `decide` one by one. All but the label's
instants, the place, the age and the subject are one *label class*; there are few, however many items there
are. Each class has a number, and each thing that a rule asks about has a column over classes, so that a rule
is asked once for each value and not once for each item.

    classes = LabelClasses()
    batch = ItemBatch.of(classes, items)
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from trilat.model import (
    INSTANT_NS_MAX,
    AnyItem,
    Caveat,
    Classification,
    Domain,
    Label,
    Status,
    kind_of,
)
from trilat.policy.forms import shape_of
from trilat.policy.places import ItemPlaces

Indices = npt.NDArray[np.intp]
Instants = npt.NDArray[np.int64]

STATUS_ORDER: Final = {status: place for place, status in enumerate(Status)}
NEVER_NS: Final = INSTANT_NS_MAX + 1
"""Stands for an expiry that a label does not have; later than every instant."""

_Value = TypeVar("_Value")


class _Numbered(Generic[_Value]):
    """Distinct values with their numbers, in order of first use."""

    def __init__(self) -> None:
        self.values: list[_Value] = []
        self._numbers: dict[object, int] = {}

    def number(self, key: object, value: _Value) -> int:
        """The number of what `key` stands for; `value` is kept for a key not seen before."""
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.values)
            self.values.append(value)
        return found


@dataclass(frozen=True, slots=True)
class Group:
    """What decides which clauses speak of an item: nothing else of it does."""

    originator: str
    others: tuple[str, ...]
    """Further originators in the provenance, in its order."""

    domain: Domain
    kind: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A snapshot of the classes: one number for each class in each column, shapes (classes,)."""

    group: Indices
    status: Indices
    classification: Indices
    releasable_to: Indices
    categories: Indices
    shape: Indices
    is_controlled: npt.NDArray[np.bool_]
    is_particular: npt.NDArray[np.bool_]
    """Whether the label has portions or a downgrade, of which the columns above say nothing."""

    lowered_ns: Instants
    """From when the label's downgrade holds; `NEVER_NS` where it has none."""

    def taken(self, numbers: Indices | slice) -> "Columns":
        """The columns of some classes, by number."""
        return Columns(*(column[numbers] for column in _COLUMNS(self)))


_COLUMNS: Final = attrgetter(*(column.name for column in fields(Columns)))


def class_key(item: AnyItem) -> tuple[Hashable, ...]:
    """All that `decide` reads of an item but its label's instants, its place and its age, and consents on
    single subjects: items with one key are one label class.
    """
    return (
        shape_of(item),
        item.domain,
        item.status,
        *label_key(item.label),
        item.provenance.originators,
    )


def label_key(label: Label) -> tuple[Hashable, ...]:
    """The part of `class_key` that the label gives."""
    return (
        label.originator,
        label.classification,
        label.releasable_to,
        label.restrictive,
        label.permissive,
        label.caveats,
        label.portions,
        label.downgrade,
    )


class LabelClasses:
    """Numbers for label classes, given as items come; a number never changes its meaning."""

    def __init__(self) -> None:
        """No classes yet."""
        self._numbers: dict[tuple[Hashable, ...], int] = {}
        self._rows: list[tuple[int, ...]] = []
        self._groups = _Numbered[Group]()
        self._classifications = _Numbered[Classification]()
        self._releasable = _Numbered[tuple[str, ...]]()
        self._labels = _Numbered[Label]()
        self._shapes = _Numbered[AnyItem]()
        self._columns: Columns | None = None

    def __len__(self) -> int:
        """How many classes there are."""
        return len(self._rows)

    @property
    def groups(self) -> Sequence[Group]:
        """By the numbers of the column `group`."""
        return self._groups.values

    @property
    def classifications(self) -> Sequence[Classification]:
        """By the numbers of the column `classification`."""
        return self._classifications.values

    @property
    def releasable_to(self) -> Sequence[tuple[str, ...]]:
        """By the numbers of the column `releasable_to`."""
        return self._releasable.values

    @property
    def labels(self) -> Sequence[Label]:
        """A label with the categories of each number of the column `categories`."""
        return self._labels.values

    @property
    def shaped(self) -> Sequence[AnyItem]:
        """An item of the shape of each number of the column `shape`."""
        return self._shapes.values

    def number(self, item: AnyItem) -> int:
        """The class of an item; a new number where none like it was seen."""
        key = class_key(item)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self._rows)
            self._rows.append(self._row(item))
            self._columns = None
        return found

    def _row(self, item: AnyItem) -> tuple[int, ...]:
        label = item.label
        others = tuple(code for code in item.provenance.originators if code != label.originator)
        group = Group(label.originator, others, item.domain, kind_of(item))
        return (
            self._groups.number(group, group),
            STATUS_ORDER[item.status],
            self._classifications.number(label.classification, label.classification),
            self._releasable.number(label.releasable_to, label.releasable_to),
            self._labels.number((label.restrictive, label.permissive), label),
            self._shapes.number(shape_of(item), item),
            int(Caveat.ORIGINATOR_CONTROL in label.caveats),
            int(bool(label.portions) or label.downgrade is not None),
            NEVER_NS if label.downgrade is None else label.downgrade.at_ns,
        )

    @property
    def columns(self) -> Columns:
        """The columns over all classes so far."""
        if self._columns is None:
            table = np.array(self._rows, dtype=np.int64).reshape(len(self._rows), 9).T.copy()
            group, status, classification, releasable_to, categories, shape, *rest = table
            controlled, particular, lowered_ns = rest
            self._columns = Columns(
                group,
                status,
                classification,
                releasable_to,
                categories,
                shape,
                controlled.astype(bool),
                particular.astype(bool),
                lowered_ns.astype(np.int64),
            )
        return self._columns


@dataclass(frozen=True, slots=True)
class ItemBatch:
    """Items as columns: class, and from when until when each label holds; shapes (items,)."""

    classes: LabelClasses
    number: Indices
    created_ns: Instants
    expires_ns: Instants
    names: Sequence[tuple[str, str]] = field(repr=False)
    """The id and the subject of each item; a consent speaks of one or the other."""

    valid_ns: Instants
    """When each was so: what is older than the end of an agreement may still be forbidden by it."""

    places: ItemPlaces = field(repr=False)
    items: Sequence[AnyItem] = field(repr=False)
    """May be made one by one, when they are asked for."""

    @classmethod
    def of(cls, classes: LabelClasses, items: Iterable[AnyItem]) -> "ItemBatch":
        """The items as columns; classes not seen before get numbers."""
        kept = list(items)
        number = np.fromiter(map(classes.number, kept), dtype=np.intp, count=len(kept))
        created_ns = np.fromiter((item.label.created_ns for item in kept), np.int64, len(kept))
        expires_ns = np.fromiter((expiry_ns(item.label) for item in kept), np.int64, len(kept))
        names = [(item.item_id, item.subject) for item in kept]
        valid_ns = np.fromiter((item.valid_ns for item in kept), np.int64, len(kept))
        return cls(classes, number, created_ns, expires_ns, names, valid_ns, ItemPlaces(kept), kept)

    def __len__(self) -> int:
        """How many items there are."""
        return len(self.number)


def expiry_ns(label: Label) -> int:
    """When a label ends, UTC nanoseconds; `NEVER_NS` where it does not."""
    return NEVER_NS if label.expires_ns is None else label.expires_ns
