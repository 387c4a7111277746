"""Keys, pins and who is trusted."""

import pickle
import random

import pytest

from trilat.link import NodeKeys, Pin, TrustStore, party_of
from trilat.link.keys import PRIVATE_BYTES, SEALING_PUBLIC_BYTES, wrap_to
from trilat.model import EnvelopeError, ItemError, TrustError, UsageError

RFC8032_PRIVATE = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
RFC8032_PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


def _keys(party: str, seed: int) -> NodeKeys:
    return NodeKeys.generate(party, random.Random(seed).randbytes)


def test_the_signing_key_is_the_one_of_rfc_8032() -> None:
    private = bytes.fromhex(RFC8032_PRIVATE) + bytes(PRIVATE_BYTES - 32)
    assert NodeKeys.from_private_bytes("KOR", private).pin.signing_public == bytes.fromhex(RFC8032_PUBLIC)


def test_keys_come_back_from_their_bytes() -> None:
    keys = _keys("KOR", 1)
    again = NodeKeys.from_private_bytes("KOR", keys.private_bytes())
    assert again.pin == keys.pin
    assert again.unwrap(wrap_to(keys.pin, b"secret", b"bound"), b"bound") == b"secret"
    assert again.stream_to("USA") == keys.stream_to("USA")


@pytest.mark.parametrize("length", [0, 32, PRIVATE_BYTES - 1, PRIVATE_BYTES + 1])
def test_private_bytes_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(UsageError, match="private keys have"):
        NodeKeys.from_private_bytes("KOR", bytes(length))


@pytest.mark.parametrize("party", ["", "kor", "KOR JPN", "K" * 20])
def test_a_party_that_is_no_party_code_is_refused(party: str) -> None:
    with pytest.raises(ItemError):
        _keys(party, 1)


def test_secrets_do_not_show() -> None:
    keys = _keys("KOR", 1)
    private = keys.private_bytes()
    shown = repr(keys) + str(keys) + f"{keys}"
    assert shown == "NodeKeys(party='KOR', private=***)" * 3
    assert not any(private[start : start + 8].hex() in shown for start in range(len(private) - 8))
    with pytest.raises(TypeError):
        pickle.dumps(keys)


def test_a_wrap_opens_for_its_node_and_binding_alone() -> None:
    kor, usa = _keys("KOR", 1), _keys("USA", 2)
    wrapped = wrap_to(kor.pin, b"secret", b"bound")
    for keys, data, bound in [
        (usa, wrapped, b"bound"),
        (kor, wrapped, b"bound to another"),
        (kor, wrapped[:-1], b"bound"),
        (kor, b"", b"bound"),
        (kor, wrapped + b"\0", b"bound"),
        (kor, bytes(len(wrapped)), b"bound"),
    ]:
        with pytest.raises(EnvelopeError, match="does not unwrap"):
            keys.unwrap(data, bound)


def test_stream_names_tell_nothing_and_differ() -> None:
    kor, usa = _keys("KOR", 1), _keys("USA", 2)
    names = [keys.stream_to(to) for keys in (kor, usa) for to in ("JPN", "AUS", "JP", "N")]
    assert len(set(names)) == len(names)
    assert all(len(name) == 24 and "JPN" not in name for name in names)


def test_a_fingerprint_is_read_aloud_and_covers_everything() -> None:
    pin = _keys("KOR", 1).pin
    others = [
        Pin(party="JPN", signing_public=pin.signing_public, sealing_public=pin.sealing_public),
        Pin(
            party="KOR", signing_public=_keys("KOR", 2).pin.signing_public, sealing_public=pin.sealing_public
        ),
        Pin(
            party="KOR", signing_public=pin.signing_public, sealing_public=_keys("KOR", 2).pin.sealing_public
        ),
    ]
    assert len({pin.fingerprint, *(other.fingerprint for other in others)}) == 4
    groups = pin.fingerprint.split(" ")
    assert (len(groups), {len(group) for group in groups}) == (16, {4})


def test_known_parties_and_their_staff_are_found() -> None:
    kor, jpn = _keys("KOR", 1), _keys("JPN", 2)
    trust = TrustStore([kor.pin, jpn.pin])
    trust.add(kor.pin)
    assert trust.pin("JPN/officer") == jpn.pin
    assert ("KOR/watch" in trust, "USA" in trust) == (True, False)
    assert [pin.party for pin in trust] == ["JPN", "KOR"]
    assert trust.signing_key("KOR").public_bytes_raw() == kor.pin.signing_public
    assert party_of("JPN/officer") == party_of("JPN") == "JPN"


def test_an_unknown_party_is_refused() -> None:
    trust = TrustStore([_keys("KOR", 1).pin])
    for code in ("JPN", "KORX", "JPN/officer"):
        with pytest.raises(TrustError, match="nothing of it is read"):
            trust.pin(code)
        with pytest.raises(TrustError, match="nothing of it is read"):
            trust.signing_key(code)


def test_another_pin_for_a_known_party_is_refused_and_the_first_stays() -> None:
    first, second = _keys("KOR", 1).pin, _keys("KOR", 2).pin
    mixed = Pin(party="KOR", signing_public=first.signing_public, sealing_public=second.sealing_public)
    trust = TrustStore([first])
    for other in (second, mixed):
        with pytest.raises(TrustError, match="rotate"):
            trust.add(other)
    assert trust.pin("KOR") == first


def test_staff_have_no_pin_of_their_own() -> None:
    pin = _keys("KOR", 1).pin
    staff = Pin(party="KOR/watch", signing_public=pin.signing_public, sealing_public=pin.sealing_public)
    with pytest.raises(TrustError, match="pin `KOR`"):
        TrustStore([staff])


@pytest.mark.parametrize(("signing", "sealing"), [(31, 1_216), (33, 1_216), (32, 1_215), (32, 1_217), (0, 0)])
def test_a_pin_with_keys_of_another_length_is_refused(signing: int, sealing: int) -> None:
    assert SEALING_PUBLIC_BYTES == 1_216  # 1184 by FIPS 203, table 3, and 32 by RFC 7748
    with pytest.raises(ItemError):
        Pin(party="KOR", signing_public=bytes(signing), sealing_public=bytes(sealing))
