"""A node's folder: made once, private, read back to the same, and refused in one line where it is unsound."""

import os
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from trilat.domains import WatchArea
from trilat.link import sign_agreement
from trilat.model import AgreementError, Status, TrilatError, UsageError, format_instant
from trilat.node import (
    ADDRESS_FILE,
    ClockSettings,
    ManualClock,
    NodeSettings,
    Pace,
    Peer,
    make_folder,
    read_folder,
)
from trilat.policy import read_agreement
from trilat.study import agreement_files

NOW_NS: Final = 1_790_000_000_000_000_000
SETTINGS: Final = NodeSettings(
    party="KOR",
    status=Status.SIMULATED,
    purpose="missile-warning",
    readers=("OBS",),
    peer=(Peer(code="USA"),),
    clock=ClockSettings(kind="paced", start="2009-04-05T02:30:15Z"),
    watch_area=(WatchArea(name="Harbour", lat_deg=39.5, lon_deg=140.0, radius_m=20_000.0),),
)


def made(
    folder: Path,
    settings: NodeSettings = SETTINGS,
    texts: dict[str, str] | None = None,
    hosts: Sequence[str] = (),
) -> Path:
    agreements = agreement_files("separate-2009") if texts is None else texts
    make_folder(folder, settings, agreements, hosts=hosts, now_ns=NOW_NS, entropy=os.urandom)
    return folder


@pytest.fixture
def kor(tmp_path: Path) -> Path:
    """A folder with its partner's card in place."""
    folder = made(tmp_path / "kor")
    usa = msgspec.structs.replace(SETTINGS, party="USA", peer=(Peer(code="KOR"),))
    card = made(tmp_path / "usa", usa) / "card.json"
    (folder / "peers" / "USA.json").write_bytes(card.read_bytes())
    return folder


def test_what_is_made_is_read_back(kor: Path) -> None:
    held = read_folder(kor)
    assert held.settings == SETTINGS
    assert sorted(held.agreement_texts) == sorted(agreement_files("separate-2009"))
    assert held.cards["USA"].party == "USA"
    assert sorted(held.secrets.tokens) == ["administrator", "director", "intake", "reader-OBS", "staff"]
    assert len(set(held.secrets.tokens.values())) == 5
    assert held.keys.pin == held.trust.pin("KOR")
    assert held.config().readers == ("OBS",)
    assert held.config().watch_areas == SETTINGS.watch_area
    assert "Harbour" not in repr(held.config()), "it stands in no log"
    assert held.config().token_key == held.secrets.token_key
    assert read_folder(kor).identity.app_seed == held.identity.app_seed
    ledger = held.open_ledger(ManualClock(NOW_NS), os.urandom)
    assert ledger.head().entries == 0
    ledger.close()


def test_what_is_secret_is_its_owner_s_alone_and_masks_itself(kor: Path) -> None:
    for path in (kor, kor / "keys", *(kor / "keys").rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    held = read_folder(kor)
    shown = f"{held.secrets!r} {held.keys!r} {held.identity!r} {held.config()!r}"
    private = (held.secrets.ledger_key, held.secrets.token_key, held.keys.private_bytes())
    for secret in (*held.secrets.tokens.values(), held.identity.app_seed, *map(bytes.hex, private)):
        assert secret not in shown
    assert not [secret for secret in private if repr(secret)[2:-1] in shown]


def test_no_two_nodes_have_a_secret_in_common(kor: Path) -> None:
    found = [path.read_bytes() for path in (*kor.rglob("keys/**/*"), *kor.parent.rglob("usa/keys/**/*"))
             if path.is_file()]  # fmt: skip
    assert len(found) == len(set(found)) == 28


def test_a_real_node_has_no_director(tmp_path: Path) -> None:
    real = msgspec.structs.replace(SETTINGS, status=Status.REAL, clock=ClockSettings(), peer=())
    assert "director" not in read_folder(made(tmp_path / "real", real)).secrets.tokens


def test_the_pace_of_an_exercise_is_kept_for_a_restart(kor: Path) -> None:
    held = read_folder(kor)
    assert held.pace() == Pace(from_wall_ns=0, instant_ns=SETTINGS.start_ns, speed=0.0)
    pace = Pace(from_wall_ns=NOW_NS, instant_ns=SETTINGS.start_ns + 5, speed=20.0)
    held.keep_pace(pace)
    assert read_folder(kor).pace() == pace


def test_nobody_sets_the_clock_of_a_node_on_the_system_clock(tmp_path: Path) -> None:
    system = msgspec.structs.replace(SETTINGS, status=Status.EXERCISE, clock=ClockSettings(), peer=())
    held = read_folder(made(tmp_path / "system", system))
    before = held.pace()
    with pytest.raises(UsageError, match="runs on the system clock: nobody sets it"):
        held.keep_pace(Pace(from_wall_ns=NOW_NS, instant_ns=0, speed=20.0))
    assert read_folder(held.path).pace() == before


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("{", "is not JSON: remove it"),
        ("[]", "is not a JSON object"),
        ("{}", "is not a pace: remove it, and set the clock again"),
        ('{"from_wall_ns": 0, "instant_ns": 0, "speed": "fast"}', "is not a pace"),
        ('{"from_wall_ns": 0, "instant_ns": 0, "speed": 1, "more": 1}', "is not a pace"),
        ('{"from_wall_ns": 0, "instant_ns": -1, "speed": 1}', "`instant_ns` of a pace must be"),
        ('{"from_wall_ns": 0, "instant_ns": 0, "speed": 1e9}', "`speed` of a pace must be"),
    ],
)
def test_a_pace_that_is_none_is_refused_in_one_line(kor: Path, said: str, words: str) -> None:
    held = read_folder(kor)
    held.leave("pace.json", said)
    with pytest.raises(UsageError, match=words) as refused:
        held.pace()
    assert "\n" not in str(refused.value)


def test_an_agreement_that_is_not_what_was_signed_is_refused_and_one_not_signed_yet_is_not(kor: Path) -> None:
    path = kor / "agreements" / "us-korea-1987.toml"
    keys = read_folder(kor).keys
    text = path.read_text(encoding="utf-8")
    signature = sign_agreement(keys, read_agreement(path.name, text), NOW_NS)
    value = b64encode(signature.signature).decode("ascii")
    table = f'\n[[signature]]\nparty = "KOR"\nsigned = {format_instant(NOW_NS)}\nvalue = "{value}"\n'
    path.write_text(text + table, encoding="utf-8")
    assert len(read_folder(kor).agreements.files[path.name].signatures) == 1
    path.write_text(text.replace('title = "', 'title = "The ') + table, encoding="utf-8")
    with pytest.raises(AgreementError, match=r"us-korea-1987\.toml: the signature of KOR is wrong"):
        read_folder(kor)


def test_the_address_of_a_node_stands_in_its_folder_while_it_runs(kor: Path) -> None:
    held = read_folder(kor)
    assert held.address() is None
    held.leave(ADDRESS_FILE, '{"web": "http://127.0.0.1:80", "pid": 1}')
    assert held.address() == "http://127.0.0.1:80"
    held.take_back(ADDRESS_FILE)
    held.take_back(ADDRESS_FILE)
    assert held.address() is None
    held.leave(ADDRESS_FILE, '{"web": 80}')
    with pytest.raises(UsageError, match="tells no address: remove it"):
        held.address()


def test_what_cannot_be_written_is_one_line(kor: Path) -> None:
    held = read_folder(kor)
    (kor / "run" / "address.json").mkdir()
    with pytest.raises(UsageError, match=r"run/address.json` cannot be written: is a directory"):
        held.leave(ADDRESS_FILE, "{}")


def test_a_folder_is_not_made_over_another(kor: Path) -> None:
    before = {path: path.read_bytes() for path in kor.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="is not empty: name a new folder"):
        made(kor)
    assert {path: path.read_bytes() for path in kor.rglob("*") if path.is_file()} == before


def changed(**changes: Any) -> Callable[[Path], Any]:
    return lambda folder: made(folder, msgspec.structs.replace(SETTINGS, **changes))


UNFIT: Final[dict[str, tuple[Callable[[Path], Any], str]]] = {
    "an agreement that is not sound": (
        lambda folder: made(folder, texts={"bad.toml": "agreement = 7"}),
        "bad.toml",
    ),
    "one agreement under two names": (
        lambda folder: made(folder, texts=dict.fromkeys(("a.toml", "b.toml"), _one_agreement())),
        "a.toml",
    ),
    "a host that is none": (lambda folder: made(folder, hosts=("not a host",)), "`not a host` is not a host"),
    "a reader that is no party": (changed(readers=("obs",)), "`obs` is not a party's code"),
    "a reader with a path": (changed(readers=("../../x",)), "`../../x` is not a party's code"),
    "a reader who is a member of staff": (changed(readers=("KOR/staff",)), "`KOR/staff` is not a party's"),
    "a reader twice": (changed(readers=("OBS", "OBS")), "a reader stands twice"),
    "the party as its own reader": (changed(readers=("KOR",)), "or is the party itself"),
    "the party as its own peer": (changed(peer=(Peer(code="KOR"),)), "a peer stands twice, or is the party"),
    "a party that is none": (changed(party="kor"), "`$.party`"),
    "a paced clock at a real node": (changed(status=Status.REAL), "runs on the system clock"),
    "a paced clock without a start": (changed(clock=ClockSettings(kind="paced")), "needs clock.start"),
}


def _one_agreement() -> str:
    return next(iter(agreement_files("separate-2009").values()))


@pytest.mark.parametrize("name", UNFIT)
def test_nothing_is_made_for_what_is_not_sound(tmp_path: Path, name: str) -> None:
    make, words = UNFIT[name]
    with pytest.raises((AgreementError, UsageError)) as refused:
        make(tmp_path / "kor")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "kor").exists()


def test_a_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="file` cannot be made: file exists"):
        made(tmp_path / "file")
    with pytest.raises(UsageError, match="sub` cannot be made: not a directory"):
        made(tmp_path / "file" / "sub")


def remove(name: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).unlink()


def write(name: str, text: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).write_text(text, encoding="utf-8")


def replace_in(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


DAMAGE: Final[dict[str, tuple[Callable[[Path], Any], str]]] = {
    "no settings": (remove("node.toml"), "is not a node's folder: make one with `trilat node init`"),
    "misspelt settings": (write("node.toml", "partie = 'KOR'"), "unknown field `partie`"),
    "settings that are not text": (
        lambda folder: (folder / "node.toml").write_bytes(b"\xff"),
        "is not UTF-8 at byte 0",
    ),
    "no card of the partner": (remove("peers/USA.json"), "no card of `USA`: compare its fingerprint"),
    "one's own card as the partner's": (
        lambda folder: (folder / "peers" / "USA.json").write_bytes((folder / "card.json").read_bytes()),
        "peers/USA.json is the card of `KOR`",
    ),
    "a card that is none": (write("peers/USA.json", "{}"), "the card is not sound"),
    "no signing key": (remove("keys/node.keys"), "node.keys` cannot be read"),
    "a key that others can read": (
        lambda folder: (folder / "keys" / "ledger.key").chmod(0o644),
        "can be read by others",
    ),
    "half a signing key": (
        lambda folder: (folder / "keys" / "node.keys").write_bytes(b"half"),
        "private keys have",
    ),
    "half a ledger key": (
        lambda folder: (folder / "keys" / "ledger.key").write_bytes(b"half"),
        "ledger.key` has 4 bytes, a key has 32: restore it from a backup",
    ),
    "no key for observations": (
        lambda folder: (folder / "keys" / "observations.key").write_bytes(b""),
        "observations.key` has 0 bytes",
    ),
    "keys of another party": (
        lambda folder: (folder / "keys" / "link" / "link.key.pem").write_bytes(
            (folder.parent / "usa" / "keys" / "link" / "link.key.pem").read_bytes()
        ),
        "link.key.pem` is not the key of `link.cert.pem`",
    ),
    "a file that is too long": (
        lambda folder: (
            (folder / "card.json").rename(folder / "peers" / "USA.json").write_bytes(b" " * 2_000_000)
        ),
        "has more than 1000000 bytes",
    ),
    "a folder in a file's place": (
        lambda folder: (folder / "agreements" / "sub.toml").mkdir(),
        "sub.toml` cannot be read: is a directory",
    ),
    "a reader that is no party": (
        lambda folder: replace_in(folder / "node.toml", '["OBS"]', '["obs"]'),
        "`obs` is not a party's code",
    ),
    "no token": (remove("keys/staff.token"), "staff.token` cannot be read"),
    "an agreement that is not sound": (write("agreements/worse.toml", "x"), "worse.toml"),
    "no link identity": (remove("keys/link/link.key.pem"), "link.key.pem"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_folder_that_is_not_sound_is_refused_in_one_line(kor: Path, name: str) -> None:
    harm, words = DAMAGE[name]
    harm(kor)
    with pytest.raises(TrilatError) as refused:
        read_folder(kor)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
