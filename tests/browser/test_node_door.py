"""The page at a node's own door: who comes in, what each role gets, what a restart and a hostile name do."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Route, expect
from tests.browser.axe import faults_of_access
from tests.browser.node_page import NodePage
from tests.browser.post import PASSWORD, Post, typed
from tests.browser.watched_page import LANGUAGES, PHONE

THEMES: Final = ("dark", "light", "night")
SEEN: Final = re.compile(r"(KOR|USA)-(t|r|warn|plot)\w*-?|launch-area|us-korea-1987")
"""What names of the picture, and of the agreements behind it, look like."""

LONG: Final = "long name " * 1_000
REVERSED: Final = "\u202eNAME\u202c told backwards \u2066"
SCRIPT: Final = "<script>window.ran = true</script><img src=x onerror='window.ran = true'>"


@pytest.fixture
def door(browser: Browser, post: Post) -> Iterator[NodePage]:
    """The sign-in screen."""
    page = NodePage(browser, post)
    yield page
    page.close()


def test_before_somebody_signs_in_nothing_of_the_node_reaches_the_browser(door: NodePage) -> None:
    assert door.part("marking").get_attribute("data-status") == "exercise"
    for path in ("/picture", "/stream?clock=1", "/status", "/accounts", "/desk"):
        assert door.context.request.get(path).status == 401
    door.sign_in("watcher", "not the password")
    expect(door.part("signin-no")).not_to_be_empty()
    told = {}
    for language in LANGUAGES:
        door.choose_language(language)
        told[language] = door.part("signin-no").inner_text()
        assert faults_of_access(door) == []
        door.shoot(f"signin-{language}")
    assert told["en"] == "Name and password do not fit, or the account may not sign in."
    assert len(set(told.values())) == 3
    door.expect_refusal(401)
    paths = {answer.url.removeprefix(door.post.kor.origin).partition("?")[0] for answer in door.received}
    assert {path for path in paths if not path.startswith("/assets/")} == {"/", "/session", "/signin"}
    assert not SEEN.search(door.told())


@pytest.mark.parametrize(("name", "role"), [("watcher", "watch"), ("kim", "release")])
def test_who_may_see_the_picture_sees_it_as_it_changes(door: NodePage, name: str, role: str) -> None:
    door.come_in(name)
    assert door.part("role").get_attribute("data-role") == role
    expect(door.rows("KOR").first).to_be_visible()
    expect(door.rows_by("KOR", "USA").first).to_be_visible()
    first: dict[str, tuple[str, ...]] = {}

    def moved() -> bool:
        figures = door.figures("KOR")
        return any(first.setdefault(item, now) != now for item, now in figures.items())

    door.until("other figures of the same object", moved)
    expect(door.part("pane-KOR")).to_contain_text("as of")
    # Accounts are no concern of either, nor is what an auditor reads.
    for path in ("/accounts", "/audit"):
        assert door.context.request.get(path).status == 403
    assert '"eyes"' not in door.told()


@pytest.mark.parametrize("name", ["boss", "eyes"])
def test_who_may_not_see_the_picture_gets_nothing_of_it(door: NodePage, name: str) -> None:
    door.come_in(name)
    expect(door.part("role")).to_be_visible()
    for path in ("/picture", "/stream?clock=1", "/desk", "/referrals"):
        answer = door.context.request.get(path)
        assert answer.status == 403
        assert not SEEN.search(answer.text())
    assert not any("event-stream" in answer.headers.get("content-type", "") for answer in door.received)
    assert not SEEN.search(door.told())
    expect(door.part("pane-KOR")).to_have_count(0)


def test_a_change_without_the_session_s_word_is_refused(door: NodePage) -> None:
    door.come_in("watcher")
    said = {"key": "x", "text": "taken back"}
    answer = door.context.request.post("/warnings/retract", data=said)
    assert answer.status == 403
    assert "x-trilat-word" in answer.json()["error"]


def test_one_s_own_password_is_changed_and_signing_out_shows_nothing_more(door: NodePage) -> None:
    door.come_in("lee")
    expect(door.rows("KOR").first).to_be_visible()
    door.part("account").locator("summary").click()
    new = "another long password"
    for field, text in (("now", PASSWORD), ("next", new), ("again", f"{new}x")):
        door.part(f"password-{field}").fill(text)
    expect(door.part("account-said")).to_have_text("The two new passwords differ.")
    door.part("password-again").fill(new)
    door.part("password-go").click()
    expect(door.part("account-said")).to_contain_text("Changed.")
    door.part("signout").click()
    expect(door.part("signin")).to_be_visible()
    assert "KOR-t" not in door.page.content()
    assert door.context.request.get("/picture").status == 401
    door.come_in_with("lee", new)


def test_a_session_that_is_ended_elsewhere_leads_back_to_where_one_was(door: NodePage) -> None:
    door.come_in("kim")
    row = door.rows("KOR").first
    expect(row).to_be_visible()
    row.locator("button").first.click()
    door.until("the selection in the address", lambda: "sel=" in door.page.url)
    placed = door.page.url
    typed("account", "disable", door.post.kor.folder, "kim")
    expect(door.part("signin-over")).to_be_visible()
    typed("account", "enable", door.post.kor.folder, "kim")
    door.page.reload()
    assert door.page.url == placed
    door.come_in("kim")
    expect(door.rows("KOR").first).to_be_visible()
    assert door.page.url == placed
    door.faults = [fault for fault in door.faults if "status of 401" not in fault]


def test_a_node_that_crashes_is_said_to_be_lost_and_comes_back_with_what_was_missed(door: NodePage) -> None:
    door.come_in("watcher")
    expect(door.rows("KOR").first).to_be_visible()
    door.post.kor.stop(9)
    began_s = time.monotonic()
    expect(door.part("connection")).to_be_visible()
    expect(door.part("pane-KOR-silent")).to_be_visible()
    lost_s = time.monotonic() - began_s
    # A judge of the page's own clocks is in its unit tests; here only that nobody waits for it.
    assert lost_s < 30
    seen = set(door.figures("KOR"))
    assert seen, "what was seen last stays to be seen, and is said to be old"
    door.post.kor.start()
    # Sessions end with the node: whoever was there signs in again, and nothing else.
    expect(door.part("signin-over")).to_be_visible()
    door.come_in("watcher")
    expect(door.rows_by("KOR", "USA").first).to_be_visible()
    expect(door.part("connection")).to_have_count(0)
    door.faults = [
        fault
        for fault in door.faults
        if not re.search(
            r"status of (401|502)|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET", fault
        )
    ]


def test_hostile_names_are_shown_as_text_and_do_nothing(door: NodePage) -> None:
    door.page.route("**/stream?clock=1", hostile)
    door.come_in("watcher")
    table = door.part("pane-KOR-rows")
    for name in (SCRIPT, REVERSED.strip(), LONG.strip()):
        expect(table.get_by_text(name[:30]).first).to_be_attached()
    assert door.page.evaluate("window.ran ?? false") is False
    assert door.page.locator("script[src='x'], img").count() == 0
    assert door.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # What is written from right to left does not turn its neighbours round.
    isolated = table.get_by_text("told backwards").first.evaluate(
        "(part) => getComputedStyle(part).unicodeBidi"
    )
    assert isolated in {"isolate", "plaintext", "isolate-override"}
    assert faults_of_access(door) == []
    door.shoot("hostile")


def hostile(route: Route) -> None:
    """A stream as no node of ours would send it."""
    at_ns = 1_238_898_700_000_000_000
    opened = {"party": "KOR", "reader": "KOR/staff", "purpose": "x", "status": "exercise", "at_ns": at_ns}
    items = [vessel(f"KOR-v{place}", name, at_ns) for place, name in enumerate((SCRIPT, REVERSED, LONG))]
    picture = {"at_ns": at_ns, "changed": items, "gone": [], "sights": [], "sights_gone": [], "entry": 2}
    body = "".join(
        f"event: {name}\ndata: {json.dumps(data)}\n\n"
        for name, data in (("opened", opened), ("picture", picture))
    )
    route.fulfill(status=200, headers={"content-type": "text/event-stream"}, body=body)


def vessel(item_id: str, name: str, at_ns: int) -> dict[str, Any]:
    return {
        "id": item_id,
        "version": 1,
        "kind": "vessel",
        "subject": item_id,
        "domain": "maritime",
        "originator": "KOR",
        "originators": ["KOR"],
        "sender": "USA",
        "form": name,
        "status": "exercise",
        "valid_ns": at_ns,
        "marking": name,
        "lat": 35.0,
        "lon": 130.0,
        "name": name,
        "mmsi": "440000001",
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_in_any_room_theme_or_menu(door: NodePage, language: str) -> None:
    door.choose_language(language)
    door.come_in("watcher")
    expect(door.rows("KOR").first).to_be_visible()
    for theme in THEMES:
        door.part("choices").locator("summary").click()
        door.part("choose-theme").select_option(theme)
        assert faults_of_access(door) == [], theme
        door.page.keyboard.press("Escape")
        expect(door.part("choose-theme")).to_be_hidden()
        assert faults_of_access(door) == [], theme
        door.shoot(f"node-{theme}-{language}")
    door.part("account").locator("summary").click()
    assert faults_of_access(door) == []


def test_on_a_phone_nothing_is_too_wide(browser: Browser, post: Post) -> None:
    door = NodePage(browser, post, PHONE)
    assert door.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    door.come_in("watcher")
    expect(door.rows("KOR").first).to_be_visible()
    for language in LANGUAGES:
        door.choose_language(language)
        assert door.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), language
        door.shoot(f"node-phone-{language}")
    assert faults_of_access(door) == []
    door.close()


def test_keys_are_listed_and_the_second_clock_is_the_reader_s_choice(door: NodePage) -> None:
    door.come_in("watcher")
    expect(door.rows("KOR").first).to_be_visible()
    door.page.locator("main").focus()
    door.page.keyboard.press("?")
    expect(door.part("keys")).to_be_visible()
    expect(door.part("keys")).to_contain_text("Picture")
    assert faults_of_access(door) == []
    door.page.keyboard.press("Escape")
    expect(door.part("keys")).to_be_hidden()
    door.part("choices").locator("summary").click()
    door.part("choose-zone").select_option("Pacific/Honolulu")
    hours = door.page.evaluate(
        """() => {
            const utc = new Date(Number(document.querySelector('[data-testid=clock-utc]').dataset.instant));
            const local = document.querySelector('[data-testid=clock-zone] dd').textContent;
            return Math.round((utc - Date.parse(`${local.replace(' ', 'T')}Z`)) / 3.6e6);
        }"""
    )
    assert hours == 10
    door.page.reload()
    expect(door.part("clock-zone")).to_contain_text("Honolulu")


def test_on_paper_each_page_is_marked_and_has_no_controls(door: NodePage) -> None:
    door.come_in("watcher")
    expect(door.rows("KOR").first).to_be_visible()
    door.page.emulate_media(media="print")
    for marking in ("marking", "marking-foot"):
        expect(door.part(marking)).to_be_visible()
        expect(door.part(marking)).to_contain_text("EXERCISE")
    for control in ("lang", "print", "help", "room-picture"):
        expect(door.part(control)).to_be_hidden()
    paper = door.page.pdf(format="A4", prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
