"""`python -m trilat` and the `trilat` command."""

import os
import sys


def main() -> None:
    """Run the command line."""
    try:
        # Loading takes seconds, in which a person may change their mind.
        from trilat.cli import main as run  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.stderr.write("trilat: interrupted\n")
        sys.stderr.flush()
        # Not `sys.exit`: after an interrupt within an `exec` of some library the interpreter ends itself by
        # the signal, whatever the exit code. Nothing of ours is open yet.
        os._exit(130)
    run()


if __name__ == "__main__":
    main()
