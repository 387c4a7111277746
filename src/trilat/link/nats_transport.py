"""`NatsTransport`: a node's end of its links over its own NATS server; a `trilat.model.Transport`.

Subjects
    x.FROM.TO.e    payloads of the live lane: envelopes and messages, which show themselves who sent them
    x.FROM.TO.b    payloads of the bulk lane: the same, but what was asked for again
    x.FROM.TO.h    heartbeats, empty: somebody is there. A hint and no more, nothing is believed for it

Rules
1. `send` never blocks and may be called from any thread. It hands over to one task for each lane, which
   publishes in order. What cannot go now (no connection, too much waiting) is dropped and counted: the
   streams send it again. The bulk lane waits while the connection has bytes to write; the live lane does not.
2. What arrives is handed to the listener on the loop's thread. What is longer than any envelope is refused.
3. A partner is *up* while something of it was heard lately. When it is heard again after a silence, or after
   our own connection was gone, `on_reachable` is called once, so that streams need not wait for their time.
4. The connection to the own server is made again for as long as the transport is started. A client that
   stays without one, or that its library has given up, is replaced by a new one.
"""

import asyncio
import contextlib
import logging
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Final

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from trilat.link.identity import AUTHORITY_FILE, CERTIFICATE_FILE, KEY_FILE, LinkIdentity, party_code
from trilat.link.lane_queue import QUEUE_BYTES_MAX, LaneQueue
from trilat.link.server_config import LOOPBACK, PENDING_BYTES_MAX
from trilat.link.server_log import Repeats, printable
from trilat.model import ENVELOPE_BYTES_MAX, Lane, LinkError, UsageError

HEARTBEAT_S: Final = 0.25
SILENT_S: Final = 1.0
"""A partner heard again after so long was away."""

UP_S: Final = 1.5
"""A partner heard within so long is up."""

BULK_UNWRITTEN_BYTES_MAX: Final = 65_536
"""While the connection has more than this to write, the bulk lane waits."""

ARRIVED_PAYLOADS_MAX: Final = 4_096
CONNECT_S_MAX: Final = 10.0
STUCK_S: Final = 10.0
"""A client without a connection for so long is replaced."""

PUBLISH_S_MAX: Final = 2.0
_RECONNECT_S: Final = 0.2
_PING_S: Final = 2
_PINGS_MAX: Final = 2
_CANCELLED_MAX: Final = 50

_SUFFIXES: Final = {Lane.LIVE: "e", Lane.BULK: "b"}

OnPayload = Callable[[bytes], None]


class NatsTransport:
    """Sends to and hears from linked partners. Started and stopped on one event loop."""

    def __init__(
        self,
        identity: LinkIdentity,
        identity_folder: Path,
        peers: Iterable[str],
        *,
        on_refusal: Callable[[str], None],
        on_event: Callable[[str], None] | None = None,
        on_reachable: Callable[[str], None] | None = None,
    ) -> None:
        """A transport without a connection yet.

        Args:
            identity: the party's.
            identity_folder: where it was written.
            peers: codes of the linked partners.
            on_refusal: is told in one line what was refused.
            on_event: is told in one line what happens to the connection with the own server.
            on_reachable: is told which partner is heard again. All three are called on the loop's thread.

        Raises:
            UsageError: a peer is no party, or is the party itself.
        """
        self._party = identity.party
        self._peers = frozenset(party_code(peer) for peer in peers)
        if self._party in self._peers:
            raise UsageError(f"`{self._party}` has no link with itself: leave it out")
        self._seed = identity.app_seed
        self._folder = identity_folder
        self._on_refusal = on_refusal
        self._on_event = on_event if on_event is not None else _nothing
        self._on_reachable = on_reachable if on_reachable is not None else _nothing
        self._receive: OnPayload = _nothing
        self._port = 0
        self._client: Client | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._heard_s: dict[str, float] = {}
        self._away: set[str] = set()
        self._connected_s = 0.0
        self._queues = {lane: LaneQueue() for lane in Lane}
        self.dropped: Counter[str] = Counter()
        """How many payloads to each partner were dropped before they were published."""

    def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
        """Hand a payload over for a partner, from any thread; see rule 1.

        Raises:
            LinkError: there is no link with the recipient, or the payload is longer than an envelope may be.
        """
        if recipient not in self._peers:
            raise LinkError(f"`{self._party}` has no link with `{recipient}`: nothing is sent")
        if len(payload) > ENVELOPE_BYTES_MAX:
            raise LinkError(
                f"a payload of {len(payload)} bytes is over the limit of {ENVELOPE_BYTES_MAX}: not sent"
            )
        if not self._queues[lane].put(recipient, payload):
            self.dropped[recipient] += 1

    def listen(self, receive: OnPayload) -> None:
        """Call `receive` on the loop's thread with each payload that arrives, instead of any before."""
        self._receive = receive

    def heard_s(self, peer: str) -> float | None:
        """Seconds since something of a partner was heard; None if never. From any thread."""
        heard_s = self._heard_s.get(peer)
        return None if heard_s is None or self._loop is None else max(0.0, self._loop.time() - heard_s)

    def is_up(self, peer: str) -> bool:
        """Whether a partner was heard lately. From any thread."""
        heard_s = self.heard_s(peer)
        return heard_s is not None and heard_s <= UP_S

    @property
    def waiting(self) -> int:
        """How many payloads were handed over and are not published yet. From any thread."""
        return sum(len(queue) for queue in self._queues.values())

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection with the own server."""
        return self._client is not None and self._client.is_connected

    async def start(self, client_port: int) -> None:
        """Connect to the own server, which listens on this port, and begin to send and hear.

        Raises:
            UsageError: it is started already, or the identity's files cannot be used.
            LinkError: the server does not take the connection in time.
        """
        if self._tasks:
            raise UsageError("the transport is started already: stop it first")
        logging.getLogger("asyncio").addFilter(_worth_saying)
        self._loop, self._port = asyncio.get_running_loop(), client_port
        self._prompted, self._closing = asyncio.Event(), False
        for queue in self._queues.values():
            queue.begin(self._loop)
        self._refusals = Repeats(self._on_refusal, self._loop.time)
        self._events = Repeats(self._on_event, self._loop.time)
        self._context = link_context(self._folder)
        self._client = await self._connected_client()
        self._tasks = [
            *(asyncio.create_task(self._send_all(lane), name=f"link sender, {lane.value}") for lane in Lane),
            asyncio.create_task(self._beat(), name="link heartbeats"),
        ]

    async def stop(self) -> None:
        """Close the connection; what was handed over until now is published if that is quick."""
        for queue in self._queues.values():
            queue.close()
        tasks, self._tasks = self._tasks, []
        if tasks:
            self._closing = True
            for queue in self._queues.values():
                queue.wake.set()
            # The library may swallow a cancellation, so the tasks also end by themselves.
            await asyncio.wait(tasks[: len(Lane)], timeout=PUBLISH_S_MAX)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=PUBLISH_S_MAX)
        client, self._client = self._client, None
        if client is not None:
            await _close(client)
        for queue in self._queues.values():
            queue.clear()

    # --- the connection ---

    async def _connected_client(self) -> Client:
        assert self._loop is not None, "it is started"
        client = Client()
        try:
            await _within(self._connect(client), CONNECT_S_MAX)
        except Exception as error:
            await _close(client)
            raise LinkError(f"the links' server does not take our connection: {_text_of(error)}") from error
        self._now_connected()
        return client

    async def _connect(self, client: Client) -> None:
        await client.connect(
            f"tls://{LOOPBACK}:{self._port}",
            name=f"{self._party} node",
            tls=self._context,
            tls_handshake_first=True,
            nkeys_seed_str=self._seed,
            error_cb=self._failed,
            disconnected_cb=self._disconnected,
            reconnected_cb=self._reconnected,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            # The library declares whole seconds, and sleeps for what it is given.
            reconnect_time_wait=_RECONNECT_S,  # type: ignore[arg-type]
            ping_interval=_PING_S,
            max_outstanding_pings=_PINGS_MAX,
            pending_size=PENDING_BYTES_MAX,
            # Without it, a publish that waits for room while the connection breaks waits for ever.
            flush_timeout=PUBLISH_S_MAX,
        )
        for peer in sorted(self._peers):
            await self._subscribe(client, peer)
        await client.flush()

    async def _subscribe(self, client: Client, peer: str) -> None:
        async def payload(message: Msg) -> None:
            self._hear(peer)
            if len(message.data) > ENVELOPE_BYTES_MAX:
                self._refusals.say(f"`{peer}` sends more than {ENVELOPE_BYTES_MAX} bytes at once: not read")
            else:
                self._receive(message.data)

        async def heartbeat(_: Msg) -> None:
            self._hear(peer)

        for kind, take in (*((suffix, payload) for suffix in _SUFFIXES.values()), ("h", heartbeat)):
            await client.subscribe(
                f"x.{peer}.{self._party}.{kind}",
                cb=take,
                pending_msgs_limit=ARRIVED_PAYLOADS_MAX,
                pending_bytes_limit=2 * QUEUE_BYTES_MAX,
            )

    def _now_connected(self) -> None:
        assert self._loop is not None, "it is started"
        self._connected_s = self._loop.time()
        # Whatever partners sent meanwhile is lost, however short the while was.
        self._away = set(self._peers)
        for queue in self._queues.values():
            queue.open()

    async def _failed(self, error: Exception) -> None:
        """What the library reports of this connection."""
        if isinstance(error, nats.errors.SlowConsumerError):
            self._refusals.say(
                "more arrives on the links than is taken: the rest is dropped, and is sent again"
            )
        else:
            self._events.say(f"the connection with the links' server: {_text_of(error)}")

    async def _disconnected(self) -> None:
        for queue in self._queues.values():
            queue.close()
        if not self._closing:
            self._events.say("the connection with the links' server is gone: it is made again")

    async def _reconnected(self) -> None:
        self._now_connected()
        self._events.say("the connection with the links' server is made again")

    # --- sending ---

    async def _send_all(self, lane: Lane) -> None:
        queue = self._queues[lane]
        while True:
            await queue.wake.wait()
            queue.wake.clear()
            while (first := queue.first()) is not None:
                recipient, payload = first
                if lane is Lane.BULK:
                    await self._written()
                if not await self._publish(f"x.{self._party}.{recipient}.{_SUFFIXES[lane]}", payload):
                    self.dropped[recipient] += 1
                queue.drop_first()
            if self._closing:
                return

    async def _written(self) -> None:
        """Return when little waits to be written to the connection, so that the live lane need not."""
        client = self._client
        if client is None or not client.is_connected or client.pending_data_size <= BULK_UNWRITTEN_BYTES_MAX:
            return
        try:
            async with asyncio.timeout(PUBLISH_S_MAX):
                await client.flush()
        except Exception as error:  # noqa: BLE001 - as in `_publish`
            self._events.say(f"the bulk lane waits: {_text_of(error)}")

    async def _publish(self, subject: str, payload: bytes) -> bool:
        """Whether a payload was given to the library while it had a connection."""
        client = self._client
        if client is None or not client.is_connected:
            return False
        try:
            async with asyncio.timeout(PUBLISH_S_MAX):
                await client.publish(subject, payload)
        except Exception as error:  # noqa: BLE001 - see below
            # A connection that ends just now makes the library and asyncio raise whatever they ran into, an
            # AttributeError among others. The payload is lost, as any may be, and sending must go on.
            self._events.say(f"a payload was not published: {_text_of(error)}")
            return False
        return True

    # --- heartbeats and what keeps the connection ---

    async def _beat(self) -> None:
        assert self._loop is not None, "it is started"
        while not self._closing:
            if self.is_connected:
                self._connected_s = self._loop.time()
                for peer in sorted(self._peers):
                    await self._publish(f"x.{self._party}.{peer}.h", b"")
            elif self._is_stuck():
                await self._replace_client()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._prompted.wait()
            self._prompted.clear()

    def _is_stuck(self) -> bool:
        assert self._loop is not None, "it is started"
        closed = self._client is None or self._client.is_closed
        return closed or self._loop.time() > self._connected_s + STUCK_S

    async def _replace_client(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await _close(client)
        try:
            self._client = await self._connected_client()
        except LinkError as error:
            self._events.say(str(error))

    def _hear(self, peer: str) -> None:
        assert self._loop is not None, "it is started"
        now_s, before_s = self._loop.time(), self._heard_s.get(peer)
        self._heard_s[peer] = now_s
        if peer in self._away or before_s is None or now_s > before_s + SILENT_S:
            self._away.discard(peer)
            # It may not have heard us yet, and need not wait for it.
            self._prompted.set()
            self._on_reachable(peer)


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
        raise UsageError(f"the link identity in `{folder}` cannot be used: {_text_of(error)}") from error
    return context


async def _within(work: Coroutine[Any, Any, None], s_max: float) -> None:
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
            await asyncio.wait({task}, timeout=_RECONNECT_S)
        if task.done() and not task.cancelled():
            task.exception()


async def _close(client: Client) -> None:
    """Close a client for good. Nothing is raised: a broken connection need not close in order."""
    # In a task of its own, because the library lets through a cancellation of what it waits for.
    closing = asyncio.create_task(client.close(), name="link client closing")
    await asyncio.wait({closing}, timeout=PUBLISH_S_MAX)
    closing.cancel()
    await asyncio.wait({closing}, timeout=PUBLISH_S_MAX)
    if closing.done() and not closing.cancelled():
        closing.exception()


def _text_of(error: Exception) -> str:
    return printable(" ".join(str(error).split()).removeprefix("nats: ") or type(error).__name__)


def _worth_saying(record: logging.LogRecord) -> bool:
    """False for what asyncio says whenever this library closes a TLS connection: nothing follows of it."""
    return "eof_received() has no effect" not in str(record.msg)


def _nothing(_: object) -> None:
    """Nobody wants to know."""
