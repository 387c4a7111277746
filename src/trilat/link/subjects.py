"""`Way`: one way to a partner, and the opaque words in its subjects. No name of a party is in one.

    x.WORD.e    payloads of the live lane
    x.WORD.b    payloads of the bulk lane
    x.WORD.h    heartbeats

Each way has one word for each direction. Who reads a word learns which other messages go the same way, and
nothing else.
1. On a direct link, and over an outside NATS, the words come from a secret that the two parties alone can
   compute: Diffie-Hellman on P-256 between their link authorities (SP 800-56A, section 6.2.2.2), through HKDF
   (RFC 5869). Whoever has both cards, but neither private key, cannot tell whose words they are.
2. Through a hub they come from the hub's card and the two parties' NKeys for servers, which a hub knows
   anyway, because it must let pass exactly these. The same two have other words at another hub.
"""

import base64
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from trilat.link.card import Card
from trilat.link.hub_card import HubCard
from trilat.link.identity import LinkIdentity
from trilat.model import Lane

LANE_SUFFIXES: Final = {Lane.LIVE: "e", Lane.BULK: "b"}
HEARTBEAT_SUFFIX: Final = "h"
_WORD_BYTES: Final = 16
_PAIR_DOMAIN: Final = b"trilat/subject/1/"
_HUB_DOMAIN: Final = b"trilat/hub-subject/1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """A way to a partner: by a hub, or without one where `hub` is empty; its words out and back."""

    partner: str
    hub: str = ""
    out: str
    back: str


def direct_way(identity: LinkIdentity, card: Card) -> Way:
    """The way between the holder of an identity and a partner, without a hub."""
    secret, own = identity.shared_with(card), identity.party
    return Way(
        partner=card.party,
        out=_word_of_pair(secret, own, card.party),
        back=_word_of_pair(secret, card.party, own),
    )


def hub_way(hub: HubCard, leaf_nkey: str, partner: str, partner_nkey: str) -> Way:
    """The way through a hub from the party whose server shows `leaf_nkey` there to another."""
    return Way(
        partner=partner,
        hub=hub.name,
        out=hub_word(hub, leaf_nkey, partner_nkey),
        back=hub_word(hub, partner_nkey, leaf_nkey),
    )


def hub_word(hub: HubCard, sender_nkey: str, recipient_nkey: str) -> str:
    """The word of one direction between two parties at a hub."""
    parts = (_HUB_DOMAIN, hub.digest, sender_nkey.encode(), recipient_nkey.encode())
    return _word(sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest())


def subjects_of(word: str) -> str:
    """All subjects of a word, as a server's permissions name them."""
    return f"x.{word}.>"


def lane_subject(word: str, lane: Lane) -> str:
    """The subject of a lane."""
    return f"x.{word}.{LANE_SUFFIXES[lane]}"


def heartbeat_subject(word: str) -> str:
    """The subject of heartbeats."""
    return f"x.{word}.{HEARTBEAT_SUFFIX}"


def _word_of_pair(secret: bytes, sender: str, recipient: str) -> str:
    info = _PAIR_DOMAIN + f"{sender}>{recipient}".encode()
    return _word(HKDF(SHA256(), _WORD_BYTES, salt=None, info=info).derive(secret))


def _word(data: bytes) -> str:
    return base64.b32encode(data[:_WORD_BYTES]).decode("ascii").rstrip("=").lower()
