"""`ItemReader`: reads items of which many have one label and one provenance.

What it gives, and what it refuses, is what `decode_item` gives and refuses; a property test compares the two,
byte by byte. Of an item only what is its own is decoded. Label and provenance are looked up by their very
bytes among those that `decode` has read, and are then the same values.
"""

from typing import Annotated, Any, Final, Union, get_args, get_type_hints

import msgspec

from trilat.model.errors import ItemError, WireError
from trilat.model.label import Label
from trilat.model.limits import WIRE_BYTES_MAX
from trilat.model.noun import Noun, of_decoded, with_fields_checked
from trilat.model.provenance import Provenance
from trilat.model.release import AnyItem
from trilat.model.wire import decode, decode_item, encode

_REMEMBERED_MAX: Final = 1_024
_ENCODER: Final = msgspec.msgpack.Encoder()
_UNREAD: Final = Annotated[msgspec.Raw, "kept as it came"]


def _shape(kind: type[Noun]) -> type[msgspec.Struct]:
    """A kind of item as it is decoded here: with label and provenance as they came."""
    hints = get_type_hints(kind, include_extras=True)
    names = [field.name for field in msgspec.structs.fields(kind)]
    defaults = {field.name: field.default for field in msgspec.structs.fields(kind)}
    fields: list[Any] = []
    for name in names:
        known = _UNREAD if name in {"label", "provenance"} else hints[name]
        default = defaults[name]
        fields.append((name, known) if default is msgspec.NODEFAULT else (name, known, default))
    return msgspec.defstruct(
        kind.__name__,
        fields,
        tag=kind.__struct_config__.tag,
        array_like=True,
        forbid_unknown_fields=True,
        kw_only=True,
        frozen=True,
        gc=False,
    )


_KINDS: Final[dict[type[msgspec.Struct], type[Noun]]] = {_shape(kind): kind for kind in get_args(AnyItem)}
_SHAPES: Final = msgspec.msgpack.Decoder(Union[tuple(_KINDS)])  # noqa: UP007 - made of a list


class ReadItem(msgspec.Struct, frozen=True, gc=False):
    """An item, with its label as it stands in the item's bytes and as this schema writes it."""

    item: AnyItem
    label: bytes
    written_label: msgspec.Raw


class ItemReader:
    """Reads items; what it remembers is bounded."""

    def __init__(self) -> None:
        """Nothing read yet."""
        self._labels: dict[bytes, tuple[Label, msgspec.Raw]] = {}
        self._provenances: dict[bytes, Provenance] = {}
        self._examples: dict[type[msgspec.Struct], Noun] = {}
        """An item of each shape, of which others are copies with other fields."""

    def read(self, wire: bytes) -> ReadItem:
        """The item that `wire` encodes; errors as of `decode_item`."""
        found = self._read(wire) if len(wire) <= WIRE_BYTES_MAX else None
        if found is not None:
            return found
        item = decode_item(wire)
        shape: Any = with_fields_checked(_SHAPES.decode, wire)
        if type(shape) not in self._examples:
            self._examples[type(shape)] = item
            return self.read(wire)
        # What is of an older age of its class is read whole.
        return ReadItem(item, bytes(shape.label), msgspec.Raw(encode(item.label)))

    def _read(self, wire: bytes) -> ReadItem | None:
        """The item, or None where it is for `decode_item` to read it, or to say what is wrong with it."""
        try:
            shape: Any = with_fields_checked(_SHAPES.decode, wire)
            example: Any = self._examples.get(type(shape))
            if example is None or _ENCODER.encode(shape) != wire:
                return None
            label_bytes = bytes(shape.label)
            label, written = self._labels.get(label_bytes) or self._learn_label(label_bytes)
            provenance_bytes = bytes(shape.provenance)
            provenance = self._provenances.get(provenance_bytes) or self._learn_provenance(provenance_bytes)
            item: AnyItem = of_decoded(
                example, msgspec.structs.astuple(shape), label=label, provenance=provenance
            )
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, WireError, ItemError):
            return None
        return ReadItem(item, label_bytes, written)

    def _learn_label(self, data: bytes) -> tuple[Label, msgspec.Raw]:
        label = decode(data, Label)
        if len(self._labels) >= _REMEMBERED_MAX:
            self._labels.clear()
        found = self._labels[data] = label, msgspec.Raw(encode(label))
        return found

    def _learn_provenance(self, data: bytes) -> Provenance:
        if len(self._provenances) >= _REMEMBERED_MAX:
            self._provenances.clear()
        found = self._provenances[data] = decode(data, Provenance)
        return found
