"""The threat model names tests: each is there."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
NAMED: Final = re.compile(r"`(test_[a-z0-9_]+)`")
PAGES: Final = ("docs/security.md",)


def there() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        found |= set(
            re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        )
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_the_threat_model_names_is_there(page: str) -> None:
    named = set(NAMED.findall((ROOT / page).read_text(encoding="utf-8")))
    assert len(named) > 40
    assert sorted(named - there()) == []


def test_a_test_that_is_not_there_would_be_noticed() -> None:
    assert "test_nobody_wrote_this_one" not in there()
