"""Between whom a link is needed: the presets, and clauses that let nothing pass directly."""

import pytest
from tests.policy.cases import agreements, regime

from trilat.model import parse_instant
from trilat.policy import linked_pairs, observer_agreement, read_agreement

ALL = ("JPN", "KOR", "USA")
BY_USA = (("JPN", "USA"), ("KOR", "USA"))
WHOLE = (("JPN", "KOR"), *BY_USA)
AT_NS = parse_instant("2024-01-15T00:00:00Z")
CLAUSE = """
[[clause]]
id = "{id}"
article = "1"
effect = "{effect}"
domains = ["missile"]
kinds = ["track"]
from = {givers}
to = {receivers}
{more}
"""


def clause(clause_id: str, giver: str, receiver: str, more: str = "", effect: str = "permit") -> str:
    form = 'form = "tracks"' if effect == "permit" else ""
    return CLAUSE.format(
        id=clause_id, effect=effect, givers=giver, receivers=receiver, more=f"{more}\n{form}"
    )


def pact(*clauses: str, onward: str = "with-consent", window: str = "") -> str:
    head = f"""
[agreement]
id = "pact"
version = 1
title = "pact"
parties = ["JPN", "JPN/staff", "KOR", "USA", "OBS"]
in_force_from = 2020-01-01T00:00:00Z
{window}
purposes = ["relief"]
onward = "{onward}"
"""
    return head + "".join(clauses)


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        ("separate-2009", BY_USA),
        ("hub-2014", BY_USA),
        ("direct-2016", WHOLE),
        # The agreement of 2016 is still in force: Japan and Korea may give directly, case by case.
        ("realtime-2023", WHOLE),
        ("multilateral", WHOLE),
    ],
)
def test_the_links_of_a_preset(name: str, pairs: tuple[tuple[str, str], ...]) -> None:
    preset, held = regime(name)
    assert linked_pairs(held, ALL, preset.as_of_ns) == pairs
    assert linked_pairs(held, tuple(reversed(ALL)), preset.as_of_ns) == pairs


@pytest.mark.parametrize("name", ["separate-2009", "hub-2014"])
def test_observers_of_an_exercise_link_no_parties_that_have_no_agreement(name: str) -> None:
    preset, held = regime(name)
    files = dict(held.files)
    for party in ALL:
        others = [other for other in ALL if other != party]
        text = observer_agreement(party, others, "OBS", preset.purpose, "2009-01-01T00:00:00Z")
        files[f"observer-{party}.toml"] = read_agreement(f"observer-{party}.toml", text)
    watched = type(held).of(files)
    assert linked_pairs(watched, ALL, preset.as_of_ns) == BY_USA
    seen = linked_pairs(watched, (*ALL, "OBS"), preset.as_of_ns)
    assert seen == (("JPN", "OBS"), ("JPN", "USA"), ("KOR", "OBS"), ("KOR", "USA"), ("OBS", "USA"))


LEG = clause("leg", '["JPN"]', '["USA"]')
THROUGH = clause("through", '["JPN"]', '["KOR"]', 'via = "USA"')
ENDED = "in_force_until = 2024-01-15T00:00:00Z"
NONE: list[tuple[str, str]] = [
    ("a prohibition", pact(clause("1", '["JPN"]', '["KOR"]', effect="forbid"))),
    ("a party with itself", pact(clause("1", '["JPN", "OBS"]', '["JPN", "OBS"]'))),
    ("a party outside those asked about", pact(clause("1", '["JPN"]', '["OBS"]'))),
    ("a party's staff", pact(clause("1", '["JPN"]', '["JPN/staff"]'))),
    ("an intermediary whom no clause gives anything", pact(THROUGH)),
    ("a clause that has ended", pact(clause("1", '["JPN"]', '["KOR"]'), window=ENDED)),
]


@pytest.mark.parametrize(("name", "text"), NONE, ids=[row[0] for row in NONE])
def test_nothing_is_linked_by(name: str, text: str) -> None:
    assert linked_pairs(agreements(pact=text), ALL, AT_NS) == (), name


LINKED: list[tuple[str, str, tuple[tuple[str, str], ...]]] = [
    ("each giver with each receiver", pact(clause("1", '["JPN", "KOR"]', '["KOR", "USA"]')), WHOLE),
    ("an intermediary with both", pact(LEG, THROUGH), BY_USA),
    ("an intermediary where nothing goes on", pact(LEG, THROUGH, onward="never"), BY_USA[:1]),
    (
        "an intermediary that gets it through another",
        pact(
            LEG,
            clause("2", '["JPN"]', '["OBS"]', 'via = "USA"'),
            clause("3", '["JPN"]', '["KOR"]', 'via = "OBS"'),
        ),
        BY_USA[:1],
    ),
    (
        "a clause after approval",
        pact(clause("1", '["KOR"]', '["JPN"]', 'approval = "originator"')),
        WHOLE[:1],
    ),
]


@pytest.mark.parametrize(("name", "text", "pairs"), LINKED, ids=[row[0] for row in LINKED])
def test_it_links(name: str, text: str, pairs: tuple[tuple[str, str], ...]) -> None:
    assert linked_pairs(agreements(pact=text), ALL, AT_NS) == pairs, name


def test_before_any_agreement_nothing_is_linked() -> None:
    _, held = regime("direct-2016")
    assert linked_pairs(held, ALL, parse_instant("1980-01-01T00:00:00Z")) == ()
    assert linked_pairs(held, ALL, parse_instant("1990-01-01T00:00:00Z")) == BY_USA[1:]
    assert linked_pairs(held, ("JPN",), parse_instant("2024-01-15T00:00:00Z")) == ()
