"""Who says that a ship is another, or elsewhere: what is compared, and what nobody can do by it."""

import math
from typing import Any

import pytest

from trilat.domains.maritime import VesselPipeline
from trilat.domains.maritime.disputes import PARTIES_MAX
from trilat.domains.pipeline import Dispute
from trilat.domains.standing import HOLD_S
from trilat.model import (
    SECOND_NS,
    Classification,
    DisagreementKind,
    Domain,
    Label,
    Place,
    Provenance,
    Status,
    Vessel,
)

START_NS = 1_700_000_000 * SECOND_NS
M_PER_DEG = 111_320.0


def ship(
    party: str = "JPN", second: float = 0.0, *, north_m: float = 0.0, under: str = "", **said: Any
) -> Vessel:
    """A report of one ship; version by second, so that the later one is newer."""
    valid_ns = START_NS + round(second * SECOND_NS)
    place = Place(latitude_1e7deg=round((35.0 + north_m / M_PER_DEG) * 1e7), longitude_1e7deg=1_400_000_000)
    given: dict[str, Any] = {"mmsi": "431000123", "place": place, "position_sigma_mm": 10_000} | said
    return Vessel(
        item_id=f"{party.replace('/', '-')}-ais-{given['mmsi']}",
        version=1 + round(second),
        subject=f"mmsi-{given['mmsi']}",
        domain=Domain.MARITIME,
        status=Status.SIMULATED,
        valid_ns=valid_ns,
        label=Label(
            originator=party,
            classification=Classification(scheme=party[:3], level="UNCLASSIFIED"),
            created_ns=valid_ns,
        ),
        provenance=Provenance(originators=(party,), received_under=(under,) if under else ()),
        **given,
    )


def fed(*items: Vessel) -> VesselPipeline:
    pipeline = VesselPipeline("JPN")
    for item in items:
        pipeline.add(item)
    return pipeline


def told(*items: Vessel, after_s: float = HOLD_S) -> tuple[Dispute, ...]:
    newest_ns = max(item.valid_ns for item in items)
    return fed(*items).disputes(newest_ns + round(after_s * SECOND_NS))


def test_it_is_said_who_says_another_name_in_which_item_and_never_what() -> None:
    (dispute,) = told(
        ship("JPN", 0, ship_name="HIKARI MARU", call_sign="7JAB"),
        ship("KOR", 5, ship_name="BADA", call_sign="7JAB", under="pact@1"),
        ship("JPN", 60, ship_name="HIKARI MARU", call_sign="7JAB"),
    )
    assert (dispute.kind, dispute.domain) == (DisagreementKind.IDENTITY, Domain.MARITIME)
    assert dispute.key == "identity-431000123-JPN-KOR"
    assert [account.party for account in dispute.accounts] == ["JPN", "KOR"]
    # The item that first said so: a newer report that says the same is no news.
    assert [account.basis.version for account in dispute.accounts] == [1, 6]
    assert dispute.text == "other name"
    assert dispute.received_under == ("pact@1",)
    assert "HIKARI" not in repr(dispute)
    assert "BADA" not in repr(dispute)
    assert all(account.place is None and account.time_ns is None for account in dispute.accounts)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"ship_name": "Hikari  Maru "}, {"ship_name": "HIKARI MARU"}),
        ({"ship_name": "HIKARI MARU"}, {}),
        ({"ship_name": "HIKARI MARU"}, {"call_sign": "7JAB"}),
        ({"destination": "BUSAN"}, {"destination": "OSAKA"}),
        ({"navigation_status": "moored"}, {"navigation_status": "at anchor"}),
        ({"ship_name": "HIKARI MARU"}, {"ship_name": "BADA", "mmsi": "440000001"}),
    ],
)
def test_what_is_not_another_identity(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert told(ship("JPN", **mine), ship("KOR", 1, **theirs)) == ()


@pytest.mark.parametrize(
    ("facet", "one", "other"),
    [
        ("ship_name", "A", "B"),
        ("call_sign", "A", "B"),
        ("imo_number", "9074729", "9074730"),
        ("ship_type", "tanker", "cargo"),
    ],
)
def test_each_facet_of_identity_is_compared(facet: str, one: str, other: str) -> None:
    mine: dict[str, Any] = {facet: one}
    theirs: dict[str, Any] = {facet: other}
    (dispute,) = told(ship("JPN", **mine), ship("KOR", 1, **theirs))
    assert dispute.kind is DisagreementKind.IDENTITY


def test_one_party_at_odds_with_itself_is_none() -> None:
    assert told(ship("JPN", ship_name="A"), ship("JPN", 5, ship_name="B", north_m=90_000.0)) == ()


def test_it_is_said_after_a_while_and_withdrawn_after_as_long() -> None:
    first = [ship("JPN", ship_name="A"), ship("KOR", 1, ship_name="B")]
    assert told(*first, after_s=HOLD_S - 1) == ()
    assert len(told(*first)) == 1
    # Thirty seconds on, Korea says the same; a partner that only falls silent has still said it.
    assert len(told(*first, ship("KOR", 31), after_s=60)) == 1
    agreed = [*first, ship("KOR", 31, ship_name="A")]
    assert len(told(*agreed, after_s=HOLD_S - 1)) == 1
    assert told(*agreed) == ()


def test_an_older_word_that_comes_late_changes_nothing() -> None:
    reports = [ship("JPN", 5, ship_name="A"), ship("KOR", 6, ship_name="A"), ship("KOR", 2, ship_name="B")]
    assert told(*reports) == ()


def test_one_number_at_two_places_is_two_objects() -> None:
    (dispute,) = told(ship("JPN"), ship("KOR", 10, north_m=5_000.0))
    assert dispute.kind is DisagreementKind.OBJECTS
    one, other = dispute.accounts
    assert one.place is not None
    assert other.place is not None
    apart_m = (other.place.latitude_1e7deg - one.place.latitude_1e7deg) / 1e7 * M_PER_DEG
    assert apart_m == pytest.approx(5_000.0, abs=1.0)
    # 95 % of a round error of 10 m.
    assert one.reach_m == round(10.0 * math.sqrt(-2.0 * math.log(0.05)))


@pytest.mark.parametrize(
    ("north_m", "second", "sigma_mm"),
    [(2_400.0, 10.0, 10_000), (30_000.0, 600.0, 10_000), (15_000.0, 1.0, 4_000_000), (0.0, 0.0, 0)],
)
def test_where_one_ship_can_have_been_at_both_places_it_is_one(
    north_m: float, second: float, sigma_mm: int
) -> None:
    reports = ship("JPN"), ship("KOR", second, north_m=north_m, position_sigma_mm=sigma_mm)
    assert told(*reports) == ()


def test_a_partner_that_lies_does_not_move_our_ship_nor_take_its_name() -> None:
    own = ship("JPN", 0, ship_name="HIKARI MARU")
    lie = ship("KOR", 20, ship_name="BADA", north_m=300_000.0, position_sigma_mm=1)
    pipeline = fed(own, lie)
    (sight,) = pipeline.sights(lie.valid_ns)
    assert sight.latitude_deg == pytest.approx(35.0)
    assert sight.valid_ns == own.valid_ns
    said = pipeline.disputes(lie.valid_ns + HOLD_S * SECOND_NS)
    assert [dispute.kind for dispute in said] == [DisagreementKind.IDENTITY, DisagreementKind.OBJECTS]
    for dispute in said:
        assert dispute.accounts[0].basis == own.reference
        assert dispute.accounts[1].basis == lie.reference


def test_a_newer_report_of_a_partner_that_can_be_moves_the_ship() -> None:
    (sight,) = fed(ship("JPN"), ship("KOR", 20, north_m=200.0)).sights(START_NS + 20 * SECOND_NS)
    assert sight.valid_ns == START_NS + 20 * SECOND_NS


def test_only_parties_of_the_view_are_in_it() -> None:
    """A View without Korea knows nothing of what Korea says."""
    mine, theirs = ship("JPN", ship_name="A"), ship("USA", 1, ship_name="A")
    hidden = ship("KOR", 2, ship_name="B", north_m=90_000.0)
    assert told(mine, theirs, after_s=60) == ()
    parties = {a.party for dispute in told(mine, theirs, hidden, after_s=60) for a in dispute.accounts}
    assert parties == {"JPN", "KOR", "USA"}


def test_more_parties_than_may_be_are_not_compared() -> None:
    many = [ship(f"P{chr(65 + n)}", n, ship_name="A") for n in range(PARTIES_MAX)]
    assert told(*many, ship("ZZ", 30, ship_name="B")) == ()
