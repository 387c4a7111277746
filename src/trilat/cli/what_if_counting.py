"""`Counting`: a flight played beside the live nodes with and without some clauses, for numbers on the page.

Each run is a process of its own that gives way to the live nodes (`nice`), tells its progress in whole per
cent, and ends with this one. Runs of the regime as it is are kept: the next question needs one run less.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from trilat.model import TrilatError
from trilat.policy import strike
from trilat.study import Preset, RunSettings, Yardstick, people_of, preset, run

_NICE: Final = 10
_ENDS_S_MAX: Final = 5.0
_KEPT_MAX: Final = 50

Case = tuple[str, tuple[str, ...]]
"""A regime and the clauses that it is played without."""


@dataclass
class _Run:
    case: Case
    process: SpawnProcess
    pipe: Connection
    share: float = 0.0


class Counting:
    """Numbers of a flight under a regime, and without some of its clauses. One run at a time."""

    def __init__(self, yardstick: Yardstick, regime: Callable[[], str]) -> None:
        """Nothing counted yet; `regime` says what is played now."""
        self._yardstick = yardstick
        self._regime = regime
        self._asked: tuple[Case, ...] = ()
        self._found: dict[Case, dict[str, Any]] = {}
        self._run: _Run | None = None
        self._problem = ""

    def begin(self, struck: Sequence[str]) -> None:
        """Count the regime that is played, and it without these clauses; what was asked before is given up.

        Raises:
            UsageError: a clause is not there.
        """
        name = self._regime()
        without(preset(name), struck)
        self._asked = tuple(dict.fromkeys([(name, ()), (name, tuple(sorted(struck)))]))
        self._problem = ""
        if self._run is not None and self._run.case not in self._asked:
            self._stop()
        self._go_on()

    def state(self) -> dict[str, Any]:
        """How far it has come: `phase` is `idle`, `running`, `done` or `failed`; `share` from 0 to 1."""
        self._hear()
        if not self._asked:
            return {"phase": "idle", "share": 0.0, "message": ""}
        before, after = self._asked[0], self._asked[-1]
        done = sum(case in self._found for case in self._asked)
        share = (done + (self._run.share if self._run is not None else 0.0)) / len(self._asked)
        phase = "failed" if self._problem else "done" if done == len(self._asked) else "running"
        return {
            "phase": phase,
            "share": round(min(share, 1.0), 3),
            "message": self._problem,
            "regime": before[0],
            "struck": list(after[1]),
            "before": self._found.get(before),
            "after": self._found.get(after) if after != before else None,
        }

    def close(self) -> None:
        """End what runs."""
        self._asked = ()
        self._stop()

    # --- one run after another ---

    def _go_on(self) -> None:
        """Start the first run that is asked for and not there."""
        if self._run is not None or self._problem:
            return
        for case in self._asked:
            if case not in self._found:
                self._run = _started(self._yardstick, case)
                return

    def _hear(self) -> None:
        """Take what the run has said."""
        running = self._run
        while running is not None and self._run is running:
            try:
                if not running.pipe.poll():
                    return
                said = running.pipe.recv()
            except (EOFError, OSError):
                self._problem = "the counting was ended from outside: try again"
                self._stop()
                return
            if isinstance(said, float):
                running.share = said
            elif isinstance(said, str):
                self._problem = said
                self._stop()
            else:
                if len(self._found) >= _KEPT_MAX:
                    self._found.clear()
                self._found[running.case] = said
                self._stop()
                self._go_on()
                return

    def _stop(self) -> None:
        running, self._run = self._run, None
        if running is None:
            return
        running.process.terminate()
        running.process.join(_ENDS_S_MAX)
        running.pipe.close()


def without(chosen: Preset, struck: Sequence[str]) -> Preset:
    """A preset without clauses; UsageError for one that it does not have."""
    agreements = chosen.agreements
    for name in struck:
        agreements = strike(agreements, name)
    return replace(chosen, agreements=agreements)


def _started(yardstick: Yardstick, case: Case) -> _Run:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_count, args=(there, yardstick, case), daemon=True)
    process.start()
    there.close()
    return _Run(case, process, here)


def _count(pipe: Connection, yardstick: Yardstick, case: Case) -> None:
    """What the process does: percents as numbers between 0 and 1, then the parties' results, or a line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICE)
    told = -1

    def tell(share: float) -> None:
        nonlocal told
        if int(share * 100) > told:
            told = int(share * 100)
            pipe.send(min(float(share), 1.0))

    regime, struck = case
    # Nobody listens any more where the page's process has ended.
    with suppress(BrokenPipeError):
        try:
            people = people_of(yardstick.scenario.name, yardstick.launch_ns)
            result = run(
                yardstick, without(preset(regime), struck), RunSettings(progress=tell, people=people)
            )
        except TrilatError as error:
            pipe.send(str(error))
        else:
            pipe.send(result["parties"])
