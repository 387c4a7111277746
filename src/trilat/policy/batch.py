"""`decide_many`: what `decide` answers for many items at once, as arrays.

The rules are those of `trilat.policy.decide`; a property test compares the two, and `BatchAnswers.expand`
gives the whole `Decision` of any item by asking `decide` itself. Areas, situations, suspensions, notices and
onward rules are answered in the batch; what consents could change, and labels with portions or a downgrade,
is asked of `decide` one by one.

    answers = decide_many(ItemBatch.of(LabelClasses(), items), request, agreements)
    answers.outcome == PERMITTED
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from trilat.model import (
    AnyItem,
    Consent,
    Decision,
    Declaration,
    Form,
    Outcome,
    Reason,
)
from trilat.policy.agreements import AgreementSet
from trilat.policy.assess import Assessor
from trilat.policy.cases import BIT, Bits, Cases
from trilat.policy.classes import Indices, Instants, ItemBatch
from trilat.policy.decide import decide
from trilat.policy.request import ReleaseRequest

OUTCOMES: Final = tuple(Outcome)
FORMS: Final = tuple(Form)
NO_FORM: Final = len(FORMS)
"""Stands for the form of what is not permitted."""


_TABLE_SHARE_MAX: Final = 4
"""Numbers that there may be for each item, for a table of all numbers to pay."""


@dataclass(frozen=True, slots=True)
class BatchAnswers:
    """Answers for the items of a batch, shapes (items,).

    `outcome` and `form` are places in `OUTCOMES` and `FORMS` (`NO_FORM` for none); `reasons` has the bit of
    each reason's place in the precedence. `rule` is the place in `agreements.rules` of the originator's
    clause that permits, -1 for none. `agreements.digest` names the version of the agreements asked.
    """

    outcome: npt.NDArray[np.uint8]
    form: npt.NDArray[np.uint8]
    reasons: Bits
    rule: Indices
    agreements: AgreementSet
    request: ReleaseRequest
    at_ns: Instants
    items: Sequence[AnyItem] = field(repr=False)
    consents: Sequence[Consent] = field(repr=False)
    declarations: Sequence[Declaration] = field(repr=False)

    def __len__(self) -> int:
        """How many answers there are."""
        return len(self.outcome)

    def reasons_of(self, place: int) -> tuple[Reason, ...]:
        """The reasons for the item at a place, in precedence."""
        bits = int(self.reasons[place])
        return tuple(reason for reason in Reason if bits & BIT[reason])

    def expand(self, place: int) -> Decision:
        """The whole decision for the item at a place."""
        request = msgspec.structs.replace(self.request, at_ns=int(self.at_ns[place]))
        return decide(self.items[place], request, self.agreements, self.consents, self.declarations)


def decide_many(
    batch: ItemBatch,
    request: ReleaseRequest,
    agreements: AgreementSet,
    consents: Sequence[Consent] = (),
    at_ns: Instants | None = None,
    declarations: Sequence[Declaration] = (),
) -> BatchAnswers:
    """The answers for all items of a batch to one request; `at_ns`, shape (items,), where each item has an
    instant of its own, UTC nanoseconds.
    """
    count = len(batch)
    at = np.full(count, request.at_ns, np.int64) if at_ns is None else at_ns
    answers = BatchAnswers(
        outcome=np.zeros(count, np.uint8),
        form=np.zeros(count, np.uint8),
        reasons=np.zeros(count, np.uint32),
        rule=np.zeros(count, np.intp),
        agreements=agreements,
        request=request,
        at_ns=at,
        items=batch.items,
        consents=consents,
        declarations=declarations,
    )
    is_timely = (batch.created_ns <= at) & (batch.expires_ns > at)
    assessor = Assessor(batch.classes, request, agreements, consents, declarations)
    places = batch.places.classes(assessor.questions)
    assessor.locate(places)
    epochs = np.searchsorted(assessor.boundaries_ns, at, side="right")
    for epoch in np.unique(epochs):
        asked = np.flatnonzero(epochs == epoch)
        assessor.move(int(at[asked[0]]))
        age = np.searchsorted(assessor.ended_ns, batch.valid_ns[asked], side="right")
        _fill(
            answers,
            assessor,
            batch,
            asked,
            Cases(batch.number[asked], is_timely[asked], places.number[asked], age),
        )
    return answers


def _fill(answers: BatchAnswers, assessor: Assessor, batch: ItemBatch, places: Indices, each: Cases) -> None:
    """Answer the items at `places`, which all lie in one epoch, once for each distinct case."""
    distinct, which = _distinct(each)
    verdicts = assessor.assess(distinct)
    answers.outcome[places] = verdicts.outcome[which]
    answers.form[places] = verdicts.form[which]
    answers.reasons[places] = verdicts.reasons[which]
    answers.rule[places] = verdicts.rule[which]
    is_open = verdicts.is_open[which]
    if is_open.any():
        _ask_one_by_one(answers, batch, places[is_open], which[is_open])


def _distinct(each: Cases) -> tuple[Cases, Indices]:
    """The cases among cases of items, each once, and the place of that of each item."""
    packed = each.number * 2 + each.is_timely
    for column in (each.place, each.age):
        if column is not None and column.any():
            packed = packed * (int(column.max()) + 1) + column
    width = int(packed.max()) + 1
    if width > _TABLE_SHARE_MAX * len(packed):
        _, first, which = np.unique(packed, return_index=True, return_inverse=True)
        return each.taken(first), which
    # Few numbers for very many items: a table of them is ten times as fast as sorting.
    first = np.full(width, -1, np.intp)
    first[packed] = np.arange(len(packed))
    is_there = first >= 0
    return each.taken(first[is_there]), (np.cumsum(is_there) - 1)[packed]


def _ask_one_by_one(answers: BatchAnswers, batch: ItemBatch, places: Indices, cases: Indices) -> None:
    """Ask `decide` where consents, portions or downgrades matter: once for items of one case of which the
    same consents speak, at instants between which none of them begins or ends and no label is lowered.
    """
    speaking: dict[str, list[int]] = {}
    for number, consent in enumerate(answers.consents):
        for subject in consent.subjects:
            speaking.setdefault(subject, []).append(number)
    ends = sorted({end for one in answers.consents for end in (one.valid_ns, one.until_ns)})
    at_ns = answers.at_ns[places]
    is_lowered = batch.classes.columns.lowered_ns[batch.number[places]] <= at_ns
    epochs = np.searchsorted(np.array(ends, np.int64), at_ns, side="right") * 2 + is_lowered
    alike: dict[tuple[object, ...], list[int]] = {}
    for place, case, epoch in zip(places.tolist(), cases.tolist(), epochs.tolist(), strict=True):
        item_id, subject = batch.names[place]
        about = {*speaking.get(item_id, ()), *speaking.get(subject, ())}
        alike.setdefault((case, epoch, frozenset(about)), []).append(place)
    for same in alike.values():
        decision = answers.expand(same[0])
        answers.outcome[same] = OUTCOMES.index(decision.outcome)
        answers.form[same] = NO_FORM if decision.form is None else FORMS.index(decision.form)
        answers.reasons[same] = sum(BIT[reason] for reason in decision.reasons)
        answers.rule[same] = _place_of(answers.agreements, decision)


def _place_of(agreements: AgreementSet, decision: Decision) -> int:
    """The place of the first clause of a permit, -1 for none."""
    rule = agreements.rule(decision.clauses[0]) if decision.outcome is Outcome.PERMIT else None
    return -1 if rule is None else agreements.place(rule)
