"""Asking a party's running node over its HTTP interface, with a token from its folder."""

import shlex
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx

from trilat.cli.fleet import error_of
from trilat.model import LinkError, UsageError
from trilat.node import NodeFolder

_ANSWER_S_MAX: Final = 5.0


def how_to_run(folder: Path) -> str:
    """As it is typed in a shell."""
    return f"trilat node run {shlex.quote(str(folder))}"


def ask_node(held: NodeFolder, role: str, method: str, path: str, said: dict[str, Any] | None = None) -> Any:
    """The JSON value that a node answers to who holds the token of a role.

    Raises:
        UsageError: the node does not run, has no such role, or refuses the question; it says why.
        LinkError: it does not answer, or not as a node would.
    """
    party, address = held.settings.party, held.address()
    if address is None:
        raise UsageError(f"the node of {party} does not run: `{how_to_run(held.path)}`")
    token = held.secrets.tokens.get(role)
    if token is None:
        raise UsageError(f"the node of {party} has no `{role[:60]}`: see [desk] in its node.toml")
    headers = {"authorization": f"Bearer {token}"}
    try:
        answer = httpx.request(
            method, f"{address}{path}", headers=headers, json=said, timeout=_ANSWER_S_MAX, trust_env=False
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise LinkError(f"the node of {party} does not answer at {address}: is it running?") from error
    if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        raise LinkError(f"the node of {party} cannot answer: {error_of(answer)}")
    if answer.is_client_error and answer.status_code not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
        raise UsageError(error_of(answer))
    try:
        if answer.is_success:
            return answer.json()
    except ValueError:
        pass
    raise LinkError(f"what answers at {address} is not the node of {party}: HTTP {answer.status_code}")
