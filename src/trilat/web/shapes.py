"""Shapes of what goes in and out as JSON. They are the schemas of the document, and they judge what comes in.

What a person or a program gives is strict: an unknown field is refused. What another node sends (`Shown`,
`ShownSight`, `DecisionRow`) may have more fields than these, which are left out.

Instants are UTC nanoseconds, angles degrees (bearings and courses clockwise from true north), positions
WGS-84. A field that does not apply is absent.
"""

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from trilat.model import (
    Count,
    Declared,
    Domain,
    Identifier,
    InstantNs,
    ItemError,
    PartyCode,
    ShortText,
    Status,
    Text,
    WarningKind,
)

_S = TypeVar("_S", bound=msgspec.Struct)

Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Course = Annotated[float, msgspec.Meta(ge=0, le=360)]
Length = Annotated[float, msgspec.Meta(ge=0)]
Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]
Duration = Annotated[float, msgspec.Meta(ge=0)]
Polygon = Annotated[list[tuple[Latitude, Longitude]], msgspec.Meta(max_length=512)]
Names = Annotated[list[ShortText], msgspec.Meta(max_length=256)]
Parties = Annotated[list[PartyCode], msgspec.Meta(max_length=200)]


class GivenReference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version of an item."""

    item_id: Identifier
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]


class GivenAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An officer's answer to a referral."""

    clause: Identifier
    subject: Identifier
    recipient: PartyCode
    via: PartyCode | None = None
    granted: bool
    officer: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,30}(?!\n)$")]
    """The officer's post, such as `release-officer`."""

    valid_s: Annotated[int, msgspec.Meta(ge=1, le=31_536_000)] = 3_600
    assumed: bool = False


class GivenDeskAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An officer's answer to a question at the release desk; who answers is told by the token."""

    question: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}(?!\n)$")]
    granted: bool
    valid_s: Annotated[int, msgspec.Meta(ge=1, le=31_536_000)] = 3_600
    said: Text = ""
    """The officer's reason; it stays in the own ledger."""


class GivenDelegation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom an officer lets stand in, and for how long; 0 seconds end it."""

    deputy: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,30}(?!\n)$")]
    for_s: Annotated[int, msgspec.Meta(ge=0, le=2_592_000)]


class GivenTrust(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Trust states of one party, as `trilat trust export` writes them."""

    states: Annotated[str, msgspec.Meta(max_length=390_000)]


class GivenPinned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A partner whose root people pinned in the node's own folder."""

    party: PartyCode


class GivenDeclaration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a party's officer declares; see `Declaration`."""

    declared: Declared
    about: Identifier
    domain: Domain
    valid_s: Annotated[int, msgspec.Meta(ge=1, le=31_536_000)] | None = None
    stands: bool = True


class GivenOnwardRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which partner's item is to be passed on to whom; its originator is asked."""

    item_id: Identifier
    onward_to: PartyCode
    within_s: Annotated[int, msgspec.Meta(ge=10, le=2_592_000)] = 3_600
    question: Annotated[str, msgspec.Meta(max_length=4_000)] = ""


class GivenWarning(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A warning in a person's words, and the items that it rests on and that confirm it."""

    key: Identifier
    kind: WarningKind
    domain: Domain
    basis: Annotated[list[GivenReference], msgspec.Meta(min_length=1, max_length=256)]
    confirmed_by: Annotated[list[GivenReference], msgspec.Meta(max_length=256)] = []
    text: Text = ""


class GivenRetraction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A warning taken back."""

    key: Identifier
    text: Text = ""


class GivenPace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the time of an exercise runs: `instant_ns` at `from_wall_ns`, then `speed` times as fast."""

    from_wall_ns: InstantNs
    instant_ns: InstantNs
    speed: Annotated[float, msgspec.Meta(ge=0, le=1_000)]


class GivenControl(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page asks of the exercise's director: exactly one of these."""

    paused: bool | UnsetType = UNSET
    speed: Annotated[float, msgspec.Meta(gt=0, le=1_000)] | UnsetType = UNSET
    regime: Annotated[str, msgspec.Meta(min_length=1, max_length=120)] | UnsetType = UNSET
    restart: bool | UnsetType = UNSET
    strike: Annotated[list[Identifier], msgspec.Meta(max_length=50)] | UnsetType = UNSET
    """Clauses without which the same is played again, each as `file#id`; none of them for all."""


class RefusedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Place of a report in its batch, and why it was refused."""

    index: Count
    reason: str


class BatchAnswered(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a batch; when it arrives, what was accepted is on disk."""

    accepted: Count
    refused: list[RefusedEntry]
    repeated: bool


class ShownEllipse(msgspec.Struct, frozen=True, kw_only=True):
    """An ellipse on the ground."""

    semi_major_m: Length
    semi_minor_m: Length
    bearing_deg: Annotated[float, msgspec.Meta(ge=-360, le=360)]


class ShownAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What one party says in a disagreement; `basis` is the item, and its version, that says so."""

    party: PartyCode
    subject: Identifier
    basis: Text
    time_ns: InstantNs | None
    time_sigma_ms: Length
    reach_m: Length
    lat: Latitude | None
    lon: Longitude | None


class ShownNames(msgspec.Struct, frozen=True, kw_only=True):
    """What something is called in each language."""

    en: ShortText
    ja: ShortText
    ko: ShortText


class ShownThreat(msgspec.Struct, frozen=True, kw_only=True):
    """How probable it is that an object comes down in a watch area (`impact`), or flies over it, and when."""

    area: Identifier
    names: ShownNames
    impact: Probability
    overflight: Probability
    first_ns: InstantNs
    last_ns: InstantNs


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """An item as a reader may see it. Ellipses of tracks are 3 sigma, of events and areas 95 %."""

    id: Identifier
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
    kind: ShortText
    subject: Identifier
    domain: ShortText
    originator: PartyCode
    originators: Parties
    sender: PartyCode | None
    form: ShortText | None
    status: Status
    valid_ns: InstantNs
    marking: ShortText
    lat: Latitude | UnsetType | None = UNSET
    lon: Longitude | UnsetType | None = UNSET
    height_m: float | UnsetType | None = UNSET
    height_sigma_m: Length | UnsetType | None = UNSET
    speed_m_per_s: Length | UnsetType | None = UNSET
    course_deg: Course | UnsetType | None = UNSET
    climb_m_per_s: float | UnsetType | None = UNSET
    ellipse: ShownEllipse | UnsetType | None = UNSET
    stage: ShortText | UnsetType | None = UNSET
    event: ShortText | UnsetType = UNSET
    time_sigma_ms: Length | UnsetType | None = UNSET
    area: ShortText | UnsetType = UNSET
    polygon: Polygon | UnsetType | None = UNSET
    expected_ns: InstantNs | UnsetType | None = UNSET
    warning: ShortText | UnsetType = UNSET
    state: ShortText | UnsetType = UNSET
    sources: Names | UnsetType = UNSET
    speaker: PartyCode | UnsetType | None = UNSET
    text: Text | UnsetType = UNSET
    threat: ShownThreat | UnsetType = UNSET
    names: ShownNames | UnsetType = UNSET
    disagreement: ShortText | UnsetType = UNSET
    accounts: list[ShownAccount] | UnsetType = UNSET
    since_ns: InstantNs | UnsetType = UNSET
    name: ShortText | UnsetType | None = UNSET
    mmsi: ShortText | UnsetType = UNSET
    under: Names | UnsetType = UNSET
    """`agreement@version` of each agreement under which it was received; for the own staff alone."""


class ShownSight(msgspec.Struct, frozen=True, kw_only=True):
    """One object as a reader's picture has it, fused from all that the reader may have. Ellipse: 3 sigma."""

    key: ShortText
    domain: ShortText
    sources: Names
    speaker: PartyCode | UnsetType | None = UNSET
    stage: ShortText | None
    confirmed: bool
    valid_ns: InstantNs
    lat: Latitude | None
    lon: Longitude | None
    height_m: float | None
    speed_m_per_s: Length | None
    course_deg: Course | None
    ellipse: ShownEllipse | None
    height_sigma_m: Length | None


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A decision on an item that the reader may see. `number` grows by one at each node."""

    number: Count
    item_id: Identifier
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
    kind: ShortText
    originator: PartyCode
    subject: Identifier
    sender: PartyCode
    recipient: PartyCode
    via: PartyCode | None
    outcome: ShortText
    reasons: Names
    clauses: Names
    form: ShortText | None
    at_ns: InstantNs
    decided_ns: InstantNs


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader may see now; `entry` is the ledger's entry of the receipt."""

    at_ns: InstantNs
    items: list[Shown]
    sights: list[ShownSight]
    decisions: list[DecisionRow]
    entry: Count | None


def given(plain: Any, shape: type[_S]) -> _S:
    """What a caller gave, as a value of `shape`.

    Raises:
        ItemError: a field is missing, unknown, of the wrong type or beyond its limits; the text names it.
    """
    try:
        return msgspec.convert(plain, shape, strict=True)
    except (msgspec.ValidationError, UnicodeEncodeError, RecursionError) as error:
        raise ItemError(_lower_first(str(error))) from error


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def plain_of(value: msgspec.Struct) -> dict[str, Any]:
    """JSON values of one of these, absent fields left out."""
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain
