"""Routes of time and of warnings: what was known at an instant, what happened when, who took note of what.

For the party's own staff, each look by the name of its account. Nothing here is for partners' readers: the
past of a node is nobody else's.
"""

import asyncio
import re
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.model import (
    INSTANT_NS_MAX,
    INSTANT_NS_MIN,
    Count,
    Identifier,
    InstantNs,
    ItemReference,
    PartyCode,
)
from trilat.node import AcknowledgementRecord, PastPictures, shown_history, shown_warnings
from trilat.web.access import ROLE
from trilat.web.answers import json_answer, refusal
from trilat.web.bodies import read_json
from trilat.web.operations import Operation
from trilat.web.served import ServedNode
from trilat.web.shapes import Shown, ShownSight, given

STAFF_ROLES: Final = frozenset({"staff", "watch", "officer"})

_DIGITS: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_ShortText = Annotated[str, msgspec.Meta(max_length=120)]


class RemovedSince(msgspec.Struct, frozen=True, kw_only=True):
    """An item that this node had then, and has not any more: `by` is who or what took it away."""

    id: Identifier
    version: Count
    by: Annotated[str, msgspec.Meta(max_length=2_000)]


class PastPicture(msgspec.Struct, frozen=True, kw_only=True):
    """What the staff knew at an instant, as far as it may be shown today; `entry` is the look's own entry.
    `whole` is false where objects had been tracked for longer than is looked back: their names may be others.
    `trails` are points `[at_ns, lat, lon, height_m]` by item, and by `sight:KEY`.
    """

    at_ns: InstantNs
    whole: bool
    items: list[Shown]
    sights: list[ShownSight]
    trails: dict[str, list[list[float | None]]]
    removed: list[RemovedSince]
    entry: Count


class PastEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, at the instant at which this node knew it first."""

    at_ns: InstantNs
    kind: _ShortText
    id: Identifier
    version: Count
    originator: PartyCode | None
    subject: Identifier | None
    status: _ShortText | None


class HistoryEvents(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, oldest first; of too many `left_out` are older. `began_ns` is the ledger's."""

    began_ns: InstantNs | None
    now_ns: InstantNs
    events: list[PastEvent]
    left_out: Count


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """Who took note of a warning as it is, and when."""

    by: _ShortText
    at_ns: InstantNs


class FirstSaid(msgspec.Struct, frozen=True, kw_only=True):
    """Who showed first what a warning rests on, and when this node knew it."""

    party: PartyCode
    at_ns: InstantNs


class NotedWarning(msgspec.Struct, frozen=True, kw_only=True):
    """A warning with who took note of how it is: that it stands, or was withdrawn, since a version."""

    id: Identifier
    version: Count
    since_version: Count
    withdrawn: bool
    status: _ShortText
    first: FirstSaid | None
    basis: list[Identifier]
    acknowledged: list[Acknowledged]
    item: Shown


class Warnings(msgspec.Struct, frozen=True, kw_only=True):
    """Warnings of the last minutes, and those of which nobody took note yet."""

    at_ns: InstantNs
    warnings: list[NotedWarning]


class GivenAcknowledgement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody takes note of a warning as it is in a version."""

    id: Identifier
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]


class AcknowledgementTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the ledger: for who has acknowledged before, the first time."""

    id: Identifier
    version: Count
    withdrawn: bool
    by: _ShortText
    at_ns: InstantNs


class _Routes:
    def __init__(self, node: ServedNode) -> None:
        self._node = node
        self._pasts = PastPictures()
        self._one_at_a_time = asyncio.Lock()

    async def picture(self, request: Request) -> ASGIApp:
        at_ns, person = _instant(request, "at_ns"), _person(request)
        # A little at a time: the node has other work in between, and one looks back at once.
        async with self._one_at_a_time:
            past = await self._node.on_node(lambda node: self._pasts.begin(node, at_ns))
            while not await self._node.on_node(lambda _: past.step()):
                continue
            return json_answer(await self._node.on_node(lambda node: self._pasts.finish(node, past, person)))

    async def events(self, request: Request) -> ASGIApp:
        from_ns, until_ns = _instant(request, "from_ns"), _instant(request, "until_ns")
        person = _person(request)
        return json_answer(
            await self._node.on_node(lambda node: shown_history(node, from_ns, until_ns, person))
        )

    async def warnings(self, request: Request) -> ASGIApp:
        person = _person(request)
        return json_answer(await self._node.on_node(lambda node: shown_warnings(node, person)))

    async def acknowledge(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenAcknowledgement)
        reference, person = ItemReference(item_id=said.id, version=said.version), _person(request)
        record = await self._node.on_node(
            lambda node: node.acknowledgements.acknowledge(reference, person or "staff")
        )
        return json_answer(_plain(record))


def _plain(record: AcknowledgementRecord) -> dict[str, Any]:
    return {
        "id": record.warning.item_id,
        "version": record.warning.version,
        "withdrawn": record.is_withdrawn,
        "by": record.by,
        "at_ns": record.at_ns,
    }


def _person(request: Request) -> str:
    """The account that asks; empty for the staff's own token."""
    return str(request.scope[ROLE]).partition(":")[2]


def _instant(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if not _DIGITS.fullmatch(text) or not INSTANT_NS_MIN <= int(text) <= INSTANT_NS_MAX:
        raise refusal(
            HTTPStatus.BAD_REQUEST,
            f"`{name}` must be an instant: UTC nanoseconds from 1970 to 2200, in digits",
        )
    return int(text)


def _in_query(name: str, description: str) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": INSTANT_NS_MIN, "maximum": INSTANT_NS_MAX}
    return {"name": name, "in": "query", "required": True, "description": description, "schema": schema}


def time_operations(node: ServedNode) -> list[Operation]:
    """The rows of these routes."""
    routes = _Routes(node)
    get = partial(Operation, method="GET", roles=STAFF_ROLES)
    return [
        get(
            path="/picture/at",
            handle=routes.picture,
            summary="What this node knew at an instant, and may be shown today; each look is recorded.",
            parameters=[_in_query("at_ns", "The instant, UTC ns, from the ledger's beginning until now.")],
            answer=PastPicture,
            errors=(409, 503),
        ),
        get(
            path="/history/events",
            handle=routes.events,
            summary="What happened between two instants, when this node knew it; each look is recorded.",
            parameters=[_in_query("from_ns", "From, UTC ns."), _in_query("until_ns", "Until, UTC ns.")],
            answer=HistoryEvents,
            errors=(409, 503),
        ),
        get(
            path="/warnings",
            handle=routes.warnings,
            summary="Warnings, with who showed it first and who took note.",
            answer=Warnings,
            errors=(503,),
        ),
        Operation(
            method="POST",
            path="/warnings/acknowledge",
            handle=routes.acknowledge,
            roles=STAFF_ROLES,
            summary="Take note of a warning, or of its being withdrawn; it is in the ledger by name.",
            body=GivenAcknowledgement,
            answer=AcknowledgementTaken,
            errors=(408, 409, 413, 503),
        ),
    ]
