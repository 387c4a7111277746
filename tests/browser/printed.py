"""`sheets_of`: what stands on each page of a PDF that Chromium made: its text and its pictures.

It reads what Skia writes and no more: objects one by one in the file, streams as they are or deflated, text
as codes of a font that says which characters they are (`ToUnicode`).
"""

import re
import unicodedata
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_OBJECT: Final = re.compile(rb"(?<!\d)(\d+) 0 obj\s(.*?)\sendobj", re.DOTALL)
_STREAM: Final = re.compile(rb"(.*?)\sstream\r?\n(.*)\sendstream", re.DOTALL)
_NAMED: Final = re.compile(rb"/(\w+) (\d+) 0 R")
_MAPPED: Final = re.compile(rb"^<([0-9A-F]+)> (?:<([0-9A-F]+)> )?<([0-9A-F]+)>$", re.MULTILINE)
"""A line of a table of characters: the first code, the last where they are several, the first's character."""

_SHOWN: Final = re.compile(rb"/(\w+) [\d.]+ Tf|<([0-9A-F]+)> Tj|(ET)\b|/(\w+) Do\b")


@dataclass(frozen=True)
class Sheet:
    """One page."""

    width_pt: float
    height_pt: float
    text: str
    images: tuple[tuple[int, int], ...]
    """Width and height of each picture on it, pixels."""

    has_links: bool
    """Whether something on it can be clicked or filled in."""


def sheets_of(pdf: bytes) -> list[Sheet]:
    """The pages of a PDF, in their order in the file."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    return [_sheet(body, objects) for body in objects.values() if b"/Type /Page\n" in body]


def _sheet(page: bytes, objects: Mapping[int, bytes]) -> Sheet:
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", page)
    contents = re.search(rb"/Contents (\d+) 0 R", page)
    assert box is not None
    assert contents is not None
    parts = list(_parts(_content(objects[int(contents[1])]), page, objects))
    text = "".join(part for part in parts if isinstance(part, str))
    return Sheet(
        width_pt=float(box[1]),
        height_pt=float(box[2]),
        text=unicodedata.normalize("NFKC", " ".join(text.split())),
        images=tuple(part for part in parts if not isinstance(part, str)),
        has_links=b"/Annots" in page,
    )


def _content(body: bytes) -> bytes:
    """The stream of an object, inflated."""
    found = _STREAM.fullmatch(body)
    assert found is not None
    return zlib.decompressobj().decompress(found[2]) if b"/FlateDecode" in found[1] else found[2]


def _parts(content: bytes, holder: bytes, objects: Mapping[int, bytes]) -> Iterator[str | tuple[int, int]]:
    """Text and pictures in the order in which they are drawn; fonts and pictures are named in `holder`."""
    named = {name: objects[int(number)] for name, number in _NAMED.findall(holder.partition(b"stream")[0])}
    characters: Mapping[int, str] = {}
    digits = 4
    for font, codes, ends, drawn in _SHOWN.findall(content):
        if font:
            characters, digits = _characters(named[font], objects)
        elif codes:
            cut = (int(codes[at : at + digits], 16) for at in range(0, len(codes), digits))
            yield "".join(characters.get(code, "\ufffd") for code in cut)
        elif ends:
            yield " "
        elif b"/Subtype /Image" in named[drawn]:
            yield _size(named[drawn])
        else:
            yield from _parts(_content(named[drawn]), named[drawn], objects)


def _size(image: bytes) -> tuple[int, int]:
    found = re.search(rb"/Width (\d+)\n/Height (\d+)", image)
    assert found is not None
    return int(found[1]), int(found[2])


def _characters(font: bytes, objects: Mapping[int, bytes]) -> tuple[Mapping[int, str], int]:
    """What each code of a font stands for, and how many hexadecimal digits a code has."""
    told = re.search(rb"/ToUnicode (\d+) 0 R", font)
    if told is None:
        return {}, 4
    table = _content(objects[int(told[1])])
    found: dict[int, str] = {}
    for first, last, stands_for in _MAPPED.findall(table.partition(b"endcodespacerange")[2]):
        start = int(first, 16)
        for code in range(start, int(last or first, 16) + 1):
            found[code] = _text(stands_for, code - start)
    return found, 4 if b"<0000> <FFFF>" in table else 2


def _text(codes: bytes, further: int) -> str:
    """UTF-16 of a table, its last character so many further on."""
    text = bytes.fromhex(codes.decode("ascii")).decode("utf-16-be")
    return text[:-1] + chr(ord(text[-1]) + further)
