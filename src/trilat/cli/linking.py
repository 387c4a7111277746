"""What a node's folder says of its links, as the transport and the NATS server take it."""

from collections.abc import Callable
from pathlib import Path

from trilat.link import (
    Address,
    LinkedHub,
    LinkedPartner,
    OutsideNats,
    ServerSettings,
    Way,
    direct_way,
    hub_way,
    refuse_open_to_others,
)
from trilat.model import Agreement, AgreementError, UsageError
from trilat.node import NodeFolder, host_and_port
from trilat.policy import AgreementSet


def address_of(text: str, name: str) -> Address:
    """The address in a setting; UsageError with the setting's name where it is none."""
    host, port = host_and_port(text, name)
    return Address(host=host, port=port)


def server_settings(folder: NodeFolder) -> ServerSettings:
    """What the NATS server of a node's folder is told.

    Raises:
        AgreementError: a partner is to be reached through a hub, and an agreement with it forbids that.
    """
    settings = folder.settings
    partners = tuple(
        LinkedPartner(
            card=folder.trust.card(peer.code) or folder.cards[peer.code],
            way=direct_way(folder.identity, folder.trust.card(peer.code) or folder.cards[peer.code]),
            dial=address_of(peer.dial, f"dial of peer {peer.code}") if peer.dial else None,
        )
        for peer in settings.peer
        if peer.link
    )
    return ServerSettings(
        party=settings.party,
        app_nkey=folder.identity.app_nkey,
        identity_folder=folder.identity_path.absolute(),
        folder=(folder.run_path / "server").absolute(),
        partners=partners,
        hubs=_hubs(folder),
        client_port=host_and_port(settings.link.client_listen, "link.client_listen")[1],
        leaf_listen=address_of(settings.link.leaf_listen, "link.leaf_listen"),
    )


def direct_only(agreements: AgreementSet, party: str, partner: str) -> Agreement | None:
    """An agreement between two parties that lets nothing pass through a relay; None where none does."""
    for agreement in agreements.files.values():
        if agreement.direct_only and party in agreement.parties and partner in agreement.parties:
            return agreement
    return None


class HubGuard:
    """Whether agreements let a partner be reached through a hub; what it found is kept while they stay."""

    def __init__(self, party: str, held: Callable[[], AgreementSet]) -> None:
        """Of a party, over the agreements that it holds at the time."""
        self._party = party
        self._held = held
        self._known: tuple[AgreementSet, dict[str, bool]] | None = None

    def __call__(self, partner: str) -> bool:
        """Whether no agreement with a partner forbids it. From any thread."""
        held, known = self._held(), self._known
        if known is None or known[0] is not held:
            known = self._known = (held, {})
        if partner not in known[1]:
            known[1][partner] = direct_only(held, self._party, partner) is None
        return known[1][partner]


def _hubs(folder: NodeFolder) -> tuple[LinkedHub, ...]:
    found = []
    for hub in folder.settings.hub:
        card = folder.hub_cards[hub.name]
        for peer in folder.settings.peer:
            found_ban = direct_only(folder.agreements, folder.settings.party, peer.code)
            if peer.through == hub.name and found_ban is not None:
                raise AgreementError(
                    f"`{found_ban.agreement_id}` lets nothing pass to {peer.code} through a relay: "
                    f"take `through` out of peer {peer.code}, and link the two directly",
                    file=None,
                    clause=None,
                )
        ways = [
            hub_way(card, folder.identity.leaf_nkey, peer.code, folder.cards[peer.code].leaf_nkey)
            for peer in folder.settings.peer
            if peer.through == hub.name
        ]
        if ways:
            dial = address_of(hub.dial, f"dial of hub {hub.name}")
            found.append(LinkedHub(card=card, dial=dial, ways=tuple(ways)))
    return tuple(found)


def ways_of(settings: ServerSettings) -> dict[str, list[Way]]:
    """The ways to each linked partner, those through a hub first."""
    found: dict[str, list[Way]] = {}
    for way in sorted(settings.ways, key=lambda way: not way.hub):
        found.setdefault(way.partner, []).append(way)
    return found


def outside_nats(folder: NodeFolder) -> OutsideNats | None:
    """The outside NATS that a node uses instead of a server of its own; None where it has its own.

    Raises:
        UsageError: a file is missing, or a secret one is open to others.
    """
    link = folder.settings.link
    if not link.nats:
        return None
    secret = folder.path / (link.nats_seed or link.nats_creds)
    refuse_open_to_others(secret)
    return OutsideNats(
        urls=link.nats,
        ca_file=folder.path / link.nats_ca if link.nats_ca else None,
        seed=_seed(secret) if link.nats_seed else "",
        creds_file=secret if link.nats_creds else None,
    )


def _seed(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"`{path}` is not the seed of an NKey: put it there again") from error
