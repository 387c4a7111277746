"""One flight under five regimes: who gets what of whom, by which way, in which form, and how late."""

import dataclasses
import json
import statistics
from collections.abc import Iterator
from itertools import pairwise

import pytest
from tests.small_federation import opened

from trilat.ledger import EntryKind
from trilat.model import SECOND_NS, Form, Release, Track, decode, decode_item
from trilat.node.records import RECORD_BYTES_MAX, ReleaseRecord
from trilat.scenario import named_scenario
from trilat.study import PRESETS, Run, RunSettings, Yardstick, play, run

SCENARIO = dataclasses.replace(named_scenario("two-stage-generic"), duration_s=200.0)
HUB_APPROVAL_S, DIRECT_APPROVAL_S = 90, 60
"""From the regimes' files: assumed, and marked so there."""


@pytest.fixture(scope="module")
def runs() -> Iterator[dict[str, Run]]:
    yardstick = Yardstick(SCENARIO, 2)
    played = {name: play(yardstick, name, RunSettings()) for name in PRESETS}
    yield played
    for finished in played.values():
        finished.federation.close()


def _of(finished: Run, reader: str, originator: str) -> list[tuple[str, float, Release]]:
    """Sender, second of deciding and release of everything of one party that another opened."""
    shift_ns = finished.federation.shift_ns + finished.yardstick.launch_ns
    return [
        (record.sender, (release.decided_ns - shift_ns) / SECOND_NS, release)
        for record, release, _ in opened(finished.federation.nodes[reader])
        if release.item.label.originator == originator
    ]


def _track_forms(finished: Run, reader: str, originator: str) -> set[Form]:
    return {
        release.form for _, _, release in _of(finished, reader, originator) if isinstance(release.item, Track)
    }


def _first_published_s(finished: Run, party: str) -> float:
    """When a party's first track was made."""
    instants = [
        stored.recorded_ns
        for stored in finished.federation.nodes[party].ledger.entries(kinds={EntryKind.ITEM})
        if isinstance(decode_item(stored.content or b""), Track)
    ]
    return (min(instants) - finished.yardstick.launch_ns) / SECOND_NS


def test_no_regime_has_a_violation_and_every_ledger_is_sound(runs: dict[str, Run]) -> None:
    for finished in runs.values():
        assert finished.result["violations"] == 0
        assert finished.result["ledger"]["verified"]


def test_five_regimes_give_five_answers(runs: dict[str, Run]) -> None:
    answers = {json.dumps(finished.result["parties"], sort_keys=True) for finished in runs.values()}
    assert len(answers) == 5


def test_separate_nothing_between_the_allies(runs: dict[str, Run]) -> None:
    parties = runs["separate-2009"].result["parties"]
    for ally, other in (("JPN", "KOR"), ("KOR", "JPN")):
        assert parties[ally]["received"][other] == parties[ally]["via"][other] == 0
        assert parties[ally]["received"]["USA"] > 0
        assert parties["USA"]["received"][ally] > 50
        assert parties["USA"]["withheld_from"][ally] > 50
    assert _track_forms(runs["separate-2009"], "JPN", "USA") == set()
    assert _track_forms(runs["separate-2009"], "USA", "JPN") == {Form.TRACKS}
    assert parties["JPN"]["first_joint_s"] is None
    assert parties["USA"]["first_joint_s"] is not None


def test_hub_only_through_the_united_states_coarse_and_after_approval(runs: dict[str, Run]) -> None:
    finished = runs["hub-2014"]
    came = _of(finished, "JPN", "KOR")
    assert came
    assert {sender for sender, _, _ in came} == {"USA"}
    assert _track_forms(finished, "JPN", "KOR") == {Form.COARSE_TRACKS}
    assert min(second for _, second, _ in came) >= _first_published_s(finished, "KOR") + HUB_APPROVAL_S
    # Japan saw the rocket too late for an approval within this cut.
    assert _first_published_s(finished, "JPN") + HUB_APPROVAL_S > SCENARIO.duration_s
    assert _of(finished, "KOR", "JPN") == []
    for _, _, release in came:
        if isinstance(release.item, Track) and release.item.state is not None:
            assert release.item.sensors == ()
            assert release.item.tracklets == ()
            assert release.item.provenance.observations == ()


def test_hub_one_track_in_ten_seconds(runs: dict[str, Run]) -> None:
    finished = runs["hub-2014"]
    instants = [
        stored.recorded_ns
        for stored in finished.federation.nodes["USA"].ledger.entries(kinds={EntryKind.RELEASE})
        if _is_track_of_korea(decode(stored.content or b"", ReleaseRecord, bytes_max=RECORD_BYTES_MAX))
    ]
    gaps_s = [(later - earlier) / SECOND_NS for earlier, later in pairwise(instants)]
    assert len(gaps_s) >= 3
    assert min(gaps_s) >= 10.0


def _is_track_of_korea(record: ReleaseRecord) -> bool:
    return record.recipient == "JPN" and record.item.item_id == "KOR-t1"


def test_direct_from_party_to_party_after_approval(runs: dict[str, Run]) -> None:
    finished = runs["direct-2016"]
    for reader, originator in (("JPN", "KOR"), ("KOR", "JPN")):
        came = _of(finished, reader, originator)
        assert came
        assert {sender for sender, _, _ in came} == {originator}
        assert _track_forms(finished, reader, originator) == {Form.TRACKS}
        first_s = min(second for _, second, _ in came)
        assert first_s >= _first_published_s(finished, originator) + DIRECT_APPROVAL_S


def test_real_time_through_the_united_states_at_once(runs: dict[str, Run]) -> None:
    finished = runs["realtime-2023"]
    for reader, originator in (("JPN", "KOR"), ("KOR", "JPN")):
        came = _of(finished, reader, originator)
        assert {sender for sender, _, _ in came} == {"USA"}
        assert _track_forms(finished, reader, originator) == {Form.TRACKS}
        assert min(second for _, second, _ in came) <= _first_published_s(finished, originator) + 3.0
        assert {release.item.__class__.__name__ for _, _, release in came} >= {"Track", "Event"}


def test_multilateral_tracklets_from_all_to_all(runs: dict[str, Run]) -> None:
    finished = runs["multilateral"]
    for reader in finished.yardstick.scenario.parties:
        for originator in finished.yardstick.scenario.parties:
            if reader != originator:
                came = _of(finished, reader, originator)
                assert {sender for sender, _, _ in came} == {originator}
                assert _track_forms(finished, reader, originator) == {Form.TRACKLETS}
        scores = finished.result["parties"][reader]
        assert scores["position_rmse_over_central"] <= 1.15
        assert scores["position_rmse_over_crlb"] < 2.0


def test_what_is_shared_shows_in_the_picture(runs: dict[str, Run]) -> None:
    """Japan sees last: each step of history gives it the rocket no later, and the last far better."""

    def joint_s(name: str) -> float:
        second = runs[name].result["parties"]["JPN"]["first_joint_s"]
        return float("inf") if second is None else float(second)

    assert joint_s("multilateral") <= joint_s("realtime-2023") <= joint_s("direct-2016")
    assert joint_s("realtime-2023") < joint_s("hub-2014") < joint_s("separate-2009")
    rmse = {name: runs[name].result["parties"]["JPN"]["position_rmse_m"] for name in PRESETS}
    assert rmse["multilateral"] < 0.5 * rmse["separate-2009"]


def test_the_same_seed_gives_the_same_answer_and_another_seed_another(runs: dict[str, Run]) -> None:
    again = run(Yardstick(SCENARIO, 2), "hub-2014")
    told = {name: value for name, value in again.items() if name != "wall_s"}
    first = {name: value for name, value in runs["hub-2014"].result.items() if name != "wall_s"}
    assert json.dumps(told) == json.dumps(first)
    other = run(Yardstick(dataclasses.replace(SCENARIO, duration_s=120.0), 3), "hub-2014")
    assert other["parties"] != told["parties"]


@pytest.mark.slow
def test_multilateral_is_at_the_physical_limit_over_seeds() -> None:
    """Issue: `position_rmse_over_central` at most 1.15 in the median; the whole flight, several seeds."""
    scenario = named_scenario("two-stage-generic")
    ratios: dict[str, list[float]] = {party: [] for party in scenario.parties}
    for seed in range(5):
        result = run(Yardstick(scenario, seed), "multilateral")
        assert result["violations"] == 0
        for party, scores in result["parties"].items():
            ratios[party].append(scores["position_rmse_over_central"])
    for party, values in ratios.items():
        assert statistics.median(values) <= 1.15, party
