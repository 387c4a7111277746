"""`judge`: scores of nodes that ran elsewhere, from their ledgers alone.

A node that is restored entry by entry knows at each instant what the running one knew then. So the samples,
the account and the referee's verdict of nodes that were processes of their own are taken by the same code as
those of a run in one process, and from nothing but what they had on disk.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from trilat.model import SECOND_NS
from trilat.node import Node, restore
from trilat.study.federation import TICK_NS
from trilat.study.presets import Preset
from trilat.study.run import result_of
from trilat.study.score import PartyScore
from trilat.study.truth import Yardstick

SAMPLE_OFFSET_NS: Final = 200_000_000
"""A sample is taken so long after each tick, as in a run in one process."""


@dataclass(frozen=True)
class Replayed:
    """Nodes as they stood at the end of a run, restored from their ledgers."""

    nodes: dict[str, Node]
    preset: Preset


def judge(
    nodes: Mapping[str, Node],
    yardstick: Yardstick,
    preset: Preset,
    *,
    wall_s: float | None = None,
    latency_ms: dict[str, float] | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[dict[str, Any], Replayed]:
    """The result of a run, and its nodes for further questions.

    Args:
        nodes: by party, new over their ledgers and not restored yet.
        yardstick: of the scenario that was played.
        preset: the regime that it was played under.
        wall_s: seconds that the run took.
        latency_ms: what was measured while it ran.
        progress: is told the share that is done.
    """
    scores: dict[str, PartyScore] = {}
    for place, (party, node) in enumerate(nodes.items()):
        scores[party] = _sampled(node, PartyScore(party), yardstick)
        if progress is not None:
            progress((place + 1) / len(nodes))
    replayed = Replayed(dict(nodes), preset)
    return result_of(replayed, yardstick, scores, wall_s=wall_s, latency_ms=latency_ms), replayed


def _sampled(node: Node, score: PartyScore, yardstick: Yardstick) -> PartyScore:
    """The score with a sample for every second of the run, taken while the node is restored."""
    last_s = max(yardstick.last_plot_s or 0.0, yardstick.scenario.duration_s)
    first_ns = yardstick.launch_ns + SAMPLE_OFFSET_NS
    instants = iter(range(first_ns, first_ns + int(last_s) * SECOND_NS + 1, TICK_NS))
    due = [next(instants, None)]

    def look_before(recorded_ns: int | None) -> None:
        while due[0] is not None and (recorded_ns is None or due[0] < recorded_ns):
            score.look(node, yardstick, due[0])
            due[0] = next(instants, None)

    restore(node, look_before)
    look_before(None)
    return score
