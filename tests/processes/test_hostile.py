"""What a hostile partner or stranger sends to a running node: one clear line each, and the node stays up.

The partner holds all keys of USA's folder, so it speaks on USA's link, and by USA's name where it can sign.
"""

import asyncio
import base64
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest
from nats.aio.msg import Msg
from tests.processes.attack import Attack, Stranger, connecting, is_clear, leaf_seed, spoken
from tests.processes.exercise import exercise_of, until, yardstick_of

from trilat.cli.fleet import LOOPBACK, Fleet
from trilat.ledger import EntryKind
from trilat.link import Acknowledgement, LinkIdentity, NodeKeys, Opener, Pull
from trilat.link.messages import open_message, sign_message
from trilat.link.pair import Pairs
from trilat.link.server_config import PAYLOAD_BYTES_MAX
from trilat.model import ENVELOPE_BYTES_MAX, SECOND_NS, Envelope, decode, encode
from trilat.node import Pace, SystemClock, read_folder

BODY_BYTES: Final = 5_000_000


@pytest.fixture(scope="module")
def attack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attack]:
    """Three nodes whose clock crawls, a minute after the launch; so USA itself has little to say."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yardstick = yardstick_of("two-stage-generic")
    exercise = exercise_of(yardstick, "separate-2009")

    fleet = Fleet(tmp_path_factory.mktemp("hostile") / "fleet", exercise)

    async def begun() -> Attack:
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

    try:
        made = asyncio.run_coroutine_threadsafe(begun(), loop).result(200)
        yield made
        if made.attacker is not None:
            made.run(made.attacker.close())
    finally:
        asyncio.run_coroutine_threadsafe(fleet.close(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


# --- what comes over a partner's link ---


def changed(envelope: bytes, **fields: Any) -> bytes:
    """An envelope with other fields than were signed."""
    return encode(msgspec.structs.replace(decode(envelope, Envelope, ENVELOPE_BYTES_MAX), **fields))


def flipped(envelope: bytes) -> bytes:
    batch = decode(envelope, Envelope, ENVELOPE_BYTES_MAX).batch
    return changed(envelope, batch=batch[:-1] + bytes([batch[-1] ^ 1]))


def strangers(attack: Attack) -> bytes:
    return attack.sealed(NodeKeys.generate("PRK", os.urandom))


def word(attack: Attack, *, keys: NodeKeys | None = None, **fields: Any) -> bytes:
    """A message from USA to JPN on a stream that JPN does not send."""
    message = Pull(**{"sender": "USA", "recipient": "JPN", "stream": "no-such-stream", "since": 1, **fields})
    return sign_message(keys or attack.folders["USA"].keys, message)


def receipt(attack: Attack) -> bytes:
    usa = attack.folders["USA"].keys
    said = Acknowledgement(sender="USA", recipient="JPN", stream="no-such-stream", cursor=9)
    return sign_message(usa, said)


PAYLOADS: dict[str, tuple[Callable[[Attack], bytes], str]] = {
    "an envelope with a changed signature": (lambda attack: flipped(attack.sealed()), "does not open"),
    "an envelope with another's epoch": (
        lambda attack: changed(attack.sealed(), epoch=os.urandom(16)),
        "no party that `JPN` holds a pin for sent this to it",
    ),
    "an envelope of another algorithm": (
        lambda attack: changed(attack.sealed(), object_algorithm="none"),
        "the envelope says `none`, its epoch `A256GCM`",
    ),
    "an envelope with an object too many": (
        lambda attack: changed(attack.sealed(), sealed=(os.urandom(200), os.urandom(200))),
        "the envelope's count is not what `USA` signed",
    ),
    "an envelope with another's content": (
        lambda attack: changed(attack.sealed(), sealed=(os.urandom(200),)),
        "the sealed object is not a COSE object of the expected shape",
    ),
    "an envelope of an unknown party": (strangers, "no party that `JPN` holds a pin for sent this to it"),
    "an envelope for another": (
        lambda attack: attack.sealed(recipient="KOR"),
        "no party that `JPN` holds a pin for sent this to it",
    ),
    "random bytes": (lambda _: bytes(range(256)) * 8, "envelope cannot be decoded"),
    "no bytes at all": (lambda _: b"", "envelope cannot be decoded"),
    "half an envelope": (lambda attack: attack.sealed()[:200], "envelope cannot be decoded"),
    "an envelope beyond the limit": (
        lambda _: b"\x00" * (ENVELOPE_BYTES_MAX + 1),
        f"`USA` sends more than {ENVELOPE_BYTES_MAX} bytes at once: not read",
    ),
    "a message that is none": (lambda _: b"\xd2\x84" + os.urandom(64), "message"),
    "a message beyond the limit": (lambda _: b"\xd2\x84" + bytes(70_000), "message of 70002 bytes is over"),
    "a covered message that is none": (lambda _: b"\xd0\x83" + os.urandom(300), "no party that `JPN`"),
    "a pull of a stream that does not exist": (
        word,
        "`USA` speaks of a stream that this node does not send: not read",
    ),
    "a receipt for a stream that does not exist": (
        receipt,
        "`USA` speaks of a stream that this node does not send: not read",
    ),
    "a message for another": (
        lambda attack: word(attack, recipient="KOR"),
        "the message is for `KOR`: this is `JPN`, not read",
    ),
    "a message in a partner's name that it did not sign": (
        lambda attack: word(attack, sender="KOR"),
        "signature",
    ),
    "a message of an unknown party": (
        lambda attack: word(attack, keys=NodeKeys.generate("PRK", os.urandom), sender="PRK"),
        "no pin for `PRK`",
    ),
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_is_refused_in_one_line(attack: Attack, name: str) -> None:
    make, words = PAYLOADS[name]
    before = attack.run(attack.state())["links"]["USA"]["received"]
    payload = make(attack)
    attack.refused_at("JPN", lambda: attack.send(payload), words)
    assert attack.run(attack.state())["links"]["USA"]["received"] == before


def test_an_envelope_that_comes_twice_is_acknowledged_twice_and_used_once(attack: Attack) -> None:
    before = attack.run(attack.state())["links"]["USA"]["received"]
    envelope = attack.sealed()
    usa = attack.folders["USA"]
    stream = Opener(attack.folders["JPN"].keys, attack.folders["JPN"].trust).check(envelope).batch.stream
    pairs = Pairs(usa.keys, usa.trust)
    receipts: list[int] = []

    async def note(message: Msg) -> None:
        with suppress(Exception):
            said = open_message(pairs.uncover(message.data), "USA", usa.trust)
            if isinstance(said, Acknowledgement) and said.stream == stream:
                receipts.append(said.cursor)

    async def acknowledged(times: int) -> bool:
        return receipts == [1] * times

    async def twice() -> None:
        client = await attack.client("USA")
        await client.subscribe(attack.subject("JPN", "USA"), cb=note)
        await client.flush()
        await attack.send(envelope)
        await until("the receipt", lambda: acknowledged(1))
        await attack.send(envelope)
        await until("the receipt again", lambda: acknowledged(2))
        await client.close()

    attack.refused_at("JPN", twice, "`USA` sent again what was accepted")
    assert attack.run(attack.state())["links"]["USA"]["received"] == before + 1


# --- what comes to the servers of the links ---


def test_a_payload_that_no_server_takes_is_refused_where_it_is_sent(attack: Attack) -> None:
    async def send() -> None:
        client = await attack.client("USA")
        with suppress(Exception):
            # The library knows the limit and keeps to it; an attacker does not.
            client._max_payload = 10 * PAYLOAD_BYTES_MAX
            await client.publish(attack.subject("USA", "JPN"), bytes(PAYLOAD_BYTES_MAX + 1))
            await client.flush(5)
        await client.close()

    line = attack.refused_at("USA", send, "too long, refused")
    assert f"sends a message of {PAYLOAD_BYTES_MAX + 1} bytes" in line
    attack.is_well("JPN")


def test_what_is_said_on_a_link_of_others_is_refused(attack: Attack) -> None:
    subject = attack.subject("KOR", "JPN")

    async def send() -> None:
        client = await attack.client("USA")
        await client.publish(subject, b"forged")
        await client.flush()
        await client.close()

    attack.refused_at("USA", send, f"may not publish to `{subject}`: refused")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    identity = LinkIdentity.generate("USA", (), SystemClock().now_ns(), os.urandom)
    folder = tmp_path_factory.mktemp("stranger") / "keys"
    identity.write(folder)
    return Stranger(identity, folder)


def at_servers_port(
    shown: Callable[[Attack, Stranger], Path] | None, *, nkey: bool = False, words: bytes = b""
) -> Callable[[Attack, Stranger], Awaitable[Any]]:
    """Somebody comes to USA's port for partners' servers with a certificate, and an NKey of his own."""

    def knock(attack: Attack, stranger: Stranger) -> Awaitable[Any]:
        context = None if shown is None else stranger.context(shown(attack, stranger))
        said = connecting(leaf_seed(stranger.folder)) if nkey else (lambda _: words,)
        return asyncio.to_thread(spoken, attack.leaf_port, context, *said)

    return knock


def at_clients_port(**changes: Callable[[Attack, Stranger], Any]) -> Callable[..., Awaitable[Any]]:
    """Somebody comes to JPN's port for its own node, with JPN's keys but for `changes`."""

    async def knock(attack: Attack, stranger: Stranger) -> None:
        given = {name: make(attack, stranger) for name, make in changes.items()}
        with suppress(Exception):
            client = await asyncio.wait_for(attack.client("JPN", connect_timeout=3, **given), 10)
            await client.close()
            pytest.fail("it was let in")

    return knock


def noise_at_clients_port(noise: bytes) -> Callable[[Attack, Stranger], Awaitable[Any]]:
    async def knock(attack: Attack, _: Stranger) -> None:
        port = (await attack.state())["server_port"]
        await asyncio.to_thread(spoken, port, None, lambda _: noise)

    return knock


KNOCKS: dict[str, tuple[str, Callable[[Attack, Stranger], Awaitable[Any]], str]] = {
    "a foreign certificate at the servers' port": (
        "USA",
        at_servers_port(lambda _, stranger: stranger.folder),
        "shows a certificate by an authority of no linked partner (`USA link`): refused",
    ),
    "a partner's certificate with an unknown NKey at the servers' port": (
        "USA",
        at_servers_port(lambda attack, _: attack.folders["KOR"].identity_path, nkey=True),
        "shows an NKey of no linked partner (`U",
    ),
    "a partner's certificate without an NKey at the servers' port": (
        "USA",
        at_servers_port(lambda attack, _: attack.folders["KOR"].identity_path, words=b"CONNECT {}\r\n"),
        "shows no NKey: refused",
    ),
    "plain bytes at the servers' port": (
        "USA",
        at_servers_port(None, words=b"GET / HTTP/1.1\r\n\r\n"),
        "TLS",
    ),
    "a foreign certificate at the node's port": (
        "JPN",
        at_clients_port(tls=lambda _, stranger: stranger.context(stranger.folder)),
        "shows a certificate by an authority of no linked partner (`USA link`): refused",
    ),
    "an unknown NKey at the node's port": (
        "JPN",
        at_clients_port(nkeys_seed_str=lambda _, stranger: stranger.identity.app_seed),
        "shows an NKey of no linked partner (`U",
    ),
    "bytes that only begin like TLS at the node's port": (
        "JPN",
        noise_at_clients_port(b"\x16\x03\x01" + b"\xff" * 600),
        "fails in TLS (oversized record received",
    ),
}


@pytest.mark.parametrize("name", KNOCKS)
def test_a_stranger_is_refused_in_one_line(attack: Attack, stranger: Stranger, name: str) -> None:
    party, knock, words = KNOCKS[name]
    attack.refused_at(party, lambda: knock(attack, stranger), words)
    for other in attack.fleet.members:
        attack.is_well(other)
    assert attack.run(attack.state(party))["server_restarts"] == 0


def test_plain_bytes_at_the_node_s_port_get_no_answer(attack: Attack) -> None:
    """Of these nats-server says nothing, so neither does the node; nobody but this machine comes there."""
    port = attack.run(attack.state())["server_port"]
    heard = b""
    with socket.create_connection((LOOPBACK, port), 10) as bare, suppress(ConnectionError):
        bare.sendall(b"GET / HTTP/1.1\r\n\r\n")
        heard = bare.recv(4_096)
    assert heard == b""
    attack.is_well()


# --- what comes over HTTP ---

TOKEN: Final = "0123456789abcdef" * 4
REQUESTS: dict[str, tuple[str, str, dict[str, str], bytes, int, str]] = {
    "no token": ("GET", "/status", {"authorization": ""}, b"", 401, "send `Authorization: Bearer TOKEN`"),
    "a wrong token": ("GET", "/status", {"authorization": f"Bearer {TOKEN}"}, b"", 401, "with a token of"),
    "a token in the address": (
        "GET",
        f"/status?token={TOKEN}",
        {"authorization": ""},
        b"",
        401,
        "send `Auth",
    ),
    "another node's token": ("GET", "/status", {"authorization": "KOR"}, b"", 401, "a token of this service"),
    "a page of another origin": ("GET", "/picture", {"origin": "http://evil.example"}, b"", 403, "origin"),
    "a page without an origin": ("GET", "/picture", {"origin": "null"}, b"", 403, "pages of another origin"),
    "a foreign host": ("GET", "/picture", {"host": "evil.example"}, b"", 421, "has another name"),
    "a body beyond the limit": ("POST", "/intake", {}, b"x" * BODY_BYTES, 413, "over the limit of 4194304"),
    "no JSON": ("POST", "/intake", {}, b"{", 400, "JSON"),
    "no batch": ("POST", "/intake", {}, b"[]", 400, "a batch is an object with one field"),
    "a batch without a key": ("POST", "/intake", {"idempotency-key": ""}, b"{}", 400, "`Idempotency-Key`"),
    "reports given by the staff": ("POST", "/intake", {"authorization": "staff"}, b"{}", 403, "takes intake"),
    "a clock set by the staff": ("PUT", "/clock", {}, b"{}", 403, "this token's role may not do this"),
    "a clock set to nonsense": ("PUT", "/clock", {"authorization": "director"}, b"{}", 400, "from_wall_ns"),
    "a path that is none": ("GET", "/../../etc/passwd", {}, b"", 404, "there is nothing at this path"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_refused_in_one_line(attack: Attack, name: str) -> None:
    method, path, headers, body, status, words = REQUESTS[name]
    member = attack.fleet.members["JPN"]
    role = "intake" if path == "/intake" else "staff"
    given = {"authorization": f"Bearer {member.tokens[role]}", "idempotency-key": "k", **headers}
    if given["authorization"] == "KOR":
        given["authorization"] = f"Bearer {attack.fleet.members['KOR'].tokens['staff']}"
    elif given["authorization"] in member.tokens:
        given["authorization"] = f"Bearer {member.tokens[given['authorization']]}"
    with httpx.Client(trust_env=False, timeout=20) as client:
        answer = client.request(method, f"{member.address}{path}", headers=given, content=body)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert words in answer.json()["error"]
    assert is_clear(answer.json()["error"])
    attack.is_well()


# --- and after all that ---


def test_after_all_that_the_node_takes_what_is_good(attack: Attack) -> None:
    before = attack.run(attack.state())
    report = {
        "kind": "event",
        "item_id": "JPN-last",
        "subject": "JPN-last",
        "domain": "missile",
        "valid_ns": attack.start_ns,
        "event": "launch",
        "time_sigma_ms": 500,
    }
    key = {"idempotency-key": "last"}
    given = attack.fleet.ask("JPN", "intake", "POST", "/intake", json={"reports": [report]}, headers=key)
    assert attack.run(given).json() == {"accepted": 1, "refused": [], "repeated": False}

    async def came() -> bool:
        links = (await attack.state())["links"]
        return bool(links["USA"]["received"] > before["links"]["USA"]["received"])

    attack.run(attack.send(attack.sealed()))
    attack.run(until("the good envelope", came))
    after = attack.run(attack.state())
    assert after["refusals"] == before["refusals"]
    assert after["links"]["USA"]["up"]


def test_the_logs_have_a_line_for_each_event_and_show_no_key(attack: Attack) -> None:
    secrets = {b"-----BEGIN PRIVATE", b"-----BEGIN EC PRIVATE"}
    for folder in attack.folders.values():
        private = (folder.secrets.ledger_key, folder.secrets.token_key, folder.keys.private_bytes())
        seeds = (folder.identity.app_seed, leaf_seed(folder.identity_path), *folder.secrets.tokens.values())
        secrets |= {*private, *(key.hex().encode() for key in private), *(seed.encode() for seed in seeds)}
        secrets |= {base64.b64encode(key) for key in private}
    # Nor is what strangers tried kept: it may be the token of another service.
    secrets.add(TOKEN.encode())
    logs = {path: path.read_bytes() for path in attack.fleet.root.rglob("run/**/*") if path.is_file()}
    assert len([path for path in logs if path.name == "node.log"]) == 3
    assert not [path for path, text in logs.items() if any(secret in text for secret in secrets)]
    for path, text in logs.items():
        if path.name == "node.log":
            lines = text.decode("utf-8").splitlines()
            assert [line for line in lines if "refused" in line] or path.parts[-3] == "KOR"
            assert not [line for line in lines if not line.startswith("timestamp=") or not line.isprintable()]
            assert "level=error" not in text.decode("utf-8")


def test_the_ledgers_are_whole(attack: Attack) -> None:
    for folder in attack.folders.values():
        ledger = folder.open_ledger(SystemClock(), os.urandom, read_only=True)
        try:
            assert ledger.verify().verified
            kinds = {stored.kind for stored in ledger.entries()}
        finally:
            ledger.close()
        assert kinds >= {EntryKind.START, EntryKind.AGREEMENT, EntryKind.TRUST}
