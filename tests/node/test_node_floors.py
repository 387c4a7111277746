"""A node that was restored from a backup makes no version a second time: not of an item, not of a label."""

import copy
from pathlib import Path

import msgspec
import pytest
from tests.node.test_node_restored import Nowhere, Restored, say, told
from tests.node_folders import node_folders
from tests.three_nodes import FILE, PARTIES, RING, START_NS, World, ring, signed

from trilat.ledger import EntryKind, Ledger, MemoryStore
from trilat.model import (
    SECOND_NS,
    Classification,
    Domain,
    ItemReference,
    LedgerError,
    Warning,
    WarningKind,
    WarningState,
    decode,
    encode,
)
from trilat.node import RESTORED_FILE, ManualClock, Node, mark_restored, read_folder, restore
from trilat.node.floors import MARGIN, VERSIONS_MAX, FloorRecord

SINCE_2020_S = 1_705_276_800 - 1_577_836_800
"""From 2020-01-01 to the first second of these worlds."""

IN_2048_NS = 2_480_000_000 * SECOND_NS
WARNED = "JPN-warn-KOR-lights"


class Warned(Restored):
    """A person at JPN warned before the backup, and withdrew it before the node was lost."""

    def __init__(self) -> None:
        super().__init__(before=1, after=0)
        self.node.raise_warning(
            "lights",
            WarningKind.LAUNCH,
            Domain.MISSILE,
            basis=(ItemReference(item_id="JPN-before0", version=1),),
            confirmed_by=(),
            text="lights in the sky",
        )
        self.world.run(5)
        self.backup = copy.deepcopy(self.world.stores["JPN"])
        self.node.retract_warning("lights", "it was the moon")
        self.world.run(5)
        assert self.at_kor() == (2, WarningState.RETRACTED, "it was the moon")

    def at_kor(self) -> tuple[int, WarningState, str]:
        found = self.world.nodes["KOR"].holdings.newest(WARNED)
        assert isinstance(found, Warning)
        return found.version, found.state, found.text


def floors(node: Node) -> list[FloorRecord]:
    entries = node.ledger.entries(kinds={EntryKind.FLOOR})
    return [decode(stored.content or b"", FloorRecord) for stored in entries]


def test_what_is_said_anew_after_a_restore_reaches_a_partner_that_holds_that_version_with_other_words() -> (
    None
):
    case = Warned()
    case.come_back()
    case.world.run(5)
    case.node.retract_warning("lights", "it was an aircraft")
    case.world.run(5)
    version, state, text = case.at_kor()
    assert (state, text) == (WarningState.RETRACTED, "it was an aircraft")
    assert version > SINCE_2020_S


def test_without_the_floor_the_partner_keeps_the_words_of_the_lost_node(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The planted fault."""
    monkeypatch.setattr("trilat.node.floors.Floors.restored", lambda _: None)
    case = Warned()
    case.come_back()
    case.world.run(5)
    case.node.retract_warning("lights", "it was an aircraft")
    case.world.run(5)
    assert case.at_kor() == (2, WarningState.RETRACTED, "it was the moon")


def test_a_floor_is_in_the_ledger_before_the_first_partner_is_asked_and_holds_after_a_normal_start() -> None:
    case = Warned()
    case.come_back()
    case.world.run(1)
    (floor,) = floors(case.node)
    assert floor.versions == SINCE_2020_S + (case.world.clock.now_ns() - START_NS) // SECOND_NS - 1
    case.world.run(5)
    case.world.restart("JPN")
    case.node.retract_warning("lights", "it was an aircraft")
    case.world.run(5)
    assert case.at_kor()[0] == floor.versions + 1
    assert floors(case.node) == [floor]


def test_a_node_that_was_not_restored_counts_from_one() -> None:
    case = Warned()
    case.world.restart("JPN")
    case.see("new", 1)
    found = case.world.nodes["KOR"].holdings.warnings()
    assert {warning.version for warning in found if warning.item_id != WARNED} == {1}
    assert floors(case.node) == []


def test_two_restores_of_one_backup_make_no_version_twice() -> None:
    case = Warned()
    told = []
    for text in ("it was an aircraft", "it was a balloon"):
        case.come_back()
        case.world.run(5)
        case.node.retract_warning("lights", text)
        case.world.run(5)
        told.append(case.at_kor())
    assert [text for _, _, text in told] == ["it was an aircraft", "it was a balloon"]
    assert told[0][0] < told[1][0]


def test_an_item_that_was_not_in_the_backup_has_its_first_version_behind_the_floor_too() -> None:
    case = Warned()
    case.come_back()
    case.see("new", 1, seconds=8)
    (warning,) = [
        one
        for one in case.world.nodes["KOR"].holdings.warnings()
        if one.item_id.startswith("JPN-warn-KOR") and "new0" in one.item_id
    ]
    assert warning.version == floors(case.node)[0].versions + 1


@pytest.mark.parametrize("instant_ns", [0, 1_500_000_000 * SECOND_NS])
def test_a_clock_that_is_behind_the_ledger_leaves_a_margin(instant_ns: int) -> None:
    case = Warned()
    node = case.world.node("JPN")
    node.floors._clock = ManualClock(instant_ns)
    node.resuming.begin((), case.remember)
    restore(node)
    assert node.floors._unwritten == FloorRecord(restored="", versions=2 + MARGIN, labels=1_000)


def test_a_clock_that_is_years_ahead_stops_the_start_and_writes_nothing() -> None:
    case = Warned()
    entries = case.node.ledger.head().entries
    node = case.world.node("JPN")
    node.floors._clock = ManualClock(IN_2048_NS)
    node.resuming.begin((), case.remember)
    with pytest.raises(LedgerError, match="set the clock"):
        restore(node)
    assert node.ledger.head().entries == entries
    assert IN_2048_NS // SECOND_NS - 1_577_836_800 > VERSIONS_MAX


def test_no_answer_of_a_partner_moves_the_floor() -> None:
    case = Warned()
    case.come_back()
    case.world.nodes["KOR"].resuming._answer = lambda *_: None  # type: ignore[method-assign]
    case.world.run(1)
    floor = floors(case.node)
    say(case, "KOR", told(case, "KOR", cursor=2**53, end=2**53))
    say(case, "KOR", told(case, "KOR", cursor=900_000, end=900_000))
    case.world.run(20)
    case.world.restart("JPN")
    assert floors(case.node) == floor
    assert case.node.heads._floor == floor[0].versions


def test_a_label_changed_after_a_restore_is_newer_than_one_that_the_lost_node_changed() -> None:
    kinds = '"event", "warning", "declaration"'
    text = RING.replace(kinds, f'{kinds}, "reclassification", "answer"')
    case = Restored(before=1, after=0, world=World({FILE: signed(ring(text), *PARTIES)}))
    relabel(case.node, "HI")
    case.world.run(5)
    assert label_at(case) == ("HI", 2)
    case.come_back()
    case.world.run(5)
    relabel(case.node, "GOKUHI")
    case.world.run(5)
    level, version = label_at(case)
    assert level == "GOKUHI"
    assert version > SINCE_2020_S // 3_600


def relabel(node: Node, level: str) -> None:
    item = node.holdings.newest("JPN-before0")
    assert item is not None
    label = msgspec.structs.replace(item.label, classification=Classification(scheme="JPN", level=level))
    node.recalls.relabelling.relabel(["JPN-before0"], label)


def label_at(case: Restored) -> tuple[str, int]:
    item = case.world.nodes["KOR"].holdings.newest("JPN-before0")
    assert item is not None
    return item.label.classification.level, item.label.version


def test_one_restore_leaps_once_whatever_its_starts_and_a_second_restore_again(tmp_path: Path) -> None:
    folder = read_folder(node_folders(tmp_path)["JPN"].path)
    store = MemoryStore()

    def started(at_ns: int) -> list[int]:
        clock = ManualClock(at_ns)
        ledger = Ledger(store, "JPN", folder.secrets.ledger_key, clock, lambda count: bytes(range(count)))
        node = folder.node(clock, ledger, Nowhere())
        restore(node)
        node.tick()
        return [floor.versions for floor in floors(node)]

    assert started(START_NS) == []
    mark_restored(folder.path, "a test")
    name = (folder.path / RESTORED_FILE).read_text()
    first = [SINCE_2020_S + 10]
    assert started(START_NS + 10 * SECOND_NS) == first
    assert started(START_NS + 20 * SECOND_NS) == first
    assert (folder.path / RESTORED_FILE).read_text() == name
    mark_restored(folder.path, "a test")
    assert started(START_NS + 30 * SECOND_NS) == [*first, SINCE_2020_S + 30]


@pytest.mark.parametrize("changes", [{"versions": -1}, {"labels": 1_000_001}, {"restored": "x" * 300}])
def test_a_record_of_a_floor_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    sound = {"restored": "ab", "versions": 5, "labels": 5}
    assert decode(encode(FloorRecord(**sound)), FloorRecord).versions == 5  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="FloorRecord"):
        FloorRecord(**{**sound, **changes})  # type: ignore[arg-type]
