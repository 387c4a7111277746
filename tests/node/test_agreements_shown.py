"""What a node's people see of its agreements: its own, nothing of others, and why nothing goes."""

from typing import Any

import pytest
from tests.policy.cases import REGIMES
from tests.three_nodes import START_NS, World, first, ring

from trilat.model import Agreement, Declared, Domain, Status, UsageError
from trilat.node import Node, declare, shown_matrix, shown_text, struck_history
from trilat.policy import internal_agreement, observer_agreement, read_agreement

OF_OTHERS = """
[agreement]
id = "usa-korea"
version = 1
title = "A secret of two"
parties = ["USA", "KOR"]
in_force_from = 2020-01-01T00:00:00Z
purposes = ["warning"]
onward = "never"

[[clause]]
id = "all"
article = "1"
effect = "permit"
domains = ["missile"]
kinds = ["track"]
from = ["USA"]
to = ["KOR"]
form = "tracks"
"""


def world(**texts: str) -> World:
    files: dict[str, Agreement] = {"ring.toml": first()}
    files |= {f"{name}.toml": read_agreement(f"{name}.toml", text) for name, text in texts.items()}
    made = World(files)
    made.run(3)
    return made


def regime_world(*names: str, purpose: str = "missile-warning") -> World:
    """Nodes in 2024 under agreements of history."""
    files = {
        f"{name}.toml": read_agreement(
            f"{name}.toml", (REGIMES / "agreements" / f"{name}.toml").read_text(encoding="utf-8")
        )
        for name in names
    }
    return World(files, purpose=purpose)


def cells(node: Node) -> dict[tuple[str, str], dict[str, Any]]:
    return {(cell["from"], cell["to"]): cell for cell in shown_matrix(node)["cells"]}


def test_a_party_sees_nothing_of_an_agreement_of_two_others() -> None:
    node = world(**{"usa-korea": OF_OTHERS}).nodes["JPN"]
    assert "usa-korea" in node.agreements.newest(), "the premise: the file lies in its folder"
    seen = str(shown_matrix(node))
    assert "usa-korea" not in seen
    assert "A secret" not in seen
    for ask in (lambda: shown_text(node, "usa-korea"), lambda: struck_history(node, ("usa-korea.toml#all",))):
        with pytest.raises(UsageError) as caught:
            ask()
        assert "A secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "ring.toml", "Ring", "nobody's"])
def test_a_text_of_no_agreement_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(UsageError, match="GET /agreements/matrix lists its own"):
        shown_text(world().nodes["JPN"], name)


@pytest.mark.parametrize(
    ("struck", "words"),
    [
        ((), "name 1 to 50 clauses"),
        (tuple(f"ring.toml#{number}" for number in range(51)), "name 1 to 50 clauses"),
        (("ring.toml#nothing",), "has no clause `ring.toml#nothing`: GET"),
        (("ring#direct",), "has no clause `ring#direct`: GET"),
    ],
)
def test_what_cannot_be_struck_is_told(struck: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        struck_history(world().nodes["JPN"], struck)


def test_a_ledger_that_is_too_long_is_left_to_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trilat.node.agreements_shown.WHAT_IF_ENTRIES_MAX", 1)
    made = world()
    made.see("USA", "launch")
    made.run(3)
    with pytest.raises(UsageError, match="ask `trilat what-if` with it"):
        struck_history(made.nodes["USA"], ("ring.toml#direct",))


def test_without_the_clause_what_went_is_lost_and_nothing_is_written() -> None:
    made = world()
    made.see("USA", "launch")
    made.run(5)
    node = made.nodes["USA"]
    before = node.ledger.head()
    told = struck_history(node, ("ring.toml#direct",))
    rows = {(row["recipient"], row["via"]): row for row in told["rows"]}
    assert rows["JPN", None]["lost"] == 2, "the launch, and the warning that was made of it"
    assert rows["KOR", "JPN"]["lost"] == 1, "the leg to Japan is gone too"
    untouched = struck_history(node, ("ring.toml#through-japan",))
    assert {row["lost"] for row in untouched["rows"] if row["via"] is None} == {0}
    assert node.ledger.head() == before


def test_two_parties_without_an_agreement_are_shown_as_refused() -> None:
    node = regime_world("us-japan-2007", "us-korea-1987").nodes["JPN"]
    found = cells(node)
    assert found["JPN", "KOR"]["reason"] == found["KOR", "JPN"]["reason"] == "no-agreement"
    assert found["JPN", "KOR"]["offers"] == []
    assert found["KOR", "USA"]["own"] is False
    assert found["KOR", "USA"]["offers"] == [], "what those two have with each other is theirs"
    offered = {offer["kind"]: offer for offer in found["JPN", "USA"]["offers"]}
    assert offered["track"]["form"] == "tracks"
    assert offered["recall"]["control"] is True


def test_an_offer_says_form_path_approval_and_duties() -> None:
    node = regime_world("us-japan-2007", "us-korea-1987", "three-way-2014").nodes["KOR"]
    (offer,) = (one for one in cells(node)["JPN", "KOR"]["offers"] if one["kind"] == "track")
    assert (offer["form"], offer["via"], offer["approval"]) == ("coarse-tracks", "USA", "originator")
    assert offer["duties"] == {
        "delay_s": 10,
        "thin_s": 10,
        "round_position_m": 5000,
        "strip": ["sensors"],
    }
    assert offer["clause"] == "three-way-2014.toml#4-japan-tracks"


def test_a_suspension_stands_beside_the_agreement_and_empties_the_cell() -> None:
    node = world().nodes["JPN"]
    (row,) = shown_matrix(node)["agreements"]
    assert (row["state"], row["suspended"]) == ("in-force", [])
    assert cells(node)["JPN", "KOR"]["reason"] is None
    declare(node, Declared.SUSPENSION, "ring", officer="JPN/officer", domain=Domain.MISSILE, valid_s=60)
    (row,) = shown_matrix(node)["agreements"]
    assert row["suspended"] == [{"party": "JPN", "about": "ring"}]
    assert cells(node)["JPN", "KOR"]["reason"] == "giving-suspended"
    assert cells(node)["KOR", "JPN"]["reason"] is None, "what others give goes on"


def test_notice_that_was_given_says_when_it_ends() -> None:
    node = world().nodes["JPN"]
    declare(node, Declared.NOTICE, "ring", officer="JPN/officer", domain=Domain.MISSILE)
    (row,) = shown_matrix(node)["agreements"]
    assert row["ends"] is not None
    assert row["state"] == "ended-by-notice", "it asks for no days of notice"
    assert cells(node)["JPN", "KOR"]["reason"] == "not-in-force"


def test_own_staff_agreements_are_told_apart() -> None:
    text = internal_agreement("JPN", "warning", "2000-01-01T00:00:00Z")
    observer = observer_agreement("JPN", ("KOR", "USA"), "OBS", "warning", "2000-01-01T00:00:00Z")
    node = world(internal=text, observer=observer).nodes["JPN"]
    rows = {row["agreement"]: row for row in shown_matrix(node)["agreements"]}
    assert rows["internal-jpn"]["internal"] is True
    assert rows["observer-jpn"]["internal"] is True, "it names partners, but gives to the observer alone"
    assert rows["ring"]["internal"] is False


def test_a_text_has_every_clause_in_three_languages() -> None:
    told = shown_text(world().nodes["KOR"], "ring")
    assert told["version"] == ring().version
    assert set(told["texts"]) == {"en", "ja", "ko"}
    for text in told["texts"].values():
        assert list(text["clauses"]) == ["direct", "through-japan"]
        assert text["head"][0] == "Three share what they see"


def test_the_instant_is_that_of_deciding() -> None:
    node = World(decision_shift_ns=1_000).nodes["JPN"]
    assert shown_matrix(node)["at_ns"] == START_NS + 1_000
    assert node.config.status is Status.EXERCISE
