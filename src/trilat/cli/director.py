"""`Director`: plays a scenario to the nodes of a fleet: its clock, its feeds, its people, its regimes.

It does what the world and the staff would do, through the doors that they would use: plots come in at each
node's intake as from any radar, officers answer at their own node, and everybody's clock is set to the same
pace. A node that falls is started again, as an operator would.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Protocol

from trilat.cli.fleet import OBSERVER, Exercise, Fleet, error_of
from trilat.cli.processes import Processes
from trilat.model import SECOND_NS, LinkError, TrilatError, UsageError
from trilat.node import Pace, PacedClock, SystemClock
from trilat.web import Feed as ObservedNode
from trilat.web import Observer

SPEEDS: Final = (1, 5, 10, 20, 30, 60)
"""Offered on the page."""

SPEED_MAX: Final = 120.0
_LEAD_NS: Final = 200_000_000
"""A change of pace begins so long after it was sent, so that it finds all nodes ready."""

_FEED_EVERY_S: Final = 0.02
_PEOPLE_EVERY_S: Final = 0.25
_WATCH_EVERY_S: Final = 0.25
_AGAIN_AFTER_S: Final = 0.3
_BATCH_MAX: Final = 500
_CONSENT_VALID_S: Final = 3_600
_SETTLE_S_MAX: Final = 30.0
_PREPARE_AFTER_S: Final = 6.0

Feed = Sequence[tuple[int, dict[str, Any]]]


@dataclass(frozen=True)
class Play:
    """What is played under every regime, beside the agreements."""

    title: str
    subtitle: str
    source: str
    feeds: Mapping[str, Feed]
    start_ns: int
    end_ns: int
    view: Mapping[str, float]
    people: tuple["Operator", ...] = ()


class Operator(Protocol):
    """Somebody at a node who speaks when the time has come."""

    async def act(self, fleet: Fleet, now_ns: int) -> None:
        """Look at the clock and act; LinkError where the node does not answer."""
        ...


class Director:
    """Plays to one fleet at a time; a change of regime begins anew with another."""

    def __init__(
        self,
        play: Play,
        exercises: Mapping[str, Exercise],
        root: Path,
        speed: float,
        observer: Observer | None = None,
        route: Callable[[str, str, int], int] | None = None,
    ) -> None:
        """A director who has not begun.

        Args:
            play: what is played.
            exercises: by regime, in the order in which they are offered.
            root: where the nodes' folders are made.
            speed: seconds of the exercise in one of the world.
            observer: who looks on.
            route: see `Fleet`.
        """
        self.play = play
        self.exercises = dict(exercises)
        self.fleet: Fleet | None = None
        self.regime = next(iter(self.exercises))
        self.struck: tuple[str, ...] = ()
        """Clauses of its agreements that are left out, each as `file#id`."""

        self.phase = "starting"
        self.message = ""
        self.speed = speed
        self.paused = False
        self.acts: list[str] = []
        self._root = root
        self._observer = observer
        self._route = route
        self._processes = Processes(root / "ready")
        self._runs = 0
        self._links_up: dict[tuple[str, str], bool] = {}
        self._clock = self._standing()
        self._played = self.exercises[self.regime]
        self._tasks: list[asyncio.Task[None]] = []
        self._beginning: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        self._done = asyncio.Event()

    def _standing(self) -> PacedClock:
        return PacedClock(Pace(from_wall_ns=0, instant_ns=self.play.start_ns, speed=0.0))

    def now_ns(self) -> int:
        """The exercise's instant, UTC ns."""
        return min(self._clock.now_ns(), self.play.end_ns)

    # --- beginning and ending ---

    async def begin(self, regime: str, struck: Sequence[str] = ()) -> None:
        """Play from the beginning under a regime, without the clauses `struck` (`file#id`); returns when the
        nodes are up and the clock runs.

        Raises:
            LinkError: a node did not come up.
            UsageError: no such regime or clause, or a folder cannot be made.
        """
        exercise = self._exercise(regime, struck)
        async with self._changing:
            await self._begin(regime, tuple(struck), exercise)

    def _exercise(self, regime: str, struck: Sequence[str]) -> Exercise:
        if regime not in self.exercises:
            raise UsageError(f"no regime `{regime}`: choose one of {', '.join(self.exercises)}")
        return self.exercises[regime].without(struck)

    async def _begin(self, regime: str, struck: tuple[str, ...], exercise: Exercise) -> None:
        if self._observer is not None:
            # Nodes that are stopped are no news.
            await self._observer.stop()
        await self._end()
        self._runs += 1
        self.regime, self.phase, self.message = regime, "starting", ""
        self.struck, self._played = struck, exercise
        self._done.clear()
        self._clock = self._standing()
        if self._observer is not None:
            self._observer.clear()
        try:
            self.fleet = Fleet(self._root / f"{self._runs}-{regime}", exercise, self._route, self._processes)
            await asyncio.to_thread(self.fleet.make)
            await self.fleet.start()
        except Exception as error:
            self.phase, self.message = "failed", str(error)
            raise
        await self._follow()
        self.phase = "running"
        await self._set_pace(self.play.start_ns)
        self._tasks = [
            *(asyncio.create_task(self._feed(party, feed)) for party, feed in self.play.feeds.items()),
            asyncio.create_task(self._again(_PEOPLE_EVERY_S, self._people)),
            asyncio.create_task(self._again(_WATCH_EVERY_S, self._watch)),
        ]
        if len(self.exercises) > 1:
            self._tasks.append(asyncio.create_task(self._prepare()))

    async def _prepare(self) -> None:
        """Keep processes ready for the next regime, when the nodes of this one have begun in peace."""
        await asyncio.sleep(_PREPARE_AFTER_S)
        for count in range(1, len(self._played.parties) + 1):
            self._processes.prepare(count)
            await asyncio.sleep(_PREPARE_AFTER_S)

    async def _end(self) -> None:
        """Stop what is played now."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        if self.fleet is not None:
            await self.fleet.close()
            self.fleet = None

    async def close(self) -> None:
        """Stop everything."""
        if self._beginning is not None:
            self._beginning.cancel()
        async with self._changing:
            await self._end()
            await asyncio.to_thread(self._processes.close)

    async def finished(self) -> None:
        """Returns when the scenario is over and everything has arrived, or playing it failed."""
        await self._done.wait()

    async def _follow(self) -> None:
        """Let the observer read from where the nodes are now."""
        fleet = self.fleet
        if self._observer is not None and fleet is not None:
            role = f"reader-{OBSERVER}"
            await self._observer.watch(
                {
                    party: ObservedNode(member.address, fleet.token(party, role))
                    for party, member in fleet.members.items()
                }
            )

    # --- what the page asks for ---

    async def set_paused(self, paused: bool) -> None:  # noqa: FBT001 - the page's word
        """Let the clock stand, or go on."""
        self._refuse_starting()
        self.paused = paused
        await self._set_pace(self.now_ns())

    async def set_speed(self, speed: float) -> None:
        """Let the clock run faster or slower.

        Raises:
            UsageError: not a speed from 0.1 to `SPEED_MAX`, or the nodes are not up.
        """
        if not 0.1 <= speed <= SPEED_MAX:
            raise UsageError(f"speed {speed:g} is not from 0.1 to {SPEED_MAX:.0f}")
        self._refuse_starting()
        self.speed = float(speed)
        await self._set_pace(self.now_ns())

    async def set_regime(self, regime: str) -> None:
        """Play from the beginning under another regime, as soon as its nodes are up.

        Raises:
            UsageError: no such regime, or another change is under way.
        """
        self._begin_again(regime, ())

    async def strike(self, struck: Sequence[str]) -> None:
        """Play the same from the beginning without these clauses, each as `file#id`; with none all are back.

        Raises:
            UsageError: no such clause, or another change is under way.
        """
        self._begin_again(self.regime, tuple(dict.fromkeys(struck)))

    async def restart(self) -> None:
        """Play from the beginning again; errors as of `set_regime`."""
        self._begin_again(self.regime, self.struck)

    def _begin_again(self, regime: str, struck: tuple[str, ...]) -> None:
        self._exercise(regime, struck)
        if self._changing.locked():
            raise UsageError("the nodes are being started: wait until they are up", conflict=True)
        self.phase = "starting"
        self._beginning = asyncio.create_task(self._begin_in_background(regime, struck))

    async def _begin_in_background(self, regime: str, struck: tuple[str, ...]) -> None:
        """What goes wrong stands in the message for everybody to read."""
        with suppress(TrilatError):
            await self.begin(regime, struck)

    async def ask_staff(
        self,
        party: str,
        method: str,
        path: str,
        said: dict[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        officer: int = 0,
    ) -> Any:
        """What a party's node answers its staff, or one of its officers, whom the exercise plays.

        Raises:
            UsageError: no node of that party runs, it does not answer, or it refuses; then with its status.
        """
        fleet = self.fleet
        if fleet is None or party not in fleet.members:
            raise UsageError(f"no node of `{party[:20]}` runs in this exercise", conflict=True)
        if not fleet.members[party].address:
            raise UsageError(f"the node of `{party}` is not up yet: ask again in a moment", conflict=True)
        officers = fleet.exercise.officers
        role = f"officer-{officers[officer - 1]}" if 0 < officer <= len(officers) else "staff"
        told: dict[str, Any] = {} if said is None else {"json": said}
        try:
            answer = await fleet.ask(party, role, method, path, params=dict(query or {}), **told)
        except LinkError as error:
            busy = HTTPStatus.SERVICE_UNAVAILABLE
            raise UsageError(f"the node of `{party}` does not answer: ask again", http=int(busy)) from error
        if not answer.is_success:
            # A node that does not know its own staff, or has a fault, is no fault of who asks here.
            faulty = answer.status_code == HTTPStatus.UNAUTHORIZED or answer.is_server_error
            status = HTTPStatus.SERVICE_UNAVAILABLE if faulty else answer.status_code
            raise UsageError(error_of(answer), http=int(status))
        return answer.json()

    def state(self) -> dict[str, Any]:
        """All that the page needs to know but the pictures."""
        exercise = self._played
        return {
            "title": self.play.title,
            "subtitle": self.play.subtitle,
            "source": self.play.source,
            "status": exercise.status.value,
            "regimes": [
                {"name": name, "title": offered.preset.regime.title}
                for name, offered in self.exercises.items()
            ],
            "regime": self.regime,
            "struck": list(self.struck),
            "parties": list(exercise.parties),
            "phase": self.phase,
            "message": self.message,
            "start_ns": self.play.start_ns,
            "end_ns": self.play.end_ns,
            "now_ns": self.now_ns(),
            "decision_shift_ns": exercise.decision_shift_ns,
            "speed": self.speed,
            "paused": self.paused,
            "speeds": list(SPEEDS),
            "view": dict(self.play.view),
            "links": [{"from": one, "to": other, "up": up} for (one, other), up in self._links().items()],
        }

    def _links(self) -> dict[tuple[str, str], bool]:
        return {pair: self._links_up.get(pair, False) for pair in self._played.pairs}

    def _refuse_starting(self) -> None:
        if self.phase in {"starting", "failed"}:
            raise UsageError("the nodes are not up yet: wait until they are")

    # --- playing ---

    async def _set_pace(self, instant_ns: int) -> None:
        fleet = self.fleet
        if fleet is None:
            return
        over = instant_ns >= self.play.end_ns
        pace = Pace(
            from_wall_ns=SystemClock().now_ns() + _LEAD_NS,
            instant_ns=instant_ns,
            speed=0.0 if self.paused or over else self.speed,
        )
        # Until the change the old pace goes on: begin where it will have come to.
        pace = replace(pace, instant_ns=max(instant_ns, self._clock.pace.instant_at(pace.from_wall_ns)))
        self._clock.set_pace(pace)
        await fleet.set_pace(pace)

    async def _again(self, every_s: float, act: Callable[[], Awaitable[None]]) -> None:
        """Do something over and over; a node that does not answer is asked again."""
        while True:
            with suppress(LinkError, UsageError):
                await act()
            await asyncio.sleep(every_s)

    async def _feed(self, party: str, feed: Feed) -> None:
        """Hand a party's reports to its node when their time has come, each batch until it is answered."""
        position = 0
        while position < len(feed):
            now_ns = self._clock.now_ns()
            end = position
            while end < len(feed) and end - position < _BATCH_MAX and feed[end][0] <= now_ns:
                end += 1
            if end > position:
                await self._post(party, [report for _, report in feed[position:end]], f"{party}-{position}")
                position = end
            else:
                await asyncio.sleep(_FEED_EVERY_S)

    async def _post(self, party: str, reports: list[dict[str, Any]], key: str) -> None:
        """Give one batch, under one key, until the node says that it has it."""
        fleet = self.fleet
        assert fleet is not None
        while True:
            with suppress(LinkError):
                answer = await fleet.ask(
                    party,
                    "intake",
                    "POST",
                    "/intake",
                    json={"reports": reports},
                    headers={"idempotency-key": key},
                )
                if answer.is_success:
                    refused = answer.json()["refused"]
                    if refused:
                        self.message = f"{party} refused {len(refused)} reports: {refused[0]['reason']}"
                    return
                if answer.is_client_error:
                    self.message = f"{party} refused a batch: {error_of(answer)}"
                    return
            await asyncio.sleep(_AGAIN_AFTER_S)

    async def _people(self) -> None:
        """Officers who approve what was asked long enough ago, and operators of the scenario."""
        fleet = self.fleet
        if fleet is None:
            return
        now_ns = self._clock.now_ns()
        delay_s = self.exercises[self.regime].preset.regime.approval_delay_s
        if delay_s > 0:
            for party in fleet.members:
                await self._approve(fleet, party, now_ns - delay_s * SECOND_NS)
        for operator in self.play.people:
            await operator.act(fleet, now_ns)

    async def _approve(self, fleet: Fleet, party: str, asked_before_ns: int) -> None:
        answer = await fleet.ask(party, "staff", "GET", "/referrals")
        for referral in answer.json() if answer.is_success else []:
            if referral["asked_ns"] <= asked_before_ns:
                said = {name: referral[name] for name in ("clause", "subject", "recipient", "via")}
                await fleet.ask(
                    party,
                    "staff",
                    "POST",
                    "/referrals/answer",
                    json={
                        **said,
                        "granted": True,
                        "officer": "release-officer",
                        "valid_s": _CONSENT_VALID_S,
                        "assumed": True,
                    },
                )

    async def _watch(self) -> None:
        """Start again what has fallen, note how the links stand, and see whether all is over."""
        fleet = self.fleet
        if fleet is None:
            return
        for party in fleet.ended():
            self.message = f"node {party} ended and is started again"
            await fleet.restart(party)
            await self._follow()
            self.message = f"node {party} is back"
        states = {party: await fleet.state(party) for party in fleet.members}
        self._links_up = {
            (one, other): bool(states[one]["links"].get(other, {}).get("up"))
            and bool(states[other]["links"].get(one, {}).get("up"))
            for one, other in self.exercises[self.regime].pairs
        }
        stopped = [f"node {party}: {state['problem']}" for party, state in states.items() if state["problem"]]
        if stopped:
            self.message = stopped[0]
        if self.phase == "running" and self._clock.now_ns() >= self.play.end_ns:
            await self._settle(states)

    async def _settle(self, states: Mapping[str, Mapping[str, Any]]) -> None:
        """End the run when every node has ticked to the end and nothing is on its way any more."""
        ticked = all(state["ticked_ns"] >= self.play.end_ns for state in states.values())
        waiting = any(
            link["waiting"] or link["sent"] > link["acknowledged"]
            for state in states.values()
            for link in state["links"].values()
        )
        fed = all(task.done() for task in self._tasks[: len(self.play.feeds)])
        overrun_s = (self._clock.now_ns() - self.play.end_ns) / SECOND_NS
        if fed and ticked and (not waiting or overrun_s > _SETTLE_S_MAX * max(self.speed, 1.0)):
            self.phase = "ended"
            pace = Pace(
                from_wall_ns=SystemClock().now_ns() + _LEAD_NS,
                instant_ns=self._clock.now_ns(),
                speed=0.0,
            )
            self._clock.set_pace(pace)
            if self.fleet is not None:
                await self.fleet.set_pace(pace)
            # Until then the nodes' time goes on.
            await asyncio.sleep(2 * _LEAD_NS / SECOND_NS)
            self._done.set()
