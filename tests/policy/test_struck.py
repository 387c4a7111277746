"""Agreement files without some clauses: cut, read again, and the same as striking the clauses."""

import pytest
from tests.policy.cases import REGIMES, agreements

from trilat.model import AgreementError, UsageError
from trilat.policy import AgreementSet, read_agreement, strike, struck_texts

TEXTS = {
    path.name: path.read_text(encoding="utf-8") for path in sorted((REGIMES / "agreements").glob("*.toml"))
}
CLAUSES = [
    f"{file}#{clause.clause_id}"
    for file, text in TEXTS.items()
    for clause in read_agreement(file, text).clauses
]
TRICK = '''
[agreement]
id = "trick"
version = 1
title = "Words that look like tables"
parties = ["JPN", "KOR"]
in_force_from = 2020-01-01T00:00:00Z
purposes = ["relief"]
onward = "never"

[[clause]]
id = "first"
article = "1"
effect = "permit"
domains = ["relief"]
kinds = ["need"]
from = ["JPN"]
to = ["KOR"]
form = "areas"
note = """
[[clause]]
"""

[[ clause ]] # the second one
id = "second"
article = "2"
effect = "permit"
domains = ["relief"]
kinds = ["offer"]
from = ["KOR"]
to = ["JPN"]
form = "areas"
'''


@pytest.mark.parametrize(
    "name",
    ["", "#", "us-japan-2007.toml", "us-japan-2007.toml#", "us-japan-2007#to-usa", "nobody.toml#1", "to-usa"],
)
def test_a_clause_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(UsageError, match=r"no clause `.*` is in these agreements: name one as file#id"):
        struck_texts(TEXTS, [name])


def test_one_unknown_clause_beside_known_ones_refuses_all() -> None:
    with pytest.raises(UsageError, match=r"us-japan-2007\.toml#nothing"):
        struck_texts(TEXTS, ["us-japan-2007.toml#to-usa", "us-japan-2007.toml#nothing"])


@pytest.mark.parametrize("struck", ["first", "second"])
def test_a_text_that_cannot_be_cut_safely_is_refused_and_not_cut_wrongly(struck: str) -> None:
    with pytest.raises(AgreementError):
        struck_texts({"trick.toml": TRICK}, [f"trick.toml#{struck}"])


@pytest.mark.parametrize("name", CLAUSES)
def test_each_clause_of_history_can_be_struck_alone(name: str) -> None:
    held = AgreementSet.of({file: read_agreement(file, text) for file, text in TEXTS.items()})
    texts = struck_texts(TEXTS, [name])
    without = AgreementSet.of({file: read_agreement(file, text) for file, text in texts.items()})
    assert without.files == strike(held, name).files


def test_a_file_of_which_no_clause_is_left_is_gone() -> None:
    name = "multilateral.toml"
    texts = struck_texts({name: TEXTS[name]}, [one for one in CLAUSES if one.startswith(name)])
    assert texts == {}


def test_signatures_go_for_what_was_signed_is_another_text() -> None:
    name = "us-japan-2007.toml"
    signed = TEXTS[name] + '\n[[signature]]\nparty = "JPN"\nsigned = 2009-01-01T00:00:00Z\nvalue = "AAAA"\n'
    (cut,) = struck_texts({name: signed}, [f"{name}#to-usa"]).values()
    assert read_agreement(name, cut).signatures == ()
    assert "signature" not in cut


def test_nothing_struck_changes_nothing() -> None:
    assert struck_texts(TEXTS, []) == TEXTS
    assert agreements(ok=TEXTS["multilateral.toml"]).files
