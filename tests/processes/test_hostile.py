"""What a hostile partner or stranger sends to a running node: one clear line each, and the node stays up.

The partner holds all keys of USA's folder, so it speaks on USA's link, and by USA's name where it can sign.
"""

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import msgspec
import pytest
from nats.aio.client import Client
from tests.processes.exercise import exercise_of, until, yardstick_of
from tests.small_federation import PAD_DEG, region

from trilat.cli.fleet import LOOPBACK, Fleet
from trilat.domains import place_of
from trilat.ledger import EntryKind
from trilat.link import LinkIdentity, NodeKeys, Parcel, Sealer, sign_label
from trilat.link.identity import CERTIFICATE_FILE, KEY_FILE
from trilat.link.nats_transport import link_context
from trilat.model import (
    ENVELOPE_BYTES_MAX,
    SECOND_NS,
    Classification,
    Domain,
    Envelope,
    Event,
    EventKind,
    Label,
    Provenance,
    Release,
    Status,
    decode,
    encode,
    to_plain,
)
from trilat.node import NodeFolder, Pace, SystemClock, read_folder
from trilat.policy import ReleaseRequest, decide, degrade

_T = TypeVar("_T")
LINE_CHARACTERS_MAX: Final = 400
BODY_BYTES: Final = 5_000_000


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

    async def state(self) -> dict[str, Any]:
        return await self.fleet.state("JPN")

    async def send(self, payload: bytes) -> None:
        """Publish on the link from USA to JPN, as USA's node would."""
        if self.attacker is None or not self.attacker.is_connected:
            self.attacker = await self.client("USA")
        await self.attacker.publish("x.USA.JPN.e", payload)
        await self.attacker.flush()

    async def client(self, party: str, **changes: Any) -> Client:
        folder = self.folders[party]
        state = await self.fleet.state(party)
        client = Client()
        given: dict[str, Any] = {
            "tls": link_context(folder.identity_path),
            "tls_handshake_first": True,
            "nkeys_seed_str": folder.identity.app_seed,
            "allow_reconnect": False,
            **changes,
        }
        await client.connect(f"tls://{LOOPBACK}:{state['server_port']}", **given)
        return client

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


@pytest.fixture(scope="module")
def attack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attack]:
    """Three nodes whose clock stands a minute after the launch; USA's process speaks no more than it must."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yardstick = yardstick_of("two-stage-generic")
    exercise = exercise_of(yardstick, "separate-2009")

    async def begun() -> Attack:
        fleet = Fleet(tmp_path_factory.mktemp("hostile") / "fleet", exercise)
        fleet.make()
        await fleet.start()
        start_ns = exercise.start_ns + 60 * SECOND_NS
        pace = Pace(from_wall_ns=SystemClock().now_ns(), instant_ns=start_ns, speed=0.2)
        await fleet.set_pace(pace)
        folders = {party: read_folder(member.folder) for party, member in fleet.members.items()}
        made = Attack(fleet, start_ns, loop, folders)

        async def linked() -> bool:
            return bool((await made.state())["links"]["USA"]["up"])

        await until("the link", linked)
        return made

    made = asyncio.run_coroutine_threadsafe(begun(), loop).result(200)
    yield made
    if made.attacker is not None:
        made.run(made.attacker.close())
    made.run(made.fleet.close())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def changed(envelope: bytes, **fields: Any) -> bytes:
    """An envelope with other fields than were signed."""
    return encode(msgspec.structs.replace(decode(envelope, Envelope, ENVELOPE_BYTES_MAX), **fields))


def flipped(envelope: bytes) -> bytes:
    signature = decode(envelope, Envelope, ENVELOPE_BYTES_MAX).signature
    return changed(envelope, signature=signature[:-1] + bytes([signature[-1] ^ 1]))


def strangers(attack: Attack) -> bytes:
    return attack.sealed(NodeKeys.generate("PRK", os.urandom))


PAYLOADS: dict[str, tuple[Callable[[Attack], bytes], str]] = {
    "a wrong signature": (lambda attack: flipped(attack.sealed()), "signature"),
    "a stream that was not signed for": (
        lambda attack: changed(attack.sealed(), stream="another"),
        "the envelope's stream is not what `USA` signed",
    ),
    "an unknown party": (strangers, "no pin for `PRK`"),
    "a partner's name that it did not sign": (
        lambda attack: changed(attack.sealed(), sender="KOR"),
        "signature",
    ),
    "an envelope for another": (
        lambda attack: attack.sealed(recipient="KOR"),
        "the envelope is for `KOR`: this is `JPN`",
    ),
    "random bytes": (lambda _: bytes(range(256)) * 8, "envelope cannot be decoded"),
    "no bytes at all": (lambda _: b"", "envelope cannot be decoded"),
    "half an envelope": (lambda attack: attack.sealed()[:200], "envelope cannot be decoded"),
    "an envelope beyond the limit": (
        lambda _: b"\x00" * (ENVELOPE_BYTES_MAX + 1),
        f"`USA` sends more than {ENVELOPE_BYTES_MAX} bytes at once: not read",
    ),
    "a message that is signed by nobody": (lambda _: b"\xd2\x84" + os.urandom(64), "message"),
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_is_refused_in_one_line(attack: Attack, name: str) -> None:
    make, words = PAYLOADS[name]
    before = attack.run(attack.state())
    payload = make(attack)
    attack.run(attack.send(payload))

    async def said() -> list[str]:
        state = await attack.state()
        fresh = state["refusals"] - before["refusals"]
        return state["last_refusals"][-fresh:] if fresh else []

    lines: list[str] = attack.run(until("a refusal", said))
    about = [line for line in lines if words in line]
    assert len(about) == 1, lines
    assert "\n" not in about[0]
    assert len(about[0]) < LINE_CHARACTERS_MAX
    after = attack.run(attack.state())
    assert after["problem"] is None
    assert after["links"]["USA"]["received"] == before["links"]["USA"]["received"]


def test_an_envelope_that_comes_twice_counts_once_and_says_so(attack: Attack) -> None:
    before = attack.run(attack.state())["links"]["USA"]["received"]
    envelope = attack.sealed()
    attack.run(attack.send(envelope))

    async def came() -> bool:
        return bool((await attack.state())["links"]["USA"]["received"] == before + 1)

    attack.run(until("the good envelope", came))
    attack.run(attack.send(envelope))

    async def said() -> list[str]:
        lines = (await attack.state())["last_refusals"]
        return [line for line in lines if "sent again what was accepted" in line]

    attack.run(until("the line on the replay", said))
    assert attack.run(came())


def test_a_foreign_certificate_is_refused_in_one_line(attack: Attack, tmp_path: Path) -> None:
    foreign = LinkIdentity.generate("USA", (), SystemClock().now_ns(), os.urandom)
    foreign.write(tmp_path / "foreign")
    # It believes JPN's server, so that its own certificate is what is judged.
    context = link_context(attack.folders["JPN"].identity_path)
    context.load_cert_chain(tmp_path / "foreign" / CERTIFICATE_FILE, tmp_path / "foreign" / KEY_FILE)

    async def knock() -> None:
        with pytest.raises(Exception):  # noqa: B017, PT011 - how the library says it is not the subject
            await asyncio.wait_for(attack.client("JPN", tls=context, connect_timeout=3), 10)

    _refused_line(attack, knock, "certificate")


def test_an_unknown_key_is_refused_in_one_line(attack: Attack) -> None:
    stranger = LinkIdentity.generate("USA", (), SystemClock().now_ns(), os.urandom)

    async def knock() -> None:
        with pytest.raises(Exception):  # noqa: B017, PT011 - see above
            await asyncio.wait_for(
                attack.client("JPN", nkeys_seed_str=stranger.app_seed, connect_timeout=3), 10
            )

    _refused_line(attack, knock, "NKey")


def _refused_line(attack: Attack, knock: Callable[[], Coroutine[Any, Any, None]], word: str) -> None:
    before = attack.run(attack.state())["refusals"]
    attack.run(knock())

    async def said() -> list[str]:
        state = await attack.state()
        fresh = state["refusals"] - before
        return [line for line in state["last_refusals"][-fresh:] if word in line] if fresh else []

    lines: list[str] = attack.run(until("a refusal", said))
    assert all("\n" not in line and len(line) < LINE_CHARACTERS_MAX for line in lines)
    assert attack.run(attack.state())["problem"] is None


def test_plain_noise_at_the_links_port_changes_nothing(attack: Attack) -> None:
    port = attack.run(attack.state())["server_port"]
    with socket.create_connection((LOOPBACK, port), 5) as noise:
        noise.sendall(b"GET / HTTP/1.1\r\n\r\n")
    with socket.create_connection((LOOPBACK, port), 5) as plain, pytest.raises(ssl.SSLError):
        ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")
    assert attack.run(attack.state())["links"]["USA"]["up"]


REQUESTS: dict[str, tuple[str, str, dict[str, str], bytes, int]] = {
    "no token": ("GET", "/status", {"authorization": ""}, b"", 401),
    "a wrong token": ("GET", "/status", {"authorization": "Bearer " + "0" * 64}, b"", 401),
    "another node's token": ("GET", "/status", {"authorization": "KOR"}, b"", 401),
    "a page of another origin": ("GET", "/picture", {"origin": "http://evil.example"}, b"", 403),
    "a foreign host": ("GET", "/picture", {"host": "evil.example"}, b"", 421),
    "a body beyond the limit": ("POST", "/intake", {}, b"x" * BODY_BYTES, 413),
    "no JSON": ("POST", "/intake", {}, b"{", 400),
    "a clock set by the staff": ("PUT", "/clock", {}, b"{}", 403),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_refused_in_one_line(attack: Attack, name: str) -> None:
    method, path, headers, body, status = REQUESTS[name]
    member = attack.fleet.members["JPN"]
    role = "intake" if path == "/intake" else "staff"
    given = {"authorization": f"Bearer {member.tokens[role]}", "idempotency-key": "k", **headers}
    if given["authorization"] == "KOR":
        given["authorization"] = f"Bearer {attack.fleet.members['KOR'].tokens['staff']}"
    with httpx.Client(trust_env=False, timeout=20) as client:
        answer = client.request(method, f"{member.address}{path}", headers=given, content=body)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert "\n" not in answer.json()["error"]


def test_after_all_that_the_node_takes_good_reports_and_has_shown_no_key(attack: Attack) -> None:
    report = to_plain(
        Event(
            item_id="JPN-last",
            subject="JPN-last",
            domain=Domain.MISSILE,
            status=Status.SIMULATED,
            valid_ns=attack.start_ns,
            label=Label(
                originator="JPN",
                classification=Classification(scheme="JPN", level="HI"),
                created_ns=attack.start_ns,
            ),
            provenance=Provenance(originators=("JPN",)),
            event=EventKind.LAUNCH,
            time_sigma_ms=500,
        )
    )
    del report["label"], report["status"], report["provenance"]
    answer = attack.run(
        attack.fleet.ask(
            "JPN",
            "intake",
            "POST",
            "/intake",
            json={"reports": [report]},
            headers={"idempotency-key": "last"},
        )
    )
    assert answer.json() == {"accepted": 1, "refused": [], "repeated": False}
    for party, folder in attack.folders.items():
        process = attack.fleet.members[party].process
        assert process is not None
        log = process.log.read_text(encoding="utf-8")
        secrets = [
            *folder.secrets.tokens.values(),
            folder.secrets.ledger_key.hex(),
            folder.secrets.token_key.hex(),
            folder.identity.app_seed,
            folder.keys.private_bytes().hex(),
        ]
        assert not [secret[:6] for secret in secrets if secret in log]
        assert "Traceback" not in log
        kinds = {stored.kind for stored in _entries(folder)}
        assert kinds >= {EntryKind.START, EntryKind.AGREEMENT, EntryKind.TRUST}


def _entries(folder: NodeFolder) -> Iterator[Any]:
    ledger = folder.open_ledger(SystemClock(), os.urandom, read_only=True)
    try:
        yield from ledger.entries()
    finally:
        ledger.close()
