"""What each noun refuses, a row per refusal; before the change each value is valid, from the golden file."""

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from tests.examples import OTHERS, PLAIN, example
from tests.strategies import items

from trilat.model import (
    ITEM_KINDS,
    PRECEDENCE,
    Caveat,
    Classification,
    Clause,
    Decision,
    Duties,
    Effect,
    Ellipse,
    Form,
    Item,
    ItemError,
    ItemReference,
    Kinematics,
    Label,
    Noun,
    Outcome,
    Place,
    Polygon,
    Provenance,
    RadarPlot,
    Reason,
    Status,
    WarningState,
)
from trilat.model.noun import _check_of

T = 1_238_898_615_000_000_000
replace = msgspec.structs.replace
REFERENCE = ItemReference(item_id="JPN-track-7", version=3)
PLACE: Place = example("report").observation.site
PLOT: RadarPlot = example("report").observation
STATE: Kinematics = example("track").state
ELLIPSE: Ellipse = example("event").region
LABEL: Label = example("report").label
PROVENANCE: Provenance = example("report").provenance
CLAUSE: Clause = example("agreement").clauses[0]
PERMIT: Decision = example("decision")
KOREAN = replace(LABEL, originator="KOR")

# noun before the change, the change, and words of the refusal
REFUSALS: list[tuple[Any, dict[str, Any], str]] = [
    # identifiers and parties
    (REFERENCE, {"item_id": ""}, "must match"),
    (REFERENCE, {"item_id": "-a"}, "must match"),
    (REFERENCE, {"item_id": "a b"}, "must match"),
    (REFERENCE, {"item_id": "a\n"}, "must match"),
    (REFERENCE, {"item_id": "é"}, "must match"),
    (REFERENCE, {"item_id": "a" * 121}, "at most 120"),
    (REFERENCE, {"item_id": b"a"}, "must be str"),
    (REFERENCE, {"item_id": None}, "must be str"),
    (REFERENCE, {"version": 0}, "at least 1"),
    (REFERENCE, {"version": True}, "must be int, not bool"),
    (REFERENCE, {"version": 1.0}, "must be int, not float"),
    (REFERENCE, {"version": float("nan")}, "must be int, not float"),
    (REFERENCE, {"version": "1"}, "must be int, not str"),
    (example("party"), {"code": "K"}, "must match"),
    (example("party"), {"code": "kor"}, "must match"),
    (example("party"), {"code": "KOR\n"}, "must match"),
    (example("party"), {"code": "KOR/"}, "must match"),
    (example("party"), {"code": "KOR/Watch"}, "must match"),
    (example("party"), {"code": "KOR/watch/two"}, "must match"),
    (example("party"), {"code": "КОR"}, "must match"),  # Cyrillic
    (example("party"), {"code": "KOREANREPUBLIC"}, "must match"),
    (example("party"), {"name": "\ud800"}, "surrogate"),
    # geometry
    (PLACE, {"latitude_1e7deg": 900_000_001}, "at most"),
    (PLACE, {"latitude_1e7deg": -900_000_001}, "at least"),
    (PLACE, {"longitude_1e7deg": 1_800_000_001}, "at most"),
    (PLACE, {"longitude_1e7deg": float("inf")}, "must be int"),
    (PLACE, {"height_mm": 2**63}, "at most"),
    (PLACE, {"height_mm": None}, "must be int"),
    (ELLIPSE, {"semi_minor_m": 40_001}, "swap"),
    (ELLIPSE, {"semi_minor_m": 0}, "at least 1"),
    (ELLIPSE, {"semi_major_m": 20_100_001}, "at most"),
    (ELLIPSE, {"bearing_mdeg": 360_000}, "at most 359999"),
    (ELLIPSE, {"probability_ppm": 1_000_000}, "at most"),
    (ELLIPSE, {"centre": (1, 2, 3)}, "must be Place"),
    (Polygon(corners=(PLACE,) * 3), {"corners": (PLACE, PLACE)}, "at least 3"),
    (Polygon(corners=(PLACE,) * 3), {"corners": (PLACE,) * 513}, "at most 512"),
    (Polygon(corners=(PLACE,) * 3), {"corners": [PLACE] * 3}, "must be tuple, not list"),
    (STATE, {"covariance_factor": STATE.covariance_factor[:20]}, "at least 21"),
    (STATE, {"covariance_factor": (*STATE.covariance_factor, 1)}, "at most 21"),
    (STATE, {"covariance_factor": (0, *STATE.covariance_factor[1:])}, "not positive definite"),
    (STATE, {"covariance_factor": (*STATE.covariance_factor[:20], -1)}, "not positive definite"),
    (STATE, {"position_mm": (1, 2)}, "tuple of 3"),
    (STATE, {"position_mm": (1.0, 2, 3)}, "must be int"),
    (STATE, {"velocity_mm_per_s": (1, 2, 2**63)}, "at most"),
    (STATE, {"epoch_ns": -1}, "at least 0"),
    (STATE, {"epoch_ns": 7_258_118_400_000_000_001}, "at most"),
    (STATE, {"constant_sigma_mm": -1}, "at least 0"),
    # observations
    (PLOT, {"range_mm": 0}, "at least 1"),
    (PLOT, {"azimuth_nrad": 6_283_185_308}, "below 6283185308"),
    (PLOT, {"azimuth_nrad": -1}, "at least 0"),
    (PLOT, {"elevation_nrad": 1_570_796_328}, "at most"),
    (PLOT, {"elevation_nrad": -1_570_796_328}, "at least"),
    (PLOT, {"range_sigma_mm": 0}, "at least 1"),
    (PLOT, {"range_rate_sigma_mm_per_s": 0}, "at least 1"),
    (PLOT, {"site": None}, "must be Place"),
    (example("report"), {"observation": PLACE}, "must be"),
    (example("report"), {"observation": None}, "must be"),
    (example("report"), {"sensor": "s" * 121}, "at most 120"),
    # labels
    (LABEL, {"originator": ""}, "must match"),
    (LABEL, {"releasable_to": ("USA", "USA")}, "twice"),
    (LABEL, {"releasable_to": ("usa",)}, "must match"),
    (LABEL, {"releasable_to": "USA"}, "must be tuple, not str"),
    (LABEL, {"releasable_to": tuple(f"P{n:03}" for n in range(201))}, "at most 200"),
    (LABEL, {"restrictive": ("R1", "R1")}, "twice"),
    (LABEL, {"permissive": ("P1", "P1")}, "twice"),
    (LABEL, {"caveats": (Caveat.ORIGINATOR_CONTROL,) * 2}, "twice"),
    (LABEL, {"caveats": ("originator-control",)}, "must be Caveat"),
    (LABEL, {"classification": None}, "must be Classification"),
    (LABEL, {"classification": "HI"}, "must be Classification"),
    (LABEL, {"attribution": "named"}, "must be Attribution"),
    (LABEL, {"expires_ns": T}, "after created_ns"),
    (LABEL, {"expires_ns": T - 1}, "after created_ns"),
    (LABEL, {"version": 0}, "at least 1"),
    (LABEL, {"created_ns": -1}, "at least 0"),
    # provenance
    (PROVENANCE, {"originators": ()}, "at least 1"),
    (PROVENANCE, {"originators": ("KOR", "KOR")}, "twice"),
    (PROVENANCE, {"observations": (bytes(16),) * 2}, "twice"),
    (PROVENANCE, {"observations": (bytes(7),)}, "at least 8"),
    (PROVENANCE, {"observations": (bytes(33),)}, "at most 32"),
    (PROVENANCE, {"observations": ("0" * 16,)}, "must be bytes"),
    (PROVENANCE, {"observations": (bytearray(16),)}, "must be bytes"),
    (PROVENANCE, {"received_under": ("a@1", "a@1")}, "twice"),
    (PROVENANCE, {"lineage": "complete"}, "must be Lineage"),
    # the head of every item
    (example("track"), {"label": None}, "must be Label"),
    (example("track"), {"label": KOREAN}, "another originator"),
    (example("track"), {"provenance": replace(PROVENANCE, originators=("KOR", "JPN"))}, "another originator"),
    (example("track"), {"provenance": None}, "must be Provenance"),
    (example("track"), {"status": "real"}, "must be Status"),
    (example("track"), {"domain": "missile"}, "must be Domain"),
    (example("track"), {"valid_ns": None}, "must be int"),
    (example("track"), {"subject": ""}, "must match"),
    # kinds
    (example("track"), {"tracklets": (STATE,) * 257}, "at most 256"),
    (example("track"), {"state": STATE.position_mm}, "must be"),
    (example("track"), {"updates_count": -1}, "at least 0"),
    (example("event"), {"event": "launch"}, "must be EventKind"),
    (example("event"), {"time_sigma_ms": -1}, "at least 0"),
    (example("area"), {"region": None}, "must be"),
    (example("area"), {"region": PLACE}, "must be"),
    (example("warning"), {"basis": ()}, "at least 1"),
    (example("warning"), {"sources": ()}, "at least 1"),
    (example("warning"), {"sources": ("JPN", "JPN")}, "counts once"),
    (example("warning"), {"speaker": "KOR"}, "only who supports it announces it"),
    (example("warning"), {"speaker": "jpn"}, "must match"),
    (example("disagreement"), {"accounts": ()}, "at least 2"),
    (example("disagreement"), {"accounts": example("disagreement").accounts[:1]}, "at least 2"),
    (example("disagreement"), {"accounts": example("disagreement").accounts[:1] * 2}, "takes two"),
    (
        example("disagreement"),
        {"provenance": replace(example("disagreement").provenance, originators=("JPN",))},
        "whom Item.provenance does not name",
    ),
    (example("disagreement"), {"state": "open"}, "must be DisagreementState"),
    (example("disagreement"), {"since_ns": -1}, "at least 0"),
    (example("disagreement").accounts[0], {"reach_m": -1}, "at least 0"),
    (example("disagreement").accounts[0], {"time_ns": 1.5}, "must be int"),
    (example("event"), {"expected_ns": -1}, "at least 0"),
    (example("warning"), {"confirmed_by": ()}, "names the item that supports it"),
    (example("warning"), {"confirmed_by": (REFERENCE,)}, "nothing confirms itself"),
    (
        example("warning"),
        {"confirmed_by": (ItemReference(item_id="JPN-track-7", version=4),)},
        "nothing confirms itself",
    ),
    (
        example("warning"),
        {"state": WarningState.RAISED, "confirmed_by": (REFERENCE,)},
        "nothing confirms itself",
    ),
    (example("vessel"), {"mmsi": "21900012"}, "must match"),
    (example("vessel"), {"ship_name": "EVER\x1b[2JGREEN"}, "one line without control characters"),
    (example("vessel"), {"ship_name": "EVER GREEN\n"}, "one line without control characters"),
    (example("vessel"), {"destination": "BUSAN\tKR"}, "one line without control characters"),
    (example("vessel"), {"call_sign": "\x7f"}, "one line without control characters"),
    (example("vessel"), {"ship_type": "\x9b2J"}, "one line without control characters"),
    (example("warning"), {"text": "impact\rno impact"}, "no control characters but line ends and tabs"),
    (example("warning"), {"text": "impact\x00"}, "no control characters but line ends and tabs"),
    (example("warning"), {"text": "\x85"}, "no control characters but line ends and tabs"),
    (example("vessel"), {"mmsi": "219000123\n"}, "must match"),
    (example("vessel"), {"mmsi": "٢19000123"}, "must match"),
    (example("vessel"), {"mmsi": 219000123}, "must be str"),
    (example("vessel"), {"course_mdeg": 360_000}, "at most"),
    (example("vessel"), {"heading_mdeg": -1}, "at least"),
    (example("vessel"), {"speed_mm_per_s": 100_001}, "at most"),
    (example("vessel"), {"imo_number": "907472"}, "must match"),
    (example("vessel"), {"imo_number": "\n"}, "must match"),
    (example("indicator"), {"pattern": ""}, "at least 1"),
    (example("indicator"), {"confidence_permille": 1001}, "at most 1000"),
    (example("indicator"), {"valid_until_ns": T}, "after valid_ns"),
    (example("need"), {"quantity": 0}, "at least 1"),
    (example("need"), {"urgency": "now"}, "must be Urgency"),
    (example("offer"), {"quantity": 10**12 + 1}, "at most"),
    (example("request"), {"question": ""}, "at least 1"),
    (example("request"), {"language": "Korean"}, "must match"),
    (example("request"), {"language": "ko\n"}, "must match"),
    (example("request"), {"deadline_ns": T}, "after valid_ns"),
    (example("statement"), {"text": "x" * 4001}, "at most 4000"),
    (example("story"), {"headline": ""}, "at least 1"),
    (example("story"), {"link": "javascript:alert(1)"}, "must match"),
    (example("story"), {"link": "file:///etc/hosts"}, "must match"),
    (example("story"), {"link": "https://example.org/a b"}, "must match"),
    (example("story"), {"link": "https://example.org/\n"}, "must match"),
    (example("consent"), {"subjects": ()}, "at least 1"),
    (example("consent"), {"subjects": ("a", "a")}, "twice"),
    (example("consent"), {"officer": "JPN"}, "only the originator's officer"),
    (example("consent"), {"officer": "KOR/release"}, "only the originator's officer"),
    (example("consent"), {"officer": "JP/release"}, "only the originator's officer"),
    (example("consent"), {"until_ns": T}, "after valid_ns"),
    (example("consent"), {"granted": 1}, "must be bool"),
    (example("consent"), {"granted": None}, "must be bool"),
    (example("consent"), {"clause": "any clause"}, "must match"),
    (example("recall"), {"about": ()}, "at least 1"),
    (example("recall"), {"deadline_ns": T}, "after valid_ns"),
    (example("recall"), {"action": "burn"}, "must be RecallAction"),
    (example("reclassification"), {"about": ()}, "at least 1"),
    (
        example("reclassification"),
        {"new_label": replace(KOREAN, version=2), "on_behalf": None},
        "only the originator relabels",
    ),
    (example("reclassification"), {"markings": (b"one", b"two")}, "one for each item"),
    (example("answer"), {"certificate": b"c" * 8_193}, "at most"),
    (example("answer"), {"onward": (b"",)}, "at least"),
    (example("reclassification"), {"new_label": LABEL}, "higher version"),
    (example("loss-report"), {"about": ()}, "at least 1"),
    (example("loss-report"), {"confirmed": 0}, "must be bool"),
    (example("answer"), {"reason": ""}, "say why"),
    (example("answer"), {"holder": "nobody"}, "must match"),
    (example("answer"), {"answer": "no"}, "must be HolderAnswer"),
    # agreements
    (CLAUSE, {"form": None}, "names a form"),
    (CLAUSE, {"effect": Effect.FORBID}, "names a form"),
    (CLAUSE, {"via": "JPN"}, "also a giver or a receiver"),
    (CLAUSE, {"via": "KOR"}, "also a giver or a receiver"),
    (CLAUSE, {"receivers": ("JPN",)}, "give to itself"),
    (CLAUSE, {"givers": ()}, "at least 1"),
    (CLAUSE, {"receivers": ()}, "at least 1"),
    (CLAUSE, {"kinds": ()}, "at least 1"),
    (CLAUSE, {"domains": ()}, "at least 1"),
    (CLAUSE, {"domains": ("missile",)}, "must be Domain"),
    (CLAUSE, {"statuses": (Status.REAL,) * 4}, "at most 3"),
    (CLAUSE, {"approval": None}, "must be Approval"),
    (CLAUSE, {"duties": None}, "must be Duties"),
    (CLAUSE.duties, {"delay_s": -1}, "at least 0"),
    (CLAUSE.duties, {"delay_s": 1.5}, "must be int"),
    (CLAUSE.duties, {"round_position_m": 10_000_001}, "at most"),
    (CLAUSE.duties, {"return_or_destroy": "yes"}, "must be bool"),
    (CLAUSE.duties, {"strip": ("two words",)}, "must match"),
    (example("agreement"), {"parties": ("USA",)}, "at least 2"),
    (example("agreement"), {"parties": ("USA", "JPN", "KOR", "USA")}, "twice"),
    (example("agreement"), {"parties": ("USA", "JPN")}, "names `KOR`, which is not a party"),
    (example("agreement"), {"parties": ("JPN", "KOR")}, "names `USA`, which is not a party"),
    (example("agreement"), {"clauses": ()}, "at least 1"),
    (example("agreement"), {"clauses": (CLAUSE, CLAUSE)}, "stands twice"),
    (example("agreement"), {"purposes": ()}, "at least 1"),
    (example("agreement"), {"in_force_until_ns": T}, "after `in_force_from`"),
    (example("agreement"), {"onward": None}, "must be OnwardRule"),
    (example("agreement"), {"notice_days": -1}, "at least 0"),
    # decisions, releases and what carries them
    (PERMIT, {"form": None}, "go with a permit"),
    (PERMIT, {"duties": None}, "go with a permit"),
    (PERMIT, {"outcome": Outcome.WITHHOLD}, "go with a permit"),
    (PERMIT, {"outcome": Outcome.REFER, "duties": None}, "go with a permit"),
    (PERMIT, {"clauses": ()}, "names the clause"),
    (PERMIT, {"reasons": ()}, "at least 1"),
    (PERMIT, {"reasons": (Reason.PERMITTED, Reason.NO_AGREEMENT)}, "precedence order"),
    (PERMIT, {"reasons": (Reason.PERMITTED, Reason.PERMITTED)}, "precedence order"),
    (PERMIT, {"reasons": ("permitted",)}, "must be Reason"),
    (example("release"), {"item": None}, "must be"),
    (example("release"), {"item": REFERENCE}, "must be"),
    (example("release"), {"clauses": ()}, "at least 1"),
    (example("release"), {"duties": None}, "must be Duties"),
    (example("receipt"), {"commitment": bytes(31)}, "at least 32"),
    (example("receipt"), {"commitment": bytes(33)}, "at most 32"),
    (example("receipt"), {"entry": -1}, "at least 0"),
    (example("envelope"), {"envelope_version": 3}, "at most 2"),
    (example("envelope"), {"sealed": ()}, "at least 1"),
    (example("envelope"), {"sealed": (b"",)}, "at least 1"),
    (example("envelope"), {"batch": b""}, "at least 1"),
    (example("envelope"), {"token": bytes(15)}, "at least 16"),
    (example("envelope"), {"epoch": bytes(15)}, "at least 16"),
]


@pytest.mark.parametrize(
    ("noun", "change", "words"),
    REFUSALS,
    ids=lambda part: f"{type(part).__name__}" if isinstance(part, Noun) else None,
)
def test_a_noun_refuses(noun: Noun, change: dict[str, Any], words: str) -> None:
    with pytest.raises(ItemError, match=words) as caught:
        replace(noun, **change)
    text = str(caught.value)
    assert text.isprintable()
    assert not text.endswith(".")


@pytest.mark.parametrize("kind", [*ITEM_KINDS, *OTHERS])
def test_a_noun_is_frozen_hashable_and_equal_by_its_whole_value(kind: str) -> None:
    noun = example(kind)
    again = example(kind)
    assert noun == again
    assert hash(noun) == hash(again)
    assert copy.deepcopy(noun) == noun
    with pytest.raises(AttributeError):
        noun.version = 2
    with pytest.raises(AttributeError):
        noun.anything = 2


@pytest.mark.parametrize("kind", ITEM_KINDS)
def test_an_item_with_one_field_changed_is_another_item(kind: str) -> None:
    noun = example(kind)
    for change in ({"version": noun.version + 1}, {"status": Status.EXERCISE}, {"item_id": "other"}):
        assert replace(noun, **change) != noun


@pytest.mark.parametrize("kind", [*ITEM_KINDS, *OTHERS])
def test_every_field_refuses_an_object_of_nowhere(kind: str) -> None:
    noun = example(kind)
    for name in noun.__struct_fields__:
        for stranger in (object(), float("nan"), 1.5, {}, set()):
            with pytest.raises(ItemError, match=f"[.]{name} "):
                replace(noun, **{name: stranger})


@pytest.mark.parametrize("kind", [*ITEM_KINDS, *OTHERS])
def test_every_field_that_must_be_there_must_be_there(kind: str) -> None:
    noun = example(kind)
    given = {name: getattr(noun, name) for name in noun.__struct_fields__}
    for field in msgspec.structs.fields(noun):
        if field.required:
            with pytest.raises(TypeError):
                type(noun)(**{name: value for name, value in given.items() if name != field.name})
    with pytest.raises(TypeError):
        type(noun)(**given, colour="red")


def test_staff_makes_items_of_its_party() -> None:
    label = replace(LABEL, originator="JPN/watch")
    item = replace(example("statement"), label=label)
    assert item.label.originator == "JPN/watch"
    with pytest.raises(ItemError, match="another originator"):
        replace(item, label=replace(LABEL, originator="JPNX/watch"))


def test_a_warning_by_one_source_needs_no_confirmation() -> None:
    raised = replace(example("warning"), state=WarningState.RAISED, confirmed_by=(), sources=("JPN",))
    assert raised.confirmed_by == ()


def test_reasons_have_the_documented_precedence() -> None:
    assert sorted(PRECEDENCE, key=PRECEDENCE.__getitem__) == list(Reason)
    assert PRECEDENCE[Reason.CLAUSE_FORBIDS] < PRECEDENCE[Reason.PERMITTED]
    assert list(Reason)[-1] is Reason.PERMITTED


def test_forms_go_from_all_to_almost_nothing() -> None:
    assert [form.value for form in Form] == [
        "measurements",
        "tracklets",
        "tracks",
        "coarse-tracks",
        "areas",
        "existence",
    ]


def test_nothing_to_do_is_the_default_of_duties() -> None:
    assert not any(getattr(Duties(), name) for name in Duties.__struct_fields__)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(items())
def test_the_label_stays_with_who_made_it(item: Item) -> None:
    assert item.label.originator == item.provenance.originators[0]


@pytest.mark.parametrize(
    "annotation",
    [float, object, list, dict[str, int], Any, msgspec.Raw],
)
def test_a_noun_cannot_have_a_field_that_has_no_one_encoding(annotation: Any) -> None:
    with pytest.raises(TypeError):
        _check_of(annotation)


def test_golden_values_fill_all_fields() -> None:
    """Otherwise the golden bytes would not notice a change of a field left at its default."""
    left_empty = {
        (kind, name)
        for kind, plain in PLAIN.items()
        if kind in ITEM_KINDS
        for name, value in plain.items()
        if value is None or value is False or value in ("", [])
    }
    assert left_empty <= {("warning", "confirmed_by")}, left_empty


def test_classification_keeps_what_was_written() -> None:
    odd = Classification(scheme="kor", level=" ii ")
    assert (odd.scheme, odd.level) == ("kor", " ii ")


@pytest.mark.parametrize("text", ["two\nlines\tand a tab\n", "\n", "경보: 동해", "警報", "é ñ – “quoted”"])
def test_text_may_have_lines_tabs_and_any_script(text: str) -> None:
    assert replace(example("warning"), text=text).text == text


@pytest.mark.parametrize("name", ["", "EVER GREEN", "세종대왕함", "\u00a0"])
def test_a_line_may_have_any_script(name: str) -> None:
    assert replace(example("vessel"), ship_name=name).ship_name == name
