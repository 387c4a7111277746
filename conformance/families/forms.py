"""Rule 7: which form can be made of which kind of item. The table of docs/agreements.md, cell by cell."""

import json
from pathlib import Path
from typing import Final

from conformance.families.parts import (
    EQUIVALENT,
    ITEM,
    Case,
    Family,
    Json,
    base,
    case,
    clause,
    item,
    permit,
    withhold,
)

LINES: Final = Path(__file__).parents[2] / "examples" / "decide" / "items.jsonl"
DOMAINS: Final = ["missile", "maritime", "cyber", "relief", "seismic", "consultation"]
FORMS: Final = ("measurements", "tracklets", "tracks", "coarse-tracks", "areas", "existence")

# One letter for each form, richest first: y where it can be made.
MADE: Final = (
    ("report", "ynnnnn"),
    ("track", "nyyyny"),
    ("event", "yyyyyy"),
    ("area", "yyyyyn"),
    ("warning", "yyyyyn"),
    ("vessel", "nnyyny"),
    ("indicator", "yyyyyn"),
    ("need", "yyyyyn"),
    ("offer", "yyyyyn"),
    ("request", "yyyyyn"),
    ("statement", "yyyyyn"),
    ("story", "yyyyyn"),
    ("consent", "yyyyyn"),
    ("recall", "yyyyyn"),
    ("reclassification", "yyyyyn"),
    ("loss-report", "yyyyyn"),
    ("answer", "yyyyyn"),
    ("declaration", "yyyyyn"),
    ("disagreement", "yyyyyn"),
)

PLACE: Final[Json] = {"latitude_1e7deg": 400_000_000, "longitude_1e7deg": 1_350_000_000}
DIRECTION: Final[Json] = {
    "kind": "direction-plot",
    "site": PLACE,
    "azimuth_nrad": 1_000_000_000,
    "elevation_nrad": 500_000_000,
    "azimuth_sigma_nrad": 1_000_000,
    "elevation_sigma_nrad": 1_000_000,
}


def families() -> list[Family]:
    """All families of this module: one a kind would be 18 bases, so the item of each stands in its change."""
    made = dict(MADE)
    return [
        Family(7, f"forms of each {kind}", base_of(kind), forms_of(kind, made[kind])) for kind in made
    ] + [
        Family(7, "tracks with and without a state", base(), bare_tracks()),
        Family(7, "reports that are plots", base_of("report"), plots()),
        Family(
            7,
            "reports that are equivalent measurements",
            base_of("report", {"observation": EQUIVALENT}),
            equivalents(),
        ),
    ]


def example(kind: str) -> Json:
    """The item of a kind in examples/decide; who else has a part in it is the recipient."""
    if kind == "track":
        return ITEM
    lines = LINES.read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if line.startswith(f'{{"kind": "{kind}"'))
    found: Json = json.loads(line.replace('"USA"', '"KOR"') if kind == "disagreement" else line)
    return found


def base_of(kind: str, changes: Json | None = None) -> Json:
    """The base with an item of another kind, and a clause for it in every domain."""
    found = base(clause(kinds=[kind], domains=DOMAINS))
    given = example(kind)
    kept = {
        "label": found["item"]["label"],
        "provenance": {"originators": given["provenance"]["originators"]},
    }
    return {**found, "item": {**given, **kept, **(changes or {})}}


def forms_of(kind: str, made: str) -> tuple[Case, ...]:
    """Each form of one kind."""
    return tuple(
        case(
            f"{_one(kind)} {'leaves' if yes == 'y' else 'cannot be given'} as {form}",
            permit(form) if yes == "y" else withhold("form-not-available"),
            clause(form=form),
        )
        for form, yes in zip(FORMS, made, strict=True)
    )


def _one(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def bare_tracks() -> tuple[Case, ...]:
    """What a track lacks cannot be made of it."""
    rows: tuple[tuple[str, Json, str], ...] = (
        ("without a state", {"state": None}, "nynnny"),
        ("without tracklets", {"tracklets": []}, "nnyyny"),
        ("with neither", {"state": None, "tracklets": []}, "nnnnny"),
    )
    found = []
    for what, change, made in rows:
        for form, yes in zip(FORMS, made, strict=True):
            found.append(
                case(
                    f"a track {what} {'leaves' if yes == 'y' else 'cannot be given'} as {form}",
                    permit(form) if yes == "y" else withhold("form-not-available"),
                    item(**change),
                    clause(form=form),
                )
            )
    return tuple(found)


ROUNDED: Final = (
    ("position", {"round_position_m": 1_000}),
    ("velocity", {"round_velocity_m_per_s": 10}),
    ("time", {"round_time_s": 60}),
)


def plots() -> tuple[Case, ...]:
    """The site is part of a plot, so that no part of it can be rounded honestly."""
    measured = clause(form="measurements")
    found = [
        case(
            f"a radar plot whose {what} should be rounded stays",
            withhold("form-not-available"),
            measured,
            clause(duties=duty),
        )
        for what, duty in ROUNDED
    ]
    found += [
        case(
            f"a direction plot whose {what} should be rounded stays",
            withhold("form-not-available"),
            measured,
            item(observation=replaced(DIRECTION)),
            clause(duties=duty),
        )
        for what, duty in ROUNDED
    ]
    found += [
        case(
            "a direction plot leaves as it was measured",
            permit("measurements"),
            measured,
            item(observation=replaced(DIRECTION)),
        ),
        case(
            "a direction plot is no tracklet",
            withhold("form-not-available"),
            clause(form="tracklets"),
            item(observation=replaced(DIRECTION)),
        ),
        case("a plot may be delayed", permit("measurements"), measured, clause(duties={"delay_s": 60})),
        case(
            "a plot may lose its sensor",
            permit("measurements"),
            measured,
            clause(duties={"strip": ["sensor"]}),
        ),
    ]
    return tuple(found)


def replaced(observation: Json) -> Json:
    """A change that takes the radar plot's own fields away first."""
    return {
        "range_mm": None,
        "range_sigma_mm": None,
        "range_rate_mm_per_s": None,
        "range_rate_sigma_mm_per_s": None,
        **observation,
    }


def equivalents() -> tuple[Case, ...]:
    """An equivalent measurement has no site: position and velocity round, its instant does not."""
    found = [
        case(
            f"an equivalent as {form}, its {what} rounded, {'stays' if what == 'time' else 'leaves'}",
            withhold("form-not-available") if what == "time" else permit(form),
            clause(form=form, duties=duty),
        )
        for form in ("measurements", "tracklets")
        for what, duty in ROUNDED
    ]
    found += [
        case("an equivalent measurement leaves as a tracklet", permit("tracklets"), clause(form="tracklets")),
        case(
            "an equivalent measurement leaves as it was measured",
            permit("measurements"),
            clause(form="measurements"),
        ),
    ]
    found += [
        case(
            f"an equivalent measurement cannot be given as {form}",
            withhold("form-not-available"),
            clause(form=form),
        )
        for form in FORMS[2:]
    ]
    return tuple(found)
