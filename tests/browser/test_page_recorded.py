"""A recorded flight and recorded ships, live on the page; skipped where the recordings are not at hand."""

from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser
from tests.browser.live_demo import live_demo
from tests.browser.watched_page import WatchedPage
from tests.recordings import AIS, DANISH, recorded

FLIGHT: Final = AIS.parent / "rocket" / "spacex_webcast" / "SpaceX_CRS-8"
SHIPS_MIN: Final = 500


@pytest.mark.skipif(not FLIGHT.is_dir(), reason="recorded telemetry is not beside the project")
def test_a_recorded_flight_of_two_stages_is_seen_by_all_three_parties(
    browser: Browser, tmp_path: Path
) -> None:
    flight = ("--telemetry", str(FLIGHT / "analysed.json"), "--pad", "28.562,-80.577", "--azimuth", "44")
    with live_demo(tmp_path, *flight, "--speed", "20", "--regime", "multilateral") as demo:
        view = WatchedPage(browser, demo)
        view.until("the flight in every pane", lambda: all(seen(view, party, "track") for party in PARTIES))
        view.shoot("recorded-flight")
        view.close()


@recorded
def test_danish_ships_are_on_the_map(browser: Browser, tmp_path: Path) -> None:
    with live_demo(tmp_path, "--ais", str(AIS / DANISH), "--speed", "60") as demo:
        view = WatchedPage(browser, demo)
        view.until("many ships in a pane", lambda: max(ships(view)) > SHIPS_MIN)
        view.until("ships given by a partner", lambda: any(given(view, party) for party in PARTIES))
        view.shoot("ships")
        view.close()


PARTIES: Final = ("JPN", "KOR", "USA")


def items_of(view: WatchedPage, party: str) -> list[dict[str, Any]]:
    """What a party's pane has; nothing while its node starts."""
    items: list[dict[str, Any]] = view.state()["panes"].get(party, {"items": []})["items"]
    return items


def seen(view: WatchedPage, party: str, kind: str) -> int:
    """How many items of a kind a party's pane has."""
    return sum(item["kind"] == kind for item in items_of(view, party))


def ships(view: WatchedPage) -> list[int]:
    return [seen(view, party, "vessel") for party in PARTIES]


def given(view: WatchedPage, party: str) -> int:
    """How many ships of a pane came from a partner."""
    return sum(item["kind"] == "vessel" and item["sender"] is not None for item in items_of(view, party))
