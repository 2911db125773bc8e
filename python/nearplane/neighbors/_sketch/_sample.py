"""A few rows in place of all, in the units of a sketch."""

from dataclasses import dataclass
from math import frexp, ldexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BLOCK_SIZE = 2**17  # values converted to float64 at a time: 1 MB
# 2**-1021 has a finite inverse, and so do all powers of two up to 2**1021.
_LARGEST_EXPONENT = 1021
# Rows so many times larger than most are left out of a sample: were they the measure of its centre,
# unit and directions, all others would look alike.
_OUTLYING = 16.0
_MOST = 0.9
_MOST_SCALES = 3  # of outlying rows, each of which hides the next


@dataclass(frozen=True, eq=False)
class Frame:
    """The origin and the unit of a sketch's coordinates."""

    center: NDArray[np.float64]
    unit: float
    """A power of two, so that dividing by it rounds nothing."""

    @classmethod
    def around(cls, rows: NDArray[Any]) -> "Frame":
        """Return the frame in which these rows lie around 0 and none reaches 1."""
        mean = rows.mean(axis=0, dtype=np.float64)
        # The sum of values near the largest of float64 overflows. Any centre is valid.
        center = np.where(np.isfinite(mean), mean, 0.0)
        reach = max((rows.max(axis=0) - center).max(), (center - rows.min(axis=0)).max())
        exponent = frexp(reach)[1] if 0 < reach < np.inf else (_LARGEST_EXPONENT if reach else 0)
        return cls(
            center, ldexp(1.0, int(np.clip(exponent, -_LARGEST_EXPONENT, _LARGEST_EXPONENT)))
        )

    def place(self, rows: NDArray[Any]) -> NDArray[np.float32]:
        """Return the rows in this frame; where that overflows, 0 (for planning only)."""
        placed = np.empty(rows.shape, np.float32)
        step = max(1, _BLOCK_SIZE // rows.shape[1])
        for start in range(0, len(rows), step):
            block = rows[start : start + step] - self.center
            block *= 1 / self.unit
            placed[start : start + step] = block
        return np.nan_to_num(placed, copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def sample_rows(matrix: NDArray[Any], n_rows: int, *, seed: int) -> NDArray[Any]:
    """Return `n_rows` rows of the matrix chosen by chance, or all there are, in their order."""
    if n_rows >= len(matrix):
        return matrix
    chosen = np.random.default_rng(seed).choice(len(matrix), n_rows, replace=False, shuffle=False)
    return matrix[np.sort(chosen)]


def framed_sample(
    matrix: NDArray[Any], n_rows: int, *, seed: int
) -> tuple[Frame, NDArray[np.float32]]:
    """Return a frame, and in it `n_rows` rows of the matrix, or a few less, chosen by chance."""
    sample = sample_rows(matrix, n_rows, seed=seed)
    for _ in range(_MOST_SCALES):
        frame = Frame.around(sample)
        rows = frame.place(sample)
        sizes = np.maximum(rows.max(axis=1), -rows.min(axis=1))
        limit = _OUTLYING * np.quantile(sizes, _MOST)
        ordinary = sizes <= limit
        if limit == 0 or ordinary.all():
            break
        sample = sample[ordinary]
    return frame, rows
