"""`HubControl`: a hub asks its own server who is connected, and cuts who may not be any more.

nats-server 2.15 takes other accounts while it runs, and yet leaves open the connection of a party whose
account is gone, with all that it had subscribed to. So who lost something is cut, and that is looked at.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from nats.aio.client import Client

from trilat.link.connecting import link_context
from trilat.link.hub_config import ASK_CONNECTED, HubSettings, ask_to_cut
from trilat.link.server_config import LOOPBACK
from trilat.model import LinkError

ASK_S_MAX: Final = 2.0
CUT_S_MAX: Final = 5.0
_LOOK_AGAIN_S: Final = 0.05
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Connected:
    """A party whose server is connected to a hub, and what it sent and got since it dialled."""

    party: str
    connection: int
    in_messages: int
    out_messages: int
    in_bytes: int
    out_bytes: int
    round_trip: str


class HubControl:
    """A client of a hub's server that may ask and cut, and hears nothing of what passes."""

    def __init__(self, settings: HubSettings, seed: str, port: int) -> None:
        """Of the server whose clients' port on loopback this is; `seed` is the hub's own NKey."""
        self._settings = settings
        self._seed = seed
        self._port = port

    async def connected(self) -> tuple[Connected, ...]:
        """Who is connected now; LinkError where the server does not say."""
        return await self._with_client(_connected)

    async def cut(self, parties: Collection[str]) -> None:
        """Close these parties' connections, and return when the ones that were open are gone.

        Raises:
            LinkError: the server does not answer, or one is still open.
        """
        await self._with_client(lambda client: _cut(client, parties))

    async def _with_client(self, work: Callable[[Client], Awaitable[_T]]) -> _T:
        client = Client()
        try:
            async with asyncio.timeout(ASK_S_MAX + CUT_S_MAX):
                await client.connect(
                    f"tls://{LOOPBACK}:{self._port}",
                    name="hub",
                    tls=link_context(self._settings.identity_folder),
                    tls_handshake_first=True,
                    nkeys_seed_str=self._seed,
                    allow_reconnect=False,
                    error_cb=_ignored,
                )
                return await work(client)
        except LinkError:
            raise
        except Exception as error:
            # The library raises whatever it ran into.
            said = " ".join(str(error).split()) or type(error).__name__
            raise LinkError(f"the hub's server does not answer: {said}") from error
        finally:
            await client.close()


async def _asked(client: Client) -> tuple[str, list[Mapping[str, Any]]]:
    """The server's id, and its leaf connections."""
    answer = json.loads((await client.request(ASK_CONNECTED, b"", timeout=ASK_S_MAX)).data)
    return str(answer["server"]["id"]), list(answer["data"].get("leafs") or ())


async def _connected(client: Client) -> tuple[Connected, ...]:
    _, leafs = await _asked(client)
    return tuple(
        Connected(
            party=str(leaf["account"]),
            connection=int(leaf["id"]),
            in_messages=int(leaf["in_msgs"]),
            out_messages=int(leaf["out_msgs"]),
            in_bytes=int(leaf["in_bytes"]),
            out_bytes=int(leaf["out_bytes"]),
            round_trip=str(leaf.get("rtt", "")),
        )
        for leaf in leafs
    )


async def _cut(client: Client, parties: Collection[str]) -> None:
    server, leafs = await _asked(client)
    wanted = {int(leaf["id"]) for leaf in leafs if leaf["account"] in parties}
    for connection in wanted:
        # Asked for an answer, because the server does nothing of the kind for who waits for none.
        await client.request(ask_to_cut(server), json.dumps({"cid": connection}).encode(), timeout=ASK_S_MAX)
    loop = asyncio.get_running_loop()
    end_s = loop.time() + CUT_S_MAX
    while wanted & {connected.connection for connected in await _connected(client)}:
        if loop.time() > end_s:
            raise LinkError("the hub's server does not cut who was removed: restart the hub")
        await asyncio.sleep(_LOOK_AGAIN_S)


async def _ignored(_: Exception) -> None:
    """What fails is raised where it was asked."""
