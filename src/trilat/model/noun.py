"""`Noun`: the base of every value of the model. Frozen, and it refuses bad input when it is made.

Rules
1. A noun is a msgspec struct that encodes as an array; fields are only ever appended, with defaults, and
   counted in `fields_appended`.
2. The types and limits written in a class are checked by its constructor just as by a decoder, so that
   nothing invalid exists, whoever made it.
3. What goes beyond single fields (an ellipse whose axes are swapped) a class refuses in `check`.
4. Floating-point numbers are not allowed: values are integers in fixed units.
"""

import re
import threading
from collections.abc import Callable, Iterable
from enum import Enum
from functools import cache, lru_cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    NamedTuple,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from trilat.model.errors import ItemError
from trilat.model.limits import (
    IDENTIFIER_CHARACTERS_MAX,
    INSTANT_NS_MAX,
    INSTANT_NS_MIN,
    INTEGER_MAX,
    TEXT_CHARACTERS_MAX,
)

# A pattern ends in `(?!\n)$`: alone, `$` would also match before a line end that closes the text.
_IDENTIFIER_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._:/#@+-]*(?!\n)$"
_PARTY_PATTERN: Final = r"^[A-Z][A-Z0-9]{1,11}(/[a-z][a-z0-9-]{0,30})?(?!\n)$"
# A control character (category Cc) can move a terminal's cursor or end a line in a log.
_LINE_PATTERN: Final = r"^[^\x00-\x1f\x7f-\x9f]*(?!\n)$"
_TEXT_PATTERN: Final = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"
_WORDS_OF_PATTERNS: Final = {
    _LINE_PATTERN: "must be one line without control characters",
    _TEXT_PATTERN: "must hold no control characters but line ends and tabs",
}

Identifier = Annotated[str, msgspec.Meta(pattern=_IDENTIFIER_PATTERN, max_length=IDENTIFIER_CHARACTERS_MAX)]
PartyCode = Annotated[
    str,
    msgspec.Meta(
        pattern=_PARTY_PATTERN,
        max_length=44,
        description="a party such as KOR, or one of its staff, screens or readers such as KOR/watch",
    ),
]
Text = Annotated[
    str,
    msgspec.Meta(
        pattern=_TEXT_PATTERN,
        max_length=TEXT_CHARACTERS_MAX,
        description="text of several lines; no control characters but line ends and tabs",
    ),
]
ShortText = Annotated[
    str,
    msgspec.Meta(
        pattern=_LINE_PATTERN,
        max_length=IDENTIFIER_CHARACTERS_MAX,
        description="text of one line, without control characters",
    ),
]
InstantNs = Annotated[
    int,
    msgspec.Meta(
        ge=INSTANT_NS_MIN, le=INSTANT_NS_MAX, description="UTC nanoseconds since 1970-01-01T00:00:00Z"
    ),
]
Count = Annotated[int, msgspec.Meta(ge=0, le=INTEGER_MAX)]
Whole = Annotated[int, msgspec.Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]
Token = Annotated[bytes, msgspec.Meta(min_length=8, max_length=32)]

_Check = Callable[[object], str | None]
_N = TypeVar("_N", bound="Noun")
_KNOWN_MAX: Final = 4_096
"""Texts that one check remembers as sound; then it begins anew."""

_KNOWN_CHARACTERS_MAX: Final = 128
_put: Final = msgspec.structs.force_setattr


class _Decoding(threading.local):
    """Whether this thread is inside a decoder, which has checked types and limits of fields itself."""

    fields_checked = False


_decoding = _Decoding()


def with_fields_checked(decode: Callable[[bytes], Any], data: bytes) -> Any:
    """What a strict decoder makes of bytes. It checks types and limits of single fields itself (rule 2 holds
    through it), so that constructors on this thread do only what rule 3 asks meanwhile.
    """
    _decoding.fields_checked = True
    try:
        return decode(data)
    finally:
        _decoding.fields_checked = False


class Noun(msgspec.Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Base of the model's values: frozen, array on the wire, checked when made.

    Frozen values made of frozen values hold no cycle, so that the collector of cycles need not walk them.
    """

    fields_appended: ClassVar[int] = 0
    """How many of the last fields joined a class after partners began to hold its bytes; the wire decoder
    reads bytes without them too."""

    def __post_init__(self) -> None:
        """Refuse a field of the wrong type or beyond its limits, then what `check` refuses."""
        if not _decoding.fields_checked:
            values, fields = _checks(type(self))
            for value, field in zip(values(self), fields, strict=True):
                if type(value) not in field.free:
                    wrong = field.check(value)
                    if wrong is not None:
                        raise ItemError(f"{type(self).__name__}.{field.name} {wrong}", field=field.name)
        self.check()

    def check(self) -> None:
        """Refuse what the fields say together; a class with such rules overrides this."""


def of_checked(kind: type[_N], **fields: Any) -> _N:
    """A noun of values that were checked already, each in a field of the same type and limits elsewhere:
    single fields are not checked again (rule 2 holds through the other), what they say together is (rule 3).
    """
    if _decoding.fields_checked:
        return kind(**fields)
    _decoding.fields_checked = True
    try:
        return kind(**fields)
    finally:
        _decoding.fields_checked = False


def checked_copy(noun: _N, **changes: object) -> _N:
    """A copy with other fields, for values that were checked already: each must come from a field of the same
    type and limits of another noun. Nothing is checked here, also not what fields say together.
    """
    struct: Any = noun  # whose own copy, which the stubs lack, is several times as fast as `copy.copy`
    made: _N = struct.__copy__()
    for name, value in changes.items():
        _put(made, name, value)
    return made


def of_decoded(example: _N, values: Iterable[object], **changes: object) -> _N:
    """A noun of the class of `example` with other fields, which a strict decoder has checked one by one.

    What the fields say together is checked here (rule 3).

    Args:
        example: any noun of the class.
        values: of all fields, in order.
        changes: fields whose value is another than the one in `values`.
    """
    made = checked_copy(example)
    for name, value in zip(made.__struct_fields__, values, strict=True):
        _put(made, name, value)
    for name, value in changes.items():
        _put(made, name, value)
    _decoding.fields_checked = True
    try:
        made.__post_init__()
    finally:
        _decoding.fields_checked = False
    return made


@lru_cache(maxsize=4_096)
def is_kind(kind: type, of: type | tuple[type, ...]) -> bool:
    """`issubclass`, remembered: nouns are asked as abstract classes are, and a no takes them long."""
    return issubclass(kind, of)


class _Field(NamedTuple):
    """How one field is checked."""

    name: str
    free: frozenset[type]
    """Types of which every value will do; others are checked."""

    check: _Check


@cache
def _checks(noun: type[Noun]) -> tuple[Callable[[Noun], tuple[object, ...]], tuple[_Field, ...]]:
    """What gives the values of all fields, and how each is checked."""
    hints = get_type_hints(noun, include_extras=True)
    names = noun.__struct_fields__
    fields = tuple(_Field(name, frozenset(_free(hints[name])), _check_of(hints[name])) for name in names)
    if len(names) > 1:
        return attrgetter(*names), fields
    return (lambda value: tuple(getattr(value, name) for name in names)), fields


def _free(annotation: Any) -> set[type]:
    """The types of which every value passes the check of an annotation."""
    if get_origin(annotation) in {Union, UnionType}:
        return set().union(*(_free(choice) for choice in get_args(annotation)))
    if isinstance(annotation, type) and (
        annotation in {int, bool, bytes, NoneType} or issubclass(annotation, Noun | Enum)
    ):
        return {annotation}
    return set()


def _check_of(annotation: Any) -> _Check:
    """The check that a value of this annotation must pass: None, or what is wrong with it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *metas = get_args(annotation)
        if base is int and all(meta.lt is None for meta in metas):
            return _bounded_integer(metas)
        return _constrained(_check_of(base), [meta for meta in metas if isinstance(meta, msgspec.Meta)])
    if origin in {Union, UnionType}:
        return _union_check([_check_of(choice) for choice in get_args(annotation)])
    if origin is tuple:
        return _tuple_check(get_args(annotation))
    return _type_check(annotation)


def _bounded_integer(metas: list[msgspec.Meta]) -> _Check:
    """As `_constrained` for an integer between two bounds: most fields are one, so it is worth the lines."""
    slow = _constrained(_type_check(int), metas)
    lowest = max((cast("int", meta.ge) for meta in metas if meta.ge is not None), default=-INTEGER_MAX)
    highest = min((cast("int", meta.le) for meta in metas if meta.le is not None), default=INTEGER_MAX)

    def check(value: object) -> str | None:
        return None if type(value) is int and lowest <= value <= highest else slow(value)

    return check


def _type_check(kind: Any) -> _Check:
    if not isinstance(kind, type) or not (
        issubclass(kind, Noun | Enum) or kind in {int, str, bool, bytes, NoneType}
    ):
        raise TypeError(f"a noun cannot hold `{kind}`")
    wrong = f"must be {'null' if kind is NoneType else kind.__name__}"
    # A subclass of a plain type would not be encoded as one; of nouns and enumerations there is a tree.
    may_be_subclass = issubclass(kind, Noun | Enum)
    is_text = kind is str

    def check(value: object) -> str | None:
        if type(value) is kind or (may_be_subclass and isinstance(value, kind)):
            return "has half a surrogate pair: not text" if is_text and _has_surrogate(value) else None
        return f"{wrong}, not {type(value).__name__}"

    return check


def _has_surrogate(text: Any) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def _tuple_check(arguments: tuple[Any, ...]) -> _Check:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        element = _check_of(arguments[0])

        def check_all(value: object) -> str | None:
            if type(value) is not tuple:
                return f"must be tuple, not {type(value).__name__}"
            for part in value:
                wrong = element(part)
                if wrong is not None:
                    return wrong
            return None

        return check_all
    elements = [_check_of(argument) for argument in arguments]

    def check_each(value: object) -> str | None:
        if type(value) is not tuple or len(value) != len(elements):
            return f"must be a tuple of {len(elements)}"
        for check, part in zip(elements, value, strict=True):
            wrong = check(part)
            if wrong is not None:
                return wrong
        return None

    return check_each


def _union_check(choices: list[_Check]) -> _Check:
    """The words are those of the first choice: `None` is written last and is seldom what was meant."""

    def check(value: object) -> str | None:
        first: str | None = None
        for choice in choices:
            wrong = choice(value)
            if wrong is None:
                return None
            first = first or wrong
        return first

    return check


def _constrained(base: _Check, metas: list[msgspec.Meta]) -> _Check:
    limits = [limit for meta in metas for limit in _limits(meta)]
    known: set[object] = set()

    def check(value: object) -> str | None:
        if type(value) is not str:
            return slow(value)
        if value in known:
            return None
        wrong = slow(value)
        if wrong is None and len(value) <= _KNOWN_CHARACTERS_MAX:
            # Most texts are names that come again and again: these cost no pattern.
            if len(known) >= _KNOWN_MAX:
                known.clear()
            known.add(value)
        return wrong

    def slow(value: object) -> str | None:
        wrong = base(value)
        if wrong is not None:
            return wrong
        for broken, text in limits:
            if broken(value):
                return text
        return None

    return check if any(meta.pattern is not None for meta in metas) else slow


def _limits(meta: msgspec.Meta) -> list[tuple[Callable[[Any], bool], str]]:
    """Tests that say True where a value breaks the constraint, with the words for it."""
    limits: list[tuple[Callable[[Any], bool], str]] = []
    if meta.pattern is not None:
        search = re.compile(meta.pattern).search
        words = _WORDS_OF_PATTERNS.get(meta.pattern, f"must match `{meta.pattern}`")
        limits.append((lambda value: search(value) is None, words))
    if meta.max_length is not None:
        longest = meta.max_length
        limits.append((lambda value: len(value) > longest, f"must have at most {longest} entries"))
    if meta.min_length is not None:
        shortest = meta.min_length
        limits.append((lambda value: len(value) < shortest, f"must have at least {shortest} entries"))
    if meta.ge is not None:
        lowest = cast("int", meta.ge)
        limits.append((lambda value: value < lowest, f"must be at least {lowest}"))
    if meta.le is not None:
        highest = cast("int", meta.le)
        limits.append((lambda value: value > highest, f"must be at most {highest}"))
    if meta.lt is not None:
        bound = cast("int", meta.lt)
        limits.append((lambda value: value >= bound, f"must be below {bound}"))
    if meta.gt is not None or meta.multiple_of is not None:
        raise TypeError("a limit of a noun is one of pattern, min_length, max_length, ge, le, lt")
    return limits
