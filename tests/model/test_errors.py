"""The tree of errors: what is drawn is what is there, and texts are one printable line."""

import inspect
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilat import model
from trilat.model import (
    InvalidInputError,
    ItemError,
    LedgerError,
    LinkError,
    PeerError,
    TrilatError,
    WireError,
    errors,
)

CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, TrilatError)
}


def drawn() -> dict[str, str]:
    """Each class in the drawing of the module's docstring, with the class above it."""
    above: dict[str, str] = {}
    at_depth = {0: "TrilatError"}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^ {4}([│ ]*)[├└]── (\w+)", line)
        if found:
            depth = len(found.group(1)) // 4 + 1
            at_depth[depth] = found.group(2)
            above[found.group(2)] = at_depth[depth - 1]
    return above


def test_the_drawing_is_the_tree() -> None:
    real = {
        name: next(base.__name__ for base in kind.__bases__ if issubclass(base, TrilatError))
        for name, kind in CLASSES.items()
        if kind is not TrilatError
    }
    assert drawn() == real


def test_all_names_end_in_error_and_are_at_the_door() -> None:
    for name, kind in CLASSES.items():
        assert name.endswith("Error")
        assert getattr(model, name) is kind
        assert kind.__doc__


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (ItemError, InvalidInputError),
        (WireError, PeerError),
        (LinkError, TrilatError),
        (LedgerError, TrilatError),
    ],
)
def test_branches_tell_whose_fault_it_is(kind: type[TrilatError], fault: type[TrilatError]) -> None:
    assert issubclass(kind, fault)
    assert not issubclass(LinkError, PeerError)
    assert not issubclass(LedgerError, InvalidInputError)


def test_facts_are_attributes() -> None:
    error = WireError("too long", kind="item", bytes_max=9)
    assert error.facts == {"kind": "item", "bytes_max": 9}
    assert str(error) == "too long"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines", "two lines"),
        ("tab\tand\r\n  spaces ", "tab and spaces"),
        ("`\x1b[2J`", "`\\x1b[2J`"),
        ("`\x00`", "`\\x00`"),
        ("`\u202eabc`", "`\\u202eabc`"),
        ("`\ud800`", "`\\ud800`"),
        ("`\u200b`", "`\\u200b`"),
        ("`군사II급비밀`", "`군사II급비밀`"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str) -> None:
    assert str(TrilatError(text)) == shown


@given(st.text(st.characters(), max_size=50))
def test_any_text_becomes_one_printable_line(text: str) -> None:
    shown = str(TrilatError(text))
    assert shown.isprintable()
    shown.encode("utf-8")


@pytest.mark.parametrize("foreign", ["x" * 100_000, "\x1b" * 100_000, "\U0001f600\u202e" * 50_000])
def test_a_text_that_quotes_much_keeps_its_beginning_and_what_to_do(foreign: str) -> None:
    shown = str(TrilatError(f"`{foreign}` is no name: write a short one"))
    assert len(shown) <= 1_000
    assert shown.isprintable()
    assert shown.endswith("` is no name: write a short one")
    assert shown.startswith("`")
    assert " ... " in shown


def test_a_text_of_a_thousand_characters_is_whole() -> None:
    assert str(TrilatError("x" * 1_000)) == "x" * 1_000
