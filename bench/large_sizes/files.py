"""Sparse files of more elements than 32 bits count, with a few rows that are not zeros."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from harness.methods import Array
from large_sizes.case import Case, require, require_equal
from nearplane import LinearClassifier, NearestNeighbors, argkmin
from nearplane.cluster import KMeans

# 4.3e9 elements: beyond 2^32, in rows whose ends are on no power of two.
_ROWS, _COLUMNS = 2**20 + 7, 4_099
# The same of four bytes each, beyond 2^31 elements and 2^33 bytes.
_FLOAT_ROWS = 2**19 + 7
_N_PLANTED_LABELS = 3


def sparse(folder: Path, name: str, dtype: str, shape: tuple[int, int]) -> Array:
    """Return a new file of zeros that takes no room on the disk, mapped."""
    return np.memmap(folder / name, dtype, mode="w+", shape=shape)


def plant(rows: Array, seed: int = 0) -> Array:
    """Put rows of noise at the ends, and around where 31 and 32 bits end; return their places."""
    n, d = rows.shape
    places = {0, 1, n - 2, n - 1}
    for limit in (2**31, 2**32):  # of elements, and of bytes
        for at in (limit // d, limit // (d * rows.itemsize)):
            places |= {place for place in range(at - 1, at + 3) if place < n}
    found = np.array(sorted(places))
    noise = np.random.default_rng(seed).integers(1, 256, (len(found), d))
    rows[found] = noise.astype(rows.dtype)
    return found


def search_rows(dtype: str, n_rows: int, metric: str, algorithm: str, folder: Path) -> None:
    """Find each planted row by itself, and its order among all the others."""
    rows = sparse(folder, "rows", dtype, (n_rows, _COLUMNS))
    places = plant(rows)
    queries = np.array(rows[places])
    search = NearestNeighbors(metric=metric, algorithm=algorithm).fit(rows)
    distances, indices = search.kneighbors(queries, 5)
    _check_neighbours(distances, indices, queries, places, metric)


def save_rows(folder: Path) -> None:
    """Save more than 2^32 bytes, load them, read and mapped, and search in what was loaded."""
    rows = sparse(folder, "rows", "uint8", (_ROWS, _COLUMNS))
    places = plant(rows)
    queries = np.array(rows[places])
    NearestNeighbors(algorithm="brute").fit(rows).save(folder / "saved")
    require((folder / "saved").stat().st_size > 2**32, "the file is not large")
    for mmap in (True, False):
        search = NearestNeighbors.load(folder / "saved", mmap=mmap)
        distances, indices = search.kneighbors(queries, 5)
        _check_neighbours(distances, indices, queries, places, "euclidean")
        del search


def _check_neighbours(
    distances: Array, indices: Array, queries: Array, places: Array, metric: str
) -> None:
    """Compare with the neighbours among planted rows and the first rows of zeros."""
    k = distances.shape[1]
    zeros = np.setdiff1d(np.arange(len(places) + k), places)[:k]
    candidates = np.concatenate([places, zeros])
    values = np.concatenate([queries, np.zeros((k, queries.shape[1]), queries.dtype)])
    order = np.argsort(candidates)
    candidates, values = candidates[order], values[order].astype(np.int64)
    for i, query in enumerate(queries.astype(np.int64)):
        difference = np.abs(values - query)
        sums = (difference if metric == "manhattan" else difference**2).sum(axis=1)
        nearest = np.argsort(sums, kind="stable")[:k]
        require_equal(indices[i], candidates[nearest], f"{metric}: neighbours of {places[i]}")
        expected = sums[nearest] if metric == "manhattan" else np.sqrt(sums[nearest])
        require_equal(distances[i], expected.astype(np.float64), f"{metric}: distances")


def many_rows(n_rows: int, folder: Path) -> None:
    """Search among more rows than 32 bits count, each of one byte, with some where 31 end."""
    rows = sparse(folder, "rows", "uint8", (n_rows, 1))
    places = np.unique([0, 7, *(at for limit in (2**31, 2**32) for at in range(limit - 2, limit + 3)
                                if at < n_rows), n_rows - 1])  # fmt: skip
    rows[places] = 200
    k = len(places) + 2
    query = np.array([[201]], np.uint8)
    distances, indices = argkmin(query, rows, k, "manhattan", algorithm="brute")
    require_equal(indices[0], np.concatenate([places, [1, 2]]), "neighbours")
    require_equal(distances[0], np.array([1.0] * len(places) + [201.0] * 2), "distances")


def learn(folder: Path) -> None:
    """Learn from all rows at once, and from parts of them: the weights must have the same bits."""
    # Whole batches: those of an epoch are made as even as can be, and other ones in each part.
    n_rows = 2**20 + 256
    rows = sparse(folder, "rows", "uint8", (n_rows, _COLUMNS))
    places = plant(rows)
    labels = np.zeros(n_rows, np.int64)
    labels[places] = np.arange(len(places)) % _N_PLANTED_LABELS
    parameters: dict[str, Any] = {
        "preprocess": "none", "learning_rate": 1e-6, "batch_size": 256, "shuffle": False,
        "schedule": "constant", "random_state": 0,
    }  # fmt: skip
    classes = np.arange(_N_PLANTED_LABELS)
    whole = LinearClassifier(**parameters).partial_fit(rows, labels, classes=classes)
    parts = LinearClassifier(**parameters)
    step = 256 * 1_024
    for begin in range(0, n_rows, step):
        block = slice(begin, begin + step)
        parts.partial_fit(rows[block], labels[block], classes=classes)
    require(bool(np.any(whole.coef_)), "nothing was learned")
    require_equal(whole.coef_, parts.coef_, "weights")
    require_equal(whole.intercept_, parts.intercept_, "intercepts")
    require_equal(whole.predict(rows)[places], whole.predict(np.array(rows[places])), "predictions")
    scores = whole.decision_function(rows)
    require_equal(scores[places], whole.decision_function(np.array(rows[places])), "scores")
    require(len(np.unique(np.delete(scores, places, axis=0), axis=0)) == 1, "scores of zeros")


def learn_by_fit(folder: Path) -> None:
    """Fit an epoch, drawn at random from all rows, and with means and scales of all of them."""
    rows = sparse(folder, "rows", "uint8", (_ROWS, _COLUMNS))
    places = plant(rows)
    labels = np.zeros(_ROWS, np.int64)
    labels[places] = 1
    model = LinearClassifier(max_epochs=1, random_state=0, learning_rate=1e-4).fit(rows, labels)
    mean = np.array(rows[places]).sum(axis=0, dtype=np.float64) / _ROWS
    require(bool(np.allclose(np.asarray(model.mean_), mean, rtol=1e-9)), "means")
    require(bool(np.isfinite(model.coef_).all()), "weights are not finite")
    require_equal(model.predict(rows)[places], model.predict(np.array(rows[places])), "predictions")


def cluster(folder: Path) -> None:
    """Find the clusters of rows of zeros and of planted ones."""
    rows = sparse(folder, "rows", "uint8", (_ROWS, _COLUMNS))
    places = plant(rows)
    planted = np.array(rows[places], np.float64)
    init = np.stack([np.zeros(_COLUMNS), planted[0], planted[-1]])
    model = KMeans(3, init=init, n_init=1, max_iter=2, tol=0).fit(rows)
    expected = np.zeros(_ROWS, np.int32)
    centers = init
    for _ in range(2):  # the iterations, with all zeros known to stay in the first cluster
        squares = ((planted[:, None] - centers) ** 2).sum(axis=2)
        own = squares.argmin(axis=1)
        n_zeros = _ROWS - len(places)
        weights = np.array([[n_zeros if c == 0 else 0] for c in range(3)])
        sums = np.stack([planted[own == c].sum(axis=0) for c in range(3)])
        counts = np.bincount(own, minlength=3)[:, None] + weights
        centers = sums / counts
    expected[places] = ((planted[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    require_equal(model.labels_, expected, "labels")
    require(bool(np.allclose(model.cluster_centers_, centers, rtol=1e-6)), "centres")


CASES = {
    f"{n:,} rows of {_COLUMNS:,} {dtype}: {metric}, {algorithm}": Case(
        partial(search_rows, dtype, n, metric, algorithm), gigabytes
    )
    for dtype, n, metric, algorithm, gigabytes in (
        ("uint8", _ROWS, "euclidean", "brute", 4.4),
        ("uint8", _ROWS, "manhattan", "brute", 4.4),
        ("uint8", _ROWS, "euclidean", "pruned", 5.0),
        ("uint8", _ROWS, "manhattan", "pruned", 5.0),
        ("float32", _FLOAT_ROWS, "euclidean", "brute", 8.7),
        ("float32", _FLOAT_ROWS, "manhattan", "brute", 8.7),
        ("float32", _FLOAT_ROWS, "euclidean", "pruned", 9.0),
    )
} | {
    "2^32 + 10 rows": Case(partial(many_rows, 2**32 + 10), 4.4),
    "a saved file of more than 2^32 bytes": Case(save_rows, 9.0),
    "learning from more than 2^32 elements, in part and at once": Case(learn, 4.5),
    "an epoch of more than 2^32 elements": Case(learn_by_fit, 4.5),
    "clusters of more than 2^32 elements": Case(cluster, 4.5),
}
