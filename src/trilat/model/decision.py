"""`Decision`: permit, withhold, or refer to a person; why; and what the recipient's copy must undergo."""

from enum import Enum
from typing import Annotated

import msgspec

from trilat.model.agreement import Duties, Form
from trilat.model.errors import ItemError
from trilat.model.item import ItemReference
from trilat.model.noun import Identifier, InstantNs, Noun, PartyCode, ShortText


class Outcome(Enum):
    """The answer to a request for release."""

    __hash__ = object.__hash__
    """A member is equal to itself alone, and is looked up for every item: the hash of its name costs more."""

    PERMIT = "permit"
    WITHHOLD = "withhold"
    REFER = "refer"


class Reason(Enum):
    """Why, in precedence: where several hold, the first of this list comes first."""

    __hash__ = object.__hash__
    """A member is equal to itself alone, and is looked up for every item: the hash of its name costs more."""

    MALFORMED_ITEM = "malformed-item"
    """The item cannot be read."""
    LABEL_ABSENT = "label-absent"
    """The item has no label."""
    LABEL_PARTIAL = "label-partial"
    """The label lacks a field that it must have."""
    LABEL_UNKNOWN = "label-unknown"
    """The label names a scheme, level, category or party that nobody knows."""
    LABEL_EXPIRED = "label-expired"
    """The label's expiry has passed, or the label is from the future."""
    DECIDING_FAILED = "deciding-failed"
    """A clause could not be evaluated; the clause is named."""
    SENDER_NOT_HOLDER = "sender-not-holder"
    """The sender is not a party that could hold this item."""
    RECIPIENT_IS_ORIGINATOR = "recipient-is-originator"
    """The recipient is who made it: nothing is sent back."""
    LEVEL_NEVER_LEAVES = "level-never-leaves"
    """The originator's law keeps this level at home."""
    CLAUSE_FORBIDS = "clause-forbids"
    """A clause in force forbids it; a prohibition wins over every permission."""
    NOT_RELEASABLE_TO = "not-releasable-to"
    """The label does not name the recipient."""
    CONSENT_REFUSED = "consent-refused"
    """The originator's officer refused."""
    GIVING_SUSPENDED = "giving-suspended"
    """A clause permits it, but the originator, or the intermediary, has suspended its giving."""
    AGREEMENT_STALE = "agreement-stale"
    """A clause permits it, but that its agreement is the newest was not heard in time, or is disputed."""
    NO_AGREEMENT = "no-agreement"
    """The two parties have no agreement with each other."""
    NOT_IN_FORCE = "not-in-force"
    """They have one, but not at this instant."""
    THIRD_PARTY_RULE = "third-party-rule"
    """The sender is not the originator, and no clause of the originator lets the sender pass this on."""
    PURPOSE_NOT_ALLOWED = "purpose-not-allowed"
    """The agreement is for other purposes."""
    NO_CLAUSE = "no-clause"
    """No clause permits this kind of item in this direction."""
    PATH_NOT_ALLOWED = "path-not-allowed"
    """A clause permits it, but by another path."""
    ONWARD_NOT_ALLOWED = "onward-not-allowed"
    """An onward rule does not let the intermediary pass it on to this recipient, or not now."""
    STATUS_NOT_ALLOWED = "status-not-allowed"
    """A clause permits it, but not for items of this status."""
    SITUATION_NOT_DECLARED = "situation-not-declared"
    """A clause permits it, but only while a situation is declared, and none of them is."""
    OUTSIDE_AREA = "outside-area"
    """A clause permits it, but only within an area, and the item's place is outside or not known."""
    CLASSIFICATION_TOO_HIGH = "classification-too-high"
    """A clause permits it, but only up to a lower level."""
    CATEGORY_NOT_HELD = "category-not-held"
    """A clause permits it, but does not cover the label's categories."""
    FORM_NOT_AVAILABLE = "form-not-available"
    """The form that the clause names cannot be made from this item."""
    LEG_WITHHELD = "leg-withheld"
    """The first leg, to the intermediary, is withheld."""
    CONSENT_NEEDED = "consent-needed"
    """The originator's officer must approve first."""
    PERMITTED_WITH_CONSENT = "permitted-with-consent"
    """A clause permits it and the originator's officer approved."""
    PERMITTED = "permitted"
    """A clause permits it."""


PRECEDENCE = {reason: place for place, reason in enumerate(Reason)}


class Decision(Noun, frozen=True, kw_only=True):
    """The answer for one item, one recipient, one path, one purpose, at one instant."""

    item: ItemReference | None
    sender: PartyCode
    recipient: PartyCode
    via: PartyCode | None
    purpose: Identifier
    decided_ns: InstantNs
    outcome: Outcome
    clauses: Annotated[tuple[ShortText, ...], msgspec.Meta(max_length=64)]
    """The clauses that determined it, as `file#id`."""

    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(min_length=1, max_length=len(Reason))]
    form: Form | None = None
    duties: Duties | None = None
    consent: ItemReference | None = None

    def check(self) -> None:
        """Refuse a permit without form, clause and duties, and a refusal that has a form."""
        permitted = self.outcome is Outcome.PERMIT
        if permitted != (self.form is not None) or permitted != (self.duties is not None):
            raise ItemError("Decision.form and Decision.duties go with a permit and with nothing else")
        if permitted and not self.clauses:
            raise ItemError("Decision.clauses is empty: a permit names the clause that permits")
        if list(self.reasons) != sorted(set(self.reasons), key=PRECEDENCE.__getitem__):
            raise ItemError("Decision.reasons are not in precedence order")
