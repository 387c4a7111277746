"""Answers and agreements in words: every reason has its own, and what would have to be different."""

import pytest
from tests.policy.cases import NOW_NS, agreements, ask, consent, regime, track

from trilat.model import Decision, Duties, Form, Outcome, Reason
from trilat.policy import AgreementSet, decide, explain, explain_agreement, matrix
from trilat.policy.words import FORM_WORDS, REASON_WORDS, duties_in_words


def withheld(reason: Reason) -> Decision:
    return Decision(
        item=None,
        sender="JPN",
        recipient="KOR",
        via=None,
        purpose="missile-warning",
        decided_ns=NOW_NS,
        outcome=Outcome.WITHHOLD,
        clauses=("gone.toml#1",),
        reasons=(reason,),
    )


def test_every_reason_and_every_form_has_words_of_its_own() -> None:
    assert list(REASON_WORDS) == list(Reason)
    assert len({words for words, _ in REASON_WORDS.values()}) == len(Reason)
    assert list(FORM_WORDS) == list(Form)


@pytest.mark.parametrize("reason", [reason for reason in Reason if "permitted" not in reason.value])
def test_a_refusal_says_why_and_what_would_have_to_be_different(reason: Reason) -> None:
    sentences = explain(withheld(reason), AgreementSet.of({}))
    assert sentences[0].startswith(
        "the item is withheld: from JPN to KOR directly, for missile-warning, at 2024"
    )
    assert sentences[1] == "Clause gone.toml#1."
    assert sentences[2].endswith(f"({reason.value}).")
    assert sentences[3] == f"To change that: {REASON_WORDS[reason][1]}."
    assert all("\n" not in sentence and sentence.endswith(".") for sentence in sentences)


def test_a_permit_says_under_which_clause_in_which_form_and_who_approved() -> None:
    preset, held = regime("hub-2014")
    said = consent("JPN", preset.as_of_ns, via="USA", clause="three-way-2014#4-japan-tracks")
    question = ask("USA", "KOR", at_ns=preset.as_of_ns)
    text = " ".join(explain(decide(track("JPN", preset.as_of_ns), question, held, [said]), held))
    for words in (
        "JPN/item/7 version 3 may go",
        "paragraph 4 of Japan, Republic of Korea, United States",
        "(permitted-with-consent)",
        "as a coarse estimate; not before 10 s after its valid time; at most one version in 10 s",
        "positions rounded to 5000 m; without sensors",
        "Approved by JPN/consent/1 version 1.",
    ):
        assert words in text
    assert "To change that" not in text


def test_a_referral_says_what_is_missing() -> None:
    preset, held = regime("direct-2016")
    sentences = explain(decide(track("JPN", preset.as_of_ns), ask(at_ns=preset.as_of_ns), held), held)
    assert "waits for a person" in sentences[0]
    assert sentences[-1] == "To change that: get a consent for this subject, recipient, path and clause."


def test_no_duty_is_silent() -> None:
    full = Duties(
        delay_s=1,
        thin_s=2,
        round_position_m=3,
        round_velocity_m_per_s=4,
        round_time_s=5,
        strip=("sensors",),
        expire_s=6,
        mark=("X",),
        return_or_destroy=True,
        cover_m=7,
        cover_epoch_s=8,
        sigma_class_m=9,
        span_s=10,
        tear_line=True,
    )
    assert len(duties_in_words(full)) == len(Duties.__struct_fields__) - 1  # attribution is not given
    assert duties_in_words(Duties()) == ()


def test_an_agreement_is_told_clause_by_clause() -> None:
    _, held = regime("direct-2016")
    pact = held.files["japan-korea-2016.toml"]
    sentences = explain_agreement(pact)
    assert sentences[1] == "Between JPN, KOR, from 2016-11-23T00:00:00Z on."
    assert "What is received stays with the receiver." in sentences
    assert "Renewed every 12 months; ended by 90 days' written notice." in sentences
    assert "What was given stays protected after the end." in sentences
    for clause in pact.clauses:
        assert (
            sum(sentence.startswith(f"{clause.clause_id} ({clause.article}):") for sentence in sentences) == 1
        )
    assert sum(sentence.startswith("Assumed: ") for sentence in sentences) == len(pact.assumed)


def test_a_prohibition_is_told_as_one() -> None:
    text = """
[agreement]
id = "ban"
version = 1
title = "A ban"
parties = ["JPN", "KOR"]
in_force_from = 2020-01-01T00:00:00Z
in_force_until = 2021-01-01T00:00:00Z
purposes = ["relief"]
onward = "with-consent"
[[clause]]
id = "1"
article = "Article 1"
effect = "forbid"
domains = ["missile"]
kinds = ["report"]
from = ["JPN"]
to = ["KOR"]
categories = ["SPACE"]
statuses = ["real"]
"""
    held = agreements(ban=text)
    sentences = explain_agreement(held.files["ban.toml"])
    assert (
        "1 (Article 1): forbids report (missile) from JPN to KOR by any path, at every level; "
        "where the label carries SPACE; for real items only."
    ) in sentences
    assert "until 2021-01-01T00:00:00Z." in sentences[1]
    (row,) = matrix(held, held.files["ban.toml"].in_force_from_ns)
    assert (row.giver, row.receiver, row.form, row.clause) == ("JPN", "KOR", None, "ban.toml#1")
    assert matrix(held, held.files["ban.toml"].in_force_until_ns or 0) == ()


def test_the_matrix_names_path_form_and_clause() -> None:
    preset, held = regime("realtime-2023")
    rows = [
        (row.via, None if row.form is None else row.form.value, row.approval.value, row.clause)
        for row in matrix(held, preset.as_of_ns)
        if (row.giver, row.receiver) == ("JPN", "KOR") and "track" in row.kinds
    ]
    assert rows == [
        (None, "tracks", "originator", "japan-korea-2016.toml#4-japan"),
        ("USA", "tracks", "none", "realtime-2023.toml#path-japan"),
        ("USA", "coarse-tracks", "originator", "three-way-2014.toml#4-japan-tracks"),
    ]
