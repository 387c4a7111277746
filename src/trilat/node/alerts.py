"""`Alerts`: the life of each warning, per audience: raised, confirmed, updated, retracted.

Rules
1. A warning rests on items that this node holds; it is raised on one source and marked so.
2. It is confirmed only by an item of another originator that shows the same thing, and names that item. Words
   without an item behind them confirm nothing.
3. Each audience has warnings of its own, made from that audience's View, so that neither their content nor
   their number tells anything that the audience may not have. A partner is warned only of what this
   node's own sensors show; what others show, others' items tell, where they may be passed on.
4. A partner is told of a support only where policy lets the warning that names it pass: a warning that was
   given must not fall silent because of it.
5. One of the sources named announces it, chosen as if nobody else had shown it.
6. A retraction is a new version of the same warning; it goes to everyone who holds an earlier one.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from trilat.domains import Alarm
from trilat.model import (
    SECOND_NS,
    AnyItem,
    Domain,
    ItemReference,
    Provenance,
    UsageError,
    Warning,
    WarningKind,
    WarningState,
)
from trilat.node.heads import MakeAudienceHead

UPDATE_EVERY_S: Final = 30
"""A standing warning is repeated with newer content at most this often."""

Shown = tuple[AnyItem, ItemReference]
"""An item that the node holds, and the version of it that is meant."""

MayName = Callable[[str, Alarm, str], bool]
"""`may_name(audience, alarm, supporter)`: may the audience be told that this originator supports it?"""


@dataclass(frozen=True)
class _Held:
    warning: Warning
    basis: ItemReference
    said_ns: int


class Alerts:
    """All warnings that one node has given, per audience."""

    def __init__(self, party: str) -> None:
        """No warnings yet."""
        self._party = party
        self._held: dict[tuple[str, str], _Held] = {}

    def restore(self, audience: str, key: str, warning: Warning, said_ns: int) -> None:
        """Continue with a warning given before a restart."""
        self._held[audience, key] = _Held(warning, warning.basis[0], said_ns)

    def standing(self, audience: str) -> tuple[Warning, ...]:
        """The warnings that an audience holds and that are not retracted."""
        return tuple(
            held.warning
            for (whose, _), held in sorted(self._held.items())
            if whose == audience and held.warning.state is not WarningState.RETRACTED
        )

    def update(
        self,
        audience: str,
        alarms: Iterable[Alarm],
        now_ns: int,
        make_head: MakeAudienceHead,
        may_name: MayName,
    ) -> tuple[Warning, ...]:
        """New versions of an audience's warnings, from what its View shows now."""
        spoken = []
        for shown in alarms:
            if self._party not in (audience, shown.basis_originator):
                continue
            alarm = shown
            if audience != self._party and shown.supporting:
                named = [entry for entry in shown.supporting if may_name(audience, shown, entry[0])]
                alarm = replace(shown, supporting=tuple(named))
            key = self._key(audience, alarm)
            held = self._held.get((audience, key))
            state = self._next_state(alarm, held, now_ns)
            if state is not None:
                warning = self._warning(audience, key, alarm, state, make_head)
                self._held[audience, key] = _Held(warning, alarm.basis, now_ns)
                spoken.append(warning)
        return tuple(spoken)

    def _key(self, audience: str, alarm: Alarm) -> str:
        """The name under which the audience holds a warning of this alarm already, else the alarm's own."""
        held = (key for key in (alarm.key, *alarm.former_keys) if (audience, key) in self._held)
        return next(held, alarm.key)

    def _next_state(self, alarm: Alarm, held: _Held | None, now_ns: int) -> WarningState | None:
        """What to say about an alarm now, or None where there is nothing new to say."""
        supported = bool(alarm.supporting)
        if held is None:
            return WarningState.CONFIRMED if supported else WarningState.RAISED
        if held.warning.state is WarningState.RETRACTED:
            return None
        if supported and not held.warning.confirmed_by:
            return WarningState.CONFIRMED
        newer = held.basis != alarm.basis
        if newer and now_ns - held.said_ns >= UPDATE_EVERY_S * SECOND_NS:
            return WarningState.UPDATED
        return None

    def _warning(
        self,
        audience: str,
        key: str,
        alarm: Alarm,
        state: WarningState,
        make_head: MakeAudienceHead,
    ) -> Warning:
        supporters = tuple(party for party, _ in alarm.supporting)
        sources = tuple(dict.fromkeys((alarm.basis_originator, *supporters)))
        provenance = Provenance(originators=tuple(dict.fromkeys((self._party, *sources))))
        return Warning(
            **make_head(audience, key, alarm.subject, alarm.domain, alarm.valid_ns, provenance),
            warning=alarm.kind,
            state=state,
            basis=(alarm.basis,),
            sources=sources,
            confirmed_by=tuple(reference for _, reference in alarm.supporting),
            text=alarm.text,
            speaker=alarm.speaker_among(sources),
        )

    def raise_by_hand(
        self,
        audience: str,
        key: str,
        kind: WarningKind,
        domain: Domain,
        basis: tuple[Shown, ...],
        confirmed_by: tuple[Shown, ...],
        text: str,
        now_ns: int,
        make_head: MakeAudienceHead,
    ) -> Warning:
        """A warning that a person raises on items that the node holds.

        Raises:
            UsageError: there is no basis, or what confirms it is by who gave the basis or of another concern.
        """
        if not basis:
            raise UsageError("a warning needs a basis: name the item that shows it")
        parties = {party for item, _ in basis for party in item.provenance.originators}
        for item, _ in confirmed_by:
            if item.domain is not domain:
                raise UsageError(f"`{item.item_id}` cannot confirm: it is about {item.domain.value}")
            for party in parties.intersection(item.provenance.originators):
                raise UsageError(
                    f"`{item.item_id}` cannot confirm: it is by `{party}`, who also gave the basis"
                )
        sources = tuple(
            dict.fromkeys(
                party for item, _ in (*basis, *confirmed_by) for party in item.provenance.originators
            )
        )
        provenance = Provenance(originators=tuple(dict.fromkeys((self._party, *sources))))
        warning = Warning(
            **make_head(audience, key, basis[0][0].item_id, domain, now_ns, provenance),
            warning=kind,
            state=WarningState.CONFIRMED if confirmed_by else WarningState.RAISED,
            basis=tuple(reference for _, reference in basis),
            sources=sources,
            confirmed_by=tuple(reference for _, reference in confirmed_by),
            text=text,
        )
        self._held[audience, key] = _Held(warning, warning.basis[0], now_ns)
        return warning

    def resting_on(self, audience: str, item_ids: Collection[str]) -> tuple[str, ...]:
        """The names of an audience's standing warnings that one of these items shows or confirms."""
        return tuple(
            key
            for (whose, key), held in sorted(self._held.items())
            if whose == audience
            and held.warning.state is not WarningState.RETRACTED
            and any(one.item_id in item_ids for one in (*held.warning.basis, *held.warning.confirmed_by))
        )

    def withdraw(self, audience: str, key: str, now_ns: int, make_head: MakeAudienceHead) -> Warning:
        """The retraction of one audience's standing warning, whose ground is gone; it has no words."""
        held = self._held[audience, key]
        old = held.warning
        head = make_head(audience, key, old.subject, old.domain, now_ns, old.provenance)
        warning = msgspec.structs.replace(old, **head, state=WarningState.RETRACTED, text="")
        self._held[audience, key] = _Held(warning, held.basis, now_ns)
        return warning

    def holds(self, audience: str, alarm: Alarm) -> str:
        """The name under which an audience has, or would get, a warning of an alarm."""
        return self._key(audience, alarm)

    def retract(
        self, key: str, text: str, now_ns: int, make_head: MakeAudienceHead
    ) -> tuple[tuple[str, Warning], ...]:
        """The retraction of a warning for every audience that holds it.

        Raises:
            UsageError: no audience holds a standing warning of that name.
        """
        retractions = []
        for (audience, held_key), held in sorted(self._held.items()):
            if held_key != key or held.warning.state is WarningState.RETRACTED:
                continue
            old = held.warning
            head = make_head(audience, key, old.subject, old.domain, now_ns, old.provenance)
            warning = msgspec.structs.replace(old, **head, state=WarningState.RETRACTED, text=text)
            self._held[audience, held_key] = _Held(warning, held.basis, now_ns)
            retractions.append((audience, warning))
        if not retractions:
            raise UsageError(f"no standing warning `{key}`: see the list of standing warnings")
        return tuple(retractions)
