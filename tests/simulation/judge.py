"""`judge`: what a run that is over did wrong, from the ledgers, one line each. None is the only pass.

 1. Every ledger reads whole, row by row, and holds each item once.
 2. What a feed was told is accepted is in the ledger, as it was given; nothing else is.
 3. Every item was decided on for every peer that it could go to, and the reference gives the same decision
    under what the node knew then.
 4. What is permitted left once, not before its time, in the form that was decided; nothing else left.
 5. What left was still permitted by the newest agreement that its sender knew when it left.
 6. Copies hold what the original holds, without what was to be stripped.
 7. Of what is thinned, versions left in order, not too often, and the newest one left.
 8. Every stream arrived whole, each number once, byte for byte, and nothing before its turn but what may
    overtake; its sender holds the receipt for all of it.
 9. What a recipient kept aside, the reference would not have let it have under what the recipient knew.
10. What a node holds is what its ledger says, and a node built anew from its disk is the same node.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from tests.simulation.oracle import Asked, Oracle
from tests.simulation.record import Decided, Record, Reference, Released, read_record
from tests.simulation.sites import Site
from tests.simulation.world import World

from trilat.model import (
    SECOND_NS,
    AnyItem,
    Consent,
    Decision,
    Duties,
    Outcome,
    Reason,
    TrilatError,
    Vessel,
    Warning,
    kind_of,
)
from trilat.node import Node

LINES_MAX: Final = 40
_EARLY: Final = frozenset({"warning", "event", "area", "track", "vessel", "indicator"})
"""Kinds of which the newest version counts, in whatever order versions come."""


def judge(world: World) -> list[str]:
    """Everything that is wrong, at most `LINES_MAX` lines."""
    oracle = Oracle(world.plan.seed)
    records = {party: read_record(site) for party, site in world.sites.items()}
    found: list[str] = []
    for line in _all(world, records, oracle):
        found.append(line)
        if len(found) >= LINES_MAX:
            break
    return found


def _all(world: World, records: dict[str, Record], oracle: Oracle) -> Iterator[str]:
    for party, record in records.items():
        site = world.sites[party]
        yield from record.faults  # 1
        yield from _feed(site, record)
        removed = world.plan.change.removed
        came = [world.changed.version] if world.plan.given_ns <= world.now() else []
        if record.adopted != came and party != removed:  # 3
            yield f"{party} adopted versions {record.adopted} of the pact: its change never came, or again"
        yield from _decisions(record, site.peers, oracle, removed)
        for peer in site.peers:
            yield from _releases(record, peer, oracle)
            yield from _stream(record, records[peer], whole=removed not in {party, peer})
            yield from _withdrawn(record, peer, oracle)
        yield from _aside(record, oracle)
        yield from _holdings(site, record)
    # With who is gone words may still be under way: nothing waits for them.
    stays = [party for party in world.plan.parties if party != world.plan.change.removed]
    yield from _restored(world.sites[stays[world.plan.seed % len(stays)]], stays)


def _feed(site: Site, record: Record) -> Iterator[str]:
    for reference, item in site.accepted.items():  # 2
        if record.reports.get(reference) != item:
            yield f"{site.party} accepted {reference} and its ledger has not got it: lost"
    for reference in record.reports.keys() - site.accepted.keys():
        yield f"the ledger of {site.party} has {reference}, which no feed gave"


def _decisions(record: Record, peers: Sequence[str], oracle: Oracle, removed: str | None) -> Iterator[str]:
    for reference, item in record.held.items():  # 3
        for peer in peers:
            if not _concerns(record, reference, item, peer):
                continue
            if (reference, peer) not in record.decisions:
                yield f"{record.party} never decided on {reference} for {peer}: lost"
    for (reference, peer), decided in record.decisions.items():
        for one in decided:
            expected = _expected(record, one, oracle)
            if _is_unheard(one.decision):
                # Whether what a node held is the newest was not heard: it gives nothing then, and asks again.
                waits = one is decided[-1] and not _is_replaced(record, reference)
                if waits and removed not in {peer, record.party}:
                    yield f"{record.party} never decided anew on {reference} for {peer}: lost"
            elif expected != one.decision:
                yield (
                    f"{record.party} decided {_said(one.decision)} on {reference} for {peer}, "
                    f"the reference {_said(expected)}"
                )


def _concerns(record: Record, reference: Reference, item: AnyItem, peer: str) -> bool:
    """Whether an item is one that a peer must have been asked about."""
    if item.label.originator == peer:
        return False
    if isinstance(item, Consent):
        return False  # It goes with what it approves, or to an intermediary alone.
    if kind_of(item) in _EARLY and reference not in record.reports.keys() | record.made.keys():
        # A partner's version that came behind a newer one is a record, and is not passed on.
        newer = [version for item_id, version in record.held if item_id == reference[0]]
        if max(newer) > reference[1]:
            return False
    own_staff = reference in record.made and peer not in item.label.releasable_to
    return not own_staff


def _expected(record: Record, one: Decided, oracle: Oracle) -> Decision:
    asked = Asked(record.party, one.decision.recipient, one.decision.decided_ns, one.decision.via)
    return oracle.decide(one.item, asked, one.agreements, record.consents[: one.consents])


def _is_unheard(decision: Decision) -> bool:
    return decision.outcome is Outcome.WITHHOLD and Reason.AGREEMENT_STALE in decision.reasons


def _is_replaced(record: Record, reference: Reference) -> bool:
    """Whether a newer version of an item is held."""
    return any(item_id == reference[0] and version > reference[1] for item_id, version in record.held)


def _said(decision: Decision) -> str:
    form = "" if decision.form is None else f" as {decision.form.value}"
    reasons = ", ".join(reason.value for reason in decision.reasons)
    return f"{decision.outcome.value}{form} ({reasons}; {', '.join(decision.clauses)})"


def _releases(record: Record, peer: str, oracle: Oracle) -> Iterator[str]:
    released: dict[Reference, list[Released]] = {}
    for one in record.released.get(peer, []):
        reference = (one.record.item.item_id, one.record.item.version)
        released.setdefault(reference, []).append(one)
        yield from _release(record, peer, reference, one, oracle)
    for (reference, recipient), decided in record.decisions.items():
        if recipient != peer:
            continue
        last = decided[-1]
        left = released.get(reference, [])
        name = f"{record.party}: {reference} to {peer}"
        if len(left) > 1:  # 4
            yield f"{name} left {len(left)} times: doubled"
        permitted = last.decision.outcome is Outcome.PERMIT
        if permitted and not left and not _thinned(last.decision, last.item):
            yield f"{name} was permitted and never left: lost"
    yield from _thin(record, peer, released)


def _release(record: Record, peer: str, reference: Reference, one: Released, oracle: Oracle) -> Iterator[str]:
    name = f"{record.party}: {reference} to {peer}"
    before = [made for made in record.decisions.get((reference, peer), []) if made.entry < one.entry]
    if not before or before[-1].decision.outcome is not Outcome.PERMIT:  # 4
        yield f"{name} left without a decision that permits it: leaked"
        return
    item, decision = before[-1].item, before[-1].decision
    release = one.release
    if (release.form, release.duties, release.decided_ns) != (
        decision.form,
        decision.duties,
        decision.decided_ns,
    ):
        yield f"{name} left otherwise than was decided"
    duties = decision.duties or Duties()
    if one.at_ns < item.valid_ns + duties.delay_s * SECOND_NS and not isinstance(item, Consent):
        yield f"{name} left before its delay of {duties.delay_s} s had passed: leaked"
    asked = Asked(record.party, peer, one.at_ns, decision.via)
    now = oracle.decide(item, asked, one.agreements, record.consents[: one.consents])
    if (now.outcome, now.form, now.duties) != (Outcome.PERMIT, release.form, release.duties):  # 5
        yield f"{name} left under an agreement that its sender knew was replaced: leaked"
    for field in item.__struct_fields__:  # 6
        if field in {"label", "provenance"}:
            continue
        copied, original = getattr(release.item, field), getattr(item, field)
        if copied != ("" if field in duties.strip else original):
            yield f"{name} left with another `{field}` than it may: leaked"


def _thinned(decision: Decision, item: AnyItem) -> bool:
    return decision.duties is not None and decision.duties.thin_s > 0 and not isinstance(item, Warning)


def _thin(record: Record, peer: str, released: dict[Reference, list[Released]]) -> Iterator[str]:
    """Versions of what is thinned."""
    permitted: dict[str, int] = {}
    # What waited for its turn gives it up to a newer version that may leave, also where that one is withheld
    # before its own turn comes.
    superseding: dict[str, int] = {}
    for ((item_id, version), recipient), decided in record.decisions.items():
        if recipient != peer or not isinstance(decided[-1].item, Vessel):
            continue
        if decided[-1].decision.outcome is Outcome.PERMIT:
            permitted[item_id] = max(version, permitted.get(item_id, 0))
        if any(one.decision.outcome is Outcome.PERMIT for one in decided):
            superseding[item_id] = max(version, superseding.get(item_id, 0))
    left: dict[str, list[Released]] = {}
    for (item_id, _), ones in released.items():
        left.setdefault(item_id, []).extend(ones)
    for item_id, newest in permitted.items():  # 7
        ones = sorted(left.get(item_id, []), key=lambda one: one.entry)
        versions = [one.record.item.version for one in ones]
        if newest not in versions and superseding[item_id] == newest:
            yield f"{record.party}: the newest version {newest} of {item_id} never left for {peer}: lost"
        if ones and ones[0].release.duties.thin_s and versions != sorted(versions):
            yield f"{record.party}: versions {versions} of {item_id} left for {peer}: out of order"


def _withdrawn(record: Record, peer: str, oracle: Oracle) -> Iterator[str]:
    """What a sender left out of a stream: the newest agreement that it knew must not have let it go."""
    sent = {one.record.sequence: one for one in record.released.get(peer, [])}
    for number, omitted in record.skipped.get(peer, {}).items():
        one = sent.get(number)
        if one is None:
            yield f"{record.party} left {number} to {peer} out, which never was in the stream"
            continue
        item = record.held[one.record.item.item_id, one.record.item.version]
        asked = Asked(record.party, peer, omitted.at_ns, one.release.via)
        said = record.consents[: omitted.consents]
        if oracle.decide(item, asked, omitted.agreements, said).outcome is Outcome.PERMIT:
            yield f"{record.party} left {number} to {peer} out, which the reference permits: lost"


def _stream(record: Record, other: Record, *, whole: bool) -> Iterator[str]:
    """The stream from one to another, on both disks; `whole` where all of it must have come."""
    sent = record.released.get(other.party, [])
    came = other.received.get(record.party, [])
    name = f"{record.party} to {other.party}"
    written = {one.record.sequence: one.record.parcel for one in sent}
    if list(written) != list(range(1, len(sent) + 1)):
        yield f"{name}: the sender's numbers have a gap or come twice"
    seen: set[int] = set()
    left_out = other.omitted.get(record.party, set())
    turn = 1
    for one in came:  # 8
        number = one.record.sequence
        while turn in seen or turn in left_out:
            turn += 1
        if number in seen:
            yield f"{name}: {number} came twice: doubled"
        if number > turn and kind_of(one.release.item) not in _EARLY:
            yield f"{name}: {number} was taken before {turn}: out of order"
        if written.get(number) != one.record.parcel:
            yield f"{name}: as {number} came something else than left"
        seen.add(number)
    for number in written.keys() - seen - left_out if whole else ():
        yield f"{name}: {number} of {len(sent)} never came: lost"
    for number in left_out - record.skipped.get(other.party, {}).keys():
        yield f"{name}: {number} is taken for left out, and its sender did not leave it out: lost"
    cursors = record.receipts.get(other.party, [0])
    if whole and max(cursors) != len(sent):
        yield f"{name}: receipts for {max(cursors)} of {len(sent)}"


def _aside(record: Record, oracle: Oracle) -> Iterator[str]:
    """What was kept aside or used by a recipient, held against what the recipient knew."""
    for sender, received in record.received.items():
        for one in received:  # 9
            release = one.release
            asked = Asked(sender, record.party, release.decided_ns)
            decision = oracle.decide(release.item, asked, one.agreements, one.said)
            fits = decision.outcome is Outcome.PERMIT and decision.form is release.form
            # What a newer version forbids by now is kept aside too, if it came from before that one began.
            now = oracle.decide(
                release.item, Asked(sender, record.party, one.at_ns), one.agreements, one.said
            )
            begun = any(
                release.decided_ns < agreement.in_force_from_ns <= one.at_ns
                for agreement in one.agreements.files.values()
            )
            fits = fits and (not begun or now.outcome is Outcome.PERMIT)
            if fits == bool(one.record.refusal):
                yield (
                    f"{record.party} {'kept aside' if fits else 'used'} {release.item.item_id} of {sender}, "
                    f"the reference: {_said(decision)}; {one.record.refusal}"
                )


def _holdings(site: Site, record: Record) -> Iterator[str]:
    if site.node is None:
        return
    newest: dict[str, int] = {}  # 10
    for item_id, version in record.held:
        newest[item_id] = max(version, newest.get(item_id, 0))
    held = {item.item_id: item.version for item in site.node.holdings.items()}
    consents = {one.item_id for one in record.consents}
    for item_id in newest.keys() ^ held.keys():
        if item_id not in consents:
            yield f"{site.party} holds {item_id} in its {'ledger' if item_id in newest else 'memory'} alone"
    for item_id in newest.keys() & held.keys():
        if newest[item_id] != held[item_id]:
            yield f"{site.party} holds {item_id} in version {held[item_id]}, its ledger {newest[item_id]}"


def _restored(site: Site, parties: Sequence[str]) -> Iterator[str]:
    """A node built anew from the disk, beside the one that ran."""
    before = site.node
    if before is None:
        return
    said = _state(before, parties)
    try:
        site.start()
    except TrilatError as error:
        yield f"{site.party} does not start over its own disk: {error}"
        return
    for name, value in _state(site.running, parties).items():
        if said[name] != value:
            yield f"{site.party} built anew has another {name}: {_differing(said[name], value)}"


def _state(node: Node, parties: Sequence[str]) -> dict[str, object]:
    peers = [peer for peer in node.config.peers if peer in parties]
    return {
        "holding": {item.item_id: item for item in node.holdings.items()},
        "count by sender": dict(node.holdings.by_sender),
        "withheld": {peer: set(node.exchange.withheld[peer]) for peer in peers},
        "cursor": {name: cursor for name, cursor in node.endpoint.cursors().items() if cursor},
        "number": {peer: node.endpoint.next_sequence(peer) for peer in peers},
        "receipt": {peer: node.endpoint.acknowledged(peer) for peer in peers},
        "queue": {peer: node.exchange.waiting(peer) for peer in peers},
        "consents": sorted(one.item_id for one in node.exchange.consents),
        "questions": sorted(map(str, node.exchange.referrals)),
    }


def _differing(one: object, other: object) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [key for key in one.keys() | other.keys() if one.get(key) != other.get(key)]
        return f"{len(keys)} differ, as {keys[:2]}"
    return f"{one!s:.60} and {other!s:.60}"
