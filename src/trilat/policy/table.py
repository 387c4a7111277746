"""`ReleaseTable`: the answers for every label class and recipient, looked up instead of asked.

Built for one sender, purpose and set of agreements at one instant; it holds until the first instant at
which an agreement, a clause or a level begins or ends, or what parties have declared, and says so
(`until_ns`). What an item's own label adds (not yet, or no longer) is looked at with each look-up. Where
consents could change an answer, or the place or the age of an item, where the label has portions or a
downgrade, or the class is new, the table has none: ask `decide`.

    table = ReleaseTable.of(classes, request, ("JPN", "KOR"), agreements)
    table.look_up(batch, recipients)        # many at once
    table.find(item, "KOR", at_ns)          # one
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from trilat.model import INSTANT_NS_MAX, AnyItem, Consent, Declaration, Form, Outcome, Reason, UsageError
from trilat.policy.agreements import AgreementSet
from trilat.policy.assess import Assessor
from trilat.policy.batch import FORMS, NO_FORM, OUTCOMES
from trilat.policy.cases import BIT, Bits, Cases
from trilat.policy.classes import Indices, Instants, ItemBatch, LabelClasses, expiry_ns
from trilat.policy.request import ReleaseRequest

Codes = npt.NDArray[np.uint16]
OPEN: Final = 0
"""The code where the table has no answer: a consent, a place, an age, a portion or a downgrade could change
it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer of the table: what `decide` says but for the names of clauses, and the version it is by."""

    outcome: Outcome
    form: Form | None
    reasons: tuple[Reason, ...]
    agreements: str
    """`AgreementSet.digest` of the agreements that were asked."""


class ReleaseTable:
    """Label class x recipient, for labels that hold and for labels that do not; made by `of`."""

    def __init__(
        self,
        classes: LabelClasses,
        recipients: Sequence[str],
        codes: Codes,
        verdicts: Sequence[Verdict | None],
        window_ns: tuple[int, int],
    ) -> None:
        """Use `of`."""
        self._classes = classes
        self._places = {code: place for place, code in enumerate(recipients)}
        self._codes = codes
        self._flat = codes.reshape(-1)
        self._verdicts = tuple(verdicts)
        self.from_ns, self.until_ns = window_ns

    @classmethod
    def of(
        cls,
        classes: LabelClasses,
        request: ReleaseRequest,
        recipients: Sequence[str],
        agreements: AgreementSet,
        consents: Sequence[Consent] = (),
        declarations: Sequence[Declaration] = (),
    ) -> "ReleaseTable":
        """The table for all classes so far; the request's recipient is replaced by each in turn. Declarations
        that come later are not in it: build it anew.

        Raises:
            UsageError: no recipient is named.
        """
        if not recipients:
            raise UsageError("a release table needs at least one recipient: name who may be given something")
        count = len(classes)
        numbers = np.arange(count, dtype=np.intp)
        codes = np.zeros((2, count, len(recipients)), np.uint16)
        found: dict[int, int] = {}
        window_ns = (0, INSTANT_NS_MAX + 1)
        for place, recipient in enumerate(recipients):
            asked = msgspec.structs.replace(request, recipient=recipient)
            assessor = Assessor(classes, asked, agreements, consents, declarations)
            assessor.move(request.at_ns)
            window_ns = _narrowed(window_ns, assessor.boundaries_ns, request.at_ns)
            for timely in (False, True):
                verdicts = assessor.assess(Cases(numbers, np.full(count, timely)))
                packed = _packed(verdicts.outcome, verdicts.form, verdicts.reasons)
                values, which = np.unique(packed, return_inverse=True)
                places = [found.setdefault(int(value), len(found) + 1) for value in values]
                codes[int(timely), :, place] = np.array(places, np.uint16)[which]
                codes[int(timely), verdicts.is_open, place] = OPEN
        digest = agreements.digest
        answers = [None, *(_verdict(value, digest) for value in found)]
        return cls(classes, recipients, codes, answers, window_ns)

    @property
    def verdicts(self) -> Sequence[Verdict | None]:
        """The answer that each code stands for; None for `OPEN`."""
        return self._verdicts

    def place(self, recipient: str) -> int:
        """The column of a recipient.

        Raises:
            UsageError: the table has none.
        """
        try:
            return self._places[recipient]
        except KeyError:
            raise UsageError(
                f"the table has no column for `{recipient[:80]}`: build it with that party"
            ) from None

    def look_up(self, batch: ItemBatch, columns: Indices, at_ns: int) -> Codes:
        """The code for each item of a batch and each recipient, shape (items,): places in `verdicts`.
        `columns` are places of recipients.

        Raises:
            UsageError: the instant is outside the table's window, or a class is newer than the table.
        """
        return self.codes(batch.number, batch.created_ns, batch.expires_ns, columns, at_ns)

    def codes(
        self, numbers: Indices, created_ns: Instants, expires_ns: Instants, columns: Indices, at_ns: int
    ) -> Codes:
        """As `look_up`, for classes by number and the instants of labels, shapes (items,)."""
        self._checked(at_ns)
        _, count, width = self._codes.shape
        if len(numbers) and int(numbers.max()) >= count:
            raise UsageError("a label class is newer than the table: build the table anew")
        is_timely = (created_ns <= at_ns) & (expires_ns > at_ns)
        found: Codes = self._flat[(is_timely * count + numbers) * width + columns]
        return found

    def find(self, item: AnyItem, recipient: str, at_ns: int) -> Verdict | None:
        """The answer for one item; None where `decide` must be asked.

        Raises:
            UsageError: the instant is outside the table's window, or no column is for the recipient.
        """
        self._checked(at_ns)
        _, count, width = self._codes.shape
        number = self._classes.number(item)
        if number >= count:
            return None
        label = item.label
        is_timely = label.created_ns <= at_ns < expiry_ns(label)
        return self._verdicts[self._flat.item((is_timely * count + number) * width + self.place(recipient))]

    def _checked(self, at_ns: int) -> None:
        if not self.from_ns <= at_ns < self.until_ns:
            raise UsageError("the table was made for another time: agreements or levels have changed since")


def _packed(
    outcome: npt.NDArray[np.uint8], form: npt.NDArray[np.uint8], reasons: Bits
) -> npt.NDArray[np.uint64]:
    return (reasons.astype(np.uint64) << np.uint64(16)) | (outcome.astype(np.uint64) << np.uint64(8)) | form


def _verdict(packed: int, digest: str) -> Verdict:
    form = packed & 0xFF
    return Verdict(
        outcome=OUTCOMES[packed >> 8 & 0xFF],
        form=None if form == NO_FORM else FORMS[form],
        reasons=tuple(reason for reason in Reason if packed >> 16 & BIT[reason]),
        agreements=digest,
    )


def _narrowed(window_ns: tuple[int, int], ends: Instants, at_ns: int) -> tuple[int, int]:
    """The part of a window around an instant in which none of the instants `ends` lies, UTC nanoseconds."""
    place = int(np.searchsorted(ends, at_ns, side="right"))
    from_ns, until_ns = window_ns
    begins = int(ends[place - 1]) if place else 0
    return max(from_ns, begins), min(until_ns, int(ends[place])) if place < len(ends) else until_ns
