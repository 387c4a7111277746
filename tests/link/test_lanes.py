"""What goes first on a link: warnings at once, the newest of tracks, and all of it once whatever happens."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.link.laning import Link, item_of, parcel_of

from trilat.link import Cut, LinkFaults, LinkLimits, LinkProfile, MemoryNetwork, Push, Skip, SkipReason
from trilat.model import SECOND_NS

if TYPE_CHECKING:
    from tests.link.conftest import World

SMALL = LinkProfile(limits=LinkLimits(batch_parcels=4, page_parcels=8, window_parcels=12, kept_parcels=16))
THIN = LinkProfile.thin(bits_per_s=20_000, message_bytes=2_000)
_PARCELS: dict[tuple[str, int, int], bytes] = {}


def _parcel(world: "World", kind: str, name: int = 0, version: int = 1) -> bytes:
    """The same parcels again and again: signing them is what takes time."""
    key = (kind, name, version)
    if key not in _PARCELS:
        _PARCELS[key] = parcel_of(world, item_of(world, kind, str(name), version))
    return _PARCELS[key]


def _first_of(link: Link, sequence: int, behind: int) -> int:
    """How many messages left after `behind` of them before the first with a number."""
    for count, push in enumerate(link.kor.left[behind:]):
        if isinstance(push, Push) and 0 <= sequence - push.first_sequence < len(push.parcels):
            return count
    raise AssertionError(f"{sequence} never left")


@pytest.mark.parametrize("profile", [SMALL, THIN, LinkProfile()], ids=["small", "thin", "wide"])
@pytest.mark.parametrize("waiting", [0, 3, 50, 5_000])
def test_at_most_one_message_leaves_between_a_warning_and_its_first_sending(
    world: "World", profile: LinkProfile, waiting: int
) -> None:
    link = Link(world, MemoryNetwork(LinkFaults(delay_min_ns=10**7, delay_max_ns=10**7)), profile)
    for number in range(waiting):
        link.kor.post(_parcel(world, "statement", number % 3))
    link.play(SECOND_NS // 50, SECOND_NS)
    for pause_ns in (0, SECOND_NS // 5, SECOND_NS):
        link.play(link.now_ns + pause_ns, SECOND_NS)
        behind = len(link.kor.left)
        sequence = link.kor.post(_parcel(world, "warning", len(link.kor.sent) % 5))
        link.play(link.now_ns + 4 * SECOND_NS, SECOND_NS)
        assert _first_of(link, sequence, behind) <= 1


def test_a_warning_is_used_while_all_before_it_waits(world: "World") -> None:
    link = Link(world, MemoryNetwork(), THIN)
    for number in range(200):
        link.kor.post(_parcel(world, "statement", number % 3))
    sequence = link.kor.post(_parcel(world, "warning"))
    link.play(5 * SECOND_NS, SECOND_NS)
    came = [number for number, _ in link.usa.got]
    assert sequence in came
    assert len(came) < 30


def test_after_a_cut_the_newest_of_each_track_goes_before_the_older_ones(world: "World") -> None:
    cut = Cut(a="KOR", b="USA", from_ns=0, to_ns=30 * SECOND_NS)
    link = Link(world, MemoryNetwork(LinkFaults(cuts=(cut,))), SMALL)
    for version in range(1, 101):
        for name in range(3):
            link.kor.post(_parcel(world, "track", name, version))
    link.play(30 * SECOND_NS, SECOND_NS)
    link.usa.got.clear()
    link.kor.endpoint.resume("USA", link.now_ns)
    link.play(60 * SECOND_NS, SECOND_NS)
    came = [number for number, _ in link.usa.got]
    assert all(came.index(newest) < 60 for newest in (298, 299, 300))
    link.judge()


def test_what_came_before_its_turn_is_not_sent_again_in_its_turn(world: "World") -> None:
    link = Link(world, MemoryNetwork(), SMALL)
    for number in range(40):
        link.kor.post(_parcel(world, "statement", number % 3))
    link.kor.post(_parcel(world, "warning"))
    for number in range(40):
        link.kor.post(_parcel(world, "statement", number % 3))
    link.play(2 * SECOND_NS, SECOND_NS)
    numbers = [
        push.first_sequence + offset
        for push in link.kor.left
        if isinstance(push, Push)
        for offset in range(len(push.parcels))
    ]
    assert sorted(numbers) == list(range(1, 82))
    assert numbers.index(41) < 8
    link.judge()


def test_nothing_starves_while_higher_priorities_never_end(world: "World") -> None:
    link = Link(world, MemoryNetwork(), THIN)
    for number in range(30):
        link.kor.post(_parcel(world, "statement", number % 3))
    for round_ in range(1, 400):
        link.kor.post(_parcel(world, "track", round_ % 9, round_))
        link.kor.post(_parcel(world, "consent", 0, round_))
        link.play(link.now_ns + SECOND_NS // 2, SECOND_NS)
    came = {number for number, parcel in link.usa.got if parcel is not None}
    assert set(range(1, 31)) <= came


def test_on_a_sparing_link_only_the_newest_of_a_track_goes_and_the_rest_is_accounted_for(
    world: "World",
) -> None:
    link = Link(world, MemoryNetwork(), THIN)
    for version in range(1, 201):
        link.kor.post(_parcel(world, "track", version % 2, version))
    link.kor.post(_parcel(world, "statement"))
    link.play(120 * SECOND_NS, SECOND_NS)
    link.judge()
    assert [number for number, parcel in sorted(link.usa.got) if parcel is not None] == [199, 200, 201]
    assert {reason for *_, reason in link.kor.skipped} == {SkipReason.REPLACED}
    assert sum(isinstance(one, Skip) for one in link.kor.left) <= 3


def test_on_a_wide_link_every_version_goes(world: "World") -> None:
    link = Link(world, MemoryNetwork(), SMALL)
    for version in range(1, 101):
        link.kor.post(_parcel(world, "track", 0, version))
    link.play(20 * SECOND_NS, SECOND_NS)
    link.judge()
    assert link.kor.skipped == []
    assert all(parcel is not None for _, parcel in link.usa.got)


def test_a_paced_link_keeps_to_its_rate(world: "World") -> None:
    carried: list[tuple[int, int]] = []
    network = MemoryNetwork()
    link = Link(world, network, THIN)
    sound = network.send

    def weigh(sender: str, recipient: str, payload: bytes) -> None:
        if sender == "KOR":
            carried.append((link.now_ns, len(payload)))
        sound(sender, recipient, payload)

    network.send = weigh  # type: ignore[method-assign]
    for number in range(100):
        link.kor.post(_parcel(world, "statement", number % 3))
    for _ in range(50):
        link.kor.endpoint.notify("USA", "known", bytes(500))
    link.play(60 * SECOND_NS, SECOND_NS)
    total, largest = 0, max(size for _, size in carried)
    for at_ns, size in carried:
        # Whenever a message leaves, all before it have gone at the rate.
        assert total * 8 * SECOND_NS <= 20_000 * at_ns + SECOND_NS
        total += size
    # The largest is a full message with the padding of its class and the wrapped key of its epoch.
    assert largest < 5_000
    assert total * 8 > 0.8 * 20_000 * carried[-1][0] / SECOND_NS


_ACTIONS = ["warning", "track", "track", "statement", "consent", "many", "crash KOR", "crash USA"]
_CRASHES = ["note", "before skip", "after skip", "before commit", "after commit"]


@given(
    thin=st.booleans(),
    seed=st.integers(0, 2**16),
    loss=st.sampled_from([0.0, 0.1, 0.4]),
    disorder=st.sampled_from([0.0, 0.3]),
    cuts=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 15)), max_size=2),
    actions=st.lists(
        st.tuples(st.integers(0, 25), st.sampled_from(_ACTIONS + _CRASHES), st.integers(0, 3)), max_size=25
    ),
)
@settings(max_examples=120, deadline=None)
def test_every_number_comes_once_and_in_order_where_it_must_whatever_happens(
    world: "World",
    thin: bool,
    seed: int,
    loss: float,
    disorder: float,
    cuts: list[tuple[int, int]],
    actions: list[tuple[int, str, int]],
) -> None:
    faults = LinkFaults(
        loss=loss,
        repeat=disorder,
        reorder=disorder,
        delay_max_ns=SECOND_NS // 5,
        reorder_delay_ns=2 * SECOND_NS,
        cuts=tuple(
            Cut(a="KOR", b="USA", from_ns=start * SECOND_NS, to_ns=(start + length) * SECOND_NS)
            for start, length in cuts
        ),
        end_ns=40 * SECOND_NS,
    )
    link = Link(world, MemoryNetwork(faults, seed), THIN if thin else SMALL)
    versions: dict[tuple[str, int], int] = {}
    for second, action, name in sorted(actions, key=lambda one: one[0]):
        link.play(max(link.now_ns, second * SECOND_NS), SECOND_NS)
        _act(world, link, versions, action, name)
    link.play(1_500 * SECOND_NS, 5 * SECOND_NS)
    link.judge()
    assert link.kor.endpoint.acknowledged("USA") == len(link.kor.sent)


def _act(world: "World", link: Link, versions: dict[tuple[str, int], int], action: str, name: int) -> None:
    if action.startswith("crash"):
        link.crash(link.kor if action.endswith("KOR") else link.usa)
        return
    if action in _CRASHES:
        (link.usa if "commit" in action else link.kor).crash_in = action
        return
    for kind in ("statement", "track", "statement", "track") * 6 if action == "many" else (action,):
        version = versions[kind, name] = versions.get((kind, name), 0) + 1
        link.kor.post(_parcel(world, kind, name, version))
