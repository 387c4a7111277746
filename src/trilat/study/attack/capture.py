"""What a recipient gets of flights under a profile, by the very policy that a node uses, and how honest it
is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trilat.domains import state_of
from trilat.geo import FloatArray
from trilat.model import SECOND_NS, Decision, Outcome, Reason, Track
from trilat.policy import Profile, Spans, degrade, in_spans, makeable
from trilat.study.attack.flights import Flight


@dataclass(frozen=True, eq=False)
class Capture:
    """The copies of one flight under one profile, in order of their time.

    `mean` (n, 6) and `covariance` (n, 6, 6) are what is stated apart from the constant part, ECEF, m and m/s;
    `constant_m` (n,) is that part per axis.
    """

    profile: Profile
    time_ns: tuple[int, ...]
    mean: FloatArray
    covariance: FloatArray
    constant_m: FloatArray

    @property
    def seconds(self) -> FloatArray:
        """Times (n,) since the first."""
        return np.array([(time_ns - self.time_ns[0]) / SECOND_NS for time_ns in self.time_ns])


def released(profile: Profile, tracks: Sequence[Track], key: bytes, recipient: str = "KOR") -> list[Track]:
    """The copies of versions of one track that leave under a profile, in order of their time; of a profile
    without tracks none.
    """
    duties = profile.duties
    if not all(makeable(track, profile.form, duties) for track in tracks):
        return []
    spans: Spans[str, Track] = Spans()
    told = [one for track in tracks for one in spans.take(track.item_id, track, duties, track)]
    copies: list[Track] = []
    last_ns: int | None = None
    for track in told:
        soon = last_ns is not None and track.valid_ns - last_ns < duties.thin_s * SECOND_NS
        if soon and not in_spans(track, duties):
            continue
        last_ns = track.valid_ns
        copy = degrade(track, _permit(profile, track, recipient), key).item
        if isinstance(copy, Track):
            copies.append(copy)
    return copies


def capture(profile: Profile, flight: Flight, key: bytes, recipient: str = "KOR") -> Capture | None:
    """What a recipient holds of a flight; None where no copy has a state."""
    states = [
        copy.state for copy in released(profile, flight.tracks, key, recipient) if copy.state is not None
    ]
    if not states:
        return None
    constant_m = np.array([state.constant_sigma_mm / 1_000 for state in states])
    pairs = [state_of(state) for state in states]
    covariance = np.array([pair[1] for pair in pairs])
    for axis in range(3):
        covariance[:, axis, axis] -= constant_m**2
    return Capture(
        profile=profile,
        time_ns=tuple(state.epoch_ns for state in states),
        mean=np.array([pair[0] for pair in pairs]),
        covariance=covariance,
        constant_m=constant_m,
    )


def mean_nees(held: Capture, flight: Flight) -> float:
    """Squared error of the copies against the truth over what they state of it, over its six dimensions,
    averaged over the flight: 1 when they are honest.
    """
    found = []
    for time_ns, mean, covariance, constant_m in zip(
        held.time_ns, held.mean, held.covariance, held.constant_m, strict=True
    ):
        whole = covariance + np.diag([constant_m**2] * 3 + [0.0] * 3)
        error = mean - flight.truth(time_ns)
        found.append(float(error @ np.linalg.solve(whole, error)) / 6.0)
    return float(np.mean(found))


def _permit(profile: Profile, track: Track, recipient: str) -> Decision:
    """The decision of an agreement that has the profile's form and duties in its one clause."""
    return Decision(
        item=track.reference,
        sender=track.label.originator,
        recipient=recipient,
        via=None,
        purpose="missile-warning",
        decided_ns=track.valid_ns,
        outcome=Outcome.PERMIT,
        clauses=("attack.toml#1",),
        reasons=(Reason.PERMITTED,),
        form=profile.form,
        duties=profile.duties,
    )
