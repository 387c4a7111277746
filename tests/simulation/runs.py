"""`run_seed`: one seed played and judged, as a value that can be sent between processes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.simulation.judge import judge
from tests.simulation.mutants import MUTANTS
from tests.simulation.plan import ITEMS_MIN, draw_plan
from tests.simulation.world import World

STORY_LINES: int = 60


@dataclass(frozen=True, kw_only=True)
class Played:
    """What became of one seed."""

    seed: int
    parties: int
    items: int
    deliveries: int
    restarts: int
    faults: Mapping[str, int]
    """How many of each kind were injected."""

    struck: Mapping[str, int]
    """How many messages each kind of link fault struck."""

    refused: Mapping[str, int]
    """What the links refused, by reason."""

    rest_s: float
    """Seconds of the world's clock until all had arrived."""

    violations: tuple[str, ...] = ()
    story: tuple[str, ...] = field(default=(), repr=False)


def run_seed(seed: int, mutant: str | None = None, items: int = ITEMS_MIN) -> Played:
    """Play a seed, with a known fault planted in production code where `mutant` names one."""
    world = World(draw_plan(seed, items), stops_early=mutant is not None)
    if mutant is None:
        return _played(world)
    with MUTANTS[mutant].planted():
        return _played(world)


def _played(world: World) -> Played:
    world.play()
    refused: Counter[str] = Counter()
    for site in world.sites.values():
        if site.node is not None:
            refused.update(site.node.endpoint.refusals)
    if not (world.violations and world.stops_early):
        world.violations += judge(world)
    story = tuple(world.story[-STORY_LINES:]) if world.violations else ()
    return Played(
        seed=world.plan.seed,
        parties=len(world.sites),
        items=sum(len(site.accepted) for site in world.sites.values()),
        deliveries=sum(site.committed.count for site in world.sites.values()),
        restarts=sum(site.starts - 1 for site in world.sites.values()),
        faults={
            kind.value: count for kind, count in sorted(world.injected.items(), key=lambda one: one[0].value)
        },
        struck={kind.value: count for kind, count in world.network.struck.items() if count},
        refused=dict(refused),
        rest_s=world.rest_s,
        violations=tuple(dict.fromkeys(world.violations)),
        story=story,
    )
