"""Our two implementations behind the corpus's JSON: `trilat.policy.decide` and the slow reference in spec/.

python -m conformance.own decide < case.json      # as another implementation would be called
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from spec import decide_reference

from trilat.model import Agreement, Consent, Decision, from_plain, to_plain
from trilat.policy import AgreementSet, ReleaseRequest, decide_plain

Json = dict[str, Any]


def read(question: Json) -> tuple[str, ReleaseRequest, dict[str, Agreement], tuple[Consent, ...]]:
    """The item as text, the request, the agreements by file, and the consents of a case."""
    text = question["text"] if "text" in question else json.dumps(question["item"], ensure_ascii=False)
    agreements = {
        file: from_plain(
            {
                **plain,
                "clauses": [{"clause_id": name, **clause} for name, clause in plain["clauses"].items()],
            },
            Agreement,
        )
        for file, plain in question["agreements"].items()
    }
    consents = tuple(from_plain(plain, Consent) for plain in question["consents"].values())
    return text, from_plain(question["request"], ReleaseRequest), agreements, consents


def answer(decision: Decision) -> Json:
    """A decision as the corpus writes it."""
    plain = to_plain(decision)
    said = None if decision.consent is None else decision.consent.item_id
    return {
        **{name: plain[name] for name in ("outcome", "clauses", "reasons", "form", "duties")},
        "consent": said,
    }


def by_decide(question: Json) -> Json:
    """The answer of `trilat.policy.decide_plain`."""
    text, request, agreements, consents = read(question)
    return answer(decide_plain(text.encode("utf-8"), request, AgreementSet.of(agreements), consents))


def by_spec(question: Json, reference: Any = decide_reference) -> Json:
    """The answer of the slow reference, or of a changed one."""
    text, request, agreements, consents = read(question)
    return asked(reference, text, request, agreements, consents)


def asked(
    reference: Any,
    text: str,
    request: ReleaseRequest,
    agreements: Mapping[str, Agreement],
    consents: Sequence[Consent],
) -> Json:
    """The answer of a reference to what `read` gives."""
    return answer(reference.decide_plain(text, request, agreements, consents))


OWN: dict[str, Callable[[Json], Json]] = {"decide": by_decide, "spec": by_spec}

if __name__ == "__main__":
    print(json.dumps(OWN[sys.argv[1]](json.load(sys.stdin))))
