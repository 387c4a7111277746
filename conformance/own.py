"""Our two implementations behind the corpus's JSON: `trilat.policy.decide` and the slow reference in spec/.

python -m conformance.own decide < case.json      # as another implementation would be called
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from spec import decide_reference

from trilat.model import Agreement, Consent, Decision, Declaration, from_plain, to_plain
from trilat.policy import AgreementSet, ReleaseRequest, decide_plain

Json = dict[str, Any]


Asked = tuple[str, ReleaseRequest, dict[str, Agreement], tuple[Consent, ...], tuple[Declaration, ...]]


def read(question: Json) -> Asked:
    """The item as text, the request, the agreements by file, the consents and the declarations of a case."""
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
    declarations = tuple(from_plain(plain, Declaration) for plain in question["declarations"].values())
    return text, from_plain(question["request"], ReleaseRequest), agreements, consents, declarations


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
    text, request, agreements, consents, declarations = read(question)
    held = AgreementSet.of(agreements)
    return answer(decide_plain(text.encode("utf-8"), request, held, consents, declarations))


def by_spec(question: Json, reference: Any = decide_reference) -> Json:
    """The answer of the slow reference, or of a changed one."""
    return asked(reference, *read(question))


def asked(
    reference: Any,
    text: str,
    request: ReleaseRequest,
    agreements: Mapping[str, Agreement],
    consents: Sequence[Consent],
    declarations: Sequence[Declaration],
) -> Json:
    """The answer of a reference to what `read` gives."""
    return answer(reference.decide_plain(text, request, agreements, consents, declarations))


OWN: dict[str, Callable[[Json], Json]] = {"decide": by_decide, "spec": by_spec}

if __name__ == "__main__":
    print(json.dumps(OWN[sys.argv[1]](json.load(sys.stdin))))
