"""Going back in time on the page, and warnings before the user: what was known then, who took note."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.axe import faults_of_access
from tests.browser.live_demo import LiveDemo
from tests.browser.watched_page import LANGUAGES, PHONE, WatchedPage

TOGETHER = "multilateral"
COUNT_TONES = """() => {
    const start = OscillatorNode.prototype.start;
    window.tones = [];
    OscillatorNode.prototype.start = function (...at) {
        window.tones.push(this.type);
        return start.apply(this, at);
    };
}"""


def asked(view: WatchedPage, path: str, **said: Any) -> Any:
    """What a party's node answers its staff, through the observer."""
    call = view.context.request
    answer = call.post(f"/api/staff/{path}", data=said) if said else call.get(f"/api/staff/{path}")
    assert answer.ok, answer.text()
    return answer.json()


def refused(view: WatchedPage, path: str) -> tuple[int, str]:
    answer = view.context.request.get(f"/api/staff/{path}")
    return answer.status, str(answer.json()["error"])


def acting(view: WatchedPage, party: str) -> None:
    view.act_as(party)
    expect(view.part(f"pane-{party}")).to_be_visible()


def warned(view: WatchedPage, party: str = "KOR") -> None:
    """Stand at a party that is warned of the launch, in a flight under which all share all."""
    view.fly(TOGETHER, speed=5)
    acting(view, party)
    expect(view.part("alarm").first).to_be_visible()


def settled(view: WatchedPage) -> None:
    """The instant that is looked at has come."""
    expect(view.part("past-strip")).to_be_visible()
    expect(view.part("past-loading")).to_have_count(0)


def held_still(view: WatchedPage) -> None:
    """Let the exercise stand, and the page with it."""
    if not view.state()["paused"]:
        view.press("pause")
    view.until("the exercise stands", lambda: view.state()["paused"])


def going_on(view: WatchedPage) -> None:
    if view.state()["paused"]:
        view.press("pause")
    view.until("the exercise goes on", lambda: not view.state()["paused"])


def gone_back(view: WatchedPage, go: Callable[[], None]) -> None:
    """Look at the past. A warning that comes just then breaks into it: then once more."""

    def is_past() -> bool:
        if view.part("time-state").get_attribute("data-state") != "past":
            go()
            view.page.wait_for_timeout(1_500)
        return view.part("time-state").get_attribute("data-state") == "past"

    view.until("the past", is_past)
    settled(view)


def step_back(view: WatchedPage) -> None:
    gone_back(view, lambda: view.page.keyboard.press("["))


def test_a_warning_stays_until_somebody_takes_note_and_its_withdrawal_is_as_loud(view: WatchedPage) -> None:
    warned(view)
    alarm = view.part("alarm").first
    expect(alarm).to_have_attribute("data-status", "simulated")
    expect(alarm).to_have_attribute("role", "alert")
    expect(alarm).to_contain_text("SIMULATION · warning")
    expect(alarm).to_contain_text(re.compile("said first by (JPN|KOR|USA) at"))
    expect(view.page).to_have_title(re.compile(r"^▲\d+ "))
    view.page.evaluate(COUNT_TONES)
    expect(view.part("sound-state")).to_have_count(0)
    view.part("sound-arm").click()
    expect(view.part("sound-state")).to_have_attribute("data-muted", "false")
    view.until("a tone of a drill", lambda: "sine" in view.page.evaluate("window.tones"))
    assert "sawtooth" not in view.page.evaluate("window.tones")
    view.part("sound-mute").click()
    expect(view.part("sound-state")).to_have_text(re.compile("MUTED"))
    view.shoot("warning")
    first = alarm.get_attribute("data-id")
    waiting = view.part("alarm").count()
    view.page.keyboard.press("a")
    expect(view.part("alarm").and_(view.page.locator(f'[data-id="{first}"]'))).to_have_count(0)
    rows = asked(view, "KOR/warnings")["warnings"]
    assert [by["by"] for row in rows if row["id"] == first for by in row["acknowledged"]] == ["staff"]
    assert view.part("alarm").count() >= waiting - 1
    while view.part("alarm").count() > 0:
        view.part("acknowledge").first.click()
        view.page.wait_for_timeout(300)
    expect(view.part("alarms-seen")).to_contain_text("acknowledged by staff")
    expect(view.page).not_to_have_title(re.compile("^▲"))
    # Whoever gave it out takes it back: the own node, or a partner's.
    giver, _, key = str(first).partition("-warn-KOR-")
    asked(view, f"{giver}/warnings/retract", key=key, text="it was no launch")
    back = view.page.locator(f'[data-testid="alarm"][data-id="{first}"]')
    expect(back).to_have_attribute("data-withdrawn", "true")
    expect(back).to_contain_text("warning withdrawn")
    expect(view.page).to_have_title(re.compile(r"^[✕▲]\d+ "))
    assert back.bounding_box()["height"] >= 50  # type: ignore[index]
    view.shoot("withdrawn")
    back.get_by_test_id("acknowledge").click()
    expect(back).to_have_count(0)


def test_the_past_is_what_was_seen_then_and_cannot_be_taken_for_now(
    view: WatchedPage, browser: Browser, demo: LiveDemo
) -> None:
    warned(view)
    view.until("objects", lambda: len(view.figures("KOR")) > 3)
    held_still(view)
    # The page hears a moment later that the exercise stands, and at which instant.
    then_ms = view.at_rest("the clock", view.clock_ms)
    seen = view.at_rest("the table", lambda: view.figures("KOR"))
    going_on(view)
    view.until("half a minute later", lambda: view.clock_ms() > then_ms + 30_000)
    # A warning would break into what is looked at: while the exercise stands none comes.
    held_still(view)
    expect(view.part("time-state")).to_have_attribute("data-state", "live")
    expect(view.part("past-frame")).to_have_count(0)
    view.part("time-paste").fill("no instant")
    view.part("time-go").click()
    expect(view.part("paste-wrong")).to_be_visible()
    view.part("time-paste").fill(str(then_ms))
    gone_back(view, lambda: view.part("time-go").click())
    expect(view.part("paste-wrong")).to_have_count(0)
    expect(view.part("time-state")).to_have_attribute("data-state", "past")
    expect(view.part("time-state")).to_have_text(re.compile("REPLAY"))
    expect(view.part("past-frame")).to_be_visible()
    expect(view.part("past-strip")).to_contain_text("not live")
    assert view.clock_ms() == then_ms
    assert view.at_rest("the table of the past", lambda: view.figures("KOR")) == seen
    view.shoot("replay")
    other = WatchedPage(browser, demo)
    address = urlsplit(view.page.url)
    assert "at=" in address.query
    other.page.goto(f"{demo.origin.rstrip('/')}{address.path}?{address.query}")
    settled(other)
    assert other.at_rest("the same moment", lambda: other.figures("KOR")) == seen
    other.close()
    view.page.keyboard.press("[")
    view.until("ten seconds before", lambda: view.clock_ms() == then_ms - 10_000)
    view.page.keyboard.press("]")
    view.until("and back", lambda: view.clock_ms() == then_ms)
    view.part("replay-speed").select_option("10")
    view.page.keyboard.press(" ")
    view.until("it plays", lambda: view.clock_ms() > then_ms + 5_000)
    view.page.keyboard.press(" ")
    stands_ms = view.at_rest("the clock", view.clock_ms)
    assert stands_ms < view.state()["now_ns"] / 1e6
    view.part("time-events").select_option(index=1)
    settled(view)
    view.page.keyboard.press("l")
    expect(view.part("time-state")).to_have_attribute("data-state", "live")
    expect(view.part("past-frame")).to_have_count(0)
    assert "at=" not in view.page.url
    going_on(view)
    view.until("the clock of now", lambda: view.clock_ms() > stands_ms)


def test_what_was_not_is_refused_in_a_sentence_and_shows_nothing(view: WatchedPage) -> None:
    warned(view)
    start_ns = view.state()["start_ns"]
    assert refused(view, f"KOR/picture/at?at_ns={start_ns - 10**15}")[0] == 409
    assert refused(view, "KOR/picture/at?at_ns=soon")[0] == 400
    assert "still to come" in refused(view, f"KOR/picture/at?at_ns={start_ns + 10**15}")[1]
    assert view.context.request.get("/api/staff/NOBODY/picture/at?at_ns=1").status == 409


def test_a_warning_breaks_into_the_past_and_leads_back_to_it(view: WatchedPage) -> None:
    warned(view)
    view.until("nothing waits", lambda: _quieted(view))
    step_back(view)
    left_ms = view.clock_ms()
    items = asked(view, "KOR/picture")["items"]
    basis = next(item for item in items if item["kind"] == "event" and item["event"] == "launch")
    reference = {"item_id": basis["id"], "version": basis["version"]}
    said = {"kind": "launch", "domain": "missile", "basis": [reference], "confirmed_by": []}
    asked(view, "KOR/warnings", key=f"by-hand-{left_ms}", text="seen from the coast <b>now</b>", **said)
    expect(view.part("past-broke")).to_be_visible()
    expect(view.part("time-state")).to_have_attribute("data-state", "live")
    expect(view.part("alarm").first).to_contain_text("seen from the coast <b>now</b>")
    view.part("past-again").click()
    settled(view)
    assert view.clock_ms() == left_ms
    expect(view.part("alarm").first).to_be_visible()
    view.page.keyboard.press("l")


def _quieted(view: WatchedPage) -> bool:
    """Whether all warnings are acknowledged; one more is."""
    if view.part("alarm").count() == 0:
        return True
    view.page.keyboard.press("a")
    return False


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_every_language_wide_and_on_a_phone_axe_finds_nothing(
    view: WatchedPage, browser: Browser, demo: LiveDemo, language: str
) -> None:
    warned(view)
    held_still(view)
    view.choose_language(language)
    step_back(view)
    view.shoot(f"past-{language}")
    assert faults_of_access(view) == []
    phone = WatchedPage(browser, demo, PHONE)
    phone.choose_language(language)
    acting(phone, "KOR")
    expect(phone.part("timebar")).to_be_visible()
    gone_back(phone, lambda: phone.part("step-back").click())
    phone.shoot(f"past-phone-{language}")
    wide = phone.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    assert faults_of_access(phone) == []
    phone.close()


@pytest.mark.parametrize("theme", ["dark", "light", "night"])
def test_replay_has_its_own_frame_in_every_theme(view: WatchedPage, theme: str) -> None:
    view.page.evaluate(
        "(theme) => localStorage.setItem('trilat-choices', theme)", json.dumps({"theme": theme})
    )
    view.page.reload()
    warned(view)
    held_still(view)
    step_back(view)
    past = view.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--past')")
    names = ("--good", "--accent", "--panel", "--bg", "--warn")
    live = view.page.evaluate(
        "(names) => names.map((name) => getComputedStyle(document.documentElement).getPropertyValue(name))",
        list(names),
    )
    assert past
    assert past not in live
    expect(view.part("past-frame")).to_be_visible()
    view.shoot(f"past-{theme}")
