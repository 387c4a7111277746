"""What holds in every room of the page. The rooms are those of the rail: a new one is asked as well."""

import re
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.axe import faults_of_access
from tests.browser.layout import cut_off, faults_of_keys
from tests.browser.live_demo import LiveDemo
from tests.browser.watched_page import LANGUAGES, PHONE, THEMES, ZOOMED, Watched, WatchedPage

SMALL: Final = (1280, 800)
OPENED_WITHIN_MS: Final = 1_000
OPENINGS_MAX: Final = 12
NOTE_USABLE: Final = """
new MutationObserver((_, watching) => {
    const row = document.querySelector('tr[data-id]');
    const map = document.querySelector('.globe canvas');
    if (row && map && map.width > 0) {
        requestAnimationFrame(() => { window.usable_ms = performance.now(); });
        watching.disconnect();
    }
}).observe(document, {childList: true, subtree: true});
"""


@pytest.fixture
def kor(browser: Browser, standing: LiveDemo) -> Iterator[WatchedPage]:
    """A window as small as it may be on a desk, at Korea."""
    page = WatchedPage(browser, standing, SMALL, room="picture")
    page.act_as("KOR")
    # Warnings come a moment later, and move what lies beneath them.
    expect(page.part("alarm").first).to_be_visible()
    yield page
    page.close()


def settled(view: WatchedPage, room: str) -> None:
    """Go into a room, and let it have what it asks for."""
    view.enter(room)
    view.at_rest(f"the room {room}", lambda: view.page.locator("main").inner_text(), rest_s=0.4)


@pytest.mark.parametrize("turn", range(len(THEMES)), ids=THEMES)
def test_axe_finds_nothing_in_any_room_and_theme(kor: WatchedPage, turn: int) -> None:
    # Every room is looked at in each theme, and over the three themes in each language.
    kor.wear(THEMES[turn])
    for place, room in enumerate(kor.rooms()):
        language = LANGUAGES[(place + turn) % len(LANGUAGES)]
        kor.choose_language(language)
        settled(kor, room)
        assert faults_of_access(kor) == [], (room, language)
        kor.shoot(f"room-{room}-{THEMES[turn]}-{language}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_cut_off_in_any_room(kor: WatchedPage, language: str) -> None:
    kor.choose_language(language)
    found = {}
    for room in kor.rooms():
        settled(kor, room)
        found[room] = cut_off(kor)
        assert not kor.is_too_wide(), room
    assert not any(found.values()), found


def test_every_control_of_every_room_is_reached_by_key_and_seen_to_be(kor: WatchedPage) -> None:
    for place, room in enumerate(kor.rooms(), start=1):
        kor.page.locator("main").focus()
        kor.page.keyboard.press(str(place))
        expect(kor.part(f"room-{room}")).to_have_attribute("aria-current", "page")
        settled(kor, room)
        assert faults_of_keys(kor) == [], room


def test_at_twice_the_size_nothing_is_lost_beside_the_window(browser: Browser, standing: LiveDemo) -> None:
    zoomed = WatchedPage(browser, standing, ZOOMED, room="picture")
    zoomed.act_as("KOR")
    for room in zoomed.rooms():
        settled(zoomed, room)
        assert not zoomed.is_too_wide(), room
        zoomed.shoot(f"zoomed-{room}")
    zoomed.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_a_phone_every_room_fits_and_is_seen_below_a_short_head(
    browser: Browser, standing: LiveDemo, language: str
) -> None:
    phone = WatchedPage(browser, standing, PHONE, room="picture")
    phone.choose_language(language)
    for room in phone.rooms():
        settled(phone, room)
        assert not phone.is_too_wide(), room
        assert faults_of_access(phone) == [], room
        phone.page.evaluate("scrollTo(0, 0)")
        phone.shoot(f"phone-{room}-{language}")
    head = phone.page.locator("header").first.bounding_box()
    assert head is not None
    assert head["height"] < PHONE[1] / 4
    phone.close()


def test_an_object_is_chosen_by_a_click_on_the_map(kor: WatchedPage) -> None:
    kor.page.locator("body").press("n")
    first = kor.page.locator("tr.chosen").get_attribute("data-id")
    kor.part("details").locator("h2 + button").click()
    kor.part("deselect").click()
    expect(kor.page.locator("tr.chosen")).to_have_count(0)
    box = kor.page.locator(".globe").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def chosen() -> str | None:
        kor.page.mouse.click(*middle)
        rows = kor.page.locator("tr.chosen")
        return rows.first.get_attribute("data-id") if rows.count() else None

    # Several may stand at one place; the nearest of them is chosen.
    assert first
    kor.until("something chosen", chosen)
    expect(kor.part("details").locator("dl")).to_be_visible()


def test_universal_time_stands_first_and_nothing_blinks_for_whoever_asks_for_rest(kor: WatchedPage) -> None:
    assert kor.page.locator("header dl dt").first.inner_text() == "UTC"
    expect(kor.part("clock-zone")).to_contain_text("Tokyo")
    count = """() => [...document.querySelectorAll('*')]
        .filter((part) => getComputedStyle(part).animationName !== 'none').length"""
    expect(kor.part("alarm").first).to_be_visible()
    assert kor.page.evaluate(count) > 0
    kor.page.emulate_media(reduced_motion="reduce")
    assert kor.page.evaluate(count) == 0


def test_the_address_alone_leads_somebody_else_to_the_same_place(
    kor: WatchedPage, browser: Browser, standing: LiveDemo
) -> None:
    kor.part("by-USA").click()
    kor.page.locator("body").press("n")
    chosen = kor.page.locator("tr.chosen").get_attribute("data-id")
    kor.until("the selection in the address", lambda: "sel=" in kor.page.url)
    assert not re.search(r"code|word|token", kor.page.url)
    other = WatchedPage(browser, standing, SMALL)
    other.page.goto(kor.page.url)
    expect(other.page.locator("tr.chosen")).to_have_attribute("data-id", chosen or "")
    expect(other.part("by-USA")).to_have_attribute("aria-pressed", "false")
    other.close()


def opening_ms(browser: Browser, standing: LiveDemo) -> float:
    """How long a browser that was never there before needs, from going there to a row and a map."""
    fresh = Watched(browser, standing.origin, SMALL)
    fresh.context.add_init_script(NOTE_USABLE)
    fresh.page.goto(standing.entrance)
    took_ms = float(fresh.until("a row and a map", lambda: fresh.page.evaluate("window.usable_ms")))
    fresh.close()
    return took_ms


def test_it_is_usable_within_a_second_of_opening(browser: Browser, standing: LiveDemo) -> None:
    # A machine that does other things as well needs longer; what the page itself needs is its best.
    took_ms: list[float] = []
    while not took_ms or (min(took_ms) > OPENED_WITHIN_MS and len(took_ms) < OPENINGS_MAX):
        took_ms.append(opening_ms(browser, standing))
    assert min(took_ms) < OPENED_WITHIN_MS, took_ms
