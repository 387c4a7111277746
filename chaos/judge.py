"""The judge: holds what feeds were answered against what the ledgers hold. Zero violations is the only pass.

1. What a feed was told is accepted is in that node's ledger once, as it was given; each batch is there once.
2. Nothing else is there as a report.
3. Every report is released to every partner once, as the agreement of a round has it.
4. What was released came to the partner once, to the byte, and is used; numbers have no gap.
5. Nothing came that was not released.
6. Nothing came before its turn but what the newest version of it replaces: the referee of studies sees to it.
7. The partner has signed for all of it, and the sender has written that down.
8. Every line of refusal is one line.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chaos.books import Books, Name
from chaos.feeder import Given


@dataclass(frozen=True)
class Totals:
    """Items over all nodes."""

    accepted: int
    released: int
    received: int


def totals(given: Mapping[str, Given], books: Mapping[str, Books]) -> Totals:
    """What a round moved."""
    return Totals(
        accepted=sum(len(one.accepted) for one in given.values()),
        released=sum(len(passed) for book in books.values() for passed in book.released.values()),
        received=sum(len(passed) for book in books.values() for passed in book.received.values()),
    )


def judged(given: Mapping[str, Given], books: Mapping[str, Books]) -> list[str]:
    """One line per thing that should not be."""
    found: list[str] = []
    for party, book in books.items():
        found += _of_intake(party, given[party], book)
        found += [
            f"{party} refused in more than one line: {line!r}" for line in book.refusals if "\n" in line
        ]
        for partner, other in books.items():
            if partner != party:
                found += _of_releases(party, partner, book)
                found += _of_stream(party, partner, book, other)
    return found


def _of_intake(party: str, given: Given, book: Books) -> Iterator[str]:
    held = Counter(name for name, _ in book.reports)
    says = dict(book.reports)
    for name, wanted in given.accepted.items():
        if held[name] != 1:  # 1
            yield f"{party} accepted {_text(name)} and holds it {held[name]} times"
        elif says[name] != wanted:  # 1
            yield f"{party} holds {_text(name)} otherwise than it was given"
    for name in held.keys() - given.accepted.keys():  # 2
        yield f"{party} holds {_text(name)}, which no feed was told is accepted"
    for key, count in book.batches.items():  # 1
        if count != 1:
            yield f"{party} took batch {key} {count} times"
    if len(book.batches) != given.batches:
        yield f"{party} was given {given.batches} batches and holds {len(book.batches)}"


def _of_releases(party: str, partner: str, book: Books) -> Iterator[str]:
    released = Counter(passed.name for passed in book.released.get(partner, ()))
    for name, _ in book.reports:  # 3
        if released[name] != 1:
            yield f"{party} released {_text(name)} {released[name]} times to {partner}"
    for name in released.keys() - {name for name, _ in book.reports}:  # 3
        yield f"{party} released {_text(name)} to {partner} without a report of it"


def _of_stream(party: str, partner: str, book: Books, other: Books) -> Iterator[str]:
    """What one party released to another, beside what came there."""
    sent = {passed.sequence: passed for passed in book.released.get(partner, ())}
    came = Counter(passed.sequence for passed in other.received.get(party, ()))
    if len(sent) != len(book.released.get(partner, ())) or sorted(sent) != list(range(1, len(sent) + 1)):
        yield f"{party}'s numbers to {partner} have a gap or stand twice"  # 4
    for sequence, passed in sent.items():
        if came[sequence] != 1:  # 4
            yield f"{partner} received {sequence} of {party}, {_text(passed.name)}, {came[sequence]} times"
    for passed in other.received.get(party, ()):
        was = sent.get(passed.sequence)
        if was is None or was.parcel != passed.parcel:  # 5
            yield f"{partner} received {passed.sequence} of {party}, which {party} did not release"
        elif passed.refusal:  # 4
            yield f"{partner} did not use {passed.sequence} of {party}: {passed.refusal}"
    if len(other.streams.get(party, ())) > 1:
        yield f"{partner} received {len(other.streams[party])} streams of {party}"
    if book.receipts.get(partner, 0) != len(sent):  # 7
        yield f"{partner} signed for {book.receipts.get(partner, 0)} of {len(sent)} releases of {party}"


def _text(name: Name) -> str:
    return f"`{name[0]}` version {name[1]}"
