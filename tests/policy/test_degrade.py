"""A release holds no more than its form and duties allow, for every kind; no other release is made."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.examples import example
from tests.policy.cases import NOW_NS, area, ask, consent, event, kinematics, report, track, vessel

from trilat.model import (
    ITEM_KINDS,
    PRECEDENCE,
    SECOND_NS,
    AnyItem,
    Attribution,
    Classification,
    Decision,
    Disagreement,
    Duties,
    Ellipse,
    Equivalent,
    Event,
    Form,
    ItemReference,
    Lineage,
    Outcome,
    Place,
    PositionFix,
    Provenance,
    Reason,
    Stage,
    Track,
    UsageError,
    Vessel,
    Warning,
    kind_of,
    to_plain,
)
from trilat.policy import KIND_FORMS, degrade, due_ns, makeable, strippable
from trilat.policy.forms import CONTROL_KINDS

COARSE = Duties(round_position_m=2_000, round_velocity_m_per_s=50, round_time_s=60)


def permit(item: AnyItem, form: Form, duties: Duties | None = None, **changes: Any) -> Decision:
    values: dict[str, Any] = {
        "item": ItemReference(item_id=item.item_id, version=item.version),
        "sender": item.label.originator,
        "recipient": "KOR",
        "via": None,
        "purpose": "missile-warning",
        "decided_ns": NOW_NS,
        "outcome": Outcome.PERMIT,
        "clauses": ("pact.toml#1",),
        "reasons": (Reason.PERMITTED,),
        "form": form,
        "duties": duties or Duties(),
    }
    return Decision(**{**values, **changes})


def released(item: AnyItem, form: Form, duties: Duties | None = None, **changes: Any) -> Any:
    return degrade(item, permit(item, form, duties, **changes)).item


@pytest.mark.parametrize("outcome", [Outcome.WITHHOLD, Outcome.REFER])
def test_no_release_is_made_without_a_permit(outcome: Outcome) -> None:
    refused = msgspec.structs.replace(
        permit(track(), Form.TRACKS), outcome=outcome, form=None, duties=None, reasons=(Reason.NO_CLAUSE,)
    )
    for act in (degrade, due_ns):
        with pytest.raises(UsageError, match="only a permit makes a release"):
            act(track(), refused)


@pytest.mark.parametrize(
    "other",
    [track(item_id="JPN/item/8"), track(version=4), event(item_id="x")],
    ids=["id", "version", "kind"],
)
def test_no_release_is_made_of_another_item(other: AnyItem) -> None:
    with pytest.raises(UsageError, match="is not about"):
        degrade(other, permit(track(), Form.TRACKS))


def test_no_release_is_made_for_a_decision_about_nothing() -> None:
    with pytest.raises(UsageError, match="is not about"):
        degrade(track(), msgspec.structs.replace(permit(track(), Form.TRACKS), item=None))


@pytest.mark.parametrize(
    ("item", "form"),
    [
        (track(), Form.MEASUREMENTS),
        (track(), Form.AREAS),
        (track(state=None), Form.TRACKS),
        (track(state=None), Form.COARSE_TRACKS),
        (track(tracklets=()), Form.TRACKLETS),
        (report(), Form.TRACKLETS),
        (report(), Form.EXISTENCE),
        (vessel(), Form.MEASUREMENTS),
        (area(), Form.EXISTENCE),
    ],
)
def test_no_release_is_made_in_a_form_that_the_item_cannot_have(item: AnyItem, form: Form) -> None:
    with pytest.raises(UsageError, match="cannot be made from this"):
        degrade(item, permit(item, form))


def test_tracklets_leave_without_the_state() -> None:
    copy = released(track(), Form.TRACKLETS)
    assert (copy.state, copy.tracklets) == (None, track().tracklets)
    assert copy.provenance == Provenance(originators=("JPN",), observations=(b"12345678",))


def test_tracks_leave_without_the_tracklets() -> None:
    copy = released(track(), Form.TRACKS)
    assert (copy.state, copy.tracklets) == (track().state, ())
    assert copy.provenance.lineage is Lineage.COMPLETE


def test_coarse_tracks_leave_without_sensors_counts_and_tokens() -> None:
    copy = released(track(), Form.COARSE_TRACKS, Duties(round_position_m=5_000))
    assert (copy.tracklets, copy.sensors, copy.updates_count) == ((), (), 0)
    assert copy.provenance == Provenance(originators=("JPN",), lineage=Lineage.WITHHELD)
    assert copy.state.constant_sigma_mm == 1_443_376


def test_of_an_existing_track_nothing_is_left_but_its_head() -> None:
    copy = released(track(stage=Stage.BOOST), Form.EXISTENCE)
    bare = {name: getattr(copy, name) for name in ("stage", "state", "tracklets", "sensors", "updates_count")}
    assert bare == {
        "stage": Stage.UNKNOWN,
        "state": None,
        "tracklets": (),
        "sensors": (),
        "updates_count": 0,
    }
    assert copy.provenance.observations == ()


def test_of_an_existing_vessel_nothing_is_left_but_its_number() -> None:
    copy = released(vessel(), Form.EXISTENCE)
    bare = Vessel(
        **{name: getattr(copy, name) for name in ("item_id", "version", "subject", "domain", "status")},
        valid_ns=copy.valid_ns,
        label=copy.label,
        provenance=copy.provenance,
        mmsi="431000123",
    )
    assert copy == bare


def test_of_an_existing_event_nothing_is_left_but_its_kind_and_time() -> None:
    copy = released(event(), Form.EXISTENCE)
    assert (copy.place, copy.region, copy.time_sigma_ms) == (None, None, 900)


def test_what_was_received_under_which_agreement_never_leaves() -> None:
    mixed = track(provenance=Provenance(originators=("JPN",), received_under=("secret-pact@3",)))
    for form in (Form.TRACKLETS, Form.TRACKS, Form.COARSE_TRACKS, Form.EXISTENCE):
        assert b"secret-pact" not in msgspec.json.encode(to_plain(degrade(mixed, permit(mixed, form))))


def test_the_label_stays_as_its_originator_wrote_it() -> None:
    for form in (Form.TRACKLETS, Form.COARSE_TRACKS, Form.EXISTENCE):
        assert released(track(), form, COARSE).label == track().label


@pytest.mark.parametrize("attribution", [Attribution.OFFICE, Attribution.ANONYMOUS])
def test_without_attribution_the_names_of_sensors_go(attribution: Attribution) -> None:
    duties = Duties(attribution=attribution)
    release = degrade(track(), permit(track(), Form.TRACKS, duties))
    assert isinstance(release.item, Track)
    assert (release.item.sensors, release.duties.attribution) == ((), attribution)
    assert released(report(), Form.MEASUREMENTS, duties).sensor == ""
    assert released(vessel(), Form.TRACKS, duties).receiver == ""


def test_the_labels_own_attribution_is_kept_where_it_is_stricter() -> None:
    shy = track(label=msgspec.structs.replace(track().label, attribution=Attribution.ANONYMOUS))
    for duty in (None, Attribution.NAMED, Attribution.OFFICE):
        release = degrade(shy, permit(shy, Form.TRACKS, Duties(attribution=duty)))
        assert release.duties.attribution is Attribution.ANONYMOUS
        assert isinstance(release.item, Track)
        assert release.item.sensors == ()


def test_a_vessel_is_rounded_and_says_so() -> None:
    seen = vessel(valid_ns=NOW_NS + 30 * SECOND_NS, position_sigma_mm=10_000)
    copy = released(seen, Form.COARSE_TRACKS, Duties(round_position_m=2_000, round_time_s=60))
    assert copy.receiver == ""
    assert copy.valid_ns == NOW_NS
    assert copy.place != seen.place
    # 2 km over the root of twelve is 577 m; thirty seconds at 7 m/s are 210 m; ten metres it had itself.
    assert 614_000 < copy.position_sigma_mm < 630_000
    silent = released(
        vessel(speed_mm_per_s=None, valid_ns=seen.valid_ns), Form.TRACKS, Duties(round_time_s=60)
    )
    assert silent.position_sigma_mm == 900_000


def test_accounts_of_a_disagreement_are_no_finer_than_the_items_they_repeat() -> None:
    given_item = example("disagreement")
    copy = released(given_item, Form.AREAS, COARSE)
    assert isinstance(copy, Disagreement)
    for told, given_account in zip(copy.accounts, given_item.accounts, strict=True):
        assert told.time_ns is not None
        assert told.time_ns % (60 * SECOND_NS) == 0
        assert 0 <= given_account.time_ns - told.time_ns < 60 * SECOND_NS
        assert told.time_sigma_ms > given_account.time_sigma_ms
        assert told.place != given_account.place
        assert told.reach_m >= given_account.reach_m + COARSE.round_position_m
        assert told.basis == given_account.basis
    assert copy.since_ns % (60 * SECOND_NS) == 0
    again = released(copy, Form.AREAS, msgspec.structs.replace(COARSE, round_time_s=0))
    assert isinstance(again, Disagreement)
    assert [told.reach_m for told in again.accounts] == [told.reach_m for told in copy.accounts]


def test_what_is_predicted_of_an_event_is_rounded_too() -> None:
    copy = released(event(expected_ns=NOW_NS + 61 * SECOND_NS + 1), Form.AREAS, COARSE)
    assert isinstance(copy, Event)
    assert copy.expected_ns is not None
    assert copy.expected_ns % (60 * SECOND_NS) == 0


def test_events_and_areas_are_rounded_and_say_so() -> None:
    copy = released(event(valid_ns=NOW_NS + 59 * SECOND_NS), Form.AREAS, COARSE)
    assert copy.valid_ns == NOW_NS
    assert copy.time_sigma_ms == 34_653  # 60 s over the root of three, and 0.9 s
    assert copy.place == copy.region.centre
    assert copy.region.semi_major_m >= 3_100 + 1_414
    given_area = area()
    copy = released(given_area, Form.AREAS, COARSE)
    assert copy.expected_ns % (60 * SECOND_NS) == 0
    assert 0 <= (given_area.expected_ns or 0) - copy.expected_ns < 60 * SECOND_NS
    assert copy.time_sigma_ms > 34_641
    assert isinstance(copy.region, Ellipse)


def test_reports_that_can_be_rounded_are_and_say_so() -> None:
    place = Place(latitude_1e7deg=351_234_567, longitude_1e7deg=1_391_234_567)
    fix = report(observation=PositionFix(place=place, sigma_mm=10_000))
    copy = released(fix, Form.MEASUREMENTS, Duties(round_position_m=2_000))
    assert copy.observation.sigma_mm > 577_000
    same = report(observation=Equivalent(kinematics=kinematics()))
    copy = released(same, Form.TRACKLETS, Duties(round_position_m=5_000))
    assert copy.observation.kinematics.constant_sigma_mm == 1_443_376


def test_a_copy_is_the_same_for_every_recipient_and_every_time() -> None:
    first = degrade(track(), permit(track(), Form.COARSE_TRACKS, COARSE))
    later = degrade(
        track(),
        permit(track(), Form.COARSE_TRACKS, COARSE, recipient="USA", decided_ns=NOW_NS + 5 * SECOND_NS),
    )
    assert first.item == later.item


def test_coarser_forms_are_functions_of_finer_ones() -> None:
    fine = released(track(), Form.TRACKS)
    assert released(fine, Form.COARSE_TRACKS, COARSE) == released(track(), Form.COARSE_TRACKS, COARSE)
    coarse = released(track(), Form.COARSE_TRACKS, COARSE)
    assert released(coarse, Form.COARSE_TRACKS, COARSE) == coarse
    for form in (Form.TRACKLETS, Form.TRACKS, Form.COARSE_TRACKS):
        assert released(released(track(), form), Form.EXISTENCE) == released(track(), Form.EXISTENCE)


def test_expiry_is_the_earlier_of_the_labels_and_the_dutys() -> None:
    ends = track(label=msgspec.structs.replace(track().label, expires_ns=NOW_NS + 100 * SECOND_NS))
    for item, expire_s, expected in (
        (track(), 0, None),
        (track(), 60, NOW_NS + 60 * SECOND_NS),
        (ends, 0, NOW_NS + 100 * SECOND_NS),
        (ends, 60, NOW_NS + 60 * SECOND_NS),
        (ends, 600, NOW_NS + 100 * SECOND_NS),
    ):
        release = degrade(item, permit(item, Form.TRACKS, Duties(expire_s=expire_s)))
        assert release.expires_ns == expected


def test_a_copy_is_due_after_its_delay() -> None:
    assert due_ns(track(), permit(track(), Form.TRACKS, Duties(delay_s=30))) == NOW_NS + 30 * SECOND_NS


@pytest.mark.parametrize(
    ("sender", "recipient", "via", "marking"),
    [
        ("JPN", "KOR", None, ("KOR", "II")),
        ("JPN", "USA", None, ("USA", "SECRET")),
        ("JPN", "KOR", "USA", ("USA", "SECRET")),
        ("USA", "KOR", None, ("USA", "SECRET")),
        ("JPN", "KOR/watch", None, ("KOR", "II")),
        ("JPN", "DNK", None, None),
        ("JPN", "JPN/watch", None, None),
    ],
)
def test_the_next_holder_puts_its_equivalent_level_beside_the_original(
    sender: str, recipient: str, via: str | None, marking: tuple[str, str] | None
) -> None:
    release = degrade(track(), permit(track(), Form.TRACKS, sender=sender, recipient=recipient, via=via))
    expected = None if marking is None else Classification(scheme=marking[0], level=marking[1])
    assert release.equivalent_marking == expected
    assert release.item.label.classification == Classification(scheme="JPN", level="GOKUHI")


def test_no_duty_touches_a_consent() -> None:
    said = consent(provenance=Provenance(originators=("JPN",), observations=(b"12345678",)))
    everything = Duties(
        round_position_m=9,
        round_time_s=3600,
        strip=("subjects", "observations"),
        attribution=Attribution.OFFICE,
    )
    assert released(said, Form.AREAS, everything) == said


def texts(plain: Any) -> Iterator[str]:
    """Every text that a plain form holds anywhere."""
    if isinstance(plain, dict):
        for name, value in plain.items():
            if name != "label":
                yield from texts(value)
    elif isinstance(plain, list):
        for value in plain:
            yield from texts(value)
    elif isinstance(plain, str):
        yield plain


@st.composite
def duty_sets(draw: st.DrawFn, kind: str) -> Duties:
    fields = strippable(kind) or ("sensors",)
    return Duties(
        round_position_m=draw(st.sampled_from([0, 1_000])),
        round_velocity_m_per_s=draw(st.sampled_from([0, 100])),
        round_time_s=draw(st.sampled_from([0, 60])),
        strip=tuple(draw(st.lists(st.sampled_from(fields), unique=True, max_size=4))),
        attribution=draw(st.sampled_from([None, *Attribution])),
        expire_s=draw(st.sampled_from([0, 60])),
    )


def checked(item: AnyItem, form: Form, duties: Duties) -> None:
    release = degrade(item, permit(item, form, duties))
    copy = release.item
    kind = kind_of(item)
    assert (kind_of(copy), copy.label, copy.item_id) == (kind, item.label, item.item_id)
    assert copy.valid_ns <= item.valid_ns
    assert set(texts(to_plain(copy))) <= {*texts(to_plain(item)), "withheld", "unknown", ""}
    assert copy.provenance.received_under == ()
    if kind in CONTROL_KINDS:
        assert msgspec.structs.replace(copy, provenance=item.provenance) == item
        return
    defaults = {field.name: field.default for field in msgspec.structs.fields(ITEM_KINDS[kind])}
    for field in duties.strip:
        assert field == "observations" or getattr(copy, field) == defaults[field]
    if form in {Form.COARSE_TRACKS, Form.AREAS, Form.EXISTENCE} or "observations" in duties.strip:
        assert (copy.provenance.observations, copy.provenance.lineage) == ((), Lineage.WITHHELD)
    if isinstance(copy, Track):
        assert copy.state is None or form in {Form.TRACKS, Form.COARSE_TRACKS}
        assert copy.tracklets == () or form is Form.TRACKLETS
    cell = duties.round_time_s * SECOND_NS
    assert not cell or copy.valid_ns % cell == 0


@settings(max_examples=250, derandomize=True, deadline=None, database=None)
@given(st.data())
def test_a_release_never_holds_more_than_its_form_and_duties_allow(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(ITEM_KINDS)))
    shapes: list[AnyItem] = [example(kind)]
    shapes += [made() for made in (track, report, vessel, event, area) if kind_of(made()) == kind]
    item = data.draw(st.sampled_from(shapes))
    form = data.draw(st.sampled_from(sorted(KIND_FORMS[kind], key=list(Form).index)))
    duties = data.draw(duty_sets(kind))
    if makeable(item, form, duties):
        checked(item, form, duties)
    else:
        with pytest.raises(UsageError):
            degrade(item, permit(item, form, duties))


@pytest.mark.parametrize(
    ("window_s", "rounded_s"), [((0, 60), (0, 60)), ((1, 59), (0, 60)), ((61, 61), (60, 120))]
)
def test_the_window_of_a_threat_is_rounded_outwards(
    window_s: tuple[int, int], rounded_s: tuple[int, int]
) -> None:
    warning = example("warning")
    # A whole hour of UTC.
    hour_ns = 1_238_896_800 * SECOND_NS
    first_ns, last_ns = (hour_ns + second * SECOND_NS for second in window_s)
    threat = msgspec.structs.replace(warning.threat, first_ns=first_ns, last_ns=last_ns)
    told = msgspec.structs.replace(warning, threat=threat)
    copy = degrade(told, permit(told, Form.MEASUREMENTS, Duties(round_time_s=60))).item
    assert isinstance(copy, Warning)
    assert copy.threat is not None
    assert [(at_ns - hour_ns) // SECOND_NS for at_ns in (copy.threat.first_ns, copy.threat.last_ns)] == [
        *rounded_s
    ]


def test_what_says_something_when_it_is_at_its_default_cannot_be_stripped() -> None:
    assert strippable("track") == ("stage", "state", "tracklets", "sensors", "updates_count", "observations")
    assert "language" not in strippable("statement")
    assert "urgency" not in strippable("need")
    assert "position_sigma_mm" not in strippable("vessel")
    assert "time_sigma_ms" not in strippable("area")
    assert not {"confirmed_by", "threat"}.intersection(strippable("warning"))
    assert "name" not in strippable("area")
    assert strippable("consent") == ()


def test_the_premise_that_reasons_have_an_order() -> None:
    assert list(PRECEDENCE) == list(Reason)
    assert ask().sender == "JPN"
