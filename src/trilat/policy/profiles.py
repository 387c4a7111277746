"""Profiles: named sets of duties with what each gives away, measured by attack and stated as a bound.

Rules
1. A profile is a form and duties; an agreement writes them into a clause, word by word (docs/degradation.md).
2. In `PROFILES` the hidden errors of each are those of the ones before it with more added, and rounding comes
   last: who holds two copies knows what the finer one tells, and no more. `exact` hides nothing and stands
   there to show that the attacks are able.
3. A leak is stated as what an attacker's median error is at least, for one flight and for eight flights of
   different objects before the same sensor: `site_m` from its place, `accuracy` as a factor of its angular
   accuracy (1 is known exactly), `range_m` of how far it sees, by one who knows its place, and `track_m`
   from where the originator itself had the object. `trilat attack` measures; a test fails where a profile
   leaks more than it states.
"""

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import msgspec

from trilat.model import Duties, Form


@dataclass(frozen=True, kw_only=True)
class Leak:
    """Least median errors of an attacker (rule 3)."""

    site_m: float
    accuracy: float
    range_m: float
    track_m: float


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A named set of duties."""

    name: str
    about: str
    form: Form
    duties: Duties
    alone: Leak
    """From one flight."""

    repeated: Leak
    """From eight flights; of a track, from one object over eight epochs of its error."""


_ALL: Final = Leak(site_m=0, accuracy=1, range_m=0, track_m=0)
"""All that there is to know."""

_UNSEEN: Final = Leak(site_m=math.inf, accuracy=math.inf, range_m=math.inf, track_m=math.inf)
"""No track leaves, so there is nothing to go by."""


def _profile(name: str, about: str, form: Form, duties: Duties, leaks: tuple[Leak, Leak]) -> Profile:
    return Profile(name=name, about=about, form=form, duties=duties, alone=leaks[0], repeated=leaks[1])


_PROTECTED: Final = Duties(sigma_class_m=1_024, span_s=60, thin_s=10, tear_line=True)
_COVERED: Final = msgspec.structs.replace(_PROTECTED, cover_m=2_000, cover_epoch_s=3_600)

PROFILES: Final = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            _profile(
                "exact",
                "whole estimates, nothing hidden",
                Form.TRACKS,
                Duties(),
                (_ALL, _ALL),
            ),
            _profile(
                "site-protected",
                "whole estimates that do not tell of the sensor",
                Form.TRACKS,
                _PROTECTED,
                (
                    Leak(site_m=50_000, accuracy=1.05, range_m=20_000, track_m=200),
                    Leak(site_m=20_000, accuracy=1.05, range_m=3_000, track_m=30),
                ),
            ),
            _profile(
                "covered-2km",
                "site-protected, and off by a hidden error of 2 km an axis",
                Form.TRACKS,
                _COVERED,
                (
                    Leak(site_m=50_000, accuracy=1.05, range_m=20_000, track_m=1_500),
                    Leak(site_m=20_000, accuracy=1.05, range_m=3_000, track_m=500),
                ),
            ),
            _profile(
                "coarse-5km",
                "covered-2km on a grid of 5 km and 50 m/s",
                Form.COARSE_TRACKS,
                msgspec.structs.replace(_COVERED, round_position_m=5_000, round_velocity_m_per_s=50),
                (
                    Leak(site_m=50_000, accuracy=1.05, range_m=20_000, track_m=1_500),
                    Leak(site_m=20_000, accuracy=1.05, range_m=3_000, track_m=500),
                ),
            ),
            _profile(
                "covered-20km",
                "site-protected from 8 km on, in spans of 2 min, and off by a hidden error of 20 km an axis",
                Form.COARSE_TRACKS,
                Duties(
                    sigma_class_m=8_192,
                    span_s=120,
                    thin_s=30,
                    tear_line=True,
                    cover_m=20_000,
                    cover_epoch_s=3_600,
                ),
                (
                    Leak(site_m=50_000, accuracy=1.1, range_m=15_000, track_m=15_000),
                    Leak(site_m=30_000, accuracy=1.1, range_m=2_000, track_m=5_000),
                ),
            ),
            _profile(
                "area-only",
                "no tracks; events and areas off by 20 km an axis and on a grid of 20 km",
                Form.AREAS,
                Duties(
                    sigma_class_m=8_192,
                    span_s=300,
                    thin_s=300,
                    tear_line=True,
                    cover_m=20_000,
                    cover_epoch_s=3_600,
                    round_position_m=20_000,
                ),
                (_UNSEEN, _UNSEEN),
            ),
        )
    }
)
"""From the finest to the coarsest (rule 2)."""
