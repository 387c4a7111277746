"""Catalogues of claimed flights: every row is a claim or is set aside with its reason."""

import gzip
import json
from pathlib import Path

import pytest

from trilat.domains.missile import Defaults, Verdict, check_catalogue, read_catalogue
from trilat.model.errors import ScenarioError

PUBLIC = Path(__file__).parents[2] / ".." / "shared" / "data" / "rocket" / "launch_catalogues"
HEAD = (
    "date,vehicle,site_latitude_deg,site_longitude_deg,bearing_deg,apogee_km,range_km,"
    "class,burn_s,reported_s,tolerance_s\n"
)
GOOD = "2017-05-14,Hwasong-12,40.066,125.210,71,2111.5,787,irbm,,1800,60\n"


def public(name: str) -> bytes:
    path = PUBLIC / name
    if not path.exists():
        pytest.skip(f"public catalogue {name} is not beside the project")
    data = path.read_bytes()
    return gzip.decompress(data) if name.endswith(".gz") else data


def test_our_columns_become_claims_and_answers() -> None:
    rows = GOOD + "2021-07-27,S-520-31,31.251,131.082,140,235,200,,29,476,\n"
    answer = check_catalogue("flights.csv", (HEAD + rows).encode())
    assert not answer.set_aside
    (first, first_answer), (second, second_answer) = answer.answers
    assert (first.row, first.title) == (2, "2017-05-14 Hwasong-12")
    assert first.claim.tolerance_s == 60.0
    assert first_answer.verdict is Verdict.CONSISTENT
    assert (second.claim.burn_s, second.claim.tolerance_s) == (29.0, 0.0)
    assert second_answer.verdict is Verdict.CONSISTENT


def test_our_columns_may_come_as_json() -> None:
    row = {
        "site_latitude_deg": 40.066,
        "site_longitude_deg": 125.21,
        "bearing_deg": 71,
        "apogee_km": 2111.5,
        "range_km": 787,
        "class": "irbm",
        "reported_s": None,
        "comment": "kept out",
    }
    catalogue = read_catalogue("flights.json", json.dumps([row]).encode())
    assert catalogue.rows[0].claim.vehicle_class == "irbm"
    assert catalogue.rows[0].claim.reported_s is None
    assert catalogue.rows[0].row == 1


BAD_ROWS = [
    ("no apogee", "a,b,40,125,71,,787,irbm,,,", "`apogee_km` not given"),
    ("apogee a word", "a,b,40,125,71,high,787,irbm,,,", "`apogee_km` is not a number"),
    ("apogee not a number", "a,b,40,125,71,nan,787,irbm,,,", "`apogee_km` is not a finite number"),
    ("range infinite", "a,b,40,125,71,100,inf,irbm,,,", "`range_km` is not a finite number"),
    ("range negative", "a,b,40,125,71,100,-5,irbm,,,", "range"),
    ("latitude out of range", "a,b,140,125,71,100,5,irbm,,,", "site latitude"),
    ("no class", "a,b,40,125,71,100,5,,,,", "one of the two"),
    ("class and burn", "a,b,40,125,71,100,5,irbm,99,,", "one of the two"),
    ("unknown class", "a,b,40,125,71,100,5,rocket,,,", "`rocket`"),
    ("reported negative", "a,b,40,125,71,100,5,irbm,,-5,", "reported"),
    ("cut short", "a,b,40,125", "not given"),
    ("giant number", f"a,b,40,125,71,{'9' * 400},5,irbm,,,", "not a finite number"),
]


@pytest.mark.parametrize(("_case", "row", "reason"), BAD_ROWS, ids=[row[0] for row in BAD_ROWS])
def test_a_bad_row_is_set_aside_with_its_number_and_one_line(_case: str, row: str, reason: str) -> None:
    catalogue = read_catalogue("flights.csv", (HEAD + GOOD + row + "\n").encode())
    assert len(catalogue.rows) == 1
    (aside,) = catalogue.set_aside
    assert aside.row == 3
    assert reason in aside.reason
    assert "\n" not in aside.reason


def test_a_row_of_json_that_is_no_flight_is_set_aside() -> None:
    catalogue = read_catalogue("flights.json", b'[7, {"apogee_km": true}, {"apogee_km": [1]}]')
    assert [aside.row for aside in catalogue.set_aside] == [1, 2, 3]


REFUSED_FILES = [
    ("empty", b"", "lacks the columns"),
    ("not text", b"\xff\xfe\x00\x81" * 9, "not UTF-8"),
    ("other columns", b"a,b\n1,2\n", "`apogee_km`"),
    ("truncated json", b'[{"date": ', "not readable as JSON"),
    ("deep json", b"[" * 100_000, "not readable as JSON"),
    ("other json", b'{"flights": []}', "neither"),
    ("bins without data", b'{"timeBins": [{"year": 1984}]}', "`data`"),
    ("too long", b"x" * 20_000_001, "longer than"),
    ("too many rows", HEAD.encode() + b"\n" + b"a,b\n" * 100_001, "more than"),
]


@pytest.mark.parametrize(("_case", "data", "said"), REFUSED_FILES, ids=[row[0] for row in REFUSED_FILES])
def test_a_file_that_is_no_catalogue_is_refused(_case: str, data: bytes, said: str) -> None:
    with pytest.raises(ScenarioError, match=said) as refused:
        read_catalogue("file", data)
    assert "\n" not in str(refused.value)


def test_no_row_of_the_binned_public_records_is_lost() -> None:
    data = public("nk_missile_tests_en.json")
    bare = read_catalogue("records.json", data)
    assert len(bare.rows) == 0
    assert len(bare.set_aside) == 339
    sites = {"pyongyang": (39.2, 125.673), "mupyong-ni": (40.611, 126.426)}
    sited = read_catalogue("records.json", data, Defaults(sites=sites))
    assert len(sited.rows) + len(sited.set_aside) == 339
    titles = {row.title: row.claim for row in sited.rows}
    assert titles["2022-03-24 hwasong-15"].apogee_km == 6248.0
    assert titles["2022-01-29 hwasong-12"].vehicle_class == "irbm"


def test_no_row_of_the_public_table_is_lost() -> None:
    data = public("cns_nk_missile_test_database.csv.gz")
    bare = read_catalogue("table.csv", data)
    assert (len(bare.rows), len(bare.set_aside)) == (0, 245)
    assert all("`bearing_deg`" in row.reason or "not a number" in row.reason for row in bare.set_aside)
    answer = check_catalogue("table.csv", data, Defaults(bearing_deg=75.0))
    assert len(answer.answers) + len(answer.set_aside) == 245
    by_title = {row.title: said for row, said in answer.answers}
    # The model column of the table in `test_flight_claims`, at a bearing a few degrees off.
    assert by_title["14-May-17 Hwasong-12"].flight_time_s == pytest.approx(1787, rel=0.03)
    assert by_title["28-Nov-17 Hwasong-15"].flight_time_s == pytest.approx(3208, rel=0.03)
