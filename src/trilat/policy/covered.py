"""Items under covering noise: moved by the object's covering error, with the error stated where errors are.

Rules
1. States, tracklets and equivalent measurements move by the whole error; its standard deviation goes into
   `constant_sigma_mm`, that of its rate, while it turns, into the velocity's part of the covariance.
2. Places move over the ground by the same error, so that a track, its events and its areas still fit and none
   gives another's error away. Heights move where something was in the air; the ground stays the ground.
3. A region grows so that it holds the true place as likely as before: an ellipse by the error's own, a
   polygon by three standard deviations on every side. How far it moved does not show in its size.
"""

import math
from typing import Final

import msgspec
import numpy as np

from trilat.geo import FloatArray, ecef_from_enu, enu_rotation, geodetic_from_ecef
from trilat.model import (
    Account,
    AnyItem,
    Area,
    Disagreement,
    Duties,
    Ellipse,
    Equivalent,
    Event,
    EventKind,
    Kinematics,
    Need,
    Offer,
    Place,
    Polygon,
    PositionFix,
    Report,
    Track,
    Vessel,
)
from trilat.policy.covering import Cover, cover_at
from trilat.policy.rounding import box_around, combined_sigma, with_velocity_error

_ALOFT: Final = frozenset({EventKind.STAGING, EventKind.BURNOUT, EventKind.APOGEE, EventKind.TRACK_LOST})
_SIGMAS_95: Final = math.sqrt(-2.0 * math.log(0.05))
"""Semi-axis of the 95 % circle of two equal normal errors, in standard deviations."""

_POLYGON_SIGMAS: Final = 3


def covered(item: AnyItem, duties: Duties, key: bytes) -> AnyItem:
    """The item moved by its object's covering error (rules 1 to 3); `duties.cover_m` is above zero."""
    return _Covering(item.subject, duties, key).item(item)


class _Covering:
    """The covering of one object's items under one set of duties."""

    def __init__(self, subject: str, duties: Duties, key: bytes) -> None:
        self._subject = subject
        self._duties = duties
        self._key = key
        self._sigma_mm = duties.cover_m * 1_000

    def _at(self, instant_ns: int) -> Cover:
        duties = self._duties
        return cover_at(self._key, self._subject, instant_ns, duties.cover_m, duties.cover_epoch_s)

    def item(self, item: AnyItem) -> AnyItem:
        """The item, moved as its kind asks; a kind without places stays as it is."""
        if isinstance(item, Track):
            return self._track(item)
        if isinstance(item, Report):
            return self._report(item)
        if isinstance(item, Event):
            return self._event(item)
        if isinstance(item, Area):
            region = self._region(item.region, item.valid_ns)
            return msgspec.structs.replace(item, region=region)
        if isinstance(item, Disagreement):
            accounts = tuple(self._account(account, item.valid_ns) for account in item.accounts)
            return msgspec.structs.replace(item, accounts=accounts)
        if isinstance(item, Vessel) and item.place is not None:
            return msgspec.structs.replace(
                item,
                place=self._place(item.place, item.valid_ns),
                position_sigma_mm=combined_sigma(item.position_sigma_mm, self._sigma_mm),
            )
        if isinstance(item, Need | Offer) and item.place is not None:
            return msgspec.structs.replace(item, place=self._place(item.place, item.valid_ns))
        return item

    def _track(self, track: Track) -> Track:
        return msgspec.structs.replace(
            track,
            state=None if track.state is None else self._kinematics(track.state),
            tracklets=tuple(self._kinematics(tracklet) for tracklet in track.tracklets),
        )

    def _report(self, report: Report) -> Report:
        seen = report.observation
        if isinstance(seen, Equivalent):
            moved = msgspec.structs.replace(seen, kinematics=self._kinematics(seen.kinematics))
            return msgspec.structs.replace(report, observation=moved)
        if isinstance(seen, PositionFix):
            fix = msgspec.structs.replace(
                seen,
                place=self._place(seen.place, report.valid_ns),
                sigma_mm=combined_sigma(seen.sigma_mm, self._sigma_mm),
            )
            return msgspec.structs.replace(report, observation=fix)
        return report

    def _kinematics(self, state: Kinematics) -> Kinematics:
        cover = self._at(state.epoch_ns)
        x_mm, y_mm, z_mm = _added(state.position_mm, cover.offset_m)
        moved = msgspec.structs.replace(
            state,
            position_mm=(x_mm, y_mm, z_mm),
            constant_sigma_mm=combined_sigma(state.constant_sigma_mm, self._sigma_mm),
        )
        if cover.rate_sigma_m_per_s == 0.0:
            return moved
        vx, vy, vz = _added(state.velocity_mm_per_s, cover.rate_m_per_s)
        moved = msgspec.structs.replace(moved, velocity_mm_per_s=(vx, vy, vz))
        return with_velocity_error(moved, cover.rate_sigma_m_per_s * 1_000)

    def _place(self, place: Place, at_ns: int, *, aloft: bool = False) -> Place:
        """A place moved over the ground; its height too where something was in the air."""
        latitude = math.radians(place.latitude_1e7deg / 1e7)
        longitude = math.radians(place.longitude_1e7deg / 1e7)
        local = enu_rotation(latitude, longitude) @ self._at(at_ns).offset_m
        flat = np.array([local[0], local[1], 0.0])
        height_m = place.height_mm / 1_000
        moved = geodetic_from_ecef(ecef_from_enu(flat, latitude, longitude, height_m))
        return Place(
            latitude_1e7deg=round(math.degrees(float(moved[0])) * 1e7),
            longitude_1e7deg=round(math.degrees(float(moved[1])) * 1e7),
            height_mm=place.height_mm + (round(float(local[2]) * 1_000) if aloft else 0),
        )

    def _event(self, event: Event) -> Event:
        aloft = event.event in _ALOFT
        place, region = event.place, event.region
        return msgspec.structs.replace(
            event,
            place=None if place is None else self._place(place, event.valid_ns, aloft=aloft),
            region=None if region is None else self._ellipse(region, event.valid_ns),
        )

    def _account(self, account: Account, at_ns: int) -> Account:
        if account.place is None:
            return account
        reach_m = math.ceil(math.hypot(account.reach_m, _SIGMAS_95 * self._duties.cover_m))
        return msgspec.structs.replace(account, place=self._place(account.place, at_ns), reach_m=reach_m)

    def _region(self, region: Ellipse | Polygon, at_ns: int) -> Ellipse | Polygon:
        return self._ellipse(region, at_ns) if isinstance(region, Ellipse) else self._polygon(region, at_ns)

    def _ellipse(self, ellipse: Ellipse, at_ns: int) -> Ellipse:
        """Axes grow as the sum of two normal errors: sqrt(a^2 + chi^2 sigma^2), chi^2 = -2 ln(1 - p)."""
        sigmas = math.sqrt(-2.0 * math.log(1.0 - ellipse.probability_ppm / 1e6))
        grown = [
            min(20_100_000, math.ceil(math.hypot(axis_m, sigmas * self._duties.cover_m)))
            for axis_m in (ellipse.semi_major_m, ellipse.semi_minor_m)
        ]
        return msgspec.structs.replace(
            ellipse,
            centre=self._place(ellipse.centre, at_ns),
            semi_major_m=grown[0],
            semi_minor_m=grown[1],
        )

    def _polygon(self, polygon: Polygon, at_ns: int) -> Polygon:
        """The box of the moved corners, three standard deviations wider on every side."""
        corners = tuple(self._place(corner, at_ns) for corner in polygon.corners)
        return box_around(Polygon(corners=corners), 1, _POLYGON_SIGMAS * self._duties.cover_m)


def _added(value_mm: tuple[int, int, int], change_m: FloatArray) -> tuple[int, int, int]:
    x, y, z = (old + round(float(new) * 1_000) for old, new in zip(value_mm, change_m, strict=True))
    return x, y, z
