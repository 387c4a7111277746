"""What leaves does not tell of biases: no noun holds one, and an attacker reads no more than is left over."""

import math
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

import trilat.model
from trilat.fusion import BiasPrior, Registration, corrected_plot, equivalent_measurement
from trilat.model import ITEM_KINDS, Release

NS = 1_000_000_000
PRIOR = BiasPrior(15.0, 3e-4, 3e-4, 1e-6)
KEYS = {"R1": ("USA", "R1"), "R2": ("KOR", "R2"), "R3": ("JPN", "R3")}


def structs_of(noun: Any, found: set[Any]) -> set[Any]:
    """Every struct that a noun is made of."""
    info = msgspec.inspect.type_info(noun)
    pending, seen = [info], set()
    while pending:
        at = pending.pop()
        if id(at) in seen:
            continue
        seen.add(id(at))
        if isinstance(at, msgspec.inspect.StructType):
            if at.cls in found:
                continue
            found.add(at.cls)
            pending += [field.type for field in at.fields]
        pending += list(getattr(at, "types", ()))
        pending += list(getattr(at, "item_types", ()))
        pending += [
            getattr(at, name) for name in ("item_type", "key_type", "value_type") if hasattr(at, name)
        ]
    return found


def test_nothing_of_the_model_carries_a_bias() -> None:
    structs: set[Any] = set()
    for noun in (*ITEM_KINDS.values(), Release):
        structs_of(noun, structs)
    # The premise: the walk reaches what a track is made of.
    assert {"Track", "Kinematics", "Report", "RadarPlot", "Release"} <= {
        struct.__name__ for struct in structs
    }
    names = {name.lower() for struct in structs for name in struct.__struct_fields__}
    names |= {name.lower() for name in vars(trilat.model)}
    assert [name for name in sorted(names) if "bias" in name or "registration" in name] == []


def measured(world: Any, name: str, position: Any) -> Any:
    _, lat, lon, _ = world.radars[name]
    enu = world.local_axes(lat, lon) @ (position - world.geodetic(lat, lon, 100.0))
    level = math.hypot(enu[0], enu[1])
    return np.array([math.hypot(level, enu[2]), math.atan2(enu[0], enu[1]), math.atan2(enu[2], level)])


def read_bias(world: Any, truth: Any, plots: Any, name: str, table: Any) -> Any:
    """The attacker's estimate (3,) of a radar's biases from its tracklets; he has the truth and its place.

    The tracklets are of the plots as they are, or corrected by `table`.
    """
    offs = []
    for plot in plots:
        if plot.sensor == name:
            sent = plot if table is None else corrected_plot(plot, table)[0]
            position, velocity = truth[plot.time_ns]
            mean, _ = equivalent_measurement(sent, np.concatenate([position, velocity]))
            off = measured(world, name, mean[:3]) - measured(world, name, position)
            offs.append([off[0], math.remainder(off[1], 2 * math.pi), off[2]])
    return np.mean(offs, axis=0)


@pytest.fixture(scope="module")
def attacked(world: Any, generic_flight: Any) -> Any:
    """True biases, left over, stated sigmas, read with and without registration, each (24 runs x 3, 3)."""
    clean = [
        plot
        for plot in world.radar_plots([generic_flight], None)
        if 118.0 <= (plot.time_ns - world.base_ns) / NS < 240.0
    ]
    truth = {plot.time_ns: generic_flight.at((plot.time_ns - world.base_ns) / NS) for plot in clean}
    runs = []
    for seed in range(24):
        rng = np.random.default_rng([seed, 2])
        biases = {name: rng.standard_normal(3) * PRIOR.sigmas[:3] for name in KEYS}
        plots = []
        for plot in clean:
            noise = biases[plot.sensor] + rng.standard_normal(3) * [30.0, 1e-3, 1e-3]
            plots.append(
                replace(
                    plot,
                    range_m=plot.range_m + noise[0],
                    azimuth_rad=plot.azimuth_rad + noise[1],
                    elevation_rad=plot.elevation_rad + noise[2],
                )
            )
        registration = Registration(dict.fromkeys(KEYS.values(), PRIOR))
        for plot in plots:
            registration.add("t1", plot)
        table = registration.table()
        for name, key in KEYS.items():
            own = table.bias(*key)
            estimated = [own.range_bias_m, own.azimuth_bias_rad, own.elevation_bias_rad]
            stated = [own.range_sigma_m, own.azimuth_sigma_rad, own.elevation_sigma_rad]
            read = [read_bias(world, truth, plots, name, with_table) for with_table in (table, None)]
            runs.append([biases[name], biases[name] - estimated, stated, *read])
    return np.moveaxis(np.array(runs), 1, 0)


def rms(values: Any) -> Any:
    return np.sqrt(np.mean(np.square(values), axis=0))


def test_without_registration_the_attacker_reads_the_bias(attacked: Any) -> None:
    true, _, _, _, plain = attacked
    # The premise of the attack: it works. What blurs it is the mean of 122 plots' noise.
    blur = np.array([30.0, 1e-3, 1e-3]) / math.sqrt(122.0)
    assert np.all(rms(plain - true) < 1.4 * blur)
    assert np.all(rms(plain - true) < 0.5 * rms(true))


def test_the_stated_sigma_is_what_is_left(attacked: Any) -> None:
    _, left, stated, _, _ = attacked
    # 72 values, the three radars of a run not quite independent: a root mean square is good to 0.1.
    assert np.all(np.abs(rms(left / stated) - 1.0) < 0.3)


def test_with_registration_the_attacker_reads_only_what_is_left(attacked: Any) -> None:
    true, left, stated, read, _ = attacked
    blur = np.array([30.0, 1e-3, 1e-3]) / math.sqrt(122.0)
    # What he reads is the left-over, blurred: nowhere more than the stated sigma and the blur together.
    assert np.all(rms(read) < 1.35 * np.sqrt(np.mean(stated**2, axis=0) + blur**2))
    assert np.all(rms(read - left) < 1.4 * blur)
    # For the angles, which are well estimated, that is far less than the bias itself.
    assert np.all(rms(read)[1:] < 0.5 * rms(true)[1:])


def test_most_of_a_bias_stays_unknown_to_the_attacker(attacked: Any) -> None:
    """His best straight line from what he reads to the true bias explains little of it.

    With b_hat the mean of b given the plots, cov(b, b - b_hat) is the stated variance P, and noise knows
    nothing of b: so the share of var(b) that he explains is P^2 / (var(b) var(read)), predicted here.
    """
    true, _, stated, read, plain = attacked

    def explained(reading: Any) -> float:
        return float(np.corrcoef(reading[:, 1:].ravel(), true[:, 1:].ravel())[0, 1] ** 2)

    prior, left = PRIOR.azimuth_sigma_rad**2, float(np.mean(stated[:, 1:] ** 2))
    predicted = left**2 / (prior * float(np.mean(read[:, 1:] ** 2)))
    assert predicted < 0.4
    assert explained(plain) > 0.8
    # 144 pairs: a correlation is good to 0.08, three of which are allowed for.
    assert math.sqrt(explained(read)) < math.sqrt(predicted) + 0.25
