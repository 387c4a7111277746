"""The configuration of a hub's NATS server, as text. A hub relays; it holds no party's keys, keeps nothing.

What the configuration says
1. One account for each party, in which only the leaf connection of that party's server is: it shows a
   certificate by its card's authority and its card's NKey.
2. Two accounts exchange the words of their two directions where each of the two parties asked for the other,
   and nothing else passes. Who asks for somebody that does not ask back has nobody to talk to.
3. There is no store, no page for monitoring, no user without an NKey. On loopback the hub's own NKey may ask
   the server who is connected; it hears nothing of what passes.

As in `server_config`, every account is limited, and the server takes TLS 1.3 with certificates on both sides,
before a byte of NATS is spoken.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trilat.link.card import Card
from trilat.link.hub_card import HubCard
from trilat.link.identity import AUTHORITY_FILE
from trilat.link.nkey import is_nkey
from trilat.link.server_config import (
    ACCOUNT_LIMITS,
    CONFIG_FILE,
    DIALLERS_FILE,
    LOOPBACK,
    PAYLOAD_BYTES_MAX,
    PENDING_BYTES_MAX,
    PING,
    PINGS_MAX,
    Address,
    config_text,
    export_of,
    import_of,
    tls_of,
)
from trilat.link.subjects import Way, hub_way
from trilat.model import UsageError

SYSTEM_ACCOUNT: Final = "hub-itself"
ASK_CONNECTED: Final = "$SYS.REQ.SERVER.PING.LEAFZ"


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """A party at a hub: its card, and whom it asks to be joined with."""

    card: Card
    asks_for: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HubSettings:
    """What the server of a hub is told."""

    card: HubCard
    app_nkey: str
    """The public NKey with which the hub asks its own server who is connected."""

    identity_folder: Path
    folder: Path
    """Where the configuration and the authorities of parties are written."""

    leaf_listen: Address
    admitted: tuple[Admitted, ...] = ()
    client_port: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that contradict themselves."""
        parties = [one.card.party for one in self.admitted]
        nkeys = [one.card.leaf_nkey for one in self.admitted]
        if len(set(parties)) != len(parties) or len(set(nkeys)) != len(nkeys):
            raise UsageError(f"a party of hub `{self.card.name}` stands twice: admit each once")
        if not is_nkey(self.app_nkey):
            raise UsageError("HubSettings.app_nkey is not a public NKey of a user")

    @property
    def nkeys(self) -> dict[str, str]:
        """Whose each NKey is that the server may be shown."""
        return {one.card.leaf_nkey: one.card.party for one in self.admitted} | {self.app_nkey: self.card.name}

    def joined(self, one: Admitted) -> tuple[Way, ...]:
        """The ways of a party: to each that it asks for and that asks for it."""
        party = one.card.party
        others = [
            other.card
            for other in self.admitted
            if other.card.party in one.asks_for and party in other.asks_for and other is not one
        ]
        return tuple(hub_way(self.card, one.card.leaf_nkey, other.party, other.leaf_nkey) for other in others)

    def partners(self, one: Admitted) -> set[str]:
        """Those with whom a party is joined."""
        return {way.partner for way in self.joined(one)}

    def files(self) -> dict[str, bytes]:
        """All files that the server reads beside the hub's identity, by name."""
        authorities = [one.card.tls_ca_pem for one in self.admitted] or [self.card.tls_ca_pem]
        return {CONFIG_FILE: hub_config(self).encode(), DIALLERS_FILE: b"".join(authorities)}


def lost(before: HubSettings, after: HubSettings) -> frozenset[str]:
    """Whose connections must be cut: parties that are removed, have another card, or are parted from one that
    stays. Who loses only a party that is gone keeps its connection: there is nobody any more to hear or send.
    """
    was, now = ({one.card.party: one for one in settings.admitted} for settings in (before, after))
    gone = {party for party, one in was.items() if party not in now or now[party].card != one.card}
    parted = {
        party
        for party in was.keys() - gone
        if before.partners(was[party]) - after.partners(now[party]) - gone
    }
    return frozenset(gone | parted)


def hub_config(settings: HubSettings) -> str:
    """The text of a configuration that nats-server 2.15.1 and newer takes.

    Raises:
        UsageError: a path cannot be written in it.
    """
    client = (
        str(Address(host=LOOPBACK, port=settings.client_port)) if settings.client_port else f"{LOOPBACK}:-1"
    )
    listen = settings.leaf_listen
    accounts: dict[str, Any] = {
        one.card.party: _account(one, settings.joined(one)) for one in settings.admitted
    }
    accounts[SYSTEM_ACCOUNT] = {"users": [_asker(settings.app_nkey)]}
    return config_text(
        {
            "server_name": settings.card.name,
            "listen": client,
            "max_payload": PAYLOAD_BYTES_MAX,
            "max_pending": PENDING_BYTES_MAX,
            "ping_interval": PING,
            "ping_max": PINGS_MAX,
            "logtime": False,
            "tls": tls_of(settings.identity_folder, settings.identity_folder / AUTHORITY_FILE)
            | {"verify": True},
            "accounts": accounts,
            "system_account": SYSTEM_ACCOUNT,
            "leafnodes": {
                "no_advertise": True,
                "compression": "off",
                # To the server, port -1 is any that is free.
                "listen": str(listen) if listen.port else f"{str(listen).removesuffix('0')}-1",
                "tls": tls_of(settings.identity_folder, settings.folder / DIALLERS_FILE) | {"verify": True},
            },
        }
    )


def ask_to_cut(server: str) -> str:
    """The subject that asks a server to close a connection of its own."""
    return f"$SYS.REQ.SERVER.{server}.KICK"


def _account(one: Admitted, ways: tuple[Way, ...]) -> dict[str, Any]:
    # Without permissions of its own: the server sends them once, when a party connects, and a partner that is
    # admitted later would need others. What the account does not export or import goes nowhere.
    return {
        "users": [{"nkey": one.card.leaf_nkey, "allowed_connection_types": ["LEAFNODE"]}],
        "limits": ACCOUNT_LIMITS,
        "exports": [export_of(way.out, way.partner) for way in ways],
        "imports": [import_of(way.back, way.partner) for way in ways],
    }


def _asker(nkey: str) -> dict[str, Any]:
    return {
        "nkey": nkey,
        "allowed_connection_types": ["STANDARD"],
        "permissions": {
            "publish": {"allow": [ASK_CONNECTED, ask_to_cut("*")]},
            "subscribe": {"allow": ["_INBOX.>"]},
        },
    }
