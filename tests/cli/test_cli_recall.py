"""`trilat recall` over the routes of a real node: what is asked of it, and what people read."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.cli.commands import Ended, trilat
from tests.recall_drill import DRILL, SEEN, drill, recalling, run, voluntary
from tests.small_federation import once
from tests.web.fakes import STAFF, FakeNode, ask, node_access

from trilat.cli import recall
from trilat.ledger import EntryKind, Ledger
from trilat.model import UsageError, to_plain
from trilat.node import Copies, Node
from trilat.web import node_app

Typed = Callable[..., Ended]


def typed_at(node: Node, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Types a command whose node is this one instead of one in a folder."""
    app = node_app(FakeNode(party=node.config.party, real=node), node_access())

    def ask_it(_: object, role: str, method: str, path: str, said: Any = None) -> Any:
        assert role == "staff"
        body = b"" if said is None else json.dumps(said).encode()
        answer = asyncio.run(ask(app, method, path, STAFF, {}, body))
        if answer.is_client_error:
            raise UsageError(answer.json()["error"])
        return answer.json()

    def open_ledger(*_: object, **__: object) -> Ledger:
        return node.ledger

    monkeypatch.setattr(recall, "ask_node", ask_it)
    monkeypatch.setattr(recall, "read_folder", lambda _: SimpleNamespace(open_ledger=open_ledger))
    return lambda *words, code=0: _ended(trilat("recall", *words), code)


def _ended(ended: Ended, code: int) -> Ended:
    assert ended.code == code, ended.err
    return ended


def node_after(party: str, *acts: Any, text: str = DRILL, seconds: int = 20) -> Node:
    return run(drill(seconds, text), list(acts)).nodes[party]


def test_a_recall_is_typed_and_its_answers_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    typed = typed_at(node_after("JPN", once(8, recalling())), monkeypatch)
    said = typed("status", "jpn").out
    assert "USA complied (certificate)" in said
    assert "KOR complied (certificate)" in said
    case = json.loads(typed("status", "jpn", "--json").out)["asked"][0]
    out = tmp_path / "certificate"
    certificate = json.loads(typed("certificate", "jpn", case["name"], "KOR", "--out", str(out)).out)
    assert certificate["removed"][0]["item_id"] == SEEN
    assert out.stat().st_size > 0
    assert "no certificate of USA/x" in typed("certificate", "jpn", case["name"], "USA/x", code=2).err


def test_items_are_called_back_and_holders_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = typed_at(node_after("JPN", seconds=10), monkeypatch)
    assert "USA" in typed("holders", "jpn", SEEN).out
    assert "was released to nobody" in typed("holders", "jpn", "JPN-never").out
    assert json.loads(typed("holders", "jpn", SEEN, "--ask", "--json").out)["holders"][0]["holder"] == "USA"
    assert "USA is asked" in typed("items", "jpn", SEEN, "--reason", "wrong").out
    assert "is not ours" in typed("items", "jpn", "KOR-x@1", code=2).err
    name = json.loads(typed("status", "jpn", "--json").out)["asked"][0]["name"]
    assert "is closed" in typed("close", "jpn", name).out


def test_a_partners_recall_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    usa = node_after("USA", once(8, recalling(within_s=60)), text=voluntary(DRILL))
    typed = typed_at(usa, monkeypatch)
    assert "waits for a person" in typed("status", "usa").out
    name = json.loads(typed("status", "usa", "--json").out)["asks"][0]["name"]
    assert "say why" in typed("answer", "usa", name, "refused", code=2).err
    assert "USA/staff answered" in typed("answer", "usa", name, "refused", "--reason", "evidence").out
    assert "waits for an answer here" in typed("answer", "usa", name, "complied", code=2).err


def test_labels_losses_and_an_agreements_end(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = typed_at(node_after("JPN", seconds=10), monkeypatch)
    assert "say what the new label changes" in typed("relabel", "jpn", SEEN, code=2).err
    assert "USA is asked" in typed("relabel", "jpn", SEEN, "--level", "HI").out
    assert "is in force" in typed("run", "jpn", "--agreement", "recall-drill", code=2).err
    usa = typed_at(node_after("USA", seconds=10), monkeypatch)
    assert "JPN is told of JPN-seen@1" in usa("loss", "usa", SEEN, "--happened", "stolen").out
    assert "lost JPN-seen@1: stolen (open)" in " ".join(usa("status", "usa").out.split())
    name = json.loads(usa("status", "usa", "--json").out)["losses"][0]["report"]["item_id"]
    assert (
        "is followed up"
        in usa("loss", "usa", name, "--more", "--measures", "found", "--follow-up-s", "0").out
    )
    assert "is known here" in usa("loss", "usa", "KOR-l", "--instruct", "search", code=2).err


def test_a_leaked_file_is_traced_by_the_ledger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    node = node_after("JPN", seconds=10)
    (item,) = (copy.item for copy in Copies(node.ledger).of([SEEN]))
    leaked, other = tmp_path / "leaked.json", tmp_path / "other.txt"
    leaked.write_text(json.dumps(to_plain(item)), encoding="utf-8")
    other.write_text("nothing of this", encoding="utf-8")
    typed = typed_at(node, monkeypatch)
    before = len(list(node.ledger.entries(kinds={EntryKind.RELEASE})))
    said = " ".join(typed("trace", "jpn", str(leaked)).out.split())
    assert "USA" in said
    assert "an exact copy" in said
    assert "nobody else" in said
    assert json.loads(typed("trace", "jpn", str(leaked), "--json").out)["traces"][0]["is_exact"]
    assert "no release of this node is like" in typed("trace", "jpn", str(other)).out
    assert "cannot be read" in typed("trace", "jpn", str(tmp_path / "none"), code=2).err
    assert len(list(node.ledger.entries(kinds={EntryKind.RELEASE}))) == before
