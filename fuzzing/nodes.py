"""A whole node as its partners reach it: payloads, notices on every topic, parcels that a partner sealed."""

import os
import random
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from typing import Final
from unittest import mock

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from tests.link.ceremony import Household
from tests.recall_drill import drill, recalling
from tests.recall_drill import run as run_drill
from tests.small_federation import once, sent
from tests.strategies import nouns

from fuzzing.target import Target, silent
from trilat.link import Batch, Notice, Parcel, Sealer, sign_label
from trilat.link.cose import sign1
from trilat.link.keying import KeyWord
from trilat.link.keys import wrap_to
from trilat.link.messages import MESSAGE_TYPE, Acknowledgement, HighWater, Omission, Pull, sign_message
from trilat.link.padding import padded
from trilat.link.pair import pair_of, token_of
from trilat.link.parcel import BATCH_TYPE, DIGEST_BYTES, batch_bound, objects_bound, part_digest
from trilat.link.sealing import EPOCH_USE, OBJECT_LEAST_BYTES
from trilat.link.tree_head import _bound as word_bound
from trilat.link.trust_state import TRUST_MAGIC, encode_announcement
from trilat.model import SECOND_NS, Envelope, EnvelopeError, Release, UsageError, WireError, encode
from trilat.node import Node
from trilat.node.known_records import Summary
from trilat.node.known_records import _bound as known_bound
from trilat.node.resuming import AcceptedAsked
from trilat.node.tree_records import LeavesAsked, RepairAsked
from trilat.node.trusting import HeldState
from trilat.study import Federation

_SEEDS_MAX: Final = 6
_SALT_BYTES: Final = 16
_NODE: Final = "USA"
_PARTNER: Final = "JPN"
BOUNDS: Final = {
    "known": known_bound(_PARTNER, _NODE),
    "head": word_bound(_PARTNER, _NODE, "head"),
    "repair": word_bound(_PARTNER, _NODE, "repair"),
    "resuming": word_bound(_PARTNER, _NODE, "resuming"),
}
"""Topics whose words are sealed to the node, and what each is bound to."""

_INPUTS_EACH: Final = 20_000
"""A node writes down what it refuses, as it must: after so many inputs a target goes on with a new one."""


class Attacked:
    """USA's node after a short run with recalls, and JPN's keys: what an authentic partner can say to it."""

    def __init__(self) -> None:
        """The run; always the same, so that a finding can be fed again."""
        self.refusals: list[str] = []
        self.payloads: list[bytes] = []
        self.notices: dict[str, list[bytes]] = {}
        chance = random.Random(6)
        with mock.patch.object(os, "urandom", chance.randbytes):
            self.federation = drill(12)
            self._listen(self.federation)
            run_drill(self.federation, [once(4, recalling())])
        self.node: Node = self.federation.nodes[_NODE]
        self.keys = self.federation._keys[_PARTNER]
        self.house = Household(_PARTNER, 7, given=self.keys)
        self.node.trust.pin_state(self.house.newest)
        endpoint = self.node.endpoint
        endpoint._on_refusal = self.refusals.append
        self.topics = tuple(endpoint._topics)
        self.next = endpoint.cursors().get((_PARTNER, self.keys.stream_to(_NODE)), 0) + 1
        self.back = self.federation._keys[_NODE].stream_to(_PARTNER)
        self.pin = self.federation._keys[_NODE].pin
        self.sealer = Sealer(self.keys, self.pin, self.keys.stream_to(_NODE), chance.randbytes)

    def _listen(self, federation: Federation) -> None:
        endpoint = federation.nodes[_NODE].endpoint

        def heard(payload: bytes) -> None:
            self.payloads.append(payload)
            endpoint.receive(payload)

        federation.network.listen(_NODE, heard)
        for topic, take in list(endpoint._topics.items()):
            endpoint._topics[topic] = self._noting(topic, take)

    def _noting(self, topic: str, take: Callable[[str, bytes], None]) -> Callable[[str, bytes], None]:
        def noted(sender: str, content: bytes) -> None:
            if sender == _PARTNER:
                self.notices.setdefault(topic, []).append(content)
            take(sender, content)

        return noted

    def receive(self, payload: bytes) -> None:
        """A payload comes, and the node goes on."""
        self.node.endpoint.receive(payload)

    def say(self, data: bytes) -> None:
        """The partner signs whatever this is as a message."""
        self.receive(sign1(self.keys.signing, MESSAGE_TYPE, data))

    def wrapped(self, topic: str, word: bytes) -> bytes:
        """A word that the partner seals to the node, on a topic of which words are sealed."""
        return wrap_to(self.pin, word, BOUNDS[topic])

    def trust(self, data: bytes) -> None:
        """Whoever it is tells this as somebody's trust states."""
        self.receive(TRUST_MAGIC + wrap_to(self.pin, data, TRUST_MAGIC))

    def notify(self, topic: str, content: bytes) -> None:
        """The partner says this on a topic."""
        # Nodes refuse who speaks too often, and here it is to be heard.
        self.federation.clock.advance_to(self.federation.clock.now_ns() + SECOND_NS)
        notice = Notice(sender=_PARTNER, recipient=_NODE, topic=topic, content=content)
        self.receive(sign_message(self.keys, notice))

    def seal(self, parcel: bytes) -> None:
        """The partner seals these bytes as the next parcel of its stream; then the node has its turn."""
        self.receive(self._sealed(parcel))
        name = (_PARTNER, self.keys.stream_to(_NODE))
        self.next = self.node.endpoint.cursors().get(name, 0) + 1
        self.node.tick()

    def _sealed(self, wire: bytes) -> bytes:
        """An envelope of one parcel, which may be none: signed, sealed and bound as a sound one is."""
        try:
            return self.sealer.seal(self.next, [wire])
        except (WireError, UsageError):
            epoch, counter = self.sealer.epochs.take(2)
        salts = epoch.salts(self.keys.stream_to(_NODE), self.next)
        batch = Batch(
            object_algorithm=epoch.object_algorithm,
            sender=_PARTNER,
            recipient=_NODE,
            group=epoch.group,
            stream=self.keys.stream_to(_NODE),
            first_sequence=self.next,
            epoch=epoch.identifier,
            key_commitment=epoch.commitment,
            digests=bytes(2 * DIGEST_BYTES) + part_digest("parcel", salts[-_SALT_BYTES:], wire),
        )
        token = token_of(pair_of(self.keys, self.pin).to, EPOCH_USE, epoch.identifier)
        signed = sign1(self.keys.signing, BATCH_TYPE, encode(batch))
        bound = objects_bound(sha256(encode(batch)).digest()) + self.next.to_bytes(8, "big")
        envelope = Envelope(
            object_algorithm=epoch.object_algorithm,
            token=token,
            epoch=epoch.identifier,
            key=self.sealer.epochs.wrapped_to(_NODE),
            batch=epoch.cipher.close(epoch.iv(counter), padded(signed), batch_bound(token, epoch.identifier)),
            sealed=(epoch.cipher.close(epoch.iv(counter + 1), padded(wire, OBJECT_LEAST_BYTES), bound),),
        )
        return encode(envelope)


class Fresh:
    """An `Attacked` that is made anew after so many inputs."""

    def __init__(self) -> None:
        """None is made before the first input."""
        self._made: Attacked | None = None
        self._fed = 0

    def __call__(self) -> Attacked:
        """The one in use."""
        if self._made is None or self._fed >= _INPUTS_EACH:
            self._made, self._fed = Attacked(), 0
        self._fed += 1
        return self._made


@cache
def _first() -> Attacked:
    return Attacked()


def node_targets() -> dict[str, Target]:
    """Targets that reach a whole node."""
    first = _first()
    stream = first.keys.stream_to(_NODE)
    back = first.back
    said = (
        Acknowledgement(sender=_PARTNER, recipient=_NODE, stream=back, cursor=1),
        Pull(sender=_PARTNER, recipient=_NODE, stream=back, since=0),
        HighWater(sender=_PARTNER, recipient=_NODE, stream=stream, last=first.next - 1 + 3, digest=bytes(32)),
        Omission(sender=_PARTNER, recipient=_NODE, stream=stream, runs=((first.next + 2, first.next + 2),)),
        Notice(sender=_PARTNER, recipient=_NODE, topic="recall", content=b"x"),
    )
    parcels = tuple(record.parcel for record in sent(first.federation.nodes[_PARTNER], _NODE))[:_SEEDS_MAX]
    payloads = tuple(first.payloads[: 4 * _SEEDS_MAX])
    found = {
        "node-payload": _against(lambda on, data: on.receive(data), payloads),
        "node-message": _against(lambda on, data: on.say(data), tuple(encode(word) for word in said)),
        "node-parcel": _against(lambda on, data: on.seal(data), parcels),
        "node-trust": _against(
            lambda on, data: on.trust(data),
            (encode_announcement(Household(_PARTNER, 7, given=first.keys).announcement()),),
        ),
        "node-release": Target(_any_release(), (bytes(64), bytes(range(256)) * 8), is_literal=False),
    }
    for topic in first.topics:
        heard = [*first.notices.get(topic, ()), *_sound(first, topic)]
        bound = BOUNDS.get(topic)
        if bound is not None:
            keys = first.federation._keys[_NODE]
            inside = [keys.unwrap(content, bound) for content in heard]
            found[f"notice-{topic}-inside"] = _against(
                lambda on, data, topic=topic: on.notify(topic, on.wrapped(topic, data)),  # type: ignore[misc]
                tuple(dict.fromkeys(inside))[:_SEEDS_MAX],
            )
        assert heard, f"`{topic}` is a topic that nobody spoke on: give it a word in `_sound`"
        found[f"notice-{topic}"] = _against(
            lambda on, data, topic=topic: on.notify(topic, data),  # type: ignore[misc]
            tuple(dict.fromkeys(heard))[:_SEEDS_MAX],
        )
    return found


def _sound(first: Attacked, topic: str) -> list[bytes]:
    """Words on topics that the run needed none on."""
    epochs = first.sealer.epochs
    between = {"sender": _NODE, "recipient": _PARTNER, "stream": first.back}
    words: dict[str, Callable[[], bytes]] = {
        "epoch.key": lambda: encode(KeyWord(epoch=epochs.epoch.identifier, key=epochs.wrapped_to(_NODE))),
        "epoch.held": lambda: epochs.epoch.identifier,
        "epoch.lacking": lambda: epochs.epoch.identifier,
        "trust-held": lambda: encode(HeldState(party=_NODE, version=1, revoked=False)),
        "head": lambda: first.wrapped("head", encode(LeavesAsked(**between, first=1, count=1))),
        "repair": lambda: first.wrapped("repair", encode(RepairAsked(**between, sequences=(1,)))),
        "resuming": lambda: first.wrapped(
            "resuming", encode(AcceptedAsked(stream=first.back, nonce=bytes(16)))
        ),
        "known": lambda: first.wrapped("known", encode(Summary(attestations=(), asks=True))),
    }
    return [words[topic]()] if topic in words else []


def _against(act: Callable[[Attacked, bytes], None], seeds: tuple[bytes, ...]) -> Target:
    fresh = Fresh()

    def read(data: bytes) -> object:
        on = fresh()
        return silent(lambda given: act(on, given), on.refusals)(data)

    return Target(read, seeds)


def _any_release() -> Callable[[bytes], object]:
    """Bytes choose a release that the schema allows: the partner signs its label and seals it."""
    fresh = Fresh()

    @settings(database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(nouns(Release))
    def given_release(release: Release) -> None:
        on = fresh()
        label = msgspec.structs.replace(release.item.label, originator=_PARTNER)
        item = msgspec.structs.replace(release.item, label=label)
        changed = msgspec.structs.replace(release, item=item, sender=_PARTNER, recipient=_NODE, via=None)
        parcel = Parcel(release=encode(changed), marking=sign_label(on.keys, item))
        silent(lambda _: on.seal(encode(parcel)), on.refusals)(b"")

    fed: Callable[[bytes], object] = given_release.hypothesis.fuzz_one_input  # type: ignore[attr-defined]

    def read(data: bytes) -> None:
        if fed(data) is None:
            raise EnvelopeError("too few bytes to choose a release, or it was refused")

    return read
