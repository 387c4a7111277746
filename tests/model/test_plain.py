"""The plain form goes round and is strict; the published JSON Schema is judged by `jsonschema`."""

import copy
import json
from functools import cache
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.examples import GOLDEN, OTHERS, PLAIN, example
from tests.strategies import items, nouns

from trilat.model import (
    ITEM_KINDS,
    Agreement,
    Decision,
    Duties,
    ItemError,
    Noun,
    Place,
    from_plain,
    item_from_json,
    item_from_plain,
    kind_of,
    schema_of,
    strict_json,
    to_plain,
)
from trilat.model.limits import JSON_CHARACTERS_MAX, JSON_DEPTH_MAX

PUBLISHED = [*ITEM_KINDS, *(name for name in OTHERS if name != "party")]
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def judge(name: str) -> jsonschema.Draft202012Validator:
    schema = schema_of(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def read(name: str, plain: Any) -> Noun:
    return item_from_plain(plain) if name in ITEM_KINDS else from_plain(plain, OTHERS[name])


@SLOW
@given(items())
def test_every_item_goes_round_through_json_and_the_schema_agrees(item: Any) -> None:
    text = json.dumps(to_plain(item))
    assert item_from_json(text) == item
    assert item_from_json(text.encode()) == item
    judge("item").validate(json.loads(text))


@pytest.mark.parametrize("kind", [Agreement, Decision])
def test_agreements_and_decisions_go_round_and_the_schema_agrees(kind: type[Noun]) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(nouns(kind))
    def goes_round(value: Noun) -> None:
        plain = json.loads(json.dumps(to_plain(value)))
        assert from_plain(plain, kind) == value
        judge(kind.__name__.lower()).validate(plain)

    goes_round()


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_golden_value_is_valid_by_its_schema(name: str) -> None:
    judge(name).validate(PLAIN[name])
    if name in ITEM_KINDS:
        judge("item").validate(PLAIN[name])


def test_plain_forms_hold_json_types_only() -> None:
    for row in GOLDEN:
        assert json.loads(json.dumps(row["plain"])) == to_plain(example(row["kind"]))


def test_reading_leaves_its_argument_alone() -> None:
    for name in ITEM_KINDS:
        plain = copy.deepcopy(PLAIN[name])
        item_from_plain(plain)
        assert plain == PLAIN[name]


def places_of(plain: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], str]]:
    """Every field of every object of a plain form, by its path."""
    if isinstance(plain, list):
        return [found for at, part in enumerate(plain) for found in places_of(part, (*path, at))]
    if not isinstance(plain, dict):
        return []
    own = [(path, name) for name in plain]
    return own + [found for name, part in plain.items() for found in places_of(part, (*path, name))]


def changed(plain: Any, path: tuple[Any, ...]) -> tuple[Any, Any]:
    """A copy, and the object in it that the path leads to."""
    whole = copy.deepcopy(plain)
    inner = whole
    for step in path:
        inner = inner[step]
    return whole, inner


def refused_by_both(name: str, plain: Any) -> None:
    with pytest.raises(ItemError):
        read(name, plain)
    assert not judge(name).is_valid(plain)


@pytest.mark.parametrize("name", PUBLISHED)
def test_an_unknown_field_anywhere_is_refused_by_reader_and_schema(name: str) -> None:
    for path in {path for path, _ in places_of(PLAIN[name])}:
        whole, inner = changed(PLAIN[name], path)
        inner["colour"] = "red"
        refused_by_both(name, whole)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_misspelt_field_anywhere_is_refused_by_reader_and_schema(name: str) -> None:
    for path, field in places_of(PLAIN[name]):
        whole, inner = changed(PLAIN[name], path)
        inner[field.capitalize()] = inner.pop(field)
        refused_by_both(name, whole)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_field_of_the_wrong_type_is_refused_by_reader_and_schema(name: str) -> None:
    strangers: list[Any] = [1.5, [[]]]
    for path, field in places_of(PLAIN[name]):
        for stranger in strangers:
            whole, inner = changed(PLAIN[name], path)
            inner[field] = stranger
            refused_by_both(name, whole)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_missing_field_is_refused_alike(name: str) -> None:
    for path, field in places_of(PLAIN[name]):
        whole, inner = changed(PLAIN[name], path)
        del inner[field]
        try:
            read(name, whole)
        except ItemError:
            if judge(name).is_valid(whole):
                # Only rules that speak of several fields together are beyond a schema.
                assert (name, field) in {
                    ("warning", "confirmed_by"),
                    ("warning", "threat"),
                    ("area", "name"),
                    ("answer", "reason"),
                    ("track", "releasable_to"),
                    ("agreement", "form"),
                    ("agreement", "areas"),
                    ("agreement", "onward"),
                    ("agreement", "onward_to"),
                    ("agreement", "onward_situations"),
                    ("declaration", "until_ns"),
                    ("decision", "form"),
                    ("decision", "duties"),
                    ("reclassification", "version"),
                    ("area", "semi_minor_m"),
                    ("request", "about"),
                    ("request", "onward_to"),
                    ("request", "clause"),
                }
        else:
            # The reader can do without `kind` where only one may stand; writers are told to give it.
            assert judge(name).is_valid(whole) or field == "kind"


@SLOW
@given(st.sampled_from(PUBLISHED), st.data())
def test_what_the_reader_takes_the_schema_takes(name: str, data: st.DataObject) -> None:
    """Numbers and texts moved at random: where the reader says yes, the schema must not say no."""
    path, field = data.draw(st.sampled_from(places_of(PLAIN[name])))
    whole, inner = changed(PLAIN[name], path)
    inner[field] = data.draw(
        st.one_of(st.integers(-(2**70), 2**70), st.text(max_size=9), st.none(), st.booleans(), st.just([]))
    )
    try:
        read(name, whole)
    except ItemError:
        return
    assert judge(name).is_valid(whole)


def test_the_schema_knows_only_what_can_be_shared() -> None:
    with pytest.raises(ItemError, match="choose one of agreement, answer"):
        schema_of("rocket")


@pytest.mark.parametrize("name", [*PUBLISHED, "item"])
def test_a_schema_is_json_and_names_its_dialect(name: str) -> None:
    schema = schema_of(name)
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "null",
        "[]",
        "1",
        '"track"',
        "{",
        "{}",
        '{"kind": "track"}',
        '{"kind": "rocket"}',
        '{"kind": 1}',
        '{"kind": "track", "kind": "event"}',
        '{"kind": "\\ud800"}',
        "NaN",
        '{"kind": "track", "version": NaN}',
        '{"kind": "track", "version": Infinity}',
        '{"kind": "track", "version": ' + "9" * 5000 + "}",
        "[" * 100_000,
        '{"a":' * 50_000,
        "\ufeff{}",
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b"\x00",
        b'{"kind": "tr\xffck"}',
        " " * (JSON_CHARACTERS_MAX + 1),
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_is_not_an_item_in_json_is_refused_in_one_line(text: str | bytes) -> None:
    with pytest.raises(ItemError) as caught:
        item_from_json(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_a_name_given_twice_is_refused_wherever_it_stands() -> None:
    """A label that says two things would be read one way here and another way by a partner."""
    text = json.dumps(PLAIN["track"])
    twice = text.replace('"releasable_to":', '"releasable_to": ["KOR"], "releasable_to":', 1)
    assert twice != text
    with pytest.raises(ItemError, match="`releasable_to` stands twice"):
        item_from_json(twice)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{'a': 1}", "not JSON"),
        ('{"a": 1} 2', "not JSON"),
        ("[1,]", "not JSON"),
        ('"a\nb"', "not JSON"),
        (b"\xff\xfe1\x00", "not JSON"),
        (b"\xef\xbb\xbf1", "not JSON"),
        (b'"\xc3"', "not JSON"),
        ("[NaN]", "`NaN` is not a number of JSON"),
        ("-Infinity", "is not a number of JSON"),
        ("[1e999]", "`1e999` is beyond every number"),
        ("-1e999", "is beyond every number"),
        ("9" * 5_000, "not JSON"),
        ('[{"a": 1, "b": {"c": 1, "c": 1}}]', "`c` stands twice"),
        ('{"a": 1, "\\u0061": 2}', "`a` stands twice"),
        ('"\\ud800"', "not JSON"),
        ('{"\\uDFFF": 1}', "not JSON"),
        ('["\\udc00\\ud800"]', "not JSON"),
        ("[" * (JSON_DEPTH_MAX + 1) + "]" * (JSON_DEPTH_MAX + 1), f"more than {JSON_DEPTH_MAX} deep"),
        ('{"a":' * JSON_DEPTH_MAX + "[]" + "}" * JSON_DEPTH_MAX, f"more than {JSON_DEPTH_MAX} deep"),
        ("[" * 900 + "]" * 900, f"more than {JSON_DEPTH_MAX} deep"),
        ("[" * 100_000, "not JSON"),
        ("[" + "1," * 500 + "1]", "over the limit of 1000"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_json_that_two_readers_could_read_differently_is_refused(text: str | bytes, words: str) -> None:
    limit = 1_000 if words.startswith("over") else 1_000_000
    for given_as in {text, text.encode("utf-8") if isinstance(text, str) else text}:
        with pytest.raises(ItemError) as caught:
            strict_json(given_as, limit)
        assert words in str(caught.value)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "plain",
    [None, True, 0, -1.5, 2**70, "", "\U0001f680 \\ud800", [], {}, {"a": [{"b": None}]}, "\u2028"],
    ids=repr,
)
def test_strict_json_reads_what_json_writes(plain: Any) -> None:
    for text in (json.dumps(plain), json.dumps(plain, ensure_ascii=False)):
        assert strict_json(text, 1_000) == plain
        assert strict_json(text.encode("utf-8"), 1_000) == plain


def test_json_may_be_nested_up_to_its_limit() -> None:
    text = "[" * JSON_DEPTH_MAX + "]" * JSON_DEPTH_MAX
    assert json.dumps(strict_json(text, 1_000)) == text


def test_a_name_given_twice_among_many_is_found_at_once() -> None:
    """Once this took time that grew with the square of the names: minutes for one message."""
    names = ", ".join(f'"{number}": 0' for number in range(80_000))
    with pytest.raises(ItemError, match="`79999` stands twice"):
        strict_json(f'{{{names}, "79999": 1}}', JSON_CHARACTERS_MAX)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_an_item_error(data: bytes) -> None:
    with pytest.raises(ItemError):
        item_from_json(data)


@pytest.mark.parametrize("value", [1.0, True, "1", None, [1], 2**80])
def test_nothing_is_converted_on_the_way(value: Any) -> None:
    with pytest.raises(ItemError):
        from_plain({"latitude_1e7deg": value, "longitude_1e7deg": 0}, Place)


def test_bytes_must_be_base64() -> None:
    for token in ("AAAAAAAAAAA", "AAAA AAAAAAA=", "not base64!!", "", 7):
        plain = copy.deepcopy(PLAIN["track"])
        plain["provenance"]["observations"] = [token]
        with pytest.raises(ItemError):
            item_from_plain(plain)


def test_a_plain_form_may_leave_out_defaults() -> None:
    assert from_plain({}, Duties) == Duties()
    assert from_plain({"latitude_1e7deg": 1, "longitude_1e7deg": 2}, Place).height_mm == 0


@pytest.mark.parametrize("kind", ITEM_KINDS)
def test_a_kind_has_one_name(kind: str) -> None:
    assert kind_of(example(kind)) == kind
    assert to_plain(example(kind))["kind"] == kind


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_item_has_no_kind(name: str) -> None:
    with pytest.raises(ItemError, match="not a kind of item"):
        kind_of(example(name))
