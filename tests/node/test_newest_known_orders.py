"""A party is taken out while a partner is offline (MISP #10899): in every order of what can happen, nothing
made since then reaches it by any path. Judged from ledgers and from what was carried.

KOR is the one taken out, and hostile: it keeps its old version, says that it is the newest, and tells nobody
otherwise. JPN is the partner that was offline; USA takes KOR out.
"""

from collections.abc import Callable, Iterator
from itertools import permutations

import pytest
from tests.three_nodes import FRESH_S, World, ids_at, received, released, version_at

from trilat.ledger import EntryKind
from trilat.model import INSTANT_NS_MAX, SECOND_NS
from trilat.node import Node

Act = Callable[["Case"], None]


class Case:
    """A world in which JPN is offline, and what happened in it."""

    def __init__(self) -> None:
        self.world = World()
        self.removed_ns = INSTANT_NS_MAX
        self.removed_mark = 0
        self.made: dict[str, int] = {}
        self.world.run(3)
        self.make("USA")
        self.make("JPN")
        self.world.run(3)
        hostile(self.world.nodes["KOR"])
        for other in ("KOR", "USA"):
            self.world.link("JPN", other, up=False)

    def make(self, party: str) -> None:
        name = f"n{len(self.made)}"
        self.made[self.world.see(party, name).item_id] = self.world.clock.now_ns()
        self.world.run(1)

    def remove(self) -> None:
        self.removed_ns = self.world.remove_korea()
        self.removed_mark = len(self.world.post.carried)
        self.world.run(1)

    def meet(self, one: str, other: str) -> None:
        self.world.link(one, other, up=True)
        self.world.run(2)
        self.world.link(one, other, up=False)

    def wait(self) -> None:
        self.world.clock.advance_to(self.world.clock.now_ns() + (FRESH_S + 1) * SECOND_NS)
        self.world.run(1)

    def restart(self) -> None:
        self.world.restart("JPN")
        self.world.run(1)

    def leaks(self) -> Iterator[str]:
        """What reached KOR, or was recorded for it, and must not have been."""
        world = self.world
        late = {name for name, made_ns in self.made.items() if made_ns >= self.removed_ns}
        of_usa = {name.encode() for name in late if name.startswith("USA")}
        for record, release in received(world.nodes["KOR"]):
            if any(name in record.parcel for name in of_usa):
                yield f"{release.item.item_id} tells of what USA made after the removal"
        usa_knew = adopted_at(world.nodes["USA"])
        for entry, _, left in released(world.nodes["USA"], "KOR"):
            if entry > usa_knew:
                yield f"USA recorded {left.item.item_id} for KOR after it had taken it out"
        for sender, recipient, is_envelope in world.post.carried[self.removed_mark :]:
            if is_envelope and (sender, recipient) == ("USA", "KOR") and self.removed_mark:
                yield "USA sent an envelope to KOR after it had taken it out"
        japan_knew = adopted_at(world.nodes["JPN"])
        for entry, recorded_ns, left in released(world.nodes["JPN"], "KOR"):
            if entry > japan_knew:
                yield f"JPN recorded {left.item.item_id} for KOR though it knew"
            if recorded_ns > self.removed_ns + FRESH_S * SECOND_NS:
                yield f"JPN recorded {left.item.item_id} for KOR beyond the limit"


def adopted_at(node: Node) -> int:
    """The entry of the newer version in a node's ledger; beyond all where there is none."""
    entries = [stored.entry for stored in node.ledger.entries(kinds={EntryKind.AGREEMENT})]
    return entries[0] if entries else 2**62


def hostile(node: Node) -> None:
    """KOR hears no word of others, and so hands none on."""
    node.known._hear = lambda *_: None  # type: ignore[method-assign]


ACTS: dict[str, Act] = {
    "USA takes KOR out": Case.remove,
    "USA makes an item": lambda case: case.make("USA"),
    "JPN makes an item": lambda case: case.make("JPN"),
    "JPN and USA meet": lambda case: case.meet("JPN", "USA"),
    "JPN and KOR meet": lambda case: case.meet("JPN", "KOR"),
    "the limit passes": Case.wait,
}


def played(order: tuple[str, ...], more: dict[str, Act] | None = None) -> Case:
    case = Case()
    for name in order:
        (ACTS | (more or {}))[name](case)
    for other in ("KOR", "USA"):
        case.world.link("JPN", other, up=True)
    case.world.run(4)
    case.make("USA")
    case.make("JPN")
    case.world.run(4)
    return case


ORDERS = list(permutations(ACTS))
THIRDS = [ORDERS[start::3] for start in range(3)]


@pytest.mark.parametrize("orders", THIRDS, ids=("first third", "second third", "last third"))
def test_in_every_order_nothing_made_after_the_removal_reaches_who_was_removed(
    orders: list[tuple[str, ...]],
) -> None:
    for order in orders:
        case = played(order)
        assert list(case.leaks()) == [], order
        assert version_at(case.world.nodes["KOR"]) == 1, "the premise: KOR comes with stale state"
        assert version_at(case.world.nodes["JPN"]) == 2, order
        # Progress: what both still share goes on, each thing once.
        usa = {name for name in case.made if name.startswith("USA")}
        assert usa <= ids_at(case.world.nodes["JPN"]), order
        names = [release.item.reference for _, release in received(case.world.nodes["JPN"])]
        assert len(names) == len(set(names)), order
        assert {name for name in case.made if name.startswith("JPN")} <= ids_at(case.world.nodes["USA"]), (
            order
        )


@pytest.mark.parametrize("place", range(7))
def test_so_it_is_where_the_partner_restarts_anywhere_in_between(place: int) -> None:
    for order in ORDERS[place::90]:
        with_restart = (*order[:place], "JPN restarts", *order[place:])
        case = played(with_restart, {"JPN restarts": Case.restart})
        assert list(case.leaks()) == [], with_restart
        assert version_at(case.world.nodes["JPN"]) == 2, with_restart
