"""A federation whose nodes are read: small, by hand, one second at a time, under any agreements."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.policy.cases import kinematics, vessel
from tests.small_federation import PARTIES, START_NS, at, head

from trilat.domains import WatchArea
from trilat.ledger import EntryKind
from trilat.model import SECOND_NS, AnyItem, Provenance, Status, Track, Vessel, decode
from trilat.node import RECORD_BYTES_MAX, Node, Reading, ReadingRecord
from trilat.policy import AgreementSet, internal_agreement, observer_agreement, read_agreement
from trilat.study import Federation, FederationSettings, Preset, preset

FROM: Final = "2009-01-01T00:00:00Z"
PURPOSE: Final = "missile-warning"
TICK_AFTER_NS: Final = 200_000_000
"""When frames are asked for, after a whole second."""

Plain = dict[str, Any]
Events = list[tuple[str, Plain]]


def observers(parties: Sequence[str] = PARTIES, **changes: Any) -> dict[str, str]:
    """The agreements of the observer OBS with every node, by file name."""
    values: dict[str, Any] = {"observer": "OBS", "purpose": PURPOSE, "from_instant": FROM, **changes}
    return {
        f"observer-{party.lower()}.toml": observer_agreement(
            party, [other for other in parties if other != party], **values
        )
        for party in parties
    }


def staffs(parties: Sequence[str] = PARTIES) -> dict[str, str]:
    """The agreements of every party with its own staff."""
    return {f"internal-{party.lower()}.toml": internal_agreement(party, PURPOSE, FROM) for party in parties}


def clause_for(
    party: str, reader: str = "OBS", *, until: str = "", head: str = "", **fields: str
) -> dict[str, str]:
    """One agreement of a party with a reader that has a single clause, by file name; fields are TOML."""
    clause = {
        "effect": '"permit"',
        "domains": '["missile", "maritime"]',
        "kinds": '["track", "event", "area", "warning", "vessel"]',
        "from": f'["{party}"]',
        "to": f'["{reader}"]',
        "highest": '{ scheme = "USA", level = "SECRET" }',
        "form": '"tracks"',
        **fields,
    }
    lines = [f"{name} = {value}" for name, value in clause.items() if value]
    parties = sorted({party, reader, *(code for code in PARTIES if f'"{code}"' in clause["from"])})
    text = "\n".join(
        [
            "[agreement]",
            f'id = "reader-{party.lower()}"',
            "version = 1",
            'title = "t"',
            "parties = [" + ", ".join(f'"{code}"' for code in parties) + "]",
            f"in_force_from = {FROM}",
            f"in_force_until = {until}" if until else "",
            f'purposes = ["{PURPOSE}"]',
            'onward = "with-consent"',
            head,
            "[[clause]]",
            'id = "1"',
            'article = "a"',
            *lines,
        ]
    )
    return {f"reader-{party.lower()}.toml": text}


def observed(
    agreements: Mapping[str, str],
    *,
    regime: str = "multilateral",
    readers: tuple[str, ...] = ("OBS",),
    status: Status = Status.SIMULATED,
    start_ns: int = START_NS,
    parties: tuple[str, ...] = PARTIES,
    seed: int = 0,
    watch_areas: Mapping[str, tuple[WatchArea, ...]] | None = None,
) -> Federation:
    """Nodes under a regime's agreements and these; all labels name the readers."""
    found = preset(regime)
    files = {**found.agreements.files}
    files |= {name: read_agreement(name, text) for name, text in agreements.items()}
    settings = FederationSettings(
        parties=parties,
        start_ns=start_ns,
        end_ns=start_ns + 3_600 * SECOND_NS,
        status=status,
        readers=readers,
        seed=seed,
        watch_areas=watch_areas or {},
    )
    return Federation(settings, Preset(found.name, found.regime, AgreementSet.of(files)))


def second(
    federation: Federation, seconds: int, reports: Mapping[str, Sequence[AnyItem]] | None = None
) -> None:
    """One second of a run: reports just before it, ticks at it, and what they sent arrives behind it."""
    federation._advance(at(seconds - 0.1))
    for party, items in (reports or {}).items():
        assert federation.nodes[party].intake(items).refusals == ()
    federation._advance(at(seconds))
    for node in federation.nodes.values():
        node.tick()
    federation._advance(at(seconds) + TICK_AFTER_NS)


def ship(node: Node, number: int = 1, *, at_s: float = 0.0, version: int = 1, **changes: Any) -> Vessel:
    """A ship that a node's own station heard."""
    party = node.config.party
    values: dict[str, Any] = {
        "item_id": f"{party}-ais-{number}",
        "subject": f"mmsi-{number}",
        "version": version,
        "status": node.config.status,
        "mmsi": f"{431_000_000 + number}",
        "label": node.heads.label("vessel", START_NS),
        "provenance": Provenance(originators=(party,)),
        **changes,
    }
    return vessel(party, at(at_s), **values)


def own_track(node: Node, *, at_s: float, version: int = 1, **changes: Any) -> Track:
    """A track as a feed would give it: above the Sea of Japan, going up."""
    values: dict[str, Any] = {
        **head(node, "track", "t", at(at_s), version),
        "state": kinematics(at(at_s)),
        "tracklets": (kinematics(at(at_s)),),
        **changes,
    }
    return Track(**values)


def records(node: Node, reader: str | None = None) -> list[ReadingRecord]:
    """What a node wrote of its readers, in order."""
    found = [
        decode(stored.content or b"", ReadingRecord, bytes_max=RECORD_BYTES_MAX)
        for stored in node.ledger.entries(kinds={EntryKind.READING})
    ]
    return [record for record in found if reader in {None, record.reader}]


def opened(node: Node, reader: str = "OBS") -> Reading:
    """A reading that is open."""
    reading = Reading(node, reader)
    reading.open()
    return reading


def picture(events: Events) -> Plain:
    """The picture of a frame; an empty one where nothing changed."""
    empty: Plain = {"changed": [], "gone": [], "sights": [], "sights_gone": []}
    return next((data for name, data in events if name == "picture"), empty)


def rows(events: Events) -> list[Plain]:
    """The decisions of a frame."""
    return [row for name, data in events if name == "decisions" for row in data["decisions"]]


def names(events: Events) -> list[str]:
    """Items that changed in a frame, with their versions, sorted."""
    return sorted(f"{plain['id']} {plain['version']}" for plain in picture(events)["changed"])
