"""Decisions and fused objects before a reader, and what happens when an answer changes."""

import dataclasses

import msgspec
import pytest
from tests.observed import (
    Events,
    Plain,
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
from tests.small_federation import PARTIES, START_NS, at, impact, launch

from trilat.model import (
    SECOND_NS,
    Consent,
    Status,
    UsageError,
    format_instant,
)
from trilat.node import Node, Reading, ReadingStep
from trilat.node.answers import Answers
from trilat.node.exchange import Held
from trilat.scenario import named_scenario
from trilat.study import Federation, Yardstick

OBSERVED = observers() | staffs()


# --- decisions ---


def test_decisions_are_shown_on_what_the_reader_may_see_and_the_newest_come_last() -> None:
    federation = observed(OBSERVED, regime="separate-2009")
    usa, jpn = federation.nodes["USA"], federation.nodes["JPN"]
    reading = opened(usa)
    second(federation, 1, {"JPN": [launch(jpn, at_s=0.5)]})
    second(federation, 2)
    told = rows(reading.frame())
    numbers = [row["number"] for row in told]
    assert numbers == sorted(numbers)
    (row,) = [row for row in told if row["item_id"] == "JPN-seen"]
    assert (row["sender"], row["recipient"], row["outcome"], row["form"]) == ("USA", "KOR", "withhold", None)
    assert "third-party-rule" in row["reasons"]
    assert (row["kind"], row["originator"], row["subject"], row["version"]) == (
        "event",
        "JPN",
        "JPN-seen",
        1,
    )
    assert row["at_ns"] == at(2)
    assert row["decided_ns"] == at(2) + usa.config.decision_shift_ns
    assert rows(reading.frame()) == []


def test_decisions_go_on_counting_over_a_restart() -> None:
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    second(federation, 1, {"JPN": [launch(jpn, at_s=0.5)]})
    told = rows(opened(jpn).frame())
    assert [row["number"] for row in told] == list(range(1, 1 + len(told)))
    federation._rebuild("JPN")
    again = federation.nodes["JPN"]
    assert rows(opened(again).frame()) == told
    assert again.recent_decisions.count == jpn.recent_decisions.count


def test_of_many_decisions_the_newest_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trilat.node.reading.DECISIONS_EACH_MAX", 3)
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    second(federation, 1, {"JPN": [ship(jpn, number, at_s=0.5) for number in range(9)]})
    assert [row["number"] for row in rows(opened(jpn).frame())] == [16, 17, 18]


# --- objects, and what is not the reader's ---


@dataclasses.dataclass
class Flown:
    """A flight that an observer followed at the United States, second by second."""

    federation: Federation
    frames: list[Events]

    @property
    def sights(self) -> list[list[Plain]]:
        return [picture(events)["sights"] for events in self.frames]


FORBIDDEN = clause_for(
    "KOR",
    effect='"forbid"',
    form="",
    highest="",
    kinds='["report", "track", "event", "area", "warning", "vessel"]',
)


def _flown(agreements: dict[str, str], silent: frozenset[str] = frozenset()) -> Flown:
    scenario = dataclasses.replace(named_scenario("two-stage-generic"), duration_s=135.0)
    federation = observed(agreements, start_ns=scenario.launch_ns)
    labels = {party: node.label("report") for party, node in federation.nodes.items()}
    reports = Yardstick(scenario, 1, silent_parties=silent).reports(labels, Status.SIMULATED)
    reading = opened(federation.nodes["USA"])
    frames = []

    def sample(_: Federation, __: int) -> None:
        frames.append(reading.frame())

    federation.settings = dataclasses.replace(
        federation.settings, end_ns=scenario.launch_ns + 135 * SECOND_NS
    )
    federation.run(reports, sample=sample)
    return Flown(federation, frames)


@pytest.fixture(scope="module")
def everything() -> Flown:
    return _flown(OBSERVED)


@pytest.fixture(scope="module")
def without_korea() -> Flown:
    return _flown(OBSERVED | FORBIDDEN)


@pytest.fixture(scope="module")
def silent_korea() -> Flown:
    return _flown(OBSERVED | FORBIDDEN, frozenset({"KOR"}))


def _in_the_air(flown: Flown) -> list[Plain]:
    return [sight for sights in flown.sights for sight in sights]


def test_who_may_have_all_in_full_sees_the_staffs_objects(everything: Flown) -> None:
    usa = everything.federation.nodes["USA"]
    assert {source for sight in _in_the_air(everything) for source in sight["sources"]} == set(PARTIES)
    assert usa.views._watched == [], "no View of its own was needed"
    last = everything.sights[-1]
    assert [sight["key"] for sight in last] == [sight.key for sight in usa.sights()]
    assert all(sight["ellipse"] and sight["speed_m_per_s"] and sight["height_sigma_m"] for sight in last)


def test_a_partner_that_forbids_it_is_in_no_object_and_in_no_word(without_korea: Flown) -> None:
    usa = without_korea.federation.nodes["USA"]
    assert any(item.label.originator == "KOR" for item in usa.holdings.items()), "the premise: it is held"
    assert any("KOR" in sight.sources for sight in usa.sights())
    assert len(usa.views._watched) == 1
    assert {source for sight in _in_the_air(without_korea) for source in sight["sources"]} == {"USA", "JPN"}
    for events in without_korea.frames:
        for _, data in events:
            # That something went to Korea is the United States' own word on its own items.
            told = [{**row, "recipient": ""} for row in data.get("decisions", ())]
            assert b"KOR" not in msgspec.json.encode([{**data, "decisions": told}])


def test_what_is_shown_is_bit_for_bit_that_of_a_run_without_it(
    without_korea: Flown, silent_korea: Flown
) -> None:
    assert silent_korea.federation.nodes["KOR"].accepted_reports == 0
    assert len(_in_the_air(without_korea)) > 40
    assert msgspec.json.encode(without_korea.sights) == msgspec.json.encode(silent_korea.sights)
    for with_it, without in zip(without_korea.frames, silent_korea.frames, strict=True):
        assert _observations(with_it) == _observations(without)


def _observations(events: Events) -> tuple[list[Plain], list[str], list[Plain]]:
    """Items, names that went and decisions, but for warnings: those of the staff confirm each other."""
    items = [plain for plain in picture(events)["changed"] if plain["kind"] != "warning"]
    gone = [name for name in picture(events)["gone"] if "-warn-" not in name]
    told = [{**row, "number": 0} for row in rows(events) if row["kind"] != "warning"]
    return items, gone, told


def test_with_everything_the_objects_are_others(everything: Flown, without_korea: Flown) -> None:
    assert everything.sights != without_korea.sights


def test_ships_of_a_partner_that_forbids_it_are_not_shown_and_move_no_object() -> None:
    ships = {"ships.toml": _between_all("ships", '["vessel"]', '"tracks"')}
    federation = observed(OBSERVED | FORBIDDEN | ships)
    nodes = federation.nodes
    reading = opened(nodes["USA"])
    second(federation, 1, {"USA": [ship(nodes["USA"], 1, at_s=0.5)]})
    own = picture(reading.frame())["sights"]
    at_first = ship(nodes["USA"], 1, at_s=0.5).place
    assert at_first is not None
    # Seven metres on in a second: where it can have gone.
    moved = msgspec.structs.replace(at_first, latitude_1e7deg=at_first.latitude_1e7deg + 650)
    second(
        federation,
        2,
        {
            "KOR": [ship(nodes["KOR"], 1, at_s=1.5, place=moved), ship(nodes["KOR"], 2, at_s=1.5)],
            "JPN": [ship(nodes["JPN"], 3, at_s=1.5)],
        },
    )
    events = reading.frame()
    assert names(events) == ["JPN-ais-3 1"]
    assert [sight["key"] for sight in picture(events)["sights"]] == ["431000003"]
    assert own[0]["sources"] == ["USA"]
    staff = {sight.key: sight for sight in nodes["USA"].sights()}
    assert staff["431000001"].latitude_deg == moved.latitude_1e7deg / 1e7, "the premise"


def _between_all(name: str, kinds: str, form: str) -> str:
    everyone = ", ".join(f'"{party}"' for party in PARTIES)
    return f"""[agreement]
id = "{name}"
version = 1
title = "t"
parties = [{everyone}]
in_force_from = 2009-01-01T00:00:00Z
purposes = ["missile-warning"]
onward = "never"
[[clause]]
id = "1"
article = "a"
effect = "permit"
domains = ["maritime", "missile"]
kinds = {kinds}
from = [{everyone}]
to = [{everyone}]
highest = {{ scheme = "USA", level = "SECRET" }}
form = {form}
"""


NOT_IN_FULL = [
    "delay_s = 1",
    "thin_s = 1",
    "round_position_m = 10",
    "round_velocity_m_per_s = 10",
    "round_time_s = 1",
    'strip = ["speed_mm_per_s"]',
    'attribution = "office"',
    "expire_s = 60",
    "cover_m = 100",
    "sigma_class_m = 64",
]


@pytest.mark.parametrize("duty", NOT_IN_FULL)
def test_what_is_not_had_in_full_is_in_no_object(duty: str) -> None:
    federation = observed(clause_for("JPN", duties=f"{{ {duty} }}", kinds='["vessel"]'))
    jpn = federation.nodes["JPN"]
    second(federation, 1, {"JPN": [ship(jpn, at_s=0.5)]})
    second(federation, 2)
    events = opened(jpn).frame()
    assert names(events) == ["JPN-ais-1 1"]
    assert (picture(events)["sights"], rows(events)) == ([], [])


@pytest.mark.parametrize(
    "duty", ['strip = ["receiver", "observations"]', 'mark = ["DRILL"]', "return_or_destroy = true"]
)
def test_what_tells_nothing_of_where_a_ship_is_may_be_cut(duty: str) -> None:
    federation = observed(clause_for("JPN", duties=f"{{ {duty} }}", kinds='["vessel"]'))
    jpn = federation.nodes["JPN"]
    second(federation, 1, {"JPN": [ship(jpn, at_s=0.5)]})
    assert len(picture(opened(jpn).frame())["sights"]) == 1


def test_own_reports_make_objects_only_where_own_tracks_may_be_had_in_full() -> None:
    """Reports are never shown; that an object may be made of them hangs on what is made of them."""
    node = observed(clause_for("JPN", kinds='["vessel"]')).nodes["JPN"]
    answers = Answers(node, "OBS", 60)
    track = own_track(node, at_s=0.0)
    node.use_item(Held(track, b""))
    ((named, newest),) = node.views.object_classes.items()
    assert not answers.has_class(named, newest, at(1))
    allowed = observed(OBSERVED).nodes["JPN"]
    assert Answers(allowed, "OBS", 60).has_class(named, newest, at(1))


# --- a change of the answer ---


def _ends_at(seconds: int) -> str:
    """When an agreement must end so that it does `seconds` into a run of the regime."""
    federation = observed({})
    return format_instant(at(seconds) + federation.shift_ns)


def test_when_the_agreement_ends_everything_goes_and_the_reading_closes_itself() -> None:
    federation = observed(clause_for("JPN", until=_ends_at(3)))
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    second(federation, 1, {"JPN": [launch(jpn, at_s=0.5), ship(jpn, at_s=0.5)]})
    shown = {name.split()[0] for name in names(reading.frame())}
    second(federation, 2)
    assert reading.frame() == []
    second(federation, 3, {"JPN": [launch(jpn, "other", at_s=2.5)]})
    last = reading.frame()
    assert [name for name, _ in last] == ["picture", "closed"]
    assert set(picture(last)["gone"]) == shown
    assert (picture(last)["changed"], picture(last)["sights_gone"]) == ([], ["431000001"])
    assert last[-1][1]["reason"] == "`OBS` may see nothing of `JPN` any more: not-in-force"
    assert records(jpn)[-1].what is ReadingStep.CLOSED
    assert records(jpn)[-1].reason == last[-1][1]["reason"]
    assert reading.frame() == []
    assert reading.close("the reader left") is None
    with pytest.raises(UsageError, match="not-in-force"):
        Reading(jpn, "OBS").open()


def test_a_clause_that_ends_takes_its_items_away_and_leaves_the_others() -> None:
    """A prohibition of another agreement begins: for ships alone."""
    stop = {
        "stop.toml": clause_for("JPN", effect='"forbid"', form="", highest="", kinds='["vessel"]')[
            "reader-jpn.toml"
        ]
        .replace('id = "reader-jpn"', 'id = "stop"')
        .replace("2009-01-01T00:00:00Z", _ends_at(3))
    }
    federation = observed(OBSERVED | stop)
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    second(federation, 1, {"JPN": [impact(jpn, at_s=0.5), ship(jpn, at_s=0.5)]})
    first = reading.frame()
    assert len(picture(first)["sights"]) == 1
    second(federation, 3)
    events = reading.frame()
    assert (picture(events)["gone"], picture(events)["sights_gone"]) == (["JPN-ais-1"], ["431000001"])
    second(federation, 4, {"JPN": [ship(jpn, at_s=3.5, version=2), impact(jpn, at_s=3.5, version=2)]})
    assert names(reading.frame()) == ["JPN-fall 2"]


def _consented(node: Node, subject: str, *, granted: bool, valid_s: int = 60) -> None:
    """An officer's word on one subject, for the observer, as it would come in."""
    now_ns = node.clock.now_ns()
    consent = Consent(
        **node.heads.head(
            f"consent-{subject}",
            subject,
            kind="consent",
            domain=launch(node).domain,
            valid_ns=now_ns + node.config.decision_shift_ns,
            now_ns=now_ns,
        ),
        subjects=(subject,),
        recipient="OBS",
        clause="approved#1",
        granted=granted,
        officer="JPN/officer",
        until_ns=now_ns + node.config.decision_shift_ns + valid_s * SECOND_NS,
    )
    node.exchange.add_consent(consent, subject.encode())


def test_a_consent_shows_its_subject_alone_until_it_ends() -> None:
    approved = {
        "approved.toml": clause_for("JPN", kinds='["event"]', approval='"originator"')[
            "reader-jpn.toml"
        ].replace('id = "reader-jpn"', 'id = "approved"')
    }
    ships = {"ships.toml": clause_for("JPN", kinds='["vessel"]')["reader-jpn.toml"]}
    federation = observed(approved | ships)
    jpn = federation.nodes["JPN"]
    reading = opened(jpn)
    second(federation, 1, {"JPN": [launch(jpn, name, at_s=0.5) for name in ("a", "b", "c")]})
    assert names(reading.frame()) == []
    _consented(jpn, "JPN-b", granted=True, valid_s=3)
    _consented(jpn, "JPN-c", granted=False)
    second(federation, 2)
    events = reading.frame()
    assert names(events) == ["JPN-b 1"]
    assert rows(events) == [], "asked for by a person: not had in full"
    second(federation, 6)
    assert picture(reading.frame())["gone"] == ["JPN-b"]


def test_of_more_classes_than_can_be_asked_about_the_rest_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trilat.node.answers.CLASSES_MAX", 3)
    federation = observed(OBSERVED)
    jpn = federation.nodes["JPN"]
    label = jpn.heads.label("vessel", START_NS)
    ships = [
        ship(
            jpn,
            number,
            at_s=0.5,
            label=msgspec.structs.replace(label, releasable_to=("OBS", "KOR", f"P{number}")),
        )
        for number in range(6)
    ]
    second(federation, 1, {"JPN": ships})
    events = opened(jpn).frame()
    assert len(names(events)) == 3
    assert len(picture(events)["sights"]) == 3
