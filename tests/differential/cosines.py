"""Distances of angles. Whatever finds the neighbours, they are those of the definition."""

import numpy as np

import nearplane

from .. import cosine_reference
from .drawing import assert_same_bytes, case_of, given_rows, pick, shape, threads
from .searches import ALGORITHMS, some_k


def _rows(rng):
    n_query, n_base, d = shape(rng, most_elements=100_000)
    if rng.random() < 0.5:
        rows = cosine_reference.mixed_rows(
            n_query + n_base, d, pick(rng, cosine_reference.DTYPES), int(rng.integers(2**31))
        )
        return rows[:n_query], rows[n_query:]
    return given_rows(rng, n_query, n_base, d)


def draw_matrix(rng):
    """All distances, in float64 or rounded to float32."""
    X, Y = _rows(rng)
    n_jobs, truth = threads(rng), cosine_reference.cosine_distances(X, Y)

    def check(level):
        found = nearplane.pairwise_distances(X, Y, "cosine", n_jobs=n_jobs)
        if found.dtype == np.float32:
            np.testing.assert_allclose(found, truth, rtol=2e-7, atol=1e-28)
        else:
            cosine_reference.assert_close(found, truth)

    return case_of(check, X, Y, n_jobs=n_jobs)


def draw_search(rng):
    """The nearest, by every algorithm alike and to the last bit."""
    X, Y = _rows(rng)
    k, n_jobs = some_k(rng, len(Y)), threads(rng)
    truth = cosine_reference.cosine_distances(X, Y)

    def check(level):
        answers = [
            nearplane.argkmin(X, Y, k, "cosine", algorithm=algorithm, n_jobs=n_jobs)
            for algorithm in ALGORITHMS
        ]
        cosine_reference.assert_nearest(answers[0], truth)
        for distances, indices in answers[1:]:
            assert_same_bytes(indices, answers[0][1], "indices")
            assert_same_bytes(distances, answers[0][0], "distances")

    return case_of(check, X, Y, k=k, n_jobs=n_jobs)
