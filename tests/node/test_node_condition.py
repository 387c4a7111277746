"""What is wrong with a node: each trouble from its own cause, worst first, and nothing where all is well."""

import string
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.node.test_node_repairing import damage, go_on, spoilt
from tests.node.test_node_repairing import shared as scrubbed
from tests.node.test_node_witness import head_of, shared, tell
from tests.node_folders import node_folders
from tests.small_federation import federation_of
from tests.three_nodes import FRESH_S, World

from trilat.ledger import EntryKind
from trilat.link import LinkCode, LinkState, TrustStore, Unanswered
from trilat.model import SECOND_NS, Status
from trilat.node import Severity, Storage, TroubleCode, storage_of, trouble_sentence
from trilat.node.condition import Condition, TreeAgreement
from trilat.node.conditions import condition_of
from trilat.node.node import Node
from trilat.node.storage import BACKUP_FILE, note_backup
from trilat.node.trouble import LINK_PREFIX, Trouble
from trilat.node.troubles import (
    BACKUP_AGE_NS,
    DISK_FULL_BYTES,
    DISK_LOW_BYTES,
    FINDING_SEVERE_NS,
    troubles,
)

ROOMY = Storage(size_bytes=1_000_000, free_bytes=50_000_000_000)
WALL_NS = 1_800_000_000 * SECOND_NS


@dataclass
class Links:
    """All links in one state."""

    code: LinkCode = LinkCode.CONNECTED
    figures: Any = None

    def is_up(self, peer: str) -> bool:
        return bool(peer) and self.code in {LinkCode.CONNECTED, LinkCode.DIRECT}

    def heard_s(self, peer: str) -> float | None:
        return 0.5 if self.is_up(peer) else None

    def round_trip_s(self, peer: str) -> float | None:
        return 0.002 if self.is_up(peer) else None

    def states(self, peer: str, unanswered: Unanswered) -> tuple[LinkState, ...]:
        assert unanswered.count >= 0
        return (LinkState(code=self.code, party=peer, figures=self.figures or {}),)

    def sentence(self, peer: str, unanswered: Unanswered) -> str:
        raise AssertionError(peer, unanswered)


def told(node: Node, links: Links | None = None, storage: Storage = ROOMY, **more: Any) -> Condition:
    return condition_of(node, links or Links(), storage, WALL_NS, **more)


def codes(condition: Condition) -> list[tuple[str, str, str]]:
    return [(alert.code, alert.party, alert.severity.value) for alert in condition.alerts]


def test_a_node_that_is_well_has_no_alert_and_its_figures_are_those_of_its_streams() -> None:
    node = shared().nodes["JPN"]
    condition = told(node)
    assert condition.alerts == []
    partner = next(one for one in condition.partners if one.party == "USA")
    assert (partner.up, partner.unanswered, partner.lag_s) == (True, 0, 0.0)
    assert partner.sent == partner.acknowledged == partner.sent_tree.parcels >= 8
    assert partner.sent_tree.agreement in {TreeAgreement.AGREES, TreeAgreement.BEHIND}
    assert partner.sent_tree.witnessed_ns is not None
    assert partner.keys.fingerprint == node.trust.pin("USA").fingerprint
    assert condition.ledger.entries == node.ledger.head().entries
    whole = msgspec.json.decode(msgspec.json.encode(condition), type=Condition)
    assert whole == condition
    assert "JPN-seen" not in msgspec.json.encode(condition).decode(), "of items nothing"


@pytest.mark.parametrize("code", list(LinkCode))
def test_each_state_of_a_link_is_an_alert_unless_it_is_well(code: LinkCode) -> None:
    node = federation_of("separate-2009").nodes["KOR"]
    figures = dict.fromkeys(("dial", "why", "hub", "fingerprint"), "x") | {"seconds": 44.0, "count": 7}
    alerts = told(node, Links(code, figures)).alerts
    if code in {LinkCode.CONNECTED, LinkCode.NOT_LINKED, LinkCode.DIRECT}:
        assert alerts == []
        return
    assert {(alert.code, alert.party) for alert in alerts} == {
        (f"{LINK_PREFIX}{code.value}", peer) for peer in node.config.peers
    }
    works = code in {LinkCode.CLOCK_AHEAD, LinkCode.CLOCK_BEHIND}
    assert {alert.severity for alert in alerts} == {Severity.ATTENTION if works else Severity.SEVERE}
    assert trouble_sentence(alerts[0]).startswith(f"{alerts[0].party}: ")


def test_what_stands_in_for_a_hub_works_and_the_hub_is_to_be_looked_at() -> None:
    class Instead(Links):
        def states(self, peer: str, unanswered: Unanswered) -> tuple[LinkState, ...]:
            away = LinkState(
                code=LinkCode.HUB_AWAY, party=peer, figures={"hub": "N", "dial": "x", "why": "y"}
            )
            return *super().states(peer, unanswered), away

    node = federation_of("separate-2009").nodes["KOR"]
    assert codes(told(node, Instead(LinkCode.DIRECT))) == [
        ("link-hub-away", peer, "attention") for peer in node.config.peers
    ]


@pytest.mark.parametrize(
    ("signer", "listener", "changes", "code"),
    [
        ("JPN", "USA", {"root": bytes(32)}, "tree-forked"),
        ("JPN", "USA", {"size": 2}, "tree-rolled-back"),
        ("JPN", "USA", {"size": 10_000, "root": bytes(32)}, "tree-missing"),
        ("USA", "JPN", {"size": 10_000, "root": bytes(32)}, "tree-beyond"),
    ],
)
def test_what_a_partner_signed_against_our_record_is_an_alert_after_a_restart_too(
    signer: str, listener: str, changes: dict[str, Any], code: str
) -> None:
    federation = shared()
    node = federation.nodes[listener]
    if "root" in changes and "size" not in changes:
        tell(federation, signer, listener, head_of(federation, signer, "JPN", "USA"))
    tell(federation, signer, listener, head_of(federation, signer, "JPN", "USA", **changes))
    for _ in range(8):
        federation._advance(federation.clock.now_ns() + SECOND_NS)
        node.tick()
    condition = told(node)
    assert (code, signer, "severe") in codes(condition)
    partner = next(one for one in condition.partners if one.party == signer)
    tree = partner.received_tree if listener == "USA" else partner.sent_tree
    late = code == "tree-missing"
    assert (tree.agreement is TreeAgreement.FORK) is not late
    findings = node.witness.findings()
    assert troubles(condition, (), [(findings[0][0], signer, condition.at_ns - FINDING_SEVERE_NS)])[
        0
    ].severity is (Severity.ATTENTION)


def test_a_lost_row_of_the_ledger_is_an_alert_and_one_that_a_partner_gave_again_is_none() -> None:
    federation = scrubbed()
    node = federation.nodes["JPN"]
    own = next(stored.entry for stored in node.ledger.entries(kinds={EntryKind.REPORT}))
    sent = next(stored.entry for stored in node.ledger.entries(kinds={EntryKind.RELEASE}))
    for entry in (own, sent):
        damage(federation, "JPN", entry, **spoilt(federation, "JPN", entry))
    go_on(federation, 4)
    condition = told(node)
    assert ("ledger-lost", "JPN", "severe") in codes(condition)
    assert condition.ledger.lost == 1
    go_on(federation, 80)
    assert told(node).ledger.damaged == 0, "the partner gave it again"


def test_a_partner_without_a_word_in_time_and_one_that_is_behind_are_alerts() -> None:
    world = World()
    for other in ("KOR", "USA"):
        world.link("JPN", other, up=False)
    world.run(FRESH_S + 2)
    stale = [alert for alert in told(world.nodes["JPN"]).alerts if alert.code == "agreement-stale"]
    assert {alert.party for alert in stale} == {"KOR", "USA"}
    assert trouble_sentence(stale[0]).startswith("ring version 1: nothing goes to ")


def test_a_restored_node_says_for_whom_it_waits() -> None:
    node = federation_of("separate-2009").nodes["KOR"]
    node.resuming.begin((), lambda *_, **__: None, "a" * 32)
    assert codes(told(node)) == [("resuming", peer, "severe") for peer in node.config.peers]


@pytest.mark.parametrize(
    ("storage", "status", "expected"),
    [
        (ROOMY, Status.EXERCISE, []),
        (Storage(), Status.EXERCISE, []),
        (Storage(free_bytes=DISK_LOW_BYTES - 1), Status.EXERCISE, [("disk-low", "attention")]),
        (Storage(free_bytes=DISK_FULL_BYTES - 1), Status.EXERCISE, [("disk-low", "severe")]),
        (Storage(), Status.REAL, [("backup-none", "attention")]),
        (Storage(backup_ns=WALL_NS - BACKUP_AGE_NS), Status.REAL, [("backup-old", "attention")]),
        (Storage(backup_ns=WALL_NS - BACKUP_AGE_NS + 1), Status.REAL, []),
        (Storage(backup_ns=1), Status.EXERCISE, []),
    ],
)
def test_storage_is_told_in_time_and_backups_only_where_it_is_meant(
    storage: Storage, status: Status, expected: list[tuple[str, str]]
) -> None:
    condition = told(federation_of("separate-2009").nodes["KOR"], storage=storage)
    found = troubles(msgspec.structs.replace(condition, status=status))
    assert [(one.code, one.severity.value) for one in found] == expected


def test_a_node_that_has_stopped_or_is_late_says_so_first() -> None:
    node = federation_of("separate-2009").nodes["KOR"]
    condition = told(
        node, Links(LinkCode.CLOCK_AHEAD, {"seconds": 9.0}), problem="the disk is full", behind_s=12
    )
    assert codes(condition)[0] == ("stopped", "KOR", "severe")
    assert ("behind", "KOR", "attention") in codes(condition)
    order = [alert.severity for alert in condition.alerts]
    assert order == sorted(order, key=list(Severity).index)
    assert codes(told(node, behind_s=100.0)) == [("behind", "KOR", "severe")]


def test_a_partner_without_a_pin_is_an_alert() -> None:
    node = federation_of("separate-2009").nodes["KOR"]
    node.trusting.store = TrustStore([node.trust.pin("KOR")])
    assert ("keys-unknown", "USA", "severe") in codes(told(node))


@pytest.mark.parametrize("code", list(TroubleCode))
def test_each_trouble_has_a_sentence_of_one_line_that_says_what_to_do(code: TroubleCode) -> None:
    names = ("problem", "seconds", "days", "agreement", "version", "count", "free_mb", "hours", "since_ns")
    figures: dict[str, str | int | float] = dict.fromkeys(names, 5)
    said = trouble_sentence(Trouble(code=code.value, severity=Severity.SEVERE, party="USA", figures=figures))
    assert "\n" not in said
    assert not [field for _, field, _, _ in string.Formatter().parse(said) if field]
    assert any(mark in said for mark in (":", ", ")), "what is wrong, and then what to do"


def test_a_backup_is_noted_in_the_folder_and_nonsense_there_is_not_believed(tmp_path: Path) -> None:
    folder = node_folders(tmp_path)["KOR"]
    assert storage_of(folder).backup_ns is None
    note_backup(folder, 17, 4)
    storage = storage_of(folder)
    assert (storage.backup_ns, storage.backup_entries) == (17, 4)
    assert storage.free_bytes is not None
    for said in ("{", "[]", '{"made_ns": "x", "entries": 1}', '{"made_ns": -1, "entries": 1}'):
        (folder.run_path / BACKUP_FILE).write_text(said, encoding="utf-8")
        assert storage_of(folder).backup_ns is None
