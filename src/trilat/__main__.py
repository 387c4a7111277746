"""`python -m trilat` and the `trilat` command."""

from trilat.cli import main

if __name__ == "__main__":
    main()
