"""What keeps a copy from telling of the sensor behind it: how good it is, where it stands, since when it saw.

Rules
1. The covariance of a state becomes that of a class, isotropic in position and in velocity: a power of two in
   metres that is not below `sigma_class_m`, and in centimetres per second not below the same number. The long
   axis of an estimate lies across the line of sight, and its size tells how good the sensor is.
2. The error becomes that of the class too: what the class states beyond the estimate's own covariance is
   added as keyed noise, the same for every recipient. So the scatter of a track does not show what its
   covariance hides, and the copy is neither too sure nor too careful. A higher class is a lower one with
   more added.
3. Other stated errors go up to their class, and an ellipse becomes the circle around it.
4. A tear-line has names of its own. Those of items, subjects and versions count how many tracks there were
   and how often each was seen; those of a tear-line are keyed digests, and its versions begin at a keyed
   number. Its parent is found by whoever has the key and nobody else.
5. Words do not say in figures what the rest of the copy coarsens: they go where they hold a digit.
"""

import hashlib
import math
import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import numpy as np

from trilat.model import (
    Account,
    AnyItem,
    Area,
    Disagreement,
    Duties,
    Ellipse,
    Event,
    Form,
    ItemReference,
    Kinematics,
    Noun,
    Request,
    Statement,
    Story,
    Track,
    Vessel,
    encode,
    is_kind,
)
from trilat.policy.covering import keyed_normals
from trilat.policy.rounding import factor_entries, lower_factor

_UM_PER_M: Final = 1e6
_CM_PER_M: Final = 100
_M_PER_CM: Final = 0.01
_ASCII_DIGIT: Final = re.compile("[0-9]")
_SEMI_AXIS_MAX_M: Final = 20_100_000
_VERSION_BITS: Final = 29
"""Versions end at 10^9: a keyed start below 2^29 leaves as many to come."""

_NAME_BYTES: Final = 12
_WORDED: Final = ("text", "description")
_WORDS: Final = (Statement, Request, Story)


def class_of(value: float, least: float) -> int:
    """The exponent of the first power of two that is below neither of two values above zero."""
    return max(0, math.ceil(math.log2(max(value, least))))


def classed(state: Kinematics, subject: str, class_m: int, key: bytes) -> Kinematics:
    """The state with covariance and error of its class (rules 1 and 2).

    For P = [[A, B], [B', C]] the matrix 2 diag(A, C) - P = [[A, -B], [-B', C]] has no negative eigenvalue, so
    a class covers twice A and twice C, and what it lacks of P is a covariance. The first class that covers P
    depends on P alone; each one above it adds an error of its own.
    """
    factor = lower_factor(state.covariance_factor) / _UM_PER_M
    covariance = factor @ factor.T
    about = ("class", subject, str(state.epoch_ns))
    blocks = ((covariance[:3, :3], class_m, 1.0), (covariance[3:, 3:], max(class_m, _CM_PER_M), _M_PER_CM))
    own, stated, above = np.zeros(6), np.zeros(6), np.zeros(6)
    for place, (block, least, unit) in zip((slice(0, 3), slice(3, 6)), blocks, strict=True):
        sigma = math.sqrt(2.0 * float(np.linalg.eigvalsh(block)[-1])) / unit
        first, last = class_of(sigma, 1.0), class_of(sigma, least)
        own[place], stated[place] = 2.0**first * unit, 2.0**last * unit
        for step in range(first + 1, last + 1):
            more = math.sqrt(4.0**step - 4.0 ** (step - 1)) * unit
            above[place] += more * keyed_normals(key, *about, str(place.start), str(step), count=3)
    # The last term keeps a covariance whose smallest eigenvalue is zero within what a factor can be made of.
    lacking = np.linalg.cholesky(np.diag(own**2) - covariance + np.eye(6) * 1e-9)
    x, y, z, vx, vy, vz = (
        old + round(float(new) * 1_000)
        for old, new in zip(
            (*state.position_mm, *state.velocity_mm_per_s),
            lacking @ keyed_normals(key, *about, count=6) + above,
            strict=True,
        )
    )
    return msgspec.structs.replace(
        state,
        position_mm=(x, y, z),
        velocity_mm_per_s=(vx, vy, vz),
        covariance_factor=factor_entries(np.diag(stated) * _UM_PER_M),
        constant_sigma_mm=_class_mm(state.constant_sigma_mm, class_m),
    )


def _class_mm(sigma_mm: int, class_m: int) -> int:
    """A standard deviation of its class; none stays none, for it says that there is no such error."""
    return 1_000 * 2 ** class_of(sigma_mm / 1_000, class_m) if sigma_mm else 0


def isotropic(item: AnyItem, class_m: int, key: bytes) -> AnyItem:
    """The item with every stated error of its class and without a direction (rules 1 to 3)."""
    if isinstance(item, Track) and item.state is not None:
        return msgspec.structs.replace(item, state=classed(item.state, item.subject, class_m, key))
    if isinstance(item, Vessel):
        return msgspec.structs.replace(item, position_sigma_mm=_class_mm(item.position_sigma_mm, class_m))
    if isinstance(item, Event | Area) and isinstance(item.region, Ellipse):
        return msgspec.structs.replace(item, region=_circle(item.region, class_m))
    if isinstance(item, Disagreement):
        accounts = (
            msgspec.structs.replace(account, reach_m=2 ** class_of(account.reach_m, class_m))
            for account in item.accounts
        )
        return msgspec.structs.replace(item, accounts=tuple(accounts))
    return item


def _circle(ellipse: Ellipse, class_m: int) -> Ellipse:
    """The circle of a class that holds an ellipse."""
    radius_m = min(_SEMI_AXIS_MAX_M, 2 ** class_of(ellipse.semi_major_m, class_m))
    return msgspec.structs.replace(ellipse, semi_major_m=radius_m, semi_minor_m=radius_m, bearing_mdeg=0)


def coarsened(duties: Duties) -> bool:
    """Whether a copy says where or when less finely than the item does."""
    return bool(
        duties.round_position_m
        or duties.round_velocity_m_per_s
        or duties.round_time_s
        or duties.cover_m
        or duties.sigma_class_m
    )


def states_figures(words: str) -> bool:
    """Whether a text holds a digit or another sign for a number, of any script."""
    if words.isascii():
        return _ASCII_DIGIT.search(words) is not None
    return any(map(str.isnumeric, words))


def told_in_figures(item: AnyItem) -> bool:
    """Whether an item that is nothing but words holds figures: no duty can round them."""
    if not is_kind(type(item), _WORDS):
        return False
    if isinstance(item, Statement):
        return states_figures(item.text)
    if isinstance(item, Request):
        return states_figures(item.question)
    return isinstance(item, Story) and states_figures(item.headline + item.summary)


def without_figures(item: AnyItem) -> AnyItem:
    """The item without those of its added words that hold figures (rule 5)."""
    emptied = {name: "" for name in _WORDED if states_figures(getattr(item, name, ""))}
    changes: dict[str, Any] = dict(emptied)
    copy: AnyItem = msgspec.structs.replace(item, **changes) if changes else item
    return copy


def tear_line(item: AnyItem, form: Form, duties: Duties, key: bytes) -> AnyItem:
    """The item under names of its own, the same for all copies of one form and one set of duties."""
    product = _product(form, duties)
    own = tear_line_reference(item.reference, form, duties, key)
    changes: dict[str, Any] = {
        name: _renamed(getattr(item, name), product, key)
        for name in item.__struct_fields__
        if name not in {"item_id", "version", "subject", "label", "provenance"}
    }
    changes["subject"] = _name(key, product, item.subject)
    copy: AnyItem = msgspec.structs.replace(item, item_id=own.item_id, version=own.version, **changes)
    return copy


def tear_line_reference(parent: ItemReference, form: Form, duties: Duties, key: bytes) -> ItemReference:
    """What a version of an item is called in its tear-line; a recall of the parent names it so."""
    product = _product(form, duties)
    return _reference(parent, product, key)


def tear_line_parent(
    copy: ItemReference, form: Form, duties: Duties, held: Iterable[ItemReference], key: bytes
) -> ItemReference | None:
    """Which of the versions that the originator holds a tear-line was made of; None: of none of them."""
    product = _product(form, duties)
    return next((parent for parent in held if _reference(parent, product, key) == copy), None)


def _product(form: Form, duties: Duties) -> bytes:
    """What tells one tear-line from another: without what says when a copy leaves and how long it holds."""
    same = msgspec.structs.replace(duties, delay_s=0, thin_s=0, span_s=0, expire_s=0)
    return form.value.encode() + b"\x00" + encode(same)


def _reference(parent: ItemReference, product: bytes, key: bytes) -> ItemReference:
    digest = _digest(key, product, b"version", parent.item_id)
    start = int.from_bytes(digest) % 2**_VERSION_BITS
    return ItemReference(item_id=_name(key, product, parent.item_id), version=parent.version + start)


def _name(key: bytes, product: bytes, name: str) -> str:
    """A name that keeps the party's code before it, as every name of an item must, and nothing else."""
    party = name.partition("-")[0]
    return f"{party}-tear-line-{_digest(key, product, b'name', name).hex()}"


def _digest(key: bytes, product: bytes, what: bytes, name: str) -> bytes:
    about = hashlib.blake2b(product, digest_size=16).digest() + what + b"\x00" + name.encode()
    return hashlib.blake2b(about, key=key, digest_size=_NAME_BYTES).digest()


def _renamed(value: Any, product: bytes, key: bytes) -> Any:
    """A field's value with every reference to an item renamed as the item's own tear-line would be."""
    if isinstance(value, ItemReference):
        return _reference(value, product, key)
    if isinstance(value, Account):
        return msgspec.structs.replace(
            value,
            subject=_name(key, product, value.subject),
            basis=_reference(value.basis, product, key),
        )
    if isinstance(value, tuple) and any(isinstance(entry, Noun) for entry in value):
        return tuple(_renamed(entry, product, key) for entry in value)
    return value
