"""`run_hub`: a hub's server, kept up, and kept to what `hub.toml` says while it runs."""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Final

import structlog

from trilat.cli.running import configure_log, interrupted
from trilat.link import HubControl, HubFolder, NatsServer, hub_stamp, lost, read_hub_folder
from trilat.model import LinkError, TrilatError

LOOK_S: Final = 0.25
"""How often `hub.toml` is looked at."""


async def run_hub(folder: HubFolder, *, until_input_ends: bool) -> None:
    """Run a hub until it is told to end; returns when its server has stopped.

    Raises:
        LinkError: the server does not start, as where its port is taken.
        UsageError: the NATS server is missing or too old.
    """
    configure_log()
    log = structlog.get_logger("trilat.hub").bind(hub=folder.toml.name)
    server = NatsServer(
        folder.settings(),
        on_refusal=lambda text: log.warning("refused", reason=text),
        on_event=log.info,
        binary=Path(folder.toml.server) if folder.toml.server else None,
    )
    async with contextlib.AsyncExitStack() as stack:
        ended = await stack.enter_async_context(interrupted(until_input_ends=until_input_ends))
        await server.start()
        stack.push_async_callback(server.stop)
        stack.callback(folder.take_back)
        keeping = asyncio.create_task(_Kept(folder, server, log).keep(), name="hub.toml")
        stack.callback(keeping.cancel)
        log.info("running", leaf_port=server.leaf_port)
        waiting = asyncio.create_task(ended.wait())
        stack.callback(waiting.cancel)
        await asyncio.wait({waiting, keeping}, return_when=asyncio.FIRST_COMPLETED)
        if keeping.done():
            keeping.result()


class _Kept:
    """Keeps a server to what its folder says."""

    def __init__(
        self, folder: HubFolder, server: NatsServer, log: structlog.typing.FilteringBoundLogger
    ) -> None:
        self._folder = folder
        self._server = server
        self._log = log
        self._said: dict[str, object] = {}

    async def keep(self) -> None:
        stamp = hub_stamp(self._folder.path)
        self._tell()
        while True:
            await asyncio.sleep(LOOK_S)
            self._tell()
            now = hub_stamp(self._folder.path)
            if now == stamp:
                continue
            stamp = now
            try:
                await self._take(read_hub_folder(self._folder.path))
            except TrilatError as error:
                self._log.error("not taken, the hub goes on as before", reason=str(error))

    async def _take(self, folder: HubFolder) -> None:
        """Let the server take other parties, and cut who may less than before. Where that fails it ends, and
        begins anew with what is written now.
        """
        before, after = self._folder.settings(), folder.settings()
        self._folder = folder
        try:
            await self._server.reload(after)
            cut = lost(before, after)
            if cut:
                await HubControl(after, folder.identity.app_seed, self._server.client_port).cut(cut)
        except LinkError as error:
            self._log.error("the server begins anew", reason=str(error))
            await self._server.stop()
            await self._server.start()
        self._log.info("taken", parties=len(folder.toml.party), cut=",".join(sorted(lost(before, after))))
        self._tell()

    def _tell(self) -> None:
        """Leave word where it has changed, as after the server was started again on its port."""
        said: dict[str, object] = {
            "pid": os.getpid(),
            "client_port": self._server.client_port,
            "leaf_port": self._server.leaf_port,
            "digest": self._folder.digest,
        }
        if said != self._said:
            self._folder.leave(said)
            self._said = said
