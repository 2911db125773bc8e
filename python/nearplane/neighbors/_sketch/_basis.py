"""Principal directions of a sample of rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SEED = 0
# Random directions beyond those asked for: the last of the found are as good as the first.
_EXTRA = 8
# Sums of squares that are this small a part are what float32 has rounded away from the others. They
# are found after a multiplication by the rows, so directions of less than a 100,000th of the
# variance are lost: no code of a byte would show them.
_SMALLEST_SHARE = 1e-10
_BLOCK_WIDTH = 2048  # of 256 directions, 4 MB in float64


def principal_directions(
    rows: NDArray[np.float32], n_directions: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Find the directions along which centred rows vary most.

    Randomised subspace iteration (Halko, Martinsson and Tropp, SIAM Review 53, 2011), once. Any
    orthonormal directions make a valid sketch, better ones only a tighter one: a second iteration
    costs two thirds as much again and prunes hardly more.

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
    mixing = np.random.default_rng(_SEED).standard_normal((size, n_rows), dtype=np.float32)
    # Random sums of rows, multiplied by the rows again, turn towards what the rows have in common.
    mixing, _ = _whitened(np.asarray(mixing @ rows @ rows.T, np.float32))
    directions, squares = _whitened(np.asarray(mixing @ rows, np.float32))
    directions, variances = directions[:n_directions], squares[:n_directions] / n_rows
    if len(directions) == 0:
        return np.eye(1, n_features, dtype=np.float32), np.zeros(1)
    # Rounding has left them orthonormal to some digits; this doubles the number of these.
    excess = _gram(directions) - np.eye(len(directions))
    return directions - (0.5 * excess).astype(np.float32) @ directions, variances


def _whitened(
    vectors: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return orthonormal vectors that span the same, along the principal axes of the given ones.

    By their products, in float64: LAPACK's QR of long vectors takes ten times as long.

    Returns
    -------
    vectors : ndarray of shape (n_found, length), float32
        From the largest to the smallest; those that are rounding errors are left out.
    squares : ndarray of shape (n_found,), float64
        The sum of squares of the given vectors along each.
    """
    squares, axes = np.linalg.eigh(_gram(vectors))
    n_found = np.count_nonzero(squares > _SMALLEST_SHARE * max(squares.sum(), 0.0))
    squares, axes = squares[::-1][:n_found], axes[:, ::-1][:, :n_found]
    turn = (axes / np.sqrt(squares)).T.astype(np.float32)
    return np.asarray(turn @ vectors, np.float32), squares


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


def _gram(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return vectors @ vectors.T in float64, block by block: a copy of the whole may be large."""
    gram = np.zeros((len(vectors), len(vectors)))
    for start in range(0, vectors.shape[1], _BLOCK_WIDTH):
        block: NDArray[Any] = vectors[:, start : start + _BLOCK_WIDTH].astype(np.float64)
        gram += block @ block.T
    return gram
