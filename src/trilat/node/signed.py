"""`unsigned_agreements`: which of the agreements that a node holds lack a signature that they must have."""

from trilat.link import TrustStore, party_of, valid_signers
from trilat.model import Agreement
from trilat.node.config import NodeConfig
from trilat.policy import AgreementSet, signatories, unsigned_reason


def unsigned_agreements(agreements: AgreementSet, trust: TrustStore, config: NodeConfig) -> tuple[str, ...]:
    """One line for each version that is not signed as it must be, in order of files.

    Nobody else signs what a party lets its own staff read, and readers without a node have no key.
    """
    own = {config.party, *(party_of(reader) for reader in config.own_readers)}
    found = []
    for file, agreement in agreements.files.items():
        if own.issuperset(signatories(agreement)):
            continue
        signed = valid_signers(trust, agreement)
        if signed is None:
            found.append(f"{file}: a signature does not fit a pinned key: put back the file that was signed")
            continue
        signed_ns = max((signature.signed_ns for signature in agreement.signatures), default=0)
        signed_by = {*signed, *(own - {config.party})}
        reason = unsigned_reason(agreement, _before(agreements, agreement), signed_by, signed_ns)
        if reason is not None:
            found.append(f"{file}: {reason}")
    return tuple(found)


def _before(agreements: AgreementSet, agreement: Agreement) -> Agreement | None:
    """The highest version held below one."""
    lower = (
        one
        for one in agreements.files.values()
        if one.agreement_id == agreement.agreement_id and one.version < agreement.version
    )
    return max(lower, key=lambda one: one.version, default=None)
