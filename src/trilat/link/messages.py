"""`Acknowledgement`, `Pull`, `Notice`: what nodes say beside envelopes, each as a COSE_Sign1 by its sender.

An acknowledgement is a receipt: its signed bytes, kept, prove what the partner has accepted. It and a pull
name who speaks to whom about which stream, so that neither can be turned against another stream or party. A
notice is one node's word to another on a topic: it may be lost, repeated and late, and is said again.
"""

from typing import Annotated, Final

import msgspec

from trilat.link.cose import payload_of, sign1
from trilat.link.keys import NodeKeys
from trilat.link.trust import TrustStore
from trilat.model import (
    Count,
    EnvelopeError,
    Identifier,
    Noun,
    PartyCode,
    WireError,
    decode,
    encode,
)

MESSAGE_BYTES_MAX: Final = 66_560
NOTICE_CONTENT_BYTES_MAX: Final = 65_536
MESSAGE_TYPE: Final = "application/vnd.trilat.message"


class Acknowledgement(Noun, frozen=True, kw_only=True, tag="acknowledgement"):
    """All of the recipient's stream up to `cursor` was accepted and is on the disk of who says so."""

    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    cursor: Count


class Pull(Noun, frozen=True, kw_only=True, tag="pull"):
    """Send what follows `since`: all up to there has been accepted, and something after it is missing."""

    sender: PartyCode
    recipient: PartyCode
    stream: Identifier
    since: Count


class Notice(Noun, frozen=True, kw_only=True, tag="notice"):
    """What one node tells another on a topic, in the topic's own form. No release travels so."""

    sender: PartyCode
    recipient: PartyCode
    topic: Identifier
    content: Annotated[bytes, msgspec.Meta(max_length=NOTICE_CONTENT_BYTES_MAX)]


Message = Acknowledgement | Pull | Notice


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
    try:
        return decode(payload, Acknowledgement)
    except WireError:
        pass
    try:
        return decode(payload, Pull)
    except WireError:
        pass
    return decode(payload, Notice, MESSAGE_BYTES_MAX)
