"""The configuration of a node's own NATS server, as text. Pure: nothing is read, written or started here.

What the configuration says
1. One account for the party itself, in which only the node's own client is. One account for each linked
   partner, in which only the leaf connection with that partner's server is, whoever of the two dials. One
   account for each hub, in which only the leaf connection with that hub is.
2. Between these accounts pass the subjects of each way's words, out and back (`trilat.link.subjects`), and
   nothing else. Whatever a partner's server or a hub asks for or publishes ends in its own account, where
   nothing of other links is.
3. An account has one leaf connection, so links cannot form a loop.
4. TLS 1.3 with certificates on both sides, before a byte of NATS is spoken. A dialled server must show a
   certificate of that partner's authority; the listener takes certificates of the partners that dial.
5. Every connection shows an NKey besides, and each NKey is taken on one of the two listeners only.

The words are nats-server's own. Sizes stand as integers, because the server ends on a quoted one.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from trilat.link.card import Card
from trilat.link.certificates import name_of_host
from trilat.link.hub_card import HubCard
from trilat.link.identity import AUTHORITY_FILE, CERTIFICATE_FILE, KEY_FILE, LEAF_NKEY_FILE, party_code
from trilat.link.nkey import is_nkey
from trilat.link.subjects import Way, subjects_of
from trilat.model import ENVELOPE_BYTES_MAX, UsageError

CONFIG_FILE: Final = "server.conf"
DIALLERS_FILE: Final = "diallers.cert.pem"
LOOPBACK: Final = "127.0.0.1"
HUB_ACCOUNT_START: Final = "hub-"
PAYLOAD_BYTES_MAX: Final = ENVELOPE_BYTES_MAX + 4_096
"""Of one message: an envelope, and room for what a later version may put around it."""

PENDING_BYTES_MAX: Final = 16 * ENVELOPE_BYTES_MAX
"""Kept for one connection that does not take them; then it is closed, and the streams send again."""

PORT_MAX: Final = 65_535
RECONNECT: Final = "100ms"
PING: Final = "2s"
PINGS_MAX: Final = 2
"""A connection that says nothing is given up after three intervals."""

TLS_S_MAX: Final = 5
ACCOUNT_LIMITS: Final = {
    "max_subscriptions": 256,
    "max_leafnodes": 4,
    "max_payload": PAYLOAD_BYTES_MAX,
}
"""Of a partner's account. More than one leaf connection is of a moment, while a broken one still counts."""

_INCLUDE: Final = "include"


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where a server listens. Port 0 means any that is free, where it is one's own."""

    host: str
    port: int

    def __post_init__(self) -> None:
        """Refuse what is no host, and no port."""
        name_of_host(self.host)
        if not 0 <= self.port <= PORT_MAX:
            raise UsageError(f"`{self.port}` is not a port: give one up to {PORT_MAX}")

    def __str__(self) -> str:
        """Host and port as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkedPartner:
    """A partner with whom there is a direct link: its card, the words of the way, and where its server is
    dialled; None if it dials us.
    """

    card: Card
    way: Way
    dial: Address | None = None

    def __post_init__(self) -> None:
        """Refuse an address that cannot be dialled."""
        if self.dial is not None and self.dial.port == 0:
            raise UsageError(f"`{self.card.party}` cannot be dialled at port 0: give the port it listens on")


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkedHub:
    """A hub through which partners are reached: its card, where it is dialled, the words of these ways."""

    card: HubCard
    dial: Address
    ways: tuple[Way, ...]

    def __post_init__(self) -> None:
        """Refuse an address that cannot be dialled."""
        if self.dial.port == 0:
            raise UsageError(
                f"hub `{self.card.name}` cannot be dialled at port 0: give the port it listens on"
            )

    @property
    def account(self) -> str:
        """Its account here; no party's code has such a character."""
        return f"{HUB_ACCOUNT_START}{self.card.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerSettings:
    """What the server of a party's node is told."""

    party: str
    app_nkey: str
    """The public NKey of the node's own client."""

    identity_folder: Path
    """Where the party's `LinkIdentity` is."""

    folder: Path
    """Where the configuration and the authorities of partners are written."""

    partners: tuple[LinkedPartner, ...] = ()
    hubs: tuple[LinkedHub, ...] = ()
    client_port: int = 0
    """For the node's own client, on loopback."""

    leaf_listen: Address | None = None
    """For partners that dial; None where nobody does."""

    monitor_port: int | None = None
    """Of nats-server's own pages, on loopback without any check; None for none."""

    def __post_init__(self) -> None:
        """Refuse settings that contradict themselves."""
        parties = [party_code(self.party), *(partner.card.party for partner in self.partners)]
        if len(set(parties)) != len(parties):
            raise UsageError(
                f"a link of `{self.party}` is with itself, or stands twice: list each partner once"
            )
        names = [hub.card.name for hub in self.hubs]
        if len(set(names)) != len(names):
            raise UsageError(f"a hub of `{self.party}` stands twice: list each once")
        if not is_nkey(self.app_nkey):
            raise UsageError("ServerSettings.app_nkey is not a public NKey of a user")
        if self.diallers and self.leaf_listen is None:
            raise UsageError(
                f"`{self.diallers[0].card.party}` dials us: give leaf_listen, or say where to dial it"
            )
        if not 0 <= self.client_port <= PORT_MAX:
            raise UsageError(f"`{self.client_port}` is not a port: give one up to {PORT_MAX}")

    @property
    def diallers(self) -> tuple[LinkedPartner, ...]:
        """The partners whose servers dial ours."""
        return tuple(partner for partner in self.partners if partner.dial is None)

    @property
    def ways(self) -> tuple[Way, ...]:
        """All ways to partners."""
        return (*(partner.way for partner in self.partners), *(way for hub in self.hubs for way in hub.ways))

    @property
    def nkeys(self) -> dict[str, str]:
        """Whose each NKey is that the server may be shown."""
        shown = {partner.card.leaf_nkey: partner.card.party for partner in self.partners}
        return shown | {self.app_nkey: self.party}

    def files(self) -> dict[str, bytes]:
        """See `server_files`."""
        return server_files(self)


def server_config(settings: ServerSettings) -> str:
    """The text of a configuration that nats-server 2.15.1 and newer takes.

    It is for `settings.folder / CONFIG_FILE`, because the path of the included key is relative to it.

    Raises:
        UsageError: a path cannot be written in it.
    """
    plain: dict[str, Any] = {
        "server_name": settings.party,
        # To the server, port -1 is any that is free.
        "listen": str(Address(host=LOOPBACK, port=settings.client_port))
        if settings.client_port
        else f"{LOOPBACK}:-1",
        "max_payload": PAYLOAD_BYTES_MAX,
        "max_pending": PENDING_BYTES_MAX,
        "ping_interval": PING,
        "ping_max": PINGS_MAX,
        "logtime": False,
        "tls": tls_of(settings.identity_folder, settings.identity_folder / AUTHORITY_FILE) | {"verify": True},
        "accounts": _accounts(settings),
        "leafnodes": _leafnodes(settings),
    }
    if settings.monitor_port is not None:
        plain["http"] = str(Address(host=LOOPBACK, port=settings.monitor_port))
    return config_text(plain)


def config_text(plain: dict[str, Any]) -> str:
    """Settings as the server reads them; UsageError where a value cannot be written."""
    return "\n".join(_lines(plain)) + "\n"


def server_files(settings: ServerSettings) -> dict[str, bytes]:
    """All files that the server reads beside the party's identity, by name: configuration and authorities."""
    files = {CONFIG_FILE: server_config(settings).encode()}
    for partner in settings.partners:
        if partner.dial is not None:
            files[authority_file(partner.card.party)] = partner.card.tls_ca_pem
    for hub in settings.hubs:
        files[authority_file(hub.account)] = hub.card.tls_ca_pem
    if settings.diallers:
        files[DIALLERS_FILE] = b"".join(partner.card.tls_ca_pem for partner in settings.diallers)
    return files


def authority_file(account: str) -> str:
    """The name of the file with the authority of a partner or hub that is dialled."""
    return f"{account}.cert.pem"


def _accounts(settings: ServerSettings) -> dict[str, Any]:
    own = settings.party
    beside = [
        *((partner.card.party, (partner.way,)) for partner in settings.partners),
        *((hub.account, hub.ways) for hub in settings.hubs),
    ]
    accounts: dict[str, Any] = {
        own: {
            "users": [user_of(settings.app_nkey, "STANDARD", settings.ways)],
            "exports": [export_of(way.out, account) for account, ways in beside for way in ways],
            "imports": [import_of(way.back, account) for account, ways in beside for way in ways],
        }
    }
    for account, ways in beside:
        accounts[account] = {
            "limits": ACCOUNT_LIMITS,
            "exports": [export_of(way.back, own) for way in ways],
            "imports": [import_of(way.out, own) for way in ways],
        }
    for partner in settings.diallers:
        # Seen from there, what goes out here comes in.
        turned = replace(partner.way, out=partner.way.back, back=partner.way.out)
        accounts[partner.card.party]["users"] = [user_of(partner.card.leaf_nkey, "LEAFNODE", [turned])]
    return accounts


def user_of(nkey: str, connection: str, ways: Iterable[Way]) -> dict[str, Any]:
    """A user that may publish what goes out on these ways, and hear what comes back, and nothing else."""
    out = [subjects_of(way.out) for way in ways]
    back = [subjects_of(way.back) for way in ways]
    return {
        "nkey": nkey,
        "allowed_connection_types": [connection],
        "permissions": {"publish": _only(out), "subscribe": _only(back)},
    }


def _only(subjects: list[str]) -> dict[str, Any]:
    # To the server, an empty list of what is allowed is no list.
    return {"allow": subjects} if subjects else {"deny": [">"]}


def export_of(word: str, account: str) -> dict[str, Any]:
    """What an account lets another one import."""
    return {"stream": subjects_of(word), "accounts": [account]}


def import_of(word: str, account: str) -> dict[str, Any]:
    """What an account imports from another one."""
    return {"stream": {"account": account, "subject": subjects_of(word)}}


def _leafnodes(settings: ServerSettings) -> dict[str, Any]:
    # Without `no_advertise` a partner's server learns our other addresses, and dials past proxy and firewall.
    plain: dict[str, Any] = {"no_advertise": True, "compression": "off", "reconnect": RECONNECT}
    if settings.leaf_listen is not None and settings.diallers:
        listen = settings.leaf_listen
        plain["listen"] = str(listen) if listen.port else f"{str(listen).removesuffix('0')}-1"
        plain["tls"] = tls_of(settings.identity_folder, settings.folder / DIALLERS_FILE) | {"verify": True}
    included = os.path.relpath(settings.identity_folder / LEAF_NKEY_FILE, settings.folder)
    dialled = [
        *((partner.card.party, partner.dial) for partner in settings.partners if partner.dial is not None),
        *((hub.account, hub.dial) for hub in settings.hubs),
    ]
    plain["remotes"] = [
        {
            "url": f"tls://{address}",
            "account": account,
            _INCLUDE: included,
            "tls": tls_of(settings.identity_folder, settings.folder / authority_file(account)),
            "deny_imports": ["$SYS.>"],
        }
        for account, address in dialled
    ]
    return plain


def tls_of(identity_folder: Path, authority: Path) -> dict[str, Any]:
    """TLS as the holder of an identity, believing one file of authorities."""
    return {
        "cert_file": str(identity_folder / CERTIFICATE_FILE),
        "key_file": str(identity_folder / KEY_FILE),
        "ca_file": str(authority),
        "min_version": "1.3",
        "handshake_first": True,
        "timeout": TLS_S_MAX,
    }


def _lines(plain: dict[str, Any], depth: int = 0) -> list[str]:
    # Names are quoted because the server takes an unquoted `INCLUDE`, which may be a party, for its keyword.
    indent = "  " * depth
    lines: list[str] = []
    for name, value in plain.items():
        if name == _INCLUDE:
            lines.append(f"{indent}{name} {_included(value)}")
        elif isinstance(value, dict):
            lines += [f"{indent}{_quoted(name)}: {{", *_lines(value, depth + 1), f"{indent}}}"]
        elif isinstance(value, list):
            lines += [f"{indent}{_quoted(name)}: [", *_entries(value, depth + 1), f"{indent}]"]
        else:
            lines.append(f"{indent}{_quoted(name)}: {_quoted(value)}")
    return lines


def _entries(values: list[Any], depth: int) -> list[str]:
    indent = "  " * depth
    lines: list[str] = []
    for value in values:
        if isinstance(value, dict):
            lines += [f"{indent}{{", *_lines(value, depth + 1), f"{indent}}}"]
        else:
            lines.append(f"{indent}{_quoted(value)}")
    return lines


def _quoted(value: str | float | bool) -> str:  # noqa: FBT001 - a value of the configuration
    """A value as the server reads it. Of JSON's escapes, it knows those for quote and backslash alone."""
    if isinstance(value, str) and not value.isprintable():
        raise UsageError(f"`{value!a}` cannot stand in the server's configuration: use plain characters")
    return json.dumps(value, ensure_ascii=False)


def _included(path: str) -> str:
    # In an include the server knows no escapes at all.
    if '"' in path or not path.isprintable():
        raise UsageError(f"`{path!a}` cannot stand in the server's configuration: use plain characters")
    return f'"{path}"'
