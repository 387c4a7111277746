"""What the server says, read from its own lines: refusals in clear words, and nothing that a partner wrote raw."""

# ruff: noqa: E501 - the server's lines are quoted as they are, whole.

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilat.link.server_log import LogReader, Repeats, Told, printable

NKEYS = {"UKOR": "KOR"}
AUTHORITY = "x509: certificate signed by unknown authority (CN=PRK link SHA-256: 53a3)"

# Lines as nats-server 2.15.1 wrote them, keys and digests cut short.
LINES: list[tuple[list[str], list[tuple[Told, str]]]] = [
    ([f"[7] [ERR] 10.0.0.9:502 - lid:9 - TLS leafnode handshake error: tls: failed to verify certificate: {AUTHORITY}",
      "[7] [INF] 10.0.0.9:502 - lid:9 - Leafnode connection closed: TLS Handshake Failure"],
     [(Told.REFUSAL, "a connection from `10.0.0.9` shows a certificate by an authority of no linked partner (`PRK link`): refused")]),
    ([f"[7] [ERR] 127.0.0.1:503 - cid:8 - TLS handshake error: tls: failed to verify certificate: {AUTHORITY}"],
     [(Told.REFUSAL, "a connection from `127.0.0.1` shows a certificate by an authority of no linked partner (`PRK link`): refused")]),
    (["[7] [INF] 127.0.0.1:7521 - lid:9 - Leafnode connection created for account: USA ",
      f"[7] [ERR] 127.0.0.1:7521 - lid:9 - TLS leafnode handshake error: tls: failed to verify certificate: {AUTHORITY}"],
     [(Told.REFUSAL, "`USA` shows a certificate by another authority than its card's (`PRK link`): refused")]),
    (["[7] [ERR] 10.0.0.9:5 - lid:9 - TLS leafnode handshake error: tls: client didn't provide a certificate"],
     [(Told.REFUSAL, "a connection from `10.0.0.9` shows no certificate of a linked partner: refused")]),
    (["[7] [ERR] 10.0.0.9:5 - lid:24 - TLS leafnode handshake error: remote error: tls: bad certificate"],
     [(Told.REFUSAL, "a connection from `10.0.0.9` refuses our certificate: ask whether it holds our newest card")]),
    (["[7] [ERR] 10.0.0.9:5 - lid:24 - TLS leafnode handshake error: x509: certificate has expired"],
     [(Told.REFUSAL, "a connection from `10.0.0.9` fails in TLS (x509: certificate has expired): refused")]),
    (["[7] [INF] 10.0.0.9:5 - lid:30 - Leafnode connection created ",
      "[7] [INF] 10.0.0.9:5 - lid:30 - Leafnode connection closed: TLS Handshake Failure"],
     [(Told.REFUSAL, "a connection from `10.0.0.9` does not speak TLS as agreed: refused")]),
    (['[7] [ERR] 10.0.0.9:5 - lid:14 - authentication error - Nkey "UPRK"',
      "[7] [INF] 10.0.0.9:5 - lid:14 - Leafnode connection closed: Authentication Failure"],
     [(Told.REFUSAL, "a connection from `10.0.0.9` shows an NKey of no linked partner (`UPRK`): refused")]),
    (['[7] [ERR] 10.0.0.9:5 - lid:14 - authentication error - Nkey "UKOR"'],
     [(Told.REFUSAL, "a connection from `10.0.0.9` shows the NKey of `KOR` where it does not belong: refused")]),
    (["[7] [ERR] 10.0.0.9:5 - lid:19 - authentication error"],
     [(Told.REFUSAL, "a connection from `10.0.0.9` shows no NKey: refused")]),
    (["[7] [INF] 127.0.0.1:7521 - lid:9 - Leafnode connection created for account: USA ",
      "[7] [ERR] 127.0.0.1:7521 - lid:9 - Leafnode Error 'Authorization Violation'"],
     [(Told.REFUSAL, "`USA` refuses our NKey: ask whether it holds our newest card, and links with us")]),
    (["[7] [ERR] 10.0.0.9:4 - lid:9 - maximum payload exceeded: 2000000 vs 1052672",
      "[7] [INF] 10.0.0.9:4 - lid:9 - Leafnode connection closed: Maximum Message Payload Exceeded - Remote: JPN"],
     [(Told.REFUSAL, "`JPN` sends a message of 2000000 bytes: too long, refused")]),
    (["[7] [INF] 10.0.0.9:7 - lid:9 - Leafnode connection created for account: USA ",
      "[7] [ERR] 10.0.0.9:7 - lid:9 - Leafnode Error 'Maximum Payload Violation'"],
     [(Told.REFUSAL, "`USA` refuses a message of ours as too long: its limit is another, use one version")]),
    (['[7] [ERR] 127.0.0.1:5 - cid:10 - "v2.16.0:python3" - "JPN/nkey:UDW" - Publish Violation - Subject "x.KOR.USA.e"'],
     [(Told.REFUSAL, "a connection from `127.0.0.1` may not publish to `x.KOR.USA.e`: refused")]),
    (['[7] [ERR] 127.0.0.1:5 - cid:10 - "v2.16.0:python3" - "JPN/nkey:UDW" - Subscription Violation - Subject ">", SID 4'],
     [(Told.REFUSAL, "a connection from `127.0.0.1` may not listen to `>`: refused")]),
    (["[7] [ERR] 127.0.0.1:5 - cid:9 - Client parser ERROR, state=0, i=0: proto='\"GET\"...'"],
     [(Told.REFUSAL, "a connection from `127.0.0.1` does not speak the protocol of NATS: refused")]),
    (["[7] [INF] 10.0.0.9:7 - lid:6 - Leafnode connection created for account: USA ",
      "[7] [ERR] 10.0.0.9:7 - lid:6 - Error flushing: write tcp: connection reset by peer",
      "[7] [INF] 10.0.0.9:7 - lid:6 - Leafnode connection closed: Write Error - Remote: USA"],
     [(Told.EVENT, "the link with `USA` broke: write error")]),
    (['[7] [ERR] Error trying to connect as leafnode to remote server "[::1]:7444" (attempt 1): dial tcp [::1]:7444: connect: connection refused'],
     [(Told.EVENT, "the partner's server at `[::1]:7444` cannot be reached: connection refused")]),
    (['[7] [FTL] Error listening on port: 127.0.0.1:4222, "listen tcp: bind: address already in use"'],
     [(Told.EVENT, 'the links\' server says: Error listening on port: 127.0.0.1:4222, "listen tcp: bind: address already in use"')]),
    (["[7] [INF] Listening for client connections on 127.0.0.1:33429",
      "[7] [INF] Listening for leafnode connections on [::1]:36275",
      "[7] [INF] Server is ready"],
     [(Told.LISTENING, "client 33429"), (Told.LISTENING, "leafnode 36275"), (Told.READY, "Server is ready")]),
    (["[7] 2026/10/01 10:00:00.000001 [INF] Server is ready"], [(Told.READY, "Server is ready")]),
    (["nats-server: run/server.conf:1:1: unknown field"],
     [(Told.EVENT, "the links' server says: nats-server: run/server.conf:1:1: unknown field")]),
    (["", "[7] [INF] Starting nats-server",
      '[7] [WRN] Clients that are not using "TLS Handshake First" option will fail to connect',
      "[7] [INF] 10.0.0.9:5 - lid:8 - Leafnode connection closed: Server Shutdown - Remote: KOR",
      '[7] [INF] 10.0.0.9:5 - lid:8 - JetStream using domains: local "", remote ""'],
     []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "told"), LINES, ids=[text[0][1] if text else "nothing" for _, text in LINES]
)
def test_lines_of_the_server_are_told_in_clear_words(lines: list[str], told: list[tuple[Told, str]]) -> None:
    reader = LogReader(NKEYS)
    said = [found for line in lines if (found := reader.read(line)) is not None]
    assert [(line.told, line.text) for line in said] == told


def test_what_a_partner_wrote_is_shown_and_not_obeyed() -> None:
    reader = LogReader(NKEYS)
    name = "\x1b[2J\u202e" + "x" * 500
    said = reader.read(
        f"[7] [ERR] 10.0.0.9:5 - lid:9 - TLS handshake error: {AUTHORITY.replace('PRK link', name)}"
    )
    assert said is not None
    assert said.text.isprintable()
    assert len(said.text) < 300


@given(st.text(max_size=300))
def test_no_line_makes_the_reader_fail(text: str) -> None:
    reader = LogReader(NKEYS)
    for line in (
        text,
        f"[7] [ERR] {text}",
        f"[7] [ERR] 10.0.0.9:5 - lid:1 - {text}",
        f"[7] [INF] 1:5 - lid:1 - {text}",
    ):
        said = reader.read(line)
        assert said is None or (said.text.isprintable() and "\n" not in said.text)


def test_a_reader_remembers_no_more_connections_than_it_may() -> None:
    reader = LogReader(NKEYS)
    for number in range(3_000):
        reader.read(f"[7] [INF] 10.0.0.9:5 - lid:{number} - Leafnode connection created for account: USA")
        reader.read(f"[7] [ERR] 10.0.0.9:5 - lid:{number} - authentication error")
    assert len(reader._dialled) <= 1_000
    assert len(reader._refused) <= 1_000


def test_what_repeats_is_said_once_in_a_while_with_its_number() -> None:
    now, said = [0.0], list[str]()
    repeats = Repeats(said.append, lambda: now[0])
    for _ in range(100):
        repeats.say("refused")
    now[0] = 29.9
    repeats.say("refused")
    assert said == ["refused"]
    now[0] = 30.0
    repeats.say("refused")
    repeats.say("another")
    assert said == ["refused", "refused (100 times more before)", "another"]


def test_many_different_lines_are_counted_and_not_told() -> None:
    now, said = [0.0], list[str]()
    repeats = Repeats(said.append, lambda: now[0])
    for number in range(1_000):
        repeats.say(f"refused {number}")
    assert len(said) == 65
    assert "too many different refusals" in said[-1]
    now[0] = 31.0
    repeats.say("refused anew")
    assert said[-1] == "refused anew"
    assert len(repeats._said) == 1


@pytest.mark.parametrize("text", ["plain", "a\nb", "\x1b[31m", "x" * 1_000, "\ud800"])
def test_foreign_text_is_cut_and_printable(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) <= 163 * 6
