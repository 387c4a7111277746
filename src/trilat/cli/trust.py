"""`trilat trust`: whose keys are whose. Roots, pins, rotation, revocation; docs/trust.md tells the story."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from trilat.cli.asking import ask_node
from trilat.cli.passphrase import asked, chosen
from trilat.cli.terminal import (
    BAD_ANSWER,
    columns,
    in_one_line,
    print_json,
    read_text,
    say,
    show_table,
    stop,
)
from trilat.cli.trust_root import hand_over, in_groups, init, issue_of, renew, revoke, sign, write_text
from trilat.link import Announcement, announced_party, card_from_json
from trilat.model import LinkError, UsageError, format_instant
from trilat.node import (
    NodeFolder,
    SystemClock,
    agreement_lines,
    import_states,
    invitation_lines,
    is_root_folder,
    key_lines,
    known_keys,
    pin_party,
    read_folder,
    read_root,
    read_trust,
    request_of,
    request_text,
    sealed_names,
    trust_from_text,
    trust_text,
)

app = typer.Typer(help="Whose keys are whose: roots, pins, rotation, revocation.", no_args_is_help=True)
app.command("init")(init)
app.command("sign")(sign)
app.command("renew")(renew)
app.command("revoke")(revoke)
app.command("hand-over")(hand_over)

NODE = typer.Argument(help="The node's folder.")
FILE = typer.Argument(help="A file with trust states.")


@app.command("request")
@in_one_line
def request(
    node: Annotated[Path, NODE],
    out: Annotated[Path, typer.Argument(help="File to write, to be carried to the root.")],
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make new keys to take the place of these.")
    ] = False,
) -> None:
    """Ask the own root to sign this node's keys."""
    folder = read_folder(node, asked)
    asks = request_of(folder, rotate=rotate)
    write_text(out, request_text(asks))
    say(f"{out}: take it to the root of {asks.party}, and compare there what the node shows:")
    say(asks.card.fingerprint, indent=2)


@app.command("rotate")
@in_one_line
def rotate(
    root: Annotated[Path, typer.Argument(help="The root's folder.")],
    node: Annotated[Path, NODE],
    days: Annotated[int, typer.Option(help="How long the new keys hold.", min=1, max=3_650)] = 365,
) -> None:
    """New keys for a node whose root is on the same machine: request, sign and import in one."""
    folder = read_folder(node, asked)
    held = read_root(root, asked)
    told = held.sign(request_of(folder, rotate=bool(held.states)), issue_of(days))
    import_states(folder, told)
    state = told.states[-1].claimed
    say(f"Trust state {state.version} of {state.party} is in {node}. {_tell_running(folder, told)}")


@app.command("export")
@in_one_line
def export(
    folder: Annotated[Path, typer.Argument(help="A node's or a root's folder.")],
    out: Annotated[Path, typer.Argument(help="File to write.")],
    party: Annotated[str, typer.Option(help="Whose states; the folder's own party if not given.")] = "",
) -> None:
    """Write a party's trust states, for partners."""
    told, whose = _states_in(folder, party)
    write_text(out, trust_text(told))
    state = told.states[-1].claimed
    say(f"{out}: trust state {state.version} of {whose}. The fingerprint of its root, to read aloud:")
    for line in in_groups(state.fingerprint):
        say(line, indent=2)


@app.command("import")
@in_one_line
def take(node: Annotated[Path, NODE], file: Annotated[Path, FILE]) -> None:
    """Put newer trust states in, own ones or a pinned partner's; a running node takes them at once."""
    folder = read_folder(node, asked)
    told = trust_from_text(read_text(file))
    party = announced_party(told)
    new = import_states(folder, told)
    known = f"{file} tells nothing new of {party}."
    say(
        f"{party}: {_said_of(told)} {_tell_running(folder, told)}"
        if new
        else f"{known} {_tell_running(folder, told)}"
    )


@app.command("pin")
@in_one_line
def pin(
    node: Annotated[Path, NODE],
    file: Annotated[Path, FILE],
    fingerprint: Annotated[
        str | None, typer.Option(help="What the party's people read aloud; asked for if not given.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Forget another root of this party that was pinned before.")
    ] = False,
) -> None:
    """Pin a party's root, after its fingerprint was compared over another way than the file's."""
    folder = read_folder(node, asked)
    told = trust_from_text(read_text(file))
    party = announced_party(told)
    if party not in folder.settings.peers:
        raise UsageError(f"{party} is no peer in node.toml: add it, or use `trilat join`")
    said = fingerprint if fingerprint is not None else asked_fingerprint(party)
    pin_party(node, told, said, replace=replace)
    say(f"{party} is pinned by its root. {_pin_running(folder, party, replace=replace)}")


@app.command("fingerprint")
@in_one_line
def fingerprint(
    path: Annotated[Path, typer.Argument(help="A root's or node's folder, a trust state, or a card.")],
) -> None:
    """Show a fingerprint, in groups to read aloud."""
    if path.is_dir():
        shown = read_root(path).fingerprint if is_root_folder(path) else _states_in(path, "")[0].states[-1]
        text = shown if isinstance(shown, str) else shown.claimed.fingerprint
    else:
        said = read_text(path)
        text = (
            card_from_json(said).fingerprint
            if said.lstrip().startswith("{")
            else trust_from_text(said).states[-1].claimed.fingerprint
        )
    for line in in_groups(text):
        say(line)


@app.command("show")
@in_one_line
def show(
    node: Annotated[Path, NODE],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show whose keys a node knows, and how, and say what is wrong; exit code 1 where something is."""
    folder = read_folder(node)
    health = trust_of(folder)
    if as_json:
        print_json(health)
    else:
        table = columns("party", "known by", "state", "until", "fingerprint")
        for row in health["keys"]:
            state = str(row.get("version", "-")) + ("" if row["in_force"] else " not in force")
            table.add_row(row["party"], row["by"], state, row.get("ends", "-"), row["fingerprint"])
        show_table(table)
        for line in health["lines"]:
            say(line, hang=2)
    if health["lines"]:
        stop(BAD_ANSWER)


@app.command("passphrase")
@in_one_line
def passphrase(
    folder: Annotated[Path, typer.Argument(help="A node's or a root's folder; the node may run.")],
    remove: Annotated[
        bool, typer.Option("--remove", help="Leave the keys open from now on, as in an exercise.")
    ] = False,
) -> None:
    """Change the passphrase of keys, or set a first one."""
    if is_root_folder(folder):
        root = read_root(folder, asked)
        root.change_passphrase(None if remove else chosen(f"the root of {root.party}"))
    else:
        files = read_folder(folder, asked).secrets.files
        files.unlock()
        files.change_passphrase(None if remove else chosen(f"the keys in {folder}"), sealed_names(files))
    say(f"The keys in {folder} {'lie open now' if remove else 'are behind the new passphrase'}.")


def trust_of(folder: NodeFolder) -> dict[str, Any]:
    """What is known and what is wrong, as the running node says, or as the folder does."""
    settings = folder.settings
    if folder.address() is not None:
        health: dict[str, Any] = ask_node(folder, "staff", "GET", "/trust")
    else:
        lines = key_lines(folder.trust, settings.party, settings.peers)
        lines += agreement_lines(folder.trust, folder.agreements, all_signed=settings.status.value == "real")
        health = {"lines": lines, "keys": known_keys(folder.trust, (settings.party, *settings.peers))}
    health["lines"] = [*health["lines"], *invitation_lines(folder, SystemClock().now_ns())]
    return health


def asked_fingerprint(party: str) -> str:
    """What people type who were read a fingerprint; UsageError where there is nobody."""
    if not sys.stdin.isatty():
        raise UsageError("no fingerprint was typed: give it with --fingerprint")
    said: str = typer.prompt(f"Type the fingerprint as {party}'s people read it to you")
    return said


def _states_in(folder: Path, party: str) -> tuple[Announcement, str]:
    """The states of a party in a folder; UsageError where there are none."""
    if is_root_folder(folder):
        root = read_root(folder)
        root.newest()
        return Announcement(states=root.states), root.party
    held = read_folder(folder)
    whose = party or held.settings.party
    told = read_trust(folder, whose)
    if told is None or not told.states:
        raise UsageError(
            f"{folder} holds no trust state of {whose}: its root signs one with `trilat trust sign`"
        )
    return told, whose


def _said_of(told: Announcement) -> str:
    if told.revocation:
        return "its root is revoked, and nothing of it is believed any more."
    state = told.states[-1].claimed
    if state.card is None:
        return f"trust state {state.version} revokes its key; no key of it is in force."
    return f"trust state {state.version} is in force until {format_instant(state.ends_ns)}."


def _tell_running(folder: NodeFolder, told: Announcement) -> str:
    """Let a running node take states; returns a sentence on it."""
    if folder.address() is None:
        return "The node takes it when it starts."
    ask_node(folder, "administrator", "POST", "/trust", {"states": trust_text(told)})
    return "The running node has taken it."


def _pin_running(folder: NodeFolder, party: str, *, replace: bool) -> str:
    """Let a running node take a root from its folder; returns a sentence on it."""
    if folder.address() is None:
        return ""
    if replace:  # the running node holds another root
        return _restart(folder)
    try:
        ask_node(folder, "administrator", "POST", "/trust/pinned", {"party": party})
    except (UsageError, LinkError) as error:
        return f"It holds from the next start of the node: {error}."
    return "The running node has taken it."


def _restart(folder: NodeFolder) -> str:
    return "It holds from the next start of the node." if folder.address() is not None else ""
