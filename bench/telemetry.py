"""The tracker on recorded flights: Falcon 9 webcasts, Falcon 9 with both stages, Starship's first test.

    python bench/telemetry.py [SEEDS] [FLIGHT ...]     (1 and all flights if not given; about 1 s each)

The recording gives the truth (docs/telemetry.md says how good that is), three generic radars beside the path
give the plots, the tracker gets all of them and is told nothing else. Per flight, over the seconds from 10 s
after the first estimate to the last plot: plots, position error, that over the clairvoyant bound, NEES/6, and
how many seconds after each recorded cut-off (meco, seco1) the tracker says something else than `boost`, and
after each recorded ignition (ses1) says it again. Negative: it said so before. `-`: the event was not
recognised within a minute and before the next one; empty: it is not in the recording, or after the last plot.

What limits: thrust of a real stage is not the noise that the filter takes it for (throttling, guidance, and
boosters that turn round: the flights with a large mean NEES), the altitudes of webcasts come in steps of
100 m and more, of which the smoothed truth still has something, and events are known to about a second.
"""

import sys
from pathlib import Path

import numpy as np
from figures import Figure, resampled_interval

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.judges.flown import flights, flown

from trilat.fusion import compile_kernels
from trilat.model import ScenarioError

EVENTS = ("meco", "ses1", "seco1")


def figures(runs: int) -> list[Figure]:
    """Medians over flights, without a goal: recorded flights are few and their truth is smoothed."""
    told = [flown(flight, seed) for seed in range(1, runs + 1) for flight in flights()]
    if not told:
        raise FileNotFoundError("recorded flights are not beside the project")
    found = []
    for name, what in (
        ("position_rmse_m", "position RMSE, m"),
        ("over_bound", "position RMSE over bound"),
        ("nees_median", "median NEES/6"),
    ):
        value = resampled_interval(np.median, [getattr(one, name) for one in told])
        found.append(Figure(f"recorded flights, median of {what}", *value, None, None, "", len(told)))
    for event in EVENTS:
        asked = [one.delays_s[event] for one in told if event in one.delays_s]
        known = [second for second in asked if second is not None]
        if known:
            value = resampled_interval(np.median, known)
            beside = f"recognised {len(known)} of {len(asked)}"
            what = f"recorded flights, median delay of {event}, s"
            found.append(Figure(what, *value, None, None, beside, len(known)))
    return found


def cells(one):
    delays = (one.delays_s.get(event, "") for event in EVENTS)
    return (
        one.name,
        f"{one.plots:,}",
        f"{one.seen_s[0]:.0f} to {one.seen_s[1]:.0f}",
        f"{one.position_rmse_m:.0f}",
        f"{one.over_bound:.2f}",
        f"{one.nees_median:.2f} ({one.nees_mean:.3g})",
        *("-" if delay is None else str(delay) for delay in delays),
    )


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    wanted = set(sys.argv[2:])
    chosen = [flight for flight in flights() if not wanted or flight.name in wanted]
    if not chosen:
        sys.exit("no such flight is beside the project")
    compile_kernels()
    head = ("flight", "plots", "seen, s", "position RMSE, m", "over bound", "NEES/6 median (mean)", *EVENTS)
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for place, flight in enumerate(chosen, start=1):
        print(f"[{place}/{len(chosen)}] {flight.name}", file=sys.stderr)
        for seed in range(1, seeds + 1):
            try:
                print(f"| {' | '.join(cells(flown(flight, seed)))} |", flush=True)
            except ScenarioError as error:
                print(f"| {flight.name} | refused: {error} |")


if __name__ == "__main__":
    main()
