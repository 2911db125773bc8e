"""What a sketch keeps of every row: chosen from a sample, before any row is coded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearplane import _core
from nearplane._blas import one_blas_thread
from nearplane.neighbors._sketch._basis import principal_directions
from nearplane.neighbors._sketch._groups import nested_groups
from nearplane.neighbors._sketch._level import Level
from nearplane.neighbors._sketch._levels import features_level, group_levels, projection_levels
from nearplane.neighbors._sketch._sample import Frame, framed_sample
from nearplane.neighbors._sketch._widths import (
    Family,
    allowed_widths,
    default_widths,
    family_of,
    wants_features,
    with_fine_widths,
)

# A design looks at so many rows.
SAMPLED_ROWS = 1024
_SAMPLED_VALUES = 2**23  # 32 MB of float32
_SAMPLE_SEED = 1

# Loadings on so many directions tell which features vary together.
_LOADINGS = 32


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

    def encoder(self) -> _core.Encoder:
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


def design_sketch(
    base: NDArray[Any],
    metric: str,
    *,
    widths: Sequence[int] | None = None,
    fine_widths: Sequence[int] = (),
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
        for groups they are powers of two. None: widths, and fine widths, that suit images. If
        there is none, the only level is that of the features.
    fine_widths : sequence of int, default=()
        The widths of projections whose codes have 16 bits in place of 8.
    features : bool, default=None
        Whether the last level is a byte for each feature. None: if that is less to read by far.

    Returns
    -------
    Design
        The same one for the same rows.
    """
    # Numbers at the ends of a type's range may be lost: a poor design is a valid one too.
    with np.errstate(all="ignore"), one_blas_thread():
        frame, rows = framed_sample(base, _sample_size(base), seed=_SAMPLE_SEED)
        family = family_of(metric)
        n_features = base.shape[1]
        if widths is None:
            widths, fine_widths = with_fine_widths(family, default_widths(family, n_features))
        allowed = allowed_widths(family, widths, n_features)
        fine = allowed_widths(family, fine_widths, n_features)
        design = _empty_design(frame, family)
        if allowed or fine:
            make = _with_groups if family == "manhattan" else _with_projections
            design = make(design, rows, allowed, fine)
        if wants_features(base.dtype, n_features) if features is None else features:
            shadow = features_level(rows, family)
            design = replace(design, levels=(*design.levels, shadow))
    return design


def _sample_size(base: NDArray[Any]) -> int:
    return max(16, min(SAMPLED_ROWS, _SAMPLED_VALUES // int(base.shape[1])))


def _empty_design(frame: Frame, family: Family) -> Design:
    return Design(
        metric=family,
        center=frame.center,
        unit=frame.unit,
        basis=np.empty((0, len(frame.center)), np.float32),
        feature_order=np.empty(0, np.int64),
        levels=(),
    )


def _with_projections(
    design: Design, rows: NDArray[np.float32], widths: list[int], fine: list[int]
) -> Design:
    # The last coordinate of a projection is the distance from the space it projects on.
    basis, _ = principal_directions(rows, max([*widths, *fine]) - 1)
    most = len(basis) + 1
    shapes = {(min(width, most), 8) for width in widths}
    shapes |= {(min(width, most), 16) for width in fine}
    by_bytes = sorted(shapes, key=lambda shape: (shape[0] * shape[1], shape))
    return replace(design, basis=basis, levels=projection_levels(rows, basis, by_bytes))


def _with_groups(
    design: Design, rows: NDArray[np.float32], widths: list[int], fine: list[int]
) -> Design:
    widths = sorted({*widths, *fine})  # there are no codes of 16 bits
    directions, variances = principal_directions(rows, _LOADINGS)
    loadings = (directions * np.sqrt(variances)[:, None]).astype(np.float32).T
    order, starts = nested_groups(loadings, widths[-1])
    return replace(design, feature_order=order, levels=group_levels(rows, order, starts, widths))
