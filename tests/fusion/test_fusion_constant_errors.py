"""Degraded copies of a partner's track, fused with own plots: honest over time, and no worse than alone.

The whole way of a real release: the partner's plots become tracklets (or its tracker's state), `degrade`
rounds them under duties or leaves a constant error that the partner states, and the recipient's node counts
them as it does any partner's. The truth is the independent one of `conftest`.
"""

from typing import Any

import msgspec
import numpy as np
import pytest
from tests.policy.cases import head
from tests.policy.test_degrade import permit

from trilat.domains.missile.conversion import kinematics_of, plot_of, source_track_of
from trilat.domains.missile.partner_tracklets import PartnerTracklets
from trilat.fusion import EquivalentObservation, Tracker, equivalent_measurement
from trilat.model import (
    Duties,
    Equivalent,
    Form,
    ObservationError,
    Provenance,
    Report,
    Stage,
    Track,
    decode,
    encode,
)
from trilat.policy import degrade

S = 1_000_000_000
RUNS = 30
READ_S = (100, 130, 145, 160, 175, 190, 205, 219)
FALLING = slice(2, None)
"""The instants at which all know that the burn is over; before, the bank itself says less than it knows."""

OFFSET_M = 300.0
BOUNDS = (0.8, 1.3)
"""Of the mean NEES/6 of 30 runs, which alone spreads by a tenth."""


def released(track: Track, form: Form, duties: Duties) -> Any:
    """The copy that a partner gets, through the bytes of the wire."""
    copy = degrade(track, permit(track, form, duties)).item
    return decode(encode(copy), Track)


def tracklet_track(plot: Any, truth: Any, constant: Any, number: int) -> Track:
    """A partner's track with the tracklet of one plot; `constant` is an error in metres that it states."""
    mean, covariance = equivalent_measurement(plot, truth)
    mean = mean + np.concatenate([constant, np.zeros(3)])
    kinematics = kinematics_of(plot.time_ns, mean, covariance)
    if constant.any():
        kinematics = msgspec.structs.replace(kinematics, constant_sigma_mm=round(OFFSET_M * 1e3))
    provenance = Provenance(originators=("KOR",), observations=(number.to_bytes(8, "big"),))
    named = head("KOR", plot.time_ns, version=number, provenance=provenance)
    return Track(**named, state=None, tracklets=(kinematics,), stage=Stage.UNKNOWN, updates_count=number)


def state_track(estimate: Any, number: int) -> Track:
    named = head("KOR", estimate.time_ns, version=number, provenance=Provenance(originators=("KOR",)))
    kinematics = kinematics_of(estimate.time_ns, estimate.mean, estimate.covariance)
    return Track(**named, state=kinematics, stage=Stage(estimate.stage), updates_count=number)


class Picture:
    """What the recipient knows in one run: alone, and with the partner's copies."""

    def __init__(self, world: Any, flight: Any, seed: int) -> None:
        self.alone, self.fused = Tracker(), Tracker()
        self.partners = PartnerTracklets("USA")
        self.world, self.flight = world, flight
        self.plots = [
            p for p in world.radar_plots([flight], seed, ("R1", "R2")) if p.time_ns < world.base_ns + 220 * S
        ]
        self.constant = np.random.default_rng([seed, 9]).standard_normal(3) * OFFSET_M

    def truth(self, time_ns: int) -> Any:
        return np.concatenate(self.flight.at((time_ns - self.world.base_ns) / S))

    def with_tracklets(self, duties: Duties, *, offset: bool) -> "Picture":
        for number, plot in enumerate(self.plots, start=1):
            if plot.source == "USA":
                self.alone.add(plot)
                self.fused.add(plot)
                continue
            constant = self.constant if offset else np.zeros(3)
            track = tracklet_track(plot, self.truth(plot.time_ns), constant, number)
            copy = released(track, Form.TRACKLETS, duties)
            for tracklet in self.partners.take(copy, plot.time_ns):
                assert tracklet.constant_sigma_m > 0.0
                self.fused.add(tracklet)
        return self

    def with_states(self, duties: Duties) -> "Picture":
        """The partner's own track, released every five seconds and combined when the picture is read."""
        theirs = Tracker()
        last_ns, number = 0, 0
        for plot in self.plots:
            for tracker in (self.alone, self.fused) if plot.source == "USA" else (theirs,):
                tracker.add(plot)
            if plot.source == "KOR" and plot.time_ns - last_ns >= 5 * S:
                last_ns, number = plot.time_ns, number + 1
                for estimate in theirs.estimates(plot.time_ns):
                    track = source_track_of(released(state_track(estimate, number), Form.TRACKS, duties))
                    if track is not None and estimate.confirmed:
                        self.fused.add(track)
        return self

    def figures(self, tracker: Tracker) -> Any:
        """NEES/6 and squared error of position, m2, at each instant that is read."""
        rows = []
        for second in READ_S:
            time_ns = self.world.base_ns + second * S
            confirmed = [e for e in tracker.estimates(time_ns) if e.confirmed]
            assert len(confirmed) == 1
            error = confirmed[0].mean - self.truth(time_ns)
            nees = float(error @ np.linalg.solve(confirmed[0].covariance, error)) / 6.0
            rows.append((nees, float(error[:3] @ error[:3])))
        return rows


CASES = {
    "rounded to 1 km": (Duties(round_position_m=1_000), False),
    "rounded to 5 km and 20 m/s": (Duties(round_position_m=5_000, round_velocity_m_per_s=20), False),
    "a constant error of 300 m": (Duties(), True),
    "both": (Duties(round_position_m=1_000), True),
}


@pytest.mark.parametrize("case", CASES)
def test_the_fused_picture_is_honest_over_time_and_no_worse_than_own_plots_alone(
    world: Any, generic_flight: Any, case: str
) -> None:
    duties, offset = CASES[case]
    pictures = [
        Picture(world, generic_flight, seed).with_tracklets(duties, offset=offset) for seed in range(RUNS)
    ]
    fused = np.array([picture.figures(picture.fused) for picture in pictures])
    alone = np.array([picture.figures(picture.alone) for picture in pictures])
    nees = fused[:, :, 0].mean(axis=0)
    assert np.all(nees[FALLING] > BOUNDS[0])
    assert np.all(nees < BOUNDS[1])
    ratio = np.sqrt(fused[:, :, 1].mean(axis=0) / alone[:, :, 1].mean(axis=0))
    assert np.all(ratio < 1.1)
    assert ratio.mean() < 1.0


def test_a_partners_rounded_track_combined_when_read_is_honest_over_time(
    world: Any, generic_flight: Any
) -> None:
    duties = Duties(round_position_m=1_000, round_velocity_m_per_s=20)
    pictures = [Picture(world, generic_flight, seed).with_states(duties) for seed in range(RUNS)]
    fused = np.array([picture.figures(picture.fused) for picture in pictures])
    nees = fused[:, :, 0].mean(axis=0)
    assert np.all(nees[FALLING] > BOUNDS[0])
    assert np.all(nees < BOUNDS[1])


def test_the_premise_a_constant_error_taken_as_new_each_time_is_claimed_away(
    world: Any, generic_flight: Any
) -> None:
    last = []
    for seed in range(6):
        picture = Picture(world, generic_flight, seed)
        tracker = picture.alone
        for number, plot in enumerate(picture.plots, start=1):
            if plot.source == "USA":
                tracker.add(plot)
                continue
            track = tracklet_track(plot, picture.truth(plot.time_ns), picture.constant, number)
            (tracklet,) = picture.partners.take(released(track, Form.TRACKLETS, Duties()), plot.time_ns)
            noise = tracklet.covariance + np.diag([OFFSET_M**2] * 3 + [0.0] * 3)
            tracker.add(EquivalentObservation(plot.time_ns, "KOR", tracklet.mean, noise))
        last.append(picture.figures(tracker)[-1][0])
    assert np.mean(last) > 2.6


def test_a_constant_error_wider_than_any_is_refused_and_its_observation_stays_new(
    world: Any, generic_flight: Any
) -> None:
    picture = Picture(world, generic_flight, 1)
    plot = next(p for p in picture.plots if p.source == "KOR")
    track = tracklet_track(plot, picture.truth(plot.time_ns), picture.constant, 1)
    wide = msgspec.structs.replace(track.tracklets[0], constant_sigma_mm=2**62)
    with pytest.raises(ObservationError, match="constant_sigma_m"):
        picture.partners.take(msgspec.structs.replace(track, tracklets=(wide,)), plot.time_ns)
    assert len(picture.partners.take(track, plot.time_ns)) == 1


def test_a_report_of_an_equivalent_keeps_the_constant_error_apart(world: Any, generic_flight: Any) -> None:
    picture = Picture(world, generic_flight, 1)
    plot = next(p for p in picture.plots if p.source == "KOR")
    track = tracklet_track(plot, picture.truth(plot.time_ns), picture.constant, 1)
    report = Report(
        **head("KOR", plot.time_ns), sensor="", observation=Equivalent(kinematics=track.tracklets[0])
    )
    seen = plot_of(report)
    (tracklet,) = picture.partners.take(track, plot.time_ns)
    assert isinstance(seen, EquivalentObservation)
    assert seen.constant_sigma_m == tracklet.constant_sigma_m == OFFSET_M
    assert seen.covariance.tobytes() == tracklet.covariance.tobytes()
    assert float(np.linalg.eigvalsh(seen.covariance[:3, :3])[0]) < 2_000.0
