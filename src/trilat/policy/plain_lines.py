"""`decide_plain`: the decision on one line of JSON, whatever it holds.

A line that cannot be read is withheld as `malformed-item`. Where it can be told that its label is missing,
or lacks a field that it must have, the answer says that too. A name that stands twice in one object is
refused: two readers could take two different labels from it.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from trilat.model import (
    Consent,
    Decision,
    Declaration,
    ItemError,
    Outcome,
    Reason,
    item_from_plain,
)
from trilat.policy.agreements import AgreementSet
from trilat.policy.decide import decide
from trilat.policy.request import ReleaseRequest

LINE_BYTES_MAX: Final = 1_048_576
_LABEL_NEEDS: Final = ("originator", "classification", "created_ns")
_CLASSIFICATION_NEEDS: Final = ("scheme", "level")


def decide_plain(
    line: bytes,
    request: ReleaseRequest,
    agreements: AgreementSet,
    consents: Sequence[Consent] = (),
    declarations: Sequence[Declaration] = (),
) -> Decision:
    """The decision on the item that one JSON line describes; never raises for what the line holds."""
    reasons = [Reason.MALFORMED_ITEM]
    try:
        plain = _read(line)
        missing = _label_missing(plain)
        if missing is None:
            return decide(item_from_plain(plain), request, agreements, consents, declarations)
        reasons.append(missing)
    except (ItemError, ValueError, RecursionError):
        pass  # the reason above says it
    return Decision(
        item=None,
        sender=request.sender,
        recipient=request.recipient,
        via=request.via,
        purpose=request.purpose,
        decided_ns=request.at_ns,
        outcome=Outcome.WITHHOLD,
        clauses=(),
        reasons=tuple(reasons),
    )


def _read(line: bytes) -> dict[str, Any]:
    if len(line) > LINE_BYTES_MAX:
        raise ItemError(f"line of {len(line)} bytes is over the limit of {LINE_BYTES_MAX}: not read")
    plain = json.loads(line.decode("utf-8"), object_pairs_hook=_each_once)
    if not isinstance(plain, dict):
        raise ItemError("an item is an object: write it in braces")
    return plain


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ItemError("a name stands twice in one object: write each once")
    return found


def _label_missing(plain: dict[str, Any]) -> Reason | None:
    """Whether the label is absent or lacks what it must have; None where neither can be told."""
    label = plain.get("label")
    if label is None:
        return Reason.LABEL_ABSENT
    if not isinstance(label, dict):
        return Reason.LABEL_PARTIAL
    classification = label.get("classification")
    whole = all(label.get(name) is not None for name in _LABEL_NEEDS) and (
        isinstance(classification, dict)
        and all(classification.get(name) is not None for name in _CLASSIFICATION_NEEDS)
    )
    return None if whole else Reason.LABEL_PARTIAL
