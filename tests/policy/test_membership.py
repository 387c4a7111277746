"""Which version may follow which, and who must have signed it: rows written by hand."""

from collections.abc import Collection

import msgspec
import pytest
from tests.three_nodes import RING, START_NS, ring

from trilat.model import Agreement, AgreementError
from trilat.policy import is_removal, read_agreement, signatories, unsigned_reason, without_parties

DAY_NS = 86_400 * 10**9


def after(
    base: Agreement, gone: Collection[str] = ("KOR",), version: int = 2, at_ns: int = START_NS
) -> Agreement:
    made = without_parties(base, gone, version, at_ns)
    assert made is not None
    return made


def test_a_party_that_goes_is_in_no_clause_any_more() -> None:
    made = after(ring())
    assert (made.parties, made.version, made.in_force_from_ns) == (("JPN", "USA"), 2, START_NS)
    assert [clause.clause_id for clause in made.clauses] == ["direct"]
    assert made.clauses[0].givers == made.clauses[0].receivers == ("JPN", "USA")
    assert is_removal(made, ring())


def test_who_may_take_others_out_goes_with_the_party() -> None:
    assert after(ring(), ("USA",)).removal_by == ()


def test_one_party_alone_is_no_agreement() -> None:
    assert without_parties(ring(), ("KOR", "JPN"), 2, START_NS) is None


FORBIDS = """
[[clause]]
id = "no-statements"
article = "3"
effect = "forbid"
domains = ["missile"]
kinds = ["statement"]
from = ["USA"]
to = ["KOR", "JPN"]
"""


def test_a_prohibition_that_names_who_goes_keeps_one_party_from_taking_it_out_alone() -> None:
    base = read_agreement("ring.toml", RING + FORBIDS)
    assert without_parties(base, ("KOR",), 2, START_NS) is None
    by_hand = msgspec.structs.replace(
        after(ring()),
        clauses=(*after(ring()).clauses, msgspec.structs.replace(base.clauses[2], receivers=("JPN",))),
    )
    assert not is_removal(by_hand, base)
    assert unsigned_reason(by_hand, base, {"USA"}, START_NS) is not None
    assert unsigned_reason(by_hand, base, {"USA", "JPN", "KOR"}, START_NS) is None


ROWS = [
    ("the first version signed by all", 1, None, {"JPN", "KOR", "USA"}, True),
    ("the first version without one", 1, None, {"JPN", "USA"}, False),
    ("a change signed by all", 2, (), {"JPN", "KOR", "USA"}, True),
    ("a change without one", 2, (), {"KOR", "USA"}, False),
    ("a removal by who may", 2, ("KOR",), {"USA"}, True),
    ("a removal by nobody", 2, ("KOR",), set(), False),
    ("a removal by one who may not", 2, ("KOR",), {"JPN"}, False),
    ("a removal by all that stay", 2, ("USA",), {"JPN", "KOR"}, True),
    ("a removal of who may remove, by one of those that stay", 2, ("USA",), {"JPN"}, False),
    ("one leaves", 2, ("KOR",), {"KOR"}, True),
    ("one leaves and takes another along", 2, ("KOR",), {"JPN", "KOR"}, True),
]


@pytest.mark.parametrize(("name", "version", "gone", "signed_by", "may"), ROWS, ids=[row[0] for row in ROWS])
def test_who_must_have_signed(
    name: str, version: int, gone: tuple[str, ...] | None, signed_by: set[str], may: bool
) -> None:
    if gone is None:
        new, base = ring(), None
    elif gone:
        new, base = after(ring(), gone, version), ring()
    else:
        new, base = msgspec.structs.replace(ring(), version=version, title="another"), ring()
    reason = unsigned_reason(new, base, signed_by, START_NS)
    assert (reason is None) is may, name
    assert may or "is not signed by" in (reason or "")


def test_who_may_remove_cannot_change_another_word_with_it() -> None:
    for changed in (
        msgspec.structs.replace(after(ring()), purposes=("warning", "trade")),
        msgspec.structs.replace(after(ring()), fresh_s=0),
        msgspec.structs.replace(after(ring()), title="Two share what they see"),
        msgspec.structs.replace(after(ring()), removal_by=("USA", "JPN")),
    ):
        assert unsigned_reason(changed, ring(), {"USA"}, START_NS) is not None


def test_strangers_cannot_take_the_name_of_an_agreement() -> None:
    taken = msgspec.structs.replace(
        ring(),
        version=2,
        parties=("JPN", "AUS"),
        removal_by=(),
        clauses=(msgspec.structs.replace(ring().clauses[0], givers=("JPN",), receivers=("AUS",)),),
    )
    reason = unsigned_reason(taken, ring(), {"JPN", "AUS"}, START_NS)
    assert reason is not None
    assert "KOR, USA" in reason


@pytest.mark.parametrize("version", [1, 2])
def test_a_version_that_is_known_or_older_does_not_follow(version: int) -> None:
    base = msgspec.structs.replace(ring(), version=2)
    new = msgspec.structs.replace(ring(), version=version)
    assert "does not follow version 2" in (unsigned_reason(new, base, set(signatories(new)), START_NS) or "")


def test_a_party_leaves_after_the_days_of_notice_and_not_before() -> None:
    base = msgspec.structs.replace(ring(), notice_days=90)
    early, due = (after(base, ("KOR",), at_ns=START_NS + days * DAY_NS) for days in (89, 90))
    assert unsigned_reason(early, base, {"KOR"}, START_NS) is not None
    assert unsigned_reason(due, base, {"KOR"}, START_NS) is None
    # Who may take it out need not wait.
    assert unsigned_reason(early, base, {"USA"}, START_NS) is None


def test_staff_do_not_sign_their_party_does() -> None:
    agreement = msgspec.structs.replace(ring(), parties=("JPN", "JPN/watch", "KOR", "USA"))
    assert signatories(agreement) == ("JPN", "KOR", "USA")


def test_only_a_party_takes_others_out() -> None:
    with pytest.raises(AgreementError, match=r"unknown `AUS` in `removal_by`"):
        read_agreement("ring.toml", RING.replace('removal_by = ["USA"]', 'removal_by = ["AUS"]'))
