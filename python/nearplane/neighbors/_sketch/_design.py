"""What a sketch keeps of every row: chosen from a sample, before any row is coded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nearplane import _core
from nearplane.neighbors._sketch._basis import principal_directions
from nearplane.neighbors._sketch._groups import nested_groups
from nearplane.neighbors._sketch._level import Level
from nearplane.neighbors._sketch._levels import features_level, group_levels, projection_levels
from nearplane.neighbors._sketch._sample import Frame, framed_sample

Family = Literal["euclidean", "manhattan"]

_SAMPLED_ROWS = 1024
_SAMPLED_VALUES = 2**23  # 32 MB of float32
_SAMPLE_SEED = 1

# Loadings on so many directions tell which features vary together.
_LOADINGS = 32

# A byte for each feature saves 3 or 7 bytes of reading, if rows are long enough for that to count.
_FEWEST_FEATURES = 128

# Widths of the levels, widest first, without knowing the queries. On CIFAR-10 a level of 64
# directions lets 2 % of the pairs pass, one of 192 another tenth of these. Sums of absolute
# differences take more: 64, 256 and 1,024 groups let 8, 2 and 0.2 % of the pairs pass.
_PROJECTION_WIDTHS = (192, 64)
_GROUP_WIDTHS = (1024, 256, 64)


@dataclass(frozen=True, eq=False)
class Design:
    """All of a sketch but the codes of its rows."""

    metric: Family
    """"euclidean" stands for the squared distance too: they have the same neighbours."""
    center: NDArray[np.float64]
    """(n_features,): what coordinates are measured from."""
    unit: float
    """What they are measured in: a power of two."""
    basis: NDArray[np.float32]
    """(n_directions, n_features), orthonormal up to rounding; none without projections."""
    feature_order: NDArray[np.int64]
    """(n_features,), a permutation; empty without groups."""
    levels: tuple[Level, ...]
    """From the shortest codes to the longest."""

    def encoder(self) -> "_core.Encoder":
        """Return what codes rows."""
        return _core.Encoder(
            self.metric,
            center=self.center,
            unit=self.unit,
            basis=self.basis,
            feature_order=self.feature_order,
            levels=self.levels,
        )

    def keep(self, positions: Iterable[int]) -> "Design":
        """Return the design with only these of its levels."""
        levels = tuple(self.levels[position] for position in positions)
        widest = max((level.width for level in levels if level.kind == "projection"), default=1)
        grouped = any(level.kind == "groups" for level in levels)
        return replace(
            self,
            basis=self.basis[: widest - 1],
            feature_order=self.feature_order if grouped else self.feature_order[:0],
            levels=levels,
        )


def family_of(metric: str) -> Family:
    """Return the metric whose sketches serve `metric`."""
    return "manhattan" if metric == "manhattan" else "euclidean"


def design_sketch(
    base: NDArray[Any],
    metric: str,
    *,
    widths: Sequence[int] | None = None,
    features: bool | None = None,
) -> Design:
    """Choose what a sketch of these rows keeps, by a look at some of them.

    Parameters
    ----------
    base : ndarray of shape (n_rows, n_features), uint8, float32 or float64
        At least one row and one feature, finite.
    metric : {"euclidean", "sqeuclidean", "manhattan"}
        Projections serve the Euclidean distances, sums over groups of features the Manhattan one.
    widths : sequence of int, default=None
        The widths of these levels. Those that the rows do not allow are lowered to what they do;
        for groups they are powers of two. None: widths that suit images.
    features : bool, default=None
        Whether the last level is a byte for each feature. None: if that is less to read by far.

    Returns
    -------
    Design
        With at least one level; the same one for the same rows.
    """
    with np.errstate(all="ignore"):  # at the ends of a type's range; a poor design is a valid one
        return _design(base, metric, widths, features)


def _design(
    base: NDArray[Any], metric: str, widths: Sequence[int] | None, features: bool | None
) -> Design:
    n_rows = max(16, min(_SAMPLED_ROWS, _SAMPLED_VALUES // base.shape[1]))
    frame, rows = framed_sample(base, n_rows, seed=_SAMPLE_SEED)
    if features is None:
        features = base.dtype.kind == "f" and base.shape[1] >= _FEWEST_FEATURES
    make = _group_design if family_of(metric) == "manhattan" else _projection_design
    design = make(frame, rows, widths)
    if features:
        shadow = features_level(rows, design.metric)
        design = replace(design, levels=(*design.levels, shadow))
    return design


def _projection_design(
    frame: Frame, rows: NDArray[np.float32], widths: Sequence[int] | None
) -> Design:
    n_features = rows.shape[1]
    if widths is None:
        widths = _default_widths(_PROJECTION_WIDTHS, max(2, n_features // 2))
    # The last coordinate of a projection is the distance from the space it projects on.
    basis, _ = principal_directions(rows, min(max(widths) - 1, n_features))
    allowed = sorted({max(2, min(width, len(basis) + 1)) for width in widths})
    return Design(
        metric="euclidean",
        center=frame.center,
        unit=frame.unit,
        basis=basis,
        feature_order=np.empty(0, np.int64),
        levels=projection_levels(rows, basis, allowed),
    )


def _group_design(frame: Frame, rows: NDArray[np.float32], widths: Sequence[int] | None) -> Design:
    n_features = rows.shape[1]
    if widths is None:
        widths = _default_widths(_GROUP_WIDTHS, max(1, n_features // 2))
    allowed = sorted({2 ** (min(width, n_features).bit_length() - 1) for width in widths})
    directions, variances = principal_directions(rows, _LOADINGS)
    loadings = (directions * np.sqrt(variances)[:, None]).astype(np.float32).T
    order, starts = nested_groups(loadings, allowed[-1])
    return Design(
        metric="manhattan",
        center=frame.center,
        unit=frame.unit,
        basis=np.empty((0, n_features), np.float32),
        feature_order=order,
        levels=group_levels(rows, order, starts, allowed),
    )


def _default_widths(widths: tuple[int, ...], most: int) -> list[int]:
    """Return those of the widths that are possible, or the one that comes nearest to it."""
    # A level less than half as wide as the next is worth its while; one almost as wide is not.
    first = min(widths[0], most)
    return [first] + [width for width in widths[1:] if 2 * width <= first]
