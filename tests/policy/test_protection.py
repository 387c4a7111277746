"""A copy under site protection tells neither where a sensor stands nor how good it is; a tear-line not
whose child it is. The hostile recipients hold several copies and compare.
"""

from typing import Any

import msgspec
import numpy as np
import pytest
from tests.examples import example
from tests.policy.cases import NOW_NS, agreements, area, ask, event, kinematics, report, track, vessel
from tests.policy.test_covering import KEY, OTHER_KEY
from tests.policy.test_degrade import permit
from tests.policy.test_rounding import covariance

from trilat.model import (
    SECOND_NS,
    AnyItem,
    Duties,
    Form,
    ItemReference,
    Lineage,
    UsageError,
    Warning,
    WarningKind,
    WarningState,
    encode,
)
from trilat.policy import Spans, degrade, due_ns, makeable, preview, tear_line_parent, tear_line_reference
from trilat.policy.protection import class_of

PROTECTED = Duties(sigma_class_m=512)
TEAR_LINE = Duties(tear_line=True, sigma_class_m=512)


def released(item: AnyItem, duties: Duties, form: Form = Form.TRACKS, key: bytes = KEY, **more: Any) -> Any:
    return degrade(item, permit(item, form, duties, **more), key).item


def oblong(major_m: float, epoch_ns: int = NOW_NS) -> Any:
    """A state whose error is long across a line of sight along x."""
    sigmas = (30.0, major_m, major_m, 1.0, 20.0, 20.0)
    factor = [
        round(sigmas[row] * 1e6) if row == column else 0 for row in range(6) for column in range(row + 1)
    ]
    return kinematics(epoch_ns, covariance_factor=tuple(factor))


@pytest.mark.parametrize(
    ("value", "least", "exponent"),
    [(1, 1, 0), (0.1, 1, 0), (2, 1, 1), (2.1, 1, 2), (100, 512, 9), (513, 512, 10), (512, 500, 9)],
)
def test_a_class_is_a_power_of_two_that_is_below_nothing_it_states(
    value: float, least: float, exponent: int
) -> None:
    assert class_of(value, least) == exponent


@pytest.mark.parametrize("major_m", [60.0, 200.0, 360.0])
def test_the_stated_error_has_neither_direction_nor_size_of_its_own(major_m: float) -> None:
    stated = covariance(released(track(state=oblong(major_m)), PROTECTED).state) / 1e12
    np.testing.assert_allclose(stated, np.diag([512.0**2] * 3 + [5.12**2 * 0 + 40.96**2] * 3), rtol=1e-5)


def test_a_worse_estimate_goes_to_the_next_class() -> None:
    stated = covariance(released(track(state=oblong(400.0)), PROTECTED).state) / 1e12
    assert stated[0, 0] == pytest.approx(1_024.0**2, rel=1e-5)


def test_the_error_that_is_added_fills_what_the_class_states_and_the_estimate_did_not() -> None:
    """Over many versions its covariance is the class less the estimate's own: the sum is as stated."""
    moved = []
    for second in range(3_000):
        state = oblong(300.0, NOW_NS + second * SECOND_NS)
        copy = released(track(state=state), PROTECTED).state
        moved.append(np.subtract(copy.position_mm, state.position_mm) / 1_000)
    found = np.cov(np.array(moved).T) + np.diag([30.0**2, 300.0**2, 300.0**2])
    np.testing.assert_allclose(found / 512.0**2, np.eye(3), atol=0.11)


def test_two_classes_do_not_give_the_estimate_away() -> None:
    """Noise that was one draw scaled twice would be solved for; a higher class adds an error of its own."""
    sums, errors = [], []
    for second in range(1_500):
        state = oblong(100.0, NOW_NS + second * SECOND_NS)
        fine, coarse = (
            np.array(released(track(state=state), Duties(sigma_class_m=least)).state.position_mm)
            for least in (256, 1_024)
        )
        sums.append((coarse - fine) / 1_000)
        errors.append((fine - np.array(state.position_mm)) / 1_000)
    added, own = np.array(sums), np.array(errors)
    assert added.var(axis=0) == pytest.approx(1_024**2 - 256**2, rel=0.15)
    for axis in range(3):
        assert abs(np.corrcoef(added[:, axis], own[:, axis])[0, 1]) < 0.11


def test_sensors_counts_and_tokens_go_with_the_class() -> None:
    copy = released(track(), PROTECTED)
    assert (copy.sensors, copy.updates_count, copy.provenance.observations) == ((), 0, ())
    assert copy.provenance.lineage is Lineage.WITHHELD
    assert released(vessel(), PROTECTED).receiver == ""


def test_regions_become_circles_of_a_class() -> None:
    region = released(area(), PROTECTED).region
    assert (region.semi_major_m, region.semi_minor_m, region.bearing_mdeg) == (131_072, 131_072, 0)
    region = released(event(), PROTECTED).region
    assert (region.semi_major_m, region.semi_minor_m) == (4_096, 4_096)


def test_an_error_that_stays_is_stated_by_its_class() -> None:
    known = track(state=kinematics(constant_sigma_mm=600_000))
    assert released(known, PROTECTED).state.constant_sigma_mm == 1_024_000
    assert released(track(), PROTECTED).state.constant_sigma_mm == 0


@pytest.mark.parametrize("duties", [PROTECTED, Duties(tear_line=True)], ids=["class", "tear-line"])
@pytest.mark.parametrize(
    ("item", "form"),
    [(report(), Form.MEASUREMENTS), (track(), Form.TRACKLETS)],
    ids=["report", "tracklets"],
)
def test_a_sensors_own_words_cannot_be_protected(item: AnyItem, form: Form, duties: Duties) -> None:
    assert makeable(item, form, Duties())
    assert not makeable(item, form, duties)


def warning(text: str) -> Warning:
    made = example("warning")
    return Warning(
        **{
            name: getattr(made, name)
            for name in made.__struct_fields__
            if name not in {"text", "warning", "state", "confirmed_by", "threat"}
        },
        warning=WarningKind.IMPACT,
        state=WarningState.RAISED,
        text=text,
    )


COARSE = [
    Duties(round_position_m=5_000),
    Duties(round_velocity_m_per_s=10),
    Duties(round_time_s=60),
    Duties(cover_m=500),
    PROTECTED,
]


@pytest.mark.parametrize("duties", COARSE)
@pytest.mark.parametrize("text", ["impact at 40.8512 N", "at 14:31", "四十 km, ４０", "half past ½", "Ⅻ"])
def test_words_with_figures_go_where_a_duty_coarsens(text: str, duties: Duties) -> None:
    assert released(warning(text), duties).text == ""


@pytest.mark.parametrize("duties", COARSE)
def test_words_without_figures_stay(duties: Duties) -> None:
    assert released(warning("seek shelter now"), duties).text == "seek shelter now"


def test_words_with_figures_stay_where_nothing_is_coarsened() -> None:
    assert released(warning("impact at 40.8512 N"), Duties(delay_s=60)).text == "impact at 40.8512 N"


@pytest.mark.parametrize("kind", ["statement", "request", "story"])
@pytest.mark.parametrize("duties", COARSE)
def test_an_item_of_words_that_holds_figures_does_not_leave_coarsened(kind: str, duties: Duties) -> None:
    item = example(kind)
    field = {"statement": "text", "request": "question", "story": "headline"}[kind]
    changed: Any = msgspec.structs.replace
    told = changed(item, **{field: "seen at 40.8512 N"})
    told = changed(told, summary="") if kind == "story" else told
    assert makeable(told, Form.TRACKS, Duties())
    assert not makeable(told, Form.TRACKS, duties)
    assert makeable(changed(told, **{field: "seen off the coast"}), Form.TRACKS, duties)


def test_a_tear_line_shares_no_name_with_its_parent_or_another() -> None:
    parent = track(item_id="JPN-track-7", subject="JPN-7")
    names = set()
    for duties in (TEAR_LINE, Duties(tear_line=True, sigma_class_m=1_024), Duties(tear_line=True)):
        for form in (Form.TRACKS, Form.COARSE_TRACKS):
            copy = released(parent, duties, form)
            assert copy.item_id.startswith("JPN-tear-line-")
            assert copy.provenance.observations == ()
            names |= {copy.item_id, copy.subject}
            assert b"JPN-7" not in encode(copy)
            assert b"track-7" not in encode(copy)
    assert len(names) == 12


def test_versions_of_a_tear_line_follow_each_other_and_do_not_tell_its_age() -> None:
    one, two = (released(track(version=version), TEAR_LINE) for version in (3, 4))
    assert two.version == one.version + 1
    assert one.item_id == two.item_id
    first = {released(track(item_id=f"JPN-track-{n}", version=1), TEAR_LINE).version for n in range(50)}
    assert len(first) == 50
    assert max(first) > 1_000_000


def test_one_product_keeps_its_items_together() -> None:
    """A warning's basis is the very track that the same recipient holds."""
    parent = track(item_id="JPN-track-7", subject="JPN-7")
    base = msgspec.structs.replace(warning("go"), basis=(parent.reference,), subject="JPN-7")
    base = msgspec.structs.replace(
        base,
        label=parent.label,
        provenance=parent.provenance,
        item_id="JPN-warn-1",
        sources=("JPN",),
        speaker=None,
    )
    copy = released(base, TEAR_LINE)
    product = released(parent, TEAR_LINE)
    assert copy.basis == (product.reference,)
    assert copy.subject == product.subject


def test_only_the_key_finds_the_parent() -> None:
    parent = track(item_id="JPN-track-7")
    copy = released(parent, TEAR_LINE)
    held = [ItemReference(item_id=f"JPN-track-{n}", version=version) for n in range(20) for version in (2, 3)]
    assert tear_line_parent(copy.reference, Form.TRACKS, TEAR_LINE, held, KEY) == parent.reference
    assert tear_line_parent(copy.reference, Form.TRACKS, TEAR_LINE, held, OTHER_KEY) is None
    assert tear_line_parent(copy.reference, Form.COARSE_TRACKS, TEAR_LINE, held, KEY) is None
    assert tear_line_reference(parent.reference, Form.TRACKS, TEAR_LINE, KEY) == copy.reference


def test_a_tear_line_does_not_change_its_name_with_when_it_leaves() -> None:
    late = msgspec.structs.replace(TEAR_LINE, delay_s=60, thin_s=10, span_s=60, expire_s=600)
    assert released(track(), late).reference == released(track(), TEAR_LINE).reference


def test_only_the_originator_makes_a_tear_line() -> None:
    with pytest.raises(UsageError, match="only `JPN` can make a tear-line"):
        released(track(), TEAR_LINE, sender="USA")


WARNED = warning("go")


@pytest.mark.parametrize(
    ("item", "span_s", "due_s"),
    [(event(), 60, 120), (event(), 0, 61), (area(), 60, 120), (track(), 60, 61), (vessel(), 60, 61)],
    ids=["event", "event without spans", "area", "track", "vessel"],
)
def test_what_is_about_one_instant_waits_for_a_multiple(item: AnyItem, span_s: int, due_s: int) -> None:
    changed: Any = msgspec.structs.replace
    begin_ns = NOW_NS // (60 * SECOND_NS) * 60 * SECOND_NS
    item = changed(item, valid_ns=begin_ns + 60 * SECOND_NS)
    decision = permit(item, Form.COARSE_TRACKS, Duties(span_s=span_s, delay_s=1))
    assert due_ns(item, decision) == begin_ns + due_s * SECOND_NS


def test_a_warning_waits_for_nothing() -> None:
    decision = permit(WARNED, Form.TRACKS, Duties(span_s=3_600, delay_s=1))
    assert due_ns(WARNED, decision) == WARNED.valid_ns + SECOND_NS


def told(seconds: list[float], duties: Duties, item: AnyItem | None = None) -> list[float]:
    """Which of the versions of a track, valid at these seconds, are told, and in which order."""
    spans: Spans[str, float] = Spans()
    changed: Any = msgspec.structs.replace
    found = []
    for second in seconds:
        version = changed(item or track(), valid_ns=round(second * SECOND_NS))
        found += spans.take("one", version, duties, second)
    return found


@pytest.mark.parametrize(
    ("seconds", "duties", "expected"),
    [
        pytest.param([1, 2, 3], Duties(), [1, 2, 3], id="without spans all at once"),
        pytest.param([65, 70, 119], Duties(span_s=60), [], id="nothing of the first span"),
        pytest.param([60, 70, 119], Duties(span_s=60), [], id="nothing of a span that is not over"),
        pytest.param([60, 70, 119, 120], Duties(span_s=60), [60, 70, 119], id="seen from its very beginning"),
        pytest.param([65, 130, 170, 185], Duties(span_s=60), [130, 170], id="neither the first nor the last"),
        pytest.param([65, 130, 400], Duties(span_s=60), [130], id="a gap ends a span"),
        pytest.param(
            [60, 61, 69, 70, 130], Duties(span_s=60, thin_s=10), [60, 70], id="thinned by valid time"
        ),
        pytest.param(
            [60, 130, 70, 131], Duties(span_s=60), [60, 70], id="a late one of a span that was told"
        ),
        pytest.param([65, 130, 70, 185], Duties(span_s=60), [130], id="a late one of the first span"),
    ],
)
def test_tracks_are_told_in_whole_spans(seconds: list[float], duties: Duties, expected: list[float]) -> None:
    assert told(seconds, duties) == expected
    assert told(seconds, duties, vessel()) == expected


def test_what_is_no_track_is_not_told_in_spans() -> None:
    assert told([1, 2], Duties(span_s=60), event()) == [1, 2]


def test_spans_of_items_that_are_gone_are_forgotten() -> None:
    spans: Spans[str, int] = Spans()
    for second in (0, 30):
        moved = msgspec.structs.replace(track(), valid_ns=second * SECOND_NS)
        assert spans.take("one", moved, Duties(span_s=60), second) == []
    spans.keep(lambda name: name != "one")
    later = msgspec.structs.replace(track(), valid_ns=61 * SECOND_NS)
    assert spans.take("one", later, Duties(span_s=60), 61) == []


COVERED_PACT = """
[agreement]
id = "pact"
version = 1
title = "pact"
parties = ["JPN", "KOR"]
in_force_from = 2016-01-01T00:00:00Z
purposes = ["missile-warning"]
onward = "never"
[[clause]]
id = "1"
article = "1"
effect = "permit"
domains = ["missile"]
kinds = ["track"]
from = ["JPN"]
to = ["KOR"]
highest = { scheme = "JPN", level = "GOKUHI" }
form = "tracks"
[clause.duties]
cover_m = 2000
"""


def test_a_preview_without_the_senders_key_says_that_it_needs_one() -> None:
    held = agreements(pact=COVERED_PACT)
    (blind,) = preview(track(), [ask()], held)
    assert blind.release is None
    assert blind.problem is not None
    assert "need a key of 16 bytes or more" in blind.problem
    (seen,) = preview(track(), [ask()], held, key=KEY)
    assert seen.release is not None
    assert seen.problem is None
    assert seen.release.item == released(track(), Duties(cover_m=2_000))
