"""The View of a reader: exactly the contributions of its label classes, in order, built once per set."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.examples import example
from tests.observed import own_track, ship
from tests.small_federation import at, federation_of, head, launch

from trilat.domains import Alarm, Corners, Dispute, MakeHead, Sight, Threatened
from trilat.model import AnyItem, DirectionPlot, Domain, ItemReference, Label, Place, Report
from trilat.node.views import LabelClass, View, Views, label_class, own_class

NODES = federation_of("multilateral").nodes


class Remembering:
    """A pipeline that only remembers what it was given."""

    domain = Domain.MARITIME

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


BUILT: list[View] = []


class RememberingView(View):
    def __init__(self, party: str, makers: Any = None) -> None:  # noqa: ARG002 - this View has its own
        super().__init__(party, {Domain.MARITIME: Remembering, Domain.MISSILE: Remembering})
        BUILT.append(self)


@pytest.fixture(autouse=True)
def _views_remember(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trilat.node.views.View", RememberingView)
    BUILT.clear()


def _seen(view: View) -> list[AnyItem]:
    return [item for pipeline in view.pipelines.values() for item in getattr(pipeline, "items", [])]


def _label(party: str, number: int) -> Label:
    label = NODES[party].heads.label("vessel", at(0))
    return msgspec.structs.replace(label, releasable_to=("USA", f"P{number}"))


def _ship(party: str, number: int, version: int) -> AnyItem:
    """A ship of one of a party's label classes."""
    return ship(NODES[party], number, version=version, label=_label(party, number))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["JPN", "KOR", "USA"]), st.integers(0, 2)),
        st.tuples(st.just("look"), st.sampled_from("AB"), st.integers(0, 255)),
        st.tuples(st.just("leave"), st.sampled_from("AB")),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=150)
@given(steps=STEPS)
def test_a_watched_view_holds_its_classes_in_order_and_nothing_else(steps: Sequence[tuple[Any, ...]]) -> None:
    """The real Views beside a plain list that must agree; classes come and go at random."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trilat.node.views.View", RememberingView)
        views = Views("JPN")
        log: list[AnyItem] = []
        for version, step in enumerate(steps, 1):
            if step[0] == "look":
                known = list(views.object_classes)
                wanted = {named for place, named in enumerate(known) if step[2] >> (place % 8) & 1}
                expected = [item for item in log if label_class(item) in wanted]
                view = views.watch(step[1], wanted)
                assert _seen(view) == expected
                assert (view is views.staff) == (wanted == set(known))
            elif step[0] == "leave":
                views.unwatch(step[1])
            else:
                item = _ship(step[0], step[1], version)
                log.append(item)
                (views.add_own if step[0] == "JPN" else views.add_foreign)(item)
        assert len(views._watched) <= 2


def _classes(views: Views, *parties: str) -> set[LabelClass]:
    return {
        named for named, item in views.object_classes.items() if item.provenance.originators[0] in parties
    }


def test_a_set_is_built_once_and_fed_on() -> None:
    views = Views("JPN")
    for version in (1, 2):
        views.add_own(_ship("JPN", 1, version))
        views.add_foreign(_ship("KOR", 1, version))
    BUILT.clear()
    first = views.watch("A", _classes(views, "JPN"))
    for version in (3, 4):
        views.add_own(_ship("JPN", 1, version))
        assert views.watch("A", _classes(views, "JPN")) is first
    assert views.watch("B", _classes(views, "JPN")) is first, "who watches the same shares it"
    assert len(BUILT) == 1
    assert [item.version for item in _seen(first)] == [1, 2, 3, 4]


def test_a_new_class_joins_the_same_view_and_one_that_came_before_needs_another() -> None:
    views = Views("JPN")
    views.add_own(_ship("JPN", 1, 1))
    views.add_foreign(_ship("KOR", 1, 1))
    first = views.watch("A", _classes(views, "JPN"))
    views.add_foreign(_ship("USA", 1, 1))
    assert views.watch("A", _classes(views, "JPN", "USA")) is first
    views.add_own(_ship("JPN", 2, 1))
    old = _classes(views, "USA") | {label_class(_ship("JPN", 1, 1))}
    assert views.watch("A", old) is first
    # The ship of the second class has been passed over meanwhile.
    assert views.watch("A", _classes(views, "JPN", "USA")) is not first


def test_a_view_that_another_watches_does_not_grow_under_it() -> None:
    views = Views("JPN")
    views.add_own(_ship("JPN", 1, 1))
    views.add_foreign(_ship("KOR", 1, 1))
    shared = views.watch("A", _classes(views, "JPN"))
    assert views.watch("B", _classes(views, "JPN")) is shared
    views.add_foreign(_ship("USA", 1, 1))
    assert views.watch("A", _classes(views, "JPN", "USA")) is not shared
    assert views.watch("B", _classes(views, "JPN")) is shared
    assert len(_seen(shared)) == 1


def test_what_is_let_go_is_kept_no_longer() -> None:
    views = Views("JPN")
    views.add_own(_ship("JPN", 1, 1))
    views.add_foreign(_ship("KOR", 1, 1))
    views.watch("A", _classes(views, "JPN"))
    views.watch("B", _classes(views, "JPN"))
    views.unwatch("A")
    assert len(views._watched) == 1
    views.unwatch("A")
    views.watch("B", _classes(views, "JPN", "KOR"))
    assert views._watched == [], "the staff's View is not the watcher's to keep"


def test_of_too_many_classes_the_rest_is_in_no_readers_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trilat.node.views.OBJECT_CLASSES_MAX", 2)
    views = Views("JPN")
    for number in range(3):
        views.add_foreign(_ship("KOR", number, 1))
    assert len(views.object_classes) == 2
    view = views.watch("A", set(views.object_classes))
    assert view is not views.staff
    assert len(_seen(view)) == 2
    assert len(_seen(views.staff)) == 3


def _report(party: str) -> Report:
    plot = DirectionPlot(
        site=Place(latitude_1e7deg=0, longitude_1e7deg=0),
        azimuth_nrad=1,
        elevation_nrad=1,
        azimuth_sigma_nrad=1_000,
        elevation_sigma_nrad=1_000,
    )
    return Report(**head(NODES[party], "report", "r", at(0)), observation=plot)


def test_own_reports_and_tracks_are_one_class_and_what_makes_no_object_has_none() -> None:
    views = Views("JPN")
    jpn, kor = NODES["JPN"], NODES["KOR"]
    views.add_own(_report("JPN"))
    views.add_own(own_track(jpn, at_s=0.0))
    assert list(views.object_classes) == [own_class(Domain.MISSILE)]
    views.add_own(launch(jpn))
    views.add_foreign(launch(kor))
    views.add_foreign(own_track(kor, at_s=0.0, state=None, tracklets=()))
    assert len(views.object_classes) == 1
    views.add_foreign(own_track(kor, at_s=0.0, version=2))
    views.add_foreign(_report("KOR"))
    assert len(views.object_classes) == 3


CHANGES: list[Any] = [
    pytest.param({"releasable_to": ("USA",)}, id="releasable to"),
    pytest.param({"restrictive": ("NEED",)}, id="restrictive"),
    pytest.param({"permissive": ("ANY",)}, id="permissive"),
    pytest.param({"expires_ns": at(3_000_000_000)}, id="that it ends"),
    pytest.param(
        {"classification": NODES["KOR"].heads.label("event", at(0)).classification}, id="classification"
    ),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_label_class_is_what_policys_answer_hangs_on(change: dict[str, Any]) -> None:
    track = own_track(NODES["KOR"], at_s=0.0)
    other = msgspec.structs.replace(track, label=msgspec.structs.replace(track.label, **change))
    assert label_class(other) != label_class(track)


def test_a_label_class_is_blind_to_name_version_instant_and_subject() -> None:
    track = own_track(NODES["KOR"], at_s=0.0)
    same = msgspec.structs.replace(track, item_id="KOR-u", subject="KOR-u", version=9, valid_ns=at(9))
    assert label_class(same) == label_class(track)
    for shape in ({"state": None}, {"tracklets": ()}):
        assert label_class(msgspec.structs.replace(track, **shape)) != label_class(track)


def test_words_with_figures_are_another_class_than_words_without() -> None:
    """A form that coarsens cannot be made of the one, and can of the other."""
    plain = msgspec.structs.replace(example("statement"), text="seen")
    figures = msgspec.structs.replace(plain, text="seen at 40.85 north")
    assert label_class(figures) != label_class(plain)
