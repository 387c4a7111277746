"""Many at once see every instant at which an answer changes, also in agreements of which the recipient is no
party: answers are written down here, not computed.
"""

import msgspec
import numpy as np
import pytest
from tests.policy import cases

from trilat.model import SECOND_NS, AnyItem, Declaration, Declared, Outcome, Reason, parse_instant
from trilat.policy import AgreementSet, ItemBatch, LabelClasses, ReleaseRequest, decide_many, read_agreement

NOW_NS, DAY_NS = cases.NOW_NS, 86_400 * SECOND_NS
TURN = "2024-01-20T00:00:00Z"
TURN_NS = parse_instant(TURN)
PASSED_ON = ReleaseRequest(sender="USA", recipient="KOR", purpose="missile-warning", at_ns=NOW_NS)


def pact(
    name: str, parties: str, *clauses: str, version: int = 1, begins: str = "2024-01-01", **more: str
) -> str:
    head = [
        "[agreement]",
        f'id = "{name}"',
        f"version = {version}",
        f'title = "{name}"',
        f"parties = {parties}",
        f"in_force_from = {begins}T00:00:00Z",
        'purposes = ["missile-warning"]',
        'onward = "with-consent"',
        *(f"{field} = {value}" for field, value in more.items()),
    ]
    return "\n".join((*head, *clauses))


def clause(name: str, receiver: str, *more: str, effect: str = "permit") -> str:
    lines = [
        "[[clause]]",
        f'id = "{name}"',
        'article = "1"',
        f'effect = "{effect}"',
        'domains = ["missile"]',
        'kinds = ["track"]',
        'from = ["JPN"]',
        f'to = ["{receiver}"]',
    ]
    if effect == "permit":
        lines += ['highest = { scheme = "JPN", level = "GOKUHI" }', 'form = "tracks"']
    return "\n".join((*lines, *more))


ONWARD = pact("onward", '["JPN", "KOR", "USA"]', clause("1", "KOR", 'via = "USA"'))


def held(**texts: str) -> AgreementSet:
    files = {f"{name}.toml": text for name, text in texts.items()}
    return AgreementSet.of({name: read_agreement(name, text) for name, text in files.items()})


def outcomes(
    agreements: AgreementSet,
    *instants_ns: int,
    item: AnyItem | None = None,
    said: tuple[Declaration, ...] = (),
) -> list[tuple[Outcome, tuple[Reason, ...]]]:
    """The answers about one item at each instant, all asked together."""
    label = cases.label(releasable_to=("USA", "KOR"), created_ns=NOW_NS - DAY_NS)
    one = msgspec.structs.replace(cases.track() if item is None else item, label=label)
    batch = ItemBatch.of(LabelClasses(), [one] * len(instants_ns))
    found = decide_many(batch, PASSED_ON, agreements, (), np.array(instants_ns, np.int64), said)
    return [(tuple(Outcome)[found.outcome[at]], found.reasons_of(at)) for at in range(len(instants_ns))]


PERMITTED = (Outcome.PERMIT, (Reason.PERMITTED,))


@pytest.mark.parametrize(
    ("window", "before_is_bound"), [(f"in_force_until = {TURN}", True), (f"in_force_from = {TURN}", False)]
)
def test_an_onward_rule_binds_who_received_while_its_clause_is_in_force(
    window: str, before_is_bound: bool
) -> None:
    received = pact("received", '["JPN", "USA"]', clause("1", "USA", 'onward = "never"', window))
    found = outcomes(held(onward=ONWARD, received=received), TURN_NS - 1, TURN_NS)
    bound = (Outcome.WITHHOLD, (Reason.ONWARD_NOT_ALLOWED, Reason.THIRD_PARTY_RULE))
    expected = [bound, PERMITTED] if before_is_bound else [PERMITTED, bound]
    assert [(outcome, set(reasons)) for outcome, reasons in found] == [
        (outcome, set(reasons)) for outcome, reasons in expected
    ]


def test_a_surviving_prohibition_ends_with_a_new_version_that_the_recipient_did_not_sign() -> None:
    barred = clause("1", "KOR", effect="forbid")
    ended = pact("old", '["JPN", "KOR", "USA"]', barred, in_force_until="2024-01-15T00:00:00Z")
    newer = pact("old", '["JPN", "USA"]', clause("1", "USA"), version=2, begins=TURN[:10])
    older = cases.track(at_ns=parse_instant("2024-01-14T00:00:00Z"))
    found = outcomes(held(onward=ONWARD, ended=ended, newer=newer), TURN_NS - 1, TURN_NS, item=older)
    assert [outcome for outcome, _ in found] == [Outcome.WITHHOLD, Outcome.PERMIT]
    assert found[0][1] == (Reason.CLAUSE_FORBIDS,)


def test_a_suspension_by_who_passes_on_holds_from_its_beginning_until_its_end() -> None:
    said = cases.declaration(
        "USA", declared=Declared.SUSPENSION, about="onward", valid_ns=TURN_NS, until_ns=TURN_NS + 5
    )
    instants = (TURN_NS - 1, TURN_NS, TURN_NS + 4, TURN_NS + 5)
    found = outcomes(held(onward=ONWARD), *instants, said=(said,))
    permits = [outcome is Outcome.PERMIT for outcome, _ in found]
    assert permits == [True, False, False, True]
    assert Reason.GIVING_SUSPENDED in found[1][1]


@pytest.mark.parametrize("party", ["JPN", "AUS"])
def test_a_notice_ends_an_agreement_after_its_days_and_only_by_a_party(party: str) -> None:
    notice = cases.declaration(
        party, declared=Declared.NOTICE, about="onward", valid_ns=TURN_NS, until_ns=None
    )
    text = ONWARD.replace('onward = "with-consent"', 'onward = "with-consent"\nnotice_days = 3')
    end_ns = TURN_NS + 3 * DAY_NS
    found = outcomes(held(onward=text), TURN_NS, end_ns - 1, end_ns, said=(notice,))
    ended = Outcome.WITHHOLD if party == "JPN" else Outcome.PERMIT
    assert [outcome for outcome, _ in found] == [Outcome.PERMIT, Outcome.PERMIT, ended]
