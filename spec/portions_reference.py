"""What of an item can go: forms, and rules 23 to 26 on portions and downgrades of labels and on duties that
hide. Slow and obvious; the second implementation of `trilat.policy.forms` and `trilat.policy.labelled`.
Imports the nouns and nothing else.
"""

from collections.abc import Sequence
from typing import Any

from trilat.model import (
    Caveat,
    DirectionPlot,
    Duties,
    Equivalent,
    Form,
    Level,
    RadarPlot,
    Rank,
    find_level,
    kind_of,
)

FIELDS_LEFT_EMPTY = {
    kind: {"observations", *fields.split()}
    for kind, fields in {
        "report": "sensor",
        "track": "stage state tracklets sensors updates_count",
        "vessel": "place course_mdeg speed_mm_per_s heading_mdeg navigation_status ship_name call_sign "
        "imo_number ship_type destination receiver",
        "event": "place region expected_ns",
        "area": "expected_ns",
        "warning": "text speaker",
        "indicator": "indicator_types confidence_permille valid_until_ns description",
        "need": "place description",
        "offer": "place available_from_ns legal_basis description",
        "request": "deadline_ns",
        "statement": "about in_reply_to",
        "story": "outlet link summary",
        "disagreement": "text",
    }.items()
}
"""What a copy of each kind can go without; the kinds about other items go whole."""


def rule_24_level(question: Any) -> Level | None:
    """The level in force: a downgrade that has come holds, one that is to come does not."""
    label = question.item.label
    said = label.classification
    if label.downgrade is not None and label.downgrade.at_ns <= question.at_ns:
        said = label.downgrade.classification
    return find_level(said, question.at_ns)


def rule_23_known(question: Any) -> bool:
    """Nothing in the label is unknown: no level of a downgrade or a portion, and no portion's field."""
    item = question.item
    later = item.label.downgrade
    if later is not None and find_level(later.classification, max(later.at_ns, question.at_ns)) is None:
        return False
    for portion in item.label.portions:
        if portion.field not in FIELDS_LEFT_EMPTY.get(kind_of(item), set()):
            return False
        if portion.classification is not None and find_level(portion.classification, question.at_ns) is None:
            return False
    return True


def rule_25_portions(question: Any, categories: tuple[str, ...], limit: Rank) -> tuple[str, ...]:
    """The fields that a copy under this clause goes without. A portion that names fewer parties must name all
    of them on the way; one under control of the originator goes straight from it or not at all.
    """
    label = question.item.label
    staff = not question.is_leg and question.recipient.startswith(question.sender + "/")
    way = [question.sender] if staff else [question.sender, question.recipient, question.via]
    relayed = not staff and (question.via is not None or question.sender != label.originator)
    gone = []
    for portion in label.portions:
        level = None
        if portion.classification is not None:
            level = find_level(portion.classification, question.at_ns)
        named = [label.originator, None, *(portion.releasable_to or ())]
        reasons = [
            portion.releasable_to is not None and any(code not in named for code in way),
            relayed
            and Caveat.ORIGINATOR_CONTROL in portion.caveats
            and Caveat.ORIGINATOR_CONTROL not in label.caveats,
            portion.classification is not None and (level is None or level.never_leaves),
            level is not None and level.rank > limit,
            not set(portion.restrictive) <= set(categories),
            bool(portion.permissive) and not set(portion.permissive) & set(categories),
        ]
        if any(reasons):
            gone.append(portion.field)
    return tuple(gone)


def rule_26_hidden(item: Any, form: Form, duties: Duties, gone: Sequence[str]) -> bool:
    """What duties hide can be hidden. A report and tracklets are a sensor's own words, so they have no class
    of error and no tear-line; a plot tells its site, so nothing covers it; words with figures get no coarser,
    but for words that do not go.
    """
    kind = kind_of(item)
    raw = kind in ("report", "track") and form in (Form.MEASUREMENTS, Form.TRACKLETS)
    if raw and (duties.sigma_class_m or duties.tear_line):
        return False
    if duties.cover_m and kind == "report" and isinstance(item.observation, RadarPlot | DirectionPlot):
        return False
    words = {
        "statement": lambda: item.text,
        "request": lambda: item.question,
        "story": lambda: item.headline + ("" if "summary" in gone else item.summary),
    }.get(kind, str)()
    coarser = (
        duties.round_position_m,
        duties.round_velocity_m_per_s,
        duties.round_time_s,
        duties.cover_m,
        duties.sigma_class_m,
    )
    return not (any(coarser) and any(letter.isnumeric() for letter in words))


def can_be_made(item: Any, form: Form, duties: Duties, gone: Sequence[str]) -> bool:
    """The table of forms, row by row; `gone` are fields that the copy goes without."""
    kind = kind_of(item)
    if not rule_26_hidden(item, form, duties, gone):
        return False
    if kind == "report":
        plot = isinstance(item.observation, RadarPlot | DirectionPlot)
        rounded = duties.round_position_m or duties.round_velocity_m_per_s
        honest = not duties.round_time_s and not (plot and rounded)
        whole = form is Form.MEASUREMENTS
        return honest and (whole or (form is Form.TRACKLETS and isinstance(item.observation, Equivalent)))
    if kind == "track":
        return {
            Form.TRACKLETS: len(item.tracklets) > 0 and "tracklets" not in gone,
            Form.TRACKS: item.state is not None and "state" not in gone,
            Form.COARSE_TRACKS: item.state is not None and "state" not in gone,
            Form.EXISTENCE: True,
        }.get(form, False)
    if kind == "vessel":
        return form in (Form.TRACKS, Form.COARSE_TRACKS, Form.EXISTENCE)
    return form is not Form.EXISTENCE or kind == "event"
