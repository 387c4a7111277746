"""Shapes of what staff asks about recalls, labels and losses. Strict: an unknown field is refused."""

from typing import Annotated

import msgspec

from trilat.model import HolderAnswer, Identifier, PartyCode, RecallAction, ShortText, Text

_Within = Annotated[int, msgspec.Meta(ge=1, le=31_536_000)]
_Names = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=132)]], msgspec.Meta(max_length=256)
]


class GivenRecall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Own items, `ID` or `ID@VERSION`, and all on a subject, that are called back or asked after."""

    items: _Names = []
    subject: Identifier | None = None
    action: RecallAction = RecallAction.DESTROY
    within_s: _Within = 3_600
    reason: Text = ""


class GivenRecallAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's answer to a partner's recall; a refusal says why."""

    recall: Identifier
    answer: HolderAnswer
    reason: Text = ""


class GivenClosing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An own recall that nobody waits for any more."""

    recall: Identifier
    reason: Text = ""


class GivenRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An agreement whose items are returned or destroyed; `early` while it is in force."""

    agreement: Identifier
    within_s: _Within = 86_400
    early: bool = False


class GivenRelabelling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Own items under a new label: what is left out stays as it is in the first item's label."""

    items: Annotated[_Names, msgspec.Meta(min_length=1)]
    level: ShortText | None = None
    """A level of the party's own scheme."""

    releasable_to: Annotated[list[PartyCode], msgspec.Meta(max_length=200)] | None = None
    restrictive: Annotated[list[ShortText], msgspec.Meta(max_length=64)] | None = None


class GivenLoss(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Partners' items that were lost, or may have been."""

    items: Annotated[_Names, msgspec.Meta(min_length=1)]
    happened: Annotated[str, msgspec.Meta(min_length=1, max_length=4_000)]
    measures: Text = ""
    confirmed: bool = False
    follow_up_s: Annotated[int, msgspec.Meta(ge=0, le=31_536_000)] = 259_200
    """By when more is told; 0 where there is no more."""


class GivenFollowUp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was done since about an own report."""

    loss: Identifier
    measures: Text
    confirmed: bool = False
    follow_up_s: Annotated[int, msgspec.Meta(ge=0, le=31_536_000)] = 0


class GivenInstruction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the originator wants done about a partner's report."""

    loss: Identifier
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4_000)]
