"""S9: twelve days without a link of 2.4 kbit/s, then all of it that is still worth sending, by priority."""

from typing import TYPE_CHECKING

from tests.link.laning import Link, item_in, item_of, parcel_of

from trilat.link import Cut, LinkFaults, LinkProfile, MemoryNetwork, Parcel, Push, SkipReason
from trilat.link.parcel import PARCEL_BYTES_MAX
from trilat.model import SECOND_NS, Release, decode, kind_of

if TYPE_CHECKING:
    from tests.link.conftest import World

HOUR_NS = 3_600 * SECOND_NS
DAY_NS = 24 * HOUR_NS
CUT_NS = 12 * DAY_NS
OBJECTS = 8
TRACKS_PER_HOUR = 2
BITS_PER_S = 2_400


def _expiry_ns(parcel: bytes) -> int | None:
    return decode(decode(parcel, Parcel, PARCEL_BYTES_MAX).release, Release).expires_ns


def cut_for_twelve_days(world: "World") -> Link:
    """Tracks every half hour, words that hold for a day, consents, warnings."""
    faults = LinkFaults(
        delay_min_ns=SECOND_NS // 2,
        delay_max_ns=SECOND_NS // 2,
        cuts=(Cut(a="KOR", b="USA", from_ns=0, to_ns=CUT_NS),),
    )
    link = Link(world, MemoryNetwork(faults), LinkProfile.thin(BITS_PER_S, 1_000))
    link.kor.wait = lambda release, now_ns: (
        SkipReason.EXPIRED if release.expires_ns is not None and release.expires_ns <= now_ns else None
    )
    version = 0
    for hour in range(CUT_NS // HOUR_NS):
        link.play(hour * HOUR_NS, 600 * SECOND_NS)
        for _ in range(TRACKS_PER_HOUR):
            version += 1
            for name in range(OBJECTS):
                link.kor.post(parcel_of(world, item_of(world, "track", str(name), version)))
        words = item_of(world, "statement", f"{hour}", 1)
        link.kor.post(parcel_of(world, words, expires_ns=link.now_ns + DAY_NS))
        if hour % 8 == 0:
            link.kor.post(parcel_of(world, item_of(world, "consent", f"{hour}", 1)))
        if hour % 6 == 0:
            link.kor.post(parcel_of(world, item_of(world, "warning", f"{hour}", 1)))
    link.play(CUT_NS, 600 * SECOND_NS)
    return link


def replay(link: Link) -> tuple[int, float]:
    """Mend the link, and play until all is accounted for; bytes carried to the partner, and seconds taken."""
    sizes: list[tuple[int, int]] = []
    sound = link.network.send

    def weigh(sender: str, recipient: str, payload: bytes) -> None:
        if sender == "KOR":
            sizes.append((link.now_ns, len(payload)))
        sound(sender, recipient, payload)

    link.network.send = weigh  # type: ignore[method-assign]
    link.kor.endpoint.resume("USA", link.now_ns)
    kor = link.kor
    while kor.endpoint.acknowledged("USA") < len(kor.sent) and link.now_ns < CUT_NS + 6 * HOUR_NS:
        link.play(link.now_ns + 60 * SECOND_NS, 60 * SECOND_NS)
    return sum(size for _, size in sizes), (sizes[-1][0] - CUT_NS) / SECOND_NS


def test_a_cut_of_twelve_days_is_replayed_in_order_of_priority_and_without_what_expired(
    world: "World",
) -> None:
    link = cut_for_twelve_days(world)
    kor, behind = link.kor, len(link.kor.left)
    assert link.usa.got == []
    carried, took_s = replay(link)
    link.judge()
    pushes = [
        (at_ns, push)
        for at_ns, push in zip(kor.left_ns, (one for one in kor.left if isinstance(one, Push)), strict=True)
        if at_ns >= CUT_NS
    ]
    kinds = [kind_of(item_in(parcel)) for _, push in pushes for parcel in push.parcels]
    warnings = 12 * 4
    # Warnings first, all of them; one message that was due when the link came back may stand between.
    assert kinds[: warnings + 2].count("warning") == warnings
    assert all(
        expires_ns is None or expires_ns > at_ns
        for at_ns, push in pushes
        for expires_ns in map(_expiry_ns, push.parcels)
    )
    # The newest of each object before what stands in its turn behind; nothing older of it at all.
    assert kinds.count("track") <= 2 * OBJECTS
    assert kinds.index("track") < kinds.index("statement")
    reasons = {
        reason: sum(last - first + 1 for first, last, one in kor.skipped if one is reason)
        for reason in SkipReason
    }
    assert reasons[SkipReason.REPLACED] >= len(kor.sent) - 12 * 40 - OBJECTS
    assert 240 <= reasons[SkipReason.EXPIRED] <= 288
    assert carried * 8 <= BITS_PER_S * (took_s + 60)
    assert carried < 400_000
    assert behind > 0
    assert link.now_ns < CUT_NS + HOUR_NS
