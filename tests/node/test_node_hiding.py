"""Covered, protected and renamed copies between real nodes: accepted, used, and nothing else let slip."""

import msgspec
import numpy as np
import pytest
from tests.observed import own_track
from tests.small_federation import PARTIES, START_NS, at, launch, opened, play, received, sent

from trilat.model import SECOND_NS, Duties, Kinematics, Release, Track
from trilat.policy import AgreementSet, tear_line_parent
from trilat.study import Crash, Federation, FederationSettings, Preset, preset
from trilat.study.federation import STEADY_LINKS

SECONDS = 45


def federation_under(duties: Duties, seconds: int = SECONDS, crashes: tuple[Crash, ...] = ()) -> Federation:
    """Three nodes as of 2009, where what Japan gives the United States has these duties."""
    known = preset("separate-2009")
    files = known.agreements.files
    pact = files["us-japan-2007.toml"]
    clauses = tuple(
        msgspec.structs.replace(clause, duties=duties) if clause.clause_id == "to-usa" else clause
        for clause in pact.clauses
    )
    files["us-japan-2007.toml"] = msgspec.structs.replace(pact, clauses=clauses)
    settings = FederationSettings(
        parties=PARTIES,
        start_ns=START_NS,
        end_ns=START_NS + seconds * SECOND_NS,
        seed=0,
        faults=STEADY_LINKS,
        crashes=crashes,
        folder=None,
    )
    return Federation(settings, Preset(known.name, known.regime, AgreementSet.of(files)))


def followed(duties: Duties, crashes: tuple[Crash, ...] = ()) -> Federation:
    """Of a track with a version every second, half past it."""
    federation = federation_under(duties, crashes=crashes)
    jpn = federation.nodes["JPN"]
    versions = [own_track(jpn, at_s=t + 0.5, version=t + 1) for t in range(SECONDS - 5)]
    return play(federation, [(at(t + 1), "JPN", version) for t, version in enumerate(versions)])


def tracks_of(federation: Federation) -> list[tuple[Release, Track]]:
    """The tracks that the United States opened, with their releases."""
    found = [release for _, release, _ in opened(federation.nodes["USA"])]
    return [(release, release.item) for release in found if isinstance(release.item, Track)]


def test_a_tear_line_is_accepted_and_names_nothing_of_its_parent() -> None:
    federation = followed(Duties(tear_line=True, sigma_class_m=1_024))
    usa, jpn = federation.nodes["USA"], federation.nodes["JPN"]
    assert [record.refusal for record in received(usa) if record.refusal] == []
    copies = tracks_of(federation)
    assert len(copies) > 30
    for release, copy in copies:
        assert copy.item_id.startswith("JPN-tear-line-")
        assert usa.holdings.newest(copy.item_id) is not None
        assert b"JPN-t\x04" not in msgspec.msgpack.encode(release)
        assert "JPN-t" not in {copy.item_id, copy.subject}
    release, copy = copies[-1]
    held = [record.item for record in sent(jpn, "USA")]
    parent = tear_line_parent(copy.reference, release.form, release.duties, held, jpn.config.release_key)
    assert parent is not None
    assert parent.item_id == "JPN-t"


def test_another_node_cannot_find_the_parent() -> None:
    federation = followed(Duties(tear_line=True))
    release, copy = tracks_of(federation)[-1]
    held = [record.item for record in sent(federation.nodes["JPN"], "USA")]
    for party in ("USA", "KOR"):
        key = federation.nodes[party].config.release_key
        assert tear_line_parent(copy.reference, release.form, release.duties, held, key) is None


def test_keys_of_releases_are_of_the_observation_keys_and_unlike_them() -> None:
    configs = [node.config for node in federation_under(Duties(), 1).nodes.values()]
    keys = {config.release_key for config in configs} | {config.token_key for config in configs}
    assert len(keys) == 6


def test_tracks_are_told_in_whole_spans_and_the_last_never() -> None:
    """The run begins five seconds before a multiple of ten: spans begin at second 5, 15, 25, 35."""
    told = [(copy.valid_ns - START_NS) / SECOND_NS for _, copy in tracks_of(followed(Duties(span_s=10)))]
    assert told == [t + 0.5 for t in range(5, 35)]


@pytest.mark.parametrize("stop_s", [4, 15, 16, 21])
def test_a_node_that_stops_and_starts_tells_the_same_spans_once(stop_s: int) -> None:
    whole = followed(Duties(span_s=10))
    crash = Crash("JPN", at(stop_s + 0.75), at(stop_s + 0.75))
    again = followed(Duties(span_s=10), (crash,))
    told = [[copy.valid_ns for _, copy in tracks_of(federation)] for federation in (whole, again)]
    assert told[0] == told[1]


def test_spans_are_thinned_by_valid_time() -> None:
    found = tracks_of(followed(Duties(span_s=10, thin_s=4)))
    told = [(copy.valid_ns - START_NS) / SECOND_NS for _, copy in found]
    assert told == [5.5, 9.5, 13.5, 15.5, 19.5, 23.5, 25.5, 29.5, 33.5]


def test_a_launch_waits_for_a_multiple_and_its_warning_does_not() -> None:
    federation = federation_under(Duties(span_s=10))
    jpn, usa = federation.nodes["JPN"], federation.nodes["USA"]
    play(federation, [(at(7), "JPN", launch(jpn, at_s=6.0))])
    came = {
        release.item.item_id: (stored.recorded_ns - START_NS) / SECOND_NS
        for stored in usa.ledger.entries()
        if stored.kind.value == "received"
        for _, release, _ in opened(usa)
        if release.item.item_id.encode() in (stored.content or b"")
    }
    assert came["JPN-seen"] >= 15
    assert came["JPN-warn-USA-launch-JPN-seen"] < 12


def test_copies_move_together_and_say_by_how_much() -> None:
    duties = Duties(cover_m=2_000, cover_epoch_s=0)
    copies = tracks_of(followed(duties))
    originals = {track.valid_ns: track for track in made(copies)}
    offsets = []
    for _, copy in copies:
        original = originals[copy.valid_ns].state
        assert copy.state is not None
        assert original is not None
        assert copy.state.constant_sigma_mm == 2_000_000
        offsets.append(np.subtract(copy.state.position_mm, original.position_mm))
    assert len({tuple(offset) for offset in offsets}) == 1
    assert np.linalg.norm(offsets[0]) > 100_000


def made(copies: list[tuple[Release, Track]]) -> list[Track]:
    """The versions that the copies are of, made again."""
    jpn = federation_under(Duties(), 1).nodes["JPN"]
    return [own_track(jpn, at_s=(copy.valid_ns - START_NS) / SECOND_NS) for _, copy in copies]


@pytest.mark.parametrize(
    "duties",
    [Duties(cover_m=2_000), Duties(round_position_m=5_000), Duties(sigma_class_m=1_024)],
    ids=["covered", "rounded", "classed"],
)
def test_a_copy_that_cannot_be_made_is_withheld_and_the_node_goes_on(duties: Duties) -> None:
    """Positions at the edge of what can be written may be beyond it once moved."""
    federation = federation_under(duties, 10)
    jpn = federation.nodes["JPN"]
    good = own_track(jpn, at_s=0.5)
    assert good.state is not None
    edges: list[Kinematics] = [
        msgspec.structs.replace(good.state, position_mm=(sign * (2**63 - 1),) * 3) for sign in (-1, 1)
    ]
    far = [
        msgspec.structs.replace(good, item_id=f"JPN-far{number}", state=edge, tracklets=())
        for number, edge in enumerate(edges)
    ]
    play(federation, [(at(1), "JPN", item) for item in far] + [(at(3), "JPN", good)])
    names = {copy.item_id for _, copy in tracks_of(federation)}
    assert good.item_id in names
    assert len(names) < 3
    assert any(name.startswith("JPN-far") for name, _ in jpn.exchange.withheld["USA"])
