"""All measurements of this folder, one after another; `make bench` runs it. Takes some minutes on two cores.

python bench/run.py [SEEDS]
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    seeds = sys.argv[1] if len(sys.argv) > 1 else "20"
    steps = (
        ["rates.py"],
        ["boost.py", "200", "bank"],
        ["boost.py", "20", "tracklets"],
        ["regimes.py", seeds, "multilateral"],
        ["regimes.py", "5"],
        ["links.py", "60"],
        ["links.py", "10", "realtime-2023"],
    )
    worst = 0
    for step in steps:
        print(f"\n## {' '.join(step)}\n", flush=True)
        worst = max(
            worst, subprocess.run([sys.executable, str(HERE / step[0]), *step[1:]], check=False).returncode
        )
    return worst


if __name__ == "__main__":
    sys.exit(main())
