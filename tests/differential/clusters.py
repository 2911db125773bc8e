"""k-means: nearest centres and sums of clusters to the last bit, and the estimator's own."""

import numpy as np

from nearplane.cluster import KMeans

from .. import reference
from ..core_levels import LEVELS
from .drawing import (
    CORE_LAYOUTS,
    assert_near,
    assert_same_bytes,
    case_of,
    core_rows,
    given_rows,
    laid_out,
    pick,
    shape,
    threads,
)

_PART = 1024  # rows of a cluster that are added up before they are added to the rest


def _nearest(X, centers):
    """The first of the nearest centres of each row, and its squared distance."""
    values = reference.measured_sums(X, centers, "sqeuclidean")
    return values.argmin(axis=1).astype(np.int32), values.min(axis=1)


def draw_nearest(rng):
    """Centres move a few times; a guess or bounds of earlier ones change no answer."""
    X, centers = core_rows(rng, *shape(rng, most_elements=150_000))
    n, n_threads = len(centers), threads(rng)
    real = "float64" if X.dtype == np.float64 else "float32"
    steps = [centers.astype(pick(rng, (centers.dtype.name, real)))]
    for size in rng.choice([0, 1e-6, 1e-3, 0.1, 3], int(rng.integers(0, 5))):
        moving = rng.normal(size=centers.shape) * (rng.random((n, 1)) < 0.3)
        # A spread of rows that overflow is no size to move by.
        spread = np.nan_to_num(float(np.std(X.astype(np.float64))), posinf=0)
        moved = (steps[-1] + size * spread * moving).astype(real)
        steps.append(np.where(np.isfinite(moved), moved, steps[-1]))
    guess = pick(rng, (None, rng.integers(-(2**31), 2**31, len(X)).astype(np.int32)))
    expected = [_nearest(X, moved) for moved in steps]
    X = laid_out(rng, X, CORE_LAYOUTS)
    steps = [laid_out(rng, moved, CORE_LAYOUTS) for moved in steps]

    def check(level):
        bounds, labels = LEVELS[level].CenterBounds(), guess
        for moved, (nearest, distances) in zip(steps, expected, strict=True):
            for options in ({}, {"bounds": bounds}):
                found = LEVELS[level].nearest_centers(
                    X, moved, guess=labels, **options, n_threads=n_threads, progress=None
                )
                assert_same_bytes(found[0], nearest, "labels")
                assert_same_bytes(found[1], distances, "distances")
            labels = found[0]

    return case_of(check, X, *steps[:1], n_steps=len(steps), n=n_threads, guess=guess is not None)


def _sums(X, labels, n_clusters, weight):
    """Sums in the order of the rows, in parts; and what the clusters weigh."""
    sums, weights = np.zeros((n_clusters, X.shape[1])), np.zeros(n_clusters)
    for c in range(n_clusters):
        members = np.flatnonzero(labels == c)
        for first in range(0, len(members), _PART):
            part = np.zeros(X.shape[1])
            for i in members[first : first + _PART]:
                part += X[i].astype(np.float64) * weight[i]
                weights[c] += weight[i]
            sums[c] += part
    return sums, weights


def draw_sums(rng):
    """Sums and weights of clusters, some of which are empty."""
    n = int(pick(rng, (1, 2, 50, 1023, 1025, 2100)))
    X = core_rows(rng, n, 3, int(rng.integers(1, 40)))[0]
    n_clusters = int(rng.integers(1, 40))
    labels = np.where(rng.random(n) < 0.6, 0, rng.integers(0, n_clusters, n)).astype(np.int32)
    weight = rng.random(n) if rng.random() < 0.5 else None
    sums, weights = _sums(X, labels, n_clusters, np.ones(n) if weight is None else weight)
    X, n_threads = laid_out(rng, X, CORE_LAYOUTS), threads(rng)

    def check(level):
        found = LEVELS[level].cluster_sums(
            X, labels, n_clusters, sample_weight=weight, n_threads=n_threads, progress=None
        )
        assert_same_bytes(found[0] + 0.0, sums + 0.0, "sums")
        assert_same_bytes(found[1], weights, "weights")

    return case_of(check, X, n_clusters=n_clusters, weighted=weight is not None, n=n_threads)


def draw_nearer(rng):
    """Distances that candidates would leave to rows that have some already."""
    X, candidates = core_rows(rng, *shape(rng, most_elements=100_000))
    values = reference.measured_sums(X, candidates, "sqeuclidean")
    nearest = rng.choice(values.ravel(), len(X))
    expected = np.minimum(values.T, nearest)
    weight = rng.random(len(X)) if rng.random() < 0.5 else None
    totals = expected @ (np.ones(len(X)) if weight is None else weight)
    X, candidates = (laid_out(rng, rows, CORE_LAYOUTS) for rows in (X, candidates))
    n_threads = threads(rng)

    def check(level):
        found = LEVELS[level].nearer_distances(
            X, candidates, nearest, sample_weight=weight, n_threads=n_threads, progress=None
        )
        assert_same_bytes(found[0], expected, "distances")
        lost = len(X) * np.finfo(np.float64).smallest_subnormal
        assert_near(found[1], totals, "totals", rtol=1e-12, atol=lost)

    return case_of(check, X, candidates, weighted=weight is not None, n_threads=n_threads)


def draw_estimator(rng):
    """`KMeans` from given centres: its labels, distances and predictions are its centres' own."""
    n_query, n_base, d = shape(rng, most_elements=100_000)
    queries, X = given_rows(rng, n_query, n_base, min(d, 60))
    queries = queries.astype(np.promote_types(queries.dtype, X.dtype))
    sizes = abs(X.astype(np.float64))
    if sizes.max() > 1e15 or sizes[sizes > 0].min(initial=1) < 1e-15:  # whose means overflow
        X = rng.integers(0, 256, X.shape, dtype=np.uint8)
        queries = rng.integers(0, 256, queries.shape, dtype=np.uint8)
    k, n_jobs = int(rng.integers(1, min(len(X), 20) + 1)), threads(rng)
    distinct = np.unique(X, axis=0)
    init = distinct[rng.permutation(len(distinct))[:k]].astype(np.float64)
    k, max_iter = len(init), int(rng.integers(1, 4))

    def check(level):
        model = KMeans(k, init=init, n_init=1, max_iter=max_iter, n_jobs=n_jobs).fit(X)
        centers = model.cluster_centers_
        assert centers.shape == (k, X.shape[1])
        assert np.isfinite(centers).all()
        labels, distances = _nearest(X, centers)
        np.testing.assert_array_equal(model.labels_, labels)
        np.testing.assert_allclose(model.inertia_, distances.sum(), rtol=1e-12)
        np.testing.assert_array_equal(model.predict(queries), _nearest(queries, centers)[0])

    return case_of(check, X, queries, k=k, max_iter=max_iter, n_jobs=n_jobs)
