"""`known_state`: what a node knows of its agreements, for people: versions, who has signed, who was heard."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from trilat.link import valid_signers
from trilat.model import SECOND_NS, Agreement, AgreementError, UsageError, format_instant
from trilat.node.confirmed import Newest
from trilat.node.known_agreements import AGREEMENTS
from trilat.node.trouble import Severity, Trouble, TroubleCode, trouble, trouble_sentence
from trilat.policy import read_agreement, signatories, without_parties

if TYPE_CHECKING:
    from trilat.node.node import Node


def known_state(node: "Node") -> list[dict[str, Any]]:
    """One row for each agreement, with its newest version, in order of ids."""
    newest = node.known.agreements.agreements()
    return [_row(node, newest[name]) for name in sorted(newest)]


def known_lines(node: "Node") -> list[str]:
    """What of that somebody should look at, one line each."""
    return [trouble_sentence(told) for told in known_troubles(known_state(node), node.config.party)]


def known_troubles(rows: Iterable[Mapping[str, Any]], party: str) -> list[Trouble]:
    """What is wrong with agreements, out of rows of `known_state`: what keeps items from going."""
    found = []
    for row in rows:
        name = {"agreement": row["agreement"], "version": row["version"]}
        if row["outdated"]:
            found.append(trouble(TroubleCode.AGREEMENT_OUTDATED, Severity.SEVERE, party, **name))
        for code, partners in (
            (TroubleCode.AGREEMENT_STALE, row["stale_for"]),
            (TroubleCode.AGREEMENT_BEHIND, row["behind"]),
        ):
            found += [trouble(code, Severity.SEVERE, partner, **name) for partner in partners]
    return found


def _row(node: "Node", agreement: Agreement) -> dict[str, Any]:
    known, party, now_ns = node.known, node.config.party, node.clock.now_ns()
    name = agreement.agreement_id
    newest: Newest = known.agreements.newest(name) or (agreement.version, b"")
    confirmed = known.confirmations.confirmed_ns(AGREEMENTS, name, newest)
    able, limit_s = known.able(agreement), known.limit_s(agreement)
    heard = known.heard_of(name)
    recipients = sorted(able & set(signatories(agreement)))
    heard_ns = max((at_ns for one, at_ns in confirmed.items() if one in able), default=None)
    signed_by = valid_signers(node.trust, agreement)
    return {
        "agreement": name,
        "version": agreement.version,
        "title": agreement.title,
        "digest": newest[1].hex(),
        "parties": list(agreement.parties),
        "signed_by": sorted(signed_by or ()),
        "in_force_from": format_instant(agreement.in_force_from_ns),
        "adopted": name in known.agreements.adopted,
        "confirmed_s": {one: (now_ns - at_ns) / SECOND_NS for one, at_ns in sorted(confirmed.items())},
        "limit_s": limit_s,
        "stale_in_s": None
        if not limit_s or not able
        else max(0.0, (heard_ns - now_ns) / SECOND_NS + limit_s if heard_ns is not None else 0.0),
        "outdated": heard is not None and heard.is_outdated,
        "stale_for": [
            one
            for one in recipients
            if heard is not None and not heard.is_outdated and not heard.is_fresh(party, party, one)
        ],
        "behind": [one for one in recipients if known.is_behind(one, name)],
    }


def adopt_text(node: "Node", file: str, text: str) -> Agreement:
    """The agreement in a file that this party's people give their node, in use.

    Raises:
        UsageError: it is not sound, not signed as it must be, or another text of a version that is known.
        LedgerError: it could not be written.
    """
    try:
        agreement = read_agreement(file, text)
    except AgreementError as error:
        raise UsageError(str(error), conflict=True) from error
    refusal = node.known.agreements.adopt(agreement, node.config.party)
    if refusal is not None:
        raise UsageError(refusal, conflict=True)
    return agreement


def remove_party(node: "Node", name: str, gone: str, *, in_force_from_ns: int | None = None) -> Agreement:
    """The version of an agreement without a party, signed by this one and in use here.

    Raises:
        UsageError: there is no such agreement or party, such a version cannot be, or others must sign it too.
        LedgerError: it could not be written.
    """
    known = node.known.agreements
    agreement = known.agreements().get(name)
    if agreement is None or gone not in signatories(agreement):
        raise UsageError(
            f"`{gone}` is in no agreement `{name[:80]}` that is held here: see `trilat agreement known`",
            conflict=True,
        )
    begins_ns = node.clock.now_ns() + node.config.decision_shift_ns
    begins_ns = begins_ns if in_force_from_ns is None else in_force_from_ns
    made = without_parties(agreement, {gone}, agreement.version + 1, begins_ns)
    if made is None:
        raise UsageError(
            f"`{name}` cannot go on without `{gone}`: two parties and a clause must stay, and no prohibition "
            "may fall away; write the next version, and have it signed by all",
            conflict=True,
        )
    signed = known.sign(made, agreement)
    refusal = known.adopt(signed, node.config.party)
    if refusal is not None:
        raise UsageError(refusal, conflict=True)
    return signed
