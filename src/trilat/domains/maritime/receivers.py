r"""`read_receiver_map`: which party's a receiver is, from a small TOML file.

    >>> read_receiver_map('[receivers]\n"2190067" = "USA"')
    {'2190067': 'USA'}

A receiver is named as sightings name it: the MMSI of a base station, or a network's name for a station.
"""

import re
import tomllib
from typing import Final

from trilat.model import ItemError, Party, UsageError

_RECEIVER: Final = re.compile(r"[A-Za-z0-9_.:-]{1,40}")
RECEIVER_MAP_CHARACTERS_MAX: Final = 1_000_000


def read_receiver_map(text: str) -> dict[str, str]:
    """Party by receiver.

    Raises:
        UsageError: not TOML, a table other than `receivers`, or an entry that is not a receiver and a party.
    """
    if len(text) > RECEIVER_MAP_CHARACTERS_MAX:
        raise UsageError(f"receiver map is over the limit of {RECEIVER_MAP_CHARACTERS_MAX} characters")
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # A ValueError is TOML's, or of a number with too many digits.
        raise UsageError(f"receiver map is not TOML: {error}") from error
    for name in tables:
        if name != "receivers":
            raise UsageError(f"receiver map has `{name[:40]}`: its one table is `[receivers]`")
    receivers = tables.get("receivers")
    if not isinstance(receivers, dict) or not receivers:
        raise UsageError('receiver map is empty: write `[receivers]` and lines such as `"2190067" = "USA"`')
    return {receiver: _party(receiver, party) for receiver, party in receivers.items()}


def _party(receiver: str, party: object) -> str:
    if _RECEIVER.fullmatch(receiver) is None:
        raise UsageError(f"receiver `{receiver[:40]}` is not a station: write its MMSI, as `2190067`")
    try:
        return Party(code=party, name="").code  # type: ignore[arg-type]  # that it is text is checked here
    except ItemError as error:
        raise UsageError(
            f"receiver `{receiver}` has party `{party!s:.40}`: write a code such as `USA`"
        ) from error
