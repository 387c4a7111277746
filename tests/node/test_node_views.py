"""Views: one picture per distinct set of contributions, and never a contribution outside the set."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.small_federation import at, federation_of, launch, play

from trilat.domains import Alarm, Corners, Dispute, MakeHead, Sight, Threatened
from trilat.model import (
    AnyItem,
    Classification,
    Decision,
    Domain,
    Downgrade,
    Duties,
    Event,
    Form,
    ItemReference,
    Label,
    Outcome,
    Portion,
    Provenance,
    Reason,
)
from trilat.node import Node
from trilat.node.views import OWN, View, Views, holds_back_portion

NODES = federation_of("multilateral").nodes


def _item(party: str, subject: str, version: int) -> Event:
    return launch(NODES[party], subject, version=version)


class Remembering:
    """A pipeline that only remembers what it was given."""

    domain = Domain.MISSILE

    def __init__(self, party: str) -> None:
        self.party = party
        self.items: list[AnyItem] = []

    def add(self, item: AnyItem) -> None:
        self.items.append(item)

    def publish(self, now_ns: int, make_head: MakeHead) -> tuple[AnyItem, ...]:  # noqa: ARG002
        return ()

    def settle(self, report_ids: frozenset[str]) -> None:
        pass

    def alarms(self, now_ns: int) -> tuple[Alarm, ...]:  # noqa: ARG002
        return ()

    def disputes(self, now_ns: int) -> tuple[Dispute, ...]:  # noqa: ARG002
        return ()

    def threatened(self, now_ns: int, areas: Sequence[Corners]) -> tuple[Threatened, ...]:  # noqa: ARG002
        return ()

    def named(self) -> int:
        return 0

    def sights(self, now_ns: int) -> tuple[Sight, ...]:  # noqa: ARG002
        return ()

    def basis(self, key: str, now_ns: int) -> tuple[ItemReference, ...]:  # noqa: ARG002
        return ()


class RememberingView(View):
    def __init__(self, party: str, makers: Any = None) -> None:  # noqa: ARG002 - this View has its own
        super().__init__(party, {Domain.MISSILE: Remembering})


def _seen(view: View) -> list[AnyItem]:
    pipeline = view.pipelines.get(Domain.MISSILE)
    return list(pipeline.items) if isinstance(pipeline, Remembering) else []


class _WithRememberingViews(Views):
    """Views whose pictures, also the new ones, remember."""

    def __init__(self, party: str) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("trilat.node.views.View", RememberingView)
            super().__init__(party)

    def allow(self, audience: str, source: str) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("trilat.node.views.View", RememberingView)
            super().allow(audience, source)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("own"), st.integers(0, 3)),
        st.tuples(st.sampled_from(["USA", "KOR"]), st.integers(0, 3)),
        st.tuples(st.just("allow"), st.sampled_from(["A", "B", "C"]), st.integers(0, 7)),
    ),
    max_size=40,
)


@settings(max_examples=120, deadline=None)
@given(steps=STEPS)
def test_a_view_holds_what_its_audience_may_have_in_order_and_nothing_else(
    steps: Sequence[tuple[Any, ...]],
) -> None:
    """The real Views beside plain lists that must agree."""
    views = _WithRememberingViews("JPN")
    log: list[tuple[str, AnyItem]] = []
    classes: list[str] = []
    allowed: dict[str, set[str]] = {audience: set() for audience in "ABC"}
    for number, step in enumerate(steps):
        if step[0] == "allow":
            if classes:
                source = classes[int(step[2]) % len(classes)]
                views.allow(step[1], source)
                allowed[step[1]].add(source)
        elif step[0] == "own":
            item = _item("JPN", f"s{step[1]}", number + 1)
            views.add_own(item)
            log.append((OWN, item))
        else:
            item = _item(step[0], f"s{step[1]}", number + 1)
            source = views.add_foreign(item)
            classes.append(source)
            log.append((source, item))
    for audience, sources in allowed.items():
        expected = [item for source, item in log if source == OWN or source in sources]
        assert _seen(views.of(audience)) == expected
    assert _seen(views.own) == [item for source, item in log if source == OWN]
    assert _seen(views.of("JPN")) == [item for _, item in log]
    distinct: set[frozenset[str]] = {frozenset(), *(frozenset(sources) for sources in allowed.values())}
    assert len(views) == len(distinct) + 1
    for first, sources in allowed.items():
        for second, others in allowed.items():
            assert (views.of(first) is views.of(second)) == (sources == others)
        assert (views.of(first) is views.own) == (not sources)


def test_items_of_which_no_view_makes_anything_are_not_kept_in_memory_beside_the_ledger() -> None:
    views = Views("JPN")
    kept = _item("USA", "object-1", 1)
    for number in range(50):
        views.add_foreign(msgspec.structs.replace(kept, domain=Domain.SEISMIC, version=number + 1))
        views.add_own(msgspec.structs.replace(kept, domain=Domain.CYBER, version=number + 1))
    views.add_foreign(kept)
    # `revise` is shown all that is kept.
    shown: list[AnyItem] = []

    def look(item: AnyItem) -> AnyItem:
        shown.append(item)
        return item

    views.revise(look)
    assert shown == [kept]


def test_a_class_is_all_that_the_answer_of_policy_hangs_on() -> None:
    views = Views("USA")
    event = _item("KOR", "seen", 1)
    label = event.label
    changes = [
        {"label": msgspec.structs.replace(label, releasable_to=("USA",))},
        {"label": msgspec.structs.replace(label, restrictive=("NEED",))},
        {
            "label": msgspec.structs.replace(
                label, classification=NODES["KOR"].heads.label("track", at(0)).classification
            )
        },
        {"subject": "KOR-other"},
        {"provenance": Provenance(originators=("KOR", "JPN"))},
        {"label": msgspec.structs.replace(label, portions=(_portion("place"),))},
        {"label": msgspec.structs.replace(label, portions=(_portion("region"),))},
        {"label": msgspec.structs.replace(label, downgrade=_lower(label, 5))},
        {"label": msgspec.structs.replace(label, downgrade=_lower(label, 6))},
    ]
    same = msgspec.structs.replace(event, version=7, valid_ns=event.valid_ns + 5)
    assert views.class_of(same) == views.class_of(event)
    others = {views.class_of(msgspec.structs.replace(event, **change)) for change in changes}  # type: ignore[arg-type]
    assert len(others) == len(changes)
    assert views.class_of(event) not in others


@pytest.mark.parametrize(
    ("fields", "stripped", "held_back"),
    [
        (("place",), ("place",), True),
        (("place", "observations"), ("observations", "place"), True),
        (("place",), (), False),
        (("observations",), ("observations",), False),
        ((), ("place",), False),
    ],
)
def test_no_picture_rests_on_an_item_of_which_a_telling_portion_is_left_out(
    fields: tuple[str, ...], stripped: tuple[str, ...], held_back: bool
) -> None:
    event = _item("JPN", "a", 1)
    label = msgspec.structs.replace(event.label, portions=tuple(_portion(field) for field in fields))
    item = msgspec.structs.replace(event, label=label)
    decision = Decision(
        item=item.reference,
        sender="USA",
        recipient="KOR",
        via=None,
        purpose="missile-warning",
        decided_ns=at(1),
        outcome=Outcome.PERMIT,
        clauses=("drill.toml#1",),
        reasons=(Reason.PERMITTED,),
        form=Form.AREAS,
        duties=Duties(strip=stripped),
    )
    assert holds_back_portion(item, decision) is held_back


def _portion(field: str) -> Portion:
    return Portion(field=field, releasable_to=())


def _lower(label: Label, later_ns: int) -> Downgrade:
    mark = Classification(scheme=label.classification.scheme, level="UNCLASSIFIED")
    return Downgrade(at_ns=label.created_ns + later_ns, classification=mark)


def _sources(node: Node, audience: str) -> set[str]:
    pipeline = node.views.of(audience).pipelines.get(Domain.MISSILE)
    launches = getattr(pipeline, "_launches", {})
    return {item.label.originator for item in launches.values()}


def test_the_united_states_has_one_picture_for_itself_and_one_for_the_allies() -> None:
    federation = federation_of("separate-2009", 6)
    nodes = federation.nodes
    play(federation, [(at(1), party, launch(node, at_s=0.1)) for party, node in nodes.items()])
    usa = nodes["USA"]
    assert _sources(usa, "USA") == {"USA", "JPN", "KOR"}
    assert _sources(usa, "JPN") == _sources(usa, "KOR") == {"USA"}
    assert usa.views.of("JPN") is usa.views.of("KOR") is usa.views.own
    assert len(usa.views) == 2


def test_a_set_that_grows_is_filled_from_what_came_before() -> None:
    federation = federation_of("realtime-2023", 8)
    nodes = federation.nodes
    play(federation, [(at(1), party, launch(node, at_s=0.1)) for party, node in nodes.items()])
    usa = nodes["USA"]
    assert _sources(usa, "JPN") == {"USA", "KOR"}
    assert _sources(usa, "KOR") == {"USA", "JPN"}
    assert usa.views.of("JPN") is not usa.views.of("KOR")


REVISED = st.lists(
    st.one_of(
        st.tuples(st.just("own"), st.integers(0, 3)),
        st.tuples(st.sampled_from(["USA", "KOR"]), st.integers(0, 3)),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(steps=REVISED, gone=st.sampled_from(["USA-0", "USA-1", "KOR-2", "KOR-9"]))
def test_what_is_taken_out_is_as_if_it_had_never_come(steps: Sequence[tuple[str, int]], gone: str) -> None:
    """Views from which an item was taken beside Views that never had it."""
    with_it, without = _WithRememberingViews("JPN"), _WithRememberingViews("JPN")
    for version, (who, subject) in enumerate(steps, start=1):
        item = _item("JPN" if who == "own" else who, str(subject), version)
        for views in (with_it, without):
            if views is without and item.item_id == gone:
                continue
            source = OWN if who == "own" else views.class_of(item)
            if who == "own":
                views.add_own(item)
            else:
                views.add_foreign(item)
                views.allow("A", source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trilat.node.views.View", RememberingView)
        assert with_it.revise(lambda item: None if item.item_id == gone else item)
    assert _seen(with_it.staff) == _seen(without.staff)
    assert _seen(with_it.of("A")) == _seen(without.of("A"))
    assert _seen(with_it.own) == _seen(without.own)
    assert with_it.object_classes.keys() == without.object_classes.keys()
    assert with_it._first.keys() == without._first.keys()
