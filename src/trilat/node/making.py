"""`Making`: the items that a node makes in each of its seconds, used as soon as they are made.

What own sensors tell is published; warnings and disagreements follow, for each audience from its own View;
watch areas and threats are for the own staff alone.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from trilat.domains import Alarm
from trilat.model import AnyItem, Outcome, Provenance, Warning, WarningState
from trilat.node.exchange import Held

if TYPE_CHECKING:
    from trilat.node.node import Node


class Making:
    """Makes the items of one node."""

    def __init__(self, node: "Node") -> None:
        """Nothing made."""
        self._node = node
        self._config = node.config

    def made(self, now_ns: int) -> list[Held]:
        """All that is new at an instant."""
        return [
            *self._published(now_ns),
            *self._warned(now_ns),
            *self._differing(now_ns),
            *self._watched(now_ns),
        ]

    def _published(self, now_ns: int) -> list[Held]:
        """What own sensors tell since the last tick, each version once."""
        make_head = self._node.heads.for_reports(now_ns)
        made = [Held(item, b"") for item in self._node.views.own.publish(now_ns, make_head)]
        for held in made:
            self._node.use_item(held)
        return made

    def _warned(self, now_ns: int) -> list[Held]:
        """New versions of warnings, for the own staff and for each peer from its own View."""
        make_head = self._node.heads.for_audience("warning", now_ns)

        def new_for(audience: str) -> Sequence[AnyItem]:
            alarms = self._node.heads.of_alarms(self._node.views.of(audience).alarms(now_ns))
            return self._node.alerts.update(audience, alarms, now_ns, make_head, self._may_name)

        return self._told(new_for)

    def _differing(self, now_ns: int) -> list[Held]:
        """New versions of disagreements, for the own staff and for each peer from its own View."""
        make_head = self._node.heads.for_audience("disagreement", now_ns)

        def new_for(audience: str) -> Sequence[AnyItem]:
            disputes = self._node.heads.of_disputes(self._node.views.of(audience).disputes(now_ns))
            return self._node.disputed.update(audience, disputes, now_ns, make_head)

        return self._told(new_for)

    def _watched(self, now_ns: int) -> list[Held]:
        """Watch areas and threats to them: for the own staff, from its View, and for nobody else."""
        new = self._node.watched.update(self._node.views.staff, now_ns, self._node.heads)
        return self._told(lambda _: new, (self._config.party,))

    def _told(
        self, new_for: Callable[[str], Sequence[AnyItem]], audiences: Sequence[str] | None = None
    ) -> list[Held]:
        """Use what is new for the own staff and for each peer, one after another."""
        made = []
        for audience in audiences or (self._config.party, *self._config.peers):
            for item in new_for(audience):
                held = Held(item, b"", audience=audience)
                self._node.use_item(held)
                made.append(held)
        return made

    def _may_name(self, audience: str, alarm: Alarm, supporter: str) -> bool:
        """Whether policy lets a warning pass that names another originator; nothing is made or counted."""
        probe = Warning(
            item_id=f"{self._config.party}-warn-{audience}-probe",
            subject=self._node.heads.own_subject(alarm.subject),
            domain=alarm.domain,
            status=self._config.status,
            valid_ns=alarm.valid_ns,
            label=self._node.heads.label("warning", self._node.clock.now_ns(), (audience,)),
            provenance=Provenance(originators=(self._config.party, supporter)),
            warning=alarm.kind,
            state=WarningState.RAISED,
            basis=(alarm.basis,),
            sources=(self._config.party,),
        )
        decision = self._node.exchange.decide(
            Held(probe, b"", audience=audience), audience, self._node.clock.now_ns()
        )
        return decision.outcome is Outcome.PERMIT
