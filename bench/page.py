"""The page under load: 2,000 tracks that move five times a second, in Chromium without a GPU.

    python bench/page.py [--tracks 2000] [--minutes 1] [--party KOR]

The exercise observer is the real one, with its page as it is built (`make setup`, or `npm run build`), in a
process of its own; what a node would tell it is made up here and read by the observer as any node's stream.
One party holds all tracks, a third by each of three originators. Made instants are the world's. An age is
from when the observer tells of an update until it is drawn, through HTTP, the browser and the canvas;
`age_from_node` is from when the node has made it, so that reading and judging by the observer count too.

Goals: every update drawn, main thread busy below 15 %, age p95 below 50 ms, memory flat. It fails where one
is missed and the machine was quiet; on a loaded one it says how loaded it was, and fails all the same.
"""

import argparse
import asyncio
import json
import math
import multiprocessing
import os
import shutil
import statistics
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.sync_api import CDPSession, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.web.fakes import CODE, FakeDirector, page_access

import trilat.web
from trilat.node import quiet_collector
from trilat.web import Feed, Observer, observer_app, serve
from trilat.web.observer import Event
from trilat.web.observer_app import Director, page_events

PER_S: Final = 5
SIZE: Final = (1280, 800)
WARM_S: Final = 25.0
"""Until trails are as long as they become."""

PAGE: Final = Path(trilat.web.__file__).parent / "page"
PARTIES: Final = ("JPN", "KOR", "USA")
GOAL_BUSY: Final = 0.15
GOAL_AGE_MS: Final = 50.0
GOAL_GROWTH: Final = 0.25
"""Of the heap after collection, from the first to the last third of a run."""

WATCH: Final = """
const note = (window.measured = {came: [], drawn: [], bytes: 0, drawnAges: [], sentAges: []});
let newest_ms = 0, drawn_ms = 0, sent_ms = 0;
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (name, hear, ...rest) {
    return listen.call(this, name, name !== 'pane' ? hear : (event) => {
        note.bytes += event.data.length;
        // Of the party that is looked at: the others' panes are empty, and say so as often.
        if (event.data.length > 10000) {
            sent_ms = Number(/"sent_ms":\\s*([0-9.]+)/.exec(event.data)[1]);
            newest_ms = Number(/"at_ns":\\s*(\\d+)/.exec(event.data)[1].slice(0, -3)) / 1e3;
            note.came.push(newest_ms);
        }
        hear(event);
    }, ...rest);
};
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    if (newest_ms !== drawn_ms) {
        const [at_ms, since_ms] = [newest_ms, sent_ms];
        drawn_ms = at_ms;
        // Drawn when the frame's own work is done.
        queueMicrotask(() => {
            note.drawn.push(at_ms);
            const now_ms = performance.timeOrigin + performance.now();
            note.drawnAges.push(now_ms - at_ms);
            note.sentAges.push(now_ms - since_ms);
        });
    }
    return clear.apply(this, box);
};
"""


FORGET: Final = """() => {
    for (const list of ['came', 'drawn', 'drawnAges', 'sentAges']) measured[list].length = 0;
    measured.bytes = 0;
}"""


class Moving(httpx.AsyncBaseTransport):
    """A node's stream on which every track moves, for one party; the others' nodes see nothing."""

    def __init__(self, tracks: int, party: str) -> None:
        self._tracks, self._party = tracks, party

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        party = request.url.host
        stream = _Stream(self._tracks if party == self._party.lower() else 0)
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=stream)


class _Stream(httpx.AsyncByteStream):
    def __init__(self, tracks: int) -> None:
        self._tracks = [_Track(number) for number in range(tracks)]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        opened = {"party": "x", "reader": "OBS", "purpose": "p", "status": "simulated", "entry": 0}
        yield f"event: opened\ndata: {json.dumps({**opened, 'at_ns': time.time_ns()})}\n\n".encode()
        due_s = asyncio.get_running_loop().time()
        version = 0
        while True:
            version += 1
            now_ns = time.time_ns()
            changed = ",".join([track.text(version, now_ns) for track in self._tracks])
            # The instant of the picture is when it is ready to be sent.
            head = f'{{"at_ns":{time.time_ns()},"changed":['
            tail = f'],"gone":[],"sights":[],"sights_gone":[],"entry":{version}}}'
            yield f"event: picture\ndata: {head}{changed}{tail}\n\n".encode()
            due_s += 1.0 / PER_S
            await asyncio.sleep(max(0.0, due_s - asyncio.get_running_loop().time()))


class _Track:
    """A track on a way of its own, as a node shows it."""

    def __init__(self, number: int) -> None:
        originator = PARTIES[number % 3]
        self._angle = number * 2.399963
        self._rate = 0.0004 * (1 + number % 5)
        self._reach_deg = 1.0 + 11.0 * math.sqrt((number * 0.754878) % 1.0)
        name = f"{originator}-trk-{number:04d}"
        fixed = {
            "id": name,
            "kind": "track",
            "subject": name,
            "domain": "missile",
            "originator": originator,
            "originators": [originator],
            "sender": None if originator == "KOR" else originator,
            "form": None if originator == "KOR" else "tracks",
            "status": "simulated",
            "marking": f"{originator} SECRET",
            "stage": "coast",
            "ellipse": {"semi_major_m": 3_000.0, "semi_minor_m": 900.0, "bearing_deg": float(number % 180)},
            "height_sigma_m": 250.0,
        }
        self._fixed = json.dumps(fixed, separators=(",", ":"))[:-1]

    def text(self, version: int, now_ns: int) -> str:
        """It as JSON at an instant."""
        turn = self._angle + version * self._rate
        sine, cosine = math.sin(turn), math.cos(turn)
        swing = math.sin(turn * 3)
        return (
            f'{self._fixed},"version":{version},"valid_ns":{now_ns}'
            f',"lat":{38.0 + self._reach_deg * sine:.6f},"lon":{135.0 + self._reach_deg * cosine:.6f}'
            f',"height_m":{150_000.0 + 140_000.0 * swing:.1f},"speed_m_per_s":{3_000.0 + 500.0 * swing:.1f}'
            f',"course_deg":{math.degrees(turn) % 359.0:.1f},"climb_m_per_s":{800.0 * cosine:.1f}}}'
        )


class _Director(FakeDirector):
    """Time that runs as the world's does."""

    def state(self) -> dict[str, Any]:
        """Everything, now."""
        return {**self.now, "now_ns": time.time_ns()}

    async def ask_staff(self, *_: Any, **__: Any) -> Any:
        """A map with nothing beside objects."""
        return {"sensors": [], "places": []}


def _director() -> _Director:
    now_ns = time.time_ns()
    return _Director(
        now={
            "title": "Made-up tracks",
            "subtitle": "a measurement",
            "source": "scenario",
            "status": "simulated",
            "regimes": [],
            "regime": "",
            "parties": list(PARTIES),
            "phase": "running",
            "message": "",
            "start_ns": now_ns,
            "end_ns": now_ns + 7_200 * 10**9,
            "decision_shift_ns": 0,
            "speed": 1.0,
            "speeds": [1.0],
            "paused": False,
            "view": {"lat": 38.0, "lon": 135.0, "span_m": 2_600_000.0},
            "links": [],
        }
    )


async def _stamped(observer: Observer, director: Director) -> AsyncGenerator[Event, None]:
    """What a page is told, and when that was said."""
    async for name, data in page_events(observer, director):
        yield name, {**data, "sent_ms": time.time_ns() / 1e6} if name == "pane" else data


async def _serve(tracks: int, party: str, tell: Connection) -> None:
    observer = Observer(transport=Moving(tracks, party))
    director = _director()
    # The package has a function of the same name as this module.
    vars(sys.modules[page_events.__module__])["page_events"] = _stamped
    app = observer_app(observer, director, page_access(), PAGE)
    served = await serve(app)
    await observer.watch({code: Feed(f"http://{code.lower()}", "t") for code in PARTIES})
    quiet_collector()
    tell.send(served.address)
    await asyncio.to_thread(tell.recv)
    await observer.stop()
    await served.stop()


def serving(tracks: int, party: str, tell: Connection) -> None:
    asyncio.run(_serve(tracks, party, tell))


def measured(page: Page, devtools: CDPSession, minutes: float) -> dict[str, Any]:
    """What the page did in so many minutes, after it has settled."""
    page.wait_for_timeout(WARM_S * 1_000)
    heaps = [_heap_mb(devtools)]
    # Collecting is work of its own; what it leaves is waited for.
    page.wait_for_timeout(1_000)
    page.evaluate(FORGET)
    begun, begun_s = _busy_s(devtools), time.monotonic()
    ends_s = begun_s + 60.0 * minutes
    while time.monotonic() < ends_s:
        page.wait_for_timeout(min(20_000.0, max(1.0, (ends_s - time.monotonic()) * 1_000)))
        if minutes >= 2:
            heaps.append(_heap_mb(devtools))
    lasted_s = time.monotonic() - begun_s
    busy = (_busy_s(devtools) - begun) / lasted_s
    heaps.append(_heap_mb(devtools))
    note = page.evaluate("() => ({...measured})")
    ages, sent = sorted(note["drawnAges"]), sorted(note["sentAges"])
    drawn = set(note["drawn"])
    return {
        "updates": len(note["came"]),
        "updates_per_s": round(len(note["came"]) / lasted_s, 2),
        "drawn_share": round(sum(at in drawn for at in note["came"][:-1]) / max(1, len(note["came"]) - 1), 4),
        "busy": round(busy, 4),
        "age_ms_p50": round(statistics.median(sent), 1),
        "age_ms_p95": round(_p95(sent), 1),
        "age_from_node_ms_p50": round(statistics.median(ages), 1),
        "age_from_node_ms_p95": round(_p95(ages), 1),
        "traffic_kb_per_s": round(note["bytes"] / lasted_s / 1e3),
        "heap_mb": [round(heap, 1) for heap in heaps],
        "lasted_s": round(lasted_s),
    }


def _p95(ages: list[float]) -> float:
    return ages[int(0.95 * (len(ages) - 1))]


def _busy_s(devtools: CDPSession) -> float:
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return float(next(row["value"] for row in metrics if row["name"] == "TaskDuration"))


def _heap_mb(devtools: CDPSession) -> float:
    devtools.send("HeapProfiler.collectGarbage")
    return float(devtools.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def missed(found: dict[str, Any]) -> list[str]:
    """The goals that were not reached, in words."""
    heaps = found["heap_mb"]
    third = max(1, len(heaps) // 3)
    first, last = statistics.mean(heaps[:third]), statistics.mean(heaps[-third:])
    goals = {
        f"every update drawn: {found['drawn_share']:.2%}": found["drawn_share"] == 1.0,
        f"main thread busy {found['busy']:.1%}": found["busy"] < GOAL_BUSY,
        f"age p95 {found['age_ms_p95']} ms": found["age_ms_p95"] < GOAL_AGE_MS,
        f"heap {first:.1f} to {last:.1f} MB": last < first * (1.0 + GOAL_GROWTH),
    }
    return [words for words, reached in goals.items() if not reached]


def main() -> None:
    """Measure, print, and fail where a goal is missed."""
    parser = argparse.ArgumentParser(description="The page under load.")
    parser.add_argument("--tracks", type=int, default=2_000)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--party", default="KOR", choices=PARTIES)
    parser.add_argument("--shot", type=Path, help="a picture of the page at the end")
    said = parser.parse_args()
    here, there = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serving, args=(said.tracks, said.party, there), daemon=True
    )
    server.start()
    try:
        if not here.poll(60.0):
            raise SystemExit("page: the observer did not begin to serve within a minute")
        address = here.recv()
        load = os.getloadavg()[0]
        with sync_playwright() as playwright:
            executable = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(
                executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
            page.add_init_script(WATCH)
            page.goto(f"{address}/enter?code={CODE}")
            page.goto(f"{address}/?room=picture&party={said.party}")
            devtools = page.context.new_cdp_session(page)
            # Processor time of the main thread: on a shared machine the clock on the wall also counts others.
            devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
            found = measured(page, devtools, said.minutes)
            found |= {"tracks": said.tracks, "load": [round(load, 1), round(os.getloadavg()[0], 1)]}
            if said.shot:
                page.screenshot(path=said.shot)
            browser.close()
    finally:
        here.send("over")
        server.join(10.0)
    sys.stdout.write(json.dumps(found) + "\n")
    lines = missed(found)
    if lines:
        raise SystemExit("page: missed: " + "; ".join(lines))


if __name__ == "__main__":
    main()
