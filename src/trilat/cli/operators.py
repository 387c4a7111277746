"""Operators of a live exercise: what people did by hand in a scenario's record, by their own node's doors."""

from typing import Any, Final

from trilat.cli.director import Operator
from trilat.cli.fleet import Fleet, error_of
from trilat.model import SECOND_NS

_RAISED_AFTER_S: Final = 60
_RETRACTED_AFTER_S: Final = 360
_KEY: Final = "by-hand-1"


def operators_of(scenario_name: str, launch_ns: int) -> tuple[Operator, ...]:
    """The operators whose acts belong to a named scenario's record."""
    return (FalseReportOperator("JPN", launch_ns),) if scenario_name == "false-report-2009" else ()


class FalseReportOperator:
    """The operator of 4 April 2009, as in `trilat.study`, at a node that is a process of its own.

    Tries first to have the launch confirmed by an early-warning report that no item shows; that is refused,
    and a warning goes out that rests on one source. It is withdrawn after five minutes.
    """

    def __init__(self, party: str, launch_ns: int) -> None:
        """An operator at the node of `party`."""
        self._party = party
        self._raise_ns = launch_ns + _RAISED_AFTER_S * SECOND_NS
        self._retract_ns = launch_ns + _RETRACTED_AFTER_S * SECOND_NS
        self._fleet: Fleet | None = None
        self._stage = 0
        self.acts: list[str] = []
        """What was done, in sentences for people."""

    async def act(self, fleet: Fleet, now_ns: int) -> None:
        """Speak when the time has come; each run of the exercise begins anew."""
        if fleet is not self._fleet:
            self._fleet, self._stage, self.acts = fleet, 0, []
        if self._stage == 0 and now_ns >= self._raise_ns:
            await self._raise(fleet)
        elif self._stage == 1 and now_ns >= self._retract_ns:
            said = {"key": _KEY, "text": "no launch: the track was unrelated"}
            answer = await fleet.ask(self._party, "staff", "POST", "/warnings/retract", json=said)
            if answer.is_success:
                self._stage = 2
                self.acts.append(f"{self._party} retracted it, to everyone who held it.")

    async def _raise(self, fleet: Fleet) -> None:
        track = await self._own_track(fleet)
        if track is None:
            return
        said: dict[str, Any] = {
            "key": _KEY,
            "kind": "launch",
            "domain": "missile",
            "basis": [{"item_id": track["id"], "version": track["version"]}],
            "confirmed_by": [{"item_id": "USA-early-warning-received", "version": 1}],
            "text": "launch confirmed",
        }
        answer = await fleet.ask(self._party, "staff", "POST", "/warnings", json=said)
        if not answer.is_success:
            refused = error_of(answer)
            self.acts.append(f"{self._party} gave out a launch as confirmed by hand; refused: {refused}.")
        said |= {"confirmed_by": [], "text": "launch, one source"}
        answer = await fleet.ask(self._party, "staff", "POST", "/warnings", json=said)
        if answer.is_success:
            self._stage = 1
            self.acts.append(f"{self._party} raised the warning, marked as resting on one source.")

    async def _own_track(self, fleet: Fleet) -> dict[str, Any] | None:
        answer = await fleet.ask(self._party, "staff", "GET", "/picture")
        if not answer.is_success:
            return None
        tracks = [
            item
            for item in answer.json()["items"]
            if item["kind"] == "track" and item["originator"] == self._party
        ]
        return tracks[0] if tracks else None
