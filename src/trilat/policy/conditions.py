"""What a clause may ask beyond kind, path, label and form: an area, a situation, an onward rule; and what
suspensions and notices take away.

Rules
1. A permission with areas covers what is known to lie within them; a prohibition with areas covers what may
   touch one of them.
2. A clause with situations speaks only while one of them is declared by whom it believes.
3. A party that has suspended its giving gives nothing, and passes nothing on, but for consents, declarations,
   recalls, loss reports and what else is owed.
4. An onward rule binds whoever passes on: that of the clause that names it as `via`, and those of the clauses
   that give it the item directly, where such a clause has a rule of its own.
5. A prohibition survives the end of its agreement, where that says so and no newer version took its place:
   it covers the passing on of what is older than the end.
"""

from trilat.model import INSTANT_NS_MAX, AnyItem, Effect, OnwardRule, Reason, kind_of
from trilat.policy.agreements import AgreementSet, Rule
from trilat.policy.areas import lies_within, may_touch
from trilat.policy.declared import DeclaredNow
from trilat.policy.forms import CONTROL_KINDS


def condition_failures(
    rule: Rule, item: AnyItem, giver: str, recipient: str, via: str | None, declared: DeclaredNow
) -> set[Reason]:
    """What keeps a permission from covering an item from `giver` to `recipient`, of rules 1 to 4; the clauses
    that give the intermediary the item are for `received_to_stay`.
    """
    failures = declared_failures(rule, kind_of(item), giver, recipient, via, declared)
    if rule.clause.areas and not lies_within(item, rule.regions):
        failures.add(Reason.OUTSIDE_AREA)
    return failures


def declared_failures(
    rule: Rule, kind: str, giver: str, recipient: str, via: str | None, declared: DeclaredNow
) -> set[Reason]:
    """What keeps a permission from covering any item of a kind: `condition_failures` but for areas."""
    clause = rule.clause
    failures: set[Reason] = set()
    if clause.situations and not declared.holds(rule, clause.situations, giver):
        failures.add(Reason.SITUATION_NOT_DECLARED)
    if kind not in CONTROL_KINDS and declared.suspends(rule, giver, via):
        failures.add(Reason.GIVING_SUSPENDED)
    if via is not None and clause.via == via and not _goes_on(rule, giver, recipient, declared):
        failures.add(Reason.ONWARD_NOT_ALLOWED)
    return failures


def received_to_stay(leg: Rule, giver: str, recipient: str, declared: DeclaredNow) -> bool:
    """Whether the clause that gives an item to an intermediary keeps it from `recipient` (rule 4)."""
    clause = leg.clause
    if clause.via is not None or clause.onward is None:
        return False
    return clause.onward is OnwardRule.NEVER or not _goes_on(leg, giver, recipient, declared)


def _goes_on(rule: Rule, giver: str, recipient: str, declared: DeclaredNow) -> bool:
    """Whether an onward rule lets an item go on; `never` is a matter of the path."""
    holder = rule.agreement if rule.clause.onward is None else rule.clause
    if rule.onward is OnwardRule.TO_NAMED:
        return recipient in holder.onward_to
    if rule.onward is OnwardRule.UNDER_CONDITIONS:
        return declared.holds(rule, holder.onward_situations, giver)
    return True


def covers_forbidden(rule: Rule, item: AnyItem, giver: str, declared: DeclaredNow) -> bool:
    """Whether the conditions of a prohibition are met (rules 1 and 2)."""
    clause = rule.clause
    if clause.situations and not declared.holds(rule, clause.situations, giver):
        return False
    return not clause.areas or may_touch(item, rule.regions)


def place_class(item: AnyItem, agreements: AgreementSet) -> tuple[bool, ...]:
    """For each clause with areas, in order, whether the item's place is covered: items of one label class for
    which this differs may be answered differently. Empty where no clause has areas.
    """
    return tuple(
        lies_within(item, rule.regions)
        if rule.clause.effect is Effect.PERMIT
        else may_touch(item, rule.regions)
        for rule in agreements.located
    )


def survives(rule: Rule, item: AnyItem, via: str | None, purpose: str, declared: DeclaredNow) -> bool:
    """Whether a prohibition that has ended with its agreement still covers an item (rule 5)."""
    ended_ns = None if via is None else outlived_ns(rule, purpose, declared)
    return ended_ns is not None and item.valid_ns < ended_ns


def outlived_ns(rule: Rule, purpose: str, declared: DeclaredNow) -> int | None:
    """When the agreement ended that a prohibition has survived; None where it has not (rule 5)."""
    agreement, at_ns = rule.agreement, declared.at_ns
    if not agreement.survives_end or purpose not in rule.purposes:
        return None
    ends = (agreement.in_force_until_ns, declared.ends_ns(agreement), INSTANT_NS_MAX)
    ended_ns = min(end for end in ends if end is not None)
    own_end_ns = rule.clause.in_force_until_ns
    lasted = rule.from_ns < ended_ns and (own_end_ns is None or ended_ns <= own_end_ns)
    return ended_ns if lasted and ended_ns <= at_ns < rule.replaced_ns else None
