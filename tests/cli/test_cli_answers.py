"""What the commands answer: the fields that programs rely on, and only JSON on standard output."""

import csv
import gzip
import io
import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from tests.cli.commands import EXAMPLE, FLIGHT, QUESTION, Ended, trilat

from trilat import __version__

PARTY_FIELDS = {
    "reports",
    "own_tracks",
    "received",
    "via",
    "withheld_from",
    "first_detection_s",
    "first_track_s",
    "first_joint_s",
    "completeness",
    "position_rmse_m",
    "position_rmse_over_central",
    "position_rmse_over_crlb",
    "nees_mean",
    "launch_error_km",
    "impact_error_km",
    "impact_area95_km2",
    "first_impact_warning_s",
}
RUN_FIELDS = {
    "scenario",
    "regime",
    "seed",
    "duration_s",
    "wall_s",
    "parties",
    "latency_ms",
    "ledger",
    "violations",
}
ASKED = ("decide", "--agreements", EXAMPLE / "agreements", *QUESTION, "--json", "--items")


def test_the_version_is_that_of_the_package() -> None:
    assert trilat("--version").out == f"trilat {__version__}\n"


def test_without_arguments_the_help_lists_the_commands() -> None:
    ended = trilat()
    assert ended.code == 0
    for command in ("demo", "decide", "ingest", "schema", "scenario", "flight", "agreement", "audit"):
        assert f"  {command} " in ended.out


# decide


def test_decide_gives_the_expected_line_for_each_item() -> None:
    ended = trilat(*ASKED, EXAMPLE / "items.jsonl")
    assert ended.code == 0
    expected = [json.loads(line) for line in (EXAMPLE / "expected.jsonl").read_text().splitlines()]
    assert [{key: answer[key] for key in expected[0]} for answer in ended.values] == expected
    for answer in ended.values:
        assert {"line", "outcome", "clauses", "reasons", "form"} <= answer.keys()
        assert (answer["form"] is not None) == (answer["outcome"] == "permit")
        assert all("#" in clause for clause in answer["clauses"])


def test_decide_keeps_the_order_and_marks_bad_lines(tmp_path: Path) -> None:
    good = (EXAMPLE / "items.jsonl").read_bytes().splitlines()[0]
    lines = [
        b"not an item",
        good,
        b"",
        b"[]",
        b'{"kind": "track"}',
        b"\xff\xfe",
        good.replace(b'"label"', b'"lable"'),
    ]
    (tmp_path / "mixed.jsonl").write_bytes(b"\n".join(lines))
    ended = trilat(*ASKED, tmp_path / "mixed.jsonl")
    assert ended.code == 3
    assert [answer["line"] for answer in ended.values] == [1, 2, 4, 5, 6, 7]
    assert {answer["outcome"] for answer in ended.values} == {"withhold"}
    malformed = [answer["line"] for answer in ended.values if answer["reasons"][0] == "malformed-item"]
    assert {1, 4, 6} <= set(malformed)
    assert 2 not in malformed


def test_decide_reads_packed_items_and_a_mark_at_the_beginning(tmp_path: Path) -> None:
    plain = (EXAMPLE / "items.jsonl").read_bytes()
    (tmp_path / "items.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf" + plain))
    assert trilat(*ASKED, tmp_path / "items.gz") == trilat(*ASKED, EXAMPLE / "items.jsonl")


def test_decide_says_in_sentences_what_would_change_a_refusal() -> None:
    ended = trilat(*(word for word in ASKED if word != "--json"), EXAMPLE / "items.jsonl")
    assert ended.code == 0
    assert "line 1\n  JPN/report/1 version 1 is withheld" in ended.out
    assert "To change that:" in ended.out


# agreements


def test_agreement_check_counts_errors(tmp_path: Path) -> None:
    sound = trilat("agreement", "check", "hub-2014", "--json")
    assert (sound.code, sound.value["errors"], len(sound.value["files"])) == (0, 0, 3)
    text = (EXAMPLE / "agreements" / "japan-korea.toml").read_text()
    (tmp_path / "typo.toml").write_text(text.replace('effect = "permit"', 'efect = "permit"', 1))
    typo = trilat("agreement", "check", tmp_path, "--json")
    assert (typo.code, typo.out) == (2, "")
    assert "typo.toml" in typo.err
    assert "efect" in typo.err


def test_agreement_explain_has_sentences_for_each_file() -> None:
    value = trilat("agreement", "explain", "hub-2014", "--json").value
    assert sorted(value) == ["three-way-2014.toml", "us-japan-2007.toml", "us-korea-1987.toml"]
    assert all(sentence.endswith(".") for sentences in value.values() for sentence in sentences)


def test_agreement_matrix_of_a_preset_is_at_its_instant() -> None:
    value = trilat("agreement", "matrix", "hub-2014", "--json").value
    assert value["at"] == "2015-05-09T02:30:15Z"
    paths = {(row["giver"], row["receiver"], row["via"]) for row in value["rows"] if "track" in row["kinds"]}
    assert paths == {("JPN", "USA", None), ("KOR", "USA", None), ("JPN", "KOR", "USA"), ("KOR", "JPN", "USA")}


def test_agreement_matrix_says_where_nothing_is_in_force() -> None:
    ended = trilat("agreement", "matrix", "multilateral", "--at", "1990-01-01T00:00:00Z")
    assert (ended.code, ended.out) == (0, "no clause is in force at this instant\n")


# schema


@pytest.mark.parametrize("name", ["item", "track", "agreement", "decision", "release", "envelope"])
def test_schema_is_one_of_its_dialect(name: str) -> None:
    value = trilat("schema", name).value
    jsonschema.Draft202012Validator.check_schema(value)


# flight


def test_flight_has_its_fields_and_a_verdict_only_of_a_reported_time() -> None:
    asked = (*FLIGHT, "--range-km", "3000", "--class", "irbm", "--json")
    value = trilat(*asked).value
    assert {"floor_s", "flight_time_s", "impact", "verdict"} <= value.keys()
    assert value["impact"].keys() == {"lat", "lon"}
    assert value["verdict"] is None
    verdicts = {
        seconds: trilat(*asked, "--reported-s", str(seconds)).value["verdict"]
        for seconds in (value["floor_s"] - 1.0, value["flight_time_s"], value["flight_time_s"] * 2.0)
    }
    assert list(verdicts.values()) == ["impossible", "consistent", "doubtful"]


def test_flight_check_reads_a_packed_catalogue_and_sets_bad_rows_aside(tmp_path: Path) -> None:
    rows = [
        "site_latitude_deg,site_longitude_deg,bearing_deg,apogee_km,range_km,class,reported_s",
        "40,128.6,90,4500,1000,liquid-icbm,4000",
        "40,128.6,90,,1000,liquid-icbm,4000",
    ]
    (tmp_path / "claims.csv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    ended = trilat("flight", "check", tmp_path / "claims.csv.gz", "--json")
    assert ended.code == 3
    checked, aside = ended.values
    assert (checked["row"], checked["verdict"], aside["row"]) == (2, "doubtful", 3)
    assert "apogee_km" in aside["set_aside"]
    plain = trilat("flight", "check", tmp_path / "claims.csv.gz")
    assert plain.err.startswith("warning: row 3")
    assert "doubtful" in plain.out


def test_flight_check_takes_what_a_catalogue_lacks(tmp_path: Path) -> None:
    data = {"date": "1", "missile": "nodong", "facility": "x", "bearing": 90, "apogee": 160, "distance": 500}
    (tmp_path / "bins.json").write_text(json.dumps({"timeBins": [{"data": [data]}]}))
    (tmp_path / "places.toml").write_text("x = [40.85, 129.66]\n")
    without = trilat("flight", "check", tmp_path / "bins.json", "--json")
    assert (without.code, "set_aside" in without.values[0]) == (2, True)
    places = ("--facilities", tmp_path / "places.toml")
    with_places = trilat("flight", "check", tmp_path / "bins.json", *places, "--json")
    assert (with_places.code, with_places.values[0]["verdict"]) == (0, None)


# scenario


def test_scenarios_are_listed_and_shown() -> None:
    listed = trilat("scenario", "list", "--json").value
    assert {"unha2-2009", "false-report-2009", "two-stage-generic"} <= listed.keys()
    shown = trilat("scenario", "show", "two-stage-generic", "--json").value
    assert {"name", "title", "launch", "sensors", "assumptions"} <= shown.keys()


def test_simulated_files_are_bit_identical_for_a_seed(tmp_path: Path) -> None:
    names = ("plots.csv", "sites.toml", "truth.csv")
    for folder, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        asked = ("scenario", "simulate", "two-stage-generic", "--out", tmp_path / folder, "--seed", seed)
        assert trilat(*asked, "--json").value["seed"] == int(seed)
    files = {folder: [(tmp_path / folder / name).read_bytes() for name in names] for folder in "abc"}
    assert files["a"] == files["b"]
    assert files["a"][0] != files["c"][0]
    plots, sites, truth = (data.decode() for data in files["a"])
    assert plots.startswith("t_ns,sensor,range_m,azimuth_rad,elevation_rad,range_rate_m_per_s\n")
    assert truth.startswith("t_ns,object,x_m,y_m,z_m,vx_m_per_s,vy_m_per_s,vz_m_per_s\n")
    sensors = tomllib.loads(sites)["sensor"]
    assert {row["sensor"] for row in csv.DictReader(io.StringIO(plots))} <= sensors.keys()
    assert all("elevation_mask_deg" in sensor for sensor in sensors.values())


# demo and audit, on one run


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    """Two minutes of packed telemetry with a few faults, under one regime, with its ledgers kept."""
    folder = tmp_path_factory.mktemp("run")
    rows = [f"{t},{25.0 * t},{11.0 * t * t}" for t in range(120)]
    rows[50] = "50,,"
    text = "\n".join(["time_s,speed_m_per_s,altitude_m", *rows, "120,90000,5"])
    (folder / "flight.csv.gz").write_bytes(gzip.compress(text.encode()))
    ended = trilat(
        *("demo", "--headless", "--json", "--regime", "separate-2009", "--seed", "3"),
        *("--telemetry", folder / "flight.csv.gz", "--pad", "-31.2,131.1", "--azimuth", "-45"),
        *("--ledgers", folder / "ledgers"),
    )
    return ended, folder / "ledgers"


def test_demo_has_every_field_of_its_contract(played: tuple[Ended, Path]) -> None:
    ended, _ = played
    assert ended.code == 0
    value = ended.value
    assert value.keys() == RUN_FIELDS
    assert (value["scenario"], value["regime"], value["seed"]) == ("recorded-flight", "separate-2009", 3)
    assert (value["latency_ms"], value["violations"], value["ledger"]["verified"]) == (None, 0, True)
    assert sorted(value["parties"]) == ["JPN", "KOR", "USA"]
    for party, row in value["parties"].items():
        assert row.keys() == PARTY_FIELDS
        others = {"JPN", "KOR", "USA"} - {party}
        assert row["received"].keys() == row["via"].keys() == row["withheld_from"].keys() == others


def test_demo_names_the_rows_that_it_cleaned(played: tuple[Ended, Path]) -> None:
    lines = played[0].err.splitlines()
    assert all(line.startswith("warning: `flight.csv`") for line in lines)
    assert any(line.endswith("122") for line in lines)


def test_demo_under_separate_agreements_gives_nothing_of_one_ally_to_the_other(
    played: tuple[Ended, Path],
) -> None:
    parties = played[0].value["parties"]
    assert parties["JPN"]["received"]["KOR"] == parties["KOR"]["received"]["JPN"] == 0
    assert parties["USA"]["received"]["JPN"] > 0
    assert parties["JPN"]["withheld_from"]["KOR"] > 0


def test_demo_does_not_write_over_ledgers(played: tuple[Ended, Path]) -> None:
    again = trilat("demo", "--json", "--ledgers", played[1])
    assert again.code == 2
    assert "holds ledgers of an earlier run: name another folder" in again.err


@pytest.mark.parametrize("party", ["JPN", "KOR", "USA"])
def test_audit_verifies_the_ledgers_of_a_run(played: tuple[Ended, Path], party: str) -> None:
    ended = trilat("audit", "verify", played[1] / f"{party}.ledger", "--json")
    assert ended.code == 0
    assert (ended.value["party"], ended.value["verified"], ended.value["problem"]) == (party, True, None)
    assert ended.value["entries"] > 0


def test_audit_names_the_damage_of_a_flipped_byte(played: tuple[Ended, Path], tmp_path: Path) -> None:
    for name in ("JPN.ledger", "JPN.ledger.key"):
        (tmp_path / name).write_bytes((played[1] / name).read_bytes())
    data = bytearray((tmp_path / "JPN.ledger").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "JPN.ledger").write_bytes(bytes(data))
    ended = trilat("audit", "verify", tmp_path / "JPN.ledger", "--json")
    assert ended.code == 4
    said = ended.value["problem"] if ended.out else ended.err
    assert said.strip().count("\n") == 0


def test_audit_with_the_key_of_another_ledger_is_damage(played: tuple[Ended, Path]) -> None:
    ended = trilat("audit", "verify", played[1] / "JPN.ledger", "--key", played[1] / "KOR.ledger.key")
    assert ended.code == 4


def test_audit_of_what_is_no_ledger_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "JPN.ledger").write_bytes(b"no ledger" * 1000)
    (tmp_path / "JPN.ledger.key").write_bytes(bytes(32))
    ended = trilat("audit", "verify", tmp_path / "JPN.ledger")
    assert ended.code == 4
    assert len(ended.err.splitlines()) == 1
