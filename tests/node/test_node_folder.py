"""A node's folder: made once, private, read back to the same, and refused in one line where it is unsound."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from trilat.model import AgreementError, Status, TrilatError, UsageError
from trilat.node import ClockSettings, NodeSettings, Pace, Peer, make_folder, read_folder
from trilat.study import agreement_files

NOW_NS: Final = 1_790_000_000_000_000_000
SETTINGS: Final = NodeSettings(
    party="KOR",
    status=Status.SIMULATED,
    purpose="missile-warning",
    readers=("OBS",),
    peer=(Peer(code="USA"),),
    clock=ClockSettings(kind="paced", start="2009-04-05T02:30:15Z"),
)


def made(folder: Path, settings: NodeSettings = SETTINGS, texts: dict[str, str] | None = None) -> Path:
    agreements = agreement_files("separate-2009") if texts is None else texts
    make_folder(folder, settings, agreements, hosts=(), now_ns=NOW_NS, entropy=os.urandom)
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
    assert sorted(held.secrets.tokens) == ["director", "intake", "reader-OBS", "staff"]
    assert len(set(held.secrets.tokens.values())) == 4
    assert held.keys.pin == held.trust.pin("KOR")
    assert held.config().readers == ("OBS",)


def test_what_is_secret_is_its_owner_s_alone_and_masks_itself(kor: Path) -> None:
    assert kor.stat().st_mode & 0o077 == 0
    for path in (kor / "keys").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    held = read_folder(kor)
    shown = f"{held.secrets!r} {held.keys!r} {held.identity!r} {held.config()!r}"
    for secret in (*held.secrets.tokens.values(), held.secrets.ledger_key.hex(), held.identity.app_seed):
        assert secret not in shown
    assert repr(held.secrets.token_key) not in shown


def test_a_real_node_has_no_director(tmp_path: Path) -> None:
    real = msgspec.structs.replace(SETTINGS, status=Status.REAL, clock=ClockSettings(), peer=())
    assert "director" not in read_folder(made(tmp_path / "real", real)).secrets.tokens


def test_the_pace_of_an_exercise_is_kept_for_a_restart(kor: Path) -> None:
    held = read_folder(kor)
    assert held.pace() == Pace(from_wall_ns=0, instant_ns=SETTINGS.start_ns, speed=0.0)
    pace = Pace(from_wall_ns=NOW_NS, instant_ns=SETTINGS.start_ns + 5, speed=20.0)
    held.keep_pace(pace)
    assert read_folder(kor).pace() == pace


def test_a_folder_is_not_made_over_another(kor: Path) -> None:
    before = {path: path.read_bytes() for path in kor.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="is not empty: name a new folder"):
        made(kor)
    assert {path: path.read_bytes() for path in kor.rglob("*") if path.is_file()} == before


def test_nothing_is_made_for_agreements_that_are_not_sound(tmp_path: Path) -> None:
    with pytest.raises(AgreementError):
        made(tmp_path / "kor", texts={"bad.toml": "agreement = 7"})
    assert not (tmp_path / "kor").exists()


def remove(name: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).unlink()


def write(name: str, text: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).write_text(text, encoding="utf-8")


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
