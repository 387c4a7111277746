"""A JetStream stream that sources another over a leaf link, and a cable that is cut: what stands beside
`resync.py` in the same run.

Two servers on loopback, plain TCP, each with a JetStream domain of its own, file stores and `sync_interval:
always`. The dialling one has the stream that is written to; the other a stream that sources it. While the
cable is cut, messages of 500 bytes are written, 500 at a time in flight; timed is from mending until the
other stream has the first of them, and all. Nothing is decided, signed, sealed or chained here.
"""

import asyncio
import subprocess
import sysconfig
import time
from pathlib import Path
from typing import Any, Final

import nats
from nats.aio.client import Client
from nats.js.api import ExternalStream, StreamConfig, StreamSource
from tests.tcp_proxy import Proxy, free_ports

MESSAGE: Final = bytes(500)
STARTED_S_MAX: Final = 10.0
COMPLETE_S_MAX: Final = 180.0
IN_FLIGHT: Final = 500

_SERVER: Final = """
server_name: {name}
listen: 127.0.0.1:{port}
jetstream {{ store_dir: "{folder}/{name}", domain: {name}, sync_interval: always }}
leafnodes {{ {leaf} }}
"""


def _begin(folder: Path, name: str, port: int, leaf: str) -> subprocess.Popen[bytes]:
    config = folder / f"{name}.conf"
    config.write_text(_SERVER.format(name=name, port=port, folder=folder, leaf=leaf))
    server = Path(sysconfig.get_path("scripts")) / "nats-server"
    return subprocess.Popen([server, "-c", config], stderr=subprocess.DEVNULL)


async def _say_nothing(_: Exception) -> None:
    """The server is not there yet: it is asked again."""


async def _client(port: int) -> Client:
    ends_s = time.monotonic() + STARTED_S_MAX
    while True:
        try:
            return await nats.connect(
                f"nats://127.0.0.1:{port}", allow_reconnect=False, error_cb=_say_nothing
            )
        except OSError:
            if time.monotonic() > ends_s:
                raise
            await asyncio.sleep(0.05)


async def _write(stream: Any, count: int) -> None:
    for first in range(0, count, IN_FLIGHT):
        few = [await stream.publish_async("out.1", MESSAGE) for _ in range(min(IN_FLIGHT, count - first))]
        await asyncio.gather(*few)


async def cut(behind: int, cut_s: float, folder: Path) -> tuple[float, float]:
    """Seconds from mending to the first and to the last of what waited, in the stream that sources."""
    ports, proxy = free_ports(), Proxy()
    here, there, leaf = next(ports), next(ports), next(ports)
    cable = await proxy.start(leaf)
    servers = [
        _begin(folder, "there", there, f"listen: 127.0.0.1:{leaf}, no_advertise: true"),
        _begin(folder, "here", here, f'reconnect: "100ms", remotes: [{{ url: "nats://127.0.0.1:{cable}" }}]'),
    ]
    try:
        writer, reader = await _client(here), await _client(there)
        out, source = writer.jetstream(domain="here"), reader.jetstream(domain="there")
        await out.add_stream(StreamConfig(name="OUT", subjects=["out.>"]))
        external = ExternalStream(api="$JS.here.API", deliver="deliver.there")
        await source.add_stream(
            StreamConfig(name="IN", sources=[StreamSource(name="OUT", external=external)])
        )

        async def until(count: int) -> float:
            ends_s = time.monotonic() + COMPLETE_S_MAX
            while (await source.stream_info("IN")).state.messages < count:
                if time.monotonic() > ends_s:
                    raise TimeoutError(f"the stream that sources has not {count} messages in time")
                await asyncio.sleep(0.02)
            return time.monotonic()

        await _write(out, 10)
        await until(10)
        await proxy.cut()
        began_s = time.monotonic()
        await _write(out, behind)
        await asyncio.sleep(max(0.0, began_s + cut_s - time.monotonic()))
        mended_s = time.monotonic()
        await proxy.mend()
        first_s, last_s = await until(11), await until(10 + behind)
        await writer.close()
        await reader.close()
        return first_s - mended_s, last_s - mended_s
    finally:
        for server in servers:
            server.terminate()
            server.wait(10)
        await proxy.stop()
