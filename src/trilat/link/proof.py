"""`Proof`: what a recipient shows a third party of one object of a batch, and what that one checks.

A third party holds the sender's pin and nothing else. It learns the one parcel (or its label alone), who sent
it to whom, its number, and digests of the batch's other objects, which are salted and tell nothing.

What it then knows: the sender signed that this parcel went to this recipient under this number. It does not
know when, nor whether it arrived, nor what else there was. A parcel that was changed, another recipient, or
another number fits no signature of the sender's: a recipient cannot make up what it was given.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from trilat.link.cose import payload_of
from trilat.link.opening import Checked, OpenedParcel, Opener, refuse_strange_algorithms
from trilat.link.parcel import (
    BATCH_BYTES_MAX,
    BATCH_TYPE,
    PARCEL_BYTES_MAX,
    Batch,
    Parcel,
    bind,
    fits,
    part_digest,
    release_parts,
)
from trilat.link.trust import TrustStore, party_of
from trilat.model import Count, EnvelopeError, Label, Noun, UsageError, decode, encode

PROOF_BYTES_MAX: Final = 300_000
_SALT_BYTES: Final = 16
_SHOWN_SALTS: Final = 3 * _SALT_BYTES


class Proof(Noun, frozen=True, kw_only=True):
    """One object of a signed batch with what opens its digests: a whole parcel, or a label alone."""

    proof_version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1
    signed: Annotated[bytes, msgspec.Meta(min_length=1, max_length=BATCH_BYTES_MAX + 1_024)]
    """The batch's COSE_Sign1, as the sender made it."""

    sequence: Count
    salts: Annotated[bytes, msgspec.Meta(min_length=_SALT_BYTES, max_length=_SHOWN_SALTS)]
    """Of label, clauses and parcel; of the label alone where that is all that is shown."""

    parcel: Annotated[bytes, msgspec.Meta(min_length=1, max_length=PARCEL_BYTES_MAX)] | None
    label: Annotated[bytes, msgspec.Meta(min_length=1, max_length=PARCEL_BYTES_MAX)] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Proved:
    """What a proof shows. `parcel` is None where a label alone was shown."""

    sender: str
    recipient: str
    stream: str
    sequence: int
    label: Label
    parcel: bytes | None


def prove(checked: Checked, opened: OpenedParcel, *, label_only: bool = False) -> bytes:
    """The wire form of the proof of one opened object.

    Args:
        checked: the envelope that it came in.
        opened: the object.
        label_only: show which label the sender signed for, and nothing of the content.

    Raises:
        UsageError: the object is of another envelope.
    """
    batch = checked.batch
    offset = opened.sequence - batch.first_sequence
    salts = checked.epoch.salts(batch.stream, opened.sequence)
    parts = release_parts(opened.parcel.release)
    whole = bind(salts, parts.label, parts.clauses, opened.wire)
    if not 0 <= offset < batch.count or whole != b"".join(batch.binding(offset)):
        raise UsageError(f"object {opened.sequence} is not of this envelope: give the one that it came in")
    return encode(
        Proof(
            signed=checked.signed,
            sequence=opened.sequence,
            salts=salts[: _SALT_BYTES if label_only else _SHOWN_SALTS],
            parcel=None if label_only else opened.wire,
            label=parts.label if label_only else None,
        )
    )


def verify_proof(data: bytes, trust: TrustStore) -> Proved:
    """What a proof shows, after these checks: form; sender pinned; batch signed by it; object in the batch;
    its digest opened by salt and content; release from that sender to that recipient.

    Markings and consents inside the parcel are their originators' words: `Opener.verify` checks them where
    their pins are held.

    Raises:
        WireError: it is no proof, or what it shows is no parcel or label.
        TrustError: the sender is not pinned.
        EnvelopeError: any other check.
    """
    proof = decode(data, Proof, PROOF_BYTES_MAX)
    claimed = decode(payload_of(proof.signed, BATCH_TYPE, "batch"), Batch, BATCH_BYTES_MAX)
    if claimed.sender != party_of(claimed.sender):
        raise EnvelopeError(f"the batch is by `{claimed.sender}`: only nodes send envelopes")
    signed = trust.verify_statement(claimed.sender, proof.signed, BATCH_TYPE, "batch")
    batch = decode(signed, Batch, BATCH_BYTES_MAX)
    refuse_strange_algorithms(batch)
    offset = proof.sequence - batch.first_sequence
    if not 0 <= offset < batch.count:
        raise EnvelopeError(f"object {proof.sequence} is not in the batch: the proof shows nothing")
    label = _shown_label(proof, batch, offset)
    return Proved(
        sender=batch.sender,
        recipient=batch.recipient,
        stream=batch.stream,
        sequence=proof.sequence,
        label=decode(label, Label),
        parcel=proof.parcel,
    )


def proof_of(data: bytes, opener: Opener, sequence: int, *, label_only: bool = False) -> bytes:
    """The proof of one object of an envelope that this node received, after every check of it.

    Raises:
        UsageError: no such number in it.
        EnvelopeError, TrustError, WireError: as in `Opener`.
    """
    checked = opener.check(data)
    for opened in opener.open(checked).parcels:
        if opened.sequence == sequence:
            return prove(checked, opened, label_only=label_only)
    raise UsageError(f"object {sequence} is not in this envelope: name one that is")


def _shown_label(proof: Proof, batch: Batch, offset: int) -> bytes:
    """The label's wire form, after what is shown was found in the batch."""
    binding = batch.binding(offset)
    if (proof.parcel is None) is (proof.label is None):
        raise EnvelopeError("a proof shows either a parcel or a label: not accepted")
    if proof.label is not None:
        digest = part_digest("label", proof.salts, proof.label)
        if len(proof.salts) != _SALT_BYTES or digest != binding.label:
            raise EnvelopeError(f"the label is not the one that `{batch.sender}` signed for")
        return proof.label
    wire = proof.parcel or b""
    parts = release_parts(decode(wire, Parcel, PARCEL_BYTES_MAX).release)
    if len(proof.salts) != _SHOWN_SALTS or bind(proof.salts, parts.label, parts.clauses, wire) != b"".join(
        binding
    ):
        raise EnvelopeError(f"the parcel is not the one that `{batch.sender}` signed for")
    if not fits(parts, batch.sender, batch.recipient):
        raise EnvelopeError(f"the release is not from `{batch.sender}` to `{batch.recipient}`")
    return parts.label
