"""`Views`: one picture per distinct set of contributions that may be used together.

Rules
1. Every contribution has a source class: own, or the originators, kind, subject and label of a foreign item.
   Policy is asked per foreign item and audience whether the node may pass it on; only then does its
   class belong to the audience's set. The node's own staff have everything that was released to the node.
2. Two audiences with the same set share one View. A set that grows gets a View built from the contributions
   of that set alone, in the order in which they were accepted. No View ever loses a contribution that stands.
3. A View is never told for whom it is; what comes out of it depends on its set and on nothing else.

Cost grows with the number of distinct sets, not with the number of audiences.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from trilat.domains import PIPELINES, Alarm, MakeHead, Pipeline, Sight
from trilat.model import AnyItem, Domain, kind_of

CONTRIBUTIONS_MAX: Final = 500_000
"""Contributions kept for building Views; the oldest go first."""

SourceClass = str
OWN: Final[SourceClass] = ""
"""The class of what this node's own sensors and people gave."""


class View:
    """The pipelines of one set of contributions, one per concern, made when its first item comes."""

    def __init__(self, party: str, makers: Mapping[Domain, Callable[[str], Pipeline]] = PIPELINES) -> None:
        """A View at the node of `party` with nothing in it."""
        self._party = party
        self._makers = makers
        self.pipelines: dict[Domain, Pipeline] = {}

    def add(self, item: AnyItem) -> None:
        """Take a contribution; a concern without a pipeline keeps its items in the ledger only.

        Raises:
            TrilatError: the pipeline refuses the item; nothing has changed.
        """
        if item.domain not in self.pipelines:
            maker = self._makers.get(item.domain)
            if maker is None:
                return
            self.pipelines[item.domain] = maker(self._party)
        self.pipelines[item.domain].add(item)

    def publish(self, now_ns: int, make_head: Callable[[Domain], MakeHead]) -> tuple[AnyItem, ...]:
        """New items that own observations give rise to."""
        return tuple(
            item
            for domain, pipeline in self.pipelines.items()
            for item in pipeline.publish(now_ns, make_head(domain))
        )

    def settle(self, report_ids: frozenset[str]) -> None:
        """These own reports were published before a restart."""
        for pipeline in self.pipelines.values():
            pipeline.settle(report_ids)

    def alarms(self, now_ns: int) -> tuple[Alarm, ...]:
        """What this View gives reason to warn of."""
        return tuple(alarm for pipeline in self.pipelines.values() for alarm in pipeline.alarms(now_ns))

    def sights(self, now_ns: int) -> tuple[Sight, ...]:
        """The objects of this View."""
        return tuple(sight for pipeline in self.pipelines.values() for sight in pipeline.sights(now_ns))


class Views:
    """All Views of one node."""

    def __init__(self, party: str) -> None:
        """The own View, from which the node publishes, and the staff's, which has everything."""
        self._party = party
        self.own = View(party)
        self.staff = View(party)
        self._log: deque[tuple[SourceClass, AnyItem]] = deque(maxlen=CONTRIBUTIONS_MAX)
        self._sets: dict[str, frozenset[SourceClass]] = {}
        self._views: dict[frozenset[SourceClass], View] = {frozenset({OWN}): self.own}

    def add_own(self, item: AnyItem) -> None:
        """Take what own sensors or people gave, or what was made of it; it belongs to every set."""
        self.own.add(item)
        self._contribute(OWN, item)

    def add_foreign(self, item: AnyItem) -> SourceClass:
        """Take what a partner released to this node; returns its class."""
        source = self.class_of(item)
        self._contribute(source, item)
        return source

    def class_of(self, item: AnyItem) -> SourceClass:
        """The class of a foreign item: all that policy's answer hangs on but the instant and the recipient.

        Two items of one class get the same answer, so a permission for one never lets in another that is
        of a higher level, of another kind, or for fewer parties.
        """
        label = item.label
        said = (
            (label.classification.scheme, label.classification.level),
            sorted(label.releasable_to),
            sorted(label.restrictive),
            sorted(label.permissive),
            sorted(caveat.value for caveat in label.caveats),
            label.expires_ns,
            item.provenance.originators,
            kind_of(item),
            item.subject,
        )
        return repr(said)

    def allow(self, audience: str, source: SourceClass) -> None:
        """Let an audience's picture use a class of contributions, because policy permits passing it on."""
        held = self.set_of(audience)
        if source in held or audience == self._party:
            return
        wider = held | {source}
        self._sets[audience] = wider
        if wider not in self._views:
            view = View(self._party)
            for logged, item in self._log:
                if logged in wider:
                    view.add(item)
            self._views[wider] = view
        in_use = {frozenset({OWN}), *self._sets.values()}
        self._views = {key: view for key, view in self._views.items() if key in in_use}

    def set_of(self, audience: str) -> frozenset[SourceClass]:
        """The classes that an audience's picture uses."""
        return self._sets.get(audience, frozenset({OWN}))

    def of(self, audience: str) -> View:
        """The View of an audience; the party itself is its own staff."""
        return self.staff if audience == self._party else self._views[self.set_of(audience)]

    def __len__(self) -> int:
        """How many distinct Views there are, the staff's among them."""
        return len(self._views) + 1

    def _contribute(self, source: SourceClass, item: AnyItem) -> None:
        self.staff.add(item)
        for key, view in self._views.items():
            if source in key and view is not self.own:
                view.add(item)
        self._log.append((source, item))
