"""Nearest rows: every algorithm against measuring all pairs, to the last bit."""

import numpy as np

import nearplane

from .. import reference
from ..core_levels import LEVELS
from .drawing import (
    CORE_LAYOUTS,
    MOST_ALONE,
    assert_same_bytes,
    case_of,
    core_rows,
    given_rows,
    laid_out,
    pick,
    shape,
    threads,
)

ALGORITHMS = ("brute", "auto", "pruned")


def nearest(X, Y, k, metric, *, left_out=None):
    """The k nearest by (measured value, index); `left_out` tells pairs that are none."""
    values = reference.measured_sums(X, Y, metric)
    if left_out is not None:
        values[left_out] = np.nan  # which is sorted behind everything
    indices = reference.k_smallest(values, k)
    values = np.take_along_axis(values, indices, axis=1)
    return (np.sqrt(values) if metric == "euclidean" else values), indices


def assert_found(found, expected):
    assert_same_bytes(found[1], expected[1].astype(np.int64), "indices")
    assert_same_bytes(found[0], expected[0], "distances")


def some_k(rng, most):
    """Mostly few, sometimes all that there are."""
    return int(pick(rng, (1, min(2, most), min(5, most), rng.integers(1, most + 1), most)))


def draw_argkmin(rng):
    """The public function, given any types and layouts."""
    X, Y = given_rows(rng, *shape(rng, empty=True))
    metric, k, n_jobs = pick(rng, reference.METRICS), some_k(rng, len(Y)), threads(rng)
    algorithm = pick(rng, ALGORITHMS)
    expected = nearest(X, Y, k, metric)

    def check(level):
        found = nearplane.argkmin(X, Y, k, metric, algorithm=algorithm, n_jobs=n_jobs)
        assert_found(found, expected)

    return case_of(check, X, Y, k=k, metric=metric, algorithm=algorithm, n_jobs=n_jobs)


def draw_estimator(rng):
    """`NearestNeighbors`, fitted in parts, asked for the neighbours of its rows or of others."""
    X, Y = given_rows(rng, *shape(rng))
    X = X.astype(np.promote_types(X.dtype, Y.dtype))
    alone = len(Y) > 1 and rng.random() < 0.5
    Y = Y[:MOST_ALONE] if alone else Y
    metric, n_jobs = pick(rng, reference.METRICS), threads(rng)
    algorithm, k = pick(rng, ALGORITHMS), some_k(rng, len(Y) - alone)
    cut = int(rng.integers(1, len(Y) + 1))
    left_out = np.eye(len(Y), dtype=bool) if alone else None
    expected = nearest(Y if alone else X, Y, k, metric, left_out=left_out)

    def check(level):
        model = nearplane.NearestNeighbors(
            n_neighbors=k, metric=metric, algorithm=algorithm, n_jobs=n_jobs
        ).fit(Y[:cut])
        if cut < len(Y):
            model.partial_fit(Y[cut:])
        assert_found(model.kneighbors(None if alone else X), expected)

    return case_of(
        check, X, Y, k=k, metric=metric, algorithm=algorithm, n_jobs=n_jobs, cut=cut, alone=alone
    )


def draw_groups(rng):
    """The core's brute force among rows of other groups, or among themselves."""
    X, Y = core_rows(rng, *shape(rng))
    alone = len(Y) > 1 and rng.random() < 0.5
    Y = Y[:MOST_ALONE] if alone else Y
    X = Y if alone else X
    n_groups = int(rng.integers(2, 6))
    of_X, of_Y = rng.integers(n_groups, size=len(X)), rng.integers(n_groups, size=len(Y))
    of_X = of_Y.copy() if alone and rng.random() < 0.5 else of_X
    left_out = np.equal.outer(of_X, of_Y)
    if alone:
        left_out |= np.eye(len(Y), dtype=bool)
    most = int((~left_out).sum(axis=1).min())
    if most == 0:
        of_X = of_Y = None
        left_out = np.eye(len(Y), dtype=bool) if alone else None
        most = len(Y) - alone
    metric, k, n_threads = pick(rng, reference.METRICS), some_k(rng, most), threads(rng)
    expected = nearest(X, Y, k, metric, left_out=left_out)
    Y = laid_out(rng, Y, CORE_LAYOUTS)
    X = Y if alone and rng.random() < 0.5 else laid_out(rng, X, CORE_LAYOUTS)

    def check(level):
        found = LEVELS[level].argkmin(
            X, Y, k, metric, exclude_self=alone, query_groups=of_X, base_groups=of_Y,
            n_threads=n_threads, progress=None,
        )  # fmt: skip
        assert_found(found, expected)

    grouped = of_X is not None
    return case_of(check, X, Y, k=k, metric=metric, alone=alone, grouped=grouped, n=n_threads)
