"""What is made of checked values is what the constructor makes; what was checked is not checked again."""

import gc

import msgspec
import pytest
from tests.examples import example

from trilat.model import (
    Decision,
    ItemError,
    ItemReference,
    Provenance,
    Release,
    Track,
    checked_copy,
    decode,
    encode,
    of_checked,
)
from trilat.node import quiet_collector
from trilat.node.receiving import received_record
from trilat.node.records import RECORD_BYTES_MAX, ReceivedRecord

TRACK: Track = example("track")


@pytest.mark.parametrize("refusal", [None, "", "item `a` was called back: not used"])
@pytest.mark.parametrize("parcel", [b"p", bytes(100_000)])
def test_the_record_of_what_came_is_the_one_of_the_constructor(refusal: str | None, parcel: bytes) -> None:
    made = received_record(sender="JPN", stream="s", sequence=2**53, parcel=parcel, refusal=refusal)
    record = ReceivedRecord(sender="JPN", stream="s", sequence=2**53, parcel=parcel, refusal=refusal or "")
    assert made == record
    assert decode(encode(made), ReceivedRecord, RECORD_BYTES_MAX) == record


def test_a_copy_of_checked_values_is_the_value_that_the_constructor_makes_and_the_first_stays() -> None:
    before = encode(TRACK)
    newer = checked_copy(TRACK, version=TRACK.version + 1, sensors=())
    assert newer == msgspec.structs.replace(TRACK, version=TRACK.version + 1, sensors=())
    assert encode(TRACK) == before
    release: Release = example("release")
    fields = {name: getattr(release, name) for name in release.__struct_fields__}
    assert of_checked(Release, **fields) == release


def test_what_fields_say_together_is_refused_of_checked_values_and_fields_are_checked_again_behind() -> None:
    decision: Decision = example("decision")
    fields = {name: getattr(decision, name) for name in decision.__struct_fields__}
    with pytest.raises(ItemError, match="go with a permit"):
        of_checked(Decision, **{**fields, "form": None})
    with pytest.raises(ItemError, match="twice"):
        of_checked(Provenance, originators=("JPN", "JPN"))
    with pytest.raises(ItemError, match="must match"):
        ItemReference(item_id="a b", version=1)


def test_nouns_are_not_looked_through_for_cycles_and_the_collector_still_runs() -> None:
    assert not gc.is_tracked(TRACK)
    before = gc.get_threshold()
    try:
        quiet_collector()
        assert gc.isenabled()
        assert 0 < gc.get_threshold()[0] <= 100_000
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
