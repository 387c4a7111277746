"""Epochs: no IV twice under a key, whatever happens to disk and process; keys for members alone; rotation."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cbor2
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.link import (
    Arrival,
    Epoch,
    EpochLimits,
    FileReservations,
    GroupEpochs,
    LinkEndpoint,
    MemoryNetwork,
    MemoryReservations,
    NodeKeys,
    Opener,
    Reservations,
    RotationReason,
    Sealer,
    TrustStore,
)
from trilat.link.epochs import RESERVED_BLOCK
from trilat.link.keying import TOPIC_HELD, TOPIC_KEY, TOPIC_LACKING, Keying, KeyWord
from trilat.model import (
    ENVELOPE_BYTES_MAX,
    SECOND_NS,
    Envelope,
    EnvelopeError,
    EpochError,
    LedgerError,
    PeerError,
    TrustError,
    UsageError,
    decode,
    encode,
)

if TYPE_CHECKING:
    from tests.link.conftest import World


def _epochs(world: "World", *members: str, **changes: Any) -> GroupEpochs:
    pins = [world.keys[party].pin for party in members or ("USA",)]
    return GroupEpochs(world.keys["KOR"], pins, world.source.randbytes, **changes)


def _sealer(world: "World", epochs: GroupEpochs, recipient: str = "USA") -> Sealer:
    return Sealer(world.keys["KOR"], world.keys[recipient].pin, "stream-1", world.source.randbytes, epochs)


def _envelope(data: bytes) -> Envelope:
    return decode(data, Envelope, ENVELOPE_BYTES_MAX)


class Machine:
    """A node's process and disk. It starts, crashes, is backed up, is put back, and is cloned, while whoever
    records the wire looks for a (key, IV) that comes twice.
    """

    def __init__(self, world: "World", folder: Path, make: Callable[..., GroupEpochs] | None = None) -> None:
        self.world = world
        self.path = folder / "epochs"
        self.make = make or GroupEpochs
        self.used: set[tuple[bytes, int]] = set()
        self.doubled: list[tuple[bytes, int]] = []
        self.backup = b""
        self.processes: list[GroupEpochs] = []
        self.start()

    def start(self) -> None:
        pin = self.world.keys["USA"].pin
        reservations = FileReservations(self.path)
        self.processes = [
            self.make(self.world.keys["KOR"], [pin], self.world.source.randbytes, reservations=reservations)
        ]

    def seal(self, count: int) -> None:
        for process in self.processes:
            epoch, first = process.take(count)
            for counter in range(first, first + count):
                pair = (epoch.export("objects"), counter)
                if pair in self.used:
                    self.doubled.append(pair)
                self.used.add(pair)

    def act(self, what: str, count: int) -> None:
        if what == "seal":
            self.seal(count)
        elif what == "crash":
            self.start()
        elif what == "torn":
            self.path.write_bytes(self.path.read_bytes()[:-count])
            self.start()
        elif what == "back up":
            self.backup = self.path.read_bytes()
        elif what == "put back":
            self.path.write_bytes(self.backup)
            self.start()
        elif what == "lose the file":
            self.path.unlink()
            self.start()
        else:
            before = list(self.processes)
            self.start()
            self.processes += before


ACTIONS = ("seal", "seal", "seal", "crash", "torn", "back up", "put back", "lose the file", "clone")


@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(1, 27)), max_size=25))
@settings(max_examples=60, deadline=None)
def test_no_iv_comes_twice_under_a_key_whatever_happens_to_disk_and_process(
    world: "World", tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int]]
) -> None:
    machine = Machine(world, tmp_path_factory.mktemp("machine"))
    for what, count in actions:
        machine.act(what, count)
    assert machine.doubled == []


class _KeepsItsKey(GroupEpochs):
    """The fault: a process goes on under the key of the one before, with the counter that the disk says."""

    kept: Epoch | None = None

    def _new(self, reason: RotationReason) -> Epoch:
        if _KeepsItsKey.kept is None:
            _KeepsItsKey.kept = super()._new(reason)
        return _KeepsItsKey.kept


def test_the_search_for_a_doubled_iv_finds_one_where_a_restored_process_keeps_its_key(
    world: "World", tmp_path: Path
) -> None:
    _KeepsItsKey.kept = None
    machine = Machine(world, tmp_path, _KeepsItsKey)
    machine.act("back up", 1)
    machine.seal(3)
    machine.act("put back", 1)
    machine.seal(3)
    assert machine.doubled != []


def test_random_bytes_that_repeat_begin_no_epoch_a_second_time(world: "World", tmp_path: Path) -> None:
    def made(seed: int) -> GroupEpochs:
        source = random.Random(seed)
        return GroupEpochs(
            world.keys["KOR"],
            [world.keys["USA"].pin],
            source.randbytes,
            reservations=FileReservations(tmp_path / "epochs"),
        )

    made(1).take(5)
    with pytest.raises(LedgerError, match="random bytes repeat"):
        made(1)
    made(2).take(5)


def test_a_block_of_counters_is_on_disk_before_the_first_of_it_is_given(
    world: "World", tmp_path: Path
) -> None:
    epochs = _epochs(world, reservations=FileReservations(tmp_path / "epochs"))
    for count in (1, 1_000, RESERVED_BLOCK, 3):
        epoch, first = epochs.take(count)
        until = FileReservations(tmp_path / "epochs")._until[epoch.identifier]
        assert until >= first + count


class _Full(MemoryReservations):
    """A disk that takes so many rows."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows

    def _note(self, epoch: bytes, until: int) -> None:
        del epoch, until
        self.rows -= 1
        if self.rows < 0:
            raise LedgerError("`epochs` cannot be written, nothing is sealed: no space left on device")


def test_nothing_is_sealed_where_the_disk_is_full(world: "World") -> None:
    with pytest.raises(LedgerError, match="no space"):
        _epochs(world, reservations=_Full(0))
    epochs = _epochs(world, reservations=_Full(2))
    sealer = _sealer(world, epochs)
    sealer.seal(1, [world.parcel()])
    before = epochs.epoch
    with pytest.raises(LedgerError, match="no space"):
        epochs.rotate(RotationReason.MEMBERSHIP, members=[world.keys["JPN"].pin])
    assert (epochs.epoch, epochs.members) == (before, ("USA",))


def test_counters_do_not_go_back_and_belong_to_an_epoch_that_was_begun(tmp_path: Path) -> None:
    for kept in (MemoryReservations(), FileReservations(tmp_path / "epochs")):
        kept.begin(b"e" * 16)
        kept.reserve(b"e" * 16, 10)
        for epoch, until in ((b"e" * 16, 10), (b"e" * 16, 9), (b"f" * 16, 5)):
            with pytest.raises(LedgerError):
                kept.reserve(epoch, until)
    again = FileReservations(tmp_path / "epochs")
    with pytest.raises(LedgerError):
        again.reserve(b"e" * 16, 10)


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_a_file_of_any_bytes_is_read_as_far_as_it_is_sound(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "epochs"
    path.write_bytes(data)
    kept = FileReservations(path)
    kept.begin(b"n" * 16)
    with pytest.raises(LedgerError):
        FileReservations(path).begin(b"n" * 16)


def test_a_file_that_cannot_be_opened_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="is a directory"):
        FileReservations(tmp_path)


def test_a_long_file_is_written_anew_with_its_newest_epochs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trilat.link.reservations._ROWS_MAX", 20)
    monkeypatch.setattr("trilat.link.reservations._ROWS_KEPT", 5)
    kept: Reservations = FileReservations(tmp_path / "epochs")
    for number in range(30):
        kept.begin(bytes([number]) * 16)
    kept = FileReservations(tmp_path / "epochs")
    with pytest.raises(LedgerError):
        kept.begin(bytes([29]) * 16)
    assert (tmp_path / "epochs").stat().st_size == 5 * 28
    kept.reserve(bytes([29]) * 16, 7)
    assert FileReservations(tmp_path / "epochs")._until[bytes([29]) * 16] == 7


# Groups and rotation.


def test_each_member_of_a_group_unwraps_the_same_epoch_and_nobody_else_does(world: "World") -> None:
    epochs = _epochs(world, "USA", "JPN", agreements=("three-way@1",))
    for party in ("USA", "JPN"):
        opener = Opener(world.keys[party], world.trust)
        opener.learn("KOR", epochs.epoch.identifier, epochs.wrapped_to(party))
        held = opener.held("KOR", epochs.epoch.identifier)
        assert held is not None
        assert held.export("objects") == epochs.epoch.export("objects")
        other = {"USA": "JPN", "JPN": "USA"}[party]
        for wrapped in (epochs.wrapped_to(other), b"", bytes(1_200)):
            with pytest.raises(EnvelopeError, match="does not unwrap"):
                Opener(world.keys[party], world.trust).learn("KOR", epochs.epoch.identifier, wrapped)
    with pytest.raises(UsageError, match="not in this release group"):
        epochs.wrapped_to("PRK")
    with pytest.raises(UsageError, match="not in this release group"):
        _sealer(world, epochs, "PRK")


def test_a_wrapped_key_holds_for_its_sender_and_epoch_alone(world: "World") -> None:
    epochs = _epochs(world)
    opener = Opener(world.keys["USA"], world.trust)
    wrapped = epochs.wrapped_to("USA")
    for sender, epoch in (("JPN", epochs.epoch.identifier), ("KOR", bytes(16))):
        with pytest.raises(EnvelopeError, match="does not unwrap"):
            opener.learn(sender, epoch, wrapped)
        assert not opener.holds(sender, epoch)


def test_who_left_the_group_cannot_open_what_is_sealed_after(world: "World") -> None:
    epochs = _epochs(world, "USA", "JPN")
    before = epochs.epoch
    after = epochs.rotate(RotationReason.MEMBERSHIP, members=[world.keys["USA"].pin])
    assert (after.identifier == before.identifier, after.group == before.group) == (False, False)
    assert after.export("objects") != before.export("objects")
    with pytest.raises(UsageError, match="not in this release group"):
        epochs.wrapped_to("JPN")
    opener = Opener(world.keys["JPN"], world.trust)
    with pytest.raises(PeerError):
        opener.check(_sealer(world, epochs).seal(1, [world.parcel()]))


def test_groups_of_other_members_or_agreements_have_other_names_that_tell_nothing(world: "World") -> None:
    groups = [
        _epochs(world, "USA").epoch.group,
        _epochs(world, "JPN").epoch.group,
        _epochs(world, "USA", "JPN").epoch.group,
        _epochs(world, "USA", agreements=("a@1",)).epoch.group,
        _epochs(world, "USA", agreements=("a@2",)).epoch.group,
    ]
    assert len(set(groups)) == 5
    assert _epochs(world, "JPN", "USA").epoch.group == groups[2]
    assert all(len(group) == 24 and int(group, 16) >= 0 for group in groups)


@pytest.mark.parametrize(
    "reason", [RotationReason.MEMBERSHIP, RotationReason.AGREEMENT, RotationReason.ASKED]
)
def test_a_rotation_begins_a_new_key_from_counter_0_and_the_key_goes_along_again(
    world: "World", reason: RotationReason
) -> None:
    epochs = _epochs(world)
    sealer = _sealer(world, epochs)
    first = _envelope(sealer.seal(1, [world.parcel()]))
    sealer.accepted(1)
    assert _envelope(sealer.seal(2, [world.parcel()])).key == b""
    epochs.rotate(reason)
    second = _envelope(sealer.seal(3, [world.parcel()]))
    assert (second.epoch == first.epoch, second.token == first.token, second.key == b"") == (False,) * 3
    ivs = [cbor2.loads(part).value[1][5] for part in (second.batch, *second.sealed)]
    assert ivs == [epochs.epoch.iv(0), epochs.epoch.iv(1)]
    assert int.from_bytes(ivs[0], "big") ^ int.from_bytes(ivs[1], "big") == 1
    assert epochs.rotations[reason] == 1


def test_an_epoch_ends_with_its_time_and_with_a_clock_that_goes_back(world: "World") -> None:
    epochs = _epochs(world, limits=EpochLimits(age_ns=10 * SECOND_NS))
    seen = [epochs.at(second * SECOND_NS).identifier for second in (100, 105, 109, 110, 119, 120, 90, 95)]
    assert [seen.index(one) for one in seen] == [0, 0, 0, 3, 3, 5, 6, 6]
    assert epochs.rotations[RotationReason.TIME] == 3


@pytest.mark.parametrize("members", [(), tuple(f"P{number}" for number in range(65))])
def test_a_group_has_from_1_to_64_members(world: "World", members: tuple[str, ...]) -> None:
    pins = [msgspec.structs.replace(world.keys["USA"].pin, party=party) for party in members]
    with pytest.raises(UsageError, match="1 to 64"):
        GroupEpochs(world.keys["KOR"], pins, world.source.randbytes)


def test_secrets_mask_themselves(world: "World") -> None:
    epoch = _epochs(world).epoch
    assert epoch.secret.hex() not in repr(epoch)
    assert repr(epoch.secret) not in repr(epoch)


# Algorithms.


def test_objects_can_be_sealed_by_another_algorithm_that_both_know(world: "World") -> None:
    sealer = _sealer(world, _epochs(world, object_algorithm="ChaCha20/Poly1305"))
    data = sealer.seal(1, [world.parcel()])
    opener = Opener(world.keys["USA"], world.trust)
    checked = opener.check(data)
    assert checked.batch.object_algorithm == _envelope(data).object_algorithm == "ChaCha20/Poly1305"
    assert len(opener.open(checked).parcels) == 1
    assert cbor2.loads(cbor2.loads(_envelope(data).sealed[0]).value[0])[1] == 24


def test_whoever_carries_an_envelope_cannot_change_its_algorithm(world: "World") -> None:
    for made, said in (("ChaCha20/Poly1305", "A256GCM"), ("A256GCM", "ChaCha20/Poly1305"), ("A256GCM", "x")):
        data = _sealer(world, _epochs(world, object_algorithm=made)).seal(1, [world.parcel()])
        changed = encode(msgspec.structs.replace(_envelope(data), object_algorithm=said))
        with pytest.raises(EnvelopeError, match="not opened"):
            Opener(world.keys["USA"], world.trust).check(changed)


def test_an_algorithm_that_this_node_does_not_know_is_not_sealed_with(world: "World") -> None:
    with pytest.raises(UsageError, match="seals nothing here"):
        _epochs(world, object_algorithm="A128GCM")


# Keys told ahead, and keys that are lacking.


class Two:
    """KOR and USA over a network, with what USA got."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.network = MemoryNetwork()
        self.got: list[int] = []
        self.ends = {party: self.end(party) for party in ("KOR", "USA")}
        self.payloads: list[bytes] = []

    def end(self, party: str) -> LinkEndpoint:
        return LinkEndpoint(
            self.world.keys[party],
            self.world.trust,
            self.network.endpoint(party),
            self.world.source.randbytes,
            lambda _sender, _stream, _first, parcels: self.got.extend(one.sequence for one in parcels),
        )

    def post(self) -> None:
        kor = self.ends["KOR"]
        kor.send("USA", kor.next_sequence("USA"), encode(self.world.parcel()), self.world.receipt())

    def run(self, at_s: int, ticks: int = 4) -> None:
        for step in range(ticks):
            for end in self.ends.values():
                end.tick(at_s * SECOND_NS + step)
            self.network.due(at_s * SECOND_NS + step)


def _sent(monkeypatch: pytest.MonkeyPatch) -> list[Envelope]:
    found: list[Envelope] = []
    send = MemoryNetwork.send

    def note(network: MemoryNetwork, sender: str, recipient: str, payload: bytes) -> None:
        if payload[:1] == b"\x97":
            found.append(_envelope(payload))
        send(network, sender, recipient, payload)

    monkeypatch.setattr(MemoryNetwork, "send", note)
    return found


def test_a_key_goes_along_until_it_is_acknowledged_and_then_no_more(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    two = Two(world)
    sent = _sent(monkeypatch)
    for second in range(1, 5):
        two.post()
        two.run(second)
    assert two.got == [1, 2, 3, 4]
    assert [envelope.key != b"" for envelope in sent] == [True, False, False, False]


def test_a_recipient_that_lost_its_keys_asks_and_nothing_is_lost(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    two = Two(world)
    sent = _sent(monkeypatch)
    two.post()
    two.run(1)
    usa = two.ends["USA"]
    usa._opener._epochs.clear()
    two.post()
    two.run(2)
    assert two.got == [1, 2]
    assert [envelope.key != b"" for envelope in sent] == [True, False, True]
    assert usa.refusals == {"epoch": 1}


def test_a_key_told_ahead_of_a_rotation_need_not_go_along(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    two = Two(world)
    sent = _sent(monkeypatch)
    two.post()
    two.run(1)
    two.ends["KOR"].rotate(RotationReason.AGREEMENT)
    two.run(2)
    two.post()
    two.run(3)
    assert two.got == [1, 2]
    assert [envelope.key != b"" for envelope in sent] == [True, False]
    assert sent[0].epoch != sent[1].epoch


def test_what_is_said_of_epochs_is_strict_and_believed_of_the_speakers_own_alone(world: "World") -> None:
    two = Two(world)
    kor, usa = two.ends["KOR"], two.ends["USA"]
    epochs = _epochs(world)
    word = encode(KeyWord(epoch=epochs.epoch.identifier, key=epochs.wrapped_to("USA")))
    for topic, content in (
        (TOPIC_KEY, b""),
        (TOPIC_KEY, word[:-1]),
        (TOPIC_KEY, bytes(20_000)),
        (TOPIC_KEY, encode(KeyWord(epoch=bytes(16), key=b"k"))),
        (TOPIC_HELD, b"short"),
        (TOPIC_LACKING, bytes(17)),
    ):
        before = sum(usa.refusals.values())
        kor.notify("USA", topic, content)
        two.network.due(0)
        assert sum(usa.refusals.values()) == before + 1, topic
    kor.notify("USA", TOPIC_HELD, bytes(16))
    kor.notify("USA", TOPIC_LACKING, bytes(16))
    two.network.due(0)
    assert usa._opener._epochs == {}
    kor.notify("USA", TOPIC_KEY, word)
    two.network.due(0)
    assert list(usa._opener._epochs) == [("KOR", epochs.epoch.identifier)]


def test_an_envelope_without_its_key_is_refused_with_what_is_needed_to_ask(world: "World") -> None:
    sealer = _sealer(world, _epochs(world))
    sealer.seal(1, [world.parcel()])
    sealer.accepted(1)
    data = sealer.seal(2, [world.parcel()])
    with pytest.raises(EpochError) as caught:
        Opener(world.keys["USA"], world.trust).check(data)
    assert caught.value.facts == {"sender": "KOR", "epoch": _envelope(data).epoch}
    usa = Two(world).ends["USA"]
    assert usa.receive(data) is Arrival.REFUSED
    carried = sealer.seal(3, [world.parcel()], with_key=True)
    assert Opener(world.keys["USA"], world.trust).check(carried).batch.first_sequence == 3


def test_nothing_is_sealed_to_a_key_that_its_party_has_replaced_or_whose_pin_is_gone(world: "World") -> None:
    usa = world.keys["USA"].pin
    trust = TrustStore([usa])
    keying = Keying(
        world.keys["KOR"],
        trust,
        world.source.randbytes,
        Opener(world.keys["KOR"], trust),
        lambda *_: None,
        None,
    )
    before = keying.sealer("USA", "stream-1", 0)
    assert keying.sealer("USA", "stream-1", 1) is before
    new = NodeKeys.generate("USA", world.source.randbytes)
    keying._trust = TrustStore([new.pin])
    after = keying.sealer("USA", "stream-1", 2)
    assert after.recipient == new.pin
    data = after.seal(1, [world.parcel()])
    assert Opener(new, world.trust).check(data).batch.recipient == "USA"
    with pytest.raises(PeerError):
        Opener(world.keys["USA"], world.trust).check(data)
    keying._trust = TrustStore()
    with pytest.raises(TrustError):
        keying.sealer("USA", "stream-1", 3)


def test_sealers_of_one_group_share_its_epoch_and_never_an_iv(world: "World") -> None:
    epochs = _epochs(world, "USA", "JPN")
    used = set()
    count = 0
    for number in range(1, 6):
        for party in ("USA", "JPN"):
            data = _sealer(world, epochs, party).seal(number, [world.parcel(number, recipient=party)] * 3)
            found = _envelope(data)
            used |= {cbor2.loads(part).value[1][5] for part in (found.batch, *found.sealed)}
            count += 4
            checked = Opener(world.keys[party], world.trust).check(data)
            assert (checked.batch.recipient, checked.epoch.identifier) == (party, epochs.epoch.identifier)
            other = {"USA": "JPN", "JPN": "USA"}[party]
            with pytest.raises(EnvelopeError, match="no party"):
                Opener(world.keys[other], world.trust).check(data)
    assert len(used) == count == 40
