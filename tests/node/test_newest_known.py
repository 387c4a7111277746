"""Versions of agreements between running nodes: what is taken, what is refused, what waits, what is told."""

import msgspec
import pytest
from tests.three_nodes import (
    FILE,
    FRESH_S,
    RING,
    START_NS,
    World,
    first,
    ids_at,
    keys_of,
    notice_in,
    received,
    released,
    ring,
    signed,
    version_at,
    without_korea,
)

from trilat.ledger import EntryKind, MemoryStore
from trilat.link import Attestation, TrustStore, open_attestation, sign_attestation
from trilat.model import SECOND_NS, Agreement, PeerError, Reason, UsageError, encode
from trilat.node import Node, known_lines, known_state, remove_party, restore
from trilat.node.confirmed import CLAIM_S, Confirmations
from trilat.node.known import WANTED_MAX
from trilat.node.known_agreements import EVIDENCE_MAX
from trilat.node.known_records import (
    KNOWN_TOPIC,
    PIECE_BYTES,
    Ask,
    Piece,
    Summary,
    seal_message,
)
from trilat.node.known_records import open_message as unsealed
from trilat.policy import read_agreement, without_parties

LONG = "x" * 3_900
NARROW = RING.replace('"JPN", "KOR", "USA"', '"JPN", "USA"').split('[[clause]]\nid = "through')[0]


def longer(version: int = 2, texts: int = 40) -> Agreement:
    """A version that all have signed and that takes several pieces."""
    changed = msgspec.structs.replace(
        ring(), version=version, sources=tuple(f"{number} {LONG}" for number in range(texts))
    )
    return signed(changed, "JPN", "KOR", "USA")


def adopt(world: World, party: str, agreement: Agreement) -> str | None:
    return world.nodes[party].known.agreements.adopt(agreement, party)


def told(node: Node) -> str:
    return "\n".join(node.refusals)


def say(world: World, sender: str, recipient: str, message: Summary | Ask | Piece) -> None:
    """A hostile node's own message, sealed and signed as it must be."""
    sealed = seal_message(message, sender, keys_of(recipient).pin)
    world.nodes[sender].endpoint.notify(recipient, KNOWN_TOPIC, sealed)
    world.post.deliver()


def word(
    world: World, party: str, version: int, digest: bytes = b"d" * 32, name: str = "ring", ahead_s: int = 0
) -> bytes:
    said = Attestation(
        party=party,
        kind="agreement",
        name=name,
        version=version,
        digest=digest,
        at_ns=world.clock.now_ns() + ahead_s * SECOND_NS,
    )
    return sign_attestation(keys_of(party), said)


@pytest.fixture
def world() -> World:
    made = World()
    made.run(3)
    return made


# --- what is taken ---


def test_a_version_that_all_signed_reaches_all_in_pieces_and_is_in_every_ledger(world: World) -> None:
    agreement = longer()
    assert len(encode(agreement)) > 3 * PIECE_BYTES, "the premise"
    assert adopt(world, "USA", agreement) is None
    world.run(10)
    for node in world.nodes.values():
        assert node.agreements.version("ring", 2) == agreement
        entries = list(node.ledger.entries(kinds={EntryKind.AGREEMENT}))
        assert len(entries) == 1
        assert entries[0].content is not None
        assert encode(agreement) in entries[0].content


def test_a_transfer_that_breaks_off_goes_on_and_what_comes_twice_changes_nothing(world: World) -> None:
    lost = iter(range(10_000))
    world.post.drops = lambda *_: next(lost) % 3 == 0
    assert adopt(world, "USA", longer()) is None
    world.run(120)
    assert [version_at(node) for node in world.nodes.values()] == [2, 2, 2]


def test_versions_come_one_after_another_to_who_missed_some(world: World) -> None:
    world.link("JPN", "USA", up=False)
    world.link("JPN", "KOR", up=False)
    assert adopt(world, "USA", longer(2, 1)) is None
    assert adopt(world, "USA", longer(3, 2)) is None
    world.run(3)
    world.link("JPN", "USA", up=True)
    world.run(8)
    held = world.nodes["JPN"].agreements
    assert (held.version("ring", 2), held.version("ring", 3)) == (longer(2, 1), longer(3, 2))


def test_a_party_joins_by_a_version_that_it_has_signed_too_and_gets_it_from_a_partner() -> None:
    world = World({"ring-1.toml": signed(read_agreement("ring-1.toml", NARROW), "JPN", "USA")})
    world.nodes["KOR"] = world.node("KOR", {})
    world.run(3)
    assert world.nodes["KOR"].agreements.newest() == {}
    wider = msgspec.structs.replace(ring(), version=2)
    assert "not signed by KOR" in (adopt(world, "USA", signed(wider, "JPN", "USA")) or "")
    assert adopt(world, "USA", signed(wider, "JPN", "USA", "KOR")) is None
    world.run(8)
    assert [version_at(node) for node in world.nodes.values()] == [2, 2, 2]
    world.see("USA", "after")
    world.run(3)
    assert "USA-after" in ids_at(world.nodes["KOR"])


def test_who_is_taken_out_learns_it_and_stops_giving_too(world: World) -> None:
    world.remove_korea()
    world.run(4)
    assert version_at(world.nodes["KOR"]) == 2
    world.see("KOR", "own")
    world.run(4)
    assert not any("KOR-own" in ids_at(world.nodes[other]) for other in ("JPN", "USA"))


def test_what_was_adopted_is_in_use_again_after_a_restart(world: World) -> None:
    world.remove_korea()
    world.run(4)
    world.restart("JPN")
    assert version_at(world.nodes["JPN"]) == 2
    assert "JPN" in world.nodes["JPN"].agreements.newest()["ring"].parties


# --- what is refused ---


def refused(world: World, agreement: Agreement, party: str = "JPN", sender: str = "KOR") -> str:
    """The line with which a version that a partner hands over is refused; nothing has changed."""
    node = world.nodes[party]
    before = node.agreements
    line = node.known.agreements.take("ring", agreement.version, encode(agreement), sender)
    assert line is not None
    assert node.agreements is before
    return line


def test_a_removal_that_who_goes_signs_in_anothers_name_is_refused(world: World) -> None:
    made = without_korea(START_NS)
    (usa,) = made.signatures
    forged = signed(msgspec.structs.replace(made, signatures=()), "JPN")
    as_usa = msgspec.structs.replace(forged.signatures[0], party="USA")
    assert "does not fit" in refused(world, msgspec.structs.replace(made, signatures=(as_usa,)))
    other = msgspec.structs.replace(made, in_force_from_ns=START_NS + 1, signatures=(usa,))
    assert "does not fit" in refused(world, other)
    twice = msgspec.structs.replace(made, signatures=(usa, usa))
    assert "does not fit" in refused(world, twice)
    assert "not signed by" in refused(world, forged)
    assert "not signed by" in refused(world, msgspec.structs.replace(made, signatures=()))
    assert world.nodes["JPN"].known.agreements.take("ring", 2, encode(made), "KOR") is None, "the premise"


def test_an_older_version_never_comes_back(world: World) -> None:
    world.remove_korea()
    world.run(4)
    node = world.nodes["JPN"]
    assert node.known.agreements.take("ring", 1, encode(first()), "KOR") is None
    assert version_at(node) == 2
    older = signed(msgspec.structs.replace(ring(), title="Once"), "JPN", "KOR", "USA")
    assert "fork" in refused(world, older)
    assert version_at(node) == 2


def test_two_texts_of_one_version_are_a_fork_refused_kept_aside_and_told(world: World) -> None:
    world.remove_korea()
    world.run(4)
    other = without_korea(world.clock.now_ns() + 1)
    line = refused(world, other, sender="USA")
    assert "another text of `ring` version 2: a fork" in line
    kept = [stored.content for stored in world.nodes["JPN"].ledger.entries(kinds={EntryKind.REFUSAL})]
    assert any(content is not None and encode(other) in content for content in kept)


def test_a_partner_that_holds_another_text_of_our_version_is_told_and_not_counted(world: World) -> None:
    say(world, "KOR", "JPN", Summary(attestations=(word(world, "KOR", 1),)))
    node = world.nodes["JPN"]
    assert "`KOR` holds another text of `ring` version 1: a fork" in told(node)
    newest = node.known.agreements.newest("ring")
    assert newest is not None
    assert "KOR" not in node.known.confirmations.confirmed_ns("agreement", "ring", newest)


def test_an_agreement_of_others_is_not_taken(world: World) -> None:
    others = msgspec.structs.replace(
        ring(),
        agreement_id="others",
        parties=("KOR", "USA"),
        removal_by=(),
        clauses=(msgspec.structs.replace(ring().clauses[0], givers=("KOR",), receivers=("USA",)),),
    )
    handed = signed(others, "KOR", "USA")
    line = world.nodes["JPN"].known.agreements.take("others", 1, encode(handed), "KOR")
    assert "is none of `JPN`" in (line or "")


@pytest.mark.parametrize(
    "content", [b"", b"\xc0", b"x" * 1_100_000, encode(first())[:-1]], ids=["empty", "nil", "oversize", "cut"]
)
def test_bytes_that_are_no_agreement_are_refused_in_one_line(world: World, content: bytes) -> None:
    line = world.nodes["JPN"].known.agreements.take("ring", 2, content, "KOR")
    assert "cannot be read" in (line or "")


def test_a_version_under_another_name_or_number_is_not_taken(world: World) -> None:
    made = without_korea(START_NS)
    for name, version in (("wheel", 2), ("ring", 3)):
        line = world.nodes["JPN"].known.agreements.take(name, version, encode(made), "KOR")
        assert "not taken" in (line or "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing",
        encode(Summary(attestations=())),
        seal_message(Summary(attestations=()), "USA", keys_of("JPN").pin),
        seal_message(Summary(attestations=()), "KOR", keys_of("USA").pin),
        seal_message(Summary(attestations=(b"no word",)), "KOR", keys_of("JPN").pin),
    ],
    ids=["empty", "no seal", "unsealed", "sealed by another", "sealed to another", "no word in it"],
)
def test_a_notice_that_is_not_sound_is_refused_and_the_node_goes_on(world: World, content: bytes) -> None:
    node = world.nodes["JPN"]
    before = sum(node.endpoint.refusals.values())
    world.nodes["KOR"].endpoint.notify("JPN", KNOWN_TOPIC, content)
    world.post.deliver()
    assert sum(node.endpoint.refusals.values()) == before + 1
    world.run(2)
    assert version_at(node) == 1


def test_pieces_that_nobody_asked_for_or_that_do_not_fit_are_let_fall(world: World) -> None:
    node = world.nodes["JPN"]
    piece = Piece(kind="agreement", name="ring", version=2, size=10, offset=0, content=b"0123456789")
    say(world, "KOR", "JPN", piece)
    say(world, "KOR", "JPN", Summary(attestations=(word(world, "KOR", 2),)))
    world.run(1)
    say(world, "KOR", "JPN", msgspec.structs.replace(piece, offset=5, content=b"56789"))
    say(world, "KOR", "JPN", msgspec.structs.replace(piece, size=5))
    world.run(20)
    assert version_at(node) == 1
    with pytest.raises(PeerError):
        unsealed(b"\0" * 80_000, "KOR", node.keys)


# --- words ---


def test_a_word_counts_by_its_instant_and_never_an_older_one_after_a_newer_one(world: World) -> None:
    node = world.nodes["JPN"]
    newest = node.known.agreements.newest("ring")
    assert newest is not None
    old = word(world, "USA", 1, newest[1])
    world.run(6)
    before = dict(node.known.confirmations.confirmed_ns("agreement", "ring", newest))
    say(world, "KOR", "JPN", Summary(attestations=(old, word(world, "USA", 1, newest[1], ahead_s=120))))
    assert dict(node.known.confirmations.confirmed_ns("agreement", "ring", newest)) == before
    # A word that a partner hands on, unchanged and new, counts as if it came from its party.
    say(world, "KOR", "JPN", Summary(attestations=(word(world, "USA", 1, newest[1], ahead_s=1),)))
    assert node.known.confirmations.confirmed_ns("agreement", "ring", newest)["USA"] > before["USA"]


def test_a_claim_without_the_text_holds_things_up_once_and_no_longer_than_a_minute(world: World) -> None:
    node = world.nodes["JPN"]
    say(world, "KOR", "JPN", Summary(attestations=(word(world, "KOR", 9),)))
    world.run(1)
    assert "a newer version of `ring` is known to a partner" in told(node)
    assert any("a partner says that it holds a newer one" in line for line in known_lines(node))
    world.see("JPN", "held-up")
    world.run(3)
    assert "JPN-held-up" not in ids_at(world.nodes["USA"])
    world.run(CLAIM_S)
    assert "JPN-held-up" in ids_at(world.nodes["USA"]), "what waited goes, nothing is lost"
    say(world, "KOR", "JPN", Summary(attestations=(word(world, "KOR", 10),)))
    world.run(1)
    world.see("JPN", "not-again")
    world.run(3)
    assert "JPN-not-again" in ids_at(world.nodes["USA"])


def test_a_flood_of_words_and_names_takes_no_more_than_its_bound(world: World) -> None:
    node = world.nodes["JPN"]
    for batch in range(40):
        signed_words = tuple(word(world, "KOR", 5, name=f"n{batch}-{number}") for number in range(20))
        say(world, "KOR", "JPN", Summary(attestations=signed_words))
    assert len(node.known._partners["KOR"].wanted) <= WANTED_MAX
    assert len(node.known.confirmations._words) <= 4, "of names that are not known here nothing is kept"
    world.run(30)
    assert version_at(node) == 1


def test_a_text_that_was_refused_is_not_fetched_again_and_evidence_does_not_fill_the_ledger(
    world: World,
) -> None:
    node, korea = world.nodes["JPN"], world.nodes["KOR"]
    bad = signed(msgspec.structs.replace(ring(), version=2), "KOR")
    korea.known.agreements.use(bad)
    world.run(60)
    entries = list(node.ledger.entries(kinds={EntryKind.REFUSAL}))
    assert len(entries) == 1
    assert "not signed by JPN, USA" in told(node)
    for number in range(100):
        title = f"Three share {number}"
        node.known.agreements.take(
            "ring", 2, encode(signed(msgspec.structs.replace(ring(), version=2, title=title), "KOR")), "KOR"
        )
    assert len(list(node.ledger.entries(kinds={EntryKind.REFUSAL}))) == EVIDENCE_MAX


def test_words_are_bounded_too() -> None:
    kept = Confirmations()
    for number in range(5_000):
        said = Attestation(
            party="KOR", kind="agreement", name=f"n{number}", version=1, digest=b"d" * 32, at_ns=START_NS
        )
        kept.take(said, b"s", (1, b"d" * 32), START_NS)
    assert len(kept._words) == 4_096


def test_the_word_of_who_is_no_party_of_an_agreement_is_none(world: World) -> None:
    world.remove_korea()
    world.run(4)
    node = world.nodes["JPN"]
    say(world, "KOR", "JPN", Summary(attestations=(word(world, "KOR", 3),)))
    world.run(1)
    assert not any("newer" in line for line in known_lines(node))


# --- metadata ---


def test_a_partner_hears_of_what_it_has_signed_and_a_relay_of_nothing() -> None:
    pair = msgspec.structs.replace(
        ring(),
        agreement_id="between-two",
        parties=("JPN", "USA"),
        clauses=(msgspec.structs.replace(ring().clauses[0], givers=("JPN",), receivers=("USA",)),),
    )
    world = World({FILE: first(), "pair.toml": signed(pair, "JPN", "USA")})
    world.nodes["KOR"] = world.node("KOR", {FILE: first()})
    seen: list[tuple[str, bytes]] = []

    def looks(_: str, recipient: str, payload: bytes) -> bool:
        seen.append((recipient, payload))
        return False

    world.post.drops = looks
    world.run(12)
    names: dict[str, set[str]] = {"JPN": set(), "KOR": set(), "USA": set()}
    for recipient, payload in seen:
        assert b"ring" not in payload
        assert b"between-two" not in payload
        notice = notice_in(recipient, payload)
        if notice is not None and notice.topic == KNOWN_TOPIC:
            message = unsealed(notice.content, notice.sender, keys_of(recipient))
            assert isinstance(message, Summary)
            names[recipient] |= {said.name for said in map(_payload, message.attestations)}
    assert names == {"JPN": {"ring", "between-two"}, "KOR": {"ring"}, "USA": {"ring", "between-two"}}
    # Asking for it by name tells no more.
    say(world, "KOR", "JPN", Ask(kind="agreement", name="between-two", after=0))
    assert world.nodes["JPN"].known.agreements.give("KOR", "between-two", 0) is None
    world.run(2)
    assert "between-two" not in world.nodes["KOR"].agreements.newest()


def _payload(data: bytes) -> Attestation:
    return open_attestation(TrustStore([keys_of(party).pin for party in ("JPN", "KOR", "USA")]), data)


def test_who_was_taken_out_hears_of_nothing_behind_that(world: World) -> None:
    world.remove_korea()
    world.run(4)
    assert world.nodes["USA"].known.agreements.names("KOR")["ring"][0] == 2
    newer = msgspec.structs.replace(
        world.nodes["USA"].agreements.newest()["ring"], version=3, title="Two share", signatures=()
    )
    assert adopt(world, "USA", signed(newer, "JPN", "USA")) is None
    world.run(6)
    assert [version_at(world.nodes[party]) for party in ("JPN", "KOR", "USA")] == [3, 2, 3]
    assert "ring" not in world.nodes["USA"].known.agreements.names("KOR")


# --- what a change does ---


def test_nothing_goes_to_a_partner_that_is_not_known_to_hold_the_newest_version(world: World) -> None:
    """So nobody ever holds an item from after a change and not the change."""
    world.post.drops = lambda sender, recipient, payload: (
        {sender, recipient} == {"USA", "JPN"} and notice_in(recipient, payload) is not None
    )
    world.link("JPN", "KOR", up=False)
    world.remove_korea()
    world.see("USA", "after")
    world.run(6)
    assert (version_at(world.nodes["JPN"]), ids_at(world.nodes["JPN"])) == (1, set())
    assert any("JPN is not known to hold it" in line for line in known_lines(world.nodes["USA"]))
    world.post.drops = lambda *_: False
    world.run(12)
    assert version_at(world.nodes["JPN"]) == 2
    assert "USA-after" in ids_at(world.nodes["JPN"]), "nothing is lost by waiting"


def test_what_was_recorded_and_not_received_is_not_sent_after_a_change(world: World) -> None:
    world.link("JPN", "KOR", up=False)
    world.see("JPN", "recorded")
    world.run(2)
    assert any(left.item.item_id == "JPN-recorded" for _, _, left in released(world.nodes["JPN"], "KOR"))
    world.remove_korea()
    world.run(4)
    mark = len(world.post.carried)
    world.link("JPN", "KOR", up=True)
    world.run(20)
    assert ("JPN", "KOR", True) not in world.post.carried[mark:]
    assert "before and not received is not sent any more: not-in-force" in told(world.nodes["JPN"])
    # Nor after a restart, which rebuilds the stream from the ledger.
    world.restart("JPN")
    world.run(20)
    assert ("JPN", "KOR", True) not in world.post.carried[mark:]


DELAYED = RING.replace('form = "tracks"\n', 'form = "tracks"\n[clause.duties]\ndelay_s = 10\n')


def test_what_waits_for_its_time_is_decided_anew() -> None:
    base = signed(read_agreement(FILE, DELAYED), "JPN", "KOR", "USA")
    world = World({FILE: base})
    world.run(3)
    world.see("USA", "waits")
    world.run(2)
    made = without_parties(base, {"KOR"}, 2, world.clock.now_ns())
    assert made is not None
    assert adopt(world, "USA", signed(made, "USA")) is None
    world.run(25)
    assert "USA-waits" in ids_at(world.nodes["JPN"])
    assert ids_at(world.nodes["KOR"]) == set()
    assert list(released(world.nodes["USA"], "KOR")) == []


PAIR = (
    RING.replace('id = "ring"', 'id = "pair"')
    .replace('"JPN", "KOR", "USA"', '"JPN", "KOR"')
    .split('[[clause]]\nid = "through')[0]
    .replace('removal_by = ["USA"]\n', "")
)


def test_the_picture_made_for_who_was_taken_out_loses_what_it_may_not_have() -> None:
    """JPN and KOR still have an agreement of their own: it gives nothing of what USA made."""
    pair = signed(read_agreement("pair.toml", PAIR), "JPN", "KOR")
    world = World({FILE: first(), "pair.toml": pair})
    world.nodes["USA"] = world.node("USA", {FILE: first()})
    world.run(3)
    world.link("KOR", "USA", up=False)
    world.see("USA", "seen")
    world.run(3)
    japan = world.nodes["JPN"]
    assert len(japan.views.set_of("KOR")) == 2, "the premise: USA's event is in the picture for KOR"
    world.remove_korea()
    world.run(4)
    assert len(japan.views.set_of("KOR")) == 1
    assert japan.views.of("KOR").alarms(world.clock.now_ns()) == ()
    mark = max((entry for entry, _, _ in released(japan, "KOR")), default=0)
    world.see("USA", "later")
    world.see("JPN", "own")
    world.run(6)
    later = [left.item.item_id for entry, _, left in released(japan, "KOR") if entry > mark]
    assert "JPN-own" in later, "what the pair shares goes on"
    assert not any("USA" in name for name in later)


def test_what_may_not_go_any_more_is_left_out_and_the_stream_goes_on_behind_it() -> None:
    pair = signed(read_agreement("pair.toml", PAIR), "JPN", "KOR")
    world = World({FILE: first(), "pair.toml": pair})
    world.nodes["USA"] = world.node("USA", {FILE: first()})
    world.run(3)
    for other in ("JPN", "USA"):
        world.link("KOR", other, up=False)
    world.see("USA", "passed-on")
    world.run(3)
    japan = world.nodes["JPN"]
    assert "USA-passed-on" in {left.item.item_id for _, _, left in released(japan, "KOR")}, "the premise"
    world.remove_korea()
    world.run(4)
    world.see("JPN", "own")
    world.run(2)
    world.link("KOR", "JPN", up=True)
    world.run(12)
    assert "JPN-own" in ids_at(world.nodes["KOR"])
    assert not any("USA-passed-on" in name for name in ids_at(world.nodes["KOR"]))
    assert japan.endpoint.acknowledged("KOR") == japan.exchange.last_sequence("KOR")


def test_what_somebody_who_was_taken_out_gives_is_kept_aside(world: World) -> None:
    """KOR has not heard yet and gives in good faith; JPN knows better."""
    world.nodes["KOR"].known._hear = lambda *_: None  # type: ignore[method-assign]
    world.remove_korea()
    world.run(4)
    world.see("KOR", "late")
    world.run(3)
    kept = [record for record, release in received(world.nodes["JPN"]) if release.item.item_id == "KOR-late"]
    assert [("not permitted by an agreement held here" in record.refusal) for record in kept] == [True]
    assert "KOR-late" not in ids_at(world.nodes["JPN"])
    assert world.nodes["JPN"].holdings.newest("KOR-late") is None


def test_a_release_under_an_older_version_than_ours_is_kept_aside(world: World) -> None:
    world.nodes["KOR"].known._hear = lambda *_: None  # type: ignore[method-assign]
    world.run(2)
    korea = world.nodes["KOR"]
    world.link("KOR", "JPN", up=False)
    world.see("KOR", "before")
    world.run(2)
    world.remove_korea()
    world.run(3)
    world.link("KOR", "JPN", up=True)
    world.run(12)
    assert any(left.item.item_id == "KOR-before" for _, _, left in released(korea, "JPN"))
    assert "KOR-before" not in ids_at(world.nodes["JPN"])
    kept = {release.item.item_id: record.refusal for record, release in received(world.nodes["JPN"])}
    assert "came under an older version of an agreement than the one held here" in kept["KOR-before"]


# --- silence ---


def test_a_partner_that_withholds_the_news_gains_the_limit_and_nothing_beyond(world: World) -> None:
    world.nodes["KOR"].known._hear = lambda *_: None  # type: ignore[method-assign]
    world.link("JPN", "USA", up=False)
    world.remove_korea()
    world.run(FRESH_S + 1)
    world.see("JPN", "own")
    world.run(5)
    japan = world.nodes["JPN"]
    assert "JPN-own" not in ids_at(world.nodes["KOR"])
    assert japan.exchange.reasons[Reason.AGREEMENT_STALE] >= 1
    assert known_lines(japan)[0].startswith("ring version 1: nothing goes to KOR: nobody entitled")
    world.link("JPN", "USA", up=True)
    world.run(10)
    assert version_at(japan) == 2
    assert "JPN-own" in ids_at(world.nodes["USA"]), "what waited for a word goes"
    assert "JPN-own" not in ids_at(world.nodes["KOR"])


def test_what_waits_for_a_word_still_waits_after_a_restart(world: World) -> None:
    world.link("JPN", "USA", up=False)
    world.link("JPN", "KOR", up=False)
    world.run(FRESH_S + 1)
    world.see("JPN", "own")
    world.run(2)
    world.restart("JPN")
    world.run(2)
    for other in ("USA", "KOR"):
        world.link("JPN", other, up=True)
    world.run(8)
    for other in ("USA", "KOR"):
        assert "JPN-own" in ids_at(world.nodes[other])


def test_a_node_restored_from_an_old_backup_asks_before_it_gives(world: World) -> None:
    backup = list(world.stores["JPN"].rows())
    world.remove_korea()
    world.run(4)
    world.nodes["KOR"].known._hear = lambda *_: None  # type: ignore[method-assign]
    world.link("JPN", "USA", up=False)
    world.stores["JPN"] = MemoryStore()
    world.stores["JPN"].append(backup)
    world.restart("JPN")
    assert version_at(world.nodes["JPN"]) == 1, "the premise: it knows no better"
    world.see("JPN", "own")
    world.run(10)
    assert list(released(world.nodes["JPN"], "KOR")) == []
    world.link("JPN", "USA", up=True)
    world.run(8)
    assert version_at(world.nodes["JPN"]) == 2
    assert list(released(world.nodes["JPN"], "KOR")) == []
    assert "JPN-own" in ids_at(world.nodes["USA"])


def test_a_limit_of_the_node_holds_where_the_agreement_has_none_and_the_shorter_of_both() -> None:
    unlimited = signed(msgspec.structs.replace(ring(), fresh_s=0), "JPN", "KOR", "USA")
    for agreement, limit_s, expected_s in (
        (unlimited, 0, 0),
        (unlimited, 40, 40),
        (first(), 40, 20),
        (first(), 5, 5),
    ):
        world = World({FILE: agreement}, fresh_s=limit_s)
        assert world.nodes["JPN"].known.limit_s(agreement) == expected_s


def test_without_any_limit_nothing_waits_for_a_word() -> None:
    world = World({FILE: signed(msgspec.structs.replace(ring(), fresh_s=0), "JPN", "KOR", "USA")})
    world.post.drops = lambda _, recipient, payload: notice_in(recipient, payload) is not None
    world.see("JPN", "own")
    world.run(2)
    assert "JPN-own" in ids_at(world.nodes["KOR"])


# --- at the keyboard ---


def test_what_is_known_is_told_row_by_row(world: World) -> None:
    (row,) = known_state(world.nodes["JPN"])
    assert (row["agreement"], row["version"], row["signed_by"]) == ("ring", 1, ["JPN", "KOR", "USA"])
    assert set(row["confirmed_s"]) == {"KOR", "USA"}
    assert row["limit_s"] == FRESH_S
    assert 0 < row["stale_in_s"] <= FRESH_S
    assert (row["outdated"], row["stale_for"], row["behind"]) == (False, [], [])


def test_a_party_takes_another_out_or_leaves_and_signs_it(world: World) -> None:
    made = remove_party(world.nodes["USA"], "ring", "KOR")
    assert (made.version, [one.party for one in made.signatures]) == (2, ["USA"])
    other = World()
    other.run(2)
    left = remove_party(other.nodes["KOR"], "ring", "KOR")
    assert left.parties == ("JPN", "USA")
    other.run(5)
    assert [version_at(node) for node in other.nodes.values()] == [2, 2, 2]


@pytest.mark.parametrize(
    ("party", "name", "gone", "says"),
    [
        ("JPN", "ring", "KOR", "is not signed by"),
        ("USA", "wheel", "KOR", "is in no agreement"),
        ("USA", "ring", "AUS", "is in no agreement"),
    ],
)
def test_who_may_not_take_a_party_out_is_told_why(
    world: World, party: str, name: str, gone: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        remove_party(world.nodes[party], name, gone)
    assert version_at(world.nodes[party]) == 1


def test_in_an_exercise_the_own_people_may_give_an_unsigned_version_and_partners_may_not() -> None:
    world = World(takes_unsigned=True)
    world.run(2)
    unsigned = msgspec.structs.replace(ring(), version=2)
    assert "not signed by" in refused(world, unsigned)
    assert adopt(world, "JPN", unsigned) is None
    assert "taken all the same in an exercise" in told(world.nodes["JPN"])
    world.run(6)
    assert [version_at(node) for node in world.nodes.values()] == [2, 1, 1]


def test_a_file_that_says_otherwise_than_what_was_adopted_does_not_hold(world: World) -> None:
    world.remove_korea()
    world.run(4)
    other = without_korea(START_NS + 7)
    node = world.node("JPN", {FILE: first(), "ring-2.toml": other})
    restore(node)
    assert node.agreements.version("ring", 2) != other
    assert "ring-2.toml holds another text of `ring` version 2" in told(node)
