"""Planted mutants of rules 23 to 26: portions and downgrades of labels, duties that hide."""

from typing import Final

from conformance.mutant import Mutant

MUTANTS_OF_LABELS: Final = (
    Mutant(
        23,
        "fields of portions are not looked at",
        "if portion.field not in FIELDS_LEFT_EMPTY.get(kind_of(item), set()):",
        "if False:",
    ),
    Mutant(
        23,
        "a portion at an unknown level is known",
        "portion.classification is not None and find_level(portion.classification, question.at_ns) is None:",
        "False:",
    ),
    Mutant(
        23,
        "a downgrade to an unknown level is known",
        "if later is not None and find_level(",
        "if False and find_level(",
    ),
    Mutant(
        23,
        "a downgrade's level must be known before it holds",
        "max(later.at_ns, question.at_ns)",
        "question.at_ns",
    ),
    Mutant(
        24,
        "a downgrade holds a nanosecond late",
        "label.downgrade.at_ns <= question.at_ns",
        "label.downgrade.at_ns < question.at_ns",
    ),
    Mutant(
        24,
        "a downgrade holds at once",
        "label.downgrade.at_ns <= question.at_ns",
        "True",
    ),
    Mutant(
        24,
        "a downgrade never holds",
        "label.downgrade.at_ns <= question.at_ns",
        "False",
    ),
    Mutant(
        24,
        "a review date that passed makes unclassified",
        "    said = label.classification\n",
        "    said = label.classification\n"
        "    if label.review_ns is not None and label.review_ns <= question.at_ns:\n"
        '        said = type(said)(scheme="JPN", level="UNCLASSIFIED")\n',
    ),
    Mutant(
        25,
        "a portion names all parties",
        "portion.releasable_to is not None and any(",
        "False and any(",
    ),
    Mutant(
        25,
        "one party on the way that is named is enough",
        "any(code not in named for code in way)",
        "all(code not in named for code in way)",
    ),
    Mutant(
        25,
        "the intermediary need not be named",
        "[question.sender, question.recipient, question.via]",
        "[question.sender, question.recipient]",
    ),
    Mutant(
        25,
        "who passes on need not be named",
        "[question.sender, question.recipient, question.via]",
        "[question.recipient, question.via]",
    ),
    Mutant(
        25,
        "a portion must name the staff",
        "way = [question.sender] if staff else ",
        "way = ",
    ),
    Mutant(
        25,
        "control of a portion binds nobody",
        "            relayed\n            and Caveat",
        "            False\n            and Caveat",
    ),
    Mutant(
        25,
        "control of a portion binds the direct path",
        "relayed = not staff and (question.via is not None or question.sender != label.originator)",
        "relayed = not staff",
    ),
    Mutant(
        25,
        "control of a portion binds the staff",
        "relayed = not staff and (",
        "relayed = (",
    ),
    Mutant(
        25,
        "control of the whole item leaves its portions out",
        "            and Caveat.ORIGINATOR_CONTROL not in label.caveats,\n",
        ",\n",
    ),
    Mutant(
        25,
        "a portion that never leaves, leaves",
        "(level is None or level.never_leaves)",
        "level is None",
    ),
    Mutant(
        25,
        "a portion above the clause goes",
        "level is not None and level.rank > limit",
        "False",
    ),
    Mutant(
        25,
        "a portion at the clause's own level stays",
        "level is not None and level.rank > limit",
        "level is not None and level.rank >= limit",
    ),
    Mutant(
        25,
        "one restrictive category of a portion is enough",
        "not set(portion.restrictive) <= set(categories)",
        "bool(portion.restrictive) and not set(portion.restrictive) & set(categories)",
    ),
    Mutant(
        25,
        "every permissive category of a portion is needed",
        "not set(portion.permissive) & set(categories)",
        "not set(portion.permissive) <= set(categories)",
    ),
    Mutant(
        25,
        "tracklets are made of what is left out",
        'len(item.tracklets) > 0 and "tracklets" not in gone',
        "len(item.tracklets) > 0",
    ),
    Mutant(
        25,
        "whole estimates are made of what is left out",
        'Form.TRACKS: item.state is not None and "state" not in gone',
        "Form.TRACKS: item.state is not None",
    ),
    Mutant(
        25,
        "coarse tracks are made of what is left out",
        'Form.COARSE_TRACKS: item.state is not None and "state" not in gone',
        "Form.COARSE_TRACKS: item.state is not None",
    ),
    Mutant(
        25,
        "how much is left out does not choose",
        "missing = len(portions_of(question, clause))",
        "missing = 0",
    ),
    Mutant(
        25,
        "the intermediary passes on what it does not get",
        "left_out=tuple(left_out(leg[3]))",
        "left_out=()",
    ),
    Mutant(
        25,
        "only the first originator's clause leaves out",
        "rule_13_limits(clauses, left_out(verdicts)) if permit",
        "rule_13_limits(clauses, left_out(verdicts[:1])) if permit",
    ),
    Mutant(
        26,
        "a sensor's own words have a class of error",
        "if raw and (duties.sigma_class_m or duties.tear_line):",
        "if raw and duties.tear_line:",
    ),
    Mutant(
        26,
        "a sensor's own words have a tear-line",
        "if raw and (duties.sigma_class_m or duties.tear_line):",
        "if raw and duties.sigma_class_m:",
    ),
    Mutant(
        26,
        "tracklets are nobody's own words",
        "form in (Form.MEASUREMENTS, Form.TRACKLETS)",
        "form is Form.MEASUREMENTS",
    ),
    Mutant(
        26,
        "every kind is a sensor's own word",
        'raw = kind in ("report", "track") and form',
        "raw = form",
    ),
    Mutant(
        26,
        "a plot can be covered",
        'if duties.cover_m and kind == "report"',
        'if False and kind == "report"',
    ),
    Mutant(
        26,
        "no report can be covered",
        'if duties.cover_m and kind == "report" and isinstance(item.observation, RadarPlot | DirectionPlot):',
        'if duties.cover_m and kind == "report":',
    ),
    Mutant(
        26,
        "only digits are figures",
        "letter.isnumeric()",
        "letter.isdigit()",
    ),
    Mutant(
        26,
        "only Western digits are figures",
        "letter.isnumeric()",
        'letter in "0123456789"',
    ),
    Mutant(
        26,
        "a summary is no words",
        'item.headline + ("" if "summary" in gone else item.summary)',
        "item.headline",
    ),
    Mutant(
        26,
        "a headline is no words",
        "item.headline + ",
        "",
    ),
    Mutant(
        26,
        "figures keep an item though they do not go",
        '("" if "summary" in gone else item.summary)',
        "item.summary",
    ),
    Mutant(
        26,
        "a question is no words",
        '        "request": lambda: item.question,\n',
        "",
    ),
    Mutant(
        26,
        "figures go where a place is covered",
        "        duties.cover_m,\n",
        "",
    ),
    Mutant(
        26,
        "figures go where errors are in classes",
        "        duties.sigma_class_m,\n    )",
        "    )",
    ),
    Mutant(
        26,
        "figures go where time is rounded",
        "        duties.round_time_s,\n",
        "",
    ),
    Mutant(
        26,
        "figures go nowhere",
        "(any(coarser) and any(",
        "(any(",
    ),
)
