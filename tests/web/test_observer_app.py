"""The page's origin: controls, files and what a build without a page says."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.web.fakes import NOW_NS, PAGE, FakeDirector, ask, error_of, page_access

from trilat.model import UsageError
from trilat.web import Observer, PageFiles, observer_app


def application(director: FakeDirector | None = None, page: Path | None = None) -> Any:
    return observer_app(
        Observer(), director or FakeDirector(), page_access(), None if page is None else PageFiles.read(page)
    )


def control(director: FakeDirector, body: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body)
    return asyncio.run(ask(application(director), "POST", "/api/control", PAGE, content=content))


@pytest.mark.parametrize(
    "asked",
    [
        {"paused": True},
        {"paused": False},
        {"speed": 30},
        {"speed": 0.5},
        {"regime": "x"},
        {"restart": True},
        {"strike": []},
        {"strike": ["us-japan-2007.toml#to-usa"]},
    ],
)
def test_the_director_is_told_one_thing(asked: dict[str, Any]) -> None:
    director = FakeDirector()
    answer = control(director, asked)
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert director.told == [asked]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "ask for one thing"),
        ({"paused": True, "speed": 1}, "ask for one thing"),
        ({"restart": False}, "ask for one thing"),
        ({"restart": 1}, "`$.restart`"),
        ({"paused": "yes"}, "`$.paused`"),
        ({"paused": None}, "`$.paused`"),
        ({"speed": "fast"}, "`$.speed`"),
        ({"speed": 0}, "`$.speed`"),
        ({"speed": -1}, "`$.speed`"),
        ({"speed": 1_001}, "`$.speed`"),
        ({"speed": True}, "`$.speed`"),
        ({"regime": ""}, "`$.regime`"),
        ({"regime": "a" * 121}, "`$.regime`"),
        ({"strike": "x#1"}, "`$.strike`"),
        ({"strike": ["x#1"] * 51}, "`$.strike`"),
        ({"strike": [""]}, "`$.strike[0]`"),
        ({"strike": ["<script>"]}, "`$.strike[0]`"),
        ({"strike": [], "restart": True}, "ask for one thing"),
        ({"seek": 5}, "unknown field `seek`"),
        ([], "expected `object`"),
        (b"", "not JSON"),
        (b'{"speed": NaN}', "not a number"),
        (b'{"speed": 1e999}', "beyond every number"),
        (b'{"speed": 1, "speed": 2}', "stands twice"),
    ],
)
def test_what_cannot_be_asked_is_refused(body: Any, words: str) -> None:
    director = FakeDirector()
    answer = control(director, body)
    assert answer.status_code == 400
    assert words in error_of(answer)
    assert director.told == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("no regime `x`: choose one of hub-2014"), 400),
        (UsageError("the nodes are being started", conflict=True), 409),
        (RuntimeError("secret"), 500),
    ],
)
def test_what_the_director_refuses_is_one_line(error: Exception, status: int) -> None:
    answer = control(FakeDirector(error=error), {"regime": "x"})
    assert answer.status_code == status
    assert "secret" not in error_of(answer)


def test_a_large_body_is_refused() -> None:
    assert control(FakeDirector(), b" " * 70_000).status_code == 413


def test_the_state_is_the_director_s_and_the_panes() -> None:
    told = asyncio.run(ask(application(), "GET", "/api/state", PAGE)).json()
    assert told["now_ns"] == NOW_NS
    assert told["panes"] == {}


def test_health_and_metrics_say_who_is_heard() -> None:
    app = application()
    assert asyncio.run(ask(app, "GET", "/health", PAGE)).json() == {"ok": True, "heard": {}}
    assert "trilat_pages_behind_total 0.0" in asyncio.run(ask(app, "GET", "/metrics", PAGE)).text


# --- files ---

FILES = {
    "index.html": b"<!doctype html>",
    "assets/index-Ab12_-9z.js": b"let a;",
    "assets/index-Ab12_-9z.css": b"p{}",
    "assets/land.json": b"{}",
    "favicon.svg": b"<svg/>",
    "notes.unknown": b"\x00",
}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    folder = tmp_path / "page"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.mark.parametrize(
    ("path", "media_type", "kept"),
    [
        ("/", "text/html; charset=utf-8", "no-store"),
        ("/?lang=ja", "text/html; charset=utf-8", "no-store"),
        ("/index.html", "text/html; charset=utf-8", "no-store"),
        (
            "/assets/index-Ab12_-9z.js",
            "text/javascript; charset=utf-8",
            "private, max-age=31536000, immutable",
        ),
        ("/assets/index-Ab12_-9z.css", "text/css; charset=utf-8", "private, max-age=31536000, immutable"),
        ("/assets/land.json", "application/json", "no-store"),
        ("/favicon.svg", "image/svg+xml", "no-store"),
        ("/notes.unknown", "application/octet-stream", "no-store"),
    ],
)
def test_files_of_the_page_are_served_as_what_they_are(
    page: Path, path: str, media_type: str, kept: str
) -> None:
    answer = asyncio.run(ask(application(page=page), "GET", path, PAGE))
    assert answer.status_code == 200
    assert answer.content == FILES[path.partition("?")[0].removeprefix("/") or "index.html"]
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == kept
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/assets",
        "/assets/",
        "/assets/nothing.js",
        "/INDEX.HTML",
        "/index.html/",
        "/link.txt",
        "/%2E%2E/secret.txt",
        "/assets/%2E%2E/index.html",
        "/assets/..%2F..%2Fsecret.txt",
        "/..%5Csecret.txt",
        "/%00",
        "/index.html%00.js",
        "/etc/passwd",
        "/%2Fetc%2Fpasswd",
        "/api/nothing",
        "/api",
    ],
)
def test_no_address_becomes_a_path(page: Path, path: str) -> None:
    answer = asyncio.run(ask(application(page=page), "GET", path, PAGE))
    assert answer.status_code == 404
    assert error_of(answer)


def test_files_are_those_of_the_start(page: Path) -> None:
    app = application(page=page)
    (page / "later.txt").write_text("later")
    (page / "index.html").write_text("changed")
    assert asyncio.run(ask(app, "GET", "/later.txt", PAGE)).status_code == 404
    assert asyncio.run(ask(app, "GET", "/", PAGE)).content == FILES["index.html"]


def test_a_build_without_a_page_says_how_to_get_it() -> None:
    answer = asyncio.run(ask(application(), "GET", "/", PAGE))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "has no page: install Node.js" in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize("content", [{}, {"main.js": b""}, {"pages/index.html": b""}])
def test_a_folder_that_is_no_page_is_refused(tmp_path: Path, content: dict[str, bytes]) -> None:
    for name, data in content.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=r"has no index.html: build the page again"):
        application(page=tmp_path)


def test_a_folder_that_holds_too_much_is_refused(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trilat.web.files.FILES_MAX", 3)
    with pytest.raises(UsageError, match="more than a page does"):
        application(page=page)
