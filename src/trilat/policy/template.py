"""`agreement_template`: the text of a new agreement, with a comment on every field, to be changed by hand."""

from collections.abc import Sequence

from trilat.model import UsageError

_TEXT = """\
# An agreement between {named}. Change what is here, then run `trilat agreement check`.
# Every field has a paragraph in docs/agreements.md; lines that begin with # are left out.

[agreement]
id = "{agreement_id}"                 # the same in all versions
version = 1                           # a change is a new file with a higher version, signed by all
title = "{title}"
parties = [{parties}]
in_force_from = {from_instant}
# in_force_until = 2030-01-01T00:00:00Z
purposes = ["{purpose}"]
onward = "never"                      # never, with-consent, to-named, under-conditions
# onward_to = ["AUS"]                 # with to-named: who may get it from a receiver
# onward_situations = ["launch"]      # with under-conditions: while one of these is declared
renewal_months = 12                   # renews itself, unless somebody gives notice
notice_days = 90
# fresh_s = 86400                     # nothing goes under it once nothing was heard of it for so long
# removal_by = ["{first}"]            # who may take another party out alone; else all that stay sign
survives_end = true                   # prohibitions outlive the agreement for what was given
# direct_only = true                  # over direct links alone, never through a relay
sources = []                          # where the text was read
assumed = []                          # what the text does not say and this file assumes

# [[area]]                            # named regions, for `areas` of a clause
# name = "north"
# circle = {{ latitude_deg = 40.9, longitude_deg = 129.7, radius_m = 900000 }}

[[clause]]
id = "1"
article = "Article 1"
effect = "permit"                     # or forbid, which wins and takes neither form nor level
domains = ["missile"]
kinds = ["track", "event", "area", "warning"]
from = ["{first}"]                    # originators, not senders
to = [{others}]
# via = "USA"                         # through an intermediary, who must be a party; else directly
# statuses = ["exercise", "simulated"]
# highest = {{ scheme = "USA", level = "SECRET" }}   # else unclassified only
# categories = []
form = "coarse-tracks"                # measurements, tracklets, tracks, coarse-tracks, areas, existence
approval = "originator"               # none, originator, two-person
# areas = ["north"]
# in_force_from = {from_instant}
# purposes = ["{purpose}"]
# situations = ["launch"]             # speaks only while one of these is declared
# declared_by = ["{first}"]           # by whom; else by the giver
# situation_max_s = 3600
note = "What this clause is for, in one sentence."
[clause.duties]
round_position_m = 5000
delay_s = 60
# thin_s = 10
# strip = ["sensors"]
# expire_s = 86400
return_or_destroy = true
"""


def agreement_template(
    agreement_id: str, title: str, parties: Sequence[str], purpose: str, from_instant: str
) -> str:
    """The text of a new agreement; what it asks for must still be written as `read_agreement` wants it.

    Raises:
        UsageError: fewer than two parties, or a title with a quotation mark.
    """
    if len(parties) < 2:
        raise UsageError("an agreement has at least two parties: name them, as `JPN,KOR`")
    if '"' in title or "\\" in title:
        raise UsageError("a title cannot have a quotation mark or backslash: write it without")
    first, *others = parties
    return _TEXT.format(
        named=", ".join(parties),
        agreement_id=agreement_id,
        title=title,
        parties=_listed(parties),
        first=first,
        others=_listed(others),
        purpose=purpose,
        from_instant=from_instant,
    )


def _listed(codes: Sequence[str]) -> str:
    return ", ".join(f'"{code}"' for code in codes)
