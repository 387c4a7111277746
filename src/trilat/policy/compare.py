"""`compare`: what would change if agreements were others; `preview`: who would get an item, who would not.

    after = strike(held, "us-japan-2007.toml#4b")
    for change in compare(batch, requests, held, after, at_ns=at_ns):
        change.count(Fate.LOST), change.places(Fate.LOST)

Nothing here is released or written down: answers are made as `decide` would make them, and copies by
`degrade`, so that what a person is shown is what would leave.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import msgspec
import numpy as np
import numpy.typing as npt

from trilat.model import AnyItem, Consent, Decision, Declaration, Outcome, Release, TrilatError, UsageError
from trilat.policy.agreements import AgreementSet
from trilat.policy.batch import BatchAnswers, decide_many
from trilat.policy.cases import PERMITTED, REFERRED
from trilat.policy.classes import Indices, Instants, ItemBatch
from trilat.policy.decide import decide
from trilat.policy.degrade import degrade
from trilat.policy.request import ReleaseRequest


class Fate(Enum):
    """What becomes of an item for a recipient when agreements change."""

    SAME = "same"
    """The same outcome, in the same form."""

    LOST = "lost"
    """It went, and would no longer."""

    GAINED = "gained"
    """It did not go, and would."""

    COARSER = "coarser"
    """It would go in a poorer form."""

    RICHER = "richer"
    """It would go in a richer form."""

    ASKED = "asked"
    """It went or was withheld, and would wait for a person."""

    UNASKED = "unasked"
    """It waited for a person, and would be withheld."""


FATES = tuple(Fate)


@dataclass(frozen=True, slots=True)
class Change:
    """Answers to one request before and after, and the fate of each item, shapes (items,)."""

    request: ReleaseRequest
    before: BatchAnswers
    after: BatchAnswers
    fates: npt.NDArray[np.uint8]
    """Places in `FATES`."""

    def places(self, fate: Fate) -> Indices:
        """The places of the items of a fate."""
        return np.flatnonzero(self.fates == FATES.index(fate))

    def count(self, fate: Fate) -> int:
        """How many items have a fate."""
        return int(np.count_nonzero(self.fates == FATES.index(fate)))


def compare(
    batch: ItemBatch,
    requests: Sequence[ReleaseRequest],
    before: AgreementSet,
    after: AgreementSet,
    consents: Sequence[Consent] = (),
    at_ns: Instants | None = None,
    declarations: Sequence[Declaration] = (),
) -> Iterator[Change]:
    """For each request, what becomes of each item; instants as in `decide_many`."""
    for request in requests:
        first = decide_many(batch, request, before, consents, at_ns, declarations)
        second = decide_many(batch, request, after, consents, at_ns, declarations)
        yield Change(request, first, second, _fates(first, second))


def _fates(before: BatchAnswers, after: BatchAnswers) -> npt.NDArray[np.uint8]:
    went, goes = before.outcome == PERMITTED, after.outcome == PERMITTED
    asked, asks = before.outcome == REFERRED, after.outcome == REFERRED
    both = went & goes
    conditions = [
        both & (before.form < after.form),
        both & (before.form > after.form),
        ~went & goes,
        ~asked & asks,
        went & ~goes,
        asked & ~asks,
    ]
    fates = [Fate.COARSER, Fate.RICHER, Fate.GAINED, Fate.ASKED, Fate.LOST, Fate.UNASKED]
    choices = [np.uint8(FATES.index(fate)) for fate in fates]
    return np.select(conditions, choices, np.uint8(FATES.index(Fate.SAME)))


def strike(agreements: AgreementSet, clause: str) -> AgreementSet:
    """The agreements without the clause of the name `file#id`.

    Raises:
        UsageError: no such clause is held.
    """
    rule = agreements.rule(clause)
    if rule is None:
        known = ", ".join(one.name for one in agreements.rules[:8])
        raise UsageError(f"no clause `{clause[:120]}` is held: name one as file#id, such as {known}")
    files = agreements.files
    file = clause.rpartition("#")[0]
    kept = tuple(one for one in files[file].clauses if one != rule.clause)
    if kept:
        files[file] = msgspec.structs.replace(files[file], clauses=kept)
    else:
        del files[file]
    return AgreementSet.of(files)


@dataclass(frozen=True, slots=True)
class Preview:
    """What one recipient would get of an item. `release` is the very copy; None where nothing would go, or
    where `problem` says in one line why no copy can be made of what is permitted.
    """

    decision: Decision
    release: Release | None
    problem: str | None = None


def preview(
    item: AnyItem,
    requests: Sequence[ReleaseRequest],
    agreements: AgreementSet,
    consents: Sequence[Consent] = (),
    key: bytes = b"",
    declarations: Sequence[Declaration] = (),
) -> tuple[Preview, ...]:
    """Who would get an item, in which form, and who would not, for each request in order; `key` is the
    sender's, without which a copy that is covered or renamed cannot be shown.
    """
    decisions = [decide(item, request, agreements, consents, declarations) for request in requests]
    return tuple(_previewed(item, decision, key) for decision in decisions)


def _previewed(item: AnyItem, decision: Decision, key: bytes) -> Preview:
    if decision.outcome is not Outcome.PERMIT:
        return Preview(decision, None)
    try:
        return Preview(decision, degrade(item, decision, key))
    except TrilatError as error:
        return Preview(decision, None, str(error))
