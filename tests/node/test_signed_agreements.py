"""A node that means the world takes agreements with the signatures that they must have, and no others."""

import os
from base64 import b64encode
from pathlib import Path

import msgspec
import pytest
from tests.cli.commands import trilat
from tests.three_nodes import RING, ring

from trilat.ledger import Ledger, MemoryStore
from trilat.link import MemoryNetwork, sign_agreement
from trilat.model import Agreement, AgreementError, Status, UsageError, format_instant
from trilat.node import (
    KnownSettings,
    ManualClock,
    Node,
    NodeFolder,
    NodeSettings,
    Peer,
    make_folder,
    read_folder,
)
from trilat.node.settings import read_settings, write_settings
from trilat.policy import internal_agreement, read_agreement, without_parties

NOW_NS = 1_790_000_000_000_000_000
PARTIES = ("JPN", "KOR", "USA")


def folders(
    tmp_path: Path, status: Status = Status.REAL, known: KnownSettings | None = None
) -> dict[str, Path]:
    """Folders of three parties with each other's cards."""
    paths = {party: tmp_path / party for party in PARTIES}
    for party, path in paths.items():
        settings = NodeSettings(
            party=party,
            status=status,
            purpose="warning",
            peer=tuple(Peer(code=other) for other in PARTIES if other != party),
            known=known or KnownSettings(),
        )
        texts = {
            "ring.toml": RING,
            f"internal-{party}.toml": internal_agreement(party, "warning", "2000-01-01T00:00:00Z"),
        }
        make_folder(path, settings, texts, hosts=(), now_ns=NOW_NS, entropy=os.urandom)
    for party, path in paths.items():
        for other in PARTIES:
            if other != party:
                card = (paths[other] / "card.json").read_bytes()
                (path / "peers" / f"{other}.json").write_bytes(card)
    return paths


def signatures(paths: dict[str, Path], agreement: Agreement, parties: tuple[str, ...]) -> str:
    """What `trilat agreement sign` adds to a file."""
    tables = []
    for party in parties:
        made = sign_agreement(read_folder(paths[party]).keys, agreement, NOW_NS, ring())
        value = b64encode(made.signature).decode()
        signed = format_instant(made.signed_ns)
        tables.append(f'\n[[signature]]\nparty = "{party}"\nsigned = {signed}\nvalue = "{value}"\n')
    return "".join(tables)


def put(
    paths: dict[str, Path], signed_by: tuple[str, ...], text: str = RING, name: str = "ring.toml"
) -> Path:
    path = paths["JPN"] / "agreements" / name
    path.write_text(text + signatures(paths, read_agreement(name, text), signed_by), encoding="utf-8")
    return path


def node_of(held: NodeFolder) -> Node:
    clock = ManualClock(NOW_NS)
    ledger = Ledger(MemoryStore(), "JPN", b"k" * 32, clock, os.urandom)
    return held.node(clock, ledger, MemoryNetwork().endpoint("JPN"))


def test_signed_by_all_it_is_taken_and_the_own_staffs_needs_nobody(tmp_path: Path) -> None:
    paths = folders(tmp_path)
    put(paths, PARTIES)
    node = node_of(read_folder(paths["JPN"]))
    assert sorted(node.agreements.newest()) == ["internal-jpn", "ring"]
    assert not node.refusals
    assert node.config.fresh_s == 86_400, "where the world is meant a day without a word is the limit"


@pytest.mark.parametrize("signed_by", [(), ("JPN",), ("JPN", "USA")], ids=["nobody", "one", "two of three"])
def test_where_the_world_is_meant_one_that_lacks_a_signature_keeps_the_node_from_starting(
    tmp_path: Path, signed_by: tuple[str, ...]
) -> None:
    paths = folders(tmp_path)
    put(paths, signed_by)
    with pytest.raises(AgreementError, match=r"^ring.toml: `ring` version 1 is not signed by .*KOR"):
        node_of(read_folder(paths["JPN"]))


def test_a_signature_for_another_text_is_refused_already_when_the_folder_is_read(tmp_path: Path) -> None:
    paths = folders(tmp_path)
    path = put(paths, PARTIES)
    path.write_text(path.read_text(encoding="utf-8").replace("fresh_s = 20", "fresh_s = 0"), encoding="utf-8")
    with pytest.raises(AgreementError, match="the signature of JPN is wrong"):
        read_folder(paths["JPN"])


@pytest.mark.parametrize("status", [Status.EXERCISE, Status.SIMULATED])
def test_an_exercise_takes_it_and_says_so(tmp_path: Path, status: Status) -> None:
    paths = folders(tmp_path, status)
    node = node_of(read_folder(paths["JPN"]))
    assert [line for line in node.refusals if "taken all the same in an exercise" in line]
    assert node.config.fresh_s == 0


def test_an_exercise_may_refuse_it_too(tmp_path: Path) -> None:
    paths = folders(tmp_path, Status.EXERCISE, KnownSettings(unsigned_agreements="refuse"))
    with pytest.raises(AgreementError, match="is not signed by"):
        node_of(read_folder(paths["JPN"]))


def test_a_removal_counts_with_the_version_before_it_and_not_alone(tmp_path: Path) -> None:
    paths = folders(tmp_path)
    put(paths, PARTIES)
    made = without_parties(ring(), {"KOR"}, 2, NOW_NS)
    assert made is not None
    text = (
        RING.split('[[clause]]\nid = "through')[0]
        .replace('["JPN", "KOR", "USA"]', '["JPN", "USA"]')
        .replace("version = 1", "version = 2")
        .replace("2020-01-01T00:00:00Z", format_instant(NOW_NS))
    )
    assert read_agreement("ring-2.toml", text) == made, "the premise"
    put(paths, ("USA",), text, "ring-2.toml")
    assert node_of(read_folder(paths["JPN"])).agreements.newest()["ring"] == msgspec.structs.replace(
        made, signatures=read_folder(paths["JPN"]).agreements.newest()["ring"].signatures
    )
    (paths["JPN"] / "agreements" / "ring.toml").unlink()
    with pytest.raises(AgreementError, match=r"ring-2.toml: `ring` version 2 is not signed by JPN"):
        node_of(read_folder(paths["JPN"]))


@pytest.mark.parametrize(
    "said",
    [
        'unsigned_agreements = "exercise"',
        'unsigned_agreements = "never"',
        "fresh_s = -1",
        "gossip_s = 0",
        'fresh = "1 day"',
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_line(said: str) -> None:
    settings = NodeSettings(party="JPN", status=Status.REAL, purpose="warning")
    text = write_settings(settings).replace("gossip_s = 60", said)
    with pytest.raises(UsageError, match=r"^node.toml: ") as caught:
        read_settings(text)
    assert "\n" not in str(caught.value)


# --- trilat agreement adopt, known, remove ---


def test_a_node_that_does_not_run_finds_the_new_version_when_it_starts(tmp_path: Path) -> None:
    paths = folders(tmp_path)
    put(paths, PARTIES)
    text = RING.replace("version = 1", "version = 2").replace("Three share", "Three still share")
    file = tmp_path / "ring-2.toml"
    file.write_text(text + signatures(paths, read_agreement("ring-2.toml", text), PARTIES), encoding="utf-8")
    ended = trilat("agreement", "adopt", file, "--node", paths["JPN"])
    assert (ended.code, ended.err) == (0, "")
    assert node_of(read_folder(paths["JPN"])).agreements.newest()["ring"].version == 2
    again = trilat("agreement", "adopt", file, "--node", paths["JPN"])
    assert again.code == 2
    assert "version 2 does not follow version 2 of `ring`" in again.err


def test_it_does_not_get_one_that_it_would_not_take(tmp_path: Path) -> None:
    paths = folders(tmp_path)
    put(paths, PARTIES)
    file = tmp_path / "ring-2.toml"
    file.write_text(RING.replace("version = 1", "version = 2"), encoding="utf-8")
    ended = trilat("agreement", "adopt", file, "--node", paths["JPN"])
    assert ended.code == 2
    assert "ring-2.toml: `ring` version 2 is not signed by JPN, KOR, USA" in ended.err
    assert not (paths["JPN"] / "agreements" / "ring-2.toml").exists()


@pytest.mark.parametrize(
    "command", [("known",), ("remove", "ring", "--party", "KOR")], ids=["known", "remove"]
)
def test_what_is_asked_of_a_node_that_does_not_run_is_refused_in_one_line(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    paths = folders(tmp_path)
    ended = trilat("agreement", *command, "--node", paths["JPN"])
    assert ended.code == 2
    assert ended.err.startswith("trilat: the node of JPN does not run")
    assert ended.err.count("\n") == 1
