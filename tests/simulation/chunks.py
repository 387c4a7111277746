"""Seeds in chunks: as a file of tests goes to one process as a whole, they stand in two files."""

from typing import Final

from tests.simulation.runs import run_seed

CHUNK: Final = 20


def chunks(first: int, seeds: int) -> range:
    """The first seed of each chunk."""
    return range(first, first + seeds, CHUNK)


def assert_chunk_is_sound(first: int) -> None:
    """Play a chunk; a seed that fails is told with its story and how to play it again."""
    for seed in range(first, first + CHUNK):
        played = run_seed(seed)
        told = "\n".join((*played.story, *played.violations, f"again: make simulate FIRST={seed} SEEDS=1"))
        assert not played.violations, told
        assert played.items >= 1_000
        assert sum(played.faults.values()) >= 20
        assert len(played.faults) >= 6
