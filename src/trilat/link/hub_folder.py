"""A hub's folder: its name and listener, whom it has admitted, its own link identity.

    hub.toml            where it listens, and each party with whom it asks to be joined
    card.json           what parties need of this hub, to be handed to them
    parties/CODE.json   cards of admitted parties, each compared when it was admitted
    keys/link           the hub's link identity, for its owner alone
    run/                what the running hub says of itself

None of its keys opens or signs anything that passes. Whoever has them can stand in for the hub: cut links,
and see what a hub sees.
"""

import json
import os
import tomllib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from trilat.link.card import Card, card_from_json, card_to_json
from trilat.link.hub_card import HubCard
from trilat.link.hub_config import Admitted, HubSettings
from trilat.link.identity import LinkIdentity
from trilat.link.keys import Entropy
from trilat.link.server_config import Address
from trilat.model import TrustError, UsageError

HUB_FILE: Final = "hub.toml"
RUNNING_FILE: Final = "hub.json"
_FILE_BYTES_MAX: Final = 262_144
PARTIES_MAX: Final = 256

Code = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9]{1,11}(?!\n)$")]


class HubParty(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An admitted party, and with whom it asks to be joined: two are joined where each asks for the other."""

    code: Code
    asks_for: Annotated[tuple[Code, ...], msgspec.Meta(max_length=PARTIES_MAX)] = ()


class HubToml(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything in `hub.toml`."""

    name: Code
    listen_host: str
    listen_port: Annotated[int, msgspec.Meta(ge=0, le=65_535)]
    server: str = ""
    """Path of the NATS server; empty takes the one that came with the package."""

    party: Annotated[tuple[HubParty, ...], msgspec.Meta(max_length=PARTIES_MAX)] = ()

    def text(self) -> str:
        """As it stands in the file. Nothing in it needs more than the escapes that JSON and TOML share."""
        named = (("name", self.name), ("listen_host", self.listen_host))
        lines = [
            f"# The hub {self.name}. Admit parties with `trilat hub admit`, then: trilat hub run FOLDER",
            *(f"{name} = {json.dumps(value)}" for name, value in named),
            f"listen_port = {self.listen_port}",
            f"server = {json.dumps(self.server)}",
        ]
        for party in self.party:
            asks_for = ", ".join(json.dumps(code) for code in party.asks_for)
            lines += ["", "[[party]]", f"code = {json.dumps(party.code)}", f"asks_for = [{asks_for}]"]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, kw_only=True)
class HubFolder:
    """What a hub's folder holds, read and checked."""

    path: Path
    toml: HubToml
    identity: LinkIdentity
    cards: dict[str, Card]
    digest: str
    """Of what it has admitted: a running hub says up to which it has come."""

    @property
    def card(self) -> HubCard:
        """The hub's own card."""
        return HubCard(name=self.toml.name, tls_ca=self.identity.authority)

    @property
    def run_path(self) -> Path:
        """Where the running hub leaves what it says of itself."""
        return self.path / "run"

    def settings(self) -> HubSettings:
        """What its server is told."""
        return HubSettings(
            card=self.card,
            app_nkey=self.identity.app_nkey,
            identity_folder=(self.path / "keys" / "link").absolute(),
            folder=(self.run_path / "server").absolute(),
            leaf_listen=Address(host=self.toml.listen_host, port=self.toml.listen_port),
            admitted=tuple(
                Admitted(card=self.cards[party.code], asks_for=party.asks_for) for party in self.toml.party
            ),
        )

    def admit(self, card: Card, asks_for: tuple[str, ...]) -> None:
        """Write that a party is admitted, or that it has another card or asks for others than before.

        Raises:
            UsageError: it asks for itself or twice for one, there are too many, or it cannot be written.
        """
        if card.party in asks_for or len(set(asks_for)) != len(asks_for):
            raise UsageError(f"`{card.party}` asks for itself, or twice for one: name each other party once")
        kept = tuple(party for party in self.toml.party if party.code != card.party)
        if len(kept) >= PARTIES_MAX:
            raise UsageError(f"a hub admits at most {PARTIES_MAX} parties: remove one first")
        _write(self.path / "parties" / f"{card.party}.json", card_to_json(card))
        self._put((*kept, HubParty(code=card.party, asks_for=asks_for)))

    def remove(self, party: str) -> None:
        """Write that a party is not admitted any more; UsageError where it was not."""
        kept = tuple(one for one in self.toml.party if one.code != party)
        if len(kept) == len(self.toml.party):
            raise UsageError(f"hub {self.toml.name} has not admitted `{party}`: look at `trilat hub status`")
        self._put(kept)
        (self.path / "parties" / f"{party}.json").unlink(missing_ok=True)

    def _put(self, parties: tuple[HubParty, ...]) -> None:
        _write(self.path / HUB_FILE, msgspec.structs.replace(self.toml, party=parties).text())

    def running(self) -> dict[str, Any] | None:
        """What the running hub says of itself; None where none runs or it ended in good order."""
        path = self.run_path / RUNNING_FILE
        if not path.is_file():
            return None
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            state = {name: said[name] for name in ("pid", "client_port", "leaf_port", "digest")}
            os.kill(int(state["pid"]), 0)
        except ProcessLookupError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"`{path}` is not what a hub writes: remove it, and start the hub again"
            ) from error

        return state

    def leave(self, said: dict[str, Any]) -> None:
        """Write what the running hub says of itself."""
        self.run_path.mkdir(mode=0o700, exist_ok=True)
        _write(self.run_path / RUNNING_FILE, json.dumps(said))

    def take_back(self) -> None:
        """Remove what does not hold any more."""
        (self.run_path / RUNNING_FILE).unlink(missing_ok=True)


def make_hub_folder(
    path: Path, toml: HubToml, *, hosts: tuple[str, ...], now_ns: int, entropy: Entropy
) -> HubCard:
    """Make a hub's folder with a new identity; returns its card.

    Raises:
        UsageError: a name or host cannot be, the folder cannot be made, or it holds something.
    """
    _converted(toml.text())
    Address(host=toml.listen_host, port=toml.listen_port)
    identity = LinkIdentity.generate(toml.name, hosts, now_ns, entropy)
    card = HubCard(name=toml.name, tls_ca=identity.authority)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise UsageError(f"`{path}` is not empty: name a new folder")
        path.chmod(0o700)
        for name in ("parties", "keys", "run"):
            (path / name).mkdir(mode=0o700)
        identity.write(path / "keys" / "link")
        (path / "card.json").write_text(card_to_json(card), encoding="utf-8")
        (path / HUB_FILE).write_text(toml.text(), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"`{path}` cannot be made: {(error.strerror or 'unknown reason').lower()}"
        ) from error
    return card


def read_hub_folder(path: Path) -> HubFolder:
    """What a hub's folder holds.

    Raises:
        UsageError: it is not a hub's folder, or a file in it is missing or not sound.
        TrustError: a party's card is missing or not sound.
    """
    if not (path / HUB_FILE).is_file():
        raise UsageError(f"`{path}` is not a hub's folder: make one with `trilat hub init`")
    text = _text(path / HUB_FILE)
    toml = _converted(text)
    codes = [party.code for party in toml.party]
    if len(set(codes)) != len(codes) or toml.name in codes:
        raise UsageError(f"{HUB_FILE}: a party stands twice, or has the hub's name: list each once")
    texts = {code: _text(path / "parties" / f"{code}.json") for code in codes}
    cards = {code: card_from_json(said) for code, said in texts.items()}
    for code, card in cards.items():
        if card.party != code:
            raise TrustError(f"parties/{code}.json is the card of `{card.party}`: admit it again")
    identity = LinkIdentity.read(path / "keys" / "link")
    if identity.party != toml.name:
        raise UsageError(f"{HUB_FILE} has another name than the hub's keys (`{identity.party}`): put it back")
    digest = sha256("\0".join((text, *texts.values())).encode()).hexdigest()
    return HubFolder(path=path, toml=toml, identity=identity, cards=cards, digest=digest)


def hub_stamp(path: Path) -> tuple[int, int]:
    """What changes whenever `hub.toml` is written; (0, 0) where there is none."""
    try:
        stat = (path / HUB_FILE).stat()
    except OSError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_ino)


def _converted(text: str) -> HubToml:
    try:
        return msgspec.convert(tomllib.loads(text), HubToml, strict=True)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        # A ValueError is TOML's, or of a number with too many digits.
        raise UsageError(f"{HUB_FILE}: {error}") from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_BYTES_MAX + 1)
        if len(data) > _FILE_BYTES_MAX:
            raise UsageError(f"`{path}` has more than {_FILE_BYTES_MAX} bytes: it is not what it should be")
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"`{path}` cannot be read: restore it") from error


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    unfinished = path.with_name(f"{path.name}.new")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise UsageError(f"`{path}` cannot be written: {why}") from error
