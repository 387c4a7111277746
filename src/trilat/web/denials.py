"""`Denial`: why a request goes no further than the door."""

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True)
class Denial:
    """Why a request goes no further."""

    status: HTTPStatus
    text: str
    retry_after_s: float = 0.0
    """When to ask again, where that helps."""
