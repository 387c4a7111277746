"""The page at a node's own door: its files, which hold nothing of the node, and the clock beside its stream.

A stream of changes says nothing while nothing changes, and a browser cannot tell that from a line that is
dead. So a page asks for `/stream?clock=1`: at the beginning, and every second after, comes an event `clock`
with the node's instant, how its time runs, what is wrong with it, and, for who runs the node, its links.
Each time it is asked again whether whoever reads still may: when the session is over, so is the stream.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.web.answers import refusal
from trilat.web.files import PageFiles
from trilat.web.operations import NOTHING_HERE, Operation
from trilat.web.served import ServedNode
from trilat.web.streams import Event

CLOCK_EVERY_S: Final = 1.0
OVER: Final = "the session is over: sign in again"

_LINK: Final = "link_up_"


async def with_clock(
    events: AsyncIterator[Event],
    clock: Callable[[], Awaitable[dict[str, Any]]],
    still_may: Callable[[], bool],
    every_s: float = CLOCK_EVERY_S,
) -> AsyncGenerator[Event, None]:
    """Events with a `clock` behind the first and at every second; ends when who reads no longer may."""
    loop = asyncio.get_running_loop()
    due_s = -1.0
    step: asyncio.Future[Event | None] | None = None
    try:
        # The first is not waited for with a limit: what it raises is the answer to who asked.
        yield await anext(events)
        while True:
            if loop.time() >= due_s:
                due_s = loop.time() + every_s
                if not still_may():
                    yield "closed", {"reason": OVER}
                    return
                yield "clock", await clock()
            step = step or asyncio.ensure_future(anext(events, None))
            await asyncio.wait({step}, timeout=max(0.0, due_s - loop.time()))
            if step.done():
                event, step = step.result(), None
                if event is None:
                    return
                yield event
    except StopAsyncIteration:
        return
    finally:
        if step is not None:
            step.cancel()
            await asyncio.wait({step})
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()


async def clock_of(node: ServedNode, *, keeps: bool) -> dict[str, Any]:
    """How a node's time runs and how it is; with its links for who keeps the node."""
    told: dict[str, Any] = {
        "now_ns": await node.on_node(lambda real: real.clock.now_ns()),
        "speed": node.pace().speed,
        "problem": node.problem() or "",
        "links": [],
    }
    if keeps:
        told["links"] = [
            {"from": node.party, "to": name.removeprefix(_LINK), "up": bool(up)}
            for name, up in sorted(node.counts().items())
            if name.startswith(_LINK)
        ]
    return told


def page_operations(files: PageFiles) -> list[Operation]:
    """The rows of the page's files. The guard lets anybody have them."""

    async def file(request: Request) -> ASGIApp:
        answer = files.answer(request.path_params.get("name", ""))
        if answer is None:
            raise refusal(HTTPStatus.NOT_FOUND, NOTHING_HERE)
        return answer

    get = partial(Operation, method="GET", handle=file, any_query=True, needs_token=False)
    return [
        get(
            path="/", summary="The page; it shows nothing before somebody signs in.", answer_media="text/html"
        ),
        get(path="/{name:path}", summary="Its files.", documented=False),
    ]
