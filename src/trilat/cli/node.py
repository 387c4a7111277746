"""`trilat node`: a party's node as a process of its own: made, run, asked how it is."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from trilat.cli.asking import ask_node, how_to_run
from trilat.cli.linking import server_settings
from trilat.cli.passphrase import asked, can_be_asked, chosen
from trilat.cli.running import run_node
from trilat.cli.terminal import (
    BAD_ANSWER,
    columns,
    in_one_line,
    print_json,
    say,
    show_biases,
    show_table,
    stop,
)
from trilat.cli.trust import trust_of
from trilat.link import Card, subjects_of
from trilat.model import ItemError, LinkError, Status, UsageError
from trilat.node import (
    Condition,
    DeskSettings,
    HubDial,
    LinkSettings,
    NodeFolder,
    NodeSettings,
    Peer,
    Severity,
    SystemClock,
    TokenSettings,
    WebSettings,
    host_and_port,
    make_folder,
    open_token,
    party_code,
    read_folder,
    trouble_sentence,
)
from trilat.policy import internal_agreement
from trilat.study import agreement_files

app = typer.Typer(help="A party's own node: make its folder, run it, ask how it is.", no_args_is_help=True)

_SINCE: Final = "2000-01-01T00:00:00Z"


@app.command("init")
@in_one_line
def init(
    folder: Annotated[Path, typer.Argument(help="The node's folder, new or empty.")],
    party: Annotated[str, typer.Option(help="Code of the party, such as KOR.")],
    agreements: Annotated[str, typer.Option(help="Folder of agreement files, or a regime's name.")],
    peer: Annotated[
        list[str] | None,
        typer.Option(
            help="A partner, again for each: `USA=HOST:PORT` where we dial it, `USA` where it dials us, "
            "`USA@HUB` through a hub, `USA-` where there is no link between the two."
        ),
    ] = None,
    hub: Annotated[
        list[str] | None, typer.Option(help="A hub and where it listens, again for each: `HUB=HOST:PORT`.")
    ] = None,
    status: Annotated[Status, typer.Option(help="Whether the world is meant.")] = Status.REAL,
    purpose: Annotated[str, typer.Option(help="What items are shared for.")] = "missile-warning",
    reader: Annotated[
        list[str] | None, typer.Option(help="A party that may read this node's picture, again for each.")
    ] = None,
    officer: Annotated[
        list[str] | None,
        typer.Option(help="Who answers questions of release, again for each; else the staff."),
    ] = None,
    deputy: Annotated[
        list[str] | None, typer.Option(help="Who may stand in for an officer who says so, again for each.")
    ] = None,
    web: Annotated[str, typer.Option(help="HOST:PORT of the HTTP interface.")] = "127.0.0.1:0",
    leaf: Annotated[str, typer.Option(help="HOST:PORT where partners dial our server.")] = "127.0.0.1:0",
    host: Annotated[
        list[str] | None, typer.Option(help="A name by which partners dial us, for our certificate.")
    ] = None,
    token_module: Annotated[
        str, typer.Option(help="PKCS#11 library of a token that is to hold the signing key.")
    ] = "",
    token_label: Annotated[str, typer.Option(help="The token's label.")] = "",
    no_passphrase: Annotated[
        bool, typer.Option("--no-passphrase", help="Leave the keys open, as in an exercise.")
    ] = False,
) -> None:
    """Make a node's folder: settings, keys behind a passphrase, tokens, and the card to hand to partners."""
    party_code(party)
    peers, hubs = tuple(_peer(text) for text in peer or ()), tuple(_hub(text) for text in hub or ())
    settings = NodeSettings(
        party=party,
        status=status,
        purpose=purpose,
        releasable_to=tuple(dict.fromkeys((*(known.code for known in peers), *(reader or ())))),
        readers=tuple(reader or ()),
        peer=peers,
        hub=hubs,
        web=WebSettings(listen=web),
        link=LinkSettings(leaf_listen=leaf),
        desk=DeskSettings(officers=tuple(officer or ()), deputies=tuple(deputy or ())),
        token=TokenSettings(module=token_module, label=token_label),
    )
    passphrase = _passphrase(party, status, no_passphrase=no_passphrase)
    card = make_folder(
        folder,
        settings,
        {**agreement_files(agreements), f"internal-{party}.toml": _internal_agreement(party, purpose)},
        hosts=tuple(host or ()),
        now_ns=SystemClock().now_ns(),
        entropy=os.urandom,
        passphrase=passphrase,
        token=open_token(settings, asked) if token_module else None,
    )
    _say_made(folder, settings, card, is_open=passphrase is None)


def _say_made(folder: Path, settings: NodeSettings, card: Card, *, is_open: bool) -> None:
    say(f"Made the node of {settings.party} in {folder}.")
    if is_open:
        say(
            f"Its keys lie open to whoever can read {folder / 'keys'}: "
            f"`trilat trust passphrase {folder}` closes them.",
            hang=2,
        )
    say(f"Hand {folder / 'card.json'} to your partners, and let them compare this with you, aloud:")
    say(card.fingerprint, indent=2)
    for known in settings.peer:
        say(
            f"Put the card of {known.code} at {folder / 'peers' / known.code}.json when you have compared it."
        )
    for used in settings.hub:
        say(f"Put the card of hub {used.name} at {folder / 'hubs' / used.name}.json likewise.")
    say(f"Then: {how_to_run(folder)}")


def _passphrase(party: str, status: Status, *, no_passphrase: bool) -> bytes | None:
    """What closes the keys; None where none is wanted, or in an exercise without anybody to ask."""
    if no_passphrase or (status is not Status.REAL and not can_be_asked()):
        return None
    return chosen(f"the keys of the node of {party}")


def _internal_agreement(party: str, purpose: str) -> str:
    try:
        return internal_agreement(party, purpose, _SINCE)
    except ItemError as error:
        # The party was looked at before, so it is the purpose.
        raise UsageError(
            f"`{purpose}` is not a purpose: give one word of letters, digits and `-`, as in `missile-warning`"
        ) from error


def _peer(text: str) -> Peer:
    code, dials, address = text.partition("=")
    if code.endswith("-"):
        if dials:
            raise UsageError(f"`{text}` is not a peer: `{code}` has no link, so it has no address")
        return Peer(code=party_code(code[:-1]), link=False)
    code, through, hub = code.partition("@")
    if through:
        # Where it says as well where to dial, the direct link stands in for the hub.
        return Peer(code=party_code(code), link=bool(dials), dial=address, through=party_code(hub))
    peer = Peer(code=party_code(code), dial=address)
    if dials and host_and_port(address, f"dial of peer {code}")[1] == 0:
        raise UsageError(f"dial of peer {code} `{address}` has no port: give the one that it listens on")
    return peer


def _hub(text: str) -> HubDial:
    name, _, address = text.partition("=")
    return HubDial(name=party_code(name), dial=address)


@app.command("run")
@in_one_line
def run(
    folder: Annotated[
        Path, typer.Argument(help="The node's folder; `-` reads its path from the first line of input.")
    ],
    until_input_ends: Annotated[
        bool, typer.Option("--until-input-ends", help="End when standard input does, too.")
    ] = False,
) -> None:
    """Run a node until it is told to end: links, intake, HTTP interface, in this one process."""
    held = read_folder(_folder_said() if str(folder) == "-" else folder, asked)
    asyncio.run(run_node(held, until_input_ends=until_input_ends))


def _folder_said() -> Path:
    """The path in the first line of standard input, of which nothing beyond is read."""
    said = b""
    while not said.endswith(b"\n"):
        letter = os.read(sys.stdin.fileno(), 1)
        if not letter:
            raise UsageError("standard input ended before it named a folder")
        said += letter
    return Path(os.fsdecode(said.rstrip(b"\n")))


@app.command("status")
@in_one_line
def status(
    folder: Annotated[Path, typer.Argument(help="The node's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Ask a running node how it is."""
    held = read_folder(folder)
    state = _state(held)
    sensors = _sensors(held) if held.settings.sensor and not state["problem"] else []
    trust = trust_of(held)["lines"] if not state["problem"] else []
    if as_json:
        state["trust"] = trust
        print_json({**state, "sensors": sensors} if sensors else state)
    else:
        _show(state, [peer.code for peer in held.settings.peer if not peer.is_linked])
        for line in trust:
            say(line, indent=2, hang=2)
        if sensors:
            show_biases(sensors)
    if state["problem"]:
        stop(BAD_ANSWER)


@app.command("alerts")
@in_one_line
def alerts(
    folder: Annotated[Path, typer.Argument(help="The node's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Ask a running node what is wrong with it, worst first; exit code 1 where something severe is."""
    held = read_folder(folder)
    told = msgspec.convert(ask_node(held, "staff", "GET", "/alerts"), Condition)
    sentences = [trouble_sentence(one) for one in told.alerts]
    if as_json:
        shown = msgspec.to_builtins(told)
        for row, sentence in zip(shown["alerts"], sentences, strict=True):
            row["sentence"] = sentence
        print_json(shown)
    else:
        for one, sentence in zip(told.alerts, sentences, strict=True):
            say(f"{one.severity.value}: {sentence}", hang=2)
        if not sentences:
            say(f"{told.party}: nothing is wrong.")
    if any(one.severity is Severity.SEVERE for one in told.alerts):
        stop(BAD_ANSWER)


@app.command("subjects")
@in_one_line
def subjects(
    folder: Annotated[Path, typer.Argument(help="The node's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Print what our user may publish and subscribe to at an outside NATS, for its operator."""
    ways = server_settings(read_folder(folder)).ways
    rights = {
        "publish": [subjects_of(way.out) for way in ways],
        "subscribe": [subjects_of(way.back) for way in ways],
    }
    if as_json:
        print_json(rights)
        return
    for name, allowed in rights.items():
        say(f"{name}:", style="bold")
        for subject in allowed:
            say(subject, indent=2)


def _state(held: NodeFolder) -> dict[str, Any]:
    """The state that a node tells; LinkError where what answers is not this party's node."""
    said = ask_node(held, "staff", "GET", "/status")
    if not isinstance(said, dict) or said.get("party") != held.settings.party:
        raise LinkError(f"what answers at {held.address()} is not the node of {held.settings.party}")
    return said


def _sensors(held: NodeFolder) -> list[dict[str, Any]]:
    """What the node knows of its own sensors; LinkError where it does not say."""
    said = ask_node(held, "staff", "GET", "/sensors")
    if not isinstance(said, list):
        raise LinkError(f"the node of {held.settings.party} does not tell of its sensors")
    return said


def _link_in_words(link: dict[str, Any]) -> str:
    if link["up"]:
        return "up"
    return "never heard" if link["heard_s"] is None else f"down, heard {link['heard_s']:.0f} s ago"


def _show(state: dict[str, Any], unlinked: Sequence[str]) -> None:
    trouble = f" STOPPED: {state['problem']}" if state["problem"] else ""
    say(f"{state['party']} ({state['status']}) at {state['at']}{trouble}", style="bold")
    say(
        f"{state['accepted_reports']} own reports; {state['ledger_entries']} ledger entries; "
        f"{state['referrals']} questions wait for a person; {state['refusals']} refusals"
    )
    table = columns("partner", "link", "received", "withheld", "not acknowledged")
    for party, link in state["links"].items():
        table.add_row(
            party,
            "no link" if party in unlinked else _link_in_words(link),
            str(link["received"]),
            str(link["withheld"]),
            str(link["sent"] - link["acknowledged"]),
        )
    show_table(table)
    for party, link in state["links"].items():
        if link["health"]:
            say(f"{party}: {link['health']}", indent=2, hang=2)
    for line in (*state["agreements"], *state["last_refusals"]):
        say(line, indent=2, hang=2)
