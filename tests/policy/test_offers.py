"""Who gives whom what, as the matrix shows it: nothing unless a clause says so, and why nothing."""

import pytest
from tests.policy.cases import agreements, ask, declaration, regime, track
from tests.policy.test_linked import clause, pact

from trilat.model import Approval, Declared, Form, Outcome, Reason, Status, parse_instant
from trilat.policy import AgreementSet, Cell, decide, declared_now, offers, strike

AT_NS = parse_instant("2024-01-15T00:00:00Z")
JAPAN_TO_KOREA = ("JPN", "KOR")
TO_OBSERVER = 'onward = "to-named"\nonward_to = ["OBS"]'
NAMES = ("separate-2009", "hub-2014", "direct-2016", "realtime-2023", "multilateral")


def cell(held: AgreementSet, giver: str, receiver: str, at_ns: int = AT_NS, purpose: str = "relief") -> Cell:
    return offers(held, giver, receiver, purpose, declared_now((), Status.SIMULATED, at_ns))


def under(name: str, giver: str, receiver: str, struck: tuple[str, ...] = ()) -> Cell:
    preset, held = regime(name)
    for one in struck:
        held = strike(held, one)
    return cell(held, giver, receiver, preset.as_of_ns, preset.purpose)


def forms(found: Cell) -> dict[str, Form]:
    return {offer.kind: offer.form for offer in found.offers if not offer.is_control}


NOTHING = [
    ("no agreement with each other", under("separate-2009", *JAPAN_TO_KOREA), Reason.NO_AGREEMENT),
    (
        "the leg to the intermediary is struck",
        under("hub-2014", "JPN", "KOR", ("us-japan-2007.toml#to-usa",)),
        Reason.LEG_WITHHELD,
    ),
    (
        "every clause in the direction is struck",
        under(
            "hub-2014",
            "JPN",
            "KOR",
            ("three-way-2014.toml#4-japan-tracks", "three-way-2014.toml#4-japan-areas"),
        ),
        Reason.NO_CLAUSE,
    ),
    ("before its time", cell(agreements(p=pact(clause("a", '["JPN"]', '["KOR"]'))), *JAPAN_TO_KOREA, 0),
     Reason.NOT_IN_FORCE),
    (
        "for another purpose",
        cell(agreements(p=pact(clause("a", '["JPN"]', '["KOR"]'))), "JPN", "KOR", AT_NS, "missile-warning"),
        Reason.PURPOSE_NOT_ALLOWED,
    ),
    (
        "in the other direction only",
        cell(agreements(p=pact(clause("a", '["KOR"]', '["JPN"]'))), *JAPAN_TO_KOREA),
        Reason.NO_CLAUSE,
    ),
    (
        "a prohibition beside the permission",
        cell(
            agreements(
                p=pact(
                    clause("a", '["JPN"]', '["KOR"]'),
                    clause("never", '["JPN"]', '["KOR"]', effect="forbid"),
                )
            ),
            *JAPAN_TO_KOREA,
        ),
        Reason.CLAUSE_FORBIDS,
    ),
    (
        "a prohibition alone",
        cell(
            agreements(p=pact(clause("never", '["JPN"]', '["KOR"]', effect="forbid"))), *JAPAN_TO_KOREA
        ),
        Reason.CLAUSE_FORBIDS,
    ),
    (
        "through somebody who may not pass on",
        cell(
            agreements(
                p=pact(
                    clause("leg", '["JPN"]', '["USA"]'),
                    clause("on", '["JPN"]', '["KOR"]', 'via = "USA"\n' + TO_OBSERVER),
                )
            ),
            *JAPAN_TO_KOREA,
        ),
        Reason.ONWARD_NOT_ALLOWED,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("case", "found", "reason"), NOTHING, ids=[row[0] for row in NOTHING])
def test_nothing_goes_and_one_reason_says_why(case: str, found: Cell, reason: Reason) -> None:
    del case
    assert forms(found) == {}
    assert found.reason is reason


def test_a_suspended_clause_offers_nothing_until_it_is_lifted() -> None:
    held = agreements(p=pact(clause("a", '["JPN"]', '["KOR"]')))
    said = [declaration("JPN", AT_NS, declared=Declared.SUSPENSION, about="pact#a")]
    found = offers(held, "JPN", "KOR", "relief", declared_now(said, Status.SIMULATED, AT_NS))
    assert (found.offers, found.reason) == ((), Reason.GIVING_SUSPENDED)
    assert [rule.name for rule in found.rules] == ["p.toml#a"], "the clause is still there to be read"
    assert cell(held, "JPN", "KOR").reason is None


def test_who_is_at_neither_end_of_the_first_leg_does_not_ask_about_it() -> None:
    held = agreements(p=pact(clause("on", '["JPN"]', '["KOR"]', 'via = "USA"')))
    now = declared_now((), Status.SIMULATED, AT_NS)
    seen = {party: offers(held, "JPN", "KOR", "relief", now, party) for party in ("JPN", "USA", "KOR")}
    assert (seen["JPN"].reason, seen["USA"].reason) == (Reason.LEG_WITHHELD, Reason.LEG_WITHHELD)
    assert [offer.rule.clause.via for offer in seen["KOR"].offers] == ["USA"]


def test_a_prohibition_on_one_path_leaves_the_other() -> None:
    held = agreements(
        p=pact(
            clause("direct", '["JPN"]', '["KOR"]'),
            clause("leg", '["JPN"]', '["USA"]'),
            clause("on", '["JPN"]', '["KOR"]', 'via = "USA"'),
            clause("never", '["JPN"]', '["KOR"]', 'via = "USA"', effect="forbid"),
        )
    )
    assert [offer.rule.clause.clause_id for offer in cell(held, "JPN", "KOR").offers] == ["direct"]


def test_the_best_way_is_without_asking_then_the_richest() -> None:
    late = clause("late", '["JPN"]', '["KOR"]') + "[clause.duties]\ndelay_s = 5\n"
    held = agreements(p=pact(clause("asked", '["JPN"]', '["KOR"]', 'approval = "originator"'), late))
    (offer,) = cell(held, "JPN", "KOR").offers
    assert (offer.rule.clause.clause_id, offer.rule.clause.duties.delay_s) == ("late", 5)


HISTORY = [
    ("separate-2009", "JPN", "USA", Form.TRACKS, None, Approval.NONE, 0),
    ("hub-2014", "JPN", "KOR", Form.COARSE_TRACKS, "USA", Approval.ORIGINATOR, 10),
    ("direct-2016", "KOR", "JPN", Form.TRACKS, None, Approval.ORIGINATOR, 0),
    ("realtime-2023", "KOR", "JPN", Form.TRACKS, "USA", Approval.NONE, 1),
    ("multilateral", "JPN", "KOR", Form.TRACKLETS, None, Approval.NONE, 0),
]


@pytest.mark.parametrize(("name", "giver", "receiver", "form", "via", "approval", "delay_s"), HISTORY)
def test_history_offers_tracks_as_its_agreements_say(
    name: str, giver: str, receiver: str, form: Form, via: str | None, approval: Approval, delay_s: int
) -> None:
    found = under(name, giver, receiver)
    best = {offer.kind: offer for offer in found.offers}["track"]
    clause_ = best.rule.clause
    assert (best.form, clause_.via, clause_.approval, clause_.duties.delay_s) == (
        form,
        via,
        approval,
        delay_s,
    )
    assert found.reason is None


@pytest.mark.parametrize(
    "name", ["separate-2009", "hub-2014", "direct-2016", "realtime-2023", "multilateral"]
)
@pytest.mark.parametrize("giver", ["JPN", "KOR", "USA"])
@pytest.mark.parametrize("receiver", ["JPN", "KOR", "USA"])
def test_what_is_offered_of_tracks_is_what_decide_lets_go(name: str, giver: str, receiver: str) -> None:
    if giver == receiver:
        return
    preset, held = regime(name)
    best = {offer.kind: offer for offer in under(name, giver, receiver).offers}.get("track")
    others = ({"JPN", "KOR", "USA"} - {giver, receiver}).pop()
    answers = [
        decide(track(giver, preset.as_of_ns), ask(giver, receiver, via=via, at_ns=preset.as_of_ns), held)
        for via in (None, others)
    ]
    let = [answer for answer in answers if answer.outcome is not Outcome.WITHHOLD]
    assert (best is None) == (not let)
    if best is not None:
        assert best.rule.name in {name for answer in let for name in answer.clauses}
