"""One valid value of every noun, with all fields filled, from the golden file of the wire form."""

import json
from pathlib import Path
from typing import Any, Final

from trilat.model import (
    Agreement,
    Certificate,
    Decision,
    Envelope,
    Noun,
    Party,
    Receipt,
    Release,
    from_plain,
    item_from_plain,
)

GOLDEN: Final[list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "golden" / "wire.json").read_text(encoding="utf-8")
)
OTHERS: Final[dict[str, type[Noun]]] = {
    "agreement": Agreement,
    "decision": Decision,
    "release": Release,
    "receipt": Receipt,
    "envelope": Envelope,
    "party": Party,
    "certificate": Certificate,
}
"""What travels or is kept and is not an item."""

PLAIN: Final[dict[str, dict[str, Any]]] = {row["kind"]: row["plain"] for row in GOLDEN}


def example(kind: str) -> Any:
    """The golden value of a kind of item, or of one of `OTHERS`."""
    other = OTHERS.get(kind)
    return item_from_plain(PLAIN[kind]) if other is None else from_plain(PLAIN[kind], other)
