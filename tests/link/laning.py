"""Two nodes in miniature on one link, with disks of plain lists, items of every priority, and a log of what
left: for tests of what goes first, and of thin links.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from trilat.link import (
    IncomingStream,
    LinkEndpoint,
    LinkProfile,
    MemoryNetwork,
    OutgoingState,
    OutgoingStream,
    Parcel,
    Push,
    Range,
    Skip,
    SkipReason,
    sign_label,
    standing_of,
)
from trilat.link.backlog import Backlog
from trilat.link.opening import OpenedParcel
from trilat.link.parcel import PARCEL_BYTES_MAX
from trilat.model import (
    AnyItem,
    Consent,
    ItemReference,
    Release,
    Track,
    Warning,
    WarningKind,
    WarningState,
    decode,
    encode,
    kind_of,
)

EARLY = {"warning", "track"}


class CrashError(Exception):
    """The process ends here."""


def item_of(world: Any, kind: str, name: str, version: int) -> AnyItem:
    """A small item of KOR's."""
    statement = world.statement("KOR", 1)
    head = {
        "item_id": f"KOR:{kind}-{name}",
        "version": version,
        "subject": f"subject-{name}",
        "domain": statement.domain,
        "status": statement.status,
        "valid_ns": statement.valid_ns + version,
        "label": statement.label,
        "provenance": statement.provenance,
    }
    if kind == "track":
        return Track(**head)
    if kind == "warning":
        return Warning(
            **head,
            warning=WarningKind.LAUNCH,
            state=WarningState.RAISED,
            basis=(ItemReference(item_id="KOR:item-1", version=1),),
            sources=("KOR",),
        )
    if kind == "consent":
        return Consent(
            **head,
            subjects=("subject-1",),
            recipient="JPN",
            via="USA",
            clause="agreement#clause",
            granted=version % 2 == 0,
            officer="KOR/officer",
            until_ns=statement.valid_ns + 10**6,
        )
    words: AnyItem = world.statement("KOR", 1, item_id=head["item_id"], version=version)
    return words


def parcel_of(world: Any, item: AnyItem, expires_ns: int | None = None) -> bytes:
    """A parcel with a release of KOR's to USA."""
    release = world.release(item)
    if expires_ns is not None:
        release = Release(
            **{name: getattr(release, name) for name in release.__struct_fields__}
            | {"expires_ns": expires_ns}
        )
    return encode(Parcel(release=encode(release), marking=sign_label(world.keys["KOR"], item)))


def item_in(parcel: bytes) -> AnyItem:
    """The item in a parcel."""
    return decode(decode(parcel, Parcel, PARCEL_BYTES_MAX).release, Release).item


@dataclass
class Sender:
    """KOR: what it released, what it left out, and every push in the order in which it left."""

    world: Any
    network: MemoryNetwork
    profile: LinkProfile
    sent: list[bytes] = field(default_factory=list)
    acknowledged: int = 0
    skipped: list[tuple[int, int, SkipReason]] = field(default_factory=list)
    left: list[Push | Skip] = field(default_factory=list)
    left_ns: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    wait: Callable[[Release, int], SkipReason | None] = lambda *_: None
    crash_in: str | None = None
    now_ns: int = 0

    def start(self) -> None:
        self.endpoint = LinkEndpoint(
            self.world.keys["KOR"],
            self.world.trust,
            self.network.endpoint("KOR"),
            self.world.source.randbytes,
            lambda *_: None,
            on_acknowledged=self._note,
            on_refusal=self.refused.append,
            on_skipped=self._skip,
            archive=lambda _to, _stream, first, limit: self.sent[first - 1 : first - 1 + limit],
            worth=lambda _to, release: self.wait(release, self.now_ns),
            profiles={"USA": self.profile},
        )
        outbox, seal = self.endpoint._outbox, self.endpoint._outbox._seal_and_send

        def log(recipient: str, stream: OutgoingStream, push: Push, now_ns: int) -> None:
            self.left.append(push)
            self.left_ns.append(now_ns)
            seal(recipient, stream, push, now_ns)

        outbox._seal_and_send = log  # type: ignore[method-assign]
        backlog = Backlog()
        for number, parcel in enumerate(self.sent, 1):
            if number > self.acknowledged:
                backlog.add(number, standing_of(decode(decode(parcel, Parcel, 10**6).release, Release)))
        state = OutgoingState(
            stream="s",
            acknowledged=self.acknowledged,
            last=len(self.sent),
            backlog=backlog,
            skipped=[(first, last) for first, last, _ in self.skipped],
        )
        self.endpoint.restore({"USA": state}, {})

    def post(self, parcel: bytes) -> int:
        self.sent.append(parcel)
        self.endpoint.send("USA", len(self.sent), parcel, self.world.receipt())
        return len(self.sent)

    def _note(self, _to: str, _stream: str, cursor: int, _signed: bytes) -> None:
        if self.crash_in == "note":
            raise CrashError
        self.acknowledged = cursor

    def _skip(self, _to: str, _stream: str, runs: Sequence[tuple[int, int, SkipReason]]) -> None:
        if self.crash_in == "before skip":
            raise CrashError
        self.skipped += runs
        self.left.append(Skip(ranges=tuple((first, last) for first, last, _ in runs)))
        if self.crash_in == "after skip":
            raise CrashError


@dataclass
class Recipient:
    """USA: what it recorded in the order in which it did, numbers that carry nothing as None."""

    world: Any
    network: MemoryNetwork
    profile: LinkProfile
    got: list[tuple[int, bytes | None]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    crash_in: str | None = None

    def start(self) -> None:
        self.endpoint = LinkEndpoint(
            self.world.keys["USA"],
            self.world.trust,
            self.network.endpoint("USA"),
            self.world.source.randbytes,
            self._take,
            on_refusal=self.refused.append,
            on_omitted=self._omit,
            profiles={"KOR": self.profile},
        )
        stream = IncomingStream()
        for number, _ in self.got:
            stream.settle(number, number)
        if self.got:
            self.endpoint.restore({}, {("KOR", "s"): stream.cursor}, {("KOR", "s"): stream.ahead})

    def _take(self, _sender: str, _stream: str, first: int, parcels: tuple[OpenedParcel, ...]) -> None:
        if self.crash_in == "before commit":
            raise CrashError
        assert [parcel.sequence for parcel in parcels] == list(range(first, first + len(parcels)))
        self.got += [(parcel.sequence, parcel.wire) for parcel in parcels]
        if self.crash_in == "after commit":
            raise CrashError

    def _omit(self, _sender: str, _stream: str, runs: tuple[Range, ...], _signed: bytes) -> None:
        if self.crash_in == "before commit":
            raise CrashError
        self.got += [(number, None) for first, last in runs for number in range(first, last + 1)]
        if self.crash_in == "after commit":
            raise CrashError


class Link:
    """The two, and time."""

    def __init__(self, world: Any, network: MemoryNetwork, profile: LinkProfile | None = None) -> None:
        profile = profile if profile is not None else LinkProfile()
        self.network = network
        self.kor = Sender(world, network, profile)
        self.usa = Recipient(world, network, profile)
        self.kor.start()
        self.usa.start()
        self.now_ns = 0

    def play(self, until_ns: int, step_ns: int) -> None:
        """Let time pass, with a tick of both at least every `step_ns`."""
        while self.now_ns < until_ns:
            self._step()
            instants = (
                self.network.next_ns(),
                self.kor.endpoint.next_tick_ns(),
                self.usa.endpoint.next_tick_ns(),
            )
            due = [self.now_ns + step_ns, until_ns, *(one for one in instants if one is not None)]
            self.now_ns = min(until_ns, max(min(due), self.now_ns + 1))
        self._step()

    def _step(self) -> None:
        self.kor.now_ns = self.now_ns
        for site in (self.kor, self.usa):
            self._guarded(lambda: self.network.due(self.now_ns))
            self._guarded(partial(self._tick, site))
        self._guarded(lambda: self.network.due(self.now_ns))

    def _tick(self, site: "Sender | Recipient") -> None:
        site.endpoint.tick(self.now_ns)

    def _guarded(self, act: Callable[[], object]) -> None:
        while True:
            try:
                act()
            except CrashError:
                for site in (self.kor, self.usa):
                    if site.crash_in is not None:
                        self.crash(site)
            else:
                return

    def crash(self, site: Sender | Recipient) -> None:
        """End and start again from the disk."""
        site.crash_in = None
        self.network.drop("KOR" if site is self.kor else "USA")
        site.start()

    def judge(self) -> None:
        """Every number once; what was left out was recorded before; what must be in order is."""
        sent, got = self.kor.sent, self.usa.got
        numbers = [number for number, _ in got]
        assert sorted(numbers) == list(range(1, len(sent) + 1)), "each number once"
        left_out = {n for first, last, _ in self.kor.skipped for n in range(first, last + 1)}
        turn, seen = 1, set[int]()
        for number, parcel in got:
            assert parcel in {None, sent[number - 1]}
            assert parcel is not None or number in left_out, "left out, and not recorded"
            kind = kind_of(item_in(sent[number - 1]))
            if parcel is not None and kind not in EARLY:
                assert number == turn, "before its turn"
            seen.add(number)
            while turn in seen:
                turn += 1
