"""`Observer`: reads every node's stream as a Party of its own, and tells any number of pages.

It holds one pane a party and nothing else: what a node does not release to it, it does not know. A stream
that breaks is opened again, after 0.2 s at first and 2 s at last; a node that says nothing for 3 s is shown
as not heard, with the picture as it was.

Each page has a queue of its own. A page that falls behind loses the queue and gets the whole state instead,
so that one slow page costs neither memory nor the others' time.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import structlog

from trilat.model import PeerError, TrilatError, WireError
from trilat.web.events import EventReader
from trilat.web.panes import Judged, Pane

BACK_OFF_S_MIN: Final = 0.2
BACK_OFF_S_MAX: Final = 2.0
SILENCE_S_MAX: Final = 3.0
"""Without a word, not even a comment, a node is not heard any more."""

CONNECT_S_MAX: Final = 5.0
READ_S_MAX: Final = 15.0
"""A stream this long silent is given up and opened again."""

PAGE_EVENTS_MAX: Final = 256
_WATCH_EVERY_S: Final = 0.25

_log = structlog.get_logger("trilat.web")

Event = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Feed:
    """Where a node's interface is, and the token by which the observer may read there."""

    address: str
    token: str = field(repr=False)


class Page:
    """What one open page still has to be told."""

    def __init__(self, events_max: int) -> None:
        """A page that knows nothing yet, so it begins with the whole state."""
        self._events: deque[Event] = deque()
        self._events_max = events_max
        self._behind = True
        self._wake = asyncio.Event()

    def tell(self, event: Event) -> bool:
        """Queue an event; False where the page has fallen behind just now."""
        self._wake.set()
        if self._behind:
            return True
        if len(self._events) < self._events_max:
            self._events.append(event)
            return True
        self.renew()
        return False

    def renew(self) -> None:
        """Let the page get the whole state instead of what is queued."""
        self._events.clear()
        self._behind = True
        self._wake.set()

    def take_behind(self) -> bool:
        """Whether the page needs the whole state; asked once, it does not any more."""
        behind, self._behind = self._behind, False
        if behind:
            self._events.clear()
        return behind

    def take(self) -> Event | None:
        """The next event that is queued; None where there is none."""
        return self._events.popleft() if self._events and not self._behind else None

    async def wait(self, s_max: float) -> None:
        """Until there is something to tell, `s_max` seconds at most."""
        if not self._events and not self._behind:
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(s_max):
                    await self._wake.wait()


class Observer:
    """The panes of all parties, kept up to date while it is told to watch."""

    def __init__(
        self,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        silence_s_max: float = SILENCE_S_MAX,
        page_events_max: int = PAGE_EVENTS_MAX,
    ) -> None:
        """An observer that watches nobody yet. `transport` takes the place of the network."""
        self._transport = transport
        self._silence_s_max = silence_s_max
        self._page_events_max = page_events_max
        self._panes: dict[str, Pane] = {}
        self._heard_s: dict[str, float] = {}
        self._pages: set[Page] = set()
        self._feeds: dict[str, Feed] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.pages_behind = 0
        """How often a page was too slow and got the whole state again."""

    # --- watching ---

    async def watch(self, feeds: Mapping[str, Feed]) -> None:
        """Watch these nodes, by party, and no others.

        The pane of a node that stays is kept, also when it moved; a new token means another node.
        """
        await self.stop()
        known = {party: feed.token for party, feed in self._feeds.items()}
        self._panes = {
            party: self._panes[party] if known.get(party) == feed.token else Pane()
            for party, feed in feeds.items()
        }
        self._feeds = dict(feeds)
        self._renew_pages()
        self._begin()

    async def stop(self) -> None:
        """Watch nobody; the panes stay as they are, not heard."""
        tasks = self._break_off()
        await asyncio.gather(*tasks, return_exceptions=True)
        for party in self._panes:
            self._set_up(party, up=False)

    def clear(self) -> None:
        """Forget every picture: another regime begins. Streams are opened anew, for changes alone would speak
        of what is forgotten; open pages get the whole state.
        """
        watching = self._break_off()
        self._panes = {party: Pane(up=pane.up) for party, pane in self._panes.items()}
        self._renew_pages()
        if watching:
            self._begin()

    def _begin(self) -> None:
        # Silence counts from here, also for a node that was heard before and never comes back.
        self._heard_s = dict.fromkeys(self._feeds, asyncio.get_running_loop().time())
        for party, feed in self._feeds.items():
            self._run(self._follow(party, feed))
        self._run(self._mark_silent())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _break_off(self) -> list[asyncio.Task[None]]:
        """The tasks that ran; none of them does another step of its work."""
        tasks = [task for task in self._tasks if not task.cancelling()]
        for task in tasks:
            task.cancel()
        return tasks

    def _renew_pages(self) -> None:
        for page in self._pages:
            page.renew()

    async def _follow(self, party: str, feed: Feed) -> None:
        """Read one node's stream again and again."""
        back_off_s = BACK_OFF_S_MIN
        timeout = httpx.Timeout(CONNECT_S_MAX, read=READ_S_MAX)
        # `trust_env` off: a proxy of the environment must not see tokens or pictures.
        async with httpx.AsyncClient(
            base_url=feed.address, transport=self._transport, timeout=timeout, trust_env=False
        ) as client:
            last = ""
            loop = asyncio.get_running_loop()
            while True:
                begun_s = loop.time()
                error = await self._error_of_reading(party, client, feed.token)
                why = "it ended" if error is None else str(error) or type(error).__name__
                if loop.time() - begun_s > BACK_OFF_S_MAX:
                    # It was a stream, not an attempt: what broke it is news, and may be over soon.
                    back_off_s, last = BACK_OFF_S_MIN, ""
                if why != last:
                    foreseen = error is None or isinstance(error, httpx.HTTPError | TrilatError)
                    _log.warning(
                        "a node's stream is broken",
                        party=party,
                        why=why,
                        exc_info=None if foreseen else error,
                    )
                    last = why
                await asyncio.sleep(back_off_s)
                back_off_s = min(2 * back_off_s, BACK_OFF_S_MAX)

    async def _error_of_reading(self, party: str, client: httpx.AsyncClient, token: str) -> Exception | None:
        """Use one stream; what ended it, None where the node did. None of it ends the watching."""
        try:
            await self._read(party, client, token)
        except Exception as error:  # noqa: BLE001 - whatever a node makes go wrong, the next attempt may not
            return error
        return None

    async def _read(self, party: str, client: httpx.AsyncClient, token: str) -> None:
        """Use one stream until it ends.

        Raises:
            PeerError: the node refuses, or sends what is no stream of events.
        """
        headers = {
            "authorization": f"Bearer {token}",
            "accept": "text/event-stream",
            "accept-encoding": "identity",
        }
        async with client.stream("GET", "/stream", headers=headers) as answer:
            if answer.status_code != httpx.codes.OK:
                raise PeerError(f"the node of `{party}` answered {answer.status_code}")
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                raise PeerError(f"the node of `{party}` sent no stream of events")
            reader = EventReader()
            use = _Use()
            # As it came: what is packed could unpack to more than any limit.
            async for part in answer.aiter_raw():
                self._hear(party)
                for name, data in reader.feed(part):
                    self._use(party, name, data, use)

    def _use(self, party: str, name: str, data: Any, use: "_Use") -> None:
        if not isinstance(data, dict):
            raise WireError(f"the data of `{name[:20]}` is not an object")
        judged = Judged()
        pane = self._panes[party]
        if name == "opened":
            use.whole = True
        elif name == "picture":
            told = pane.take_picture(data, judged, whole=use.whole)
            use.whole = False
            self._tell(("pane", {"party": party, **told}))
        elif name == "decisions":
            fresh = pane.take_decisions(data, judged)
            if fresh:
                self._tell(("decisions", {"party": party, "decisions": fresh}))
        if judged.left_out:
            self._note_left_out(party, name, judged, use)

    def _note_left_out(self, party: str, name: str, judged: Judged, use: "_Use") -> None:
        """One line a stream: a node that errs once errs at every step."""
        if not use.noted:
            _log.warning(
                "left out what does not fit",
                party=party,
                event_name=name,
                count=judged.left_out,
                why=judged.why,
            )
            use.noted = True

    def _hear(self, party: str) -> None:
        self._heard_s[party] = asyncio.get_running_loop().time()
        self._set_up(party, up=True)

    async def _mark_silent(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            now_s = asyncio.get_running_loop().time()
            for party in self._panes:
                if now_s - self._heard_s[party] > self._silence_s_max:
                    self._set_up(party, up=False)

    def _set_up(self, party: str, *, up: bool) -> None:
        pane = self._panes[party]
        if pane.up is not up:
            pane.up = up
            nothing: dict[str, Any] = {"changed": [], "gone": [], "sights": [], "sights_gone": []}
            self._tell(("pane", {"party": party, "at_ns": pane.at_ns, "up": up, **nothing}))

    # --- pages ---

    def panes(self) -> dict[str, Any]:
        """Every party's pane as JSON values."""
        return {party: pane.plain() for party, pane in self._panes.items()}

    def heard(self) -> dict[str, bool]:
        """Whether each node is heard."""
        return {party: pane.up for party, pane in self._panes.items()}

    def open_page(self) -> Page:
        """A page that is told everything from now on; close it with `close_page`."""
        page = Page(self._page_events_max)
        self._pages.add(page)
        return page

    def close_page(self, page: Page) -> None:
        """Tell a page nothing more."""
        self._pages.discard(page)

    def _tell(self, event: Event) -> None:
        self.pages_behind += sum(not page.tell(event) for page in self._pages)


@dataclass
class _Use:
    """How one stream is being used."""

    whole: bool = True
    noted: bool = False
