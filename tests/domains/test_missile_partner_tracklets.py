"""Partners' tracklets at a pipeline: honest ones count as they come, repeated and false ones do not."""

from typing import Any

import msgspec
import pytest
from tests.domains.test_missile_pipeline import Flight

from trilat.domains.missile import MissilePipeline
from trilat.domains.missile.partner_tracklets import PartnerTracklets
from trilat.model import Lineage, ObservationError, Track

END_S = 110.0


@pytest.fixture(scope="module")
def tracks() -> tuple[Track, ...]:
    """What Korea published of one flight, as its partners get it."""
    items = [item for _, item, _ in Flight(END_S).items if isinstance(item, Track)]
    return tuple(msgspec.structs.replace(item, state=None) for item in items)


def known(tracks: Any) -> Any:
    """What the United States knows at the end from these tracks alone."""
    pipeline = MissilePipeline("USA")
    for track in tracks:
        pipeline.add(track)
    (estimate,) = pipeline.estimates(max(track.valid_ns for track in tracks))
    return estimate


def changed(track: Track, **fields: Any) -> Track:
    return msgspec.structs.replace(track, **fields)


def provenance(track: Track, **fields: Any) -> Any:
    return msgspec.structs.replace(track.provenance, **fields)


def joined(tracks: Any) -> Track:
    """Several versions as one, newest plot first."""
    names = tuple(token for track in reversed(tracks) for token in track.provenance.observations)
    parts = tuple(part for track in reversed(tracks) for part in track.tracklets)
    return changed(tracks[-1], tracklets=parts, provenance=provenance(tracks[-1], observations=names))


def moved(track: Track) -> Track:
    """The same observations under a new number, with numbers a little different."""
    tracklets = tuple(
        msgspec.structs.replace(part, position_mm=(part.position_mm[0] + 1, *part.position_mm[1:]))
        for part in track.tracklets
    )
    return changed(track, item_id=f"{track.item_id}-again", version=99, tracklets=tracklets)


def test_repeats_and_replays_under_a_new_number_change_no_bit(tracks: tuple[Track, ...]) -> None:
    once = known(tracks)
    for often in ([*tracks, *tracks], [*tracks, *map(moved, tracks)]):
        again = known(often)
        assert again.updates == once.updates
        assert again.mean.tobytes() == once.mean.tobytes()
        assert again.covariance.tobytes() == once.covariance.tobytes()


def test_the_premise_a_replay_that_hides_its_observations_would_have_counted(
    tracks: tuple[Track, ...],
) -> None:
    """With tokens of its own each replay is new: what keeps it out is the token, not the number."""
    other = [
        changed(
            moved(t),
            provenance=provenance(t, observations=tuple(token[::-1] for token in t.provenance.observations)),
        )
        for t in tracks
    ]
    assert known([*tracks, *other]).updates > known(tracks).updates


@pytest.mark.parametrize(
    "fields",
    [
        {"observations": ()},
        {"observations": (b"one too few..",)},
        {"lineage": Lineage.WITHHELD},
        {"originators": ("KOR", "JPN")},
    ],
    ids=["no tokens", "another number of tokens", "withheld", "others' as well"],
)
def test_tracklets_whose_observations_cannot_be_told_are_not_counted(
    tracks: tuple[Track, ...], fields: dict[str, Any]
) -> None:
    many = joined(tracks[:3])
    partners = PartnerTracklets("USA")
    assert partners.take(changed(many, provenance=provenance(many, **fields)), many.valid_ns) == ()
    taken = partners.take(many, many.valid_ns)
    assert [tracklet.time_ns for tracklet in taken] == sorted(part.epoch_ns for part in many.tracklets)


def test_our_own_observations_in_a_partners_name_are_not_counted(tracks: tuple[Track, ...]) -> None:
    partners = PartnerTracklets("KOR")
    partners.own(tracks[0])
    label = msgspec.structs.replace(tracks[0].label, originator="JPN")
    stolen = changed(tracks[0], label=label, provenance=provenance(tracks[0], originators=("JPN",)))
    assert partners.take(stolen, stolen.valid_ns) == ()


def test_a_tracklet_that_cannot_be_is_refused_and_nothing_is_counted(tracks: tuple[Track, ...]) -> None:
    many = joined(tracks[:3])
    good, *rest = many.tracklets
    far = msgspec.structs.replace(rest[0], velocity_mm_per_s=(10**9, 0, 0))
    partners = PartnerTracklets("USA")
    with pytest.raises(ObservationError):
        partners.take(changed(many, tracklets=(good, far, *rest[1:])), many.valid_ns)
    assert len(partners.take(many, many.valid_ns)) == len(many.tracklets)


def test_the_order_of_arrival_changes_no_bit(tracks: tuple[Track, ...]) -> None:
    swapped = [track for pair in zip(tracks[1::2], tracks[::2], strict=False) for track in pair]
    straight, turned = known(tracks[: len(swapped)]), known(swapped)
    assert turned.mean.tobytes() == straight.mean.tobytes()
    assert turned.covariance.tobytes() == straight.covariance.tobytes()
