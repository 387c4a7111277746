"""The referee finds what was planted, rule by rule, and nothing in a clean run."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.small_federation import (
    at,
    federation_of,
    head,
    launch,
    once,
    opened,
    play,
    received,
    reference,
)

from trilat.ledger import Entry, EntryKind
from trilat.link import Parcel, sign_item
from trilat.model import (
    AnyItem,
    Classification,
    Event,
    Form,
    Portion,
    Provenance,
    Release,
    Track,
    decode,
    encode,
)
from trilat.node import Node
from trilat.node.records import RECORD_BYTES_MAX, ReceivedRecord, ReleaseRecord
from trilat.study import Federation, violations


@pytest.fixture
def clean() -> Federation:
    federation = federation_of("separate-2009", 6)
    return play(federation, [(at(1), "JPN", launch(federation.nodes["JPN"]))])


def _last(federation: Federation) -> tuple[ReceivedRecord, Release, Parcel]:
    record = [record for record in received(federation.nodes["USA"]) if record.sender == "JPN"][-1]
    parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
    return record, decode(parcel.release, Release), parcel


def _plant(federation: Federation, release: Release, *, sequence: int = 0, is_written: bool = True) -> None:
    """Write a release into the recipient's ledger, and the sender's, as if it had come next."""
    record, _, parcel = _last(federation)
    number = sequence or record.sequence + 1
    wire = encode(msgspec.structs.replace(parcel, release=encode(release)))
    came = msgspec.structs.replace(record, sequence=number, parcel=wire)
    federation.nodes["USA"].ledger.append([Entry(kind=EntryKind.RECEIVED, content=encode(came))])
    if is_written:
        written = ReleaseRecord(
            recipient="USA",
            stream=record.stream,
            sequence=number,
            item=reference(release.item),
            valid_ns=release.item.valid_ns,
            parcel=wire,
        )
        federation.nodes["JPN"].ledger.append([Entry(kind=EntryKind.RELEASE, content=encode(written))])


def _item(release: Release, **changes: Any) -> Release:
    return msgspec.structs.replace(release, item=msgspec.structs.replace(release.item, **changes))


def _label(release: Release, **changes: Any) -> Release:
    return _item(release, label=msgspec.structs.replace(release.item.label, **changes))


def _track(node: Node, **changes: Any) -> AnyItem:
    return Track(**head(node, "track", "t1", at(1)), sensors=("kongo",), **changes)


PLANTED: list[Any] = [
    pytest.param(
        lambda release: _label(release, releasable_to=("KOR",)),
        "does not name `USA`",
        id="label names another",
    ),
    pytest.param(
        lambda release: _label(release, classification=Classification(scheme="JPN", level="NOBODY")),
        "is of a level that does not leave",
        id="unknown level",
    ),
    pytest.param(
        lambda release: _label(
            _item(release, text="seen"), portions=(Portion(field="text", releasable_to=()),)
        ),
        "holds `text`, which is not for `USA`",
        id="a portion for another",
    ),
    pytest.param(
        lambda release: _item(release, provenance=Provenance(originators=("JPN", "KOR"))),
        "from `KOR` to `USA`",
        id="another originator inside",
    ),
    pytest.param(
        lambda release: msgspec.structs.replace(release, decided_ns=0),
        "from `JPN` to `USA`",
        id="before the agreement",
    ),
]


def test_a_clean_run_has_no_violation(clean: Federation) -> None:
    assert violations(clean) == ()


@pytest.mark.parametrize(("change", "found"), PLANTED)
def test_what_should_not_have_been_opened_is_found(
    clean: Federation, change: Callable[[Release], Release], found: str
) -> None:
    _plant(clean, change(_last(clean)[1]))
    texts = violations(clean)
    assert any(found in text for text in texts), texts
    assert all("USA received" in text for text in texts)


def test_a_copy_that_holds_more_than_its_form_is_found(clean: Federation) -> None:
    release = _last(clean)[1]
    item = _track(clean.nodes["JPN"])
    _plant(clean, msgspec.structs.replace(release, item=item, form=Form.EXISTENCE))
    assert any("holds more than existence allow" in text for text in violations(clean))
    coarse = msgspec.structs.replace(release, item=item, form=Form.COARSE_TRACKS)
    _plant(clean, coarse, sequence=_last(clean)[0].sequence + 1)
    assert any("holds more than coarse-tracks allow" in text for text in violations(clean))


def test_a_parcel_that_the_sender_never_wrote_is_found(clean: Federation) -> None:
    _plant(clean, _last(clean)[1], is_written=False)
    assert any("not what the sender's ledger holds" in text for text in violations(clean))


def test_a_gap_and_a_repetition_are_found(clean: Federation) -> None:
    record, release, _ = _last(clean)
    _plant(clean, release, sequence=record.sequence + 2)
    assert any(f"expected {record.sequence + 1}" in text for text in violations(clean))


def _granted(federation: Federation) -> None:
    node = federation.nodes["KOR"]
    for referral in node.referrals():
        node.answer(referral, granted=True, officer="KOR/officer", valid_s=600)


@pytest.mark.parametrize(
    ("spoil", "is_found"),
    [
        pytest.param(lambda consent: consent, False, id="as it was given"),
        pytest.param(None, True, id="without any"),
        pytest.param(lambda consent: consent[:-1] + bytes([consent[-1] ^ 1]), True, id="not signed"),
    ],
)
def test_a_passing_needs_its_originators_consent(
    spoil: Callable[[bytes], bytes] | None, is_found: bool
) -> None:
    federation = federation_of("hub-2014", 20)
    nodes = federation.nodes
    play(federation, [(at(1), "KOR", launch(nodes["KOR"]))], [once(4, _granted)])
    passed = [
        (record, parcel)
        for record, release, parcel in opened(nodes["JPN"])
        if isinstance(release.item, Event) and parcel.consents
    ]
    assert passed, "the premise: something was passed on"
    assert violations(federation) == ()
    record, parcel = passed[-1]
    consents = () if spoil is None else tuple(spoil(consent) for consent in parcel.consents)
    wire = encode(msgspec.structs.replace(parcel, consents=consents))
    again = msgspec.structs.replace(record, stream="planted", sequence=1, parcel=wire)
    nodes["JPN"].ledger.append([Entry(kind=EntryKind.RECEIVED, content=encode(again))])
    assert any("came without one" in text for text in violations(federation)) is is_found


@pytest.mark.parametrize(
    "changes",
    [
        {"granted": False},
        {"recipient": "USA"},
        {"via": None},
        {"clause": "three-way-2014#4-japan-areas"},
        {"subjects": ("KOR-other",)},
        {"until_ns": 0},
        {"valid_ns": 7_000_000_000_000_000_000},
    ],
)
def test_a_consent_to_something_else_is_no_consent(changes: dict[str, Any]) -> None:
    federation = federation_of("hub-2014", 20)
    nodes = federation.nodes
    play(federation, [(at(1), "KOR", launch(nodes["KOR"]))], [once(4, _granted)])
    record, parcel = next(
        (record, parcel)
        for record, release, parcel in opened(nodes["JPN"])
        if isinstance(release.item, Event) and parcel.consents
    )
    given = nodes["JPN"].opened_consent(parcel.consents[0])
    if changes.keys() & {"valid_ns", "until_ns"}:
        changes = changes | {"until_ns": changes.get("valid_ns", given.valid_ns) + 1}
    other = sign_item(federation._keys["KOR"], msgspec.structs.replace(given, **changes))
    wire = encode(msgspec.structs.replace(parcel, consents=(other,)))
    again = msgspec.structs.replace(record, stream="planted", sequence=1, parcel=wire)
    nodes["JPN"].ledger.append([Entry(kind=EntryKind.RECEIVED, content=encode(again))])
    assert any("came without one" in text for text in violations(federation))
