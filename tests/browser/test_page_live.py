"""The page of a live demo, looked at in a browser: what moves, what is withheld and why, and what is refused."""

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.live_demo import LiveDemo
from tests.browser.watched_page import LANGUAGES, PHONE, WatchedPage

PARTIES: Final = ("JPN", "KOR", "USA")
APART: Final = "separate-2009"
TOGETHER: Final = "multilateral"


@pytest.fixture
def phone(browser: Browser, demo: LiveDemo):
    page = WatchedPage(browser, demo, PHONE)
    yield page
    page.close()


def test_three_panes_move_and_the_clock_runs(view: WatchedPage) -> None:
    view.fly(APART)
    begun_ms = view.clock_ms()
    for party in PARTIES:
        expect(view.part(f"pane-{party}")).to_be_visible()
        expect(view.rows(party).first).to_be_visible()
        before = view.figures(party)

        def changed(party: str = party, before: dict[str, tuple[str, ...]] = before) -> bool:
            now = view.figures(party)
            return any(name in before and before[name] != now[name] for name in now)

        view.until(f"other figures of the same object in the pane of {party}", changed)
    assert view.clock_ms() > begun_ms
    assert set(view.state()["panes"]) == set(PARTIES)
    view.shoot("flight-en")
