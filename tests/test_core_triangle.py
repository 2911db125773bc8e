"""Rows searched among themselves: each pair is computed once, for both of its rows."""

import numpy as np
import pytest

from . import reference
from .core_levels import LEVELS, argkmin
from .layouts import LAYOUTS
from .reference import METRICS

# Beside and beyond the borders of panels, of blocks of queries and of chunks of base rows.
N_ROWS = (1, 2, 7, 31, 129, 257, 530)
DTYPES = (np.uint8, np.float32, np.float64)


def random_rows(seed, n, d, dtype):
    """Few values, so that many distances are equal and ties decide."""
    return np.random.default_rng(seed).integers(0, 4, (n, d)).astype(dtype)


def assert_same(found, expected):
    assert [part.tobytes() for part in found] == [part.tobytes() for part in expected]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("metric", METRICS)
def test_rows_find_what_a_copy_of_them_finds(level, dtype, metric):
    for n in N_ROWS:
        X = random_rows(n, n, 1 + n % 19, dtype)
        for k in {1, min(5, n), n}:
            found = argkmin(level, X, X, k, metric)
            assert_same(found, argkmin(level, X.copy(), X, k, metric))
            assert_same(found, reference.argkmin(X, X, k, metric))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_rows_that_are_left_out_are_left_out_of_both_halves(level, n_threads):
    rng = np.random.default_rng(0)
    X = random_rows(0, 400, 200, np.uint8)  # wide enough to wake threads
    groups = [rng.integers(-1, 6, 400) for _ in range(2)]
    for exclude_self in (False, True):
        for query_groups, base_groups in ((None, None), groups):
            options = {
                "exclude_self": exclude_self,
                "query_groups": query_groups,
                "base_groups": base_groups,
                "n_threads": n_threads,
            }
            found = argkmin(level, X, X, 30, "euclidean", **options)
            assert_same(found, argkmin(level, X.copy(), X, 30, "euclidean", **options))
            own = np.arange(400)[:, None]
            assert not (exclude_self and (found[1] == own).any())
            if query_groups is not None:
                assert (base_groups[found[1]] != query_groups[:, None]).all()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("level", LEVELS)
def test_any_layout_of_the_rows(level, layout):
    X = LAYOUTS[layout](np.random.default_rng(1).normal(size=(300, 9)))
    found = argkmin(level, X, X, 4, "manhattan", exclude_self=True)
    assert_same(found, argkmin(level, X.copy(), X, 4, "manhattan", exclude_self=True))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("scale", [1e-310, 1e-160, 1e150, 1e300])
def test_values_whose_squares_overflow_or_vanish(level, scale):
    X = np.random.default_rng(2).uniform(-1, 1, (300, 6)) * scale
    for metric in METRICS:
        found = argkmin(level, X, X, 7, metric)
        assert_same(found, argkmin(level, X.copy(), X, 7, metric))


def test_rows_too_many_for_one_block_find_the_same():
    # 64 MB of candidates hold k = 500 for 2,700 rows and a thread; beyond, no pair is shared.
    X = np.random.default_rng(3).integers(0, 256, (3000, 3), dtype=np.uint8)
    level = next(iter(LEVELS))
    found = argkmin(level, X, X, 500, "euclidean", n_threads=1)
    assert_same(found, argkmin(level, X.copy(), X, 500, "euclidean", n_threads=1))
