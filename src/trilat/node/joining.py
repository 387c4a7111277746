"""How a partner joins a node's folder: invite, join, admit.

`invitations/CODE.json` in the inviting node's folder remembers what was sent to whom, until it is answered.
An invitation is answered once; a new one to the same party takes the place of the one before.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from trilat.link import (
    SECRET_BYTES,
    Acceptance,
    AgreementFile,
    Announcement,
    Invitation,
    SignatureState,
    TrustStore,
    agreement_digest,
    letter_digest,
    open_acceptance,
    open_invitation,
    sign_acceptance,
    sign_invitation,
    signature_states,
    signers_of,
)
from trilat.model import SECOND_NS, Agreement, TrustError, UsageError, format_instant, parse_instant
from trilat.node.folder import NodeFolder
from trilat.node.folder_files import json_of
from trilat.node.settings import NODE_FILE, NodeSettings, Peer, host_and_port, party_code, write_settings
from trilat.node.trust_changes import pin_party
from trilat.node.trust_files import pin_all, read_trust
from trilat.policy import read_agreement

INVITATIONS_FOLDER: Final = "invitations"
_DAY_NS: Final = 86_400 * SECOND_NS


@dataclass(frozen=True, kw_only=True)
class Joining:
    """What people decide when a partner joins, beside its fingerprint."""

    fingerprint: str
    """As the partner's people read it aloud."""

    dial: str = ""
    """Where the partner is to dial us, HOST:PORT, if it is we who listen."""

    releasable: bool = False
    """Whether labels of own items name the partner from now on."""


def invite(folder: NodeFolder, party: str, files: list[str], dial: str, ends_ns: int, now_ns: int) -> bytes:
    """The signed invitation of a party.

    Args:
        folder: of the node that invites.
        party: who is invited.
        files: names of agreement files; empty takes all that name both parties.
        dial: where the party is to dial us; empty where we shall dial it.
        ends_ns: until when it may be answered, UTC ns.
        now_ns: the world's time.

    Raises:
        UsageError: the node has no root, the party is a partner already, or an agreement is between others.
    """
    own = folder.settings.party
    if party_code(party) in (own, *folder.settings.peers):
        raise UsageError(f"{party} is the node's own party or its partner already: it needs no invitation")
    if dial:
        _refuse_no_port(dial)
    states = _own_states(folder)
    invitation = Invitation(
        party=own,
        to=party,
        states=states,
        made_ns=now_ns,
        secret=os.urandom(SECRET_BYTES),
        dial=dial,
        agreements=_between(folder, party, files),
        ends_ns=ends_ns,
        status=folder.settings.status,
        purpose=folder.settings.purpose,
    )
    data = sign_invitation(folder.keys, invitation)
    _remember(folder.path, party, {
        "digest": letter_digest(data).hex(),
        "secret": invitation.secret.hex(),
        "ends": format_instant(ends_ns),
        "dial": dial,
        "answered": False,
    })  # fmt: skip
    return data


def join(folder: NodeFolder, data: bytes, said: Joining, now_ns: int) -> tuple[Invitation, bytes]:
    """Become a partner of who made an invitation; returns it, and the signed acceptance.

    Raises:
        TrustError: the invitation is not sound, not for this party, past its end, or by another root than the
            one whose fingerprint was read aloud.
        UsageError: the two are partners already, no side says where to dial, or an agreement's file is there
            with another text.
    """
    own = folder.settings.party
    invitation = open_invitation(data, own, now_ns)
    if invitation.party in folder.settings.peers:
        raise UsageError(f"{invitation.party} is a partner already: an invitation is used once")
    if invitation.status is not folder.settings.status:
        raise UsageError(
            f"{invitation.party} invites to a federation of status {invitation.status.value}, this node is "
            f"{folder.settings.status.value}: make another node"
        )
    _refuse_no_dial(invitation.dial, said.dial, invitation.party)
    states = _own_states(folder)
    texts = {file.name: file.text for file in invitation.agreements}
    _check_agreements(folder, texts, invitation.party)
    pin_party(folder.path, invitation.states, said.fingerprint, replace=True)
    for name, text in texts.items():
        _write(folder.path / "agreements" / name, text)
    _add_peer(folder, invitation.party, invitation.dial, releasable=said.releasable)
    acceptance = Acceptance(
        party=own,
        to=invitation.party,
        states=states,
        made_ns=now_ns,
        secret=invitation.secret,
        dial=said.dial,
        agreements=invitation.agreements,
        invitation=letter_digest(data),
    )
    return invitation, sign_acceptance(folder.keys, acceptance)


def admit(folder: NodeFolder, data: bytes, said: Joining, now_ns: int) -> Acceptance:
    """Take who accepted an invitation of this node as a partner.

    Raises:
        TrustError: the acceptance is not sound, answers no invitation that is open, comes too late, or is by
            another root than the one whose fingerprint was read aloud.
        UsageError: no side says where to dial.
    """
    acceptance = open_acceptance(data, folder.settings.party)
    path = _path(folder.path, acceptance.party)
    sent = json_of(path) if path.is_file() else {}
    if sent.get("answered") or acceptance.party in folder.settings.peers:
        raise TrustError(f"the invitation of {acceptance.party} was answered before: it is used once")
    if (sent.get("digest"), sent.get("secret")) != (acceptance.invitation.hex(), acceptance.secret.hex()):
        raise TrustError(f"{acceptance.party} answers no invitation that this node made: not admitted")
    if now_ns >= parse_instant(sent["ends"]):
        raise TrustError(f"the invitation of {acceptance.party} ended on {sent['ends']}: make a new one")
    _refuse_no_dial(acceptance.dial, sent["dial"], acceptance.party)
    pin_party(folder.path, acceptance.states, said.fingerprint, replace=True)
    _add_peer(folder, acceptance.party, acceptance.dial, releasable=said.releasable)
    _remember(folder.path, acceptance.party, {**sent, "answered": True})
    return acceptance


def invitation_lines(folder: NodeFolder, now_ns: int) -> list[str]:
    """Invitations that nobody answered yet by the world's time, a sentence each."""
    lines = []
    for path in sorted((folder.path / INVITATIONS_FOLDER).glob("*.json")):
        sent = json_of(path)
        if sent.get("answered") or path.stem in folder.settings.peers:
            continue
        left_ns = parse_instant(str(sent["ends"])) - now_ns
        if left_ns <= 0:
            lines.append(
                f"the invitation of {path.stem} ended on {sent['ends']} without an answer: make a new one"
            )
        else:
            days = left_ns // _DAY_NS
            lines.append(
                f"{path.stem} is invited and has not accepted yet; the invitation ends in {days} days"
            )
    return lines


def _own_states(folder: NodeFolder) -> Announcement:
    """The newest own state; UsageError where the party has no root."""
    told = read_trust(folder.path, folder.settings.party)
    if told is None or not told.states:
        raise UsageError(
            f"{folder.settings.party} has no trust state here: make a root (`trilat trust init`), and "
            "let it sign this node's keys"
        )
    return Announcement(states=told.states[-1:])


def _between(folder: NodeFolder, party: str, names: list[str]) -> tuple[AgreementFile, ...]:
    """The agreement files that are proposed."""
    held = folder.agreements.files
    for name in names:
        if name not in held:
            raise UsageError(f"`{name}` is no agreement in {folder.path / 'agreements'}: put it there first")
        if not {folder.settings.party, party} <= set(signers_of(held[name])):
            raise UsageError(f"`{name}` is not between {folder.settings.party} and {party}: name one that is")
    both = {folder.settings.party, party}
    chosen = names or [name for name, agreement in held.items() if both <= set(signers_of(agreement))]
    if not chosen:
        raise UsageError(f"no agreement here names {party}: make one with `trilat agreement new`")
    return tuple(AgreementFile(name=name, text=folder.agreement_texts[name]) for name in chosen)


def _check_agreements(folder: NodeFolder, texts: dict[str, str], inviter: str) -> None:
    """Refuse agreements that are not sound, not between the two, or not what is held under that name."""
    for name, text in texts.items():
        agreement = read_agreement(name, text)
        if not {folder.settings.party, inviter} <= set(signers_of(agreement)):
            raise TrustError(f"`{name}` is not between {inviter} and {folder.settings.party}: not accepted")
        held: Agreement | None = folder.agreements.files.get(name)
        if held is not None and agreement_digest(held) != agreement_digest(agreement):
            raise UsageError(f"`{name}` is here with another text: compare the two, and remove one")


def signed_by(letter: Invitation | Acceptance) -> dict[str, SignatureState]:
    """How the sender's signature stands under each agreement in a letter."""
    store = TrustStore()
    pin_all(store, letter.states)
    return {
        file.name: signature_states(store, read_agreement(file.name, file.text))[letter.party]
        for file in letter.agreements
    }


def _add_peer(folder: NodeFolder, party: str, dial: str, *, releasable: bool) -> None:
    """Write the partner into `node.toml`; the file of before stays beside it."""
    settings = folder.settings
    named = dict.fromkeys((*settings.releasable_to, party)) if releasable else settings.releasable_to
    new: NodeSettings = msgspec.structs.replace(
        settings, peer=(*settings.peer, Peer(code=party, dial=dial)), releasable_to=tuple(named)
    )
    path = folder.path / NODE_FILE
    _write(path.with_name(f"{NODE_FILE}.before"), path.read_text(encoding="utf-8"))
    _write(path, write_settings(new))


def _refuse_no_dial(theirs: str, ours: str, party: str) -> None:
    if bool(theirs) == bool(ours):
        who = "both say where they listen" if theirs else "neither says where it listens"
        raise UsageError(
            f"one of the two dials the other, and {who}: with {party} agree on one, see --listen"
        )
    _refuse_no_port(theirs or ours)


def _refuse_no_port(address: str) -> None:
    if host_and_port(address, "the address to dial")[1] == 0:
        raise UsageError(f"`{address}` has no port: give the one that is listened on")


def _path(folder: Path, party: str) -> Path:
    return folder / INVITATIONS_FOLDER / f"{party}.json"


def _remember(folder: Path, party: str, sent: dict[str, Any]) -> None:
    _write(_path(folder, party), json.dumps(sent, indent=2) + "\n")


def _write(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        unfinished.chmod(0o600)
        unfinished.replace(path)
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {(error.strerror or 'unknown').lower()}") from error
