"""`Invitation` and `Acceptance`: how a partner joins. Each is signed by its party's node and shows its keys.

Who reads one checks, in this order, each with one line of refusal:
1. form, within its limits
2. the trust states in it prove themselves (`checked_state`), and name a key in force
3. signed by that key, for this use
4. for this party, by that party
5. not past its end
6. an acceptance answers an invitation that this node made, and that nobody answered yet

None of this tells that the root in it is the party's: people compare its fingerprint over another way.
Whoever carries the file can put another root in, and then the fingerprint is another.
"""

from hashlib import sha256
from typing import Annotated, Final

import msgspec

from trilat.link.armor import armored, unarmored
from trilat.link.cose import payload_of, sign1, verify1
from trilat.link.keys import NodeKeys
from trilat.link.trust_state import Announcement, TrustState, checked_state, public_key
from trilat.model import (
    InstantNs,
    ItemError,
    Noun,
    PartyCode,
    ShortText,
    Status,
    TrustError,
    decode,
    encode,
    format_instant,
)

INVITATION_TYPE: Final = "application/vnd.trilat.invitation"
ACCEPTANCE_TYPE: Final = "application/vnd.trilat.acceptance"
INVITATION_LABEL: Final = "INVITATION"
ACCEPTANCE_LABEL: Final = "ACCEPTANCE"
SECRET_BYTES: Final = 32
INVITATION_BYTES_MAX: Final = 262_144
AGREEMENTS_MAX: Final = 16
_AGREEMENT_CHARACTERS_MAX: Final = 65_536
_FILE_PATTERN: Final = r"^[a-z0-9][a-z0-9._-]{0,100}\.toml(?!\n)$"
_Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class AgreementFile(Noun, frozen=True, kw_only=True):
    """An agreement as its file says it."""

    name: Annotated[str, msgspec.Meta(pattern=_FILE_PATTERN, max_length=106)]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=_AGREEMENT_CHARACTERS_MAX)]


_Agreements = Annotated[tuple[AgreementFile, ...], msgspec.Meta(max_length=AGREEMENTS_MAX)]


class _Letter(Noun, frozen=True, kw_only=True):
    """What both have in common."""

    party: PartyCode
    """Who says it."""

    to: PartyCode
    states: Announcement
    """Of who says it."""

    made_ns: InstantNs
    secret: _Digest
    """Random; an acceptance says it again."""

    dial: ShortText = ""
    """HOST:PORT where who reads it dials; empty where it listens."""

    agreements: _Agreements = ()

    def check(self) -> None:
        """Refuse staff, a party that writes to itself, files of one name, and states of nobody."""
        if "/" in self.party + self.to or self.party == self.to:
            raise ItemError("an invitation is by one party to another")
        names = [file.name for file in self.agreements]
        if len(set(names)) != len(names):
            raise ItemError("an invitation has two agreements of one name")
        if not self.states.states:
            raise ItemError("an invitation shows the trust state of who makes it")


class Invitation(_Letter, frozen=True, kw_only=True):
    """A party lets another join: who it is, what is agreed, where to dial, until when."""

    ends_ns: InstantNs = 0
    status: Status = Status.REAL
    """Of the items that the inviting node takes."""

    purpose: ShortText = ""


class Acceptance(_Letter, frozen=True, kw_only=True):
    """The answer to one invitation, with the agreements as the party has signed them."""

    invitation: _Digest = bytes(32)
    """SHA-256 of the invitation's bytes."""


def sign_invitation(keys: NodeKeys, invitation: Invitation) -> bytes:
    """The signed bytes of an invitation."""
    return sign1(keys.signing, INVITATION_TYPE, encode(invitation))


def sign_acceptance(keys: NodeKeys, acceptance: Acceptance) -> bytes:
    """The signed bytes of an acceptance."""
    return sign1(keys.signing, ACCEPTANCE_TYPE, encode(acceptance))


def open_invitation(data: bytes, party: str, now_ns: int) -> Invitation:
    """The invitation in signed bytes, for a party, at an instant of the world's time (checks 1 to 5).

    Raises:
        PeerError: one of the checks.
    """
    payload = payload_of(data, INVITATION_TYPE, "invitation")
    invitation = decode(payload, Invitation, INVITATION_BYTES_MAX)
    _check_letter(invitation, data, (INVITATION_TYPE, "invitation"), party)
    if now_ns >= invitation.ends_ns:
        raise TrustError(
            f"the invitation by {invitation.party} ended on {format_instant(invitation.ends_ns)}: "
            "ask for a new one"
        )
    return invitation


def open_acceptance(data: bytes, party: str) -> Acceptance:
    """The acceptance in signed bytes, for a party (checks 1 to 4); the rest is the node's.

    Raises:
        PeerError: one of the checks.
    """
    payload = payload_of(data, ACCEPTANCE_TYPE, "acceptance")
    acceptance = decode(payload, Acceptance, INVITATION_BYTES_MAX)
    _check_letter(acceptance, data, (ACCEPTANCE_TYPE, "acceptance"), party)
    return acceptance


def letter_digest(data: bytes) -> bytes:
    """By which an acceptance names the invitation that it answers."""
    return sha256(data).digest()


def letter_text(label: str, data: bytes) -> str:
    """An invitation or acceptance as text to be sent."""
    return armored(label, data)


def letter_bytes(label: str, text: str) -> bytes:
    """The signed bytes in such a text; TrustError where there are none."""
    return unarmored(label, text, label.lower())


def _check_letter(letter: _Letter, data: bytes, use: tuple[str, str], party: str) -> TrustState:
    content_type, what = use
    states = [checked_state(signed) for signed in letter.states.states]
    newest = states[-1]
    if any(state.party != letter.party or state.root != newest.root for state in states):
        raise TrustError(f"the {what} by {letter.party} shows trust states of another root: not accepted")
    if newest.card is None:
        raise TrustError(f"the {what} by {letter.party} shows no key in force: not accepted")
    key = public_key(newest.card.pin.signing_public, letter.party)
    verify1(key, data, content_type, what, letter.party)
    if letter.to != party:
        raise TrustError(f"the {what} by {letter.party} is for {letter.to}: this is {party}, not accepted")
    return newest
