"""Runs every test that looks at the page in a browser: `make browser`. The last line is `N passed, 0 failed`.

A test that is skipped counts as failed: a page that nobody looked at is not a page that works. Only recorded
flights and ships, whose data lies beside the project, are left out where it does not; a line says so.
"""

import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
TESTS: Final = ROOT / "tests" / "browser"
RECORDED: Final = TESTS / "test_page_recorded.py"
DATA: Final = ROOT.parent / "shared" / "data" / "ais"


class Count:
    """How many tests passed, and which did not."""

    def __init__(self) -> None:
        """None yet."""
        self.passed = 0
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One step of a test; one that was run again counts by its last run."""
        if report.outcome == "passed":
            self.passed += report.when == "call"
        elif report.outcome in {"failed", "skipped"}:
            self.failed.add(report.nodeid)


def main(arguments: list[str]) -> int:
    """The exit code: 0 where all passed and there were some."""
    chosen = arguments or [str(TESTS)]
    if not DATA.is_dir():
        sys.stdout.write(f"not run: {RECORDED.name}, its recorded data is not beside the project\n")
        chosen += ["--ignore", str(RECORDED)]
    count = Count()
    # Tests import one another from the root, as they do when pytest is run there.
    sys.path.insert(0, str(ROOT))
    code = pytest.main(["-q", "--durations=10", *chosen], plugins=[count])
    for name in sorted(count.failed):
        sys.stdout.write(f"failed or skipped: {name}\n")
    sys.stdout.write(f"{count.passed} passed, {len(count.failed)} failed\n")
    return 1 if code != pytest.ExitCode.OK or count.failed or not count.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
