"""Levels made to measure: rotation, shift and step from the coordinates of sampled rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane.neighbors._sketch._basis import random_rotation, tilts
from nearplane.neighbors._sketch._level import Level

# Ranges that a byte may cover, as quantiles of the rows' largest coordinates. A range that leaves
# rows out codes the others more finely, and their codes are clipped.
_RANGES = (0.25, 0.5, 0.75, 0.9, 0.97, 0.999, 1.0)
_LARGEST_CODES = {8: 127, 16: 1447}  # the core's, for sums of squares in 32 bits
# Coordinates that float32 rounds away from a row of size 1 are not worth a finer step.
_SMALLEST_STEP = 2.0**-30
_TRIAL_VALUES = 2**17  # coordinates that a step is tried on
_GROUPED_VALUES = 2**19  # features that are summed by groups


def projection_levels(
    rows: NDArray[np.float32], basis: NDArray[np.float32], shapes: Sequence[tuple[int, int]]
) -> tuple[Level, ...]:
    """Return projections; `shapes` are their widths, from 2 to len(basis) + 1, and their bits."""
    places = rows @ basis.T
    squares = np.einsum("ij,ij->i", rows, rows)
    rotations = [random_rotation(width - 1) for width, _ in shapes]
    levels = []
    for (width, bits), rotation, tilt in zip(
        shapes, rotations, tilts(basis, rotations), strict=True
    ):
        inside = places[:, : width - 1]
        outside = np.sqrt(np.maximum(squares - np.einsum("ij,ij->i", inside, inside), 0))
        shift = np.zeros(width)
        shift[-1] = outside.mean()
        coordinates = np.column_stack([inside @ rotation, outside])
        step = _best_step(coordinates, shift, "euclidean", bits)
        levels.append(Level("projection", width, step, shift, rotation, bits=bits, tilt=tilt))
    return tuple(levels)


def group_levels(
    rows: NDArray[np.float32],
    feature_order: NDArray[np.int64],
    starts: dict[int, NDArray[np.int64]],
    widths: Sequence[int],
) -> tuple[Level, ...]:
    """Return a level of group sums for each width, which are keys of `starts`."""
    ordered = rows[: max(16, _GROUPED_VALUES // rows.shape[1]), feature_order]
    levels = []
    for width in widths:
        sums = np.add.reduceat(ordered, starts[width][:-1], axis=1)
        shift = np.zeros(width)
        step = _best_step(sums, shift, "manhattan")
        levels.append(Level("groups", width, step, shift, starts=starts[width]))
    return tuple(levels)


def features_level(rows: NDArray[np.float32], metric: str) -> Level:
    """Return the level whose codes are a byte for each feature."""
    shift = (rows.max(axis=0).astype(np.float64) + rows.min(axis=0)) / 2
    return Level("features", rows.shape[1], _best_step(rows, shift, metric), shift)


def _best_step(
    coordinates: NDArray[Any], shift: NDArray[np.float64], metric: str, bits: int = 8
) -> float:
    """Return the step with which codes are off by the least in the mean square.

    Squares, because rows that are off by much more than the others pass the first level always: a
    hundredth of such rows cost more than all others being off by a fifth more.

    A row that is off by as much as rows are long is never skipped, and cannot get any worse: so few
    rows far away from all others, however far, do not make the codes of these coarse.
    """
    coordinates = coordinates - shift.astype(np.float32)
    largest = np.maximum(coordinates.max(axis=1), -coordinates.min(axis=1))
    ranges = np.unique(np.quantile(largest, _RANGES))
    steps = np.maximum(ranges / _LARGEST_CODES[bits], _SMALLEST_STEP)
    trial = coordinates[: max(16, _TRIAL_VALUES // coordinates.shape[1])]
    length = np.median(_lengths(trial, metric))
    means = [
        np.square(np.minimum(_lengths(_missed(trial, step, bits), metric), length)).mean()
        for step in steps
    ]
    return float(steps[int(np.argmin(means))])


def _missed(coordinates: NDArray[Any], step: float, bits: int) -> NDArray[Any]:
    """Return how far coordinates, their shift subtracted, are from what their codes say."""
    largest = _LARGEST_CODES[bits]
    codes = np.clip(np.rint(coordinates / step), -largest, largest)
    codes *= step
    codes -= coordinates
    return codes


def _lengths(rows: NDArray[Any], metric: str) -> NDArray[np.float64]:
    if metric == "manhattan":
        return np.asarray(np.abs(rows).sum(axis=1, dtype=np.float64))
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64)))
