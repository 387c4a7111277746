"""Trust and health on the page: a node that is well, a partner that is gone, and who sees which part."""

import json
import re
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.axe import faults_of_access
from tests.browser.live_demo import LiveDemo
from tests.browser.node_page import NodePage
from tests.browser.post import Post, wait
from tests.browser.watched_page import LANGUAGES, PHONE, WatchedPage
from tests.cli.commands import trilat

AWAY: Final = re.compile("link-(peer|unacknowledged)")


@pytest.fixture
def door(browser: Browser, post: Post) -> Iterator[NodePage]:
    """The sign-in screen."""
    page = NodePage(browser, post)
    yield page
    page.close()


def come_in(door: NodePage, name: str) -> None:
    """Sign in, and go to the room."""
    door.come_in(name)
    door.part("room-health").click()
    expect(door.part("health")).to_be_visible()
    expect(door.part("partner-USA")).to_be_visible()


def fingerprint(post: Post) -> str:
    """What USA's people would read aloud."""
    keys = json.loads(post.kor.ask("staff", "GET", "/trust").text)["keys"]
    return str(next(row["fingerprint"] for row in keys if row["party"] == "USA"))


def asked(door: NodePage) -> set[str]:
    """The paths that the browser asked for."""
    return {answer.url.removeprefix(door.post.kor.origin).partition("?")[0] for answer in door.received}


def test_a_node_that_is_well_says_so_with_keys_links_proofs_and_storage(door: NodePage) -> None:
    come_in(door, "watcher")
    expect(door.part("health-well")).to_have_text("✓ Nothing is wrong.")
    expect(door.part("badge-health")).to_have_count(0)
    expect(door.part("partner-USA")).to_have_attribute("data-link", "up")
    expect(door.part("link-USA")).to_have_attribute("data-code", "connected")
    expect(door.part("tree-sent-USA")).to_have_attribute(
        "data-agreement", re.compile("agrees|behind|unsigned")
    )
    expect(door.part("keys-USA")).to_have_attribute("data-known", "card")
    expect(door.part("ledger")).to_have_attribute("data-integrity", re.compile("first|well"))
    door.part("fingerprint-USA").locator("summary").focus()
    door.page.keyboard.press("Enter")
    lines = door.part("fingerprint-USA").locator("li")
    expect(lines).to_have_count(4)
    read = [re.sub(r"^Line \d", "", line) for line in lines.all_text_contents()]
    assert " ".join(read) == fingerprint(door.post)
    expect(door.part("fingerprint-USA")).to_contain_text("over a telephone that you trust")
    said = trilat("node", "alerts", door.post.kor.folder)
    assert (said.code, said.out.strip()) == (0, "KOR: nothing is wrong.")
    before = door.part("health-as-of").inner_text()
    expect(door.part("health-as-of")).not_to_have_text(before)
    door.shoot("health-well")


@pytest.mark.parametrize("name", ["watcher", "kim"])
def test_watch_and_release_officers_get_neither_accounts_nor_the_audit(door: NodePage, name: str) -> None:
    come_in(door, name)
    expect(door.part("health-well")).to_be_visible()
    for part in ("accounts", "audit"):
        expect(door.part(part)).to_have_count(0)
    assert asked(door).isdisjoint({"/accounts", "/audit"})
    assert '"eyes"' not in door.told()
    for path in ("/accounts", "/audit"):
        assert door.context.request.get(path).status == 403


def test_an_administrator_disables_an_account_with_the_keyboard_and_its_session_ends(
    browser: Browser, door: NodePage
) -> None:
    other = NodePage(browser, door.post)
    other.come_in("lee")
    come_in(door, "boss")
    expect(door.part("account-boss")).to_contain_text("another administrator changes it")
    expect(door.part("switch-boss")).to_have_count(0)
    door.part("switch-lee").focus()
    door.page.keyboard.press("Enter")
    expect(door.part("confirm-no")).to_be_focused()
    expect(door.part("confirm")).to_contain_text("lee can sign in no more")
    assert faults_of_access(door) == []
    door.page.keyboard.press("Tab")
    door.page.keyboard.press("Enter")
    expect(door.part("account-lee")).to_have_attribute("data-enabled", "false")
    expect(other.part("signin-over")).to_be_visible()
    door.part("switch-lee").click()
    door.part("confirm-yes").click()
    expect(door.part("account-lee")).to_have_attribute("data-enabled", "true")
    door.part("role-lee").select_option("watch")
    expect(door.part("confirm")).to_contain_text("lee becomes watch")
    door.page.keyboard.press("Escape")
    expect(door.part("confirm")).to_have_count(0)
    expect(door.part("role-lee")).to_have_value("release")
    door.shoot("health-accounts")
    other.faults = [fault for fault in other.faults if "status of 401" not in fault]
    other.close()


def test_an_auditor_reads_who_did_what_when_asked_to_and_each_look_is_recorded(door: NodePage) -> None:
    come_in(door, "eyes")
    assert "/audit" not in asked(door), "nothing is read that nobody asked for"
    door.part("audit-newest").click()
    rows = door.part("audit-rows").locator("tr")
    expect(rows.first).to_be_visible()
    door.part("audit-newest").click()
    expect(door.part("audit-rows")).to_contain_text("step: audited · name: eyes")
    expect(door.part("accounts")).to_have_count(0)
    assert faults_of_access(door) == []
    door.shoot("health-audit")


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_a_phone_and_in_each_language_it_can_be_read_and_reached_by_keys(
    browser: Browser, post: Post, language: str
) -> None:
    door = NodePage(browser, post, PHONE)
    door.choose_language(language)
    door.come_in("watcher")
    door.page.locator("main").focus()
    door.page.keyboard.press("5")
    expect(door.part("partner-USA")).to_be_visible()
    door.part("fingerprint-USA").locator("summary").click()
    assert door.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults_of_access(door) == []
    door.shoot(f"health-phone-{language}")
    door.close()


def test_in_an_exercise_each_party_s_own_node_is_asked_and_no_accounts_are_handed_on(
    browser: Browser, demo: LiveDemo
) -> None:
    view = WatchedPage(browser, demo)
    view.fly("separate-2009")
    for party, partners in (("KOR", {"USA"}), ("USA", {"KOR", "JPN"})):
        view.act_as(party)
        view.enter("health")
        for partner in partners:
            expect(view.part(f"partner-{partner}")).to_have_attribute("data-link", "up")
    expect(view.part("health-well")).to_be_visible()
    assert view.context.request.get("/api/staff/KOR/accounts").status == 404
    assert view.context.request.get("/api/staff/KOR/audit").status == 404
    assert faults_of_access(view) == []
    view.shoot("health-exercise")
    view.close()


def test_a_partner_that_is_gone_is_an_alert_with_what_to_do_until_it_is_back(door: NodePage) -> None:
    come_in(door, "watcher")
    expect(door.part("health-well")).to_be_visible()
    door.post.usa.stop()
    alert = door.page.locator('[data-testid="alert"][data-party="USA"]').first
    expect(alert).to_have_attribute("data-code", AWAY)
    expect(alert).to_have_attribute("data-severity", "severe")
    expect(door.part("partner-USA")).to_have_attribute("data-link", "down")
    said = trilat("node", "alerts", door.post.kor.folder)
    assert said.code == 1
    assert said.out.startswith("severe: USA: ")
    told = {}
    for language in LANGUAGES:
        door.choose_language(language)
        told[language] = alert.inner_text()
        expect(door.part("badge-health")).to_be_visible()
        assert faults_of_access(door) == [], language
        door.shoot(f"health-away-{language}")
    assert "ask whether" in told["en"]
    assert "確認してください" in told["ja"]
    assert "확인하십시오" in told["ko"]
    door.choose_language("en")
    door.part("room-picture").click()
    expect(door.part("badge-health")).to_have_text("1 severe")
    door.part("room-health").click()
    door.post.usa.start()
    expect(door.part("health-well")).to_be_visible()
    expect(door.part("partner-USA")).to_have_attribute("data-link", "up")
    expect(door.part("badge-health")).to_have_count(0)


def test_a_node_that_does_not_answer_is_said_to_with_what_was_known_last(door: NodePage) -> None:
    come_in(door, "boss")
    door.post.kor.stop()
    expect(door.part("health-silent")).to_contain_text("The node does not answer: what stands here is of 20")
    expect(door.part("partner-USA")).to_be_visible()
    door.post.kor.start()
    expect(door.part("signin-over")).to_be_visible()
    wait(
        "the link",
        lambda: json.loads(door.post.kor.ask("staff", "GET", "/status").text)["links"]["USA"]["up"],
    )
    told = re.compile(r"status of (401|502)|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY")
    door.faults = [fault for fault in door.faults if not told.search(fault)]
