"""The room Picture of a live demo: what is hidden, found, measured, told and sorted, by mouse and by keys."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from pyproj import Geod
from tests.browser.axe import faults_of_access
from tests.browser.live_demo import LiveDemo
from tests.browser.watched_page import LANGUAGES, PHONE, WatchedPage


@pytest.fixture
def kor(browser: Browser, standing: LiveDemo) -> Iterator[WatchedPage]:
    """The picture of Korea, which has something of everybody's."""
    page = WatchedPage(browser, standing, room="picture")
    yield at_korea(page)
    page.close()


@pytest.fixture
def phone(browser: Browser, standing: LiveDemo) -> Iterator[WatchedPage]:
    page = WatchedPage(browser, standing, PHONE, room="picture")
    yield at_korea(page)
    page.close()


def at_korea(view: WatchedPage) -> WatchedPage:
    view.act_as("KOR")
    # Warnings come a moment later, and move what lies beneath them.
    expect(view.part("alarm").first).to_be_visible()
    for code in ("JPN", "KOR", "USA"):
        expect(view.rows_by("KOR", code).first).to_be_visible()
    return view


def test_an_originator_is_hidden_and_shown_again_and_the_address_says_it(kor: WatchedPage) -> None:
    kor.part("by-USA").click()
    alone = kor.part("pane-KOR-rows").locator('tr[data-originator="USA"]')
    expect(alone).to_have_count(0)
    expect(kor.rows_by("KOR", "JPN").first).to_be_visible()
    expect(kor.part("filtered")).to_contain_text(re.compile(r"[1-9]\d* hidden"))
    assert "v.noby=USA" in kor.page.url
    kor.page.reload()
    expect(kor.part("by-USA")).to_have_attribute("aria-pressed", "false")
    expect(alone).to_have_count(0)
    kor.part("show-all").click()
    expect(alone.first).to_be_visible()
    assert "v.noby" not in kor.page.url


def test_what_came_under_an_agreement_is_hidden_with_it(kor: WatchedPage) -> None:
    chips = kor.page.locator('[data-testid^="under-"]:not([data-testid="under-own"])')
    expect(chips.first).to_be_visible()
    for chip in chips.all():
        chip.click()
    given = kor.part("pane-KOR-rows").locator('tr:not([data-kind="sight"]):not([data-originator="KOR"])')
    expect(given).to_have_count(0)
    expect(kor.rows_by("KOR", "KOR").first).to_be_visible()
    kor.part("show-all").click()
    expect(given.first).to_be_visible()


def test_layers_hide_rows_and_symbols_are_drawn_on_request(kor: WatchedPage) -> None:
    tracks = kor.part("pane-KOR-rows").locator('tr[data-kind="track"]')
    expect(tracks.first).to_be_visible()
    kor.part("layer-tracks").uncheck()
    expect(tracks).to_have_count(0)
    kor.part("layer-tracks").check()
    expect(tracks.first).to_be_visible()
    before = yellow_pixels(kor)
    kor.part("symbols").check()
    # The frame of an unknown object is yellow by the standard; nothing else on the map is.
    kor.until("yellow frames of unknown objects", lambda: yellow_pixels(kor) > before + 50)
    kor.shoot("picture-symbols")


def yellow_pixels(view: WatchedPage) -> int:
    found: int = view.page.evaluate(
        """() => {
            const canvas = document.querySelector('.globe .top');
            const copy = new OffscreenCanvas(canvas.width, canvas.height);
            const context = copy.getContext('2d', {willReadFrequently: true});
            context.drawImage(canvas, 0, 0);
            const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
            let count = 0;
            for (let at = 0; at < data.length; at += 4) {
                count += data[at] > 250 && data[at + 1] > 250 && Math.abs(data[at + 2] - 128) < 6;
            }
            return count;
        }"""
    )
    return found


def test_an_object_and_a_place_are_found_by_what_is_typed(kor: WatchedPage) -> None:
    kor.page.locator("body").press("/")
    expect(kor.part("search")).to_be_focused()
    kor.page.keyboard.type("nothing has this name")
    expect(kor.page.get_by_text("Nothing in this picture matches.")).to_be_visible()
    kor.part("search").fill("KOR")
    expect(kor.page.locator("#picture-found [role=option]").first).to_contain_text("KOR")
    kor.page.keyboard.press("Enter")
    expect(kor.part("details").locator("dl")).to_be_visible()
    expect(kor.page.locator("tr.chosen")).to_have_count(1)

    kor.page.locator("body").press("/")
    kor.page.keyboard.type("38.5 128.25")
    kor.page.keyboard.press("Enter")
    # The place is in the middle of the map now, and the pointer says so.
    kor.part("unit-coordinates").select_option("decimal")
    box = kor.page.locator(".globe").bounding_box()
    assert box is not None
    kor.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    told = kor.part("pointer").locator(".number")
    lat, lon = map(float, told.inner_text().split())
    assert abs(lat - 38.5) < 0.05
    assert abs(lon - 128.25) < 0.05


def test_a_way_is_measured_on_the_ellipsoid_by_mouse_and_by_keys(kor: WatchedPage) -> None:
    kor.part("unit-coordinates").select_option("decimal")
    kor.part("measure").click()
    box = kor.page.locator(".globe").bounding_box()
    assert box is not None
    ends = []
    for across, down in ((0.3, 0.6), (0.6, 0.7)):
        at = (box["x"] + across * box["width"], box["y"] + down * box["height"])
        kor.page.mouse.move(*at)
        ends.append([float(part) for part in kor.part("pointer").locator(".number").inner_text().split()])
        kor.page.mouse.click(*at)
    (lat1, lon1), (lat2, lon2) = ends
    bearing_deg, _, distance_m = Geod(ellps="WGS84").inv(lon1, lat1, lon2, lat2)
    told = kor.part("measured").inner_text()
    found = re.match(r"(\d+) km, bearing (\d{3})° true", told)
    assert found is not None, told
    assert abs(int(found[1]) - distance_m / 1000) <= 1
    assert abs(int(found[2]) - bearing_deg % 360) <= 1
    kor.shoot("picture-measure")

    # By keys: the cross in the middle, twice, with the map moved between.
    kor.page.keyboard.press("Escape")
    expect(kor.part("measured")).to_have_count(0)
    kor.page.keyboard.press("m")
    kor.page.locator(".globe").focus()
    kor.page.keyboard.press("Enter")
    for _ in range(3):
        kor.page.keyboard.press("ArrowUp")
    kor.page.keyboard.press("Enter")
    expect(kor.part("measured")).to_contain_text("bearing 000°")


def test_objects_are_gone_through_by_key_and_told_in_full(kor: WatchedPage) -> None:
    kor.page.locator("body").press("n")
    chosen = kor.page.locator("tr.chosen")
    expect(chosen).to_have_count(1)
    first = chosen.get_attribute("data-id")
    kor.page.keyboard.press("n")
    expect(chosen).not_to_have_attribute("data-id", first or "")
    kor.page.keyboard.press("Shift+N")
    expect(chosen).to_have_attribute("data-id", first or "")
    track = kor.part("pane-KOR-rows").locator('tr[data-kind="track"][data-originator="JPN"] button').first
    track.click()
    details = kor.part("details")
    for words in ("Height", "Speed", "3σ along, across, up", "Received under", "Marking", "Identifier"):
        expect(details.locator("dt", has_text=words).first).to_be_visible()
    expect(kor.part("profile")).to_be_visible()
    kor.shoot("picture-details")
    kor.page.keyboard.press("Escape")
    expect(chosen).to_have_count(0)


def test_a_fused_object_says_from_which_items_and_each_leads_to_its_own_why(kor: WatchedPage) -> None:
    row = kor.part("pane-KOR-rows").locator('tr[data-kind="sight"][data-originator*="JPN"]').first
    sources = str(row.get_attribute("data-originator")).split("+")
    row.locator("button").first.click()
    told = kor.part("why-source")
    expect(told).to_have_count(len(sources))
    assert [one.get_attribute("data-originator") for one in told.all()] == sorted(sources)
    theirs = kor.page.locator('[data-testid="why-source"][data-originator="JPN"]')
    expect(theirs).to_contain_text("who gave it to us at")
    expect(theirs).to_contain_text("decided at")
    expect(theirs.get_by_test_id("why-clause").first).to_be_visible()
    for language in LANGUAGES:
        kor.choose_language(language)
        expect(theirs).to_be_visible()
        assert faults_of_access(kor) == []
        kor.shoot(f"picture-why-sight-{language}")
    kor.choose_language("en")
    item = str(theirs.get_by_test_id("why-item").locator("code").inner_text())
    theirs.get_by_test_id("why-item").click()
    expect(kor.part("why").locator("header code")).to_have_text(item)
    expect(kor.page.locator("tr.chosen")).to_have_attribute("data-id", item)
    expect(kor.part("why-loss")).to_be_visible()


def test_coordinates_are_copied_in_the_grid_that_was_chosen(kor: WatchedPage) -> None:
    kor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    kor.part("unit-coordinates").select_option("mgrs")
    kor.part("pane-KOR-rows").locator('tr[data-kind="event"] button').first.click()
    at = kor.part("details").get_by_test_id("place-text")
    expect(at).to_contain_text(re.compile(r"\d{1,2}[C-X] [A-Z]{2} \d{4} \d{4}"))
    at.click()
    copied = kor.page.evaluate("navigator.clipboard.readText()")
    assert copied == at.locator(".number").inner_text()


def test_rows_are_sorted_by_a_column(kor: WatchedPage) -> None:
    kor.part("sort-by").click()
    expect(kor.page.locator('th[aria-sort="ascending"]')).to_have_count(1)
    codes = [row.get_attribute("data-originator") for row in kor.rows("KOR").all()]
    assert codes == sorted(codes, key=str)
    kor.part("sort-by").click()
    expect(kor.page.locator('th[aria-sort="descending"]')).to_have_count(1)


def test_coverage_is_that_of_own_sensors_and_no_other_s_reaches_the_page(kor: WatchedPage) -> None:
    answer = kor.context.request.get("/api/staff/KOR/map")
    assert answer.ok
    sensors = answer.json()["sensors"]
    assert sensors
    state = kor.context.request.get("/api/state").text()
    for sensor in sensors:
        assert f'"{sensor["name"]}"' not in state
        assert [ring["height_m"] for ring in sensor["coverage"]] == [10_000.0, 100_000.0, 300_000.0]
    others = {row["name"] for row in kor.context.request.get("/api/staff/JPN/map").json()["sensors"]}
    assert others.isdisjoint(sensor["name"] for sensor in sensors)
    assert answer.json()["places"] == []


def test_nothing_that_axe_knows_is_wrong_in_any_language(kor: WatchedPage) -> None:
    kor.page.locator("body").press("n")
    kor.part("measure").click()
    for language in LANGUAGES:
        kor.choose_language(language)
        assert faults_of_access(kor) == []
        kor.shoot(f"picture-{language}")


def test_a_phone_shows_the_map_the_table_and_what_is_selected(phone: WatchedPage) -> None:
    phone.part("pane-KOR-rows").locator('tr[data-kind="track"] button').first.click()
    expect(phone.part("details").locator("dl")).to_be_visible()
    wide = phone.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE[0]
    assert faults_of_access(phone) == []
    phone.shoot("picture-phone")
