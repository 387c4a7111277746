"""Instants judged by Python's own calendar and by published POSIX times."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilat.model import ItemError, format_instant, parse_instant

# Published POSIX times (seconds): the second billion, the 2009 launch minute, the 32-bit end, the last one.
KNOWN = [
    ("1970-01-01T00:00:00Z", 0),
    ("2001-09-09T01:46:40Z", 1_000_000_000),
    ("2009-02-13T23:31:30Z", 1_234_567_890),
    ("2038-01-19T03:14:07Z", 2_147_483_647),
    ("2016-12-31T23:59:59Z", 1_483_228_799),
    ("2017-01-01T00:00:00Z", 1_483_228_800),
    ("2200-01-01T00:00:00Z", 7_258_118_400),
]


@pytest.mark.parametrize(("text", "seconds"), KNOWN)
def test_known_instants_read_and_write(text: str, seconds: int) -> None:
    assert parse_instant(text) == seconds * 1_000_000_000
    assert format_instant(seconds * 1_000_000_000) == text


@pytest.mark.parametrize(
    ("text", "fraction_ns"),
    [
        (".5Z", 500_000_000),
        (".000000001Z", 1),
        (".123456789Z", 123_456_789),
        (".120Z", 120_000_000),
        (".0Z", 0),
    ],
)
def test_a_fraction_has_one_to_nine_digits(text: str, fraction_ns: int) -> None:
    assert parse_instant("1970-01-01T00:00:00" + text) == fraction_ns


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Z",
        "now",
        "2009-04-05",
        "2009-04-05T02:30:15",  # naive
        "2009-04-05T11:30:15+09:00",  # offset
        "2009-04-05T02:30:15+00:00",  # the same instant, but not the one way to write it
        "2009-04-05T02:30:15-00:00",
        "2009-04-05T02:30:15z",
        "2009-04-05t02:30:15Z",
        "2009-04-05 02:30:15Z",
        "2009-04-05T02:30Z",
        "2009-4-5T02:30:15Z",
        "09-04-05T02:30:15Z",
        "20090405T023015Z",
        "2009-04-05T02:30:15.Z",
        "2009-04-05T02:30:15,5Z",
        "2009-04-05T02:30:15.1234567890Z",  # more than nanoseconds
        "2016-12-31T23:59:60Z",  # the leap second of 2016
        "2009-02-29T00:00:00Z",
        "2009-13-01T00:00:00Z",
        "2009-00-01T00:00:00Z",
        "2009-04-31T00:00:00Z",
        "2009-04-05T24:00:00Z",
        "2009-04-05T02:60:15Z",
        "0000-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999999Z",
        "2200-01-01T00:00:00.000000001Z",
        "9999-12-31T23:59:59Z",
        " 2009-04-05T02:30:15Z",
        "2009-04-05T02:30:15Z\n",
        "2009-04-05T02:30:15Z Z",
        "\uff12\uff10\uff10\uff19-04-05T02:30:15Z",  # full-width digits
        "٢٠٠٩-04-05T02:30:15Z",  # Arabic-Indic digits
        "2009-04-05T02:30:15Z" * 1000,
    ],
)
def test_any_other_text_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ItemError) as caught:
        parse_instant(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "instant", [-1, 7_258_118_400_000_000_001, 10**40, 1.5, True, None, "0", float("nan")]
)
def test_what_is_not_an_instant_is_not_written(instant: object) -> None:
    with pytest.raises(ItemError):
        format_instant(instant)  # type: ignore[arg-type]  # that is what is tested


@given(st.integers(0, 7_258_118_400_000_000_000))
def test_what_is_written_reads_back(instant_ns: int) -> None:
    assert parse_instant(format_instant(instant_ns)) == instant_ns


@given(st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_the_standard_library_agrees(moment: datetime) -> None:
    microseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert parse_instant(moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")) == microseconds * 1000
