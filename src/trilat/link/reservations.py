"""`Reservations`: how far counters of epochs have come, kept where a crash cannot take it back.

An IV counts the objects of an epoch. A block of counters is noted, on disk, before the first of it is used,
and an epoch that is noted already is never begun. Keys are not kept: whatever state of the disk a process
finds, it begins a new epoch, so that a restored backup or a clone never counts on under an old key.
"""

import os
from pathlib import Path
from typing import Final, Protocol
from zlib import crc32

from trilat.model import LedgerError

EPOCH_BYTES: Final = 16
_COUNTER_BYTES: Final = 8
_SUM_BYTES: Final = 4
_ROW_BYTES: Final = EPOCH_BYTES + _COUNTER_BYTES + _SUM_BYTES
_ROWS_MAX: Final = 65_536
"""Rows at which the file is written anew with the newest epochs alone."""

_ROWS_KEPT: Final = 16_384


class Reservations(Protocol):
    """Where a node keeps, durably, how far it has gone in each epoch."""

    def begin(self, epoch: bytes) -> None:
        """Note a new epoch, on disk when this returns.

        Raises:
            LedgerError: it is known already, or nothing can be written.
        """
        ...

    def reserve(self, epoch: bytes, until: int) -> None:
        """Note, on disk when this returns, that counters below `until` may be in use.

        Raises:
            LedgerError: nothing can be written, the epoch was not begun here, or it has come further.
        """
        ...


class MemoryReservations:
    """`Reservations` of one process, for tests and for nodes without a folder."""

    def __init__(self) -> None:
        """Nothing reserved."""
        self._until: dict[bytes, int] = {}

    def begin(self, epoch: bytes) -> None:
        """Note a new epoch; LedgerError where it is known."""
        if epoch in self._until:
            raise LedgerError("an epoch comes again: random bytes repeat, nothing is sealed with them")
        self._note(epoch, 0)
        self._until[epoch] = 0

    def reserve(self, epoch: bytes, until: int) -> None:
        """Note how far an epoch may have come; LedgerError where it was further."""
        if until <= self._until.get(epoch, until):
            raise LedgerError("counters of an epoch are reserved already: it is in use elsewhere")
        self._note(epoch, until)
        self._until[epoch] = until

    def _note(self, epoch: bytes, until: int) -> None:
        """Nothing outlives the process."""


class FileReservations(MemoryReservations):
    """`Reservations` in a file: rows of epoch, counter and checksum, each synced before it counts.

    Rows are few, one for each epoch and for each block, so that the file is opened for each.
    A row that a crash cut off is dropped: what it would have noted was not used. A file that is missing, or
    was put back from a backup, is no danger, because an epoch's key does not outlive its process.
    """

    def __init__(self, path: Path) -> None:
        """The reservations in a file, which is made where there is none.

        Raises:
            LedgerError: it cannot be read or written.
        """
        super().__init__()
        self._path = path
        try:
            path.touch(mode=0o600)
            self._read(path.read_bytes())
        except OSError as error:
            raise self._failed(error) from error

    def _read(self, data: bytes) -> None:
        whole = 0
        while whole + _ROW_BYTES <= len(data) and _is_sound(data[whole : whole + _ROW_BYTES]):
            row = data[whole : whole + _ROW_BYTES]
            epoch = row[:EPOCH_BYTES]
            self._until.pop(epoch, None)
            self._until[epoch] = int.from_bytes(row[EPOCH_BYTES : EPOCH_BYTES + _COUNTER_BYTES], "big")
            whole += _ROW_BYTES
        if whole // _ROW_BYTES > _ROWS_MAX:
            self._until = dict(list(self._until.items())[-_ROWS_KEPT:])
            self._write_anew()
        elif whole < len(data):
            os.truncate(self._path, whole)

    def _write_anew(self) -> None:
        unfinished = self._path.with_suffix(".new")
        with unfinished.open("wb") as file:
            file.write(b"".join(_row(epoch, until) for epoch, until in self._until.items()))
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o600)
        unfinished.replace(self._path)

    def _note(self, epoch: bytes, until: int) -> None:
        row = _row(epoch, until)
        try:
            with self._path.open("ab") as file:
                file.write(row)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> LedgerError:
        why = (error.strerror or "unknown reason").lower()
        return LedgerError(f"`{self._path}` cannot be written, nothing is sealed: {why}")


def _row(epoch: bytes, until: int) -> bytes:
    content = epoch + until.to_bytes(_COUNTER_BYTES, "big")
    return content + crc32(content).to_bytes(_SUM_BYTES, "big")


def _is_sound(row: bytes) -> bool:
    return crc32(row[:-_SUM_BYTES]).to_bytes(_SUM_BYTES, "big") == row[-_SUM_BYTES:]
