import json
import subprocess
import sys

WORK = """
import json, sys
import numba
from trilat import fusion
from trilat.fusion import traffic
from numba.core.dispatcher import Dispatcher

fusion.compile_kernels()
traffic.compile_kernels()
kernels = {
    id(value): value
    for name, module in list(sys.modules.items())
    if name.startswith("trilat.")
    for value in vars(module).values()
    if isinstance(value, Dispatcher)
}
compiled = {k.py_func.__qualname__ for k in kernels.values() if k.stats.cache_misses}
used = sum(bool(k.stats.cache_hits) for k in kernels.values())
print(json.dumps({"compiled": sorted(compiled), "used": used}))
"""


def started():
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_second_start_compiles_no_kernel():
    started()
    again = started()
    assert again["compiled"] == []
    assert again["used"] > 30
