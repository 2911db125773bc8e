"""Cosine distances in a few lines of NumPy, and rows that try them."""

import numpy as np

DTYPES = ("uint8", "float32", "float64")


def unit_rows(X):
    X = X.astype(np.float64)
    largest = abs(X).max(axis=1, keepdims=True)
    X = X / np.where(largest == 0, 1, largest)
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    return X / np.where(lengths == 0, 1, lengths)


def cosine_distances(X, Y):
    X, Y = unit_rows(X), unit_rows(Y)
    truth = np.stack([((x - Y) ** 2).sum(axis=1) for x in X]) / 2
    truth[truth < 1e-29], truth[truth > 2 - 2e-14] = 0, 2  # multiples, but for rounding
    truth[:, ~Y.any(axis=1)] = 1
    truth[~X.any(axis=1)] = 1
    return truth


def assert_close(found, truth):
    """Assert distances that are right to within the rounding of rows of length 1 in float64."""
    np.testing.assert_allclose(np.sqrt(found), np.sqrt(truth), rtol=1e-9, atol=6e-15)


def assert_nearest(found, truth):
    """Assert the k nearest, whatever the order of those that only rounding tells apart."""
    distances, indices = found
    assert_close(distances, np.sort(truth, axis=1)[:, : distances.shape[1]])
    assert_close(distances, np.take_along_axis(truth, indices, axis=1))
    assert all(len(set(row)) == len(row) for row in indices.tolist())
    steps = np.diff(distances)
    assert ((steps > 0) | ((steps == 0) & (np.diff(indices) > 0))).all()


def mixed_rows(n, d, dtype, seed=0):
    """Return rows with duplicates, multiples, opposites and zeros among them."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 5, (n, d)).astype(dtype)
    copied = rng.integers(0, n, n // 3)
    rows[: n // 3] = rows[copied] * rng.integers(1, 4, (n // 3, 1)).astype(dtype)
    if dtype != "uint8":
        rows *= rng.choice([-1, 1], (n, 1), p=[0.2, 0.8]).astype(dtype)
        rows[n // 2 :] += 0.1 * rng.normal(size=(n - n // 2, d)).astype(dtype)
    rows[rng.integers(0, n, max(1, n // 20))] = 0
    return rows
