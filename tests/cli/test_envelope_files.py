"""`trilat envelope`: a file is opened and proved without any node running."""

import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from trilat.cli.app import run
from trilat.link import Parcel, Sealer, sign_label
from trilat.model import (
    Classification,
    Domain,
    Duties,
    Form,
    Label,
    Provenance,
    Release,
    Statement,
    Status,
    encode,
)
from trilat.node import read_folder

AT_NS = 1_798_761_600_000_000_000


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("nodes")
    found = {}
    for party, other in (("KOR", "USA"), ("USA", "KOR")):
        found[party] = root / party
        arguments = ["node", "init", str(found[party]), "--party", party, "--peer", f"{other}-"]
        assert run([*arguments, "--agreements", "separate-2009", "--status", "simulated"]) == 0
    for party, other in (("KOR", "USA"), ("USA", "KOR")):
        card = (found[other] / "card.json").read_text(encoding="utf-8")
        (found[party] / "peers" / f"{other}.json").write_text(card, encoding="utf-8")
    return found


def _release() -> Release:
    item = Statement(
        item_id="KOR-said-1",
        subject="KOR-said-1",
        domain=Domain.CONSULTATION,
        status=Status.SIMULATED,
        valid_ns=AT_NS,
        label=Label(
            originator="KOR",
            classification=Classification(scheme="KOR", level="UNCLASSIFIED"),
            releasable_to=("USA",),
            created_ns=AT_NS,
        ),
        provenance=Provenance(originators=("KOR",)),
        text="a word",
    )
    return Release(
        item=item,
        sender="KOR",
        recipient="USA",
        via=None,
        purpose="warning",
        clauses=("agreement#clause",),
        form=Form.TRACKS,
        duties=Duties(),
        decided_ns=AT_NS,
    )


@pytest.fixture
def envelope(folders: dict[str, Path], tmp_path: Path) -> Path:
    kor, usa = (read_folder(folders[party]) for party in ("KOR", "USA"))
    release = _release()
    parcel = Parcel(release=encode(release), marking=sign_label(kor.keys, release.item))
    data = Sealer(kor.keys, usa.keys.pin, "stream-1", os.urandom).seal(1, [parcel], with_key=True)
    path = tmp_path / "envelope"
    path.write_bytes(data)
    return path


def test_the_recipient_opens_a_file(
    folders: dict[str, Path], envelope: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["envelope", "open", str(envelope), "--node", str(folders["USA"])]) == 0
    assert "statement KOR-said-1 version 1, KOR UNCLASSIFIED" in capsys.readouterr().out
    assert run(["envelope", "open", str(envelope), "--node", str(folders["USA"]), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["sender"], said["releases"][0]["release"]["item"]["text"]) == ("KOR", "a word")


def test_nobody_else_opens_it_and_nothing_else_is_opened(
    folders: dict[str, Path], envelope: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["envelope", "open", str(envelope), "--node", str(folders["KOR"])]) != 0
    assert "no party that `KOR` holds a pin for" in capsys.readouterr().err
    broken = tmp_path / "broken"
    broken.write_bytes(envelope.read_bytes()[:-1] + b"\0")
    assert run(["envelope", "open", str(broken), "--node", str(folders["USA"])]) != 0
    said = capsys.readouterr()
    assert (said.out, len(said.err.strip().splitlines())) == ("", 1)


@pytest.mark.parametrize("label_only", [False, True])
def test_what_was_released_is_proved_with_the_senders_card_alone(
    folders: dict[str, Path],
    envelope: Path,
    tmp_path: Path,
    label_only: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    proof, card = tmp_path / "proof", str(folders["KOR"] / "card.json")
    arguments = ["envelope", "prove", str(envelope), "--node", str(folders["USA"]), "--sequence", "1"]
    arguments += ["--out", str(proof), *(["--label-only"] if label_only else [])]
    assert run(arguments) == 0
    assert run(["envelope", "verify", str(proof), "--card", card]) == 0
    said = capsys.readouterr().out
    assert "KOR signed that it released to USA, as 1: " in said
    assert ("KOR-said-1" in said) is not label_only
    assert run(["envelope", "verify", str(proof), "--card", card, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["label"]["originator"] == "KOR"
    assert run(arguments) != 0, "a file that is there is not written over"


def test_a_forged_proof_is_refused_in_one_line(
    folders: dict[str, Path], envelope: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proof = tmp_path / "proof"
    arguments = ["--node", str(folders["USA"]), "--sequence", "1", "--out", str(proof)]
    assert run(["envelope", "prove", str(envelope), *arguments]) == 0
    proof.write_bytes(proof.read_bytes().replace(b"a word", b"a lie!"))
    capsys.readouterr()
    assert run(["envelope", "verify", str(proof), "--card", str(folders["KOR"] / "card.json")]) != 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "is not the one that `KOR` signed for" in said.err


def test_a_release_goes_into_a_ztdf_and_comes_back(
    folders: dict[str, Path], envelope: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = generate_private_key(SECP256R1())
    public, private = tmp_path / "public.pem", tmp_path / "private.pem"
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private.chmod(0o600)
    container, item = tmp_path / "item.ztdf", tmp_path / "item.json"
    given = ["--node", str(folders["USA"]), "--sequence", "1", "--key", str(public)]
    assert run(["ztdf", "export", str(envelope), *given, "--out", str(container)]) == 0
    cards = [word for party in ("USA", "KOR") for word in ("--card", str(folders[party] / "card.json"))]
    taken = ["ztdf", "import", str(container), "--key", str(private), "--out", str(item)]
    assert run([*taken, *cards]) == 0
    assert "statement KOR-said-1 of KOR, KOR UNCLASSIFIED, exported by USA" in capsys.readouterr().out
    assert json.loads(item.read_text(encoding="utf-8"))["text"] == "a word"
    item.unlink()
    for arguments, words in (
        ([*taken, *cards[:2]], "no pin for `KOR`"),
        ([*taken[:3], "--key", str(public), *taken[5:], *cards], "is open to others"),
        (["ztdf", "export", str(envelope), *given[:3], "7", *given[4:], "--out", str(item)], "7 is not in"),
    ):
        assert run(arguments) != 0
        assert words in capsys.readouterr().err
        assert not item.exists()
