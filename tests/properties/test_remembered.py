"""Remembered decisions are those of `decide`, at every instant, whatever changes between one and the next."""

from collections import Counter
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties import test_decide_many as many
from tests.properties import test_decide_reference as drawn

from trilat.model import Consent, Domain, Outcome, Provenance, Stage, Status, Track
from trilat.policy import AgreementSet, ReleaseRequest, RememberedDecisions, decide


def test_one_memory_says_what_decide_says_of_items_instants_consents_and_agreements_in_any_order() -> None:
    seen: Counter[Outcome] = Counter()
    asked = 0
    remembered, beside = RememberedDecisions(), RememberedDecisions()

    @settings(max_examples=250, derandomize=True, deadline=None, database=None)
    @given(st.integers(0, 2**63))
    def compare(seed: int) -> None:
        nonlocal asked
        items, request, held, consents = many.crowd(seed)
        draw = Random(seed)
        known: tuple[Consent, ...] = ()
        for turn, item in enumerate(draw.choices(items[:12], k=90)):
            if turn % 15 == 0:
                at_ns = drawn.NOW_NS + draw.choice(many.SHIFTS_NS)
                known = consents if draw.random() < 0.7 else ()
            question = msgspec.structs.replace(request, at_ns=at_ns + turn % 2)
            decision = remembered.decide(item, question, held, known)
            assert decision == decide(item, question, held, known), f"seed {seed}"
            alike = beside.alike(item, question, held, known)
            assert (
                msgspec.structs.replace(alike, item=decision.item, decided_ns=decision.decided_ns) == decision
            ), f"seed {seed}"
            seen[decision.outcome] += 1
        asked = remembered.asked_count

    compare()
    assert seen[Outcome.PERMIT] >= 0.1 * seen.total()
    assert seen[Outcome.REFER] >= 0.01 * seen.total()
    assert asked < 0.95 * seen.total()


def test_areas_situations_notices_and_onward_rules_are_remembered_as_decide_answers_them() -> None:
    seen: Counter[Outcome] = Counter()
    asked = 0
    remembered = RememberedDecisions()

    @settings(max_examples=300, derandomize=True, deadline=None, database=None)
    @given(st.integers(0, 2**63))
    def compare(seed: int) -> None:
        nonlocal asked
        items, (_, request, files, consents, declarations) = many.conditioned_crowd(seed)
        held, draw = AgreementSet.of(files), Random(seed)
        known: tuple[Consent, ...] = ()
        for turn, item in enumerate(draw.choices(items[:12], k=90)):
            if turn % 15 == 0:
                at_ns = drawn.NOW_NS + draw.choice(many.SHIFTS_NS)
                said = declarations[: draw.randint(0, len(declarations))]
                known = consents if draw.random() < 0.5 else ()
            question = msgspec.structs.replace(request, at_ns=at_ns + turn % 2)
            decision = remembered.decide(item, question, held, known, said)
            assert decision == decide(item, question, held, known, said), f"seed {seed}"
            seen[decision.outcome] += 1
        asked = remembered.asked_count

    compare()
    assert seen[Outcome.PERMIT] >= 0.03 * seen.total(), seen
    assert asked < 0.95 * seen.total()


def test_a_class_is_decided_once_and_memory_begins_anew_when_it_is_full() -> None:
    items, request, held, _ = many.crowd(3)
    remembered = RememberedDecisions()
    label = msgspec.structs.replace(items[0].label, portions=(), downgrade=None, expires_ns=None)
    track = Track(
        item_id=f"{label.originator}-1",
        subject=f"{label.originator}-1",
        domain=Domain.MISSILE,
        status=Status.EXERCISE,
        valid_ns=request.at_ns,
        label=msgspec.structs.replace(label, created_ns=request.at_ns - 1, review_ns=None),
        provenance=Provenance(originators=(label.originator,)),
        stage=Stage.UNKNOWN,
    )
    for number in range(50):
        named = msgspec.structs.replace(track, item_id=f"{label.originator}-{number}")
        assert remembered.decide(named, request, held) == decide(named, request, held)
    assert remembered.asked_count == 1
    for number in range(20_000):
        other = msgspec.structs.replace(track.label, restrictive=(f"c{number}",))
        remembered.decide(msgspec.structs.replace(track, label=other), request, held)
    assert remembered.decide(track, request, held) == decide(track, request, held)


def test_what_is_no_item_is_withheld_as_by_decide() -> None:
    _, request, held, _ = many.crowd(1)
    strange: object = ReleaseRequest(sender="JPN", recipient="KOR", purpose="x", at_ns=0)
    assert RememberedDecisions().decide(strange, request, held) == decide(strange, request, held)  # type: ignore[arg-type]
