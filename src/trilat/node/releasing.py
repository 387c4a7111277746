"""`release_records`: releases whose time has come, with their places in their streams and their proofs."""

from collections.abc import Callable, Sequence

from trilat.link import Entropy, NodeKeys, Parcel, sign_labels
from trilat.model import encode
from trilat.node.exchange import Ready
from trilat.node.records import ReleaseRecord


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
    return [
        ReleaseRecord(
            recipient=ready.recipient,
            stream=keys.stream_to(ready.recipient),
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
    for places in own.values():
        made = sign_labels(keys, [due[at].release.item for at in places], entropy)
        for at, marking in zip(places, made, strict=True):
            markings[at] = marking
    return markings
