"""What is on the own staff's map beside objects: named places, own sensors' coverage, and who hears of it."""

import dataclasses
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from tests.node.test_node_folder import SETTINGS, made
from tests.observed import observed, observers, opened, own_track, picture, second, staffs

from trilat.domains import MapPlace, SensorSite, read_map_places
from trilat.ledger import EntryKind
from trilat.model import LedgerError, UsageError, decode
from trilat.node import COVERAGE_HEIGHTS_M, RECORD_BYTES_MAX, MapSettings, Node, read_folder, shown_map
from trilat.node.records import DeskRecord
from trilat.study import Federation, preset

PLACE: Final = '[[place]]\nname = "Point A"\nlat_deg = 39.5\nlon_deg = 140.0\n'
SITE: Final = SensorSite(name="R-secret", lat_deg=38.0, lon_deg=128.0, reach_m=1_500_000.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no [[place]]"),
        ("[[place", "`names.toml`: "),
        (PLACE + "radius_m = 3.0", "unknown field `radius_m`"),
        (PLACE.replace("39.5", "91.0"), "`$.place[0].lat_deg`"),
        (PLACE.replace("140.0", "nan"), "`$.place[0].lon_deg`"),
        (PLACE.replace("Point A", ""), "`$.place[0].name`"),
        (PLACE.replace("Point A", "a\\nb"), "`$.place[0].name`"),
        (PLACE.replace("Point A", "a" * 61), "`$.place[0].name`"),
        (PLACE.replace("lat_deg", "lat"), "`lat`"),
        (PLACE * 501, "`$.place`"),
    ],
)
def test_a_file_of_names_that_cannot_be_used_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_map_places(text, "names.toml")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def folder_with(tmp_path: Path, names: str | None) -> Path:
    settings = msgspec.structs.replace(SETTINGS, map=MapSettings(places="names.toml"), peer=())
    folder = made(tmp_path / "kor", settings)
    if names is not None:
        (folder / "names.toml").write_text(names, encoding="utf-8")
    return folder


def test_a_folder_without_the_file_that_it_names_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"names\.toml"):
        read_folder(folder_with(tmp_path, None))


def test_a_folder_with_a_file_that_cannot_be_used_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no"):
        read_folder(folder_with(tmp_path, "# nothing yet"))


def test_places_of_the_file_are_the_node_s(tmp_path: Path) -> None:
    config = read_folder(folder_with(tmp_path, PLACE + 'name_ko = "A 지점"\n')).config()
    assert config.map_places == (MapPlace(name="Point A", name_ko="A 지점", lat_deg=39.5, lon_deg=140.0),)


# --- who hears of it ---


def mapped(**changes: Any) -> tuple[Federation, Node]:
    """A federation in which Korea has a sensor and a named place on its map."""
    federation = observed(observers() | staffs(), **changes)
    kor = federation.nodes["KOR"]
    place = MapPlace(name="Point secret", name_ja="地点", lat_deg=39.5, lon_deg=140.0)
    kor.config = dataclasses.replace(kor.config, sensor_sites=(SITE,), map_places=(place,))
    return federation, kor


def test_the_staff_is_shown_its_map_once_it_is_written_who_looked() -> None:
    _, kor = mapped()
    shown = shown_map(kor, "park")
    (sensor,), (place,) = shown["sensors"], shown["places"]
    assert (sensor["name"], sensor["lat"], sensor["lon"]) == ("R-secret", 38.0, 128.0)
    assert [outline["height_m"] for outline in sensor["coverage"]] == list(COVERAGE_HEIGHTS_M)
    assert place["names"] == {"en": "Point secret", "ja": "地点", "ko": "Point secret"}
    *_, last = kor.ledger.entries(kinds={EntryKind.DESK})
    record = decode(last.content or b"", DeskRecord, bytes_max=RECORD_BYTES_MAX)
    assert (record.officer, record.said, len(record.digest)) == ("KOR/park", "map", 32)


def test_a_look_that_cannot_be_written_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    _, kor = mapped()

    def full(*_: object) -> None:
        raise LedgerError("the disk is full")

    monkeypatch.setattr(kor.ledger, "append", full)
    with pytest.raises(LedgerError):
        shown_map(kor, "park")


def test_no_reader_of_a_picture_is_told_of_sensors_or_names() -> None:
    federation, kor = mapped()
    for number in range(1, 5):
        second(federation, number, {"KOR": [own_track(kor, at_s=number, version=number)]})
    for node in federation.nodes.values():
        for reader in (f"{node.config.party}/staff", "OBS"):
            told = repr(opened(node, reader).frame())
            assert "KOR-t" in told
            assert "secret" not in told
            assert "coverage" not in told


# --- under which agreement ---


def test_the_own_staff_and_the_observer_see_under_which_agreement_an_item_was_received() -> None:
    federation, kor = mapped()
    for number in range(1, 5):
        second(federation, number, {"KOR": [own_track(kor, at_s=number, version=number)]})
    usa = federation.nodes["USA"]
    for reader in ("USA/staff", "OBS"):
        (shown,) = tracks(usa, reader, sender="KOR")
        (under,) = shown["under"]
        agreement, _, version = under.partition("@")
        assert agreement in {held.agreement_id for held in preset("multilateral").agreements.files.values()}
        assert version == "1"
    (own,) = tracks(kor, "KOR/staff", sender=None)
    assert "under" not in own


def test_a_partner_that_may_read_the_picture_is_told_of_no_agreement() -> None:
    federation, kor = mapped()
    jpn = federation.nodes["JPN"]
    for number in range(1, 5):
        second(federation, number, {"JPN": [own_track(jpn, at_s=number, version=number)]})
    assert all(shown["under"] for shown in tracks(kor, "OBS", sender="JPN"))
    kor.config = dataclasses.replace(kor.config, readers=("OBS",), peers=(*kor.config.peers, "OBS"))
    found = tracks(kor, "OBS", sender="JPN")
    assert found
    assert not any("under" in shown for shown in found)


def tracks(node: Node, reader: str, *, sender: str | None) -> list[dict[str, Any]]:
    """The tracks that a reader is shown and that somebody gave."""
    changed = picture(opened(node, reader).frame())["changed"]
    return [plain for plain in changed if plain["kind"] == "track" and plain["sender"] == sender]
