"""Every target of `fuzzing/` takes its sound inputs, and refuses changed ones in one line."""

import pytest
from fuzzing.mutate import mutated, swept
from fuzzing.target import Target
from fuzzing.targets import targets
from hypothesis import HealthCheck, Phase, given, settings

from trilat.model import WireError

# Together about a minute on two cores; `make fuzz` goes on for as long as it is told.
EXAMPLES = 40
PLACES = 6
TARGETS = targets()
NAMES = sorted(TARGETS)


@pytest.mark.parametrize("name", NAMES)
def test_a_target_takes_at_least_one_sound_input(name: str) -> None:
    taken = [TARGETS[name].feed(seed) for seed in TARGETS[name].seeds]
    assert any(taken)


@pytest.mark.parametrize("name", NAMES)
def test_a_target_takes_changed_inputs_or_refuses_them_in_one_line(name: str) -> None:
    attack(TARGETS[name], EXAMPLES)


@pytest.mark.parametrize("name", [name for name in NAMES if TARGETS[name].is_literal])
def test_a_target_stands_what_readers_have_fallen_over_before_at_any_place(name: str) -> None:
    for data in swept(TARGETS[name].seeds, PLACES):
        TARGETS[name].feed(data)


def attack(target: Target, examples: int) -> None:
    @settings(
        max_examples=examples,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated(target.seeds))
    def feed(data: bytes) -> None:
        target.feed(data)

    feed()


def raise_value_error(data: bytes) -> None:
    if b"\x00" in data:
        raise ValueError("no reader raises this")


class WordedError(WireError):
    """An error that escapes the rules of its base."""

    def __str__(self) -> str:
        return str(self.facts["words"])


def refuse_in_two_lines(data: bytes) -> None:
    if data != b"sound":
        raise WordedError("", words="this is\nnot one line")


def refuse_at_length(data: bytes) -> None:
    if data != b"sound":
        raise WordedError("", words="no " * 1_000)


def refuse_without_words(data: bytes) -> None:
    if data != b"sound":
        raise WordedError("", words="")


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        (raise_value_error, ValueError),
        (refuse_in_two_lines, AssertionError),
        (refuse_without_words, AssertionError),
        (refuse_at_length, AssertionError),
    ],
)
def test_a_planted_fault_is_found(planted: object, fault: type[Exception]) -> None:
    target = Target(planted, (b"sound",))  # type: ignore[arg-type]
    assert target.feed(b"sound")
    with pytest.raises(fault):
        attack(target, 200)
