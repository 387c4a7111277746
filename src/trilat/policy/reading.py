"""`Table`: one table of a TOML text, read strictly, with errors that a person can act on.

Rules
1. A field that nobody knows is refused, with the closest known one; so is a missing one.
2. Every error is one line: file, clause where there is one, what is wrong, what to write instead.
3. Instants are TOML date-times with Z. A local one, or one with an offset, is refused.
"""

import difflib
import re
import tomllib
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from trilat.model import AgreementError

TEXT_CHARACTERS_MAX: Final = 1_000_000
"""One agreement or regime file, characters."""

_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,54}\.toml", flags=re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read_toml(file_name: str, text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        AgreementError: the file name is not a plain `name.toml`, the text is too long, or it is not TOML.
    """
    if _FILE_NAME.fullmatch(file_name) is None:
        raise AgreementError(
            f"`{file_name[:80]}` is not a file name: write letters, digits, `.`, `_`, `-`, at most 60, "
            "ending in `.toml`, without a folder",
            file=file_name,
            clause=None,
        )
    if len(text) > TEXT_CHARACTERS_MAX:
        raise AgreementError(
            f"{file_name}: {len(text)} characters are over the limit of {TEXT_CHARACTERS_MAX}: split it",
            file=file_name,
            clause=None,
        )
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise AgreementError(f"{file_name}: not TOML: {error}", file=file_name, clause=None) from error


def advice(word: str, known: Collection[str]) -> str:
    """What to write instead of a word that nobody knows: the closest known one, or all of them."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    if close:
        return f"write `{by_lower[close[0]]}`"
    return f"write one of {', '.join(known)}" if known else "leave it out"


class Table:
    """A table of one file with strict reading; `clause` is the id to name in errors, where there is one."""

    def __init__(self, values: object, file_name: str, name: str, clause: str | None = None) -> None:
        """Take what TOML gave for the table `name`; anything but a table is refused."""
        self.file_name = file_name
        self.name = name
        self.clause = clause
        if not isinstance(values, dict):
            raise self.refusal(f"`{name}` is not a table")
        self.values: dict[str, Any] = values

    def refusal(self, text: str) -> AgreementError:
        """The error to raise: `text` with the file and the clause before it."""
        where = self.file_name if self.clause is None else f"{self.file_name}, clause `{self.clause}`"
        return AgreementError(f"{where}: {text}", file=self.file_name, clause=self.clause)

    def only(self, known: Collection[str]) -> None:
        """Refuse a field that is not among the known ones."""
        for field in self.values:
            if field not in known:
                raise self.refusal(f"unknown field `{field[:80]}` in `{self.name}`: {advice(field, known)}")

    def has(self, field: str) -> bool:
        """Whether the field is written."""
        return field in self.values

    def _given(self, field: str, kind: type, words: str) -> Any:
        if field not in self.values:
            raise self.refusal(f"`{self.name}` lacks `{field}`: add it")
        value = self.values[field]
        if type(value) is not kind:
            raise self.refusal(f"`{field}` must be {words}, not {_kind_in_words(value)}")
        return value

    def text(self, field: str, default: str | None = None) -> str:
        """A text; without a default it must be there."""
        if default is not None and not self.has(field):
            return default
        value: str = self._given(field, str, "a text in quotes")
        return value

    def number(self, field: str, default: int | None = None) -> int:
        """A whole number; its limits are the model's."""
        if default is not None and not self.has(field):
            return default
        value: int = self._given(field, int, "a whole number")
        return value

    def flag(self, field: str, *, default: bool) -> bool:
        """True or false."""
        return bool(self._given(field, bool, "true or false")) if self.has(field) else default

    def texts(self, field: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of texts, each once; without a default it must be there and have an entry."""
        if default is not None and not self.has(field):
            return default
        values = self._given(field, list, "a list of texts")
        if default is None and not values:
            raise self.refusal(f"`{field}` is empty: name at least one")
        for value in values:
            if type(value) is not str:
                raise self.refusal(f"`{field}` must be a list of texts, not of {_kind_in_words(value)}")
            if values.count(value) > 1:
                raise self.refusal(f"`{field}` names `{value[:80]}` twice: list each once")
        return tuple(values)

    def choice(self, field: str, known: Collection[str], default: str | None = None) -> str:
        """One of the known words."""
        word = self.text(field, default)
        return self._known(field, (word,), known)[0]

    def choices(
        self, field: str, known: Collection[str], default: tuple[str, ...] | None = None
    ) -> tuple[str, ...]:
        """A list of known words, each once."""
        return self._known(field, self.texts(field, default), known)

    def _known(self, field: str, words: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
        words = tuple(words)
        for word in words:
            if word not in known:
                raise self.refusal(f"unknown `{word[:80]}` in `{field}`: {advice(word, known)}")
        return words

    def instant_ns(self, field: str) -> int:
        """UTC nanoseconds of a TOML date-time with Z."""
        value: datetime = self._given(field, datetime, "a date-time with Z, as 2009-04-05T02:30:15Z")
        if value.tzinfo is None or value.utcoffset() != timedelta(0):
            raise self.refusal(f"`{field}` must end in Z, not be local or have an offset: convert it to UTC")
        since = value - _EPOCH
        return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000

    def table(self, field: str) -> "Table":
        """A table inside this one; empty where it is not written."""
        return Table(self.values.get(field, {}), self.file_name, field, self.clause)


def _kind_in_words(value: object) -> str:
    words: dict[str, str] = {
        "str": "a text",
        "int": "a whole number",
        "float": "a number with a fraction",
        "bool": "true or false",
        "list": "a list",
        "dict": "a table",
    }
    return words.get(type(value).__name__, "a date or time")
