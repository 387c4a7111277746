"""`Consent`, `Recall`, `Reclassification`, `LossReport` and `Answer`: items about other items; `Certificate`.

Each is signed by who may say it, recorded, and answered by every holder. A consent speaks of subjects, so
that one approval covers a track with its events, areas and warnings. A reference in a recall names a version
and with it all older ones of the item.
"""

from enum import Enum
from typing import Annotated, Final

import msgspec

from trilat.model.errors import ItemError
from trilat.model.item import Item, ItemReference
from trilat.model.label import Label
from trilat.model.limits import PARTIES_MAX, REFERENCES_MAX
from trilat.model.noun import Count, Identifier, InstantNs, Noun, PartyCode, ShortText, Text
from trilat.model.talk import References

SIGNED_BYTES_MAX: Final = 8_192
"""One signed certificate or marking, bytes."""

ABOUT_MAX: Final = 64
"""Items of one certificate, and of one recall that a node makes: more are more recalls."""

Signed = Annotated[bytes, msgspec.Meta(min_length=1, max_length=SIGNED_BYTES_MAX)]
Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
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
    """What was held goes; the answer names what it was, so that it can be told from the originator's own."""

    DESTROY = "destroy"
    ACCOUNT = "account"
    """Nothing goes: the answer tells whether it is held, and by whom it is held further on."""


class Recall(Item, frozen=True, kw_only=True, tag="recall"):
    """An originator asks a holder to return or destroy items, or to tell of them. It reaches what its label's
    originator made, and what that party passed on; `on_behalf` then names the recall that it passes on.
    """

    fields_appended = 1

    about: SomeReferences
    action: RecallAction
    deadline_ns: InstantNs
    reason: Text = ""
    on_behalf: ItemReference | None = None

    def check(self) -> None:
        """Refuse a deadline before the recall."""
        if self.deadline_ns <= self.valid_ns:
            raise ItemError("Recall.deadline_ns must be after valid_ns")


class Reclassification(Item, frozen=True, kw_only=True, tag="reclassification"):
    """An originator gives items a new label; every holder changes theirs. `markings` are the originator's
    signatures over each item of `about` with the new label, in that order; who passes the change on attaches
    them unchanged, and names the originator's own item in `on_behalf`.
    """

    fields_appended = 2

    about: SomeReferences
    new_label: Label
    markings: Annotated[tuple[Signed, ...], msgspec.Meta(max_length=REFERENCES_MAX)] = ()
    on_behalf: ItemReference | None = None

    def check(self) -> None:
        """Refuse a new label by another originator, one that is not newer, or markings of some items only."""
        if self.new_label.originator != self.label.originator and self.on_behalf is None:
            raise ItemError(
                "Reclassification.new_label is by another originator: only the originator relabels"
            )
        if self.markings and len(self.markings) != len(self.about):
            raise ItemError("Reclassification.markings must be one for each item of about")
        if self.new_label.version <= 1:
            raise ItemError("Reclassification.new_label must have a higher version than the one it replaces")


class LossReport(Item, frozen=True, kw_only=True, tag="loss-report"):
    """A holder tells an originator that items were lost, or may have been. A newer version follows up."""

    fields_appended = 2

    about: SomeReferences
    happened: Text
    measures: Text = ""
    confirmed: bool = False
    lost_by: PartyCode | None = None
    """Who lost them, where an intermediary passes the report on; None for who reports."""

    follow_up_ns: InstantNs | None = None
    """By when more will be told; None where there is no more to tell."""


class HolderAnswer(Enum):
    """What a holder did with a recall, a reclassification or a loss report."""

    COMPLIED = "complied"
    REFUSED = "refused"
    UNABLE = "unable"


class Answer(Item, frozen=True, kw_only=True, tag="answer"):
    """One holder's answer to an item that asks something of it, with the answers of those to whom it had
    passed the items on. A newer version replaces an older one.
    """

    fields_appended = 3

    to: ItemReference
    holder: PartyCode
    answer: HolderAnswer
    reason: Text = ""
    about: References = ()
    certificate: Annotated[bytes, msgspec.Meta(max_length=SIGNED_BYTES_MAX)] = b""
    """The holder's signed `Certificate`; empty where there is nothing to certify."""

    onward: Annotated[tuple[Signed, ...], msgspec.Meta(max_length=PARTIES_MAX)] = ()
    """Signed certificates of further holders, as they made them."""

    waiting: Annotated[tuple[PartyCode, ...], msgspec.Meta(max_length=PARTIES_MAX)] = ()
    """Further holders that have not answered yet."""

    def check(self) -> None:
        """Refuse a refusal without a reason."""
        if self.answer is not HolderAnswer.COMPLIED and not self.reason:
            raise ItemError("Answer.reason is empty: say why it was refused or could not be done")


class RemovedItem(Noun, frozen=True, kw_only=True):
    """An item of which contents were removed: up to which version, how many entries, and SHA-256 over their
    ledger commitments in order, by which the holder can show later that these entries are empty.
    """

    item_id: Identifier
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
    contents: Count
    digest: Digest


class Certificate(Noun, frozen=True, kw_only=True):
    """What a holder signs about an item that asked something of it: what was done, by whose decision or duty,
    and what was not and why. It is the holder's word: nobody can see that a copy was not kept.
    """

    holder: PartyCode
    to: ItemReference
    on_behalf: ItemReference | None = None
    """The originator's own item, where an intermediary asked."""

    answer: HolderAnswer
    reason: Text = ""
    by: ShortText
    """The officer who decided, or the duty by which it went by itself."""

    removed: Annotated[tuple[RemovedItem, ...], msgspec.Meta(max_length=ABOUT_MAX)] = ()
    held: Annotated[tuple[ItemReference, ...], msgspec.Meta(max_length=ABOUT_MAX)] = ()
    """What is still held."""

    kept: Annotated[tuple[ShortText, ...], msgspec.Meta(max_length=16)] = ()
    """What could not be removed, one sentence each."""

    done_ns: InstantNs
