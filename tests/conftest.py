"""What is true of every test."""

import os
from pathlib import Path

import pytest

# Workers that run tests side by side are given a terminal's width; commands would wrap their lines to it.
os.environ.pop("COLUMNS", None)

_HERE = Path(__file__).parent
_REAL = (
    "processes",
    "browser",
    "link/test_nats_links.py",
    "link/test_nats_server.py",
    "link/test_nats_transport.py",
    "cli/test_cli_output.py",
)
"""Tests that wait for real processes and sockets, on a machine that others may be using too."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a test on real processes once more if it fails. The report says which; a fault fails twice."""
    for item in items:
        if any(item.path.is_relative_to(_HERE / part) for part in _REAL):
            item.add_marker(pytest.mark.flaky(reruns=1))
