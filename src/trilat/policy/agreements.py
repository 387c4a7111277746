"""`AgreementSet`: the agreements that a party holds, by file, with their clauses found fast.

Rules
1. A clause is named `file#id`, such as `us-japan-2007.toml#4a`; a consent names it `agreement#id`.
2. Newest known wins: of several versions of one agreement, the newest that has begun speaks, and an older
   one never comes back, also where the newer one has ended.
3. A prohibition that names a party speaks of that party's staff too; a permission does not.
4. An agreement in which two parties only give to others, or pass on, is none that they have with each other.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from trilat.model import (
    IDENTIFIER_CHARACTERS_MAX,
    INSTANT_NS_MAX,
    Agreement,
    AgreementError,
    Circle,
    Clause,
    Domain,
    Effect,
    OnwardRule,
    Polygon,
    Rank,
    encode,
    find_level,
)

_REMEMBERED_MAX: Final = 65_536
"""Directions whose clauses are remembered; beyond it the memory starts anew."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One clause with its agreement and the time in which it speaks, [from, until) in UTC nanoseconds."""

    name: str
    consent_name: str
    clause: Clause
    agreement: Agreement
    from_ns: int
    until_ns: int
    replaced_ns: int
    """When a newer version of its agreement begins."""

    @property
    def purposes(self) -> tuple[str, ...]:
        """What it speaks for: its own purposes, or its agreement's."""
        return self.clause.purposes or self.agreement.purposes

    @property
    def onward(self) -> OnwardRule:
        """Its own onward rule, or its agreement's."""
        return self.agreement.onward if self.clause.onward is None else self.clause.onward

    @property
    def regions(self) -> tuple[Circle | Polygon, ...]:
        """The regions that it speaks of; empty for everywhere."""
        return tuple(area.region for area in self.agreement.areas if area.name in self.clause.areas)

    def speaks(self, at_ns: int, purpose: str) -> bool:
        """Whether it is in force at the instant and for the purpose; a notice to end it is not looked at."""
        return self.from_ns <= at_ns < self.until_ns and purpose in self.purposes

    @property
    def is_conditional(self) -> bool:
        """Whether it reads more than the label class of an item and the path: see `conditions`."""
        clause, agreement = self.clause, self.agreement
        outlives = agreement.survives_end and agreement.in_force_until_ns is not None
        return (
            bool(clause.areas or clause.situations)
            or clause.onward is not None
            or agreement.onward in {OnwardRule.TO_NAMED, OnwardRule.UNDER_CONDITIONS}
            or (clause.effect is Effect.FORBID and outlives)
        )

    def rank_max(self, at_ns: int) -> Rank:
        """The highest rank that the clause covers; a level not known at the instant covers no more than
        unclassified items.
        """
        highest = self.clause.highest
        level = None if highest is None else find_level(highest, at_ns)
        return Rank.UNCLASSIFIED if level is None else level.rank


@dataclass(frozen=True, slots=True)
class Direction:
    """All clauses of any time and purpose that speak of one kind of item from one party to another."""

    permits: tuple[Rule, ...]
    forbids: tuple[Rule, ...]
    is_conditional: bool
    """Whether one of them reads more than label class and path."""


class AgreementSet:
    """Agreements by file name; made by `of`. It does not change."""

    def __init__(self, files: Mapping[str, Agreement]) -> None:
        """Use `of`, which refuses what does not go together."""
        self._files = dict(sorted(files.items()))
        self._rules = {
            rule.name: rule
            for file, agreement in self._files.items()
            for rule in self._compile(file, agreement)
        }
        self.located = tuple(rule for rule in self._rules.values() if rule.clause.areas)
        """Clauses that speak of areas."""

        self._by_giver: dict[str, list[Rule]] = {}
        for rule in self._rules.values():
            for giver in rule.clause.givers:
                self._by_giver.setdefault(giver, []).append(rule)
        self._directions: dict[tuple[str, str, Domain, str], Direction] = {}
        self._windows: dict[tuple[str, str], tuple[tuple[Agreement, int, int], ...]] = {}
        self._replacing: dict[tuple[str, str], tuple[Agreement, ...]] = {}

    @classmethod
    def of(cls, files: Mapping[str, Agreement]) -> "AgreementSet":
        """The set of these agreements, by file name without folder.

        Raises:
            AgreementError: one version of an agreement in two files, or a name too long to be written down.
        """
        seen: dict[tuple[str, int], str] = {}
        for file, agreement in sorted(files.items()):
            key = (agreement.agreement_id, agreement.version)
            if key in seen:
                raise AgreementError(
                    f"{file}: agreement `{key[0]}` version {key[1]} is already in {seen[key]}: "
                    "remove one, or give the newer one a higher version",
                    file=file,
                    clause=None,
                )
            seen[key] = file
            for clause in agreement.clauses:
                longest = max(len(file), len(agreement.agreement_id)) + 1 + len(clause.clause_id)
                if longest > IDENTIFIER_CHARACTERS_MAX:
                    raise AgreementError(
                        f"{file}, clause `{clause.clause_id[:80]}`: its full name has {longest} characters, "
                        f"over {IDENTIFIER_CHARACTERS_MAX}: shorten the file name, the id or the clause id",
                        file=file,
                        clause=clause.clause_id,
                    )
        return cls(files)

    def _compile(self, file: str, agreement: Agreement) -> Iterator[Rule]:
        until_ns = self._until_ns(agreement)
        replaced_ns = self._replaced_ns(agreement)
        for clause in agreement.clauses:
            begins, ends = clause.in_force_from_ns, clause.in_force_until_ns
            yield Rule(
                name=f"{file}#{clause.clause_id}",
                consent_name=f"{agreement.agreement_id}#{clause.clause_id}",
                clause=clause,
                agreement=agreement,
                from_ns=agreement.in_force_from_ns if begins is None else begins,
                until_ns=until_ns if ends is None else min(ends, until_ns),
                replaced_ns=replaced_ns,
            )

    def _until_ns(self, agreement: Agreement) -> int:
        """When the agreement ends, or a newer version of it begins (rule 2)."""
        until_ns = agreement.in_force_until_ns
        return min(INSTANT_NS_MAX if until_ns is None else until_ns, self._replaced_ns(agreement))

    def _replaced_ns(self, agreement: Agreement) -> int:
        """When a newer version of an agreement begins; the last instant there is where there is none."""
        begins = (
            other.in_force_from_ns
            for other in self._files.values()
            if other.agreement_id == agreement.agreement_id and other.version > agreement.version
        )
        return min(begins, default=INSTANT_NS_MAX)

    @property
    def files(self) -> dict[str, Agreement]:
        """Agreements by file name, in order of names."""
        return dict(self._files)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every clause of every file, in order of files and then as written."""
        return tuple(self._rules.values())

    def place(self, rule: Rule) -> int:
        """The place of a clause in `rules`."""
        return self._places[rule.name]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self._rules)}

    @cached_property
    def digest(self) -> str:
        """Names these very agreements: SHA-256 over files and their wire forms, hexadecimal."""
        sums = hashlib.sha256()
        for file, agreement in self._files.items():
            for part in (file.encode(), encode(agreement)):
                sums.update(len(part).to_bytes(8) + part)
        return sums.hexdigest()

    def boundaries_ns(self, receiver: str) -> frozenset[int]:
        """Instants at which something that speaks of giving to a party begins or ends, UTC nanoseconds."""
        codes = _with_party(receiver)
        return frozenset(
            end
            for agreement in self._files.values()
            if any(code in agreement.parties for code in codes)
            or any(code in clause.receivers for clause in agreement.clauses for code in codes)
            for end in (
                agreement.in_force_from_ns,
                self._until_ns(agreement),
                *(clause.in_force_from_ns for clause in agreement.clauses),
                *(clause.in_force_until_ns for clause in agreement.clauses),
            )
            if end is not None
        )

    def judged_ns(self, one: str, other: str, decided_ns: int, at_ns: int) -> int:
        """The instant by which a release between two parties is judged: when it was decided, or, where a
        newer version of an agreement that both had has begun since, when that began (rule 2).
        """
        starts = (
            agreement.in_force_from_ns
            for agreement in self._newest_of_both(one, other)
            if decided_ns < agreement.in_force_from_ns <= at_ns
        )
        return max(starts, default=decided_ns)

    def _newest_of_both(self, one: str, other: str) -> tuple[Agreement, ...]:
        """Every version that replaces another one, of agreements of which both are or were parties."""
        key = (one, other)
        found = self._replacing.get(key)
        if found is None:
            held = tuple(self._files.values())
            both = {pact.agreement_id for pact in held if one in pact.parties and other in pact.parties}
            first = {name: min(pact.version for pact in held if pact.agreement_id == name) for name in both}
            found = self._replacing[key] = tuple(
                pact for pact in held if pact.agreement_id in both and pact.version > first[pact.agreement_id]
            )
        return found

    def newest(self) -> dict[str, Agreement]:
        """The highest version held of every agreement, by its id, whether it has begun or not."""
        found: dict[str, Agreement] = {}
        for agreement in self._files.values():
            known = found.get(agreement.agreement_id)
            if known is None or known.version < agreement.version:
                found[agreement.agreement_id] = agreement
        return found

    def version(self, agreement_id: str, version: int) -> Agreement | None:
        """One version of an agreement, or None."""
        for agreement in self._files.values():
            if (agreement.agreement_id, agreement.version) == (agreement_id, version):
                return agreement
        return None

    def rule(self, name: str) -> Rule | None:
        """The clause of the name `file#id`, or None."""
        return self._rules.get(name)

    def asking(self, consent_name: str) -> tuple[Rule, ...]:
        """The clauses that a consent to `agreement#clause` speaks of, one for each version held."""
        return tuple(rule for rule in self._rules.values() if rule.consent_name == consent_name)

    def direction(self, giver: str, receiver: str, domain: Domain, kind: str) -> Direction:
        """The clauses that speak of items of a domain and kind from `giver` to `receiver`, by name."""
        key = (giver, receiver, domain, kind)
        found = self._directions.get(key)
        if found is None:
            if len(self._directions) >= _REMEMBERED_MAX:
                self._directions.clear()
            found = self._directions[key] = self._find(giver, receiver, domain, kind)
        return found

    def _find(self, giver: str, receiver: str, domain: Domain, kind: str) -> Direction:
        about = [
            rule
            for code in _with_party(giver)
            for rule in self._by_giver.get(code, ())
            if domain in rule.clause.domains and kind in rule.clause.kinds
        ]
        permits = {
            rule.name: rule
            for rule in about
            if rule.clause.effect is Effect.PERMIT
            and giver in rule.clause.givers
            and receiver in rule.clause.receivers
            and giver != receiver
        }
        forbids = {
            rule.name: rule
            for rule in about
            if rule.clause.effect is Effect.FORBID
            and any(code in rule.clause.receivers for code in _with_party(receiver))
        }
        return Direction(
            permits=tuple(permits[name] for name in sorted(permits)),
            forbids=tuple(forbids[name] for name in sorted(forbids)),
            is_conditional=any(rule.is_conditional for rule in (*permits.values(), *forbids.values())),
        )

    def between(self, one: str, other: str) -> tuple[tuple[Agreement, int, int], ...]:
        """The agreements that both have with each other, each with the time in which it speaks (rule 4)."""
        key = (one, other)
        found = self._windows.get(key)
        if found is None:
            if len(self._windows) >= _REMEMBERED_MAX:
                self._windows.clear()
            found = self._windows[key] = tuple(
                (agreement, agreement.in_force_from_ns, self._until_ns(agreement))
                for agreement in self._files.values()
                if one in agreement.parties
                and other in agreement.parties
                and not (_gives_only(agreement, one) and _gives_only(agreement, other))
            )
        return found


def _gives_only(agreement: Agreement, party: str) -> bool:
    """Whether the clauses name a party as giver or intermediary, and none as receiver."""
    clauses = agreement.clauses
    return any(party in clause.givers or party == clause.via for clause in clauses) and not any(
        party in clause.receivers for clause in clauses
    )


def _with_party(code: str) -> tuple[str, ...]:
    """A code and, for a member of staff, the party it belongs to."""
    party = code.split("/", maxsplit=1)[0]
    return (code,) if party == code else (code, party)
