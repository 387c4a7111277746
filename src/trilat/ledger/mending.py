"""`mend`: a row in which one bit flipped, put right by trying every bit until the row proves itself.

Each row is bound to itself by an authenticated key and content and a commitment, so no wrong guess passes:
what comes out is the content that was written, as surely as a row that was never damaged. The damaged row
stays as it is; what was had again is for a REPAIR entry.

Tried, in this order: the chained value that follows from the row's predecessor; each bit of chained value,
wrapped key and sealed content; each known kind; each bit of the instant.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from trilat.ledger.chain import chained_of, commitment_of
from trilat.ledger.entry import EntryKind
from trilat.ledger.examination import following_of, values_before
from trilat.ledger.vault import Secrets, Vault
from trilat.model import LedgerError, Row, Store

_CONTENT_TRIED_MAX: Final = 65_536
"""Bytes of a content of which every bit is tried: half a million trials of 20 microseconds."""

_KINDS: Final = {kind.value: kind for kind in EntryKind}
_INSTANT_BITS: Final = 63


class Mended(NamedTuple):
    """What a damaged row was before a bit flipped, and in which of its fields; in none where the row is whole
    and stands behind one that is not.
    """

    kind: EntryKind
    content: bytes
    recorded_ns: int
    field: str


def mend(store: Store, party: str, vault: Vault, entry: int) -> Mended | None:
    """The row as it was written, or None where more than one bit of it is wrong, or it cannot be read."""
    try:
        row = next(store.rows(entry), None)
    except LedgerError:
        return None
    if row is None or row.entry != entry:
        return None
    return mend_row(row, values_before(store, party, entry), vault)


def mend_row(row: Row, previous: frozenset[bytes], vault: Vault) -> Mended | None:
    """As `mend`, of a row and the chained values that its predecessor may have; none where unknown."""
    if row.wrapped_key is None or row.sealed_content is None:
        return None
    opened = _opened(row, previous, vault)
    if opened is None:
        return None
    secrets, chained, content, field = opened
    for kind in (_KINDS.get(row.kind), *EntryKind):
        if kind is None:
            continue
        commitment = commitment_of(secrets.salt, kind.value, content)
        if commitment != row.commitment and not (
            kind.value == row.kind and _differ_in_one_bit(commitment, row.commitment)
        ):
            continue
        named = row._replace(kind=kind.value, commitment=commitment, chained=chained)
        recorded_ns = _instant(named, previous)
        if recorded_ns is None:
            # Its own key vouches for it, and what it should follow from is damaged in more than one bit.
            whole = named == row and field == ""
            return Mended(kind, content, row.recorded_ns, "") if whole else None
        changed = {
            "kind": kind.value != row.kind,
            "commitment": commitment != row.commitment,
            "chained": chained != row.chained,
            "recorded_ns": recorded_ns != row.recorded_ns,
        }
        field = next((name for name, differs in changed.items() if differs), field)
        return Mended(kind, content, recorded_ns, field)
    return None


def _opened(row: Row, previous: frozenset[bytes], vault: Vault) -> tuple[Secrets, bytes, bytes, str] | None:
    """The row's secrets, its right chained value, its content, and which of them was put right."""
    wrapped, sealed = row.wrapped_key or b"", row.sealed_content or b""
    for chained in (row.chained, *following_of(row, previous)):
        secrets = vault.unwrap(wrapped, row.entry, chained)
        if secrets is not None:
            return _with_content(row, vault, secrets, chained, "")
    for chained in _flipped(row.chained):
        secrets = vault.unwrap(wrapped, row.entry, chained)
        if secrets is not None:
            return _with_content(row, vault, secrets, chained, "chained")
    for attempt in _flipped(wrapped):
        secrets = vault.unwrap(attempt, row.entry, row.chained)
        if secrets is not None:
            content = vault.open(secrets, row.entry, sealed)
            return None if content is None else (secrets, row.chained, content, "wrapped_key")
    return None


def _with_content(
    row: Row, vault: Vault, secrets: Secrets, chained: bytes, field: str
) -> tuple[Secrets, bytes, bytes, str] | None:
    sealed = row.sealed_content or b""
    content = vault.open(secrets, row.entry, sealed)
    if content is not None:
        return secrets, chained, content, field
    if len(sealed) > _CONTENT_TRIED_MAX:
        return None
    for attempt in _flipped(sealed):
        content = vault.open(secrets, row.entry, attempt)
        if content is not None:
            return secrets, chained, content, "sealed_content"
    return None


def _instant(row: Row, previous: frozenset[bytes]) -> int | None:
    """The instant with which the row's chained value follows from its predecessor; as it stands where the
    predecessor is not there to tell.
    """
    if not previous:
        return row.recorded_ns
    for attempt in (row.recorded_ns, *(row.recorded_ns ^ 1 << bit for bit in range(_INSTANT_BITS))):
        for value in previous:
            if chained_of(value, row.entry, row.kind, attempt, row.commitment) == row.chained:
                return attempt
    return None


def _flipped(data: bytes) -> Iterator[bytes]:
    """The data with each of its bits flipped in turn."""
    attempt = bytearray(data)
    for at in range(len(attempt)):
        for bit in range(8):
            attempt[at] ^= 1 << bit
            yield bytes(attempt)
            attempt[at] ^= 1 << bit


def _differ_in_one_bit(left: bytes, right: bytes) -> bool:
    return (
        len(left) == len(right)
        and (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).bit_count() == 1
    )
