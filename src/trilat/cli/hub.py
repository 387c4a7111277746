"""`trilat hub`: a relay between parties that cannot read what passes. Made, run, asked who is connected."""

import asyncio
import os
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trilat.cli.hub_running import run_hub
from trilat.cli.terminal import BAD_ANSWER, columns, in_one_line, print_json, say, show_table, stop
from trilat.link import (
    Card,
    HubControl,
    HubFolder,
    HubToml,
    card_from_json,
    make_hub_folder,
    read_hub_folder,
)
from trilat.model import LinkError, TrustError, UsageError
from trilat.node import SystemClock, host_and_port, is_loopback

app = typer.Typer(help="A relay between parties, which cannot read what passes.", no_args_is_help=True)

_TAKEN_S_MAX: Final = 15.0
_LOOK_AGAIN_S: Final = 0.1

Folder = Annotated[Path, typer.Argument(help="The hub's folder.")]


@app.command("init")
@in_one_line
def init(
    folder: Annotated[Path, typer.Argument(help="The hub's folder, new or empty.")],
    name: Annotated[str, typer.Option(help="Its name, in capital letters, such as NORTH.")],
    listen: Annotated[str, typer.Option(help="HOST:PORT where parties dial it.")] = "127.0.0.1:7422",
    host: Annotated[
        list[str] | None,
        typer.Option(help="A name or address by which parties dial it, again for each."),
    ] = None,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let it listen beyond this machine.")
    ] = False,
) -> None:
    """Make a hub's folder: settings, link identity, and the card to hand to parties."""
    address, port = host_and_port(listen, "--listen")
    if not allow_remote and not is_loopback(address):
        raise UsageError(f"--listen `{listen}` is not loopback: listen on 127.0.0.1, or give --allow-remote")
    toml = HubToml(name=name, listen_host=address, listen_port=port)
    card = make_hub_folder(
        folder, toml, hosts=tuple(host or ()), now_ns=SystemClock().now_ns(), entropy=os.urandom
    )
    say(f"Made the hub {name} in {folder}.")
    say(f"Hand {folder / 'card.json'} to the parties, and let them compare this with you, aloud:")
    say(card.fingerprint, indent=2)
    say(f"Admit each of them with `trilat hub admit {folder} CARD`, then: trilat hub run {folder}")


@app.command("admit")
@in_one_line
def admit(
    folder: Folder,
    card: Annotated[Path, typer.Argument(help="The party's card, as its node made it.")],
    fingerprint: Annotated[str, typer.Option(help="The card's fingerprint, as the party read it to you.")],
    ask: Annotated[
        list[str] | None,
        typer.Option("--with", help="A party with whom it asks to be joined, again for each."),
    ] = None,
) -> None:
    """Admit a party, or take its new card. Two are joined where each asks for the other."""
    held, shown = read_hub_folder(folder), _card(card)
    if "".join(fingerprint.split()).lower() != "".join(shown.fingerprint.split()):
        raise TrustError(
            f"`{card}` has another fingerprint than the one given: compare again with {shown.party}, aloud"
        )
    asks_for = tuple(ask or ())
    held.admit(shown, asks_for)
    _wait_until_taken(folder)
    after = read_hub_folder(folder)
    say(f"Admitted {shown.party} to hub {after.toml.name}.")
    joined = {way.partner for way in _joined(after, shown.party)}
    for code in asks_for:
        state = "joined" if code in joined else f"not joined: {code} has not asked for {shown.party}"
        say(f"{shown.party} with {code}: {state}", indent=2)


@app.command("remove")
@in_one_line
def remove(folder: Folder, party: Annotated[str, typer.Argument(help="The party's code.")]) -> None:
    """Remove a party: its connection is cut, and is not taken again."""
    read_hub_folder(folder).remove(party)
    _wait_until_taken(folder)
    say(f"Removed {party}.")


@app.command("run")
@in_one_line
def run(
    folder: Folder,
    until_input_ends: Annotated[
        bool, typer.Option("--until-input-ends", help="End when standard input does, too.")
    ] = False,
) -> None:
    """Run a hub until it is told to end. It takes what is admitted and removed meanwhile."""
    asyncio.run(run_hub(read_hub_folder(folder), until_input_ends=until_input_ends))


@app.command("status")
@in_one_line
def status(
    folder: Folder,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say who is admitted, who is joined with whom, and who is connected now."""
    held = read_hub_folder(folder)
    state = _state(held)
    if as_json:
        print_json(state)
    else:
        how = "runs" if state["running"] else "does not run"
        say(f"hub {held.toml.name} {how}; {len(held.toml.party)} parties", style="bold")
        table = columns("party", "connected", "joined with", "asks in vain for", "messages from it", "to it")
        for code, party in state["parties"].items():
            table.add_row(
                code,
                "yes" if party["connected"] else "no",
                ", ".join(party["joined"]) or "nobody",
                ", ".join(party["in_vain"]) or "nobody",
                str(party["messages_from"]),
                str(party["messages_to"]),
            )
        show_table(table)
    if not state["running"]:
        stop(BAD_ANSWER)


def _state(held: HubFolder) -> dict[str, Any]:
    said = held.running()
    connected = {}
    if said is not None:
        control = HubControl(held.settings(), held.identity.app_seed, int(said["client_port"]))
        connected = {one.party: one for one in asyncio.run(control.connected())}
    parties = {}
    for party in held.toml.party:
        joined = sorted(way.partner for way in _joined(held, party.code))
        one = connected.get(party.code)
        parties[party.code] = {
            "connected": one is not None,
            "joined": joined,
            "in_vain": sorted(set(party.asks_for) - set(joined)),
            "messages_from": 0 if one is None else one.in_messages,
            "messages_to": 0 if one is None else one.out_messages,
        }
    return {"name": held.toml.name, "running": said is not None, "parties": parties}


def _joined(held: HubFolder, party: str) -> tuple[Any, ...]:
    settings = held.settings()
    return next(settings.joined(one) for one in settings.admitted if one.card.party == party)


def _card(path: Path) -> Card:
    try:
        return card_from_json(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"`{path}` cannot be read: {(error.strerror or 'unknown reason').lower()}"
        ) from error


def _wait_until_taken(folder: Path) -> None:
    """Return when the running hub has come up to what the folder says now; at once where none runs.

    Raises:
        LinkError: it did not in good time.
    """
    wanted = read_hub_folder(folder)
    end_s = time.monotonic() + _TAKEN_S_MAX
    while (said := wanted.running()) is not None and said["digest"] != wanted.digest:
        if time.monotonic() > end_s:
            raise LinkError(
                "it is written, but the running hub has not taken it: look at what it says, or restart it"
            )
        time.sleep(_LOOK_AGAIN_S)
