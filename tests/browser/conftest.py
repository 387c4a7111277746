"""The system's Chromium, a live demo and a pair of real nodes, one for a module; a page for each test.

Where there is no browser or no page, tests fail and say what to install: a page that nobody looked at is not
a page that works. Who cannot install it sets TRILAT_NO_BROWSER=1, and tests are skipped with that reason.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from tests.browser.live_demo import WAIT_S, LiveDemo, live_demo
from tests.browser.post import Post, running_post
from tests.browser.watched_page import WatchedPage

import trilat.web

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _missing() -> str | None:
    """What there is to install before the page can be looked at."""
    if not any(map(shutil.which, NAMES)):
        return (
            "no browser: run tools/browser.sh as root, or install Chromium; TRILAT_NO_BROWSER=1 does without"
        )
    if not (Path(trilat.web.__file__).parent / "page" / "index.html").is_file():
        return (
            "no page: install Node.js 20.19 or newer with npm, then `make clean setup`; "
            "TRILAT_NO_BROWSER=1 does without"
        )
    return None


def executable() -> str:
    """Where the system's Chromium is."""
    return next(filter(None, map(shutil.which, NAMES)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    if os.environ.get("TRILAT_NO_BROWSER") == "1":
        pytest.skip("TRILAT_NO_BROWSER=1: the page is not looked at")
    missing = _missing()
    if missing is not None:
        pytest.fail(missing, pytrace=False)
    expect.set_options(timeout=WAIT_S * 1_000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveDemo]:  # noqa: ARG001 - without a browser no demo
    """The flight of 2009, live; it begins under the agreements of then."""
    with live_demo(tmp_path_factory.mktemp("demo"), "--speed", "20") as running:
        yield running


@pytest.fixture(scope="module")
def standing(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveDemo]:
    """A demo in which all share all, minutes into the flight, where time stands: as rich as it gets."""
    # Not too fast: on a busy machine the flight would be over before it is looked at.
    options = ("--speed", "5", "--regime", "multilateral")
    with live_demo(tmp_path_factory.mktemp("standing"), *options) as running:
        # It is looked for on the page: to ask for the whole state again and again would hold the nodes up.
        page = WatchedPage(browser, running, room="picture")
        page.act_as("KOR")
        rows = page.part("pane-KOR-rows")
        for code in ("JPN", "KOR", "USA"):
            expect(rows.locator(f'tr[data-kind="track"][data-originator="{code}"]').first).to_be_attached()
        expect(rows.locator('tr[data-kind="event"]').first).to_be_attached()
        page.press("pause")
        page.close()
        yield running


@pytest.fixture(scope="module")
def post(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:  # noqa: ARG001 - without a browser no nodes
    """KOR and USA as real nodes, with accounts of each role at KOR."""
    with running_post(tmp_path_factory.mktemp("post")) as running:
        yield running


@pytest.fixture
def view(browser: Browser, demo: LiveDemo) -> Iterator[WatchedPage]:
    """A page of the demo, in a browser that was never there before."""
    page = WatchedPage(browser, demo)
    yield page
    page.close()
