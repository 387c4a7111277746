"""The picture on paper: each sheet of the PDF is read, as whoever gets it in hand would read it."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.node_page import NodePage
from tests.browser.post import Post
from tests.browser.printed import Sheet, sheets_of
from tests.browser.test_node_watch import AT_NS, stream

A4_PT: Final = (595, 842)
SHIPS: Final = 120
CONTROLS: Final = re.compile(
    r"Acknowledge|Measure|Find|Display|Print|LIVE|10 s|Sign out|Copy as text|Show on"
)
"""Words of what can only be pressed."""


@pytest.fixture
def desk(browser: Browser, post: Post) -> Iterator[NodePage]:
    """The sign-in screen of a node that plays an exercise."""
    page = NodePage(browser, post)
    yield page
    page.close()


def printed(page: NodePage) -> list[Sheet]:
    """The sheets, in light colours as the page's own button prints them."""
    page.wear("light")
    page.page.emulate_media(media="print")
    return sheets_of(page.page.pdf(prefer_css_page_size=True))


def ship(number: int) -> dict[str, Any]:
    return {
        "id": f"KOR-v{number}",
        "version": 1,
        "kind": "vessel",
        "subject": f"KOR-v{number}",
        "domain": "maritime",
        "originator": "KOR",
        "originators": ["KOR"],
        "sender": None,
        "form": None,
        "status": "exercise",
        "valid_ns": AT_NS,
        "marking": "",
        "lat": 35.0 + number / 100,
        "lon": 130.0,
        "name": f"한국 号 {number:03}",
        "mmsi": f"{440_000_000 + number}",
    }


def test_each_sheet_is_marked_and_the_list_goes_on_to_its_last_object(desk: NodePage) -> None:
    ships = [ship(number) for number in range(SHIPS)]
    desk.page.route("**/stream?clock=1", lambda route: stream(route, "exercise", ships))
    desk.come_in("watcher")
    expect(desk.rows("KOR").first).to_be_visible()
    sheets = printed(desk)
    read = "(part) => [getComputedStyle(part).color, getComputedStyle(part).backgroundColor]"
    assert desk.part("marking").evaluate(read) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert len(sheets) > 1, "the premise: more than one sheet holds"
    for sheet in sheets:
        assert (round(sheet.width_pt), round(sheet.height_pt)) == A4_PT
        # Above and below, with the party for whose staff it is.
        assert len(re.findall(r"EXERCISE\b.*?KOR", sheet.text)) >= 2, sheet.text
        assert not sheet.has_links
        assert not CONTROLS.search(sheet.text), sheet.text
    assert "Republic of Korea" in sheets[0].text
    assert re.search(r"UTC \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", sheets[0].text), sheets[0].text
    names = re.findall(r"한국 号 \d{3}", " ".join(sheet.text for sheet in sheets))
    assert sorted(set(names)) == [one["name"] for one in ships]


def test_of_a_brief_the_sheet_has_the_map_as_an_image_and_what_the_node_answers_as_data(
    desk: NodePage,
) -> None:
    """R19, as far as there is one: the picture is what is printed."""
    desk.come_in("watcher")
    for code in ("KOR", "USA"):
        expect(desk.rows_by("KOR", code).first).to_be_visible()
    desk.wear("light")
    desk.page.emulate_media(media="print")
    for control in desk.page.locator("button, select, input, textarea").all():
        shown = control.evaluate("(one) => one.matches('table button, .told') || !one.checkVisibility()")
        assert shown, control.evaluate("(one) => one.outerHTML")
    text = desk.post.kor.ask("staff", "GET", "/picture").json()
    sheets = sheets_of(desk.page.pdf(prefer_css_page_size=True))
    assert max(width * height for sheet in sheets for width, height in sheet.images) > 300 * 200
    words = " ".join(sheet.text for sheet in sheets)
    subjects = {item["subject"] for item in text["items"] if item["kind"] in {"track", "event", "area"}}
    assert subjects
    assert {subject for subject in subjects if subject not in words} == set()
    for sender in {item["sender"] for item in text["items"]} - {None}:
        assert sender in words
