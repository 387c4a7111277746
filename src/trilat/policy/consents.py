"""Which consent speaks of a release, and what it says.

Rules
1. Only the originator's consent counts: its label names the originator, its officer is on that staff.
2. It covers the item's subject (or the item by its id), one recipient, one path, one clause, one status,
   and no more. One that a script plays (`assumed`) never covers a real item.
3. The newest begun consent on the same thing replaces older ones, by `valid_ns`, then version; of two that
   are equal a refusal wins. When it has ended nothing is consented to.

Signatures are checked before a consent gets here; this module matches fields.
"""

from collections.abc import Iterable, Sequence
from enum import Enum

from trilat.model import Consent, Item, ItemError, Status, item_from_json


class Answered(Enum):
    """What the originator's officer has said about one release."""

    GRANTED = "granted"
    REFUSED = "refused"
    NOT_YET = "not-yet"


def answered(
    item: Item,
    originator: str,
    recipient: str,
    via: str | None,
    clause: str,
    at_ns: int,
    consents: Sequence[Consent],
) -> tuple[Answered, Consent | None]:
    """What was said about passing an item of `originator` on under `clause` (`agreement#clause`), and the
    consent that says it.
    """
    about = (
        consent
        for consent in consents
        if consent.clause == clause
        and consent.recipient == recipient
        and consent.via == via
        and consent.label.originator == originator
        and consent.officer.startswith(f"{originator}/")
        and consent.status is item.status
        and not (consent.assumed and item.status is Status.REAL)
        and (item.subject in consent.subjects or item.item_id in consent.subjects)
        and consent.valid_ns <= at_ns
    )
    newest = max(about, key=_age, default=None)
    if newest is None or newest.until_ns <= at_ns:
        return Answered.NOT_YET, None
    return (Answered.GRANTED if newest.granted else Answered.REFUSED), newest


def _age(consent: Consent) -> tuple[int, int, bool, str]:
    return consent.valid_ns, consent.version, not consent.granted, consent.item_id


def consents_in(lines: Iterable[bytes]) -> tuple[Consent, ...]:
    """The consents among JSON lines, in order; other lines and unreadable ones are passed over.

    For asking what-if questions of a file. Nothing is signed there, so it proves nothing about an officer.
    """
    found: list[Consent] = []
    for line in lines:
        if b'"consent"' not in line:
            continue
        try:
            item = item_from_json(line)
        except ItemError:
            continue
        if isinstance(item, Consent):
            found.append(item)
    return tuple(found)
