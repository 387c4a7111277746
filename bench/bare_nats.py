"""Bare NATS and JetStream, for a bench to stand beside: 500 bytes a message, one server, one process."""

import asyncio
import json
import os
import statistics
import subprocess
import sysconfig
import tempfile
import time
from pathlib import Path

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

PORT = 42_717
PAYLOAD = os.urandom(500)
REPEATS = 3
STREAM = {"name": "S", "subjects": ["s.>"], "storage": "file", "retention": "limits", "allow_atomic": True}


async def published(client: Client, other: Client, count: int) -> float:
    """Messages per second from one client to another, not durable anywhere."""
    come, done = 0, asyncio.Event()

    async def take(_: Msg) -> None:
        nonlocal come
        come += 1
        if come == count:
            done.set()

    heard = await other.subscribe("x", cb=take, pending_msgs_limit=-1, pending_bytes_limit=-1)
    await other.flush()
    began_s = time.perf_counter()
    for _ in range(count):
        await client.publish("x", PAYLOAD)
    await asyncio.wait_for(done.wait(), 60)
    rate = count / (time.perf_counter() - began_s)
    await heard.unsubscribe()
    return rate


async def one_by_one(client: Client, count: int) -> float:
    """Messages per second that a stream with full sync acknowledges one by one."""
    began_s = time.perf_counter()
    for _ in range(count):
        await client.jetstream().publish("s.a", PAYLOAD)
    return count / (time.perf_counter() - began_s)


async def atomic(client: Client, size: int, batches: int) -> float:
    """Messages per second in atomic batches to a stream with full sync."""
    began_s = time.perf_counter()
    for _ in range(batches):
        name = os.urandom(8).hex()
        for number in range(1, size):
            headers = {"Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}
            if number == 1:
                await client.request("s.a", PAYLOAD, headers=headers, timeout=10)
            else:
                await client.publish("s.a", PAYLOAD, headers=headers)
        headers = {"Nats-Batch-Id": name, "Nats-Batch-Sequence": str(size), "Nats-Batch-Commit": "1"}
        answer = await client.request("s.a", PAYLOAD, headers=headers, timeout=10)
        if b"error" in answer.data:
            raise SystemExit(answer.data.decode())
    return size * batches / (time.perf_counter() - began_s)


async def rates() -> dict[str, list[float]]:
    """Rates per second, by what was measured."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "nats.conf"
        store = f'jetstream {{ store_dir: "{folder}/js", sync_interval: always }}'
        config.write_text(f"host: 127.0.0.1\nport: {PORT}\n{store}\n")
        program = Path(sysconfig.get_path("scripts")) / "nats-server"
        server = await asyncio.create_subprocess_exec(program, "-c", config, stderr=subprocess.DEVNULL)
        try:
            await asyncio.sleep(1.5)
            client = await nats.connect(f"nats://127.0.0.1:{PORT}")
            other = await nats.connect(f"nats://127.0.0.1:{PORT}")
            await client.request("$JS.API.STREAM.CREATE.S", json.dumps(STREAM).encode(), timeout=5)
            for _ in range(REPEATS):
                for what, measured in (
                    ("bare NATS, not durable", published(client, other, 20_000)),
                    ("JetStream, full sync, one by one", one_by_one(client, 1_500)),
                    ("JetStream, full sync, atomic batches of 100", atomic(client, 100, 20)),
                    ("JetStream, full sync, atomic batches of 1,000", atomic(client, 1_000, 10)),
                ):
                    found.setdefault(what, []).append(await measured)
            await client.close()
            await other.close()
        finally:
            server.terminate()
            await server.wait()
    return found


def beside() -> None:
    """Print medians and spread."""
    for what, found in asyncio.run(rates()).items():
        print(f"  {what}: {statistics.median(found):,.0f}/s ({min(found):,.0f} to {max(found):,.0f})")


if __name__ == "__main__":
    beside()
