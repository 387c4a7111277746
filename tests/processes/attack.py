"""A fleet under attack: what somebody can do who holds a partner's keys, or none."""

import asyncio
import base64
import json
import os
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import nkeys
from nats.aio.client import Client
from tests.processes.exercise import until
from tests.small_federation import PAD_DEG, region

from trilat.cli.fleet import LOOPBACK, Fleet
from trilat.domains import place_of
from trilat.link import LinkIdentity, NodeKeys, Parcel, Sealer, direct_way, sign_label
from trilat.link.connecting import link_context
from trilat.link.identity import CERTIFICATE_FILE, KEY_FILE, LEAF_NKEY_FILE
from trilat.link.server_log import REPEAT_AFTER_S
from trilat.link.subjects import lane_subject
from trilat.model import (
    Classification,
    Domain,
    Event,
    EventKind,
    Label,
    Lane,
    Provenance,
    Release,
    Status,
    decode,
    encode,
)
from trilat.node import NodeFolder
from trilat.policy import ReleaseRequest, decide, degrade

_T = TypeVar("_T")
LINE_CHARACTERS_MAX: Final = 400


@dataclass
class Attack:
    """A fleet under attack, on an event loop of its own that outlives the single tests."""

    fleet: Fleet
    start_ns: int
    loop: asyncio.AbstractEventLoop
    folders: dict[str, NodeFolder]
    attacker: Client | None = None
    sent: int = 0

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)

    async def state(self, party: str = "JPN") -> dict[str, Any]:
        return await self.fleet.state(party)

    async def send(self, payload: bytes) -> None:
        """Publish on the link from USA to JPN, as USA's node would."""
        if self.attacker is None or not self.attacker.is_connected:
            self.attacker = await self.client("USA")
        await self.attacker.publish(self.subject("USA", "JPN"), payload)
        await self.attacker.flush()

    def subject(self, sender: str, recipient: str) -> str:
        """The subject of what one party sends to another; known to the two alone."""
        folder = self.folders[sender]
        way = direct_way(folder.identity, folder.cards[recipient])
        return lane_subject(way.out, Lane.LIVE)

    async def client(self, party: str, **changes: Any) -> Client:
        """A client of a party's server, with the party's own keys but for `changes`."""
        folder = self.folders[party]
        state = await self.fleet.state(party)
        client = Client()
        given: dict[str, Any] = {
            "tls": link_context(folder.identity_path),
            "tls_handshake_first": True,
            "nkeys_seed_str": folder.identity.app_seed,
            "allow_reconnect": False,
            "error_cb": _ignore,
            **changes,
        }
        try:
            await client.connect(f"tls://{LOOPBACK}:{state['server_port']}", **given)
        except BaseException:
            # The library leaves open what the server refused.
            with suppress(Exception):
                await client.close()
            raise
        return client

    @property
    def leaf_port(self) -> int:
        """Where USA's server listens for partners' servers; the others dial it."""
        return int(self.folders["USA"].settings.link.leaf_listen.rpartition(":")[2])

    def refused_at(self, party: str, act: Callable[[], Awaitable[Any]], words: str) -> str:
        """The one line about an act in a node's /status; the node is as well as before."""

        async def said(before: int) -> list[str]:
            state = await self.state(party)
            fresh = state["refusals"] - before
            return [line for line in state["last_refusals"][-fresh:] if words in line] if fresh else []

        async def acted() -> list[str]:
            before = (await self.state(party))["refusals"]
            await act()
            with suppress(AssertionError):
                await until("a refusal", lambda: said(before), within_s=REPEAT_AFTER_S + 1.0)
                return await said(before)
            # The same line was said shortly before, by a test that was tried twice: it may be said again now.
            await act()
            await until("a refusal", lambda: said(before))
            return await said(before)

        lines = self.run(acted())
        assert len(lines) == 1, lines
        assert is_clear(lines[0])
        self.is_well(party)
        return lines[0]

    def is_well(self, party: str = "JPN") -> None:
        """The node answers that it can do its work, and its link stands."""
        answer = self.run(self.fleet.ask(party, "staff", "GET", "/health"))
        assert (answer.status_code, answer.json()["ok"]) == (200, True)

    def parcel(self) -> Parcel:
        """A release of USA's to JPN that is right in every respect, of a new item each time."""
        self.sent += 1
        usa = self.folders["USA"]
        at_ns = self.start_ns + usa.settings.clock.decision_shift_ns
        event = Event(
            item_id=f"USA-seen-{self.sent}",
            subject=f"USA-seen-{self.sent}",
            domain=Domain.MISSILE,
            status=Status.SIMULATED,
            valid_ns=self.start_ns,
            label=Label(
                originator="USA",
                classification=Classification(scheme="USA", level="CONFIDENTIAL"),
                releasable_to=("JPN", "OBS"),
                created_ns=at_ns,
            ),
            provenance=Provenance(originators=("USA",)),
            event=EventKind.LAUNCH,
            time_sigma_ms=500,
            place=place_of(*PAD_DEG),
            region=region(),
        )
        request = ReleaseRequest(sender="USA", recipient="JPN", purpose=usa.settings.purpose, at_ns=at_ns)
        release = degrade(event, decide(event, request, usa.agreements))
        return Parcel(release=encode(release), marking=sign_label(usa.keys, event), consents=())

    def sealed(self, keys: NodeKeys | None = None, recipient: str = "JPN") -> bytes:
        """A sound envelope from USA to JPN in a stream of its own."""
        usa = self.folders["USA"]
        pins = {"JPN": self.folders["JPN"].keys.pin, "KOR": self.folders["KOR"].keys.pin}
        sealer = Sealer(keys or usa.keys, pins[recipient], os.urandom(12).hex(), os.urandom)
        parcel = self.parcel()
        if recipient != "JPN" or keys is not None:
            sender = "USA" if keys is None else keys.party
            release = msgspec.structs.replace(
                decode(parcel.release, Release), sender=sender, recipient=recipient
            )
            parcel = msgspec.structs.replace(parcel, release=encode(release))
        return sealer.seal(1, [parcel])


async def _ignore(_: Exception) -> None:
    """A hostile client's errors are its own."""


def is_clear(line: str) -> bool:
    """Whether a line is one for people."""
    return line.isprintable() and 10 < len(line) < LINE_CHARACTERS_MAX and "Traceback" not in line


@dataclass
class Stranger:
    """Somebody with an identity of his own making, in USA's name."""

    identity: LinkIdentity
    folder: Path

    def context(self, shown: Path) -> ssl.SSLContext:
        """TLS that shows the certificate in a folder, and believes whoever it is shown."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(shown / CERTIFICATE_FILE, shown / KEY_FILE)
        return context


def spoken(port: int, context: ssl.SSLContext | None, *words: Callable[[bytes], bytes]) -> None:
    """Say words to a port, each after what was heard so far, until it closes the connection."""
    with suppress(OSError), socket.create_connection((LOOPBACK, port), 10) as bare:
        wire = bare if context is None else context.wrap_socket(bare, server_hostname=LOOPBACK)
        with wire:
            heard = b""
            for word_ in words:
                wire.sendall(word_(heard))
                heard = wire.recv(4_096)
            while wire.recv(4_096):
                pass


def connecting(seed: str) -> tuple[Callable[[bytes], bytes], ...]:
    """What a partner's server says to be let in, under an NKey."""

    def connect(heard: bytes) -> bytes:
        found = re.search(rb'"nonce":"([^"]*)"', heard)
        assert found is not None, heard
        pair = nkeys.from_seed(seed.encode())
        said = {
            "nkey": pair.public_key.decode(),
            "sig": base64.urlsafe_b64encode(pair.sign(found[1])).decode().rstrip("="),
            "name": "KOR",
            "version": "2.15.1",
        }
        return b"CONNECT " + json.dumps(said).encode() + b"\r\nPING\r\n"

    return (lambda _: b"", connect)


def leaf_seed(folder: Path) -> str:
    """The secret NKey that a party's server shows to servers that it dials."""
    return (folder / LEAF_NKEY_FILE).read_text(encoding="utf-8").split('"')[1]
