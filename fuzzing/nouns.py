"""The wire form of every noun: what a ledger, a parcel or a notice holds."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from hypothesis import HealthCheck, Phase, given, settings
from tests.examples import PLAIN, example
from tests.strategies import nouns

from fuzzing.target import Target
from trilat.model import ItemError, Noun, decode, encode

_BYTES_MAX: Final = 2_000_000
_SEEDS: Final = 6


def noun_targets(more: Iterable[Noun], only: str = "") -> dict[str, Target]:
    """A target for each noun of the product whose name begins so; `more` are values of those that chance does
    not make.
    """
    examples = {type(value): encode(value) for value in (*map(example, PLAIN), *more)}
    found: dict[str, Target] = {}
    for kind in sorted(_nouns(), key=lambda kind: (kind.__name__, kind.__module__)):
        name = f"noun-{kind.__name__.lstrip('_')}"
        if name.startswith(only):
            seeds = (examples[kind],) if kind in examples else _drawn(kind)
            found[name] = Target(partial(_decode, kind), seeds)
    return found


def _decode(kind: type[Noun], data: bytes) -> Noun:
    return decode(data, kind, _BYTES_MAX)


def _nouns() -> Iterator[type[Noun]]:
    """Every noun that has a wire form, those of records among them."""
    waiting: list[type[Noun]] = list(Noun.__subclasses__())
    seen: set[type[Noun]] = set()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        is_base = kind.__name__.startswith("_") and kind.__subclasses__()
        if kind not in seen and not is_base and kind.__module__.startswith("trilat."):
            seen.add(kind)
            yield kind


def _drawn(kind: type[Noun]) -> tuple[bytes, ...]:
    """Some values of a noun, always the same; those that break a rule of several fields are left out."""
    found: list[bytes] = []

    @settings(
        max_examples=_SEEDS,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(nouns(kind).map(encode))
    def draw(data: bytes) -> None:
        found.append(data)

    try:
        draw()
    except ItemError:
        # A rule that speaks of several fields, which tests/strategies.py has no mender for.
        return tuple(found) or (b"\x90",)
    return tuple(found)
