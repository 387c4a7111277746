"""The life of a threat: when it is raised, kept, withdrawn; what a window that has begun does."""

import pytest

from trilat.domains import AreaThreat, ThreatStep, continued, next_step

S = 10**9
NOW = 1_000 * S


def threat(impact: float = 0.0, overflight: float = 0.0, first_s: float = 100.0) -> AreaThreat:
    """One whose window begins so many seconds from now, and lasts ten."""
    first_ns = NOW + round(first_s * S)
    return AreaThreat(impact, overflight, first_ns, first_ns + 10 * S)


STANDING = threat(overflight=0.9)
BEGUN = threat(overflight=0.9, first_s=-1.0)

STEPS = [
    ("nothing stands, too improbable", threat(0.049, 0.049), None, None, None, None),
    ("nothing stands, it may come down", threat(impact=0.05), None, None, ThreatStep.RAISE, None),
    ("nothing stands, it may fly over", threat(overflight=0.05), None, None, ThreatStep.RAISE, None),
    ("it stands, between the bounds", threat(0.01), STANDING, None, ThreatStep.KEEP, None),
    ("it recovers between the bounds", threat(0.01), STANDING, NOW - 9 * S, ThreatStep.KEEP, None),
    ("it misses for the first time", threat(0.0099), STANDING, None, None, NOW),
    ("it has missed, but not for long enough", threat(), STANDING, NOW - 10 * S + 1, None, NOW - 10 * S + 1),
    ("it has missed for ten seconds", threat(), STANDING, NOW - 10 * S, ThreatStep.WITHDRAW, None),
    ("the window has begun", threat(), BEGUN, NOW - 60 * S, None, None),
    ("the window has begun and it is still there", threat(0.5), BEGUN, None, ThreatStep.KEEP, None),
]


@pytest.mark.parametrize(
    ("now", "held", "below_since_ns", "step", "since_ns"),
    [row[1:] for row in STEPS],
    ids=[row[0] for row in STEPS],
)
def test_what_is_to_be_done(
    now: AreaThreat,
    held: AreaThreat | None,
    below_since_ns: int | None,
    step: ThreatStep | None,
    since_ns: int | None,
) -> None:
    assert next_step(now, held, below_since_ns, NOW) == (step, since_ns)


def test_a_window_ahead_moves_and_one_that_has_begun_keeps_its_beginning() -> None:
    moved = threat(overflight=0.3, first_s=50.0)
    assert continued(moved, STANDING, NOW) == moved
    ahead = threat(impact=0.2, overflight=0.3, first_s=3.0)
    kept = continued(ahead, BEGUN, NOW)
    assert (kept.first_ns, kept.last_ns) == (BEGUN.first_ns, ahead.last_ns)
    assert (kept.impact_probability, kept.overflight_probability) == (0.2, 0.9)


def test_an_object_that_passes_nothing_any_more_has_no_window() -> None:
    gone = AreaThreat(0.0, 0.0, None, None)
    assert continued(gone, BEGUN, NOW) == gone
    assert next_step(gone, AreaThreat(0.5, 0.0, None, None), None, NOW) == (None, NOW)
