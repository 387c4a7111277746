"""The page of a live demo in a browser: what moves, what is withheld and why, and what is refused."""

import http.server
import json
import re
import threading
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.axe import faults_of_access
from tests.browser.live_demo import LiveDemo, kill
from tests.browser.watched_page import LANGUAGES, PHONE, WatchedPage

from trilat.model import Reason

ROOT: Final = Path(__file__).parents[2]
PARTIES: Final = ("JPN", "KOR", "USA")
APART: Final = "separate-2009"
TOGETHER: Final = "multilateral"


@pytest.fixture
def phone(browser: Browser, demo: LiveDemo) -> Iterator[WatchedPage]:
    page = WatchedPage(browser, demo, PHONE)
    yield page
    page.close()


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The origin of another page on this machine: to a cookie the same site, to the observer a stranger."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        serving.join()


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """A page that says nothing."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Elsewhere</title><link rel=icon href=data:,>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's word
        """Nothing."""


def test_three_panes_move_and_the_clock_runs(view: WatchedPage) -> None:
    view.fly(APART)
    begun_ms = view.clock_ms()
    first: dict[str, dict[str, tuple[str, ...]]] = {party: {} for party in PARTIES}
    moved = dict.fromkeys(PARTIES, False)

    def all_moved() -> bool:
        for party in PARTIES:
            for name, figures in view.figures(party).items():
                moved[party] |= first[party].setdefault(name, figures) != figures
        return all(moved.values())

    view.until("other figures of the same object in every pane", all_moved)
    assert view.clock_ms() > begun_ms
    for party in PARTIES:
        expect(view.part(f"pane-{party}")).to_be_visible()
    view.shoot("flight-en")


def test_korea_gets_nothing_of_japan_s_until_they_have_an_agreement(view: WatchedPage) -> None:
    view.fly(APART)
    # Japan reports, and its ally has it: now it could be seen what Korea gets.
    expect(view.rows_by("USA", "JPN").first).to_be_visible()
    expect(view.rows("KOR").first).to_be_visible()
    expect(view.rows_by("KOR", "JPN")).to_have_count(0)
    assert made_by(view, "KOR", "JPN") == []
    assert made_by(view, "USA", "JPN") != []

    view.fly(TOGETHER)
    expect(view.part(f"regime-{TOGETHER}")).to_have_attribute("aria-pressed", "true")
    expect(view.rows_by("KOR", "JPN").first).to_be_visible()
    assert made_by(view, "KOR", "JPN") != []
    view.shoot(f"regime-{TOGETHER}")


def made_by(view: WatchedPage, party: str, originator: str) -> list[str]:
    """What a party's pane holds that somebody had a part in, whether or not its table is scrolled to it."""
    pane = view.state()["panes"][party]
    return [
        *(
            item["id"]
            for item in pane["items"]
            if originator in (*item["originators"], *(item.get("sources") or ()))
        ),
        *(sight["key"] for sight in pane["sights"] if originator in sight["sources"]),
    ]


def test_reasons_are_given_in_words_of_the_reader_s_language(view: WatchedPage) -> None:
    view.fly(APART)
    view.part("told-decisions").click()
    row = view.part("decisions").locator(
        'li[data-outcome="withhold"][data-sender="JPN"][data-recipient="KOR"]'
    )
    said = {}
    for language in LANGUAGES:
        view.choose_language(language)
        expect(row.first).to_be_visible()
        said[language] = row.first.locator(".why").inner_text()
        assert untranslated(view, language) == []
        view.shoot(f"decisions-{language}")
    assert len(said["en"].split()) >= 4, said
    assert re.search("[\u3040-\u30ff]", said["ja"]), said
    assert re.search("[\uac00-\ud7a3]", said["ko"]), said
    assert not any(re.search("[A-Za-z]{4}", said[language]) for language in ("ja", "ko")), said


@cache
def texts_of(language: str) -> dict[str, str]:
    """The texts of the page in a language, by their keys."""
    source = (ROOT / f"frontend/src/lib/i18n/{language}.ts").read_text(encoding="utf-8")
    found = re.findall(r"^  '([\w.-]+)':\s*(['\"])(.*)\2,$", source, re.MULTILINE)
    assert len(found) > 100
    return {key: text for key, _, text in found}


def untranslated(view: WatchedPage, language: str) -> list[str]:
    """What stands on the page and is no text for people: keys, codes, places for values, another language."""
    seen = view.page.evaluate(
        """() => {
            const parts = [...document.querySelectorAll('body *')]
                .filter((part) => !part.closest('code, option'));
            return parts.flatMap((part) => [
                ...[...part.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()),
                part.getAttribute('aria-label') ?? '', part.getAttribute('title') ?? '',
            ]).filter(Boolean);
        }"""
    )
    assert len(seen) > 100
    codes = {reason.value for reason in Reason if "-" in reason.value}
    told = "\n".join(seen)
    faults = [
        word
        for word in (*texts_of("en"), *codes)
        if re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w.-])", told)
    ]
    faults += re.findall(r"\{\w+\}|undefined|NaN|\[object", told)
    if language != "en":
        own = set(texts_of(language).values())
        faults += [text for text in seen if text in set(texts_of("en").values()) - own]
    return faults


def test_pause_stops_the_clock_and_the_panes_and_play_goes_on(view: WatchedPage) -> None:
    view.fly(APART)
    expect(view.rows("USA").first).to_be_visible()
    view.press("pause")
    assert view.state()["paused"]
    # The nodes come to the instant at which time stands; then nothing moves, on the clock or in any table.
    view.at_rest("a paused page", lambda: (view.clock_ms(), *map(view.figures, PARTIES)))
    standing_ms = view.clock_ms()
    view.shoot("paused")
    view.press("pause")
    view.until("the clock goes on", lambda: view.clock_ms() > standing_ms)
    assert not view.state()["paused"]


def test_the_speed_chosen_is_the_pace_of_the_clock(view: WatchedPage) -> None:
    view.fly(APART)
    for speed in (5, 30):
        view.choose_speed(speed)
        expect(view.part("speed")).to_have_value(str(speed))
        view.until("the new pace", partial(has_speed, view, speed))
        assert speed * 0.6 < pace_of(view) < speed * 1.4


def has_speed(view: WatchedPage, speed: int) -> bool:
    return bool(view.state()["speed"] == speed)


def pace_of(view: WatchedPage) -> float:
    """Seconds of the page's clock in one of its own time."""
    read = "clock => [performance.now(), Number(clock.dataset.instant)]"
    wall_ms, begun_ms = view.part("clock-utc").evaluate(read)
    # The clock is written twice a second: after four seconds that is little.
    now_ms, instant_ms = view.until(
        "four seconds", lambda: (now := view.part("clock-utc").evaluate(read))[0] > wall_ms + 4_000 and now
    )
    return float((instant_ms - begun_ms) / (now_ms - wall_ms))


def test_a_node_that_is_killed_is_shown_as_down_and_comes_back_with_its_whole_picture(
    view: WatchedPage,
) -> None:
    view.fly(APART)
    view.until("something from others in the pane of KOR", lambda: view.rows_by("KOR", "USA").count() > 0)
    view.press("pause")
    before = view.at_rest("the pane of KOR", lambda: view.figures("KOR"))
    assert before
    shown = view.note_appearances("pane-KOR-silent")
    address = view.demo.node_folder("KOR") / "run" / "address.json"
    killed = json.loads(address.read_text(encoding="utf-8"))["pid"]
    kill(killed)
    view.until("the pane of KOR shown as down", shown)
    view.shoot("node-down")
    view.until("another process", lambda: address.is_file() and pid_in(address) not in {None, killed})
    expect(view.part("pane-KOR-silent")).to_have_count(0)
    view.until("the pane of KOR as it was", lambda: view.figures("KOR") == before)
    view.shoot("node-back")
    view.press("pause")
    view.until("the pane of KOR moves", lambda: view.figures("KOR") != before)


def pid_in(address: Path) -> int | None:
    """The process that a node left in its folder; None while it writes."""
    try:
        return int(json.loads(address.read_text(encoding="utf-8"))["pid"])
    except (OSError, ValueError):
        return None


def test_who_has_not_come_in_gets_nothing(browser: Browser, demo: LiveDemo) -> None:
    context = browser.new_context(base_url=demo.origin)
    for path in ("/", "/api/state", "/api/stream", "/assets/", "/openapi.json", "/metrics"):
        answer = context.request.get(path)
        assert answer.status == 401, path
        assert list(answer.json()) == ["error"], path
    for code in ("", "0" * 48, demo.code[:-1], demo.code.upper()):
        answer = context.request.get(f"/enter?code={code}", max_redirects=0)
        assert answer.status == 403, code
        assert answer.json() == {"error": "this is not the code that was printed: copy the whole address"}
        assert "set-cookie" not in answer.headers
    assert context.request.post("/api/control", data={"paused": True}).status == 401
    context.close()


def test_a_page_of_another_origin_cannot_steer_the_exercise(view: WatchedPage, elsewhere: str) -> None:
    view.fly(APART)
    stranger = view.context.new_page()
    view.expected_origins.add(elsewhere)
    stranger.goto(elsewhere)
    asked = """async (address) => {
        const ask = (more) => fetch(address, {credentials: 'include', body: '{"paused":true}', ...more})
            .then((answer) => answer.type, (error) => error.name);
        return [await ask({method: 'POST', mode: 'no-cors'}), await ask({method: 'POST'})];
    }"""
    said = stranger.evaluate(asked, f"{view.demo.origin}api/control")
    assert said == ["TypeError", "TypeError"], "nothing of the answers is told"
    refused = view.context.request.post("/api/control", data={"paused": True}, headers={"origin": elsewhere})
    assert refused.status == 403
    assert not view.state()["paused"]
    stranger.close()


def test_a_breach_of_the_content_policy_would_be_seen_and_is_stopped(view: WatchedPage) -> None:
    # No page breaches it: every other test ends with that. This one shows that it would be noticed.
    answer = view.context.request.get("/")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    ran = view.page.evaluate(
        """async () => {
            const script = document.createElement('script');
            script.textContent = 'window.ran = true';
            document.body.append(script);
            await fetch('http://127.0.0.2:9/').catch(() => null);
            const styled = document.createElement('p');
            styled.setAttribute('style', 'color: red');
            return [window.ran ?? false, styled.style.length];
        }"""
    )
    assert ran == [False, 0]

    def noted() -> bool:
        told = [fault for fault in view.faults if fault.startswith("console: content policy")]
        return {fault.split()[3] for fault in told} >= {"script-src-elem", "connect-src", "style-src-attr"}

    view.until("the three breaches to be noted", noted)
    view.at_rest("what the browser says of them", lambda: len(view.faults))
    view.faults.clear()


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_against_wcag_2_2_aa(view: WatchedPage, language: str) -> None:
    view.fly(APART)
    view.choose_language(language)
    expect(view.rows("USA").first).to_be_visible()
    assert faults_of_access(view) == []
    view.part("told-decisions").click()
    expect(view.part("decisions").locator("li").first).to_be_visible()
    assert faults_of_access(view) == []
    view.part("legend").locator("summary").click()
    assert faults_of_access(view) == []
    view.shoot(f"legend-{language}")


def test_on_a_phone_nothing_is_too_wide_and_every_pane_can_be_reached(phone: WatchedPage) -> None:
    phone.fly(APART)
    for language in LANGUAGES:
        phone.choose_language(language)
        for party in PARTIES:
            phone.part(f"show-{party}").click()
            expect(phone.part(f"pane-{party}")).to_be_visible()
            expect(phone.rows(party).first).to_be_visible()
            for other in set(PARTIES) - {party}:
                expect(phone.part(f"pane-{other}")).to_be_hidden()
            assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        phone.shoot(f"phone-{language}")
