"""Which version of an agreement may follow which, and who must have signed it. Joining asks all; to take a
party out, or to leave, asks what the agreement says.

Rules
1. A first version, and one that changes anything but who is a party, is signed by all of its parties and by
   all of the version before.
2. A party joins by such a version: it signs too.
3. `without_parties` is a version that takes parties out and changes nothing else. One party of the version
   before signs it, if that version's `removal_by` names it and it stays; or who leaves signs it, for the days
   of notice ahead. Without either, all that stay sign.
4. What a party alone can sign loosens nothing: where a prohibition names the party that goes, rule 1 holds.
5. A version follows a lower one; nothing follows itself.

Signatures are checked before they get here: `signed_by` are parties whose signature fits.
"""

from collections.abc import Collection

import msgspec

from trilat.model import Agreement, Clause, Effect, ItemError
from trilat.policy.declared import DAY_NS, party_of


def signatories(agreement: Agreement) -> tuple[str, ...]:
    """The parties that sign an agreement, in its order: staff do not, their party does."""
    return tuple(dict.fromkeys(party_of(code) for code in agreement.parties))


def without_parties(
    agreement: Agreement, gone: Collection[str], version: int, in_force_from_ns: int
) -> Agreement | None:
    """The version of an agreement that parties are no longer in; None where there is none: fewer than two
    stay, no clause does, or a prohibition would say less (rule 4).
    """
    stays = tuple(code for code in agreement.parties if party_of(code) not in gone)
    clauses = [_without(clause, gone) for clause in agreement.clauses if not _falls(clause, gone)]
    loosened = any(
        clause.effect is Effect.FORBID and not _named(clause).isdisjoint(gone) for clause in agreement.clauses
    )
    if loosened or not clauses or len({party_of(code) for code in stays}) < 2:
        return None
    try:
        return msgspec.structs.replace(
            agreement,
            version=version,
            parties=stays,
            in_force_from_ns=in_force_from_ns,
            clauses=tuple(clauses),
            removal_by=_staying(agreement.removal_by, gone),
            signatures=(),
        )
    except ItemError:
        return None


def unsigned_reason(
    new: Agreement, base: Agreement | None, signed_by: Collection[str], signed_ns: int
) -> str | None:
    """Why a version may not follow another one, in one line; None where it may.

    Args:
        new: the version.
        base: the newest version known before; None for none.
        signed_by: whose signatures fit.
        signed_ns: the instant of the newest of them, UTC ns.
    """
    name = f"`{new.agreement_id}` version {new.version}"
    if base is not None and new.version <= base.version:  # 5
        return f"{name} does not follow version {base.version}, which is known here"
    gone = () if base is None else tuple(one for one in signatories(base) if one not in signatories(new))
    if base is not None and gone and is_removal(new, base):  # 3
        removers = {party_of(code) for code in base.removal_by}.difference(gone)
        notice_ns = base.notice_days * DAY_NS
        leaves = set(gone) <= set(signed_by) and new.in_force_from_ns >= signed_ns + notice_ns
        if leaves or not removers.isdisjoint(signed_by):
            return None
        return _lacking(name, signatories(new), signed_by)
    needed = tuple(dict.fromkeys((*signatories(new), *(() if base is None else signatories(base)))))  # 1
    return _lacking(name, needed, signed_by)


def is_removal(new: Agreement, base: Agreement) -> bool:
    """Whether a version is another one without some of its parties, and nothing else (rule 3)."""
    gone = {one for one in signatories(base) if one not in signatories(new)}
    if not gone:
        return False
    made = without_parties(base, gone, new.version, new.in_force_from_ns)
    return made == msgspec.structs.replace(new, signatures=())


def _lacking(name: str, needed: tuple[str, ...], signed_by: Collection[str]) -> str | None:
    missing = [party for party in needed if party not in signed_by]
    if not missing:
        return None
    return f"{name} is not signed by {', '.join(missing)}: have it signed by {', '.join(needed)}"


def _named(clause: Clause) -> set[str]:
    via = () if clause.via is None else (clause.via,)
    return {party_of(code) for code in (*clause.givers, *clause.receivers, *via, *clause.declared_by)}


def _falls(clause: Clause, gone: Collection[str]) -> bool:
    """Whether nothing is left of a permission without these parties."""
    if clause.via is not None and party_of(clause.via) in gone:
        return True
    givers, receivers = _staying(clause.givers, gone), _staying(clause.receivers, gone)
    believed = bool(clause.declared_by) and not _staying(clause.declared_by, gone)
    return not givers or not receivers or believed or (len(givers) == 1 and givers == receivers)


def _without(clause: Clause, gone: Collection[str]) -> Clause:
    return msgspec.structs.replace(
        clause,
        givers=_staying(clause.givers, gone),
        receivers=_staying(clause.receivers, gone),
        declared_by=_staying(clause.declared_by, gone),
    )


def _staying(codes: tuple[str, ...], gone: Collection[str]) -> tuple[str, ...]:
    return tuple(code for code in codes if party_of(code) not in gone)
