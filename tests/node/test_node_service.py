"""A node's service: answers after the commit, readers told the truth, nothing done once it has failed."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

import pytest
from tests.small_federation import START_NS, federation_of, launch

from trilat.ledger import EntryKind
from trilat.model import SECOND_NS, LedgerError, Status, UsageError, to_plain
from trilat.node import ManualClock, Node, NodeService, Pace, PacedClock
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


def test_a_batch_is_answered_when_it_is_in_the_ledger() -> None:
    async def work(service: NodeService, node: Node) -> None:
        answer = await taken(service, node)
        assert answer.accepted == 1
        assert sum(1 for _ in node.ledger.entries(kinds={EntryKind.REPORT})) == 1

    serviced(work)


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


def test_a_node_that_cannot_write_says_so_and_does_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(service: NodeService, node: Node) -> None:
        stream = service.stream("JPN/staff")
        await anext(stream)

        def full(*_: object) -> None:
            raise LedgerError("the disk is full")

        monkeypatch.setattr(node.ledger, "append", full)
        await service.set_pace(Pace(from_wall_ns=0, instant_ns=START_NS + 2 * SECOND_NS, speed=0.0))
        events = [event async for event in stream]
        assert events[-1][0] == "closed"
        assert service.problem() == "the disk is full"
        with pytest.raises(LedgerError, match="`JPN` has stopped: the disk is full"):
            await taken(service, node)
        assert (await service.state())["problem"] == "the disk is full"

    serviced(work)


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
    assert state["links"]["USA"]["up"] is False
    assert (state["accepted_reports"], counts["accepted_reports"]) == (1, 1)
    assert {"behind_s", "jobs_waiting", "ledger_entries", "link_up_USA", "refusals", "ticks"} <= set(counts)


def test_timings_hold_nothing_for_what_rests_on_no_sensor() -> None:
    async def work(service: NodeService, node: Node) -> dict[str, Any]:
        before = await service.timings(0)
        assert (before["released"], before["arrived"]) == ([], [])
        await taken(service, node)
        await service.set_pace(Pace(from_wall_ns=0, instant_ns=START_NS + SECOND_NS, speed=0.0))
        while (await service.state())["ticked_ns"] < START_NS + SECOND_NS:  # noqa: ASYNC110 - its own thread
            await asyncio.sleep(0.01)
        return await service.timings(0)

    # A launch that people saw rests on no observation tokens: it is released, and there is nothing to time.
    assert serviced(work)["released"] == []
