"""Draw what double counting does: docs/double-counting.svg, from the runs of `bench/exchange.py`.

    python bench/draw_double_counting.py [RUNS]

Mean NEES/6 of one of three parties over time (100 runs if not given), logarithmic: the squared error over
what the party says of it, 1 when it is honest. Colours and words are readable on light and dark.
"""

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from exchange_study import over_time

OUT = Path(__file__).parents[1] / "docs" / "double-counting.svg"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 74, 206, 52, 56
DECADES = (-1, 10)
SECONDS = 250.0
HEADLINE = "How wrong a party is, over how wrong it says it is (NEES/6)"
BELOW = "three parties, an exchange every 10 s, everyone with everyone; 1 is honest"
LINES = (
    ("naive", "naive", "fused tracks, added"),
    ("tracklets", "tracklets", "tracklets with lineage"),
    ("intersection", "careful", "covariance intersection"),
)
STYLE = """
text{fill:#334155;font:12px sans-serif}.h{font:bold 14px sans-serif}.grid{stroke:#94a3b8;stroke-opacity:.35}
.line{fill:none;stroke-width:2}.naive{stroke:#dc2626}.careful{stroke:#d97706}.tracklets{stroke:#059669}
.honest{stroke:#64748b;stroke-dasharray:5 4}
.naive-text{fill:#dc2626}.careful-text{fill:#b45309}.tracklets-text{fill:#047857}
@media (prefers-color-scheme:dark){text{fill:#cbd5e1}.naive-text{fill:#f87171}.careful-text{fill:#fbbf24}
.tracklets-text{fill:#34d399}.naive{stroke:#f87171}.careful{stroke:#fbbf24}.tracklets{stroke:#34d399}}
"""


def x_of(seconds):
    return LEFT + seconds / SECONDS * (WIDTH - LEFT - RIGHT)


def y_of(value):
    low, high = DECADES
    share = (math.log10(value) - low) / (high - low)
    return HEIGHT - BOTTOM - min(max(share, 0.0), 1.0) * (HEIGHT - TOP - BOTTOM)


def grid():
    """Decades, half minutes, and the line of honesty."""
    for decade in range(DECADES[0], DECADES[1] + 1):
        y = y_of(10.0**decade)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        if decade % 2 == 0:
            label = {0: "1"}.get(decade, f'10<tspan dy="-5" font-size="9">{decade}</tspan>')
            yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    for second in range(0, int(SECONDS) + 1, 50):
        yield f'<text x="{x_of(second):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{second}</text>'
    y = y_of(1.0)
    yield f'<line class="honest" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'


def drawn(reads, values, name, label):
    """One method: its line, its name and its last value at the right end."""
    points = " ".join(f"{x_of(t):.1f},{y_of(v):.1f}" for t, v in zip(reads, values, strict=True))
    yield f'<polyline class="line {name}" points="{points}"/>'
    last = values[-10:].mean()
    said = f"{last:.2f}" if last < 100 else f"{last:.0e}".replace("e+0", "e").replace("e", " x 10^")
    y = y_of(last) + {"tracklets": -8, "careful": 16}.get(name, 4)
    yield f'<text class="{name}-text" x="{WIDTH - RIGHT + 8}" y="{y:.1f}">{label}: {said}</text>'


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    reads, lines = over_time(runs)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
        "<title>Error over what is claimed: fused tracks added or intersected, and tracklets</title>",
        f"<style>{STYLE}</style>",
        f'<text class="h" x="{LEFT}" y="24">{HEADLINE}</text>',
        f'<text x="{LEFT}" y="42">{BELOW}</text>',
        *grid(),
    ]
    for key, name, label in LINES:
        parts += drawn(reads, lines[key], name, label)
        print(f"{label}: {lines[key][-10:].mean():.3g} at the end, {lines[key].mean():.3g} on average")
    foot = f"seconds after burnout; mean of {runs} runs of bench/exchange.py"
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 12}">{foot}</text>')
    parts.append("</svg>\n")
    OUT.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
