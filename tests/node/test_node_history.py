"""A ledger read as columns says of every item what reading the item whole says."""

import os
from random import Random

import msgspec
import pytest
from tests.policy import cases
from tests.properties import test_decide_reference as drawn

from trilat.ledger import Entry, EntryKind, Ledger, MemoryStore
from trilat.link import Parcel
from trilat.model import (
    AnyItem,
    Decision,
    Domain,
    Duties,
    Form,
    LedgerError,
    Outcome,
    Reason,
    Row,
    Statement,
    encode,
)
from trilat.node import SystemClock, read_history
from trilat.node.records import ReceivedRecord
from trilat.policy import ItemBatch, LabelClasses, degrade


def ledger_of(items: list[AnyItem], kind: EntryKind = EntryKind.ITEM) -> tuple[Ledger, MemoryStore]:
    store = MemoryStore()
    made = Ledger(store, "JPN", bytes(32), SystemClock(), os.urandom)
    made.append([Entry(kind=EntryKind.START, content=b"begun")])
    made.append([Entry(kind=kind, content=encode(item)) for item in items])
    return made, store


def some_items(count: int) -> list[AnyItem]:
    draw = Random(11)
    return [
        msgspec.structs.replace(drawn.shared_item(draw), item_id=f"item-{number}", subject=f"s{number % 7}")
        for number in range(count)
    ]


def test_classes_instants_and_names_are_those_of_the_items() -> None:
    items = some_items(400)
    ledger, _ = ledger_of(items)
    classes = LabelClasses()
    history = read_history(ledger, classes)
    whole = ItemBatch.of(LabelClasses(), items)
    assert list(history.batch.number) == list(whole.number)
    assert list(history.batch.created_ns) == list(whole.created_ns)
    assert list(history.batch.expires_ns) == list(whole.expires_ns)
    assert list(history.batch.names) == list(whole.names)
    assert list(history.batch.valid_ns) == list(whole.valid_ns)
    assert list(history.batch.items) == items
    assert list(history.at_ns) == list(whole.created_ns)


def test_words_with_figures_and_without_are_classes_of_their_own() -> None:
    """Of statements alone the text tells what can be coarsened; nothing else of them differs."""
    head = {**cases.head(), "domain": Domain.CONSULTATION}
    items: list[AnyItem] = [Statement(**head, text=text) for text in ("It fell.", "At 38 N.", "It sank.")]
    numbers = list(read_history(ledger_of(items)[0], LabelClasses()).batch.number)
    assert numbers == [0, 1, 0]


def test_an_item_is_read_whole_when_it_is_asked_for() -> None:
    items = some_items(20)
    ledger, _ = ledger_of(items)
    history = read_history(ledger, LabelClasses())
    assert history.batch.items[13] == items[13]
    assert list(history.batch.items[3:5]) == items[3:5]
    assert len(history.batch.items) == 20


def test_rows_that_hold_no_item_are_passed_over() -> None:
    ledger, _ = ledger_of(some_items(3))
    ledger.append([Entry(kind=kind, content=b"-") for kind in (EntryKind.DECISION, EntryKind.RELEASE)])
    assert len(read_history(ledger, LabelClasses()).batch) == 3


def test_an_item_whose_content_was_removed_is_not_asked_about() -> None:
    ledger, _ = ledger_of(some_items(3))
    ledger.remove_content(2, "recalled")
    assert len(read_history(ledger, LabelClasses()).batch) == 2


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\x93\x01\x02\x03", encode(cases.label())])
def test_a_row_that_is_no_item_is_named(content: bytes) -> None:
    ledger, _ = ledger_of(some_items(2))
    ledger.append([Entry(kind=EntryKind.ITEM, content=content)])
    with pytest.raises(LedgerError, match=r"^entry 3 is no item: "):
        read_history(ledger, LabelClasses())


def test_a_changed_row_is_named() -> None:
    _, store = ledger_of(some_items(4))
    rows = list(store.rows())
    row = rows[2]
    assert row.sealed_content is not None
    changed = bytearray(row.sealed_content)
    changed[5] ^= 1
    rows[2] = Row(*row[:6], bytes(changed))
    touched = Ledger(MemoryStore(rows), "JPN", bytes(32), SystemClock(), os.urandom)
    with pytest.raises(LedgerError, match="entry 2 is damaged"):
        read_history(touched, LabelClasses())


def test_progress_counts_every_row_once() -> None:
    ledger, _ = ledger_of(some_items(30))
    told: list[int] = []
    read_history(ledger, LabelClasses(), told.append)
    assert sum(told) == 30


def received(item: AnyItem, sender: str, refusal: str = "") -> bytes:
    """A row of what a partner sent."""
    decision = Decision(
        item=item.reference,
        sender=sender,
        recipient="JPN",
        via=None,
        purpose="missile-warning",
        decided_ns=cases.NOW_NS,
        outcome=Outcome.PERMIT,
        clauses=("pact.toml#1",),
        reasons=(Reason.PERMITTED,),
        form=Form.MEASUREMENTS,
        duties=Duties(),
    )
    parcel = Parcel(release=encode(degrade(item, decision, b"")), marking=b"marked")
    return encode(
        ReceivedRecord(sender=sender, stream="s", sequence=1, parcel=encode(parcel), refusal=refusal)
    )


def test_declarations_are_the_partys_own_and_what_partners_said_themselves() -> None:
    own, of_usa = cases.declaration("JPN"), cases.declaration("USA")
    ledger, _ = ledger_of([cases.track(), own])
    rows = [received(of_usa, "USA"), received(cases.declaration("KOR"), "USA"), received(of_usa, "USA", "no")]
    ledger.append([Entry(kind=EntryKind.RECEIVED, content=content) for content in rows])
    history = read_history(ledger, LabelClasses())
    assert history.declarations == (own, of_usa)
    assert len(history.batch) == 4


def test_a_declaration_by_another_party_among_own_items_is_not_heard() -> None:
    ledger, _ = ledger_of([cases.declaration("USA")])
    assert read_history(ledger, LabelClasses()).declarations == ()


def test_an_item_that_is_removed_while_items_are_read_in_turn_is_named() -> None:
    ledger, _ = ledger_of(some_items(3))
    history = read_history(ledger, LabelClasses())
    ledger.remove_content(2, "recalled")
    with pytest.raises(LedgerError, match="entry 2 holds no item any more"):
        list(history.batch.items)
