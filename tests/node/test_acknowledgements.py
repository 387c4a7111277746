"""Who took note of a warning: by name, in the ledger, and for each of its stages anew."""

import pytest
from tests.node.test_looking_back import again
from tests.observed import observed, second, staffs
from tests.small_federation import launch

from trilat.ledger import EntryKind
from trilat.model import ItemReference, LedgerError, UsageError, decode
from trilat.node import AcknowledgementRecord, Node, audit_page, report_of, shown_warnings
from trilat.node.acknowledgements import PEOPLE_MAX
from trilat.study import Federation

WARNING = "JPN-warn-JPN-launch-JPN-seen"


def warned(seconds: int = 2) -> tuple[Federation, Node]:
    """Japan has seen a launch, and warns its staff of it."""
    federation = observed(staffs())
    jpn = federation.nodes["JPN"]
    second(federation, 1, {"JPN": [launch(jpn, at_s=0.5)]})
    for later in range(2, seconds + 1):
        second(federation, later)
    return federation, jpn


def of(version: int, name: str = WARNING) -> ItemReference:
    return ItemReference(item_id=name, version=version)


def written(node: Node) -> list[AcknowledgementRecord]:
    return [
        decode(stored.content or b"", AcknowledgementRecord)
        for stored in node.ledger.entries(kinds={EntryKind.ACKNOWLEDGEMENT})
    ]


def told(node: Node) -> list[tuple[int, bool, list[str]]]:
    """Warnings: since which version, whether withdrawn, and who took note."""
    return [
        (row["since_version"], row["withdrawn"], [one["by"] for one in row["acknowledged"]])
        for row in shown_warnings(node, "park")["warnings"]
    ]


@pytest.mark.parametrize(
    ("case", "reference", "words"),
    [
        ("a warning that is not here", of(1, "JPN-warn-JPN-launch-JPN-nothing"), "no warning `JPN-warn"),
        ("an item that is no warning", of(1, "JPN-seen"), "no warning `JPN-seen` is held here"),
        ("a warning made for a partner", of(1, "JPN-warn-USA-launch-JPN-seen"), "no warning `JPN-warn-USA"),
        ("a version that is still to come", of(99), "is at 1: read what it says now"),
    ],
)
def test_only_what_is_before_the_staff_is_acknowledged(
    case: str, reference: ItemReference, words: str
) -> None:
    del case
    _, jpn = warned()
    with pytest.raises(UsageError, match=words):
        jpn.acknowledgements.acknowledge(reference, "park")
    assert written(jpn) == []


def test_a_warning_that_was_withdrawn_meanwhile_is_not_acknowledged_as_it_was() -> None:
    federation, jpn = warned()
    jpn.retract_warning("launch-JPN-seen", "a test of an engine")
    second(federation, 3)
    with pytest.raises(UsageError, match="was withdrawn since version 2, and is at 2: read what it says now"):
        jpn.acknowledgements.acknowledge(of(1), "park")
    assert written(jpn) == []


def test_a_node_that_has_stopped_takes_note_of_nothing() -> None:
    _, jpn = warned()
    jpn.failure = "the disk is full"
    with pytest.raises(LedgerError, match="the disk is full"):
        jpn.acknowledgements.acknowledge(of(1), "park")
    assert written(jpn) == []


def test_more_people_than_a_desk_has_are_refused() -> None:
    _, jpn = warned()
    for number in range(PEOPLE_MAX):
        jpn.acknowledgements.acknowledge(of(1), f"park-{number}")
    with pytest.raises(UsageError, match="100 people took note of it already"):
        jpn.acknowledgements.acknowledge(of(1), "one-more")


def test_it_is_in_the_ledger_by_name_once_and_others_may_too() -> None:
    federation, jpn = warned()
    assert told(jpn) == [(1, False, [])]
    first = jpn.acknowledgements.acknowledge(of(1), "park")
    second(federation, 3)
    assert jpn.acknowledgements.acknowledge(of(1), "park") == first
    jpn.acknowledgements.acknowledge(of(1), "kim")
    assert told(jpn) == [(1, False, ["park", "kim"])]
    assert [(record.by, record.warning, record.is_withdrawn) for record in written(jpn)] == [
        ("park", of(1), False),
        ("kim", of(1), False),
    ]
    assert told(again(federation, "JPN")) == told(jpn)


def test_its_withdrawal_is_acknowledged_by_itself() -> None:
    federation, jpn = warned()
    jpn.acknowledgements.acknowledge(of(1), "park")
    jpn.retract_warning("launch-JPN-seen", "a test of an engine")
    second(federation, 3)
    assert told(jpn) == [(2, True, [])]
    jpn.acknowledgements.acknowledge(of(2), "park")
    for node in (jpn, again(federation, "JPN")):
        assert told(node) == [(2, True, ["park"])]
    assert [record.is_withdrawn for record in written(jpn)] == [False, True]


def test_a_newer_version_of_the_same_stage_does_not_ask_again() -> None:
    federation, jpn = warned()
    kor = federation.nodes["KOR"]
    jpn.acknowledgements.acknowledge(of(1), "park")
    second(federation, 3, {"KOR": [launch(kor, at_s=0.5)]})
    for later in range(4, 8):
        second(federation, later)
    newest = jpn.holdings.newest(WARNING)
    assert newest is not None
    assert newest.version == 2
    assert (1, False, ["park"]) in told(jpn)
    jpn.acknowledgements.acknowledge(of(2), "kim")
    assert (1, False, ["park", "kim"]) in told(jpn)


def test_a_warning_nobody_took_note_of_stays_and_one_that_was_goes_with_its_time() -> None:
    federation, jpn = warned()
    for later in (300, 601, 602):
        second(federation, later)
    assert told(jpn) == [(1, False, [])]
    jpn.acknowledgements.acknowledge(of(1), "park")
    second(federation, 700)
    assert told(jpn) == []


def test_who_showed_it_first_and_what_it_says_come_with_it() -> None:
    _, jpn = warned()
    (row,) = shown_warnings(jpn, "park")["warnings"]
    assert (row["id"], row["version"], row["status"], row["basis"]) == (WARNING, 1, "simulated", ["JPN-seen"])
    assert row["first"]["party"] == "JPN"
    assert (row["item"]["warning"], row["item"]["state"], row["item"]["sources"]) == (
        "launch",
        "raised",
        ["JPN"],
    )


def test_staff_that_may_see_no_warning_is_told_of_none() -> None:
    federation = observed({})
    jpn = federation.nodes["JPN"]
    second(federation, 1, {"JPN": [launch(jpn, at_s=0.5)]})
    assert jpn.holdings.warnings() != ()
    assert told(jpn) == []


def test_auditors_see_who_took_note() -> None:
    _, jpn = warned()
    jpn.acknowledgements.acknowledge(of(1), "park")
    (row,) = [row for row in audit_page(jpn, 0, "lee")["rows"] if row["kind"] == "acknowledgement"]
    assert (row["by"], row["warning"]) == ("park", {"item_id": WARNING, "version": 1})
    (said,) = [row for row in report_of(jpn.ledger, 0, 2**62).rows if row.what == "acknowledged"]
    assert (said.party, said.about, said.why) == ("park", f"{WARNING} version 1", "stands")


def test_who_looks_at_the_same_again_and_again_is_one_entry_a_minute() -> None:
    federation, jpn = warned()

    def looks() -> int:
        return sum(1 for _ in jpn.ledger.entries(kinds={EntryKind.DESK}))

    for _ in range(5):
        told(jpn)
    assert looks() == 1
    jpn.acknowledgements.acknowledge(of(1), "kim")
    told(jpn)
    assert looks() == 2
    second(federation, 70)
    told(jpn)
    assert looks() == 3
    shown_warnings(jpn, "lee")
    assert looks() == 4
