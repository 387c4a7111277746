"""Whole federations, seeds 1 to 100: nothing lost, doubled, leaked or out of order."""

import pytest
from tests.simulation.chunks import assert_chunk_is_sound, chunks

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("first", chunks(1, 100))
def test_a_chunk_of_federations_loses_doubles_and_leaks_nothing(first: int) -> None:
    assert_chunk_is_sound(first)
