"""Places of the model to and from degrees and metres; shared by the concerns."""

from typing import Final

from trilat.model import Place

_DEGREE_1E7: Final = 1e7
_MM_PER_M: Final = 1e3


def place_of(latitude_deg: float, longitude_deg: float, height_m: float = 0.0) -> Place:
    """A place from degrees (longitude wrapped to +-180) and metres above WGS-84."""
    wrapped_deg = (longitude_deg + 180.0) % 360.0 - 180.0
    return Place(
        latitude_1e7deg=round(latitude_deg * _DEGREE_1E7),
        longitude_1e7deg=round(wrapped_deg * _DEGREE_1E7),
        height_mm=round(height_m * _MM_PER_M),
    )


def degrees_of(place: Place) -> tuple[float, float]:
    """Latitude and longitude of a place in degrees."""
    return place.latitude_1e7deg / _DEGREE_1E7, place.longitude_1e7deg / _DEGREE_1E7
