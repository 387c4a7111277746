"""`DueQueue` and `Offers` beside lists that are looked through from end to end."""

from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from hypothesis import given
from hypothesis import strategies as st

from trilat.model import AnyItem
from trilat.node.due import DueQueue
from trilat.node.exchange import Held
from trilat.node.offers import Offers


class Waits(NamedTuple):
    due_ns: int
    order: int
    key: tuple[str, str]
    version: int


RECIPIENTS = st.sampled_from(["JPN", "KOR"])
KEYS = st.tuples(st.sampled_from(["JPN", "KOR"]), st.sampled_from(["a", "b", "c"]))
STEPS = st.one_of(
    st.tuples(st.just("push"), st.integers(0, 20), KEYS, st.integers(1, 4)),
    st.tuples(st.just("pop"), st.integers(0, 20)),
    st.tuples(st.just("drop"), KEYS, st.integers(1, 4)),
    st.tuples(st.just("items"), st.sets(st.sampled_from(["a", "b", "c"]), max_size=2)),
    st.tuples(st.just("clear")),
)


def key_of(one: Waits) -> tuple[str, str]:
    return one.key


def _not_newer(version: int, one: Waits) -> bool:
    return one.version <= version


@given(st.lists(STEPS, max_size=60))
def test_a_due_queue_gives_what_a_list_that_is_looked_through_gives(steps: list[Any]) -> None:
    queue: DueQueue[Waits] = DueQueue(key_of)
    plain: list[Waits] = []
    for order, step in enumerate(steps):
        match step:
            case "push", due_ns, key, version:
                queue.push(Waits(due_ns, order, key, version))
                plain.append(Waits(due_ns, order, key, version))
            case "pop", now_ns:
                first = min((one for one in plain if one.due_ns <= now_ns), default=None)
                assert queue.pop(now_ns) == first
                plain = [one for one in plain if one != first]
            case "drop", key, version:
                queue.drop(key, partial(_not_newer, version))
                plain = [one for one in plain if one.key != key or one.version > version]
            case "items", names:
                queue.drop_items(names)
                plain = [one for one in plain if one.key[1] not in names]
            case _:
                queue.clear()
                plain = []
        assert sorted(queue) == sorted(plain)
        for key in {one.key for one in plain}:
            assert queue.waiting(key) == tuple(one for one in plain if one.key == key)


def held(name: str, version: int, audience: str | None) -> Held:
    return Held(cast(AnyItem, SimpleNamespace(item_id=name, version=version)), b"", audience=audience)


OFFERED = st.builds(
    held, st.sampled_from(["a", "b", "c"]), st.integers(1, 3), st.sampled_from([None, "JPN", "KOR"])
)
CHANGES = st.one_of(
    st.tuples(st.just("add"), OFFERED),
    st.tuples(st.just("done"), st.integers(0, 3)),
    st.tuples(st.just("settled"), st.sampled_from(["a", "b", "c"]), st.integers(1, 3), RECIPIENTS),
    st.tuples(st.just("items"), st.sets(st.sampled_from(["a", "b", "c"]), max_size=2)),
)


@given(st.lists(CHANGES, max_size=60))
def test_offers_stay_in_the_order_of_a_list_that_is_looked_through(changes: list[Any]) -> None:
    offers = Offers()
    plain: list[Held] = []
    for change in changes:
        match change:
            case "add", one:
                offers.add(one)
                plain.append(one)
            case "done", count:
                offers.done(count)
                plain = plain[count:]
            case "settled", name, version, recipient:
                offers.drop_settled((name, version), recipient)
                plain = [
                    one
                    for one in plain
                    if (one.item.item_id, one.item.version) != (name, version)
                    or one.audience not in {None, recipient}
                ]
            case _, names:
                offers.drop_items(names)
                plain = [one for one in plain if one.item.item_id not in names]
        assert [id(one) for one in offers] == [id(one) for one in plain]
        assert len(offers) == len(plain)


def test_a_restart_looks_at_no_more_than_what_is_asked_for() -> None:
    """The cost of one row does not grow with what waits: `key_of` is asked as often for 1,000 as for 10."""
    asked: list[int] = []
    for waiting_count in (10, 1_000):
        counted = 0

        def counting(one: Waits) -> tuple[str, str]:
            nonlocal counted
            counted += 1
            return one.key

        queue: DueQueue[Waits] = DueQueue(counting)
        for order in range(waiting_count):
            queue.push(Waits(order, order, ("JPN", str(order)), 1))
        counted = 0
        queue.drop(("JPN", "3"), lambda one: one.version == 1)
        assert queue.waiting(("JPN", "3")) == ()
        assert queue.pop(0) is not None
        asked.append(counted)
    assert asked[0] == asked[1]
