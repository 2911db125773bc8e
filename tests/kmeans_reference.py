"""k-means in a few lines of float64, and the data it is tried on."""

import numpy as np


def squared_distances(X, centers):
    differences = X[:, np.newaxis].astype(np.float64) - centers
    return np.square(differences).sum(axis=2)


def nearest(X, centers):
    """Return the first of the nearest centres of each row, and its squared distance."""
    distances = squared_distances(X, centers)
    return distances.argmin(axis=1), distances.min(axis=1)


def lloyd(X, centers, weight, n_iter):
    """Return labels and centres after so many iterations of clusters that never get empty."""
    for _ in range(n_iter):
        labels, _ = nearest(X, centers)
        centers = np.stack(
            [
                np.average(X[labels == c], axis=0, weights=weight[labels == c])
                for c in range(len(centers))
            ]
        )
    return nearest(X, centers)[0], centers


def blobs(n_rows=500, n_features=7, n_blobs=6, *, seed=0, dtype=np.float64):
    """Return rows around a few places, of which some overlap."""
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(n_blobs, n_features)) * 2
    rows = places[rng.integers(n_blobs, size=n_rows)] + rng.normal(size=(n_rows, n_features))
    if dtype == np.uint8:
        return np.clip(rows * 20 + 128, 0, 255).astype(np.uint8)
    return rows.astype(dtype)
