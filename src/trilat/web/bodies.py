"""Bodies of requests: bounded in size and time, and strict JSON. Limits have names and units, here."""

import asyncio
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request

from trilat.model import strict_json
from trilat.web.answers import refusal

INTAKE_BYTES_MAX: Final = 4 * 1_048_576
"""One batch of a feed, bytes."""

REPORTS_MAX: Final = 2_000
"""Reports in one batch."""

BODY_BYTES_MAX: Final = 65_536
"""Any other body, bytes."""

BODY_S_MAX: Final = 20.0
"""Until a body is whole, seconds: who sends slower holds a connection for nothing."""

KEPT_BYTES_MAX: Final = 65_536
"""What is kept aside of a body that is refused, bytes."""


async def read_body(request: Request, bytes_max: int, s_max: float = BODY_S_MAX) -> bytes:
    """The body of a request, with or without a length told beforehand.

    Raises:
        UsageError: it is larger than `bytes_max`, or takes longer than `s_max` seconds.
    """
    told = request.headers.get("content-length", "")
    if told.isdecimal() and (len(told) > 12 or int(told) > bytes_max):
        raise _too_large(bytes_max)
    body = bytearray()
    try:
        async with asyncio.timeout(s_max):
            async for part in request.stream():
                body += part
                if len(body) > bytes_max:
                    raise _too_large(bytes_max)
    except TimeoutError as error:
        raise refusal(
            HTTPStatus.REQUEST_TIMEOUT, f"the body took longer than {s_max:.0f} s: send it at once"
        ) from error
    return bytes(body)


async def read_json(request: Request, bytes_max: int = BODY_BYTES_MAX) -> Any:
    """The JSON value of a body; errors as in `read_body`, and ItemError where it is not strict JSON."""
    return strict_json(await read_body(request, bytes_max), bytes_max)


def _too_large(bytes_max: int) -> Exception:
    return refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is over the limit of {bytes_max} bytes: split it"
    )
