"""Agreements that nobody negotiates, as texts: of a party with its staff, of an observer with a node.

Both are files like any other: read by `read_agreement`, checked by `check`, obeyed by `decide`. They show an
item as it is held, in a form that people can look at. They name no categories: an item that carries some
stays until a party writes what its staff, or the observer, is read into.

    text = internal_agreement("JPN", "missile-warning", "2009-01-01T00:00:00Z")
    agreement = read_agreement("internal-jpn.toml", text)
"""

from collections.abc import Iterable, Sequence
from typing import Final

from trilat.model import (
    INSTANT_NS_MAX,
    ITEM_KINDS,
    SCHEMES,
    Classification,
    Domain,
    Form,
    OnwardRule,
    Status,
    UsageError,
    format_instant,
    parse_instant,
)
from trilat.policy.request import ReleaseRequest

_Shape = tuple[str, tuple[str, ...], Form]

_MOVING: Final = ("track", "vessel")
_SHAPES: Final[tuple[_Shape, ...]] = (
    ("", tuple(kind for kind in ITEM_KINDS if kind not in _MOVING), Form.MEASUREMENTS),
    ("-tracks", _MOVING, Form.TRACKS),
    ("-tracklets", ("track",), Form.TRACKLETS),
    ("-existence", ("track",), Form.EXISTENCE),
)
"""Endings of clause ids, with kinds and form: a track goes as what there is of it.

An observer gets own tracks by no clause for tracklets. An own track has both, and of two clauses the richer
form wins: the observer would see no estimate. What a partner released is one or the other.
"""

_DRILLS: Final = tuple(status for status in Status if status is not Status.REAL)
_OBSERVED_MAX: Final = Classification(scheme="USA", level="SECRET")
"""What an observer may see; equivalents in other schemes are found by rank, at every instant."""


def internal_agreement(party: str, purpose: str, from_instant: str) -> str:
    """The agreement of a party with its staff, `JPN/staff`: all that the party holds, whatever its status, up
    to the highest level of its own scheme that may leave; unclassified only where it has no scheme.
    `from_instant` is RFC 3339 with `Z`.

    Raises:
        ItemError: a code, the purpose or the instant is not written as it must be.
        UsageError: the party is a member of staff itself.
    """
    staff = f"{_party(party)}/staff"
    from_ns = _checked((party,), staff, purpose, from_instant)
    head = _head(
        f"internal-{party.lower()}",
        f"{party}: what its own staff may read",
        (party, staff),
        purpose,
        from_ns,
        OnwardRule.NEVER,
    )
    highest = _highest(party, from_ns)
    shown = (_clause(f"shown{shape[0]}", shape, (party,), staff, highest=highest) for shape in _SHAPES)
    return "\n".join((head, *shown))


def observer_agreement(
    party: str, partners: Sequence[str], observer: str, purpose: str, from_instant: str
) -> str:
    """The drill-only agreement of an exercise observer with one node: what the party has of its own, and what
    it holds of its partners' and their labels let the observer see. No real item ever passes.
    `from_instant` is RFC 3339 with `Z`.

    Raises:
        ItemError: a code, the purpose or the instant is not written as it must be.
        UsageError: a code stands twice, or is a member of staff.
    """
    everyone = (party, *partners, observer)
    for code in everyone:
        if everyone.count(_party(code)) > 1:
            raise UsageError(f"`{code}` stands twice among party, partners and observer: name each once")
    from_ns = _checked((party, *partners), observer, purpose, from_instant)
    head = _head(
        f"observer-{party.lower()}",
        f"{party}: what the exercise observer {observer} may see in a drill",
        everyone,
        purpose,
        from_ns,
        OnwardRule.WITH_CONSENT,
    )
    clauses = [
        _clause(f"own{shape[0]}", shape, (party,), observer, statuses=_DRILLS, highest=_OBSERVED_MAX)
        for shape in _SHAPES
        if shape[2] is not Form.TRACKLETS
    ]
    if partners:
        clauses += [
            _clause(
                f"passed-on{shape[0]}",
                shape,
                partners,
                observer,
                via=party,
                statuses=_DRILLS,
                highest=_OBSERVED_MAX,
            )
            for shape in _SHAPES
        ]
    return "\n".join((head, *clauses))


def _party(code: str) -> str:
    if "/" in code:
        raise UsageError(f"`{code[:80]}` is a member of staff: name its party")
    return code


def _checked(givers: Iterable[str], receiver: str, purpose: str, from_instant: str) -> int:
    """The instant in UTC nanoseconds; a request refuses what no agreement could say."""
    from_ns = parse_instant(from_instant)
    for giver in givers:
        ReleaseRequest(sender=giver, recipient=receiver, purpose=purpose, at_ns=from_ns)
    return from_ns


def _highest(party: str, from_ns: int) -> Classification | None:
    """The highest level of a party's scheme that may leave, of those known from an instant on for ever."""
    lasting = [
        level
        for level in SCHEMES.get(party, ())
        if not level.never_leaves and level.from_ns <= from_ns and level.until_ns == INSTANT_NS_MAX
    ]
    top = max(lasting, key=lambda level: level.rank, default=None)
    return None if top is None else Classification(scheme=party, level=top.level)


def _head(
    agreement_id: str, title: str, parties: Iterable[str], purpose: str, from_ns: int, onward: OnwardRule
) -> str:
    return f"""[agreement]
id = "{agreement_id}"
version = 1
title = "{title}"
parties = {_listed(parties)}
in_force_from = {format_instant(from_ns)}
purposes = {_listed((purpose,))}
onward = "{onward.value}"
"""


def _clause(
    clause_id: str,
    shape: _Shape,
    givers: Iterable[str],
    receiver: str,
    *,
    via: str | None = None,
    statuses: Sequence[Status] = (),
    highest: Classification | None,
) -> str:
    _, kinds, form = shape
    lines = [
        "[[clause]]",
        f'id = "{clause_id}"',
        'article = "standing agreement"',
        'effect = "permit"',
        f"domains = {_listed(domain.value for domain in Domain)}",
        f"kinds = {_listed(kinds)}",
        f"from = {_listed(givers)}",
        f"to = {_listed((receiver,))}",
        f'form = "{form.value}"',
    ]
    if via is not None:
        lines.append(f'via = "{via}"')
    if statuses:
        lines.append(f"statuses = {_listed(status.value for status in statuses)}")
    if highest is not None:
        lines.append(f'highest = {{ scheme = "{highest.scheme}", level = "{highest.level}" }}')
    return "\n".join((*lines, ""))


def _listed(words: Iterable[str]) -> str:
    """A list of words in TOML; none of them holds a quotation mark or a backslash."""
    quoted = ", ".join(f'"{word}"' for word in words)
    return f"[{quoted}]"
