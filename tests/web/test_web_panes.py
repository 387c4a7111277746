"""A pane is what the events say, whole again after a break; what does not fit its shape is left out."""

from typing import Any

import pytest
from tests.web.fakes import NOW_NS, decision, picture, shown, sight

from trilat.web.panes import DECISIONS_MAX, TRAIL_POINTS_MAX, Judged, Pane

S = 10**9


def take(pane: Pane, *, whole: bool = False, at_ns: Any = NOW_NS, **fields: Any) -> tuple[Any, Judged]:
    judged = Judged()
    told = pane.take_picture(picture(at_ns, **fields)[1], judged, whole=whole)
    return told, judged


def names(plain: list[dict[str, Any]]) -> list[str]:
    return [entry.get("id") or entry["key"] for entry in plain]


def test_changes_are_put_together_and_what_goes_takes_its_trail_along() -> None:
    pane = Pane()
    take(pane, whole=True, changed=[shown("KOR-a", lat=1.0, lon=2.0), shown("KOR-b")], sights=[sight("1")])
    take(pane, changed=[shown("KOR-a", version=2, lat=1.5, lon=2.0, valid_ns=NOW_NS + S)])
    plain = pane.plain()
    assert names(plain["items"]) == ["KOR-a", "KOR-b"]
    assert plain["items"][0]["version"] == 2
    assert plain["trails"]["KOR-a"] == [[NOW_NS, 1.0, 2.0, None], [NOW_NS + S, 1.5, 2.0, None]]
    assert plain["trails"]["sight:1"] == [[NOW_NS, 40.0, 130.0, 1_000.0]]
    told, _ = take(pane, gone=["KOR-a", "KOR-never"], sights_gone=["1", "2"], at_ns=NOW_NS + 2 * S)
    assert (told["gone"], told["sights_gone"]) == (["KOR-a"], ["1"])
    assert names(pane.plain()["items"]) == ["KOR-b"]
    assert pane.plain()["trails"] == {}
    assert pane.at_ns == NOW_NS + 2 * S


def test_a_whole_picture_takes_away_what_it_does_not_name_and_keeps_trails_of_what_it_does() -> None:
    pane = Pane()
    take(pane, whole=True, changed=[shown("KOR-a", lat=1.0, lon=2.0), shown("KOR-b")], sights=[sight("1")])
    told, _ = take(pane, whole=True, changed=[shown("KOR-a", lat=3.0, lon=2.0, valid_ns=NOW_NS + S)])
    assert (told["gone"], told["sights_gone"]) == (["KOR-b"], ["1"])
    assert len(pane.plain()["trails"]["KOR-a"]) == 2
    assert names(pane.plain()["items"]) == ["KOR-a"]


@pytest.mark.parametrize(
    ("second", "points"),
    [
        ({"lat": 1.0, "lon": 2.0, "valid_ns": NOW_NS + S}, 1),
        ({"lat": 1.1, "lon": 2.0, "valid_ns": NOW_NS - S}, 1),
        ({"valid_ns": NOW_NS + S}, 1),
        ({"lat": None, "lon": None, "valid_ns": NOW_NS + S}, 1),
        ({"lat": 1.1, "lon": 2.0, "valid_ns": NOW_NS + S}, 2),
        ({"lat": 1.0, "lon": 2.0, "height_m": 5.0, "valid_ns": NOW_NS + S}, 2),
    ],
    ids=["the same place", "an older place", "no place", "no place, said", "a new place", "a new height"],
)
def test_a_trail_grows_by_new_places_alone(second: dict[str, Any], points: int) -> None:
    pane = Pane()
    take(pane, changed=[shown(lat=1.0, lon=2.0)])
    take(pane, changed=[shown(version=2, **second)])
    assert len(pane.trails["KOR-track-1"]) == points


def test_only_tracks_and_objects_leave_trails() -> None:
    pane = Pane()
    for kind in ("event", "area", "warning", "vessel"):
        take(pane, changed=[shown(f"KOR-{kind}", kind=kind, lat=1.0, lon=2.0)])
    assert pane.trails == {}


def test_a_long_trail_is_thinned_and_keeps_its_ends() -> None:
    pane = Pane()
    for number in range(2 * TRAIL_POINTS_MAX):
        take(pane, sights=[sight(lat=number / 100, valid_ns=NOW_NS + number * S)])
        assert len(pane.trails["sight:1"]) <= TRAIL_POINTS_MAX
    trail = pane.trails["sight:1"]
    assert trail[0][0] == NOW_NS
    assert trail[-1][0] == NOW_NS + (2 * TRAIL_POINTS_MAX - 1) * S
    assert [point[0] for point in trail] == sorted(point[0] for point in trail)


MISFITS: list[tuple[str, dict[str, Any], str]] = [
    ("no object", {"changed": ["KOR-a"]}, "expected `object`"),
    ("no list", {"changed": {"KOR-a": 1}}, "expected a list of Shown"),
    ("nothing for a list", {"changed": None}, "expected a list of Shown"),
    ("a field missing", {"changed": [{"id": "KOR-a"}]}, "missing required field"),
    ("a place beyond the pole", {"changed": [shown(lat=91.0, lon=0.0)]}, "`$.lat`"),
    ("a place as text", {"changed": [shown(lat="1", lon=0.0)]}, "`$.lat`"),
    ("a name with a line end", {"changed": [shown("KOR\n-a")]}, "`$.id`"),
    ("a text that moves a cursor", {"changed": [shown(text="\x1b[2J")]}, "`$.text`"),
    ("a status that nobody has", {"changed": [shown(status="maybe")]}, "`$.status`"),
    ("an instant as a fraction", {"changed": [shown(valid_ns=1.5)]}, "`$.valid_ns`"),
    ("a negative axis", {"changed": [shown(ellipse={"semi_major_m": -1})]}, "`$.ellipse"),
    ("a polygon that is none", {"changed": [shown(polygon=[[1, 2, 3]])]}, "`$.polygon[0]`"),
    ("an object without a place", {"sights": [{"key": "1"}]}, "missing required field"),
    ("an object's confidence as a number", {"sights": [sight(confirmed=1)]}, "`$.confirmed`"),
    ("names that are numbers", {"gone": [1]}, "expected a list of names"),
    ("a name alone", {"sights_gone": "1"}, "expected a list of names"),
    ("an instant as text", {"at_ns": "now"}, "expected an instant"),
    ("an instant before time", {"at_ns": -1}, "expected an instant"),
    ("truth as an instant", {"at_ns": True}, "expected an instant"),
]


@pytest.mark.parametrize(("case", "fields", "words"), MISFITS, ids=[row[0] for row in MISFITS])
def test_what_does_not_fit_is_left_out_and_the_rest_is_used(
    case: str, fields: dict[str, Any], words: str
) -> None:
    del case
    pane = Pane()
    take(pane, whole=True, changed=[shown("KOR-first")])
    data = dict(fields)
    if isinstance(data.get("changed"), list):
        data["changed"] = [*data["changed"], shown("KOR-good")]
    told, judged = take(pane, **data)
    assert judged.left_out == 1
    assert words in judged.why
    assert pane.at_ns == NOW_NS
    wanted = ["KOR-good"] if isinstance(data.get("changed"), list) else []
    assert names(told["changed"]) == wanted
    assert names(pane.plain()["items"]) == ["KOR-first", *wanted]


def test_fields_that_nobody_knows_are_left_out_without_a_word() -> None:
    pane = Pane()
    told, judged = take(pane, changed=[shown(colour="red")], sights=[sight(colour="red")])
    assert judged.left_out == 0
    assert told["changed"] == [shown()]
    assert told["sights"] == [sight()]


def test_there_is_room_for_so_much_and_what_is_over_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trilat.web.panes.ITEMS_MAX", 2)
    pane = Pane()
    told, judged = take(pane, changed=[shown(f"KOR-{number}") for number in range(5)])
    assert names(told["changed"]) == ["KOR-0", "KOR-1"]
    assert judged.left_out == 3
    assert "over the limit of 2" in judged.why
    told, judged = take(pane, changed=[shown("KOR-1", version=2), shown("KOR-9")], gone=["KOR-0"])
    assert names(told["changed"]) == ["KOR-9"]
    assert told["moved"] == [{"id": "KOR-1", "version": 2}]
    assert judged.left_out == 0


def test_of_an_item_that_is_known_only_what_is_new_is_told() -> None:
    pane = Pane()
    first = shown(lat=1.0, lon=2.0, sender="JPN")
    told, _ = take(pane, changed=[first])
    assert (told["changed"], told["moved"]) == ([first], [])
    second = shown(version=2, lat=1.5, lon=2.0, sender="JPN", under=["pact@1"])
    told, _ = take(pane, changed=[second])
    assert told["changed"] == []
    assert told["moved"] == [{"id": first["id"], "version": 2, "lat": 1.5, "under": ["pact@1"]}]
    assert pane.plain()["items"] == [second]


def test_an_item_that_lost_a_field_is_told_as_a_whole() -> None:
    pane = Pane()
    take(pane, changed=[shown(lat=1.0, lon=2.0)])
    told, _ = take(pane, changed=[shown(version=2)])
    assert (told["changed"], told["moved"]) == ([shown(version=2)], [])


def decide(pane: Pane, *numbers: int, **fields: Any) -> list[int]:
    rows = [decision(number, **fields) for number in numbers]
    return [row["number"] for row in pane.take_decisions({"decisions": rows}, Judged())]


def test_decisions_are_kept_newest_first_each_once() -> None:
    pane = Pane()
    assert decide(pane, 1, 2, 3) == [1, 2, 3]
    assert decide(pane, 2, 3, 4) == [4]
    assert [row["number"] for row in pane.plain()["decisions"]] == [4, 3, 2, 1]
    assert decide(pane, 3, outcome="withhold") == [3]
    assert decide(pane) == []


def test_so_many_decisions_are_kept_and_an_older_one_does_not_come_back() -> None:
    pane = Pane()
    assert len(decide(pane, *range(DECISIONS_MAX + 50))) == DECISIONS_MAX
    kept = [row["number"] for row in pane.plain()["decisions"]]
    assert kept == list(range(DECISIONS_MAX + 49, 49, -1))
    assert decide(pane, 3, 49) == []
    assert decide(pane, 1_000) == [1_000]
    assert len(pane.decisions) == DECISIONS_MAX


@pytest.mark.parametrize(
    "rows",
    [None, {}, ["1"], [decision(-1)], [decision(1, reasons="no")], [decision(1, recipient="usa")]],
)
def test_a_decision_that_does_not_fit_is_left_out(rows: Any) -> None:
    pane, judged = Pane(), Judged()
    assert pane.take_decisions({"decisions": rows}, judged) == []
    assert judged.left_out == 1
    assert pane.decisions == {}


NAMES = {"en": "North coast", "ja": "北岸", "ko": "북쪽 해안"}
THREAT = {
    "area": "KOR-watch-north-coast",
    "names": NAMES,
    "impact": 0.07,
    "overflight": 0.9,
    "first_ns": NOW_NS,
    "last_ns": NOW_NS + S,
}


def test_a_watch_area_and_a_threat_to_it_reach_the_page_whole() -> None:
    area = shown("KOR-watch-north-coast", kind="area", area="watch", names=NAMES, lat=1.0, lon=2.0)
    warning = shown("KOR-warn", kind="warning", warning="threat", state="raised", threat=THREAT)
    told, judged = take(Pane(), whole=True, changed=[area, warning])
    assert [(plain["id"], plain.get("names"), plain.get("threat")) for plain in told["changed"]] == [
        ("KOR-watch-north-coast", NAMES, None),
        ("KOR-warn", None, THREAT),
    ]
    assert judged.left_out == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"impact": 1.1},
        {"overflight": -0.1},
        {"impact": "likely"},
        {"first_ns": 0.5},
        {"names": {"en": "North coast"}},
        {"names": {**NAMES, "ko": "a\nb"}},
        {"area": "no name"},
    ],
    ids=str,
)
def test_a_threat_that_cannot_be_is_left_out(wrong: dict[str, Any]) -> None:
    warning = shown("KOR-warn", kind="warning", warning="threat", state="raised", threat=THREAT | wrong)
    told, judged = take(Pane(), whole=True, changed=[warning])
    assert told["changed"] == []
    assert judged.left_out == 1
