"""What makes partners: trust states, letters, keys on disk, hubs; bundles and audit proofs between them."""

import io
import json
import random
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from tests.link.ceremony import NOW_NS, Household
from tests.link.conftest import World

from fuzzing.target import TEXT_MAX, Target, text
from trilat.cli.audit_compare import _plain, _read
from trilat.ledger import Ledger, MemoryStore, MerkleLog, answer, first_part, leaf_hash
from trilat.link import (
    Acceptance,
    BundleWriter,
    Invitation,
    Lock,
    Strength,
    TreeHead,
    TrustStore,
    check_bundle,
    decode_announcement,
    encode_announcement,
    key_request,
    ledger_commitment,
    open_acceptance,
    open_invitation,
    open_lock,
    open_tree_head,
    parcel_leaf,
    sign_acceptance,
    sign_invitation,
    sign_tree_head,
)
from trilat.link.attestation import Attestation, open_attestation, sign_attestation
from trilat.link.bundle import bundle_members
from trilat.link.card import card_to_json
from trilat.link.cose import sign1
from trilat.link.hub_card import HubCard, hub_card_from_json
from trilat.link.hub_folder import HubToml, _converted
from trilat.link.invitation import INVITATION_LABEL, INVITATION_TYPE, letter_bytes, letter_text
from trilat.link.tree_head import TREE_HEAD_TYPE
from trilat.link.trust_state import STATE_TYPE, Announcement, SignedState
from trilat.model import Noun, Status, encode, strict_json, to_plain
from trilat.node import ManualClock, StreamTree, check_proof, proof_from_plain
from trilat.node.proofs import Consistency, Inclusion, Opening
from trilat.node.root_folder import request_from_text, request_text
from trilat.node.stored_keys import StoredKeys, keys_from
from trilat.node.trees import StreamName

_PASSPHRASE: Final = b"correct horse battery"
_CHEAP: Final = Strength(memory_kib=64, passes=1, lanes=1)


class Houses:
    """KOR and USA as their people set them up, and what they gave each other."""

    def __init__(self) -> None:
        """The same in every run."""
        self.kor, self.usa = Household("KOR", 1), Household("USA", 2)
        self.first = self.kor.newest
        self.second = self.kor.root.next(self.first, None, self.kor.issue())
        self.kor.rotate()

    def letter(self) -> Invitation:
        """KOR invites USA."""
        return Invitation(
            party="KOR",
            to="USA",
            states=self.kor.announcement(),
            made_ns=NOW_NS,
            secret=bytes(32),
            dial="127.0.0.1:7422",
            ends_ns=NOW_NS * 2,
            status=Status.SIMULATED,
            purpose="missile-warning",
        )


def trust_targets(known: World) -> dict[str, Target]:
    """Readers of what makes partners."""
    houses = Houses()
    return {**_states(houses), **_letters(houses), **_kept(houses), **_hubs(houses), **_audits(known)}


def trust_nouns(known: World) -> tuple[Noun, ...]:
    """Values of nouns that obey rules which chance does not."""
    houses = Houses()
    return (
        houses.kor.announcement(),
        houses.kor.newest.claimed,
        key_request(houses.kor.keys, houses.kor.card()),
        houses.letter(),
        _acceptance(houses.letter()),
        HubCard(name="HUB", tls_ca=houses.kor.identity.authority),
        _head(known),
    )


def _acceptance(letter: Invitation) -> Acceptance:
    same = {name: getattr(letter, name) for name in ("party", "to", "states", "made_ns", "secret", "dial")}
    return Acceptance(**same, invitation=bytes(32))


def _states(houses: Houses) -> dict[str, Target]:
    kor = houses.kor

    def update(announcement: Announcement) -> None:
        """States come to a node that holds KOR's first one."""
        store = TrustStore()
        store.pin_state(houses.first)
        store.update(announcement)

    def signed_by_root(data: bytes) -> None:
        """KOR's own root signs whatever this is as its next state."""
        signed = SignedState(
            signed=sign1(kor.root.signer, STATE_TYPE, data), possession=houses.second.possession
        )
        update(Announcement(states=(signed,)))

    attestation = Attestation(
        party="KOR", kind="agreement", name="a", version=1, digest=bytes(32), at_ns=NOW_NS
    )
    store = TrustStore([kor.keys.pin])
    return {
        "trust-state": Target(
            lambda data: update(decode_announcement(data)), (encode_announcement(kor.announcement()),)
        ),
        "trust-state-inside": Target(signed_by_root, (encode(houses.second.claimed),)),
        "attestation": Target(
            lambda data: open_attestation(store, data), (sign_attestation(kor.keys, attestation),)
        ),
    }


def _letters(houses: Houses) -> dict[str, Target]:
    kor = houses.kor
    letter = houses.letter()
    invitation = sign_invitation(kor.keys, letter)
    acceptance = sign_acceptance(kor.keys, _acceptance(letter))
    request = key_request(kor.keys, kor.card())
    return {
        "invitation": Target(lambda data: open_invitation(data, "USA", NOW_NS), (invitation,)),
        "invitation-inside": Target(
            lambda data: open_invitation(sign1(kor.keys.signing, INVITATION_TYPE, data), "USA", NOW_NS),
            (encode(letter),),
        ),
        "acceptance": Target(lambda data: open_acceptance(data, "USA"), (acceptance,)),
        "letter-text": Target(
            text(lambda said: letter_bytes(INVITATION_LABEL, said)),
            (letter_text(INVITATION_LABEL, invitation).encode(),),
        ),
        "key-request": Target(text(request_from_text), (request_text(request).encode(),)),
    }


def _kept(houses: Houses) -> dict[str, Target]:
    draw = random.Random(3).randbytes
    keys = houses.kor.keys
    lock = Lock.new(draw)
    private = keys.private_bytes()
    stored = StoredKeys(signing=private[:32], token_key="", sealing=private[32:])
    return {
        "keys-lock": Target(
            lambda data: open_lock(data, _PASSPHRASE, draw), (lock.under(_PASSPHRASE, _CHEAP),)
        ),
        "keys-sealed": Target(lambda data: lock.open("node.keys", data), (lock.close("node.keys", private),)),
        "keys-stored": Target(lambda data: keys_from("KOR", data), (private, encode(stored))),
    }


def _hubs(houses: Houses) -> dict[str, Target]:
    kor, usa = houses.kor, houses.usa
    toml = HubToml(name="HUB", listen_host="127.0.0.1", listen_port=7422)
    card = HubCard(name="HUB", tls_ca=kor.identity.authority)
    files: list[io.BytesIO] = []

    def opened(_: int) -> io.BytesIO:
        files.append(_Kept())
        return files[-1]

    writer = BundleWriter(kor.keys, "USA", NOW_NS, opened)
    writer.add(b"an envelope", 1, 1)
    writer.add(b"another", 2, 2)
    writer.close()
    trust = TrustStore([kor.keys.pin, usa.keys.pin])

    def bundle(data: bytes) -> None:
        """As an import reads it: checked whole, then member by member."""
        check_bundle(io.BytesIO(data), "USA", trust)
        list(bundle_members(io.BytesIO(data)))

    return {
        "hub-card": Target(hub_card_from_json, (card_to_json(card).encode(),)),
        "hub-settings": Target(text(_converted), (toml.text().encode(),)),
        "bundle": Target(bundle, (files[0].getvalue(),)),
        "bundle-members": Target(lambda data: list(bundle_members(io.BytesIO(data))), (files[0].getvalue(),)),
    }


def _head(known: World, size: int = 5, **changes: object) -> TreeHead:
    """KOR's word on its stream to USA."""
    said = {
        "signer": "KOR",
        "sender": "KOR",
        "recipient": "USA",
        "stream": known.keys["KOR"].stream_to("USA"),
        "size": size,
        "root": _tree().root(size),
        "at_ns": NOW_NS + size,
        "ledger": ledger_commitment(bytes(32), 9, bytes(32)),
        **changes,
    }
    return TreeHead(**said)  # type: ignore[arg-type]


@cache
def _tree() -> MerkleLog:
    leaves = [leaf_hash(bytes([number])) for number in range(8)]
    tree = MerkleLog(lambda first, stop: leaves[first:stop])
    for leaf in leaves:
        tree.append(leaf)
    return tree


def _audits(known: World) -> dict[str, Target]:
    kor, tree = known.keys["KOR"], _tree()
    stream = kor.stream_to("USA")
    leaves = [leaf_hash(parcel_leaf(stream, number, bytes(32))) for number in range(1, 6)]
    parcels = MerkleLog(lambda first, stop: leaves[first:stop])
    for leaf in leaves:
        parcels.append(leaf)
    signed = sign_tree_head(kor, _head(known))
    proofs = (
        Inclusion(
            heads=(sign_tree_head(kor, _head(known, root=parcels.root(5))),),
            sequence=2,
            parcel_digest=bytes(32),
            path=parcels.inclusion(1, 5),
        ),
        Consistency(first=sign_tree_head(kor, _head(known, 3)), second=signed, path=tree.consistency(3, 5)),
        Opening(head=signed, salt=bytes(32), entries=9, chained=bytes(32)),
    )

    def shown(data: bytes) -> object:
        """As `trilat audit check` reads a proof."""
        return check_proof(proof_from_plain(strict_json(data, TEXT_MAX)), known.trust)

    name = StreamName("KOR", "USA", stream)
    whose = StreamTree(name, Ledger(MemoryStore(), "KOR", bytes(32), ManualClock(NOW_NS), bytes))

    def compared(data: bytes) -> object:
        """As `trilat audit compare` reads the partner's file."""
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "part.json").write_bytes(data)
            return answer(tree, _read(Path(folder) / "part.json", "USA", whose))

    part = msgspec.json.encode(_plain("USA", whose, first_part(tree)))
    return {
        "tree-head": Target(lambda data: open_tree_head(known.trust, data), (signed,)),
        "tree-head-inside": Target(
            lambda data: open_tree_head(known.trust, sign1(kor.signing, TREE_HEAD_TYPE, data)),
            (encode(_head(known)),),
        ),
        "audit-proof": Target(shown, tuple(json.dumps(to_plain(proof)).encode() for proof in proofs)),
        "audit-part": Target(compared, (part,)),
    }


class _Kept(io.BytesIO):
    """A file in memory that is still there when it was closed."""

    def close(self) -> None:
        """Nothing is lost."""
