"""A party is taken out while a partner is offline (MISP #10899): in every order of what can happen, nothing
made since then reaches it by any path. Judged from ledgers and from what was carried.

KOR is the one taken out, and hostile: it keeps its old version, says that it is the newest, and tells nobody
otherwise. JPN is the partner that was offline; USA takes KOR out.
"""

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

import pytest
from tests.three_nodes import FRESH_S, World, ids_at, received, released, version_at

from trilat.ledger import EntryKind
from trilat.model import INSTANT_NS_MAX, SECOND_NS
from trilat.node import KnownVersions, Node, exchange
from trilat.node.changing import StandingParcels
from trilat.node.exchange import Exchange, Held
from trilat.policy import AgreementSet

Act = Callable[["Case"], None]


class Case:
    """A world in which JPN is offline, and what happened in it."""

    def __init__(self) -> None:
        self.world = World()
        self.removed_ns = INSTANT_NS_MAX
        self.removed_mark = 0
        self.knew_mark: int | None = None
        self.made: dict[str, int] = {}
        self.world.run(3)
        self.make("USA")
        self.make("JPN")
        self.world.run(3)
        hostile(self.world.nodes["KOR"])
        for other in ("KOR", "USA"):
            self.world.link("JPN", other, up=False)

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.world.run(1)
            if self.knew_mark is None and version_at(self.world.nodes["JPN"]) > 1:
                self.knew_mark = len(self.world.post.carried)

    def make(self, party: str) -> None:
        name = f"n{len(self.made)}"
        self.made[self.world.see(party, name).item_id] = self.world.clock.now_ns()
        self.run(1)

    def remove(self) -> None:
        self.removed_ns = self.world.remove_korea()
        self.removed_mark = len(self.world.post.carried)
        self.run(1)

    def meet(self, one: str, other: str) -> None:
        self.world.link(one, other, up=True)
        self.run(4)
        self.world.link(one, other, up=False)

    def wait(self) -> None:
        self.world.clock.advance_to(self.world.clock.now_ns() + (FRESH_S + 1) * SECOND_NS)
        self.run(1)

    def restart(self) -> None:
        self.world.restart("JPN")
        self.run(1)

    def leaks(self) -> Iterator[str]:
        """What reached KOR, or was recorded for it, and must not have been."""
        world = self.world
        late = {name for name, made_ns in self.made.items() if made_ns >= self.removed_ns}
        of_usa = {name.encode() for name in late if name.startswith("USA")}
        for record, release in received(world.nodes["KOR"]):
            if any(name in record.parcel for name in of_usa):
                yield f"{release.item.item_id} tells of what USA made after the removal"
        yield from self._recorded()
        carried = world.post.carried
        for mark, party in ((self.removed_mark or None, "USA"), (self.knew_mark, "JPN")):
            since = carried[len(carried) if mark is None else mark :]
            if (party, "KOR", True) in since:
                yield f"{party} sent an envelope to KOR though it knew"

    def _recorded(self) -> Iterator[str]:
        """What was recorded for KOR and must not have been."""
        usa_knew = adopted_at(self.world.nodes["USA"])
        for entry, _, left in released(self.world.nodes["USA"], "KOR"):
            if entry > usa_knew:
                yield f"USA recorded {left.item.item_id} for KOR after it had taken it out"
        japan_knew = adopted_at(self.world.nodes["JPN"])
        for entry, recorded_ns, left in released(self.world.nodes["JPN"], "KOR"):
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
    case.run(4)
    case.make("USA")
    case.make("JPN")
    case.run(4)
    return case


def problems(case: Case) -> list[str]:
    """Leaks, and what did not go on between those who still share."""
    found = list(case.leaks())
    japan, usa = case.world.nodes["JPN"], case.world.nodes["USA"]
    if version_at(japan) != 2:
        found.append("JPN never learned of the removal")
    for party, node in (("USA", japan), ("JPN", usa)):
        lost = {name for name in case.made if name.startswith(party)} - ids_at(node)
        found += [f"{name} of {party} never came" for name in sorted(lost)]
        names = [release.item.reference for _, release in received(node)]
        if len(names) != len(set(names)):
            found.append(f"something of {party} came twice")
    return found


ORDERS = list(permutations(ACTS))
THIRDS = [ORDERS[start::3] for start in range(3)]


@pytest.mark.parametrize("orders", THIRDS, ids=("first third", "second third", "last third"))
def test_in_every_order_nothing_made_after_the_removal_reaches_who_was_removed(
    orders: list[tuple[str, ...]],
) -> None:
    for order in orders:
        case = played(order)
        assert problems(case) == [], order
        assert version_at(case.world.nodes["KOR"]) == 1, "the premise: KOR comes with stale state"


@pytest.mark.parametrize("place", range(7))
def test_so_it_is_where_the_partner_restarts_anywhere_in_between(place: int) -> None:
    for order in ORDERS[place::90]:
        with_restart = (*order[:place], "JPN restarts", *order[place:])
        case = played(with_restart, {"JPN restarts": Case.restart})
        assert problems(case) == [], with_restart


def by_the_old_answers(
    self: Exchange, agreements: AgreementSet | None = None, heard: Any = None
) -> list[Held]:
    """What waits goes as it was decided."""
    self._agreements = self._agreements if agreements is None else agreements
    self._heard = self._heard if heard is None else heard
    self.changes_count += 1
    return []


MUTANTS: dict[str, tuple[Any, str, Any]] = {
    "stale state is relied on": (exchange, "refuse_stale", lambda decision, *_: decision),
    "a removal adds and takes nothing away": (AgreementSet, "_replaced_ns", lambda *_: INSTANT_NS_MAX),
    "nobody is told": (KnownVersions, "written", lambda *_: None),
    "what is recorded goes": (StandingParcels, "_reason", lambda *_: None),
    "what waits is not decided anew": (Exchange, "use", by_the_old_answers),
    "nobody is asked for what it holds": (KnownVersions, "_fetch_from", lambda *_: None),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_planted_fault_is_found(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*MUTANTS[mutant])
    assert any(problems(played(order)) for order in ORDERS[::24]), mutant
