"""`NodePage`: the page at KOR's own door, for somebody who signs in there, and all that reached it."""

from typing import Final

from playwright.sync_api import Browser, Response, expect
from tests.browser.post import PASSWORD, Post
from tests.browser.watched_page import WIDE, Watched

_READ: Final = ("application/json", "text/html", "text/event-stream")


class NodePage(Watched):
    """A page that shows the sign-in screen."""

    def __init__(
        self, browser: Browser, post: Post, size: tuple[int, int] = WIDE, address: str = "/"
    ) -> None:
        """A browser that was never there before."""
        super().__init__(browser, post.kor.origin, size)
        self.post = post
        self.received: list[Response] = []
        self.page.on("response", self._receive)
        self.page.goto(address)
        expect(self.part("signin")).to_be_visible()

    def _receive(self, answer: Response) -> None:
        self.received.append(answer)

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        """Give name and password."""
        self.part("signin-name").fill(name)
        self.part("signin-password").fill(password)
        self.part("signin-go").click()

    def come_in(self, name: str) -> None:
        """Sign in with success."""
        self.come_in_with(name, PASSWORD)

    def come_in_with(self, name: str, password: str) -> None:
        """Sign in with success by another password than at first."""
        self.sign_in(name, password)
        expect(self.part("who")).to_have_text(name)

    def expect_refusal(self, status: int) -> None:
        """Strike the browser's own line about a refused request, which must be there, from the faults."""
        line = f"the server responded with a status of {status}"
        assert any(line in fault for fault in self.faults), self.faults
        self.faults = [fault for fault in self.faults if line not in fault]

    def told(self) -> str:
        """All that reached the browser and holds words: bodies of answers that have ended."""
        texts = []
        for answer in self.received:
            kind = answer.headers.get("content-type", "")
            if kind.startswith(_READ[:2]):
                texts.append(answer.text())
        return "\n".join(texts)
