"""How many missiles: from what Korea's clauses let Japan have, and from nothing else.

    python examples/count-dispute/count.py KOREA.jsonl CONSENTS.jsonl

Every line of Korea's items is decided for Japan under the agreements of 2016; what is permitted is degraded
to its release, and two released tracks are asked whether they were one object a moment ago.
"""

import sys
from itertools import combinations
from pathlib import Path

from trilat.domains import state_of
from trilat.fusion import separation_estimate
from trilat.model import Item, Kinematics, Outcome, Track, format_instant, item_from_json, parse_instant
from trilat.policy import ReleaseRequest, consents_in, decide, degrade
from trilat.study import find_agreements


def released(items: list[bytes], consents: list[bytes]) -> list[Item]:
    """The copies that Japan may have, of Korea's items."""
    request = ReleaseRequest(
        sender="KOR",
        recipient="JPN",
        purpose="missile-warning",
        at_ns=parse_instant("2019-10-02T01:40:00Z"),
    )
    held = find_agreements("direct-2016")
    copies: list[Item] = []
    for line in items:
        item = item_from_json(line)
        decision = decide(item, request, held, consents_in(consents))
        print(f"{item.item_id}: {decision.outcome.value}, {decision.reasons[0].value}")
        if decision.outcome is Outcome.PERMIT:
            copies.append(degrade(item, decision).item)
    return copies


def count(copies: list[Item]) -> str:
    """What the released tracks say of each other."""
    tracks = [copy for copy in copies if isinstance(copy, Track)]
    states = [(track, track.state) for track in tracks if isinstance(track.state, Kinematics)]
    if len(states) < 2:
        return "cannot be told: Japan holds fewer than two of Korea's tracks, and the dispute stays open"
    for (one, first), (other, second) in combinations(states, 2):
        parted = separation_estimate(state_of(first), state_of(second), first.epoch_ns, one_burns=False)
        if parted is not None:
            instant = format_instant(round(parted.time_ns / 1e9) * 10**9)
            return (
                f"{one.item_id} and {other.item_id} were one object until {instant}: a missile and its stage"
            )
    return f"{len(states)} objects that were never one"


if __name__ == "__main__":
    texts = [Path(name).read_bytes().splitlines() for name in sys.argv[1:3]]
    print(count(released(*texts)))
