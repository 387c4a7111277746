"""A release whose content was removed before its receipt came keeps its number, also the last of a stream."""

from collections import Counter

import pytest
from tests.three_nodes import World, ids_at, received, released

from trilat.ledger import EntryKind
from trilat.model import decode
from trilat.node import Node, ReleaseRecord
from trilat.node.records import RECORD_BYTES_MAX


def removed_from_the_end(world: World, party: str, recipient: str, count: int) -> list[int]:
    """Remove what a node released last, whatever the ground is; the numbers."""
    node = world.nodes[party]
    last = list(released(node, recipient))[-count:]
    node.ledger.remove_contents([entry for entry, _, _ in last], "a test")
    return [record.sequence for _, _, record in last]


def numbers(node: Node, recipient: str) -> set[int]:
    """Numbers of all releases whose content is in the ledger."""
    records = [
        decode(stored.content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)
        for stored in node.ledger.entries(kinds={EntryKind.RELEASE})
        if stored.content is not None
    ]
    return {record.sequence for record in records if record.recipient == recipient}


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_number_whose_content_was_removed_is_given_to_nothing_else(count: int) -> None:
    world = World()
    world.run(3)
    world.link("JPN", "KOR", up=False)
    for name in ("one", "two", "three"):
        world.see("JPN", name)
    world.run(3)
    last = world.nodes["JPN"].endpoint.next_sequence("KOR") - 1
    gone = removed_from_the_end(world, "JPN", "KOR", count)
    assert gone[-1] == last

    world.restart("JPN")
    assert world.nodes["JPN"].endpoint.next_sequence("KOR") == last + 1
    world.see("JPN", "four")
    world.run(3)
    assert not numbers(world.nodes["JPN"], "KOR") & set(gone)


def test_what_comes_behind_it_arrives_though_the_partner_had_it_and_its_receipt_was_lost() -> None:
    world = World()
    world.run(3)
    world.see("JPN", "one")
    # What KOR signs is lost on the way: JPN has no receipt of what KOR holds.
    world.post.drops = lambda sender, recipient, _: (sender, recipient) == ("KOR", "JPN")
    world.run(3)
    assert "JPN-one" in ids_at(world.nodes["KOR"])
    removed_from_the_end(world, "JPN", "KOR", 2)
    world.restart("JPN")
    world.post.drops = lambda *_: False
    world.see("JPN", "two")
    world.run(60)
    assert "JPN-two" in ids_at(world.nodes["KOR"])
    came = [record.sequence for record, _ in received(world.nodes["KOR"]) if record.sender == "JPN"]
    assert max(Counter(came).values()) == 1
    assert (
        world.nodes["JPN"].endpoint.acknowledged("KOR")
        == world.nodes["JPN"].endpoint.next_sequence("KOR") - 1
    )


def test_what_was_received_and_removed_is_not_taken_a_second_time() -> None:
    world = World(parties=("JPN", "KOR"))
    world.run(3)
    world.see("JPN", "one")
    world.run(3)
    kor = world.nodes["KOR"]
    (record,) = [one for one, release in received(kor) if release.item.item_id == "JPN-one"]
    entry = next(
        stored.entry for stored in kor.ledger.entries() if stored.content and record.parcel in stored.content
    )
    kor.ledger.remove_contents([entry], "a test")
    before = kor.endpoint.cursors()
    world.restart("KOR")
    assert world.nodes["KOR"].endpoint.cursors() == before
