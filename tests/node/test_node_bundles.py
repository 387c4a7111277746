"""Bundles between two nodes without a link: what one released comes to the other in files, whole and once."""

import json
import os
from pathlib import Path

import pytest
from tests.node_folders import Nowhere, node_folders
from tests.small_federation import START_NS, at, launch, received

from trilat.cli.app import run
from trilat.link import Arrival, BundleWriter, check_bundle
from trilat.model import SECOND_NS, EnvelopeError, TrustError, WireError
from trilat.node import (
    ManualClock,
    NodeFolder,
    StandingNode,
    export_bundle,
    import_bundle,
    restore,
)


def _release(folder: NodeFolder, versions: range) -> int:
    """Let a node see a launch in these versions, and release them; returns the newest number to USA."""
    clock = ManualClock(at(versions.start))
    ledger = folder.open_ledger(clock, os.urandom)
    node = folder.node(clock, ledger, Nowhere())
    restore(node)
    for version in versions:
        clock.advance_to(at(version))
        node.intake([launch(node, at_s=version, version=version)])
        node.tick()
    for _ in range(5):
        clock.advance_to(clock.now_ns() + SECOND_NS)
        node.tick()
    last = node.endpoint.next_sequence("USA") - 1
    ledger.close()
    return last


def _came(folder: NodeFolder) -> list[int]:
    """The numbers of KOR's that a node's ledger holds, in the order in which they came."""
    ledger = folder.open_ledger(ManualClock(1), os.urandom, read_only=True)
    try:
        node = folder.node(ManualClock(1), ledger, Nowhere())
        return [record.sequence for record in received(node) if record.sender == "KOR"]
    finally:
        ledger.close()


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, NodeFolder]:
    return node_folders(tmp_path)


def _json(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, object]:
    assert run([*map(str, arguments), "--json"]) == 0
    told: dict[str, object] = json.loads(capsys.readouterr().out)
    return told


def test_what_was_released_is_carried_there_and_the_receipt_back(
    folders: dict[str, NodeFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kor, usa = folders["KOR"], folders["USA"]
    last = _release(kor, range(1, 6))
    assert last >= 5
    out, back, again = tmp_path / "out", tmp_path / "back", tmp_path / "again"
    told = _json(capsys, "bundle", "export", kor.path, out, "--to", "USA")
    assert (told["parcels"], told["last"]) == (last, last)

    assert run(["bundle", "import", str(usa.path), str(out)]) == 0
    assert "from KOR: 1 members new, 0 had come before, 0 receipts" in capsys.readouterr().out
    assert _came(usa) == list(range(1, last + 1))

    # Carried twice by mistake: nothing is doubled.
    assert run(["bundle", "import", str(usa.path), str(out), str(out)]) == 0
    assert capsys.readouterr().out.count("0 members new, 1 had come before") == 2
    assert _came(usa) == list(range(1, last + 1))

    assert run(["bundle", "export", str(usa.path), str(back), "--to", "KOR"]) == 0
    assert run(["bundle", "import", str(kor.path), str(back)]) == 0
    capsys.readouterr()
    assert _json(capsys, "bundle", "export", kor.path, again, "--to", "USA")["parcels"] == 0


def test_parts_may_be_carried_in_any_order_and_one_that_is_missing_is_said(
    folders: dict[str, NodeFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kor, usa = folders["KOR"], folders["USA"]
    middle = _release(kor, range(1, 4))
    first, second = tmp_path / "first", tmp_path / "second"
    export_bundle(kor, "USA", first, ManualClock(START_NS))
    last = _release(kor, range(4, 8))
    export_bundle(kor, "USA", second, ManualClock(START_NS), since=middle)

    assert run(["bundle", "import", str(usa.path), str(second)]) == 0
    capsys.readouterr()
    before = _came(usa)
    assert set(before) < set(range(middle + 1, last + 1)) | {0}
    assert run(["bundle", "import", str(usa.path), str(second), str(first)]) == 0
    assert sorted(_came(usa)) == list(range(1, last + 1))


def test_what_is_marked_as_carried_is_not_written_again(
    folders: dict[str, NodeFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kor = folders["KOR"]
    last = _release(kor, range(1, 4))
    export = ("bundle", "export", kor.path)
    assert _json(capsys, *export, tmp_path / "a", "--to", "USA", "--carried")["parcels"] == last
    assert _json(capsys, *export, tmp_path / "b", "--to", "USA")["parcels"] == 0
    assert _json(capsys, *export, tmp_path / "c", "--to", "USA", "--since", "0")["parcels"] == last
    assert _json(capsys, *export, tmp_path / "d", "--to", "JPN")["parcels"] == 0


def test_what_an_agreement_does_not_let_go_any_more_is_not_carried_either(
    folders: dict[str, NodeFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kor = folders["KOR"]
    assert _release(kor, range(1, 4)) > 0
    for file in (kor.path / "agreements").glob("*.toml"):
        if "internal" not in file.name:
            file.unlink()

    told = _json(capsys, "bundle", "export", kor.path, tmp_path / "out", "--to", "USA")

    assert (told["parcels"], told["held_at"]) == (0, 1)
    assert run(["bundle", "export", str(kor.path), str(tmp_path / "more"), "--to", "USA"]) == 0
    assert "may not go to USA any more" in " ".join(capsys.readouterr().out.split())


def _bundle(folders: dict[str, NodeFolder], tmp_path: Path) -> bytes:
    _release(folders["KOR"], range(1, 4))
    export_bundle(folders["KOR"], "USA", tmp_path / "sound", ManualClock(START_NS))
    return (tmp_path / "sound").read_bytes()


def test_no_damaged_foreign_or_oversize_bundle_is_used(
    folders: dict[str, NodeFolder], tmp_path: Path
) -> None:
    sound = _bundle(folders, tmp_path)
    usa = folders["USA"]
    path = tmp_path / "hostile"

    def refused(data: bytes) -> str:
        path.write_bytes(data)
        with pytest.raises((EnvelopeError, TrustError, WireError)) as caught:
            import_bundle(usa, path, lambda _: pytest.fail("a member of it was used"))
        text = str(caught.value)
        assert "\n" not in text
        return text

    # Every length of a truncated file would be many; every byte near the ends, and some between, is enough.
    sizes = {*range(60), *range(60, len(sound) - 400, 97), *range(len(sound) - 400, len(sound))}
    for size in sorted(sizes):
        refused(sound[:size])
    for place in range(0, len(sound), 61):
        changed = bytearray(sound)
        changed[place] ^= 1 << (place % 8)
        refused(bytes(changed))
    assert "goes on behind its end" in refused(sound + b"\0")
    assert "no bundle" in refused(b"PK\x03\x04" + sound)
    assert "says 4294967295 bytes" in refused(sound[:16] + b"\xff" * 4 + sound[20:])
    assert "ends early" in refused(sound[:16] + (1_048_576).to_bytes(4, "big") + bytes(100))


def test_members_that_were_swapped_left_out_or_added_are_noticed(
    folders: dict[str, NodeFolder], tmp_path: Path
) -> None:
    kor, usa = folders["KOR"], folders["USA"]
    paths = iter(range(100))

    def written(members: list[bytes]) -> bytes:
        path = tmp_path / f"made-{next(paths)}"
        writer = BundleWriter(kor.keys, "USA", 1, lambda _: path.open("xb"))
        for member in members:
            writer.add(member)
        writer.close()
        return path.read_bytes()

    one, two = b"member 1", b"member 2"
    sound = written([one, two])
    framed = [len(member).to_bytes(4, "big") + member for member in (one, two)]
    assert framed[0] + framed[1] in sound
    for instead in (framed[1] + framed[0], framed[0], framed[0] + framed[1] + framed[1], b""):
        path = tmp_path / "changed"
        path.write_bytes(sound.replace(framed[0] + framed[1], instead))
        with path.open("rb") as file, pytest.raises(EnvelopeError, match="is not what `KOR` closed"):
            check_bundle(file, "USA", usa.trust)


def test_a_bundle_for_another_party_or_by_a_stranger_is_refused(
    folders: dict[str, NodeFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _bundle(folders, tmp_path)
    assert run(["bundle", "import", str(folders["JPN"].path), str(tmp_path / "sound")]) != 0
    assert "the bundle is for `USA`: this is `JPN`, not read" in capsys.readouterr().err
    strangers = node_folders(tmp_path / "strangers")
    assert run(["bundle", "import", str(strangers["USA"].path), str(tmp_path / "sound")]) != 0
    assert "is not by `KOR`" in " ".join(capsys.readouterr().err.split())
    assert run(["bundle", "import", str(folders["USA"].path), str(tmp_path / "nothing")]) != 0
    assert run(["bundle", "export", str(folders["KOR"].path), str(tmp_path / "x"), "--to", "PRK"]) != 0
    assert run(["bundle", "export", str(folders["KOR"].path), str(tmp_path / "sound"), "--to", "USA"]) != 0
    assert run(
        ["bundle", "export", str(folders["KOR"].path), str(tmp_path / "y"), "--to", "USA", "--split", "1K"]
    )
    assert len(capsys.readouterr().err.splitlines()) == 4


def test_a_sound_bundle_of_nonsense_is_refused_member_by_member(
    folders: dict[str, NodeFolder], tmp_path: Path
) -> None:
    """A partner that signs anything: what it puts in is checked as over a link."""
    kor, usa = folders["KOR"], folders["USA"]
    path = tmp_path / "nonsense"
    writer = BundleWriter(kor.keys, "USA", 1, lambda _: path.open("xb"))
    for member in (b"x", b"\x91" * 1_000_000, b"\xd2\x84" + bytes(50)):
        writer.add(member)
    writer.close()
    node = StandingNode(usa)
    imported = import_bundle(usa, path, node.receive)
    node.close()
    assert imported.arrivals == {Arrival.REFUSED: 3}
    assert len(imported.refusals) == 3


def test_parts_are_no_larger_than_asked_and_each_is_whole(
    folders: dict[str, NodeFolder], tmp_path: Path
) -> None:
    kor, usa = folders["KOR"], folders["USA"]
    files: list[Path] = []

    def opened(part: int) -> object:
        files.append(tmp_path / f"part-{part}")
        return files[-1].open("xb")

    writer = BundleWriter(kor.keys, "USA", 1, opened, 2 * 1_048_576)  # type: ignore[arg-type]
    for number in range(5):
        writer.add(bytes([number]) * 900_000, number + 1, number + 1)
    writer.close()
    assert [path.stat().st_size <= 2 * 1_048_576 for path in files] == [True] * 3
    heads = []
    for path in files:
        with path.open("rb") as file:
            heads.append(check_bundle(file, "USA", usa.trust))
    assert [(head.part, head.first_sequence) for head in heads] == [(1, 1), (2, 3), (3, 5)]
