"""`Holdings` of an item with very many versions: bounded, and nothing that was held is taken anew."""

from random import Random

from trilat.node.holdings import VERSIONS_MAX, Holdings


def test_of_many_versions_none_that_was_held_is_taken_for_new() -> None:
    holdings, held = Holdings(), set[int]()
    for version in Random(1).sample(range(1, 50_000), 5_000):
        holdings.bar("track", version)
        held.add(version)
        assert all(holdings.has("track", known) for known in Random(version).sample(sorted(held), 1))
    assert all(holdings.has("track", version) for version in held)


def test_versions_of_a_track_that_moves_for_days_take_no_more_room_than_those_of_minutes() -> None:
    holdings = Holdings()
    for version in range(1, 100_000, 3):
        holdings.bar("track", version)
        assert not holdings.has("track", version + 1), "a version in between that is new is new"
    assert sum(len(versions) for versions in holdings._versions.values()) <= VERSIONS_MAX


def test_few_versions_are_told_apart_one_by_one() -> None:
    holdings = Holdings()
    for version in range(2, 2 * VERSIONS_MAX, 2):
        holdings.bar("report", version)
    assert [version for version in range(1, 2 * VERSIONS_MAX) if holdings.has("report", version)] == list(
        range(2, 2 * VERSIONS_MAX, 2)
    )
    assert not holdings.has("other", 1)
