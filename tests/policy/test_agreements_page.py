"""The page on agreements has a heading for every field, duty and reason, and its examples can be read."""

import re
from pathlib import Path

import pytest

from trilat.model import Form, Reason
from trilat.policy import read_agreement, read_regime
from trilat.policy.language import AGREEMENT_FIELDS, CLAUSE_FIELDS, DUTY_FIELDS
from trilat.policy.regime import REGIME_FIELDS

PAGE = (Path(__file__).parents[2] / "docs" / "agreements.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^### `([\w-]+)`$", PAGE, flags=re.MULTILINE)
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize(
    "name",
    sorted(
        {
            *AGREEMENT_FIELDS,
            *CLAUSE_FIELDS,
            *DUTY_FIELDS,
            *REGIME_FIELDS,
            *(reason.value for reason in Reason),
        }
    ),
)
def test_it_has_a_heading(name: str) -> None:
    assert HEADINGS.count(name) == 1


def test_no_heading_is_of_something_that_is_not_there() -> None:
    known = {*AGREEMENT_FIELDS, *CLAUSE_FIELDS, *DUTY_FIELDS, *REGIME_FIELDS}
    assert set(HEADINGS) <= known | {reason.value for reason in Reason}


def test_reasons_stand_in_their_precedence() -> None:
    reasons = [reason.value for reason in Reason]
    assert [heading for heading in HEADINGS if heading in reasons] == reasons


def test_every_form_has_a_row() -> None:
    assert re.findall(r"^\| `([\w-]+)` \|", PAGE, flags=re.MULTILINE) == [form.value for form in Form]


def test_its_examples_can_be_read() -> None:
    agreement, area, internal, regime = EXAMPLES
    assert read_agreement("japan-korea.toml", agreement).agreement_id == "japan-korea"
    areas = read_agreement("japan-korea.toml", agreement + area).areas
    assert [one.name for one in areas] == ["north", "strait"]
    assert read_agreement("internal-jpn.toml", internal).parties == ("JPN", "JPN/staff")
    assert read_regime("regime.toml", regime).approval_delay_s == 90
