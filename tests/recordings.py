"""Recorded data that lies beside the project; where it is not, tests skip and say so."""

from functools import cache
from pathlib import Path
from typing import Final

import pytest

from trilat.domains.maritime import AisReading, read_ais

AIS: Final = Path(__file__).parents[2] / "shared" / "data" / "ais"
DANISH: Final = "DMA_2013-11-12_multireceiver.nmea.gz"
recorded = pytest.mark.skipif(not AIS.is_dir(), reason="recorded AIS is not beside the project")


def of(name: str) -> bytes:
    """A recording as it is kept."""
    return (AIS / name).read_bytes()


@cache
def danish_reading() -> AisReading:
    """Five minutes of Danish waters, read once for all tests."""
    return read_ais(of(DANISH))
