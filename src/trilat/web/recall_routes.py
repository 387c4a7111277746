"""Routes of recalls, changes of label and losses: what staff and officers ask about items that are out."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.types import ASGIApp

from trilat.model import (
    IDENTIFIER_CHARACTERS_MAX,
    AnyItem,
    Classification,
    Label,
    UsageError,
    to_plain,
)
from trilat.node import Node, looked_at, shown_case, shown_holders, shown_recalls
from trilat.web.access import ROLE, account_of
from trilat.web.answers import json_answer, refusal
from trilat.web.bodies import read_json
from trilat.web.operations import Operation
from trilat.web.recall_shapes import (
    GivenClosing,
    GivenFollowUp,
    GivenInstruction,
    GivenLoss,
    GivenRecall,
    GivenRecallAnswer,
    GivenRelabelling,
    GivenRun,
)
from trilat.web.served import ServedNode
from trilat.web.shapes import given

_OBJECT: Final[dict[str, Any]] = {"type": "object"}
_BODY_ERRORS: Final = (408, 409, 413, 503)
_BOTH: Final = frozenset({"officer", "staff"})


class _Routes:
    """What answers each route; each job runs on the node's own thread."""

    def __init__(self, node: ServedNode) -> None:
        self._node = node

    async def recalls(self, request: Request) -> ASGIApp:
        who = account_of(request.scope)
        return json_answer(
            await self._node.on_node(lambda node: looked_at(node, "recalls", shown_recalls(node), who))
        )

    async def holders(self, request: Request) -> ASGIApp:
        item_id = request.query_params.get("item", "")
        if not 0 < len(item_id) <= IDENTIFIER_CHARACTERS_MAX:
            raise refusal(HTTPStatus.BAD_REQUEST, "name the item: /holders?item=ID")
        who = account_of(request.scope)
        return json_answer(
            await self._node.on_node(
                lambda node: looked_at(node, "holders", shown_holders(node, item_id), who)
            )
        )

    async def recall(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenRecall)

        def job(node: Node, _: str) -> dict[str, Any]:
            wanted = node.recalls.named(said.items, said.subject)
            cases = node.recalls.recall(wanted, said.action, said.within_s, said.reason)
            return {"asked": [shown_case(node, case) for case in cases]}

        return await self._as_speaker(request, job)

    async def answer(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenRecallAnswer)

        def job(node: Node, speaker: str) -> dict[str, Any]:
            node.recalls.answer(said.recall, said.answer, said.reason, speaker)
            return {"recall": said.recall, "answer": said.answer.value, "by": speaker}

        return await self._as_speaker(request, job)

    async def close(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenClosing)

        def job(node: Node, speaker: str) -> dict[str, Any]:
            node.recalls.close(said.recall, speaker, said.reason)
            return {"recall": said.recall, "by": speaker}

        return await self._as_speaker(request, job)

    async def run(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenRun)

        def job(node: Node, speaker: str) -> dict[str, Any]:
            cases = node.recalls.run(said.agreement, said.within_s, speaker, early=said.early)
            return {"asked": [shown_case(node, case) for case in cases]}

        return await self._as_speaker(request, job)

    async def relabel(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenRelabelling)

        def job(node: Node, _: str) -> dict[str, Any]:
            cases = node.recalls.relabelling.relabel(said.items, _label(node, said))
            return {"asked": [shown_case(node, case) for case in cases]}

        return await self._as_speaker(request, job)

    async def lose(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenLoss)

        def job(node: Node, _: str) -> dict[str, Any]:
            reports = node.recalls.losses.report(
                said.items,
                said.happened,
                said.measures,
                confirmed=said.confirmed,
                follow_up_s=said.follow_up_s,
            )
            return {"reports": [to_plain(report) for report in reports]}

        return await self._as_speaker(request, job)

    async def follow_up(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenFollowUp)

        def job(node: Node, _: str) -> dict[str, Any]:
            losses = node.recalls.losses
            report = losses.follow_up(
                said.loss, said.measures, confirmed=said.confirmed, follow_up_s=said.follow_up_s
            )
            return to_plain(report)

        return await self._as_speaker(request, job)

    async def instruct(self, request: Request) -> ASGIApp:
        said = given(await read_json(request), GivenInstruction)
        return await self._as_speaker(
            request, lambda node, _: to_plain(node.recalls.losses.instruct(said.loss, said.text))
        )

    async def _as_speaker(self, request: Request, job: Callable[[Node, str], dict[str, Any]]) -> ASGIApp:
        """The answer of a job, once it is known that who asks may speak for the party."""
        role, _, name = str(request.scope[ROLE]).partition(":")

        def asked(node: Node) -> dict[str, Any]:
            speaker = node.desk.speaker(name if role == "officer" else "")
            return job(node, f"{node.config.party}/{speaker}")

        try:
            return json_answer(await self._node.on_node(asked))
        except UsageError as error:
            if error.facts.get("refused"):
                raise
            # What was asked is well formed, and does not go with what is here.
            raise refusal(HTTPStatus.CONFLICT, str(error)) from error


def _label(node: Node, said: GivenRelabelling) -> Label:
    """The label that is asked for, from that of the first item."""
    item: AnyItem | None = node.holdings.newest(said.items[0])
    if item is None:
        raise UsageError(f"no item `{said.items[0][:80]}` is held here: name one as the picture does")
    changes: dict[str, Any] = {}
    if said.level is not None:
        changes["classification"] = Classification(scheme=node.config.party, level=said.level)
    if said.releasable_to is not None:
        changes["releasable_to"] = tuple(said.releasable_to)
    if said.restrictive is not None:
        changes["restrictive"] = tuple(said.restrictive)
    if not changes:
        raise UsageError("say what the new label changes: its level, its parties or its categories")
    return msgspec.structs.replace(item.label, **changes)


def recall_operations(node: ServedNode) -> list[Operation]:
    """The rows of these routes."""
    routes = _Routes(node)
    get = partial(Operation, method="GET", roles=_BOTH | {"watch"}, answer=_OBJECT, errors=(503,))
    post = partial(Operation, method="POST", roles=_BOTH, answer=_OBJECT, errors=_BODY_ERRORS)
    item = {
        "name": "item",
        "in": "query",
        "required": True,
        "description": "The name of an own item.",
        "schema": {"type": "string", "minLength": 1, "maxLength": IDENTIFIER_CHARACTERS_MAX},
    }
    return [
        get(path="/recalls", handle=routes.recalls, summary="Recalls and losses, with each answer."),
        get(path="/holders", handle=routes.holders, summary="Who holds an own item.", parameters=[item]),
        post(path="/recalls", handle=routes.recall, body=GivenRecall, summary="Call own items back."),
        post(
            path="/recalls/answer",
            handle=routes.answer,
            body=GivenRecallAnswer,
            summary="Answer a partner's recall that waits for a person.",
        ),
        post(
            path="/recalls/close",
            handle=routes.close,
            body=GivenClosing,
            summary="Wait no longer for the answer to an own recall.",
        ),
        post(
            path="/recalls/run",
            handle=routes.run,
            body=GivenRun,
            summary="Return or destroy what was exchanged under an agreement.",
        ),
        post(
            path="/labels",
            handle=routes.relabel,
            body=GivenRelabelling,
            summary="Give own items another label.",
        ),
        post(
            path="/losses", handle=routes.lose, body=GivenLoss, summary="Tell originators of a loss, at once."
        ),
        post(
            path="/losses/follow-up",
            handle=routes.follow_up,
            body=GivenFollowUp,
            summary="Tell more about a loss, or that there is no more.",
        ),
        post(
            path="/losses/instruct",
            handle=routes.instruct,
            body=GivenInstruction,
            summary="Say what is to be done about a partner's loss.",
        ),
    ]
