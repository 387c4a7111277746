"""When something other than an item's own label changes an answer to a request: agreements, clauses and
levels that begin or end, and what parties have declared. Between two of them every clause says the same.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from trilat.model import INSTANT_NS_MAX, SCHEMES, SECOND_NS, Declaration, Declared, Effect
from trilat.policy.agreements import AgreementSet, Rule
from trilat.policy.classes import Instants
from trilat.policy.declared import notice_ends_ns, party_of
from trilat.policy.places import PlaceQuestions
from trilat.policy.request import ReleaseRequest


def rules_about(agreements: AgreementSet, request: ReleaseRequest) -> tuple[Rule, ...]:
    """The clauses that may be read to answer a request: those that name who receives, and those that let
    nobody pass on what the sender received.
    """
    receivers = {request.recipient, party_of(request.recipient)}
    if request.via is not None:
        receivers |= {request.via, party_of(request.via)}
    return tuple(
        rule
        for rule in agreements.rules
        if not receivers.isdisjoint(rule.clause.receivers)
        or (rule.clause.onward is not None and request.sender in rule.clause.receivers)
    )


def place_questions(rules: Sequence[Rule]) -> PlaceQuestions:
    """What clauses ask about the place of an item, each thing once."""
    asked = ((rule.regions, rule.clause.effect) for rule in rules if rule.clause.areas)
    return tuple(dict.fromkeys(asked))


def outliving(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The prohibitions that may survive the end of their agreement."""
    return tuple(
        rule for rule in rules if rule.clause.effect is Effect.FORBID and rule.agreement.survives_end
    )


def declarations_about(
    agreements: AgreementSet, rules: Sequence[Rule], declarations: Sequence[Declaration]
) -> tuple[Declaration, ...]:
    """The declarations that may change what clauses say: of situations that one waits for, by whom it
    believes; on clauses; and on agreements.
    """
    if not declarations:
        return ()
    pacts = {pact.agreement_id for pact in agreements.files.values()}
    names = pacts | {rule.consent_name for rule in rules}
    believed = set(chain.from_iterable(map(_believed, rules)))
    return tuple(
        said
        for said in declarations
        if (
            (said.label.originator, said.about) in believed
            if said.declared is Declared.SITUATION
            else said.about in (pacts if said.declared is Declared.NOTICE else names)
        )
    )


def _believed(rule: Rule) -> Iterator[tuple[str, str]]:
    """Parties and situations that a clause waits for."""
    clause = rule.clause
    situations = {*clause.situations, *clause.onward_situations, *rule.agreement.onward_situations}
    for party in clause.declared_by or map(party_of, clause.givers):
        for situation in situations:
            yield party, situation


def boundaries_ns(
    agreements: AgreementSet,
    request: ReleaseRequest,
    rules: Sequence[Rule],
    declarations: Sequence[Declaration] = (),
) -> Instants:
    """Instants at which something other than a label's own instants changes an answer to a request, in order,
    UTC nanoseconds; `rules` and `declarations` are those about it.
    """
    ends = {end for scheme in SCHEMES.values() for level in scheme for end in (level.from_ns, level.until_ns)}
    for receiver in (request.recipient, request.via):
        if receiver is not None:
            ends |= agreements.boundaries_ns(receiver)
    for rule in rules:
        ends |= {rule.from_ns, rule.until_ns, rule.replaced_ns}
    boxes_ns = {rule.clause.situation_max_s * SECOND_NS for rule in rules} - {0}
    for said in declarations:
        ends.add(said.valid_ns)
        if said.until_ns is not None:
            ends.add(said.until_ns)
        if said.declared is Declared.SITUATION:
            ends |= {said.valid_ns + box_ns for box_ns in boxes_ns}
        if said.declared is Declared.NOTICE:
            ends |= set(notice_ends_ns(said, agreements.files.values()))
    return np.array(sorted(end for end in ends if end <= INSTANT_NS_MAX), np.int64)
