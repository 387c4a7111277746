"""Random worlds for the differential: agreements, and many questions under them.

Parties, levels, categories and instants are few, so that clauses meet items. Each rare thing (`seldom`) is
rare alone and common together: about a third of the questions are permitted, and every reason comes up.
"""

from dataclasses import dataclass
from random import Random
from typing import Any, Final

import msgspec
from conformance.drawing import seldom, some
from conformance.families import forms
from conformance.families.parts import CONSENT, DAY_NS, EQUIVALENT, NOW_NS

from conformance import conditions, portions
from trilat.model import (
    ITEM_KINDS,
    Agreement,
    AnyItem,
    Approval,
    Attribution,
    Caveat,
    Classification,
    Clause,
    Consent,
    Declaration,
    Domain,
    Duties,
    Effect,
    Equivalent,
    Form,
    Label,
    OnwardRule,
    Provenance,
    Report,
    Status,
    Track,
    from_plain,
    item_from_plain,
)
from trilat.policy import ReleaseRequest

PARTIES: Final = ("JPN", "USA", "KOR", "KOR/watch")
STAFF: Final = ("JPN/watch", "JPN/radar", "KOR/watch")
CATEGORIES: Final = ("SPACE", "SEA", "SIGNALS")
LEVELS: Final = (
    Classification(scheme="JPN", level="HI"),
    Classification(scheme="JPN", level="GOKUHI"),
    Classification(scheme="USA", level="SECRET"),
    Classification(scheme="KOR", level="III"),
)
RARE_LEVELS: Final = (
    Classification(scheme="JPN", level="BOEI-HIMITSU"),
    Classification(scheme="KOR", level="I"),
    Classification(scheme="JPN", level="Gokuhi"),
    Classification(scheme="DNK", level="SECRET"),
    Classification(scheme="USA", level="UNCLASSIFIED"),
)
QUESTIONS_A_WORLD: Final = 20

EXAMPLES: Final = {kind: item_from_plain(forms.base_of(kind)["item"]) for kind in ITEM_KINDS}
EQUIVALENT_OF_TRACK: Final = from_plain(
    {name: value for name, value in EQUIVALENT.items() if name != "kind"}, Equivalent
)
CONSENT_EXAMPLE: Final = from_plain(CONSENT, Consent)
_USUAL_KINDS: Final = ("track", "track", "event", "vessel", "report")
_KINDS_OF_CLAUSES: Final = tuple(ITEM_KINDS)


@dataclass(frozen=True)
class Question:
    """One question about one item, with the consents received and what parties declared."""

    item: AnyItem
    request: ReleaseRequest
    consents: tuple[Consent, ...]
    declarations: tuple[Declaration, ...]


@dataclass(frozen=True)
class World:
    """Agreements by file, and questions under them. Every item has an id of its own."""

    files: dict[str, Agreement]
    questions: tuple[Question, ...]


def world(seed: int, number: int) -> World:
    """The world of this number in the run of this seed; the same two give the same world."""
    draw = Random(f"{seed}/{number}")  # noqa: S311 - cases, not secrets
    party = draw.choice(["JPN", "JPN", "KOR"])
    files = shared_files(draw)
    if draw.random() < 0.4:
        files["internal.toml"] = internal(draw, party)
    if seldom(draw):
        files["other.toml"] = internal(draw, "KOR" if party == "JPN" else "JPN")
    inside = "internal.toml" in files
    if draw.random() < 0.4:
        files = conditions.laid_over(draw, files)
    questions = tuple(
        own_staff_question(draw, files, party, place)
        if inside and draw.random() < 0.5
        else shared_question(draw, files, place)
        for place in range(QUESTIONS_A_WORLD)
    )
    return World(files, questions)


def duties(draw: Random) -> Duties:
    """Duties of which most ask for little."""
    covers = seldom(draw)
    return Duties(
        delay_s=draw.choice([0, 0, 5, 30]),
        thin_s=60 if seldom(draw) else 0,
        round_position_m=1000 if seldom(draw) else 0,
        round_velocity_m_per_s=10 if seldom(draw) else 0,
        round_time_s=60 if seldom(draw) else 0,
        strip=some(draw, ("sensors", "text")),
        attribution=draw.choice(list(Attribution)) if seldom(draw) else None,
        expire_s=draw.choice([0, 60, 600]),
        mark=some(draw, ("A", "B")),
        return_or_destroy=draw.random() < 0.5,
        cover_m=draw.choice([500, 2000]) if covers else 0,
        cover_epoch_s=draw.choice([0, 600, 3600]) if covers else 0,
        sigma_class_m=512 if seldom(draw) else 0,
        span_s=60 if seldom(draw) else 0,
        tear_line=seldom(draw),
    )


def clause(draw: Random, name: str) -> Clause:
    """A clause that covers much; one in twenty forbids."""
    via = draw.choice(["JPN", "KOR"]) if draw.random() < 0.15 else draw.choice([None, None, "USA"])
    givers = some(draw, ("JPN", "USA", "KOR", "JPN/radar"), 1) if seldom(draw) else ("JPN", "USA", "KOR")
    receivers = some(draw, PARTIES, 1) if seldom(draw) else ("KOR", "USA", "JPN")
    givers = tuple(code for code in givers if code != via) or ("JPN/radar",)
    receivers = tuple(code for code in receivers if code != via) or ("KOR/watch",)
    if len(givers) == 1 and givers == receivers:
        receivers = (*receivers, "KOR/watch")
    permits = draw.random() < 0.95
    form = draw.choice([*Form, Form.TRACKS, Form.TRACKLETS, Form.COARSE_TRACKS, Form.TRACKS])
    return Clause(
        clause_id=name,
        article="1",
        effect=Effect.PERMIT if permits else Effect.FORBID,
        domains=some(draw, (Domain.MISSILE, Domain.MARITIME), 1) if seldom(draw) else tuple(Domain),
        kinds=_KINDS_OF_CLAUSES if draw.random() < 0.8 else some(draw, _KINDS_OF_CLAUSES, 1),
        givers=givers,
        receivers=receivers,
        via=via,
        statuses=some(draw, tuple(Status)) if seldom(draw) else (),
        highest=draw.choice([None, *LEVELS, *RARE_LEVELS]) if seldom(draw) else draw.choice(LEVELS[1:3]),
        categories=draw.choice([(), CATEGORIES if permits else (), CATEGORIES, ("SEA",)]),
        form=form if permits else None,
        approval=Approval.ORIGINATOR if permits and draw.random() < 0.25 else Approval.NONE,
        duties=duties(draw) if permits else Duties(),
    )


def shared_files(draw: Random) -> dict[str, Agreement]:
    """One to three agreements between all parties, or versions of one."""
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
        givers = draw.choice([(party, "USA"), ("USA",)]) if seldom(draw) else (party,)
        receivers = draw.choice([(party, *staff), staff[:1]]) if seldom(draw) else staff
        made = clause(draw, f"i{number}")
        via = draw.choice(["SGP", made.via, None]) if seldom(draw) else None
        via = None if via in {*givers, *receivers} else via
        clauses.append(msgspec.structs.replace(made, givers=givers, receivers=receivers, via=via))
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


def label(draw: Random, originator: str, kind: str) -> Label:
    """A label that is known, in time and for all parties, but for something now and then; one in four has
    portions, one in ten a downgrade.
    """
    made = Label(
        originator=originator,
        classification=draw.choice(RARE_LEVELS if seldom(draw) else LEVELS),
        releasable_to=some(draw, PARTIES) if seldom(draw) else PARTIES,
        restrictive=some(draw, CATEGORIES) if seldom(draw) else (),
        permissive=some(draw, CATEGORIES) if seldom(draw) else (),
        caveats=(Caveat.ORIGINATOR_CONTROL,) if seldom(draw) else (),
        created_ns=NOW_NS + draw.choice([0, 1]) if seldom(draw) else NOW_NS - 1,
        expires_ns=NOW_NS + draw.choice([2, DAY_NS]) if seldom(draw) else None,
        review_ns=NOW_NS + draw.choice([1, DAY_NS]) + 1 if seldom(draw) else None,
    )
    if draw.random() < 0.1:
        made = msgspec.structs.replace(made, downgrade=portions.downgrade(draw, made))
    if draw.random() < 0.25:
        marks = portions.portions(draw, kind, made, CATEGORIES)
        made = msgspec.structs.replace(made, portions=marks)
    return made


def item(draw: Random, place: int) -> AnyItem:
    """An item of some kind, by some party; the observations of others went into one in seven."""
    origin = draw.choice(["JPN", "JPN", "JPN", "USA", "KOR"])
    others = some(draw, ("USA", "KOR", "JPN/radar")) if draw.random() < 0.25 else ()
    kind = draw.choice(_KINDS_OF_CLAUSES) if draw.random() < 0.2 else draw.choice(_USUAL_KINDS)
    example = EXAMPLES[kind]
    originators = (origin, *(code for code in others if code != origin))
    changes: dict[str, Any] = {}
    if isinstance(example, Track) and seldom(draw):
        changes = draw.choice([{"state": None}, {"tracklets": ()}])
    if isinstance(example, Report) and draw.random() < 0.5:
        changes = {"observation": EQUIVALENT_OF_TRACK}
    if kind in _BOUND_TO_ORIGIN:
        # What such a kind says of its parties is checked against label and provenance: these stay.
        origin, originators = "JPN", example.provenance.originators
    placed = conditions.somewhere(draw, example) if draw.random() < 0.5 else example
    placed = portions.worded(draw, placed) if draw.random() < 0.5 else placed
    return msgspec.structs.replace(
        placed,
        item_id=f"{origin}/{kind}/{place}",
        subject="object-1",
        label=label(draw, origin, kind),
        provenance=Provenance(originators=originators),
        status=draw.choice(list(Status)) if draw.random() < 0.3 else Status.SIMULATED,
        domain=Domain.SEISMIC if seldom(draw) else Domain.MISSILE,
        **changes,
    )


_BOUND_TO_ORIGIN: Final = frozenset(
    {"consent", "declaration", "reclassification", "answer", "disagreement", "warning", "loss-report"}
)


def consents(
    draw: Random, files: dict[str, Agreement], about: AnyItem, giver: str, recipient: str
) -> tuple[Consent, ...]:
    """No consent, or some of which few are the very ones."""
    clauses = [(pact.agreement_id, one) for pact in files.values() for one in pact.clauses]
    asking = [named for named in clauses if named[1].approval is Approval.ORIGINATOR]
    found = []
    for number in range(draw.choice([0, 1, 4, 12])):
        by = "USA" if seldom(draw) else giver
        agreement_id, about_clause = draw.choice(asking if asking and draw.random() < 0.7 else clauses)
        found.append(
            msgspec.structs.replace(
                CONSENT_EXAMPLE,
                item_id=f"consent-{number}",
                version=draw.randint(1, 2),
                label=msgspec.structs.replace(CONSENT_EXAMPLE.label, originator=by),
                provenance=Provenance(originators=(by,)),
                officer=f"{by.split('/')[0]}/{draw.choice(['officer', 'officer', 'deputy'])}",
                status=draw.choice(list(Status)) if seldom(draw) else about.status,
                assumed=draw.random() < 0.4,
                valid_ns=NOW_NS + draw.choice([-2, -1, 0, 1]),
                until_ns=NOW_NS + (draw.choice([2, 3]) if seldom(draw) else 5),
                subjects=draw.choice([("object-1",), (about.item_id,), ("object-2",), ("object-1", "x")]),
                recipient=draw.choice(PARTIES) if seldom(draw) else recipient,
                via=draw.choice([None, "USA"]) if seldom(draw) else about_clause.via,
                clause=f"{agreement_id}#{about_clause.clause_id}",
                granted=draw.random() < 0.66,
            )
        )
    return tuple(found)


def shared_question(draw: Random, files: dict[str, Agreement], place: int) -> Question:
    """Between parties: directly, through an intermediary, or by one that passes on."""
    about = item(draw, place)
    origin = about.label.originator
    usual = draw.random() < 0.85
    far = "USA" if origin == "KOR" else "KOR"
    request = ReleaseRequest(
        sender=origin if usual else draw.choice(["USA", "USA", *PARTIES]),
        recipient=draw.choice(PARTIES) if seldom(draw) else far,
        via=draw.choice([None, None, "USA"]) if usual else draw.choice([None, None, None, "USA", "KOR"]),
        purpose="relief" if seldom(draw) else "missile-warning",
        at_ns=NOW_NS + draw.choice([0, 0, 0, 2, 3]),
    )
    said = consents(draw, files, about, origin, request.recipient)
    return Question(about, request, said, conditions.declarations(draw, files, about.status))


def own_staff_question(draw: Random, files: dict[str, Agreement], party: str, place: int) -> Question:
    """A party and a member of its staff, or now and then of another's."""
    about = item(draw, place)
    own = [code for code in STAFF if code.startswith(party)]
    request = ReleaseRequest(
        sender=draw.choice([*PARTIES, *STAFF]) if seldom(draw) else party,
        recipient=draw.choice(STAFF) if seldom(draw) else draw.choice(own),
        via=draw.choice(["USA", *STAFF]) if seldom(draw) else None,
        purpose="relief" if seldom(draw) else "missile-warning",
        at_ns=NOW_NS + draw.choice([0, 0, 0, 2, 3]),
    )
    said = consents(draw, files, about, party, request.recipient)
    return Question(about, request, said, conditions.declarations(draw, files, about.status))
