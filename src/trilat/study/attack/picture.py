"""The picture of a profile's leaks: an SVG of its own, legible on light and dark."""

import math
from collections.abc import Iterator
from html import escape
from typing import Final

from trilat.study.attack.measure import LEAKS, Measured, Outcome

_WIDTH: Final = 760
_LEFT: Final = 216
_RIGHT: Final = 130
_ROW: Final = 26
_TOP: Final = 86
_DECADES: Final = (0, 7)
_NAMES: Final = {
    "site_m": "sensor's place, m",
    "range_m": "how far it sees, m",
    "track_m": "undegraded track, m",
    "accuracy": "accuracy, factor",
}
_STYLE: Final = """
text{fill:#334155;font:12px sans-serif}.h{font:bold 14px sans-serif}.grid{stroke:#94a3b8;stroke-opacity:.35}
.span{stroke-width:3}.alone{stroke:#2563eb;fill:#2563eb}.repeated{stroke:#d97706;fill:#d97706}
.pooled{stroke:#059669;fill:#059669}.stated{stroke:#dc2626;stroke-width:2}
@media (prefers-color-scheme:dark){text{fill:#cbd5e1}.alone{stroke:#60a5fa;fill:#60a5fa}
.repeated{stroke:#fbbf24;fill:#fbbf24}.pooled{stroke:#34d399;fill:#34d399}.stated{stroke:#f87171}}
"""


def picture(measured: Measured) -> str:
    """The SVG text: for each leak the attacker's median error with its interval, logarithmic, and a red
    mark at the least that the profile states. To the right is better hidden.
    """
    rows = list(_rows(measured))
    height = _TOP + _ROW * len(rows) + 60
    title = escape(f"What `{measured.profile.name}` gives away")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}">',
        f"<title>{title}</title>",
        f"<style>{_STYLE}</style>",
        f'<text class="h" x="16" y="24">{title}</text>',
        f'<text x="16" y="44">{escape(measured.profile.about)}</text>',
        f'<text x="16" y="62">median error of an attacker, {measured.runs} sensors, with its interval</text>',
        *_grid(height),
    ]
    for place, (name, how, outcome, stated) in enumerate(rows):
        parts += _row(_TOP + _ROW * place + 14, (name, how), outcome, stated)
    parts.append(
        f'<text x="16" y="{height - 12}">the red mark is the least that the profile states; farther right is '
        "better hidden</text>"
    )
    return "\n".join([*parts, "</svg>\n"])


def _rows(measured: Measured) -> Iterator[tuple[str, str, Outcome, float | None]]:
    """Rows from top to bottom: what, how, how well, and what is stated of it."""
    for name in LEAKS:
        yield name, "alone", measured.alone[name], getattr(measured.profile.alone, name)
        yield name, "repeated", measured.repeated[name], getattr(measured.profile.repeated, name)
        if name in measured.pooled:
            yield name, "pooled", measured.pooled[name], None


def _x(value: float) -> float:
    low, high = _DECADES
    share = (math.log10(max(value, 1e-9)) - low) / (high - low) if math.isfinite(value) else 1.0
    return _LEFT + min(max(share, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT)


def _grid(height: int) -> Iterator[str]:
    for decade in range(_DECADES[0], _DECADES[1] + 1):
        x = _x(10.0**decade)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{height - 44}"/>'
        label = {0: "1", 3: "1 k", 6: "1 M"}.get(decade)
        if label:
            yield f'<text x="{x:.1f}" y="{height - 30}" text-anchor="middle">{label}</text>'


def _row(y: int, what: tuple[str, str], outcome: Outcome, stated: float | None) -> Iterator[str]:
    name, how = what
    yield f'<text x="{_LEFT - 10}" y="{y + 4}" text-anchor="end">{_NAMES[name]}, {how}</text>'
    if stated is not None and stated > 0.0:
        yield f'<line class="stated" x1="{_x(stated):.1f}" x2="{_x(stated):.1f}" y1="{y - 9}" y2="{y + 9}"/>'
    yield (
        f'<line class="span {how}" x1="{_x(outcome.low):.1f}" x2="{_x(outcome.high):.1f}" y1="{y}" y2="{y}"/>'
    )
    yield f'<circle class="{how}" cx="{_x(outcome.median):.1f}" cy="{y}" r="5"/>'
    yield f'<text x="{_WIDTH - _RIGHT + 10}" y="{y + 4}">{figure(outcome.median)}</text>'


def figure(value: float) -> str:
    """A number with three digits for people; a dash where nothing was there to go by."""
    if not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100.0 else f"{value:.3g}"
