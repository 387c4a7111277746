"""The command line: one module per command, joined in `app`."""

from trilat.cli.app import main

__all__ = ["main"]
