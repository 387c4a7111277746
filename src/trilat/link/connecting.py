"""How a node's client finds its NATS server: the own one on loopback, or an outside one by address."""

import asyncio
import ssl
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nats.aio.client import Client

from trilat.link.identity import AUTHORITY_FILE, CERTIFICATE_FILE, KEY_FILE
from trilat.link.server_config import LOOPBACK
from trilat.link.server_log import printable
from trilat.model import UsageError

PUBLISH_S_MAX: Final = 2.0
RECONNECT_S: Final = 0.2
_CANCELLED_MAX: Final = 50


@dataclass(frozen=True, kw_only=True)
class OutsideNats:
    """A NATS server, cluster or supercluster that somebody runs: what it takes to be its client.

    Nobody there is trusted with anything: envelopes are sealed and signed end to end, subjects are opaque.
    """

    urls: tuple[str, ...]
    """Any server of it that can be dialled first; it tells of its others."""

    ca_file: Path | None = None
    """Whose certificates it shows; None for those that the system trusts."""

    seed: str = ""
    """Of our NKey there; empty where `creds_file` is given."""

    creds_file: Path | None = None

    def __repr__(self) -> str:
        """Nothing secret."""
        return f"OutsideNats(urls={self.urls}, ***)"


def own_server(port: int, folder: Path, seed: str) -> dict[str, Any]:
    """Options of the library to connect to the own server on loopback; UsageError as of `link_context`."""
    return {
        "servers": [f"tls://{LOOPBACK}:{port}"],
        "tls": link_context(folder),
        "tls_handshake_first": True,
        "nkeys_seed_str": seed,
    }


def outside_server(outside: OutsideNats, folder: Path) -> dict[str, Any]:
    """Options of the library to connect to an outside NATS, with the identity in a folder as the client's.

    Raises:
        UsageError: a file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=None if outside.ca_file is None else str(outside.ca_file))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # For servers that ask for a certificate; others do not see it.
        context.load_cert_chain(folder / CERTIFICATE_FILE, folder / KEY_FILE)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"the outside NATS cannot be used: {text_of(error)}") from error
    shown = (
        {"nkeys_seed_str": outside.seed} if outside.seed else {"user_credentials": str(outside.creds_file)}
    )
    return {"servers": list(outside.urls), "tls": context, **shown}


def link_context(folder: Path) -> ssl.SSLContext:
    """TLS as a client that holds the identity in a folder, and believes that identity's authority alone.

    Raises:
        UsageError: the files cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=str(folder / AUTHORITY_FILE))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(folder / CERTIFICATE_FILE, folder / KEY_FILE)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"the link identity in `{folder}` cannot be used: {text_of(error)}") from error
    return context


async def within(work: Coroutine[Any, Any, None], s_max: float) -> None:
    """Do some work, or give it up after so many seconds: TimeoutError.

    The library may swallow a cancellation while it connects, and go on; so it is cancelled until it ends.
    """
    task = asyncio.create_task(work, name="link client connecting")
    try:
        await asyncio.wait({task}, timeout=s_max)
        if task.done():
            task.result()
            return
        raise TimeoutError
    finally:
        for _ in range(_CANCELLED_MAX):
            if task.done():
                break
            task.cancel()
            await asyncio.wait({task}, timeout=RECONNECT_S)
        if task.done() and not task.cancelled():
            task.exception()


async def close_client(client: Client) -> None:
    """Close a client for good. Nothing is raised: a broken connection need not close in order."""
    # In a task of its own, because the library lets through a cancellation of what it waits for.
    closing = asyncio.create_task(client.close(), name="link client closing")
    await asyncio.wait({closing}, timeout=PUBLISH_S_MAX)
    closing.cancel()
    await asyncio.wait({closing}, timeout=PUBLISH_S_MAX)
    if closing.done() and not closing.cancelled():
        closing.exception()


def text_of(error: Exception) -> str:
    """What an error of the library says, in one line."""
    return printable(" ".join(str(error).split()).removeprefix("nats: ") or type(error).__name__)
