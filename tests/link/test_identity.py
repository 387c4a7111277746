"""Link identities and cards: what is made is what TLS and NATS take, and nothing else passes for it."""

import json
import os
import random
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import nkeys
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from trilat.link import Card, LinkIdentity, NodeKeys, card_from_json, card_to_json
from trilat.link.connecting import link_context
from trilat.link.identity import (
    APP_NKEY_FILE,
    AUTHORITY_FILE,
    AUTHORITY_KEY_FILE,
    CERTIFICATE_FILE,
    KEY_FILE,
    LEAF_NKEY_FILE,
)
from trilat.link.nkey import is_nkey, nkey_of_seed, nkey_public, nkey_seed
from trilat.model import SECOND_NS, ItemError, TrustError, UsageError, to_plain

if TYPE_CHECKING:
    from tests.link.conftest import World

NOW_NS = 1_800_000_000 * SECOND_NS
NOW = datetime.fromtimestamp(1_800_000_000, UTC)
FILES = (AUTHORITY_FILE, AUTHORITY_KEY_FILE, CERTIFICATE_FILE, KEY_FILE, APP_NKEY_FILE, LEAF_NKEY_FILE)
HOSTS = ("links.example.org", "192.0.2.7", "2001:db8::7")


def _identity(party: str = "KOR", seed: int = 1, hosts: tuple[str, ...] = HOSTS) -> LinkIdentity:
    return LinkIdentity.generate(party, hosts, NOW_NS, random.Random(seed).randbytes)


def _card(world: "World", party: str = "KOR", seed: int = 1) -> Card:
    return _identity(party, seed).card(world.keys[party].pin)


def _verify(authority: bytes, shown: x509.Certificate, host: str, at: datetime = NOW) -> None:
    """As a partner does who dials: by the library's own verification of the web's rules."""
    store = Store([x509.load_der_x509_certificate(authority)])
    subject = x509.DNSName(host)
    PolicyBuilder().store(store).time(at).build_server_verifier(subject).verify(shown, [])
    PolicyBuilder().store(store).time(at).build_client_verifier().verify(shown, [])


def test_a_certificate_holds_for_its_hosts_under_its_own_authority(world: "World") -> None:
    identity, card = _identity(), _card(world)
    for host in ("links.example.org", "localhost"):
        for at in (NOW, NOW + timedelta(days=3_000), NOW - timedelta(hours=12)):
            _verify(card.tls_ca, identity.certificate, host, at)
    names = identity.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    assert addresses == ["127.0.0.1", "192.0.2.7", "2001:db8::7"]


@pytest.mark.parametrize(
    ("seed", "host", "years"),
    [(2, "links.example.org", 0), (1, "other.example.org", 0), (1, "localhost", 11), (1, "localhost", -1)],
    ids=["another authority of that name", "another host", "when it has ended", "before it began"],
)
def test_a_certificate_holds_for_nothing_else(world: "World", seed: int, host: str, years: int) -> None:
    with pytest.raises(VerificationError):
        _verify(
            _card(world, seed=seed).tls_ca, _identity().certificate, host, NOW + timedelta(days=366 * years)
        )


def test_an_authority_signs_no_further_authority(world: "World") -> None:
    authority = x509.load_der_x509_certificate(_card(world).tls_ca)
    constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)


def test_the_same_random_bytes_make_the_same_identity_and_others_another(world: "World") -> None:
    assert _identity().certificate == _identity().certificate
    assert _card(world) == _card(world)
    assert _card(world).fingerprint != _card(world, seed=2).fingerprint


@pytest.mark.parametrize("party", ["", "kor", "KOR/watch", "KOR\n", "K", "KOR; x", "../KOR"])
def test_only_a_party_has_an_identity(party: str) -> None:
    with pytest.raises(UsageError, match="party"):
        _identity(party)


@pytest.mark.parametrize(
    "host", ["", "a b", "-a.org", "a..org", "1.2.3", "300.1.1.1", "a" * 64, "x/y", 'x"', "a\n", "*.org"]
)
def test_a_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="is not a host"):
        _identity(hosts=(host,))


def test_too_many_hosts_are_refused() -> None:
    with pytest.raises(UsageError, match="over the limit of 32"):
        _identity(hosts=tuple(f"h{number}.org" for number in range(33)))


def test_nkeys_are_those_of_the_library_of_nats() -> None:
    identity = _identity()
    pair = nkeys.from_seed(bytearray(identity.app_seed.encode()))
    assert pair.public_key.decode() == identity.app_nkey
    key = nkey_of_seed(identity.app_seed)
    assert (nkey_seed(key), nkey_public(key)) == (identity.app_seed, identity.app_nkey)
    assert nkeys.encode_seed(key.private_bytes_raw(), nkeys.PREFIX_BYTE_USER).decode() == identity.app_seed
    assert identity.app_nkey != identity.leaf_nkey


def test_no_character_of_an_nkey_can_change_unnoticed() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public, seed = nkey_public(key), nkey_seed(key)
    assert is_nkey(public)
    for place in range(len(public)):
        changed = public[:place] + ("A" if public[place] != "A" else "B") + public[place + 1 :]
        assert not is_nkey(changed)
    for other in ("", seed, public[:-1], public + "A", public.lower(), "U" * 56, public + "=", "é" * 56):
        assert not is_nkey(other)
    account = nkeys.encode_seed(bytes(32), nkeys.PREFIX_BYTE_ACCOUNT).decode()
    for other in ("", public, seed[:-1], seed.lower(), seed + "A", account):
        with pytest.raises(ValueError, match=r"^not the seed of a user's NKey$"):
            nkey_of_seed(other)


def test_an_identity_comes_back_from_its_folder_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a node's folder" / "link"
    identity = _identity()
    identity.write(folder)
    again = LinkIdentity.read(folder)
    for name in ("party", "certificate", "app_nkey", "app_seed", "leaf_nkey"):
        assert getattr(again, name) == getattr(identity, name)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        FILES, 0o600
    )
    assert (folder / LEAF_NKEY_FILE).read_text().startswith('nkey: "SU')
    link_context(folder)


def test_an_identity_is_not_replaced(tmp_path: Path) -> None:
    _identity().write(tmp_path / "link")
    before = {name: (tmp_path / "link" / name).read_bytes() for name in FILES}
    with pytest.raises(UsageError, match="is there already"):
        _identity(seed=2).write(tmp_path / "link")
    assert {name: (tmp_path / "link" / name).read_bytes() for name in FILES} == before
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot be written|is there already"):
        _identity().write(tmp_path / "file")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.chmod(0o640), "is open to others"),
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_bytes(b""), "is not what was written"),
        (lambda path: path.write_bytes(b"\xff\xfe secret"), "is not what was written"),
    ],
    ids=["open to the group", "missing", "empty", "something else"],
)
def test_a_file_that_is_not_as_it_was_is_refused_in_one_line(
    tmp_path: Path, name: str, spoil: Callable[[Path], Any], said: str
) -> None:
    _identity().write(tmp_path / "link")
    spoil(tmp_path / "link" / name)
    with pytest.raises(UsageError, match=said) as caught:
        LinkIdentity.read(tmp_path / "link")
    assert name in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_folder_open_to_others_and_keys_of_another_identity_are_refused(tmp_path: Path) -> None:
    for seed, name in ((1, "one"), (2, "two")):
        _identity(seed=seed).write(tmp_path / name)
    for key in (KEY_FILE, AUTHORITY_KEY_FILE):
        own = (tmp_path / "one" / key).read_bytes()
        (tmp_path / "one" / key).write_bytes((tmp_path / "two" / key).read_bytes())
        with pytest.raises(UsageError, match="is not the key of"):
            LinkIdentity.read(tmp_path / "one")
        (tmp_path / "one" / key).write_bytes(own)
    (tmp_path / "one").chmod(0o755)
    with pytest.raises(UsageError, match="open to others"):
        LinkIdentity.read(tmp_path / "one")
    with pytest.raises(UsageError, match="cannot be read"):
        LinkIdentity.read(tmp_path / "nowhere")


def test_nothing_secret_is_printed(tmp_path: Path) -> None:
    identity = _identity()
    identity.write(tmp_path / "link")
    assert repr(identity) == str(identity) == "LinkIdentity(party='KOR', private=***)"


def test_a_context_without_its_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be used"):
        link_context(tmp_path)
    _identity().write(tmp_path / "link")
    (tmp_path / "link" / KEY_FILE).write_bytes(b"none")
    with pytest.raises(UsageError, match="cannot be used"):
        link_context(tmp_path / "link")
    assert ssl.HAS_TLSv1_3


def test_a_card_comes_back_from_its_text(world: "World") -> None:
    card = _card(world)
    text = card_to_json(card)
    assert card_from_json(text) == card_from_json(text.encode()) == card
    assert (card.party, card.pin) == ("KOR", world.keys["KOR"].pin)
    assert len(card.fingerprint.split()) == 16


def test_a_fingerprint_covers_every_part_of_a_card(world: "World") -> None:
    card, other = _card(world), _card(world, seed=2)
    pin, strange = card.pin, world.keys["USA"].pin
    changed = [
        msgspec.structs.replace(card, tls_ca=other.tls_ca),
        msgspec.structs.replace(card, leaf_nkey=other.leaf_nkey),
        msgspec.structs.replace(card, pin=msgspec.structs.replace(pin, party="KORX")),
        msgspec.structs.replace(
            card, pin=msgspec.structs.replace(pin, signing_public=strange.signing_public)
        ),
        msgspec.structs.replace(
            card, pin=msgspec.structs.replace(pin, sealing_public=strange.sealing_public)
        ),
    ]
    prints = {one.fingerprint for one in (card, *changed)}
    assert len(prints) == 6
    assert pin.fingerprint not in prints


def test_a_card_is_made_with_the_pin_of_the_same_party(world: "World") -> None:
    with pytest.raises(UsageError, match="the pin is of `USA`"):
        _identity("KOR").card(world.keys["USA"].pin)


def _strange_authority(*, ca: bool = True, curve: bool = False, self_signed: bool = True) -> bytes:
    key = generate_private_key(SECP384R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "KOR")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
    )
    if not curve:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    signer = key if self_signed else generate_private_key(SECP384R1())
    return builder.sign(signer, SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (
            "leaf_nkey",
            lambda card: card.leaf_nkey[:-1] + ("A" if card.leaf_nkey[-1] != "A" else "B"),
            "checksum",
        ),
        ("leaf_nkey", lambda _: "", "must match"),
        ("leaf_nkey", lambda card: card.leaf_nkey + "\n", "must match"),
        ("tls_ca", lambda _: b"", "at least 1"),
        ("tls_ca", lambda _: b"0" * 5_000, "at most 4096"),
        ("tls_ca", lambda _: b"0" * 100, "authority on P-256"),
        ("tls_ca", lambda card: card.tls_ca[:-1] + bytes([card.tls_ca[-1] ^ 1]), "authority on P-256"),
        ("tls_ca", lambda card: card.tls_ca + b"\0", "authority on P-256"),
        ("tls_ca", lambda _: _identity().certificate.public_bytes(Encoding.DER), "authority on P-256"),
        ("tls_ca", lambda _: _strange_authority(), "authority on P-256"),
        ("tls_ca", lambda _: _strange_authority(ca=False), "authority on P-256"),
        ("tls_ca", lambda _: _strange_authority(curve=True), "authority on P-256"),
        ("tls_ca", lambda _: _strange_authority(self_signed=False), "authority on P-256"),
        ("pin", lambda card: msgspec.structs.replace(card.pin, party="KOR/watch"), "no links of its own"),
    ],
    ids=[
        "an NKey with a changed end",
        "no NKey",
        "an NKey and a line end",
        "no authority",
        "too much",
        "no certificate",
        "a changed signature",
        "something behind",
        "a certificate that is no authority's",
        "another curve",
        "not an authority by its own word",
        "an authority that does not say so",
        "signed by somebody else",
        "staff",
    ],
)
def test_a_card_that_cannot_be_is_refused(
    world: "World", field: str, value: Callable[[Card], Any], said: str
) -> None:
    card = _card(world)
    with pytest.raises(ItemError, match=said):
        msgspec.structs.replace(card, **{field: value(card)})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda plain: {**plain, "extra": 1},
        lambda plain: {name: value for name, value in plain.items() if name != "leaf_nkey"},
        lambda plain: {**plain, "leaf_nkey": 7},
        lambda plain: {**plain, "tls_ca": "not base64!"},
        lambda plain: {**plain, "pin": {**plain["pin"], "signing_public": "AAAA"}},
        lambda plain: [plain],
        lambda plain: {**plain, "leaf_nkey": None},
    ],
)
def test_a_text_that_is_not_a_card_is_refused_in_one_line(
    world: "World", spoil: Callable[[dict[str, Any]], Any]
) -> None:
    text = json.dumps(spoil(to_plain(_card(world))))
    with pytest.raises(TrustError, match="the card is not sound") as caught:
        card_from_json(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", b"\xff\xfe", "[" * 16_000, '{"pin": 1, "pin": 2}', " " * 16_385, bytes(range(64))],
)
def test_what_is_no_text_of_a_card_is_refused_in_one_line(text: str | bytes) -> None:
    with pytest.raises(TrustError) as caught:
        card_from_json(text)
    assert "\n" not in str(caught.value)


def test_cards_of_two_parties_are_never_the_same(world: "World") -> None:
    cards = [_card(world, party, seed) for party in ("KOR", "USA", "JPN") for seed in (1, 2)]
    assert len({card.fingerprint for card in cards}) == 6
    assert NodeKeys.generate("KOR", os.urandom).pin.fingerprint not in {card.fingerprint for card in cards}
