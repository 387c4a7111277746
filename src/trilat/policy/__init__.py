"""The deciding core: what a party may release, to whom, in which form, under the agreements it has signed.

`read_agreement` reads what a negotiator wrote, `check` says whether it is sound, `decide` answers one
question, `degrade` makes the copy, `explain` says why. `internal_agreement` and `observer_agreement` write
the texts that nobody negotiates. Pure: text, items and instants come in as arguments.
"""

from trilat.policy.agreements import AgreementSet, Rule
from trilat.policy.batch import BatchAnswers, decide_many
from trilat.policy.check import Finding, check
from trilat.policy.classes import NEVER_NS, Instants, ItemBatch, LabelClasses, expiry_ns
from trilat.policy.compare import Change, Fate, Preview, compare, preview, strike
from trilat.policy.consents import consents_in
from trilat.policy.decide import decide
from trilat.policy.degrade import degrade, due_ns
from trilat.policy.explain import MatrixRow, explain, explain_agreement, matrix
from trilat.policy.forms import KIND_FORMS, makeable, strippable
from trilat.policy.language import read_agreement
from trilat.policy.linked import linked_pairs
from trilat.policy.plain_lines import decide_plain
from trilat.policy.regime import Regime, read_regime
from trilat.policy.request import ReleaseRequest
from trilat.policy.standing import internal_agreement, observer_agreement
from trilat.policy.table import ReleaseTable, Verdict

__all__ = [
    "KIND_FORMS",
    "NEVER_NS",
    "AgreementSet",
    "BatchAnswers",
    "Change",
    "Fate",
    "Finding",
    "Instants",
    "ItemBatch",
    "LabelClasses",
    "MatrixRow",
    "Preview",
    "Regime",
    "ReleaseRequest",
    "ReleaseTable",
    "Rule",
    "Verdict",
    "check",
    "compare",
    "consents_in",
    "decide",
    "decide_many",
    "decide_plain",
    "degrade",
    "due_ns",
    "expiry_ns",
    "explain",
    "explain_agreement",
    "internal_agreement",
    "linked_pairs",
    "makeable",
    "matrix",
    "observer_agreement",
    "preview",
    "read_agreement",
    "read_regime",
    "strike",
    "strippable",
]
