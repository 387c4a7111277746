"""The plain form of a value: an object with field names, for people, files and the JSON Schema.

The wire form is arrays; this form says the same with names. Both are strict: an unknown or misspelt field
is refused, a missing one too unless it has a default. Bytes are base64. Nothing is converted on the way:
instants stay integers of UTC nanoseconds and quantities stay integers in the unit that their name ends with.
The schema asks for `kind` wherever there is one; the reader does without where only one kind may stand.
"""

import json
import math
import re
from collections import Counter
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from trilat.model.agreement import Agreement
from trilat.model.decision import Decision
from trilat.model.duties import Certificate
from trilat.model.errors import ItemError
from trilat.model.limits import JSON_CHARACTERS_MAX, JSON_DEPTH_MAX
from trilat.model.noun import Noun
from trilat.model.release import AnyItem, Envelope, Receipt, Release

_N = TypeVar("_N", bound=Noun)
SCHEMA_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ITEM_KINDS: Final[dict[str, type[Noun]]] = {
    str(kind.__struct_config__.tag): kind for kind in get_args(AnyItem)
}
"""Every kind of item by the name that it has on the wire, in clauses and in the plain form."""

_HALF_CHARACTER: Final = re.compile(r"\\u[dD][89a-fA-F]")
"""Where a text may write half of a character (a surrogate), which no encoding can hold alone."""

_TWIN_NOUNS: Final[dict[type[msgspec.Struct], type[Noun]]] = {}


def to_plain(noun: Noun) -> dict[str, Any]:
    """The plain form of a value: JSON types only."""
    plain: dict[str, Any] = {}
    config = noun.__struct_config__
    if config.tag is not None:
        plain["kind"] = config.tag
    for name in noun.__struct_fields__:
        plain[name] = _plain(getattr(noun, name))
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Noun):
        return to_plain(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return msgspec.to_builtins(value)


def from_plain(plain: Any, kind: type[_N]) -> _N:
    """The value of class `kind` that a plain form describes.

    Raises:
        ItemError: a field is missing, unknown, of the wrong type or beyond its limits; the text names it.
    """
    return cast("_N", _from_twin(_convert(plain, _twin(kind))))


def item_from_plain(plain: Any) -> AnyItem:
    """The item of whatever kind that a plain form describes; errors as in `from_plain`."""
    return cast("AnyItem", _from_twin(_convert(plain, _twin_type(AnyItem))))


def item_from_json(text: bytes | str) -> AnyItem:
    """The item that one JSON text describes; errors as in `from_plain` and `strict_json`."""
    return item_from_plain(strict_json(text, JSON_CHARACTERS_MAX))


def strict_json(data: bytes | str, characters_max: int) -> Any:
    """The value of one JSON text on which no two readers can differ.

    1. It is at most `characters_max` characters long (bytes where bytes are given), and UTF-8.
    2. A name stands once in one object: readers would differ on which of the two counts.
    3. Numbers are finite, texts are whole characters.
    4. It is nested at most `JSON_DEPTH_MAX` deep, so that whatever walks through it later cannot fall.

    Raises:
        ItemError: the text breaks one of these rules, or is no JSON.
    """
    if len(data) > characters_max:  # 1
        raise ItemError(f"JSON of {len(data)} characters is over the limit of {characters_max}")
    try:
        # json.loads guesses at UTF-16 and UTF-32 where it is given bytes; JSON between systems is UTF-8.
        text = data if isinstance(data, str) else data.decode("utf-8")
        plain = json.loads(
            text, object_pairs_hook=_once, parse_constant=_not_json, parse_float=_finite
        )  # 2, 3
        _refuse_deep(plain)  # 4
        if _HALF_CHARACTER.search(text):  # 3
            json.dumps(plain, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ItemError(f"not JSON: {error}") from error
    return plain


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise ItemError(f"`{twice[:40]}` stands twice in one object: write each name once")
    return names


def _not_json(text: str) -> Any:
    raise ItemError(f"`{text}` is not a number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ItemError(f"`{text[:40]}` is beyond every number")
    return number


def _refuse_deep(plain: Any) -> None:
    level = [plain]
    for _ in range(JSON_DEPTH_MAX):
        level = [
            part
            for outer in level
            if isinstance(outer, dict | list)
            for part in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(part, dict | list)
        ]
        if not level:
            return
    raise ItemError(f"JSON is nested more than {JSON_DEPTH_MAX} deep")


def kind_of(item: Noun) -> str:
    """The name of an item's kind, as clauses write it.

    Raises:
        ItemError: the noun is not an item.
    """
    return _kind(type(item))


@cache
def _kind(noun: type[Noun]) -> str:
    tag = noun.__struct_config__.tag
    if not isinstance(tag, str) or tag not in ITEM_KINDS:
        raise ItemError(f"`{noun.__name__}` is not a kind of item")
    return tag


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema of the plain form of `item` (any kind), one kind, `agreement`, `decision` or `release`.

    Raises:
        ItemError: there is nothing of that name.
    """
    shapes: dict[str, Any] = {
        "item": AnyItem,
        **ITEM_KINDS,
        "agreement": Agreement,
        "decision": Decision,
        "release": Release,
        "receipt": Receipt,
        "envelope": Envelope,
        "certificate": Certificate,
    }
    if name not in shapes:
        raise ItemError(f"no schema `{name}`: choose one of {', '.join(sorted(shapes))}")
    schema = {"$schema": SCHEMA_DIALECT, "title": name, **msgspec.json.schema(_twin_type(shapes[name]))}
    # Defaults come as tuples; once through JSON and they are what a reader of the schema sees.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(schema))
    return plain


def _convert(plain: Any, shape: Any) -> Any:
    try:
        return msgspec.convert(plain, shape, strict=True)
    except (msgspec.ValidationError, UnicodeEncodeError, RecursionError) as error:
        raise ItemError(str(error)) from error


@cache
def _twin(noun: type[Noun]) -> type[msgspec.Struct]:
    """A struct with the fields of a noun that encodes with field names."""
    hints = get_type_hints(noun, include_extras=True)
    fields: list[Any] = []
    for field in msgspec.structs.fields(noun):
        shape = _twin_type(hints[field.name])
        if field.default is msgspec.NODEFAULT:
            fields.append((field.name, shape))
        else:
            fields.append((field.name, shape, _twin_default(field.default)))
    config = noun.__struct_config__
    twin = msgspec.defstruct(
        noun.__name__,
        fields,
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        tag_field=None if config.tag is None else "kind",
        tag=config.tag,
        module=noun.__module__,
    )
    twin.__doc__ = (noun.__doc__ or "").strip()
    _TWIN_NOUNS[twin] = noun
    return twin


def _twin_default(default: Any) -> Any:
    if isinstance(default, Noun):
        return _twin(type(default))(
            **{name: _twin_default(getattr(default, name)) for name in default.__struct_fields__}
        )
    return default


@cache
def _twin_type(annotation: Any) -> Any:
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *metas = get_args(annotation)
        return Annotated[(_twin_type(base), *metas)]
    if origin in {Union, UnionType}:
        return Union[tuple(_twin_type(choice) for choice in get_args(annotation))]  # noqa: UP007 - at run time
    if origin is tuple:
        parts = tuple(part if part is Ellipsis else _twin_type(part) for part in get_args(annotation))
        return tuple[parts]  # type: ignore[valid-type]  # the parts are known at run time only
    if isinstance(annotation, type) and issubclass(annotation, Noun):
        return _twin(annotation)
    return annotation


def _from_twin(value: Any) -> Any:
    noun = _TWIN_NOUNS.get(type(value))
    if noun is not None:
        return noun(**{name: _from_twin(getattr(value, name)) for name in value.__struct_fields__})
    if isinstance(value, tuple):
        return tuple(_from_twin(part) for part in value)
    if not isinstance(value, str | int | bytes | Enum | NoneType):
        raise TypeError(f"a plain form cannot hold `{type(value).__name__}`")
    return value
