"""Agreement and regime files: what is read, and every refusal in one line with what to write instead."""

import re
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from tests.policy.cases import REGIMES

from trilat.model import (
    AgreementError,
    Approval,
    Attribution,
    Classification,
    Domain,
    Duties,
    Effect,
    Form,
    OnwardRule,
    Status,
    parse_instant,
)
from trilat.policy import AgreementSet, read_agreement, read_regime


def names(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    return [str(row[0]) for row in rows]


GOOD = """
[agreement]
id = "pact"
version = 2
title = "A pact"
parties = ["USA", "JPN", "KOR"]
in_force_from = 2014-12-29T00:00:00Z
in_force_until = 2030-01-01T00:00:00Z
purposes = ["missile-warning", "relief"]
onward = "with-consent"
renewal_months = 12
notice_days = 90
survives_end = false
direct_only = true
sources = ["a text"]
assumed = ["a guess"]

[[clause]]
id = "4a"
article = "Article 4"
effect = "permit"
domains = ["missile"]
kinds = ["track", "event"]
from = ["JPN"]
to = ["KOR"]
via = "USA"
statuses = ["real"]
highest = { scheme = "JPN", level = "GOKUHI" }
categories = ["SPACE"]
form = "tracks"
approval = "originator"
note = "a note"
[clause.duties]
delay_s = 5
thin_s = 10
round_position_m = 5000
round_velocity_m_per_s = 100
round_time_s = 60
strip = ["sensors"]
attribution = "office"
expire_s = 600
mark = ["JPN"]
return_or_destroy = true
cover_m = 2000
cover_epoch_s = 3600
sigma_class_m = 512
span_s = 60
tear_line = true

[[clause]]
id = "5"
article = "Article 5"
effect = "forbid"
domains = ["missile"]
kinds = ["report"]
from = ["JPN"]
to = ["KOR"]
"""


def test_every_field_is_read() -> None:
    pact = read_agreement("pact.toml", GOOD)
    assert (pact.agreement_id, pact.version, pact.title) == ("pact", 2, "A pact")
    assert pact.parties == ("USA", "JPN", "KOR")
    assert pact.in_force_from_ns == parse_instant("2014-12-29T00:00:00Z")
    assert pact.in_force_until_ns == parse_instant("2030-01-01T00:00:00Z")
    assert (pact.purposes, pact.onward) == (("missile-warning", "relief"), OnwardRule.WITH_CONSENT)
    assert (pact.renewal_months, pact.notice_days, pact.survives_end) == (12, 90, False)
    assert pact.direct_only
    assert (pact.sources, pact.assumed) == (("a text",), ("a guess",))
    permit, forbid = pact.clauses
    assert (permit.clause_id, permit.article, permit.effect) == ("4a", "Article 4", Effect.PERMIT)
    assert (permit.domains, permit.kinds) == ((Domain.MISSILE,), ("track", "event"))
    assert (permit.givers, permit.receivers, permit.via) == (("JPN",), ("KOR",), "USA")
    assert permit.statuses == (Status.REAL,)
    assert permit.highest == Classification(scheme="JPN", level="GOKUHI")
    assert (permit.categories, permit.form) == (("SPACE",), Form.TRACKS)
    assert (permit.approval, permit.note) == (Approval.ORIGINATOR, "a note")
    assert permit.duties == Duties(
        delay_s=5,
        thin_s=10,
        round_position_m=5000,
        round_velocity_m_per_s=100,
        round_time_s=60,
        strip=("sensors",),
        attribution=Attribution.OFFICE,
        expire_s=600,
        mark=("JPN",),
        return_or_destroy=True,
        cover_m=2000,
        cover_epoch_s=3600,
        sigma_class_m=512,
        span_s=60,
        tear_line=True,
    )
    assert (forbid.effect, forbid.form, forbid.via) == (Effect.FORBID, None, None)


TYPOS = [
    ("an unknown field of the agreement", "onward =", "onwards =", None, "write `onward`"),
    ("an unknown field of a clause", 'article = "Article 4"', 'artikel = "4"', "4a", "write `article`"),
    ("an unknown duty", "delay_s", "delay", "4a", "write `delay_s`"),
    ("an unknown table", '[[clause]]\nid = "5"', '[[clauses]]\nid = "5"', None, "write `clause`"),
    ("an unknown kind", '"track"', '"trak"', "4a", "write `track`"),
    ("an unknown domain", 'domains = ["missile"]', 'domains = ["misile"]', "4a", "write `missile`"),
    ("an unknown effect", 'effect = "forbid"', 'effect = "forbidden"', "5", "write `forbid`"),
    ("an unknown form", 'form = "tracks"', 'form = "track"', "4a", "write `tracks`"),
    ("an unknown approval", '"originator"', '"orignator"', "4a", "write `originator`"),
    ("an unknown status", '"real"', '"reel"', "4a", "write `real`"),
    ("an unknown scheme", 'scheme = "JPN"', 'scheme = "JPM"', "4a", "write `JPN`"),
    ("an unknown level", '"GOKUHI"', '"GOKUHII"', "4a", "write `GOKUHI`"),
    ("a level in small letters", '"GOKUHI"', '"gokuhi"', "4a", "write `GOKUHI`"),
    ("a level in letters that look alike", '"GOKUHI"', '"GОKUHI"', "4a", "write `GOKUHI`"),
    ("a giver that is no party", 'from = ["JPN"]', 'from = ["JNP"]', "4a", "write `JPN`"),
    ("a receiver that is no party", 'to = ["KOR"]', 'to = ["DPRK"]', "4a", "write"),
    ("an intermediary that is no party", 'via = "USA"', 'via = "US"', "4a", "write `USA`"),
    ("an unknown onward rule", '"with-consent"', '"with consent"', None, "write `with-consent`"),
    ("an unknown field to strip", '"sensors"', '"sensor_names"', "4a", "write `sensors`"),
    ("an unknown attribution", '"office"', '"offices"', "4a", "write `office`"),
    ("a party code in small letters", '"USA", "JPN"', '"usa", "JPN"', None, "write its code in capitals"),
    ("a missing id", 'id = "pact"\n', "", None, "lacks `id`: add it"),
    ("a missing version", "version = 2\n", "", None, "lacks `version`: add it"),
    ("a missing purpose", 'purposes = ["missile-warning", "relief"]\n', "", None, "lacks `purposes`"),
    ("a missing article", 'article = "Article 4"\n', "", "4a", "lacks `article`: add it"),
    ("a missing direction", 'from = ["JPN"]\n', "", "4a", "lacks `from`: add it"),
    ("a permission without a form", 'form = "tracks"\n', "", "4a", "needs `form`"),
    ("no purpose at all", '["missile-warning", "relief"]', "[]", None, "name at least one"),
    ("no kind at all", '["track", "event"]', "[]", "4a", "name at least one"),
    ("a kind twice", '["track", "event"]', '["track", "track"]', "4a", "list each once"),
    ("a party twice", '"USA", "JPN"', '"JPN", "JPN"', None, "list each once"),
    ("a local instant", "2014-12-29T00:00:00Z", "2014-12-29T00:00:00", None, "must end in Z"),
    ("an instant with an offset", "2014-12-29T00:00:00Z", "2014-12-29T00:00:00+09:00", None, "end in Z"),
    ("a day without a time", "2014-12-29T00:00:00Z", "2014-12-29", None, "date-time with Z"),
    ("an instant in quotes", "2014-12-29T00:00:00Z", '"2014-12-29T00:00:00Z"', None, "date-time with Z"),
    ("an impossible day", "2014-12-29T00:00:00Z", "2014-02-30T00:00:00Z", None, "not TOML"),
    ("a time before 1970", "2014-12-29T00:00:00Z", "1951-09-08T00:00:00Z", None, "at least 0"),
    ("an end before the beginning", "2030-01-01", "2010-01-01", None, "after `in_force_from`"),
    ("a negative delay", "delay_s = 5", "delay_s = -5", "4a", "at least 0"),
    ("a delay with a fraction", "delay_s = 5", "delay_s = 5.5", "4a", "a whole number"),
    ("a delay that is not a number", "delay_s = 5", "delay_s = nan", "4a", "a whole number"),
    ("a delay in quotes", "delay_s = 5", 'delay_s = "5"', "4a", "a whole number"),
    ("a delay beyond the limit", "delay_s = 5", "delay_s = 99999999999", "4a", "at most"),
    ("true as a number", "version = 2", "version = true", None, "a whole number"),
    ("a version of zero", "version = 2", "version = 0", None, "at least 1"),
    ("a word for a flag", "survives_end = false", 'survives_end = "no"', None, "true or false"),
    ("a number for a flag", "direct_only = true", "direct_only = 1", None, "true or false"),
    ("a word for a list", 'to = ["KOR"]', 'to = "KOR"', "4a", "a list of texts"),
    ("a list of numbers", 'mark = ["JPN"]', "mark = [1]", "4a", "a list of texts"),
    ("a list for a word", 'via = "USA"', 'via = ["USA"]', "4a", "a text in quotes"),
    ("an intermediary that also gives", 'via = "USA"', 'via = "JPN"', "4a", "also a giver"),
    ("an id with a blank", 'id = "4a"', 'id = "4 a"', "4 a", "must match"),
    ("the same clause twice", 'id = "5"', 'id = "4a"', None, "stands twice"),
    (
        "a prohibition with a form",
        'article = "Article 5"',
        'article = "5"\nform = "tracks"',
        "5",
        "leave it out",
    ),
    ("a prohibition with an approval", 'id = "5"', 'id = "5"\napproval = "none"', "5", "leave it out"),
    ("a clause that gives to itself", 'to = ["KOR"]', 'to = ["JPN"]', "4a", "give to itself"),
    ("a highest level without a level", ', level = "GOKUHI"', "", "4a", "lacks `level`"),
    ("a highest level as a word", '{ scheme = "JPN", level = "GOKUHI" }', '"GOKUHI"', "4a", "not a table"),
    ("a field twice", "version = 2", "version = 2\nversion = 3", None, "not TOML"),
    ("broken TOML", "[agreement]", "[agreement", None, "not TOML"),
    ("nothing", GOOD, "", None, "no clause"),
    ("a clause that is no list", GOOD, "clause = 1", None, "no clause"),
]


@pytest.mark.parametrize(
    ("name", "before", "after", "clause", "advice"), TYPOS, ids=[row[0] for row in TYPOS]
)
def test_a_mistake_is_refused_in_one_line_with_advice(
    name: str, before: str, after: str, clause: str | None, advice: str
) -> None:
    assert before in GOOD, name
    if name == "an unknown duty":
        text = GOOD.replace("delay_s", "delay_ss")
    else:
        text = GOOD.replace(before, after, 1)
    with pytest.raises(AgreementError) as caught:
        read_agreement("pact.toml", text)
    said = str(caught.value)
    assert advice in said
    assert said.startswith("pact.toml")
    assert "\n" not in said
    assert not said.endswith(".")
    if clause is None:
        assert caught.value.facts["file"] == "pact.toml"
    else:
        assert caught.value.facts == {"file": "pact.toml", "clause": clause}
        assert f"clause `{clause}`" in said


@pytest.mark.parametrize(
    "name",
    [
        "a/pact.toml",
        "../pact.toml",
        "pact",
        "pact.TOML",
        ".toml",
        "pact#1.toml",
        "p" * 60 + ".toml",
        "p\n.toml",
    ],
)
def test_a_file_name_with_a_folder_or_without_its_ending_is_refused(name: str) -> None:
    with pytest.raises(AgreementError, match="is not a file name"):
        read_agreement(name, GOOD)


def test_a_clause_that_is_no_table_is_refused() -> None:
    with pytest.raises(AgreementError, match="clause `number 1`: `clause` is not a table"):
        read_agreement("pact.toml", 'clause = ["x"]\n' + GOOD.split("[[clause]]", maxsplit=1)[0])


def test_a_text_beyond_the_limit_is_refused_unread() -> None:
    with pytest.raises(AgreementError, match="over the limit"):
        read_agreement("pact.toml", GOOD + "#" * 1_000_000)


def test_deeply_nested_text_is_refused() -> None:
    with pytest.raises(AgreementError, match="not TOML"):
        read_agreement("pact.toml", "a = " + "[" * 5_000 + "]" * 5_000)


def test_one_agreement_in_two_files_is_refused() -> None:
    pact = read_agreement("pact.toml", GOOD)
    with pytest.raises(AgreementError, match=r"version 2 is already in a\.toml"):
        AgreementSet.of({"b.toml": pact, "a.toml": pact})


def test_a_clause_whose_full_name_is_too_long_is_refused() -> None:
    pact = read_agreement("pact.toml", GOOD.replace('id = "4a"', f'id = "{"4" * 115}"'))
    with pytest.raises(AgreementError, match="shorten"):
        AgreementSet.of({"pact.toml": pact})


def test_any_letter_of_a_word_changed_is_refused_or_changes_nothing_that_permits() -> None:
    """Words that decide (fields, kinds, forms, levels, parties) have no near neighbours that are accepted."""
    draw = Random(20090405)
    free = {"id", "title", "article", "note", "purposes", "categories", "mark", "sources", "assumed"}
    words = [
        match
        for line in re.finditer(r"^(\w+) = .*$", GOOD, flags=re.MULTILINE)
        if line.group(1) not in free
        for match in re.finditer(r"[A-Za-z_]{3,}", line.group())
    ]
    lines = {match.string: None for match in words}
    assert len(lines) > 15
    for match in words:
        place = draw.randrange(match.start(), match.end())
        letter = draw.choice(
            [code for code in "abcdefghijklmnopqrstuvwxyzABCDEF" if code != match.string[place]]
        )
        changed = match.string[:place] + letter + match.string[place + 1 :]
        with pytest.raises(AgreementError):
            read_agreement("pact.toml", GOOD.replace(match.string, changed, 1))


REGIME = (REGIMES / "hub-2014" / "regime.toml").read_text(encoding="utf-8")
REGIME_MISTAKES = [
    ("an unknown field", "approval_delay_s", "approval_delay", "write `approval_delay_s`"),
    ("no purpose", 'purpose = "missile-warning"\n', "", "lacks `purpose`"),
    ("a purpose of two words", '"missile-warning"', '"missile warning"', "is not a purpose"),
    ("a local instant", "2015-05-09T02:30:15Z", "2015-05-09T02:30:15", "must end in Z"),
    ("an instant after 2200", "2015-05-09", "2215-05-09", "1970 to 2200"),
    ("a delay that is negative", "approval_delay_s = 90", "approval_delay_s = -1", "must be 0 to"),
    ("a delay of days", "approval_delay_s = 90", "approval_delay_s = 90000", "must be 0 to"),
    ("two steps up", "../agreements/three", "../../agreements/three", "cannot be included"),
    ("a step up inside", "../agreements/three", "../agreements/../three", "cannot be included"),
    ("an absolute name", "../agreements/three", "/agreements/three", "cannot be included"),
    ("a drive", "../agreements/three", "C:/agreements/three", "cannot be included"),
    ("a backslash", "../agreements/three", "..\\\\agreements\\\\three", "cannot be included"),
    ("another ending", "three-way-2014.toml", "three-way-2014.json", "cannot be included"),
    ("a file twice", "us-korea-1987", "us-japan-2007", "list each once"),
    ("no title", 'title = "Hub: the three-way arrangement (2014)"', 'title = ""', "`title` must have"),
]


@pytest.mark.parametrize(
    ("name", "before", "after", "advice"), REGIME_MISTAKES, ids=[m[0] for m in REGIME_MISTAKES]
)
def test_a_mistake_in_a_regime_is_refused(name: str, before: str, after: str, advice: str) -> None:
    assert before in REGIME, name
    with pytest.raises(AgreementError) as caught:
        read_regime("regime.toml", REGIME.replace(before, after, 1))
    assert advice in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_list_of_files_is_refused() -> None:
    text = 'title = "x"\nas_of = 2015-05-09T02:30:15Z\npurpose = "p"\ninclude = []'
    with pytest.raises(AgreementError, match="`include` is empty"):
        read_regime("regime.toml", text)


def test_a_regime_is_read() -> None:
    preset = read_regime("regime.toml", REGIME)
    assert preset.as_of_ns == parse_instant("2015-05-09T02:30:15Z")
    assert (preset.purpose, preset.approval_delay_s) == ("missile-warning", 90)
    assert preset.include[0] == "../agreements/three-way-2014.toml"
    assert len(preset.assumed) == 2
