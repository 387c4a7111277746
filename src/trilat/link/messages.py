"""What nodes say beside envelopes, each as a COSE_Sign1 by its sender.

An acknowledgement is a receipt: its signed bytes, kept, prove what the partner has accepted. It and a pull
name who speaks to whom about which stream, so that neither can be turned against another stream or party. A
notice is one node's word to another on a topic: it may be lost, repeated and late, and is said again.
"""

from typing import Annotated, Final

import msgspec

from trilat.link.cose import payload_of, sign1
from trilat.link.keys import NodeKeys
from trilat.link.parts import ID_BYTES
from trilat.link.trust import TrustStore
from trilat.model import (
    Count,
    EnvelopeError,
    Identifier,
    ItemError,
    Noun,
    PartyCode,
    WireError,
    decode,
    encode,
)

MESSAGE_BYTES_MAX: Final = 66_560
NOTICE_CONTENT_BYTES_MAX: Final = 65_536
RUNS_MAX: Final = 128
"""Runs of numbers in one message."""

MESSAGE_TYPE: Final = "application/vnd.trilat.message"
_Runs = Annotated[tuple[tuple[Count, Count], ...], msgspec.Meta(max_length=RUNS_MAX)]
_PayloadId = Annotated[bytes, msgspec.Meta(min_length=ID_BYTES, max_length=ID_BYTES)]
_Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class Acknowledgement(Noun, frozen=True, kw_only=True, tag="acknowledgement"):
    """All of the recipient's stream up to `cursor` was accepted and is on the disk of who says so; and so
    are the runs `ahead` of it, the lowest ones where there are more.
    """

    fields_appended = 1

    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    cursor: Count
    ahead: _Runs = ()

    def check(self) -> None:
        """Refuse runs that are none."""
        _check_runs(self.ahead, self.cursor)


class Pull(Noun, frozen=True, kw_only=True, tag="pull"):
    """Send what follows `since`: all up to there has been accepted, and something after it is missing."""

    fields_appended = 1

    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    since: Count
    ahead: _Runs = ()
    """What was accepted behind `since` all the same, and need not be sent."""

    def check(self) -> None:
        """Refuse runs that are none."""
        _check_runs(self.ahead, self.since)


class HighWater(Noun, frozen=True, kw_only=True, tag="high-water"):
    """The sender's stream goes up to `last`, and `digest` is SHA-256 of the parcel with that number: who has
    less pulls, and who has another parcel under that number knows that one of the two records is not whole.
    """

    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    last: Count
    digest: _Digest


class Omission(Noun, frozen=True, kw_only=True, tag="omission"):
    """These runs of the sender's stream carry nothing, for good: the recipient's cursor passes over them."""

    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    runs: Annotated[_Runs, msgspec.Meta(min_length=1)]

    def check(self) -> None:
        """Refuse runs that are none."""
        _check_runs(self.runs, -1)


class Notice(Noun, frozen=True, kw_only=True, tag="notice"):
    """What one node tells another on a topic, in the topic's own form. No release travels so."""

    sender: PartyCode
    recipient: PartyCode
    topic: Identifier
    content: Annotated[bytes, msgspec.Meta(max_length=NOTICE_CONTENT_BYTES_MAX)]


class Parts(Noun, frozen=True, kw_only=True, tag="parts"):
    """A payload of `size` bytes comes in parts of `part_bytes`; `again`: say which of them are lacking."""

    sender: PartyCode
    recipient: PartyCode
    payload: _PayloadId
    size: Count
    part_bytes: Count
    again: bool


class Lacking(Noun, frozen=True, kw_only=True, tag="lacking"):
    """Of a payload these runs of parts, counted from 0, have not come, and perhaps more."""

    sender: PartyCode
    recipient: PartyCode
    payload: _PayloadId
    runs: Annotated[_Runs, msgspec.Meta(min_length=1)]

    def check(self) -> None:
        """Refuse runs that are none."""
        _check_runs(self.runs, -2)


Short = Acknowledgement | Pull | HighWater | Omission | Parts | Lacking
Message = Short | Notice
_SHORT: Final[tuple[type[Short], ...]] = (Acknowledgement, Pull, HighWater, Omission, Parts, Lacking)


def sign_message(keys: NodeKeys, message: Message) -> bytes:
    """What goes on the wire."""
    return sign1(keys.signing, MESSAGE_TYPE, encode(message))


def open_message(data: bytes, party: str, trust: TrustStore) -> Message:
    """The message in `data`, for `party` and signed by its sender.

    Raises:
        WireError: too long, or none of the messages above.
        EnvelopeError: for another party, or not signed by its sender.
        TrustError: the sender is not pinned.
    """
    if len(data) > MESSAGE_BYTES_MAX:
        raise WireError(f"message of {len(data)} bytes is over the limit of {MESSAGE_BYTES_MAX}: not read")
    message = _decode(payload_of(data, MESSAGE_TYPE, "message"))
    if message.recipient != party:
        raise EnvelopeError(f"the message is for `{message.recipient}`: this is `{party}`, not read")
    trust.verify_live(message.sender, data, MESSAGE_TYPE, "message")
    return message


def _decode(payload: bytes) -> Message:
    for kind in _SHORT:
        try:
            return decode(payload, kind)
        except WireError:
            continue
    return decode(payload, Notice, MESSAGE_BYTES_MAX)


def _check_runs(runs: tuple[tuple[int, int], ...], behind: int) -> None:
    """Runs stand in order, with a gap between them, behind a number."""
    for first, last in runs:
        if not behind + 1 < first <= last:
            raise ItemError("runs of a stream are not in order: give each once, lowest first")
        behind = last
