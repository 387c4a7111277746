"""Reasons, forms and duties in plain words, and what would have to be different. Used by `explain`."""

from types import MappingProxyType
from typing import Final

from trilat.model import Clause, Duties, Form, Reason

REASON_WORDS: Final = MappingProxyType(
    {
        Reason.MALFORMED_ITEM: ("the item cannot be read", "write the item as `trilat schema item` says"),
        Reason.LABEL_ABSENT: ("the item has no label", "let the originator label it"),
        Reason.LABEL_PARTIAL: (
            "the label lacks a field that it must have",
            "give originator, classification with scheme and level, and created_ns",
        ),
        Reason.LABEL_UNKNOWN: (
            "the label names a scheme, level or portion that nobody knows at this instant",
            "let the originator write levels of its scheme and fields of the item, letter by letter",
        ),
        Reason.LABEL_EXPIRED: (
            "the label has expired, or is from the future",
            "let the originator label it anew, and set the clocks right",
        ),
        Reason.DECIDING_FAILED: (
            "a clause could not be evaluated",
            "run `trilat agreement check` and report the clause that is named",
        ),
        Reason.SENDER_NOT_HOLDER: (
            "the sender is neither the originator nor named in the label, so it could not hold the item",
            "let the originator name the sender in releasable_to",
        ),
        Reason.RECIPIENT_IS_ORIGINATOR: (
            "the recipient is who made it",
            "nothing: an item is not sent back to its originator",
        ),
        Reason.LEVEL_NEVER_LEAVES: (
            "the originator's law keeps this level at home",
            "let the originator lower the level",
        ),
        Reason.CLAUSE_FORBIDS: (
            "a clause in force forbids it, and a prohibition wins",
            "amend the clause that forbids",
        ),
        Reason.NOT_RELEASABLE_TO: (
            "the label does not name the recipient",
            "let the originator name the recipient in releasable_to",
        ),
        Reason.CONSENT_REFUSED: (
            "the originator's officer refused",
            "let the officer grant it in a newer consent",
        ),
        Reason.GIVING_SUSPENDED: (
            "a clause permits it, but who would give it, or pass it on, has suspended that",
            "let that party lift its suspension in a newer declaration",
        ),
        Reason.AGREEMENT_STALE: (
            "a clause permits it, but that its agreement is the newest was not heard in time, or is disputed",
            "let a party of the agreement that is not the recipient be heard again, and take what it has",
        ),
        Reason.NO_AGREEMENT: (
            "the originator and the recipient have no agreement with each other",
            "let them sign one, or a wider one with others",
        ),
        Reason.NOT_IN_FORCE: (
            "they have an agreement, but it is not in force at this instant",
            "decide at an instant within its window, or renew it",
        ),
        Reason.THIRD_PARTY_RULE: (
            "not every originator lets the sender pass this on",
            "let each originator's agreement name the sender as via",
        ),
        Reason.PURPOSE_NOT_ALLOWED: (
            "the agreement is for other purposes",
            "ask for one of its purposes, or let the parties add this one",
        ),
        Reason.NO_CLAUSE: (
            "no clause permits this kind of item in this direction",
            "let the parties add a clause for it",
        ),
        Reason.PATH_NOT_ALLOWED: (
            "a clause permits it, but by another path",
            "use the path of the clause",
        ),
        Reason.ONWARD_NOT_ALLOWED: (
            "an onward rule keeps the intermediary from passing it on to this recipient, or just now",
            "let the originator name the recipient in the rule, or declare the situation it waits for",
        ),
        Reason.STATUS_NOT_ALLOWED: (
            "a clause permits it, but not for items of this status",
            "let the parties add the status to the clause",
        ),
        Reason.SITUATION_NOT_DECLARED: (
            "a clause permits it, but only while a situation is declared, and none of its situations is",
            "let an officer of a party that the clause believes declare the situation",
        ),
        Reason.OUTSIDE_AREA: (
            "a clause permits it, but only within its areas, and the item's place is outside or not known",
            "let the parties widen the area, or send an item whose place is known",
        ),
        Reason.CLASSIFICATION_TOO_HIGH: (
            "a clause permits it, but only up to a lower level",
            "let the originator lower the level, or the parties raise the clause's highest",
        ),
        Reason.CATEGORY_NOT_HELD: (
            "a clause permits it, but does not cover the label's categories",
            "let the parties add the categories to the clause",
        ),
        Reason.FORM_NOT_AVAILABLE: (
            "the form that the clause names cannot be made from this item",
            "send an item that has what the form needs",
        ),
        Reason.LEG_WITHHELD: (
            "the first leg, to the intermediary, is withheld",
            "ask about the leg by itself and mend what it says",
        ),
        Reason.CONSENT_NEEDED: (
            "the originator's officer must approve first",
            "get a consent for this subject, recipient, path and clause",
        ),
        Reason.PERMITTED_WITH_CONSENT: (
            "a clause permits it and the originator's officer approved",
            "nothing",
        ),
        Reason.PERMITTED: ("a clause permits it", "nothing"),
    }
)
"""Each reason in words, and what would have to be different."""

FORM_WORDS: Final = MappingProxyType(
    {
        Form.MEASUREMENTS: "as it was made",
        Form.TRACKLETS: "as tracklets: what is new, to be fused without counting twice",
        Form.TRACKS: "as a whole estimate",
        Form.COARSE_TRACKS: "as a coarse estimate",
        Form.AREAS: "as regions, events and warnings",
        Form.EXISTENCE: "as the bare fact that there is something",
    }
)


def path_in_words(via: str | None) -> str:
    """A path as a reader says it."""
    return "directly" if via is None else f"through {via}"


def duties_in_words(duties: Duties) -> tuple[str, ...]:
    """One phrase for each duty that asks for something."""
    phrases: list[str] = []
    for value, phrase in (
        (duties.delay_s, f"not before {duties.delay_s} s after its valid time"),
        (duties.thin_s, f"at most one version in {duties.thin_s} s"),
        (duties.span_s, f"tracks in whole spans of {duties.span_s} s"),
        (duties.cover_m, f"positions off by a hidden error of {duties.cover_m} m an axis"),
        (duties.cover_epoch_s, f"the hidden error new every {duties.cover_epoch_s} s"),
        (
            duties.sigma_class_m,
            f"errors stated in classes from {duties.sigma_class_m} m, without a direction",
        ),
        (duties.tear_line, "as a tear-line, under names of its own"),
        (duties.round_position_m, f"positions rounded to {duties.round_position_m} m"),
        (duties.round_velocity_m_per_s, f"velocities rounded to {duties.round_velocity_m_per_s} m/s"),
        (duties.round_time_s, f"instants rounded down to {duties.round_time_s} s"),
        (duties.strip, f"without {', '.join(duties.strip)}"),
        (duties.expire_s, f"the copy ends {duties.expire_s} s after it left"),
        (duties.mark, f"marked {', '.join(duties.mark)}"),
        (duties.return_or_destroy, "to be returned or destroyed when its purpose is over"),
    ):
        if value:
            phrases.append(phrase)
    if duties.attribution is not None:
        phrases.append(f"the originator's name shown as {duties.attribution.value}")
    return tuple(phrases)


def levels_in_words(clause: Clause) -> str:
    """How high a permission goes."""
    if clause.highest is None:
        return "unclassified only"
    return f"up to {clause.highest.scheme} {clause.highest.level}"
