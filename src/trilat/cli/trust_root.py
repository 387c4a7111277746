"""`trilat trust init|sign|renew|revoke|hand-over`: what is done with a party's root, off any network."""

from pathlib import Path
from typing import Annotated, Final

import typer

from trilat.cli.passphrase import asked, chosen
from trilat.cli.terminal import in_one_line, read_text, say, writing
from trilat.link import Announcement, Issue, Revoked
from trilat.model import SECOND_NS, UsageError, format_instant, parse_instant
from trilat.node import (
    RootFolder,
    SystemClock,
    TokenKey,
    make_root,
    read_root,
    request_from_text,
    trust_text,
)

DAYS: Final = 365
DAYS_MAX: Final = 3_650
ROOT_KEY_LABEL: Final = "trilat-root-1"

ROOT = typer.Argument(help="The root's folder.")
OUT = typer.Argument(help="File to write.")
DAYS_OPTION = typer.Option("--days", help="How long the keys hold.", min=1, max=DAYS_MAX)
AS_OF = typer.Option("--as-of", help="Since when the key may be in other hands, RFC 3339 with Z.")
REASON = typer.Option("--reason", help="One line for partners.")


@in_one_line
def init(
    root: Annotated[Path, typer.Argument(help="The root's folder, new or empty, on a machine of its own.")],
    party: Annotated[str, typer.Option(help="Code of the party, such as KOR.")],
    token_module: Annotated[str, typer.Option(help="PKCS#11 library of a token that is to hold it.")] = "",
    token_label: Annotated[str, typer.Option(help="The token's label.")] = "",
    no_passphrase: Annotated[
        bool, typer.Option("--no-passphrase", help="Leave the key open, as in an exercise.")
    ] = False,
) -> None:
    """Make a party's root key, and the revocation to put in a safe."""
    token_key = TokenKey(token_module, token_label, ROOT_KEY_LABEL) if token_module else None
    passphrase = None if no_passphrase or token_key else chosen(f"the root of {party}")
    made = make_root(root, party, passphrase=passphrase, token_key=token_key, ask=asked)
    say(f"Made the root of {party} in {root}. Its fingerprint, to read aloud to partners:")
    for line in in_groups(made.fingerprint):
        say(line, indent=2)
    say(
        f"Print {root / 'revocation.txt'}, put it in a safe apart from the root, and delete the file: it "
        "ends trust in this party for good, and is what helps when the root is lost or stolen."
    )
    if passphrase is None and token_key is None:
        say("The key lies open to whoever can read this folder: not for anything real.")
    say(f"Then: `trilat trust request NODE FILE` at the node, and `trilat trust sign {root} FILE OUT` here.")


@in_one_line
def sign(
    root: Annotated[Path, ROOT],
    request: Annotated[Path, typer.Argument(help="The node's request.")],
    out: Annotated[Path, OUT],
    days: Annotated[int, DAYS_OPTION] = DAYS,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--revoke-as-of", help="Revoke the keys before, which may be in other hands since then."
        ),
    ] = None,
    reason: Annotated[str, REASON] = "",
) -> None:
    """Sign what a node asked for: its first keys, or new ones; write the party's trust state."""
    held = read_root(root, asked)
    asks = request_from_text(read_text(request))
    revoked = {} if as_of is None else _revoked(held, None, as_of, reason)
    say(f"The node of {asks.party} shows {asks.card.fingerprint}")
    _leave(held.sign(asks, issue_of(days, revoked)), out)


@in_one_line
def renew(
    root: Annotated[Path, ROOT], out: Annotated[Path, OUT], days: Annotated[int, DAYS_OPTION] = DAYS
) -> None:
    """Let the same keys hold for longer."""
    _leave(read_root(root, asked).renew(issue_of(days)), out)


@in_one_line
def revoke(
    root: Annotated[Path, ROOT],
    out: Annotated[Path, OUT],
    as_of: Annotated[str, AS_OF],
    key: Annotated[
        str, typer.Option(help="First digits of the signing key; the one in force if not given.")
    ] = "",
    reason: Annotated[str, REASON] = "",
) -> None:
    """Revoke a node's key, with nothing in its place: for new keys at once use `sign --revoke-as-of`."""
    held = read_root(root, asked)
    _leave(held.renew(issue_of(DAYS, _revoked(held, key or None, as_of, reason))), out)


@in_one_line
def hand_over(
    root: Annotated[Path, ROOT], out: Annotated[Path, OUT], days: Annotated[int, DAYS_OPTION] = DAYS
) -> None:
    """Make a new root in the old one's place, signed by the old one."""
    _leave(read_root(root, asked).hand_over(issue_of(days)), out)
    say("Its new fingerprint, for partners who pin from now on:")
    for line in in_groups(read_root(root).fingerprint):
        say(line, indent=2)
    say(f"Print {root / 'revocation.txt'} anew and delete the file. Burn the paper of the old root.")


def in_groups(fingerprint: str) -> list[str]:
    """A fingerprint in four lines of four groups, as it is read aloud."""
    groups = fingerprint.split()
    return [" ".join(groups[start : start + 4]) for start in range(0, len(groups), 4)]


def write_text(path: Path, text: str) -> None:
    """Write a file for people to carry; UsageError where it cannot be, or is there already."""
    try:
        with path.open("x", encoding="utf-8") as handle:
            handle.write(text)
    except FileExistsError as error:
        raise UsageError(f"`{path}` is there already: name a new file") from error
    except OSError as error:
        raise writing(path, error) from error


def issue_of(days: int, revoked: dict[bytes, Revoked] | None = None) -> Issue:
    """When a state is signed now, and until when its keys hold."""
    now_ns = SystemClock().now_ns() // SECOND_NS * SECOND_NS
    return Issue(now_ns=now_ns, ends_ns=now_ns + days * 86_400 * SECOND_NS, revoked=revoked or {})


def _revoked(held: RootFolder, key: str | None, as_of: str, reason: str) -> dict[bytes, Revoked]:
    """The key that is revoked: the one whose first digits are given, or the one in force."""
    state = held.newest().claimed
    keys = [gone.signing_public for gone in state.retired]
    in_force = state.card.pin.signing_public if state.card is not None else None
    if key is None and in_force is None:
        raise UsageError(f"no key of {held.party} is in force: there is none to revoke")
    known = [*keys, *([in_force] if in_force is not None else [])]
    found = [in_force] if key is None else [one for one in known if one.hex().startswith(key.lower())]
    if len(found) != 1 or found[0] is None:
        raise UsageError(
            f"`{key}` names no key of {held.party} alone: give more digits, see `trilat trust show`"
        )
    return {found[0]: Revoked(as_of_ns=parse_instant(as_of), reason=reason)}


def _leave(told: Announcement, out: Path) -> None:
    write_text(out, trust_text(told))
    state = told.states[-1].claimed
    say(f"{out}: trust state {state.version} of {state.party}, until {format_instant(state.ends_ns)}.")
    say(
        "Take it to the node (`trilat trust import NODE FILE`), and send it to partners that are not linked: "
        "who has pinned this root needs no fingerprint for it."
    )
