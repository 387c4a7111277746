"""Events go round through bytes however these are cut; what is too large or no JSON ends the stream."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilat.model import WireError
from trilat.web.events import STILL_HERE, EventReader, event_bytes

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["opened", "picture", "decisions", "closed"])


@given(st.lists(st.tuples(NAMES, VALUES), max_size=5), st.lists(st.integers(0, 400), max_size=8))
def test_events_go_round_however_their_bytes_are_cut(
    events: list[tuple[str, object]], cuts: list[int]
) -> None:
    data = STILL_HERE.join(event_bytes(name, value) for name, value in events)
    reader = EventReader()
    found = []
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for begin, end in itertools.pairwise(places):
        found += list(reader.feed(data[begin:end]))
    assert found == events


@given(NAMES, VALUES)
def test_an_event_is_two_lines_and_an_empty_one(name: str, value: object) -> None:
    lines = event_bytes(name, value).decode("utf-8").split("\n")
    assert lines[0] == f"event: {name}"
    assert json.loads(lines[1].removeprefix("data: ")) == value
    assert lines[2:] == ["", ""]


def test_line_ends_of_either_kind_and_fields_that_nobody_asked_for_are_read_over() -> None:
    data = b'id: 7\r\nevent: picture\r\ndata: {"a":\r\ndata:1}\r\nretry: 5\r\ncolour\r\n\r\n'
    assert list(EventReader().feed(data)) == [("picture", {"a": 1})]


def test_an_event_without_data_is_none_and_its_name_is_forgotten() -> None:
    assert list(EventReader().feed(b"event: picture\n\ndata: 1\n\n")) == [("", 1)]


@pytest.mark.parametrize(
    "data",
    [
        b"data: " + b"1" * 2_000,
        b"x" * 2_000,
        b"data: 1\n" * 300,
        b": " + b"c" * 2_000,
    ],
)
def test_what_is_too_large_is_refused_whether_it_ends_or_not(data: bytes) -> None:
    for end in (b"", b"\n\n"):
        with pytest.raises(WireError, match="over the limit of 1000 bytes"):
            list(EventReader(bytes_max=1_000).feed(data + end))


@pytest.mark.parametrize("data", [b"{", b"\xff", b"NaN", b"'a'", b"[" * 100_000])
def test_data_that_is_not_json_is_refused(data: bytes) -> None:
    with pytest.raises(WireError, match="not JSON"):
        list(EventReader().feed(b"data: " + data + b"\n\n"))
