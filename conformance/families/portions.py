"""Rule 25: which portions stay at home, and what then can still be made."""

from typing import Any, Final

from conformance.families.parts import (
    CLAUSE,
    HUB,
    LEG,
    NO_DUTIES,
    TRACKS,
    Case,
    Family,
    Json,
    base,
    case,
    clause,
    consent,
    hub_base,
    item,
    label,
    level,
    more,
    pact,
    permit,
    refer,
    request,
    withhold,
)

HI: Final = {"scheme": "JPN", "level": "HI"}
GOKUHI: Final = {"scheme": "JPN", "level": "GOKUHI"}
KIMITSU: Final = {"scheme": "JPN", "level": "KIMITSU"}
UNREADABLE: Final = withhold("malformed-item", by=())
NO_FORM: Final = withhold("form-not-available")
ORCON: Final = ["originator-control"]


def families() -> list[Family]:
    """All families of this module."""
    return [
        Family(25, "portions on the direct path", base(), direct()),
        Family(25, "portions and the form that rests on them", base(), forms()),
        Family(25, "portions through an intermediary", hub_base(), through_a_hub()),
        Family(
            25,
            "portions that are passed on",
            hub_base(request(sender="USA", via=None)),
            passed_on(),
        ),
        Family(25, "portions and a party's own staff", staff_base(), shown()),
    ]


def portion(field: str, /, **asks: Any) -> Json:
    """A portion of a label."""
    return {"field": field, **asks}


def portions(*made: Json) -> Json:
    """A label with these portions."""
    return label(portions=list(made))


def jpn(name: str) -> Json:
    """A level of the Japanese scheme, or what is written for one."""
    return {"scheme": "JPN", "level": name}


def left(*fields: str, form: str = "tracks", by: str | list[str] = TRACKS) -> Json:
    """Permitted, without these fields."""
    return permit(form, by=by, duties={**NO_DUTIES, "strip": list(fields)})


def direct() -> tuple[Case, ...]:
    """What a portion asks is asked on the direct path; where it is not met, the field is left out."""
    held = clause(categories=["SPACE"])
    rows: tuple[tuple[str, Json, tuple[Json, ...], bool], ...] = (
        ("names the recipient", {"releasable_to": ["KOR"]}, (), True),
        ("names another party", {"releasable_to": ["USA"]}, (), False),
        ("names nobody", {"releasable_to": []}, (), False),
        ("is at the item's own level", {"classification": GOKUHI}, (), True),
        ("is at an equivalent level", {"classification": jpn("TOKUTEI-HIMITSU")}, (), True),
        ("is at a level that never leaves", {"classification": KIMITSU}, (clause(highest=KIMITSU),), False),
        (
            "is above the clause",
            {"classification": GOKUHI},
            (level("JPN", "HI"), clause(highest=HI)),
            False,
        ),
        ("asks for a category that is held", {"restrictive": ["SPACE"]}, (held,), True),
        ("asks for a category that is not held", {"restrictive": ["SEA"]}, (held,), False),
        ("asks for two of which one is held", {"restrictive": ["SPACE", "SEA"]}, (held,), False),
        ("asks for any of two of which one is held", {"permissive": ["SPACE", "SEA"]}, (held,), True),
        ("asks for any of two of which none is held", {"permissive": ["AIR", "SEA"]}, (held,), False),
        ("may not be passed on", {"caveats": ORCON}, (), True),
    )
    found = []
    for what, asks, changes, goes in rows:
        found.append(
            case(
                f"a portion that {what} {'goes' if goes else 'is left out, and the rest goes'}",
                left() if goes else left("sensors"),
                portions(portion("sensors", **asks)),
                *changes,
            )
        )
        if not goes:
            found.append(
                case(
                    f"a state whose portion {what} keeps the track",
                    NO_FORM,
                    portions(portion("state", **asks)),
                    *changes,
                )
            )
            found.append(
                case(
                    f"tracklets whose portion {what} cannot be given",
                    NO_FORM,
                    portions(portion("tracklets", **asks)),
                    *changes,
                    clause(form="tracklets"),
                )
            )
    return (*found, *unreadable(), *beside_others())


def beside_others() -> tuple[Case, ...]:
    """Portions beside duties, beside each other, and where several clauses speak."""
    return (
        case(
            "what a portion leaves out comes behind what the clause strips",
            left("stage", "sensors"),
            portions(portion("sensors", releasable_to=[])),
            clause(duties={"strip": ["stage"]}),
        ),
        case(
            "of two portions the one that may go goes",
            left("updates_count"),
            portions(portion("sensors", releasable_to=["KOR"]), portion("updates_count", releasable_to=[])),
        ),
        case(
            "of two clauses of one form the one that leaves less out is chosen",
            left(by="pact.toml#wide") | {"duties": {**NO_DUTIES, "delay_s": 60}},
            portions(portion("sensors", restrictive=["SPACE"])),
            more("wide", categories=["SPACE"], duties={"delay_s": 60}),
        ),
        case(
            "a richer form is chosen though it leaves more out",
            left("sensors"),
            portions(portion("sensors", restrictive=["SPACE"])),
            more("wide", categories=["SPACE"], form="coarse-tracks"),
        ),
        case(
            "what one of two originators' clauses leaves out is left out",
            left("sensors", by=[TRACKS, "pact.toml#theirs"]),
            item(provenance={"originators": ["JPN", "USA"]}),
            portions(portion("sensors", restrictive=["SPACE"])),
            clause(categories=["SPACE"]),
            more("theirs", givers=["USA"], via="JPN"),
        ),
    )


def unreadable() -> tuple[Case, ...]:
    """What is no portion cannot be read, and nothing goes."""
    return (
        case(
            "a portion for the recipient opens no label that does not name it",
            UNREADABLE,
            label(releasable_to=["USA"]),
            portions(portion("sensors", releasable_to=["KOR"])),
        ),
        case("a portion that asks no more than the item cannot be read", UNREADABLE, asks_nothing()),
        case(
            "a portion below the item's level cannot be read",
            UNREADABLE,
            portions(portion("sensors", classification=HI)),
        ),
        case(
            "two portions of one field cannot be read",
            UNREADABLE,
            portions(portion("sensors", releasable_to=[]), portion("sensors", restrictive=["SEA"])),
        ),
    )


def asks_nothing() -> Json:
    """A portion without anything but its field."""
    return portions(portion("sensors"))


def forms() -> tuple[Case, ...]:
    """A form cannot be made without the field that it rests on."""
    rows = (
        ("state", "tracks", False),
        ("state", "coarse-tracks", False),
        ("state", "tracklets", True),
        ("state", "existence", True),
        ("tracklets", "tracklets", False),
        ("tracklets", "coarse-tracks", True),
        ("updates_count", "tracklets", True),
    )
    return tuple(
        case(
            f"a track without its {field} {'leaves' if goes else 'cannot be given'} as {form}",
            left(field, form=form) if goes else NO_FORM,
            portions(portion(field, restrictive=["SEA"])),
            clause(form=form),
        )
        for field, form, goes in rows
    )


def through_a_hub() -> tuple[Case, ...]:
    """A portion must name the intermediary too, be let through by both legs, and not be the originator's."""
    rows: tuple[tuple[str, Json, tuple[Json, ...], bool], ...] = (
        ("names recipient and intermediary", {"releasable_to": ["KOR", "USA"]}, (), True),
        ("names the recipient alone", {"releasable_to": ["KOR"]}, (), False),
        ("names the intermediary alone", {"releasable_to": ["USA"]}, (), False),
        ("is under the originator's control", {"caveats": ORCON}, (), False),
    )
    found = []
    for what, asks, changes, goes in rows:
        found.append(
            case(
                f"through the United States a portion that {what} {'goes' if goes else 'is left out'}",
                left(by=HUB) if goes else left("sensors", by=HUB),
                portions(portion("sensors", **asks)),
                *changes,
            )
        )
    return (
        *found,
        case(
            "a state that may not be passed on keeps the track from going through",
            withhold("form-not-available", by=HUB),
            portions(portion("state", caveats=ORCON)),
        ),
        case(
            "a state that only the recipient may have keeps the track on both legs",
            withhold("form-not-available", "leg-withheld", by=[HUB, LEG]),
            portions(portion("state", releasable_to=["KOR"])),
        ),
        case(
            "a state that only the intermediary may have does not go through it",
            withhold("form-not-available", by=HUB),
            portions(portion("state", releasable_to=["USA"])),
        ),
        case(
            "a state in a category that no clause covers goes on no leg",
            withhold("form-not-available", "leg-withheld", by=[HUB, LEG]),
            portions(portion("state", restrictive=["SEA"])),
        ),
        case(
            "a state at a level that never leaves goes on no leg",
            withhold("form-not-available", "leg-withheld", by=[HUB, LEG]),
            portions(portion("state", classification=KIMITSU)),
            clause("hub", highest=KIMITSU),
            clause("leg", highest=KIMITSU),
        ),
        case(
            "without consent to the whole item a portion for the recipient alone waits too",
            refer(by=HUB),
            label(caveats=ORCON),
            portions(portion("sensors", releasable_to=["KOR"])),
        ),
        case(
            "under control of the whole item a portion's own asks nothing more",
            refer(by=HUB),
            label(caveats=ORCON),
            portions(portion("state", caveats=ORCON)),
        ),
        case(
            "with consent to the whole item a portion under control goes too",
            left(by=HUB) | {"consent": "JPN/consent/1", "reasons": ["permitted-with-consent"]},
            label(caveats=ORCON),
            portions(portion("sensors", caveats=ORCON)),
            consent(via="USA", clause="pact#hub"),
        ),
        *first_legs(),
    )


def first_legs() -> tuple[Case, ...]:
    """What one of two legs leaves out is left out."""
    return (
        case(
            "what the first leg leaves out the intermediary cannot pass on",
            left("sensors", by=HUB),
            portions(portion("sensors", restrictive=["SPACE"])),
            clause("hub", categories=["SPACE"]),
        ),
        case(
            "what the first leg gets and the path does not is left out",
            left("sensors", by=HUB),
            portions(portion("sensors", restrictive=["SEA"])),
            clause("leg", categories=["SEA"]),
        ),
        case(
            "an intermediary of the sender's own staff must be named by a portion too",
            withhold("form-not-available", "leg-withheld", by=[HUB, LEG]),
            pact(parties=["JPN", "KOR", "USA", "JPN/radar"]),
            clause("hub", via="JPN/radar"),
            clause("leg", receivers=["JPN/radar"]),
            request(via="JPN/radar"),
            label(releasable_to=["KOR", "JPN/radar"]),
            portions(portion("state", releasable_to=["KOR"])),
        ),
        case(
            "a form that rests on what the first leg leaves out cannot be made",
            withhold("form-not-available", by=HUB),
            portions(portion("state", restrictive=["SPACE"])),
            clause("hub", categories=["SPACE"]),
            clause("leg", form="existence"),
        ),
        case(
            "a first leg that cannot be made without a portion is withheld",
            withhold("leg-withheld", by=[HUB, LEG]),
            portions(portion("state", restrictive=["SPACE"])),
            clause("hub", categories=["SPACE"]),
        ),
    )


def passed_on() -> tuple[Case, ...]:
    """Who passes on is on the way, and passes on no portion that is under the originator's control."""
    return (
        case(
            "who passes on leaves out a portion that does not name it",
            left("sensors", by=HUB),
            portions(portion("sensors", releasable_to=["KOR"])),
        ),
        case(
            "who passes on gives a portion that names both",
            left(by=HUB),
            portions(portion("sensors", releasable_to=["USA", "KOR"])),
        ),
        case(
            "who passes on leaves out a portion under the originator's control",
            left("sensors", by=HUB),
            portions(portion("sensors", caveats=ORCON)),
        ),
        case(
            "a state that does not name who passes on is not passed on",
            withhold("third-party-rule", "form-not-available", by=HUB),
            portions(portion("state", releasable_to=["KOR"])),
        ),
        case(
            "a state under the originator's control is not passed on",
            withhold("third-party-rule", "form-not-available", by=HUB),
            portions(portion("state", caveats=ORCON)),
        ),
    )


def staff_base() -> Json:
    """Korea shows its watch a Japanese track by its own clause."""
    return base(
        pact(parties=["JPN", "KOR", "USA", "KOR/watch"]),
        clause("tracks", **{**CLAUSE, "givers": ["KOR"], "receivers": ["KOR/watch"]}),
        request(sender="KOR", recipient="KOR/watch"),
    )


def shown() -> tuple[Case, ...]:
    """A portion that names a party names its staff; passing on is none."""
    return (
        case(
            "a portion that names the party is shown to its watch",
            left(),
            portions(portion("state", releasable_to=["KOR"])),
        ),
        case(
            "a portion that names others is not shown to a party's watch",
            left("sensors"),
            portions(portion("sensors", releasable_to=["USA"])),
        ),
        case(
            "a state that names others keeps the track from a party's watch",
            NO_FORM,
            portions(portion("state", releasable_to=["USA"])),
        ),
        case(
            "a portion under the originator's control is shown to the watch",
            left(),
            portions(portion("state", caveats=ORCON)),
        ),
        case(
            "a state of a level that never leaves is shown to no partner's watch",
            NO_FORM,
            portions(portion("state", classification=KIMITSU)),
            clause(highest=KIMITSU),
        ),
        case(
            "a state in a category that the party's clause does not cover is not shown",
            NO_FORM,
            portions(portion("state", restrictive=["SEA"])),
        ),
    )
