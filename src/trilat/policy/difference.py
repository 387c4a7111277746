"""`differences`: what one version of an agreement says and another does not, clause by clause, in words."""

from collections.abc import Iterator
from typing import Any, Final

from trilat.model import Agreement, Clause, to_plain
from trilat.policy.explain import clause_sentence

_BESIDE: Final = ("clauses", "signatures")
_WORDS: Final = {
    "givers": "from",
    "receivers": "to",
    "in_force_from_ns": "in_force_from",
    "in_force_until_ns": "in_force_until",
}
"""Fields by the names that a negotiator writes."""


def differences(old: Agreement, new: Agreement) -> tuple[str, ...]:
    """One line for each thing that differs; empty where the two say the same. Signatures are not compared."""
    before = {clause.clause_id: clause for clause in old.clauses}
    after = {clause.clause_id: clause for clause in new.clauses}
    lines = [f"agreement: {line}" for line in _fields(old, new)]
    for name, clause in before.items():
        if name not in after:
            lines.append(f"clause {name} is struck: {clause_sentence(clause)}")
        else:
            lines += [f"clause {name}: {line}" for line in _fields(clause, after[name])]
    lines += [
        f"clause {name} is new: {clause_sentence(clause)}"
        for name, clause in after.items()
        if name not in before
    ]
    return tuple(lines)


def _fields(old: Agreement | Clause, new: Agreement | Clause) -> Iterator[str]:
    """Fields that differ; the duties of a clause one by one."""
    before, after = to_plain(old), to_plain(new)
    for field in before:
        if field in _BESIDE or before[field] == after[field]:
            continue
        name = _WORDS.get(field, field)
        if field == "duties":
            for duty in before[field]:
                if before[field][duty] != after[field][duty]:
                    yield f"`duties.{duty}` was {_said(before[field][duty])}, is {_said(after[field][duty])}"
        else:
            yield f"`{name}` was {_said(before[field])}, is {_said(after[field])}"


def _said(value: Any) -> str:
    """A value as a person reads it."""
    if value is None or value in ([], ""):
        return "not said"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_said(part) for part in value)
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_said(part)}" for name, part in value.items()) + ")"
    return str(value)
