"""Portions, downgrades and reviews: a field under a stricter label is left out, never its item loosened."""

from typing import Any

import numpy as np
import pytest
from spec import decide_reference, portions_reference
from tests.policy.cases import NOW_NS, agreements, ask, consent, event, label, track, vessel

from trilat.model import (
    ITEM_KINDS,
    AnyItem,
    Caveat,
    Classification,
    Consent,
    Decision,
    Downgrade,
    Form,
    Outcome,
    Portion,
    Reason,
)
from trilat.policy import AgreementSet, ItemBatch, LabelClasses, decide_many, degrade, strippable
from trilat.policy import decide as fast_decide

OPEN = """
[agreement]
id = "{name}"
version = 1
title = "Drill"
parties = ["JPN", "KOR", "USA", "JPN/staff"]
in_force_from = 2000-01-01T00:00:00Z
purposes = ["missile-warning"]
onward = "with-consent"
"""
CLAUSE = """
[[clause]]
id = "{name}"
article = "1"
effect = "permit"
domains = ["missile", "maritime"]
kinds = ["track", "event", "vessel", "consent"]
from = ["JPN"]
to = ["{to}"]
highest = {{ scheme = "JPN", level = "{highest}" }}
categories = {categories}
form = "{form}"
"""


def held(
    *forms: str, highest: str = "GOKUHI", categories: str = "[]", to: str = "KOR", extra: str = ""
) -> AgreementSet:
    text = OPEN.format(name="a")
    for number, form in enumerate(forms or ("tracks",)):
        text += CLAUSE.format(name=number, form=form, highest=highest, categories=categories, to=to)
    return agreements(a=text + extra)


def mark(level: str) -> Classification:
    return Classification(scheme="JPN", level=level)


def with_portions(*portions: Portion, **changes: Any) -> AnyItem:
    return track(label=label(portions=portions, **changes))


def sensors(**asks: Any) -> Portion:
    return Portion(field="sensors", **asks)


def decide(item: AnyItem, agreed: AgreementSet, consents: tuple[Consent, ...] = (), **asked: Any) -> Decision:
    """By both implementations, which must agree."""
    request = ask(**asked)
    decision = fast_decide(item, request, agreed, consents)
    files = {rule.name.split("#")[0]: rule.agreement for rule in agreed.rules}
    assert decision == decide_reference.decide(item, request, files, consents)
    return decision


def stripped(decision: Decision) -> tuple[str, ...]:
    assert decision.outcome is Outcome.PERMIT, decision
    assert decision.duties is not None
    return decision.duties.strip


def test_the_premise_that_the_item_goes_with_its_sensors_where_nothing_more_is_asked() -> None:
    assert stripped(decide(track(), held())) == ()


@pytest.mark.parametrize(
    "asks",
    [
        {"releasable_to": ("USA",)},
        {"releasable_to": ()},
        {"classification": mark("KIMITSU")},
        {"restrictive": ("SPACE",)},
        {"restrictive": ("SPACE", "SEA")},
        {"permissive": ("SPACE",)},
        {"permissive": ("sea",)},
    ],
)
def test_a_portion_that_may_not_go_leaves_its_field_out_and_the_item_goes(asks: dict[str, Any]) -> None:
    item = with_portions(sensors(**asks))
    decision = decide(item, held(categories='["SEA"]'))
    assert stripped(decision) == ("sensors",)
    copy = degrade(item, decision).item
    assert getattr(copy, "sensors", None) == ()
    assert copy.label == item.label


@pytest.mark.parametrize(
    "asks",
    [
        {"releasable_to": ("KOR",)},
        {"classification": mark("GOKUHI")},
        {"classification": mark("TOKUTEI-HIMITSU")},
        {"restrictive": ("SEA",)},
        {"permissive": ("SEA", "SPACE")},
        {"caveats": (Caveat.ORIGINATOR_CONTROL,)},
    ],
)
def test_a_portion_that_may_go_goes(asks: dict[str, Any]) -> None:
    assert stripped(decide(with_portions(sensors(**asks)), held(categories='["SEA"]'))) == ()


def test_a_portion_above_the_clause_stays_though_its_item_is_below() -> None:
    item = with_portions(sensors(classification=mark("GOKUHI")), classification=mark("HI"))
    assert stripped(decide(item, held(highest="HI"))) == ("sensors",)
    assert stripped(decide(item, held(highest="GOKUHI"))) == ()


@pytest.mark.parametrize(
    "portion",
    [
        Portion(field="sensers", releasable_to=()),
        Portion(field="Sensors", releasable_to=()),
        Portion(field="label", releasable_to=()),
        Portion(field="item_id", releasable_to=()),
        Portion(field="place", releasable_to=()),
        sensors(classification=mark("Gokuhi")),
        sensors(classification=mark("極秘")),
        sensors(classification=mark("BOEI-HIMITSU")),
    ],
)
def test_a_portion_that_nobody_knows_keeps_the_whole_item_at_home(portion: Portion) -> None:
    decision = decide(with_portions(portion), held())
    assert decision.outcome is Outcome.WITHHOLD
    assert decision.reasons[0] is Reason.LABEL_UNKNOWN


def test_an_item_of_a_kind_that_leaves_whole_takes_no_portion() -> None:
    labelled = label(portions=(Portion(field="officer", releasable_to=()),))
    decision = decide(consent(label=labelled), held())
    assert Reason.LABEL_UNKNOWN in decision.reasons


def test_a_form_that_rests_on_what_is_left_out_cannot_be_made() -> None:
    item = with_portions(Portion(field="tracklets", releasable_to=("USA",)))
    assert decide(item, held("tracklets")).reasons == (Reason.FORM_NOT_AVAILABLE,)
    assert decide(item, held("tracklets", "tracks")).form is Form.TRACKS
    placeless = with_portions(Portion(field="state", releasable_to=()))
    assert decide(placeless, held("coarse-tracks", "existence")).form is Form.EXISTENCE


def test_of_two_clauses_with_one_form_the_one_that_leaves_less_out_is_taken() -> None:
    item = with_portions(sensors(classification=mark("GOKUHI")), classification=mark("HI"))
    wider = CLAUSE.format(name="z", form="tracks", highest="GOKUHI", categories="[]", to="KOR")
    decision = decide(item, held("tracks", highest="HI", extra=wider))
    assert decision.clauses == ("a.toml#z",)
    assert stripped(decision) == ()


VIA = CLAUSE.replace('to = ["{to}"]', 'to = ["{to}"]\nvia = "USA"').format(
    name="via", form="tracks", highest="GOKUHI", categories="[]", to="KOR"
)


@pytest.mark.parametrize(
    ("asks", "left_out"),
    [
        ({"releasable_to": ("KOR",)}, ("sensors",)),
        ({"releasable_to": ("USA",)}, ("sensors",)),
        ({"releasable_to": ("USA", "KOR")}, ()),
        ({"caveats": (Caveat.ORIGINATOR_CONTROL,)}, ("sensors",)),
    ],
)
def test_on_the_way_through_an_intermediary_a_portion_must_be_for_both(
    asks: dict[str, Any], left_out: tuple[str, ...]
) -> None:
    agreed = held("tracks", to="USA", extra=VIA)
    item = with_portions(sensors(**asks))
    assert stripped(decide(item, agreed, via="USA")) == left_out
    assert stripped(decide(item, agreed, sender="USA", recipient="KOR")) == left_out


def test_what_the_first_leg_is_not_covered_for_does_not_go_further_either() -> None:
    item = with_portions(sensors(classification=mark("GOKUHI")), classification=mark("HI"))
    agreed = held("tracks", to="USA", highest="HI", extra=VIA)
    assert stripped(decide(item, agreed, via="USA")) == ("sensors",)


def test_a_party_shows_its_own_staff_what_names_the_party() -> None:
    agreed = held("tracks", to="JPN/staff")
    item = with_portions(sensors(releasable_to=()))
    assert stripped(decide(item, agreed, recipient="JPN/staff")) == ()
    never = with_portions(sensors(classification=mark("KIMITSU")))
    assert stripped(decide(never, agreed, recipient="JPN/staff")) == ("sensors",)


def test_portions_of_events_and_vessels_are_left_out_too() -> None:
    placed = label(portions=(Portion(field="place", releasable_to=()),))
    for item in (event(label=placed), vessel(label=placed)):
        decision = decide(item, held())
        assert getattr(degrade(item, decision).item, "place", 1) is None


def lowered(at_ns: int, level: str = "HI") -> AnyItem:
    return track(label=label(downgrade=Downgrade(at_ns=at_ns, classification=mark(level))))


@pytest.mark.parametrize(
    ("later_ns", "outcome"), [(1, Outcome.WITHHOLD), (0, Outcome.PERMIT), (-1, Outcome.PERMIT)]
)
def test_a_downgrade_holds_from_its_instant_on_and_no_sooner(later_ns: int, outcome: Outcome) -> None:
    item = track(
        label=label(
            at_ns=NOW_NS - 10, downgrade=Downgrade(at_ns=NOW_NS + later_ns, classification=mark("HI"))
        )
    )
    decision = decide(item, held(highest="HI"))
    assert decision.outcome is outcome
    if outcome is Outcome.WITHHOLD:
        assert decision.reasons == (Reason.CLASSIFICATION_TOO_HIGH,)
    else:
        release = degrade(item, decision)
        assert release.equivalent_marking == Classification(scheme="KOR", level="III")
        assert release.item.label.classification == mark("GOKUHI")


@pytest.mark.parametrize("level", ["Hi", "秘", "SECRET", "BOEI-HIMITSU-2", ""])
def test_a_downgrade_to_a_level_that_nobody_knows_keeps_the_item_at_home_also_before_it(level: str) -> None:
    decision = decide(lowered(NOW_NS + 10**15, level), held())
    assert Reason.LABEL_UNKNOWN in decision.reasons


def test_the_level_that_never_leaves_leaves_once_it_is_signed_down_and_not_before() -> None:
    def first(at_ns: int) -> AnyItem:
        return track(
            label=label(
                at_ns=NOW_NS - 10,
                classification=mark("KIMITSU"),
                downgrade=Downgrade(at_ns=at_ns, classification=mark("GOKUHI")),
            )
        )

    assert Reason.LEVEL_NEVER_LEAVES in decide(first(NOW_NS + 1), held()).reasons
    assert decide(first(NOW_NS), held()).outcome is Outcome.PERMIT


def test_a_review_that_is_due_changes_nothing_by_itself() -> None:
    for review_ns in (NOW_NS - 5, NOW_NS + 5):
        item = track(label=label(at_ns=NOW_NS - 10, review_ns=review_ns))
        assert decide(item, held()).outcome is Outcome.PERMIT


def test_many_at_once_give_each_item_the_answer_for_its_own_portions_and_its_own_instant() -> None:
    items = [
        with_portions(sensors(releasable_to=("USA",))),
        with_portions(Portion(field="state", releasable_to=())),
        with_portions(Portion(field="sensers", releasable_to=())),
        track(),
        *(lowered(NOW_NS + 2) for _ in range(3)),
    ]
    at_ns = np.array([NOW_NS] * 4 + [NOW_NS, NOW_NS + 1, NOW_NS + 2])
    for agreed in (held("tracks", highest="HI"), held("tracks")):
        answers = decide_many(ItemBatch.of(LabelClasses(), items), ask(), agreed, (), at_ns)
        for place, (item, instant) in enumerate(zip(items, at_ns.tolist(), strict=True)):
            decision = decide(item, agreed, at_ns=instant)
            assert tuple(Outcome)[answers.outcome[place]] is decision.outcome
            assert answers.reasons_of(place) == decision.reasons
    assert [
        decide(items[6], held("tracks", highest="HI"), at_ns=NOW_NS + later).outcome for later in (1, 2)
    ] == [
        Outcome.WITHHOLD,
        Outcome.PERMIT,
    ]


@pytest.mark.parametrize("kind", sorted(ITEM_KINDS))
def test_the_reference_names_the_same_fields_that_may_be_left_out(kind: str) -> None:
    assert set(strippable(kind)) == portions_reference.FIELDS_LEFT_EMPTY.get(kind, set())
