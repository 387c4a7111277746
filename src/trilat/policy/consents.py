"""Which consent speaks of a release, and what it says.

Rules
1. Only the originator's consent counts: its label names the originator, its officer is on that staff.
2. It covers the item's subject (or the item by its id), one recipient, one path, one clause, one status,
   and no more. One that a script plays (`assumed`) never covers a real item.
3. The newest begun consent on the same thing replaces older ones, by `valid_ns`, then version; of two that
   are equal a refusal wins. When it has ended nothing is consented to.
4. Under the two-person rule each officer has a say of its own by rule 3: any refusal refuses, and it takes
   two officers to grant.

Signatures are checked before a consent gets here; this module matches fields.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Final

from trilat.model import Consent, Declaration, Item, ItemError, Status, item_from_json

_TWO: Final = 2


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
    *,
    two_person: bool = False,
) -> tuple[Answered, Consent | None]:
    """What was said about passing an item of `originator` on under `clause` (`agreement#clause`), and the
    consent that says it; of two that grant, the newer.
    """
    about = [
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
    ]
    if two_person:
        return _two_of(about, at_ns)
    newest = max(about, key=_age, default=None)
    if newest is None or newest.until_ns <= at_ns:
        return Answered.NOT_YET, None
    return (Answered.GRANTED if newest.granted else Answered.REFUSED), newest


def _two_of(about: Sequence[Consent], at_ns: int) -> tuple[Answered, Consent | None]:
    """Rule 4."""
    by_officer = {consent.officer: consent for consent in sorted(about, key=_age)}
    standing = sorted((said for said in by_officer.values() if at_ns < said.until_ns), key=_age)
    refusals = [said for said in standing if not said.granted]
    if refusals:
        return Answered.REFUSED, refusals[-1]
    if len(standing) < _TWO:
        return Answered.NOT_YET, None
    return Answered.GRANTED, standing[-1]


def _age(consent: Consent) -> tuple[int, int, bool, str]:
    return consent.valid_ns, consent.version, not consent.granted, consent.item_id


def consents_in(lines: Iterable[bytes]) -> tuple[Consent, ...]:
    """The consents among JSON lines, in order; other lines and unreadable ones are passed over.

    For asking what-if questions of a file. Nothing is signed there, so it proves nothing about an officer.
    """
    return tuple(item for item in _readable(lines, b'"consent"') if isinstance(item, Consent))


def declarations_in(lines: Iterable[bytes]) -> tuple[Declaration, ...]:
    """The declarations among JSON lines; as `consents_in`."""
    return tuple(item for item in _readable(lines, b'"declaration"') if isinstance(item, Declaration))


def _readable(lines: Iterable[bytes], word: bytes) -> Iterator[Item]:
    for line in lines:
        if word not in line:
            continue
        try:
            yield item_from_json(line)
        except ItemError:
            continue
