"""The receiver map: two columns, and one line for whatever else is written."""

import pytest

from trilat.domains.maritime import read_receiver_map
from trilat.model import UsageError


def test_a_map_is_read() -> None:
    text = '# a comment\n[receivers]\n"2190067" = "USA"\nrSTATION_1 = "KOR"\n'
    assert read_receiver_map(text) == {"2190067": "USA", "rSTATION_1": "KOR"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty: write"),
        ("[receivers]", "is empty: write"),
        ("receivers = 1", "is empty: write"),
        ("[receiver]\na = 'USA'", "has `receiver`"),
        ("default = 'USA'\n[receivers]\na = 'USA'", "has `default`"),
        ("[receivers]\na = 'USA'\na = 'KOR'", "is not TOML"),
        ("[receivers\na = 'USA'", "is not TOML"),
        ("\x00", "is not TOML"),
        ("[receivers]\na = 7", "party `7`"),
        ("[receivers]\na = true", "party `True`"),
        ("[receivers]\na = ['USA']", "write a code such as `USA`"),
        ("[receivers]\na = ''", "write a code such as `USA`"),
        ("[receivers]\na = 'usa'", "party `usa`"),
        ("[receivers]\na = 'United States'", "party `United States`"),
        ("[receivers]\na = 'USA\\n'", "write a code such as `USA`"),
        ("[receivers]\n'' = 'USA'", "is not a station"),
        ("[receivers]\n'two words' = 'USA'", "receiver `two words` is not a station"),
        ("[receivers]\n'" + "1" * 41 + "' = 'USA'", "is not a station"),
        ("[receivers.north]\na = 'USA'", "receiver `north` has party"),
        ("x" * 1_000_001, "over the limit"),
        ("a=" + "[" * 50_000, "is not TOML"),
    ],
)
def test_anything_else_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        read_receiver_map(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200
