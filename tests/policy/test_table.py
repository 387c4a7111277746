"""The release table refuses to answer for what it was not made for."""

import msgspec
import numpy as np
import pytest
from tests.policy import cases

from trilat.model import (
    SECOND_NS,
    AnyItem,
    Classification,
    Declaration,
    Outcome,
    Reason,
    Status,
    UsageError,
    parse_instant,
)
from trilat.policy import (
    AgreementSet,
    ItemBatch,
    LabelClasses,
    ReleaseRequest,
    ReleaseTable,
    decide,
    decide_many,
    read_agreement,
)

TEXT = """[agreement]
id = "pact"
version = 1
title = "pact"
parties = ["JPN", "KOR"]
in_force_from = 2024-01-01T00:00:00Z
in_force_until = 2024-02-01T00:00:00Z
purposes = ["missile-warning"]
onward = "never"

[[clause]]
id = "1"
article = "1"
effect = "permit"
domains = ["missile"]
kinds = ["track"]
from = ["JPN"]
to = ["KOR"]
highest = { scheme = "JPN", level = "GOKUHI" }
form = "tracks"
"""
REQUEST = ReleaseRequest(sender="JPN", recipient="KOR", purpose="missile-warning", at_ns=cases.NOW_NS)


def held(text: str = TEXT) -> AgreementSet:
    return AgreementSet.of({"pact.toml": read_agreement("pact.toml", text)})


def made() -> tuple[LabelClasses, ReleaseTable]:
    classes = LabelClasses()
    classes.number(cases.track())
    return classes, ReleaseTable.of(classes, REQUEST, ("KOR",), held())


def test_a_permit_is_looked_up_with_the_version_of_the_agreements() -> None:
    _, table = made()
    found = table.find(cases.track(), "KOR", cases.NOW_NS)
    assert found is not None
    assert found.outcome is Outcome.PERMIT
    assert found.agreements == held().digest
    assert found.agreements != held(TEXT.replace('"tracks"', '"coarse-tracks"')).digest


def test_a_label_class_that_is_new_has_no_answer() -> None:
    _, table = made()
    assert table.find(cases.track(status=Status.REAL), "KOR", cases.NOW_NS) is None


def test_a_batch_with_a_new_class_is_refused() -> None:
    classes, table = made()
    batch = ItemBatch.of(classes, [cases.track(), cases.event()])
    with pytest.raises(UsageError, match="newer than the table"):
        table.look_up(batch, np.zeros(2, np.intp), cases.NOW_NS)


def test_an_item_whose_label_has_expired_is_withheld_although_its_class_is_permitted() -> None:
    _, table = made()
    late = cases.track(label=cases.label(expires_ns=cases.NOW_NS + SECOND_NS))
    found = table.find(late, "KOR", cases.NOW_NS + SECOND_NS)
    assert found is not None
    assert found.reasons == (Reason.LABEL_EXPIRED,)


def test_an_item_from_the_future_is_withheld() -> None:
    _, table = made()
    found = table.find(cases.track(at_ns=cases.NOW_NS + 1), "KOR", cases.NOW_NS)
    assert found is not None
    assert found.reasons == (Reason.LABEL_EXPIRED,)


@pytest.mark.parametrize("instant", ["2023-12-31T23:59:59Z", "2024-02-01T00:00:00Z"])
def test_the_table_does_not_answer_after_its_agreements_changed(instant: str) -> None:
    _, table = made()
    with pytest.raises(UsageError, match="another time"):
        table.find(cases.track(), "KOR", parse_instant(instant))


WAITING = TEXT.replace('form = "tracks"', 'form = "tracks"\nsituations = ["storm"]\nsituation_max_s = 60')
STORM = cases.declaration(about="storm", valid_ns=cases.NOW_NS - SECOND_NS)


def waiting(*declarations: Declaration, at_ns: int = cases.NOW_NS) -> ReleaseTable:
    """A table of tracks under a clause that waits for a storm."""
    classes = LabelClasses()
    classes.number(cases.track())
    request = msgspec.structs.replace(REQUEST, at_ns=at_ns)
    return ReleaseTable.of(classes, request, ("KOR",), held(WAITING), (), declarations)


def test_the_table_holds_while_what_is_declared_does() -> None:
    table = waiting(STORM)
    found = table.find(cases.track(), "KOR", cases.NOW_NS)
    assert found is not None
    assert found.outcome is Outcome.PERMIT
    assert (table.from_ns, table.until_ns) == (STORM.valid_ns, STORM.valid_ns + 60 * SECOND_NS)
    with pytest.raises(UsageError, match="another time"):
        table.find(cases.track(), "KOR", table.until_ns)


@pytest.mark.parametrize(
    "declarations",
    [
        (),
        (cases.declaration("KOR", about="storm"),),
        (cases.declaration(about="flood"),),
        (msgspec.structs.replace(STORM, status=Status.REAL),),
        (STORM, msgspec.structs.replace(STORM, version=2, stands=False)),
    ],
    ids=["nobody declared", "another party did", "another thing", "another status", "it was lifted"],
)
def test_where_nothing_is_declared_the_table_withholds(declarations: tuple[Declaration, ...]) -> None:
    found = waiting(*declarations).find(cases.track(), "KOR", cases.NOW_NS)
    assert found is not None
    assert found.reasons == (Reason.SITUATION_NOT_DECLARED,)


def test_what_nobody_waits_for_does_not_end_a_table() -> None:
    plain, told = waiting(), waiting(cases.declaration(about="flood"), cases.declaration("KOR"))
    assert (told.from_ns, told.until_ns) == (plain.from_ns, plain.until_ns)


def test_where_a_clause_asks_for_an_area_the_table_has_no_answer() -> None:
    circle = "{ latitude_deg = 36.0, longitude_deg = 133.0, radius_m = 1000 }"
    area = f'[[area]]\nname = "here"\ncircle = {circle}\n[[clause]]'
    text = TEXT.replace("[[clause]]", area).replace('form = "tracks"', 'form = "tracks"\nareas = ["here"]')
    classes = LabelClasses()
    classes.number(cases.track())
    table = ReleaseTable.of(classes, REQUEST, ("KOR",), held(text))
    assert table.find(cases.track(), "KOR", cases.NOW_NS) is None


def test_a_party_without_a_column_is_refused() -> None:
    _, table = made()
    with pytest.raises(UsageError, match="no column for `USA`"):
        table.find(cases.track(), "USA", cases.NOW_NS)


def test_a_table_without_recipients_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one recipient"):
        ReleaseTable.of(LabelClasses(), REQUEST, (), held())


def test_an_empty_batch_has_empty_answers() -> None:
    assert len(decide_many(ItemBatch.of(LabelClasses(), []), REQUEST, held())) == 0


def test_clauses_that_speak_of_others_change_no_answer() -> None:
    others = TEXT.replace('"JPN"', '"AUS"').replace('"KOR"', '"NZL"').replace('"pact"', '"other"')
    others = others.replace('scheme = "AUS", level = "GOKUHI"', 'scheme = "USA", level = "SECRET"')
    wide = AgreementSet.of({**held().files, "other.toml": read_agreement("other.toml", others)})
    batch = ItemBatch.of(LabelClasses(), [cases.track(), cases.event()])
    alone, among = decide_many(batch, REQUEST, held()), decide_many(batch, REQUEST, wide)
    assert (alone.outcome == among.outcome).all()
    assert (alone.reasons == among.reasons).all()


def test_a_level_is_read_as_it_was_at_the_instant_of_each_item() -> None:
    """Boei Himitsu ended in December 2014."""
    label = cases.label(
        classification=Classification(scheme="JPN", level="BOEI-HIMITSU"),
        created_ns=parse_instant("2010-01-01T00:00:00Z"),
    )
    old = TEXT.replace("2024-01-01", "2010-01-01")
    instants = np.array([parse_instant("2014-12-09T14:59:59Z"), parse_instant("2014-12-09T15:00:00Z")])
    batch = ItemBatch.of(LabelClasses(), [cases.track(label=label)] * 2)
    answers = decide_many(batch, REQUEST, held(old), at_ns=instants)
    assert [answers.expand(place).outcome for place in range(2)] == [Outcome.PERMIT, Outcome.WITHHOLD]
    assert answers.reasons_of(0) == (Reason.PERMITTED,)
    assert answers.reasons_of(1)[0] is Reason.LABEL_UNKNOWN


def test_the_same_items_again_get_no_new_classes() -> None:
    classes = LabelClasses()
    first = ItemBatch.of(classes, [cases.track(), cases.event()])
    again = ItemBatch.of(classes, [cases.event(), cases.track()])
    assert len(classes) == 2
    assert list(first.number) == list(reversed(again.number))


def test_items_that_differ_in_what_decide_reads_are_never_one_class() -> None:
    label = cases.label()
    replaced = msgspec.structs.replace
    items: list[AnyItem] = [
        cases.track(),
        cases.track(state=None),
        cases.track(tracklets=()),
        cases.track(status=Status.REAL),
        cases.track(label=replaced(label, restrictive=("SEA",))),
        cases.track(label=replaced(label, permissive=("SEA",))),
        cases.track(label=replaced(label, releasable_to=("KOR",))),
        cases.track(label=replaced(label, classification=Classification(scheme="JPN", level="HI"))),
        cases.vessel(),
        cases.event(),
        cases.report(),
    ]
    classes = LabelClasses()
    assert len({classes.number(item) for item in items}) == len(items)


def test_decide_judges_what_the_table_gives() -> None:
    _, table = made()
    found = table.find(cases.track(), "KOR", cases.NOW_NS)
    decision = decide(cases.track(), REQUEST, held())
    assert found is not None
    assert (found.outcome, found.form, found.reasons) == (decision.outcome, decision.form, decision.reasons)
