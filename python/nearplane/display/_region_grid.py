"""A grid over a plane, and what a classifier says of its points."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearplane._validation import check_real, read_array

TIE = -1
# Rows of the grid are asked for together until they are so many points.
_BLOCK_POINTS = 2**15
# A score is a sum of three products; so many roundings of its terms cover it generously.
_ROUNDINGS = 8 * float(np.finfo(np.float64).eps)

Plane = tuple[NDArray[np.float64], NDArray[np.float64]]


class Grid(NamedTuple):
    """Middles of the cells of a grid, along both axes."""

    x0: NDArray[np.float64]
    x1: NDArray[np.float64]

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Where the outermost cells end: left, right, bottom, top."""
        half = [(axis[1] - axis[0]) / 2 for axis in self]
        return (
            float(self.x0[0] - half[0]),
            float(self.x0[-1] + half[0]),
            float(self.x1[0] - half[1]),
            float(self.x1[-1] + half[1]),
        )


def grid_around(points: NDArray[np.float64], resolution: int, margin: float) -> Grid:
    """Lay a grid of `resolution` by `resolution` points around those given, and a margin."""
    margin = check_real("margin", margin, at_least=0)
    low, high = points.min(axis=0), points.max(axis=0)
    reach = margin * (high - low)
    # A single value has no range; the plane reaches one unit to both sides of it.
    reach = np.where(high > low, reach, 1.0)
    axes = [np.linspace(a, b, resolution) for a, b in zip(low - reach, high + reach, strict=True)]
    return Grid(*axes)


def find_regions(estimator: Any, grid: Grid, like: ArrayLike) -> NDArray[np.int64]:
    """Return the position of each grid point's label in the classes, or `TIE`.

    Parameters
    ----------
    estimator : classifier
        Fitted on two features.
    grid : Grid
    like : array-like
        Points are given to `estimator` as a data frame if this is one.

    Returns
    -------
    ndarray of int64, shape (n_rows, n_columns)
    """
    n_columns = len(grid.x0)
    regions = np.empty((len(grid.x1), n_columns), dtype=np.int64)
    step = max(1, _BLOCK_POINTS // n_columns)
    for first in range(0, len(regions), step):
        rows = slice(first, first + step)
        x0, x1 = np.meshgrid(grid.x0, grid.x1[rows])
        points = np.column_stack([x0.ravel(), x1.ravel()])
        regions[rows] = _label_positions(estimator, points, like).reshape(x0.shape)
    return regions


def _label_positions(estimator: Any, points: NDArray[np.float64], like: Any) -> NDArray[np.int64]:
    # An estimator that was fitted to a data frame warns of rows without names, or needs them.
    queries = type(like)(points, columns=like.columns) if hasattr(like, "iloc") else points
    if not hasattr(estimator, "decision_function") and hasattr(estimator, "predict_proba"):
        scores = np.asarray(estimator.predict_proba(queries), dtype=np.float64)
        return np.where(_tied(scores, np.abs(scores)), TIE, scores.argmax(axis=1))
    # The highest score is not the label for all: a kernel machine counts duels of classes.
    labels = positions(np.asarray(estimator.predict(queries)), estimator.classes_, "predict")
    if not hasattr(estimator, "decision_function"):
        return labels
    scores = np.asarray(estimator.decision_function(queries), dtype=np.float64)
    if scores.ndim == 1:  # of two classes: how much more the second has than the first
        scores = np.column_stack([np.zeros_like(scores), scores])
    plane = linear_part(estimator)
    terms = np.abs(scores)
    if plane is not None:  # rounding is that of a score's terms, which may cancel
        terms = np.abs(points) @ np.abs(plane[0]).T + np.abs(plane[1])
    return np.where(_tied(scores, terms), TIE, labels)


def _tied(scores: NDArray[np.float64], terms: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return for each point whether no more than rounding separates the highest scores."""
    close = _ROUNDINGS * terms.max(axis=1, keepdims=True)
    tied: NDArray[np.bool_] = (scores.max(axis=1, keepdims=True) - scores <= close).sum(axis=1) > 1
    return tied


def linear_part(estimator: Any) -> Plane | None:
    """Return weights and intercepts of a classifier that has them for each class, or None."""
    if not (hasattr(estimator, "coef_") and hasattr(estimator, "intercept_")):
        return None
    coef = np.asarray(estimator.coef_, dtype=np.float64)
    n_classes = len(estimator.classes_)
    # Pairs of classes, as a linear SVC has them, are no scores of classes.
    if coef.shape not in _plane_shapes(n_classes):
        return None
    intercept = np.broadcast_to(np.asarray(estimator.intercept_, dtype=np.float64), len(coef))
    return coef, intercept


def _plane_shapes(n_classes: int) -> list[tuple[int, ...]]:
    """Return the shapes that weights may have: of two classes one row may serve both."""
    return [(n_classes, 2), (1, 2)] if n_classes == 2 else [(n_classes, 2)]


def positions(labels: NDArray[Any], classes: NDArray[Any], name: str) -> NDArray[np.int64]:
    """Return where each label stands in `classes`, which need not be sorted."""
    found, inverse = np.unique(labels, return_inverse=True)
    place = {label: position for position, label in enumerate(classes.tolist())}
    codes = np.array([place.get(label, -1) for label in found.tolist()], dtype=np.int64)[inverse]
    if (codes < 0).any():
        row = int((codes < 0).argmax())
        raise ValueError(
            f"{name} must hold labels among classes, {classes.tolist()}; got "
            f"{labels.tolist()[row]!r} in row {row}."
        )
    return codes


def read_plane_points(X: ArrayLike) -> NDArray[np.float64]:
    """Return `X` as float64 of shape (n_samples, 2) with finite values and at least one row."""
    points = read_array(X, "X").astype(np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(
            "X must have shape (n_samples, 2) with at least one row: regions are drawn in a plane "
            f"of two features; got shape {points.shape}."
        )
    finite = np.isfinite(points).all(axis=1)
    if not finite.all():
        row = int(finite.argmin())
        raise ValueError(f"X must be finite; got {points[row].tolist()} in row {row}.")
    return points


def read_axis(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return the grid's values along an axis: evenly spaced, increasing, at least two."""
    axis = np.asarray(values, dtype=np.float64)
    steps = np.diff(axis) if axis.ndim == 1 else np.empty(0)
    if not len(steps) or steps.min() <= 0 or not np.allclose(steps, steps[0], rtol=1e-3):
        raise ValueError(
            f"{name} must hold at least two values that increase in equal steps; got {values!r}."
        )
    return axis


def read_regions(regions: ArrayLike, grid: Grid, n_classes: int) -> NDArray[np.int64]:
    """Return the regions of a grid, checked for their shape and range."""
    array = np.asarray(regions)
    shape = len(grid.x1), len(grid.x0)
    if array.shape != shape or array.dtype.kind not in "iu":
        raise ValueError(
            f"regions must hold integers of shape {shape}, a row for each value of x1; got "
            f"{array.dtype} of shape {array.shape}."
        )
    if array.min() < TIE or array.max() >= n_classes:
        raise ValueError(
            f"regions must lie between {TIE} (tie) and {n_classes - 1}, the last of the classes; "
            f"got values from {array.min()} to {array.max()}."
        )
    return array.astype(np.int64)


def read_plane(coef: ArrayLike | None, intercept: ArrayLike | None, n_classes: int) -> Plane | None:
    """Return weights and intercepts, or None if neither are given."""
    if coef is None and intercept is None:
        return None
    plane = np.array(coef, dtype=np.float64), np.array(intercept, dtype=np.float64)
    n_lines = len(plane[0]) if plane[0].shape in _plane_shapes(n_classes) else n_classes
    if plane[0].shape != (n_lines, 2) or plane[1].shape != (n_lines,):
        raise ValueError(
            f"coef and intercept must have shapes ({n_lines}, 2) and ({n_lines},), one row for "
            f"each class; got {plane[0].shape} and {plane[1].shape}."
        )
    if not all(np.isfinite(part).all() for part in plane):
        raise ValueError("coef and intercept must be finite; got NaN or infinity.")
    return plane
