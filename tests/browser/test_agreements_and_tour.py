"""Agreements, pictures side by side and the guided tour, live: the story of 2009 in every regime."""

import re
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.axe import faults_of_access
from tests.browser.live_demo import LiveDemo
from tests.browser.watched_page import LANGUAGES, PHONE, WatchedPage

APART: Final = "separate-2009"
HUB: Final = "hub-2014"
GIVES: Final = "us-japan-2007.toml#to-usa"


def matrix(view: WatchedPage, party: str) -> None:
    """Look at a party's agreements."""
    view.act_as(party)
    view.enter("agreements")
    expect(view.part("matrix")).to_be_visible()


def test_without_an_agreement_a_cell_is_refused_and_others_agreements_are_not_told(view: WatchedPage) -> None:
    view.fly(APART)
    matrix(view, "KOR")
    cell = view.part("cell-JPN-KOR")
    expect(cell).to_have_attribute("data-state", "nothing")
    expect(cell).to_contain_text("the two parties have no agreement with each other")
    expect(cell).to_contain_text("refused by default")
    expect(view.part("cell-JPN-USA")).to_have_attribute("data-state", "untold")
    expect(view.part("cell-KOR-USA")).to_have_attribute("data-state", "gives")
    expect(view.part("agreements")).not_to_contain_text("us-japan")
    cell.get_by_role("button").click()
    expect(view.part("cell-clauses")).to_contain_text("What no clause permits stays.")
    told = view.context.request.get("/api/staff/KOR/agreements/matrix").text()
    assert "us-japan" not in told, "what is not Korea's never reaches the browser"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_agreement_is_read_beside_its_clauses_in_each_language(view: WatchedPage, language: str) -> None:
    view.fly(APART)
    matrix(view, "JPN")
    view.choose_language(language)
    view.part("read-us-japan-2007").click()
    text = view.part("agreement-text")
    expect(text.locator(f".paper[lang={language}]").first).to_be_visible()
    expect(view.part(f"clause-{GIVES}")).to_contain_text(
        {"en": "Up to", "ja": "まで", "ko": "까지"}[language]
    )
    other = "ko" if language != "ko" else "ja"
    view.part(f"text-{other}").click()
    expect(text.locator(f".paper[lang={other}]").first).to_be_visible()
    assert faults_of_access(view) == []
    view.shoot(f"agreements-{language}")


def test_the_slider_goes_through_the_years_and_the_cell_changes_with_them(view: WatchedPage) -> None:
    view.fly(APART)
    matrix(view, "KOR")
    seen = []
    for name in (HUB, "direct-2016", "realtime-2023", "multilateral"):
        slider = view.part("regime-slider")
        view.until("the slider can be moved", slider.is_enabled)
        slider.focus()
        view.page.keyboard.press("ArrowRight")
        expect(view.part(f"regime-{name}")).to_have_attribute("aria-pressed", "true")
        cell = view.part("cell-JPN-KOR")
        expect(cell).to_have_attribute("data-state", "gives")
        seen.append(re.sub(r"\s+", " ", cell.inner_text()))
    assert "coarse track" in seen[0]
    assert "through USA" in seen[0]
    assert "after an officer approves" in seen[0]
    assert "rounded to 5000 m" in seen[0]
    assert "directly" in seen[1]
    assert "1 s late" in seen[2]
    assert "tracklets" in seen[3]


def test_a_clause_is_struck_the_same_is_played_without_it_and_the_cell_is_empty(view: WatchedPage) -> None:
    view.fly(APART)
    matrix(view, "JPN")
    expect(view.part("cell-JPN-USA")).to_have_attribute("data-state", "gives")
    view.part("cell-JPN-USA").get_by_role("button").click()
    view.part(f"strike-{GIVES}").check()
    expect(view.part("what-if")).to_contain_text("Struck in thought: 1")
    view.part("strike-replay").click()
    expect(view.part("struck-now")).to_contain_text(GIVES)
    expect(view.part("cell-JPN-USA")).to_have_attribute("data-state", "nothing")
    expect(view.part("cell-JPN-USA")).to_contain_text("no clause permits this kind of item")
    expect(view.part("counting").or_(view.part("numbers"))).to_be_visible()
    assert view.state()["struck"] == [GIVES]
    view.shoot("struck")
    view.part("put-back").click()
    expect(view.part("cell-JPN-USA")).to_have_attribute("data-state", "gives")
    assert view.state()["struck"] == []


def numbers(error_m: float | None, seen: float) -> dict[str, Any]:
    told = {"first_track_s": 65.0, "completeness": seen, "position_rmse_m": error_m}
    return {**told, "received": {"USA": 203}, "first_impact_warning_s": 150.2}


def test_numbers_say_what_got_worse_and_in_words_too(view: WatchedPage) -> None:
    # Counting takes minutes on a busy machine: the answer is played, and counting has tests of its own.
    counted = {
        "phase": "done",
        "share": 1.0,
        "message": "",
        "regime": APART,
        "struck": [GIVES],
        "before": {"KOR": numbers(336.0, 0.721), "USA": numbers(14.8, 0.98)},
        "after": {"KOR": numbers(336.0, 0.721), "USA": numbers(None, 0.5)},
    }
    view.page.route("**/api/what-if", lambda route: route.fulfill(json=counted))
    view.fly(APART)
    matrix(view, "USA")
    table = view.part("numbers")
    worse = table.locator("tr[data-party=USA] td[data-measure=seen]")
    expect(worse).to_have_attribute("data-verdict", "worse")
    expect(worse).to_contain_text("98.0 %")
    expect(worse).to_contain_text("50.0 %")
    expect(worse).to_contain_text("worse")
    same = table.locator("tr[data-party=KOR] td[data-measure=error]")
    expect(same).to_have_attribute("data-verdict", "same")
    expect(same).to_contain_text("336 m")
    view.shoot("numbers")


def test_what_one_has_and_another_has_not_is_marked_with_its_reason(view: WatchedPage) -> None:
    view.fly(APART)
    view.enter("sides")
    lacking = view.part("differences").locator("tr[data-kind=area] td[data-party=KOR][data-held=false]").first
    expect(lacking).to_be_visible()
    lacking.locator("summary").click()
    expect(lacking).to_contain_text("the two parties have no agreement with each other")
    view.part("sides-only").check()
    expect(view.part("differences").locator("tr[data-differs=false]")).to_have_count(0)
    expect(view.part("counts-KOR")).to_contain_text(re.compile(r"lacks [1-9]"))
    first = view.part("differences").locator("tr[data-kind=object]").first.get_by_test_id("first")
    expect(first).to_contain_text(re.compile(r"(JPN|KOR|USA).*T\+\d+ s"))
    assert faults_of_access(view) == []
    view.shoot("sides")


@pytest.fixture
def toured(browser: Browser, demo: LiveDemo) -> WatchedPage:
    """A page that begins with the tour, as `make demo` prints its address."""
    page = WatchedPage(browser, demo)
    page.fly(APART)
    page.page.goto(f"{demo.entrance}&tour=1")
    expect(page.part("tour")).to_be_visible()
    return page


def test_the_tour_begins_by_itself_says_its_steps_and_is_left_by_escape(toured: WatchedPage) -> None:
    tour = toured.part("tour")
    expect(tour).to_have_attribute("data-step", "welcome")
    assert "tour=1" not in toured.page.url, "another look at the address does not begin it again"
    expect(tour).to_be_focused()
    expect(tour.locator("[aria-live=polite]")).to_contain_text("One flight, three pictures")
    toured.page.keyboard.press("Escape")
    expect(tour).to_have_count(0)
    toured.until("the replay to run again", lambda: not toured.state()["paused"])
    toured.part("help").click()
    toured.part("tour-begin").click()
    expect(tour).to_have_attribute("data-step", "welcome")
    toured.page.keyboard.press("Escape")
    toured.close()


def test_the_tour_runs_through_every_step_by_its_button(toured: WatchedPage) -> None:
    steps = []
    tour = toured.part("tour")
    toured.part("tour-hold").click()
    while True:
        expect(tour).to_have_attribute("data-ready", "true")
        steps.append(tour.get_attribute("data-step"))
        if toured.part("tour-next").is_disabled():
            break
        toured.part("tour-next").click()
        expect(tour).not_to_have_attribute("data-step", steps[-1] or "")
    assert steps == [
        "welcome",
        "launch",
        "korea",
        "japan",
        "apart",
        "bound",
        "matrix",
        "hub",
        "direct",
        "realtime",
        "worth",
        "tasks",
    ]
    assert toured.state()["regime"] == "realtime-2023"
    expect(tour.locator("li")).to_have_count(3)
    assert faults_of_access(toured) == []
    toured.shoot("tour-tasks")
    toured.part("tour-leave").click()
    toured.close()


def test_on_a_phone_the_rooms_and_the_tour_fit(browser: Browser, demo: LiveDemo) -> None:
    phone = WatchedPage(browser, demo, PHONE)
    phone.fly(APART)
    matrix(phone, "KOR")
    for language in LANGUAGES:
        phone.choose_language(language)
        assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        phone.shoot(f"agreements-phone-{language}")
    phone.page.goto(f"{demo.entrance}&tour=1")
    expect(phone.part("tour")).to_be_in_viewport()
    assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.shoot("tour-phone")
    phone.part("tour-leave").click()
    phone.close()
