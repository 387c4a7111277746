"""When and to whom a permitted item leaves: delays, thinning, consents, and nothing twice."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from msgspec.structs import replace
from tests.small_federation import at, federation_of, impact, launch, once, opened, play, sent

from trilat.model import SECOND_NS, Approval, Consent, Declared, Domain, Event, Outcome, UsageError
from trilat.node import Node, declare
from trilat.node.exchange import Held
from trilat.policy import AgreementSet
from trilat.study import Federation, Preset, preset


def _grant(party: str, *, granted: bool = True) -> Callable[[Federation], None]:
    def act(federation: Federation) -> None:
        node = federation.nodes[party]
        for referral in node.referrals():
            node.answer(referral, granted=granted, officer=f"{party}/officer", valid_s=600)

    return act


def _versions(node: Node, recipient: str, name: str) -> list[int]:
    return [record.item.version for record in sent(node, recipient) if record.item.item_id == name]


def test_a_consent_frees_the_newest_version_for_its_recipient_and_repeats_nothing_to_others() -> None:
    federation = federation_of("direct-2016", 20)
    jpn = federation.nodes["JPN"]
    reports = [(at(t), "JPN", launch(jpn, version=t)) for t in range(1, 11)]
    play(federation, reports, [once(5, _grant("JPN"))])
    assert _versions(jpn, "USA", "JPN-seen") == list(range(1, 11))
    # Five waited for an officer; of those the newest goes, then each as it comes.
    assert _versions(jpn, "KOR", "JPN-seen") == list(range(5, 11))
    assert [release.form.value for _, release, _ in opened(federation.nodes["KOR"])]


def test_what_an_officer_refused_is_not_asked_again() -> None:
    """The direct path is asked about first, then the one through the intermediary, then no more."""
    federation = federation_of("direct-2016", 20)
    jpn = federation.nodes["JPN"]
    asked: list[int] = []
    reports = [(at(t), "JPN", launch(jpn, version=t)) for t in range(1, 11)]
    refuse = [once(t, _grant("JPN", granted=False)) for t in (5, 8)]

    def count(running: Federation) -> None:
        asked.append(len(running.nodes["JPN"].referrals()))

    play(federation, reports, [*refuse, *(once(t, count) for t in (4, 7, 12))])
    assert _versions(jpn, "KOR", "JPN-seen") == []
    assert asked == [1, 1, 0]


def test_under_the_two_person_rule_nothing_leaves_before_a_second_officer_grants() -> None:
    chosen = preset("direct-2016")
    files = {}
    for name, agreement in chosen.agreements.files.items():
        clauses = tuple(
            replace(one, approval=Approval.TWO_PERSON) if one.approval is Approval.ORIGINATOR else one
            for one in agreement.clauses
        )
        files[name] = replace(agreement, clauses=clauses)
    plain = federation_of("direct-2016", 30)
    federation = Federation(plain.settings, Preset(chosen.name, chosen.regime, AgreementSet.of(files)))
    jpn = federation.nodes["JPN"]
    seen: list[tuple[int, int]] = []

    def grant(officer: str) -> Callable[[Federation], None]:
        def act(running: Federation) -> None:
            node = running.nodes["JPN"]
            for referral in node.referrals():
                node.answer(referral, granted=True, officer=f"JPN/{officer}", valid_s=600)
            seen.append((len(_versions(node, "KOR", "JPN-seen")), len(node.referrals())))

        return act

    reports = [(at(t), "JPN", launch(jpn, version=t)) for t in range(1, 21)]
    acts = [once(5, grant("officer")), once(9, grant("officer")), once(12, grant("deputy"))]
    play(federation, reports, acts)
    # Asked until the second officer; the first, granting again, is still one.
    assert seen == [(0, 1), (0, 1), (0, 0)]
    assert _versions(jpn, "KOR", "JPN-seen") == list(range(12, 21))
    assert [release.form.value for _, release, _ in opened(federation.nodes["KOR"])]


def test_what_an_officer_declares_opens_an_emergency_clause_and_a_suspension_shuts_it_at_once() -> None:
    chosen = preset("direct-2016")
    name = "japan-korea-2016.toml"
    pact = chosen.agreements.files[name]
    clauses = tuple(
        replace(one, kinds=(*one.kinds, "declaration"))
        if "consent" in one.kinds
        else replace(one, approval=Approval.NONE, situations=("launch",))
        for one in pact.clauses
    )
    files = {**chosen.agreements.files, name: replace(pact, clauses=clauses)}
    plain = federation_of("direct-2016", 30)
    federation = Federation(plain.settings, Preset(chosen.name, chosen.regime, AgreementSet.of(files)))
    jpn, kor = federation.nodes["JPN"], federation.nodes["KOR"]

    def declares(declared: Declared, about: str, valid_s: int | None) -> Callable[[Federation], None]:
        def act(running: Federation) -> None:
            declare(
                running.nodes["JPN"],
                declared,
                about,
                officer="JPN/officer",
                domain=Domain.MISSILE,
                valid_s=valid_s,
            )

        return act

    reports = [(at(t), "JPN", launch(jpn, version=t)) for t in range(1, 21)]
    acts = [
        once(5, declares(Declared.SITUATION, "launch", 600)),
        once(12, declares(Declared.SUSPENSION, "japan-korea-2016", None)),
    ]
    play(federation, reports, acts)
    gone = _versions(jpn, "KOR", "JPN-seen")
    assert gone[0] in {5, 6}
    assert gone[-1] in {11, 12}
    # Korea knows of the launch from Japan itself, so it takes what came under the clause.
    assert [one.declared for one in kor.exchange.declarations][:1] == [Declared.SITUATION]
    assert len([1 for _, release, _ in opened(kor) if release.item.item_id == "JPN-seen"]) == len(gone)


def test_a_referral_is_answered_once_and_only_by_the_own_staff() -> None:
    federation = federation_of("direct-2016", 4)
    jpn = federation.nodes["JPN"]
    play(federation, [(at(1), "JPN", launch(jpn))])
    referral = jpn.referrals()[0]
    with pytest.raises(Exception, match="only the originator's officer consents"):
        jpn.answer(referral, granted=True, officer="KOR/officer", valid_s=600)
    jpn.answer(referral, granted=True, officer="JPN/officer", valid_s=600)
    with pytest.raises(UsageError, match="no referral on `JPN-seen`"):
        jpn.answer(referral, granted=True, officer="JPN/officer", valid_s=600)


def test_a_partners_consent_answers_no_question_of_ours() -> None:
    """Whoever signs a consent that names our subject may not take the question from our officer."""
    federation = federation_of("direct-2016", 4)
    jpn = federation.nodes["JPN"]
    play(federation, [(at(1), "JPN", launch(jpn))])
    referral = jpn.referrals()[0]
    theirs = Consent(
        **federation.nodes["KOR"].heads.head(
            "consent-x",
            "x",
            kind="consent",
            domain=referral.domain,
            valid_ns=at(2),
            now_ns=at(2),
        ),
        subjects=(referral.subject,),
        recipient=referral.recipient,
        via=referral.via,
        clause=referral.clause,
        granted=True,
        officer="KOR/officer",
        until_ns=at(600),
    )
    jpn.exchange.add_consent(theirs, b"signed by KOR")
    assert jpn.referrals()[0] == referral


def test_thinning_lets_the_last_word_through() -> None:
    """A launch keeps its instant while its estimate changes: the newest estimate must arrive all the same."""
    federation = federation_of("realtime-2023", 20)
    nodes = federation.nodes
    reports = [(at(2 + t / 10), "JPN", launch(nodes["JPN"], version=t + 1)) for t in range(8)]
    play(federation, reports)
    passed = [
        (release.item.version, record.sequence)
        for record, release, _ in opened(nodes["KOR"])
        if isinstance(release.item, Event) and record.sender == "USA"
    ]
    assert passed[-1][0] == 8
    assert len(passed) < 8, "the premise: there was something to thin"
    instants = [
        stored.recorded_ns
        for stored in nodes["USA"].ledger.entries()
        if stored.kind.value == "release" and b"JPN-seen" in (stored.content or b"")
    ]
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    assert all(gap >= SECOND_NS for gap in gaps)


def test_what_thinning_dropped_leaves_nothing_behind_and_does_not_wait_when_decided_on_again() -> None:
    federation = federation_of("realtime-2023", 20)
    nodes = federation.nodes
    reports = [(at(2 + t / 10), "JPN", launch(nodes["JPN"], version=t + 1)) for t in range(8)]
    play(federation, reports)
    exchange = nodes["USA"].exchange
    assert exchange.waiting("KOR") == 0
    given = next(release for _, release, _ in opened(nodes["USA"]) if release.item.version == 2)
    overtaken = Held(given.item, b"", form=given.form)
    again = exchange.decide(overtaken, "KOR", at(19))
    assert again.outcome is Outcome.PERMIT
    exchange.take(overtaken, again, at(19))
    assert exchange.waiting("KOR") == 0
    assert list(exchange.due(at(60))) == []


def test_a_delay_is_kept() -> None:
    """Under the hub tracks wait; impact areas go at once, after the consent."""
    federation = federation_of("realtime-2023", 12)
    nodes = federation.nodes
    play(federation, [(at(3), "JPN", impact(nodes["JPN"], at_s=3))])
    left = [
        stored.recorded_ns
        for stored in nodes["USA"].ledger.entries()
        if stored.kind.value == "release" and b"JPN-fall" in (stored.content or b"")
    ]
    assert left
    # One second after the valid time is due, and the item is at the United States after its first tick.
    assert min(left) >= at(4)


def test_more_than_one_commit_holds_waits_for_the_next_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trilat.node.node._DECIDED_ENTRIES_MAX", 4)
    monkeypatch.setattr("trilat.node.node._RELEASES_MAX", 3)
    federation = federation_of("multilateral", 25)
    jpn = federation.nodes["JPN"]
    many = [(at(1), "JPN", launch(jpn, f"seen-{number}", at_s=0.0)) for number in range(12)]
    play(federation, many)
    for peer in ("USA", "KOR"):
        names = [record.item.item_id for record in sent(jpn, peer)]
        assert {f"JPN-seen-{number}" for number in range(12)} <= set(names)
        assert len(set(names)) == len(names)
        assert jpn.endpoint.acknowledged(peer) == len(names)


def test_a_late_consent_frees_what_waits_for_its_recipient_alone() -> None:
    federation = federation_of("direct-2016", 14)
    jpn = federation.nodes["JPN"]
    reports = [(at(t), "JPN", launch(jpn, version=t)) for t in range(1, 4)]
    play(federation, reports, [once(7, _grant("JPN"))])
    assert _versions(jpn, "USA", "JPN-seen") == [1, 2, 3]
    assert _versions(jpn, "KOR", "JPN-seen") == [3]
