"""`Oracle`: what policy must have answered, by the slow reference of `spec/`. It remembers answers.

The reference looks at an item's label, kind, shape and origins, at the instant, and at consents on the item.
Items that are alike in all of these get one answer; a share of the remembered answers is asked again.
"""

import random
from collections.abc import Hashable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
from spec.decide_reference import decide as reference
from tests.simulation.pact import PURPOSE

from trilat.model import Agreement, AnyItem, Consent, Decision, ItemReference, Label, kind_of
from trilat.policy import AgreementSet

_ASKED_AGAIN: Final = 0.01


class Asked(NamedTuple):
    """Who gives to whom, when."""

    sender: str
    recipient: str
    at_ns: int
    via: str | None = None
    purpose: str = PURPOSE


class Oracle:
    """The reference's answers in one run."""

    def __init__(self, seed: int) -> None:
        """Nothing asked."""
        self._known: dict[Hashable, Decision] = {}
        self._chance = random.Random(f"oracle {seed}")
        self._files: dict[int, Mapping[str, Agreement]] = {}
        self.asked = 0

    def decide(
        self, item: AnyItem, asked: Asked, agreements: AgreementSet, consents: Sequence[Consent]
    ) -> Decision:
        """What the reference says of an item, asked under these agreements with these consents held."""
        about = [one for one in consents if {item.subject, item.item_id} & set(one.subjects)]
        files = self._files.setdefault(id(agreements), agreements.files)
        key = _key(item, asked, files, about)
        known = self._known.get(key)
        if known is None or self._chance.random() < _ASKED_AGAIN:
            self.asked += 1
            answer = reference(item, asked, files, about)
            if known is not None and _alike(known) != _alike(answer):
                raise AssertionError(f"the oracle remembered another answer on {item.item_id}: fix its key")
            self._known[key] = known = answer
        return msgspec.structs.replace(
            known,
            item=ItemReference(item_id=item.item_id, version=item.version),
            decided_ns=asked.at_ns,
        )


def _alike(decision: Decision) -> Decision:
    return msgspec.structs.replace(decision, item=None, decided_ns=0)


def _key(
    item: AnyItem, asked: Asked, files: Mapping[str, Agreement], consents: Sequence[Consent]
) -> Hashable:
    label = item.label
    bounds = tuple(
        (name, agreement.in_force_from_ns <= asked.at_ns) for name, agreement in sorted(files.items())
    )
    said = tuple(
        (one.item_id, one.version, one.valid_ns <= asked.at_ns, asked.at_ns < one.until_ns)
        for one in consents
    )
    return (
        kind_of(item),
        item.domain,
        item.status,
        tuple(getattr(label, name) for name in _LABEL),
        label.created_ns <= asked.at_ns,
        item.provenance.originators,
        item.provenance.received_under,
        tuple(sorted(name for name in item.__struct_fields__ if getattr(item, name) in _EMPTY)),
        asked[:2],
        asked.via,
        bounds,
        said,
    )


_EMPTY: Final = ((), "", None, 0)
_LABEL: Final = tuple(name for name in Label.__struct_fields__ if name != "created_ns")
