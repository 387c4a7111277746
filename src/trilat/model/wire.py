"""The canonical wire encoding: msgpack arrays of integers in fixed units, one byte string per value.

Rules
1. One encoding per value and age of its classes: what decodes must encode to the very same bytes, or it is
   refused. Bytes from before fields were appended lack exactly these, and nothing else differs.
2. Names on the wire, not numbers, for enumerations and kinds; fields are only appended, with defaults, and
   a change of meaning makes a new schema number.
3. Every message has a limit in bytes, checked before anything is parsed.
4. Bytes are signed and verified as they were sent; nothing is re-encoded to verify it.

    >>> from trilat.model.geometry import Place
    >>> place = Place(latitude_1e7deg=1, longitude_1e7deg=2)
    >>> decode(encode(place), Place) == place
    True
"""

from enum import Enum
from typing import Any, Final, TypeVar

import msgspec

from trilat.model.agreement import Agreement
from trilat.model.decision import Decision
from trilat.model.errors import WireError
from trilat.model.limits import WIRE_BYTES_MAX
from trilat.model.noun import Noun, with_fields_checked
from trilat.model.release import AnyItem, Envelope, Receipt, Release

SCHEMA_VERSION: Final = 1
"""Number of the schema in force; an envelope names it, and a decoder refuses another."""

ENVELOPE_BYTES_MAX: Final = 1_048_576
_ENCODER: Final = msgspec.msgpack.Encoder()
_N = TypeVar("_N", bound=Noun)
_DECODERS: Final[dict[Any, msgspec.msgpack.Decoder[Any]]] = {
    kind: msgspec.msgpack.Decoder(kind) for kind in (AnyItem, Agreement, Decision, Release, Receipt, Envelope)
}


def encode(noun: Noun) -> bytes:
    """The one canonical byte string of a value."""
    return _ENCODER.encode(noun)


def decode(data: bytes, kind: type[_N], bytes_max: int = WIRE_BYTES_MAX) -> _N:
    """The value of class `kind` that `data` encodes.

    Raises:
        WireError: too long, not msgpack, not of this kind, beyond a limit, or not canonical.
    """
    value: _N = _decode(data, kind, bytes_max)
    return value


def decode_item(data: bytes) -> AnyItem:
    """The item, of whatever kind, that `data` encodes; errors as in `decode`."""
    item: AnyItem = _decode(data, AnyItem, WIRE_BYTES_MAX)
    return item


def _decode(data: bytes, kind: Any, bytes_max: int) -> Any:
    if len(data) > bytes_max:
        name = _name_of(kind)
        raise WireError(f"{name} of {len(data)} bytes is over the limit of {bytes_max}: not read", kind=name)
    decoder = _DECODERS.get(kind) or _DECODERS.setdefault(kind, msgspec.msgpack.Decoder(kind))
    try:
        value = with_fields_checked(decoder.decode, data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        name = _name_of(kind)
        raise WireError(f"{name} cannot be decoded: {error}", kind=name) from error
    if _ENCODER.encode(value) != data and not _is_older(data, value):
        name = _name_of(kind)
        raise WireError(f"{name} is not in canonical form: encode it again with this schema", kind=name)
    return value


def _name_of(kind: Any) -> str:
    return str(getattr(kind, "__name__", "item")).lower()


def _is_older(data: bytes, value: Any) -> bool:
    """Whether `data` is the canonical encoding of `value` from before its classes had all their fields."""
    arrays = msgspec.msgpack.decode(data)
    return _ENCODER.encode(arrays) == data and _lacks_only_appended(arrays, value)


def _lacks_only_appended(found: Any, value: Any) -> bool:
    least = 0
    if isinstance(value, Noun):
        tag = type(value).__struct_config__.tag
        fields = [getattr(value, name) for name in value.__struct_fields__]
        least = value.fields_appended
        value = fields if tag is None else [tag, *fields]
    elif not isinstance(value, tuple):
        plain = value.value if isinstance(value, Enum) else value
        return type(found) is type(plain) and bool(found == plain)
    return (
        isinstance(found, list)
        and len(value) - least <= len(found) <= len(value)
        and all(_lacks_only_appended(part, whole) for part, whole in zip(found, value, strict=False))
    )
