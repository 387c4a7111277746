"""`row_of`: what a store read, as a row, where it can be one."""

from collections.abc import Sequence
from typing import Any, Final

from trilat.model import Row

COLUMNS: Final = "entry, kind, recorded_ns, commitment, chained, wrapped_key, sealed_content"
"""The columns of every store's table, in the order of a `Row`."""

CHUNK_ROWS: Final = 500
"""Rows that a store reads at a time: memory does not grow with the ledger."""


def row_of(values: Sequence[Any]) -> Row | None:
    """The row in these values, or None where a type is wrong."""
    entry, kind, recorded_ns, commitment, chained, wrapped_key, sealed_content = values
    sound = (
        isinstance(entry, int)
        and isinstance(kind, str)
        and isinstance(recorded_ns, int)
        and isinstance(commitment, bytes)
        and isinstance(chained, bytes)
        and isinstance(wrapped_key, bytes | None)
        and isinstance(sealed_content, bytes | None)
    )
    return Row(*values) if sound else None
