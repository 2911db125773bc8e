"""Rows as wide as the accumulators of the kernels bear, and wider: sums at and beyond their ends.

Rows are of the ends of bytes, 0 and 255, so that every term is as large as it gets. The oracle adds
in 64-bit integers.
"""

from functools import partial
from itertools import combinations
from math import isqrt
from pathlib import Path

import numpy as np

from harness.methods import Array
from large_sizes.case import Case, require, require_equal
from nearplane import _core, argkmin, pairwise_distances

_PRODUCT = 255 * 255  # the largest term of a product of bytes
_SHIFTED = 255 * 128  # and where one of them is stored less 128

# Up to how many features each sum fits its type: sums of codes of a sketch (2^13 by design), of
# codes of centres (of 127, in 30 bits), of int32 and uint32.
_LIMITS = {
    "codes of a sketch": 2**13,
    "products in int32": (2**31 - 1) // _PRODUCT,
    "codes of centres": 2**29 // 127**2,
    "products less 128 in int32": 2**31 // _SHIFTED,
    "products in uint32": (2**32 - 1) // _PRODUCT,
    "differences in int32": (2**31 - 1) // 255,
    "differences in uint32": (2**32 - 1) // 255,
}
# A sketch of wider rows takes long to design, and its codes are not wider.
_WIDEST_SKETCHED = 2**17
_SUMMED_AT_ONCE = 2**16


def _extreme_rows(width: int) -> Array:
    """Return rows of zeros, of 255, and of both in several places."""
    rows = np.zeros((8, width), np.uint8)
    rows[1] = 255
    rows[2, ::2] = 255
    rows[3, 1::2] = 255
    rows[4, : width // 2] = 255
    rows[5] = 255
    rows[5, -1] = 0
    rows[6, -1] = 255
    rows[7, 0] = 254
    return rows


def _sums(rows: Array, power: int) -> Array:
    sums = np.zeros((len(rows), len(rows)), np.int64)
    for i, j in combinations(range(len(rows)), 2):
        for begin in range(0, rows.shape[1], _SUMMED_AT_ONCE):
            block = slice(begin, begin + _SUMMED_AT_ONCE)
            difference = rows[i, block].astype(np.int32) - rows[j, block]
            np.abs(difference, out=difference)
            if power == 2:
                difference *= difference
            sums[i, j] += difference.sum(dtype=np.int64)
        sums[j, i] = sums[i, j]
    return sums


def bytes_of_width(width: int, folder: Path) -> None:
    """Search, and compute the matrix, by both metrics."""
    rows = _extreme_rows(width)
    k = len(rows)
    for metric, power in (("manhattan", 1), ("euclidean", 2)):
        sums = _sums(rows, power)
        order = np.argsort(sums, axis=1, kind="stable")
        expected = np.take_along_axis(sums, order, axis=1).astype(np.float64)
        if power == 2:
            expected = np.sqrt(expected)
        algorithms = ("brute", "pruned") if width <= _WIDEST_SKETCHED else ("brute",)
        for algorithm in algorithms:
            distances, indices = argkmin(rows, rows, k, metric, algorithm=algorithm)
            require_equal(indices, order, f"{metric}, {algorithm}: neighbours")
            require_equal(distances, expected, f"{metric}, {algorithm}: distances")
        matrix = pairwise_distances(rows, metric=metric)
        require_equal(matrix, sums if power == 1 else np.sqrt(sums), f"{metric}: matrix")


def centres_of_width(width: int, folder: Path) -> None:
    """Assign rows of extremes to centres of extremes, whose codes are as large as they get."""
    rows = _extreme_rows(width)
    centers = np.where(rows[:5] > 0, np.float32(1), np.float32(-1))
    points = np.where(rows > 0, np.float32(3), np.float32(-3))
    labels, distances = _core.nearest_centers(
        points, centers, guess=None, n_threads=1, progress=None
    )
    squares = np.array([[np.sum((p - c).astype(np.int64) ** 2) for c in centers] for p in points])
    require_equal(labels, squares.argmin(axis=1), "centres")
    require_equal(distances, squares.min(axis=1), "squared distances")


def huge_values(dtype: str, folder: Path) -> None:
    """Search rows so large that their squares, or the sums of them, leave float32 or float64."""
    largest = float(np.finfo(dtype).max)
    rng = np.random.default_rng(0)
    for size in (largest, largest / 4, largest**0.5, largest**0.5 / 40, largest**-0.4):
        rows = (size * rng.uniform(-1, 1, (40, 300))).astype(dtype)
        rows[1] = rows[0]
        rows[2] = np.nextafter(rows[0], 0)
        exact = rows.astype(np.longdouble)
        for metric, power in (("manhattan", 1), ("euclidean", 2)):
            ranks = np.array([np.sum(np.abs(exact - row) ** power, axis=1) for row in exact])
            ranks = np.where(ranks > np.finfo(np.float64).max, np.inf, ranks)
            distances, indices = argkmin(rows, rows, 5, metric)
            found = np.take_along_axis(ranks, indices, axis=1)
            wanted = np.sort(ranks, axis=1)[:, :5]
            require(_nearly_equal(found, wanted), f"{metric}, {dtype} of {size:g}: neighbours")
            true = found if power == 1 else np.sqrt(found)
            require(_nearly_equal(distances, true), f"{metric}, {dtype} of {size:g}: distances")


def _nearly_equal(found: Array, expected: Array) -> bool:
    finite = np.isfinite(expected)
    return bool(
        (np.isfinite(found) == finite).all()
        and np.allclose(found[finite], expected[finite], rtol=1e-12, atol=0)
    )


def without_rows_or_features(folder: Path) -> None:
    """Hand over arrays of nothing with huge other axes; and few of very many features."""
    for huge in (2**31, 2**32 + 1, 2**40, 2**61):
        none = np.empty((0, huge), np.uint8)
        require(pairwise_distances(none).shape == (0, 0), "a matrix of nothing")
        for broken in (np.empty((huge, 0), np.uint8), np.empty((huge, 0, 3), np.uint8)):
            for call in (lambda x: argkmin(x, x, 1), pairwise_distances):
                try:
                    call(broken)
                except ValueError:
                    continue
                require(False, f"rows of no features were taken: {broken.shape}")
        try:
            argkmin(none, none, 1)
        except ValueError:
            continue
        require(False, "a neighbour among no rows was found")


CASES = {
    f"{name}: {width:,} bytes": Case(partial(bytes_of_width, width), 0.9 if width > 10**7 else 0.3)
    for name, limit in _LIMITS.items()
    for width in (limit - 1, limit, limit + 1)
}
CASES |= {
    f"{name}: centres of {width:,} features": Case(partial(centres_of_width, width), 0.1)
    for name, limit in (("codes of centres", 2**29 // 127**2), ("all codes", isqrt(2**36)))
    for width in (limit - 1, limit, limit + 1)
}
CASES |= {
    f"{dtype} as large as it gets": Case(partial(huge_values, dtype), 0.1)
    for dtype in ("float32", "float64")
}
CASES["no rows, or no features, of huge shapes"] = Case(without_rows_or_features, 0.1)
