"""`Watched`: the page in a browser, what it must never do noted down; `WatchedPage`: that of a live demo.

It reads what a person would see, by the names that the page gives its parts. Nothing here sleeps for a fixed
time: `until` waits for what must come, and `at_rest` looks as long as is needed to say that nothing comes.
"""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Request, expect
from tests.browser.live_demo import WAIT_S, LiveDemo

WIDE: Final = (1440, 900)
PHONE: Final = (390, 844)
ZOOMED: Final = (640, 400)
"""A window of 1280 x 800 at 200 %: half as many pixels of the layout, two dots for each."""

LANGUAGES: Final = ("en", "ja", "ko")
THEMES: Final = ("dark", "light", "night")

_WAIT_MS: Final = WAIT_S * 1_000
_POLL_MS: Final = 200
_REST_S: Final = 1.5
_FRESH_S: Final = 300.0
"""A flight that has come so far is begun again, so that there is enough of it left."""

_NOTE_VIOLATIONS: Final = """
document.addEventListener('securitypolicyviolation', (event) =>
  console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`));
const drawing = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  if (kind !== '2d') {
    console.error(`a canvas asked for ${kind}`);
  }
  return drawing.call(this, kind, ...more);
};
"""

T = TypeVar("T")


class Watched:
    """One page of some origin."""

    def __init__(self, browser: Browser, origin: str, size: tuple[int, int] = WIDE) -> None:
        """A browser that was never there before, with an empty page."""
        self.faults: list[str] = []
        self.expected_origins = {origin.rstrip("/")}
        self.context = browser.new_context(
            base_url=origin,
            viewport={"width": size[0], "height": size[1]},
            device_scale_factor=2 if size in {PHONE, ZOOMED} else 1,
            is_mobile=size == PHONE,
            has_touch=size == PHONE,
            locale="en-GB",
        )
        self.context.set_default_timeout(_WAIT_MS)
        self.context.add_init_script(_NOTE_VIOLATIONS)
        self.context.on("request", self._request)
        self.page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))

    def _request(self, request: Request) -> None:
        scheme, host, *_ = urlsplit(request.url)
        if f"{scheme}://{host}" not in self.expected_origins and scheme != "data":
            self.faults.append(f"asked elsewhere: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        # While an exercise begins anew there is for a moment nobody to ask; the page asks again.
        if "/api/staff/" in message.location["url"] and re.search(r"status of (409|503)", message.text):
            return
        if message.type in {"error", "warning", "assert"}:
            self.faults.append(f"console: {message.text}")

    def close(self) -> None:
        """Leave; what it did that it must never do fails the test."""
        self.context.close()
        assert self.faults == [], self.faults

    # --- waiting ---

    def until(self, what: str, holds: Callable[[], T | None], within_s: float = WAIT_S) -> T:
        """What `holds` gave as soon as it was true."""
        ends_s = time.monotonic() + within_s
        while True:
            found = holds()
            if found:
                return found
            assert time.monotonic() < ends_s, f"{what} did not happen within {within_s:.0f} s"
            self.page.wait_for_timeout(_POLL_MS)

    def at_rest(self, what: str, read: Callable[[], T], rest_s: float = _REST_S) -> T:
        """What `read` gives, as soon as it has given the same for a while."""
        since_s, last = time.monotonic(), read()

        def rests() -> bool:
            nonlocal since_s, last
            now = read()
            if now != last:
                since_s, last = time.monotonic(), now
            return time.monotonic() - since_s >= rest_s

        self.until(f"rest of {what}", rests)
        return last

    # --- what is seen ---

    def part(self, name: str) -> Locator:
        """A part of the page by its name."""
        return self.page.get_by_test_id(name)

    def rows(self, party: str) -> Locator:
        """The lines of a pane's table."""
        return self.part(f"pane-{party}-rows").locator("tr[data-id]")

    def rows_by(self, party: str, originator: str) -> Locator:
        """The lines of a pane's table that are made by somebody, alone or with others."""
        return self.part(f"pane-{party}-rows").locator(f'tr[data-originator*="{originator}"]')

    def figures(self, party: str) -> dict[str, tuple[str, ...]]:
        """Height, speed and uncertainty as they stand in the lines of a pane's table, by object."""
        read = """rows => rows.map(row => [
            row.dataset.id, [...row.querySelectorAll('.value:not(.age)')].map(cell => cell.textContent)])"""
        return {name: tuple(cells) for name, cells in self.rows(party).evaluate_all(read)}

    def clock_ms(self) -> int:
        """The instant that the page's clock shows, UTC milliseconds."""
        return int(self.part("clock-utc").get_attribute("data-instant") or 0)

    def note_appearances(self, name: str) -> Callable[[], bool]:
        """Whether a part has appeared since, though it may be gone again by the time somebody asks."""
        self.page.evaluate(
            """(name) => {
                const there = () => document.querySelector(`[data-testid="${name}"]`) !== null;
                const seen = (window.appeared ??= {});
                seen[name] = there();
                new MutationObserver(() => { seen[name] ||= there(); })
                    .observe(document.body, {childList: true, subtree: true});
            }""",
            name,
        )
        return lambda: bool(self.page.evaluate("(name) => window.appeared[name]", name))

    # --- what is done ---

    def enter(self, room: str) -> None:
        """Go into a room by the rail."""
        self.part(f"room-{room}").click()
        expect(self.part(f"room-{room}")).to_have_attribute("aria-current", "page")

    def rooms(self) -> list[str]:
        """The rooms of the rail, in their order."""
        buttons = self.page.locator('nav button[data-testid^="room-"]')
        return [str(one.get_attribute("data-testid")).removeprefix("room-") for one in buttons.all()]

    def wear(self, theme: str) -> None:
        """Choose the colours of the page, by its menu."""
        self.part("choices").locator("summary").click()
        self.part("choose-theme").select_option(theme)
        self.page.keyboard.press("Escape")
        expect(self.page.locator("html")).to_have_attribute("data-theme", theme)

    def is_too_wide(self) -> bool:
        """Whether something lies beyond the right edge of the window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))

    def choose_language(self, language: str) -> None:
        """Read on in another language."""
        self.part("lang").select_option(language)
        expect(self.page.locator("html")).to_have_attribute("lang", language)

    def shoot(self, name: str) -> None:
        """Keep a picture of the page in the folder that the environment names, if it names one."""
        folder = os.environ.get("TRILAT_SHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"{name}.png")


class WatchedPage(Watched):
    """The page of a live demo, come in by the address that it printed, and gone into a room."""

    def __init__(
        self, browser: Browser, demo: LiveDemo, size: tuple[int, int] = WIDE, room: str = "sides"
    ) -> None:
        """It is in the room when this returns."""
        super().__init__(browser, demo.origin, size)
        self.demo = demo
        self.page.goto(demo.entrance)
        expect(self.part("clock-utc")).to_be_visible(timeout=_WAIT_MS)
        self.enter(room)

    def state(self) -> dict[str, Any]:
        """What the page's origin says of everything."""
        answer = self.context.request.get("/api/state")
        assert answer.ok
        found: dict[str, Any] = answer.json()
        return found

    def unfold(self) -> None:
        """Open what steers the exercise, where a narrow screen folds it away."""
        folded = self.page.locator('[data-testid="controls"]:not([open]) > summary')
        if folded.count():
            folded.click()

    def act_as(self, party: str) -> None:
        """Stand at a party."""
        self.unfold()
        self.part(f"act-{party}").click()
        expect(self.part(f"act-{party}")).to_have_attribute("aria-pressed", "true")

    def fold(self) -> None:
        """Fold what steers the exercise away again, where that can be."""
        unfolded = self.page.locator('[data-testid="controls"][open] > summary')
        if unfolded.count():
            unfolded.click()

    def choose_speed(self, speed: int) -> None:
        """Let the exercise run faster or slower."""
        self.unfold()
        with self.page.expect_response("**/api/control") as answered:
            self.part("speed").select_option(str(speed))
        assert answered.value.ok

    def press(self, name: str) -> None:
        """Press a button that asks something of the director, who must agree."""
        self.unfold()
        with self.page.expect_response("**/api/control") as answered:
            self.part(name).click()
        assert answered.value.ok, answered.value.text()

    def fly(self, regime: str, speed: int = 20) -> None:
        """Have a flight in the air under a regime: the one that is, or another from its beginning."""
        state = self.until("phase running or ended", self._state_at_peace)
        if state["regime"] != regime:
            self.press(f"regime-{regime}")
        elif state["phase"] == "ended" or state["now_ns"] - state["start_ns"] > _FRESH_S * 1e9:
            self.press("restart")
        state = self.until("phase running", self._state_running)
        if state["paused"]:
            self.press("pause")
        if state["speed"] != speed:
            self.choose_speed(speed)
        self.until("the page shows the new run", self._is_up_to_date)
        expect(self.part("phase")).to_have_attribute("data-phase", "running")

    def _state_at_peace(self) -> dict[str, Any] | None:
        state = self.state()
        assert state["phase"] != "failed", state["message"]
        return None if state["phase"] == "starting" else state

    def _state_running(self) -> dict[str, Any] | None:
        state = self._state_at_peace()
        return state if state and state["phase"] == "running" else None

    def _is_up_to_date(self) -> bool:
        """Whether the page's clock is that of the director, give or take the way between the two."""
        state = self.state()
        return bool(abs(self.clock_ms() - state["now_ns"] / 1e6) < 3_000 * state["speed"])
