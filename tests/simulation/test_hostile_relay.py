"""A hub that turns hostile: what it does is undone and told in one line, and nodes go on."""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec
import pytest
from tests.simulation.network import Relay
from tests.simulation.stage import PARTIES, Stage

from trilat.link.cose import is_encrypt0
from trilat.model import ENVELOPE_BYTES_MAX, Envelope, decode, encode

Made = Iterable[tuple[float, str, bytes]]


def read(payload: bytes) -> Envelope:
    return decode(payload, Envelope, ENVELOPE_BYTES_MAX)


def on_envelopes(act: Callable[[str, bytes], Made]) -> Callable[[], Relay]:
    """A relay that is hostile to envelopes from JPN to KOR, and honest to all else."""

    def relay(ends: tuple[str, str], payload: bytes) -> Made:
        if ends != ("JPN", "KOR") or is_encrypt0(payload):
            return [(0.0, ends[1], payload)]
        return act(ends[1], payload)

    return lambda: relay


def with_memory(act: Callable[[list[bytes], str, bytes], Made]) -> Callable[[], Relay]:
    """The same, that remembers what it has carried."""

    def made() -> Relay:
        carried: list[bytes] = []

        def relay(to: str, payload: bytes) -> Made:
            out = list(act(carried, to, payload))
            carried.append(payload)
            return out

        return on_envelopes(relay)()

    return made


def changed(**fields: object) -> Callable[[], Relay]:
    return on_envelopes(
        lambda to, payload: [(0.0, to, encode(msgspec.structs.replace(read(payload), **fields)))]
    )


def late_every_second(carried: list[bytes], to: str, payload: bytes) -> Made:
    return [(2.5 if len(carried) % 2 else 0.0, to, payload)]


def swapped(field: str) -> Callable[[list[bytes], str, bytes], Made]:
    """A part of the envelope before in the place of this one's."""

    def act(carried: list[bytes], to: str, payload: bytes) -> Made:
        other = getattr(read(carried[-1] if carried else payload), field)
        return [(0.0, to, encode(msgspec.structs.replace(read(payload), **{field: other})))]

    return act


def turned(carried: list[bytes], to: str, payload: bytes) -> Made:
    """Objects in another order, or a batch that promises one more than there is."""
    sealed = read(payload).sealed
    other = sealed[::-1] if len(sealed) > 1 else sealed * 2
    return [(0.0, to, encode(msgspec.structs.replace(read(payload), sealed=other)))] if carried else []


def flip(carried: list[bytes], to: str, payload: bytes) -> Made:
    place = (997 * len(carried)) % len(payload)
    return [(0.0, to, payload[:place] + bytes([payload[place] ^ 4]) + payload[place + 1 :])]


def only_new(carried: list[bytes], to: str, payload: bytes) -> Made:
    """A past without its first part: what came before is never shown."""
    return [(0.0, to, payload)] if len(carried) > 3 else []


HOSTILE: Final[dict[str, tuple[Callable[[], Relay], str, str]]] = {
    "drops": (
        on_envelopes(lambda _to, _payload: []),
        "JPN",
        "`KOR` has signed for 0 of",
    ),
    "holds one stream back for a minute": (
        on_envelopes(lambda to, payload: [(60.0, to, payload)]),
        "JPN",
        "who carries this stream keeps it back",
    ),
    "sends again": (
        on_envelopes(lambda to, payload: [(0.0, to, payload), (5.0, to, payload)]),
        "KOR",
        "`JPN` sent again what was accepted",
    ),
    "sends old envelopes in the place of new ones": (
        with_memory(lambda carried, to, payload: [(0.0, to, carried[0] if carried else payload)]),
        "KOR",
        "`JPN` sent again what was accepted",
    ),
    "flips bits": (with_memory(flip), "KOR", "does not open"),
    "cuts off": (on_envelopes(lambda to, payload: [(0.0, to, payload[:-40])]), "KOR", "cannot be decoded"),
    "swaps objects between envelopes": (with_memory(swapped("sealed")), "KOR", "on the link with `JPN`: "),
    "turns objects about": (with_memory(turned), "KOR", "`JPN`"),
    "swaps what was signed between envelopes": (
        with_memory(swapped("batch")),
        "KOR",
        "`JPN`",
    ),
    "gives a key that is none": (changed(key=b"k" * 1_120), "KOR", "`JPN`"),
    "takes the key out of envelopes": (changed(key=b""), "KOR", "`JPN`"),
    "names another epoch": (changed(epoch=b"e" * 16), "KOR", "no party that `KOR` holds a pin for"),
    "names another sender": (changed(token=b"t" * 16), "KOR", "no party that `KOR` holds a pin for"),
    "gives to another party": (
        on_envelopes(lambda _to, payload: [(0.0, "USA", payload)]),
        "USA",
        "no party that `USA` holds a pin for sent this to it",
    ),
    "makes envelopes up": (
        on_envelopes(lambda to, _: [(0.0, to, b"\x9a" * 500)]),
        "KOR",
        "cannot be decoded",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_hostile_relay_does_is_told_with_the_party_on_whose_link_it_was(name: str) -> None:
    make_relay, told_at, words = HOSTILE[name]
    stage = Stage()
    stage.run(2)
    stage.world.network.relay = make_relay()
    stage.busy(25)
    stage.run(15)
    lines = [line for line in stage.lines(told_at) if words in line]
    assert lines, stage.lines(told_at)[-5:]
    assert all("\n" not in line for line in lines)
    assert stage.end() == []


def test_reordering_and_a_past_without_its_beginning_change_nothing() -> None:
    for act in (late_every_second, only_new):
        stage = Stage()
        stage.world.network.relay = with_memory(act)()
        stage.busy(12)
        stage.run(10)
        assert stage.end() == []


def test_of_links_that_are_sound_nothing_is_said() -> None:
    stage = Stage()
    stage.busy(40)
    assert stage.end() == []
    assert [line for party in PARTIES for line in stage.lines(party)] == []


def test_when_a_stream_goes_on_that_is_said_once() -> None:
    stage = Stage()
    stage.world.network.relay = HOSTILE["drops"][0]()
    stage.busy(20)
    stage.run(900)
    overdue = [line for line in stage.lines("JPN") if "has signed for" in line]
    assert len(overdue) == 2
    stage.end()
    assert [line for line in stage.lines("JPN") if "signs again" in line] == [
        "`KOR` signs again: 40 of 40 releases"
    ]
