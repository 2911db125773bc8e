"""What a sketch means, in NumPy: coordinates, codes, coding errors, bounds, and the answer."""

from dataclasses import dataclass, field

import numpy as np

from . import reference

NO_ROTATION = np.empty((0, 0), np.float32)
NO_STARTS = np.empty(0, np.int64)
# Wider than float64 where the machine has that; a dot product of float64 is good enough elsewhere.
Wide = np.longdouble


@dataclass(frozen=True)
class Level:
    """One level of codes, with the attributes that the core reads."""

    kind: str
    width: int
    step: float
    shift: np.ndarray
    rotation: np.ndarray = field(default_factory=lambda: NO_ROTATION)  # empty: not rotated
    starts: np.ndarray = field(default_factory=lambda: NO_STARTS)
    bits: int = 8
    tilt: float = 0.0


# For each number of bits: the type of a code, the lowest, the one for 0, and the highest.
CODES = {8: (np.uint8, 0, 128, 255), 16: (np.int16, -1447, 0, 1447)}


@dataclass(frozen=True)
class Coding:
    """What an Encoder is made from."""

    metric: str
    center: np.ndarray
    unit: float
    basis: np.ndarray
    feature_order: np.ndarray
    levels: tuple[Level, ...]

    def encoder(self, core):
        return core.Encoder(
            self.metric, center=self.center, unit=self.unit, basis=self.basis,
            feature_order=self.feature_order, levels=self.levels,
        )  # fmt: skip


def scaled(X, center, unit, dtype=Wide):
    """Rows in units. Divided by a power of two first, so that nothing overflows needlessly."""
    return X.astype(dtype) / unit - center.astype(dtype) / unit


def directions(basis, n, rotation, dtype):
    """The matrix whose `n` columns a projection projects on."""
    M = basis[:n].T.astype(dtype)
    return M @ rotation.astype(dtype) if rotation.size else M


def tilt_of(basis, n, rotation):
    """How far from orthonormal the directions of a projection are, never too little."""
    M = directions(basis, n, rotation, np.float64)
    return float(np.linalg.norm(M.T @ M - np.eye(n)) * (1 + 1e-6) + 1e-12)


def coordinates(X, coding, level, dtype=Wide):
    """The numbers that a level codes, one row each."""
    rows = scaled(X, coding.center, coding.unit, dtype)
    if level.kind == "features":
        return rows
    if level.kind == "groups":
        return np.add.reduceat(rows[:, coding.feature_order], level.starts[:-1], axis=1)
    inside = rows @ directions(coding.basis, level.width - 1, level.rotation, dtype)
    outside = (rows**2).sum(axis=1) - (inside**2).sum(axis=1)
    return np.column_stack([inside, np.sqrt(np.maximum(outside, 0))])


def real_codes(X, coding, level):
    """The codes before they are rounded to whole numbers."""
    _, lowest, middle, highest = CODES[level.bits]
    steps = (coordinates(X, coding, level) - level.shift) / level.step
    return np.clip(steps + middle, lowest, highest)


def norms(differences, metric):
    if metric == "manhattan":
        return abs(differences).sum(axis=-1)
    return np.sqrt((differences**2).sum(axis=-1))


def coding_errors(X, coding, level, codes):
    """How far the coordinates are from what the codes say."""
    meant = level.shift + level.step * (codes.astype(Wide) - CODES[level.bits][2])
    return norms(coordinates(X, coding, level) - meant, coding.metric)


def bounds(query_sketch, base_sketch, coding, level):
    """step * d(code_x, code_y) - error_x - error_y of all pairs, in units."""
    (query_codes, query_errors), (base_codes, base_errors) = query_sketch, base_sketch
    differences = query_codes[:, None].astype(np.int64) - base_codes[None].astype(np.int64)
    apart = level.step * norms(differences.astype(np.float64), coding.metric)
    return apart - query_errors[:, None].astype(np.float64) - base_errors.astype(np.float64)


def distances_in_units(X, Y, coding):
    """|x - y| of all pairs, in units; nothing vanishes or overflows that is representable."""
    X, Y = (scaled(rows, coding.center, coding.unit) for rows in (X, Y))
    return np.array([norms(x - Y, coding.metric) for x in X]).reshape(len(X), len(Y))


def argkmin(query, base, k, metric, *, exclude_self=False, groups=None):
    """Like reference.argkmin; `groups` are those of the queries and of the base rows, or None."""
    sums = reference.power_sums(query, base, metric)
    if exclude_self:
        sums[np.diag_indices(len(query))] = np.nan
    if groups is not None:
        sums[np.equal.outer(*groups)] = np.nan
    indices = reference.k_smallest(sums, k)
    sums = np.take_along_axis(sums, indices, axis=1)
    return (np.sqrt(sums) if metric == "euclidean" else sums), indices
