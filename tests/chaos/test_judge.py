"""The judge of chaos rounds finds each thing that may go wrong, and nothing where nothing does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from chaos.books import Books, Passed
from chaos.feeder import Given
from chaos.judge import Totals, judged, totals

FIRST: Final = ("KOR-seen-1", 1)
NEWER: Final = ("KOR-seen-1", 2)


def passed(sequence: int, name: tuple[str, int]) -> Passed:
    return Passed(sequence, name, f"told {name}", f"parcel {name}".encode())


def round_of() -> tuple[dict[str, Given], dict[str, Books]]:
    """KOR was given two reports in two batches and released both to USA, which gave and released nothing."""
    kor = Given(accepted={FIRST: f"told {FIRST}", NEWER: f"told {NEWER}"}, batches=2)
    released = [passed(1, FIRST), passed(2, NEWER)]
    books = Books(
        reports=[(FIRST, f"told {FIRST}"), (NEWER, f"told {NEWER}")],
        released={"USA": list(released)},
        receipts={"USA": 2},
    )
    books.batches.update(["KOR-1", "KOR-2"])
    usa = Books(received={"KOR": list(released)}, streams={"KOR": {"s1"}})
    return {"KOR": kor, "USA": Given()}, {"KOR": books, "USA": usa}


def test_a_round_in_which_all_came_has_no_violation() -> None:
    given, books = round_of()
    assert judged(given, books) == []
    assert totals(given, books) == Totals(accepted=2, released=2, received=2)


HARM: Final[dict[str, tuple[Callable[[Any, Any, Any], object], str]]] = {
    "an accepted report is lost": (
        lambda kor, _usa, _given: kor.reports.pop(),
        "KOR accepted `KOR-seen-1` version 2 and holds it 0 times",
    ),
    "an accepted report is there twice": (
        lambda kor, _usa, _given: kor.reports.append(kor.reports[0]),
        "KOR accepted `KOR-seen-1` version 1 and holds it 2 times",
    ),
    "a report is written otherwise than given": (
        lambda kor, _usa, _given: kor.reports.__setitem__(0, (FIRST, "told else")),
        "KOR holds `KOR-seen-1` version 1 otherwise than it was given",
    ),
    "a report that nobody gave": (
        lambda kor, _usa, _given: kor.reports.append((("KOR-seen-9", 1), "told")),
        "KOR holds `KOR-seen-9` version 1, which no feed was told is accepted",
    ),
    "a batch is taken twice": (
        lambda kor, _usa, _given: kor.batches.update(["KOR-1"]),
        "KOR took batch KOR-1 2 times",
    ),
    "a batch has no answer on disk": (
        lambda kor, _usa, _given: kor.batches.pop("KOR-2"),
        "KOR was given 2 batches and holds 1",
    ),
    "a report is not released": (
        lambda kor, _usa, _given: kor.released["USA"].pop(),
        "KOR released `KOR-seen-1` version 2 0 times to USA",
    ),
    "a release of what is no report": (
        lambda kor, _usa, _given: kor.released["USA"].append(passed(3, ("KOR-made-1", 1))),
        "KOR released `KOR-made-1` version 1 to USA without a report of it",
    ),
    "a number is used twice": (
        lambda kor, _usa, _given: kor.released["USA"].append(passed(2, ("KOR-made-1", 1))),
        "KOR's numbers to USA have a gap or stand twice",
    ),
    "a number is left out": (
        lambda kor, _usa, _given: kor.released["USA"].__setitem__(1, passed(3, NEWER)),
        "KOR's numbers to USA have a gap or stand twice",
    ),
    "a release does not come": (
        lambda _kor, usa, _given: usa.received["KOR"].pop(),
        "USA received 2 of KOR, `KOR-seen-1` version 2, 0 times",
    ),
    "a release comes twice": (
        lambda _kor, usa, _given: usa.received["KOR"].append(usa.received["KOR"][0]),
        "USA received 1 of KOR, `KOR-seen-1` version 1, 2 times",
    ),
    "a release comes with other bytes": (
        lambda _kor, usa, _given: usa.received["KOR"].__setitem__(
            0, replace(usa.received["KOR"][0], parcel=b"else")
        ),
        "USA received 1 of KOR, which KOR did not release",
    ),
    "something comes that was not released": (
        lambda _kor, usa, _given: usa.received["KOR"].append(passed(3, ("KOR-seen-3", 1))),
        "USA received 3 of KOR, which KOR did not release",
    ),
    "what came is not used": (
        lambda _kor, usa, _given: usa.received["KOR"].__setitem__(
            0, replace(usa.received["KOR"][0], refusal="expired")
        ),
        "USA did not use 1 of KOR: expired",
    ),
    "a second stream": (
        lambda _kor, usa, _given: usa.streams["KOR"].add("s2"),
        "USA received 2 streams of KOR",
    ),
    "a receipt is not written down": (
        lambda kor, _usa, _given: kor.receipts.update(USA=1),
        "USA signed for 1 of 2 releases of KOR",
    ),
    "a refusal in two lines": (
        lambda _kor, usa, _given: usa.refusals.append("one\ntwo"),
        "USA refused in more than one line: 'one\\ntwo'",
    ),
}


@pytest.mark.parametrize("name", HARM)
def test_each_harm_is_told_in_one_line(name: str) -> None:
    harm, line = HARM[name]
    given, books = round_of()
    harm(books["KOR"], books["USA"], given)
    assert line in judged(given, books)
