"""`run`: one scenario under one regime, from plots to scores, as the JSON object that `trilat demo` prints.

The same scenario, regime and seed give the same object but for `wall_s`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from trilat.link import LinkFaults
from trilat.model import SECOND_NS, Label, Report
from trilat.node import Node
from trilat.study.federation import STEADY_LINKS, Crash, Federation, FederationSettings, Person
from trilat.study.people import FalseReportOperator, release_officers
from trilat.study.presets import Preset, preset
from trilat.study.referee import Played, ledgers, violations
from trilat.study.score import PartyScore, impact_error_km, launch_error_km
from trilat.study.truth import Yardstick

Progress = Callable[[float], None]
"""Told the share of a run that is done."""


@dataclass(frozen=True)
class RunSettings:
    """How a run is made beside its scenario, regime and seed."""

    faults: LinkFaults = STEADY_LINKS
    crashes: tuple[Crash, ...] = ()
    people: tuple[Person, ...] = ()
    folder: Path | None = None
    progress: Progress | None = None
    stopwatch: Callable[[], float] | None = None
    """Seconds from any fixed instant; without one, `wall_s` is null."""


@dataclass
class Run:
    """A run that is over: its federation, open for questions, and its scores."""

    federation: Federation
    yardstick: Yardstick
    scores: dict[str, PartyScore]
    result: dict[str, Any] = field(default_factory=dict)


_ACCURACY: Final = (
    "completeness",
    "position_rmse_m",
    "position_rmse_over_central",
    "position_rmse_over_crlb",
    "nees_mean",
)


def run(yardstick: Yardstick, regime: Preset | str, settings: RunSettings | None = None) -> dict[str, Any]:
    """The result of one run; its ledgers stay where the settings say, else nowhere."""
    finished = play(yardstick, regime, settings or RunSettings())
    finished.federation.close()
    return finished.result


def play(yardstick: Yardstick, regime: Preset | str, settings: RunSettings) -> Run:
    """Play a run and score it; the federation stays open, for the caller to look into and close."""
    began_s = None if settings.stopwatch is None else settings.stopwatch()
    chosen = preset(regime) if isinstance(regime, str) else regime
    scenario = yardstick.scenario
    launch_ns = yardstick.launch_ns
    last_s = max(yardstick.last_plot_s or 0.0, scenario.duration_s)
    federation = Federation(
        FederationSettings(
            parties=scenario.parties,
            start_ns=launch_ns,
            end_ns=launch_ns + int(last_s) * SECOND_NS,
            seed=yardstick.seed,
            faults=settings.faults,
            crashes=settings.crashes,
            folder=settings.folder,
        ),
        chosen,
    )
    labels: dict[str, Label] = {party: node.label("report") for party, node in federation.nodes.items()}
    scores = {party: PartyScore(party) for party in scenario.parties}

    def sample(running: Federation, now_ns: int) -> None:
        for party, node in running.nodes.items():
            scores[party].look(node, yardstick, now_ns)
        if settings.progress is not None:
            settings.progress((now_ns - launch_ns) / SECOND_NS / max(last_s, 1.0))

    people = (release_officers(chosen.regime.approval_delay_s), *settings.people)
    federation.run(yardstick.reports(labels, federation.settings.status), people, sample)
    finished = Run(federation, yardstick, scores)
    finished.result = result_of(federation, yardstick, scores, wall_s=_elapsed_s(settings, began_s))
    return finished


def people_of(scenario_name: str, launch_ns: int) -> tuple[Person, ...]:
    """The operators whose acts belong to a named scenario's record."""
    if scenario_name != "false-report-2009":
        return ()
    return (FalseReportOperator("JPN", launch_ns + 60 * SECOND_NS, launch_ns + 360 * SECOND_NS),)


def _elapsed_s(settings: RunSettings, began_s: float | None) -> float | None:
    if settings.stopwatch is None or began_s is None:
        return None
    return round(settings.stopwatch() - began_s, 3)


def result_of(
    played: Played,
    yardstick: Yardstick,
    scores: Mapping[str, PartyScore],
    *,
    wall_s: float | None = None,
    latency_ms: dict[str, float] | None = None,
) -> dict[str, Any]:
    """The JSON object of a run whose samples were taken, wherever its nodes ran."""
    return {
        "scenario": yardstick.scenario.name,
        "regime": played.preset.name,
        "seed": yardstick.seed,
        "duration_s": yardstick.scenario.duration_s,
        "wall_s": wall_s,
        "parties": {
            party: _party(node, scores[party], yardstick, [other for other in played.nodes if other != party])
            for party, node in played.nodes.items()
        },
        "latency_ms": latency_ms,
        "ledger": ledgers(played),
        "violations": len(violations(played)),
    }


def _party(node: Node, score: PartyScore, yardstick: Yardstick, peers: Sequence[str]) -> dict[str, Any]:
    instants = [sample.at_ns for sample in score.samples]
    accuracy = score.accuracy(yardstick, yardstick.central(instants), yardstick.bound_m(instants))
    reports = [item for item in node.holdings.items() if isinstance(item, Report)]
    first_ns = min((report.valid_ns for report in reports), default=None)
    return {
        "reports": len(reports),
        "own_tracks": node.holdings.own_tracks(node.config.party),
        "received": {other: node.holdings.by_originator.get(other, 0) for other in peers},
        "via": {other: node.holdings.by_sender.get(other, 0) for other in peers},
        "withheld_from": {other: len(node.exchange.withheld[other]) for other in peers},
        "first_detection_s": _seconds(first_ns, yardstick),
        "first_track_s": _rounded(score.first_track_s),
        "first_joint_s": _rounded(score.first_joint_s),
        **{name: _rounded(accuracy[name]) for name in _ACCURACY},
        "launch_error_km": _rounded(launch_error_km(node, yardstick)),
        "impact_error_km": _rounded(impact_error_km(node, score, yardstick)),
        "impact_area95_km2": _rounded(score.impact_area95_km2),
        "first_impact_warning_s": _rounded(score.first_impact_warning_s),
    }


def _seconds(at_ns: int | None, yardstick: Yardstick) -> float | None:
    return None if at_ns is None else _rounded((at_ns - yardstick.launch_ns) / SECOND_NS)


def _rounded(value: float | None) -> float | None:
    """Six significant digits: beyond them the last bits of a sum would show."""
    return None if value is None else float(f"{value:.6g}")
