"""A watch at a party's own node: its past, warnings under one's own name, what is played, what is meant."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Route, expect
from tests.browser.node_page import NodePage
from tests.browser.post import Post
from tests.browser.watched_page import PHONE

AT_NS: Final = 1_238_898_700_000_000_000
FOREIGN: Final = re.compile(r"JPN|us-japan")
"""What a node of KOR, which has a link to USA alone, has never heard of."""


@pytest.fixture
def watch(browser: Browser, post: Post) -> Iterator[NodePage]:
    """The watch officer, before the picture."""
    page = NodePage(browser, post)
    page.come_in("watcher")
    expect(page.rows("KOR").first).to_be_visible()
    yield page
    page.close()


def warn(post: Post, key: str) -> str:
    """Give out a warning by hand, on what KOR holds; returns its text."""
    post_items = post.kor.ask("staff", "GET", "/picture").json()["items"]
    basis = next(item for item in post_items if item["kind"] == "event" and item["originator"] == "KOR")
    text = f"seen from the coast, {key}"
    said = {
        "key": key,
        "kind": "launch",
        "domain": "missile",
        "basis": [{"item_id": basis["id"], "version": basis["version"]}],
        "confirmed_by": [],
        "text": text,
    }
    answer = post.kor.ask("staff", "POST", "/warnings", json=said)
    assert answer.is_success, answer.text
    return text


def test_a_warning_is_acknowledged_under_the_name_of_who_did_and_taken_back_as_loudly(
    watch: NodePage, browser: Browser, post: Post
) -> None:
    text = warn(post, "by-hand-1")
    alarm = watch.part("alarm").filter(has_text=text)
    expect(alarm).to_have_attribute("data-status", "exercise")
    expect(alarm).to_contain_text("EXERCISE EXERCISE · warning")
    raised = alarm.bounding_box()
    alarm.get_by_test_id("acknowledge").click()
    expect(alarm).to_have_count(0)
    watch.part("alarms-seen").locator("summary").click()
    seen = watch.part("alarms-seen").locator("li", has_text="acknowledged by watcher").first
    expect(seen).to_be_visible()
    # Whoever else looks sees that somebody did, and who.
    other = NodePage(browser, post)
    other.come_in("kim")
    expect(other.part("alarms-seen")).to_contain_text("acknowledged by watcher")
    other.close()

    said = {"key": "by-hand-1", "text": "it was none"}
    taken = post.kor.ask("staff", "POST", "/warnings/retract", json=said)
    assert taken.is_success, taken.text
    withdrawn = watch.page.locator('[data-testid="alarm"][data-withdrawn="true"]')
    back = withdrawn.filter(has_text="it was none")
    expect(back).to_contain_text("EXERCISE EXERCISE · warning withdrawn")
    expect(watch.page).to_have_title(re.compile(r"^[▲✕]\d+ "))
    again = back.bounding_box()
    assert raised is not None
    assert again is not None
    assert again["width"] == raised["width"]
    assert again["height"] > raised["height"] * 0.6
    watch.shoot("node-withdrawn")
    back.get_by_test_id("acknowledge").click()
    expect(back).to_have_count(0)


def test_a_node_shows_its_own_past_from_its_own_ledger_and_no_other_party_s(watch: NodePage) -> None:
    then_ms = watch.clock_ms()
    watch.until("twenty seconds later", lambda: watch.clock_ms() > then_ms + 20_000)

    def is_past() -> bool:
        # A warning that comes just then breaks into it: then once more.
        if watch.part("time-state").get_attribute("data-state") != "past":
            watch.part("time-paste").fill(str(then_ms))
            watch.part("time-go").click()
            watch.page.wait_for_timeout(1_000)
        return watch.part("time-state").get_attribute("data-state") == "past"

    watch.until("the past", is_past)
    expect(watch.part("past-strip")).to_contain_text("what Republic of Korea knew at")
    expect(watch.part("past-loading")).to_have_count(0)
    assert watch.clock_ms() == then_ms
    expect(watch.rows("KOR").first).to_be_visible()
    watch.shoot("node-past")
    watch.page.keyboard.press("l")
    expect(watch.part("time-state")).to_have_attribute("data-state", "live")
    asked = [answer.url for answer in watch.received if "/picture/at" in answer.url]
    assert asked
    assert not FOREIGN.search(watch.told())


def test_what_is_meant_and_what_is_played_cannot_be_taken_for_each_other(
    browser: Browser, post: Post
) -> None:
    looks = {}
    for status in ("real", "exercise", "simulated"):
        page = NodePage(browser, post)
        page.page.route("**/stream?clock=1", told(stream, status))
        page.page.route("**/warnings", told(warnings, status))
        page.come_in("watcher")
        alarm = page.part("alarm").first
        expect(alarm).to_have_attribute("data-status", status)
        expect(page.part("marking")).to_have_attribute("data-status", status)
        read = """(part) => {
            const style = getComputedStyle(part);
            return [style.backgroundColor, style.backgroundImage, style.borderTopStyle];
        }"""
        looks[status] = (
            page.part("marking").locator("b").inner_text(),
            alarm.locator(".word").inner_text(),
            page.part("marking").evaluate("(part) => getComputedStyle(part).backgroundColor"),
            tuple(alarm.evaluate(read)),
        )
        page.shoot(f"status-{status}")
        page.close()
    real, exercise, simulated = looks["real"], looks["exercise"], looks["simulated"]
    assert real[1] == "WARNING"
    for played in (exercise, simulated):
        assert all(one != other for one, other in zip(real, played, strict=True)), looks
        assert played[3][2] == "dashed"
    assert exercise[:3] != simulated[:3]


def told(answer: Callable[[Route, str], None], status: str) -> Callable[[Route], None]:
    """What answers a request as a node of that status would; the browser counts what a handler takes."""

    def handle(route: Route) -> None:
        answer(route, status)

    return handle


def stream(route: Route, status: str, changed: Sequence[dict[str, Any]] = ()) -> None:
    """A node's stream of that status, with these items in it."""
    opened = {"party": "KOR", "reader": "KOR/staff", "purpose": "x", "status": status, "at_ns": AT_NS}
    picture: dict[str, Any] = {
        "at_ns": AT_NS,
        "changed": changed,
        "gone": [],
        "sights": [],
        "sights_gone": [],
    }
    body = "".join(
        f"event: {name}\ndata: {json.dumps(data)}\n\n"
        for name, data in (("opened", opened), ("picture", {**picture, "entry": 2}))
    )
    route.fulfill(status=200, headers={"content-type": "text/event-stream"}, body=body)


def warnings(route: Route, status: str) -> None:
    """One warning of that status, which nobody has taken note of."""
    route.fulfill(json={"at_ns": AT_NS, "warnings": [noted(warning("x", status))]})


def warning(name: str, status: str, state: str = "raised") -> dict[str, Any]:
    return {
        "id": f"KOR-warn-KOR-{name}",
        "version": 1,
        "kind": "warning",
        "warning": "launch",
        "state": state,
        "subject": name,
        "domain": "missile",
        "originator": "KOR",
        "originators": ["KOR"],
        "sources": ["KOR"],
        "sender": None,
        "form": None,
        "status": status,
        "valid_ns": AT_NS,
        "marking": "",
        "text": "",
    }


def noted(item: dict[str, Any], *by: str) -> dict[str, Any]:
    """A warning as a node tells it, with who took note of it."""
    return {
        "id": item["id"],
        "version": 1,
        "since_version": 1,
        "withdrawn": item["state"] == "retracted",
        "status": item["status"],
        "first": None,
        "basis": [],
        "acknowledged": [{"by": name, "at_ns": AT_NS} for name in by],
        "item": item,
    }


def test_many_warnings_leave_a_phone_its_map_and_none_is_told_twice(browser: Browser, post: Post) -> None:
    waiting = [warning(f"w{place}", "exercise") for place in range(8)]
    waiting.append(warning("withdrawn", "exercise", "retracted"))
    seen = warning("seen", "exercise")
    told_of = [*map(noted, waiting), noted(seen, "kim")]
    phone = NodePage(browser, post, PHONE)
    phone.page.route("**/stream?clock=1", lambda route: stream(route, "exercise", [*waiting, seen]))
    phone.page.route("**/warnings", lambda route: route.fulfill(json={"at_ns": AT_NS, "warnings": told_of}))
    phone.come_in("watcher")
    expect(phone.part("alarm")).to_have_count(len(waiting))
    strip = phone.part("alarms")
    box = strip.bounding_box()
    assert box is not None
    assert box["height"] <= 0.4 * PHONE[1] + 1
    # The first in full, and what is withdrawn; all others in a line.
    in_line = phone.part("alarm").evaluate_all("(all) => all.map((one) => one.classList.contains('brief'))")
    assert (in_line[0], in_line.count(False)) == (False, 2)
    assert not phone.page.locator('[data-testid="alarm"][data-withdrawn="true"].brief').count()
    # By keys one comes to what is further down.
    strip.focus()
    phone.page.keyboard.press("End")
    phone.until("the strip scrolls", lambda: strip.evaluate("(part) => part.scrollTop > 50"))
    # What the banner says stands nowhere else; what somebody took note of stands over the map.
    expect(phone.part("pane-KOR-warnings").locator("li")).to_have_count(1)
    expect(phone.part("pane-KOR-warnings").locator("li")).to_have_attribute("data-id", seen["id"])
    assert not phone.is_too_wide()
    phone.page.evaluate("scrollTo(0, 0)")
    phone.shoot("phone-many-warnings")
    phone.close()


def test_the_room_is_printed_on_light_ground_with_its_map_and_table_and_worn_again_as_before(
    watch: NodePage,
) -> None:
    watch.page.evaluate(
        """() => { window.print = () => {
            const map = document.querySelector('.globe canvas');
            const {data} = map.getContext('2d').getImageData(0, 0, map.width, map.height);
            window.printed = {
                theme: document.documentElement.dataset.theme,
                drawn: data.some((value, place) => place % 4 < 3 && value !== data[place % 4]),
                rows: document.querySelectorAll('tr[data-id]').length,
            };
        }; }"""
    )
    watch.part("print").click()
    printed = watch.until("the print", lambda: watch.page.evaluate("window.printed"))
    assert printed["theme"] == "light"
    assert printed["drawn"]
    assert printed["rows"] > 0
    expect(watch.page.locator("html")).to_have_attribute("data-theme", "dark")
