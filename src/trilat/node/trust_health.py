"""What is wrong with trust, in one sentence each that says what to do; and what is known of whose keys."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from trilat.link import Figure, KeyStanding, SignatureState, TrustStore, signature_states
from trilat.model import SECOND_NS, PeerError, Status, UsageError, format_instant
from trilat.node.node import Node
from trilat.node.trouble import Severity, Trouble, TroubleCode, trouble, trouble_sentence
from trilat.node.trust_files import trust_from_text
from trilat.policy import AgreementSet

WARN_DAYS: Final = 30
"""From so many days before keys end it is said."""

_DAY_NS: Final = 86_400 * SECOND_NS
_OWN: Final = {
    KeyStanding.ROOT_REVOKED: TroubleCode.OWN_KEYS_ROOT_REVOKED,
    KeyStanding.REVOKED: TroubleCode.OWN_KEYS_REVOKED,
    KeyStanding.ENDED: TroubleCode.OWN_KEYS_ENDED,
}
_PARTNERS: Final = {
    KeyStanding.ROOT_REVOKED: TroubleCode.KEYS_ROOT_REVOKED,
    KeyStanding.REVOKED: TroubleCode.KEYS_REVOKED,
    KeyStanding.ENDED: TroubleCode.KEYS_ENDED,
}
_SIGNATURES: Final = {
    SignatureState.MISSING: (TroubleCode.AGREEMENT_MISSING, Severity.ATTENTION),
    SignatureState.WRONG: (TroubleCode.AGREEMENT_WRONG, Severity.SEVERE),
    SignatureState.REVOKED: (TroubleCode.AGREEMENT_REVOKED, Severity.SEVERE),
    SignatureState.NO_CARD: (TroubleCode.AGREEMENT_NO_CARD, Severity.ATTENTION),
}


def key_troubles(store: TrustStore, own: str, peers: Iterable[str]) -> list[Trouble]:
    """What is wrong with keys that are known: the own party's first."""
    found = []
    now_ns = store.now_ns
    for party in (own, *peers):
        if party not in store:
            continue
        standing, since_ns = store.standing(party)
        state = store.state(party)
        code = (_OWN if party == own else _PARTNERS).get(standing)
        if code is not None:
            since: dict[str, Figure] = {} if since_ns is None else {"since_ns": since_ns}
            found.append(trouble(code, Severity.SEVERE, party, **since))
        elif state is not None and now_ns is not None and state.ends_ns - now_ns < WARN_DAYS * _DAY_NS:
            days = (state.ends_ns - now_ns) // _DAY_NS
            code = TroubleCode.OWN_KEYS_ENDING if party == own else TroubleCode.KEYS_ENDING
            found.append(trouble(code, Severity.ATTENTION, party, days=days))
        if store.forks(party):
            found.append(trouble(TroubleCode.KEYS_FORKED, Severity.SEVERE, party))
    return found


def key_lines(store: TrustStore, own: str, peers: Iterable[str]) -> list[str]:
    """The same in sentences."""
    return [trouble_sentence(told) for told in key_troubles(store, own, peers)]


def agreement_troubles(store: TrustStore, agreements: AgreementSet, *, all_signed: bool) -> list[Trouble]:
    """What is wrong with signatures of agreements.

    Args:
        store: whose keys are whose.
        agreements: all that are held.
        all_signed: whether one that nobody has signed is wrong too, as on a node of status real.
    """
    found = []
    for agreement in agreements.files.values():
        if not (agreement.signatures or all_signed):
            continue
        for party, state in signature_states(store, agreement).items():
            if state in _SIGNATURES:
                found.append(trouble(*_SIGNATURES[state], party, agreement=agreement.agreement_id))
    return found


def agreement_lines(store: TrustStore, agreements: AgreementSet, *, all_signed: bool) -> list[str]:
    """The same in sentences."""
    return [trouble_sentence(told) for told in agreement_troubles(store, agreements, all_signed=all_signed)]


def known_keys(store: TrustStore, parties: Iterable[str]) -> list[dict[str, Any]]:
    """What is known of each party: by what, which version, until when, with which fingerprint."""
    rows: list[dict[str, Any]] = []
    for party in parties:
        if party not in store:
            continue
        state = store.state(party)
        row: dict[str, Any] = {"party": party, "by": "root" if state else "card"}
        if state is not None:
            row |= {"version": state.version, "ends": format_instant(state.ends_ns)}
            row["retired"] = len(state.retired)
            row["revoked"] = sum(key.revoked for key in state.retired)
        row["in_force"] = store.why_not(party) is None
        row["fingerprint"] = state.fingerprint if state is not None else store.pin(party).fingerprint
        rows.append(row)
    return rows


def trust_troubles(node: Node) -> list[Trouble]:
    """What is wrong with trust at a running node, on its own thread."""
    trusting, config = node.trusting, node.config
    store = trusting.store
    found = key_troubles(store, config.party, config.peers)
    state = store.state(config.party)
    if state is not None and state.version > 1:
        for peer in config.peers:
            if trusting.held_by(peer) < state.version:
                code = TroubleCode.KEYS_NOT_HELD
                found.append(trouble(code, Severity.ATTENTION, peer, version=state.version))
    return found + agreement_troubles(store, node.agreements, all_signed=config.status is Status.REAL)


def trust_health(node: Node) -> dict[str, Any]:
    """What a running node says of trust, on its own thread: `lines` that say what is wrong, and `keys`, a row
    a party.
    """
    store, config = node.trusting.store, node.config
    lines = [trouble_sentence(told) for told in trust_troubles(node)]
    return {"lines": lines, "keys": known_keys(store, (config.party, *config.peers))}


def pin_in_folder(node: Node, party: str) -> Mapping[str, Any]:
    """What became of the root of a partner that people pinned in the node's folder; UsageError as of
    `Trusting.pin`.
    """
    try:
        state = node.trusting.pin(party)
    except PeerError as error:
        raise UsageError(str(error)) from error
    return {"party": party, "version": state.version}


def learn_text(node: Node, text: str) -> Mapping[str, Any]:
    """What became of trust states that people brought to a running node.

    Raises:
        UsageError: they are not sound, or do not follow what is known; one line says why.
    """
    try:
        announcement = trust_from_text(text)
        changed = node.trusting.learn(announcement)
    except PeerError as error:
        raise UsageError(str(error)) from error
    return {"changed": changed}
