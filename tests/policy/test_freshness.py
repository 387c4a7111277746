"""A permission under an agreement of which nobody entitled was heard is none: answers written by hand."""

import msgspec
import pytest
from tests.three_nodes import FILE, START_NS, ring

from trilat.model import (
    Classification,
    Decision,
    Domain,
    Event,
    EventKind,
    Form,
    Label,
    Outcome,
    Provenance,
    Reason,
    Status,
)
from trilat.policy import AgreementSet, Heard, ReleaseRequest, decide, refuse_stale

HELD = AgreementSet.of({FILE: ring()})
ALL = frozenset({"KOR", "USA"})


def event(originator: str = "JPN", parts: tuple[str, ...] = ()) -> Event:
    return Event(
        item_id=f"{originator}-1",
        subject=f"{originator}-1",
        domain=Domain.MISSILE,
        status=Status.EXERCISE,
        valid_ns=START_NS,
        label=Label(
            originator=originator,
            classification=Classification(scheme="USA", level="CONFIDENTIAL"),
            releasable_to=tuple(party for party in ("JPN", "KOR", "USA") if party != originator),
            created_ns=START_NS,
        ),
        provenance=Provenance(originators=(originator, *parts)),
        event=EventKind.LAUNCH,
        time_sigma_ms=500,
    )


def answered(item: Event, recipient: str, heard: dict[str, Heard]) -> Decision:
    request = ReleaseRequest(sender="JPN", recipient=recipient, purpose="warning", at_ns=START_NS)
    decision = decide(item, request, HELD)
    assert decision.outcome is Outcome.PERMIT, "the premise"
    return refuse_stale(decision, item, HELD, heard)


ROWS = [
    ("no limit", "JPN", "KOR", None, True),
    ("own, and a third party was heard", "JPN", "KOR", {"USA"}, True),
    ("own, and the recipient alone was heard", "JPN", "KOR", {"KOR"}, False),
    ("own, and nobody was heard", "JPN", "USA", set(), False),
    ("passed on, and its giver was heard", "USA", "KOR", {"USA"}, True),
    ("passed on, and its giver was not", "USA", "KOR", {"KOR"}, False),
]


@pytest.mark.parametrize(
    ("name", "originator", "recipient", "said", "goes"), ROWS, ids=[row[0] for row in ROWS]
)
def test_whose_word_counts(
    name: str, originator: str, recipient: str, said: set[str] | None, goes: bool
) -> None:
    heard = {} if said is None else {"ring": Heard(ALL, frozenset(said))}
    decision = answered(event(originator), recipient, heard)
    assert (decision.outcome is Outcome.PERMIT) is goes, name
    if not goes:
        assert decision.reasons == (Reason.AGREEMENT_STALE,)
        assert (decision.form, decision.duties, decision.consent) == (None, None, None)
        assert all(clause.startswith(f"{FILE}#") for clause in decision.clauses)


def test_where_there_is_no_third_party_the_recipients_word_has_to_do() -> None:
    pair = frozenset({"KOR"})
    assert answered(event(), "KOR", {"ring": Heard(pair, pair)}).outcome is Outcome.PERMIT
    assert answered(event(), "KOR", {"ring": Heard(pair, frozenset())}).outcome is Outcome.WITHHOLD


def test_nothing_goes_under_an_agreement_that_somebody_says_is_outdated() -> None:
    heard = {"ring": Heard(ALL, ALL, is_outdated=True)}
    assert answered(event(), "KOR", heard).reasons == (Reason.AGREEMENT_STALE,)


def test_another_agreements_limit_is_no_matter() -> None:
    assert answered(event(), "KOR", {"other": Heard(ALL, frozenset())}).outcome is Outcome.PERMIT


def test_a_refusal_stays_what_it_is() -> None:
    request = ReleaseRequest(sender="JPN", recipient="AUS", purpose="warning", at_ns=START_NS)
    refused = decide(event(), request, HELD)
    assert refused.outcome is Outcome.WITHHOLD
    assert refuse_stale(refused, event(), HELD, {"ring": Heard(ALL, frozenset())}) == refused


def test_the_own_staff_is_shown_what_is_held_without_asking_anybody() -> None:
    shown = msgspec.structs.replace(
        answered(event(), "KOR", {}), recipient="JPN/staff", form=Form.TRACKS, outcome=Outcome.PERMIT
    )
    assert refuse_stale(shown, event(), HELD, {"ring": Heard(ALL, frozenset())}) == shown
