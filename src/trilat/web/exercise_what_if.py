"""What a clause is worth in numbers: the exercise's flight played once more with and without it, on the page.

The numbers are made by a study beside the live nodes, which goes on while they play; the page asks how far it
has come.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Protocol

import msgspec
from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.model import Identifier, UsageError
from trilat.web.answers import json_answer
from trilat.web.bodies import read_json
from trilat.web.operations import Operation
from trilat.web.shapes import given

_OBJECT: Final[dict[str, Any]] = {"type": "object"}


class WhatIfs(Protocol):
    """Plays the same flight apart from the live nodes, and counts."""

    def begin(self, struck: Sequence[str]) -> None:
        """Begin to count without these clauses (`file#id`) of the regime that is played; UsageError where one
        is not there.
        """
        ...

    def state(self) -> dict[str, Any]:
        """How far it has come, and the numbers that are there."""
        ...


class GivenWhatIf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Clauses to do without, each as `file#id`; none counts the regime as it is."""

    strike: Annotated[list[Identifier], msgspec.Meta(max_length=50)] = []


def what_if_operations(what_ifs: WhatIfs | None) -> list[Operation]:
    """The rows of these routes; without a study they refuse."""

    def able() -> WhatIfs:
        if what_ifs is None:
            raise UsageError("this exercise has no flight to count: play a scenario", conflict=True)
        return what_ifs

    async def state(_: Request) -> ASGIApp:
        return json_answer(able().state())

    async def begin(request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenWhatIf)
        able().begin(tuple(dict.fromkeys(said.strike)))
        return json_answer(able().state())

    return [
        Operation(
            method="GET",
            path="/api/what-if",
            handle=state,
            summary="How far the counting has come, with the numbers of each party before and after.",
            answer=_OBJECT,
            errors=(409,),
        ),
        Operation(
            method="POST",
            path="/api/what-if",
            handle=begin,
            summary="Count what each party would see without some clauses; nothing live changes.",
            body=GivenWhatIf,
            answer=_OBJECT,
            errors=(408, 409, 413),
        ),
    ]
