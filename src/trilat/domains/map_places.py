"""Names of places on the own staff's map, as a party writes them for its own node; nobody else is told.

    [[place]]
    name = "Point A"
    name_ja = "A地点"                   # and name_ko: left out, the name stands in every language
    lat_deg = 39.5
    lon_deg = 140.0

The software itself names no place and no sea: which names are used is for each party to say.
"""

from typing import Annotated, Final

import msgspec

from trilat.domains.areas import Latitude, Longitude, Name, OtherName, strict_toml
from trilat.model import UsageError

MAP_PLACES_MAX: Final = 500


class MapPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place with a name."""

    name: Name
    name_ja: OtherName = ""
    name_ko: OtherName = ""
    lat_deg: Latitude
    lon_deg: Longitude


class _MapPlaces(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file holds."""

    place: Annotated[tuple[MapPlace, ...], msgspec.Meta(max_length=MAP_PLACES_MAX)] = ()


def read_map_places(text: str, file: str) -> tuple[MapPlace, ...]:
    """The places in the text of a file.

    Raises:
        UsageError: not TOML, no place in it, a key that is unknown or missing, or a value that cannot be.
    """
    places = strict_toml(text, _MapPlaces, f"`{file}`").place
    if not places:
        raise UsageError(f"`{file}` has no [[place]]: write one, or leave out map.places")
    return places
