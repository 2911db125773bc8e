"""Principal directions of a sample of rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SEED = 0
# Random directions beyond those asked for: the last of the found are as good as the first.
_EXTRA = 8
# Directions that hold less of the variance than float32 rounds away are noise.
_SMALLEST_SHARE = 1e-10


def principal_directions(
    rows: NDArray[np.float32], n_directions: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Find the directions along which centred rows vary most.

    Randomised subspace iteration (Halko, Martinsson and Tropp, SIAM Review 53, 2011) with one
    iteration and a Rayleigh-Ritz step. Any orthonormal directions make a valid sketch, better ones
    only a tighter one: a second iteration costs half as much again and prunes no more rows.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
        Centred, of moderate size.
    n_directions : int
        At most so many are returned, and no more than the rows span.

    Returns
    -------
    directions : ndarray of shape (n_found, n_features), float32
        Orthonormal up to rounding, from the largest variance to the smallest. If the rows are all
        zero, the first axis.
    variances : ndarray of shape (n_found,), float64
        Of the rows along each direction.
    """
    n_rows, n_features = rows.shape
    size = min(n_directions + _EXTRA, n_rows, n_features)
    # Random sums of rows span nearly what the rows' leading directions span, and iterating turns
    # them further towards these.
    mixing = np.random.default_rng(_SEED).standard_normal((size, n_rows), dtype=np.float32)
    space = _orthonormal(mixing @ rows)
    space = _orthonormal(np.asarray((rows @ space.T).T @ rows, np.float32))
    # Rayleigh-Ritz: the best directions within the space.
    moments = space @ rows.T
    variances, turn = np.linalg.eigh((moments @ moments.T).astype(np.float64) / n_rows)
    order = np.argsort(variances)[::-1][:n_directions]
    variances = np.maximum(variances[order], 0.0)
    order = order[: max(1, np.count_nonzero(variances > _SMALLEST_SHARE * variances.sum()))]
    directions = _orthonormal(turn[:, order].astype(np.float32).T @ space)
    return directions, variances[: len(directions)]


def _orthonormal(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return orthonormal rows; the first k of them span what the first k vectors span."""
    tall, _ = np.linalg.qr(vectors.T)
    return np.ascontiguousarray(tall.T)


def random_rotation(size: int) -> NDArray[np.float32]:
    """Return a random orthogonal matrix, always the same one for a size."""
    noise = np.random.default_rng(_SEED).standard_normal((size, size))
    return np.asarray(np.linalg.qr(noise)[0], np.float32)


def tilts(basis: NDArray[np.float32], rotations: list[NDArray[np.float32]]) -> list[float]:
    """Return upper bounds of ||M'M - I|| (Frobenius) for M = basis[:len(rotation)].T @ rotation.

    Parameters
    ----------
    basis : ndarray of shape (n_directions, n_features), float32
        Directions.
    rotations : list of ndarray
        Square, none larger than the number of directions.

    Returns
    -------
    list of float
        One bound for each rotation.
    """
    gram = _gram(basis)
    bounds = []
    for rotation in rotations:
        size = len(rotation)
        turn = rotation.astype(np.float64)
        skew = turn.T @ gram[:size, :size] @ turn - np.eye(size)
        # float64 sums of D + 2 size products, each at most about 1, are off by less than this.
        rounding = 2.0**-52 * size * (basis.shape[1] + 2 * size)
        bounds.append(float(np.linalg.norm(skew) * (1 + 1e-9) + rounding))
    return bounds


def _gram(basis: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return basis @ basis.T in float64, block by block: a copy of the whole may be large."""
    gram = np.zeros((len(basis), len(basis)))
    for start in range(0, basis.shape[1], 4096):
        block: NDArray[Any] = basis[:, start : start + 4096].astype(np.float64)
        gram += block @ block.T
    return gram
