"""`NatsTransport`: a node's end of its links over a NATS server; a `trilat.model.Transport`.

The server is the node's own, or an outside one that the node is told of (`OutsideNats`). Payloads show
themselves who sent them; heartbeats are a hint, nothing is believed for them. Subjects: `subjects`.

Rules
1. `send` never blocks and may be called from any thread. It hands over to one task for each lane, which
   publishes in order. What cannot go now (no connection, too much waiting) is dropped and counted: the
   streams send it again. The bulk lane waits while the connection has bytes to write; the live lane does not.
2. What arrives is handed to the listener on the loop's thread. What is longer than any envelope is refused.
3. A partner is *up* while something of it was heard lately, by whichever way. When it is heard again after a
   silence, or after our own connection was gone, `on_reachable` is called once, so that streams need not wait
   for their time. A payload goes by the first way that is up, in the order in which the ways were given.
4. The connection to the own server is made again for as long as the transport is started. A client that
   stays without one, or that its library has given up, is replaced by a new one.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from trilat.link.connecting import (
    PUBLISH_S_MAX,
    RECONNECT_S,
    OutsideNats,
    close_client,
    outside_server,
    own_server,
    text_of,
    within,
)
from trilat.link.heartbeat import Beats, Measured
from trilat.link.identity import LinkIdentity, party_code
from trilat.link.lane_queue import QUEUE_BYTES_MAX, LaneQueue
from trilat.link.server_config import PENDING_BYTES_MAX
from trilat.link.server_log import Repeats
from trilat.link.subjects import Way, heartbeat_subject, lane_subject
from trilat.model import ENVELOPE_BYTES_MAX, Lane, LinkError, UsageError

HEARTBEAT_S: Final = 0.25
SEEKING_S: Final = 0.1
"""While nothing comes by a way, heartbeats go more often: whoever is back hears at once that we are there."""

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

AGAIN_SUBSCRIBED_S: Final = 2.0
"""While nothing comes by a way, its subjects are subscribed to again so often: a server on it that took other
accounts meanwhile counts only what was subscribed to after that.
"""

_PING_S: Final = 2
_CLOSED: Final = (ConnectionResetError, BrokenPipeError, nats.errors.UnexpectedEOF)
_PINGS_MAX: Final = 2

OnPayload = Callable[[bytes], None]


class NatsTransport:
    """Sends to and hears from linked partners. Started and stopped on one event loop."""

    def __init__(
        self,
        identity: LinkIdentity,
        identity_folder: Path,
        ways: Mapping[str, Sequence[Way]],
        *,
        on_refusal: Callable[[str], None],
        on_event: Callable[[str], None] | None = None,
        on_reachable: Callable[[str], None] | None = None,
        outside: OutsideNats | None = None,
        wall_ns: Callable[[], int] | None = None,
    ) -> None:
        """A transport without a connection yet.

        Args:
            identity: the party's.
            identity_folder: where it was written.
            ways: to each linked partner, by its code; the first that is up is used.
            on_refusal: is told in one line what was refused.
            on_event: is told in one line what happens to the connection with the own server.
            on_reachable: is told which partner is heard again. All three are called on the loop's thread.
            outside: the NATS that is used instead of an own server.
            wall_ns: the machine's clock, UTC ns, to measure links with; None measures nothing.

        Raises:
            UsageError: a partner is no party, is the party itself, or has no way.
        """
        self._party = identity.party
        self._ways = {party_code(peer): tuple(ways[peer]) for peer in sorted(ways)}
        if self._party in self._ways:
            raise UsageError(f"`{self._party}` has no link with itself: leave it out")
        for peer, ways_there in self._ways.items():
            if not ways_there:
                raise UsageError(f"`{self._party}` has no way to `{peer}`: link them, or leave it out")
        self._seed = identity.app_seed
        self._folder = identity_folder
        self._outside = outside
        self._wall_ns = wall_ns if wall_ns is not None else _no_clock
        self._on_refusal = on_refusal
        self._on_event = on_event if on_event is not None else _nothing
        self._on_reachable = on_reachable if on_reachable is not None else _nothing
        self._receive: OnPayload = _nothing
        self._port = 0
        self._client: Client | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._heard_s: dict[str, float] = {}
        self._heard_by_s: dict[str, float] = {}
        self._beats = {way.back: Beats() for there in self._ways.values() for way in there}
        """By the word that comes back on a way."""
        self._subscriptions: dict[str, list[Subscription]] = {}
        self._subscribed_s = 0.0
        self._failure = ""
        self._away: set[str] = set()
        self._connected_s = 0.0
        self._queues = {lane: LaneQueue() for lane in Lane}
        self.may_relay: Callable[[str], bool] = _anybody
        """Whether a partner may be reached through a hub; asked for each payload, on the loop's thread."""

        self.dropped: Counter[str] = Counter()
        """How many payloads to each partner were dropped before they were published."""

    def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
        """Hand a payload over for a partner, from any thread; see rule 1.

        Raises:
            LinkError: there is no link with the recipient, or the payload is longer than an envelope may be.
        """
        if recipient not in self._ways:
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

    def way_to(self, peer: str) -> Way | None:
        """The way by which a payload to a partner goes now; None where none may be used. From any thread."""
        ways = [way for way in self._ways[peer] if not way.hub or self.may_relay(peer)]
        return next((way for way in ways if self.is_way_up(way)), ways[0] if ways else None)

    def is_way_up(self, way: Way) -> bool:
        """Whether the partner was heard lately by this way. From any thread."""
        heard_s = self._heard_by_s.get(way.back)
        return heard_s is not None and self._loop is not None and self._loop.time() <= heard_s + UP_S

    def heard_at_s(self, way: Way) -> float:
        """When the partner was last heard by a way, by the loop's clock; 0 if never. From any thread."""
        return self._heard_by_s.get(way.back, 0.0)

    def now_s(self) -> float:
        """The loop's clock, seconds; 0 before the start. From any thread."""
        return 0.0 if self._loop is None else self._loop.time()

    def measured(self, way: Way) -> Measured | None:
        """Round trip and clocks as the last heartbeats by a way tell; None before. From any thread."""
        return self._beats[way.back].measured

    def ways_to(self, peer: str) -> tuple[Way, ...]:
        """All ways to a partner; none where it is not linked."""
        return self._ways.get(peer, ())

    @property
    def failure(self) -> str:
        """What went wrong last with the connection to the server, in one line; empty where nothing did."""
        return self._failure

    @property
    def waiting(self) -> int:
        """How many payloads were handed over and are not published yet. From any thread."""
        return sum(len(queue) for queue in self._queues.values())

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection with the server."""
        return self._client is not None and self._client.is_connected

    async def start(self, client_port: int = 0) -> None:
        """Connect to the own server, which listens on this port, or to the outside one, and begin.

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
        self._server()
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
            await close_client(client)
        for queue in self._queues.values():
            queue.clear()

    # --- the connection ---

    async def _connected_client(self) -> Client:
        assert self._loop is not None, "it is started"
        client = Client()
        self._subscriptions.clear()
        self._failure = ""
        try:
            await within(self._connect(client), CONNECT_S_MAX)
        except Exception as error:
            await close_client(client)
            # The library tries again until the time is over, and says only meanwhile what it ran into.
            why = self._failure if isinstance(error, TimeoutError) and self._failure else text_of(error)
            raise LinkError(f"the links' server does not take our connection: {why}") from error
        self._now_connected()
        return client

    def _server(self) -> dict[str, Any]:
        if self._outside is not None:
            return outside_server(self._outside, self._folder)
        return own_server(self._port, self._folder, self._seed)

    async def _connect(self, client: Client) -> None:
        await client.connect(
            **self._server(),
            # A server writes it into its log: it says nothing of whose it is.
            name="trilat node",
            error_cb=self._failed,
            disconnected_cb=self._disconnected,
            reconnected_cb=self._reconnected,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            # The library declares whole seconds, and sleeps for what it is given.
            reconnect_time_wait=RECONNECT_S,  # type: ignore[arg-type]
            ping_interval=_PING_S,
            max_outstanding_pings=_PINGS_MAX,
            pending_size=PENDING_BYTES_MAX,
            # Without it, a publish that waits for room while the connection breaks waits for ever.
            flush_timeout=PUBLISH_S_MAX,
        )
        for peer, ways in self._ways.items():
            for way in ways:
                await self._subscribe(client, peer, way)
        self._subscribed_s = asyncio.get_running_loop().time()
        await client.flush()

    async def _subscribe_again(self) -> None:
        """Subscribe anew to what comes by ways that are silent."""
        client, now_s = self._client, asyncio.get_running_loop().time()
        if client is None or now_s < self._subscribed_s + AGAIN_SUBSCRIBED_S:
            return
        self._subscribed_s = now_s
        for peer, ways in self._ways.items():
            for way in ways:
                if self.is_way_up(way):
                    continue
                try:
                    async with asyncio.timeout(PUBLISH_S_MAX):
                        for subscription in self._subscriptions.pop(way.back, ()):
                            await subscription.unsubscribe()
                        await self._subscribe(client, peer, way)
                except Exception as error:  # noqa: BLE001 - as in `_publish`
                    self._events.say(f"subjects were not subscribed to: {text_of(error)}")

    async def _subscribe(self, client: Client, peer: str, way: Way) -> None:
        async def payload(message: Msg) -> None:
            self._hear(peer, way)
            if len(message.data) > ENVELOPE_BYTES_MAX:
                self._refusals.say(f"`{peer}` sends more than {ENVELOPE_BYTES_MAX} bytes at once: not read")
            else:
                self._receive(message.data)

        async def heartbeat(message: Msg) -> None:
            if self._beats[way.back].take(message.data, self._wall_ns()):
                # As after a silence: what came between is lost, or comes by another way.
                self._away.add(peer)
            self._hear(peer, way)

        taken = {lane_subject(way.back, lane): payload for lane in Lane}
        for subject, take in (taken | {heartbeat_subject(way.back): heartbeat}).items():
            # One subscription for each, so that what waits on one is not in the way of another.
            subscription = await client.subscribe(
                subject,
                cb=take,
                pending_msgs_limit=ARRIVED_PAYLOADS_MAX,
                pending_bytes_limit=2 * QUEUE_BYTES_MAX,
            )
            self._subscriptions.setdefault(way.back, []).append(subscription)

    def _now_connected(self) -> None:
        assert self._loop is not None, "it is started"
        self._connected_s, self._failure = self._loop.time(), ""
        # Whatever partners sent meanwhile is lost, however short the while was.
        self._away = set(self._ways)
        for queue in self._queues.values():
            queue.open()

    async def _failed(self, error: Exception) -> None:
        """What the library reports of this connection."""
        if isinstance(error, nats.errors.SlowConsumerError):
            self._refusals.say(
                "more arrives on the links than is taken: the rest is dropped, and is sent again"
            )
        else:
            self._events.say(f"the connection with the links' server: {text_of(error)}")
            # A server that refuses us may close before we have read why: then an earlier attempt says more.
            if not (self._failure and isinstance(error, _CLOSED)):
                self._failure = text_of(error)

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
                way = self.way_to(recipient)
                if way is None:
                    self._refusals.say(f"an agreement with `{recipient}` allows no relay: nothing is sent")
                if way is None or not await self._publish(lane_subject(way.out, lane), payload):
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
            self._events.say(f"the bulk lane waits: {text_of(error)}")

    async def _publish(self, subject: str, payload: bytes) -> bool:
        """Whether a payload was given to the library while it had a connection."""
        client = self._client
        if client is None or not client.is_connected:
            return False
        try:
            if client.pending_data_size + len(payload) < PENDING_BYTES_MAX // 2:
                # The library waits only where it is told to keep no more, and a limit in time costs more.
                await client.publish(subject, payload)
            else:
                async with asyncio.timeout(PUBLISH_S_MAX):
                    await client.publish(subject, payload)
        except Exception as error:  # noqa: BLE001 - see below
            # A connection that ends just now makes the library and asyncio raise whatever they ran into, an
            # AttributeError among others. The payload is lost, as any may be, and sending must go on.
            self._events.say(f"a payload was not published: {text_of(error)}")
            return False
        return True

    # --- heartbeats and what keeps the connection ---

    async def _beat(self) -> None:
        assert self._loop is not None, "it is started"
        while not self._closing:
            if self.is_connected:
                self._connected_s = self._loop.time()
                for way in (way for ways in self._ways.values() for way in ways):
                    beat = self._beats[way.back].next(self._wall_ns())
                    await self._publish(heartbeat_subject(way.out), beat)
                await self._subscribe_again()
            elif self._is_stuck():
                await self._replace_client()
            silent = any(not self.is_way_up(way) for ways in self._ways.values() for way in ways)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SEEKING_S if silent else HEARTBEAT_S):
                    await self._prompted.wait()
            self._prompted.clear()

    def _is_stuck(self) -> bool:
        assert self._loop is not None, "it is started"
        closed = self._client is None or self._client.is_closed
        return closed or self._loop.time() > self._connected_s + STUCK_S

    async def _replace_client(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await close_client(client)
        try:
            self._client = await self._connected_client()
        except LinkError as error:
            self._events.say(str(error))

    def _hear(self, peer: str, way: Way) -> None:
        assert self._loop is not None, "it is started"
        now_s, before_s = self._loop.time(), self._heard_s.get(peer)
        self._heard_s[peer] = self._heard_by_s[way.back] = now_s
        if peer in self._away or before_s is None or now_s > before_s + SILENT_S:
            self._away.discard(peer)
            # It may not have heard us yet, and need not wait for it.
            self._prompted.set()
            self._on_reachable(peer)


def _worth_saying(record: logging.LogRecord) -> bool:
    """False for what asyncio says whenever this library closes a TLS connection: nothing follows of it."""
    return "eof_received() has no effect" not in str(record.msg)


def _no_clock() -> int:
    """What a heartbeat says that tells no time."""
    return 0


def _anybody(_: str) -> bool:
    """No agreement is looked at."""
    return True


def _nothing(_: object) -> None:
    """Nobody wants to know."""
