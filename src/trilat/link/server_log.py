"""What nats-server says of links, translated: one clear line for each refusal and each break.

Lines of the server are read, never obeyed. They quote partners' bytes, so what is passed on is cut and made
printable; ports and numbers that differ from time to time are left out, so that the same thing is said in the
same words. `Repeats` then keeps a partner that tries again and again from filling a log.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

QUOTED_CHARACTERS_MAX: Final = 160
CONNECTIONS_MAX: Final = 1_000
REPEAT_AFTER_S: Final = 30.0
LINES_REMEMBERED_MAX: Final = 64

_LINE: Final = re.compile(r"^(?:\[\d+\] )?(?:[\d/]+ [\d:.]+ )?\[(?P<level>[A-Z]{3})\] (?P<text>.*)$")
_CONNECTION: Final = re.compile(
    r"^(?P<host>.+):\d+ - (?P<kind>[lc])id:(?P<number>\d+) - (?:\"v.*?\" - (?:\".*?\" - )?)?(?P<text>.*)$"
)
_DIALLED: Final = re.compile(r"^Leafnode connection created for account: (?P<party>\S+)")
_CLOSED: Final = re.compile(r"^Leafnode connection closed: (?P<why>.*?)(?: - Remote: (?P<remote>.*))?$")
_UNREACHABLE: Final = re.compile(
    r"^Error trying to connect as leafnode to remote server \"(?P<address>[^\"]*)\".*?: (?P<why>[^:]+)$"
)
_CERTIFICATE_NAME: Final = re.compile(r"\(CN=(?P<name>.*?)(?: SHA-256: .*)?\)")
_NKEY: Final = re.compile(r"Nkey \"(?P<nkey>[^\"]*)\"")
_SIZES: Final = re.compile(r"maximum payload exceeded: (?P<size>\S+) vs")
_VIOLATION: Final = re.compile(
    r"(?P<what>Publish|Subscription) Violation\b.*?Subject \"(?P<subject>[^\"]*)\""
)
_LISTENING: Final = re.compile(r"^Listening for (?P<what>client|leafnode) connections on .*:(?P<port>\d+)$")

_USUAL_ENDS: Final = frozenset({"Server Shutdown", "Client Closed", "Duplicate Remote LeafNode Connection"})
_ORDINARY: Final = ('Clients that are not using "TLS Handshake First"',)


class Told(Enum):
    """What a line is about."""

    REFUSAL = "refusal"
    """Something was refused, here or by a partner."""
    EVENT = "event"
    """A link or the server changed."""
    READY = "ready"
    """The server is up."""
    RELOADED = "reloaded"
    """The server took other settings while it runs."""
    LISTENING = "listening"
    """The server took a port; the text is `client PORT` or `leafnode PORT`."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line for people, and what it is about."""

    told: Told
    text: str


class LogReader:
    """Reads the lines of one run of a server in their order."""

    def __init__(self, nkeys: Mapping[str, str]) -> None:
        """A reader that knows whose NKey is whose."""
        self._nkeys = dict(nkeys)
        self._dialled: dict[str, str] = {}
        self._refused: set[str] = set()
        self._too_long: dict[str, str] = {}

    def know(self, nkeys: Mapping[str, str]) -> None:
        """From now on these NKeys are whose."""
        self._nkeys = dict(nkeys)

    @property
    def linked(self) -> frozenset[str]:
        """The accounts that have a leaf connection now."""
        return frozenset(self._dialled.values())

    def read(self, line: str) -> LogLine | None:
        """What a line of the server says to people; None where that is nothing."""
        found = _LINE.match(line.strip())
        if found is None:
            # A configuration that it does not take, it tells without a level.
            return LogLine(Told.EVENT, f"the links' server says: {printable(line)}") if line.strip() else None
        level, text = found["level"], found["text"].strip()
        connection = _CONNECTION.match(text)
        if connection is not None:
            return self._of_connection(level, connection)
        return _of_server(level, text)

    def _of_connection(self, level: str, found: re.Match[str]) -> LogLine | None:
        text, number = found["text"].strip(), found["kind"] + found["number"]
        dialled = _DIALLED.match(text)
        if dialled is not None:
            self._remember(number, printable(dialled["party"]))
            return None
        partner = self._dialled.get(number)
        closed = _CLOSED.match(text)
        if closed is not None:
            return self._closed(number, found["host"], closed)
        if level not in {"ERR", "FTL"} or "Error flushing" in text:
            # What could not be written is told when the connection closes.
            return None
        if len(self._refused) >= CONNECTIONS_MAX:
            self._refused.clear()
        self._refused.add(number)
        sizes = _SIZES.search(text)
        if sizes is not None and found["kind"] == "l":
            # Only the line that it closed says who it was.
            self._too_long = {number: printable(sizes["size"])}
            return None
        who = f"a connection from `{printable(found['host'])}`" if partner is None else f"`{partner}`"
        return LogLine(Told.REFUSAL, self._refusal(text, who, dialled=partner is not None))

    def _remember(self, number: str, party: str) -> None:
        while len(self._dialled) >= CONNECTIONS_MAX:
            self._dialled.pop(next(iter(self._dialled)))
        self._dialled[number] = party

    def _closed(self, number: str, host: str, closed: re.Match[str]) -> LogLine | None:
        partner, size = self._dialled.pop(number, None), self._too_long.pop(number, None)
        told, why = number in self._refused, closed["why"]
        self._refused.discard(number)
        remote = partner or printable(closed["remote"] or host)
        if size is not None:
            return LogLine(Told.REFUSAL, f"`{remote}` sends a message of {size} bytes: too long, refused")
        if told or why in _USUAL_ENDS:
            return None
        if partner is None and why == "TLS Handshake Failure":
            return LogLine(
                Told.REFUSAL, f"a connection from `{remote}` does not speak TLS as agreed: refused"
            )
        return LogLine(Told.EVENT, f"the link with `{remote}` broke: {printable(why).lower()}")

    def _refusal(self, text: str, who: str, *, dialled: bool) -> str:
        """One line for an error about a connection, by whose fault it is."""
        if "handshake error" in text:
            return _handshake(text, who, dialled=dialled)
        if "authentication error" in text:
            found = _NKEY.search(text)
            nkey = found["nkey"] if found is not None else ""
            if nkey in self._nkeys:
                return f"{who} shows the NKey of `{self._nkeys[nkey]}` where it does not belong: refused"
            shown = f"an NKey of no linked partner (`{printable(nkey)}`)" if nkey else "no NKey"
            return f"{who} shows {shown}: refused"
        if "Authorization Violation" in text:
            return f"{who} refuses our NKey: ask whether it holds our newest card, and links with us"
        sizes = _SIZES.search(text)
        if sizes is not None:
            return f"{who} sends a message of {printable(sizes['size'])} bytes: too long, refused"
        if "Maximum Payload Violation" in text:
            return f"{who} refuses a message of ours as too long: its limit is another, use one version"
        violation = _VIOLATION.search(text)
        if violation is not None:
            act = "publish to" if violation["what"] == "Publish" else "listen to"
            return f"{who} may not {act} `{printable(violation['subject'])}`: refused"
        if "parser" in text.lower() or "protocol" in text.lower():
            return f"{who} does not speak the protocol of NATS: refused"
        return f"{who}: {printable(text)}"


class Repeats:
    """Says a line at most once in a while, with how often it came in between."""

    def __init__(self, say: Callable[[str], None], now_s: Callable[[], float]) -> None:
        """Says through `say`, by a clock of seconds that never goes back."""
        self._say = say
        self._now_s = now_s
        self._said: dict[str, tuple[float, int]] = {}
        self._left_out: tuple[float, int] | None = None

    def say(self, text: str) -> None:
        """Say a line, or count it."""
        now_s = self._now_s()
        said_s, times = self._said.get(text, (None, 0))
        if said_s is not None and now_s < said_s + REPEAT_AFTER_S:
            self._said[text] = (said_s, times + 1)
            return
        if said_s is None and not self._has_room(now_s):
            self._leave_out(now_s)
            return
        self._said[text] = (now_s, 0)
        self._say(f"{text} ({times} times more before)" if times else text)

    def _has_room(self, now_s: float) -> bool:
        if len(self._said) >= LINES_REMEMBERED_MAX:
            self._said = {text: said for text, said in self._said.items() if now_s < said[0] + REPEAT_AFTER_S}
        return len(self._said) < LINES_REMEMBERED_MAX

    def _leave_out(self, now_s: float) -> None:
        since_s, times = self._left_out if self._left_out is not None else (None, 0)
        if since_s is not None and now_s < since_s + REPEAT_AFTER_S:
            self._left_out = (since_s, times + 1)
            return
        self._left_out = (now_s, 0)
        self._say(f"too many different refusals on the links: {times + 1} or more are counted, not told")


def printable(text: str) -> str:
    """Foreign text, safe to print on one line and not longer than it may be."""
    cut = text[:QUOTED_CHARACTERS_MAX]
    shown = cut if cut.isprintable() else cut.encode("unicode_escape").decode("ascii")
    return shown if len(text) <= QUOTED_CHARACTERS_MAX else f"{shown}..."


def _handshake(text: str, who: str, *, dialled: bool) -> str:
    why = text.partition("handshake error: ")[2].removeprefix("tls: ")
    if "signed by unknown authority" in why:
        found = _CERTIFICATE_NAME.search(why)
        name = printable(found["name"]) if found is not None else "without a name"
        whose = "another authority than its card's" if dialled else "an authority of no linked partner"
        return f"{who} shows a certificate by {whose} (`{name}`): refused"
    if "didn't provide a certificate" in why:
        return f"{who} shows no certificate of a linked partner: refused"
    if why.startswith("remote error"):
        return f"{who} refuses our certificate: ask whether it holds our newest card"
    return f"{who} fails in TLS ({printable(why)}): refused"


def _of_server(level: str, text: str) -> LogLine | None:
    if text == "Server is ready":
        return LogLine(Told.READY, text)
    if text.startswith("Reloaded server configuration"):
        return LogLine(Told.RELOADED, text)
    listening = _LISTENING.match(text)
    if listening is not None:
        return LogLine(Told.LISTENING, f"{listening['what']} {listening['port']}")
    unreachable = _UNREACHABLE.match(text)
    if unreachable is not None:
        address, why = printable(unreachable["address"]), printable(unreachable["why"].strip())
        return LogLine(Told.EVENT, f"the partner's server at `{address}` cannot be reached: {why}")
    if level in {"INF", "DBG", "TRC"} or text.startswith(_ORDINARY):
        return None
    return LogLine(Told.EVENT, f"the links' server says: {printable(text)}")
