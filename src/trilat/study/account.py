"""`Account`: what went to whom in a run, and one release and one refusal of it in sentences, for people.

Flows are counted from what each node opened, as its ledger has it; the two decisions are taken from the
ledger of the node that made them. Nothing is decided again.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from trilat.ledger import EntryKind
from trilat.model import Decision, Outcome, Track, kind_of
from trilat.node import Node, decisions_in
from trilat.policy import explain
from trilat.study.presets import Preset
from trilat.study.referee import Played, accepted
from trilat.study.run import RunSettings, play
from trilat.study.truth import Yardstick

DECISIONS_READ_MAX: Final = 20_000
"""Decisions of one node that are looked through for one worth showing."""


@dataclass(frozen=True)
class Flow:
    """Items of one kind and form, of one originator, that a party received by one path; None is directly."""

    originator: str
    recipient: str
    via: str | None
    kind: str
    form: str
    count: int


@dataclass(frozen=True)
class Account:
    """What flowed, and the sentences of one release and one refusal; empty where the run had none."""

    title: str
    as_of_ns: int
    flows: tuple[Flow, ...]
    release: tuple[str, ...]
    refusal: tuple[str, ...]
    acts: tuple[str, ...] = ()
    """What operators did by hand, in their order."""


def run_with_account(
    yardstick: Yardstick, regime: Preset | str, settings: RunSettings
) -> tuple[dict[str, Any], Account]:
    """The result of `run`, with its account."""
    finished = play(yardstick, regime, settings)
    try:
        acts = [act for person in settings.people for act in getattr(person, "acts", ())]
        return finished.result, account_of(finished.federation, acts)
    finally:
        finished.federation.close()


def account_of(played: Played, acts: Sequence[str] = ()) -> Account:
    """The account of a run that is over and not yet closed, with what operators did by hand."""
    release, refusal = _examples(played)
    regime = played.preset.regime
    return Account(regime.title, regime.as_of_ns, _flows(played), release, refusal, tuple(acts))


def _flows(played: Played) -> tuple[Flow, ...]:
    counts: Counter[tuple[str, str, str, str, str]] = Counter()
    for party, node in played.nodes.items():
        for sender, release in accepted(node):
            originator = release.item.label.originator
            via = "" if originator == sender else sender
            counts[originator, party, via, kind_of(release.item), release.form.value] += 1
    return tuple(
        Flow(originator, recipient, via or None, kind, form, count)
        for (originator, recipient, via, kind, form), count in sorted(counts.items())
    )


def _examples(played: Played) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sentences of the first release and the first refusal of own tracks, of the first node that has both."""
    best: tuple[Decision | None, Decision | None] = (None, None)
    for node in played.nodes.values():
        found = _first_decisions(node)
        if sum(decision is not None for decision in found) > sum(decision is not None for decision in best):
            best = found
    agreements = played.preset.agreements
    release, refusal = (() if decision is None else explain(decision, agreements) for decision in best)
    return release, refusal


def _first_decisions(node: Node) -> tuple[Decision | None, Decision | None]:
    release: Decision | None = None
    refusal: Decision | None = None
    for decision in _decisions_on_own_tracks(node):
        if decision.outcome is Outcome.PERMIT and release is None:
            release = decision
        elif decision.outcome is Outcome.WITHHOLD and refusal is None:
            refusal = decision
        if release is not None and refusal is not None:
            break
    return release, refusal


def _decisions_on_own_tracks(node: Node) -> Iterator[Decision]:
    for place, stored in enumerate(node.ledger.entries(kinds={EntryKind.DECISION})):
        if place >= DECISIONS_READ_MAX:
            return
        if stored.content is None:
            continue
        for decision in decisions_in(stored.content):
            item = None if decision.item is None else node.holdings.newest(decision.item.item_id)
            if isinstance(item, Track) and item.label.originator == decision.sender:
                yield decision
