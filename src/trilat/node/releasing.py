"""`release_records`: releases whose time has come, with their places in their streams and their proofs."""

from collections.abc import Callable, Sequence
from typing import Final

from trilat.link import Entropy, NodeKeys, Parcel, sign_label, sign_labels
from trilat.model import Area, Event, Warning, encode, of_checked
from trilat.node.exchange import Ready
from trilat.node.records import ReleaseRecord

_ALONE_MAX: Final = 16
"""Of one recipient at a time: items that may have to go over a thin link are marked each by itself, because a
path would not fit there."""


def release_records(
    due: Sequence[Ready], keys: NodeKeys, next_sequence: Callable[[str], int], entropy: Entropy
) -> list[ReleaseRecord]:
    """The records of releases, in their order.

    Own items are marked under one signature for each recipient: a marking tells nothing of what others got.
    What another party made keeps that party's marking.

    Args:
        due: the releases.
        keys: the party's.
        next_sequence: gives the next place in a recipient's stream.
        entropy: random bytes, for salts.
    """
    markings = _markings(due, keys, entropy)
    streams = {recipient: keys.stream_to(recipient) for recipient in {ready.recipient for ready in due}}
    # Every field but the parcel, which is checked when it is made, is one of a noun or counted here.
    return [
        of_checked(
            ReleaseRecord,
            recipient=ready.recipient,
            stream=streams[ready.recipient],
            sequence=next_sequence(ready.recipient),
            item=ready.held.item.reference,
            valid_ns=ready.held.item.valid_ns,
            parcel=encode(Parcel(release=encode(ready.release), marking=marking, consents=ready.consents)),
        )
        for ready, marking in zip(due, markings, strict=True)
    ]


def _markings(due: Sequence[Ready], keys: NodeKeys, entropy: Entropy) -> list[bytes]:
    """A tear-line has a name of its own, so what is signed is the copy: nothing else of its label changed."""
    markings = [ready.held.marking for ready in due]
    own: dict[str, list[int]] = {}
    for at, ready in enumerate(due):
        if not markings[at]:
            own.setdefault(ready.recipient, []).append(at)
    for recipient, places in own.items():
        alone = [at for at in places if isinstance(due[at].release.item, Warning | Area | Event)]
        for at in alone[:_ALONE_MAX]:
            markings[at] = sign_label(keys, due[at].release.item)
        own[recipient] = [at for at in places if not markings[at]]
    for places in own.values():
        made = sign_labels(keys, [due[at].release.item for at in places], entropy)
        for at, marking in zip(places, made, strict=True):
            markings[at] = marking
    return markings
