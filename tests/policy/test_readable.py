"""The text of an agreement to read: every word there is in all three languages, and nothing left out."""

import string

import pytest
from tests.policy.cases import regime

from trilat.model import (
    ITEM_KINDS,
    Approval,
    Attribution,
    Domain,
    Duties,
    Form,
    OnwardRule,
    Status,
    UsageError,
)
from trilat.policy import READABLE_LANGUAGES, read_agreement, readable_parts, readable_text
from trilat.policy.readable_words import WORDS

DIGEST = "ab" * 32
NAMES = ("separate-2009", "hub-2014", "direct-2016", "realtime-2023", "multilateral")
EVERYTHING = """
[agreement]
id = "whole"
version = 7
title = "A title"
parties = ["JPN", "KOR", "USA"]
in_force_from = 2020-01-01T00:00:00Z
in_force_until = 2030-01-01T00:00:00Z
purposes = ["relief", "missile-warning"]
onward = "to-named"
onward_to = ["USA"]
notice_days = 91
fresh_s = 4321
removal_by = ["KOR"]
direct_only = true
equivalents = [["KOR II", "JPN GOKUHI"]]
sources = ["a source"]
assumed = ["an assumption"]

[[area]]
name = "north"
circle = { latitude_deg = 40.5, longitude_deg = 129.5, radius_m = 900123 }

[[clause]]
id = "all-duties"
article = "Article 9"
effect = "permit"
domains = ["missile", "maritime"]
kinds = ["track", "vessel"]
from = ["JPN"]
to = ["KOR"]
via = "USA"
statuses = ["exercise"]
highest = { scheme = "JPN", level = "GOKUHI" }
form = "coarse-tracks"
approval = "two-person"
areas = ["north"]
situations = ["launch"]
situation_max_s = 777
onward = "under-conditions"
onward_situations = ["alarm"]
note = "a note"
[clause.duties]
delay_s = 11
thin_s = 12
round_position_m = 13
round_velocity_m_per_s = 14
round_time_s = 15
strip = ["sensors"]
attribution = "office"
expire_s = 16
mark = ["A MARK"]
return_or_destroy = true
cover_m = 1700
cover_epoch_s = 1800
sigma_class_m = 1900
span_s = 20
tear_line = true

[[clause]]
id = "never"
article = "Article 10"
effect = "forbid"
domains = ["cyber"]
kinds = ["indicator"]
from = ["KOR"]
to = ["JPN"]
"""


def holes(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


@pytest.mark.parametrize("language", ["", "fr", "EN", "en-GB"])
def test_there_is_no_text_in_another_language(language: str) -> None:
    with pytest.raises(UsageError, match="choose one of en, ja, ko"):
        readable_text(read_agreement("whole.toml", EVERYTHING), language, DIGEST)


@pytest.mark.parametrize("key", WORDS)
def test_each_phrase_is_in_all_languages_with_the_same_values(key: str) -> None:
    assert len(WORDS[key]) == len(READABLE_LANGUAGES) == 3
    assert all(text.strip() for text in WORDS[key])
    assert len({tuple(holes(text)) for text in WORDS[key]}) == 1
    if key != "head":
        assert len(set(WORDS[key])) == 3 or set(WORDS[key][1:]) == {"船舶"}, "one of them is no translation"


CODES = [
    ("kind", ITEM_KINDS),
    ("domain", [one.value for one in Domain]),
    ("form", [one.value for one in Form]),
    ("status", [one.value for one in Status]),
    ("attribution", [one.value for one in Attribution]),
    ("onward", [one.value for one in OnwardRule]),
    ("approval", [one.value for one in Approval if one is not Approval.NONE]),
    ("duty", Duties.__struct_fields__),
]


@pytest.mark.parametrize(("group", "codes"), CODES, ids=[group for group, _ in CODES])
def test_each_code_of_the_model_has_a_phrase(group: str, codes: list[str]) -> None:
    assert [code for code in codes if f"{group}.{code}" not in WORDS] == []


@pytest.mark.parametrize("language", READABLE_LANGUAGES)
def test_nothing_that_was_agreed_is_left_out_of_the_text(language: str) -> None:
    text = readable_text(read_agreement("whole.toml", EVERYTHING), language, DIGEST)
    figures = ["91", "4321", "900123", "777", *map(str, range(11, 17)), "1700", "1800", "1900", "20", DIGEST]
    words = ["north", "KOR II", "GOKUHI", "launch", "alarm", "sensors", "A MARK", "a note", "Article 9"]
    sources = ["a source", "an assumption", "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "never"]
    assert [one for one in (*figures, *words, *sources) if one not in text] == []
    assert "{" not in text


@pytest.mark.parametrize("language", READABLE_LANGUAGES)
def test_the_parts_are_the_text_clause_by_clause(language: str) -> None:
    agreement = read_agreement("whole.toml", EVERYTHING)
    parts = readable_parts(agreement, language, DIGEST)
    assert list(parts.clauses) == ["all-duties", "never"]
    lines = [*parts.head, *(line for one in parts.clauses.values() for line in one), *parts.foot]
    text = readable_text(agreement, language, DIGEST)
    assert list(filter(None, lines)) == list(filter(None, text.splitlines()))
    assert text.count("\n\n") == 4, "one empty line after the name, before each clause, and before the end"


@pytest.mark.parametrize("language", READABLE_LANGUAGES)
@pytest.mark.parametrize(
    "name", ["separate-2009", "hub-2014", "direct-2016", "realtime-2023", "multilateral"]
)
def test_every_agreement_of_history_reads_in_every_language(name: str, language: str) -> None:
    for agreement in regime(name)[1].files.values():
        parts = readable_parts(agreement, language, DIGEST)
        assert list(parts.clauses) == [clause.clause_id for clause in agreement.clauses]
        assert len(parts.foot) == len(agreement.assumed) + len(agreement.sources) + len(agreement.parties) + 1
