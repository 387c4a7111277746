"""Answers: JSON, and errors as one line of it. Where an error becomes a status is here and nowhere else.

facts["http"]       that status: a request that this package refuses
facts["conflict"]   409
facts["refused"]    403
InvalidInputError   400
LedgerError         503   our own record refuses to be written
anything else       500   one neutral line; what it was goes to the log
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog
from starlette.responses import Response

from trilat.model import InvalidInputError, LedgerError, TrilatError, UsageError

FAULT_LINE: Final = "the request could not be answered: see the log of this process"

_log = structlog.get_logger("trilat.web")


def json_answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of JSON."""
    return Response(
        msgspec.json.encode(content), status, headers=dict(headers or {}), media_type="application/json"
    )


def error_answer(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error as it leaves: `{"error": "one line"}`."""
    return json_answer({"error": text}, status, headers)


def refusal(status: HTTPStatus, text: str) -> UsageError:
    """An error of the caller's that is answered with `status`."""
    return UsageError(text, http=int(status))


def status_of(error: Exception) -> int:
    """The HTTP status of an error, by whose fault it is."""
    facts = error.facts if isinstance(error, TrilatError) else {}
    if "http" in facts:
        return int(facts["http"])
    if facts.get("conflict"):
        return HTTPStatus.CONFLICT
    if facts.get("refused"):
        return HTTPStatus.FORBIDDEN
    if isinstance(error, InvalidInputError):
        return HTTPStatus.BAD_REQUEST
    if isinstance(error, LedgerError):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.INTERNAL_SERVER_ERROR


def answer_to(error: Exception, where: str) -> Response:
    """The answer that an error becomes; `where` names the route for the log."""
    status = status_of(error)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("fault while answering", where=where, exc_info=error)
        return error_answer(status, FAULT_LINE)
    return error_answer(status, str(error))
