"""What two partners gain by putting their copies together: nothing beyond the finer of the two.

    python examples/pooled-copies/pool.py examples/pooled-copies/agreements

A track moves on for ten minutes. Each version is decided for Korea and for the United States, degraded, and
compared with what it was made of: each copy alone, and the mean of both.
"""

import math
import sys
from pathlib import Path
from typing import Final

import numpy as np
from msgspec.structs import replace

from trilat.model import Kinematics, Outcome, Track, item_from_json
from trilat.policy import AgreementSet, ReleaseRequest, decide, degrade
from trilat.study import find_agreements

VERSIONS: Final = 600
ALLOWED: Final = 1.05
"""Gain over the better copy that is counted as none: 600 draws of an error know their mean to 3 %."""


def versions(track: Track) -> list[Track]:
    """The track, second by second, straight on."""
    state = track.state
    if state is None:
        raise SystemExit("the track has no state: give one that has")
    moved = []
    for second in range(VERSIONS):
        north = [
            at + second * step for at, step in zip(state.position_mm, state.velocity_mm_per_s, strict=True)
        ]
        epoch_ns = state.epoch_ns + second * 10**9
        now = replace(state, epoch_ns=epoch_ns, position_mm=(north[0], north[1], north[2]))
        moved.append(replace(track, version=second + 1, valid_ns=epoch_ns, state=now))
    return moved


def copies(tracks: list[Track], recipient: str, held: AgreementSet) -> np.ndarray:
    """Released positions, shape (versions, 3), m."""
    found = []
    for track in tracks:
        request = ReleaseRequest(
            sender="JPN", recipient=recipient, purpose="missile-warning", at_ns=track.valid_ns
        )
        decision = decide(track, request, held)
        if decision.outcome is not Outcome.PERMIT:
            raise SystemExit(f"{recipient} gets nothing: {decision.reasons[0].value}")
        copy = degrade(track, decision).item
        found.append(position_m(copy.state if isinstance(copy, Track) else None))
    return np.array(found)


def position_m(state: Kinematics | None) -> list[float]:
    """ECEF, m."""
    return [math.nan] * 3 if state is None else [at / 1000 for at in state.position_mm]


def main(folder: str, items: Path) -> int:
    """Print the errors, and whether pooling gained anything."""
    track = item_from_json(items.read_bytes().splitlines()[0])
    if not isinstance(track, Track):
        raise SystemExit(f"{items} begins with no track: give one that does")
    tracks = versions(track)
    truth = np.array([position_m(one.state) for one in tracks])
    held = find_agreements(folder)
    korea, usa = (copies(tracks, recipient, held) for recipient in ("KOR", "USA"))
    errors = {
        "KOR alone": korea - truth,
        "USA alone": usa - truth,
        "both put together": (korea + usa) / 2 - truth,
    }
    rms_m = {name: math.sqrt(float(np.mean(error**2))) for name, error in errors.items()}
    for name, value in rms_m.items():
        print(f"{name}: {value:.0f} m per axis")
    gain = min(rms_m["KOR alone"], rms_m["USA alone"]) / rms_m["both put together"]
    print(f"gain over the better copy: {gain:.2f}, {'none' if gain <= ALLOWED else 'TOO MUCH'}")
    return 0 if gain <= ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[1]).parent / "track.jsonl"))
