"""Runs the corpus against one implementation and counts: `python -m conformance.run --with decide`.

`decide` is trilat's own, `spec` the slow reference in spec/; `--command` is any other: it is started once for
each case, reads the case as JSON on standard input and writes its answer as JSON on standard output.
README.md says what both look like. Ends with the line `N passed, 0 failed`; the exit code is 1 where a case
failed.
"""

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.families.parts import merged

Json = dict[str, Any]
Implementation = Callable[[Json], Json]
CASES = Path(__file__).parent / "cases"
ALWAYS = ("outcome", "clauses", "reasons", "form")
"""Compared in every case; duties and consent are compared where a case states them."""


def cases() -> Iterator[tuple[int, str, Json, Json]]:
    """Rule, name, the whole question and the expected answer of each case, in order of files."""
    for path in sorted(CASES.glob("*.json")):
        family = json.loads(path.read_text(encoding="utf-8"))
        for case in family["cases"]:
            yield family["rule"], case["name"], merged(family["base"], case["change"]), case["expected"]


def differences(expected: Json, found: Json) -> list[str]:
    """What an answer has otherwise than expected, one line each."""
    lines = []
    for name in dict.fromkeys((*ALWAYS, *expected)):
        wanted, given = expected[name], found.get(name)
        if name == "clauses" and isinstance(given, list):
            given = sorted(set(given))
        if wanted != given:
            lines.append(f"{name}: expected {json.dumps(wanted)}, found {json.dumps(given)}")
    return lines


def by_command(command: str) -> Implementation:
    """An implementation that is a program of its own."""

    def ask(question: Json) -> Json:
        ended = subprocess.run(
            shlex.split(command),
            input=json.dumps(question),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if ended.returncode:
            last = ended.stderr.strip().splitlines()[-1:]
            return {"error": f"exit code {ended.returncode}: {''.join(last)}"}
        try:
            found = json.loads(ended.stdout)
        except ValueError as error:
            return {"error": f"not JSON: {error}"}
        return found if isinstance(found, dict) else {"error": "not an object"}

    return ask


def run(implementations: Mapping[str, Implementation]) -> tuple[int, int]:
    """How many cases passed with every implementation, and how many did not; what was expected is told."""
    passed = failed = 0
    for rule, name, question, expected in cases():
        lines = []
        for who, implementation in implementations.items():
            found = implementation(question)
            wrong = [found["error"]] if "error" in found else differences(expected, found)
            lines += [f"rule {rule}, {name}: {who}: {line}" for line in wrong]
        passed, failed = passed + (not lines), failed + bool(lines)
        for line in lines:
            print(line)
    return passed, failed


def main(arguments: list[str] | None = None) -> int:
    """Run as the arguments say."""
    parser = argparse.ArgumentParser(prog="conformance", description="Runs the cases of conformance/cases.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--with", dest="own", choices=["decide", "spec", "both"], default="both")
    which.add_argument("--command", help="a program that reads a case on stdin and writes its answer")
    which.add_argument("--expand", action="store_true", help="print every case whole, one JSON object a line")
    chosen = parser.parse_args(arguments)
    if chosen.expand:
        for rule, name, question, expected in cases():
            print(json.dumps({"rule": rule, "name": name, **question, "expected": expected}))
        return 0
    if chosen.command:
        implementations: dict[str, Implementation] = {chosen.command: by_command(chosen.command)}
    else:
        # Only our own need trilat to be installed.
        from conformance.own import OWN  # noqa: PLC0415

        implementations = dict(OWN) if chosen.own == "both" else {chosen.own: OWN[chosen.own]}
    passed, failed = run(implementations)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
