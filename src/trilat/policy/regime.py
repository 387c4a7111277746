"""`read_regime`: a set of agreements with the instant and the purpose to decide at, as a preset of a replay.

    title = "Hub: the three-way arrangement (2014)"
    as_of = 2015-05-09T02:30:15Z
    purpose = "missile-warning"
    approval_delay_s = 90
    include = ["../agreements/three-way-2014.toml"]
    assumed = ["..."]

`include` names files in a folder beside the regime's own, as `../folder/name.toml`, or beside the file, as
`name.toml`; nothing further away can be named. Reading those files is the caller's.
"""

import re
from dataclasses import dataclass
from typing import Final

from trilat.model import IDENTIFIER_CHARACTERS_MAX, INSTANT_NS_MAX, INSTANT_NS_MIN
from trilat.policy.reading import Table, read_toml

REGIME_FIELDS: Final = ("title", "as_of", "purpose", "approval_delay_s", "include", "assumed")
INCLUDES_MAX: Final = 200
APPROVAL_DELAY_S_MAX: Final = 86_400

_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_INCLUDE: Final = re.compile(rf"(?:\.\./{_NAME}/)?{_NAME}\.toml", flags=re.ASCII)
_PURPOSE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#@+-]*", flags=re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Regime:
    """A preset: decide at `as_of_ns` and on, for `purpose`, under the files of `include`."""

    title: str
    as_of_ns: int
    purpose: str
    approval_delay_s: int
    """How long a scripted officer takes to approve; assumed, and 0 where nothing needs approval."""

    include: tuple[str, ...]
    assumed: tuple[str, ...]


def read_regime(file_name: str, text: str) -> Regime:
    """The regime that a TOML text describes; `file_name` (no folder) is for errors.

    Raises:
        AgreementError: what is wrong and what to write instead.
    """
    table = Table(read_toml(file_name, text), file_name, "the regime")
    table.only(REGIME_FIELDS)
    regime = Regime(
        title=table.text("title"),
        as_of_ns=table.instant_ns("as_of"),
        purpose=table.text("purpose"),
        approval_delay_s=table.number("approval_delay_s", 0),
        include=table.texts("include"),
        assumed=table.texts("assumed", ()),
    )
    _refuse_unfit(regime, table)
    return regime


def _refuse_unfit(regime: Regime, table: Table) -> None:
    if not 1 <= len(regime.title) <= IDENTIFIER_CHARACTERS_MAX:
        raise table.refusal(f"`title` must have 1 to {IDENTIFIER_CHARACTERS_MAX} characters")
    if not INSTANT_NS_MIN <= regime.as_of_ns <= INSTANT_NS_MAX:
        raise table.refusal("`as_of` is outside the years 1970 to 2200")
    if _PURPOSE.fullmatch(regime.purpose) is None or len(regime.purpose) > IDENTIFIER_CHARACTERS_MAX:
        raise table.refusal(f"`{regime.purpose[:80]}` is not a purpose: write a word such as missile-warning")
    if not 0 <= regime.approval_delay_s <= APPROVAL_DELAY_S_MAX:
        raise table.refusal(f"`approval_delay_s` must be 0 to {APPROVAL_DELAY_S_MAX}")
    if len(regime.include) > INCLUDES_MAX:
        raise table.refusal(f"`include` names over {INCLUDES_MAX} files: merge some")
    for name in regime.include:
        if _INCLUDE.fullmatch(name) is None:
            raise table.refusal(
                f"`{name[:80]}` cannot be included: write `name.toml`, or `../folder/name.toml`, no further"
            )
