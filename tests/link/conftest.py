"""Three parties with keys, items, releases and parcels; the same in every run."""

import random
from dataclasses import dataclass, field

import pytest

from trilat.link import NodeKeys, Parcel, Sealer, TrustStore, sign_item, sign_label
from trilat.model import (
    Classification,
    Consent,
    Domain,
    Duties,
    Form,
    Label,
    Provenance,
    Receipt,
    Release,
    Statement,
    Status,
    encode,
)

INSTANT_NS = 1_238_898_600_000_000_000


@dataclass
class World:
    """KOR, USA and JPN trust each other; PRK has keys that nobody pinned."""

    keys: dict[str, NodeKeys] = field(default_factory=dict)
    trust: TrustStore = field(default_factory=TrustStore)
    source: random.Random = field(default_factory=lambda: random.Random(1))

    def statement(self, originator: str = "KOR", number: int = 1, **changes: object) -> Statement:
        party = originator.split("/", maxsplit=1)[0]
        label = Label(
            originator=originator,
            classification=Classification(scheme=party, level="UNCLASSIFIED"),
            releasable_to=("USA", "JPN"),
            created_ns=INSTANT_NS,
        )
        fields: dict[str, object] = {
            "item_id": f"{party}:item-{number}",
            "version": 1,
            "subject": f"subject-{number}",
            "domain": Domain.CONSULTATION,
            "status": Status.SIMULATED,
            "valid_ns": INSTANT_NS,
            "label": label,
            "provenance": Provenance(originators=(party,)),
            "text": f"statement {number}",
            **changes,
        }
        return Statement(**fields)  # type: ignore[arg-type]

    def consent(self, originator: str = "KOR") -> Consent:
        item = self.statement(originator)
        return Consent(
            item_id=f"{originator}:consent-1",
            subject=item.subject,
            domain=item.domain,
            status=item.status,
            valid_ns=item.valid_ns,
            label=item.label,
            provenance=item.provenance,
            subjects=(item.subject,),
            recipient="JPN",
            via="USA",
            clause="agreement#clause",
            granted=True,
            officer=f"{originator}/officer",
            until_ns=INSTANT_NS + 1,
        )

    def release(
        self, item: Statement, sender: str = "KOR", recipient: str = "USA", via: str | None = None
    ) -> Release:
        return Release(
            item=item,
            sender=sender,
            recipient=recipient,
            via=via,
            purpose="warning",
            clauses=("agreement#clause",),
            form=Form.TRACKS,
            duties=Duties(),
            decided_ns=INSTANT_NS,
        )

    def parcel(
        self,
        number: int = 1,
        sender: str = "KOR",
        recipient: str = "USA",
        originator: str = "KOR",
        via: str | None = None,
    ) -> Parcel:
        item = self.statement(originator, number)
        consent = sign_item(self.keys[originator], self.consent(originator))
        return Parcel(
            release=encode(self.release(item, sender, recipient, via)),
            marking=sign_label(self.keys[originator], item),
            consents=(consent,) if sender != originator else (),
        )

    def sealer(self, sender: str = "KOR", recipient: str = "USA", stream: str = "stream-1") -> Sealer:
        return Sealer(self.keys[sender], self.keys[recipient].pin, stream, self.source.randbytes)

    def receipt(self, party: str = "KOR", entry: int = 0) -> Receipt:
        return Receipt(party=party, entry=entry, commitment=bytes(32), recorded_ns=INSTANT_NS)


def new_world() -> World:
    made = World()
    for party in ("KOR", "USA", "JPN", "PRK"):
        made.keys[party] = NodeKeys.generate(party, made.source.randbytes)
        if party != "PRK":
            made.trust.add(made.keys[party].pin)
    return made


@pytest.fixture(scope="session")
def world() -> World:
    return new_world()
