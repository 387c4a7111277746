"""Trust states travel through third parties: USA reaches KOR alone, KOR tells JPN, and nobody hears of whom
it does not deal with.
"""

from collections.abc import Callable
from itertools import permutations

import msgspec
import pytest
from tests.link.ceremony import Household
from tests.three_nodes import (
    FILE,
    PARTIES,
    RING,
    World,
    first,
    ids_at,
    keys_of,
    signed,
    version_at,
    without_korea,
)

from trilat.ledger import EntryKind
from trilat.link import Announcement, Attestation, SignedState, encode_announcement, sign_attestation
from trilat.link.messages import Notice, sign_message
from trilat.model import Agreement, TrustError
from trilat.node import Node
from trilat.node.known_records import KNOWN_TOPIC, Summary, seal_message
from trilat.policy import read_agreement

PAIRS = {
    "one.toml": ("JPN", "KOR"),
    "two.toml": ("KOR", "USA"),
}


def pairwise() -> dict[str, Agreement]:
    """KOR deals with each of the others, which do not deal with each other as far as KOR knows."""
    files = {}
    for file, (one, other) in PAIRS.items():
        text = RING.split('[[clause]]\nid = "through')[0].replace(
            '"JPN", "KOR", "USA"', f'"{one}", "{other}"'
        )
        text = text.replace('removal_by = ["USA"]\n', "").replace('id = "ring"', f'id = "{file[:3]}"')
        files[file] = signed(read_agreement(file, text), one, other)
    return files


class Line(World):
    """Three nodes with roots, of which USA and JPN have no link."""

    def __init__(self, files: dict[str, Agreement] | None = None, pins: tuple[str, ...] = PARTIES) -> None:
        """All began, and KOR is in between."""
        self.houses = {
            code: Household(code, number, given=keys_of(code)) for number, code in enumerate(PARTIES)
        }
        self.first: dict[str, SignedState] = {code: house.newest for code, house in self.houses.items()}
        self._pins = pins
        super().__init__(files if files is not None else {FILE: first()})
        self.link("JPN", "USA", up=False)
        self.run(12)

    def node(self, party: str, files: object = None) -> Node:  # noqa: ARG002
        """As in `World`, with the roots of those pinned that are pinned at JPN."""
        own = {name: text for name, text in self.files.items() if party in text.parties}
        node = super().node(party, own)
        for code, state in self.first.items():
            if party != "JPN" or code in self._pins:
                node.trusting.store.pin_state(state)
        return node

    def learn(self, party: str, state: SignedState) -> bool:
        """People bring a state to a node."""
        return self.nodes[party].trusting.learn(Announcement(states=(state,)))

    def revoke(self) -> SignedState:
        """USA revokes its node's key, and has no other yet."""
        state = self.houses["USA"].revoke(self.clock.now_ns())
        assert self.learn("USA", state)
        return state

    def version(self, party: str, of: str = "USA") -> int:
        state = self.nodes[party].trusting.store.state(of)
        return 0 if state is None else state.version


def word_by_old_key(world: World, version: int = 1) -> bytes:
    said = Attestation(
        party="USA",
        kind="agreement",
        name="ring",
        version=version,
        digest=b"d" * 32,
        at_ns=world.clock.now_ns(),
    )
    return sign_attestation(keys_of("USA"), said)


def hear(world: World, sender: str, recipient: str, *words: bytes) -> None:
    """A node gets a summary as a partner would seal and sign it."""
    sealed = seal_message(Summary(attestations=words), sender, keys_of(recipient).pin)
    world.nodes[sender].endpoint.notify(recipient, KNOWN_TOPIC, sealed)
    world.post.deliver()


def told(node: Node) -> str:
    return "\n".join(node.refusals)


def test_a_revocation_reaches_who_the_party_cannot_reach_and_its_old_key_signs_nothing_there() -> None:
    world = Line()
    japan = world.nodes["JPN"]
    assert japan.known.confirmations.version_of("agreement", "ring", "USA") is not None, "the premise"
    world.revoke()
    world.run(8)
    assert [world.version(party) for party in PARTIES] == [2, 2, 2]
    assert japan.known.confirmations.version_of("agreement", "ring", "USA") is None, "what it said is gone"
    with pytest.raises(TrustError, match="revoked"):
        japan.trust.verify_live("USA", word_by_old_key(world), "application/vnd.trilat.attestation", "word")
    before = japan.refusals_count
    hear(world, "KOR", "JPN", word_by_old_key(world, 7))
    assert japan.refusals_count == before + 1
    assert "revoked" in japan.refusals[-1]
    assert ("agreement", "ring") not in japan.known._partners["KOR"].wanted
    (stored,) = japan.ledger.entries(kinds={EntryKind.TRUST})
    world.restart("JPN")
    assert world.version("JPN") == 2
    assert stored.content is not None


def test_envelopes_and_agreements_by_the_revoked_key_are_refused_behind_the_third_party() -> None:
    world = Line()
    world.revoke()
    world.run(8)
    notice = Notice(sender="USA", recipient="JPN", topic=KNOWN_TOPIC, content=b"x")
    world.nodes["JPN"].endpoint.receive(sign_message(keys_of("USA"), notice))
    assert "revoked" in told(world.nodes["JPN"])
    # The thief says that it signed before: when, is its word alone.
    early = without_korea(world.clock.now_ns())
    refusal = world.nodes["JPN"].known.agreements.adopt(early, "KOR")
    assert refusal is not None
    assert "revoked" in refusal
    assert version_at(world.nodes["JPN"]) == 1


def test_new_keys_come_the_same_way_and_what_they_sign_holds() -> None:
    world = Line()
    house = world.houses["USA"]
    state = house.revoke(world.clock.now_ns(), renew=True)
    assert world.learn("KOR", state)
    world.run(8)
    assert world.version("JPN") == 2
    assert world.nodes["JPN"].trust.pin("USA") == house.keys.pin
    hear(world, "KOR", "JPN", sign_attestation(house.keys, _said(world)))
    assert world.nodes["JPN"].known.confirmations.version_of("agreement", "ring", "USA") == (1, b"d" * 32)


def _said(world: World) -> Attestation:
    now_ns = world.clock.now_ns()
    return Attestation(party="USA", kind="agreement", name="ring", version=1, digest=b"d" * 32, at_ns=now_ns)


def test_a_root_that_is_revoked_is_told_by_third_parties_too() -> None:
    world = Line()
    paper = Announcement(revocation=world.houses["USA"].root.revocation())
    assert world.nodes["KOR"].trusting.learn(paper)
    world.run(8)
    assert world.nodes["JPN"].trusting.store.is_revoked("USA")


def test_a_stale_state_that_is_told_later_changes_nothing() -> None:
    world = Line()
    old = world.first["USA"]
    world.revoke()
    world.run(8)
    world.nodes["KOR"].endpoint.introduce("JPN", Announcement(states=(old,)))
    world.post.deliver()
    assert world.version("JPN") == 2
    assert "is older than 2" in told(world.nodes["JPN"])
    kind = world.nodes["JPN"].known._kinds["trust-state"]
    refusal = kind.take("USA", 1, encode_announcement(Announcement(states=(old,))), "KOR")
    assert refusal is not None
    assert "is older than 2" in refusal


def test_a_forged_and_a_forked_state_are_refused_and_told() -> None:
    world = Line()
    usa, japan = world.houses["USA"], world.nodes["JPN"]
    other = usa.root.next(usa.newest, None, usa.issue())
    world.revoke()
    world.run(8)
    thief = Household("USA", 99)
    thief.rotate()
    kind = japan.known._kinds["trust-state"]
    for state, why in ((other, "two different trust states 2"), (thief.newest, "by another root")):
        refusal = kind.take("USA", 2, encode_announcement(Announcement(states=(state,))), "KOR")
        assert refusal is not None
        assert why in refusal
    assert japan.trusting.store.state("USA") == usa.state
    assert len(japan.trusting.store.forks("USA")) == 1
    mixed = encode_announcement(Announcement(states=(world.first["KOR"],)))
    assert "another party's" in (kind.take("USA", 2, mixed, "KOR") or "")
    assert "cannot" in (kind.take("USA", 2, b"\x00", "KOR") or "cannot")
    said = msgspec.structs.replace(_said(world), party="KOR", kind="trust-state", name="USA", version=2)
    said = msgspec.structs.replace(said, at_ns=said.at_ns + 1)
    hear(world, "KOR", "JPN", sign_attestation(keys_of("KOR"), said))
    assert "`KOR` holds another trust state 2 of `USA`: a fork" in told(japan)


def test_nobody_hears_of_a_party_that_it_is_not_known_to_deal_with() -> None:
    world = Line(pairwise())
    # JPN holds USA's pin, and KOR cannot know that: neither names USA to the other.
    world.learn("KOR", world.houses["USA"].revoke(world.clock.now_ns()))
    world.run(12)
    assert "USA" not in world.nodes["KOR"].known._kinds["trust-state"].names("JPN")
    assert world.version("JPN") == 1
    # A guess shows nothing; who names a state that it holds is told what follows it.
    said = msgspec.structs.replace(_said(world), party="JPN", kind="trust-state", name="USA")
    hear(world, "JPN", "KOR", sign_attestation(keys_of("JPN"), said))
    assert "USA" not in world.nodes["KOR"].known._kinds["trust-state"].names("JPN")
    true = msgspec.structs.replace(said, digest=world.first["USA"].digest, at_ns=said.at_ns + 1)
    hear(world, "JPN", "KOR", sign_attestation(keys_of("JPN"), true))
    world.run(8)
    assert world.version("JPN") == 2


def test_who_has_no_pin_takes_nothing_and_asks_for_nothing() -> None:
    world = Line(pins=("JPN", "KOR"))
    world.revoke()
    world.run(12)
    assert world.version("KOR") == 2
    assert world.version("JPN") == 0
    assert ("trust-state", "USA") not in world.nodes["JPN"].known._partners["KOR"].wanted
    assert world.nodes["JPN"].trust.pin("USA") == keys_of("USA").pin, "the bare pin of people stays"


def test_a_party_hears_from_partners_what_its_root_signed_elsewhere() -> None:
    world = Line()
    usa = world.houses["USA"]
    assert world.learn("KOR", usa.root.next(usa.newest, None, usa.issue()))
    world.run(8)
    assert world.version("USA") == 1
    assert "our own trust state came over a link" in told(world.nodes["USA"])


def test_one_word_that_is_not_sound_stops_no_other() -> None:
    world = Line()
    bad = bytearray(word_by_old_key(world))
    bad[-1] ^= 1
    good = sign_attestation(
        keys_of("KOR"), msgspec.structs.replace(_said(world), party="KOR", at_ns=world.clock.now_ns() + 1)
    )
    hear(world, "KOR", "JPN", bytes(bad), good)
    known = world.nodes["JPN"].known.confirmations
    assert known.version_of("agreement", "ring", "KOR") == (1, b"d" * 32)


def test_a_new_epoch_begins_with_a_partner_whose_key_was_revoked_and_none_is_told_to_the_old_one() -> None:
    world = Line()
    world.see("KOR", "before")
    world.run(3)
    keying = world.nodes["KOR"].endpoint._keying
    old = keying._sealers["USA"]
    kept = keying._sealers["JPN"].epochs.epoch.identifier
    said: list[tuple[str, str]] = []
    keying._notify = lambda recipient, topic, _: said.append((recipient, topic))
    house = world.houses["USA"]
    assert world.learn("KOR", house.revoke(world.clock.now_ns(), renew=True))
    assert "USA" not in keying._sealers
    assert said == [], "no key of an epoch is wrapped to a key that was taken"
    world.see("KOR", "after")
    world.run(3)
    new = keying._sealers["USA"]
    assert new.epochs.epoch.identifier != old.epochs.epoch.identifier
    assert keying._pins["USA"][1] == house.keys.pin
    assert keying._sealers["JPN"].epochs.epoch.identifier == kept, "nobody else's changes"


def test_nothing_at_all_is_sealed_to_a_partner_whose_key_was_revoked() -> None:
    world = Line()
    world.see("KOR", "before")
    world.run(3)
    assert world.learn("KOR", world.houses["USA"].revoke(world.clock.now_ns()))
    world.see("KOR", "after")
    mark = len(world.post.carried)
    world.run(12)
    assert ("KOR", "USA", True) not in world.post.carried[mark:]
    assert "KOR-after" in ids_at(world.nodes["JPN"])
    assert "KOR-after" not in ids_at(world.nodes["USA"])


# --- orders ---

ACTS: dict[str, Callable[[Line], object]] = {
    "USA revokes": Line.revoke,
    "KOR and USA meet": lambda world: _meet(world, "KOR", "USA"),
    "JPN and KOR meet": lambda world: _meet(world, "JPN", "KOR"),
    "JPN restarts": lambda world: world.restart("JPN"),
    "a stale state is told": lambda world: world.nodes["KOR"].endpoint.introduce(
        "JPN", Announcement(states=(world.first["USA"],))
    ),
}


def _meet(world: Line, one: str, other: str) -> None:
    world.link(one, other, up=True)
    world.run(6)
    world.link(one, other, up=False)


@pytest.mark.parametrize("begins", ACTS)
def test_in_every_order_the_revocation_holds_wherever_it_was_heard(begins: str) -> None:
    rest = [name for name in ACTS if name != begins]
    for order in ((begins, *others) for others in permutations(rest)):
        world = Line()
        for pair in (("KOR", "USA"), ("JPN", "KOR")):
            world.link(*pair, up=False)
        highest = 1
        for name in order:
            ACTS[name](world)
            world.run(1)
            assert world.version("JPN") >= highest, order
            highest = world.version("JPN")
        places = [order.index(name) for name in ("USA revokes", "KOR and USA meet", "JPN and KOR meet")]
        if places == sorted(places):
            assert highest == 2, order
        for pair in (("KOR", "USA"), ("JPN", "KOR")):
            world.link(*pair, up=True)
        world.run(70)
        assert world.version("JPN") == 2, order
        with pytest.raises(TrustError, match="revoked"):
            world.nodes["JPN"].trust.verify_live("USA", word_by_old_key(world), "x", "word")
