"""`trilat invite|join|admit`: how a partner joins, with two commands on each side."""

from pathlib import Path
from typing import Annotated, Final

import typer

from trilat.cli.asking import how_to_run
from trilat.cli.passphrase import asked
from trilat.cli.terminal import in_one_line, read_text, say
from trilat.cli.trust import asked_fingerprint
from trilat.cli.trust_root import in_groups, write_text
from trilat.link import (
    ACCEPTANCE_LABEL,
    INVITATION_LABEL,
    Acceptance,
    Invitation,
    SignatureState,
    letter_bytes,
    letter_text,
    open_acceptance,
    open_invitation,
)
from trilat.model import SECOND_NS, format_instant
from trilat.node import Joining, NodeFolder, SystemClock, admit, invite, join, read_folder, signed_by

_DAYS: Final = 7
_NODE = typer.Option("--node", help="The own node's folder.")
_LISTEN = typer.Option("--listen", help="HOST:PORT where the partner is to dial our node.")
_SAID = typer.Option("--fingerprint", help="What the partner's people read aloud; asked for if not given.")
_RELEASABLE = typer.Option("--releasable", help="Let labels of own items name the partner from now on.")


@in_one_line
def invite_party(
    party: Annotated[str, typer.Argument(help="Code of the party that is to join.")],
    out: Annotated[Path, typer.Argument(help="File to write: the invitation, to be sent.")],
    node: Annotated[Path, _NODE],
    agreement: Annotated[
        list[str] | None,
        typer.Option(
            help="File name in the node's agreements, again for each; all between the two if not given."
        ),
    ] = None,
    listen: Annotated[str, _LISTEN] = "",
    days: Annotated[int, typer.Option(help="Until when it may be answered.", min=1, max=90)] = _DAYS,
) -> None:
    """Invite a party: our trust state, the agreements, where to dial, in one signed file."""
    folder = read_folder(node, asked)
    now_ns = SystemClock().now_ns()
    ends_ns = (now_ns // SECOND_NS + days * 86_400) * SECOND_NS
    data = invite(folder, party, list(agreement or ()), listen, ends_ns, now_ns)
    write_text(out, letter_text(INVITATION_LABEL, data))
    say(f"{out}: send it to {party}; it may be answered once, until {format_instant(ends_ns)}.")
    _read_aloud(folder)
    say(f"Then: `trilat admit ACCEPTANCE --node {node}`, with the file that {party} sends back.")


@in_one_line
def join_party(
    invitation: Annotated[Path, typer.Argument(help="The invitation.")],
    out: Annotated[Path, typer.Argument(help="File to write: the acceptance, to be sent back.")],
    node: Annotated[Path, _NODE],
    fingerprint: Annotated[str | None, _SAID] = None,
    listen: Annotated[str, _LISTEN] = "",
    releasable: Annotated[bool, _RELEASABLE] = False,
) -> None:
    """Accept an invitation, after the fingerprint in it was compared with its party's people."""
    folder = read_folder(node, asked)
    data = letter_bytes(INVITATION_LABEL, read_text(invitation))
    now_ns = SystemClock().now_ns()
    seen = open_invitation(data, folder.settings.party, now_ns)
    said = fingerprint if fingerprint is not None else asked_fingerprint(seen.party)
    joining = Joining(fingerprint=said, dial=listen, releasable=releasable)
    taken, answer = join(folder, data, joining, now_ns)
    write_text(out, letter_text(ACCEPTANCE_LABEL, answer))
    say(f"{taken.party} is a partner of {folder.settings.party} now. Send {out} back to it.")
    _say_agreements(taken)
    _read_aloud(folder)
    _say_next(folder, taken.party, releasable=releasable)


@in_one_line
def admit_party(
    acceptance: Annotated[Path, typer.Argument(help="The acceptance.")],
    node: Annotated[Path, _NODE],
    fingerprint: Annotated[str | None, _SAID] = None,
    releasable: Annotated[bool, _RELEASABLE] = False,
) -> None:
    """Admit who accepted our invitation, after the fingerprint was compared with its people."""
    folder = read_folder(node, asked)
    data = letter_bytes(ACCEPTANCE_LABEL, read_text(acceptance))
    seen = open_acceptance(data, folder.settings.party)
    said = fingerprint if fingerprint is not None else asked_fingerprint(seen.party)
    joining = Joining(fingerprint=said, releasable=releasable)
    taken = admit(folder, data, joining, SystemClock().now_ns())
    say(f"{taken.party} is a partner of {folder.settings.party} now.")
    _say_agreements(taken)
    _say_next(folder, taken.party, releasable=releasable)


def _read_aloud(folder: NodeFolder) -> None:
    state = folder.trust.state(folder.settings.party)
    if state is not None:
        say(f"Read this aloud to the other side, over another way than the file's. {state.party}'s root is")
        for line in in_groups(state.fingerprint):
            say(line, indent=2)


def _say_agreements(letter: Invitation | Acceptance) -> None:
    for name, state in signed_by(letter).items():
        words = "has signed" if state is SignatureState.VALID else "has not signed"
        say(f"{letter.party} {words} {name}; ours is put in with `trilat agreement sign`.", hang=2)


def _say_next(folder: NodeFolder, party: str, *, releasable: bool) -> None:
    if not releasable:
        say(f"Labels of own items do not name {party} yet: add it to releasable_to in node.toml for that.")
    if folder.address() is not None:
        say("The running node takes the partner in at its next start.")
    say(f"Then: {how_to_run(folder.path)}")
