"""`KnownAgreements`: which partner may hear of which agreement, and what a version must have to be taken.

Rules
1. A partner hears of an agreement that it and this party have signed or are to sign; one that was taken out
   hears of the version that takes it out, and of nothing behind that.
2. A version is taken whole and in order: the reader is strict, every signature must fit a pinned key, and
   `unsigned_reason` says whether they are enough to follow the version known here.
3. Another text of a version that is known is a fork: it is refused, kept aside, and told.
4. Taken means written, then used.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from trilat.ledger import Entry, EntryKind
from trilat.link import Attestation, agreement_digest, sign_agreement, valid_signers
from trilat.model import Agreement, AgreementError, TrilatError, decode, encode
from trilat.node.changing import use_agreements
from trilat.node.feeds import refusal_entry
from trilat.node.known_records import KNOWN_BYTES_MAX, AdoptedRecord
from trilat.policy import AgreementSet, is_removal, signatories, unsigned_reason

if TYPE_CHECKING:
    from trilat.node.node import Node

AGREEMENTS: Final = "agreement"
_NAME_CHARACTERS: Final = 40
EVIDENCE_MAX: Final = 64
"""Refused texts of one partner that are kept, from one start to the next."""


def file_name(agreement: Agreement) -> str:
    """What clauses of a version that did not come as a file are named after: the same at every node."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", agreement.agreement_id)[:_NAME_CHARACTERS].lstrip("._-")
    return f"{plain or 'agreement'}-v{agreement.version}.toml"


class KnownAgreements:
    """The agreements of a node as things that are known in versions."""

    kind: Final = AGREEMENTS
    hands_on: Final = True
    takes_unknown: Final = True

    def __init__(self, node: "Node") -> None:
        """Over the agreements that the node holds."""
        self._node = node
        self._of: AgreementSet | None = None
        self._entitled: dict[str, dict[str, tuple[int, bytes]]] = {}
        self._newest: dict[str, Agreement] = {}
        self._digests: dict[str, bytes] = {}
        self._evidence: Counter[str] = Counter()
        self.adopted: set[str] = set()
        """Agreements of which a version came while the node ran, by id."""

    # --- what is known ---

    def _read(self) -> dict[str, Agreement]:
        if self._of is not self._node.agreements:
            self._of = self._node.agreements
            self._newest = self._of.newest()
            self._digests = {name: agreement_digest(one) for name, one in self._newest.items()}
            self._entitled = {}
        return self._newest

    def newest(self, name: str) -> tuple[int, bytes] | None:
        """Version and digest of the newest version of an agreement."""
        found = self._read().get(name)
        return None if found is None else (found.version, self._digests[name])

    def agreements(self) -> Mapping[str, Agreement]:
        """The newest version of every agreement, by id."""
        return self._read()

    def names(self, partner: str) -> Mapping[str, tuple[int, bytes]]:
        """What a partner may hear of, with the newest version that it may hear of (rule 1)."""
        newest = self._read()
        found = self._entitled.get(partner)
        if found is None:
            found = self._entitled[partner] = {
                name: (agreement.version, self._digests[name])
                for name, agreement in newest.items()
                if self._may_hear(partner, agreement)
            }
        return found

    def _may_hear(self, partner: str, agreement: Agreement) -> bool:
        parties = signatories(agreement)
        before = self._before(agreement)
        ours = {*parties, *(() if before is None else signatories(before))}
        if self._node.config.party not in ours:
            return False
        return partner in parties or (
            before is not None and partner in signatories(before) and is_removal(agreement, before)
        )

    def _before(self, agreement: Agreement) -> Agreement | None:
        """The highest version below one."""
        lower = (
            one
            for one in self._node.agreements.files.values()
            if one.agreement_id == agreement.agreement_id and one.version < agreement.version
        )
        return max(lower, key=lambda one: one.version, default=None)

    def give(self, partner: str, name: str, after: int) -> tuple[int, bytes] | None:
        """The next version behind `after` that a partner may have, as bytes with their signatures."""
        higher = (
            one
            for one in self._node.agreements.files.values()
            if one.agreement_id == name and one.version > after and self._may_hear(partner, one)
        )
        found = min(higher, key=lambda one: one.version, default=None)
        return None if found is None else (found.version, encode(found))

    def may_attest(self, party: str, name: str) -> bool:
        """Whether a party's word on an agreement counts: it is one of the newest version known here."""
        found = self._read().get(name)
        return found is not None and party in signatories(found)

    def fork(self, said: Attestation) -> str | None:
        """What is told where a party holds another text of a version (rule 3)."""
        return (
            f"`{said.party}` holds another text of `{said.name}` version {said.version}: a fork; compare "
            "the signed texts, and sign one higher version between all"
        )

    # --- what comes ---

    def take(self, name: str, version: int, content: bytes, sender: str) -> str | None:
        """Why a version that came is not taken, in one line, where that is worth telling; None where it is in
        use now, or was before.
        """
        try:
            agreement = decode(content, Agreement, bytes_max=KNOWN_BYTES_MAX)
        except TrilatError as error:
            return f"`{name}` version {version} of `{sender}` cannot be read: {error}"
        if (agreement.agreement_id, agreement.version) != (name, version):
            return f"`{sender}` gave `{agreement.agreement_id}` for `{name}` version {version}: not taken"
        return self.adopt(agreement, sender)

    def adopt(self, agreement: Agreement, sender: str) -> str | None:
        """Why a version is not adopted, in one line; None where it is in use (rules 2 to 4).

        Raises:
            LedgerError: it could not be written; the node stops.
        """
        name, version = agreement.agreement_id, agreement.version
        known = self._node.agreements.version(name, version)
        if known is not None:
            if agreement_digest(known) == agreement_digest(agreement):
                return None
            text = (
                f"`{sender}` holds another text of `{name}` version {version}: a fork, refused; "
                "sign one higher version between all"
            )
            self._keep_aside(text, agreement, sender)
            return text
        refusal = self._refusal(agreement, sender)
        if refusal is not None:
            text = f"{refusal} (by `{sender}`)"
            self._keep_aside(text, agreement, sender)
            return text
        record = AdoptedRecord(
            kind=AGREEMENTS, name=name, version=version, sender=sender, content=encode(agreement)
        )
        self._node.write([Entry(kind=EntryKind.AGREEMENT, content=encode(record))])
        self.use(agreement)
        return None

    def sign(self, agreement: Agreement, before: Agreement) -> Agreement:
        """A version with this party's signature, now; UsageError where it is none of its parties."""
        now_ns = self._node.clock.now_ns()
        signature = sign_agreement(self._node.keys, agreement, now_ns, before)
        return msgspec.structs.replace(agreement, signatures=(*agreement.signatures, signature))

    def _keep_aside(self, text: str, agreement: Agreement, sender: str) -> None:
        """Evidence: what was signed, by whom, and why it was refused; of one partner no more than
        `EVIDENCE_MAX` texts.
        """
        if agreement.signatures and self._evidence[sender] < EVIDENCE_MAX:
            self._evidence[sender] += 1
            self._node.write([refusal_entry(AGREEMENTS, text, encode(agreement))])

    def _refusal(self, agreement: Agreement, sender: str) -> str | None:
        name, newest = agreement.agreement_id, self._read().get(agreement.agreement_id)
        party = self._node.config.party
        if party not in {*signatories(agreement), *(() if newest is None else signatories(newest))}:
            return f"`{name}` version {agreement.version} is none of `{party}`: not taken"
        # When it was signed is the signer's word, which who took its key can give too: of what people did not
        # put in place, a signature by a key that was revoked since says nothing.
        signed_by = valid_signers(self._node.trust, agreement, in_place=sender == party)
        if signed_by is None:
            return (
                f"`{name}` version {agreement.version} has a signature that does not fit a pinned key, or is "
                "by a revoked one: have it signed anew as a higher version"
            )
        signed_ns = max((signature.signed_ns for signature in agreement.signatures), default=0)
        reason = unsigned_reason(agreement, newest, signed_by, signed_ns)
        if reason is not None:
            if sender != party or not self._node.config.takes_unsigned:
                return reason
            self._node.note_refusal(f"{reason}; taken all the same in an exercise")
        try:
            AgreementSet.of({**self._node.agreements.files, file_name(agreement): agreement})
        except AgreementError as error:
            return str(error)
        return None

    def use(self, agreement: Agreement) -> None:
        """Use a version that is in the ledger; one that is in use already changes nothing. A file that says
        otherwise of the same version does not hold: it was not what was checked then.
        """
        self.adopted.add(agreement.agreement_id)
        self._replace(agreement)

    def use_recorded(self, agreement: Agreement) -> None:
        """Use a version that a file held when the node began once. It holds on while there is a file of its
        agreement; where a file says otherwise now, that file holds in an exercise, and nowhere else.
        """
        node, name = self._node, agreement.agreement_id
        if name not in node.agreements.newest():
            return
        known = node.agreements.version(name, agreement.version)
        if known is not None and node.config.takes_unsigned:
            if agreement_digest(known) != agreement_digest(agreement):
                node.note_refusal(f"`{name}` version {agreement.version} is another text than before: taken")
            return
        if known is None:
            node.note_refusal(f"`{name}` version {agreement.version} is in the ledger alone: it holds on")
        self._replace(agreement)

    def _replace(self, agreement: Agreement) -> None:
        """Hold a version, instead of any other text of it, which is told."""
        node, key = self._node, (agreement.agreement_id, agreement.version)
        files = node.agreements.files
        for file, other in node.agreements.files.items():
            if (other.agreement_id, other.version) == key:
                if agreement_digest(other) == agreement_digest(agreement):
                    return
                node.note_refusal(
                    f"{file} holds another text of `{key[0]}` version {key[1]} than this node took "
                    "before: that one holds on; give the file a higher version"
                )
                del files[file]
        name = file_name(agreement)
        if name in files:
            name = f"{name.removesuffix('.toml')}-{agreement_digest(agreement).hex()[:8]}.toml"
        use_agreements(node, AgreementSet.of({**files, name: agreement}))
