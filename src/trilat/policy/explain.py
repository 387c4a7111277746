"""`explain`, `explain_agreement` and `matrix`: decisions and agreements for people.

Sentences are plain text, one thought each, in the order in which a person asks: what, under which clause,
why, with which duties, and what would have to be different.
"""

from dataclasses import dataclass

from trilat.model import (
    Agreement,
    Approval,
    Classification,
    Clause,
    Decision,
    Domain,
    Effect,
    Form,
    OnwardRule,
    Outcome,
    format_instant,
)
from trilat.policy.agreements import AgreementSet
from trilat.policy.words import (
    FORM_WORDS,
    REASON_WORDS,
    duties_in_words,
    levels_in_words,
    path_in_words,
)

_OUTCOME_WORDS = {
    Outcome.PERMIT: "may go",
    Outcome.WITHHOLD: "is withheld",
    Outcome.REFER: "waits for a person",
}


_APPROVAL_WORDS = {
    Approval.ORIGINATOR: "each time after the originator's approval",
    Approval.TWO_PERSON: "each time after the approval of two of the originator's officers",
}


def explain(decision: Decision, agreements: AgreementSet) -> tuple[str, ...]:
    """A decision in sentences. Clauses that these agreements do not hold are named without their text."""
    item = decision.item
    named = "the item" if item is None else f"{item.item_id} version {item.version}"
    way = f"from {decision.sender} to {decision.recipient} {path_in_words(decision.via)}"
    when = format_instant(decision.decided_ns)
    sentences = [f"{named} {_OUTCOME_WORDS[decision.outcome]}: {way}, for {decision.purpose}, at {when}."]
    sentences += [f"Clause {name}{_clause_text(name, agreements)}." for name in decision.clauses]
    sentences += [f"{_capital(REASON_WORDS[reason][0])} ({reason.value})." for reason in decision.reasons]
    if decision.form is not None and decision.duties is not None:
        phrases = (FORM_WORDS[decision.form], *duties_in_words(decision.duties))
        sentences.append(f"It leaves {'; '.join(phrases)}.")
    if decision.consent is not None:
        sentences.append(f"Approved by {decision.consent.item_id} version {decision.consent.version}.")
    if decision.outcome is not Outcome.PERMIT:
        sentences.append(f"To change that: {REASON_WORDS[decision.reasons[0]][1]}.")
    return tuple(sentences)


def _clause_text(name: str, agreements: AgreementSet) -> str:
    rule = agreements.rule(name)
    if rule is None:
        return ""
    note = f": {rule.clause.note.rstrip('.')}" if rule.clause.note else ""
    return f" ({rule.clause.article} of {rule.agreement.title}){note}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def explain_agreement(agreement: Agreement) -> tuple[str, ...]:
    """An agreement in sentences: who, when, what for, then clause by clause, then what is assumed."""
    until = (
        "on"
        if agreement.in_force_until_ns is None
        else f"until {format_instant(agreement.in_force_until_ns)}"
    )
    sentences = [
        f"{agreement.title} ({agreement.agreement_id}, version {agreement.version}).",
        f"Between {', '.join(agreement.parties)}, from {format_instant(agreement.in_force_from_ns)} {until}.",
        f"For {', '.join(agreement.purposes)}, and nothing else.",
        _onward_words(agreement.onward, agreement.onward_to, agreement.onward_situations),
    ]
    if agreement.renewal_months or agreement.notice_days:
        sentences.append(
            f"Renewed every {agreement.renewal_months} months; "
            f"ended by {agreement.notice_days} days' written notice."
        )
    if agreement.survives_end:
        sentences.append("What was given stays protected after the end.")
    if agreement.direct_only:
        sentences.append("Everything passes over direct links, never through a relay.")
    sentences += [clause_sentence(clause) for clause in agreement.clauses]
    sentences += [f"Assumed: {text}." for text in agreement.assumed]
    return tuple(sentences)


def _onward_words(onward: OnwardRule, named: tuple[str, ...], situations: tuple[str, ...]) -> str:
    if onward is OnwardRule.NEVER:
        return "What is received stays with the receiver."
    if onward is OnwardRule.TO_NAMED:
        return f"What is received may go on by a clause to {', '.join(named)}, and to nobody else."
    if onward is OnwardRule.UNDER_CONDITIONS:
        return f"What is received may go on by a clause while {' or '.join(situations)} is declared."
    return "What is received may go on only where a clause names the receiver as intermediary."


def clause_sentence(clause: Clause) -> str:
    """A clause in one sentence, as a reader says it."""
    what = f"{', '.join(clause.kinds)} ({', '.join(domain.value for domain in clause.domains)})"
    who = f"from {' or '.join(clause.givers)} to {' or '.join(clause.receivers)}"
    start = f"{clause.clause_id} ({clause.article}):"
    if clause.effect is Effect.FORBID:
        path = "by any path" if clause.via is None else path_in_words(clause.via)
        parts = [f"{start} forbids {what} {who} {path}, at every level"]
        if clause.categories:
            parts.append(f"where the label carries {' or '.join(clause.categories)}")
    else:
        parts = [f"{start} permits {what} {who} {path_in_words(clause.via)}, {levels_in_words(clause)}"]
        if clause.form is not None:
            parts.append(FORM_WORDS[clause.form])
        if clause.categories:
            parts.append(f"with categories {', '.join(clause.categories)}")
        parts += duties_in_words(clause.duties)
        if clause.approval is not Approval.NONE:
            parts.append(_APPROVAL_WORDS[clause.approval])
    if clause.statuses:
        parts.append(f"for {' or '.join(status.value for status in clause.statuses)} items only")
    parts += _condition_phrases(clause)
    note = f" {clause.note}" if clause.note else ""
    return f"{'; '.join(parts)}.{note}"


def _condition_phrases(clause: Clause) -> list[str]:
    """One phrase for each condition beyond kind, path and label."""
    phrases = []
    if clause.areas:
        word = "within" if clause.effect is Effect.PERMIT else "where it may touch"
        phrases.append(f"{word} {' or '.join(clause.areas)}")
    if clause.in_force_from_ns is not None:
        phrases.append(f"from {format_instant(clause.in_force_from_ns)} on")
    if clause.in_force_until_ns is not None:
        phrases.append(f"until {format_instant(clause.in_force_until_ns)}")
    if clause.purposes:
        phrases.append(f"for {', '.join(clause.purposes)} only")
    if clause.situations:
        by = " or ".join(clause.declared_by) or "the giver"
        box = f", for {clause.situation_max_s} s at most" if clause.situation_max_s else ""
        phrases.append(f"only while {by} declares {' or '.join(clause.situations)}{box}")
    if clause.onward is not None:
        rule = _onward_words(clause.onward, clause.onward_to, clause.onward_situations)
        phrases.append(rule[:1].lower() + rule[1:].rstrip("."))
    return phrases


@dataclass(frozen=True, kw_only=True)
class MatrixRow:
    """One clause in one direction: who gives what to whom. `form` is None for a prohibition, and its `via`
    None means every path; for a permission None means directly.
    """

    giver: str
    receiver: str
    via: str | None
    domains: tuple[Domain, ...]
    kinds: tuple[str, ...]
    effect: Effect
    form: Form | None
    approval: Approval
    highest: Classification | None
    purposes: tuple[str, ...]
    clause: str


def matrix(agreements: AgreementSet, at_ns: int) -> tuple[MatrixRow, ...]:
    """Who gives what to whom at an instant, in order of giver, receiver, path and clause."""
    rows = [
        MatrixRow(
            giver=giver,
            receiver=receiver,
            via=rule.clause.via,
            domains=rule.clause.domains,
            kinds=rule.clause.kinds,
            effect=rule.clause.effect,
            form=rule.clause.form,
            approval=rule.clause.approval,
            highest=rule.clause.highest,
            purposes=rule.purposes,
            clause=rule.name,
        )
        for rule in agreements.rules
        if rule.from_ns <= at_ns < rule.until_ns
        for giver in rule.clause.givers
        for receiver in rule.clause.receivers
        if giver != receiver
    ]
    return tuple(sorted(rows, key=lambda row: (row.giver, row.receiver, row.via or "", row.clause)))
