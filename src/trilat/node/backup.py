"""A node's backup: a folder that holds all of the node but its keys, unless they are asked for.

    manifest.json   what the backup is of, how far its ledger goes, digests of its files, a code over all that
    ledger          the rows, as a ledger file; contents are under the ledger key, as in the node
    files/          node.toml, card.json, agreements, partners' cards; `keys/` only where it was asked for

Rules
1. It may be made while the node runs, and again and again into the same folder: only what is new is copied,
   and what was removed since then is taken out of the backup too.
2. The code (HMAC-SHA-256) is made with the ledger key. Who cannot read the ledger cannot make a manifest that
   fits, so a backup that was cut short, mixed or exchanged is told from a whole one.
3. Restoring examines everything first, every row among it, and then writes a folder that was empty. A backup
   that is not whole is not restored.
4. A node that was restored is not the node that was lost: what came after the backup is with partners. It
   numbers nothing to one that has not told how far it has accepted (`RESTORED_FILE`, `trilat.node.resuming`).
"""

import hmac
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from trilat.ledger import Copied, Head, Ledger, SqliteStore, Verification, copy_ledger, open_store
from trilat.model import UsageError, format_instant
from trilat.node.clock import SystemClock
from trilat.node.folder import NodeFolder, read_folder, read_ledger_key
from trilat.node.folder_files import CARD_FILE, LEDGER_FILE, mark_restored
from trilat.node.keyfiles import Ask, nobody
from trilat.node.settings import NODE_FILE, LedgerSettings, read_settings, write_settings
from trilat.node.storage import note_backup
from trilat.node.trust_files import TRUST_FOLDER

MANIFEST_FILE: Final = "manifest.json"
_FILES: Final = "files"
_FORMAT: Final = 1
_MANIFEST_BYTES_MAX: Final = 4_000_000
_CODE_DOMAIN: Final = b"trilat/backup/1"
_Progress = Callable[[int], None]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup says of itself. `chained` is the ledger's chain at its newest row, hexadecimal."""

    format: int
    party: str
    made: str
    entries: int
    chained: str
    keys: bool
    files: dict[str, str]
    """SHA-256 of each file, by its path in the backup."""

    code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupState:
    """What an examination of a backup found."""

    manifest: Manifest
    verification: Verification


def make_backup(
    folder: NodeFolder, target: Path, *, with_keys: bool, on_rows: _Progress = lambda _: None
) -> tuple[Manifest, Copied]:
    """Make a backup of a node, or bring one up to date; returns its manifest and what was copied.

    Raises:
        UsageError: the target is no backup of this node and not empty, or cannot be written.
        LedgerError: as of `copy_ledger`.
    """
    _refuse_foreign_target(folder, target)
    settings, made_ns = folder.settings, SystemClock().now_ns()
    source = open_store(folder.ledger_place, settings.party, read_only=True)
    try:
        (target / _FILES).mkdir(mode=0o700, parents=True, exist_ok=True)
        target.chmod(0o700)
        copy = SqliteStore(target / LEDGER_FILE)
        try:
            copied = copy_ledger(source, copy, settings.party, folder.secrets.ledger_key, on_rows)
        finally:
            copy.close()
        files = _copy_files(folder.path, target / _FILES, with_keys=with_keys)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        source.close()
    manifest = Manifest(
        format=_FORMAT,
        party=settings.party,
        made=format_instant(made_ns),
        entries=copied.head.entries,
        chained=copied.head.chained.hex(),
        keys=with_keys,
        files=files,
    )
    manifest = msgspec.structs.replace(manifest, code=_code(manifest, folder.secrets.ledger_key))
    unfinished = target / f"{MANIFEST_FILE}.new"
    unfinished.write_text(json.dumps(msgspec.to_builtins(manifest), indent=2) + "\n", encoding="utf-8")
    unfinished.replace(target / MANIFEST_FILE)
    note_backup(folder, made_ns, copied.head.entries)
    return manifest, copied


def check_backup(path: Path, ledger_key: bytes) -> BackupState:
    """What a backup holds, after an examination of every file and every row.

    Raises:
        UsageError: it is no backup, of another format or key, or a file is missing, changed or too many.
        LedgerError: its ledger cannot be opened.
    """
    manifest = read_manifest(path)
    if not hmac.compare_digest(_code(manifest, ledger_key), manifest.code):
        raise UsageError(
            f"`{path}`: the manifest does not fit the ledger key: it was changed, or the key is another's"
        )
    found = _digests(path / _FILES)
    for name in sorted(set(found) | set(manifest.files)):
        if found.get(name) != manifest.files.get(name):
            what = (
                "missing"
                if name not in found
                else "changed"
                if name in manifest.files
                else "not of the backup"
            )
            raise UsageError(f"`{path}`: the file `{name}` is {what}: make the backup again")
    store = SqliteStore(path / LEDGER_FILE, read_only=True)
    try:
        ledger = Ledger(store, manifest.party, ledger_key, SystemClock(), os.urandom)
        head = Head(entries=manifest.entries, chained=bytes.fromhex(manifest.chained))
        return BackupState(manifest=manifest, verification=ledger.verify(head))
    finally:
        store.close()


def restore_backup(
    path: Path,
    target: Path,
    keys: Path | None,
    ledger_url: str | None = None,
    on_rows: _Progress = lambda _: None,
    *,
    ask: Ask = nobody,
) -> tuple[NodeFolder, BackupState]:
    """A node's folder from a backup, examined first; returns the folder and what was found in the backup.

    Args:
        path: the backup.
        target: a folder that is not there yet, or is empty.
        keys: the node's `keys` folder, kept apart; None where the backup has it.
        ledger_url: another place for the ledger than the settings': a server's address, empty for a file.
        on_rows: is told how many rows were copied.
        ask: gives the passphrase of the keys.

    Raises:
        UsageError: as in `check_backup`, a row is damaged, there are no keys, or the target holds something.
        LedgerError: as of the stores.
    """
    held = keys if keys is not None else path / _FILES / "keys"
    if not held.is_dir():
        raise UsageError(f"`{path}` holds no keys: give the folder where they are kept, with --keys")
    state = check_backup(path, read_ledger_key(held, ask))
    if not state.verification.verified:
        raise UsageError(f"`{path}` is not restored: {state.verification.problem}")
    if target.exists() and any(target.iterdir()):
        raise UsageError(f"`{target}` is not empty: name a new folder")
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copytree(path / _FILES, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("keys"))
        shutil.copytree(held, target / "keys")
        (target / "run").mkdir(mode=0o700, exist_ok=True)
        (target / "peers").mkdir(mode=0o700, exist_ok=True)
        if ledger_url is not None:
            _move_ledger(target / NODE_FILE, ledger_url)
        folder = read_folder(target, ask)
        _copy_back(path, folder, state.manifest, on_rows)
        mark_restored(target, f"backup of {state.manifest.made}, {state.manifest.entries} entries")
    except OSError as error:
        raise _unwritable(target, error) from error
    return folder, state


def read_manifest(path: Path) -> Manifest:
    """What a backup says of itself; UsageError where it is none."""
    file = path / MANIFEST_FILE
    try:
        if file.stat().st_size > _MANIFEST_BYTES_MAX:
            raise UsageError(f"`{file}` is too long for a manifest: this is no backup")
        manifest = msgspec.json.decode(file.read_bytes(), type=Manifest, strict=True)
        bytes.fromhex(manifest.chained)
    except OSError as error:
        raise UsageError(f"`{path}` is no backup: it has no {MANIFEST_FILE} that can be read") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise UsageError(f"`{file}` is not a manifest: {error}") from error
    if manifest.format != _FORMAT:
        raise UsageError(f"`{path}` is a backup of format {manifest.format}: this version reads {_FORMAT}")
    return manifest


def _move_ledger(file: Path, url: str) -> None:
    settings = read_settings(file.read_text(encoding="utf-8"))
    moved = msgspec.structs.replace(settings, ledger=LedgerSettings(url=url))
    file.write_text(write_settings(moved), encoding="utf-8")


def _copy_back(path: Path, folder: NodeFolder, manifest: Manifest, on_rows: _Progress) -> None:
    settings = folder.settings
    source = SqliteStore(path / LEDGER_FILE, read_only=True)
    try:
        target = open_store(folder.ledger_place, settings.party)
        try:
            if target.last() is not None:
                raise UsageError(
                    "the ledger's server holds a ledger of this party already: nothing was written to it"
                )
            copied = copy_ledger(source, target, settings.party, folder.secrets.ledger_key, on_rows)
        finally:
            target.close()
    finally:
        source.close()
    if copied.head.entries != manifest.entries or copied.head.chained.hex() != manifest.chained:
        raise UsageError(
            f"`{folder.path}`: what was written is not what the backup holds: remove it, and try again"
        )


def _refuse_foreign_target(folder: NodeFolder, target: Path) -> None:
    if not target.exists() or not any(target.iterdir()):
        return
    if (target / NODE_FILE).exists():
        raise UsageError(f"`{target}` is a node's own folder: name another one for its backup")
    if not (target / MANIFEST_FILE).exists() and (target / LEDGER_FILE).exists():
        return  # A first backup that was interrupted: the ledger says whether it is ours.
    if read_manifest(target).party != folder.settings.party:
        raise UsageError(f"`{target}` is a backup of {read_manifest(target).party}: name another folder")


def _copy_files(source: Path, target: Path, *, with_keys: bool) -> dict[str, str]:
    """Copy the files that make a node beside its ledger, and only those; returns their digests."""
    shutil.rmtree(target)
    target.mkdir(mode=0o700)
    for name in (NODE_FILE, CARD_FILE):
        shutil.copy2(source / name, target / name)
    for name in ("agreements", "peers", TRUST_FOLDER, *(("keys",) if with_keys else ())):
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name)
    read_settings((target / NODE_FILE).read_text(encoding="utf-8"))
    return _digests(target)


def _digests(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def _code(manifest: Manifest, ledger_key: bytes) -> str:
    said = msgspec.json.encode(msgspec.structs.replace(manifest, code=""), order="sorted")
    return hmac.new(ledger_key, _CODE_DOMAIN + said, sha256).hexdigest()


def _unwritable(target: Path, error: OSError) -> UsageError:
    return UsageError(f"`{target}` cannot be written: {(error.strerror or 'unknown reason').lower()}")
