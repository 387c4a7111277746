"""Damaged ledgers of nodes: put right, asked for at partners, or told as lost; and what may be given."""

import os
from typing import Any

import msgspec
import pytest
from tests.small_federation import at, federation_of, launch, play, stores

from trilat.ledger import EntryKind, Ledger, MemoryStore, Repair
from trilat.link import Parcel, TrustStore, seal_word
from trilat.model import SECOND_NS, Noun, PeerError, Row, UsageError, decode, encode
from trilat.node import AuditSettings, Node, ReceivedRecord, ReleaseRecord, lost, restore, surveyed
from trilat.node.repairing import rebuilt
from trilat.node.tree_records import Claim, RepairAsked, RepairGiven
from trilat.node.trees import StreamName
from trilat.study import Federation

OFTEN = AuditSettings(head_every_s=2, head_every_items=3, scrub_rows_per_s=500)


def shared(seconds: int = 14) -> Federation:
    federation = federation_of("multilateral", seconds, audit=OFTEN)
    jpn = federation.nodes["JPN"]
    return play(federation, [(at(1 + n), "JPN", launch(jpn, f"seen{n}", at_s=1 + n)) for n in range(8)])


def parcels_of(node: Node, kind: EntryKind) -> list[int]:
    return [stored.entry for stored in node.ledger.entries(kinds={kind})]


def damage(federation: Federation, party: str, entry: int, **changes: Any) -> None:
    """Change a row of a party's store, as a disk would."""
    store = stores(federation)[party]
    store._rows[entry] = store._rows[entry]._replace(**changes)


def spoilt(federation: Federation, party: str, entry: int) -> dict[str, Any]:
    row: Row = stores(federation)[party]._rows[entry]
    assert row.sealed_content is not None
    return {"sealed_content": bytes(40) + row.sealed_content[40:]}


def go_on(federation: Federation, seconds: int) -> None:
    for _ in range(seconds):
        federation._advance(federation.clock.now_ns() + SECOND_NS)
        for node in federation.nodes.values():
            node.tick()
    federation._advance(federation.clock.now_ns() + SECOND_NS)


def repairs(node: Node) -> dict[int, Repair]:
    return {repair.entry: repair for repair in node.ledger.repairs().values()}


@pytest.mark.parametrize(
    ("party", "kind", "partner"),
    [("USA", EntryKind.RECEIVED, "JPN"), ("JPN", EntryKind.RELEASE, "USA")],
)
def test_a_damaged_parcel_is_had_from_the_partner_while_the_node_runs(
    party: str, kind: EntryKind, partner: str
) -> None:
    federation = shared()
    node = federation.nodes[party]
    chosen = [
        stored
        for stored in node.ledger.entries(kinds={kind})
        if partner == "JPN" or decode_recipient(stored.content) == "USA"
    ]
    entry, content = chosen[3].entry, chosen[3].content
    damage(federation, party, entry, **spoilt(federation, party, entry))
    assert not node.ledger.verify().verified
    go_on(federation, 70)
    repair = repairs(node)[entry]
    assert (repair.content, repair.source, repair.proof) == (content, partner, "commitment")
    verification = node.ledger.verify()
    assert (verification.verified, verification.damaged, verification.repaired) == (True, 1, 1)
    (served,) = [one for one in node.ledger.entries() if one.entry == entry]
    assert (served.kind, served.content) == (kind, content)
    restore(federation._node(party))


def decode_recipient(content: bytes | None) -> str:
    return decode(content or b"", ReleaseRecord, bytes_max=300_000).recipient


def test_a_parcel_whose_key_is_gone_too_is_proved_by_its_leaf() -> None:
    federation = shared()
    node = federation.nodes["USA"]
    entry = parcels_of(node, EntryKind.RECEIVED)[2]
    damage(
        federation, "USA", entry, wrapped_key=os.urandom(92), chained=bytes(32), kind="no-such-kind",
        commitment=bytes(32),
    )  # fmt: skip
    go_on(federation, 70)
    repair = repairs(node)[entry]
    assert (repair.kind, repair.source, repair.proof) == ("received", "JPN", "leaf")
    assert node.ledger.verify().verified


@pytest.mark.parametrize("field", ["sealed_content", "wrapped_key", "commitment", "chained", "kind"])
def test_a_flipped_bit_is_put_right_without_asking_anybody(field: str) -> None:
    federation = shared()
    node = federation.nodes["USA"]
    entry = parcels_of(node, EntryKind.RECEIVED)[1]
    value = getattr(stores(federation)["USA"]._rows[entry], field)
    flipped = bytearray(value.encode() if isinstance(value, str) else value)
    flipped[3] ^= 4
    damage(federation, "USA", entry, **{field: flipped.decode() if field == "kind" else bytes(flipped)})
    go_on(federation, 3)
    repair = repairs(node)[entry]
    assert "put right" in repair.source
    assert node.ledger.verify().verified


def test_what_nobody_has_is_told_as_lost_and_the_node_goes_on() -> None:
    federation = shared()
    node = federation.nodes["JPN"]
    entry = parcels_of(node, EntryKind.REPORT)[0]
    damage(federation, "JPN", entry, **spoilt(federation, "JPN", entry))
    go_on(federation, 5)
    assert any(f"entry {entry}" in line and "lost" in line for line in node.refusals)
    assert repairs(node) == {}
    assert node.failure is None
    (told,) = surveyed(node.ledger).damage()
    node.ledger.repair([lost(told)])
    assert node.ledger.verify().lost == 1
    restore(federation._node("JPN"))


def test_a_lost_parcel_is_asked_for_after_a_restart() -> None:
    federation = shared()
    node = federation.nodes["USA"]
    entry = parcels_of(node, EntryKind.RECEIVED)[4]
    damage(federation, "USA", entry, **spoilt(federation, "USA", entry))
    (told,) = surveyed(node.ledger).damage()
    node.ledger.repair([lost(told)])
    federation._rebuild("USA")
    go_on(federation, 65)
    again = federation.nodes["USA"]
    assert again.ledger.verify().repaired == 1
    assert repairs(again)[entry].source == "JPN"


def words(federation: Federation, sender: str, recipient: str) -> list[Noun]:
    """What a node says on repairs from now on, as it is handed over to be sent."""
    said: list[Noun] = []
    node = federation.nodes[sender]
    part: Any = next(part for part in node.parts if type(part).__name__ == "Repairs")
    part._say = lambda partner, word: said.append(word) if partner == recipient else None
    return said


def ask(federation: Federation, asker: str, asked: str, word: Noun) -> None:
    node: Any = federation.nodes[asked]
    part = next(part for part in node.parts if type(part).__name__ == "Repairs")
    trust = TrustStore([federation._keys[asked].pin])
    part.heard(asker, seal_word(federation._keys[asker], trust, asked, "repair", word))


def stream(federation: Federation, sender: str, recipient: str) -> StreamName:
    return StreamName(sender, recipient, federation._keys[sender].stream_to(recipient))


def test_only_what_was_exchanged_between_the_two_is_given() -> None:
    federation = shared()
    said = words(federation, "JPN", "KOR")
    with pytest.raises(PeerError, match="not between us"):
        ask(federation, "KOR", "JPN", asked(federation, "JPN", "USA", 1))
    name = stream(federation, "JPN", "KOR")._replace(stream="another")
    with pytest.raises(PeerError, match="not known here"):
        ask(federation, "KOR", "JPN", RepairAsked(**name._asdict(), sequences=(1,)))
    ask(federation, "KOR", "JPN", asked(federation, "JPN", "KOR", 10_000))
    (answer,) = said
    assert isinstance(answer, RepairGiven)
    assert (answer.total, answer.piece) == (0, b"")


def asked(federation: Federation, sender: str, recipient: str, *numbers: int) -> RepairAsked:
    return RepairAsked(**stream(federation, sender, recipient)._asdict(), sequences=numbers)


def test_what_may_not_go_any_more_is_not_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decided anew: a partner does not get by a repair what it would not get now."""
    federation = shared()
    said = words(federation, "JPN", "USA")
    ask(federation, "USA", "JPN", asked(federation, "JPN", "USA", 1))
    node = federation.nodes["JPN"]
    monkeypatch.setattr(node.holdings, "newest", lambda _: None)
    ask(federation, "USA", "JPN", asked(federation, "JPN", "USA", 1))
    monkeypatch.undo()
    node.exchange.stop({item.item_id for item in node.holdings.items()})  # all was called back
    ask(federation, "USA", "JPN", asked(federation, "JPN", "USA", 1))
    first, second, third = said
    assert isinstance(third, RepairGiven)
    assert third.total == 0
    assert isinstance(first, RepairGiven)
    assert isinstance(second, RepairGiven)
    assert first.total > 0
    assert second.total == 0


def test_a_flood_of_questions_is_refused() -> None:
    federation = shared()
    words(federation, "JPN", "USA")
    ask(federation, "USA", "JPN", asked(federation, "JPN", "USA", *range(1, 65)))
    ask(federation, "USA", "JPN", asked(federation, "JPN", "USA", *range(1, 65)))
    with pytest.raises(PeerError, match="more than 128"):
        ask(federation, "USA", "JPN", asked(federation, "JPN", "USA", 1))


def given(federation: Federation, number: int, parcel: bytes) -> RepairGiven:
    name = stream(federation, "JPN", "USA")
    return RepairGiven(**name._asdict(), sequence=number, total=len(parcel), piece=parcel)


def test_another_parcel_than_the_lost_one_is_not_taken() -> None:
    federation = shared()
    node = federation.nodes["USA"]
    entries = parcels_of(node, EntryKind.RECEIVED)
    wire = {
        record.sequence: record.parcel
        for stored in node.ledger.entries(kinds={EntryKind.RECEIVED})
        for record in [decode_received(stored.content)]
        if record.sender == "JPN"
    }
    with pytest.raises(PeerError, match="not asked for"):
        ask(federation, "JPN", "USA", given(federation, 1, wire[1]))
    entry = entries[2]
    damage(federation, "USA", entry, **spoilt(federation, "USA", entry))
    (told,) = surveyed(node.ledger).damage()
    assert told.claim is not None
    number = told.claim.sequence
    parcel = decode(wire[number], Parcel, bytes_max=300_000)
    false = encode(msgspec.structs.replace(parcel, salt=bytes(16)))
    for wrong in (false, wire[number + 1]):
        part: Any = next(part for part in node.parts if type(part).__name__ == "Repairs")
        part._wanted[told.claim] = told
        with pytest.raises(PeerError, match="stays lost"):
            ask(federation, "JPN", "USA", given(federation, number, wrong))
    part._wanted[told.claim] = told
    with pytest.raises(PeerError):
        ask(federation, "JPN", "USA", given(federation, number, b"no parcel"))
    assert repairs(node) == {}


def decode_received(content: bytes | None) -> Any:
    return decode(content or b"", ReceivedRecord, bytes_max=300_000)


def test_a_sound_entry_is_not_repaired_and_a_wrong_content_is_not_put_aside() -> None:
    federation = shared()
    node = federation.nodes["USA"]
    entry = parcels_of(node, EntryKind.RECEIVED)[2]
    repair = Repair(
        entry=entry, kind="received", content=b"x", recorded_ns=1, source="JPN", proof="commitment"
    )
    with pytest.raises(UsageError, match="is not damaged"):
        node.ledger.repair([repair])
    damage(federation, "USA", entry, **spoilt(federation, "USA", entry))
    with pytest.raises(UsageError, match="another content"):
        node.ledger.repair([repair])


def test_an_entry_is_rebuilt_as_it_was_recorded() -> None:
    federation = shared()
    for party, kind in (("USA", EntryKind.RECEIVED), ("JPN", EntryKind.RELEASE)):
        node = federation.nodes[party]
        stored = next(node.ledger.entries(kinds={kind}))
        record: Any = decode_received(stored.content) if party == "USA" else None
        if record is None:
            record = decode(stored.content or b"", ReleaseRecord, bytes_max=300_000)
        ends = (record.sender, "USA") if party == "USA" else ("JPN", record.recipient)
        claim = Claim(sender=ends[0], recipient=ends[1], stream=record.stream, sequence=record.sequence)
        assert rebuilt(party, claim, record.parcel) == (kind, stored.content)


def test_a_ledger_of_another_key_is_not_repaired_into_anything() -> None:
    federation = shared()
    store = MemoryStore(stores(federation)["USA"]._rows)
    other = Ledger(store, "USA", os.urandom(32), federation.clock, os.urandom)
    survey = surveyed(other)
    assert len(survey.damage()) == len(store._rows)
    assert other.mended(0) is None
