"""What is wrong with trust, in one sentence each that says what to do; and what is known of whose keys."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from trilat.link import SignatureState, TrustStore, signature_states
from trilat.model import SECOND_NS, PeerError, UsageError, format_instant
from trilat.node.node import Node
from trilat.node.trust_files import trust_from_text
from trilat.policy import AgreementSet

WARN_DAYS: Final = 30
"""From so many days before keys end it is said."""

_DAY_NS: Final = 86_400 * SECOND_NS
_SAID: Final = {
    SignatureState.MISSING: "{party} has not signed `{agreement}`: ask it for the signed file",
    SignatureState.WRONG: "the signature of {party} under `{agreement}` is wrong: put back the signed file",
    SignatureState.REVOKED: (
        "{party} signed `{agreement}` with a key that is revoked: let it sign again with its new one"
    ),
    SignatureState.NO_CARD: "the signature of {party} under `{agreement}` is not known: pin {party}",
}


def key_lines(store: TrustStore, own: str, peers: Iterable[str]) -> list[str]:
    """What is wrong with keys: the own party's first."""
    lines = []
    now_ns = store.now_ns
    for party in (own, *peers):
        why = store.why_not(party)
        state = store.state(party)
        if why is not None:
            ours = f"our own keys are not in force, nobody believes them: {why}"
            lines.append(ours if party == own else why)
        elif state is not None and now_ns is not None and state.ends_ns - now_ns < WARN_DAYS * _DAY_NS:
            days = (state.ends_ns - now_ns) // _DAY_NS
            ours = f"our keys end in {days} days: let our root renew them (`trilat trust renew`)"
            lines.append(ours if party == own else f"{party}'s keys end in {days} days: ask it to renew them")
        if store.forks(party):
            lines.append(
                f"{party} signed two different trust states of one version: speak with {party}, its root may "
                "be in other hands"
            )
    return lines


def agreement_lines(store: TrustStore, agreements: AgreementSet, *, all_signed: bool) -> list[str]:
    """What is wrong with signatures of agreements.

    Args:
        store: whose keys are whose.
        agreements: all that are held.
        all_signed: whether one that nobody has signed is wrong too, as on a node of status real.
    """
    lines = []
    for agreement in agreements.files.values():
        if not (agreement.signatures or all_signed):
            continue
        for party, state in signature_states(store, agreement).items():
            if state in _SAID:
                lines.append(_SAID[state].format(party=party, agreement=agreement.agreement_id))
    return lines


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


def trust_health(node: Node) -> dict[str, Any]:
    """What a running node says of trust, on its own thread: `lines` that say what is wrong, and `keys`, a row
    a party.
    """
    trusting, config = node.trusting, node.config
    store = trusting.store
    lines = key_lines(store, config.party, config.peers)
    state = store.state(config.party)
    if state is not None and state.version > 1:
        for peer in config.peers:
            if trusting.held_by(peer) < state.version:
                lines.append(
                    f"{peer} has not said that it holds our trust state {state.version}: it reads "
                    "nothing by our newest keys until then"
                )
    lines += agreement_lines(store, node.agreements, all_signed=config.status.value == "real")
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
