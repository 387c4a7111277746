"""`explain_tree`: a decision with all that was considered for it: the label, every clause on every way with
the tests that it failed, and the first leg as a tree of its own.

    for line in explain_tree(item, request, agreements).lines():
        print(line)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from trilat.model import (
    PRECEDENCE,
    AnyItem,
    Consent,
    Declaration,
    Effect,
    Outcome,
    Reason,
    TrilatError,
    format_instant,
)
from trilat.policy.agreements import AgreementSet
from trilat.policy.consents import Answered
from trilat.policy.considered import Considered, considered
from trilat.policy.decide import decide
from trilat.policy.request import ReleaseRequest
from trilat.policy.words import REASON_WORDS, path_in_words

_OF_THE_LABEL: Final = (
    Reason.LABEL_UNKNOWN,
    Reason.LABEL_EXPIRED,
    Reason.SENDER_NOT_HOLDER,
    Reason.RECIPIENT_IS_ORIGINATOR,
    Reason.LEVEL_NEVER_LEAVES,
    Reason.NOT_RELEASABLE_TO,
)
_SAID: Final = {
    Answered.GRANTED: "the originator's officers approved",
    Answered.REFUSED: "an officer of the originator refused",
    Answered.NOT_YET: "the originator's officers have not said yet",
}
_OUTCOMES: Final = {
    Outcome.PERMIT: "may go",
    Outcome.WITHHOLD: "is withheld",
    Outcome.REFER: "waits for a person",
}


@dataclass(frozen=True, kw_only=True)
class Reasoning:
    """One thing that was looked at: what it says, whether it speaks for the release, and why."""

    text: str
    favours: bool
    parts: tuple["Reasoning", ...] = ()

    def lines(self, depth: int = 0) -> Iterator[str]:
        """The tree as lines of text, a step of two spaces for each level; `+` favours, `-` does not."""
        yield f"{'  ' * depth}{'+' if self.favours else '-'} {self.text}"
        for part in self.parts:
            yield from part.lines(depth + 1)

    def plain(self) -> dict[str, Any]:
        """The tree as plain values, for JSON."""
        return {
            "text": self.text,
            "favours": self.favours,
            "parts": [part.plain() for part in self.parts],
        }


def explain_tree(
    item: AnyItem,
    request: ReleaseRequest,
    agreements: AgreementSet,
    consents: Sequence[Consent] = (),
    declarations: Sequence[Declaration] = (),
) -> Reasoning:
    """The whole reasoning of `decide` on one question; it never raises."""
    decision = decide(item, request, agreements, consents, declarations)
    parts = [_label(decision.reasons)]
    try:
        asked = considered(item, request, agreements, consents, declarations)
        parts += _ways(asked, request)
        if request.via is not None and request.sender == item.label.originator:
            leg = msgspec.structs.replace(request, recipient=request.via, via=None)
            tree = explain_tree(item, leg, agreements, consents, declarations)
            is_open = decide(item, leg, agreements, consents, declarations).outcome is not Outcome.WITHHOLD
            parts.append(Reasoning(text="the first leg, to the intermediary", favours=is_open, parts=(tree,)))
    except TrilatError as error:
        parts.append(Reasoning(text=f"deciding failed: {error}", favours=False))
    names = ", ".join(reason.value for reason in decision.reasons)
    return Reasoning(
        text=(
            f"{item.item_id} version {item.version} {_OUTCOMES[decision.outcome]}: {request.sender} to "
            f"{request.recipient} {path_in_words(request.via)}, for {request.purpose}, "
            f"at {format_instant(request.at_ns)} ({names})"
        ),
        favours=decision.outcome is Outcome.PERMIT,
        parts=tuple(parts),
    )


def _label(reasons: Sequence[Reason]) -> Reasoning:
    """What the label itself says."""
    against = [reason for reason in reasons if reason in _OF_THE_LABEL]
    return Reasoning(
        text="the label speaks against it" if against else "the label lets it go",
        favours=not against,
        parts=tuple(_failed(reason) for reason in against),
    )


def _failed(reason: Reason) -> Reasoning:
    return Reasoning(text=f"{reason.value}: {REASON_WORDS[reason][0]}", favours=False)


def _ways(asked: Sequence[Considered], request: ReleaseRequest) -> Iterator[Reasoning]:
    """One branch for each originator and path, with each clause on it."""
    ways = dict.fromkeys((one.giver, one.via) for one in asked)
    if not ways:
        yield Reasoning(text=f"no clause speaks of it from anybody to {request.recipient}", favours=False)
    for giver, via in ways:
        clauses = [one for one in asked if (one.giver, one.via) == (giver, via)]
        forbidden = any(one.covers and one.rule.clause.effect is Effect.FORBID for one in clauses)
        permitted = any(
            one.covers and one.rule.clause.effect is Effect.PERMIT and one.consent is not Answered.REFUSED
            for one in clauses
        )
        yield Reasoning(
            text=f"clauses from {giver} to {request.recipient}, {path_in_words(via)}",
            favours=permitted and not forbidden,
            parts=tuple(_clause(one, request) for one in clauses),
        )


def _clause(one: Considered, request: ReleaseRequest) -> Reasoning:
    """One clause: does it cover the case, and if not, which tests did it fail?"""
    clause = one.rule.clause
    named = f"{one.rule.name} ({clause.article})"
    if clause.effect is Effect.FORBID:
        said = "forbids it" if one.covers else "forbids, but not this"
        return Reasoning(text=f"{named} {said}", favours=not one.covers)
    if not one.speaks:
        why = Reasoning(text=_silent(one, request), favours=False)
        return Reasoning(text=f"{named} does not speak", favours=False, parts=(why,))
    if not one.covers:
        failed = sorted(one.failures, key=PRECEDENCE.__getitem__)
        return Reasoning(
            text=f"{named} permits, but not this",
            favours=False,
            parts=tuple(_failed(reason) for reason in failed),
        )
    if one.consent is None:
        return Reasoning(text=f"{named} permits it", favours=True)
    granted = one.consent is Answered.GRANTED
    answer = Reasoning(text=_SAID[one.consent], favours=granted)
    return Reasoning(text=f"{named} permits it with consent", favours=granted, parts=(answer,))


def _silent(one: Considered, request: ReleaseRequest) -> str:
    """Why a clause does not speak at all."""
    rule = one.rule
    if request.at_ns < rule.from_ns:
        return f"it is in force from {format_instant(rule.from_ns)} on"
    if rule.until_ns <= request.at_ns:
        return f"it was in force until {format_instant(rule.until_ns)}"
    if request.purpose not in rule.purposes:
        return f"it is for {', '.join(rule.purposes)}, not for {request.purpose}"
    return "a party has ended its agreement by notice"
