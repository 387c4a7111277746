"""`trilat account`: accounts of a running node, kept with the administrator's token of its folder."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trilat.cli.asking import ask_node
from trilat.cli.terminal import columns, in_one_line, print_json, read_file, say, show_table
from trilat.model import format_instant
from trilat.node import AccountRole, read_folder

app = typer.Typer(
    help="Accounts of a running node: who may ask it, and what each may do.", no_args_is_help=True
)

_FOLDER = typer.Argument(help="The node's folder.")
_NAME = typer.Argument(help="The account's name: small letters, digits, hyphens.")
_JSON = typer.Option("--json", help="One JSON object.")
_PASSWORD_FILE = typer.Option("--password-file", help="A file with the password, instead of typing it.")
_ADMINISTRATOR: Final = "administrator"


@app.command("list")
@in_one_line
def show(folder: Annotated[Path, _FOLDER], as_json: Annotated[bool, _JSON] = False) -> None:
    """Show accounts, their tokens, and proposals that wait for another administrator."""
    shown = _ask(folder, "GET", "/accounts")
    if as_json:
        print_json(shown)
        return
    table = columns("account", "role", "signs in", "tokens")
    for account in shown["accounts"]:
        tokens = ", ".join(f"{name} until {format_instant(until_ns)}" for name, until_ns in account["tokens"])
        way = "with a password" if account["has_password"] else "through the provider"
        table.add_row(account["name"], account["role"], way if account["enabled"] else "not any more", tokens)
    show_table(table)
    for proposal in shown["proposals"]:
        what = f"{proposal['would']} {proposal['name']} {proposal['role'] or ''}".strip()
        say(f"proposal {proposal['proposal']} by {proposal['by']}: {what}", hang=2)


@app.command("add")
@in_one_line
def add(
    folder: Annotated[Path, _FOLDER],
    name: Annotated[str, _NAME],
    role: Annotated[AccountRole, typer.Option(help="What it may do.")],
    password_file: Annotated[Path | None, _PASSWORD_FILE] = None,
    no_password: Annotated[
        bool,
        typer.Option("--no-password", help="It signs in through the identity provider, or by token only."),
    ] = False,
) -> None:
    """Make an account."""
    password = "" if no_password else _password(password_file)
    _told(_ask(folder, "POST", "/accounts", {"name": name, "role": role.value, "password": password}))


@app.command("role")
@in_one_line
def set_role(
    folder: Annotated[Path, _FOLDER],
    name: Annotated[str, _NAME],
    role: Annotated[AccountRole, typer.Argument(help="What it may do from now on.")],
) -> None:
    """Give an account another role; it is signed out."""
    _told(_ask(folder, "POST", "/accounts/role", {"name": name, "role": role.value}))


@app.command("password")
@in_one_line
def password(
    folder: Annotated[Path, _FOLDER],
    name: Annotated[str, _NAME],
    password_file: Annotated[Path | None, _PASSWORD_FILE] = None,
) -> None:
    """Give an account a new password; it is signed out."""
    said = {"name": name, "password": _password(password_file)}
    _told(_ask(folder, "POST", "/accounts/password", said))


@app.command("disable")
@in_one_line
def disable(folder: Annotated[Path, _FOLDER], name: Annotated[str, _NAME]) -> None:
    """Let an account not sign in any more; it is signed out at once."""
    _told(_ask(folder, "POST", "/accounts/disable", {"name": name}))


@app.command("enable")
@in_one_line
def enable(folder: Annotated[Path, _FOLDER], name: Annotated[str, _NAME]) -> None:
    """Let an account sign in again."""
    _told(_ask(folder, "POST", "/accounts/enable", {"name": name}))


@app.command("remove")
@in_one_line
def remove(folder: Annotated[Path, _FOLDER], name: Annotated[str, _NAME]) -> None:
    """Remove an account and its tokens; what it did stays in the ledger."""
    _told(_ask(folder, "POST", "/accounts/remove", {"name": name}))


@app.command("token")
@in_one_line
def token(
    folder: Annotated[Path, _FOLDER],
    name: Annotated[str, _NAME],
    token_name: Annotated[str, typer.Argument(help="A name for the token, such as the program's.")],
    days: Annotated[int, typer.Option(help="How long it holds.")] = 30,
) -> None:
    """Make a token for a program that acts as an account; it is printed this once."""
    told = _ask(folder, "POST", "/tokens", {"name": name, "token": token_name, "days": days})
    _told(told)
    say(told["token"])


@app.command("withdraw")
@in_one_line
def withdraw(
    folder: Annotated[Path, _FOLDER],
    name: Annotated[str, _NAME],
    token_name: Annotated[str, typer.Argument(help="The token's name.")],
) -> None:
    """Withdraw a token."""
    _told(_ask(folder, "POST", "/tokens/withdraw", {"name": name, "token": token_name}))


@app.command("approve")
@in_one_line
def approve(
    folder: Annotated[Path, _FOLDER],
    proposal: Annotated[int, typer.Argument(help="Its number, as `trilat account list` has it.")],
    drop: Annotated[bool, typer.Option("--drop", help="Let it be instead.")] = False,
) -> None:
    """Approve what another administrator proposed."""
    _told(_ask(folder, "POST", "/accounts/approve", {"proposal": proposal, "approve": not drop}))


def _ask(folder: Path, method: str, path: str, said: dict[str, Any] | None = None) -> Any:
    return ask_node(read_folder(folder), _ADMINISTRATOR, method, path, said)


def _told(told: dict[str, Any]) -> None:
    if told["waits"]:
        say(
            f"proposal {told['proposal']}: {told['name']} waits until another administrator approves it",
            hang=2,
        )
    else:
        say(f"{told['name']}: {told['step']}")


def _password(file: Path | None) -> str:
    if file is None:
        typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    return read_file(file, bytes_max=4_096).decode("utf-8", "replace").strip("\r\n")
