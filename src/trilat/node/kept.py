"""`Kept`: what partners' nodes said that must outlive a process.

A link asks anew after every start. A carried medium does not: a bundle is read by one process and answered by
another, days later perhaps. So, beside the ledger (nothing of it is the record of anything):

1. The newest signed word of each party on each agreement is kept, and taken again after a start. It counts by
   the instant that it was signed and is checked as on the day it came: no word lives longer by being kept.
2. A partner's question how far its stream was accepted is kept, so that the next bundle to it can answer.
3. What is kept is not in a backup: a restored node has heard nothing.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from trilat.model import SECOND_NS, Clock, PeerError, UsageError
from trilat.node.parts import Part

if TYPE_CHECKING:
    from trilat.node.node import Node

EVERY_NS: Final = 10 * SECOND_NS
"""Words are renewed all the time; this often they are written."""

WORDS_MAX: Final = 1_500
"""So that the file stays below what is read of one."""

_PARTNERS_MAX: Final = 1_024
_Text = Annotated[str, msgspec.Meta(max_length=2_048)]


class _Asked(msgspec.Struct, frozen=True):
    stream: _Text
    nonce: _Text


class _File(msgspec.Struct, frozen=True):
    words: Annotated[tuple[_Text, ...], msgspec.Meta(max_length=WORDS_MAX)] = ()
    asked: Annotated[dict[_Text, _Asked], msgspec.Meta(max_length=_PARTNERS_MAX)] = {}


class Kept(Part):
    """Keeps and takes again what was said to one node."""

    def __init__(self, node: "Node", clock: Clock) -> None:
        """Nothing is kept; `clock` is that of the links."""
        self._node = node
        self._clock = clock
        self._save: Callable[[str], None] | None = None
        self._text = ""
        self._saved = ""
        self._next_ns = 0

    def begin(self, text: str, save: Callable[[str], None]) -> None:
        """Take what was kept once the ledger is read, and keep from now on.

        Args:
            text: of the file; empty where there is none.
            save: writes it; UsageError where that cannot be.
        """
        self._text, self._save = text, save

    def restored(self) -> None:
        """Take what was kept; what cannot be read, or is not sound any more, counts as never said."""
        if not self._text:
            return
        try:
            file = msgspec.json.decode(self._text, type=_File)
            asked = {
                peer: (one.stream, b64decode(one.nonce, validate=True)) for peer, one in file.asked.items()
            }
            words = [b64decode(word, validate=True) for word in file.words]
        except (msgspec.MsgspecError, ValueError):
            self._node.note_refusal(
                "what partners said before this start cannot be read: they are asked again"
            )
            return
        for word in words:
            try:
                self._node.known.hear_again(word)
            except PeerError:
                continue  # by a key that was revoked since: it is no word any more
        for peer, (stream, nonce) in asked.items():
            self._node.resuming.asked_before(peer, stream, nonce)

    def written(self, now_ns: int) -> None:
        """Keep what changed, now and then."""
        del now_ns
        at_ns = self._clock.now_ns()
        if at_ns >= self._next_ns:
            self._next_ns = at_ns + EVERY_NS
            self.keep()

    def keep(self) -> None:
        """Write what there is to keep, where it changed."""
        if self._save is None:
            return
        node = self._node
        text = msgspec.json.encode(
            _File(
                words=tuple(b64encode(word).decode() for word in node.known.words_to_keep()[:WORDS_MAX]),
                asked={
                    peer: _Asked(asked.stream, b64encode(asked.nonce).decode())
                    for peer, asked in node.resuming.questions.items()
                },
            )
        ).decode()
        if text == self._saved:
            return
        try:
            self._save(text)
        except UsageError as error:
            node.note_refusal(f"what partners said is not kept for the next start: {error}")
        self._saved = text
