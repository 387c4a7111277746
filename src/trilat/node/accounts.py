"""`Accounts`: people and programs that may ask this node, what each may do, and who said so.

Rules
1. An account has one role, and no role has two: who looks, who releases, who keeps accounts and who audits
   are different people.
2. Every change is an entry of the ledger before it holds; there is no other record, and no way to edit one.
3. Nobody changes an account of their own but its password. Where the node asks for two persons, a change by
   one administrator waits until another approves it; taking a right away never waits.
4. What is kept of a password is a verifier (argon2id), of a token its SHA-256 digest. Neither is ever shown.
5. A disabled account, or one whose role changed, is signed out at once: what it may is looked up at each
   request.
6. No role releases past policy: an account acts through the desk, as any officer does.

`known` is replaced, never changed, so that it may be read from any thread.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from trilat.ledger import Entry, EntryKind, Stored
from trilat.model import Count, InstantNs, Noun, ShortText, UsageError, decode, encode
from trilat.node.parts import Part

if TYPE_CHECKING:
    from trilat.node.node import Node

ACCOUNTS_MAX: Final = 500
TOKENS_MAX: Final = 2_000
PROPOSALS_MAX: Final = 100
SETUP: Final = "setup"
"""Who acts with the administrator's token of the node's folder, before there is anybody else."""

AccountName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,30}(?!\n)$")]
TokenName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,60}(?!\n)$")]


class AccountRole(Enum):
    """What an account may do."""

    WATCH = "watch"
    """See the picture, give out warnings and take them back."""
    RELEASE = "release"
    """See the picture, and answer questions of release as an officer of the desk."""
    ADMINISTRATOR = "administrator"
    """Keep accounts and tokens, see the node's health; nothing of the picture."""
    AUDITOR = "auditor"
    """Read who did and saw what; nothing else."""


class AccessStep(Enum):
    """What an entry on access records."""

    CREATED = "created"
    PASSWORD = "password"  # noqa: S105 - a step's name
    ROLE = "role"
    DISABLED = "disabled"
    ENABLED = "enabled"
    REMOVED = "removed"
    TOKEN = "token"  # noqa: S105 - a step's name
    WITHDRAWN = "withdrawn"
    PROPOSED = "proposed"
    DROPPED = "dropped"
    SIGNED_IN = "signed-in"
    SIGNED_OUT = "signed-out"
    REFUSED = "refused"
    AUDITED = "audited"


_WAITING: Final = frozenset({AccessStep.CREATED, AccessStep.ROLE, AccessStep.ENABLED, AccessStep.TOKEN})
"""Changes that give a right: under the two-person rule they wait for another administrator (rule 3)."""


class AccessRecord(Noun, frozen=True, kw_only=True):
    """One step: an account was changed, or somebody signed in, out, or was refused."""

    step: AccessStep
    name: ShortText
    """The account that it is about."""

    by: ShortText
    role: AccountRole | None = None
    verifier: Annotated[str, msgspec.Meta(max_length=256)] = ""
    token: Annotated[str, msgspec.Meta(max_length=61)] = ""
    digest: Annotated[bytes, msgspec.Meta(max_length=32)] = b""
    until_ns: InstantNs | None = None
    proposal: Count = 0
    """The number of the proposal that this makes, carries out or drops; 0 for none."""

    would: AccessStep | None = None
    """What a proposal would do."""

    client: ShortText = ""
    reason: ShortText = ""


@dataclass(frozen=True, slots=True)
class Account:
    """One account as it stands."""

    name: str
    role: AccountRole
    verifier: str = ""
    enabled: bool = True
    changed: int = 0
    """Counts changes of role, password and standing: a session of before is over."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token that acts as an account, until an instant."""

    token: str
    name: str
    digest: bytes
    until_ns: int


@dataclass(frozen=True, slots=True)
class Known:
    """All accounts and tokens at one moment."""

    accounts: Mapping[str, Account]
    tokens: Mapping[bytes, ApiToken]


class Accounts(Part):
    """The accounts of one node."""

    def __init__(self, node: "Node", *, two_person: bool) -> None:
        """No accounts yet."""
        self._node = node
        self._two_person = two_person
        self.known = Known(accounts={}, tokens={})
        self.proposals: dict[int, AccessRecord] = {}
        self._proposed = 0

    # --- changing ---

    def change(self, record: AccessRecord) -> AccessRecord:
        """Write a change and let it hold, or, under the two-person rule, write that it was proposed.

        Returns:
            What was written: the change itself, or its proposal with its number.

        Raises:
            UsageError: it cannot be, or is one that nobody may make of themselves.
            LedgerError: the ledger cannot be written.
        """
        self._refuse(record)
        if self._two_person and record.step in _WAITING and not self._is_first(record):
            if len(self.proposals) >= PROPOSALS_MAX:
                raise UsageError(f"{PROPOSALS_MAX} proposals wait: approve or drop some of them first")
            record = msgspec.structs.replace(
                record, step=AccessStep.PROPOSED, would=record.step, proposal=self._proposed + 1
            )
        return self._written(record)

    def approve(self, proposal: int, by: str) -> AccessRecord:
        """Carry out a proposal of another administrator; errors as of `change`."""
        record = self._proposal(proposal)
        if by in {record.by, record.name}:
            raise UsageError(
                f"proposal {proposal} is your own: another administrator approves it", refused=True
            )
        made = msgspec.structs.replace(record, step=record.would, would=None, reason=f"approved by {by}")
        self._refuse(made)
        return self._written(made)

    def drop(self, proposal: int, by: str) -> AccessRecord:
        """Let a proposal be; UsageError where there is none of that number."""
        record = self._proposal(proposal)
        return self._written(
            AccessRecord(step=AccessStep.DROPPED, name=record.name, by=by, proposal=proposal)
        )

    def note(self, record: AccessRecord) -> int:
        """Write down that somebody signed in, out, was refused, or audited; returns the entry's number."""
        (receipt,) = self._node.ledger.append([_entry(record)])
        return receipt.entry

    def _written(self, record: AccessRecord) -> AccessRecord:
        self._node.write([_entry(record)])
        self.use(record)
        return record

    def _proposal(self, number: int) -> AccessRecord:
        record = self.proposals.get(number)
        if record is None:
            raise UsageError(f"no proposal {number} waits here: look at the list again")
        return record

    def _is_first(self, record: AccessRecord) -> bool:
        """Two administrators must come from somewhere: until there are two, nobody could approve."""
        administrators = [
            account for account in self.known.accounts.values() if account.role is AccountRole.ADMINISTRATOR
        ]
        return record.by == SETUP and len(administrators) < 2

    def _refuse(self, record: AccessRecord) -> None:
        account = self.known.accounts.get(record.name)
        if record.step is AccessStep.CREATED:
            if account is not None:
                raise UsageError(f"there is an account `{record.name}` already: take another name")
            if len(self.known.accounts) >= ACCOUNTS_MAX:
                raise UsageError(f"there are {ACCOUNTS_MAX} accounts: remove one first")
            if record.name == SETUP or record.role is None:
                raise UsageError(f"an account needs a role, and another name than `{SETUP}`")
        elif account is None:
            raise UsageError(f"there is no account `{record.name[:40]}` here")
        if record.name == record.by and record.step is not AccessStep.PASSWORD:
            raise UsageError(
                "nobody changes an account of their own: ask another administrator", refused=True
            )
        if record.step is AccessStep.TOKEN and len(self.known.tokens) >= TOKENS_MAX:
            raise UsageError(f"there are {TOKENS_MAX} tokens: withdraw some first")
        if record.step is AccessStep.TOKEN and self._token(record) is not None:
            raise UsageError(f"`{record.name}` has a token `{record.token}` already: take another name")
        if record.step is AccessStep.WITHDRAWN and self._token(record) is None:
            raise UsageError(f"`{record.name}` has no token `{record.token[:60]}`")

    def _token(self, record: AccessRecord) -> ApiToken | None:
        for token in self.known.tokens.values():
            if (token.name, token.token) == (record.name, record.token):
                return token
        return None

    # --- how it stands ---

    def use(self, record: AccessRecord) -> None:
        """Let a step hold that is in the ledger."""
        if record.step is AccessStep.PROPOSED:
            self.proposals[record.proposal] = record
            self._proposed = max(self._proposed, record.proposal)
            return
        self.proposals.pop(record.proposal, None)
        accounts, tokens = dict(self.known.accounts), dict(self.known.tokens)
        if record.step is AccessStep.CREATED and record.role is not None:
            accounts[record.name] = Account(record.name, record.role, record.verifier)
        elif record.step is AccessStep.REMOVED:
            accounts.pop(record.name, None)
            tokens = {digest: token for digest, token in tokens.items() if token.name != record.name}
        elif record.step is AccessStep.TOKEN and record.until_ns is not None:
            tokens[record.digest] = ApiToken(record.token, record.name, record.digest, record.until_ns)
        elif record.step is AccessStep.WITHDRAWN:
            gone = self._token(record)
            tokens.pop(gone.digest if gone is not None else b"", None)
        elif (account := accounts.get(record.name)) is not None:
            accounts[record.name] = _changed(account, record)
        self.known = Known(accounts=accounts, tokens=tokens)

    def kinds(self) -> Mapping[EntryKind, Callable[[Stored, bytes], None]]:
        """Accounts are restored from the ledger; who signed in before is signed out."""
        return {EntryKind.ACCESS: lambda _, content: self.use(decode(content, AccessRecord))}

    def steps(self, now_ns: int) -> Iterable[Entry]:
        """Tokens whose time is over go; nothing is written, since the token's own entry says until when."""
        over = [digest for digest, token in self.known.tokens.items() if token.until_ns <= now_ns]
        if over:
            tokens = {digest: token for digest, token in self.known.tokens.items() if digest not in set(over)}
            self.known = Known(accounts=self.known.accounts, tokens=tokens)
        return ()


def _changed(account: Account, record: AccessRecord) -> Account:
    if record.step is AccessStep.PASSWORD:
        return replace(account, verifier=record.verifier, changed=account.changed + 1)
    if record.step is AccessStep.ROLE and record.role is not None:
        return replace(account, role=record.role, changed=account.changed + 1)
    if record.step in {AccessStep.DISABLED, AccessStep.ENABLED}:
        enabled = record.step is AccessStep.ENABLED
        return replace(account, enabled=enabled, changed=account.changed + 1)
    return account


def _entry(record: AccessRecord) -> Entry:
    return Entry(kind=EntryKind.ACCESS, content=encode(record))
