"""Claimed flights by the file: which rows of a catalogue can be checked, and what comes out.

    read_catalogue    bytes -> claims, and every other row with the reason why it is none
    check_catalogue   the same with the answers

Three forms are told apart by their heads; nothing is dropped, every row is a claim or is set aside by number.

1. **Ours**: CSV with a header line, or a JSON list of objects, of these columns; an empty cell or null is
   "not given". Unknown columns are kept out of the claim and are no error.

       site_latitude_deg, site_longitude_deg, bearing_deg, apogee_km, range_km    needed
       class, burn_s                                                             one of the two
       reported_s, tolerance_s, date, vehicle                                    optional

2. **Missile test records in bins of years**: a JSON object `timeBins` of `data` of rows with `date`,
   `missile`, `facility`, `bearing`, `apogee`, `distance` (kilometres, or words such as `unknown`). Facilities
   have no coordinates there: they come from `sites`.
3. **Missile test table of the James Martin Center (CNS)**: CSV with `Date`, `Missile Name`,
   `Missile Type`, `Facility Latitude`, `Facility Longitude`, `Apogee`, `Distance Travelled` (`2111.5 km`).
   It has no bearing: that comes from `bearing_deg`.

In forms 2 and 3 the class comes from the vehicle's name (`CLASS_BY_VEHICLE`), else from the type (MRBM,
IRBM), else from `vehicle_class`. Rows are counted from 1; in a CSV the header is row 1.
"""

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trilat.domains.missile.claims import FlightAnswer, FlightClaim, check_flight
from trilat.model import ScenarioError, UsageError

CATALOGUE_BYTES_MAX = 20_000_000
CATALOGUE_ROWS_MAX = 100_000

CLASS_BY_VEHICLE = {
    "er-scud": "mrbm",
    "hwasong-12": "irbm",
    "hwasong-14": "liquid-icbm",
    "hwasong-15": "liquid-icbm",
    "hwasong-17": "liquid-icbm",
    "hwasong-18": "solid-icbm",
    "hwasong-19": "solid-icbm",
    "musudan": "irbm",
    "new-irbm-2022": "irbm",
    "nodong": "mrbm",
    "pukguksong-1": "mrbm",
    "pukguksong-2": "mrbm",
    "pukguksong-3": "mrbm",
}
"""Vehicles whose class is public; names as in form 2."""

_CLASS_BY_TYPE = {"IRBM": "irbm", "MRBM": "mrbm"}
_NEEDED = ("site_latitude_deg", "site_longitude_deg", "bearing_deg", "apogee_km", "range_km")
_OPTIONAL = ("burn_s", "reported_s", "tolerance_s")
_CNS = ("Missile Name", "Facility Latitude", "Facility Longitude", "Apogee", "Distance Travelled")
_KILOMETRES = re.compile(r"\s*([0-9][0-9,]*(?:\.[0-9]+)?)\s*(?:km)?\s*")


@dataclass(frozen=True)
class Defaults:
    """What a caller adds to rows that lack it; `sites` are (latitude, longitude) in degrees by facility."""

    bearing_deg: float | None = None
    vehicle_class: str | None = None
    sites: Mapping[str, tuple[float, float]] | None = None


@dataclass(frozen=True)
class CatalogueRow:
    """A row that can be checked; `title` is its date and vehicle."""

    row: int
    title: str
    claim: FlightClaim


@dataclass(frozen=True)
class SetAside:
    """A row that cannot be checked, and why."""

    row: int
    title: str
    reason: str


@dataclass(frozen=True)
class Catalogue:
    """All rows of a file: the ones that can be checked and the others."""

    rows: tuple[CatalogueRow, ...]
    set_aside: tuple[SetAside, ...]


@dataclass(frozen=True)
class CatalogueAnswer:
    """The answers in the order of the rows, and the rows that have none."""

    answers: tuple[tuple[CatalogueRow, FlightAnswer], ...]
    set_aside: tuple[SetAside, ...]


def check_catalogue(name: str, data: bytes, defaults: Defaults = Defaults()) -> CatalogueAnswer:
    """The answer to every claim of a catalogue; about a tenth of a second each."""
    catalogue = read_catalogue(name, data, defaults)
    # Salvos are entered once per missile with the same numbers.
    known = {claim: check_flight(claim) for claim in {row.claim: None for row in catalogue.rows}}
    answers = tuple((row, known[row.claim]) for row in catalogue.rows)
    return CatalogueAnswer(answers, catalogue.set_aside)


def read_catalogue(name: str, data: bytes, defaults: Defaults = Defaults()) -> Catalogue:
    """The claims of a catalogue; `name` is that of the file, for the texts of errors.

    Raises:
        ScenarioError: the file as a whole is too long, is no text, or has none of the three forms.
    """
    if len(data) > CATALOGUE_BYTES_MAX:
        raise ScenarioError(f"catalogue `{name}` is longer than {CATALOGUE_BYTES_MAX} bytes: split it")
    text = _text(name, data)
    rows, aside = [], []
    for number, title, fields in _claims(name, text, defaults):
        if number > CATALOGUE_ROWS_MAX:
            raise ScenarioError(f"catalogue `{name}` has more than {CATALOGUE_ROWS_MAX} rows: split it")
        try:
            rows.append(CatalogueRow(number, title, _claim(fields)))
        except UsageError as refused:
            aside.append(SetAside(number, title, str(refused)))
    return Catalogue(tuple(rows), tuple(aside))


def _text(name: str, data: bytes) -> str:
    """The text of the file: UTF-8, or the Windows code page in which the CNS table is kept."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if b"Facility Latitude" in data[:2000]:
            # Only words between the numbers are outside ASCII there; none of them is used.
            return data.decode("cp1252", errors="replace")
        raise ScenarioError(f"catalogue `{name}` is not UTF-8 text") from None


def _claims(name: str, text: str, defaults: Defaults) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Row number, title and fields (form 1) of every row of any form."""
    if text.lstrip().startswith(("{", "[")):
        yield from _json_claims(name, text, defaults)
        return
    try:
        table = csv.DictReader(io.StringIO(text, newline=""), restval="")
        head = [column.strip() for column in table.fieldnames or ()]
        cns = set(_CNS) <= set(head)
        missing = [column for column in _NEEDED if column not in head]
        if not cns and missing:
            listed = ", ".join(f"`{column}`" for column in missing)
            raise ScenarioError(f"catalogue `{name}` lacks the columns {listed}")
        table.fieldnames = head
        for number, row in enumerate(table, start=2):
            fields: dict[str, Any] = {key: value for key, value in row.items() if key is not None}
            yield (number, *(_cns_fields(fields, defaults) if cns else _own_fields(fields)))
    except csv.Error as broken:
        raise ScenarioError(f"catalogue `{name}` is not readable as CSV: {broken}") from None


def _json_claims(name: str, text: str, defaults: Defaults) -> Iterator[tuple[int, str, dict[str, Any]]]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as broken:
        raise ScenarioError(f"catalogue `{name}` is not readable as JSON: {broken}") from None
    if isinstance(whole, list):
        binned, rows = False, whole
    elif isinstance(whole, dict) and isinstance(whole.get("timeBins"), list):
        binned, rows = True, []
        for one in whole["timeBins"]:
            if not isinstance(one, dict) or not isinstance(one.get("data"), list):
                raise ScenarioError(f"catalogue `{name}`: each of `timeBins` needs a list `data`")
            rows.extend(one["data"])
    else:
        raise ScenarioError(f"catalogue `{name}` is neither a list of flights nor has `timeBins`")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            yield number, "", {"_problem": "the row is not an object of named values"}
        else:
            yield (number, *(_binned_fields(row, defaults) if binned else _own_fields(row)))


def _own_fields(row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return _title(row.get("date"), row.get("vehicle")), {
        **{key: row.get(key) for key in (*_NEEDED, *_OPTIONAL)},
        "vehicle_class": row.get("class"),
    }


def _binned_fields(row: dict[str, Any], defaults: Defaults) -> tuple[str, dict[str, Any]]:
    facility, vehicle = str(row.get("facility", "")), str(row.get("missile", ""))
    site = (defaults.sites or {}).get(facility)
    fields: dict[str, Any] = {
        "site_latitude_deg": site[0] if site else None,
        "site_longitude_deg": site[1] if site else None,
        "bearing_deg": row.get("bearing", defaults.bearing_deg),
        "apogee_km": _kilometres(row.get("apogee")),
        "range_km": _kilometres(row.get("distance")),
        "vehicle_class": CLASS_BY_VEHICLE.get(vehicle, defaults.vehicle_class),
    }
    if site is None:
        fields["_problem"] = f"no coordinates of the facility `{facility[:60]}` are known: name its site"
    return _title(row.get("date"), vehicle), fields


def _cns_fields(row: dict[str, Any], defaults: Defaults) -> tuple[str, dict[str, Any]]:
    vehicle = str(row["Missile Name"])
    key = re.sub(r"[\s()]+", "-", vehicle.strip().lower()).strip("-")
    by_type = _CLASS_BY_TYPE.get(str(row.get("Missile Type", "")).strip(), defaults.vehicle_class)
    return _title(row.get("Date"), vehicle), {
        "site_latitude_deg": row["Facility Latitude"],
        "site_longitude_deg": row["Facility Longitude"],
        "bearing_deg": defaults.bearing_deg,
        "apogee_km": _kilometres(row["Apogee"]),
        "range_km": _kilometres(row["Distance Travelled"]),
        "vehicle_class": CLASS_BY_VEHICLE.get(key, by_type),
    }


def _title(date: object, vehicle: object) -> str:
    parts = [str(part).strip() for part in (date, vehicle) if part not in (None, "")]
    return " ".join(" ".join(parts).split())[:120]


def _kilometres(value: object) -> object:
    """The number in `1,380 km`; other text is left for `_claim` to refuse, words for "unknown" are None."""
    if not isinstance(value, str):
        return value
    if value.strip().lower() in ("", "na", "n/a", "unknown"):
        return None
    match = _KILOMETRES.fullmatch(value)
    return match.group(1).replace(",", "") if match else value


def _claim(fields: dict[str, Any]) -> FlightClaim:
    """The claim of a row; UsageError says what is missing or wrong."""
    if "_problem" in fields:
        raise UsageError(str(fields["_problem"]))
    numbers = {column: _number(column, fields.get(column)) for column in (*_NEEDED, *_OPTIONAL)}
    given = {column: number for column, number in numbers.items() if number is not None}
    missing = ", ".join(f"`{column}`" for column in _NEEDED if column not in given)
    if missing:
        raise UsageError(f"{missing} not given")
    vehicle_class = str(fields.get("vehicle_class") or "").strip() or None
    return FlightClaim(**given, vehicle_class=vehicle_class)


def _number(column: str, value: object) -> float | None:
    """The finite number of a cell; None where it is empty."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise UsageError(f"`{column}` is not a number")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise UsageError(f"`{column}` is not a number: `{str(value)[:40]}`") from None
    if not math.isfinite(number):
        raise UsageError(f"`{column}` is not a finite number: `{str(value)[:40]}`")
    return number
