"""`why_operations`: why the staff sees an item, and who else does; each question is recorded by who asks."""

from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.model import IDENTIFIER_CHARACTERS_MAX, UsageError
from trilat.node import STAFF, shown_why, shown_why_sight
from trilat.web.access import ROLE
from trilat.web.answers import json_answer, refusal
from trilat.web.operations import Operation
from trilat.web.served import ServedNode

_VERSION_DIGITS_MAX: Final = 9

ITEM: Final[dict[str, Any]] = {
    "name": "item",
    "in": "query",
    "required": True,
    "description": "The name of an item, as the picture has it.",
    "schema": {"type": "string", "minLength": 1, "maxLength": IDENTIFIER_CHARACTERS_MAX},
}

_KEY: Final[dict[str, Any]] = {
    **ITEM,
    "name": "key",
    "description": "The key of a fused object, as the picture has it among `sights`.",
}


class WhySource(msgspec.Struct, frozen=True, kw_only=True):
    """Where an item comes from, what let it in, and how it was degraded."""

    at_ns: int
    item: dict[str, Any]
    """As the staff may see it."""

    own: bool
    made_ns: int
    received_under: list[str]
    for_me: dict[str, Any]
    """Clauses, form and duties of the copy that the own staff sees."""

    given: dict[str, Any] | None
    """Of a partner's item: what came with it, and nothing of whom else it was given to."""


class WhyAnswer(WhySource, frozen=True, kw_only=True):
    """Of an own item also who else sees it, and why not."""

    kept: str | None
    """Of an own item: why nobody else gets it, whatever agreements say."""

    others: list[dict[str, Any]]
    """Of an own item: a row for each partner, and each way that officers were asked about."""

    names: list[str]
    """Under which names partners know it."""


class WhySightAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Which items a fused object rests on, and what let each of them in."""

    at_ns: int
    key: str
    """The object, as the picture has it."""

    sources: list[WhySource]
    """Of each party at the most one, the newest about the object, as far as the staff may see it."""


def asked_item(request: Request) -> str:
    """The item that an address names."""
    return _asked_for(request, "item", "name the item: ?item=ID")


def _asked_for(request: Request, name: str, line: str) -> str:
    asked = request.query_params.get(name, "")
    if not 0 < len(asked) <= IDENTIFIER_CHARACTERS_MAX:
        raise refusal(HTTPStatus.BAD_REQUEST, line)
    return asked


def who_asks(request: Request) -> str:
    """The account or officer that a role names; `staff` for the folder's own token."""
    _, _, name = str(request.scope[ROLE]).partition(":")
    return name or STAFF


def not_found(error: UsageError) -> UsageError:
    """What is not here, or not for the staff's eyes, as one answer."""
    return refusal(HTTPStatus.NOT_FOUND, str(error)) if error.facts.get("unknown") else error


def why_operations(node: ServedNode) -> list[Operation]:
    """The rows of the table of routes."""

    async def why(request: Request) -> ASGIApp:
        item_id, version = asked_item(request), _version(request.query_params.get("version"))
        who = who_asks(request)
        try:
            return json_answer(await node.on_node(lambda held: shown_why(held, item_id, version, who)))
        except UsageError as error:
            raise not_found(error) from error

    async def why_sight(request: Request) -> ASGIApp:
        key, who = _asked_for(request, "key", "name the object: ?key=KEY"), who_asks(request)
        try:
            return json_answer(await node.on_node(lambda held: shown_why_sight(held, key, who)))
        except UsageError as error:
            raise not_found(error) from error

    roles = frozenset({"staff", "watch", "officer"})
    return [
        Operation(
            method="GET",
            path="/why/sight",
            handle=why_sight,
            roles=roles,
            summary="Which items a fused object rests on, and what let each in; each question is recorded.",
            parameters=[_KEY],
            answer=WhySightAnswer,
            errors=(404, 503),
        ),
        Operation(
            method="GET",
            path="/why",
            handle=why,
            roles=roles,
            summary="Why the staff sees an item as it does, and who else does; each question is recorded.",
            parameters=[
                ITEM,
                {
                    "name": "version",
                    "in": "query",
                    "required": False,
                    "description": "A version of it; the newest where none is named, or where it is gone.",
                    "schema": {"type": "integer", "minimum": 1, "maximum": 10**_VERSION_DIGITS_MAX - 1},
                },
            ],
            answer=WhyAnswer,
            errors=(404, 503),
        ),
    ]


def _version(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _VERSION_DIGITS_MAX and int(text) > 0):
        raise refusal(HTTPStatus.BAD_REQUEST, "`version` must be a whole number from 1 on")
    return int(text)
