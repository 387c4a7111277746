"""`Request`, `Statement`, `Story`: what partners ask, say and read."""

from typing import Annotated

import msgspec

from trilat.model.errors import ItemError
from trilat.model.item import Item, ItemReference
from trilat.model.limits import REFERENCES_MAX
from trilat.model.noun import Identifier, InstantNs, PartyCode, ShortText

References = Annotated[tuple[ItemReference, ...], msgspec.Meta(max_length=REFERENCES_MAX)]
Language = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2,3}(?!\n)$", description="ISO 639 code such as ja")]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=4_000)]


class Request(Item, frozen=True, kw_only=True, tag="request"):
    """A request for information, or for leave to pass something on, with the instant by which an answer is
    of use. With `onward_to` the asker wants to pass the items of `about` on to that party under `clause`
    (`agreement#clause`), and the answer is a consent.
    """

    fields_appended = 2

    question: Words
    language: Language = "en"
    about: References = ()
    deadline_ns: InstantNs | None = None
    onward_to: PartyCode | None = None
    clause: Identifier | None = None

    def check(self) -> None:
        """Refuse a deadline before the request, and half of a question about passing on."""
        if self.deadline_ns is not None and self.deadline_ns <= self.valid_ns:
            raise ItemError("Request.deadline_ns must be after valid_ns")
        if (self.onward_to is None) != (self.clause is None) or (self.onward_to and not self.about):
            raise ItemError(
                "Request.onward_to goes with clause and about: name the party, the clause and the items"
            )


class Statement(Item, frozen=True, kw_only=True, tag="statement"):
    """Something that a party says, in a consultation or to all; `in_reply_to` makes a thread."""

    text: Words
    language: Language = "en"
    about: References = ()
    in_reply_to: ItemReference | None = None


class Story(Item, frozen=True, kw_only=True, tag="story"):
    """A headline of the daily brief, with where it was read."""

    headline: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    language: Language = "en"
    outlet: ShortText = ""
    link: Annotated[str, msgspec.Meta(pattern=r"^(https?://[^\s]+)?(?!\n)$", max_length=2_000)] = ""
    summary: Annotated[str, msgspec.Meta(max_length=1_000)] = ""
