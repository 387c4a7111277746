"""Passphrases for commands: from a file that a service is given, or the terminal. Never from an argument.

In this order:
1. `TRILAT_PASSPHRASE_FILE`: the path of a file that its owner alone can read; its first line counts. So for
   systemd: `LoadCredential=passphrase:PATH` and `Environment=TRILAT_PASSPHRASE_FILE=%d/passphrase`.
2. `TRILAT_PASSPHRASE_FD`: the number of an open file, such as a pipe; its first line counts, and all that are
   asked for come from it, a line each.
3. The terminal, without showing what is typed.
"""

import getpass
import os
import sys
from pathlib import Path
from typing import Final

from trilat.link import refuse_unfit
from trilat.model import UsageError
from trilat.node import private_bytes_of

FILE_VARIABLE: Final = "TRILAT_PASSPHRASE_FILE"
DESCRIPTOR_VARIABLE: Final = "TRILAT_PASSPHRASE_FD"
_LINE_BYTES_MAX: Final = 1_024


def asked(what: str) -> bytes:
    """The passphrase that opens something.

    Raises:
        UsageError: there is nobody to ask, or what was named cannot be read.
    """
    given = _given()
    return given if given is not None else _typed(f"Passphrase for {what}: ")


def chosen(what: str) -> bytes:
    """A new passphrase, typed twice where it is typed; UsageError as of `asked`, or it is too short."""
    given = _given()
    if given is None:
        given = _typed(f"New passphrase for {what}: ")
        refuse_unfit(given)
        if _typed("The same again: ") != given:
            raise UsageError("the two are not the same: nothing was changed")
    refuse_unfit(given)
    return given


def can_be_asked() -> bool:
    """Whether a passphrase would be given: by a file, or by a person at a terminal."""
    named = os.environ.get(FILE_VARIABLE) or os.environ.get(DESCRIPTOR_VARIABLE)
    return bool(named) or sys.stdin.isatty()


def _given() -> bytes | None:
    path, number = os.environ.get(FILE_VARIABLE), os.environ.get(DESCRIPTOR_VARIABLE)
    if path:
        return private_bytes_of(Path(path)).split(b"\n", 1)[0]
    if number:
        return _line_of(number)
    return None


def _line_of(number: str) -> bytes:
    """One line of an open file, of which nothing beyond is read."""
    said = b""
    try:
        descriptor = int(number)
        while not said.endswith(b"\n") and len(said) <= _LINE_BYTES_MAX:
            letter = os.read(descriptor, 1)
            if not letter:
                break
            said += letter
    except (OSError, ValueError) as error:
        raise UsageError(f"{DESCRIPTOR_VARIABLE} is not the number of an open file: give one") from error
    if not said:
        raise UsageError(f"{DESCRIPTOR_VARIABLE} ended before it gave a passphrase")
    return said.rstrip(b"\n")


def _typed(prompt: str) -> bytes:
    if not sys.stdin.isatty():
        raise UsageError(f"a passphrase is needed, and there is no terminal: name a file in {FILE_VARIABLE}")
    try:
        return getpass.getpass(prompt).encode("utf-8")
    except EOFError as error:
        raise UsageError("no passphrase was typed: nothing was done") from error
