"""The example of docs and README: one recording divided between three parties, and what each may see."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from tests.recordings import danish_reading, recorded

from trilat.domains.maritime import VesselIntake, read_receiver_map, vessels
from trilat.model import (
    Classification,
    Decision,
    Form,
    Label,
    Outcome,
    Reason,
    Status,
    Vessel,
    parse_instant,
)
from trilat.policy import AgreementSet, ReleaseRequest, check, decide, degrade, read_agreement

EXAMPLE = Path(__file__).parents[3] / "src" / "trilat" / "study" / "drills" / "ships"
PARTIES = ("USA", "JPN", "KOR")
AT_NS = parse_instant("2013-11-12T12:10:00Z")


def label(party: str, instant_ns: int) -> Label:
    return Label(
        originator=party,
        classification=Classification(scheme=party, level="UNCLASSIFIED"),
        releasable_to=tuple(other for other in PARTIES if other != party),
        created_ns=instant_ns,
    )


@cache
def agreements() -> AgreementSet:
    files = sorted((EXAMPLE / "agreements").glob("*.toml"))
    return AgreementSet.of({file.name: read_agreement(file.name, file.read_text()) for file in files})


@cache
def receivers() -> dict[str, str]:
    return read_receiver_map((EXAMPLE / "receivers.toml").read_text())


@cache
def intake() -> VesselIntake:
    return vessels(
        danish_reading(),
        receivers(),
        status=Status.EXERCISE,
        label_of=label,
        keys={party: party.encode() * 8 for party in PARTIES},
        thin_s=30,
    )


def answer(vessel: Vessel, recipient: str) -> Decision:
    sender = vessel.label.originator
    request = ReleaseRequest(sender=sender, recipient=recipient, purpose="maritime-safety", at_ns=AT_NS)
    return decide(vessel, request, agreements())


def test_the_agreements_are_sound() -> None:
    assert check(agreements()) == ()


@recorded
def test_the_map_names_every_station_of_the_recording_and_no_other() -> None:
    heard = {sighting.receiver for sighting in danish_reading().sightings} - {""}
    assert heard == set(receivers())
    assert set(receivers().values()) == set(PARTIES)


@recorded
def test_few_ships_are_heard_by_two_parties() -> None:
    heard: Counter[str] = Counter()
    for entries in intake().vessels.values():
        heard.update({vessel.mmsi for vessel in entries})
    shared = sum(count > 1 for count in heard.values())
    assert len(heard) > 1_300
    assert shared < len(heard) / 4


@recorded
@pytest.mark.parametrize(
    ("giver", "receiver", "form"),
    [
        ("USA", "JPN", Form.TRACKS),
        ("JPN", "USA", Form.TRACKS),
        ("JPN", "KOR", Form.COARSE_TRACKS),
        ("KOR", "JPN", Form.COARSE_TRACKS),
        ("USA", "KOR", None),
        ("KOR", "USA", None),
    ],
)
def test_who_sees_what(giver: str, receiver: str, form: Form | None) -> None:
    for vessel in intake().vessels[giver][:40]:
        decision = answer(vessel, receiver)
        assert decision.form is form
        if form is None:
            assert decision.outcome is Outcome.WITHHOLD
            assert decision.reasons[0] is Reason.NO_AGREEMENT
            continue
        released = degrade(vessel, decision).item
        assert isinstance(released, Vessel)
        assert (released.mmsi, released.item_id) == (vessel.mmsi, vessel.item_id)
        if form is Form.TRACKS:
            assert (released.place, released.receiver) == (vessel.place, vessel.receiver)
        else:
            assert (released.receiver, released.destination) == ("", "")
            assert released.position_sigma_mm > vessel.position_sigma_mm
            assert vessel.place is None or released.place != vessel.place


@recorded
def test_a_rounded_position_tells_no_more_than_its_cell() -> None:
    """Ten kilometres on the ground: of many ships within it one place remains."""
    places = {
        (released.place.latitude_1e7deg, released.place.longitude_1e7deg)
        for vessel in intake().vessels["JPN"]
        if isinstance(released := degrade(vessel, answer(vessel, "KOR")).item, Vessel) and released.place
    }
    exact = {vessel.place for vessel in intake().vessels["JPN"]}
    assert len(places) < len(exact) / 5
