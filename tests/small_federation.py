"""A federation small enough for a test: three nodes under a regime, and reports made by hand.

Launch events come in as a feed would give them, so that warnings, consents and streams are tried without a
filter in the way. Everything is production code but the clock, the network and who speaks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from trilat.domains import WatchArea, place_of
from trilat.ledger import EntryKind, MemoryStore
from trilat.link import LinkFaults, Parcel
from trilat.model import (
    SECOND_NS,
    AnyItem,
    Area,
    AreaKind,
    Consent,
    Ellipse,
    Event,
    EventKind,
    ItemReference,
    Provenance,
    Release,
    decode,
)
from trilat.model import Domain as Concern
from trilat.node import AuditSettings, DeskSettings, Node, ReleaseRecord
from trilat.node.records import RECORD_BYTES_MAX, ReceivedRecord
from trilat.policy import AgreementSet, read_agreement
from trilat.study import Crash, Federation, FederationSettings, agreement_files, preset
from trilat.study.federation import STEADY_LINKS, Person

PARTIES: Final = ("JPN", "KOR", "USA")
START_NS: Final = 1_238_898_615 * SECOND_NS
"""2009-04-05T02:30:15Z."""

PAD_DEG: Final = (40.86, 129.67)
Timed = tuple[int, str, AnyItem]


def federation_of(
    regime: str,
    seconds: int = 30,
    *,
    faults: LinkFaults = STEADY_LINKS,
    crashes: tuple[Crash, ...] = (),
    folder: Path | None = None,
    parties: tuple[str, ...] = PARTIES,
    seed: int = 0,
    desks: Mapping[str, DeskSettings] | None = None,
    changed: Callable[[str], str] = lambda text: text,
    more: Mapping[str, str] | None = None,
    watch_areas: Mapping[str, tuple[WatchArea, ...]] | None = None,
    audit: AuditSettings | None = None,
) -> Federation:
    """Nodes of all parties under a named regime, with nothing accepted; `changed` rewrites its agreements,
    and `more` are further ones.
    """
    settings = FederationSettings(
        parties=parties,
        start_ns=START_NS,
        end_ns=START_NS + seconds * SECOND_NS,
        seed=seed,
        faults=faults,
        crashes=crashes,
        folder=folder,
        desks=desks or {},
        watch_areas=watch_areas or {},
        audit=audit or AuditSettings(),
    )
    chosen = preset(regime)
    texts = {name: changed(text) for name, text in agreement_files(regime).items()}
    texts |= more or {}
    held = AgreementSet.of({name: read_agreement(name, text) for name, text in texts.items()})
    return Federation(settings, replace(chosen, agreements=held))


def at(seconds: float) -> int:
    """UTC nanoseconds of a second of the run."""
    return START_NS + round(seconds * SECOND_NS)


def head(
    node: Node, kind: str, name: str, valid_ns: int, version: int = 1, subject: str = ""
) -> dict[str, Any]:
    """The head of an own item of a node's party, as a feed would write it."""
    party = node.config.party
    return {
        "item_id": f"{party}-{name}",
        "version": version,
        "subject": f"{party}-{subject or name}",
        "domain": Concern.MISSILE,
        "status": node.config.status,
        "valid_ns": valid_ns,
        "label": node.heads.label(kind, START_NS),
        "provenance": Provenance(originators=(party,)),
    }


def region(place_deg: tuple[float, float] = PAD_DEG, semi_major_m: int = 2_000) -> Ellipse:
    """A round region."""
    return Ellipse(centre=place_of(*place_deg), semi_major_m=semi_major_m, semi_minor_m=semi_major_m)


def launch(
    node: Node,
    name: str = "seen",
    *,
    at_s: float = 0.0,
    version: int = 1,
    place_deg: tuple[float, float] = PAD_DEG,
    **changes: Any,
) -> Event:
    """A launch that a node's own people saw."""
    event = Event(
        **head(node, "event", name, at(at_s), version),
        event=EventKind.LAUNCH,
        time_sigma_ms=500,
        place=place_of(*place_deg),
        region=region(place_deg),
    )
    return msgspec.structs.replace(event, **changes)


def impact(
    node: Node,
    name: str = "fall",
    *,
    at_s: float = 0.0,
    version: int = 1,
    place_deg: tuple[float, float] = (39.0, 140.0),
    expected_s: float = 600.0,
) -> Area:
    """A predicted impact that a node's own people worked out."""
    return Area(
        **head(node, "area", name, at(at_s), version),
        area=AreaKind.IMPACT,
        region=region(place_deg, 5_000),
        expected_ns=at(expected_s),
        time_sigma_ms=1_000,
    )


def play(federation: Federation, reports: Sequence[Timed] = (), people: Sequence[Person] = ()) -> Federation:
    """The federation after its run."""
    federation.run(sorted(reports, key=lambda report: report[0]), people)
    return federation


def once(at_s: float, act: Callable[[Federation], None]) -> Person:
    """Somebody who acts at one second."""

    def person(federation: Federation, now_ns: int) -> None:
        if now_ns == at(at_s):
            act(federation)

    return person


def opened(node: Node) -> Iterator[tuple[ReceivedRecord, Release, Parcel]]:
    """Everything that a node opened and used, from its ledger."""
    for record in received(node):
        if not record.refusal:
            parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
            yield record, decode(parcel.release, Release), parcel


def received(node: Node) -> Iterator[ReceivedRecord]:
    """Everything that came to a node over a link, used or kept aside."""
    for stored in node.ledger.entries(kinds={EntryKind.RECEIVED}):
        assert stored.content is not None
        yield decode(stored.content, ReceivedRecord, bytes_max=RECORD_BYTES_MAX)


def sent(node: Node, recipient: str) -> list[ReleaseRecord]:
    """What a node wrote into a recipient's stream, in order."""
    records = []
    for stored in node.ledger.entries(kinds={EntryKind.RELEASE}):
        assert stored.content is not None
        record = decode(stored.content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)
        if record.recipient == recipient:
            records.append(record)
    return records


def held(node: Node, item_id: str) -> AnyItem:
    """The newest version that a node holds of an item."""
    item = node.holdings.newest(item_id)
    assert item is not None, item_id
    return item


def reference(item: AnyItem) -> ItemReference:
    """An item's name and version."""
    return ItemReference(item_id=item.item_id, version=item.version)


def stores(federation: Federation) -> dict[str, MemoryStore]:
    """The stores of a federation that is kept in memory."""
    return {party: store for party, store in federation._stores.items() if isinstance(store, MemoryStore)}


def is_consent(item: AnyItem) -> bool:
    """Whether an item is an officer's word."""
    return isinstance(item, Consent)
