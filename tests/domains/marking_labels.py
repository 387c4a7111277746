"""Labels that the formats can say, as hypothesis strategies, and what reading them needs."""

import msgspec
from hypothesis import strategies as st

from trilat.domains.marking import Origin
from trilat.model import (
    SCHEMES,
    Attribution,
    Caveat,
    Classification,
    Downgrade,
    Label,
    Portion,
    parse_instant,
)

MADE_NS = parse_instant("2024-01-15T00:00:00Z")
COUNTRIES = ("AUS", "JPN", "KOR", "USA")
CATEGORIES = ("SEA", "SPACE", "SIGNALS", "TLP:RED", "A+B", "X-1")
CONTROL = (Caveat.ORIGINATOR_CONTROL,)


def origin(originator: str, **changes: object) -> Origin:
    values = {"originator": originator, "created_ns": MADE_NS, "categories": CATEGORIES, **changes}
    return Origin(**values)  # type: ignore[arg-type]


def mark(scheme: str, level: str) -> Classification:
    return Classification(scheme=scheme, level=level)


def _some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(values), max_size=3).map(lambda found: tuple(sorted(found)))


_controls: st.SearchStrategy[tuple[Caveat, ...]] = st.sampled_from([(), CONTROL])


@st.composite
def labels(draw: st.DrawFn, permissive: bool = True) -> Label:
    """What a banner line can say."""
    originator = draw(st.sampled_from(sorted(SCHEMES)))
    level = draw(
        st.sampled_from([level.level for level in SCHEMES[originator] if level.level != "BOEI-HIMITSU"])
    )
    others = tuple(code for code in COUNTRIES if code != originator)
    return Label(
        originator=originator,
        classification=mark(originator, level),
        releasable_to=draw(_some(others)),
        restrictive=draw(_some(CATEGORIES)),
        permissive=draw(_some(CATEGORIES)) if permissive and originator != "USA" else (),
        caveats=draw(_controls),
        created_ns=MADE_NS,
    )


_texts = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
).filter(lambda text: text == text.strip())


@st.composite
def nato_labels(draw: st.DrawFn) -> Label:
    """What STANAG 4774 can say: any words, levels that nobody knows too."""
    label = draw(labels())
    review = draw(st.none() | st.integers(1, 10**15))
    lower = {"GOKUHI": "HI", "SECRET": "CONFIDENTIAL", "II": "III"}.get(label.classification.level)
    scheme = label.originator
    downgrade = None
    if review is None or draw(st.booleans()):
        known = mark(scheme, lower) if lower else mark(scheme, draw(_texts) + "?")
        downgrade = Downgrade(at_ns=MADE_NS + draw(st.integers(1, 10**15)), classification=known)
    return msgspec.structs.replace(
        label,
        version=draw(st.integers(1, 1_000_000)),
        restrictive=tuple(sorted(draw(st.sets(_texts, max_size=2)))),
        permissive=tuple(sorted(draw(st.sets(_texts, max_size=2)))),
        attribution=draw(st.sampled_from(Attribution)),
        review_ns=None if review is None else MADE_NS + review,
        downgrade=downgrade,
    )


def _levels(scheme: str) -> st.SearchStrategy[Classification | None]:
    """None, or a level that nobody knows."""
    return st.none() | _texts.map(lambda text: mark(scheme, text + "!"))


@st.composite
def bound_labels(draw: st.DrawFn) -> Label:
    """What STANAG 4778 can say: with portions, each of which asks more than its item."""
    label = draw(nato_labels())
    portions = []
    for field in draw(st.sets(st.sampled_from(["sensors", "state", "tracklets", "place"]), max_size=3)):
        named = draw(st.booleans())
        fewer = label.releasable_to[1:] if label.releasable_to and named else None
        further = tuple(sorted(draw(st.sets(_texts, max_size=2)) - set(label.restrictive)))
        portions.append(
            Portion(
                field=field,
                classification=draw(_levels(label.originator)),
                releasable_to=fewer,
                restrictive=further or ("always",),
                permissive=() if label.permissive else tuple(sorted(draw(st.sets(_texts, max_size=2)))),
                caveats=() if label.caveats else draw(_controls),
            )
        )
    return msgspec.structs.replace(label, portions=tuple(portions))
