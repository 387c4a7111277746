"""Pictures of every room, in three languages, wide and on a phone; `make screenshots` writes them.

    python -m tests.browser.screenshots [FOLDER]

The rooms are those of the rail, so that a new one is in without a word here. Pictures have a palette of 256
colours: all of them together stay under `BYTES_MAX`.
"""

import io
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image, ImageColor
from playwright.sync_api import Browser, expect, sync_playwright
from tests.browser.conftest import ARGUMENTS, executable
from tests.browser.live_demo import WAIT_S, live_demo
from tests.browser.node_page import NodePage
from tests.browser.post import running_post
from tests.browser.watched_page import LANGUAGES, PHONE, Watched, WatchedPage

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
SIZES: Final = {"": (1280, 800), "-phone": PHONE}
BYTES_MAX: Final = 6_000_000
MOMENT_S: Final = 170
REGIME: Final = "realtime-2023"
PARTY: Final = "KOR"
_COLOURS: Final = 256
_KEPT: Final = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00")
_SETTLED_MS: Final = 2_500
_PHONE_WIDTH_PX: Final = 390


def main(folder: Path) -> int:
    """Take them all; 1 where they are too large together."""
    folder.mkdir(parents=True, exist_ok=True)
    # What a room that is no more left behind is no picture of the page.
    for old in folder.glob("*.png"):
        old.unlink()
    expect.set_options(timeout=WAIT_S * 1_000)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        chromium = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        _rooms(chromium, Path(scratch), folder)
        _door(chromium, Path(scratch) / "post", folder)
        chromium.close()
    total = sum(path.stat().st_size for path in folder.glob("*.png"))
    sys.stdout.write(f"{len(list(folder.glob('*.png')))} pictures, {total / 1e6:.1f} MB, in {folder}\n")
    return int(total > BYTES_MAX)


def _rooms(chromium: Browser, scratch: Path, folder: Path) -> None:
    with live_demo(scratch, "--speed", "5", "--regime", REGIME) as demo:
        for ending, size in SIZES.items():
            view = WatchedPage(chromium, demo, size, room="picture")
            view.act_as(PARTY)
            expect(view.rows(PARTY).first).to_be_visible()
            # All show one moment, when something has happened already, however long the pictures take.
            wait_for_moment(view)
            if not view.state()["paused"]:
                view.press("pause")
            view.fold()
            for room in view.rooms():
                view.enter(room)
                for language in LANGUAGES:
                    view.choose_language(language)
                    _shoot(view, folder / f"{room}-{language}{ending}.png")
            view.close()


def wait_for_moment(view: WatchedPage) -> None:
    """Until the flight has come so far."""
    begun_ms = view.state()["start_ns"] / 1e6
    view.until("the moment", lambda: view.clock_ms() > begun_ms + MOMENT_S * 1e3)


def _door(chromium: Browser, scratch: Path, folder: Path) -> None:
    """Sign-in at a node, and the picture there."""
    scratch.mkdir()
    with running_post(scratch) as post:
        for ending, size in SIZES.items():
            door = NodePage(chromium, post, size)
            for language in LANGUAGES:
                door.choose_language(language)
                _shoot(door, folder / f"signin-{language}{ending}.png")
            door.come_in("watcher")
            expect(door.rows("KOR").first).to_be_visible()
            for language in LANGUAGES:
                door.choose_language(language)
                _shoot(door, folder / f"node-{language}{ending}.png")
            door.close()


def _shoot(view: Watched, path: Path) -> None:
    view.page.wait_for_timeout(_SETTLED_MS)
    image = Image.open(io.BytesIO(view.page.screenshot())).convert("RGB")
    if image.width < SIZES[""][0]:
        # A phone has two dots for each pixel of the layout; one is enough to look at.
        image = image.resize((_PHONE_WIDTH_PX, image.height * _PHONE_WIDTH_PX // image.width))
    _few_colours(image).save(path, optimize=True)


def _few_colours(image: Image.Image) -> Image.Image:
    """The picture with a palette in which the colours of the parties are kept, however few dots have them."""
    most = image.quantize(_COLOURS - len(_KEPT), dither=Image.Dither.NONE).getpalette() or []
    kept = [part for colour in _KEPT for part in ImageColor.getrgb(colour)]
    palette = Image.new("P", (1, 1))
    palette.putpalette(most[: 3 * (_COLOURS - len(_KEPT))] + kept)
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
