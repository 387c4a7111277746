"""`Storage`: what a node's ledger lies on, and when it was backed up last; beside the record, for people."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trilat.model import UsageError
from trilat.node.folder import NodeFolder
from trilat.node.folder_files import json_of

BACKUP_FILE: Final = "backup.json"
"""In `run/`: when the last backup was made, and how far it goes. A backup does not hold it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """What the ledger lies on, and its last backup; None where it is not known."""

    size_bytes: int | None = None
    free_bytes: int | None = None
    backup_ns: int | None = None
    backup_entries: int = 0


def note_backup(folder: NodeFolder, made_ns: int, entries: int) -> None:
    """Remember that a backup was made, for who asks how the node is; UsageError where it cannot be."""
    folder.leave(BACKUP_FILE, json.dumps({"made_ns": made_ns, "entries": entries}))


def storage_of(folder: NodeFolder) -> Storage:
    """What a folder says of itself now; what cannot be read is not known."""
    made_ns, entries = _noted(folder.run_path / BACKUP_FILE)
    place = folder.ledger_place
    try:
        free_bytes: int | None = shutil.disk_usage(folder.path).free
        size_bytes = None if isinstance(place, str) else _size_bytes(place)
    except OSError:
        free_bytes = size_bytes = None
    return Storage(size_bytes=size_bytes, free_bytes=free_bytes, backup_ns=made_ns, backup_entries=entries)


def _size_bytes(ledger: Path) -> int:
    files = (ledger, Path(f"{ledger}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _noted(file: Path) -> tuple[int | None, int]:
    if not file.is_file():
        return None, 0
    try:
        said = json_of(file)
    except UsageError:
        return None, 0
    made_ns, entries = said.get("made_ns"), said.get("entries")
    sound = isinstance(made_ns, int) and isinstance(entries, int) and made_ns >= 0 and entries >= 0
    return (made_ns, int(entries or 0)) if sound else (None, 0)
