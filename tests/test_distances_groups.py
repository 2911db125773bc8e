"""Groups: rows of a query's own group are no neighbours of it."""

import numpy as np
import pytest

from nearplane import KNeighborsClassifier, NearestNeighbors, argkmin

from . import reference
from .reference import METRICS

ALGORITHMS = ("auto", "brute", "pruned")
BEYOND_INT64 = np.array([1, 2**63], dtype=np.uint64)


def sample(n, d=20, dtype="uint8", seed=0):
    return np.random.default_rng(seed).integers(0, 5, (n, d)).astype(dtype)


def neighbours_of_other_groups(X, Y, k, groups, metric="euclidean"):
    """The oracle: rows of the own group are moved behind all others."""
    sums = reference.power_sums(X, Y, metric)
    X_groups, Y_groups = groups
    sums[np.asarray(X_groups)[:, None] == np.asarray(Y_groups)] = np.nan
    indices = reference.k_smallest(sums, k)
    found = np.take_along_axis(sums, indices, axis=1)
    return (np.sqrt(found) if metric == "euclidean" else found), indices


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("k", [1, 5, 60])
def test_rows_of_the_own_group_are_left_out(algorithm, metric, dtype, k):
    X, Y = sample(40, dtype=dtype, seed=1), sample(90, dtype=dtype)
    rng = np.random.default_rng(2)
    X_groups, Y_groups = rng.integers(-2, 3, 40), rng.integers(-1, 6, 90)
    expected = neighbours_of_other_groups(X, Y, k, (X_groups, Y_groups), metric)
    found = argkmin(X, Y, k, metric, algorithm=algorithm, X_groups=X_groups, Y_groups=Y_groups)
    for ours, truth in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, truth)


def test_groups_of_one_leave_one_out():
    X = sample(50)
    rows = np.arange(50)
    found = argkmin(X, X, 3, X_groups=rows, Y_groups=rows)
    for ours, truth in zip(found, NearestNeighbors(n_neighbors=3).fit(X).kneighbors(), strict=True):
        np.testing.assert_array_equal(ours, truth)


@pytest.mark.parametrize("kind", [list, np.uint8, np.int16, np.uint64, ">i4", tuple])
def test_groups_may_be_integers_of_any_kind(kind):
    X, groups = sample(6), np.array([0, 0, 1, 1, 2, 2])
    given = kind(groups.tolist()) if kind in (list, tuple) else groups.astype(kind)
    expected = argkmin(X, X, 2, X_groups=groups, Y_groups=groups)
    found = argkmin(X, X, 2, X_groups=given, Y_groups=given)
    np.testing.assert_array_equal(found[1], expected[1])


def test_no_queries_need_no_groups():
    Y = sample(4)
    found = argkmin(Y[:0], Y, 2, X_groups=[], Y_groups=[1, 1, 1, 2])
    assert found[1].shape == (0, 2)


@pytest.mark.parametrize(
    ("X_groups", "Y_groups", "error", "message"),
    [
        ([1, 2], None, ValueError, "X_groups needs Y_groups beside it; got None"),
        (None, [1, 2, 3], ValueError, "Y_groups needs X_groups beside it; got None"),
        ([1], [1, 2, 3], ValueError, r"X_groups must have shape \(2,\).* got shape \(1,\)"),
        ([1, 2], [[1, 2, 3]], ValueError, r"Y_groups must have shape \(3,\).* got shape \(1, 3\)"),
        (1, [1, 2, 3], ValueError, r"X_groups must have shape \(2,\).* got shape \(\)"),
        ([1.0, 2.0], [1, 2, 3], TypeError, "X_groups must hold integers; got dtype float64"),
        ([1, 2], ["a", "b", "c"], TypeError, "Y_groups must hold integers; got dtype <U1"),
        ([1, 2], [True, False, True], TypeError, "Y_groups must hold integers; got dtype bool"),
        (
            np.array([1, 2**63], np.uint64),
            [1, 2, 3],
            ValueError,
            f"X_groups must fit into 64 bits .* got {2**63}",
        ),
        ([4, 7], [7, 7, 4], ValueError, "k must be .* got 2, and query 1 of group 7 has 1 left"),
        ([5, 5], [5, 5, 5], ValueError, "k must be .* got 2, and query 0 of group 5 has 0 left"),
    ],
)
def test_bad_groups_are_refused(X_groups, Y_groups, error, message):
    X, Y = sample(2), sample(3)
    with pytest.raises(error, match=message):
        argkmin(X, Y, 2, X_groups=X_groups, Y_groups=Y_groups)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_estimators_search_outside_of_groups(algorithm):
    X = sample(60)
    groups = np.random.default_rng(3).integers(0, 4, 60)
    model = KNeighborsClassifier(algorithm=algorithm).fit(X, groups)
    for exclude_self in (False, True):
        found = model._search(X, 6, exclude_self=exclude_self, groups=(groups, groups))
        expected = neighbours_of_other_groups(X, X, 6, (groups, groups))
        for ours, truth in zip(found, expected, strict=True):
            np.testing.assert_array_equal(ours, truth)


@pytest.mark.parametrize(
    ("of_queries", "of_rows", "exclude_self", "left"),
    [
        ([0, 0, 0, 0], [1, 1, 2, 2], False, 4),
        ([1, 1, 2, 2], [1, 1, 2, 2], False, 2),
        ([1, 1, 2, 2], [1, 1, 2, 2], True, 2),  # the own row is of the own group, and left out once
        ([0, 0, 0, 0], [1, 1, 2, 2], True, 3),
        ([1, 0, 0, 0], [9, 1, 3, 3], True, 2),
    ],
)
def test_estimators_count_the_rows_left(of_queries, of_rows, exclude_self, left):
    X, groups = sample(4), (np.array(of_queries), np.array(of_rows))
    model = NearestNeighbors().fit(X)
    assert model._search(X, left, exclude_self=exclude_self, groups=groups)[1].shape == (4, left)
    with pytest.raises(ValueError, match=r"n_neighbors .* query 0 of group|Expected n_neighbors"):
        model._search(X, left + 1, exclude_self=exclude_self, groups=groups)
