"""`readable_text`: an agreement as a text to read, in English, Japanese or Korean, made from the same values.

What a negotiator wrote in words (title, articles, notes, sources) stays in its own language. The text ends
with who has signed and the digest of what is signed, so that it can be laid beside the file. `readable_parts`
gives the same lines apart, for a page that lays each clause beside its text.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from trilat.model import (
    Agreement,
    Approval,
    Circle,
    Clause,
    Effect,
    NamedArea,
    OnwardRule,
    Place,
    UsageError,
    format_instant,
)
from trilat.policy.readable_words import LANGUAGES, WORDS


@dataclass(frozen=True, kw_only=True)
class ReadableAgreement:
    """The lines of an agreement's text: before the clauses, each clause by its id, and after them."""

    head: tuple[str, ...]
    clauses: dict[str, tuple[str, ...]]
    foot: tuple[str, ...]


def readable_text(agreement: Agreement, language: str, digest: str) -> str:
    """The whole text; `digest` is the SHA-256 of what is signed, hexadecimal.

    Raises:
        UsageError: no text is written in that language.
    """
    parts = readable_parts(agreement, language, digest)
    lines = list(parts.head)
    for clause in parts.clauses.values():
        lines += ["", *clause]
    return "\n".join([*lines, "", *parts.foot]) + "\n"


def readable_parts(agreement: Agreement, language: str, digest: str) -> ReadableAgreement:
    """The text as lines, clause by clause; arguments and errors as of `readable_text`."""
    if language not in LANGUAGES:
        raise UsageError(f"no text in `{language[:20]}`: choose one of {', '.join(LANGUAGES)}")
    writer = _Writer(LANGUAGES.index(language))
    return ReadableAgreement(
        head=tuple(writer.head(agreement)),
        clauses={clause.clause_id: tuple(writer.clause(clause)) for clause in agreement.clauses},
        foot=tuple(writer.foot(agreement, digest)),
    )


def readable_clause(clause: Clause, language: str) -> tuple[str, ...]:
    """The lines of one clause, as in the whole text; errors of `readable_text`."""
    if language not in LANGUAGES:
        raise UsageError(f"no text in `{language[:20]}`: choose one of {', '.join(LANGUAGES)}")
    return tuple(_Writer(LANGUAGES.index(language)).clause(clause))


class _Writer:
    """The phrases of one language."""

    def __init__(self, place: int) -> None:
        self._place = place

    def _say(self, key: str, **values: object) -> str:
        return WORDS[key][self._place].format(**values)

    def _words(self, prefix: str, words: Iterable[str]) -> str:
        return self._listed(self._say(f"{prefix}.{word}") for word in words)

    def _listed(self, words: Iterable[str]) -> str:
        return ("、" if LANGUAGES[self._place] == "ja" else ", ").join(words)

    def head(self, agreement: Agreement) -> Iterator[str]:
        yield self._say("head", title=agreement.title)
        yield self._say("version", id=agreement.agreement_id, version=agreement.version)
        yield ""
        yield self._say("parties", value=self._listed(agreement.parties))
        yield self._say("from", value=format_instant(agreement.in_force_from_ns))
        if agreement.in_force_until_ns is not None:
            yield self._say("until", value=format_instant(agreement.in_force_until_ns))
        yield self._say("purposes", value=self._listed(agreement.purposes))
        yield self._onward(agreement.onward, agreement.onward_to, agreement.onward_situations)
        for key, value in (("renewal", agreement.renewal_months), ("notice", agreement.notice_days)):
            if value:
                yield self._say(key, value=value)
        if agreement.survives_end:
            yield self._say("survives")
        if agreement.direct_only:
            yield self._say("direct-only")
        if agreement.fresh_s:
            yield self._say("fresh", value=agreement.fresh_s)
        if agreement.removal_by:
            yield self._say("removal", value=self._listed(agreement.removal_by))
        for row in agreement.equivalents:
            levels = " = ".join(f"{level.scheme} {level.level}" for level in row.levels)
            yield self._say("equivalents", value=levels)
        yield from (self._area(area) for area in agreement.areas)

    def foot(self, agreement: Agreement, digest: str) -> Iterator[str]:
        yield from (self._say("assumed", value=text) for text in agreement.assumed)
        yield from (self._say("source", value=text) for text in agreement.sources)
        yield from self._signatures(agreement)
        yield self._say("digest", value=digest)

    def _onward(self, onward: OnwardRule, named: tuple[str, ...], situations: tuple[str, ...]) -> str:
        return self._say(
            f"onward.{onward.value}", named=self._listed(named), situations=self._listed(situations)
        )

    def _area(self, area: NamedArea) -> str:
        region = area.region
        if isinstance(region, Circle):
            where = self._say("circle", centre=_degrees(region.centre), radius=region.radius_m)
        else:
            where = self._say("polygon", corners=self._listed(_degrees(corner) for corner in region.corners))
        return self._say("area", name=area.name, value=where)

    def clause(self, clause: Clause) -> Iterator[str]:
        """The lines of a clause."""
        permits = clause.effect is Effect.PERMIT
        if clause.via is not None:
            path = self._say("through", value=clause.via)
        else:
            path = self._say("directly" if permits else "any-path")
        yield self._say("clause", id=clause.clause_id, article=clause.article)
        givers, receivers = self._listed(clause.givers), self._listed(clause.receivers)
        yield self._say(clause.effect.value, givers=givers, receivers=receivers, path=path)
        yield self._say(
            "what",
            kinds=self._words("kind", clause.kinds),
            domains=self._words("domain", (domain.value for domain in clause.domains)),
        )
        if clause.statuses:
            value = self._words("status", (status.value for status in clause.statuses))
            yield self._say("statuses", value=value)
        if clause.categories:
            yield self._say("categories", value=self._listed(clause.categories))
        yield from self._conditions(clause, permits=permits)
        if permits:
            yield from self._permission(clause)
        if clause.note:
            yield self._say("note", value=clause.note)

    def _conditions(self, clause: Clause, *, permits: bool) -> Iterator[str]:
        if clause.areas:
            yield self._say("areas" if permits else "touching", value=self._listed(clause.areas))
        if clause.in_force_from_ns is not None:
            yield self._say("from", value=format_instant(clause.in_force_from_ns))
        if clause.in_force_until_ns is not None:
            yield self._say("until", value=format_instant(clause.in_force_until_ns))
        if clause.purposes:
            yield self._say("purposes", value=self._listed(clause.purposes))
        if clause.situations:
            by = self._listed(clause.declared_by) or self._say("giver")
            yield self._say("situations", by=by, value=self._listed(clause.situations))
        if clause.situation_max_s:
            yield self._say("situation_max", value=clause.situation_max_s)
        if clause.onward is not None:
            yield self._onward(clause.onward, clause.onward_to, clause.onward_situations)

    def _permission(self, clause: Clause) -> Iterator[str]:
        highest = clause.highest
        if highest is None:
            yield self._say("unclassified")
        else:
            yield self._say("highest", value=f"{highest.scheme} {highest.level}")
        if clause.form is not None:
            yield self._say("form", value=self._say(f"form.{clause.form.value}"))
        if clause.approval is not Approval.NONE:
            yield self._say(f"approval.{clause.approval.value}")
        duties = clause.duties
        for name in duties.__struct_fields__:
            value = getattr(duties, name)
            if name == "attribution" and value is not None:
                value = self._say(f"attribution.{value.value}")
            if value:
                yield self._say(
                    f"duty.{name}", value=self._listed(value) if isinstance(value, tuple) else value
                )

    def _signatures(self, agreement: Agreement) -> Iterator[str]:
        signed = {signature.party: signature.signed_ns for signature in agreement.signatures}
        for party in dict.fromkeys(code.split("/", maxsplit=1)[0] for code in agreement.parties):
            if party in signed:
                yield self._say("signed", party=party, when=format_instant(signed[party]))
            else:
                yield self._say("unsigned", party=party)


def _degrees(place: Place) -> str:
    return f"{place.latitude_1e7deg / 1e7:.6g}°, {place.longitude_1e7deg / 1e7:.7g}°"
