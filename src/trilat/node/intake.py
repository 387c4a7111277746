"""Intake: what comes in is checked before it is used; the first check that fails is the refusal's one line.

Own reports
1. the status is the node's;
2. the item is this party's own, from its own observations;
3. its instant is not further ahead of, or behind, the clock than the settings allow;
4. it was not accepted before.

Partners' releases, after the link has checked signatures and addresses
1. the status is the node's;
2. the release has not expired;
3. an agreement that this node holds permits this very release: policy refuses on the way out, and again here.
"""

from collections.abc import Sequence
from typing import Final

from trilat.model import SECOND_NS, AnyItem, Consent, Outcome, Release, format_instant
from trilat.node.config import NodeConfig
from trilat.policy import AgreementSet, ReleaseRequest, decide

DECIDED_AHEAD_S_MAX: Final = 60
"""A partner's instant of deciding may be ahead of ours by this much, seconds."""


def report_refusal(item: AnyItem, config: NodeConfig, now_ns: int, *, known: bool) -> str | None:
    """Why an own report is not accepted, in one line; None where it is."""
    name = f"report `{item.item_id}`"
    if item.status is not config.status:  # 1
        return f"{name} is {item.status.value}, this node holds {config.status.value} items only"
    if item.label.originator != config.party or item.provenance.originators != (config.party,):  # 2
        return f"{name} is by `{item.label.originator}`: intake takes this party's own reports only"
    ahead_s = (item.valid_ns - now_ns) / SECOND_NS
    if ahead_s > config.report_ahead_s_max:  # 3
        return (
            f"{name} of {format_instant(item.valid_ns)} is {ahead_s:.0f} s ahead of the clock: set the sensor"
        )
    if -ahead_s > config.report_age_s_max:
        return f"{name} is {-ahead_s:.0f} s old, over the limit of {config.report_age_s_max} s"
    if known:  # 4
        return f"{name} version {item.version} was accepted before"
    return None


def foreign_refusal(
    release: Release,
    sender: str,
    config: NodeConfig,
    agreements: AgreementSet,
    consents: Sequence[Consent],
    now_ns: int,
) -> str | None:
    """Why a partner's release is not used, in one line; None where it is."""
    item = release.item
    name = f"item `{item.item_id}` of `{sender}`"
    if item.status is not config.status:  # 1
        return f"{name} is {item.status.value}, this node holds {config.status.value} items only"
    at_ns = now_ns + config.decision_shift_ns
    if release.expires_ns is not None and release.expires_ns <= at_ns:  # 2
        return f"{name} expired at {format_instant(release.expires_ns)}"
    if release.decided_ns > at_ns + DECIDED_AHEAD_S_MAX * SECOND_NS:  # 3
        return f"{name} was decided at {format_instant(release.decided_ns)}, ahead of this node's clock"
    request = ReleaseRequest(
        sender=sender, recipient=config.party, purpose=release.purpose, at_ns=release.decided_ns
    )
    decision = decide(item, request, agreements, consents)
    if decision.outcome is not Outcome.PERMIT:
        return f"{name} is not permitted by an agreement held here: {decision.reasons[0].value}"
    if decision.form is not release.form:
        return f"{name} came as {release.form.value}, the agreement gives another form"
    return None
