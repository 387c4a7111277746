"""Real node processes under faults: `python -m chaos --rounds 100 --seed 1`; see docs/chaos.md.

Prints a line for each round, then totals; the exit code is 1 where anything was lost, doubled, out of order,
leaked, or did not come back. A round that fails is kept, and the line says how to play it again.
"""

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chaos.faults import KINDS
from chaos.rounds import Outcome, Setting, play
from chaos.wires import NamespaceWires

from chaos import namespaces


def main(arguments: Sequence[str] | None = None) -> int:
    """Play rounds; the exit code."""
    asked = _parser().parse_args(arguments)
    why = "told so" if asked.proxies else namespaces.why_not()
    has_disks = not why
    if has_disks:
        namespaces.private_mounts()
    setting = Setting(
        seed=asked.seed,
        feed_s=asked.feed_s,
        kinds=_kinds(asked.kinds),
        why_proxies=why,
        has_disks=has_disks,
        hub=asked.hub,
    )
    root = Path(asked.folder or tempfile.mkdtemp(prefix="trilat-chaos-"))
    tell(
        f"links: {f'TCP proxies on loopback, without loss and delay: {why}' if why else NamespaceWires.says}"
    )
    if not has_disks:
        tell("no full disks: small disks take root and mounts of our own")
    outcomes = []
    for number in range(asked.first, asked.first + asked.rounds):
        outcome = play(number, setting, root)
        outcomes.append(outcome)
        tell(outcome.line())
        _tell_found(outcome, setting, asked.kinds, root)
    if not any(outcome.found for outcome in outcomes):
        shutil.rmtree(root)
    tell(_total(outcomes))
    return 1 if any(outcome.found for outcome in outcomes) else 0


def tell(line: str) -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chaos", description="Real nodes under faults.")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1, help="the first round's number")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--feed-s", type=float, default=6.0, help="seconds for which each round is fed")
    parser.add_argument(
        "--kinds",
        default="",
        help=f"for each round in turn, as `loss,kill-node+delay`; of {', '.join(KINDS)}",
    )
    parser.add_argument("--hub", choices=("drawn", "always", "never"), default="drawn", help="links by a hub")
    parser.add_argument("--proxies", action="store_true", help="proxies, also where there could be networks")
    parser.add_argument("--folder", default="", help="where rounds are played, and kept if they fail")
    return parser


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(part for part in text.split(",") if part)
    for kind in {one for part in kinds for one in part.split("+")}:
        if kind not in KINDS:
            sys.exit(f"chaos: no fault `{kind}`: choose from {', '.join(KINDS)}")
    return kinds


def _tell_found(outcome: Outcome, setting: Setting, kinds: str, root: Path) -> None:
    if not outcome.found:
        return
    for line in outcome.found[:20]:
        tell(f"  {line}")
    again = (
        f"python -m chaos --rounds 1 --first {outcome.number} --seed {setting.seed} "
        f"--feed-s {setting.feed_s:g} --hub {setting.hub}"
        + (f" --kinds {kinds}" if kinds else "")
        + (" --proxies" if setting.why_proxies else "")
    )
    tell(f"  kept in {root / 'kept' / f'round-{outcome.number}'}; again: {again}")


def _total(outcomes: Sequence[Outcome]) -> str:
    faults = Counter(fault.kind for outcome in outcomes for fault in outcome.faults)
    accepted = sum(outcome.moved.accepted for outcome in outcomes)
    received = sum(outcome.moved.received for outcome in outcomes)
    rest_s = sorted(outcome.recovered_s for outcome in outcomes)
    found = sum(len(outcome.found) for outcome in outcomes)
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(faults.items()))
    return (
        f"{len(outcomes)} rounds, {sum(faults.values())} faults ({kinds}); {accepted} accepted, {received} "
        f"received; at rest after {rest_s[len(rest_s) // 2]:.1f} s (median), {rest_s[-1]:.1f} s at most; "
        f"{found} violations"
    )


if __name__ == "__main__":
    sys.exit(main())
