"""Draw what each party saw of 5 April 2009 under each regime: docs/regimes.svg, the README's picture.

    python tools/draw_regimes.py [SEED]

One cell per regime and party: height over time. Grey is the true path; a coloured stretch is one in which the
party had a confirmed track, coloured by how many parties' data went in; its breadth is the stated
uncertainty, on a scale of its own.
"""

import math
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from trilat.geo import geodetic_from_ecef
from trilat.scenario import named_scenario
from trilat.study import PRESETS, Run, RunSettings, Yardstick, play

OUT = Path(__file__).parents[1] / "docs" / "regimes.svg"
COLOURS = {1: "#d97706", 2: "#0284c7", 3: "#059669"}
CELL_W, CELL_H, LEFT, TOP = 250, 84, 118, 60
HEIGHT_KM_MAX, GAP = 480.0, 12
WORDS = {
    "separate-2009": "two agreements",
    "hub-2014": "through the hub",
    "direct-2016": "case by case",
    "realtime-2023": "warning data",
    "multilateral": "tracklets",
}


def cell(run: Run, party: str, seconds: float) -> Iterator[str]:
    """The marks of one cell, in its own coordinates."""
    path = run.yardstick.scenario.main_trajectory
    heights = path.geodetic[2] / 1000.0

    def x(t_s: float) -> float:
        return t_s / seconds * (CELL_W - GAP)

    def y(height_km: float) -> float:
        return CELL_H - GAP - height_km / HEIGHT_KM_MAX * (CELL_H - GAP - 8)

    points = " ".join(
        f"{x(float(t)):.1f},{y(float(h)):.1f}" for t, h in list(zip(path.t_s, heights, strict=True))[::10]
    )
    yield f'<polyline points="{points}" fill="none" stroke="#cbd5e1" stroke-width="1.2"/>'
    last_ns = run.yardstick.launch_ns + int((run.yardstick.last_plot_s or 0.0) * 1e9)
    for sample in run.scores[party].samples[::6]:
        if sample.estimate is None or sample.at_ns > last_ns:
            continue
        sigma_m = math.sqrt(float(np.trace(sample.estimate.covariance[:3, :3])))
        if sigma_m > 20_000.0:
            continue
        height_km = float(geodetic_from_ecef(sample.estimate.mean[:3])[2]) / 1000.0
        radius = 1.2 + 1.5 * math.log10(1.0 + sigma_m / 30.0)
        t_s = (sample.at_ns - run.yardstick.launch_ns) / 1e9
        colour = COLOURS[len(sample.estimate.sources)]
        yield f'<circle cx="{x(t_s):.1f}" cy="{y(height_km):.1f}" r="{radius:.1f}" fill="{colour}"/>'
    row = run.result["parties"][party]
    error = row["position_rmse_m"]
    text = f"{row['completeness']:.0%}" + ("" if error is None else f", {error:.0f} m")
    yield f'<text x="{CELL_W - GAP}" y="14" text-anchor="end" class="n">{text}</text>'


def main() -> int:
    """Run all regimes and write the picture; returns the exit status."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    yardstick = Yardstick(named_scenario("unha2-2009"), seed)
    parties = yardstick.scenario.parties
    seconds = yardstick.scenario.duration_s
    width, height = LEFT + CELL_W * len(parties) + 8, TOP + CELL_H * len(PRESETS) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">',
        "<title>What each party saw of 5 April 2009 under each regime: height over time</title>",
        "<style>text{fill:#0f172a;font-size:12px}.h{font-weight:bold}.n{font-size:11px;fill:#475569}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        '<text x="10" y="22" class="h">One rocket, three pictures, five regimes</text>',
    ]
    for place, (count, colour) in enumerate(COLOURS.items()):
        at = 330 + place * 170
        label = "one party's data" if count == 1 else f"{count} parties' data"
        parts.append(f'<circle cx="{at}" cy="18" r="5" fill="{colour}"/>')
        parts.append(f'<text x="{at + 12}" y="22">{label}</text>')
    for place, party in enumerate(parties):
        parts.append(f'<text x="{LEFT + place * CELL_W}" y="{TOP - 12}" class="h">{party} sees</text>')
    for row, regime in enumerate(PRESETS):
        print(regime, flush=True)
        run = play(yardstick, regime, RunSettings())
        top = TOP + row * CELL_H
        parts.append(f'<text x="10" y="{top + 34}" class="h">{regime}</text>')
        parts.append(f'<text x="10" y="{top + 50}" class="n">{WORDS[regime]}</text>')
        for place, party in enumerate(parties):
            parts.append(f'<g transform="translate({LEFT + place * CELL_W},{top})">')
            parts += cell(run, party, seconds)
            parts.append("</g>")
        run.federation.close()
    parts.append(
        f'<text x="10" y="{height - 10}" class="n">Height over time, 0 to {seconds:.0f} s. Share of the time '
        "with a good track, and its error after burnout. Dots grow with the stated uncertainty. Sensors are "
        "assumed.</text>"
    )
    parts.append("</svg>\n")
    OUT.write_text("\n".join(parts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
