"""`Post`: puts payloads on the transport, each link at its own pace, and keeps small words until it may.

A paced link is free again when what was put on it has gone at its rate. What is said in between, such as
receipts, is made when the link is free: one receipt then speaks for all that came meanwhile.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from trilat.link.cose import is_sign1
from trilat.link.limits import LinkProfile
from trilat.model import SECOND_NS, Lane, LinkError, Transport, TrustError

Tell = Callable[[str, str], None]
"""Takes a reason to count under, and one line."""

_OWED_MAX: Final = 64
"""Words that wait for one link; the oldest goes for a new one, since each is said again."""


class Post:
    """The way out of a node."""

    def __init__(
        self,
        transport: Transport,
        profile: Callable[[str], LinkProfile],
        tell: Tell,
        cover: Callable[[str, bytes], bytes],
    ) -> None:
        """Every link is free. `cover` makes of a signed message what may be seen on the way."""
        self._transport = transport
        self._profile = profile
        self._tell = tell
        self._cover = cover
        self._free_ns: dict[str, int] = {}
        self._owed: dict[str, OrderedDict[tuple[str, ...], Callable[[], bytes]]] = {}

    def is_free(self, recipient: str, now_ns: int) -> bool:
        """Whether something may go to a recipient now."""
        return self._free_ns.get(recipient, now_ns) <= now_ns

    def put(self, recipient: str, payload: bytes, now_ns: int, lane: Lane = Lane.LIVE) -> None:
        """Send a payload now, and count it against the link's rate."""
        if is_sign1(payload):
            try:
                payload = self._cover(recipient, payload)
            except TrustError as error:
                self._tell("trust", f"nothing is said to `{recipient}`: {error}")
                return
        bits_per_s = self._profile(recipient).bits_per_s
        if bits_per_s is not None:
            start_ns = max(now_ns, self._free_ns.get(recipient, now_ns))
            self._free_ns[recipient] = start_ns + len(payload) * 8 * SECOND_NS // bits_per_s
        try:
            self._transport.send(recipient, payload, lane)
        except LinkError as error:
            self._tell("link", f"the link to `{recipient}` failed, what is lost is sent again: {error}")

    def put_made(self, recipient: str, make: Callable[[], bytes], now_ns: int) -> None:
        """Make a word and send it now; where a token does not sign it, it is told, and said again later."""
        try:
            payload = make()
        except LinkError as error:
            self._tell("not-signed", f"nothing is said to `{recipient}`: {error}")
            return
        self.put(recipient, payload, now_ns)

    def say(self, recipient: str, name: tuple[str, ...], make: Callable[[], bytes], now_ns: int) -> None:
        """Send a small word when the link is free; of several of one name only the newest."""
        owed = self._owed.get(recipient)
        if not owed and self.is_free(recipient, now_ns):
            self.put_made(recipient, make, now_ns)
            return
        owed = self._owed.setdefault(recipient, OrderedDict())
        owed[name] = make
        if len(owed) > _OWED_MAX:
            owed.popitem(last=False)

    def say_owed(self, recipient: str, now_ns: int) -> None:
        """Send what waits, oldest first, while the link is free."""
        owed = self._owed.get(recipient)
        while owed and self.is_free(recipient, now_ns):
            _, make = owed.popitem(last=False)
            self.put_made(recipient, make, now_ns)

    def owing(self) -> tuple[str, ...]:
        """The recipients to whom something waits to be said."""
        return tuple(recipient for recipient, owed in self._owed.items() if owed)

    def free_ns(self, recipient: str) -> int:
        """The instant from which something may go to a recipient; 0 where it always may."""
        return self._free_ns.get(recipient, 0)
