"""Intake: what comes in is checked before it is used; the first check that fails is the refusal's one line.

Own reports
1. the status is the node's;
2. the item is this party's own, from its own observations, and named as such;
3. it is of a kind that a feed gives: warnings, consents and recalls are people's, and have their own ways in,
   watch areas are settings;
4. its instant is not further ahead of, or behind, the clock than the settings allow;
5. it was not accepted before.

Partners' releases, after the link has checked signatures and addresses
1. the status is the node's;
2. it is named after its originator, so that nobody can put a version behind another's item;
3. the release has not expired, and was not decided ahead of this node's clock;
4. an agreement that this node holds permits this very release: policy refuses on the way out, and again here;
5. it does not name a watch area: no honest node gives that to another;
6. where a newer version of an agreement between the two has begun since, that one permits it too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from trilat.model import (
    SECOND_NS,
    AnyItem,
    Consent,
    Decision,
    Declaration,
    Outcome,
    Release,
    format_instant,
    kind_of,
    names_watch_area,
    of_checked,
)
from trilat.node.config import NodeConfig
from trilat.node.records import ReleaseRecord
from trilat.policy import AgreementSet, ReleaseRequest, decide

DECIDED_AHEAD_S_MAX: Final = 60
"""A partner's instant of deciding may be ahead of ours by this much, seconds."""

SPOKEN_KINDS: Final = frozenset(
    {
        "warning",
        "disagreement",
        "consent",
        "declaration",
        "recall",
        "reclassification",
        "loss-report",
        "answer",
    }
)
"""Kinds that a person gives at a node, by a way that checks who and on what ground."""


Decide = Callable[[AnyItem, ReleaseRequest, AgreementSet, Sequence[Consent], Sequence[Declaration]], Decision]


@dataclass(frozen=True)
class IntakeResult:
    """How many reports were accepted, and the one line of each refusal."""

    accepted: int
    refusals: tuple[str, ...]
    released: tuple[ReleaseRecord, ...] = ()
    """What was released of them, where they were offered at once."""


def report_refusal(item: AnyItem, config: NodeConfig, now_ns: int, *, known: bool) -> str | None:
    """Why an own report is not accepted, in one line; None where it is."""
    name = f"report `{item.item_id}`"
    if item.status is not config.status:  # 1
        return f"{name} is {item.status.value}, this node holds {config.status.value} items only"
    if item.label.originator != config.party or item.provenance.originators != (config.party,):  # 2
        return f"{name} is by `{item.label.originator}`: intake takes this party's own reports only"
    if names_watch_area(item):  # 3
        return f"{name} is a watch area: write it as [[watch_area]] into the node's settings"
    if not item.item_id.startswith(f"{config.party}-"):
        return f"{name} is not named after this party: begin the name with `{config.party}-`"
    if kind_of(item) in SPOKEN_KINDS:  # 3
        return f"{name} is a {kind_of(item)}: intake takes what was observed, not what a person says"
    ahead_s = (item.valid_ns - now_ns) / SECOND_NS
    if ahead_s > config.report_ahead_s_max:  # 4
        return (
            f"{name} of {format_instant(item.valid_ns)} is {ahead_s:.0f} s ahead of the clock: set the sensor"
        )
    if -ahead_s > config.report_age_s_max:
        return f"{name} is {-ahead_s:.0f} s old, over the limit of {config.report_age_s_max} s"
    if known:  # 5
        return f"{name} version {item.version} was accepted before"
    return None


def foreign_refusal(
    release: Release,
    sender: str,
    config: NodeConfig,
    agreements: AgreementSet,
    said: tuple[Sequence[Consent], Sequence[Declaration]],
    now_ns: int,
    decide: Decide = decide,
) -> str | None:
    """Why a partner's release is not used, in one line; None where it is. `said` are the consents that came
    with it and what parties have declared; `decide` is policy's, or one that remembers its answers.
    """
    item = release.item
    name = f"item `{item.item_id}` of `{sender}`"
    if item.status is not config.status:  # 1
        return f"{name} is {item.status.value}, this node holds {config.status.value} items only"
    if names_watch_area(item):  # 5
        return f"{name} says what a party watches over: that is for its own staff, and not used here"
    misnamed = _misnamed(item, (config.party, *config.peers))
    if misnamed is not None:  # 2
        return f"{name} by `{item.label.originator}` is named after `{misnamed}`: not used"
    at_ns = now_ns + config.decision_shift_ns
    if release.expires_ns is not None and release.expires_ns <= at_ns:  # 3
        return f"{name} expired at {format_instant(release.expires_ns)}"
    if release.decided_ns > at_ns + DECIDED_AHEAD_S_MAX * SECOND_NS:  # 3
        return f"{name} was decided at {format_instant(release.decided_ns)}, ahead of this node's clock"
    request = of_checked(
        ReleaseRequest,
        sender=sender,
        recipient=config.party,
        purpose=release.purpose,
        at_ns=release.decided_ns,
    )
    decision = decide(item, request, agreements, *said)  # 4
    if decision.outcome is not Outcome.PERMIT:
        return f"{name} is not permitted by an agreement held here: {decision.reasons[0].value}"
    judged_ns = agreements.judged_ns(sender, config.party, release.decided_ns, at_ns)
    if judged_ns != release.decided_ns:  # 6
        newer = msgspec.structs.replace(request, at_ns=judged_ns)
        decision = decide(item, newer, agreements, *said)
        if decision.outcome is not Outcome.PERMIT:
            return (
                f"{name} came under an older version of an agreement than the one held here, which does not "
                f"permit it: {decision.reasons[0].value}"
            )
    if decision.form is not release.form:
        return f"{name} came as {release.form.value}, the agreement gives another form"
    return None


def _misnamed(item: AnyItem, parties: Sequence[str]) -> str | None:
    """The party, or the stranger, after whom an item or its subject is named in its originator's place."""
    originator = item.label.originator.split("/")[0]
    if not item.item_id.startswith(f"{originator}-"):
        return item.item_id.split("-", maxsplit=1)[0]
    subject = item.subject
    if subject.startswith(f"{originator}-"):
        # No code of a party has a hyphen in it, so that no other can stand before one here.
        return None
    others = (party for party in parties if party != originator)
    return next((party for party in others if subject.startswith(f"{party}-")), None)
