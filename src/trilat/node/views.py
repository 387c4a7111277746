"""`Views`: one picture per distinct set of contributions that may be used together.

Rules
1. Every contribution has a source class: own, or the originators, kind, subject and label of a foreign item.
   Policy is asked per foreign item and audience whether the node may pass it on; only then does its
   class belong to the audience's set. The node's own staff have everything that was released to the node.
2. Two audiences with the same set share one View. A set that grows gets a View built from the contributions
   of that set alone, in the order in which they were accepted; so does one that shrinks. No View ever loses
   a contribution that stands; one that was called back goes out of all, which are built anew without it.
3. A View is never told for whom it is; what comes out of it depends on its set and on nothing else.
4. A reader's set is of label classes, without subjects, and of those contributions alone that objects are
   made of. Its View is fed when it is looked at, so that the reader's answer on a new class comes first.

Cost grows with the number of distinct sets, not with the number of audiences.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from trilat.domains import (
    PIPELINES,
    Alarm,
    Corners,
    Dispute,
    MakeHead,
    OwnBiases,
    Pipeline,
    Sight,
    Threatened,
    pipelines_with,
)
from trilat.fusion import BiasPrior
from trilat.model import (
    AnyItem,
    Decision,
    Domain,
    ItemReference,
    Label,
    Report,
    Track,
    TrilatError,
    Vessel,
    kind_of,
)
from trilat.policy import class_key, shape_of

CONTRIBUTIONS_MAX: Final = 200_000
"""Contributions kept for building Views; the oldest go first."""

OBJECT_CLASSES_MAX: Final = 2_000
"""Label classes of contributions; what comes under one more is in no reader's View."""

SourceClass = str
OWN: Final[SourceClass] = ""
"""The class of what this node's own sensors and people gave."""

TELLS_NOTHING: Final = frozenset({"sensor", "sensors", "receiver", "observations", "updates_count"})
"""Fields that may be left out of an item that is still had in full."""

LabelClass = tuple[Hashable, ...]
"""All that policy's answer hangs on but the instant, the recipient, and consents on single subjects."""


def label_class(item: AnyItem, place: Hashable = ()) -> LabelClass:
    """The label class of an item; `place` is what clauses with areas tell apart. Policy gives one answer for
    all items of a class that are in their time, but where a consent decides: that speaks of a subject, or of
    one item.
    """
    label = item.label
    return (*class_key(item), label.attribution, label.expires_ns is not None, place)


def holds_back_portion(item: AnyItem, decision: Decision) -> bool:
    """Whether a portion that tells of the object is left out of a copy: no picture made for its recipient may
    rest on the item then, for what is fused would tell what was left out.
    """
    left_out = () if decision.duties is None else decision.duties.strip
    return any(
        portion.field in left_out and portion.field not in TELLS_NOTHING for portion in item.label.portions
    )


def own_class(domain: Domain) -> LabelClass:
    """The class of this node's own reports, and of the tracks that it made of them: one filter takes all."""
    return (OWN, domain)


def _object_class(source: SourceClass, item: AnyItem, place: Hashable) -> LabelClass | None:
    """The class of a contribution that objects are made of; None of one that no object rests on."""
    if not isinstance(item, Report | Track | Vessel):
        return None
    if isinstance(item, Track) and item.state is None and not item.tracklets:
        return None
    if source == OWN and not isinstance(item, Vessel):
        return own_class(item.domain)
    return label_class(item, place)


def _said_by(label: Label) -> tuple[object, ...]:
    """All of a label that policy's answer hangs on."""
    return (
        (label.classification.scheme, label.classification.level),
        sorted(label.releasable_to),
        sorted(label.restrictive),
        sorted(label.permissive),
        sorted(caveat.value for caveat in label.caveats),
        label.expires_ns,
        label.downgrade,
        label.portions,
    )


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

    def disputes(self, now_ns: int) -> tuple[Dispute, ...]:
        """What the parties of this View disagree on."""
        return tuple(dispute for pipeline in self.pipelines.values() for dispute in pipeline.disputes(now_ns))

    def threatened(self, now_ns: int, areas: Sequence[Corners]) -> tuple[Threatened, ...]:
        """What this View's objects mean for areas."""
        return tuple(
            found for pipeline in self.pipelines.values() for found in pipeline.threatened(now_ns, areas)
        )

    def sights(self, now_ns: int) -> tuple[Sight, ...]:
        """The objects of this View."""
        return tuple(sight for pipeline in self.pipelines.values() for sight in pipeline.sights(now_ns))

    def basis(self, key: str, now_ns: int) -> tuple[ItemReference, ...]:
        """Items that an object of this View rests on."""
        return tuple(name for pipeline in self.pipelines.values() for name in pipeline.basis(key, now_ns))


@dataclass
class _Watched:
    """The View of readers with one set of classes, fed up to the contribution of a number."""

    view: View
    classes: frozenset[LabelClass]
    fed: int
    watchers: set[Hashable]


class Views:
    """All Views of one node."""

    def __init__(
        self,
        party: str,
        bias_priors: Mapping[str, BiasPrior] | None = None,
        place_of: Callable[[AnyItem], Hashable] = lambda _: (),
    ) -> None:
        """The own View, from which the node publishes, and the staff's, which has everything. `place_of` says
        what clauses with areas tell apart about an item.

        Where own sensors have `bias_priors`, by name, the own View alone learns their biases; all others take
        what it learned.
        """
        self._party = party
        self._place_of = place_of
        self.biases = OwnBiases(party, bias_priors) if bias_priors else None
        """What is known of own sensors' constant errors, for the own staff alone; None: they have none."""

        self._makers = pipelines_with(self.biases, learns=False)
        self.own = View(party, pipelines_with(self.biases, learns=True))
        self.staff = View(party, self._makers)
        self._log: deque[tuple[SourceClass, LabelClass | None, AnyItem]] = deque(maxlen=CONTRIBUTIONS_MAX)
        self._logged = 0
        self._sets: dict[str, frozenset[SourceClass]] = {}
        self._views: dict[frozenset[SourceClass], View] = {frozenset({OWN}): self.own}
        self._watched: list[_Watched] = []
        self._first: dict[LabelClass, int] = {}
        """Per label class the number of its first contribution."""

        self._said: tuple[object, ...] = ()
        self._said_words = ""
        """What was said last of a class, but for the subject: of a batch, mostly all say the same."""

        self._alike: tuple[object, ...] = ()
        self._alike_class: LabelClass | None = None
        """The same of object classes."""

        self._crowded = False
        self.object_classes: dict[LabelClass, AnyItem] = {}
        """The label classes of all contributions that objects are made of, each with its newest item."""

    def add_own(self, item: AnyItem) -> None:
        """Take what own sensors or people gave, or what was made of it; it belongs to every set."""
        self.own.add(item)
        self._contribute(OWN, item, self._place_of(item))

    def add_foreign(self, item: AnyItem) -> SourceClass:
        """Take what a partner released to this node; returns its class."""
        place = self._place_of(item)
        source = self._class_at(item, place)
        self._contribute(source, item, place)
        return source

    def class_of(self, item: AnyItem) -> SourceClass:
        """The class of a foreign item: all that policy's answer hangs on but the instant and the recipient.

        Two items of one class get the same answer, so a permission for one never lets in another that is
        of a higher level, of another kind, or for fewer parties.
        """
        return self._class_at(item, self._place_of(item))

    def _class_at(self, item: AnyItem, place: Hashable) -> SourceClass:
        said = (item.label, item.provenance.originators, type(item), item.domain, place)
        if said != self._said:
            words = (item.provenance.originators, kind_of(item), item.domain.value, place)
            self._said, self._said_words = said, f"{_said_by(item.label)!r} {words!r}"
        return f"{self._said_words} {item.subject!r}"

    def allow_item(self, item: AnyItem, decision: Decision) -> None:
        """Let its recipient's picture use a foreign item that is permitted, where no telling portion of it is
        left out.
        """
        if not holds_back_portion(item, decision):
            self.allow(decision.recipient, self.class_of(item))

    def allow(self, audience: str, source: SourceClass) -> None:
        """Let an audience's picture use a class of contributions, because policy permits passing it on."""
        held = self.set_of(audience)
        if source in held or audience == self._party:
            return
        wider = held | {source}
        self._sets[audience] = wider
        self._ensure(wider)
        self._let_unused_go()

    def _ensure(self, wanted: frozenset[SourceClass]) -> None:
        """Build the View of a set, where there is none, from the contributions of that set alone."""
        if wanted in self._views:
            return
        view = View(self._party, self._makers)
        for logged, _, item in self._log:
            if logged in wanted:
                view.add(item)
        self._views[wanted] = view

    def _let_unused_go(self) -> None:
        in_use = {frozenset({OWN}), *self._sets.values()}
        self._views = {key: view for key, view in self._views.items() if key in in_use}

    def narrow(self, may_have: Callable[[str, AnyItem], bool]) -> None:
        """Take from every audience's picture the classes that it may not have any more; `may_have` is asked
        with the audience and the newest item of each class that its picture uses.
        """
        used = frozenset[SourceClass]().union(*self._sets.values()) - {OWN}
        newest = {source: item for source, _, item in self._log if source in used}
        for audience, held in tuple(self._sets.items()):
            kept = {source for source in held if source == OWN}
            kept |= {source for source in held & newest.keys() if may_have(audience, newest[source])}
            self._sets[audience] = frozenset(kept)
            self._ensure(self._sets[audience])
        self._let_unused_go()

    def set_of(self, audience: str) -> frozenset[SourceClass]:
        """The classes that an audience's picture uses."""
        return self._sets.get(audience, frozenset({OWN}))

    def of(self, audience: str) -> View:
        """The View of an audience; the party itself is its own staff."""
        return self.staff if audience == self._party else self._views[self.set_of(audience)]

    def __len__(self) -> int:
        """How many distinct Views there are, the staff's among them."""
        return len(self._views) + 1

    def _contribute(self, source: SourceClass, item: AnyItem, place: Hashable) -> None:
        if item.domain not in self._makers:
            # No View makes anything of it: it is in the ledger, and is not kept here a second time.
            return
        self.staff.add(item)
        for key, view in self._views.items():
            if source in key and view is not self.own:
                view.add(item)
        self._logged += 1
        self._log.append((source, self._classified(source, item, place), item))

    def _classified(self, source: SourceClass, item: AnyItem, place: Hashable) -> LabelClass | None:
        """The object class of a contribution, noted; None where it has none, or there are too many."""
        head = (item.label, item.provenance.originators, shape_of(item), item.domain, item.status, place)
        alike = (source == OWN, *head)
        if alike != self._alike:
            self._alike, self._alike_class = alike, _object_class(source, item, place)
        named = self._alike_class
        if named is None:
            return None
        if named not in self._first:
            if len(self._first) >= OBJECT_CLASSES_MAX:
                self._crowded = True
                return None
            self._first[named] = self._logged
        self.object_classes[named] = item
        return named

    def revise(self, revised: Callable[[AnyItem], AnyItem | None]) -> bool:
        """Put other items in the place of contributions, or nothing at all, and build every View that had one
        anew from what is left, in the order in which it came: as if it had never come otherwise.

        Args:
            revised: the contribution itself where it stays as it is, another, or None where it goes.

        Returns:
            Whether the Views were built from everything that ever came; False where the oldest contributions
            are no longer kept, and what is built begins later.
        """
        before = self._logged - len(self._log)
        touched: set[SourceClass] = set()
        named: set[LabelClass | None] = set()
        gone: list[int] = []
        log: list[tuple[SourceClass, LabelClass | None, AnyItem]] = []
        for number, (source, label, item) in enumerate(self._log, start=before + 1):
            new = revised(item)
            if new is item:
                log.append((source, label, item))
                continue
            touched.add(source)
            named.add(label)
            if new is None:
                gone.append(number)
                continue
            now = source if source == OWN else self.class_of(new)
            log.append((now, _object_class(now, new, self._place_of(new)), new))
            touched.add(now)
            named.add(log[-1][1])
        if touched:
            self._log = deque(log, maxlen=CONTRIBUTIONS_MAX)
            self._logged = before + len(log)
            for watched in self._watched:
                watched.fed -= bisect_right(gone, watched.fed)
            self._rebuild(before, touched, named - {None})
        return before == 0

    def _rebuild(self, before: int, touched: set[SourceClass], named: Collection[LabelClass | None]) -> None:
        """Views of touched classes anew; `before` counts contributions that are no longer kept."""
        self._first = {label: number for label, number in self._first.items() if number <= before}
        self.object_classes = {label: self.object_classes[label] for label in self._first}
        for number, (_, label, item) in enumerate(self._log, start=before + 1):
            if label is not None:
                self._first.setdefault(label, number)
                self.object_classes[label] = item
        self.staff = self._built(lambda _: True)
        for key in self._views:
            # Of the own View nothing foreign is a part, and a label is nothing to a filter.
            if key != frozenset({OWN}) and not touched.isdisjoint(key):
                self._views[key] = self._built(key.__contains__)
        for watched in self._watched:
            if not watched.classes.isdisjoint(named):
                watched.view, watched.fed = View(self._party, self._makers), before

    def _built(self, wanted: Callable[[SourceClass], bool]) -> View:
        view = View(self._party, self._makers)
        for source, _, item in self._log:
            if wanted(source):
                try:
                    view.add(item)
                except TrilatError:
                    # It could only be used beside what is gone now.
                    continue
        return view

    def watch(self, watcher: Hashable, classes: Collection[LabelClass]) -> View:
        """The View of exactly the contributions of these label classes, as far as they have come.

        The staff's, where that is all there are. Else it is built from what came before, once per set, and
        kept until every watcher of it watches another, or is let go by `unwatch`.
        """
        wanted = frozenset(classes)
        if not self._crowded and wanted >= self._first.keys():
            self._let_go(watcher, None)
            return self.staff
        watched = next((held for held in self._watched if held.classes == wanted), None)
        if watched is None:
            watched = self._widened(watcher, wanted) or self._watched_anew(wanted)
        watched.watchers.add(watcher)
        self._let_go(watcher, watched)
        self._feed(watched)
        return watched.view

    def unwatch(self, watcher: Hashable) -> None:
        """Let the View go that a watcher looked at."""
        self._let_go(watcher, None)

    def _let_go(self, watcher: Hashable, kept: _Watched | None) -> None:
        for watched in self._watched:
            if watched is not kept:
                watched.watchers.discard(watcher)
        self._watched = [watched for watched in self._watched if watched.watchers]

    def _widened(self, watcher: Hashable, wanted: frozenset[LabelClass]) -> _Watched | None:
        """The watcher's own View with more classes, where nothing of these came before it was last fed."""
        for watched in self._watched:
            if watched.watchers == {watcher} and watched.classes <= wanted:
                added = wanted - watched.classes
                if all(self._first.get(named, self._logged + 1) > watched.fed for named in added):
                    watched.classes = wanted
                    return watched
        return None

    def _watched_anew(self, wanted: frozenset[LabelClass]) -> _Watched:
        watched = _Watched(View(self._party, self._makers), wanted, self._logged - len(self._log), set())
        self._watched.append(watched)
        return watched

    def _feed(self, watched: _Watched) -> None:
        """Add what came since the View was last fed, in order."""
        for _, named, item in _last(self._log, self._logged - watched.fed):
            if named in watched.classes:
                watched.view.add(item)
        watched.fed = self._logged


def _last(
    log: deque[tuple[SourceClass, LabelClass | None, AnyItem]], count: int
) -> Iterable[tuple[SourceClass, LabelClass | None, AnyItem]]:
    """The newest `count` entries, or all where there are fewer, oldest first."""
    return reversed(list(islice(reversed(log), max(0, count))))
