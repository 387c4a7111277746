"""Places, ellipses and states as integers in fixed units.

Frames: geodetic coordinates and heights refer to the WGS-84 ellipsoid; states are Earth-centred Earth-fixed
(ECEF) WGS-84. A covariance travels as its lower Cholesky factor L (P = L L'), so that rounding can never
make it other than positive definite.
"""

from operator import itemgetter
from typing import Annotated, Final

import msgspec

from trilat.model.errors import ItemError
from trilat.model.limits import POLYGON_VERTICES_MAX
from trilat.model.noun import Count, InstantNs, Noun, Whole

_FACTOR_DIAGONAL = (0, 2, 5, 9, 14, 20)
"""Places of the diagonal in the 21 entries of a lower 6 x 6 factor, row by row."""

_DIAGONAL_OF: Final = itemgetter(*_FACTOR_DIAGONAL)


class Place(Noun, frozen=True, kw_only=True):
    """A point: latitude north and longitude east in units of 1e-7 degree, height above WGS-84 in mm."""

    latitude_1e7deg: Annotated[int, msgspec.Meta(ge=-900_000_000, le=900_000_000)]
    longitude_1e7deg: Annotated[int, msgspec.Meta(ge=-1_800_000_000, le=1_800_000_000)]
    height_mm: Whole = 0


class Ellipse(Noun, frozen=True, kw_only=True, tag="ellipse"):
    """A region on the ground that holds the true place with the stated probability.

    Semi-axes in metres, bearing of the major axis in millidegrees clockwise from true north.
    """

    centre: Place
    semi_major_m: Annotated[int, msgspec.Meta(ge=1, le=20_100_000)]
    semi_minor_m: Annotated[int, msgspec.Meta(ge=1, le=20_100_000)]
    bearing_mdeg: Annotated[int, msgspec.Meta(ge=0, le=359_999)] = 0
    probability_ppm: Annotated[int, msgspec.Meta(ge=1, le=999_999)] = 950_000

    def check(self) -> None:
        """Refuse swapped axes."""
        if self.semi_minor_m > self.semi_major_m:
            raise ItemError("Ellipse.semi_minor_m is larger than semi_major_m: swap them")


class Polygon(Noun, frozen=True, kw_only=True, tag="polygon"):
    """A region on the ground by its corners in order; the last joins the first."""

    corners: Annotated[tuple[Place, ...], msgspec.Meta(min_length=3, max_length=POLYGON_VERTICES_MAX)]


class Circle(Noun, frozen=True, kw_only=True, tag="circle"):
    """A region on the ground: all that lies within `radius_m` of its centre, along the ellipsoid."""

    centre: Place
    radius_m: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]


class Kinematics(Noun, frozen=True, kw_only=True):
    """A state at an instant: ECEF position in mm, velocity in mm/s, and the factor of its covariance.

    `covariance_factor` has the 21 entries of the lower Cholesky factor row by row; rows one to three in
    micrometres, rows four to six in micrometres per second. `constant_sigma_mm` is the part of the error that
    stays the same over reports (rounding, covering); it is stated apart and is not in the factor.
    """

    epoch_ns: InstantNs
    position_mm: tuple[Whole, Whole, Whole]
    velocity_mm_per_s: tuple[Whole, Whole, Whole]
    covariance_factor: Annotated[tuple[Whole, ...], msgspec.Meta(min_length=21, max_length=21)]
    constant_sigma_mm: Count = 0

    def check(self) -> None:
        """Refuse a factor whose diagonal is not positive: the covariance would not be positive definite."""
        if min(_DIAGONAL_OF(self.covariance_factor)) < 1:
            raise ItemError(
                "Kinematics.covariance_factor has a diagonal entry below 1: not positive definite"
            )
