"""Auditing from the command line: verified, repaired, proved to a third party, compared, told."""

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.cli.commands import Ended, trilat
from tests.small_federation import at, federation_of, launch, play

from trilat.ledger import Entry, EntryKind, Ledger, SqliteStore
from trilat.link import Card, LinkIdentity, Parcel, card_to_json
from trilat.model import LedgerError, decode, encode
from trilat.node import RECORD_BYTES_MAX, AuditSettings, ReleaseRecord, SystemClock, look_entry
from trilat.node.records import DeskRecord, DeskStep
from trilat.study import Federation

OFTEN = AuditSettings(head_every_s=2, head_every_items=3, scrub_rows_per_s=0)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ledgers of a federation in which JPN told fifteen launches, and the cards of its parties."""
    folder = tmp_path_factory.mktemp("audit")
    federation = federation_of("multilateral", 20, folder=folder, audit=OFTEN)
    jpn = federation.nodes["JPN"]
    play(federation, [(at(1 + n), "JPN", launch(jpn, f"seen{n}", at_s=1 + n)) for n in range(15)])
    for party in federation.nodes:
        (folder / f"{party}.json").write_text(card_to_json(_card(federation, party)), encoding="utf-8")
    federation.close()
    return folder


def _card(federation: Federation, party: str) -> Card:
    identity = LinkIdentity.generate(party, (), SystemClock().now_ns(), os.urandom)
    return identity.card(federation._keys[party].pin)


@pytest.fixture
def folder(recorded: Path, tmp_path: Path) -> Path:
    shutil.copytree(recorded, tmp_path / "held")
    return tmp_path / "held"


def opened(path: Path) -> Ledger:
    key = path.with_name(f"{path.name}.key").read_bytes()
    return Ledger(SqliteStore(path), path.name[:3], key, SystemClock(), os.urandom)


def looks(path: Path) -> list[str]:
    ledger = opened(path)
    records = [decode(stored.content or b"", DeskRecord) for stored in ledger.entries(kinds={EntryKind.DESK})]
    ledger.close()
    return [record.said for record in records if record.step is DeskStep.SHOWN]


def proved(folder: Path, party: str, *options: str) -> Ended:
    return trilat("audit", "prove", folder / f"{party}.ledger", "--out", folder / "proof.json", *options)


def checked(folder: Path, *cards: str) -> Ended:
    given = [part for card in cards for part in ("--card", folder / f"{card}.json")]
    return trilat("audit", "check", folder / "proof.json", *given)


def test_a_third_party_sees_that_both_signed_for_a_parcel_and_what_was_acknowledged(folder: Path) -> None:
    assert proved(folder, "JPN", "--with", "USA", "--sequence", "5").code == 0
    ended = checked(folder, "JPN", "USA")
    assert ended.code == 0
    assert "parcel 5 of the stream JPN to USA" in ended.out
    assert "USA signed that it has accepted the stream up to" in ended.out
    assert looks(folder / "JPN.ledger") == ["audit prove"]


@pytest.mark.parametrize("options", [[], ["--from", "3"], ["--received"]])
def test_nothing_was_rewritten_between_two_heads(folder: Path, options: list[str]) -> None:
    party, partner = ("USA", "JPN") if "--received" in options else ("JPN", "USA")
    assert proved(folder, party, "--with", partner, *options).code == 0
    ended = checked(folder, "JPN", "USA")
    assert (ended.code, "none was rewritten" in ended.out) == (0, True)


def test_the_whole_ledger_is_opened_to_an_auditor_and_to_nobody_else(folder: Path) -> None:
    assert proved(folder, "JPN", "--with", "USA", "--ledger-head").code == 0
    ended = checked(folder, "JPN")
    assert (ended.code, "its chain ended in" in ended.out) == (0, True)


def _longer(plain: Any) -> None:
    plain["proof"]["path"].append(plain["proof"]["path"][0])


def _other_sequence(plain: Any) -> None:
    plain["proof"]["sequence"] += 1


def _other_digest(plain: Any) -> None:
    plain["proof"]["parcel_digest"] = plain["proof"]["path"][0]


def _no_heads(plain: Any) -> None:
    plain["proof"]["heads"] = []


def _one_head_twice(plain: Any) -> None:
    plain["proof"]["heads"] = plain["proof"]["heads"][:1] * 2


def _huge(plain: Any) -> None:
    plain["proof"]["path"] = plain["proof"]["path"] * 60


def _of_no_kind(plain: Any) -> None:
    plain["proof"] = {"kind": "inclusion"}


def _with_more(plain: Any) -> None:
    plain["more"] = 1


@pytest.mark.parametrize(
    "change",
    [_longer, _other_sequence, _other_digest, _no_heads, _one_head_twice, _huge, _of_no_kind, _with_more],
)
def test_a_proof_that_was_changed_shows_nothing(folder: Path, change: Callable[[Any], None]) -> None:
    proved(folder, "JPN", "--with", "USA", "--sequence", "5")
    plain = json.loads((folder / "proof.json").read_text())
    change(plain)
    (folder / "proof.json").write_text(json.dumps(plain))
    ended = checked(folder, "JPN", "USA")
    assert ended.code in {1, 2}
    assert "signed: parcel" not in ended.out


def test_a_proof_needs_the_cards_of_those_who_signed(folder: Path) -> None:
    proved(folder, "JPN", "--with", "USA", "--sequence", "5")
    assert checked(folder, "KOR").code == 1
    (folder / "JPN.json").write_text((folder / "KOR.json").read_text())
    assert checked(folder, "JPN").code == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--with", "USA", "--sequence", "10000"],
        ["--with", "USA", "--from", "10000"],
        ["--with", "CHN", "--sequence", "1"],
        ["--with", "USA", "--sequence", "1", "--ledger-head"],
        ["--with", "USA", "--received"],
    ],
)
def test_what_cannot_be_proved_is_refused_in_one_line(folder: Path, options: list[str]) -> None:
    ended = proved(folder, "JPN", *options)
    assert (ended.code, ended.err.count("\n"), ended.out) == (2, 1, "")
    assert not (folder / "proof.json").exists()


def searched(folder: Path) -> Ended:
    """Both sides answer each other until one of them ends it."""
    sides = [("JPN", "USA", []), ("USA", "JPN", ["--received"])]
    theirs: list[Any] = []
    for turn in range(12):
        party, partner, way = sides[turn % 2]
        out = folder / f"part-{turn}.json"
        given = (folder / f"{party}.ledger", "--with", partner, "--out", out, "--json", *way, *theirs)
        ended = trilat("audit", "compare", *given)
        if ended.code or not ended.value["goes_on"]:
            return ended
        theirs = ["--theirs", out]
    raise AssertionError("the search does not end")


def test_two_partners_with_the_same_record_are_told_so(folder: Path) -> None:
    ended = searched(folder)
    assert (ended.code, ended.value["first_difference"]) == (0, None)
    assert ended.value["compared"] >= 15


def test_a_file_for_the_comparison_that_is_none_is_refused(folder: Path) -> None:
    trilat("audit", "compare", folder / "JPN.ledger", "--with", "USA", "--out", folder / "part.json")
    part = json.loads((folder / "part.json").read_text())
    bad: list[dict[str, Any]] = [
        {"hashes": []},
        {"hashes": ["00" * 32] * 257},
        {"level": 3},
        {"level": 64},
        {"start": 1_000},
        {"size": -1},
        {"by": "KOR"},
        {"stream": "other"},
        {"more": 1},
    ]
    for changes in bad:
        (folder / "bad.json").write_text(json.dumps(part | changes))
        ended = trilat(
            "audit", "compare", folder / "USA.ledger", "--with", "JPN", "--received",
            "--theirs", folder / "bad.json", "--out", folder / "next.json",
        )  # fmt: skip
        assert (ended.code, ended.err.count("\n")) == (2, 1), changes


def test_the_report_tells_releases_with_clause_and_reason_and_who_looked(folder: Path) -> None:
    ledger = opened(folder / "JPN.ledger")
    ledger.append([look_entry("JPN", "staff", "referrals", bytes(32))])
    ledger.close()
    ended = trilat("audit", "report", folder / "JPN.ledger", "--json")
    assert ended.code == 0
    rows = ended.value["rows"]
    released = [row for row in rows if row["what"] == "released" and row["party"] == "USA"]
    assert len(released) >= 15
    assert all("multilateral.toml#" in row["why"] for row in released)
    assert {"head signed", "head witnessed"} <= {row["what"] for row in rows}
    assert [row["about"] for row in rows if row["what"] == "read"] == ["referrals"]
    again = trilat("audit", "report", folder / "JPN.ledger", "--csv")
    assert "audit report" in again.out  # the first report is itself a read
    page = folder / "report.html"
    assert trilat("audit", "report", folder / "JPN.ledger", "--html", page).code == 0
    assert "<svg" in page.read_text()


def test_a_report_of_a_time_in_which_nothing_happened_is_empty(folder: Path) -> None:
    ended = trilat(
        "audit", "report", folder / "JPN.ledger", "--until", "1999-01-01T00:00:00Z", "--json",
        "--html", folder / "page.html",
    )  # fmt: skip
    assert (ended.code, ended.value["rows"]) == (0, [])


def flip(path: Path, at_byte: int, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[at_byte % len(data)] ^= 1 << bit
    path.write_bytes(data)


@pytest.mark.parametrize("seed", range(12))
def test_a_bit_flipped_anywhere_in_a_file_is_found_and_everything_is_had_again(
    folder: Path, seed: int
) -> None:
    path = folder / "JPN.ledger"
    before = contents(path)
    source = random.Random(seed)
    # Headers of the file, of its root and of a leaf as well as anywhere.
    flip(path, [source.randrange(100), 4_096 + source.randrange(16), 8_192 + source.randrange(40),
                source.randrange(10**9)][seed % 4], source.randrange(8))  # fmt: skip
    ended = trilat("audit", "repair", path, "--json")
    assert ended.code == 0, ended
    assert trilat("audit", "verify", path).code == 0
    after = contents(path)
    assert {entry: after[entry] for entry in before} == before
    ledger = opened(path)
    ledger.append([look_entry("JPN", "staff", "still written", bytes(32))])
    ledger.close()


def contents(path: Path) -> dict[int, bytes | None]:
    ledger = opened(path)
    found = {stored.entry: stored.content for stored in ledger.entries()}
    ledger.close()
    return found


def test_what_is_lost_stops_the_ledger_until_somebody_says_that_it_goes_on(folder: Path) -> None:
    path = folder / "USA.ledger"
    ledger = opened(path)
    last = ledger.head().entries - 1
    ledger.close()
    spoil(path, last)
    assert trilat("audit", "verify", path).code == 4
    ended = trilat("audit", "repair", path, "--json")
    assert (ended.code, ended.value["goes_on"], len(ended.value["damaged"])) == (4, False, 1)
    ledger = opened(path)
    with pytest.raises(LedgerError, match="audit repair"):
        ledger.append([look_entry("USA", "staff", "x", bytes(32))])
    ledger.close()
    ended = trilat("audit", "repair", path, "--go-on", "--json")
    assert (ended.code, ended.value["goes_on"]) == (0, True)
    ended = trilat("audit", "verify", path, "--json")
    assert (ended.code, ended.value["lost"], ended.value["verified"]) == (0, 1, True)
    ledger = opened(path)
    ledger.append([look_entry("USA", "staff", "x", bytes(32))])
    assert ledger.verify().verified
    ledger.close()


def spoil(path: Path, entry: int) -> None:
    """Many bits of an entry's content, so that it cannot be put right by itself."""
    ledger = opened(path)
    row = ledger.examined(entry).row
    ledger.close()
    assert row is not None
    assert row.sealed_content is not None
    data = path.read_bytes()
    place = data.index(row.sealed_content[:200])
    path.write_bytes(data[:place] + bytes(20) + data[place + 20 :])


def test_the_first_difference_is_found_and_only_it(folder: Path) -> None:
    """JPN rewrites its ledger from its seventh parcel on; the comparison names that one."""
    ledger = opened(folder / "JPN.ledger")
    entries = [
        Entry(kind=stored.kind, content=_rewritten(stored.kind, stored.content or b""))
        for stored in ledger.entries()
        if stored.kind not in {EntryKind.HEAD, EntryKind.WITNESS}
    ]
    ledger.close()
    (folder / "JPN.ledger").unlink()
    other = opened(folder / "JPN.ledger")
    other.append(entries)
    other.close()
    assert trilat("audit", "verify", folder / "JPN.ledger").code == 0  # it is sound in itself
    ended = searched(folder)
    assert (ended.code, ended.value["first_difference"]) == (1, 7)


def _rewritten(kind: EntryKind, content: bytes) -> bytes:
    if kind is not EntryKind.RELEASE:
        return content
    record = decode(content, ReleaseRecord, bytes_max=RECORD_BYTES_MAX)
    if record.recipient != "USA" or record.sequence < 7:
        return content
    parcel = decode(record.parcel, Parcel, bytes_max=RECORD_BYTES_MAX)
    other = msgspec.structs.replace(parcel, salt=bytes(16))
    return encode(msgspec.structs.replace(record, parcel=encode(other)))
