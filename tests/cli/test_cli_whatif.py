"""`trilat preview` and `trilat what-if` as a user gives them."""

import os
from pathlib import Path

import msgspec
import pytest
from tests.cli.commands import EXAMPLE, trilat
from tests.policy import cases
from tests.policy.test_table import TEXT

from trilat.ledger import Entry, EntryKind, Ledger, SqliteStore
from trilat.model import (
    SECOND_NS,
    Warning,
    WarningKind,
    WarningState,
    encode,
    format_instant,
    to_plain,
)
from trilat.node import SystemClock

PREVIEW = (
    *("preview", EXAMPLE / "items.jsonl", "--agreements", EXAMPLE / "agreements"),
    *("--from", "JPN", "--to", "KOR", "--to", "AUS"),
    *("--purpose", "missile-warning", "--at", "2024-01-15T00:00:00Z"),
)
KINDS = 'kinds = ["track", "warning"]'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A ledger of two tracks and a warning, its key, and an agreement under which they went."""
    (tmp_path / "pacts").mkdir()
    (tmp_path / "pacts" / "pact.toml").write_text(TEXT.replace('kinds = ["track"]', KINDS), encoding="utf-8")
    (tmp_path / "JPN.ledger.key").write_bytes(bytes(32))
    store = SqliteStore(tmp_path / "JPN.ledger")
    ledger = Ledger(store, "JPN", bytes(32), SystemClock(), os.urandom)
    warning = Warning(
        **cases.head(item_id="JPN-warn-1"),
        warning=WarningKind.LAUNCH,
        state=WarningState.RAISED,
        basis=(cases.track().reference,),
        sources=("JPN",),
    )
    items = (cases.track(item_id="JPN-t1"), cases.track(item_id="JPN-t2"), warning)
    ledger.append([Entry(kind=EntryKind.ITEM, content=encode(item)) for item in items])
    ledger.close()
    return tmp_path


def what_if(folder: Path, *more: str | Path) -> tuple[str | Path, ...]:
    return (
        *("what-if", folder / "JPN.ledger", "--agreements", folder / "pacts"),
        *("--to", "KOR", "--to", "USA", "--purpose", "missile-warning"),
        *more,
    )


def test_a_struck_clause_tells_what_is_lost_and_names_warnings_first(folder: Path) -> None:
    ended = trilat(*what_if(folder, "--strike", "pact.toml#1", "--json"))
    assert ended.code == 0
    told = ended.value
    assert told["items"] == 3
    assert told["before"] != told["after"]
    lost = told["recipients"]["KOR"]
    assert (lost["lost"], lost["gained"]) == (3, 0)
    assert lost["by_kind"]["lost"] == {"track": 2, "warning": 1}
    assert lost["lost_items"] == ["JPN-warn-1", "JPN-t1", "JPN-t2"]
    assert lost["lost_by_clause"] == {"pact.toml#1": 3}
    assert told["recipients"]["USA"]["lost"] == 0


def test_a_draft_in_place_of_the_agreement_is_compared(folder: Path) -> None:
    draft = folder / "pact.toml"
    draft.write_text(TEXT.replace('"tracks"', '"coarse-tracks"'), encoding="utf-8")
    told = trilat(*what_if(folder, "--draft", draft, "--json")).value["recipients"]["KOR"]
    assert (told["coarser"], told["lost"]) == (2, 1)


def test_for_people_a_recipient_that_loses_nothing_is_told_so(folder: Path) -> None:
    ended = trilat(*what_if(folder, "--strike", "pact.toml#1"))
    assert "no longer seen: JPN-warn-1, JPN-t1, JPN-t2" in ended.out
    assert "nothing would change" in ended.out


def test_the_ledger_is_only_read(folder: Path) -> None:
    before = (folder / "JPN.ledger").read_bytes()
    trilat(*what_if(folder, "--strike", "pact.toml#1"))
    assert (folder / "JPN.ledger").read_bytes() == before


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ((), "nothing would change: give --strike FILE#ID or --draft FILE"),
        (("--strike", "pact.toml#9"), "no clause `pact.toml#9` is held"),
        (("--draft", "absent.toml"), "`absent.toml` cannot be read"),
        (("--strike", "pact.toml#1", "--to", "kor"), "cannot be asked"),
        (("--strike", "pact.toml#1", "--via", "!"), "cannot be asked"),
        (("--strike", "pact.toml#1", "--key", "absent.key"), "`absent.key` cannot be read"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_one_line(
    folder: Path, more: tuple[str, ...], line: str
) -> None:
    ended = trilat(*what_if(folder, *more))
    assert ended.code == 2
    assert line in ended.err
    assert ended.err.count("\n") == 1
    assert ended.out == ""


def test_a_ledger_under_another_key_is_refused(folder: Path) -> None:
    (folder / "JPN.ledger.key").write_bytes(b"k" * 32)
    ended = trilat(*what_if(folder, "--strike", "pact.toml#1"))
    assert ended.code == 4
    assert "entry 0 is damaged" in ended.err


def test_a_missing_ledger_is_refused(tmp_path: Path) -> None:
    ended = trilat(*what_if(tmp_path, "--strike", "pact.toml#1"))
    assert ended.code == 2


def test_a_preview_shows_who_gets_what_and_who_nothing() -> None:
    lines = trilat(*PREVIEW, "--json").values
    shown = {
        outcome
        for line in lines
        if "recipients" in line
        for outcome in [line["recipients"]["KOR"]["outcome"]]
    }
    assert "permit" in shown
    for line in lines:
        for told in line.get("recipients", {}).values():
            assert (told["release"] is not None) == (told["outcome"] == "permit")
        assert "recipients" not in line or line["recipients"]["AUS"]["reasons"]


def test_for_people_a_preview_shows_the_fields_that_would_be_otherwise() -> None:
    ended = trilat(*PREVIEW)
    assert "would leave" in ended.out
    assert "is withheld" in ended.out


SITUATION = 'form = "tracks"\nsituations = ["storm"]'


def test_what_if_knows_what_was_declared(folder: Path) -> None:
    """Of two tracks one comes while a storm is declared: under a clause that waits for it, one is lost."""
    pact = TEXT.replace('kinds = ["track"]', KINDS).replace('form = "tracks"', SITUATION)
    (folder / "pact.toml").write_text(pact, encoding="utf-8")
    store = SqliteStore(folder / "JPN.ledger")
    ledger = Ledger(store, "JPN", bytes(32), SystemClock(), os.urandom)
    storm = cases.declaration(about="storm", at_ns=cases.NOW_NS + 10 * SECOND_NS)
    later = cases.track(item_id="JPN-t3", at_ns=cases.NOW_NS + 20 * SECOND_NS)
    ledger.append([Entry(kind=EntryKind.ITEM, content=encode(item)) for item in (storm, later)])
    ledger.close()
    told = trilat(*what_if(folder, "--draft", folder / "pact.toml", "--json")).value["recipients"]["KOR"]
    assert told["lost_items"] == ["JPN-warn-1", "JPN-t1", "JPN-t2"]


@pytest.mark.parametrize("is_declared", [True, False])
def test_a_preview_counts_declarations_among_the_items(tmp_path: Path, is_declared: bool) -> None:
    (tmp_path / "pacts").mkdir()
    waiting = TEXT.replace('form = "tracks"', SITUATION)
    (tmp_path / "pacts" / "pact.toml").write_text(waiting, encoding="utf-8")
    items = [cases.track(), *([cases.declaration(about="storm")] if is_declared else [])]
    lines = tmp_path / "items.jsonl"
    lines.write_bytes(b"\n".join(msgspec.json.encode(to_plain(item)) for item in items))
    ended = trilat(
        *("preview", lines, "--agreements", tmp_path / "pacts", "--from", "JPN", "--to", "KOR"),
        *("--purpose", "missile-warning", "--at", format_instant(cases.NOW_NS), "--json"),
    )
    outcome = ended.values[0]["recipients"]["KOR"]["outcome"]
    assert outcome == ("permit" if is_declared else "withhold")
