"""Spoils one good label a great many times, and counts what is released: nothing.

    python examples/misspelt-labels/fuzz.py examples/misspelt-labels 5000

The first line of events.jsonl is released as it stands. Each time one letter of a word of its label is lost,
doubled, swapped for another or for one that looks alike, or the whole word changes its case.
"""

import json
import sys
from pathlib import Path
from random import Random
from typing import Any, Final

from trilat.model import Outcome, parse_instant
from trilat.policy import AgreementSet, ReleaseRequest, decide_plain
from trilat.study import find_agreements

ALIKE: Final = str.maketrans(
    "AEGHIKMOPRSTU", "\u0410\u0415\u050c\u041d\u0406\u041a\u041c\u041e\u0420\u13a1\u0405\u0422\u054d"
)
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ "


def spoilt(word: str, draw: Random) -> str:
    """The word with something wrong in it."""
    place = draw.randrange(len(word))
    before, letter, after = word[:place], word[place], word[place + 1 :]
    return draw.choice(
        [
            before + after,
            before + letter + letter + after,
            before + draw.choice(LETTERS) + after,
            before + letter.swapcase() + after,
            before + letter.translate(ALIKE) + after,
            word.lower(),
            word.upper(),
            f"{word} ",
            f" {word}",
            f"{word}\u200b",
        ]
    )


def spoil(plain: dict[str, Any], draw: Random) -> str:
    """The item with one word of its label spoilt; the empty text where it came out right after all."""
    label = json.loads(json.dumps(plain["label"]))
    where = draw.choice(["scheme", "level", "recipient", "field", "field of the classification"])
    if where in {"scheme", "level"}:
        label["classification"][where] = spoilt(label["classification"][where], draw)
    elif where == "recipient":
        label["releasable_to"] = [spoilt("KOR", draw)]
    else:
        holder = label if where == "field" else label["classification"]
        name = draw.choice(sorted(holder))
        holder[spoilt(name, draw)] = holder.pop(name)
    return "" if label == plain["label"] else json.dumps({**plain, "label": label}, ensure_ascii=False)


def released(line: str, held: AgreementSet) -> bool:
    """Whether the item of one line would go to Korea."""
    request = ReleaseRequest(
        sender="JPN",
        recipient="KOR",
        purpose="missile-warning",
        at_ns=parse_instant("2024-01-15T00:00:10Z"),
    )
    return decide_plain(line.encode("utf-8"), request, held).outcome is Outcome.PERMIT


def main(folder: str, times: str) -> int:
    """Print how many of so many were released."""
    draw = Random(12)  # noqa: S311 - misspellings, not secrets
    held = find_agreements(f"{folder}/agreements")
    good = (Path(folder) / "events.jsonl").read_text(encoding="utf-8").splitlines()[0]
    if not released(good, held):
        raise SystemExit("the good label is not released: what is spoilt would prove nothing")
    texts = [text for text in (spoil(json.loads(good), draw) for _ in range(int(times))) if text]
    wrong = [text for text in texts if released(text, held)]
    print(*wrong[:5], sep="\n", end="\n" if wrong else "")
    print(f"{len(texts)} spoilt labels, {len(wrong)} released")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
