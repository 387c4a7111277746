"""`struck_texts`: agreement files without some clauses, for an exercise that is played again without them.

A file is cut, not written anew, so that a person finds the rest as it was. What comes out is read again and
must say exactly what the agreement says without the clauses; signatures go, for what was signed is another
text.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from trilat.model import AgreementError, UsageError
from trilat.policy.language import read_agreement
from trilat.policy.reading import read_toml

_TABLE: Final = re.compile(r"^[ \t]*\[\[[ \t]*([A-Za-z_-]+)[ \t]*\]\][ \t]*(?:#.*)?$", flags=re.MULTILINE)


def struck_texts(texts: Mapping[str, str], struck: Collection[str]) -> dict[str, str]:
    """The texts by file without the clauses `struck`, each named `file#id`; a file of which no clause is left
    is gone.

    Raises:
        UsageError: a clause is not there.
        AgreementError: a text cannot be read, or cannot be cut.
    """
    by_file: dict[str, set[str]] = {}
    for name in struck:
        file, _, clause = name.rpartition("#")
        by_file.setdefault(file, set()).add(clause)
    found = dict(texts)
    for file, clauses in by_file.items():
        if file not in texts:
            raise _unknown(f"{file}#{min(clauses)}")
        cut = _cut(file, texts[file], clauses)
        if cut is None:
            del found[file]
        else:
            found[file] = cut
    return found


def _cut(file: str, text: str, struck: Collection[str]) -> str | None:
    """A text without clauses; None where none is left."""
    agreement = read_agreement(file, text)
    kept = tuple(one for one in agreement.clauses if one.clause_id not in struck)
    if len(kept) + len(struck) != len(agreement.clauses):
        known = {one.clause_id for one in agreement.clauses}
        raise _unknown(f"{file}#{min(set(struck) - known)}")
    if not kept:
        return None
    starts = [match.start() for match in _TABLE.finditer(text)]
    pieces = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    cut = text[: starts[0]] + "".join(piece for piece in pieces if not _goes(file, piece, struck))
    without = msgspec.structs.replace(agreement, clauses=kept, signatures=())
    if read_agreement(file, cut) != without:
        raise AgreementError(f"{file}: cannot be cut: write each clause as a table `[[clause]]` of its own")
    return cut


def _goes(file: str, piece: str, struck: Collection[str]) -> bool:
    """Whether a table is a struck clause, or a signature."""
    (name, tables), *_ = read_toml(file, piece).items()
    return name == "signature" or (name == "clause" and tables[0].get("id") in struck)


def _unknown(name: str) -> UsageError:
    return UsageError(f"no clause `{name[:120]}` is in these agreements: name one as file#id", conflict=True)
