"""`python -m trilat` and the `trilat` command."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        # Loading takes seconds, in which a person may change their mind.
        from trilat.cli import main as run  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.stderr.write("trilat: interrupted\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
