"""What bundles carry beside releases: signed words on versions, and how a restored node is answered without a
link. Freshness holds for bundles as on links, by the instants at which words were signed.
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.node.test_node_bundles import _came, _release
from tests.node_folders import node_folders
from tests.small_federation import START_NS, at

from trilat.link import Arrival
from trilat.model import SECOND_NS
from trilat.node import (
    RESTORED_FILE,
    Exported,
    Imported,
    ManualClock,
    NodeFolder,
    StandingNode,
    export_bundle,
    import_bundle,
    make_backup,
    read_folder,
    restore_backup,
)

FRESH_S = 3_600
DAY_NS = 86_400 * SECOND_NS


class Carrier:
    """Carries bundles between folders at instants of their common clock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0

    def export(self, folder: NodeFolder, to: str, at_ns: int) -> tuple[Path, Exported]:
        self.count += 1
        if not folder.ledger_path.exists():
            StandingNode(timed(folder, at_ns)).close()
        file = self.path / f"bundle-{self.count}"
        return file, export_bundle(timed(folder, at_ns), to, file, ManualClock(at_ns))

    def take(self, folder: NodeFolder, file: Path, at_ns: int) -> Imported:
        node = StandingNode(timed(folder, at_ns))
        try:
            return import_bundle(folder, file, node.receive)
        finally:
            node.close()

    def bring(self, giver: NodeFolder, taker: NodeFolder, at_ns: int) -> Imported:
        return self.take(taker, self.export(giver, taker.settings.party, at_ns)[0], at_ns)


def timed(folder: NodeFolder, at_ns: int) -> NodeFolder:
    """The folder read anew, whose node's clock stands at an instant."""
    run = folder.path / "run"
    run.mkdir(exist_ok=True)
    (run / "pace.json").write_text(json.dumps({"from_wall_ns": 0, "instant_ns": at_ns, "speed": 0.0}))
    return read_folder(folder.path)


def limited(folder: NodeFolder) -> None:
    """Nothing goes under an agreement of which nothing was heard for an hour."""
    file = folder.path / "node.toml"
    text = file.read_text()
    assert "[known]\n" in text
    file.write_text(text.replace("[known]\n", f"[known]\nfresh_s = {FRESH_S}\n"))


@pytest.fixture
def carrier(tmp_path: Path) -> Carrier:
    return Carrier(tmp_path)


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, NodeFolder]:
    """KOR and USA have an agreement between them alone, a limit of an hour, and no link."""
    made = node_folders(tmp_path)
    for party in ("KOR", "USA"):
        limited(made[party])
        made[party] = read_folder(made[party].path)
    return made


def test_a_partner_without_any_link_gets_what_it_may_once_its_bundle_brought_its_word(
    folders: dict[str, NodeFolder], carrier: Carrier
) -> None:
    kor, usa = folders["KOR"], folders["USA"]
    assert _release(timed(kor, START_NS), range(1, 3)) == 0

    brought = carrier.bring(usa, kor, at(5))
    assert brought.arrivals == {Arrival.NOTICED: 1}
    last = _release(timed(kor, at(6)), range(6, 10))
    assert last >= 4
    file, exported = carrier.export(kor, "USA", at(60))
    assert (exported.parcels, exported.held_at, exported.held_why) == (last, None, "")
    carrier.take(usa, file, at(60))
    assert _came(usa) == list(range(1, last + 1))


def released(folders: dict[str, NodeFolder], carrier: Carrier) -> int:
    """KOR heard USA at second 5 and released some to it."""
    carrier.bring(folders["USA"], folders["KOR"], at(5))
    return _release(timed(folders["KOR"], at(6)), range(6, 10))


def held(carrier: Carrier, folder: NodeFolder, at_ns: int) -> tuple[int, int | None, str]:
    exported = carrier.export(folder, "USA", at_ns)[1]
    return exported.parcels, exported.held_at, exported.held_why


STALE = (0, 1, "agreement-stale")


def test_what_was_not_heard_of_within_the_limit_is_not_exported_and_goes_after_the_next_word(
    folders: dict[str, NodeFolder], carrier: Carrier
) -> None:
    last = released(folders, carrier)
    kor, usa = folders["KOR"], folders["USA"]
    assert held(carrier, kor, at(4 + FRESH_S)) == (last, None, "")
    assert held(carrier, kor, at(5 + FRESH_S)) == STALE
    carrier.bring(usa, kor, at(100 + FRESH_S))
    assert held(carrier, kor, at(200 + FRESH_S)) == (last, None, "")


def test_a_bundle_that_was_carried_for_longer_than_the_limit_brings_no_word(
    folders: dict[str, NodeFolder], carrier: Carrier
) -> None:
    released(folders, carrier)
    slow, _ = carrier.export(folders["USA"], "KOR", at(10))
    carrier.take(folders["KOR"], slow, at(20 + FRESH_S))
    assert held(carrier, folders["KOR"], at(20 + FRESH_S)) == STALE


def test_an_old_bundle_that_is_imported_again_makes_no_word_younger(
    folders: dict[str, NodeFolder], carrier: Carrier
) -> None:
    old, _ = carrier.export(folders["USA"], "KOR", at(5))
    carrier.take(folders["KOR"], old, at(5))
    assert _release(timed(folders["KOR"], at(6)), range(6, 10)) > 0
    carrier.take(folders["KOR"], old, at(FRESH_S))
    assert held(carrier, folders["KOR"], at(6 + FRESH_S)) == STALE


def test_a_word_that_is_dated_ahead_counts_for_nothing(
    folders: dict[str, NodeFolder], carrier: Carrier
) -> None:
    released(folders, carrier)
    ahead, _ = carrier.export(folders["USA"], "KOR", at(0) + 30 * DAY_NS)
    carrier.take(folders["KOR"], ahead, at(10))
    assert held(carrier, folders["KOR"], at(6 + FRESH_S)) == STALE


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "",
        lambda _: "[]",
        lambda text: text[:-20],
        lambda text: text.replace('"words":["', '"words":["!'),
        lambda text: text.replace('"words":["', '"words":["AAAA'),
        lambda text: text.replace('"words"', '"word"'),
        lambda _: '{"words": [5]}',
        lambda _: '{"asked": {"USA": {"stream": "", "nonce": "AAAA"}}}',
        lambda _: '{"asked": {"ZZZ": {"stream": "x", "nonce": "AAAAAAAAAAAAAAAAAAAAAA=="}}}',
    ],
)
def test_words_that_cannot_be_read_again_were_never_said(
    folders: dict[str, NodeFolder], carrier: Carrier, damage: Callable[[str], str]
) -> None:
    released(folders, carrier)
    file = folders["KOR"].path / "run" / "words.json"
    file.write_text(damage(file.read_text()))
    assert held(carrier, folders["KOR"], at(60)) == STALE


def test_a_backup_has_heard_nothing(folders: dict[str, NodeFolder], carrier: Carrier, tmp_path: Path) -> None:
    released(folders, carrier)
    make_backup(folders["KOR"], tmp_path / "backup", with_keys=True)
    restore_backup(tmp_path / "backup", tmp_path / "again", None)
    assert held(carrier, read_folder(tmp_path / "again"), at(60)) == STALE


def second_version(folder: NodeFolder) -> None:
    """A file with the next version of what KOR and USA have agreed."""
    (file,) = (folder.path / "agreements").glob("us-korea*.toml")
    file.with_name("us-korea-2.toml").write_text(file.read_text().replace("version = 1", "version = 2"))


def test_a_partner_that_is_known_to_hold_an_older_version_is_given_nothing(
    tmp_path: Path, carrier: Carrier
) -> None:
    folders = node_folders(tmp_path)
    kor, usa = folders["KOR"], folders["USA"]
    last = _release(timed(kor, START_NS), range(1, 5))
    carrier.bring(usa, kor, at(10))
    second_version(kor)
    assert held(carrier, kor, at(20)) == (0, 1, "behind")
    second_version(usa)
    carrier.bring(usa, kor, at(30))
    assert held(carrier, kor, at(40)) == (last, None, "")


class Lost:
    """KOR is backed up after some releases, releases more, all by bundles, and is lost."""

    def __init__(self, folders: dict[str, NodeFolder], path: Path) -> None:
        self.carrier = Carrier(path)
        self.path = path
        self.usa = folders["USA"]
        kor = folders["KOR"]
        _release(timed(kor, START_NS), range(1, 4))
        make_backup(kor, path / "backup", with_keys=True)
        self.last = _release(timed(kor, at(20)), range(20, 24))
        self.carrier.bring(kor, self.usa, at(60))
        assert _came(self.usa) == list(range(1, self.last + 1))
        shutil.rmtree(kor.path)

    def again(self, name: str) -> NodeFolder:
        return restore_backup(self.path / "backup", self.path / name, None)[0]


@pytest.fixture
def lost(tmp_path: Path) -> Lost:
    return Lost(node_folders(tmp_path), tmp_path)


def heard(folder: NodeFolder) -> list[str]:
    told: list[str] = json.loads((folder.path / RESTORED_FILE).read_text()).get("heard", [])
    return told


def test_a_restored_node_without_a_link_is_answered_by_a_bundle_and_numbers_behind_what_was_accepted(
    lost: Lost,
) -> None:
    again, usa, carrier = lost.again("again"), lost.usa, lost.carrier
    kept = _release(timed(again, at(100)), range(100, 103))
    assert kept < lost.last
    carrier.bring(again, usa, at(110))
    assert heard(again) == []
    carrier.bring(usa, again, at(120))
    assert heard(again) == ["USA"]
    assert _release(timed(again, at(130)), range(130, 133)) > lost.last
    carrier.bring(again, usa, at(140))
    came = _came(usa)
    assert max(Counter(came).values()) == 1
    assert len([number for number in came if number > lost.last]) >= 6


def test_a_bundle_that_is_no_answer_lets_nothing_go(lost: Lost) -> None:
    again = lost.again("again")
    lost.carrier.bring(lost.usa, again, at(100))
    assert heard(again) == []
    assert _release(timed(again, at(110)), range(110, 112)) < lost.last


def test_the_answer_to_an_earlier_restore_is_none_to_a_later_one(lost: Lost) -> None:
    first = lost.again("first")
    lost.carrier.bring(first, lost.usa, at(100))
    answer, _ = lost.carrier.export(lost.usa, "KOR", at(110))
    lost.carrier.take(first, answer, at(120))
    assert heard(first) == ["USA"]
    second = lost.again("second")
    lost.carrier.take(second, answer, at(130))
    assert heard(second) == []
