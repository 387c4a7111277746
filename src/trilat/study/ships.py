"""Ships: a recording of AIS, divided between parties by receiver, shared under agreements by real nodes.

Each party's node takes what its own receivers heard, as any feed would give it, second by second of the
recording; policy, ledgers and links are those of every other concern.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trilat.domains.maritime import AisReading, VesselIntake, read_ais, read_receiver_map, vessels
from trilat.model import (
    SECOND_NS,
    AnyItem,
    Classification,
    Domain,
    Label,
    Status,
    UsageError,
)
from trilat.policy import AgreementSet, Regime
from trilat.study.federation import Federation, FederationSettings
from trilat.study.presets import Preset, agreements_in
from trilat.study.referee import accepted, violations
from trilat.study.referee import ledgers as kept_ledgers

PURPOSE: Final = "maritime-safety"
SHIPS_LEVEL: Final = "UNCLASSIFIED"
"""What ships say of themselves over the air is no secret in any scheme."""

DRILL: Final = Path(__file__).parent / "drills" / "ships"
"""The drill that comes with the package: a map of receivers and agreements between three parties."""


@dataclass(frozen=True)
class ShipDrill:
    """Who owns which receiver, and what they agreed."""

    receivers: dict[str, str]
    agreements: AgreementSet


def ship_drill(folder: Path, read_text: Callable[[Path], str]) -> ShipDrill:
    """The drill in a folder with `receivers.toml` and `agreements/`.

    Raises:
        UsageError: one of them is missing or not sound.
        AgreementError: an agreement file is not sound.
    """
    receivers = read_receiver_map(read_text(folder / "receivers.toml"))
    return ShipDrill(receivers, agreements_in(folder / "agreements"))


@dataclass(frozen=True)
class ShipRun:
    """A recording divided between the parties that heard it, ready to be shared."""

    reading: AisReading
    taken: VesselIntake
    reports: tuple[tuple[int, str, AnyItem], ...]
    """Instant, party and vessel, in order of instants."""

    parties: tuple[str, ...]
    preset: Preset

    @property
    def start_ns(self) -> int:
        """The whole second in which the first report was heard."""
        return self.reports[0][0] // SECOND_NS * SECOND_NS

    @property
    def end_ns(self) -> int:
        """The instant of the last report."""
        return self.reports[-1][0]


def ship_run(data: bytes, drill: ShipDrill, thin_s: int = 0) -> ShipRun:
    """A recording as the reports of the drill's parties.

    Raises:
        ObservationError: the recording cannot be read at all.
        UsageError: nothing in it belongs to a party of the drill.
    """
    reading = read_ais(data)
    parties = tuple(sorted(set(drill.receivers.values())))
    partners = {party: _partners(drill.agreements, party, parties) for party in parties}

    def label_of(party: str, instant_ns: int) -> Label:
        return Label(
            originator=party,
            classification=Classification(scheme=party, level=SHIPS_LEVEL),
            releasable_to=partners[party],
            created_ns=instant_ns,
        )

    keys = {party: hashlib.sha256(f"ais {party}".encode()).digest() for party in parties}
    taken = vessels(
        reading, drill.receivers, status=Status.SIMULATED, label_of=label_of, keys=keys, thin_s=thin_s
    )
    reports: list[tuple[int, str, AnyItem]] = sorted(
        ((item.valid_ns, party, item) for party, items in taken.vessels.items() for item in items),
        key=lambda report: report[:2],
    )
    if not reports:
        raise UsageError("no ship was heard by a receiver of the drill: see the map of receivers")
    regime = Regime(
        title="ships",
        as_of_ns=reports[0][0] // SECOND_NS * SECOND_NS,
        purpose=PURPOSE,
        approval_delay_s=0,
        include=(),
        assumed=(),
    )
    return ShipRun(reading, taken, tuple(reports), parties, Preset("ships", regime, drill.agreements))


def ingest_ais(
    data: bytes,
    drill: ShipDrill,
    *,
    ledgers: Path | None = None,
    thin_s: int = 0,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """What each party heard, received and withheld, by form, after the whole recording was shared.

    Raises:
        ObservationError: the recording cannot be read at all.
        UsageError: nothing in it belongs to a party of the drill.
    """
    run = ship_run(data, drill, thin_s)
    taken = run.taken
    federation = _shared(run, ledgers, progress)
    try:
        return {
            "parties": {party: _counts(federation, party) for party in run.parties},
            "reading": _reading(run.reading),
            "left_out": {
                "untimed": taken.untimed,
                "not_ships": taken.not_ships,
                "thinned": taken.thinned,
                "without_position": taken.without_position,
                "no_owner": sum(taken.unassigned.values()),
            },
            "ledger": kept_ledgers(federation),
            "violations": len(violations(federation)),
        }
    finally:
        federation.close()


def _partners(agreements: AgreementSet, party: str, parties: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(other for other in parties if other != party and agreements.between(party, other))


def _shared(run: ShipRun, ledgers: Path | None, progress: Callable[[float], None] | None) -> Federation:
    federation = Federation(
        FederationSettings(parties=run.parties, start_ns=run.start_ns, end_ns=run.end_ns, folder=ledgers),
        run.preset,
    )

    def sample(_: Federation, now_ns: int) -> None:
        if progress is not None:
            progress((now_ns - run.start_ns) / max(run.end_ns - run.start_ns, 1))

    federation.run(run.reports, sample=sample)
    return federation


def _counts(federation: Federation, party: str) -> dict[str, Any]:
    node = federation.nodes[party]
    others = [other for other in federation.settings.parties if other != party]
    forms: dict[str, Counter[str]] = {other: Counter() for other in others}
    ships: dict[str, set[str]] = {other: set() for other in others}
    for sender, release in accepted(node):
        forms[sender][release.form.value] += 1
        ships[sender].add(release.item.subject)
    sights = [sight for sight in node.sights() if sight.domain is Domain.MARITIME]
    own = [item for item in node.holdings.items() if item.label.originator == party]
    return {
        "own_reports": node.accepted_reports,
        "own_ships": len(own),
        "received": {other: sum(forms[other].values()) for other in others},
        "received_ships": {other: len(ships[other]) for other in others},
        "forms": {other: dict(sorted(forms[other].items())) for other in others},
        "withheld_from": {other: len(node.exchange.withheld[other]) for other in others},
        "picture_ships": len(sights),
        "seen_by_two": sum(len(sight.sources) > 1 for sight in sights),
    }


def _reading(reading: AisReading) -> dict[str, Any]:
    return {
        "lines": {kind.value: count for kind, count in reading.lines.items()},
        "refused": {reason.value: count for reason, count in reading.refused.items() if count},
        "receivers": len({sighting.receiver for sighting in reading.sightings if sighting.receiver}),
        "ships": len({sighting.mmsi for sighting in reading.sightings}),
        "warnings": list(reading.warnings),
    }
