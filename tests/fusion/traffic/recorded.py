"""Recorded traffic: readers of what lies beside the project, and what can be said of tracks of it.

- Autoferry (Trondheim canal): lidar and radar positions, bearings of two cameras, all from a moving ferry,
  with ground truth of two boats. Frame north, east.
- Barcelona airport: the same hour by multilateration and by surface radar, ASTERIX category 10 (EUROCONTROL,
  edition 1.1: its user application profile names the items read here; the rest is passed over).
  Multilateration knows each target's 24-bit address: nothing tracks by it, it judges.
- OpenSky: ADS-B state vectors over Britain, 10 s apart, with addresses too.
"""

import csv
import gzip
import io
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import linear_sum_assignment

from trilat.fusion.traffic import (
    Association,
    LocalFrame,
    Motion,
    SensorKind,
    TrafficSensor,
    TrafficSettings,
    TrafficTracker,
)
from trilat.study import gospa

Array = npt.NDArray[Any]
DATA: Final = Path(__file__).parents[4] / "shared" / "data"
FERRY: Final = DATA / "adsb_tle_fusion" / "autoferry"
is_here = pytest.mark.skipif(not FERRY.is_dir(), reason="recorded traffic is not beside the project")
NS: Final = 1_000_000_000


# Autoferry ------------------------------------------------------------------------------------------

SCENARIOS: Final = (2, 3, 4, 6, 16)
# A boat has a track when one is within this; GOSPA's cut-off too, metres. The boats are up to 10 m long.
NEAR_M: Final = 20.0
# Moored boats, quays and buoys are tracked too but are not in the ground truth: only what moves is scored.
MOVING_M_PER_S: Final = 0.8
# Numbers of the sensors in the files. Sigmas are those of the residuals against the ground truth.
FERRY_SENSORS: Final = (
    TrafficSensor(
        "1",
        SensorKind.SURFACE_POSITION,
        position_sigma_m=4.0,
        range_m_max=120.0,
        detection_probability=0.5,
        clutter_per_scan=2.0,
    ),
    TrafficSensor(
        "2",
        SensorKind.SURFACE_POSITION,
        position_sigma_m=5.0,
        range_m_max=400.0,
        detection_probability=0.7,
        clutter_per_scan=10.0,
    ),
    *(
        TrafficSensor(
            name,
            SensorKind.BEARING,
            azimuth_sigma_rad=0.06,
            range_m_max=400.0,
            detection_probability=0.2,
            clutter_per_scan=10.0,
            is_scanning=False,
        )
        for name in "34"
    ),
)
FERRY_SETTINGS: Final = {
    "acceleration_psd_m2_per_s3": 0.2,
    "speed_sigma_m_per_s": 3.0,
    "births_per_scan": 0.05,
    "coast_s": 15.0,
    "tentative_s": 8.0,
    "position_sigma_m_max": 40.0,
    "confirm_updates": 12,
    "confirm_existence": 0.999,
    "association": Association.JOINT,
    "gate_sigmas": 3.5,
}


@dataclass(frozen=True)
class FerryScore:
    """What came of a scenario: root mean square error of matched boats (m), share of instants at which a boat
    has a track, tracks a boat had, moving tracks beyond the boats at an instant, GOSPA (p 2, cut-off 20 m).
    """

    rmse_m: float
    continuity: float
    tracks_a_boat: float
    false_tracks: float
    gospa_m: float


def load(name: str) -> Any:
    with gzip.open(FERRY / name) as file:
        return json.load(file)


def ferry_truth(scenario: int) -> list[tuple[Array, Array]]:
    """Of each boat its instants (s) and positions (east, north), metres."""
    boats: dict[int, dict[float, list[float]]] = defaultdict(dict)
    for row in load(f"scenario{scenario}_groundTruth.json.gz"):
        for boat in row:
            boats[boat["targetID"]][boat["time"]] = boat["position"][1::-1]
    return [
        (np.array(sorted(boat)), np.array([boat[t] for t in sorted(boat)]))
        for _, boat in sorted(boats.items())
    ]


def ferry(scenario: int, sensors: Iterable[str] = "1234", **changes: Any) -> FerryScore:
    """The tracker over a scenario, scored after each lidar or radar scan from the tenth second on."""
    settings: dict[str, Any] = {**FERRY_SETTINGS, **changes}
    tracker = TrafficTracker(FERRY_SENSORS, TrafficSettings.for_ships(**settings))
    boats, wanted = ferry_truth(scenario), set(sensors)
    squares, gospas, false, names = [], [], [], [Counter[int]() for _ in boats]
    seen = total = 0
    detections = load(f"scenario{scenario}_detections.json.gz")
    for row in detections:
        sensor, at = str(row["sensorID"]), row["time"]
        if sensor in wanted:
            north, east = row["ownshipPosition"]
            found = np.array(row["measurement"], dtype=float)
            if sensor in "12":
                values = found.reshape(2, -1).T[:, ::-1] + [east, north] if found.size else np.zeros((0, 2))
            else:
                values = found.reshape(-1, 1)
            tracker.add_scan(sensor, round(at * NS), values, site_m=[east, north, 0.0])
        if sensor not in "12" or at < detections[0]["time"] + 10.0:
            continue
        picture = tracker.estimates(round(at * NS))
        truth = np.array([[np.interp(at, t, p[:, k]) for k in (0, 1)] for t, p in boats])
        moving = np.flatnonzero(np.linalg.norm(picture.means[:, 3:5], axis=1) > MOVING_M_PER_S)
        apart = np.linalg.norm(picture.means[moving, None, :2] - truth[None], axis=2)
        gospas.append(gospa(picture.means[moving, :2], truth, NEAR_M).distance)
        rows, columns = linear_sum_assignment(np.minimum(apart, NEAR_M))
        near = [(i, j) for i, j in zip(rows, columns, strict=True) if apart[i, j] < NEAR_M]
        squares += [apart[i, j] ** 2 for i, j in near]
        for i, j in near:
            names[j][int(picture.ident[moving[i]])] += 1
        seen, total = seen + len(near), total + len(boats)
        false.append(len(moving) - len(near))
    return FerryScore(
        math.sqrt(float(np.mean(squares))),
        seen / total,
        float(np.mean([len(boat) for boat in names])),
        float(np.mean(false)),
        float(np.mean(gospas)),
    )


# Reports one by one, judged by addresses ------------------------------------------------------------


class Report(NamedTuple):
    """A plot of its own instant; `label` is who it is, for judging only."""

    time_ns: int
    sensor: str
    values: Any
    label: str


@dataclass(frozen=True)
class LabelScore:
    """What came of reports: how many, share that got the track of most of their label's reports, mean number
    of tracks a label had, share of tracks with more than one label; root mean square and 95th percentile of
    the distance of a report from the prediction of its label's track (m), and its median.
    """

    reports: int
    purity: float
    tracks_a_label: float
    mixed_tracks: float
    prediction_rms_m: float
    prediction_95_m: float
    prediction_median_m: float


def judged(tracker: TrafficTracker, reports: Iterable[Report], judge: str) -> tuple[LabelScore, Counter[str]]:
    """Feeds reports one by one; those of sensor `judge` judge. Also how many plots of each other sensor
    joined tracks that the judging sensor had reported on.
    """
    track_of: dict[str, int] = {}
    by_label: dict[str, Counter[int]] = defaultdict(Counter)
    labels_of: dict[int, Counter[str]] = defaultdict(Counter)
    joined: Counter[str] = Counter()
    errors, count = [], 0
    for report in reports:
        values = np.array([report.values])
        if report.sensor == judge and report.label in track_of:
            picture = tracker.estimates(report.time_ns)
            row = np.flatnonzero(picture.ident == track_of[report.label])
            if row.size:
                errors.append(float(np.linalg.norm(picture.means[row[0], :2] - values[0, :2])))
        ident = int(tracker.add_scan(report.sensor, report.time_ns, values).track[0])
        if report.sensor != judge:
            joined[report.sensor] += ident in labels_of
            continue
        count += 1
        if ident > 0:
            track_of[report.label] = ident
            by_label[report.label][ident] += 1
            labels_of[ident][report.label] += 1
    most = sum(tracks.most_common(1)[0][1] for tracks in by_label.values())
    found = [labels for labels in labels_of.values() if sum(labels.values()) >= 5]
    score = LabelScore(
        count,
        most / count,
        float(np.mean([len([n for n in tracks.values() if n >= 5]) for tracks in by_label.values()])),
        float(np.mean([len(labels) > 1 for labels in found])),
        math.sqrt(float(np.mean(np.square(errors)))),
        float(np.percentile(errors, 95)),
        float(np.median(errors)),
    )
    return score, joined


# Barcelona ------------------------------------------------------------------------------------------

# Octets of the items of category 10 with a fixed length, by field reference number; 3, 11 and 19 are extended
# by their last bit, 15 and 23 repeat items of 8 and 2.
_FIXED: Final = {
    1: 2,
    2: 1,
    4: 3,
    5: 8,
    6: 4,
    7: 4,
    8: 4,
    9: 4,
    10: 2,
    12: 2,
    13: 3,
    14: 7,
    16: 1,
    17: 2,
    18: 2,
    20: 1,
    21: 1,
    22: 4,
    24: 1,
    25: 2,
}
_EXTENDED: Final = {3, 11, 19}
_REPEATED: Final = {15: 8, 23: 2}
MULTILATERATION: Final = "LEBL_2020-10-02_0800_MLAT_cat010_part1.ast.gz"
SURFACE_RADAR: Final = "LEBL_2020-10-02_0800_SMR_cat010_part1.ast.gz"
# Where the surface radar stands from the reference point of multilateration: the median of 310 looks at
# moving targets that both see.
RADAR_FROM_REFERENCE_M: Final = (1399.0, -169.0)


def octets(name: str) -> bytes:
    """A recording of the airport as its sensors sent it."""
    return gzip.decompress((DATA / "asterix" / name).read_bytes())


def category_10(data: bytes) -> Iterator[dict[int, bytes]]:
    """The records of category 10 in a recording, items by field reference number."""
    at = 0
    while at + 3 <= len(data):
        size = int.from_bytes(data[at + 1 : at + 3])
        if data[at] == 10:
            yield from _records(data[at + 3 : at + size])
        at += size


def _records(block: bytes) -> Iterator[dict[int, bytes]]:
    at = 0
    while at < len(block):
        fields, base = [], 1
        while True:
            octet = block[at]
            fields += [base + bit for bit in range(7) if octet & (0x80 >> bit)]
            at, base = at + 1, base + 7
            if not octet & 1:
                break
        record = {}
        for field in fields:
            size = _FIXED.get(field) or _size(field, block, at)
            record[field] = block[at : at + size]
            at += size
        yield record


def _size(field: int, block: bytes, at: int) -> int:
    if field in _REPEATED:
        return 1 + block[at] * _REPEATED[field]
    assert field in _EXTENDED, f"item {field} is not of this edition"
    size = 1
    while block[at + size - 1] & 1:
        size += 1
    return size


def airport(minutes: float) -> list[Report]:
    """Positions of both sensors (east, north of one reference point) of the first minutes, by time."""
    reports = []
    for name, sensor, shift in (
        (MULTILATERATION, "mlat", (0.0, 0.0)),
        (SURFACE_RADAR, "smr", RADAR_FROM_REFERENCE_M),
    ):
        for record in category_10(octets(name)):
            if 7 not in record or record[2] != b"\x01":
                continue
            second = int.from_bytes(record[4]) / 128.0
            x, y = (int.from_bytes(record[7][k : k + 2], signed=True) for k in (0, 2))
            # The field's ends say that the target is farther than it can tell.
            if second < 28_801.0 + 60.0 * minutes and max(abs(x), abs(y)) < 32_000:
                label = record.get(13, record.get(10, b"")).hex()
                reports.append(Report(round(second * NS), sensor, (x + shift[0], y + shift[1]), label))
    return sorted(reports, key=lambda report: report.time_ns)


def airport_tracker(**changes: Any) -> TrafficTracker:
    """For vehicles and aircraft on and near an airport, each report a scan of its own."""
    sensors = [
        TrafficSensor(
            name,
            SensorKind.SURFACE_POSITION,
            position_sigma_m=sigma,
            clutter_per_scan=0.02,
            is_scanning=False,
        )
        for name, sigma in (("mlat", 8.0), ("smr", 10.0))
    ]
    settings: dict[str, Any] = {
        "acceleration_psd_m2_per_s3": 1.0,
        "motion": Motion.TURNING,
        "speed_sigma_m_per_s": 30.0,
        "coast_s": 120.0,
        "tentative_s": 10.0,
        "position_sigma_m_max": 500.0,
        **changes,
    }
    return TrafficTracker(sensors, TrafficSettings.for_ships(**settings))


# OpenSky --------------------------------------------------------------------------------------------


def britain() -> tuple[LocalFrame, list[Report]]:
    """ADS-B positions at the instants at which they were sent, repeats left out."""
    frame = LocalFrame(math.radians(52.5), math.radians(-1.5))
    text = gzip.decompress((DATA / "adsb_tle_fusion" / "opensky_uk_2021-07-12.csv.gz").read_bytes()).decode()
    seen, reports = set(), []
    for row in csv.DictReader(io.StringIO(text)):
        height = row["geoaltitude"] or row["baroaltitude"]
        if not (row["lat"] and height and row["lastposupdate"]) or row["onground"] == "True":
            continue
        at = round(float(row["lastposupdate"]) * NS)
        if (row["icao24"], at) not in seen:
            seen.add((row["icao24"], at))
            lat, lon = math.radians(float(row["lat"])), math.radians(float(row["lon"]))
            position = frame.positions(lat, lon, float(height))
            reports.append(Report(at, "adsb", position, row["icao24"]))
    return frame, sorted(reports, key=lambda report: report.time_ns)


def aircraft_tracker(motion: Motion, **changes: Any) -> TrafficTracker:
    """For ADS-B reports 10 s apart."""
    sensor = TrafficSensor(
        "adsb",
        SensorKind.POSITION,
        position_sigma_m=50.0,
        height_sigma_m=60.0,
        range_m_max=1e6,
        clutter_per_scan=0.01,
        is_scanning=False,
    )
    settings: dict[str, Any] = {"motion": motion, "coast_s": 120.0, "tentative_s": 60.0, **changes}
    return TrafficTracker([sensor], TrafficSettings(**settings))
