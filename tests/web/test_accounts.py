"""Accounts over HTTP on a real node: signing in, roles, two persons, tokens, words, rates, and who tries."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx
import msgspec
import pytest
from argon2 import PasswordHasher
from tests.small_federation import START_NS, federation_of
from tests.web.fakes import DIRECTOR, INTAKE, OFFICER, READER, STAFF

from trilat.ledger import EntryKind
from trilat.model import WireError, decode, encode
from trilat.node import (
    AccessRecord,
    AccessStep,
    Accounts,
    DeskSettings,
    ManualClock,
    Node,
    NodeService,
    Pace,
    PacedClock,
)
from trilat.node.records import DeskRecord, DeskStep
from trilat.web import Access, People, node_app, passwords
from trilat.web.limits import FREE_FAILURES
from trilat.web.sessions import CSRF_HEADER

SETUP_TOKEN: Final = "9c" * 32
HOST: Final = "http://127.0.0.1:8000"
PASSWORD: Final = "correct horse battery"
STANDS: Final = Pace(from_wall_ns=0, instant_ns=START_NS, speed=0.0)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verifiers that cost nothing: what the real ones cost has a test of its own."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class Door:
    """A node behind its HTTP interface, with browsers and programs before it."""

    def __init__(self, node: Node, service: NodeService, per_s: float) -> None:
        self.node = node
        self.service = service
        self.now_s = 1_000.0
        self.people = People(
            lambda: node.accounts.known,
            idle_s=1_800,
            session_s=43_200,
            per_s=per_s,
            now_s=lambda: self.now_s,
            wall_ns=lambda: START_NS + int((self.now_s - 1_000.0) * 1e9),
        )
        tokens = {
            "administrator": SETUP_TOKEN,
            "staff": STAFF,
            "intake": INTAKE,
            "director": DIRECTOR,
            "reader:OBS": READER,
            "officer:kim": OFFICER,
        }
        self.app = node_app(service, Access(tokens, same_origin=True, people=self.people))

    def browser(self, client: str = "10.0.0.1") -> "Browser":
        return Browser(self, client)

    async def setup(self, method: str, path: str, said: Any = None) -> httpx.Response:
        return await self.program(SETUP_TOKEN, method, path, said)

    async def program(self, token: str, method: str, path: str, said: Any = None) -> httpx.Response:
        async with self.client("127.0.0.1") as client:
            return await client.request(method, path, json=said, headers={"authorization": f"Bearer {token}"})

    def client(self, address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 50_000))
        return httpx.AsyncClient(transport=transport, base_url=HOST)

    async def make(self, name: str, role: str, password: str = PASSWORD) -> None:
        answer = await self.setup("POST", "/accounts", {"name": name, "role": role, "password": password})
        assert answer.status_code == 200, answer.text

    async def signed_in_auditor(self) -> "Browser":
        await self.make("eye", "auditor")
        return await self.signed_in("eye")

    async def signed_in(self, name: str, password: str = PASSWORD) -> "Browser":
        browser = self.browser()
        answer = await browser.sign_in(name, password)
        assert answer.status_code == 200, answer.text
        return browser

    def steps(self) -> list[AccessRecord]:
        return [
            decode(stored.content, AccessRecord)
            for stored in self.node.ledger.entries(kinds={EntryKind.ACCESS})
            if stored.content is not None
        ]


class Browser:
    """Keeps its cookies, and sends the word of its session."""

    def __init__(self, door: Door, client: str) -> None:
        self._door = door
        self._client = door.client(client)
        self.word = ""

    @property
    def cookie(self) -> str:
        return str(self._client.cookies["trilat_session"])

    async def sign_in(self, name: str, password: str) -> httpx.Response:
        answer = await self.ask("POST", "/signin", {"name": name, "password": password})
        if answer.status_code == 200:
            self.word = answer.json()["word"]
        return answer

    async def ask(
        self, method: str, path: str, said: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        sent = {CSRF_HEADER: self.word} if self.word and headers is None else headers or {}
        return await self._client.request(method, path, json=said, headers=sent)


def at_the_door(
    play: Callable[[Door], Awaitable[None]],
    *,
    two_person: bool = False,
    per_s: float = 1_000.0,
    refused: str = "",
) -> Door:
    """Play before the door of JPN's node; what it left is in the door's node."""
    node = federation_of("separate-2009", desks={"JPN": DeskSettings(officers=("kim",))}).nodes["JPN"]
    if two_person:
        node.accounts = Accounts(node, two_person=True)
    if refused:
        node.note_refusal(refused)
    kept: list[Door] = []

    async def main() -> None:
        assert isinstance(node.clock, ManualClock)
        service = NodeService(node, node.clock, PacedClock(STANDS), time.time_ns)
        service.start()
        try:
            kept.append(Door(node, service, per_s))
            await asyncio.wait_for(play(kept[0]), 120)
        finally:
            await service.stop()

    asyncio.run(main())
    return kept[0]


def error_of(answer: httpx.Response) -> str:
    text: str = answer.json()["error"]
    assert "\n" not in text
    return text


def test_who_signs_in_may_do_what_the_role_may_until_signing_out() -> None:
    async def play(door: Door) -> None:
        await door.make("park", "watch")
        browser = await door.signed_in("park")
        told = (await browser.ask("GET", "/session")).json()
        assert (told["name"], told["role"]) == ("park", "watch")
        assert (await browser.ask("GET", "/referrals")).status_code == 200
        assert (await browser.ask("GET", "/accounts")).status_code == 403
        assert (await browser.ask("GET", "/audit")).status_code == 403
        assert (await browser.ask("POST", "/desk/answer", {})).status_code == 403
        assert (await browser.ask("POST", "/signout")).status_code == 200
        assert (await browser.ask("GET", "/referrals")).status_code == 401
        assert (await browser.ask("GET", "/session")).json()["signed_in"] is False

    steps = [(record.step, record.name) for record in at_the_door(play).steps()]
    assert steps == [
        (AccessStep.CREATED, "park"),
        (AccessStep.SIGNED_IN, "park"),
        (AccessStep.SIGNED_OUT, "park"),
    ]


ROLES: Final = {
    "watch": {"/referrals", "/sensors", "/map", "/desk", "/onward", "/status", "/metrics", "/alerts"},
    "release": {"/desk", "/onward", "/map", "/alerts"},
    "administrator": {"/accounts", "/status", "/metrics", "/alerts"},
    "auditor": {"/audit", "/alerts"},
}
EVERYTHING: Final = sorted(set().union(*ROLES.values()) | {"/timings"})


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reads_its_own_and_nothing_else(role: str) -> None:
    async def play(door: Door) -> None:
        await door.make("kim", role)
        browser = await door.signed_in("kim")
        may = {path for path in EVERYTHING if (await browser.ask("GET", path)).status_code != 403}
        assert may == ROLES[role]
        # Nobody edits the record: no path takes any other method.
        for path in ("/audit", "/status", "/ledger"):
            for method in ("PUT", "DELETE", "PATCH", "POST"):
                assert (await browser.ask(method, path, {})).status_code in {404, 405}

    at_the_door(play)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("park", "wrong password here"),
        ("nobody", PASSWORD),
        ("park", ""),
        ("", ""),
        ("no-password", ""),
        ("off", PASSWORD),
    ],
)
def test_whatever_is_wrong_with_a_sign_in_is_one_sentence(name: str, password: str) -> None:
    async def play(door: Door) -> None:
        await door.make("park", "watch")
        await door.make("no-password", "watch", "")
        await door.make("off", "watch")
        await door.setup("POST", "/accounts/disable", {"name": "off"})
        answer = await door.browser().sign_in(name, password)
        assert answer.status_code == 401
        assert error_of(answer) == "name and password do not fit, or the account may not sign in"
        assert "set-cookie" not in answer.headers

    assert at_the_door(play).steps()[-1].step is AccessStep.REFUSED


def test_a_verifier_costs_what_the_standard_recommends_and_an_old_one_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cheap_one = passwords._HASHER.hash(PASSWORD)
    monkeypatch.undo()

    async def play() -> None:
        made = passwords.Passwords()
        verifier = await made.verifier(PASSWORD)
        assert verifier.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
        assert await made.fits(verifier, PASSWORD)
        assert not await made.fits(verifier, PASSWORD + "x")
        assert not await made.fits("", PASSWORD)
        assert not await made.fits("nonsense", PASSWORD)
        assert (made.is_old(verifier), made.is_old(cheap_one)) == (False, True)

    asyncio.run(play())


def test_wrong_passwords_make_a_name_and_an_address_wait_ever_longer() -> None:
    async def play(door: Door) -> None:
        await door.make("park", "watch")
        browser = door.browser()
        for _ in range(FREE_FAILURES):
            assert (await browser.sign_in("park", "guessing again")).status_code == 401
        answer = await door.browser("10.0.0.2").sign_in("park", PASSWORD)
        assert answer.status_code == 429
        assert "too many wrong passwords" in error_of(answer)
        # The address waits too, whatever name it tries.
        assert (await browser.sign_in("lee", PASSWORD)).status_code == 429
        door.now_s += 16
        assert (await browser.sign_in("park", "guessing again")).status_code == 401
        door.now_s += 16
        assert (await browser.sign_in("park", PASSWORD)).status_code == 429
        door.now_s += 15
        assert (await browser.sign_in("park", PASSWORD)).status_code == 200

    at_the_door(play)


def test_a_page_of_another_site_can_change_nothing_with_somebodys_cookie() -> None:
    async def play(door: Door) -> None:
        await door.make("boss", "administrator")
        browser = await door.signed_in("boss")
        word = browser.word
        other = (await door.signed_in("boss")).word
        made = {"name": "spy", "role": "watch", "password": PASSWORD}
        for headers in (
            {"x-nothing": "1"},
            {CSRF_HEADER: ""},
            {CSRF_HEADER: other},
            {CSRF_HEADER: word[:-1]},
        ):
            answer = await browser.ask("POST", "/accounts", made, headers)
            assert answer.status_code == 403, headers
            assert "nothing was done" in error_of(answer)
        foreign = await browser.ask(
            "POST", "/accounts", made, {CSRF_HEADER: word, "origin": "https://evil.example"}
        )
        assert foreign.status_code == 403
        assert "spy" not in door.node.accounts.known.accounts
        assert (await browser.ask("POST", "/accounts", made)).status_code == 200
        assert "spy" in door.node.accounts.known.accounts

    at_the_door(play)


def test_the_cookie_is_hidden_from_pages_and_kept_from_other_sites() -> None:
    async def play(door: Door) -> None:
        await door.make("park", "watch")
        answer = await door.browser().sign_in("park", PASSWORD)
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert answer.headers["cache-control"] == "no-store"

    at_the_door(play)


def test_sessions_end_unused_and_after_a_day_and_when_the_account_changes() -> None:
    async def play(door: Door) -> None:
        await door.make("park", "watch")
        browser = await door.signed_in("park")
        door.now_s += 1_700
        assert (await browser.ask("GET", "/referrals")).status_code == 200
        door.now_s += 1_900
        assert (await browser.ask("GET", "/referrals")).status_code == 401

        browser = await door.signed_in("park")
        for _ in range(25):
            door.now_s += 1_790
            last = await browser.ask("GET", "/referrals")
        assert last.status_code == 401

        for path, said in (
            ("/accounts/disable", {"name": "park"}),
            ("/accounts/role", {"name": "park", "role": "auditor"}),
            ("/accounts/password", {"name": "park", "password": "another long password"}),
            ("/accounts/remove", {"name": "park"}),
        ):
            browser = await door.signed_in("park", PASSWORD)
            assert (await door.setup("POST", path, said)).status_code == 200
            assert (await browser.ask("GET", "/session")).json()["signed_in"] is False, path
            await door.setup("POST", "/accounts/enable", {"name": "park"})
            await door.setup("POST", "/accounts/role", {"name": "park", "role": "watch"})
            await door.setup("POST", "/accounts/password", {"name": "park", "password": PASSWORD})

    at_the_door(play)


def test_signing_in_again_ends_the_session_before() -> None:
    async def play(door: Door) -> None:
        await door.make("park", "watch")
        browser = await door.signed_in("park")
        before = browser._client.cookies["trilat_session"]
        browser.word = ""
        await browser.sign_in("park", PASSWORD)
        assert browser._client.cookies["trilat_session"] != before
        stolen = door.browser()
        stolen._client.cookies.set("trilat_session", before)
        assert (await stolen.ask("GET", "/referrals")).status_code == 401

    at_the_door(play)


def test_ones_own_password_is_changed_by_who_knows_it() -> None:
    async def play(door: Door) -> None:
        await door.make("park", "watch")
        browser = await door.signed_in("park")
        wrong = {"password": "not the password", "new_password": "some other long words"}
        assert (await browser.ask("POST", "/password", wrong)).status_code == 403
        short = {"password": PASSWORD, "new_password": "short"}
        assert (await browser.ask("POST", "/password", short)).status_code == 400
        right = {"password": PASSWORD, "new_password": "some other long words"}
        assert (await browser.ask("POST", "/password", right)).status_code == 200
        assert (await door.browser().sign_in("park", PASSWORD)).status_code == 401
        await door.signed_in("park", "some other long words")

    at_the_door(play)


def test_under_the_two_person_rule_a_right_waits_for_another_administrator() -> None:
    async def play(door: Door) -> None:
        await door.make("boss", "administrator")
        await door.make("chief", "administrator")
        boss, chief = await door.signed_in("boss"), await door.signed_in("chief")
        spy = {"name": "spy", "role": "release", "password": PASSWORD}
        told = (await boss.ask("POST", "/accounts", spy)).json()
        assert (told["waits"], told["proposal"]) == (True, 1)
        assert "spy" not in door.node.accounts.known.accounts
        approve = {"proposal": 1, "approve": True}
        assert "is your own" in error_of(await boss.ask("POST", "/accounts/approve", approve))
        assert (await chief.ask("POST", "/accounts/approve", approve)).status_code == 200
        assert "spy" in door.node.accounts.known.accounts
        # What takes a right away never waits.
        assert not (await boss.ask("POST", "/accounts/disable", {"name": "spy"})).json()["waits"]
        assert (await boss.ask("POST", "/accounts/enable", {"name": "spy"})).json()["waits"]
        dropped = {"proposal": 2, "approve": False}
        assert (await chief.ask("POST", "/accounts/approve", dropped)).status_code == 200
        assert (await chief.ask("POST", "/accounts/approve", dropped)).status_code == 400
        assert not door.node.accounts.known.accounts["spy"].enabled
        # Nobody makes themselves anything else, and the file's token makes nobody alone any more.
        own = {"name": "boss", "role": "release"}
        assert "of their own" in error_of(await boss.ask("POST", "/accounts/role", own))
        third = {"name": "third", "role": "administrator", "password": PASSWORD}
        assert (await door.setup("POST", "/accounts", third)).json()["waits"]

    at_the_door(play, two_person=True)


def test_a_programs_token_acts_as_its_account_until_it_ends_or_is_withdrawn() -> None:
    async def play(door: Door) -> None:
        await door.make("robot", "watch", "")
        made = {"name": "robot", "token": "exporter", "days": 2}
        first = (await door.setup("POST", "/tokens", made)).json()["token"]
        assert (await door.setup("POST", "/tokens", made)).status_code == 400
        assert (await door.program(first, "GET", "/referrals")).status_code == 200
        assert (
            await door.program(first, "POST", "/warnings/retract", {"key": "x", "text": "y"})
        ).status_code == 400
        assert (await door.program(first, "GET", "/accounts")).status_code == 403
        forged = first[:-1] + ("1" if first.endswith("0") else "0")
        assert (await door.program(forged, "GET", "/referrals")).status_code == 401
        listed = (await door.setup("GET", "/accounts")).text
        assert first not in listed
        door.now_s += 2 * 86_400 + 1
        assert (await door.program(first, "GET", "/referrals")).status_code == 401
        door.now_s = 1_000.0
        withdrawn = {"name": "robot", "token": "exporter"}
        assert (await door.setup("POST", "/tokens/withdraw", withdrawn)).status_code == 200
        assert (await door.program(first, "GET", "/referrals")).status_code == 401
        assert (await door.setup("POST", "/tokens/withdraw", withdrawn)).status_code == 400

    door = at_the_door(play)
    held = b"".join(stored.content or b"" for stored in door.node.ledger.entries())
    assert PASSWORD.encode() not in held
    assert b"exporter" in held


def test_accounts_are_there_again_after_a_restart_and_nobody_is_signed_in() -> None:
    async def play(door: Door) -> None:
        await door.make("park", "watch")
        await door.make("gone", "watch")
        await door.setup("POST", "/accounts/remove", {"name": "gone"})
        await door.setup("POST", "/tokens", {"name": "park", "token": "exporter"})

    door = at_the_door(play)
    again = Accounts(door.node, two_person=False)
    use = again.kinds()[EntryKind.ACCESS]
    for stored in door.node.ledger.entries(kinds={EntryKind.ACCESS}):
        assert stored.content is not None
        use(stored, stored.content)
    assert again.known == door.node.accounts.known
    assert set(again.known.accounts) == {"park"}


def test_who_asks_too_often_is_told_when_to_ask_again() -> None:
    async def play(door: Door) -> None:
        answers = [await door.program(STAFF, "GET", "/health") for _ in range(40)]
        assert [answer.status_code for answer in answers[:20]] == [200] * 20
        slowed = [answer for answer in answers if answer.status_code == 429]
        assert slowed
        assert int(slowed[0].headers["retry-after"]) >= 1
        assert (await door.program(OFFICER, "GET", "/health")).status_code == 200
        strangers = [await door.browser("10.9.9.9").ask("GET", "/health") for _ in range(60)]
        assert {answer.status_code for answer in strangers} == {401, 429}
        door.now_s += 60
        assert (await door.program(STAFF, "GET", "/health")).status_code == 200

    at_the_door(play, per_s=1.0)


def test_an_auditor_sees_acts_and_no_content_and_each_look_is_recorded() -> None:
    async def play(door: Door) -> None:
        await door.make("eye", "auditor")
        await door.make("park", "watch")
        watcher = await door.signed_in("park")
        await watcher.ask("GET", "/picture")
        browser = await door.signed_in("eye")
        page = (await browser.ask("GET", "/audit")).json()
        kinds = {row["kind"] for row in page["rows"]}
        assert {"access", "reading"} <= kinds
        assert any(row.get("person") == "park" for row in page["rows"] if row["kind"] == "reading")
        text = str(page)
        assert "argon2" not in text
        assert "latitude" not in text
        last = page["next"]
        more = (await browser.ask("GET", f"/audit?after={last}")).json()
        assert all(row["entry"] > last for row in more["rows"])
        assert (await browser.ask("GET", "/audit?after=-1")).status_code == 400

    looks = [record for record in at_the_door(play).steps() if record.step is AccessStep.AUDITED]
    assert [record.name for record in looks] == ["eye", "eye"]


def desk_looks(node: Node) -> list[tuple[str, str | None, str]]:
    """What was shown beside the picture, as whom, and to which account, from the ledger."""
    records = [
        decode(stored.content or b"", DeskRecord) for stored in node.ledger.entries(kinds={EntryKind.DESK})
    ]
    return [(one.said, one.officer, one.person) for one in records if one.step is DeskStep.SHOWN]


def test_every_read_beside_the_picture_is_in_the_ledger_by_the_name_of_the_account() -> None:
    async def play(door: Door) -> None:
        await door.make("park", "watch")
        await door.make("lee", "watch")
        for name in ("park", "lee"):
            browser = await door.signed_in(name)
            for path in ("/referrals", "/sensors", "/status", "/status"):
                assert (await browser.ask("GET", path)).status_code == 200, path
        for path in ("/onward", "/desk", "/recalls", "/holders?item=JPN-x"):
            assert (await door.program(OFFICER, "GET", path)).status_code == 200, path
        assert (await door.program(STAFF, "GET", "/sensors")).status_code == 200
        page = await (await door.signed_in_auditor()).ask("GET", "/audit")
        assert {row.get("person") for row in page.json()["rows"] if row["kind"] == "desk"} >= {"park", "lee"}

    door = at_the_door(play, refused="a line that names an item")
    staff = "JPN/staff"
    assert desk_looks(door.node) == [
        *((what, staff, name) for name in ("park", "lee") for what in ("referrals", "sensors", "status")),
        ("onward requests", staff, "kim"),
        ("", "JPN/kim", "kim"),
        ("recalls", staff, "kim"),
        ("holders", staff, "kim"),
        ("sensors", staff, ""),
    ]


def test_a_record_of_a_look_from_before_names_of_accounts_is_read() -> None:
    record = DeskRecord(step=DeskStep.SHOWN, officer="JPN/staff", said="sensors", digest=bytes(32))
    whole = msgspec.msgpack.decode(encode(record))
    assert decode(msgspec.msgpack.encode(whole[:-1]), DeskRecord) == record
    with pytest.raises(WireError):
        decode(msgspec.msgpack.encode(whole[:-2]), DeskRecord)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/accounts", {"name": "Park", "role": "watch"}),
        ("/accounts", {"name": "park", "role": "root"}),
        ("/accounts", {"name": "park", "role": "watch", "password": "short"}),
        ("/accounts", {"name": "park", "role": "watch", "password": "x" * 257}),
        ("/accounts", {"name": "park", "role": "watch", "more": 1}),
        ("/accounts", {"name": "setup", "role": "administrator"}),
        ("/accounts/role", {"name": "nobody", "role": "watch"}),
        ("/accounts/remove", {"name": "nobody"}),
        ("/accounts/approve", {"proposal": 7, "approve": True}),
        ("/tokens", {"name": "nobody", "token": "a", "days": 1}),
        ("/tokens", {"name": "nobody", "token": "a", "days": 0}),
        ("/tokens", {"name": "nobody", "token": "../a", "days": 1}),
        ("/signin", {"name": "x" * 300, "password": "y"}),
        ("/signin", []),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(path: str, said: Any) -> None:
    async def play(door: Door) -> None:
        answer = await door.setup("POST", path, said)
        assert answer.status_code == 400, answer.text
        error_of(answer)

    door = at_the_door(play)
    assert not door.node.accounts.known.accounts
    assert not door.steps()
