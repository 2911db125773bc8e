"""Distance matrices, and the value that is refused in one."""

import numpy as np
import pytest

import nearplane

from .. import reference
from ..core_levels import LEVELS
from .drawing import (
    CORE_LAYOUTS,
    assert_near,
    assert_same_bytes,
    case_of,
    given_rows,
    laid_out,
    pick,
    shape,
    threads,
)

# What docs/numerics.md promises of a squared distance, by the type of the output.
_WORST = {"float32": 2e-5, "float64": 1e-9}


def draw_matrix(rng):
    """All distances, given any types and layouts; the output may be the caller's own."""
    n_query, n_base, d = shape(rng, empty=True)
    X, Y = given_rows(rng, n_query, n_base, d)
    alone = rng.random() < 0.2
    Y = X if alone else Y
    metric, n_jobs = pick(rng, reference.METRICS), threads(rng)
    expected = reference.pairwise_distances(X, Y, metric)
    whole = np.can_cast(X.dtype, np.uint8) and np.can_cast(Y.dtype, np.uint8)
    own = pick(rng, (None, None, "float32", "float64"))
    single = all(rows.dtype.newbyteorder("=") == np.float32 for rows in (X, Y))
    dtype = own or ("float32" if single else "float64")
    limit, other = np.finfo(dtype), None if alone else Y

    def check(level):
        out = None if own is None else np.full((n_query, len(Y)), np.nan, own)
        found = nearplane.pairwise_distances(X, other, metric, n_jobs=n_jobs, out=out)
        assert found.dtype == dtype, f"{found.dtype}, not {dtype}"
        assert own is None or found is out
        if whole and dtype == "float64":
            assert_same_bytes(found, expected, "distances")
        # A denormal number may lose half of the smallest one at each addition.
        lost = float(limit.smallest_subnormal) * (d + 1)
        rounded = expected.astype(dtype)
        lost = np.sqrt(lost) if metric == "euclidean" and dtype == "float64" else lost
        assert_near(found, rounded, "distances", rtol=_WORST[dtype], atol=lost)
        if alone:
            assert not found.diagonal().any(), "a row is not 0 from itself"

    return case_of(check, X, Y, metric=metric, n_jobs=n_jobs, out=own, alone=alone)


def draw_bad_value(rng):
    """The first NaN or infinity is found wherever it lies, and named."""
    n, _, d = shape(rng)
    X = rng.normal(size=(n, d)).astype(pick(rng, ("float32", "float64")))
    rows = np.sort(rng.integers(0, n, rng.integers(0, 3)))
    for row in rows:
        X[row, rng.integers(d)] = pick(rng, (np.nan, np.inf, -np.inf))
    expected = int(rows[0]) if len(rows) else -1
    column = int(np.isfinite(X[expected]).argmin())
    X, n_jobs = laid_out(rng, X, CORE_LAYOUTS), threads(rng)

    def check(level):
        found = LEVELS[level].first_nonfinite_row(X, n_threads=n_jobs)
        assert found == expected, f"row {found}, not {expected}"
        if expected < 0:
            nearplane.pairwise_distances(X[:1], X, n_jobs=n_jobs)
            return
        with pytest.raises(ValueError, match=f"row {expected}, column {column}[.]"):
            nearplane.pairwise_distances(X[:1], X, n_jobs=n_jobs)

    return case_of(check, X, row=expected, n_jobs=n_jobs)
