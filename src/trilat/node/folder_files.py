"""Files of a node's folder: their names, and reading them within limits and in one line of refusal."""

import json
import secrets
from pathlib import Path
from typing import Any, Final

from trilat.link import Card, card_from_json
from trilat.model import Status, TrustError, UsageError
from trilat.node.settings import NODE_FILE, NodeSettings, party_code

LEDGER_FILE: Final = "ledger"
CARD_FILE: Final = "card.json"
RESTORED_FILE: Final = "restored.json"
"""Beside the settings of a node that came from a backup, until all partners have told how far they have
accepted: a name of this restore, how far the backup went, then who was heard.
"""

RESTORED_CHARACTERS: Final = 32
"""Hexadecimal digits of a restore's random name."""

ADDRESS_FILE: Final = "address.json"
PACE_FILE: Final = "pace.json"
WORDS_FILE: Final = "words.json"
"""In `run/`: what partners' nodes said last (`trilat.node.kept`)."""

EPOCHS_FILE: Final = "epochs"
LEDGER_KEY_FILE: Final = "ledger.key"
OBSERVATION_KEY_FILE: Final = "observations.key"
OIDC_FILE: Final = "oidc.secret"
ROLE_SUFFIX: Final = ".token"
KEY_BYTES: Final = 32
_FILE_BYTES_MAX: Final = 1_000_000


def mark_restored(path: Path, why: str) -> None:
    """Tell a node's next start that its ledger does not hold all that it gave; OSError as of the disk.

    Args:
        path: the folder.
        why: for people.
    """
    told = {"name": secrets.token_hex(RESTORED_CHARACTERS // 2), "why": why}
    (path / RESTORED_FILE).write_text(json.dumps(told) + "\n", encoding="utf-8")


def roles_of(settings: NodeSettings) -> tuple[str, ...]:
    """The roles that have a token at this node.

    Raises:
        UsageError: a reader is not a party's code, stands twice, or is the party itself.
    """
    readers = [party_code(reader) for reader in settings.readers]
    if len({settings.party, *readers}) <= len(readers):
        raise UsageError(f"{NODE_FILE}: a reader stands twice, or is the party itself: list each once")
    director = () if settings.status is Status.REAL else ("director",)
    officers = (f"officer-{name}" for name in (*settings.desk.officers, *settings.desk.deputies))
    return ("intake", "staff", "administrator", *director, *(f"reader-{code}" for code in readers), *officers)


def card_at(path: Path, code: str) -> Card:
    """The card of a party; TrustError where it is missing, another's or not sound."""
    if not path.is_file():
        raise TrustError(f"no card of `{code}`: compare its fingerprint, and put it at peers/{code}.json")
    card = card_from_json(text_of(path))
    if card.party != code:
        raise TrustError(
            f"{path.parent.name}/{path.name} is the card of `{card.party}`: put each under its own code"
        )
    return card


def text_of(path: Path) -> str:
    """The text of a file; UsageError where it cannot be read, is too long or no UTF-8."""
    try:
        return bytes_of(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"`{path}` is not UTF-8 at byte {error.start}: save it as UTF-8") from error


def bytes_of(path: Path) -> bytes:
    """The bytes of a file; UsageError where it cannot be read, or is too long."""
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_BYTES_MAX + 1)
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {(error.strerror or 'unknown').lower()}") from error
    if len(data) > _FILE_BYTES_MAX:
        raise UsageError(f"`{path}` has more than {_FILE_BYTES_MAX} bytes: it is not what it should be")
    return data


def json_of(path: Path) -> dict[str, Any]:
    """The object in a file that the node itself wrote; UsageError where it is none."""
    try:
        value = json.loads(text_of(path))
    except ValueError as error:
        raise UsageError(f"`{path}` is not JSON: remove it, and start the node again") from error
    if not isinstance(value, dict):
        raise UsageError(f"`{path}` is not a JSON object: remove it, and start the node again")
    return value
