"""`Trouble`: one thing that is wrong with a node, as a code with its figures, and in one English sentence.

The page makes its sentences from the same codes in three languages. What is wrong is decided in one place
(`trilat.node.troubles`), whoever asks.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

import msgspec

from trilat.link import Figure, LinkCode, LinkState, link_sentence
from trilat.model import PartyCode, format_instant


class Severity(Enum):
    """How soon somebody should act."""

    SEVERE = "severe"
    """Now: something does not flow, is lost, or may not be believed."""

    ATTENTION = "attention"
    """Soon: it works still."""


class TroubleCode(Enum):
    """What is wrong beside links, whose codes are `link-` and that of `LinkCode`."""

    STOPPED = "stopped"
    BEHIND = "behind"
    OWN_KEYS_ROOT_REVOKED = "own-keys-root-revoked"
    OWN_KEYS_REVOKED = "own-keys-revoked"
    OWN_KEYS_ENDED = "own-keys-ended"
    OWN_KEYS_ENDING = "own-keys-ending"
    KEYS_ROOT_REVOKED = "keys-root-revoked"
    KEYS_REVOKED = "keys-revoked"
    KEYS_ENDED = "keys-ended"
    KEYS_ENDING = "keys-ending"
    KEYS_FORKED = "keys-forked"
    KEYS_UNKNOWN = "keys-unknown"
    KEYS_NOT_HELD = "keys-not-held"
    TREE_FORKED = "tree-forked"
    TREE_ROLLED_BACK = "tree-rolled-back"
    TREE_DENIED = "tree-denied"
    TREE_BEYOND = "tree-beyond"
    TREE_DIFFERS = "tree-differs"
    TREE_MISSING = "tree-missing"
    AGREEMENT_MISSING = "agreement-missing"
    AGREEMENT_WRONG = "agreement-wrong"
    AGREEMENT_REVOKED = "agreement-revoked"
    AGREEMENT_NO_CARD = "agreement-no-card"
    AGREEMENT_OUTDATED = "agreement-outdated"
    AGREEMENT_STALE = "agreement-stale"
    AGREEMENT_BEHIND = "agreement-behind"
    RESUMING = "resuming"
    RESUMING_REFUSED = "resuming-refused"
    LEDGER_DAMAGED = "ledger-damaged"
    LEDGER_LOST = "ledger-lost"
    DISK_LOW = "disk-low"
    BACKUP_NONE = "backup-none"
    BACKUP_OLD = "backup-old"


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, with whom or what. Figures that end in `_ns` are instants, UTC ns."""

    code: str
    severity: Severity
    party: PartyCode
    """The partner that it is about, or the own party."""

    figures: dict[str, Figure] = {}


LINK_PREFIX: Final = "link-"

_NOT_OURS: Final = "our own keys are not in force, nobody believes them: "
_ASK: Final = "ask {party} for its new trust state"
_ROOT_REVOKED: Final = f"{{party}} revoked its root and all of its keys: {_ASK}, and compare its fingerprint"
_REVOKED: Final = f"{{party}}'s key was revoked{{as_of}}: {_ASK}"
_ENDED: Final = f"{{party}}'s keys ended on {{since}}: {_ASK}"
_SENTENCES: Final[Mapping[TroubleCode, str]] = {
    TroubleCode.STOPPED: "the node has stopped ({problem}): restart it, it goes on from its ledger",
    TroubleCode.BEHIND: "the node is {seconds:.0f} s late with its work: look at what else this machine does",
    TroubleCode.OWN_KEYS_ROOT_REVOKED: _NOT_OURS + _ROOT_REVOKED,
    TroubleCode.OWN_KEYS_REVOKED: _NOT_OURS + _REVOKED,
    TroubleCode.OWN_KEYS_ENDED: _NOT_OURS + _ENDED,
    TroubleCode.OWN_KEYS_ENDING: (
        "our keys end in {days} days: let our root renew them (`trilat trust renew`)"
    ),
    TroubleCode.KEYS_ROOT_REVOKED: _ROOT_REVOKED,
    TroubleCode.KEYS_REVOKED: _REVOKED,
    TroubleCode.KEYS_ENDED: _ENDED,
    TroubleCode.KEYS_ENDING: "{party}'s keys end in {days} days: ask it to renew them",
    TroubleCode.KEYS_FORKED: (
        "{party} signed two different trust states of one version: speak with {party}, its root may be in "
        "other hands"
    ),
    TroubleCode.KEYS_UNKNOWN: "no key of {party} is known: compare its fingerprint, and pin it",
    TroubleCode.KEYS_NOT_HELD: (
        "{party} has not said that it holds our trust state {version}: it reads nothing by our newest "
        "keys until then"
    ),
    TroubleCode.TREE_FORKED: (
        "{party} signed two different trees of one size: it shows two histories, keep the evidence and call "
        "its auditor"
    ),
    TroubleCode.TREE_ROLLED_BACK: (
        "{party} signed fewer parcels later than before: ask whether it was restored from a backup, else "
        "call its auditor"
    ),
    TroubleCode.TREE_DENIED: (
        "{party} denies parcels that it acknowledged: keep the evidence, and call its auditor"
    ),
    TroubleCode.TREE_BEYOND: (
        "{party} signed more parcels than were released to it: compare with the heads that it holds of us "
        "(`trilat audit compare`)"
    ),
    TroubleCode.TREE_DIFFERS: (
        "{party} and this node have different records of one stream: `trilat audit compare` finds the first "
        "difference"
    ),
    TroubleCode.TREE_MISSING: (
        "{party} signed for parcels that have not come: ask who carries them between us what holds them up"
    ),
    TroubleCode.AGREEMENT_MISSING: "{party} has not signed `{agreement}`: ask it for the signed file",
    TroubleCode.AGREEMENT_WRONG: (
        "the signature of {party} under `{agreement}` is wrong: put back the signed file"
    ),
    TroubleCode.AGREEMENT_REVOKED: (
        "{party} signed `{agreement}` with a key that is revoked: let it sign again with its new one"
    ),
    TroubleCode.AGREEMENT_NO_CARD: "the signature of {party} under `{agreement}` is not known: pin {party}",
    TroubleCode.AGREEMENT_OUTDATED: (
        "{agreement} version {version}: a partner says that it holds a newer one; nothing goes under this "
        "one, ask for it"
    ),
    TroubleCode.AGREEMENT_STALE: (
        "{agreement} version {version}: nothing goes to {party}: nobody entitled was heard in time, see to "
        "the links"
    ),
    TroubleCode.AGREEMENT_BEHIND: (
        "{agreement} version {version}: {party} is not known to hold it, and gets nothing: see to its link"
    ),
    TroubleCode.RESUMING: (
        "restored from a backup: releases wait until {party} tells how far it has accepted; without a link, "
        "export a bundle to {party}, and import the one that it exports then"
    ),
    TroubleCode.RESUMING_REFUSED: (
        "restored from a backup: {party} says it has accepted more than can be, releases wait: ask its people"
    ),
    TroubleCode.LEDGER_DAMAGED: (
        "{count} entries of the ledger are damaged and asked of partners: keep the links up, then run "
        "`trilat audit verify`"
    ),
    TroubleCode.LEDGER_LOST: (
        "{count} entries of the ledger are lost: run `trilat audit verify`, and look into the disk and the "
        "backup"
    ),
    TroubleCode.DISK_LOW: (
        "{free_mb:.0f} MB are free where the ledger lies: make room, the node stops when it cannot write"
    ),
    TroubleCode.BACKUP_NONE: (
        "no backup of this node is known to it: make one (`trilat backup create`), and keep the keys apart"
    ),
    TroubleCode.BACKUP_OLD: "the last backup is {hours:.0f} h old: make another (`trilat backup create`)",
}


def trouble(code: TroubleCode, severity: Severity, party: str, **figures: Figure) -> Trouble:
    """A trouble that is not a link's."""
    return Trouble(code=code.value, severity=severity, party=party, figures=figures)


def link_trouble(state: LinkState, severity: Severity) -> Trouble:
    """A link's state as a trouble."""
    code = f"{LINK_PREFIX}{state.code.value}"
    return Trouble(code=code, severity=severity, party=state.party, figures=state.figures)


def trouble_sentence(told: Trouble) -> str:
    """What is wrong and what to do, in English."""
    if told.code.startswith(LINK_PREFIX):
        code = LinkCode(told.code.removeprefix(LINK_PREFIX))
        said = link_sentence(LinkState(code=code, party=told.party, figures=told.figures))
        return f"{told.party}: {said}"
    since_ns = told.figures.get("since_ns")
    since = "" if since_ns is None else format_instant(int(since_ns))
    as_of = f" as of {since}" if since else ""
    words = _SENTENCES[TroubleCode(told.code)]
    return words.format(party=told.party, since=since, as_of=as_of, **told.figures)
