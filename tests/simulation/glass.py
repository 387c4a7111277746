"""`Glass`: sees what a payload is that leaves a node, with the keys of whoever it is for.

Nothing in an envelope or message names anybody any more, so that a watcher needs keys as the hub does not
have. It learns keys of epochs from everything that leaves, also from what is lost on the way then.
"""

from typing import Final, NamedTuple

from trilat.link import NodeKeys, TrustStore
from trilat.link.cose import is_encrypt0, is_sign1
from trilat.link.keying import TOPIC_KEY, KeyWord
from trilat.link.messages import Acknowledgement, Message, Notice, Pull, open_message
from trilat.link.opening import Opener
from trilat.model import EpochError, decode

_WORD_BYTES_MAX: Final = 16_384


class Batch(NamedTuple):
    """The place of an envelope's objects in a stream."""

    stream: str
    last: int


Word = Acknowledgement | Pull


class Glass:
    """Looks into what is for one party."""

    def __init__(self, keys: NodeKeys, trust: TrustStore) -> None:
        """With that party's keys; nothing seen."""
        self._keys = keys
        self._trust = trust
        self._opener = Opener(keys, trust)
        self.unseen = 0
        """Envelopes whose key was told before this looked."""

    def see(self, payload: bytes) -> Batch | Word | None:
        """The batch of an envelope, a receipt or a pull; None for all else."""
        if is_encrypt0(payload):
            payload = self._opener.pairs.uncover(payload)
        if is_sign1(payload):
            return self._word(open_message(payload, self._keys.party, self._trust))
        try:
            batch = self._opener.check(payload).batch
        except EpochError:
            self.unseen += 1
            return None
        return Batch(batch.stream, batch.first_sequence + batch.count - 1)

    def _word(self, message: Message) -> Word | None:
        if isinstance(message, Notice) and message.topic == TOPIC_KEY:
            word = decode(message.content, KeyWord, _WORD_BYTES_MAX)
            self._opener.learn(message.sender, word.epoch, word.key)
        return message if isinstance(message, Word) else None
