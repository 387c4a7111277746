"""Planted mutants of spec/: one small change of one rule each. The corpus must tell every one from the rules.

    python -m conformance.mutants      # the table of README.md, with the first case that fails of each

A mutant is a piece of text of spec/ that stands there once, and what stands in its place.
"""

import sys
from pathlib import Path
from types import ModuleType
from typing import Final

from conformance.mutant import Mutant
from conformance.mutants_of_labels import MUTANTS_OF_LABELS
from conformance.own import asked, read
from conformance.run import cases, differences

SPEC: Final = Path(__file__).parents[1] / "spec"
FILES: Final = ("conditions_reference", "portions_reference", "decide_reference")
"""The modules of spec/, those that others import first."""


MUTANTS: Final = (
    Mutant(
        1,
        "an unknown level is let through",
        "Reason.LABEL_UNKNOWN: level is None",
        "Reason.LABEL_UNKNOWN: False",
    ),
    Mutant(1, "a level that never leaves, leaves", "level is not None and level.never_leaves", "False"),
    Mutant(
        1,
        "a label holds at the instant at which it ends",
        "question.at_ns >= label.expires_ns",
        "question.at_ns > label.expires_ns",
    ),
    Mutant(1, "a label from the future is let through", "label.created_ns > question.at_ns\n", "False\n"),
    Mutant(1, "the sender need not be named", "question.sender not in holders", "False"),
    Mutant(1, "the recipient need not be named", "question.recipient not in holders", "False"),
    Mutant(2, "something goes back to who made it", "if question.recipient == originator:", "if False:"),
    Mutant(
        2,
        "an intermediary may name a further one",
        "if passing_on and question.via is not None:",
        "if False:",
    ),
    Mutant(
        2,
        "nobody says that the third-party rule holds",
        "if passing_on and first.clause is None:",
        "if False:",
    ),
    Mutant(2, "another's part needs no clause", "if other.clause is None:", "if False:"),
    Mutant(
        2,
        "another's prohibition and refusal are not heard",
        "other.reasons & {Reason.CLAUSE_FORBIDS, Reason.CONSENT_REFUSED}",
        "set()",
    ),
    Mutant(
        2,
        "the recipient's own part needs leave",
        "if other not in (originator, question.recipient)\n",
        "if other != originator\n",
    ),
    Mutant(
        3,
        "an agreement holds at the instant at which it ends",
        "question.at_ns < ends_ns",
        "question.at_ns <= ends_ns",
    ),
    Mutant(
        3,
        "an agreement begins a nanosecond late",
        "if other.agreement_id == agreement.agreement_id and other.in_force_from_ns <= question.at_ns",
        "if other.agreement_id == agreement.agreement_id and other.in_force_from_ns < question.at_ns",
    ),
    Mutant(
        3,
        "an older version speaks beside a newer one",
        "max(begun) == agreement.version",
        "agreement.version in begun",
    ),
    Mutant(
        3,
        "any purpose is covered",
        "question.purpose in (clause.purposes or agreement.purposes):\n                    yield",
        "True:\n                    yield",
    ),
    Mutant(4, "a clause covers every kind", "kind_of(question.item) in clause.kinds", "True"),
    Mutant(4, "a clause covers every domain", "and question.item.domain in clause.domains", ""),
    Mutant(4, "a clause covers every giver", "and named(way.giver, clause.givers)", ""),
    Mutant(4, "a clause covers every receiver", "and named(question.recipient, clause.receivers)", ""),
    Mutant(4, "a prohibition on a party leaves its staff", "staff_too=True", "staff_too=False"),
    Mutant(
        4,
        "a permission for a party is one for its staff",
        "if clause.effect is Effect.PERMIT and rule_4_scope(question, way, clause, staff_too=False)",
        "if clause.effect is Effect.PERMIT and rule_4_scope(question, way, clause, staff_too=True)",
    ),
    Mutant(5, "a clause covers every path", "clause.via != way.via or", "False or"),
    Mutant(
        5,
        "an agreement that lets nothing go on lets it",
        "way.via is not None and (clause.onward or agreement.onward) is OnwardRule.NEVER",
        "False",
    ),
    Mutant(
        6,
        "a clause covers every status",
        "if clause.statuses and item.status not in clause.statuses:",
        "if False:",
    ),
    Mutant(6, "a clause covers what is a rung above it", "> limit:", "> limit + 1:"),
    Mutant(6, "a clause leaves what is on its own rung", "> limit:", ">= max(limit, 1):"),
    Mutant(
        6,
        "an unknown level counts as unclassified",
        "Rank.TOP_SECRET if level is None",
        "Rank.UNCLASSIFIED if level is None",
    ),
    Mutant(
        6,
        "an unknown limit covers everything",
        "Rank.UNCLASSIFIED if highest is None",
        "Rank.TOP_SECRET if highest is None",
    ),
    Mutant(
        6,
        "one restrictive category is enough",
        "not set(item.label.restrictive) <= held",
        "(item.label.restrictive and not set(item.label.restrictive) & held)",
    ),
    Mutant(
        6,
        "every permissive category is needed",
        "(permissive and not permissive & held)",
        "not permissive <= held",
    ),
    Mutant(
        7,
        "every form can be made",
        "if clause.form is None or not can_be_made(question.item, clause.form, clause.duties, gone):",
        "if False:",
    ),
    Mutant(
        7,
        "a track without tracklets gives tracklets",
        "Form.TRACKLETS: len(item.tracklets) > 0",
        "Form.TRACKLETS: True",
    ),
    Mutant(
        7,
        "a plot can be rounded",
        "plot = isinstance(item.observation, RadarPlot | DirectionPlot)",
        "plot = False",
    ),
    Mutant(7, "a report's instant can be rounded", "not duties.round_time_s and not (", "not ("),
    Mutant(
        7, "every kind can be told as existing alone", 'form is not Form.EXISTENCE or kind == "event"', "True"
    ),
    Mutant(
        8,
        "a prohibition without a path covers the direct one alone",
        "clause.via in (None, way.via)",
        "clause.via == way.via",
    ),
    Mutant(
        8,
        "a prohibition covers every status",
        "and (not clause.statuses or question.item.status in clause.statuses)",
        "",
    ),
    Mutant(
        8,
        "a prohibition without categories covers no item",
        "not clause.categories or bool(carried",
        "bool(carried",
    ),
    Mutant(
        8,
        "a prohibition leaves permissive categories",
        "carried = {*label.restrictive, *label.permissive}",
        "carried = {*label.restrictive}",
    ),
    Mutant(
        8,
        "a prohibition does not win",
        "reasons=permitting.reasons | {Reason.CLAUSE_FORBIDS}",
        "reasons=permitting.reasons",
    ),
    Mutant(
        9,
        "anybody's consent counts",
        'consent.label.originator == way.giver\n        and consent.officer.split("/")[0] == way.giver',
        "True",
    ),
    Mutant(
        9,
        "consent to any subject counts",
        "bool({item.subject, item.item_id} & set(consent.subjects))",
        "True",
    ),
    Mutant(
        9,
        "consent to any path counts",
        "(consent.recipient, consent.via, consent.clause) == (question.recipient, way.via, clause_name)",
        "(consent.recipient, consent.clause) == (question.recipient, clause_name)",
    ),
    Mutant(9, "consent in a drill counts for what is real", "and consent.status is item.status", ""),
    Mutant(
        9,
        "a script's consent counts for what is real",
        "and (item.status is not Status.REAL or not consent.assumed)",
        "",
    ),
    Mutant(9, "consent counts before it begins", "and consent.valid_ns <= question.at_ns", ""),
    Mutant(
        9,
        "consent counts after it has ended",
        "if not said or said[-1].until_ns <= question.at_ns:",
        "if not said:",
    ),
    Mutant(
        9,
        "the oldest consent speaks",
        "said.sort(key=lambda consent: (consent.valid_ns,",
        "said.sort(key=lambda consent: (-consent.valid_ns,",
    ),
    Mutant(9, "of two equal the grant speaks", "0 if consent.granted else 1", "1 if consent.granted else 0"),
    Mutant(
        9, "originator control asks nothing", "Caveat.ORIGINATOR_CONTROL in label.caveats and", "False and"
    ),
    Mutant(
        9,
        "originator control asks on the direct path",
        "and way.via is not None and way.giver == label.originator",
        "and way.giver == label.originator",
    ),
    Mutant(10, "a label must name the staff", "reasons.discard(Reason.NOT_RELEASABLE_TO)", "pass"),
    Mutant(
        10,
        "tracklets come before whole estimates",
        "own = verdict_of(question, Way(party, None), SHOWN)",
        "own = verdict_of(question, Way(party, None), FORMS)",
    ),
    Mutant(
        10,
        "a maker's prohibition is not heard",
        "if bans:\n        reasons.add(Reason.CLAUSE_FORBIDS)",
        "if False:\n        reasons.add(Reason.CLAUSE_FORBIDS)",
    ),
    Mutant(
        10,
        "staff may be shown by a detour",
        "if question.via is not None:\n        reasons.add(Reason.PATH_NOT_ALLOWED)\n    own",
        "own",
    ),
    Mutant(
        10, "the party shows what it does not hold", "if Reason.SENDER_NOT_HOLDER not in reasons:", "if True:"
    ),
    Mutant(
        10,
        "only the first maker may forbid",
        "makers = [item.label.originator, *item.provenance.originators]",
        "makers = [item.label.originator]",
    ),
    Mutant(
        11,
        "the first leg is not asked",
        "return answer(question._replace(recipient=question.via, via=None, is_leg=True))",
        "return None",
    ),
    Mutant(
        11,
        "a leg that waits for approval is withheld",
        "leg[0] is Outcome.WITHHOLD:",
        "leg[0] is not Outcome.PERMIT:",
    ),
    Mutant(
        12,
        "the coarsest form is chosen",
        "return standing, forms.index(clause.form or Form.EXISTENCE)",
        "return standing, -forms.index(clause.form or Form.EXISTENCE)",
    ),
    Mutant(12, "the longest delay is chosen", "clause.duties.delay_s, name", "-clause.duties.delay_s, name"),
    Mutant(
        12,
        "the form goes before the consent",
        "return standing, forms.index(clause.form or Form.EXISTENCE),",
        "return forms.index(clause.form or Form.EXISTENCE), standing,",
    ),
    Mutant(
        12,
        "the last by name is chosen",
        "name, agreement, clause = min(passing, key=order)",
        "name, agreement, clause = min(sorted(passing)[::-1], key=lambda entry: order(entry)[:4])",
    ),
    Mutant(13, "the richest form holds", "coarsest = max(", "coarsest = min("),
    Mutant(
        13,
        "the shortest delay holds",
        'delay_s=most("delay_s")',
        "delay_s=min(duty.delay_s for duty in duties)",
    ),
    Mutant(13, "the latest end holds", "expire_s=min(", "expire_s=max("),
    Mutant(
        13, "the most of a name is shown", "list(Attribution)[max(hidden)]", "list(Attribution)[min(hidden)]"
    ),
    Mutant(14, "the clauses that came furthest are named", "fewest = min(", "fewest = max("),
    Mutant(
        14,
        "two that only give have an agreement",
        "and not {way.giver, question.recipient} <= only_giving(agreement)",
        "",
    ),
    Mutant(
        14,
        "the purpose is told last",
        "return Reason.NO_CLAUSE if meant else Reason.PURPOSE_NOT_ALLOWED",
        "return Reason.NO_CLAUSE",
    ),
    Mutant(14, "an ended agreement is none", "return Reason.NOT_IN_FORCE", "return Reason.NO_AGREEMENT"),
    Mutant(
        15,
        "a referral goes before a refusal",
        "if reasons:\n        return Outcome.WITHHOLD, reasons",
        "if reasons and not any(one.asks for one in verdicts):\n        return Outcome.WITHHOLD, reasons",
    ),
    Mutant(
        15, "all must be asked to make a referral", "if any(verdict.asks", "if verdicts and all(verdict.asks"
    ),
    Mutant(15, "consent is not told", "if consented else Reason.PERMITTED", "if False else Reason.PERMITTED"),
    Mutant(
        16,
        "nobody says that the label is absent",
        "{Reason.MALFORMED_ITEM, Reason.LABEL_ABSENT}",
        "{Reason.MALFORMED_ITEM}",
    ),
    Mutant(16, "a label without a level is called whole", ', "classification/level")', ")"),
    Mutant(
        16,
        "nobody says that the label is not whole",
        "{Reason.MALFORMED_ITEM, Reason.LABEL_PARTIAL}",
        "{Reason.MALFORMED_ITEM}",
    ),
    Mutant(3, "a clause's own beginning is not seen", "clause.in_force_from_ns <= question.at_ns", "True"),
    Mutant(3, "a clause's own end is not seen", "clause.in_force_until_ns <= question.at_ns", "False"),
    Mutant(
        3,
        "a clause's own purposes are not seen",
        "ended and question.purpose in (clause.purposes or agreement.purposes):",
        "ended and question.purpose in agreement.purposes:",
    ),
    Mutant(17, "an area is everywhere", "if not clause.areas:\n        return True", "return True"),
    Mutant(
        17,
        "one point inside is enough for a permission",
        "else all(inside) and bool(inside)",
        "else any(inside)",
    ),
    Mutant(
        17,
        "a prohibition does not cover what is nowhere",
        "return any(inside) or not inside if forbids",
        "return any(inside) if forbids",
    ),
    Mutant(17, "a permission covers what is nowhere", "all(inside) and bool(inside)", "all(inside)"),
    Mutant(17, "every area of the agreement counts", "if area.name in clause.areas]", "]"),
    Mutant(17, "a circle is twice as wide", "<= region.radius_m", "<= 2 * region.radius_m"),
    Mutant(
        18,
        "anybody's declaration counts",
        'for party in clause.declared_by or (giver.split("/", maxsplit=1)[0],):',
        'for party in ("JPN", "KOR", "USA"):',
    ),
    Mutant(
        18,
        "a declaration is believed for ever",
        "box_ns == 0 or question.at_ns - said.valid_ns < box_ns",
        "True",
    ),
    Mutant(
        18,
        "a permission does not wait for its situation",
        "if clause.situations and not rule_18_situation(question, giver, clause, clause.situations):",
        "if False:",
    ),
    Mutant(
        18, "of two equal words the one that declares counts", "each.stands != opens", "each.stands == opens"
    ),
    Mutant(
        18,
        "a declaration that was lifted still stands",
        "if not said or not said[-1].stands:",
        "if not said:",
    ),
    Mutant(18, "a declaration never ends", "until_ns is not None and until_ns <= at_ns", "False"),
    Mutant(
        19, "a suspension of the agreement is not seen", "abouts = {agreement.agreement_id, f", "abouts = {f"
    ),
    Mutant(
        19, "a suspension of the clause is not seen", ', f"{agreement.agreement_id}#{clause.clause_id}"}', "}"
    ),
    Mutant(
        19,
        "an intermediary cannot suspend",
        "for code in (giver, via) if code is not None",
        "for code in (giver,)",
    ),
    Mutant(20, "any recipient is named", "question.recipient in holder.onward_to", "True"),
    Mutant(
        20,
        "conditions are always met",
        "OnwardRule.UNDER_CONDITIONS: rule_18_situation(question, giver, clause, holder.onward_situations)",
        "OnwardRule.UNDER_CONDITIONS: True",
    ),
    Mutant(
        20,
        "the agreement's rule goes before the clause's",
        "agreement if clause.onward is None else clause",
        "agreement",
    ),
    Mutant(
        20,
        "a first leg binds nobody",
        "for each in [(agreement, clause), *bound]",
        "for each in [(agreement, clause)]",
    ),
    Mutant(
        21, "notice ends nothing", "if notice_ns is not None and notice_ns <= question.at_ns:", "if False:"
    ),
    Mutant(21, "notice ends at once", "+ agreement.notice_days * 86_400 * SECOND_NS", ""),
    Mutant(
        21,
        "an agreement that renews itself ends within its term",
        "next((end for end in terms if end >= earliest_ns), earliest_ns)",
        "earliest_ns",
    ),
    Mutant(
        21,
        "no prohibition outlives its agreement",
        "if not ends or replaced or via is None or not agreement.survives_end:",
        "if True:",
    ),
    Mutant(
        21,
        "a prohibition outlives for what is new too",
        "question.item.valid_ns < min(ends) <= question.at_ns",
        "min(ends) <= question.at_ns",
    ),
    Mutant(22, "one officer is enough", "if len(now) >= 2 else", "if len(now) >= 1 else"),
    Mutant(22, "two must refuse", "if refused:\n", "if len(refused) >= 2:\n"),
    Mutant(
        22,
        "one officer twice is two",
        "[consent for consent in said if consent in last and at_ns < consent.until_ns]",
        "[consent for consent in said if at_ns < consent.until_ns]",
    ),
    *MUTANTS_OF_LABELS,
)


def planted(mutant: Mutant) -> ModuleType:
    """The reference with one mutant in it.

    Raises:
        ValueError: its text does not stand there exactly once; say what the rule says now.
    """
    texts = {name: (SPEC / f"{name}.py").read_text(encoding="utf-8") for name in FILES}
    count = sum(text.count(mutant.text) for text in texts.values())
    if count != 1:
        raise ValueError(f"rule {mutant.rule}, `{mutant.wrong}`: its text stands {count} times in spec/")
    for name, text in texts.items():
        module = ModuleType(f"mutant_{name}")
        sys.modules[module.__name__] = module
        changed = text.replace("from spec.", "from mutant_").replace(mutant.text, mutant.instead)
        # The text is our own reference with one line changed.
        exec(compile(changed, f"{name}.py", "exec"), module.__dict__)  # noqa: S102
    return module


def told_apart(mutant: Mutant) -> tuple[int, str] | None:
    """Rule and name of the first case that fails with a mutant, its own rule's first; None where all pass."""
    reference = planted(mutant)
    ordered = sorted(QUESTIONS, key=lambda entry: entry[0] != mutant.rule)
    for rule, name, question, expected in ordered:
        try:
            found = asked(reference, *question)
        except Exception:  # noqa: BLE001 - a mutant that falls over is told apart too
            return rule, name
        if differences(expected, found):
            return rule, name
    return None


QUESTIONS: Final = [(rule, name, read(question), expected) for rule, name, question, expected in cases()]


def table() -> str:
    """The rows of README.md."""
    rows = ["| rule | mutant | a case that tells it |", "|---|---|---|"]
    for mutant in MUTANTS:
        found = told_apart(mutant)
        rows.append(
            f"| {mutant.rule} | {mutant.wrong} | {'NONE' if found is None else f'{found[0]}: {found[1]}'} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
