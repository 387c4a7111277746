"""Clauses, duties and the difference of two copies, as plain values that a screen says in any language."""

from trilat.geo import geodesic_inverse
from trilat.model import Duties, Release, to_plain
from trilat.node.node import Node
from trilat.node.shown import Plain
from trilat.policy import READABLE_LANGUAGES, readable_clause


def shown_clause(node: Node, name: str) -> Plain:
    """A clause as the own agreements have it, in each language; by its name alone where they have it not."""
    rule = node.agreements.rule(name)
    if rule is None:
        return {"name": name, "agreement": None, "version": None, "title": "", "article": "", "text": None}
    return {
        "name": name,
        "agreement": rule.agreement.agreement_id,
        "version": rule.agreement.version,
        "title": rule.agreement.title,
        "article": rule.clause.article,
        "text": {language: list(readable_clause(rule.clause, language)) for language in READABLE_LANGUAGES},
    }


def shown_duties(duties: Duties | None) -> Plain:
    """The duties that ask for something, by name."""
    plain: Plain = {} if duties is None else to_plain(duties)
    return {name: value for name, value in plain.items() if value}


def moved_m(one: Plain, other: Plain) -> float | None:
    """How far two shown items lie apart on the ground, metres; None where one has no place."""
    latitude, longitude, other_latitude, other_longitude = (
        plain.get(name) for plain in (one, other) for name in ("lat", "lon")
    )
    if latitude is None or longitude is None or other_latitude is None or other_longitude is None:
        return None
    distance_m, _ = geodesic_inverse(latitude, longitude, other_latitude, other_longitude)
    return round(distance_m, 1)


def shown_terms(node: Node, release: Release) -> Plain:
    """By which clauses, in which form and with which duties a copy was made."""
    return {
        "clauses": [shown_clause(node, name) for name in release.clauses],
        "form": release.form.value,
        "duties": shown_duties(release.duties),
    }
