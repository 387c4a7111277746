"""`check` finds what can never work, and what hardly works as meant; sound agreements have no findings."""

import pytest
from tests.policy.cases import agreements

from trilat.policy import check

START = """
[agreement]
id = "{id}"
version = {version}
title = "{id}"
parties = ["JPN", "JPN/staff", "KOR", "USA"]
in_force_from = {since}
{until}
purposes = {purposes}
onward = "{onward}"
"""
PERMISSION = {
    "effect": '"permit"',
    "domains": '["missile"]',
    "kinds": '["track"]',
    "from": '["JPN"]',
    "to": '["KOR"]',
    "highest": '{ scheme = "JPN", level = "GOKUHI" }',
    "form": '"tracks"',
}
PROHIBITION = {name: PERMISSION[name] for name in ("domains", "kinds", "from", "to")} | {"effect": '"forbid"'}


def pact(*clauses: str, onward: str = "with-consent", purposes: str = '["warning"]', **fields: str) -> str:
    values = {"id": "pact", "version": "1", "since": "2016-01-01T00:00:00Z", "until": "", **fields}
    return START.format(onward=onward, purposes=purposes, **values) + "".join(clauses)


def clause(clause_id: str, base: dict[str, str] | None = None, duties: str = "", **fields: str) -> str:
    values = (base or PERMISSION) | {name.rstrip("_"): value for name, value in fields.items()}
    lines = "\n".join(f"{name} = {value}" for name, value in values.items())
    more = f"[clause.duties]\n{duties}\n" if duties else ""
    return f'\n[[clause]]\nid = "{clause_id}"\narticle = "1"\n{lines}\n{more}'


LEG = clause("leg", to='["USA"]')
OWED = "return_or_destroy = true"
RECALLS = clause("r", kinds='["recall"]', form='"measurements"')
ANSWERS = clause("a", kinds='["answer"]', form='"measurements"', from_='["KOR"]', to='["JPN"]')
FINDINGS = [
    (
        "copies to be returned that nobody can call back",
        pact(clause("1", duties=OWED), ANSWERS),
        "warning",
        "no clause lets recalls about it go from JPN to KOR",
    ),
    (
        "copies to be returned by who cannot answer",
        pact(clause("1", duties=OWED), RECALLS),
        "warning",
        "no clause lets answers about it go from KOR to JPN",
    ),
    (
        "kinds that the domain has not",
        pact(clause("1", domains='["cyber"]')),
        "error",
        "there is no track in the domain cyber",
    ),
    (
        "an onward rule that names none of the receivers",
        pact(LEG, clause("1", via='"USA"', onward='"to-named"', onward_to='["AUS"]')),
        "error",
        "`onward_to` names none of KOR",
    ),
    (
        "a situation that the giver is never told of",
        pact(clause("1", situations='["launch"]', declared_by='["USA"]')),
        "warning",
        "no clause gives JPN the declaration of USA",
    ),
    (
        "tracklets of vessels",
        pact(clause("1", kinds='["vessel"]', form='"tracklets"')),
        "error",
        "can never fire",
    ),
    ("areas of tracks", pact(clause("1", form='"areas"')), "error", "`areas` cannot be made from track"),
    (
        "the bare fact of a statement",
        pact(clause("1", kinds='["statement"]', form='"existence"')),
        "error",
        "never",
    ),
    (
        "one kind of two that cannot have the form",
        pact(clause("1", kinds='["track", "report"]')),
        "warning",
        "cannot be made from report",
    ),
    (
        "rounded plots",
        pact(clause("1", kinds='["report"]', form='"measurements"', duties="round_position_m = 10")),
        "warning",
        "no radar or direction plot",
    ),
    (
        "covered plots",
        pact(clause("1", kinds='["report"]', form='"measurements"', duties="cover_m = 10")),
        "warning",
        "no radar or direction plot",
    ),
    (
        "tracklets of a class",
        pact(clause("1", form='"tracklets"', duties="sigma_class_m = 512")),
        "warning",
        "no track leaves",
    ),
    (
        "a report as a tear-line",
        pact(clause("1", kinds='["report"]', form='"measurements"', duties="tear_line = true")),
        "warning",
        "no report leaves",
    ),
    (
        "an epoch of nothing",
        pact(clause("1", duties="cover_epoch_s = 60")),
        "error",
        "`cover_epoch_s` without `cover_m` covers nothing",
    ),
    (
        "two epochs of one giver",
        pact(
            clause("1", duties="cover_m = 10\ncover_epoch_s = 60"),
            clause("2", to='["USA"]', duties="cover_m = 500\ncover_epoch_s = 3600"),
        ),
        "error",
        "both together average out, give JPN one `cover_epoch_s`",
    ),
    (
        "a tear-line through an intermediary",
        pact(LEG, clause("1", via='"USA"', duties="tear_line = true")),
        "error",
        "not for USA to make",
    ),
    (
        "a tear-line that a consent would name",
        pact(clause("1", approval='"originator"', duties="tear_line = true")),
        "error",
        "a consent names the subject",
    ),
    (
        "a tear-line that two officers' consent would name",
        pact(clause("1", approval='"two-person"', duties="tear_line = true")),
        "error",
        "a consent names the subject",
    ),
    (
        "observations at a rounded time",
        pact(clause("1", kinds='["report"]', form='"measurements"', duties="round_time_s = 10")),
        "warning",
        "no report leaves",
    ),
    (
        "an intermediary where nothing goes on",
        pact(LEG, clause("1", via='"USA"'), onward="never"),
        "error",
        "never",
    ),
    (
        "a level that never leaves",
        pact(clause("1", highest='{ scheme = "KOR", level = "I" }')),
        "error",
        "KOR I, which never leaves",
    ),
    (
        "a level that is no longer known",
        pact(clause("1", highest='{ scheme = "JPN", level = "BOEI-HIMITSU" }')),
        "error",
        "not known at any time",
    ),
    (
        "a level that comes later",
        pact(
            clause("1", highest='{ scheme = "JPN", level = "TOKUTEI-HIMITSU" }'), since="2012-01-01T00:00:00Z"
        ),
        "warning",
        "not known in the whole time",
    ),
    (
        "a prohibition of the same",
        pact(clause("1"), clause("2", PROHIBITION)),
        "error",
        "pact.toml#2 forbids",
    ),
    (
        "a prohibition of more",
        pact(clause("1", via='"USA"'), LEG, clause("2", PROHIBITION, kinds='["track", "event"]')),
        "error",
        "pact.toml#2 forbids",
    ),
    (
        "an approval that is never asked",
        pact(clause("1", approval='"originator"'), clause("2")),
        "warning",
        "pact.toml#2 permits the same without",
    ),
    (
        "coarse tracks that are not",
        pact(clause("1", form='"coarse-tracks"')),
        "warning",
        "nothing makes it coarse",
    ),
    (
        "copies that end before they leave",
        pact(clause("1", duties="delay_s = 60\nexpire_s = 30")),
        "error",
        "end after 30 s and leave after 60 s",
    ),
    (
        "an intermediary who gets nothing",
        pact(clause("1", via='"USA"')),
        "warning",
        "from JPN to USA directly",
    ),
    (
        "an intermediary who gets no consent",
        pact(LEG, clause("1", via='"USA"', approval='"originator"')),
        "warning",
        "the consent that USA needs from JPN",
    ),
    (
        "an intermediary who gets nothing, not for real either",
        pact(clause("1", via='"USA"', statuses='["real", "simulated"]')),
        "warning",
        "from JPN to USA directly",
    ),
    (
        "an intermediary who gets no consent in a drill",
        pact(clause("1", via='"USA"', statuses='["simulated"]', approval='"originator"')),
        "warning",
        "the consent that USA needs from JPN",
    ),
    (
        "a prohibition of a party's own staff",
        pact(clause("1", to='["JPN/staff"]'), clause("2", PROHIBITION, to='["JPN/staff"]')),
        "error",
        "pact.toml#2 forbids",
    ),
    (
        "a prohibition among partners that covers a party's own staff",
        pact(
            clause("1", to='["JPN/staff"]'),
            clause("2", PROHIBITION, from_='["JPN", "KOR"]', to='["JPN", "KOR"]'),
        ),
        "error",
        "pact.toml#2 forbids",
    ),
    (
        "a level that never leaves, for a party's own staff",
        pact(clause("1", to='["JPN/staff"]', highest='{ scheme = "JPN", level = "KIMITSU" }')),
        "error",
        "JPN KIMITSU, which never leaves",
    ),
]


@pytest.mark.parametrize(("name", "text", "severity", "words"), FINDINGS, ids=[row[0] for row in FINDINGS])
def test_it_is_found(name: str, text: str, severity: str, words: str) -> None:
    (finding,) = check(agreements(pact=text))
    assert (finding.file, finding.severity) == ("pact.toml", severity), name
    assert finding.clause == "1"
    assert words in finding.text
    assert "\n" not in finding.text
    assert not finding.text.endswith(".")


SOUND = [
    ("copies that can be called back", pact(clause("1", duties=OWED), RECALLS, ANSWERS)),
    ("one clause", pact(clause("1"))),
    ("a prohibition of another kind", pact(clause("1"), clause("2", PROHIBITION, kinds='["report"]'))),
    ("a prohibition of one category", pact(clause("1"), clause("2", PROHIBITION, categories='["SPACE"]'))),
    ("a prohibition of one path", pact(clause("1"), clause("2", PROHIBITION, via='"USA"'))),
    ("a prohibition of one status", pact(clause("1"), clause("2", PROHIBITION, statuses='["exercise"]'))),
    ("a prohibition of one giver", pact(clause("1", from_='["JPN", "USA"]'), clause("2", PROHIBITION))),
    (
        "an approval for a richer form",
        pact(clause("1", approval='"originator"'), clause("2", form='"existence"')),
    ),
    ("coarse tracks that are", pact(clause("1", form='"coarse-tracks"', duties="round_position_m = 10"))),
    ("an intermediary with its leg", pact(LEG, clause("1", via='"USA"'))),
    ("an intermediary in drills alone", pact(clause("1", via='"USA"', statuses='["exercise", "simulated"]'))),
    ("a party's own staff", pact(clause("1", to='["JPN/staff"]'))),
    (
        "a party's own staff with approval",
        pact(clause("1", to='["JPN/staff"]', approval='"originator"'), clause("2", to='["KOR"]')),
    ),
    (
        "a party's own staff, and a prohibition of what partners gave",
        pact(clause("1", to='["JPN/staff"]'), clause("2", PROHIBITION, from_='["USA"]', to='["JPN/staff"]')),
    ),
    ("events in every form", pact(clause("1", kinds='["event"]', form='"existence"'))),
]


@pytest.mark.parametrize(("name", "text"), SOUND, ids=[row[0] for row in SOUND])
def test_it_is_sound(name: str, text: str) -> None:
    assert check(agreements(pact=text)) == (), name


def test_a_prohibition_for_a_part_of_the_time_is_a_warning() -> None:
    ban = pact(clause("2", PROHIBITION), id="ban", until="in_force_until = 2020-01-01T00:00:00Z")
    (finding,) = check(agreements(pact=pact(clause("1")), ban=ban))
    assert (finding.severity, finding.clause) == ("warning", "1")
    assert "for a part of its time or purposes" in finding.text


def test_a_prohibition_for_another_purpose_or_time_is_none() -> None:
    other = pact(clause("2", PROHIBITION), id="ban", purposes='["rescue"]')
    assert check(agreements(pact=pact(clause("1")), ban=other)) == ()
    before = pact(
        clause("2", PROHIBITION),
        id="ban",
        since="2010-01-01T00:00:00Z",
        until="in_force_until = 2016-01-01T00:00:00Z",
    )
    assert check(agreements(pact=pact(clause("1")), ban=before)) == ()


def test_two_versions_that_overlap_are_found() -> None:
    newer = pact(clause("1"), version="2", since="2020-01-01T00:00:00Z")
    (finding,) = check(agreements(pact=pact(clause("1")), next=newer))
    assert (finding.file, finding.clause, finding.severity) == ("pact.toml", None, "warning")
    assert "end this one at 2020-01-01T00:00:00Z" in finding.text
    ended = pact(clause("1"), until="in_force_until = 2020-01-01T00:00:00Z")
    assert check(agreements(pact=ended, next=newer)) == ()


def test_a_version_that_is_replaced_before_it_begins_is_found() -> None:
    newer = pact(clause("1"), version="2", since="2015-01-01T00:00:00Z")
    findings = check(agreements(pact=pact(clause("1")), next=newer))
    assert [finding.severity for finding in findings if finding.clause is None] == ["error"]


def test_findings_come_in_order_of_files() -> None:
    bad = clause("1", form='"areas"')
    findings = check(agreements(b=pact(bad, id="b"), a=pact(bad, id="a")))
    assert [finding.file for finding in findings] == ["a.toml", "b.toml"]


def test_one_epoch_for_all_of_a_givers_clauses_is_sound() -> None:
    covered = "cover_m = {}\ncover_epoch_s = 3600"
    text = pact(
        clause("1", duties=covered.format(500)),
        clause("2", to='["USA"]', duties=covered.format(2000)),
        clause(
            "3",
            from_='["KOR"]',
            to='["JPN"]',
            highest='{ scheme = "KOR", level = "II" }',
            duties="cover_m = 500\ncover_epoch_s = 60",
        ),
    )
    assert [finding.text for finding in check(agreements(pact=text)) if "epoch" in finding.text] == []
