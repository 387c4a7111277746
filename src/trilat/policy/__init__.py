"""The deciding core: what a party may release, to whom, in which form, under the agreements it has signed.

`read_agreement` reads what a negotiator wrote, `check` says whether it is sound, `decide` answers one
question, `degrade` makes the copy, `explain` says why. `internal_agreement` and `observer_agreement` write
the texts that nobody negotiates. Pure: text, items and instants come in as arguments.
"""

from trilat.policy.agreements import AgreementSet, Rule
from trilat.policy.batch import BatchAnswers, decide_many
from trilat.policy.cedar import CedarExport, export_cedar
from trilat.policy.cedar_questions import CedarQuestion, cedar_questions
from trilat.policy.check import Finding, check, check_copies
from trilat.policy.classes import NEVER_NS, Instants, ItemBatch, LabelClasses, class_key, expiry_ns
from trilat.policy.compare import Change, Fate, Preview, compare, preview, strike
from trilat.policy.conditions import place_class
from trilat.policy.consents import consents_in, declarations_in
from trilat.policy.covering import cover_weights
from trilat.policy.decide import decide
from trilat.policy.declared import declared_now
from trilat.policy.degrade import degrade, due_ns
from trilat.policy.difference import differences
from trilat.policy.explain import MatrixRow, explain, explain_agreement, matrix
from trilat.policy.forms import CONTROL_KINDS, KIND_FORMS, makeable, strippable
from trilat.policy.freshness import Heard, refuse_stale
from trilat.policy.labelled import label_faults
from trilat.policy.language import read_agreement
from trilat.policy.linked import linked_pairs
from trilat.policy.membership import is_removal, signatories, unsigned_reason, without_parties
from trilat.policy.offers import Cell, Offer, offers
from trilat.policy.places import ItemPlaces
from trilat.policy.plain_lines import decide_plain
from trilat.policy.profiles import PROFILES, Leak, Profile
from trilat.policy.protection import tear_line_parent, tear_line_reference
from trilat.policy.readable import ReadableAgreement, readable_clause, readable_parts, readable_text
from trilat.policy.readable_words import LANGUAGES as READABLE_LANGUAGES
from trilat.policy.regime import Regime, read_regime
from trilat.policy.remembered import RememberedDecisions
from trilat.policy.request import ReleaseRequest
from trilat.policy.spans import Spans, in_spans
from trilat.policy.standing import internal_agreement, observer_agreement
from trilat.policy.struck import struck_texts
from trilat.policy.table import ReleaseTable, Verdict
from trilat.policy.template import agreement_template
from trilat.policy.tree import Reasoning, explain_tree
from trilat.policy.words import REASON_WORDS

__all__ = [
    "CONTROL_KINDS",
    "KIND_FORMS",
    "NEVER_NS",
    "PROFILES",
    "READABLE_LANGUAGES",
    "REASON_WORDS",
    "AgreementSet",
    "BatchAnswers",
    "CedarExport",
    "CedarQuestion",
    "Cell",
    "Change",
    "Fate",
    "Finding",
    "Heard",
    "Instants",
    "ItemBatch",
    "ItemPlaces",
    "LabelClasses",
    "Leak",
    "MatrixRow",
    "Offer",
    "Preview",
    "Profile",
    "ReadableAgreement",
    "Reasoning",
    "Regime",
    "ReleaseRequest",
    "ReleaseTable",
    "RememberedDecisions",
    "Rule",
    "Spans",
    "Verdict",
    "agreement_template",
    "cedar_questions",
    "check",
    "check_copies",
    "class_key",
    "compare",
    "consents_in",
    "cover_weights",
    "decide",
    "decide_many",
    "decide_plain",
    "declarations_in",
    "declared_now",
    "degrade",
    "differences",
    "due_ns",
    "expiry_ns",
    "explain",
    "explain_agreement",
    "explain_tree",
    "export_cedar",
    "in_spans",
    "internal_agreement",
    "is_removal",
    "label_faults",
    "linked_pairs",
    "makeable",
    "matrix",
    "observer_agreement",
    "offers",
    "place_class",
    "preview",
    "read_agreement",
    "read_regime",
    "readable_clause",
    "readable_parts",
    "readable_text",
    "refuse_stale",
    "signatories",
    "strike",
    "strippable",
    "struck_texts",
    "tear_line_parent",
    "tear_line_reference",
    "unsigned_reason",
    "without_parties",
]
