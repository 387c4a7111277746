"""A node's service: answers after the commit, readers told the truth, nothing done once it has failed."""

import asyncio
import threading
import time
from collections.abc import Coroutine
from dataclasses import replace
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, Final

import pytest
from tests.small_federation import START_NS, federation_of, launch

from trilat.fusion import BiasPrior
from trilat.ledger import EntryKind
from trilat.model import SECOND_NS, LedgerError, Status, UsageError, to_plain
from trilat.node import ManualClock, Node, NodeService, Pace, PacedClock, audience, timings
from trilat.node.feeds import FeedBatch
from trilat.node.gathering import Gathering
from trilat.node.timings import Timings
from trilat.node.views import Views
from trilat.policy import AgreementSet, internal_agreement, read_agreement

STANDS: Final = Pace(from_wall_ns=0, instant_ns=START_NS, speed=0.0)
WAIT_S: Final = 20.0


def node_of() -> Node:
    """JPN's node of 2009, whose staff may look at what it holds."""
    federation = federation_of("separate-2009")
    node = federation.nodes["JPN"]
    text = internal_agreement("JPN", node.config.purpose, "2000-01-01T00:00:00Z")
    files = {**node.agreements.files, "internal.toml": read_agreement("internal.toml", text)}
    node.agreements = AgreementSet.of(files)
    node.exchange._agreements = node.agreements
    return node


def serviced(work: Any, node: Node | None = None) -> Any:
    """What `work(service, node)` gave, with the service at work."""
    chosen = node or node_of()

    async def run() -> Any:
        assert isinstance(chosen.clock, ManualClock)
        service = NodeService(chosen, chosen.clock, PacedClock(STANDS), time.time_ns)
        service.start()
        try:
            return await asyncio.wait_for(work(service, chosen), WAIT_S)
        finally:
            await service.stop()

    return asyncio.run(run())


def report(node: Node, name: str = "seen") -> dict[str, Any]:
    plain = to_plain(launch(node, name))
    for field in ("status", "label", "provenance"):
        del plain[field]
    return plain


def taken(service: NodeService, node: Node, name: str = "seen") -> Coroutine[Any, Any, Any]:
    return service.intake([report(node, name)], name, sha256(name.encode()).digest())


async def ticked(service: NodeService, second: int) -> None:
    """Returns when the clock stands at a second and the node has ticked there."""
    tick_ns = START_NS + second * SECOND_NS
    await service.set_pace(replace(STANDS, instant_ns=tick_ns))
    while (await service.state())["ticked_ns"] < tick_ns:  # noqa: ASYNC110 - the node has its own thread
        await asyncio.sleep(0.01)


def disk_is_full(monkeypatch: pytest.MonkeyPatch, node: Node) -> None:
    """From now on the ledger takes nothing."""

    def full(*_: object) -> None:
        raise LedgerError("the disk is full")

    monkeypatch.setattr(node.ledger, "append", full)


# --- what the own staff alone is told ---


def test_the_own_staff_is_told_of_its_sensors_and_nobody_else_hears_of_it() -> None:
    node = node_of()
    node.views = Views("JPN", {"R1": BiasPrior(15.0, 3e-4, 3e-4, 1e-3)})

    async def work(service: NodeService, _: Node) -> Any:
        told = [await service.state(), await service.picture("JPN/staff"), dict(service.counts())]
        return await service.sensors(), told

    (row,), others = serviced(work, node)
    assert (row["sensor"], row["range_bias_m"], row["range_sigma_m"]) == ("R1", 0.0, pytest.approx(15.0))
    assert row["suspect"] is False
    assert "bias" not in repr(others)
    assert "sigma_rad" not in repr(others)


def test_a_node_whose_sensors_are_right_tells_of_none_and_one_that_stopped_tells_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work(service: NodeService, node: Node) -> None:
        assert await service.sensors() == []
        disk_is_full(monkeypatch, node)
        with pytest.raises(LedgerError):
            await taken(service, node)
        node.failure = "the disk is full"
        with pytest.raises(LedgerError, match="has stopped"):
            await service.sensors()

    serviced(work)


# --- answers ---


def test_a_batch_is_answered_when_it_is_in_the_ledger() -> None:
    async def work(service: NodeService, node: Node) -> None:
        answer = await taken(service, node)
        assert answer.accepted == 1
        assert sum(1 for _ in node.ledger.entries(kinds={EntryKind.REPORT})) == 1

    serviced(work)


def test_a_batch_that_comes_again_is_answered_from_the_ledger_and_another_under_its_key_refused() -> None:
    async def work(service: NodeService, node: Node) -> None:
        first = await taken(service, node)
        again = await taken(service, node)
        assert (first.repeated, again.repeated) == (False, True)
        assert (again.accepted, again.refused) == (first.accepted, first.refused)
        with pytest.raises(UsageError, match="key `seen` was used for another batch") as refused:
            await service.intake([report(node, "other")], "seen", bytes(32))
        assert refused.value.facts["conflict"] is True
        assert (await service.state())["accepted_reports"] == 1

    serviced(work)


def test_what_is_no_report_is_refused_beside_those_that_are() -> None:
    async def work(service: NodeService, node: Node) -> None:
        batch = [7, report(node), {"kind": "event"}, {"kind": ["event"]}, {"x": "\ud800\n"}]
        answer = await service.intake(batch, "mixed", bytes(32))
        assert answer.accepted == 1
        assert [index for index, _ in answer.refused] == [0, 2, 3, 4]
        state = await service.state()
        assert state["refusals"] == 4
        assert all("\n" not in line for line in state["last_refusals"])
        await service.keep_aside("intake", "a body that is not JSON", b"{")
        assert (await service.state())["last_refusals"][-1] == "a body that is not JSON"

    serviced(work)


# --- readers ---


def test_a_reader_gets_opened_then_the_whole_picture_and_is_told_of_the_end() -> None:
    async def work(service: NodeService, node: Node) -> list[tuple[str, dict[str, Any]]]:
        await taken(service, node)
        stream = service.stream("JPN/staff")
        events = [await anext(stream)]
        while events[-1][0] != "picture":
            events.append(await anext(stream))
        await service.stop()
        return [*events, *[event async for event in stream]]

    events = serviced(work)
    assert events[0][0] == "opened"
    assert events[0][1]["reader"] == "JPN/staff"
    picture = next(data for name, data in events if name == "picture")
    assert [item["id"] for item in picture["changed"]] == ["JPN-seen"]
    assert events[-1] == ("closed", {"reason": "the node stops"})


def test_a_reader_without_an_agreement_is_refused_at_the_first_step() -> None:
    async def work(service: NodeService, _: Node) -> None:
        with pytest.raises(UsageError, match="may see nothing of `JPN`") as refused:
            await anext(service.stream("KOR/staff"))
        assert refused.value.facts["refused"] is True
        with pytest.raises(UsageError, match="may see nothing of `JPN`"):
            await service.picture("OBS")

    serviced(work)


def test_a_reader_who_is_too_slow_is_closed_and_the_others_read_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "_EVENTS_WAITING_MAX", 2)
    monkeypatch.setattr(audience, "_FRAMES_EVERY_NS", 1)

    async def work(service: NodeService, node: Node) -> None:
        slow, quick = service.stream("JPN/staff"), service.stream("JPN/staff")
        await anext(slow)
        await anext(quick)
        seen = asyncio.create_task(_read_all(quick))
        number = 0
        while len((await service.state())["readers"]) > 1:
            number += 1
            await taken(service, node, f"seen-{number}")
        last = [event async for event in slow][-1]
        assert last == ("closed", {"reason": "the reader is too slow: open again for the whole picture"})
        await service.stop()
        assert (await seen)[-1] == ("closed", {"reason": "the node stops"})

    serviced(work)


async def _read_all(stream: Any) -> list[Any]:
    return [event async for event in stream]


def test_a_reader_who_leaves_is_read_to_no_more() -> None:
    async def work(service: NodeService, _: Node) -> None:
        stream: Any = service.stream("JPN/staff")
        await anext(stream)
        assert (await service.state())["readers"] == ["JPN/staff"]
        await stream.aclose()
        assert (await service.state())["readers"] == []

    serviced(work)


def test_a_reader_who_leaves_while_the_release_is_opened_is_read_to_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entered, goes_on = threading.Event(), threading.Event()
    open_ = audience.Audience.open

    def slowly(self: audience.Audience, *given: Any) -> Any:
        entered.set()
        goes_on.wait(WAIT_S)
        return open_(self, *given)

    monkeypatch.setattr(audience.Audience, "open", slowly)

    async def work(service: NodeService, _: Node) -> None:
        stream: Any = service.stream("JPN/staff")
        step = asyncio.ensure_future(anext(stream))
        await asyncio.to_thread(entered.wait, WAIT_S)
        step.cancel()
        await asyncio.wait({step})
        goes_on.set()
        # What is asked for next may stand before the reader's end, what follows stands behind it.
        await service.state()
        assert (await service.state())["readers"] == []

    serviced(work)


# --- failure and end ---


def test_a_node_that_cannot_write_says_so_and_does_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(service: NodeService, node: Node) -> None:
        stream = service.stream("JPN/staff")
        await anext(stream)
        disk_is_full(monkeypatch, node)
        await service.set_pace(replace(STANDS, instant_ns=START_NS + 2 * SECOND_NS))
        events = [event async for event in stream]
        assert events[-1] == ("closed", {"reason": "the node has stopped"})
        assert service.problem() == "the disk is full"
        refused = "`JPN` has stopped: the disk is full"
        for ask in (
            taken(service, node),
            service.picture("JPN/staff"),
            anext(service.stream("JPN/staff")),
            service.keep_aside("intake", "x", b""),
            service.answer({}),
            service.raise_warning({}),
            service.retract_warning("x", ""),
        ):
            with pytest.raises(LedgerError, match=refused):
                await ask
        state = await service.state()
        assert state["problem"] == "the disk is full"
        ticks = service.counts()["ticks"]
        await service.set_pace(replace(STANDS, instant_ns=START_NS + 9 * SECOND_NS))
        await asyncio.sleep(0.3)
        assert service.counts()["ticks"] == ticks
        assert (await service.state())["ledger_entries"] == state["ledger_entries"]

    serviced(work)


def test_a_batch_that_cannot_be_written_is_not_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(service: NodeService, node: Node) -> None:
        disk_is_full(monkeypatch, node)
        with pytest.raises(LedgerError, match="the disk is full"):
            await taken(service, node)
        assert sum(1 for _ in node.ledger.entries(kinds={EntryKind.REPORT})) == 0
        assert (await service.state())["accepted_reports"] == 0
        # The feed asks again, under the same key, when there is room.
        monkeypatch.undo()
        answer = await taken(service, node)
        assert (answer.accepted, answer.repeated) == (1, False)

    serviced(work)


def test_a_node_that_is_late_ends_after_the_tick_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = []

    async def work(service: NodeService, node: Node) -> None:
        begun = threading.Event()

        def slow_tick() -> tuple[()]:
            ticks.append(1)
            begun.set()
            time.sleep(0.2)
            return ()

        monkeypatch.setattr(node, "tick", slow_tick)
        service._time.set_pace(replace(STANDS, instant_ns=START_NS + 900 * SECOND_NS))
        await asyncio.to_thread(begun.wait, WAIT_S)
        waiting = asyncio.create_task(service.state())
        await asyncio.sleep(0)
        await service.stop()
        with pytest.raises(LedgerError, match="`JPN` does not run"):
            await waiting

    serviced(work)
    assert len(ticks) < 900


def test_a_node_that_ended_refuses_and_ends_but_once() -> None:
    async def work(service: NodeService, node: Node) -> None:
        await service.stop()
        await service.stop()
        assert service.problem() == "the node is not running"
        for ask in (service.state(), service.referrals(), taken(service, node), service.timings(0)):
            with pytest.raises(LedgerError, match="`JPN` does not run: start it, and ask again"):
                await ask

    serviced(work)


def test_a_node_that_cannot_write_its_end_still_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(service: NodeService, node: Node) -> None:
        stream = service.stream("JPN/staff")
        await anext(stream)
        while (await anext(stream))[0] != "picture":
            pass
        disk_is_full(monkeypatch, node)
        await service.stop()
        assert (await anext(stream))[0] == "closed"
        assert not service._worker.is_alive()

    serviced(work)


# --- clock, answers, numbers ---


def test_nobody_sets_the_time_of_a_real_node() -> None:
    node = node_of()
    node.config = replace(node.config, status=Status.REAL)

    async def work(service: NodeService, _: Node) -> None:
        with pytest.raises(UsageError, match="nobody sets it"):
            await service.set_pace(STANDS)

    serviced(work, node)


def test_an_answer_to_no_question_is_refused() -> None:
    async def work(service: NodeService, _: Node) -> None:
        said = {"clause": "c", "subject": "s", "recipient": "KOR", "via": None}
        with pytest.raises(UsageError, match="no question on `s` under `c` is open here"):
            await service.answer({**said, "granted": True, "officer": "x", "valid_s": 1})

    serviced(work)


def test_state_and_counts_tell_what_a_monitor_asks_for() -> None:
    async def work(service: NodeService, node: Node) -> tuple[dict[str, Any], dict[str, Any]]:
        await taken(service, node)
        return await service.state(), dict(service.counts())

    state, counts = serviced(work)
    assert sorted(state) == [
        *("accepted_reports", "agreements", "at", "at_ns", "last_refusals", "ledger_entries", "links"),
        *("party", "problem", "readers", "referrals", "refusals", "status", "ticked_ns", "waiting"),
    ]
    assert state["links"]["USA"] == {
        "up": False,
        "heard_s": None,
        "health": "",
        **dict.fromkeys(("sent", "acknowledged", "waiting", "received", "withheld"), 0),
    }
    assert sorted(counts) == [
        *("accepted_reports", "behind_s", "items_held", "items_received", "jobs_waiting", "ledger_entries"),
        *("link_up_KOR", "link_up_USA", "payloads_dropped", "readers", "referrals", "refusals", "releases"),
        "ticks",
    ]
    assert (state["accepted_reports"], counts["accepted_reports"]) == (1, 1)
    assert all(isinstance(number, int | float) for number in counts.values())


def test_timings_hold_nothing_for_what_rests_on_no_sensor() -> None:
    async def work(service: NodeService, node: Node) -> dict[str, Any]:
        assert await service.timings(0) == {"last": 0, "released": [], "arrived": []}
        await taken(service, node)
        await ticked(service, 1)
        assert node.endpoint.next_sequence("USA") > 1
        return await service.timings(0)

    # A launch that people saw rests on no observation tokens: it is released, and there is nothing to time.
    assert serviced(work)["released"] == []


class Watched:
    """As much of a node as `Timings` looks at."""

    def __init__(self) -> None:
        self.passed: dict[tuple[str, str], int] = {}
        self.newest: dict[str, Any] = {}
        self.heads = SimpleNamespace(token=str.encode)
        self.holdings = SimpleNamespace(newest=self.newest.get)
        self.endpoint = SimpleNamespace(cursors=lambda: dict(self.passed))

    def release(self, sequence: int, tokens: list[str], version: int = 1, newest: int = 1) -> Any:
        """A record of a release of an item that rests on these reports."""
        item = SimpleNamespace(
            version=newest, provenance=SimpleNamespace(observations=[token.encode() for token in tokens])
        )
        self.newest["track"] = item
        return SimpleNamespace(
            recipient="USA", sequence=sequence, item=SimpleNamespace(item_id="track", version=version)
        )


def timed(watched: Watched) -> Timings:
    """Timings by a clock that shows 1, 2, 3 and so on."""
    world = iter(range(1, 1_000))
    return Timings(watched, lambda: next(world))  # type: ignore[arg-type]


def test_timings_tell_when_reports_were_accepted_released_and_arrived() -> None:
    watched = Watched()
    watched.passed["KOR", "old"] = 7
    noted = timed(watched)
    noted.accepted(["plot-1"])
    noted.accepted(["plot-2"])
    noted.released([watched.release(4, ["plot-1", "plot-2", "a partner's"])])
    watched.passed |= {("KOR", "old"): 9, ("KOR", "new"): 1}
    noted.arrived()
    told = noted.after(0)
    assert told["released"] == [{"recipient": "USA", "sequence": 4, "wall_ns": 3, "accepted_ns": [1, 2]}]
    # What had arrived before the node began was not timed, so 8 is the first.
    assert told["arrived"] == [
        {"sender": "KOR", "sequence": 8, "wall_ns": 4},
        {"sender": "KOR", "sequence": 9, "wall_ns": 4},
        {"sender": "KOR", "sequence": 1, "wall_ns": 4},
    ]
    noted.arrived()
    assert noted.after(told["last"]) == {"last": told["last"], "released": [], "arrived": []}


def test_timings_leave_out_what_they_cannot_say() -> None:
    watched = Watched()
    noted = timed(watched)
    noted.accepted(["plot-1"])
    other = watched.release(1, ["plot-1"], version=1, newest=2)
    noted.released([other])
    strange = watched.release(2, ["a partner's"])
    noted.released([strange])
    watched.newest.clear()
    noted.released([strange])
    assert noted.after(0)["released"] == []


def test_timings_keep_no_more_than_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timings, "_KEPT", 3)
    watched = Watched()
    noted = timed(watched)
    noted.accepted([f"plot-{number}" for number in range(10)])
    noted.released([watched.release(1, ["plot-6", "plot-7", "plot-9"])])
    assert noted.after(0)["released"][0]["accepted_ns"] == [1, 1]
    for sequence in range(1, 10):
        noted.released([watched.release(sequence, ["plot-9"])])
        watched.passed["KOR", "s"] = sequence
        noted.arrived()
    told = noted.after(0)
    assert [release["sequence"] for release in told["released"]] == [7, 8, 9]
    assert [arrival["sequence"] for arrival in told["arrived"]] == [7, 8, 9]


@pytest.mark.parametrize(
    ("pace", "leap_s"),
    [
        (Pace(from_wall_ns=84, instant_ns=7_258_118_400 * SECOND_NS, speed=0.0), 6_019_219_785),
        (Pace(from_wall_ns=0, instant_ns=START_NS + 3_601 * SECOND_NS, speed=0.0), 3_601),
    ],
)
def test_time_does_not_leap_by_more_than_a_node_goes_through_at_once(pace: Pace, leap_s: int) -> None:
    async def work(service: NodeService, _: Node) -> None:
        with pytest.raises(UsageError, match=f"this pace leaps {leap_s} s ahead, over the limit of 3600"):
            await service.set_pace(pace)
        assert service.pace() == STANDS
        # As much as may be is gone through while somebody waits.
        await service.set_pace(replace(pace, instant_ns=START_NS + 3_600 * SECOND_NS))
        await ticked(service, 3_600)

    serviced(work)


def test_a_pace_that_has_run_fast_for_years_is_a_leap_too() -> None:
    async def work(service: NodeService, _: Node) -> None:
        with pytest.raises(UsageError, match="over the limit"):
            await service.set_pace(Pace(from_wall_ns=0, instant_ns=0, speed=1_000.0))

    serviced(work)


def test_where_nobody_sets_the_time_that_is_said_before_a_pace_is_looked_at() -> None:
    kept: list[Pace] = []

    def refuse() -> None:
        raise UsageError("nobody sets it")

    async def work(service: NodeService, _: Node) -> None:
        service.refuse_pace, service.on_pace = refuse, kept.append
        with pytest.raises(UsageError, match="nobody sets it"):
            await service.set_pace(Pace(from_wall_ns=0, instant_ns=0, speed=1_000.0))
        assert (kept, service.pace()) == ([], STANDS)

    serviced(work)


# --- what waits is taken together ---


def test_a_node_that_lives_by_the_worlds_time_takes_what_waits_in_one_commit_and_releases_it_there() -> None:
    node = node_of()

    async def work() -> None:
        assert isinstance(node.clock, ManualClock)
        service = NodeService(node, node.clock, PacedClock(STANDS), time.time_ns)
        service.eager = True
        service.start()
        try:
            begun, free = threading.Event(), threading.Event()

            def hold(_: Node) -> None:
                begun.set()
                assert free.wait(WAIT_S)

            held = asyncio.create_task(service.on_node(hold))
            await asyncio.to_thread(begun.wait, WAIT_S)
            asked = [asyncio.create_task(taken(service, node, f"r{number}")) for number in range(5)]
            asked.append(asyncio.create_task(taken(service, node, "r0")))
            await asyncio.sleep(0)
            free.set()
            await held
            answers = await asyncio.gather(*asked)
            assert [one.accepted for one in answers] == [1] * 6
            assert [one.repeated for one in answers] == [False] * 5 + [True]
            rows = list(node.ledger.entries())
            reports = [row.entry for row in rows if row.kind is EntryKind.REPORT]
            releases = [row.entry for row in rows if row.kind is EntryKind.RELEASE]
            assert len(reports) == len(releases) == 5
            assert reports == list(range(reports[0], reports[0] + 5)), "one commit, its reports first"
            assert service.counts()["releases"] == 5
        finally:
            await service.stop()

    asyncio.run(work())


def test_a_batch_that_cannot_be_written_is_refused_to_its_feed_and_those_before_it_stand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = node_of()
    gathering = Gathering(node, Timings(node, time.time_ns), lambda: node.failure, lambda _: None)
    gathering.offers = True
    monkeypatch.setattr("trilat.node.gathering.REPORTS_TOGETHER_MAX", 2)
    batches = [
        FeedBatch([report(node, name)], name, sha256(name.encode()).digest()) for name in ("a", "b", "c", "d")
    ]
    append, left = node.ledger.append, [1]

    def once(entries: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise LedgerError("the disk is full")
        return append(entries)

    monkeypatch.setattr(node.ledger, "append", once)
    answers = gathering.batches.do(batches)
    assert [one.accepted for one in answers[:2]] == [1, 1]
    assert [str(one) for one in answers[2:]] == ["the disk is full"] * 2
    assert [str(one) for one in gathering.batches.do(batches[2:3])] == ["`JPN` has stopped: the disk is full"]
    assert list(gathering.payloads.do([b"anything"])) == [None]
    assert node.refusals_count == 0, "a node that has stopped reads nothing"
