"""`Answers`: what policy says to one reader, remembered per label class and asked again as time goes on.

Rules
1. One answer serves all items of a label class. Where a consent decides, there is one per subject and item.
2. An item whose label has not begun, or has ended, gets no answer: it is not shown.
3. Of more classes than `CLASSES_MAX` the rest get no answer: what cannot be asked about is not shown.
4. A reader who may see none of this node's own kinds of items sees nothing at all.
5. An item is had *in full* where the copy would tell the reader all that it tells this node: in a form that
   keeps its kinematics, at once, every version, unrounded, for good, and without asking a person. Only of
   such contributions may fused objects be made, and only on such items are decisions shown.
"""

from collections.abc import Collection, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from trilat.domains import place_of
from trilat.model import (
    PRECEDENCE,
    SECOND_NS,
    AnyItem,
    Area,
    AreaKind,
    Attribution,
    Decision,
    Domain,
    Duties,
    Ellipse,
    Event,
    EventKind,
    Form,
    ItemReference,
    Kinematics,
    Label,
    Outcome,
    Provenance,
    Reason,
    Report,
    Track,
    Vessel,
    Warning,
    WarningKind,
    WarningState,
)
from trilat.node.exchange import Held
from trilat.node.node import Node
from trilat.node.views import TELLS_NOTHING, LabelClass, label_class, own_class
from trilat.policy import place_class

CLASSES_MAX: Final = 2_000
"""Answers remembered for one reader."""

_OF_A_PERSON: Final = frozenset(
    {Reason.CONSENT_REFUSED, Reason.CONSENT_NEEDED, Reason.PERMITTED_WITH_CONSENT}
)
_WITH_KINEMATICS: Final = frozenset({Form.MEASUREMENTS, Form.TRACKLETS, Form.TRACKS})
_FACTOR: Final = tuple(1 if place in {0, 2, 5, 9, 14, 20} else 0 for place in range(21))


@dataclass
class Answer:
    """The decision on the newest item asked about of a class, and whether such items are had in full."""

    key: LabelClass
    decision: Decision
    item: AnyItem
    used_ns: int
    in_full: bool

    @property
    def permitted(self) -> bool:
        """Whether items of the class may be shown."""
        return self.decision.outcome is Outcome.PERMIT

    def about(self, reference: ItemReference) -> Decision:
        """The decision as one on this item of the class."""
        decision = copy(self.decision)
        # All other fields were checked when policy made it, and a reference checks itself: a picture of
        # thousands of ships a second has no time to check them again for each.
        msgspec.structs.force_setattr(decision, "item", reference)
        return decision


class Answers:
    """Policy's answers to one reader of one node."""

    def __init__(self, node: Node, reader: str, unused_s: int) -> None:
        """Nothing asked yet; an answer that was not used for `unused_s` is forgotten."""
        self._node = node
        self._reader = reader
        self._unused_ns = unused_s * SECOND_NS
        self._known: dict[LabelClass, Answer] = {}
        self._personal: set[LabelClass] = set()
        """Classes of whose items some were answered by a consent (rule 1)."""

    def on(self, item: AnyItem, now_ns: int) -> Answer | None:
        """The answer on an item's class, asked now where it is not known; None where there is none."""
        if not self.in_time(item.label, now_ns):  # 2
            return None
        key = self._class_of(item)
        if key in self._personal:
            key = _personal_key(key, item)
        answer = self._known.get(key)
        if answer is None:
            answer = self._first(key, item, now_ns)
        if answer is not None:
            answer.item, answer.used_ns = item, now_ns
        return answer

    def _class_of(self, item: AnyItem) -> LabelClass:
        return label_class(item, place_class(item, self._node.agreements))

    def in_time(self, label: Label, now_ns: int) -> bool:
        """Whether a label has begun and has not ended at the instant of deciding."""
        at_ns = now_ns + self._node.config.decision_shift_ns
        return label.created_ns <= at_ns and (label.expires_ns is None or at_ns < label.expires_ns)

    def has_begun(self, label: Label, now_ns: int) -> bool:
        """Whether a label has begun: a partner's clock may be a little ahead of ours."""
        return label.created_ns <= now_ns + self._node.config.decision_shift_ns

    def _first(self, key: LabelClass, item: AnyItem, now_ns: int) -> Answer | None:
        if len(self._known) >= CLASSES_MAX:  # 3
            return None
        decision = self._ask(item, now_ns)
        named = self._class_of(item)
        if named == key and _OF_A_PERSON.intersection(decision.reasons):
            self._personal.add(key)
            key = _personal_key(key, item)
        answer = self._known[key] = Answer(key, decision, item, now_ns, _in_full(item, decision))
        return answer

    def _ask(self, item: AnyItem, now_ns: int) -> Decision:
        return self._node.exchange.decide(Held(item, b""), self._reader, now_ns)

    def renew(self, now_ns: int) -> frozenset[LabelClass]:
        """Ask again about every class; returns those whose items must be looked at anew."""
        changed = set()
        for key, answer in tuple(self._known.items()):
            if now_ns - answer.used_ns > self._unused_ns:
                del self._known[key]
                continue
            if not self.in_time(answer.item.label, now_ns):
                # Others of the class may have longer to go; they are asked about anew.
                del self._known[key]
                changed.add(key)
                continue
            decision = self._ask(answer.item, now_ns)
            if key == self._class_of(answer.item) and _OF_A_PERSON.intersection(decision.reasons):
                self._personal.add(key)
                del self._known[key]
                changed.add(key)
            elif _said(decision) != _said(answer.decision):
                changed.add(key)
            answer.decision, answer.in_full = decision, _in_full(answer.item, decision)
        return frozenset(changed)

    def forget(self) -> frozenset[LabelClass]:
        """Forget every answer; returns the classes whose items must be looked at anew."""
        known = frozenset(self._known)
        self._known.clear()
        self._personal.clear()
        return known

    def has_class(self, named: LabelClass, newest: AnyItem, now_ns: int) -> bool:
        """Whether the reader has a class of contributions in full; for own reports, what is made of them."""
        if named == own_class(newest.domain):
            newest = self._own_track(newest.domain, now_ns)
        answer = self.on(newest, now_ns)
        return answer is not None and answer.in_full

    def classes_in_full(
        self, newest: Mapping[LabelClass, AnyItem], now_ns: int, before: Collection[LabelClass]
    ) -> frozenset[LabelClass]:
        """Of label classes, each with its newest item, those that the reader has in full; where the newest
        has not begun, those among `before`.
        """
        return frozenset(
            named
            for named, item in newest.items()
            if (
                self.has_class(named, item, now_ns) if self.has_begun(item.label, now_ns) else named in before
            )
        )

    def refusal(self, now_ns: int) -> Reason | None:
        """Why the reader may see nothing of this node's own (rule 4); None where something may be seen. Of
        the concerns that clauses for this reader name, or of all, what was refused last.
        """
        found: dict[Domain, Reason] = {}
        for domain in Domain:
            for item in self._own_items(domain, now_ns):
                decision = self._ask(item, now_ns)
                if decision.outcome is Outcome.PERMIT:
                    return None
                reason = decision.reasons[0]
                found[domain] = max(found.get(domain, reason), reason, key=PRECEDENCE.__getitem__)
        named = {
            domain
            for rule in self._node.agreements.rules
            if self._reader in rule.clause.receivers
            for domain in rule.clause.domains
        }
        return max((found[domain] for domain in named or Domain), key=PRECEDENCE.__getitem__)

    def _own_items(self, domain: Domain, now_ns: int) -> Iterator[AnyItem]:
        """One item of every kind that is shown, as this node would make it; nothing is made or counted."""
        yield self._own_track(domain, now_ns)
        place = place_of(0.0, 0.0)
        region = Ellipse(centre=place, semi_major_m=1, semi_minor_m=1)
        yield Event(**self._head("event", domain, now_ns), event=EventKind.LAUNCH, time_sigma_ms=0)
        yield Area(**self._head("area", domain, now_ns), area=AreaKind.HAZARD, region=region)
        yield Warning(
            **self._head("warning", domain, now_ns),
            warning=WarningKind.LAUNCH,
            state=WarningState.RAISED,
            basis=(ItemReference(item_id="probe", version=1),),
            sources=(self._node.config.party,),
        )
        yield Vessel(**self._head("vessel", domain, now_ns), mmsi="000000000", place=place)

    def _own_track(self, domain: Domain, now_ns: int) -> Track:
        state = Kinematics(
            epoch_ns=now_ns,
            position_mm=(0, 0, 0),
            velocity_mm_per_s=(0, 0, 0),
            covariance_factor=_FACTOR,
        )
        return Track(**self._head("track", domain, now_ns), state=state, tracklets=(state,))

    def _head(self, kind: str, domain: Domain, now_ns: int) -> dict[str, Any]:
        config = self._node.config
        return {
            "item_id": f"{config.party}-probe",
            "subject": f"{config.party}-probe",
            "domain": domain,
            "status": config.status,
            "valid_ns": now_ns,
            "label": self._node.heads.label(kind, now_ns),
            "provenance": Provenance(originators=(config.party,)),
        }


def _personal_key(key: LabelClass, item: AnyItem) -> LabelClass:
    return (*key, item.subject, item.item_id)


def _said(decision: Decision) -> tuple[Outcome, Form | None, Duties | None]:
    """What of a decision changes what is shown."""
    return decision.outcome, decision.form, decision.duties


def _in_full(item: AnyItem, decision: Decision) -> bool:
    """Whether items of this one's class are had as they are held (rule 5)."""
    duties = decision.duties
    if duties is None or decision.reasons != (Reason.PERMITTED,):
        return False
    if isinstance(item, Report | Track | Vessel) and decision.form not in _WITH_KINEMATICS:
        return False
    named = {item.label.attribution, duties.attribution or Attribution.NAMED} == {Attribution.NAMED}
    owed = msgspec.structs.replace(duties, strip=(), mark=(), return_or_destroy=False, attribution=None)
    return (
        named
        and decision.form is not Form.EXISTENCE
        and owed == Duties()
        and TELLS_NOTHING.issuperset(duties.strip)
    )
