"""`targets`: everything that reads bytes of others, by name, each with sound inputs to begin from."""

from functools import cache
from typing import Final

from tests.link.conftest import World

from fuzzing.files import file_targets
from fuzzing.links import link_nouns, link_targets
from fuzzing.nodes import node_targets
from fuzzing.nouns import noun_targets
from fuzzing.target import Target
from fuzzing.trust import trust_nouns, trust_targets
from trilat.link import NodeKeys

_OF_A_NODE: Final = ("node-", "notice-")


@cache
def world() -> World:
    """KOR, USA and JPN, who trust each other."""
    made = World()
    for party in ("KOR", "USA", "JPN"):
        made.keys[party] = NodeKeys.generate(party, made.source.randbytes)
        made.trust.add(made.keys[party].pin)
    return made


def targets(only: str = "") -> dict[str, Target]:
    """The targets whose names begin so; no others are made, as far as that saves time."""
    found = {**file_targets(world()), **link_targets(world()), **trust_targets(world())}
    if not only or "node-".startswith(only) or "notice-".startswith(only) or only.startswith(_OF_A_NODE):
        found |= node_targets()
    found |= noun_targets((*link_nouns(world()), *trust_nouns(world())), only)
    return {name: target for name, target in found.items() if name.startswith(only)}
