"""Values that the tests of policy share: labels, items of each shape, and the regimes of the study."""

from pathlib import Path
from typing import Any

import trilat
from trilat.model import (
    Area,
    AreaKind,
    Classification,
    Consent,
    Declaration,
    Declared,
    Domain,
    Ellipse,
    Event,
    EventKind,
    Kinematics,
    Label,
    Place,
    Provenance,
    RadarPlot,
    Report,
    Status,
    Track,
    Vessel,
    parse_instant,
)
from trilat.policy import AgreementSet, Regime, ReleaseRequest, read_agreement, read_regime

REGIMES = Path(trilat.__file__).parent / "study" / "regimes"
NOW_NS = parse_instant("2024-01-15T00:00:00Z")
LEVELS = {"JPN": "GOKUHI", "KOR": "II", "USA": "SECRET"}
FACTOR = tuple(
    50_000_000 if row == column and row < 3 else 500_000 if row == column else 0
    for row in range(6)
    for column in range(row + 1)
)


def regime(name: str) -> tuple[Regime, AgreementSet]:
    folder = REGIMES / name
    preset = read_regime("regime.toml", (folder / "regime.toml").read_text(encoding="utf-8"))
    files = {}
    for include in preset.include:
        path = folder / include
        files[path.name] = read_agreement(path.name, path.read_text(encoding="utf-8"))
    return preset, AgreementSet.of(files)


def agreements(**texts: str) -> AgreementSet:
    return AgreementSet.of(
        {f"{name}.toml": read_agreement(f"{name}.toml", text) for name, text in texts.items()}
    )


def label(originator: str = "JPN", at_ns: int = NOW_NS, **changes: Any) -> Label:
    values: dict[str, Any] = {
        "originator": originator,
        "classification": Classification(scheme=originator, level=LEVELS.get(originator, "UNCLASSIFIED")),
        "releasable_to": tuple(party for party in ("JPN", "KOR", "USA") if party != originator),
        "created_ns": at_ns,
    }
    return Label(**{**values, **changes})


def head(originator: str = "JPN", at_ns: int = NOW_NS, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "item_id": f"{originator}/item/7",
        "version": 3,
        "subject": "object-1",
        "domain": Domain.MISSILE,
        "status": Status.SIMULATED,
        "valid_ns": at_ns,
        "label": label(originator, at_ns),
        "provenance": Provenance(originators=(originator,), observations=(b"12345678",)),
    }
    return {**values, **changes}


def kinematics(at_ns: int = NOW_NS, **changes: Any) -> Kinematics:
    values: dict[str, Any] = {
        "epoch_ns": at_ns,
        "position_mm": (-3_000_123_457, 3_900_765_433, 4_100_111_111),
        "velocity_mm_per_s": (1_234_567, -2_345_678, 3_456_789),
        "covariance_factor": FACTOR,
    }
    return Kinematics(**{**values, **changes})


def track(originator: str = "JPN", at_ns: int = NOW_NS, **changes: Any) -> Track:
    values = {
        **head(originator, at_ns),
        "state": kinematics(at_ns),
        "tracklets": (kinematics(at_ns),),
        "sensors": ("KONGO",),
        "updates_count": 12,
    }
    return Track(**{**values, **changes})


def report(originator: str = "JPN", at_ns: int = NOW_NS, **changes: Any) -> Report:
    plot = RadarPlot(
        site=Place(latitude_1e7deg=400_000_000, longitude_1e7deg=1_350_000_000),
        range_mm=500_000_000,
        azimuth_nrad=1_000_000_000,
        elevation_nrad=500_000_000,
        range_sigma_mm=50_000,
        azimuth_sigma_nrad=1_000_000,
        elevation_sigma_nrad=1_000_000,
    )
    return Report(**{**head(originator, at_ns), "sensor": "KONGO", "observation": plot, **changes})


def event(originator: str = "JPN", at_ns: int = NOW_NS, **changes: Any) -> Event:
    place = Place(latitude_1e7deg=408_512_345, longitude_1e7deg=1_296_654_321)
    values = {
        **head(originator, at_ns),
        "event": EventKind.LAUNCH,
        "time_sigma_ms": 900,
        "place": place,
        "region": Ellipse(centre=place, semi_major_m=3_100, semi_minor_m=1_700),
    }
    return Event(**{**values, **changes})


def area(originator: str = "JPN", at_ns: int = NOW_NS, **changes: Any) -> Area:
    centre = Place(latitude_1e7deg=390_123_456, longitude_1e7deg=1_600_654_321)
    values = {
        **head(originator, at_ns),
        "area": AreaKind.IMPACT,
        "region": Ellipse(centre=centre, semi_major_m=90_100, semi_minor_m=12_300, bearing_mdeg=77_000),
        "expected_ns": at_ns + 123_456_789_012,
        "time_sigma_ms": 4_000,
    }
    return Area(**{**values, **changes})


def vessel(originator: str = "JPN", at_ns: int = NOW_NS, **changes: Any) -> Vessel:
    values = {
        **head(originator, at_ns),
        "domain": Domain.MARITIME,
        "mmsi": "431000123",
        "place": Place(latitude_1e7deg=351_234_567, longitude_1e7deg=1_391_234_567),
        "course_mdeg": 90_000,
        "speed_mm_per_s": 7_000,
        "ship_name": "EXAMPLE MARU",
        "call_sign": "JABC",
        "receiver": "station-4",
    }
    return Vessel(**{**values, **changes})


def consent(originator: str = "JPN", at_ns: int = NOW_NS, **changes: Any) -> Consent:
    values = {
        **head(originator, at_ns),
        "item_id": f"{originator}/consent/1",
        "version": 1,
        "subjects": ("object-1",),
        "recipient": "KOR" if originator == "JPN" else "JPN",
        "clause": "japan-korea-2016#4-japan",
        "granted": True,
        "officer": f"{originator}/officer",
        "until_ns": at_ns + 600_000_000_000,
        "assumed": True,
    }
    return Consent(**{**values, **changes})


def declaration(originator: str = "JPN", at_ns: int = NOW_NS, **changes: Any) -> Declaration:
    values = {
        **head(originator, at_ns),
        "item_id": f"{originator}/declaration/1",
        "version": 1,
        "declared": Declared.SITUATION,
        "about": "launch",
        "officer": f"{originator}/officer",
        "until_ns": at_ns + 600_000_000_000,
        "assumed": True,
    }
    return Declaration(**{**values, **changes})


def ask(sender: str = "JPN", recipient: str = "KOR", **changes: Any) -> ReleaseRequest:
    values: dict[str, Any] = {"purpose": "missile-warning", "at_ns": NOW_NS}
    return ReleaseRequest(sender=sender, recipient=recipient, **{**values, **changes})
