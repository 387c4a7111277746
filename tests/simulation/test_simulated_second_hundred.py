"""Whole federations, seeds 101 to 200: nothing lost, doubled, leaked or out of order."""

import pytest
from tests.simulation.chunks import assert_chunk_is_sound, chunks

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("first", chunks(101, 100))
def test_a_chunk_of_federations_loses_doubles_and_leaks_nothing(first: int) -> None:
    assert_chunk_is_sound(first)
