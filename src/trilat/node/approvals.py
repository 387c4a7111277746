"""`Approvals`: consents of own officers, what rests on them, how long it is held, and what has left by it.

Rules
1. What an officer approved is held for `undo_s` from the approval on, so that it can be taken back.
2. What rests on a consent is an item that is permitted by it, or the consent itself on its way to who asked.
3. An approval counts while it holds: the officer's newest word on a question, and not ended.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from trilat.model import SECOND_NS, AnyItem, Consent, Decision, ItemReference
from trilat.node.config import NodeConfig

ReferralKey = tuple[str, str, str, str | None]
"""Clause, subject, recipient, intermediary: what makes a question to a person one and the same."""

LEFT_MAX: Final = 10_000
"""Questions of which it is remembered what left by their answers; the oldest go first."""


class Left(NamedTuple):
    """What left by an approval last, and when by the clock."""

    item: ItemReference
    at_ns: int


class Approvals:
    """Own officers' consents of one node."""

    def __init__(self, config: NodeConfig) -> None:
        """Nothing approved yet."""
        self._config = config
        self._known: dict[ItemReference, Consent] = {}
        self._left: dict[ReferralKey, Left] = {}

    def add(self, consent: Consent) -> None:
        """Take a consent; partners' own are nothing to this."""
        if consent.label.originator == self._config.party:
            self._known[consent.reference] = consent

    def _behind(self, item: AnyItem, decision: Decision) -> Consent | None:
        """The own consent that an item's leaving rests on (rule 2)."""
        if isinstance(item, Consent):
            return self._known.get(item.reference)
        return None if decision.consent is None else self._known.get(decision.consent)

    def given_ns(self, consent: Consent) -> int:
        """When an own consent was given, by the clock."""
        return consent.valid_ns - self._config.decision_shift_ns

    def holds_until_ns(self, item: AnyItem, decision: Decision) -> int:
        """Before when nothing may leave by what approved it, by the clock; 0 where nobody did (rule 1)."""
        consent = self._behind(item, decision)
        if consent is None or not consent.granted:
            return 0
        return self.given_ns(consent) + self._config.undo_s * SECOND_NS

    def rests_on(self, item: AnyItem, decision: Decision, key: ReferralKey) -> bool:
        """Whether an item's leaving rests on an answer to a question."""
        consent = self._behind(item, decision)
        return consent is not None and key in _keys(consent)

    def note_left(self, item: AnyItem, decision: Decision, left_ns: int) -> None:
        """Remember that an item left, where somebody approved it."""
        consent = self._behind(item, decision)
        for key in () if consent is None else _keys(consent):
            self._left.pop(key, None)
            self._left[key] = Left(item.reference, left_ns)
            if len(self._left) > LEFT_MAX:
                del self._left[next(iter(self._left))]

    def left(self, key: ReferralKey) -> Left | None:
        """What left last by answers to a question."""
        return self._left.get(key)

    def standing(self, key: ReferralKey, at_ns: int) -> dict[str, Consent]:
        """The own officers whose approval of a question holds at an instant of deciding (rule 3)."""
        newest: dict[str, Consent] = {}
        for consent in self._known.values():
            if key in _keys(consent):
                known = newest.get(consent.officer)
                if known is None or (known.valid_ns, known.version) < (consent.valid_ns, consent.version):
                    newest[consent.officer] = consent
        return {
            officer: consent
            for officer, consent in newest.items()
            if consent.granted and at_ns < consent.until_ns
        }

    def names(self, key: ReferralKey) -> frozenset[str]:
        """The names of all own consents to a question."""
        return frozenset(consent.item_id for consent in self._known.values() if key in _keys(consent))


def _keys(consent: Consent) -> Iterable[ReferralKey]:
    return [(consent.clause, subject, consent.recipient, consent.via) for subject in consent.subjects]


def is_beside(known: Consent, consent: Consent) -> bool:
    """Whether another officer granted the very same thing."""
    return (
        known.granted
        and known.officer != consent.officer
        and (known.clause, known.recipient, known.via) == (consent.clause, consent.recipient, consent.via)
        and not set(known.subjects).isdisjoint(consent.subjects)
    )
