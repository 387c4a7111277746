"""Who is let in, and what is shown: in the form, at the time, and for as long as policy gives it."""

from typing import Any

import msgspec
import pytest
from tests.observed import (
    TICK_AFTER_NS,
    Events,
    clause_for,
    names,
    observed,
    observers,
    opened,
    own_track,
    picture,
    records,
    rows,
    second,
    ship,
    staffs,
)
from tests.small_federation import START_NS, at, head, impact, launch

from trilat.model import (
    SECOND_NS,
    AnyItem,
    Attribution,
    DirectionPlot,
    ItemError,
    Place,
    Report,
    Status,
    UsageError,
)
from trilat.node import Reading, ReadingStep
from trilat.node.holdings import Holdings
from trilat.node.standing import ITEM_S_MAX, ITEMS_EACH_MAX, WITHDRAWN_S

OBSERVED = observers() | staffs()


# --- who is let in ---


def test_an_observer_of_a_drill_sees_the_whole_first_and_then_what_changed() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    second(federation, 1, {"JPN": [launch(jpn, at_s=0.5), ship(jpn, at_s=0.5)]})
    reading = Reading(jpn, "OBS")
    told = reading.open()
    assert {name: told[name] for name in ("party", "reader", "purpose", "status", "at_ns")} == {
        "party": "JPN",
        "reader": "OBS",
        "purpose": "missile-warning",
        "status": "simulated",
        "at_ns": at(1) + TICK_AFTER_NS,
    }
    first = reading.frame()
    assert [name for name, _ in first] == ["picture", "decisions"]
    assert names(first) == ["JPN-ais-1 1", "JPN-seen 1", "JPN-warn-JPN-launch-JPN-seen 1"]
    assert [sight["key"] for sight in picture(first)["sights"]] == ["431000001"]
    assert reading.frame() == []
    second(federation, 2, {"JPN": [launch(jpn, at_s=0.5, version=2)]})
    then = reading.frame()
    assert names(then) == ["JPN-seen 2"]
    assert picture(then)["sights"] == picture(then)["gone"] == []
    assert picture(then)["entry"] > picture(first)["entry"] > told["entry"]


def test_the_first_frame_is_the_whole_also_where_there_is_nothing() -> None:
    federation = observed(OBSERVED)
    reading = opened(federation.nodes["JPN"])
    ((name, data),) = reading.frame()
    assert name == "picture"
    assert (data["changed"], data["gone"], data["sights"], data["sights_gone"]) == ([], [], [], [])
    assert reading.frame() == []


REFUSED: list[Any] = [
    pytest.param({}, {}, "OBS", "no-agreement", id="no agreement"),
    pytest.param(OBSERVED, {"status": Status.REAL}, "OBS", "status-not-allowed", id="a real node in a drill"),
    pytest.param(OBSERVED, {"readers": ()}, "OBS", "not-releasable-to", id="a label that does not name it"),
    pytest.param(observers(purpose="tea"), {}, "OBS", "purpose-not-allowed", id="another purpose"),
    pytest.param(observers(from_instant="2031-01-01T00:00:00Z"), {}, "OBS", "not-in-force", id="not yet"),
    pytest.param(
        clause_for("JPN", until="2020-01-01T00:00:00Z"), {}, "OBS", "not-in-force", id="not any more"
    ),
    pytest.param(
        clause_for("JPN", highest='{ scheme = "USA", level = "UNCLASSIFIED" }'),
        {},
        "OBS",
        "classification-too-high",
        id="only below our levels",
    ),
    pytest.param(clause_for("JPN", kinds='["report"]'), {}, "OBS", "no-clause", id="no kind that is shown"),
    pytest.param(
        clause_for("JPN", approval='"originator"'), {}, "OBS", "consent-needed", id="an officer was not asked"
    ),
    pytest.param(
        clause_for("JPN", effect='"forbid"', form="", highest=""), {}, "OBS", "clause-forbids", id="forbidden"
    ),
    pytest.param(OBSERVED, {}, "KOR/staff", "not-releasable-to", id="another party's staff"),
    pytest.param(OBSERVED, {}, "JPN/other", "no-agreement", id="staff without an agreement"),
    pytest.param(OBSERVED, {}, "JPN", "recipient-is-originator", id="the party itself is no reader"),
]


@pytest.mark.parametrize(("agreements", "settings", "reader", "reason"), REFUSED)
def test_who_may_see_nothing_is_refused_with_the_reason_and_that_is_written(
    agreements: dict[str, str], settings: dict[str, Any], reader: str, reason: str
) -> None:
    node = observed(agreements, **settings).nodes["JPN"]
    reading = Reading(node, reader)
    with pytest.raises(UsageError, match=f"`{reader}` may see nothing of `JPN`: {reason}") as caught:
        reading.open()
    assert caught.value.facts == {"refused": True, "reason": reason}
    (record,) = records(node)
    assert (record.what, record.reader, record.opened) == (ReadingStep.REFUSED, reader, None)
    assert record.reason == str(caught.value)
    assert reading.frame() == []
    with pytest.raises(UsageError, match="opened once"):
        reading.open()
    assert len(records(node)) == 1


def test_a_reader_whose_name_is_none_is_refused_before_anything_is_written() -> None:
    node = observed(OBSERVED).nodes["JPN"]
    with pytest.raises(ItemError):
        Reading(node, "obs, please").open()
    assert records(node) == []


def test_a_reading_that_is_not_open_shows_nothing() -> None:
    node = observed(OBSERVED).nodes["JPN"]
    with pytest.raises(UsageError, match="open it first"):
        Reading(node, "OBS").frame()
    never = Reading(node, "OBS")
    assert never.close("never open") is None
    assert records(node) == []


@pytest.mark.parametrize("status", [Status.REAL, Status.SIMULATED])
def test_own_staff_see_all_that_the_party_holds_whatever_its_status(status: Status) -> None:
    federation = observed(staffs(), readers=(), status=status)
    nodes = federation.nodes
    second(federation, 1, {party: [launch(node, at_s=0.5)] for party, node in nodes.items()})
    second(federation, 2)
    events = opened(nodes["JPN"], "JPN/staff").frame()
    shown = {plain["id"]: plain for plain in picture(events)["changed"]}
    assert {"JPN-seen", "KOR-seen", "USA-seen", "JPN-warn-JPN-launch-JPN-seen"} <= shown.keys()
    assert shown["KOR-seen"]["sender"] == "KOR"
    assert shown["JPN-seen"]["sender"] is None
    assert shown["KOR-seen"]["marking"] == "KOR III"
    assert {row["recipient"] for row in rows(events)} == {"KOR", "USA"}


# --- what is shown ---


def test_reports_are_not_shown_nor_copies_that_were_made_for_peers() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    plot = DirectionPlot(
        site=Place(latitude_1e7deg=0, longitude_1e7deg=0),
        azimuth_nrad=1,
        elevation_nrad=1,
        azimuth_sigma_nrad=1_000,
        elevation_sigma_nrad=1_000,
    )
    report = Report(**head(jpn, "report", "r", at(0.5)), sensor="eye", observation=plot)
    second(federation, 1, {"JPN": [launch(jpn, at_s=0.5), report]})
    for reader in ("OBS", "JPN/staff"):
        shown = {plain["id"] for plain in picture(opened(jpn, reader).frame())["changed"]}
        assert shown == {"JPN-seen", "JPN-warn-JPN-launch-JPN-seen"}
    held = {item.item_id for item in jpn.holdings.items()}
    assert {"JPN-r", "JPN-warn-KOR-launch-JPN-seen", "JPN-warn-USA-launch-JPN-seen"} <= held


def test_what_a_partner_gave_is_shown_with_who_gave_it() -> None:
    federation = observed(OBSERVED)
    nodes = federation.nodes
    second(federation, 1, {"KOR": [own_track(nodes["KOR"], at_s=0.5)]})
    (plain,) = picture(opened(nodes["USA"]).frame())["changed"]
    assert (plain["id"], plain["sender"], plain["originator"]) == ("KOR-t", "KOR", "KOR")
    # The regime gives tracklets alone, so that is what there is to be shown.
    assert plain["form"] == "tracklets"
    assert plain["lat"] is not None


FORMS: list[Any] = [
    pytest.param({}, "tracks", True, True, id="whole tracks"),
    pytest.param({"form": '"tracklets"', "kinds": '["track"]'}, "tracklets", True, True, id="tracklets"),
    pytest.param(
        {"form": '"coarse-tracks"', "duties": "{ round_position_m = 10000 }"},
        "coarse-tracks",
        True,
        False,
        id="coarse tracks",
    ),
    pytest.param({"form": '"existence"', "kinds": '["track"]'}, "existence", False, False, id="existence"),
    pytest.param({"duties": '{ strip = ["state"] }', "kinds": '["track"]'}, "tracks", False, False, id="cut"),
]


@pytest.mark.parametrize(("fields", "form", "placed", "decided"), FORMS)
def test_the_form_of_the_clause_holds_for_a_screen(
    fields: dict[str, str], form: str, placed: bool, decided: bool
) -> None:
    federation = observed(clause_for("JPN", **fields))
    jpn = federation.nodes["JPN"]
    track = own_track(jpn, at_s=0.5)
    second(federation, 1, {"JPN": [track]})
    events = opened(jpn).frame()
    (plain,) = picture(events)["changed"]
    assert plain["form"] == form
    assert ("lat" in plain) == placed
    # What is not had in full is not decided about in the reader's sight.
    assert bool(rows(events)) == decided


def test_rounding_moves_what_is_shown_and_says_how_much() -> None:
    """The same track by two agreements: the coarse one is elsewhere, and states at least the cell's error."""
    exact, coarse = (
        picture(_read_one(clause_for("JPN", form=form, **duties)))["changed"][0]
        for form, duties in (
            ('"tracks"', {}),
            ('"coarse-tracks"', {"duties": "{ round_position_m = 10000 }"}),
        )
    )
    assert (exact["lat"], exact["lon"]) != (coarse["lat"], coarse["lon"])
    cell_sigma_m = 10_000 / 12**0.5
    assert coarse["ellipse"]["semi_minor_m"] >= 3.0 * cell_sigma_m
    assert exact["ellipse"]["semi_major_m"] < 3.0 * cell_sigma_m


def _read_one(agreements: dict[str, str]) -> Events:
    federation = observed(agreements)
    second(federation, 1, {"JPN": [own_track(federation.nodes["JPN"], at_s=0.5)]})
    return opened(federation.nodes["JPN"]).frame()


def _followed(agreements: dict[str, str], seconds: int) -> list[list[str]]:
    """What a reader gets second by second of a launch that is seen anew every second."""
    federation = observed(agreements)
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    reading.frame()
    told = []
    for t in range(1, seconds + 1):
        second(federation, t, {"JPN": [launch(jpn, at_s=t - 0.5, version=t)]})
        told.append([name for name in names(reading.frame()) if "warn" not in name])
    return told


def test_a_delay_holds_every_version_back_and_loses_none() -> None:
    told = _followed(clause_for("JPN", duties="{ delay_s = 3 }"), 8)
    # A version of half past a second is due three seconds later: with the frame behind the third tick.
    assert told[:3] == [[], [], []]
    assert told[3:] == [[f"JPN-seen {version}"] for version in range(1, 6)]


def test_thinning_lets_one_version_through_and_the_newest_when_it_is_time() -> None:
    told = _followed(clause_for("JPN", duties="{ thin_s = 3 }"), 9)
    assert told == [["JPN-seen 1"], [], [], ["JPN-seen 4"], [], [], ["JPN-seen 7"], [], []]


def test_thinning_lets_the_last_word_through_though_nothing_follows() -> None:
    federation = observed(clause_for("JPN", duties="{ thin_s = 3 }"))
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    told = []
    for t in range(1, 7):
        said: list[AnyItem] = []
        if t < 4:
            said = [launch(jpn, at_s=0.5, version=t), impact(jpn, at_s=0.5, version=t)]
        second(federation, t, {"JPN": said})
        told.append([name for name in names(reading.frame()) if "warn" not in name])
    both = [["JPN-fall 1", "JPN-seen 1"], [], [], ["JPN-fall 3", "JPN-seen 3"], [], []]
    assert told == both


def test_a_warning_is_never_thinned() -> None:
    federation = observed(clause_for("JPN", duties="{ thin_s = 30 }"))
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    second(federation, 1, {"JPN": [launch(jpn, at_s=0.5)]})
    assert "JPN-warn-JPN-launch-JPN-seen 1" in names(reading.frame())
    jpn.retract_warning("launch-JPN-seen", "no launch")
    second(federation, 2)
    (plain,) = picture(reading.frame())["changed"]
    assert (plain["state"], plain["text"], plain["version"]) == ("retracted", "no launch", 2)


def test_a_withdrawn_warning_says_so_and_leaves() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    second(federation, 1, {"JPN": [launch(jpn, at_s=0.5)]})
    reading.frame()
    jpn.retract_warning("launch-JPN-seen", "no launch")
    second(federation, 2)
    (plain,) = picture(reading.frame())["changed"]
    assert plain["state"] == "retracted"
    second(federation, WITHDRAWN_S)
    assert picture(reading.frame())["gone"] == []
    second(federation, 3 + WITHDRAWN_S)
    assert picture(reading.frame())["gone"] == ["JPN-warn-JPN-launch-JPN-seen"]


def test_what_is_old_leaves_and_does_not_come_back() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    second(federation, 1, {"JPN": [impact(jpn, at_s=0.5), ship(jpn, at_s=0.5)]})
    assert "JPN-ais-1 1" in names(reading.frame())
    second(federation, ITEM_S_MAX)
    assert picture(reading.frame())["gone"] == []
    second(federation, ITEM_S_MAX + 1)
    assert {"JPN-ais-1", "JPN-fall"} <= set(picture(reading.frame())["gone"])
    second(federation, ITEM_S_MAX + 2)
    assert picture(reading.frame())["changed"] == []
    late = opened(jpn)
    assert "JPN-ais-1 1" not in names(late.frame())


def test_a_copy_that_holds_only_so_long_leaves_when_it_has() -> None:
    federation = observed(clause_for("JPN", duties="{ expire_s = 5 }"))
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    second(federation, 1, {"JPN": [ship(jpn, at_s=0.5)]})
    events = reading.frame()
    assert names(events) == ["JPN-ais-1 1"]
    assert picture(events)["sights"] == [], "an object would outlive the copy"
    second(federation, 7)
    assert picture(reading.frame())["gone"] == ["JPN-ais-1"]


def test_a_label_that_ends_takes_its_item_away_and_one_that_has_not_begun_waits() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    label = jpn.heads.label("vessel", START_NS)
    ending = msgspec.structs.replace(label, expires_ns=label.created_ns + 4 * SECOND_NS)
    lasting = msgspec.structs.replace(label, expires_ns=label.created_ns + 90 * SECOND_NS)
    coming = msgspec.structs.replace(label, created_ns=label.created_ns + 3 * SECOND_NS)
    ships = [
        ship(jpn, number, at_s=0.5, label=made) for number, made in enumerate((lasting, ending, coming), 1)
    ]
    reading = opened(jpn)
    second(federation, 1, {"JPN": ships})
    assert names(reading.frame()) == ["JPN-ais-1 1", "JPN-ais-2 1"]
    second(federation, 3)
    assert names(reading.frame()) == ["JPN-ais-3 1"]
    second(federation, 4)
    events = reading.frame()
    assert picture(events)["gone"] == ["JPN-ais-2"]
    assert names(events) == [], "what lasts longer stays as it is"
    second(federation, 90)
    assert "JPN-ais-1" in picture(reading.frame())["gone"]


def test_a_newer_version_under_a_narrower_label_is_not_shown_and_does_not_show() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    narrow = msgspec.structs.replace(jpn.heads.label("vessel", START_NS), releasable_to=("KOR",))
    reading = opened(jpn)
    second(federation, 1, {"JPN": [ship(jpn, at_s=0.5)]})
    reading.frame()
    second(federation, 2, {"JPN": [ship(jpn, at_s=1.5, version=2, label=narrow)]})
    assert reading.frame() == []
    hidden = ship(jpn, 2, at_s=2.5, label=narrow)
    second(federation, 3, {"JPN": [hidden]})
    assert reading.frame() == []
    # Own staff see both, and the objects that they make.
    staff = opened(jpn, "JPN/staff").frame()
    assert names(staff) == ["JPN-ais-1 2", "JPN-ais-2 1"]
    assert len(picture(staff)["sights"]) == 2


def test_who_may_not_be_named_is_not_shown() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    label = jpn.heads.label("vessel", START_NS)
    ships = [
        ship(jpn, number, at_s=0.5, label=msgspec.structs.replace(label, attribution=attribution))
        for number, attribution in enumerate(Attribution, 1)
    ]
    second(federation, 1, {"JPN": ships})
    events = opened(jpn).frame()
    assert names(events) == ["JPN-ais-1 1", "JPN-ais-2 1"]
    assert [sight["key"] for sight in picture(events)["sights"]] == ["431000001"]


def test_categories_that_a_reader_is_not_read_into_keep_an_item_back() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    label = msgspec.structs.replace(jpn.heads.label("vessel", START_NS), restrictive=("NEED",))
    second(federation, 1, {"JPN": [ship(jpn, at_s=0.5, label=label)]})
    events = opened(jpn).frame()
    assert (names(events), picture(events)["sights"], rows(events)) == ([], [], [])


def test_more_than_can_be_made_at_once_comes_in_the_next_frames_ships_last() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    reading.frame()
    count = 2 * ITEMS_EACH_MAX + 100
    second(federation, 1, {"JPN": [ship(jpn, number, at_s=0.5) for number in range(count)]})
    first = names(reading.frame())
    newer = [ship(jpn, number, at_s=1.5, version=2) for number in range(count - 10, count)]
    second(federation, 2, {"JPN": [*newer, launch(jpn, at_s=1.5)]})
    then = names(reading.frame())
    last = names(reading.frame())
    assert [len(first), len(then), len(last)] == [ITEMS_EACH_MAX, ITEMS_EACH_MAX, 102]
    assert "JPN-seen 1" in then
    told = {name.split()[0]: name.split()[1] for name in (*first, *then, *last)}
    assert len(told) == count + 2
    assert all(told[item.item_id] == "2" for item in newer), "of what waits the newest is made"
    assert reading.frame() == []
    assert len(names(opened(jpn).frame())) == count + 2, "the first picture is the whole"


def test_what_was_not_followed_is_looked_at_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trilat.node.holdings.CHANGES_MAX", 5)
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    assert jpn.holdings._changes.maxlen == 5
    reading = opened(jpn)
    reading.frame()
    second(federation, 1, {"JPN": [ship(jpn, number, at_s=0.5) for number in range(20)]})
    assert len(names(reading.frame())) == 20


def test_changes_are_told_in_order_and_only_while_they_are_remembered() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    second(federation, 1, {"JPN": [ship(jpn, number, at_s=0.5) for number in range(3)]})
    second(federation, 2, {"JPN": [ship(jpn, 1, at_s=1.5, version=2)]})
    holdings: Holdings = jpn.holdings
    told = holdings.changes_since(0)
    assert told is not None
    assert [(held.item.item_id, held.item.version) for held, _ in told] == [
        ("JPN-ais-0", 1),
        ("JPN-ais-1", 1),
        ("JPN-ais-2", 1),
        ("JPN-ais-1", 2),
    ]
    assert holdings.changes_since(holdings.changes_count) == ()
    assert [held.item.version for held, _ in holdings.changes_since(3) or ()] == [2]
    assert holdings.changes_since(-1) is None
    assert [held.item.item_id for held, _ in holdings.everything()] == ["JPN-ais-0", "JPN-ais-2", "JPN-ais-1"]
