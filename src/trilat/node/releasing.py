"""`release_records`: releases whose time has come, with their places in their streams and their proofs."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from trilat.link import (
    PARCEL_SALT_BYTES,
    Entropy,
    NodeKeys,
    parcel_bytes,
    sign_label,
    sign_labels,
    standing_of,
)
from trilat.model import AnyItem, Area, Event, ItemReference, Receipt, Warning, checked_copy, encode, is_kind
from trilat.node.exchange import Ready
from trilat.node.parts import tell_recorded
from trilat.node.records import ReleaseRecord

if TYPE_CHECKING:
    from trilat.node.node import Node

_RECORD: Final = ReleaseRecord(
    recipient="XX",
    stream="x",
    sequence=1,
    item=ItemReference(item_id="x", version=1),
    valid_ns=0,
    parcel=b"x",
)
_THIN: Final = (Warning, Area, Event)
"""What may have to go over a thin link."""

_ALONE_MAX: Final = 16
"""Of one recipient at a time: items that may have to go over a thin link are marked each by itself, because a
path would not fit there."""


def release_records(
    due: Sequence[Ready],
    keys: NodeKeys,
    stream_to: Callable[[str], str],
    next_sequence: Callable[[str], int],
    entropy: Entropy,
) -> list[ReleaseRecord]:
    """The records of releases, in their order.

    Own items are marked under one signature for each recipient: a marking tells nothing of what others got.
    What another party made keeps that party's marking.

    Args:
        due: the releases.
        keys: the party's.
        stream_to: gives the name of a recipient's stream, which stays when keys change.
        next_sequence: gives the next place in a recipient's stream.
        entropy: random bytes, for salts.
    """
    markings = _markings(due, keys, entropy)
    streams = {recipient: stream_to(recipient) for recipient in {ready.recipient for ready in due}}
    salts = salts_of([ready.release.item for ready in due], entropy)
    records = []
    for ready, marking, salt in zip(due, markings, salts, strict=True):
        recipient, item = ready.recipient, ready.held.item
        # Every field but the parcel, which is checked when it is made, is one of a noun or counted here.
        records.append(
            checked_copy(
                _RECORD,
                recipient=recipient,
                stream=streams[recipient],
                sequence=next_sequence(recipient),
                item=item.reference,
                valid_ns=item.valid_ns,
                parcel=parcel_bytes(encode(ready.release), marking, ready.consents, salt),
            )
        )
    return records


def salts_of(items: Sequence[AnyItem], entropy: Entropy) -> list[bytes]:
    """The salts of parcels, of one draw. One that may have to go in the 300 bytes of a thin link has none:
    its marking, a signature of its own by the originator, is what nobody can guess.
    """
    size = PARCEL_SALT_BYTES
    drawn = entropy(size * len(items)) if items else b""
    return [
        b"" if is_kind(type(item), _THIN) else drawn[at * size : (at + 1) * size]
        for at, item in enumerate(items)
    ]


def hand_over(
    due: Sequence[Ready], records: Sequence[ReleaseRecord], receipts: Sequence[Receipt], node: "Node"
) -> None:
    """Give the links what is written: the last of the receipts are those of the records."""
    for ready, record, receipt in zip(due, records, receipts[len(receipts) - len(records) :], strict=True):
        node.lanes.note(record, receipt.entry)
        standing = standing_of(ready.release)
        node.endpoint.send(record.recipient, record.sequence, record.parcel, receipt, standing)
        tell_recorded(node.recording, receipt.entry, receipt.recorded_ns, record)


def _markings(due: Sequence[Ready], keys: NodeKeys, entropy: Entropy) -> list[bytes]:
    """A tear-line has a name of its own, so what is signed is the copy: nothing else of its label changed."""
    markings = [ready.held.marking for ready in due]
    own: dict[str, list[int]] = {}
    for at, ready in enumerate(due):
        if not markings[at]:
            own.setdefault(ready.recipient, []).append(at)
    for recipient, places in own.items():
        alone = [at for at in places if is_kind(type(due[at].release.item), _THIN)]
        for at in alone[:_ALONE_MAX]:
            markings[at] = sign_label(keys, due[at].release.item)
        own[recipient] = [at for at in places if not markings[at]]
    for places in own.values():
        made = sign_labels(keys, [due[at].release.item for at in places], entropy)
        for at, marking in zip(places, made, strict=True):
            markings[at] = marking
    return markings
