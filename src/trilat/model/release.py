"""`Release`, `Receipt`, `Envelope` and `Party`: what leaves, its place in the ledger, and what carries it.

A `Release` is made only by policy, an `Envelope` only by link; a test of our own holds to that.
"""

from typing import Annotated

import msgspec

from trilat.model.agreement import Duties, Form
from trilat.model.classification import Classification
from trilat.model.concerns import Indicator, Need, Offer, Vessel
from trilat.model.declaration import Declaration
from trilat.model.disagreement import Disagreement
from trilat.model.duties import Answer, Consent, LossReport, Recall, Reclassification
from trilat.model.noun import Count, Identifier, InstantNs, Noun, PartyCode, ShortText
from trilat.model.report import Report
from trilat.model.talk import Request, Statement, Story
from trilat.model.track import Area, Event, Track, Warning

AnyItem = (
    Report
    | Track
    | Event
    | Area
    | Warning
    | Vessel
    | Indicator
    | Need
    | Offer
    | Request
    | Statement
    | Story
    | Consent
    | Recall
    | Reclassification
    | LossReport
    | Answer
    | Disagreement
    | Declaration
)


class Party(Noun, frozen=True, kw_only=True):
    """Who signs and shares. Staff, screens and mail readers are parties too, named after their party."""

    code: PartyCode
    name: ShortText


class Release(Noun, frozen=True, kw_only=True):
    """The degraded copy of an item that a decision allows, to one party."""

    item: AnyItem
    sender: PartyCode
    recipient: PartyCode
    via: PartyCode | None
    purpose: Identifier
    clauses: Annotated[tuple[ShortText, ...], msgspec.Meta(min_length=1, max_length=64)]
    form: Form
    duties: Duties
    decided_ns: InstantNs
    expires_ns: InstantNs | None = None
    equivalent_marking: Classification | None = None
    """The recipient's or intermediary's own level beside the original, which is never overwritten."""


class Receipt(Noun, frozen=True, kw_only=True):
    """The place of an entry in a ledger: whose, which entry, and the commitment that the chain holds."""

    party: PartyCode
    entry: Count
    commitment: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    recorded_ns: InstantNs


class Envelope(Noun, frozen=True, kw_only=True):
    """A batch of releases: each sealed under the epoch key of a release group, all signed once by the sender.

    Nothing in it names a party, a stream or a number. `token` tells the sender to the recipient alone, and
    changes with the epoch. `key` is the epoch key wrapped to the recipient node, or empty where the recipient
    has it already. `batch` is the COSE_Encrypt0 of what the sender signed; `sealed` are the COSE_Encrypt0 of
    the objects, each padded to a class of sizes.
    """

    envelope_version: Annotated[int, msgspec.Meta(ge=2, le=2)] = 2
    object_algorithm: Identifier
    token: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    epoch: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    key: Annotated[bytes, msgspec.Meta(max_length=8_192)]
    batch: Annotated[bytes, msgspec.Meta(min_length=1, max_length=163_840)]
    sealed: Annotated[
        tuple[Annotated[bytes, msgspec.Meta(min_length=1, max_length=163_840)], ...],
        msgspec.Meta(min_length=1, max_length=1_000),
    ]
