"""What a user can write or read has a heading in the docs; generated pages are those of the code."""

import importlib
import math
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.tidy import lint

from trilat.domains.maritime import LineKind, Omission, Refusal
from trilat.model import ITEM_KINDS, Agreement, Approval, Clause, Duties, Effect, Form, OnwardRule, Reason
from trilat.policy import PROFILES, Profile
from trilat.study.attack import figure

ROOT = Path(__file__).parents[2]

# Names of fields that agreement files write in a negotiator's words.
WRITTEN = {
    "clause_id": "id",
    "givers": "from",
    "receivers": "to",
    "agreement_id": "id",
    "in_force_from_ns": "in_force_from",
    "in_force_until_ns": "in_force_until",
    "clauses": "clause",
}


def headings_of(page: str) -> frozenset[str]:
    path = ROOT / "docs" / page
    assert path.is_file(), f"docs/{page} is not written yet"
    return lint.headings(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("noun", [Agreement, Clause, Duties])
def test_every_field_of_an_agreement_file_has_a_heading(noun: Any) -> None:
    fields = {WRITTEN.get(name, name) for name in noun.__struct_fields__} - {"signatures"}
    assert sorted(fields - headings_of("agreements.md")) == []


def test_every_reason_has_a_heading() -> None:
    assert sorted({reason.value for reason in Reason} - headings_of("agreements.md")) == []


@pytest.mark.parametrize("enumeration", [Form, Effect, Approval, OnwardRule])
def test_every_word_of_an_agreement_file_is_explained(enumeration: Any) -> None:
    page = (ROOT / "docs" / "agreements.md").read_text(encoding="utf-8")
    assert [word.value for word in enumeration if f"`{word.value}`" not in page] == []


def commands_of(command: Any, above: str = "trilat") -> Iterator[str]:
    """Every command of the command line as a user writes it."""
    for name, inner in getattr(command, "commands", {}).items():
        if getattr(inner, "commands", None):
            yield from commands_of(inner, f"{above} {name}")
        else:
            yield f"{above} {name}"


def test_every_command_has_a_heading() -> None:
    typer = importlib.import_module("typer.main")
    command = typer.get_command(importlib.import_module("trilat.cli.app").app)
    commands = set(commands_of(command))
    assert commands
    assert sorted(commands - headings_of("commands.md")) == []


def test_generated_pages_are_those_of_the_code() -> None:
    pages = runpy.run_path(str(ROOT / "tools" / "generate_docs.py"))["pages"]()
    assert {path.name for path in pages} == {"commands.md", "items.md", "api.ts"}
    stale = [path.name for path, made in pages.items() if path.read_text(encoding="utf-8") != made]
    assert stale == [], "run `make docs`"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_every_profile_is_published_with_its_duties_and_what_it_leaks(profile: Profile) -> None:
    page = (ROOT / "docs" / "degradation.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith(f"| `{profile.name}` |")]
    duties = [
        name for name in Duties.__struct_fields__ if getattr(profile.duties, name) != getattr(Duties(), name)
    ]
    assert all(f"{name} = {str(getattr(profile.duties, name)).lower()}" in rows[0] for name in duties)
    assert f"`{profile.form.value}`" in rows[0]
    for how, least in (("alone", profile.alone), ("repeated", profile.repeated)):
        (row,) = [line for line in rows if f"| {how} |" in line]
        stated = [value for value in vars(least).values() if math.isfinite(value)]
        assert [value for value in stated if f"({figure(value)})" not in row] == []


@pytest.mark.parametrize("enumeration", [LineKind, Refusal, Omission])
def test_every_count_of_an_ais_recording_is_explained(enumeration: Any) -> None:
    assert sorted({word.value for word in enumeration} - headings_of("ais.md")) == []


def test_every_kind_of_item_has_a_heading() -> None:
    assert sorted(set(ITEM_KINDS) - headings_of("items.md")) == []
