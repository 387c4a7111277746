"""Shapes of what people give about accounts, as JSON; strict, as those of `trilat.web.shapes`."""

from typing import Annotated, Any

import msgspec

from trilat.model import Count, InstantNs, PartyCode, ShortText, Status
from trilat.node import AccountName, TokenName
from trilat.web.passwords import PASSWORD_CHARACTERS_MAX

Password = Annotated[str, msgspec.Meta(max_length=PASSWORD_CHARACTERS_MAX)]
RoleName = Annotated[str, msgspec.Meta(pattern=r"^(watch|release|administrator|auditor)(?!\n)$")]


class ShownSession(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose node this is, and who is signed in; what only they have is left out for others."""

    exercise: Annotated[bool, msgspec.Meta(description="never, at a node: an exercise's page has another")]
    party: PartyCode
    status: Status
    provider: bool
    """Whether the party's own identity provider signs people in."""

    signed_in: bool
    name: str = ""
    role: str = ""
    word: str = ""
    """It goes with every change, in the header `x-trilat-word`."""


class NodeAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account without anything secret."""

    name: AccountName
    role: RoleName
    enabled: bool
    has_password: bool
    tokens: list[tuple[TokenName, InstantNs]]
    """Names of its tokens, and until when each holds."""


class ShownProposal(msgspec.Struct, frozen=True, kw_only=True):
    """A change that waits for another administrator."""

    proposal: Count
    would: ShortText
    """The step: `created`, `role`, `enabled` or `token`."""

    name: ShortText
    by: ShortText
    role: ShortText | None


class ShownAccounts(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts, and what waits."""

    accounts: list[NodeAccount]
    proposals: list[ShownProposal]


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """Who did and saw what: `rows` have `entry`, `kind`, `at_ns`, and fields of their kind. `next` is what to
    ask after; `damaged` entries could not be read.
    """

    rows: list[dict[str, Any]]
    damaged: list[dict[str, Any]]
    next: Count
    done: bool


class GivenSignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Name and password of who signs in; any name, so that a wrong one costs what a right one does."""

    name: ShortText
    password: Password


class GivenNewPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One's own password, now and from now on."""

    password: Password
    new_password: Password


class GivenAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new account; without a password it signs in with the party's own identity provider, or not at all."""

    name: AccountName
    role: RoleName
    password: Password = ""


class GivenPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new password for an account."""

    name: AccountName
    password: Password


class GivenRole(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another role for an account."""

    name: AccountName
    role: RoleName


class GivenName(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account."""

    name: AccountName


class GivenToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token for a program that acts as an account, for some days."""

    name: AccountName
    token: TokenName
    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 30


class GivenWithdrawal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token to be withdrawn."""

    name: AccountName
    token: TokenName


class GivenApproval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What another administrator says to a proposal."""

    proposal: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
    approve: bool
