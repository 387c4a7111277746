"""How a partner joins: two files, two fingerprints; anything else is one line and changes nothing."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilat.link import (
    Acceptance,
    Invitation,
    NodeKeys,
    Revoked,
    RootKey,
    key_request,
    letter_bytes,
    letter_digest,
    letter_text,
    open_acceptance,
    open_invitation,
    sign_acceptance,
    sign_invitation,
)
from trilat.link.cose import payload_of
from trilat.link.invitation import ACCEPTANCE_TYPE, INVITATION_TYPE
from trilat.link.root import Issue
from trilat.model import SECOND_NS, PeerError, Status, TrilatError, TrustError, UsageError, decode
from trilat.node import (
    Joining,
    NodeFolder,
    NodeSettings,
    admit,
    import_states,
    invitation_lines,
    invite,
    join,
    make_folder,
    make_root,
    pin_party,
    read_folder,
    request_of,
    signed_by,
)
from trilat.study import agreement_files

NOW_NS: Final = 1_790_000_000 * SECOND_NS
DAY_NS: Final = 86_400 * SECOND_NS
ENDS_NS: Final = NOW_NS + 7 * DAY_NS
FILE: Final = "us-korea-1987.toml"
LISTEN: Final = "127.0.0.1:7422"
ISSUE: Final = Issue(now_ns=NOW_NS, ends_ns=NOW_NS + 3_650 * DAY_NS)


def party(root: Path, code: str, *, agreements: bool = True, status: Status = Status.EXERCISE) -> NodeFolder:
    """A node whose root has signed its keys."""
    settings_ = NodeSettings(party=code, status=status, purpose="missile-warning")
    texts = agreement_files("separate-2009") if agreements else {}
    path = root / code
    make_folder(path, settings_, texts, hosts=(), now_ns=NOW_NS, entropy=os.urandom)
    folder = read_folder(path)
    held = make_root(root / f"root-{code}", code, passphrase=None)
    import_states(folder, held.sign(request_of(folder, rotate=False), ISSUE))
    return read_folder(path)


@pytest.fixture
def kor(tmp_path: Path) -> NodeFolder:
    return party(tmp_path, "KOR")


@pytest.fixture
def usa(tmp_path: Path) -> NodeFolder:
    return party(tmp_path, "USA", agreements=False)


def aloud(folder: NodeFolder) -> str:
    state = folder.trust.state(folder.settings.party)
    assert state is not None
    return state.fingerprint


def invited(kor: NodeFolder) -> bytes:
    return invite(kor, "USA", [FILE], LISTEN, ENDS_NS, NOW_NS)


def files(folder: NodeFolder) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


def test_two_parties_become_partners_with_two_files(kor: NodeFolder, usa: NodeFolder) -> None:
    data = invited(kor)
    assert invitation_lines(kor, NOW_NS)[0].startswith("USA is invited and has not accepted yet")
    invitation, answer = join(usa, data, Joining(fingerprint=aloud(kor), releasable=True), NOW_NS + 1)
    assert (invitation.party, invitation.dial) == ("KOR", LISTEN)
    admit(kor, answer, Joining(fingerprint=aloud(usa)), NOW_NS + DAY_NS)
    there, here = read_folder(usa.path), read_folder(kor.path)
    assert there.settings.peers == ("KOR",)
    assert there.settings.peer[0].dial == LISTEN
    assert there.settings.releasable_to == ("KOR",)
    assert (here.settings.peers, here.settings.peer[0].dial) == (("USA",), "")
    assert here.settings.releasable_to == ()
    assert there.trust.pin("KOR") == kor.keys.pin
    assert here.trust.pin("USA") == usa.keys.pin
    assert here.cards["USA"].pin == usa.keys.pin
    assert list(there.agreements.files) == [FILE]
    assert there.agreement_texts[FILE] == kor.agreement_texts[FILE]
    assert invitation_lines(here, NOW_NS) == []
    assert signed_by(invitation)[FILE].value == "missing"


def test_who_joins_may_be_the_one_that_listens(kor: NodeFolder, usa: NodeFolder) -> None:
    data = invite(kor, "USA", [], "", ENDS_NS, NOW_NS)
    _, answer = join(usa, data, Joining(fingerprint=aloud(kor), dial="127.0.0.1:7500"), NOW_NS)
    admit(kor, answer, Joining(fingerprint=aloud(usa)), NOW_NS)
    assert read_folder(kor.path).settings.peer[0].dial == "127.0.0.1:7500"
    assert read_folder(usa.path).settings.peer[0].dial == ""


def test_a_fingerprint_may_be_typed_as_people_type(kor: NodeFolder, usa: NodeFolder) -> None:
    typed = aloud(kor).upper().replace(" ", "-")
    join(usa, invited(kor), Joining(fingerprint=f" {typed}\n"), NOW_NS)


class Sides(NamedTuple):
    """Who invites, and who is invited."""

    kor: NodeFolder
    usa: NodeFolder


def _letter(data: bytes) -> Invitation:
    return decode(payload_of(data, INVITATION_TYPE, "invitation"), Invitation, 262_144)


def _stranger(sides: Sides, data: bytes) -> bytes:
    """An intermediary puts a root, a card and keys of its own in, under the inviter's name."""
    keys = NodeKeys.generate("KOR", os.urandom)
    root, _ = RootKey.generate("KOR", os.urandom)
    card = sides.kor.identity.card(keys.pin)
    letter = _letter(data)
    states = msgspec.structs.replace(letter.states, states=(root.first(key_request(keys, card), ISSUE),))
    return sign_invitation(keys, msgspec.structs.replace(letter, states=states))


def _swapped_states(sides: Sides, data: bytes) -> bytes:
    """The inviter's own signature, and the states of another."""
    letter = _letter(data)
    states = _letter(_stranger(sides, data)).states
    return sign_invitation(sides.kor.keys, msgspec.structs.replace(letter, states=states))


def _another_address(_: Sides, data: bytes) -> bytes:
    return data.replace(LISTEN.encode(), b"127.0.0.1:7423")


def _for_another(sides: Sides, data: bytes) -> bytes:
    return sign_invitation(sides.kor.keys, msgspec.structs.replace(_letter(data), to="JPN"))


def _by_another(sides: Sides, data: bytes) -> bytes:
    return sign_invitation(sides.usa.keys, _letter(data))


def _as_acceptance(sides: Sides, data: bytes) -> bytes:
    letter = _letter(data)
    same = {name: getattr(letter, name) for name in ("party", "to", "states", "made_ns", "secret")}
    return sign_acceptance(sides.kor.keys, Acceptance(**same))


def _of_another_status(sides: Sides, data: bytes) -> bytes:
    return sign_invitation(sides.kor.keys, msgspec.structs.replace(_letter(data), status=Status.REAL))


def _nowhere(sides: Sides, data: bytes) -> bytes:
    return sign_invitation(sides.kor.keys, msgspec.structs.replace(_letter(data), dial=""))


def _foreign_agreement(sides: Sides, data: bytes) -> bytes:
    letter = _letter(data)
    text = sides.kor.agreement_texts["us-japan-2007.toml"]
    file = msgspec.structs.replace(letter.agreements[0], text=text)
    return sign_invitation(sides.kor.keys, msgspec.structs.replace(letter, agreements=(file,)))


def _unsound_agreement(sides: Sides, data: bytes) -> bytes:
    letter = _letter(data)
    file = msgspec.structs.replace(letter.agreements[0], text="agreement = 7")
    return sign_invitation(sides.kor.keys, msgspec.structs.replace(letter, agreements=(file,)))


ATTACKS: Final[dict[str, tuple[Callable[[Sides, bytes], bytes], str]]] = {
    "an intermediary swaps root, card and keys": (_stranger, "is not the root whose fingerprint was read"),
    "states of another root": (_swapped_states, "is not by `KOR`"),
    "another address": (_another_address, "is not by `KOR`"),
    "for another party": (_for_another, "is for JPN: this is USA"),
    "signed by another party": (_by_another, "is not by `KOR`"),
    "an acceptance in its place": (_as_acceptance, "for another use"),
    "another status": (_of_another_status, "of status real, this node is exercise"),
    "nobody says where to dial": (_nowhere, "neither says where it listens"),
    "an agreement between others": (_foreign_agreement, "is not between KOR and USA"),
    "an agreement that is not sound": (_unsound_agreement, FILE),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_invitation_that_was_changed_is_refused_and_nothing_is_written(
    kor: NodeFolder, usa: NodeFolder, name: str
) -> None:
    attack, words = ATTACKS[name]
    data = attack(Sides(kor, usa), invited(kor))
    before = files(usa)
    with pytest.raises(TrilatError, match=words) as refused:
        join(usa, data, Joining(fingerprint=aloud(kor)), NOW_NS)
    assert "\n" not in str(refused.value)
    assert files(usa) == before


@pytest.mark.parametrize("said", ["", "yes", "0000 " * 16, "e3b0"])
def test_without_the_fingerprint_nobody_is_pinned(kor: NodeFolder, usa: NodeFolder, said: str) -> None:
    before = files(usa)
    with pytest.raises(TrustError, match="is not the root whose fingerprint was read aloud") as refused:
        join(usa, invited(kor), Joining(fingerprint=said), NOW_NS)
    assert aloud(kor) not in str(refused.value), "nobody is told what to type"
    assert files(usa) == before


def test_an_invitation_ends_and_is_used_once_on_either_side(kor: NodeFolder, usa: NodeFolder) -> None:
    data = invited(kor)
    with pytest.raises(
        TrustError, match="the invitation by KOR ended on 2026-09-28T14:13:20Z: ask for a new"
    ):
        join(usa, data, Joining(fingerprint=aloud(kor)), ENDS_NS)
    _, answer = join(usa, data, Joining(fingerprint=aloud(kor)), ENDS_NS - 1)
    with pytest.raises(UsageError, match="KOR is a partner already: an invitation is used once"):
        join(read_folder(usa.path), data, Joining(fingerprint=aloud(kor)), NOW_NS)
    with pytest.raises(
        TrustError, match="the invitation of USA ended on 2026-09-28T14:13:20Z: make a new one"
    ):
        admit(kor, answer, Joining(fingerprint=aloud(usa)), ENDS_NS)
    admit(kor, answer, Joining(fingerprint=aloud(usa)), NOW_NS)
    for folder in (kor, read_folder(kor.path)):
        with pytest.raises(TrustError, match="the invitation of USA was answered before: it is used once"):
            admit(folder, answer, Joining(fingerprint=aloud(usa)), NOW_NS)


def test_a_newer_invitation_takes_the_place_of_the_one_before(kor: NodeFolder, usa: NodeFolder) -> None:
    old = invited(kor)
    invited(kor)
    _, answer = join(usa, old, Joining(fingerprint=aloud(kor)), NOW_NS)
    with pytest.raises(TrustError, match="USA answers no invitation that this node made"):
        admit(kor, answer, Joining(fingerprint=aloud(usa)), NOW_NS)


def test_an_answer_to_another_invitation_or_with_another_secret_is_refused(
    kor: NodeFolder, usa: NodeFolder
) -> None:
    data = invited(kor)
    _, answer = join(usa, data, Joining(fingerprint=aloud(kor)), NOW_NS)
    said = decode(payload_of(answer, ACCEPTANCE_TYPE, "acceptance"), Acceptance, 262_144)
    for changes in ({"secret": bytes(32)}, {"invitation": letter_digest(b"other")}):
        forged = sign_acceptance(usa.keys, msgspec.structs.replace(said, **changes))
        with pytest.raises(TrustError, match="USA answers no invitation that this node made: not admitted"):
            admit(kor, forged, Joining(fingerprint=aloud(usa)), NOW_NS)
    with pytest.raises(TrustError, match="is not the root whose fingerprint was read aloud"):
        admit(kor, answer, Joining(fingerprint=aloud(kor)), NOW_NS)
    with pytest.raises(UsageError, match="both say where they listen"):
        admit(kor, sign_acceptance(usa.keys, msgspec.structs.replace(said, dial=LISTEN)),
              Joining(fingerprint=aloud(usa)), NOW_NS)  # fmt: skip
    assert read_folder(kor.path).settings.peers == ()


def test_who_is_a_partner_already_or_no_party_is_not_invited(kor: NodeFolder) -> None:
    for code, words in (("KOR", "is the node's own party"), ("kor", "is not a party's code")):
        with pytest.raises(UsageError, match=words):
            invite(kor, code, [FILE], LISTEN, ENDS_NS, NOW_NS)
    for names, words in ((["x.toml"], "is no agreement in"), (["us-japan-2007.toml"], "is not between KOR")):
        with pytest.raises(UsageError, match=words):
            invite(kor, "USA", names, LISTEN, ENDS_NS, NOW_NS)
    with pytest.raises(UsageError, match="no agreement here names AUS"):
        invite(kor, "AUS", [], LISTEN, ENDS_NS, NOW_NS)
    with pytest.raises(UsageError, match="has no port"):
        invite(kor, "USA", [FILE], "127.0.0.1:0", ENDS_NS, NOW_NS)


def test_without_a_root_nobody_is_invited_and_nobody_joins(tmp_path: Path, kor: NodeFolder) -> None:
    bare = tmp_path / "bare"
    make_folder(
        bare,
        NodeSettings(party="USA", status=Status.EXERCISE, purpose="missile-warning"),
        agreement_files("separate-2009"),
        hosts=(),
        now_ns=NOW_NS,
        entropy=os.urandom,
    )
    folder = read_folder(bare)
    with pytest.raises(UsageError, match="USA has no trust state here: make a root"):
        invite(folder, "KOR", [FILE], LISTEN, ENDS_NS, NOW_NS)
    with pytest.raises(UsageError, match="USA has no trust state here"):
        join(folder, invited(kor), Joining(fingerprint=aloud(kor)), NOW_NS)
    assert read_folder(bare).settings.peers == ()


def test_an_agreement_that_is_here_with_another_text_is_not_written_over(
    kor: NodeFolder, tmp_path: Path
) -> None:
    usa = party(tmp_path, "USA")
    path = usa.path / "agreements" / FILE
    path.write_text(path.read_text(encoding="utf-8").replace('title = "', 'title = "Our '), encoding="utf-8")
    usa = read_folder(usa.path)
    before = files(usa)
    with pytest.raises(UsageError, match=f"`{FILE}` is here with another text: compare the two"):
        join(usa, invited(kor), Joining(fingerprint=aloud(kor)), NOW_NS)
    assert files(usa) == before


def test_a_state_without_a_key_pins_nobody(kor: NodeFolder, usa: NodeFolder, tmp_path: Path) -> None:
    root = make_root(tmp_path / "again", "KOR", passphrase=None)
    root.sign(request_of(kor, rotate=False), ISSUE)
    stolen = kor.keys.pin.signing_public
    told = root.renew(
        Issue(now_ns=NOW_NS + 1, ends_ns=ISSUE.ends_ns, revoked={stolen: Revoked(as_of_ns=NOW_NS)})
    )
    with pytest.raises(TrustError, match="no key of KOR is in force in this state"):
        pin_party(usa.path, told, root.fingerprint)


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_any_bytes_are_no_letter(data: bytes) -> None:
    for read in (lambda: open_invitation(data, "USA", NOW_NS), lambda: open_acceptance(data, "USA")):
        with pytest.raises(PeerError) as refused:
            read()
        assert "\n" not in str(refused.value)


@given(st.text(max_size=400))
@settings(max_examples=200)
def test_any_text_is_no_letter(text: str) -> None:
    framed = f"-----BEGIN TRILAT INVITATION-----\n{text}\n-----END TRILAT INVITATION-----\n"
    for said in (text, framed):
        try:
            data = letter_bytes("INVITATION", said)
        except TrustError as error:
            assert "\n" not in str(error)  # noqa: PT017 - some text is armour of something
        else:
            assert letter_bytes("INVITATION", letter_text("INVITATION", data)) == data
