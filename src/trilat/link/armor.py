"""Armour: signed bytes as text that survives mail and a person who copies it (RFC 7468, strict form)."""

import base64
import binascii
from typing import Final

from trilat.model import TrustError

ARMOR_CHARACTERS_MAX: Final = 400_000
_LINE_CHARACTERS: Final = 64


def armored(label: str, data: bytes) -> str:
    """The text of some bytes between lines that name what they are."""
    text = base64.b64encode(data).decode("ascii")
    lines = [text[start : start + _LINE_CHARACTERS] for start in range(0, len(text), _LINE_CHARACTERS)]
    return "\n".join([_line("BEGIN", label), *lines, _line("END", label)]) + "\n"


def unarmored(label: str, text: str, what: str) -> bytes:
    """The bytes in an armoured text; what stands before and behind it is passed over.

    Raises:
        TrustError: too long, or not one such text of this label; `what` names it for people.
    """
    if len(text) > ARMOR_CHARACTERS_MAX:
        raise TrustError(f"the {what} has over {ARMOR_CHARACTERS_MAX} characters: it is none, not read")
    begin, end = _line("BEGIN", label), _line("END", label)
    lines = [line.strip() for line in text.splitlines()]
    if lines.count(begin) != 1 or lines.count(end) != 1 or lines.index(begin) > lines.index(end):
        raise TrustError(f"this is no {what}: it needs one `{begin}` and its end, ask for the file again")
    body = "".join(lines[lines.index(begin) + 1 : lines.index(end)])
    try:
        data = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or base64.b64encode(data).decode("ascii") != body:
        raise TrustError(f"the {what} was changed on its way: ask for the file again")
    return data


def _line(word: str, label: str) -> str:
    return f"-----{word} TRILAT {label}-----"
