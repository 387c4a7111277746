"""Writes conformance/cases again from the families: `python -m conformance.write`.

The answers are those that the families state by hand; neither `decide` nor spec/ is asked here.
`make conformance` asks both, and a test compares the files with the families.
"""

import json
import sys
from pathlib import Path
from typing import Any

from conformance.families import FAMILIES
from conformance.families.parts import Family

CASES = Path(__file__).parent / "cases"


def file_name(family: Family) -> str:
    """Such as `06-statuses.json`."""
    words = "".join(letter if letter.isalnum() else " " for letter in family.about.lower()).split()
    return f"{family.rule:02d}-{'-'.join(words)}.json"


def text_of(family: Family) -> str:
    """The file of a family: its base in short lines, then each case in a few."""
    plain: dict[str, Any] = {"rule": family.rule, "about": family.about, "base": family.base}
    head = json.dumps(plain, ensure_ascii=False, indent=1).removesuffix("\n}")
    rows = [
        "  {"
        + ",\n   ".join(
            f'"{name}": {json.dumps(value, ensure_ascii=False)}'
            for name, value in (("name", case.name), ("change", case.change), ("expected", case.expected))
        )
        + "}"
        for case in family.cases
    ]
    return f'{head},\n "cases": [\n' + ",\n".join(rows) + "\n ]\n}\n"


def main() -> int:
    """Write every file, and remove those that no family writes."""
    written = {file_name(family): text_of(family) for family in FAMILIES}
    CASES.mkdir(exist_ok=True)
    for path in CASES.glob("*.json"):
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        (CASES / name).write_text(text, encoding="utf-8")
    print(f"{sum(len(family.cases) for family in FAMILIES)} cases in {len(written)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
