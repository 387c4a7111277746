"""The referee: looks at everything that was opened and says what should not have been. Zero is the only pass.

It does not ask policy again; it reads labels, agreements and forms by itself, and is strict where policy may
be lenient. For every release that a node opened:
1. the label names the recipient, and its level may leave; so it is with every portion that is there;
2. a clause in force at the instant of deciding has this direction, path, domain and kind, up to this level;
3. passed-on items name their intermediary in that clause, and a clause that asks for approval comes with its
   originator's signed consent to this very passing;
4. the copy holds no more than its form allows;
5. the sender's ledger held it before it was sent: its place in the stream is recorded there;
6. each number of a stream was accepted once, and nothing before its turn but what the newest version of it
   replaces.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

from trilat.ledger import EntryKind
from trilat.link import Parcel
from trilat.model import (
    Approval,
    Area,
    Clause,
    Consent,
    Equivalent,
    Event,
    Form,
    Release,
    Report,
    Track,
    TrilatError,
    Vessel,
    Warning,
    decode,
    find_level,
    kind_of,
)
from trilat.node import RECORD_BYTES_MAX, Node, ReceivedRecord, ReleaseRecord
from trilat.policy import AgreementSet, Rule
from trilat.study.presets import Preset

_EARLY: Final = frozenset({"warning", "event", "area", "track", "vessel", "indicator"})
"""Kinds that may come before their turn in a stream."""


class Played(Protocol):
    """A run that is over: its nodes, whether they ran in this process or were restored from ledgers."""

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes by party."""
        ...

    @property
    def preset(self) -> Preset:
        """The regime that was played."""
        ...


def ledgers(played: Played) -> dict[str, int | bool]:
    """Entries of all nodes' ledgers together, and whether every one of them verifies."""
    verifications = [node.ledger.verify() for node in played.nodes.values()]
    return {
        "entries": sum(verification.entries for verification in verifications),
        "verified": all(verification.verified for verification in verifications),
    }


def violations(played: Played) -> tuple[str, ...]:
    """One line per thing that should not have happened, over all nodes."""
    written = {
        (party, record.recipient, record.sequence): record.parcel
        for party, node in played.nodes.items()
        for record in _records(node)
    }
    found: list[str] = []
    for party, node in played.nodes.items():
        seen: dict[tuple[str, str], set[int]] = {}
        turns: dict[tuple[str, str], int] = {}
        for record in received(node):
            stream = (record.sender, record.stream)
            name = f"{party} received {record.sequence} of {record.sender}"
            came = seen.setdefault(stream, set())
            if record.sequence in came:  # 6
                found.append(f"{name}: twice")
            came.add(record.sequence)
            turn = turns.get(stream, 0) + 1
            if record.sequence > turn and not _may_come_early(record):  # 6
                found.append(f"{name}: expected {turn}")
            while turn in came:
                turn += 1
            turns[stream] = turn - 1
            if written.get((record.sender, party, record.sequence)) != record.parcel:  # 5
                found.append(f"{name}: not what the sender's ledger holds")
            if not record.refusal:
                parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
                release = decode(parcel.release, Release)
                found += [
                    f"{name}: {text}"
                    for text in _wrong(
                        release, record.sender, _consents(node, parcel), played.preset.agreements
                    )
                ]
        for stream, came in seen.items():  # 6
            if max(came) > turns[stream]:
                found.append(f"{party} received {max(came)} of {stream[0]}: expected {turns[stream] + 1}")
    return tuple(found)


def _may_come_early(record: ReceivedRecord) -> bool:
    parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
    item = decode(parcel.release, Release).item
    return kind_of(item) in _EARLY and not (isinstance(item, Track) and item.tracklets)


def received(node: Node) -> Iterator[ReceivedRecord]:
    """Everything that a node opened, from its ledger."""
    for stored in node.ledger.entries(kinds={EntryKind.RECEIVED}):
        if stored.content is not None:
            yield decode(stored.content, ReceivedRecord, bytes_max=RECORD_BYTES_MAX)


def accepted(node: Node) -> Iterator[tuple[str, Release]]:
    """Sender and release of everything that a node opened and did not keep aside."""
    for record in received(node):
        if not record.refusal:
            parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
            yield record.sender, decode(parcel.release, Release)


def _records(node: Node) -> Iterator[ReleaseRecord]:
    for stored in node.ledger.entries(kinds={EntryKind.RELEASE}):
        if stored.content is not None:
            yield decode(stored.content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)


def _consents(node: Node, parcel: Parcel) -> tuple[Consent, ...]:
    """The consents of a parcel whose signatures are sound; the others prove nothing."""
    sound = []
    for signed in parcel.consents:
        try:
            sound.append(node.opened_consent(signed))
        except TrilatError:
            continue
    return tuple(sound)


def _wrong(
    release: Release, sender: str, consents: Sequence[Consent], agreements: AgreementSet
) -> Iterator[str]:
    item = release.item
    level = find_level(item.label.classification_at(release.decided_ns), release.decided_ns)
    if release.recipient not in item.label.releasable_to:  # 1
        yield f"the label of `{item.item_id}` does not name `{release.recipient}`"
    if level is None or level.never_leaves:  # 1
        yield f"`{item.item_id}` is of a level that does not leave"
    yield from _portions_wrong(release)  # 1
    for originator in item.provenance.originators:  # 2, 3
        if originator == release.recipient:
            continue
        via = None if originator == sender else sender
        rules = [
            rule
            for rule in _rules(agreements, release, originator, via)
            if level is not None and _covers(rule.clause, level.rank, release.decided_ns)
        ]
        if not rules:
            yield f"no clause gives `{item.item_id}` from `{originator}` to `{release.recipient}`"
        elif not any(
            _consented_by(rule, release, originator, consents) >= _OFFICERS[rule.clause.approval]
            for rule in rules
        ):
            yield f"`{item.item_id}` needs its originator's consent and came without one"
    if not _fits_form(release):  # 4
        yield f"`{item.item_id}` holds more than {release.form.value} allow"


def _portions_wrong(release: Release) -> Iterator[str]:
    item = release.item
    for portion in item.label.portions:
        named = item.label.releasable_to if portion.releasable_to is None else portion.releasable_to
        tokens = item.provenance.observations if portion.field == "observations" else ()
        if (tokens or getattr(item, portion.field, None)) and release.recipient not in named:
            yield f"`{item.item_id}` holds `{portion.field}`, which is not for `{release.recipient}`"


_OFFICERS: Final = {Approval.NONE: 0, Approval.ORIGINATOR: 1, Approval.TWO_PERSON: 2}
"""How many officers must have consented."""


def _consented_by(rule: Rule, release: Release, originator: str, consents: Sequence[Consent]) -> int:
    """How many officers of the originator consented to this passing under this clause at its instant."""
    item = release.item
    officers = {
        consent.officer
        for consent in consents
        if consent.granted
        and consent.label.originator == originator
        and consent.recipient == release.recipient
        and consent.via == rule.clause.via
        and consent.clause == rule.consent_name
        and not {item.subject, item.item_id}.isdisjoint(consent.subjects)
        and consent.valid_ns <= release.decided_ns < consent.until_ns
    }
    return len(officers)


def _rules(agreements: AgreementSet, release: Release, originator: str, via: str | None) -> Iterator[Rule]:
    for rule in agreements.rules:
        clause = rule.clause
        if (
            rule.from_ns <= release.decided_ns < rule.until_ns
            and clause.form is not None
            and originator in clause.givers
            and release.recipient in clause.receivers
            and clause.via == via
            and release.item.domain in clause.domains
            and kind_of(release.item) in clause.kinds
        ):
            yield rule


def _covers(clause: Clause, rank: int, at_ns: int) -> bool:
    highest = None if clause.highest is None else find_level(clause.highest, at_ns)
    return rank <= (0 if highest is None else highest.rank)


def _fits_form(release: Release) -> bool:
    item, form = release.item, release.form
    if isinstance(item, Report):
        is_equivalent = isinstance(item.observation, Equivalent)
        return form is Form.MEASUREMENTS or (form is Form.TRACKLETS and is_equivalent)
    if isinstance(item, Track):
        return {
            Form.MEASUREMENTS: True,
            Form.TRACKLETS: item.state is None,
            Form.TRACKS: not item.tracklets,
            Form.COARSE_TRACKS: not item.tracklets and not item.sensors and not item.provenance.observations,
            Form.EXISTENCE: item.state is None and not item.tracklets and not item.sensors,
        }.get(form, False)
    if isinstance(item, Vessel):
        return form is not Form.EXISTENCE or item.place is None
    if isinstance(item, Event | Area | Warning):
        return form is not Form.EXISTENCE or getattr(item, "region", None) is None
    return True
