"""What is degraded for one recipient after another is what `degrade` makes for each alone."""

from collections import Counter
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties import test_decide_many as many

from trilat.model import Decision, Duties, Form, Outcome, UsageError
from trilat.policy import Degrading, decide, degrade

KEY = bytes(range(32))
DUTIES = (
    Duties(),
    Duties(round_position_m=5_000),
    Duties(expire_s=60),
    Duties(cover_m=2_000),
    Duties(strip=("sensors",)),
)


def test_copies_for_several_recipients_are_those_of_degrade() -> None:
    seen: Counter[str] = Counter()
    degrading = Degrading(KEY)

    @settings(max_examples=150, derandomize=True, deadline=None, database=None)
    @given(st.integers(0, 2**63))
    def compare(seed: int) -> None:
        items, request, held, consents = many.crowd(seed)
        draw = Random(seed)
        for item in items[:10]:
            decision = decide(item, request, held, consents)
            for recipient in ("AUS", request.recipient, "JPN/watch"):
                told = msgspec.structs.replace(
                    decision,
                    recipient=recipient,
                    sender=draw.choice([decision.sender, item.label.originator]),
                    decided_ns=decision.decided_ns + draw.choice([0, 1]),
                    **_permit(draw, decision),
                )
                found, expected = _made(degrading.release, item, told), _made(degrade, item, told, KEY)
                assert found == expected, f"seed {seed}"
                seen[type(expected).__name__] += 1

    compare()
    assert seen["Release"] > 500
    assert seen["str"] > 20


def _permit(draw: Random, decision: Decision) -> dict[str, object]:
    if decision.outcome is not Outcome.PERMIT and draw.random() < 0.1:
        return {}
    return {
        "outcome": Outcome.PERMIT,
        "clauses": ("a#1",),
        "form": draw.choice(list(Form)) if draw.random() < 0.3 else decision.form or Form.TRACKS,
        "duties": draw.choice(DUTIES),
    }


def _made(make: object, *given: object) -> object:
    try:
        return make(*given)  # type: ignore[operator]
    except UsageError as error:
        return str(error)
