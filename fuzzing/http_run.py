"""`make fuzz ONLY=http`: rounds of attacks on a real node, then the crowd, until the time is over."""

import logging
import resource
import time
from collections import Counter
from typing import Final

import structlog

from fuzzing.crowd import crowd
from fuzzing.http import RealNode, attack

_EXAMPLES: Final = 10
GROWN_MB_MAX: Final = 64.0


def main(seconds: int) -> int:
    """Rounds with new seeds; 1 where something is wrong."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    end_s, begin, asked, faults = time.monotonic() + seconds, 0, 0, dict[str, str]()
    answers: Counter[int] = Counter()
    with RealNode().served() as real:
        while not faults and (begin == 0 or time.monotonic() < end_s):
            begin += 1
            found = attack(real, _EXAMPLES, begin)
            asked, answers, faults = asked + found.asked, answers + found.answers, found.faults
        came = crowd(real)
    if came.grown_mb > GROWN_MB_MAX:
        faults[f"a crowd of bad clients costs {came.grown_mb:.0f} MB"] = ""
    for fault, told in faults.items():
        print(f"http: {fault} ({told})")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    said = ", ".join(f"{count:,} of {status}" for status, count in sorted(answers.items()))
    print(f"http: {asked:,} requests in {begin} rounds, {len(faults)} faults, at most {peak_mb} MB: {said}")
    ends = ", ".join(f"{count} {end}" for end, count in sorted(came.answers.items()))
    cost = f"{came.longest_s:.0f} s, {came.grown_mb:.0f} MB more"
    print(f"http: a crowd of {came.answers.total()} bad clients: {ends}; {cost}")
    return 1 if faults else 0
