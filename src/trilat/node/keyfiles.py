"""`KeyFiles`: a folder of secrets, a file each, for its owner alone; closed by a passphrase where one is set.

    keys/lock            opens with the passphrase, and opens all that is sealed (`trilat.link.Lock`)
    keys/NAME            a secret, sealed under the lock; in clear where there is none

The passphrase is asked for once, when the first sealed secret is read, and not kept.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from trilat.link import Lock, Strength, is_sealed, open_lock, write_private
from trilat.model import UsageError

LOCK_FILE: Final = "lock"
SECRET_BYTES_MAX: Final = 1_000_000

Ask = Callable[[str], bytes]
"""Gives the passphrase for what a line of text names; UsageError where nobody can be asked."""


def nobody(what: str) -> bytes:
    """An `Ask` for where there is nobody to ask."""
    raise UsageError(f"{what} needs a passphrase, and nobody is here to give it: run it from a terminal")


class KeyFiles:
    """The secrets in one folder. They mask themselves when printed."""

    def __init__(self, folder: Path, ask: Ask = nobody) -> None:
        """Secrets in a folder that is there, with who is asked for its passphrase."""
        self._folder = folder
        self._ask = ask
        self._lock: Lock | None = None

    @classmethod
    def make(cls, folder: Path, passphrase: bytes | None, strength: Strength | None = None) -> "KeyFiles":
        """Begin a folder that is there, with a lock where a passphrase is given.

        Raises:
            UsageError: the passphrase is too short, or there is a lock already.
        """
        made = cls(folder)
        if passphrase is not None:
            made._lock = Lock.new(os.urandom)
            made._put(LOCK_FILE, made._lock.under(passphrase, strength), new=True)
        return made

    @property
    def is_locked(self) -> bool:
        """Whether a passphrase closes these secrets."""
        return (self._folder / LOCK_FILE).is_file()

    def unlock(self) -> None:
        """Ask for the passphrase now rather than later; nothing where there is none."""
        if self.is_locked and self._lock is None:
            data = private_bytes_of(self._folder / LOCK_FILE)
            self._lock = open_lock(data, self._ask(f"the keys in {self._folder}"), os.urandom)

    def read(self, name: str) -> bytes:
        """A secret.

        Raises:
            UsageError: it is missing, others can read it, it was changed, or the passphrase is wrong.
        """
        data = private_bytes_of(self._folder / name)
        if self.is_locked and not is_sealed(data):
            raise UsageError(
                f"`{self._folder / name}` lies open beside a lock: set the passphrase again with "
                "`trilat trust passphrase`, or restore it"
            )
        return self._opened(name, data)

    def has(self, name: str) -> bool:
        """Whether there is a secret of this name."""
        return (self._folder / name).is_file()

    def write(self, secrets: Mapping[str, bytes], *, new: bool = False) -> None:
        """Put secrets in their files, each whole or not at all.

        Raises:
            UsageError: a file cannot be written, or is there already and `new` is asked for.
        """
        self.unlock()
        for name, secret in secrets.items():
            self._put(name, self._lock.close(name, secret) if self._lock else secret, new=new)

    def remove(self, name: str) -> None:
        """Remove a secret; nothing where there is none."""
        (self._folder / name).unlink(missing_ok=True)

    def change_passphrase(
        self, passphrase: bytes | None, names: Sequence[str], strength: Strength | None = None
    ) -> None:
        """Close all secrets by another passphrase, by a first one, or, with None, by none any more.

        One that was interrupted is done again: what it left open is found and closed.

        Raises:
            UsageError: as of `read` and `write`.
        """
        self.unlock()
        secrets = {name: self._opened(name, private_bytes_of(self._folder / name)) for name in names}
        if passphrase is None:
            for name, secret in secrets.items():
                self._put(name, secret)
            self.remove(LOCK_FILE)
            self._lock = None
            return
        self._lock = self._lock or Lock.new(os.urandom)
        self._put(LOCK_FILE, self._lock.under(passphrase, strength))
        self.write(secrets)

    def _opened(self, name: str, data: bytes) -> bytes:
        if not is_sealed(data):
            return data
        self.unlock()
        if self._lock is None:
            raise UsageError(f"the lock of `{self._folder / name}` is missing: restore it from a backup")
        return self._lock.open(name, data)

    def _put(self, name: str, data: bytes, *, new: bool = False) -> None:
        path = self._folder / name
        try:
            if new:
                write_private(path, data)
                return
            unfinished = path.with_name(f"{name}.new")
            unfinished.unlink(missing_ok=True)
            write_private(unfinished, data)
            unfinished.replace(path)
        except OSError as error:
            why = (error.strerror or "unknown reason").lower()
            raise UsageError(f"`{path}` cannot be written: {why}") from error

    def __repr__(self) -> str:
        """Where, and nothing secret."""
        return f"KeyFiles({str(self._folder)!r}, ***)"


def private_bytes_of(path: Path) -> bytes:
    """The bytes of a file that its owner alone can read; UsageError where others can, or it is missing."""
    try:
        with path.open("rb") as file:
            data = file.read(SECRET_BYTES_MAX + 1)
            mode = os.fstat(file.fileno()).st_mode
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {(error.strerror or 'unknown').lower()}") from error
    if len(data) > SECRET_BYTES_MAX:
        raise UsageError(f"`{path}` has more than {SECRET_BYTES_MAX} bytes: it is not what it should be")
    if mode & 0o077:
        raise UsageError(f"`{path}` can be read by others: `chmod 600` it, and think of the key as known")
    return data
