"""The release desk and Why at a node's own door: two persons, what leaves, undo, a recall, who may not."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.axe import faults_of_access
from tests.browser.desk_post import UNDO_S, DeskPost, running_desk
from tests.browser.node_page import NodePage
from tests.browser.watched_page import LANGUAGES, PHONE, WIDE

SignIn = Callable[..., NodePage]


@pytest.fixture(scope="module")
def desk(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskPost]:  # noqa: ARG001 - without a browser no nodes
    """KOR and USA under the agreement of the drill."""
    with running_desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture
def come_in(browser: Browser, desk: DeskPost) -> Iterator[SignIn]:
    """Signs somebody in, in a browser of their own, and goes to the desk."""
    pages: list[NodePage] = []

    def signed_in(name: str, size: tuple[int, int] = WIDE, room: str = "desk") -> NodePage:
        page = NodePage(browser, desk, size)  # type: ignore[arg-type] # it asks for the node alone
        pages.append(page)
        page.come_in(name)
        page.part(f"room-{room}").click()
        return page

    yield signed_in
    for page in pages:
        page.close()


def choose(page: NodePage, item_id: str) -> None:
    """Take up the question about an item."""
    page.page.locator(f'[data-testid="desk-question"][data-item="{item_id}"]').click()
    expect(page.part("desk-view")).to_contain_text(item_id)


def approve(page: NodePage, item_id: str) -> str:
    """Approve what is asked about an item; returns what was confirmed."""
    choose(page, item_id)
    page.part("desk-give").click()
    told = page.part("confirm").inner_text()
    page.part("confirm-yes").click()
    expect(page.part("desk-done")).to_contain_text(item_id)
    return told


def released(desk: DeskPost, page: NodePage, item_id: str) -> dict[str, Any]:
    """What USA has of an item when the time to take it back has passed."""
    # Not to the very instant: a node that lags behind would take what comes for a word from the future.
    desk.hurry(UNDO_S - 10)
    return page.until("it has left", lambda: desk.held_by_usa(item_id))


def standing(page: NodePage, subject: str) -> str:
    """How what was answered about a subject stands."""
    row = page.part("desk-answered").locator("li", has_text=subject).first
    return row.get_attribute("data-standing") or ""


def test_what_two_persons_release_is_what_the_preview_showed(desk: DeskPost, come_in: SignIn) -> None:
    item_id = desk.see("first")
    kim = come_in("kim")
    choose(kim, item_id)
    place = kim.part("desk-fields").locator('tr[data-path="place.latitude_1e7deg"] td')
    held, leaves = place.all_inner_texts()
    assert held == "40.86 °"
    assert leaves.startswith("≠ ")
    told = approve(kim, item_id)
    for words in ("United States", item_id, "20 km", "1 more must approve"):
        assert words in told
    # The same person is not a second one: the button is shut, and the node says no to a forged press.
    expect(kim.part("desk-give")).to_be_disabled()
    expect(kim.part("desk-approved")).to_contain_text("nobody counts twice")
    question = kim.part("desk-view").get_attribute("data-question")
    word = kim.context.request.get("/session").json()["word"]
    again = kim.context.request.post(
        "/desk/answer",
        data={"question": question, "granted": True, "valid_s": 600},
        headers={"x-trilat-word": word},
    )
    assert (again.status, "nobody counts twice" in again.json()["error"]) == (403, True)
    assert desk.held_by_usa(item_id) is None

    lee = come_in("lee")
    assert "Nobody else must approve" in approve(lee, item_id)
    assert desk.held_by_usa(item_id) is None, "it is held, so that it can be taken back"
    theirs = released(desk, lee, item_id)
    assert f"≠ {round(theirs['lat'], 5)} °" == leaves
    lee.until("the desk says so", lambda: standing(lee, item_id) == "left")
    expect(lee.part("desk-answered").locator("li", has_text=item_id).first).not_to_contain_text("Take back")


def test_an_approval_is_taken_back_until_it_has_left(desk: DeskPost, come_in: SignIn) -> None:
    item_id = desk.see("second")
    kim, lee = come_in("kim"), come_in("lee")
    approve(kim, item_id)
    approve(lee, item_id)
    lee.part("desk-answered").locator("li", has_text=item_id).first.get_by_test_id("desk-undo").click()
    expect(lee.part("desk-done")).to_contain_text(item_id)
    # The question is there again, with the other's approval and without this one.
    choose(lee, item_id)
    expect(lee.part("desk-approved")).to_contain_text("kim")
    expect(lee.part("desk-give")).to_be_enabled()
    desk.hurry(UNDO_S + 5)
    assert desk.held_by_usa(item_id) is None
    # Who has approved does not refuse as well, but takes back; the other has taken back, and may.
    choose(kim, item_id)
    expect(kim.part("desk-refuse")).to_be_disabled()
    lee.part("desk-refuse").click()
    lee.until("it is refused", lambda: standing(lee, item_id) == "refused")


def test_an_own_item_is_seen_as_a_partner_would_get_it(desk: DeskPost, come_in: SignIn) -> None:
    item_id = desk.see("previewed")
    kim = come_in("kim")
    kim.part("as-item").locator(f'option:text-is("{item_id}")').wait_for(state="attached")
    kim.part("as-item").select_option(item_id)
    kim.part("as-party").select_option("USA")
    kim.part("as-show").click()
    shown = kim.part("as-shown")
    expect(shown).to_be_visible()
    # Two must approve before anything leaves: what one would get now is nothing, and it says why.
    expect(shown).to_have_attribute("data-outcome", re.compile("nothing|something"))
    expect(shown).to_contain_text("Launches, on a grid of 20 km, when two officers agree.")
    assert desk.held_by_usa(item_id) is None


def test_an_emergency_clause_opens_when_it_is_declared_and_its_clock_shuts_it(
    desk: DeskPost, come_in: SignIn
) -> None:
    kim = come_in("kim")
    clause = kim.part("desk-emergency").locator("li").first
    expect(clause).to_have_attribute("data-open", "false")
    kim.part("desk-declare-for").select_option("600")
    clause.get_by_test_id("desk-declare").click()
    # It is asked first, and the way back has the focus.
    expect(kim.part("confirm")).to_be_visible()
    kim.page.keyboard.press("Escape")
    expect(clause).to_have_attribute("data-open", "false")
    clause.get_by_test_id("desk-declare").click()
    kim.part("confirm-yes").click()
    expect(clause).to_have_attribute("data-open", "true")
    declared = kim.part("desk-declared").locator('li[data-declared="situation"][data-about="launch"]')
    expect(declared.locator(".clock")).to_contain_text(re.compile(r"\d+ (min|s)"))
    # Ten minutes were asked for: then it shuts by itself.
    desk.hurry(600)
    expect(clause).to_have_attribute("data-open", "false")
    expect(declared).to_have_count(0)


def test_an_onlooker_sees_what_waits_and_can_do_nothing(desk: DeskPost, come_in: SignIn) -> None:
    item_id = desk.see("third")
    watcher = come_in("watcher")
    choose(watcher, item_id)
    expect(watcher.part("desk-fields")).to_be_visible()
    for name in ("desk-give", "desk-refuse", "desk-undo", "desk-suspend", "desk-declare", "onward-ask"):
        expect(watcher.part(name)).to_have_count(0)
    word = watcher.context.request.get("/session").json()["word"]
    question = watcher.part("desk-view").get_attribute("data-question")
    for path, said in (
        ("/desk/answer", {"question": question, "granted": True}),
        ("/desk/undo", {"question": question}),
        ("/declarations", {"declared": "suspension", "about": "desk-drill", "domain": "missile"}),
        ("/recalls", {"items": [item_id]}),
    ):
        answer = watcher.context.request.post(path, data=said, headers={"x-trilat-word": word})
        assert answer.status == 403, path
    assert desk.held_by_usa(item_id) is None


@pytest.mark.parametrize("path", ["/desk/answer", "/desk/undo", "/declarations", "/recalls", "/losses"])
def test_another_site_does_nothing_in_an_officers_name(come_in: SignIn, path: str) -> None:
    kim = come_in("kim")
    for headers in ({}, {"x-trilat-word": "guessed"}):
        answer = kim.context.request.post(path, data={"question": "0" * 16}, headers=headers)
        assert answer.status == 403
    told = kim.context.request.post(path, data={}, headers={"origin": "https://elsewhere.example"})
    assert told.status == 403


def test_why_tells_who_has_it_and_calls_it_back_with_the_answer_of_its_holder(
    desk: DeskPost, come_in: SignIn
) -> None:
    item_id = desk.see("fourth")
    kim, lee = come_in("kim"), come_in("lee")
    approve(kim, item_id)
    approve(lee, item_id)
    released(desk, kim, item_id)
    kim.page.goto(f"/?room=picture&sel={item_id}")
    row = kim.part("why-other")
    expect(row).to_have_attribute("data-recipient", "USA")
    row.locator("summary").first.click()
    expect(row).to_contain_text("20 km")
    expect(row).to_contain_text("Approved by KOR/kim, KOR/lee")
    row.get_by_test_id("why-clause").first.locator("summary").click()
    expect(row).to_contain_text("Launches, on a grid of 20 km, when two officers agree.")
    kim.part("why-words").fill("wrong object")
    kim.part("why-recall").click()
    expect(kim.part("confirm")).to_contain_text(item_id)
    kim.part("confirm-yes").click()
    # A person of the holder answers; the certificate comes with it.
    asks = kim.until(
        "USA is asked", lambda: desk.usa.ask("staff", "GET", "/recalls").json()["asks"], within_s=60
    )
    told = {"recall": asks[0]["name"], "answer": "complied", "reason": ""}
    assert desk.usa.ask("staff", "POST", "/recalls/answer", json=told).is_success
    expect(kim.part("recalls-list")).to_contain_text("with certificate")
    expect(kim.part("why")).to_contain_text("called back: no version")
    assert desk.held_by_usa(item_id) is None


def test_a_partners_item_tells_its_holder_nothing_of_others(desk: DeskPost, come_in: SignIn) -> None:
    """USA's staff asks about what KOR gave it: the release, and no row about anybody else."""
    item_id = desk.see("fifth")
    kim, lee = come_in("kim"), come_in("lee")
    approve(kim, item_id)
    approve(lee, item_id)
    released(desk, kim, item_id)
    told = desk.usa.ask("staff", "GET", f"/why?item={item_id}").json()
    assert (told["own"], told["others"], told["kept"]) == (False, [], None)
    assert told["given"]["approved_by"] == ["KOR/kim", "KOR/lee"]
    never = desk.see("never")
    assert desk.usa.ask("staff", "GET", f"/why?item={never}").status_code == 404
    assert desk.usa.ask("staff", "GET", "/why?item=KOR-nothing").status_code == 404


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_on_the_desk_in_any_language(
    desk: DeskPost, come_in: SignIn, size: tuple[int, int]
) -> None:
    item_id = desk.see(f"looked-at-{size[0]}")
    kim = come_in("kim", size)
    choose(kim, item_id)
    kim.part("desk-give").click()
    for language in LANGUAGES:
        kim.choose_language(language)
        expect(kim.part("confirm")).to_be_visible()
        assert faults_of_access(kim) == []
        assert kim.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        kim.shoot(f"desk-{language}-{size[0]}")
    kim.page.keyboard.press("Escape")
    expect(kim.part("confirm")).to_have_count(0)
    assert desk.held_by_usa(item_id) is None
