"""`RememberedDecisions`: `decide`, asked once for items that it cannot tell apart.

An answer is remembered for a label class, a place class and a question (sender, recipient, path, purpose),
for as long as nothing but the item changes it: from one instant at which an agreement, a clause, a level or a
declaration begins or ends until the next. Only the item's name and the instant are put into it anew. What
could differ within a class is asked of `decide` each time: an item of which a consent speaks, a label that is
lowered, that has portions, or that does not hold at the instant, and any question about which a prohibition
may outlive its agreement. A property test holds both equal.
"""

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final

from trilat.model import (
    INSTANT_NS_MAX,
    INSTANT_NS_MIN,
    AnyItem,
    Consent,
    Decision,
    Declaration,
    Item,
    ItemReference,
    Label,
    Reason,
    checked_copy,
)
from trilat.policy.agreements import AgreementSet
from trilat.policy.classes import label_key
from trilat.policy.conditions import place_class
from trilat.policy.decide import decide
from trilat.policy.forms import shape_of
from trilat.policy.instants import boundaries_ns, declarations_about, outliving, rules_about
from trilat.policy.request import ReleaseRequest

ANSWERS_MAX: Final = 16_384
"""Answers remembered for one question; then it begins anew: a partner can make many classes."""

QUESTIONS_MAX: Final = 1_024


@dataclass(slots=True)
class _Question:
    """The answers to one question in a time in which all stands as it is, [from, until) in UTC ns."""

    from_ns: int
    until_ns: int
    answers: dict[Hashable, Decision] = field(default_factory=dict)


_NOT_ASKED: Final = _Question(0, 0)
"""Holds at no instant."""


class RememberedDecisions:
    """Decides for one party, as `decide` does."""

    def __init__(self) -> None:
        """Nothing decided yet."""
        self._agreements: AgreementSet | None = None
        self._declarations: tuple[Declaration, ...] = ()
        self._consents: Sequence[Consent] = ()
        self._spoken: frozenset[str] = frozenset()
        """Subjects and items of which consents speak."""

        self._questions: dict[tuple[str, str, str | None, str], _Question | None] = {}
        """None where answers cannot be remembered."""

        self._labels: dict[Hashable, int] = {}
        """Numbers of what labels say, but for their instants."""

        self._label: Label | None = None
        self._label_number = 0
        self._item: AnyItem | None = None
        self._reference: ItemReference | None = None
        """The item that was asked about last: several recipients are, one after another."""

        self.asked_count = 0
        """How often `decide` itself was asked."""

    def decide(
        self,
        item: AnyItem,
        request: ReleaseRequest,
        agreements: AgreementSet,
        consents: Sequence[Consent] = (),
        declarations: Sequence[Declaration] = (),
    ) -> Decision:
        """What `decide` answers to the same arguments."""
        answer = self.alike(item, request, agreements, consents, declarations)
        about = answer.item
        if (
            about is None
            or not _is_item(item)
            or (
                answer.decided_ns == request.at_ns
                and about.item_id == item.item_id
                and about.version == item.version
            )
        ):
            return answer
        if item is not self._item:
            self._item, self._reference = item, item.reference
        return checked_copy(answer, item=self._reference, decided_ns=request.at_ns)

    def alike(
        self,
        item: AnyItem,
        request: ReleaseRequest,
        agreements: AgreementSet,
        consents: Sequence[Consent] = (),
        declarations: Sequence[Declaration] = (),
    ) -> Decision:
        """What `decide` answers, but perhaps about another item that it answers alike, at another instant:
        for who asks only for outcome, reasons, clauses, form and duties.
        """
        if not _is_item(item):
            return decide(item, request, agreements, consents, declarations)
        self._stand(agreements, consents, declarations)
        key = self._key(item, agreements)
        question = self._question(request)
        label, at_ns = item.label, request.at_ns
        if (
            question is None
            or (self._spoken and (item.subject in self._spoken or item.item_id in self._spoken))
            or label.portions
            or label.downgrade is not None
            or label.created_ns > at_ns
            or (label.expires_ns is not None and label.expires_ns <= at_ns)
        ):
            self.asked_count += 1
            return decide(item, request, agreements, consents, declarations)
        answer = question.answers.get(key)
        if answer is None:
            self.asked_count += 1
            answer = decide(item, request, agreements, (), declarations)
            if Reason.DECIDING_FAILED in answer.reasons:
                return answer
            if len(question.answers) >= ANSWERS_MAX:
                question.answers.clear()
            question.answers[key] = answer
        return answer

    def _stand(
        self, agreements: AgreementSet, consents: Sequence[Consent], declarations: Sequence[Declaration]
    ) -> None:
        """Forget what was answered under other agreements or declarations."""
        declared = tuple(declarations)
        if agreements is not self._agreements or declared != self._declarations:
            self._agreements, self._declarations = agreements, declared
            self._questions.clear()
        if consents is not self._consents:
            self._consents = consents
            self._spoken = frozenset(subject for consent in consents for subject in consent.subjects)

    def _question(self, request: ReleaseRequest) -> _Question | None:
        name = (request.sender, request.recipient, request.via, request.purpose)
        found = self._questions.get(name, _NOT_ASKED)
        if found is not None and not found.from_ns <= request.at_ns < found.until_ns:
            if len(self._questions) >= QUESTIONS_MAX:
                self._questions.clear()
            found = self._questions[name] = self._begun(request)
        return found

    def _begun(self, request: ReleaseRequest) -> _Question | None:
        agreements = self._agreements
        if agreements is None:
            return None
        rules = rules_about(agreements, request)
        if outliving(rules):
            return None
        about = declarations_about(agreements, rules, self._declarations)
        ends: list[int] = boundaries_ns(agreements, request, rules, about).tolist()
        place = bisect_right(ends, request.at_ns)
        return _Question(
            ends[place - 1] if place else INSTANT_NS_MIN,
            ends[place] if place < len(ends) else INSTANT_NS_MAX + 1,
        )

    def _key(self, item: AnyItem, agreements: AgreementSet) -> Hashable:
        """What tells classes apart; the part that the label gives is worked out once for each label."""
        if item.label is not self._label:
            self._label = item.label
            self._label_number = self._numbered(label_key(item.label))
        return (
            shape_of(item),
            item.domain,
            item.status,
            self._label_number,
            item.provenance.originators,
            place_class(item, agreements) if agreements.located else None,
        )

    def _numbered(self, key: Hashable) -> int:
        if len(self._labels) >= ANSWERS_MAX:
            self._labels.clear()
            self._questions.clear()
        return self._labels.setdefault(key, len(self._labels))


def _is_item(value: object) -> bool:
    """Whether a caller that checks no types gave an item at all."""
    return isinstance(value, Item)
