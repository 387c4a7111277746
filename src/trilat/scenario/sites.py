"""Sites file: the sensors of a scenario as TOML, written and read in one form.

    [sensor.ship-a]
    party = "JPN"
    lat_deg = 39.5
    lon_deg = 135.0
    height_m = 20.0
    range_sigma_m = 30.0
    azimuth_sigma_rad = 0.001
    elevation_sigma_rad = 0.001
    range_rate_sigma_m_per_s = 5.0     # left out: range rate is not measured
    elevation_mask_deg = 2.0

Those keys are the contract. A sensor without `range_sigma_m` measures direction only (infrared). What
a simulation needs besides may follow, and has a default: `kind`, `range_max_m`, `period_s`,
`offset_s`, `detection_probability`, `assumed` (text). So may how far all plots of a sensor may be off
together: `range_bias_sigma_m`, `angle_bias_sigma_rad`, `clock_bias_sigma_s`; left out, they are not. Any
other key is refused, so that a misspelt one is never passed over.
"""

import json
import tomllib
from collections.abc import Iterable
from typing import Any

from trilat.model import ScenarioError
from trilat.scenario.generic import (
    INFRARED_PERIOD_S,
    INFRARED_RANGE_M_MAX,
    RADAR_PERIOD_S,
    RADAR_RANGE_M_MAX,
)
from trilat.scenario.sensor import Sensor

# Enough for every sensor that anyone will describe by hand.
_TEXT_LENGTH_MAX = 1_000_000
_SENSORS_MAX = 1_000
# Key in the file and field of Sensor, in the order in which they are written.
_FIELDS = {
    "party": "party",
    "lat_deg": "latitude_deg",
    "lon_deg": "longitude_deg",
    "height_m": "height_m",
    "range_sigma_m": "range_sigma_m",
    "azimuth_sigma_rad": "azimuth_sigma_rad",
    "elevation_sigma_rad": "elevation_sigma_rad",
    "range_rate_sigma_m_per_s": "range_rate_sigma_m_per_s",
    "elevation_mask_deg": "elevation_mask_deg",
    "kind": "kind",
    "range_max_m": "range_max_m",
    "period_s": "period_s",
    "offset_s": "offset_s",
    "detection_probability": "detection_probability",
    "assumed": "assumed",
    "range_bias_sigma_m": "range_bias_sigma_m",
    "angle_bias_sigma_rad": "angle_bias_sigma_rad",
    "clock_bias_sigma_s": "clock_bias_sigma_s",
}
_TEXTS = frozenset({"party", "kind", "assumed"})
_REQUIRED = ("party", "lat_deg", "lon_deg", "height_m", "azimuth_sigma_rad", "elevation_sigma_rad")
# Defaults of what the contract does not hold.
_RANGE_M_MAX = {"radar": RADAR_RANGE_M_MAX, "infrared": INFRARED_RANGE_M_MAX}
_PERIOD_S = {"radar": RADAR_PERIOD_S, "infrared": INFRARED_PERIOD_S}


def sites_text(sensors: Iterable[Sensor]) -> str:
    """The sites file (TOML) of the sensors, in order of their names; the same sensors, the same bytes."""
    parts = []
    for sensor in sorted(sensors, key=lambda one: one.sensor_id):
        lines = [f"[sensor.{sensor.sensor_id}]"]
        for key, field in _FIELDS.items():
            value = getattr(sensor, field)
            if value is not None:
                # JSON's strings are TOML's basic strings; repr of a float is TOML's float.
                written = json.dumps(value, ensure_ascii=False) if key in _TEXTS else repr(float(value))
                lines.append(f"{key} = {written}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def read_sites(text: str) -> tuple[Sensor, ...]:
    """Sensors of a sites file, in order of their names.

    Raises:
        ScenarioError: not TOML, a name given twice, an unknown or missing key, or a value out of range.
    """
    if len(text) > _TEXT_LENGTH_MAX:
        raise ScenarioError(f"sites file is longer than {_TEXT_LENGTH_MAX} characters")
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # A ValueError is TOML's, or of a number with too many digits.
        # A sensor given twice is an error of TOML already.
        raise ScenarioError(f"sites file is not sound TOML: {error}") from error
    extra = sorted(set(document) - {"sensor"})
    if extra:
        raise ScenarioError(f"sites file has an unknown part `{extra[0]}`: write [sensor.NAME]")
    tables = document.get("sensor")
    if not isinstance(tables, dict) or not tables:
        raise ScenarioError("sites file holds no sensor: write [sensor.NAME] and its keys")
    if len(tables) > _SENSORS_MAX:
        raise ScenarioError(f"sites file holds more than {_SENSORS_MAX} sensors")
    return tuple(_sensor(name, table) for name, table in sorted(tables.items()))


def _sensor(name: str, table: Any) -> Sensor:
    if not isinstance(table, dict):
        raise ScenarioError(f"sensor `{name}` must be a table: write [sensor.{name}]")
    unknown = sorted(set(table) - set(_FIELDS))
    if unknown:
        raise ScenarioError(f"sensor `{name}`: unknown key `{unknown[0]}`: choose from {', '.join(_FIELDS)}")
    missing = [key for key in _REQUIRED if key not in table]
    if missing:
        raise ScenarioError(f"sensor `{name}`: `{missing[0]}` is missing")
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key in _TEXTS and not isinstance(value, str):
            raise ScenarioError(f"sensor `{name}`: `{key}` must be text in quotes")
        if key not in _TEXTS and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ScenarioError(f"sensor `{name}`: `{key}` must be a number")
        values[_FIELDS[key]] = value if key in _TEXTS else _float(name, key, value)
    kind = values.setdefault("kind", "radar" if "range_sigma_m" in table else "infrared")
    values.setdefault("range_sigma_m", None)
    values.setdefault("range_rate_sigma_m_per_s", None)
    values.setdefault("elevation_mask_deg", 0.0 if kind == "radar" else -90.0)
    values.setdefault("range_max_m", _RANGE_M_MAX.get(kind, 0.0))
    values.setdefault("period_s", _PERIOD_S.get(kind, 1.0))
    values.setdefault("assumed", "as given in a sites file")
    return Sensor(sensor_id=name, **values)


def _float(name: str, key: str, value: float) -> float:
    """The number as a double; TOML's integers have no end."""
    try:
        return float(value)
    except OverflowError as error:
        raise ScenarioError(f"sensor `{name}`: `{key}` is too large") from error
