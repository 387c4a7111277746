"""Recalls with a hostile partner, and with a node that is killed at every write."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from tests.recall_drill import (
    DRILL,
    SEEN,
    answers,
    drill,
    only_case,
    recalling,
    run,
    steps,
    versions,
    voluntary,
)
from tests.small_federation import at, launch, once

from trilat.ledger import MemoryStore
from trilat.link import NodeKeys, open_certificate, sign_certificate
from trilat.model import (
    SECOND_NS,
    Answer,
    Certificate,
    Domain,
    EnvelopeError,
    HolderAnswer,
    ItemReference,
    LedgerError,
    Recall,
    RecallAction,
    Row,
    UsageError,
)
from trilat.node import Node, ReleaseRecord
from trilat.node.asked import CaseState
from trilat.node.obliged import NOT_HERE, OPEN_MAX
from trilat.node.recall_records import RecallStep
from trilat.study import Crash, Federation


def spoken(node: Node, kind: str, name: str, whom: str) -> dict[str, Any]:
    """The head of an item that a partner's program could make by hand."""
    now_ns = node.clock.now_ns()
    return dict(
        node.heads.head(
            name,
            name,
            kind=kind,
            domain=Domain.MISSILE,
            valid_ns=now_ns,
            now_ns=now_ns,
            releasable_to=(whom,),
        )
    )


def recall_by_hand(
    node: Node, whom: str, about: Sequence[ItemReference], name: str = "hand", within_ns: int = 60 * SECOND_NS
) -> Recall:
    head = spoken(node, "recall", name, whom)
    recall = Recall(
        **head,
        about=tuple(about),
        action=RecallAction.DESTROY,
        deadline_ns=head["valid_ns"] + within_ns,
    )
    node.say(recall, whom)
    return recall


def by_hand(party: str, whom: str, *names: str) -> Callable[[Federation], None]:
    return lambda federation: (recall_by_hand(federation.nodes[party], whom, versions(*names)), None)[1]


def told(node: Node) -> list[Answer]:
    return [item for item in node.holdings.items() if isinstance(item, Answer)]


@pytest.mark.parametrize("name", [SEEN, "JPN-never-made", "USA-secret", "KOR-never-given"])
def test_who_did_not_make_or_give_an_item_learns_nothing_and_takes_nothing(name: str) -> None:
    """KOR calls back from USA what JPN made, what nobody made, and what USA may or may not have."""
    federation = run(drill(), [once(8, by_hand("KOR", "USA", name))])
    usa, kor = federation.nodes["USA"], federation.nodes["KOR"]
    assert usa.holdings.newest(SEEN) is not None
    assert usa.ledger.verify().removed == 0
    (answer,) = told(kor)
    assert (answer.answer, answer.reason) == (HolderAnswer.UNABLE, NOT_HERE)
    certificate = open_certificate(kor.recalls.asked._trust, answer.certificate)
    assert (certificate.removed, certificate.held, certificate.kept) == ((), (), ())
    assert (certificate.by, certificate.reason) == ("-", NOT_HERE)


def test_a_giver_reaches_what_it_gave_and_not_what_came_by_another_way() -> None:
    """USA may call back from KOR what it passed on; that JPN's own copy stays is another case."""
    federation = run(drill(), [once(8, by_hand("USA", "KOR", SEEN))])
    assert federation.nodes["KOR"].holdings.newest(SEEN) is None
    assert federation.nodes["USA"].holdings.newest(SEEN) is not None
    direct = DRILL.replace('from = ["JPN", "KOR"]\nto = ["USA"]', 'from = ["JPN"]\nto = ["USA", "KOR"]')
    both = run(drill(20, direct), [once(8, by_hand("USA", "KOR", SEEN))])
    kor = both.nodes["KOR"]
    assert kor.holdings.newest(SEEN) is not None, "JPN gave it too"


def test_a_recall_that_a_relay_passes_on_as_it_is_is_not_taken() -> None:
    text = (
        DRILL.replace('from = ["JPN", "KOR", "USA"]', 'from = ["JPN", "KOR", "USA"]', 1)
        + """
[[clause]]
id = "relayed"
article = "4"
effect = "permit"
domains = ["missile"]
kinds = ["recall"]
from = ["JPN"]
to = ["KOR"]
via = "USA"
highest = { scheme = "JPN", level = "GOKUHI" }
form = "measurements"
"""
    )

    def act(federation: Federation) -> None:
        jpn = federation.nodes["JPN"]
        head = spoken(jpn, "recall", "open", "USA")
        head["label"] = msgspec.structs.replace(head["label"], releasable_to=("USA", "KOR"))
        recall = Recall(
            **head,
            about=tuple(versions(SEEN)),
            action=RecallAction.DESTROY,
            deadline_ns=head["valid_ns"] + SECOND_NS,
        )
        jpn.say(recall, "USA")

    kor = run(drill(20, text), [once(8, act)]).nodes["KOR"]
    assert any("as it is: not taken" in line for line in kor.refusals)


def answering_by_hand(party: str, whom: str, **changes: Any) -> Callable[[Federation], None]:
    """An act by which a hostile node answers the only case of another."""

    def act(federation: Federation) -> None:
        node, case = federation.nodes[party], only_case(federation.nodes[whom])
        answer: dict[str, Any] = {
            **spoken(node, "answer", "hand", whom),
            "to": case.asks,
            "holder": party,
            "answer": HolderAnswer.COMPLIED,
        }
        node.say(Answer(**{**answer, **changes}), whom)

    return act


@pytest.mark.parametrize("holder", ["USA", "KOR", "USA/kim"])
def test_nobody_answers_for_another_holder(holder: str) -> None:
    """JPN asked USA; KOR answers."""
    people = [once(8, recalling(within_s=60)), once(10, answering_by_hand("KOR", "JPN", holder=holder))]
    jpn = run(drill(20, voluntary(DRILL)), people).nodes["JPN"]
    assert answers(only_case(jpn)) == {}
    assert any("not counted" in line for line in jpn.refusals)


def forged(keys: NodeKeys, **changes: Any) -> bytes:
    certificate: dict[str, Any] = {
        "holder": keys.party,
        "to": ItemReference(item_id="JPN-recall-1", version=1),
        "answer": HolderAnswer.COMPLIED,
        "by": "duty",
        "done_ns": at(9),
    }
    return sign_certificate(keys, Certificate(**{**certificate, **changes}))


def test_a_certificate_for_another_holder_cannot_even_be_signed() -> None:
    keys = NodeKeys.generate("USA", bytes)
    with pytest.raises(UsageError, match="each holder signs its own"):
        forged(keys, holder="KOR")


@pytest.mark.parametrize("at_byte", [0, 40, -1])
def test_a_certificate_with_a_changed_byte_is_refused(at_byte: int) -> None:
    federation = run(drill(), [once(8, recalling())])
    signed = bytearray(only_case(federation.nodes["JPN"]).said["USA"].signed)
    signed[at_byte] ^= 1
    with pytest.raises((EnvelopeError, Exception)) as caught:
        open_certificate(federation.nodes["JPN"].recalls.asked._trust, bytes(signed))
    assert "\n" not in str(caught.value)


def other_certificates() -> list[tuple[str, Callable[[Federation], dict[str, Any]]]]:
    def garbage(_: Federation) -> dict[str, Any]:
        return {"certificate": b"garbage"}

    def of_another_recall(federation: Federation) -> dict[str, Any]:
        return {"certificate": forged(federation._keys["USA"])}

    def by_another_key(federation: Federation) -> dict[str, Any]:
        asks = only_case(federation.nodes["JPN"]).asks
        return {"certificate": forged(federation._keys["KOR"], to=asks)}

    def of_another_answer(federation: Federation) -> dict[str, Any]:
        asks = only_case(federation.nodes["JPN"]).asks
        return {
            "certificate": forged(federation._keys["USA"], to=asks, answer=HolderAnswer.UNABLE, reason="x")
        }

    def own_as_a_further_holder(federation: Federation) -> dict[str, Any]:
        asks = only_case(federation.nodes["JPN"]).asks
        return {"onward": (forged(federation._keys["USA"], on_behalf=asks),)}

    def a_further_holder_of_another_recall(federation: Federation) -> dict[str, Any]:
        return {"onward": (forged(federation._keys["KOR"]),)}

    return [
        (make.__name__, make)
        for make in (
            garbage,
            of_another_recall,
            by_another_key,
            of_another_answer,
            own_as_a_further_holder,
            a_further_holder_of_another_recall,
        )
    ]


@pytest.mark.parametrize(
    ("name", "make"), other_certificates(), ids=lambda part: part if isinstance(part, str) else ""
)
def test_a_certificate_that_is_not_the_holders_own_of_this_recall_proves_nothing(
    name: str, make: Callable[[Federation], dict[str, Any]]
) -> None:
    def act(federation: Federation) -> None:
        answering_by_hand("USA", "JPN", **make(federation))(federation)

    people = [once(8, recalling(within_s=60)), once(10, act)]
    jpn = run(drill(20, voluntary(DRILL)), people).nodes["JPN"]
    case = only_case(jpn)
    assert set(case.said) == {"USA"}, name
    assert case.said["USA"].certificate is None


def test_a_flood_of_recalls_is_bounded_and_the_node_stays_up() -> None:
    def flood(federation: Federation) -> None:
        for number in range(OPEN_MAX + 40):
            recall_by_hand(federation.nodes["JPN"], "USA", versions(SEEN), f"flood-{number}")

    federation = run(drill(60, voluntary(DRILL)), [once(8, flood)])
    usa = federation.nodes["USA"]
    assert sum(one.waits_for_person for one in usa.recalls.obliged.obligations.values()) == OPEN_MAX
    assert sum("is not taken" in line for line in usa.refusals) == 40
    assert usa.failure is None
    assert usa.holdings.newest(SEEN) is not None


def test_a_word_about_items_is_a_record_and_is_not_called_back() -> None:
    """KOR calls back its own recall, so that USA's ledger would forget that it was asked."""
    federation = run(drill(20), [once(6, by_hand("KOR", "USA", "KOR-hand"))])
    usa = federation.nodes["USA"]
    assert usa.ledger.verify().removed == 0
    (obligation,) = usa.recalls.obliged.obligations.values()
    assert obligation.answered is not None
    assert obligation.answered.reason == NOT_HERE


def test_what_is_remembered_of_recalls_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """KOR calls back things that never were: it fills its own list, and what JPN called back stays out."""
    monkeypatch.setattr("trilat.node.obliged.SETTLED_MAX", 3)
    monkeypatch.setattr("trilat.node.recalls.CALLED_BACK_MAX", 3)

    def flood(federation: Federation) -> None:
        for number in range(12):
            names = [f"KOR-never-{number}"]
            recall_by_hand(federation.nodes["KOR"], "USA", versions(*names), f"flood-{number}")

    people = [once(3, by_hand("JPN", "USA", "JPN-late")), once(6, flood)]
    people.append(once(10, by_hand("KOR", "USA", "KOR-never-again")))
    federation = drill(25)
    run(federation, people, [(at(12), "JPN", launch(federation.nodes["JPN"], "late"))])
    recalls = federation.nodes["USA"].recalls
    assert len(recalls.obliged.obligations) == 3
    assert {party: len(names) for party, names in recalls._called_back.items()} == {"JPN": 1, "KOR": 3}
    assert federation.nodes["USA"].holdings.newest("JPN-late") is None


def test_a_deadline_that_has_passed_on_the_way_changes_nothing_about_what_is_done() -> None:
    def act(federation: Federation) -> None:
        recall_by_hand(federation.nodes["JPN"], "USA", versions(SEEN), within_ns=1)

    federation = run(drill(20), [once(8, act)])
    assert federation.nodes["USA"].holdings.newest(SEEN) is None
    late = run(drill(20, voluntary(DRILL)), [once(8, act)])
    (answer,) = told(late.nodes["JPN"])
    assert answer.waiting == ("USA",)
    assert late.nodes["USA"].holdings.newest(SEEN) is not None


def test_what_was_called_back_before_it_came_is_not_used_and_does_not_stay() -> None:
    people = [once(3, by_hand("JPN", "USA", "JPN-late"))]
    federation = drill(20)
    late = [(at(6), "JPN", launch(federation.nodes["JPN"], "late"))]
    run(federation, people, late)
    usa = federation.nodes["USA"]
    assert usa.holdings.newest("JPN-late") is None
    assert any("was called back" in line for line in usa.refusals)
    assert usa.ledger.verify().removed == 1
    assert usa.holdings.newest(SEEN) is not None


class _Dying(MemoryStore):
    """A store that stops its node at one of its writes, before or after it is on disk."""

    def __init__(self, rows: Sequence[Row], die_at: int, *, after: bool) -> None:
        super().__init__(rows)
        self.die_at = die_at
        self.after = after
        self.writes = -1

    def _dies(self, write: Callable[[], None]) -> None:
        if self.writes >= 0:
            self.writes += 1
        due = self.writes == self.die_at + 1
        if not due or self.after:
            write()
        if due:
            self.writes = -1
            raise LedgerError("the disk went away")

    def append(self, rows: Sequence[Row]) -> None:
        self._dies(lambda: super(_Dying, self).append(rows))

    def remove(self, entries: Sequence[int], records: Sequence[Row]) -> None:
        self._dies(lambda: super(_Dying, self).remove(entries, records))


def killed(party: str, die_at: int, *, after: bool) -> tuple[Federation, bool]:
    """A run in which a node dies at a write after a recall was made, and is built anew; whether it died."""
    federation = drill(30)
    rows = list(federation._stores[party].rows())
    store = _Dying(rows, die_at, after=after)
    federation._stores[party] = store
    federation.nodes[party] = federation._node(party)
    died = [False]

    def begin(_: Federation) -> None:
        store.writes = 0

    def guard(running: Federation, _: int) -> None:
        node = running.nodes[party]
        tick = node.tick

        def safe() -> tuple[ReleaseRecord, ...]:
            try:
                return tick()
            except LedgerError:
                died[0] = True
                running._rebuild(party)
                return ()

        node.tick = safe  # type: ignore[method-assign]

    run(federation, [once(8, recalling(within_s=20)), once(8, begin), guard])
    return federation, died[0] or store.writes == -1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("die_at", range(10))
@pytest.mark.parametrize("party", ["USA", "KOR"])
def test_a_node_killed_at_any_write_answers_once_over_all_of_it(
    party: str, die_at: int, *, after: bool
) -> None:
    federation, died = killed(party, die_at, after=after)
    assert died or die_at > 4, "the premise"
    case = only_case(federation.nodes["JPN"])
    assert case.state is CaseState.ANSWERED
    assert answers(case) == {"USA": "complied", "KOR": "complied"}
    for holder, contents in (("USA", 2), ("KOR", 1)):
        node = federation.nodes[holder]
        certificate = case.said[holder].certificate
        assert certificate is not None
        assert [one.contents for one in certificate.removed] == [contents]
        assert node.holdings.newest(SEEN) is None
        verified = node.ledger.verify()
        assert (verified.verified, verified.removed) == (True, contents)
        assert steps(node)[-1].step is RecallStep.ANSWERED


TWO = DRILL.replace('from = ["JPN", "KOR"]\nto = ["USA"]', 'from = ["JPN"]\nto = ["USA", "KOR"]')


@pytest.mark.parametrize("after", [False, True])
def test_an_originator_killed_while_it_asks_has_asked_everybody_or_nobody(*, after: bool) -> None:
    """Two holders: the write of the recall fails before or after it is on disk; the node is built anew."""
    federation = drill(25, TWO)
    store = _Dying(list(federation._stores["JPN"].rows()), 0, after=after)
    federation._stores["JPN"] = store
    federation.nodes["JPN"] = federation._node("JPN")

    def act(running: Federation) -> None:
        store.writes = 0
        with pytest.raises(LedgerError):
            recalling(within_s=60)(running)
        running._rebuild("JPN")

    run(federation, [once(8, act)])
    cases = federation.nodes["JPN"].recalls.asked.cases
    assert len(cases) == (2 if after else 0)
    assert all(case.state is CaseState.ANSWERED for case in cases.values())
    for party in ("USA", "KOR"):
        assert (federation.nodes[party].holdings.newest(SEEN) is None) is after


def test_a_restarted_holder_does_not_ask_for_what_it_removed() -> None:
    """The removed parcel was the last one of its stream: its place must be known after the restart."""
    federation = run(drill(30, crashes=(Crash("USA", at(14), at(16)),)), [once(8, recalling())])
    usa = federation.nodes["USA"]
    assert usa.holdings.newest(SEEN) is None
    assert usa.ledger.verify().removed == 2
    assert not [line for line in usa.refusals if "was called back" in line]
