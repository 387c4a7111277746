"""Streams as pure state machines: numbering, cursors, windows, resending, gaps and replays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilat.link import IncomingStream, LinkLimits, OutgoingStream, Push
from trilat.link.incoming import SEQUENCE_MAX
from trilat.model import SECOND_NS, EnvelopeError, ReplayError, UsageError

LIMITS = LinkLimits(batch_parcels=3, batch_bytes=100, window_parcels=6)


def _stream(count: int, limits: LinkLimits = LIMITS) -> OutgoingStream:
    stream = OutgoingStream("stream", limits)
    for number in range(count):
        stream.append(b"%d" % number)
    return stream


def _all(stream: OutgoingStream, now_ns: int) -> list[int]:
    """First numbers of the batches that go at an instant."""
    firsts = []
    while (push := stream.push(now_ns)) is not None:
        assert isinstance(push, Push)
        firsts.append(push.first_sequence)
    return firsts


def test_numbers_begin_at_one_and_have_no_gaps() -> None:
    stream = OutgoingStream("stream", LIMITS)
    assert [stream.append(b"x") for _ in range(5)] == [1, 2, 3, 4, 5]
    assert (stream.last, stream.acknowledged, stream.due_ns()) == (5, 0, 0)


def test_batches_go_in_order_until_the_window_is_full() -> None:
    stream = _stream(10)
    assert stream.push(0) == Push(first_sequence=1, parcels=(b"0", b"1", b"2"), bulk=True)
    assert stream.push(0) == Push(first_sequence=4, parcels=(b"3", b"4", b"5"), bulk=True)
    assert stream.push(0) is None
    assert stream.acknowledge(3, 0) == 3
    assert stream.push(0) == Push(first_sequence=7, parcels=(b"6", b"7", b"8"), bulk=True)
    assert stream.kept == 7


def test_a_batch_keeps_to_its_bytes_but_one_parcel_always_goes() -> None:
    stream = OutgoingStream("stream", LIMITS)
    for size in (60, 40, 1, 500, 500):
        stream.append(bytes(size))
    assert _all(stream, 0) == [1, 3, 4, 5]


def test_what_is_not_acknowledged_goes_again_ever_more_rarely_and_one_batch_at_a_time() -> None:
    stream = _stream(10)
    sent = [(second, _all(stream, second * SECOND_NS)) for second in range(40)]
    assert [(second, firsts) for second, firsts in sent if firsts] == [
        (0, [1, 4]),
        (1, [1]),
        (3, [1]),
        (7, [1]),
        (15, [1]),
        (23, [1]),
        (31, [1]),
        (39, [1]),
    ]
    assert stream.acknowledge(3, 40 * SECOND_NS) == 3
    assert _all(stream, 40 * SECOND_NS) == [4, 7]
    assert stream.due_ns() == 41 * SECOND_NS


def test_nothing_is_due_once_all_is_acknowledged() -> None:
    stream = _stream(3)
    assert _all(stream, 0) == [1]
    assert stream.acknowledge(3, 5) == 3
    assert stream.due_ns() is None
    assert _all(stream, 100 * SECOND_NS) == []


@pytest.mark.parametrize("cursor", [0, 1, 4])
def test_an_old_acknowledgement_changes_nothing(cursor: int) -> None:
    stream = _stream(6)
    _all(stream, 0)
    stream.acknowledge(4, 1)
    assert stream.acknowledge(cursor, 2) == 0
    assert (stream.acknowledged, stream.kept) == (4, 2)


@pytest.mark.parametrize("cursor", [7, 8, 10**9])
def test_an_acknowledgement_of_what_was_never_sent_is_refused(cursor: int) -> None:
    stream = _stream(6)
    for act in (stream.acknowledge, stream.rewind):
        with pytest.raises(EnvelopeError, match="ends at 6"):
            act(cursor, 0)
    assert stream.acknowledged == 0


def test_an_acknowledgement_past_what_was_pushed_again_is_taken() -> None:
    stream = _stream(6)
    _all(stream, 0)
    assert stream.push(SECOND_NS) == Push(first_sequence=1, parcels=(b"0", b"1", b"2"))
    assert stream.acknowledge(6, SECOND_NS) == 6
    assert stream.push(2 * SECOND_NS) is None


def test_a_pull_begins_again_at_once_but_not_too_often() -> None:
    stream = _stream(6)
    assert _all(stream, 0) == [1, 4]
    assert stream.rewind(0, 1)
    assert _all(stream, 1) == [1, 4]
    assert not stream.rewind(0, 2)
    assert _all(stream, 2) == []
    assert stream.rewind(2, 3)
    assert _all(stream, 3) == [3, 6]
    assert not stream.rewind(1, 10 * SECOND_NS)
    assert stream.rewind(2, 10 * SECOND_NS)


def test_a_resumed_stream_begins_again_with_one_batch_and_without_the_wait_that_had_grown() -> None:
    stream = _stream(10)
    assert _all(stream, 0) == [1, 4]
    stream.resume()
    assert _all(stream, 1) == [1]
    for second in (1, 3, 7):
        assert _all(stream, 1 + second * SECOND_NS) == [1]
    stream.resume()
    assert _all(stream, 8 * SECOND_NS) == [1]
    assert stream.due_ns() == 9 * SECOND_NS
    assert stream.acknowledge(3, 8 * SECOND_NS) == 3
    assert _all(stream, 8 * SECOND_NS) == [4, 7]


def test_a_stream_of_which_all_is_acknowledged_has_nothing_to_resume() -> None:
    stream = _stream(3)
    _all(stream, 0)
    stream.acknowledge(3, 1)
    stream.resume()
    assert (stream.due_ns(), _all(stream, 100 * SECOND_NS)) == (None, [])
    fresh = _stream(7)
    fresh.resume()
    assert _all(fresh, 0) == [1, 4]


def test_a_restored_stream_sends_what_is_not_acknowledged() -> None:
    kept = {42: b"a", 43: b"b"}
    stream = OutgoingStream(
        "stream", LIMITS, 41, 43, read=lambda first, count: [kept[n] for n in range(first, 44)][:count]
    )
    assert stream.append(b"c") == 44
    assert _all(stream, 0) == [42, 44]


@pytest.mark.parametrize("cursor", [-1, SEQUENCE_MAX + 1, 2**63])
def test_a_stream_cannot_go_on_behind_what_is_no_cursor(cursor: int) -> None:
    with pytest.raises(UsageError, match="cannot go on"):
        OutgoingStream("stream", LIMITS, cursor)
    with pytest.raises(UsageError, match="cannot go on"):
        IncomingStream(cursor)


@pytest.mark.parametrize(
    "limits",
    [
        {"batch_parcels": 0},
        {"batch_parcels": 1_001},
        {"batch_bytes": 786_433},
        {"window_parcels": 0},
        {"resend_after_ns": 0},
        {"resend_after_ns": 9 * SECOND_NS},
        {"pull_interval_ns": -1},
        {"streams_per_sender": 0},
        {"page_parcels": 1_001},
        {"kept_parcels": 0},
    ],
)
def test_limits_that_stop_a_link_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="LinkLimits"):
        LinkLimits(**limits)


def test_what_follows_the_cursor_is_new() -> None:
    stream = IncomingStream()
    assert stream.accept(1, 3) == range(1, 4)
    assert stream.cursor == 0
    stream.advance(3)
    assert stream.accept(2, 4) == range(4, 6)
    assert stream.behind
    stream.advance(5)
    assert not stream.behind


@pytest.mark.parametrize(("first", "count"), [(1, 1), (1, 5), (5, 1), (3, 2)])
def test_what_was_accepted_is_a_replay(first: int, count: int) -> None:
    with pytest.raises(ReplayError, match="already accepted") as caught:
        IncomingStream(5).accept(first, count)
    assert caught.value.facts["cursor"] == 5


@pytest.mark.parametrize(("first", "count"), [(7, 1), (8, 3), (1_000_000, 1)])
def test_a_gap_is_not_handed_on(first: int, count: int) -> None:
    stream = IncomingStream(5)
    assert stream.accept(first, count) is None
    assert (stream.cursor, stream.behind) == (5, True)


@pytest.mark.parametrize(
    ("first", "count"), [(0, 1), (-3, 2), (1, 0), (1, -1), (SEQUENCE_MAX, 2), (2**63, 1)]
)
def test_numbers_that_cannot_be_are_refused(first: int, count: int) -> None:
    with pytest.raises(EnvelopeError, match="cannot be numbers"):
        IncomingStream().accept(first, count)


def test_a_cursor_does_not_go_back() -> None:
    with pytest.raises(UsageError, match="does not go back"):
        IncomingStream(5).advance(4)


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 6)), max_size=60))
def test_whatever_comes_each_number_is_new_once_and_in_order(batches: list[tuple[int, int]]) -> None:
    stream, taken = IncomingStream(), list[int]()
    for first, count in batches:
        try:
            new = stream.accept(first, count)
        except ReplayError:
            continue
        if new is not None:
            taken += new
            stream.advance(new.stop - 1)
    assert taken == list(range(1, stream.cursor + 1))
