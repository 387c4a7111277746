"""`Consent`, `Recall`, `Reclassification`, `LossReport` and `Answer`: items about other items.

Each is signed by who may say it, recorded, and answered by every holder. A consent speaks of subjects, so
that one approval covers a track with its events, areas and warnings.
"""

from enum import Enum
from typing import Annotated

import msgspec

from trilat.model.errors import ItemError
from trilat.model.item import Item, ItemReference
from trilat.model.label import Label
from trilat.model.limits import REFERENCES_MAX
from trilat.model.noun import Identifier, InstantNs, PartyCode, Text
from trilat.model.talk import References

SomeReferences = Annotated[tuple[ItemReference, ...], msgspec.Meta(min_length=1, max_length=REFERENCES_MAX)]


class Consent(Item, frozen=True, kw_only=True, tag="consent"):
    """An originator's officer approves, or refuses, that its items on `subjects` go to one recipient.

    `via` is the intermediary that may pass them on, or None for the direct path. It holds from `valid_ns`
    until `until_ns`, for the clause it names and no other.
    """

    subjects: Annotated[tuple[Identifier, ...], msgspec.Meta(min_length=1, max_length=REFERENCES_MAX)]
    recipient: PartyCode
    via: PartyCode | None = None
    clause: Identifier
    """`agreement#clause` that asks for this consent."""

    granted: bool
    officer: PartyCode
    until_ns: InstantNs
    assumed: bool = False
    """True where a script plays the officer, as in a replay of history."""

    def check(self) -> None:
        """Refuse an officer of another party, a subject twice, or an end before the beginning."""
        if self.officer.split("/")[0] != self.label.originator.split("/")[0] or "/" not in self.officer:
            raise ItemError(
                f"Consent.officer `{self.officer}` is not on the staff of `{self.label.originator}`: "
                "only the originator's officer consents"
            )
        if len(set(self.subjects)) != len(self.subjects):
            raise ItemError("Consent.subjects names a subject twice: list each once")
        if self.until_ns <= self.valid_ns:
            raise ItemError("Consent.until_ns must be after valid_ns")


class RecallAction(Enum):
    """What a holder is asked to do."""

    RETURN = "return"
    DESTROY = "destroy"


class Recall(Item, frozen=True, kw_only=True, tag="recall"):
    """An originator asks every holder to return or destroy items."""

    about: SomeReferences
    action: RecallAction
    deadline_ns: InstantNs
    reason: Text = ""

    def check(self) -> None:
        """Refuse a deadline before the recall."""
        if self.deadline_ns <= self.valid_ns:
            raise ItemError("Recall.deadline_ns must be after valid_ns")


class Reclassification(Item, frozen=True, kw_only=True, tag="reclassification"):
    """An originator gives items a new label; every holder changes theirs."""

    about: SomeReferences
    new_label: Label

    def check(self) -> None:
        """Refuse a new label by another originator, or one that is not newer."""
        if self.new_label.originator != self.label.originator:
            raise ItemError(
                "Reclassification.new_label is by another originator: only the originator relabels"
            )
        if self.new_label.version <= 1:
            raise ItemError("Reclassification.new_label must have a higher version than the one it replaces")


class LossReport(Item, frozen=True, kw_only=True, tag="loss-report"):
    """A holder tells an originator that items were lost, or may have been."""

    about: SomeReferences
    happened: Text
    measures: Text = ""
    confirmed: bool = False


class HolderAnswer(Enum):
    """What a holder did with a recall, a reclassification or a loss report."""

    COMPLIED = "complied"
    REFUSED = "refused"
    UNABLE = "unable"


class Answer(Item, frozen=True, kw_only=True, tag="answer"):
    """One holder's answer to an item that asks something of it."""

    to: ItemReference
    holder: PartyCode
    answer: HolderAnswer
    reason: Text = ""
    about: References = ()

    def check(self) -> None:
        """Refuse a refusal without a reason."""
        if self.answer is not HolderAnswer.COMPLIED and not self.reason:
            raise ItemError("Answer.reason is empty: say why it was refused or could not be done")
