"""`Target`: something that reads bytes of others, and inputs that are sound to begin from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from trilat.model import EnvelopeError, TrilatError

TEXT_MAX: Final = 200_000
"""Characters of a text that a reader is given: its own limit is higher, and tested elsewhere."""

WORDS_MAX: Final = 1_000
"""Characters of a refusal: what is wrong is quoted in part, or a log could be filled with it."""


@dataclass(frozen=True)
class Target:
    """What reads, and sound inputs to begin with.

    A target reads the bytes as the product does and lets through only what the product's callers expect: a
    `TrilatError` in one line. Any other error, a hang, or memory without bound is a fault.
    """

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...] = field(default=(b"",), repr=False)
    is_literal: bool = True
    """Whether bytes stand for themselves; else they are choices of what to make, and no place is special."""

    def feed(self, data: bytes) -> bool:
        """Whether the bytes were taken; False where they were refused in one line.

        Raises:
            AssertionError: a refusal of more than one line, without words, or with too many.
            Exception: whatever else the reader raised, which is a fault.
        """
        try:
            self.read(data)
        except TrilatError as error:
            said = str(error)
            assert said, "a refusal has words"
            assert said.isprintable(), f"a refusal is one line: {said[:200]!r}"
            assert len(said) <= WORDS_MAX, f"a refusal is short: {len(said)} characters, {said[:200]!r}"
            return False
        return True


def text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    """A reader of text, behind the decoding that its callers do."""
    return lambda data: read(data.decode("utf-8", "replace")[:TEXT_MAX])


def silent(act: Callable[[bytes], None], refusals: list[str]) -> Callable[[bytes], object]:
    """A reader that raises nothing and tells what it refused in `refusals`: a target is to raise it.

    Raises:
        AssertionError: it raised after all.
    """

    def read(data: bytes) -> None:
        refusals.clear()
        try:
            act(data)
        except TrilatError as error:
            raise AssertionError(f"it was to raise nothing: {error!r}") from error
        if refusals:
            raise EnvelopeError(refusals[-1])

    return read
