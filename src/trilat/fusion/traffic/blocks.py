"""Algebra of 3 x 3 blocks as tuples of numbers, which the compiler keeps in registers. Kernels.

A covariance of (position, velocity) is 21 numbers, the one layout of this folder:

    P = | A  B |     packed:  A (6)  0..5    xx xy xz yy yz zz
        | B' C |              B (9)  6..14   rows are position, columns velocity
                              C (6)  15..20  as A

A general 3 x 3 block is a tuple of 9 in row order, a symmetric one a tuple of 6: its upper triangle by rows.
"""

import numpy as np

from trilat.fusion.traffic.compiled import inlined
from trilat.geo import FloatArray

Block = tuple[float, float, float, float, float, float, float, float, float]
Symmetric = tuple[float, float, float, float, float, float]
Vector = tuple[float, float, float]
Factor = tuple[float, float, float, float, float, float]

# Numbers of a packed covariance of six states.
PACKED = 21


@inlined
def times_transposed(a: Block, b: Block) -> Block:
    """A B'."""
    a0, a1, a2, a3, a4, a5, a6, a7, a8 = a
    b0, b1, b2, b3, b4, b5, b6, b7, b8 = b
    return (
        a0 * b0 + a1 * b1 + a2 * b2,
        a0 * b3 + a1 * b4 + a2 * b5,
        a0 * b6 + a1 * b7 + a2 * b8,
        a3 * b0 + a4 * b1 + a5 * b2,
        a3 * b3 + a4 * b4 + a5 * b5,
        a3 * b6 + a4 * b7 + a5 * b8,
        a6 * b0 + a7 * b1 + a8 * b2,
        a6 * b3 + a7 * b4 + a8 * b5,
        a6 * b6 + a7 * b7 + a8 * b8,
    )


@inlined
def times_transposed_upper(a: Block, b: Block) -> Symmetric:
    """The upper triangle of A B'."""
    a0, a1, a2, a3, a4, a5, a6, a7, a8 = a
    b0, b1, b2, b3, b4, b5, b6, b7, b8 = b
    return (
        a0 * b0 + a1 * b1 + a2 * b2,
        a0 * b3 + a1 * b4 + a2 * b5,
        a0 * b6 + a1 * b7 + a2 * b8,
        a3 * b3 + a4 * b4 + a5 * b5,
        a3 * b6 + a4 * b7 + a5 * b8,
        a6 * b6 + a7 * b7 + a8 * b8,
    )


@inlined
def times_upper(a: Block, b: Block) -> Symmetric:
    """The upper triangle of A B."""
    return times_transposed_upper(a, transposed(b))


@inlined
def transposed_times_transposed(a: Block, b: Block) -> Block:
    """A' B'."""
    return times_transposed(transposed(a), b)


@inlined
def minus(a: Block, b: Block) -> Block:
    """A - B."""
    return (
        a[0] - b[0],
        a[1] - b[1],
        a[2] - b[2],
        a[3] - b[3],
        a[4] - b[4],
        a[5] - b[5],
        a[6] - b[6],
        a[7] - b[7],
        a[8] - b[8],
    )


@inlined
def minus_symmetric(a: Symmetric, b: Symmetric) -> Symmetric:
    """A - B of symmetric blocks."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3], a[4] - b[4], a[5] - b[5]


@inlined
def plus_symmetric(a: Symmetric, b: Symmetric) -> Symmetric:
    """A + B of symmetric blocks."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4], a[5] + b[5]


@inlined
def full(a: Symmetric) -> Block:
    """A symmetric block with both its triangles."""
    return a[0], a[1], a[2], a[1], a[3], a[4], a[2], a[4], a[5]


@inlined
def transposed(a: Block) -> Block:
    """A'."""
    return a[0], a[3], a[6], a[1], a[4], a[7], a[2], a[5], a[8]


@inlined
def applied(a: Block, x: Vector) -> Vector:
    """A x."""
    return (
        a[0] * x[0] + a[1] * x[1] + a[2] * x[2],
        a[3] * x[0] + a[4] * x[1] + a[5] * x[2],
        a[6] * x[0] + a[7] * x[1] + a[8] * x[2],
    )


@inlined
def dot(x: Vector, y: Vector) -> float:
    """The product x' y."""
    return x[0] * y[0] + x[1] * y[1] + x[2] * y[2]


@inlined
def less_outer(a: Block, x: Vector, y: Vector) -> Block:
    """A - x y'."""
    return (
        a[0] - x[0] * y[0],
        a[1] - x[0] * y[1],
        a[2] - x[0] * y[2],
        a[3] - x[1] * y[0],
        a[4] - x[1] * y[1],
        a[5] - x[1] * y[2],
        a[6] - x[2] * y[0],
        a[7] - x[2] * y[1],
        a[8] - x[2] * y[2],
    )


@inlined
def less_outer_upper(a: Symmetric, x: Vector, y: Vector) -> Symmetric:
    """The upper triangle of A - x y'."""
    return (
        a[0] - x[0] * y[0],
        a[1] - x[0] * y[1],
        a[2] - x[0] * y[2],
        a[3] - x[1] * y[1],
        a[4] - x[1] * y[2],
        a[5] - x[2] * y[2],
    )


@inlined
def plus_vector(x: Vector, y: Vector) -> Vector:
    """The sum x + y."""
    return x[0] + y[0], x[1] + y[1], x[2] + y[2]


@inlined
def scaled(x: Vector, s: float) -> Vector:
    """The product s x."""
    return x[0] * s, x[1] * s, x[2] * s


@inlined
def factor(s: Symmetric) -> Factor:
    """S = L D L': (l21, l31, l32, 1/d1, 1/d2, 1/d3); some 1/d is not above zero where S is not definite."""
    i1 = 1.0 / s[0]
    l21 = s[1] * i1
    l31 = s[2] * i1
    i2 = 1.0 / (s[3] - l21 * s[1])
    w32 = s[4] - l31 * s[1]
    l32 = w32 * i2
    i3 = 1.0 / (s[5] - l31 * s[2] - l32 * w32)
    return l21, l31, l32, i1, i2, i3


@inlined
def solved(low: Factor, x: Vector) -> Vector:
    """S^-1 x with the factor of S."""
    l21, l31, l32, i1, i2, i3 = low
    y2 = x[1] - l21 * x[0]
    y3 = x[2] - l31 * x[0] - l32 * y2
    z3 = y3 * i3
    z2 = y2 * i2 - l32 * z3
    return x[0] * i1 - l21 * z2 - l31 * z3, z2, z3


@inlined
def rows_solved(low: Factor, w: Block) -> Block:
    """W S^-1, row by row."""
    a = solved(low, (w[0], w[1], w[2]))
    b = solved(low, (w[3], w[4], w[5]))
    c = solved(low, (w[6], w[7], w[8]))
    return a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2]


@inlined
def unpack(packed: FloatArray, i: int) -> tuple[Symmetric, Block, Symmetric]:
    """A, B, C of covariance i of packed ones (n, 21)."""
    p = packed
    return (
        (p[i, 0], p[i, 1], p[i, 2], p[i, 3], p[i, 4], p[i, 5]),
        (p[i, 6], p[i, 7], p[i, 8], p[i, 9], p[i, 10], p[i, 11], p[i, 12], p[i, 13], p[i, 14]),
        (p[i, 15], p[i, 16], p[i, 17], p[i, 18], p[i, 19], p[i, 20]),
    )


@inlined
def pack(packed: FloatArray, i: int, a: Symmetric, b: Block, c: Symmetric) -> None:
    """Writes A, B, C to covariance i of packed ones (n, 21)."""
    p = packed
    p[i, 0], p[i, 1], p[i, 2], p[i, 3], p[i, 4], p[i, 5] = a
    p[i, 6], p[i, 7], p[i, 8], p[i, 9], p[i, 10], p[i, 11], p[i, 12], p[i, 13], p[i, 14] = b
    p[i, 15], p[i, 16], p[i, 17], p[i, 18], p[i, 19], p[i, 20] = c


# Where the packed number of row i, column j stands.
_PLACE = np.array(
    [
        [0, 1, 2, 6, 7, 8],
        [1, 3, 4, 9, 10, 11],
        [2, 4, 5, 12, 13, 14],
        [6, 9, 12, 15, 16, 17],
        [7, 10, 13, 16, 18, 19],
        [8, 11, 14, 17, 19, 20],
    ]
)
# Row and column of each packed number, in the upper triangle.
ROWS = np.array([int(np.flatnonzero(_PLACE.ravel() == k)[0]) // 6 for k in range(PACKED)])
COLUMNS = np.array([int(np.flatnonzero(_PLACE.ravel() == k)[0]) % 6 for k in range(PACKED)])


def covariances_of(packed: FloatArray) -> FloatArray:
    """Full covariances (..., 6, 6) of packed ones (..., 21): both triangles are the same bits."""
    return packed[..., _PLACE]


def packed_of(covariances: FloatArray) -> FloatArray:
    """Packed covariances (..., 21) of full ones (..., 6, 6); the upper triangle counts."""
    return np.ascontiguousarray(covariances[..., ROWS, COLUMNS])
