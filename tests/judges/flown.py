"""The tracker on a recorded flight, held against the recording: errors, honesty, recognition of stages."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from trilat.fusion import Tracker
from trilat.study import Yardstick, nees, position_rmse_m, recorded_scenario
from trilat.study.truth import nearest

ROCKET: Final = Path(__file__).parents[3] / "shared" / "data" / "rocket"
# Pads and azimuths are not in the recordings: the same for all.
PAD_DEG, AZIMUTH_DEG = (28.5620, -80.5772), 44.0
SECOND_NS = 1_000_000_000
# The first estimates are of one plot or two.
SETTLE_S = 10
# An event is recognised when the stage is the right one within so many seconds.
RECOGNISED_S_MAX = 60
CUT_OFFS, IGNITIONS = ("meco", "seco1", "seco2"), ("ses1", "ses2")


class Flight(NamedTuple):
    """Files of a recorded flight."""

    name: str
    telemetry: Path
    events: Path | None


class Look(NamedTuple):
    """What the tracker said at one second."""

    second: int
    error: Any
    nees: float
    stage: str


@dataclass(frozen=True)
class Flown:
    """How the tracker did on one flight, over the seconds from ten after its first estimate."""

    name: str
    plots: int
    seen_s: tuple[float, float]
    position_rmse_m: float
    over_bound: float
    nees_median: float
    nees_mean: float
    delays_s: Mapping[str, int | None]
    """From each event in sight to when the tracker said so; negative if before it, None if not at all."""


def flights() -> list[Flight]:
    """All recorded flights beside the project; none where the recordings are absent."""
    found = [
        Flight(folder.name, folder / "analysed.json", folder / "events.json")
        for folder in sorted((ROCKET / "spacex_webcast").glob("*/"))
        if (folder / "analysed.json").is_file()
    ]
    found += [Flight(path.stem, path, None) for path in sorted((ROCKET / "spacex_both_stages").glob("*.csv"))]
    starship = ROCKET / "starship" / "IFT1_telemetry_1hz.csv"
    return [*found, Flight("Starship IFT-1", starship, None)] if starship.is_file() else found


def yardstick_of(flight: Flight, seed: int) -> Yardstick:
    """The flight under three generic radars beside its path."""
    events = flight.events.read_bytes() if flight.events is not None else None
    scenario, _ = recorded_scenario(
        flight.telemetry.name, flight.telemetry.read_bytes(), PAD_DEG, AZIMUTH_DEG, events=events
    )
    return Yardstick(scenario, seed)


def looks_of(yardstick: Yardstick) -> list[Look]:
    """What the tracker, fed all plots, says of the main object at each second at which it has it."""
    tracker = Tracker()
    observations = yardstick._observations(yardstick.plots)
    rows, place = [], 0
    first, last = yardstick.first_plot_s or 0.0, yardstick.last_plot_s or 0.0
    for second in range(int(first) + 1, int(last) + 1):
        now_ns = yardstick.launch_ns + second * SECOND_NS
        while place < len(observations) and observations[place].time_ns <= now_ns:
            tracker.add(observations[place])
            place += 1
        truth = yardstick.truth_at(now_ns)
        if truth is None:
            continue
        estimate = nearest([one for one in tracker.estimates(now_ns) if one.confirmed], truth)
        if estimate is not None:
            error = truth - estimate.mean
            rows.append(Look(second, error, float(nees(error, estimate.covariance)) / 6.0, estimate.stage))
    return rows


def delays_of(looks: list[Look], events: Mapping[str, float]) -> dict[str, int | None]:
    """Seconds from each cut-off or ignition in sight to the look that first says so, by name of event.

    A stage that did not change since the event before, or since the first look, recognises nothing.
    """
    instants = {name: round(events[name]) for name in (*CUT_OFFS, *IGNITIONS) if name in events}
    found: dict[str, int | None] = {}
    for name, at in instants.items():
        if not (looks and looks[0].second <= at <= looks[-1].second):
            continue
        until = min([at + RECOGNISED_S_MAX, *(other for other in instants.values() if other > at)])
        begin = max([looks[0].second, *(other for other in instants.values() if other < at)])
        found[name] = None
        since = None
        for look in looks:
            right = (look.stage == "boost") == (name in IGNITIONS)
            since = (look.second if since is None else since) if right else None
            if since is not None and since > begin and at <= look.second <= until:
                found[name] = since - at
                break
    return found


def flown(flight: Flight, seed: int) -> Flown:
    """The figures of one flight.

    Raises:
        ScenarioError: the recording cannot be used.
    """
    yardstick = yardstick_of(flight, seed)
    looks = looks_of(yardstick)
    kept = [look for look in looks if look.second >= looks[0].second + SETTLE_S]
    rmse = position_rmse_m(np.array([look.error for look in kept]))
    bound = yardstick.bound_m([yardstick.launch_ns + look.second * SECOND_NS for look in kept])
    events = {}
    if flight.events is not None:
        told = json.loads(flight.events.read_text(encoding="utf-8"))
        events = {name: float(second) for name, second in told.items() if second is not None}
    return Flown(
        name=flight.name,
        plots=len(yardstick.plots),
        seen_s=(yardstick.first_plot_s or 0.0, yardstick.last_plot_s or 0.0),
        position_rmse_m=rmse,
        over_bound=rmse / float(np.sqrt(np.mean(np.square(bound)))),
        nees_median=float(np.median([look.nees for look in kept])),
        nees_mean=float(np.mean([look.nees for look in kept])),
        delays_s=delays_of(looks, events),
    )
