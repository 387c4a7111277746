"""`run_node`: everything of one node in one process, joined: ledger, links, worker, HTTP interface."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import structlog
from starlette.applications import Starlette

from trilat import __version__
from trilat.cli.linking import HubGuard, outside_nats, server_settings, ways_of
from trilat.ledger import Entry, EntryKind
from trilat.link import LinkHealth, NatsServer, NatsTransport
from trilat.model import Lane, encode
from trilat.node import (
    ADDRESS_FILE,
    ManualClock,
    Node,
    NodeFolder,
    NodeService,
    PacedClock,
    SystemClock,
    host_and_port,
    quiet_collector,
    refuse_old_keys,
    restore,
    storage_of,
    trust_contents,
    use_agreements,
)
from trilat.web import LOOPBACK_HOSTS, Access, PageFiles, People, Provider, node_app, serve

SWITCH_S: Final = 0.0005
"""The node's thread and the loop of links and page give way to each other this often, and not every 5 ms: a
message waits for the interpreter on both sides of a link.
"""


class _Hop:
    """The node's transport: what arrives goes to the node's thread; sending may be done from there."""

    def __init__(self, transport: NatsTransport) -> None:
        self.service: NodeService | None = None
        self._transport = transport

    def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
        """Hand bytes over for a recipient; LinkError as of the transport."""
        self._transport.send(recipient, payload, lane)

    def listen(self, receive: Callable[[bytes], None]) -> None:
        """Hand what arrives to the service, whose thread gives it to the endpoint, several together."""
        del receive

        def arrived(payload: bytes) -> None:
            if self.service is not None:
                self.service.arrived(payload)

        self._transport.listen(arrived)


async def run_node(folder: NodeFolder, *, until_input_ends: bool) -> None:
    """Run a node until it is told to end; returns when everything of it has stopped.

    Raises:
        LedgerError: the ledger is damaged, or in use.
        LinkError: the links' server does not start.
        UsageError: an address cannot be had, or the NATS server is missing or too old.
    """
    configure_log()
    async with AsyncExitStack() as stack:
        ended = await stack.enter_async_context(interrupted(until_input_ends=until_input_ends))
        service = await begin_node(folder, stack)
        quiet_collector()
        settings = folder.settings
        host, port = host_and_port(settings.web.listen, "web.listen")
        app = _application(folder, service)
        served = await serve(app, host, port, allow_remote=settings.web.allow_remote)
        stack.push_async_callback(served.stop)
        folder.leave(ADDRESS_FILE, json.dumps({"web": served.address, "pid": os.getpid()}))
        # Whoever has the address next is not to be asked with our tokens.
        stack.callback(folder.take_back, ADDRESS_FILE)
        structlog.get_logger("trilat.node").info("running", party=settings.party, address=served.address)
        await ended.wait()


def _application(folder: NodeFolder, service: NodeService) -> Starlette:
    """The HTTP interface with its accounts, and with the party's identity provider where there is one."""
    web, said = folder.settings.web, folder.settings.access
    people = People(
        lambda: service.node.accounts.known,
        idle_s=said.idle_s,
        session_s=said.session_s,
        per_s=said.requests_per_s,
    )
    page = PageFiles.built()
    access = Access(
        folder.secrets.tokens,
        hosts=(*LOOPBACK_HOSTS, *web.hosts),
        same_origin=True,
        people=people,
        open_paths=page.paths,
    )
    provider = None
    if said.issuer:
        provider = Provider(
            issuer=said.issuer,
            client_id=said.client_id,
            client_secret=folder.oidc_secret(),
            back=said.back,
            claim=said.claim,
        )
    return node_app(service, access, provider=provider, secure=said.back.startswith("https:"), page=page)


async def begin_node(folder: NodeFolder, stack: AsyncExitStack) -> NodeService:
    """The node's service, at work over its ledger and its links; the stack ends it all in good order."""
    sys.setswitchinterval(SWITCH_S)
    wall = SystemClock()
    time = PacedClock(folder.pace())
    clock = ManualClock(min(time.now_ns(), wall.now_ns()))
    ledger = folder.open_ledger(clock, os.urandom)
    stack.callback(ledger.close)
    settings, outside = server_settings(folder), outside_nats(folder)
    events = structlog.get_logger("trilat.link").bind(party=folder.settings.party)
    handed = _Handed()
    transport = NatsTransport(
        folder.identity,
        folder.identity_path,
        ways_of(settings),
        on_refusal=handed.refused,
        on_event=events.info,
        on_reachable=handed.reachable,
        outside=outside,
        wall_ns=wall.now_ns,
    )
    hop = _Hop(transport)
    node = folder.node(clock, ledger, hop, link_clock=wall)
    transport.may_relay = HubGuard(folder.settings.party, lambda: node.agreements)
    last_ns = _restored(node)
    node.trusting.reload = folder.read_keys
    refuse_old_keys(folder)
    clock.advance_to(max(clock.now_ns(), last_ns))
    _record_start(node, folder)
    service = NodeService(node, clock, time, wall.now_ns)
    service.eager = folder.settings.clock.kind == "system"
    service.refuse_pace = folder.refuse_unpaced
    service.on_pace = folder.keep_pace
    hop.service = handed.service = service
    server = NatsServer(
        settings,
        on_refusal=handed.refused,
        on_event=events.info,
        binary=Path(folder.settings.link.server) if folder.settings.link.server else None,
    )
    held = None if outside is not None else server
    service.links = LinkHealth(transport, held, settings, folder.identity.card(folder.keys.pin).fingerprint)
    service.storage = lambda: storage_of(folder)
    service.about = lambda: {
        "server_pid": server.process_id,
        "server_port": server.client_port,
        "server_restarts": server.restarts,
    }
    if outside is None:
        await server.start()
        stack.push_async_callback(server.stop)
    await transport.start(server.client_port)
    stack.push_async_callback(transport.stop)
    service.start()
    stack.push_async_callback(service.stop)
    return service


class _Handed:
    """Hands on to the service, which comes after the links are made."""

    def __init__(self) -> None:
        self.service: NodeService | None = None

    def refused(self, text: str) -> None:
        if self.service is not None:
            self.service.refused(text)

    def reachable(self, peer: str) -> None:
        if self.service is not None:
            self.service.reachable(peer)


def _restored(node: Node) -> int:
    """Continue a node from its ledger; returns the instant of its last entry, UTC ns."""
    last = [0]

    def note(recorded_ns: int) -> None:
        last[0] = max(last[0], recorded_ns)

    restore(node, note)
    return last[0]


def _record_start(node: Node, folder: NodeFolder) -> None:
    """Write that the node begins, and every agreement and pin that the ledger does not have yet. What waits
    was decided without such an agreement, and is decided anew.
    """
    known = {
        (stored.kind, stored.content)
        for stored in node.ledger.entries(kinds={EntryKind.AGREEMENT, EntryKind.TRUST})
    }
    held = [
        *((EntryKind.AGREEMENT, encode(agreement)) for agreement in folder.agreements.files.values()),
        *((EntryKind.TRUST, content) for content in trust_contents(folder)),
    ]
    start = json.dumps({"version": __version__, "settings": folder.path.name}).encode()
    entries = [Entry(kind=kind, content=content) for kind, content in held if (kind, content) not in known]
    node.ledger.append([Entry(kind=EntryKind.START, content=start), *entries])
    if any(entry.kind is EntryKind.AGREEMENT for entry in entries):
        use_agreements(node, node.agreements)


@asynccontextmanager
async def interrupted(*, until_input_ends: bool = False) -> AsyncIterator[asyncio.Event]:
    """An event that is set when the user or the system asks this process to end.

    Args:
        until_input_ends: whether the end of standard input asks for it too: it ends with whoever started it.
    """
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, event.set)
    if until_input_ends:
        loop.add_reader(sys.stdin.fileno(), _read_input, loop, event)
    try:
        yield event
    finally:
        if until_input_ends:
            loop.remove_reader(sys.stdin.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _read_input(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4_096):
        loop.remove_reader(sys.stdin.fileno())
        event.set()


def configure_log(least: int = logging.INFO) -> None:
    """What a running process says, from a level on: one line an event, on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(
                key_order=["timestamp", "level", "event"], bool_as_flag=False
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
