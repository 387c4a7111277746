"""`Acknowledgement` and `Pull`: what a recipient says back. Each travels as a COSE_Sign1 by its sender.

An acknowledgement is a receipt: its signed bytes, kept, prove what the partner has accepted. Both name who
speaks to whom about which stream, so that neither can be turned against another stream or party.
"""

from typing import Final

from trilat.link.cose import payload_of, sign1, verify1
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

MESSAGE_BYTES_MAX: Final = 4_096
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


def sign_message(keys: NodeKeys, message: Acknowledgement | Pull) -> bytes:
    """What goes on the wire."""
    return sign1(keys.signing, MESSAGE_TYPE, encode(message))


def open_message(data: bytes, party: str, trust: TrustStore) -> Acknowledgement | Pull:
    """The message in `data`, for `party` and signed by its sender.

    Raises:
        WireError: too long, or neither an acknowledgement nor a pull.
        EnvelopeError: for another party, or not signed by its sender.
        TrustError: the sender is not pinned.
    """
    if len(data) > MESSAGE_BYTES_MAX:
        raise WireError(f"message of {len(data)} bytes is over the limit of {MESSAGE_BYTES_MAX}: not read")
    message = _decode(payload_of(data, MESSAGE_TYPE, "message"))
    if message.recipient != party:
        raise EnvelopeError(f"the message is for `{message.recipient}`: this is `{party}`, not read")
    verify1(trust.signing_key(message.sender), data, MESSAGE_TYPE, "message", message.sender)
    return message


def _decode(payload: bytes) -> Acknowledgement | Pull:
    try:
        return decode(payload, Acknowledgement)
    except WireError:
        return decode(payload, Pull)
