"""`NodeService`: a running node, as the event loop sees it. Its `Worker` does the work.

A node that cannot write its ledger does nothing any more: `problem` says so, and it is restored from there.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any, Final, TypeVar

import msgspec
import structlog

from trilat.model import (
    SECOND_NS,
    Declared,
    Domain,
    ItemReference,
    LedgerError,
    Status,
    TrilatError,
    UsageError,
    WarningKind,
    format_instant,
    from_plain,
    to_plain,
)
from trilat.node.at_desk import AUDITOR, look_entry, looked_at, shown_at_desk
from trilat.node.audience import Audience, Event, Reader
from trilat.node.clock import ManualClock, Pace, PacedClock, refuse_leap
from trilat.node.condition import Condition
from trilat.node.conditions import Links, condition_of, link_row
from trilat.node.declaring import declare
from trilat.node.feeds import FeedBatch, IntakeAnswer, refusal_entry
from trilat.node.gathering import Gathering
from trilat.node.known_state import known_lines
from trilat.node.node import Node
from trilat.node.records import Referral, ReleaseRecord
from trilat.node.storage import Storage
from trilat.node.timings import Timings
from trilat.node.worker import TICK_NS, Worker

_T = TypeVar("_T")
_GROUP_NS: Final = 5_000_000
"""What comes within so long of an offer, while more waits, is offered together: one commit for all of it."""

_IDLE_S: Final = 1.0
_LINES_SHOWN: Final = 20
_STATE_EVERY_NS: Final = 60 * SECOND_NS
_OF_SENSOR: Final = (
    "sensor",
    *("range_bias_m", "range_sigma_m", "azimuth_bias_rad", "azimuth_sigma_rad"),
    *("elevation_bias_rad", "elevation_sigma_rad", "clock_bias_s", "clock_sigma_s", "suspect"),
)


class NodeService:
    """A node at work. Its coroutines are called from one event loop; `start` and `stop` are its life."""

    def __init__(self, node: Node, clock: ManualClock, time: PacedClock, wall_ns: Callable[[], int]) -> None:
        """A service that has not begun.

        Args:
            node: restored from its ledger, with `clock` as its clock.
            clock: is moved on by the worker and nowhere else.
            time: says what the clock should show.
            wall_ns: the world's time, UTC ns.
        """
        self.node = node
        self.party = node.config.party
        self.status: Status = node.config.status
        self.links: Links | None = None
        self.about: Callable[[], Mapping[str, Any]] = dict
        """Tells what else belongs to the node's state, such as its NATS server."""

        self.storage: Callable[[], Storage] = Storage
        """Tells what the ledger lies on."""

        self.refuse_pace: Callable[[], None] = lambda: None
        """Refuses any pace where nobody sets this node's time, before one is looked at."""

        self.on_pace: Callable[[Pace], None] | None = None
        """Is told of each pace that is set, before it holds."""

        self.eager = False
        """Whether what needs no fusion is offered as soon as it comes, and not at the next tick, and what
        waits is taken together. Not in an exercise on a paced clock, which is to decide the same things
        however the machine is. Set it before the start.
        """

        self._clock = clock
        self._time = time
        self._wall_ns = wall_ns
        self._log = structlog.get_logger("trilat.node").bind(party=self.party)
        self._worker = Worker(clock, time, self._tick, self._between, self._fail)
        self._audience = Audience(node)
        self._timings = Timings(node, wall_ns)
        self._gathering = Gathering(node, self._timings, self.problem, self._note_released)
        self._asked: set[Future[Any]] = set()
        self._problem: str | None = None
        self._looked_ns: dict[tuple[str, str], int] = {}
        self._releases = 0
        self._offered_ns = 0
        self._dropped = 0

    # --- life ---

    def start(self) -> None:
        """Begin to work."""
        self._worker.gathers = self._gathering.offers = self.eager
        self._worker.start()

    async def stop(self) -> None:
        """End after the job in hand, however late the node is. Readers are told, who waits for another job
        gets a LedgerError, and what is written stays for the next start.
        """
        if self._worker.is_alive():
            await asyncio.to_thread(self._end)
            for asked in tuple(self._asked):
                if asked.set_running_or_notify_cancel():
                    asked.set_exception(self._not_running())

    def _end(self) -> None:
        self._worker.stop()
        # The node's thread has ended, so what was its alone is this one's now.
        try:
            if self._problem is None and self.node.failure is None:
                self._audience.close_all("the node stops")
        except Exception as error:  # noqa: BLE001 - the node ends all the same
            self._fail(error)

    def problem(self) -> str | None:
        """Why the node does nothing any more, in one line; None while it works."""
        if self._problem is not None:
            return self._problem
        if self.node.failure is not None:
            return self.node.failure
        return None if self._worker.is_alive() else "the node is not running"

    def _fail(self, error: Exception) -> None:
        """Stop working on an error that nobody waits for: the state may have run ahead of the ledger."""
        if self._problem is None:
            self._problem = " ".join(str(error).split()) or type(error).__name__
            unexpected = not isinstance(error, TrilatError)
            self._log.error("node stopped", problem=self._problem, exc_info=error if unexpected else None)
        self._worker.ticking = False
        self._audience.drop_all("the node has stopped")

    def _refuse_stopped(self) -> None:
        problem = self.problem()
        if problem is not None:
            raise LedgerError(f"`{self.party}` has stopped: {problem}")

    # --- on the node's thread ---

    def _tick(self) -> None:
        self._note_released(self.node.tick())

    def _between(self) -> float:
        """Links and readers, where it is their time; returns seconds until it is again."""
        if self.problem() is not None:
            return _IDLE_S
        now_ns = self._wall_ns()
        waits_s = [_IDLE_S]
        try:
            self._offer(now_ns)
            link_ns = self.node.endpoint.next_tick_ns()
            if link_ns is not None and link_ns <= now_ns:
                self.node.tend_links()
                link_ns = self.node.endpoint.next_tick_ns()
            if link_ns is not None:
                waits_s.append((link_ns - now_ns) / SECOND_NS)
            frames_s = self._audience.frames(now_ns)
            if frames_s is not None:
                waits_s.append(frames_s)
        except Exception as error:  # noqa: BLE001 - nothing is shown or sent that could not be written
            self._fail(error)
        return max(0.0, min(waits_s))

    def _offer(self, now_ns: int) -> None:
        """Offer what waits: at once where there is nothing else to do, and else what came in some moments."""
        if not (self.eager and self.node.offers):
            return
        if self._worker.waiting and now_ns < self._offered_ns + _GROUP_NS:
            return
        self._offered_ns = now_ns
        self._note_released(self.node.offer())

    def _note_released(self, records: Sequence[ReleaseRecord]) -> None:
        self._releases += len(records)
        self._timings.released(records)

    def _resume(self, peer: str) -> None:
        if self.problem() is None:
            self.node.known.reached(peer)
            self.node.endpoint.resume(peer, self._wall_ns())

    # --- what the links hand over ---

    def _tell(self, job: Callable[[], Any]) -> None:
        if not self._worker.tell(job):
            self._dropped += 1

    def arrived(self, payload: bytes) -> None:
        """Hand over what came on a link; where too much waits it is dropped, and the partner sends again."""
        if not self._worker.tell_together(self._gathering.payloads, payload):
            self._dropped += 1

    def reachable(self, peer: str) -> None:
        """A partner is heard again: send it what it misses, and ask for what we do."""
        self._log.info("partner heard", peer=peer)
        self._tell(lambda: self._resume(peer))

    def refused(self, text: str) -> None:
        """Note what the transport or its server refused, in one line."""
        self._log.warning("refused", reason=text)
        self._tell(lambda: self.node.refused("link", text))

    async def looked(self, what: str, digest: bytes) -> None:
        """Write down that an auditor is shown something of the ledger, which has this digest.

        Raises:
            LedgerError: it cannot be written, or the node has stopped: nothing may be shown.
        """

        def write() -> None:
            self._refuse_stopped()
            self.node.write([look_entry(self.party, AUDITOR, what, digest)])

        await self._ask(write)

    async def on_node(self, job: Callable[[Node], _T]) -> _T:
        """What a job returned or raised on the node's thread; LedgerError where the node has stopped."""

        def run() -> _T:
            self._refuse_stopped()
            return job(self.node)

        return await self._ask(run)

    async def _ask(self, job: Callable[[], _T]) -> _T:
        """What a job returned or raised on the node's thread."""
        return await asyncio.wrap_future(self._asking(job))

    def _asking(self, job: Callable[[], _T]) -> Future[_T]:
        self._refuse_not_running()
        return self._known(self._worker.ask(job))

    def _known(self, asked: Future[_T]) -> Future[_T]:
        """A future that gets an error where the node ends before it is done."""
        self._asked.add(asked)
        asked.add_done_callback(self._asked.discard)
        return asked

    def _refuse_not_running(self) -> None:
        if not self._worker.is_alive():
            raise self._not_running()

    def _not_running(self) -> LedgerError:
        return LedgerError(f"`{self.party}` does not run: start it, and ask again")

    # --- what feeds and people ask ---

    async def intake(self, reports: Sequence[Any], key: str, digest: bytes) -> IntakeAnswer:
        """The answer to a feed's batch, given after the commit; see `take_batch`."""
        self._refuse_not_running()
        batch = FeedBatch(reports, key, digest)
        asked = self._known(self._worker.ask_together(self._gathering.batches, batch))
        answer: IntakeAnswer = await asyncio.wrap_future(asked)
        return answer

    async def keep_aside(self, source: str, text: str, content: bytes) -> None:
        """Write down input that could not even be read."""

        def keep() -> None:
            self._refuse_stopped()
            self.node.ledger.append([refusal_entry(source, text, content)])
            self.node.note_refusal(text)

        await self._ask(keep)

    async def referrals(self, person: str = "") -> list[dict[str, Any]]:
        """Questions that wait for a person."""
        return await self._ask(
            lambda: self._shown("referrals", [to_plain(one) for one in self.node.referrals()], person)
        )

    def _shown(self, what: str, shown: _T, person: str) -> _T:
        """What the staff is shown, once it is written that it was."""
        self._refuse_stopped()
        return looked_at(self.node, what, shown, person)

    async def answer(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The consent that an officer's answer made.

        Raises:
            UsageError: no such question is open here.
        """

        def give() -> dict[str, Any]:
            self._refuse_stopped()
            if self.node.config.officers:
                raise UsageError(
                    "officers answer here, each with a token of their own: POST /desk/answer", refused=True
                )
            consent = self.node.answer(
                self._referral(answer),
                granted=bool(answer["granted"]),
                officer=f"{self.party}/{answer['officer']}",
                valid_s=int(answer["valid_s"]),
                assumed=bool(answer.get("assumed", False)),
            )
            return to_plain(consent)

        return await self._ask(give)

    def _referral(self, answer: Mapping[str, Any]) -> Referral:
        names = ("clause", "subject", "recipient", "via")
        for referral in self.node.referrals():
            if all(getattr(referral, name) == answer.get(name) for name in names):
                return referral
        raise UsageError(
            f"no question on `{answer.get('subject')}` under `{answer.get('clause')}` is open here"
        )

    async def desk(self, who: str, person: str = "") -> dict[str, Any]:
        """Questions of release with previews, as an officer or the staff sees them; each look is recorded.

        Raises:
            UsageError: the name is no officer's and no deputy's.
        """

        def show() -> dict[str, Any]:
            self._refuse_stopped()
            return shown_at_desk(self.node, who, person)

        return await self._ask(show)

    async def answer_at_desk(self, officer: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """The consent, or refusal, that an officer's answer made; errors as of the desk."""

        def give() -> dict[str, Any]:
            self._refuse_stopped()
            consent = self.node.desk.answer(
                said["question"],
                officer,
                granted=bool(said["granted"]),
                valid_s=int(said["valid_s"]),
                said=said.get("said", ""),
            )
            return to_plain(consent)

        return await self._ask(give)

    async def delegate(self, officer: str, deputy: str, for_s: int) -> dict[str, Any]:
        """Let a deputy stand in for an officer, or, for 0 seconds, no longer; errors as of the desk."""

        def give() -> dict[str, Any]:
            self._refuse_stopped()
            desk = self.node.desk
            return to_plain(
                desk.delegate(officer, deputy, for_s) if for_s else desk.take_back(officer, deputy)
            )

        return await self._ask(give)

    async def declare(self, officer: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """What an officer declares: a situation, that the party gives no more, or notice.

        Raises:
            UsageError: the name is no officer's, and officers are named.
        """

        def give() -> dict[str, Any]:
            self._refuse_stopped()
            declaration = declare(
                self.node,
                Declared(said["declared"]),
                said["about"],
                officer=f"{self.party}/{self.node.desk.speaker(officer)}",
                domain=Domain(said["domain"]),
                valid_s=said.get("valid_s"),
                stands=bool(said.get("stands", True)),
            )
            return to_plain(declaration)

        return await self._ask(give)

    async def ask_onward(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """The request to an item's originator for leave to pass it on; errors as of `OnwardRequests`."""

        def give() -> dict[str, Any]:
            self._refuse_stopped()
            request = self.node.onward.ask(
                said["item_id"], said["onward_to"], int(said["within_s"]), said.get("question", "")
            )
            return to_plain(request)

        return await self._ask(give)

    async def onward_requests(self, person: str = "") -> list[dict[str, Any]]:
        """Own requests for leave to pass items on, and how they stand."""

        def show() -> list[dict[str, Any]]:
            return self._shown(
                "onward requests",
                [
                    {"request": to_plain(own.request), "state": own.state.value, "said": own.said}
                    for own in self.node.onward.own()
                ],
                person,
            )

        return await self._ask(show)

    async def raise_warning(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Versions of a warning that a person raised, one per audience; errors as of the node."""

        def give() -> dict[str, Any]:
            self._refuse_stopped()
            warnings = self.node.raise_warning(
                said["key"],
                WarningKind(said["kind"]),
                Domain(said["domain"]),
                [from_plain(reference, ItemReference) for reference in said["basis"]],
                [from_plain(reference, ItemReference) for reference in said.get("confirmed_by", ())],
                said.get("text", ""),
            )
            return {"warnings": [to_plain(warning) for warning in warnings]}

        return await self._ask(give)

    async def retract_warning(self, key: str, text: str) -> dict[str, Any]:
        """Versions of a warning that withdraw it, one per audience that held it."""

        def give() -> dict[str, Any]:
            self._refuse_stopped()
            return {"warnings": [to_plain(warning) for warning in self.node.retract_warning(key, text)]}

        return await self._ask(give)

    # --- what readers ask ---

    async def picture(self, reader: str, person: str = "") -> dict[str, Any]:
        """One standing release, opened, shown once and closed.

        Raises:
            UsageError: no agreement lets this reader see anything; `facts["refused"]` is true.
        """

        def show() -> dict[str, Any]:
            self._refuse_stopped()
            return self._audience.once(reader, person)

        return await self._ask(show)

    async def stream(self, reader: str, person: str = "") -> AsyncIterator[Event]:
        """Events of a standing release until it is closed; errors of `picture` at the first step."""
        loop = asyncio.get_running_loop()

        def open_() -> tuple[Reader, dict[str, Any]]:
            self._refuse_stopped()
            return self._audience.open(reader, loop, person)

        opening = self._asking(open_)
        try:
            opened, first = await asyncio.wrap_future(opening)
        except asyncio.CancelledError:
            # Who left while the release was being opened takes nothing of it.
            opening.add_done_callback(self._left)
            raise
        try:
            yield "opened", first
            while (event := await opened.events.get()) is not None:
                yield event
        finally:
            self._close(opened)

    def _left(self, opening: "Future[tuple[Reader, dict[str, Any]]]") -> None:
        if not opening.cancelled() and opening.exception() is None:
            self._close(opening.result()[0])

    def _close(self, reader: Reader) -> None:
        if self.problem() is None:
            self._worker.tell(lambda: self._audience.close(reader, "the reader left"))

    # --- clock, state, counts ---

    def pace(self) -> Pace:
        """How the node's time runs."""
        return self._time.pace

    async def set_pace(self, pace: Pace) -> None:
        """Let the time of an exercise run otherwise.

        Raises:
            UsageError: the node's time is the world's. Or time would leap.
        """
        if self.status is Status.REAL:
            raise UsageError("the time of a real node is the world's: nobody sets it", refused=True)
        self.refuse_pace()
        refuse_leap(pace, self._time.now_ns(), self._wall_ns())
        if self.on_pace is not None:
            self.on_pace(pace)
        self._time.set_pace(pace)
        # A job wakes the worker, which then sees the new pace.
        await self._ask(lambda: None)

    async def timings(self, after: int) -> dict[str, Any]:
        """What `Timings` noted after a number."""
        return await self._ask(lambda: self._timings.after(after))

    async def state(self, person: str = "") -> dict[str, Any]:
        """The node's state for people: who, when, links, ledger, refusals."""
        return await self._ask(lambda: self._state(person))

    def _state(self, person: str) -> dict[str, Any]:
        node = self.node
        lines = list(node.refusals)[-_LINES_SHOWN:]
        if lines:  # They name items.
            self._shown_now_and_then("status", lines, person)
        return {
            "party": self.party,
            "status": self.status.value,
            "at": format_instant(self._clock.now_ns()),
            "at_ns": self._clock.now_ns(),
            "ticked_ns": self._worker.next_tick_ns - TICK_NS,
            "waiting": self._worker.waiting,
            "problem": self.problem(),
            "links": {peer: link_row(node, self.links, peer) for peer in node.config.peers},
            "readers": self._audience.codes,
            "ledger_entries": node.ledger.head().entries,
            "accepted_reports": node.accepted_reports,
            "referrals": len(node.referrals()),
            "refusals": node.refusals_count,
            "last_refusals": lines,
            "agreements": known_lines(node),
            **self.about(),
        }

    def _shown_now_and_then(self, what: str, shown: Any, person: str) -> None:
        """Write down that something was shown; who asks again and again is one record a minute."""
        before_ns = self._looked_ns.get((what, person), 0)
        if self._wall_ns() - before_ns >= _STATE_EVERY_NS and self.problem() is None:
            self._looked_ns[what, person] = self._wall_ns()
            self._shown(what, shown, person)

    async def condition(self, person: str = "") -> Condition:
        """How the node is in figures, and what of it is wrong; also of one that has stopped itself."""
        storage = await asyncio.to_thread(self.storage)

        def look() -> Condition:
            found = condition_of(
                self.node,
                self.links,
                storage,
                self._wall_ns(),
                problem=self.problem(),
                behind_s=self._worker.behind_s,
            )
            self._shown_now_and_then("health", msgspec.to_builtins(found), person)
            return found

        return await self._ask(look)

    async def sensors(self, person: str = "") -> list[dict[str, Any]]:
        """What is known of own sensors' constant errors, a row each: for the own staff, and in no item."""
        return await self._ask(lambda: self._sensors(person))

    def _sensors(self, person: str) -> list[dict[str, Any]]:
        self._refuse_stopped()
        biases = self.node.views.biases
        rows = [] if biases is None else [asdict(row) for row in biases.rows()]
        shown = [{name: value for name, value in row.items() if name in _OF_SENSOR} for row in rows]
        return self._shown("sensors", shown, person)

    def counts(self) -> Mapping[str, int | float]:
        """Numbers for a monitor."""
        node = self.node
        counts: dict[str, int | float] = {
            "accepted_reports": node.accepted_reports,
            "behind_s": self._worker.behind_s,
            "items_held": len(node.holdings),
            "items_received": sum(node.holdings.by_sender.values()),
            "jobs_waiting": self._worker.waiting,
            "ledger_entries": node.ledger.head().entries,
            "payloads_dropped": self._dropped,
            "readers": len(self._audience),
            "referrals": len(node.exchange.referrals),
            "refusals": node.refusals_count,
            "releases": self._releases,
            "ticks": self._worker.ticks,
        }
        for peer in node.config.peers:
            counts[f"link_up_{peer}"] = int(self.links is not None and self.links.is_up(peer))
        return counts
