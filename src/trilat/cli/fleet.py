"""`Fleet`: the nodes of an exercise as processes of their own on this machine, each with its folder.

What a partner would do by hand is done here for all: folders made, cards exchanged, links laid as the regime
says. The nodes are `trilat node run FOLDER` and know nothing of it. They end with this process, however it
ends.
"""

import asyncio
import json
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import httpx

from trilat.cli.processes import NodeProcess, Processes
from trilat.cli.terminal import writing
from trilat.domains import WatchArea
from trilat.model import LinkError, Status, UsageError, format_instant
from trilat.node import (
    ClockSettings,
    DeskSettings,
    LinkSettings,
    NodeSettings,
    Pace,
    Peer,
    SensorSettings,
    SystemClock,
    make_folder,
    read_folder,
)
from trilat.policy import (
    AgreementSet,
    internal_agreement,
    linked_pairs,
    observer_agreement,
    read_agreement,
    struck_texts,
)
from trilat.study import Preset, partners_of

OBSERVER: Final = "OBS"
"""The party for whom the page of an exercise is made."""

LOOPBACK: Final = "127.0.0.1"
_UNDO_S: Final = 20
"""How long an exercise holds what an officer approved, by its own time."""

_START_S_MAX: Final = 120.0
_POLL_S: Final = 0.05
_REQUEST_S_MAX: Final = 30.0


@dataclass(frozen=True)
class Exercise:
    """What is played: by whom, under which agreements, from when on."""

    parties: tuple[str, ...]
    preset: Preset
    agreement_texts: Mapping[str, str]
    start_ns: int
    status: Status = Status.SIMULATED
    content_level: str = ""
    headline_level: str = ""
    watch_areas: Mapping[str, tuple[WatchArea, ...]] = field(default_factory=dict)
    """What each party watches over."""

    sensors: Mapping[str, tuple[SensorSettings, ...]] = field(default_factory=dict)
    """Where each party's sensors stand, for its own staff's map."""

    officers: tuple[str, ...] = ()
    """Who answers questions of release at each node; without any its staff does."""

    def without(self, struck: Sequence[str]) -> "Exercise":
        """The same with clauses struck from its agreements, each named `file#id`; UsageError for one that it
        does not have.
        """
        if not struck:
            return self
        texts = struck_texts(self.agreement_texts, struck)
        agreements = AgreementSet.of({file: read_agreement(file, text) for file, text in texts.items()})
        return replace(self, preset=replace(self.preset, agreements=agreements), agreement_texts=texts)

    def watched(self, areas: Mapping[str, tuple[WatchArea, ...]]) -> "Exercise":
        """The same with watch areas; UsageError for those of a party that does not take part."""
        for party in areas:
            if party not in self.parties:
                raise UsageError(f"no party `{party}` takes part: choose from {', '.join(self.parties)}")
        return replace(self, watch_areas=areas)

    @property
    def decision_shift_ns(self) -> int:
        """Instant of deciding minus the exercise's clock, ns."""
        return self.preset.regime.as_of_ns - self.start_ns

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs of parties that the agreements let send to each other directly."""
        return linked_pairs(self.preset.agreements, self.parties, self.preset.regime.as_of_ns)


@dataclass
class Member:
    """One node of the fleet."""

    party: str
    folder: Path
    process: NodeProcess | None = None
    address: str = ""
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)


class Fleet:
    """Nodes of one exercise. Made, started, asked, stopped."""

    def __init__(
        self,
        root: Path,
        exercise: Exercise,
        route: Callable[[str, str, int], int] | None = None,
        processes: Processes | None = None,
    ) -> None:
        """A fleet in a folder that is to be made; nothing runs.

        Args:
            root: the folder.
            exercise: what is played.
            route: the port that a party dials to reach another that listens on the given one, where something
                stands between the two.
            processes: starts the nodes; those kept ready are used first.
        """
        self.root = root
        self._processes = processes or Processes(root)
        self._route = route or (lambda _dials, _dialled, port: port)
        self.exercise = exercise
        self.members = {party: Member(party, root / party) for party in exercise.parties}
        self._client = httpx.AsyncClient(timeout=_REQUEST_S_MAX, trust_env=False)

    # --- making ---

    def make(self) -> None:
        """Make all folders, with every partner's card in its place.

        Raises:
            UsageError: a folder cannot be made, or is there already.
        """
        exercise = self.exercise
        dialled = {party: free_port() for party in exercise.parties}
        cards = {}
        for party, member in self.members.items():
            cards[party] = make_folder(
                member.folder,
                self._settings(party, dialled),
                self._agreements(party),
                hosts=(LOOPBACK,),
                now_ns=SystemClock().now_ns(),
                entropy=os.urandom,
            )
        for member in self.members.values():
            for party in exercise.parties:
                if party != member.party:
                    self._copy_card(self.members[party].folder, member.folder, party)
            member.tokens = read_folder(member.folder).secrets.tokens

    def _copy_card(self, source: Path, folder: Path, party: str) -> None:
        try:
            card = (source / "card.json").read_bytes()
            (folder / "peers" / f"{party}.json").write_bytes(card)
        except OSError as error:
            raise writing(folder, error) from error

    def _settings(self, party: str, dialled: Mapping[str, int]) -> NodeSettings:
        exercise = self.exercise
        others = [other for other in exercise.parties if other != party]
        return NodeSettings(
            party=party,
            status=exercise.status,
            purpose=exercise.preset.regime.purpose,
            releasable_to=(*partners_of(exercise.preset, party, others), OBSERVER),
            readers=(OBSERVER,),
            content_level=exercise.content_level,
            headline_level=exercise.headline_level,
            desk=DeskSettings(officers=exercise.officers, undo_s=_UNDO_S if exercise.officers else 0),
            watch_area=tuple(exercise.watch_areas.get(party, ())),
            sensor=tuple(exercise.sensors.get(party, ())),
            peer=tuple(self._peer(party, other, dialled) for other in others),
            link=LinkSettings(leaf_listen=f"{LOOPBACK}:{dialled[party]}"),
            clock=ClockSettings(
                kind="paced",
                start=format_instant(exercise.start_ns),
                decision_shift_ns=exercise.decision_shift_ns,
            ),
        )

    def _peer(self, party: str, other: str, dialled: Mapping[str, int]) -> Peer:
        """How the link to another party stands: whoever has fewer links dials, then the later by code."""
        pairs = self.exercise.pairs
        if not any({party, other} == set(pair) for pair in pairs):
            return Peer(code=other, link=False)
        links = {code: sum(code in pair for pair in pairs) for code in (party, other)}
        if max((party, other), key=lambda code: (-links[code], code)) != party:
            return Peer(code=other)
        return Peer(code=other, dial=f"{LOOPBACK}:{self._route(party, other, dialled[other])}")

    def _agreements(self, party: str) -> dict[str, str]:
        exercise = self.exercise
        others = [other for other in exercise.parties if other != party]
        purpose = exercise.preset.regime.purpose
        since = _DRILLS_SINCE
        return {
            **exercise.agreement_texts,
            f"internal-{party}.toml": internal_agreement(party, purpose, since),
            f"observer-{party}.toml": observer_agreement(party, others, OBSERVER, purpose, since),
        }

    # --- running ---

    async def start(self) -> None:
        """Start all nodes at once; returns when every one answers.

        Raises:
            LinkError: a node did not come up; the text has the last line that it said.
        """
        for member in self.members.values():
            self._launch(member)
        for member in self.members.values():
            await self._await_up(member)

    async def restart(self, party: str) -> None:
        """Start one node again that has ended; errors as of `start`."""
        member = self.members[party]
        self._launch(member)
        await self._await_up(member)

    def _launch(self, member: Member) -> None:
        if member.process is not None:
            member.process.release()
        (member.folder / "run" / "address.json").unlink(missing_ok=True)
        member.process = self._processes.start(member.folder)

    async def _await_up(self, member: Member) -> None:
        process = member.process
        assert process is not None
        for _ in range(int(_START_S_MAX / _POLL_S)):
            if not process.is_running():
                raise LinkError(f"node {member.party} did not start: {process.last_line()}")
            path = member.folder / "run" / "address.json"
            if path.is_file():
                member.address = json.loads(path.read_text(encoding="utf-8"))["web"]
                return
            await asyncio.sleep(_POLL_S)
        raise LinkError(f"node {member.party} did not come up within {_START_S_MAX:.0f} s")

    def ended(self) -> list[str]:
        """The parties whose process has ended."""
        return [
            party
            for party, member in self.members.items()
            if member.process is not None and not member.process.is_running()
        ]

    async def stop(self) -> None:
        """Stop all nodes at once; those that do not end in time are killed."""
        running = [member.process for member in self.members.values() if member.process is not None]
        await asyncio.gather(*(asyncio.to_thread(process.stop) for process in running))

    async def close(self) -> None:
        """Stop all nodes, and give back what was held to ask them."""
        await self.stop()
        await self._client.aclose()

    # --- asking ---

    def token(self, party: str, role: str) -> str:
        """The token of a role at a node."""
        return self.members[party].tokens[role]

    async def ask(self, party: str, role: str, method: str, path: str, **said: Any) -> httpx.Response:
        """A node's answer to one request.

        Raises:
            LinkError: the node cannot be reached.
        """
        headers = {"authorization": f"Bearer {self.token(party, role)}", **said.pop("headers", {})}
        try:
            return await self._client.request(
                method, f"{self.members[party].address}{path}", headers=headers, **said
            )
        except httpx.HTTPError as error:
            raise LinkError(f"node {party} does not answer: {str(error) or type(error).__name__}") from error

    async def set_pace(self, pace: Pace) -> None:
        """Let the time of all nodes run at a pace; one that is down takes it up when it is back."""
        said = {"from_wall_ns": pace.from_wall_ns, "instant_ns": pace.instant_ns, "speed": pace.speed}
        answers = await asyncio.gather(
            *(self.ask(party, "director", "PUT", "/clock", json=said) for party in self.members),
            return_exceptions=True,
        )
        for answer in answers:
            if isinstance(answer, httpx.Response) and answer.status_code >= _REFUSED:
                raise UsageError(f"the clock was not set: {error_of(answer)}")

    async def state(self, party: str) -> dict[str, Any]:
        """What a node says of itself; LinkError where it does not."""
        answer = await self.ask(party, "director", "GET", "/status")
        if answer.status_code >= _REFUSED:
            raise LinkError(f"node {party} does not say how it is: {error_of(answer)}")
        state: dict[str, Any] = answer.json()
        return state


_REFUSED: Final = 400
_DRILLS_SINCE: Final = "2000-01-01T00:00:00Z"
"""From when on the agreements within an exercise speak, whatever year it plays in."""


def error_of(answer: httpx.Response) -> str:
    """The one line of an answer that refuses."""
    try:
        said = answer.json()
    except ValueError:
        return f"HTTP {answer.status_code}"
    return str(said.get("error", said)) if isinstance(said, dict) else f"HTTP {answer.status_code}"


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
