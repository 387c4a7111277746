"""How the kernels of this folder are compiled: cached on disk, IEEE division (no exception on a zero), no
reordering of sums, so that the same calls give the same bits.
"""

from typing import Any

import numpy.typing as npt
from numba import njit

# Numbers of any kind: states, but also rows, counts and yes or no.
Array = npt.NDArray[Any]

# An entry from Python, or a function too long to copy into its callers.
kernel = njit(cache=True, error_model="numpy")
# A short function that is copied into each caller: blocks then stay in registers, twice as fast.
inlined = njit(cache=True, error_model="numpy", forceinline=True)
