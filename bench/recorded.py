"""What recorded traffic gives: Autoferry, Barcelona airport, aircraft over Britain.

    python bench/recorded.py          (reads ../shared/data; says so and ends where it is absent)

- Autoferry: error, continuity and GOSPA of two boats against their ground truth, by sensor set. Boats are up
  to 10 m long, sensors see their hull and the truth is an antenna on it: errors of 3 to 5 m are the sensors'.
- Airport: multilateration and surface radar; nothing tracks by the 24-bit address, which judges whether each
  aircraft or vehicle has one track. There is no truth of position: the figure is how far each report falls
  from the prediction of its track.
- Britain: ADS-B 10 s apart, straight motion beside two models.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.fusion.traffic import recorded

from trilat.fusion.traffic import Motion

SETS = {"1": "lidar", "2": "radar", "12": "lidar, radar", "1234": "lidar, radar, two cameras"}


def ferries():
    print("| Autoferry | RMSE m | continuity | tracks a boat | other moving tracks | GOSPA m |")
    print("|---|---|---|---|---|---|")
    for sensors, name in SETS.items():
        scores = [recorded.ferry(scenario, sensors) for scenario in recorded.SCENARIOS]
        for scenario, score in zip(recorded.SCENARIOS, scores, strict=True):
            print(f"| {scenario}, {name} | " + " | ".join(f"{x:.2f}" for x in vars(score).values()) + " |")
        means = (np.nanmean([getattr(score, field) for score in scores]) for field in vars(scores[0]))
        print(f"| mean, {name} | " + " | ".join(f"{x:.2f}" for x in means) + " |")


def labelled():
    print(
        "\n| judged by address | reports | purity | tracks an address | mixed | RMS m | 95 % m | median m |"
    )
    print("|---|---|---|---|---|---|---|---|")
    reports = recorded.airport(15)
    only = [report for report in reports if report.sensor == "mlat"]
    rows = {
        "airport 15 min, multilateration": (recorded.airport_tracker(), only, "mlat"),
        "airport 15 min, and surface radar": (recorded.airport_tracker(), reports, "mlat"),
    }
    _, sky = recorded.britain()
    for motion in Motion:
        rows[f"Britain, {motion.value}"] = (recorded.aircraft_tracker(motion), sky, "adsb")
    for name, (tracker, chosen, judge) in rows.items():
        score, joined = recorded.judged(tracker, chosen, judge)
        values = [f"{x:,}" if isinstance(x, int) else f"{x:.3f}" for x in vars(score).values()]
        print(f"| {name} | " + " | ".join(values) + " |")
        if joined:
            radar = sum(report.sensor == "smr" for report in chosen)
            print(f"\n{joined['smr']:,} of {radar:,} radar plots joined tracks of multilateration.\n")


def main():
    if not recorded.FERRY.is_dir():
        print("recorded traffic is not beside the project (../shared/data)")
        return 0
    ferries()
    labelled()
    return 0


if __name__ == "__main__":
    sys.exit(main())
