"""Random agreements, items, requests and consents: the fast rules and the slow reference give one answer.

The whole decision is compared. Parties, levels, categories and instants are few, so that clauses meet items;
the test fails too if so few cases are permitted or referred that the comparison says little.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from spec import decide_reference
from tests.policy import cases

from trilat.model import (
    SECOND_NS,
    Agreement,
    AnyItem,
    Approval,
    Attribution,
    Caveat,
    Classification,
    Clause,
    Consent,
    Domain,
    Downgrade,
    Duties,
    Effect,
    Equivalent,
    Form,
    ItemError,
    Label,
    OnwardRule,
    Outcome,
    Portion,
    Provenance,
    Reason,
    Status,
)
from trilat.policy import AgreementSet, ReleaseRequest, decide

PARTIES = ("JPN", "USA", "KOR", "KOR/watch")
STAFF = ("JPN/watch", "JPN/radar", "KOR/watch")
CATEGORIES = ("SPACE", "SEA", "SIGNALS")
LEVELS = (
    Classification(scheme="JPN", level="HI"),
    Classification(scheme="JPN", level="GOKUHI"),
    Classification(scheme="USA", level="SECRET"),
    Classification(scheme="KOR", level="III"),
)
RARE_LEVELS = (
    Classification(scheme="JPN", level="BOEI-HIMITSU"),
    Classification(scheme="KOR", level="I"),
    Classification(scheme="JPN", level="Gokuhi"),
    Classification(scheme="DNK", level="SECRET"),
)
Question = tuple[AnyItem, ReleaseRequest, dict[str, Agreement], tuple[Consent, ...]]
DAY_NS = 86_400 * SECOND_NS
NOW_NS = cases.NOW_NS


def some(draw: Random, values: tuple[Any, ...], least: int = 0) -> tuple[Any, ...]:
    return tuple(draw.sample(values, draw.randint(least, len(values))))


def seldom(draw: Random) -> bool:
    return draw.random() < 0.06


def duties(draw: Random) -> Duties:
    cover_m = draw.choice([500, 2000]) if seldom(draw) else 0
    return Duties(
        delay_s=draw.choice([0, 0, 5, 30]),
        round_position_m=1000 if seldom(draw) else 0,
        round_time_s=60 if seldom(draw) else 0,
        strip=some(draw, ("sensors", "text")),
        attribution=draw.choice(list(Attribution)) if seldom(draw) else None,
        expire_s=draw.choice([0, 60, 600]),
        mark=some(draw, ("A", "B")),
        return_or_destroy=draw.random() < 0.5,
        cover_m=cover_m,
        cover_epoch_s=draw.choice([0, 600, 3600]) if cover_m else 0,
        sigma_class_m=512 if seldom(draw) else 0,
        span_s=60 if seldom(draw) else 0,
        tear_line=seldom(draw),
    )


def clause(draw: Random, name: str) -> Clause:
    via = draw.choice(["JPN", "KOR"]) if seldom(draw) else draw.choice([None, None, "USA"])
    givers = some(draw, ("JPN", "USA", "KOR", "JPN/radar"), 1) if seldom(draw) else ("JPN", "USA", "KOR")
    receivers = some(draw, PARTIES, 1) if seldom(draw) else ("KOR", "USA", "JPN")
    givers = tuple(code for code in givers if code != via) or ("JPN/radar",)
    receivers = tuple(code for code in receivers if code != via) or ("KOR/watch",)
    if len(givers) == 1 and givers == receivers:
        receivers = (*receivers, "KOR/watch")
    permits = draw.random() < 0.95
    kinds = ("track", "event", "vessel", "report", "consent")
    return Clause(
        clause_id=name,
        article="1",
        effect=Effect.PERMIT if permits else Effect.FORBID,
        domains=some(draw, (Domain.MISSILE, Domain.MARITIME), 1) if seldom(draw) else tuple(Domain),
        kinds=kinds if draw.random() < 0.7 else some(draw, kinds, 1),
        givers=givers,
        receivers=receivers,
        via=via,
        statuses=some(draw, tuple(Status)) if seldom(draw) else (),
        highest=draw.choice([None, *LEVELS, *RARE_LEVELS]) if seldom(draw) else draw.choice(LEVELS[1:3]),
        categories=draw.choice([(), CATEGORIES, CATEGORIES, ("SEA",)]),
        form=draw.choice([*Form, Form.TRACKS, Form.TRACKLETS, Form.COARSE_TRACKS]) if permits else None,
        approval=Approval.ORIGINATOR if permits and draw.random() < 0.3 else Approval.NONE,
        duties=duties(draw) if permits else Duties(),
    )


def files(draw: Random) -> dict[str, Agreement]:
    found: dict[str, Agreement] = {}
    for place in range(draw.randint(1, 3)):
        starts = draw.choice([-20, -10, 0, 5]) if seldom(draw) else -10
        ends = draw.choice([-1, 0, 1]) if seldom(draw) else None
        agreement_id = draw.choice(["one", "one", "two"])
        found[f"{'cab'[place]}.toml"] = Agreement(
            agreement_id=agreement_id,
            version=place + 1,
            title=agreement_id,
            parties=(*PARTIES, "JPN/radar"),
            in_force_from_ns=NOW_NS + starts * DAY_NS,
            in_force_until_ns=None if ends is None or ends <= starts else NOW_NS + ends * DAY_NS,
            purposes=("relief",) if seldom(draw) else ("missile-warning",),
            onward=OnwardRule.NEVER if seldom(draw) else OnwardRule.WITH_CONSENT,
            clauses=tuple(clause(draw, f"c{number}") for number in range(draw.randint(1, 6))),
        )
    return found


def internal(draw: Random, party: str) -> Agreement:
    """A party's agreement with its staff; now and then others are in it, or its clauses are for others."""
    staff = tuple(code for code in STAFF if code.startswith(party))
    clauses = []
    for number in range(draw.randint(1, 4)):
        made = clause(draw, f"i{number}")
        givers = draw.choice([(party, "USA"), ("USA",)]) if seldom(draw) else (party,)
        receivers = draw.choice([(party, *staff), staff[:1]]) if seldom(draw) else staff
        via = draw.choice(["SGP", made.via, None]) if seldom(draw) else None
        named = {*givers, *receivers}
        clauses.append(
            msgspec.structs.replace(
                made, givers=givers, receivers=receivers, via=None if via in named else via
            )
        )
    return Agreement(
        agreement_id=f"internal-{party}",
        version=1,
        title="internal",
        parties=(party, *staff, *(code for code in ("USA", "JPN", "KOR", "SGP") if code != party)),
        in_force_from_ns=NOW_NS + (draw.choice([-1, 1]) * DAY_NS if seldom(draw) else -DAY_NS),
        purposes=("relief",) if seldom(draw) else ("missile-warning",),
        onward=draw.choice([OnwardRule.NEVER, OnwardRule.WITH_CONSENT]),
        clauses=tuple(clauses),
    )


PORTION_FIELDS = {
    "track": ("sensors", "tracklets", "state", "observations"),
    "event": ("place", "region", "observations"),
    "vessel": ("place", "receiver", "ship_name"),
    "report": ("sensor", "observations"),
}


def portions(draw: Random, kind: str, label_of: Label) -> tuple[Portion, ...]:
    """One to three portions that ask this or that, now and then of a field or a level that nobody knows."""
    scheme = label_of.classification.scheme
    above = [mark for mark in (*LEVELS, *RARE_LEVELS) if mark.scheme == scheme]
    made = []
    fields = PORTION_FIELDS[kind] if draw.random() < 0.95 else ("label", "sensers", "sensors")
    for field in some(draw, fields, 1):
        asks: dict[str, Any] = {
            "classification": draw.choice([None, *above]),
            "releasable_to": draw.choice([None, None, some(draw, label_of.releasable_to)]),
            "restrictive": some(draw, CATEGORIES[:2]) if draw.random() < 0.3 else (),
            "permissive": some(draw, CATEGORIES) if draw.random() < 0.2 else (),
            "caveats": (Caveat.ORIGINATOR_CONTROL,) if draw.random() < 0.2 else (),
        }
        with suppress(ItemError):  # what asks nothing, or less than its item, cannot be made
            made.append(Portion(field=field, **asks))
            msgspec.structs.replace(label_of, portions=tuple(made)).check()
            continue
        made = [portion for portion in made if portion.field != field]
    return tuple(made)


def lowered(draw: Random, label_of: Label) -> Downgrade | None:
    lower = {("JPN", "GOKUHI"): "HI", ("USA", "SECRET"): draw.choice(["UNCLASSIFIED", "Confidential"])}
    level = lower.get((label_of.classification.scheme, label_of.classification.level))
    if level is None:
        return None
    mark = Classification(scheme=label_of.classification.scheme, level=level)
    at_ns = max(label_of.created_ns + 1, NOW_NS + draw.choice([0, 1, 3]))
    return Downgrade(at_ns=at_ns, classification=mark)


def shared_item(draw: Random) -> AnyItem:
    origin = draw.choice(["JPN", "JPN", "JPN", "USA", "KOR"])
    others = some(draw, ("USA", "KOR", "JPN/radar")) if draw.random() < 0.15 else ()
    caveats = (Caveat.ORIGINATOR_CONTROL,) if seldom(draw) else ()
    label = cases.label(
        origin,
        classification=draw.choice(RARE_LEVELS if seldom(draw) else LEVELS),
        releasable_to=some(draw, PARTIES) if seldom(draw) else PARTIES,
        restrictive=some(draw, CATEGORIES) if seldom(draw) else (),
        permissive=some(draw, CATEGORIES) if seldom(draw) else (),
        caveats=caveats,
        created_ns=NOW_NS + draw.choice([0, 1]) if seldom(draw) else NOW_NS - 1,
        expires_ns=NOW_NS + draw.choice([2, DAY_NS]) if seldom(draw) else None,
    )
    if draw.random() < 0.1:
        label = msgspec.structs.replace(label, downgrade=lowered(draw, label))
    makers: list[Callable[..., AnyItem]] = [cases.track, cases.track, cases.event, cases.vessel, cases.report]
    make = draw.choice(makers)
    if draw.random() < 0.3:
        label = msgspec.structs.replace(label, portions=portions(draw, make.__name__, label))
    changes: dict[str, Any] = {
        "label": label,
        "provenance": Provenance(originators=(origin, *(code for code in others if code != origin))),
        "status": draw.choice(list(Status)) if seldom(draw) else Status.SIMULATED,
        "domain": Domain.SEISMIC if seldom(draw) else Domain.MISSILE,
    }
    if make is cases.track and seldom(draw):
        changes |= draw.choice([{"state": None}, {"tracklets": ()}])
    if make is cases.report and draw.random() < 0.5:
        changes["observation"] = Equivalent(kinematics=cases.kinematics())
    return make(origin, **changes)


def consents(
    draw: Random, held: dict[str, Agreement], item: AnyItem, giver: str, recipient: str
) -> tuple[Consent, ...]:
    names = [f"{pact.agreement_id}#{one.clause_id}" for pact in held.values() for one in pact.clauses]
    return tuple(
        cases.consent(
            "USA" if seldom(draw) else giver,
            item_id=f"consent-{number}",
            version=draw.randint(1, 2),
            status=draw.choice(list(Status)) if seldom(draw) else item.status,
            assumed=seldom(draw),
            valid_ns=NOW_NS + draw.choice([-2, -1, 0, 1]),
            until_ns=NOW_NS + (draw.choice([2, 3]) if seldom(draw) else 5),
            subjects=draw.choice([("object-1",), (item.item_id,), ("object-2",), ("object-1", "x")]),
            recipient=draw.choice(PARTIES) if seldom(draw) else recipient,
            via=draw.choice([None, "USA"]),
            clause=draw.choice(names),
            granted=draw.random() < 0.66,
        )
        for number in range(draw.choice([0, 1, 4, 12]))
    )


def question(seed: int) -> Question:
    draw = Random(seed)
    held = files(draw)
    item = shared_item(draw)
    usual = draw.random() < 0.8
    request = ReleaseRequest(
        sender=item.label.originator if usual else draw.choice(["USA", "USA", *PARTIES]),
        recipient=draw.choice(PARTIES) if seldom(draw) else "KOR",
        via=draw.choice([None, None, "USA"]) if usual else draw.choice([None, None, None, "USA", "KOR"]),
        purpose="relief" if seldom(draw) else "missile-warning",
        at_ns=NOW_NS + draw.choice([0, 0, 0, 2, 3]),
    )
    return item, request, held, consents(draw, held, item, item.label.originator, "KOR")


def own_staff_question(seed: int) -> Question:
    """A party and a member of its staff, or now and then of another's, with their internal agreements."""
    draw = Random(seed)
    party = draw.choice(["JPN", "JPN", "KOR"])
    held = files(draw) if draw.random() < 0.5 else {}
    held["internal.toml"] = internal(draw, party)
    if seldom(draw):
        held["other.toml"] = internal(draw, "KOR" if party == "JPN" else "JPN")
    item = shared_item(draw)
    own = [code for code in STAFF if code.startswith(party)]
    request = ReleaseRequest(
        sender=draw.choice([*PARTIES, *STAFF]) if seldom(draw) else party,
        recipient=draw.choice(STAFF) if seldom(draw) else draw.choice(own),
        via=draw.choice(["USA", *STAFF]) if seldom(draw) else None,
        purpose="relief" if seldom(draw) else "missile-warning",
        at_ns=NOW_NS + draw.choice([0, 0, 0, 2, 3]),
    )
    return item, request, held, consents(draw, held, item, party, request.recipient)


def compared(
    make: Callable[[int], Question], examples_count: int
) -> tuple[Counter[Outcome], Counter[Reason]]:
    """How often each outcome and each reason came up while both gave the same whole answer."""
    seen: Counter[Outcome] = Counter()
    reasons: Counter[Reason] = Counter()

    @settings(max_examples=examples_count, derandomize=True, deadline=None, database=None)
    @given(st.integers(0, 2**63))
    def compare(seed: int) -> None:
        item, request, held, said = make(seed)
        fast = decide(item, request, AgreementSet.of(held), said)
        assert fast == decide_reference.decide(item, request, held, said)
        seen[fast.outcome] += 1
        reasons.update(fast.reasons)
        # The order of files, and of consents, says nothing.
        turned = AgreementSet.of(dict(reversed(held.items())))
        assert decide(item, request, turned, said[::-1]) == fast

    compare()
    return seen, reasons


def test_the_fast_rules_and_the_reference_give_the_same_decision() -> None:
    seen, reasons = compared(question, 2_000)
    # Cases that are all withheld would say little.
    assert seen[Outcome.PERMIT] + seen[Outcome.REFER] >= 0.2 * seen.total()
    assert seen[Outcome.PERMIT] >= 0.1 * seen.total()
    assert seen[Outcome.REFER] >= 0.01 * seen.total()
    unreadable = {Reason.MALFORMED_ITEM, Reason.LABEL_ABSENT, Reason.LABEL_PARTIAL, Reason.DECIDING_FAILED}
    # Every file here is between the same parties, so that clauses meet items.
    # Conditions of clauses are laid over these questions in `test_conditions_reference`.
    conditions = {
        Reason.GIVING_SUSPENDED,
        Reason.ONWARD_NOT_ALLOWED,
        Reason.OUTSIDE_AREA,
        Reason.SITUATION_NOT_DECLARED,
    }
    assert set(Reason) - set(reasons) <= unreadable | conditions | {Reason.NO_AGREEMENT}


def test_they_give_the_same_decision_on_what_a_party_shows_its_own_staff() -> None:
    seen, reasons = compared(own_staff_question, 1_000)
    assert seen[Outcome.PERMIT] >= 0.1 * seen.total()
    assert seen[Outcome.REFER] >= 0.01 * seen.total()
    assert seen[Outcome.WITHHOLD] >= 0.3 * seen.total()
    expected = {
        Reason.SENDER_NOT_HOLDER,
        Reason.LEVEL_NEVER_LEAVES,
        Reason.CLAUSE_FORBIDS,
        Reason.NOT_RELEASABLE_TO,
        Reason.PATH_NOT_ALLOWED,
        Reason.PERMITTED_WITH_CONSENT,
    }
    assert expected <= set(reasons)
